//! `/zones/{zone_id}/policy`: an extension.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::body::{Member, Members};
use crate::api::envelope::Success;
use crate::api::refusal::Refusal;
use crate::api::scope::InZone;
use crate::catalog::{self, HoldIfEdit, PolicyEdit, Publishing, serial_word};

/// What holds for a zone's versions and for changes of its records.
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
    /// Whether versions that are made here say their digest (ZONEMD, RFC 8976).
    zonemd_generate: bool,
    /// Whether versions that come are served as they come.
    #[schema(value_type = PublishWord)]
    publish: &'static str,
    /// What has them held, where that is asked for.
    hold_if: HoldIf,
    /// What a wrong digest does.
    #[schema(value_type = ZonemdWord)]
    zonemd: &'static str,
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

/// Whether a version that comes is served.
#[derive(ToSchema)]
#[schema(rename_all = "kebab-case")]
#[expect(dead_code, reason = "tells the schema; the catalog has the words")]
pub(super) enum PublishWord {
    /// At once.
    Auto,
    /// Once somebody publishes it.
    Hold,
    /// At once, unless a rule of `hold_if` has it held.
    HoldIf,
}

/// What a wrong digest does.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "tells the schema; the catalog has the words")]
pub(super) enum ZonemdWord {
    /// Nothing.
    Off,
    /// The log has a warning.
    Warn,
    /// The version is not taken.
    Reject,
}

/// Rules by which a version is held.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HoldIf {
    /// It has lost more than so many of 100 records; null where any number may go.
    #[schema(required, maximum = 100)]
    shrink_percent: Option<u8>,
    /// None of the apex NS that are served is in it.
    apex_ns_gone: bool,
    /// None of the DNSKEYs that are served is in it.
    dnskey_gone: bool,
    /// It hasn't the digest that it says (ZONEMD, RFC 8976).
    zonemd_wrong: bool,
    /// One of its signatures ends before the zone would expire.
    rrsig_expires: bool,
}

/// Rules that are to be others; what isn't there stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct HoldIfBody {
    /// How many of 100 records may be gone; null where any number may.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100)]
    shrink_percent: Option<u8>,
    /// Whether one of the apex NS has to stay.
    apex_ns_gone: Option<bool>,
    /// Whether one of the DNSKEYs has to stay.
    dnskey_gone: Option<bool>,
    /// Whether the digest has to be right.
    zonemd_wrong: Option<bool>,
    /// Whether signatures have to hold as long as the zone.
    rrsig_expires: Option<bool>,
}

/// What is to be another; what isn't there stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct ZonePolicyBody {
    /// Where serials come from.
    serial: Option<SerialWord>,
    /// The ids of the TSIGs with which the zone may be changed by DNS UPDATE.
    update: Option<Vec<String>>,
    /// Whether versions that are made here say their digest.
    zonemd_generate: Option<bool>,
    /// Whether versions that come are served as they come.
    publish: Option<PublishWord>,
    /// What has them held.
    hold_if: Option<HoldIfBody>,
    /// What a wrong digest does.
    zonemd: Option<ZonemdWord>,
}

impl From<&catalog::ZonePolicy> for ZonePolicy {
    fn from(policy: &catalog::ZonePolicy) -> Self {
        let Publishing { publish, hold_if, zonemd } = &policy.publishing;
        let catalog::HoldIf { shrink_percent, apex_ns_gone, dnskey_gone, zonemd_wrong, rrsig_expires } = *hold_if;
        Self {
            id: policy.zone.to_string(),
            serial: serial_word(policy.serial),
            update: policy.update.iter().map(ToString::to_string).collect(),
            zonemd_generate: policy.zonemd_generate,
            publish: publish.as_str(),
            hold_if: HoldIf { shrink_percent, apex_ns_gone, dnskey_gone, zonemd_wrong, rrsig_expires },
            zonemd: zonemd.as_str(),
            modified_on: policy.modified.to_string(),
        }
    }
}

/// What holds for the zone's versions and for changes of its records
#[utoipa::path(get, path = "/zones/{zone_id}/policy", tag = "policy", operation_id = "policy-get",
    responses((status = 200, body = Success<ZonePolicy>)))]
pub(super) async fn get(State(api): State<Api>, InZone { zone, .. }: InZone) -> Success<ZonePolicy> {
    let policy = api.catalog().read().policy(&zone);
    Success::new(ZonePolicy::from(&*policy))
}

/// Changes what holds for the zone's versions and for changes of its records
#[utoipa::path(patch, path = "/zones/{zone_id}/policy", tag = "policy", operation_id = "policy-edit",
    request_body = ZonePolicyBody, responses((status = 200, body = Success<ZonePolicy>)))]
pub(super) async fn edit(
    State(api): State<Api>,
    InZone { by, zone }: InZone,
    members: Members,
) -> Result<Success<ZonePolicy>, Refusal> {
    let hold_if = members.object("hold_if")?.given().as_ref().map(hold_if).transpose()?;
    let wanted = PolicyEdit {
        serial: members.text("serial")?.given(),
        update: members.texts("update")?.given(),
        zonemd_generate: members.truth("zonemd_generate")?.given(),
        publish: members.text("publish")?.given(),
        hold_if,
        zonemd: members.text("zonemd")?.given(),
    };
    let done = api.catalog().edit_policy(&by, zone.id, wanted).await?;
    Ok(Success::of(done, |policy| ZonePolicy::from(&*policy)))
}

fn hold_if(members: &Members) -> Result<HoldIfEdit, Refusal> {
    let read = || {
        Ok(HoldIfEdit {
            shrink_percent: match members.integer("shrink_percent")? {
                Member::Missing => None,
                Member::Null => Some(None),
                Member::Value(percent) => Some(Some(percent)),
            },
            apex_ns_gone: members.truth("apex_ns_gone")?.given(),
            dnskey_gone: members.truth("dnskey_gone")?.given(),
            zonemd_wrong: members.truth("zonemd_wrong")?.given(),
            rrsig_expires: members.truth("rrsig_expires")?.given(),
        })
    };
    read().map_err(|refusal: Refusal| refusal.within("/hold_if"))
}
