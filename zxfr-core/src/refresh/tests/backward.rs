//! Serials that go backwards.

use super::*;

fn accepting(primaries: u8, confirmations: u8) -> Policy {
    Policy { backward: Backward::Accept { confirmations }, ..policy(primaries) }
}

const fn backward(theirs: u32) -> Failure {
    Failure::Backward { ours: Serial(10), theirs: Serial(theirs) }
}

#[test]
fn is_ignored_and_reported_when_no_primary_has_ours() {
    let mut rig = Rig::settled(policy(2));
    rig.next();
    for _ in 0..5 {
        rig.answer(0, 8);
        rig.answer(1, 9);
        assert_eq!(rig.poll(), [failed(backward(9))]);
        while rig.next().1.is_empty() {}
    }
    assert_eq!(rig.held(), Some(10));
    // It is no word from a primary: the zone expires.
    assert_eq!(rig.refresh.expires(), Some(UnixTime(START.0 + 86_400)));
}

#[test]
fn half_the_circle_away_is_backward() {
    let mut rig = Rig::settled(policy(1));
    rig.next();
    rig.answer(0, 10 + (1 << 31));
    assert_eq!(rig.poll(), [failed(backward(10 + (1 << 31)))]);
}

#[test]
fn is_accepted_after_checks_that_agree() {
    let mut rig = Rig::settled(accepting(2, 3));
    rig.next();
    for serial in [5, 6] {
        rig.answer(0, serial);
        rig.answer(1, 4);
        assert_eq!(rig.poll(), [failed(backward(serial))]);
        assert_eq!(rig.next().1, [check(0), check(1)]);
    }
    rig.answer(0, 6);
    rig.answer(1, 4);
    assert_eq!(rig.poll(), [axfr(0)]);
    assert_eq!(rig.refresh.judge(0, Serial(5)), Err(Failure::Lied { promised: Serial(6), got: Serial(5) }));
    assert_eq!(rig.zone(0, 6), Verdict::Newer);
    assert_eq!((rig.poll().as_slice(), rig.held()), (&[OK][..], Some(6)));
}

#[test]
fn checks_that_disagree_begin_anew() {
    let mut rig = Rig::settled(accepting(1, 2));
    rig.next();
    for serial in [5, 4, 3] {
        rig.answer(0, serial);
        assert_eq!(rig.poll(), [failed(backward(serial))], "it goes on falling");
        rig.next();
    }
    rig.answer(0, 10);
    assert_eq!(rig.poll(), [OK]);
    rig.next();
    rig.answer(0, 3);
    assert_eq!(rig.poll(), [failed(backward(3))], "a check between had ours");
    rig.next();
    rig.answer(0, 3);
    assert_eq!(rig.poll(), [axfr(0)]);
}

#[test]
fn a_primary_that_is_down_may_have_ours() {
    let mut rig = Rig::settled(accepting(2, 1));
    rig.next();
    rig.answer(0, 5);
    rig.check_fails(1, Failure::Unreachable);
    assert_eq!(rig.poll(), [failed(backward(5))]);
    assert_eq!(rig.held(), Some(10));
    // Once the version has expired, there is nothing to lose.
    rig.wait(Duration::from_secs(86_400));
    assert_eq!(rig.poll(), [Action::Expired, check(0), check(1)]);
    rig.answer(0, 5);
    rig.check_fails(1, Failure::Unreachable);
    assert_eq!(rig.poll(), [axfr(0)]);
}

#[test]
fn a_notify_with_an_older_serial_counts_where_one_may_be_accepted() {
    let mut rig = Rig::settled(accepting(1, 1));
    assert!(!rig.notify(0, Some(10)));
    assert!(rig.notify(0, Some(5)));
    assert_eq!(rig.poll(), [check(0)]);
    rig.answer(0, 5);
    assert_eq!(rig.poll(), [axfr(0)]);
}
