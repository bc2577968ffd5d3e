//! The one connection that writes; commits that come together share a transaction.

use super::file::{Database, PAGE_OCTETS};
use super::prepared::Prepared;
use super::{StoreError, Suspects, held, notes, objects, reviews};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Sqlite, Transaction};
use std::slice;
use std::sync::PoisonError;
use tokio::sync::{mpsc, oneshot};

/// How many commits share a transaction at most.
const TOGETHER: usize = 128;
/// When so many octets may be in the log, they are taken over into the database.
const LOG_OCTETS: u64 = 4 << 20;
/// The octets that a transaction takes besides those of versions and deltas, about.
const TRANSACTION_OCTETS: u64 = 4 * PAGE_OCTETS as u64;

/// A commit: all of it or nothing.
pub(super) struct Batch {
    pub(super) writes: Vec<Prepared>,
    pub(super) done: oneshot::Sender<Result<(), StoreError>>,
}

/// See the module.
pub(super) struct Writer {
    database: Database,
    /// `None` after a failure that may have left it in an unclear state.
    connection: Option<SqliteConnection>,
    suspects: Suspects,
    /// The octets that have come into the log since it was last taken over, about.
    logged: u64,
}

impl Writer {
    pub(super) async fn new(database: Database, suspects: Suspects) -> Result<Self, StoreError> {
        let connection = Some(database.writer().await?);
        Ok(Self { database, connection, suspects, logged: 0 })
    }

    /// Carries out what comes until nothing more can come.
    pub(super) async fn run(mut self, mut commits: mpsc::Receiver<Batch>) {
        let mut batches = Vec::new();
        while commits.recv_many(&mut batches, TOGETHER).await > 0 {
            let result = self.commit(&batches).await;
            // Who has the database locked has it locked for each of them.
            if matches!(result, Ok(()) | Err(StoreError::Locked)) || batches.len() == 1 {
                batches.drain(..).for_each(|batch| drop(batch.done.send(result.clone())));
            }
            // One of them fails, but the others need not.
            for batch in batches.drain(..) {
                let result = self.commit(slice::from_ref(&batch)).await;
                let _ = batch.done.send(result);
            }
            if self.logged >= LOG_OCTETS {
                self.take_over().await;
            }
        }
        if let Some(connection) = self.connection {
            // What is in the WAL is as durable as what is not.
            let _ = connection.close().await;
        }
    }

    /// Carries out all of this, or nothing.
    async fn commit(&mut self, batches: &[Batch]) -> Result<(), StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.database.writer().await?,
        };
        let result = Self::transaction(&mut connection, &self.suspects, batches).await;
        let octets = batches.iter().flat_map(|batch| &batch.writes).map(Prepared::octets);
        self.logged = octets.fold(self.logged.saturating_add(TRANSACTION_OCTETS), u64::saturating_add);
        match &result {
            Ok(()) | Err(StoreError::Refused(_)) => self.connection = Some(connection),
            // The next one begins anew.
            Err(_) => drop(connection.close().await),
        }
        result
    }

    /// Takes what is in the log over into the database. What was committed is durable without that.
    async fn take_over(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        match sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(connection).await {
            Ok(_) => self.logged = 0,
            Err(error) => {
                let reason = StoreError::from(error);
                tracing::warn!(%reason, "the store's log goes on: it can't be taken over into the database");
            }
        }
    }

    async fn transaction(
        connection: &mut SqliteConnection,
        suspects: &Suspects,
        batches: &[Batch],
    ) -> Result<(), StoreError> {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        for write in batches.iter().flat_map(|batch| &batch.writes) {
            if let Err(error) = carry_out(&mut transaction, suspects, write).await {
                // Nothing is kept if this fails, too.
                let _ = transaction.rollback().await;
                return Err(error);
            }
        }
        transaction.commit().await?;
        let written = |write: &Prepared| match write {
            Prepared::Checkpoint(checkpoint) => Some(checkpoint.zone),
            Prepared::Forget { zone } => Some(*zone),
            _ => None,
        };
        let mut suspects = suspects.lock().unwrap_or_else(PoisonError::into_inner);
        for zone in batches.iter().flat_map(|batch| &batch.writes).filter_map(written) {
            suspects.remove(&zone);
        }
        Ok(())
    }
}

async fn carry_out(
    transaction: &mut Transaction<'_, Sqlite>,
    suspects: &Suspects,
    write: &Prepared,
) -> Result<(), StoreError> {
    match write {
        Prepared::Put(object) => objects::put(transaction, object).await,
        Prepared::Delete(key) => objects::delete(transaction, *key).await,
        Prepared::Audit(audit) => objects::audit(transaction, audit).await,
        Prepared::Delta(delta) => held::delta(transaction, delta).await,
        Prepared::Checkpoint(checkpoint) => {
            let suspect = suspects.lock().unwrap_or_else(PoisonError::into_inner).contains(&checkpoint.zone);
            held::checkpoint(transaction, checkpoint, suspect).await
        }
        Prepared::TrimDeltas { zone, keep } => held::trim_deltas(transaction, *zone, *keep).await,
        Prepared::State { zone, state } => held::state(transaction, *zone, *state).await,
        Prepared::Note(note) => notes::put(transaction, note).await,
        Prepared::DropNote { zone, id } => notes::delete(transaction, *zone, *id).await,
        Prepared::Review { zone, review } => reviews::put(transaction, *zone, review).await,
        Prepared::Forget { zone } => held::forget(transaction, *zone).await,
    }
}
