//! A page and its edits read together from any place, both ways.

use super::editor::read;
use super::edits::Edits;
use super::page::Page;
use super::slot::SlotRecords;
use crate::wire::{Record, Scratch};

/// A page and its edits.
pub(super) struct Merged<'a> {
    pub(super) base: &'a Page,
    /// Where the page's records start; one more is where they end.
    pub(super) starts: &'a [u32],
    pub(super) edits: &'a Edits,
}

/// A place between two records: after so many of the page's, removed ones counted, and so many of the added ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    base: u16,
    added: usize,
}

impl<'a> Merged<'a> {
    /// Whether no record is left.
    pub(super) fn is_empty(&self) -> bool {
        self.records_left() == 0
    }

    /// How many records are left.
    pub(super) fn records_left(&self) -> usize {
        let kept = usize::from(self.base.records()).saturating_sub(self.edits.removed.len());
        kept.saturating_add(self.edits.added.len())
    }

    /// About how many octets the removed records take in the page.
    pub(super) fn removed_octets(&self) -> usize {
        let start = |number: usize| self.starts.get(number).map_or(0, |start| *start as usize);
        self.edits.removed.iter().fold(0, |sum: usize, number| {
            let number = usize::from(*number);
            sum.saturating_add(start(number.saturating_add(1)).saturating_sub(start(number)))
        })
    }

    /// The records in order.
    pub(super) fn records(&self) -> SlotRecords<'a> {
        SlotRecords::new(self.base, Some(self.edits))
    }

    pub(super) const fn start(&self) -> Spot {
        Spot { base: 0, added: 0 }
    }

    pub(super) fn end(&self) -> Spot {
        Spot { base: self.base.records(), added: self.edits.added.len() }
    }

    /// The place before an added record.
    pub(super) fn before_added(&self, number: usize) -> Spot {
        let base = self.edits.added.get(number).map_or_else(|| self.base.records(), |added| added.before);
        Spot { base, added: number }
    }

    /// The record after a place, and the place after that.
    pub(super) fn next<'s>(&self, mut spot: Spot, scratch: &'s mut Scratch) -> Option<(Record<'s>, Spot)>
    where
        'a: 's,
    {
        loop {
            if self.edits.added.get(spot.added).is_some_and(|added| added.before <= spot.base) {
                let record = self.edits.record(spot.added)?;
                return Some((record, Spot { added: spot.added.saturating_add(1), ..spot }));
            }
            let number = spot.base;
            if number >= self.base.records() {
                return None;
            }
            spot.base = number.saturating_add(1);
            if !self.edits.removes(number) {
                return Some((read(self.base, self.starts, number, scratch)?, spot));
            }
        }
    }

    /// The record before a place, and the place before that.
    pub(super) fn previous<'s>(&self, mut spot: Spot, scratch: &'s mut Scratch) -> Option<(Record<'s>, Spot)>
    where
        'a: 's,
    {
        loop {
            if let Some(number) = spot.added.checked_sub(1)
                && self.edits.added.get(number).is_some_and(|added| added.before >= spot.base)
            {
                return Some((self.edits.record(number)?, Spot { added: number, ..spot }));
            }
            spot.base = spot.base.checked_sub(1)?;
            if !self.edits.removes(spot.base) {
                return Some((read(self.base, self.starts, spot.base, scratch)?, spot));
            }
        }
    }
}
