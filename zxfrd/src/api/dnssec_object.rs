//! How a zone is signed, as clients see it.

use std::fmt::Write;

use base64ct::{Base64, Encoding};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use zxfr_core::name::NameRef;
use zxfr_core::wire::Rtype;
use zxfr_core::zone::Version;

use crate::catalog::ZoneSettings;

/// How a zone is signed. What follows from a key is left out where there is none.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Dnssec {
    /// `active` where its primaries sign it and have keys in it, `pending` where they have none yet.
    #[schema(value_type = DnssecWord)]
    status: &'static str,
    /// Always false: nothing is signed here.
    dnssec_multi_signer: bool,
    /// Whether the zone's primaries sign it.
    dnssec_presigned: bool,
    /// Whether they do with NSEC3.
    dnssec_use_nsec3: bool,
    /// When settings of the zone were changed last.
    #[schema(format = DateTime)]
    modified_on: String,
    #[serde(flatten)]
    key: DelegatedKey,
}

/// How it is with a zone's signatures.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "tells the schema")]
enum DnssecWord {
    /// Its primaries sign it.
    Active,
    /// They are to, and no key is in it.
    Pending,
    /// Nobody is said to sign it.
    Disabled,
}

/// How it is to be with a zone's signatures.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "tells the schema; the catalog has the words")]
pub(super) enum DnssecWantedWord {
    /// Its primaries sign it.
    Active,
    /// Nobody is said to sign it.
    Disabled,
}

/// The key that the parent's DS may lead to, if there is one: the first with the SEP flag that isn't revoked (RFC 4034 §2.1.1, RFC 5011 §7).
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
struct DelegatedKey {
    /// The key's flags.
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<u16>,
    /// Its algorithm, as a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<String>,
    /// Its algorithm's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_type: Option<String>,
    /// Its key tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_tag: Option<u16>,
    /// The key, in base 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    /// The number of the digest's algorithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest_type: Option<&'static str>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest_algorithm: Option<&'static str>,
    /// The digest, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// The DS record.
    #[serde(skip_serializing_if = "Option::is_none")]
    ds: Option<String>,
}

/// A key that a zone is signed with here: there is none.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Zsk {}

impl Dnssec {
    pub(super) fn new(settings: &ZoneSettings, version: Option<&Version>) -> Self {
        let presigned = settings.dnssec_presigned;
        let key = version.filter(|_| presigned).and_then(DelegatedKey::of).unwrap_or_default();
        Self {
            status: match (presigned, &key.flags) {
                (false, _) => "disabled",
                (true, None) => "pending",
                (true, Some(_)) => "active",
            },
            dnssec_multi_signer: false,
            dnssec_presigned: presigned,
            dnssec_use_nsec3: settings.dnssec_use_nsec3,
            modified_on: settings.modified.to_string(),
            key,
        }
    }
}

impl DelegatedKey {
    fn of(version: &Version) -> Option<Self> {
        let mut keys = version.rrset(version.apex(), Rtype::DNSKEY);
        while let Some(record) = keys.next() {
            if let Some(key) = Self::read(version.apex(), record.ttl, record.rdata) {
                return Some(key);
            }
        }
        None
    }

    fn read(apex: NameRef<'_>, ttl: u32, rdata: &[u8]) -> Option<Self> {
        const ZONE: u16 = 0x0100;
        const REVOKE: u16 = 0x0080;
        const SEP: u16 = 0x0001;
        let (&[high, low, _, algorithm], key) = rdata.split_first_chunk()?;
        let flags = u16::from_be_bytes([high, low]);
        if flags & (ZONE | REVOKE | SEP) != ZONE | SEP {
            return None;
        }
        let digest =
            Sha256::new().chain_update(apex.to_name().to_lowercase().as_octets()).chain_update(rdata).finalize();
        let digest = digest.iter().fold(String::new(), |mut text, octet| {
            let _ = write!(text, "{octet:02X}");
            text
        });
        let key_tag = tag(rdata);
        Some(Self {
            flags: Some(flags),
            algorithm: Some(algorithm.to_string()),
            key_type: Some(mnemonic(algorithm).map_or_else(|| algorithm.to_string(), str::to_owned)),
            key_tag: Some(key_tag),
            public_key: Some(Base64::encode_string(key)),
            digest_type: Some("2"),
            digest_algorithm: Some("SHA256"),
            ds: Some(format!("{apex} {ttl} IN DS {key_tag} {algorithm} 2 {digest}")),
            digest: Some(digest),
        })
    }
}

/// The key tag (RFC 4034 appendix B), of all algorithms but the first one, which is used no more.
fn tag(rdata: &[u8]) -> u16 {
    let sum = rdata.chunks(2).fold(0_u32, |sum, pair| {
        let number = match pair {
            [high, low] => u16::from_be_bytes([*high, *low]),
            [high] => u16::from_be_bytes([*high, 0]),
            _ => 0,
        };
        sum.wrapping_add(number.into())
    });
    #[expect(clippy::cast_possible_truncation, reason = "the low 16 bits are wanted")]
    let tag = sum.wrapping_add(sum >> 16) as u16;
    tag
}

/// The name of an algorithm of DNSSEC (RFC 8624 §3.1).
const fn mnemonic(algorithm: u8) -> Option<&'static str> {
    Some(match algorithm {
        5 => "RSASHA1",
        7 => "RSASHA1-NSEC3-SHA1",
        8 => "RSASHA256",
        10 => "RSASHA512",
        13 => "ECDSAP256SHA256",
        14 => "ECDSAP384SHA384",
        15 => "ED25519",
        16 => "ED448",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use zxfr_core::name::Name;

    /// The key and the DS of RFC 6605 §6.1.
    #[test]
    fn the_ds_is_that_of_the_rfc() {
        let key = "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==";
        let mut rdata = vec![1, 1, 3, 13];
        rdata.extend(Base64::decode_vec(key).unwrap());
        let apex: Name = "Example.net.".parse().unwrap();
        let read = DelegatedKey::read(apex.as_ref(), 3600, &rdata).unwrap();
        let digest = "B4C8C1FE2E7477127B27115656AD6256F424625BF5C1E2770CE6D6E37DF61D17";
        let text = |member: &Option<String>| member.clone().unwrap();
        assert_eq!(
            (read.key_tag, text(&read.digest), text(&read.public_key)),
            (Some(55_648), digest.into(), key.into())
        );
        assert_eq!(text(&read.ds), format!("Example.net. 3600 IN DS 55648 13 2 {digest}"));
        let kind = (read.flags, text(&read.algorithm), text(&read.key_type));
        assert_eq!(kind, (Some(257), "13".into(), "ECDSAP256SHA256".into()));
        for flags in [[1, 0], [1, 0x81], [0, 1]] {
            rdata[..2].copy_from_slice(&flags);
            assert_eq!(DelegatedKey::read(apex.as_ref(), 3600, &rdata), None, "no key signing key");
        }
        assert_eq!(DelegatedKey::read(apex.as_ref(), 3600, &[]), None);
    }
}
