//! A version and a delta make the next version.

use super::builder::{BuildError, BuildFault, BuildLimits};
use super::change::Notes;
use super::checks::Checks;
use super::condense::ChainError;
use super::delta::Delta;
use super::diff::DeltaWriter;
use super::head::ApexNode;
use super::parts::Parts;
use super::portion::{Both, Once, Portion, Revised};
use super::version::Version;
use crate::name::Name;
use crate::serial::Serial;
use crate::wire::{Record, Rtype};
use alloc::boxed::Box;
use core::fmt;

/// What keeps a delta from being applied.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyFault {
    /// It is a delta of another zone.
    Apex,
    /// It begins at another serial than the version has.
    FirstSerial {
        /// The version's.
        ours: Serial,
        /// The delta's.
        theirs: Serial,
    },
    /// It deletes a record that isn't there.
    Absent,
    /// It adds a record that is there.
    Present,
    /// What it makes can't be a zone.
    Build(BuildFault),
}

/// What keeps a delta from being applied, and the record at which it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyError {
    /// What is wrong.
    pub fault: ApplyFault,
    /// The record's owner.
    pub owner: Box<Name>,
    /// The record's type.
    pub rtype: Rtype,
}

impl ApplyError {
    pub(super) fn about(fault: ApplyFault, record: &Record<'_>) -> Self {
        Self { fault, owner: Box::new(record.owner.to_name()), rtype: record.rtype }
    }
}

impl From<BuildError> for ApplyError {
    fn from(BuildError { fault, owner, rtype }: BuildError) -> Self {
        Self { fault: ApplyFault::Build(fault), owner, rtype }
    }
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, owner, rtype } = self;
        match fault {
            ApplyFault::Apex => write!(f, "a delta of the zone {owner}"),
            ApplyFault::FirstSerial { ours, theirs } => {
                write!(f, "{owner} {rtype}: a delta from serial {theirs} on a version of serial {ours}")
            }
            ApplyFault::Absent => write!(f, "{owner} {rtype}: deletes a record that isn't there"),
            ApplyFault::Present => write!(f, "{owner} {rtype}: adds a record that is there"),
            ApplyFault::Build(fault) => BuildError { fault: *fault, owner: owner.clone(), rtype: *rtype }.fmt(f),
        }
    }
}

impl core::error::Error for ApplyError {}

/// What a delta made of a version.
#[derive(Debug)]
pub struct Applied {
    /// The next version; it shares all pages that the delta doesn't touch.
    pub version: Version,
    /// The delta as it really was: among the deletions the records that were held, with their TTL and case; records that it
    /// deletes and adds unchanged left out; TTLs as they are now.
    pub delta: Delta,
    /// RRsets whose records had differing TTLs after the delta; now the lowest (RFC 2181 §5.2).
    pub ttls_levelled: u64,
}

impl Version {
    /// The version that a delta makes of this one, which stays as it is. The cost is by the delta, not by the zone: of the
    /// latter, the apex node is written anew.
    ///
    /// A record is deleted whatever its TTL and case, since these are no part of its identity. Of the limits, those on an
    /// RRset count its records in all; those on types are only looked at where a name gets a type that it didn't have.
    ///
    /// # Errors
    /// When the delta is of another zone or from another serial, deletes a record that isn't there or adds one that is, or
    /// passes a limit.
    pub fn apply(&self, delta: &Delta, limits: BuildLimits) -> Result<Applied, ApplyError> {
        self.apply_on(delta, limits, None)
    }

    /// The same, a large delta in two halves.
    ///
    /// # Errors
    /// As [`Version::apply`].
    pub fn apply_in_two(&self, delta: &Delta, limits: BuildLimits, both: Both) -> Result<Applied, ApplyError> {
        self.apply_on(delta, limits, Some(both))
    }

    pub(super) fn apply_on(
        &self,
        delta: &Delta,
        limits: BuildLimits,
        both: Option<Both>,
    ) -> Result<Applied, ApplyError> {
        if delta.apex() != self.apex() {
            return Err(ApplyError::about(ApplyFault::Apex, &delta.old_soa()));
        }
        let (ours, theirs) = (self.serial(), delta.from());
        if ours != theirs {
            return Err(ApplyError::about(ApplyFault::FirstSerial { ours, theirs }, &delta.old_soa()));
        }
        let (version, checks, notes) = self.revise(delta, limits, both)?;
        let delta = notes.normalise(delta, &self.soa())?;
        let (levels, ttls_levelled) = version.levels(&checks, limits)?;
        if ttls_levelled == 0 {
            return Ok(Applied { version, delta, ttls_levelled });
        }
        let (version, ..) = version.revise(&levels, BuildLimits::NONE, None)?;
        let delta = Delta::condense([&delta, &levels]).map_err(|error| match error {
            ChainError::Build(error) => error.into(),
            ChainError::Empty | ChainError::Gap { .. } => ApplyError::about(ApplyFault::Apex, &levels.old_soa()),
        })?;
        Ok(Applied { version, delta, ttls_levelled })
    }

    /// Makes the changes of a delta, and says which RRsets have to be looked at then.
    fn revise(
        &self,
        delta: &Delta,
        limits: BuildLimits,
        both: Option<Both>,
    ) -> Result<(Self, [Checks; 3], Notes), ApplyError> {
        let apex = self.apex();
        let opened = self.parts.open(apex);
        let mut node = ApexNode::new(&opened.apex);
        let halves = both.and_then(|both| Some((both, Portion::halves(delta, &opened)?)));
        let Revised { names, nsec3, mut checks, notes } = match halves {
            None => Portion::whole(delta, &opened).revise(apex, Some(&mut node), limits)?,
            Some((both, [early, late])) => {
                let mut early = Once::Waiting(|| early.revise(apex, Some(&mut node), limits));
                let mut late = Once::Waiting(|| late.revise(apex, None, limits));
                both(&mut || early.run(), &mut || late.run());
                early.finish()?.join(late.finish()?)
            }
        };
        let [node_checks, ..] = &mut checks;
        let head = node.render(apex, &delta.new_soa(), limits, node_checks)?;
        let parts = Parts { head, names: names.finish(), nsec3: nsec3.finish(), whole: false };
        Ok((Self::new(apex.to_name(), parts.closed(apex)), checks, notes))
    }

    /// The delta that gives each of these RRsets its lowest TTL, and how many need that.
    fn levels(&self, checks: &[Checks], limits: BuildLimits) -> Result<(Delta, u64), ApplyError> {
        let mut writer = DeltaWriter::new(self.apex());
        let mut levelled = 0_u64;
        for check in checks.iter().flat_map(|checks| &checks.list) {
            let owner = check.owner.as_ref();
            let mut rrset = self.rrset(owner, check.rtype);
            let (mut records, mut lowest, mut highest) = (0_u32, u32::MAX, 0_u32);
            while let Some(record) = rrset.next() {
                records = records.saturating_add(1);
                (lowest, highest) = (lowest.min(record.ttl), highest.max(record.ttl));
                if records > limits.rrset_records {
                    let fault = ApplyFault::Build(BuildFault::RrsetRecords(limits.rrset_records));
                    return Err(ApplyError::about(fault, &record));
                }
            }
            if check.types && self.types_at(owner, check.rtype) > limits.types_per_name {
                let fault = ApplyFault::Build(BuildFault::TypesPerName(limits.types_per_name));
                return Err(ApplyError { fault, owner: Box::new(check.owner.clone()), rtype: check.rtype });
            }
            // Signatures have the TTLs of what they cover (RFC 4034 §3).
            if lowest >= highest || matches!(check.rtype, Rtype::RRSIG | Rtype::SIG) {
                continue;
            }
            levelled = levelled.saturating_add(1);
            let mut rrset = self.rrset(owner, check.rtype);
            while let Some(record) = rrset.next() {
                if record.ttl != lowest {
                    writer.delete(&record)?;
                    writer.add(&Record { ttl: lowest, ..record })?;
                }
            }
        }
        Ok((writer.finish(&self.soa(), &self.soa())?, levelled))
    }

    /// Makes way for `newer`, which came as a whole: gives the delta between the two, and the newer one with this one's
    /// pages where little has changed.
    ///
    /// # Errors
    /// When the two are not of one zone.
    pub fn merge(&self, newer: Self) -> Result<(Self, Delta), BuildError> {
        /// A delta of up to this part of a zone is little.
        const LITTLE: u64 = 8;
        let delta = self.diff(&newer)?;
        if delta.octets().saturating_mul(LITTLE) > newer.octets() {
            return Ok((newer, delta));
        }
        match self.apply(&delta, BuildLimits::NONE) {
            Ok(Applied { version, .. }) => Ok((version, delta)),
            Err(_) => Ok((newer, delta)),
        }
    }
}

#[cfg(test)]
mod tests;
