//! How a zone of a secondary stands.

use super::incoming::{Attempt, What};
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
    /// When it failed, and by whom; there whenever [`Status::failure`] is.
    pub failed: Option<FailedRound>,
    /// The last check or transfer that failed, however long ago.
    pub last_failure: Option<LastFailure>,
    /// When it checks next, if no NOTIFY comes before.
    pub next_check: Option<Duration>,
    /// How many primaries are being asked for their serials.
    pub asking: u32,
    /// The transfer that waits or runs.
    pub transfer: Option<TransferStatus>,
    /// Each of its primaries, in their order.
    pub primaries: Vec<PrimaryStatus>,
}

/// A round that failed.
#[derive(Clone, Debug)]
pub struct FailedRound {
    /// When it ended.
    pub at: UnixTime,
    /// The primary that failed so, if it was one: that no primary has the version that is held is the fault of none.
    pub peer: Option<SocketAddr>,
    /// Why it failed.
    pub reason: Reason,
}

/// How a zone stands with one of its primaries, since it was taken up. Its serial is what it said last, in an answer to an
/// SOA query or by what it transferred.
#[derive(Clone, Debug)]
pub struct PrimaryStatus {
    /// Its address and port.
    pub addr: SocketAddr,
    /// The serial that it has, as far as it said.
    pub serial: Option<Serial>,
    /// When it said so.
    pub answered: Option<UnixTime>,
    /// When it was last asked for something.
    pub asked: Option<UnixTime>,
    /// When it last had the version that is held, or gave one as it had promised.
    pub last_success: Option<UnixTime>,
    /// The last check or transfer that failed, however long ago.
    pub last_failure: Option<LastFailure>,
    /// Whether nothing has gone well since then.
    pub failing: bool,
    /// The serial other than ours that it told when it was last asked, while nothing has come of that.
    promised: Option<Serial>,
}

impl PrimaryStatus {
    pub(super) const fn new(addr: SocketAddr) -> Self {
        Self {
            addr,
            serial: None,
            answered: None,
            asked: None,
            last_success: None,
            last_failure: None,
            failing: false,
            promised: None,
        }
    }

    /// What a check or a transfer has shown.
    pub(super) fn note(&mut self, attempt: &Attempt, now: UnixTime) {
        let told = match &attempt.result {
            Ok(()) => attempt.to,
            Err(Reason { failure: Failure::Lied { got, .. }, .. }) => Some(*got),
            Err(Reason { failure: Failure::Behind { theirs, .. }, .. }) => Some(*theirs),
            Err(_) => attempt.to,
        };
        if told.is_some() {
            (self.serial, self.answered) = (told, Some(now));
        }
        self.promised = None;
        match &attempt.result {
            Err(reason) => {
                let (peer, what, reason) = (attempt.peer, attempt.what, reason.clone());
                self.last_failure = Some(LastFailure { at: now, peer, what, reason });
                self.failing = true;
            }
            // What comes of it shows when it was transferred.
            Ok(()) if attempt.what == What::Check && attempt.to != attempt.from => self.promised = attempt.to,
            Ok(()) => self.went_well(now),
        }
    }

    /// Another version is held, from whichever primary: who had promised that one has what is held.
    pub(super) fn note_installed(&mut self, serial: Serial, now: UnixTime) {
        if self.promised == Some(serial) {
            self.promised = None;
            self.went_well(now);
        }
    }

    const fn went_well(&mut self, now: UnixTime) {
        (self.last_success, self.failing) = (Some(now), false);
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secondary::Next;

    const ADDR: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 53);

    /// A check where serial 7 is held.
    fn check(to: Option<u32>, result: Result<(), Reason>) -> Attempt {
        Attempt {
            zone: "example.".parse().unwrap(),
            peer: ADDR,
            what: What::Check,
            kind: None,
            from: Some(Serial(7)),
            to: to.map(Serial),
            totals: Totals::default(),
            skipped: 0,
            elapsed: Duration::ZERO,
            installed: false,
            result,
            next: Next::Nothing,
        }
    }

    #[test]
    fn who_promised_what_another_gave_is_well_and_who_failed_since_is_not() {
        let mut primary = PrimaryStatus::new(ADDR);
        let timeout = || Err(Failure::TimedOut.into());
        primary.note(&check(None, timeout()), UnixTime(1));
        primary.note(&check(Some(8), Ok(())), UnixTime(2));
        assert!(primary.failing && primary.last_success.is_none(), "a promise alone is no success");
        primary.note_installed(Serial(9), UnixTime(3));
        assert!(primary.failing, "another version came");
        primary.note_installed(Serial(8), UnixTime(4));
        assert_eq!((primary.failing, primary.last_success), (false, Some(UnixTime(4))));
        primary.note(&check(Some(9), Ok(())), UnixTime(5));
        primary.note(&check(None, timeout()), UnixTime(6));
        primary.note_installed(Serial(9), UnixTime(7));
        assert_eq!((primary.failing, primary.last_success), (true, Some(UnixTime(4))));
    }
}
