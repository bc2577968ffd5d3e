//! A zone with six primaries, of which five fail, each in its own way, and a zone with a good one: both come in step,
//! neither waits for what fails, and each failure is in the log with its reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zxfr_tests::fake::{Asked, FakePrimary, Step};
use zxfr_tests::peer::{Pull, Way};
use zxfr_tests::ports::Port;
use zxfr_tests::wire::{self, ANSWER, Draft};
use zxfr_tests::zxfr::{Setup, Transfer, Zxfrd, zxfr};
use zxfr_tests::{decode, tally};

const ZONE: &str = "many-primaries.example.";
const OTHER: &str = "one-primary.example.";

const SOA: u16 = 6;
const IXFR: u16 = 251;

/// The serial that is held at first.
const HELD: u32 = 5;

/// How a primary behaves once it is time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// It takes everything and answers nothing, from the beginning.
    Silent,
    /// It has serial 4, from the beginning.
    Behind,
    /// It says that it has serial 9, and sends what is held.
    Lying,
    /// It has serial 8, and closes the connection in the middle of it.
    Cutting,
    /// It has serial 7, but no IXFR.
    Refusing,
    /// It has serial 7.
    Good,
}

/// A primary that has the version that is held, until it is time for its manner.
fn primary(zone: &'static str, manner: Manner, time: &Arc<AtomicBool>) -> FakePrimary {
    let time = time.clone();
    FakePrimary::start(move |asked| answer(zone, manner, time.load(Ordering::SeqCst), asked)).unwrap()
}

fn answer(zone: &str, manner: Manner, time: bool, asked: &Asked) -> Vec<Step> {
    let send = |rcode: u16, records: Vec<Vec<u8>>| {
        let sections = [vec![wire::question(zone, asked.qtype, 1)], records, vec![], vec![]];
        Step::Send(Draft { id: asked.id, flags: ANSWER | rcode, sections, counts: None }.octets())
    };
    let soa = |serial| vec![send(0, vec![wire::soa(zone, serial)])];
    let whole = |serial| vec![send(0, whole(zone, serial))];
    match (manner, asked.qtype) {
        (Manner::Silent, _) => vec![Step::Stall],
        (Manner::Behind, SOA) => soa(4),
        (Manner::Behind, _) => whole(4),
        (_, SOA) if !time => soa(HELD),
        (_, _) if !time => whole(HELD),
        (Manner::Lying, SOA) => soa(9),
        (Manner::Lying, IXFR) => soa(HELD),
        (Manner::Lying, _) => whole(HELD),
        (Manner::Cutting, SOA) => soa(8),
        (Manner::Cutting, IXFR) => {
            let begun = vec![wire::soa(zone, 8), wire::soa(zone, HELD), host(zone, HELD)];
            vec![send(0, begun), Step::Close]
        }
        (Manner::Cutting, _) => vec![send(0, vec![wire::soa(zone, 8), host(zone, 8)]), Step::Close],
        (Manner::Refusing, IXFR) => vec![send(4, vec![])],
        (Manner::Refusing | Manner::Good, SOA) => soa(7),
        (Manner::Good, IXFR) => {
            let [old, new] = [HELD, 7].map(|serial| wire::soa(zone, serial));
            vec![send(0, vec![new.clone(), old, host(zone, HELD), new.clone(), host(zone, 7), new])]
        }
        (Manner::Refusing | Manner::Good, _) => whole(7),
    }
}

/// All of a version, its SOA at both ends.
fn whole(zone: &str, serial: u32) -> Vec<Vec<u8>> {
    let ns = wire::record(zone, 2, b"\x02ns\x07example\0");
    vec![wire::soa(zone, serial), ns, host(zone, serial), wire::soa(zone, serial)]
}

/// The record by which versions differ.
fn host(zone: &str, serial: u32) -> Vec<u8> {
    wire::record(&format!("host.{zone}"), 1, &serial.to_be_bytes())
}

#[test]
fn five_failing_primaries_of_six_delay_nothing() {
    let time = Arc::new(AtomicBool::new(false));
    let dead = Port::free().unwrap();
    let manners = [Manner::Silent, Manner::Behind, Manner::Lying, Manner::Cutting, Manner::Refusing];
    let [silent, behind, lying, cutting, refusing] = manners.map(|manner| primary(ZONE, manner, &time).address());
    let good = primary(OTHER, Manner::Good, &time).address();
    let pull = |zone, upstream| Pull { way: Way::Ixfr, ..Pull::open(zone, upstream) };
    let of_zone = [dead.address(), silent, behind, lying, cutting, refusing].map(|upstream| pull(ZONE, upstream));
    let pulls = [&of_zone[..], &[pull(OTHER, good)]].concat();
    let mut zxfrd = Zxfrd::start(&Setup { pulls: &pulls, ..Setup::default() }).unwrap();
    let begun = Instant::now();
    for zone in [OTHER, ZONE] {
        zxfrd.wait_for_zone(zone, Some(HELD)).unwrap();
    }
    let first = begun.elapsed();

    time.store(true, Ordering::SeqCst);
    let begun = Instant::now();
    for zone in [ZONE, OTHER] {
        let output = zxfr(&["notify", &format!("@{}", zxfrd.address()), zone]).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    zxfrd.wait_for_zone(OTHER, Some(7)).unwrap();
    let other = begun.elapsed();
    zxfrd.wait_for_zone(ZONE, Some(7)).unwrap();
    let converged = begun.elapsed();
    for zone in [ZONE, OTHER] {
        let given = wire::axfr(zxfrd.address(), zone).unwrap();
        assert!(decode::records(&given).unwrap().iter().any(|record| record.rdata == 7_u32.to_be_bytes()), "{zone}");
    }

    // What becomes of those that don't answer is known a little later.
    let mut failed = |peer: std::net::SocketAddr, kind: &str, result: &str| {
        let wanted = |line: &Transfer| {
            line.incoming
                && line.zone == ZONE
                && line.peer == peer.to_string()
                && line.kind == kind
                && line.result == result
        };
        let line = zxfrd.wait_for_transfer(&format!("kind={kind} result={result}"), wanted).unwrap();
        line.reason.unwrap_or_else(|| panic!("no reason for {result} of {peer}"))
    };
    for (peer, kind, result) in [
        (dead.address(), "uptodate", "unreachable"),
        (silent, "uptodate", "timeout"),
        (behind, "uptodate", "behind"),
        (cutting, "ixfr", "cut"),
        (cutting, "axfr", "cut"),
        (refusing, "ixfr", "notimp"),
    ] {
        eprintln!("{result}: {}", failed(peer, kind, result));
    }
    let lied = zxfrd
        .wait_for_transfer("result=lied", |line| {
            line.zone == ZONE && line.peer == lying.to_string() && line.result == "lied"
        })
        .unwrap();
    let reason = lied.reason.unwrap_or_default();
    assert!(reason.contains('9') && reason.contains('5'), "{reason}");
    eprintln!("lied: {reason}");
    let came = zxfrd.transfers().into_iter().find(|line| line.zone == ZONE && line.to == Some(7)).unwrap();
    let how = (came.peer, came.kind.as_str(), came.from, came.result.as_str());
    assert_eq!(how, (refusing.to_string(), "axfr", Some(HELD), "ok"));
    let by_ixfr = zxfrd.transfers().into_iter().find(|line| line.zone == OTHER && line.to == Some(7)).unwrap();
    assert_eq!((by_ixfr.kind.as_str(), by_ixfr.result.as_str()), ("ixfr", "ok"));
    eprintln!(
        "first versions after {first:.1?}; then the zone with one primary after {other:.1?}, that with six after {converged:.1?}"
    );
    assert!(other < Duration::from_secs(3) && converged < Duration::from_secs(5), "{other:?}, {converged:?}");
    tally::ran("six primaries, five failing");
}
