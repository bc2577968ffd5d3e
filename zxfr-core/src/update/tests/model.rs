//! Random updates, held against a set of records and the pseudocode of RFC 2136 §3.4.2.7.

use super::*;
use crate::serial::Serial;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::string::{String, ToString};

/// An RRset: its TTL, its RDATA in canonical form.
type Rrset = (u32, BTreeSet<Vec<u8>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Model {
    serial: Serial,
    rrsets: BTreeMap<(String, u16), Rrset>,
}

impl Model {
    fn new(serial: u32) -> Self {
        let mut model = Self { serial: Serial(serial), rrsets: BTreeMap::new() };
        model.update(&to("example.", Rtype::NS, "ns.example."));
        model
    }

    fn update(&mut self, record: &Rr) {
        let (owner, rtype, rdata, ttl) = of(&record.record());
        let at_apex = owner == "example.";
        let key = (owner.clone(), rtype);
        let has_cname = self.rrsets.contains_key(&(owner.clone(), 5));
        match record.class {
            Class::IN if rtype == 6 => {
                let serial = record.record().soa().unwrap().serial;
                if at_apex && serial.is_newer_than(self.serial) {
                    self.serial = serial;
                }
            }
            Class::IN => {
                let has_other = at_apex || self.rrsets.keys().any(|(name, other)| *name == owner && *other != 5);
                if rtype == 5 && has_other || rtype != 5 && has_cname {
                    return;
                }
                let (rrset_ttl, records) = self.rrsets.entry(key).or_default();
                *rrset_ttl = ttl;
                if matches!(rtype, 5 | 39) {
                    records.clear();
                }
                if rtype == 11 {
                    records.retain(|other| other[..5] != rdata[..5]);
                }
                records.insert(rdata);
            }
            Class::ANY => self
                .rrsets
                .retain(|(name, other), _| *name != owner || rtype != 255 && *other != rtype || at_apex && *other == 2),
            _ => {
                if let Some((_, records)) = self.rrsets.get_mut(&key) {
                    if !(at_apex && rtype == 2 && records.len() == 1) {
                        records.remove(&rdata);
                    }
                    if records.is_empty() {
                        self.rrsets.remove(&key);
                    }
                }
            }
        }
    }

    fn listed(&self) -> BTreeSet<Listed> {
        let records = self.rrsets.iter().flat_map(|((owner, rtype), (ttl, records))| {
            records.iter().map(move |rdata| (owner.clone(), *rtype, rdata.clone(), *ttl))
        });
        records.collect()
    }
}

/// Few names, types and RDATA, so that they meet.
fn record() -> impl Strategy<Value = Rr> {
    let names =
        std::vec!["example.", "EXAMPLE.", "a.example.", "A.example.", "b.a.example.", "*.example.", "c.example."];
    let types = std::vec![1_u16, 2, 5, 6, 11, 15, 16, 39, 65_280];
    let ttls = std::vec![60_u32, 300];
    (prop::sample::select(names), prop::sample::select(types), 0_u8..3, prop::sample::select(ttls)).prop_map(
        |(owner, rtype, number, ttl)| {
            let target = name(["n.example.", "N.Example.", "m.test."][usize::from(number)]).as_octets().to_vec();
            let rdata = match rtype {
                1 => std::vec![192, 0, 2, number],
                2 | 5 | 39 => target,
                6 => soa([99, 101, 103][usize::from(number)]).rdata,
                11 => std::vec![192, 0, 2, 1, 6 + number / 2, number],
                15 => [&[0, number][..], &target].concat(),
                16 => std::vec![1, b'a' + number],
                _ => std::vec![number; usize::from(number)],
            };
            rr(owner, Rtype(rtype), ttl, &rdata)
        },
    )
}

fn update() -> impl Strategy<Value = Rr> {
    (record(), 0..10, any::<bool>()).prop_map(|(record, kind, all)| match kind {
        0..=5 => record,
        6..=7 => gone(record),
        _ => all_of(&record.owner.to_string(), if all { Rtype::ANY } else { record.rtype }),
    })
}

proptest! {
    #[test]
    fn updates_do_what_the_model_does(
        first in prop::collection::vec(record(), 0..20),
        updates in prop::collection::vec(update(), 0..20),
        filler in 0_usize..2,
    ) {
        let mut model = Model::new(100);
        first.iter().filter(|record| record.rtype != Rtype::SOA).for_each(|record| model.update(record));
        // With that the zone doesn't fit its head.
        (0..filler * 2_000).for_each(|n| model.update(&a(&std::format!("f{n}.example."), 1)));
        let start: Vec<Rr> = model.listed().iter().map(|(owner, rtype, rdata, ttl)| rr(owner, Rtype(*rtype), *ttl, rdata)).collect();
        let held = bare_zone(100, &start);
        let before = model.clone();
        updates.iter().for_each(|update| model.update(update));
        let change = perform(&held, &message(&[], &updates)).unwrap();
        prop_assert_eq!(change.is_some(), model != before);
        if let Some(change) = change {
            prop_assert_eq!(listed(&change.version), model.listed());
            let expected = if model.serial == Serial(100) { Serial(101) } else { model.serial };
            prop_assert_eq!(change.version.serial(), expected);
        }
    }
}
