//! Several primaries, most of them bad.

use crate::network::{Link, Node, Weather};
use crate::server::Vice;
use crate::world::{HOUR, SECOND, World, name};
use zxfr_core::refresh::Policy;

const SECONDARY: Node = 5;

/// Servers 0 to 4 with version 10 of a zone, and server 5 that follows them all and has it, too.
fn settled(seed: u64) -> (World, zxfr_core::name::Name) {
    let zone = name("Example.org.");
    let mut world = World::new(6, seed, Weather::FAIR);
    for node in 0..5 {
        world.publish(node, &zone, 10);
    }
    world.follow(SECONDARY, &zone, &[0, 1, 2, 3, 4], Policy::default());
    world.until(SECONDARY, &zone, 10, SECOND);
    world.run(60 * SECOND);
    world.servers[SECONDARY].log.clear();
    // From now on NOTIFYs are lost: what is found is found by a check of all primaries.
    world.network.lost_opcode = Some(4);
    (world, zone)
}

#[test]
fn one_dead_one_behind_one_lying_one_without_ixfr_one_cutting() {
    for seed in 0..20 {
        let (mut world, zone) = settled(seed);
        // Another zone that only the best of them serves.
        let other = name("other.example.");
        world.publish(3, &other, 1);
        world.follow(SECONDARY, &other, &[3], Policy::default());
        world.until(SECONDARY, &other, 1, SECOND);

        world.link(0, Link::Dead);
        world.publish(1, &zone, 9);
        world.servers[2].vice = Vice::Promises(30);
        world.servers[3].vice = Vice::NoIxfr;
        world.publish(3, &zone, 20);
        world.network.cut_from.insert(4, 40);
        world.publish(4, &zone, 21);
        // The liar promises 40, the cutter 21, and only the one that refuses IXFR has what it says, and gives it.
        world.run_while(2 * HOUR, |world| world.serial(SECONDARY, &zone) != Some(20));
        world.run(30 * SECOND);
        assert_eq!(world.serial(SECONDARY, &zone), Some(20), "{:#?}", world.servers[SECONDARY].log);
        let failures = world.failures(SECONDARY);
        for expected in [
            (0, "check", "timeout"),
            (1, "check", "behind"),
            (2, "ixfr", "lied"),
            (3, "ixfr", "notimp"),
            (4, "ixfr", "cut"),
            (4, "axfr", "cut"),
        ] {
            assert!(failures.contains(&expected), "{expected:?} not in {failures:?}");
        }
        assert_eq!(failures.len(), 6, "{failures:?}");
        // The version that can't be had is a failure of the round, and tried again after RETRY.
        assert_eq!(world.failure(SECONDARY, &zone).unwrap().as_str(), "cut");
        world.network.cut_from.clear();
        world.until(SECONDARY, &zone, 21, 1000 * SECOND);

        // The other zone was in step all the time.
        let log = &world.servers[SECONDARY].log;
        assert!(log.iter().all(|attempt| attempt.zone == zone || attempt.result.is_ok()));
    }
}

#[test]
fn the_other_zone_is_not_delayed_by_them() {
    let (mut world, zone) = settled(7);
    let other = name("other.example.");
    world.publish(3, &other, 1);
    world.follow(SECONDARY, &other, &[3], Policy::default());
    world.until(SECONDARY, &other, 1, SECOND);
    world.network.lost_opcode = None;
    for node in [0, 1, 2] {
        world.link(node, Link::Dead);
    }
    world.link(4, Link::Refusing);
    // In the middle of checks that nobody answers.
    world.run_while(2 * HOUR, |world| world.servers[SECONDARY].log.len() < 2 || world.network.now < 1000);
    world.publish(3, &other, 2);
    let took = world.until(SECONDARY, &other, 2, 10 * SECOND);
    assert!(took < SECOND, "{took} ms");
    assert_eq!(world.serial(SECONDARY, &zone), Some(10));
}

#[test]
fn dead_primaries_cost_no_more_than_the_grace() {
    for dead in [0_usize, 1, 2, 3] {
        let (mut world, zone) = settled(dead as u64);
        for node in 0..dead {
            world.link(node, Link::Dead);
        }
        for node in 0..5 {
            world.publish(node, &zone, 11);
        }
        let due = world.secondary(SECONDARY, &zone).refresh.next_check().unwrap();
        world.until(SECONDARY, &zone, 11, 2 * HOUR);
        let due = due.since(zxfr_core::time::Instant::default()).as_millis() as u64;
        let took = world.network.now - due;
        assert!(took < if dead == 0 { 200 } else { 2200 }, "{dead} dead: {took} ms");
    }
}

#[test]
fn the_first_transfer_does_not_wait_for_the_dead() {
    let zone = name("example.org.");
    for dead in 0..4 {
        let mut world = World::new(6, dead as u64, Weather::FAIR);
        for node in 0..5 {
            world.publish(node, &zone, 10);
        }
        for node in 0..dead {
            world.link(node, Link::Dead);
        }
        world.follow(SECONDARY, &zone, &[0, 1, 2, 3, 4], Policy::default());
        let took = world.until(SECONDARY, &zone, 10, 20 * SECOND);
        assert!(took < 2500, "{dead} dead: {took} ms");
    }
}

#[test]
fn primaries_that_refuse_connections_are_left_for_others() {
    let (mut world, zone) = settled(3);
    for node in 0..5 {
        world.publish(node, &zone, 11);
    }
    // They answer checks and are gone when they are to be transferred from.
    let due = world.secondary(SECONDARY, &zone).refresh.next_check().unwrap();
    let due = due.since(zxfr_core::time::Instant::default()).as_millis() as u64;
    world.run(due - world.network.now);
    let answered =
        |world: &World| world.servers[SECONDARY].log.iter().filter(|attempt| attempt.what == "check").count();
    world.run_while(10 * SECOND, |world| answered(world) < 5);
    for node in 0..4 {
        world.link(node, Link::Refusing);
        world.network.reset(node);
    }
    world.until(SECONDARY, &zone, 11, 60 * SECOND);
    let tried: Vec<_> = world.failures(SECONDARY).iter().map(|(node, ..)| *node).collect();
    assert!(tried.windows(2).all(|pair| pair[0] <= pair[1]), "in order: {tried:?}");
}
