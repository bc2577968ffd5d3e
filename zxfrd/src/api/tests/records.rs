//! Records of zones.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::zone::{LoadOptions, first_difference, load_text};

#[tokio::test]
async fn a_zone_is_exported_as_a_zone_file() {
    let world = World::new().await;
    let zone = world.zone("example.com", "secondary").await;
    let path = format!("/zones/{zone}/dns_records/export");
    world.get(&path, ALICE).await.refused(404, 1506);
    // Several parts, the last of them short.
    let mut text = "$ORIGIN example.com.\n@ 60 SOA . . 7 1 1 1 1\n".to_owned();
    for number in 0..10_000 {
        writeln!(text, "n{number} 300 TXT \"number {number}\"").unwrap();
    }
    let load = |text: &[u8]| load_text(text, Path::new("z"), &LoadOptions::default()).unwrap().version;
    let version = Arc::new(load(text.as_bytes()));
    *world.node.version.lock().unwrap() = Some(version.clone());
    let answer = world.get(&path, READER).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(first_difference(&load(&answer.octets), &version), None);
    world.get(&path, BOB).await.refused(404, 1001);
    world.get(&path, WATCHER).await.refused(403, 10000);
}
