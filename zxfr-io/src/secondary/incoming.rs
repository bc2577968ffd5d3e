//! The host of a secondary: where versions go, and what it is told.

use crate::client::Kind;
use crate::reason::Reason;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::refresh::{self, State};
use zxfr_core::serial::Serial;
use zxfr_core::transfer::Totals;
use zxfr_core::tsig::Mac;
use zxfr_core::zone::{Change, Version};

/// The host of a [`super::Secondary`].
pub trait Incoming: Send + Sync + 'static {
    /// How MACs are computed.
    type Mac: Mac + Send + Sync + 'static;

    /// The version of a zone that is held: differences are asked for and applied to it.
    fn held(&self, zone: NameRef<'_>) -> Option<Arc<Version>>;

    /// Takes the next version of a zone. Called on a thread where it may take its time.
    ///
    /// # Errors
    /// When the host doesn't take it.
    fn install(&self, zone: NameRef<'_>, change: Change) -> Result<(), Refused>;

    /// A check or a transfer has ended, well or not.
    fn attempt_ended(&self, attempt: &Attempt) {
        let _ = attempt;
    }

    /// What is to be known of a zone in the next run has changed, or it has expired.
    fn state_changed(&self, zone: NameRef<'_>, state: State, expired: bool) {
        let _ = (zone, state, expired);
    }
}

/// Why a host doesn't take a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A rule holds it back until somebody confirms it; the zone stays as it is.
    Held(String),
    /// It could not be stored.
    NotStored(String),
    /// It could not be taken otherwise.
    Failed(String),
}

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The serial was asked for.
    Check,
    /// Differences were asked for.
    Ixfr,
    /// The whole zone was asked for.
    Axfr,
}

impl From<refresh::Kind> for What {
    fn from(kind: refresh::Kind) -> Self {
        match kind {
            refresh::Kind::Ixfr => Self::Ixfr,
            refresh::Kind::Axfr => Self::Axfr,
        }
    }
}

/// A check or a transfer that has ended.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The zone.
    pub zone: Name,
    /// The primary.
    pub peer: SocketAddr,
    /// What was tried.
    pub what: What,
    /// What the transfer turned out to be, if it came to its end.
    pub kind: Option<Kind>,
    /// The serial that was held before.
    pub from: Option<Serial>,
    /// The serial that the primary has, as far as it said.
    pub to: Option<Serial>,
    /// What came, in whole messages. All zero for a check.
    pub totals: Totals,
    /// Records outside the zone, left out.
    pub skipped: u64,
    /// From the query to the end, the putting together and installing of what came included; waiting for a place is not.
    pub elapsed: Duration,
    /// Whether a version was installed. It may be though the attempt has failed: when it was older than promised.
    pub installed: bool,
    /// How it ended.
    pub result: Result<(), Reason>,
    /// What the zone does next.
    pub next: Next,
}

/// What a zone does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A transfer, perhaps as soon as there is a place.
    Transfer {
        /// From this primary.
        peer: SocketAddr,
        /// Of this kind.
        kind: refresh::Kind,
    },
    /// It waits for answers of other primaries.
    Answers,
    /// It checks after so long, if no NOTIFY comes before.
    Check(Duration),
    /// Nothing.
    Nothing,
}
