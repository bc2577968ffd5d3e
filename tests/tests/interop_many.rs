//! A thousand zones in one zxfrd, from a `named` that is stopped, gets a new version of each, and is started again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use zxfr_tests::peer::{Offer, Peer, PeerKind, Pull, Target, Way, require_peers};
use zxfr_tests::ports::Port;
use zxfr_tests::zones::{Content, Zone};
use zxfr_tests::zxfr::{Setup, Zxfrd};
use zxfr_tests::{decode, tally, wire};

const ZONES: usize = 1000;

/// The first and the last serial, which the zones' addresses end with, too.
const SERIALS: [u32; 2] = [1, 2];

fn text(name: &str, serial: u32) -> String {
    format!(
        "{name} 300 IN SOA ns.{name} host.{name} {serial} 3600 600 86400 60\n{name} 300 IN NS ns.{name}\n\
         ns.{name} 300 IN A 192.0.2.{serial}\n",
    )
}

fn write(path: &Path, name: &str, serial: u32) {
    fs::write(path, text(name, serial)).unwrap();
}

#[test]
fn a_thousand_zones_of_named_which_restarts_come_in_step() {
    let case = "a thousand zones of named, which restarts";
    if !require_peers(case, &[PeerKind::Named], &[]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let zones: Vec<_> = (0..ZONES)
        .map(|number| {
            let name = format!("zone{number}.example.");
            let path: PathBuf = dir.path().join(&name);
            write(&path, &name, SERIALS[0]);
            Zone { name, path, serial: SERIALS[0], content: Content::Three, signed: false }
        })
        .collect();
    let port = Port::free().unwrap();
    let notify = vec![Target { address: port.address(), key: None }];
    let offers: Vec<_> = zones.iter().map(|zone| Offer { notify: notify.clone(), ..Offer::open(zone) }).collect();
    let mut primary = Peer::primary(PeerKind::Named, &offers).unwrap();
    let pull = |zone: &Zone| Pull { way: Way::Ixfr, ..Pull::open(&zone.name, primary.address()) };
    let pulls: Vec<_> = zones.iter().map(pull).collect();

    let begun = Instant::now();
    let mut zxfrd = Zxfrd::start(&Setup { pulls: &pulls, port: port.number(), ..Setup::default() }).unwrap();
    in_step(&mut zxfrd, &zones, SERIALS[0]);
    eprintln!("{ZONES} zones held after {:.1?}; {}", begun.elapsed(), footprint(zxfrd.process().id()));

    primary.process().stop();
    for zone in &zones {
        write(&zone.path, &zone.name, SERIALS[1]);
    }
    primary.process().restart().unwrap();
    let begun = Instant::now();
    primary.wait_for_zone(&zones[ZONES - 1].name, Some(SERIALS[1])).unwrap();
    let loaded = begun.elapsed();
    in_step(&mut zxfrd, &zones, SERIALS[1]);
    eprintln!(
        "the primary's last zone answered {loaded:.1?} after its start, all {ZONES} in step after {:.1?}; {}",
        begun.elapsed(),
        footprint(zxfrd.process().id()),
    );
    for zone in [&zones[0], &zones[ZONES / 2], &zones[ZONES - 1]] {
        let given = decode::records(&wire::axfr(zxfrd.address(), &zone.name).unwrap()).unwrap();
        assert!(given.iter().any(|record| record.rtype == 1 && record.rdata == [192, 0, 2, 2]), "{given:?}");
    }
    // No thread for each zone: at most one for each of the 100 transfers at once, and some more.
    let threads = number(&status(zxfrd.process().id()), "Threads:");
    assert!(threads < 200, "{threads} threads");
    tally::ran(case);
}

fn in_step(zxfrd: &mut Zxfrd, zones: &[Zone], serial: u32) {
    for zone in zones {
        zxfrd.wait_for_zone(&zone.name, Some(serial)).unwrap();
    }
}

/// What a process takes, in words.
fn footprint(process: u32) -> String {
    let status = status(process);
    let read = |file: &str| fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
    let descriptors = fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count);
    format!(
        "{} threads, {descriptors} descriptors, {} KiB proportional, {} KiB resident at most",
        number(&status, "Threads:"),
        number(&read("smaps_rollup"), "Pss:"),
        number(&status, "VmHWM:"),
    )
}

fn status(process: u32) -> String {
    fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default()
}

/// The number behind a word at the beginning of a line; 0 where the system doesn't tell.
fn number(text: &str, word: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
