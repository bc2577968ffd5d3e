//! A sorted run of records, found by key in two levels: leaves, and the slots in these. Leaves are shared between versions.

use super::page::Page;
use super::revision::Gathered;
use super::slot::{Slot, Totals};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hint;

/// How many slots a leaf has when it is made.
const LEAF_SLOTS: usize = 64;
/// A leaf with more is split.
const MOST_SLOTS: usize = 128;
/// A leaf with fewer is joined to its neighbour if that has room.
const FEW_SLOTS: usize = 32;

/// The slots of a run, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    leaves: Vec<Arc<Leaf>>,
    totals: Totals,
}

/// Some slots that follow one another; at least one.
#[derive(Debug)]
pub(super) struct Leaf {
    slots: Vec<Slot>,
    totals: Totals,
}

/// A place in a directory, before the page of this number in its slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    leaf: usize,
    slot: usize,
    page: usize,
}

impl Leaf {
    fn new(slots: Vec<Slot>) -> Arc<Self> {
        let totals = Totals::default().plus(slots.iter().map(Slot::totals));
        Arc::new(Self { slots, totals })
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Reads something of each slot, which are seldom in a cache: so they come all at once, not each when it is wanted.
    pub(super) fn touch(&self) {
        hint::black_box(self.slots.iter().filter_map(|slot| slot.key().first()).fold(0, |sum, octet| sum ^ octet));
    }

    pub(super) fn key(&self) -> &[u8] {
        self.slots.first().map(Slot::key).unwrap_or_default()
    }
}

impl Directory {
    pub(super) fn new(pages: Vec<Page>) -> Self {
        let mut leaves = Leaves::default();
        leaves.push_slots(pages.into_iter().map(Slot::Sealed).collect());
        leaves.finish()
    }

    pub(super) fn leaves(&self) -> &[Arc<Leaf>] {
        &self.leaves
    }

    pub(super) const fn totals(&self) -> Totals {
        self.totals
    }

    /// All pages in order, written now if they weren't before.
    pub(super) fn pages(&self) -> impl Iterator<Item = &Page> {
        self.leaves.iter().flat_map(|leaf| &leaf.slots).flat_map(Slot::pages)
    }

    /// The same with all pages written, small ones joined.
    pub(super) fn settled(&self) -> Self {
        let mut leaves = Leaves::default();
        for leaf in &self.leaves {
            if leaf.totals.edited == 0 {
                leaves.share(core::slice::from_ref(leaf));
                continue;
            }
            let mut gathered = Gathered::default();
            for slot in &leaf.slots {
                let new = slot.totals().edited > 0;
                slot.pages().iter().for_each(|page| gathered.push(Slot::Sealed(page.clone()), new));
            }
            leaves.push_slots(gathered.finish());
        }
        leaves.finish()
    }

    /// The page at a place, written now if it wasn't before, and the place after it.
    pub(super) fn page_at(&self, mut place: Place) -> Option<(&Page, Place)> {
        loop {
            let (slot, next) = self.slot_at(place)?;
            if let Some(page) = slot.pages().get(place.page) {
                return Some((page, Place { page: place.page.saturating_add(1), ..place }));
            }
            place = next;
        }
    }

    /// The slot at a place, and the place after all of it.
    pub(super) fn slot_at(&self, mut place: Place) -> Option<(&Slot, Place)> {
        loop {
            let leaf = self.leaves.get(place.leaf)?;
            if let Some(slot) = leaf.slots.get(place.slot) {
                return Some((slot, Place { slot: place.slot.saturating_add(1), page: 0, ..place }));
            }
            place = Place { leaf: place.leaf.saturating_add(1), slot: 0, page: 0 };
        }
    }

    /// The place of the last slot that begins at or before `key`: the only one that can have it, other than slots after it
    /// whose records all follow `key`. The first slot when all begin later.
    pub(super) fn place_of(&self, key: &[u8]) -> Place {
        let leaf = self.leaves.partition_point(|leaf| leaf.key() <= key).saturating_sub(1);
        let slots = self.leaves.get(leaf).map(|leaf| leaf.slots()).unwrap_or_default();
        let slot = slots.partition_point(|slot| slot.key() <= key).saturating_sub(1);
        Place { leaf, slot, page: 0 }
    }

    /// The place of the slot before a place.
    pub(super) fn before(&self, place: Place) -> Option<Place> {
        if let Some(slot) = place.slot.checked_sub(1) {
            return Some(Place { slot, page: 0, ..place });
        }
        let leaf = place.leaf.checked_sub(1)?;
        let slot = self.leaves.get(leaf)?.slots.len().checked_sub(1)?;
        Some(Place { leaf, slot, page: 0 })
    }

    /// What it takes in memory.
    pub(super) fn heap_octets(&self) -> u64 {
        let mut sum = (self.leaves.capacity() as u64).saturating_mul(size_of::<usize>() as u64);
        for leaf in &self.leaves {
            let spare = leaf.slots.capacity().saturating_sub(leaf.slots.len()).saturating_mul(size_of::<Slot>());
            sum = sum.saturating_add((size_of::<Leaf>().saturating_add(spare)) as u64);
            sum = leaf.slots.iter().fold(sum, |sum, slot| sum.saturating_add(slot.heap_octets()));
        }
        sum
    }
}

/// A directory being made, leaf by leaf.
#[derive(Default)]
pub(super) struct Leaves {
    leaves: Vec<Arc<Leaf>>,
}

impl Leaves {
    /// Takes leaves as they are.
    pub(super) fn share(&mut self, leaves: &[Arc<Leaf>]) {
        self.leaves.extend_from_slice(leaves);
    }

    /// Takes slots, as so many leaves as they need.
    pub(super) fn push_slots(&mut self, mut slots: Vec<Slot>) {
        if let Some(last) = self.leaves.last()
            && slots.len().min(last.slots.len()) < FEW_SLOTS
            && slots.len().saturating_add(last.slots.len()) <= MOST_SLOTS
        {
            slots.splice(..0, last.slots.iter().cloned());
            self.leaves.pop();
        }
        if slots.len() <= MOST_SLOTS {
            if !slots.is_empty() {
                slots.shrink_to_fit();
                self.leaves.push(Leaf::new(slots));
            }
            return;
        }
        let leaves = slots.len().div_ceil(LEAF_SLOTS);
        let share = slots.len().div_ceil(leaves);
        let mut slots = slots.into_iter();
        for _ in 0..leaves {
            let leaf: Vec<Slot> = slots.by_ref().take(share).collect();
            if !leaf.is_empty() {
                self.leaves.push(Leaf::new(leaf));
            }
        }
    }

    /// Takes all that follow.
    pub(super) fn append(&mut self, mut later: Self) {
        self.leaves.append(&mut later.leaves);
    }

    pub(super) fn finish(self) -> Directory {
        let totals = Totals::default().plus(self.leaves.iter().map(|leaf| leaf.totals));
        Directory { leaves: self.leaves, totals }
    }
}
