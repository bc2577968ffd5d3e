//! Queries that are no transfers: of a host that says which zone has a name.

use super::*;
use crate::answer::{self, Query, RustSha1};
use crate::wire::{Full, Scratch};

/// A host that answers whatever is asked about its zone; from anyone, or from who may transfer it.
struct Answering {
    small: Small,
    anyone: bool,
}

impl Host for Answering {
    type Mac = Hmac;

    fn admits(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        self.small.admits(zone, asker)
    }

    fn keys(&self, wanted: &KeyWanted<'_>) -> Keys<Hmac> {
        assert_eq!(wanted.zone, name("example.").as_ref());
        self.small.keys(wanted)
    }

    fn key_admits(&self, zone: NameRef<'_>, asker: &Asker, key: Option<NameRef<'_>>) -> bool {
        self.small.key_admits(zone, asker, key)
    }

    fn version(&self, zone: NameRef<'_>) -> Result<Arc<Version>, Unserved> {
        assert_eq!(zone, name("example.").as_ref());
        self.small.version(zone)
    }

    fn admit_transfer(&self, _: NameRef<'_>, _: &Asker) -> bool {
        true
    }

    fn zone_of(&self, qname: NameRef<'_>, _: Rtype, _: &Asker) -> Option<Name> {
        Some(name("example.")).filter(|apex| qname.is_at_or_below(apex.as_ref()))
    }

    fn admits_query(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        self.anyone || self.admits(zone, asker)
    }

    fn answer_query(
        &self,
        version: &Version,
        query: &Query<'_>,
        writer: &mut Writer<'_>,
    ) -> Result<answer::Answer, Full> {
        version.answer::<RustSha1>(query, writer)
    }
}

fn host() -> Answering {
    Answering { small: Small::new(), anyone: false }
}

fn asked(host: &Answering, octets: &[u8], asker: &Asker) -> Reply {
    match handle_request(host, octets, asker, NOW) {
        Action::Reply(reply) => reply,
        other => panic!("{other:?}"),
    }
}

/// RCODE, AA, TC, and how many records of answer and authority.
fn shape(reply: &Reply) -> (Rcode, bool, bool, u16, u16) {
    let header = Message::new(&reply.message).unwrap().header();
    let flags = header.flags;
    (flags.rcode(), flags.has(Flags::AA), flags.has(Flags::TC), header.answers, header.authorities)
}

#[test]
fn what_a_zone_has_is_answered_and_what_it_has_not() {
    let (host, udp) = (host(), asker(Transport::Udp));
    for (qname, qtype, expected) in [
        ("HOST7.example.", Rtype::A, (Rcode::NOERROR, true, false, 1, 0)),
        ("host7.example.", Rtype::MX, (Rcode::NOERROR, true, false, 0, 1)),
        ("nobody.example.", Rtype::A, (Rcode::NXDOMAIN, true, false, 0, 1)),
        ("host7.example.", Rtype::SOA, (Rcode::NOERROR, true, false, 0, 1)),
        ("example.", Rtype::SOA, (Rcode::NOERROR, true, false, 1, 0)),
        ("example.", Rtype::ANY, (Rcode::NOERROR, true, false, 1, 0)),
        ("other.", Rtype::A, (Rcode::REFUSED, false, false, 0, 0)),
        ("example.", Rtype(249), (Rcode::REFUSED, false, false, 0, 0)),
    ] {
        let reply = asked(&host, &request(qname, qtype, Class::IN), &udp);
        assert_eq!(shape(&reply), expected, "{qname} {qtype}");
        let message = Message::new(&reply.message).unwrap();
        assert_eq!(message.question().unwrap().unwrap().qname, name(qname));
        assert!(Edns::read(&message, &message.layout().unwrap()).unwrap().is_some());
    }
}

#[test]
fn the_do_bit_comes_back() {
    let host = host();
    for dnssec_ok in [false, true] {
        for qtype in [Rtype::SOA, Rtype::A] {
            let mut octets = std::vec![0; 100];
            let mut writer = Writer::new(&mut octets);
            writer.question(name("example.").as_ref(), qtype, Class::IN).unwrap();
            writer.additional(|out| Edns { dnssec_ok, ..Edns::OURS }.write(out)).unwrap();
            let len = writer.finish(1, Flags::default());
            let reply = asked(&host, &octets[..len], &asker(Transport::Udp));
            let message = Message::new(&reply.message).unwrap();
            let edns = Edns::read(&message, &message.layout().unwrap()).unwrap().unwrap();
            assert_eq!(edns.dnssec_ok, dnssec_ok);
        }
    }
}

#[test]
fn signed_queries_have_signed_answers() {
    let host = host();
    let (octets, mut verifier) = signed(request("host7.example.", Rtype::A, Class::IN), &key("key.example."), NOW);
    let reply = asked(&host, &octets, &asker(Transport::Udp));
    assert_eq!(shape(&reply), (Rcode::NOERROR, true, false, 1, 0));
    let message = Message::new(&reply.message).unwrap();
    verifier.verify(&message, &message.layout().unwrap(), NOW).unwrap();
    verifier.finish().unwrap();
}

#[test]
fn an_answer_that_no_datagram_holds_is_for_tcp() {
    let mut host = host();
    host.small.version = Ok(version(&[7; 3_000]));
    for signs in [false, true] {
        let plain = request("z.example.", Rtype(65_280), Class::IN);
        let octets = if signs { signed(plain, &key("key.example."), NOW).0 } else { plain };
        let reply = asked(&host, &octets, &asker(Transport::Udp));
        assert_eq!(shape(&reply), (Rcode::NOERROR, true, true, 0, 0));
        let reply = asked(&host, &octets, &asker(Transport::Tcp));
        assert_eq!(shape(&reply), (Rcode::NOERROR, true, false, 1, 0));
        let message = Message::new(&reply.message).unwrap();
        let (layout, mut scratch) = (message.layout().unwrap(), Scratch::new());
        let mut answers = message.answers(&layout, &mut scratch);
        assert_eq!(answers.next().unwrap().unwrap().rdata, [7; 3_000]);
    }
}

#[test]
fn who_may_ask_is_the_hosts_to_say_and_transfers_are_for_peers_still() {
    let stranger = Asker { addr: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), transport: Transport::Tcp };
    let mut host = host();
    let query = request("host7.example.", Rtype::A, Class::IN);
    assert_eq!(asked(&host, &query, &stranger).refusal, Some(Refusal::Stranger));
    host.anyone = true;
    assert_eq!(shape(&asked(&host, &query, &stranger)), (Rcode::NOERROR, true, false, 1, 0));
    let soa = request("example.", Rtype::SOA, Class::IN);
    assert_eq!(shape(&asked(&host, &soa, &stranger)), (Rcode::NOERROR, true, false, 1, 0));
    let axfr = request("example.", Rtype::AXFR, Class::IN);
    assert_eq!(asked(&host, &axfr, &stranger).refusal, Some(Refusal::Stranger));
    // No key opens a transfer of a name that is no zone.
    let below = request("host7.example.", Rtype::AXFR, Class::IN);
    assert_eq!(asked(&host, &below, &asker(Transport::Tcp)).refusal, Some(Refusal::Stranger));
}
