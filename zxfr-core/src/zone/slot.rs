//! A place in a directory: a page, or a page and what is to be changed about it.

use super::blocks::{BLOCK, Block};
use super::edits::Edits;
use super::page::{MAX_PAGE, Page};
use super::run::RunWriter;
use super::twins::Stretch;
use crate::wire::reader::RecordPosition;
use crate::wire::{HEADER_LEN, Record, Scratch};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use once_cell::race::OnceBox;

/// Some records of a run, in order. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    Sealed(Page),
    Edited(Arc<Edited>),
}

/// A page and what is to be changed about it. It is sealed, which is to say written as one or more new pages, when they are
/// first asked for; all that share it share these.
#[derive(Debug)]
pub(super) struct Edited {
    pub(super) base: Page,
    pub(super) edits: Edits,
    pub(super) totals: Totals,
    sealed: OnceBox<Box<[Page]>>,
}

/// Sums over slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) records: u64,
    /// The octets of pages; of those that are yet to be sealed about what they will have.
    pub(super) octets: u64,
    /// No page has more octets.
    pub(super) largest: usize,
    /// How many slots are not sealed pages.
    pub(super) edited: usize,
}

impl Totals {
    /// The sum of this and others.
    pub(super) fn plus(self, others: impl IntoIterator<Item = Self>) -> Self {
        others.into_iter().fold(self, |sum, other| Self {
            records: sum.records.saturating_add(other.records),
            octets: sum.octets.saturating_add(other.octets),
            largest: sum.largest.max(other.largest),
            edited: sum.edited.saturating_add(other.edited),
        })
    }
}

impl From<&Page> for Totals {
    fn from(page: &Page) -> Self {
        let records = page.records().into();
        Self { records, octets: page.len() as u64, largest: page.len(), edited: 0 }
    }
}

impl Edited {
    /// `octets` is about what its records will take in pages.
    pub(super) fn new(base: Page, edits: Edits, octets: u64) -> Self {
        let records = u64::from(base.records()).saturating_sub(edits.removed.len() as u64);
        let records = records.saturating_add(edits.added.len() as u64);
        // Only a record that is larger than a page alone makes a larger page, and in it nothing is compressed.
        let alone = edits.records().map(|record| record.wire_len().saturating_add(HEADER_LEN)).max();
        let kept = if base.len() > MAX_PAGE && edits.removes(0) { 0 } else { base.len() };
        let largest = MAX_PAGE.max(kept).max(alone.unwrap_or_default());
        let totals = Totals { records, octets, largest, edited: 1 };
        Self { base, edits, totals, sealed: OnceBox::new() }
    }

    fn pages(&self) -> &[Page] {
        self.sealed.get_or_init(|| {
            let records = SlotRecords::new(&self.base, Some(&self.edits));
            Box::new(write_pages(core::iter::once(records)).into_boxed_slice())
        })
    }
}

impl Slot {
    /// One without records.
    pub(super) fn empty() -> Self {
        Self::Sealed(Page::empty())
    }

    pub(super) fn base(&self) -> &Page {
        match self {
            Self::Sealed(page) => page,
            Self::Edited(edited) => &edited.base,
        }
    }

    pub(super) fn edits(&self) -> Option<&Edits> {
        match self {
            Self::Sealed(_) => None,
            Self::Edited(edited) => Some(&edited.edits),
        }
    }

    /// After the sort keys of all records of slots before it, and not after that of its first record, unless it is the first
    /// slot of its run.
    pub(super) fn key(&self) -> &[u8] {
        self.base().key()
    }

    pub(super) fn totals(&self) -> Totals {
        match self {
            Self::Sealed(page) => page.into(),
            Self::Edited(edited) => edited.totals,
        }
    }

    /// Its records as pages, written now if they weren't before.
    pub(super) fn pages(&self) -> &[Page] {
        match self {
            Self::Sealed(page) => core::slice::from_ref(page),
            Self::Edited(edited) => edited.pages(),
        }
    }

    /// Its pages, if all are written.
    pub(super) fn sealed(&self) -> Option<&[Page]> {
        match self {
            Self::Sealed(page) => Some(core::slice::from_ref(page)),
            Self::Edited(edited) => edited.sealed.get().map(AsRef::as_ref),
        }
    }

    /// Its records, read without sealing.
    pub(super) fn records(&self) -> SlotRecords<'_> {
        SlotRecords::new(self.base(), self.edits())
    }

    /// What it takes in memory.
    pub(super) fn heap_octets(&self) -> u64 {
        let octets = match self {
            Self::Sealed(page) => page.heap_octets(),
            Self::Edited(edited) => {
                let own = size_of::<Edited>().saturating_add(size_of::<[usize; 2]>());
                let own = own.saturating_add(edited.base.heap_octets()).saturating_add(edited.edits.heap_octets());
                let sealed = edited.sealed.get().map(AsRef::as_ref).unwrap_or_default();
                sealed.iter().fold(own, |sum, page: &Page| {
                    sum.saturating_add(size_of::<Page>()).saturating_add(page.heap_octets())
                })
            }
        };
        octets.saturating_add(size_of::<Self>()) as u64
    }
}

/// The records of a slot, one at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlotRecords<'s> {
    base: &'s Page,
    edits: Option<&'s Edits>,
    position: RecordPosition,
    /// The number of the base's record that comes next.
    number: u16,
    /// How many removed records have been gone past, and how many added ones read.
    removed: usize,
    added: usize,
}

impl<'s> SlotRecords<'s> {
    pub(super) fn new(base: &'s Page, edits: Option<&'s Edits>) -> Self {
        Self { base, edits, position: base.first(), number: 0, removed: 0, added: 0 }
    }

    /// Whether no record is left.
    pub(super) fn is_done(&self) -> bool {
        let removed =
            |edits: &Edits| edits.removed.len().saturating_sub(self.removed) == usize::from(self.position.left);
        let added = |edits: &Edits| edits.added.len() == self.added;
        self.edits.map_or(self.position.left == 0, |edits| added(edits) && removed(edits))
    }

    /// The next record.
    pub(super) fn next<'r>(&mut self, scratch: &'r mut Scratch) -> Option<Record<'r>>
    where
        's: 'r,
    {
        if let Some(edits) = self.edits {
            self.pass_removed(edits);
            if edits.added.get(self.added).is_some_and(|added| added.before <= self.number) {
                self.added = self.added.saturating_add(1);
                return edits.record(self.added.saturating_sub(1));
            }
        }
        self.number = self.number.saturating_add(1);
        // Pages of our own writing hold no errors.
        self.position.next(self.base.octets(), scratch).ok()?
    }

    /// The next records for as long as they are the page's own.
    pub(super) fn stretch(&mut self) -> Stretch<'s> {
        let mut records = self.position.left;
        if let Some(edits) = self.edits {
            self.pass_removed(edits);
            let added = edits.added.get(self.added).map(|added| added.before);
            let removed = edits.removed.get(self.removed).copied();
            let edit = added.into_iter().chain(removed).min();
            let until = edit.map_or(u16::MAX, |number| number.saturating_sub(self.number));
            records = self.position.left.min(until);
        }
        Stretch { octets: self.base.octets(), at: self.position.at, records }
    }

    /// Goes past so many records of a stretch, up to where the next one starts. That one may be read with any scratch.
    pub(super) const fn pass(&mut self, records: u16, at: usize) {
        self.position = RecordPosition::new(at, self.position.left.saturating_sub(records));
        self.number = self.number.saturating_add(records);
    }

    /// Goes, by the blocks of the page, to where a block starts with one of the last records that are `less`, which holds of the
    /// first so many. What was put in is passed over with the page's own.
    pub(super) fn go_near(&mut self, mut less: impl FnMut(&Record<'_>) -> bool) {
        let mut scratch = Scratch::new();
        let starts_less = |block: &Block| {
            let first = RecordPosition::new(block.start.into(), 1).next(self.base.octets(), &mut scratch);
            first.is_ok_and(|record| record.is_some_and(|record| less(&record)))
        };
        let Some(block) = self.base.blocks().partition_point(starts_less).checked_sub(1) else { return };
        let Some(start) = self.base.blocks().get(block).map(|block| usize::from(block.start)) else { return };
        self.pass_to(start, BLOCK.saturating_mul(block as u16));
        if let Some(edits) = self.edits {
            self.removed = edits.removed.partition_point(|removed| *removed < self.number);
            self.added = edits.added.partition_point(|added| added.before <= self.number);
        }
    }

    /// Goes past records that are the same since two pages, neither of them edited or begun, start with the same octets. Gives
    /// where these records end: the same octets may go on from there into a name, and then no longer be a name that is the same.
    pub(super) fn pass_alike(&mut self, other: &mut Self) -> usize {
        let begun = |records: &Self| records.edits.is_some() || records.number > 0;
        if begun(self) || begun(other) || self.position.at != other.position.at {
            return 0;
        }
        let (mine, theirs) = (self.base.octets(), other.base.octets());
        // The headers tell how many records come.
        let [a, b] = [mine, theirs].map(|octets| octets.get(HEADER_LEN..).unwrap_or_default());
        let alike = common_octets(a, b).saturating_add(HEADER_LEN);
        if alike == mine.len() && alike == theirs.len() {
            self.pass_to(alike, self.base.records());
            other.pass_to(alike, other.base.records());
            return alike;
        }
        // A block starts behind records that are the same.
        let blocks = self.base.blocks().iter().zip(other.base.blocks());
        let blocks = blocks.map(|(mine, theirs)| (usize::from(mine.start), usize::from(theirs.start)));
        let starts = blocks.take_while(|(mine, theirs)| mine == theirs && *mine <= alike);
        let Some((block, (start, _))) = starts.enumerate().last() else { return 0 };
        let number = BLOCK.saturating_mul(block as u16);
        self.pass_to(start, number);
        other.pass_to(start, number);
        start
    }

    /// Goes to the record of this number, which starts at `at`; edits are not looked at.
    const fn pass_to(&mut self, at: usize, number: u16) {
        self.number = number;
        self.position = RecordPosition::new(at, self.base.records().saturating_sub(number));
    }

    /// Goes past the page's records that are gone, up to the next record.
    fn pass_removed(&mut self, edits: &Edits) {
        while edits.added.get(self.added).is_none_or(|added| added.before > self.number)
            && edits.removed.get(self.removed) == Some(&self.number)
        {
            self.position.skip(self.base.octets());
            self.removed = self.removed.saturating_add(1);
            self.number = self.number.saturating_add(1);
        }
    }
}

/// With how many octets that are the same both begin.
fn common_octets(a: &[u8], b: &[u8]) -> usize {
    const STEP: usize = 64;
    let steps = a.chunks_exact(STEP).zip(b.chunks_exact(STEP)).take_while(|(a, b)| a == b).count();
    let alike = steps.saturating_mul(STEP);
    let rest = a.iter().skip(alike).zip(b.iter().skip(alike));
    alike.saturating_add(rest.take_while(|(a, b)| a == b).count())
}

/// Writes records as new pages. Where they need two or three, these have the same size, so that there is room for more.
pub(super) fn write_pages<'s>(slots: impl Iterator<Item = SlotRecords<'s>> + Clone) -> Vec<Page> {
    let write = |limit| {
        let mut run = RunWriter::sealing(limit);
        let mut scratch = Scratch::new();
        for mut records in slots.clone() {
            while let Some(record) = records.next(&mut scratch) {
                // What was held is not too large for a message.
                let _ = run.push(&record);
            }
        }
        run.finish().0
    };
    let full = write(MAX_PAGE);
    if !(2..=3).contains(&full.len()) || full.iter().any(|page| page.len() > MAX_PAGE) {
        return full;
    }
    let octets = full.iter().fold(0_usize, |sum, page| sum.saturating_add(page.len()));
    // What is lost at the new borders needs some room, too.
    let share = octets.div_ceil(full.len());
    let even = write(share.saturating_add(share / 32));
    if even.len() > full.len() { full } else { even }
}
