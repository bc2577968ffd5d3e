//! What is sent: messages, not only what a receiver makes of them.

use super::super::testing::*;
use super::*;
use crate::tsig::rustcrypto::Hmac;
use crate::tsig::{Algorithm, Key, NoMac};
use crate::wire::edns::OPT_LEN;
use crate::wire::{Edns, Flags, Message};
use core::convert::Infallible;
use proptest::prelude::*;
use std::string::ToString;
use std::vec::Vec;

mod differences;

fn sizes(messages: &[Vec<u8>]) -> Vec<usize> {
    messages.iter().map(Vec::len).collect()
}

/// A record of `length` octets of RDATA.
fn large(length: usize) -> Owned {
    Owned::new("a.example.", Rtype(65_280), &std::vec![7; length])
}

#[test]
fn headers_question_opt_and_tsig_are_where_they_belong() {
    let (signer, _) = ends::<Hmac>(&key(Algorithm::HmacSha256));
    let stream = send(&zone(90), 700, Some(signer)).unwrap();
    assert!(stream.len() > 2);
    for (number, octets) in stream.iter().enumerate() {
        let message = Message::new(octets).unwrap();
        let header = message.header();
        assert_eq!((header.id, header.flags), (ID, Flags::QR.with(Flags::AA).with(Flags::RD)));
        let layout = message.layout().unwrap();
        assert!(layout.tsig_at.is_some());
        let question = message.question().unwrap();
        if number == 0 {
            let question = question.unwrap();
            // In the asker's case.
            assert!(question.qname.as_ref().octets_eq(name("eXAMPLE.").as_ref()));
            assert_eq!(Edns::read(&message, &layout).unwrap(), Some(Edns::OURS));
        } else {
            assert_eq!((question, layout.opt_at), (None, None));
        }
    }
}

#[test]
fn no_opt_unless_asked_with_one() {
    let zone = zone(3);
    let mut outbound = CursorOutbound::<NoMac, _>::axfr(List(&zone), asked(false), None);
    let mut out = [0; 2000];
    let length = outbound.copy_to(&mut out, now(0).unix).unwrap().unwrap();
    assert_eq!(Message::new(&out[..length]).unwrap().layout().unwrap().opt_at, None);
    assert_eq!(outbound.copy_to(&mut out, now(0).unix), Ok(None));
}

#[test]
fn totals_and_serial() {
    let zone = zone(90);
    let mut outbound = CursorOutbound::<NoMac, _>::axfr(List(&zone), asked(true), None);
    assert_eq!(outbound.serial(), None);
    let mut out = [0; 700];
    let (mut octets, mut messages) = (0, 0);
    while let Some(length) = outbound.copy_to(&mut out, now(0).unix).unwrap() {
        octets += length as u64;
        messages += 1;
        assert_eq!(outbound.serial(), Some(Serial(7)));
    }
    assert_eq!(outbound.totals(), Totals { messages, records: 92, octets });
}

#[test]
fn messages_stay_where_pointers_reach_and_within_the_buffer() {
    let zone: Vec<Owned> = [soa(APEX, 7)].into_iter().chain((0..200).map(|_| txt("a.example.", 250))).collect();
    let key: Key<Hmac> = key(Algorithm::HmacSha512);
    let tail = ends(&key).0.tail_len();
    for room in [1024, 16_383, 16_384, 65_535, 100_000] {
        let stream = send(&zone, room, Some(ends(&key).0)).unwrap();
        let most = room.min(MAX_BODY + OPT_LEN + tail);
        assert!(sizes(&stream).iter().all(|size| *size <= most), "{room}: {:?}", sizes(&stream));
        // None that could have held one more record, but the last.
        assert!(sizes(&stream[..stream.len() - 1]).iter().all(|size| *size > most - tail - OPT_LEN - 270), "{room}");
    }
}

#[test]
fn large_record_goes_alone() {
    let zone = [soa(APEX, 7), txt("a.example.", 1), large(40_000), txt("b.example.", 2)];
    let (signer, verifier) = ends::<Hmac>(&key(Algorithm::HmacSha256));
    let stream = send(&zone, 65_535, Some(signer)).unwrap();
    let answers: Vec<u16> = stream.iter().map(|octets| Message::new(octets).unwrap().header().answers).collect();
    assert_eq!(answers, [2, 1, 2]);
    assert_eq!(receive_new(&stream, Some(verifier)).unwrap().records, zone);
}

#[test]
fn largest_record_is_sent_and_one_octet_more_is_not() {
    let key: Key<Hmac> = key(Algorithm::HmacSha512);
    for sign in [false, true] {
        let ends = || if sign { Some(ends(&key)) } else { None };
        let tail = ends().map_or(0, |(signer, _)| signer.tail_len());
        let most = 65_535 - 12 - (11 + 10) - tail;
        let zone = [soa(APEX, 7), large(most)];
        let (signer, verifier) = ends().unzip();
        let stream = send(&zone, 65_535, signer).unwrap();
        assert_eq!(stream[1].len(), 65_535);
        assert_eq!(receive_new(&stream, verifier).unwrap().records, zone);
        // It may have come unsigned, and can't go signed.
        let zone = [soa(APEX, 7), large(most + 1), txt("b.example.", 1)];
        let mut outbound = CursorOutbound::axfr(List(&zone), asked(true), ends().map(|(signer, _)| signer));
        let mut out = std::vec![0; 65_535];
        assert!(outbound.copy_to(&mut out, now(0).unix).unwrap().is_some());
        for _ in 0..2 {
            let error = outbound.copy_to(&mut out, now(1).unix).unwrap_err();
            assert_eq!(error, SendError::TooLarge { rtype: Rtype(65_280), room: 65_535 });
        }
        let record = outbound.next_record().unwrap().unwrap();
        assert_eq!(record.owner.to_string(), "a.example.");
    }
}

#[test]
fn record_too_large_for_the_buffer_is_sent_with_a_larger_one() {
    let zone = [soa(APEX, 7), txt("a.example.", 200), txt("b.example.", 10)];
    let (signer, verifier) = ends::<Hmac>(&key(Algorithm::HmacSha256));
    let mut outbound = CursorOutbound::axfr(List(&zone), asked(true), Some(signer));
    let mut stream = Vec::new();
    let mut refused = Vec::new();
    for room in (0..2000).step_by(10) {
        let mut out = std::vec![0; room];
        match outbound.copy_to(&mut out, now(stream.len()).unix) {
            Ok(Some(length)) => stream.push(out[..length].to_vec()),
            Ok(None) => break,
            Err(SendError::TooLarge { rtype, .. }) => refused.push(rtype),
            Err(error) => panic!("{error}"),
        }
    }
    refused.dedup();
    assert_eq!(refused, [Rtype::SOA, Rtype::TXT]);
    assert_eq!(receive_new(&stream, Some(verifier)).unwrap().records, zone);
}

#[test]
fn largest_names_key_and_mac_fit_together() {
    // 255 octets of apex, of key name, and of each name in the SOA.
    let label = |letter: u8| [&[61][..], &[letter; 61]].concat();
    let long = |letter| Name::from_octets(&[label(letter).repeat(4), [&[5][..], &[letter; 5], &[0]].concat()].concat());
    let (apex, key_name) = (long(b'a').unwrap(), long(b'k').unwrap());
    assert_eq!(apex.as_octets().len(), 255);
    let key: Key<Hmac> = Key::new(key_name.as_ref(), Algorithm::HmacSha512, b"a secret").unwrap();
    let rdata = [long(b'm').unwrap().as_octets(), long(b'r').unwrap().as_octets(), &[0; 20]].concat();
    let soa = Owned { owner: apex.clone(), ..Owned::new(".", Rtype::SOA, &rdata) };
    let mut query = [0; 2000];
    let length = crate::transfer::axfr_query(&mut query, apex.as_ref(), ID, true).unwrap();
    let (length, verifier) = crate::tsig::sign_request(&key, &mut query, length, now(0).unix).unwrap();
    let message = Message::new(&query[..length]).unwrap();
    let layout = message.layout().unwrap();
    let record = crate::tsig::TsigRecord::read(&message, &layout).unwrap().unwrap();
    let signer = crate::tsig::verify_request(&message, &layout, &record, [&key], now(0).unix).ok().unwrap();
    let asked = Asked {
        id: ID,
        flags: Flags::default(),
        question: message.question().unwrap().unwrap(),
        edns: true,
        expire: None,
    };
    let zone = [soa];
    let mut outbound = CursorOutbound::axfr(List(&zone), asked, Some(signer));
    let mut inbound = crate::transfer::Inbound::axfr(apex.as_ref(), ID, Default::default(), Some(verifier));
    let mut stream = Vec::new();
    // Room for each alone, so that the closing SOA has a message of its own.
    let mut out = [0; 1600];
    while let Some(length) = outbound.copy_to(&mut out, now(0).unix).unwrap() {
        stream.push(out[..length].to_vec());
    }
    assert_eq!(receive(&mut inbound, &stream).unwrap().records, zone);
}

#[test]
fn zone_without_soa_first_is_not_sent() {
    let mut out = [0; 2000];
    let zones: [&[Owned]; 4] = [&[], &[txt(APEX, 1)], &[soa("a.example.", 1)], &[txt(APEX, 1), soa(APEX, 1)]];
    for zone in zones {
        let mut outbound = CursorOutbound::<NoMac, _>::axfr(List(zone), asked(true), None);
        assert_eq!(outbound.copy_to(&mut out, now(0).unix), Err(SendError::NoSoa));
        assert_eq!(outbound.copy_to(&mut out, now(0).unix), Err(SendError::Broken));
        assert!(!outbound.is_done());
    }
}

#[test]
fn second_soa_is_not_sent() {
    let mut out = [0; 2000];
    let zone = [soa(APEX, 1), txt(APEX, 1), soa(APEX, 1)];
    let mut outbound = CursorOutbound::<NoMac, _>::axfr(List(&zone), asked(true), None);
    assert_eq!(outbound.copy_to(&mut out, now(0).unix), Err(SendError::SecondSoa));
    assert_eq!(outbound.copy_to(&mut out, now(0).unix), Err(SendError::Broken));
}

/// Fails at one record.
struct Failing<'z>(List<'z>, usize);

impl Cursor for Failing<'_> {
    type Error = &'static str;

    fn peek(&mut self) -> Result<Option<Record<'_>>, &'static str> {
        if self.1 == 0 { Err("disk") } else { self.0.peek().map_err(|never: Infallible| match never {}) }
    }

    fn advance(&mut self) {
        self.0.advance();
        self.1 -= 1;
    }
}

#[test]
fn failing_cursor_breaks_the_transfer_off() {
    let zone = zone(60);
    for at in [0, 1, 30, 60] {
        let mut outbound = CursorOutbound::<NoMac, _>::axfr(Failing(List(&zone), at), asked(true), None);
        let mut out = [0; 400];
        let mut stream = Vec::new();
        let error = loop {
            match outbound.copy_to(&mut out, now(0).unix) {
                Ok(length) => stream.push(out[..length.unwrap()].to_vec()),
                Err(error) => break error,
            }
        };
        assert_eq!(error, SendError::Cursor("disk"));
        assert_eq!(error.to_string(), "records can't be had: disk");
        assert_eq!(outbound.copy_to(&mut out, now(0).unix), Err(SendError::Broken));
        assert!(receive_new::<NoMac>(&stream, None).is_err());
    }
}

proptest! {
    #[test]
    fn any_buffer_sends_all_or_says_why(zone in any_zone(), room in 0..4000_usize) {
        match send::<NoMac>(&zone, room, None) {
            Ok(stream) => prop_assert_eq!(receive_new::<NoMac>(&stream, None).unwrap().records, zone),
            Err(SendError::TooLarge { .. }) => prop_assert!(room < 3_100),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}
