//! zxfrd as a secondary of real servers: every zone, unsigned and signed with each
//! algorithm, arrives with the octets that the primary sent.

use std::time::Duration;

use zxfr_tests::client::dig;
use zxfr_tests::interop::{ReadBack, all_zones, carried, case, exactness, keys, signed_zones, signings, truth};
use zxfr_tests::peer::{Offer, Peer, PeerKind, Pull, Role, require_peers, spelling};
use zxfr_tests::records::{Exactness, Record, assert_same};
use zxfr_tests::tally;
use zxfr_tests::zones::{self, Content, Zone};
use zxfr_tests::zxfr::Zxfrd;

fn secondary_of(peer: PeerKind) {
    if !require_peers(&format!("zxfrd as secondary of {peer}"), &[peer, PeerKind::Named, PeerKind::Pdns], &["dig"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let zones = carried(peer, Role::Primary, all_zones(dir.path(), spelling(peer)));
    if peer == PeerKind::Ixfrdist {
        // It can have the root zone, but no others beside it.
        let (root, others): (Vec<_>, Vec<_>) = zones.into_iter().partition(|zone| zone.name == ".");
        transfer(peer, &others);
        if !root.is_empty() {
            transfer(peer, &root);
        }
    } else {
        transfer(peer, &zones);
    }
}

fn transfer(peer: PeerKind, zones: &[Zone]) {
    let dir = tempfile::tempdir().unwrap();
    let keys = keys(peer.algorithms());
    let keyed = signed_zones(dir.path(), &keys);
    let mut offers: Vec<_> = zones.iter().map(|zone| Offer::either(zone, &keys)).collect();
    offers.extend(keyed.iter().map(|(zone, key)| Offer::signed(zone, key)));
    let primary = Peer::primary(peer, &offers).unwrap();
    let sent: Vec<Vec<Record>> = zones.iter().map(|zone| dig(primary.address(), &zone.name, None).unwrap()).collect();
    for (zone, sent) in zones.iter().zip(&sent) {
        assert_same(&format!("{peer}, {}, as sent", zone.name), truth(zone), sent, exactness(peer));
    }
    let mut read_back = ReadBack::default();
    for key in signings(peer.algorithms()) {
        let mut pulls: Vec<_> = zones.iter().map(|zone| Pull::open(&zone.name, primary.address())).collect();
        for pull in &mut pulls {
            pull.key = key.clone();
        }
        // These can't be had with another key, or without.
        let own = keyed.iter().filter(|(_, own)| Some(own) == key.as_ref());
        pulls.extend(own.clone().map(|(zone, key)| Pull::signed(&zone.name, primary.address(), key)));
        let mut zxfrd = Zxfrd::secondary(&pulls).unwrap();
        for (zone, sent) in zones.iter().zip(&sent) {
            let case = case(peer, "zxfrd", &zone.name, key.as_ref());
            zxfrd.wait_for_zone(&zone.name, Some(zone.serial)).unwrap_or_else(|failure| panic!("{case}: {failure}"));
            read_back.assert_held(&case, zxfrd.address(), &zone.name, sent, Exactness::Octets);
            tally::ran(&case);
        }
        for (zone, key) in own {
            zxfrd.wait_for_zone(&zone.name, Some(zone.serial)).unwrap();
            tally::ran(&case(peer, "zxfrd", &zone.name, Some(key)));
        }
    }
}

#[test]
fn of_named() {
    secondary_of(PeerKind::Named);
}

#[test]
fn of_knotd() {
    secondary_of(PeerKind::Knotd);
}

#[test]
fn of_nsd() {
    secondary_of(PeerKind::Nsd);
}

#[test]
fn of_pdns_server() {
    secondary_of(PeerKind::Pdns);
}

#[test]
fn of_ixfrdist() {
    secondary_of(PeerKind::Ixfrdist);
}

/// knotd gives up on what it can't send, with SERVFAIL; nsd goes on with messages that are
/// empty: nothing of it is kept.
#[test]
fn what_a_primary_breaks_off_is_discarded() {
    for (peer, content, reason) in [
        (PeerKind::Nsd, Content::BigRecord, "messages in a row without a record"),
        (PeerKind::Knotd, Content::BigRrset, "peer gave up in message 2: SERVFAIL"),
    ] {
        let case = format!("{peer} to zxfrd, {content:?} broken off");
        if !require_peers(&case, &[peer], &[]) {
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        let zone = match content {
            Content::BigRecord => zones::big_record(dir.path()),
            _ => zones::big_rrset(dir.path()),
        };
        let zone = zone.unwrap();
        let primary = Peer::primary(peer, &[Offer::open(&zone)]).unwrap();
        let mut zxfrd = Zxfrd::secondary(&[Pull::open(&zone.name, primary.address())]).unwrap();
        zxfrd.process().wait_for_log("transfer=in", Duration::from_secs(30)).unwrap();
        let log = zxfrd.process().log();
        let line = log.lines().find(|line| line.contains("transfer=in")).unwrap();
        assert!(line.contains(zone.name.trim_end_matches('.')) && line.contains(reason), "{case}: {line}");
        // What had come before is told, too.
        assert!(!line.contains(" messages=0 "), "{case}: {line}");
        assert!(dig(zxfrd.address(), &zone.name, None).is_err(), "{case}");
        tally::ran(&case);
    }
}
