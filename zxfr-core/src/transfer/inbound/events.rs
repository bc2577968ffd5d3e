//! The events of one message.

use super::super::error::{Error, Limit, PeerFault};
use super::Event;
use super::row::Row;
use super::sequence::{Part, Query, Second, State};
use super::stream::Stream;
use crate::serial::Serial;
use crate::tsig;
use crate::wire::reader::RecordPosition;
use crate::wire::{Class, Record, Rtype, Scratch};

/// The events of one message; each borrows from this until the next is taken.
///
/// Take them until `None` comes. If this is dropped before its last record was taken, the transfer can't go on
/// ([`Error::Unread`]).
#[derive(Debug)]
pub struct Events<'s> {
    pub(super) octets: &'s [u8],
    pub(super) position: RecordPosition,
    pub(super) scratch: &'s mut Scratch,
    pub(super) stream: &'s mut Stream,
    /// Whether the stream may end with this message: only a signed one may be the last.
    pub(super) closing: Result<(), tsig::Error>,
}

/// What is wrong with a record; where it is, [`Events`] knows.
pub(super) enum Fault {
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

/// What the first records of an answer say.
enum Opening {
    /// Nothing yet, or nothing more: the message ends here.
    Nothing,
    /// The next record is the SOA of the zone, or the first of differences.
    Soa,
    /// A zone, whose SOA is the one that was kept.
    Zone,
    UpToDate(Serial),
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
        if !self.stream.sequence.is_inside() {
            match self.opening()? {
                Opening::Nothing => return Ok(None),
                Opening::Zone => return Ok(Some(Event::Begin { soa: self.stream.first_soa() })),
                Opening::UpToDate(serial) => return Ok(Some(Event::UpToDate { serial })),
                Opening::Soa => {}
            }
        }
        let Self { octets, position, scratch, stream, closing } = self;
        let (message, offset) = (stream.totals.messages, position.at);
        let record = match position.next(octets, scratch) {
            Ok(Some(record)) => record,
            Ok(None) => return Ok(None),
            Err(error) => return Err(stream.fail(Error::wire(error, message))),
        };
        stream.open = position.left > 0;
        match stream.take(record, position.left, *closing) {
            Ok(event) => Ok(Some(event)),
            Err(fault) => Err(stream.fault(fault, message, offset)),
        }
    }

    /// Looks at the first record of an answer; of the answer to an IXFR query it takes the first, and looks at the second.
    #[cold]
    fn opening(&mut self) -> Result<Opening, Error> {
        let Self { octets, position, scratch, stream, closing } = self;
        let message = stream.totals.messages;
        if let State::Failed(error) = stream.sequence.state {
            return Err(error);
        }
        loop {
            let before = *position;
            let record = match position.next(octets, scratch) {
                Ok(Some(record)) => record,
                Ok(None) => return Ok(Opening::Nothing),
                Err(error) => return Err(stream.fail(Error::wire(error, message))),
            };
            match stream.open(&record, position.left, *closing) {
                Ok(Some(opening)) => {
                    if matches!(opening, Opening::UpToDate(_)) {
                        stream.open = false;
                    } else {
                        // It is read again, to be told.
                        *position = RecordPosition::new(before.at, before.left);
                    }
                    return Ok(opening);
                }
                Ok(None) => stream.open = position.left > 0,
                Err(fault) => return Err(stream.fault(fault, message, before.at)),
            }
        }
    }
}

impl Stream {
    fn fault(&mut self, fault: Fault, message: u64, offset: usize) -> Error {
        self.fail(match fault {
            Fault::Peer(fault) => Error::Peer { fault, message, offset },
            Fault::Other(error) => error,
        })
    }

    /// What can be said of any record.
    #[inline]
    fn check(&self, record: &Record<'_>) -> Result<(), PeerFault> {
        if record.class != Class::IN {
            return Err(PeerFault::Class(record.class));
        }
        if record.rtype.is_meta() {
            return Err(PeerFault::MetaType(record.rtype));
        }
        Ok(())
    }

    fn check_soa(&self, record: &Record<'_>) -> Result<(), PeerFault> {
        if record.owner == self.apex.as_ref() { Ok(()) } else { Err(PeerFault::SoaOffApex) }
    }

    #[inline]
    fn count(&mut self) -> Result<(), Limit> {
        self.totals.records = self.totals.records.saturating_add(1);
        if self.totals.records > self.limits.records {
            return Err(Limit::Records(self.limits.records));
        }
        Ok(())
    }

    /// What an answer is, as far as its first record tells, or its second. Only the first of the answer to an IXFR query is
    /// taken here.
    fn open(
        &mut self,
        record: &Record<'_>,
        left: u16,
        closing: Result<(), tsig::Error>,
    ) -> Result<Option<Opening>, Fault> {
        self.check(record)?;
        if record.rtype == Rtype::SOA {
            self.check_soa(record)?;
        }
        let up_to_date = if matches!(self.sequence.state, State::Start) {
            if record.rtype != Rtype::SOA {
                return Err(PeerFault::FirstNotSoa(record.rtype).into());
            }
            if matches!(self.sequence.query, Query::Axfr) {
                return Ok(Some(Opening::Soa));
            }
            self.count()?;
            // The SOA may be told only when the next message is read: keep its owner's case, too.
            self.apex.set(record.owner);
            self.sequence.open(record)?;
            // Alone it says what the peer has (RFC 1995 §2); newer, the rest is still to come.
            left == 0 && self.sequence.is_up_to_date()
        } else {
            match self.sequence.second(record, left)? {
                Second::Zone => return Ok(Some(Opening::Zone)),
                Second::Differences => return Ok(Some(Opening::Soa)),
                Second::Nothing => {
                    self.count()?;
                    true
                }
            }
        };
        if !up_to_date {
            return Ok(None);
        }
        closing?;
        self.sequence.state = State::Done;
        Ok(Some(Opening::UpToDate(self.sequence.first.serial)))
    }

    /// What a record means here. It is the last of its message when none is `left`.
    #[inline]
    fn take<'a>(
        &mut self,
        record: Record<'a>,
        left: u16,
        closing: Result<(), tsig::Error>,
    ) -> Result<Event<'a>, Fault> {
        self.check(&record)?;
        if record.rtype == Rtype::SOA {
            return self.take_soa(record, left, closing);
        }
        self.count()?;
        let same_owner = self.row.has_owner(record.owner);
        // All owners of rows lie in the zone.
        if !same_owner && !record.owner.is_at_or_below(self.apex.as_ref()) {
            self.skipped = self.skipped.saturating_add(1);
            return Ok(Event::Skipped(record));
        }
        self.row.count(&record, same_owner, &self.limits)?;
        match self.sequence.state {
            State::Deletions { .. } => Ok(Event::Delete(record)),
            _ => Ok(Event::Add(record)),
        }
    }

    #[cold]
    fn take_soa<'a>(
        &mut self,
        record: Record<'a>,
        left: u16,
        closing: Result<(), tsig::Error>,
    ) -> Result<Event<'a>, Fault> {
        self.check_soa(&record)?;
        self.count()?;
        let part = self.sequence.soa(&record, left)?;
        // What is deleted and what is added are no rows together.
        self.row = Row::new();
        match part {
            Part::Zone => Ok(Event::Begin { soa: record }),
            Part::Deletions => Ok(Event::Deletions { soa: record }),
            Part::Additions => Ok(Event::Additions { soa: record }),
            Part::End(serial) => {
                // RFC 8945 §5.3.1: the last signature is on the last message.
                closing?;
                self.sequence.state = State::Done;
                Ok(Event::Commit { serial })
            }
        }
    }
}
