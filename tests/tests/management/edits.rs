//! Many edits of single records by the API at once, while knotd follows by IXFR.

use std::env;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use zxfr_tests::client::dig;
use zxfr_tests::peer::{Kind, Peer, PeerKind, Pull, Way, require_peers};
use zxfr_tests::ports::Port;
use zxfr_tests::records::{Exactness, difference};
use zxfr_tests::tally;

use crate::world::*;

const ZONE: &str = "edited.example";
const APEX: &str = "edited.example.";
/// How many clients edit at once.
const CLIENTS: usize = 8;
/// How many edits there are, where `ZXFR_EDITS` doesn't say.
const EDITS: usize = 800;

/// One client's edits: records are made, changed and, some of them, deleted. Gives how long each took.
fn edit(world: &World, path: &str, client: usize, edits: usize) -> Vec<Duration> {
    let mut took = Vec::with_capacity(edits);
    let mut current: Option<(String, usize)> = None;
    for number in 0..edits {
        let content = format!("192.0.{}.{}", number / 250 % 250, number % 250);
        let begun = Instant::now();
        current = match current.take() {
            None => {
                let body = json!({"name": format!("r{number}.c{client}"), "type": "A", "content": content, "ttl": 60});
                Some((world.post(path, ALICE, &body).id(), 1))
            }
            Some((id, 1)) => {
                let body = json!({"content": content});
                let edited = world.call("PATCH", &format!("{path}/{id}"), ALICE, Some(&body));
                assert_eq!(edited.id(), id);
                Some((id, 2))
            }
            // Every other one stays.
            Some((id, _)) if number % 2 == 0 => {
                let deleted = world.call("DELETE", &format!("{path}/{id}"), ALICE, None);
                assert_eq!(deleted.id(), id);
                None
            }
            Some(_) => {
                let body = json!({"name": format!("r{number}.c{client}"), "type": "A", "content": content, "ttl": 60});
                Some((world.post(path, ALICE, &body).id(), 1))
            }
        };
        took.push(begun.elapsed());
    }
    took
}

#[test]
fn a_secondary_follows_many_edits_without_losing_a_serial() {
    let case = "single edits by the API while knotd follows by IXFR";
    if !require_peers(case, &[PeerKind::Knotd], &["dig"]) {
        return;
    }
    let edits: usize = env::var("ZXFR_EDITS").ok().and_then(|count| count.parse().ok()).unwrap_or(EDITS);
    let each = edits / CLIENTS;
    let mut world = World::new();
    world.open_to_loopback();
    let port = Port::free().unwrap();
    let peer = world.peer("knotd", port.address(), true);
    let zone = world.post("/zones", ALICE, &json!({"account": {"id": A}, "name": ZONE, "type": "full"})).id();
    world.outgoing(&zone, ZONE, &[&peer]);
    let path = format!("/zones/{zone}/dns_records");
    // So many that differences are always smaller than the zone.
    let hosts: Vec<_> =
        (0..3_000).map(|n| json!({"name": format!("host{n}"), "type": "A", "content": "192.0.2.1"})).collect();
    let base = [("@", "NS", "ns.edited.example"), ("ns", "A", "192.0.2.1")];
    let base = base.map(|(name, rtype, content)| json!({"name": name, "type": rtype, "content": content}));
    let posts: Vec<_> = hosts.into_iter().chain(base).collect();
    world.post(&format!("{path}/batch"), ALICE, &json!({ "posts": posts })).result();
    let first = world.zxfrd.wait_for_zone(APEX, None).unwrap();
    let server = world.dns();
    let pull = Pull { way: Way::Ixfr, ..Pull::open(APEX, server) };
    let mut knotd = Peer::start_secondary(PeerKind::Knotd, port, &[pull]).unwrap();
    knotd.wait_for_zone(APEX, Some(first)).unwrap();
    let before = knotd.transfers().len();

    let begun = Instant::now();
    let mut took: Vec<Duration> = thread::scope(|scope| {
        let clients = (0..CLIENTS).map(|client| {
            let (world, path) = (&world, &path);
            scope.spawn(move || edit(world, path, client, each))
        });
        let clients: Vec<_> = clients.collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    let elapsed = begun.elapsed();
    let last = first + u32::try_from(took.len()).unwrap();
    world.zxfrd.wait_for_zone(APEX, Some(last)).unwrap();
    knotd.wait_for_zone(APEX, Some(last)).unwrap();
    let here = dig(server, APEX, None).unwrap();
    let there = dig(knotd.address(), APEX, None).unwrap();
    let difference = difference(&here, &there, Exactness::Canonical);
    assert!(difference.is_empty(), "{difference}");

    let transfers: Vec<_> = knotd.transfers().into_iter().skip(before).filter(|one| one.incoming).collect();
    assert!(transfers.iter().all(|one| one.kind == Some(Kind::Ixfr)), "{transfers:?}");
    assert!(transfers.is_sorted_by(|one, next| one.serial < next.serial), "{transfers:?}");
    assert_eq!(transfers.last().map(|one| one.serial), Some(last));
    assert!(transfers.len() < took.len(), "{} transfers", transfers.len());
    took.sort_unstable();
    let at = |share: usize| took[took.len() * share / 1000];
    eprintln!(
        "{} edits by {CLIENTS} clients in {elapsed:.1?} ({:.0} a second): half within {:.1?}, 99 % within {:.1?}, all within {:.1?}; \
         {} transfers by IXFR",
        took.len(),
        took.len() as f64 / elapsed.as_secs_f64(),
        at(500),
        at(990),
        took[took.len() - 1],
        transfers.len(),
    );
    tally::ran(&format!("{case}: {} edits, {} transfers", took.len(), transfers.len()));
}
