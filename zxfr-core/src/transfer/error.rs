//! Why a transfer failed: who is at fault, and where.

use crate::error::{WireError, WireFault};
use crate::serial::Serial;
use crate::tsig;
use crate::wire::{Class, Ede, Opcode, Rcode, Rtype};
use core::fmt;

/// What a peer sent that it may not.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerFault {
    /// A malformed message.
    Wire(WireFault),
    /// A message that is no answer: its QR is not set.
    NoResponse,
    /// Another opcode than the request's.
    Opcode(Opcode),
    /// A message with another ID than the request's.
    Id(u16),
    /// TC set: there is no truncation in a stream (RFC 5936 §2.2.1).
    Truncated,
    /// More than one question.
    Questions(u16),
    /// A question that isn't the request's.
    OtherQuestion,
    /// A TSIG, where the request had none (RFC 8945 §5.3).
    UnexpectedTsig,
    /// A first message without error and without answer.
    NoAnswer,
    /// A record that isn't an SOA at the start of the zone (RFC 5936 §2.2).
    FirstNotSoa(Rtype),
    /// An SOA at another name than the zone's apex.
    SoaOffApex,
    /// An SOA that is not the one that opened the transfer, in the middle of it or at its end.
    OtherSoa {
        /// The serial that opened the transfer.
        first: Serial,
        /// The serial of this SOA.
        this: Serial,
    },
    /// Records behind the SOA that closed the transfer.
    AfterClosingSoa,
    /// Differences from another serial than ours (RFC 1995 §4).
    FirstSerial {
        /// The serial that we asked from.
        ours: Serial,
        /// The serial that the differences begin with.
        theirs: Serial,
    },
    /// A difference sequence, or the closing SOA, that doesn't begin where the sequence before ended.
    BrokenChain {
        /// The serial that the sequence before led to.
        to: Serial,
        /// The serial of the next SOA.
        from: Serial,
    },
    /// A difference sequence that leads to the serial it begins with.
    SameSerial(Serial),
    /// A record of another class than IN.
    Class(Class),
    /// A record of a type that can't stand in a zone.
    MetaType(Rtype),
    /// A message behind the last one.
    AfterEnd,
}

impl fmt::Display for PeerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wire(fault) => fault.fmt(f),
            Self::NoResponse => f.write_str("not an answer (QR is clear)"),
            Self::Opcode(opcode) => write!(f, "opcode {opcode}, which is not the request's"),
            Self::Id(id) => write!(f, "ID {id}, which is not the request's"),
            Self::Truncated => f.write_str("TC is set, which no message of a transfer may have"),
            Self::Questions(count) => write!(f, "{count} questions"),
            Self::OtherQuestion => f.write_str("a question that is not the request's"),
            Self::UnexpectedTsig => f.write_str("TSIG in the answer to a request without"),
            Self::NoAnswer => f.write_str("neither an answer nor an error"),
            Self::FirstNotSoa(rtype) => write!(f, "the transfer begins with {rtype} instead of the zone's SOA"),
            Self::SoaOffApex => f.write_str("SOA at a name that is not the zone's apex"),
            Self::OtherSoa { first, this } if first == this => {
                write!(f, "SOA with serial {this} that differs from the first SOA in other fields")
            }
            Self::OtherSoa { first, this } => {
                write!(f, "SOA with serial {this} in a transfer that began with serial {first}")
            }
            Self::FirstSerial { ours, theirs } => {
                write!(f, "differences from serial {theirs}, asked for from serial {ours}")
            }
            Self::BrokenChain { to, from } => {
                write!(f, "SOA with serial {from} after differences that lead to serial {to}")
            }
            Self::SameSerial(serial) => write!(f, "differences from serial {serial} to the same serial"),
            Self::AfterClosingSoa => f.write_str("record after the closing SOA"),
            Self::Class(class) => write!(f, "record of class {class} in a zone of class IN"),
            Self::MetaType(rtype) => write!(f, "record of type {rtype}, which can't stand in a zone"),
            Self::AfterEnd => f.write_str("message after the end of the transfer"),
        }
    }
}

/// What there was too much of (see [`super::Limits`]).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Octets of messages.
    Octets(u64),
    /// Records.
    Records(u64),
    /// Messages.
    Messages(u64),
    /// Messages in a row without a record.
    EmptyMessages(u32),
    /// Octets since the last signed message.
    UnverifiedOctets(u64),
    /// Records in an RRset.
    RrsetRecords(u32),
    /// Types at a name.
    TypesPerName(u16),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Octets(most) => write!(f, "{most} octets"),
            Self::Records(most) => write!(f, "{most} records"),
            Self::Messages(most) => write!(f, "{most} messages"),
            Self::EmptyMessages(most) => write!(f, "{most} messages in a row without a record"),
            Self::UnverifiedOctets(most) => write!(f, "{most} octets since the last signed message"),
            Self::RrsetRecords(most) => write!(f, "{most} records in an RRset"),
            Self::TypesPerName(most) => write!(f, "{most} types at a name"),
        }
    }
}

/// Why a transfer failed. Nothing of it may be used.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The peer broke the protocol.
    Peer {
        /// How.
        fault: PeerFault,
        /// In which message, from 1.
        message: u64,
        /// At which octet of the message, from 0; 0 where the fault is the whole message's.
        offset: usize,
    },
    /// The peer refused, or gave up.
    Refused {
        /// The RCODE, with the bits that OPT adds.
        rcode: Rcode,
        /// The extended error (RFC 8914), when it sent one.
        ede: Option<Ede>,
        /// In which message, from 1.
        message: u64,
        /// Whether the answer is surely the peer's: its TSIG is right. `false` wherever there is none.
        signed: bool,
    },
    /// No more messages came, though the closing SOA is missing: the peer gave up, or the connection broke.
    Ended {
        /// The messages that had come.
        messages: u64,
        /// The records in them.
        records: u64,
    },
    /// A signature doesn't hold, or the peer didn't accept the request's.
    Tsig(tsig::Error),
    /// The transfer is larger than is taken here.
    Limit(Limit),
    /// The caller of [`super::Inbound`] didn't take all records of a message before the next one: they would be lost.
    Unread {
        /// The message, from 1.
        message: u64,
    },
}

impl Error {
    /// A malformed message, by its number from 1.
    #[must_use]
    pub const fn wire(error: WireError, message: u64) -> Self {
        Self::Peer { fault: PeerFault::Wire(error.fault), message, offset: error.offset }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer { fault, message, offset: 0 } => write!(f, "peer misbehaved in message {message}: {fault}"),
            Self::Peer { fault, message, offset } => {
                write!(f, "peer misbehaved in message {message} at octet {offset}: {fault}")
            }
            Self::Refused { rcode, ede, message, signed } => {
                match message {
                    1 => write!(f, "peer refused: {rcode}")?,
                    _ => write!(f, "peer gave up in message {message}: {rcode}")?,
                }
                if let Some(ede) = ede {
                    write!(f, ", {ede}")?;
                }
                if *signed { f.write_str(" (signed)") } else { Ok(()) }
            }
            Self::Ended { messages, records } => {
                write!(f, "connection ended after {messages} messages with {records} records, before the closing SOA")
            }
            Self::Tsig(error) => write!(f, "TSIG: {error}"),
            Self::Limit(limit) => write!(f, "transfer cut at the limit here of {limit}"),
            Self::Unread { message } => write!(f, "records of message {message} were not all taken by the caller"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Tsig(error) => Some(error),
            _ => None,
        }
    }
}

impl From<tsig::Error> for Error {
    fn from(error: tsig::Error) -> Self {
        Self::Tsig(error)
    }
}
