//! Why a check or a transfer failed, and what is worth trying next.

use crate::serial::Serial;
use crate::transfer::{self, Limit, PeerFault};
use crate::tsig;
use crate::wire::Rcode;
use core::fmt;

/// Why a check or a transfer failed. [`fmt::Display`] gives the reason in words, [`Failure::as_str`] as a word for machines.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection: refused, no route, reset before an answer.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// An answer that had begun did not go on in time.
    Stalled,
    /// The stream ended before the transfer did.
    Cut,
    /// The primary answered with an error.
    Refused(Rcode),
    /// A signature doesn't hold, or the primary didn't accept ours.
    Tsig(tsig::Error),
    /// The primary broke the protocol.
    Malformed(PeerFault),
    /// What came is no zone.
    NotZone,
    /// Differences that don't start at our serial, or don't make a chain.
    WrongSerial,
    /// Differences that don't fit the version that is held: a record to delete is absent, or one to add present.
    Unapplicable,
    /// More than is taken here.
    Limit(Limit),
    /// This primary's version is older than ours.
    Behind {
        /// The serial that is held.
        ours: Serial,
        /// The primary's.
        theirs: Serial,
    },
    /// No primary has our version or a newer one: the serial went backwards.
    Backward {
        /// The serial that is held.
        ours: Serial,
        /// The newest that a primary has.
        theirs: Serial,
    },
    /// The transfer didn't bring the version that the check had promised.
    Lied {
        /// The serial in the answer to the SOA query.
        promised: Serial,
        /// The serial in the transfer.
        got: Serial,
    },
    /// The version came and is held back by a local rule, to be confirmed.
    Held,
    /// The version came and could not be stored, so that it isn't served.
    Store,
    /// The host could not do its part: no sockets, or it stopped.
    Local,
}

/// Who is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The network, or a primary that is down.
    Network,
    /// The primary refuses.
    Refused,
    /// The primary misbehaves.
    Peer,
    /// A rule, a limit or trouble here.
    Here,
}

impl Failure {
    /// Every word that [`Failure::as_str`] gives.
    pub const WORDS: [&'static str; 26] = [
        "unreachable",
        "timeout",
        "stalled",
        "cut",
        "refused",
        "notimp",
        "formerr",
        "servfail",
        "notauth",
        "rcode",
        "tsig-badtime",
        "tsig-badkey",
        "tsig-badsig",
        "tsig-missing",
        "tsig",
        "malformed",
        "not-a-zone",
        "wrong-serial",
        "unapplicable",
        "limit",
        "behind",
        "backward",
        "lied",
        "held",
        "store",
        "local",
    ];

    /// The failure as one of [`Failure::WORDS`].
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timeout",
            Self::Stalled => "stalled",
            Self::Cut => "cut",
            Self::Refused(Rcode::REFUSED) => "refused",
            Self::Refused(Rcode::NOTIMP) => "notimp",
            Self::Refused(Rcode::FORMERR) => "formerr",
            Self::Refused(Rcode::SERVFAIL) => "servfail",
            Self::Refused(Rcode::NOTAUTH) => "notauth",
            Self::Refused(_) => "rcode",
            Self::Tsig(tsig::Error::BadTime { .. } | tsig::Error::Peer { error: Rcode::BADTIME, .. }) => "tsig-badtime",
            Self::Tsig(tsig::Error::WrongKey | tsig::Error::Peer { error: Rcode::BADKEY, .. }) => "tsig-badkey",
            Self::Tsig(tsig::Error::BadMac | tsig::Error::Peer { error: Rcode::BADSIG, .. }) => "tsig-badsig",
            Self::Tsig(tsig::Error::Missing | tsig::Error::LastUnsigned | tsig::Error::TooManyUnsigned) => {
                "tsig-missing"
            }
            Self::Tsig(_) => "tsig",
            Self::Malformed(_) => "malformed",
            Self::NotZone => "not-a-zone",
            Self::WrongSerial => "wrong-serial",
            Self::Unapplicable => "unapplicable",
            Self::Limit(_) => "limit",
            Self::Behind { .. } => "behind",
            Self::Backward { .. } => "backward",
            Self::Lied { .. } => "lied",
            Self::Held => "held",
            Self::Store => "store",
            Self::Local => "local",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Unreachable | Self::TimedOut | Self::Stalled | Self::Cut => Fault::Network,
            Self::Refused(_) | Self::Tsig(tsig::Error::Peer { .. }) => Fault::Refused,
            Self::Tsig(_)
            | Self::Malformed(_)
            | Self::NotZone
            | Self::WrongSerial
            | Self::Unapplicable
            | Self::Behind { .. }
            | Self::Backward { .. }
            | Self::Lied { .. } => Fault::Peer,
            Self::Limit(_) | Self::Held | Self::Store | Self::Local => Fault::Here,
        }
    }

    /// Whether AXFR from the same primary may succeed where its IXFR failed so.
    #[must_use]
    pub const fn axfr_may_help(&self) -> bool {
        match self {
            Self::Refused(rcode) => matches!(*rcode, Rcode::NOTIMP | Rcode::FORMERR | Rcode::REFUSED | Rcode::SERVFAIL),
            Self::Stalled
            | Self::Cut
            | Self::Malformed(_)
            | Self::NotZone
            | Self::WrongSerial
            | Self::Unapplicable
            | Self::Limit(_) => true,
            Self::Unreachable
            | Self::TimedOut
            | Self::Tsig(_)
            | Self::Behind { .. }
            | Self::Backward { .. }
            | Self::Lied { .. }
            | Self::Held
            | Self::Store
            | Self::Local => false,
        }
    }

    /// Whether another primary may succeed where this one failed so. Not where the reason lies here and is the same for all.
    #[must_use]
    pub const fn other_primary_may_help(&self) -> bool {
        !matches!(self, Self::Held | Self::Store | Self::Local)
    }

    /// Whether it is about the time in signatures: the clocks differ, and asking again at once would fail the same.
    #[must_use]
    pub const fn is_bad_time(&self) -> bool {
        matches!(self, Self::Tsig(tsig::Error::BadTime { .. } | tsig::Error::Peer { error: Rcode::BADTIME, .. }))
    }

    /// Whether it may be over in seconds.
    pub(super) const fn is_passing(&self) -> bool {
        match self.fault() {
            Fault::Network => true,
            Fault::Refused => matches!(self, Self::Refused(_)),
            Fault::Peer => matches!(self, Self::Lied { .. } | Self::Behind { .. }),
            Fault::Here => false,
        }
    }
}

impl From<&transfer::Error> for Failure {
    fn from(error: &transfer::Error) -> Self {
        match error {
            transfer::Error::Peer { fault, .. } => match fault {
                PeerFault::FirstSerial { .. } | PeerFault::BrokenChain { .. } | PeerFault::SameSerial(_) => {
                    Self::WrongSerial
                }
                fault => Self::Malformed(*fault),
            },
            transfer::Error::Refused { rcode, .. } => Self::Refused(*rcode),
            transfer::Error::Ended { .. } => Self::Cut,
            transfer::Error::Tsig(error) => Self::Tsig(*error),
            transfer::Error::Limit(limit) => Self::Limit(*limit),
            transfer::Error::Unread { .. } => Self::Local,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("no connection"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Stalled => f.write_str("the answer began and did not go on in time"),
            Self::Cut => f.write_str("connection ended before the transfer did"),
            Self::Refused(rcode) => write!(f, "primary answered {rcode}"),
            Self::Tsig(error) => write!(f, "TSIG: {error}"),
            Self::Malformed(fault) => write!(f, "primary broke the protocol: {fault}"),
            Self::NotZone => f.write_str("what the primary sent is no zone"),
            Self::WrongSerial => f.write_str("primary sent differences that do not make a chain from our serial on"),
            Self::Unapplicable => f.write_str("primary sent differences that do not fit the version that is held"),
            Self::Limit(limit) => write!(f, "transfer cut at the limit here of {limit}"),
            Self::Behind { ours, theirs } => write!(f, "primary is behind: it has serial {theirs}, we have {ours}"),
            Self::Backward { ours, theirs } => {
                write!(f, "serial backwards: no primary has {ours}, which we have; the newest is {theirs}")
            }
            Self::Lied { promised, got } => {
                write!(f, "primary promised serial {promised} and delivered {got}")
            }
            Self::Held => f.write_str("version held back by a local rule until it is confirmed"),
            Self::Store => f.write_str("version could not be stored"),
            Self::Local => f.write_str("trouble on our side"),
        }
    }
}

impl core::error::Error for Failure {}
