//! What a record has besides what the zone has of it. Only records that were made or changed by the management API have a note.

use std::collections::HashMap;
use std::sync::Arc;

use zxfr_core::name::{Name, NameRef};
use zxfr_core::wire::{Class, Record, Rtype};

use super::derived_id;
use crate::catalog::{Id, Time};

/// What a record has besides what the zone has of it. It says of which record it is: one without is worth nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The zone.
    pub zone: Id,
    /// The record's id, which it keeps whatever becomes of its content.
    pub id: Id,
    /// The record's owner.
    pub owner: Name,
    /// Its type.
    pub rtype: Rtype,
    /// Its RDATA.
    pub rdata: Box<[u8]>,
    /// Whether its TTL was left to the server.
    pub automatic: bool,
    /// For people.
    pub comment: Option<String>,
    /// For people and programs.
    pub tags: Vec<String>,
    /// A JSON object.
    pub settings: Option<String>,
    /// When the record was made; when its zone was, where that isn't known.
    pub created: Time,
    /// When it was changed last.
    pub modified: Time,
}

impl Note {
    /// The record, but for its TTL.
    #[must_use]
    pub fn record(&self) -> Record<'_> {
        Record { owner: self.owner.as_ref(), rtype: self.rtype, class: Class::IN, ttl: 0, rdata: &self.rdata }
    }

    /// What tells its record from all others of the zone: the id that it would have without a note.
    #[must_use]
    pub fn key(&self, apex: NameRef<'_>) -> Id {
        derived_id(self.zone, apex, &self.record())
    }
}

/// Where notes are looked up.
pub trait Known {
    /// The note with this id.
    fn note(&self, id: Id) -> Option<Arc<Note>>;

    /// The id of the note of the record with this key.
    fn id_of(&self, key: Id) -> Option<Id>;

    /// The note of the record with this key.
    fn note_of(&self, key: Id) -> Option<Arc<Note>> {
        self.note(self.id_of(key)?)
    }
}

/// The id of the record with this key.
#[must_use]
pub fn shown_id(known: &dyn Known, key: Id) -> Id {
    match known.id_of(key) {
        Some(id) => id,
        // A record that was edited has kept the id, and now there is one again that is as it was before.
        None if known.note(key).is_some() => other(key),
        None => key,
    }
}

/// The id of a record whose own one is had by another.
pub(super) fn other(key: Id) -> Id {
    let mut octets = key.0;
    octets[15] ^= 0xff;
    Id(octets)
}

/// The notes of a zone.
#[derive(Clone, Debug, Default)]
pub struct Book {
    by_id: HashMap<Id, Arc<Note>>,
    by_key: HashMap<Id, Id>,
}

impl Known for Book {
    fn note(&self, id: Id) -> Option<Arc<Note>> {
        self.by_id.get(&id).cloned()
    }

    fn id_of(&self, key: Id) -> Option<Id> {
        self.by_key.get(&key).copied()
    }
}

impl Book {
    /// Those that were stored.
    #[must_use]
    pub fn of(apex: NameRef<'_>, notes: impl IntoIterator<Item = Arc<Note>>) -> Self {
        let mut book = Self::default();
        for note in notes {
            book.by_key.insert(note.key(apex), note.id);
            book.by_id.insert(note.id, note);
        }
        book
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// All of them, in no order.
    pub fn notes(&self) -> impl Iterator<Item = &Arc<Note>> {
        self.by_id.values()
    }

    /// Takes over what has changed.
    pub fn take(&mut self, layer: Layer) {
        for (id, (_, note)) in layer.by_id {
            match note {
                Some(note) => self.by_id.insert(id, note),
                None => self.by_id.remove(&id),
            };
        }
        for (key, id) in layer.by_key {
            match id {
                Some(id) => self.by_key.insert(key, id),
                None => self.by_key.remove(&key),
            };
        }
    }
}

/// Notes that are changed, upon others that stay as they are.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    /// With their zone.
    by_id: HashMap<Id, (Id, Option<Arc<Note>>)>,
    by_key: HashMap<Id, Option<Id>>,
}

/// A layer upon what is below it.
struct Over<'a>(&'a Layer, &'a dyn Known);

impl Known for Over<'_> {
    fn note(&self, id: Id) -> Option<Arc<Note>> {
        self.0.by_id.get(&id).map_or_else(|| self.1.note(id), |(_, note)| note.clone())
    }

    fn id_of(&self, key: Id) -> Option<Id> {
        self.0.by_key.get(&key).copied().unwrap_or_else(|| self.1.id_of(key))
    }
}

impl Layer {
    /// The notes with what has changed.
    pub fn over<'a>(&'a self, below: &'a dyn Known) -> impl Known + use<'a> {
        Over(self, below)
    }

    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Puts a note, in place of the one with its id, and of one that its record had by another.
    pub fn put(&mut self, below: &dyn Known, apex: NameRef<'_>, note: Arc<Note>) {
        let key = note.key(apex);
        if let Some(other) = Over(self, below).id_of(key).filter(|other| *other != note.id) {
            self.remove(below, apex, other);
        }
        self.remove(below, apex, note.id);
        self.by_key.insert(key, Some(note.id));
        self.by_id.insert(note.id, (note.zone, Some(note)));
    }

    /// Removes a note if it is there.
    pub fn remove(&mut self, below: &dyn Known, apex: NameRef<'_>, id: Id) {
        if let Some(before) = Over(self, below).note(id) {
            let key = before.key(apex);
            if Over(self, below).id_of(key) == Some(id) {
                self.by_key.insert(key, None);
            }
            self.by_id.insert(id, (before.zone, None));
        }
    }

    /// What has changed after this.
    pub fn then(&mut self, after: Self) {
        self.by_id.extend(after.by_id);
        self.by_key.extend(after.by_key);
    }

    /// The notes that are put, and those that are gone: zone, id, and what there is now.
    pub fn changes(&self) -> impl Iterator<Item = (Id, Id, Option<&Arc<Note>>)> {
        self.by_id.iter().map(|(id, (zone, note))| (*zone, *id, note.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONE: Id = Id([1; 16]);

    fn note(id: u8, last: u8) -> Arc<Note> {
        let (owner, rdata) = ("a.e.".parse().unwrap(), [192, 0, 2, last].into());
        Arc::new(Note {
            zone: ZONE,
            id: Id([id; 16]),
            owner,
            rtype: Rtype::A,
            rdata,
            automatic: false,
            comment: None,
            tags: Vec::new(),
            settings: None,
            created: Time(0),
            modified: Time(0),
        })
    }

    #[test]
    fn a_layer_changes_what_is_below_once_it_is_taken_over() {
        let apex: Name = "e.".parse().unwrap();
        let apex = apex.as_ref();
        let mut book = Book::of(apex, [note(1, 1), note(2, 2)]);
        let key = |last| note(0, last).key(apex);
        let mut layer = Layer::default();
        // The first becomes another record; the second is gone; its record has another note.
        layer.put(&book, apex, note(1, 3));
        layer.put(&book, apex, note(4, 2));
        for known in [&layer.over(&book) as &dyn Known, &{
            let mut taken = book.clone();
            taken.take(layer.clone());
            taken
        }] {
            assert_eq!([1, 2, 3].map(|last| known.id_of(key(last))), [None, Some(Id([4; 16])), Some(Id([1; 16]))]);
            assert_eq!(known.note(Id([1; 16])), Some(note(1, 3)));
            assert_eq!(known.note(Id([2; 16])), None);
        }
        assert_eq!(book.note(Id([2; 16])), Some(note(2, 2)), "below nothing has changed");
        layer.remove(&book, apex, Id([1; 16]));
        book.take(layer);
        assert_eq!((book.notes().count(), book.id_of(key(3))), (1, None));
    }

    #[test]
    fn an_id_is_never_that_of_two_records() {
        let apex: Name = "e.".parse().unwrap();
        let apex = apex.as_ref();
        let key = note(0, 1).key(apex);
        assert_eq!(shown_id(&Book::default(), key), key);
        // The record had the id, and was edited.
        let edited = Arc::new(Note { id: key, ..(*note(0, 9)).clone() });
        let book = Book::of(apex, [edited]);
        assert_eq!(shown_id(&book, note(0, 9).key(apex)), key);
        assert_ne!(shown_id(&book, key), key);
    }
}
