//! A page and its edits read together from any place, both ways.

use super::edits::Edits;
use super::numbered::Numbered;
use super::page::Page;
use super::slot::SlotRecords;
use crate::name::NameRef;
use crate::wire::reader::Outline;
use crate::wire::{Record, Rtype};

/// A page and its edits.
pub(super) struct Merged<'a> {
    pub(super) base: &'a Page,
    pub(super) edits: &'a Edits,
}

/// A place between two records: after so many of the page's, removed ones counted, and so many of the added ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    base: u16,
    added: usize,
}

impl Spot {
    /// The place after the added record that comes next.
    pub(super) const fn after_added(self) -> Self {
        Self { added: self.added.saturating_add(1), ..self }
    }

    /// The place after the page's record that comes next.
    pub(super) const fn after_base(self) -> Self {
        Self { base: self.base.saturating_add(1), ..self }
    }
}

/// What is told of a record: the RRset it belongs to, and its TTL.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed<'s> {
    pub(super) owner: NameRef<'s>,
    pub(super) rtype: Rtype,
    pub(super) ttl: u32,
    pub(super) which: Which,
}

/// Which record of a page and its edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// The page's record of this number.
    Base(u16),
    /// The added one of this number.
    Added(usize),
}

impl<'s> Listed<'s> {
    fn of_base(outline: Outline<'s>, number: u16) -> Self {
        let which = Which::Base(number);
        Self { owner: outline.owner, rtype: outline.rtype(), ttl: outline.ttl(), which }
    }

    const fn of_added(record: &Record<'s>, number: usize) -> Self {
        Self { owner: record.owner, rtype: record.rtype, ttl: record.ttl, which: Which::Added(number) }
    }

    /// Whether it belongs to an RRset.
    pub(super) fn is_of(&self, owner: NameRef<'_>, rtype: Rtype) -> bool {
        self.rtype == rtype && self.owner == owner
    }
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

    /// What is told of a record, removed or not.
    pub(super) fn listed<'s>(&self, which: Which, numbered: &'s mut Numbered) -> Option<Listed<'s>>
    where
        'a: 's,
    {
        match which {
            Which::Base(number) => Some(Listed::of_base(numbered.outline(self.base, number)?, number)),
            Which::Added(number) => Some(Listed::of_added(&self.edits.record(number)?, number)),
        }
    }

    /// Whether an added record stands before one of the page's.
    pub(super) fn comes_before(&self, added: usize, base: u16) -> bool {
        self.edits.added.get(added).is_some_and(|added| added.before <= base)
    }

    /// The place before a record of the page.
    pub(super) fn before_base(&self, number: u16) -> Spot {
        Spot { base: number, added: self.edits.added.partition_point(|added| added.before <= number) }
    }

    /// The record after a place, and the place after that.
    pub(super) fn next<'s>(&self, mut spot: Spot, numbered: &'s mut Numbered) -> Option<(Listed<'s>, Spot)>
    where
        'a: 's,
    {
        loop {
            if self.edits.added.get(spot.added).is_some_and(|added| added.before <= spot.base) {
                let record = self.edits.record(spot.added)?;
                return Some((
                    Listed::of_added(&record, spot.added),
                    Spot { added: spot.added.saturating_add(1), ..spot },
                ));
            }
            let number = spot.base;
            if number >= self.base.records() {
                return None;
            }
            spot.base = number.saturating_add(1);
            if !self.edits.removes(number) {
                return Some((Listed::of_base(numbered.outline(self.base, number)?, number), spot));
            }
        }
    }

    /// The record before a place, and the place before that.
    pub(super) fn previous<'s>(&self, mut spot: Spot, numbered: &'s mut Numbered) -> Option<(Listed<'s>, Spot)>
    where
        'a: 's,
    {
        loop {
            if let Some(number) = spot.added.checked_sub(1)
                && self.edits.added.get(number).is_some_and(|added| added.before >= spot.base)
            {
                return Some((Listed::of_added(&self.edits.record(number)?, number), Spot { added: number, ..spot }));
            }
            spot.base = spot.base.checked_sub(1)?;
            if !self.edits.removes(spot.base) {
                return Some((Listed::of_base(numbered.outline(self.base, spot.base)?, spot.base), spot));
            }
        }
    }
}
