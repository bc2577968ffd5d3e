//! UPDATE (RFC 2136).

use super::*;
use crate::edit::{Edit, Rules};
use crate::serial::SerialPolicy;
use crate::update;
use std::vec;

/// A host that may be updated with its key.
struct Updated {
    small: Small,
    refusal: Option<Refusal>,
}

impl Updated {
    fn new() -> Self {
        Self { small: Small::new(), refusal: None }
    }
}

impl Host for Updated {
    type Mac = Hmac;

    fn admits(&self, _: NameRef<'_>, _: &Asker) -> bool {
        panic!("this is no query")
    }

    fn keys(&self, wanted: &KeyWanted<'_>) -> Keys<Hmac> {
        self.small.keys(wanted)
    }

    fn key_admits(&self, _: NameRef<'_>, _: &Asker, _: Option<NameRef<'_>>) -> bool {
        panic!("this is no query")
    }

    fn version(&self, _: NameRef<'_>) -> Result<Arc<Version>, Unserved> {
        panic!("this is no query")
    }

    fn admit_transfer(&self, _: NameRef<'_>, _: &Asker) -> bool {
        panic!("this is no query")
    }

    fn admits_update(&self, zone: NameRef<'_>, _: &Asker) -> Result<(), Refusal> {
        assert_eq!(zone, name("example.").as_ref());
        self.refusal.map_or(Ok(()), Err)
    }

    fn update_key_admits(&self, _: NameRef<'_>, _: &Asker, key: Option<&Key<Hmac>>) -> bool {
        key.is_some()
    }
}

/// An UPDATE that adds an address, and has OPT.
fn adding(zone: &str, ztype: Rtype) -> Vec<u8> {
    let mut octets = vec![0; 600];
    let mut writer = Writer::new(&mut octets);
    writer.question(name(zone).as_ref(), ztype, Class::IN).unwrap();
    let owner = name("new.example.");
    let record = Record { owner: owner.as_ref(), rtype: Rtype::A, class: Class::IN, ttl: 60, rdata: &[192, 0, 2, 1] };
    writer.authority(&record).unwrap();
    writer.additional(|out| Edns::OURS.write(out)).unwrap();
    // RD has no meaning in it.
    let len = writer.finish(0x4321, Flags::of(Opcode::UPDATE).with(Flags::RD));
    octets.truncate(len);
    octets
}

fn refused<H: Host<Mac = Hmac>>(host: &H, octets: &[u8]) -> (Refusal, Rcode, Option<Ede>) {
    let Action::Reply(reply) = handle_request(host, octets, &asker(Transport::Tcp), NOW) else { panic!() };
    let message = Message::new(&reply.message).unwrap();
    let edns = Edns::read(&message, &message.layout().unwrap()).unwrap();
    assert_eq!(message.header().flags.opcode(), Opcode::UPDATE);
    (reply.refusal.unwrap(), message.header().flags.rcode(), edns.and_then(|edns| edns.ede).map(|(code, _)| code))
}

fn updated(host: &Updated, octets: &[u8]) -> Update<Hmac> {
    match handle_request(host, octets, &asker(Transport::Udp), NOW) {
        Action::Update(update) => update,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_that_may_be_performed_is_and_the_reply_is_signed() {
    let host = Updated::new();
    let (octets, mut verifier) = signed(adding("eXample.", Rtype::SOA), &host.small.key, NOW);
    let update = updated(&host, &octets);
    assert_eq!((update.zone(), update.asker()), (name("example.").as_ref(), &asker(Transport::Udp)));
    assert_eq!(update.key().map(Key::name), Some(name("key.example.").as_ref()));
    assert_eq!((update.mac().len(), update.good_until()), (32, UnixTime(NOW.0 + 300)));
    assert!(octets.windows(32).any(|window| window == update.mac()));
    let mut edit = Edit::new(host.small.version.clone().unwrap(), Rules::default());
    assert_eq!(update.request().perform(&mut edit), Ok(true));
    let change = edit.finish(SerialPolicy::Increment, NOW).unwrap().unwrap();
    assert_eq!(change.version.serial(), Serial(10));

    let reply = update.reply(Rcode::NOERROR, None, NOW);
    let message = Message::new(&reply.message).unwrap();
    let layout = message.layout().unwrap();
    let header = message.header();
    assert_eq!((header.id, header.flags), (0x4321, Flags::of(Opcode::UPDATE).with(Flags::QR)));
    assert_eq!((header.questions, header.answers, header.authorities, header.additionals), (1, 0, 0, 2));
    assert!(message.question().unwrap().unwrap().qname.as_ref().octets_eq(name("eXample.").as_ref()));
    verifier.verify(&message, &layout, NOW).unwrap();
    verifier.finish().unwrap();
}

#[test]
fn a_refusal_of_what_was_performed_says_why() {
    let host = Updated::new();
    let (octets, _) = signed(adding("example.", Rtype::SOA), &host.small.key, NOW);
    let reply = updated(&host, &octets).reply(Rcode::REFUSED, Some((Ede::PROHIBITED, "because")), NOW);
    let message = Message::new(&reply.message).unwrap();
    let edns = Edns::read(&message, &message.layout().unwrap()).unwrap().unwrap();
    assert_eq!((edns.rcode(&message), edns.ede), (Rcode::REFUSED, Some((Ede::PROHIBITED, &b"because"[..]))));
}

#[test]
fn who_may_not_is_told_so() {
    let plain = adding("example.", Rtype::SOA);
    let mut host = Updated::new();
    assert_eq!(refused(&host, &plain), (Refusal::KeyNeeded, Rcode::REFUSED, Some(Ede::PROHIBITED)));
    let (forged, _) =
        signed(plain.clone(), &Key::new(host.small.key.name(), Algorithm::HmacSha256, b"x").unwrap(), NOW);
    let badsig = Refusal::Tsig(Rcode::BADSIG);
    assert_eq!(refused(&host, &forged), (badsig, Rcode::NOTAUTH, Some(Ede::PROHIBITED)));
    // Strangers are told before any key is looked for.
    host.small.later = true;
    let (signed, _) = signed(plain.clone(), &host.small.key, NOW);
    for (refusal, rcode, ede) in [
        (Refusal::Stranger, Rcode::REFUSED, Ede::PROHIBITED),
        (Refusal::NoUpdates, Rcode::REFUSED, Ede::PROHIBITED),
        (Refusal::NotPrimary, Rcode::NOTAUTH, Ede::NOT_AUTHORITATIVE),
    ] {
        host.refusal = Some(refusal);
        assert_eq!(refused(&host, &signed), (refusal, rcode, Some(ede)));
    }
    host.refusal = None;
    let asker = asker(Transport::Tcp);
    let Action::NeedKeys(pending) = handle_request(&host, &signed, &asker, NOW) else { panic!() };
    assert!(matches!(pending.supply(&host, vec![host.small.key.clone()], NOW), Action::Update(_)));
    // A host that knows no UPDATE.
    let opcode = Refusal::Opcode(Opcode::UPDATE);
    assert_eq!(refused(&Small::new(), &plain), (opcode, Rcode::NOTIMP, Some(Ede::NOT_SUPPORTED)));
}

#[test]
fn what_is_no_update_is_malformed() {
    let host = Updated::new();
    let malformed = (Refusal::Malformed, Rcode::FORMERR, None);
    assert_eq!(refused(&host, &adding("example.", Rtype::AXFR)), malformed, "the zone is of type SOA");
    let octets = adding("example.", Rtype::SOA);
    let message = Message::new(&octets).unwrap();
    assert!(update::Request::read(&message).is_ok());
    assert_eq!(refused(&host, &octets[..octets.len() - 1]), malformed);
}
