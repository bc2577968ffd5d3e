//! Changes that transfers make, and those that are refused.

use super::super::testing::*;
use super::*;
use crate::serial::Serial;
use crate::wire::Class;
use crate::zone::{BuildFault, DeltaRecords};
use proptest::prelude::*;
use std::string::ToString;
use std::vec;

/// An event in the making.
#[derive(Clone, Debug)]
enum Say {
    Begin(u32),
    Deletions(u32),
    Delete(Owned),
    Additions(u32),
    Add(Owned),
    Skipped(Owned),
    UpToDate(u32),
    Commit(u32),
}

use Say::{Add, Additions, Begin, Commit, Delete, Deletions, Skipped, UpToDate};

fn apex() -> Name {
    APEX.parse().unwrap()
}

fn host(number: u8) -> Owned {
    Owned::new("host.example.", 1, 300, &[192, 0, 2, number])
}

/// A zone of this serial with hosts of these numbers.
fn zone(serial: u32, hosts: &[u8]) -> Arc<Version> {
    Arc::new(Model::of(hosts.iter().map(|number| host(*number))).version(serial))
}

fn say(update: &mut Update, say: &Say) -> Result<(), UpdateError> {
    match say {
        Begin(serial) => soa(*serial).with(|soa| update.handle(&Event::Begin { soa: *soa })),
        Deletions(serial) => soa(*serial).with(|soa| update.handle(&Event::Deletions { soa: *soa })),
        Delete(record) => record.with(|record| update.handle(&Event::Delete(*record))),
        Additions(serial) => soa(*serial).with(|soa| update.handle(&Event::Additions { soa: *soa })),
        Add(record) => record.with(|record| update.handle(&Event::Add(*record))),
        Skipped(record) => record.with(|record| update.handle(&Event::Skipped(*record))),
        UpToDate(serial) => update.handle(&Event::UpToDate { serial: Serial(*serial) }),
        Commit(serial) => update.handle(&Event::Commit { serial: Serial(*serial) }),
    }
}

fn update(held: Option<&Arc<Version>>, events: &[Say]) -> Result<Change, UpdateError> {
    let mut update = Update::new(apex().as_ref(), held.cloned(), BuildLimits::default());
    events.iter().try_for_each(|event| say(&mut update, event))?;
    update.commit()
}

fn serials(change: &Change) -> Vec<(u32, u32)> {
    change.deltas.iter().map(|delta| (delta.from().0, delta.to().0)).collect()
}

/// What differences are refused for, and at which record; what is held stays as it is.
#[track_caller]
fn refused(held: &Arc<Version>, events: &[Say]) -> (ApplyFault, String) {
    let before = listed(held);
    let error = update(Some(held), events).unwrap_err();
    assert_eq!(listed(held), before);
    match error {
        UpdateError::Apply(ApplyError { fault, owner, rtype }) => (fault, std::format!("{owner} {rtype}")),
        other => panic!("{other:?}"),
    }
}

/// The events of differences that make these versions of one another.
fn differences(versions: &[Arc<Version>]) -> Vec<Say> {
    fn all(mut records: DeltaRecords<'_>, event: fn(Owned) -> Say) -> Vec<Say> {
        let mut events = Vec::new();
        while let Some(record) = records.next() {
            events.push(event(Owned::of(&record)));
        }
        events
    }
    let mut events = Vec::new();
    for pair in versions.windows(2) {
        let delta = pair[0].diff(&pair[1]).unwrap();
        events.push(Deletions(delta.from().0));
        events.extend(all(delta.deletions(), Delete));
        events.push(Additions(delta.to().0));
        events.extend(all(delta.additions(), Add));
    }
    events.push(Commit(versions.last().unwrap().serial().0));
    events
}

type String = std::string::String;

#[test]
fn whole_zone_where_none_is_held() {
    let outside = Owned::new("example.org.", 1, 300, &[0; 4]);
    let change =
        update(None, &[Begin(7), Add(host(2)), Add(host(1)), Add(host(2)), Skipped(outside), Commit(7)]).unwrap();
    assert_eq!(listed(&change.version), listed(&zone(7, &[1, 2])));
    assert_eq!((change.style, change.deltas.len(), change.held.is_none()), (Style::Whole, 0, true));
    let twice: Name = host(2).owner.parse().unwrap();
    let odd_rrsets = std::vec![(twice, Rtype::A)];
    assert_eq!(change.summary, Summary { duplicates: 1, out_of_zone: 1, ttls_levelled: 0, odd_rrsets });
}

#[test]
fn newer_whole_zone_gives_its_delta() {
    let held = zone(7, &[1, 2]);
    let change = update(Some(&held), &[Begin(9), Add(host(2)), Add(host(3)), Commit(9)]).unwrap();
    assert_eq!(listed(&change.version), listed(&zone(9, &[2, 3])));
    assert_eq!((change.style, serials(&change)), (Style::Whole, vec![(7, 9)]));
    assert_eq!(listed_changes(change.deltas[0].deletions()), [host(1)]);
    assert_eq!(listed_changes(change.deltas[0].additions()), [host(3)]);
    assert!(change.held.is_some_and(|kept| Arc::ptr_eq(&kept, &held)));
}

#[test]
fn whole_zone_that_is_not_newer_gives_no_delta() {
    let held = zone(7, &[1]);
    for serial in [7, 6, 7 + (1 << 31)] {
        let change = update(Some(&held), &[Begin(serial), Add(host(2)), Commit(serial)]).unwrap();
        assert_eq!((change.version.serial(), change.deltas.len()), (Serial(serial), 0));
    }
}

#[test]
fn differences_are_applied_one_after_the_other_and_kept() {
    let held = zone(7, &[1, 2]);
    let events = [
        Deletions(7),
        Delete(host(1)),
        Additions(8),
        Add(host(3)),
        // What one sequence adds, the next may delete; what one deletes, the next may add.
        Deletions(8),
        Delete(host(3)),
        Additions(10),
        Add(host(1)),
        Add(host(4)),
        Commit(10),
    ];
    let change = update(Some(&held), &events).unwrap();
    assert_eq!(listed(&change.version), listed(&zone(10, &[1, 2, 4])));
    assert_eq!((change.style, serials(&change)), (Style::Deltas, vec![(7, 8), (8, 10)]));
    assert_eq!(listed_changes(change.deltas[1].additions()), [host(1), host(4)]);
    assert_eq!(listed(&held), listed(&zone(7, &[1, 2])));
}

#[test]
fn delete_of_an_absent_record_is_refused() {
    let held = zone(7, &[1, 2]);
    let absent = (ApplyFault::Absent, String::from("host.example. A"));
    assert_eq!(refused(&held, &[Deletions(7), Delete(host(9)), Additions(8), Commit(8)]), absent);
    // So it is in the second sequence, and what the first did is gone with it.
    let second = [Deletions(7), Delete(host(1)), Additions(8), Deletions(8), Delete(host(1)), Additions(9), Commit(9)];
    assert_eq!(refused(&held, &second), absent);
}

#[test]
fn add_of_a_present_record_is_refused() {
    let held = zone(7, &[1, 2]);
    let present = (ApplyFault::Present, String::from("host.example. A"));
    assert_eq!(refused(&held, &[Deletions(7), Additions(8), Add(host(2)), Commit(8)]), present);
}

#[test]
fn record_twice_in_one_list_is_refused() {
    let held = zone(7, &[1, 2]);
    for events in [
        [Deletions(7), Delete(host(1)), Delete(host(1)), Additions(8), Commit(8)],
        [Deletions(7), Additions(8), Add(host(3)), Add(host(3)), Commit(8)],
    ] {
        assert!(update(Some(&held), &events).is_err(), "{events:?}");
    }
}

#[test]
fn differences_from_another_serial_than_the_held_are_refused() {
    let fault = ApplyFault::FirstSerial { ours: Serial(7), theirs: Serial(6) };
    let held = zone(7, &[1]);
    assert_eq!(refused(&held, &[Deletions(6), Additions(8), Commit(8)]).0, fault);
    let gap = ApplyFault::FirstSerial { ours: Serial(8), theirs: Serial(9) };
    assert_eq!(refused(&held, &[Deletions(7), Additions(8), Deletions(9), Additions(10), Commit(10)]).0, gap);
}

#[test]
fn soa_that_is_deleted_must_be_the_one_that_is_there() {
    let held = zone(7, &[1]);
    let mut update = Update::new(apex().as_ref(), Some(held), BuildLimits::default());
    let mut other = soa(7);
    *other.rdata.last_mut().unwrap() ^= 1;
    other.with(|soa| update.handle(&Event::Deletions { soa: *soa })).unwrap();
    [Additions(8), Commit(8)].iter().try_for_each(|event| say(&mut update, event)).unwrap();
    let error = update.commit().unwrap_err();
    assert_eq!(error.to_string(), "example. SOA: deletes a record that isn't there");
    // Its case and TTL are not looked at.
    let mut update = Update::new(apex().as_ref(), Some(zone(7, &[1])), BuildLimits::default());
    let mut other = soa(7);
    other.ttl = 1;
    other.owner.make_ascii_uppercase();
    let names = other.rdata.len() - 20;
    other.rdata[..names].make_ascii_uppercase();
    other.with(|soa| update.handle(&Event::Deletions { soa: *soa })).unwrap();
    [Additions(8), Commit(8)].iter().try_for_each(|event| say(&mut update, event)).unwrap();
    assert_eq!(update.commit().unwrap().version.serial(), Serial(8));
}

#[test]
fn differences_backward_give_no_chain() {
    let held = zone(7, &[1]);
    let change = update(Some(&held), &[Deletions(7), Additions(5), Add(host(2)), Commit(5)]).unwrap();
    assert_eq!((change.version.serial(), change.deltas.len()), (Serial(5), 0));
}

#[test]
fn differences_need_something_to_apply_to() {
    let error = update(None, &[Deletions(7), Additions(8), Commit(8)]).unwrap_err();
    assert_eq!(
        (&error, error.to_string().as_str()),
        (&UpdateError::NothingHeld, "differences for a zone that is not held")
    );
}

#[test]
fn ttls_that_differences_leave_uneven_are_levelled() {
    let held = zone(7, &[1]);
    let lower = Owned { ttl: 60, ..host(2) };
    let change = update(Some(&held), &[Deletions(7), Additions(8), Add(lower), Commit(8)]).unwrap();
    assert_eq!(change.summary.ttls_levelled, 1);
    // The delta is what really was.
    assert_eq!(listed_changes(change.deltas[0].deletions()), [host(1)]);
    assert_eq!(change.deltas[0].record_count(), 3);
}

#[test]
fn limits_hold_in_differences() {
    let held = zone(7, &[1, 2]);
    let limits = BuildLimits { rrset_records: 2, ..BuildLimits::NONE };
    let mut update = Update::new(apex().as_ref(), Some(held), limits);
    for event in [Deletions(7), Additions(8), Add(host(3)), Commit(8)] {
        say(&mut update, &event).unwrap();
    }
    let error = update.commit().unwrap_err();
    let UpdateError::Apply(ApplyError { fault: ApplyFault::Build(fault), .. }) = error else { panic!("{error:?}") };
    assert_eq!(fault, BuildFault::RrsetRecords(2));
}

#[test]
fn records_that_cannot_stand_in_a_zone_are_refused() {
    let meta = Owned::new("host.example.", 255, 300, b"");
    let off_apex = Owned { owner: "a.example.".to_string(), ..soa(8) };
    for bad in [meta, off_apex, soa(8)] {
        for events in [vec![Deletions(7), Delete(bad.clone())], vec![Deletions(7), Additions(8), Add(bad.clone())]] {
            let error = update(Some(&zone(7, &[1])), &events).unwrap_err();
            assert!(matches!(error, UpdateError::Build(_)), "{error:?}");
        }
    }
    let mut chaos = Update::new(apex().as_ref(), None, BuildLimits::default());
    say(&mut chaos, &Begin(7)).unwrap();
    let error = host(1).with(|record| chaos.handle(&Event::Add(Record { class: Class::CH, ..*record }))).unwrap_err();
    assert!(matches!(error, UpdateError::Build(BuildError { fault: BuildFault::Class(Class::CH), .. })));
}

#[test]
fn nothing_is_committed_before_the_end() {
    let held = zone(7, &[1]);
    for events in [
        &[][..],
        &[Begin(8)],
        &[Begin(8), Add(host(1))],
        &[Deletions(7)],
        &[Deletions(7), Delete(host(1))],
        &[Deletions(7), Delete(host(1)), Additions(8)],
        &[Deletions(7), Additions(8), Deletions(8), Additions(9), Add(host(2))],
        &[UpToDate(7)],
    ] {
        assert_eq!(update(Some(&held), events).unwrap_err(), UpdateError::Unfinished, "{events:?}");
    }
}

#[test]
fn parts_out_of_order_are_refused() {
    let held = zone(7, &[1]);
    for events in [
        &[Add(host(1))][..],
        &[Delete(host(1))],
        &[Additions(8)],
        &[Commit(7)],
        &[Begin(8), Begin(8)],
        &[Begin(8), Delete(host(1))],
        &[Begin(8), Deletions(7)],
        &[Begin(8), UpToDate(8)],
        &[Deletions(7), Add(host(1))],
        &[Deletions(7), Begin(8)],
        &[Deletions(7), Deletions(8)],
        &[Deletions(7), Commit(8)],
        &[Deletions(7), Additions(8), Delete(host(1))],
        &[Deletions(7), Additions(8), Additions(9)],
        &[Begin(8), Commit(8), Add(host(1))],
        &[Begin(8), Commit(8), Commit(8)],
    ] {
        assert_eq!(update(Some(&held), events).unwrap_err(), UpdateError::Disorder, "{events:?}");
    }
}

proptest! {
    #[test]
    fn any_chain_of_versions_is_followed(seed: u64, size in 0..60_usize, steps in prop::collection::vec(0..20_usize, 1..6)) {
        let mut random = Random(seed);
        let mut model = Model::of((0..size).map(|_| random.record(20, 1)));
        model.level();
        let mut versions = vec![Arc::new(model.version(7))];
        for (step, changes) in steps.iter().enumerate() {
            for _ in 0..*changes {
                let record = random.record(20, 1);
                if model.remove(&record).is_none() {
                    model.insert(record);
                }
            }
            versions.push(Arc::new(model.version(8 + step as u32)));
        }
        let newest = versions.last().unwrap();
        let change = update(Some(&versions[0]), &differences(&versions)).unwrap();
        prop_assert_eq!(listed(&change.version), listed(newest));
        prop_assert_eq!(change.deltas.len(), steps.len());
        for (pair, delta) in versions.windows(2).zip(&change.deltas) {
            let applied = pair[0].apply(delta, BuildLimits::NONE).unwrap();
            prop_assert_eq!(listed(&applied.version), listed(&pair[1]));
        }
        // The same as a whole.
        let whole: Vec<Say> = [Begin(newest.serial().0)]
            .into_iter()
            .chain(listed(newest).into_iter().skip(1).map(Add))
            .chain([Commit(newest.serial().0)])
            .collect();
        let change = update(Some(&versions[0]), &whole).unwrap();
        prop_assert_eq!(listed(&change.version), listed(newest));
        prop_assert_eq!(serials(&change), [(7, newest.serial().0)]);
    }
}

#[test]
fn parts_are_of_whole_zones_only() {
    let mut whole = Update::new(apex().as_ref(), None, BuildLimits::default());
    assert!(whole.part().is_none());
    say(&mut whole, &Begin(7)).unwrap();
    let part = whole.part().unwrap();
    let mut other = Update::new(apex().as_ref(), None, BuildLimits::default());
    assert_eq!(other.join(part), Err(UpdateError::Disorder));
    say(&mut other, &Deletions(7)).unwrap();
    assert!(other.part().is_none());
    let part = whole.part().unwrap();
    say(&mut whole, &Commit(7)).unwrap();
    assert!(whole.part().is_none());
    assert_eq!(whole.join(part), Err(UpdateError::Disorder));
}

#[test]
fn limits_hold_across_parts() {
    let limits = BuildLimits { rrset_records: 3, ..BuildLimits::NONE };
    let joined = |numbers: [u8; 2]| {
        let mut update = Update::new(apex().as_ref(), None, limits);
        for event in [Begin(7), Add(host(1)), Add(host(2))] {
            say(&mut update, &event).unwrap();
        }
        let mut part = update.part().unwrap();
        for number in numbers {
            say(&mut part, &Add(host(number))).unwrap();
        }
        update.join(part)?;
        say(&mut update, &Commit(7))?;
        update.commit()
    };
    // The second of them was there before.
    assert_eq!(listed(&joined([3, 2]).unwrap().version), listed(&zone(7, &[1, 2, 3])));
    assert!(matches!(joined([3, 4]), Err(UpdateError::Build(BuildError { fault: BuildFault::RrsetRecords(3), .. }))));
}

proptest! {
    #[test]
    fn zone_in_parts_is_the_zone(
        records in prop::collection::vec((0..12_u8, 0..3_u8, 0..4_u8, 1..3_u32), 0..60),
        sorted: bool,
        runs in prop::collection::vec((0..9_usize, any::<bool>()), 0..12),
    ) {
        let mut records = records;
        if sorted {
            records.sort_unstable();
        }
        let events: Vec<Say> = records.into_iter().map(|(owner, rtype, data, ttl)| {
            let owner = if owner == 0 { APEX.into() } else { std::format!("host{owner:02}.example.") };
            let rtype = [1, 16, 65_280][usize::from(rtype)];
            let record = Owned::new(&owner, rtype, ttl, &[3, data, 0, 0]);
            if data == 3 && ttl == 1 { Skipped(record) } else { Add(record) }
        }).collect();
        let begun = [Begin(7)].into_iter().chain(events.clone()).chain([Commit(7)]).collect::<Vec<_>>();
        let expected = update(None, &begun).unwrap();

        let mut whole = Update::new(apex().as_ref(), None, BuildLimits::default());
        say(&mut whole, &Begin(7)).unwrap();
        let mut left = &events[..];
        for (run, apart) in runs.into_iter().chain([(usize::MAX, true)]) {
            let (these, others) = left.split_at(run.min(left.len()));
            left = others;
            if apart {
                let mut part = whole.part().unwrap();
                these.iter().for_each(|event| say(&mut part, event).unwrap());
                whole.join(part).unwrap();
            } else {
                these.iter().for_each(|event| say(&mut whole, event).unwrap());
            }
        }
        say(&mut whole, &Commit(7)).unwrap();
        let got = whole.commit().unwrap();
        prop_assert_eq!(listed(&got.version), listed(&expected.version));
        prop_assert_eq!(got.summary, expected.summary);
    }
}
