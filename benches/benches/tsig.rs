//! Signing and verifying one message of 16 KB, with each algorithm.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zxfr_benches::exchange::{Ends, NOW, messages, version};
use zxfr_benches::zone::Zone;
use zxfr_core::tsig::Algorithm;
use zxfr_core::wire::Message;

fn tsig(criterion: &mut Criterion) {
    let version = Arc::new(version(&Zone::tld(3_000).records()));
    let plain = messages(&version, Ends::new(None));
    // The second message is a full page; the first is the apex node.
    let unsigned = &plain[1];
    let mut group = criterion.benchmark_group("tsig");
    for algorithm in Algorithm::ALL {
        group.throughput(Throughput::Bytes(unsigned.len() as u64));
        group.bench_function(format!("sign/{algorithm}"), |bencher| {
            let mut signer = Ends::new(Some(algorithm)).signer.unwrap();
            let mut tail = vec![0; signer.tail_len()];
            bencher.iter(|| signer.sign(&[black_box(unsigned)], NOW.unix, &mut tail).unwrap());
        });
        let mut ends = Ends::new(Some(algorithm));
        let mut verifier = ends.verifier.take().unwrap();
        let signed = messages(&version, ends);
        let [first, second] = [0, 1].map(|number| Message::new(&signed[number]).unwrap());
        verifier.verify(&first, &first.layout().unwrap(), NOW.unix).unwrap();
        let layout = second.layout().unwrap();
        group.throughput(Throughput::Bytes(signed[1].len() as u64));
        group.bench_function(format!("verify/{algorithm}"), |bencher| {
            // A verifier goes on to the next message, so each time a new one begins here.
            bencher.iter(|| verifier.clone().verify(black_box(&second), &layout, NOW.unix).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, tsig);
criterion_main!(benches);
