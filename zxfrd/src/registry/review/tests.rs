//! Versions that are held, rejected, taken up again.

use tokio::task::block_in_place;
use zxfr_core::name::Name;
use zxfr_core::zone::{Change, Style, Summary};
use zxfr_io::Incoming;

use super::super::keeping::tests::{Rig, records, version};
use super::super::renumber::with_digest;
use super::*;
use crate::store::Store;

const HELD: &str = r#"
[[peer]]
name = "p"
ip = "192.0.2.1"
[[zone]]
name = "a.test"
incoming = { peers = ["p"] }
outgoing = { peers = ["p"] }
publish = "hold-if"
hold_if = { shrink_percent = 30 }
"#;

const A: &str = "a.test.";

fn apex() -> Name {
    A.parse().unwrap()
}

/// What a transfer brings, as the secondary makes it of what it has.
fn come(rig: &Rig, newer: Version) -> Result<Placed, PublishError> {
    let held = Incoming::held(&*rig.registry, apex().as_ref());
    let (version, deltas) = match &held {
        Some(held) => {
            let (version, delta) = held.merge(newer).unwrap();
            (version, vec![Arc::new(delta)])
        }
        None => (newer, Vec::new()),
    };
    let change = Change { held, version: Arc::new(version), deltas, style: Style::Whole, summary: Summary::default() };
    block_in_place(|| rig.zone(A).install(change))
}

fn served(rig: &Rig) -> u32 {
    rig.zone(A).version().unwrap().serial().0
}

/// The records of a zone but its SOA.
fn data(version: &Version) -> Vec<String> {
    records(version).split_off(1)
}

fn state(rig: &Rig) -> Option<(u32, ReviewState)> {
    rig.zone(A).received().map(|received| (received.version.serial().0, received.review.state))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_held_while_the_one_before_is_served_until_somebody_publishes_it() {
    let rig = Rig::new(HELD).await;
    for serial in [1, 2] {
        assert!(matches!(come(&rig, version(A, serial, 100)), Ok(Placed::Served(_))));
    }
    let Ok(Placed::Held(review)) = come(&rig, version(A, 3, 60)) else { panic!("it has lost 40 %") };
    assert!(review.to_string().starts_with("shrink_percent: 40 of 101 records are gone"), "{review}");
    assert_eq!((served(&rig), state(&rig)), (2, Some((3, ReviewState::Pending))));
    assert_eq!(
        Incoming::held(&*rig.registry, apex().as_ref()).unwrap().serial(),
        Serial(3),
        "no need to transfer it again"
    );
    // The next one is looked at anew, by what is served.
    assert!(matches!(come(&rig, version(A, 4, 62)), Ok(Placed::Held(_))));
    let rig = rig.again(HELD).await;
    assert_eq!((served(&rig), state(&rig)), (2, Some((4, ReviewState::Pending))));
    let published = block_in_place(|| rig.zone(A).publish_received()).unwrap();
    assert_eq!((published.serial(), state(&rig)), (Serial(4), None));
    assert_eq!(data(&published), data(&version(A, 4, 62)));
    assert!(rig.offers(A, 1) && rig.offers(A, 2));
    assert_eq!(block_in_place(|| rig.zone(A).publish_received()).unwrap_err(), ReviewFailure::Nothing);
    assert!(matches!(come(&rig, version(A, 5, 62)), Ok(Placed::Served(_))));
    let rig = rig.again(HELD).await;
    assert_eq!((served(&rig), state(&rig)), (5, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rejected_is_not_served_and_what_follows_is() {
    let rig = Rig::new(HELD).await;
    come(&rig, version(A, 1, 100)).unwrap();
    assert_eq!(block_in_place(|| rig.zone(A).reject_received()).unwrap_err(), ReviewFailure::Nothing);
    come(&rig, version(A, 2, 10)).unwrap();
    block_in_place(|| rig.zone(A).reject_received()).unwrap();
    assert_eq!((served(&rig), state(&rig)), (1, Some((2, ReviewState::Rejected))));
    let rig = rig.again(HELD).await;
    assert_eq!((served(&rig), state(&rig)), (1, Some((2, ReviewState::Rejected))));
    assert_eq!(block_in_place(|| rig.zone(A).reject_received()).unwrap_err(), ReviewFailure::Nothing, "it is already");
    // Differences from what was rejected.
    assert!(matches!(come(&rig, version(A, 3, 100)), Ok(Placed::Served(_))));
    assert_eq!((served(&rig), state(&rig)), (3, None));
    assert_eq!(data(&rig.zone(A).version().unwrap()), data(&version(A, 3, 100)));
    assert!(rig.offers(A, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn serials_grow_when_an_earlier_version_is_taken_up_and_primaries_go_on() {
    let rig = Rig::new(HELD).await;
    for serial in 1..=4 {
        come(&rig, version(A, serial, 100)).unwrap();
    }
    let kept: Vec<_> = rig.zone(A).kept_versions().iter().map(|kept| kept.serial.0).collect();
    assert_eq!(kept, [4, 3, 2, 1]);
    let back = |to| block_in_place(|| rig.zone(A).roll_back(Serial(to)));
    assert_eq!(back(9).unwrap_err(), ReviewFailure::NotKept(Serial(9)));
    assert_eq!(back(4).unwrap_err(), ReviewFailure::Served(Serial(4)));
    assert_eq!(back(2).unwrap().serial(), Serial(5));
    assert_eq!(data(&rig.zone(A).version().unwrap()), data(&version(A, 2, 100)));
    assert_eq!(state(&rig), Some((4, ReviewState::Rejected)));
    assert_eq!(back(3).unwrap().serial(), Serial(6), "further back and forth");
    assert_eq!(data(&rig.zone(A).version().unwrap()), data(&version(A, 3, 100)));
    // The primary has serial 4, and then 5: less than what is served.
    come(&rig, version(A, 5, 100)).unwrap();
    assert_eq!((served(&rig), state(&rig)), (7, Some((5, ReviewState::Renumbered))));
    assert_eq!(data(&rig.zone(A).version().unwrap()), data(&version(A, 5, 100)));
    let rig = rig.again(HELD).await;
    assert_eq!((served(&rig), state(&rig)), (7, Some((5, ReviewState::Renumbered))));
    come(&rig, version(A, 6, 100)).unwrap();
    assert_eq!((served(&rig), state(&rig)), (8, Some((6, ReviewState::Renumbered))));
    come(&rig, version(A, 9, 100)).unwrap();
    assert_eq!((served(&rig), state(&rig)), (9, None), "its own serial again");
    assert!((4..9).all(|serial| rig.offers(A, serial)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_stored_changes_nothing() {
    let rig = Rig::new(HELD).await;
    come(&rig, version(A, 1, 100)).unwrap();
    rig.store.fail(Some(StoreError::Full));
    assert!(matches!(come(&rig, version(A, 2, 10)), Err(PublishError::Store(_))));
    assert_eq!(state(&rig), None);
    rig.store.fail(None);
    come(&rig, version(A, 2, 10)).unwrap();
    rig.store.fail(Some(StoreError::Full));
    let zone = rig.zone(A);
    assert!(matches!(block_in_place(|| zone.publish_received()), Err(ReviewFailure::Store(_))));
    assert!(matches!(block_in_place(|| zone.reject_received()), Err(ReviewFailure::Store(_))));
    assert_eq!((served(&rig), state(&rig)), (1, Some((2, ReviewState::Pending))));
    rig.store.fail(None);
    assert_eq!(block_in_place(|| zone.publish_received()).unwrap().serial(), Serial(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_it_is_left_when_the_zone_is_gone() {
    let rig = Rig::new(HELD).await;
    come(&rig, version(A, 1, 100)).unwrap();
    come(&rig, version(A, 2, 10)).unwrap();
    let lane = lane_id(rig.zone(A).id());
    assert!(rig.store.zone(lane).await.unwrap().is_some());
    let rig = rig.again("").await;
    assert!(rig.store.zone(lane).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_digest_is_told_or_has_the_version_rejected() {
    let wrong = |serial| {
        let made = with_digest(&version(A, serial, 5)).unwrap().unwrap();
        renumbered_wrongly(&made, serial + 1)
    };
    for (policy, taken) in [("off", true), ("warn", true), ("reject", false)] {
        let rig = Rig::new(&HELD.replace("publish = \"hold-if\"", &format!("zonemd = {policy:?}"))).await;
        come(&rig, with_digest(&version(A, 1, 5)).unwrap().unwrap()).unwrap();
        let came = come(&rig, wrong(2));
        assert_eq!(came.is_ok(), taken, "{policy}: {came:?}");
        assert!(taken || matches!(came, Err(PublishError::Digest(_))));
        assert_eq!(served(&rig), if taken { 3 } else { 1 });
    }
}

/// A version with another serial, and the digest of before.
fn renumbered_wrongly(version: &Version, serial: u32) -> Version {
    let text: String = {
        let mut octets = Vec::new();
        let mut all = version.records();
        while let Some(record) = all.next() {
            crate::zonefile::write_record(record.into(), &mut octets);
        }
        String::from_utf8(octets).unwrap()
    };
    let before = version.serial().0;
    let text = text.replacen(&format!(" {before} "), &format!(" {serial} "), 1);
    let options = crate::zone::LoadOptions::default();
    let version = crate::zone::load_text(text.as_bytes(), "z".as_ref(), &options).unwrap().version;
    assert_eq!(version.serial(), Serial(serial));
    version
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_of_a_file_say_their_digest_where_that_is_asked_for() {
    const FILE: &str = "[[zone]]\nname = \"a.test\"\nfile = \"a\"\nzonemd_generate = true\n";
    let rig = Rig::new(FILE).await;
    let zone = rig.zone(A);
    for serial in [1, 2] {
        let version = zone.digested(version(A, serial, 100));
        let served = block_in_place(|| zone.publish(version)).unwrap();
        assert_eq!((served.serial(), served.record_count()), (Serial(serial), 102));
        assert!(gate::wrong_digest(&served).is_none());
    }
    assert!(rig.offers(A, 1));
    let plain = Rig::new(&FILE.replace("true", "false")).await;
    assert_eq!(plain.zone(A).digested(version(A, 1, 5)).record_count(), 6);
}
