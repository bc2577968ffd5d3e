//! Who is asked, who is transferred from, and when again.

use super::*;

#[test]
fn a_lone_primary_is_transferred_from_at_once_while_nothing_is_held() {
    let mut rig = Rig::new(policy(1), None);
    assert_eq!(rig.refresh.deadline(), Some(rig.now.instant));
    assert_eq!(rig.poll(), [axfr(0)]);
    assert_eq!(rig.zone(0, 7), Verdict::Newer);
    assert_eq!(rig.poll(), [OK]);
    assert_eq!(rig.held(), Some(7));
    assert_eq!(rig.next(), (3_600_000, [check(0)].into()));
}

#[test]
fn of_several_the_newest_is_taken_while_nothing_is_held() {
    let mut rig = Rig::new(policy(3), None);
    assert_eq!(rig.poll(), [check(0), check(1), check(2)]);
    assert_eq!(rig.answer(0, 5), Verdict::Newer);
    assert_eq!(rig.poll(), []);
    rig.answer(2, 6);
    rig.answer(1, 6);
    assert_eq!(rig.poll(), [axfr(1)], "of equals the first");
}

#[test]
fn same_serial_is_a_success() {
    let mut rig = Rig::new(policy(1), Some(10));
    assert_eq!(rig.poll(), [check(0)]);
    assert_eq!(rig.answer(0, 10), Verdict::Current);
    assert_eq!(rig.poll(), [OK]);
    assert_eq!(rig.refresh.state().last_success, Some(START));
    assert_eq!(rig.next(), (3_600_000, [check(0)].into()));
}

#[test]
fn newer_serial_is_transferred_by_ixfr_where_allowed() {
    let mut rig = Rig::settled(Policy { ixfr: 0b10, ..policy(2) });
    assert_eq!(rig.next().1, [check(0), check(1)]);
    rig.answer(0, 10);
    rig.answer(1, 11);
    assert_eq!(rig.poll(), [ixfr(1)]);
    assert_eq!(rig.zone(1, 11), Verdict::Newer);
    assert_eq!(rig.poll(), [OK]);

    assert_eq!(rig.next().1, [check(0), check(1)]);
    rig.answer(0, 12);
    rig.answer(1, 11);
    assert_eq!(rig.poll(), [axfr(0)]);
}

#[test]
fn serials_wrap() {
    let mut rig = Rig::new(policy(3), Some(u32::MAX - 1));
    rig.poll();
    assert_eq!(rig.answer(0, u32::MAX), Verdict::Newer);
    assert_eq!(rig.answer(1, 1), Verdict::Newer);
    assert_eq!(rig.answer(2, 0), Verdict::Newer);
    assert_eq!(rig.poll(), [ixfr(1)]);
    rig.zone(1, 1);
    assert_eq!(rig.poll(), [OK]);
    assert_eq!(rig.held(), Some(1));
}

#[test]
fn dead_primaries_delay_by_the_grace_only() {
    let mut rig = Rig::settled(policy(3));
    rig.next();
    rig.answer(1, 11);
    assert_eq!(rig.poll(), []);
    rig.wait(Duration::from_millis(1999));
    assert_eq!(rig.poll(), []);
    assert_eq!(rig.next(), (1, [ixfr(1)].into()));
    rig.zone(1, 11);
    assert_eq!(rig.poll(), [OK], "the end doesn't wait for them either");
    // What they say when it is over changes nothing.
    rig.check_fails(0, Failure::TimedOut);
    assert_eq!(rig.poll(), []);
    assert_eq!(rig.refresh.failure(), None);
}

#[test]
fn an_answer_after_the_round_still_counts() {
    let mut rig = Rig::settled(policy(2));
    rig.next();
    rig.answer(0, 11);
    assert_eq!(rig.after(2), [ixfr(0)]);
    rig.zone(0, 11);
    assert_eq!(rig.poll(), [OK]);
    assert_eq!(rig.answer(1, 12), Verdict::Newer);
    assert_eq!(rig.poll(), [ixfr(1)]);
    rig.zone(1, 12);
    assert_eq!(rig.poll(), [OK]);
    assert_eq!(rig.held(), Some(12));
}

#[test]
fn an_answer_during_the_transfer_is_taken_afterwards() {
    let mut rig = Rig::settled(policy(2));
    rig.next();
    rig.answer(0, 11);
    assert_eq!(rig.after(2), [ixfr(0)]);
    rig.answer(1, 12);
    assert_eq!(rig.poll(), []);
    rig.zone(0, 11);
    assert_eq!(rig.poll(), [ixfr(1)]);
}

#[test]
fn an_answer_that_never_comes_counts_as_timed_out() {
    let mut rig = Rig::new(policy(2), Some(10));
    rig.poll();
    rig.answer(1, 10);
    assert_eq!(rig.next(), (120_000, [OK].into()));
    assert_eq!(rig.answer(0, 11), Verdict::Unasked);
    assert_eq!(rig.poll(), []);
    let mut rig = Rig::new(policy(1), Some(10));
    rig.poll();
    assert_eq!(rig.next(), (120_000, [failed(Failure::TimedOut)].into()));
}

#[test]
fn what_was_not_asked_for_is_passed_over() {
    let mut rig = Rig::settled(policy(2));
    assert_eq!(rig.answer(0, 11), Verdict::Unasked);
    assert_eq!(rig.zone(1, 11), Verdict::Unasked);
    assert_eq!(rig.up_to_date(1, 9), Verdict::Unasked);
    assert_eq!(rig.answer(200, 11), Verdict::Unasked);
    assert_eq!((rig.poll().as_slice(), rig.held()), (&[][..], Some(10)));
    // Twice the same answer, and that of another primary than the one that is transferred from.
    rig.next();
    rig.answer(0, 11);
    assert_eq!(rig.answer(0, 12), Verdict::Unasked);
    rig.answer(1, 10);
    assert_eq!(rig.poll(), [ixfr(0)]);
    assert_eq!(rig.zone(1, 11), Verdict::Unasked);
    assert_eq!(rig.zone(0, 11), Verdict::Newer);
}

#[test]
fn interval_stands_for_refresh() {
    let mut rig = Rig::settled(Policy { interval: Some(Duration::from_secs(300)), ..policy(1) });
    assert_eq!(rig.next(), (300_000, [check(0)].into()));
    // RETRY is never longer than it.
    rig.check_fails(0, Failure::TimedOut);
    rig.poll();
    assert_eq!(rig.next(), (300_000, [check(0)].into()));
}

#[test]
fn refresh_and_retry_are_kept_within_bounds() {
    let bounded = Policy { refresh: Bounds::seconds(7200, 9000), retry: Bounds::seconds(0, 60), ..policy(1) };
    let mut rig = Rig::settled(bounded);
    assert_eq!(rig.next(), (7_200_000, [check(0)].into()));
    rig.check_fails(0, Failure::TimedOut);
    rig.poll();
    assert_eq!(rig.next(), (60_000, [check(0)].into()));
}

#[test]
fn retries_double_up_to_a_bound_and_begin_anew_after_a_success() {
    let mut rig = Rig::settled(policy(1));
    rig.next();
    for wait in [600, 1200, 2400, 2400] {
        rig.check_fails(0, Failure::Unreachable);
        assert_eq!(rig.poll(), [failed(Failure::Unreachable)]);
        assert_eq!(rig.next(), (wait * 1000, [check(0)].into()));
    }
    rig.answer(0, 10);
    rig.poll();
    rig.next();
    rig.check_fails(0, Failure::Unreachable);
    rig.poll();
    assert_eq!(rig.next().0, 600_000);
}

#[test]
fn retries_while_nothing_is_held_begin_soon() {
    let mut rig = Rig::new(Policy { initial: Bounds::seconds(5, 30), ..policy(1) }, None);
    assert_eq!(rig.poll(), [axfr(0)]);
    for wait in [5, 10, 20, 30, 30] {
        rig.transfer_fails(0, Failure::Unreachable);
        assert_eq!(rig.poll(), [failed(Failure::Unreachable)]);
        assert_eq!(rig.next(), (wait * 1000, [axfr(0)].into()));
    }
}

#[test]
fn jitter_shortens_and_spreads() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..50 {
        let policy = Policy { jitter: 10, ..policy(1) };
        let mut rig = Rig::new(policy, Some(10));
        rig.refresh = Refresh::new(policy, Some((Serial(10), TIMERS)), State::default(), seed, rig.now);
        rig.poll();
        rig.answer(0, 10);
        rig.poll();
        let (wait, _) = rig.next();
        assert!((3_240_000..=3_600_000).contains(&wait), "{wait}");
        seen.insert(wait / 36_000);
    }
    assert!(seen.len() > 5, "{seen:?}");
}

#[test]
fn force_takes_the_whole_zone_whatever_the_serials() {
    let mut rig = Rig::settled(policy(2));
    rig.refresh.force(rig.now);
    assert_eq!(rig.refresh.priority(), Priority::Notified);
    assert_eq!(rig.poll(), [check(0), check(1)]);
    rig.answer(0, 9);
    rig.answer(1, 10);
    assert_eq!(rig.poll(), [axfr(1)]);
    assert_eq!(rig.zone(1, 10), Verdict::Newer);
    assert_eq!(rig.poll(), [OK]);

    // An older one, where there is no other; once.
    let mut rig = Rig::settled(policy(1));
    rig.refresh.force(rig.now);
    assert_eq!(rig.poll(), [axfr(0)]);
    assert_eq!(rig.zone(0, 3), Verdict::Newer);
    assert_eq!((rig.poll().as_slice(), rig.held()), (&[OK][..], Some(3)));
    assert_eq!(rig.next(), (3_600_000, [check(0)].into()));
}

#[test]
fn force_during_checks_makes_use_of_them_and_waits_for_a_transfer() {
    let mut rig = Rig::settled(policy(2));
    rig.next();
    rig.answer(0, 10);
    rig.refresh.force(rig.now);
    assert_eq!(rig.poll(), []);
    assert_eq!(rig.next(), (2000, [axfr(0)].into()));
    rig.refresh.force(rig.now);
    assert_eq!(rig.poll(), []);
    rig.zone(0, 10);
    assert_eq!(rig.poll(), [axfr(0)]);
    rig.zone(0, 10);
    assert_eq!(rig.poll(), [OK]);
}

#[test]
fn disabled_does_nothing_and_begins_at_once_when_enabled() {
    let mut rig = Rig::settled(policy(1));
    rig.refresh.set_enabled(false, rig.now);
    assert!(!rig.notify(0, Some(11)));
    rig.refresh.force(rig.now);
    assert_eq!(rig.after(7200), []);
    rig.refresh.set_enabled(true, rig.now);
    assert_eq!(rig.poll(), [check(0)]);
    // What runs may end.
    rig.answer(0, 11);
    assert_eq!(rig.poll(), [ixfr(0)]);
    rig.refresh.set_enabled(false, rig.now);
    assert_eq!(rig.zone(0, 11), Verdict::Newer);
    assert_eq!(rig.poll(), []);
    assert_eq!(rig.held(), Some(11));
    rig.refresh.set_enabled(true, rig.now);
    assert_eq!(rig.poll(), [OK]);
}

#[test]
fn another_policy_counts_from_now_on() {
    let mut rig = Rig::settled(policy(2));
    let shorter = Policy { interval: Some(Duration::from_secs(60)), primaries: 1, ..policy(2) };
    rig.refresh.set_policy(shorter, rig.now);
    rig.poll();
    assert_eq!(rig.next(), (60_000, [check(0)].into()));

    let mut rig = Rig::settled(policy(2));
    rig.next();
    rig.answer(0, 10);
    rig.answer(1, 12);
    rig.refresh.set_policy(policy(1), rig.now);
    assert_eq!(rig.poll(), [OK], "the second is no primary any more");
    rig.refresh.set_policy(policy(0), rig.now);
    assert_eq!(rig.after(3600), []);
    rig.refresh.set_policy(policy(32), rig.now);
    assert_eq!(rig.poll().len(), 32);
}
