//! A set of records as a number, whatever order they come in.

use std::hash::{DefaultHasher, Hasher};

use zxfr_benches::tld::{Change, Tld};
use zxfr_core::wire::Record;

/// How many records there are, and the sum of their hashes. What is added can be taken away, so that a zone, a difference
/// and the next version of the zone can be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// The records.
    pub(crate) count: i64,
    sum: u64,
}

impl Fingerprint {
    /// Of a version of the zone.
    pub(crate) fn of(zone: &Tld, version: u32) -> Self {
        let mut all = Self::default();
        zone.each(version, |record| all.add(record));
        all
    }

    /// Of what a version deletes from the one before, and of what it adds, SOAs left out.
    pub(crate) fn of_changes(zone: &Tld, version: u32) -> [Self; 2] {
        let [mut deleted, mut added] = [Self::default(); 2];
        zone.changes(version, |change, record| match change {
            Change::Deleted => deleted.add(record),
            Change::Added => added.add(record),
        });
        [deleted, added]
    }

    /// Takes a record in; owners are the same in any case.
    pub(crate) fn add(&mut self, record: &Record<'_>) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(hash(record));
    }
}

fn hash(record: &Record<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut owner = [0; 255];
    let octets = record.owner.as_octets();
    owner[..octets.len()].copy_from_slice(octets);
    owner[..octets.len()].make_ascii_lowercase();
    hasher.write(&owner[..octets.len()]);
    hasher.write_u64(u64::from(record.rtype.0) << 32 | u64::from(record.ttl));
    hasher.write(record.rdata);
    hasher.finish()
}
