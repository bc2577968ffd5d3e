//! Why something is not done, and what is odd about what is.

use std::fmt;

/// Why something that was asked for is not done. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Of what kind it is.
    pub kind: FaultKind,
    /// The number that clients tell it by; one of [`code`].
    pub code: u32,
    /// What is wrong, naming the member and the rule; never a secret.
    pub message: String,
    /// Where in the request's body, as a JSON pointer (RFC 6901).
    pub pointer: Option<String>,
}

/// Of what kind a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// What was sent breaks a rule: 400.
    Invalid,
    /// There is no such thing, or the caller is not to know of it: 404.
    NotFound,
    /// It is in use, or there already: 409.
    Conflict,
    /// The caller may not, or nobody may: 403.
    Forbidden,
    /// It can't be kept just now: 503.
    Unavailable,
}

/// The numbers of faults and warnings.
pub mod code {
    /// The body isn't what it has to be.
    pub const BODY: u32 = 1000;
    /// No such path, object or account.
    pub const NOT_FOUND: u32 = 7003;
    /// There is a zone of this name.
    pub const ZONE_EXISTS: u32 = 1061;
    /// There is no such zone.
    pub const ZONE_NOT_FOUND: u32 = 1001;
    /// A token that may not do this.
    pub const FORBIDDEN: u32 = 10000;

    /// A TSIG's name.
    pub const TSIG_NAME: u32 = 1101;
    /// A TSIG's algorithm.
    pub const TSIG_ALGO: u32 = 1102;
    /// A TSIG's secret.
    pub const TSIG_SECRET: u32 = 1103;
    /// No such TSIG.
    pub const TSIG_NOT_FOUND: u32 = 1104;
    /// A TSIG that is in use.
    pub const TSIG_IN_USE: u32 = 1105;

    /// A peer's name.
    pub const PEER_NAME: u32 = 1201;
    /// A peer's address.
    pub const PEER_IP: u32 = 1202;
    /// A peer's port.
    pub const PEER_PORT: u32 = 1203;
    /// A peer's TSIG.
    pub const PEER_TSIG: u32 = 1204;
    /// No such peer.
    pub const PEER_NOT_FOUND: u32 = 1205;
    /// A peer that is in use.
    pub const PEER_IN_USE: u32 = 1206;
    /// A peer's `ixfr_enable`.
    pub const PEER_IXFR: u32 = 1207;

    /// An ACL's range is none.
    pub const ACL_RANGE: u32 = 1301;
    /// An ACL's range is too wide.
    pub const ACL_TOO_WIDE: u32 = 1302;
    /// No such ACL.
    pub const ACL_NOT_FOUND: u32 = 1303;
    /// An ACL's name.
    pub const ACL_NAME: u32 = 1304;

    /// The list of peers is none.
    pub const LINK_PEERS: u32 = 1401;
    /// More peers than a zone may have.
    pub const LINK_TOO_MANY: u32 = 1402;
    /// A peer that isn't there, or twice, or can't be used here.
    pub const LINK_PEER: u32 = 1403;
    /// The seconds between checks.
    pub const LINK_REFRESH: u32 = 1404;
    /// The name is not the zone's.
    pub const LINK_NAME: u32 = 1405;
    /// There is no such configuration.
    pub const LINK_NOT_FOUND: u32 = 1406;
    /// There is one already.
    pub const LINK_EXISTS: u32 = 1407;
    /// The zone is of another type.
    pub const LINK_ZONE_TYPE: u32 = 1408;
    /// It is not enabled.
    pub const LINK_DISABLED: u32 = 1409;
    /// The peers have different TSIGs: a warning.
    pub const LINK_MIXED_TSIG: u32 = 1410;

    /// Where serials come from.
    pub const POLICY_SERIAL: u32 = 1701;
    /// A TSIG for DNS UPDATE that isn't there, or twice.
    pub const POLICY_UPDATE: u32 = 1702;
    /// It is for zones of another type.
    pub const POLICY_ZONE_TYPE: u32 = 1703;
    /// How versions that come are published.
    pub const POLICY_PUBLISH: u32 = 1704;
    /// Nothing is held for review.
    pub const REVIEW_NOTHING: u32 = 1705;
    /// A version that can't be published.
    pub const REVIEW_UNFIT: u32 = 1706;
    /// No version with this serial is kept.
    pub const ROLLBACK_SERIAL: u32 = 1707;

    /// A rule of zones is broken.
    pub const RECORD_RULE: u32 = 1004;
    /// The content of an A record.
    pub const RECORD_IPV4: u32 = 9005;
    /// No such record.
    pub const RECORD_NOT_FOUND: u32 = 81_044;
    /// A CNAME beside other records.
    pub const RECORD_CNAME: u32 = 81_053;
    /// There is this record already.
    pub const RECORD_EXISTS: u32 = 81_058;
    /// A record's name.
    pub const RECORD_NAME: u32 = 2301;
    /// A record's type.
    pub const RECORD_TYPE: u32 = 2302;
    /// A record's content, data or priority.
    pub const RECORD_CONTENT: u32 = 2303;
    /// A record's TTL.
    pub const RECORD_TTL: u32 = 2304;
    /// There is no proxy.
    pub const RECORD_PROXIED: u32 = 2305;
    /// A record's comment, tags or settings.
    pub const RECORD_NOTE: u32 = 2306;
    /// The records of the zone are not changed here.
    pub const RECORD_READ_ONLY: u32 = 2307;
    /// More changes than are taken at once.
    pub const RECORD_BATCH: u32 = 2308;
    /// A zone file that can't be taken.
    pub const RECORD_IMPORT: u32 = 2309;

    /// A zone's name.
    pub const ZONE_NAME: u32 = 1501;
    /// A zone's type.
    pub const ZONE_TYPE: u32 = 1502;
    /// Another member of a zone.
    pub const ZONE_MEMBER: u32 = 1503;
    /// A zone that is in use.
    pub const ZONE_IN_USE: u32 = 1504;
    /// The account of a zone.
    pub const ZONE_ACCOUNT: u32 = 1505;
    /// A zone of which nothing is held yet.
    pub const ZONE_EMPTY: u32 = 1506;

    /// A member of a token.
    pub const TOKEN: u32 = 1601;
    /// No such token.
    pub const TOKEN_NOT_FOUND: u32 = 1602;

    /// A webhook's name.
    pub const WEBHOOK_NAME: u32 = 2101;
    /// A webhook's URL.
    pub const WEBHOOK_URL: u32 = 2102;
    /// A webhook's secret.
    pub const WEBHOOK_SECRET: u32 = 2103;
    /// No such webhook.
    pub const WEBHOOK_NOT_FOUND: u32 = 2104;
    /// A webhook that is in use.
    pub const WEBHOOK_IN_USE: u32 = 2105;

    /// A policy's name.
    pub const POLICY_NAME: u32 = 2201;
    /// What a policy tells of.
    pub const POLICY_TYPE: u32 = 2202;
    /// Whom a policy tells, and how.
    pub const POLICY_MECHANISMS: u32 = 2203;
    /// A policy's filters, or how often it tells again.
    pub const POLICY_FILTERS: u32 = 2204;
    /// No such policy.
    pub const POLICY_NOT_FOUND: u32 = 2205;

    /// What can't be set, since nothing would follow from it.
    pub const SETTINGS_UNSUPPORTED: u32 = 2401;
    /// What a zone is for.
    pub const SETTINGS_ZONE_MODE: u32 = 2402;
    /// The TTL of own NS records.
    pub const SETTINGS_NS_TTL: u32 = 2403;
    /// A member of the SOA.
    pub const SETTINGS_SOA: u32 = 2404;
    /// Overrides where there are signatures of primaries.
    pub const SETTINGS_OVERRIDES: u32 = 2405;
    /// What is kept and has no effect: a warning.
    pub const SETTINGS_WITHOUT_EFFECT: u32 = 2406;
    /// The member of an older client's setting.
    pub const SETTINGS_ALIAS: u32 = 2407;
    /// Another member about signatures.
    pub const DNSSEC_MEMBER: u32 = 2501;
    /// Zones are not signed here.
    pub const DNSSEC_SIGNING: u32 = 2502;

    /// The configuration file says so, and only it can say otherwise.
    pub const DECLARED: u32 = 1701;
    /// The store doesn't take it.
    pub const STORE: u32 = 1801;
}

impl Fault {
    fn new(kind: FaultKind, code: u32, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), pointer: None }
    }

    /// A member of the body breaks a rule: its name, or a path as `peers/0`; empty for the body itself.
    #[must_use]
    pub fn invalid(code: u32, member: &str, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Invalid, code, message).at(member)
    }

    /// It breaks a rule, and no member alone.
    #[must_use]
    pub fn refused(code: u32, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Invalid, code, message)
    }

    /// There is no such thing.
    #[must_use]
    pub fn not_found(code: u32, message: impl Into<String>) -> Self {
        Self::new(FaultKind::NotFound, code, message)
    }

    /// It is in use, or there already.
    #[must_use]
    pub fn conflict(code: u32, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Conflict, code, message)
    }

    /// The caller may not, or nobody may.
    #[must_use]
    pub fn forbidden(code: u32, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Forbidden, code, message)
    }

    /// It can't be kept just now.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Unavailable, code::STORE, message)
    }

    /// The same, at a member of the body.
    #[must_use]
    pub fn at(mut self, member: &str) -> Self {
        self.pointer = Some(if member.is_empty() { String::new() } else { format!("/{member}") });
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// What is odd about something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The number that clients tell it by; one of [`code`].
    pub code: u32,
    /// What is odd, and what comes of it.
    pub message: String,
}

/// Something that was done: what came of it, durable by now, and what is odd about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done<T> {
    /// What came of it.
    pub result: T,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
}

impl<T> Done<T> {
    /// Done, and nothing odd about it.
    pub const fn new(result: T) -> Self {
        Self { result, warnings: Vec::new() }
    }
}
