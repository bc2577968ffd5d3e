//! dig and kdig transfer every zone from zxfrd, unsigned and signed with each algorithm.

use std::net::SocketAddr;

use zxfr_tests::client::{dig, kdig};
use zxfr_tests::interop::{all_zones, case, keys, signings, truth};
use zxfr_tests::peer::{Offer, PeerKind, require_peers};
use zxfr_tests::records::{Exactness, Record, assert_same};
use zxfr_tests::tsig::{Algorithm, TsigKey};
use zxfr_tests::zones::every_type::Spelling;
use zxfr_tests::zxfr::Zxfrd;
use zxfr_tests::{Failure, tally};

type Client = fn(SocketAddr, &str, Option<&TsigKey>) -> Result<Vec<Record>, Failure>;

fn client_of_zxfrd(program: &str, client: Client, spelling: Spelling) {
    let needed = [PeerKind::Named, PeerKind::Pdns];
    if !require_peers(&format!("{program} as client of zxfrd"), &needed, &["dig", program]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let zones = all_zones(dir.path(), spelling);
    let keys = keys(&Algorithm::ALL);
    let offers: Vec<_> = zones.iter().map(|zone| Offer::either(zone, &keys)).collect();
    let zxfrd = Zxfrd::primary(&offers).unwrap();
    for key in signings(&Algorithm::ALL) {
        for zone in &zones {
            let case = case("zxfrd", program, &zone.name, key.as_ref());
            let given = client(zxfrd.address(), &zone.name, key.as_ref());
            let given = given.unwrap_or_else(|failure| panic!("{case}: {failure}"));
            assert_same(&case, truth(zone), &given, Exactness::Octets);
            tally::ran(&case);
        }
    }
}

#[test]
fn dig_of_zxfrd() {
    client_of_zxfrd("dig", dig, Spelling::Known);
}

#[test]
fn kdig_of_zxfrd() {
    client_of_zxfrd("kdig", kdig, Spelling::Generic);
}

/// A forged signature, a key that isn't known, none where one is needed.
#[test]
fn wrong_keys_get_nothing() {
    let case = "wrong keys to zxfrd";
    if !require_peers(case, &[], &["dig", "kdig"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let zone = zxfr_tests::zones::three(dir.path(), "three.example.").unwrap();
    let key = TsigKey::new("key.example.", Algorithm::Sha256);
    let mut forged = key.clone();
    forged.secret[0] ^= 1;
    let unknown = TsigKey::new("unknown.example.", Algorithm::Sha256);
    let zxfrd = Zxfrd::primary(&[Offer::signed(&zone, &key)]).unwrap();
    for client in [dig, kdig] {
        assert_eq!(client(zxfrd.address(), &zone.name, Some(&key)).unwrap().len(), 3);
        for wrong in [Some(&forged), Some(&unknown), None] {
            assert!(client(zxfrd.address(), &zone.name, wrong).is_err(), "{case}: {wrong:?}");
        }
    }
    tally::ran(case);
}
