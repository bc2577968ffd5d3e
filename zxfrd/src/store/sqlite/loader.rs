//! Versions and deltas being read: all zones with few queries, put together on all cores.

use super::file::Database;
use super::held::LISTED;
use super::prepared::{Checksum, checkpoint_checksum, delta_checksum};
use super::{StoreError, Suspects, notes, reviews};
use crate::catalog::{Id, Review};
use crate::records::Note;
use crate::store::{Damaged, StoredZone, ZoneSink};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};
use tokio::task::JoinSet;
use zxfr_core::name::Name;
use zxfr_core::refresh::State;
use zxfr_core::time::UnixTime;
use zxfr_core::zone::{BuildLimits, Delta, Part, Restored, Version};

/// How many zones, and about how many octets of them, are read at once.
const ZONES: usize = 1_000;
const OCTETS: i64 = 8 << 20;

/// Reads what is held.
pub(super) struct Loader<'d> {
    database: &'d Database,
    suspects: Option<&'d Suspects>,
}

/// A checkpoint, and what belongs to it.
struct Rows {
    zone: Id,
    serial: i64,
    number: i64,
    size: i64,
    apex: Vec<u8>,
    checksum: Vec<u8>,
    list: Vec<u8>,
    pages: HashMap<Checksum, Bytes>,
    deltas: Vec<DeltaRow>,
    notes: Vec<Result<Arc<Note>, String>>,
    review: Option<Result<Arc<Review>, String>>,
    state: State,
}

struct DeltaRow {
    number: i64,
    from: i64,
    to: i64,
    offered: bool,
    checksum: Vec<u8>,
    octets: Vec<u8>,
}

type CheckpointColumns = (Vec<u8>, i64, i64, i64, Vec<u8>, Vec<u8>, Vec<u8>);
type DeltaColumns = (Vec<u8>, i64, i64, i64, bool, Vec<u8>, Vec<u8>);
type StateColumns = (Vec<u8>, Option<i64>, Option<i64>, Option<i64>);

impl<'d> Loader<'d> {
    /// Zones that are damaged are put among the suspects.
    pub(super) const fn new(database: &'d Database, suspects: Option<&'d Suspects>) -> Self {
        Self { database, suspects }
    }

    /// All zones.
    pub(super) async fn all(&self, sink: ZoneSink<'_>) -> Result<(), StoreError> {
        let mut connection = self.database.reader().await?;
        // All that is read is of one moment.
        let mut transaction = connection.begin().await?;
        let mut zones = checkpoints(&mut transaction, None).await?;
        let sizes = "SELECT zone, CAST(SUM(size) AS BIGINT) FROM delta GROUP BY zone";
        let sizes: Vec<(Vec<u8>, i64)> = sqlx::query_as(sizes).fetch_all(&mut *transaction).await?;
        for (zone, size) in sizes {
            if let Some(rows) = id(&zone).and_then(|zone| zones.get_mut(&zone)) {
                rows.size = rows.size.saturating_add(size);
            }
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut work = JoinSet::new();
        while !zones.is_empty() {
            let mut octets = 0_i64;
            let last = zones.iter().take(ZONES).find(|(_, rows)| {
                octets = octets.saturating_add(rows.size);
                octets >= OCTETS
            });
            let last = last.or_else(|| zones.iter().take(ZONES).next_back()).map(|(zone, _)| *zone);
            let rest = last.map(|last| zones.split_off(&last)).unwrap_or_default();
            let mut chunk = std::mem::replace(&mut zones, rest);
            if let Some((zone, rows)) = zones.pop_first() {
                chunk.insert(zone, rows);
            }
            if let Err(error) = fill(&mut transaction, &mut chunk).await {
                for (zone, mut rows) in chunk {
                    rows.pages.clear();
                    rows.deltas.clear();
                    rows.notes.clear();
                    let mut alone = BTreeMap::from([(zone, rows)]);
                    match (fill(&mut transaction, &mut alone).await, &error) {
                        (Ok(()), _) => self.hand_on(alone.into_values().map(restored).collect(), sink),
                        (Err(error @ (StoreError::Damaged(_) | StoreError::Failed(_))), _) => {
                            self.hand_on(vec![Err(Damaged { zone, what: error.to_string() })], sink);
                        }
                        (Err(error), _) => return Err(error),
                    }
                }
                continue;
            }
            while work.len() >= cores {
                self.join(&mut work, sink).await?;
            }
            work.spawn_blocking(|| chunk.into_values().map(restored).collect());
        }
        while !work.is_empty() {
            self.join(&mut work, sink).await?;
        }
        Ok(())
    }

    /// One zone.
    pub(super) async fn one(&self, zone: Id) -> Result<Option<Result<StoredZone, Damaged>>, StoreError> {
        let mut connection = self.database.reader().await?;
        let mut transaction = connection.begin().await?;
        let mut zones = checkpoints(&mut transaction, Some(zone)).await?;
        if zones.is_empty() {
            return Ok(None);
        }
        fill(&mut transaction, &mut zones).await?;
        let work = tokio::task::spawn_blocking(|| zones.into_values().map(restored).collect::<Vec<_>>());
        let mut found = None;
        let mut sink = |zone| found = Some(zone);
        self.hand_on(work.await.map_err(|error| StoreError::Failed(error.to_string()))?, &mut sink);
        Ok(found)
    }

    async fn join(
        &self,
        work: &mut JoinSet<Vec<Result<StoredZone, Damaged>>>,
        sink: ZoneSink<'_>,
    ) -> Result<(), StoreError> {
        match work.join_next().await {
            Some(Ok(zones)) => self.hand_on(zones, sink),
            Some(Err(error)) => return Err(StoreError::Failed(error.to_string())),
            None => {}
        }
        Ok(())
    }

    fn hand_on(&self, zones: Vec<Result<StoredZone, Damaged>>, sink: ZoneSink<'_>) {
        for zone in zones {
            if let (Err(damaged), Some(suspects)) = (&zone, self.suspects) {
                suspects.lock().unwrap_or_else(PoisonError::into_inner).insert(damaged.zone);
            }
            sink(zone);
        }
    }
}

fn id(octets: &[u8]) -> Option<Id> {
    octets.try_into().ok().map(Id)
}

/// All checkpoints, or that of one zone, without their pages and deltas.
async fn checkpoints(connection: &mut SqliteConnection, zone: Option<Id>) -> Result<BTreeMap<Id, Rows>, StoreError> {
    // Octet strings compare as ids do, and these are the first and the last.
    let (first, last) = zone.map_or(([0; 16], [255; 16]), |zone| (zone.0, zone.0));
    let select =
        "SELECT zone, serial, number, size, apex, checksum, pages FROM checkpoint WHERE zone BETWEEN $1 AND $2";
    let checkpoints = sqlx::query_as(select).bind(&first[..]).bind(&last[..]);
    let checkpoints: Vec<CheckpointColumns> = checkpoints.fetch_all(&mut *connection).await?;
    let mut zones = BTreeMap::new();
    for (zone, serial, number, size, apex, checksum, list) in checkpoints {
        let zone = id(&zone).ok_or_else(|| StoreError::Damaged("a checkpoint without an id".into()))?;
        let (pages, deltas, notes, review, state) = Default::default();
        zones.insert(
            zone,
            Rows { zone, serial, number, size, apex, checksum, list, pages, deltas, notes, review, state },
        );
    }
    let select = "SELECT zone, last_check, last_success, expires FROM refresh WHERE zone BETWEEN $1 AND $2";
    let states = sqlx::query_as(select).bind(&first[..]).bind(&last[..]);
    let states: Vec<StateColumns> = states.fetch_all(connection).await?;
    for (zone, last_check, last_success, expires) in states {
        let time = |seconds: Option<i64>| seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(UnixTime);
        if let Some(rows) = id(&zone).and_then(|zone| zones.get_mut(&zone)) {
            rows.state =
                State { last_check: time(last_check), last_success: time(last_success), expires: time(expires) };
        }
    }
    Ok(zones)
}

/// Reads the pages and deltas of zones between the ids of which there is no other.
async fn fill(connection: &mut SqliteConnection, zones: &mut BTreeMap<Id, Rows>) -> Result<(), StoreError> {
    let (Some((first, _)), Some((last, _))) = (zones.first_key_value(), zones.last_key_value()) else {
        return Ok(());
    };
    let (first, last) = (first.0, last.0);
    let pages = sqlx::query_as("SELECT zone, checksum, octets FROM page WHERE zone BETWEEN $1 AND $2");
    let pages: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> =
        pages.bind(&first[..]).bind(&last[..]).fetch_all(&mut *connection).await?;
    for (zone, checksum, octets) in pages {
        if let (Some(rows), Ok(checksum)) = (id(&zone).and_then(|zone| zones.get_mut(&zone)), checksum.try_into()) {
            rows.pages.insert(checksum, octets.into());
        }
    }
    let deltas = "SELECT zone, number, from_serial, to_serial, offered, checksum, octets FROM delta \
                  WHERE zone BETWEEN $1 AND $2 ORDER BY zone, number";
    let deltas: Vec<DeltaColumns> =
        sqlx::query_as(deltas).bind(&first[..]).bind(&last[..]).fetch_all(&mut *connection).await?;
    for (zone, number, from, to, offered, checksum, octets) in deltas {
        if let Some(rows) = id(&zone).and_then(|zone| zones.get_mut(&zone)) {
            rows.deltas.push(DeltaRow { number, from, to, offered, checksum, octets });
        }
    }
    for (zone, note) in notes::between(connection, Id(first), Id(last)).await? {
        if let Some(rows) = zones.get_mut(&zone) {
            rows.notes.push(note);
        }
    }
    for (zone, review) in reviews::between(connection, Id(first), Id(last)).await? {
        if let Some(rows) = zones.get_mut(&zone) {
            rows.review = Some(review);
        }
    }
    Ok(())
}

/// What the rows of a zone make.
fn restored(rows: Rows) -> Result<StoredZone, Damaged> {
    let zone = rows.zone;
    restore(rows).map_err(|what| Damaged { zone, what })
}

fn restore(rows: Rows) -> Result<StoredZone, String> {
    let Rows { zone, serial, number, size: _, apex, checksum, list, mut pages, deltas, notes, review, state } = rows;
    if checkpoint_checksum(zone, serial, number, &apex, &list)[..] != checksum[..] {
        return Err("the checkpoint doesn't have its checksum".into());
    }
    let apex = Name::from_octets(&apex).map_err(|_| "the checkpoint's apex is no name")?;
    let chain = Chain::read(zone, &apex, (serial, number), &deltas)?;
    let mut base = Restored::new(apex.as_ref());
    for (number, listed) in list.chunks(LISTED).enumerate() {
        let (part, checksum) = listed.split_first().ok_or("the list of pages is cut")?;
        let part = Part::of_number(*part).ok_or("the list of pages has an unknown part")?;
        let octets = Checksum::try_from(checksum).ok().and_then(|checksum| pages.remove(&checksum));
        let octets = octets.ok_or_else(|| format!("page {number} is missing"))?;
        if Sha256::digest(&octets)[..] != *checksum {
            return Err(format!("page {number} doesn't have its checksum"));
        }
        base.push(part, octets).map_err(|error| error.to_string())?;
    }
    let mut version = base.finish().map_err(|error| error.to_string())?;
    if i64::from(version.serial().0) != serial {
        return Err(format!("the checkpoint's SOA has serial {}, and not {serial}", version.serial()));
    }
    for delta in &chain.since {
        version = apply(&version, delta)?;
    }
    if !version.is_settled() {
        version = version.settled();
    }
    let mut lost = chain.lost;
    let mut sound = Vec::with_capacity(notes.len());
    for note in notes {
        match note {
            Ok(note) => sound.push(note),
            Err(what) => lost = Some(format!("the note of a record: {what}")),
        }
    }
    Ok(StoredZone {
        zone,
        version: Arc::new(version),
        since_checkpoint: chain.since.len(),
        octets_since_checkpoint: chain.since.iter().map(|delta| delta.octets()).sum(),
        deltas: chain.offered,
        state,
        review: review.transpose()?,
        notes: sound,
        lost,
    })
}

fn apply(version: &Version, delta: &Delta) -> Result<Version, String> {
    let applied = version.apply(delta, BuildLimits::NONE);
    let applied = applied.map_err(|error| format!("the delta to serial {}: {error}", delta.to()))?;
    Ok(applied.version)
}

/// The deltas of a zone.
struct Chain {
    /// Those since the checkpoint.
    since: Vec<Arc<Delta>>,
    /// Those that are to be offered.
    offered: Vec<Arc<Delta>>,
    lost: Option<String>,
}

impl Chain {
    /// Reads the rows, which are in order, from the newest back to where they stop being sound. The checkpoint has a serial,
    /// and the number of the last delta that is in it.
    fn read(zone: Id, apex: &Name, checkpoint: (i64, i64), rows: &[DeltaRow]) -> Result<Self, String> {
        let (serial, number) = checkpoint;
        let mut chain = Self { since: Vec::new(), offered: Vec::new(), lost: None };
        let mut next: Option<&DeltaRow> = None;
        let mut offered = true;
        for row in rows.iter().rev() {
            let needed = row.number > number;
            offered &= row.offered;
            if !needed && !offered {
                break;
            }
            let follows = next.map_or(row.to == serial || needed, |next| {
                row.to == next.from && row.number.checked_add(1) == Some(next.number)
            });
            let read = if follows { row.read(zone, apex) } else { Err("doesn't lead to what follows".into()) };
            let delta = match read {
                Ok(delta) => Arc::new(delta),
                Err(what) => {
                    let what = format!("the delta from serial {} to {} {what}", row.from, row.to);
                    if needed {
                        return Err(what);
                    }
                    chain.lost = Some(what);
                    break;
                }
            };
            if needed {
                chain.since.push(Arc::clone(&delta));
            }
            if offered {
                chain.offered.push(delta);
            }
            next = Some(row);
        }
        chain.since.reverse();
        chain.offered.reverse();
        let first = rows.iter().find(|row| row.number > number);
        if first.is_some_and(|row| row.from != serial || row.number.checked_sub(1) != Some(number)) {
            return Err(format!("the deltas don't lead on from the checkpoint's serial {serial}"));
        }
        Ok(chain)
    }
}

impl DeltaRow {
    fn read(&self, zone: Id, apex: &Name) -> Result<Delta, String> {
        let Self { number, from, to, offered: _, checksum, octets } = self;
        if delta_checksum(zone, *number, *from, *to, octets)[..] != checksum[..] {
            return Err("doesn't have its checksum".into());
        }
        let delta = Delta::from_octets(apex.as_ref(), octets).map_err(|error| format!("is malformed: {error}"))?;
        if (i64::from(delta.from().0), i64::from(delta.to().0)) != (*from, *to) {
            return Err("has other serials".into());
        }
        Ok(delta)
    }
}
