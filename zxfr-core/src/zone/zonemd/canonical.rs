//! What is digested of a zone, and how: the scheme SIMPLE (RFC 8976 §3.3).

use super::{DigestOctets, Digester, HashAlgorithm};
use crate::wire::rdata::write_canonical;
use crate::wire::{Record, Rtype};
use crate::zone::builder::in_nsec3_run;
use crate::zone::version::{PagePosition, Run, Version};
use alloc::vec::Vec;

/// The hash function gets octets by about so many, whatever the size of records.
const PART: usize = 8 * 1024;

impl Version {
    /// The digest of this version: scheme SIMPLE (RFC 8976 §3.3). `None` when `D` doesn't have the algorithm.
    ///
    /// Each record counts once, glue and what a delegation or DNAME occludes, too; the ZONEMD RRset of the apex and its
    /// signatures are left out. TTLs count as they are held, which is levelled within an RRset.
    #[must_use]
    pub fn zone_digest<D: Digester>(&self, algorithm: HashAlgorithm) -> Option<DigestOctets> {
        let mut hash = D::start(algorithm)?;
        let mut part = Vec::with_capacity(PART);
        each_in_order(self, |record| {
            write(record, &mut part);
            if part.len() >= PART {
                hash.update(&part);
                part.clear();
            }
        });
        hash.update(&part);
        Some(hash.finish())
    }
}

/// Shows the records that are digested, in canonical order: in its pages a version has the SOA first and NSEC3 last.
fn each_in_order(version: &Version, mut visit: impl FnMut(&Record<'_>)) {
    let apex = version.apex();
    let is_hashed = |record: &Record<'_>| in_nsec3_run(apex, record);
    let mut names = version.records();
    let mut here = names.next();
    let mut soa = Some(version.soa());
    while let Some(record) = here.filter(|record| record.owner.len() == apex.len()) {
        if record.rtype > Rtype::SOA
            && let Some(soa) = soa.take()
        {
            visit(&soa);
        }
        if record.rtype != Rtype::SOA && !is_left_out(&record) {
            visit(&record);
        }
        here = names.next();
    }
    if let Some(soa) = soa {
        visit(&soa);
    }
    here = here.filter(|record| !is_hashed(record));
    // A small zone is all head, so what is hashed has to be looked for.
    let mut hashed = if version.parts.whole {
        version.records()
    } else {
        version.records_from(PagePosition { run: Run::Nsec3, ..PagePosition::default() })
    };
    let mut there = hashed.next();
    while there.is_some_and(|record| !is_hashed(&record)) {
        there = hashed.next();
    }
    loop {
        let names_first = match (&here, &there) {
            (Some(record), Some(other)) => record.canonical_cmp(other).is_lt(),
            (record, _) => record.is_some(),
        };
        if names_first {
            here.iter().for_each(&mut visit);
            here = names.next().filter(|record| !is_hashed(record));
        } else if let Some(record) = &there {
            visit(record);
            there = hashed.next();
        } else {
            break;
        }
    }
}

/// Whether a record of the apex is ZONEMD or a signature of it, which are not digested (RFC 8976 §3.3.1.1).
fn is_left_out(record: &Record<'_>) -> bool {
    let covers = || record.rdata.first_chunk() == Some(&Rtype::ZONEMD.0.to_be_bytes());
    record.rtype == Rtype::ZONEMD || record.rtype == Rtype::RRSIG && covers()
}

/// Appends a record in canonical form (RFC 4034 §6.2).
fn write(record: &Record<'_>, octets: &mut Vec<u8>) {
    let start = octets.len();
    octets.extend_from_slice(record.owner.as_octets());
    // Octets that tell lengths are below 64, and so no letters.
    octets.get_mut(start..).unwrap_or_default().make_ascii_lowercase();
    // RDATA has at most 65,535 octets, and as many in canonical form.
    let length = u16::try_from(record.rdata.len()).unwrap_or(u16::MAX);
    octets.extend_from_slice(&record.rtype.0.to_be_bytes());
    octets.extend_from_slice(&record.class.0.to_be_bytes());
    octets.extend_from_slice(&record.ttl.to_be_bytes());
    octets.extend_from_slice(&length.to_be_bytes());
    write_canonical(record.rtype, record.rdata, |part| octets.extend_from_slice(part));
}
