//! `/zones/{zone_id}/review`, `/zones/{zone_id}/versions` and `/zones/{zone_id}/rollback`: an extension.

use axum::extract::State;
use utoipa::ToSchema;
use zxfr_core::serial::Serial;

use crate::api::Api;
use crate::api::body::{Members, NoBody};
use crate::api::envelope::Success;
use crate::api::live::Decision;
use crate::api::query::Query;
use crate::api::refusal::Refusal;
use crate::api::review_object::{Kept, NowServed, Review};
use crate::api::scope::InZone;

/// How many records of a difference are shown each way, if nothing is said, and at most.
const RECORDS: (usize, usize) = (100, 10_000);

/// To which version.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct RollbackBody {
    /// The serial of a version that is kept.
    #[schema(value_type = f64, minimum = 0, maximum = 4_294_967_295_u32)]
    serial: u32,
}

/// The version that was received and is not what is served, and what is different; null where there is none
#[utoipa::path(get, path = "/zones/{zone_id}/review", tag = "review", operation_id = "review-get",
    params(("per_page" = Option<usize>, Query, minimum = 1,
        description = "How many records of the difference are shown each way: 100, and at most 10,000.")),
    responses((status = 200, body = Success<Option<Review>>)))]
pub(super) async fn get(
    State(api): State<Api>,
    InZone { zone, .. }: InZone,
    query: Query,
) -> Result<Success<Option<Review>>, Refusal> {
    let most = query.paging(RECORDS.0, RECORDS.1)?.take();
    let looking = tokio::task::spawn_blocking(move || {
        let held = api.live().held_back(&zone);
        held.map(|held| Review::of(&held, most)).transpose()
    });
    let review = looking.await.map_err(|_| Refusal::internal())?;
    review.map(Success::new).map_err(|_| Refusal::internal())
}

/// Serves the version that is held
#[utoipa::path(post, path = "/zones/{zone_id}/review/publish", tag = "review", operation_id = "review-publish",
    responses((status = 200, body = Success<NowServed>)))]
pub(super) async fn publish(State(api): State<Api>, scope: InZone, _: NoBody) -> Result<Success<NowServed>, Refusal> {
    decide(api, scope, Decision::Publish).await
}

/// Doesn't serve the version that is held
#[utoipa::path(post, path = "/zones/{zone_id}/review/reject", tag = "review", operation_id = "review-reject",
    responses((status = 200, body = Success<NowServed>)))]
pub(super) async fn reject(State(api): State<Api>, scope: InZone, _: NoBody) -> Result<Success<NowServed>, Refusal> {
    decide(api, scope, Decision::Reject).await
}

/// The versions whose records can be served again, the newest first
#[utoipa::path(get, path = "/zones/{zone_id}/versions", tag = "review", operation_id = "versions-list",
    responses((status = 200, body = Success<Vec<Kept>>)))]
pub(super) async fn versions(
    State(api): State<Api>,
    InZone { zone, .. }: InZone,
) -> Result<Success<Vec<Kept>>, Refusal> {
    let looking = tokio::task::spawn_blocking(move || Kept::all(&api.live().versions(&zone)));
    looking.await.map(Success::new).map_err(|_| Refusal::internal())
}

/// Serves the records of an earlier version under a new serial
#[utoipa::path(post, path = "/zones/{zone_id}/rollback", tag = "review", operation_id = "rollback",
    request_body = RollbackBody, responses((status = 200, body = Success<NowServed>)))]
pub(super) async fn rollback(
    State(api): State<Api>,
    scope: InZone,
    members: Members,
) -> Result<Success<NowServed>, Refusal> {
    let wrong = |what: &str| Refusal::body("/serial", format!("serial {what}"));
    let serial = members.integer("serial")?.given().ok_or_else(|| wrong("is missing: it is needed"))?;
    let serial = serial.try_into().map_err(|_| wrong("is not from 0 to 4294967295"))?;
    decide(api, scope, Decision::RollBack(Serial(serial))).await
}

async fn decide(api: Api, InZone { by, zone }: InZone, decision: Decision) -> Result<Success<NowServed>, Refusal> {
    let deciding = tokio::task::spawn_blocking(move || api.live().decide(&zone, &by.name, decision));
    let serial = deciding.await.map_err(|_| Refusal::internal())??;
    Ok(Success::new(NowServed { serial: serial.0 }))
}
