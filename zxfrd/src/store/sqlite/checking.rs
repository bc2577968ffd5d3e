//! Whether everything is sound.

use super::file::Database;
use super::loader::Loader;
use super::{StoreError, objects};
use crate::catalog::Id;
use crate::store::Problem;
use sqlx::Row;
use std::os::unix::fs::PermissionsExt;

/// All that is wrong, in a certain order.
pub(super) async fn check(database: &Database) -> Result<Vec<Problem>, StoreError> {
    let mut problems = Vec::new();
    let mut found = |zone: Option<Id>, what: String| problems.push(Problem { zone, what });
    if let Ok(metadata) = std::fs::metadata(database.path()) {
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            found(None, format!("others than its owner may read the file, which has secrets: its mode is {mode:o}"));
        }
    }
    let mut connection = database.reader().await?;
    let integrity = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut connection).await;
    match integrity.map_err(StoreError::from) {
        Ok(lines) => lines.into_iter().filter(|line: &String| line != "ok").for_each(|line| found(None, line)),
        Err(error @ (StoreError::Damaged(_) | StoreError::Failed(_))) => found(None, error.to_string()),
        Err(error) => return Err(error),
    }
    match sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await {
        Ok(rows) => rows.iter().for_each(|row| {
            let table: String = row.try_get(0).unwrap_or_default();
            found(None, format!("table {table}: a row that belongs to nothing"));
        }),
        Err(error) => found(None, StoreError::from(error).to_string()),
    }
    if let Err(error) = objects::all(&mut connection).await {
        found(None, error.to_string());
    }
    let mut sink = |zone| match zone {
        Ok(zone) => {
            let zone: crate::store::StoredZone = zone;
            if let Some(lost) = zone.lost {
                found(Some(zone.zone), format!("some history is lost: {lost}"));
            }
        }
        Err(damaged) => {
            let damaged: crate::store::Damaged = damaged;
            found(Some(damaged.zone), damaged.what);
        }
    };
    if let Err(error) = Loader::new(database, None).all(&mut sink).await {
        found(None, error.to_string());
    }
    Ok(problems)
}
