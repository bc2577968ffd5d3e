//! Whatever happens in whatever order.

use super::*;
use proptest::prelude::*;

/// What happens to the machine.
#[derive(Clone, Debug)]
enum Happening {
    Wait(u32),
    /// The oldest thing asked for ends: with a serial ahead of what is held, so far, or with a failure.
    Answer(i8),
    Fails(u8),
    /// The newest one is never heard of again.
    Lost,
    Notify(u8, Option<i8>),
    Force,
    Enabled(bool),
    Primaries(u8),
    Clock(i32),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0..5_000_000_u32).prop_map(Happening::Wait),
        8 => (0..3_000_u32).prop_map(Happening::Wait),
        12 => (-3..4_i8).prop_map(Happening::Answer),
        6 => any::<u8>().prop_map(Happening::Fails),
        2 => Just(Happening::Lost),
        4 => (0..5_u8, prop::option::of(-3..4_i8)).prop_map(|(primary, serial)| Happening::Notify(primary, serial)),
        1 => Just(Happening::Force),
        1 => any::<bool>().prop_map(Happening::Enabled),
        1 => (0..5_u8).prop_map(Happening::Primaries),
        1 => any::<i32>().prop_map(Happening::Clock),
    ]
}

fn failure_of(kind: u8) -> Failure {
    use crate::tsig;
    use crate::wire::Rcode;
    match kind % 8 {
        0 => Failure::Unreachable,
        1 => Failure::TimedOut,
        2 => Failure::Cut,
        3 => Failure::Refused(Rcode::NOTIMP),
        4 => Failure::Unapplicable,
        5 => Failure::Tsig(tsig::Error::Peer { error: Rcode::BADTIME, server_time: None, signed: true }),
        6 => Failure::Held,
        _ => Failure::Local,
    }
}

struct Chaos {
    rig: Rig,
    offset: i64,
    asked: std::collections::VecDeque<Action>,
    /// When each primary was asked last.
    asked_at: [Option<Instant>; 8],
    forced: bool,
    policy: Policy,
}

impl Chaos {
    fn new(policy: Policy, held: Option<u32>) -> Self {
        Self {
            rig: Rig::new(policy, held),
            offset: 0,
            asked: Default::default(),
            asked_at: [None; 8],
            forced: false,
            policy,
        }
    }

    fn wait(&mut self, millis: u64) {
        self.rig.wait(Duration::from_millis(millis));
        self.rig.now.unix = UnixTime(self.rig.now.unix.0.saturating_add_signed(self.offset));
    }

    /// Polls, with a bound, and notes what is asked for.
    fn poll(&mut self) -> Result<usize, TestCaseError> {
        let mut count = 0;
        while let Some(action) = self.rig.refresh.poll(self.rig.now) {
            count += 1;
            prop_assert!(count <= 40, "too many actions at once");
            match action {
                Action::Check { primary } => {
                    prop_assert!(primary < self.policy.primaries);
                    let now = self.rig.now.instant;
                    if self.asked.contains(&action) {
                        let waited = self.asked_at[usize::from(primary)].map(|at| now.since(at));
                        prop_assert!(waited >= Some(self.policy.patience), "asked twice within {waited:?}");
                        self.asked.retain(|other| *other != action);
                    }
                    self.asked_at[usize::from(primary)] = Some(now);
                    self.asked.push_back(action);
                }
                Action::Transfer { primary, .. } => {
                    prop_assert!(primary < self.policy.primaries);
                    let running = self.asked.iter().any(|action| matches!(action, Action::Transfer { .. }));
                    prop_assert!(!running, "two transfers at a time");
                    self.asked.push_back(action);
                }
                Action::Ended(_) | Action::Expired => {}
            }
        }
        let deadline = self.rig.refresh.deadline();
        prop_assert!(deadline.is_none_or(|at| at > self.rig.now.instant), "it would be polled in a loop");
        let busy = self.asked.iter().any(|action| matches!(action, Action::Transfer { .. }));
        if self.rig.refresh.is_enabled() && self.policy.primaries > 0 && !busy {
            prop_assert!(deadline.is_some(), "it would never be polled again");
        }
        Ok(count)
    }

    fn serial(&self, ahead: i8) -> Serial {
        Serial(self.rig.held().unwrap_or(100).wrapping_add_signed(ahead.into()))
    }

    fn end(&mut self, action: Action, result: Result<Serial, Failure>) -> Result<(), TestCaseError> {
        let now = self.rig.now;
        let held = self.rig.held();
        match action {
            Action::Check { primary } => {
                let result = result.map(|serial| Checked { serial, expire: None });
                self.rig.refresh.handle_check(primary, result, now);
                prop_assert_eq!(self.rig.held(), held);
            }
            Action::Transfer { primary, kind } => {
                let result = result.and_then(|serial| {
                    if kind == Kind::Ixfr && held.is_some_and(|held| !serial.is_newer_than(Serial(held))) {
                        return Ok(Transferred::UpToDate { serial, expire: Some(7) });
                    }
                    self.rig.refresh.judge(primary, serial)?;
                    Ok(Transferred::Zone { serial, timers: TIMERS, expire: None })
                });
                self.rig.refresh.handle_transfer(primary, result, now);
                if let (Some(before), Some(after)) = (held, self.rig.held()) {
                    let newer = Serial(after).is_newer_than(Serial(before)) || before == after;
                    prop_assert!(newer || self.forced, "{before} → {after}");
                }
            }
            Action::Ended(_) | Action::Expired => {}
        }
        Ok(())
    }

    fn happen(&mut self, happening: &Happening) -> Result<(), TestCaseError> {
        match *happening {
            Happening::Wait(millis) => self.wait(millis.into()),
            Happening::Answer(ahead) => {
                if let Some(action) = self.asked.pop_front() {
                    let serial = self.serial(ahead);
                    self.end(action, Ok(serial))?;
                }
            }
            Happening::Fails(kind) => {
                if let Some(action) = self.asked.pop_front() {
                    self.end(action, Err(failure_of(kind)))?;
                }
            }
            Happening::Lost => {
                // A transfer always ends, as its time is bounded; a check may be forgotten.
                if let Some(Action::Check { .. }) = self.asked.back() {
                    self.asked.pop_back();
                    self.wait(120_001);
                }
            }
            Happening::Notify(primary, ahead) => {
                let serial = ahead.map(|ahead| self.serial(ahead));
                self.rig.refresh.handle_notify(Some(primary), serial, self.rig.now);
            }
            Happening::Force => {
                self.forced = true;
                self.rig.refresh.force(self.rig.now);
            }
            Happening::Enabled(enabled) => self.rig.refresh.set_enabled(enabled, self.rig.now),
            Happening::Primaries(primaries) => {
                self.policy.primaries = primaries;
                self.rig.refresh.set_policy(self.policy, self.rig.now);
                let kept = |action: &Action| match action {
                    Action::Check { primary } => *primary < primaries,
                    _ => true,
                };
                self.asked.retain(kept);
            }
            Happening::Clock(seconds) => {
                self.offset += i64::from(seconds);
                self.wait(0);
            }
        }
        Ok(())
    }

    /// Everything asked for is answered at once by a primary that has `newest`; all others are dead.
    fn serve(&mut self, alive: u8, newest: Serial) -> Result<(), TestCaseError> {
        let mut turns = 0;
        while let Some(action) = self.asked.pop_front() {
            turns += 1;
            prop_assert!(turns < 100, "it goes on and on");
            let (Action::Check { primary } | Action::Transfer { primary, .. }) = action else { continue };
            let result = if primary == alive { Ok(newest) } else { Err(Failure::TimedOut) };
            self.end(action, result)?;
            self.poll()?;
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn never_loops_never_goes_back_and_converges(
        primaries in 1..5_u8,
        held in prop::option::of(any::<u32>()),
        happenings in prop::collection::vec(happening(), 0..80),
        alive in 0..5_u8,
    ) {
        let mut chaos = Chaos::new(policy(primaries), held);
        chaos.poll()?;
        for happening in &happenings {
            chaos.happen(happening)?;
            chaos.poll()?;
        }
        // From here on one primary works, and has something newer.
        chaos.happen(&Happening::Primaries(chaos.policy.primaries.max(1)))?;
        chaos.happen(&Happening::Enabled(true))?;
        let alive = alive % chaos.policy.primaries;
        let newest = chaos.serial(3);
        chaos.poll()?;
        let began = chaos.rig.now.instant;
        chaos.serve(alive, newest)?;
        while chaos.rig.held() != Some(newest.0) {
            let deadline = chaos.rig.refresh.deadline();
            prop_assert!(deadline.is_some());
            let wait = deadline.unwrap().since(chaos.rig.now.instant);
            chaos.wait(wait.as_millis() as u64 + 1);
            let passed = chaos.rig.now.instant.since(began);
            prop_assert!(passed < Duration::from_secs(4 * 3600), "not in step after {passed:?}");
            chaos.poll()?;
            chaos.serve(alive, newest)?;
        }
        let state = chaos.rig.refresh.state();
        prop_assert_eq!(state.last_success, Some(chaos.rig.now.unix));
    }

    #[test]
    fn actions_are_bounded_over_time(primaries in 1..5_u8, kinds in prop::collection::vec(any::<u8>(), 1..20), notify: bool) {
        // Everything fails, at once; NOTIFYs may come all the time.
        let mut chaos = Chaos::new(policy(primaries), Some(10));
        let (mut actions, mut turn) = (chaos.poll()?, 0_usize);
        for second in 0..7200_u32 {
            while let Some(action) = chaos.asked.pop_front() {
                let kind = kinds[turn % kinds.len()];
                turn += 1;
                let serial = chaos.serial(1);
                let result = if kind % 3 == 0 { Ok(serial) } else { Err(failure_of(kind)) };
                let result = if matches!(action, Action::Transfer { .. }) { Err(failure_of(kind)) } else { result };
                chaos.end(action, result)?;
                actions += chaos.poll()?;
            }
            if notify {
                chaos.happen(&Happening::Notify((second % 5) as u8, Some((second % 4) as i8)))?;
            }
            chaos.wait(1000);
            actions += chaos.poll()?;
        }
        // A round is at most: each primary asked twice, two transfers from each, its end.
        let round = usize::from(primaries) * 4 + 1;
        let rounds = if notify { 7200 } else { 20 };
        prop_assert!(actions <= rounds * round, "{actions} actions");
    }
}
