//! The objects as clients see them. What a client wrote comes back as it was written.

use serde::Serialize;
use utoipa::ToSchema;

use super::live::{Received, Sent};
use crate::catalog::{self, Time};

/// An id of 32 hexadecimal digits, where nothing but that is the result.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IdOnly {
    /// The id of what is gone, or was asked about.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
}

impl From<catalog::Id> for IdOnly {
    fn from(id: catalog::Id) -> Self {
        Self { id: id.to_string() }
    }
}

/// A TSIG key.
#[derive(Serialize, ToSchema)]
pub(super) struct Tsig {
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    /// The name of the key, in domain-name syntax.
    #[schema(example = "tsig.customer.cf.")]
    name: String,
    /// The algorithm.
    #[schema(example = "hmac-sha512.")]
    algo: String,
    /// The secret, in base 64.
    secret: String,
}

impl From<&catalog::Tsig> for Tsig {
    fn from(tsig: &catalog::Tsig) -> Self {
        Self {
            id: tsig.id.to_string(),
            name: tsig.name.text().to_owned(),
            algo: tsig.algo.text().to_owned(),
            secret: tsig.secret.text().to_owned(),
        }
    }
}

/// Another server. Members that were never set are left out.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Peer {
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    /// Its name, for people.
    name: String,
    /// Its address, IPv4 or IPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "192.0.2.53", nullable = false)]
    ip: Option<String>,
    /// Its port: 53, unless it was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 65535, nullable = false)]
    port: Option<u16>,
    /// Whether it is asked for IXFR before AXFR.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ixfr_enable: Option<bool>,
    /// The TSIG for all that is said to it and that it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9a-f]{32}$", nullable = false)]
    tsig_id: Option<String>,
}

impl From<&catalog::Peer> for Peer {
    fn from(peer: &catalog::Peer) -> Self {
        Self {
            id: peer.id.to_string(),
            name: peer.name.clone(),
            ip: peer.ip.as_ref().map(|ip| ip.text().to_owned()),
            port: peer.port.or_else(|| peer.addr().map(|addr| addr.port())),
            ixfr_enable: peer.ixfr_enable,
            tsig_id: peer.tsig_id.map(|id| id.to_string()),
        }
    }
}

/// Addresses that may ask for all zones of the account, and send NOTIFY for them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Acl {
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    /// Its name, for people.
    name: String,
    /// The addresses.
    #[schema(example = "192.0.2.53/28")]
    ip_range: String,
    #[schema(format = DateTime)]
    created_time: String,
    #[schema(format = DateTime)]
    modified_time: String,
}

impl From<&catalog::Acl> for Acl {
    fn from(acl: &catalog::Acl) -> Self {
        Self {
            id: acl.id.to_string(),
            name: acl.name.clone(),
            ip_range: acl.ip_range.text().to_owned(),
            created_time: acl.created.to_string(),
            modified_time: acl.modified.to_string(),
        }
    }
}

/// Where a zone is transferred from.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Incoming {
    /// The zone's id.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    /// The zone's name, as it was written here.
    name: String,
    /// The ids of its primaries.
    peers: Vec<String>,
    /// The same, for older clients.
    primaries: Vec<String>,
    /// Seconds from one check of the serial to the next.
    #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
    auto_refresh_seconds: u32,
    /// The serial that is held; 0 until a version has come.
    #[schema(maximum = 4_294_967_295_u32)]
    soa_serial: u32,
    #[schema(format = DateTime)]
    created_time: String,
    /// When a primary last said which serial it has.
    #[schema(format = DateTime)]
    checked_time: String,
    /// When the data or this configuration last changed.
    #[schema(format = DateTime)]
    modified_time: String,
}

impl Incoming {
    pub(super) fn new(incoming: &catalog::Incoming, received: Received) -> Self {
        let created = incoming.created;
        // What came before this configuration was there is told by none.
        let since = |time: Option<Time>| time.map_or(created, |time| time.max(created));
        let peers: Vec<_> = incoming.peers.iter().map(ToString::to_string).collect();
        Self {
            id: incoming.zone.to_string(),
            name: incoming.name.clone(),
            primaries: peers.clone(),
            peers,
            auto_refresh_seconds: incoming.auto_refresh_seconds,
            soa_serial: received.serial.map_or(0, |serial| serial.0),
            created_time: created.to_string(),
            checked_time: since(received.checked).to_string(),
            modified_time: since(received.modified).max(incoming.modified).to_string(),
        }
    }
}

/// Who gets a zone, besides the addresses of the ACLs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Outgoing {
    /// The zone's id.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    /// The zone's name, as it was written here.
    name: String,
    /// The ids of its peers.
    peers: Vec<String>,
    /// The same, for older clients.
    primaries: Vec<String>,
    /// The serial that is served; 0 until it was transferred to somebody.
    #[schema(maximum = 4_294_967_295_u32)]
    soa_serial: u32,
    #[schema(format = DateTime)]
    created_time: String,
    /// When somebody last asked for the serial.
    #[schema(format = DateTime)]
    checked_time: String,
    /// When it was last transferred to somebody.
    #[schema(format = DateTime)]
    last_transferred_time: String,
}

impl Outgoing {
    pub(super) fn new(outgoing: &catalog::Outgoing, sent: Sent) -> Self {
        let created = outgoing.created;
        let since = |time: Option<Time>| time.map_or(created, |time| time.max(created)).to_string();
        let peers: Vec<_> = outgoing.peers.iter().map(ToString::to_string).collect();
        Self {
            id: outgoing.zone.to_string(),
            name: outgoing.name.clone(),
            primaries: peers.clone(),
            peers,
            soa_serial: sent.serial.map_or(0, |serial| serial.0),
            created_time: created.to_string(),
            checked_time: since(sent.checked),
            last_transferred_time: since(sent.transferred),
        }
    }
}

/// Whose objects they are.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Account {
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    /// Its name, for people.
    name: String,
    /// Always `standard`.
    #[serde(rename = "type")]
    kind: &'static str,
    settings: AccountSettings,
    #[schema(format = DateTime)]
    created_on: String,
}

/// What is set for an account.
#[derive(Debug, Serialize, ToSchema)]
struct AccountSettings {
    /// Always false: there are tokens only.
    enforce_twofactor: bool,
}

impl From<&catalog::Account> for Account {
    fn from(account: &catalog::Account) -> Self {
        Self {
            id: account.id.to_string(),
            name: account.name.clone(),
            kind: "standard",
            settings: AccountSettings { enforce_twofactor: false },
            created_on: account.created.to_string(),
        }
    }
}

/// A token that was verified.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Verified {
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    /// Always `active`.
    status: &'static str,
}

impl From<&catalog::Token> for Verified {
    fn from(token: &catalog::Token) -> Self {
        Self { id: token.id.to_string(), status: "active" }
    }
}
