//! An AXFR or IXFR going out from a host's own records, one message at a time into the host's buffer. Nothing is allocated.

use super::asked::Asked;
use super::kind::Kind;
use super::limits::Totals;
use super::soa::KeptSoa;
use crate::name::{Name, NameRef};
use crate::serial::Serial;
use crate::time::UnixTime;
use crate::tsig::{Mac, Signer};
use crate::wire::{Class, Full, MAX_MESSAGE, Record, Rtype, Writer};
use core::fmt;

/// The most octets of a message before OPT and TSIG, so that every name in it can be pointed to (RFC 1035 §4.1.4). Only a
/// record that is larger makes a larger message.
const MAX_BODY: usize = 16_383;

/// The records of a zone, or of its differences, as a host has them.
///
/// They come in the order in which they are to be sent, the newest SOA first; the one that closes the transfer is not among
/// them.
/// - For [`CursorOutbound::axfr`] all other records follow, best in canonical order and at least RRset by RRset, with no
///   further SOA.
/// - For [`CursorOutbound::ixfr`] the differences follow, oldest first, each as (RFC 1995 §4): the old SOA, the deleted
///   records, the new SOA, the added records. The first old SOA has the asker's serial, each later one that of the new SOA
///   before it, and the last new SOA the newest serial. SOAs don't count among the deleted and added records. Several
///   versions may be condensed into one difference (RFC 1995 §5).
///
/// The host sees to it that they are one version of the zone, or what leads to it, from first to last, of class IN, and that
/// RDATA has the shape of its type.
pub trait Cursor {
    /// Why records can't be had.
    type Error;

    /// The record that is next, the same until [`Cursor::advance`]; `None` after the last.
    ///
    /// # Errors
    /// When it can't be had. The transfer is broken off then.
    fn peek(&mut self) -> Result<Option<Record<'_>>, Self::Error>;

    /// Goes on to the record after.
    fn advance(&mut self);
}

/// Why the next message can't be made.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError<E> {
    /// The cursor failed; the transfer is broken off.
    Cursor(E),
    /// The cursor's first record isn't the SOA of the zone that was asked for; the transfer is broken off.
    NoSoa,
    /// The cursor has an SOA behind the first record; the transfer is broken off.
    SecondSoa,
    /// The SOAs of the differences don't lead from the asker's serial to the newest, as [`Cursor`] says that they do; the
    /// transfer is broken off.
    Chain,
    /// The next record, alone in a message and with the signature, doesn't fit into the buffer. Nothing has happened: the
    /// call may be repeated with a larger one. When the buffer has 65,535 octets, no message can carry the record, and the
    /// transfer has to be broken off. [`CursorOutbound::next_record`] shows it.
    TooLarge {
        /// The record's type.
        rtype: Rtype,
        /// The octets of the buffer.
        room: usize,
    },
    /// The transfer was broken off before.
    Broken,
}

impl<E: fmt::Display> fmt::Display for SendError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cursor(error) => write!(f, "records can't be had: {error}"),
            Self::NoSoa => f.write_str("the first record is not the zone's SOA"),
            Self::SecondSoa => f.write_str("a second SOA among the records"),
            Self::Chain => f.write_str("the differences don't lead from the asker's serial to the newest"),
            Self::TooLarge { rtype, room } => {
                write!(f, "{rtype} record too large for a message of {room} octets with its signature")
            }
            Self::Broken => f.write_str("the transfer was broken off before"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for SendError<E> {}

/// An AXFR (RFC 5936 §2.2) or IXFR (RFC 1995 §4) going out from a [`Cursor`]. Dropping it ends the transfer.
///
/// The first message has the question and, when the request had one, OPT; every message is signed when there is a signer; the
/// SOA comes once more at the end. A record is found to be too large only when it is its turn: a host whose zones hold such
/// records, which are larger than 65,535 octets less header, [`Signer::tail_len`] and their uncompressed owner, should look
/// for them before it begins.
#[derive(Debug)]
pub struct CursorOutbound<M, C> {
    cursor: C,
    asked: Asked,
    signer: Option<Signer<M>>,
    state: State,
    chain: Option<Chain>,
    serial: Option<Serial>,
    totals: Totals,
}

/// How far differences have come.
#[derive(Clone, Copy, Debug)]
struct Chain {
    /// The asker's serial.
    from: Serial,
    /// The serial at which the part that is being sent begins: deletions from it, or additions that make it.
    at: Serial,
    part: Part,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Before the first old SOA.
    Start,
    Deletions,
    Additions,
}

impl Chain {
    const fn new(from: Serial) -> Self {
        Self { from, at: from, part: Part::Start }
    }

    /// The chain after this record, which is not the first; `None` when the record can't follow.
    fn after(self, record: &Record<'_>) -> Option<Self> {
        let Some(soa) = record.soa() else {
            return (record.rtype != Rtype::SOA && self.part != Part::Start).then_some(self);
        };
        match self.part {
            Part::Start | Part::Additions => (soa.serial == self.at).then_some(Self { part: Part::Deletions, ..self }),
            Part::Deletions => Some(Self { at: soa.serial, part: Part::Additions, ..self }),
        }
    }

    /// Whether it may end when the newest serial is this.
    fn leads_to(self, newest: Serial) -> bool {
        self.part == Part::Additions && self.at == newest
    }
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there may be no heap to put it on")]
enum State {
    Start,
    Zone(Opening),
    Done,
    Broken,
}

/// The SOA that opened the transfer and is to close it.
#[derive(Debug)]
struct Opening {
    owner: Name,
    soa: KeptSoa,
}

impl Opening {
    fn record(&self) -> Record<'_> {
        let owner = self.owner.as_ref();
        Record { owner, rtype: Rtype::SOA, class: Class::IN, ttl: self.soa.ttl, rdata: &self.soa.rdata }
    }
}

/// A message without OPT and TSIG.
struct Body {
    length: usize,
    answers: u16,
    /// Whether the closing SOA is in it.
    closed: bool,
}

impl<M: Mac, C: Cursor> CursorOutbound<M, C> {
    /// The answer to an AXFR request that `asked` describes, signed by `signer` if there is one.
    #[must_use]
    pub const fn axfr(cursor: C, asked: Asked, signer: Option<Signer<M>>) -> Self {
        Self::new(cursor, None, asked, signer)
    }

    /// The answer to an IXFR request that `asked` describes from an asker that has the serial `from`; the cursor has the
    /// differences. Where there are none, because they aren't known or take more than the zone does, the answer is
    /// [`CursorOutbound::axfr`] (RFC 1995 §4); an asker that has the newest serial gets the SOA alone
    /// (`primary::Grant::soa`).
    #[must_use]
    pub const fn ixfr(cursor: C, from: Serial, asked: Asked, signer: Option<Signer<M>>) -> Self {
        Self::new(cursor, Some(Chain::new(from)), asked, signer)
    }

    const fn new(cursor: C, chain: Option<Chain>, asked: Asked, signer: Option<Signer<M>>) -> Self {
        let totals = Totals { messages: 0, records: 0, octets: 0 };
        Self { cursor, asked, signer, state: State::Start, chain, serial: None, totals }
    }

    /// Writes the next message, signed at `now`, to the start of `out` and gives its length; `None` after the last.
    ///
    /// The length octets of a stream are the caller's to write. The larger `out` is, the fewer messages: up to 16,383 octets
    /// and the signature all are used, beyond that only a record that needs it makes a larger message, alone in it.
    ///
    /// # Errors
    /// When there is no next message; what then, each [`SendError`] says.
    pub fn copy_to(&mut self, out: &mut [u8], now: UnixTime) -> Result<Option<usize>, SendError<C::Error>> {
        match self.state {
            State::Done => return Ok(None),
            State::Broken => return Err(SendError::Broken),
            State::Start | State::Zone(_) => {}
        }
        let made = self.make(out, now);
        match &made {
            Ok(_) | Err(SendError::TooLarge { .. }) => {}
            Err(_) => self.state = State::Broken,
        }
        made.map(Some)
    }

    fn make(&mut self, out: &mut [u8], now: UnixTime) -> Result<usize, SendError<C::Error>> {
        let most = out.len().min(MAX_MESSAGE);
        let first = self.totals.messages == 0;
        let opt = if first { self.asked.opt_len() } else { 0 };
        let tail = opt.saturating_add(self.signer.as_ref().map_or(0, Signer::tail_len));
        let room = most.saturating_sub(tail);
        let body = match self.body(out, room.min(MAX_BODY), u16::MAX)? {
            // Too large for a usual message: alone in one as large as it needs.
            Body { answers: 0, .. } => self.body(out, room, 1)?,
            body => body,
        };
        let too_large = |rtype| SendError::TooLarge { rtype, room: most };
        if body.answers == 0 {
            let next = self.cursor.peek().map_err(SendError::Cursor)?;
            return Err(too_large(next.map_or(Rtype::SOA, |record| record.rtype)));
        }
        let length = self.finish(out.get_mut(..most).unwrap_or_default(), body.length, opt > 0, now);
        // Room for both was kept.
        let length = length.map_err(|Full| SendError::Broken)?;
        if body.closed {
            self.state = State::Done;
        }
        let Totals { messages, records, octets } = self.totals;
        self.totals = Totals {
            messages: messages.saturating_add(1),
            records: records.saturating_add(u64::from(body.answers)),
            octets: octets.saturating_add(length as u64),
        };
        Ok(length)
    }

    /// Header, question in the first message, and as many records as fit into `room` octets, but at most `most`. With none the
    /// cursor hasn't moved.
    fn body(&mut self, out: &mut [u8], room: usize, most: u16) -> Result<Body, SendError<C::Error>> {
        let nothing = Body { length: 0, answers: 0, closed: false };
        let mut writer = Writer::new(out.get_mut(..room).unwrap_or_default());
        if self.totals.messages == 0 {
            let question = &self.asked.question;
            if writer.question(question.qname.as_ref(), question.qtype, question.qclass).is_err() {
                return Ok(nothing);
            }
        }
        let mut body = nothing;
        while body.answers < most {
            let Some(record) = self.cursor.peek().map_err(SendError::Cursor)? else {
                let State::Zone(opening) = &self.state else {
                    return Err(SendError::NoSoa);
                };
                if self.chain.is_some_and(|chain| !chain.leads_to(opening.soa.serial)) {
                    return Err(SendError::Chain);
                }
                body.closed = writer.answer(&opening.record()).is_ok();
                body.answers = body.answers.saturating_add(body.closed.into());
                break;
            };
            match (&self.state, self.chain) {
                (State::Start, _) => {
                    let soa = KeptSoa::of(&record).filter(|_| record.owner == self.asked.question.qname.as_ref());
                    let soa = soa.ok_or(SendError::NoSoa)?;
                    if writer.answer(&record).is_err() {
                        break;
                    }
                    self.serial = Some(soa.serial);
                    self.state = State::Zone(Opening { owner: record.owner.to_name(), soa });
                }
                (_, None) if record.rtype == Rtype::SOA => return Err(SendError::SecondSoa),
                (_, chain) => {
                    let after = chain.map(|chain| chain.after(&record).ok_or(SendError::Chain)).transpose()?;
                    if writer.answer(&record).is_err() {
                        break;
                    }
                    self.chain = after;
                }
            }
            self.cursor.advance();
            body.answers = body.answers.saturating_add(1);
        }
        body.length = writer.finish(self.asked.id, self.asked.answer_flags());
        Ok(body)
    }

    /// Appends OPT and TSIG to the message that is the first `length` octets.
    fn finish(&mut self, out: &mut [u8], length: usize, opt: bool, now: UnixTime) -> Result<usize, Full> {
        let mut length = length;
        let mut additionals = 0_u8;
        if let Some(opt) = self.asked.opt().filter(|_| opt) {
            let written = out.get_mut(length..).and_then(|rest| opt.write(rest)).ok_or(Full)?;
            length = length.saturating_add(written);
            additionals = 1;
            set_additionals(out, additionals);
        }
        if let Some(signer) = &mut self.signer {
            let (message, rest) = out.split_at_mut_checked(length).ok_or(Full)?;
            length = length.saturating_add(signer.sign(&[message], now, rest)?);
            set_additionals(out, additionals.saturating_add(1));
        }
        Ok(length)
    }

    /// The record that is to be sent next, so that after [`SendError::TooLarge`] it can be named; `None` when only the
    /// closing SOA is left.
    ///
    /// # Errors
    /// As [`Cursor::peek`].
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, C::Error> {
        self.cursor.peek()
    }
}

impl<M, C> CursorOutbound<M, C> {
    /// Whether all has been given out.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// What was given out so far.
    #[must_use]
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// Whether the whole zone or differences are sent.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.chain.map_or(Kind::Axfr, |chain| Kind::Ixfr { from: chain.from })
    }

    /// The serial of the zone that is sent, once the first message was made.
    #[must_use]
    pub const fn serial(&self) -> Option<Serial> {
        self.serial
    }

    /// The name of the key that signs, if one does.
    #[must_use]
    pub fn key_name(&self) -> Option<NameRef<'_>> {
        self.signer.as_ref().map(Signer::key_name)
    }
}

/// Sets ARCOUNT of the message to a small number.
fn set_additionals(message: &mut [u8], count: u8) {
    if let Some([.., high, low]) = message.first_chunk_mut::<{ crate::wire::HEADER_LEN }>() {
        [*high, *low] = [0, count];
    }
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests;
