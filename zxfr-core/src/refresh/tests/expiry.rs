//! EXPIRE, the EXPIRE option, restarts, and clocks that are set.

use super::*;

fn answer_with(rig: &mut Rig, serial: u32, expire: Option<u32>) {
    rig.refresh.handle_check(0, Ok(Checked { serial: Serial(serial), expire }), rig.now);
}

#[test]
fn expires_once_and_recovers() {
    let mut rig = Rig::settled(policy(1));
    let mut told = 0;
    let mut seconds = 0;
    while seconds < 100_000 {
        let (wait, actions) = rig.next();
        seconds += wait / 1000;
        for action in actions {
            match action {
                Action::Check { primary } => rig.check_fails(primary, Failure::TimedOut),
                Action::Expired => {
                    assert_eq!(seconds, 86_400);
                    told += 1;
                }
                Action::Ended(Err(Failure::TimedOut)) => assert_eq!(rig.refresh.is_expired(rig.now), told > 0),
                other => panic!("{other:?}"),
            }
        }
        rig.poll();
    }
    assert_eq!((told, rig.refresh.expires_in(rig.now)), (1, Some(0)));
    while rig.next().1 != [check(0)] {}
    rig.answer(0, 10);
    assert_eq!(rig.poll(), [OK]);
    assert!(!rig.refresh.is_expired(rig.now));
    assert_eq!(rig.refresh.expires_in(rig.now), Some(86_400));
    assert_eq!(rig.refresh.expires(), Some(UnixTime(rig.now.unix.0 + 86_400)));
}

#[test]
fn does_not_expire_between_two_checks() {
    let short = Timers { expire: 5, ..TIMERS };
    let mut rig = Rig::settled(policy(1));
    rig.refresh = Refresh::new(policy(1), Some((Serial(10), short)), State::default(), 1, rig.now);
    rig.poll();
    rig.answer(0, 10);
    rig.poll();
    assert_eq!(rig.refresh.expires_in(rig.now), Some(3600 + 600));
}

#[test]
fn expire_is_bounded_by_policy() {
    let rig = Rig::settled(Policy { expire_most: Duration::from_secs(10_000), ..policy(1) });
    assert_eq!(rig.refresh.expires_in(rig.now), Some(10_000));
}

#[test]
fn survives_a_restart() {
    let mut rig = Rig::settled(policy(1));
    rig.wait(Duration::from_secs(1000));
    let state = rig.refresh.state();
    assert_eq!(state.expires, Some(UnixTime(START.0 + 86_400)));
    // The calendar goes on while nothing runs.
    for (now, left) in
        [(START.0 + 5000, 81_400), (START.0 + 86_400, 0), (START.0 + 90_000, 0), (START.0 - 90_000, 86_400)]
    {
        let mut later = Rig::settled(policy(1));
        later.now.unix = UnixTime(now);
        let held = Some((Serial(10), TIMERS));
        later.refresh = Refresh::new(policy(1), held, state, 1, later.now);
        assert_eq!(later.refresh.expires_in(later.now), Some(left), "{now}");
        assert_eq!(later.refresh.is_expired(later.now), left == 0);
        let expected: &[Action] = if left == 0 { &[Action::Expired, check(0)] } else { &[check(0)] };
        assert_eq!(core::iter::from_fn(|| later.refresh.poll(later.now)).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn nothing_expires_while_nothing_is_held() {
    let state = State { expires: Some(UnixTime(1)), ..State::default() };
    let mut rig = Rig::resumed(policy(1), None, state);
    assert_eq!(rig.poll(), [axfr(0)]);
    assert_eq!((rig.refresh.expires(), rig.refresh.expires_in(rig.now)), (None, None));
    assert_eq!(rig.refresh.deadline(), None);
}

#[test]
fn option_shortens_what_a_transfer_starts_and_checks_come_in_time() {
    // RFC 7314 §4: the primary is a secondary itself, with 2000 seconds left.
    let mut rig = Rig::settled(policy(1));
    rig.next();
    answer_with(&mut rig, 11, Some(2000));
    assert_eq!(rig.poll(), [ixfr(0)]);
    let zone = Transferred::Zone { serial: Serial(11), timers: TIMERS, expire: Some(2000) };
    rig.refresh.handle_transfer(0, Ok(zone), rig.now);
    assert_eq!(rig.poll(), [OK]);
    assert_eq!(rig.refresh.expires_in(rig.now), Some(2000));
    assert_eq!(rig.next(), (1_400_000, [check(0)].into()), "RETRY before it would expire");
    // It is lengthened by a check, up to EXPIRE, and never shortened.
    assert_eq!(rig.refresh.expires_in(rig.now), Some(600));
    for (option, left) in [(500, 600), (1000, 1000), (600, 1000), (5000, 5000), (4_000_000, 86_400), (7, 86_400)] {
        answer_with(&mut rig, 11, Some(option));
        assert_eq!(rig.refresh.expires_in(rig.now), Some(left));
        assert_eq!(rig.poll(), [OK]);
        rig.refresh.set_enabled(false, rig.now);
        rig.refresh.set_enabled(true, rig.now);
        assert_eq!(rig.poll(), [check(0)]);
    }
    // What is left goes to those who transfer from here.
    answer_with(&mut rig, 11, None);
    rig.wait(Duration::from_secs(400));
    assert_eq!(rig.refresh.expires_in(rig.now), Some(86_000));
}

#[test]
fn ixfr_that_is_up_to_date_starts_expire_anew() {
    let mut rig = Rig::settled(policy(1));
    rig.next();
    rig.answer(0, 11);
    rig.poll();
    rig.up_to_date(0, 10);
    assert_eq!(rig.refresh.expires_in(rig.now), Some(86_400));
    assert_eq!(rig.refresh.state().last_success, Some(rig.now.unix));
}

#[test]
fn a_calendar_that_is_set_moves_what_is_written_down_and_nothing_else() {
    for jump in [-1_000_000_000_i64, -3600, 3600, 1_000_000_000] {
        let mut rig = Rig::settled(policy(1));
        rig.now.instant = rig.now.instant.after(Duration::from_secs(100));
        rig.now.unix = UnixTime((START.0 + 100).checked_add_signed(jump).unwrap());
        assert_eq!(rig.poll(), [check(0)], "one check, at once");
        assert_eq!(rig.refresh.expires_in(rig.now), Some(86_300));
        let State { last_success, expires, .. } = rig.refresh.state();
        assert_eq!(expires, Some(UnixTime(rig.now.unix.0 + 86_300)));
        assert_eq!(last_success, Some(UnixTime(rig.now.unix.0 - 100)));
        rig.answer(0, 10);
        assert_eq!(rig.poll(), [OK]);
        let wait = rig.refresh.deadline().unwrap().since(rig.now.instant);
        assert_eq!(wait, Duration::from_secs(3600));
    }
}

#[test]
fn small_corrections_of_the_calendar_are_none() {
    let mut rig = Rig::settled(policy(1));
    rig.now.unix = UnixTime(START.0 + 30);
    assert_eq!(rig.poll(), []);
    rig.now.unix = UnixTime(START.0 - 30);
    assert_eq!(rig.poll(), []);
}
