//! What can't be in a zone, and of which record.

use crate::name::{Name, NameRef};
use crate::wire::Rtype;
use crate::zone::{ApplyError, ApplyFault, BuildError, BuildFault};
use alloc::boxed::Box;
use core::fmt;

/// Why changes make no version.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditFault {
    /// The record can't stand in a zone, or there are too many of its kind.
    Build(BuildFault),
    /// The owner doesn't lie in the zone.
    OutOfZone,
    /// A TTL of 2³¹ seconds or more (RFC 2181 §8).
    Ttl(u32),
    /// A CNAME, and at the same name a record of this type (RFC 1034 §3.6.2).
    CnameBeside(Rtype),
    /// Two CNAMEs at one name (RFC 2181 §10.1).
    SecondCname,
    /// Two DNAMEs at one name (RFC 6672 §2.4).
    SecondDname,
    /// The apex would have no NS.
    NoApexNs,
    /// What was made of the changes doesn't apply to the version.
    Apply(ApplyFault),
}

/// Why changes make no version, and the record at which it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditError {
    /// What is wrong.
    pub fault: EditFault,
    /// The record's owner.
    pub owner: Box<Name>,
    /// The record's type.
    pub rtype: Rtype,
}

impl EditError {
    pub(super) fn about(fault: EditFault, owner: NameRef<'_>, rtype: Rtype) -> Self {
        Self { fault, owner: Box::new(owner.to_name()), rtype }
    }
}

impl From<BuildError> for EditError {
    fn from(BuildError { fault, owner, rtype }: BuildError) -> Self {
        Self { fault: EditFault::Build(fault), owner, rtype }
    }
}

impl From<ApplyError> for EditError {
    fn from(ApplyError { fault, owner, rtype }: ApplyError) -> Self {
        let fault = match fault {
            ApplyFault::Build(fault) => EditFault::Build(fault),
            fault => EditFault::Apply(fault),
        };
        Self { fault, owner, rtype }
    }
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, owner, rtype } = self;
        match fault {
            EditFault::Build(fault) => BuildError { fault: *fault, owner: owner.clone(), rtype: *rtype }.fmt(f),
            EditFault::OutOfZone => write!(f, "{owner} {rtype}: not in the zone"),
            EditFault::Ttl(ttl) => write!(f, "{owner} {rtype}: a TTL of {ttl} seconds, where 2147483647 is the most"),
            EditFault::CnameBeside(other) => write!(f, "{owner} CNAME: stands alone, but there is {other}, too"),
            EditFault::SecondCname => write!(f, "{owner} CNAME: a name has only one"),
            EditFault::SecondDname => write!(f, "{owner} DNAME: a name has only one"),
            EditFault::NoApexNs => write!(f, "{owner} NS: the last one at the apex can't go"),
            EditFault::Apply(fault) => ApplyError { fault: *fault, owner: owner.clone(), rtype: *rtype }.fmt(f),
        }
    }
}

impl core::error::Error for EditError {}
