//! A version that is held for review, and versions that are kept, as clients see them.

use serde::Serialize;
use utoipa::ToSchema;
use zxfr_core::zone::{BuildError, DeltaRecords};

use super::live::HeldVersion;
use crate::registry::KeptVersion;
use crate::zonefile::write_record;

/// A version that was received and is not what is served.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Review {
    /// How it stands: `pending`, `rejected`, or `renumbered` where its records are served with another serial.
    #[schema(value_type = ReviewWord)]
    state: &'static str,
    /// Why it is not what is served.
    reasons: Vec<String>,
    /// Since when.
    #[schema(format = DateTime)]
    since: String,
    /// Its serial.
    #[schema(maximum = 4_294_967_295_u32)]
    serial: u32,
    /// How many records it has.
    records: u64,
    /// The serial that is served.
    #[schema(maximum = 4_294_967_295_u32)]
    served_serial: u32,
    /// How many records that version has.
    served_records: u64,
    /// What is different.
    difference: Difference,
}

/// How a version stands that is not what is served.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "tells the schema; the catalog has the words")]
pub(super) enum ReviewWord {
    /// Somebody has to look at it.
    Pending,
    /// Somebody didn't want it.
    Rejected,
    /// Its records are served, with another serial.
    Renumbered,
}

/// What is different between two versions, but their SOAs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Difference {
    /// How many records are only in what is served.
    removed_count: u64,
    /// How many records are only in what is held.
    added_count: u64,
    /// The first of those that are only in what is served, as lines of a zone file.
    removed: Vec<String>,
    /// The first of those that are only in what is held.
    added: Vec<String>,
}

/// A version whose records can be served again.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Kept {
    /// Its serial.
    #[schema(maximum = 4_294_967_295_u32)]
    serial: u32,
    /// Whether it is the one that is served.
    served: bool,
    /// How many records the next version hasn't any more; 0 for the one that is served.
    removed_count: u64,
    /// How many records the next version has besides.
    added_count: u64,
}

/// The serial that is served now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NowServed {
    /// The serial.
    #[schema(maximum = 4_294_967_295_u32)]
    pub(super) serial: u32,
}

impl Review {
    /// With so many records of the difference at most, each way. It takes time by the number of records.
    pub(super) fn of(held: &HeldVersion, most: usize) -> Result<Self, BuildError> {
        let HeldVersion { received, served } = held;
        let (version, review) = (&received.version, &received.review);
        let delta = served.diff(version)?;
        let (removed_count, removed) = lines(delta.deletions(), most);
        let (added_count, added) = lines(delta.additions(), most);
        Ok(Self {
            state: review.state.as_str(),
            reasons: review.reasons.clone(),
            since: review.since.to_string(),
            serial: version.serial().0,
            records: version.record_count(),
            served_serial: served.serial().0,
            served_records: served.record_count(),
            difference: Difference { removed_count, added_count, removed, added },
        })
    }
}

impl Kept {
    /// All of them.
    pub(super) fn all(versions: &[KeptVersion]) -> Vec<Self> {
        let kept = |(number, version): (usize, &KeptVersion)| Self {
            serial: version.serial.0,
            served: number == 0,
            removed_count: version.removed,
            added_count: version.added,
        };
        versions.iter().enumerate().map(kept).collect()
    }
}

/// How many records there are, and the lines of the first.
fn lines(mut records: DeltaRecords<'_>, most: usize) -> (u64, Vec<String>) {
    let (mut count, mut lines) = (0, Vec::new());
    while let Some(record) = records.next() {
        count += 1;
        if lines.len() < most {
            let mut line = Vec::new();
            write_record(record.into(), &mut line);
            lines.push(String::from_utf8_lossy(line.trim_ascii_end()).into_owned());
        }
    }
    (count, lines)
}
