//! The prescan (RFC 2136 §3.4.1): whether all updates are such, before the first is made.

use super::refusal::{Part, Refusal, Wrong};
use super::request::Request;
use super::row::Row;
use crate::name::NameRef;
use crate::wire::{Class, Rtype};

impl Request<'_> {
    /// Whether the updates can be made, whatever the zone has.
    ///
    /// # Errors
    /// With the first that can't.
    pub fn prescan(&self) -> Result<(), Refusal> {
        let mut rows = self.updates();
        while let Some(row) = rows.next()? {
            prescan(&row, self.zone()).map_err(|wrong| Refusal::record(Part::Updates, &row, wrong))?;
        }
        Ok(())
    }
}

fn prescan(row: &Row<'_>, zone: NameRef<'_>) -> Result<(), Wrong> {
    if !row.owner.is_at_or_below(zone) {
        return Err(Wrong::NotZone);
    }
    if !matches!(row.class, Class::IN | Class::ANY | Class::NONE) {
        return Err(Wrong::Class(row.class));
    }
    // ANY, of class ANY, is all types.
    if row.rtype.is_meta() && (row.rtype, row.class) != (Rtype::ANY, Class::ANY) {
        return Err(Wrong::MetaType);
    }
    if row.class != Class::IN && row.ttl != 0 {
        return Err(Wrong::Ttl(row.ttl));
    }
    if row.class == Class::ANY && !row.rdata.is_empty() {
        return Err(Wrong::Rdata);
    }
    Ok(())
}
