//! The node as the management API sees it: what is known of zones only while it runs.
//!
//! | module | holds |
//! |---|---|
//! | `changes` | records changed by the API, and the log's line of it |
//! | `reviews` | what is decided of versions by the API |
//! | `view` | what is known of a zone and its peers |
//! | `status` | this, as the API says it |
//! | `metrics` | this, as metrics say it |

mod changes;
mod metrics;
mod reviews;
mod status;
mod view;

use std::sync::Arc;

use zxfr_core::serial::Serial;
use zxfr_core::time::UnixTime;
use zxfr_core::zone::Version;

use super::Kept;
use crate::api::{Decision, HeldVersion, Live, Received, Requests, Sent, ZoneStatus, shown_name};
use crate::catalog::{self, Fault, Reach, Time};
use crate::records::{self, Book};
use crate::registry::KeptVersion;
use metrics::{Process, Row};
use view::View;

impl Live for Kept {
    fn received(&self, zone: &catalog::Zone) -> Received {
        let name = zone.name.value().as_ref();
        let Some(zone) = self.registry.zone(name) else { return Received::default() };
        let primaries = self.secondary.status(name).map(|status| status.primaries).unwrap_or_default();
        let answered = primaries.iter().filter_map(|primary| primary.answered).max();
        let modified = zone.dealings().changed;
        Received {
            serial: zone.base().map(|version| version.serial()),
            // Checks are known by the second: what came within that one was asked for no earlier.
            checked: zone.state().last_success.max(answered).map(time).max(modified),
            modified,
        }
    }

    fn transfers(&self, zone: &catalog::Zone) -> u64 {
        let found = self.registry.zone(zone.name.value().as_ref()).filter(|found| found.id() == zone.id);
        found.map_or(0, |found| found.dealings().received())
    }

    fn sent(&self, zone: &catalog::Zone) -> Sent {
        let Some(zone) = self.registry.zone(zone.name.value().as_ref()) else { return Sent::default() };
        let (checked, transferred) = {
            let dealings = zone.dealings();
            (dealings.checked, dealings.sent)
        };
        let serial = zone.version().filter(|_| transferred.is_some()).map(|version| version.serial());
        Sent { serial, checked, transferred }
    }

    fn version(&self, zone: &catalog::Zone) -> Option<Arc<Version>> {
        self.registry.zone(zone.name.value().as_ref())?.version()
    }

    fn look(&self, zone: &catalog::Zone, look: &mut dyn FnMut(Option<&Arc<Version>>, &Book)) {
        match self.registry.zone(zone.name.value().as_ref()).filter(|found| found.id() == zone.id) {
            Some(zone) => zone.look(look),
            None => look(None, &Book::default()),
        }
    }

    fn change_records(
        &self,
        zone: &catalog::Zone,
        token: &str,
        changes: Vec<records::Change>,
    ) -> Result<Vec<records::Changed>, (Option<usize>, Fault)> {
        changes::perform(self, zone, token, changes)
    }

    fn held_back(&self, zone: &catalog::Zone) -> Option<HeldVersion> {
        let found = self.registry.zone(zone.name.value().as_ref()).filter(|found| found.id() == zone.id)?;
        Some(HeldVersion { received: found.received()?, served: found.version()? })
    }

    fn versions(&self, zone: &catalog::Zone) -> Vec<KeptVersion> {
        let found = self.registry.zone(zone.name.value().as_ref()).filter(|found| found.id() == zone.id);
        found.map(|found| found.kept_versions()).unwrap_or_default()
    }

    fn decide(&self, zone: &catalog::Zone, token: &str, decision: Decision) -> Result<Serial, Fault> {
        reviews::decide(self, zone, token, decision)
    }

    fn status(&self, zone: &catalog::Zone) -> ZoneStatus {
        status::of(zone, View::of(self, zone).as_ref())
    }

    fn metrics(&self, zones: &[Arc<catalog::Zone>], reach: &Reach, requests: &Requests) -> String {
        let row = |zone: &Arc<catalog::Zone>| Some(Row::new(shown_name(zone).to_owned(), View::of(self, zone)?));
        let process =
            (*reach == Reach::All).then(|| Process::now(requests, self.registry.keeping().health(), zones.len()));
        metrics::text(zones.iter().filter_map(row).collect(), process)
    }

    fn healthy(&self) -> bool {
        self.registry.keeping().healthy()
    }
}

/// Remembers when the process began.
pub(super) fn begin() {
    metrics::started();
}

/// Seconds as microseconds.
fn time(at: UnixTime) -> Time {
    Time(i64::try_from(at.0).unwrap_or(i64::MAX).saturating_mul(1_000_000))
}
