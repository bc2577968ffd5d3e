//! The ladder: what is tried after a failure.

use super::*;
use crate::transfer::{Limit, PeerFault};
use crate::tsig;
use crate::wire::Rcode;

const BAD_TIME: Failure = Failure::Tsig(tsig::Error::Peer { error: Rcode::BADTIME, server_time: None, signed: true });

/// Two primaries, both with version 11; the first is being transferred from.
fn transferring() -> Rig {
    let mut rig = Rig::settled(policy(2));
    rig.next();
    rig.answer(0, 11);
    rig.answer(1, 11);
    assert_eq!(rig.poll(), [ixfr(0)]);
    rig
}

#[test]
fn ixfr_then_axfr_from_the_same_primary_then_the_next() {
    for failure in [
        Failure::Refused(Rcode::NOTIMP),
        Failure::Refused(Rcode::FORMERR),
        Failure::Refused(Rcode::REFUSED),
        Failure::Refused(Rcode::SERVFAIL),
        Failure::Malformed(PeerFault::NoAnswer),
        Failure::Stalled,
        Failure::Cut,
        Failure::WrongSerial,
        Failure::Unapplicable,
        Failure::NotZone,
        Failure::Limit(Limit::Records(1)),
    ] {
        let mut rig = transferring();
        rig.transfer_fails(0, failure);
        assert_eq!(rig.poll(), [axfr(0)], "{failure}");
        rig.transfer_fails(0, failure);
        assert_eq!(rig.poll(), [ixfr(1)], "{failure}");
        rig.transfer_fails(1, failure);
        assert_eq!(rig.poll(), [axfr(1)], "{failure}");
        assert_eq!(rig.zone(1, 11), Verdict::Newer);
        assert_eq!(rig.poll(), [OK], "{failure}");
    }
}

#[test]
fn straight_to_the_next_primary() {
    for failure in [Failure::Unreachable, Failure::TimedOut, Failure::Tsig(tsig::Error::BadMac), BAD_TIME] {
        let mut rig = transferring();
        rig.transfer_fails(0, failure);
        assert_eq!(rig.poll(), [ixfr(1)], "{failure}");
        rig.transfer_fails(1, failure);
        assert_eq!(rig.poll(), [failed(failure)], "{failure}");
        assert_eq!(rig.next(), (600_000, [check(0), check(1)].into()), "{failure}");
    }
}

#[test]
fn what_is_wrong_here_is_not_tried_with_others() {
    for (failure, wait) in [(Failure::Held, 3600), (Failure::Store, 600), (Failure::Local, 600)] {
        let mut rig = transferring();
        rig.transfer_fails(0, failure);
        assert_eq!(rig.poll(), [failed(failure)], "{failure}");
        assert_eq!(rig.next(), (wait * 1000, [check(0), check(1)].into()), "{failure}");
    }
}

#[test]
fn a_primary_that_lied_is_left_for_those_that_promise_more_than_we_have() {
    // By IXFR: it says that we are up to date.
    let mut rig = transferring();
    let lied = Failure::Lied { promised: Serial(11), got: Serial(10) };
    assert_eq!(rig.up_to_date(0, 10), Verdict::Failed(lied));
    assert_eq!(rig.poll(), [ixfr(1)]);
    rig.zone(1, 11);
    assert_eq!(rig.poll(), [OK]);
    // By an older zone, which is not installed.
    let mut rig = transferring();
    let lied = Failure::Lied { promised: Serial(11), got: Serial(9) };
    assert_eq!(rig.refresh.judge(0, Serial(9)), Err(lied));
    assert_eq!(rig.zone(0, 9), Verdict::Failed(lied));
    assert_eq!((rig.poll().as_slice(), rig.held()), (&[ixfr(1)][..], Some(10)));
}

#[test]
fn a_liar_alone_does_not_make_a_round_fail() {
    let mut rig = Rig::settled(policy(2));
    rig.next();
    rig.answer(0, 99);
    rig.answer(1, 10);
    assert_eq!(rig.poll(), [ixfr(0)]);
    rig.up_to_date(0, 9);
    assert_eq!(rig.poll(), [OK]);
    assert_eq!(rig.next().0, 3_600_000);
    // Where nobody else is there, it does.
    rig.answer(0, 99);
    rig.check_fails(1, Failure::Unreachable);
    assert_eq!(rig.poll(), [ixfr(0)]);
    rig.up_to_date(0, 9);
    assert_eq!(rig.poll(), [failed(Failure::Lied { promised: Serial(99), got: Serial(9) })]);
}

#[test]
fn less_than_promised_is_taken_where_it_is_newer_and_others_are_tried() {
    let mut rig = Rig::settled(policy(2));
    rig.next();
    rig.answer(0, 20);
    rig.answer(1, 15);
    assert_eq!(rig.poll(), [ixfr(0)]);
    let lied = Failure::Lied { promised: Serial(20), got: Serial(12) };
    assert_eq!(rig.zone(0, 12), Verdict::Short(lied));
    assert_eq!(Verdict::Short(lied).failure(), Some(lied));
    assert_eq!((rig.poll().as_slice(), rig.held()), (&[ixfr(1)][..], Some(12)));
    rig.zone(1, 15);
    assert_eq!(rig.poll(), [OK]);
}

#[test]
fn more_than_promised_is_welcome() {
    let mut rig = transferring();
    assert_eq!(rig.zone(0, 12), Verdict::Newer);
    assert_eq!(rig.poll(), [OK]);
}

#[test]
fn a_newer_version_that_can_not_be_had_makes_the_round_fail() {
    let mut rig = Rig::settled(policy(2));
    rig.next();
    rig.answer(0, 11);
    rig.answer(1, 10);
    assert_eq!(rig.poll(), [ixfr(0)]);
    rig.transfer_fails(0, Failure::TimedOut);
    assert_eq!(rig.poll(), [failed(Failure::TimedOut)]);
    assert_eq!(rig.refresh.failure(), Some(Failure::TimedOut));
    assert_eq!(rig.next(), (600_000, [check(0), check(1)].into()));
    // But not when another has brought as much.
    rig.answer(0, 11);
    rig.answer(1, 11);
    rig.poll();
    rig.transfer_fails(0, Failure::TimedOut);
    rig.poll();
    rig.zone(1, 11);
    assert_eq!(rig.poll(), [OK]);
}

#[test]
fn a_primary_that_is_behind_is_reported_and_no_failure_while_another_is_not() {
    let mut rig = Rig::settled(policy(2));
    rig.next();
    let behind = Failure::Behind { ours: Serial(10), theirs: Serial(9) };
    assert_eq!(rig.answer(0, 9), Verdict::Failed(behind));
    assert_eq!(rig.answer(1, 10), Verdict::Current);
    assert_eq!(rig.poll(), [OK]);
}

#[test]
fn bad_time_is_not_retried_before_the_timer_says_so() {
    let mut rig = Rig::settled(policy(1));
    assert!(rig.notify(0, Some(11)));
    assert_eq!(rig.poll(), [check(0)]);
    rig.check_fails(0, BAD_TIME);
    assert_eq!(rig.poll(), [failed(BAD_TIME)]);
    for _ in 0..10 {
        rig.notify(0, Some(12));
        assert_eq!(rig.after(50), []);
    }
    assert_eq!(rig.next(), (100_000, [check(0)].into()));
}

#[test]
fn words_are_closed_and_reasons_say_what_happened() {
    let tsig = |error| Failure::Tsig(tsig::Error::Peer { error, server_time: None, signed: false });
    let serials = (Serial(1), Serial(2));
    let failures = [
        Failure::Unreachable,
        Failure::TimedOut,
        Failure::Stalled,
        Failure::Cut,
        Failure::Refused(Rcode::REFUSED),
        Failure::Refused(Rcode::NOTIMP),
        Failure::Refused(Rcode::FORMERR),
        Failure::Refused(Rcode::SERVFAIL),
        Failure::Refused(Rcode::NOTAUTH),
        Failure::Refused(Rcode::NXDOMAIN),
        BAD_TIME,
        tsig(Rcode::BADKEY),
        tsig(Rcode::BADSIG),
        Failure::Tsig(tsig::Error::Missing),
        tsig(Rcode::BADTRUNC),
        Failure::Malformed(PeerFault::NoAnswer),
        Failure::NotZone,
        Failure::WrongSerial,
        Failure::Unapplicable,
        Failure::Limit(Limit::Records(3)),
        Failure::Behind { ours: serials.1, theirs: serials.0 },
        Failure::Backward { ours: serials.1, theirs: serials.0 },
        Failure::Lied { promised: serials.1, got: serials.0 },
        Failure::Held,
        Failure::Store,
        Failure::Local,
    ];
    assert_eq!(failures.map(|failure| failure.as_str()), Failure::WORDS);
    let reasons: std::collections::BTreeSet<_> = failures.iter().map(std::string::ToString::to_string).collect();
    assert_eq!(reasons.len(), failures.len());
    assert_eq!(
        std::format!("{}", Failure::Backward { ours: Serial(2), theirs: Serial(1) }),
        "serial backwards: no primary has 2, which we have; the newest is 1"
    );
}

#[test]
fn transfer_errors_are_classified() {
    use crate::transfer::Error;
    let peer = |fault| Error::Peer { fault, message: 1, offset: 0 };
    let refused = |rcode| Error::Refused { rcode, ede: None, message: 1, signed: false };
    for (error, word, fault, axfr, other) in [
        (peer(PeerFault::NoAnswer), "malformed", Fault::Peer, true, true),
        (peer(PeerFault::FirstSerial { ours: Serial(1), theirs: Serial(2) }), "wrong-serial", Fault::Peer, true, true),
        (refused(Rcode::NOTIMP), "notimp", Fault::Refused, true, true),
        (refused(Rcode::NOTAUTH), "notauth", Fault::Refused, false, true),
        (Error::Ended { messages: 1, records: 2 }, "cut", Fault::Network, true, true),
        (Error::Tsig(tsig::Error::BadMac), "tsig-badsig", Fault::Peer, false, true),
        (Error::Limit(Limit::Octets(1)), "limit", Fault::Here, true, true),
        (Error::Unread { message: 1 }, "local", Fault::Here, false, false),
    ] {
        let failure = Failure::from(&error);
        assert_eq!((failure.as_str(), failure.fault()), (word, fault), "{error}");
        assert_eq!((failure.axfr_may_help(), failure.other_primary_may_help()), (axfr, other), "{error}");
    }
}
