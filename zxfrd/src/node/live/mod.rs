//! The node as the management API sees it: what is known of zones only while it runs.
//!
//! | module | holds |
//! |---|---|
//! | `status` | how a zone stands with its peers |

mod status;

use std::sync::Arc;

use zxfr_core::time::UnixTime;
use zxfr_core::zone::Version;

use super::Kept;
use crate::api::{Live, Received, Sent, ZoneStatus};
use crate::catalog::{self, Reach, Time};

impl Live for Kept {
    fn received(&self, zone: &catalog::Zone) -> Received {
        let name = zone.name.value().as_ref();
        let Some(zone) = self.registry.zone(name) else { return Received::default() };
        let primaries = self.secondary.status(name).map(|status| status.primaries).unwrap_or_default();
        let answered = primaries.iter().filter_map(|primary| primary.answered).max();
        Received {
            serial: zone.version().map(|version| version.serial()),
            checked: zone.state().last_success.max(answered).map(time),
            modified: zone.dealings().changed,
        }
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

    fn status(&self, zone: &catalog::Zone) -> ZoneStatus {
        status::of(self, zone)
    }

    fn metrics(&self, _: &Reach) -> String {
        String::new()
    }

    fn healthy(&self) -> bool {
        self.registry.keeping().healthy()
    }
}

/// Seconds as microseconds.
fn time(at: UnixTime) -> Time {
    Time(i64::try_from(at.0).unwrap_or(i64::MAX).saturating_mul(1_000_000))
}
