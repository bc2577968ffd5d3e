//! Deltas to measure with.

use zxfr_core::name::Name;
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Delta, DeltaBuilder, Version};

use crate::zone::{Zone, apex};

/// A day's changes to delegations: half of `size` records are NS RRsets that are deleted, as many are added, for half of these
/// owners and for as many new ones. They lie evenly over the zone that `zone` is or that is a part of `version`.
///
/// # Panics
/// When the zone has too few delegations.
#[must_use]
pub fn delegations(zone: &Zone, version: &Version, size: usize) -> Delta {
    let records = zone.records();
    let outside = |record: &&Record<'_>| record.rtype == Rtype::NS && record.owner != apex();
    let servers: Vec<_> = records.iter().filter(outside).collect();
    let sets: Vec<_> = servers.chunk_by(|a, b| a.owner == b.owner).filter(|set| set.len() == 2).collect();
    let mut delta = DeltaBuilder::new(apex(), BuildLimits::default());
    for number in 0..size / 4 {
        let set = sets[number * sets.len() / (size / 4)];
        for server in set {
            delta.delete(server).expect("a record of the zone");
        }
        let owner: Name = match number % 2 {
            0 => set[0].owner.to_name(),
            // No label of these zones has a digit.
            _ => format!("{}{number}.tld.", set[0].owner.labels().next().map_or("", label)).parse().expect("a name"),
        };
        for server in ["ns1", "ns2"] {
            let target: Name = format!("{server}.other{}.example.", number % 97).parse().expect("a name");
            let (owner, rdata) = (owner.as_ref(), target.as_octets());
            let added = Record { owner, rtype: Rtype::NS, class: Class::IN, ttl: 86_400, rdata };
            delta.add(&added).expect("a record of the zone");
        }
    }
    let soa = version.soa();
    let mut rdata = soa.rdata.to_vec();
    let serial = rdata.len() - 20;
    rdata[serial..serial + 4].copy_from_slice(&(version.serial().0 + 1).to_be_bytes());
    delta.finish(&soa, &Record { rdata: &rdata, ..soa }).expect("a delta")
}

fn label(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).expect("letters")
}
