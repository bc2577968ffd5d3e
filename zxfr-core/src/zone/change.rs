//! The changes that a delta asks for, one record at a time, and what they come to where they meet what is held.

use super::apply::{ApplyError, ApplyFault};
use super::arena::Arena;
use super::builder::BuildError;
use super::delta::{Delta, DeltaRecords};
use super::diff::{DeltaWriter, zone_cmp};
use crate::name::NameRef;
use crate::wire::Record;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// What a delta says of one record.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change<'a> {
    Delete(Record<'a>),
    Add(Record<'a>),
    /// Deleted and added: TTL or case change, or nothing does.
    Replace(Record<'a>, Record<'a>),
}

/// What is to be done where a record is held or would be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    Keep,
    Remove,
    Insert(Record<'a>),
    Replace(Record<'a>),
}

impl<'a> Change<'a> {
    /// A record with the identity of which this is about.
    pub(super) const fn identity(&self) -> &Record<'a> {
        match self {
            Self::Delete(record) | Self::Add(record) | Self::Replace(record, _) => record,
        }
    }

    /// What it comes to, given what is held of the record.
    pub(super) fn meet(&self, held: Option<&Record<'_>>, notes: &mut Notes) -> Result<Step<'a>, ApplyError> {
        match (*self, held) {
            (Self::Delete(record) | Self::Replace(record, _), None) => {
                Err(ApplyError::about(ApplyFault::Absent, &record))
            }
            (Self::Add(record), Some(_)) => Err(ApplyError::about(ApplyFault::Present, &record)),
            (Self::Add(record), None) => Ok(Step::Insert(record)),
            (Self::Delete(record), Some(held)) => {
                notes.compare(&record, held);
                Ok(Step::Remove)
            }
            (Self::Replace(_, addition), Some(held)) if held.is_exactly(&addition) => {
                notes.cancel();
                Ok(Step::Keep)
            }
            (Self::Replace(record, addition), Some(held)) => {
                notes.compare(&record, held);
                Ok(Step::Replace(addition))
            }
        }
    }
}

/// Goes through the changes of a delta in the order of a zone.
fn for_each<E>(delta: &Delta, f: impl FnMut(Change<'_>) -> Result<(), E>) -> Result<(), E> {
    for_each_of(delta.apex(), delta.deletions(), delta.additions(), f)
}

/// Goes through these deletions and additions in the order of a zone.
pub(super) fn for_each_of<E>(
    apex: NameRef<'_>,
    mut deletions: DeltaRecords<'_>,
    mut additions: DeltaRecords<'_>,
    mut f: impl FnMut(Change<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let (mut deletion, mut addition) = (deletions.next(), additions.next());
    loop {
        let (change, order) = match (deletion, addition) {
            (None, None) => return Ok(()),
            (Some(record), None) => (Change::Delete(record), Ordering::Less),
            (None, Some(record)) => (Change::Add(record), Ordering::Greater),
            (Some(old), Some(new)) => match zone_cmp(apex, &old, &new) {
                Ordering::Less => (Change::Delete(old), Ordering::Less),
                Ordering::Equal => (Change::Replace(old, new), Ordering::Equal),
                Ordering::Greater => (Change::Add(new), Ordering::Greater),
            },
        };
        f(change)?;
        if order.is_le() {
            deletion = deletions.next();
        }
        if order.is_ge() {
            addition = additions.next();
        }
    }
}

/// Where a delta differs from what it really does.
#[derive(Default)]
pub(super) struct Notes {
    /// The number of the present change.
    number: u64,
    notes: Vec<Note>,
    /// The records that notes of kind `Held` are about.
    held: Arena,
}

#[derive(Clone, Copy)]
struct Note {
    number: u64,
    /// Deleted is a record with another TTL or case; else nothing changes at all.
    held: bool,
}

impl Notes {
    /// Goes on to the next change.
    pub(super) const fn advance(&mut self) {
        self.number = self.number.saturating_add(1);
    }

    fn compare(&mut self, deletion: &Record<'_>, held: &Record<'_>) {
        if !deletion.is_exactly(held) {
            self.held.push(held, &[]);
            self.notes.push(Note { number: self.number, held: true });
        }
    }

    fn cancel(&mut self) {
        self.notes.push(Note { number: self.number, held: false });
    }

    /// Takes those of changes that follow.
    pub(super) fn append(&mut self, later: Self) {
        let before = self.number;
        self.number = before.saturating_add(later.number);
        let moved = |note: Note| Note { number: before.saturating_add(note.number), ..note };
        self.notes.extend(later.notes.into_iter().map(moved));
        later.held.records().for_each(|record| self.held.push(&record, &[]));
    }

    /// The delta as it really is.
    pub(super) fn normalise(self, delta: &Delta, old_soa: &Record<'_>) -> Result<Delta, BuildError> {
        if self.notes.is_empty() {
            return delta.with_old_soa(old_soa);
        }
        let mut writer = DeltaWriter::new(delta.apex());
        let (mut notes, mut held) = (self.notes.iter().peekable(), self.held.records());
        let mut number = 0_u64;
        for_each(delta, |change| {
            number = number.saturating_add(1);
            let note = notes.next_if(|note| note.number == number);
            let held = match note {
                Some(Note { held: false, .. }) => return Ok(()),
                Some(_) => held.next(),
                None => None,
            };
            let (deletion, addition) = match change {
                Change::Delete(record) => (Some(record), None),
                Change::Add(record) => (None, Some(record)),
                Change::Replace(old, new) => (Some(old), Some(new)),
            };
            held.or(deletion).map_or(Ok(()), |record| writer.delete(&record))?;
            addition.map_or(Ok(()), |record| writer.add(&record))
        })?;
        writer.finish(old_soa, &delta.new_soa())
    }
}
