//! Versions that are held until somebody has looked at them, and versions that are taken up again, while a secondary follows.

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use zxfr_tests::client::dig;
use zxfr_tests::peer::{Peer, PeerKind, Pull, Way, require_peers};
use zxfr_tests::ports::Port;
use zxfr_tests::records::{Exactness, difference};
use zxfr_tests::tally;
use zxfr_tests::zxfr::{Zxfrd, program};

use crate::world::*;

const PATIENCE: Duration = Duration::from_secs(20);
const ZONE: &str = "reviewed.example";
const APEX: &str = "reviewed.example.";

/// A zone with so many hosts, and what else there is of it.
fn text(serial: u32, hosts: u32, more: &str) -> String {
    let hosts: String = (0..hosts).map(|host| format!("h{host}.{APEX} 60 A 192.0.2.1\n")).collect();
    format!("{APEX} 60 SOA . . {serial} 3600 1 604800 60\n{APEX} 60 NS ns.example.\n{hosts}{more}")
}

/// What a command of zxfrd prints about the daemon, and whether it went well.
fn command(world: &World, arguments: &[&str]) -> (String, bool) {
    let mut command = Command::new(program("zxfrd").unwrap());
    command.args(arguments).args(["--api", &format!("http://{}/client/v4", world.api())]);
    let output = command.env("ZXFRD_API_TOKEN", ALICE).output().unwrap();
    let said = [output.stdout, output.stderr].map(|octets| String::from_utf8(octets).unwrap()).concat();
    (said, output.status.success())
}

#[test]
fn a_gate_holds_versions_and_serials_grow_whatever_is_published_or_taken_up_again() {
    let case = "the gate holds versions between zxfrd and knotd";
    if !require_peers(case, &[PeerKind::Knotd], &["dig"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zone");
    fs::write(&file, text(1, 100, "")).unwrap();
    let source = Port::free().unwrap();
    let config = format!(
        "[dns]\nlisten = [\"{}\"]\n[api]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"memory:\"\n\
         [[peer]]\nname = \"secondary\"\nip = \"127.0.0.1\"\n\
         [[zone]]\nname = \"{ZONE}\"\nfile = '{}'\nmax_shrink_percent = 100\noutgoing = {{ peers = [\"secondary\"] }}\n",
        source.address(),
        file.display(),
    );
    let mut primary = Zxfrd::with_config(&config).unwrap();
    primary.wait_for_zone(APEX, Some(1)).unwrap();
    let mut world = World::new();
    world.open_to_loopback();
    let port = Port::free().unwrap();
    let peers = [world.peer("source", source.address(), true), world.peer("knotd", port.address(), true)];
    let zone = world.incoming(ZONE, &[&peers[0]], 1);
    world.outgoing(&zone, ZONE, &[&peers[1]]);
    let path = |what: &str| format!("/zones/{zone}/{what}");
    let policy = json!({"publish": "hold-if", "hold_if": {"shrink_percent": 30, "zonemd_wrong": true}});
    let set = world.call("PATCH", &path("policy"), ALICE, Some(&policy));
    assert_eq!(
        (&set.result()["publish"], &set.result()["hold_if"]["apex_ns_gone"]),
        (&json!("hold-if"), &json!(false))
    );
    world.zxfrd.wait_for_zone(APEX, Some(1)).unwrap();
    let server = world.dns();
    let pull = Pull { way: Way::Ixfr, ..Pull::open(APEX, server) };
    let mut knotd = Peer::start_secondary(PeerKind::Knotd, port, &[pull]).unwrap();
    knotd.wait_for_zone(APEX, Some(1)).unwrap();
    let mut goes_to = |text: &str| {
        fs::write(&file, text).unwrap();
        primary.reload();
    };
    let held = |world: &World, serial: u32, reason: &str| {
        let status = world.status_when(&zone, PATIENCE, |status| {
            status["failure"]["message"].as_str().is_some_and(|said| said.contains(&format!("serial {serial} is held")))
        });
        assert_eq!(status["failure"]["reason"], json!("held"));
        let review = world.get(&path("review"), READER).result().clone();
        assert_eq!((&review["state"], &review["serial"]), (&json!("pending"), &json!(serial)));
        assert!(review["reasons"][0].as_str().unwrap().starts_with(reason), "{review:#}");
        review
    };
    let serves = |zxfrd: &mut Zxfrd, knotd: &mut Peer, serial: u32| {
        zxfrd.wait_for_zone(APEX, Some(serial)).unwrap();
        knotd.wait_for_zone(APEX, Some(serial)).unwrap();
        let [here, there] = [server, knotd.address()].map(|address| dig(address, APEX, None).unwrap());
        let difference = difference(&here, &there, Exactness::Canonical);
        assert!(difference.is_empty(), "{difference}");
        here.len()
    };
    let whole = dig(server, APEX, None).unwrap().len();

    // It loses 40 of 100 hosts.
    goes_to(&text(2, 60, ""));
    let review = held(&world, 2, "shrink_percent: 40 of 102 records are gone");
    let counts =
        |review: &Value| ["removed_count", "added_count"].map(|name| review["difference"][name].as_u64().unwrap());
    assert_eq!((counts(&review), review["served_serial"].as_u64()), ([40, 0], Some(1)));
    let (said, _) = command(&world, &["review", ZONE, "--records", "1"]);
    assert!(said.contains("serial 2 with 62 records is pending") && said.contains("- and 39 more"), "{said}");
    assert_eq!(dig(server, APEX, None).unwrap().len(), whole, "what was there is served");
    let (said, well) = command(&world, &["review", ZONE, "--publish"]);
    assert!(well && said.contains("serial 2 is served"), "{said}");
    let smaller = serves(&mut world.zxfrd, &mut knotd, 2);
    assert_eq!(smaller, whole - 40);
    assert_eq!(world.get(&path("review"), READER).body["result"], Value::Null);
    world.act(&path("review/publish")).refused(409, 1705);

    // It says a wrong digest, is rejected, and then says none.
    let digest = format!("{APEX} 60 ZONEMD 3 1 1 {}\n", "ab".repeat(48));
    goes_to(&text(3, 100, &digest));
    assert_eq!(counts(&held(&world, 3, "zonemd_wrong: ")), [0, 41]);
    let rejected = world.act(&path("review/reject"));
    assert_eq!(rejected.result(), &json!({"serial": 2}));
    world.status_when(&zone, PATIENCE, |status| status["failure"].is_null());
    goes_to(&text(4, 100, ""));
    assert_eq!(serves(&mut world.zxfrd, &mut knotd, 4), whole);

    // An earlier one is taken up again, and the primary goes on.
    let (said, _) = command(&world, &["rollback", ZONE]);
    assert!(said.starts_with("4: is served\n2: then 0 records were removed, 40 added\n1: "), "{said}");
    let (said, well) = command(&world, &["rollback", ZONE, "2"]);
    assert!(well && said.contains("the records of serial 2 are served with serial 5"), "{said}");
    assert_eq!(serves(&mut world.zxfrd, &mut knotd, 5), smaller);
    let (said, well) = command(&world, &["rollback", ZONE, "77"]);
    assert!(!well && said.contains("no version with serial 77 is kept"), "{said}");
    goes_to(&text(5, 101, ""));
    assert_eq!(serves(&mut world.zxfrd, &mut knotd, 6), whole + 1);
    goes_to(&text(9, 100, ""));
    assert_eq!(serves(&mut world.zxfrd, &mut knotd, 9), whole);

    let transfers = knotd.transfers();
    let serials: Vec<_> = transfers.iter().filter(|one| one.incoming).map(|one| one.serial).collect();
    assert!(serials.is_sorted_by(|one, next| one < next), "{serials:?}");
    assert_eq!(serials, [1, 2, 4, 5, 6, 9]);
    tally::ran(&format!("{case}: knotd got serials {serials:?}"));
}

#[test]
fn a_zone_that_is_changed_here_says_its_digest_where_that_is_asked_for() {
    let case = "ZONEMD made by zxfrd and verified by ldns-verify-zone";
    let world = World::new();
    let zone = world.post("/zones", ALICE, &json!({"account": {"id": A}, "name": ZONE, "type": "full"})).id();
    let path = |what: &str| format!("/zones/{zone}/{what}");
    world.call("PATCH", &path("policy"), ALICE, Some(&json!({"zonemd_generate": true}))).result();
    for (number, record) in [
        json!({"name": "@", "type": "NS", "content": "ns.example"}),
        json!({"name": "a", "type": "A", "content": "192.0.2.1"}),
        json!({"name": "b", "type": "TXT", "content": "text"}),
    ]
    .iter()
    .enumerate()
    {
        world.post(&path("dns_records"), ALICE, record).result();
        let text = world.get(&path("dns_records/export"), ALICE).response.body.clone();
        let digests: Vec<_> = text.lines().filter(|line| line.contains("\tZONEMD\t")).collect();
        let serial = number + 2;
        assert!(digests.len() == 1 && digests[0].contains(&format!("ZONEMD\t{serial} 1 1 ")), "{text}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("zone");
        fs::write(&file, &text).unwrap();
        let verified = match Command::new("ldns-verify-zone").args(["-V", "1", "-Z"]).arg(&file).output() {
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => return tally::lacking(case, &error.to_string()),
        };
        assert!(!verified.contains("Could not validate zone digest"), "{verified}\n{text}");
    }
    tally::ran(case);
}
