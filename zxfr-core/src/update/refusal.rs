//! Why nothing is changed.

use super::row::Row;
use crate::edit::EditError;
use crate::error::WireError;
use crate::name::Name;
use crate::wire::{Class, Opcode, Rcode, Rtype};
use alloc::boxed::Box;
use core::fmt;

/// Why a request changes nothing.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another opcode than UPDATE.
    Opcode(Opcode),
    /// Framing, a name or RDATA doesn't hold.
    Malformed(WireError),
    /// An EDNS version that nobody knows (RFC 6891 §6.1.3).
    EdnsVersion(u8),
    /// Not one zone, but so many (RFC 2136 §3.1.1).
    ZoneCount(u16),
    /// The zone section asks for another type than SOA.
    ZoneType(Rtype),
    /// The zone section asks for another class than IN: no such zone is here.
    ZoneClass(Class),
    /// The zone isn't the one that is edited.
    OtherZone,
    /// A record of the request.
    Record {
        /// The section that it stands in.
        part: Part,
        /// Its number there, from 0.
        number: u16,
        /// Its owner.
        owner: Box<Name>,
        /// Its type.
        rtype: Rtype,
        /// What is wrong with it.
        wrong: Wrong,
    },
    /// What the updates come to can't be a version of the zone.
    Edit(EditError),
}

/// A section of records of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What has to be there, or must not be.
    Prerequisites,
    /// What is added and deleted.
    Updates,
}

/// What is wrong with a record of a request.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It lies outside the zone.
    NotZone,
    /// None of the classes that it may have.
    Class(Class),
    /// A TTL, where there may be none.
    Ttl(u32),
    /// RDATA, where there may be none.
    Rdata,
    /// A type that no record has (RFC 2136 §3.4.1.2).
    MetaType,
    /// There is no record at the name.
    NameAbsent,
    /// There is a record at the name.
    NamePresent,
    /// There is no such RRset, or it has other records.
    RrsetAbsent,
    /// There is such an RRset.
    RrsetPresent,
}

impl Refusal {
    /// The RCODE that the asker sees.
    #[must_use]
    pub const fn rcode(&self) -> Rcode {
        match self {
            Self::Opcode(_) => Rcode::NOTIMP,
            Self::Malformed(_) | Self::ZoneCount(_) | Self::ZoneType(_) => Rcode::FORMERR,
            Self::EdnsVersion(_) => Rcode::BADVERS,
            Self::ZoneClass(_) | Self::OtherZone => Rcode::NOTAUTH,
            Self::Edit(_) => Rcode::REFUSED,
            Self::Record { wrong, .. } => match wrong {
                Wrong::NotZone => Rcode::NOTZONE,
                Wrong::Class(_) | Wrong::Ttl(_) | Wrong::Rdata | Wrong::MetaType => Rcode::FORMERR,
                Wrong::NameAbsent => Rcode::NXDOMAIN,
                Wrong::NamePresent => Rcode::YXDOMAIN,
                Wrong::RrsetAbsent => Rcode::NXRRSET,
                Wrong::RrsetPresent => Rcode::YXRRSET,
            },
        }
    }

    pub(super) fn record(part: Part, row: &Row<'_>, wrong: Wrong) -> Self {
        let (number, owner, rtype) = (row.number, Box::new(row.owner.to_name()), row.rtype);
        Self::Record { part, number, owner, rtype, wrong }
    }
}

impl From<WireError> for Refusal {
    fn from(error: WireError) -> Self {
        Self::Malformed(error)
    }
}

impl From<EditError> for Refusal {
    fn from(error: EditError) -> Self {
        Self::Edit(error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opcode(opcode) => write!(f, "opcode {opcode}, where UPDATE is meant"),
            Self::Malformed(error) => error.fmt(f),
            Self::EdnsVersion(version) => write!(f, "EDNS version {version}"),
            Self::ZoneCount(count) => write!(f, "{count} zones, where there must be one"),
            Self::ZoneType(rtype) => write!(f, "zone section of type {rtype}, where SOA is meant"),
            Self::ZoneClass(class) => write!(f, "zone of class {class}"),
            Self::OtherZone => f.write_str("another zone than the one that is edited"),
            Self::Record { part, number, owner, rtype, wrong } => {
                let part = match part {
                    Part::Prerequisites => "prerequisite",
                    Part::Updates => "update",
                };
                write!(f, "{part} {number}, {owner} {rtype}: {wrong}")
            }
            Self::Edit(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Refusal {}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotZone => f.write_str("not in the zone"),
            Self::Class(class) => write!(f, "class {class} has no meaning here"),
            Self::Ttl(ttl) => write!(f, "a TTL of {ttl}, where it must be 0"),
            Self::Rdata => f.write_str("RDATA, where there must be none"),
            Self::MetaType => f.write_str("a type that no record has"),
            Self::NameAbsent => f.write_str("there is no record at the name"),
            Self::NamePresent => f.write_str("there is a record at the name"),
            Self::RrsetAbsent => f.write_str("there is no such RRset"),
            Self::RrsetPresent => f.write_str("there is such an RRset"),
        }
    }
}
