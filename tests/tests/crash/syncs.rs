//! What a commit writes is on the disk before anybody is told: the daemon's system calls, as strace sees them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use zxfr_tests::probe::{self, Authority};
use zxfr_tests::process::find_program;
use zxfr_tests::tally;

use crate::daemon::{ACCOUNT, Daemon};
use crate::upstream::{Shape, Upstream};

const CASE: &str = "syncs per commit";
const CHANGES: usize = 10;
const SHAPE: Shape = Shape { name: "traced.example.", hosts: 300, period: 30, ixfr: true };
const DEADLINE: Duration = Duration::from_secs(30);

/// What happens in a trace, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// Something is written to the log of the database.
    Written,
    /// The log is on the disk, as far as it was written before.
    Synced,
    /// A client is answered that a change was made.
    Answered,
    /// A transfer is logged.
    Transferred,
}

/// strace, attached to a process.
struct Tracer {
    child: Child,
    output: PathBuf,
}

impl Tracer {
    /// Attaches to a process and all of its threads. None, loudly, where that can't be done.
    fn attach(process: u32, folder: &Path) -> Option<Self> {
        let Some(program) = find_program("strace") else {
            tally::lacking(CASE, "strace is not installed");
            return None;
        };
        let (output, told) = (folder.join("trace"), folder.join("strace.log"));
        let mut command = Command::new(program);
        command.args([
            "-f",
            "-y",
            "-s",
            "120",
            "-e",
            "trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg",
            "-o",
        ]);
        command.arg(&output).args(["-p", &process.to_string()]).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(fs::File::create(&told).unwrap()).spawn().unwrap();
        let begun = Instant::now();
        while !fs::read_to_string(&told).unwrap_or_default().contains("attached") {
            if let Some(status) = child.try_wait().unwrap() {
                // Not everybody may trace a process that is not a child.
                let why = fs::read_to_string(&told).unwrap_or_default();
                tally::skipped(CASE, &format!("strace can't attach ({status}): {why}"));
                return None;
            }
            assert!(begun.elapsed() < DEADLINE, "strace doesn't attach");
            thread::sleep(Duration::from_millis(5));
        }
        Some(Self { child, output })
    }

    /// Lets go of the process; what happened.
    fn events(mut self) -> Vec<Event> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        self.child.wait().unwrap();
        let mut events = Vec::new();
        let mut unfinished: Vec<(String, Event)> = Vec::new();
        for line in fs::read_to_string(&self.output).unwrap().lines() {
            let Some((thread, call)) = line.split_once(' ') else { continue };
            let call = call.trim_start();
            if call.starts_with("<... ") {
                if let Some(at) = unfinished.iter().position(|(known, _)| known == thread) {
                    let (_, event) = unfinished.remove(at);
                    assert!(event != Event::Synced || call.ends_with("= 0"), "{line}");
                    events.push(event);
                }
                continue;
            }
            let log = call.contains("zxfrd.db-wal>");
            let event = match call.split('(').next() {
                Some("fsync" | "fdatasync") if log => Event::Synced,
                Some("pwrite64" | "write") if log => Event::Written,
                Some("write") if call.contains("transfer=in") => Event::Transferred,
                Some("write" | "writev" | "sendto" | "sendmsg") if call.contains("HTTP/1.") => Event::Answered,
                _ => continue,
            };
            // What tells somebody counts from its begin on, what is to be durable from its end.
            match call.ends_with("<unfinished ...>") && event == Event::Synced {
                true => unfinished.push((thread.to_owned(), event)),
                false => events.push(event),
            }
        }
        events
    }
}

/// Before each of these events something was written since the last one, and all that was written was synced.
fn assert_durable(events: &[Event], told: Event) -> usize {
    let (mut count, mut written, mut synced) = (0, false, true);
    for event in events {
        match event {
            Event::Written => (written, synced) = (true, false),
            Event::Synced => synced = true,
            event if *event == told => {
                assert!(written && synced, "told before it is on the disk: {events:?}");
                (count, written) = (count + 1, false);
            }
            _ => {}
        }
    }
    count
}

#[test]
fn nothing_is_answered_or_served_before_it_is_synced() {
    let folder = tempfile::tempdir().unwrap();
    // Changes by the API: a commit each.
    let mut daemon = Daemon::new("");
    let (api, objects) = (daemon.api(), format!("/accounts/{ACCOUNT}/secondary_dns"));
    let acl = |number: usize| json!({"name": format!("a{number}"), "ip_range": format!("192.0.2.{number}/32")});
    api.make(&format!("{objects}/acls"), &acl(0));
    let Some(tracer) = Tracer::attach(daemon.process().id(), folder.path()) else { return };
    for number in 1..=CHANGES {
        api.make(&format!("{objects}/acls"), &acl(number));
    }
    let events = tracer.events();
    let synced = events.iter().filter(|event| **event == Event::Synced).count();
    println!("{CHANGES} changes: {synced} syncs of the log");
    assert_eq!(assert_durable(&events, Event::Answered), CHANGES);
    assert_eq!(synced, CHANGES, "one for each commit: {events:?}");

    // Transfers: a commit each, and how zones stand once a second.
    let upstream = Upstream::start(&[SHAPE]);
    let at = upstream.address();
    let peer = json!({"name": "up", "ip": at.ip().to_string(), "port": at.port(), "ixfr_enable": true});
    let peer = api.make(&format!("{objects}/peers"), &peer);
    let zone = json!({"account": {"id": ACCOUNT}, "name": SHAPE.name, "type": "secondary"});
    let zone = api.make("/zones", &zone);
    let outgoing = json!({"name": SHAPE.name, "peers": []});
    api.make(&format!("/zones/{zone}/secondary_dns/outgoing"), &outgoing);
    api.call("POST", &format!("/zones/{zone}/secondary_dns/outgoing/enable"), None).unwrap();
    api.make(&format!("{objects}/acls"), &json!({"name": "loopback", "ip_range": "127.0.0.1/32"}));
    let dns = daemon.dns();
    let tracer = Tracer::attach(daemon.process().id(), folder.path()).unwrap();
    let incoming = json!({"name": SHAPE.name, "peers": [peer], "auto_refresh_seconds": 3600});
    api.make(&format!("/zones/{zone}/secondary_dns/incoming"), &incoming);
    for transfer in 0..=CHANGES {
        if transfer > 0 {
            upstream.advance(0, dns);
        }
        let wanted = upstream.serial(0);
        let served = daemon.process().wait_for("version", DEADLINE, || {
            let found = probe::soa_serial(dns, SHAPE.name, Authority::Needed)?;
            (found == wanted).then_some(()).ok_or_else(|| zxfr_tests::Failure::new(format!("serial {found}")))
        });
        served.unwrap();
    }
    daemon.process().wait_for_log(&format!("to={}", upstream.serial(0)), DEADLINE).unwrap();
    let events = tracer.events();
    let synced = events.iter().filter(|event| **event == Event::Synced).count();
    println!("{} transfers: {synced} syncs of the log, those of states and of one change among them", CHANGES + 1);
    assert_eq!(assert_durable(&events, Event::Transferred), CHANGES + 1);
    assert!(synced > CHANGES + 1, "{events:?}");
    tally::ran(CASE);
}
