//! Records of one run in the order in which they come, put into theirs.
//!
//! Zones come nearly sorted: owners ascend, within an owner types and RDATA may not. So the records of one owner are kept
//! aside, sorted and written to the main run. Records of an owner that goes backwards are kept aside, too, and whenever
//! enough have come, they are sorted and written as a run of their own, or behind one that ends before them. In the end the
//! runs are merged. Sorted input costs one pass, any other two; memory stays within two copies of the pages.

use super::arena::Arena;
use super::builder::{BuildError, BuildFault, BuildLimits};
use super::key;
use super::likeness::Likeness;
use super::merge::merge;
use super::noticed::Noticed;
use super::page::Page;
use super::run::RunWriter;
use crate::name::{Name, NameRef};
use crate::wire::rdata::canonical_cmp;
use crate::wire::{Record, Scratch};
use alloc::vec::Vec;
use core::cmp::Ordering;

/// How many octets are kept aside before they are sorted and written.
const CHUNK: usize = 4 << 20;

/// See the module.
pub(super) struct Sorter {
    limits: BuildLimits,
    /// Whether this is for a delta: TTLs stay as they are, and no record may come twice.
    delta: bool,
    main: RunWriter,
    /// The first owner of the main run, and that which was begun last; only owners after that one may be begun.
    main_owners: Option<(Name, Name)>,
    /// Records of the last one.
    owner_records: Arena,
    owner_sorted: bool,
    late: Arena,
    late_runs: Vec<Run>,
    /// How many of these other late records may no longer be added to.
    closed_runs: usize,
    key: Vec<u8>,
    noticed: Noticed,
}

/// A run made of late records.
struct Run {
    pages: Vec<Page>,
    last: Vec<u8>,
}

/// A sorted run and what was noticed on the way.
pub(super) struct Sorted {
    pub(super) pages: Vec<Page>,
    pub(super) noticed: Noticed,
}

impl Sorter {
    pub(super) fn new(limits: BuildLimits) -> Self {
        Self::over(RunWriter::new(limits), limits, false)
    }

    /// For the deletions or additions of a delta: TTLs stay as they are, and no record may come twice.
    pub(super) fn of_delta(limits: BuildLimits) -> Self {
        Self::over(RunWriter::unlevelled(limits), limits, true)
    }

    fn over(main: RunWriter, limits: BuildLimits, delta: bool) -> Self {
        Self {
            limits,
            delta,
            main,
            main_owners: None,
            owner_records: Arena::default(),
            owner_sorted: true,
            late: Arena::default(),
            late_runs: Vec::new(),
            closed_runs: 0,
            key: Vec::new(),
            noticed: Noticed::default(),
        }
    }

    pub(super) fn push(&mut self, record: &Record<'_>) -> Result<(), BuildError> {
        self.push_alike(record, self.likeness(record.owner))
    }

    /// How an owner compares to that of the records that are kept aside as those of one.
    #[inline]
    pub(super) fn likeness(&self, owner: NameRef<'_>) -> Likeness {
        self.owner_records.likeness(owner)
    }

    /// As [`Sorter::push`], given that.
    pub(super) fn push_alike(&mut self, record: &Record<'_>, likeness: Likeness) -> Result<(), BuildError> {
        if let Some(last) = self.owner_records.last() {
            if likeness.is_equal() && self.owner_records.size() < CHUNK {
                let order = last.rtype.cmp(&record.rtype);
                let order = order.then_with(|| canonical_cmp(record.rtype, last.rdata, record.rdata));
                self.owner_sorted &= order.is_lt();
                self.owner_records.push_alike(record, &[], likeness);
                return Ok(());
            }
            self.write_owner()?;
        }
        match &mut self.main_owners {
            None => self.main_owners = Some((record.owner.to_name(), record.owner.to_name())),
            Some((_, last)) if record.owner > last.as_ref() => last.set(record.owner),
            Some(_) => return self.push_late(record),
        }
        self.owner_records.push_alike(record, &[], Likeness::Other);
        Ok(())
    }

    fn push_late(&mut self, record: &Record<'_>) -> Result<(), BuildError> {
        self.key.clear();
        key::push_record(&mut self.key, record);
        self.late.push(record, &self.key);
        if self.late.size() >= CHUNK {
            self.write_late()?;
        }
        Ok(())
    }

    /// As if the records that `later` was given had been pushed behind those of this one. Where their owners follow, pages
    /// are moved as they are; where they begin with this one's last owner, the first pages are read again; else all
    /// that `later` has is late.
    pub(super) fn append(&mut self, mut later: Self) -> Result<(), BuildError> {
        let Some((first, last)) = later.main_owners.take() else {
            return Ok(());
        };
        match self.main_owners.as_ref().map_or(Ordering::Greater, |(_, last)| first.cmp(last)) {
            Ordering::Less => self.append_late(&mut later, last)?,
            order => {
                if order.is_eq() {
                    self.push_front(&mut later.main)?;
                }
                if let Some(owner) = later.main.owner() {
                    self.write_owner()?;
                    let (_, last) = self.main_owners.get_or_insert_with(|| (first, Name::root()));
                    last.set(owner);
                    self.main.append(later.main);
                }
                later.owner_records.records().try_for_each(|record| self.push(&record))?;
            }
        }
        self.noticed.join(later.noticed);
        if !(later.late.is_empty() && later.late_runs.is_empty()) {
            // Late ones may have the last owner, too; what comes of that after them is late as well.
            self.write_owner()?;
        }
        self.late_runs.append(&mut later.late_runs);
        for (key, record) in later.late.keyed_records() {
            self.late.push(&record, key);
        }
        if self.late.size() >= CHUNK { self.write_late() } else { Ok(()) }
    }

    /// Pushes the records with which a run begins, at least all of its first owner.
    fn push_front(&mut self, run: &mut RunWriter) -> Result<(), BuildError> {
        let mut scratch = Scratch::new();
        for page in run.take_front() {
            let mut position = page.first();
            // Pages of our own writing hold no errors.
            while let Ok(Some(record)) = position.next(&page.octets, &mut scratch) {
                self.push(&record)?;
            }
        }
        Ok(())
    }

    /// Takes the main run of `later`, which ends with this owner, as a late one. Of equal records the first has to stay, so
    /// what comes after that run may stand neither in an earlier one nor, within its reach, in the main run.
    fn append_late(&mut self, later: &mut Self, last: Name) -> Result<(), BuildError> {
        self.write_owner()?;
        later.write_owner()?;
        if !self.late.is_empty() {
            self.write_late()?;
        }
        let main = core::mem::replace(&mut later.main, RunWriter::provisional());
        self.late_runs.push(Run { pages: main.finish_uneven(), last: key::after_owner(last.as_ref()) });
        self.closed_runs = self.late_runs.len();
        if let Some((_, reached)) = &mut self.main_owners
            && *reached < last
        {
            *reached = last;
        }
        Ok(())
    }

    /// Writes the records of the last owner to the main run.
    fn write_owner(&mut self) -> Result<(), BuildError> {
        // Where each record came after the one before, none came twice.
        let sorted = core::mem::replace(&mut self.owner_sorted, true);
        if !sorted {
            self.owner_records.sort_owner();
        }
        let mut last: Option<Record<'_>> = None;
        for record in self.owner_records.records() {
            let equals = |last: &Record<'_>| {
                last.rtype == record.rtype && canonical_cmp(record.rtype, last.rdata, record.rdata).is_eq()
            };
            if !sorted && last.as_ref().is_some_and(equals) {
                refuse_if(self.delta, &record)?;
                self.noticed.duplicate(&record);
                continue;
            }
            // What was written before has another owner.
            let likeness = last.map_or(Likeness::Other, |last| Likeness::of(record.owner, last.owner));
            self.main.push_alike(&record, likeness)?;
            last = Some(record);
        }
        self.owner_records.clear();
        Ok(())
    }

    /// Writes the late records to a run of their own, or to the end of one that they follow.
    fn write_late(&mut self) -> Result<(), BuildError> {
        self.late.sort_keyed();
        // What limits an RRset is seen when runs are merged.
        let mut run = RunWriter::provisional();
        let mut first: &[u8] = &[];
        let mut last: &[u8] = &[];
        for (key, record) in self.late.keyed_records() {
            if key == last {
                refuse_if(self.delta, &record)?;
                self.noticed.duplicate(&record);
                continue;
            }
            run.push(&record)?;
            if first.is_empty() {
                first = key;
            }
            last = key;
        }
        let (pages, _) = run.finish();
        let open = self.late_runs.get_mut(self.closed_runs..).unwrap_or_default();
        let before = open.iter_mut().filter(|run| run.last.as_slice() < first).max_by(|a, b| a.last.cmp(&b.last));
        match before {
            Some(run) => {
                run.pages.extend(pages);
                run.last = last.to_vec();
            }
            None => self.late_runs.push(Run { pages, last: last.to_vec() }),
        }
        self.late.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Sorted, BuildError> {
        self.write_owner()?;
        if !self.late.is_empty() {
            self.write_late()?;
        }
        let Self { limits, delta, main, late, late_runs, owner_records, mut noticed, .. } = self;
        // Make room before runs are merged.
        drop((late, owner_records));
        if late_runs.is_empty() {
            let (pages, levelled) = main.finish();
            noticed.join(levelled);
            return Ok(Sorted { pages, noticed });
        }
        let runs = core::iter::once(main.finish_uneven()).chain(late_runs.into_iter().map(|run| run.pages));
        let merged = merge(runs, limits, delta)?;
        noticed.join(merged.noticed);
        Ok(Sorted { pages: merged.pages, noticed })
    }
}

/// A record that came twice is a fault of a delta.
pub(super) fn refuse_if(delta: bool, record: &Record<'_>) -> Result<(), BuildError> {
    if delta { Err(BuildError::about(BuildFault::Twice, record)) } else { Ok(()) }
}
