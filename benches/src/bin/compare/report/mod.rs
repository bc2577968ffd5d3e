//! What is said in the end.

pub(crate) mod chart;
pub(crate) mod json;
pub(crate) mod markdown;
pub(crate) mod table;
pub(crate) mod targets;

use crate::kind::Column;

/// What was run.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// Records of the zone.
    pub(crate) records: u64,
    /// How often each server did each row.
    pub(crate) rounds: u32,
    /// Processors of the machine.
    pub(crate) processors: usize,
    /// The servers with their versions.
    pub(crate) versions: Vec<String>,
    /// The columns of the tables.
    pub(crate) columns: Vec<Column>,
}

impl About {
    /// All of it in a sentence.
    pub(crate) fn sentence(&self) -> String {
        let Self { records, rounds, processors, versions, .. } = self;
        let versions = versions.join(", ");
        format!("{records} records, {processors} processors, medians of {rounds} rounds: {versions}.")
    }
}
