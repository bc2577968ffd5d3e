//! IXFR out of the difference that a changed zone file made.

use super::reload::{advance, differences, question};
use super::{Row, Sample};
use crate::answer::{Contents, Differences};
use crate::client::Connection;
use crate::failure::{Failure, Result};
use crate::kind::{Column, Kind};
use crate::measure::{Measure, Unit};
use crate::stage::Stage;

static RATE: Measure = Measure { name: "ixfr-out.rate", title: "IXFR out of that delta", unit: Unit::RecordsPerSecond };

static CPU: Measure = Measure { name: "ixfr-out.cpu", title: "CPU, IXFR out", unit: Unit::SecondsPerMillion };

static OCTETS: Measure = Measure { name: "ixfr-out.octets", title: "octets of that delta", unit: Unit::Octets };

/// How often the difference is asked for in a round: once takes a millisecond or two.
const TIMES: usize = 20;

/// IXFR out, asked for one after the other, each on a connection of its own.
pub(crate) struct IxfrOut;

impl Row for IxfrOut {
    fn name(&self) -> &'static str {
        "ixfr-out"
    }

    fn measures(&self) -> Vec<&'static Measure> {
        vec![&RATE, &CPU, &OCTETS]
    }

    fn prepare(&mut self, stage: &mut Stage, kind: Kind) -> Result<Option<String>> {
        if !kind.reads_files() {
            return Ok(Some("has no zone files".into()));
        }
        if !kind.has_differences() {
            return Ok(Some("makes no differences".into()));
        }
        if stage.primary(kind)?.version == 0 {
            advance(stage, kind)?;
        }
        Ok(None)
    }

    fn sample(&mut self, stage: &mut Stage, column: Column) -> Result<Vec<Sample>> {
        let Column::Server(kind) = column else { return Ok(Vec::new()) };
        let version = stage.primary(kind)?.version;
        let wanted = differences(&stage.zone, version);
        let question = question(version, false)?;
        let mut buffer = std::mem::take(&mut stage.buffers[0]);
        let server = &stage.primary(kind)?.server;
        let address = server.address();
        let (length, first) = Connection::open(address, &question)?.explore(&mut buffer)?;
        check(&first, wanted)?;
        let known = buffer.octets(length).to_vec();
        let before = server.spent();
        let (mut seconds, mut records) = (0.0, 0);
        for _ in 0..TIMES {
            let fetched = Connection::open(address, &question)?.fetch(length, &mut buffer)?;
            seconds += fetched.seconds();
            let contents = fetched.contents(&buffer, Some((&known, first)))?;
            check(&contents, wanted)?;
            records += contents.records;
        }
        let spent = server.spent().since(&before);
        stage.buffers[0] = buffer;
        Ok(vec![
            (&RATE, records as f64 / seconds),
            (&CPU, spent / (records as f64 / 1e6)),
            (&OCTETS, first.octets as f64),
        ])
    }
}

fn check(contents: &Contents, wanted: Differences) -> Result<()> {
    match contents.differences {
        Some(found) if found == wanted => Ok(()),
        Some(_) => Err(Failure::new("the difference is not the one between the two versions")),
        None => Err(Failure::new("the answer is no difference")),
    }
}
