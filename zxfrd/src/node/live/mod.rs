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
        let Some(zone) = self.registry.zone(zone.name.value().as_ref()) else { return Received::default() };
        Received {
            serial: zone.version().map(|version| version.serial()),
            checked: zone.state().last_check.map(time),
            modified: None,
        }
    }

    fn sent(&self, _: &catalog::Zone) -> Sent {
        Sent::default()
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
