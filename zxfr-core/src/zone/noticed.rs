//! What is noticed while records are put in order, and of which RRsets.

use crate::name::{Name, NameRef};
use crate::wire::{Record, Rtype};
use alloc::collections::BTreeSet;

/// How many RRsets are named.
pub(super) const MOST_NAMED: usize = 1_000;

/// Duplicates that were left out and TTLs that were levelled.
#[derive(Clone, Debug, Default)]
pub(super) struct Noticed {
    /// Records that were there before.
    pub(super) duplicates: u64,
    /// RRsets whose records had differing TTLs.
    pub(super) levelled: u64,
    /// The RRsets in question, the first [`MOST_NAMED`] of them.
    pub(super) rrsets: BTreeSet<(Name, Rtype)>,
}

impl Noticed {
    /// A record that was there before.
    pub(super) fn duplicate(&mut self, record: &Record<'_>) {
        self.duplicates = self.duplicates.saturating_add(1);
        if self.names_more() {
            self.name(record.owner, record.rtype);
        }
    }

    /// Whether another RRset would be named.
    pub(super) fn names_more(&self) -> bool {
        self.rrsets.len() < MOST_NAMED
    }

    /// Names an RRset, if there is room.
    pub(super) fn name(&mut self, owner: NameRef<'_>, rtype: Rtype) {
        if self.names_more() {
            self.rrsets.insert((owner.to_name(), rtype));
        }
    }

    /// This and what was noticed elsewhere.
    pub(super) fn join(&mut self, other: Self) {
        self.duplicates = self.duplicates.saturating_add(other.duplicates);
        self.levelled = self.levelled.saturating_add(other.levelled);
        for rrset in other.rrsets {
            if !self.names_more() {
                break;
            }
            self.rrsets.insert(rrset);
        }
    }
}
