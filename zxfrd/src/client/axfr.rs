//! `zxfr axfr`: transfers a zone and prints it.

use clap::Args;
use zxfr_core::transfer::{Limits, Totals};
use zxfr_core::tsig::MAX_UNSIGNED;
use zxfr_core::wire::{MAX_MESSAGE, Record};
use zxfr_io::{InReport, Sink, SinkError};

use super::Failure;
use super::output::{Options, Spool};
use super::progress::Progress;
use super::target::{self, Target};
use crate::zonefile::Writer;

/// Whoever asks for a zone wants it, however large it is; but what nobody has vouched for is bounded.
pub(super) const LIMITS: Limits =
    Limits { unverified_octets: MAX_UNSIGNED as u64 * MAX_MESSAGE as u64, ..Limits::NONE };

/// The arguments of `zxfr axfr`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Arguments {
    #[command(flatten)]
    target: target::Arguments,
    #[command(flatten)]
    options: Options,
}

impl Arguments {
    /// What these arguments mean.
    ///
    /// # Errors
    /// When they don't go together; in words.
    pub fn command(self) -> Result<Axfr, String> {
        self.options.check()?;
        Ok(Axfr { target: self.target.target()?, options: self.options })
    }
}

/// A transfer to be made.
#[derive(Debug)]
pub struct Axfr {
    target: Target,
    options: Options,
}

impl Axfr {
    /// Transfers the zone and prints it, whole or not at all.
    ///
    /// # Errors
    /// When the transfer fails, or the zone can't be written.
    pub async fn run(self) -> Result<(), Failure> {
        let Self { target, options } = self;
        let text = options.writer()?;
        let client = target.connect().await?;
        let addr = client.peer().addr;
        let (zone, key) = (target.zone.as_ref(), target.key.as_ref());
        let failed = |error| target.failure(addr, &error);
        let report = match text {
            None => client.axfr_tally(zone, key).await.map_err(failed)?,
            Some(writer) => {
                let mut text = Text { writer, progress: Progress::new() };
                let report = client.axfr(zone, key, LIMITS, &mut text).await.map_err(failed)?;
                text.progress.finish();
                text.writer.finish()?.deliver()?;
                report
            }
        };
        if report.skipped > 0 {
            eprintln!("zxfr: {addr}: {zone}: {} records outside the zone were left out", report.skipped);
        }
        if options.stats {
            eprintln!("{}", statistics(&target, &report));
        }
        Ok(())
    }
}

/// Takes the records of the zone as text.
struct Text {
    writer: Writer<Spool>,
    progress: Progress,
}

impl Sink for Text {
    fn record(&mut self, record: &Record<'_>) -> Result<(), SinkError> {
        Ok(self.writer.record((*record).into())?)
    }

    fn progress(&mut self, totals: Totals) {
        self.progress.update(totals);
    }
}

fn statistics(target: &Target, report: &InReport) -> String {
    let InReport { serial, totals: Totals { messages, records, octets }, first_message, elapsed, .. } = *report;
    let seconds = elapsed.as_secs_f64();
    // The SOA comes twice.
    let records = records.saturating_sub(1);
    format!(
        "; {} serial {serial} from {target}: {records} records, {messages} messages, {octets} octets in {seconds:.3} s \
         (first message after {:.3} s), {:.0} records/s, {:.0} octets/s",
        target.zone.as_ref(),
        first_message.as_secs_f64(),
        records as f64 / seconds.max(f64::EPSILON),
        octets as f64 / seconds.max(f64::EPSILON),
    )
}
