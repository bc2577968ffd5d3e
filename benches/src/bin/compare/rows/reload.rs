//! A zone file is exchanged for one of which 1 % is different: how long until that is served, and IXFR with it.

use std::fs;
use std::time::{Duration, Instant};

use zxfr_benches::tld::{NAME, Tld};

use super::{Row, Sample};
use crate::answer::Differences;
use crate::client::{Connection, Question};
use crate::failure::{Because, Failure, Result};
use crate::fingerprint::Fingerprint;
use crate::kind::{Column, Kind};
use crate::measure::{Measure, Unit};
use crate::stage::Stage;

static SERVED: Measure =
    Measure { name: "reload.served", title: "file changed by 1 %, new version served", unit: Unit::Seconds };

static DELTA: Measure =
    Measure { name: "reload.delta", title: "file changed by 1 %, delta served", unit: Unit::Seconds };

static CPU: Measure = Measure { name: "reload.cpu", title: "CPU, file changed", unit: Unit::Seconds };

/// Pause between two questions.
const PAUSE: Duration = Duration::from_millis(1);

/// From the exchange of the zone file until the new version is served, and until IXFR from the old one gives the difference.
pub(crate) struct Reload;

/// What an exchanged zone file led to.
pub(crate) struct Advance {
    /// Seconds until the new serial was served.
    pub(crate) served: f64,
    /// Seconds until IXFR gave the difference; none for servers that make none.
    pub(crate) delta: Option<f64>,
    /// Seconds on processors until then.
    pub(crate) cpu: f64,
}

impl Row for Reload {
    fn name(&self) -> &'static str {
        "reload"
    }

    fn measures(&self) -> Vec<&'static Measure> {
        vec![&SERVED, &DELTA, &CPU]
    }

    fn prepare(&mut self, stage: &mut Stage, kind: Kind) -> Result<Option<String>> {
        if !kind.reads_files() {
            return Ok(Some("has no zone files".into()));
        }
        stage.primary(kind).map(|_| None)
    }

    fn sample(&mut self, stage: &mut Stage, column: Column) -> Result<Vec<Sample>> {
        let Column::Server(kind) = column else { return Ok(Vec::new()) };
        let advance = advance(stage, kind)?;
        let mut samples = vec![(&SERVED, advance.served), (&CPU, advance.cpu)];
        samples.extend(advance.delta.map(|delta| (&DELTA, delta)));
        Ok(samples)
    }
}

/// The question for the difference that leads to this version.
pub(crate) fn question(version: u32, signed: bool) -> Result<Question> {
    let since = version - 1;
    Ok(Question { since: Some((Tld::serial(since), Tld::soa(since))), ..Question::axfr(NAME, signed)? })
}

/// What the difference that leads to this version must be.
pub(crate) fn differences(zone: &Tld, version: u32) -> Differences {
    let [deleted, added] = Fingerprint::of_changes(zone, version);
    Differences { deleted, added }
}

/// Gives a server the next version of its zone file and waits until it has it.
pub(crate) fn advance(stage: &mut Stage, kind: Kind) -> Result<Advance> {
    let version = stage.primary(kind)?.version + 1;
    let wanted = differences(&stage.zone, version);
    let written = stage.folder().join(format!("zone-{version}"));
    if !written.exists() {
        stage.write(version, &written)?;
    }
    let copy = stage.folder().join(format!("next-{}", kind.program()));
    fs::copy(&written, &copy).because(copy.display())?;
    let patience = stage.patience();
    let mut buffer = std::mem::take(&mut stage.buffers[0]);
    let primary = stage.primary(kind)?;
    let before = primary.server.spent();
    let begun = Instant::now();
    primary.replace_file(&copy)?;
    primary.server.reload()?;
    let served = (primary.server.wait_for(Some(Tld::serial(version)), patience)? - begun).as_secs_f64();
    let question = question(version, false)?;
    let delta = loop {
        let asked = Connection::open(primary.server.address(), &question).and_then(|asked| asked.explore(&mut buffer));
        let elapsed = begun.elapsed();
        match asked.map(|(_, contents)| contents.differences) {
            Ok(Some(found)) if found == wanted => break Some(elapsed.as_secs_f64()),
            Ok(Some(found)) => {
                let [deleted, added] = [found.deleted, found.added].map(|records| records.count);
                return Err(Failure::new(format!(
                    "the difference to version {version} deletes {deleted} records and adds {added}; {} and {} would be \
                     right, or they are others",
                    wanted.deleted.count, wanted.added.count,
                )));
            }
            // It has the version, and gives it whole.
            Ok(None) if !kind.has_differences() => break None,
            // NSD cuts connections off when it goes over to what it has loaded.
            Ok(None) | Err(_) if elapsed <= patience => std::thread::sleep(PAUSE),
            Ok(None) => return Err(Failure::new(format!("no difference within {patience:?}"))),
            Err(failure) => return Err(failure),
        }
    };
    let cpu = primary.server.spent().since(&before);
    primary.has_next();
    stage.buffers[0] = buffer;
    Ok(Advance { served, delta, cpu })
}
