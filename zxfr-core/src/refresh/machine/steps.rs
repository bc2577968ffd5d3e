//! How rounds begin, go on and end.

use super::super::primaries::Primaries;
use super::super::round::{Round, Running};
use super::super::{Action, Backward, Failure, Kind, Refresh};
use crate::time::{Instant, Now};

impl Refresh {
    /// Whether the zone is transferred without asking for the serial first: whatever it is, it will do, and nobody else has a
    /// better one.
    const fn is_direct(&self, forced: bool) -> bool {
        self.policy.primaries == 1 && (forced || self.held.is_none())
    }

    /// The primaries that NOTIFYs make us ask now, or as soon as it is time.
    fn notified(&self) -> Primaries {
        if !self.notice.is_waiting() {
            return Primaries::NONE;
        }
        let free = self.notice.targets(self.policy.all()).without(self.outstanding).without(self.barred);
        match &self.round {
            None => free,
            // What is promised already is transferred first, and what was begun then comes to its end.
            Some(round) if round.running.is_some() || round.next.is_some() || round.installed => Primaries::NONE,
            Some(round) if !round.candidates.is_empty() => Primaries::NONE,
            // One more check is enough for a round.
            Some(round) => free.without(round.again),
        }
    }

    /// When something is to be done though nobody calls. Exact after [`Refresh::poll`] has given nothing.
    pub(super) fn next_step(&self) -> Option<Instant> {
        let notified = (!self.notified().is_empty()).then_some(self.quiet_until);
        let timers = match &self.round {
            None => [(!self.policy.all().is_empty()).then_some(self.schedule.due), None],
            Some(round) if round.running.is_some() => [None, None],
            Some(round) => [Some(round.until), round.grace.filter(|_| !round.candidates.is_empty())],
        };
        timers.into_iter().flatten().chain(notified).min()
    }

    pub(super) fn poll_round(&mut self, now: Now) -> Option<Action> {
        if self.round.is_none() && self.ended.is_none() {
            self.round = self.begin(now);
        }
        self.step(now)
    }

    /// The next round, if it is time for one.
    fn begin(&mut self, now: Now) -> Option<Round> {
        let all = self.policy.all();
        if all.is_empty() {
            return None;
        }
        let forced = core::mem::take(&mut self.force);
        let (asked, urgent) = if forced {
            self.barred = Primaries::NONE;
            (all, true)
        } else if now.instant >= self.schedule.due {
            let urgent = core::mem::take(&mut self.rechecking);
            if !urgent || all.without(self.barred).is_empty() {
                self.barred = Primaries::NONE;
            }
            (all.without(self.barred), urgent || self.notice.is_waiting())
        } else {
            let notified = self.notified();
            if notified.is_empty() || now.instant < self.quiet_until {
                return None;
            }
            self.quiet_until = now.instant.after(self.policy.notify_spacing);
            (notified, true)
        };
        let mut round = Round::new(&self.policy, asked, urgent, now.instant);
        round.to_ask = asked.without(self.outstanding);
        round.forced = forced;
        self.notice.asked(round.to_ask, all);
        if self.is_direct(forced) {
            round.to_ask = Primaries::NONE;
            round.next = Some((0, Kind::Axfr));
        }
        Some(round)
    }

    /// One step of the round that is under way.
    fn step(&mut self, now: Now) -> Option<Action> {
        if self.round.as_ref()?.running.is_some() {
            return None;
        }
        let round = self.round.as_mut()?;
        if now.instant >= round.until {
            let silent = round.asked.and(self.outstanding);
            if !silent.is_empty() {
                self.outstanding = self.outstanding.without(silent);
                round.failure.get_or_insert(Failure::TimedOut);
            }
        }
        if core::mem::take(&mut self.force) {
            self.make_forced(now.instant);
        }
        let notified = self.notified();
        if !notified.is_empty() && now.instant >= self.quiet_until {
            self.quiet_until = now.instant.after(self.policy.notify_spacing);
            self.notice.asked(notified, self.policy.all());
            let round = self.round.as_mut()?;
            round.to_ask = round.to_ask.or(notified);
            round.asked = round.asked.or(notified);
            round.again = round.again.or(notified);
            round.until = now.instant.after(self.policy.patience);
            round.urgent = true;
        }
        if let Some(check) = self.ask_next(now) {
            return Some(check);
        }
        let round = self.round.as_mut()?;
        if round.given_up {
            self.end(now);
            return None;
        }
        if let Some((primary, kind)) = round.next.take() {
            return self.transfer(primary, kind, now);
        }
        let waiting = !round.asked.and(self.outstanding).is_empty() && !round.installed;
        let best = round.best_of(round.candidates);
        let graced = best.is_some() && round.grace.is_some_and(|end| now.instant >= end);
        if waiting && !graced {
            return None;
        }
        if let Some(best) = best {
            return self.transfer_from(best, now);
        }
        if !round.installed && (round.current.is_empty() || round.lacks(self.held)) {
            let rest = self.policy.all().without(round.asked).without(self.barred);
            if !rest.is_empty() {
                round.asked = round.asked.or(rest);
                round.to_ask = rest.without(self.outstanding);
                round.until = now.instant.after(self.policy.patience);
                round.grace = None;
                return self.ask_next(now);
            }
            if let Some(best) = self.accept_backward(now) {
                return self.transfer_from(best, now);
            }
        }
        self.end(now);
        None
    }

    fn ask_next(&mut self, now: Now) -> Option<Action> {
        let round = self.round.as_mut()?;
        let primary = round.to_ask.first()?;
        round.to_ask.remove(primary);
        self.outstanding.insert(primary);
        self.schedule.state.last_check = Some(now.unix);
        Some(Action::Check { primary })
    }

    /// The transfer of what a primary has promised.
    fn transfer_from(&mut self, primary: u8, now: Now) -> Option<Action> {
        let round = self.round.as_ref()?;
        let allowed = Primaries::from_bits(self.policy.ixfr).contains(primary);
        let ixfr = allowed && self.held.is_some() && !round.forced && !round.backward;
        self.transfer(primary, if ixfr { Kind::Ixfr } else { Kind::Axfr }, now)
    }

    fn transfer(&mut self, primary: u8, kind: Kind, now: Now) -> Option<Action> {
        let round = self.round.as_mut()?;
        let promised = round.candidates.contains(primary).then(|| round.serial(primary));
        round.running = Some(Running { primary, kind, promised });
        self.schedule.state.last_check = Some(now.unix);
        Some(Action::Transfer { primary, kind })
    }

    /// The round takes a whole zone, whatever its serial.
    fn make_forced(&mut self, now: Instant) {
        let (all, direct) = (self.policy.all(), self.is_direct(true));
        let Some(round) = &mut self.round else {
            return;
        };
        round.forced = true;
        round.urgent = true;
        round.candidates = round.candidates.or(round.current).or(round.behind);
        (round.current, round.behind) = (Primaries::NONE, Primaries::NONE);
        if direct {
            round.to_ask = Primaries::NONE;
            round.next = Some((0, Kind::Axfr));
            return;
        }
        let rest = all.without(round.asked);
        round.asked = round.asked.or(rest);
        round.to_ask = round.to_ask.or(rest.without(self.outstanding));
        round.until = now.after(self.policy.patience);
        round.grace = (!round.candidates.is_empty()).then(|| now.after(self.policy.grace));
    }

    /// Whether the policy lets an older version be taken now, and from whom. To be asked once when a round has come to
    /// nothing.
    fn accept_backward(&mut self, now: Now) -> Option<u8> {
        let expired = self.schedule.is_expired(now.instant);
        let round = self.round.as_mut()?;
        if round.backward {
            return None;
        }
        let nothing_else = round.current.is_empty() && round.broken.is_empty();
        let agrees = nothing_else && (expired || round.behind == self.policy.all());
        let (true, Backward::Accept { confirmations }) = (agrees, self.policy.backward) else {
            self.agreed = None;
            return None;
        };
        let best = round.best_of(round.behind)?;
        let serial = round.serial(best);
        let count = match self.agreed {
            Some((before, count)) if !before.is_newer_than(serial) => count.saturating_add(1),
            _ => 1,
        };
        self.agreed = Some((serial, count));
        if count < confirmations {
            return None;
        }
        round.backward = true;
        round.candidates = round.behind;
        round.behind = Primaries::NONE;
        Some(best)
    }

    /// The round is over.
    fn end(&mut self, now: Now) {
        let Some(round) = self.round.take() else {
            return;
        };
        let found = round.installed || !round.current.is_empty();
        let result = if found && !round.given_up && !round.lacks(self.held) {
            self.agreed = None;
            Ok(())
        } else {
            Err(self.failure_of(&round))
        };
        let held_back = result == Err(Failure::Held);
        match result {
            Ok(()) => self.schedule.after_success(&self.policy, now),
            Err(_) => self.schedule.after_failure(&self.policy, held_back, now),
        }
        if let Some(held) = self.held {
            self.notice.satisfy(held);
        }
        let soon = match &result {
            Ok(()) => true,
            Err(failure) => failure.is_passing(),
        };
        if soon && self.notice.wanted.is_some() && self.notice.rechecks < self.policy.rechecks {
            self.schedule.recheck(&self.policy, self.notice.rechecks, now);
            self.notice.rechecks = self.notice.rechecks.saturating_add(1);
            self.rechecking = true;
        } else {
            self.notice.forget_wanted();
        }
        self.failure = result.err();
        self.ended = Some(result);
    }

    /// What to say of a round that failed: a transfer's failure before that of a check.
    fn failure_of(&self, round: &Round) -> Failure {
        let theirs = round.best_of(round.behind).map(|primary| round.serial(primary));
        match (round.failure, self.held, theirs) {
            (Some(failure), ..) if round.given_up || !round.broken.is_empty() => failure,
            (Some(failure @ Failure::Lied { .. }), ..) => failure,
            (_, Some(ours), Some(theirs)) if round.current.is_empty() => Failure::Backward { ours, theirs },
            (Some(failure), ..) => failure,
            (None, ..) => Failure::TimedOut,
        }
    }
}
