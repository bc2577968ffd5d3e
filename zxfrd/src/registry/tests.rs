//! Tests of the registry: who may ask, which keys are needed, what is served.

use std::path::Path;

use zxfr_core::acl::Transport;
use zxfr_core::tsig::Algorithm;

use super::*;
use crate::catalog::{
    AclWanted, Applied, Catalog, Effect, OutgoingWanted, PeerWanted, Token, Tsig, TsigWanted, ZoneWanted,
};
use crate::config::{self, Config};
use crate::store::Memory;
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
    Registry::new(&objects(&config), &config.limits, Keeping::nowhere(), mpsc::unbounded_channel().0)
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

/// A catalog that nothing is kept of, and a registry that acts upon its changes.
async fn managed(text: &str) -> (Catalog, Arc<Registry>, Token) {
    let config = config(text);
    let (catalog, problems) = Catalog::open(Arc::new(Memory), &config).await.unwrap();
    assert_eq!(problems, [""; 0]);
    let registry =
        Arc::new(Registry::new(&catalog.read(), &config.limits, Keeping::nowhere(), mpsc::unbounded_channel().0));
    catalog.tell(Arc::new(Acting(registry.clone())));
    let by = catalog.read().tokens().next().unwrap().clone();
    (catalog, registry, Token::clone(&by))
}

struct Acting(Arc<Registry>);

impl Applied for Acting {
    fn apply(&self, objects: &Objects, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Access(account) => self.0.change_access(objects, *account),
                Effect::Zone { id, name } => drop(self.0.change_zone(objects, *id, name.as_ref())),
                _ => {}
            }
        }
    }
}

const TOKEN: &str = "[api]\ntokens = [{ name = \"t\", secret = \"s\" }]\n";

#[tokio::test]
async fn keys_of_one_name_are_told_by_identity_and_changes_take_effect_at_once() {
    let (catalog, registry, by) = managed(TOKEN).await;
    let account = config::Api::ACCOUNT;
    let tsig = |octet: &str| TsigWanted {
        name: "Same.example.".to_owned(),
        algo: "hmac-sha256.".to_owned(),
        secret: Some(format!("{octet}2VjcmV0c2VjcmV0c2VjcmV0")),
    };
    let one = catalog.create_tsig(&by, account, tsig("c")).await.unwrap().result;
    let two = catalog.create_tsig(&by, account, tsig("d")).await.unwrap().result;
    let peer = |tsig: &Tsig| PeerWanted {
        name: "p".to_owned(),
        ip: Some("192.0.2.1".to_owned()),
        tsig_id: Some(tsig.id.to_string()),
        ..PeerWanted::default()
    };
    let linked = catalog.create_peer(&by, account, peer(&one)).await.unwrap().result;
    let wanted = ZoneWanted { name: "in.test".to_owned(), ..ZoneWanted::default() };
    let zone = catalog.create_zone(&by, wanted).await.unwrap().result;
    let apex = name("in.test.");
    registry.zone(apex.as_ref()).unwrap().publish(version("7 3600 600 86400 60")).unwrap();
    let wanted = OutgoingWanted { name: "in.test.".to_owned(), peers: vec![linked.id.to_string()] };
    catalog.create_outgoing(&by, zone.id, wanted).await.unwrap();
    let admits = |addr: &str| registry.admits(apex.as_ref(), &asker(addr));
    assert!(!admits("192.0.2.1"), "it is disabled at first");
    catalog.enable_outgoing(&by, zone.id).await.unwrap();
    assert!(admits("192.0.2.1") && !admits("192.0.2.2"));
    assert_eq!(registry.version(apex.as_ref()).unwrap().serial().0, 7, "what is held stays");

    let candidates = || {
        let (same, asker) = (name("same.example."), asker("192.0.2.1"));
        let algorithm = Algorithm::HmacSha256;
        match registry.keys(&KeyWanted { zone: apex.as_ref(), name: same.as_ref(), algorithm, asker: &asker }) {
            Keys::Found(keys) => keys,
            Keys::Later => panic!("keys are at hand"),
        }
    };
    let admitted = || -> Vec<u128> {
        let admits = |key: &Key<Hmac>| registry.verified_key_admits(apex.as_ref(), &asker("192.0.2.1"), Some(key));
        candidates().iter().filter(|key| admits(key)).map(Key::tag).collect()
    };
    assert_eq!(candidates().len(), 2, "both may have signed");
    assert_eq!(admitted(), [u128::from_be_bytes(one.id.0)], "one opens the zone");
    catalog.update_peer(&by, account, linked.id, peer(&two)).await.unwrap();
    assert_eq!(admitted(), [u128::from_be_bytes(two.id.0)]);
    let target = registry.zone(apex.as_ref()).unwrap().targets()[0].key.clone().unwrap();
    assert_eq!(target.tag(), u128::from_be_bytes(two.id.0), "and signs NOTIFYs");

    let acl = |range: &str| AclWanted { name: "a".to_owned(), ip_range: range.to_owned() };
    let acl_id = catalog.create_acl(&by, account, acl("192.0.2.2")).await.unwrap().result.id;
    assert!(admits("192.0.2.2"));
    catalog.delete_acl(&by, account, acl_id).await.unwrap();
    assert!(!admits("192.0.2.2"));
    catalog.disable_outgoing(&by, zone.id).await.unwrap();
    assert!(!admits("192.0.2.1") && registry.state().known.is_empty(), "nobody is known any more");
    catalog.delete_zone(&by, zone.id).await.unwrap();
    assert!(registry.zone(apex.as_ref()).is_none());
}

#[tokio::test]
async fn keys_and_acls_are_good_for_the_zones_of_their_account() {
    let two = "00000000000000000000000000000002";
    let accounts = format!(
        "accounts = [{{ id = \"00000000000000000000000000000001\", name = \"one\" }}, {{ id = \"{two}\", name = \"two\" }}]\n"
    );
    let (catalog, registry, by) = managed(&format!("{TOKEN}{accounts}{KEYS}{ZONES}")).await;
    let wanted = ZoneWanted { account: Some(two.to_owned()), name: "two.test".to_owned(), kind: None };
    let zone = catalog.create_zone(&by, wanted).await.unwrap().result;
    let wanted = OutgoingWanted { name: "two.test".to_owned(), peers: Vec::new() };
    catalog.create_outgoing(&by, zone.id, wanted).await.unwrap();
    catalog.enable_outgoing(&by, zone.id).await.unwrap();
    let lab = asker("198.51.100.77");
    assert!(registry.admits(name("acl.test.").as_ref(), &lab), "the ACL is this account's");
    assert!(!registry.admits(name("two.test.").as_ref(), &lab), "and not the other's");
    let (apex, one) = (name("two.test."), name("one.example."));
    let wanted = KeyWanted { zone: apex.as_ref(), name: one.as_ref(), algorithm: Algorithm::HmacSha256, asker: &lab };
    assert!(matches!(registry.keys(&wanted), Keys::Found(keys) if keys.is_empty()));
    assert_eq!(registry.zones().len(), 6);
}
