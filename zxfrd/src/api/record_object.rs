//! A record as clients see it. Much of it is there because the SDKs' models need it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use zxfr_core::name::NameRef;

use super::zone_object;
use crate::catalog;
use crate::records::{Found, Shown, derived_id};
use crate::zonefile::write_name;

/// A record.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Record {
    /// The same in every version that has it, whatever its TTL.
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
    /// In seconds.
    ttl: u32,
    /// Always false: there is no proxy here.
    proxied: bool,
    /// Always false.
    proxiable: bool,
    /// Always null.
    #[schema(value_type = Option<String>, required)]
    comment: (),
    /// Always empty.
    tags: Vec<String>,
    /// Always empty.
    settings: BTreeMap<String, Value>,
    /// Always empty.
    meta: BTreeMap<String, Value>,
    /// When its zone was made.
    #[schema(format = DateTime)]
    created_on: String,
    /// When its zone was made.
    #[schema(format = DateTime)]
    modified_on: String,
}

impl Record {
    /// A record of a zone.
    pub(super) fn new(zone: &catalog::Zone, apex: NameRef<'_>, found: &Found) -> Self {
        let record = found.record();
        let Shown { content, priority, data } = Shown::of(&record);
        let created = zone.created.to_string();
        Self {
            id: derived_id(zone.id, apex, &record).to_string(),
            zone_id: zone.id.to_string(),
            zone_name: zone_object::name(zone).to_owned(),
            name: name(record.owner),
            kind: record.rtype.to_string(),
            content,
            priority,
            data,
            ttl: record.ttl,
            proxied: false,
            proxiable: false,
            comment: (),
            tags: Vec::new(),
            settings: BTreeMap::new(),
            meta: BTreeMap::new(),
            created_on: created.clone(),
            modified_on: created,
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
