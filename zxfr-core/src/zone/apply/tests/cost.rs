//! Tests of what versions cost after many deltas, beside versions that were just built.

use super::*;

/// A delegation with its data by number; about as names and hosts are spread in a real zone.
fn delegation(number: usize) -> Owned {
    let target = format!("\u{3}ns{}\u{6}host{:02}\u{4}test\0", number % 3, number % 89);
    Owned::new(&format!("d{:x}.{APEX}", number.wrapping_mul(0x9e37_79b1) % 0xff_ffff), 2, 60, target.as_bytes())
}

/// Octets and memory stay within a tenth of what the same zone takes when it is new, edited or settled.
fn assert_cheap(version: &Version, model: &Model, serial: u32) {
    let (fresh, as_it_is) = (model.version(serial), version.heap_octets());
    let settled = version.settled();
    assert_version(&settled, model, serial);
    assert!(settled.octets() * 10 <= fresh.octets() * 11, "octets: {} of {}", settled.octets(), fresh.octets());
    for (what, heap) in [("settled", settled.heap_octets()), ("as it is", as_it_is)] {
        assert!(heap * 10 <= fresh.heap_octets() * 11, "memory, {what}: {heap} of {}", fresh.heap_octets());
    }
}

/// Deletes and adds so many delegations at random in each of some deltas.
fn churn(model: &mut Model, steps: u32, deleted: usize, added: usize) -> Version {
    let mut random = Random(7);
    let mut version = model.version(1);
    let mut present: Vec<Owned> = model.records.values().cloned().collect();
    for serial in 1..=steps {
        let (mut deletions, mut additions) = (Vec::new(), Model::default());
        for _ in 0..deleted.min(present.len()) {
            let record = present.swap_remove(random.below(present.len()));
            model.remove(&record);
            deletions.push(record);
        }
        for _ in 0..added {
            let record = delegation(random.below(1 << 40));
            if !model.has(&record) && !deletions.iter().any(|other| other.owner == record.owner) {
                additions.insert(record);
            }
        }
        for record in additions.records.values() {
            model.insert(record.clone());
            present.push(record.clone());
        }
        let additions: Vec<Owned> = additions.records.into_values().collect();
        let delta = delta(serial, serial + 1, &deletions, &additions);
        version = version.apply(&delta, BuildLimits::default()).unwrap().version;
    }
    version
}

#[test]
fn a_zone_that_stays_as_large_costs_as_when_new() {
    let mut model = Model::of((0..12_000).map(delegation));
    let version = churn(&mut model, 200, 150, 150);
    assert!(!version.is_settled());
    assert_cheap(&version, &model, 201);
}

#[test]
fn a_zone_that_grows_costs_as_when_new() {
    let mut model = Model::of((0..500).map(delegation));
    let version = churn(&mut model, 100, 10, 160);
    assert!(model.records.len() > 14_000);
    assert_cheap(&version, &model, 101);
}

#[test]
fn a_zone_that_shrinks_costs_as_when_new() {
    let mut model = Model::of((0..15_000).map(delegation));
    let version = churn(&mut model, 100, 149, 1);
    assert!(model.records.len() < 400);
    assert_cheap(&version, &model, 101);
    // And in one go.
    let mut model = Model::of((0..15_000).map(delegation));
    let version = churn(&mut model, 1, 14_000, 0);
    assert_cheap(&version, &model, 2);
}

#[test]
fn pages_written_for_readers_take_the_place_of_edits() {
    let mut model = Model::of((0..3_000).map(delegation));
    let version = churn(&mut model, 2, 40, 40);
    let unread = version.heap_octets();
    assert_sealed(&version, &listed(&version));
    assert!(version.heap_octets() > unread + version.octets() / 2, "both are held");
    assert_eq!(version.settled().octets(), version.settled().settled().octets());
    let record = delegation(1 << 50);
    model.insert(record.clone());
    let next = version.apply(&delta(3, 4, &[], &[record]), BuildLimits::default()).unwrap().version;
    assert_cheap(&next, &model, 4);
}
