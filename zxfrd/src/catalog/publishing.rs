//! What holds for versions that come from elsewhere, before they are served: plain data.

use std::fmt;

use super::object::words;
use super::time::Time;

/// What holds for versions of a zone that come from its primaries or its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publishing {
    /// Whether they are served as they come.
    pub publish: Publish,
    /// What has them held, where that is asked for.
    pub hold_if: HoldIf,
    /// What a wrong digest does (ZONEMD, RFC 8976).
    pub zonemd: ZonemdCheck,
}

/// Whether a version that comes is served, or held until somebody publishes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Publish {
    /// It is served.
    #[default]
    Auto,
    /// It is held.
    Hold,
    /// It is held if one of the rules says so.
    HoldIf,
}

words!(Publish, "way of publishing", Auto = "auto", Hold = "hold", HoldIf = "hold-if");

/// Rules by which a version is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HoldIf {
    /// It has lost more than so many of 100 records.
    pub shrink_percent: Option<u8>,
    /// None of the apex NS that are served is in it.
    pub apex_ns_gone: bool,
    /// None of the DNSKEYs that are served is in it.
    pub dnskey_gone: bool,
    /// It hasn't the digest that it says.
    pub zonemd_wrong: bool,
    /// One of its signatures ends before the zone would expire if no primary confirmed it from now on.
    pub rrsig_expires: bool,
}

/// What is done about versions whose digest is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ZonemdCheck {
    /// Nothing.
    #[default]
    Off,
    /// The log has a warning.
    Warn,
    /// They are not taken.
    Reject,
}

words!(ZonemdCheck, "check of ZONEMD", Off = "off", Warn = "warn", Reject = "reject");

/// Why a version that was received is not what is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// How it stands.
    pub state: ReviewState,
    /// Why, in words.
    pub reasons: Vec<String>,
    /// Since when.
    pub since: Time,
}

impl fmt::Display for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reasons.join("; "))
    }
}

/// How a version stands that was received and is not what is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReviewState {
    /// Somebody has to look at it.
    Pending,
    /// Somebody didn't want it.
    Rejected,
    /// Its records are served, with another serial.
    Renumbered,
}

words!(ReviewState, "state of a review", Pending = "pending", Rejected = "rejected", Renumbered = "renumbered");
