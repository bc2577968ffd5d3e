//! A record as clients see it. Much of it is there because the SDKs' models need it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use zxfr_core::name::NameRef;

use super::zone_object;
use crate::catalog;
use crate::records::{Changed, Found, Known, Note, Shown, derived_id, shown_id, shown_ttl};
use crate::zonefile::write_name;

/// A record.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Record {
    /// The same in every version that has it. One that was made or edited here keeps it whatever its content becomes.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    /// The id of its zone.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    zone_id: String,
    /// The name of its zone, without the last dot.
    zone_name: String,
    /// Its whole name, without the last dot; the root is `.`.
    name: String,
    /// The mnemonic of its type, or `TYPE` and its number.
    #[serde(rename = "type")]
    kind: String,
    /// Its RDATA as in a zone file, but the priority of MX, SRV and URI, and the last dot of a name at its end.
    content: String,
    /// Of MX, SRV and URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u16>,
    /// The fields of its RDATA by name, of types that have several.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
    /// In seconds; 1 where it is left to the server.
    ttl: u32,
    /// Always false: there is no proxy here.
    proxied: bool,
    /// Always false.
    proxiable: bool,
    /// For people.
    #[schema(required)]
    comment: Option<String>,
    /// For people and programs.
    tags: Vec<String>,
    /// What a client has set.
    settings: BTreeMap<String, Value>,
    /// Always empty.
    meta: BTreeMap<String, Value>,
    /// When it was made here; when its zone was, if it came otherwise.
    #[schema(format = DateTime)]
    created_on: String,
    /// When it was edited here last; when its zone was made, if it never was.
    #[schema(format = DateTime)]
    modified_on: String,
}

impl Record {
    /// A record of a zone, with the note that it may have.
    pub(super) fn new(zone: &catalog::Zone, apex: NameRef<'_>, found: &Found, known: &dyn Known) -> Self {
        let key = derived_id(zone.id, apex, &found.record());
        Self::noted(zone, found, shown_id(known, key), known.note_of(key).as_deref())
    }

    /// A record that was changed.
    pub(super) fn changed(zone: &catalog::Zone, changed: &Changed) -> Self {
        Self::noted(zone, &changed.found, changed.id, changed.note.as_deref())
    }

    fn noted(zone: &catalog::Zone, found: &Found, id: catalog::Id, note: Option<&Note>) -> Self {
        let record = found.record();
        let Shown { content, priority, data } = Shown::of(&record);
        Self {
            id: id.to_string(),
            zone_id: zone.id.to_string(),
            zone_name: zone_object::name(zone).to_owned(),
            name: name(record.owner),
            kind: record.rtype.to_string(),
            content,
            priority,
            data,
            ttl: shown_ttl(found, note),
            proxied: false,
            proxiable: false,
            comment: note.and_then(|note| note.comment.clone()),
            tags: note.map(|note| note.tags.clone()).unwrap_or_default(),
            // It was an object when it was taken.
            settings: note.and_then(|note| serde_json::from_str(note.settings.as_deref()?).ok()).unwrap_or_default(),
            meta: BTreeMap::new(),
            created_on: note.map_or(zone.created, |note| note.created).to_string(),
            modified_on: note.map_or(zone.created, |note| note.modified).to_string(),
        }
    }
}

fn name(owner: NameRef<'_>) -> String {
    let mut octets = Vec::new();
    write_name(owner.as_octets(), &mut octets);
    if octets.len() > 1 {
        octets.pop();
    }
    // It is ASCII.
    String::from_utf8(octets).unwrap_or_default()
}
