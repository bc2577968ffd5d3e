//! One round: primaries asked for their serials, then transfers from those that have something newer.

use super::primaries::Primaries;
use super::{Failure, Kind, MAX_PRIMARIES, Policy};
use crate::serial::Serial;
use crate::time::Instant;

/// A transfer that was asked for and has not ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running {
    pub(super) primary: u8,
    pub(super) kind: Kind,
    /// The serial that the primary's answer to the check had; none where it wasn't asked.
    pub(super) promised: Option<Serial>,
}

/// One round. A primary is in at most one of `current`, `behind`, `candidates` and `broken`.
#[derive(Clone, Debug)]
pub(super) struct Round {
    /// Whether a NOTIFY or the operator began it.
    pub(super) urgent: bool,
    /// Whether a whole zone is taken, whatever its serial.
    pub(super) forced: bool,
    /// Whether an older version is taken: the policy was met.
    pub(super) backward: bool,
    /// Still to be asked.
    pub(super) to_ask: Primaries,
    /// Those whose answers are waited for, or have come.
    pub(super) asked: Primaries,
    /// Asked once more in this round, for a NOTIFY.
    pub(super) again: Primaries,
    /// They have our version.
    pub(super) current: Primaries,
    /// They have an older one.
    pub(super) behind: Primaries,
    /// They have one that we want.
    pub(super) candidates: Primaries,
    /// The transfer of what they promised failed.
    pub(super) broken: Primaries,
    serials: [Serial; MAX_PRIMARIES as usize],
    /// Until when slow primaries are waited for; runs from the first candidate on.
    pub(super) grace: Option<Instant>,
    /// When answers that are missing count as timed out.
    pub(super) until: Instant,
    pub(super) running: Option<Running>,
    /// The transfer that comes next, without looking for the best: AXFR after IXFR.
    pub(super) next: Option<(u8, Kind)>,
    pub(super) installed: bool,
    /// Why there is no use in going on.
    pub(super) given_up: bool,
    /// The last failure, of a transfer if one failed.
    pub(super) failure: Option<Failure>,
}

impl Round {
    pub(super) fn new(policy: &Policy, to_ask: Primaries, urgent: bool, now: Instant) -> Self {
        Self {
            urgent,
            forced: false,
            backward: false,
            to_ask,
            asked: to_ask,
            again: Primaries::NONE,
            current: Primaries::NONE,
            behind: Primaries::NONE,
            candidates: Primaries::NONE,
            broken: Primaries::NONE,
            serials: [Serial::default(); MAX_PRIMARIES as usize],
            grace: None,
            until: now.after(policy.patience),
            running: None,
            next: None,
            installed: false,
            given_up: false,
            failure: None,
        }
    }

    pub(super) fn serial(&self, primary: u8) -> Serial {
        self.serials.get(usize::from(primary)).copied().unwrap_or_default()
    }

    /// Forgets what the primary said before, and notes what it says now.
    pub(super) fn note(&mut self, primary: u8, serial: Serial) {
        if let Some(slot) = self.serials.get_mut(usize::from(primary)) {
            *slot = serial;
        }
        for set in [&mut self.current, &mut self.behind, &mut self.candidates, &mut self.broken] {
            set.remove(primary);
        }
    }

    pub(super) fn candidate(&mut self, primary: u8, policy: &Policy, now: Instant) {
        self.candidates.insert(primary);
        self.grace.get_or_insert_with(|| now.after(policy.grace));
    }

    /// Whichever of these has the newest serial; of equals the first.
    pub(super) fn best_of(&self, set: Primaries) -> Option<u8> {
        set.iter().reduce(|best, other| if self.serial(other).is_newer_than(self.serial(best)) { other } else { best })
    }

    /// Candidates that have nothing to offer any more, now that this serial is held, are current or behind.
    pub(super) fn settle(&mut self, held: Serial) {
        for primary in self.candidates.or(self.current).or(self.behind).iter() {
            let serial = self.serial(primary);
            if serial.is_newer_than(held) {
                continue;
            }
            self.candidates.remove(primary);
            self.current.remove(primary);
            self.behind.remove(primary);
            if serial == held {
                self.current.insert(primary);
            } else {
                self.behind.insert(primary);
            }
        }
    }

    /// Leaves out all primaries but these.
    pub(super) fn keep(&mut self, primaries: Primaries) {
        let sets = [&mut self.to_ask, &mut self.asked, &mut self.again];
        let answered = [&mut self.current, &mut self.behind, &mut self.candidates, &mut self.broken];
        for set in sets.into_iter().chain(answered) {
            *set = set.and(primaries);
        }
        self.next = self.next.filter(|(primary, _)| primaries.contains(*primary));
    }

    /// Whether a transfer failed of a version that is still newer than what is held.
    pub(super) fn lacks(&self, held: Option<Serial>) -> bool {
        self.broken.iter().any(|primary| held.is_none_or(|held| self.serial(primary).is_newer_than(held)))
    }
}
