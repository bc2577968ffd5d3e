//! A zone's settings as clients see them.

use serde::Serialize;
use utoipa::ToSchema;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::zone::Version;

use super::zone_object;
use crate::catalog::{self, NAME_SERVERS, SoaSettings, Written, ZoneSettings};

/// The settings of a zone.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "clients know them so")]
pub(super) struct DnsSettings {
    /// Always false: CNAMEs are answered as they are.
    flatten_all_cnames: bool,
    /// Always false.
    foundation_dns: bool,
    /// Always empty.
    internal_dns: InternalDns,
    /// Whether NS records that users add at the apex stand beside own ones. There are no own ones, so that all of them do.
    multi_provider: bool,
    /// The zone's name servers.
    nameservers: NameServers,
    /// The TTL of own NS records, in seconds.
    ns_ttl: u32,
    /// Whether records may be put in the place of those of a secondary: kept, and without effect.
    secondary_overrides: bool,
    /// What is set for the SOA, and else what the zone's SOA has.
    soa: Soa,
    /// What the zone is for.
    #[schema(value_type = ZoneModeWord)]
    zone_mode: &'static str,
}

/// For zones that are for inside only.
#[derive(Debug, Serialize, ToSchema)]
struct InternalDns {}

/// Name servers.
#[derive(Debug, Serialize, ToSchema)]
struct NameServers {
    /// Of what kind they are.
    #[serde(rename = "type")]
    #[schema(value_type = NameServersKind)]
    kind: &'static str,
}

/// Of what kind name servers are.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) enum NameServersKind {
    /// The zone's NS records.
    #[schema(rename = "cloudflare.standard")]
    Standard,
}

/// What a zone is for. Nothing follows from it.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "tells the schema; the catalog has the words")]
pub(super) enum ZoneModeWord {
    /// Anything.
    Standard,
    /// DNS, and no proxy.
    DnsOnly,
}

/// An SOA.
#[derive(Debug, Serialize, ToSchema)]
struct Soa {
    /// The primary that is set; null where the zone's own is.
    mname: Option<String>,
    /// The mailbox of who is responsible, as a name.
    rname: String,
    /// Seconds from one check of the serial to the next.
    refresh: u32,
    /// Seconds until a check that failed is made again.
    retry: u32,
    /// Seconds for which the zone is served without a check.
    expire: u32,
    /// Seconds for which it is remembered that something isn't there.
    min_ttl: u32,
    /// The SOA's own TTL, in seconds.
    ttl: u32,
}

impl DnsSettings {
    /// The settings of a zone of which this version is held.
    pub(super) fn new(zone: &catalog::Zone, settings: &ZoneSettings, version: Option<&Version>) -> Self {
        Self {
            flatten_all_cnames: false,
            foundation_dns: false,
            internal_dns: InternalDns {},
            multi_provider: settings.multi_provider,
            nameservers: NameServers { kind: NAME_SERVERS },
            ns_ttl: settings.ns_ttl,
            secondary_overrides: settings.secondary_overrides,
            soa: Soa::new(zone, settings, version),
            zone_mode: settings.zone_mode.as_str(),
        }
    }
}

impl Soa {
    fn new(zone: &catalog::Zone, settings: &ZoneSettings, version: Option<&Version>) -> Self {
        let (set, held) = (&settings.soa, version.map(Version::soa));
        let soa = held.and_then(|held| held.soa());
        let written = |name: &Option<Written<Name>>| name.as_ref().map(|name| name.text().to_owned());
        Self {
            mname: written(&set.mname),
            rname: written(&set.rname)
                .or_else(|| soa.map(|soa| without_last_dot(soa.rname)))
                .unwrap_or_else(|| format!("hostmaster.{}", zone_object::name(zone).trim_end_matches('.'))),
            refresh: set.refresh.or_else(|| soa.map(|soa| soa.refresh)).unwrap_or(SoaSettings::REFRESH),
            retry: set.retry.or_else(|| soa.map(|soa| soa.retry)).unwrap_or(SoaSettings::RETRY),
            expire: set.expire.or_else(|| soa.map(|soa| soa.expire)).unwrap_or(SoaSettings::EXPIRE),
            min_ttl: set.min_ttl.or_else(|| soa.map(|soa| soa.minimum)).unwrap_or(SoaSettings::MIN_TTL),
            ttl: set.ttl.or_else(|| held.map(|held| held.ttl)).unwrap_or(SoaSettings::TTL),
        }
    }
}

fn without_last_dot(name: NameRef<'_>) -> String {
    let text = name.to_string();
    if name.is_root() { text } else { text.strip_suffix('.').unwrap_or(&text).to_owned() }
}

/// A setting as older clients know it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApexNs {
    /// `use_apex_ns`.
    id: &'static str,
    /// What `multi_provider` is.
    value: bool,
    /// Whether it can be changed.
    editable: bool,
    /// When settings of the zone were changed last.
    #[schema(format = DateTime)]
    modified_on: String,
}

impl ApexNs {
    /// Its id.
    pub(super) const ID: &'static str = "use_apex_ns";

    pub(super) fn new(settings: &ZoneSettings, editable: bool) -> Self {
        Self { id: Self::ID, value: settings.multi_provider, editable, modified_on: settings.modified.to_string() }
    }
}
