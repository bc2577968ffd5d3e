//! Making leaves out of others: only the slots that change, and the leaves that have them, are made anew.

use super::apply::ApplyError;
use super::builder::BuildLimits;
use super::change::{Change, Notes};
use super::checks::Checks;
use super::directory::{Leaf, Leaves};
use super::editor::SlotEditor;
use super::key;
use super::page::MAX_PAGE;
use super::slot::{Slot, write_pages};
use crate::name::Name;
use crate::wire::Record;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Slots that fit into so many octets are joined when one of them changes.
const JOINED: u64 = (MAX_PAGE / 4 * 3) as u64;
/// When so many octets were added to a slot, they are written.
const CHUNK: usize = 256 << 10;

/// Takes changes in order and makes leaves of them.
pub(super) struct Revision<'d> {
    old: &'d [Arc<Leaf>],
    done: Leaves,
    /// How many of the old leaves are done or open.
    taken: usize,
    open: bool,
    /// The slots of the open leaf that come after the one that is edited, last first.
    rest: Vec<Slot>,
    editing: bool,
    editor: SlotEditor,
    gathered: Gathered,
    limits: BuildLimits,
    /// The owner of the last change, not yet a name before the first, and its part of a key.
    owner: Name,
    key: Vec<u8>,
}

impl<'d> Revision<'d> {
    pub(super) fn new(old: &'d [Arc<Leaf>], limits: BuildLimits) -> Self {
        Self {
            old,
            done: Leaves::default(),
            taken: 0,
            open: false,
            rest: Vec::new(),
            editing: false,
            editor: SlotEditor::new(),
            gathered: Gathered::default(),
            limits,
            owner: Name::empty(),
            key: Vec::new(),
        }
    }

    /// Makes a change that follows all before it.
    pub(super) fn change(
        &mut self,
        change: &Change<'_>,
        notes: &mut Notes,
        checks: &mut Checks,
    ) -> Result<(), ApplyError> {
        let identity = change.identity();
        if !self.owner.as_ref().octets_eq(identity.owner) {
            self.owner.set(identity.owner);
            self.key.clear();
            key::push_owner(&mut self.key, identity.owner);
        }
        if !self.stays() {
            self.seek(identity, checks);
        }
        self.editor.change(change, &self.key, notes)?;
        if self.editor.size() > CHUNK {
            // What comes next may belong to any of the pages that this makes.
            self.editing = false;
            let Self { editor, rest, limits, .. } = self;
            let from = rest.len();
            editor.close(*limits, checks, |slot, _| rest.push(slot));
            rest.get_mut(from..).unwrap_or_default().reverse();
        }
        Ok(())
    }

    /// Whether all records of the owner of the last change have their place in the slot that is edited.
    fn stays(&self) -> bool {
        let next_leaf = || self.old.get(self.taken).map(|leaf| leaf.key());
        let border = self.rest.last().map(Slot::key).or_else(next_leaf);
        let owner = self.key.as_slice();
        self.editing && border.is_none_or(|border| border > owner && !border.starts_with(owner))
    }

    /// Goes on to the slot in which a record has its place, of whose key there is the owner's part.
    fn seek(&mut self, record: &Record<'_>, checks: &mut Checks) {
        let begins_after = |this: &Self, key: &[u8]| key::is_after(key, &this.key, record);
        let next_leaf = self.old.get(self.taken).is_some_and(|leaf| !begins_after(self, leaf.key()));
        if self.editing {
            if !next_leaf && self.rest.last().is_none_or(|slot| begins_after(self, slot.key())) {
                return;
            }
            self.end_slot(checks);
        }
        if next_leaf && self.open {
            self.end_leaf();
        }
        if !self.open {
            let left = self.old.get(self.taken..).unwrap_or_default();
            let before = |number: usize| left.get(number).is_some_and(|leaf| !begins_after(self, leaf.key()));
            let skipped = partition_near(before).saturating_sub(1);
            self.done.share(left.get(..skipped).unwrap_or_default());
            if let Some(leaf) = left.get(skipped) {
                leaf.touch();
                // What was sealed for readers is what edits go on from.
                self.rest.extend(leaf.slots().iter().rev().flat_map(settled));
            }
            self.taken = self.taken.saturating_add(skipped).saturating_add(1).min(self.old.len());
            self.open = true;
        }
        let slot = |number: usize| self.rest.iter().rev().nth(number);
        let before = |number: usize| slot(number).is_some_and(|slot| !begins_after(self, slot.key()));
        let here = self.rest.len().saturating_sub(partition_near(before));
        while self.rest.len() > here.saturating_add(1)
            && let Some(slot) = self.rest.pop()
        {
            self.gathered.push(slot, false);
        }
        self.editor.open(self.rest.pop().unwrap_or_else(Slot::empty));
        self.editing = true;
    }

    fn end_slot(&mut self, checks: &mut Checks) {
        self.editing = false;
        let Self { editor, gathered, limits, .. } = self;
        editor.close(*limits, checks, |slot, new| gathered.push(slot, new));
    }

    fn end_leaf(&mut self) {
        while let Some(slot) = self.rest.pop() {
            self.gathered.push(slot, false);
        }
        self.done.push_slots(self.gathered.finish());
        self.open = false;
    }

    /// The new leaves.
    pub(super) fn finish(mut self, checks: &mut Checks) -> Leaves {
        if self.editing {
            self.end_slot(checks);
        }
        if self.open {
            self.end_leaf();
        }
        self.done.share(self.old.get(self.taken..).unwrap_or_default());
        self.done
    }
}

/// The first number that isn't `before`, when all before it are: fastest where it is small.
fn partition_near(before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut step) = (0_usize, 1_usize);
    // It is at `low` or after.
    while before(low.saturating_add(step).saturating_sub(1)) {
        low = low.saturating_add(step);
        step = step.saturating_mul(2);
    }
    let mut high = low.saturating_add(step).saturating_sub(1);
    while low < high {
        let middle = low.midpoint(high);
        match before(middle) {
            true => low = middle.saturating_add(1),
            false => high = middle,
        }
    }
    low
}

/// A slot as it is best edited, last first: what was sealed for readers in place of the edits that made it.
fn settled(slot: &Slot) -> impl Iterator<Item = Slot> {
    let pages = slot.sealed().unwrap_or_default();
    let edited = pages.is_empty().then(|| slot.clone());
    pages.iter().rev().cloned().map(Slot::Sealed).chain(edited)
}

/// Slots for a leaf, small ones joined.
#[derive(Default)]
pub(super) struct Gathered {
    slots: Vec<Slot>,
    /// Slots that are small enough to become one, their octets, and whether one of them is new.
    group: Vec<Slot>,
    octets: u64,
    new: bool,
}

impl Gathered {
    /// Takes the next slot. It is joined to others only if one of them is new.
    pub(super) fn push(&mut self, slot: Slot, new: bool) {
        let octets = self.octets.saturating_add(slot.totals().octets);
        if !self.group.is_empty() && (octets > JOINED || !(new || self.new)) {
            self.join();
        }
        self.octets = self.octets.saturating_add(slot.totals().octets);
        self.new |= new;
        self.group.push(slot);
    }

    fn join(&mut self) {
        if self.group.len() > 1 {
            let pages = write_pages(self.group.iter().map(Slot::records));
            self.group.clear();
            self.slots.extend(pages.into_iter().map(Slot::Sealed));
        } else {
            self.slots.append(&mut self.group);
        }
        (self.octets, self.new) = (0, false);
    }

    /// All of them.
    pub(super) fn finish(&mut self) -> Vec<Slot> {
        self.join();
        core::mem::take(&mut self.slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_near_partition_point_is_the_partition_point() {
        for point in 0..200 {
            assert_eq!(partition_near(|number| number < point), point);
        }
    }
}
