//! A thousand zones in one secondary, and a primary that restarts in the midst of it.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use zxfr_tests::ports::Port;
use zxfr_tests::probe::{self, Authority};
use zxfr_tests::zxfr::Zxfrd;

const ZONES: usize = 1_000;
/// For all zones to be in step on a slow machine.
const DEADLINE: Duration = Duration::from_secs(60);
/// Timers that a test can wait for.
const LIMITS: &str =
    "auto_refresh_min_seconds = 1\nretry_min_seconds = 1\nmax_transfers_in = 20\nmax_transfers_per_peer = 20";

fn name(number: usize) -> String {
    format!("z{number}.example.")
}

/// All zones' files, at this serial.
fn write_zones(folder: &Path, serial: u32) {
    for number in 0..ZONES {
        let hosts: String = (0..20).map(|host| format!("h{host} A 192.0.2.{host}\n")).collect();
        let text = format!(
            "$ORIGIN {}\n$TTL 300\n@ SOA ns host {serial} 3600 1 86400 60\n@ NS ns\nns A 192.0.2.53\nv{serial} TXT \"{serial}\"\n{hosts}",
            name(number),
        );
        let (path, beside) = (folder.join(name(number)), folder.join("beside"));
        fs::write(&beside, text).unwrap();
        fs::rename(beside, path).unwrap();
    }
}

fn config(listen: &Port, peer: &Port, zone: impl Fn(&str) -> String) -> String {
    let mut text = format!(
        "[dns]\nlisten = [\"{}\"]\n[api]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"memory:\"\n[limits]\n{LIMITS}\n[[peer]]\nname = \"other\"\nip = \"127.0.0.1\"\nport = {}\n\
         ixfr_enable = true\n[[acl]]\nname = \"loopback\"\nip_range = \"127.0.0.1/32\"\n",
        listen.address(),
        peer.number(),
    );
    for number in 0..ZONES {
        let name = name(number);
        let _ = writeln!(text, "[[zone]]\nname = \"{name}\"\n{}", zone(&name));
    }
    text
}

/// Waits until the secondary has all zones at this serial, and says how long that took.
fn wait_for_all(secondary: &mut Zxfrd, serial: u32) -> Duration {
    let (started, address) = (Instant::now(), secondary.address());
    let mut next = 0;
    let waited = secondary.process().wait_for("all zones in step", DEADLINE, || {
        while next < ZONES {
            let found = probe::soa_serial(address, &name(next), Authority::Needed)?;
            if found != serial {
                return Err(zxfr_tests::Failure::new(format!("zone {next} has serial {found}")));
            }
            next += 1;
        }
        Ok(())
    });
    waited.unwrap();
    started.elapsed()
}

/// Threads, and proportional memory in KiB.
fn cost(process: u32) -> (u64, u64) {
    let number = |file: &str, field: &str| {
        let text = fs::read_to_string(format!("/proc/{process}/{file}")).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    (number("status", "Threads:"), number("smaps_rollup", "Pss:"))
}

#[test]
fn a_thousand_zones_are_in_step_after_their_primary_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let (primary_port, secondary_port) = (Port::free().unwrap(), Port::free().unwrap());
    let primary_config = config(&primary_port, &secondary_port, |name| {
        let file = folder.path().join(name);
        format!("file = '{}'\noutgoing = {{ peers = [\"other\"] }}", file.display())
    });
    let secondary_config = config(&secondary_port, &primary_port, |_| {
        "incoming = { peers = [\"other\"], auto_refresh_seconds = 3600 }\noutgoing = { peers = [] }".to_owned()
    });

    write_zones(folder.path(), 1);
    let mut primary = Zxfrd::with_config(&primary_config).unwrap();
    let mut secondary = Zxfrd::with_config(&secondary_config).unwrap();
    let first = wait_for_all(&mut secondary, 1);
    let (threads, memory) = cost(secondary.process().id());
    println!("{ZONES} zones there after {:.2} s: {threads} threads, {memory} KiB", first.as_secs_f64());

    // It goes, and the secondary finds that out for every zone.
    primary.process().stop();
    drop(primary);
    let before = secondary.process().log().len();
    secondary.reload();
    let gone = secondary.process().log_after(before, &["reloaded"], DEADLINE);
    gone.unwrap();
    let answered = wait_for_all(&mut secondary, 1);
    println!("without the primary all are answered, in {:.2} s", answered.as_secs_f64());

    // It comes back with other versions, and tells.
    write_zones(folder.path(), 2);
    let mut primary = Zxfrd::with_config(&primary_config).unwrap();
    let second = wait_for_all(&mut secondary, 2);
    let (threads, memory) = cost(secondary.process().id());
    println!("in step {:.2} s after the restart: {threads} threads, {memory} KiB", second.as_secs_f64());

    // And while it runs.
    write_zones(folder.path(), 3);
    primary.reload();
    let third = wait_for_all(&mut secondary, 3);
    let (threads, memory) = cost(secondary.process().id());
    println!("in step {:.2} s after a reload: {threads} threads, {memory} KiB", third.as_secs_f64());
    let deltas =
        secondary.transfers().iter().filter(|transfer| transfer.kind == "ixfr" && transfer.to == Some(3)).count();
    assert_eq!(deltas, ZONES, "all by IXFR");
}
