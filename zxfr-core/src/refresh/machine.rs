//! The machine: rounds, one after the other.

mod answers;
mod steps;

use super::notice::Notice;
use super::primaries::Primaries;
use super::round::Round;
use super::timers::Schedule;
use super::{Action, Backward, Checked, Failure, Policy, Priority, State, Timers, Transferred, Verdict};
use crate::serial::Serial;
use crate::time::{Instant, Now, UnixTime};

/// Keeps one zone in step with its primaries; see the [module](super).
///
/// After every call but the reading ones, call [`Refresh::poll`] until it gives nothing more, then again at
/// [`Refresh::deadline`]. A forgotten poll costs time, nothing else. Answers that weren't asked for are passed over.
#[derive(Clone, Debug)]
pub struct Refresh {
    policy: Policy,
    enabled: bool,
    held: Option<Serial>,
    schedule: Schedule,
    /// Asked for their serials, the answer not in yet; from whichever round.
    outstanding: Primaries,
    /// Not asked again before the timer says so: signatures fail for the time in them.
    barred: Primaries,
    round: Option<Round>,
    notice: Notice,
    /// No check for a NOTIFY before this.
    quiet_until: Instant,
    /// A check of [`Policy::rechecks`] is due next.
    rechecking: bool,
    force: bool,
    /// The newest serial of the last check that agreed on an older version, and how many did.
    agreed: Option<(Serial, u8)>,
    failure: Option<Failure>,
    ended: Option<Result<(), Failure>>,
    /// Something changed since the last poll.
    touched: bool,
}

impl Refresh {
    /// For a zone of which `held` is the version that is there, if one is. The first round begins at once. `state` is what
    /// was written down of an earlier run, or the default; without a word on expiry, EXPIRE begins now. `seed` spreads the
    /// waits: let it differ from zone to zone.
    #[must_use]
    pub fn new(policy: Policy, held: Option<(Serial, Timers)>, state: State, seed: u64, now: Now) -> Self {
        let timers = held.map(|(_, timers)| timers);
        Self {
            policy,
            enabled: true,
            held: held.map(|(serial, _)| serial),
            schedule: Schedule::new(&policy, timers, state, seed, now),
            outstanding: Primaries::NONE,
            barred: Primaries::NONE,
            round: None,
            notice: Notice::default(),
            quiet_until: now.instant,
            rechecking: false,
            force: false,
            agreed: None,
            failure: None,
            ended: None,
            touched: true,
        }
    }

    /// What is to be done now; to be called until it gives nothing more. It always does after a few calls.
    pub fn poll(&mut self, now: Now) -> Option<Action> {
        self.tick(now);
        if self.held.is_some() && self.schedule.tell_expired(now.instant) {
            return Some(Action::Expired);
        }
        if self.enabled {
            let action = self.poll_round(now);
            if action.is_some() {
                return action;
            }
        }
        let ended = self.ended.take().map(Action::Ended);
        self.touched = ended.is_some();
        ended
    }

    /// When to poll next if nothing happens before. `None` when nothing can happen before an answer or a NOTIFY does.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        if self.touched {
            return Some(self.schedule.last);
        }
        let expiry = self.held.and_then(|_| self.schedule.expiry_to_tell());
        let next = if self.enabled { self.next_step() } else { None };
        [expiry, next].into_iter().flatten().min()
    }

    /// How urgent is what [`Refresh::poll`] gives, or will give next.
    #[must_use]
    pub fn priority(&self) -> Priority {
        let urgent = match &self.round {
            Some(round) => round.urgent,
            None => self.force || self.rechecking || self.notice.is_waiting(),
        };
        if urgent { Priority::Notified } else { Priority::Routine }
    }

    /// A NOTIFY came from a primary, or from an address that may send some but is no primary's (`None`), with the serial that
    /// it announces if it has one. Whether it was taken; not when what it announces is not newer than what is held (RFC 1996
    /// §3.7 takes that for a hint), unless checks have been failing and it shows that a primary is back.
    pub fn handle_notify(&mut self, primary: Option<u8>, serial: Option<Serial>, now: Now) -> bool {
        self.tick(now);
        if !self.enabled || self.policy.all().is_empty() {
            return false;
        }
        let primary = primary.filter(|primary| self.policy.all().contains(*primary));
        let news = match (self.held, serial) {
            (Some(held), Some(serial)) if !serial.is_newer_than(held) => {
                let going_back = serial != held && self.policy.backward != Backward::Ignore;
                let failing = self.failure.is_some() || self.schedule.is_expired(now.instant);
                if !(going_back || failing) {
                    return false;
                }
                None
            }
            _ => serial,
        };
        self.notice.add(primary, news);
        if let Some(round) = &mut self.round {
            round.urgent = true;
        }
        self.touched = true;
        true
    }

    /// How asking a primary for its SOA ended.
    pub fn handle_check(&mut self, primary: u8, result: Result<Checked, Failure>, now: Now) -> Verdict {
        self.tick(now);
        if !self.outstanding.remove(primary) {
            return Verdict::Unasked;
        }
        self.touched = true;
        match result {
            Ok(checked) => self.checked(primary, checked, now),
            Err(failure) => {
                self.check_failed(primary, failure);
                Verdict::Failed(failure)
            }
        }
    }

    /// Whether a version with this serial, which this primary is transferring, is to be installed. To be asked before it is,
    /// and may be asked as soon as the transfer's first SOA is there.
    ///
    /// # Errors
    /// When it is not: then the transfer is to be ended with this failure.
    pub fn judge(&self, primary: u8, serial: Serial) -> Result<(), Failure> {
        let Some(held) = self.held else {
            return Ok(());
        };
        if serial.is_newer_than(held) {
            return Ok(());
        }
        let running = self.round.as_ref().and_then(|round| Some((round, round.running?)));
        let promised = match running {
            Some((round, running)) if running.primary == primary => {
                let promised = running.promised;
                let kept = promised.is_none_or(|promised| !promised.is_newer_than(serial));
                if round.forced || round.backward && kept {
                    return Ok(());
                }
                promised
            }
            _ => None,
        };
        Err(match promised {
            Some(promised) if promised != serial => Failure::Lied { promised, got: serial },
            _ => Failure::Behind { ours: held, theirs: serial },
        })
    }

    /// How a transfer ended. What [`Refresh::judge`] lets pass was installed by the host before.
    pub fn handle_transfer(&mut self, primary: u8, result: Result<Transferred, Failure>, now: Now) -> Verdict {
        self.tick(now);
        // Judged while the transfer still counts as running.
        let judged = match result {
            Ok(Transferred::Zone { serial, .. }) => self.judge(primary, serial),
            _ => Ok(()),
        };
        let Some(running) = self.round.as_mut().and_then(|round| round.running.take_if(|run| run.primary == primary))
        else {
            return Verdict::Unasked;
        };
        self.touched = true;
        let verdict = match (result, judged) {
            (Err(failure), _) | (Ok(_), Err(failure)) => {
                self.transfer_failed(running, failure);
                Verdict::Failed(failure)
            }
            (Ok(Transferred::UpToDate { serial, expire }), Ok(())) => self.up_to_date(running, serial, expire, now),
            (Ok(Transferred::Zone { serial, timers, expire }), Ok(())) => {
                self.schedule.installed(&self.policy, timers, expire, now);
                self.installed(running, serial)
            }
        };
        // The primary may have been taken from the policy meanwhile.
        if let Some(round) = &mut self.round {
            round.keep(self.policy.all());
        }
        verdict
    }

    /// A whole zone is to be transferred now, whatever the serials; when a transfer runs, after it. It is tried once: if it
    /// fails, checks go on as usual. Nothing happens while the zone is disabled.
    pub fn force(&mut self, now: Now) {
        self.tick(now);
        if self.enabled {
            self.force = true;
            self.touched = true;
        }
    }

    /// Another policy. The primaries' numbers must mean what they meant; where they don't, make a new machine of
    /// [`Refresh::state`]. Timers that run are kept, but none for longer than the new policy would have it.
    pub fn set_policy(&mut self, policy: Policy, now: Now) {
        self.tick(now);
        self.policy = policy;
        let all = policy.all();
        self.outstanding = self.outstanding.and(all);
        self.barred = self.barred.and(all);
        self.schedule.shorten(&policy, now);
        if let Some(round) = &mut self.round {
            round.keep(all);
        }
        self.touched = true;
    }

    /// Stops and resumes. While disabled nothing is asked and no NOTIFY taken; what runs may end, and the version expires
    /// in its time. When enabled again, a round begins at once.
    pub fn set_enabled(&mut self, enabled: bool, now: Now) {
        self.tick(now);
        if enabled && !self.enabled {
            self.schedule.due = now.instant;
            self.rechecking = false;
        }
        if !enabled {
            self.force = false;
            self.notice.clear();
        }
        self.enabled = enabled;
        self.touched = true;
    }

    /// Whether it does anything.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The serial of the version that is held.
    #[must_use]
    pub const fn serial(&self) -> Option<Serial> {
        self.held
    }

    /// When the next round is due, if no NOTIFY comes before.
    #[must_use]
    pub fn next_check(&self) -> Option<Instant> {
        (self.enabled && !self.policy.all().is_empty()).then_some(self.schedule.due)
    }

    /// Why the last round failed; `None` when it went well, or there was none.
    #[must_use]
    pub const fn failure(&self) -> Option<Failure> {
        self.failure
    }

    /// Whether the version that is held has expired.
    #[must_use]
    pub fn is_expired(&self, now: Now) -> bool {
        self.held.is_some() && self.schedule.is_expired(now.instant)
    }

    /// When the version that is held expires; `None` while nothing is held.
    #[must_use]
    pub fn expires(&self) -> Option<UnixTime> {
        self.held.and(self.schedule.state.expires)
    }

    /// The seconds left until the version that is held expires: what an EXPIRE option to others says (RFC 7314 §3.2).
    #[must_use]
    pub fn expires_in(&self, now: Now) -> Option<u32> {
        self.held
            .and_then(|_| self.schedule.left(now.instant))
            .map(|left| u32::try_from(left.as_secs()).unwrap_or(u32::MAX))
    }

    /// What is to be written down for the next run.
    #[must_use]
    pub const fn state(&self) -> State {
        self.schedule.state
    }

    fn tick(&mut self, now: Now) {
        if self.schedule.tick(now) {
            self.schedule.due = self.schedule.due.min(now.instant);
            self.touched = true;
        }
    }
}
