//! Two or three servers in fair weather: what a rule says, step by step.

use crate::network::{Link, Weather};
use crate::world::{HOUR, SECOND, World, name};
use crate::zone::{EXPIRE, REFRESH, RETRY};
use zxfr_core::name::Name;
use zxfr_core::refresh::{Backward, Policy, Verdict};

/// Server 1 follows server 0 and has version 10.
fn pair(seed: u64, policy: Policy) -> (World, Name) {
    let zone = name("example.org.");
    let mut world = World::new(2, seed, Weather::FAIR);
    world.publish(0, &zone, 10);
    world.follow(1, &zone, &[0], policy);
    world.until(1, &zone, 10, SECOND);
    world.run(SECOND);
    world.servers[1].log.clear();
    (world, zone)
}

fn transfers(world: &World) -> Vec<&'static str> {
    let log = world.servers[1].log.iter();
    log.filter(|attempt| attempt.what != "check" && attempt.result.is_ok()).map(|attempt| attempt.what).collect()
}

#[test]
fn a_notify_brings_the_new_version_at_once_by_ixfr() {
    for sign in [false, true] {
        let zone = name("example.org.");
        let mut world = World::new(2, 1, Weather::FAIR);
        if sign {
            world.sign();
        }
        world.publish(0, &zone, 10);
        world.follow(1, &zone, &[0], Policy::default());
        world.until(1, &zone, 10, SECOND);
        for serial in 11..40 {
            world.publish(0, &zone, serial);
            let took = world.until(1, &zone, serial, 10 * SECOND);
            // A NOTIFY, a check, a transfer; perhaps after the time that NOTIFYs are apart.
            assert!(took < 700, "{took} ms");
        }
        assert_eq!(transfers(&world).iter().filter(|what| **what == "ixfr").count(), 29);
        assert_eq!(world.failures(1), []);
    }
}

#[test]
fn ixfr_over_udp_where_it_fits_and_tcp_where_it_does_not() {
    let (mut world, zone) = pair(2, Policy::default());
    world.secondary(1, &zone).udp = true;
    for serial in 11..30 {
        world.publish(0, &zone, serial);
        world.until(1, &zone, serial, 10 * SECOND);
    }
    // So much that it takes more than a datagram.
    world.link(1, Link::Dead);
    for serial in 30..130 {
        world.publish(0, &zone, serial);
    }
    world.link(1, Link::Up);
    world.until(1, &zone, 129, 2 * HOUR);
    assert!(transfers(&world).iter().all(|what| *what == "ixfr"));
    assert_eq!(world.failures(1), []);
}

#[test]
fn a_lost_notify_is_made_up_for_by_the_refresh_timer() {
    let (mut world, zone) = pair(3, Policy::default());
    world.network.lost_opcode = Some(4);
    world.publish(0, &zone, 11);
    let took = world.until(1, &zone, 11, 2 * HOUR);
    assert!(took <= u64::from(REFRESH) * SECOND + SECOND, "{took} ms");
}

#[test]
fn a_lost_notify_is_sent_again() {
    let (mut world, zone) = pair(4, Policy::default());
    world.network.lost_opcode = Some(4);
    world.publish(0, &zone, 11);
    world.run(SECOND);
    world.network.lost_opcode = None;
    let took = world.until(1, &zone, 11, HOUR);
    assert!((3000..6000).contains(&took), "{took} ms");
}

#[test]
fn a_burst_of_versions_costs_a_few_checks() {
    let (mut world, zone) = pair(5, Policy::default());
    for serial in 11..1011 {
        world.publish(0, &zone, serial);
        world.run(3);
    }
    world.until(1, &zone, 1010, 10 * SECOND);
    world.run(60 * SECOND);
    let checks = world.servers[1].log.iter().filter(|attempt| attempt.what == "check").count();
    // Three seconds, two checks a second, and one more.
    assert!(checks <= 9, "{checks}");
    assert!(transfers(&world).len() <= 9);
}

#[test]
fn a_notify_burst_alone_transfers_nothing() {
    let (mut world, zone) = pair(6, Policy::default());
    let began = world.network.datagrams[0];
    for number in 0..10_000_u32 {
        let now = world.servers[1].time(world.network.now);
        let serial = zxfr_core::serial::Serial(11 + number % 7);
        world.secondary(1, &zone).refresh.handle_notify(Some(0), Some(serial), now);
        world.wake(1);
        world.run(1);
    }
    world.run(60 * SECOND);
    assert_eq!(transfers(&world), [] as [&str; 0]);
    let sent = world.network.datagrams[0] - began;
    assert!(sent <= 2 * 50, "{sent} queries and answers in 70 s");
}

#[test]
fn a_secondary_that_restarts_keeps_its_version_and_its_expiry() {
    let (mut world, zone) = pair(7, Policy::default());
    world.link(0, Link::Dead);
    world.run(10 * HOUR);
    let before = world.servers[1].state(&zone);
    world.restart(1);
    assert_eq!(world.servers[1].state(&zone).expires, before.expires);
    world.run(13 * HOUR);
    assert!(!world.secondary(1, &zone).expired);
    world.restart(1);
    world.run(2 * HOUR);
    assert!(world.secondary(1, &zone).expired, "a day after the primary was heard last");
    assert_eq!(world.serial(1, &zone), Some(10), "the data are kept");
    world.link(0, Link::Up);
    let took = world.run_while(2 * HOUR, |world| world.servers[1].zones[&zone].incoming.as_ref().unwrap().expired);
    assert!(!took, "not recovered");
    assert_eq!(world.failure(1, &zone), None);
}

#[test]
fn a_secondary_that_restarts_checks_at_once() {
    let (mut world, zone) = pair(8, Policy::default());
    world.link(1, Link::Dead);
    world.publish(0, &zone, 11);
    world.run(600 * SECOND);
    world.link(1, Link::Up);
    world.restart(1);
    let took = world.until(1, &zone, 11, 10 * SECOND);
    assert!(took < SECOND, "{took} ms");
}

#[test]
fn expires_in_time_and_recovers_by_a_retry() {
    let (mut world, zone) = pair(9, Policy::default());
    world.run(u64::from(REFRESH) * SECOND / 2);
    world.link(0, Link::Dead);
    let last = world.servers[1].state(&zone).last_success.unwrap();
    world.run_while(48 * HOUR, |world| !world.servers[1].zones[&zone].incoming.as_ref().unwrap().expired);
    let expired = world.servers[1].time(world.network.now).unix;
    assert_eq!(expired.0 - last.0, u64::from(EXPIRE));
    // An expired zone is not served: who follows it gets SERVFAIL.
    world.publish(0, &zone, 11);
    world.link(0, Link::Up);
    let took = world.until(1, &zone, 11, HOUR);
    assert!(took <= 4 * u64::from(RETRY) * SECOND + SECOND, "{took} ms");
    assert!(!world.secondary(1, &zone).expired);
}

#[test]
fn serials_wrap_around() {
    let zone = name("example.org.");
    let mut world = World::new(2, 10, Weather::FAIR);
    world.publish(0, &zone, u32::MAX - 5);
    world.follow(1, &zone, &[0], Policy::default());
    world.until(1, &zone, u32::MAX - 5, SECOND);
    for step in 1..12_u32 {
        let serial = (u32::MAX - 5).wrapping_add(step);
        world.publish(0, &zone, serial);
        world.until(1, &zone, serial, 10 * SECOND);
    }
    assert_eq!(world.serial(1, &zone), Some(5));
    assert_eq!(world.failures(1), []);
}

#[test]
fn a_primary_that_goes_backwards_is_ignored_and_reported() {
    let (mut world, zone) = pair(11, Policy::default());
    world.publish(0, &zone, 5);
    world.run(20 * HOUR);
    assert_eq!(world.serial(1, &zone), Some(10));
    assert_eq!(
        world.failure(1, &zone).unwrap().to_string(),
        "serial backwards: no primary has 10, which we have; the newest is 5"
    );
    assert!(!world.secondary(1, &zone).expired);
    world.run(5 * HOUR);
    assert!(world.secondary(1, &zone).expired);
    // It catches up.
    world.publish(0, &zone, 12);
    world.until(1, &zone, 12, HOUR);
}

#[test]
fn a_primary_that_goes_backwards_is_followed_where_the_policy_says_so() {
    let accept = Policy { backward: Backward::Accept { confirmations: 3 }, ..Policy::default() };
    let (mut world, zone) = pair(12, accept);
    world.backward = true;
    world.publish(0, &zone, 5);
    let took = world.until(1, &zone, 5, 3 * HOUR);
    assert!(took > 2 * 600 * SECOND * 9 / 10, "three checks take two waits: {took} ms");
    assert_eq!(transfers(&world), ["axfr"]);
    // From there on it goes on, and the journal of what was before is gone.
    world.publish(0, &zone, 6);
    world.until(1, &zone, 6, 10 * SECOND);
}

#[test]
fn clocks_that_differ_are_told_and_not_retried_blindly() {
    let zone = name("example.org.");
    let mut world = World::new(2, 13, Weather::FAIR);
    world.sign();
    world.publish(0, &zone, 10);
    world.follow(1, &zone, &[0], Policy::default());
    world.until(1, &zone, 10, SECOND);
    world.servers[1].skew = 4000;
    for serial in 11..300 {
        world.publish(0, &zone, serial);
        world.run(SECOND);
    }
    let bad = world.failures(1);
    assert!(bad.iter().all(|(_, what, word)| (*what, *word) == ("check", "tsig-badtime")), "{bad:?}");
    assert!((1..=2).contains(&bad.len()), "{bad:?}");
    world.servers[1].skew = 0;
    world.until(1, &zone, 299, HOUR);
}

#[test]
fn a_hub_hands_on_versions_and_expiry() {
    let zone = name("example.org.");
    let mut world = World::new(3, 14, Weather::FAIR);
    world.publish(0, &zone, 10);
    world.follow(1, &zone, &[0], Policy::default());
    world.follow(2, &zone, &[1], Policy::default());
    world.until(2, &zone, 10, 30 * SECOND);
    for serial in 11..20 {
        world.publish(0, &zone, serial);
        world.until(2, &zone, serial, 10 * SECOND);
    }
    // The first primary dies: the zone expires everywhere at the same time (RFC 7314), though the hub still answers.
    world.link(0, Link::Dead);
    let expired = |world: &World, node: usize| world.servers[node].zones[&zone].incoming.as_ref().unwrap().expired;
    assert!(!world.run_while(48 * HOUR, |world| !expired(world, 1)));
    world.run(SECOND);
    assert!(expired(&world, 2));
    world.link(0, Link::Up);
    world.publish(0, &zone, 20);
    world.until(2, &zone, 20, 2 * HOUR);
}

#[test]
fn a_stream_cut_at_any_octet_leaves_the_old_version() {
    for ixfr in [u32::MAX, 0] {
        // More than it takes, by little.
        let octets = match ixfr {
            0 => {
                pair(15, Policy::default()).0.servers[0].zones[&name("example.org.")].version.as_ref().unwrap().octets()
                    + 200
            }
            _ => 700,
        } as usize;
        let mut whole = 0;
        for cut in 0..octets {
            let (mut world, zone) = pair(15, Policy { ixfr, ..Policy::default() });
            world.network.cut_from.insert(0, cut);
            world.publish(0, &zone, 11);
            world.run(30 * SECOND);
            let held = world.serial(1, &zone).unwrap();
            if held == 11 {
                whole += 1;
            } else {
                assert_eq!(held, 10);
                assert!(world.failures(1).iter().all(|(_, _, word)| *word == "cut"), "{:?}", world.failures(1));
                world.network.cut_from.clear();
                world.until(1, &zone, 11, HOUR);
            }
        }
        assert!((1..octets).contains(&whole), "{whole} of {octets} were whole");
    }
}

#[test]
fn force_transfers_the_same_version_again() {
    let (mut world, zone) = pair(16, Policy::default());
    let now = world.servers[1].time(world.network.now);
    world.backward = true;
    world.secondary(1, &zone).refresh.force(now);
    world.wake(1);
    world.run(SECOND);
    assert_eq!(transfers(&world), ["axfr"]);
    let now = world.servers[1].time(world.network.now);
    assert_eq!(
        world.secondary(1, &zone).refresh.handle_check(0, Err(zxfr_core::refresh::Failure::Local), now),
        Verdict::Unasked
    );
}
