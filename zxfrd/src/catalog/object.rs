//! What the catalog holds.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use zxfr_core::name::Name;
use zxfr_core::serial::SerialPolicy;
use zxfr_core::tsig::Algorithm;

use super::alerting::{Alerting, AlertingKey};
use super::id::Id;
use super::publishing::Publishing;
use super::settings::ZoneSettings;
use super::time::Time;
use super::written::{TsigSecret, Written};
use crate::config::{SerialBackward, ZoneFile};

/// Who says that an object is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The configuration file. Such an object is never stored, and nothing but the file changes it.
    Declared,
    /// Somebody, through the API. It is stored.
    Managed,
}

/// Whose objects they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: Id,
    /// Its name, for people.
    pub name: String,
    /// Who says so.
    pub origin: Origin,
    /// Since when.
    pub created: Time,
}

/// Which accounts a token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All, those to come too.
    All,
    /// These.
    Some(BTreeSet<Id>),
}

impl Reach {
    /// Whether it opens this account.
    #[must_use]
    pub fn opens(&self, account: Id) -> bool {
        match self {
            Self::All => true,
            Self::Some(accounts) => accounts.contains(&account),
        }
    }
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reading and changing.
    Write,
    /// Reading.
    Read,
    /// Metrics, and nothing else.
    Metrics,
}

/// What opens the API. Of its secret only a digest is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: Id,
    /// Its name, for people; the audit trail has it.
    pub name: String,
    /// What stands in `X-Auth-Email` beside it.
    pub email: Option<String>,
    /// The SHA-256 of its secret.
    pub digest: [u8; 32],
    /// Which accounts it opens.
    pub accounts: Reach,
    /// What it is good for.
    pub access: Access,
    /// Who says so.
    pub origin: Origin,
    /// Since when.
    pub created: Time,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({}, {:?}, {:?}, {:?}, …)", self.id, self.name, self.accounts, self.access)
    }
}

/// A TSIG key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tsig {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub account: Id,
    /// The name of the key. Several may have the same.
    pub name: Written<Name>,
    /// Its algorithm.
    pub algo: Written<Algorithm>,
    /// Its secret.
    pub secret: TsigSecret,
    /// Who says so.
    pub origin: Origin,
    /// Since when.
    pub created: Time,
    /// When it was changed last.
    pub modified: Time,
}

/// Another server. What its client never set, or unset, is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub account: Id,
    /// Its name, for people.
    pub name: String,
    /// Its address.
    pub ip: Option<Written<IpAddr>>,
    /// Its port, not 0.
    pub port: Option<u16>,
    /// Whether it is asked for IXFR before AXFR.
    pub ixfr_enable: Option<bool>,
    /// The key for all that is said to it and that it says.
    pub tsig_id: Option<Id>,
    /// Who says so.
    pub origin: Origin,
    /// Since when.
    pub created: Time,
    /// When it was changed last.
    pub modified: Time,
}

impl Peer {
    /// The port of DNS, which is taken when a peer has an address and no port.
    pub const PORT: u16 = 53;

    /// Where it is, if it is known.
    #[must_use]
    pub fn addr(&self) -> Option<SocketAddr> {
        self.ip.as_ref().map(|ip| SocketAddr::new(*ip.value(), self.port.unwrap_or(Self::PORT)))
    }
}

/// Addresses that may ask for the account's zones, and send NOTIFY for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acl {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub account: Id,
    /// Its name, for people.
    pub name: String,
    /// The addresses.
    pub ip_range: Written<IpNet>,
    /// Who says so.
    pub origin: Origin,
    /// Since when.
    pub created: Time,
    /// When it was changed last.
    pub modified: Time,
}

/// Of what type a zone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ZoneKind {
    /// Its data is ours.
    Full,
    /// Its data is another's, and served there.
    Partial,
    /// Its data comes from primaries.
    Secondary,
    /// It is for inside only.
    Internal,
}

/// A zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub account: Id,
    /// Its name. No other zone has it.
    pub name: Written<Name>,
    /// Its type.
    pub kind: ZoneKind,
    /// Whether its client has paused it.
    pub paused: bool,
    /// Name servers that its client named.
    pub vanity_name_servers: Vec<String>,
    /// Who says so.
    pub origin: Origin,
    /// Since when.
    pub created: Time,
    /// When it was changed last.
    pub modified: Time,
    /// When it was first served.
    pub activated: Option<Time>,
    /// What nothing but the configuration file says. Not stored.
    pub declared: DeclaredZone,
}

/// What nothing but the configuration file says of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredZone {
    /// Where it stands in the file, from 0; behind all of them when it doesn't.
    pub position: usize,
    /// The zone file that it comes from.
    pub file: Option<ZoneFile>,
    /// How many of 100 records it may lose from one version to the next.
    pub max_shrink_percent: u8,
    /// What is done when the serial of its primaries has gone backwards.
    pub serial_backward: SerialBackward,
    /// Whether its versions are to say their digest, if it comes from a file.
    pub zonemd_generate: bool,
    /// What holds for its versions before they are served.
    pub publishing: Publishing,
}

impl Default for DeclaredZone {
    fn default() -> Self {
        Self {
            position: usize::MAX,
            file: None,
            max_shrink_percent: 100,
            serial_backward: SerialBackward::Ignore,
            zonemd_generate: false,
            publishing: Publishing::default(),
        }
    }
}

/// Where a zone is transferred from. Its id is the zone's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The zone.
    pub zone: Id,
    /// The zone's name, as the client wrote it here.
    pub name: String,
    /// The peers, the first first.
    pub peers: Vec<Id>,
    /// Seconds from one check of the serial to the next.
    pub auto_refresh_seconds: u32,
    /// Who says so.
    pub origin: Origin,
    /// Since when.
    pub created: Time,
    /// When it was changed last.
    pub modified: Time,
}

/// Who gets a zone, besides the ACLs. Its id is the zone's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The zone.
    pub zone: Id,
    /// The zone's name, as the client wrote it here.
    pub name: String,
    /// The peers.
    pub peers: Vec<Id>,
    /// Whether the zone is handed out at all.
    pub enabled: bool,
    /// Who says so.
    pub origin: Origin,
    /// Since when.
    pub created: Time,
}

/// What holds for a zone's versions and for changes of its records. Its id is the zone's; a zone without one has the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZonePolicy {
    /// The zone.
    pub zone: Id,
    /// Where the serials of versions that are made here come from.
    pub serial: SerialPolicy,
    /// The TSIGs with which the zone may be changed by DNS UPDATE. A key that opens a zone for transfer doesn't open it for that.
    pub update: Vec<Id>,
    /// Whether versions that are made here say their digest (ZONEMD, RFC 8976).
    pub zonemd_generate: bool,
    /// What holds for versions that come from elsewhere.
    pub publishing: Publishing,
    /// Who says so.
    pub origin: Origin,
    /// When it was changed last.
    pub modified: Time,
}

impl ZonePolicy {
    /// What holds for a zone of which nothing was said.
    #[must_use]
    pub fn default_of(zone: &Zone) -> Self {
        let (serial, update) = Default::default();
        let DeclaredZone { zonemd_generate, publishing, .. } = zone.declared.clone();
        let (origin, modified) = (zone.origin, zone.created);
        Self { zone: zone.id, serial, update, zonemd_generate, publishing, origin, modified }
    }
}

/// Any object. A store keeps each under its [`ObjectKey`]: putting one replaces the one that was there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the types' names")]
pub enum Object {
    Account(Arc<Account>),
    Token(Arc<Token>),
    Tsig(Arc<Tsig>),
    Peer(Arc<Peer>),
    Acl(Arc<Acl>),
    Zone(Arc<Zone>),
    Incoming(Arc<Incoming>),
    Outgoing(Arc<Outgoing>),
    Policy(Arc<ZonePolicy>),
    Settings(Arc<ZoneSettings>),
    Alerting(Alerting),
}

/// Which object; links by their zone's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are the types' names")]
pub enum ObjectKey {
    Account(Id),
    Token(Id),
    Tsig(Id),
    Peer(Id),
    Acl(Id),
    Zone(Id),
    Incoming(Id),
    Outgoing(Id),
    Policy(Id),
    Settings(Id),
    Alerting(AlertingKey),
}

impl Object {
    /// Which one it is.
    #[must_use]
    pub fn key(&self) -> ObjectKey {
        match self {
            Self::Account(account) => ObjectKey::Account(account.id),
            Self::Token(token) => ObjectKey::Token(token.id),
            Self::Tsig(tsig) => ObjectKey::Tsig(tsig.id),
            Self::Peer(peer) => ObjectKey::Peer(peer.id),
            Self::Acl(acl) => ObjectKey::Acl(acl.id),
            Self::Zone(zone) => ObjectKey::Zone(zone.id),
            Self::Incoming(incoming) => ObjectKey::Incoming(incoming.zone),
            Self::Outgoing(outgoing) => ObjectKey::Outgoing(outgoing.zone),
            Self::Policy(policy) => ObjectKey::Policy(policy.zone),
            Self::Settings(settings) => ObjectKey::Settings(settings.zone),
            Self::Alerting(object) => ObjectKey::Alerting(object.key()),
        }
    }
}

/// A line of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// When.
    pub at: Time,
    /// Whose objects; none where it is about none.
    pub account: Option<Id>,
    /// The name of the token that it was done with.
    pub token: String,
    /// What was done, with names and ids; never a secret.
    pub what: String,
}

/// Writes the words that stand for the variants of an enum, and reads them.
macro_rules! words {
    ($name:ident, $what:literal, $($variant:ident = $word:literal),+) => {
        impl $name {
            /// The word that stands for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!(concat!("{:?} is no ", $what, ": use one of ", $($word, " "),+), text).trim_end().to_owned()),
                }
            }
        }
    };
}

pub(super) use words;

words!(Access, "access", Write = "write", Read = "read", Metrics = "metrics");
words!(ZoneKind, "zone type", Full = "full", Partial = "partial", Secondary = "secondary", Internal = "internal");
