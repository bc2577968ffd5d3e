//! Versions that are held, published, rejected; earlier ones.

use std::path::Path;

use super::*;
use crate::catalog::{Review, ReviewState};
use crate::registry;
use crate::zone::{LoadOptions, load_text};

fn version(serial: u32, records: &str) -> Arc<Version> {
    let text = format!("$ORIGIN example.com.\n@ 60 SOA . . {serial} 1 1 1 1\n@ 60 NS ns\n{records}");
    Arc::new(load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version)
}

#[tokio::test]
async fn what_is_held_is_shown_with_what_is_different() {
    let world = World::new().await;
    let zone = world.zone("example.com", "secondary").await;
    let path = format!("/zones/{zone}/review");
    assert_eq!(world.get(&path, READER).await.body["result"], Value::Null);
    let review = Review { state: ReviewState::Pending, reasons: vec!["every version is held".into()], since: Time(0) };
    let received = registry::Received { version: version(9, "a 60 A 192.0.2.1\n"), review: Arc::new(review) };
    let served = version(8, "b 60 A 192.0.2.1\nc 60 A 192.0.2.1\n");
    *world.node.held_back.lock().unwrap() = Some(HeldVersion { received, served });
    let answer = world.get(&format!("{path}?per_page=1"), READER).await;
    let expected = json!({
        "state": "pending", "reasons": ["every version is held"], "since": "1970-01-01T00:00:00.000000Z", "serial": 9, "records": 3,
        "served_serial": 8, "served_records": 4,
        "difference": {
            "removed_count": 2, "added_count": 1,
            "removed": ["b.example.com.\t60\tIN\tA\t192.0.2.1"], "added": ["a.example.com.\t60\tIN\tA\t192.0.2.1"],
        },
    });
    assert_eq!(answer.result(), &expected);
}

#[tokio::test]
async fn decisions_are_passed_on_and_need_a_token_that_writes() {
    let world = World::new().await;
    let zone = world.zone("example.com", "secondary").await;
    let path = |what: &str| format!("/zones/{zone}/{what}");
    for what in ["review/publish", "review/reject"] {
        world.raw("POST", &path(what), READER, "").await.refused(403, 10_000);
        world.raw("POST", &path(what), BOB, "").await.refused(404, 1001);
        assert_eq!(world.raw("POST", &path(what), ALICE, "").await.result(), &json!({"serial": 10}));
    }
    let rollback = path("rollback");
    world.post(&rollback, ALICE, json!({})).await.refused_at(400, 1000, "/serial");
    world.post(&rollback, ALICE, json!({"serial": -1})).await.refused_at(400, 1000, "/serial");
    world.post(&rollback, ALICE, json!({"serial": 4_294_967_296_u64})).await.refused_at(400, 1000, "/serial");
    world.post(&rollback, ALICE, json!({"serial": 7})).await.refused_at(400, 1707, "/serial");
    assert_eq!(world.post(&rollback, ALICE, json!({"serial": 8.0})).await.result(), &json!({"serial": 10}));
    let decided = world.node.decided.lock().unwrap().clone();
    assert_eq!(decided[..2], [Decision::Publish, Decision::Reject]);
    assert_eq!(decided[3], Decision::RollBack(Serial(8)));
    let versions = world.get(&path("versions"), READER).await;
    let expected = json!([
        {"serial": 9, "served": true, "removed_count": 0, "added_count": 0},
        {"serial": 8, "served": false, "removed_count": 1, "added_count": 2},
    ]);
    assert_eq!(versions.result(), &expected);
}
