//! What outlives the process.

use crate::serial::Serial;
use crate::time::UnixTime;

/// What a secondary remembers of a zone's refreshes from one run to the next, in calendar time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// When a primary was last asked.
    pub last_check: Option<UnixTime>,
    /// When a primary was last known to have the version that is held, or that version came from it.
    pub last_success: Option<UnixTime>,
    /// When the version that is held expires (RFC 1034 §4.3.5). `None` while nothing is held.
    pub expires: Option<UnixTime>,
}

/// What a primary says of its version in the answer to an SOA query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its serial.
    pub serial: Serial,
    /// Its EXPIRE option, in seconds, if the answer has one (RFC 7314 §4).
    pub expire: Option<u32>,
}

/// How a transfer that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transferred {
    /// The answer to IXFR was a single SOA: the primary has nothing newer than what is held.
    UpToDate {
        /// The serial that it has.
        serial: Serial,
        /// Its EXPIRE option, in seconds, if the answer has one.
        expire: Option<u32>,
    },
    /// A version, which the host has installed after [`super::Refresh::judge`] let it.
    Zone {
        /// Its serial.
        serial: Serial,
        /// The times of its SOA.
        timers: super::Timers,
        /// The primary's EXPIRE option, in seconds, if the answer has one.
        expire: Option<u32>,
    },
}

/// What an answer turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The primary has the version that is held.
    Current,
    /// A check: the primary has a newer version. A transfer: it is held now.
    Newer,
    /// A transfer brought a version that is newer than what was held, which it now is, but not as new as the check had
    /// promised. Other primaries that promise more are tried.
    Short(super::Failure),
    /// The check or the transfer failed.
    Failed(super::Failure),
    /// Nothing was asked of this primary, or it was given up: the answer is passed over.
    Unasked,
}

impl Verdict {
    /// What is to be reported as a failure of this primary.
    #[must_use]
    pub const fn failure(&self) -> Option<super::Failure> {
        match self {
            Self::Short(failure) | Self::Failed(failure) => Some(*failure),
            Self::Current | Self::Newer | Self::Unasked => None,
        }
    }
}
