//! What is written, as octets with checksums.

use super::StoreError;
use crate::catalog::{Audit, Id, Object, ObjectKey, Origin, Review};
use crate::records::Note;
use crate::store::Write;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::thread;
use tokio::sync::oneshot;
use zxfr_core::refresh::State;
use zxfr_core::zone::{Delta, Page, Part, Version};

/// A SHA-256.
pub(super) type Checksum = [u8; 32];

/// Octets of pages from which on it is worth a thread to digest them.
const MANY: u64 = 65_536;

/// Pages for which another thread is worth it.
const PAGES_EACH: usize = 128;

/// A write that only has to be carried out. It may be carried out more than once.
pub(super) enum Prepared {
    Put(Object),
    Delete(ObjectKey),
    Delta(PreparedDelta),
    Checkpoint(PreparedCheckpoint),
    TrimDeltas { zone: Id, keep: usize },
    State { zone: Id, state: State },
    Note(Arc<Note>),
    DropNote { zone: Id, id: Id },
    Review { zone: Id, review: Arc<Review> },
    Forget { zone: Id },
    Audit(Audit),
}

impl Prepared {
    /// The octets of the versions and deltas in it.
    pub(super) fn octets(&self) -> u64 {
        match self {
            Self::Delta(delta) => delta.octets.len() as u64,
            Self::Checkpoint(checkpoint) => checkpoint.size,
            _ => 0,
        }
    }
}

pub(super) struct PreparedDelta {
    pub(super) zone: Id,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) octets: Arc<Vec<u8>>,
}

pub(super) struct PreparedCheckpoint {
    pub(super) zone: Id,
    pub(super) serial: i64,
    pub(super) apex: Vec<u8>,
    pub(super) size: u64,
    pub(super) pages: Vec<PreparedPage>,
}

pub(super) struct PreparedPage {
    pub(super) part: Part,
    pub(super) checksum: Checksum,
    pub(super) page: Page,
}

/// What there is to be written; where that is much work, on a thread of its own: those who wait for it may have all blocking ones.
pub(super) async fn prepare(writes: Vec<Write>) -> Result<Vec<Prepared>, StoreError> {
    let octets = |write: &Write| match write {
        Write::Delta { delta, .. } => delta.octets(),
        Write::Checkpoint { version, .. } => version.octets(),
        _ => 0,
    };
    if writes.iter().map(octets).fold(0, u64::saturating_add) < MANY {
        return writes.into_iter().map(prepared).collect();
    }
    let (done, work) = oneshot::channel();
    let prepare = move || drop(done.send(writes.into_iter().map(prepared).collect()));
    let failed = |error: &dyn std::fmt::Display| StoreError::Failed(error.to_string());
    thread::Builder::new().name("store".to_owned()).spawn(prepare).map_err(|error| failed(&error))?;
    work.await.map_err(|error| failed(&error))?
}

fn prepared(write: Write) -> Result<Prepared, StoreError> {
    Ok(match write {
        Write::Put(object) => {
            if origin(&object) == Origin::Declared {
                return Err(StoreError::Refused(format!("{:?} is declared", object.key())));
            }
            Prepared::Put(object)
        }
        Write::Delete(key) => Prepared::Delete(key),
        Write::Delta { zone, delta } => Prepared::Delta(delta_of(zone, &delta)),
        Write::Checkpoint { zone, version } => Prepared::Checkpoint(checkpoint_of(zone, &version)),
        Write::ClearDeltas { zone } => Prepared::TrimDeltas { zone, keep: 0 },
        Write::TrimDeltas { zone, keep } => Prepared::TrimDeltas { zone, keep },
        Write::State { zone, state } => Prepared::State { zone, state },
        Write::Note(note) => Prepared::Note(note),
        Write::DropNote { zone, id } => Prepared::DropNote { zone, id },
        Write::Review { zone, review } => Prepared::Review { zone, review },
        Write::Forget { zone } => Prepared::Forget { zone },
        Write::Audit(audit) => Prepared::Audit(audit),
    })
}

fn origin(object: &Object) -> Origin {
    match object {
        Object::Account(account) => account.origin,
        Object::Token(token) => token.origin,
        Object::Tsig(tsig) => tsig.origin,
        Object::Peer(peer) => peer.origin,
        Object::Acl(acl) => acl.origin,
        Object::Zone(zone) => zone.origin,
        Object::Incoming(incoming) => incoming.origin,
        Object::Outgoing(outgoing) => outgoing.origin,
        Object::Policy(policy) => policy.origin,
        Object::Settings(_) | Object::Alerting(_) => Origin::Managed,
    }
}

fn delta_of(zone: Id, delta: &Delta) -> PreparedDelta {
    PreparedDelta { zone, from: delta.from().0.into(), to: delta.to().0.into(), octets: Arc::new(delta.to_octets()) }
}

fn checkpoint_of(zone: Id, version: &Version) -> PreparedCheckpoint {
    let pages = version.stored_pages().map(|(part, page)| PreparedPage { part, checksum: [0; 32], page: page.clone() });
    let mut pages: Vec<PreparedPage> = pages.collect();
    digest(&mut pages);
    let size = pages.iter().map(|page| page.page.len() as u64).sum();
    PreparedCheckpoint {
        zone,
        serial: version.serial().0.into(),
        apex: version.apex().as_octets().to_vec(),
        size,
        pages,
    }
}

/// Gives each page its checksum, on as many threads as can run.
fn digest(pages: &mut [PreparedPage]) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = pages.len().div_ceil(threads).max(PAGES_EACH);
    thread::scope(|scope| {
        let mut shares = pages.chunks_mut(share);
        let own = shares.next();
        for share in shares {
            scope.spawn(move || digest_all(share));
        }
        own.map(digest_all);
    });
}

fn digest_all(pages: &mut [PreparedPage]) {
    for page in pages {
        page.checksum = Sha256::digest(page.page.octets()).into();
    }
}

/// The checksum of a delta's row.
pub(super) fn delta_checksum(zone: Id, number: i64, from: i64, to: i64, octets: &[u8]) -> Checksum {
    let mut digest = Sha256::new();
    digest.update(zone.0);
    digest.update(number.to_be_bytes());
    digest.update(from.to_be_bytes());
    digest.update(to.to_be_bytes());
    digest.update(octets);
    digest.finalize().into()
}

/// The checksum of a checkpoint, and with those in its list of all its pages in order.
pub(super) fn checkpoint_checksum(zone: Id, serial: i64, number: i64, apex: &[u8], pages: &[u8]) -> Checksum {
    let mut digest = Sha256::new();
    digest.update(zone.0);
    digest.update(serial.to_be_bytes());
    digest.update(number.to_be_bytes());
    // An apex ends with its root label, so it is clear where the list begins.
    digest.update(apex);
    digest.update(pages);
    digest.finalize().into()
}
