//! Whole versions: read record by record, compared, taken into the one that is held, put together from parts.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use zxfr_benches::delta::delegations;
use zxfr_benches::exchange::version;
use zxfr_benches::zone::{Zone, apex};
use zxfr_core::wire::Record;
use zxfr_core::zone::zonemd::{HashAlgorithm, Sha2};
use zxfr_core::zone::{BuildLimits, Builder, Version};

const RECORDS: usize = 100_000;
/// One in a hundred.
const CHANGED: usize = RECORDS / 100;

/// A builder with these records.
fn builder(records: &[Record<'_>]) -> Builder {
    let mut builder = Builder::new(apex(), BuildLimits::default());
    for record in records {
        builder.push_checked(record).expect("a zone's record");
    }
    builder
}

/// The version with pages of its own.
fn whole(version: &Version) -> Version {
    let mut builder = builder(&[]);
    let mut records = version.records();
    while let Some(record) = records.next() {
        builder.push_checked(&record).expect("a zone's record");
    }
    builder.finish().expect("a zone").0
}

fn versions(criterion: &mut Criterion) {
    let zone = Zone::tld(RECORDS);
    let records = zone.records();
    let held = version(&records);
    let delta = delegations(&zone, &held, CHANGED);
    let newer = held.apply(&delta, BuildLimits::default()).expect("it fits").version;
    let mut group = criterion.benchmark_group("versions");
    group.sample_size(20);
    group.throughput(Throughput::Elements(held.record_count()));
    group.bench_function("walk", |bencher| {
        bencher.iter(|| {
            let mut records = held.records();
            while let Some(record) = records.next() {
                black_box(record);
            }
        });
    });
    group.bench_function("zonemd", |bencher| {
        bencher.iter(|| held.zone_digest::<Sha2>(black_box(HashAlgorithm::Sha384)));
    });
    let other = whole(&newer);
    group.bench_function("diff", |bencher| bencher.iter_with_large_drop(|| held.diff(black_box(&other))));
    group.bench_function("merge", |bencher| {
        bencher.iter_batched(|| whole(&newer), |newer| held.merge(newer), BatchSize::PerIteration);
    });
    let (first, second) = records.split_at(records.len() / 2);
    group.bench_function("append and finish", |bencher| {
        let parts = || (builder(first), builder(second));
        let join = |(mut first, second): (Builder, Builder)| {
            first.append(second).expect("a zone's records");
            first.finish()
        };
        bencher.iter_batched(parts, join, BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, versions);
criterion_main!(benches);
