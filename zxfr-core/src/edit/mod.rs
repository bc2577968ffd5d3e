//! Records of a zone changed: from a version and what is added and deleted to the next version, its delta and its serial.
//!
//! | module | holds |
//! |---|---|
//! | here | [`Edit`], which gathers changes and makes the version of them |
//! | `node` | the records at one name, as they were and as they are to be |
//! | `rules` | [`Rules`]: what may stand together at a name |
//! | `error` | [`EditError`]: what can't be, and of which record |
//!
//! This is the one way in which records are changed here, whether by DNS UPDATE ([`crate::update`]) or by an API: all changes
//! of an edit make one delta with one serial, and none when they come to nothing. It costs by the names that are touched.

mod error;
mod node;
mod rules;

pub use error::{EditError, EditFault};
pub use rules::Rules;

use crate::name::{Name, NameRef};
use crate::serial::{Serial, SerialPolicy};
use crate::time::UnixTime;
use crate::wire::{Class, Record, Rtype, rdata};
use crate::zone::{Applied, BuildFault, Change, DeltaBuilder, Style, Summary, Version};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use node::{Kept, Node};

/// Changes to a version of a zone, not visible to anybody before [`Edit::finish`] made the next version of them.
///
/// An RRset has one TTL (RFC 2181 §5.2): that of the record that was added to it last. Signatures have those of what they
/// cover (RFC 4034 §3), so each of them keeps its own. A record is identified by owner (without case), type and canonical
/// RDATA; one that is added where it is held changes the TTL and nothing else.
pub struct Edit {
    held: Arc<Version>,
    rules: Rules,
    /// The names that were looked at.
    nodes: BTreeMap<Name, Node>,
    /// The SOA that replaces the held one.
    soa: Option<Kept>,
}

impl Edit {
    /// For changes to this version.
    #[must_use]
    pub const fn new(held: Arc<Version>, rules: Rules) -> Self {
        Self { held, rules, nodes: BTreeMap::new(), soa: None }
    }

    /// The name of the zone.
    #[must_use]
    pub fn apex(&self) -> NameRef<'_> {
        self.held.apex()
    }

    /// The SOA as it is now; its serial is that of the next version only where it is newer than the held one.
    #[must_use]
    pub fn soa(&self) -> Record<'_> {
        self.soa.as_ref().map_or_else(|| self.held.soa(), |soa| soa.record(Rtype::SOA))
    }

    /// The version that is changed.
    #[must_use]
    pub const fn held(&self) -> &Arc<Version> {
        &self.held
    }

    /// Adds a record, or gives its RRset the record's TTL when it is held. An SOA replaces the zone's: see
    /// [`Edit::finish`] for what becomes of its serial. Says whether that changed anything.
    ///
    /// # Errors
    /// When the record can't stand in the zone. What records may stand beside it is looked at in the end.
    pub fn add(&mut self, record: &Record<'_>) -> Result<bool, EditError> {
        self.check(record)?;
        if record.rtype != Rtype::SOA {
            return Ok(self.node(record.owner).add(record));
        }
        let changed = !self.soa().is_exactly(record);
        if changed {
            self.soa = Some(Kept::of(record));
        }
        Ok(changed)
    }

    /// Adds a record as RFC 2136 §3.4.2.2 does: a CNAME, DNAME or WKS takes the place of the one that is there.
    ///
    /// # Errors
    /// As [`Edit::add`].
    pub fn put(&mut self, record: &Record<'_>) -> Result<bool, EditError> {
        self.check(record)?;
        let cleared = match record.rtype {
            Rtype::CNAME | Rtype::DNAME => self.node(record.owner).delete_others(record, 0),
            // Address and protocol are what tells one from another.
            Rtype::WKS => self.node(record.owner).delete_others(record, 5),
            _ => false,
        };
        Ok(self.add(record)? | cleared)
    }

    /// Deletes a record, whatever its TTL, and says whether it was there. The SOA stays.
    pub fn delete(&mut self, record: &Record<'_>) -> bool {
        self.node(record.owner).delete(record)
    }

    /// Deletes all records of one type at a name, and says whether there were any. The SOA stays.
    pub fn delete_rrset(&mut self, owner: NameRef<'_>, rtype: Rtype) -> bool {
        self.node(owner).clear(rtype)
    }

    /// Whether there is a record at this name. Where there are only names below it, there is none.
    pub fn has_name(&mut self, owner: NameRef<'_>) -> bool {
        owner == self.apex() || self.node(owner).sets().next().is_some()
    }

    /// The types that there are at a name, by number, other than SOA.
    pub fn types(&mut self, owner: NameRef<'_>) -> Vec<Rtype> {
        self.node(owner).sets().collect()
    }

    /// How many records of a type there are at a name.
    pub fn count(&mut self, owner: NameRef<'_>, rtype: Rtype) -> usize {
        if rtype == Rtype::SOA { usize::from(owner == self.apex()) } else { self.node(owner).count(rtype) }
    }

    /// The record with the owner, type and canonical RDATA of this one as it is now: with its case, and the TTL of its RRset.
    pub fn find(&mut self, record: &Record<'_>) -> Option<Record<'_>> {
        self.node(record.owner).find(record)
    }

    /// Whether this record is there, whatever its TTL.
    pub fn has(&mut self, record: &Record<'_>) -> bool {
        if record.rtype == Rtype::SOA {
            let soa = self.soa();
            return record.canonical_cmp(&soa).is_eq();
        }
        self.node(record.owner).has(record)
    }

    /// Whether a record of this type may stand beside what there is at a name: a CNAME only alone, and nothing beside one
    /// (RFC 1034 §3.6.2).
    pub fn admits(&mut self, owner: NameRef<'_>, rtype: Rtype) -> bool {
        let (rules, at_apex) = (self.rules, owner == self.apex());
        let mut types = self.node(owner).sets();
        if rtype == Rtype::CNAME {
            return (rules.apex_cname || !at_apex) && !types.any(|other| rules.cname_excludes(other, at_apex));
        }
        !rules.cname_excludes(rtype, at_apex) || !types.any(|other| other == Rtype::CNAME)
    }

    /// The next version, with the delta that leads to it; `None` when it would be as the one before.
    ///
    /// Its serial is that of the SOA that was added, if it is newer than the held one; else the policy makes one.
    ///
    /// # Errors
    /// When a rule is broken at a name that is changed, and was not before: that of CNAME, of single CNAMEs and DNAMEs, of NS
    /// at the apex, or a limit.
    pub fn finish(self, policy: SerialPolicy, now: UnixTime) -> Result<Option<Change>, EditError> {
        let Self { held, rules, nodes, soa } = self;
        let mut builder = DeltaBuilder::new(held.apex(), rules.limits);
        let mut changed = false;
        for (owner, node) in &nodes {
            let mut touched = false;
            for (deleted, added) in node.changes() {
                touched = true;
                deleted.map_or(Ok(()), |record| builder.delete(&record).map(|_| ()))?;
                added.map_or(Ok(()), |record| builder.add(&record).map(|_| ()))?;
            }
            changed |= touched;
            if touched {
                rules.check(owner.as_ref(), owner.as_ref() == held.apex(), node)?;
            }
        }
        let old = held.soa();
        let new = soa.as_ref().map_or(old, |soa| soa.record(Rtype::SOA));
        let given = new.soa().map(|soa| soa.serial).filter(|serial| serial.is_newer_than(held.serial()));
        let rewritten = with_serial(new.rdata, held.serial());
        let same = Record { rdata: &rewritten, ..new }.is_exactly(&old);
        if !changed && given.is_none() && same {
            return Ok(None);
        }
        let rdata = with_serial(new.rdata, given.unwrap_or_else(|| policy.next(held.serial(), now)));
        let delta = builder.finish(&old, &Record { rdata: &rdata, ..new })?;
        let Applied { version, delta, ttls_levelled } = held.apply(&delta, rules.limits)?;
        let summary = Summary { ttls_levelled, ..Summary::default() };
        let (version, deltas) = (Arc::new(version), alloc::vec![Arc::new(delta)]);
        Ok(Some(Change { held: Some(held), version, deltas, style: Style::Deltas, summary }))
    }

    /// Looks at a record by itself.
    fn check(&self, record: &Record<'_>) -> Result<(), EditError> {
        let fault = if record.class != Class::IN {
            EditFault::Build(BuildFault::Class(record.class))
        } else if record.rtype.is_meta() {
            EditFault::Build(BuildFault::MetaType)
        } else if !record.owner.is_at_or_below(self.apex()) {
            EditFault::OutOfZone
        } else if record.rtype == Rtype::SOA && record.owner != self.apex() {
            EditFault::Build(BuildFault::SoaOffApex)
        } else if record.ttl >= 1 << 31 {
            EditFault::Ttl(record.ttl)
        } else if rdata::check(record.rtype, record.rdata).is_err() {
            EditFault::Build(BuildFault::Rdata)
        } else {
            return Ok(());
        };
        Err(EditError::about(fault, record.owner, record.rtype))
    }

    /// The records at a name, read from the version when they are first asked for.
    fn node(&mut self, owner: NameRef<'_>) -> &mut Node {
        let Self { held, nodes, .. } = self;
        nodes.entry(owner.to_name()).or_insert_with(|| Node::of(held, owner))
    }
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edit").field("held", &self.held).field("names", &self.nodes.len()).finish_non_exhaustive()
    }
}

/// The RDATA of an SOA with another serial: that is the first of the five numbers at its end.
fn with_serial(rdata: &[u8], serial: Serial) -> Vec<u8> {
    let mut rdata = rdata.to_vec();
    let numbers = rdata.len().saturating_sub(20);
    if let Some(field) = rdata.get_mut(numbers..).and_then(<[u8]>::first_chunk_mut) {
        *field = serial.0.to_be_bytes();
    }
    rdata
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
