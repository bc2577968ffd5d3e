//! Writing messages, names compressed.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zxfr_benches::exchange::ID;
use zxfr_benches::zone::Zone;
use zxfr_core::wire::{Flags, Record, Writer};

const RECORDS: usize = 50_000;

/// Writes all records into messages of up to 16,383 octets, and gives the octets of all.
fn write(mut left: &[Record<'_>], buffer: &mut [u8]) -> u64 {
    let mut octets = 0;
    while !left.is_empty() {
        let mut writer = Writer::new(buffer);
        while let [record, rest @ ..] = left
            && writer.answer(record).is_ok()
        {
            left = rest;
        }
        octets += writer.finish(ID, Flags::QR) as u64;
    }
    octets
}

fn build(criterion: &mut Criterion) {
    let mut buffer = vec![0; 16_383];
    let mut group = criterion.benchmark_group("build");
    for (name, zone) in [("tld", Zone::tld(RECORDS)), ("signed", Zone::signed(RECORDS))] {
        let records = zone.records();
        let bytes = write(&records, &mut buffer);
        group.throughput(Throughput::ElementsAndBytes { elements: records.len() as u64, bytes });
        group.bench_function(name, |bencher| bencher.iter(|| write(black_box(&records), &mut buffer)));
    }
    group.finish();
}

criterion_group!(benches, build);
criterion_main!(benches);
