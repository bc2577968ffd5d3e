//! Versions and deltas being written.

use super::prepared::{Checksum, PreparedCheckpoint, PreparedDelta, checkpoint_checksum, delta_checksum};
use super::{StoreError, notes, reviews};
use crate::catalog::Id;
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};
use std::collections::HashSet;
use zxfr_core::refresh::State;
use zxfr_core::time::UnixTime;

/// The octets that a page takes in a checkpoint's list: its part and its checksum.
pub(super) const LISTED: usize = 33;

/// So many pages are inserted by one statement.
const PAGES_TOGETHER: usize = 64;

/// A checkpoint: serial, number, apex, checksum, list of pages.
type Columns = (i64, i64, Vec<u8>, Vec<u8>, Vec<u8>);

/// The newest version that is held of a zone.
struct Newest {
    serial: i64,
    /// The number of the delta that made it, or of the checkpoint.
    number: i64,
    checkpoint: i64,
}

async fn newest(connection: &mut SqliteConnection, zone: Id) -> Result<Option<Newest>, StoreError> {
    let checkpoint = sqlx::query_as("SELECT serial, number FROM checkpoint WHERE zone = $1").bind(&zone.0[..]);
    let Some((serial, number)): Option<(i64, i64)> = checkpoint.fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let last = sqlx::query_as("SELECT to_serial, number FROM delta WHERE zone = $1 ORDER BY number DESC LIMIT 1");
    let last: Option<(i64, i64)> = last.bind(&zone.0[..]).fetch_optional(connection).await?;
    let since = last.filter(|(_, last)| *last > number);
    let (newest, last) = since.unwrap_or((serial, number));
    Ok(Some(Newest { serial: newest, number: last, checkpoint: number }))
}

/// Appends a delta.
pub(super) async fn delta(connection: &mut SqliteConnection, delta: &PreparedDelta) -> Result<(), StoreError> {
    let PreparedDelta { zone, from, to, octets } = delta;
    let Some(newest) = newest(connection, *zone).await? else {
        return Err(StoreError::Refused(format!("zone {zone}: a delta, and no version is held")));
    };
    if newest.serial != *from {
        let what = format!("zone {zone}: a delta from serial {from}, and {} is held", newest.serial);
        return Err(StoreError::Refused(what));
    }
    let number = newest.number.saturating_add(1);
    let checksum = delta_checksum(*zone, number, *from, *to, octets);
    let insert = "INSERT INTO delta (zone, number, from_serial, to_serial, offered, size, checksum, octets) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let insert = sqlx::query(insert).bind(&zone.0[..]).bind(number).bind(*from).bind(*to);
    let insert = insert.bind(true);
    insert.bind(octets.len() as i64).bind(&checksum[..]).bind(octets.as_slice()).execute(connection).await?;
    Ok(())
}

/// Writes a version as a whole: the pages that aren't there. A suspect one has none that are.
pub(super) async fn checkpoint(
    connection: &mut SqliteConnection,
    checkpoint: &PreparedCheckpoint,
    suspect: bool,
) -> Result<(), StoreError> {
    let PreparedCheckpoint { zone, serial, apex, size, pages } = checkpoint;
    let id = &zone.0[..];
    let number = match newest(connection, *zone).await? {
        Some(newest) => {
            // Deltas that are offered lead to it, or none are.
            let kept = newest.serial == *serial && !suspect;
            let delete = sqlx::query("DELETE FROM delta WHERE zone = $1 AND (offered = $2 OR $3)").bind(id);
            delete.bind(false).bind(!kept).execute(&mut *connection).await?;
            newest.number
        }
        None => 0,
    };
    let had = match suspect {
        true => HashSet::new(),
        false => listed(connection, *zone).await?,
    };
    if had.is_empty() {
        sqlx::query("DELETE FROM page WHERE zone = $1").bind(id).execute(&mut *connection).await?;
    }
    let mut list = Vec::with_capacity(pages.len().saturating_mul(LISTED));
    for page in pages {
        list.push(page.part.number());
        list.extend_from_slice(&page.checksum);
    }
    let checksum = checkpoint_checksum(*zone, *serial, number, apex, &list);
    // Pages refer to it, so that it is there first.
    let put = "INSERT INTO checkpoint (zone, serial, number, size, apex, checksum, pages) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) \
               ON CONFLICT (zone) DO UPDATE SET serial = excluded.serial, number = excluded.number, \
               size = excluded.size, apex = excluded.apex, checksum = excluded.checksum, pages = excluded.pages";
    let put = sqlx::query(put).bind(id).bind(*serial).bind(number).bind(*size as i64);
    put.bind(apex.as_slice()).bind(&checksum[..]).bind(list).execute(&mut *connection).await?;
    let mut gone = had.clone();
    for page in pages {
        gone.remove(&page.checksum);
    }
    let new: Vec<_> = pages.iter().filter(|page| !had.contains(&page.checksum)).collect();
    for together in new.chunks(PAGES_TOGETHER) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO page (zone, checksum, octets) ");
        insert.push_values(together, |mut row, page| {
            row.push_bind(id).push_bind(&page.checksum[..]).push_bind(&page.page.octets()[..]);
        });
        insert.build().execute(&mut *connection).await?;
    }
    for checksum in gone {
        let delete = sqlx::query("DELETE FROM page WHERE zone = $1 AND checksum = $2").bind(id);
        delete.bind(&checksum[..]).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The checksums of the pages of a zone's checkpoint; none unless they are as they were written.
async fn listed(connection: &mut SqliteConnection, zone: Id) -> Result<HashSet<Checksum>, StoreError> {
    let row = sqlx::query_as("SELECT serial, number, apex, checksum, pages FROM checkpoint WHERE zone = $1");
    let row: Option<Columns> = row.bind(&zone.0[..]).fetch_optional(connection).await?;
    let sound = row.filter(|(serial, number, apex, checksum, pages)| {
        checkpoint_checksum(zone, *serial, *number, apex, pages)[..] == checksum[..]
    });
    let (.., pages) = sound.unwrap_or_default();
    Ok(pages.chunks_exact(LISTED).filter_map(|page| page.get(1..)?.try_into().ok()).collect())
}

/// Deltas before the newest so many are no longer offered, and go if the newest version doesn't need them.
pub(super) async fn trim_deltas(connection: &mut SqliteConnection, zone: Id, keep: usize) -> Result<(), StoreError> {
    let Some(newest) = newest(connection, zone).await? else {
        return Ok(());
    };
    // Numbers have no gaps.
    let last = newest.number.saturating_sub(i64::try_from(keep).unwrap_or(i64::MAX));
    let delete = sqlx::query("DELETE FROM delta WHERE zone = $1 AND number <= $2 AND number <= $3");
    delete.bind(&zone.0[..]).bind(last).bind(newest.checkpoint).execute(&mut *connection).await?;
    let withdraw = sqlx::query("UPDATE delta SET offered = $3 WHERE zone = $1 AND number <= $2 AND offered = $4");
    withdraw.bind(&zone.0[..]).bind(last).bind(false).bind(true).execute(connection).await?;
    Ok(())
}

/// Puts the state of a zone's refreshes.
pub(super) async fn state(connection: &mut SqliteConnection, zone: Id, state: State) -> Result<(), StoreError> {
    let seconds = |time: Option<UnixTime>| time.map(|time| i64::try_from(time.0).unwrap_or(i64::MAX));
    let put = "INSERT INTO refresh (zone, last_check, last_success, expires) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (zone) DO UPDATE SET last_check = excluded.last_check, \
               last_success = excluded.last_success, expires = excluded.expires";
    let put = sqlx::query(put).bind(&zone.0[..]).bind(seconds(state.last_check));
    put.bind(seconds(state.last_success)).bind(seconds(state.expires)).execute(connection).await?;
    Ok(())
}

/// Removes all that is held of a zone.
pub(super) async fn forget(connection: &mut SqliteConnection, zone: Id) -> Result<(), StoreError> {
    // Its pages and deltas go with it.
    sqlx::query("DELETE FROM checkpoint WHERE zone = $1").bind(&zone.0[..]).execute(&mut *connection).await?;
    sqlx::query("DELETE FROM refresh WHERE zone = $1").bind(&zone.0[..]).execute(&mut *connection).await?;
    reviews::forget(connection, zone).await?;
    notes::forget(connection, zone).await
}
