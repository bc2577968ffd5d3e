//! zxfrd as the primary of real servers: they transfer every zone, unsigned and signed
//! with each algorithm, and give back what they hold.

use std::process::Command;

use zxfr_tests::client::{dig, dig_one};
use zxfr_tests::interop::{
    ReadBack, all_zones, carried, case, exactness, is_tried, keys, signed_zones, signings, truth,
};
use zxfr_tests::name;
use zxfr_tests::peer::{Offer, Peer, PeerKind, Pull, Role, require_peers};
use zxfr_tests::process::find_program;
use zxfr_tests::records::assert_same;
use zxfr_tests::tally;
use zxfr_tests::zones::every_type::Spelling;
use zxfr_tests::zones::{self, Zone};
use zxfr_tests::zxfr::Zxfrd;

fn primary_of(peer: PeerKind) {
    if !require_peers(&format!("zxfrd as primary of {peer}"), &[peer, PeerKind::Named, PeerKind::Pdns], &["dig"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let zones = carried(peer, Role::Secondary, all_zones(dir.path(), Spelling::Known));
    let keys = keys(peer.algorithms());
    let keyed = signed_zones(dir.path(), &keys);
    let mut offers: Vec<_> = zones.iter().map(|zone| Offer::either(zone, &keys)).collect();
    offers.extend(keyed.iter().map(|(zone, key)| Offer::signed(zone, key)));
    let zxfrd = Zxfrd::primary(&offers).unwrap();
    for (zone, _) in &keyed {
        assert!(dig(zxfrd.address(), &zone.name, None).is_err(), "{} given to an unsigned request", zone.name);
    }
    let mut read_back = ReadBack::default();
    for key in signings(peer.algorithms()) {
        let tried: Vec<_> = zones.iter().filter(|zone| is_tried(peer, zone.content, key.as_ref())).collect();
        let mut pulls: Vec<_> = tried.iter().map(|zone| Pull::open(&zone.name, zxfrd.address())).collect();
        for pull in &mut pulls {
            pull.key = key.clone();
        }
        let own = keyed.iter().filter(|(_, own)| Some(own) == key.as_ref());
        pulls.extend(own.clone().map(|(zone, key)| Pull::signed(&zone.name, zxfrd.address(), key)));
        let mut secondary = Peer::secondary(peer, &pulls).unwrap();
        for zone in tried {
            let case = case("zxfrd", peer, &zone.name, key.as_ref());
            let waited = secondary.wait_for_zone(&zone.name, Some(zone.serial));
            waited.unwrap_or_else(|failure| panic!("{case}: {failure}"));
            read_back.assert_held(&case, secondary.address(), &zone.name, truth(zone), exactness(peer));
            tally::ran(&case);
        }
        for (zone, key) in own {
            secondary.wait_for_zone(&zone.name, Some(zone.serial)).unwrap();
            tally::ran(&case("zxfrd", peer, &zone.name, Some(key)));
        }
    }
}

#[test]
fn of_named() {
    primary_of(PeerKind::Named);
}

#[test]
fn of_knotd() {
    primary_of(PeerKind::Knotd);
}

#[test]
fn of_nsd() {
    primary_of(PeerKind::Nsd);
}

#[test]
fn of_pdns_server() {
    primary_of(PeerKind::Pdns);
}

/// nsd takes a record of 60,000 octets by transfer and answers with it, though it
/// can't give it away by transfer.
#[test]
fn nsd_takes_the_largest_record() {
    if !require_peers("zxfrd to nsd, big record", &[PeerKind::Nsd, PeerKind::Named, PeerKind::Pdns], &["dig"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let zone = zones::big_record(dir.path()).unwrap();
    let keys = keys(PeerKind::Nsd.algorithms());
    let zxfrd = Zxfrd::primary(&[Offer::either(&zone, &keys)]).unwrap();
    for key in signings(PeerKind::Nsd.algorithms()) {
        let case = case("zxfrd", PeerKind::Nsd, &zone.name, key.as_ref());
        let pull = Pull { key, ..Pull::open(&zone.name, zxfrd.address()) };
        let mut secondary = Peer::secondary(PeerKind::Nsd, &[pull]).unwrap();
        secondary.wait_for_zone(&zone.name, Some(zone.serial)).unwrap_or_else(|failure| panic!("{case}: {failure}"));
        let owner = "big.big-record.example.";
        let found = dig_one(secondary.address(), owner, "TXT").unwrap();
        let wire = name::to_wire(owner).unwrap();
        let expected: Vec<_> = truth(&zone).iter().filter(|record| record.owner == wire).cloned().collect();
        assert_eq!(expected[0].rdata.len(), 60_000);
        assert_same(&case, &expected, &found, exactness(PeerKind::Nsd));
        tally::ran(&case);
    }
}

/// knotd takes an RRset of 20,000 records by transfer, though it can't give it away;
/// its control program tells what it holds.
#[test]
fn knotd_takes_the_largest_rrset() {
    if !require_peers("zxfrd to knotd, big RRset", &[PeerKind::Knotd], &["knotc"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let zone = zones::big_rrset(dir.path()).unwrap();
    let keys = keys(PeerKind::Knotd.algorithms());
    let zxfrd = Zxfrd::primary(&[Offer::either(&zone, &keys)]).unwrap();
    let mut expected: Vec<_> = zones::addresses(20_000).collect();
    expected.sort();
    for key in signings(PeerKind::Knotd.algorithms()) {
        let case = case("zxfrd", PeerKind::Knotd, &zone.name, key.as_ref());
        let pull = Pull { key, ..Pull::open(&zone.name, zxfrd.address()) };
        let mut secondary = Peer::secondary(PeerKind::Knotd, &[pull]).unwrap();
        secondary.wait_for_zone(&zone.name, Some(zone.serial)).unwrap_or_else(|failure| panic!("{case}: {failure}"));
        let mut found = addresses_of_knotd(&mut secondary, &zone);
        found.sort();
        assert_eq!(found.len(), expected.len(), "{case}");
        assert!(found == expected, "{case}: other addresses");
        tally::ran(&case);
    }
}

/// The addresses of `many` in a zone of `knotd`.
fn addresses_of_knotd(peer: &mut Peer, zone: &Zone) -> Vec<String> {
    let socket = peer.process().dir().join("knot.sock");
    let output = Command::new(find_program("knotc").unwrap())
        .arg("-s")
        .arg(socket)
        .args(["zone-read", &zone.name, "many", "A"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // A line is "[zone] owner TTL type address".
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            [_, "many.big-rrset.example.", "3600", "A", address] => (*address).to_owned(),
            _ => panic!("{line:?}"),
        }
    };
    text.lines().filter(|line| !line.is_empty()).map(line).collect()
}
