//! Zone files of a daemon that runs: what is read when, and what is held back.

mod support;

use support::{ACL, Daemon, zone, zxfr};

fn config(rest: &str) -> String {
    format!("{ACL}[[zone]]\nname = \"example\"\nfile = \"example.zone\"\noutgoing = {{}}\n{rest}\n")
}

/// A zone with so many records, the SOA counted.
fn large(serial: u32, records: usize) -> String {
    let more: String = (4..records).map(|number| format!("n{number} A 192.0.2.{}\n", number % 256)).collect();
    zone(serial, &more)
}

/// The serial and the number of records that are served.
fn served(daemon: &Daemon) -> (String, usize) {
    let done = zxfr(&["axfr", &daemon.server(), "example"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let serial = done.out.split_whitespace().nth(6).unwrap();
    (serial.to_owned(), done.out.lines().count())
}

#[test]
fn a_zone_that_lost_much_is_held_until_confirmed() {
    let mut daemon = Daemon::start(&config(""), &[("example.zone", &large(1, 100))]);
    daemon.write("example.zone", &large(2, 80));
    daemon.reload("zone file loaded");
    daemon.wait_for("reloaded");
    assert_eq!(served(&daemon), ("2".into(), 80), "20 of 100 may go");

    daemon.write("example.zone", &large(3, 40));
    let line = daemon.reload("zone file not taken");
    for part in ["serial 3 has 40 of 80 records less", "max_shrink_percent is 20", "another SIGHUP"] {
        assert!(line.contains(part), "{line}");
    }
    daemon.wait_for("reloaded");
    assert_eq!(served(&daemon), ("2".into(), 80));

    // Another file is not what was to be confirmed.
    daemon.write("example.zone", &large(4, 30));
    let line = daemon.reload("zone file not taken");
    assert!(line.contains("serial 4 has 50 of 80 records less"), "{line}");
    daemon.wait_for("reloaded");

    daemon.reload("zone file loaded");
    daemon.wait_for("reloaded");
    assert_eq!(served(&daemon), ("4".into(), 30));

    // What is no zone confirms nothing.
    daemon.write("example.zone", &large(5, 20));
    daemon.reload("zone file not taken");
    daemon.wait_for("reloaded");
    daemon.write("example.zone", "no zone\n");
    for _ in 0..2 {
        daemon.reload("zone file not taken");
        daemon.wait_for("reloaded");
    }
    daemon.write("example.zone", &large(5, 21));
    let line = daemon.reload("zone file not taken");
    assert!(line.contains("serial 5 has 9 of 30"), "{line}");
    daemon.wait_for("reloaded");

    // The confirmation was for that once.
    daemon.write("example.zone", &large(5, 20));
    daemon.reload("zone file not taken");
    daemon.wait_for("reloaded");
    daemon.write("example.zone", &large(6, 31));
    daemon.reload("zone file loaded");
    daemon.wait_for("reloaded");
    daemon.write("example.zone", &large(7, 20));
    daemon.reload("zone file not taken");
    daemon.wait_for("reloaded");
    assert_eq!(served(&daemon), ("6".into(), 31));
}

#[test]
fn each_zone_may_say_how_much_it_loses() {
    let mut daemon = Daemon::start(&config("max_shrink_percent = 100"), &[("example.zone", &large(1, 100))]);
    daemon.write("example.zone", &large(2, 4));
    daemon.reload("zone file loaded");
    daemon.wait_for("reloaded");
    daemon.write_config(&config("max_shrink_percent = 0"));
    daemon.write("example.zone", &large(3, 5));
    daemon.reload("zone file loaded");
    daemon.wait_for("reloaded");
    daemon.write("example.zone", &large(4, 4));
    daemon.reload("zone file not taken");
    assert_eq!(served(&daemon), ("3".into(), 5));
}

#[test]
fn a_watched_file_is_read_when_it_has_rested() {
    let included = zone(1, "$INCLUDE more\n");
    let files = [("example.zone", &*included), ("more", "one A 192.0.2.1\n")];
    let mut daemon = Daemon::start(&config("watch = true"), &files);

    daemon.write("example.zone", &zone(2, "$INCLUDE more\nnew A 192.0.2.1\n"));
    let line = daemon.wait_for("zone file loaded");
    assert!(line.contains("serial=2"), "{line}");
    assert_eq!(served(&daemon), ("2".into(), 6));

    // What is included counts. Told once, since it doesn't change again.
    daemon.write("more", "one A 192.0.2.2\n");
    let line = daemon.wait_for("zone file not taken");
    assert!(line.contains("the serial is still 2"), "{line}");

    // Written bit by bit: nothing is read in between. How long it has to rest, the watch's own test shows.
    for serial in 3..9 {
        daemon.overwrite("example.zone", &zone(serial, "$INCLUDE more\nhalf A 192.0"));
    }
    daemon.overwrite("example.zone", &zone(9, "$INCLUDE more\nhalf A 192.0.2.9\n"));
    let line = daemon.wait_for("zone file loaded");
    assert!(line.contains("serial=9"), "{line}");
    assert_eq!(served(&daemon), ("9".into(), 6));

    // A SIGHUP confirms, another look doesn't.
    daemon.write("example.zone", &zone(10, ""));
    daemon.wait_for("zone file not taken");
    daemon.reload("zone file loaded");
    assert_eq!(served(&daemon), ("10".into(), 4));
    let log = daemon.log();
    assert_eq!(log.matches("zone file not taken").count(), 2, "{log}");
    assert_eq!(log.matches("zone file loaded").count(), 4, "{log}");
}

#[test]
fn without_watch_nothing_is_read_unasked() {
    let other = "[[zone]]\nname = \"other\"\nfile = \"other.zone\"\nwatch = true\noutgoing = {}\n";
    let soa = |serial: u32| format!("other. 5 SOA . . {serial} 2 3 4 5\n");
    let files = [("example.zone", &*zone(1, "")), ("other.zone", &*soa(1))];
    let mut daemon = Daemon::start(&config(other), &files);
    daemon.write("example.zone", &zone(2, ""));
    daemon.write("other.zone", &soa(2));
    let line = daemon.wait_for("zone file loaded zone=other. ");
    assert!(line.contains("serial=2"), "{line}");
    assert_eq!(served(&daemon), ("1".into(), 4));
    daemon.reload("zone file loaded zone=example. ");
    assert_eq!(served(&daemon), ("2".into(), 4));
}
