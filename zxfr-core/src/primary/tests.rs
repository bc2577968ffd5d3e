//! Tests of the primary: a small host, every refusal, SOA and AXFR signed and not; IXFR and NOTIFY in files of their own.

use super::*;
use crate::journal::{Journal, JournalLimits};
use crate::name::NameRef;
use crate::tsig::rustcrypto::Hmac;
use crate::tsig::{self, sign_request};
use crate::wire::{Class, Ede, Edns, Opcode, Rcode, Record, Rtype, Writer};
use crate::zone::{BuildLimits, Builder, Version};
use alloc::sync::Arc;
use core::cell::RefCell;
use core::net::{IpAddr, Ipv4Addr};

mod ixfr;
mod notify;
mod queries;
mod update;

const NOW: UnixTime = UnixTime(1_800_000_000);

struct Small {
    version: Result<Arc<Version>, Unserved>,
    key: Key<Hmac>,
    key_needed: bool,
    later: bool,
    full: bool,
    journal: RefCell<Journal>,
    expire: Option<u32>,
    notify_key_needed: bool,
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn key(name_text: &str) -> Key<Hmac> {
    Key::new(name(name_text).as_ref(), Algorithm::HmacSha256, b"0123456789abcdef").unwrap()
}

fn version(extra: &[u8]) -> Arc<Version> {
    let apex = name("Example.");
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
    let soa = [b"\x02ns\0\x04mail\0".as_slice(), &[0, 0, 0, 9], &[0; 16]].concat();
    let mut push = |owner: &str, rtype, rdata: &[u8]| {
        let owner = name(owner);
        let record = Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 60, rdata };
        builder.push(&record).unwrap();
    };
    push("Example.", Rtype::SOA, &soa);
    for number in 0..2_000_u32 {
        push(&std::format!("host{number}.Example."), Rtype::A, &number.to_be_bytes());
    }
    push("z.Example.", Rtype(65_280), extra);
    Arc::new(builder.finish().unwrap().0)
}

impl Small {
    fn new() -> Self {
        Self {
            version: Ok(version(b"z")),
            key: key("Key.example."),
            key_needed: false,
            later: false,
            full: false,
            journal: RefCell::new(Journal::new(JournalLimits::default())),
            expire: None,
            notify_key_needed: false,
        }
    }
}

impl Host for Small {
    type Mac = Hmac;

    fn admits(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        zone == name("example.").as_ref() && asker.addr.is_loopback()
    }

    fn keys(&self, wanted: &KeyWanted<'_>) -> Keys<Hmac> {
        match () {
            () if self.later => Keys::Later,
            () if wanted.name == self.key.name() => Keys::Found(std::vec![self.key.clone()]),
            () => Keys::Found(Vec::new()),
        }
    }

    fn key_admits(&self, _: NameRef<'_>, _: &Asker, key: Option<NameRef<'_>>) -> bool {
        key.is_some() || !self.key_needed
    }

    fn version(&self, _: NameRef<'_>) -> Result<Arc<Version>, Unserved> {
        self.version.clone()
    }

    fn admit_transfer(&self, _: NameRef<'_>, _: &Asker) -> bool {
        !self.full
    }

    fn answer(&self, _: NameRef<'_>, version: &Arc<Version>, from: Serial) -> Answer {
        self.journal.borrow_mut().answer(version, from)
    }

    fn expire(&self, _: NameRef<'_>) -> Option<u32> {
        self.expire
    }

    fn admits_notify(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        self.admits(zone, asker)
    }

    fn notify_key_admits(&self, _: NameRef<'_>, _: &Asker, key: Option<NameRef<'_>>) -> bool {
        key.is_some() || !self.notify_key_needed
    }
}

fn asker(transport: Transport) -> Asker {
    Asker { addr: IpAddr::V4(Ipv4Addr::LOCALHOST), transport }
}

/// A request with OPT.
fn request(qname: &str, qtype: Rtype, qclass: Class) -> Vec<u8> {
    let mut octets = std::vec![0; 600];
    let mut writer = Writer::new(&mut octets);
    writer.question(name(qname).as_ref(), qtype, qclass).unwrap();
    writer.additional(|out| Edns::OURS.write(out)).unwrap();
    let len = writer.finish(0x1234, Flags::RD);
    octets.truncate(len);
    octets
}

fn signed(mut octets: Vec<u8>, key: &Key<Hmac>, now: UnixTime) -> (Vec<u8>, tsig::Verifier<Hmac>) {
    let len = octets.len();
    octets.resize(len + 600, 0);
    let (len, verifier) = sign_request(key, &mut octets, len, now).unwrap();
    octets.truncate(len);
    (octets, verifier)
}

fn reply(host: &Small, octets: &[u8], transport: Transport) -> Reply {
    match handle_request(host, octets, &asker(transport), NOW) {
        Action::Reply(reply) => reply,
        other => panic!("{other:?}"),
    }
}

fn octets(reply: &Reply) -> Vec<u8> {
    reply.message.to_vec()
}

#[track_caller]
fn assert_refused(host: &Small, request: &[u8], transport: Transport, rcode: Rcode, ede: Option<Ede>) -> Refusal {
    let reply = reply(host, request, transport);
    let octets = octets(&reply);
    let message = Message::new(&octets).unwrap();
    let layout = message.layout().unwrap();
    let edns = Edns::read(&message, &layout).unwrap();
    let header = message.header();
    assert_eq!(edns.map_or_else(|| header.flags.rcode(), |edns| edns.rcode(&message)), rcode);
    assert_eq!(edns.and_then(|edns| edns.ede).map(|(code, _)| code), ede);
    assert_eq!(header.id.to_be_bytes(), request[..2]);
    assert!(header.flags.has(Flags::QR) && header.answers == 0);
    reply.refusal.unwrap()
}

#[test]
fn refusals_say_why() {
    let host = Small::new();
    let tcp = Transport::Tcp;
    let refused = |request: &[u8], rcode, ede| assert_refused(&host, request, tcp, rcode, ede);
    let axfr = |zone| request(zone, Rtype::AXFR, Class::IN);
    assert_eq!(refused(&axfr("other."), Rcode::REFUSED, Some(Ede::PROHIBITED)), Refusal::Stranger);
    let chaos = request("example.", Rtype::AXFR, Class::CH);
    assert_eq!(refused(&chaos, Rcode::REFUSED, Some(Ede::NOT_SUPPORTED)), Refusal::Class(Class::CH));
    let mx = request("example.", Rtype::MX, Class::IN);
    assert_eq!(refused(&mx, Rcode::REFUSED, Some(Ede::NOT_SUPPORTED)), Refusal::QueryType(Rtype::MX));
    let ixfr = request("example.", Rtype::IXFR, Class::IN);
    assert_eq!(refused(&ixfr, Rcode::FORMERR, None), Refusal::IxfrWithoutSoa);
    let udp = assert_refused(&host, &axfr("example."), Transport::Udp, Rcode::NOTIMP, Some(Ede::NOT_SUPPORTED));
    assert_eq!(udp, Refusal::AxfrOverUdp);
    let mut status = axfr("example.");
    status[2] = 0x10;
    assert_eq!(refused(&status, Rcode::NOTIMP, None), Refusal::Opcode(Opcode(2)));
    let mut cut = axfr("example.");
    cut.pop();
    assert_eq!(refused(&cut, Rcode::FORMERR, None), Refusal::Malformed);
    let mut version = axfr("example.");
    let at = version.len() - 5;
    version[at] = 1;
    assert_eq!(refused(&version, Rcode::BADVERS, None), Refusal::EdnsVersion);
}

#[test]
fn what_the_host_says_is_told() {
    let axfr = request("example.", Rtype::AXFR, Class::IN);
    let refused = |host: Small, rcode, ede| assert_refused(&host, &axfr, Transport::Tcp, rcode, Some(ede));
    let host = Small { version: Err(Unserved::Expired), ..Small::new() };
    assert_eq!(refused(host, Rcode::SERVFAIL, Ede::INVALID_DATA), Refusal::Unserved(Unserved::Expired));
    let host = Small { version: Err(Unserved::NotLoaded), ..Small::new() };
    assert_eq!(refused(host, Rcode::SERVFAIL, Ede::NOT_READY), Refusal::Unserved(Unserved::NotLoaded));
    assert_eq!(refused(Small { full: true, ..Small::new() }, Rcode::REFUSED, Ede::PROHIBITED), Refusal::Quota);
    let refusal = refused(Small { key_needed: true, ..Small::new() }, Rcode::REFUSED, Ede::PROHIBITED);
    assert_eq!(refusal, Refusal::KeyNeeded);
}

#[test]
fn strangers_are_refused_before_any_key_is_looked_for() {
    // keys() of this host would answer NeedKeys.
    let host = Small { later: true, ..Small::new() };
    let (request, _) = signed(request("example.", Rtype::AXFR, Class::IN), &host.key, NOW);
    let stranger = Asker { addr: "192.0.2.1".parse().unwrap(), transport: Transport::Tcp };
    let Action::Reply(reply) = handle_request(&host, &request, &stranger, NOW) else { panic!() };
    assert_eq!(reply.refusal, Some(Refusal::Stranger));
}

#[test]
fn answers_are_not_answered() {
    let host = Small::new();
    let mut answer = request("example.", Rtype::AXFR, Class::IN);
    answer[2] |= 0x80;
    let action = handle_request(&host, &answer, &asker(Transport::Udp), NOW);
    assert!(matches!(action, Action::Drop(DropReason::Answer)));
    let action = handle_request(&host, &answer[..11], &asker(Transport::Udp), NOW);
    assert!(matches!(action, Action::Drop(DropReason::NoMessage)));
}

#[test]
fn soa_is_answered_signed_when_asked_signed() {
    let host = Small::new();
    let (request, mut verifier) = signed(request("eXample.", Rtype::SOA, Class::IN), &key("KEY.example."), NOW);
    let octets = octets(&reply(&host, &request, Transport::Udp));
    let message = Message::new(&octets).unwrap();
    let layout = message.layout().unwrap();
    verifier.verify(&message, &layout, NOW).unwrap();
    verifier.finish().unwrap();
    let mut scratch = crate::wire::Scratch::new();
    let mut answers = message.answers(&layout, &mut scratch);
    assert_eq!(answers.next().unwrap().unwrap().soa().unwrap().serial.0, 9);
    assert!(message.header().flags.has(Flags::AA.with(Flags::RD)));
    assert_eq!(message.question().unwrap().unwrap().qname.as_octets(), b"\x07eXample\0");
}

#[test]
fn tsig_faults_are_told() {
    let host = Small::new();
    let axfr = || request("example.", Rtype::AXFR, Class::IN);
    let (unknown, _) = signed(axfr(), &key("other."), NOW);
    let refused =
        |request: &[u8]| assert_refused(&host, request, Transport::Tcp, Rcode::NOTAUTH, Some(Ede::PROHIBITED));
    assert_eq!(refused(&unknown), Refusal::Tsig(Rcode::BADKEY));
    let (mut tampered, _) = signed(axfr(), &host.key, NOW);
    tampered[3] ^= 0x10;
    assert_eq!(refused(&tampered), Refusal::Tsig(Rcode::BADSIG));
    let (late, mut verifier) = signed(axfr(), &host.key, UnixTime(NOW.0 - 301));
    assert_eq!(refused(&late), Refusal::Tsig(Rcode::BADTIME));
    let octets = octets(&reply(&host, &late, Transport::Tcp));
    let message = Message::new(&octets).unwrap();
    let error = verifier.verify(&message, &message.layout().unwrap(), UnixTime(NOW.0 - 301)).unwrap_err();
    assert!(std::format!("{error}").contains("time"), "{error}");
}

#[test]
fn keys_can_come_later() {
    let host = Small { later: true, ..Small::new() };
    let (request, _) = signed(request("example.", Rtype::SOA, Class::IN), &host.key, NOW);
    let Action::NeedKeys(pending) = handle_request(&host, &request, &asker(Transport::Tcp), NOW) else { panic!() };
    assert_eq!((&pending.key_name, pending.algorithm), (&name("key.example."), Algorithm::HmacSha256));
    let Action::Reply(reply) = pending.supply(&host, std::vec![host.key.clone()], NOW) else { panic!() };
    assert_eq!(reply.refusal, None);
}

#[test]
fn a_record_that_cannot_be_signed_is_refused_before_the_transfer_starts() {
    // The largest record that fits into a message at all.
    let extra = std::vec![7; 65_535 - 12 - b"\x01z\x07Example\0".len() - 10];
    let host = Small { version: Ok(version(&extra)), ..Small::new() };
    let mut plain = request("example.", Rtype::AXFR, Class::IN);
    plain.truncate(plain.len() - 11);
    plain[11] = 0;
    let (signed_request, mut verifier) = signed(plain.clone(), &host.key, NOW);
    let answer = reply(&host, &signed_request, Transport::Tcp);
    assert!(matches!(answer.refusal, Some(Refusal::Unsignable(_))), "{answer:?}");
    let octets = octets(&answer);
    let message = Message::new(&octets).unwrap();
    verifier.verify(&message, &message.layout().unwrap(), NOW).unwrap();
    assert_eq!(message.header().flags.rcode(), Rcode::SERVFAIL);
    // Unsigned it can be sent, the closing SOA in a message of its own.
    let Action::Stream(mut outbound) = handle_request(&host, &plain, &asker(Transport::Tcp), NOW) else { panic!() };
    let mut last = None;
    while let Some(frame) = outbound.poll_transmit(NOW).unwrap() {
        last = Some(frame);
    }
    assert_eq!(outbound.totals().records, host.version.unwrap().record_count() + 1);
    assert!(last.unwrap().len() < 100);
}

#[test]
fn axfr_is_the_zone_and_its_soa_again() {
    let host = Small::new();
    let (request, mut verifier) = signed(request("EXAMPLE.", Rtype::AXFR, Class::IN), &host.key, NOW);
    let Action::Stream(mut outbound) = handle_request(&host, &request, &asker(Transport::Tcp), NOW) else { panic!() };
    let mut records = Vec::new();
    let mut number = 0;
    while let Some(frame) = outbound.poll_transmit(NOW).unwrap() {
        let octets = frame.parts().concat();
        let stream = frame.stream_parts().concat();
        assert_eq!((stream[..2].to_vec(), &stream[2..]), ((octets.len() as u16).to_be_bytes().to_vec(), &octets[..]));
        let message = Message::new(&octets).unwrap();
        let layout = message.layout().unwrap();
        verifier.verify(&message, &layout, NOW).unwrap();
        assert_eq!(message.header().questions, u16::from(number == 0));
        assert_eq!(layout.opt_at.is_some(), number == 0);
        assert_eq!(message.header().id, 0x1234);
        if let Some(question) = message.question().unwrap() {
            assert_eq!(question.qname.as_octets(), b"\x07EXAMPLE\0");
        }
        let mut scratch = crate::wire::Scratch::new();
        let mut answers = message.answers(&layout, &mut scratch);
        while let Some(record) = answers.next().unwrap() {
            records.push((record.owner.to_name(), record.rtype, record.rdata.to_vec()));
        }
        number += 1;
    }
    verifier.finish().unwrap();
    assert!(number > 2 && outbound.is_done());
    assert_eq!(records.first(), records.last());
    // The zone's own case, not the asker's.
    assert_eq!(records[0].0.as_octets(), b"\x07Example\0");
    assert_eq!(records.len() as u64, host.version.unwrap().record_count() + 1);
    assert_eq!(records.len() as u64, outbound.totals().records);
}
