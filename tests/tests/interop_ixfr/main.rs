//! zxfrd and real servers keep each other in step over consecutive versions of .gov and of
//! a blocklist, all signed: each version is announced by NOTIFY and fetched by IXFR, and
//! after it every server holds the same, octet for octet.
//!
//! That a transfer was an IXFR is read from the log or the counters of the other server and
//! from zxfrd's log; its size is held against what `knotd` sends for the same step.

mod hub;
mod primary;

use std::net::SocketAddr;
use std::path::Path;
use std::time::SystemTime;

use zxfr_core::name::Name;
use zxfr_core::time::UnixTime;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Key, sign_request};
use zxfr_tests::client::Ixfr;
use zxfr_tests::history::{History, Source, Step};
use zxfr_tests::line;
use zxfr_tests::peer::DEADLINE;
use zxfr_tests::records::Record;
use zxfr_tests::tsig::{Algorithm, TsigKey};
use zxfr_tests::wire::Draft;
use zxfr_tests::zones::Changing;
use zxfr_tests::zxfr::Zxfrd;

/// What is played: a history, the steps that are skipped, and how many follow. .gov begins
/// where its serial no longer goes back.
const PARTS: [(Source, usize, usize); 2] = [(Source::Gov, 17, 20), (Source::HageziLight, 0, 10)];

/// The histories; `None` without the corpus.
fn histories() -> Option<Vec<History>> {
    PARTS.into_iter().map(|(source, ..)| History::open(source).unwrap()).collect()
}

/// The zones in the files that the steps begin with.
fn zones<'h>(dir: &Path, histories: &'h [History]) -> Vec<Changing<'h>> {
    let parts = PARTS.into_iter().zip(histories);
    parts.map(|((_, skipped, count), history)| Changing::new(dir, history, skipped, count).unwrap()).collect()
}

/// Writes the next version of each zone that has one; gives these zones with their steps,
/// and nothing when all are through.
fn advance<'z, 'h>(zones: &'z mut [Changing<'h>]) -> Vec<(&'z Changing<'h>, Step<'h>)> {
    zones
        .iter_mut()
        .filter_map(|zone| Some((zone.advance().unwrap()?, &*zone)))
        .map(|(step, zone)| (zone, step))
        .collect()
}

fn key() -> TsigKey {
    TsigKey::new("step.key.example.", Algorithm::Sha256)
}

/// What a server holds of a zone in its present version; asked with this key, if any.
fn held(server: SocketAddr, zone: &Changing<'_>, key: Option<&TsigKey>) -> Vec<Record> {
    zone.given_by(server, &request(&zone.zone().name, key)).unwrap()
}

/// Waits until zxfrd holds these zones: another server that asks for one before has its next try a minute later only.
fn wait_until_held(zxfrd: &mut Zxfrd, zones: &[Changing<'_>], key: &TsigKey) {
    let server = zxfrd.address();
    for zone in zones {
        let request = request(&zone.zone().name, Some(key));
        zxfrd.process().wait_for("whole zone", DEADLINE, || zone.given_by(server, &request)).unwrap();
    }
}

/// A request for a whole zone, signed with this key, if any.
fn request(zone: &str, key: Option<&TsigKey>) -> Vec<u8> {
    let mut request = Draft::request(1, zone, 252).octets();
    if let Some(key) = key {
        let name: Name = key.name.parse().unwrap();
        let key = Key::<Hmac>::new(name.as_ref(), key.algorithm.name().parse().unwrap(), &key.secret).unwrap();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let length = request.len();
        request.resize(length + 600, 0);
        let (length, _) = sign_request(&key, &mut request, length, UnixTime(now)).unwrap();
        request.truncate(length);
    }
    request
}

/// Fails unless an answer to IXFR is just this step.
fn assert_step(case: &str, answer: &Ixfr, step: &Step<'_>) {
    let read = |lines: &[&str]| {
        let mut records: Vec<_> = lines.iter().map(|text| line::read(text).unwrap()).collect();
        records.sort();
        records
    };
    let [old, new] = [step.old_soa, step.new_soa].map(|soa| line::read(soa).unwrap());
    let (deleted, added) = (step.deletions.len(), step.additions.len());
    assert_eq!(answer.records.len(), deleted + added + 4, "{case}");
    let at = |at: usize| &answer.records[at];
    assert_eq!([at(0), at(1), at(deleted + 2), at(deleted + added + 3)], [&new, &old, &new, &new], "{case}");
    let sorted = |range: std::ops::Range<usize>| {
        let mut records = answer.records[range].to_vec();
        records.sort();
        records
    };
    assert!(sorted(2..deleted + 2) == read(&step.deletions), "{case}: other deletions");
    assert!(sorted(deleted + 3..deleted + added + 3) == read(&step.additions), "{case}: other additions");
}
