//! Zones and records to test with.

use super::{Edit, Rules};
use crate::name::Name;
use crate::wire::rdata::write_canonical;
use crate::wire::{Class, Record, Rtype};
use crate::zone::{BuildLimits, Builder, Change, Delta, Version};
use std::collections::BTreeSet;
use std::string::{String, ToString};
use std::sync::Arc;
use std::vec::Vec;

/// A record that owns what it has, of any class.
#[derive(Clone, Debug)]
pub(crate) struct Rr {
    pub(crate) owner: Name,
    pub(crate) rtype: Rtype,
    pub(crate) class: Class,
    pub(crate) ttl: u32,
    pub(crate) rdata: Vec<u8>,
}

impl Rr {
    pub(crate) fn record(&self) -> Record<'_> {
        let Self { owner, rtype, class, ttl, rdata } = self;
        Record { owner: owner.as_ref(), rtype: *rtype, class: *class, ttl: *ttl, rdata }
    }
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn rr(owner: &str, rtype: Rtype, ttl: u32, rdata: &[u8]) -> Rr {
    Rr { owner: name(owner), rtype, class: Class::IN, ttl, rdata: rdata.to_vec() }
}

pub(crate) fn a(owner: &str, last: u8) -> Rr {
    rr(owner, Rtype::A, 300, &[192, 0, 2, last])
}

/// A record whose RDATA is a name.
pub(crate) fn to(owner: &str, rtype: Rtype, target: &str) -> Rr {
    rr(owner, rtype, 300, name(target).as_octets())
}

pub(crate) fn soa(serial: u32) -> Rr {
    let numbers = [serial, 3600, 600, 86_400, 60].map(u32::to_be_bytes).concat();
    rr("example.", Rtype::SOA, 3600, &[b"\x02ns\x07example\0\x04mail\x07example\0", &numbers[..]].concat())
}

/// A zone with one NS and these records.
pub(crate) fn zone(serial: u32, records: &[Rr]) -> Arc<Version> {
    let mut all = std::vec![to("example.", Rtype::NS, "ns.example.")];
    all.extend_from_slice(records);
    bare_zone(serial, &all)
}

pub(crate) fn bare_zone(serial: u32, records: &[Rr]) -> Arc<Version> {
    let mut builder = Builder::new(name("example.").as_ref(), BuildLimits::NONE);
    builder.push_checked(&soa(serial).record()).unwrap();
    for record in records {
        builder.push_checked(&record.record()).unwrap();
    }
    Arc::new(builder.finish().unwrap().0)
}

pub(crate) fn edit(version: &Arc<Version>) -> Edit {
    Edit::new(version.clone(), Rules::default())
}

/// A record as it is compared: no case, canonical RDATA.
pub(crate) type Listed = (String, u16, Vec<u8>, u32);

pub(crate) fn of(record: &Record<'_>) -> Listed {
    let mut rdata = Vec::new();
    write_canonical(record.rtype, record.rdata, |octets| rdata.extend_from_slice(octets));
    (record.owner.to_string().to_ascii_lowercase(), record.rtype.0, rdata, record.ttl)
}

/// All records but the SOA.
pub(crate) fn listed(version: &Version) -> BTreeSet<Listed> {
    let mut records = version.records();
    let mut listed = BTreeSet::new();
    while let Some(record) = records.next() {
        if record.rtype != Rtype::SOA {
            assert!(listed.insert(of(&record)));
        }
    }
    listed
}

/// All octets of a version, record by record.
fn exactly(version: &Version) -> Vec<(Listed, Vec<u8>, Vec<u8>)> {
    let mut records = version.records();
    let mut all = Vec::new();
    while let Some(record) = records.next() {
        all.push((of(&record), record.owner.as_octets().to_vec(), record.rdata.to_vec()));
    }
    all
}

pub(crate) fn sizes(delta: &Delta) -> (u64, u64) {
    let (mut deletions, mut additions) = (delta.deletions(), delta.additions());
    let (mut deleted, mut added) = (0, 0);
    while deletions.next().is_some() {
        deleted += 1;
    }
    while additions.next().is_some() {
        added += 1;
    }
    (deleted, added)
}

/// A change says what it did: its one delta, applied to what was held, makes its version, and is no larger than it must be.
pub(crate) fn assert_change(held: &Arc<Version>, change: &Change) {
    assert!(change.held.as_ref().is_some_and(|was| Arc::ptr_eq(was, held)));
    let [delta] = &change.deltas[..] else { panic!("{change:?}") };
    assert_eq!((delta.from(), delta.to()), (held.serial(), change.version.serial()));
    assert!(delta.to().is_newer_than(delta.from()));
    let again = held.apply(delta, BuildLimits::NONE).unwrap();
    assert_eq!(exactly(&again.version), exactly(&change.version));
    assert_eq!(sizes(delta), sizes(&held.diff(&change.version).unwrap()));
    assert_eq!(change.summary.ttls_levelled, 0);
}
