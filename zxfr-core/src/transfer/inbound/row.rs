//! The limits that can be kept without memory of all that came: on what stands in a row.

use super::super::error::Limit;
use super::super::limits::Limits;
use crate::name::{Name, NameRef};
use crate::wire::{Record, Rtype};

/// The records in a row that have one owner, and the types among them.
#[derive(Debug)]
pub(super) struct Row {
    /// Not yet a name before the first record.
    owner: Name,
    /// The type of the last record, and how many in a row have it.
    rtype: Rtype,
    pub(super) records: u32,
    lowest: Rtype,
    highest: Rtype,
    pub(super) types: u16,
}

impl Row {
    pub(super) const fn new() -> Self {
        let none = Rtype(0);
        Self { owner: Name::empty(), rtype: none, records: 0, lowest: none, highest: none, types: 0 }
    }

    #[inline]
    pub(super) fn has_owner(&self, owner: NameRef<'_>) -> bool {
        owner.octets_eq(self.owner.as_ref()) || owner == self.owner.as_ref()
    }

    #[inline]
    pub(super) fn count(&mut self, record: &Record<'_>, same_owner: bool, limits: &Limits) -> Result<(), Limit> {
        let rtype = record.rtype;
        if !same_owner {
            self.owner.set(record.owner);
            (self.lowest, self.highest, self.types) = (rtype, rtype, 1);
            (self.rtype, self.records) = (rtype, 1);
        } else if rtype == self.rtype {
            self.records = self.records.saturating_add(1);
        } else {
            (self.rtype, self.records) = (rtype, 1);
            if rtype < self.lowest || rtype > self.highest {
                self.lowest = self.lowest.min(rtype);
                self.highest = self.highest.max(rtype);
                self.types = self.types.saturating_add(1);
            }
        }
        if self.records > limits.rrset_records {
            return Err(Limit::RrsetRecords(limits.rrset_records));
        }
        if self.types > limits.types_per_name {
            return Err(Limit::TypesPerName(limits.types_per_name));
        }
        Ok(())
    }
}
