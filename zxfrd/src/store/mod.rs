//! What outlives the process: the objects that the API manages, the audit trail, and what is held of each zone.
//!
//! | module | holds |
//! |---|---|
//! | `write` | what is written, and what is read back of a zone |
//! | `error` | why it isn't |
//! | `sqlite` | a store in a file |
//! | `memory` | a store that keeps nothing |
//! | `watched` | how a store does |
//!
//! A zone is kept as a checkpoint, which is a version as pages, and the deltas since. A [`Store::commit`] is one
//! transaction: when it has returned, all of it is durable, and if it fails, nothing of it is there.

mod error;
mod memory;
mod sqlite;
mod watched;
mod write;

pub use error::{Problem, StoreError};
pub use memory::Memory;
pub use sqlite::Sqlite;
pub use watched::{Failing, Health};
pub use write::{Damaged, StoredZone, Write};

use crate::catalog::{Id, Object};
use crate::config;
use std::pin::Pin;
use std::sync::Arc;
use watched::Watched;

/// What a store is doing.
pub type Doing<'s, T> = Pin<Box<dyn Future<Output = T> + Send + 's>>;

/// Takes what is read of zones, one by one.
pub type ZoneSink<'k> = &'k mut (dyn FnMut(Result<StoredZone, Damaged>) + Send);

/// Where things are kept. Every method may be called from any task at any time.
pub trait Store: Send + Sync {
    /// Whether anything outlives the process.
    fn keeps(&self) -> bool {
        true
    }

    /// How it does, as far as that is known.
    fn health(&self) -> Health {
        Health::default()
    }

    /// All objects that are managed.
    ///
    /// # Errors
    /// When they can't be read, or one of them is not what was written.
    fn objects(&self) -> Doing<'_, Result<Vec<Object>, StoreError>>;

    /// All zones of which a version is held, in no certain order, as they were at one moment. What is damaged is told of its
    /// zone alone.
    ///
    /// # Errors
    /// When nothing can be read.
    fn zones<'s>(&'s self, sink: ZoneSink<'s>) -> Doing<'s, Result<(), StoreError>>;

    /// What is held of one zone.
    ///
    /// # Errors
    /// When nothing can be read.
    fn zone(&self, zone: Id) -> Doing<'_, Result<Option<Result<StoredZone, Damaged>>, StoreError>>;

    /// Writes all of this, in this order, or nothing. It is durable when this returns, and done even if nobody waits for that.
    ///
    /// # Errors
    /// When it can't be written, or doesn't fit to what is there. Then all is as before.
    fn commit(&self, writes: Vec<Write>) -> Doing<'_, Result<(), StoreError>>;

    /// Looks at everything that is there: whether it is sound, has its checksums, and deltas lead from version to version.
    ///
    /// # Errors
    /// When it can't be looked at.
    fn check(&self) -> Doing<'_, Result<Vec<Problem>, StoreError>>;

    /// Ends what is being written and lets go of the store. What is called after this fails.
    fn close(&self) -> Doing<'_, ()>;
}

/// Opens the store that a configuration names, watched; a file is made if there is none.
///
/// # Errors
/// When there is something else, or it can't be opened.
pub async fn open(place: &config::Store) -> Result<Arc<dyn Store>, StoreError> {
    let store: Arc<dyn Store> = match place {
        config::Store::Memory => Arc::new(Memory),
        config::Store::Sqlite(path) => Arc::new(Sqlite::open(path).await?),
    };
    Ok(Arc::new(Watched::new(store)))
}
