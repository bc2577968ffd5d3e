//! Records of one run in the order in which they come, put into theirs.
//!
//! Zones come nearly sorted: owners ascend, within an owner types and RDATA may not. So the records of one owner are kept
//! aside, sorted and written to the main run. Records of an owner that goes backwards are kept aside, too, and whenever
//! enough have come, they are sorted and written as a run of their own, or behind one that ends before them. In the end the
//! runs are merged. Sorted input costs one pass, any other two; memory stays within two copies of the pages.

use super::arena::Arena;
use super::builder::{BuildError, BuildFault, BuildLimits};
use super::key;
use super::merge::merge;
use super::page::Page;
use super::run::RunWriter;
use crate::wire::Record;
use crate::wire::rdata::canonical_cmp;
use alloc::vec::Vec;
use core::mem::take;

/// How many octets are kept aside before they are sorted and written.
const CHUNK: usize = 4 << 20;

/// See the module.
pub(super) struct Sorter {
    limits: BuildLimits,
    /// Whether this is for a delta: TTLs stay as they are, and no record may come twice.
    delta: bool,
    main: RunWriter,
    /// The sort key of the owner that was begun last in the main run.
    main_owner: Vec<u8>,
    /// Records of that owner.
    owner_records: Arena,
    owner_sorted: bool,
    late: Arena,
    late_runs: Vec<Run>,
    key: Vec<u8>,
    duplicates: u64,
}

/// A run made of late records.
struct Run {
    pages: Vec<Page>,
    last: Vec<u8>,
}

/// A sorted run and what was noticed on the way.
pub(super) struct Sorted {
    pub(super) pages: Vec<Page>,
    pub(super) duplicates: u64,
    pub(super) levelled: u64,
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
            main_owner: Vec::new(),
            owner_records: Arena::default(),
            owner_sorted: true,
            late: Arena::default(),
            late_runs: Vec::new(),
            key: Vec::new(),
            duplicates: 0,
        }
    }

    pub(super) fn push(&mut self, record: &Record<'_>) -> Result<(), BuildError> {
        if let Some(last) = self.owner_records.last() {
            if last.owner == record.owner && self.owner_records.size() < CHUNK {
                let order = last.rtype.cmp(&record.rtype);
                let order = order.then_with(|| canonical_cmp(record.rtype, last.rdata, record.rdata));
                self.owner_sorted &= order.is_lt();
                self.owner_records.push(record, &[]);
                return Ok(());
            }
            self.write_owner()?;
        }
        self.key.clear();
        key::push_owner(&mut self.key, record.owner);
        if self.key > self.main_owner {
            core::mem::swap(&mut self.key, &mut self.main_owner);
            self.owner_records.push(record, &[]);
            return Ok(());
        }
        key::push_data(&mut self.key, record.rtype, record.rdata);
        self.late.push(record, &self.key);
        if self.late.size() >= CHUNK {
            self.write_late()?;
        }
        Ok(())
    }

    /// Writes the records of the last owner to the main run.
    fn write_owner(&mut self) -> Result<(), BuildError> {
        if !take(&mut self.owner_sorted) {
            self.owner_records.sort_owner();
        }
        self.owner_sorted = true;
        let mut last: Option<Record<'_>> = None;
        for record in self.owner_records.records() {
            let equals = |last: &Record<'_>| {
                last.rtype == record.rtype && canonical_cmp(record.rtype, last.rdata, record.rdata).is_eq()
            };
            if last.as_ref().is_some_and(equals) {
                refuse_if(self.delta, &record)?;
                self.duplicates = self.duplicates.saturating_add(1);
                continue;
            }
            self.main.push(&record)?;
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
                self.duplicates = self.duplicates.saturating_add(1);
                continue;
            }
            run.push(&record)?;
            if first.is_empty() {
                first = key;
            }
            last = key;
        }
        let (pages, _) = run.finish();
        let before =
            self.late_runs.iter_mut().filter(|run| run.last.as_slice() < first).max_by(|a, b| a.last.cmp(&b.last));
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
        let Self { limits, delta, main, late, late_runs, owner_records, mut duplicates, .. } = self;
        // Make room before runs are merged.
        drop((late, owner_records));
        let (pages, levelled) = main.finish();
        if late_runs.is_empty() {
            return Ok(Sorted { pages, duplicates, levelled });
        }
        let runs = core::iter::once(pages).chain(late_runs.into_iter().map(|run| run.pages));
        let merged = merge(runs, limits, delta)?;
        duplicates = duplicates.saturating_add(merged.duplicates);
        Ok(Sorted { duplicates, ..merged })
    }
}

/// A record that came twice is a fault of a delta.
pub(super) fn refuse_if(delta: bool, record: &Record<'_>) -> Result<(), BuildError> {
    if delta { Err(BuildError::about(BuildFault::Twice, record)) } else { Ok(()) }
}
