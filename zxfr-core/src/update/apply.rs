//! The updates made (RFC 2136 §3.4.2): one after the other, and what may not be done is passed over in silence.

use super::refusal::Refusal;
use super::request::Request;
use super::row::Row;
use crate::edit::{Edit, EditError};
use crate::wire::{Class, Record, Rtype};

impl Request<'_> {
    /// Makes the updates, which were scanned before, and says whether they changed anything.
    ///
    /// # Errors
    /// When a record can't stand in the zone; the edit is of no use then.
    pub fn apply(&self, edit: &mut Edit) -> Result<bool, Refusal> {
        if self.zone() != edit.apex() {
            return Err(Refusal::OtherZone);
        }
        let mut changed = false;
        let mut rows = self.updates();
        while let Some(row) = rows.next()? {
            changed |= match row.class {
                Class::ANY => delete_rrsets(edit, &row),
                Class::NONE => delete(edit, &row.record()),
                _ => add(edit, &row.record())?,
            };
        }
        Ok(changed)
    }
}

/// §3.4.2.2.
fn add(edit: &mut Edit, record: &Record<'_>) -> Result<bool, EditError> {
    let ignored = match record.soa() {
        Some(new) => {
            let newer = edit.soa().soa().is_some_and(|old| new.serial.is_newer_than(old.serial));
            record.owner != edit.apex() || !newer
        }
        None => !edit.admits(record.owner, record.rtype),
    };
    if ignored { Ok(false) } else { edit.put(record) }
}

/// §3.4.2.3: an RRset, or all of a name; at the apex SOA and NS stay.
fn delete_rrsets(edit: &mut Edit, row: &Row<'_>) -> bool {
    let Row { owner, rtype, .. } = *row;
    let types = if rtype == Rtype::ANY { edit.types(owner) } else { alloc::vec![rtype] };
    let at_apex = owner == edit.apex();
    let mut changed = false;
    for rtype in types.into_iter().filter(|rtype| !(at_apex && *rtype == Rtype::NS)) {
        changed |= edit.delete_rrset(owner, rtype);
    }
    changed
}

/// §3.4.2.4: a record; the last NS at the apex stays.
fn delete(edit: &mut Edit, record: &Record<'_>) -> bool {
    let Record { owner, rtype, .. } = *record;
    let last_ns = rtype == Rtype::NS && owner == edit.apex() && edit.count(owner, rtype) <= 1;
    !last_ns && edit.delete(record)
}
