//! What verifying a version says (RFC 8976 §4).

use super::{Digester, HashAlgorithm, Zonemd};
use crate::serial::Serial;
use crate::wire::Rtype;
use crate::zone::Version;
use alloc::vec::Vec;
use core::fmt;

/// What the ZONEMD records of a version say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One of them has the digest of the zone.
    Verified(HashAlgorithm),
    /// The apex has no ZONEMD record.
    Absent,
    /// There are some, and none verifies.
    Failed(Failure),
}

/// Why no ZONEMD record verifies a version. With several records it is the reason of the one that came furthest, the last of
/// these variants before the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The digest is of another version (§4).
    Serial {
        /// The serial that the record has.
        theirs: Serial,
        /// That of the SOA.
        soa: Serial,
    },
    /// Scheme or hash algorithm is not known here (§4).
    Unknown {
        /// The scheme.
        scheme: u8,
        /// The hash algorithm.
        hash: u8,
    },
    /// Several records have the same scheme and hash algorithm, so none of these may be used (§2.2).
    Repeated(HashAlgorithm),
    /// The digest is shorter or longer than those of its algorithm (§2.2.4).
    Length {
        /// The hash algorithm.
        algorithm: HashAlgorithm,
        /// The octets of digest that there are.
        octets: usize,
    },
    /// The zone has another digest: records are missing, too many or changed (§4).
    Mismatch(HashAlgorithm),
}

impl Failure {
    /// How far a record came that has this reason.
    const fn reached(self) -> u8 {
        match self {
            Self::Serial { .. } => 0,
            Self::Unknown { .. } => 1,
            Self::Repeated(_) => 2,
            Self::Length { .. } => 3,
            Self::Mismatch(_) => 4,
        }
    }
}

impl Version {
    /// Verifies this version by its own ZONEMD records: it is verified when one of them is right, whatever the others are.
    ///
    /// The zone is only walked where everything else about a record is right, once for each hash algorithm at most.
    #[must_use]
    pub fn verify_zonemd<D: Digester>(&self) -> Verdict {
        let mut rrset = self.rrset(self.apex(), Rtype::ZONEMD);
        let mut records = Vec::new();
        while let Some(record) = rrset.next() {
            // What a zone holds has the shape of its type.
            records.extend(Zonemd::read(record.rdata));
        }
        let mut furthest: Option<Failure> = None;
        for record in &records {
            match self.verify_one::<D>(record, &records) {
                Ok(algorithm) => return Verdict::Verified(algorithm),
                Err(failure) if furthest.is_none_or(|other| other.reached() < failure.reached()) => {
                    furthest = Some(failure);
                }
                Err(_) => {}
            }
        }
        furthest.map_or(Verdict::Absent, Verdict::Failed)
    }

    /// Verifies by one record among all.
    fn verify_one<D: Digester>(&self, record: &Zonemd, all: &[Zonemd]) -> Result<HashAlgorithm, Failure> {
        let &Zonemd { serial, scheme, hash, ref digest } = record;
        if serial != self.serial() {
            return Err(Failure::Serial { theirs: serial, soa: self.serial() });
        }
        let unknown = Failure::Unknown { scheme, hash };
        let algorithm = record.algorithm().ok_or(unknown)?;
        if all.iter().filter(|other| (other.scheme, other.hash) == (scheme, hash)).count() > 1 {
            return Err(Failure::Repeated(algorithm));
        }
        if digest.len() != algorithm.digest_len() {
            return Err(Failure::Length { algorithm, octets: digest.len() });
        }
        let computed = self.zone_digest::<D>(algorithm).ok_or(unknown)?;
        if *computed == **digest { Ok(algorithm) } else { Err(Failure::Mismatch(algorithm)) }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verified(algorithm) => write!(f, "ZONEMD verified with {algorithm}"),
            Self::Absent => f.write_str("no ZONEMD record at the apex"),
            Self::Failed(failure) => write!(f, "ZONEMD not verified: {failure}"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial { theirs, soa } => {
                write!(f, "it is of serial {}, the SOA has {}", theirs.0, soa.0)
            }
            Self::Unknown { scheme, hash } => write!(f, "scheme {scheme} with hash algorithm {hash} is not known"),
            Self::Repeated(algorithm) => write!(f, "several records have scheme 1 and {algorithm}"),
            Self::Length { algorithm, octets } => {
                write!(f, "a digest of {octets} octets, {algorithm} has {}", algorithm.digest_len())
            }
            Self::Mismatch(algorithm) => write!(f, "the zone has another {algorithm} digest"),
        }
    }
}

impl core::error::Error for Failure {}
