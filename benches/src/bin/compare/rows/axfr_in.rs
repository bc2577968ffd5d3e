//! AXFR in: servers that start without anything, until they serve the zone; the memory they take then, and with another
//! version coming in whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zxfr_benches::tld::{NAME, Tld};

use super::{Row, Sample};
use crate::client::{Connection, Question};
use crate::failure::{Failure, Result};
use crate::fingerprint::Fingerprint;
use crate::frames::Frames;
use crate::kind::{Column, Kind};
use crate::measure::{Measure, Unit};
use crate::replay::{Offer, Replay};
use crate::server::{Server, Source, Zone};
use crate::stage::{self, Stage};

/// Pause between two looks at memory.
const PAUSE: Duration = Duration::from_millis(5);

/// How long all processes of a server may take until they have the version that one has.
const TAKING_UP: Duration = Duration::from_secs(10);

static SECONDS: Measure =
    Measure { name: "in.seconds", title: "AXFR in, process started until served", unit: Unit::Seconds };
static CPU: Measure = Measure { name: "in.cpu", title: "CPU for it, AXFR in", unit: Unit::Seconds };
static REST: Measure = Measure { name: "in.rest", title: "memory at rest after AXFR in", unit: Unit::OctetsPerRecord };
static PEAK: Measure =
    Measure { name: "in.peak", title: "most memory while another version comes", unit: Unit::Octets };
static ROOM: Measure = Measure { name: "in.over", title: "the same besides both versions' octets", unit: Unit::Octets };

/// AXFR in until served.
#[derive(Default)]
pub(crate) struct AxfrIn {
    replay: Option<Replay>,
}

/// Memory of secondaries.
#[derive(Default)]
pub(crate) struct Memory {
    whole: Option<[Arc<Frames>; 2]>,
    /// What the second version holds.
    other: Option<Fingerprint>,
}

impl Row for AxfrIn {
    fn name(&self) -> &'static str {
        "axfr-in"
    }

    fn measures(&self) -> Vec<&'static Measure> {
        vec![&SECONDS, &CPU]
    }

    fn uses_primaries(&self) -> bool {
        false
    }

    fn prepare(&mut self, stage: &mut Stage, _: Kind) -> Result<Option<String>> {
        if self.replay.is_none() {
            let whole = Arc::new(Frames::whole(&stage.zone, 0)?);
            self.replay = Some(Replay::start(Offer { version: 0, whole: Some(whole), differences: None })?);
        }
        Ok(None)
    }

    fn sample(&mut self, stage: &mut Stage, column: Column) -> Result<Vec<Sample>> {
        let Some((replay, kind)) = self.replay.as_ref().zip(column.kind()) else { return Ok(Vec::new()) };
        let mut server = secondary(stage, kind, replay)?;
        let served = server.wait_for(Some(Tld::serial(0)), stage.patience())?;
        let spent = server.spent().in_all();
        let wanted = stage.fingerprint(0);
        check(stage, &server, 0, wanted)?;
        Ok(vec![(&SECONDS, (served - server.started()).as_secs_f64()), (&CPU, spent)])
    }
}

impl Row for Memory {
    fn name(&self) -> &'static str {
        "axfr-in-memory"
    }

    fn measures(&self) -> Vec<&'static Measure> {
        vec![&REST, &PEAK, &ROOM]
    }

    fn repeats(&self) -> bool {
        false
    }

    fn uses_primaries(&self) -> bool {
        false
    }

    fn prepare(&mut self, stage: &mut Stage, _: Kind) -> Result<Option<String>> {
        if self.whole.is_none() {
            // Half of all delegations change: as much as the zone.
            let zone = Tld::changing(stage.zone.records() as usize, usize::MAX);
            self.whole = Some([Arc::new(Frames::whole(&stage.zone, 0)?), Arc::new(Frames::whole(&zone, 1)?)]);
            self.other = Some(Fingerprint::of(&zone, 1));
        }
        Ok(None)
    }

    fn sample(&mut self, stage: &mut Stage, column: Column) -> Result<Vec<Sample>> {
        let (Some([first, second]), Some(kind)) = (&self.whole, column.kind()) else { return Ok(Vec::new()) };
        let offer = |version, whole: &Arc<Frames>| Offer { version, whole: Some(Arc::clone(whole)), differences: None };
        let replay = Replay::start(offer(0, first))?;
        let mut server = secondary(stage, kind, &replay)?;
        server.wait_for(Some(Tld::serial(0)), stage.patience())?;
        let rest = stage::settled(&server) as f64 / stage.zone.records() as f64;
        if kind == Kind::Ixfrdist {
            // It takes no NOTIFY.
            return Ok(vec![(&REST, rest)]);
        }
        replay.offer(offer(1, second));
        let peak = most_memory(&mut server, |server| {
            replay.notify(server.address())?;
            server.wait_for(Some(Tld::serial(1)), stage.patience())
        })?;
        if let Some(other) = self.other {
            check(stage, &server, 1, other)?;
        }
        let over = peak as f64 - (first.octets() + second.octets()) as f64;
        Ok(vec![(&REST, rest), (&PEAK, peak as f64), (&ROOM, over)])
    }
}

/// Starts a secondary of the replaying primary.
pub(super) fn secondary(stage: &Stage, kind: Kind, replay: &Replay) -> Result<Server> {
    stage.start(kind, &Zone { name: NAME.into(), source: Source::Primary(replay.address()) })
}

/// Whether a server gives away this version, and `wanted` in it. Of several processes, as NSD has, some may still have the version
/// before, or none, when another answers with the new one.
pub(super) fn check(stage: &mut Stage, server: &Server, version: u32, wanted: Fingerprint) -> Result<()> {
    let begun = Instant::now();
    loop {
        let connection = Connection::open(server.address(), &Question::axfr(NAME, false)?)?;
        let late = begun.elapsed() > TAKING_UP;
        match connection.explore(&mut stage.buffers[0]) {
            Ok((_, contents)) if late || contents.serial == Tld::serial(version) => {
                return stage::compare(&contents, version, wanted);
            }
            Err(failure) if late => return Err(failure),
            Ok(_) | Err(_) => {}
        }
        std::thread::sleep(PAUSE);
    }
}

/// The most memory that a server has while something is done: of a process alone as the system counts it, since its start;
/// of several, which share memory, what is seen every few milliseconds.
fn most_memory<T>(server: &mut Server, doing: impl FnOnce(&mut Server) -> Result<T>) -> Result<u64> {
    let tree = server.tree();
    let done = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let mut most = 0;
            while !done.load(Ordering::Acquire) {
                most = most.max(tree.memory());
                std::thread::sleep(PAUSE);
            }
            most
        });
        let result = doing(server);
        done.store(true, Ordering::Release);
        let most = looking.join().map_err(|_| Failure::new("looking at memory panicked"))?;
        result.map(|_| most)
    })?;
    Ok(if tree.is_one_process() { tree.peak() } else { seen })
}
