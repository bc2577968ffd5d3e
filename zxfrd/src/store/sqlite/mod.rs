//! A store in a file of SQLite.
//!
//! | module | holds |
//! |---|---|
//! | `file` | the file: made, locked, opened, its schema brought up to date |
//! | `prepared` | what is written, as octets with checksums |
//! | `writer` | the one connection that writes; commits that come together share a transaction |
//! | `held` | versions and deltas being written |
//! | `loader` | versions and deltas being read, all zones with few queries |
//! | `notes` | notes of records being written and read |
//! | `reviews` | why versions are not what is served, being written and read |
//! | `objects` | objects being written and read |
//! | `checking` | whether everything is sound |
//!
//! The database is in WAL mode and synchronous, so that what was committed survives the loss of power. SQL is kept to what
//! other databases understand, too; the migrations are SQLite's own.

mod alerting;
mod checking;
mod file;
mod held;
mod loader;
mod notes;
mod objects;
mod prepared;
mod reviews;
mod settings;
mod writer;

use super::{Damaged, Doing, Problem, Store, StoreError, StoredZone, Write, ZoneSink};
use crate::catalog::{Id, Object};
use file::{Bounds, Database};
use loader::Loader;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};
use writer::{Batch, Writer};

/// How many commits may wait for the writer.
const WAITING: usize = 256;

/// A store in a file of SQLite.
pub struct Sqlite {
    database: Database,
    /// To the writer, until the store is closed.
    commits: Mutex<Option<mpsc::Sender<Batch>>>,
    writer: tokio::sync::Mutex<Option<tokio::task::JoinHandle<()>>>,
    suspects: Suspects,
}

/// Zones of which damaged pages were read. A page that is there by its checksum need not be what it should be, so their next
/// checkpoint is written as a whole.
type Suspects = Arc<Mutex<HashSet<Id>>>;

impl Sqlite {
    /// Opens the store in this file; it is made if there is none, and only its owner may read it: it has secrets.
    ///
    /// # Errors
    /// When the file can't be made or opened, is no store, was written by a later version, or another process has it open.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_within(path, Bounds::default()).await
    }

    async fn open_within(path: &Path, bounds: Bounds) -> Result<Self, StoreError> {
        let database = Database::open(path, bounds).await?;
        let suspects = Suspects::default();
        let writer = Writer::new(database.clone(), Arc::clone(&suspects)).await?;
        let (commits, waiting) = mpsc::channel(WAITING);
        let writer = tokio::spawn(writer.run(waiting));
        let writer = tokio::sync::Mutex::new(Some(writer));
        Ok(Self { database, commits: Mutex::new(Some(commits)), writer, suspects })
    }

    /// Looks at a store that need not be open, as [`Store::check`] does. Nothing is changed, and a daemon may have it open.
    ///
    /// # Errors
    /// When the file can't be read, is no store, or was written by a later version.
    pub async fn check_file(path: &Path) -> Result<Vec<Problem>, StoreError> {
        let database = Database::look_at(path).await?;
        checking::check(&database).await
    }

    fn is_open(&self) -> Result<(), StoreError> {
        self.sender().map(|_| ())
    }

    fn sender(&self) -> Result<mpsc::Sender<Batch>, StoreError> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(StoreError::Closed)
    }

    fn loader(&self) -> Loader<'_> {
        Loader::new(&self.database, Some(&self.suspects))
    }
}

impl Store for Sqlite {
    fn objects(&self) -> Doing<'_, Result<Vec<Object>, StoreError>> {
        Box::pin(async {
            self.is_open()?;
            objects::all(&mut self.database.reader().await?).await
        })
    }

    fn zones<'s>(&'s self, sink: ZoneSink<'s>) -> Doing<'s, Result<(), StoreError>> {
        Box::pin(async {
            self.is_open()?;
            self.loader().all(sink).await
        })
    }

    fn zone(&self, zone: Id) -> Doing<'_, Result<Option<Result<StoredZone, Damaged>>, StoreError>> {
        Box::pin(async move {
            self.is_open()?;
            self.loader().one(zone).await
        })
    }

    fn commit(&self, writes: Vec<Write>) -> Doing<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let sender = self.sender()?;
            let writes = prepared::prepare(writes).await?;
            let (done, answer) = oneshot::channel();
            sender.send(Batch { writes, done }).await.map_err(|_| StoreError::Closed)?;
            answer.await.map_err(|_| StoreError::Closed)?
        })
    }

    fn check(&self) -> Doing<'_, Result<Vec<Problem>, StoreError>> {
        Box::pin(async {
            self.is_open()?;
            checking::check(&self.database).await
        })
    }

    fn close(&self) -> Doing<'_, ()> {
        Box::pin(async {
            self.commits.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(writer) = self.writer.lock().await.take() {
                // It ends when it has written what waits.
                let _ = writer.await;
                self.database.unlock();
            }
        })
    }
}

#[cfg(test)]
mod tests;
