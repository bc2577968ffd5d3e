//! The notes of a zone's records: those that go with the version that is served, and those that edits have made which aren't yet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zxfr_core::edit::{Edit, Rules};
use zxfr_core::zone::{Delta, Version};

use super::editing::{EditFailure, Edited, Made};
use super::zone::Zone;
use crate::catalog::{Fault, Id, Time};
use crate::records::{self, Book, Changed, Known, Layer, Note};
use crate::store::Write;

/// The notes of a zone's records. Whoever changes them has what is stored of the zone.
#[derive(Debug, Default)]
pub(super) struct Notes(Mutex<Kept>);

#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Those that go with the version that is served.
    served: Book,
    /// What has changed in them by edits that aren't durable yet.
    ahead: Layer,
}

impl Notes {
    /// Had by whoever serves another version, so that nobody sees it without its notes.
    pub(super) fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives up what has not become durable.
    pub(super) fn begin(&self) {
        self.lock().ahead = Layer::default();
    }

    /// Looks at the notes as edits have left them, durable or not.
    pub(super) fn ahead<T>(&self, look: impl FnOnce(&dyn Known) -> T) -> T {
        let kept = self.lock();
        look(&kept.ahead.over(&kept.served))
    }

    /// An edit was made. Gives what is to be written of it.
    pub(super) fn stage(&self, layer: Layer) -> Vec<Write> {
        let writes = writes(&layer);
        self.lock().ahead.then(layer);
        writes
    }

    /// The notes of records that these deltas have deleted are gone. Gives what is to be written of that.
    pub(super) fn follow(&self, zone: Id, version: &Version, deltas: &[Arc<Delta>]) -> Vec<Write> {
        let mut kept = self.lock();
        if kept.served.is_empty() && kept.ahead.is_empty() {
            return Vec::new();
        }
        let mut gone = Layer::default();
        records::follow(&mut gone, &kept.ahead.over(&kept.served), zone, version, deltas);
        let writes = writes(&gone);
        kept.ahead.then(gone);
        writes
    }

    /// Those that were stored.
    pub(super) fn restore(&self, version: &Version, notes: &[Arc<Note>]) {
        self.lock().served = Book::of(version.apex(), notes.iter().cloned());
    }
}

impl Kept {
    /// What edits have changed is durable.
    pub(super) fn serve(&mut self) {
        self.served.take(std::mem::take(&mut self.ahead));
    }

    /// The notes that go with the version that is served.
    pub(super) const fn served(&self) -> &Book {
        &self.served
    }
}

fn writes(layer: &Layer) -> Vec<Write> {
    let write = |(zone, id, note): (Id, Id, Option<&Arc<Note>>)| match note {
        Some(note) => Write::Note(note.clone()),
        None => Write::DropNote { zone, id },
    };
    layer.changes().map(write).collect()
}

impl Zone {
    /// Makes, changes and deletes records, in this order, all of them or none; it waits for the store as [`Zone::edit`] does. Since
    /// when there have been records of which nobody knows it is told, too.
    ///
    /// # Errors
    /// Why nothing was changed, and by which of the changes.
    pub fn change_records(
        &self,
        since: Time,
        changes: Vec<records::Change>,
    ) -> Result<Edited<Vec<Changed>>, EditFailure<(usize, Fault)>> {
        let (zone, held) = (self.id(), self.held());
        let rules = Rules { apex_cname: true, ..Rules::default() };
        self.edit(rules, move |edit: &mut Edit| {
            let at = (zone, since, Time::now());
            let (changed, layer) = held.notes().ahead(|known| records::perform(edit, known, at, &changes))?;
            let besides = Box::new(move |_: Option<&_>| held.notes().stage(layer));
            Ok(Made { besides, ..Made::new(changed) })
        })
    }

    /// Looks at the version that is served and the notes that go with it. It holds up whoever changes records.
    pub fn look<T>(&self, look: impl FnOnce(Option<&Arc<Version>>, &Book) -> T) -> T {
        let held = self.held();
        let notes = held.notes().lock();
        look(held.current().as_ref(), notes.served())
    }
}

#[cfg(test)]
mod tests;
