//! An AXFR coming in (RFC 5936 §2.2): messages go in, records come out one by one.

use super::error::{Error, Limit, PeerFault};
use super::limits::{Limits, Totals};
use super::soa::KeptSoa;
use crate::name::{Name, NameRef};
use crate::serial::Serial;
use crate::time::{Now, UnixTime};
use crate::tsig::{self, Mac, Verdict, Verifier};
use crate::wire::reader::RecordPosition;
use crate::wire::{Class, Edns, Flags, Layout, Message, Opcode, Rcode, Record, Rtype, Scratch};

/// What a transfer says. All of it is provisional until [`Event::Commit`]: a signature may turn out wrong, or the end be
/// missing.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The zone begins; all that was known before is to be replaced. The SOA is not repeated as [`Event::Add`].
    Begin {
        /// The zone's SOA.
        soa: Record<'a>,
    },
    /// A record of the zone, its RDATA of the shape of its type. Records come in any order, and perhaps twice.
    Add(Record<'a>),
    /// A record outside the zone, which is to be left out.
    Skipped(Record<'a>),
    /// The zone is whole, and every signature right. Nothing comes after this.
    Commit {
        /// The serial of the zone.
        serial: Serial,
    },
}

/// An AXFR coming in.
///
/// Give every message of the answer to [`Inbound::handle_message`], in order, and take all events of each before the next,
/// until [`Inbound::is_done`]. When the connection ends, call [`Inbound::eof`]. After an error the transfer is over: every
/// call gives that error again, and nothing of what came may be used. Nothing is allocated; the state is of fixed size.
///
/// AA, RD and other flags don't matter; authority section and additional section are not looked into but for OPT and TSIG.
/// The question may stand in any message or in none, and is the request's where it does.
#[derive(Debug)]
pub struct Inbound<M> {
    scratch: Scratch,
    stream: Stream,
    verifier: Option<Verifier<M>>,
}

/// All but the signature and the room for a record.
#[derive(Debug)]
struct Stream {
    apex: Name,
    id: u16,
    limits: Limits,
    totals: Totals,
    skipped: u64,
    /// How many messages in a row had no record.
    empty: u32,
    state: State,
    /// Whether a message has events that were not yet taken.
    open: bool,
    row: Row,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there may be no heap to put it on")]
enum State {
    /// Nothing came yet.
    Start,
    /// AXFR: in the zone that this SOA opened.
    Zone(KeptSoa),
    Done,
    Failed(Error),
}

impl<M: Mac> Inbound<M> {
    /// For the answer to an AXFR query with this ID for the zone with this apex. `verifier` is that of the request when it
    /// was signed (see [`tsig::sign_request`]); without one, a signed answer is refused.
    #[must_use]
    pub fn axfr(apex: NameRef<'_>, id: u16, limits: Limits, verifier: Option<Verifier<M>>) -> Self {
        let stream = Stream {
            apex: apex.to_name(),
            id,
            limits,
            totals: Totals::default(),
            skipped: 0,
            empty: 0,
            state: State::Start,
            open: false,
            row: Row::new(),
        };
        Self { scratch: Scratch::new(), stream, verifier }
    }

    /// Takes the next message, without its length octets: its framing, header, question and signature are checked, and the
    /// records come from the [`Events`].
    ///
    /// # Errors
    /// When the message is not acceptable, says that the peer refuses, or passes a limit; or when events of the message
    /// before were not taken ([`Error::Unread`]). An error of before comes again. Octets after the end are an error, too, but
    /// don't undo the end.
    pub fn handle_message<'s>(&'s mut self, octets: &'s [u8], now: Now) -> Result<Events<'s>, Error> {
        let Self { scratch, stream, verifier } = self;
        match stream.open_message(octets, verifier.as_mut(), now.unix) {
            Ok(position) => {
                let closing = verifier.as_ref().map_or(Ok(()), Verifier::finish);
                Ok(Events { octets, position, scratch, stream, closing })
            }
            Err(error) => Err(stream.fail(error)),
        }
    }
}

impl<M> Inbound<M> {
    /// Tells that no more octets will come.
    ///
    /// # Errors
    /// When the closing SOA hasn't come, or the transfer failed before.
    pub fn eof(&mut self) -> Result<(), Error> {
        let stream = &mut self.stream;
        let Totals { messages, records, .. } = stream.totals;
        let error = match &stream.state {
            State::Done => return Ok(()),
            State::Failed(error) => return Err(*error),
            State::Start | State::Zone(_) if stream.open => Error::Unread { message: messages },
            State::Start | State::Zone(_) => Error::Ended { messages, records },
        };
        stream.state = State::Failed(error);
        Err(error)
    }

    /// Whether the zone is whole: [`Event::Commit`] was given.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.stream.state, State::Done)
    }

    /// What came so far.
    #[must_use]
    pub const fn totals(&self) -> Totals {
        self.stream.totals
    }

    /// How many records outside the zone came.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.stream.skipped
    }
}

impl Stream {
    /// The error, which from now on is the only answer. What is done stays done.
    fn fail(&mut self, error: Error) -> Error {
        match self.state {
            State::Done => {}
            _ => self.state = State::Failed(error),
        }
        error
    }

    const fn peer(&self, fault: PeerFault) -> Error {
        Error::Peer { fault, message: self.totals.messages, offset: 0 }
    }

    /// Checks all of a message but its records, and says where these are.
    fn open_message<M: Mac>(
        &mut self,
        octets: &[u8],
        verifier: Option<&mut Verifier<M>>,
        now: UnixTime,
    ) -> Result<RecordPosition, Error> {
        if let State::Failed(error) = self.state {
            return Err(error);
        }
        if self.open {
            return Err(Error::Unread { message: self.totals.messages });
        }
        self.totals.messages = self.totals.messages.saturating_add(1);
        self.totals.octets = self.totals.octets.saturating_add(octets.len() as u64);
        let (number, limits) = (self.totals.messages, self.limits);
        if matches!(self.state, State::Done) {
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
        let layout = message.layout().map_err(wire)?;
        // Signatures come before everything that is read from the message.
        let signed = match verifier {
            Some(verifier) => self.verify(&message, &layout, verifier, now)?,
            None if layout.tsig_at.is_some() => return Err(self.peer(PeerFault::UnexpectedTsig)),
            None => false,
        };
        self.check_rcode(&message, &layout, signed)?;
        self.check_question(&message)?;
        let answers = message.header().answers;
        if answers == 0 && matches!(self.state, State::Start) {
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
        } else if header.flags.has(Flags::TC) {
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
    fn verify<M: Mac>(
        &self,
        message: &Message<'_>,
        layout: &Layout,
        verifier: &mut Verifier<M>,
        now: UnixTime,
    ) -> Result<bool, Error> {
        let refused = message.header().flags.rcode() != Rcode::NOERROR;
        match verifier.verify(message, layout, now) {
            Ok(Verdict::Signed) => Ok(true),
            Ok(Verdict::Unsigned) if verifier.unverified_octets() > self.limits.unverified_octets => {
                Err(Error::Limit(Limit::UnverifiedOctets(self.limits.unverified_octets)))
            }
            Ok(Verdict::Unsigned) => Ok(false),
            Err(tsig::Error::Missing) if refused => Ok(false),
            Err(error) => Err(Error::Tsig(error)),
        }
    }

    fn check_rcode(&self, message: &Message<'_>, layout: &Layout, signed: bool) -> Result<(), Error> {
        let number = self.totals.messages;
        let edns = Edns::read(message, layout).map_err(|error| Error::wire(error, number))?;
        let rcode = edns.map_or_else(|| message.header().flags.rcode(), |edns| edns.rcode(message));
        if rcode == Rcode::NOERROR {
            return Ok(());
        }
        let ede = edns.and_then(|edns| edns.ede).map(|(code, _)| code);
        Err(Error::Refused { rcode, ede, message: number, signed })
    }

    fn check_question(&self, message: &Message<'_>) -> Result<(), Error> {
        let question = message.question().map_err(|error| Error::wire(error, self.totals.messages))?;
        match question {
            Some(question)
                if question.qname != self.apex || question.qtype != Rtype::AXFR || question.qclass != Class::IN =>
            {
                Err(self.peer(PeerFault::OtherQuestion))
            }
            _ => Ok(()),
        }
    }

    /// What a record means here. It is the last of its message when none is `left`.
    #[inline]
    fn take<'a>(
        &mut self,
        record: Record<'a>,
        left: u16,
        closing: Result<(), tsig::Error>,
    ) -> Result<Event<'a>, Fault> {
        if record.class != Class::IN {
            return Err(PeerFault::Class(record.class).into());
        }
        if record.rtype.is_meta() {
            return Err(PeerFault::MetaType(record.rtype).into());
        }
        self.totals.records = self.totals.records.saturating_add(1);
        if self.totals.records > self.limits.records {
            return Err(Limit::Records(self.limits.records).into());
        }
        if record.rtype == Rtype::SOA {
            return self.take_soa(record, left, closing);
        }
        if matches!(self.state, State::Start) {
            return Err(PeerFault::FirstNotSoa(record.rtype).into());
        }
        let same_owner = self.row.has_owner(record.owner);
        // All owners of rows lie in the zone.
        if !same_owner && !record.owner.is_at_or_below(self.apex.as_ref()) {
            self.skipped = self.skipped.saturating_add(1);
            return Ok(Event::Skipped(record));
        }
        self.row.count(&record, same_owner, &self.limits)?;
        Ok(Event::Add(record))
    }

    fn take_soa<'a>(
        &mut self,
        record: Record<'a>,
        left: u16,
        closing: Result<(), tsig::Error>,
    ) -> Result<Event<'a>, Fault> {
        if record.owner != self.apex.as_ref() {
            return Err(PeerFault::SoaOffApex.into());
        }
        // The reader has checked its shape, so that it can be kept.
        let this = KeptSoa::of(&record).ok_or(PeerFault::Wire(crate::error::WireFault::Rdata(Rtype::SOA)))?;
        match &self.state {
            State::Zone(first) if !first.is_repeated_by(&record) => {
                Err(PeerFault::OtherSoa { first: first.serial, this: this.serial }.into())
            }
            State::Zone(_) if left > 0 => Err(PeerFault::AfterClosingSoa.into()),
            State::Zone(_) => {
                // RFC 8945 §5.3.1: the last signature is on the last message.
                closing?;
                self.state = State::Done;
                Ok(Event::Commit { serial: this.serial })
            }
            _ => {
                self.state = State::Zone(this);
                Ok(Event::Begin { soa: record })
            }
        }
    }
}

/// What is wrong with a record; where it is, [`Events`] knows.
enum Fault {
    Peer(PeerFault),
    Other(Error),
}

impl From<PeerFault> for Fault {
    fn from(fault: PeerFault) -> Self {
        Self::Peer(fault)
    }
}

impl From<Limit> for Fault {
    fn from(limit: Limit) -> Self {
        Self::Other(Error::Limit(limit))
    }
}

impl From<tsig::Error> for Fault {
    fn from(error: tsig::Error) -> Self {
        Self::Other(Error::Tsig(error))
    }
}

/// The records in a row that have one owner, and the types among them.
#[derive(Debug)]
struct Row {
    /// Not yet a name before the first record.
    owner: Name,
    /// The type of the last record, and how many in a row have it.
    rtype: Rtype,
    records: u32,
    lowest: Rtype,
    highest: Rtype,
    types: u16,
}

impl Row {
    const fn new() -> Self {
        let none = Rtype(0);
        Self { owner: Name::empty(), rtype: none, records: 0, lowest: none, highest: none, types: 0 }
    }

    #[inline]
    fn has_owner(&self, owner: NameRef<'_>) -> bool {
        owner.octets_eq(self.owner.as_ref()) || owner == self.owner.as_ref()
    }

    #[inline]
    fn count(&mut self, record: &Record<'_>, same_owner: bool, limits: &Limits) -> Result<(), Limit> {
        let rtype = record.rtype;
        if !same_owner {
            self.owner.set(record.owner);
            (self.lowest, self.highest, self.types) = (rtype, rtype, 1);
            (self.rtype, self.records) = (rtype, 1);
        } else if rtype == self.rtype {
            self.records = self.records.saturating_add(1);
        } else {
            (self.rtype, self.records) = (rtype, 1);
            if rtype < self.lowest || rtype > self.highest {
                self.lowest = self.lowest.min(rtype);
                self.highest = self.highest.max(rtype);
                self.types = self.types.saturating_add(1);
            }
        }
        if self.records > limits.rrset_records {
            return Err(Limit::RrsetRecords(limits.rrset_records));
        }
        if self.types > limits.types_per_name {
            return Err(Limit::TypesPerName(limits.types_per_name));
        }
        Ok(())
    }
}

/// The events of one message; each borrows from this until the next is taken.
///
/// Take them until `None` comes. If this is dropped before its last record was taken, the transfer can't go on
/// ([`Error::Unread`]).
#[derive(Debug)]
pub struct Events<'s> {
    octets: &'s [u8],
    position: RecordPosition,
    scratch: &'s mut Scratch,
    stream: &'s mut Stream,
    /// Whether the stream may end with this message: only a signed one may be the last.
    closing: Result<(), tsig::Error>,
}

impl Events<'_> {
    /// The next event; `None` when the message has no more.
    ///
    /// # Errors
    /// When the next record is malformed, can't stand where it does, or passes a limit; or when the transfer ends here and
    /// its signature doesn't hold. From then on the same error comes.
    #[expect(clippy::should_implement_trait, reason = "lends from itself, which Iterator can't")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Event<'_>>, Error> {
        let Self { octets, position, scratch, stream, closing } = self;
        if let State::Failed(error) = stream.state {
            return Err(error);
        }
        let (message, offset) = (stream.totals.messages, position.at);
        let record = match position.next(octets, scratch) {
            Ok(Some(record)) => record,
            Ok(None) => return Ok(None),
            Err(error) => return Err(stream.fail(Error::wire(error, message))),
        };
        stream.open = position.left > 0;
        match stream.take(record, position.left, *closing) {
            Ok(event) => Ok(Some(event)),
            Err(Fault::Peer(fault)) => Err(stream.fail(Error::Peer { fault, message, offset })),
            Err(Fault::Other(error)) => Err(stream.fail(error)),
        }
    }
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests;
