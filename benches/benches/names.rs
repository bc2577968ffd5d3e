//! What is done with each owner: taken from octets, compared, made a sort key, to text and back.

use std::hint::black_box;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use zxfr_benches::zone::{Zone, apex};
use zxfr_core::name::{Name, NameRef};

const RECORDS: usize = 50_000;

/// Does something with each owner and the one before it.
fn pairs<R>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    what: &str,
    owners: &[NameRef<'_>],
    work: fn(NameRef<'_>, NameRef<'_>) -> R,
) {
    group.bench_function(what, |bencher| {
        bencher.iter(|| {
            for pair in owners.windows(2) {
                if let [before, owner] = *pair {
                    black_box(work(black_box(before), black_box(owner)));
                }
            }
        });
    });
}

fn names(criterion: &mut Criterion) {
    let zone = Zone::tld(RECORDS);
    let records = zone.records();
    let owners: Vec<_> = records.iter().map(|record| record.owner).collect();
    let mut group = criterion.benchmark_group("names");
    group.throughput(Throughput::Elements(owners.len() as u64 - 1));
    pairs(&mut group, "from octets", &owners, |_, owner| NameRef::from_octets(owner.as_octets()).is_ok());
    pairs(&mut group, "equal", &owners, |before, owner| before == owner);
    pairs(&mut group, "canonical order", &owners, |before, owner| before.cmp(&owner));
    pairs(&mut group, "in the zone", &owners, |_, owner| owner.is_at_or_below(apex()));
    let mut key = Vec::new();
    group.bench_function("sort key", |bencher| {
        bencher.iter(|| {
            for owner in &owners {
                key.clear();
                black_box(owner).write_sort_key(|octets| key.extend_from_slice(octets));
                black_box(&key);
            }
        });
    });
    pairs(&mut group, "to text and back", &owners, |_, owner| owner.to_string().parse::<Name>().is_ok());
    group.finish();
}

criterion_group!(benches, names);
criterion_main!(benches);
