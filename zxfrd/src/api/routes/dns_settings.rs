//! `/zones/{zone_id}/dns_settings`

use axum::extract::State;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::body::{Member, Members};
use crate::api::envelope::Success;
use crate::api::refusal::Refusal;
use crate::api::scope::InZone;
use crate::api::settings_object::{ApexNs, DnsSettings, NameServersKind, ZoneModeWord};
use crate::catalog::{self, DnsSettingsEdit, Fault, Origin, SoaEdit, ZoneSettings, code};

/// What is to be another; what isn't there stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct DnsSettingsBody {
    /// Only false: CNAMEs are answered as they are.
    flatten_all_cnames: Option<bool>,
    /// Only false.
    foundation_dns: Option<bool>,
    /// Only empty.
    internal_dns: Option<InternalDnsBody>,
    /// Whether NS records that users add at the apex stand beside own ones. There are no own ones, so that all of them do.
    multi_provider: Option<bool>,
    /// Of what kind the name servers are.
    nameservers: Option<NameServersBody>,
    /// The TTL of own NS records, in seconds.
    #[schema(minimum = 30, maximum = 86400)]
    ns_ttl: Option<u32>,
    /// Whether records may be put in the place of those of a secondary: kept, and without effect.
    secondary_overrides: Option<bool>,
    /// What the SOA of a full zone has to have.
    soa: Option<SoaBody>,
    /// What the zone is for.
    zone_mode: Option<ZoneModeWord>,
}

/// For zones that are for inside only.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
struct InternalDnsBody {
    /// Refused: no zone is asked for what isn't in this one.
    reference_zone_id: Option<String>,
}

/// Name servers.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
struct NameServersBody {
    /// Of what kind.
    #[schema(rename = "type")]
    kind: Option<NameServersKind>,
}

/// What an SOA has to have; what isn't there stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
struct SoaBody {
    /// The primary; null for the one that the zone has.
    mname: Option<String>,
    /// The mailbox of who is responsible, as a name.
    rname: Option<String>,
    /// Seconds from one check of the serial to the next.
    #[schema(minimum = 600, maximum = 86400)]
    refresh: Option<u32>,
    /// Seconds until a check that failed is made again.
    #[schema(minimum = 600, maximum = 86400)]
    retry: Option<u32>,
    /// Seconds for which the zone is served without a check.
    #[schema(minimum = 86400, maximum = 2419200)]
    expire: Option<u32>,
    /// Seconds for which it is remembered that something isn't there.
    #[schema(minimum = 60, maximum = 86400)]
    min_ttl: Option<u32>,
    /// The SOA's own TTL, in seconds.
    #[schema(minimum = 300, maximum = 86400)]
    ttl: Option<u32>,
}

/// The setting of older clients.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct ApexNsBody {
    /// `use_apex_ns`, or nothing.
    #[schema(pattern = "^use_apex_ns$")]
    id: Option<String>,
    /// What `multi_provider` is to be.
    value: bool,
}

fn render(api: &Api, zone: &catalog::Zone, settings: &ZoneSettings) -> DnsSettings {
    DnsSettings::new(zone, settings, api.live().version(zone).as_deref())
}

/// The settings of a zone
#[utoipa::path(get, path = "/zones/{zone_id}/dns_settings", tag = "dns_settings", operation_id = "dns-settings-get",
    responses((status = 200, body = Success<DnsSettings>)))]
pub(super) async fn get(State(api): State<Api>, InZone { zone, .. }: InZone) -> Success<DnsSettings> {
    let settings = api.catalog().read().settings(&zone);
    Success::new(render(&api, &zone, &settings))
}

/// Changes settings of a zone
#[utoipa::path(patch, path = "/zones/{zone_id}/dns_settings", tag = "dns_settings", operation_id = "dns-settings-edit",
    request_body = DnsSettingsBody, responses((status = 200, body = Success<DnsSettings>)))]
pub(super) async fn edit(
    State(api): State<Api>,
    InZone { by, zone }: InZone,
    members: Members,
) -> Result<Success<DnsSettings>, Refusal> {
    let done = api.catalog().edit_dns_settings(&by, zone.id, read(&members)?).await?;
    Ok(Success::of(done, |settings| render(&api, &zone, &settings)))
}

/// Changes `multi_provider`, as older clients do
#[utoipa::path(patch, path = "/zones/{zone_id}/dns_settings/use_apex_ns", tag = "dns_settings",
    operation_id = "dns-settings-use-apex-ns", request_body = ApexNsBody, responses((status = 200, body = Success<ApexNs>)))]
pub(super) async fn use_apex_ns(
    State(api): State<Api>,
    InZone { by, zone }: InZone,
    members: Members,
) -> Result<Success<ApexNs>, Refusal> {
    if let Some(other) = members.text("id")?.given().filter(|id| id != ApexNs::ID) {
        let message = format!("id: {other:?} is another setting than {}", ApexNs::ID);
        return Err(Fault::invalid(code::SETTINGS_ALIAS, "id", message).into());
    }
    let Some(value) = members.truth("value")?.given() else {
        return Err(Fault::invalid(code::SETTINGS_ALIAS, "value", "value: true or false is needed").into());
    };
    let wanted = DnsSettingsEdit { multi_provider: Some(value), ..DnsSettingsEdit::default() };
    let done = api.catalog().edit_dns_settings(&by, zone.id, wanted).await?;
    let editable = zone.origin == Origin::Managed;
    Ok(Success::of(done, |settings| ApexNs::new(&settings, editable)))
}

fn read(members: &Members) -> Result<DnsSettingsEdit, Refusal> {
    let internal = members.object("internal_dns")?.given();
    let reference = internal.map(|internal| internal.text("reference_zone_id")).transpose();
    let reference = reference.map_err(|refusal| refusal.within("/internal_dns"))?;
    let servers = members.object("nameservers")?.given();
    let servers = servers.map(|servers| servers.text("type")).transpose();
    let servers = servers.map_err(|refusal| refusal.within("/nameservers"))?;
    let soa = members.object("soa")?.given().map(|soa| read_soa(&soa)).transpose();
    Ok(DnsSettingsEdit {
        flatten_all_cnames: members.truth("flatten_all_cnames")?.given(),
        foundation_dns: members.truth("foundation_dns")?.given(),
        reference_zone: reference.and_then(Member::given),
        multi_provider: members.truth("multi_provider")?.given(),
        name_servers: servers.and_then(Member::given),
        ns_ttl: members.integer("ns_ttl")?.given(),
        secondary_overrides: members.truth("secondary_overrides")?.given(),
        soa: soa.map_err(|refusal| refusal.within("/soa"))?,
        zone_mode: members.text("zone_mode")?.given(),
    })
}

fn read_soa(soa: &Members) -> Result<SoaEdit, Refusal> {
    Ok(SoaEdit {
        mname: match soa.text("mname")? {
            Member::Missing => None,
            Member::Null => Some(None),
            Member::Value(text) => Some(Some(text)),
        },
        rname: soa.text("rname")?.given(),
        refresh: soa.integer("refresh")?.given(),
        retry: soa.integer("retry")?.given(),
        expire: soa.integer("expire")?.given(),
        min_ttl: soa.integer("min_ttl")?.given(),
        ttl: soa.integer("ttl")?.given(),
    })
}
