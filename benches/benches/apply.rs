//! Applying a delta: the same one to zones of several sizes, and sealing what it touched.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zxfr_benches::delta::delegations;
use zxfr_benches::exchange::version;
use zxfr_benches::zone::Zone;
use zxfr_core::zone::BuildLimits;

/// What a large registry changes in a few minutes.
const DELTA: usize = 8_552;

fn apply(criterion: &mut Criterion) {
    let small = Zone::tld(100_000);
    let delta = delegations(&small, &version(&small.records()), DELTA);
    let mut group = criterion.benchmark_group("apply");
    group.sample_size(20);
    group.throughput(Throughput::Elements(delta.record_count()));
    for (name, size) in [("100k", 100_000), ("1m", 1_000_000)] {
        // The larger zone begins with the records of the smaller one.
        let version = version(&Zone::tld(size).records());
        let apply = || version.apply(black_box(&delta), BuildLimits::default()).expect("it fits").version;
        group.bench_function(name, |bencher| bencher.iter_with_large_drop(apply));
        group.bench_function(format!("{name} and settle"), |bencher| {
            bencher.iter_with_large_drop(|| apply().settled());
        });
    }
    group.finish();
}

criterion_group!(benches, apply);
criterion_main!(benches);
