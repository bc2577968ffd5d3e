//! Records made, changed and deleted in an edit, as clients of the management API ask for it.

use std::sync::Arc;

use zxfr_core::edit::{Edit, EditError};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{Delta, Version};

use super::content::WITH_PRIORITY;
use super::given::{Given, rdata};
use super::note::{Known, Layer, Note, other, shown_id};
use super::{Found, derived_id, find};
use crate::catalog::{Fault, Id, Time, code};
use crate::zonefile::parse_name;

/// The TTL of records that leave it to the server, in seconds.
const AUTOMATIC: u32 = 300;

/// What a client gives of a record. What isn't given stays when a record is changed, and is as by default otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Its name: whole, or below the zone's; `@` is the zone's.
    pub name: Option<String>,
    /// Its type.
    pub rtype: Option<Rtype>,
    /// Its RDATA.
    pub given: Given,
    /// Its TTL in seconds, or 1 to leave it to the server.
    pub ttl: Option<u32>,
    /// For people; none where it is null.
    pub comment: Option<Option<String>>,
    /// For people and programs.
    pub tags: Option<Vec<String>>,
    /// A JSON object; none where it is null.
    pub settings: Option<Option<String>>,
}

/// A change of one record.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It is gone.
    Delete(Id),
    /// What is given of it is another.
    Patch(Id, Wanted),
    /// All of it is another, but its id.
    Put(Id, Wanted),
    /// It is made.
    Post(Wanted),
    /// It is made unless it is there, with a TTL in seconds, or 1 to leave it to the server.
    Import(Found),
}

/// A record that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// As it is now, or was before it was deleted.
    pub found: Found,
    /// Its id.
    pub id: Id,
    /// Its note, if it has one.
    pub note: Option<Arc<Note>>,
    /// Whether it wasn't there before.
    pub made: bool,
}

/// Makes changes in an edit, in their order, and gives for each the record. The notes that change with them are in the layer.
///
/// # Errors
/// Which change can't be made, by its number, and why. The edit is to be given up then.
pub fn perform(
    edit: &mut Edit,
    known: &dyn Known,
    (zone, since, now): (Id, Time, Time),
    changes: &[Change],
) -> Result<(Vec<Changed>, Layer), (usize, Fault)> {
    let apex = edit.apex().to_name();
    let mut work = Work { edit, known, layer: Layer::default(), zone, apex, since, now };
    let mut changed = Vec::with_capacity(changes.len());
    for (number, change) in changes.iter().enumerate() {
        changed.push(work.change(change).map_err(|fault| (number, fault))?);
    }
    // Later changes may have given an RRset another TTL.
    for Changed { found, .. } in &mut changed {
        if let Some(ttl) = work.edit.find(&found.record()).map(|record| record.ttl) {
            found.ttl = ttl;
        }
    }
    Ok((changed, work.layer))
}

/// The record of a version with an id, and its note.
#[must_use]
pub fn look_up(version: &Version, known: &dyn Known, zone: Id, id: Id) -> Option<(Found, Option<Arc<Note>>)> {
    if let Some(note) = known.note(id) {
        let wanted = note.record();
        let mut there = None;
        version.for_each_at(wanted.owner, |record| {
            if record.rtype == wanted.rtype && record.canonical_cmp(&wanted).is_eq() {
                there = Some(Found::of(record));
            }
        });
        return there.map(|found| (found, Some(note)));
    }
    let own = |key: Id| find(version, zone, key).filter(|_| known.id_of(key).is_none() && shown_id(known, key) == id);
    let found = own(id).or_else(|| known.note(other(id)).is_some().then(|| own(other(id))).flatten());
    found.map(|found| (found, None))
}

struct Work<'e> {
    edit: &'e mut Edit,
    known: &'e dyn Known,
    layer: Layer,
    zone: Id,
    apex: Name,
    /// Since when there are records whose beginning isn't known.
    since: Time,
    now: Time,
}

impl Work<'_> {
    fn change(&mut self, change: &Change) -> Result<Changed, Fault> {
        match change {
            Change::Delete(id) => self.delete(*id),
            Change::Patch(id, wanted) => self.patch(*id, wanted),
            Change::Put(id, wanted) => {
                let before = self.look_up(*id)?;
                let (record, automatic) = self.whole(wanted)?;
                let created = before.note.as_ref().map_or(self.since, |note| note.created);
                let empty = self.empty(*id, &record, created);
                let note = noted(empty, wanted, automatic);
                self.replace(&before, record, note)
            }
            Change::Import(record) => self.import(record),
            Change::Post(wanted) => {
                let (record, automatic) = self.whole(wanted)?;
                let note = noted(self.empty(random()?, &record, self.now), wanted, automatic);
                self.add(record, note).map(|changed| Changed { made: true, ..changed })
            }
        }
    }

    /// A record of a file. Where it is at fault, it is named.
    fn import(&mut self, record: &Found) -> Result<Changed, Fault> {
        let blame = |fault: Fault| {
            let message = format!("{} {}: {}", record.owner, record.rtype, fault.message);
            Fault { message, pointer: Some("/file".to_owned()), ..fault }
        };
        if let Some(there) = self.edit.find(&record.record()) {
            let (found, key) = (Found::of(&there), derived_id(self.zone, self.apex.as_ref(), &there));
            let known = self.layer.over(self.known);
            return Ok(Changed { found, id: shown_id(&known, key), note: known.note_of(key), made: false });
        }
        usable(record.rtype).map_err(blame)?;
        let (ttl, automatic) = ttl(record.ttl).map_err(blame)?;
        let record = Found { ttl, ..record.clone() };
        let note = Note { automatic, ..self.empty(random()?, &record, self.now) };
        self.add(record.clone(), note).map(|changed| Changed { made: true, ..changed }).map_err(blame)
    }

    fn delete(&mut self, id: Id) -> Result<Changed, Fault> {
        let before = self.look_up(id)?;
        self.edit.delete(&before.found.record());
        self.layer.remove(self.known, self.apex.as_ref(), id);
        Ok(before)
    }

    fn patch(&mut self, id: Id, wanted: &Wanted) -> Result<Changed, Fault> {
        let before = self.look_up(id)?;
        let Changed { found, note, .. } = &before;
        let owner = match &wanted.name {
            Some(name) => owner(self.apex.as_ref(), name)?,
            None => found.owner.clone(),
        };
        let rtype = wanted.rtype.map_or(Ok(found.rtype), usable)?;
        let Given { content, data, priority } = &wanted.given;
        let rdata = match (content, data, priority) {
            (None, None, None) if rtype == found.rtype => found.rdata.clone(),
            // What it begins with.
            (None, None, Some(priority)) if rtype == found.rtype && WITH_PRIORITY.contains(&rtype) => {
                let mut rdata = found.rdata.clone();
                if let Some(octets) = rdata.first_chunk_mut() {
                    *octets = priority.to_be_bytes();
                }
                rdata
            }
            _ => {
                let mut given = wanted.given.clone();
                // A content goes with the priority that there is.
                if rtype == found.rtype && WITH_PRIORITY.contains(&rtype) && given.priority.is_none() {
                    given.priority = found.rdata.first_chunk().map(|octets| u16::from_be_bytes(*octets));
                }
                rdata(self.apex.as_ref(), rtype, &given)?.into()
            }
        };
        let held = note.as_ref().is_some_and(|note| note.automatic) && found.ttl == AUTOMATIC;
        let (ttl, automatic) = wanted.ttl.map_or(Ok((found.ttl, held)), ttl)?;
        let record = Found { owner, rtype, ttl, rdata };
        let base = match note {
            Some(note) => Note { modified: self.now, ..(**note).clone() },
            None => self.empty(id, &record, self.since),
        };
        let base = Note { owner: record.owner.clone(), rtype, rdata: record.rdata.clone(), ..base };
        let note = noted(base, wanted, automatic);
        self.replace(&before, record, note)
    }

    /// A record of which all is given that is needed, and whether its TTL is left to the server.
    fn whole(&self, wanted: &Wanted) -> Result<(Found, bool), Fault> {
        let Some(name) = &wanted.name else {
            return Err(Fault::invalid(code::RECORD_NAME, "name", "name is missing: it is needed"));
        };
        let owner = owner(self.apex.as_ref(), name)?;
        let Some(rtype) = wanted.rtype else {
            return Err(Fault::invalid(code::RECORD_TYPE, "type", "type is missing: it is needed"));
        };
        let rtype = usable(rtype)?;
        let rdata = rdata(self.apex.as_ref(), rtype, &wanted.given)?.into();
        let (ttl, automatic) = ttl(wanted.ttl.unwrap_or(1))?;
        Ok((Found { owner, rtype, ttl, rdata }, automatic))
    }

    fn empty(&self, id: Id, found: &Found, created: Time) -> Note {
        Note {
            zone: self.zone,
            id,
            owner: found.owner.clone(),
            rtype: found.rtype,
            rdata: found.rdata.clone(),
            automatic: false,
            comment: None,
            tags: Vec::new(),
            settings: None,
            created,
            modified: self.now,
        }
    }

    fn replace(&mut self, before: &Changed, record: Found, note: Note) -> Result<Changed, Fault> {
        self.edit.delete(&before.found.record());
        self.add(record, note)
    }

    fn add(&mut self, found: Found, note: Note) -> Result<Changed, Fault> {
        let record = found.record();
        if self.edit.has(&record) {
            let message = format!("there is an identical record already: {} {}", found.owner, found.rtype);
            return Err(Fault::refused(code::RECORD_EXISTS, message));
        }
        if !self.edit.admits(record.owner, record.rtype) {
            let message = if record.rtype == Rtype::CNAME {
                format!("{}: a CNAME stands alone, and there are other records at this name", found.owner)
            } else {
                format!("{}: there is a CNAME at this name, and it stands alone", found.owner)
            };
            return Err(Fault::refused(code::RECORD_CNAME, message));
        }
        self.edit.add(&record).map_err(|error| rule(&error))?;
        let note = Arc::new(note);
        self.layer.put(self.known, self.apex.as_ref(), note.clone());
        Ok(Changed { found, id: note.id, note: Some(note), made: false })
    }

    /// The record with an id, as it is now in the edit.
    fn look_up(&mut self, id: Id) -> Result<Changed, Fault> {
        let missing =
            || Fault::not_found(code::RECORD_NOT_FOUND, format!("there is no record with the id {id} in the zone"));
        let known = self.layer.over(self.known);
        if let Some(note) = known.note(id) {
            let record = self.edit.find(&note.record()).ok_or_else(missing)?;
            return Ok(Changed { found: Found::of(&record), id, note: Some(note.clone()), made: false });
        }
        let held = self.edit.held().clone();
        let (found, _) = look_up(&held, &known, self.zone, id).ok_or_else(missing)?;
        let record = self.edit.find(&found.record()).ok_or_else(missing)?;
        // It may be one that was put in the place of what had the id.
        let key = derived_id(self.zone, self.apex.as_ref(), &record);
        if known.id_of(key).is_some() {
            return Err(missing());
        }
        Ok(Changed { found: Found::of(&record), id, note: None, made: false })
    }
}

/// A rule of zones that is broken.
#[must_use]
pub fn rule(error: &EditError) -> Fault {
    Fault::refused(code::RECORD_RULE, error.to_string())
}

fn random() -> Result<Id, Fault> {
    Id::random().map_err(|error| Fault::unavailable(format!("no random octets for an id: {error}")))
}

fn noted(note: Note, wanted: &Wanted, automatic: bool) -> Note {
    let mut note = Note { automatic, ..note };
    let Wanted { comment, tags, settings, .. } = wanted;
    comment.iter().for_each(|comment| note.comment.clone_from(comment));
    tags.iter().for_each(|tags| note.tags.clone_from(tags));
    settings.iter().for_each(|settings| note.settings.clone_from(settings));
    note
}

/// The TTL that is meant, and whether it is left to the server.
fn ttl(seconds: u32) -> Result<(u32, bool), Fault> {
    match seconds {
        1 => Ok((AUTOMATIC, true)),
        30..=86_400 => Ok((seconds, false)),
        _ => {
            let message = format!("ttl is {seconds}: it has to be 1, for automatic, or from 30 to 86400");
            Err(Fault::invalid(code::RECORD_TTL, "ttl", message))
        }
    }
}

/// A type of which records may be made.
fn usable(rtype: Rtype) -> Result<Rtype, Fault> {
    let wrong = |what| Err(Fault::invalid(code::RECORD_TYPE, "type", format!("type is {rtype}: {what}")));
    match rtype {
        Rtype::SOA => wrong("a zone has one SOA, which is none of its records here"),
        rtype if rtype.is_meta() => wrong("no record of a zone has this type"),
        rtype => Ok(rtype),
    }
}

/// The owner that is meant: a whole name, with its last dot or without, or one below the zone's.
fn owner(apex: NameRef<'_>, text: &str) -> Result<Name, Fault> {
    let wrong = |what: &str| Fault::invalid(code::RECORD_NAME, "name", format!("name: {text:?}: {what}"));
    if text == "@" {
        return Ok(apex.to_name());
    }
    if text.is_empty() {
        return Err(wrong("it is empty: the zone's own name is @"));
    }
    let mut wire = parse_name(text).map_err(wrong)?;
    let whole = Name::from_octets(&wire).map_err(|_| wrong("no name"))?;
    if whole.as_ref().is_at_or_below(apex) {
        return Ok(whole);
    }
    if text.ends_with('.') && !text.ends_with("\\.") {
        return Err(wrong("it is not in the zone"));
    }
    wire.pop();
    wire.extend_from_slice(apex.as_octets());
    Name::from_octets(&wire).map_err(|_| wrong("with the zone's name it is longer than 255 octets"))
}

/// The TTL as clients see it.
#[must_use]
pub fn shown_ttl(found: &Found, note: Option<&Note>) -> u32 {
    if note.is_some_and(|note| note.automatic) && found.ttl == AUTOMATIC { 1 } else { found.ttl }
}

/// Removes the notes of records that deltas to a version have deleted, wherever they come from.
pub fn follow(layer: &mut Layer, known: &dyn Known, zone: Id, version: &Version, deltas: &[Arc<Delta>]) {
    let apex = version.apex();
    for delta in deltas {
        let mut deletions = delta.deletions();
        while let Some(record) = deletions.next() {
            let id = layer.over(known).id_of(derived_id(zone, apex, &record));
            if let Some(id) = id {
                let mut there = false;
                version.for_each_at(record.owner, |other: &Record<'_>| {
                    there |=
                        other.class == Class::IN && other.rtype == record.rtype && other.canonical_cmp(&record).is_eq();
                });
                if !there {
                    layer.remove(known, apex, id);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
