//! How a zone of a secondary stands.

use super::incoming::What;
use crate::reason::Reason;
use std::net::SocketAddr;
use std::time::Duration;
use zxfr_core::refresh::{Failure, Kind, State};
use zxfr_core::serial::Serial;
use zxfr_core::time::UnixTime;
use zxfr_core::transfer::Totals;

/// How a zone stands.
#[derive(Clone, Debug)]
pub struct Status {
    /// The serial of the version that is held.
    pub serial: Option<Serial>,
    /// Last check, last success, expiry.
    pub state: State,
    /// Whether it is checked and transferred at all.
    pub enabled: bool,
    /// Whether the version that is held has expired.
    pub expired: bool,
    /// Why the last round failed; `None` when it went well.
    pub failure: Option<Failure>,
    /// The last check or transfer that failed, however long ago.
    pub last_failure: Option<LastFailure>,
    /// When it checks next, if no NOTIFY comes before.
    pub next_check: Option<Duration>,
    /// How many primaries are being asked for their serials.
    pub asking: u32,
    /// The transfer that waits or runs.
    pub transfer: Option<TransferStatus>,
}

/// A check or transfer that failed.
#[derive(Clone, Debug)]
pub struct LastFailure {
    /// When.
    pub at: UnixTime,
    /// The primary.
    pub peer: SocketAddr,
    /// What was tried.
    pub what: What,
    /// Why it failed.
    pub reason: Reason,
}

/// A transfer that waits for its place or runs.
#[derive(Clone, Copy, Debug)]
pub struct TransferStatus {
    /// The primary.
    pub peer: SocketAddr,
    /// What is asked for.
    pub kind: Kind,
    /// For how long it has been running; `None` while it waits.
    pub running: Option<Duration>,
    /// What has come.
    pub totals: Totals,
}
