//! Where a zone goes.

use zxfr_core::transfer::Totals;
use zxfr_core::wire::Record;
use zxfr_core::zone::Builder;

/// Why a sink couldn't take a record.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Takes the records of a zone as they come. All of it is provisional until the transfer is reported as done.
pub trait Sink {
    /// The next record; the zone's SOA is the first and is not repeated.
    ///
    /// # Errors
    /// Whatever keeps the sink from taking it; the transfer ends then.
    fn record(&mut self, record: &Record<'_>) -> Result<(), SinkError>;

    /// A record outside the zone, which is to be left out.
    fn skipped(&mut self, record: &Record<'_>) {
        let _ = record;
    }

    /// A message was taken; this has come so far.
    fn progress(&mut self, totals: Totals) {
        let _ = totals;
    }
}

impl Sink for Builder {
    fn record(&mut self, record: &Record<'_>) -> Result<(), SinkError> {
        self.push_checked(record)?;
        Ok(())
    }
}
