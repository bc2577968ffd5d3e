//! What is served is durable, comes back, and stays when the store fails.

pub(in crate::registry) mod fake;

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::{block_in_place, spawn_blocking};
use zxfr_core::journal::Answer;
use zxfr_core::name::Name;
use zxfr_core::primary::{Host, Unserved};
use zxfr_core::refresh::State;
use zxfr_core::serial::Serial;
use zxfr_core::time::UnixTime;
use zxfr_core::zone::Version;
use zxfr_io::Incoming;

use super::super::{Keeping, PublishError, Registry, Restored, Zone};
use crate::catalog::{Id, Objects};
use crate::config::{self, Config};
use crate::store::{Damaged, Sqlite, Store, StoreError, StoredZone};
use crate::zone::{LoadOptions, load_text};
use fake::Fake;

const TWO: &str = r#"
[[peer]]
name = "p"
ip = "192.0.2.1"
[[acl]]
name = "lab"
ip_range = "192.0.2.0/24"
[[zone]]
name = "a.test"
incoming = { peers = ["p"] }
outgoing = { peers = [] }
[[zone]]
name = "b.test"
incoming = { peers = ["p"] }
"#;

fn config(text: &str) -> Config {
    config::parse(text, Path::new("zxfrd.toml")).unwrap_or_else(|error| panic!("{error}"))
}

fn objects(config: &Config) -> Objects {
    Objects::declared(config).0
}

/// A registry that keeps its zones in a file, and what else is in the file.
pub(in crate::registry) struct Rig {
    folder: TempDir,
    pub(in crate::registry) store: Arc<Fake>,
    pub(in crate::registry) registry: Arc<Registry>,
    restored: Restored,
}

impl Rig {
    pub(in crate::registry) async fn new(text: &str) -> Self {
        Self::within(tempfile::tempdir().unwrap(), text).await
    }

    async fn within(folder: TempDir, text: &str) -> Self {
        let store = Arc::new(Fake::new(Sqlite::open(&folder.path().join("store.db")).await.unwrap()));
        Self::with(folder, store, text).await
    }

    async fn with(folder: TempDir, store: Arc<Fake>, text: &str) -> Self {
        let config = config(text);
        let keeping = Keeping::new(store.clone());
        let (events, _) = mpsc::unbounded_channel();
        let registry = Arc::new(Registry::new(&objects(&config), &config.limits, keeping, events));
        let restored = registry.restore().await.unwrap();
        Self { folder, store, registry, restored }
    }

    /// The same in another run of the daemon.
    pub(in crate::registry) async fn again(self, text: &str) -> Self {
        let Self { folder, store, registry, .. } = self;
        registry.keeping().flush().await;
        store.close().await;
        drop(registry);
        Self::within(folder, text).await
    }

    pub(in crate::registry) fn zone(&self, name: &str) -> Arc<Zone> {
        self.registry.zone(name.parse::<Name>().unwrap().as_ref()).unwrap()
    }

    pub(in crate::registry) fn publish(&self, name: &str, version: Version) -> Result<Arc<Version>, PublishError> {
        block_in_place(|| self.zone(name).publish(version))
    }

    /// What the store has of a zone.
    async fn stored(&self, name: &str) -> StoredZone {
        self.store.zone(self.zone(name).id()).await.unwrap().unwrap().unwrap()
    }

    /// Whether who has a serial gets differences from the version that is served.
    pub(in crate::registry) fn offers(&self, name: &str, from: u32) -> bool {
        let (zone, name) = (self.zone(name), name.parse::<Name>().unwrap());
        let answer = self.registry.answer(name.as_ref(), &zone.version().unwrap(), Serial(from));
        matches!(answer, Answer::Differences(_))
    }
}

/// A version of a zone with so many names, of which those that a serial has passed have other addresses.
pub(in crate::registry) fn version(apex: &str, serial: u32, names: u32) -> Version {
    let record = |name: u32| match name <= serial {
        true => format!("n{name} A 192.0.2.{serial}\n"),
        false => format!("n{name} A 198.51.100.1\n"),
    };
    let records: String = (1..=names).map(record).collect();
    let text = format!("$ORIGIN {apex}\n@ 60 SOA . . {serial} 3600 600 86400 60\n{records}");
    load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version
}

pub(in crate::registry) fn records(version: &Version) -> Vec<String> {
    let (mut records, mut listed) = (version.records(), Vec::new());
    while let Some(record) = records.next() {
        listed.push(format!("{} {} {:?} {:?}", record.owner, record.ttl, record.rtype, record.rdata));
    }
    listed
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

fn state(expires: u64) -> State {
    let time = |seconds| Some(UnixTime(seconds));
    State { last_check: time(now()), last_success: time(now() - 5), expires: time(expires) }
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_history_and_timers_are_there_after_a_restart() {
    let rig = Rig::new(TWO).await;
    for serial in 1..=4 {
        rig.publish("a.test.", version("a.test.", serial, 200)).unwrap();
    }
    let state = state(now() + 1000);
    rig.registry.state_changed(rig.zone("a.test.").name(), state, false);
    let before = records(&rig.zone("a.test.").version().unwrap());

    let rig = rig.again(TWO).await;
    assert_eq!(rig.restored, Restored { zones: 1, damaged: 0, forgotten: 0 });
    let zone = rig.zone("a.test.");
    assert_eq!(records(&zone.version().unwrap()), before);
    assert!((1..=3).all(|serial| rig.offers("a.test.", serial)));
    assert_eq!(zone.state(), state);
    assert!(rig.registry.version(zone.name()).is_ok());
    assert!(rig.zone("b.test.").version().is_none());
    // It goes on from there.
    rig.publish("a.test.", version("a.test.", 5, 200)).unwrap();
    let rig = rig.again(TWO).await;
    assert_eq!(rig.zone("a.test.").version().unwrap().serial(), Serial(5));
    assert!((1..=4).all(|serial| rig.offers("a.test.", serial)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_that_expired_meanwhile_is_expired_at_once() {
    let rig = Rig::new(TWO).await;
    rig.publish("a.test.", version("a.test.", 1, 1)).unwrap();
    rig.registry.state_changed(rig.zone("a.test.").name(), state(now() - 1), false);
    let rig = rig.again(TWO).await;
    let zone = rig.zone("a.test.");
    assert_eq!(rig.registry.version(zone.name()).unwrap_err(), Unserved::Expired);
    assert_eq!(zone.version().unwrap().serial(), Serial(1), "its data are kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn differences_are_written_until_a_checkpoint_is_due() {
    let rig = Rig::new(TWO).await;
    let mut largest = 0;
    for serial in 1..=60 {
        rig.publish("a.test.", version("a.test.", serial, 100)).unwrap();
        let stored = rig.stored("a.test.").await;
        assert_eq!(stored.version.serial(), Serial(serial));
        assert_eq!(stored.deltas.len(), serial as usize - 1, "all are offered, those before the checkpoint, too");
        assert!(stored.octets_since_checkpoint <= stored.version.octets() / 2, "serial {serial}");
        largest = largest.max(stored.since_checkpoint);
    }
    assert!(largest > 1, "{largest}");
    assert!(rig.stored("a.test.").await.since_checkpoint < 59);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_journal_drops_goes_from_the_store() {
    let rig = Rig::new(&format!("[limits]\nmax_journal_deltas = 3\n{TWO}")).await;
    for serial in 1..=9 {
        rig.publish("a.test.", version("a.test.", serial, 300)).unwrap();
        assert_eq!(rig.stored("a.test.").await.deltas.len(), (serial as usize - 1).min(3), "serial {serial}");
    }
    assert!(rig.offers("a.test.", 6) && !rig.offers("a.test.", 5));
    let rig = rig.again(&format!("[limits]\nmax_journal_deltas = 2\n{TWO}")).await;
    assert!(rig.offers("a.test.", 7) && !rig.offers("a.test.", 6));
    rig.registry.keeping().flush().await;
    assert_eq!(rig.stored("a.test.").await.deltas.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_with_other_data_and_the_same_serial_has_no_history() {
    let rig = Rig::new(TWO).await;
    for serial in 1..=3 {
        rig.publish("a.test.", version("a.test.", serial, 100)).unwrap();
    }
    let zone = rig.zone("a.test.");
    let other = Arc::new(version("a.test.", 3, 90));
    block_in_place(|| zone.held().put(other.clone(), &[], 100, true, &[])).unwrap();
    assert!(!rig.offers("a.test.", 2));
    let rig = rig.again(TWO).await;
    assert_eq!(records(&rig.zone("a.test.").version().unwrap()), records(&other));
    assert!(!rig.offers("a.test.", 2));
    // Backwards, too.
    block_in_place(|| rig.zone("a.test.").held().put(Arc::new(version("a.test.", 2, 100)), &[], 100, true, &[]))
        .unwrap();
    let rig = rig.again(TWO).await;
    assert_eq!(rig.zone("a.test.").version().unwrap().serial(), Serial(2));
    assert!(!rig.offers("a.test.", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_not_stored_is_not_served() {
    let rig = Rig::new(TWO).await;
    rig.publish("a.test.", version("a.test.", 1, 50)).unwrap();
    rig.store.fail(Some(StoreError::Full));
    let error = rig.publish("a.test.", version("a.test.", 2, 50)).unwrap_err();
    assert_eq!(error, PublishError::Store(StoreError::Full));
    assert_eq!(rig.zone("a.test.").version().unwrap().serial(), Serial(1));
    assert!(rig.registry.version(rig.zone("a.test.").name()).is_ok(), "the old one is still served");
    // What need not be durable at once waits.
    let state = state(now() + 1000);
    rig.registry.state_changed(rig.zone("a.test.").name(), state, false);
    rig.registry.keeping().flush().await;
    rig.store.fail(None);
    rig.publish("a.test.", version("a.test.", 3, 50)).unwrap();
    let rig = rig.again(TWO).await;
    assert_eq!(rig.zone("a.test.").version().unwrap().serial(), Serial(3));
    assert_eq!(rig.zone("a.test.").state(), state);
    assert!(rig.offers("a.test.", 1) && !rig.offers("a.test.", 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_confirmed_still_is_when_the_store_fails() {
    let text = TWO.replace(
        "incoming = { peers = [\"p\"] }\noutgoing",
        "max_shrink_percent = 10\nincoming = { peers = [\"p\"] }\noutgoing",
    );
    let rig = Rig::new(&text).await;
    rig.publish("a.test.", version("a.test.", 1, 50)).unwrap();
    let shrunk = || version("a.test.", 2, 20);
    assert!(matches!(rig.publish("a.test.", shrunk()), Err(PublishError::Shrunk(_))));
    rig.zone("a.test.").confirm_shrunk().unwrap();
    rig.store.fail(Some(StoreError::Locked));
    assert!(matches!(rig.publish("a.test.", shrunk()), Err(PublishError::Store(_))));
    rig.store.fail(None);
    rig.publish("a.test.", shrunk()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_served_once_it_is_durable_and_nobody_waits_for_that() {
    let rig = Rig::new(TWO).await;
    for serial in 1..=2 {
        rig.publish("a.test.", version("a.test.", serial, 100)).unwrap();
    }
    let zone = rig.zone("a.test.");
    rig.store.hold();
    let bringing = spawn_blocking({
        let zone = zone.clone();
        move || zone.publish(version("a.test.", 3, 100))
    });
    rig.store.held().await;
    assert_eq!(zone.version().unwrap().serial(), Serial(2));
    assert!(rig.offers("a.test.", 1), "IXFR is answered meanwhile");
    rig.store.let_go();
    assert_eq!(bringing.await.unwrap().unwrap().serial(), Serial(3));
    assert_eq!(zone.version().unwrap().serial(), Serial(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_a_zone_that_is_gone() {
    let rig = Rig::new(TWO).await;
    for name in ["a.test.", "b.test."] {
        rig.publish(name, version(name, 1, 100)).unwrap();
    }
    // A version is on its way to the store when the zone goes.
    let zone = rig.zone("a.test.");
    rig.store.hold();
    let bringing = spawn_blocking({
        let zone = zone.clone();
        move || zone.publish(version("a.test.", 2, 100))
    });
    rig.store.held().await;
    let without = TWO.replace("a.test", "c.test");
    let config = config(&without);
    rig.registry.configure(&objects(&config), &config.limits);
    rig.registry.state_changed(zone.name(), state(1), false);
    rig.store.let_go();
    bringing.await.unwrap().unwrap();
    rig.registry.keeping().flush().await;
    assert!(rig.store.zone(zone.id()).await.unwrap().is_none());
    assert_eq!(block_in_place(|| zone.publish(version("a.test.", 3, 100))).unwrap_err(), PublishError::Gone);
    assert!(rig.store.zone(zone.id()).await.unwrap().is_none());
    // One that left while the daemon was down, too.
    let b = rig.zone("b.test.").id();
    let rig = rig.again(&without.replace("b.test", "d.test")).await;
    assert_eq!(rig.restored, Restored { zones: 0, damaged: 0, forgotten: 1 });
    assert!(rig.store.zone(b).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_zone_is_set_apart_until_it_has_come_anew() {
    let rig = Rig::new(TWO).await;
    for name in ["a.test.", "b.test."] {
        rig.publish(name, version(name, 1, 100)).unwrap();
    }
    let Rig { folder, store, registry, .. } = rig;
    let damaged = registry.zone("a.test.".parse::<Name>().unwrap().as_ref()).unwrap().id();
    drop(registry);
    store.damage(damaged);
    let rig = Rig::with(folder, store, TWO).await;
    assert_eq!(rig.restored, Restored { zones: 1, damaged: 1, forgotten: 0 });
    let zone = rig.zone("a.test.");
    assert!(zone.version().is_none(), "it is transferred whole, whatever its serial");
    assert_eq!(zone.damaged().map(|Damaged { zone, .. }| zone), Some(damaged));
    assert_eq!(rig.zone("b.test.").version().unwrap().serial(), Serial(1));
    rig.publish("a.test.", version("a.test.", 1, 90)).unwrap();
    assert!(zone.damaged().is_none());
    let rig = rig.again(TWO).await;
    assert_eq!(rig.zone("a.test.").version().unwrap().record_count(), 91);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_has_something_else_gets_all_of_it() {
    let rig = Rig::new(TWO).await;
    rig.publish("a.test.", version("a.test.", 1, 100)).unwrap();
    let zone = rig.zone("a.test.").id();
    rig.store.commit(vec![crate::store::Write::Forget { zone }]).await.unwrap();
    rig.publish("a.test.", version("a.test.", 2, 100)).unwrap();
    let stored = rig.stored("a.test.").await;
    assert_eq!((stored.version.serial(), stored.deltas.len()), (Serial(2), 0));
    assert_eq!(records(&stored.version), records(&rig.zone("a.test.").version().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn journals_are_bounded_in_all_and_the_largest_lose_their_oldest() {
    let text = |most: u64| format!("[limits]\nmax_journals_octets = {most}\n{TWO}");
    let rig = Rig::new(&text(1 << 20)).await;
    for serial in 1..=20 {
        rig.publish("a.test.", version("a.test.", serial, 100)).unwrap();
    }
    for serial in 1..=3 {
        rig.publish("b.test.", version("b.test.", serial, 100)).unwrap();
    }
    let octets = |stored: &StoredZone| stored.deltas.iter().map(|delta| delta.octets()).sum::<u64>();
    let (a, b) = (rig.stored("a.test.").await, rig.stored("b.test.").await);
    assert_eq!((a.deltas.len(), b.deltas.len()), (19, 2));
    let most = octets(&a) / 2;
    let limits = config(&text(most)).limits;
    rig.registry.configure(&objects(&config(TWO)), &limits);
    rig.registry.keeping().flush().await;
    let (a, b) = (rig.stored("a.test.").await, rig.stored("b.test.").await);
    assert_eq!(b.deltas.len(), 2, "the smaller one loses nothing");
    assert!((2..10).contains(&a.deltas.len()), "{}", a.deltas.len());
    assert!(octets(&a) + octets(&b) <= most);
    assert!(rig.offers("a.test.", 19) && !rig.offers("a.test.", 1));
    // And it stays so while they grow.
    for serial in 21..=40 {
        rig.publish("a.test.", version("a.test.", serial, 100)).unwrap();
    }
    rig.registry.keeping().flush().await;
    assert!(octets(&rig.stored("a.test.").await) + octets(&rig.stored("b.test.").await) <= most);
    assert!(rig.offers("a.test.", 39));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cleared_backlog_is_cleared_in_the_store_with_the_next_change() {
    let rig = Rig::new(TWO).await;
    for serial in 1..=3 {
        rig.publish("a.test.", version("a.test.", serial, 200)).unwrap();
    }
    let zone = rig.zone("a.test.");
    rig.store.commit(vec![crate::store::Write::ClearDeltas { zone: zone.id() }]).await.unwrap();
    zone.clear_backlog();
    assert!(!rig.offers("a.test.", 2));
    rig.publish("a.test.", version("a.test.", 4, 200)).unwrap();
    let rig = rig.again(TWO).await;
    assert!(rig.offers("a.test.", 3) && !rig.offers("a.test.", 2));
}

/// As many blocking threads as there are, all of which wait for the store with so much that others prepare it.
#[test]
fn threads_that_wait_for_the_store_do_not_wait_for_each_other() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(2).build().unwrap();
    runtime.block_on(async {
        let rig = Rig::new(TWO).await;
        let bring = |name: &'static str| {
            let zone = rig.zone(name);
            spawn_blocking(move || zone.publish(version(name, 1, 20_000)))
        };
        let (a, b) = (bring("a.test."), bring("b.test."));
        a.await.unwrap().unwrap();
        b.await.unwrap().unwrap();
        let ids = [rig.zone("a.test.").id(), rig.zone("b.test.").id()];
        let stored = |id: Id| rig.store.zone(id);
        assert!(stored(ids[0]).await.unwrap().is_some() && stored(ids[1]).await.unwrap().is_some());
    });
}
