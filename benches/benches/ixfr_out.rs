//! Answering IXFR: rendering the differences of 8,552 records from one delta and from forty, finding them rendered, and
//! sending them.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zxfr_benches::exchange::{Ends, NOW, version};
use zxfr_benches::zone::Zone;
use zxfr_core::journal::{Answer, Differences, Journal, JournalLimits};
use zxfr_core::name::Name;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::Outbound;
use zxfr_core::tsig::Algorithm;
use zxfr_core::wire::{Record, Rtype};
use zxfr_core::zone::Version;

const RECORDS: usize = 100_000;
/// So many records are deleted, and as many added.
const CHANGED: usize = 4_276;
const STEPS: usize = 40;

/// The versions that come when the delegations of a zone change, some at each step. The zone has the serial 7.
fn history(steps: usize) -> Vec<Arc<Version>> {
    let zone = Zone::tld(RECORDS);
    let mut records = zone.records();
    let places: Vec<usize> = (1..records.len()).filter(|place| records[*place].rtype == Rtype::NS).collect();
    let places: Vec<usize> = places.iter().step_by(places.len() / CHANGED).copied().take(CHANGED).collect();
    let hosts: Vec<Name> = (0..20).map(|host| format!("ns9.host{host}.example.").parse().unwrap()).collect();
    let soas: Vec<Vec<u8>> = (8..).take(steps).map(|serial: u32| with_serial(records[0].rdata, serial)).collect();
    let mut versions = vec![Arc::new(version(&records))];
    for (step, soa) in soas.iter().enumerate() {
        records[0] = Record { rdata: soa, ..records[0] };
        for number in (step..CHANGED).step_by(steps) {
            let place = places[number];
            records[place] = Record { rdata: hosts[number % hosts.len()].as_octets(), ..records[place] };
        }
        versions.push(Arc::new(version(&records)));
    }
    versions
}

fn with_serial(soa: &[u8], serial: u32) -> Vec<u8> {
    let (names, numbers) = soa.split_at(soa.len() - 20);
    [names, &serial.to_be_bytes(), &numbers[4..]].concat()
}

/// A journal of these versions that keeps so many octets of answers.
fn journal(versions: &[Arc<Version>], cached_octets: u64) -> Journal {
    let mut journal = Journal::new(JournalLimits { cached_octets, ..JournalLimits::default() });
    for pair in versions.windows(2) {
        journal.push(Arc::new(pair[0].diff(&pair[1]).unwrap())).unwrap();
    }
    journal
}

fn ask(journal: &mut Journal, newest: &Arc<Version>) -> Arc<Differences> {
    match journal.answer(newest, Serial(7)) {
        Answer::Differences(differences) => differences,
        other => panic!("{other:?}"),
    }
}

fn ixfr_out(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ixfr_out");
    for (name, steps) in [("render one delta", 1), ("render forty deltas", STEPS)] {
        let versions = history(steps);
        let newest = versions.last().unwrap();
        let mut fresh = journal(&versions, 0);
        let differences = ask(&mut fresh, newest);
        // In a chain what is deleted and what is added at a name stand closer together: that may take less than condensed.
        assert_eq!(differences.record_count(), 2 * (CHANGED + steps + 1) as u64);
        let (elements, bytes) = (differences.record_count(), differences.octets());
        group.throughput(Throughput::ElementsAndBytes { elements, bytes });
        group.bench_function(name, |bencher| bencher.iter(|| ask(&mut fresh, newest)));
        if steps > 1 {
            continue;
        }
        let mut kept = journal(&versions, u64::MAX);
        group.bench_function("find it rendered", |bencher| bencher.iter(|| ask(&mut kept, newest)));
        for (signature, algorithm) in [("send plain", None), ("send hmac-sha256", Some(Algorithm::HmacSha256))] {
            group.bench_function(signature, |bencher| {
                bencher.iter(|| {
                    let Ends { asked, signer, .. } = Ends::new(algorithm);
                    let mut outbound = Outbound::ixfr(differences.clone(), asked, signer).unwrap();
                    while let Some(frame) = outbound.poll_transmit(NOW.unix).unwrap() {
                        black_box(frame.stream_parts());
                    }
                    outbound.totals()
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, ixfr_out);
criterion_main!(benches);
