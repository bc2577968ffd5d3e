//! A secondary against primaries of all kinds, over real sockets on this machine.

mod fake;
mod store;

use fake::{Fake, Manner};
use std::net::SocketAddr;
use std::time::Duration;
use store::{Serving, Store, key, name, policy, records, version};
use tokio::runtime::Handle;
use tokio::time::Instant;
use zxfr_core::refresh::{Failure, Policy};
use zxfr_core::serial::Serial;
use zxfr_core::wire::Rcode;
use zxfr_io::SecondaryLimits;
use zxfr_io::client::Kind;
use zxfr_io::notify::{NotifyLimits, Target};
use zxfr_io::secondary::{Next, Refused, What};

fn any() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

#[tokio::test]
async fn a_zone_comes_and_then_its_changes_through_a_hub() {
    let [origin, hub, edge] = [Store::new(), Store::new(), Store::new()];
    let [at_origin, at_hub, at_edge] = [&origin, &hub, &edge].map(|store| store.serve(any()));
    let target = |serving: &Serving| vec![Target { addr: serving.addr, key: Some(key()) }];
    let _tasks = [origin.tell(target(&at_hub)), hub.tell(target(&at_edge)), hub.refresh(), edge.refresh()];
    origin.publish(version("example.", 1, 5_000));
    hub.follow("example.", &[at_origin.addr], policy());
    edge.follow("example.", &[at_hub.addr], policy());
    edge.until_serial("example.", 1).await;
    for serial in 2..=20 {
        origin.publish(version("example.", serial, 5_000));
        edge.until_serial("example.", serial).await;
    }
    assert_eq!(records(&edge.held("example.").unwrap()), records(&origin.held("example.").unwrap()));
    edge.until("the last attempt is told", |edge| edge.installed().len() == 20).await;
    for store in [&hub, &edge] {
        for (transfer, to) in store.installed().into_iter().zip(1..) {
            assert_eq!(transfer.to, Some(Serial(to)));
            assert!(transfer.result.is_ok());
            assert!(matches!(transfer.next, Next::Check(_)), "{transfer:?}");
            if to > 1 {
                let from = Serial(to - 1);
                assert_eq!((transfer.what, transfer.kind), (What::Ixfr, Some(Kind::Ixfr { from, deltas: 1 })));
                assert_eq!(transfer.totals.records, 10);
            }
        }
    }
    let status = edge.secondary().status(name("example.").as_ref()).unwrap();
    assert_eq!((status.serial, status.expired, status.failure), (Some(Serial(20)), false, None));
    assert!(status.transfer.is_none() && status.next_check.is_some_and(|next| next > Duration::from_secs(3000)));
    assert!(edge.secondary().expires_in(name("example.").as_ref()).is_some_and(|left| left > 86_000));
    origin.until("all NOTIFYs are acknowledged", |origin| origin.sender().pending() == 0).await;
    let told = origin.notified.lock().unwrap();
    assert!(told.iter().all(|report| report.result.is_ok() && report.tries == 1), "{told:?}");
}

#[tokio::test]
async fn primaries_that_fail_in_every_way_and_one_that_does_not() {
    let store_at = |serial| {
        let store = Store::new();
        store.publish(version("example.", serial, 2_000));
        store
    };
    let [older, good, newer, newest] = [3, 10, 11, 12].map(store_at);
    good.publish(version("other.", 1, 2_000));
    let at_good = good.serve(any());
    let dead = any_closed();
    let silent = Fake::start(&good, Manner::Silent);
    let refusing = Store::new().serve(any());
    let behind = older.serve(any());
    let cutting = Fake::start(&newest, Manner::Cutting);
    let lying = Fake::start(&older, Manner::Lying(newer));
    let secondary = store_at(4);
    let _task = secondary.refresh();
    let primaries = [dead, silent.addr, refusing.addr, behind.addr, cutting.addr, lying.addr, at_good.addr];
    let began = Instant::now();
    secondary.follow("example.", &primaries, policy());
    secondary.follow("other.", &[at_good.addr], policy());
    secondary.until_serial("other.", 1).await;
    let other = began.elapsed();
    secondary.until_serial("example.", 10).await;
    println!("the other zone after {other:?}, this one after {:?}", began.elapsed());
    assert!(other < Duration::from_millis(1500), "{other:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(records(&secondary.held("example.").unwrap()), records(&good.held("example.").unwrap()));
    // What becomes of the dead ones is known a little later.
    secondary
        .until("all have failed", |store| primaries[..6].iter().all(|peer| !store.failures(*peer).is_empty()))
        .await;
    let first = |peer| secondary.failures(peer)[0];
    assert_eq!(first(dead), (What::Check, Failure::Unreachable));
    assert_eq!(first(silent.addr), (What::Check, Failure::TimedOut));
    assert_eq!(first(refusing.addr), (What::Check, Failure::Refused(Rcode::REFUSED)));
    let behind_us = Failure::Behind { ours: Serial(4), theirs: Serial(3) };
    assert_eq!(first(behind.addr), (What::Check, behind_us));
    let cut = secondary.failures(cutting.addr);
    assert_eq!(cut[..2], [(What::Ixfr, Failure::Cut), (What::Axfr, Failure::Cut)]);
    // IXFR is answered with its old SOA.
    assert!(matches!(first(lying.addr), (What::Ixfr | What::Axfr, Failure::Lied { .. })), "{:?}", first(lying.addr));
    assert_eq!(secondary.failures(at_good.addr), []);
    let status = secondary.secondary().status(name("example.").as_ref()).unwrap();
    assert!(status.last_failure.is_some());
}

/// An address where nobody listens.
fn any_closed() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_primary_without_ixfr_is_asked_for_axfr() {
    let origin = Store::new();
    origin.publish(version("example.", 2, 100));
    let fake = Fake::start(&origin, Manner::NoIxfr);
    let secondary = Store::new();
    secondary.publish(version("example.", 1, 100));
    let _task = secondary.refresh();
    secondary.follow("example.", &[fake.addr], policy());
    secondary.until_serial("example.", 2).await;
    secondary.until("told", |secondary| secondary.installed().len() == 1).await;
    assert_eq!(secondary.failures(fake.addr), [(What::Ixfr, Failure::Refused(Rcode::NOTIMP))]);
    let attempts = secondary.attempts.lock().unwrap();
    let kind = zxfr_core::refresh::Kind::Axfr;
    assert_eq!(attempts[attempts.len() - 2].next, Next::Transfer { peer: fake.addr, kind });
}

#[tokio::test]
async fn what_the_host_holds_back_is_not_installed_and_told() {
    let origin = Store::new();
    origin.publish(version("example.", 2, 100));
    let serving = origin.serve(any());
    let secondary = Store::new();
    secondary.publish(version("example.", 1, 100));
    *secondary.refuses.lock().unwrap() = Some(Refused::Held("a rule".into()));
    let _task = secondary.refresh();
    secondary.follow("example.", &[serving.addr], policy());
    secondary.until("it is held back", |store| !store.failures(serving.addr).is_empty()).await;
    assert_eq!(secondary.failures(serving.addr), [(What::Ixfr, Failure::Held)]);
    let last = secondary.secondary().status(name("example.").as_ref()).unwrap().last_failure.unwrap();
    assert_eq!((last.what, &*last.reason.text), (What::Ixfr, "a rule"));
    assert_eq!(secondary.serial("example."), Some(1));
    // Somebody has confirmed it.
    *secondary.refuses.lock().unwrap() = None;
    assert!(secondary.secondary().force(name("example.").as_ref()));
    secondary.until_serial("example.", 2).await;
}

#[tokio::test]
async fn zones_are_forced_stopped_given_other_primaries_and_given_up() {
    let [origin, other] = [Store::new(), Store::new()];
    origin.publish(version("example.", 1, 100));
    other.publish(version("example.", 2, 100));
    let [at_origin, at_other] = [origin.serve(any()), other.serve(any())];
    let secondary = Store::new();
    let task = secondary.refresh();
    let zone = name("example.");
    let zone = zone.as_ref();
    secondary.follow("example.", &[at_origin.addr], policy());
    secondary.until("it is there", |store| store.installed().len() == 1).await;
    // Whole, though the serial is the same.
    assert!(secondary.secondary().force(zone));
    secondary.until("it came again", |store| store.installed().len() == 2).await;
    assert_eq!(secondary.installed()[1].kind, Some(Kind::Axfr));
    // A NOTIFY does nothing while it is stopped.
    assert!(secondary.secondary().set_enabled(zone, false));
    assert!(!secondary.secondary().notify(zone, at_origin.addr.ip(), Some(Serial(5))));
    secondary.follow("example.", &[at_other.addr], policy());
    assert!(!secondary.secondary().status(zone).unwrap().enabled);
    assert!(secondary.secondary().set_enabled(zone, true));
    secondary.until_serial("example.", 2).await;
    secondary.until("told", |store| store.installed().len() == 3).await;
    let last = secondary.installed().pop().unwrap();
    assert_eq!((last.peer, last.what), (at_other.addr, What::Ixfr));
    assert!(secondary.secondary().remove(zone) && !secondary.secondary().remove(zone));
    assert!(secondary.secondary().status(zone).is_none() && !secondary.secondary().force(zone));
    assert!(!secondary.secondary().notify(zone, at_other.addr.ip(), Some(Serial(5))));
    secondary.secondary().shutdown();
    task.await.unwrap();
}

#[tokio::test]
async fn a_zone_that_sticks_delays_no_other_of_the_same_primary() {
    let origin = Store::new();
    origin.publish(version("stuck.", 1, 20_000));
    let zones: Vec<String> = (0..100).map(|number| format!("zone{number}.")).collect();
    for zone in &zones {
        origin.publish(version(zone, 1, 1000));
    }
    let fake = Fake::start(&origin, Manner::Stuck(name("stuck.").into()));
    let secondary = Store::new();
    let _task = secondary.refresh();
    let began = Instant::now();
    secondary.follow("stuck.", &[fake.addr], policy());
    for zone in &zones {
        secondary.follow(zone, &[fake.addr], policy());
    }
    secondary.until("all but one are there", |store| zones.iter().all(|zone| store.serial(zone).is_some())).await;
    println!("100 zones beside one that sticks: {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    let stuck = secondary.secondary().status(name("stuck.").as_ref()).unwrap().transfer.unwrap();
    assert!(stuck.running.is_some() && stuck.totals.messages == 1, "{stuck:?}");
    assert_eq!(secondary.serial("stuck."), None);
    // It can be taken away in the middle of it.
    assert!(secondary.secondary().remove(name("stuck.").as_ref()));
    assert!(secondary.secondary().status(name("stuck.").as_ref()).is_none());
}

#[tokio::test]
async fn zones_of_a_primary_that_closes_after_each_transfer_come() {
    let origin = Store::new();
    let zones: Vec<String> = (0..20).map(|number| format!("zone{number}.")).collect();
    for zone in &zones {
        origin.publish(version(zone, 1, 3));
    }
    let fake = Fake::start(&origin, Manner::Closing);
    let secondary = Store::new();
    let _task = secondary.refresh();
    let began = Instant::now();
    for zone in &zones {
        secondary.follow(zone, &[fake.addr], policy());
    }
    secondary.until("all are there", |store| zones.iter().all(|zone| store.serial(zone).is_some())).await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(secondary.failures(fake.addr), []);
}

#[tokio::test]
async fn no_zone_waits_behind_dead_primaries() {
    let origin = Store::new();
    origin.publish(version("good.", 1, 100));
    let at_origin = origin.serve(any());
    let limits = SecondaryLimits { transfers: 8, ..SecondaryLimits::default() };
    let secondary = Store::with(limits, NotifyLimits::default());
    let _task = secondary.refresh();
    // Three zones each: all places would be taken many times over.
    let stalled: Vec<Fake> = (0..30).map(|_| Fake::start(&origin, Manner::Stalled)).collect();
    for (number, fake) in stalled.iter().enumerate() {
        for letter in ["a", "b", "c"] {
            secondary.follow(&format!("zone{number}{letter}."), &[fake.addr], policy());
        }
    }
    secondary.until("all are asked", |store| store.running() == 30).await;
    let began = Instant::now();
    secondary.follow("good.", &[stalled[0].addr, at_origin.addr], policy());
    secondary.until_serial("good.", 1).await;
    println!("a zone beside 30 primaries that stall: {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    secondary.until("the others are where they were", |store| store.running() == 30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_zones_and_their_primary_restarts() {
    const ZONES: usize = 1_000;
    let zones: Vec<String> = (0..ZONES).map(|number| format!("zone{number}.example.")).collect();
    let origin = Store::new();
    let secondary = Store::new();
    let before = Handle::current().metrics().num_alive_tasks();
    for zone in &zones {
        origin.publish(version(zone, 1, 20));
    }
    let serving = origin.serve(any());
    let addr = serving.addr;
    let task = secondary.refresh();
    let memory = resident();
    let began = Instant::now();
    // Every second each.
    let often = Policy { interval: Some(Duration::from_secs(1)), ..policy() };
    for zone in &zones {
        secondary.follow(zone, &[addr], often);
    }
    let mut most = 0;
    let mut all_at = |store: &Store, serial| {
        most = most.max(Handle::current().metrics().num_alive_tasks());
        zones.iter().all(|zone| store.serial(zone) == Some(serial))
    };
    secondary.until("all are there", |store| all_at(store, 1)).await;
    println!("{ZONES} zones there after {:?}", began.elapsed());
    serving.stop().await;
    for zone in &zones {
        origin.publish(version(zone, 2, 20));
    }
    let down = Instant::now();
    let failing = |store: &Store, zone: &String| {
        store.secondary().status(name(zone).as_ref()).is_some_and(|status| status.failure.is_some())
    };
    secondary.until("all have failed", |store| zones.iter().all(|zone| failing(store, zone))).await;
    println!("all have noticed after {:?} that it is down", down.elapsed());
    let up = Instant::now();
    let serving = origin.serve(addr);
    secondary.until("all are in step", |store| all_at(store, 2)).await;
    let (memory, most) = (resident().saturating_sub(memory), most - before);
    println!("all in step {:?} after its restart; at most {most} tasks, {memory} KiB more memory", up.elapsed());
    assert!(up.elapsed() < Duration::from_secs(20), "{:?}", up.elapsed());
    // The primary's own are among them.
    assert!(most < 40, "{most} tasks");
    let by_ixfr = |store: &Store| {
        let installed = store.installed();
        installed.iter().filter(|attempt| matches!(attempt.kind, Some(Kind::Ixfr { .. }))).count()
    };
    secondary.until("all changes came as differences", |store| by_ixfr(store) == ZONES).await;
    secondary.secondary().shutdown();
    task.await.unwrap();
    serving.stop().await;
    // Links to primaries end on their own when nobody holds them.
    secondary.until("no task is left", |_| Handle::current().metrics().num_alive_tasks() <= before).await;
}

/// The memory of this process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
