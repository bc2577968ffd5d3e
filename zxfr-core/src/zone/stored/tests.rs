//! Round trips and hostile octets.

use super::*;
use crate::name::Name;
use crate::wire::{Rtype, Scratch};
use crate::zone::testing::{APEX, Model, Owned, Random, assert_sealed, assert_version, delta, listed, listed_changes};
use crate::zone::{BuildLimits, Builder, Delta, PagePosition, Version};
use bytes::Bytes;
use proptest::prelude::*;
use std::format;
use std::string::ToString;
use std::vec::Vec;

type Pages = Vec<(Part, Bytes)>;

fn apex() -> Name {
    APEX.parse().unwrap()
}

fn stored(version: &Version) -> Pages {
    version.stored_pages().map(|(part, page)| (part, page.octets().clone())).collect()
}

fn restore(pages: &[(Part, Bytes)]) -> Result<Version, StoredError> {
    let mut restored = Restored::new(apex().as_ref());
    for (part, octets) in pages {
        restored.push(*part, octets.clone())?;
    }
    restored.finish()
}

/// The messages of a transfer.
fn sent(version: &Version) -> Vec<Bytes> {
    let (mut position, mut sent) = (PagePosition::default(), Vec::new());
    while let Some((page, next)) = version.page(position) {
        sent.push(page.octets().clone());
        sent.push(page.answer());
        position = next;
    }
    sent
}

/// Both are the same in all that can be seen of them.
fn assert_same(restored: &Version, version: &Version) {
    assert_eq!(listed(restored), listed(version));
    assert_eq!(sent(restored), sent(version));
    assert!(restored.apex().octets_eq(version.apex()) && restored.soa().is_exactly(&version.soa()));
    assert_eq!((restored.serial(), restored.record_count()), (version.serial(), version.record_count()));
    if version.is_settled() {
        assert_eq!((restored.octets(), restored.largest_page()), (version.octets(), version.largest_page()));
    }
    let inside = |version: &Version| {
        let pages = version.stored_pages();
        let starts = |page: &crate::zone::Page| page.blocks().iter().map(|block| block.start).collect::<Vec<_>>();
        pages.map(|(_, page)| (page.key().to_vec(), starts(page), page.records())).collect::<Vec<_>>()
    };
    assert_eq!(inside(restored), inside(version));
}

/// A zone at random, and one that came from it by some changes.
fn two_models(seed: u64, names: usize, records: usize, changes: usize) -> (Random, Model, Model) {
    let mut random = Random(seed);
    let mut old = Model::of((0..records).map(|_| random.record(names, 1)));
    old.level();
    let mut new = old.clone();
    for _ in 0..changes {
        if let Some(gone) = old.pick(random.below(1 << 20)).filter(|_| random.below(2) == 0) {
            new.remove(&gone);
        }
        new.insert(random.record(names, 1));
    }
    new.level();
    (random, old, new)
}

/// What comes of hostile octets, if anything does, is well-formed.
fn assert_well_formed(version: &Version) {
    let listed = listed(version);
    assert!(!listed.is_empty() && listed[0].rtype == Rtype::SOA);
    assert_eq!(listed.iter().filter(|record| record.rtype == Rtype::SOA).count(), 1);
    assert_eq!(version.record_count(), listed.len() as u64);
    let model = Model::of(listed[1..].iter().cloned());
    assert_eq!(model.records.len() + 1, listed.len(), "a record twice");
    assert!(model.records.into_values().eq(listed[1..].iter().cloned()), "order");
    assert_sealed(version, &listed);
    // It can be worked with as any other can; only TTLs within an RRset may differ.
    let delta = version.diff(&rebuilt(&listed)).unwrap();
    let [gone, come] = [delta.deletions(), delta.additions()].map(listed_changes);
    let bare = |list: Vec<Owned>| list.into_iter().map(|record| Owned { ttl: 0, ..record }).collect::<Vec<_>>();
    assert_eq!(bare(gone), bare(come));
}

/// A version built anew from its records.
fn rebuilt(records: &[Owned]) -> Version {
    let mut builder = Builder::new(apex().as_ref(), BuildLimits::NONE);
    for record in records {
        record.with(|record| builder.push(record)).unwrap();
    }
    builder.finish().unwrap().0
}

/// Some octet of some page becomes another, pages are cut or exchanged.
fn spoil(random: &mut Random, pages: &mut Pages) {
    let number = random.below(pages.len());
    let mut octets = pages[number].1.to_vec();
    match random.below(8) {
        0 => octets.truncate(random.below(octets.len())),
        1 => octets.push(random.below(256) as u8),
        2 => {
            let other = random.below(pages.len());
            pages.swap(number, other);
            return;
        }
        3 => {
            pages.remove(number);
            return;
        }
        4 => {
            pages[number].0 = Part::of_number(random.below(3) as u8).unwrap();
            return;
        }
        _ => {
            let at = random.below(octets.len());
            octets[at] = if random.below(2) == 0 { octets[at] ^ 1 << random.below(8) } else { random.below(256) as u8 };
        }
    }
    pages[number].1 = octets.into();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_version_comes_back_as_it_was(seed: u64, names in 1usize..400, records in 0usize..3_000, changes in 0usize..60) {
        let (_, old, new) = two_models(seed, names, records, changes);
        let (old, new_version) = (old.version(7), new.version(8));
        let restored = restore(&stored(&old)).unwrap();
        assert_same(&restored, &old);
        // It takes deltas as the other does, and what that makes can be stored, too, sealed or not.
        let delta = old.diff(&new_version).unwrap();
        let delta = Delta::from_octets(apex().as_ref(), &delta.to_octets()).unwrap();
        let [from_old, from_restored] = [&old, &restored].map(|version| version.apply(&delta, BuildLimits::NONE).unwrap().version);
        assert_version(&from_restored, &new, 8);
        let settled = from_restored.settled();
        assert_same(&restore(&stored(&settled)).unwrap(), &settled);
        assert_same(&restore(&stored(&from_restored)).unwrap(), &from_old);
    }

    #[test]
    fn a_delta_comes_back_as_it_was(seed: u64, names in 1usize..400, records in 0usize..2_000, changes in 0usize..300) {
        let (_, old, new) = two_models(seed, names, records, changes);
        let delta = old.version(7).diff(&new.version(8)).unwrap();
        let octets = delta.to_octets();
        let restored = Delta::from_octets(apex().as_ref(), &octets).unwrap();
        prop_assert_eq!(restored.to_octets(), octets);
        prop_assert_eq!(listed_changes(restored.deletions()), listed_changes(delta.deletions()));
        prop_assert_eq!(listed_changes(restored.additions()), listed_changes(delta.additions()));
        prop_assert!(restored.old_soa().is_exactly(&delta.old_soa()) && restored.new_soa().is_exactly(&delta.new_soa()));
        prop_assert_eq!((restored.record_count(), restored.octets()), (delta.record_count(), delta.octets()));
    }

    #[test]
    fn spoilt_pages_are_refused_or_another_version(seed: u64, names in 1usize..200, records in 0usize..1_500) {
        let (mut random, model, _) = two_models(seed, names, records, 0);
        let pages = stored(&model.version(7));
        for _ in 0..60 {
            let mut spoilt = pages.clone();
            spoil(&mut random, &mut spoilt);
            if let Ok(version) = restore(&spoilt) {
                assert_well_formed(&version);
            }
        }
    }

    #[test]
    fn spoilt_deltas_are_refused_or_another_delta(seed: u64, names in 1usize..100, changes in 0usize..60) {
        let (mut random, old, new) = two_models(seed, names, 200, changes);
        let old = old.version(7);
        let octets = old.diff(&new.version(8)).unwrap().to_octets();
        for _ in 0..100 {
            let mut spoilt = octets.clone();
            match random.below(6) {
                0 => spoilt.truncate(random.below(octets.len())),
                1 => spoilt.push(0),
                _ => {
                    let at = random.below(octets.len());
                    spoilt[at] ^= 1 << random.below(8);
                }
            }
            if let Ok(delta) = Delta::from_octets(apex().as_ref(), &spoilt) {
                let [deletions, additions] = [delta.deletions(), delta.additions()].map(listed_changes);
                for list in [deletions, additions] {
                    prop_assert!(Model::of(list.clone()).records.into_values().eq(list));
                }
                let _ = old.apply(&delta, BuildLimits::default());
            }
        }
    }

    #[test]
    fn octets_from_anywhere_never_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(restore(&[(Part::Head, octets.clone().into())]).is_err());
        let _ = Delta::from_octets(apex().as_ref(), &octets);
    }
}

/// The head of a small zone, to be spoilt.
fn small() -> Vec<u8> {
    let model =
        Model::of([Owned::new("a.example.", 1, 60, &[192, 0, 2, 1]), Owned::new("b.example.", 1, 60, &[192, 0, 2, 2])]);
    stored(&model.version(1))[0].1.to_vec()
}

fn fault(octets: Vec<u8>) -> StoredFault {
    restore(&[(Part::Head, octets.into())]).unwrap_err().fault
}

/// Where the record that has this RDATA starts its RDATA.
fn rdata_at(octets: &[u8], rdata: &[u8]) -> usize {
    octets.windows(rdata.len()).rposition(|window| window == rdata).unwrap()
}

#[test]
fn each_fault_is_told() {
    let good = small();
    assert!(restore(&[(Part::Head, good.clone().into())]).is_ok());
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut octets = good.clone();
        change(&mut octets);
        fault(octets)
    };
    let a = rdata_at(&good, &[192, 0, 2, 1]);
    let b = rdata_at(&good, &[192, 0, 2, 2]);
    assert_eq!(with(&|octets| octets[0] = 1), StoredFault::Header, "an ID");
    assert_eq!(with(&|octets| octets[2] = 0x80), StoredFault::Header, "a flag");
    assert_eq!(with(&|octets| octets[11] = 1), StoredFault::Header, "an additional record");
    assert_eq!(with(&|octets| octets[7] = 0), StoredFault::Empty);
    assert_eq!(with(&|octets| octets[7] -= 1), StoredFault::Wire(WireFault::Trailing));
    assert_eq!(with(&|octets| octets[7] += 1), StoredFault::Wire(WireFault::Cut));
    assert_eq!(with(&|octets| octets[13] = b'E'), StoredFault::Question);
    assert_eq!(with(&|octets| octets[a - 6] = 0x80), StoredFault::Ttl);
    assert_eq!(with(&|octets| octets[a - 7] = 3), StoredFault::Type, "class CH");
    assert_eq!(with(&|octets| octets[a - 9] = 250), StoredFault::Type, "TSIG");
    assert_eq!(with(&|octets| octets[a - 9] = 28), StoredFault::Wire(WireFault::Rdata(Rtype::AAAA)));
    // "a" becomes what follows "b", and "b" what "a" is.
    assert_eq!(with(&|octets| octets[a - 13] = b'c'), StoredFault::Order);
    assert_eq!(with(&|octets| (octets[b - 13], octets[b + 3]) = (b'a', 1)), StoredFault::Order, "twice");
    assert_eq!(restore(&[]).unwrap_err().fault, StoredFault::Soa);
    assert_eq!(restore(&[(Part::Names, good.clone().into())]).unwrap_err().fault, StoredFault::Place);
    let mut other = Restored::new("other.".parse::<Name>().unwrap().as_ref());
    assert_eq!(other.push(Part::Head, good.into()).unwrap_err().fault, StoredFault::Question);
}

#[test]
fn no_name_may_point_to_the_header_or_the_question() {
    let good = small();
    let a = rdata_at(&good, &[192, 0, 2, 1]);
    // The owner is "a" and a pointer: first to the apex in the question, then to a root label in the header.
    for target in [12, 4] {
        let mut octets = good.clone();
        octets[a - 12..a - 10].copy_from_slice(&[0xc0, target]);
        assert_eq!(fault(octets), StoredFault::Wire(WireFault::LabelKind));
    }
}

#[test]
fn a_zone_without_its_soa_in_front_is_refused() {
    let (_, model, _) = two_models(3, 300, 2_500, 0);
    let pages = stored(&model.version(1));
    assert!(pages.len() > 3);
    let names: Vec<_> = pages.iter().filter(|(part, _)| *part == Part::Names).cloned().collect();
    assert_eq!(restore(&names).unwrap_err().fault, StoredFault::Place);
    assert_eq!(restore(&[&pages[..1], &names[1..2], &names[..1]].concat()).unwrap_err().fault, StoredFault::Order);
    assert_eq!(restore(&[&pages[..1], &names[..1], &names[..1]].concat()).unwrap_err().fault, StoredFault::Order);
    assert_eq!(restore(&[&pages[..1], &names[..1], &pages[..1]].concat()).unwrap_err().fault, StoredFault::Place);
    let moved: Pages = names[..1].iter().map(|(_, octets)| (Part::Nsec3, octets.clone())).collect();
    assert_eq!(restore(&[&pages[..1], &moved].concat()).unwrap_err().fault, StoredFault::Place);
    // A small zone is all in its head; then nothing may follow.
    let whole = [(Part::Head, Bytes::from(small()))];
    assert_eq!(restore(&[&whole, &names[names.len() - 1..]].concat()).unwrap_err().fault, StoredFault::Place);
}

#[test]
fn a_record_larger_than_a_page_comes_back() {
    let large = Owned::new("large.example.", 65_280, 60, &[7; 40_000]);
    let model = Model::of([Owned::new("a.example.", 1, 60, &[192, 0, 2, 1]), large.clone()]);
    let version = model.version(1);
    assert_same(&restore(&stored(&version)).unwrap(), &version);
    let delta = delta(1, 2, &[large], &[]);
    let restored = Delta::from_octets(apex().as_ref(), &delta.to_octets()).unwrap();
    assert_eq!(restored.to_octets(), delta.to_octets());
}

#[test]
fn deltas_of_another_zone_or_form_are_refused() {
    let octets = delta(1, 2, &[], &[Owned::new("a.example.", 1, 60, &[192, 0, 2, 1])]).to_octets();
    let read = |octets: &[u8]| Delta::from_octets(apex().as_ref(), octets).map(|_| ()).map_err(|error| error.fault);
    assert_eq!(read(&octets), Ok(()));
    assert_eq!(read(&[]), Err(StoredFault::Cut));
    assert_eq!(read(&[&[9], &octets[1..]].concat()), Err(StoredFault::Form(9)));
    assert_eq!(read(&[&octets[..], &[0]].concat()), Err(StoredFault::Trailing));
    let other: Name = "other.".parse().unwrap();
    assert_eq!(Delta::from_octets(other.as_ref(), &octets).unwrap_err().fault, StoredFault::Soa);
    for cut in 0..octets.len() {
        assert!(read(&octets[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn parts_keep_their_numbers() {
    for (number, part) in [Part::Head, Part::Names, Part::Nsec3].into_iter().enumerate() {
        assert_eq!((usize::from(part.number()), Part::of_number(number as u8)), (number, Some(part)));
    }
    assert_eq!(Part::of_number(3), None);
    let error = StoredError { fault: StoredFault::Order, page: 3, offset: 12 };
    assert_eq!(error.to_string(), "page 3, octet 12: a record that does not follow the one before");
    let _ = (format!("{error:?}"), Scratch::new());
}
