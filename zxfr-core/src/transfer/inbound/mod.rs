//! A zone coming in: messages go in, records come out one by one (AXFR: RFC 5936 §2.2, IXFR: RFC 1995).
//!
//! | module | holds |
//! |---|---|
//! | `ahead` | [`InboundAhead`]: later messages of a whole zone, read on other cores |
//! | `inspect` | [`Inspector`]: framing and signature of each message, which may be seen to elsewhere |
//! | `stream` | what else is checked of each message |
//! | `events` | [`Events`]: what is checked of each record, and what it means |
//! | `sequence` | where zone, deletions and additions begin and end |
//! | `row` | limits on what stands in a row |

mod ahead;
mod events;
mod inspect;
mod row;
mod sequence;
mod stream;

pub use ahead::{EventsAhead, InboundAhead, NotSure};
pub use events::Events;
pub use inspect::{Inspected, Inspector};

use super::error::Error;
use super::limits::{Limits, Totals};
use crate::name::NameRef;
use crate::serial::Serial;
use crate::time::Now;
use crate::tsig::{Mac, Verifier};
use crate::wire::reader::RecordPosition;
use crate::wire::{Record, Scratch};
use inspect::Facts;
use sequence::{Query, State};
use stream::Stream;

/// What a transfer says. All of it is provisional until [`Event::Commit`]: a signature may turn out wrong, or the end be
/// missing.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A whole zone follows; all that was known before is to be replaced. The SOA is not repeated as [`Event::Add`].
    Begin {
        /// The zone's SOA.
        soa: Record<'a>,
    },
    /// A difference sequence begins, with what it deletes (RFC 1995 §4). The serial of the first sequence's SOA is ours, that
    /// of the next one's is the serial that the one before led to.
    Deletions {
        /// The SOA of the version that the sequence changes. It is not repeated as [`Event::Delete`].
        soa: Record<'a>,
    },
    /// A record of the old version that the new one hasn't.
    Delete(Record<'a>),
    /// What the difference sequence adds follows.
    Additions {
        /// The SOA of the version that the sequence makes. It is not repeated as [`Event::Add`].
        soa: Record<'a>,
    },
    /// A record of the zone, or one that the difference sequence adds; its RDATA is of the shape of its type. Records come in
    /// any order, and in a whole zone perhaps twice.
    Add(Record<'a>),
    /// A record outside the zone, which is to be left out, be it to be added or deleted.
    Skipped(Record<'a>),
    /// The peer has nothing newer than what we have. Nothing comes after this.
    UpToDate {
        /// The serial that it has: ours, or one that isn't newer.
        serial: Serial,
    },
    /// The zone is whole, or the differences are; every signature was right. Nothing comes after this.
    Commit {
        /// The serial of the zone.
        serial: Serial,
    },
}

/// A zone coming in: the answer to an AXFR query or to an IXFR query.
///
/// Give every message of the answer to [`Inbound::handle_message`], in order, and take all events of each before the next,
/// until [`Inbound::is_done`]. When the connection ends, call [`Inbound::eof`]. After an error the transfer is over: every
/// call gives that error again, and nothing of what came may be used. Nothing is allocated; the state is of fixed size.
///
/// AA, RD and other flags don't matter; authority section and additional section are not looked into but for OPT and TSIG.
/// The question may stand in any message or in none, and is the request's where it does.
#[derive(Debug)]
pub struct Inbound<M> {
    inspector: Inspector<M>,
    inbound: InspectedInbound,
}

/// A zone coming in, of which an [`Inspector`] sees every message first, perhaps on another thread: see [`Inbound::split`].
#[derive(Debug)]
pub struct InspectedInbound {
    scratch: Scratch,
    stream: Stream,
    /// Where the next message goes on, when what was read ahead ended in the midst of it.
    resume: Option<RecordPosition>,
}

impl<M: Mac> Inbound<M> {
    /// For the answer to an AXFR query with this ID for the zone with this apex. `verifier` is that of the request when it
    /// was signed (see [`crate::tsig::sign_request`]); without one, a signed answer is refused.
    #[must_use]
    pub fn axfr(apex: NameRef<'_>, id: u16, limits: Limits, verifier: Option<Verifier<M>>) -> Self {
        Self::new(apex, Query::Axfr, id, limits, verifier)
    }

    /// For the answer to an IXFR query over a stream (RFC 1995): differences from `serial`, which is ours, to the peer's
    /// version; its whole zone; or [`Event::UpToDate`]. Which of them, is known at the second record, so that the first SOA is
    /// kept until it comes.
    ///
    /// Differences make a chain from our serial to that of the first SOA. A whole zone is taken whatever its serial is:
    /// whether one that isn't newer is welcome is the caller's policy.
    #[must_use]
    pub fn ixfr(apex: NameRef<'_>, serial: Serial, id: u16, limits: Limits, verifier: Option<Verifier<M>>) -> Self {
        Self::new(apex, Query::Ixfr { ours: serial, datagram: false }, id, limits, verifier)
    }

    /// For the answer to an IXFR query over UDP: one message. When all its events are taken and [`Inbound::is_done`] doesn't
    /// hold, what came is to be thrown away, and the query repeated over a stream (RFC 1995 §2): the answer was truncated, or
    /// a lone SOA newer than ours, or only the beginning of what there is.
    #[must_use]
    pub fn ixfr_datagram(
        apex: NameRef<'_>,
        serial: Serial,
        id: u16,
        limits: Limits,
        verifier: Option<Verifier<M>>,
    ) -> Self {
        Self::new(apex, Query::Ixfr { ours: serial, datagram: true }, id, limits, verifier)
    }

    fn new(apex: NameRef<'_>, query: Query, id: u16, limits: Limits, verifier: Option<Verifier<M>>) -> Self {
        let stream = Stream::new(apex, query, id, limits);
        let inbound = InspectedInbound { scratch: Scratch::new(), stream, resume: None };
        Self { inspector: Inspector::new(verifier), inbound }
    }

    /// Takes the next message, without its length octets: its framing, header, question and signature are checked, and the
    /// records come from the [`Events`].
    ///
    /// # Errors
    /// When the message is not acceptable, says that the peer refuses, or passes a limit; or when events of the message
    /// before were not taken ([`Error::Unread`]). An error of before comes again. Octets after the end are an error, too, but
    /// don't undo the end.
    pub fn handle_message<'s>(&'s mut self, octets: &'s [u8], now: Now) -> Result<Events<'s>, Error> {
        let facts = self.inspector.look(octets, now.unix);
        self.inbound.handle(octets, facts)
    }

    /// Both halves of the work, for two threads: messages go to [`Inspector::inspect`], and what that gives, in the same
    /// order, to [`InspectedInbound::handle_message`]. What comes out is the same.
    #[must_use]
    pub fn split(self) -> (Inspector<M>, InspectedInbound) {
        (self.inspector, self.inbound)
    }
}

impl<M> Inbound<M> {
    /// Tells that no more octets will come.
    ///
    /// # Errors
    /// When the closing SOA hasn't come, or the transfer failed before.
    pub fn eof(&mut self) -> Result<(), Error> {
        self.inbound.eof()
    }

    /// Whether all has come: [`Event::Commit`] or [`Event::UpToDate`] was given.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.inbound.is_done()
    }

    /// The EXPIRE option that came with the first message, in seconds (RFC 7314 §3.2); as provisional as all else until the
    /// end.
    #[must_use]
    pub const fn expire_option(&self) -> Option<u32> {
        self.inbound.expire_option()
    }

    /// What came so far.
    #[must_use]
    pub const fn totals(&self) -> Totals {
        self.inbound.totals()
    }

    /// How many records outside the zone came.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.inbound.skipped()
    }
}

impl InspectedInbound {
    /// Takes the next message, as [`Inbound::handle_message`] does.
    ///
    /// # Errors
    /// As [`Inbound::handle_message`].
    pub fn handle_message<'s, O: AsRef<[u8]>>(&'s mut self, message: &'s Inspected<O>) -> Result<Events<'s>, Error> {
        self.handle(message.octets(), message.facts)
    }

    fn handle<'s>(&'s mut self, octets: &'s [u8], facts: Facts) -> Result<Events<'s>, Error> {
        let Self { scratch, stream, resume } = self;
        match resume.take().map_or_else(|| stream.open_message(octets, &facts), Ok) {
            Ok(position) => Ok(Events { octets, position, scratch, stream, closing: facts.closing() }),
            Err(error) => Err(stream.fail(error)),
        }
    }

    /// Tells that no more octets will come.
    ///
    /// # Errors
    /// When the closing SOA hasn't come, or the transfer failed before.
    pub fn eof(&mut self) -> Result<(), Error> {
        let stream = &mut self.stream;
        let Totals { messages, records, .. } = stream.totals;
        match stream.sequence.state {
            State::Done => Ok(()),
            State::Failed(error) => Err(error),
            _ if stream.open => Err(stream.fail(Error::Unread { message: messages })),
            _ => Err(stream.fail(Error::Ended { messages, records })),
        }
    }

    /// Whether all has come: [`Event::Commit`] or [`Event::UpToDate`] was given.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.stream.sequence.is_done()
    }

    /// The EXPIRE option that came with the first message, in seconds (RFC 7314 §3.2); as provisional as all else until the
    /// end.
    #[must_use]
    pub const fn expire_option(&self) -> Option<u32> {
        self.stream.expire
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

#[cfg(all(test, feature = "rustcrypto"))]
mod tests;
