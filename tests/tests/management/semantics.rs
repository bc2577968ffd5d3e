//! What comes of requests: transfers, NOTIFYs, what is served to whom.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zxfr_tests::name;
use zxfr_tests::peer::DEADLINE;
use zxfr_tests::wire::{self, Draft};
use zxfr_tests::zxfr::Transfer;

use crate::primary::{AXFR, IXFR, Manner, NOTIFY, Primary, SOA};
use crate::world::*;

const ZONE: &str = "semantics.example";
const ABSOLUTE: &str = "semantics.example.";
const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const DAY: u32 = 86_400;
/// The types of all records of a version, as they are sent.
const WHOLE: [u16; 5] = [SOA, 2, 1, 16, SOA];

/// Somebody who is told of new versions.
struct Told(UdpSocket);

impl Told {
    fn new() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self(socket)
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// The next NOTIFY, which is answered.
    fn next(&self) -> Vec<u8> {
        let mut octets = [0; 65_535];
        let (length, from) = self.0.recv_from(&mut octets).expect("a NOTIFY");
        let message = octets[..length].to_vec();
        assert_eq!(message[2] & 0xf8, 0x20, "it is a NOTIFY");
        let mut answer = message[..12 + name::length(&message[12..]).unwrap() + 4].to_vec();
        answer[2] |= 0x80;
        answer[6..12].fill(0);
        self.0.send_to(&answer, from).unwrap();
        message
    }

    /// Nothing has come, and nothing comes in a while.
    fn nothing(&self) {
        self.0.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let found = self.0.recv_from(&mut [0; 512]);
        assert!(found.is_err(), "a NOTIFY came");
        self.0.set_read_timeout(Some(DEADLINE)).unwrap();
    }
}

/// Waits until a version has come in.
fn came(world: &mut World, serial: u32, kind: &str) -> Transfer {
    let wanted = |line: &Transfer| line.incoming && line.to == Some(serial) && line.kind == kind && line.result == "ok";
    world.zxfrd.wait_for_transfer(&format!("{kind} to {serial}"), wanted).unwrap()
}

/// Waits until something holds.
#[track_caller]
fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < DEADLINE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a NOTIFY from an address of loopback; the RCODE of the answer.
fn notify(world: &World, from: Ipv4Addr) -> u8 {
    let request = Draft { flags: NOTIFY, ..Draft::request(77, ABSOLUTE, SOA) };
    wire::rcode(&wire::over_udp(world.dns(), &request.octets(), from).unwrap())
}

/// What IXFR from a serial brings: the types of its records.
fn ixfr(world: &World, serial: u32) -> Vec<u16> {
    let mut request = Draft::request(5, ABSOLUTE, IXFR);
    request.sections[2].push(wire::soa(ABSOLUTE, serial));
    wire::answer_types(&wire::over_tcp(world.dns(), &request.octets()).unwrap()).unwrap()
}

/// A zone's own path.
fn of(zone: &str, rest: &str) -> String {
    format!("/zones/{zone}/secondary_dns/{rest}")
}

#[test]
fn a_secondary_zone_that_is_made_linked_and_transferred_is_served_at_once() {
    let mut world = World::new();
    let primary = Primary::start(ABSOLUTE, 41);
    world.open_to_loopback();
    let peer = world.peer("p", primary.address(), true);
    let zone = world.incoming(ZONE, &[&peer], DAY);
    world.outgoing(&zone, ZONE, &[]);
    // Zones are pending until somebody activates them: that makes no difference.
    came(&mut world, 41, "axfr");
    world.zxfrd.wait_for_zone(ABSOLUTE, Some(41)).unwrap();
    assert_eq!(wire::axfr(world.dns(), ABSOLUTE).unwrap().len(), 1);
    let incoming = world.get(&of(&zone, "incoming"), ALICE);
    assert_eq!(incoming.result()["soa_serial"], json!(41));
    // It is gone as soon as it is deleted.
    assert_eq!(world.call("DELETE", &format!("/zones/{zone}"), ALICE, None).id(), zone);
    let refused = wire::axfr(world.dns(), ABSOLUTE).unwrap_err();
    assert!(refused.to_string().contains("RCODE 5"), "{refused}");
}

#[test]
fn force_axfr_is_asynchronous_and_heeds_neither_serial_nor_ixfr() {
    let mut world = World::new();
    let primary = Primary::start(ABSOLUTE, 41);
    let peer = world.peer("p", primary.address(), true);
    let zone = world.incoming(ZONE, &[&peer], DAY);
    came(&mut world, 41, "axfr");
    // An older serial is taken, and as a whole.
    primary.set(40);
    assert_eq!(world.act(&of(&zone, "force_axfr")).result(), &json!("OK"));
    came(&mut world, 40, "axfr");
    assert_eq!(primary.asked(IXFR), 0);
    // The answer comes before the transfer does, and who asks while it is waited for asks for the same one.
    let asked = primary.asked(AXFR);
    primary.behave(Manner::Silent);
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(world.act(&of(&zone, "force_axfr")).result(), &json!("OK"));
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    primary.set(39);
    primary.behave(Manner::Good);
    assert_eq!(world.act(&of(&zone, "force_axfr")).result(), &json!("OK"));
    came(&mut world, 39, "axfr");
    assert!(primary.asked(AXFR) - asked <= 4, "{} transfers for 21 requests", primary.asked(AXFR) - asked);
}

#[test]
fn force_axfr_without_an_incoming_configuration_is_404() {
    let world = World::new();
    let zone = world.zone(ZONE);
    assert_eq!(world.act(&of(&zone, "force_axfr")).response.status, 404);
}

#[test]
fn enabling_serves_at_once_and_tells_linked_peers_that_have_an_ip() {
    let mut world = World::new();
    let (primary, told) = (Primary::start(ABSOLUTE, 41), Told::new());
    world.open_to_loopback();
    let peer = world.peer("p", primary.address(), true);
    let zone = world.incoming(ZONE, &[&peer], DAY);
    came(&mut world, 41, "axfr");
    let path = of(&zone, "outgoing");
    let (with, without) =
        (world.peer("told", told.address(), false), world.make(A, "peers", ALICE, &json!({"name": "no ip"})));
    world.post(&path, ALICE, &json!({"name": ZONE, "peers": [with, without]})).result();
    // Disabled at first: nothing is handed out, nobody told.
    assert_eq!(world.get(&format!("{path}/status"), ALICE).result(), &json!("Disabled"));
    let refused = wire::axfr(world.dns(), ABSOLUTE).unwrap_err();
    assert!(refused.to_string().contains("RCODE 5"), "{refused}");
    assert_eq!(world.act(&format!("{path}/force_notify")).response.status, 400, "not enabled");
    told.nothing();
    for _ in 0..2 {
        assert_eq!(world.act(&format!("{path}/enable")).result(), &json!("Enabled"));
        assert_eq!(wire::axfr(world.dns(), ABSOLUTE).unwrap().len(), 1, "at once");
    }
    told.next();
    assert_eq!(world.get(&format!("{path}/status"), ALICE).result(), &json!("Enabled"));
}

/// A zone that came as serial 41 and went on to 42 by IXFR, handed out to loopback.
fn with_history(world: &mut World, told: &[&str]) -> String {
    let primary = Primary::start(ABSOLUTE, 41);
    world.open_to_loopback();
    let peer = world.peer("p", primary.address(), true);
    let zone = world.incoming(ZONE, &[&peer], DAY);
    came(world, 41, "axfr");
    world.outgoing(&zone, ZONE, told);
    primary.set(42);
    assert_eq!(notify(world, Ipv4Addr::LOCALHOST), 0);
    came(world, 42, "ixfr");
    world.zxfrd.wait_for_zone(ABSOLUTE, Some(42)).unwrap();
    assert_eq!(ixfr(world, 41), [SOA, SOA, 1, SOA, 1, SOA], "the difference");
    zone
}

#[test]
fn disabling_stops_serving_and_clears_the_history_for_ixfr() {
    let mut world = World::new();
    let zone = with_history(&mut world, &[]);
    for _ in 0..2 {
        assert_eq!(world.act(&of(&zone, "outgoing/disable")).result(), &json!("Disabled"));
    }
    assert_eq!(world.get(&of(&zone, "outgoing/status"), ALICE).result(), &json!("Disabled"));
    let refused = wire::axfr(world.dns(), ABSOLUTE).unwrap_err();
    assert!(refused.to_string().contains("RCODE 5"), "{refused}");
    assert_eq!(world.act(&of(&zone, "outgoing/enable")).result(), &json!("Enabled"));
    assert_eq!(ixfr(&world, 41), WHOLE, "all of it");
}

#[test]
fn force_notify_tells_all_linked_peers_and_clears_the_history_for_ixfr() {
    let mut world = World::new();
    let told = [Told::new(), Told::new()];
    let peers = [0, 1].map(|at: usize| world.peer(&format!("told{at}"), told[at].address(), false));
    let zone = with_history(&mut world, &[&peers[0], &peers[1]]);
    // Of enabling and of the new version.
    for told in &told {
        told.next();
        told.next();
        told.nothing();
    }
    assert_eq!(world.act(&of(&zone, "outgoing/force_notify")).result(), &json!("OK"));
    for told in &told {
        told.next();
    }
    assert_eq!(ixfr(&world, 41), WHOLE, "all of it");
    assert_eq!(ixfr(&world, 42), [SOA], "there is nothing newer");
}

#[test]
fn a_zone_whose_incoming_configuration_is_deleted_keeps_its_data() {
    let mut world = World::new();
    let primary = Primary::start(ABSOLUTE, 41);
    world.open_to_loopback();
    let peer = world.peer("p", primary.address(), true);
    let zone = world.incoming(ZONE, &[&peer], DAY);
    world.outgoing(&zone, ZONE, &[]);
    came(&mut world, 41, "axfr");
    assert_eq!(world.call("DELETE", &of(&zone, "incoming"), ALICE, None).result(), &json!({"id": zone}));
    assert_eq!(world.zxfrd.wait_for_zone(ABSOLUTE, Some(41)).unwrap(), 41);
    assert_eq!(wire::axfr(world.dns(), ABSOLUTE).unwrap().len(), 1);
    assert_eq!(notify(&world, Ipv4Addr::LOCALHOST), 5, "it comes from nobody");
    assert_eq!(world.act(&of(&zone, "force_axfr")).response.status, 404);
    // Another one goes on from there.
    primary.set(42);
    let body = json!({"name": ZONE, "peers": [peer], "auto_refresh_seconds": DAY});
    world.post(&of(&zone, "incoming"), ALICE, &body).result();
    came(&mut world, 42, "ixfr");
}

#[test]
fn incoming_without_peers_leaves_the_zone_as_it_is() {
    let mut world = World::new();
    let primary = Primary::start(ABSOLUTE, 41);
    world.open_to_loopback();
    let peer = world.peer("p", primary.address(), true);
    let zone = world.incoming(ZONE, &[&peer], DAY);
    world.outgoing(&zone, ZONE, &[]);
    came(&mut world, 41, "axfr");
    let cleared = world.call("PUT", &of(&zone, "incoming"), ALICE, Some(&json!({"name": ZONE, "peers": []})));
    assert_eq!((&cleared.result()["peers"], &cleared.result()["auto_refresh_seconds"]), (&json!([]), &json!(DAY)));
    assert_eq!(world.call("DELETE", &format!("/accounts/{A}/secondary_dns/peers/{peer}"), ALICE, None).id(), peer);
    assert_eq!(world.zxfrd.wait_for_zone(ABSOLUTE, Some(41)).unwrap(), 41);
}

#[test]
fn one_peer_is_linked_to_many_zones_both_ways() {
    let mut world = World::new();
    let names = ["one.semantics.example", "two.semantics.example"];
    // It is primary and secondary at once.
    let primary = Primary::start("one.semantics.example.", 7);
    let peer = world.peer("p", primary.address(), false);
    for name in names {
        let zone = world.incoming(name, &[&peer], DAY);
        world.outgoing(&zone, name, &[&peer]);
    }
    world.zxfrd.wait_for_zone("one.semantics.example.", Some(7)).unwrap();
    world.zxfrd.wait_for_transfer("of the other zone", |line| line.zone == "two.semantics.example.").unwrap();
    let delete = world.call("DELETE", &format!("/accounts/{A}/secondary_dns/peers/{peer}"), ALICE, None);
    assert_eq!(delete.response.status, 409);
}

#[test]
fn notify_from_a_linked_peer_or_an_acl_address_is_acted_upon_at_once_and_from_others_refused() {
    let mut world = World::new();
    let primary = Primary::start(ABSOLUTE, 41);
    let peer = world.peer("p", primary.address(), true);
    world.incoming(ZONE, &[&peer], DAY);
    came(&mut world, 41, "axfr");
    let other = Ipv4Addr::new(127, 0, 7, 1);
    assert_eq!(notify(&world, other), 5, "from nobody");
    primary.set(42);
    assert_eq!(notify(&world, Ipv4Addr::LOCALHOST), 0);
    came(&mut world, 42, "ixfr");
    // ACLs are for all zones of the account, at once.
    let acl = world.make(A, "acls", ALICE, &json!({"name": "more", "ip_range": "127.0.7.77/24"}));
    primary.set(43);
    assert_eq!(notify(&world, other), 0);
    came(&mut world, 43, "ixfr");
    assert_eq!(world.call("DELETE", &format!("/accounts/{A}/secondary_dns/acls/{acl}"), ALICE, None).id(), acl);
    assert_eq!(notify(&world, other), 5, "no more");
}

#[test]
fn ixfr_is_tried_when_enabled_and_axfr_when_it_fails_and_axfr_alone_otherwise() {
    let mut world = World::new();
    let primary = Primary::start(ABSOLUTE, 41);
    let peer = world.peer("p", primary.address(), false);
    let zone = world.incoming(ZONE, &[&peer], DAY);
    came(&mut world, 41, "axfr");
    primary.set(42);
    assert_eq!(notify(&world, Ipv4Addr::LOCALHOST), 0);
    came(&mut world, 42, "axfr");
    assert_eq!(primary.asked(IXFR), 0, "not enabled");
    // Changed by the API, it is so at once.
    let (ip, port) = (primary.address().ip().to_string(), primary.address().port());
    let body = json!({"name": "p", "ip": ip, "port": port, "ixfr_enable": true});
    world.call("PUT", &format!("/accounts/{A}/secondary_dns/peers/{peer}"), ALICE, Some(&body)).result();
    primary.set(43);
    assert_eq!(notify(&world, Ipv4Addr::LOCALHOST), 0);
    came(&mut world, 43, "ixfr");
    // Its difference leads from 44 to 45, which doesn't fit what is held.
    primary.set(45);
    assert_eq!(notify(&world, Ipv4Addr::LOCALHOST), 0);
    came(&mut world, 45, "axfr");
    assert_eq!(primary.asked(IXFR), 2);
    assert_eq!(world.get(&of(&zone, "incoming"), ALICE).result()["soa_serial"], json!(45));
}

#[test]
fn the_serial_is_looked_for_every_auto_refresh_seconds_whatever_the_soa_says() {
    let mut world = World::new();
    // The SOA's REFRESH is an hour.
    let primary = Primary::start(ABSOLUTE, 41);
    let peer = world.peer("p", primary.address(), true);
    let zone = world.incoming(ZONE, &[&peer], 1);
    came(&mut world, 41, "axfr");
    primary.set(42);
    came(&mut world, 42, "ixfr");
    let (asked, begun) = (primary.asked(SOA), Instant::now());
    wait_for("more checks", || primary.asked(SOA) >= asked + 3);
    assert!(
        begun.elapsed() > Duration::from_secs(2),
        "a check a second, a tenth sooner at most: {:?}",
        begun.elapsed()
    );
    // Another interval is kept to at once.
    let body = json!({"name": ZONE, "peers": [peer], "auto_refresh_seconds": DAY});
    world.call("PUT", &of(&zone, "incoming"), ALICE, Some(&body)).result();
}

#[test]
fn a_key_goes_out_in_lower_case_and_comes_back_as_it_was_sent() {
    let world = World::new();
    let primary = Primary::start(ABSOLUTE, 41);
    let tsig = json!({"name": "Key.Semantics", "algo": "HMAC-SHA256", "secret": SECRET});
    let path = format!("/accounts/{A}/secondary_dns/tsigs");
    let tsig = world.post(&path, ALICE, &tsig).result().clone();
    assert_eq!((&tsig["name"], &tsig["algo"]), (&json!("Key.Semantics"), &json!("HMAC-SHA256")));
    let (ip, port) = (primary.address().ip().to_string(), primary.address().port());
    let peer = world.make(A, "peers", ALICE, &json!({"name": "p", "ip": ip, "port": port, "tsig_id": tsig["id"]}));
    world.incoming(ZONE, &[&peer], DAY);
    wait_for("a request", || primary.last(AXFR).is_some());
    let request = primary.last(AXFR).unwrap();
    let has = |octets: &[u8]| request.windows(octets.len()).any(|window| window == octets);
    assert!(has(b"\x03key\x09semantics\0") && has(b"\x0bhmac-sha256\0"), "{request:?}");
}

#[test]
fn with_several_peers_the_newest_serial_is_taken_and_the_next_when_that_fails() {
    let mut world = World::new();
    let primaries = [41, 43, 42].map(|serial| Primary::start(ABSOLUTE, serial));
    primaries[1].behave(Manner::Cutting);
    let peers = [0, 1, 2].map(|at: usize| world.peer(&format!("p{at}"), primaries[at].address(), true));
    let zone = world.incoming(ZONE, &[&peers[0], &peers[1], &peers[2]], DAY);
    let line = came(&mut world, 42, "axfr");
    assert_eq!(line.peer, primaries[2].address().to_string());
    primaries[1].behave(Manner::Good);
    assert_eq!(world.act(&of(&zone, "force_axfr")).result(), &json!("OK"));
    let line = came(&mut world, 43, "axfr");
    assert_eq!(line.peer, primaries[1].address().to_string());
}

#[test]
fn the_headers_of_the_sdks_are_ignored_and_deletions_may_have_a_content_type() {
    let world = World::new();
    let acl = world.make(A, "acls", ALICE, &json!({"name": "a", "ip_range": "192.0.2.0/24"}));
    let headers = [
        ("Accept", "application/json"),
        ("Accept-Encoding", "gzip, deflate"),
        ("User-Agent", "Cloudflare/Python 5.9.0"),
        ("api-version", "2026-11-22"),
        ("x-stainless-lang", "python"),
        ("x-stainless-async", "false"),
        ("x-stainless-retry-count", "0"),
        ("x-stainless-read-timeout", "60"),
        ("Content-Type", "application/json"),
        ("Authorization", "Bearer alice-secret"),
    ];
    let list = format!("{BASE}/accounts/{A}/secondary_dns/acls");
    let answer = world.raw("GET", &list, &headers, None);
    assert_eq!(answer.result().as_array().unwrap().len(), 1);
    assert_eq!(answer.response.header("content-type"), Some("application/json"));
    assert_eq!(world.raw("DELETE", &format!("{list}/{acl}"), &headers, None).id(), acl);
    let empty = world.raw("GET", &list, &headers, None);
    assert_eq!(empty.result(), &Value::Array(Vec::new()));
}

#[test]
fn ixfr_is_served_to_a_peer_whatever_its_ixfr_enable_says() {
    let mut world = World::new();
    let told = Told::new();
    // No ACL: the peer's address is what admits, and its port is where NOTIFYs go.
    let peer = world.peer("told", told.address(), false);
    let primary = Primary::start(ABSOLUTE, 41);
    let from = world.peer("p", primary.address(), true);
    let zone = world.incoming(ZONE, &[&from], DAY);
    came(&mut world, 41, "axfr");
    world.outgoing(&zone, ZONE, &[&peer]);
    told.next();
    primary.set(42);
    assert_eq!(notify(&world, Ipv4Addr::LOCALHOST), 0);
    came(&mut world, 42, "ixfr");
    told.next();
    assert_eq!(ixfr(&world, 41), [SOA, SOA, 1, SOA, 1, SOA]);
    let mut request = Draft::request(6, ABSOLUTE, IXFR);
    request.sections[2].push(wire::soa(ABSOLUTE, 41));
    let stranger = wire::over_udp(world.dns(), &request.octets(), Ipv4Addr::new(127, 0, 7, 1)).unwrap();
    assert_eq!(wire::rcode(&stranger), 5, "any other address needs an ACL");
}

#[test]
fn notify_is_signed_with_the_key_of_the_peer_and_unsigned_requests_are_refused_then() {
    let mut world = World::new();
    let (primary, told) = (Primary::start(ABSOLUTE, 41), Told::new());
    world.open_to_loopback();
    let from = world.peer("p", primary.address(), true);
    let zone = world.incoming(ZONE, &[&from], DAY);
    came(&mut world, 41, "axfr");
    let tsig = world.make(A, "tsigs", ALICE, &json!({"name": "told.key.", "algo": "hmac-sha256.", "secret": SECRET}));
    let body = json!({"name": "told", "ip": "127.0.0.1", "port": told.address().port(), "tsig_id": tsig});
    let peer = world.make(A, "peers", ALICE, &body);
    world.outgoing(&zone, ZONE, &[&peer]);
    let message = told.next();
    assert!(message.windows(10).any(|octets| octets == b"\x04told\x03key\0"), "{message:?}");
    // From an address of an ACL, too.
    let refused = wire::axfr(world.dns(), ABSOLUTE).unwrap_err();
    assert!(refused.to_string().contains("RCODE 5"), "{refused}");
}

#[test]
fn a_secondary_zone_that_becomes_a_full_one_keeps_its_records() {
    let mut world = World::new();
    let primary = Primary::start(ABSOLUTE, 41);
    world.open_to_loopback();
    let peer = world.peer("p", primary.address(), true);
    let zone = world.incoming(ZONE, &[&peer], DAY);
    world.outgoing(&zone, ZONE, &[]);
    came(&mut world, 41, "axfr");
    let full = |world: &World| world.call("PATCH", &format!("/zones/{zone}"), ALICE, Some(&json!({"type": "full"})));
    assert_eq!(full(&world).response.status, 409, "something comes in");
    world.call("DELETE", &of(&zone, "incoming"), ALICE, None).result();
    assert_eq!(full(&world).result()["type"], json!("full"));
    assert_eq!(world.zxfrd.wait_for_zone(ABSOLUTE, Some(41)).unwrap(), 41);
    assert_eq!(wire::axfr(world.dns(), ABSOLUTE).unwrap().len(), 1);
}

#[test]
fn a_key_is_changed_without_a_transfer_that_fails() {
    let mut world = World::new();
    let (primary, other) = (Primary::start(ABSOLUTE, 41), "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=");
    world.open_to_loopback();
    let from = world.peer("p", primary.address(), true);
    let zone = world.incoming(ZONE, &[&from], DAY);
    came(&mut world, 41, "axfr");
    let key = |secret: &str| json!({"name": "told.key.", "algo": "hmac-sha256.", "secret": secret});
    let tsig = world.make(A, "tsigs", ALICE, &key(SECRET));
    let body = json!({"name": "told", "ip": "127.0.0.1", "port": 9, "tsig_id": tsig});
    let peer = world.make(A, "peers", ALICE, &body);
    world.outgoing(&zone, ZONE, &[&peer]);
    let transfer = |secret: &str| {
        let key = format!("hmac-sha256:told.key.:{secret}");
        let server = format!("@{}", world.dns());
        zxfr_tests::zxfr::zxfr(&["axfr", &server, ABSOLUTE, "-y", &key, "--format", "none"]).unwrap().status.success()
    };
    assert!(transfer(SECRET) && !transfer(other));
    world.call("PUT", &format!("/accounts/{A}/secondary_dns/tsigs/{tsig}"), ALICE, Some(&key(other))).result();
    assert!(transfer(other) && !transfer(SECRET), "at once");
}
