//! IXFR (RFC 1995) by TCP and UDP, and EXPIRE (RFC 7314).

use super::*;
use crate::time::{Instant, Now};
use crate::transfer::{Event, Inbound, Kind, Limits, ixfr_query};
use crate::tsig::TsigRecord;
use crate::wire::Expire;
use crate::zone::Delta;
use core::time::Duration;
use std::vec;

const THEN: Now = Now { instant: Instant::from_origin(Duration::ZERO), unix: NOW };

fn soa(serial: u32) -> Vec<u8> {
    [b"\x02ns\0\x04mail\0".as_slice(), &serial.to_be_bytes(), &[0; 16]].concat()
}

/// A zone of so many hosts, of which the first `changed` have an address with the serial in it.
fn zone(serial: u32, hosts: u32, changed: u32) -> Arc<Version> {
    let apex = name("Example.");
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
    let mut push = |owner: &Name, rtype, rdata: &[u8]| {
        builder.push(&Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 60, rdata }).unwrap();
    };
    push(&apex, Rtype::SOA, &soa(serial));
    for number in 0..hosts {
        let address = if number < changed { serial } else { 0 };
        push(&name(&std::format!("host{number}.Example.")), Rtype::A, &address.to_be_bytes());
    }
    Arc::new(builder.finish().unwrap().0)
}

/// A host with the zone at serial 9, and the deltas from 7 over 8.
fn host(hosts: u32, changed: u32) -> Small {
    let versions = [7, 8, 9].map(|serial| zone(serial, hosts, changed));
    let host = Small { version: Ok(versions[2].clone()), ..Small::new() };
    for pair in versions.windows(2) {
        host.journal.borrow_mut().push(Arc::new(pair[0].diff(&pair[1]).unwrap())).unwrap();
    }
    host
}

fn query(serial: u32, edns: bool) -> Vec<u8> {
    let apex = name("EXAMPLE.");
    let rdata = soa(serial);
    let soa = Record { owner: apex.as_ref(), rtype: Rtype::SOA, class: Class::IN, ttl: 60, rdata: &rdata };
    let mut octets = vec![0; 1100];
    let length = ixfr_query(&mut octets, apex.as_ref(), &soa, 0x1234, edns).unwrap();
    octets.truncate(length);
    octets
}

fn stream(host: &Small, request: &[u8]) -> Outbound<Hmac> {
    match handle_request(host, request, &asker(Transport::Tcp), NOW) {
        Action::Stream(outbound) => outbound,
        other => panic!("{other:?}"),
    }
}

fn messages(mut outbound: Outbound<Hmac>) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while let Some(frame) = outbound.poll_transmit(NOW).unwrap() {
        messages.push(frame.parts().concat());
    }
    messages
}

/// Deletions and additions that a secondary at this serial reads; `None` when it got a zone.
fn read(messages: &[Vec<u8>], from: u32, verifier: Option<tsig::Verifier<Hmac>>) -> Option<(u32, u32)> {
    let mut inbound = Inbound::ixfr(name("example.").as_ref(), Serial(from), 0x1234, Limits::default(), verifier);
    let (mut deleted, mut added, mut whole) = (0, 0, false);
    for octets in messages {
        let mut events = inbound.handle_message(octets, THEN).unwrap();
        while let Some(event) = events.next().unwrap() {
            match event {
                Event::Begin { .. } => whole = true,
                Event::Delete(_) => deleted += 1,
                Event::Add(_) => added += 1,
                _ => {}
            }
        }
    }
    inbound.eof().unwrap();
    (!whole).then_some((deleted, added))
}

/// The SOA's serial of an answer that has nothing else.
fn single_soa(octets: &[u8]) -> u32 {
    let message = Message::new(octets).unwrap();
    let header = message.header();
    assert_eq!((header.answers, header.flags.has(Flags::TC), header.flags.rcode()), (1, false, Rcode::NOERROR));
    let mut scratch = crate::wire::Scratch::new();
    let layout = message.layout().unwrap();
    message.answers(&layout, &mut scratch).next().unwrap().unwrap().soa().unwrap().serial.0
}

#[test]
fn differences_are_streamed_signed() {
    let host = host(2_000, 700);
    let (request, verifier) = signed(query(7, true), &host.key, NOW);
    let outbound = stream(&host, &request);
    assert_eq!((outbound.kind(), outbound.serial()), (Kind::Ixfr { from: Serial(7) }, Serial(9)));
    let messages = messages(outbound);
    assert!(messages.len() > 1);
    assert_eq!(read(&messages, 7, Some(verifier)), Some((700, 700)));
    for (number, octets) in messages.iter().enumerate() {
        let message = Message::new(octets).unwrap();
        let question = message.question().unwrap();
        assert_eq!(question.as_ref().map(|question| question.qtype), (number == 0).then_some(Rtype::IXFR));
        assert_eq!(
            question.map(|question| question.qname.as_octets().to_vec()),
            (number == 0).then(|| b"\x07EXAMPLE\0".to_vec())
        );
    }
}

#[test]
fn what_the_journal_does_not_know_is_the_whole_zone() {
    let host = host(20, 2);
    let outbound = stream(&host, &query(6, true));
    assert_eq!(outbound.kind(), Kind::Axfr);
    let messages = messages(outbound);
    assert_eq!(Message::new(&messages[0]).unwrap().question().unwrap().unwrap().qtype, Rtype::IXFR);
    assert_eq!(read(&messages, 6, None), None);
    // Serials without an order between them.
    assert_eq!(stream(&host, &query(9 + (1 << 31), true)).kind(), Kind::Axfr);
}

#[test]
fn who_has_the_newest_gets_the_soa_alone() {
    let host = Small { full: true, ..host(20, 2) };
    for transport in [Transport::Tcp, Transport::Udp] {
        for from in [9, 10, 9 + (1 << 31) - 1] {
            let (request, mut verifier) = signed(query(from, true), &host.key, NOW);
            let reply = reply(&host, &request, transport);
            assert_eq!((single_soa(&reply.message), reply.refusal), (9, None));
            let message = Message::new(&reply.message).unwrap();
            verifier.verify(&message, &message.layout().unwrap(), NOW).unwrap();
            assert_eq!(message.question().unwrap().unwrap().qtype, Rtype::IXFR);
            let sent = reply.sent.unwrap();
            assert_eq!(
                (sent.kind, sent.serial, sent.key),
                (Kind::UpToDate { from: Serial(from) }, Serial(9), Some(name("key.example.")))
            );
        }
    }
}

#[test]
fn a_datagram_has_the_whole_answer_or_the_soa() {
    // No transfer may start, and none has to.
    let host = Small { full: true, ..host(100, 3) };
    let small = reply(&host, &query(7, true), Transport::Udp);
    assert_eq!(read(&[small.message.to_vec()], 7, None), Some((3, 3)));
    let sent = small.sent.unwrap();
    assert_eq!((sent.kind, sent.totals.messages, sent.totals.records), (Kind::Ixfr { from: Serial(7) }, 1, 10));
    assert_eq!(sent.totals.octets, small.message.len() as u64);
    // The same as over a stream, where there it is more.
    let host = Small { full: false, ..host };
    assert_eq!(messages(stream(&host, &query(7, true))), [small.message.to_vec()]);
    assert_eq!(stream(&host, &query(6, true)).kind(), Kind::Axfr);
    let large = reply(&host, &query(6, true), Transport::Udp);
    assert_eq!((single_soa(&large.message), large.sent.is_none()), (9, true));
}

#[test]
fn a_datagram_holds_what_the_asker_takes_signature_counted() {
    let mut seen = [false; 2];
    for changed in 1..40 {
        let host = host(500, changed);
        let tail = signed(query(7, true), &host.key, NOW).0.len() - query(7, true).len();
        for (edns, most) in [(None, 512), (Some(100), 512), (Some(700), 700), (Some(1232), 1232), (Some(4096), 1232)] {
            for sign in [false, true] {
                let mut request = query(7, edns.is_some());
                if let Some(size) = edns {
                    let at = request.len() - 12;
                    request[at..at + 2].copy_from_slice(&u16::to_be_bytes(size));
                }
                let request = if sign { signed(request, &host.key, NOW).0 } else { request };
                let stream = messages(stream(&host, &request));
                let fits = stream.len() == 1 && stream[0].len() <= most;
                let reply = reply(&host, &request, Transport::Udp);
                assert!(reply.message.len() <= most);
                if fits {
                    assert_eq!(reply.message, stream[0]);
                } else {
                    assert_eq!(single_soa(&reply.message), 9);
                    // Without the signature it would have fitted.
                    seen[1] |= sign && stream[0].len() - tail <= most;
                }
                seen[0] |= fits && sign;
            }
        }
    }
    assert_eq!(seen, [true; 2]);
}

#[test]
fn a_small_zone_goes_whole_in_a_datagram() {
    let host = host(5, 5);
    let reply = reply(&host, &query(1, true), Transport::Udp);
    assert_eq!(read(&[reply.message.to_vec()], 1, None), None);
    assert_eq!(reply.sent.unwrap().kind, Kind::Axfr);
}

#[test]
fn an_ixfr_without_the_askers_soa_is_malformed() {
    let host = host(20, 2);
    let refused = |octets: &[u8]| assert_refused(&host, octets, Transport::Tcp, Rcode::FORMERR, None);
    assert_eq!(refused(&request("example.", Rtype::IXFR, Class::IN)), Refusal::IxfrWithoutSoa);
    let make = |owner: &str, rtype, class, rdata: &[u8], count: u8| {
        let mut octets = vec![0; 600];
        let mut writer = Writer::new(&mut octets);
        writer.question(name("example.").as_ref(), Rtype::IXFR, Class::IN).unwrap();
        for _ in 0..count {
            writer.authority(&Record { owner: name(owner).as_ref(), rtype, class, ttl: 0, rdata }).unwrap();
        }
        let length = writer.finish(9, Flags::default());
        octets.truncate(length);
        octets
    };
    for octets in [
        make("other.", Rtype::SOA, Class::IN, &soa(7), 1),
        make("example.", Rtype::SOA, Class::CH, &soa(7), 1),
        make("example.", Rtype::SOA, Class::IN, &soa(7)[1..], 1),
        make("example.", Rtype::TXT, Class::IN, b"\x01a", 1),
        make("example.", Rtype::SOA, Class::IN, &soa(7), 2),
    ] {
        assert_eq!(refused(&octets), Refusal::IxfrWithoutSoa);
    }
    assert_eq!(
        stream(&host, &make("eXample.", Rtype::SOA, Class::IN, &soa(7), 1)).kind(),
        Kind::Ixfr { from: Serial(7) }
    );
}

#[test]
fn a_transfer_takes_a_place() {
    let host = Small { full: true, ..host(20, 2) };
    let refusal = assert_refused(&host, &query(7, true), Transport::Tcp, Rcode::REFUSED, Some(Ede::PROHIBITED));
    assert_eq!(refusal, Refusal::Quota);
}

#[test]
fn largest_key_name_mac_and_question_still_fit() {
    let label = |letter: u8| [&[61][..], &[letter; 61]].concat();
    let long = |letter| {
        Name::from_octets(&[label(letter).repeat(4), [&[5][..], &[letter; 5], &[0]].concat()].concat()).unwrap()
    };
    let (apex, key_name) = (long(b'a'), long(b'k'));
    let rdata =
        |serial: u32| [long(b'm').as_octets(), long(b'r').as_octets(), &serial.to_be_bytes(), &[0; 16]].concat();
    // Enough of it that the differences are less.
    let version = |serial: u32, extra: Option<&[u8]>| {
        let soa = rdata(serial);
        let filler: Vec<Vec<u8>> = (0..20_u8).map(|number| vec![number; 100]).collect();
        let data = filler.iter().map(|rdata| (Rtype(65_281), &rdata[..]));
        let data = data.chain([(Rtype::SOA, &soa[..])]).chain(extra.map(|extra| (Rtype(65_280), extra)));
        let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
        for (rtype, rdata) in data {
            builder.push(&Record { owner: apex.as_ref(), rtype, class: Class::IN, ttl: 60, rdata }).unwrap();
        }
        Arc::new(builder.finish().unwrap().0)
    };
    let key = Key::<Hmac>::new(key_name.as_ref(), Algorithm::HmacSha512, b"a secret").unwrap();
    let request = {
        let mut octets = vec![0; 2000];
        let mine = rdata(1);
        let soa = Record { owner: apex.as_ref(), rtype: Rtype::SOA, class: Class::IN, ttl: 60, rdata: &mine };
        let length = ixfr_query(&mut octets, apex.as_ref(), &soa, 0x1234, true).unwrap();
        octets.truncate(length);
        octets
    };
    let tail = signed(request.clone(), &key, NOW).0.len() - request.len();
    // The largest record that can be sent with OPT and this signature, and one octet more.
    let most = 65_535 - 12 - (255 + 10) - 11 - tail;
    for (length, fits) in [(100, true), (16_000, true), (most, true), (most + 1, false)] {
        let versions = [version(1, None), version(2, Some(&vec![7; length]))];
        let delta: Delta = versions[0].diff(&versions[1]).unwrap();
        let mut journal = Journal::new(JournalLimits::default());
        journal.push(Arc::new(delta)).unwrap();
        let Answer::Differences(differences) = journal.answer(&versions[1], Serial(1)) else { panic!() };
        let (request, verifier) = signed(request.clone(), &key, NOW);
        let message = Message::new(&request).unwrap();
        let layout = message.layout().unwrap();
        let record = TsigRecord::read(&message, &layout).unwrap().unwrap();
        let signer = tsig::verify_request(&message, &layout, &record, [&key], NOW).ok().unwrap();
        let question = message.question().unwrap().unwrap();
        let asked = crate::transfer::Asked { id: 0x1234, flags: Flags::default(), question, edns: true, expire: None };
        let outbound = Outbound::ixfr(differences, asked, Some(signer));
        assert_eq!(outbound.is_ok(), fits, "{length}");
        if let Ok(outbound) = outbound {
            let messages = messages(outbound);
            let mut inbound = Inbound::ixfr(apex.as_ref(), Serial(1), 0x1234, Limits::default(), Some(verifier));
            let mut records = 0;
            for octets in &messages {
                let mut events = inbound.handle_message(octets, THEN).unwrap();
                while let Some(event) = events.next().unwrap() {
                    records += u32::from(matches!(event, Event::Add(_)));
                }
            }
            inbound.eof().unwrap();
            assert_eq!(records, 1);
        }
    }
}

#[test]
fn expire_is_said_to_who_asks_and_only_then() {
    let host = Small { expire: Some(77), ..host(2_000, 100) };
    let said = |octets: &[u8]| {
        let message = Message::new(octets).unwrap();
        Edns::read(&message, &message.layout().unwrap()).unwrap().and_then(|edns| edns.expire)
    };
    let soa = |opt: Edns<'_>| {
        let mut octets = vec![0; 600];
        let mut writer = Writer::new(&mut octets);
        writer.question(name("example.").as_ref(), Rtype::SOA, Class::IN).unwrap();
        writer.additional(|out| opt.write(out)).unwrap();
        let length = writer.finish(9, Flags::default());
        octets.truncate(length);
        octets
    };
    let answer = |octets: &[u8], transport| said(&reply(&host, octets, transport).message);
    assert_eq!(answer(&soa(Edns::QUERY), Transport::Udp), Some(Expire::Seconds(77)));
    assert_eq!(answer(&soa(Edns::OURS), Transport::Udp), None);
    // A time in a request is not for it to say.
    let silly = Edns { expire: Some(Expire::Seconds(5)), ..Edns::OURS };
    assert_eq!(answer(&soa(silly), Transport::Udp), None);
    assert_eq!(answer(&query(9, true), Transport::Udp), Some(Expire::Seconds(77)));
    for (number, octets) in messages(stream(&host, &query(7, true))).iter().enumerate() {
        assert_eq!(said(octets), (number == 0).then_some(Expire::Seconds(77)));
    }
    let mut axfr = vec![0; 300];
    let length = crate::transfer::axfr_query(&mut axfr, name("example.").as_ref(), 9, true).unwrap();
    let first = stream(&host, &axfr[..length]).poll_transmit(NOW).unwrap().unwrap().parts().concat();
    assert_eq!(said(&first), Some(Expire::Seconds(77)));
    // A refusal says nothing of it, nor does a host that doesn't know.
    let full = Small { full: true, ..host };
    assert_eq!(said(&reply(&full, &axfr[..length], Transport::Tcp).message), None);
    let silent = Small { expire: None, ..full };
    assert_eq!(said(&reply(&silent, &soa(Edns::QUERY), Transport::Udp).message), None);
}

#[test]
fn a_deleted_record_that_cannot_be_signed_makes_it_the_whole_zone() {
    let apex = name("Example.");
    let version = |serial: u32, large: usize| {
        let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
        let filler = (0..5_u8).map(|number| (Rtype(65_281), vec![number; 15_000]));
        let large = (large > 0).then(|| (Rtype(65_280), vec![7; large]));
        for (rtype, rdata) in filler.chain(large).chain([(Rtype::SOA, soa(serial))]) {
            builder.push(&Record { owner: apex.as_ref(), rtype, class: Class::IN, ttl: 60, rdata: &rdata }).unwrap();
        }
        Arc::new(builder.finish().unwrap().0)
    };
    let (old, new) = (version(1, 65_535 - 12 - 9 - 10 - 20), version(2, 0));
    let host = Small { version: Ok(new.clone()), ..Small::new() };
    host.journal.borrow_mut().push(Arc::new(old.diff(&new).unwrap())).unwrap();
    let (request, verifier) = signed(query(1, true), &host.key, NOW);
    let signed = stream(&host, &request);
    assert_eq!(signed.kind(), Kind::Axfr);
    assert_eq!(read(&messages(signed), 1, Some(verifier)), None);
    let plain = stream(&host, &query(1, false));
    assert_eq!(plain.kind(), Kind::Ixfr { from: Serial(1) });
    assert_eq!(read(&messages(plain), 1, None), Some((1, 0)));
}
