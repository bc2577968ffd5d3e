//! Sending a version: every message of an AXFR, as a socket would take it.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zxfr_benches::exchange::{Ends, NOW, messages, octets, version};
use zxfr_benches::zone::Zone;
use zxfr_core::transfer::Outbound;
use zxfr_core::tsig::Algorithm;

const RECORDS: usize = 100_000;

fn axfr_out(criterion: &mut Criterion) {
    for (name, zone) in [("tld", Zone::tld(RECORDS)), ("signed", Zone::signed(RECORDS))] {
        let version = Arc::new(version(&zone.records()));
        let mut group = criterion.benchmark_group(format!("axfr_out/{name}"));
        for (signature, algorithm) in [
            ("plain", None),
            ("hmac-sha256", Some(Algorithm::HmacSha256)),
            ("hmac-sha512", Some(Algorithm::HmacSha512)),
        ] {
            let bytes = octets(&messages(&version, Ends::new(algorithm)));
            group.throughput(Throughput::ElementsAndBytes { elements: version.record_count() + 1, bytes });
            group.bench_function(signature, |bencher| {
                bencher.iter(|| {
                    let Ends { asked, signer, .. } = Ends::new(algorithm);
                    let mut outbound = Outbound::axfr(Arc::clone(&version), asked, signer).unwrap();
                    while let Some(frame) = outbound.poll_transmit(NOW.unix).unwrap() {
                        black_box(frame.stream_parts());
                    }
                    outbound.totals()
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, axfr_out);
criterion_main!(benches);
