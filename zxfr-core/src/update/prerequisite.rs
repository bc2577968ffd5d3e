//! Prerequisites (RFC 2136 §2.4, §3.2): what has to be there and what must not.

use super::refusal::{Part, Refusal, Wrong};
use super::request::Request;
use super::row::Row;
use crate::edit::Edit;
use crate::name::Name;
use crate::wire::rdata::write_canonical;
use crate::wire::{Class, Rtype};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// RRsets that have to be there with these records and no others.
type Wanted = BTreeMap<(Name, Rtype), WantedRecords>;

/// The records that an RRset has to have.
struct WantedRecords {
    /// The prerequisite that named the RRset first.
    number: u16,
    /// Their RDATA in canonical form.
    rdata: BTreeSet<Vec<u8>>,
    /// Whether all of them are there.
    there: bool,
}

impl Request<'_> {
    /// Whether the prerequisites hold in the zone as the edit has it, which is not changed.
    ///
    /// # Errors
    /// With the first that doesn't; RRsets that have to have just these records are looked at last (§3.2.5).
    pub fn check(&self, edit: &mut Edit) -> Result<(), Refusal> {
        if self.zone() != edit.apex() {
            return Err(Refusal::OtherZone);
        }
        let mut wanted = Wanted::new();
        let mut rows = self.prerequisites();
        while let Some(row) = rows.next()? {
            check(&row, edit, &mut wanted).map_err(|wrong| Refusal::record(Part::Prerequisites, &row, wrong))?;
        }
        for ((owner, rtype), WantedRecords { number, rdata, there }) in wanted {
            // Where all of them are there, the set is the same when there are no more.
            if !there || edit.count(owner.as_ref(), rtype) != rdata.len() {
                let (part, wrong) = (Part::Prerequisites, Wrong::RrsetAbsent);
                return Err(Refusal::Record { part, number, owner: owner.into(), rtype, wrong });
            }
        }
        Ok(())
    }
}

fn check(row: &Row<'_>, edit: &mut Edit, wanted: &mut Wanted) -> Result<(), Wrong> {
    let Row { owner, rtype, .. } = *row;
    if row.ttl != 0 {
        return Err(Wrong::Ttl(row.ttl));
    }
    if !owner.is_at_or_below(edit.apex()) {
        return Err(Wrong::NotZone);
    }
    match row.class {
        Class::ANY | Class::NONE => {
            if !row.rdata.is_empty() {
                return Err(Wrong::Rdata);
            }
            let any = rtype == Rtype::ANY;
            if rtype.is_meta() && !any {
                return Err(Wrong::MetaType);
            }
            let there = if any { edit.has_name(owner) } else { edit.count(owner, rtype) > 0 };
            match (there, row.class == Class::ANY, any) {
                (false, true, true) => Err(Wrong::NameAbsent),
                (false, true, false) => Err(Wrong::RrsetAbsent),
                (true, false, true) => Err(Wrong::NamePresent),
                (true, false, false) => Err(Wrong::RrsetPresent),
                _ => Ok(()),
            }
        }
        Class::IN if rtype.is_meta() => Err(Wrong::MetaType),
        Class::IN => {
            let none = WantedRecords { number: row.number, rdata: BTreeSet::new(), there: true };
            let records = wanted.entry((owner.to_name(), rtype)).or_insert(none);
            let mut canonical = Vec::with_capacity(row.rdata.len());
            write_canonical(rtype, row.rdata, |octets| canonical.extend_from_slice(octets));
            records.rdata.insert(canonical);
            records.there &= edit.has(&row.record());
            Ok(())
        }
        class => Err(Wrong::Class(class)),
    }
}
