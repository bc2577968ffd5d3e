//! `zxfr ixfr`: transfers what changed since a serial and prints it.

use clap::Args;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::{Event, Totals};
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_io::client::{EventSink, Kind};
use zxfr_io::{InReport, SinkError, client};

use super::Failure;
use super::axfr::LIMITS;
use super::output::{Options, Spool};
use super::progress::Progress;
use super::target::{self, Target};
use crate::zonefile::{Change, Writer};

/// The arguments of `zxfr ixfr`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Arguments {
    #[command(flatten)]
    target: target::Arguments,
    /// The serial of the version that the differences are to begin with
    #[arg(value_name = "SERIAL")]
    serial: u32,
    /// Asks over UDP, and over TCP only when the answer doesn't fit into a datagram
    #[arg(long)]
    udp: bool,
    #[command(flatten)]
    options: Options,
}

impl Arguments {
    /// What these arguments mean.
    ///
    /// # Errors
    /// When they don't go together; in words.
    pub fn command(self) -> Result<Ixfr, String> {
        let Self { target, serial, udp, options } = self;
        options.check()?;
        Ok(Ixfr { target: target.target()?, serial: Serial(serial), udp, options })
    }
}

/// A transfer to be made.
#[derive(Debug)]
pub struct Ixfr {
    target: Target,
    serial: Serial,
    udp: bool,
    options: Options,
}

impl Ixfr {
    /// Transfers the differences and prints them, whole or not at all.
    ///
    /// # Errors
    /// When the transfer fails, or what came can't be written.
    pub async fn run(self) -> Result<(), Failure> {
        let Self { target, serial, udp, options } = self;
        let writer = options.writer()?;
        let mut text = Text { writer, whole: false, progress: Progress::new() };
        let (zone, key) = (target.zone.as_ref(), target.key.as_ref());
        // All that a server looks at in it is the serial.
        let rdata = [&[0, 0][..], &serial.0.to_be_bytes(), &[0; 16]].concat();
        let soa = Record { owner: zone, rtype: Rtype::SOA, class: Class::IN, ttl: 0, rdata: &rdata };
        let datagram = if udp {
            let ask = async |addr| client::ixfr_udp(addr, zone, &soa, key, LIMITS, target.timeouts, &mut text).await;
            let (addr, report) = target.over_udp(ask).await?;
            report.map(|report| (addr, report))
        } else {
            None
        };
        let (addr, report) = match datagram {
            Some(answer) => answer,
            None => {
                let client = target.connect().await?;
                let addr = client.peer().addr;
                let report = client.ixfr(zone, &soa, key, LIMITS, &mut text).await;
                (addr, report.map_err(|error| target.failure(addr, &error))?)
            }
        };
        text.progress.finish();
        if let Some(writer) = text.writer {
            writer.finish()?.deliver()?;
        }
        if report.kind == Kind::UpToDate {
            eprintln!("zxfr: {addr}: {zone}: nothing newer than serial {serial}: the server has {}", report.serial);
        }
        if report.skipped > 0 {
            eprintln!("zxfr: {addr}: {zone}: {} records outside the zone were left out", report.skipped);
        }
        if options.stats {
            eprintln!("{}", statistics(&target, serial, &report));
        }
        Ok(())
    }
}

/// Takes deltas as signed lines, a whole zone as lines without.
struct Text {
    writer: Option<Writer<Spool>>,
    /// Whether it is a whole zone that comes.
    whole: bool,
    progress: Progress,
}

impl EventSink for Text {
    fn event(&mut self, event: &Event<'_>) -> Result<(), SinkError> {
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        match event {
            Event::Begin { soa } => {
                self.whole = true;
                writer.record((*soa).into())?;
            }
            Event::Add(record) if self.whole => writer.record((*record).into())?,
            Event::Deletions { soa: record } | Event::Delete(record) => {
                writer.change(Change::Deleted, (*record).into())?;
            }
            Event::Additions { soa: record } | Event::Add(record) => writer.change(Change::Added, (*record).into())?,
            Event::Skipped(_) | Event::UpToDate { .. } | Event::Commit { .. } => {}
        }
        Ok(())
    }

    fn progress(&mut self, totals: Totals) {
        self.progress.update(totals);
    }
}

fn statistics(target: &Target, from: Serial, report: &InReport) -> String {
    let InReport { serial, kind, totals: Totals { messages, records, octets }, elapsed, .. } = *report;
    let came = match kind {
        Kind::Axfr => "the whole zone".to_owned(),
        Kind::Ixfr { deltas: 1, .. } => "1 delta".to_owned(),
        Kind::Ixfr { deltas, .. } => format!("{deltas} deltas"),
        Kind::UpToDate => "nothing newer".to_owned(),
    };
    format!(
        "; {} serial {from} to {serial} from {target}: {came}, {records} records with all SOAs, {messages} messages, \
         {octets} octets in {:.3} s",
        target.zone.as_ref(),
        elapsed.as_secs_f64(),
    )
}
