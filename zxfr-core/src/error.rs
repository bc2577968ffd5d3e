//! Errors of the wire: what is wrong with a message, and at which octet.
//!
//! Errors of transfers, which also say who is at fault, are [`crate::transfer::Error`]; those of signatures
//! [`crate::tsig::Error`].

use crate::wire::Rtype;
use core::fmt;

/// What is wrong with a message.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireFault {
    /// The message ends inside what its counts or lengths promise.
    Cut,
    /// A label of a kind that is neither a label nor a compression pointer (RFC 1035 §4.1.4).
    LabelKind,
    /// A name of more than 255 octets (RFC 1035 §3.1).
    LongName,
    /// A compression pointer that doesn't go back to before the name it stands in.
    Pointer,
    /// A compression pointer in RDATA of a type that must not have one (RFC 3597 §4).
    PointerInRdata(Rtype),
    /// RDATA that doesn't have the shape of its type.
    Rdata(Rtype),
    /// Compressed RDATA that is too large to be expanded.
    LargeRdata(Rtype),
    /// Octets after the last record that the counts promise.
    Trailing,
    /// A second OPT, or one outside the additional section or below another name than the root (RFC 6891 §6.1.1).
    Opt,
    /// A TSIG that isn't the last record of the additional section (RFC 8945 §5.1).
    TsigPlace,
    /// A TSIG whose fields don't have their shape (RFC 8945 §4.2).
    TsigShape,
}

impl fmt::Display for WireFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => f.write_str("message ends too early"),
            Self::LabelKind => f.write_str("label of an unknown kind"),
            Self::LongName => f.write_str("name longer than 255 octets"),
            Self::Pointer => f.write_str("compression pointer that does not go backwards"),
            Self::PointerInRdata(rtype) => {
                write!(f, "compression pointer in {rtype} RDATA, where none may be")
            }
            Self::Rdata(rtype) => write!(f, "malformed {rtype} RDATA"),
            Self::LargeRdata(rtype) => write!(f, "compressed {rtype} RDATA too large to expand"),
            Self::Trailing => f.write_str("octets after the last record"),
            Self::Opt => f.write_str("OPT record twice or out of place"),
            Self::TsigPlace => f.write_str("TSIG record that is not the last one"),
            Self::TsigShape => f.write_str("malformed TSIG record"),
        }
    }
}

/// What is wrong with a message, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireError {
    /// What is wrong.
    pub fault: WireFault,
    /// The octet of the message at which it was seen, from 0.
    pub offset: usize,
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at octet {}", self.fault, self.offset)
    }
}

impl core::error::Error for WireError {}
