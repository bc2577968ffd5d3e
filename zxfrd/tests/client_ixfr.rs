//! `zxfr ixfr` and `zxfr notify`, from the outside.

mod support;

use support::{ACL, Daemon, KEYS, ONE, closed_port, zone, zxfr};

const FIVE: &str = "gone A 192.0.2.1\nttl 60 A 192.0.2.2\n";
const SIX: &str = "ttl 61 A 192.0.2.2\ncame A 192.0.2.4\n";
const SEVEN: &str = "ttl 61 A 192.0.2.2\ncame A 192.0.2.4\n\"odd\\ name\\.\" TXT \"-\"\n";

/// The zone with enough in it that two deltas take fewer octets than all of it.
fn large(serial: u32, extra: &str) -> String {
    let rest: String = (0..40).map(|number| format!("n{number} A 192.0.2.{number}\n")).collect();
    zone(serial, extra) + &rest
}

/// A daemon that has gone from serial 5 by 6 to 7.
fn daemon() -> Daemon {
    let config =
        format!("{KEYS}{ACL}[[zone]]\nname = \"example\"\nfile = \"example.zone\"\noutgoing = {{ peers = [] }}\n");
    let mut daemon = Daemon::start(&config, &[("example.zone", &large(5, FIVE))]);
    for (serial, extra) in [(6, SIX), (7, SEVEN)] {
        daemon.write("example.zone", &large(serial, extra));
        daemon.reload("reloaded");
    }
    daemon
}

fn soa(serial: u32) -> String {
    format!("example.\t300\tIN\tSOA\tns.example. host.example. {serial} 3600 600 86400 60")
}

#[test]
fn what_changed_is_printed_delta_by_delta() {
    let mut daemon = daemon();
    let server = daemon.server();
    let last =
        [format!("-{}", soa(6)), format!("+{}", soa(7)), "+odd\\032name\\..example.\t300\tIN\tTXT\t\"-\"".to_owned()];
    for options in [&[][..], &["--udp"], &["-y", ONE], &["-y", ONE, "--udp"]] {
        let done = zxfr(&[&["ixfr", &server, "example", "6"], options].concat());
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{options:?}");
        assert_eq!(done.out.lines().collect::<Vec<_>>(), last, "{options:?}");
        let line = daemon.wait_for("transfer=out");
        assert!(line.contains(" kind=ixfr from=6 to=7 messages=1 records=5 octets="), "{line}");
    }

    let done = zxfr(&["ixfr", "example", &server, "5", "--format", "json", "--stats"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let lines: Vec<serde_json::Value> = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines[0]["op"].as_str(), lines[0]["type"].as_str()), (Some("-"), Some("SOA")));
    assert!(lines.iter().any(|line| line["op"] == "-" && line["name"] == "gone.example."));
    assert!(lines.iter().any(|line| line["op"] == "+" && line["name"] == "came.example."));
    assert!(done.err.starts_with("; example. serial 5 to 7 from 127.0.0.1:"), "{}", done.err);

    let done = zxfr(&["ixfr", &server, "example", "7"]);
    assert_eq!((done.code, done.out.as_str()), (0, ""));
    assert!(done.err.contains("nothing newer than serial 7: the server has 7"), "{}", done.err);

    let whole = zxfr(&["axfr", &server, "example"]);
    let done = zxfr(&["ixfr", &server, "example", "4"]);
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (0, whole.out.as_str(), ""));
}

#[test]
fn what_is_no_serial_is_a_matter_of_usage() {
    for serial in ["4294967296", "-1", "now"] {
        assert_eq!(zxfr(&["ixfr", "@127.0.0.1", "example", serial]).code, 2, "{serial}");
    }
    assert_eq!(zxfr(&["ixfr", "@127.0.0.1", "example"]).code, 2);
    let (_held, closed) = closed_port();
    let closed = format!("@{closed}");
    zxfr(&["ixfr", &closed, "example", "1"]).failed(3, &["no connection"]);
}

#[test]
fn a_server_takes_notice_or_refuses() {
    let primary = daemon();
    let (ip, port) = (primary.addr().ip(), primary.addr().port());
    let config = format!(
        "{ACL}[[peer]]\nname = \"primary\"\nip = \"{ip}\"\nport = {port}\n\
         [[zone]]\nname = \"example\"\nincoming = {{ peers = [\"primary\"] }}\n"
    );
    let secondary = Daemon::start(&config, &[]);
    for options in [&[][..], &["--tcp"]] {
        let done = zxfr(&[&["notify", &secondary.server(), "example"], options].concat());
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{options:?}");
        assert_eq!(done.out, format!("{}: example.: notified\n", secondary.addr()));
        let other = zxfr(&[&["notify", &secondary.server(), "example.org"], options].concat());
        other.failed(1, &[&secondary.server()[1..], "example.org.", "REFUSED"]);
    }
    let (_held, closed) = closed_port();
    let closed = format!("@{closed}");
    zxfr(&["notify", &closed, "example", "--tcp"]).failed(3, &["no connection"]);
}
