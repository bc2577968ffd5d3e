//! The RDATA of a ZONEMD record.

use super::{Digester, HashAlgorithm};
use crate::serial::Serial;
use crate::wire::{Class, Record, Rtype};
use crate::zone::Version;
use alloc::vec::Vec;

/// The number of the scheme SIMPLE (RFC 8976 §5.2), the only one there is.
pub const SIMPLE: u8 = 1;

/// A digest has at least so many octets (RFC 8976 §2.2.4).
pub const MIN_DIGEST: usize = 12;

/// The fields of a ZONEMD record (RFC 8976 §2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zonemd {
    /// The serial of the zone that was digested.
    pub serial: Serial,
    /// How the zone was put in order; [`SIMPLE`] or one that isn't known here.
    pub scheme: u8,
    /// The number of the hash algorithm, known or not.
    pub hash: u8,
    /// The digest, of any length.
    pub digest: Vec<u8>,
}

impl Zonemd {
    /// Reads the RDATA; `None` when it has no room for the fields before the digest.
    #[must_use]
    pub fn read(rdata: &[u8]) -> Option<Self> {
        let (serial, rest) = rdata.split_first_chunk()?;
        let (&[scheme, hash], digest) = rest.split_first_chunk()?;
        Some(Self { serial: Serial(u32::from_be_bytes(*serial)), scheme, hash, digest: digest.into() })
    }

    /// The RDATA.
    #[must_use]
    pub fn rdata(&self) -> Vec<u8> {
        let mut rdata = Vec::with_capacity(self.digest.len().saturating_add(6));
        rdata.extend_from_slice(&self.serial.0.to_be_bytes());
        rdata.extend_from_slice(&[self.scheme, self.hash]);
        rdata.extend_from_slice(&self.digest);
        rdata
    }

    /// The hash algorithm, when scheme and hash are known here.
    #[must_use]
    pub fn algorithm(&self) -> Option<HashAlgorithm> {
        HashAlgorithm::of(self.hash).filter(|_| self.scheme == SIMPLE)
    }
}

impl Version {
    /// The ZONEMD that this version should have: its serial, the scheme SIMPLE, the digest. `None` when `D` doesn't have the
    /// algorithm.
    ///
    /// A host that publishes it puts [`Version::zonemd_record`] in the place of the ZONEMD RRset at the apex, with the same
    /// SOA; the digest doesn't change by that. In a signed zone the type bit maps and signatures at the apex do count, so these
    /// must already say that there is a ZONEMD.
    #[must_use]
    pub fn zonemd<D: Digester>(&self, algorithm: HashAlgorithm) -> Option<Zonemd> {
        let digest = self.zone_digest::<D>(algorithm)?.as_slice().into();
        Some(Zonemd { serial: self.serial(), scheme: SIMPLE, hash: algorithm.number(), digest })
    }

    /// A ZONEMD record of this zone with this RDATA, and the TTL of the SOA.
    #[must_use]
    pub fn zonemd_record<'r>(&'r self, rdata: &'r [u8]) -> Record<'r> {
        Record { owner: self.apex(), rtype: Rtype::ZONEMD, class: Class::IN, ttl: self.soa().ttl, rdata }
    }
}
