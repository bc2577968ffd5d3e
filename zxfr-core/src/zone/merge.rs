//! Merging sorted runs into one. Pages are let go as soon as they are read, so that what is read and what is written
//! together stay close to one copy.

use super::builder::{BuildError, BuildLimits};
use super::key;
use super::noticed::Noticed;
use super::page::Page;
use super::run::RunWriter;
use super::sorter::{Sorted, refuse_if};
use crate::wire::reader::RecordPosition;
use crate::wire::{Class, Record, Rtype, Scratch};
use alloc::collections::binary_heap::{BinaryHeap, PeekMut};
use alloc::vec::{self, Vec};
use core::cmp::Ordering;

/// Merges runs; of equal records that of the earliest run stays, the others are counted, or refused when it is for a delta.
pub(super) fn merge(
    runs: impl Iterator<Item = Vec<Page>>,
    limits: BuildLimits,
    delta: bool,
) -> Result<Sorted, BuildError> {
    let mut run = if delta { RunWriter::unlevelled(limits) } else { RunWriter::new(limits) };
    let mut sources: BinaryHeap<Source> =
        runs.enumerate().filter_map(|(number, pages)| Source::new(number, pages)).collect();
    let mut last = Vec::new();
    let mut duplicates = Noticed::default();
    while let Some(mut source) = sources.peek_mut() {
        if source.key == last {
            refuse_if(delta, &source.record())?;
            duplicates.duplicate(&source.record());
        } else {
            run.push(&source.record())?;
            last.clone_from(&source.key);
        }
        if !source.advance() {
            PeekMut::pop(source);
        }
    }
    let (pages, mut noticed) = run.finish();
    noticed.join(duplicates);
    Ok(Sorted { pages, noticed })
}

/// A run being read, with its present record.
pub(super) struct Source {
    pub(super) number: usize,
    pages: vec::IntoIter<Page>,
    page: Option<Page>,
    position: RecordPosition,
    /// Holds the owner.
    scratch: Scratch,
    rtype: Rtype,
    ttl: u32,
    rdata: Vec<u8>,
    pub(super) key: Vec<u8>,
}

impl Source {
    /// Before its second record; `None` for a run without any.
    pub(super) fn new(number: usize, pages: Vec<Page>) -> Option<Self> {
        let mut source = Self {
            number,
            pages: pages.into_iter(),
            page: None,
            position: RecordPosition::new(0, 0),
            scratch: Scratch::new(),
            rtype: Rtype(0),
            ttl: 0,
            rdata: Vec::new(),
            key: Vec::new(),
        };
        source.advance().then_some(source)
    }

    /// Goes to the next record; `false` when there is none.
    pub(super) fn advance(&mut self) -> bool {
        loop {
            if let Some(page) = &self.page {
                // Pages of our own writing hold no errors.
                if let Ok(Some(record)) = self.position.next(page.octets(), &mut self.scratch) {
                    self.rtype = record.rtype;
                    self.ttl = record.ttl;
                    self.rdata.clear();
                    self.rdata.extend_from_slice(record.rdata);
                    self.key.clear();
                    key::push_record(&mut self.key, &record);
                    return true;
                }
            }
            let Some(page) = self.pages.next() else {
                return false;
            };
            self.position = page.first();
            self.page = Some(page);
        }
    }

    pub(super) fn record(&self) -> Record<'_> {
        let owner = self.scratch.owner();
        Record { owner, rtype: self.rtype, class: Class::IN, ttl: self.ttl, rdata: &self.rdata }
    }
}

/// A heap gives the greatest first, so the order is turned round.
impl Ord for Source {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.cmp(&self.key).then_with(|| other.number.cmp(&self.number))
    }
}

impl PartialOrd for Source {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Source {}
