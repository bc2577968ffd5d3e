//! From records to a version: pages made of records in order, nearly in order, and in none.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use zxfr_benches::exchange::version;
use zxfr_benches::zone::{Zone, nearly_sorted, shuffled};

const RECORDS: usize = 100_000;

fn pages(criterion: &mut Criterion) {
    for (name, zone) in [("tld", Zone::tld(RECORDS)), ("signed", Zone::signed(RECORDS))] {
        let sorted = zone.records();
        let orders = [("nearly", nearly_sorted(&sorted)), ("shuffled", shuffled(&sorted)), ("sorted", sorted)];
        let mut group = criterion.benchmark_group(format!("pages/{name}"));
        group.sample_size(20);
        for (order, records) in &orders {
            group.throughput(Throughput::Elements(records.len() as u64));
            group.bench_function(*order, |bencher| {
                bencher.iter_batched(|| (), |()| version(records), BatchSize::PerIteration);
            });
        }
        group.finish();
    }
}

criterion_group!(benches, pages);
criterion_main!(benches);
