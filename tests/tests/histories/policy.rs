//! .gov's serial went back once, at step 16, and forward again at step 17: that is a matter of policy, not of accident.

use std::sync::Arc;
use std::time::Duration;

use zxfr_core::journal::{Answer, Journal, JournalLimits};
use zxfr_core::refresh::{
    Action, Backward, Checked, Failure, Kind, Policy, Refresh, State, Timers, Transferred, Verdict,
};
use zxfr_core::serial::Serial;
use zxfr_core::time::{Instant, Now, UnixTime};
use zxfr_core::transfer::{Inbound, Limits, Outbound};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::zone::{BuildLimits, Change, Style, Update, Version};
use zxfr_tests::history::{History, Source};
use zxfr_tests::tally;

use super::cost::{ID, asked};
use super::{apex, assert_same, delta, load};

/// The step at which the serial goes back, counted from 1.
const BACK: usize = 16;

/// The versions of .gov before that step, after it, and after the next two; the serials of the last but one and the first
/// are the same.
fn versions(history: &History) -> [Arc<Version>; 4] {
    [BACK - 1, BACK, BACK + 1, BACK + 2].map(|steps| Arc::new(load(&history.version(steps).unwrap())))
}

/// A secondary with one primary, under a clock that is set.
struct Secondary {
    refresh: Refresh,
    clock: Duration,
}

impl Secondary {
    fn holding(version: &Version, backward: Backward) -> Self {
        let policy = Policy { backward, jitter: 0, ..Policy::of(1) };
        let refresh =
            Refresh::new(policy, Some((version.serial(), timers(version))), State::default(), 1, at(Duration::ZERO));
        Self { refresh, clock: Duration::ZERO }
    }

    fn now(&self) -> Now {
        at(self.clock)
    }

    /// The next check, when it is due, is answered with this serial; gives what is to be done then.
    fn check(&mut self, serial: Serial) -> (Verdict, Action) {
        loop {
            let due = self.refresh.deadline().unwrap();
            self.clock += due.since(self.now().instant);
            match self.refresh.poll(self.now()) {
                Some(Action::Check { primary }) => {
                    let verdict = self.refresh.handle_check(primary, Ok(Checked { serial, expire: None }), self.now());
                    return (verdict, self.refresh.poll(self.now()).expect("a round that goes on or ends"));
                }
                Some(other) => panic!("{other:?} in the place of a check"),
                None => {}
            }
        }
    }
}

fn at(clock: Duration) -> Now {
    Now { instant: Instant::from_origin(clock), unix: UnixTime(1_700_000_000 + clock.as_secs()) }
}

fn timers(version: &Version) -> Timers {
    Timers::from(&version.soa().soa().unwrap())
}

#[test]
fn serial_of_gov_that_goes_back_is_ignored() {
    let Some(history) = History::open(Source::Gov).unwrap() else { return };
    let [before, back, again, after] = versions(&history);
    assert!(before.serial().is_newer_than(back.serial()) && again.serial() == before.serial());
    let mut secondary = Secondary::holding(&before, Backward::Ignore);
    let failure = Failure::Backward { ours: before.serial(), theirs: back.serial() };
    for _ in 0..3 {
        let (_, action) = secondary.check(back.serial());
        assert_eq!(action, Action::Ended(Err(failure)));
    }
    let words = failure.to_string();
    assert!(words.contains(&before.serial().to_string()) && words.contains(&back.serial().to_string()), "{words}");
    assert_eq!(secondary.check(again.serial()), (Verdict::Current, Action::Ended(Ok(()))));
    let transfer = Action::Transfer { primary: 0, kind: Kind::Ixfr };
    assert_eq!(secondary.check(after.serial()), (Verdict::Newer, transfer));
    tally::ran("history Gov, serial that goes back, ignored");
}

#[test]
fn serial_of_gov_that_goes_back_is_taken_once_confirmed() {
    let Some(history) = History::open(Source::Gov).unwrap() else { return };
    let [before, back, again, after] = versions(&history);
    let mut secondary = Secondary::holding(&before, Backward::Accept { confirmations: 2 });
    let failure = Failure::Backward { ours: before.serial(), theirs: back.serial() };
    assert_eq!(secondary.check(back.serial()).1, Action::Ended(Err(failure)));
    let (_, action) = secondary.check(back.serial());
    assert_eq!(action, Action::Transfer { primary: 0, kind: Kind::Axfr });

    // The journal up to there leads nowhere now.
    let apex = apex(&history);
    let mut journal = Journal::new(JournalLimits::default());
    let steps: Vec<_> = history.steps().take(BACK + 2).map(|step| Arc::new(delta(&apex, &step))).collect();
    for delta in &steps[..BACK - 1] {
        journal.push(delta.clone()).unwrap();
    }
    assert!(matches!(journal.answer(&before, steps[0].from()), Answer::Differences(_)));
    assert_eq!(secondary.refresh.judge(0, back.serial()), Ok(()));
    let Change { version, deltas, style, .. } = transferred(&before, &back);
    assert_eq!((style, deltas.len()), (Style::Whole, 0));
    assert_same("taken back", &back, &version);
    journal.clear();
    let zone = Transferred::Zone { serial: version.serial(), timers: timers(&version), expire: None };
    assert_eq!(secondary.refresh.handle_transfer(0, Ok(zone), secondary.now()), Verdict::Newer);
    assert_eq!(secondary.refresh.serial(), Some(back.serial()));
    assert_eq!(secondary.refresh.poll(secondary.now()), Some(Action::Ended(Ok(()))));
    assert!(matches!(journal.answer(&version, before.serial()), Answer::UpToDate));
    assert!(matches!(journal.answer(&version, steps[0].from()), Answer::Whole));

    // Forward again, by deltas.
    let (verdict, action) = secondary.check(again.serial());
    assert_eq!((verdict, action), (Verdict::Newer, Action::Transfer { primary: 0, kind: Kind::Ixfr }));
    let mut held = version;
    for (step, expected) in [(BACK, &again), (BACK + 1, &after)] {
        held = Arc::new(held.apply(&steps[step], BuildLimits::NONE).unwrap().version);
        assert_same("forward again", expected, &held);
        journal.push(steps[step].clone()).unwrap();
    }
    assert!(matches!(journal.answer(&held, back.serial()), Answer::Differences(_)));
    tally::ran("history Gov, serial that goes back, taken once confirmed");
}

/// What becomes of `held` by an AXFR of `offered`.
fn transferred(held: &Arc<Version>, offered: &Arc<Version>) -> Change {
    let mut outbound = Outbound::<Hmac>::axfr(offered.clone(), asked(offered), None).unwrap();
    let mut inbound = Inbound::<Hmac>::axfr(offered.apex(), ID, Limits::default(), None);
    let mut update = Update::new(offered.apex(), Some(held.clone()), BuildLimits::NONE);
    while let Some(frame) = outbound.poll_transmit(UnixTime(0)).unwrap() {
        let message = frame.parts().concat();
        let mut events = inbound.handle_message(&message, at(Duration::ZERO)).unwrap();
        while let Some(event) = events.next().unwrap() {
            update.handle(&event).unwrap();
        }
    }
    update.commit().unwrap()
}
