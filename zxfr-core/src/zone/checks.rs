//! Which RRsets have to be looked at as a whole after a delta was applied.
//!
//! All is known to be well in the version before. So an RRset can have differing TTLs only where an added record has another
//! than the one before or after it; and it can be too large, or a name have too many types, only where either reaches beyond
//! the slot or the slot has more records than the limit. That is seen with two more records read for each added one.

use super::builder::BuildLimits;
use super::merged::{Listed, Merged, Spot};
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

    /// Looks at a slot's added records of these numbers, which are new to it.
    pub(super) fn look(&mut self, slot: &Merged<'_>, fresh: &[usize], limits: BuildLimits, numbered: &mut Numbered) {
        if fresh.is_empty() {
            return;
        }
        // What is at the slot's ends may go on beyond.
        let edge = |found: Option<(Listed<'_>, Spot)>| found.map(|(listed, _)| (listed.owner.to_name(), listed.rtype));
        let (mut first, mut last) = (None, None);
        let last_block = slot.base.blocks().len().saturating_sub(1);
        let mut inside = false;
        let ends_before_last_block =
            |owner| Numbered::cmp_block_owner(slot.base, last_block, owner).is_some_and(Ordering::is_gt);
        // Owners only follow one another: what holds for the last of them holds for all.
        let farthest = fresh.last().and_then(|number| slot.edits.record(*number));
        let all_end_before = farthest.is_some_and(|record| ends_before_last_block(record.owner));
        let left = slot.records_left();
        let many_records = left > usize::try_from(limits.rrset_records).unwrap_or(usize::MAX);
        let many_types = left > limits.types_per_name.into();
        for number in fresh {
            let Some(record) = slot.edits.record(*number) else { continue };
            let (mut uneven, mut new_type) = (false, true);
            let mut meet = |beside: Option<(Listed<'_>, Spot)>| {
                if let Some((beside, _)) = beside.filter(|(beside, _)| beside.is_of(&record)) {
                    uneven |= beside.ttl != record.ttl;
                    new_type &= beside.added.is_some_and(|number| fresh.binary_search(&number).is_ok());
                }
            };
            let spot = slot.before_added(*number);
            meet(slot.previous(spot, numbered));
            meet(slot.next(spot.after_added(), numbered));
            // The page begins after all slots before it, and the next begins after it: what it begins with or comes to, though it
            // be removed, tells of most owners that they are at neither end, and the ends need not be read.
            // Once inside, all are.
            inside = inside || Numbered::cmp_block_owner(slot.base, 0, record.owner).is_some_and(Ordering::is_lt);
            if !inside && first.is_none() {
                first = edge(slot.next(slot.start(), numbered));
            }
            if !all_end_before && last.is_none() && !ends_before_last_block(record.owner) {
                last = edge(slot.previous(slot.end(), numbered));
            }
            let (mut owner_at_edge, mut rrset_at_edge) = (false, false);
            for (owner, rtype) in [&first, &last].into_iter().flatten() {
                let at_edge = owner.as_ref() == record.owner;
                owner_at_edge |= at_edge;
                rrset_at_edge |= at_edge && *rtype == record.rtype;
            }
            let types = new_type && (owner_at_edge || many_types);
            if uneven || rrset_at_edge || many_records || types {
                self.push(record.owner, record.rtype, types);
            }
        }
    }
}
