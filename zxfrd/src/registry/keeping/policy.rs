//! What a change of a zone writes to the store: its differences, or all of it.

use std::sync::Arc;

use zxfr_core::serial::Serial;
use zxfr_core::zone::{Delta, Version};

use crate::catalog::Id;
use crate::store::{StoredZone, Write};

/// So many deltas since a checkpoint make another one due: all of them are applied when the zone is loaded.
const MOST_SINCE: usize = 1_000;

/// What the store has of a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::registry) struct Stored {
    /// The serial of the newest version.
    newest: Option<Serial>,
    /// How many deltas that was made with since the checkpoint.
    since: usize,
    /// The octets of these.
    octets: u64,
    /// How many deltas are offered.
    pub(in crate::registry) offered: usize,
}

/// How a version is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) enum Form {
    /// By what it differs in.
    Deltas,
    /// By what it differs in, and as pages besides, so that loading it stays quick.
    Checkpoint,
    /// As pages alone: nothing leads to it, or what does isn't kept.
    Anew,
}

impl Stored {
    /// What was read from the store.
    pub(in crate::registry) fn of(zone: &StoredZone) -> Self {
        Self {
            newest: Some(zone.version.serial()),
            since: zone.since_checkpoint,
            octets: zone.octets_since_checkpoint,
            offered: zone.deltas.len(),
        }
    }

    /// How the next version is best written, when so many deltas are to be offered from now on.
    pub(in crate::registry) fn form(&self, version: &Version, deltas: &[Arc<Delta>], keep: usize) -> Form {
        if !self.leads_to(version, deltas) {
            return Form::Anew;
        }
        let octets = deltas.iter().fold(self.octets, |octets, delta| octets.saturating_add(delta.octets()));
        let due = self.since.saturating_add(deltas.len()) > MOST_SINCE || octets > version.octets() / 2;
        match (due, keep) {
            (false, _) => Form::Deltas,
            (true, 0) => Form::Anew,
            (true, _) => Form::Checkpoint,
        }
    }

    /// Whether the deltas lead from what is there to this version.
    fn leads_to(&self, version: &Version, deltas: &[Arc<Delta>]) -> bool {
        let Some(mut serial) = self.newest.filter(|_| !deltas.is_empty()) else { return false };
        for delta in deltas {
            if delta.from() != serial || !delta.to().is_newer_than(serial) {
                return false;
            }
            serial = delta.to();
        }
        serial == version.serial()
    }

    /// What is written for a version in this form, and what the store has then.
    pub(in crate::registry) fn writes(
        &self,
        zone: Id,
        version: &Arc<Version>,
        deltas: &[Arc<Delta>],
        keep: usize,
        form: Form,
    ) -> (Vec<Write>, Self) {
        let newest = Some(version.serial());
        if form == Form::Anew {
            // No delta leads to it, not even where the serial is the same as before.
            let writes = vec![Write::ClearDeltas { zone }, Write::Checkpoint { zone, version: version.clone() }];
            return (writes, Self { newest, ..Self::default() });
        }
        let mut writes: Vec<_> = deltas.iter().map(|delta| Write::Delta { zone, delta: delta.clone() }).collect();
        let offered = self.offered.saturating_add(deltas.len());
        if offered > keep {
            writes.push(Write::TrimDeltas { zone, keep });
        }
        let offered = offered.min(keep);
        if form == Form::Checkpoint {
            writes.push(Write::Checkpoint { zone, version: version.clone() });
            return (writes, Self { newest, offered, ..Self::default() });
        }
        let octets = deltas.iter().map(|delta| delta.octets()).fold(self.octets, u64::saturating_add);
        (writes, Self { newest, since: self.since.saturating_add(deltas.len()), octets, offered })
    }
}
