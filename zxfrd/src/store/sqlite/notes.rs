//! Notes of records, being written and read.

use super::StoreError;
use crate::catalog::{Id, Time};
use crate::records::Note;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::sync::Arc;
use zxfr_core::name::Name;
use zxfr_core::wire::Rtype;

/// Puts a note, in place of the one with its id.
pub(super) async fn put(connection: &mut SqliteConnection, note: &Note) -> Result<(), StoreError> {
    let Note { zone, id, owner, rtype, rdata, automatic, comment, tags, settings, created, modified } = note;
    let tags = serde_json::to_string(tags).map_err(|error| StoreError::Failed(error.to_string()))?;
    let put = "INSERT INTO record_note \
               (zone, id, owner, rtype, rdata, automatic, comment, tags, settings, created, modified) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
               ON CONFLICT (zone, id) DO UPDATE SET owner = excluded.owner, rtype = excluded.rtype, \
               rdata = excluded.rdata, automatic = excluded.automatic, comment = excluded.comment, \
               tags = excluded.tags, settings = excluded.settings, created = excluded.created, \
               modified = excluded.modified";
    let put = sqlx::query(put).bind(&zone.0[..]).bind(&id.0[..]).bind(owner.as_octets()).bind(i64::from(rtype.0));
    let put = put.bind(&rdata[..]).bind(*automatic).bind(comment.as_deref()).bind(tags).bind(settings.as_deref());
    put.bind(created.0).bind(modified.0).execute(connection).await?;
    Ok(())
}

/// Removes a note. There need not be one.
pub(super) async fn delete(connection: &mut SqliteConnection, zone: Id, id: Id) -> Result<(), StoreError> {
    let delete = sqlx::query("DELETE FROM record_note WHERE zone = $1 AND id = $2");
    delete.bind(&zone.0[..]).bind(&id.0[..]).execute(connection).await?;
    Ok(())
}

/// Removes all notes of a zone.
pub(super) async fn forget(connection: &mut SqliteConnection, zone: Id) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM record_note WHERE zone = $1").bind(&zone.0[..]).execute(connection).await?;
    Ok(())
}

/// The notes of the zones between two ids, each with its zone, or what is wrong with it.
pub(super) async fn between(
    connection: &mut SqliteConnection,
    first: Id,
    last: Id,
) -> Result<Vec<(Id, Result<Arc<Note>, String>)>, StoreError> {
    let select = sqlx::query("SELECT * FROM record_note WHERE zone BETWEEN $1 AND $2");
    let rows = select.bind(&first.0[..]).bind(&last.0[..]).fetch_all(connection).await?;
    let mut notes = Vec::with_capacity(rows.len());
    for row in rows {
        // One without a zone is nobody's.
        if let Ok(zone) = id(&row, "zone") {
            notes.push((zone, note(&row, zone).map(Arc::new)));
        }
    }
    Ok(notes)
}

fn id(row: &SqliteRow, column: &str) -> Result<Id, String> {
    let octets: &[u8] = row.try_get(column).map_err(|error| error.to_string())?;
    octets.try_into().map(Id).map_err(|_| format!("column {column} has no id"))
}

fn note(row: &SqliteRow, zone: Id) -> Result<Note, String> {
    let wrong = |error: sqlx::Error| error.to_string();
    let rtype: i64 = row.try_get("rtype").map_err(wrong)?;
    let tags: &str = row.try_get("tags").map_err(wrong)?;
    Ok(Note {
        zone,
        id: id(row, "id")?,
        owner: Name::from_octets(row.try_get("owner").map_err(wrong)?).map_err(|_| "the owner is no name")?,
        rtype: Rtype(rtype.try_into().map_err(|_| "the type is none")?),
        rdata: row.try_get::<Vec<u8>, _>("rdata").map_err(wrong)?.into(),
        automatic: row.try_get("automatic").map_err(wrong)?,
        comment: row.try_get("comment").map_err(wrong)?,
        tags: serde_json::from_str(tags).map_err(|error| error.to_string())?,
        settings: row.try_get("settings").map_err(wrong)?,
        created: Time(row.try_get("created").map_err(wrong)?),
        modified: Time(row.try_get("modified").map_err(wrong)?),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{behind, checkpoint, id as number, place, version, zone};
    use super::*;
    use crate::store::{Sqlite, Store, Write};

    fn note(last: u8) -> Arc<Note> {
        Arc::new(Note {
            zone: number(1),
            id: Id([last; 16]),
            owner: "A.e.".parse().unwrap(),
            rtype: Rtype::TXT,
            rdata: [1, last].into(),
            automatic: last.is_multiple_of(2),
            comment: (last > 1).then(|| "a \"comment\"".to_owned()),
            tags: vec!["a:b".to_owned(), "ü,".to_owned()],
            settings: Some("{}".to_owned()),
            created: Time(1),
            modified: Time(2),
        })
    }

    #[tokio::test]
    async fn notes_come_back_with_their_zone_and_go_with_it() {
        let (_folder, path) = place();
        let store = Sqlite::open(&path).await.unwrap();
        let notes = [1, 2, 3].map(|last| Write::Note(note(last)));
        store.commit(vec![checkpoint(1, &version(1, 3, &[])), checkpoint(2, &version(1, 3, &[]))]).await.unwrap();
        store.commit(notes.to_vec()).await.unwrap();
        let changed = Arc::new(Note { comment: None, modified: Time(9), ..(*note(2)).clone() });
        let gone = Write::DropNote { zone: number(1), id: Id([3; 16]) };
        store.commit(vec![Write::Note(changed.clone()), gone]).await.unwrap();
        store.close().await;
        drop(store);
        let store = Sqlite::open(&path).await.unwrap();
        let mut found = zone(&store, 1).await.notes;
        found.sort_by_key(|note| note.id);
        assert_eq!(found, [note(1), changed]);
        assert_eq!(zone(&store, 2).await.notes, []);
        assert_eq!(store.check().await.unwrap(), []);
        store.commit(vec![Write::Forget { zone: number(1) }]).await.unwrap();
        assert_eq!(behind(&path, "SELECT COUNT(*) FROM record_note").await, [0]);
    }

    #[tokio::test]
    async fn a_note_that_is_damaged_is_told_and_costs_nothing_else() {
        let (_folder, path) = place();
        let store = Sqlite::open(&path).await.unwrap();
        store
            .commit(vec![checkpoint(1, &version(1, 3, &[])), Write::Note(note(1)), Write::Note(note(2))])
            .await
            .unwrap();
        behind(&path, "UPDATE record_note SET tags = 'x' WHERE automatic RETURNING 1").await;
        let found = zone(&store, 1).await;
        assert_eq!(found.notes, [note(1)]);
        assert!(found.lost.is_some_and(|lost| lost.contains("note")));
    }
}
