//! Records made, changed and deleted: `/zones/{zone_id}/dns_records`, `…/{dns_record_id}` and `…/batch`

use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::body::Members;
use crate::api::envelope::Success;
use crate::api::object::IdOnly;
use crate::api::record_body::{id, missing, wanted};
use crate::api::record_object::Record;
use crate::api::refusal::Refusal;
use crate::api::scope::InZone;
use crate::catalog::{Fault, Id, code};
use crate::records::{Change, Changed};

/// A record that is wanted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(in crate::api::routes) struct RecordBody {
    /// Its name: whole, or below the zone's; `@` is the zone's.
    name: String,
    /// The mnemonic of its type, or `TYPE` and its number.
    #[schema(rename = "type", example = "A")]
    r#type: String,
    /// Its RDATA as in a zone file, but the priority of MX, SRV and URI. Names are absolute, with a last dot or without. A TXT without
    /// quotes is one text.
    content: Option<String>,
    /// The fields of its RDATA by name, of types that have several; in place of the content.
    #[schema(value_type = Option<Object>)]
    data: Option<Map<String, Value>>,
    /// Of MX, SRV and URI.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 65535)]
    priority: Option<u16>,
    /// In seconds, from 30 to 86400, for all records of its name and type; 1, or nothing, leaves it to the server.
    #[schema(value_type = Option<f64>)]
    ttl: Option<u32>,
    /// True is refused: there is no proxy here.
    proxied: Option<bool>,
    /// For people.
    #[schema(max_length = 500)]
    comment: Option<String>,
    /// For people and programs.
    #[schema(max_items = 20)]
    tags: Option<Vec<String>>,
    /// Kept as it is, but nothing in it may be true.
    #[schema(value_type = Option<Object>)]
    settings: Option<Map<String, Value>>,
}

/// What is to be another of a record: what isn't there stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(in crate::api::routes) struct RecordEditBody {
    /// Its name: whole, or below the zone's; `@` is the zone's.
    name: Option<String>,
    /// The mnemonic of its type, or `TYPE` and its number.
    #[schema(rename = "type", example = "A")]
    r#type: Option<String>,
    /// Its RDATA as in a zone file, but the priority of MX, SRV and URI. Names are absolute, with a last dot or without. A TXT without
    /// quotes is one text.
    content: Option<String>,
    /// The fields of its RDATA by name, of types that have several; in place of the content.
    #[schema(value_type = Option<Object>)]
    data: Option<Map<String, Value>>,
    /// Of MX, SRV and URI.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 65535)]
    priority: Option<u16>,
    /// In seconds, from 30 to 86400, for all records of its name and type; 1, or nothing, leaves it to the server.
    #[schema(value_type = Option<f64>)]
    ttl: Option<u32>,
    /// True is refused: there is no proxy here.
    proxied: Option<bool>,
    /// For people.
    #[schema(max_length = 500)]
    comment: Option<String>,
    /// For people and programs.
    #[schema(max_items = 20)]
    tags: Option<Vec<String>>,
    /// Kept as it is, but nothing in it may be true.
    #[schema(value_type = Option<Object>)]
    settings: Option<Map<String, Value>>,
}

/// Records that are changed together: all of them or none, in this order.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(in crate::api::routes) struct BatchBody {
    /// The ids of records that go.
    #[schema(value_type = Option<Vec<Object>>)]
    deletes: Option<Vec<Map<String, Value>>>,
    /// Records of which some members are others, each with its id.
    #[schema(value_type = Option<Vec<Object>>)]
    patches: Option<Vec<Map<String, Value>>>,
    /// Records that are replaced, each with its id.
    #[schema(value_type = Option<Vec<Object>>)]
    puts: Option<Vec<Map<String, Value>>>,
    /// New records.
    posts: Option<Vec<RecordBody>>,
}

/// Records that were changed together.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api::routes) struct Batch {
    /// As they were.
    deletes: Vec<Record>,
    /// As they are now.
    patches: Vec<Record>,
    /// As they are now.
    puts: Vec<Record>,
    /// As they are now.
    posts: Vec<Record>,
}

/// Makes a record
#[utoipa::path(post, path = "/zones/{zone_id}/dns_records", tag = "records", operation_id = "records-create",
    request_body = RecordBody, responses((status = 200, body = Success<Record>)))]
pub(in crate::api::routes) async fn create(
    State(api): State<Api>,
    scope: InZone,
    members: Members,
) -> Result<Success<Record>, Refusal> {
    let change = Change::Post(wanted(&members)?);
    one(&api, &scope, change).await.map(|changed| Success::new(Record::changed(&scope.zone, &changed)))
}

/// Replaces a record, which keeps its id: what isn't said of it is as by default
#[utoipa::path(put, path = "/zones/{zone_id}/dns_records/{dns_record_id}", tag = "records", operation_id = "records-update",
    params(("dns_record_id" = String, Path, description = "The record's id.")),
    request_body = RecordBody, responses((status = 200, body = Success<Record>)))]
pub(in crate::api::routes) async fn update(
    State(api): State<Api>,
    scope: InZone,
    Path((_, id)): Path<(String, String)>,
    members: Members,
) -> Result<Success<Record>, Refusal> {
    let change = Change::Put(path_id(&id)?, wanted(&members)?);
    one(&api, &scope, change).await.map(|changed| Success::new(Record::changed(&scope.zone, &changed)))
}

/// Changes a record, which keeps its id: what isn't said of it stays
#[utoipa::path(patch, path = "/zones/{zone_id}/dns_records/{dns_record_id}", tag = "records", operation_id = "records-edit",
    params(("dns_record_id" = String, Path, description = "The record's id.")),
    request_body = RecordEditBody, responses((status = 200, body = Success<Record>)))]
pub(in crate::api::routes) async fn edit(
    State(api): State<Api>,
    scope: InZone,
    Path((_, id)): Path<(String, String)>,
    members: Members,
) -> Result<Success<Record>, Refusal> {
    let change = Change::Patch(path_id(&id)?, wanted(&members)?);
    one(&api, &scope, change).await.map(|changed| Success::new(Record::changed(&scope.zone, &changed)))
}

/// Deletes a record
#[utoipa::path(delete, path = "/zones/{zone_id}/dns_records/{dns_record_id}", tag = "records", operation_id = "records-delete",
    params(("dns_record_id" = String, Path, description = "The record's id.")),
    responses((status = 200, body = Success<IdOnly>)))]
pub(in crate::api::routes) async fn delete(
    State(api): State<Api>,
    scope: InZone,
    Path((_, id)): Path<(String, String)>,
) -> Result<Success<IdOnly>, Refusal> {
    let change = Change::Delete(path_id(&id)?);
    one(&api, &scope, change).await.map(|changed| Success::new(IdOnly::from(changed.id)))
}

/// Changes many records together: all of them or none
#[utoipa::path(post, path = "/zones/{zone_id}/dns_records/batch", tag = "records", operation_id = "records-batch",
    request_body = BatchBody, responses((status = 200, body = Success<Batch>)))]
pub(in crate::api::routes) async fn batch(
    State(api): State<Api>,
    scope: InZone,
    members: Members,
) -> Result<Success<Batch>, Refusal> {
    let (mut changes, mut places, mut counts) = (Vec::new(), Vec::new(), [0; 4]);
    for (list, count) in ["deletes", "patches", "puts", "posts"].into_iter().zip(&mut counts) {
        for (at, entry) in members.objects(list)?.given().unwrap_or_default().iter().enumerate() {
            let place = format!("/{list}/{at}");
            let change = match list {
                "deletes" => id(entry).map(Change::Delete),
                "patches" => id(entry).and_then(|id| Ok(Change::Patch(id, wanted(entry)?))),
                "puts" => id(entry).and_then(|id| Ok(Change::Put(id, wanted(entry)?))),
                _ => wanted(entry).map(Change::Post),
            };
            changes.push(change.map_err(|refusal| refusal.within(&place))?);
            places.push(place);
            *count += 1;
        }
    }
    let most = api.settings().records_at_once;
    if changes.len() > most {
        let message = format!("there are {} changes: at most {most} are taken at once", changes.len());
        return Err(Fault::refused(code::RECORD_BATCH, message).into());
    }
    let changed = perform(&api, &scope, changes, |number| places.get(number).cloned().unwrap_or_default()).await?;
    let mut records = changed.iter().map(|changed| Record::changed(&scope.zone, changed));
    let [deletes, patches, puts, posts] = counts.map(|count| records.by_ref().take(count).collect());
    Ok(Success::new(Batch { deletes, patches, puts, posts }))
}

fn path_id(text: &str) -> Result<Id, Refusal> {
    text.parse().map_err(|_| missing().into())
}

async fn one(api: &Api, scope: &InZone, change: Change) -> Result<Changed, Refusal> {
    let mut changed = perform(api, scope, vec![change], |_| String::new()).await?;
    changed.pop().ok_or_else(Refusal::internal)
}

/// Makes the changes on a thread that may wait. Each is at a place in the body.
pub(super) async fn perform(
    api: &Api,
    InZone { by, zone }: &InZone,
    changes: Vec<Change>,
    place: impl Fn(usize) -> String,
) -> Result<Vec<Changed>, Refusal> {
    let (api, by, zone) = (api.clone(), by.clone(), zone.clone());
    let changing = tokio::task::spawn_blocking(move || api.live().change_records(&zone, &by.name, changes));
    changing.await.map_err(|_| Refusal::internal())?.map_err(|(number, fault)| match number {
        Some(number) => {
            let place = place(number);
            // What no member is at fault for is the whole entry's.
            let fault = if fault.pointer.is_none() && !place.is_empty() { fault.at("") } else { fault };
            Refusal::from(fault).within(&place)
        }
        None => fault.into(),
    })
}
