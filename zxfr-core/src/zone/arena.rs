//! Records kept aside until they can be put in order: their octets in one piece, 32 octets of account for each.

use super::likeness::Likeness;
use crate::name::NameRef;
use crate::wire::rdata::canonical_cmp;
use crate::wire::{Class, Record, Rtype};
use alloc::vec::Vec;

/// Records of a zone, in any order.
#[derive(Default)]
pub(super) struct Arena {
    octets: Vec<u8>,
    entries: Vec<Entry>,
}

/// A record in the arena; all offsets count from the arena's start.
#[derive(Clone, Copy)]
struct Entry {
    key: u32,
    key_len: u32,
    owner: u32,
    rdata: u32,
    ttl: u32,
    rdata_len: u16,
    rtype: Rtype,
    owner_len: u8,
}

impl Arena {
    pub(super) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The octets in use, the account included.
    pub(super) const fn size(&self) -> usize {
        self.octets.len().saturating_add(self.entries.len().saturating_mul(size_of::<Entry>()))
    }

    pub(super) fn clear(&mut self) {
        self.octets.clear();
        self.entries.clear();
    }

    /// Keeps a record, and its key when it is going to be sorted by that.
    pub(super) fn push(&mut self, record: &Record<'_>, key: &[u8]) {
        self.push_alike(record, key, self.likeness(record.owner));
    }

    /// How an owner compares to that of the record that was kept last.
    #[inline]
    pub(super) fn likeness(&self, owner: NameRef<'_>) -> Likeness {
        self.entries.last().map_or(Likeness::Other, |last| Likeness::of(owner, self.owner(last)))
    }

    /// As [`Arena::push`], given how its owner compares to that of the record that was kept last.
    pub(super) fn push_alike(&mut self, record: &Record<'_>, key: &[u8], likeness: Likeness) {
        let key_at = if key.is_empty() { 0 } else { self.put(key) };
        let owner = match self.entries.last() {
            // Records of one owner come together.
            Some(last) if likeness == Likeness::Same => last.owner,
            _ => self.put(record.owner.as_octets()),
        };
        let rdata = self.put(record.rdata);
        self.entries.push(Entry {
            key: key_at,
            key_len: key.len() as u32,
            owner,
            rdata,
            ttl: record.ttl,
            rdata_len: record.rdata.len() as u16,
            rtype: record.rtype,
            owner_len: record.owner.len() as u8,
        });
    }

    fn put(&mut self, octets: &[u8]) -> u32 {
        let at = self.octets.len() as u32;
        self.octets.extend_from_slice(octets);
        at
    }

    fn slice(&self, at: u32, len: usize) -> &[u8] {
        let at = at as usize;
        self.octets.get(at..at.saturating_add(len)).unwrap_or_default()
    }

    #[inline]
    fn owner(&self, entry: &Entry) -> NameRef<'_> {
        NameRef::from_checked(self.slice(entry.owner, entry.owner_len.into()))
    }

    #[inline]
    fn record(&self, entry: &Entry) -> Record<'_> {
        Record {
            owner: self.owner(entry),
            rtype: entry.rtype,
            class: Class::IN,
            ttl: entry.ttl,
            rdata: self.slice(entry.rdata, entry.rdata_len.into()),
        }
    }

    /// The records in their present order.
    pub(super) fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.entries.iter().map(|entry| self.record(entry))
    }

    /// The same with the key of each.
    pub(super) fn keyed_records(&self) -> impl Iterator<Item = (&[u8], Record<'_>)> {
        self.entries.iter().map(|entry| (self.slice(entry.key, entry.key_len as usize), self.record(entry)))
    }

    /// The record that was kept last.
    pub(super) fn last(&self) -> Option<Record<'_>> {
        self.entries.last().map(|entry| self.record(entry))
    }

    /// Puts the records of one owner in order: by type, then by canonical RDATA.
    pub(super) fn sort_owner(&mut self) {
        if self.entries.len() < 2 {
            return;
        }
        let mut entries = core::mem::take(&mut self.entries);
        let order = |a: &Entry, b: &Entry| {
            let rdata = |entry: &Entry| self.slice(entry.rdata, entry.rdata_len.into());
            a.rtype.cmp(&b.rtype).then_with(|| canonical_cmp(a.rtype, rdata(a), rdata(b)))
        };
        entries.sort_by(order);
        self.entries = entries;
    }

    /// Puts records of any owners in order of their keys.
    pub(super) fn sort_keyed(&mut self) {
        let mut entries = core::mem::take(&mut self.entries);
        entries.sort_by(|a, b| {
            let key = |entry: &Entry| self.slice(entry.key, entry.key_len as usize);
            key(a).cmp(key(b))
        });
        self.entries = entries;
    }
}
