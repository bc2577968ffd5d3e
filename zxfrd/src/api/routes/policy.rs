//! `/zones/{zone_id}/policy`: an extension.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::body::Members;
use crate::api::envelope::Success;
use crate::api::refusal::Refusal;
use crate::api::scope::InZone;
use crate::catalog::{self, PolicyEdit, serial_word};

/// What holds for changes of a zone's records.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ZonePolicy {
    /// The zone's id.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    /// Where the serials of versions that are made here come from.
    #[schema(value_type = SerialWord)]
    serial: &'static str,
    /// The ids of the TSIGs with which the zone may be changed by DNS UPDATE. None by default: a key that opens a zone for transfer
    /// doesn't open it for that.
    update: Vec<String>,
    /// When it was changed last.
    #[schema(format = DateTime)]
    modified_on: String,
}

/// Where serials come from.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "tells the schema; the catalog has the words")]
pub(super) enum SerialWord {
    /// One more.
    Increment,
    /// The seconds since 1970; one more where that isn't newer.
    UnixTime,
}

/// What is to be another; what isn't there stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct ZonePolicyBody {
    /// Where serials come from.
    serial: Option<SerialWord>,
    /// The ids of the TSIGs with which the zone may be changed by DNS UPDATE.
    update: Option<Vec<String>>,
}

impl From<&catalog::ZonePolicy> for ZonePolicy {
    fn from(policy: &catalog::ZonePolicy) -> Self {
        Self {
            id: policy.zone.to_string(),
            serial: serial_word(policy.serial),
            update: policy.update.iter().map(ToString::to_string).collect(),
            modified_on: policy.modified.to_string(),
        }
    }
}

/// What holds for changes of the zone's records
#[utoipa::path(get, path = "/zones/{zone_id}/policy", tag = "policy", operation_id = "policy-get",
    responses((status = 200, body = Success<ZonePolicy>)))]
pub(super) async fn get(State(api): State<Api>, InZone { zone, .. }: InZone) -> Success<ZonePolicy> {
    let policy = api.catalog().read().policy(&zone);
    Success::new(ZonePolicy::from(&*policy))
}

/// Changes what holds for changes of the zone's records
#[utoipa::path(patch, path = "/zones/{zone_id}/policy", tag = "policy", operation_id = "policy-edit",
    request_body = ZonePolicyBody, responses((status = 200, body = Success<ZonePolicy>)))]
pub(super) async fn edit(
    State(api): State<Api>,
    InZone { by, zone }: InZone,
    members: Members,
) -> Result<Success<ZonePolicy>, Refusal> {
    let wanted = PolicyEdit { serial: members.text("serial")?.given(), update: members.texts("update")?.given() };
    let done = api.catalog().edit_policy(&by, zone.id, wanted).await?;
    Ok(Success::of(done, |policy| ZonePolicy::from(&*policy)))
}
