use super::*;
use crate::zone::{Builder, ChainError, Version};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use proptest::prelude::*;

/// Owner in its case and TTL, by owner without case, type, RDATA.
type Model = BTreeMap<(String, u16, Vec<u8>), (String, u32)>;

const APEX: &str = "example.";

fn soa(serial: u32) -> Vec<u8> {
    let mut rdata = b"\x02ns\x07example\0\x04mail\x07example\0".to_vec();
    for number in [serial, 3600, 600, 86_400, 60] {
        rdata.extend_from_slice(&number.to_be_bytes());
    }
    rdata
}

fn record<'a>(owner: &'a Name, rtype: u16, ttl: u32, rdata: &'a [u8]) -> Record<'a> {
    Record { owner: owner.as_ref(), rtype: Rtype(rtype), class: Class::IN, ttl, rdata }
}

fn version(serial: u32, model: &Model) -> Version {
    let apex: Name = APEX.parse().unwrap();
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::NONE);
    builder.push(&record(&apex, 6, 60, &soa(serial))).unwrap();
    for ((_, rtype, rdata), (owner, ttl)) in model {
        builder.push(&record(&owner.parse().unwrap(), *rtype, *ttl, rdata)).unwrap();
    }
    builder.finish().unwrap().0
}

/// What a list of a delta says, in the model's terms.
fn listed(mut records: DeltaRecords<'_>) -> Model {
    let mut model = Model::new();
    while let Some(record) = records.next() {
        let owner = record.owner.to_string();
        let key = (owner.to_ascii_lowercase(), record.rtype.0, record.rdata.to_vec());
        assert!(model.insert(key, (owner, record.ttl)).is_none(), "twice in one list");
    }
    model
}

/// What is in `a` and not, or not the same, in `b`.
fn minus(a: &Model, b: &Model) -> Model {
    a.iter()
        .filter(|(key, value)| b.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn assert_delta(delta: &Delta, old: &Model, new: &Model) {
    assert_eq!(listed(delta.deletions()), minus(old, new));
    assert_eq!(listed(delta.additions()), minus(new, old));
}

/// TTLs by type and case by owner, so that versions take them as they are: names of one RRset have one TTL.
fn models(count: usize) -> impl Strategy<Value = Vec<Model>> {
    let owner = prop::sample::select(&["", "a.", "A.", "b.", "c.b.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom."][..]);
    let entry = (owner, prop::sample::select(&[2u16, 16, 50, 65_280][..]), 0u8..4);
    let model = (prop::collection::vec(entry, 0..30), 0u32..2).prop_map(|(entries, ttl)| {
        let mut model = Model::new();
        for (owner, rtype, data) in entries {
            let rdata = match rtype {
                2 => vec![1, b'a' + data, 0],
                16 => vec![1, data],
                50 => vec![1, 0, 0, 0, 0, 1, data, 0, 1, 0x40],
                _ => vec![data; usize::from(data)],
            };
            let owner = format!("{owner}{APEX}");
            let ttl = 300 + ttl * u32::from(rtype);
            model.insert((owner.to_ascii_lowercase(), rtype, rdata), (owner, ttl));
        }
        model
    });
    prop::collection::vec(model, count)
}

proptest! {
    #[test]
    fn a_diff_is_what_differs(models in models(2)) {
        let [old, new] = [version(1, &models[0]), version(2, &models[1])];
        let delta = old.diff(&new).unwrap();
        assert_delta(&delta, &models[0], &models[1]);
        prop_assert_eq!((delta.from(), delta.to()), (Serial(1), Serial(2)));
        prop_assert!(delta.old_soa().is_exactly(&old.soa()) && delta.new_soa().is_exactly(&new.soa()));
    }

    #[test]
    fn a_chain_condensed_is_the_diff_of_its_ends(models in models(5)) {
        let versions: Vec<_> = models.iter().zip(1..).map(|(model, serial)| version(serial, model)).collect();
        let chain: Vec<_> = versions.windows(2).map(|pair| pair[0].diff(&pair[1]).unwrap()).collect();
        for (first, last) in [(0, 2), (1, 4), (0, 4), (3, 4)] {
            let condensed = Delta::condense(&chain[first..last]).unwrap();
            assert_delta(&condensed, &models[first], &models[last]);
            prop_assert!(condensed.new_soa().is_exactly(&versions[last].soa()));
        }
    }

    #[test]
    fn a_builder_takes_any_order(models in models(2), seed: u64) {
        let mut lists = [minus(&models[0], &models[1]), minus(&models[1], &models[0])].map(|model| model.into_iter().collect::<Vec<_>>());
        for (list, seed) in lists.iter_mut().zip([seed, seed.rotate_left(32)]) {
            let turn = usize::try_from(seed % 31).unwrap() % list.len().max(1);
            list.rotate_left(turn);
        }
        let apex: Name = APEX.parse().unwrap();
        let mut builder = DeltaBuilder::new(apex.as_ref(), BuildLimits::NONE);
        for ((_, rtype, rdata), (owner, ttl)) in &lists[0] {
            builder.delete(&record(&owner.parse().unwrap(), *rtype, *ttl, rdata)).unwrap();
        }
        for ((_, rtype, rdata), (owner, ttl)) in &lists[1] {
            builder.add(&record(&owner.parse().unwrap(), *rtype, *ttl, rdata)).unwrap();
        }
        let delta = builder.finish(&record(&apex, 6, 60, &soa(7)), &record(&apex, 6, 60, &soa(9))).unwrap();
        assert_delta(&delta, &models[0], &models[1]);
        prop_assert_eq!(delta.record_count(), (lists[0].len() + lists[1].len()) as u64);
    }
}

#[test]
fn a_chain_has_no_gap() {
    let versions: Vec<_> = (1..5).map(|serial| version(serial, &Model::new())).collect();
    let delta = |from: usize, to: usize| versions[from].diff(&versions[to]).unwrap();
    assert_eq!(
        Delta::condense(&[delta(0, 1), delta(2, 3)]).unwrap_err(),
        ChainError::Gap { to: Serial(2), from: Serial(3) }
    );
    assert_eq!(Delta::condense(&[]).unwrap_err(), ChainError::Empty);
    assert!(Delta::condense(&[delta(0, 2)]).unwrap().is_empty());
}

#[test]
fn faults_of_a_delta() {
    let apex: Name = APEX.parse().unwrap();
    let www: Name = "www.example.".parse().unwrap();
    let upper: Name = "WWW.example.".parse().unwrap();
    let other: Name = "www.example.org.".parse().unwrap();
    let new = || DeltaBuilder::new(apex.as_ref(), BuildLimits::NONE);
    let soas = [soa(1), soa(2)];
    let [old_soa, new_soa] = [record(&apex, 6, 60, &soas[0]), record(&apex, 6, 60, &soas[1])];

    let mut builder = new();
    builder.delete(&record(&www, 1, 60, &[192, 0, 2, 1])).unwrap();
    builder.delete(&record(&upper, 1, 61, &[192, 0, 2, 1])).unwrap();
    assert_eq!(builder.finish(&old_soa, &new_soa).unwrap_err().fault, BuildFault::Twice);

    let mut builder = new();
    assert_eq!(builder.add(&record(&other, 1, 60, &[192, 0, 2, 1])).unwrap(), Pushed::OutOfZone);
    assert_eq!(builder.out_of_zone(), 1);
    assert_eq!(builder.add(&record(&www, 1, 60, &[192, 0, 2])).unwrap_err().fault, BuildFault::Rdata);
    assert_eq!(builder.add(&record(&www, 250, 60, &[])).unwrap_err().fault, BuildFault::MetaType);
    assert_eq!(builder.add(&old_soa).unwrap_err().fault, BuildFault::SecondSoa);
    assert_eq!(builder.delete(&Record { owner: www.as_ref(), ..old_soa }).unwrap_err().fault, BuildFault::SoaOffApex);
    let chaos = Record { class: Class(3), ..record(&www, 1, 60, &[192, 0, 2, 1]) };
    assert_eq!(builder.delete(&chaos).unwrap_err().fault, BuildFault::Class(Class(3)));
    assert!(builder.finish(&old_soa, &Record { owner: www.as_ref(), ..new_soa }).is_err());
}
