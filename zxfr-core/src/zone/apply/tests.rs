//! Tests of applying: a plain map of records is changed alongside.

mod cost;

use super::*;
use crate::zone::testing::{
    APEX, Model, Owned, Random, assert_found, assert_sealed, assert_version, delta, listed, listed_changes, soa,
};
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

/// The lists of a delta say just what differs between two versions.
fn assert_exact(delta: &Delta, old: &Version, new: &Version) {
    let diff = old.diff(new).unwrap();
    assert_eq!(listed_changes(delta.deletions()), listed_changes(diff.deletions()));
    assert_eq!(listed_changes(delta.additions()), listed_changes(diff.additions()));
    assert!(delta.old_soa().is_exactly(&old.soa()) && delta.new_soa().is_exactly(&new.soa()));
}

/// A delta at random, the model changed along.
fn random_delta(random: &mut Random, model: &mut Model, names: usize, ttls: usize, changes: usize) -> [Vec<Owned>; 2] {
    let (mut deletions, mut additions) = (Model::default(), Model::default());
    let before = model.clone();
    for _ in 0..random.below(changes + 1) {
        let mut record = match before.pick(random.below(1 << 30)) {
            Some(record) if random.below(2) == 0 => record,
            _ => random.record(names, ttls),
        };
        if deletions.has(&record) || additions.has(&record) {
            continue;
        }
        match random.below(4) {
            0 if before.has(&record) && ttls > 1 => {
                // Deleted under another TTL or case.
                record.ttl += random.below(2) as u32;
                record.owner = record.owner.replace('n', "N");
                deletions.insert(record.clone());
                model.remove(&record);
            }
            1 if before.has(&record) => {
                deletions.insert(record.clone());
                model.remove(&record);
                // A change of TTL or case, or none.
                record.ttl = if ttls > 1 { 300 + random.below(ttls) as u32 } else { record.ttl };
                record.owner = if random.below(2) == 0 { record.owner.replace('n', "N") } else { record.owner };
                additions.insert(record.clone());
                model.insert(record);
            }
            _ if before.has(&record) => {
                deletions.insert(record.clone());
                model.remove(&record);
            }
            _ => {
                additions.insert(record.clone());
                model.insert(record);
            }
        }
    }
    [deletions, additions].map(|list| list.records.into_values().collect())
}

/// Some history of a zone: deltas applied, pages read, versions settled; everything looked at after each step.
fn run_history(seed: u64, names: usize, first: usize, changes: usize, steps: u32, ttls: usize) {
    let mut random = Random(seed);
    let mut model = Model::of((0..first).map(|_| random.record(names, 1)));
    model.level();
    let mut version = model.version(1);
    for serial in 1..=steps {
        let [deletions, additions] = random_delta(&mut random, &mut model, names, ttls, changes);
        let levelled = model.level();
        let delta = delta(serial, serial + 1, &deletions, &additions);
        let before = listed(&version);
        let applied = version.apply(&delta, BuildLimits::default()).unwrap();
        assert_eq!(applied.ttls_levelled, levelled);
        assert_version(&applied.version, &model, serial + 1);
        assert_exact(&applied.delta, &version, &applied.version);
        assert_eq!(listed(&version), before, "the version before stays as it is");
        for _ in 0..3 {
            if let Some(record) = model.pick(random.below(1 << 30)) {
                assert_found(&applied.version, &record);
            }
        }
        version = match random.below(4) {
            0 => {
                let settled = applied.version.settled();
                assert!(settled.is_settled());
                assert_version(&settled, &model, serial + 1);
                settled
            }
            1 => {
                assert_sealed(&applied.version, &listed(&applied.version));
                applied.version
            }
            2 => {
                // Some pages are read.
                let mut position = Default::default();
                while let Some((_, next)) = applied.version.page(position).filter(|_| random.below(4) > 0) {
                    position = next;
                }
                applied.version
            }
            _ => applied.version,
        };
    }
    assert_sealed(&version, &listed(&version));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn histories_of_small_zones(seed: u64, names in 1usize..60, first in 0usize..80, ttls in 1usize..4) {
        run_history(seed, names, first, 20, 8, ttls);
    }

    #[test]
    fn histories_of_zones_around_a_page(seed: u64, ttls in 1usize..3) {
        run_history(seed, 150, 180, 60, 8, ttls);
    }

    #[test]
    fn a_diff_applied_makes_the_newer(seed: u64, first in 0usize..400, second in 0usize..400) {
        let mut random = Random(seed);
        let models = [first, second].map(|count| Model::of((0..count).map(|_| random.record(300, 1))));
        let [old, new] = [models[0].version(1), models[1].version(2)];
        let applied = old.apply(&old.diff(&new).unwrap(), BuildLimits::default()).unwrap();
        assert_version(&applied.version, &models[1], 2);
        assert_sealed(&applied.version, &listed(&new));
        assert_exact(&applied.delta, &old, &new);
    }
}

/// A delta passes limits if, and only if, the zone that it makes does.
fn run_limits(seed: u64, names: usize, first: usize, changes: usize) {
    let mut random = Random(seed);
    let mut model = Model::of((0..first).map(|_| random.record(names, 1)));
    let with = |records, types| BuildLimits { rrset_records: records, types_per_name: types };
    let fits = |limits: &BuildLimits| model.build(1, *limits).is_ok();
    let types = (1..9).find(|types| fits(&with(u32::MAX, *types))).unwrap();
    let limits = (1..9).map(|records| with(records, types)).find(fits).unwrap();
    let version = model.build(1, limits).unwrap();
    let [deletions, additions] = random_delta(&mut random, &mut model, names, 1, changes);
    let applied = version.apply(&delta(1, 2, &deletions, &additions), limits).map(|_| ()).map_err(|error| error.fault);
    // At two names each with a fault, it is open which is seen first.
    assert_eq!(applied.is_ok(), model.build(2, limits).is_ok(), "{limits:?}, {applied:?}");
}

proptest! {
    #[test]
    fn limits_hold_as_they_do_for_whole_zones(seed: u64, names in 1usize..60, first in 0usize..80) {
        run_limits(seed, names, first, 4);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn limits_hold_in_larger_zones(seed: u64) {
        run_limits(seed, 4_000, 3_000, 3);
    }

    #[test]
    fn histories_of_larger_zones(seed: u64) {
        run_history(seed, 4_000, 6_000, 150, 12, 2);
    }
}

#[test]
fn bulk_in_and_bulk_out() {
    // From almost nothing to many pages and back, through one slot.
    let many = Model::of(
        (0..9_000).map(|number| Owned::new(&format!("x{number}.{APEX}"), 16, 60, &[&[99][..], &[b'x'; 99]].concat())),
    );
    let few = Model::of([Owned::new("www.example.", 1, 60, &[192, 0, 2, 1])]);
    let [small, large] = [few.version(1), many.version(2)];
    let there = small.apply(&small.diff(&large).unwrap(), BuildLimits::default()).unwrap().version;
    assert_version(&there, &many, 2);
    assert_sealed(&there, &listed(&large));
    assert!(there.octets() < large.octets() * 11 / 10, "{} {}", there.octets(), large.octets());
    let small = few.version(3);
    let back = there.apply(&there.diff(&small).unwrap(), BuildLimits::default()).unwrap().version;
    assert_version(&back, &few, 3);
    assert_eq!(back.octets(), small.octets(), "one message again");
}

#[test]
fn many_leaves_come_and_go() {
    let text =
        |number: usize| Owned::new(&format!("x{number:05}.{APEX}"), 16, 60, &[&[249][..], &[b'x'; 249]].concat());
    let mut model = Model::of((0..24_000).step_by(2).map(text));
    let mut version = model.version(1);
    assert!(version.parts.names.leaves().len() > 2);
    // Here and there, all of a stretch, most of the rest, a stretch again, and more within it.
    let steps: [(Vec<usize>, Vec<usize>); 6] = [
        ((0..24_000).step_by(202).collect(), (1..24_000).step_by(404).collect()),
        ((3..20_001).collect(), vec![7, 9_000, 23_999]),
        ((0..24_000).filter(|number| number % 1_000 > 2).collect(), vec![]),
        (vec![], (5_000..15_000).collect()),
        (vec![], (20_000..22_000).collect()),
        ((0..24_000).collect(), vec![24_001]),
    ];
    for ((deleted, added), serial) in steps.into_iter().zip(1..) {
        let deletions: Vec<Owned> = deleted.into_iter().filter_map(|number| model.remove(&text(number))).collect();
        let added = added.into_iter().map(text);
        let additions: Vec<Owned> = added.filter(|record| !model.has(record) && !deletions.contains(record)).collect();
        additions.iter().cloned().for_each(|record| model.insert(record));
        let delta = delta(serial, serial + 1, &deletions, &additions);
        version = version.apply(&delta, BuildLimits::default()).unwrap().version;
        assert_version(&version, &model, serial + 1);
        if serial % 2 == 0 {
            assert_sealed(&version, &listed(&version));
        }
    }
    assert_eq!(version.record_count(), 2);
}

#[test]
fn a_wrong_delta_is_refused() {
    let model = Model::of([Owned::new("www.example.", 1, 60, &[192, 0, 2, 1]), Owned::new(APEX, 2, 60, b"\x02ns\0")]);
    let version = model.version(5);
    let error = |delta: &Delta| version.apply(delta, BuildLimits::default()).unwrap_err();
    let (ours, theirs) = (Serial(5), Serial(4));
    let wrong = error(&delta(4, 6, &[], &[]));
    assert_eq!(wrong.fault, ApplyFault::FirstSerial { ours, theirs });
    assert_eq!(format!("{wrong}"), "example. SOA: a delta from serial 4 on a version of serial 5");
    for (record, text) in [
        (Owned::new("WWW.example.", 1, 9, &[192, 0, 2, 1]), "WWW.example. A: adds a record that is there"),
        (Owned::new(APEX, 2, 60, b"\x02NS\0"), "example. NS: adds a record that is there"),
    ] {
        let wrong = error(&delta(5, 6, &[], &[record]));
        assert_eq!((wrong.fault, format!("{wrong}").as_str()), (ApplyFault::Present, text));
    }
    for (record, text) in [
        (Owned::new("www.example.", 1, 60, &[192, 0, 2, 2]), "www.example. A: deletes a record that isn't there"),
        (Owned::new("ww.example.", 1, 60, &[192, 0, 2, 1]), "ww.example. A: deletes a record that isn't there"),
        (Owned::new(APEX, 16, 60, b"\x01x"), "example. TXT: deletes a record that isn't there"),
        (
            Owned::new("x.example.", 50, 60, &[1, 0, 0, 0, 0, 1, 1]),
            "x.example. NSEC3: deletes a record that isn't there",
        ),
    ] {
        let wrong = error(&delta(5, 6, core::slice::from_ref(&record), &[]));
        assert_eq!((wrong.fault, format!("{wrong}").as_str()), (ApplyFault::Absent, text));
        // Deleting and adding what isn't there is no way round.
        assert_eq!(
            error(&delta(5, 6, core::slice::from_ref(&record), core::slice::from_ref(&record))).fault,
            ApplyFault::Absent
        );
    }
    assert_version(&version, &model, 5);
}

#[test]
fn a_delta_of_another_zone_is_refused() {
    let version = Model::default().version(1);
    let other: Name = "example.org.".parse().unwrap();
    let soa = soa(1);
    let delta = soa.with(|soa| {
        let soa = Record { owner: other.as_ref(), ..*soa };
        crate::zone::DeltaBuilder::new(other.as_ref(), BuildLimits::NONE).finish(&soa, &soa).unwrap()
    });
    assert_eq!(version.apply(&delta, BuildLimits::NONE).unwrap_err().fault, ApplyFault::Apex);
}

#[test]
fn only_the_soa_changes() {
    let model = Model::of((0..2_000).map(|number| Owned::new(&format!("n{number}.{APEX}"), 1, 60, &[1; 4])));
    for model in [&model, &Model::default()] {
        let version = model.version(1);
        let applied = version.apply(&delta(1, 2, &[], &[]), BuildLimits::default()).unwrap();
        assert_version(&applied.version, model, 2);
        assert!(applied.delta.is_empty() && applied.version.is_settled());
    }
}

#[test]
fn what_was_held_is_deleted_and_what_stays_is_left_out() {
    let www = |ttl| Owned::new("www.example.", 1, ttl, &[192, 0, 2, 1]);
    let ns = Owned::new(APEX, 2, 60, b"\x02ns\0");
    let version = Model::of([www(60), ns.clone()]).version(1);
    let upper = Owned { owner: String::from("WWW.Example."), ..www(7) };
    let applied = version.apply(&delta(1, 2, core::slice::from_ref(&upper), &[]), BuildLimits::default()).unwrap();
    assert_eq!(listed_changes(applied.delta.deletions()), [www(60)]);
    let both = [ns.clone(), upper.clone()];
    let applied = version.apply(&delta(1, 2, &both, &both), BuildLimits::default()).unwrap();
    assert_eq!(listed_changes(applied.delta.deletions()), [www(60)]);
    assert_eq!(listed_changes(applied.delta.additions()), [upper]);
    let both = [ns, www(60)];
    let applied = version.apply(&delta(1, 2, &both, &both), BuildLimits::default()).unwrap();
    assert!(applied.delta.is_empty());
    // The SOA that was held is the one that goes, whatever the delta says of its other fields.
    let mut builder = crate::zone::DeltaBuilder::new(version.apex(), BuildLimits::NONE);
    www(60).with(|record| builder.delete(record)).unwrap();
    let delta = soa(1).with(|from| soa(2).with(|to| builder.finish(&Record { ttl: 1, ..*from }, to))).unwrap();
    let applied = version.apply(&delta, BuildLimits::default()).unwrap();
    assert_eq!((applied.delta.old_soa().ttl, applied.delta.record_count()), (3600, 1));
}

/// An RRset over several pages, among others.
fn many_addresses() -> Model {
    let address = |number: u32| Owned::new("many.example.", 1, 60, &(number * 2).to_be_bytes());
    let mut model = Model::of((0..6_000).map(address));
    for owner in ["a.example.", "many.example.", "z.example."] {
        model.insert(Owned::new(owner, 16, 60, b"\x01x"));
        model.insert(Owned::new(owner, 46, 60, &[&[0, 1][..], &[0; 16], b"\x07example\0\0"].concat()));
    }
    model
}

#[test]
fn ttls_are_levelled_across_pages() {
    let mut model = many_addresses();
    let mut version = model.version(1);
    assert!(version.parts.names.totals().records > 6_000 && version.octets() > 4 * 16_384);
    for (serial, number, ttl) in [(1, 3_000_u32, 50), (2, 0, 70), (3, 5_999, 40), (4, 11, 40)] {
        let record = Owned::new("many.example.", 1, ttl, &(number * 2 + 1).to_be_bytes());
        model.insert(record.clone());
        let levelled = model.level();
        assert_eq!(levelled, u64::from(serial < 4));
        let applied = version.apply(&delta(serial, serial + 1, &[], &[record]), BuildLimits::default()).unwrap();
        assert_eq!(applied.ttls_levelled, levelled);
        assert_version(&applied.version, &model, serial + 1);
        assert_exact(&applied.delta, &version, &applied.version);
        version = applied.version;
    }
    // Signatures keep their own (RFC 4034 §3).
    let signature = Owned::new("a.example.", 46, 5, &[&[0, 2][..], &[0; 16], b"\x07example\0\0"].concat());
    model.insert(signature.clone());
    let applied = version.apply(&delta(5, 6, &[], &[signature]), BuildLimits::default()).unwrap();
    assert_eq!(applied.ttls_levelled, 0);
    assert_version(&applied.version, &model, 6);
}

#[test]
fn limits_hold_across_pages() {
    let version = many_addresses().version(1);
    let fault = |record: Owned, limits| {
        version.apply(&delta(1, 2, &[], &[record]), limits).map(|_| ()).map_err(|error| error.fault)
    };
    let limits = |rrset_records, types_per_name| BuildLimits { rrset_records, types_per_name };
    for number in [0_u32, 3_001, 11_999] {
        let address = Owned::new("many.example.", 1, 60, &(number | 1).to_be_bytes());
        assert_eq!(fault(address.clone(), limits(6_000, 100)), Err(ApplyFault::Build(BuildFault::RrsetRecords(6_000))));
        assert_eq!(fault(address, limits(6_001, 3)), Ok(()), "that it has three types was so before");
    }
    for owner in ["a.example.", "many.example.", "z.example."] {
        let types = if owner == "many.example." { 3 } else { 2 };
        let error = Err(ApplyFault::Build(BuildFault::TypesPerName(types)));
        for services in [&[0_u8][..], &[1, 2], &[3, 4, 5]] {
            let services: Vec<_> = services.iter().map(|data| Owned::new(owner, 65_280, 60, &[*data])).collect();
            let fault = |types| {
                let applied = version.apply(&delta(1, 2, &[], &services), limits(6_000, types));
                applied.map(|_| ()).map_err(|error| error.fault)
            };
            assert_eq!([fault(types), fault(types + 1)], [error, Ok(())], "{owner} {services:?}");
        }
    }
    let apex = Owned::new(APEX, 2, 60, b"\x02ns\0");
    assert_eq!(fault(apex, limits(6_000, 1)), Err(ApplyFault::Build(BuildFault::TypesPerName(1))));
}

#[test]
fn types_are_counted_across_pages_of_few_records() {
    let typed = |rtype: u16| Owned::new("big.example.", 65_280 + rtype, 60, &[7; 6_000]);
    let version = Model::of((0..12).map(|number| typed(number * 2))).version(1);
    for rtype in [1, 6, 11, 22, 25].map(|number| typed(number | 1)) {
        let delta = delta(1, 2, &[], &[rtype]);
        let fault = |types_per_name| {
            let limits = BuildLimits { types_per_name, ..BuildLimits::NONE };
            version.apply(&delta, limits).map(|_| ()).map_err(|error| error.fault)
        };
        assert_eq!([fault(12), fault(13)], [Err(ApplyFault::Build(BuildFault::TypesPerName(12))), Ok(())]);
    }
}

#[test]
fn large_records_stand_alone() {
    let large = |fill: u8, len| Owned::new("n5.example.", 65_281, 60, &vec![fill; len]);
    let mut random = Random(3);
    let mut model = Model::of((0..600).map(|_| random.record(300, 1)));
    let mut version = model.version(1);
    let steps = [
        (vec![], vec![large(1, 60_000)]),
        (vec![], vec![large(2, 65_490), large(0, 16_384)]),
        (vec![large(2, 65_490)], vec![large(3, 16_300)]),
        (vec![large(1, 60_000), large(0, 16_384), large(3, 16_300)], vec![]),
    ];
    for ((deletions, additions), serial) in steps.into_iter().zip(1..) {
        deletions.iter().for_each(|record| assert!(model.remove(record).is_some()));
        additions.iter().cloned().for_each(|record| model.insert(record));
        let applied =
            version.apply(&delta(serial, serial + 1, &deletions, &additions), BuildLimits::default()).unwrap();
        assert_version(&applied.version, &model, serial + 1);
        let largest = model.records.values().map(|record| record.rdata.len()).max().unwrap();
        let bound = applied.version.largest_page();
        assert!(bound <= (largest + 12 + 12 + 10).max(16_383), "{bound} for {largest}");
        assert_sealed(&applied.version, &listed(&applied.version));
        version = applied.version;
    }
}

#[test]
fn untouched_pages_are_shared() {
    let model = Model::of((0..20_000).map(|number| Owned::new(&format!("n{number}.{APEX}"), 1, 60, &[1; 4])));
    let version = model.version(1);
    let pages = |version: &Version| {
        let mut position = Default::default();
        let mut found = Vec::new();
        while let Some((page, next)) = version.page(position) {
            found.push(page.octets().as_ptr());
            position = next;
        }
        found
    };
    let record = Owned::new("n777.example.", 1, 60, &[1; 4]);
    let mut newer = model.clone();
    newer.remove(&record);
    let (merged, delta) = version.merge(newer.version(2)).unwrap();
    assert_eq!((listed_changes(delta.deletions()), delta.record_count()), (vec![record], 1));
    assert_version(&merged, &newer, 2);
    let [before, after] = [pages(&version), pages(&merged)];
    // Only the head and one other are new.
    assert_eq!(after.iter().filter(|page| !before.contains(page)).count(), 2);
    let (same, delta) = version.merge(model.version(1)).unwrap();
    assert!(delta.is_empty() && same.is_settled());
    assert_version(&same, &model, 1);
    let other = Model::of((0..9_000).map(|number| Owned::new(&format!("m{number}.{APEX}"), 1, 60, &[1; 4])));
    let (merged, delta) = version.merge(other.version(3)).unwrap();
    assert_eq!(delta.record_count(), 29_000);
    assert_version(&merged, &other, 3);
}
