//! Foul weather, many seeds: everything at once, and in the end all are in step.

use std::collections::BTreeMap;

use crate::network::{Link, Millis, Node, Weather};
use crate::server::Vice;
use crate::world::{HOUR, World, name};
use zxfr_core::name::Name;
use zxfr_core::refresh::Policy;

/// Two primaries of their own, a hub behind both, two secondaries behind the hub and one primary; two zones.
const PRIMARIES: [Node; 2] = [0, 1];
const HUB: Node = 2;
const LEAVES: [Node; 2] = [3, 4];

fn storm(seed: u64) -> (World, [Name; 2]) {
    let zones = [name("Example.org."), name("a.test.")];
    let mut world = World::new(5, seed, Weather::FOUL);
    if seed.is_multiple_of(3) {
        world.sign();
    }
    let policy = Policy { ixfr: if seed.is_multiple_of(5) { 0 } else { u32::MAX }, ..Policy::default() };
    for zone in &zones {
        let first = if seed.is_multiple_of(2) { 1 } else { u32::MAX - 20 };
        for node in PRIMARIES {
            world.publish(node, zone, first);
        }
        world.follow(HUB, zone, &PRIMARIES, policy);
        for node in LEAVES {
            world.follow(node, zone, &[HUB, PRIMARIES[0]], policy);
            world.secondary(node, zone).udp = seed.is_multiple_of(7);
        }
    }
    (world, zones)
}

/// Things that happen to servers.
fn rage(world: &mut World, zones: &[Name; 2], newest: &mut [u32; 2], signed: bool) {
    for _ in 0..60 {
        let node = world.random.below(5) as Node;
        match world.random.below(12) {
            0 => world.link(node, Link::Dead),
            1 => world.link(node, Link::Refusing),
            2..=4 => world.link(node, Link::Up),
            5 => world.restart(node),
            6 if !signed && PRIMARIES.contains(&node) => {
                let vices = [Vice::None, Vice::NoIxfr, Vice::Promises(5)];
                world.servers[node].vice = vices[world.random.below(3) as usize];
            }
            7 => {
                let cut = world.random.below(4000) as usize;
                world.network.cut_from.insert(node, cut);
            }
            8 => world.network.cut_from.clear(),
            _ => {
                // A new version, at one primary or both.
                let which = world.random.below(2) as usize;
                newest[which] = newest[which].wrapping_add(1 + world.random.below(3) as u32);
                for node in PRIMARIES {
                    if world.random.chance(700) {
                        world.publish(node, &zones[which], newest[which]);
                    }
                }
            }
        }
        let time = 1 << world.random.below(20);
        world.run(time as Millis);
    }
}

/// Gives what failed in it.
fn weather_it(seed: u64) -> Vec<(&'static str, &'static str)> {
    let (mut world, zones) = storm(seed);
    let first = world.serial(0, &zones[0]).unwrap();
    let mut newest = [first; 2];
    let signed = world.servers[0].key.is_some();
    rage(&mut world, &zones, &mut newest, signed);
    let failures = (0..5).flat_map(|node| world.failures(node));
    let failures = failures.map(|(_, what, word)| (what, word)).collect();
    // The sun comes out.
    world.network.weather = Weather::FAIR;
    world.network.cut_from.clear();
    for node in 0..5 {
        world.link(node, Link::Up);
        world.servers[node].vice = Vice::None;
    }
    for (zone, serial) in zones.iter().zip(newest) {
        for node in PRIMARIES {
            if world.serial(node, zone) != Some(serial) {
                world.publish(node, zone, serial);
            }
        }
    }
    for (zone, serial) in zones.iter().zip(newest) {
        for node in [HUB, LEAVES[0], LEAVES[1]] {
            world.until(node, zone, serial, 2 * HOUR);
        }
    }
    // And all is quiet: a check an hour for each zone and primary, and nothing fails.
    world.run(2 * HOUR);
    let began = world.network.now;
    let wakes: Vec<_> = world.servers.iter().map(|server| server.wakes).collect();
    world.run(10 * HOUR);
    for (server, wakes) in world.servers.iter().zip(wakes) {
        let log: Vec<_> = server.log.iter().filter(|attempt| attempt.at >= began).collect();
        assert!(log.iter().all(|attempt| attempt.what == "check" && attempt.result.is_ok()), "{log:?}");
        assert!(log.len() <= 50 && server.wakes - wakes <= 100, "{} {}", log.len(), server.wakes - wakes);
    }
    failures
}

#[test]
fn all_are_in_step_after_a_storm() {
    let mut seen = BTreeMap::<_, u32>::new();
    for seed in 0..150 {
        let failures = std::panic::catch_unwind(|| weather_it(seed)).unwrap_or_else(|panic| {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(panic)
        });
        for failure in failures {
            *seen.entry(failure).or_default() += 1;
        }
    }
    // They were storms indeed.
    for expected in [
        ("check", "timeout"),
        ("check", "behind"),
        ("check", "servfail"),
        ("ixfr", "cut"),
        ("ixfr", "lied"),
        ("ixfr", "notimp"),
        ("ixfr", "timeout"),
        ("ixfr", "unreachable"),
        ("axfr", "cut"),
        ("axfr", "timeout"),
    ] {
        assert!(seen.get(&expected).is_some_and(|count| *count > 2), "{expected:?} in {seen:?}");
    }
}
