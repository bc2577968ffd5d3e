//! zxfrd as the primary of `named`, `knotd` and `nsd`: its zone files change.

use std::collections::HashMap;
use std::thread;

use zxfr_tests::client::{dig, dig_ixfr};
use zxfr_tests::peer::{Kind, Offer, Peer, PeerKind, Pull, Target, Transfer, Way, require_peers};
use zxfr_tests::ports::Port;
use zxfr_tests::zxfr::{Setup, Zxfrd, axfr};
use zxfr_tests::{line, tally};

use super::{advance, assert_step, held, histories, key, wait_until_held, zones};

const PEERS: [PeerKind; 3] = [PeerKind::Named, PeerKind::Knotd, PeerKind::Nsd];

/// The most octets of a datagram.
const DATAGRAM: u64 = 1232;

#[test]
fn zxfrd_keeps_named_knotd_and_nsd_in_step() {
    if !require_peers("zxfrd with IXFR to named, knotd and nsd", &PEERS, &["dig"]) {
        return;
    }
    let Some(histories) = histories() else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut zones = zones(dir.path(), &histories);
    let key = key();
    let ports = PEERS.map(|_| Port::free().unwrap());
    let notify: Vec<_> = ports.iter().map(|port| Target { address: port.address(), key: Some(key.clone()) }).collect();
    let offers: Vec<_> =
        zones.iter().map(|zone| Offer { notify: notify.clone(), ..Offer::signed(zone.zone(), &key) }).collect();
    let mut zxfrd = Zxfrd::start(&Setup { offers: &offers, ..Setup::default() }).unwrap();
    wait_until_held(&mut zxfrd, &zones, &key);
    let server = zxfrd.address();
    let pulls: Vec<_> =
        zones.iter().map(|zone| Pull { way: Way::Ixfr, ..Pull::signed(&zone.zone().name, server, &key) }).collect();
    let started = PEERS.into_iter().zip(ports).map(|(kind, port)| Peer::start_secondary(kind, port, &pulls).unwrap());
    let mut peers: Vec<_> = started.collect();
    for peer in &mut peers {
        for zone in &zones {
            peer.wait_for_zone(&zone.zone().name, Some(zone.serial())).unwrap();
        }
    }
    let knotd = peers[1].address();

    // The size of each step, by zone and serial: ours, Knot's.
    let mut sizes: HashMap<(String, u32), [u64; 2]> = HashMap::new();
    let mut datagrams = [0, 0];
    loop {
        let steps = advance(&mut zones);
        if steps.is_empty() {
            break;
        }
        zxfrd.reload();
        thread::scope(|scope| {
            for peer in &mut peers {
                scope.spawn(|| {
                    for (zone, _) in &steps {
                        let (name, serial) = (&zone.zone().name, zone.serial());
                        peer.wait_for_zone(name, Some(serial)).unwrap();
                        let case = format!("zxfrd to {}, {name}, {serial}", peer.kind());
                        zone.holding().assert_given(&case, &held(peer.address(), zone, None));
                        tally::ran(&case);
                    }
                });
            }
        });
        for (zone, step) in &steps {
            let (name, serial, from) = (&zone.zone().name, zone.serial(), u32::try_from(step.from()).unwrap());
            let case = format!("IXFR of {name} to {serial}");
            zone.holding().assert_given(&case, &held(server, zone, Some(&key)));
            let answers = [server, knotd].map(|server| dig_ixfr(server, name, from, Some(&key), false).unwrap());
            for answer in &answers {
                assert_step(&case, answer, step);
            }
            let [ours, knots] = answers.map(|answer| answer.octets);
            assert!(ours <= knots, "{case}: {ours} octets, of knotd {knots}");
            sizes.insert((name.clone(), serial), [ours, knots]);
            // Over UDP the differences come when they fit, else the SOA alone.
            let answer = dig_ixfr(server, name, from, Some(&key), true).unwrap();
            assert!(answer.octets <= DATAGRAM, "{case}: a datagram of {} octets", answer.octets);
            if answer.records.len() > 1 {
                assert_step(&case, &answer, step);
                datagrams[0] += 1;
            } else {
                assert_eq!(answer.records, [line::read(step.new_soa).unwrap()], "{case}");
                assert!(ours > DATAGRAM, "{case}: {ours} octets would have fitted into a datagram");
                datagrams[1] += 1;
            }
        }
    }
    assert!(datagrams.iter().all(|count| *count > 3), "{datagrams:?}");

    assert_logs(&zxfrd, &peers, &sizes);
    // In the end by other readers, too.
    for zone in &zones {
        let name = &zone.zone().name;
        let closing = [line::read(&soa(dir.path(), name)).unwrap()];
        let by_dig = dig(server, name, Some(&key)).unwrap();
        zone.holding().assert_given(&format!("{name} by dig"), &[&by_dig[..], &closing].concat());
        let written = dir.path().join("written");
        axfr(server, name, Some(&key), &written).unwrap();
        let text = std::fs::read_to_string(&written).unwrap().replace('\t', " ");
        let by_zxfr: Vec<_> = text.lines().map(|text| line::read(text).unwrap()).collect();
        zone.holding().assert_given(&format!("{name} by zxfr axfr"), &[&by_zxfr[..], &closing].concat());
    }
}

/// The SOA of a zone's present file.
fn soa(dir: &std::path::Path, name: &str) -> String {
    let text = std::fs::read_to_string(dir.join(format!("{}.zone", name.trim_end_matches('.')))).unwrap();
    text.lines().next().unwrap().to_owned()
}

/// Each step came to each peer by IXFR, by its own log and by zxfrd's.
fn assert_logs(zxfrd: &Zxfrd, peers: &[Peer], sizes: &HashMap<(String, u32), [u64; 2]>) {
    let ours: Vec<_> = zxfrd.transfers().into_iter().filter(|transfer| transfer.kind == "ixfr").collect();
    for ((zone, serial), [octets, knots]) in sizes {
        let of_step = ours.iter().filter(|transfer| transfer.zone == *zone && transfer.to == Some(*serial));
        let sent: Vec<_> = of_step.filter(|transfer| !transfer.incoming && transfer.result == "ok").collect();
        // The peers, and dig over TCP.
        assert!(sent.len() > PEERS.len(), "{zone} to {serial}: {sent:?}");
        assert!(sent.iter().all(|transfer| transfer.octets <= *knots), "{zone} to {serial}, {octets}: {sent:?}");
    }
    for peer in peers {
        let incoming: Vec<_> = peer.transfers().into_iter().filter(|transfer| transfer.incoming).collect();
        let (whole, steps): (Vec<_>, Vec<_>) =
            incoming.into_iter().partition(|transfer| !sizes.contains_key(&(transfer.zone.clone(), transfer.serial)));
        assert_eq!(whole.len(), 2, "{whole:?}");
        assert_eq!(steps.len(), sizes.len());
        for Transfer { zone, kind, serial, octets, .. } in steps {
            let [_, knots] = sizes[&(zone.clone(), serial)];
            let of_kind = kind == Some(Kind::Ixfr) || (kind.is_none() && peer.kind() == PeerKind::Nsd);
            assert!(of_kind && octets <= knots, "{}: {zone} to {serial}: {kind:?}, {octets} octets", peer.kind());
        }
    }
    let total = |at: usize| sizes.values().map(|octets| octets[at]).sum::<u64>();
    eprintln!("{} steps: {} octets by IXFR, by knotd {}", sizes.len(), total(0), total(1));
}
