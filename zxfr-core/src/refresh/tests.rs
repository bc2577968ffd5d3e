//! The machine under a clock that the test moves.

mod backward;
mod expiry;
mod failures;
mod notices;
mod random;
mod rounds;

use super::*;
use crate::serial::Serial;
use crate::time::{Instant, Now, UnixTime};
use core::time::Duration;
use std::vec::Vec;

const TIMERS: Timers = Timers { refresh: 3600, retry: 600, expire: 86_400 };
const START: UnixTime = UnixTime(1_800_000_000);

/// No jitter: times can be told in advance.
fn policy(primaries: u8) -> Policy {
    Policy { jitter: 0, ..Policy::of(primaries) }
}

fn check(primary: u8) -> Action {
    Action::Check { primary }
}

fn ixfr(primary: u8) -> Action {
    Action::Transfer { primary, kind: Kind::Ixfr }
}

fn axfr(primary: u8) -> Action {
    Action::Transfer { primary, kind: Kind::Axfr }
}

const OK: Action = Action::Ended(Ok(()));

fn failed(failure: Failure) -> Action {
    Action::Ended(Err(failure))
}

/// A machine and its clock.
struct Rig {
    refresh: Refresh,
    now: Now,
}

impl Rig {
    fn new(policy: Policy, held: Option<u32>) -> Self {
        Self::resumed(policy, held, State::default())
    }

    fn resumed(policy: Policy, held: Option<u32>, state: State) -> Self {
        let now = Now { instant: Instant::from_origin(Duration::from_secs(1000)), unix: START };
        let held = held.map(|serial| (Serial(serial), TIMERS));
        Self { refresh: Refresh::new(policy, held, state, 1, now), now }
    }

    /// With version 10 held, just confirmed by all primaries: the next check is due in an hour.
    fn settled(policy: Policy) -> Self {
        let mut rig = Self::new(policy, Some(10));
        rig.poll();
        for primary in 0..policy.primaries {
            rig.answer(primary, 10);
        }
        assert_eq!(rig.poll(), [OK]);
        rig
    }

    fn poll(&mut self) -> Vec<Action> {
        let actions: Vec<_> = core::iter::from_fn(|| self.refresh.poll(self.now)).collect();
        assert!(self.refresh.deadline().is_none_or(|at| at > self.now.instant), "polling again would loop");
        actions
    }

    fn wait(&mut self, time: Duration) {
        self.now.instant = self.now.instant.after(time);
        self.now.unix =
            UnixTime(START.0 + self.now.instant.since(Instant::from_origin(Duration::from_secs(1000))).as_secs());
    }

    /// Polls after some seconds.
    fn after(&mut self, seconds: u64) -> Vec<Action> {
        self.wait(Duration::from_secs(seconds));
        self.poll()
    }

    /// Goes on to the deadline and polls then; says how many milliseconds passed.
    fn next(&mut self) -> (u128, Vec<Action>) {
        assert_eq!(self.poll(), []);
        let wait = self.refresh.deadline().expect("a deadline").since(self.now.instant);
        self.wait(wait);
        (wait.as_millis(), self.poll())
    }

    fn answer(&mut self, primary: u8, serial: u32) -> Verdict {
        let checked = Checked { serial: Serial(serial), expire: None };
        self.refresh.handle_check(primary, Ok(checked), self.now)
    }

    fn check_fails(&mut self, primary: u8, failure: Failure) {
        assert_eq!(self.refresh.handle_check(primary, Err(failure), self.now), Verdict::Failed(failure));
    }

    /// A version has come, and is installed if it may be.
    fn zone(&mut self, primary: u8, serial: u32) -> Verdict {
        let serial = Serial(serial);
        let result = match self.refresh.judge(primary, serial) {
            Ok(()) => Ok(Transferred::Zone { serial, timers: TIMERS, expire: None }),
            Err(failure) => Err(failure),
        };
        self.refresh.handle_transfer(primary, result, self.now)
    }

    fn up_to_date(&mut self, primary: u8, serial: u32) -> Verdict {
        let result = Ok(Transferred::UpToDate { serial: Serial(serial), expire: None });
        self.refresh.handle_transfer(primary, result, self.now)
    }

    fn transfer_fails(&mut self, primary: u8, failure: Failure) {
        assert_eq!(self.refresh.handle_transfer(primary, Err(failure), self.now), Verdict::Failed(failure));
    }

    fn notify(&mut self, primary: u8, serial: Option<u32>) -> bool {
        self.refresh.handle_notify(Some(primary), serial.map(Serial), self.now)
    }

    fn held(&self) -> Option<u32> {
        self.refresh.serial().map(|serial| serial.0)
    }
}

#[test]
fn takes_little_memory() {
    // There may be one for each of a hundred thousand zones.
    assert!(size_of::<Refresh>() <= 768, "{}", size_of::<Refresh>());
}
