//! Where a zone goes.

use zxfr_core::transfer::{Event, Totals};
use zxfr_core::wire::Record;
use zxfr_core::zone::{Builder, Update};

/// Why a sink couldn't take a record.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Takes the records of a whole zone as they come. All of it is provisional until the transfer is reported as done.
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

/// Takes what a transfer says as it comes, be it a whole zone or differences. All of it is provisional until the transfer is
/// reported as done.
pub trait EventSink {
    /// The next event; after [`Event::Commit`] or [`Event::UpToDate`] nothing comes.
    ///
    /// # Errors
    /// Whatever keeps the sink from taking it; the transfer ends then.
    fn event(&mut self, event: &Event<'_>) -> Result<(), SinkError>;

    /// A message was taken; this has come so far.
    fn progress(&mut self, totals: Totals) {
        let _ = totals;
    }
}

impl<S: EventSink + ?Sized> EventSink for &mut S {
    fn event(&mut self, event: &Event<'_>) -> Result<(), SinkError> {
        (**self).event(event)
    }

    fn progress(&mut self, totals: Totals) {
        (**self).progress(totals);
    }
}

impl EventSink for Update {
    fn event(&mut self, event: &Event<'_>) -> Result<(), SinkError> {
        Ok(self.handle(event)?)
    }
}

/// A sink that can take runs of a whole zone's records on several cores at once.
pub(crate) trait InParts: EventSink + Send + 'static {
    /// What takes a run.
    type Part: InParts<Part = Self::Part>;

    /// For a run that comes later than the next events: it is given nothing but [`Event::Add`] and [`Event::Skipped`]. `None`
    /// when it can't be, of what is coming now.
    fn part(&self) -> Option<Self::Part>;

    /// Takes over what a part was given, as if it had been given here.
    ///
    /// # Errors
    /// Whatever keeps the sink from taking it; the transfer ends then.
    fn join(&mut self, part: Self::Part) -> Result<(), SinkError>;
}

impl InParts for Update {
    type Part = Self;

    fn part(&self) -> Option<Self> {
        self.part()
    }

    fn join(&mut self, part: Self) -> Result<(), SinkError> {
        Ok(self.join(part)?)
    }
}

/// The records of a transfer that can only be a whole zone.
pub(super) struct Records<'s, S>(pub(super) &'s mut S);

impl<S: Sink> EventSink for Records<'_, S> {
    fn event(&mut self, event: &Event<'_>) -> Result<(), SinkError> {
        match event {
            Event::Begin { soa: record } | Event::Add(record) => self.0.record(record)?,
            Event::Skipped(record) => self.0.skipped(record),
            // The rest are the end and what no AXFR has.
            _ => {}
        }
        Ok(())
    }

    fn progress(&mut self, totals: Totals) {
        self.0.progress(totals);
    }
}
