//! What is taken in, and what of it is told.

mod ahead;
mod datagram;
mod ixfr;
mod limits;
mod streams;
mod verdicts;

use super::super::testing::*;
use super::super::{Error, Limit, PeerFault};
use super::*;
use crate::error::WireFault;
use crate::time::UnixTime;
use crate::tsig::NoMac;
use crate::wire::{Class, Ede, Edns, Flags, Message, Opcode, Question, Rcode, Rtype};
use std::string::ToString;
use std::vec::Vec;

/// What comes of an unsigned transfer of these messages.
fn unsigned(messages: &[Vec<u8>]) -> Result<Received, Error> {
    receive_new::<NoMac>(messages, None)
}

/// The messages that these records make.
fn messages<const N: usize>(records: [&[Owned]; N]) -> Vec<Vec<u8>> {
    records.iter().map(|answers| Draft::of(answers).octets()).collect()
}

/// What is wrong with a transfer of these messages, in which of them.
fn fault(messages: &[Vec<u8>]) -> (PeerFault, u64) {
    match unsigned(messages) {
        Err(Error::Peer { fault, message, .. }) => (fault, message),
        other => panic!("{other:?}"),
    }
}

fn question(qname: &str, qtype: Rtype, qclass: Class) -> Question {
    Question { qname: name(qname), qtype, qclass }
}

#[test]
fn takes_a_zone_of_an_soa_alone() {
    let received = unsigned(&messages([&[soa(APEX, 7), soa(APEX, 7)]])).unwrap();
    assert_eq!((received.records, received.serial), (Vec::from([soa(APEX, 7)]), Serial(7)));
}

#[test]
fn takes_the_soa_alone_in_the_first_message_and_in_the_last() {
    // ixfrdist begins so, and a full last message ends so.
    let zone = zone(3);
    let received = unsigned(&messages([&zone[..1], &zone[1..], &zone[..1]])).unwrap();
    assert_eq!(received.records, zone);
}

#[test]
fn takes_one_record_a_message() {
    let zone = zone(9);
    let closed: Vec<Vec<u8>> =
        zone.iter().chain(&zone[..1]).map(|record| Draft::of(std::slice::from_ref(record)).octets()).collect();
    assert_eq!(unsigned(&closed).unwrap().records, zone);
}

#[test]
fn takes_records_in_any_order_and_twice() {
    let mut zone = zone(5);
    zone[1..].reverse();
    zone.extend_from_within(2..4);
    assert_eq!(unsigned(&messages([&zone, &zone[..1]])).unwrap().records, zone);
}

#[test]
fn closing_soa_is_compared_without_case_and_ttl() {
    let mut closing = soa("EXAMPLE.", 7);
    let names = closing.rdata.len() - 20;
    closing.rdata[..names].make_ascii_uppercase();
    closing.ttl = 1;
    assert_ne!(closing.rdata, soa(APEX, 7).rdata);
    assert_eq!(unsigned(&messages([&zone(2), &[closing]])).unwrap().records, zone(2));
}

#[test]
fn aa_rd_and_other_flags_do_not_matter() {
    // QR is set, opcode, TC and RCODE are 0; the rest may be anything.
    for flags in [0x8000, 0x8400, 0x8100, 0x85f0, 0x8070].map(Flags) {
        let draft = Draft { flags, ..Draft::of(&[soa(APEX, 7), soa(APEX, 7)]) };
        assert!(unsigned(&[draft.octets()]).is_ok(), "{flags:?}");
    }
}

#[test]
fn question_may_be_in_all_messages_in_the_first_or_in_none() {
    let zone = zone(2);
    for with_question in [[false; 3], [true, false, false], [true; 3], [false, true, false]] {
        let parts = [&zone[..1], &zone[1..], &zone[..1]];
        let stream: Vec<Vec<u8>> = parts
            .iter()
            .zip(with_question)
            .map(|(answers, with)| {
                let question = question("exAmple.", Rtype::AXFR, Class::IN);
                let questions = if with { Vec::from([question]) } else { Vec::new() };
                Draft { questions, ..Draft::of(answers) }.octets()
            })
            .collect();
        assert_eq!(unsigned(&stream).unwrap().records, zone, "{with_question:?}");
    }
}

#[test]
fn opt_may_be_in_all_messages_in_the_first_or_in_none() {
    let zone = zone(2);
    for with_opt in [[false; 2], [true, false], [true; 2]] {
        let stream: Vec<Vec<u8>> = [&zone[..], &zone[..1]]
            .iter()
            .zip(with_opt)
            .map(|(answers, with)| Draft { edns: with.then_some(Edns::OURS), ..Draft::of(answers) }.octets())
            .collect();
        assert_eq!(unsigned(&stream).unwrap().records, zone, "{with_opt:?}");
    }
}

#[test]
fn authority_and_additional_records_are_not_looked_at() {
    let mut odd = txt("elsewhere.", 3);
    odd.class = Class::CH;
    let draft =
        Draft { authorities: Vec::from([odd, soa("a.example.", 9)]), ..Draft::of(&[soa(APEX, 7), soa(APEX, 7)]) };
    assert!(unsigned(&[draft.octets()]).is_ok());
}

#[test]
fn later_messages_may_be_empty() {
    assert_eq!(unsigned(&messages([&zone(2), &[], &[], &zone(0)])).unwrap().records, zone(2));
}

#[test]
fn record_outside_the_zone_is_skipped_and_counted() {
    let outside = [txt("example.org.", 1), txt(".", 2), txt("notexample.", 3)];
    let zone = zone(2);
    let mut inbound = Inbound::<NoMac>::axfr(name(APEX).as_ref(), ID, Limits::default(), None);
    let stream = messages([&zone[..2], &outside, &zone[2..], &zone[..1]]);
    let received = receive(&mut inbound, &stream).unwrap();
    assert_eq!((received.records, received.skipped), (zone, outside.to_vec()));
    assert_eq!(inbound.skipped(), 3);
    let octets = stream.iter().map(Vec::len).sum::<usize>() as u64;
    assert_eq!(inbound.totals(), Totals { messages: 4, records: 7, octets });
}

#[test]
fn ttl_with_the_top_bit_is_0() {
    let mut record = txt(APEX, 1);
    record.ttl = 1 << 31;
    assert_eq!(unsigned(&messages([&zone(0), &[record], &zone(0)])).unwrap().records[1].ttl, 0);
}

#[test]
fn events_left_untaken_end_the_transfer() {
    let zone = zone(3);
    let stream = messages([&zone, &zone[..1]]);
    let mut inbound = Inbound::<NoMac>::axfr(name(APEX).as_ref(), ID, Limits::default(), None);
    {
        let mut events = inbound.handle_message(&stream[0], now(0)).unwrap();
        assert!(matches!(events.next(), Ok(Some(Event::Begin { .. }))));
    }
    let unread = Error::Unread { message: 1 };
    assert_eq!(inbound.handle_message(&stream[1], now(1)).unwrap_err(), unread);
    assert_eq!(inbound.eof(), Err(unread));
}

#[test]
fn none_need_not_be_waited_for() {
    // Whoever counts, or stops at the commit, has taken all events just as well.
    let zone = zone(1);
    let stream = messages([&zone, &zone[..1]]);
    let mut inbound = Inbound::<NoMac>::axfr(name(APEX).as_ref(), ID, Limits::default(), None);
    let mut events = inbound.handle_message(&stream[0], now(0)).unwrap();
    for _ in &zone {
        assert!(events.next().unwrap().is_some());
    }
    let mut events = inbound.handle_message(&stream[1], now(1)).unwrap();
    assert!(matches!(events.next(), Ok(Some(Event::Commit { serial: Serial(7) }))));
    assert!(inbound.is_done());
    assert_eq!(inbound.eof(), Ok(()));
}

#[test]
fn errors_say_who_and_where() {
    let refusal = Draft {
        flags: Flags::QR.with_rcode(Rcode::REFUSED),
        edns: Some(Edns { ede: Some((Ede::PROHIBITED, b"no")), ..Edns::OURS }),
        ..Draft::of(&[])
    };
    let zone = zone(2);
    for (stream, text) in [
        (Vec::from([refusal.octets()]), "peer refused: REFUSED, Prohibited"),
        (
            messages([&zone, &[soa(APEX, 8)]]),
            "peer misbehaved in message 2 at octet 12: SOA with serial 8 in a transfer that began with serial 7",
        ),
        (messages([&[]]), "peer misbehaved in message 1: neither an answer nor an error"),
        (messages([&zone, &[]]), "connection ended after 2 messages with 3 records, before the closing SOA"),
        (Vec::from([std::vec![0; 5]]), "peer misbehaved in message 1 at octet 5: message ends too early"),
    ] {
        assert_eq!(unsigned(&stream).unwrap_err().to_string(), text);
    }
    let cut = Error::Limit(Limit::Records(5)).to_string();
    assert_eq!(cut, "transfer cut at the limit here of 5 records");
}

#[test]
fn state_has_a_size_to_live_with() {
    let octets = size_of::<Inbound<crate::tsig::rustcrypto::Hmac>>();
    assert!((3_000..3_800).contains(&octets), "{octets}");
}
