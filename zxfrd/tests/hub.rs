//! Several daemons that keep a zone in step.

mod support;

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use support::{ACL, Daemon, KEYS, ONE, large_zone, zone, zxfr};

/// Timers that a test can wait for.
const QUICK: &str = "[limits]\nauto_refresh_min_seconds = 1\nretry_min_seconds = 1\n";

fn peer(name: &str, addr: SocketAddr, rest: &str) -> String {
    format!("[[peer]]\nname = \"{name}\"\nip = \"{}\"\nport = {}\n{rest}\n", addr.ip(), addr.port())
}

/// A zone from a file, handed out to these peers.
fn from_file(peers: &str) -> String {
    format!("[[zone]]\nname = \"example\"\nfile = \"example.zone\"\noutgoing = {{ peers = [{peers}] }}\n")
}

/// A zone from a primary at this address that is asked for IXFR, handed out to these peers.
fn from_primary(addr: SocketAddr, peers: &str) -> String {
    let peer = peer("primary", addr, "tsig = \"one.example\"\nixfr_enable = true");
    format!(
        "{peer}[[zone]]\nname = \"example\"\nincoming = {{ peers = [\"primary\"] }}\n\
         outgoing = {{ peers = [{peers}] }}\n"
    )
}

/// A primary, and a secondary with this configuration, both answering all that sign.
fn pair(secondary: impl FnOnce(SocketAddr) -> String, serial: u32) -> (Daemon, Daemon) {
    let base = format!("{ACL}{KEYS}{}", from_file(""));
    let mut primary = Daemon::start(&base, &[("example.zone", &large_zone(serial, ""))]);
    let secondary = Daemon::start(&format!("{ACL}{KEYS}{}", secondary(primary.addr())), &[]);
    let peer = peer("secondary", secondary.addr(), "tsig = \"one.example\"");
    primary.write_config(&format!("{ACL}{KEYS}{peer}{}", from_file("\"secondary\"")));
    primary.reload("reloaded");
    (primary, secondary)
}

/// All of the zone, as text.
fn text(daemon: &Daemon) -> String {
    let done = zxfr(&["axfr", &daemon.server(), "example", "-y", ONE]);
    assert_eq!(done.code, 0, "{}", done.err);
    done.out
}

#[test]
fn a_reload_is_told_to_the_secondary_which_takes_the_difference() {
    let (mut primary, mut secondary) = pair(|addr| from_primary(addr, ""), 5);
    for serial in 6..9 {
        primary.write("example.zone", &large_zone(serial, &format!("new{serial} A 192.0.2.1\n")));
        primary.reload("zone file loaded");
        let line = secondary.wait_for("notify=in");
        assert!(line.contains(" zone=example. peer=127.0.0.1:"), "{line}");
        assert!(line.contains(&format!(" serial={serial} key=one.example.")), "{line}");
        let line = secondary.wait_for("transfer=in");
        let from = serial - 1;
        let records = if serial == 6 { 5 } else { 6 };
        assert!(line.contains(&format!(" peer={} kind=ixfr from={from} to={serial} ", primary.addr())), "{line}");
        assert!(line.contains(&format!(" messages=1 records={records} octets=")), "{line}");
        assert!(line.ends_with(" result=ok"), "{line}");
        let told = format!("notify=out zone=example. peer={} serial={serial} tries=1 seconds=", secondary.addr());
        let line = primary.find(&told);
        assert!(line.ends_with(" result=ok"), "{line}");
        assert_eq!(text(&primary), text(&secondary));
    }
    let line = primary.find("kind=ixfr from=7 to=8");
    assert!(line.contains("transfer=out"), "{line}");
}

#[test]
fn a_peer_is_asked_for_ixfr_only_if_that_is_enabled() {
    let (mut primary, mut secondary) =
        pair(|addr| from_primary(addr, "").replace("ixfr_enable = true", "ixfr_enable = false"), 5);
    primary.write("example.zone", &large_zone(6, ""));
    primary.reload("zone file loaded");
    let line = secondary.wait_for("transfer=in");
    assert!(line.contains(" kind=axfr from=5 to=6 ") && line.ends_with("result=ok"), "{line}");
}

#[test]
fn a_hub_hands_on_what_it_takes() {
    let (mut primary, mut hub) = pair(|addr| from_primary(addr, ""), 5);
    let mut leaf = Daemon::start(&format!("{ACL}{KEYS}{}", from_primary(hub.addr(), "")), &[]);
    let target = peer("leaf", leaf.addr(), "tsig = \"one.example\"");
    hub.write_config(&format!("{ACL}{KEYS}{target}{}", from_primary(primary.addr(), "\"leaf\"")));
    hub.reload("reloaded");
    for serial in 6..9 {
        primary.write("example.zone", &large_zone(serial, &format!("new A 192.0.2.{serial}\n")));
        primary.reload("zone file loaded");
        for daemon in [&mut hub, &mut leaf] {
            let line = daemon.wait_for("transfer=in zone=example. ");
            let from = serial - 1;
            assert!(line.contains(&format!(" kind=ixfr from={from} to={serial} ")), "{line}");
        }
        assert_eq!(text(&primary), text(&leaf));
    }
    // The hub has the history, too.
    let done = zxfr(&["ixfr", &hub.server(), "example", "6", "-y", ONE]);
    assert!(done.out.starts_with("-example."), "{}{}", done.out, done.err);
}

#[test]
fn what_shrinks_is_held_by_a_secondary_that_was_told_to() {
    let shrink = |addr| format!("{}max_shrink_percent = 20\n", from_primary(addr, ""));
    let (mut primary, mut secondary) = pair(shrink, 5);
    let before = text(&secondary);
    // The primary itself is sure.
    let peer = peer("secondary", secondary.addr(), "tsig = \"one.example\"");
    let sure = format!("{ACL}{KEYS}{peer}{}max_shrink_percent = 100\n", from_file("\"secondary\""));
    primary.write_config(&sure);
    primary.write("example.zone", &zone(6, ""));
    primary.reload("zone file loaded");
    let line = secondary.wait_for("transfer=in");
    assert!(line.contains(" from=5 ") && line.contains(" result=held "), "{line}");
    assert!(line.contains("serial 6 has 30 of 34 records less") && line.contains("SIGHUP"), "{line}");
    assert_eq!(text(&secondary), before);

    secondary.reload("confirmed");
    let line = secondary.wait_for("transfer=in");
    assert!(line.contains(" from=5 to=6 ") && line.ends_with(" result=ok"), "{line}");
    assert_eq!(text(&secondary), text(&primary));
}

#[test]
fn a_serial_that_goes_backwards_is_ignored_or_accepted_as_told() {
    for accept in [false, true] {
        let config = |addr| {
            let text = from_primary(addr, "");
            let policy = if accept { ", serial_backward = \"accept\"" } else { "" };
            text.replace("peers = [\"primary\"]", &format!("peers = [\"primary\"]{policy}"))
        };
        let (primary, mut secondary) = pair(config, 9);
        let addr = primary.addr();
        drop(primary);
        let listen = format!("[dns]\nlisten = [\"{addr}\"]\n{ACL}{KEYS}{}", from_file(""));
        let primary = Daemon::start(&listen, &[("example.zone", &large_zone(5, "back A 192.0.2.1\n"))]);
        let before = text(&secondary);
        let line = secondary.reload("transfer=in");
        assert!(line.contains(" from=9 to=5 ") && !line.contains("result=ok"), "{line}");
        secondary.wait_for("reloaded");
        assert_eq!(text(&secondary), before, "one check is not enough");
        let line = secondary.reload("transfer=in");
        if accept {
            let line = if line.contains("kind=axfr") { line } else { secondary.wait_for("kind=axfr") };
            assert!(line.contains(" from=9 to=5 ") && line.ends_with("result=ok"), "{line}");
            assert_eq!(text(&secondary), text(&primary));
        } else {
            secondary.wait_for("reloaded");
            assert_eq!(text(&secondary), before);
        }
    }
}

#[test]
fn a_zone_expires_and_comes_back() {
    let quick = |serial: u32| large_zone(serial, "").replace("3600 600 86400 60", "1 1 3 60");
    let listen = |addr: SocketAddr| format!("[dns]\nlisten = [\"{addr}\"]\n{ACL}{KEYS}{}", from_file(""));
    let primary = Daemon::start(&listen("127.0.0.1:0".parse().unwrap()), &[("example.zone", &quick(5))]);
    let addr = primary.addr();
    let config = from_primary(addr, "").replace("[\"primary\"]", "[\"primary\"], auto_refresh_seconds = 1");
    let mut secondary = Daemon::start(&format!("{QUICK}{ACL}{KEYS}{config}"), &[]);
    assert_eq!(expire_option(addr), Some(3), "all of it at the primary");
    let left = expire_option(secondary.addr()).expect("what is left at the secondary");
    assert!(left <= 3, "{left}");
    secondary.wait_for("kind=uptodate from=5 to=5");

    drop(primary);
    secondary.wait_for("zone expired");
    zxfr(&["axfr", &secondary.server(), "example", "-y", ONE]).failed(1, &["SERVFAIL"]);

    let primary = Daemon::start(&listen(addr), &[("example.zone", &quick(5))]);
    loop {
        let line = secondary.wait_for("kind=uptodate from=5 to=5");
        if line.ends_with("result=ok") {
            break;
        }
    }
    assert_eq!(text(&secondary), text(&primary));
}

/// What the answer to an SOA query over UDP says in its EXPIRE option.
fn expire_option(server: SocketAddr) -> Option<u32> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // One question and one OPT with the empty option.
    let mut query = b"\x12\x34\0\0\0\x01\0\0\0\0\0\x01\x07example\0\0\x06\0\x01".to_vec();
    query.extend(b"\0\0\x29\x04\xd0\0\0\0\0\0\x04\0\x09\0\0");
    socket.send_to(&query, server).unwrap();
    let mut answer = [0; 1232];
    let length = socket.recv(&mut answer).unwrap();
    let option = answer[..length].windows(4).rposition(|octets| octets == b"\0\x09\0\x04")? + 4;
    Some(u32::from_be_bytes(answer[option..option + 4].try_into().unwrap()))
}
