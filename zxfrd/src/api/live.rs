//! What the API needs of the node that runs: what is known of zones only while it runs. What is to be done it is told by the
//! catalog.

use std::sync::Arc;

use zxfr_core::serial::Serial;
use zxfr_core::zone::Version;

use super::requests::Requests;
use super::status::ZoneStatus;
use crate::catalog::{Fault, Reach, Time, Zone};
use crate::records::{self, Book};
use crate::registry::{self, KeptVersion};

/// The node that runs, as the API sees it. Of every zone that is asked for here the catalog has said that it is there.
pub trait Live: Send + Sync {
    /// What has come of a zone from its primaries.
    fn received(&self, zone: &Zone) -> Received;

    /// How many transfers have brought a version of a zone since the process began.
    fn transfers(&self, zone: &Zone) -> u64;

    /// What of a zone was handed out.
    fn sent(&self, zone: &Zone) -> Sent;

    /// The version of a zone that is held, expired or not.
    fn version(&self, zone: &Zone) -> Option<Arc<Version>>;

    /// Looks at the version of a zone that is held, and the notes that go with it. It holds up whoever changes records.
    fn look(&self, zone: &Zone, look: &mut dyn FnMut(Option<&Arc<Version>>, &Book));

    /// Makes, changes and deletes records of a zone, in this order, all of them or none, as a token says. It waits for the store,
    /// so it is for blocking threads.
    ///
    /// # Errors
    /// Why nothing was changed, and which of the changes is at fault.
    fn change_records(
        &self,
        zone: &Zone,
        token: &str,
        changes: Vec<records::Change>,
    ) -> Result<Vec<records::Changed>, (Option<usize>, Fault)>;

    /// What was received of a zone, where that isn't what is served.
    fn held_back(&self, zone: &Zone) -> Option<HeldVersion>;

    /// The versions whose records can be served again, the newest first.
    fn versions(&self, zone: &Zone) -> Vec<KeptVersion>;

    /// Has another version of a zone served, or not, as a token says. Gives the serial that is served then. It waits for the store,
    /// so it is for blocking threads.
    ///
    /// # Errors
    /// Why all is as before.
    fn decide(&self, zone: &Zone, token: &str, decision: Decision) -> Result<Serial, Fault>;

    /// How a zone stands with each of its peers.
    fn status(&self, zone: &Zone) -> ZoneStatus;

    /// Metrics in the text format of OpenMetrics, of the zones that may be seen; to those who may see all accounts also of the
    /// process, and of requests to the API. It takes time by the number of zones.
    fn metrics(&self, zones: &[Arc<Zone>], reach: &Reach, requests: &Requests) -> String;

    /// Whether all is well: the store takes what is written.
    fn healthy(&self) -> bool;
}

/// A version that was received and is not what is served.
#[derive(Clone, Debug)]
pub struct HeldVersion {
    /// It, and why.
    pub received: registry::Received,
    /// What is served.
    pub served: Arc<Version>,
}

/// What is decided of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The one that is held is served.
    Publish,
    /// The one that is held is not to be served.
    Reject,
    /// The records of an earlier one are served.
    RollBack(Serial),
}

/// What has come of a zone from its primaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The serial that is held, if one ever came.
    pub serial: Option<Serial>,
    /// When a primary last said which serial it has.
    pub checked: Option<Time>,
    /// When the data last changed.
    pub modified: Option<Time>,
}

/// What of a zone was handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// The serial that is served, once it was transferred to somebody.
    pub serial: Option<Serial>,
    /// When somebody last asked for the serial.
    pub checked: Option<Time>,
    /// When it was last transferred to somebody.
    pub transferred: Option<Time>,
}
