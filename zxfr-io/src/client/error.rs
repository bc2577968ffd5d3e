//! What goes wrong when a zone is pulled.

use super::SinkError;
use std::fmt;
use std::io;
use std::time::Duration;
use zxfr_core::transfer;

/// Why a question or transfer failed.
#[non_exhaustive]
#[derive(Debug)]
pub enum Error {
    /// No connection could be made.
    Connect(io::Error),
    /// The connection failed.
    Io(io::ErrorKind),
    /// The peer closed the connection before it had answered.
    Closed,
    /// The peer answered something that nobody asked: nothing on this connection can be trusted any more.
    UnknownId(u16),
    /// Something took longer than it may.
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// How long.
        after: Duration,
    },
    /// All 65,536 message IDs of the connection are in use.
    NoFreeId,
    /// The system gave no random number for a message ID.
    NoRandomness,
    /// A query could not be put together.
    Unsendable,
    /// The transfer failed: the error says who is at fault and where.
    Transfer(transfer::Error),
    /// The zone could not be kept.
    Sink(SinkError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => write!(f, "no connection: {error}"),
            Self::Io(kind) => write!(f, "connection failed: {kind}"),
            Self::Closed => f.write_str("the peer closed the connection without an answer"),
            Self::UnknownId(id) => write!(f, "peer misbehaved: an answer with ID {id}, which no request has"),
            Self::Timeout { what, after } => write!(f, "timed out: no {what} within {} s", after.as_secs_f32()),
            Self::NoFreeId => f.write_str("too many requests on one connection"),
            Self::NoRandomness => f.write_str("the system gives no random numbers"),
            Self::Unsendable => f.write_str("the query could not be put together"),
            Self::Transfer(error) => error.fmt(f),
            Self::Sink(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connect(error) => Some(error),
            Self::Transfer(error) => Some(error),
            Self::Sink(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<transfer::Error> for Error {
    fn from(error: transfer::Error) -> Self {
        Self::Transfer(error)
    }
}

impl From<SinkError> for Error {
    fn from(error: SinkError) -> Self {
        Self::Sink(error)
    }
}
