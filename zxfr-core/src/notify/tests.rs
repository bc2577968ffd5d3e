use super::*;
use crate::name::Name;
use crate::refresh::Failure;
use crate::serial::Serial;
use crate::time::{Instant, UnixTime};
use crate::transfer::{Error, PeerFault};
use crate::tsig::NoMac;
use crate::wire::{Class, Flags, Message, Opcode, Rcode, Record, Rtype, Scratch, Writer};
use core::time::Duration;
use proptest::prelude::*;
use std::vec::Vec;

const fn at(seconds: u64) -> Instant {
    Instant::from_origin(Duration::from_secs(seconds))
}

const fn send(serial: u32, attempt: u8) -> Option<Action> {
    Some(Action::Send { serial: Serial(serial), attempt })
}

const fn ended(serial: u32, tries: u8, result: Result<(), Failure>) -> Option<Action> {
    Some(Action::Ended(Report { serial: Serial(serial), tries, result }))
}

#[test]
fn tries_again_ever_later_and_gives_up() {
    let mut notify = Notify::new(Policy::default());
    assert_eq!((notify.poll(at(0)), notify.deadline(at(0))), (None, None));
    notify.announce(Serial(7), at(100));
    let mut time = at(100);
    for (attempt, wait) in [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60)] {
        assert_eq!(notify.deadline(time), Some(time));
        assert_eq!(notify.poll(time), send(7, attempt));
        assert_eq!(notify.poll(time), None);
        time = time.after(Duration::from_secs(wait));
        assert_eq!(notify.deadline(at(100)), Some(time));
    }
    assert_eq!(notify.poll(time), ended(7, 5, Err(Failure::TimedOut)));
    assert_eq!((notify.poll(time), notify.deadline(time), notify.telling()), (None, None, None));
}

#[test]
fn an_acknowledgement_ends_it_and_so_does_a_refusal() {
    for result in [
        Ok(()),
        Err(Failure::Refused(Rcode::REFUSED)),
        Err(Failure::Refused(Rcode::NOTIMP)),
        Err(Failure::Refused(Rcode::FORMERR)),
    ] {
        let mut notify = Notify::new(Policy::default());
        notify.announce(Serial(7), at(0));
        notify.poll(at(0));
        assert_eq!(notify.poll(at(5)), send(7, 2));
        notify.handle_answer(Serial(7), result);
        assert_eq!(notify.deadline(at(5)), Some(at(5)));
        assert_eq!(notify.poll(at(5)), ended(7, 2, result));
        assert_eq!(notify.poll(at(500)), None);
    }
}

#[test]
fn what_is_no_answer_is_noted_and_the_next_try_waits_for_its_time() {
    let mut notify = Notify::new(Policy { tries: 2, ..Policy::default() });
    notify.announce(Serial(7), at(0));
    notify.poll(at(0));
    notify.handle_answer(Serial(7), Err(Failure::Unreachable));
    assert_eq!((notify.poll(at(1)), notify.deadline(at(1))), (None, Some(at(5))));
    assert_eq!(notify.poll(at(5)), send(7, 2));
    assert_eq!(notify.poll(at(15)), ended(7, 2, Err(Failure::Unreachable)));
}

#[test]
fn a_new_serial_supersedes() {
    let mut notify = Notify::new(Policy::default());
    notify.announce(Serial(7), at(0));
    notify.poll(at(0));
    notify.poll(at(5));
    notify.announce(Serial(8), at(6));
    assert_eq!(notify.telling(), Some(Serial(8)));
    notify.handle_answer(Serial(8), Ok(()));
    assert_eq!(notify.poll(at(6)), send(8, 1), "nobody can have acknowledged what wasn't sent");
    notify.handle_answer(Serial(7), Ok(()));
    assert_eq!(notify.poll(at(11)), send(8, 2));
    notify.handle_answer(Serial(8), Ok(()));
    assert_eq!(notify.poll(at(11)), ended(8, 2, Ok(())));
    // After its end, too; and it may be stopped.
    notify.announce(Serial(9), at(20));
    assert_eq!(notify.poll(at(20)), send(9, 1));
    notify.stop();
    assert_eq!((notify.poll(at(100)), notify.deadline(at(100))), (None, None));
}

proptest! {
    /// Whatever comes in between, a serial is sent a bounded number of times, the newest is told, and it ends.
    #[test]
    fn ends(tries in 0..9_u8, steps in prop::collection::vec((0..3_u8, 0..100_000_u64), 0..60)) {
        let mut notify = Notify::new(Policy { tries, ..Policy::default() });
        let (mut now, mut serial, mut sent) = (at(0), 0, 0);
        notify.announce(Serial(serial), now);
        let mut over = false;
        for (what, millis) in steps.into_iter().chain([(2, 60_000); 16]) {
            now = now.after(Duration::from_millis(millis));
            match what {
                0 => {
                    serial += 1;
                    (sent, over) = (0, false);
                    notify.announce(Serial(serial), now);
                }
                1 => notify.handle_answer(Serial(serial), Err(Failure::Unreachable)),
                _ => {}
            }
            while let Some(action) = notify.poll(now) {
                match action {
                    Action::Send { serial: told, attempt } => {
                        sent += 1;
                        prop_assert_eq!((told, attempt), (Serial(serial), sent));
                        prop_assert!(sent <= tries.max(1));
                    }
                    Action::Ended(report) => {
                        prop_assert_eq!((report.serial, report.tries), (Serial(serial), tries.max(1)));
                        over = true;
                    }
                }
            }
            prop_assert!(notify.deadline(now).is_none_or(|at| at > now));
        }
        prop_assert!(over);
    }
}

fn soa() -> (Name, Vec<u8>) {
    let apex: Name = "Example.org.".parse().unwrap();
    let rdata = [b"\0\0".as_slice(), &[0, 0, 0, 9], &[0; 16]].concat();
    (apex, rdata)
}

#[test]
fn query_says_which_zone_and_which_serial() {
    let (apex, rdata) = soa();
    let record = Record { owner: apex.as_ref(), rtype: Rtype::SOA, class: Class::IN, ttl: 5, rdata: &rdata };
    for hint in [None, Some(&record)] {
        let mut out = [0; 900];
        let length = notify_query(&mut out, apex.as_ref(), hint, 0xbeef).unwrap();
        let message = Message::new(&out[..length]).unwrap();
        let layout = message.layout().unwrap();
        let header = message.header();
        // RFC 1996 §4.5.
        assert_eq!((header.id, header.flags), (0xbeef, Flags::of(Opcode::NOTIFY).with(Flags::AA)));
        let question = message.question().unwrap().unwrap();
        assert!(question.qname.as_ref().octets_eq(apex.as_ref()));
        assert_eq!((question.qtype, question.qclass), (Rtype::SOA, Class::IN));
        let mut scratch = Scratch::new();
        let mut answers = message.answers(&layout, &mut scratch);
        let serial = answers.next().unwrap().map(|record| record.soa().unwrap().serial);
        assert_eq!(serial, hint.map(|_| Serial(9)));
        for room in 0..length {
            assert!(notify_query(&mut [0; 900][..room], apex.as_ref(), hint, 1).is_err());
        }
    }
    // The largest there can be.
    let mut long = [1, b'a'].repeat(127);
    long.push(0);
    let apex = Name::from_octets(&long).unwrap();
    let rdata = [&long[..], &long[..], &[0; 20]].concat();
    let record = Record { owner: apex.as_ref(), rtype: Rtype::SOA, class: Class::IN, ttl: 5, rdata: &rdata };
    assert!(notify_query(&mut [0; 900], apex.as_ref(), Some(&record), 1).is_ok());
}

fn answer(qname: Option<&str>, flags: Flags) -> Vec<u8> {
    let mut octets = std::vec![0; 512];
    let mut writer = Writer::new(&mut octets);
    if let Some(qname) = qname {
        let qname: Name = qname.parse().unwrap();
        writer.question(qname.as_ref(), Rtype::SOA, Class::IN).unwrap();
    }
    let length = writer.finish(5, flags);
    octets.truncate(length);
    octets
}

fn read(octets: &[u8]) -> Result<(), Error> {
    let (apex, _) = soa();
    read_notify_answer::<NoMac>(octets, apex.as_ref(), 5, None, UnixTime(0))
}

#[test]
fn reads_answers() {
    let notify = Flags::of(Opcode::NOTIFY).with(Flags::QR);
    for flags in [notify, notify.with(Flags::AA), notify.with(Flags::RD)] {
        assert_eq!(read(&answer(Some("EXAMPLE.org."), flags)), Ok(()));
        assert_eq!(read(&answer(None, flags)), Ok(()));
    }
    for rcode in [Rcode::FORMERR, Rcode::NOTIMP, Rcode::REFUSED, Rcode::NOTAUTH] {
        let error = read(&answer(None, notify.with_rcode(rcode))).unwrap_err();
        assert_eq!(Failure::from(&error), Failure::Refused(rcode));
    }
    let fault = |octets: &[u8]| match read(octets).unwrap_err() {
        Error::Peer { fault, .. } => fault,
        other => panic!("{other}"),
    };
    assert_eq!(fault(&answer(None, Flags::of(Opcode::NOTIFY))), PeerFault::NoResponse);
    assert_eq!(fault(&answer(None, Flags::QR)), PeerFault::Opcode(Opcode::QUERY));
    assert_eq!(fault(&answer(Some("example.com."), notify)), PeerFault::OtherQuestion);
    let mut other_id = answer(None, notify);
    other_id[0] = 1;
    assert_eq!(fault(&other_id), PeerFault::Id(0x105));
    let good = answer(Some("example.org."), notify);
    for length in 0..good.len() {
        assert!(read(&good[..length]).is_err(), "{length}");
    }
}

#[cfg(feature = "rustcrypto")]
mod signed {
    use super::*;
    use crate::tsig::rustcrypto::Hmac;
    use crate::tsig::{self, Algorithm, Key, TsigRecord, sign_request, verify_request};

    fn key(secret: &[u8]) -> Key<Hmac> {
        let name: Name = "k.".parse().unwrap();
        Key::new(name.as_ref(), Algorithm::HmacSha256, secret).unwrap()
    }

    /// A NOTIFY signed and sent; what the target, which has `theirs`, answers; and what we make of it.
    fn exchange(theirs: Option<&Key<Hmac>>, rcode: Rcode) -> Result<(), Error> {
        let (apex, _) = soa();
        let now = UnixTime(1000);
        let mut query = [0; 900];
        let length = notify_query(&mut query, apex.as_ref(), None, 5).unwrap();
        let (length, mut verifier) = sign_request(&key(b"secret"), &mut query, length, now).unwrap();
        let flags = Flags::of(Opcode::NOTIFY).with(Flags::QR).with_rcode(rcode);
        let mut octets = answer(Some("example.org."), flags);
        if let Some(theirs) = theirs {
            let message = Message::new(&query[..length]).unwrap();
            let layout = message.layout().unwrap();
            let record = TsigRecord::read(&message, &layout).unwrap().unwrap();
            let mut tail = [0; 300];
            let signed = match verify_request(&message, &layout, &record, [theirs], now) {
                Ok(mut signer) => signer.sign(&[&octets], now, &mut tail).unwrap(),
                Err(rejection) => rejection.sign(&[&octets], &mut tail).unwrap(),
            };
            octets.extend_from_slice(&tail[..signed]);
            octets[11] += 1;
        }
        read_notify_answer(&octets, apex.as_ref(), 5, Some(&mut verifier), now)
    }

    #[test]
    fn answers_to_signed_queries_are_signed() {
        assert_eq!(exchange(Some(&key(b"secret")), Rcode::NOERROR), Ok(()));
        assert_eq!(exchange(None, Rcode::NOERROR), Err(Error::Tsig(tsig::Error::Missing)));
        let refused = exchange(Some(&key(b"secret")), Rcode::REFUSED).unwrap_err();
        assert!(matches!(refused, Error::Refused { rcode: Rcode::REFUSED, signed: true, .. }));
        let refused = exchange(None, Rcode::NOTIMP).unwrap_err();
        assert!(matches!(refused, Error::Refused { rcode: Rcode::NOTIMP, signed: false, .. }));
        let other = exchange(Some(&key(b"another")), Rcode::NOTAUTH).unwrap_err();
        assert!(matches!(other, Error::Tsig(tsig::Error::Peer { error: Rcode::BADSIG, signed: false, .. })));
    }
}
