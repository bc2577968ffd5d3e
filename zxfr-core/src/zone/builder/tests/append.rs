//! Builders of parts, put together, make what one builder makes of all.

use super::*;

/// What one builder makes of the parts one after the other, and what a builder for each part makes.
type Built = Result<(Vec<Owned>, Summary), BuildFault>;

fn both(parts: &[&[Owned]], limits: BuildLimits) -> (Built, Built) {
    let apex: Name = "example.".parse().unwrap();
    let push = |builder: &mut Builder, records: &[Owned]| {
        records.iter().try_for_each(|record| builder.push(&record.record()).map(|_| ()))
    };
    let finish = |builder: Result<Builder, BuildError>| {
        let (version, summary) = builder.and_then(Builder::finish).map_err(|error| error.fault)?;
        crate::zone::testing::assert_directories(&version);
        Ok((listed(&version), summary))
    };
    let one = || {
        let mut builder = Builder::new(apex.as_ref(), limits);
        parts.iter().try_for_each(|part| push(&mut builder, part))?;
        Ok(builder)
    };
    let joined = || {
        let mut builder = Builder::new(apex.as_ref(), limits);
        for part in parts {
            let mut later = Builder::new(apex.as_ref(), limits);
            push(&mut later, part)?;
            builder.append(later)?;
        }
        Ok(builder)
    };
    (finish(one()), finish(joined()))
}

fn assert_same(parts: &[&[Owned]]) -> Built {
    let (one, joined) = both(parts, BuildLimits::default());
    assert_eq!(one, joined);
    one
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn parts_in_any_order_make_the_same_zone(
        mut records in prop::collection::vec(any_record(), 0..120),
        at in prop::array::uniform4(0usize..120),
        sorted in any::<bool>(),
    ) {
        if sorted {
            records.sort_by(|a, b| a.record().canonical_cmp(&b.record()));
        }
        let [soa_at, cuts @ ..] = at.map(|at| at.min(records.len()));
        records.insert(soa_at, soa("example."));
        let mut cuts = cuts;
        cuts.sort_unstable();
        let parts = [&records[..cuts[0]], &records[cuts[0]..cuts[1]], &records[cuts[1]..cuts[2]], &records[cuts[2]..]];
        let (one, joined) = both(&parts, BuildLimits::default());
        let ((one, noticed), (joined, noticed_in_parts)) = (one.unwrap(), joined.unwrap());
        prop_assert_eq!(noticed, noticed_in_parts);
        prop_assert_eq!(one.len(), joined.len());
        for (one, joined) in one.iter().zip(&joined) {
            prop_assert_eq!(one, joined);
        }
    }

    #[test]
    fn limits_hold_over_all_parts(records in prop::collection::vec(any_record(), 0..40), at in 0usize..40) {
        let mut records = records;
        records.sort_by(|a, b| a.record().canonical_cmp(&b.record()));
        records.push(soa("example."));
        let (front, back) = records.split_at(at.min(records.len()));
        let (one, joined) = both(&[front, back], BuildLimits { rrset_records: 2, types_per_name: 2 });
        // Which limit is seen first is another matter.
        prop_assert_eq!(one.ok(), joined.ok());
    }
}

fn host(number: u32, ttl: u32, octet: u8) -> Owned {
    Owned::new(&std::format!("n{number:05}.example."), Rtype::TXT, ttl, &[&[99][..], &[octet; 99]].concat())
}

#[test]
fn pages_of_a_part_behind_are_moved() {
    let records: Vec<Owned> = [soa("example.")].into_iter().chain((0..2_000).map(|n| host(n, 60, b'x'))).collect();
    let (front, back) = records.split_at(1_000);
    let (listed, summary) = assert_same(&[front, back]).unwrap();
    assert_eq!((listed.len(), summary), (2_001, Summary::default()));
    let (late, _) = assert_same(&[&records[..1], &records[1_500..], &records[1..1_600]]).unwrap();
    assert_eq!(late.len(), 2_001);
}

#[test]
fn an_owner_on_both_sides_is_joined() {
    // Many pages of one RRset, cut in its midst, with a duplicate and differing TTLs on both sides; others around it.
    let mut records = std::vec![soa("example."), host(0, 60, b'x')];
    records.extend((0..250).map(|octet| host(1, 60 + u32::from(octet % 2), octet)));
    records.extend((0..250).map(|octet| host(1, 59 + u32::from(octet % 2), octet)));
    records.extend((2..900).map(|n| host(n, 60, b'x')));
    for cut in [2, 3, 100, 251, 252, 253, 400, 501, 502, 503] {
        let (front, back) = records.split_at(cut);
        let (listed, summary) = assert_same(&[front, back]).unwrap();
        assert_eq!((listed.len(), summary.duplicates, summary.ttls_levelled), (1_150, 250, 1));
        // A duplicate's TTL doesn't count.
        assert!(listed.iter().all(|record| record.ttl == 3_600 || record.ttl == 60));
        assert_eq!(summary.odd_rrsets, [("n00001.example.".parse().unwrap(), Rtype::TXT)]);
    }
}

#[test]
fn the_apex_is_one_node() {
    let ns = |host: &str| Owned::new("example.", Rtype::NS, 60, host.parse::<Name>().unwrap().as_octets());
    let outside = Owned::new("example.org.", Rtype::A, 1, &[1; 4]);
    let (front, back) = ([soa("example."), ns("b.example.")], [ns("a.example."), soa("EXAMPLE."), outside]);
    let (listed, summary) = assert_same(&[&front, &back]).unwrap();
    assert_eq!(listed, [soa("example."), ns("a.example."), ns("b.example.")]);
    assert_eq!((summary.duplicates, summary.out_of_zone), (1, 1));
    let mut other = soa("example.");
    other.rdata[10] ^= 1;
    assert_eq!(assert_same(&[&front, &[other]]), Err(BuildFault::SecondSoa));
    assert_eq!(assert_same(&[&front[1..], &back[..1]]), Err(BuildFault::NoSoa));
}

#[test]
fn the_first_odd_rrsets_are_named() {
    let twice = |number| [host(number, 60, b'x'), host(number, 60, b'x')];
    let records: Vec<Owned> = [soa("example.")].into_iter().chain((0..1_500).flat_map(twice)).collect();
    let (_, summary) = build(&records).unwrap();
    assert_eq!((summary.duplicates, summary.odd_rrsets.len()), (1_500, 1_000));
    assert!(summary.odd_rrsets.is_sorted());
}
