//! The SOA that opened a transfer, kept until it is closed.

use crate::serial::Serial;
use crate::wire::{Record, rdata};
use core::cmp::Ordering;

/// The most octets of an SOA's RDATA: two names and five numbers (RFC 1035 §3.3.13).
const MAX_RDATA: usize = 255 + 255 + 20;

/// An SOA without its owner.
#[derive(Clone, Debug)]
pub(super) struct KeptSoa {
    pub(super) serial: Serial,
    pub(super) ttl: u32,
    pub(super) rdata: heapless::Vec<u8, MAX_RDATA>,
}

impl KeptSoa {
    /// Stands in before there is one.
    pub(super) const fn none() -> Self {
        Self { serial: Serial(0), ttl: 0, rdata: heapless::Vec::new() }
    }

    /// A copy of the record; `None` when it is no SOA.
    pub(super) fn of(record: &Record<'_>) -> Option<Self> {
        let serial = record.soa()?.serial;
        let rdata = heapless::Vec::from_slice(record.rdata).ok()?;
        Some(Self { serial, ttl: record.ttl, rdata })
    }

    /// Whether the record says the same: names without case, the TTL not compared.
    pub(super) fn is_repeated_by(&self, record: &Record<'_>) -> bool {
        rdata::canonical_cmp(record.rtype, &self.rdata, record.rdata) == Ordering::Equal
    }
}
