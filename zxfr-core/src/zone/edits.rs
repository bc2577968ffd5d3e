//! What is to be changed about a page that keeps its octets: records left out, records put in.

use crate::name::NameRef;
use crate::wire::{Class, Record, Rtype};
use alloc::vec::Vec;

/// Changes to a page. Its records are known by number, so that reading the two together compares no names.
#[derive(Clone, Debug, Default)]
pub(super) struct Edits {
    /// The numbers of the page's records that are gone, ascending.
    pub(super) removed: Vec<u16>,
    /// The records that are new, in order.
    pub(super) added: Vec<Added>,
    /// The octets of these: length of the owner, owner, type, TTL, length of the RDATA, RDATA.
    octets: Vec<u8>,
}

/// A record put in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Added {
    /// It stands before the page's record of this number; behind the last when there is none.
    pub(super) before: u16,
    /// Where its octets are.
    at: u32,
}

impl Edits {
    pub(super) const fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.removed.clear();
        self.added.clear();
        self.octets.clear();
    }

    /// A copy without spare room.
    pub(super) fn compact(&self) -> Self {
        Self { removed: self.removed.clone(), added: self.added.clone(), octets: self.octets.clone() }
    }

    /// The octets that the new records take.
    pub(super) const fn added_octets(&self) -> usize {
        self.octets.len()
    }

    /// What they take in memory.
    pub(super) const fn heap_octets(&self) -> usize {
        let removed = self.removed.capacity().saturating_mul(size_of::<u16>());
        let added = self.added.capacity().saturating_mul(size_of::<Added>());
        removed.saturating_add(added).saturating_add(self.octets.capacity())
    }

    /// Puts in a record that follows all that are.
    pub(super) fn add(&mut self, before: u16, record: &Record<'_>) {
        self.added.push(Added { before, at: self.octets.len() as u32 });
        let Record { owner, rtype, ttl, rdata, .. } = record;
        self.octets.push(owner.len() as u8);
        self.octets.extend_from_slice(owner.as_octets());
        self.octets.extend_from_slice(&rtype.0.to_be_bytes());
        self.octets.extend_from_slice(&ttl.to_be_bytes());
        self.octets.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
        self.octets.extend_from_slice(rdata);
    }

    /// The new record of this number.
    pub(super) fn record(&self, number: usize) -> Option<Record<'_>> {
        let Added { at, .. } = self.added.get(number)?;
        let (&owner_len, rest) = self.octets.get(*at as usize..)?.split_first()?;
        let (owner, rest) = rest.split_at_checked(owner_len.into())?;
        let (rtype, rest) = rest.split_first_chunk::<2>()?;
        let (ttl, rest) = rest.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        Some(Record {
            owner: NameRef::from_checked(owner),
            rtype: Rtype(u16::from_be_bytes(*rtype)),
            class: Class::IN,
            ttl: u32::from_be_bytes(*ttl),
            rdata: rest.get(..u16::from_be_bytes(*length).into())?,
        })
    }

    /// The new records in order.
    pub(super) fn records(&self) -> impl Iterator<Item = Record<'_>> {
        (0..self.added.len()).filter_map(|number| self.record(number))
    }

    /// Whether the page's record of this number is gone.
    pub(super) fn removes(&self, number: u16) -> bool {
        self.removed.binary_search(&number).is_ok()
    }
}
