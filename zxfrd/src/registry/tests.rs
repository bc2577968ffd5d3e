//! Tests of the registry: who may ask, which keys are needed, what is served.

use std::path::Path;

use zxfr_core::acl::Transport;
use zxfr_core::tsig::Algorithm;

use super::*;
use crate::config::{self, Config};
use crate::zone::{LoadOptions, load_text};

const KEYS: &str = r#"
[[tsig]]
name = "one.example."
algo = "hmac-sha256."
secret = "c2VjcmV0"
[[tsig]]
name = "Two.example."
algo = "hmac-sha512."
secret = "c2VjcmV0"
[[tsig]]
name = "other.example."
algo = "hmac-sha256."
secret = "c2VjcmV0"
[[peer]]
name = "one"
ip = "192.0.2.1"
tsig = "one.example."
[[peer]]
name = "two"
ip = "::ffff:192.0.2.2"
tsig = "two.example."
[[peer]]
name = "open"
ip = "192.0.2.3"
[[peer]]
name = "unlinked"
ip = "192.0.2.4"
[[acl]]
name = "lab"
ip_range = "198.51.100.0/24"
[[acl]]
name = "lab-6"
ip_range = "2001:db8::/64"
"#;

const ZONES: &str = r#"
[[zone]]
name = "signed.test"
file = "f"
outgoing = { peers = ["one", "two", "open"] }
[[zone]]
name = "unsigned.test"
file = "f"
outgoing = { peers = ["open"] }
[[zone]]
name = "acl.test"
file = "f"
outgoing = { peers = [] }
[[zone]]
name = "off.test"
file = "f"
outgoing = { peers = ["open"], enabled = false }
[[zone]]
name = "in.test"
incoming = { peers = ["unlinked"] }
"#;

fn config(text: &str) -> Config {
    config::parse(text, Path::new("zxfrd.toml")).unwrap_or_else(|error| panic!("{error}"))
}

fn registry() -> Registry {
    quiet(&format!("{KEYS}{ZONES}"))
}

/// A registry that nobody listens to.
fn quiet(text: &str) -> Registry {
    let config = config(text);
    Registry::new(&objects(&config), &config.limits, mpsc::unbounded_channel().0)
}

fn objects(config: &Config) -> Objects {
    let (objects, problems) = Objects::declared(config);
    assert_eq!(problems, [""; 0]);
    objects
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn asker(addr: &str) -> Asker {
    Asker { addr: addr.parse().unwrap(), transport: Transport::Tcp }
}

fn version(soa_numbers: &str) -> Version {
    let text = format!("in.test. 60 SOA . . {soa_numbers}\n");
    load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version
}

#[test]
fn linked_peers_and_acls_are_admitted_to_zones_that_go_out() {
    let registry = registry();
    for (zone, addr, admitted) in [
        ("signed.test.", "192.0.2.1", true),
        ("SIGNED.Test.", "192.0.2.1", true),
        ("signed.test.", "192.0.2.2", true),
        ("signed.test.", "198.51.100.77", true),
        ("signed.test.", "2001:db8::1", true),
        ("signed.test.", "192.0.2.4", false),
        ("signed.test.", "198.51.101.1", false),
        ("signed.test.", "2001:db8:0:1::1", false),
        ("unsigned.test.", "192.0.2.1", false),
        ("unsigned.test.", "192.0.2.3", true),
        ("acl.test.", "192.0.2.3", false),
        ("acl.test.", "198.51.100.77", true),
        ("off.test.", "192.0.2.3", false),
        ("off.test.", "198.51.100.77", false),
        ("in.test.", "198.51.100.77", false),
        ("nowhere.test.", "192.0.2.1", false),
    ] {
        assert_eq!(registry.admits(name(zone).as_ref(), &asker(addr)), admitted, "{zone} {addr}");
    }
}

#[test]
fn primaries_and_acls_may_notify_zones_that_come_in() {
    let registry = registry();
    for (zone, addr, admitted) in [
        ("in.test.", "192.0.2.4", true),
        ("IN.test.", "192.0.2.4", true),
        ("in.test.", "198.51.100.77", true),
        ("in.test.", "2001:db8::1", true),
        ("in.test.", "192.0.2.1", false),
        ("signed.test.", "192.0.2.4", false),
        ("signed.test.", "198.51.100.77", false),
        ("nowhere.test.", "198.51.100.77", false),
    ] {
        assert_eq!(registry.admits_notify(name(zone).as_ref(), &asker(addr)), admitted, "{zone} {addr}");
    }
}

/// The key of this name.
fn key(registry: &Registry, name: &Name) -> Key<Hmac> {
    let zone = registry.zones()[0].name().to_name();
    let asker = asker("192.0.2.1");
    let found = Algorithm::ALL.into_iter().flat_map(|algorithm| {
        let wanted = KeyWanted { zone: zone.as_ref(), name: name.as_ref(), algorithm, asker: &asker };
        match registry.keys(&wanted) {
            Keys::Found(keys) => keys,
            Keys::Later => panic!("they are here"),
        }
    });
    found.last().unwrap()
}

#[test]
fn when_any_linked_peer_has_a_tsig_one_of_theirs_is_needed() {
    let registry = registry();
    for (zone, addr, key_name, admitted) in [
        ("signed.test.", "192.0.2.1", None, false),
        ("signed.test.", "192.0.2.1", Some("ONE.example."), true),
        ("signed.test.", "192.0.2.1", Some("two.example."), true),
        ("signed.test.", "192.0.2.1", Some("other.example."), false),
        // This peer has no key, but others of the zone do.
        ("signed.test.", "192.0.2.3", None, false),
        ("signed.test.", "192.0.2.3", Some("one.example."), true),
        ("signed.test.", "198.51.100.77", None, false),
        ("signed.test.", "198.51.100.77", Some("one.example."), true),
        ("signed.test.", "198.51.100.77", Some("other.example."), false),
        // Where none is needed, any is verified.
        ("unsigned.test.", "198.51.100.77", None, true),
        ("unsigned.test.", "198.51.100.77", Some("other.example."), true),
        ("acl.test.", "198.51.100.77", None, true),
    ] {
        let key = key_name.map(|text| key(&registry, &name(text)));
        let got = registry.verified_key_admits(name(zone).as_ref(), &asker(addr), key.as_ref());
        assert_eq!(got, admitted, "{zone} {addr} {key_name:?}");
    }
}

#[test]
fn any_configured_key_is_found_without_case() {
    let registry = registry();
    let wanted = |key: &str, algorithm| {
        let (zone, key) = (name("signed.test."), name(key));
        let asker = asker("192.0.2.1");
        match registry.keys(&KeyWanted { zone: zone.as_ref(), name: key.as_ref(), algorithm, asker: &asker }) {
            Keys::Found(keys) => keys.len(),
            Keys::Later => panic!("keys are at hand"),
        }
    };
    let sha256 = Algorithm::HmacSha256;
    assert_eq!(wanted("OTHER.example.", sha256), 1);
    assert_eq!(wanted("two.example.", Algorithm::HmacSha512), 1);
    assert_eq!(wanted("two.example.", sha256), 0, "its algorithm is another");
    assert_eq!(wanted("three.example.", sha256), 0);
}

#[test]
fn a_zone_is_served_once_it_is_there_and_until_it_expires() {
    use zxfr_core::refresh::State;
    use zxfr_core::time::UnixTime;
    use zxfr_io::Incoming;

    let registry = registry();
    let apex = name("in.test.");
    assert_eq!(registry.version(apex.as_ref()).unwrap_err(), Unserved::NotLoaded);
    let zone = registry.zone(apex.as_ref()).unwrap();
    zone.publish(version("7 3600 600 86400 60")).unwrap();
    assert_eq!(registry.version(apex.as_ref()).unwrap().serial().0, 7);
    // Expired: the data is kept.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let state = |expires: u64| State { expires: Some(UnixTime(expires)), ..State::default() };
    registry.state_changed(apex.as_ref(), state(now - 1), true);
    assert_eq!(registry.version(apex.as_ref()).unwrap_err(), Unserved::Expired);
    assert_eq!(zone.version().unwrap().serial().0, 7);
    assert_eq!(registry.expire(apex.as_ref()), Some(0));
    registry.state_changed(apex.as_ref(), state(now + 500), false);
    assert_eq!(registry.version(apex.as_ref()).unwrap().serial().0, 7);
    let left = registry.expire(apex.as_ref()).unwrap();
    assert!((490..=500).contains(&left), "what is left: {left}");
    // A zone from a file never expires, and tells all of its EXPIRE.
    let file = registry.zone(name("acl.test.").as_ref()).unwrap();
    let text = "acl.test. 60 SOA . . 9 0 0 77 0\n";
    file.publish(load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version).unwrap();
    registry.state_changed(file.name(), state(0), true);
    assert_eq!(registry.version(file.name()).unwrap().serial().0, 9);
    assert_eq!(registry.expire(file.name()), Some(77));
}

#[test]
fn another_configuration_keeps_what_is_held() {
    let registry = registry();
    let zone = registry.zone(name("in.test.").as_ref()).unwrap();
    let held = zone.publish(version("7 3600 600 86400 60")).unwrap();
    let smaller = "[[zone]]\nname = \"IN.test\"\nincoming = { peers = [\"one\"] }\noutgoing = {}\n\
        [[zone]]\nname = \"new.test\"\nfile = \"f\"\n";
    let config = config(&format!("{KEYS}{smaller}"));
    registry.configure(&objects(&config), &config.limits);
    let names: Vec<_> = registry.zones().iter().map(|zone| zone.name().to_string()).collect();
    assert_eq!(names, ["IN.test.", "new.test."]);
    assert!(Arc::ptr_eq(&registry.version(name("in.test.").as_ref()).unwrap(), &held));
    assert!(registry.admits(name("in.test.").as_ref(), &asker("198.51.100.1")));
    assert!(!registry.admits(name("in.test.").as_ref(), &asker("192.0.2.1")), "no longer linked anywhere");
}

#[test]
fn a_journal_follows_the_version() {
    let registry = registry();
    let apex = name("in.test.");
    let zone = registry.zone(apex.as_ref()).unwrap();
    let answers = |from: u32| {
        let version = registry.version(apex.as_ref()).unwrap();
        match registry.answer(apex.as_ref(), &version, Serial(from)) {
            Answer::UpToDate => "up to date",
            Answer::Differences(_) => "differences",
            Answer::Whole => "whole",
        }
    };
    let times = "3600 600 86400 60";
    // So many records that sending changes is worth it.
    let text = |serial: u32| -> String {
        let names = (0..50).map(|number| format!("n{number}.in.test. 60 A 192.0.2.{number}\n"));
        format!("in.test. 60 SOA . . {serial} {times}\n{}", names.collect::<String>())
    };
    let load = |serial| load_text(text(serial).as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version;
    for serial in 1..=3 {
        zone.publish(load(serial)).unwrap();
    }
    assert_eq!([1, 2, 3, 4, 0].map(answers), ["differences", "differences", "up to date", "up to date", "whole"]);
    // Backwards: what was before leads nowhere.
    zone.publish(load(2)).unwrap();
    assert_eq!([1, 2].map(answers), ["whole", "up to date"]);
    zone.publish(load(5)).unwrap();
    assert_eq!([1, 2, 3].map(answers), ["whole", "differences", "whole"]);
}

#[test]
fn outgoing_transfers_are_bounded_and_places_given_back() {
    let text = format!("[limits]\nmax_transfers_out = 2\nmax_transfers_per_peer = 1\n{KEYS}{ZONES}");
    let registry = quiet(&text);
    let zone = name("signed.test.");
    let admit = |addr: &str| registry.admit_transfer(zone.as_ref(), &asker(addr));
    assert!(admit("192.0.2.1") && !admit("192.0.2.1"), "one per peer");
    assert!(admit("192.0.2.2") && !admit("192.0.2.3"), "two in all");
    registry.transfer_ended(&OutReport {
        // As a socket for both families gives it.
        peer: PeerIdentity::tcp("[::ffff:192.0.2.1]:5353".parse().unwrap()),
        zone: zone.clone(),
        kind: Kind::Axfr,
        serial: Serial(1),
        key: None,
        totals: zxfr_core::transfer::Totals::default(),
        elapsed: std::time::Duration::ZERO,
        result: Err(SendError::Closed),
    });
    assert!(admit("192.0.2.3") && !admit("192.0.2.1"));
}
