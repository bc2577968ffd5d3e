//! A zone as clients see it. Much of it is there because the SDKs' models need it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::catalog;

/// A zone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Zone {
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    /// Its name, without the last dot; the root zone is `.`.
    name: String,
    /// `active` once it was served, `pending` before.
    #[schema(value_type = ZoneStatusWord)]
    status: ZoneStatusWord,
    /// Whether it is paused.
    paused: bool,
    /// Its type.
    #[serde(rename = "type")]
    #[schema(value_type = ZoneTypeWord)]
    kind: &'static str,
    /// Always 0.
    development_mode: u32,
    /// Always empty: who serves it is up to its operator.
    name_servers: Vec<String>,
    /// Always null.
    #[schema(value_type = Option<Vec<String>>, required)]
    original_name_servers: (),
    /// Always null.
    #[schema(value_type = Option<String>, required)]
    original_registrar: (),
    /// Always null.
    #[schema(value_type = Option<String>, required)]
    original_dnshost: (),
    #[schema(format = DateTime)]
    modified_on: String,
    #[schema(format = DateTime)]
    created_on: String,
    /// When it was first served.
    #[schema(format = DateTime, required)]
    activated_on: Option<String>,
    /// Name servers that were named for it.
    vanity_name_servers: Vec<String>,
    meta: Meta,
    owner: Owner,
    account: AccountRef,
    /// What the token may do with it.
    permissions: Vec<&'static str>,
    plan: Plan,
}

/// How far a zone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ZoneStatusWord {
    Pending,
    Active,
}

/// Of what type a zone is.
#[derive(Clone, Copy, Debug, ToSchema, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "tells the schema; the catalog has the words")]
pub(super) enum ZoneTypeWord {
    Full,
    Partial,
    Secondary,
    Internal,
}

#[derive(Debug, Serialize, ToSchema)]
struct Meta {
    step: u32,
    custom_certificate_quota: u32,
    page_rule_quota: u32,
    phishing_detected: bool,
}

/// The account, as the zone's owner.
#[derive(Debug, Serialize, ToSchema)]
struct Owner {
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// The account of a zone.
#[derive(Debug, Serialize, ToSchema)]
struct AccountRef {
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    name: String,
}

/// There are no plans: this says so in the form that is expected.
#[derive(Debug, Serialize, ToSchema)]
struct Plan {
    id: &'static str,
    name: &'static str,
    price: u32,
    currency: &'static str,
    frequency: &'static str,
    is_subscribed: bool,
    can_subscribe: bool,
    legacy_id: &'static str,
    legacy_discount: bool,
    externally_managed: bool,
}

const PLAN: Plan = Plan {
    id: "00000000000000000000000000000000",
    name: "Self-hosted",
    price: 0,
    currency: "USD",
    frequency: "",
    is_subscribed: true,
    can_subscribe: false,
    legacy_id: "enterprise",
    legacy_discount: false,
    externally_managed: false,
};

impl Zone {
    /// The zone, for a caller whose token may write or not.
    pub(super) fn new(zone: &catalog::Zone, account: &catalog::Account, writes: bool) -> Self {
        Self {
            id: zone.id.to_string(),
            name: name(zone).to_owned(),
            status: status(zone),
            paused: zone.paused,
            kind: zone.kind.as_str(),
            development_mode: 0,
            name_servers: Vec::new(),
            original_name_servers: (),
            original_registrar: (),
            original_dnshost: (),
            modified_on: zone.modified.to_string(),
            created_on: zone.created.to_string(),
            activated_on: zone.activated.map(|time| time.to_string()),
            vanity_name_servers: zone.vanity_name_servers.clone(),
            meta: Meta { step: 0, custom_certificate_quota: 0, page_rule_quota: 0, phishing_detected: false },
            owner: Owner { id: account.id.to_string(), name: account.name.clone(), kind: "organization" },
            account: AccountRef { id: account.id.to_string(), name: account.name.clone() },
            permissions: if writes { vec!["#zone:read", "#zone:edit"] } else { vec!["#zone:read"] },
            plan: PLAN,
        }
    }
}

/// How far a zone is.
pub(super) const fn status(zone: &catalog::Zone) -> ZoneStatusWord {
    if zone.activated.is_some() { ZoneStatusWord::Active } else { ZoneStatusWord::Pending }
}

/// Its name as answers have it: as it was written, without the last dot.
pub(crate) fn name(zone: &catalog::Zone) -> &str {
    let text = zone.name.text();
    match text.strip_suffix('.') {
        None | Some("") => text,
        // A dot behind an odd number of backslashes is part of a label (RFC 1035 §5.1).
        Some(rest) if rest.bytes().rev().take_while(|octet| *octet == b'\\').count() % 2 == 1 => text,
        Some(rest) => rest,
    }
}
