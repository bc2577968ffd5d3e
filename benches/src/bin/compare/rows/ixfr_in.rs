//! IXFR in: from the NOTIFY of a new version until a secondary that has the version before serves it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use zxfr_benches::tld::Tld;

use super::axfr_in::{check, secondary};
use super::{Row, Sample};
use crate::failure::{Failure, Result};
use crate::fingerprint::Fingerprint;
use crate::frames::Frames;
use crate::kind::{Column, Kind};
use crate::measure::{Measure, Unit};
use crate::replay::{Offer, Replay};
use crate::server::Server;
use crate::stage::{self, Stage};

static SECONDS: Measure =
    Measure { name: "ixfr-in.seconds", title: "IXFR in of 1 %, NOTIFY until served", unit: Unit::Seconds };
static CPU: Measure = Measure { name: "ixfr-in.cpu", title: "CPU for it, IXFR in", unit: Unit::Seconds };

/// Sizes of zones that get the same difference.
static SIZES: [(usize, Measure); 3] = [
    (100_000, of_size("ixfr-in.100k", "IXFR in of 8,400 records, zone of 100 k")),
    (1_000_000, of_size("ixfr-in.1m", "IXFR in of 8,400 records, zone of 1 M")),
    (10_000_000, of_size("ixfr-in.10m", "IXFR in of 8,400 records, zone of 10 M")),
];

/// Delegations that are changed in zones of all these sizes: some 8,400 records deleted and added.
const CHANGED: usize = 3_900;

const fn of_size(name: &'static str, title: &'static str) -> Measure {
    Measure { name, title, unit: Unit::Seconds }
}

/// IXFR in of a difference of 1 %.
#[derive(Default)]
pub(crate) struct IxfrIn {
    secondaries: BTreeMap<Kind, Secondary>,
    whole: Option<Arc<Frames>>,
    differences: Differences,
}

/// IXFR in of the same difference into zones of several sizes, for our server alone.
pub(crate) struct Sizes {
    /// How many of the sizes.
    count: usize,
    zones: Vec<(Tld, Secondary, Differences)>,
}

/// A running secondary with a primary of its own.
struct Secondary {
    server: Server,
    replay: Replay,
    version: u32,
}

/// What leads to each version from the one before, made when it is first wanted.
type Differences = BTreeMap<u32, Arc<Frames>>;

impl Row for IxfrIn {
    fn name(&self) -> &'static str {
        "ixfr-in"
    }

    fn measures(&self) -> Vec<&'static Measure> {
        vec![&SECONDS, &CPU]
    }

    fn uses_primaries(&self) -> bool {
        false
    }

    fn prepare(&mut self, stage: &mut Stage, kind: Kind) -> Result<Option<String>> {
        if kind == Kind::Ixfrdist {
            return Ok(Some("always asks for all of the zone".into()));
        }
        if self.whole.is_none() {
            self.whole = Some(Arc::new(Frames::whole(&stage.zone, 0)?));
        }
        self.secondaries.insert(kind, Secondary::start(stage, kind, self.whole.clone())?);
        Ok(None)
    }

    fn sample(&mut self, stage: &mut Stage, column: Column) -> Result<Vec<Sample>> {
        let Some(secondary) = column.kind().and_then(|kind| self.secondaries.get_mut(&kind)) else {
            return Ok(Vec::new());
        };
        let version = secondary.version + 1;
        let [seconds, cpu] = secondary.advance(&stage.zone, &mut self.differences, stage.patience())?;
        let wanted = stage.fingerprint(version);
        check(stage, &secondary.server, version, wanted)?;
        Ok(vec![(&SECONDS, seconds), (&CPU, cpu)])
    }
}

impl Sizes {
    /// With the largest zone, too.
    pub(crate) fn new(huge: bool) -> Self {
        Self { count: if huge { 3 } else { 2 }, zones: Vec::new() }
    }
}

impl Row for Sizes {
    fn name(&self) -> &'static str {
        "ixfr-in-sizes"
    }

    fn measures(&self) -> Vec<&'static Measure> {
        SIZES[..self.count].iter().map(|(_, measure)| measure).collect()
    }

    fn uses_primaries(&self) -> bool {
        false
    }

    fn prepare(&mut self, stage: &mut Stage, kind: Kind) -> Result<Option<String>> {
        if kind != Kind::Zxfrd {
            return Ok(Some("measured for zxfrd alone".into()));
        }
        for (records, _) in &SIZES[..self.count] {
            let zone = Tld::changing(*records, CHANGED);
            let whole = Arc::new(Frames::whole(&zone, 0)?);
            let secondary = Secondary::start(stage, kind, Some(whole))?;
            self.zones.push((zone, secondary, Differences::new()));
        }
        Ok(None)
    }

    fn sample(&mut self, stage: &mut Stage, _: Column) -> Result<Vec<Sample>> {
        let mut samples = Vec::new();
        for ((zone, secondary, differences), (_, measure)) in self.zones.iter_mut().zip(&SIZES) {
            let version = secondary.version + 1;
            let [seconds, _] = secondary.advance(zone, differences, stage.patience())?;
            check(stage, &secondary.server, version, Fingerprint::of(zone, version))?;
            samples.push((measure, seconds));
        }
        Ok(samples)
    }
}

impl Secondary {
    /// Starts a server, and waits until it serves version 0 and rests.
    fn start(stage: &Stage, kind: Kind, whole: Option<Arc<Frames>>) -> Result<Self> {
        let replay = Replay::start(Offer { version: 0, whole, differences: None })?;
        let mut server = secondary(stage, kind, &replay)?;
        server.wait_for(Some(Tld::serial(0)), stage.patience())?;
        stage::settled(&server);
        Ok(Self { server, replay, version: 0 })
    }

    /// Lets it have the next version. Gives the seconds until it serves that, and those that it spends on processors.
    fn advance(&mut self, zone: &Tld, known: &mut Differences, patience: Duration) -> Result<[f64; 2]> {
        let version = self.version + 1;
        let differences = match known.get(&version) {
            Some(differences) => Arc::clone(differences),
            None => Arc::clone(known.entry(version).or_insert(Arc::new(Frames::differences(zone, version)?))),
        };
        // Whoever asks for all of the zone is refused, rather than waited for.
        self.replay.offer(Offer { version, whole: None, differences: Some(differences) });
        let given = self.replay.given();
        let before = self.server.spent();
        let told = self.replay.notify(self.server.address())?;
        let served = self.server.wait_for(Some(Tld::serial(version)), patience);
        let spent = self.server.spent().since(&before);
        if self.replay.given().whole > given.whole {
            return Err(Failure::new("it asked for all of the zone instead of the differences"));
        }
        let seconds = (served? - told).as_secs_f64();
        self.version = version;
        Ok([seconds, spent])
    }
}
