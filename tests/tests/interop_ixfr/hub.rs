//! zxfrd between two other servers: a secondary that keeps a secondary in step.

use std::thread;

use zxfr_tests::peer::{Kind, Offer, Peer, PeerKind, Pull, Target, Way, require_peers};
use zxfr_tests::ports::Port;
use zxfr_tests::relay::Relay;
use zxfr_tests::tally;
use zxfr_tests::zxfr::{Setup, Zxfrd, zxfr};

use super::{advance, held, histories, key, wait_until_held, zones};

/// The least octets of a whole zone; the largest step has half of that.
const WHOLE: u64 = 700_000;

/// `upstream` changes its files; `downstream` is behind zxfrd, which asks by IXFR.
fn hub(upstream: PeerKind, downstream: PeerKind, way: Way) {
    let case = format!("{upstream} to zxfrd to {downstream}");
    if !require_peers(&format!("{case} with IXFR"), &[upstream, downstream], &["nsd-control"]) {
        return;
    }
    let Some(histories) = histories() else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut zones = zones(dir.path(), &histories);
    let key = key();
    let [port, last] = [(); 2].map(|()| Port::free().unwrap());
    let target = |port: &Port| Target { address: port.address(), key: Some(key.clone()) };
    let notify = vec![target(&port)];
    let offers: Vec<_> =
        zones.iter().map(|zone| Offer { notify: notify.clone(), ..Offer::signed(zone.zone(), &key) }).collect();
    let mut primary = Peer::start_primary(upstream, Port::free().unwrap(), &offers).unwrap();
    for zone in &zones {
        primary.wait_for_zone(&zone.zone().name, Some(zone.serial())).unwrap();
    }
    let pull = |server, way| -> Vec<_> {
        offers.iter().map(|offer| Pull { way, ..Pull::signed(&offer.zone.name, server, &key) }).collect()
    };
    let pulls = pull(primary.address(), Way::Ixfr);
    let setup = Setup { pulls: &pulls, downstream: &[target(&last)], port: port.number(), ..Setup::default() };
    let mut zxfrd = Zxfrd::start(&setup).unwrap();
    wait_until_held(&mut zxfrd, &zones, &key);
    let relay = Relay::start(zxfrd.address()).unwrap();
    let mut secondary = Peer::start_secondary(downstream, last, &pull(relay.address(), way)).unwrap();
    drop(offers);
    for zone in &zones {
        secondary.wait_for_zone(&zone.zone().name, Some(zone.serial())).unwrap();
    }
    let before = [relay.connections(), relay.ixfr_datagrams()];

    let mut steps_of_all = Vec::new();
    loop {
        let steps = advance(&mut zones);
        if steps.is_empty() {
            break;
        }
        primary.reload();
        for (zone, step) in &steps {
            let (name, serial) = (&zone.zone().name, zone.serial());
            secondary
                .wait_for_zone(name, Some(serial))
                .unwrap_or_else(|failure| panic!("{case}: {failure}\n--- log of zxfrd ---\n{}", zxfrd.process().log()));
            let addresses = [(zxfrd.address(), Some(&key)), (secondary.address(), None)];
            thread::scope(|scope| {
                for (server, key) in addresses {
                    let case = format!("{case}, {name}, {serial}, at {server}");
                    scope.spawn(move || zone.holding().assert_given(&case, &held(server, zone, key)));
                }
            });
            tally::ran(&format!("{case}, {name}, {serial}"));
            let from = u32::try_from(step.from()).unwrap();
            let received = zxfrd
                .wait_for_transfer(&format!("{name} to {serial}"), |transfer| {
                    transfer.incoming && transfer.zone == *name && transfer.to == Some(serial)
                })
                .unwrap();
            let kind = (received.kind.as_str(), received.from, received.result.as_str());
            assert_eq!(kind, ("ixfr", Some(from), "ok"), "{case}: {received:?}");
            assert!((1..WHOLE).contains(&received.octets), "{case}: {received:?}");
            steps_of_all.push((name.clone(), serial));
            if upstream == PeerKind::Nsd {
                assert_datagram_of_nsd(&primary, &case, name, from, step.deletions.len() + step.additions.len());
            }
        }
    }

    let sent = zxfrd.transfers();
    let taken = secondary.transfers();
    for (name, serial) in &steps_of_all {
        let case = format!("{case}, {name} to {serial}");
        let out = sent.iter().filter(|line| !line.incoming && line.zone == *name && line.to == Some(*serial));
        let by_ixfr: Vec<_> = out.filter(|line| line.kind == "ixfr" && line.result == "ok").collect();
        assert_eq!(by_ixfr.len(), 1, "{case}: {by_ixfr:?}");
        let found = taken.iter().find(|taken| taken.incoming && taken.zone == *name && taken.serial == *serial);
        let found = found.unwrap_or_else(|| panic!("{case}: not in the log of {downstream}"));
        let of_kind = match downstream {
            PeerKind::Nsd => found.kind.is_none(),
            _ => found.kind == Some(Kind::Ixfr),
        };
        assert!(of_kind && (1..WHOLE).contains(&found.octets), "{case}: {found:?}");
        if upstream != PeerKind::Nsd {
            let given = primary.transfers().into_iter().find(|given| {
                !given.incoming && given.zone == *name && given.serial == *serial && given.kind == Some(Kind::Ixfr)
            });
            assert!(given.is_some(), "{case}: not in the log of {upstream}");
        }
    }
    if upstream == PeerKind::Nsd {
        assert!(primary.nsd_counter("num.rixfr").unwrap() >= steps_of_all.len() as u64);
    }
    if way == Way::IxfrOverUdp {
        // Some steps fit into the datagram: no connection for these.
        let [connections, datagrams] = [relay.connections() - before[0], relay.ixfr_datagrams() - before[1]];
        assert!(datagrams >= steps_of_all.len() as u64, "{case}: {datagrams} IXFR queries over UDP");
        assert!(connections + 4 <= steps_of_all.len() as u64, "{case}: {connections} connections");
    }
}

/// `zxfr ixfr --udp` gets a small step from `nsd` in one datagram, and goes to TCP for a large one.
fn assert_datagram_of_nsd(nsd: &Peer, case: &str, zone: &str, from: u32, records: usize) {
    let counters = || ["num.udp", "num.tcp"].map(|name| nsd.nsd_counter(name).unwrap());
    let before = counters();
    let server = format!("@{}", nsd.address());
    let from = from.to_string();
    let output = zxfr(&["ixfr", &server, zone, &from, "-y", &key().option(), "--udp"]).unwrap();
    assert!(output.status.success(), "{case}: {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout.iter().filter(|octet| **octet == b'\n').count(), records + 2, "{case}");
    let [udp, tcp] = counters();
    assert!(udp > before[0], "{case}: nothing over UDP");
    // Records of .gov take 20 to 60 octets in an IXFR.
    match records {
        0..=15 => assert_eq!(tcp, before[1], "{case}: over TCP, {records} records"),
        70.. => assert!(tcp > before[1], "{case}: not over TCP, {records} records"),
        _ => {}
    }
}

#[test]
fn named_to_zxfrd_to_knotd() {
    hub(PeerKind::Named, PeerKind::Knotd, Way::Ixfr);
}

#[test]
fn knotd_to_zxfrd_to_nsd() {
    hub(PeerKind::Knotd, PeerKind::Nsd, Way::IxfrOverUdp);
}

#[test]
fn nsd_to_zxfrd_to_named() {
    hub(PeerKind::Nsd, PeerKind::Named, Way::Ixfr);
}
