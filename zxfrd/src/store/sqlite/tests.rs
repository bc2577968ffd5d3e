//! What is written comes back, whatever happens.

mod crash;
mod cuts;
mod faults;
mod objects;
mod zones;

use super::*;
use crate::catalog::{Id, Time};
use sqlx::{AssertSqlSafe, Connection};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use tempfile::TempDir;
use zxfr_core::name::Name;
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Builder, Delta, Version};

/// The id of a zone.
pub(super) fn id(number: u8) -> Id {
    Id([number; 16])
}

/// A folder for a store, and the store's file in it.
pub(super) fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    (folder, path)
}

/// Writes a file of a store, for its owner alone as a store makes it.
fn put(path: &Path, octets: &[u8]) {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(octets).unwrap();
}

/// A version of `example.` with so many names, of which those in `changed` have another address than the others.
pub(super) fn version(serial: u32, names: u32, changed: &[u32]) -> Arc<Version> {
    let apex: Name = "example.".parse().unwrap();
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::NONE);
    let numbers = [serial, 3600, 600, 86_400, 60].map(u32::to_be_bytes).concat();
    let soa = [&b"\x02ns\x07example\0\x04mail\x07example\0"[..], &numbers].concat();
    let mut push = |owner: &Name, rtype, rdata: &[u8]| {
        let record = Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 300, rdata };
        builder.push(&record).unwrap();
    };
    push(&apex, Rtype::SOA, &soa);
    for name in 0..names {
        let owner: Name = format!("n{name:06}.example.").parse().unwrap();
        let [a, b, c, d] = name.to_be_bytes();
        push(&owner, Rtype::A, &[if changed.contains(&name) { 10 } else { 9 } ^ a, b, c, d]);
        push(&owner, Rtype::TXT, &[&[40][..], &[b'x'; 40]].concat());
    }
    Arc::new(builder.finish().unwrap().0)
}

/// Some serials of a zone in which each differs from the one before in a few names: versions, and the deltas between them.
fn history(names: u32, serials: u32) -> (Vec<Arc<Version>>, Vec<Arc<Delta>>) {
    let version = |serial| version(serial, names, &[serial, serial * 7 % names.max(1)]);
    let versions: Vec<_> = (1..=serials).map(version).collect();
    let deltas = versions.windows(2).map(|pair| Arc::new(pair[0].diff(&pair[1]).unwrap())).collect();
    (versions, deltas)
}

/// All records of a version, in order.
fn records(version: &Version) -> Vec<String> {
    let (mut records, mut listed) = (version.records(), Vec::new());
    while let Some(record) = records.next() {
        listed.push(format!("{record:?}"));
    }
    listed
}

pub(super) fn checkpoint(zone: u8, version: &Arc<Version>) -> Write {
    Write::Checkpoint { zone: id(zone), version: Arc::clone(version) }
}

fn delta(zone: u8, delta: &Arc<Delta>) -> Write {
    Write::Delta { zone: id(zone), delta: Arc::clone(delta) }
}

/// All zones that a store gives.
async fn zones(store: &dyn Store) -> BTreeMap<Id, Result<StoredZone, Damaged>> {
    let mut zones = BTreeMap::new();
    let mut sink = |zone: Result<StoredZone, Damaged>| {
        let id = zone.as_ref().map_or_else(|damaged| damaged.zone, |zone| zone.zone);
        assert!(zones.insert(id, zone).is_none(), "a zone twice");
    };
    store.zones(&mut sink).await.unwrap();
    zones
}

pub(super) async fn zone(store: &dyn Store, number: u8) -> StoredZone {
    store.zone(id(number)).await.unwrap().unwrap().unwrap()
}

/// What is held is this version, offered with these deltas.
fn assert_holds(zone: &StoredZone, version: &Version, deltas: &[Arc<Delta>]) {
    assert_eq!(records(&zone.version), records(version));
    assert!(zone.version.is_settled());
    let octets = |deltas: &[Arc<Delta>]| deltas.iter().map(|delta| delta.to_octets()).collect::<Vec<_>>();
    assert!(octets(&zone.deltas) == octets(deltas), "{:?} and not {deltas:?}", zone.deltas);
}

/// Does something to the database behind the store's back; gives what it selects.
pub(super) async fn behind(path: &Path, sql: impl Into<String>) -> Vec<i64> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = sqlx::sqlite::SqliteConnection::connect_with(&options).await.unwrap();
    let sql: String = sql.into();
    let numbers = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    numbers
}
