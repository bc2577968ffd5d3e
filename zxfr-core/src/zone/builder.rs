//! From records in any order to a version.

use super::arena::Arena;
use super::directory::Directory;
use super::head;
use super::parts::Parts;
use super::run::RunWriter;
use super::sorter::Sorter;
use super::version::Version;
use crate::name::{Name, NameRef};
use crate::wire::rdata::canonical_cmp;
use crate::wire::{Class, Record, Rtype, rdata};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// How much of one kind a zone may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildLimits {
    /// Records in an RRset.
    pub rrset_records: u32,
    /// Types at a name.
    pub types_per_name: u16,
}

impl BuildLimits {
    /// No limits.
    pub const NONE: Self = Self { rrset_records: u32::MAX, types_per_name: u16::MAX };
}

impl Default for BuildLimits {
    /// 200,000 records in an RRset, 1,000 types at a name.
    fn default() -> Self {
        Self { rrset_records: 200_000, types_per_name: 1_000 }
    }
}

/// What keeps records from being a zone.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildFault {
    /// A class other than IN.
    Class(Class),
    /// A type that can't stand in a zone.
    MetaType,
    /// RDATA that doesn't have the shape of its type.
    Rdata,
    /// No message can carry the record.
    Large,
    /// An SOA at another name than the apex.
    SoaOffApex,
    /// Two SOAs that differ.
    SecondSoa,
    /// The same record twice among the deletions or the additions of a delta.
    Twice,
    /// No SOA.
    NoSoa,
    /// More records in an RRset than this limit.
    RrsetRecords(u32),
    /// More types at a name than this limit.
    TypesPerName(u16),
}

/// What keeps records from being a zone, and the record at which it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    /// What is wrong.
    pub fault: BuildFault,
    /// The record's owner, or the apex where a record is missing.
    pub owner: Box<Name>,
    /// The record's type.
    pub rtype: Rtype,
}

impl BuildError {
    pub(super) fn about(fault: BuildFault, record: &Record<'_>) -> Self {
        Self { fault, owner: Box::new(record.owner.to_name()), rtype: record.rtype }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { owner, rtype, .. } = self;
        match self.fault {
            BuildFault::Class(class) => write!(f, "{owner} {rtype}: class {class} in a zone of class IN"),
            BuildFault::MetaType => write!(f, "{owner} {rtype}: a type that can't stand in a zone"),
            BuildFault::Rdata => write!(f, "{owner} {rtype}: malformed RDATA"),
            BuildFault::Large => write!(f, "{owner} {rtype}: record too large for any message"),
            BuildFault::SoaOffApex => write!(f, "{owner} SOA: not at the zone's apex"),
            BuildFault::SecondSoa => write!(f, "{owner} SOA: a second SOA that differs from the first"),
            BuildFault::Twice => write!(f, "{owner} {rtype}: deleted or added twice in one delta"),
            BuildFault::NoSoa => write!(f, "{owner}: the zone has no SOA"),
            BuildFault::RrsetRecords(limit) => write!(f, "{owner} {rtype}: more than {limit} records in an RRset"),
            BuildFault::TypesPerName(limit) => write!(f, "{owner}: more than {limit} types at a name"),
        }
    }
}

impl core::error::Error for BuildError {}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It will be in the version, unless it is a duplicate.
    Taken,
    /// It lies outside the zone and was skipped.
    OutOfZone,
}

/// What was noticed while a version was built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records that were there before; ignored.
    pub duplicates: u64,
    /// Records outside the zone; skipped.
    pub out_of_zone: u64,
    /// RRsets whose records had differing TTLs; now the lowest (RFC 2181 §5.2).
    pub ttls_levelled: u64,
    /// RRsets of which there were duplicates, or whose TTLs differed: the first 1,000 that were noticed, in order.
    pub odd_rrsets: Vec<(Name, Rtype)>,
}

/// Takes the records of a zone in any order and makes a [`Version`] of them. Nothing is visible before [`Builder::finish`].
pub struct Builder {
    apex: Name,
    limits: BuildLimits,
    apex_node: Arena,
    soa: Option<Vec<u8>>,
    names: Sorter,
    nsec3: Sorter,
    out_of_zone: u64,
}

impl Builder {
    /// For the zone with this apex.
    #[must_use]
    pub fn new(apex: NameRef<'_>, limits: BuildLimits) -> Self {
        Self {
            apex: apex.to_name(),
            limits,
            apex_node: Arena::default(),
            soa: None,
            names: Sorter::new(limits),
            nsec3: Sorter::new(limits),
            out_of_zone: 0,
        }
    }

    /// Takes a record whose RDATA may come from anywhere: it is checked against the shape of its type.
    ///
    /// # Errors
    /// When the record can't stand in the zone. The builder is of no use after that.
    pub fn push(&mut self, record: &Record<'_>) -> Result<Pushed, BuildError> {
        if rdata::check(record.rtype, record.rdata).is_err() {
            return Err(BuildError::about(BuildFault::Rdata, record));
        }
        self.push_checked(record)
    }

    /// Takes a record whose RDATA was checked, as that of all records from [`crate::wire::Records`] was.
    ///
    /// # Errors
    /// As [`Builder::push`].
    pub fn push_checked(&mut self, record: &Record<'_>) -> Result<Pushed, BuildError> {
        if record.class != Class::IN {
            return Err(BuildError::about(BuildFault::Class(record.class), record));
        }
        if record.rtype.is_meta() {
            return Err(BuildError::about(BuildFault::MetaType, record));
        }
        let run = if is_nsec3(record) { &mut self.nsec3 } else { &mut self.names };
        let likeness = run.likeness(record.owner);
        // Owners in the runs lie below the apex.
        if !likeness.is_equal() {
            if !record.owner.is_at_or_below(self.apex.as_ref()) {
                self.out_of_zone = self.out_of_zone.saturating_add(1);
                return Ok(Pushed::OutOfZone);
            }
            if record.owner.len() == self.apex.as_octets().len() {
                self.push_at_apex(record)?;
                return Ok(Pushed::Taken);
            }
        }
        if record.rtype == Rtype::SOA {
            return Err(BuildError::about(BuildFault::SoaOffApex, record));
        }
        run.push_alike(record, likeness)?;
        Ok(Pushed::Taken)
    }

    fn push_at_apex(&mut self, record: &Record<'_>) -> Result<(), BuildError> {
        if record.rtype == Rtype::SOA {
            match &self.soa {
                None => self.soa = Some(record.rdata.to_vec()),
                Some(soa) if canonical_cmp(Rtype::SOA, soa, record.rdata).is_eq() => {}
                Some(_) => return Err(BuildError::about(BuildFault::SecondSoa, record)),
            }
        }
        self.apex_node.push(record, &[]);
        Ok(())
    }

    /// As if the records that `later` was given had been pushed behind those of this one. The zone and the limits have to be
    /// the same. So builders on several cores make one zone: where the owners of `later` follow all before them, in canonical
    /// order, that is a matter of moving pages; where they don't, `finish` has to merge.
    ///
    /// # Errors
    /// As [`Builder::push`].
    pub fn append(&mut self, later: Self) -> Result<(), BuildError> {
        let Self { apex: _, limits: _, apex_node, soa: _, names, nsec3, out_of_zone } = later;
        self.out_of_zone = self.out_of_zone.saturating_add(out_of_zone);
        apex_node.records().try_for_each(|record| self.push_at_apex(&record))?;
        self.names.append(names)?;
        self.nsec3.append(nsec3)
    }

    /// The version that the records make.
    ///
    /// # Errors
    /// When there is no SOA, or a limit is passed that only shows when all is in order.
    pub fn finish(mut self) -> Result<(Version, Summary), BuildError> {
        if self.soa.is_none() {
            let owner = Box::new(self.apex);
            return Err(BuildError { fault: BuildFault::NoSoa, owner, rtype: Rtype::SOA });
        }
        let apex = self.apex.as_ref();
        let head = head::render(&mut self.apex_node, RunWriter::of_head(self.limits, apex, true))?;
        let names = self.names.finish()?;
        let nsec3 = self.nsec3.finish()?;
        let mut noticed = head.noticed;
        noticed.join(names.noticed);
        noticed.join(nsec3.noticed);
        let summary = Summary {
            duplicates: noticed.duplicates,
            out_of_zone: self.out_of_zone,
            ttls_levelled: noticed.levelled,
            odd_rrsets: noticed.rrsets.into_iter().collect(),
        };
        let (names, nsec3) = (Directory::new(names.pages), Directory::new(nsec3.pages));
        let parts = Parts { head: head.pages, names, nsec3, whole: false }.closed(apex);
        Ok((Version::new(self.apex, parts), summary))
    }
}

/// Whether a record belongs to the NSEC3 run: an NSEC3 or a signature of one (RFC 5155).
pub(super) fn is_nsec3(record: &Record<'_>) -> bool {
    match record.rtype {
        Rtype::NSEC3 => true,
        Rtype::RRSIG => record.rdata.first_chunk::<2>() == Some(&Rtype::NSEC3.0.to_be_bytes()),
        _ => false,
    }
}

/// Whether a record of the zone has its place in the NSEC3 run. What stands at the apex is in the head, whatever it is.
pub(super) fn in_nsec3_run(apex: NameRef<'_>, record: &Record<'_>) -> bool {
    record.owner.len() != apex.len() && is_nsec3(record)
}

#[cfg(test)]
mod tests;
