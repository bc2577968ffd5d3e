//! Reading a version record by record, whether its pages are sealed or not.

use super::directory::Directory;
use super::key;
use super::slot::SlotRecords;
use super::version::{PagePosition, Run, Version};
use crate::name::{Name, NameRef};
use crate::wire::{Record, Rtype, Scratch};
use alloc::vec::Vec;
use core::cmp::Ordering;

impl Version {
    /// All records: the SOA, the rest of the apex node, the other names in canonical order, NSEC3 and its signatures.
    #[must_use]
    pub fn records(&self) -> RecordIter<'_> {
        self.records_from(PagePosition::default())
    }

    /// The records after a page, in the order of [`Version::records`].
    #[must_use]
    pub fn records_from(&self, position: PagePosition) -> RecordIter<'_> {
        RecordIter { version: self, here: Here { next: position, records: None }, scratch: Scratch::new() }
    }

    /// The records of one type at one name, without case.
    #[must_use]
    pub fn rrset(&self, owner: NameRef<'_>, rtype: Rtype) -> Rrset<'_> {
        let mut key = Vec::new();
        key::push_owner(&mut key, owner);
        key::push_data(&mut key, rtype, &[]);
        let (first, second) = self.places_of(owner, rtype, &key);
        Rrset { records: self.records_from(first), run: first.run, second, owner: owner.to_name(), rtype }
    }

    /// Hands over all records at a name, without case, in the order of the zone.
    pub fn for_each_at(&self, owner: NameRef<'_>, mut f: impl FnMut(&Record<'_>)) {
        let mut key = Vec::new();
        key::push_owner(&mut key, owner);
        // Signatures are what may be in both runs.
        let (first, second) = self.places_of(owner, Rtype::RRSIG, &key);
        let mut scratch = Scratch::new();
        for mut position in [Some(first), second].into_iter().flatten() {
            let run = position.run;
            'run: while let Some((mut records, next)) = self.slot(position).filter(|(_, next)| next.run == run) {
                while let Some(record) = records.next(&mut scratch) {
                    match record.owner.cmp(&owner) {
                        Ordering::Equal => f(&record),
                        // The head has its own order; the runs are sorted.
                        Ordering::Greater if run != Run::Head => break 'run,
                        _ => {}
                    }
                }
                position = next;
            }
        }
    }

    /// How many types there are at a name, in the run in which this type is.
    pub(super) fn types_at(&self, owner: NameRef<'_>, rtype: Rtype) -> u16 {
        let mut key = Vec::new();
        key::push_owner(&mut key, owner);
        let (first, _) = self.places_of(owner, rtype, &key);
        let mut records = self.records_from(first);
        let (mut types, mut last) = (0_u16, None);
        while let Some(record) = records.next() {
            let order = record.owner.cmp(&owner);
            let rtype = record.rtype;
            if records.here.next.run != first.run || order.is_gt() && first.run != Run::Head {
                break;
            }
            if order.is_eq() && last != Some(rtype) {
                types = types.saturating_add(1);
                last = Some(rtype);
            }
        }
        types
    }

    /// Before the records that have this key, and, for signatures, the other place where they may be.
    fn places_of(&self, owner: NameRef<'_>, rtype: Rtype, key: &[u8]) -> (PagePosition, Option<PagePosition>) {
        let at = |run, directory: &Directory| PagePosition { run, place: directory.place_of(key), head: 0 };
        let names = at(Run::Names, &self.parts.names);
        let nsec3 = at(Run::Nsec3, &self.parts.nsec3);
        if self.parts.whole || owner == self.apex() {
            (PagePosition::default(), None)
        } else if rtype == Rtype::NSEC3 {
            (nsec3, None)
        } else if rtype == Rtype::RRSIG {
            (names, Some(nsec3))
        } else {
            (names, None)
        }
    }

    /// The records of the slot after `position`, and the position after that.
    pub(super) fn slot(&self, position: PagePosition) -> Option<(SlotRecords<'_>, PagePosition)> {
        match position.run {
            Run::Head => match self.parts.head.get(position.head) {
                Some(page) => {
                    let head = position.head.saturating_add(1);
                    Some((SlotRecords::new(page, None), PagePosition { head, ..position }))
                }
                None => self.slot(PagePosition { run: Run::Names, ..position }),
            },
            Run::Names => match self.parts.names.slot_at(position.place) {
                Some((slot, place)) => Some((slot.records(), PagePosition { place, ..position })),
                None => self.slot(PagePosition { run: Run::Nsec3, place: Default::default(), ..position }),
            },
            Run::Nsec3 => {
                let (slot, place) = self.parts.nsec3.slot_at(position.place)?;
                Some((slot.records(), PagePosition { place, ..position }))
            }
        }
    }
}

/// The records of a version, one at a time: each borrows from the iterator until the next is read.
pub struct RecordIter<'v> {
    version: &'v Version,
    here: Here<'v>,
    scratch: Scratch,
}

/// How far a [`RecordIter`] has come.
#[derive(Clone, Copy)]
struct Here<'v> {
    /// After the slot that is being read.
    next: PagePosition,
    records: Option<SlotRecords<'v>>,
}

impl RecordIter<'_> {
    /// The next record.
    #[expect(clippy::should_implement_trait, reason = "lends from itself, which Iterator can't")]
    pub fn next(&mut self) -> Option<Record<'_>> {
        while self.here.records.is_none_or(|records| records.is_done()) {
            let (records, next) = self.version.slot(self.here.next)?;
            self.here = Here { next, records: Some(records) };
        }
        self.here.records.as_mut()?.next(&mut self.scratch)
    }

    /// Where [`Version::records_from`] goes on, if the last record that was read is the last one of its page.
    #[must_use]
    pub fn position(&self) -> Option<PagePosition> {
        self.here.records.is_none_or(|records| records.is_done()).then_some(self.here.next)
    }
}

/// The records of an RRset, one at a time: each borrows from the iterator until the next is read.
pub struct Rrset<'v> {
    records: RecordIter<'v>,
    run: Run,
    /// Where signatures may be, too.
    second: Option<PagePosition>,
    owner: Name,
    rtype: Rtype,
}

impl Rrset<'_> {
    /// The next record.
    #[expect(clippy::should_implement_trait, reason = "lends from itself, which Iterator can't")]
    pub fn next(&mut self) -> Option<Record<'_>> {
        loop {
            let before = self.records.here;
            let order = self.records.next().map(|record| {
                let owners = record.owner.cmp(&self.owner.as_ref());
                owners.then(record.rtype.cmp(&self.rtype))
            });
            let same_run = self.records.here.next.run == self.run;
            match order {
                Some(Ordering::Equal) if same_run => {
                    // Read it once more, to lend it.
                    self.records.here = before;
                    return self.records.next();
                }
                // The head has its own order; the runs are sorted.
                Some(Ordering::Less) if same_run => {}
                Some(_) if same_run && self.run == Run::Head => {}
                _ => {
                    let second = self.second.take()?;
                    self.run = second.run;
                    self.records = self.records.version.records_from(second);
                }
            }
        }
    }
}
