//! AXFR in of servers that keep what comes: until the zone is served and would be there after a crash, each as it persists.

use std::sync::Arc;

use zxfr_benches::tld::{NAME, Tld};

use super::{Row, Sample, axfr_in};
use crate::failure::Result;
use crate::frames::Frames;
use crate::kind::{Column, Kind};
use crate::measure::{Measure, Unit};
use crate::replay::{Offer, Replay};
use crate::server::{Source, Zone};
use crate::stage::Stage;

static SECONDS: Measure =
    Measure { name: "kept.seconds", title: "AXFR in, process started until durable and served", unit: Unit::Seconds };
static CPU: Measure = Measure { name: "kept.cpu", title: "CPU for it, AXFR in until durable", unit: Unit::Seconds };

/// AXFR in until durable and served: zxfrd with its SQLite store, Knot DNS with all of the zone in its journal, PowerDNS with an
/// SQLite database that is synchronous, NSD and BIND with zone files.
#[derive(Default)]
pub(crate) struct AxfrKept {
    replay: Option<Replay>,
}

impl Row for AxfrKept {
    fn name(&self) -> &'static str {
        "axfr-in-durable"
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
        let mut server = stage.start(kind, &Zone { name: NAME.into(), source: Source::Kept(replay.address()) })?;
        server.wait_for(Some(Tld::serial(0)), stage.patience())?;
        let kept = server.wait_until_kept(stage.patience())?;
        let spent = server.spent().in_all();
        let wanted = stage.fingerprint(0);
        axfr_in::check(stage, &server, 0, wanted)?;
        Ok(vec![(&SECONDS, (kept - server.started()).as_secs_f64()), (&CPU, spent)])
    }
}
