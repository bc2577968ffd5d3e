//! A delta: what has to be deleted from one version of a zone and added to it to make another (a difference sequence of
//! RFC 1995 §4).

use super::builder::{BuildError, BuildFault, BuildLimits, Pushed, in_nsec3_run};
use super::page::Page;
use super::sorter::Sorter;
use super::version::OwnedSoa;
use crate::name::{Name, NameRef};
use crate::serial::Serial;
use crate::wire::reader::RecordPosition;
use crate::wire::{Class, Record, Rtype, Scratch, rdata};
use alloc::boxed::Box;
use core::fmt;

/// A delta from one serial of a zone to another. Immutable; its records are kept in pages, the SOAs apart.
///
/// A record is identified by owner (without case), type and canonical RDATA (RFC 4034 §6.2); the TTL is no part of that. So a
/// record whose TTL or case changes is among the deletions as it was and among the additions as it is then. Neither list has
/// a record twice. Both are in the order of a zone: apex, other names, NSEC3 and its signatures.
pub struct Delta {
    apex: Name,
    old_soa: OwnedSoa,
    new_soa: OwnedSoa,
    pub(super) deletions: Changes,
    pub(super) additions: Changes,
    records: u64,
    octets: u64,
}

/// One list of a delta.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    /// The apex node without its SOA, and the other names.
    pub(super) names: Box<[Page]>,
    /// NSEC3 and its signatures.
    pub(super) nsec3: Box<[Page]>,
}

impl Delta {
    pub(super) fn new(
        apex: Name,
        old_soa: &Record<'_>,
        new_soa: &Record<'_>,
        deletions: Changes,
        additions: Changes,
    ) -> Result<Self, BuildError> {
        let [old_soa, new_soa] = [old_soa, new_soa].map(|soa| {
            let kept = OwnedSoa::of(soa).filter(|_| soa.owner == apex.as_ref() && soa.class == Class::IN);
            kept.ok_or_else(|| BuildError::about(BuildFault::SoaOffApex, soa))
        });
        let (old_soa, new_soa) = (old_soa?, new_soa?);
        let soas = [old_soa.record(), new_soa.record()].map(|soa| soa.wire_len() as u64);
        let [mut records, mut octets] = [0, soas.iter().fold(0_u64, |sum, octets| sum.saturating_add(*octets))];
        for page in deletions.pages().chain(additions.pages()) {
            records = u64::saturating_add(records, page.records().into());
            octets = u64::saturating_add(octets, page.octets().len() as u64);
        }
        Ok(Self { apex, old_soa, new_soa, deletions, additions, records, octets })
    }

    /// The same from a version with this SOA.
    pub(super) fn with_old_soa(&self, old_soa: &Record<'_>) -> Result<Self, BuildError> {
        Self::new(self.apex.clone(), old_soa, &self.new_soa(), self.deletions.clone(), self.additions.clone())
    }

    /// The name of the zone.
    #[must_use]
    pub fn apex(&self) -> NameRef<'_> {
        self.apex.as_ref()
    }

    /// The serial of the version that it applies to.
    #[must_use]
    pub const fn from(&self) -> Serial {
        self.old_soa.serial
    }

    /// The serial of the version that it makes.
    #[must_use]
    pub const fn to(&self) -> Serial {
        self.new_soa.serial
    }

    /// The SOA of the version that it applies to.
    #[must_use]
    pub fn old_soa(&self) -> Record<'_> {
        self.old_soa.record()
    }

    /// The SOA of the version that it makes.
    #[must_use]
    pub fn new_soa(&self) -> Record<'_> {
        self.new_soa.record()
    }

    /// What is deleted, the SOA left out.
    #[must_use]
    pub fn deletions(&self) -> DeltaRecords<'_> {
        DeltaRecords::new(&self.deletions)
    }

    /// What is added, the SOA left out.
    #[must_use]
    pub fn additions(&self) -> DeltaRecords<'_> {
        DeltaRecords::new(&self.additions)
    }

    /// How many records are deleted and added, the SOAs not counted.
    #[must_use]
    pub const fn record_count(&self) -> u64 {
        self.records
    }

    /// The octets of its pages and SOAs: about what it takes on the wire and in memory.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// Whether nothing but the SOA changes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records == 0
    }
}

impl fmt::Debug for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delta")
            .field("apex", &self.apex)
            .field("from", &self.from())
            .field("to", &self.to())
            .field("records", &self.records)
            .field("octets", &self.octets)
            .finish_non_exhaustive()
    }
}

impl Changes {
    /// One of the runs.
    pub(super) const fn run(&self, in_nsec3: bool) -> &[Page] {
        if in_nsec3 { &self.nsec3 } else { &self.names }
    }

    pub(super) fn pages(&self) -> impl Iterator<Item = &Page> {
        self.names.iter().chain(&self.nsec3)
    }
}

/// One list of a delta, a record at a time: each borrows from the iterator until the next is read.
#[derive(Clone)]
pub struct DeltaRecords<'d> {
    changes: &'d Changes,
    /// No more than so many come.
    most: u64,
    /// The page that is next, by number.
    next_page: usize,
    page: Option<&'d Page>,
    in_page: RecordPosition,
    scratch: Scratch,
}

impl<'d> DeltaRecords<'d> {
    fn new(changes: &'d Changes) -> Self {
        let in_page = RecordPosition::new(0, 0);
        Self { changes, most: u64::MAX, next_page: 0, page: None, in_page, scratch: Scratch::new() }
    }

    /// All of a list in two parts: before a record, given by the number of its page in one of the runs and its own number in
    /// that, and from this on.
    pub(super) fn split(self, in_nsec3: bool, (page, record): (usize, u16)) -> [Self; 2] {
        let page = if in_nsec3 { self.changes.names.len().saturating_add(page) } else { page };
        let before = self.changes.pages().take(page).map(|page| u64::from(page.records()));
        let early = Self { most: before.fold(record.into(), u64::saturating_add), ..self.clone() };
        let mut late = Self { next_page: page, ..self };
        if let Some(begun) = late.changes.pages().nth(page) {
            (late.next_page, late.page, late.in_page) = (page.saturating_add(1), Some(begun), begun.first());
            (0..record).for_each(|_| late.in_page.skip(begun.octets()));
        }
        [early, late]
    }

    /// The next record.
    #[expect(clippy::should_implement_trait, reason = "lends from itself, which Iterator can't")]
    pub fn next(&mut self) -> Option<Record<'_>> {
        while self.in_page.left == 0 {
            let Changes { names, nsec3 } = self.changes;
            let page = match self.next_page.checked_sub(names.len()) {
                None => names.get(self.next_page)?,
                Some(number) => nsec3.get(number)?,
            };
            self.next_page = self.next_page.saturating_add(1);
            self.in_page = page.first();
            self.page = Some(page);
        }
        self.most = self.most.checked_sub(1)?;
        // Pages of our own writing hold no errors.
        self.in_page.next(self.page?.octets(), &mut self.scratch).ok()?
    }
}

/// From records in any order to a [`Delta`].
pub struct DeltaBuilder {
    apex: Name,
    deletions: Sorters,
    additions: Sorters,
    out_of_zone: u64,
}

impl DeltaBuilder {
    /// For a delta of the zone with this apex. The limits are those of the lists, which hold no more than the zone may.
    #[must_use]
    pub fn new(apex: NameRef<'_>, limits: BuildLimits) -> Self {
        let sorters = || Sorters { limits, names: None, nsec3: None };
        Self { apex: apex.to_name(), deletions: sorters(), additions: sorters(), out_of_zone: 0 }
    }

    /// Takes a record that is deleted. SOAs are not among these.
    ///
    /// # Errors
    /// When the record can't stand in a zone. The builder is of no use after that.
    pub fn delete(&mut self, record: &Record<'_>) -> Result<Pushed, BuildError> {
        if !self.belongs(record)? {
            return Ok(Pushed::OutOfZone);
        }
        self.deletions.push(self.apex.as_ref(), record)
    }

    /// Takes a record that is added. SOAs are not among these.
    ///
    /// # Errors
    /// As [`DeltaBuilder::delete`].
    pub fn add(&mut self, record: &Record<'_>) -> Result<Pushed, BuildError> {
        if !self.belongs(record)? {
            return Ok(Pushed::OutOfZone);
        }
        self.additions.push(self.apex.as_ref(), record)
    }

    /// How many records outside the zone were skipped.
    #[must_use]
    pub const fn out_of_zone(&self) -> u64 {
        self.out_of_zone
    }

    fn belongs(&mut self, record: &Record<'_>) -> Result<bool, BuildError> {
        let fault = if record.class != Class::IN {
            BuildFault::Class(record.class)
        } else if record.rtype.is_meta() {
            BuildFault::MetaType
        } else if record.rtype == Rtype::SOA {
            let at_apex = record.owner == self.apex.as_ref();
            if at_apex { BuildFault::SecondSoa } else { BuildFault::SoaOffApex }
        } else if rdata::check(record.rtype, record.rdata).is_err() {
            BuildFault::Rdata
        } else {
            let belongs = record.owner.is_at_or_below(self.apex.as_ref());
            self.out_of_zone = self.out_of_zone.saturating_add(u64::from(!belongs));
            return Ok(belongs);
        };
        Err(BuildError::about(fault, record))
    }

    /// The delta that these records make between the versions with these SOAs.
    ///
    /// # Errors
    /// When a record was deleted twice or added twice, or an SOA is none of this zone.
    pub fn finish(self, old_soa: &Record<'_>, new_soa: &Record<'_>) -> Result<Delta, BuildError> {
        let (deletions, additions) = (self.deletions.finish()?, self.additions.finish()?);
        Delta::new(self.apex, old_soa, new_soa, deletions, additions)
    }
}

impl fmt::Debug for DeltaBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeltaBuilder").field("apex", &self.apex).finish_non_exhaustive()
    }
}

/// One list being put in order; most have no NSEC3, and many nothing at all.
struct Sorters {
    limits: BuildLimits,
    names: Option<Sorter>,
    nsec3: Option<Sorter>,
}

impl Sorters {
    fn push(&mut self, apex: NameRef<'_>, record: &Record<'_>) -> Result<Pushed, BuildError> {
        let sorter = if in_nsec3_run(apex, record) { &mut self.nsec3 } else { &mut self.names };
        sorter.get_or_insert_with(|| Sorter::of_delta(self.limits)).push(record)?;
        Ok(Pushed::Taken)
    }

    fn finish(self) -> Result<Changes, BuildError> {
        let pages = |sorter: Option<Sorter>| match sorter {
            None => Ok(Box::default()),
            Some(sorter) => sorter.finish().map(|sorted| sorted.pages.into()),
        };
        Ok(Changes { names: pages(self.names)?, nsec3: pages(self.nsec3)? })
    }
}

#[cfg(test)]
mod tests;
