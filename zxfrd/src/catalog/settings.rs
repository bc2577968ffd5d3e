//! What is set for a zone besides its records: plain data.

use zxfr_core::name::Name;

use super::id::Id;
use super::object::{Zone, words};
use super::time::Time;
use super::written::Written;

/// What is set for a zone besides its records. Its id is the zone's; a zone without one has the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneSettings {
    /// The zone.
    pub zone: Id,
    /// Whether NS records that users add at the apex stand beside own ones. There are no own ones, so that all of them do.
    pub multi_provider: bool,
    /// Whether records may be put in the place of those of a secondary.
    pub secondary_overrides: bool,
    /// The TTL of own NS records, in seconds.
    pub ns_ttl: u32,
    /// What the zone is for.
    pub zone_mode: ZoneMode,
    /// What its SOA has to have.
    pub soa: SoaSettings,
    /// Whether its primaries sign it.
    pub dnssec_presigned: bool,
    /// Whether they do with NSEC3.
    pub dnssec_use_nsec3: bool,
    /// When it was changed last.
    pub modified: Time,
}

impl ZoneSettings {
    /// The TTL of own NS records of which nothing was said, in seconds.
    pub const NS_TTL: u32 = 86_400;

    /// What is set for a zone of which nothing was said.
    #[must_use]
    pub fn default_of(zone: &Zone) -> Self {
        Self {
            zone: zone.id,
            multi_provider: false,
            secondary_overrides: false,
            ns_ttl: Self::NS_TTL,
            zone_mode: ZoneMode::Standard,
            soa: SoaSettings::default(),
            dnssec_presigned: false,
            dnssec_use_nsec3: false,
            modified: zone.created,
        }
    }
}

/// What a zone is for: a word, and nothing follows from it here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ZoneMode {
    /// Anything.
    Standard,
    /// DNS, and no proxy.
    DnsOnly,
}

words!(ZoneMode, "zone mode here", Standard = "standard", DnsOnly = "dns_only");

/// What the SOA of a zone whose records are changed here has to have. What isn't set stays as it is in the zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoaSettings {
    /// The primary.
    pub mname: Option<Written<Name>>,
    /// The mailbox of who is responsible, as a name.
    pub rname: Option<Written<Name>>,
    /// Seconds from one check of the serial to the next.
    pub refresh: Option<u32>,
    /// Seconds until a check that failed is made again.
    pub retry: Option<u32>,
    /// Seconds for which the zone is served without a check.
    pub expire: Option<u32>,
    /// Seconds for which it is remembered that something isn't there.
    pub min_ttl: Option<u32>,
    /// The SOA's own TTL, in seconds.
    pub ttl: Option<u32>,
}

impl SoaSettings {
    /// The REFRESH of a new zone of which nothing is set, in seconds, as the other numbers.
    pub const REFRESH: u32 = 10_000;
    /// Its RETRY.
    pub const RETRY: u32 = 2_400;
    /// Its EXPIRE.
    pub const EXPIRE: u32 = 604_800;
    /// Its MINIMUM.
    pub const MIN_TTL: u32 = 1_800;
    /// The TTL of its SOA.
    pub const TTL: u32 = 3_600;
}
