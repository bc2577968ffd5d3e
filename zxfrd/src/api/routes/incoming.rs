//! `/zones/{zone_id}/secondary_dns/incoming` and `/force_axfr`

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::body::{Member, Members, NoBody};
use crate::api::envelope::Success;
use crate::api::object::{IdOnly, Incoming};
use crate::api::refusal::Refusal;
use crate::api::scope::{InZone, not_found};
use crate::catalog::{IncomingWanted, code};

/// Where a zone is to be transferred from.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct IncomingBody {
    /// The zone's name, with or without its last dot.
    #[schema(example = "www.example.com.")]
    name: String,
    /// The ids of its primaries, each with an address.
    peers: Vec<String>,
    /// Seconds from one check of the serial to the next, at least 300 unless the configuration says otherwise. Where it isn't
    /// there, a new configuration has 86400, and one that is there keeps its.
    #[schema(value_type = Option<f64>, minimum = 1, maximum = 4_294_967_295_u32)]
    auto_refresh_seconds: Option<u32>,
}

/// Always `OK`: it will be done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) enum Queued {
    /// It will be done.
    #[serde(rename = "OK")]
    Ok,
}

fn wanted(members: &Members) -> Result<IncomingWanted, Refusal> {
    // Older clients say primaries.
    let peers = match (members.texts("peers")?, members.texts("primaries")?) {
        (Member::Missing, Member::Value(primaries)) => primaries,
        _ => members.needed_texts("peers")?,
    };
    Ok(IncomingWanted {
        name: members.needed_text("name")?,
        peers,
        auto_refresh_seconds: members.integer("auto_refresh_seconds")?.given(),
    })
}

/// Where the zone is transferred from
#[utoipa::path(get, path = "/zones/{zone_id}/secondary_dns/incoming", tag = "incoming", operation_id = "incoming-get",
    responses((status = 200, body = Success<Incoming>)))]
pub(super) async fn get(State(api): State<Api>, InZone { zone, .. }: InZone) -> Result<Success<Incoming>, Refusal> {
    let found = api.catalog().read().incoming(&zone).cloned();
    let incoming =
        found.ok_or_else(|| not_found(code::LINK_NOT_FOUND, "There is no incoming configuration for this zone"))?;
    Ok(Success::new(Incoming::new(&incoming, api.live().received(&zone))))
}

/// Says where the zone is transferred from
#[utoipa::path(post, path = "/zones/{zone_id}/secondary_dns/incoming", tag = "incoming", operation_id = "incoming-create",
    request_body = IncomingBody, responses((status = 200, body = Success<Incoming>)))]
pub(super) async fn create(
    State(api): State<Api>,
    InZone { by, zone }: InZone,
    members: Members,
) -> Result<Success<Incoming>, Refusal> {
    let done = api.catalog().create_incoming(&by, zone.id, wanted(&members)?).await?;
    Ok(Success::of(done, |incoming| Incoming::new(&incoming, api.live().received(&zone))))
}

/// Says anew where the zone is transferred from
#[utoipa::path(put, path = "/zones/{zone_id}/secondary_dns/incoming", tag = "incoming", operation_id = "incoming-update",
    request_body = IncomingBody, responses((status = 200, body = Success<Incoming>)))]
pub(super) async fn update(
    State(api): State<Api>,
    InZone { by, zone }: InZone,
    members: Members,
) -> Result<Success<Incoming>, Refusal> {
    let done = api.catalog().update_incoming(&by, zone.id, wanted(&members)?).await?;
    Ok(Success::of(done, |incoming| Incoming::new(&incoming, api.live().received(&zone))))
}

/// The zone is transferred from nowhere any more; it keeps its data
#[utoipa::path(delete, path = "/zones/{zone_id}/secondary_dns/incoming", tag = "incoming", operation_id = "incoming-delete",
    responses((status = 200, body = Success<IdOnly>)))]
pub(super) async fn delete(State(api): State<Api>, InZone { by, zone }: InZone) -> Result<Success<IdOnly>, Refusal> {
    let done = api.catalog().delete_incoming(&by, zone.id).await?;
    Ok(Success::of(done, IdOnly::from))
}

/// Has the zone transferred whole, whatever its serial; doesn't wait for it
#[utoipa::path(post, path = "/zones/{zone_id}/secondary_dns/force_axfr", tag = "incoming", operation_id = "force-axfr",
    responses((status = 200, body = Success<Queued>)))]
pub(super) async fn force_axfr(
    State(api): State<Api>,
    InZone { by, zone }: InZone,
    NoBody: NoBody,
) -> Result<Success<Queued>, Refusal> {
    let done = api.catalog().force_axfr(&by, zone.id).await?;
    Ok(Success::of(done, |()| Queued::Ok))
}
