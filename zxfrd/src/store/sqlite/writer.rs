//! The one connection that writes; commits that come together share a transaction.

use super::file::Database;
use super::prepared::Prepared;
use super::{StoreError, Suspects, held, objects};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Sqlite, Transaction};
use std::slice;
use std::sync::PoisonError;
use tokio::sync::{mpsc, oneshot};

/// How many commits share a transaction at most.
const TOGETHER: usize = 128;

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
}

impl Writer {
    pub(super) async fn new(database: Database, suspects: Suspects) -> Result<Self, StoreError> {
        let connection = Some(database.writer().await?);
        Ok(Self { database, connection, suspects })
    }

    /// Carries out what comes until nothing more can come.
    pub(super) async fn run(mut self, mut commits: mpsc::Receiver<Batch>) {
        let mut batches = Vec::new();
        while commits.recv_many(&mut batches, TOGETHER).await > 0 {
            let result = self.commit(&batches).await;
            // Who has the database locked has it locked for each of them.
            if matches!(result, Ok(()) | Err(StoreError::Locked)) || batches.len() == 1 {
                batches.drain(..).for_each(|batch| drop(batch.done.send(result.clone())));
                continue;
            }
            // One of them fails, but the others need not.
            for batch in batches.drain(..) {
                let result = self.commit(slice::from_ref(&batch)).await;
                let _ = batch.done.send(result);
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
        match &result {
            Ok(()) | Err(StoreError::Refused(_)) => self.connection = Some(connection),
            // The next one begins anew.
            Err(_) => drop(connection.close().await),
        }
        result
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
        Prepared::Forget { zone } => held::forget(transaction, *zone).await,
    }
}
