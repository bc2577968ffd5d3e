//! What the tests of both ends share: zones, streams made of them, and what comes of these.

use super::{Asked, Cursor, CursorOutbound, Error, Event, Inbound, Limits, SendError};
use crate::name::Name;
use crate::serial::Serial;
use crate::time::{Instant, Now, UnixTime};
use crate::tsig::{Algorithm, Key, Mac, Signer, TsigRecord, Verifier, sign_request, verify_request};
use crate::wire::{Class, Edns, Flags, Message, Question, Record, Rtype, Writer};
use core::convert::Infallible;
use core::time::Duration;
use proptest::prelude::*;
use std::vec::Vec;

pub(super) const ID: u16 = 0x1234;
pub(super) const APEX: &str = "Example.";

/// The time at which message `number` comes, counted from 0.
pub(super) fn now(number: usize) -> Now {
    let seconds = u64::try_from(number).unwrap();
    Now { instant: Instant::from_origin(Duration::from_secs(seconds)), unix: UnixTime(1_800_000_000 + seconds) }
}

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

#[derive(Clone, Debug)]
pub(super) struct Owned {
    pub(super) owner: Name,
    pub(super) rtype: Rtype,
    pub(super) class: Class,
    pub(super) ttl: u32,
    pub(super) rdata: Vec<u8>,
}

impl Owned {
    pub(super) fn new(owner: &str, rtype: Rtype, rdata: &[u8]) -> Self {
        Self { owner: name(owner), rtype, class: Class::IN, ttl: 300, rdata: rdata.to_vec() }
    }

    pub(super) fn flat(&self) -> Record<'_> {
        let Self { owner, rtype, class, ttl, rdata } = self;
        Record { owner: owner.as_ref(), rtype: *rtype, class: *class, ttl: *ttl, rdata }
    }
}

impl From<&Record<'_>> for Owned {
    fn from(record: &Record<'_>) -> Self {
        let Record { owner, rtype, class, ttl, rdata } = *record;
        Self { owner: owner.to_name(), rtype, class, ttl, rdata: rdata.to_vec() }
    }
}

impl PartialEq for Owned {
    /// Octet for octet.
    fn eq(&self, other: &Self) -> bool {
        self.flat().is_exactly(&other.flat())
    }
}

pub(super) fn soa(owner: &str, serial: u32) -> Owned {
    let numbers = [serial, 7200, 900, 1_209_600, 300].map(u32::to_be_bytes);
    let rdata = [name("ns.example.").as_octets(), name("mail.example.").as_octets(), &numbers.concat()].concat();
    Owned::new(owner, Rtype::SOA, &rdata)
}

pub(super) fn txt(owner: &str, length: u8) -> Owned {
    Owned::new(owner, Rtype::TXT, &[&[length][..], &std::vec![b'x'; usize::from(length)]].concat())
}

/// A zone of the SOA and `count` other records.
pub(super) fn zone(count: u8) -> Vec<Owned> {
    let hosts = (0..count).map(|number| Owned::new("Host.example.", Rtype::A, &[10, 0, 0, number]));
    [soa(APEX, 7)].into_iter().chain(hosts).collect()
}

/// Zones with every kind of record that matters here: compressed and not, in any case, of any length.
pub(super) fn any_zone() -> impl Strategy<Value = Vec<Owned>> {
    let label = prop::sample::select(&["a", "A", "b", "host", "HOST", "*", "_tcp"][..]);
    let owner = prop::collection::vec(label, 0..4).prop_map(|labels| {
        let name = labels.iter().map(|label| std::format!("{label}.")).collect::<std::string::String>();
        name + "eXample."
    });
    let data = prop_oneof![
        any::<[u8; 4]>().prop_map(|octets| (Rtype::A, octets.to_vec())),
        any::<u8>().prop_map(|length| (Rtype::TXT, txt(".", length).rdata)),
        owner.clone().prop_map(|target| (Rtype::NS, name(&target).as_octets().to_vec())),
        owner.clone().prop_map(|target| (Rtype::SRV, [&[0; 6], name(&target).as_octets()].concat())),
        prop::collection::vec(any::<u8>(), 0..3000).prop_map(|octets| (Rtype(65_280), octets)),
    ];
    let record = (owner, data).prop_map(|(owner, (rtype, rdata))| Owned::new(&owner, rtype, &rdata));
    (any::<u32>(), prop::collection::vec(record, 0..60))
        .prop_map(|(serial, records)| [soa("exAmple.", serial)].into_iter().chain(records).collect())
}

/// A host's records.
pub(super) struct List<'z>(pub(super) &'z [Owned]);

impl Cursor for List<'_> {
    type Error = Infallible;

    fn peek(&mut self) -> Result<Option<Record<'_>>, Infallible> {
        Ok(self.0.first().map(Owned::flat))
    }

    fn advance(&mut self) {
        self.0 = self.0.get(1..).unwrap_or_default();
    }
}

pub(super) fn asked(edns: bool) -> Asked {
    let question = Question { qname: name("eXAMPLE."), qtype: Rtype::AXFR, qclass: Class::IN };
    Asked { id: ID, flags: Flags::RD, question, edns, expire: None }
}

/// The messages of an AXFR, none larger than `room`.
pub(super) fn send<M: Mac>(
    zone: &[Owned],
    room: usize,
    signer: Option<Signer<M>>,
) -> Result<Vec<Vec<u8>>, SendError<Infallible>> {
    let mut outbound = CursorOutbound::axfr(List(zone), asked(true), signer);
    let mut out = std::vec![0; room];
    let mut messages = Vec::new();
    while let Some(length) = outbound.copy_to(&mut out, now(messages.len()).unix)? {
        messages.push(out[..length].to_vec());
    }
    assert!(outbound.is_done());
    Ok(messages)
}

pub(super) fn key<M: Mac>(algorithm: Algorithm) -> Key<M> {
    Key::new(name("Key.example.").as_ref(), algorithm, b"a secret of some octets").unwrap()
}

/// Both ends of a stream that is signed with this key.
pub(super) fn ends<M: Mac>(key: &Key<M>) -> (Signer<M>, Verifier<M>) {
    let mut query = [0; 1024];
    let length = super::axfr_query(&mut query, name(APEX).as_ref(), ID, true).unwrap();
    let (length, verifier) = sign_request(key, &mut query, length, now(0).unix).unwrap();
    let message = Message::new(&query[..length]).unwrap();
    let layout = message.layout().unwrap();
    let record = TsigRecord::read(&message, &layout).unwrap().unwrap();
    let signer = verify_request(&message, &layout, &record, [key], now(0).unix).ok().unwrap();
    (signer, verifier)
}

/// What came of a transfer.
#[derive(Debug, PartialEq)]
pub(super) struct Received {
    /// The SOA that began it, then all records of the zone.
    pub(super) records: Vec<Owned>,
    pub(super) skipped: Vec<Owned>,
    pub(super) serial: Serial,
}

/// Gives all messages to the machine, then the end of the connection.
pub(super) fn receive<M: Mac>(inbound: &mut Inbound<M>, messages: &[Vec<u8>]) -> Result<Received, Error> {
    let mut received = Received { records: Vec::new(), skipped: Vec::new(), serial: Serial(0) };
    let mut committed = false;
    for (number, message) in messages.iter().enumerate() {
        let mut events = inbound.handle_message(message, now(number))?;
        while let Some(event) = events.next()? {
            assert!(!committed, "{event:?} after the commit");
            match event {
                Event::Begin { soa } => {
                    assert!(received.records.is_empty());
                    received.records.push((&soa).into());
                }
                Event::Add(record) => received.records.push((&record).into()),
                Event::Skipped(record) => received.skipped.push((&record).into()),
                Event::Commit { serial } => (received.serial, committed) = (serial, true),
                other => panic!("{other:?} in an AXFR"),
            }
        }
    }
    inbound.eof()?;
    assert!(committed && inbound.is_done());
    Ok(received)
}

/// The same with a fresh machine.
pub(super) fn receive_new<M: Mac>(messages: &[Vec<u8>], verifier: Option<Verifier<M>>) -> Result<Received, Error> {
    receive(&mut Inbound::axfr(name(APEX).as_ref(), ID, Limits::default(), verifier), messages)
}

/// An event, kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Told {
    Begin(Owned),
    Deletions(Owned),
    Delete(Owned),
    Additions(Owned),
    Add(Owned),
    Skipped(Owned),
    UpToDate(u32),
    Commit(u32),
}

impl From<Event<'_>> for Told {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Begin { soa } => Self::Begin((&soa).into()),
            Event::Deletions { soa } => Self::Deletions((&soa).into()),
            Event::Delete(record) => Self::Delete((&record).into()),
            Event::Additions { soa } => Self::Additions((&soa).into()),
            Event::Add(record) => Self::Add((&record).into()),
            Event::Skipped(record) => Self::Skipped((&record).into()),
            Event::UpToDate { serial } => Self::UpToDate(serial.0),
            Event::Commit { serial } => Self::Commit(serial.0),
        }
    }
}

/// Gives all messages to the machine. Gives what it
/// told, and how it failed, if it did.
pub(super) fn tell<M: Mac>(inbound: &mut Inbound<M>, messages: &[Vec<u8>]) -> (Vec<Told>, Result<(), Error>) {
    let mut told = Vec::new();
    let mut take = |message: &Vec<u8>, number| {
        let mut events = inbound.handle_message(message, now(number))?;
        while let Some(event) = events.next()? {
            told.push(event.into());
        }
        Ok(())
    };
    let result = messages.iter().enumerate().try_for_each(|(number, message)| take(message, number));
    let ends = told.iter().filter(|told| matches!(told, Told::UpToDate(_) | Told::Commit(_))).count();
    let last = matches!(told.last(), Some(Told::UpToDate(_) | Told::Commit(_)));
    assert_eq!((ends, last), (usize::from(inbound.is_done()), inbound.is_done()), "{told:?}");
    (told, result)
}

/// A message as a peer might send it.
pub(super) struct Draft {
    pub(super) id: u16,
    pub(super) flags: Flags,
    pub(super) questions: Vec<Question>,
    pub(super) answers: Vec<Owned>,
    pub(super) authorities: Vec<Owned>,
    pub(super) edns: Option<Edns<'static>>,
}

impl Draft {
    pub(super) fn of(answers: &[Owned]) -> Self {
        let (questions, authorities) = (Vec::new(), Vec::new());
        Self { id: ID, flags: Flags::QR, questions, answers: answers.to_vec(), authorities, edns: None }
    }

    pub(super) fn octets(&self) -> Vec<u8> {
        let mut octets = std::vec![0; 65_535];
        let mut writer = Writer::new(&mut octets);
        for question in &self.questions {
            writer.question(question.qname.as_ref(), question.qtype, question.qclass).unwrap();
        }
        for record in &self.answers {
            writer.answer(&record.flat()).unwrap();
        }
        for record in &self.authorities {
            writer.authority(&record.flat()).unwrap();
        }
        if let Some(edns) = self.edns {
            writer.additional(|out| edns.write(out)).unwrap();
        }
        let length = writer.finish(self.id, self.flags);
        octets.truncate(length);
        octets
    }
}
