//! What a host writes to a store and reads back: pages of versions, and deltas, as octets.
//!
//! | module | holds |
//! |---|---|
//! | `walk` | the octets of a page, looked at record by record |
//! | `version` | a version as pages, and put together from them ([`Restored`]) |
//! | `delta` | a delta as one string of octets |
//!
//! What comes back is not trusted, whatever checksums the store has: it is read as a message from a stranger would be, and
//! what else is relied upon (order, no record twice, everything in its place) is checked, too. So a page, a version or a delta
//! that comes out is well-formed, if not always that which was written. Reading takes one pass and never panics.

mod delta;
mod version;
mod walk;

pub use version::Restored;

use crate::error::WireFault;
use core::fmt;

/// The part of a version in which a page has its place. Parts are stored and sent in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The apex node, as the first message(s) of a transfer; small zones whole.
    Head,
    /// Ordinary names.
    Names,
    /// NSEC3 records and their signatures.
    Nsec3,
}

impl Part {
    /// A number that stands for it in a store, and always will.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Head => 0,
            Self::Names => 1,
            Self::Nsec3 => 2,
        }
    }

    /// The part of this number.
    #[must_use]
    pub const fn of_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Head),
            1 => Some(Self::Names),
            2 => Some(Self::Nsec3),
            _ => None,
        }
    }
}

/// What is wrong with octets that came from a store.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredFault {
    /// A page's message is malformed.
    Wire(WireFault),
    /// A page's header has something else than the number of its records.
    Header,
    /// A page has no records.
    Empty,
    /// A page of several records has more than 16,383 octets.
    Large,
    /// The first message doesn't begin with the question for the zone.
    Question,
    /// A record has another class than IN, or a type that can't stand in a zone.
    Type,
    /// A TTL of 2³¹ or more (RFC 2181 §8).
    Ttl,
    /// A record outside the zone.
    OutOfZone,
    /// A record that belongs into another part of the version or the delta, or a page that does.
    Place,
    /// A record that does not follow the one before it, or is the same.
    Order,
    /// An SOA that is missing, at another name than the apex, or one too many.
    Soa,
    /// A delta ends before all of it is there.
    Cut,
    /// Octets after the end of a delta.
    Trailing,
    /// A delta in a form that this version of the library doesn't know.
    Form(u8),
}

/// What is wrong with octets that came from a store, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredError {
    /// What is wrong.
    pub fault: StoredFault,
    /// The page at which it was seen, by its number in the version or the delta.
    pub page: usize,
    /// Where in that page, or in a delta's octets outside of pages.
    pub offset: usize,
}

impl fmt::Display for StoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, page, offset } = self;
        match fault {
            StoredFault::Wire(fault) => write!(f, "page {page}, octet {offset}: {fault}"),
            StoredFault::Header => write!(f, "page {page}: an unexpected header"),
            StoredFault::Empty => write!(f, "page {page}: no records"),
            StoredFault::Large => write!(f, "page {page}: too many octets"),
            StoredFault::Question => write!(f, "page {page}: not the question for the zone"),
            StoredFault::Type => write!(f, "page {page}, octet {offset}: a class or type that can't stand in a zone"),
            StoredFault::Ttl => write!(f, "page {page}, octet {offset}: a TTL of 2^31 or more"),
            StoredFault::OutOfZone => write!(f, "page {page}, octet {offset}: a record outside the zone"),
            StoredFault::Place => write!(f, "page {page}, octet {offset}: a record out of its place"),
            StoredFault::Order => {
                write!(f, "page {page}, octet {offset}: a record that does not follow the one before")
            }
            StoredFault::Soa => write!(f, "page {page}, octet {offset}: an SOA that is missing or misplaced"),
            StoredFault::Cut => write!(f, "page {page}, octet {offset}: the delta ends early"),
            StoredFault::Trailing => write!(f, "octet {offset}: something follows the delta"),
            StoredFault::Form(form) => write!(f, "a delta of unknown form {form}"),
        }
    }
}

impl core::error::Error for StoredError {}

#[cfg(test)]
mod tests;
