//! The delta between two versions.

use super::builder::{BuildError, BuildLimits, in_nsec3_run};
use super::delta::{Changes, Delta};
use super::run::RunWriter;
use super::slot::SlotRecords;
use super::twins::Twins;
use super::version::{PagePosition, Version};
use crate::name::NameRef;
use crate::wire::{Record, Rtype, Scratch};
use alloc::boxed::Box;
use core::cmp::Ordering;

impl Version {
    /// What has to be deleted and added to make `newer` out of this version. Records that only differ in TTL or case are
    /// deleted and added.
    ///
    /// # Errors
    /// When the two are not of one zone.
    pub fn diff(&self, newer: &Self) -> Result<Delta, BuildError> {
        let mut writer = DeltaWriter::new(self.apex());
        let (Some(mut left), Some(mut right)) = (Walk::new(self), Walk::new(newer)) else {
            return writer.finish(&self.soa(), &newer.soa());
        };
        let mut twins = Twins::new();
        let (mut left_scratch, mut right_scratch) = (Scratch::new(), Scratch::new());
        loop {
            // Most records are the same, and most of these are told so as they stand.
            let (here, there) = (left.records.stretch(), right.records.stretch());
            let (passed, left_at, right_at) = twins.pass(here, there);
            left.records.pass(passed, left_at);
            right.records.pass(passed, right_at);
            if left.arrive() | right.arrive() {
                twins.turn(left.records.pass_alike(&mut right.records));
                continue;
            }
            let (mut after_left, mut after_right) = (left.records, right.records);
            let (old, new) = (after_left.next(&mut left_scratch), after_right.next(&mut right_scratch));
            let order = match (&old, &new) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => zone_cmp(self.apex(), a, b),
            };
            match (&old, &new) {
                (Some(a), Some(b)) if order.is_eq() && a.is_exactly(b) => {}
                _ => {
                    if let (Some(record), true) = (&old, order.is_le()) {
                        writer.delete(record)?;
                    }
                    if let (Some(record), true) = (&new, order.is_ge()) {
                        writer.add(record)?;
                    }
                }
            }
            if order.is_le() {
                left.records = after_left;
            }
            if order.is_ge() {
                right.records = after_right;
            }
        }
        writer.finish(&self.soa(), &newer.soa())
    }
}

/// Goes through the records of a version without reading more of them than it has to.
struct Walk<'v> {
    version: &'v Version,
    records: SlotRecords<'v>,
    /// After the slot of these.
    next: PagePosition,
}

impl<'v> Walk<'v> {
    /// Behind the SOA, which comes first and is kept apart.
    fn new(version: &'v Version) -> Option<Self> {
        let (mut records, next) = version.slot(PagePosition::default())?;
        records.next(&mut Scratch::new())?;
        Some(Self { version, records, next })
    }

    /// Goes on to the slot of the next record. Says whether that is another slot.
    fn arrive(&mut self) -> bool {
        let before = self.next;
        while self.records.is_done()
            && let Some((records, next)) = self.version.slot(self.next)
        {
            (self.records, self.next) = (records, next);
        }
        before != self.next
    }
}

/// Compares identities in the order of a zone: the apex node, the other names, NSEC3 and its signatures.
pub(super) fn zone_cmp(apex: NameRef<'_>, a: &Record<'_>, b: &Record<'_>) -> Ordering {
    let rank = |record: &Record<'_>| (record.owner.len() != apex.len(), in_nsec3_run(apex, record));
    rank(a).cmp(&rank(b)).then_with(|| a.canonical_cmp(b))
}

/// Writes a delta whose records come in order.
pub(super) struct DeltaWriter<'a> {
    apex: NameRef<'a>,
    deletions: ChangesWriter,
    additions: ChangesWriter,
}

impl<'a> DeltaWriter<'a> {
    pub(super) fn new(apex: NameRef<'a>) -> Self {
        Self { apex, deletions: ChangesWriter::default(), additions: ChangesWriter::default() }
    }

    pub(super) fn delete(&mut self, record: &Record<'_>) -> Result<(), BuildError> {
        self.deletions.push(self.apex, record)
    }

    pub(super) fn add(&mut self, record: &Record<'_>) -> Result<(), BuildError> {
        self.additions.push(self.apex, record)
    }

    /// The delta between the versions with these SOAs.
    pub(super) fn finish(self, old_soa: &Record<'_>, new_soa: &Record<'_>) -> Result<Delta, BuildError> {
        Delta::new(self.apex.to_name(), old_soa, new_soa, self.deletions.finish(), self.additions.finish())
    }
}

/// One list of a delta; its parts are begun when they are needed.
#[derive(Default)]
struct ChangesWriter {
    names: Option<Box<RunWriter>>,
    nsec3: Option<Box<RunWriter>>,
}

impl ChangesWriter {
    fn push(&mut self, apex: NameRef<'_>, record: &Record<'_>) -> Result<(), BuildError> {
        if record.rtype == Rtype::SOA {
            return Ok(());
        }
        let run = if in_nsec3_run(apex, record) { &mut self.nsec3 } else { &mut self.names };
        run.get_or_insert_with(|| Box::new(RunWriter::unlevelled(BuildLimits::NONE))).push(record)
    }

    fn finish(self) -> Changes {
        let pages = |run: Option<Box<RunWriter>>| run.map_or_else(Box::default, |run| run.finish().0.into());
        Changes { names: pages(self.names), nsec3: pages(self.nsec3) }
    }
}

#[cfg(test)]
mod tests {
    use crate::name::Name;
    use crate::wire::Rtype;
    use crate::zone::testing::{Model, Owned, listed_changes};
    use std::format;
    use std::vec::Vec;

    /// The first name that differs in a page is mostly the one that pointers behind it lead to.
    #[test]
    fn a_name_that_pages_have_up_to_a_label_in_common_is_another() {
        let target = |host: &str| host.parse::<Name>().unwrap().as_octets().to_vec();
        let [before, after] = ["ns1.host.test.", "ns2.host.test."].map(target);
        let records = |moved: usize| {
            let rdata = |number| if number < moved { &before } else { &after };
            let record = |number| Owned::new(&format!("n{number:04}.example."), Rtype::NS.0, 300, rdata(number));
            (0..2_000).map(record).collect::<Vec<_>>()
        };
        let old = records(2_000);
        for moved in (0..2_000).step_by(37) {
            let new = records(moved);
            let delta = Model::of(old.clone()).version(1).diff(&Model::of(new.clone()).version(2)).unwrap();
            assert_eq!(listed_changes(delta.deletions()), old[moved..]);
            assert_eq!(listed_changes(delta.additions()), new[moved..]);
        }
    }
}
