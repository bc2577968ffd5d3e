//! What answers change.

use super::super::primaries::Primaries;
use super::super::round::{Round, Running};
use super::super::{Checked, Failure, Kind, Refresh, Verdict};
use crate::serial::Serial;
use crate::time::Now;

impl Refresh {
    /// A primary has told its serial.
    pub(super) fn checked(&mut self, primary: u8, checked: Checked, now: Now) -> Verdict {
        let Checked { serial, expire } = checked;
        let verdict = match self.held {
            Some(held) if held == serial => Verdict::Current,
            Some(held) if !serial.is_newer_than(held) => {
                Verdict::Failed(Failure::Behind { ours: held, theirs: serial })
            }
            _ => Verdict::Newer,
        };
        if verdict == Verdict::Current {
            self.schedule.confirmed(&self.policy, expire, now);
        }
        self.notice.answered(primary, serial);
        if self.round.is_none() && verdict == Verdict::Newer {
            // It was too slow for its round.
            self.round = Some(Round::new(&self.policy, Primaries::NONE, false, now.instant));
        }
        if let Some(round) = &mut self.round {
            round.asked.insert(primary);
            round.note(primary, serial);
            match verdict {
                Verdict::Newer => round.candidate(primary, &self.policy, now.instant),
                _ if round.forced => round.candidate(primary, &self.policy, now.instant),
                Verdict::Current => round.current.insert(primary),
                _ => round.behind.insert(primary),
            }
        }
        verdict
    }

    /// A primary has not.
    pub(super) fn check_failed(&mut self, primary: u8, failure: Failure) {
        if failure.is_bad_time() {
            self.barred.insert(primary);
        }
        if let Some(round) = self.round.as_mut().filter(|round| round.asked.contains(primary)) {
            round.failure.get_or_insert(failure);
        }
    }

    /// A transfer has failed.
    pub(super) fn transfer_failed(&mut self, running: Running, failure: Failure) {
        let Running { primary, kind, .. } = running;
        if failure.is_bad_time() {
            self.barred.insert(primary);
        }
        let Some(round) = &mut self.round else {
            return;
        };
        if kind == Kind::Ixfr && failure.axfr_may_help() {
            round.next = Some((primary, Kind::Axfr));
            return;
        }
        round.failure = Some(failure);
        round.candidates.remove(primary);
        // One that lied has nothing that we lack.
        if !matches!(failure, Failure::Lied { .. }) {
            round.broken.insert(primary);
        }
        round.given_up |= !failure.other_primary_may_help();
    }

    /// IXFR brought a single SOA.
    pub(super) fn up_to_date(&mut self, running: Running, serial: Serial, expire: Option<u32>, now: Now) -> Verdict {
        let Running { primary, promised, .. } = running;
        let Some(held) = self.held.filter(|held| !serial.is_newer_than(*held)) else {
            self.transfer_failed(running, Failure::WrongSerial);
            return Verdict::Failed(Failure::WrongSerial);
        };
        if serial == held {
            self.schedule.confirmed(&self.policy, expire, now);
        }
        if let Some(round) = &mut self.round {
            round.note(primary, serial);
            let set = if serial == held { &mut round.current } else { &mut round.behind };
            set.insert(primary);
        }
        let failure = match promised.filter(|promised| promised.is_newer_than(serial)) {
            Some(promised) => Failure::Lied { promised, got: serial },
            None if serial == held => return Verdict::Current,
            None => Failure::Behind { ours: held, theirs: serial },
        };
        if let Some(round) = &mut self.round {
            round.failure = Some(failure);
        }
        Verdict::Failed(failure)
    }

    /// A version has been installed.
    pub(super) fn installed(&mut self, running: Running, serial: Serial) -> Verdict {
        let Running { primary, promised, .. } = running;
        self.held = Some(serial);
        self.agreed = None;
        self.notice.satisfy(serial);
        let failure = promised
            .filter(|promised| promised.is_newer_than(serial))
            .map(|promised| Failure::Lied { promised, got: serial });
        if let Some(round) = &mut self.round {
            round.installed = true;
            round.forced = false;
            round.backward = false;
            round.note(primary, serial);
            round.current.insert(primary);
            round.settle(serial);
            if failure.is_some() {
                round.failure = failure;
            }
        }
        failure.map_or(Verdict::Newer, Verdict::Short)
    }
}
