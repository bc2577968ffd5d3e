//! Versions and deltas.

use super::*;
use zxfr_core::refresh::State;
use zxfr_core::time::UnixTime;

#[tokio::test]
async fn versions_and_deltas_come_back_after_a_restart() {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    let (versions, deltas) = history(3_000, 5);
    let state = State { last_check: Some(UnixTime(7)), last_success: None, expires: Some(UnixTime(u64::MAX >> 1)) };
    store.commit(vec![checkpoint(1, &versions[0]), Write::State { zone: id(1), state }]).await.unwrap();
    store.commit(vec![checkpoint(2, &version(9, 3, &[]))]).await.unwrap();
    for each in &deltas {
        store.commit(vec![delta(1, each)]).await.unwrap();
    }
    assert_eq!(Sqlite::open(&path).await.err(), Some(StoreError::InUse(path.clone())));
    store.close().await;
    assert_eq!(store.commit(vec![delta(1, &deltas[0])]).await, Err(StoreError::Closed));
    drop(store);
    let store = Sqlite::open(&path).await.unwrap();
    let held = zones(&store).await;
    assert_eq!(held.len(), 2);
    let first = held[&id(1)].as_ref().unwrap();
    assert_holds(first, &versions[4], &deltas);
    assert_eq!((first.state, first.since_checkpoint, first.lost.as_ref()), (state, 4, None));
    assert_eq!(first.octets_since_checkpoint, deltas.iter().map(|delta| delta.octets()).sum::<u64>());
    assert_holds(held[&id(2)].as_ref().unwrap(), &version(9, 3, &[]), &[]);
    assert_holds(&zone(&store, 1).await, &versions[4], &deltas);
    assert!(store.zone(id(3)).await.unwrap().is_none());
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test]
async fn a_checkpoint_writes_only_pages_that_are_not_there() {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    let (old, pages) = (version(1, 4_000, &[]), "SELECT rowid FROM page ORDER BY rowid");
    store.commit(vec![checkpoint(1, &old)]).await.unwrap();
    let before = behind(&path, pages).await;
    assert!(before.len() > 10, "{before:?}");
    let new = old.apply(&old.diff(&version(2, 4_000, &[100])).unwrap(), BuildLimits::NONE).unwrap().version;
    let new = Arc::new(new.settled());
    store.commit(vec![checkpoint(1, &new)]).await.unwrap();
    let after = behind(&path, pages).await;
    let written = after.iter().filter(|row| !before.contains(row)).count();
    // The head, and the page with that name.
    assert_eq!((written, after.len()), (2, before.len()));
    assert_holds(&zone(&store, 1).await, &new, &[]);
    // The same once more writes nothing.
    store.commit(vec![checkpoint(1, &new)]).await.unwrap();
    assert_eq!(behind(&path, pages).await, after);
    store.commit(vec![Write::Forget { zone: id(1) }]).await.unwrap();
    assert!(zones(&store).await.is_empty());
    for table in ["checkpoint", "page", "delta", "refresh"] {
        assert_eq!(behind(&path, format!("SELECT COUNT(*) FROM {table}")).await, [0]);
    }
}

#[tokio::test]
async fn a_checkpoint_keeps_the_deltas_that_lead_to_it() {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    let (versions, deltas) = history(50, 5);
    store.commit(vec![checkpoint(1, &versions[0])]).await.unwrap();
    store.commit(vec![delta(1, &deltas[0]), delta(1, &deltas[1]), checkpoint(1, &versions[2])]).await.unwrap();
    let held = zone(&store, 1).await;
    assert_holds(&held, &versions[2], &deltas[..2]);
    assert_eq!(held.since_checkpoint, 0);
    store.commit(vec![delta(1, &deltas[2])]).await.unwrap();
    let held = zone(&store, 1).await;
    assert_holds(&held, &versions[3], &deltas[..3]);
    assert_eq!(held.since_checkpoint, 1);
    // No delta leads to a version with another serial.
    store.commit(vec![checkpoint(1, &versions[1])]).await.unwrap();
    assert_holds(&zone(&store, 1).await, &versions[1], &[]);
    store.commit(vec![delta(1, &deltas[1])]).await.unwrap();
    assert_holds(&zone(&store, 1).await, &versions[2], &deltas[1..2]);
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test]
async fn deltas_that_are_not_offered_stay_as_long_as_they_are_needed() {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    let (versions, deltas) = history(50, 6);
    store.commit(vec![checkpoint(1, &versions[0]), delta(1, &deltas[0]), delta(1, &deltas[1])]).await.unwrap();
    store.commit(vec![checkpoint(1, &versions[2]), delta(1, &deltas[2]), delta(1, &deltas[3])]).await.unwrap();
    let rows = "SELECT number FROM delta ORDER BY number";
    assert_eq!(behind(&path, rows).await, [1, 2, 3, 4]);
    store.commit(vec![Write::TrimDeltas { zone: id(1), keep: 3 }]).await.unwrap();
    assert_holds(&zone(&store, 1).await, &versions[4], &deltas[1..4]);
    assert_eq!(behind(&path, rows).await, [2, 3, 4]);
    store.commit(vec![Write::TrimDeltas { zone: id(1), keep: 1 }]).await.unwrap();
    assert_holds(&zone(&store, 1).await, &versions[4], &deltas[3..4]);
    assert_eq!(behind(&path, rows).await, [3, 4], "what the version is made with stays");
    store.commit(vec![Write::ClearDeltas { zone: id(1) }]).await.unwrap();
    assert_holds(&zone(&store, 1).await, &versions[4], &[]);
    assert_eq!(zone(&store, 1).await.since_checkpoint, 2);
    store.commit(vec![delta(1, &deltas[4])]).await.unwrap();
    assert_holds(&zone(&store, 1).await, &versions[5], &deltas[4..]);
    store.commit(vec![checkpoint(1, &versions[5])]).await.unwrap();
    assert_eq!(behind(&path, rows).await, [5]);
    assert_holds(&zone(&store, 1).await, &versions[5], &deltas[4..]);
    // Of a zone that isn't held there is nothing to trim.
    store.commit(vec![Write::ClearDeltas { zone: id(2) }]).await.unwrap();
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test]
async fn a_commit_is_all_or_nothing() {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    let (versions, deltas) = history(50, 3);
    let refused = |result: Result<(), StoreError>| match result {
        Err(StoreError::Refused(what)) => what,
        other => panic!("{other:?}"),
    };
    assert!(refused(store.commit(vec![delta(1, &deltas[0])]).await).contains("no version is held"));
    let what = refused(store.commit(vec![checkpoint(1, &versions[0]), delta(1, &deltas[1])]).await);
    assert!(what.contains("from serial 2, and 1 is held"), "{what}");
    assert!(zones(&store).await.is_empty());
    store.commit(vec![checkpoint(1, &versions[0])]).await.unwrap();
    refused(store.commit(vec![delta(1, &deltas[0]), delta(1, &deltas[0])]).await);
    assert_holds(&zone(&store, 1).await, &versions[0], &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_at_the_same_time_are_all_done_or_fail_alone() {
    let (_folder, path) = place();
    let store = Arc::new(Sqlite::open(&path).await.unwrap());
    let (versions, deltas) = history(20, 2);
    let mut work = tokio::task::JoinSet::new();
    for number in 0..200_u8 {
        let (store, version, delta) = (Arc::clone(&store), Arc::clone(&versions[0]), Arc::clone(&deltas[0]));
        work.spawn(async move {
            let zone = id(number);
            // Every seventh one is refused.
            let mut writes =
                vec![Write::Checkpoint { zone, version }, Write::Delta { zone, delta: Arc::clone(&delta) }];
            writes.extend((number % 7 == 0).then_some(Write::Delta { zone, delta }));
            (number, store.commit(writes).await)
        });
    }
    while let Some(done) = work.join_next().await {
        let (number, result) = done.unwrap();
        assert_eq!(result.is_err(), number % 7 == 0, "{number}: {result:?}");
    }
    let held = zones(&*store).await;
    assert_eq!(held.len(), 200 - 29);
    for (zone, held) in held {
        assert!(zone.0[0] % 7 != 0);
        assert_holds(&held.unwrap(), &versions[1], &deltas);
    }
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test]
async fn many_zones_are_read_in_parts() {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    let (versions, deltas) = history(5, 2);
    let large = version(1, 40_000, &[]);
    let numbered = |number: u32| Id([&number.to_be_bytes()[..], &[7; 12]].concat().try_into().unwrap());
    let writes = (0..2_500).flat_map(|number| {
        let zone = numbered(number);
        // A large one here and there, so that parts end early.
        let version = Arc::clone(if number % 800 == 13 { &large } else { &versions[0] });
        let delta = (number % 5 == 0).then(|| Write::Delta { zone, delta: Arc::clone(&deltas[0]) });
        [Some(Write::Checkpoint { zone, version }), delta].into_iter().flatten()
    });
    store.commit(writes.collect()).await.unwrap();
    let held = zones(&store).await;
    assert_eq!(held.len(), 2_500);
    for number in 0..2_500 {
        let zone = held[&numbered(number)].as_ref().unwrap();
        let (large_one, stepped) = (number % 800 == 13, number % 5 == 0);
        assert_eq!(zone.version.record_count(), if large_one { large.record_count() } else { 11 });
        assert_eq!((zone.version.serial().0, zone.deltas.len()), (1 + u32::from(stepped), usize::from(stepped)));
    }
}
