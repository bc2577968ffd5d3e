use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::{block_in_place, spawn_blocking};
use zxfr_core::name::Name;
use zxfr_core::wire::Rtype;

use super::super::keeping::tests::fake::Fake;
use super::super::{Keeping, Registry};
use super::*;
use crate::catalog::{Catalog, ZoneWanted};
use crate::config::{self, Config};
use crate::records::{Change, Given, Wanted, look_up};
use crate::store::{Sqlite, Store, StoreError};
use crate::zone::{LoadOptions, load_text};

const APEX: &str = "a.test.";
const SINCE: Time = Time(7);

/// A registry with a full zone, in a store that does as it is told.
struct Rig {
    folder: TempDir,
    store: Arc<Fake>,
    config: Config,
    zone: Arc<Zone>,
}

impl Rig {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let token =
            "[api]\ntokens = [{ name = \"t\", secret = \"0123456789abcdef\", accounts = [\"*\"], access = \"write\" }]";
        let config: Config = config::parse(token, Path::new("c")).unwrap();
        let store = Arc::new(Fake::new(Sqlite::open(&folder.path().join("store.db")).await.unwrap()));
        let (catalog, _) = Catalog::open(store.clone(), &config).await.unwrap();
        let by = catalog.read().tokens().next().cloned().unwrap();
        let wanted = ZoneWanted { name: APEX.to_owned(), kind: Some("full".to_owned()), ..ZoneWanted::default() };
        catalog.create_zone(&by, wanted).await.unwrap();
        let zone = Self::zone(&store, &config).await;
        let text = format!("$ORIGIN {APEX}\n@ 60 SOA . . 10 3600 600 86400 60\n@ 60 NS ns\nns 60 A 192.0.2.1\n");
        let version = load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version;
        block_in_place(|| zone.publish(version)).unwrap();
        Self { folder, store, config, zone }
    }

    /// The zone as the store has it.
    async fn zone(store: &Arc<Fake>, config: &Config) -> Arc<Zone> {
        let (catalog, _) = Catalog::open(store.clone(), config).await.unwrap();
        let (tell, _) = unbounded_channel();
        let registry = Registry::new(&catalog.read(), &config.limits, Keeping::new(store.clone()), tell);
        registry.restore().await.unwrap();
        registry.zone(APEX.parse::<Name>().unwrap().as_ref()).unwrap()
    }

    async fn restarted(self) -> Self {
        let Self { folder, store, config, zone } = self;
        store.close().await;
        drop((store, zone));
        let store = Arc::new(Fake::new(Sqlite::open(&folder.path().join("store.db")).await.unwrap()));
        let zone = Self::zone(&store, &config).await;
        Self { folder, store, config, zone }
    }

    async fn change(&self, changes: Vec<Change>) -> Result<Vec<Changed>, EditFailure<(usize, Fault)>> {
        let zone = self.zone.clone();
        spawn_blocking(move || zone.change_records(SINCE, changes)).await.unwrap().map(|edited| edited.value)
    }

    async fn one(&self, change: Change) -> Changed {
        self.change(vec![change]).await.unwrap().remove(0)
    }

    fn comment(&self, id: Id) -> Option<Option<String>> {
        self.zone.look(|version, book| {
            let (_, note) = look_up(version.unwrap(), book, self.zone.id(), id)?;
            Some(note.and_then(|note| note.comment.clone()))
        })
    }

    async fn stored(&self) -> usize {
        self.store.zone(self.zone.id()).await.unwrap().unwrap().unwrap().notes.len()
    }
}

fn post(name: &str, content: &str) -> Change {
    let given = Given { content: Some(content.to_owned()), ..Given::default() };
    Change::Post(Wanted { name: Some(name.to_owned()), rtype: Some(Rtype::A), given, ..Wanted::default() })
}

fn comment(id: Id, text: &str) -> Change {
    Change::Patch(id, Wanted { comment: Some(Some(text.to_owned())), ..Wanted::default() })
}

fn content(id: Id, text: &str) -> Change {
    let given = Given { content: Some(text.to_owned()), ..Given::default() };
    Change::Patch(id, Wanted { given, ..Wanted::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_and_comments_are_there_after_a_restart() {
    let rig = Rig::new().await;
    let made = rig.one(post("x", "192.0.2.7")).await.id;
    rig.one(comment(made, "a comment")).await;
    rig.one(content(made, "192.0.2.8")).await;
    let gone = rig.one(post("y", "192.0.2.7")).await.id;
    rig.one(Change::Delete(gone)).await;
    assert_eq!(rig.zone.version().unwrap().serial().0, 14, "a comment makes no version");
    let rig = rig.restarted().await;
    assert_eq!(rig.comment(made), Some(Some("a comment".to_owned())));
    assert_eq!((rig.comment(gone), rig.stored().await), (None, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_goes_in_the_commit_that_deletes_its_record_whoever_does() {
    let rig = Rig::new().await;
    let made = rig.one(post("x", "192.0.2.7")).await;
    assert_eq!(rig.stored().await, 1);
    let (zone, owner) = (rig.zone.clone(), made.found.owner.clone());
    let edit = move |edit: &mut Edit| Ok::<_, ()>(Made::new(edit.delete_rrset(owner.as_ref(), Rtype::A)));
    spawn_blocking(move || zone.edit(Rules::default(), edit)).await.unwrap().unwrap();
    assert_eq!((rig.comment(made.id), rig.stored().await), (None, 0));
    // The same record once more is another.
    assert_ne!(rig.one(post("x", "192.0.2.7")).await.id, made.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_noted_when_the_store_fails() {
    let rig = Rig::new().await;
    let made = rig.one(post("x", "192.0.2.7")).await.id;
    rig.store.fail(Some(StoreError::Full));
    let failed = rig.change(vec![comment(made, "lost")]).await.unwrap_err();
    assert_eq!(failed, EditFailure::Store(StoreError::Full));
    assert!(rig.change(vec![Change::Delete(made)]).await.is_err());
    assert_eq!(rig.comment(made), Some(None));
    rig.store.fail(None);
    rig.one(post("y", "192.0.2.7")).await;
    assert_eq!(rig.comment(made), Some(None), "nor by the next one");
    rig.one(Change::Delete(made)).await;
    assert_eq!((rig.comment(made), rig.stored().await), (None, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_changed_twice_in_one_commit_is_found_both_times() {
    let rig = Rig::new().await;
    let id = rig.zone.look(|version, book| {
        let (version, mut id) = (version.unwrap(), None);
        let mut records = version.records();
        while let Some(record) = records.next() {
            if record.rtype == Rtype::A {
                id = Some(records::shown_id(book, records::derived_id(rig.zone.id(), version.apex(), &record)));
            }
        }
        id.unwrap()
    });
    rig.store.hold();
    let change = |change: Change| {
        let zone = rig.zone.clone();
        spawn_blocking(move || zone.change_records(SINCE, vec![change]))
    };
    let first = change(post("first", "192.0.2.7"));
    rig.store.held().await;
    let others: Vec<_> = (2..30).map(|last| change(content(id, &format!("192.0.2.{last}")))).collect();
    while rig.zone.held().edits().waiting() < others.len() {
        tokio::task::yield_now().await;
    }
    rig.store.let_go();
    first.await.unwrap().unwrap();
    for other in others {
        assert_eq!(other.await.unwrap().unwrap().value[0].id, id);
    }
    let version = rig.zone.version().unwrap();
    // One at ns, however often it was another, and one at first.
    assert_eq!((version.record_count(), version.serial().0), (4, 39));
    assert_eq!((rig.comment(id), rig.stored().await), (Some(None), 2));
}
