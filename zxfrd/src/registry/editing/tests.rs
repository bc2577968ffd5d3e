use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{JoinHandle, block_in_place, spawn_blocking};
use zxfr_core::edit::EditFault;
use zxfr_core::journal::Answer;
use zxfr_core::name::Name;
use zxfr_core::refresh::State;
use zxfr_core::wire::{Class, Record, Rtype};

use super::super::keeping::tests::fake::Fake;
use super::super::{Keeping, Registry};
use super::*;
use crate::catalog::{Catalog, Reach, ZoneWanted};
use crate::config::{self, Config};
use crate::store::{Sqlite, Store};
use crate::zone::{LoadOptions, load_text};

const APEX: &str = "a.test.";

/// A full zone that is managed here, in a store that does as it is told.
struct Rig {
    _folder: TempDir,
    store: Arc<Fake>,
    zone: Arc<Zone>,
    events: UnboundedReceiver<Event>,
}

impl Rig {
    async fn new() -> Self {
        let mut rig = Self::empty("full").await;
        let text = format!("$ORIGIN {APEX}\n@ 60 SOA . . 10 3600 600 86400 60\n@ 60 NS ns\nns 60 A 192.0.2.1\n");
        let version = load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version;
        block_in_place(|| rig.zone.publish(version)).unwrap();
        assert!(matches!(rig.events.try_recv(), Ok(Event::Changed(_))));
        rig
    }

    /// Nothing is held of the zone.
    async fn empty(kind: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Fake::new(Sqlite::open(&folder.path().join("store.db")).await.unwrap()));
        let config: Config = config::parse(
            "[api]\ntokens = [{ name = \"t\", secret = \"0123456789abcdef\", accounts = [\"*\"], access = \"write\" }]",
            Path::new("c"),
        )
        .unwrap();
        let (catalog, _) = Catalog::open(store.clone(), &config).await.unwrap();
        let by = catalog.read().tokens().next().cloned().unwrap();
        let wanted = ZoneWanted { name: APEX.to_owned(), kind: Some(kind.to_owned()), ..ZoneWanted::default() };
        catalog.create_zone(&by, wanted).await.unwrap();
        let (tell, events) = unbounded_channel();
        let registry = Registry::new(&catalog.read(), &config.limits, Keeping::new(store.clone()), tell);
        let zone = registry.zone(APEX.parse::<Name>().unwrap().as_ref()).unwrap();
        assert_eq!(catalog.read().zones(&Reach::All).count(), 1);
        Self { _folder: folder, store, zone, events }
    }

    fn edit(&self, edit: impl FnOnce(&mut Edit) -> Result<u32, String> + Send + 'static) -> JoinHandle<Ended> {
        let zone = self.zone.clone();
        spawn_blocking(move || zone.edit(Rules::default(), |e| edit(e).map(Made::new)))
    }

    fn serial(&self) -> u32 {
        self.zone.version().unwrap().serial().0
    }
}

type Ended = Result<Edited<u32>, EditFailure<String>>;

fn name(text: &str) -> Name {
    format!("{text}.{APEX}").parse().unwrap()
}

/// Adds an address.
fn add(edit: &mut Edit, owner: &str, last: u8) -> Result<u32, String> {
    put(edit, owner, Rtype::A, &[192, 0, 2, last])
}

fn put(edit: &mut Edit, owner: &str, rtype: Rtype, rdata: &[u8]) -> Result<u32, String> {
    let owner = name(owner);
    let record = Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 60, rdata };
    edit.add(&record).map(u32::from).map_err(|error| error.to_string())
}

fn addresses(version: &Version, owner: &str) -> usize {
    let owner = name(owner);
    let mut rrset = version.rrset(owner.as_ref(), Rtype::A);
    std::iter::from_fn(|| rrset.next().map(|_| ())).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_has_a_serial_and_is_served_told_and_stored() {
    let mut rig = Rig::new().await;
    let edited = rig.edit(|edit| add(edit, "x", 1)).await.unwrap().unwrap();
    assert_eq!(edited, Edited { value: 1, serial: Serial(11), changed: true });
    assert_eq!((rig.serial(), addresses(&rig.zone.version().unwrap(), "x")), (11, 1));
    assert_eq!(rig.events.try_recv(), Ok(Event::Changed(APEX.parse().unwrap())));
    let stored = rig.store.zone(rig.zone.id()).await.unwrap().unwrap().unwrap();
    assert_eq!((stored.version.serial(), stored.deltas.len()), (Serial(11), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_nothing_makes_no_version_and_what_is_written_besides_is() {
    let mut rig = Rig::new().await;
    let edited = rig.edit(|edit| put(edit, "ns", Rtype::A, &[192, 0, 2, 1])).await.unwrap().unwrap();
    assert_eq!(edited, Edited { value: 0, serial: Serial(10), changed: false });
    assert!(rig.events.try_recv().is_err());
    let (zone, served) = (rig.zone.clone(), rig.zone.clone());
    let done = Arc::new(AtomicUsize::new(0));
    let (id, seen) = (rig.zone.id(), done.clone());
    let forget = move |change: Option<&Change>| {
        assert_eq!(served.version().unwrap().serial(), Serial(10), "it is not served before it is durable");
        if change.is_some() { vec![Write::Forget { zone: id }] } else { Vec::new() }
    };
    let edit = spawn_blocking(move || {
        zone.edit(Rules::default(), |edit| {
            add(edit, "x", 1)?;
            let then = move || assert_eq!(seen.fetch_add(1, SeqCst), 0);
            Ok::<_, String>(Made { value: (), besides: Box::new(forget), then: Box::new(then) })
        })
    });
    assert!(edit.await.unwrap().unwrap().changed);
    assert_eq!(done.load(SeqCst), 1);
    assert!(rig.store.zone(id).await.unwrap().is_none(), "it was written in the same commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_wait_share_a_commit_and_each_has_its_serial() {
    let mut rig = Rig::new().await;
    rig.store.hold();
    let first = rig.edit(|edit| add(edit, "first", 1));
    rig.store.held().await;
    let waiting: Vec<_> = (0..50)
        .map(|number| {
            rig.edit(move |edit| match number {
                7 => Err("given up".to_owned()),
                8 => put(edit, "x0", Rtype::CNAME, b"\x02ns\x00"),
                _ => add(edit, &format!("x{}", number % 5), number),
            })
        })
        .collect();
    while rig.zone.held().edits().line().waiting.len() < waiting.len() {
        tokio::task::yield_now().await;
    }
    assert_eq!(rig.serial(), 10, "nothing is served before it is durable");
    rig.store.let_go();
    assert_eq!(first.await.unwrap().unwrap().serial, Serial(11));
    let (mut serials, mut failed) = (Vec::new(), Vec::new());
    for edit in waiting {
        match edit.await.unwrap() {
            Ok(edited) => serials.push(edited.serial.0),
            Err(failure) => failed.push(failure),
        }
    }
    serials.sort_unstable();
    assert_eq!(serials, (12..60).collect::<Vec<_>>());
    let given_up = |failure: &EditFailure<_>| *failure == EditFailure::GivenUp("given up".to_owned());
    let rule = |failure: &EditFailure<_>| matches!(failure, EditFailure::Rule(error) if error.fault == EditFault::CnameBeside(Rtype::A));
    assert!(failed.iter().any(given_up) && failed.iter().any(rule) && failed.len() == 2, "{failed:?}");
    let version = rig.zone.version().unwrap();
    assert_eq!((version.serial(), (0..5).map(|n| addresses(&version, &format!("x{n}"))).sum()), (Serial(59), 48));
    assert!(
        (10..59).all(|from| matches!(rig.zone.answer(&version, Serial(from)), Ok(Answer::Differences(_)) | Err(_)))
    );
    rig.events.close();
    let mut told = 0;
    while rig.events.recv().await.is_some() {
        told += 1;
    }
    assert_eq!(told, 2, "one for each commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_has_changed_when_the_store_fails() {
    let rig = Rig::new().await;
    rig.store.fail(Some(StoreError::Full));
    let failed = rig.edit(|edit| add(edit, "x", 1)).await.unwrap();
    assert_eq!(failed, Err(EditFailure::Store(StoreError::Full)));
    assert_eq!((rig.serial(), addresses(&rig.zone.version().unwrap(), "x")), (10, 0));
    rig.store.fail(None);
    assert_eq!(rig.edit(|edit| add(edit, "x", 1)).await.unwrap().unwrap().serial, Serial(11));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_panics_breaks_off_those_with_it_and_no_others() {
    let rig = Rig::new().await;
    rig.store.hold();
    let first = rig.edit(|edit| add(edit, "first", 1));
    rig.store.held().await;
    let bad = rig.edit(|_| panic!("a fault of the program"));
    let with_it = rig.edit(|edit| add(edit, "x", 1));
    while rig.zone.held().edits().line().waiting.len() < 2 {
        tokio::task::yield_now().await;
    }
    rig.store.let_go();
    assert!(first.await.unwrap().is_ok());
    // Whichever of the two came first performed both.
    let ends = [bad.await.map_err(|_| ()), with_it.await.map_err(|_| ())];
    assert!(ends.iter().all(|end| matches!(end, Err(()) | Ok(Err(EditFailure::Broken)) | Ok(Ok(_)))), "{ends:?}");
    assert!(rig.edit(|edit| add(edit, "y", 1)).await.unwrap().unwrap().changed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_transferred_is_ours_once_it_is_changed() {
    let rig = Rig::new().await;
    assert!(rig.zone.is_ours(), "it was published here");
    rig.zone.held().set_ours(false);
    let confirmed = State { last_success: Some(UnixTime(7)), expires: Some(UnixTime(1 << 40)), ..State::default() };
    rig.zone.set_state(confirmed, false);
    rig.edit(|_| Ok(0)).await.unwrap().unwrap();
    assert_eq!((rig.zone.state(), rig.zone.is_ours()), (confirmed, false), "nothing was changed");
    rig.edit(|edit| add(edit, "new", 1)).await.unwrap().unwrap();
    assert!(rig.zone.is_ours() && rig.zone.state() == State::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_of_which_nothing_is_held_begins() {
    let rig = Rig::empty("full").await;
    rig.store.fail(Some(StoreError::Full));
    assert_eq!(rig.edit(|edit| add(edit, "x", 1)).await.unwrap(), Err(EditFailure::Empty));
    rig.store.fail(None);
    let edited = rig.edit(|edit| add(edit, "x", 1)).await.unwrap().unwrap();
    assert_eq!((edited.serial, rig.zone.version().unwrap().record_count()), (Serial(2), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_be_edited_says_why() {
    let rig = Rig::empty("secondary").await;
    let failed = rig.edit(|edit| add(edit, "x", 1)).await.unwrap().unwrap_err();
    assert!(matches!(failed, EditFailure::ReadOnly(why) if why.contains("primaries")), "{failed}");
}
