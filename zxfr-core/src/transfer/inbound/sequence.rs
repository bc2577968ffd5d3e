//! What the SOAs of an answer tell: where a zone begins and ends, where deletions and additions do (RFC 1995 §4, RFC 5936
//! §2.2).

use super::super::error::{Error, PeerFault};
use super::super::soa::KeptSoa;
use crate::error::WireFault;
use crate::serial::Serial;
use crate::wire::{Record, Rtype};

/// What was asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Query {
    Axfr,
    /// The differences from our serial on.
    Ixfr {
        ours: Serial,
        /// Over UDP: one message, which may be cut short.
        datagram: bool,
    },
}

impl Query {
    pub(super) const fn qtype(self) -> Rtype {
        match self {
            Self::Axfr => Rtype::AXFR,
            Self::Ixfr { .. } => Rtype::IXFR,
        }
    }

    pub(super) const fn is_datagram(self) -> bool {
        matches!(self, Self::Ixfr { datagram: true, .. })
    }
}

/// How far an answer has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// Nothing came yet.
    Start,
    /// IXFR: the first SOA came. The second record tells whether a zone follows, or differences.
    Opened,
    /// In a whole zone.
    Zone,
    /// Among the deletions of a difference sequence.
    Deletions {
        from: Serial,
    },
    /// Among the additions of a difference sequence, or before the first: then up to our own serial.
    Additions {
        to: Serial,
    },
    Done,
    Failed(Error),
}

/// What an SOA begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Zone,
    Deletions,
    Additions,
    /// The end, by the closing SOA.
    End(Serial),
}

/// What follows the SOA that opened the answer to an IXFR query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Second {
    /// A record of the zone.
    Zone,
    /// The SOA with our serial, from which the differences are.
    Differences,
    /// The opening SOA once more and nothing else: the peer has the version that we have.
    Nothing,
}

#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) query: Query,
    pub(super) state: State,
    /// The SOA that opened the answer; none at the start.
    pub(super) first: KeptSoa,
}

impl Sequence {
    pub(super) const fn new(query: Query) -> Self {
        Self { query, state: State::Start, first: KeptSoa::none() }
    }

    pub(super) const fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Whether what the next record means is known: the answer has begun, and isn't over.
    #[inline]
    pub(super) const fn is_inside(&self) -> bool {
        matches!(self.state, State::Zone | State::Deletions { .. } | State::Additions { .. })
    }

    /// Keeps the SOA that opens the answer.
    pub(super) fn open(&mut self, soa: &Record<'_>) -> Result<(), PeerFault> {
        self.first = kept(soa)?;
        self.state = match self.query {
            Query::Axfr => State::Zone,
            Query::Ixfr { .. } => State::Opened,
        };
        Ok(())
    }

    /// Whether the SOA that opened the answer says that there is nothing newer than what we have.
    pub(super) fn is_up_to_date(&self) -> bool {
        matches!(self.query, Query::Ixfr { ours, .. } if !self.first.serial.is_newer_than(ours))
    }

    /// What the second record of the answer to an IXFR query tells. `left` is how many come after it in its message.
    pub(super) fn second(&mut self, record: &Record<'_>, left: u16) -> Result<Second, PeerFault> {
        let Query::Ixfr { ours, .. } = self.query else {
            return Ok(Second::Zone);
        };
        if record.rtype != Rtype::SOA {
            self.state = State::Zone;
            return Ok(Second::Zone);
        }
        let theirs = serial(record)?;
        if theirs != ours {
            return Err(PeerFault::FirstSerial { ours, theirs });
        }
        if self.first.serial == ours {
            self.check_repeated(record, theirs)?;
            return if left > 0 { Err(PeerFault::AfterClosingSoa) } else { Ok(Second::Nothing) };
        }
        self.state = State::Additions { to: ours };
        Ok(Second::Differences)
    }

    /// What an SOA tells that isn't one of the first two of the answer to an IXFR query. `left` is how many records come
    /// after it in its message.
    pub(super) fn soa(&mut self, record: &Record<'_>, left: u16) -> Result<Part, PeerFault> {
        let this = serial(record)?;
        match self.state {
            State::Zone => self.close(record, this, left),
            State::Deletions { from } => {
                if this == from {
                    return Err(PeerFault::SameSerial(this));
                }
                if this == self.first.serial {
                    self.check_repeated(record, this)?;
                }
                self.state = State::Additions { to: this };
                Ok(Part::Additions)
            }
            State::Additions { to } if this != to => Err(PeerFault::BrokenChain { to, from: this }),
            State::Additions { to } if to == self.first.serial => self.close(record, this, left),
            State::Additions { to } => {
                self.state = State::Deletions { from: to };
                Ok(Part::Deletions)
            }
            _ => {
                self.open(record)?;
                Ok(Part::Zone)
            }
        }
    }

    fn close(&self, record: &Record<'_>, this: Serial, left: u16) -> Result<Part, PeerFault> {
        self.check_repeated(record, this)?;
        if left > 0 { Err(PeerFault::AfterClosingSoa) } else { Ok(Part::End(this)) }
    }

    fn check_repeated(&self, record: &Record<'_>, this: Serial) -> Result<(), PeerFault> {
        if self.first.is_repeated_by(record) {
            Ok(())
        } else {
            Err(PeerFault::OtherSoa { first: self.first.serial, this })
        }
    }
}

/// The reader has checked the shape of every SOA, so that there are no others.
const MALFORMED: PeerFault = PeerFault::Wire(WireFault::Rdata(Rtype::SOA));

fn serial(record: &Record<'_>) -> Result<Serial, PeerFault> {
    Ok(record.soa().ok_or(MALFORMED)?.serial)
}

fn kept(record: &Record<'_>) -> Result<KeptSoa, PeerFault> {
    KeptSoa::of(record).ok_or(MALFORMED)
}
