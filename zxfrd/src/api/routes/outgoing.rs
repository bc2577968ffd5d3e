//! `/zones/{zone_id}/secondary_dns/outgoing`

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::incoming::Queued;
use crate::api::Api;
use crate::api::body::{Members, NoBody};
use crate::api::envelope::Success;
use crate::api::object::{IdOnly, Outgoing};
use crate::api::refusal::Refusal;
use crate::api::scope::{InZone, not_found};
use crate::catalog::{OutgoingWanted, code};

/// Who is to get a zone.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct OutgoingBody {
    /// The zone's name, with or without its last dot.
    #[schema(example = "www.example.com.")]
    name: String,
    /// The ids of its peers: they may transfer it, and those that have an address are told of new versions.
    peers: Vec<String>,
}

/// Whether a zone is handed out.
#[derive(Debug, Serialize, ToSchema)]
pub(super) enum OutgoingWord {
    /// It is.
    Enabled,
    /// It is not.
    Disabled,
}

fn wanted(members: &Members) -> Result<OutgoingWanted, Refusal> {
    Ok(OutgoingWanted { name: members.needed_text("name")?, peers: members.needed_texts("peers")? })
}

const NONE: &str = "There is no outgoing configuration for this zone";

/// Who gets the zone
#[utoipa::path(get, path = "/zones/{zone_id}/secondary_dns/outgoing", tag = "outgoing", operation_id = "outgoing-get",
    responses((status = 200, body = Success<Outgoing>)))]
pub(super) async fn get(State(api): State<Api>, InZone { zone, .. }: InZone) -> Result<Success<Outgoing>, Refusal> {
    let found = api.catalog().read().outgoing(&zone).cloned();
    let outgoing = found.ok_or_else(|| not_found(code::LINK_NOT_FOUND, NONE))?;
    Ok(Success::new(Outgoing::new(&outgoing, api.live().sent(&zone))))
}

/// Says who gets the zone, once it is enabled
#[utoipa::path(post, path = "/zones/{zone_id}/secondary_dns/outgoing", tag = "outgoing", operation_id = "outgoing-create",
    request_body = OutgoingBody, responses((status = 200, body = Success<Outgoing>)))]
pub(super) async fn create(
    State(api): State<Api>,
    InZone { by, zone }: InZone,
    members: Members,
) -> Result<Success<Outgoing>, Refusal> {
    let done = api.catalog().create_outgoing(&by, zone.id, wanted(&members)?).await?;
    Ok(Success::of(done, |outgoing| Outgoing::new(&outgoing, api.live().sent(&zone))))
}

/// Says anew who gets the zone
#[utoipa::path(put, path = "/zones/{zone_id}/secondary_dns/outgoing", tag = "outgoing", operation_id = "outgoing-update",
    request_body = OutgoingBody, responses((status = 200, body = Success<Outgoing>)))]
pub(super) async fn update(
    State(api): State<Api>,
    InZone { by, zone }: InZone,
    members: Members,
) -> Result<Success<Outgoing>, Refusal> {
    let done = api.catalog().update_outgoing(&by, zone.id, wanted(&members)?).await?;
    Ok(Success::of(done, |outgoing| Outgoing::new(&outgoing, api.live().sent(&zone))))
}

/// Nobody gets the zone any more
#[utoipa::path(delete, path = "/zones/{zone_id}/secondary_dns/outgoing", tag = "outgoing", operation_id = "outgoing-delete",
    responses((status = 200, body = Success<IdOnly>)))]
pub(super) async fn delete(State(api): State<Api>, InZone { by, zone }: InZone) -> Result<Success<IdOnly>, Refusal> {
    let done = api.catalog().delete_outgoing(&by, zone.id).await?;
    Ok(Success::of(done, IdOnly::from))
}

/// Hands the zone out from now on, and tells its peers
#[utoipa::path(post, path = "/zones/{zone_id}/secondary_dns/outgoing/enable", tag = "outgoing", operation_id = "outgoing-enable",
    responses((status = 200, body = Success<OutgoingWord>)))]
pub(super) async fn enable(
    State(api): State<Api>,
    InZone { by, zone }: InZone,
    NoBody: NoBody,
) -> Result<Success<OutgoingWord>, Refusal> {
    let done = api.catalog().enable_outgoing(&by, zone.id).await?;
    Ok(Success::of(done, |_| OutgoingWord::Enabled))
}

/// Hands the zone out no more, and forgets the history for IXFR
#[utoipa::path(post, path = "/zones/{zone_id}/secondary_dns/outgoing/disable", tag = "outgoing", operation_id = "outgoing-disable",
    responses((status = 200, body = Success<OutgoingWord>)))]
pub(super) async fn disable(
    State(api): State<Api>,
    InZone { by, zone }: InZone,
    NoBody: NoBody,
) -> Result<Success<OutgoingWord>, Refusal> {
    let done = api.catalog().disable_outgoing(&by, zone.id).await?;
    Ok(Success::of(done, |_| OutgoingWord::Disabled))
}

/// Tells all peers that have an address of the version that is served, and forgets the history for IXFR
#[utoipa::path(post, path = "/zones/{zone_id}/secondary_dns/outgoing/force_notify", tag = "outgoing",
    operation_id = "outgoing-force-notify", responses((status = 200, body = Success<Queued>)))]
pub(super) async fn force_notify(
    State(api): State<Api>,
    InZone { by, zone }: InZone,
    NoBody: NoBody,
) -> Result<Success<Queued>, Refusal> {
    let done = api.catalog().force_notify(&by, zone.id).await?;
    Ok(Success::of(done, |_| Queued::Ok))
}

/// Whether the zone is handed out
#[utoipa::path(get, path = "/zones/{zone_id}/secondary_dns/outgoing/status", tag = "outgoing", operation_id = "outgoing-status",
    responses((status = 200, body = Success<OutgoingWord>)))]
pub(super) async fn status(
    State(api): State<Api>,
    InZone { zone, .. }: InZone,
) -> Result<Success<OutgoingWord>, Refusal> {
    let found = api.catalog().read().outgoing(&zone).cloned();
    let outgoing = found.ok_or_else(|| not_found(code::LINK_NOT_FOUND, NONE))?;
    Ok(Success::new(if outgoing.enabled { OutgoingWord::Enabled } else { OutgoingWord::Disabled }))
}
