//! Texts that clients sent, kept as they were, beside what they mean.

use std::fmt;
use std::net::IpAddr;

use base64ct::{Base64, Encoding};
use ipnet::IpNet;
use zeroize::Zeroizing;
use zxfr_core::name::Name;
use zxfr_core::tsig::Algorithm;

use crate::config::{self, Secret};

/// A text as a client wrote it, which is what clients get back, and what it means.
#[derive(Clone, PartialEq, Eq)]
pub struct Written<T> {
    text: String,
    value: T,
}

/// What can be read from a text.
pub trait Meaning: Sized {
    /// Reads it. Rules that depend on limits are not looked at.
    ///
    /// # Errors
    /// Why it is none, in words.
    fn read(text: &str) -> Result<Self, String>;
}

impl<T: Meaning> Written<T> {
    /// Reads a text.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn read(text: &str) -> Result<Self, String> {
        T::read(text).map(|value| Self { text: text.to_owned(), value })
    }
}

impl<T> Written<T> {
    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it means.
    #[must_use]
    pub const fn value(&self) -> &T {
        &self.value
    }
}

impl<T> fmt::Display for Written<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T> fmt::Debug for Written<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// A domain name, with or without its last dot.
impl Meaning for Name {
    fn read(text: &str) -> Result<Self, String> {
        config::domain_name(text).map_err(|what| format!("{text:?} is not a domain name: {what}"))
    }
}

/// An algorithm, without case, with or without its last dot.
impl Meaning for Algorithm {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| {
            format!(
                "{text:?} is not an algorithm: use hmac-sha256., or hmac-sha1., hmac-sha224., hmac-sha384. or hmac-sha512."
            )
        })
    }
}

impl Meaning for IpAddr {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("{text:?} is not an IPv4 or IPv6 address"))
    }
}

/// A range; a lone address is one, and bits behind the prefix don't count.
impl Meaning for IpNet {
    fn read(text: &str) -> Result<Self, String> {
        let range = text.parse::<Self>().or_else(|_| text.parse::<IpAddr>().map(Self::from));
        range
            .map(|range| range.trunc())
            .map_err(|_| format!("{text:?} is not an address range such as 192.0.2.0/24 or 2001:db8::/64"))
    }
}

/// Refuses ranges of IPv4 addresses in IPv6's form (RFC 4291 §2.5.5.2): those who ask are known by their IPv4 addresses, so that
/// such a range would admit nobody.
///
/// # Errors
/// What to write instead.
pub(crate) fn not_mapped(range: &IpNet) -> Result<(), String> {
    match range.addr() {
        IpAddr::V6(addr) if range.prefix_len() >= 96 => match addr.to_ipv4_mapped() {
            Some(addr) => {
                let prefix = range.prefix_len() - 96;
                Err(format!("{range} is a range of IPv4 addresses: write it as {addr}/{prefix}"))
            }
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A TSIG's secret: base 64 as it was written, and its octets. `Debug` shows neither, and both are wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct TsigSecret {
    text: Zeroizing<String>,
    octets: Secret,
}

impl TsigSecret {
    /// The most octets that a secret may have.
    pub const MOST: usize = 512;

    /// Reads base 64 with padding (RFC 4648 §4) of 1 to 512 octets.
    ///
    /// # Errors
    /// Why it is none, without quoting any of it.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let octets = Base64::decode_vec(text).map(Zeroizing::new);
        match octets.as_ref().map(|octets| octets.len()) {
            Err(_) => Err("is not base 64 with padding (RFC 4648 §4)"),
            Ok(0) => Err("is empty: a secret has 1 to 512 octets"),
            Ok(1..=Self::MOST) => {
                let octets = Secret::from_base64(text)?;
                Ok(Self { text: Zeroizing::new(text.to_owned()), octets })
            }
            Ok(_) => Err("is too long: a secret has 1 to 512 octets"),
        }
    }

    /// A new one of so many random octets.
    ///
    /// # Errors
    /// When the system gives no random octets.
    pub fn random(octets: usize) -> Result<Self, String> {
        let mut random = Zeroizing::new(vec![0; octets.clamp(1, Self::MOST)]);
        getrandom::fill(&mut random).map_err(|error| format!("no random octets: {error}"))?;
        Self::read(&Zeroizing::new(Base64::encode_string(&random))).map_err(str::to_owned)
    }

    /// Base 64, as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What keys the MAC.
    #[must_use]
    pub const fn octets(&self) -> &Secret {
        &self.octets
    }
}

impl fmt::Debug for TsigSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TsigSecret(…)")
    }
}
