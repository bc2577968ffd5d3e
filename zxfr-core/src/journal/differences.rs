//! Differences as they are sent: rendered once, shared by all that ask from the same serial.

use crate::name::{Name, NameRef};
use crate::serial::Serial;
use crate::zone::Page;
use alloc::boxed::Box;
use core::fmt;

/// The answer to an IXFR request from one serial, rendered as messages: the newest SOA; for each difference the old SOA,
/// deletions, the new SOA, additions; the newest SOA (RFC 1995 §4). The first message has room for the question.
pub struct Differences {
    pub(super) apex: Name,
    pub(super) from: Serial,
    pub(super) to: Serial,
    pub(super) pages: Box<[Page]>,
    pub(super) records: u64,
    pub(super) octets: u64,
    pub(super) largest: usize,
    pub(super) deltas: usize,
    pub(super) condensed: bool,
}

impl Differences {
    /// The name of the zone.
    #[must_use]
    pub fn apex(&self) -> NameRef<'_> {
        self.apex.as_ref()
    }

    /// The serial that they start from.
    #[must_use]
    pub const fn from(&self) -> Serial {
        self.from
    }

    /// The serial that they lead to.
    #[must_use]
    pub const fn to(&self) -> Serial {
        self.to
    }

    /// The messages, without a client's ID, OPT and TSIG, and with a stand-in for its question.
    #[must_use]
    pub const fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// How many records they are, all SOAs counted.
    #[must_use]
    pub const fn record_count(&self) -> u64 {
        self.records
    }

    /// The octets of all messages, headers and question included.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// The octets of the largest message.
    #[must_use]
    pub const fn largest_page(&self) -> usize {
        self.largest
    }

    /// How many deltas of the journal went into them.
    #[must_use]
    pub const fn deltas(&self) -> usize {
        self.deltas
    }

    /// Whether these were condensed into one (RFC 1995 §5).
    #[must_use]
    pub const fn is_condensed(&self) -> bool {
        self.condensed
    }
}

impl fmt::Debug for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Differences")
            .field("apex", &self.apex)
            .field("from", &self.from)
            .field("to", &self.to)
            .field("records", &self.records)
            .field("octets", &self.octets)
            .field("deltas", &self.deltas)
            .field("condensed", &self.condensed)
            .finish_non_exhaustive()
    }
}
