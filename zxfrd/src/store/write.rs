//! What is written, and what is read back of a zone.

use crate::catalog::{Audit, Id, Object, ObjectKey, Review};
use crate::records::Note;
use std::fmt;
use std::sync::Arc;
use zxfr_core::refresh::State;
use zxfr_core::zone::{Delta, Version};

/// Something to be written.
#[derive(Clone, Debug)]
pub enum Write {
    /// An object, in place of the one with its key if there is one. Declared objects are refused.
    Put(Object),
    /// An object is gone. There need not be one.
    Delete(ObjectKey),
    /// The next version of a zone, by what it differs in. It has to lead on from the newest version.
    Delta {
        /// The zone.
        zone: Id,
        /// As [`zxfr_core::zone::Applied`] has it: what really changed.
        delta: Arc<Delta>,
    },
    /// A version as a whole, from which deltas lead on. Only pages that the store hasn't are written, and those that are no longer
    /// needed are removed. When its serial is not that of the newest version, all deltas are removed, too, since none
    /// leads to it; otherwise it has to be the newest version.
    Checkpoint {
        /// The zone.
        zone: Id,
        /// Best settled: then it has the fewest pages.
        version: Arc<Version>,
    },
    /// No delta up to now is to be offered any more. Those that the newest version is made with stay until the next
    /// checkpoint.
    ClearDeltas {
        /// The zone.
        zone: Id,
    },
    /// As [`Write::ClearDeltas`], but for the newest deltas.
    TrimDeltas {
        /// The zone.
        zone: Id,
        /// How many are still to be offered.
        keep: usize,
    },
    /// What a secondary remembers of the zone's refreshes.
    State {
        /// The zone.
        zone: Id,
        /// In place of what there was.
        state: State,
    },
    /// A note of a record, in place of the one with its id if there is one.
    Note(Arc<Note>),
    /// A note is gone. There need not be one.
    DropNote {
        /// The zone.
        zone: Id,
        /// The record's id.
        id: Id,
    },
    /// Why the version that is held under this id is not what is served.
    Review {
        /// The id that stands for what was received of a zone.
        zone: Id,
        /// In place of what there was.
        review: Arc<Review>,
    },
    /// Nothing is held of a zone any more: no version, no deltas, no notes, no state. Its objects stay.
    Forget {
        /// The zone.
        zone: Id,
    },
    /// A line of the audit trail.
    Audit(Audit),
}

/// What is held of a zone.
#[derive(Clone, Debug)]
pub struct StoredZone {
    /// The zone.
    pub zone: Id,
    /// The newest version.
    pub version: Arc<Version>,
    /// The deltas that are to be offered, the oldest first. They lead to the version without a gap.
    pub deltas: Vec<Arc<Delta>>,
    /// What a secondary remembers of its refreshes.
    pub state: State,
    /// How many deltas since the checkpoint the version was made with.
    pub since_checkpoint: usize,
    /// The octets of these.
    pub octets_since_checkpoint: u64,
    /// Why it is not what is served, where that is so.
    pub review: Option<Arc<Review>>,
    /// The notes of its records, in no order.
    pub notes: Vec<Arc<Note>>,
    /// What was wrong with a note, or with deltas that were to be offered. The newest of these was left out with all before it; the version
    /// needs none of them.
    pub lost: Option<String>,
}

/// What is held of a zone is not what was written, or doesn't go together. Nothing of it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// The zone.
    pub zone: Id,
    /// What is wrong, and with what.
    pub what: String,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "zone {}: {}", self.zone, self.what)
    }
}

impl std::error::Error for Damaged {}
