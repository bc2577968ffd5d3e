//! DNS UPDATE by nsupdate of zones that are managed here, while other servers follow by IXFR.

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use zxfr_tests::client::dig;
use zxfr_tests::peer::{Peer, PeerKind, Pull, Way, require_peers};
use zxfr_tests::ports::Port;
use zxfr_tests::records::{Exactness, difference};
use zxfr_tests::tally;

use crate::world::*;

/// How long the log is waited for.
const DEADLINE: Duration = Duration::from_secs(10);
const ZONE: &str = "dynamic.example";
const APEX: &str = "dynamic.example.";
/// Of the zone's TSIG for updates.
const SECRET: &str = "dXBkYXRlLXVwZGF0ZS11cGRhdGUtdXBkYXRl";

/// A key as nsupdate takes it.
fn key(name: &str, secret: &str) -> String {
    format!("hmac-sha256:{name}:{secret}")
}

/// Has nsupdate send what a script says; gives its last word of it, nothing when it went well.
fn nsupdate(server: SocketAddr, key: Option<&str>, tcp: bool, script: &str) -> String {
    let mut command = Command::new("nsupdate");
    if tcp {
        command.arg("-v");
    }
    command.args(key.into_iter().flat_map(|key| ["-y", key]));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut nsupdate = command.spawn().unwrap();
    let script = format!("server {} {}\nzone {APEX}\nttl 60\n{script}\nsend\n", server.ip(), server.port());
    nsupdate.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = nsupdate.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(output.status.success(), said.is_empty(), "{said}");
    said
}

/// A zone that may be updated with a key, by the management API.
fn updatable(world: &World, peers: &[&str]) -> String {
    let zone = world.post("/zones", ALICE, &json!({"account": {"id": A}, "name": ZONE, "type": "full"})).id();
    world.outgoing(&zone, ZONE, peers);
    let tsig = json!({"name": "update.example.", "algo": "hmac-sha256.", "secret": SECRET});
    let tsig = world.make(A, "tsigs", ALICE, &tsig);
    let policy = format!("/zones/{zone}/policy");
    assert_eq!(world.get(&policy, READER).result()["update"], json!([]));
    let edited = world.call("PATCH", &policy, ALICE, Some(&json!({"update": [tsig]})));
    assert_eq!(edited.result()["update"], json!([tsig]));
    world.call("DELETE", &format!("/accounts/{A}/secondary_dns/tsigs/{tsig}"), ALICE, None).refused(409, 1105);
    zone
}

#[test]
fn nsupdate_changes_a_zone_and_others_follow() {
    let case = "nsupdate changes a zone while knotd and nsd follow by IXFR";
    if !require_peers(case, &[PeerKind::Knotd, PeerKind::Nsd], &["nsupdate", "dig"]) {
        return;
    }
    let mut world = World::new();
    world.open_to_loopback();
    let kinds = [PeerKind::Knotd, PeerKind::Nsd];
    let ports = kinds.map(|_| Port::free().unwrap());
    let peers = [0, 1].map(|at: usize| world.peer(kinds[at].program(), ports[at].address(), true));
    updatable(&world, &[&peers[0], &peers[1]]);
    let server = world.dns();
    world.zxfrd.wait_for_zone(APEX, Some(1)).unwrap();
    let signed = key("update.example.", SECRET);
    let with_key = |script: &str| nsupdate(server, Some(&signed), false, script);

    let begin = "add dynamic.example. NS ns1.dynamic.example.\nadd ns1.dynamic.example. A 192.0.2.1";
    assert_eq!(with_key(begin), "");
    let pull = |way| Pull { way, ..Pull::open(APEX, server) };
    let mut port = ports.into_iter();
    let mut secondaries =
        kinds.map(|kind| Peer::start_secondary(kind, port.next().unwrap(), &[pull(Way::Ixfr)]).unwrap());
    let mut serial = 2;
    for secondary in &mut secondaries {
        secondary.wait_for_zone(APEX, Some(serial)).unwrap();
    }
    for (tcp, script, said) in [
        (false, "add a.dynamic.example. A 192.0.2.10\nadd a.dynamic.example. A 192.0.2.11", ""),
        (true, "prereq yxrrset a.dynamic.example. A\nadd b.dynamic.example. CNAME a.dynamic.example.", ""),
        (false, "prereq nxdomain a.dynamic.example.\nadd c.dynamic.example. A 192.0.2.1", "update failed: YXDOMAIN"),
        (true, "prereq yxdomain c.dynamic.example.\nadd c.dynamic.example. A 192.0.2.1", "update failed: NXDOMAIN"),
        (false, "prereq nxrrset a.dynamic.example. A\nadd c.dynamic.example. A 192.0.2.1", "update failed: YXRRSET"),
        (false, "prereq yxrrset a.dynamic.example. MX\nadd c.dynamic.example. A 192.0.2.1", "update failed: NXRRSET"),
        (
            false,
            "prereq yxrrset a.dynamic.example. A 192.0.2.11\nprereq yxrrset a.dynamic.example. A 192.0.2.10\ndel a.dynamic.example. A 192.0.2.10",
            "",
        ),
        (true, "add other.example. A 192.0.2.1", "update failed: NOTZONE"),
        (false, "add d.dynamic.example. TXT \"one\" \"two\"\nadd d.dynamic.example. 30 MX 10 a.dynamic.example.", ""),
        (false, "del d.dynamic.example.", ""),
        (true, "del b.dynamic.example. CNAME\nadd *.w.dynamic.example. A 192.0.2.99", ""),
    ] {
        assert_eq!(nsupdate(server, Some(&signed), tcp, script), said, "{script}");
        serial += u32::from(said.is_empty());
        for secondary in &mut secondaries {
            secondary.wait_for_zone(APEX, Some(serial)).unwrap();
        }
    }
    // What changes nothing makes no version.
    assert_eq!(with_key("add a.dynamic.example. A 192.0.2.11"), "");
    assert_eq!(with_key("del nothing.dynamic.example."), "");
    world.zxfrd.wait_for_zone(APEX, Some(serial)).unwrap();
    let here = dig(server, APEX, None).unwrap();
    assert_eq!(here.len(), 5, "{here:?}");
    for secondary in &secondaries {
        let there = dig(secondary.address(), APEX, None).unwrap();
        let difference = difference(&here, &there, Exactness::Canonical);
        assert!(difference.is_empty(), "{}: {difference}", secondary.kind());
        let ixfrs = secondary.transfers().len();
        assert!(ixfrs >= 1, "{}: {ixfrs} transfers", secondary.kind());
        tally::ran(&format!("{case}: {}", secondary.kind()));
    }
    let (ok, failed) = (9.0, 1.0);
    world.metrics_when(Duration::from_secs(5), |metrics| {
        let count = |result| metrics.value("zxfrd_updates_total", &[("zone", ZONE), ("result", result)]);
        count("ok") == Some(ok) && count("malformed") == Some(failed) && count("prerequisite") == Some(4.0)
    });
    let log = world.zxfrd.log();
    let update = log.lines().find(|line| line.contains("update=in") && line.contains("from=2 to=3")).unwrap();
    assert!(update.contains("zone=dynamic.example.") && update.contains("key=update.example."), "{update}");
}

#[test]
fn who_may_not_update_a_zone_changes_nothing_and_is_told_why() {
    if !require_peers("nsupdate is refused", &[], &["nsupdate"]) {
        return;
    }
    let mut world = World::new();
    world.open_to_loopback();
    let zone = updatable(&world, &[]);
    let other = json!({"name": "other.example.", "algo": "hmac-sha256.", "secret": SECRET});
    world.make(A, "tsigs", ALICE, &other);
    world.zxfrd.wait_for_zone(APEX, Some(1)).unwrap();
    let server = world.dns();
    let add = "add x.dynamic.example. A 192.0.2.1";
    let wrong = "d3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmc=";
    for (given, said, word) in [
        (None, "update failed: REFUSED", "tsig-missing"),
        (Some(key("other.example.", SECRET)), "update failed: REFUSED", "tsig-unlinked"),
        (Some(key("update.example.", wrong)), "update failed: NOTAUTH(BADSIG)", "tsig-badsig"),
        (Some(key("unknown.example.", SECRET)), "update failed: NOTAUTH(BADKEY)", "tsig-badkey"),
    ] {
        let told = nsupdate(server, given.as_deref(), false, add);
        assert!(told.contains(said), "{word}: {told}");
        world.zxfrd.process().wait_for_log(&format!("result={word}"), DEADLINE).unwrap();
    }
    let signed = key("update.example.", SECRET);
    // Nobody may any more.
    world.call("PATCH", &format!("/zones/{zone}/policy"), ALICE, Some(&json!({"update": []}))).result();
    assert!(nsupdate(server, Some(&signed), true, add).ends_with("update failed: REFUSED"));
    world.zxfrd.process().wait_for_log("result=no-updates", DEADLINE).unwrap();
    // Its records come from elsewhere.
    world.call("PATCH", &format!("/zones/{zone}"), ALICE, Some(&json!({"type": "secondary"}))).result();
    assert!(nsupdate(server, Some(&signed), true, add).ends_with("update failed: NOTAUTH"));
    world.zxfrd.process().wait_for_log("result=not-primary", DEADLINE).unwrap();
    world.zxfrd.wait_for_zone(APEX, Some(1)).unwrap();
}
