//! `/zones/{zone_id}/dnssec`

use axum::extract::State;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::body::Members;
use crate::api::dnssec_object::{Dnssec, DnssecWantedWord, Zsk};
use crate::api::envelope::Success;
use crate::api::refusal::Refusal;
use crate::api::scope::InZone;
use crate::catalog::{self, DnssecEdit, ZoneSettings};

/// What is to be another; what isn't there stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct DnssecBody {
    /// `active` only for zones that their primaries sign: nothing is signed here.
    status: Option<DnssecWantedWord>,
    /// Only false.
    dnssec_multi_signer: Option<bool>,
    /// Whether the zone's primaries sign it.
    dnssec_presigned: Option<bool>,
    /// Whether they do with NSEC3.
    dnssec_use_nsec3: Option<bool>,
}

fn render(api: &Api, zone: &catalog::Zone, settings: &ZoneSettings) -> Dnssec {
    Dnssec::new(settings, api.live().version(zone).as_deref())
}

/// How a zone is signed
#[utoipa::path(get, path = "/zones/{zone_id}/dnssec", tag = "dnssec", operation_id = "dnssec-get",
    responses((status = 200, body = Success<Dnssec>)))]
pub(super) async fn get(State(api): State<Api>, InZone { zone, .. }: InZone) -> Success<Dnssec> {
    let settings = api.catalog().read().settings(&zone);
    Success::new(render(&api, &zone, &settings))
}

/// Says that a zone's primaries sign it, or don't
#[utoipa::path(patch, path = "/zones/{zone_id}/dnssec", tag = "dnssec", operation_id = "dnssec-edit",
    request_body = DnssecBody, responses((status = 200, body = Success<Dnssec>)))]
pub(super) async fn edit(
    State(api): State<Api>,
    InZone { by, zone }: InZone,
    members: Members,
) -> Result<Success<Dnssec>, Refusal> {
    let wanted = DnssecEdit {
        status: members.text("status")?.given(),
        multi_signer: members.truth("dnssec_multi_signer")?.given(),
        presigned: members.truth("dnssec_presigned")?.given(),
        use_nsec3: members.truth("dnssec_use_nsec3")?.given(),
    };
    let done = api.catalog().edit_dnssec(&by, zone.id, wanted).await?;
    Ok(Success::of(done, |settings| render(&api, &zone, &settings)))
}

/// Forgets what was said of a zone's signatures; gives the zone's id
#[utoipa::path(delete, path = "/zones/{zone_id}/dnssec", tag = "dnssec", operation_id = "dnssec-delete",
    responses((status = 200, body = Success<String>)))]
pub(super) async fn delete(State(api): State<Api>, InZone { by, zone }: InZone) -> Result<Success<String>, Refusal> {
    let wanted = DnssecEdit { status: Some("disabled".to_owned()), ..DnssecEdit::default() };
    let done = api.catalog().edit_dnssec(&by, zone.id, wanted).await?;
    Ok(Success::of(done, |settings| settings.zone.to_string()))
}

/// The keys that the zone is signed with here: none
#[utoipa::path(get, path = "/zones/{zone_id}/dnssec/zsk", tag = "dnssec", operation_id = "dnssec-zsk",
    responses((status = 200, body = Success<Vec<Zsk>>)))]
pub(super) async fn zsk(InZone { .. }: InZone) -> Success<Vec<Zsk>> {
    Success::new(Vec::new())
}
