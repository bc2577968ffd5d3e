//! Receiving an AXFR: read and checked only, made into a version, and both with a signature on every message.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zxfr_benches::exchange::{Ends, ID, NOW, messages, octets, version};
use zxfr_benches::zone::{Zone, apex};
use zxfr_core::transfer::{Event, Inbound, Limits};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Algorithm, Verifier};
use zxfr_core::wire::Record;
use zxfr_core::zone::{BuildLimits, Builder};

const RECORDS: usize = 100_000;

/// Takes all messages, and gives the SOA and every record of the zone to `take`.
fn receive(messages: &[Vec<u8>], verifier: Option<Verifier<Hmac>>, mut take: impl FnMut(&Record<'_>)) {
    let mut inbound = Inbound::axfr(apex(), ID, Limits::default(), verifier);
    for message in messages {
        let mut events = inbound.handle_message(black_box(message), NOW).unwrap();
        while let Some(event) = events.next().unwrap() {
            match event {
                Event::Begin { soa: record } | Event::Add(record) => take(&record),
                Event::Commit { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }
    inbound.eof().unwrap();
}

fn axfr_in(criterion: &mut Criterion) {
    for (name, zone) in [("tld", Zone::tld(RECORDS)), ("signed", Zone::signed(RECORDS))] {
        let version = Arc::new(version(&zone.records()));
        let mut group = criterion.benchmark_group(format!("axfr_in/{name}"));
        group.sample_size(20);
        for (signature, algorithm) in [("plain", None), ("hmac-sha256", Some(Algorithm::HmacSha256))] {
            let mut ends = Ends::new(algorithm);
            let verifier = ends.verifier.take();
            let messages = messages(&version, ends);
            group.throughput(Throughput::ElementsAndBytes {
                elements: version.record_count() + 1,
                bytes: octets(&messages),
            });
            group.bench_function(format!("{signature}/read"), |bencher| {
                bencher.iter(|| receive(&messages, verifier.clone(), |record| _ = black_box(*record)));
            });
            group.bench_function(format!("{signature}/to-version"), |bencher| {
                bencher.iter(|| {
                    let mut builder = Builder::new(apex(), BuildLimits::default());
                    receive(&messages, verifier.clone(), |record| _ = builder.push_checked(record).unwrap());
                    builder.finish().unwrap()
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, axfr_in);
criterion_main!(benches);
