//! Why versions are not what is served, being written and read.

use super::StoreError;
use crate::catalog::{Id, Review, Time};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::sync::Arc;

/// Puts why the version with this id is not what is served, in place of what there was.
pub(super) async fn put(connection: &mut SqliteConnection, zone: Id, review: &Review) -> Result<(), StoreError> {
    let Review { state, reasons, since } = review;
    let reasons = serde_json::to_string(reasons).map_err(|error| StoreError::Failed(error.to_string()))?;
    let put = "INSERT INTO review (zone, state, reasons, since) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (zone) DO UPDATE SET state = excluded.state, reasons = excluded.reasons, since = excluded.since";
    let put = sqlx::query(put).bind(&zone.0[..]).bind(state.as_str()).bind(reasons).bind(since.0);
    put.execute(connection).await?;
    Ok(())
}

/// Removes it. There need not be any.
pub(super) async fn forget(connection: &mut SqliteConnection, zone: Id) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM review WHERE zone = $1").bind(&zone.0[..]).execute(connection).await?;
    Ok(())
}

/// Those of the ids between two, or what is wrong with them.
pub(super) async fn between(
    connection: &mut SqliteConnection,
    first: Id,
    last: Id,
) -> Result<Vec<(Id, Result<Arc<Review>, String>)>, StoreError> {
    let select = sqlx::query("SELECT * FROM review WHERE zone BETWEEN $1 AND $2");
    let rows = select.bind(&first.0[..]).bind(&last.0[..]).fetch_all(connection).await?;
    let zone = |row: &SqliteRow| Some(Id(row.try_get::<&[u8], _>("zone").ok()?.try_into().ok()?));
    Ok(rows.iter().filter_map(|row| Some((zone(row)?, review(row).map(Arc::new)))).collect())
}

fn review(row: &SqliteRow) -> Result<Review, String> {
    let wrong = |error: sqlx::Error| error.to_string();
    let reasons: &str = row.try_get("reasons").map_err(wrong)?;
    Ok(Review {
        state: row.try_get::<&str, _>("state").map_err(wrong)?.parse()?,
        reasons: serde_json::from_str(reasons).map_err(|error| error.to_string())?,
        since: Time(row.try_get("since").map_err(wrong)?),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{behind, checkpoint, id, place, version, zone};
    use super::*;
    use crate::catalog::ReviewState;
    use crate::store::{Sqlite, Store, Write};

    #[tokio::test]
    async fn a_review_comes_back_with_its_version_and_goes_with_it() {
        let (_folder, path) = place();
        let store = Sqlite::open(&path).await.unwrap();
        let review = |state| {
            let reasons = vec!["one: \"two\"".to_owned(), "three".to_owned()];
            Arc::new(Review { state, reasons, since: Time(7) })
        };
        let put = |state| Write::Review { zone: id(1), review: review(state) };
        let versions = vec![checkpoint(1, &version(1, 3, &[])), checkpoint(2, &version(1, 3, &[]))];
        store.commit(versions).await.unwrap();
        store.commit(vec![put(ReviewState::Pending)]).await.unwrap();
        store.commit(vec![put(ReviewState::Rejected)]).await.unwrap();
        store.close().await;
        drop(store);
        let store = Sqlite::open(&path).await.unwrap();
        assert_eq!(zone(&store, 1).await.review, Some(review(ReviewState::Rejected)));
        assert_eq!(zone(&store, 2).await.review, None);
        store.commit(vec![Write::Forget { zone: id(1) }]).await.unwrap();
        assert_eq!(behind(&path, "SELECT COUNT(*) FROM review").await, [0]);
    }
}
