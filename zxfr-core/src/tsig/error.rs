//! Why an answer is not accepted.

use crate::error::WireError;
use crate::time::UnixTime;
use crate::wire::Rcode;
use core::fmt;

/// Why a client doesn't accept an answer to a signed request.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The peer sent the first message, which must be signed, without TSIG.
    Missing,
    /// The peer sent more than 99 messages in a row without TSIG (RFC 8945 §5.3.1).
    TooManyUnsigned,
    /// The peer sent the last message, which must be signed, without TSIG.
    LastUnsigned,
    /// The peer signed with another key than the request's.
    WrongKey,
    /// The peer signed with another algorithm than the request's.
    WrongAlgorithm,
    /// The MAC is longer than the algorithm's, or shorter than the RFC's minimum (RFC 8945 §5.2.2.1).
    MacLength {
        /// The octets of MAC that came.
        length: usize,
    },
    /// The MAC is wrong: the message was changed on its way, or the secrets differ.
    BadMac,
    /// The MAC is right, and the time is not: the clocks differ, or the message is old.
    BadTime {
        /// When the peer says that it signed.
        theirs: UnixTime,
        /// The time here.
        ours: UnixTime,
    },
    /// The MAC is right and truncated further than the key allows here.
    Truncated {
        /// The octets of MAC that came.
        length: usize,
        /// The fewest that are accepted.
        least: usize,
    },
    /// The peer sent a malformed TSIG.
    Shape(WireError),
    /// The peer didn't accept the request's TSIG.
    Peer {
        /// The error that it gives: BADKEY, BADSIG, BADTIME, BADTRUNC, or one that is unknown.
        error: Rcode,
        /// Its clock, when that is what is wrong (BADTIME) and it said so under a right MAC. It is for the log: no clock may
        /// be set by it (RFC 8945 §5.4.3).
        server_time: Option<UnixTime>,
        /// Whether the answer was signed. BADKEY and BADSIG never are, so that anyone on the path can make them.
        signed: bool,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("peer did not sign its answer"),
            Self::TooManyUnsigned => f.write_str("peer sent more than 99 messages in a row without TSIG"),
            Self::LastUnsigned => f.write_str("peer did not sign the last message"),
            Self::WrongKey => f.write_str("peer signed with another key than the request's"),
            Self::WrongAlgorithm => f.write_str("peer signed with another algorithm than the request's"),
            Self::MacLength { length } => write!(f, "peer sent a MAC of {length} octets, which no TSIG may have"),
            Self::BadMac => f.write_str("wrong MAC: the message was changed on its way, or the secrets differ"),
            Self::BadTime { theirs, ours } => {
                write!(f, "clocks differ or the message is old: signed at {}, checked at {}", theirs.0, ours.0)
            }
            Self::Truncated { length, least } => {
                write!(f, "peer sent a MAC of {length} octets, the key needs {least}")
            }
            Self::Shape(error) => write!(f, "peer sent a malformed TSIG: {error}"),
            Self::Peer { error, server_time, signed } => {
                write!(f, "peer refused the request's TSIG: {error}")?;
                match *error {
                    Rcode::BADKEY => f.write_str(", it does not know the key with this algorithm")?,
                    Rcode::BADSIG => f.write_str(", the MAC is wrong: the secrets differ")?,
                    Rcode::BADTIME => f.write_str(", the clocks differ")?,
                    Rcode::BADTRUNC => f.write_str(", the MAC is too short for it")?,
                    _ => {}
                }
                if let Some(time) = server_time {
                    write!(f, ", its time is {}", time.0)?;
                }
                if *signed { Ok(()) } else { f.write_str(" (not signed)") }
            }
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Shape(error) => Some(error),
            _ => None,
        }
    }
}
