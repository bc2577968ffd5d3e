//! NOTIFYs.

use super::*;

#[test]
fn the_primary_that_notifies_is_asked_first_at_once_and_alone() {
    let mut rig = Rig::settled(policy(3));
    rig.wait(Duration::from_secs(10));
    assert_eq!(rig.refresh.priority(), Priority::Routine);
    assert!(rig.notify(1, Some(11)));
    assert_eq!(rig.refresh.priority(), Priority::Notified);
    assert_eq!(rig.poll(), [check(1)]);
    rig.answer(1, 11);
    assert_eq!(rig.poll(), [ixfr(1)], "no grace for primaries that weren't asked");
    assert_eq!(rig.refresh.priority(), Priority::Notified);
    rig.zone(1, 11);
    assert_eq!(rig.poll(), [OK]);
    assert_eq!(rig.next(), (3_600_000, [check(0), check(1), check(2)].into()));
    assert_eq!(rig.refresh.priority(), Priority::Routine);
}

#[test]
fn the_others_are_asked_when_it_has_nothing() {
    let mut rig = Rig::settled(policy(3));
    rig.notify(1, Some(11));
    assert_eq!(rig.poll(), [check(1)]);
    rig.check_fails(1, Failure::Unreachable);
    assert_eq!(rig.poll(), [check(0), check(2)]);
    rig.answer(0, 10);
    rig.answer(2, 11);
    assert_eq!(rig.poll(), [ixfr(2)]);
    // Or what it has can't be had.
    let mut rig = Rig::settled(policy(2));
    rig.notify(1, Some(11));
    rig.poll();
    rig.answer(1, 11);
    rig.poll();
    rig.transfer_fails(1, Failure::TimedOut);
    assert_eq!(rig.poll(), [check(0)]);
    rig.answer(0, 11);
    assert_eq!(rig.poll(), [ixfr(0)]);
}

#[test]
fn from_an_address_that_is_no_primarys_all_are_asked() {
    let mut rig = Rig::settled(policy(2));
    assert!(rig.refresh.handle_notify(None, Some(Serial(11)), rig.now));
    assert_eq!(rig.poll(), [check(0), check(1)]);
    let mut rig = Rig::settled(policy(2));
    assert!(rig.notify(9, None));
    assert_eq!(rig.poll(), [check(0), check(1)]);
}

#[test]
fn what_is_not_newer_is_ignored() {
    let mut rig = Rig::settled(policy(1));
    for serial in [10, 9, 10_u32.wrapping_add(1 << 31)] {
        assert!(!rig.notify(0, Some(serial)));
        assert_eq!(rig.poll(), []);
    }
    // But when checks fail, it shows that the primary is back.
    rig.next();
    rig.check_fails(0, Failure::Unreachable);
    rig.poll();
    assert!(rig.notify(0, Some(10)));
    assert_eq!(rig.poll(), [check(0)]);
    rig.answer(0, 10);
    assert_eq!(rig.poll(), [OK]);
    assert_eq!(rig.refresh.failure(), None);
}

#[test]
fn without_a_serial_a_check_is_made() {
    let mut rig = Rig::settled(policy(1));
    assert!(rig.notify(0, None));
    assert_eq!(rig.poll(), [check(0)]);
    rig.answer(0, 10);
    assert_eq!(rig.poll(), [OK]);
    assert_eq!(rig.next().0, 3_600_000);
}

#[test]
fn while_a_transfer_runs_they_are_coalesced_into_one_check() {
    let mut rig = Rig::settled(policy(1));
    rig.notify(0, Some(11));
    rig.poll();
    rig.answer(0, 11);
    rig.poll();
    for _ in 0..1000 {
        assert!(rig.notify(0, None));
        assert_eq!(rig.poll(), []);
    }
    rig.wait(Duration::from_secs(1));
    rig.zone(0, 11);
    assert_eq!(rig.poll(), [OK, check(0)]);
    rig.answer(0, 11);
    assert_eq!(rig.poll(), [OK]);
    assert_eq!(rig.next().0, 3_600_000);
}

#[test]
fn no_check_follows_when_the_transfer_brought_what_was_announced() {
    let mut rig = Rig::settled(policy(2));
    rig.notify(0, Some(11));
    rig.poll();
    rig.answer(0, 11);
    rig.poll();
    rig.notify(0, Some(11));
    rig.notify(1, Some(12));
    assert_eq!(rig.after(1), []);
    rig.zone(0, 12);
    assert_eq!(rig.poll(), [OK]);
    assert_eq!(rig.next().0, 3_600_000);
}

#[test]
fn while_a_check_runs_one_more_follows() {
    let mut rig = Rig::settled(policy(1));
    rig.next();
    for serial in 11..1000 {
        rig.notify(0, Some(serial));
        assert_eq!(rig.poll(), []);
    }
    rig.wait(Duration::from_secs(1));
    rig.answer(0, 10);
    assert_eq!(rig.poll(), [check(0)], "the answer may be from before the NOTIFY");
    rig.answer(0, 999);
    assert_eq!(rig.poll(), [ixfr(0)]);
    rig.zone(0, 999);
    assert_eq!(rig.poll(), [OK]);
    assert_eq!(rig.next().0, 3_600_000);
}

#[test]
fn no_second_check_when_the_first_has_the_serial_that_was_announced() {
    let mut rig = Rig::settled(policy(1));
    rig.next();
    rig.notify(0, Some(11));
    rig.answer(0, 11);
    assert_eq!(rig.after(1), [ixfr(0)]);
    rig.zone(0, 11);
    assert_eq!(rig.poll(), [OK]);
}

#[test]
fn a_dead_primary_does_not_hold_up_another_ones_notify() {
    let mut rig = Rig::settled(policy(2));
    rig.next();
    rig.answer(1, 10);
    assert_eq!(rig.after(5), []);
    rig.notify(1, Some(11));
    assert_eq!(rig.poll(), [check(1)]);
    rig.answer(1, 11);
    assert_eq!(rig.next(), (2000, [ixfr(1)].into()), "the grace for the other");
    rig.zone(1, 11);
    assert_eq!(rig.poll(), [OK]);
    // Its check is still being waited for; a NOTIFY for the one that lives waits for nothing.
    rig.notify(1, Some(12));
    assert_eq!(rig.poll(), [check(1)]);
    rig.answer(1, 12);
    assert_eq!(rig.poll(), [ixfr(1)]);
}

#[test]
fn ahead_of_the_primary_a_few_checks_follow_and_no_loop() {
    let mut rig = Rig::settled(policy(2));
    rig.notify(0, Some(11));
    assert_eq!(rig.poll(), [check(0)]);
    rig.answer(0, 10);
    assert_eq!(rig.poll(), [OK]);
    for wait in [1000, 2000, 4000, 8000] {
        assert_eq!(rig.next(), (wait, [check(0), check(1)].into()));
        rig.answer(0, 10);
        rig.answer(1, 10);
        assert_eq!(rig.poll(), [OK]);
    }
    assert_eq!(rig.next().0, 3_600_000);
}

#[test]
fn ahead_of_the_primary_it_is_found_by_a_later_check() {
    let mut rig = Rig::settled(policy(1));
    rig.notify(0, Some(11));
    rig.poll();
    rig.answer(0, 10);
    rig.poll();
    assert_eq!(rig.refresh.priority(), Priority::Notified);
    assert_eq!(rig.next(), (1000, [check(0)].into()));
    rig.answer(0, 11);
    assert_eq!(rig.poll(), [ixfr(0)]);
    rig.zone(0, 11);
    assert_eq!(rig.poll(), [OK]);
    assert_eq!(rig.next().0, 3_600_000);
}

#[test]
fn a_flood_is_bounded() {
    let mut rig = Rig::settled(policy(2));
    let mut checks = 0;
    for step in 0..100_000_u32 {
        // A hundred seconds of a NOTIFY each millisecond, with ever newer serials, from both primaries.
        rig.wait(Duration::from_millis(1));
        rig.notify((step % 2) as u8, Some(11 + step));
        for action in rig.poll() {
            match action {
                Action::Check { primary } => {
                    checks += 1;
                    rig.answer(primary, 10);
                }
                Action::Ended(Ok(())) => {}
                other => panic!("{other:?}"),
            }
        }
    }
    assert!((100..=410).contains(&checks), "{checks}");
}
