//! A delta applied in halves does what it does whole.

use super::*;
use crate::zone::testing::{APEX, Model, Owned, Random, assert_version, delta, listed, listed_changes};
use crate::zone::{Applied, Version};
use proptest::prelude::*;
use std::format;
use std::string::String;
use std::vec::Vec;

/// A large record, so that a few hundred of them take more than a leaf.
fn record(number: usize, nsec3: bool, ttl: u32) -> Owned {
    let filled = |start: &[u8]| [start, &[7; 5_000]].concat();
    if nsec3 {
        let digits = [number / 100 % 10, number / 10 % 10, number % 10];
        let hash: String = digits.iter().cycle().take(32).map(|digit| format!("{digit}")).collect();
        let signature = [&[0, 50, 13, 1][..], &[0; 14], b"\x07example\0"].concat();
        return Owned::new(&format!("{hash}.{APEX}"), 46, ttl, &filled(&signature));
    }
    Owned::new(&format!("n{number:03}.{APEX}"), 65_280, ttl, &filled(&[(number % 3) as u8]))
}

/// A zone, and a delta of it that is large enough for two.
fn zone(seed: u64, mostly_nsec3: bool, apart: usize) -> (Model, Version, [Vec<Owned>; 2]) {
    let mut random = Random(seed);
    let own = Owned::new(APEX, 16, 60, &[3, b'o', b'l', b'd']);
    let held = (0..900).step_by(2).map(|number| record(number, mostly_nsec3, 60));
    let others = (0..20).map(|number| record(number, !mostly_nsec3, 60));
    let mut model = Model::of(held.chain(others).chain([own.clone()]));
    let version = model.version(1);
    model.remove(&own);
    let new = Owned::new(APEX, 16, 60, &[3, b'n', b'e', b'w']);
    model.insert(new.clone());
    let (mut deletions, mut additions) = (Vec::from([own]), Vec::from([new]));
    for number in 0..900 {
        if random.below(apart) > 0 {
            continue;
        }
        let before = record(number, mostly_nsec3, 60);
        if model.remove(&before).is_some() {
            // What is deleted is found under another TTL, too.
            deletions.push(Owned { ttl: 60 + random.below(2) as u32, ..before.clone() });
        }
        if number % 2 == 1 || random.below(3) == 0 {
            // The same again, and what has another TTL now.
            let after = Owned { ttl: 60 + random.below(2) as u32, ..before };
            model.insert(after.clone());
            additions.push(after);
        }
    }
    (model, version, [deletions, additions])
}

/// On two threads, one after the other, the later one first, or left to who asked for it.
const WAYS: [Both; 4] = [
    |first, second| {
        std::thread::scope(|scope| {
            scope.spawn(second);
            first();
        });
    },
    |first, second| {
        first();
        second();
    },
    |first, second| {
        second();
        second();
        first();
        first();
    },
    |_, _| {},
];

fn assert_same(one: &Applied, other: &Applied) {
    assert_eq!(listed(&one.version), listed(&other.version));
    assert_eq!(one.ttls_levelled, other.ttls_levelled);
    assert_eq!(one.version.octets(), other.version.octets());
    for list in [Delta::deletions, Delta::additions] {
        assert_eq!(listed_changes(list(&one.delta)), listed_changes(list(&other.delta)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn halves_do_what_the_whole_does(seed: u64, nsec3: bool, apart in 1usize..7) {
        let (model, version, [deletions, additions]) = zone(seed, nsec3, apart);
        let delta = delta(1, 2, &deletions, &additions);
        let limits = BuildLimits::default();
        let opened = version.parts.open(version.apex());
        let [early, late] = Portion::halves(&delta, &opened).expect("it is large enough");
        let mut all = listed_changes(early.deletions);
        prop_assert!(!all.is_empty() && all.len() < deletions.len());
        all.extend(listed_changes(late.deletions));
        prop_assert_eq!(all, listed_changes(delta.deletions()));
        let mut all = listed_changes(early.additions);
        all.extend(listed_changes(late.additions));
        prop_assert_eq!(all, listed_changes(delta.additions()));
        let whole = version.apply(&delta, limits).unwrap();
        assert_version(&whole.version, &model, 2);
        for both in WAYS {
            let halved = version.apply_in_two(&delta, limits, both).unwrap();
            assert_version(&halved.version, &model, 2);
            assert_same(&whole, &halved);
        }
    }

    #[test]
    fn the_first_fault_is_told(seed: u64, nsec3: bool, at in prop::collection::vec(0usize..900, 1..3)) {
        let (model, version, [deletions, mut additions]) = zone(seed, nsec3, 3);
        // What is there is added.
        let there = |number: &usize| Some(record(*number, nsec3, 60)).filter(|record| model.has(record));
        let kept = |record: &Owned| !deletions.contains(record) && !additions.iter().any(|other| other.owner == record.owner);
        let wrong: Vec<Owned> = at.iter().filter_map(there).filter(kept).collect();
        prop_assume!(!wrong.is_empty());
        let wrong = Model::of(wrong).records.into_values();
        additions.extend(wrong.filter(|record| !deletions.iter().any(|other| other.owner == record.owner)));
        let delta = delta(1, 2, &deletions, &additions);
        let whole = version.apply(&delta, BuildLimits::default()).map(|applied| listed(&applied.version));
        for both in WAYS {
            let halved = version.apply_in_two(&delta, BuildLimits::default(), both);
            prop_assert_eq!(&halved.map(|applied| listed(&applied.version)), &whole);
        }
    }
}

#[test]
fn a_small_delta_is_not_halved() {
    let (_, version, _) = zone(1, false, 3);
    let delta = delta(1, 2, &[record(4, false, 60)], &[record(5, false, 60)]);
    let opened = version.parts.open(version.apex());
    assert!(Portion::halves(&delta, &opened).is_none());
}
