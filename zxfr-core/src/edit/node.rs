//! The records at one name, as they were and as they are to be.

use crate::name::NameRef;
use crate::wire::rdata::write_canonical;
use crate::wire::{Class, Record, Rtype};
use crate::zone::Version;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, btree_map};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Bound;

/// The records at one name, the SOA left out.
#[derive(Default)]
pub(super) struct Node {
    sets: BTreeMap<Rtype, Set>,
}

/// Before the edit or now.
#[derive(Clone, Copy)]
pub(super) enum When {
    Before,
    Now,
}

/// The records of one type, by their canonical RDATA.
#[derive(Default)]
struct Set {
    records: BTreeMap<Box<[u8]>, Entry>,
    /// The TTL of those that are there now, other than of signatures.
    ttl: u32,
    /// How many were there.
    before: usize,
    /// How many are there now.
    now: usize,
}

/// A record: held before, there now, or both.
struct Entry {
    before: Option<Arc<Kept>>,
    now: Option<Arc<Kept>>,
}

/// A record without its type, its case kept.
pub(super) struct Kept {
    owner: Box<[u8]>,
    ttl: u32,
    rdata: Box<[u8]>,
}

impl Kept {
    pub(super) fn of(record: &Record<'_>) -> Self {
        Self { owner: record.owner.as_octets().into(), ttl: record.ttl, rdata: record.rdata.into() }
    }

    pub(super) fn record(&self, rtype: Rtype) -> Record<'_> {
        let owner = NameRef::from_checked(&self.owner);
        Record { owner, rtype, class: Class::IN, ttl: self.ttl, rdata: &self.rdata }
    }
}

/// Whether each record of the type has a TTL of its own.
const fn is_signature(rtype: Rtype) -> bool {
    matches!(rtype, Rtype::RRSIG | Rtype::SIG)
}

fn canonical(record: &Record<'_>) -> Vec<u8> {
    let mut key = Vec::with_capacity(record.rdata.len());
    write_canonical(record.rtype, record.rdata, |octets| key.extend_from_slice(octets));
    key
}

impl Node {
    /// What a version has at a name.
    pub(super) fn of(version: &Version, owner: NameRef<'_>) -> Self {
        let mut node = Self::default();
        version.for_each_at(owner, |record| {
            if record.rtype != Rtype::SOA {
                let set = node.sets.entry(record.rtype).or_default();
                set.ttl = if set.before == 0 { record.ttl } else { set.ttl.min(record.ttl) };
                let kept = Arc::new(Kept::of(record));
                let entry = Entry { before: Some(kept.clone()), now: Some(kept) };
                set.records.insert(canonical(record).into(), entry);
                set.before = set.before.saturating_add(1);
                set.now = set.before;
            }
        });
        node
    }

    pub(super) fn add(&mut self, record: &Record<'_>) -> bool {
        let set = self.sets.entry(record.rtype).or_default();
        let own_ttl = is_signature(record.rtype);
        let mut changed = !own_ttl && set.now > 0 && set.ttl != record.ttl;
        set.ttl = record.ttl;
        match set.records.entry(canonical(record).into()) {
            btree_map::Entry::Vacant(place) => {
                place.insert(Entry { before: None, now: Some(Arc::new(Kept::of(record))) });
                set.now = set.now.saturating_add(1);
                changed = true;
            }
            btree_map::Entry::Occupied(mut place) => match &mut place.get_mut().now {
                Some(kept) if own_ttl && kept.ttl != record.ttl => {
                    let Kept { owner, rdata, .. } = &**kept;
                    *kept = Arc::new(Kept { owner: owner.clone(), ttl: record.ttl, rdata: rdata.clone() });
                    changed = true;
                }
                Some(_) => {}
                now => {
                    *now = Some(Arc::new(Kept::of(record)));
                    set.now = set.now.saturating_add(1);
                    changed = true;
                }
            },
        }
        changed
    }

    pub(super) fn delete(&mut self, record: &Record<'_>) -> bool {
        let Some(set) = self.sets.get_mut(&record.rtype) else { return false };
        let gone = set.records.get_mut(canonical(record).as_slice()).and_then(|entry| entry.now.take()).is_some();
        set.now = set.now.saturating_sub(usize::from(gone));
        gone
    }

    /// Deletes the records whose canonical RDATA begins with the same `octets` as this one's, but not this one.
    pub(super) fn delete_others(&mut self, record: &Record<'_>, octets: usize) -> bool {
        let Some(set) = self.sets.get_mut(&record.rtype) else { return false };
        let own = canonical(record);
        let prefix = own.get(..octets).unwrap_or_default();
        let alike = set.records.range_mut::<[u8], _>((Bound::Included(prefix), Bound::Unbounded));
        let mut gone = 0_usize;
        for (key, entry) in alike.take_while(|(key, _)| key.starts_with(prefix)) {
            if key.as_ref() != own.as_slice() && entry.now.take().is_some() {
                gone = gone.saturating_add(1);
            }
        }
        set.now = set.now.saturating_sub(gone);
        gone > 0
    }

    pub(super) fn clear(&mut self, rtype: Rtype) -> bool {
        let Some(set) = self.sets.get_mut(&rtype).filter(|set| set.now > 0) else { return false };
        set.records.values_mut().for_each(|entry| entry.now = None);
        set.now = 0;
        true
    }

    pub(super) fn has(&self, record: &Record<'_>) -> bool {
        let entry = self.sets.get(&record.rtype).and_then(|set| set.records.get(canonical(record).as_slice()));
        entry.is_some_and(|entry| entry.now.is_some())
    }

    pub(super) fn find(&self, record: &Record<'_>) -> Option<Record<'_>> {
        let set = self.sets.get(&record.rtype)?;
        let kept = set.records.get(canonical(record).as_slice())?.now.as_ref()?;
        let found = kept.record(record.rtype);
        Some(Record { ttl: if is_signature(record.rtype) { found.ttl } else { set.ttl }, ..found })
    }

    pub(super) fn count(&self, rtype: Rtype) -> usize {
        self.count_when(rtype, When::Now)
    }

    pub(super) fn count_when(&self, rtype: Rtype, when: When) -> usize {
        self.sets.get(&rtype).map_or(0, |set| set.count(when))
    }

    /// The types that there are.
    pub(super) fn sets(&self) -> impl Iterator<Item = Rtype> {
        self.sets_when(When::Now)
    }

    pub(super) fn sets_when(&self, when: When) -> impl Iterator<Item = Rtype> {
        self.sets.iter().filter(move |(_, set)| set.count(when) > 0).map(|(rtype, _)| *rtype)
    }

    /// What has to be deleted and added, record by record.
    pub(super) fn changes(&self) -> impl Iterator<Item = (Option<Record<'_>>, Option<Record<'_>>)> {
        self.sets.iter().flat_map(|(&rtype, set)| {
            set.records.values().filter_map(move |entry| {
                let before = entry.before.as_ref().map(|kept| kept.record(rtype));
                let now = entry.now.as_ref().map(|kept| {
                    let record = kept.record(rtype);
                    Record { ttl: if is_signature(rtype) { record.ttl } else { set.ttl }, ..record }
                });
                let same = match (&before, &now) {
                    (Some(before), Some(now)) => before.is_exactly(now),
                    (None, None) => true,
                    _ => false,
                };
                (!same).then_some((before, now))
            })
        })
    }
}

impl Set {
    const fn count(&self, when: When) -> usize {
        match when {
            When::Before => self.before,
            When::Now => self.now,
        }
    }
}
