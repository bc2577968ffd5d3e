//! The machine: one zone, one target.

use crate::refresh::{Failure, Fault};
use crate::serial::Serial;
use crate::time::Instant;
use core::time::Duration;

/// How often, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long the answer to the first try is waited for; each try waits twice as long as the one before.
    pub wait: Duration,
    /// The longest that one is waited for.
    pub wait_most: Duration,
    /// How often it is tried at most; 0 counts as 1.
    pub tries: u8,
}

impl Default for Policy {
    /// 5 tries (RFC 1996 §3.6), the first of 5 s, none longer than 60 s.
    fn default() -> Self {
        Self { wait: Duration::from_secs(5), wait_most: Duration::from_secs(60), tries: 5 }
    }
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send a NOTIFY, with this serial's SOA. Answers to it and to earlier tries of the same serial go to
    /// [`Notify::handle_answer`]; nothing has to be said when none comes.
    Send {
        /// The serial to announce.
        serial: Serial,
        /// Which try it is, from 1.
        attempt: u8,
    },
    /// It is over for this serial: nothing to do but to report it.
    Ended(Report),
}

/// How a NOTIFY ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The serial that was announced.
    pub serial: Serial,
    /// How often it was sent.
    pub tries: u8,
    /// Whether the target acknowledged it.
    pub result: Result<(), Failure>,
}

/// Tells one target of one zone's new versions, of the newest one only.
#[derive(Clone, Debug)]
pub struct Notify {
    policy: Policy,
    state: State,
    /// How the last try failed, where something but silence came.
    failure: Option<Failure>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing to tell.
    Idle,
    /// Sent `tries` times; the next is due then.
    Telling { serial: Serial, tries: u8, due: Instant },
    /// To be reported.
    Ended(Report),
}

impl Notify {
    /// With nothing to tell yet.
    #[must_use]
    pub const fn new(policy: Policy) -> Self {
        Self { policy, state: State::Idle, failure: None }
    }

    /// There is a new version: the target is told at once, and what it was being told before is forgotten, unreported. The
    /// same serial as before begins anew, too.
    pub fn announce(&mut self, serial: Serial, now: Instant) {
        self.failure = None;
        self.state = State::Telling { serial, tries: 0, due: now };
    }

    /// Nothing is to be told any more.
    pub fn stop(&mut self) {
        self.state = State::Idle;
    }

    /// What is to be done now; to be called until it gives nothing more.
    pub fn poll(&mut self, now: Instant) -> Option<Action> {
        match self.state {
            State::Idle => None,
            State::Ended(report) => {
                self.state = State::Idle;
                Some(Action::Ended(report))
            }
            State::Telling { due, .. } if now < due => None,
            State::Telling { serial, tries, .. } if tries >= self.policy.tries.max(1) => {
                self.state = State::Idle;
                let result = Err(self.failure.unwrap_or(Failure::TimedOut));
                Some(Action::Ended(Report { serial, tries, result }))
            }
            State::Telling { serial, tries, .. } => {
                let factor = 1_u32.checked_shl(tries.into()).unwrap_or(u32::MAX);
                let least = Duration::from_millis(100);
                let wait = self.policy.wait.saturating_mul(factor).min(self.policy.wait_most).max(least);
                let attempt = tries.saturating_add(1);
                self.state = State::Telling { serial, tries: attempt, due: now.after(wait) };
                Some(Action::Send { serial, attempt })
            }
        }
    }

    /// When to poll next if no answer comes before; `None` when there is nothing to tell.
    #[must_use]
    pub const fn deadline(&self, now: Instant) -> Option<Instant> {
        match self.state {
            State::Idle => None,
            State::Telling { due, .. } => Some(due),
            State::Ended(_) => Some(now),
        }
    }

    /// What came in answer to a try for `serial` (see [`read_notify_answer`](super::read_notify_answer)), or why it couldn't
    /// be sent. An acknowledgement ends it, and so does a refusal; anything else is noted, and the next try waits for its
    /// time. Answers to what isn't told any more are passed over.
    pub fn handle_answer(&mut self, serial: Serial, result: Result<(), Failure>) {
        let State::Telling { serial: telling, tries, .. } = self.state else {
            return;
        };
        if telling != serial || tries == 0 {
            return;
        }
        match result {
            Err(failure) if failure.fault() != Fault::Refused => self.failure = Some(failure),
            _ => self.state = State::Ended(Report { serial, tries, result }),
        }
    }

    /// The serial that the target is being told.
    #[must_use]
    pub const fn telling(&self) -> Option<Serial> {
        match self.state {
            State::Telling { serial, .. } => Some(serial),
            State::Idle | State::Ended(_) => None,
        }
    }
}
