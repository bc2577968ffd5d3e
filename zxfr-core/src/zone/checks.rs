//! Which RRsets have to be looked at as a whole after a delta was applied.
//!
//! All is known to be well in the version before. So an RRset can have differing TTLs only where a new record has another
//! than the one before or after it; and it can be too large, or a name have too many types, only where either reaches beyond
//! the slot or the slot has more records than the limit. That is seen with two more records read for each new one.

use super::builder::BuildLimits;
use super::merged::{Listed, Merged, Spot, Which};
use super::numbered::Numbered;
use crate::name::{Name, NameRef};
use crate::wire::Rtype;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// RRsets to look at, in the order of the zone.
#[derive(Default)]
pub(super) struct Checks {
    pub(super) list: Vec<Check>,
}

/// An RRset to look at.
pub(super) struct Check {
    pub(super) owner: Name,
    pub(super) rtype: Rtype,
    /// Whether the types at its name have to be counted, too.
    pub(super) types: bool,
}

impl Checks {
    pub(super) fn push(&mut self, owner: NameRef<'_>, rtype: Rtype, types: bool) {
        match self.list.last_mut() {
            Some(last) if last.rtype == rtype && last.owner.as_ref() == owner => last.types |= types,
            _ => self.list.push(Check { owner: owner.to_name(), rtype, types }),
        }
    }

    /// Looks at a slot's records that are new to it.
    pub(super) fn look(&mut self, slot: &Merged<'_>, fresh: &Fresh, limits: BuildLimits, numbered: &mut Numbered) {
        let Some(farthest) = fresh.last(slot) else { return };
        // What is at the slot's ends may go on beyond.
        let edge = |found: Option<(Listed<'_>, Spot)>| found.map(|(listed, _)| (listed.owner.to_name(), listed.rtype));
        let (mut first, mut last) = (None, None);
        let last_block = slot.base.blocks().len().saturating_sub(1);
        let mut inside = false;
        let ends_before_last_block =
            |owner: NameRef<'_>| Numbered::cmp_block_owner(slot.base, last_block, owner).is_some_and(Ordering::is_gt);
        // Owners only follow one another: what holds for the last of them holds for all.
        let farthest = slot.listed(farthest, numbered);
        let all_end_before = farthest.is_some_and(|listed| ends_before_last_block(listed.owner));
        let left = slot.records_left();
        let many_records = left > usize::try_from(limits.rrset_records).unwrap_or(usize::MAX);
        let many_types = left > limits.types_per_name.into();
        let mut kept = Name::empty();
        for which in fresh.in_order(slot) {
            let (owner, rtype, ttl, before, after) = match which {
                Which::Added(number) => {
                    let Some(record) = slot.edits.record(number) else { continue };
                    let before = slot.before_added(number);
                    (record.owner, record.rtype, record.ttl, before, before.after_added())
                }
                Which::Base(number) => {
                    let Some(listed) = slot.listed(which, numbered) else { continue };
                    let (rtype, ttl) = (listed.rtype, listed.ttl);
                    // Those beside it are read where it was.
                    kept.set(listed.owner);
                    let before = slot.before_base(number);
                    (kept.as_ref(), rtype, ttl, before, before.after_base())
                }
            };
            let (mut uneven, mut new_type) = (false, true);
            let mut meet = |beside: Option<(Listed<'_>, Spot)>| {
                if let Some((beside, _)) = beside.filter(|(beside, _)| beside.is_of(owner, rtype)) {
                    uneven |= beside.ttl != ttl;
                    new_type &= fresh.has(beside.which);
                }
            };
            meet(slot.previous(before, numbered));
            meet(slot.next(after, numbered));
            // The page begins after all slots before it, and the next begins after it: what it begins with or comes to, though it
            // be removed, tells of most owners that they are at neither end, and the ends need not be read.
            // Once inside, all are.
            inside = inside || Numbered::cmp_block_owner(slot.base, 0, owner).is_some_and(Ordering::is_lt);
            if !inside && first.is_none() {
                first = edge(slot.next(slot.start(), numbered));
            }
            if !all_end_before && last.is_none() && !ends_before_last_block(owner) {
                last = edge(slot.previous(slot.end(), numbered));
            }
            let (mut owner_at_edge, mut rrset_at_edge) = (false, false);
            for (edge_owner, edge_rtype) in [&first, &last].into_iter().flatten() {
                let at_edge = edge_owner.as_ref() == owner;
                owner_at_edge |= at_edge;
                rrset_at_edge |= at_edge && *edge_rtype == rtype;
            }
            let types = new_type && (owner_at_edge || many_types);
            if uneven || rrset_at_edge || many_records || types {
                self.push(owner, rtype, types);
            }
        }
    }
}

/// The records of a slot that weren't in it before, by number.
#[derive(Default)]
pub(super) struct Fresh {
    /// Of those added to the page.
    pub(super) added: Vec<usize>,
    /// Of the page's own, which had been removed.
    pub(super) back: Vec<u16>,
}

impl Fresh {
    pub(super) fn clear(&mut self) {
        self.added.clear();
        self.back.clear();
    }

    fn has(&self, which: Which) -> bool {
        match which {
            Which::Base(number) => self.back.binary_search(&number).is_ok(),
            Which::Added(number) => self.added.binary_search(&number).is_ok(),
        }
    }

    /// All of them in the order of the slot.
    fn in_order(&self, slot: &Merged<'_>) -> impl Iterator<Item = Which> {
        let (mut added, mut back) = (self.added.iter().copied().peekable(), self.back.iter().copied().peekable());
        core::iter::from_fn(move || match (added.peek(), back.peek()) {
            (Some(number), Some(own)) if !slot.comes_before(*number, *own) => back.next().map(Which::Base),
            (Some(_), _) => added.next().map(Which::Added),
            (None, _) => back.next().map(Which::Base),
        })
    }

    fn last(&self, slot: &Merged<'_>) -> Option<Which> {
        match (self.added.last(), self.back.last()) {
            (Some(number), Some(own)) if slot.comes_before(*number, *own) => Some(Which::Base(*own)),
            (Some(number), _) => Some(Which::Added(*number)),
            (None, own) => own.copied().map(Which::Base),
        }
    }
}
