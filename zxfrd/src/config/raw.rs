//! The configuration as TOML has it, with the place of each value.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use toml::Spanned;
use zeroize::Zeroizing;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub(super) struct Config {
    pub(super) dns: Dns,
    pub(super) api: Api,
    pub(super) store: Store,
    pub(super) alerts: Alerts,
    pub(super) limits: Limits,
    pub(super) tsig: Vec<Tsig>,
    pub(super) peer: Vec<Peer>,
    pub(super) acl: Vec<Acl>,
    pub(super) zone: Vec<Spanned<Zone>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dns {
    pub(super) listen: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) notify_delay_milliseconds: Option<Spanned<u64>>,
    pub(super) answer: Option<Spanned<String>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Api {
    pub(super) listen: Option<Spanned<String>>,
    pub(super) accounts: Option<Spanned<Vec<Account>>>,
    #[serde(default)]
    pub(super) tokens: Vec<Token>,
    pub(super) tls_cert: Option<Spanned<String>>,
    pub(super) tls_key: Option<Spanned<String>>,
    pub(super) records_at_once: Option<Spanned<u32>>,
    pub(super) import_octets: Option<Spanned<u32>>,
    pub(super) requests_at_once: Option<Spanned<u32>>,
    pub(super) requests_per_second: Option<Spanned<u32>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    pub(super) id: Spanned<String>,
    pub(super) name: Spanned<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) name: Spanned<String>,
    pub(super) email: Option<Spanned<String>>,
    pub(super) secret: Option<Spanned<SecretText>>,
    pub(super) secret_file: Option<Spanned<String>>,
    pub(super) accounts: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) access: Option<Spanned<String>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Store {
    pub(super) url: Option<Spanned<String>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alerts {
    pub(super) cacert: Option<Spanned<String>>,
    pub(super) settle_seconds: Option<Spanned<u64>>,
    pub(super) retry_seconds: Option<Spanned<u64>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) peers_per_zone: Option<Spanned<usize>>,
    pub(super) acl_widest_ipv4: Option<Spanned<u8>>,
    pub(super) acl_widest_ipv6: Option<Spanned<u8>>,
    pub(super) max_zone_octets: Option<Spanned<u64>>,
    pub(super) max_zone_records: Option<Spanned<u64>>,
    pub(super) max_transfer_seconds: Option<Spanned<u64>>,
    pub(super) idle_seconds: Option<Spanned<u64>>,
    pub(super) progress_seconds: Option<Spanned<u64>>,
    pub(super) max_transfers_in: Option<Spanned<usize>>,
    pub(super) max_transfers_out: Option<Spanned<usize>>,
    pub(super) max_transfers_per_peer: Option<Spanned<usize>>,
    pub(super) max_connections: Option<Spanned<usize>>,
    pub(super) allow_hmac_md5: Option<bool>,
    pub(super) auto_refresh_min_seconds: Option<Spanned<u32>>,
    pub(super) retry_min_seconds: Option<Spanned<u32>>,
    pub(super) max_shrink_percent: Option<Spanned<u8>>,
    pub(super) max_journal_deltas: Option<Spanned<usize>>,
    pub(super) max_journal_octets: Option<Spanned<u64>>,
    pub(super) max_journals_octets: Option<Spanned<u64>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tsig {
    pub(super) name: Spanned<String>,
    pub(super) algo: Spanned<String>,
    pub(super) secret: Option<Spanned<SecretText>>,
    pub(super) secret_file: Option<Spanned<String>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Peer {
    pub(super) name: Spanned<String>,
    pub(super) ip: Spanned<String>,
    pub(super) port: Option<Spanned<u16>>,
    pub(super) tsig: Option<Spanned<String>>,
    pub(super) ixfr_enable: Option<bool>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Acl {
    pub(super) name: Spanned<String>,
    pub(super) ip_range: Spanned<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Zone {
    pub(super) name: Spanned<String>,
    pub(super) file: Option<Spanned<String>>,
    pub(super) watch: Option<Spanned<bool>>,
    pub(super) max_shrink_percent: Option<Spanned<u8>>,
    pub(super) publish: Option<Spanned<String>>,
    pub(super) hold_if: Option<HoldIf>,
    pub(super) zonemd: Option<Spanned<String>>,
    pub(super) zonemd_generate: Option<Spanned<bool>>,
    pub(super) incoming: Option<Spanned<Incoming>>,
    pub(super) outgoing: Option<Outgoing>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HoldIf {
    pub(super) shrink_percent: Option<Spanned<u8>>,
    pub(super) apex_ns_gone: bool,
    pub(super) dnskey_gone: bool,
    pub(super) zonemd_wrong: bool,
    pub(super) rrsig_expires: bool,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Incoming {
    pub(super) peers: Spanned<Vec<Spanned<String>>>,
    pub(super) auto_refresh_seconds: Option<Spanned<u32>>,
    pub(super) serial_backward: Option<Spanned<String>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outgoing {
    #[serde(default)]
    pub(super) peers: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) enabled: Option<bool>,
}

/// A secret's text. A value of another type is refused without being quoted.
pub(super) struct SecretText(pub(super) Zeroizing<String>);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

/// What is said of a secret that is no string.
fn not_text<E: Error>() -> E {
    E::custom("the secret has to be text in quotes")
}

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = SecretText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text in quotes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<SecretText, E> {
        Ok(SecretText(Zeroizing::new(text.to_owned())))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<SecretText, E> {
        Err(not_text())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<SecretText, E> {
        Err(not_text())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<SecretText, E> {
        Err(not_text())
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<SecretText, E> {
        Err(not_text())
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<SecretText, E> {
        Err(not_text())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<SecretText, E> {
        Err(not_text())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<SecretText, A::Error> {
        Err(not_text())
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<SecretText, A::Error> {
        Err(not_text())
    }
}
