//! Zones in step: what a daemon does when a zone changes, and what it tells others.

mod support;

use support::{ACL, Daemon, large_zone, zone, zxfr};

fn from_file(rest: &str) -> String {
    format!("{ACL}[[zone]]\nname = \"example\"\nfile = \"example.zone\"\noutgoing = {{}}\n{rest}")
}

#[test]
fn a_reload_becomes_a_delta() {
    let mut daemon = Daemon::start(&from_file(""), &[("example.zone", &large_zone(5, "old A 192.0.2.1\n"))]);
    daemon.write("example.zone", &large_zone(6, "new A 192.0.2.2\n"));
    daemon.reload("reloaded");
    daemon.write("example.zone", &large_zone(7, "new 60 A 192.0.2.2\n"));
    daemon.reload("reloaded");

    let server = daemon.server();
    let soa = |serial: u32| format!("example.\t300\tIN\tSOA\tns.example. host.example. {serial} 3600 600 86400 60\n");
    let new = "new.example.\t300\tIN\tA\t192.0.2.2\n";
    let (second, third) = ("new.example.\t60\tIN\tA\t192.0.2.2\n", "old.example.\t300\tIN\tA\t192.0.2.1\n");
    let done = zxfr(&["ixfr", &server, "example", "6"]);
    assert_eq!(done.out, format!("-{}-{new}+{}+{second}", soa(6), soa(7)), "{}", done.err);
    let line = daemon.wait_for("kind=ixfr");
    assert!(line.contains(" transfer=out zone=example. peer=127.0.0.1:"), "{line}");
    assert!(line.contains(" kind=ixfr from=6 to=7 messages=1 records=6 octets="), "{line}");
    assert!(line.ends_with(" result=ok"), "{line}");

    // Over both steps the change of the TTL is no change of its own.
    let done = zxfr(&["ixfr", &server, "example", "5"]);
    assert_eq!(done.out, format!("-{}-{third}+{}+{second}", soa(5), soa(7)), "{}", done.err);
    assert!(daemon.wait_for("kind=ixfr").contains(" from=5 to=7 "));

    // What isn't known is answered with the zone, what is newest with its SOA.
    let done = zxfr(&["ixfr", &server, "example", "4"]);
    assert_eq!((done.code, done.out.lines().count()), (0, 35), "{}", done.out);
    assert!(daemon.wait_for("transfer=out").contains(" kind=axfr from=- to=7 "));
    zxfr(&["ixfr", &server, "example", "7"]);
    assert!(daemon.wait_for("transfer=out").contains(" kind=uptodate from=7 to=7 "));
    zxfr(&["notify", &server, "example"]).failed(1, &["REFUSED"]);
}

#[test]
fn a_journal_keeps_its_bounds() {
    let limits = "[limits]\nmax_journal_deltas = 2\n";
    let mut daemon = Daemon::start(&format!("{limits}{}", from_file("")), &[("example.zone", &zone(1, ""))]);
    for serial in 2..=4 {
        daemon.write("example.zone", &zone(serial, ""));
        daemon.reload("reloaded");
    }
    for (from, kind) in [(1, "kind=axfr from=- "), (2, "kind=ixfr from=2 "), (3, "kind=ixfr from=3 ")] {
        assert_eq!(zxfr(&["ixfr", &daemon.server(), "example", &from.to_string()]).code, 0);
        assert!(daemon.wait_for("transfer=out").contains(kind));
    }
    daemon.write_config(&format!("{}{}", limits.replace('2', "1"), from_file("")));
    daemon.reload("reloaded");
    assert_eq!(zxfr(&["ixfr", &daemon.server(), "example", "2"]).code, 0);
    assert!(daemon.wait_for("transfer=out").contains("kind=axfr"));
}
