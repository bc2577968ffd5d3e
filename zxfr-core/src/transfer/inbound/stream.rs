//! All of an answer but its signatures: messages are checked here, their records in [`super::events`].

use super::super::error::{Error, Limit, PeerFault};
use super::super::limits::{Limits, Totals};
use super::super::soa::KeptSoa;
use super::inspect::{Facts, Signature};
use super::row::Row;
use super::sequence::{Query, Sequence, State};
use crate::name::{Name, NameRef};
use crate::tsig::{self, Verdict};
use crate::wire::reader::RecordPosition;
use crate::wire::{Class, Edns, Flags, Layout, Message, Opcode, Rcode, Record, Rtype};

/// All but the signature and the room for a record.
#[derive(Debug)]
pub(super) struct Stream {
    /// In the peer's case once an IXFR's first SOA has come.
    pub(super) apex: Name,
    pub(super) id: u16,
    pub(super) limits: Limits,
    pub(super) totals: Totals,
    pub(super) skipped: u64,
    /// How many messages in a row had no record.
    pub(super) empty: u32,
    pub(super) sequence: Sequence,
    /// Whether a message has events that were not yet taken.
    pub(super) open: bool,
    pub(super) row: Row,
    /// The EXPIRE option that came with the first message.
    pub(super) expire: Option<u32>,
}

impl Stream {
    pub(super) fn new(apex: NameRef<'_>, query: Query, id: u16, limits: Limits) -> Self {
        Self {
            apex: apex.to_name(),
            id,
            limits,
            totals: Totals::default(),
            skipped: 0,
            empty: 0,
            sequence: Sequence::new(query),
            open: false,
            row: Row::new(),
            expire: None,
        }
    }

    /// The same answer from the midst of a whole zone on, nothing of it counted.
    pub(super) fn in_midst(&self) -> Self {
        let mut stream = Self::new(self.apex.as_ref(), self.sequence.query, self.id, self.limits);
        stream.sequence.state = State::Zone;
        stream
    }

    /// The SOA that opened the answer.
    pub(super) fn first_soa(&self) -> Record<'_> {
        let KeptSoa { ttl, rdata, .. } = &self.sequence.first;
        Record { owner: self.apex.as_ref(), rtype: Rtype::SOA, class: Class::IN, ttl: *ttl, rdata }
    }

    /// The error, which from now on is the only answer. What is done stays done.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        match self.sequence.state {
            State::Done => {}
            _ => self.sequence.state = State::Failed(error),
        }
        error
    }

    const fn peer(&self, fault: PeerFault) -> Error {
        Error::Peer { fault, message: self.totals.messages, offset: 0 }
    }

    /// Checks all of a message but its records, and says where these are.
    pub(super) fn open_message(&mut self, octets: &[u8], facts: &Facts) -> Result<RecordPosition, Error> {
        if let State::Failed(error) = self.sequence.state {
            return Err(error);
        }
        if self.open {
            return Err(Error::Unread { message: self.totals.messages });
        }
        self.totals.messages = self.totals.messages.saturating_add(1);
        self.totals.octets = self.totals.octets.saturating_add(octets.len() as u64);
        let (number, limits) = (self.totals.messages, self.limits);
        let query = self.sequence.query;
        if self.sequence.is_done() || (query.is_datagram() && number > 1) {
            return Err(self.peer(PeerFault::AfterEnd));
        }
        if number > limits.messages {
            return Err(Error::Limit(Limit::Messages(limits.messages)));
        }
        if self.totals.octets > limits.octets {
            return Err(Error::Limit(Limit::Octets(limits.octets)));
        }
        let wire = |error| Error::wire(error, number);
        let message = Message::new(octets).map_err(wire)?;
        self.check_header(&message)?;
        let layout = facts.layout.map_err(wire)?;
        // Signatures come before everything that is read from the message.
        let signed = match &facts.signature {
            Some(signature) => self.check_signature(&message, signature)?,
            None if layout.tsig_at.is_some() => return Err(self.peer(PeerFault::UnexpectedTsig)),
            None => false,
        };
        self.check_rcode(&message, &layout, signed)?;
        self.check_question(&message)?;
        if message.header().flags.has(Flags::TC) {
            // A datagram that was cut short: the records that fitted are of no use.
            return Ok(RecordPosition::new(layout.answers_at, 0));
        }
        let answers = message.header().answers;
        if answers == 0 && matches!(self.sequence.state, State::Start) {
            return Err(self.peer(PeerFault::NoAnswer));
        }
        self.empty = if answers == 0 { self.empty.saturating_add(1) } else { 0 };
        if self.empty > limits.empty_messages {
            return Err(Error::Limit(Limit::EmptyMessages(limits.empty_messages)));
        }
        self.open = answers > 0;
        Ok(RecordPosition::new(layout.answers_at, answers))
    }

    fn check_header(&self, message: &Message<'_>) -> Result<(), Error> {
        let header = message.header();
        let fault = if header.id != self.id {
            PeerFault::Id(header.id)
        } else if !header.flags.has(Flags::QR) {
            PeerFault::NoResponse
        } else if header.flags.opcode() != Opcode::QUERY {
            PeerFault::Opcode(header.flags.opcode())
        } else if header.flags.has(Flags::TC) && !self.sequence.query.is_datagram() {
            PeerFault::Truncated
        } else if header.questions > 1 {
            PeerFault::Questions(header.questions)
        } else {
            return Ok(());
        };
        Err(self.peer(fault))
    }

    /// Whether the message is signed. An error without any TSIG is taken for what it says: the transfer fails either way,
    /// and a peer that knows no TSIG can't say it otherwise.
    fn check_signature(&self, message: &Message<'_>, signature: &Signature) -> Result<bool, Error> {
        let refused = message.header().flags.rcode() != Rcode::NOERROR;
        match signature.verdict {
            Ok(Verdict::Signed) => Ok(true),
            Ok(Verdict::Unsigned) if signature.unverified_octets > self.limits.unverified_octets => {
                Err(Error::Limit(Limit::UnverifiedOctets(self.limits.unverified_octets)))
            }
            Ok(Verdict::Unsigned) => Ok(false),
            Err(tsig::Error::Missing) if refused => Ok(false),
            Err(error) => Err(Error::Tsig(error)),
        }
    }

    fn check_rcode(&mut self, message: &Message<'_>, layout: &Layout, signed: bool) -> Result<(), Error> {
        let number = self.totals.messages;
        let edns = Edns::read(message, layout).map_err(|error| Error::wire(error, number))?;
        let rcode = edns.map_or_else(|| message.header().flags.rcode(), |edns| edns.rcode(message));
        if rcode == Rcode::NOERROR {
            if number == 1 {
                self.expire = edns.and_then(|edns| edns.expire_seconds());
            }
            return Ok(());
        }
        let ede = edns.and_then(|edns| edns.ede).map(|(code, _)| code);
        Err(Error::Refused { rcode, ede, message: number, signed })
    }

    fn check_question(&self, message: &Message<'_>) -> Result<(), Error> {
        let question = message.question().map_err(|error| Error::wire(error, self.totals.messages))?;
        match question {
            Some(question)
                if question.qname != self.apex
                    || question.qtype != self.sequence.query.qtype()
                    || question.qclass != Class::IN =>
            {
                Err(self.peer(PeerFault::OtherQuestion))
            }
            _ => Ok(()),
        }
    }
}
