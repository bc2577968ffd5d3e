//! Beside `domain` and `hickory-proto`: the same octets of the same zone, like a top-level domain's, given to all three.
//!
//! - `others/parse`: the messages of an AXFR to records, each looked at once and let go. zxfr checks the framing, expands every
//!   name and checks RDATA; `domain` checks all that, too, but gives names as places in the message; hickory makes owned
//!   records, as it has no other.
//! - `others/build`: records that are there in each crate's own form to messages with as many records in each, names
//!   compressed: zxfr's `Writer`, `domain`'s `HashCompressor`, hickory's encoder. zxfr's page builder, which also puts records
//!   in order and keeps them for sending, stands beside them (`zxfr pages`).
//! - `others/text`: zone text to records. hickory gives them in a map only, so zxfr's way to a whole version stands beside
//!   both (`zxfr to version`). Without DS records, which hickory reads with a cryptographic library only.
//! - `others/axfr_in`: messages to a zone that can be looked into: zxfr's `Version`, hickory's map of RRsets, which is what its
//!   server keeps. zxfr checks besides what makes an AXFR. `domain` has its zone tree behind unstable features: left out.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::base::message_builder::HashCompressor;
use domain::base::name::FlattenInto;
use domain::base::{Message as DomainMessage, MessageBuilder, Name, ParsedName, Record as DomainRecord};
use domain::rdata::ZoneRecordData;
use domain::zonefile::inplace::Zonefile;
use hickory_proto::op::Message as HickoryMessage;
use hickory_proto::rr::{Record as HickoryRecord, RecordSet, RrKey};
use hickory_proto::serialize::binary::{BinEncodable, BinEncoder};
use hickory_proto::serialize::txt::Parser;
use zxfr_benches::exchange::{Ends, ID, NOW, messages, octets, read_answers, version};
use zxfr_benches::zone::{Zone, apex};
use zxfr_core::transfer::{Inbound, Limits};
use zxfr_core::tsig::NoMac;
use zxfr_core::wire::{Flags, Record, Rtype, Scratch, Writer};
use zxfr_core::zone::{BuildLimits, Update};
use zxfrd::zone::{LoadOptions, load_text};
use zxfrd::zonefile;

const RECORDS: usize = 50_000;

type Parsed<'m> = ZoneRecordData<&'m [u8], ParsedName<&'m [u8]>>;
type Flat = DomainRecord<Name<Vec<u8>>, ZoneRecordData<Vec<u8>, Name<Vec<u8>>>>;

/// The messages of an AXFR of a zone.
fn transfer(zone: &Zone) -> Vec<Vec<u8>> {
    messages(&Arc::new(version(&zone.records())), Ends::new(None))
}

/// How many records each message has.
fn counts(messages: &[Vec<u8>]) -> Vec<usize> {
    messages.iter().map(|message| usize::from(u16::from_be_bytes([message[6], message[7]]))).collect()
}

fn parse(criterion: &mut Criterion) {
    let messages = transfer(&Zone::tld(RECORDS));
    let mut group = criterion.benchmark_group("others/parse");
    let elements = counts(&messages).iter().sum::<usize>() as u64;
    group.throughput(Throughput::ElementsAndBytes { elements, bytes: octets(&messages) });
    group.bench_function("zxfr", |bencher| {
        let mut scratch = Scratch::new();
        bencher.iter(|| read_answers(&messages, &mut scratch));
    });
    group.bench_function("domain", |bencher| {
        bencher.iter(|| {
            for message in &messages {
                let message = DomainMessage::from_octets(black_box(message).as_slice()).unwrap();
                for record in message.answer().unwrap().limit_to::<Parsed<'_>>() {
                    black_box(record.unwrap());
                }
            }
        });
    });
    group.bench_function("hickory-proto", |bencher| {
        bencher.iter(|| {
            for message in &messages {
                black_box(HickoryMessage::from_vec(black_box(message)).unwrap());
            }
        });
    });
    group.finish();
}

fn build(criterion: &mut Criterion) {
    let zone = Zone::tld(RECORDS);
    let messages = transfer(&zone);
    let counts = counts(&messages);
    let elements = counts.iter().sum::<usize>() as u64;
    // As they are sent: the SOA again at the end.
    let mut ours = zone.records();
    ours.push(ours[0]);
    let theirs: Vec<Vec<Flat>> = messages.iter().map(|message| flat(message)).collect();
    let hickory: Vec<_> = messages.iter().map(|message| HickoryMessage::from_vec(message).unwrap().answers).collect();
    let mut group = criterion.benchmark_group("others/build");
    group.throughput(Throughput::Elements(elements));
    group.bench_function("zxfr", |bencher| {
        let mut buffer = vec![0; 65_535];
        bencher.iter(|| {
            let mut left = ours.as_slice();
            for count in &counts {
                let (records, rest) = left.split_at(*count);
                left = rest;
                let mut writer = Writer::new(&mut buffer);
                records.iter().for_each(|record| writer.answer(black_box(record)).unwrap());
                black_box(writer.finish(ID, Flags::QR));
            }
        });
    });
    group.bench_function("zxfr pages", |bencher| bencher.iter_with_large_drop(|| version(black_box(&ours))));
    group.bench_function("domain", |bencher| {
        bencher.iter(|| {
            for records in &theirs {
                let target = HashCompressor::new(Vec::with_capacity(65_535));
                let mut answer = MessageBuilder::from_target(target).unwrap().answer();
                records.iter().for_each(|record| answer.push_ref(black_box(record)).unwrap());
                black_box(answer.finish());
            }
        });
    });
    group.bench_function("hickory-proto", |bencher| {
        bencher.iter(|| {
            for records in &hickory {
                let mut buffer = Vec::with_capacity(65_535);
                let mut encoder = BinEncoder::new(&mut buffer);
                encoder.emit_vec(&[0; 12]).unwrap();
                records.iter().for_each(|record| black_box(record).emit(&mut encoder).unwrap());
                black_box(encoder.len());
            }
        });
    });
    group.finish();
}

/// The records of a message in `domain`'s form, each with octets of its own.
fn flat(message: &[u8]) -> Vec<Flat> {
    let message = DomainMessage::from_octets(message).unwrap();
    let records = message.answer().unwrap().limit_to::<Parsed<'_>>();
    records.map(|record| record.unwrap().try_flatten_into().unwrap()).collect()
}

fn text(criterion: &mut Criterion) {
    let zone = Zone::tld(RECORDS);
    let records: Vec<Record<'_>> = zone.records().into_iter().filter(|record| record.rtype != Rtype::DS).collect();
    let mut text = Vec::new();
    records.iter().for_each(|record| zonefile::write_record((*record).into(), &mut text));
    let mut group = criterion.benchmark_group("others/text");
    group.sample_size(20);
    let (elements, bytes) = (records.len() as u64, text.len() as u64);
    group.throughput(Throughput::ElementsAndBytes { elements, bytes });
    group.bench_function("zxfr", |bencher| {
        bencher.iter(|| {
            let sink = |record: zonefile::Record<'_>| -> Result<(), Infallible> {
                black_box(record);
                Ok(())
            };
            let options = zonefile::Options::default();
            let read = zonefile::read_text(black_box(&text), Path::new("zone"), &options, sink).unwrap();
            assert_eq!(read.records, elements);
        });
    });
    group.bench_function("zxfr to version", |bencher| {
        bencher
            .iter_with_large_drop(|| load_text(black_box(&text), Path::new("zone"), &LoadOptions::default()).unwrap());
    });
    group.bench_function("domain", |bencher| {
        bencher.iter(|| {
            let mut reader = Zonefile::with_capacity(text.len());
            reader.extend_from_slice(black_box(&text));
            let mut count = 0;
            while let Some(entry) = reader.next_entry().unwrap() {
                black_box(entry);
                count += 1;
            }
            assert_eq!(count, elements);
        });
    });
    let words = String::from_utf8(text.clone()).unwrap();
    group.bench_function("hickory-proto", |bencher| {
        bencher.iter_with_large_drop(|| {
            let origin = hickory_proto::rr::Name::from_ascii("tld.").unwrap();
            Parser::new(black_box(words.as_str()), None, Some(origin)).parse().unwrap()
        });
    });
    group.finish();
}

fn axfr_in(criterion: &mut Criterion) {
    let messages = transfer(&Zone::tld(RECORDS));
    let mut group = criterion.benchmark_group("others/axfr_in");
    group.sample_size(20);
    let elements = counts(&messages).iter().sum::<usize>() as u64;
    group.throughput(Throughput::ElementsAndBytes { elements, bytes: octets(&messages) });
    group.bench_function("zxfr", |bencher| {
        bencher.iter_with_large_drop(|| {
            let mut inbound = Inbound::<NoMac>::axfr(apex(), ID, Limits::default(), None);
            let mut update = Update::new(apex(), None, BuildLimits::default());
            for message in &messages {
                let mut events = inbound.handle_message(black_box(message), NOW).unwrap();
                while let Some(event) = events.next().unwrap() {
                    update.handle(&event).unwrap();
                }
            }
            update.commit().unwrap()
        });
    });
    group.bench_function("hickory-proto", |bencher| {
        bencher.iter_with_large_drop(|| {
            let mut zone: BTreeMap<RrKey, RecordSet> = BTreeMap::new();
            for message in &messages {
                let message = HickoryMessage::from_vec(black_box(message)).unwrap();
                message.answers.into_iter().for_each(|record| keep(&mut zone, record));
            }
            zone
        });
    });
    group.finish();
}

fn keep(zone: &mut BTreeMap<RrKey, RecordSet>, record: HickoryRecord) {
    let rtype = record.record_type();
    let key = RrKey::new((&record.name).into(), rtype);
    let set = zone.entry(key).or_insert_with(|| RecordSet::new(record.name.clone(), rtype, 0));
    set.insert(record, 0);
}

criterion_group!(benches, parse, build, text, axfr_in);
criterion_main!(benches);
