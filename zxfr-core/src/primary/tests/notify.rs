//! NOTIFY (RFC 1996).

use super::*;
use std::vec;

/// A NOTIFY; its answer section has these records.
fn notify_with(qtype: Rtype, qclass: Class, answers: &[Record<'_>]) -> Vec<u8> {
    let mut octets = vec![0; 600];
    let mut writer = Writer::new(&mut octets);
    writer.question(name("eXample.").as_ref(), qtype, qclass).unwrap();
    for record in answers {
        writer.answer(record).unwrap();
    }
    let len = writer.finish(0x4321, Flags::of(Opcode::NOTIFY).with(Flags::AA));
    octets.truncate(len);
    octets
}

fn soa_of(owner: &Name, rdata: &[u8]) -> Vec<u8> {
    let class = Class::IN;
    notify_with(Rtype::SOA, class, &[Record { owner: owner.as_ref(), rtype: Rtype::SOA, class, ttl: 0, rdata }])
}

fn plain() -> Vec<u8> {
    notify_with(Rtype::SOA, Class::IN, &[])
}

fn notified(host: &Small, octets: &[u8], transport: Transport) -> Notify {
    match handle_request(host, octets, &asker(transport), NOW) {
        Action::Notify(notify) => notify,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_is_answered_with_its_header_and_question() {
    let host = Small::new();
    for transport in [Transport::Udp, Transport::Tcp] {
        let notify = notified(&host, &plain(), transport);
        assert_eq!((&notify.zone, notify.serial, &notify.key), (&name("example."), None, &None));
        assert_eq!(notify.asker, asker(transport));
        let message = Message::new(&notify.reply.message).unwrap();
        let header = message.header();
        let flags = Flags::of(Opcode::NOTIFY).with(Flags::QR).with(Flags::AA);
        assert_eq!((header.id, header.flags), (0x4321, flags));
        assert_eq!((header.questions, header.answers, header.authorities, header.additionals), (1, 0, 0, 0));
        assert!(message.question().unwrap().unwrap().qname.as_ref().octets_eq(name("eXample.").as_ref()));
        assert_eq!(notify.reply.refusal, None);
    }
}

#[test]
fn a_signed_one_is_answered_signed() {
    let host = Small { notify_key_needed: true, ..Small::new() };
    let (request, mut verifier) = signed(plain(), &host.key, NOW);
    let notify = notified(&host, &request, Transport::Udp);
    assert_eq!(notify.key, Some(name("key.example.")));
    let message = Message::new(&notify.reply.message).unwrap();
    verifier.verify(&message, &message.layout().unwrap(), NOW).unwrap();
    verifier.finish().unwrap();
    assert_eq!(assert_refused(&host, &plain(), Transport::Udp, Rcode::REFUSED, None), Refusal::KeyNeeded);
    let (forged, _) = signed(plain(), &Key::new(host.key.name(), host.key.algorithm(), b"guessed").unwrap(), NOW);
    let refusal = assert_refused(&host, &forged, Transport::Udp, Rcode::NOTAUTH, None);
    assert_eq!(refusal, Refusal::Tsig(Rcode::BADSIG));
}

#[test]
fn the_serial_is_a_hint_of_the_zones_own_soa() {
    let host = Small::new();
    let soa = [&[0, 0, 0, 0, 0, 77][..], &[0; 16]].concat();
    assert_eq!(notified(&host, &soa_of(&name("EXAMPLE."), &soa), Transport::Udp).serial.unwrap().0, 77);
    assert_eq!(notified(&host, &soa_of(&name("other."), &soa), Transport::Udp).serial, None);
    let cut = soa_of(&name("example."), &soa[1..]);
    assert_eq!(assert_refused(&host, &cut, Transport::Udp, Rcode::FORMERR, None), Refusal::Malformed);
}

#[test]
fn any_other_question_is_malformed() {
    let host = Small::new();
    for class in [Class::ANY, Class::NONE, Class::CH] {
        let octets = notify_with(Rtype::SOA, class, &[]);
        let refusal = assert_refused(&host, &octets, Transport::Udp, Rcode::FORMERR, None);
        assert_eq!(refusal, Refusal::NotifyQuestion, "{class}");
    }
    let axfr = notify_with(Rtype::AXFR, Class::IN, &[]);
    assert_eq!(assert_refused(&host, &axfr, Transport::Tcp, Rcode::FORMERR, None), Refusal::NotifyQuestion);
    let mut two = plain();
    two[5] = 2;
    two.extend_from_slice(&[0, 0, 6, 0, 1]);
    assert_eq!(assert_refused(&host, &two, Transport::Tcp, Rcode::FORMERR, None), Refusal::Malformed);
}

#[test]
fn strangers_are_refused_before_any_key_is_looked_for() {
    // keys() of this host would answer NeedKeys.
    let host = Small { later: true, ..Small::new() };
    let (request, _) = signed(plain(), &host.key, NOW);
    let stranger = Asker { addr: "192.0.2.1".parse().unwrap(), transport: Transport::Udp };
    let Action::Reply(reply) = handle_request(&host, &request, &stranger, NOW) else { panic!() };
    assert_eq!(reply.refusal, Some(Refusal::Stranger));
    let message = Message::new(&reply.message).unwrap();
    assert_eq!(message.header().flags.opcode(), Opcode::NOTIFY);
    let Action::NeedKeys(pending) = handle_request(&host, &request, &asker(Transport::Udp), NOW) else { panic!() };
    let Action::Notify(notify) = pending.supply(&host, vec![host.key.clone()], NOW) else { panic!() };
    assert_eq!(notify.key, Some(name("key.example.")));
}

#[test]
fn a_zone_that_is_not_served_yet_can_be_notified() {
    let host = Small { version: Err(Unserved::NotLoaded), full: true, ..Small::new() };
    assert_eq!(notified(&host, &plain(), Transport::Udp).zone, name("example."));
}
