//! Tests of the journal: what it keeps, what it answers, and that a secondary makes the newest version of that.

use super::render::render;
use super::*;
use crate::name::Name;
use crate::time::{Instant, Now, UnixTime};
use crate::transfer::{Asked, Event, Inbound, Kind, Limits, Outbound};
use crate::tsig::NoMac;
use crate::wire::{Class, Flags, Question, Record, Rtype};
use crate::zone::{BuildLimits, Builder};
use core::time::Duration;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

const APEX: &str = "eXample.";
const NOW: Now = Now { instant: Instant::from_origin(Duration::ZERO), unix: UnixTime(1) };

/// The records of a version but for the SOA: TTL by owner and RDATA.
type Model = BTreeMap<(String, Vec<u8>), u32>;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn soa(serial: u32) -> Vec<u8> {
    [b"\x02ns\x07eXample\0\x04mail\x07eXample\0".as_slice(), &serial.to_be_bytes(), &[0; 16]].concat()
}

fn version(serial: u32, model: &Model) -> Arc<Version> {
    let apex = name(APEX);
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::NONE);
    let mut push = |owner: &Name, rtype, ttl, rdata: &[u8]| {
        builder.push(&Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl, rdata }).unwrap();
    };
    push(&apex, Rtype::SOA, 60, &soa(serial));
    for ((owner, rdata), ttl) in model {
        push(&name(owner), Rtype(65_280), *ttl, rdata);
    }
    Arc::new(builder.finish().unwrap().0)
}

/// Versions of these contents with the serials `first`, `first` + 1 and so on, and the deltas between them.
fn history(first: u32, models: &[Model]) -> (Vec<Arc<Version>>, Vec<Arc<Delta>>) {
    let serials = (0..).map(|step| first.wrapping_add(step));
    let versions: Vec<_> = serials.zip(models).map(|(serial, model)| version(serial, model)).collect();
    let deltas = versions.windows(2).map(|pair| Arc::new(pair[0].diff(&pair[1]).unwrap())).collect();
    (versions, deltas)
}

fn journal(deltas: &[Arc<Delta>]) -> Journal {
    let mut journal = Journal::new(JournalLimits::default());
    for delta in deltas {
        journal.push(delta.clone()).unwrap();
    }
    journal
}

/// `count` hosts, the first few of which have an address that changes with `step`.
fn hosts(count: u32, changing: u32, step: u8) -> Model {
    let host = |number| {
        let octet = if number < changing { step } else { 0 };
        ((format!("host{number}.eXample."), vec![10, 0, 0, octet]), 300)
    };
    (0..count).map(host).collect()
}

#[track_caller]
fn differences(answer: Answer) -> Arc<Differences> {
    match answer {
        Answer::Differences(differences) => differences,
        other => panic!("{other:?}"),
    }
}

/// What a secondary that holds `model` makes of differences, sent as an IXFR.
fn follow(model: &Model, differences: &Arc<Differences>) -> Model {
    let question = Question { qname: name("EXAMPLE."), qtype: Rtype::IXFR, qclass: Class::IN };
    let asked = Asked { id: 7, flags: Flags::default(), question, edns: true, expire: Some(5) };
    let mut outbound = Outbound::<NoMac>::ixfr(differences.clone(), asked, None).unwrap();
    assert_eq!((outbound.kind(), outbound.serial()), (Kind::Ixfr { from: differences.from() }, differences.to()));
    let mut inbound = Inbound::<NoMac>::ixfr(name(APEX).as_ref(), differences.from(), 7, Limits::default(), None);
    let mut model = model.clone();
    while let Some(frame) = outbound.poll_transmit(NOW.unix).unwrap() {
        let octets = frame.parts().concat();
        let mut events = inbound.handle_message(&octets, NOW).unwrap();
        while let Some(event) = events.next().unwrap() {
            match event {
                Event::Deletions { .. } | Event::Additions { .. } => {}
                Event::Delete(record) => {
                    let held = model.remove(&(record.owner.to_string(), record.rdata.to_vec()));
                    assert_eq!(held, Some(record.ttl), "{record:?} is deleted");
                }
                Event::Add(record) => {
                    let held = model.insert((record.owner.to_string(), record.rdata.to_vec()), record.ttl);
                    assert_eq!(held, None, "{record:?} is added");
                }
                Event::Commit { serial } => assert_eq!(serial, differences.to()),
                other => panic!("{other:?}"),
            }
        }
    }
    inbound.eof().unwrap();
    assert_eq!(outbound.totals().records, differences.record_count());
    assert_eq!(outbound.totals().messages, differences.pages().len() as u64);
    // The question's room is in the page; OPT with EXPIRE is not.
    assert_eq!(outbound.totals().octets, differences.octets() + 19);
    model
}

#[test]
fn what_does_not_follow_is_refused() {
    let models: Vec<_> = (0..4).map(|step| hosts(3, 1, step)).collect();
    let (versions, deltas) = history(5, &models);
    let mut journal = journal(&deltas[..1]);
    let [six, seven, eight] = [6, 7, 8].map(Serial);
    let gap = journal.push(deltas[2].clone()).unwrap_err();
    assert_eq!(gap, NotNext { newest: Some(six), from: seven, to: eight });
    assert_eq!(gap.to_string(), "delta from 7 to 8 in a journal that leads to 6");
    let backward = Arc::new(versions[1].diff(&versions[0]).unwrap());
    assert_eq!(journal.push(backward.clone()).unwrap_err().to_string(), "delta from 6 to 5, which is not newer");
    assert_eq!((journal.len(), journal.newest()), (1, Some(six)));
    journal.clear();
    assert_eq!((journal.len(), journal.octets(), journal.oldest()), (0, 0, None));
    assert_eq!(journal.push(backward).unwrap_err().newest, None);
    journal.push(deltas[2].clone()).unwrap();
    assert_eq!((journal.oldest(), journal.newest()), (Some(seven), Some(eight)));
}

#[test]
fn the_oldest_go_first() {
    let models: Vec<_> = (0..9).map(|step| hosts(3, 1 + u32::from(step) % 3, step)).collect();
    let (versions, deltas) = history(0, &models);
    let mut journal = journal(&deltas);
    assert_eq!((journal.len(), journal.oldest()), (8, Some(Serial(0))));
    assert_eq!(journal.octets(), deltas.iter().map(|delta| delta.octets()).sum::<u64>());
    journal.set_limits(JournalLimits { deltas: 5, ..JournalLimits::default() });
    assert_eq!((journal.len(), journal.oldest(), journal.newest()), (5, Some(Serial(3)), Some(Serial(8))));
    let last_three: u64 = deltas[5..].iter().map(|delta| delta.octets()).sum();
    journal.set_limits(JournalLimits { octets: last_three, ..JournalLimits::default() });
    assert_eq!((journal.octets(), journal.oldest()), (last_three, Some(Serial(5))));
    let serials: Vec<_> = journal.deltas().map(|delta| delta.from().0).collect();
    assert_eq!(serials, [5, 6, 7]);
    assert!(matches!(journal.answer(&versions[8], Serial(4)), Answer::Whole));
    // One that is too large alone leaves nothing, and the next is taken.
    journal.set_limits(JournalLimits { octets: 1, ..JournalLimits::default() });
    assert!(journal.is_empty());
    let later = history(100, &models[..2]).1;
    journal.push(later[0].clone()).unwrap();
    assert!(journal.is_empty() && journal.octets() == 0);
}

#[test]
fn who_is_up_to_date_or_unknown_is_told_so() {
    let models: Vec<_> = (0..4).map(|step| hosts(50, 1, step)).collect();
    let (versions, deltas) = history(u32::MAX - 1, &models);
    let mut journal = journal(&deltas);
    let newest = &versions[3];
    assert_eq!(newest.serial(), Serial(1));
    for from in [1, 2, 1 << 30] {
        assert!(matches!(journal.answer(newest, Serial(from)), Answer::UpToDate), "{from}");
    }
    // Older than the oldest; in no order with the newest; never there.
    for from in [u32::MAX - 2, 1 + (1 << 31), 9 + (1 << 31)] {
        assert!(matches!(journal.answer(newest, Serial(from)), Answer::Whole), "{from}");
    }
    for from in [u32::MAX - 1, u32::MAX, 0] {
        assert_eq!(differences(journal.answer(newest, Serial(from))).to(), Serial(1), "{from}");
    }
    // An older version, and one that the journal doesn't lead to.
    assert_eq!(differences(journal.answer(&versions[2], Serial(u32::MAX))).to(), Serial(0));
    assert!(matches!(journal.answer(&version(77, &models[0]), Serial(0)), Answer::Whole));
    assert!(matches!(Journal::new(JournalLimits::default()).answer(newest, Serial(0)), Answer::Whole));
}

#[test]
fn an_answer_rendered_apart_is_kept_while_the_journal_leads_there() {
    let models: Vec<_> = (0..4).map(|step| hosts(50, 1, step)).collect();
    let (versions, deltas) = history(1, &models);
    let look_up = |journal: &Journal, version: usize, from| match journal.look_up(&versions[version], Serial(from)) {
        LookedUp::Unrendered(unrendered) => unrendered,
        known @ LookedUp::Known(_) => panic!("{known:?}"),
    };
    let mut journal = journal(&deltas[..2]);
    assert!(matches!(journal.look_up(&versions[2], Serial(3)), LookedUp::Known(Answer::UpToDate)));
    assert!(matches!(journal.look_up(&versions[2], Serial(9)), LookedUp::Known(Answer::UpToDate)));
    assert!(matches!(journal.look_up(&versions[2], Serial(0)), LookedUp::Known(Answer::Whole)));
    let unrendered = look_up(&journal, 2, 1);
    assert!(unrendered.is(&look_up(&journal, 2, 1)) && !unrendered.is(&look_up(&journal, 2, 2)));
    let [first, second] = [(); 2].map(|()| differences(unrendered.render()));
    journal.keep(&unrendered, Answer::Differences(first.clone()));
    journal.keep(&unrendered, Answer::Differences(second));
    assert!(Arc::ptr_eq(&first, &differences(journal.answer(&versions[2], Serial(1)))), "the first is kept");
    assert_eq!(journal.cached_octets(), first.octets());
    // Behind its back the journal is emptied, and filled with another history of the same serials.
    let unrendered = look_up(&journal, 2, 2);
    journal.clear();
    let other: Vec<_> = (0..4).map(|step| hosts(50, 2, step)).collect();
    for delta in &history(1, &other).1[..2] {
        journal.push(delta.clone()).unwrap();
    }
    journal.keep(&unrendered, unrendered.render());
    assert_eq!(journal.cached_octets(), 0);
    assert!(!unrendered.is(&look_up(&journal, 2, 2)));
}

#[test]
fn an_answer_is_rendered_once_until_the_next_delta() {
    let models: Vec<_> = (0..4).map(|step| hosts(50, 1, step)).collect();
    let (versions, deltas) = history(1, &models);
    let mut journal = journal(&deltas[..2]);
    let ask =
        |journal: &mut Journal, version: usize, from| differences(journal.answer(&versions[version], Serial(from)));
    let first = ask(&mut journal, 2, 1);
    assert!(Arc::ptr_eq(&first, &ask(&mut journal, 2, 1)));
    let other = ask(&mut journal, 2, 2);
    assert_eq!(journal.cached_octets(), first.octets() + other.octets());
    // Room for one: the one that was found first goes.
    journal.set_limits(JournalLimits { cached_octets: other.octets(), ..JournalLimits::default() });
    assert_eq!(journal.cached_octets(), other.octets());
    assert!(Arc::ptr_eq(&other, &ask(&mut journal, 2, 2)));
    assert!(!Arc::ptr_eq(&first, &ask(&mut journal, 2, 1)));
    journal.push(deltas[2].clone()).unwrap();
    assert_eq!(journal.cached_octets(), 0);
    let newer = ask(&mut journal, 3, 1);
    assert_eq!((newer.to(), newer.deltas()), (Serial(4), 3));
    // What a transfer under way holds is as it was.
    assert_eq!(follow(&models[0], &first), models[2]);
    journal.set_limits(JournalLimits { cached_octets: 0, ..JournalLimits::default() });
    assert_eq!(follow(&models[0], &ask(&mut journal, 3, 1)), models[3]);
    assert_eq!(journal.cached_octets(), 0);
}

#[test]
fn the_answer_is_what_takes_the_fewest_octets() {
    // A record that changes again and again: condensed.
    let models: Vec<_> = (0..20).map(|step| hosts(300, 2, step)).collect();
    let (versions, deltas) = history(0, &models);
    let mut again = journal(&deltas);
    let condensed = differences(again.answer(&versions[19], Serial(0)));
    assert!(condensed.is_condensed());
    assert_eq!((condensed.deltas(), condensed.record_count()), (19, 4 + 2 + 2));
    let one = differences(again.answer(&versions[19], Serial(18)));
    assert_eq!((one.is_condensed(), one.deltas(), one.record_count()), (false, 1, 4 + 2 + 2));
    // All records change: the zone.
    let models = [hosts(300, 300, 1), hosts(300, 300, 2)];
    let (versions, deltas) = history(0, &models);
    assert!(matches!(journal(&deltas).answer(&versions[1], Serial(0)), Answer::Whole));
}

#[test]
fn what_is_surely_larger_is_not_rendered() {
    let models: Vec<_> = (0..100).map(|step| hosts(300, 300, step)).collect();
    let (versions, deltas) = history(0, &models);
    let soa = versions[99].soa();
    let records: u64 = deltas.iter().map(|delta| delta.record_count() + 2).sum::<u64>() + 2;
    assert!(render(deltas.iter().map(|delta| &**delta), &soa, records * 12 - 1).is_none());
    let rendered = render(deltas.iter().map(|delta| &**delta), &soa, u64::MAX).unwrap();
    assert!(render(deltas.iter().map(|delta| &**delta), &soa, rendered.octets() - 1).is_none());
    assert!(render(deltas.iter().map(|delta| &**delta), &soa, rendered.octets()).is_some());
}

#[test]
fn records_come_as_the_rfc_says() {
    let models: Vec<_> = (0..3).map(|step| hosts(40, 1, step)).collect();
    let (versions, deltas) = history(0, &models);
    let rendered = render(deltas.iter().map(|delta| &**delta), &versions[2].soa(), u64::MAX).unwrap();
    let rendered = rendered.into_differences(&deltas[0], &deltas[1], 2, false);
    let [page] = rendered.pages() else { panic!("{rendered:?}") };
    let message = crate::wire::Message::new(page.octets()).unwrap();
    let layout = message.layout().unwrap();
    let mut scratch = crate::wire::Scratch::new();
    let mut records = message.answers(&layout, &mut scratch);
    let mut listed = Vec::new();
    while let Some(record) = records.next().unwrap() {
        listed.push(record.soa().map_or_else(|| record.rdata[3].into(), |soa| 100 + soa.serial.0));
    }
    // RFC 1995 §4: newest SOA; old SOA, deletions, new SOA, additions, twice; newest SOA.
    assert_eq!(listed, [102, 100, 0, 101, 1, 101, 1, 102, 2, 102]);
    // Header, question, the first SOA with three names, five SOAs and three hosts with pointers for all names.
    let first = [9 + 10 + (5 + 7 + 20), 8 + 10 + 4];
    assert_eq!(page.octets().len(), 12 + 13 + first[0] + first[1] + 5 * (2 + 10 + 24) + 3 * (2 + 10 + 4));
}

#[test]
fn a_record_larger_than_a_page_goes_alone() {
    let large = |octet: u8| ((String::from("large.eXample."), vec![octet; 40_000]), 300);
    let [old, new]: [Model; 2] = [1, 2].map(|octet| hosts(2_000, 1, octet).into_iter().chain([large(octet)]).collect());
    let filler = |model: &Model| -> Model {
        let fill = (0..10_u8).map(|number| ((format!("z{number}.eXample."), vec![number; 16_000]), 300));
        model.clone().into_iter().chain(fill).collect()
    };
    let [old, new] = [filler(&old), filler(&new)];
    let (versions, deltas) = history(1, &[old.clone(), new.clone()]);
    let differences = differences(journal(&deltas).answer(&versions[1], Serial(1)));
    assert!((40_000..40_100).contains(&differences.largest_page()), "{differences:?}");
    assert_eq!(differences.pages().len(), 5);
    assert_eq!(follow(&old, &differences), new);
}

/// Contents of versions in a row, each changed from the one before.
fn any_models() -> impl Strategy<Value = Vec<Model>> {
    let owner = prop::sample::select(&["", "a.", "A.b.", "b.", "c.b.", "d.c.b.", "*."][..]);
    let length = prop_oneof![8 => 0..4_usize, 1 => 2_000..6_000_usize];
    let entry = (owner, length, any::<u8>().prop_map(|octet| octet % 4));
    let change = (any::<bool>(), entry);
    let step = (prop::collection::vec(change, 0..12), 0..50_u32);
    prop::collection::vec(step, 2..8).prop_map(|steps| {
        let mut model = hosts(60, 0, 0);
        let mut models = Vec::new();
        for (number, (changes, ttl)) in steps.into_iter().enumerate() {
            for (add, (owner, length, octet)) in changes {
                let key = (format!("{owner}eXample."), vec![octet; length]);
                if add {
                    // One TTL for an RRset.
                    model.retain(|(owner, _), held| {
                        *held = if *owner == key.0 { 300 + ttl } else { *held };
                        true
                    });
                    model.insert(key, 300 + ttl);
                } else {
                    model.remove(&key);
                }
            }
            model.insert((String::from("eXample."), vec![255, number as u8]), 300);
            models.push(model.clone());
        }
        models
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn chain_and_condensed_lead_a_secondary_to_the_newest_version(models in any_models()) {
        let models: Vec<Model> = models.into_iter().map(level).collect();
        let (versions, deltas) = history(1, &models);
        let mut journal = journal(&deltas);
        let (newest, last) = (versions.last().unwrap(), models.last().unwrap());
        for (number, model) in models[..models.len() - 1].iter().enumerate() {
            let chain = || deltas[number..].iter().map(|delta| &**delta);
            let condensed = Delta::condense(chain()).unwrap();
            let soa = newest.soa();
            let count = chain().count();
            let whole = newest.octets() + soa.wire_len() as u64;
            let finish = |rendered: render::Rendered, condensed| {
                Arc::new(rendered.into_differences(&deltas[number], deltas.last().unwrap(), count, condensed))
            };
            let chained = finish(render(chain(), &soa, u64::MAX).unwrap(), false);
            let condensed = finish(render(core::iter::once(&condensed), &soa, u64::MAX).unwrap(), true);
            prop_assert_eq!(&follow(model, &chained), last);
            prop_assert_eq!(&follow(model, &condensed), last);
            let fewest = chained.octets().min(condensed.octets()).min(whole);
            match journal.answer(newest, Serial(number as u32 + 1)) {
                Answer::Differences(differences) => {
                    prop_assert_eq!(differences.octets(), fewest);
                    prop_assert_eq!(&follow(model, &differences), last);
                }
                Answer::Whole => prop_assert_eq!(whole, fewest),
                Answer::UpToDate => prop_assert!(false),
            }
        }
    }
}

/// The same with the lowest TTL in each RRset, as versions have it.
fn level(model: Model) -> Model {
    let lowest = |owner: &str| {
        model.iter().filter(|((other, _), _)| other.eq_ignore_ascii_case(owner)).map(|(_, ttl)| *ttl).min()
    };
    model.iter().map(|(key, ttl)| (key.clone(), lowest(&key.0).unwrap_or(*ttl))).collect()
}
