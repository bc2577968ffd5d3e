//! Damage, full disks, other files, other processes.

use super::*;
use crate::store::sqlite::file::Bounds;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// Three zones with some history each.
async fn three(path: &Path) -> (Sqlite, Vec<Arc<Version>>, Vec<Arc<Delta>>) {
    let store = Sqlite::open(path).await.unwrap();
    let (versions, deltas) = history(600, 5);
    for zone in 1..=3 {
        let before = vec![checkpoint(zone, &versions[0]), delta(zone, &deltas[0]), delta(zone, &deltas[1])];
        store.commit(before).await.unwrap();
        let since = vec![checkpoint(zone, &versions[2]), delta(zone, &deltas[2]), delta(zone, &deltas[3])];
        store.commit(since).await.unwrap();
    }
    (store, versions, deltas)
}

const ONE: &str = "zone = X'02020202020202020202020202020202'";

#[tokio::test]
async fn damage_is_of_its_zone_alone_and_the_next_checkpoint_mends_it() {
    for (spoil, told) in [
        ("UPDATE page SET octets = X'01' || substr(octets, 2)", "doesn't have its checksum"),
        ("UPDATE page SET octets = substr(octets, 1, 100)", "doesn't have its checksum"),
        ("UPDATE page SET octets = X''", "doesn't have its checksum"),
        ("UPDATE page SET checksum = zeroblob(32) || checksum", "page 0 is missing"),
        ("DELETE FROM page", "page 0 is missing"),
        ("UPDATE checkpoint SET serial = serial + 1", "the checkpoint doesn't have its checksum"),
        ("UPDATE checkpoint SET number = number - 1", "the checkpoint doesn't have its checksum"),
        ("UPDATE checkpoint SET pages = substr(pages, 34)", "the checkpoint doesn't have its checksum"),
        ("UPDATE checkpoint SET apex = X'00'", "the checkpoint doesn't have its checksum"),
        ("UPDATE delta SET octets = octets || X'00'", "the delta from serial 4 to 5 doesn't have its checksum"),
        ("UPDATE delta SET to_serial = to_serial + 1", "the delta from serial 4 to 6 doesn't have its checksum"),
        ("DELETE FROM delta WHERE number = 3 AND zone IN (SELECT zone FROM checkpoint) OR number = 9", "don't lead on"),
    ] {
        let (_folder, path) = place();
        let (store, versions, deltas) = three(&path).await;
        let spoil = if let Some((start, rest)) = spoil.split_once(" OR ") {
            format!("{start} AND {ONE} OR {rest}")
        } else if spoil.contains("WHERE") {
            format!("{spoil} AND {ONE}")
        } else {
            format!("{spoil} WHERE {ONE}")
        };
        behind(&path, spoil.clone()).await;
        let held = zones(&store).await;
        assert_eq!(held.len(), 3);
        for zone in [1, 3] {
            assert_holds(held[&id(zone)].as_ref().unwrap(), &versions[4], &deltas);
        }
        let damaged = held[&id(2)].as_ref().unwrap_err();
        assert!(damaged.what.contains(told), "{spoil}: {damaged}");
        assert_eq!(store.zone(id(2)).await.unwrap().unwrap().unwrap_err(), *damaged);
        let problems = store.check().await.unwrap();
        assert!(problems.iter().all(|problem| problem.zone == Some(id(2))) && problems.len() == 1, "{problems:?}");
        store.commit(vec![checkpoint(2, &versions[3]), delta(2, &deltas[3])]).await.unwrap();
        assert_holds(&zone(&store, 2).await, &versions[4], &deltas[3..]);
        assert_eq!(store.check().await.unwrap(), [], "{spoil}");
    }
}

#[tokio::test]
async fn damaged_history_that_the_version_does_not_need_is_left_out() {
    let (_folder, path) = place();
    let (store, versions, deltas) = three(&path).await;
    behind(&path, format!("UPDATE delta SET octets = X'01' WHERE number = 1 AND {ONE}")).await;
    let held = zone(&store, 2).await;
    assert_holds(&held, &versions[4], &deltas[1..]);
    assert!(held.lost.unwrap().contains("from serial 1 to 2"));
    behind(&path, format!("UPDATE delta SET octets = X'01' WHERE number = 2 AND {ONE}")).await;
    assert_holds(&zone(&store, 2).await, &versions[4], &deltas[2..]);
    let problems = store.check().await.unwrap();
    assert!(problems.len() == 1 && problems[0].to_string().contains("some history is lost"), "{problems:?}");
    assert_holds(&zone(&store, 1).await, &versions[4], &deltas);
}

#[tokio::test]
async fn no_room_is_told_and_the_next_commit_works_when_there_is_some() {
    let (_folder, path) = place();
    let bounds = Bounds { pages: Some(100), ..Bounds::default() };
    let store = Sqlite::open_within(&path, bounds).await.unwrap();
    let (versions, deltas) = history(3_000, 2);
    let large = version(1, 40_000, &[]);
    store.commit(vec![checkpoint(1, &versions[0])]).await.unwrap();
    assert_eq!(store.commit(vec![checkpoint(2, &large)]).await, Err(StoreError::Full));
    assert_eq!(store.commit(vec![delta(1, &deltas[0]), checkpoint(2, &large)]).await, Err(StoreError::Full));
    let held = zones(&store).await;
    assert_eq!(held.len(), 1);
    assert_holds(held[&id(1)].as_ref().unwrap(), &versions[0], &[]);
    // What is small fits still, even when it comes with something that doesn't.
    let (small, other) = (vec![delta(1, &deltas[0])], vec![checkpoint(2, &large)]);
    let (small, other) = tokio::join!(store.commit(small), store.commit(other));
    assert_eq!((small, other), (Ok(()), Err(StoreError::Full)));
    assert_holds(&zone(&store, 1).await, &versions[1], &deltas);
    store.commit(vec![Write::Forget { zone: id(1) }]).await.unwrap();
    store.commit(vec![checkpoint(2, &versions[0])]).await.unwrap();
    assert_holds(&zone(&store, 2).await, &versions[0], &[]);
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test]
async fn a_database_that_something_else_has_locked_is_told() {
    let (_folder, path) = place();
    let bounds = Bounds { busy: Duration::from_millis(20), ..Bounds::default() };
    let store = Sqlite::open_within(&path, bounds).await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut other = sqlx::sqlite::SqliteConnection::connect_with(&options).await.unwrap();
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let write = || vec![checkpoint(1, &version(1, 3, &[]))];
    assert_eq!(store.commit(write()).await, Err(StoreError::Locked));
    lock.rollback().await.unwrap();
    store.commit(write()).await.unwrap();
    assert_eq!(zones(&store).await.len(), 1);
}

#[tokio::test]
async fn a_store_of_a_later_version_is_left_alone() {
    let (_folder, path) = place();
    Sqlite::open(&path).await.unwrap().close().await;
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (1000, 'later', TRUE, X'00', 0)";
    behind(&path, later).await;
    for error in [Sqlite::open(&path).await.err(), Sqlite::check_file(&path).await.err()] {
        let Some(StoreError::Newer { path: told, found: 1000, known: 1..1000 }) = error else { panic!("{error:?}") };
        assert_eq!(told, path);
    }
}

#[tokio::test]
async fn what_is_no_store_is_told_with_its_name() {
    let (folder, path) = place();
    let told = async |path: &Path| match Sqlite::open(path).await.err() {
        Some(StoreError::Open { path: told, what }) => format!("{}: {what}", told.display()),
        other => panic!("{other:?}"),
    };
    std::fs::write(&path, b"example. 3600 IN SOA ns.example. mail.example. 1 2 3 4 5\n".repeat(100)).unwrap();
    assert!(told(&path).await.contains("store.db: file is not a database"));
    assert!(told(&folder.path().join("missing").join("store.db")).await.contains("No such file"));
    assert!(told(folder.path()).await.contains("unable to open database file"));
    let missing = folder.path().join("other.db");
    assert!(matches!(Sqlite::check_file(&missing).await, Err(StoreError::Open { .. })));
    assert!(!missing.exists(), "looking makes no file");
    std::fs::write(&missing, b"").unwrap();
    assert!(
        matches!(Sqlite::check_file(&missing).await, Err(StoreError::Open { what, .. }) if what.contains("not a store"))
    );
}

#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    let (folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    store.commit(vec![checkpoint(1, &version(1, 3, &[]))]).await.unwrap();
    let mut names = Vec::new();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["store.db", "store.db-shm", "store.db-wal", "store.db.lock"]);
    // Looked at while it is open.
    assert_eq!(Sqlite::check_file(&path).await.unwrap(), []);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let problems = store.check().await.unwrap();
    assert!(problems.len() == 1 && problems[0].what.contains("640"), "{problems:?}");
}

#[tokio::test]
async fn closing_ends_what_was_begun() {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    let (versions, deltas) = history(600, 5);
    let commit = store.commit(vec![checkpoint(1, &versions[0])]);
    let others = store.commit(vec![checkpoint(2, &versions[1])]);
    let (first, second, ()) = tokio::join!(commit, others, store.close());
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert_eq!(store.zone(id(1)).await.unwrap_err(), StoreError::Closed);
    assert_eq!(store.objects().await.unwrap_err(), StoreError::Closed);
    assert_eq!(store.commit(vec![delta(1, &deltas[0])]).await, Err(StoreError::Closed));
    drop(store);
    let store = Sqlite::open(&path).await.unwrap();
    assert_holds(&zone(&store, 1).await, &versions[0], &[]);
    assert_holds(&zone(&store, 2).await, &versions[1], &[]);
}
