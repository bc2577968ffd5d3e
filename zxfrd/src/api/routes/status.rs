//! `/zones/{zone_id}/secondary_dns/status`

use axum::extract::State;

use crate::api::Api;
use crate::api::envelope::Success;
use crate::api::scope::InZone;
use crate::api::status::ZoneStatus;

/// How a zone stands with each of its peers
#[utoipa::path(get, path = "/zones/{zone_id}/secondary_dns/status", tag = "status", operation_id = "status-get",
    responses((status = 200, body = Success<ZoneStatus>)))]
pub(super) async fn get(State(api): State<Api>, InZone { zone, .. }: InZone) -> Success<ZoneStatus> {
    Success::new(api.live().status(&zone))
}
