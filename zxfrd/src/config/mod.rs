//! The configuration file: TOML, unknown keys are errors, everything has a default.
//!
//! [`load()`] gives plain data in which every reference is resolved and every rule is kept, or all the problems with
//! their lines. `keyfile` reads the keys that the client tool is given.
//!
//! ```
//! let text = r#"
//! [dns]
//! listen = ["127.0.0.1:5300", "[::1]:5300"] # UDP and TCP on each
//! notify_delay_milliseconds = 100 # peers get one NOTIFY for all that changes within it
//! answer = "peers" # who may ask for what a zone has: those who may transfer it, or "anyone"
//!
//! [api]
//! listen = "127.0.0.1:8053"
//! accounts = [{ id = "0123456789abcdef0123456789abcdef", name = "local" }] # declared objects go into the first
//! tokens = [{ name = "admin", secret = "long-and-random", access = "write" }] # none by default; write, read or metrics
//! ## tls_cert = "chain.pem"
//! ## tls_key = "key.pem"
//! records_at_once = 3500
//! import_octets = 262144
//! requests_at_once = 1200
//! requests_per_second = 200
//!
//! [store]
//! url = "sqlite:zxfrd.db" # "memory:" keeps nothing
//!
//! [alerts]
//! ## cacert = "ca.pem" # in place of the certificates that browsers trust
//! settle_seconds = 60
//! retry_seconds = 2
//!
//! [limits] # these are the defaults
//! peers_per_zone = 30
//! acl_widest_ipv4 = 24
//! acl_widest_ipv6 = 64
//! max_zone_octets = 4294967296
//! max_zone_records = 100000000
//! max_transfer_seconds = 7200
//! idle_seconds = 30
//! progress_seconds = 30
//! max_transfers_in = 10
//! max_transfers_out = 100
//! max_transfers_per_peer = 10
//! max_connections = 1000
//! allow_hmac_md5 = false
//! auto_refresh_min_seconds = 300
//! retry_min_seconds = 60
//! max_shrink_percent = 20
//! max_journal_deltas = 1000
//! max_journal_octets = 67108864
//! max_journals_octets = 1073741824
//!
//! [[tsig]]
//! name = "transfer.example."
//! algo = "hmac-sha256."
//! secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0ISEhISE=" # or secret_file = "transfer.secret"
//!
//! [[peer]]
//! name = "primary-1"
//! ip = "192.0.2.1"
//! port = 53
//! tsig = "transfer.example."
//! ixfr_enable = true # false by default
//!
//! [[acl]]
//! name = "lab"
//! ip_range = "127.0.0.1/32"
//!
//! [[zone]] # a secondary that hands the zone on
//! name = "example.org"
//! incoming = { peers = ["primary-1"], auto_refresh_seconds = 3600, serial_backward = "ignore" }
//! max_shrink_percent = 50 # off, that is 100, by default for zones with incoming transfers
//! publish = "hold-if" # auto by default; hold, until somebody publishes it
//! hold_if = { shrink_percent = 30, apex_ns_gone = true, dnskey_gone = true, zonemd_wrong = true, rrsig_expires = true }
//! zonemd = "warn" # off by default; reject
//! outgoing = { peers = [], enabled = true }
//!
//! [[zone]] # a primary; the root zone is "."
//! name = "example.com"
//! file = "example.com.zone"
//! watch = true # false by default
//! zonemd_generate = true # false by default
//! outgoing = { peers = ["primary-1"] }
//! "#;
//! let config = zxfrd::config::parse(text, "zxfrd.toml".as_ref()).unwrap();
//! assert_eq!(config.limits, zxfrd::config::Limits::default());
//! assert!(config.zones[0].outgoing.as_ref().unwrap().peers.is_empty());
//! assert_eq!(config.peers[config.zones[1].outgoing.as_ref().unwrap().peers[0]].name, "primary-1");
//! ```

mod alerts;
mod api;
mod check;
pub mod keyfile;
mod raw;
mod secret;

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use zeroize::Zeroizing;

use crate::catalog::Publishing;

pub use alerts::Alerts;
pub use api::{Account, Api, Store, Tls, Token};
pub use secret::{Secret, TsigKey};
use zxfr_core::name::Name;

/// A whole configuration. References are positions in its lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// `[dns]`
    pub dns: Dns,
    /// `[api]`
    pub api: Api,
    /// `[store]`
    pub store: Store,
    /// `[alerts]`
    pub alerts: Alerts,
    /// `[limits]`
    pub limits: Limits,
    /// `[[tsig]]`; names differ, without regard to case.
    pub tsig: Vec<TsigKey>,
    /// `[[peer]]`; names differ.
    pub peers: Vec<Peer>,
    /// `[[acl]]`; names differ.
    pub acls: Vec<Acl>,
    /// `[[zone]]`; names differ, without regard to case.
    pub zones: Vec<Zone>,
}

/// Where DNS is served, and how changes are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dns {
    /// UDP and TCP on each; at least one.
    pub listen: Vec<SocketAddr>,
    /// A zone's peers get one NOTIFY for all that changes within so long of the one before; 0 to 60,000.
    pub notify_delay_milliseconds: u64,
    /// Who may ask for what a zone has.
    pub answer: Answers,
}

/// Who may ask for what a zone has; transfers are for peers alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answers {
    /// Those who may transfer it.
    #[default]
    Peers,
    /// Everybody.
    Anyone,
}

impl Default for Dns {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 5300))],
            notify_delay_milliseconds: 100,
            answer: Answers::Peers,
        }
    }
}

/// What is taken and given at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Peers in one incoming or outgoing list.
    pub peers_per_zone: usize,
    /// The shortest IPv4 prefix of an ACL.
    pub acl_widest_ipv4: u8,
    /// The shortest IPv6 prefix of an ACL.
    pub acl_widest_ipv6: u8,
    /// Octets of a zone, on the wire of a transfer or as text in its file.
    pub max_zone_octets: u64,
    /// Records of a zone.
    pub max_zone_records: u64,
    /// Seconds that a transfer may take.
    pub max_transfer_seconds: u64,
    /// Seconds that a connection may be idle between requests.
    pub idle_seconds: u64,
    /// Seconds within which something has to move while a message or a transfer is under way.
    pub progress_seconds: u64,
    /// Incoming transfers at a time.
    pub max_transfers_in: usize,
    /// Outgoing transfers at a time.
    pub max_transfers_out: usize,
    /// Transfers at a time with one peer's address, each way.
    pub max_transfers_per_peer: usize,
    /// TCP connections at a time.
    pub max_connections: usize,
    /// Whether TSIG keys may use hmac-md5.
    pub allow_hmac_md5: bool,
    /// The shortest [`Incoming::auto_refresh_seconds`].
    pub auto_refresh_min_seconds: u32,
    /// Seconds to the next try after a check or a transfer that failed, when the SOA's RETRY says less.
    pub retry_min_seconds: u32,
    /// How many of 100 records a zone file may lose from one version to the next; 100 is any number.
    pub max_shrink_percent: u8,
    /// Deltas in the journal of a zone.
    pub max_journal_deltas: usize,
    /// Octets of the deltas in the journal of a zone.
    pub max_journal_octets: u64,
    /// Octets of the deltas in the journals of all zones together.
    pub max_journals_octets: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            peers_per_zone: 30,
            acl_widest_ipv4: 24,
            acl_widest_ipv6: 64,
            max_zone_octets: 1 << 32,
            max_zone_records: 100_000_000,
            max_transfer_seconds: 7200,
            idle_seconds: 30,
            progress_seconds: 30,
            max_transfers_in: 10,
            max_transfers_out: 100,
            max_transfers_per_peer: 10,
            max_connections: 1000,
            allow_hmac_md5: false,
            auto_refresh_min_seconds: 300,
            retry_min_seconds: 60,
            max_shrink_percent: 20,
            max_journal_deltas: 1_000,
            max_journal_octets: 64 << 20,
            max_journals_octets: 1 << 30,
        }
    }
}

/// Another server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name in the configuration.
    pub name: String,
    /// Its address.
    pub ip: IpAddr,
    /// Its port; not 0.
    pub port: u16,
    /// Its key, as a position in [`Config::tsig`].
    pub tsig: Option<usize>,
    /// Whether it is asked for IXFR before AXFR.
    pub ixfr_enable: bool,
}

/// Addresses that may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acl {
    /// Its name in the configuration.
    pub name: String,
    /// The addresses; without bits behind the prefix.
    pub ip_range: IpNet,
}

/// A zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its name, case as written.
    pub name: Name,
    /// Where it comes from.
    pub source: Source,
    /// How many of 100 records it may lose from one version to the next before that is held until confirmed; 100 is any
    /// number. The limit's when it is from a file and says nothing, and 100 when it is transferred and says nothing.
    pub max_shrink_percent: u8,
    /// Whether versions from its file are to say their digest (ZONEMD, RFC 8976).
    pub zonemd_generate: bool,
    /// What holds for its versions before they are served.
    pub publishing: Publishing,
    /// Who gets it.
    pub outgoing: Option<Outgoing>,
}

/// Where a zone comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A zone file.
    File(ZoneFile),
    /// Transfers from peers.
    Incoming(Incoming),
}

/// A zone file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneFile {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is read again when it has changed, without being told.
    pub watch: bool,
}

/// Where a zone is transferred from, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// These peers, the first first; at least one, as positions in [`Config::peers`].
    pub peers: Vec<usize>,
    /// Seconds from one check of the serial to the next.
    pub auto_refresh_seconds: u32,
    /// What is done when the serial of the primaries has gone backwards.
    pub serial_backward: SerialBackward,
}

impl Incoming {
    /// The seconds between checks when the configuration says nothing.
    pub const AUTO_REFRESH_SECONDS: u32 = 3600;
}

/// What is done when all primaries that answer have an older serial than we do (RFC 1982 §3.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SerialBackward {
    /// Our version stays.
    #[default]
    Ignore,
    /// Theirs is taken, once more than one check has said so.
    Accept,
}

/// Who gets a zone, besides the ACLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Positions in [`Config::peers`].
    pub peers: Vec<usize>,
    /// Whether the zone is handed out at all.
    pub enabled: bool,
}

/// One thing that is wrong in a configuration or key file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1; 0 when it is the file as a whole.
    pub line: usize,
    /// The column in characters, from 1; 0 when it is the file as a whole.
    pub column: usize,
    /// What is wrong and what to do, in words; never a secret.
    pub message: String,
}

impl Problem {
    /// A problem at an offset of the text.
    fn at(path: &Path, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        write!(f, " {}", self.message)
    }
}

/// A configuration that cannot be used: at least one problem, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub Vec<Problem>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Reads and checks a configuration file. Relative paths in it are relative to its folder.
///
/// # Errors
/// The file cannot be read, is not TOML, has keys or values that do not belong there, or breaks a rule. Rules are
/// checked all together; what does not even parse is reported alone.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = read_text(path).map_err(|problem| ConfigError(vec![problem]))?;
    parse(&text, path)
}

/// Reads and checks configuration text; `path` names it in problems, and paths are relative to its folder.
///
/// # Errors
/// As [`load()`].
pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
    match toml::from_str::<raw::Config>(text) {
        Ok(raw) => check::check(&raw, text, path),
        Err(error) => {
            // The error's own display would quote the line, which may hold a secret.
            let offset = error.span().map_or(0, |span| span.start);
            Err(ConfigError(vec![Problem::at(path, text, offset, error.message())]))
        }
    }
}

/// The text of a file that may hold secrets.
fn read_text(path: &Path) -> Result<Zeroizing<String>, Problem> {
    std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| Problem {
        path: path.to_owned(),
        line: 0,
        column: 0,
        message: format!("cannot read the file: {error}"),
    })
}

/// A domain name as it stands in configuration and on command lines: absolute, with or without its last dot.
///
/// # Errors
/// What is wrong, in words.
pub fn domain_name(text: &str) -> Result<Name, String> {
    let octets = crate::zonefile::parse_name(text)?;
    Name::from_octets(&octets).map_err(|fault| fault.to_string())
}
