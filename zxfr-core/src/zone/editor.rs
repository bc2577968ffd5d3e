//! Changing the records of one slot.

use super::apply::ApplyError;
use super::builder::BuildLimits;
use super::change::{Change, Notes, Step};
use super::checks::{Checks, Fresh};
use super::edits::Edits;
use super::merged::Merged;
use super::numbered::Numbered;
use super::page::Page;
use super::slot::{Edited, Slot, write_pages};
use crate::wire::Record;
use crate::wire::rdata::has_folded_names;
use alloc::sync::Arc;

/// A page is written anew when its edits take more than this part of its octets.
const EDITED_PART: usize = 8;

/// Takes the changes to one slot, which come in order, and makes what takes its place. It is kept for the next slot.
pub(super) struct SlotEditor {
    slot: Slot,
    /// Reads the base's records.
    numbered: Numbered,
    edits: Edits,
    fresh: Fresh,
    /// The octets that the removed records take in the base.
    removed_octets: usize,
    changed: bool,
    /// No record of the base before this number is changed any more.
    next: u16,
    /// How many of the slot's own edits are in the new ones or done with.
    removed: usize,
    added: usize,
}

impl SlotEditor {
    pub(super) fn new() -> Self {
        Self {
            slot: Slot::empty(),
            numbered: Numbered::of(&Page::empty()),
            edits: Edits::default(),
            fresh: Fresh::default(),
            removed_octets: 0,
            changed: false,
            next: 0,
            removed: 0,
            added: 0,
        }
    }

    /// Begins with a slot.
    pub(super) fn open(&mut self, slot: Slot) {
        self.numbered.go_to_page(slot.base());
        self.edits.clear();
        self.fresh.clear();
        self.removed_octets = 0;
        (self.changed, self.next, self.removed, self.added) = (false, 0, 0, 0);
        self.slot = slot;
    }

    /// The octets of the records that are added.
    pub(super) const fn size(&self) -> usize {
        self.edits.added_octets()
    }

    /// Makes a change that follows all before it. `key` is the owner's part of its sort key.
    ///
    /// # Errors
    /// When it doesn't fit what is held.
    pub(super) fn change(&mut self, change: &Change<'_>, key: &[u8], notes: &mut Notes) -> Result<(), ApplyError> {
        let identity = change.identity();
        let (number, in_base) = self.numbered.find(self.slot.base(), self.next, key, identity);
        self.next = number;
        // Now its block is the one that was read last.
        let octets = if in_base { self.numbered.len(self.slot.base(), number) } else { 0 };
        let in_added = self.carry(number, Some(identity));
        let Self { slot, numbered, edits, .. } = self;
        let old = slot.edits();
        let of_base = if in_base { numbered.read(slot.base(), number) } else { None };
        let gone = old.is_some_and(|old| old.removed.get(self.removed) == Some(&number));
        let of_added = if in_added { old.and_then(|old| old.record(self.added)) } else { None };
        let held = of_added.as_ref().or_else(|| of_base.as_ref().filter(|_| !gone));
        let addition = match change.meet(held, notes)? {
            Step::Keep => return Ok(()),
            Step::Remove => None,
            Step::Insert(record) | Step::Replace(record) => Some(record),
        };
        self.changed = true;
        // What is held goes, if anything is.
        if in_added {
            self.added = self.added.saturating_add(1);
        } else if in_base && !gone {
            edits.removed.push(number);
            self.removed_octets = self.removed_octets.saturating_add(octets);
        }
        let Some(record) = addition else { return Ok(()) };
        if gone && of_base.is_some_and(|base| base.is_exactly(&record)) {
            // The base's own record, back again.
            self.removed = self.removed.saturating_add(1);
            self.fresh.back.push(number);
            return Ok(());
        }
        self.fresh.added.push(edits.added.len());
        edits.add(number, &record);
        Ok(())
    }

    /// Takes over the slot's own edits up to a record of the base and, of those that stand right before that, up to
    /// `identity`. Says whether the next of the added records is that.
    fn carry(&mut self, number: u16, identity: Option<&Record<'_>>) -> bool {
        let Some(old) = self.slot.edits() else { return false };
        while let Some(removed) = old.removed.get(self.removed).filter(|removed| **removed < number) {
            self.edits.removed.push(*removed);
            let octets = self.numbered.len(self.slot.base(), *removed);
            self.removed_octets = self.removed_octets.saturating_add(octets);
            self.removed = self.removed.saturating_add(1);
        }
        while let Some(added) = old.added.get(self.added).filter(|added| added.before <= number)
            && let Some(record) = old.record(self.added)
        {
            if added.before == number
                && let Some(identity) = identity
            {
                let order = record.canonical_cmp(identity);
                if order.is_ge() {
                    return order.is_eq();
                }
            }
            self.edits.add(added.before, &record);
            self.added = self.added.saturating_add(1);
        }
        false
    }

    /// Ends with the slot and gives what takes its place, each with whether it is anything new.
    pub(super) fn close(&mut self, limits: BuildLimits, checks: &mut Checks, mut put: impl FnMut(Slot, bool)) {
        let slot = core::mem::replace(&mut self.slot, Slot::empty());
        if !self.changed {
            if slot.totals().records > 0 {
                put(slot, false);
            }
            return;
        }
        self.slot = slot;
        self.carry(u16::MAX, None);
        let base = self.slot.base();
        let merged = Merged { base, edits: &self.edits };
        checks.look(&merged, &self.fresh, limits, &mut self.numbered);
        if merged.is_empty() {
            return;
        }
        if self.edits.is_empty() {
            return put(Slot::Sealed(base.clone()), true);
        }
        let removed = self.removed_octets;
        if removed.saturating_add(self.edits.added_octets()) > base.len() / EDITED_PART {
            let pages = write_pages(core::iter::once(merged.records()));
            return pages.into_iter().for_each(|page| put(Slot::Sealed(page), true));
        }
        let added = self.edits.records().fold(0_usize, |sum, record| sum.saturating_add(about_octets(&record)));
        let octets = base.len().saturating_sub(removed).saturating_add(added);
        put(Slot::Edited(Arc::new(Edited::new(base.clone(), self.edits.compact(), octets as u64))), true);
    }
}

/// About what a record takes in a page, where most names can be pointed to.
fn about_octets(record: &Record<'_>) -> usize {
    let label = record.owner.labels().next().map_or(0, <[u8]>::len);
    let rdata = record.rdata.len();
    let rdata = if has_folded_names(record.rtype) { rdata.min(8) } else { rdata };
    label.saturating_add(13).saturating_add(rdata)
}
