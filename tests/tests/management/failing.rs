//! Primaries that fail, each in its own way, while their zones are held: status and log say which within one retry interval, and
//! the zones come back in step by themselves.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zxfr_tests::ports::Port;
use zxfr_tests::zxfr::{Transfer, Zxfrd};

use crate::primary::{Manner, Primary};
use crate::world::*;

/// What is held before trouble begins.
const HELD: u32 = 41;
/// What there is when it is over.
const NEXT: u32 = HELD + 1;
/// How long after trouble has begun the next round may begin: what stands for RETRY, and for REFRESH, in these tests.
const RETRY: Duration = Duration::from_secs(1);
/// How long a primary that says nothing is waited for: checks, and transfers without progress.
const SILENCE: Duration = Duration::from_secs(8);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(2);

/// A way to fail.
struct Trouble {
    zone: &'static str,
    begins: fn(&Primary),
    /// Words for it: of the zone, or of the primary.
    reasons: &'static [&'static str],
    /// Whether the round fails by it: not where what a primary has is as good as what it said.
    fails: bool,
    silent: bool,
}

const TROUBLES: [Trouble; 8] = [
    Trouble {
        zone: "behind.example",
        begins: |primary| primary.set(HELD - 1),
        reasons: &["backward", "behind"],
        fails: true,
        silent: false,
    },
    Trouble {
        zone: "lying.example",
        begins: |primary| primary.behave(Manner::Lying(3)),
        reasons: &["lied"],
        fails: false,
        silent: false,
    },
    Trouble {
        zone: "refusing.example",
        begins: |primary| primary.behave(Manner::Refusing(5)),
        reasons: &["refused"],
        fails: true,
        silent: false,
    },
    Trouble {
        zone: "failing.example",
        begins: |primary| primary.behave(Manner::Refusing(2)),
        reasons: &["servfail"],
        fails: true,
        silent: false,
    },
    Trouble {
        zone: "silent.example",
        begins: |primary| primary.behave(Manner::Silent),
        reasons: &["timeout"],
        fails: true,
        silent: true,
    },
    Trouble {
        zone: "stalling.example",
        begins: |primary| {
            primary.set(HELD + 1);
            primary.behave(Manner::Stalling);
        },
        reasons: &["stalled"],
        fails: true,
        silent: true,
    },
    Trouble {
        zone: "cutting.example",
        begins: |primary| {
            primary.set(HELD + 1);
            primary.behave(Manner::Cutting);
        },
        reasons: &["cut"],
        fails: true,
        silent: false,
    },
    Trouble {
        zone: "malformed.example",
        begins: |primary| {
            primary.set(HELD + 1);
            primary.behave(Manner::Malformed);
        },
        reasons: &["malformed"],
        fails: true,
        silent: false,
    },
];

/// A zone that is in step.
fn in_step(status: &Value, serial: u32) -> bool {
    status["soa_serial"] == json!(serial) && status["incoming"]["failure"].is_null()
}

/// Waits until the status of a zone has this reason; how long that took.
fn failed(world: &World, zone: &str, reasons: &[&str], within: Duration, begun: Instant) -> (Duration, Value) {
    let status = world.status_when(zone, within, |status| {
        status["incoming"]["failure"]["reason"].as_str().is_some_and(|reason| reasons.contains(&reason))
    });
    let failure = &status["incoming"]["failure"];
    assert!(failure["message"].as_str().is_some_and(|message| !message.is_empty()), "{failure}");
    assert!(failure["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{failure}");
    assert!(status["incoming"]["last_success"].as_str() <= failure["at"].as_str(), "{status:#}");
    (begun.elapsed(), status)
}

/// A line of the log about a primary, with this result.
fn logged(world: &mut World, zone: &str, primary: SocketAddr, results: &[&str]) -> Transfer {
    let wanted = |line: &Transfer| {
        line.incoming
            && line.zone == format!("{zone}.")
            && line.peer == primary.to_string()
            && results.contains(&line.result.as_str())
    };
    let line = world.zxfrd.wait_for_transfer(&format!("{zone}: one of {results:?}"), wanted).unwrap();
    assert!(line.reason.is_some(), "{line:?}");
    line
}

#[test]
fn each_way_to_fail_is_told_in_time_and_the_zone_recovers_by_itself() {
    let mut world = World::new();
    world.open_to_loopback();
    let mut zones = Vec::new();
    for trouble in &TROUBLES {
        let primary = Primary::start(&format!("{}.", trouble.zone), HELD);
        let peer = world.peer(trouble.zone, primary.address(), true);
        let zone = world.incoming(trouble.zone, &[&peer], 1);
        world.outgoing(&zone, trouble.zone, &[]);
        zones.push((trouble, primary, zone));
    }
    for (_, _, zone) in &zones {
        world.status_when(zone, Duration::from_secs(20), |status| in_step(status, HELD));
    }
    let mut table = String::from("\nzone, reason, seconds until the status says so, until it is in step again\n");
    for (trouble, primary, zone) in &zones {
        let most = RETRY + SLACK + if trouble.silent { SILENCE } else { Duration::ZERO };
        let begun = Instant::now();
        (trouble.begins)(primary);
        let line = logged(&mut world, trouble.zone, primary.address(), trouble.reasons);
        if trouble.fails {
            failed(&world, zone, trouble.reasons, most, begun);
        }
        let told = begun.elapsed();
        assert!(told < most, "{}: {told:?}", trouble.zone);
        // What was held is served all the while.
        world.zxfrd.wait_for_zone(&format!("{}.", trouble.zone), Some(HELD)).unwrap();

        let begun = Instant::now();
        primary.behave(Manner::Good);
        primary.set(NEXT);
        world.status_when(zone, most, |status| in_step(status, NEXT));
        let _ = writeln!(table, "{} {} {told:.1?} {:.1?}", trouble.zone, line.result, begun.elapsed());
        world.zxfrd.wait_for_zone(&format!("{}.", trouble.zone), Some(NEXT)).unwrap();
    }
    eprintln!("{table}");
    // Those that were well all the while were left in peace.
    for (trouble, primary, _) in &zones {
        let failures = world.zxfrd.transfers().into_iter().filter(|line| line.result != "ok");
        let of_zone = failures.filter(|line| line.zone == format!("{}.", trouble.zone));
        let known = |line: &Transfer| trouble.reasons.contains(&line.result.as_str());
        let others: Vec<_> = of_zone.filter(|line| !known(line)).collect();
        assert!(others.is_empty(), "{others:?} of {}", primary.address());
    }
}

#[test]
fn a_primary_that_goes_away_and_comes_back_is_told_and_taken_from_again() {
    let mut world = World::new();
    let (name, absolute) = ("away.example", "away.example.");
    let first = Primary::start(absolute, HELD);
    let away = Port::free().unwrap();
    let peer = world.peer(name, first.address(), true);
    let zone = world.incoming(name, &[&peer], 1);
    world.status_when(&zone, Duration::from_secs(20), |status| in_step(status, HELD));
    // Where it was nobody is any more: what the daemon sees is the same when the peer has another address.
    let moved = |to: SocketAddr| {
        let body = json!({"name": name, "ip": to.ip().to_string(), "port": to.port(), "ixfr_enable": true});
        world.call("PUT", &format!("/accounts/{A}/secondary_dns/peers/{peer}"), ALICE, Some(&body)).result();
    };
    let begun = Instant::now();
    moved(away.address());
    let (told, _) = failed(&world, &zone, &["unreachable"], RETRY + SLACK + SILENCE, begun);
    // It comes back behind, and then with what is newer.
    let begun = Instant::now();
    first.set(HELD - 1);
    moved(first.address());
    let (behind, _) = failed(&world, &zone, &["backward", "behind"], RETRY + SLACK, begun);
    let begun = Instant::now();
    first.set(NEXT);
    world.status_when(&zone, RETRY + SLACK, |status| in_step(status, NEXT));
    eprintln!("unreachable after {told:.1?}, backward after {behind:.1?}, in step after {:.1?}", begun.elapsed());
    logged(&mut world, name, away.address(), &["unreachable"]);
    logged(&mut world, name, first.address(), &["behind"]);
}

/// Keeps to a time after which the next round has to be over, whatever happened.
const NEXT_ROUND: Duration = Duration::from_secs(12);
const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

#[test]
fn a_key_that_is_wrong_unknown_or_not_used_is_told_as_such_and_a_server_that_is_stopped_as_unreachable() {
    let (name, absolute) = ("signed.example", "signed.example.");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zone");
    let text = |serial: u32| format!("{absolute} 60 SOA . . {serial} 3600 1 604800 60\n{absolute} 60 NS ns.example.\n");
    std::fs::write(&file, text(HELD)).unwrap();
    let port = Port::free().unwrap();
    let config = format!(
        "[dns]\nlisten = [\"{}\"]\n[api]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"memory:\"\n\
         [[tsig]]\nname = \"the.key.\"\nalgo = \"hmac-sha256.\"\nsecret = \"{SECRET}\"\n\
         [[peer]]\nname = \"secondary\"\nip = \"127.0.0.1\"\ntsig = \"the.key.\"\n\
         [[zone]]\nname = \"{name}\"\nfile = '{}'\noutgoing = {{ peers = [\"secondary\"] }}\n",
        port.address(),
        file.display(),
    );
    let mut primary = Zxfrd::with_config(&config).unwrap();
    let mut world = World::new();
    let key = |name: &str, secret: &str| json!({"name": name, "algo": "hmac-sha256.", "secret": secret});
    let tsig = world.make(A, "tsigs", ALICE, &key("the.key.", SECRET));
    let body = json!({"name": "p", "ip": "127.0.0.1", "port": port.number(), "tsig_id": tsig});
    let peer = world.make(A, "peers", ALICE, &body);
    let zone = world.incoming(name, &[&peer], 1);
    world.status_when(&zone, NEXT_ROUND, |status| in_step(status, HELD));
    let change = |name: &str, secret: &str| {
        let path = format!("/accounts/{A}/secondary_dns/tsigs/{tsig}");
        world.call("PUT", &path, ALICE, Some(&key(name, secret))).result();
    };
    let mut told = Vec::new();
    for (bad, word) in [(("the.key.", OTHER), "tsig-badsig"), (("another.key.", SECRET), "tsig-badkey")] {
        let begun = Instant::now();
        change(bad.0, bad.1);
        let (after, _) = failed(&world, &zone, &[word], RETRY + SLACK, begun);
        let begun = Instant::now();
        change("the.key.", SECRET);
        world.status_when(&zone, RETRY + SLACK, |status| in_step(status, HELD));
        told.push((word, after, begun.elapsed()));
    }
    // It goes away, and comes back with something newer.
    let begun = Instant::now();
    primary.process().stop();
    let (after, _) = failed(&world, &zone, &["unreachable"], RETRY + SLACK + SILENCE, begun);
    std::fs::write(&file, text(NEXT)).unwrap();
    let begun = Instant::now();
    primary.process().restart().unwrap();
    world.status_when(&zone, NEXT_ROUND, |status| in_step(status, NEXT));
    told.push(("unreachable", after, begun.elapsed()));
    for (word, ..) in &told {
        logged(&mut world, name, port.address(), &[word]);
    }
    // Who doesn't sign what was asked for with a signature.
    let careless = Primary::start("careless.example.", HELD);
    let body = json!({"name": "c", "ip": "127.0.0.1", "port": careless.address().port(), "tsig_id": tsig});
    let peer = world.make(A, "peers", ALICE, &body);
    let zone = world.incoming("careless.example", &[&peer], 1);
    let begun = Instant::now();
    let (after, _) = failed(&world, &zone, &["tsig-missing"], NEXT_ROUND, begun);
    logged(&mut world, "careless.example", careless.address(), &["tsig-missing"]);
    eprintln!("reason, told after, in step again after: {told:.1?}; tsig-missing {after:.1?}");
}
