//! Zones to test with: a plain map of records beside every version.

use super::builder::in_nsec3_run;
use super::key;
use super::page::MAX_PAGE;
use super::slot::Totals;
use super::{BuildError, BuildLimits, Builder, Delta, DeltaBuilder, DeltaRecords, PagePosition, Version};
use crate::name::Name;
use crate::wire::{Class, Message, Record, Rtype, Scratch};
use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

pub(super) const APEX: &str = "example.";

/// A record that owns what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owned {
    pub(super) owner: String,
    pub(super) rtype: Rtype,
    pub(super) ttl: u32,
    pub(super) rdata: Vec<u8>,
}

impl Owned {
    pub(super) fn new(owner: &str, rtype: u16, ttl: u32, rdata: &[u8]) -> Self {
        Self { owner: owner.into(), rtype: Rtype(rtype), ttl, rdata: rdata.to_vec() }
    }

    pub(super) fn of(record: &Record<'_>) -> Self {
        Self { owner: format!("{}", record.owner), rtype: record.rtype, ttl: record.ttl, rdata: record.rdata.to_vec() }
    }

    pub(super) fn with<T>(&self, f: impl FnOnce(&Record<'_>) -> T) -> T {
        let owner: Name = self.owner.parse().unwrap();
        f(&Record { owner: owner.as_ref(), rtype: self.rtype, class: Class::IN, ttl: self.ttl, rdata: &self.rdata })
    }

    /// Where it stands in a zone: part, then sort key.
    fn place(&self) -> Place {
        let apex: Name = APEX.parse().unwrap();
        self.with(|record| {
            let mut sort_key = Vec::new();
            key::push_record(&mut sort_key, record);
            let at_apex = record.owner.len() == apex.as_ref().len();
            (!at_apex, in_nsec3_run(apex.as_ref(), record), sort_key)
        })
    }
}

type Place = (bool, bool, Vec<u8>);

/// The records of a zone without its SOA, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) records: BTreeMap<Place, Owned>,
}

impl Model {
    pub(super) fn of(records: impl IntoIterator<Item = Owned>) -> Self {
        Self { records: records.into_iter().map(|record| (record.place(), record)).collect() }
    }

    pub(super) fn insert(&mut self, record: Owned) {
        self.records.insert(record.place(), record);
    }

    pub(super) fn remove(&mut self, record: &Owned) -> Option<Owned> {
        self.records.remove(&record.place())
    }

    pub(super) fn has(&self, record: &Owned) -> bool {
        self.records.contains_key(&record.place())
    }

    /// The record of this number.
    pub(super) fn pick(&self, number: usize) -> Option<Owned> {
        self.records.values().nth(number % self.records.len().max(1)).cloned()
    }

    /// Gives each RRset its lowest TTL, and says how many needed that.
    pub(super) fn level(&mut self) -> u64 {
        let mut sets = BTreeMap::<(String, Rtype), (u32, u32)>::new();
        let set = |record: &Owned| (record.owner.to_ascii_lowercase(), record.rtype);
        for record in self.records.values().filter(|record| record.rtype != Rtype::RRSIG) {
            let ttls = sets.entry(set(record)).or_insert((u32::MAX, 0));
            *ttls = (ttls.0.min(record.ttl), ttls.1.max(record.ttl));
        }
        for record in self.records.values_mut() {
            if let Some((lowest, _)) = sets.get(&set(record)) {
                record.ttl = *lowest;
            }
        }
        sets.values().filter(|(lowest, highest)| lowest < highest).count() as u64
    }

    pub(super) fn version(&self, serial: u32) -> Version {
        self.build(serial, BuildLimits::NONE).unwrap()
    }

    pub(super) fn build(&self, serial: u32, limits: BuildLimits) -> Result<Version, BuildError> {
        let apex: Name = APEX.parse().unwrap();
        let mut builder = Builder::new(apex.as_ref(), limits);
        soa(serial).with(|soa| builder.push(soa))?;
        for record in self.records.values() {
            record.with(|record| builder.push(record))?;
        }
        Ok(builder.finish()?.0)
    }
}

pub(super) fn soa(serial: u32) -> Owned {
    let numbers = [serial, 3600, 600, 86_400, 60].map(u32::to_be_bytes).concat();
    Owned::new(APEX, 6, 3600, &[b"\x02ns\x07example\0\x04mail\x07example\0", &numbers[..]].concat())
}

pub(super) fn delta(from: u32, to: u32, deletions: &[Owned], additions: &[Owned]) -> Delta {
    let apex: Name = APEX.parse().unwrap();
    let mut builder = DeltaBuilder::new(apex.as_ref(), BuildLimits::NONE);
    for record in deletions {
        record.with(|record| builder.delete(record)).unwrap();
    }
    for record in additions {
        record.with(|record| builder.add(record)).unwrap();
    }
    soa(from).with(|from| soa(to).with(|to| builder.finish(from, to))).unwrap()
}

pub(super) fn listed(version: &Version) -> Vec<Owned> {
    let mut records = version.records();
    let mut listed = Vec::new();
    while let Some(record) = records.next() {
        listed.push(Owned::of(&record));
    }
    listed
}

pub(super) fn listed_changes(mut records: DeltaRecords<'_>) -> Vec<Owned> {
    let mut listed = Vec::new();
    while let Some(record) = records.next() {
        listed.push(Owned::of(&record));
    }
    listed
}

/// What a version says of itself holds, read from its pages, and these have the records.
pub(super) fn assert_sealed(version: &Version, expected: &[Owned]) {
    let mut position = PagePosition::default();
    let (mut found, mut pages, mut last) = (Vec::new(), 0_u64, Place::default());
    while let Some((page, next)) = version.page(position) {
        Message::new(page.octets()).unwrap().layout().unwrap();
        assert_eq!(Message::new(page.octets()).unwrap().header().answers, page.records());
        assert!(page.len() <= version.largest_page(), "{} of {}", page.len(), version.largest_page());
        assert!(page.len() <= MAX_PAGE || page.records() == 1);
        let (mut records, mut scratch) = (page.first(), Scratch::new());
        let from = found.len();
        while let Some(record) = records.next(page.octets(), &mut scratch).unwrap() {
            found.push(Owned::of(&record));
        }
        if let Some(first) = found.get(from).filter(|first| first.rtype != Rtype::SOA) {
            let place = first.place();
            assert_eq!(place.2, page.key());
            assert!(last < place, "pages in order");
            last = place;
        }
        position = next;
        pages += 1;
    }
    assert!(pages > 0);
    assert_eq!(found, expected);
}

/// A version has just what a model has, however it is read.
pub(super) fn assert_version(version: &Version, model: &Model, serial: u32) {
    let expected: Vec<Owned> = [soa(serial)].into_iter().chain(model.records.values().cloned()).collect();
    assert_directories(version);
    assert_eq!(version.serial().0, serial);
    assert_eq!(version.record_count(), expected.len() as u64);
    assert_eq!(listed(version), expected);
}

/// The directories of a version are in order, and their leaves neither empty nor too long.
pub(super) fn assert_directories(version: &Version) {
    for directory in [&version.parts.names, &version.parts.nsec3] {
        let slots: Vec<_> = directory.leaves().iter().flat_map(|leaf| leaf.slots()).collect();
        assert!(directory.leaves().iter().all(|leaf| (1..=128).contains(&leaf.slots().len())));
        assert!(slots.is_sorted_by(|a, b| a.key() < b.key()));
        assert!(slots.iter().all(|slot| slot.totals().records > 0));
        assert_eq!(directory.totals(), Totals::default().plus(slots.iter().map(|slot| slot.totals())));
    }
}

/// An RRset is found by name and type.
pub(super) fn assert_found(version: &Version, record: &Owned) {
    record.with(|record| {
        let mut rrset = version.rrset(record.owner, record.rtype);
        let mut found = 0;
        while let Some(other) = rrset.next() {
            assert!(other.owner == record.owner && other.rtype == record.rtype);
            found += usize::from(other.is_exactly(record));
        }
        assert_eq!(found, 1, "{record:?}");
    });
}

/// Numbers without a pattern, the same in every run (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ mixed >> 31) % limit.max(1) as u64).unwrap()
    }

    /// A record of a zone with up to `names` names. RRsets at one name have one TTL unless `ttls` is more than 1.
    pub(super) fn record(&mut self, names: usize, ttls: usize) -> Owned {
        let number = self.below(names);
        let hash: String =
            (0..32).map(|digit| char::from(b"0123456789abcdefghijklmnopqrstuv"[(number + digit) % 32])).collect();
        let (owner, rtype) = match number % 16 {
            0 => (String::from(APEX), [2, 16][self.below(2)]),
            1 => (format!("{number}{hash}.{APEX}"), [50, 46][self.below(2)]),
            2 => (format!("Sub.n{number}.{APEX}"), [1, 46][self.below(2)]),
            _ => (format!("n{number}.{APEX}"), [1, 2, 16, 28, 46, 65_280][self.below(6)]),
        };
        let data = self.below(4) as u8;
        let rdata = match rtype {
            1 => vec![192, 0, 2, data],
            2 => [&[1, b'a' + data][..], b"\x07example\0"].concat(),
            16 => [&[60 + data][..], &vec![b'x'; usize::from(60 + data)]].concat(),
            28 => vec![data; 16],
            46 => {
                let covered = if number % 16 == 1 { 50 } else { 1 };
                [&[0, covered, 13, data][..], &[0; 14], b"\x07example\0", &[data; 64]].concat()
            }
            50 => vec![1, 0, 0, 0, 0, 1, data, 0, 1, 0x40],
            _ => vec![data; usize::from(data) * 3],
        };
        let ttl = if ttls > 1 { 300 + self.below(ttls) as u32 } else { 300 + u32::from(rtype) };
        Owned { owner, rtype: Rtype(rtype), ttl, rdata }
    }
}
