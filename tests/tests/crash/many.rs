//! Many zones and a large one are served from the store at once after a restart, and nothing is transferred again.

use std::fmt::Write;
use std::fs;
use std::time::{Duration, Instant};

use zxfr_tests::Failure;
use zxfr_tests::probe::{self, Authority};
use zxfr_tests::tally;

use crate::daemon::Daemon;
use crate::upstream::{self, Shape, Upstream};

/// How many small zones, unless `ZXFR_MANY` says another number; how many records the large one has, unless `ZXFR_RECORDS` does.
const MANY: u32 = 400;
const RECORDS: u32 = 20_000;
/// For all zones to be transferred, on a slow machine.
const DEADLINE: Duration = Duration::from_secs(300);

fn number(variable: &str, default: u32) -> u32 {
    std::env::var(variable).ok().map_or(default, |value| value.parse().unwrap())
}

/// In KiB: memory that it has alone or its share of, and the most that it ever had.
fn memory(process: u32) -> [u64; 2] {
    [("smaps_rollup", "Pss:"), ("status", "VmHWM:")].map(|(file, field)| {
        let text = fs::read_to_string(format!("/proc/{process}/{file}")).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    })
}

/// Waits until all zones are answered.
fn wait_for_all(daemon: &mut Daemon, shapes: &[Shape]) {
    let (dns, mut next) = (daemon.dns(), 0);
    let waited = daemon.process().wait_for("all zones", DEADLINE, || {
        while let Some(shape) = shapes.get(next) {
            let serial = probe::soa_serial(dns, shape.name, Authority::Needed)?;
            if serial != 10 {
                return Err(Failure::new(format!("{} has serial {serial}", shape.name)));
            }
            next += 1;
        }
        Ok(())
    });
    waited.unwrap();
}

#[test]
fn many_zones_are_served_from_the_store_without_another_transfer() {
    let (many, records) = (number("ZXFR_MANY", MANY), number("ZXFR_RECORDS", RECORDS));
    let small = |number| Shape { name: format!("z{number}.many.example.").leak(), hosts: 8, period: 3, ixfr: true };
    let mut shapes: Vec<_> = (0..many).map(small).collect();
    // Its SOA, NS and what comes and goes are records, too.
    shapes.push(Shape { name: "large.many.example.", hosts: records - 7, period: 100, ixfr: false });
    let upstream = Upstream::start(&shapes);
    let port = upstream.address().port();
    let mut text = format!(
        "max_transfers_in = 100\nmax_transfers_per_peer = 100\n\
         [[peer]]\nname = \"up\"\nip = \"127.0.0.1\"\nport = {port}\nixfr_enable = true\n"
    );
    for shape in &shapes {
        let _ = writeln!(
            text,
            "[[zone]]\nname = \"{}\"\nincoming = {{ peers = [\"up\"], auto_refresh_seconds = 86400 }}\noutgoing = {{ peers = [\"up\"] }}",
            shape.name,
        );
    }
    let begun = Instant::now();
    let mut daemon = Daemon::new(&text);
    wait_for_all(&mut daemon, &shapes);
    let first = begun.elapsed();
    let [before, most] = memory(daemon.process().id());
    println!(
        "{many} zones and one of {records} records transferred within {first:.2?}: {before} KiB, {most} KiB at most"
    );
    let transfers = upstream.transfers();
    assert!(transfers > many, "{transfers}");

    daemon.kill();
    let (took, log) = daemon.restart();
    // Each is there with the first answer.
    let begun = Instant::now();
    for shape in shapes.iter().rev() {
        let serial = probe::soa_serial(daemon.dns(), shape.name, Authority::Needed);
        assert_eq!(serial.unwrap_or_else(|error| panic!("{}: {error}\n{log}", shape.name)), 10);
    }
    let asked = begun.elapsed();
    let [after, most] = memory(daemon.process().id());
    let told = log.lines().find_map(|line| line.split_once("zones served from the store")).map_or("", |(_, told)| told);
    let size: u64 = ["zxfrd.db", "zxfrd.db-wal"]
        .iter()
        .filter_map(|name| fs::metadata(daemon.process().dir().join(name)).ok())
        .map(|file| file.len())
        .sum();
    println!(
        "after kill -9 all served {took:.2?} from the start of the process ({}), each asked once within {asked:.2?}: \
         {after} KiB, {most} KiB at most; the store has {size} octets",
        told.trim(),
    );
    // All primaries have been asked, and none for a transfer.
    daemon.process().wait_for_log(" started", DEADLINE).unwrap();
    assert_eq!(upstream.transfers(), transfers, "something was transferred again");
    let (serial, held) = upstream::given(daemon.dns(), "large.many.example.").unwrap();
    assert_eq!((serial, held.len() as u32 + 1), (10, records));
    assert!(held == shapes[many as usize].records(10));
    assert!(took < Duration::from_secs(20), "{took:?}");
    tally::ran(&format!("{many} zones and {records} records restarted"));
}
