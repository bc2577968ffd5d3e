//! How a zone stands with each of its peers, as `GET /zones/{id}/secondary_dns/status` says it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::reason;

/// How a zone stands with its peers. Times are RFC 3339, UTC; what isn't known is null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct ZoneStatus {
    /// The zone's id.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub id: String,
    /// Its name, without the last dot.
    pub name: String,
    /// The serial that is served or, once expired, held.
    #[schema(maximum = 4_294_967_295_u32)]
    pub soa_serial: Option<u32>,
    /// Whether its data has expired: no primary has confirmed it for longer than its SOA's EXPIRE.
    pub expired: bool,
    /// What is wrong with what is held here, whatever its peers do: `damaged` in the store, and the zone file's `bad-file`, `held`
    /// and `store`. Null when nothing is.
    pub failure: Option<FailureStatus>,
    /// Where it comes from.
    pub incoming: Option<IncomingStatus>,
    /// Who gets it.
    pub outgoing: Option<OutgoingStatus>,
}

/// How a zone stands with its primaries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct IncomingStatus {
    /// When its primaries were last asked for their serials.
    #[schema(format = DateTime)]
    pub last_check: Option<String>,
    /// When a primary last confirmed what is held, or gave something newer.
    #[schema(format = DateTime)]
    pub last_success: Option<String>,
    /// When it checks next, if no NOTIFY comes before.
    #[schema(format = DateTime)]
    pub next_check: Option<String>,
    /// When its data expires, if no primary confirms it before.
    #[schema(format = DateTime)]
    pub expires: Option<String>,
    /// Why the last round of checks and transfers failed; null when it went well.
    pub failure: Option<FailureStatus>,
    /// The transfer that waits or runs.
    pub transfer: Option<Progress>,
    /// Each of its primaries.
    pub peers: Vec<PeerStatus>,
}

/// How a zone stands with those who get it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct OutgoingStatus {
    /// Whether it is handed out at all.
    pub enabled: bool,
    /// How many transfers of it are under way.
    pub transfers: u32,
    /// When it was last transferred to somebody.
    #[schema(format = DateTime)]
    pub last_transfer: Option<String>,
    /// Each peer that is told of new versions.
    pub peers: Vec<PeerStatus>,
}

/// How a zone stands with one peer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct PeerStatus {
    /// The peer's id.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its address and port, if it has one.
    pub address: Option<String>,
    /// The serial that it has, as far as that is known: what it said last, or what was last transferred.
    #[schema(maximum = 4_294_967_295_u32)]
    pub soa_serial: Option<u32>,
    /// How many serials whoever is behind is behind: for a primary, how far we are behind it; for a secondary, how far it is
    /// behind us. Negative the other way round.
    pub lag: Option<i64>,
    /// When it was last asked or told, or asked itself.
    #[schema(format = DateTime)]
    pub last_check: Option<String>,
    /// When that last went well: a primary had what is held, or gave what it had promised.
    #[schema(format = DateTime)]
    pub last_success: Option<String>,
    /// The last time that it went wrong, however long ago.
    pub last_failure: Option<FailureStatus>,
    /// Whether nothing has gone well since then.
    pub failing: bool,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FailureStatus {
    /// Why, as one of a closed list of words.
    #[schema(schema_with = reasons)]
    pub reason: &'static str,
    /// Why, in words for people.
    pub message: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: Option<String>,
    /// The id of the peer.
    pub peer: Option<String>,
}

/// A transfer that waits or runs.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Progress {
    /// The id of the peer.
    pub peer: Option<String>,
    /// What is asked for.
    pub kind: ProgressKind,
    /// For how long it has been running, in seconds; null while it waits for its turn.
    pub seconds: Option<f64>,
    /// How many records have come.
    pub records: u64,
    /// How many octets have come.
    pub octets: u64,
    /// How many records came each second.
    pub records_per_second: Option<f64>,
    /// How many octets came each second.
    pub octets_per_second: Option<f64>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProgressKind {
    /// The whole zone.
    Axfr,
    /// What has changed.
    Ixfr,
}

/// Every reason that there is.
fn reasons() -> utoipa::openapi::schema::Object {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .enum_values(Some(reason::WORDS))
        .description(Some("Why, as one of a closed list of words."))
        .build()
}
