//! Differences from a host's cursor.

use super::*;
use crate::transfer::{Event, Inbound, Limits};
use crate::tsig::{Mac, Verifier};
use crate::wire::Question;
use std::{format, vec};

fn asked_ixfr() -> Asked {
    let question = Question { qname: name("eXAMPLE."), qtype: Rtype::IXFR, qclass: Class::IN };
    Asked { id: ID, flags: Flags::RD, question, edns: true, expire: Some(3600) }
}

/// From 5 over 6 to 8, in so many records each.
fn differences(count: u8) -> Vec<Owned> {
    let hosts = |letter: char| {
        (0..count).map(move |host| Owned::new(&format!("{letter}{host}.example."), Rtype::A, &[10, 0, 0, host]))
    };
    let steps = [vec![soa(APEX, 8), soa(APEX, 5)], hosts('a').collect(), vec![soa(APEX, 6)], hosts('b').collect()];
    let more = [vec![soa(APEX, 6)], hosts('b').collect(), vec![soa(APEX, 8)], hosts('c').collect()];
    steps.into_iter().chain(more).flatten().collect()
}

fn send_differences<M: Mac>(records: &[Owned], from: u32, room: usize, signer: Option<Signer<M>>) -> Vec<Vec<u8>> {
    let mut outbound = CursorOutbound::ixfr(List(records), Serial(from), asked_ixfr(), signer);
    let mut out = vec![0; room];
    let mut messages = Vec::new();
    while let Some(length) = outbound.copy_to(&mut out, now(messages.len()).unix).unwrap() {
        messages.push(out[..length].to_vec());
    }
    assert!(outbound.is_done());
    assert_eq!(
        (outbound.kind(), outbound.totals().records),
        (Kind::Ixfr { from: Serial(from) }, records.len() as u64 + 1)
    );
    messages
}

/// What a secondary at this serial reads, the first SOA left out.
fn read<M: Mac>(messages: &[Vec<u8>], ours: u32, verifier: Option<Verifier<M>>) -> Vec<Owned> {
    let mut inbound = Inbound::ixfr(name(APEX).as_ref(), Serial(ours), ID, Limits::default(), verifier);
    let mut records = Vec::new();
    for (number, octets) in messages.iter().enumerate() {
        let mut events = inbound.handle_message(octets, now(number)).unwrap();
        while let Some(event) = events.next().unwrap() {
            match event {
                Event::Deletions { soa } | Event::Additions { soa } => records.push((&soa).into()),
                Event::Delete(record) | Event::Add(record) => records.push((&record).into()),
                Event::Commit { serial } => assert_eq!(serial, Serial(8)),
                other => panic!("{other:?}"),
            }
        }
    }
    inbound.eof().unwrap();
    records
}

#[test]
fn a_secondary_reads_what_was_sent() {
    let key = key::<Hmac>(Algorithm::HmacSha256);
    for (count, room) in [(0, 700), (1, 700), (200, 700), (200, 65_535)] {
        let records = differences(count);
        let ends = ends(&key);
        let messages = send_differences(&records, 5, room, Some(ends.0));
        assert_eq!(messages.len() > 2, (count, room) == (200, 700));
        assert_eq!(read(&messages, 5, Some(ends.1)), records[1..], "{count} in {room}");
    }
}

#[test]
fn the_first_message_says_when_the_zone_expires() {
    let messages = send_differences::<NoMac>(&differences(100), 5, 700, None);
    let edns: Vec<_> = messages
        .iter()
        .map(|octets| {
            let message = Message::new(octets).unwrap();
            Edns::read(&message, &message.layout().unwrap()).unwrap()
        })
        .collect();
    assert_eq!(edns[0].and_then(|edns| edns.expire_seconds()), Some(3600));
    assert!(edns.len() > 2 && edns[1..].iter().all(Option::is_none));
    assert!(messages.iter().all(|octets| octets.len() <= 700));
}

#[test]
fn soas_that_make_no_chain_are_not_sent() {
    let host = || txt("a.example.", 1);
    let [five, six, eight] = [5, 6, 8].map(|serial| move || soa(APEX, serial));
    let wrong: [(&str, Vec<Owned>); 9] = [
        ("nothing but the newest", vec![eight()]),
        ("a record before the first old SOA", vec![eight(), host(), five(), eight()]),
        ("not the asker's serial", vec![eight(), six(), eight()]),
        ("no new SOA", vec![eight(), five(), host()]),
        ("ends too early", vec![eight(), five(), six()]),
        ("a gap", vec![eight(), five(), six(), five(), eight()]),
        ("ends with deletions", vec![eight(), five(), six(), six(), host()]),
        ("goes beyond the newest", vec![six(), five(), six(), six(), eight()]),
        ("a lame SOA", vec![eight(), five(), Owned::new(APEX, Rtype::SOA, b"\0")]),
    ];
    for (what, records) in wrong {
        let mut outbound = CursorOutbound::<NoMac, _>::ixfr(List(&records), Serial(5), asked_ixfr(), None);
        let mut out = [0; 2000];
        assert_eq!(outbound.copy_to(&mut out, now(0).unix), Err(SendError::Chain), "{what}");
        assert_eq!(outbound.copy_to(&mut out, now(0).unix), Err(SendError::Broken), "{what}");
    }
}
