//! Which RRsets have to be looked at as a whole after a delta was applied.
//!
//! All is known to be well in the version before. So an RRset can have differing TTLs only where an added record has another
//! than the one before or after it, and be too large only if it fills more than the slot: whether that is so is seen with
//! two more records read for each added one. Nothing else has to be counted.

use super::builder::BuildLimits;
use super::merged::{Listed, Merged};
use super::numbered::Numbered;
use crate::name::{Name, NameRef};
use crate::wire::Rtype;
use alloc::vec::Vec;

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

    /// Looks at a slot's added records of these numbers.
    pub(super) fn look(&mut self, slot: &Merged<'_>, fresh: &[usize], limits: BuildLimits, numbered: &mut Numbered) {
        if fresh.is_empty() {
            return;
        }
        let edge = |found: Option<(Listed<'_>, _)>| found.map(|(record, _)| (record.owner.to_name(), record.rtype));
        let first = edge(slot.next(slot.start(), numbered));
        let last = edge(slot.previous(slot.end(), numbered));
        let edges = [first, last];
        let left = slot.records_left();
        let many_records = left > usize::try_from(limits.rrset_records).unwrap_or(usize::MAX);
        let many_types = left > limits.types_per_name.into();
        for number in fresh {
            let Some(record) = slot.edits.record(*number) else { continue };
            let spot = slot.before_added(*number);
            let after = slot.next(spot, numbered).map_or(spot, |(_, after)| after);
            let mut alone = true;
            let mut uneven = false;
            let mut meet = |other: Option<Listed<'_>>| {
                if let Some(other) = other.filter(|other| other.rtype == record.rtype && other.owner == record.owner) {
                    alone = false;
                    uneven |= other.ttl != record.ttl;
                }
            };
            meet(slot.previous(spot, numbered).map(|(record, _)| record));
            meet(slot.next(after, numbered).map(|(record, _)| record));
            let at_edge =
                |edge: &Option<(Name, Rtype)>| edge.as_ref().is_some_and(|(owner, _)| owner.as_ref() == record.owner);
            let owner_at_edge = edges.iter().any(at_edge);
            let of_edge = |edge: &Option<(Name, Rtype)>| edge.as_ref().is_some_and(|(_, rtype)| *rtype == record.rtype);
            let rrset_at_edge = edges.iter().any(|edge| at_edge(edge) && of_edge(edge));
            let types = alone && (owner_at_edge || many_types);
            if uneven || rrset_at_edge || many_records || types {
                self.push(record.owner, record.rtype, types);
            }
        }
    }
}
