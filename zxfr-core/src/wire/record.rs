//! A record with nothing compressed: the coin in which records go in and out of everything here.

use super::rdata::canonical_cmp;
use super::{Class, Rtype};
use crate::name::NameRef;
use crate::serial::Serial;
use core::cmp::Ordering;

/// A record (RFC 1035 §3.2.1), borrowed, its names uncompressed and their case kept.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The name it belongs to.
    pub owner: NameRef<'a>,
    /// Its type.
    pub rtype: Rtype,
    /// Its class; IN inside a zone.
    pub class: Class,
    /// How long it may be kept, in seconds; below 2³¹ (RFC 2181 §8).
    pub ttl: u32,
    /// Its data, names expanded, at most 65,535 octets.
    pub rdata: &'a [u8],
}

impl<'a> Record<'a> {
    /// Compares identities (owner without case, type, canonical RDATA; not the TTL) in the order of a zone: names as
    /// RFC 4034 §6.1, types by number, RDATA as §6.3.
    #[must_use]
    pub fn canonical_cmp(&self, other: &Record<'_>) -> Ordering {
        let owners = self.owner.cmp(&other.owner);
        owners.then(self.rtype.cmp(&other.rtype)).then_with(|| canonical_cmp(self.rtype, self.rdata, other.rdata))
    }

    /// The same octet for octet, case and TTL included.
    #[must_use]
    pub fn is_exactly(&self, other: &Record<'_>) -> bool {
        self.owner.octets_eq(other.owner)
            && self.rtype == other.rtype
            && self.class == other.class
            && self.ttl == other.ttl
            && self.rdata == other.rdata
    }

    /// The octets it takes uncompressed on the wire.
    #[must_use]
    pub const fn wire_len(&self) -> usize {
        self.owner.len().saturating_add(10).saturating_add(self.rdata.len())
    }

    /// The fields of its RDATA when it is an SOA of the right shape.
    #[must_use]
    pub fn soa(&self) -> Option<Soa<'a>> {
        if self.rtype != Rtype::SOA {
            return None;
        }
        let (mname, rest) = NameRef::split_from(self.rdata).ok()?;
        let (rname, rest) = NameRef::split_from(rest).ok()?;
        let (numbers, []) = rest.as_chunks::<4>() else {
            return None;
        };
        let [serial, refresh, retry, expire, minimum] = numbers else {
            return None;
        };
        Some(Soa {
            mname,
            rname,
            serial: Serial(u32::from_be_bytes(*serial)),
            refresh: u32::from_be_bytes(*refresh),
            retry: u32::from_be_bytes(*retry),
            expire: u32::from_be_bytes(*expire),
            minimum: u32::from_be_bytes(*minimum),
        })
    }
}

/// The RDATA of an SOA (RFC 1035 §3.3.13). Times are in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Soa<'a> {
    /// The primary that the zone comes from.
    pub mname: NameRef<'a>,
    /// The mailbox of who is responsible.
    pub rname: NameRef<'a>,
    /// The version of the zone.
    pub serial: Serial,
    /// How often a secondary asks for the serial.
    pub refresh: u32,
    /// How soon it asks again after a failure.
    pub retry: u32,
    /// How long it serves without an answer.
    pub expire: u32,
    /// How long negative answers are kept (RFC 2308 §4).
    pub minimum: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;
    use std::vec::Vec;

    #[test]
    fn soa_fields() {
        let owner: Name = "example.".parse().unwrap();
        let mut rdata: Vec<u8> = b"\x02ns\0\x04mail\0".to_vec();
        for number in [2026_u32, 7200, 900, 1_209_600, 300] {
            rdata.extend_from_slice(&number.to_be_bytes());
        }
        let record = Record { owner: owner.as_ref(), rtype: Rtype::SOA, class: Class::IN, ttl: 60, rdata: &rdata };
        let soa = record.soa().unwrap();
        assert_eq!((soa.serial, soa.refresh, soa.retry), (Serial(2026), 7200, 900));
        assert_eq!((soa.expire, soa.minimum), (1_209_600, 300));
        assert!(Record { rdata: &rdata[..rdata.len() - 1], ..record }.soa().is_none());
        let long = [&rdata[..], &[0]].concat();
        assert!(Record { rdata: &long, ..record }.soa().is_none());
    }
}
