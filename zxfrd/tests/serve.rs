//! `zxfrd serve`, from the outside: what it answers, what it logs, signals.

mod support;

use std::net::TcpStream;
use std::time::Duration;

use rustix::process::Signal;
use support::{ACL, Daemon, KEYS, ONE, TWO, WRONG, closed_port, zone, zxfr, zxfrd};

fn open_zone() -> String {
    format!("{ACL}[[zone]]\nname = \"example\"\nfile = \"example.zone\"\noutgoing = {{}}\n")
}

fn serial(daemon: &Daemon) -> String {
    let done = zxfr(&["soa", &daemon.server(), "example"]);
    assert_eq!(done.code, 0, "{}", done.err);
    done.out.split_whitespace().nth(6).unwrap().to_owned()
}

#[test]
fn a_zone_goes_out_unsigned_and_signed() {
    let config = format!("{KEYS}{}", open_zone());
    let mut daemon = Daemon::start(&config, &[("example.zone", &zone(5, ""))]);
    let server = daemon.server();
    let expected = "example.\t300\tIN\tSOA\tns.example. host.example. 5 3600 600 86400 60\n\
        example.\t300\tIN\tNS\tns.example.\n\
        Mixed.Case.example.\t300\tIN\tTXT\t\"a b\"\n\
        ns.example.\t300\tIN\tA\t192.0.2.53\n";
    for key in [&[][..], &["-y", ONE], &["-y", TWO]] {
        let done = zxfr(&[&["axfr", &server, "example"], key].concat());
        assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (0, expected, ""));
        let line = daemon.wait_for("transfer=out");
        assert!(line.contains(" transfer=out zone=example. peer=127.0.0.1:"), "{line}");
        assert!(line.contains(" kind=axfr from=- to=5 messages=1 records=5 octets="), "{line}");
        assert!(line.contains(" seconds=") && line.ends_with(" result=ok"), "{line}");
        for transport in [&[][..], &["--udp"]] {
            let done = zxfr(&[&["soa", "EXAMPLE.", &server], transport, key].concat());
            assert_eq!((done.code, done.err.as_str()), (0, ""));
            assert_eq!(done.out, expected.lines().next().unwrap().replace("example.\t", "EXAMPLE.\t") + "\n");
        }
    }
}

#[test]
fn the_keys_of_linked_peers_are_needed() {
    let config = format!(
        "{KEYS}[[peer]]\nname = \"p\"\nip = \"127.0.0.1\"\ntsig = \"one.example\"\n\
         [[zone]]\nname = \"example\"\nfile = \"example.zone\"\noutgoing = {{ peers = [\"p\"] }}\n"
    );
    let mut daemon = Daemon::start(&config, &[("example.zone", &zone(5, ""))]);
    let server = daemon.server();
    assert_eq!(zxfr(&["axfr", &server, "example", "-y", ONE]).code, 0);
    zxfr(&["axfr", &server, "example"]).failed(1, &[&server[1..], "example.", "REFUSED"]);
    assert!(daemon.wait_for("refused").ends_with("rcode=REFUSED result=tsig-missing reason=not signed"));
    zxfr(&["axfr", &server, "example", "-y", TWO]).failed(1, &["REFUSED"]);
    assert!(daemon.wait_for("refused").ends_with("signed with a key that is not for this zone"));
    zxfr(&["axfr", &server, "example", "-y", WRONG]).failed(1, &[&server[1..], "example.", "BADSIG"]);
    assert!(daemon.wait_for("refused").ends_with("rcode=NOTAUTH result=tsig-badsig reason=TSIG BADSIG"));
    zxfr(&["soa", &server, "example", "-y", "no.such.key:b25l"]).failed(1, &["BADKEY"]);
}

#[test]
fn a_refusal_is_logged_once() {
    let mut daemon = Daemon::start(&open_zone(), &[("example.zone", &zone(5, ""))]);
    let server = daemon.server();
    for _ in 0..3 {
        for zone in ["other.example.net", "OTHER.example.net"] {
            zxfr(&["soa", &server, zone, "--udp"]).failed(1, &["REFUSED"]);
        }
    }
    zxfr(&["axfr", &server, "unknown"]).failed(1, &["REFUSED"]);
    daemon.wait_for("zone=unknown.");
    let log = daemon.log().to_lowercase();
    assert_eq!(log.matches("refused peer=127.0.0.1:").count(), 2, "{log}");
}

#[test]
fn a_zone_that_is_not_there_is_servfail() {
    let mut daemon = Daemon::start(&open_zone(), &[("example.zone", "example. 5 SOA . . 1 2 3 4\n")]);
    let log = daemon.log();
    assert!(log.contains("example.zone:1:"), "{log}");
    zxfr(&["axfr", &daemon.server(), "example"]).failed(1, &["SERVFAIL", "Not Ready"]);
    daemon.write("example.zone", &zone(1, ""));
    daemon.reload("reloaded");
    assert_eq!(serial(&daemon), "1");
}

#[test]
fn sighup_takes_what_is_newer_and_refuses_the_rest() {
    let mut daemon = Daemon::start(&open_zone(), &[("example.zone", &zone(5, ""))]);
    daemon.reload("zone file unchanged");

    daemon.write("example.zone", &zone(6, "new A 192.0.2.1\n"));
    daemon.reload("zone file loaded");
    assert_eq!(serial(&daemon), "6");

    daemon.write("example.zone", &zone(6, "new A 192.0.2.2\n"));
    let line = daemon.reload("ERROR");
    assert!(line.contains("the data changed but the serial is still 6: raise it in the SOA"), "{line}");
    assert!(line.contains("192.0.2.1") && line.contains("192.0.2.2"), "{line}");

    daemon.write("example.zone", &zone(4, ""));
    let line = daemon.reload("ERROR");
    assert!(line.contains("serial 4 is not newer than 6"), "{line}");

    daemon.write("example.zone", &zone(7, "broken A 192.0.2\n"));
    let line = daemon.reload("ERROR");
    assert!(line.contains("example.zone:7:10: A"), "{line}");

    let out = zxfr(&["axfr", &daemon.server(), "example"]).out;
    assert!(out.contains(" 6 3600 ") && out.contains("new.example.\t300\tIN\tA\t192.0.2.1\n"), "{out}");
}

#[test]
fn sighup_changes_the_configuration_or_leaves_all_as_it_was() {
    let files = [("example.zone", &*zone(5, "")), ("second.zone", "second. 5 SOA . . 1 2 3 4 5\n")];
    let mut daemon = Daemon::start(&open_zone(), &files);
    let server = daemon.server();
    zxfr(&["soa", &server, "second"]).failed(1, &["REFUSED"]);

    let second = "[[zone]]\nname = \"second\"\nfile = \"second.zone\"\noutgoing = {}\n";
    daemon.write_config(&format!("{}{second}", open_zone()));
    daemon.reload("reloaded");
    assert_eq!(zxfr(&["soa", &server, "second"]).code, 0);

    daemon.write_config(&format!("{}\ncolour = \"blue\"\n", open_zone()));
    let line = daemon.reload("ERROR");
    assert!(line.contains("zxfrd.toml:") && line.contains("colour"), "{line}");
    daemon.wait_for("everything stays as it was");
    assert_eq!(zxfr(&["soa", &server, "second"]).code, 0);

    // An address that can't be had, because the daemon of another port has it.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = format!("[dns]\nlisten = [\"{}\"]\n{}", taken.local_addr().unwrap(), open_zone());
    daemon.write_config(&elsewhere);
    let line = daemon.reload("ERROR");
    assert!(line.contains("everything stays as it was"), "{line}");
    assert_eq!(zxfr(&["soa", &server, "second"]).code, 0);

    // Another address of its own: the old one is given up.
    daemon.write_config(&format!("[dns]\nlisten = [\"127.0.0.2:0\"]\n{ACL}{}", &open_zone()[ACL.len()..]));
    let line = daemon.reload("listening addr=127.0.0.2:");
    daemon.wait_for("reloaded");
    let moved = line.split("addr=").nth(1).unwrap().trim();
    assert_eq!(zxfr(&["soa", &format!("@{moved}"), "example"]).code, 0);
    zxfr(&["soa", &server, "example"]).failed(3, &["no connection"]);
}

#[test]
fn a_hub_takes_a_zone_and_hands_it_on() {
    let config = format!(
        "{KEYS}[[peer]]\nname = \"hub\"\nip = \"127.0.0.1\"\ntsig = \"one.example\"\n\
         [[zone]]\nname = \"example\"\nfile = \"example.zone\"\noutgoing = {{ peers = [\"hub\"] }}\n"
    );
    let mut primary = Daemon::start(&config, &[("example.zone", &zone(5, ""))]);
    // A port that nobody listens on, then the primary.
    let (_held, closed) = closed_port();
    let hub = format!(
        "{KEYS}{ACL}[[peer]]\nname = \"dead\"\nip = \"127.0.0.1\"\nport = {}\n\
         [[peer]]\nname = \"primary\"\nip = \"127.0.0.1\"\nport = {}\ntsig = \"one.example\"\n\
         [[zone]]\nname = \"example\"\nincoming = {{ peers = [\"dead\", \"primary\"] }}\noutgoing = {{}}\n",
        closed.port(),
        primary.addr().port(),
    );
    let mut hub = Daemon::start(&hub, &[]);
    let log = hub.log();
    let done = format!("transfer=in zone=example. peer={} kind=axfr from=- to=5 messages=1", primary.addr());
    assert!(log.contains(&done), "{log}");
    assert_eq!(serial(&hub), "5");
    let failed = hub.find(&format!("transfer=in zone=example. peer={closed} kind=uptodate from="));
    assert!(failed.contains(" result=unreachable reason="), "{failed}");

    let line = hub.reload("kind=uptodate from=5 to=5");
    assert!(line.ends_with("result=ok"), "{line}");

    primary.write("example.zone", &zone(6, "new A 192.0.2.1\n"));
    primary.reload("reloaded");
    hub.wait_for("reloaded");
    hub.reload("kind=axfr from=5 to=6");
    hub.wait_for("reloaded");
    let [from_primary, from_hub] = [
        zxfr(&["axfr", &primary.server(), "example", "-y", ONE]),
        zxfr(&["axfr", &hub.server(), "example", "-y", TWO]),
    ];
    assert_eq!((from_primary.code, from_hub.code), (0, 0));
    assert_eq!(from_primary.out, from_hub.out);
    assert_eq!(from_hub.out.lines().count(), 5);
}

#[test]
fn stops_within_five_seconds_with_connections_open() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut daemon = Daemon::start(&open_zone(), &[("example.zone", &zone(5, ""))]);
        let _idle = TcpStream::connect(daemon.addr()).unwrap();
        daemon.signal(signal);
        let (status, took) = daemon.ended();
        assert!(status.success(), "{status}: {}", daemon.log());
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert!(daemon.log().contains("stopped"), "{}", daemon.log());
    }
}

#[test]
fn json_lines() {
    let mut daemon = Daemon::start_with(&open_zone(), &[("example.zone", &zone(5, ""))], &["--log-format", "json"]);
    let listening = daemon.log();
    let first: serde_json::Value = serde_json::from_str(listening.lines().next().unwrap()).unwrap();
    let addr = first["addr"].as_str().unwrap();
    assert_eq!(zxfr(&["axfr", &format!("@{addr}"), "example"]).code, 0);
    let line: serde_json::Value = serde_json::from_str(&daemon.wait_for("\"transfer\"")).unwrap();
    assert_eq!(
        [&line["transfer"], &line["zone"], &line["kind"], &line["to"], &line["result"]],
        ["out", "example.", "axfr", "5", "ok"]
    );
    assert_eq!((line["records"].as_u64(), line["messages"].as_u64()), (Some(5), Some(1)));
}

#[test]
fn a_bad_configuration_is_exit_status_2() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.toml"), "[dns]\nlisten = [\"nowhere\"]\n").unwrap();
    for (file, part) in [("bad.toml", "bad.toml:2:11:"), ("missing.toml", "missing.toml: cannot read")] {
        let done = zxfrd(&["serve", "--config", file], folder.path());
        assert_eq!(done.code, 2, "{}", done.err);
        assert!(done.err.contains(part), "{}", done.err);
    }
}
