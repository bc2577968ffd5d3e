//! Tests of building: any order in, one zone out.

mod append;

use super::*;
use crate::wire::Message;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::string::{String, ToString};
use std::vec::Vec;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Owned {
    owner: Name,
    rtype: Rtype,
    ttl: u32,
    rdata: Vec<u8>,
}

impl Owned {
    fn new(owner: &str, rtype: Rtype, ttl: u32, rdata: &[u8]) -> Self {
        Self { owner: owner.parse().unwrap(), rtype, ttl, rdata: rdata.to_vec() }
    }

    fn record(&self) -> Record<'_> {
        Record { owner: self.owner.as_ref(), rtype: self.rtype, class: Class::IN, ttl: self.ttl, rdata: &self.rdata }
    }
}

fn soa(apex: &str) -> Owned {
    let rdata = [b"\x02ns\0\x04mail\0".as_slice(), &7_u32.to_be_bytes(), &[0; 16]].concat();
    Owned::new(apex, Rtype::SOA, 3600, &rdata)
}

fn build(records: &[Owned]) -> Result<(Version, Summary), BuildError> {
    let apex: Name = "example.".parse().unwrap();
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
    for record in records {
        builder.push(&record.record())?;
    }
    builder.finish()
}

fn listed(version: &Version) -> Vec<Owned> {
    let mut records = version.records();
    let mut listed = Vec::new();
    while let Some(Record { owner, rtype, ttl, rdata, .. }) = records.next() {
        listed.push(Owned { owner: owner.to_name(), rtype, ttl, rdata: rdata.to_vec() });
    }
    listed
}

/// What a version must list: no duplicates, the lowest TTL of each RRset, head, names, NSEC3.
fn expected(records: &[Owned]) -> Vec<Owned> {
    let mut lowest = BTreeMap::new();
    let mut sorted: Vec<Owned> = Vec::new();
    for record in records {
        if !sorted.iter().any(|other| other.record().canonical_cmp(&record.record()).is_eq()) {
            sorted.push(record.clone());
            let ttl = lowest.entry((record.owner.clone(), record.rtype)).or_insert(record.ttl);
            *ttl = record.ttl.min(*ttl);
        }
    }
    let apex = |record: &Owned| record.owner.as_octets().len() == b"\x07example\0".len();
    let part = |record: &Owned| match () {
        () if record.rtype == Rtype::SOA => 0,
        () if apex(record) => 1,
        () if !is_nsec3(&record.record()) => 2,
        () => 3,
    };
    sorted.sort_by(|a, b| part(a).cmp(&part(b)).then_with(|| a.record().canonical_cmp(&b.record())));
    for record in &mut sorted {
        if record.rtype != Rtype::RRSIG {
            record.ttl = lowest[&(record.owner.clone(), record.rtype)];
        }
    }
    sorted
}

fn any_record() -> impl Strategy<Value = Owned> {
    let owner = "([a-cA-C]\\.){0,2}example\\.";
    let target = "([a-c]\\.){0,2}example\\.".prop_map(|name| name.parse::<Name>().unwrap().as_octets().to_vec());
    let signature = [[0; 17].as_slice(), b"\0\x01s\0x"].concat();
    let nsec3_signature = [[0, 50].as_slice(), &signature[2..]].concat();
    let data = prop_oneof![
        any::<[u8; 4]>().prop_map(|octets| (Rtype::A, octets.to_vec())),
        target.prop_map(|octets| (Rtype::NS, octets)),
        prop::collection::vec(any::<u8>(), 0..6).prop_map(|octets| (Rtype(65_280), octets)),
        Just((Rtype::RRSIG, signature)),
        Just((Rtype::RRSIG, nsec3_signature)),
        Just((Rtype::NSEC3, [1, 0, 0, 0, 0, 1, 9].to_vec())),
        (0_u8..4).prop_map(|fill| (Rtype(65_281), std::vec![fill; 9_000])),
    ];
    (owner, data, 0_u32..3).prop_map(|(owner, (rtype, rdata), ttl)| Owned::new(&owner, rtype, ttl, &rdata))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_gives_the_sorted_zone(mut records in prop::collection::vec(any_record(), 0..80), at in 0usize..80) {
        records.insert(at.min(records.len()), soa("example."));
        let (version, summary) = build(&records).unwrap();
        let expected = expected(&records);
        prop_assert_eq!(listed(&version), &expected[..]);
        prop_assert_eq!(version.record_count(), expected.len() as u64);
        prop_assert_eq!(summary.duplicates, (records.len() - expected.len()) as u64);
        for record in &expected {
            let mut rrset = version.rrset(record.owner.as_ref(), record.rtype);
            let mut found = 0;
            while let Some(other) = rrset.next() {
                prop_assert!(other.owner == record.owner.as_ref() && other.rtype == record.rtype);
                found += usize::from(other.rdata == record.rdata);
            }
            prop_assert_eq!(found, 1, "{:?}", record);
        }
        let absent: Name = "zz.example.".parse().unwrap();
        prop_assert!(version.rrset(absent.as_ref(), Rtype::A).next().is_none());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    // Owners that differ in case alone are one name; each record keeps the case of its own, and of equal ones the first's stays.
    #[test]
    fn owners_keep_their_case(records in prop::collection::vec(("[bB]", 0_u8..3, 0_u8..4), 1..20)) {
        let owner = |label: &str| std::format!("{label}.example.");
        let owned = |(label, rtype, data): &(String, u8, u8)| {
            Owned::new(&owner(label), Rtype(65_280 + u16::from(*rtype)), 1, &[*data])
        };
        let mut all = std::vec![soa("example.")];
        all.extend(records.iter().map(owned));
        let (version, _) = build(&all).unwrap();
        let mut first = BTreeMap::new();
        for record in &all[1..] {
            first.entry((record.rtype, record.rdata.clone())).or_insert_with(|| record.owner.to_string());
        }
        let kept: Vec<_> = listed(&version).into_iter().skip(1).map(|it| ((it.rtype, it.rdata), it.owner.to_string())).collect();
        prop_assert_eq!(kept, first.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn ttls_of_duplicates_do_not_count() {
    let records = [
        soa("example."),
        Owned::new("b.example.", Rtype(65_280), 1, b""),
        Owned::new("c.example.", Rtype(65_280), 1, b""),
        Owned::new("b.example.", Rtype(65_280), 0, b""),
        Owned::new("b.example.", Rtype(65_280), 1, b"\0"),
    ];
    let (version, summary) = build(&records).unwrap();
    assert_eq!(listed(&version), expected(&records));
    assert_eq!((summary.duplicates, summary.ttls_levelled), (1, 0));
}

#[test]
fn every_page_is_a_message_within_its_size() {
    let mut records = std::vec![soa("example.")];
    for number in 0..5_000 {
        let target: Name = std::format!("ns{}.hoster{}.test.", number % 7, number % 31).parse().unwrap();
        records.push(Owned::new(&std::format!("d{number}.example."), Rtype::NS, 60, target.as_octets()));
    }
    let (version, _) = build(&records).unwrap();
    let mut position = Default::default();
    let mut pages = 0;
    while let Some((page, next)) = version.page(position) {
        let message = Message::new(page.octets()).unwrap();
        message.layout().unwrap();
        assert_eq!(message.header().answers, page.records());
        assert!(page.octets().len() <= crate::zone::page::MAX_PAGE);
        position = next;
        pages += 1;
    }
    assert!(pages > 3, "{pages}");
    assert_eq!(listed(&version), expected(&records));
}

#[test]
fn shuffled_zones_pass_through_several_runs() {
    // More than a chunk of late records, in a scrambled order without a pattern that sorting would like.
    let mut records = std::vec![soa("example.")];
    let mut state = 1_u32;
    for _ in 0..60_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let owner = std::format!("n{}.example.", state >> 8);
        records.push(Owned::new(&owner, Rtype::TXT, 60, &[&[99][..], &[b'x'; 99]].concat()));
    }
    let (shuffled, summary) = build(&records).unwrap();
    records[1..].sort_by(|a, b| a.record().canonical_cmp(&b.record()));
    let (sorted, _) = build(&records).unwrap();
    assert!(listed(&shuffled) == listed(&sorted));
    assert_eq!(summary.duplicates + shuffled.record_count(), 60_001);
    assert_eq!(shuffled.octets(), sorted.octets());
}

#[test]
fn large_records_and_rrsets() {
    let mut records = std::vec![soa("example.")];
    records.push(Owned::new("big.example.", Rtype(65_280), 60, &[7; 65_000]));
    for number in 0..20_000_u32 {
        records.push(Owned::new("many.example.", Rtype::A, 60 + number % 3, &number.to_be_bytes()));
    }
    records.push(Owned::new("z.example.", Rtype::A, 5, &[1; 4]));
    let (version, summary) = build(&records).unwrap();
    assert_eq!(summary.ttls_levelled, 1);
    assert_eq!(listed(&version), expected_sorted(&records));
    let too_large = Owned::new("big.example.", Rtype(65_280), 60, &[7; 65_530]);
    let error = build(&[soa("example."), too_large]).unwrap_err();
    assert_eq!(error.fault, BuildFault::Large);
}

/// For records that are sorted and have no duplicates.
fn expected_sorted(records: &[Owned]) -> Vec<Owned> {
    let mut records = records.to_vec();
    for record in records.iter_mut().filter(|record| record.owner.to_string().starts_with("many")) {
        record.ttl = 60;
    }
    records
}

#[test]
fn refuses_what_is_no_zone() {
    let a = |class| {
        let record = Owned::new("a.example.", Rtype::A, 1, &[1, 2, 3, 4]);
        let mut builder = Builder::new(record.owner.as_ref(), BuildLimits::default());
        builder.push(&Record { class, ..record.record() }).map_err(|error| error.fault)
    };
    assert_eq!(a(Class::CH), Err(BuildFault::Class(Class::CH)));
    assert_eq!(a(Class::IN), Ok(Pushed::Taken));
    let fault = |records: &[Owned]| build(records).unwrap_err().fault;
    let host = Owned::new("a.example.", Rtype::A, 1, &[1, 2, 3, 4]);
    assert_eq!(fault(core::slice::from_ref(&host)), BuildFault::NoSoa);
    assert_eq!(fault(&[soa("a.example.")]), BuildFault::SoaOffApex);
    let mut other = soa("example.");
    other.rdata[10] ^= 1;
    assert_eq!(fault(&[soa("example."), other]), BuildFault::SecondSoa);
    assert_eq!(fault(&[Owned::new("a.example.", Rtype::A, 1, &[1])]), BuildFault::Rdata);
    assert_eq!(fault(&[Owned::new("a.example.", Rtype::TSIG, 1, &[1])]), BuildFault::MetaType);
    let (version, summary) =
        build(&[soa("example."), Owned::new("example.org.", Rtype::A, 1, &[1; 4]), soa("EXAMPLE.")]).unwrap();
    assert_eq!((summary.out_of_zone, summary.duplicates, version.record_count()), (1, 1, 1));
}

#[test]
fn limits_hold_in_any_order() {
    let limits = BuildLimits { rrset_records: 3, types_per_name: 2 };
    let run = |records: &[Owned]| {
        let apex: Name = "example.".parse().unwrap();
        let mut builder = Builder::new(apex.as_ref(), limits);
        for record in records {
            builder.push(&record.record())?;
        }
        builder.finish().map(|_| ())
    };
    let fault = |records: &[Owned]| run(records).map_err(|error| error.fault);
    let mut records: Vec<Owned> = (0..4_u8).map(|number| Owned::new("a.example.", Rtype::A, 1, &[number; 4])).collect();
    records.push(soa("example."));
    assert_eq!(fault(&records), Err(BuildFault::RrsetRecords(3)));
    assert_eq!(fault(&records[1..]), Ok(()));
    records.insert(2, Owned::new("b.example.", Rtype::A, 1, &[1; 4]));
    assert_eq!(fault(&records), Err(BuildFault::RrsetRecords(3)));
    let types: Vec<Owned> = [1_u16, 28, 29]
        .map(|rtype| Owned::new("a.example.", Rtype(rtype), 1, if rtype == 1 { &[1; 4] } else { &[1; 16] }))
        .into_iter()
        .chain([soa("example.")])
        .collect();
    assert_eq!(fault(&types), Err(BuildFault::TypesPerName(2)));
    assert_eq!(fault(&types[1..]), Ok(()));
}

#[test]
fn names_keep_their_case() {
    let records = [
        soa("Example."),
        Owned::new("Host.eXample.", Rtype::NS, 1, b"\x02NS\x07eXAMPLE\0"),
        Owned::new("host.example.", Rtype::TXT, 1, b"\x01x"),
    ];
    let (version, _) = build(&records).unwrap();
    let text: Vec<String> = listed(&version).iter().map(|record| record.owner.to_string()).collect();
    assert_eq!(text, ["Example.", "Host.eXample.", "host.example."]);
    assert_eq!(listed(&version)[1].rdata, b"\x02NS\x07eXAMPLE\0");
}
