//! What a server holds of a zone, and every version that there ever was of it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use zxfr_core::name::Name;
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Builder, Version};

use crate::network::Random;

pub(crate) const REFRESH: u32 = 3600;
pub(crate) const RETRY: u32 = 600;
pub(crate) const EXPIRE: u32 = 86_400;

/// All versions of a zone, by serial: whoever publishes a serial publishes the same.
pub(crate) struct Library {
    apex: Name,
    random: Random,
    addresses: BTreeMap<u32, u32>,
    versions: BTreeMap<u32, Arc<Version>>,
}

impl Library {
    pub(crate) fn new(apex: &Name, seed: u64, records: u32) -> Self {
        let addresses = (0..records).map(|host| (host, host)).collect();
        Self { apex: apex.clone(), random: Random(seed), addresses, versions: BTreeMap::new() }
    }

    /// The version with this serial; made of the one that was made last, when there is none.
    pub(crate) fn version(&mut self, serial: u32) -> Arc<Version> {
        if !self.versions.contains_key(&serial) {
            for _ in 0..1 + self.random.below(6) {
                let host = self.random.below(200) as u32;
                let gone = self.random.chance(300) && self.addresses.remove(&host).is_some();
                if !gone {
                    self.addresses.insert(host, self.random.next() as u32);
                }
            }
            self.versions.insert(serial, Arc::new(build(&self.apex, serial, &self.addresses)));
        }
        self.versions[&serial].clone()
    }

    /// Whether this is octet for octet what was published under its serial.
    pub(crate) fn has(&self, version: &Version) -> bool {
        self.versions.get(&version.serial().0).is_some_and(|ours| digest(ours) == digest(version))
    }
}

fn build(apex: &Name, serial: u32, addresses: &BTreeMap<u32, u32>) -> Version {
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
    let mut push = |owner: &Name, rtype, rdata: &[u8]| {
        let record = Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 300, rdata };
        builder.push(&record).unwrap();
    };
    let mut soa = b"\x02ns\0\x04mail\0".to_vec();
    for number in [serial, REFRESH, RETRY, EXPIRE, 300] {
        soa.extend_from_slice(&number.to_be_bytes());
    }
    push(apex, Rtype::SOA, &soa);
    push(apex, Rtype::NS, b"\x02ns\0");
    for (host, address) in addresses {
        let owner: Name = format!("host{host}.{apex}").parse().unwrap();
        push(&owner, Rtype::A, &address.to_be_bytes());
    }
    builder.finish().unwrap().0
}

fn digest(version: &Version) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut records = version.records();
    while let Some(record) = records.next() {
        record.owner.as_octets().hash(&mut hasher);
        (record.rtype.0, record.ttl, record.rdata).hash(&mut hasher);
    }
    hasher.finish()
}
