//! What an answer says, read in full by zxfr-core: framing, questions, counts, closing SOA, signatures, and each record.

use std::time::{SystemTime, UNIX_EPOCH};

use zxfr_core::time::{Now, UnixTime};
use zxfr_core::transfer::{Event, Inbound};
use zxfr_core::tsig::rustcrypto::Hmac;

use crate::failure::{Because, Failure, Result};
use crate::fingerprint::Fingerprint;

/// What an answer says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    /// The zone, when it came whole, its SOA once.
    pub(crate) zone: Option<Fingerprint>,
    /// The sequence of differences, when they came.
    pub(crate) differences: Option<Differences>,
    /// The serial it leads to.
    pub(crate) serial: u32,
    /// Messages.
    pub(crate) messages: u64,
    /// Records, with every SOA.
    pub(crate) records: u64,
    /// Octets on the stream, the messages' lengths included.
    pub(crate) octets: u64,
}

/// What differences delete and add, SOAs left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Differences {
    /// What is deleted.
    pub(crate) deleted: Fingerprint,
    /// What is added.
    pub(crate) added: Fingerprint,
}

/// An answer that is being read.
pub(crate) struct Reading {
    inbound: Inbound<Hmac>,
    contents: Contents,
    /// Octets that have been read.
    at: usize,
}

impl Reading {
    /// Of the answer that this machine expects.
    pub(crate) fn new(inbound: Inbound<Hmac>) -> Self {
        Self { inbound, contents: Contents::default(), at: 0 }
    }

    /// Reads on in an answer of which these octets have come. Gives what it says once it is whole.
    pub(crate) fn read(&mut self, octets: &[u8]) -> Result<Option<Contents>> {
        while let Some(message) = message_at(octets, self.at) {
            self.at += 2 + message.len();
            self.message(message)?;
        }
        if !self.inbound.is_done() {
            return Ok(None);
        }
        if self.at != octets.len() {
            return Err(Failure::new(format!("{} octets after the answer's end", octets.len() - self.at)));
        }
        let totals = self.inbound.totals();
        let (messages, records) = (totals.messages, totals.records);
        Ok(Some(Contents { messages, records, octets: self.at as u64, ..self.contents }))
    }

    fn message(&mut self, message: &[u8]) -> Result<()> {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).because("the clock")?.as_secs();
        let now = Now { unix: UnixTime(unix), ..Now::default() };
        let Self { inbound, contents, .. } = self;
        let mut events = inbound.handle_message(message, now).because("the answer")?;
        while let Some(event) = events.next().because("the answer")? {
            match event {
                Event::Begin { soa } => contents.zone.insert(Fingerprint::default()).add(&soa),
                Event::Deletions { .. } => {
                    contents.differences.get_or_insert_default();
                }
                Event::Additions { .. } => {}
                Event::Delete(record) => contents.differences.get_or_insert_default().deleted.add(&record),
                Event::Add(record) => match (&mut contents.zone, &mut contents.differences) {
                    (Some(zone), _) => zone.add(&record),
                    (None, differences) => differences.get_or_insert_default().added.add(&record),
                },
                Event::Skipped(record) => {
                    return Err(Failure::new(format!("the answer has a record outside the zone: {record:?}")));
                }
                Event::UpToDate { serial } | Event::Commit { serial } => contents.serial = serial.0,
            }
        }
        Ok(())
    }
}

/// The message whose length octets are here, when all of it is there.
pub(crate) fn message_at(octets: &[u8], at: usize) -> Option<&[u8]> {
    let rest = octets.get(at..)?;
    let (length, rest) = rest.split_first_chunk()?;
    rest.get(..usize::from(u16::from_be_bytes(*length)))
}
