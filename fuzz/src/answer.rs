//! Octets as the messages of an answer.

use zxfr_core::name::{Name, NameRef};
use zxfr_core::time::{Instant, Now, UnixTime};
use zxfr_core::tsig::{Key, NullMac, TsigRecord, Verifier};
use zxfr_core::wire::{Class, Message, Record, Rtype, Scratch};

/// Pieces with their length before them; the last may be cut.
pub(crate) fn split(data: &[u8]) -> Vec<&[u8]> {
    let mut rest = data;
    let mut messages = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (message, after) = after.split_at(length);
        messages.push(message);
        rest = after;
    }
    messages
}

/// A record, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) owner: Vec<u8>,
    pub(crate) rtype: Rtype,
    pub(crate) ttl: u32,
    pub(crate) rdata: Vec<u8>,
}

impl Owned {
    pub(crate) fn of(record: &Record<'_>) -> Self {
        assert_eq!(record.class, Class::IN);
        assert!(!record.rtype.is_meta() && record.ttl < 1 << 31);
        let (owner, rdata) = (record.owner.as_octets().to_vec(), record.rdata.to_vec());
        Self { owner, rtype: record.rtype, ttl: record.ttl, rdata }
    }

    pub(crate) fn record(&self) -> Record<'_> {
        let Self { owner, rtype, ttl, rdata } = self;
        let owner = NameRef::from_octets(owner).unwrap();
        Record { owner, rtype: *rtype, class: Class::IN, ttl: *ttl, rdata }
    }
}

/// A request as the answer must be to it.
pub(crate) struct Request {
    pub(crate) id: u16,
    pub(crate) apex: Name,
    pub(crate) verifier: Option<Verifier<NullMac>>,
    pub(crate) now: Now,
}

impl Request {
    pub(crate) fn of(answer: &[u8]) -> Option<Self> {
        let message = Message::new(answer).ok()?;
        let layout = message.layout().ok()?;
        let mut scratch = Scratch::new();
        let apex = match message.question() {
            Ok(Some(question)) => question.qname,
            _ => message.answers(&layout, &mut scratch).next().ok()??.owner.to_name(),
        };
        let record = TsigRecord::read(&message, &layout).ok()?;
        let key = |record: &TsigRecord<'_>| Key::new(record.key_name.as_ref(), record.algorithm()?, b"fuzz").ok();
        let verifier = record.as_ref().and_then(key).map(|key| Verifier::new(key, &[]));
        let unix = record.map_or(UnixTime(0), |record| record.time_signed);
        Some(Self { id: message.header().id, apex, verifier, now: Now { instant: Instant::default(), unix } })
    }
}
