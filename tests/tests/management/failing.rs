//! Primaries that fail, each in its own way, while their zones are held: status, metrics and log say which within one retry
//! interval, and the zones come back in step by themselves.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zxfr_tests::ports::Port;
use zxfr_tests::zxfr::Zxfrd;

use crate::primary::{Manner, Primary};
use crate::trouble::{Link, Trouble};
use crate::world::*;

/// What is held before trouble begins.
const HELD: u32 = 41;
/// What there is when it is over.
const NEXT: u32 = HELD + 1;
/// How long after trouble has begun the next round may begin: what stands for RETRY, and for REFRESH, in these tests.
const RETRY: Duration = Duration::from_secs(1);
/// How long a primary that says nothing is waited for: checks 7 s, and transfers without progress as `progress_seconds` says.
const SILENCE: Duration = Duration::from_secs(8);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(2);

/// A way to fail.
struct Way {
    zone: &'static str,
    begins: fn(&Primary),
    told: Trouble,
    silent: bool,
}

/// A primary that fails and the round with it, for the same reason.
const fn fails(reason: &'static str, serial: u32) -> Trouble {
    Trouble { peer: reason, round: Some(reason), serial: Some(serial), lag: Some(serial as i64 - HELD as i64) }
}

const WAYS: [Way; 8] = [
    Way {
        zone: "behind.example",
        begins: |primary| primary.set(HELD - 1),
        told: Trouble { round: Some("backward"), ..fails("behind", HELD - 1) },
        silent: false,
    },
    // What was promised isn't there, but what is there is held: that is no failure of the round.
    Way {
        zone: "lying.example",
        begins: |primary| primary.behave(Manner::Lying(3)),
        told: Trouble { round: None, ..fails("lied", HELD) },
        silent: false,
    },
    Way {
        zone: "refusing.example",
        begins: |primary| primary.behave(Manner::Refusing(5)),
        told: fails("refused", HELD),
        silent: false,
    },
    Way {
        zone: "failing.example",
        begins: |primary| primary.behave(Manner::Refusing(2)),
        told: fails("servfail", HELD),
        silent: false,
    },
    Way {
        zone: "silent.example",
        begins: |primary| primary.behave(Manner::Silent),
        told: fails("timeout", HELD),
        silent: true,
    },
    Way {
        zone: "stalling.example",
        begins: |primary| {
            primary.set(NEXT);
            primary.behave(Manner::Stalling);
        },
        told: fails("stalled", NEXT),
        silent: true,
    },
    Way {
        zone: "cutting.example",
        begins: |primary| {
            primary.set(NEXT);
            primary.behave(Manner::Cutting);
        },
        told: fails("cut", NEXT),
        silent: false,
    },
    Way {
        zone: "malformed.example",
        begins: |primary| {
            primary.set(NEXT);
            primary.behave(Manner::Malformed);
        },
        told: fails("malformed", NEXT),
        silent: false,
    },
];

#[test]
fn each_way_to_fail_is_told_in_time_and_the_zone_recovers_by_itself() {
    let mut world = World::new();
    world.open_to_loopback();
    let mut zones = Vec::new();
    for way in &WAYS {
        let primary = Primary::start(&format!("{}.", way.zone), HELD);
        let peer = world.peer(way.zone, primary.address(), true);
        let zone = world.incoming(way.zone, &[&peer], 1);
        world.outgoing(&zone, way.zone, &[]);
        zones.push((way, primary, zone, peer));
    }
    let link = |(way, primary, zone, peer): &'_ (&'static Way, Primary, String, String)| {
        (way.zone, zone.clone(), peer.clone(), primary.address())
    };
    let links: Vec<_> = zones.iter().map(link).collect();
    let links =
        links.iter().map(|(name, zone, peer, address)| Link { name, zone, peer_name: name, peer, address: *address });
    let links: Vec<_> = links.collect();
    for link in &links {
        link.is_well(&world, HELD, Duration::from_secs(20));
    }
    let mut table = String::from("\nzone, reason, seconds until all three say so, until it is in step again\n");
    for ((way, primary, ..), link) in zones.iter().zip(&links) {
        let most = RETRY + SLACK + if way.silent { SILENCE } else { Duration::ZERO };
        let begun = Instant::now();
        (way.begins)(primary);
        link.tells(&mut world, way.told, most);
        let told = begun.elapsed();
        assert!(told < most, "{}: {told:?}", way.zone);
        // What was held is served all the while.
        world.zxfrd.wait_for_zone(&format!("{}.", way.zone), Some(HELD)).unwrap();

        let begun = Instant::now();
        primary.behave(Manner::Good);
        primary.set(NEXT);
        link.is_well(&world, NEXT, most);
        let _ = writeln!(table, "{} {} {told:.1?} {:.1?}", way.zone, way.told.peer, begun.elapsed());
        world.zxfrd.wait_for_zone(&format!("{}.", way.zone), Some(NEXT)).unwrap();
    }
    eprintln!("{table}");
    // Those that were well all the while were left in peace.
    for (way, primary, ..) in &zones {
        let failures = world.zxfrd.transfers().into_iter().filter(|line| line.result != "ok");
        let of_zone = failures.filter(|line| line.zone == format!("{}.", way.zone));
        let others: Vec<_> = of_zone.filter(|line| line.result != way.told.peer).collect();
        assert!(others.is_empty(), "{others:?} of {}", primary.address());
    }
}

#[test]
fn of_two_primaries_the_one_in_trouble_is_named_and_the_zone_is_well_by_the_other() {
    let mut world = World::new();
    let (name, absolute) = ("two.example", "two.example.");
    let primaries = ["good", "bad"].map(|_| Primary::start(absolute, HELD));
    let [good, bad] = ["good", "bad"].map(str::to_owned);
    let peers = [(&good, &primaries[0]), (&bad, &primaries[1])];
    let peers = peers.map(|(name, primary)| world.peer(name, primary.address(), true));
    let zone = world.incoming(name, &[&peers[0], &peers[1]], 1);
    let link = |at: usize, peer_name| Link {
        name,
        zone: &zone,
        peer_name,
        peer: &peers[at],
        address: primaries[at].address(),
    };
    let (good, bad) = (link(0, &good), link(1, &bad));
    for link in [good, bad] {
        link.is_well(&world, HELD, Duration::from_secs(20));
    }
    for (begins, word, serial) in [
        ((|primary| primary.behave(Manner::Refusing(5))) as fn(&Primary), "refused", HELD),
        (|primary| primary.set(HELD - 1), "behind", HELD - 1),
    ] {
        begins(&primaries[1]);
        let told = Trouble { round: None, ..fails(word, serial) };
        let status = bad.tells(&mut world, told, RETRY + SLACK);
        let other = good.status_of_peer(&status);
        assert_eq!((&other["failing"], &other["last_failure"]), (&json!(false), &Value::Null), "{status:#}");
        primaries[1].behave(Manner::Good);
    }
    // Both behind is the round's failure, and of both.
    primaries[0].set(HELD - 2);
    bad.tells(&mut world, Trouble { round: Some("backward"), ..fails("behind", HELD - 1) }, RETRY + SLACK);
    good.tells(&mut world, Trouble { round: Some("backward"), ..fails("behind", HELD - 2) }, RETRY + SLACK);
    for primary in &primaries {
        primary.set(NEXT);
    }
    for link in [good, bad] {
        link.is_well(&world, NEXT, RETRY + SLACK);
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
    let here = Link { name, zone: &zone, peer_name: name, peer: &peer, address: first.address() };
    here.is_well(&world, HELD, Duration::from_secs(20));
    // Where it was nobody is any more: what the daemon sees is the same when the peer has another address.
    let moved = |world: &World, to: SocketAddr| {
        let body = json!({"name": name, "ip": to.ip().to_string(), "port": to.port(), "ixfr_enable": true});
        world.call("PUT", &format!("/accounts/{A}/secondary_dns/peers/{peer}"), ALICE, Some(&body)).result();
    };
    let begun = Instant::now();
    moved(&world, away.address());
    let gone = Link { address: away.address(), ..here };
    // Of an address that never answered no serial is known. ICMP says at once that nobody listens there.
    let unreachable = Trouble { serial: None, lag: None, ..fails("unreachable", HELD) };
    gone.tells(&mut world, unreachable, RETRY + SLACK);
    let told = begun.elapsed();
    // It comes back behind, and then with what is newer.
    let begun = Instant::now();
    first.set(HELD - 1);
    moved(&world, first.address());
    here.tells(&mut world, Trouble { round: Some("backward"), ..fails("behind", HELD - 1) }, RETRY + SLACK);
    let behind = begun.elapsed();
    let begun = Instant::now();
    first.set(NEXT);
    here.is_well(&world, NEXT, RETRY + SLACK);
    eprintln!("unreachable after {told:.1?}, backward after {behind:.1?}, in step after {:.1?}", begun.elapsed());
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
    let link = Link { name, zone: &zone, peer_name: "p", peer: &peer, address: port.address() };
    link.is_well(&world, HELD, NEXT_ROUND);
    let change = |world: &World, name: &str, secret: &str| {
        let path = format!("/accounts/{A}/secondary_dns/tsigs/{tsig}");
        world.call("PUT", &path, ALICE, Some(&key(name, secret))).result();
    };
    let mut told = Vec::new();
    for (bad, word) in [(("the.key.", OTHER), "tsig-badsig"), (("another.key.", SECRET), "tsig-badkey")] {
        let begun = Instant::now();
        change(&world, bad.0, bad.1);
        link.tells(&mut world, fails(word, HELD), RETRY + SLACK);
        let after = begun.elapsed();
        let begun = Instant::now();
        change(&world, "the.key.", SECRET);
        link.is_well(&world, HELD, RETRY + SLACK);
        told.push((word, after, begun.elapsed()));
    }
    // It goes away, and comes back with something newer.
    let begun = Instant::now();
    primary.process().stop();
    link.tells(&mut world, fails("unreachable", HELD), RETRY + SLACK);
    let after = begun.elapsed();
    std::fs::write(&file, text(NEXT)).unwrap();
    let begun = Instant::now();
    primary.process().restart().unwrap();
    link.is_well(&world, NEXT, NEXT_ROUND);
    told.push(("unreachable", after, begun.elapsed()));
    // Who doesn't sign what was asked for with a signature.
    let careless = Primary::start("careless.example.", HELD);
    let body = json!({"name": "c", "ip": "127.0.0.1", "port": careless.address().port(), "tsig_id": tsig});
    let peer = world.make(A, "peers", ALICE, &body);
    let zone = world.incoming("careless.example", &[&peer], 1);
    let begun = Instant::now();
    let (name, address) = ("careless.example", careless.address());
    let never = Trouble { serial: None, lag: None, ..fails("tsig-missing", HELD) };
    Link { name, zone: &zone, peer_name: "c", peer: &peer, address }.tells(&mut world, never, NEXT_ROUND);
    let after = begun.elapsed();
    eprintln!("reason, told after, in step again after: {told:.1?}; tsig-missing {after:.1?}");
}
