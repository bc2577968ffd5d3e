//! zxfrd to zxfrd: every zone, unsigned and signed with each algorithm, keeps every
//! octet; so do the files that `zxfr axfr` writes.

use std::path::Path;
use std::process::Command;

use zxfr_tests::client::dig;
use zxfr_tests::interop::{ReadBack, all_zones, case, keys, signed_zones, signings, truth};
use zxfr_tests::peer::{Offer, PeerKind, Pull, Role, carries, require_peers};
use zxfr_tests::process::find_program;
use zxfr_tests::records::{Exactness, assert_same};
use zxfr_tests::tally;
use zxfr_tests::tsig::Algorithm;
use zxfr_tests::zones::Zone;
use zxfr_tests::zones::every_type::Spelling;
use zxfr_tests::zxfr::{Zxfrd, axfr};

const JUDGES: [PeerKind; 2] = [PeerKind::Named, PeerKind::Pdns];

#[test]
fn zxfrd_to_zxfrd() {
    if !require_peers("zxfrd to zxfrd", &JUDGES, &["dig"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let zones = all_zones(dir.path(), Spelling::Generic);
    let keys = keys(&Algorithm::ALL);
    let keyed = signed_zones(dir.path(), &keys);
    let mut offers: Vec<_> = zones.iter().map(|zone| Offer::either(zone, &keys)).collect();
    offers.extend(keyed.iter().map(|(zone, key)| Offer::signed(zone, key)));
    let primary = Zxfrd::primary(&offers).unwrap();
    let mut read_back = ReadBack::default();
    for key in signings(&Algorithm::ALL) {
        let mut pulls: Vec<_> = zones.iter().map(|zone| Pull::open(&zone.name, primary.address())).collect();
        for pull in &mut pulls {
            pull.key = key.clone();
        }
        let own = keyed.iter().filter(|(_, own)| Some(own) == key.as_ref());
        pulls.extend(own.clone().map(|(zone, key)| Pull::signed(&zone.name, primary.address(), key)));
        let mut secondary = Zxfrd::secondary(&pulls).unwrap();
        for zone in &zones {
            let case = case("zxfrd", "zxfrd", &zone.name, key.as_ref());
            let waited = secondary.wait_for_zone(&zone.name, Some(zone.serial));
            waited.unwrap_or_else(|failure| panic!("{case}: {failure}"));
            read_back.assert_held(&case, secondary.address(), &zone.name, truth(zone), Exactness::Octets);
            tally::ran(&case);
        }
        for (zone, key) in own {
            secondary.wait_for_zone(&zone.name, Some(zone.serial)).unwrap();
            tally::ran(&case("zxfrd", "zxfrd", &zone.name, Some(key)));
        }
    }
}

/// What `zxfr axfr` writes is a zone file for `named-checkzone`, and the same zone again
/// for zxfrd.
#[test]
fn what_zxfr_writes_loads_again() {
    if !require_peers("zxfr axfr -o", &JUDGES, &["dig", "named-checkzone"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let zones = all_zones(dir.path(), Spelling::Known);
    let keys = keys(&Algorithm::ALL);
    let offers: Vec<_> = zones.iter().map(|zone| Offer::either(zone, &keys)).collect();
    let first = Zxfrd::primary(&offers).unwrap();
    let mut written = Vec::new();
    for (zone, key) in zones.iter().zip(signings(&Algorithm::ALL).iter().cycle()) {
        let path = dir.path().join(format!("written-{}", zone.serial)).with_extension(&zone.name);
        axfr(first.address(), &zone.name, key.as_ref(), &path).unwrap();
        match carries(PeerKind::Named, Role::Primary, zone.content) {
            Ok(()) => named_checkzone(&zone.name, &path),
            Err(why) => tally::cannot(&format!("named-checkzone of {}", zone.name), why, "loaded by zxfrd again"),
        }
        written.push(Zone { path, ..zone.clone() });
    }
    let offers: Vec<_> = written.iter().map(Offer::open).collect();
    let again = Zxfrd::primary(&offers).unwrap();
    for zone in &zones {
        let case = format!("zxfr axfr -o, named-checkzone, zxfrd, {}", zone.name);
        let records = dig(again.address(), &zone.name, None).unwrap();
        assert_same(&case, truth(zone), &records, Exactness::Octets);
        tally::ran(&case);
    }
}

/// Fails unless `named-checkzone` accepts the file. Host names and what names point to
/// are not looked at: the zones are odd on purpose.
fn named_checkzone(zone: &str, path: &Path) {
    let output = Command::new(find_program("named-checkzone").unwrap())
        .args(["-i", "none", "-k", "ignore", "-n", "ignore"])
        .arg(zone)
        .arg(path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.trim_end().ends_with("OK"), "{zone}: {said}");
}
