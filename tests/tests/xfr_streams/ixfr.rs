//! IXFR: each stream with its verdict, applied to the version that it was asked from.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use zxfr_core::name::NameRef;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::{Error, Event, PeerFault};
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Builder, Style, Version};
use zxfr_tests::history::{History, Source, Text};
use zxfr_tests::line;

use crate::streams::{number, text};
use crate::{Recorded, assert_same};

/// The versions that the servers had, by serial, from the text of their histories.
pub(crate) struct Versions {
    pub(crate) gov: HashMap<u32, Arc<Version>>,
    pub(crate) rpz: HashMap<u32, Arc<Version>>,
}

/// The version that a zone's text is.
fn version(text: &Text<'_>) -> Arc<Version> {
    let soa = line::read(text.soa).unwrap();
    let mut builder = Builder::new(NameRef::from_octets(&soa.owner).unwrap(), BuildLimits::default());
    let lines = text.records.iter().map(|text| line::read(text).unwrap());
    for line in [soa].into_iter().chain(lines) {
        let owner = NameRef::from_octets(&line.owner).unwrap();
        let rtype = Rtype(line.rtype);
        builder.push(&Record { owner, rtype, class: Class::IN, ttl: line.ttl, rdata: &line.rdata }).unwrap();
    }
    Arc::new(builder.finish().unwrap().0)
}

/// The last six versions of a history.
fn last_six(source: Source) -> Option<HashMap<u32, Arc<Version>>> {
    let history = History::open(source).unwrap()?;
    let steps: Vec<_> = history.steps().collect();
    let mut text = history.version(steps.len() - 5).unwrap();
    let mut versions = HashMap::from([(text.serial() as u32, version(&text))]);
    for step in &steps[steps.len() - 5..] {
        text.apply(step).unwrap();
        versions.insert(text.serial() as u32, version(&text));
    }
    Some(versions)
}

impl Versions {
    pub(crate) fn read() -> Option<Self> {
        Some(Self { gov: last_six(Source::Gov)?, rpz: last_six(Source::Doh)? })
    }

    pub(crate) fn of(&self, entry: &Value) -> &HashMap<u32, Arc<Version>> {
        if text(entry, "zone") == "gov" { &self.gov } else { &self.rpz }
    }

    pub(crate) fn newest(&self, entry: &Value) -> &Arc<Version> {
        let serial = if text(entry, "zone") == "gov" { 1_787_383_922 } else { 2_608_220_415 };
        &self.of(entry)[&serial]
    }
}

pub(crate) fn serial(entry: &Value) -> Serial {
    Serial(u32::try_from(number(entry, "serial")).unwrap())
}

#[test]
fn recorded_ixfrs_over_tcp_have_their_verdicts() {
    let Some((folder, index, entries)) = crate::index(|of_type| of_type == "IXFR") else { return };
    let Some(versions) = Versions::read() else { return };
    let (mut differences, mut whole, mut up_to_date) = (0, 0, 0);
    for entry in &entries {
        let file = text(entry, "file");
        let recorded = Recorded::read(&folder, &index, entry);
        let (ours, newest) = (serial(entry), versions.newest(entry));
        let mut inbound = recorded.ixfr(ours);
        // A serial that the servers don't know is one that we hold nothing of.
        let held = versions.of(entry).get(&ours.0);
        let change = recorded.receive(&mut inbound, held, &recorded.messages).unwrap_or_else(|error| {
            panic!("{file}: {error}");
        });
        let totals = inbound.totals();
        let (count, octets) = (number(entry, "messages"), number(entry, "bytes"));
        assert_eq!(
            (totals.messages, totals.octets, totals.records),
            (count, octets - 2 * count, number(entry, "answers")),
            "{file}"
        );
        let Some(change) = change else {
            assert!(!newest.serial().is_newer_than(ours) && number(entry, "answers") == 1, "{file}");
            up_to_date += 1;
            continue;
        };
        assert!(newest.serial().is_newer_than(ours), "{file}");
        assert_same(&change.version, newest);
        if file.contains("unknown") {
            assert_eq!((change.style, change.deltas.len()), (Style::Whole, 0), "{file}");
            whole += 1;
            continue;
        }
        assert_eq!(change.style, Style::Deltas, "{file}");
        // The chain is what it takes from each of the versions to the next.
        let mut at = held.unwrap();
        for delta in &change.deltas {
            let next = &versions.of(entry)[&delta.to().0];
            let expected = at.diff(next).unwrap();
            assert_eq!((delta.from(), delta.record_count()), (at.serial(), expected.record_count()), "{file}");
            assert_same(&at.apply(delta, BuildLimits::default()).unwrap().version, next);
            at = next;
        }
        assert_eq!(at.serial(), newest.serial(), "{file}");
        differences += 1;
    }
    assert_eq!((differences, whole, up_to_date), (16, 3, 9));
}

#[test]
fn recorded_ixfrs_over_udp_have_their_verdicts() {
    let Some((folder, index, entries)) = crate::index(|of_type| of_type == "IXFR/UDP") else { return };
    let Some(versions) = Versions::read() else { return };
    let (mut differences, mut over_tcp, mut up_to_date) = (0, 0, 0);
    for entry in &entries {
        let file = text(entry, "file");
        let recorded = Recorded::read(&folder, &index, entry);
        let (ours, newest) = (serial(entry), versions.newest(entry));
        let mut inbound = recorded.ixfr_datagram(ours);
        let mut told = 0;
        recorded.take(&mut inbound, &recorded.messages[0], |_| told += 1).unwrap();
        let whole = inbound.is_done();
        if !whole {
            // A lone SOA that is newer, or TC.
            assert_eq!((told, file.contains("1day")), (0, true), "{file}");
            over_tcp += 1;
            continue;
        }
        let held = versions.of(entry).get(&ours.0);
        match recorded.receive(&mut recorded.ixfr_datagram(ours), held, &recorded.messages).unwrap() {
            Some(change) => {
                assert_same(&change.version, newest);
                assert_eq!((change.style, change.deltas.len()), (Style::Deltas, 1), "{file}");
                differences += 1;
            }
            None => {
                assert!(file.contains("current"), "{file}");
                up_to_date += 1;
            }
        }
    }
    assert_eq!((differences, over_tcp, up_to_date), (1, 5, 3));
}

#[test]
fn recorded_differences_are_rejected_where_another_serial_is_held() {
    let Some((folder, index, entries)) = crate::index(|of_type| of_type == "IXFR") else { return };
    let mut rejected = 0;
    for entry in entries.iter().filter(|entry| (2..1000).contains(&number(entry, "answers"))) {
        let recorded = Recorded::read(&folder, &index, entry);
        let theirs = serial(entry);
        let ours = Serial(theirs.0 - 1);
        let mut inbound = recorded.ixfr(ours);
        let sink = |event: &Event<'_>| panic!("{event:?}");
        let error = recorded.messages.iter().try_for_each(|message| recorded.take(&mut inbound, message, sink));
        let fault = PeerFault::FirstSerial { ours, theirs };
        assert!(matches!(error, Err(Error::Peer { fault: found, .. }) if found == fault), "{entry}: {error:?}");
        rejected += 1;
    }
    assert_eq!(rejected, 16);
}

#[test]
fn recorded_ixfr_cut_at_any_octet_changes_nothing() {
    let Some((folder, index, entries)) = crate::index(|of_type| of_type == "IXFR") else { return };
    let Some(versions) = Versions::read() else { return };
    let mut streams = 0;
    for entry in entries.iter().filter(|entry| number(entry, "messages") > 1 || text(entry, "zone") == "rpz.test") {
        // Of serials that the servers don't know, nothing is held.
        let Some(held) = versions.of(entry).get(&serial(entry).0) else { continue };
        let recorded = Recorded::read(&folder, &index, entry);
        let receive = |messages: &[Vec<u8>]| {
            let mut inbound = recorded.ixfr(serial(entry));
            recorded.receive(&mut inbound, Some(held), messages).map(|_| ())
        };
        for count in 0..recorded.messages.len() {
            // Cut between messages, or within one, which then never comes.
            let error = receive(&recorded.messages[..count]).unwrap_err();
            assert!(matches!(error, Error::Ended { messages, .. } if messages == count as u64), "{error}");
            // A part of a message, were it taken for one, is none.
            let mut messages = recorded.messages[..=count].to_vec();
            for length in (0..messages[count].len()).rev() {
                messages[count].truncate(length);
                assert!(receive(&messages).is_err(), "{length} octets of message {count} of {entry}");
            }
        }
        streams += 1;
    }
    assert_eq!(streams, 10);
}
