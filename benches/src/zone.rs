//! Zones to measure with: the same octets in every run.

use zxfr_core::name::{Name, NameRef};
use zxfr_core::wire::{Class, Record, Rtype};

/// The apex of all of them.
pub const APEX: &[u8] = b"\x03tld\0";

/// How many hosting companies serve the delegations.
const HOSTERS: u64 = 2_000;

/// A zone's records, SOA first, the others in canonical order.
pub struct Zone {
    records: Vec<Owned>,
}

struct Owned {
    owner: Name,
    rtype: Rtype,
    ttl: u32,
    rdata: Vec<u8>,
}

impl Owned {
    fn new(owner: &str, rtype: Rtype, ttl: u32, rdata: impl Into<Vec<u8>>) -> Self {
        Self { owner: name(owner), rtype, ttl, rdata: rdata.into() }
    }

    fn record(&self) -> Record<'_> {
        let Self { owner, rtype, ttl, rdata } = self;
        Record { owner: owner.as_ref(), rtype: *rtype, class: Class::IN, ttl: *ttl, rdata }
    }
}

impl Zone {
    /// Like a top-level domain's: delegations with two NS, one in five with a DS, one in twenty with its name servers inside
    /// itself. It has `size` records, and up to four more.
    #[must_use]
    pub fn tld(size: usize) -> Self {
        let mut random = Random::new(1);
        let mut records = apex_node();
        while records.len() < size {
            let owner = format!("{}.tld.", random.label(3, 15));
            let inside = random.below(20) == 0;
            for server in ["ns1", "ns2"] {
                let host = if inside { format!("{server}.{owner}") } else { random.host(server) };
                if inside {
                    records.push(Owned::new(&host, Rtype::A, 86_400, random.octets(4)));
                }
                records.push(Owned::new(&owner, Rtype::NS, 86_400, name(&host).as_octets()));
            }
            if random.below(5) == 0 {
                records.push(ds(&owner, &mut random));
            }
        }
        Self::of(records)
    }

    /// Where most records are DNSSEC's: delegations with two NS, DS, NSEC3 and the signatures of these. It has `size`
    /// records, and up to five more.
    #[must_use]
    pub fn signed(size: usize) -> Self {
        let mut random = Random::new(2);
        let mut records = apex_node();
        while records.len() < size {
            let owner = format!("{}.tld.", random.label(3, 15));
            for server in ["ns1", "ns2"] {
                let host = random.host(server);
                records.push(Owned::new(&owner, Rtype::NS, 86_400, name(&host).as_octets()));
            }
            records.push(ds(&owner, &mut random));
            records.push(rrsig(&owner, Rtype::DS, &mut random));
            let hash: String =
                (0..32).map(|_| char::from(b"0123456789abcdefghijklmnopqrstuv"[random.below(32)])).collect();
            let hashed = format!("{hash}.tld.");
            // SHA-1, no flags, no iterations, no salt; NS, DS and RRSIG.
            let nsec3 = [&[1, 0, 0, 0, 0, 20][..], &random.octets(20), &[0, 6, 0x20, 0, 0, 0, 0, 0x12]].concat();
            records.push(Owned::new(&hashed, Rtype::NSEC3, 900, nsec3));
            records.push(rrsig(&hashed, Rtype::NSEC3, &mut random));
        }
        Self::of(records)
    }

    fn of(mut records: Vec<Owned>) -> Self {
        if let Some((_soa, others)) = records.split_first_mut() {
            others.sort_by(|a, b| a.record().canonical_cmp(&b.record()));
        }
        records.dedup_by(|a, b| a.record().canonical_cmp(&b.record()).is_eq());
        Self { records }
    }

    /// The records, the SOA once and first.
    #[must_use]
    pub fn records(&self) -> Vec<Record<'_>> {
        self.records.iter().map(Owned::record).collect()
    }
}

/// The name of all these zones.
#[must_use]
pub fn apex() -> NameRef<'static> {
    NameRef::from_octets(APEX).expect("a name")
}

/// Records as servers send them that keep an owner's types or RDATA in an order of their own, and a few owners out of order.
#[must_use]
pub fn nearly_sorted<'z>(records: &[Record<'z>]) -> Vec<Record<'z>> {
    let mut random = Random::new(3);
    let mut records = records.to_vec();
    if let Some((_soa, others)) = records.split_first_mut() {
        others.chunk_by_mut(|a, b| a.owner == b.owner).for_each(<[Record<'_>]>::reverse);
        for _ in 0..others.len() / 100 {
            let (one, other) = (random.below(others.len()), random.below(others.len()));
            others.swap(one, other);
        }
    }
    records
}

/// Records in no order (Fisher and Yates), but the SOA first.
#[must_use]
pub fn shuffled<'z>(records: &[Record<'z>]) -> Vec<Record<'z>> {
    let mut random = Random::new(4);
    let mut records = records.to_vec();
    for at in (2..records.len()).rev() {
        records.swap(at, 1 + random.below(at));
    }
    records
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn apex_node() -> Vec<Owned> {
    let numbers = [7, 1800, 900, 604_800, 900_u32].map(u32::to_be_bytes).concat();
    let soa = [name("a.nic.tld.").as_octets(), name("hostmaster.nic.tld.").as_octets(), &numbers].concat();
    let ns = |host: &str| Owned::new("tld.", Rtype::NS, 86_400, name(host).as_octets());
    vec![Owned::new("tld.", Rtype::SOA, 900, soa), ns("a.nic.tld."), ns("b.nic.tld.")]
}

fn ds(owner: &str, random: &mut Random) -> Owned {
    Owned::new(owner, Rtype::DS, 3600, [random.octets(2), vec![13, 2], random.octets(32)].concat())
}

/// A signature as ECDSA P-256 makes them.
fn rrsig(owner: &str, covered: Rtype, random: &mut Random) -> Owned {
    let numbers = [3600, 1_800_000_000, 1_790_000_000_u32].map(u32::to_be_bytes).concat();
    let fixed = [&covered.0.to_be_bytes()[..], &[13, 2], &numbers, &[0x12, 0x34]].concat();
    Owned::new(owner, Rtype::RRSIG, 3600, [fixed, APEX.to_vec(), random.octets(64)].concat())
}

/// SplitMix64: enough randomness for measurements, the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub(crate) fn octets(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }

    /// Letters, `least` or more and fewer than `limit`.
    fn label(&mut self, least: usize, limit: usize) -> String {
        let length = least + self.below(limit - least);
        (0..length).map(|_| char::from(b'a' + self.below(26) as u8)).collect()
    }

    /// A name server; few hosters have most of the delegations.
    fn host(&mut self, server: &str) -> String {
        let share = self.next() >> 48;
        let skewed = (((share * share) >> 16) * ((share * share) >> 16)) >> 16;
        format!("{server}.host{}.example.", (skewed * HOSTERS) >> 16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::version;

    #[test]
    fn zones_are_whole_in_any_order() {
        for zone in [Zone::tld(3_000), Zone::signed(3_000)] {
            let records = zone.records();
            assert!((3_000..3_006).contains(&records.len()), "{}", records.len());
            let sorted = version(&records);
            for order in [nearly_sorted(&records), shuffled(&records)] {
                assert!(!order.iter().zip(&records).all(|(a, b)| a.is_exactly(b)));
                let other = version(&order);
                assert_eq!((other.record_count(), other.octets()), (sorted.record_count(), sorted.octets()));
            }
        }
    }
}
