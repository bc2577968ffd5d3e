//! Reading messages: the walk over their framing, by nom and by hand, and their records one by one.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zxfr_benches::exchange::{Ends, messages, octets, read_answers, version};
use zxfr_benches::plain;
use zxfr_benches::zone::Zone;
use zxfr_core::wire::{Message, Scratch};

const RECORDS: usize = 50_000;

fn parse(criterion: &mut Criterion) {
    for (name, zone) in [("tld", Zone::tld(RECORDS)), ("signed", Zone::signed(RECORDS))] {
        let version = Arc::new(version(&zone.records()));
        let messages = messages(&version, Ends::new(None));
        let mut group = criterion.benchmark_group(format!("parse/{name}"));
        // The closing SOA is a record, too.
        group.throughput(Throughput::ElementsAndBytes {
            elements: version.record_count() + 1,
            bytes: octets(&messages),
        });
        group.bench_function("layout", |bencher| {
            bencher.iter(|| {
                for message in &messages {
                    let message = Message::new(black_box(message)).unwrap();
                    black_box(message.layout().unwrap());
                }
            });
        });
        group.bench_function("layout-by-hand", |bencher| {
            bencher.iter(|| {
                for message in &messages {
                    black_box(plain::layout(black_box(message)).unwrap());
                }
            });
        });
        group.bench_function("records", |bencher| {
            let mut scratch = Scratch::new();
            bencher.iter(|| read_answers(&messages, &mut scratch));
        });
        group.finish();
    }
}

criterion_group!(benches, parse);
criterion_main!(benches);
