//! TSIG keys as configuration has them.

use std::fmt;

use base64ct::{Base64, Encoding};
use zeroize::{Zeroize, Zeroizing};

use crate::zonefile::write_name;

/// A TSIG algorithm (RFC 8945 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC-MD5.SIG-ALG.REG.INT, for old peers only.
    HmacMd5,
    /// hmac-sha1
    HmacSha1,
    /// hmac-sha224
    HmacSha224,
    /// hmac-sha256, the default of the client tool.
    HmacSha256,
    /// hmac-sha384
    HmacSha384,
    /// hmac-sha512
    HmacSha512,
}

impl Algorithm {
    const ALL: [(Self, &'static str); 6] = [
        (Self::HmacMd5, "hmac-md5.sig-alg.reg.int."),
        (Self::HmacSha1, "hmac-sha1."),
        (Self::HmacSha224, "hmac-sha224."),
        (Self::HmacSha256, "hmac-sha256."),
        (Self::HmacSha384, "hmac-sha384."),
        (Self::HmacSha512, "hmac-sha512."),
    ];

    /// The algorithm of this name, in any case, with or without the last dot; `hmac-md5` is short for its full name.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.strip_suffix('.').unwrap_or(name);
        let name = if name.eq_ignore_ascii_case("hmac-md5") { "hmac-md5.sig-alg.reg.int" } else { name };
        let same = |full: &str| full.strip_suffix('.').is_some_and(|full| full.eq_ignore_ascii_case(name));
        Self::ALL.into_iter().find(|(_, full)| same(full)).map(|(algorithm, _)| algorithm)
    }

    /// Its name in TSIG records, absolute.
    pub fn name(self) -> &'static str {
        let [md5, sha1, sha224, sha256, sha384, sha512] = Self::ALL.map(|(_, name)| name);
        match self {
            Self::HmacMd5 => md5,
            Self::HmacSha1 => sha1,
            Self::HmacSha224 => sha224,
            Self::HmacSha256 => sha256,
            Self::HmacSha384 => sha384,
            Self::HmacSha512 => sha512,
        }
    }

    /// For messages: what may stand there.
    pub(super) const KNOWN: &'static str =
        "hmac-sha256., hmac-sha1., hmac-sha224., hmac-sha384., hmac-sha512. or hmac-md5.";
}

/// The octets of a secret; never empty. Not shown by `Debug`, and wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Reads base 64. Line feeds and spaces around it do not count.
    ///
    /// # Errors
    /// What is wrong, without quoting any of it.
    pub fn from_base64(text: &str) -> Result<Self, &'static str> {
        match Base64::decode_vec(text.trim()) {
            Ok(octets) if octets.is_empty() => Err("the secret is empty"),
            Ok(octets) => Ok(Self(Zeroizing::new(octets))),
            Err(_) => Err("the secret is not base 64"),
        }
    }

    /// The octets that key the MAC.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Zeroize for Secret {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// A TSIG key.
#[derive(Clone, PartialEq, Eq)]
pub struct TsigKey {
    /// Its name: uncompressed wire octets, case as written.
    pub name: Vec<u8>,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// Its secret.
    pub secret: Secret,
}

impl fmt::Debug for TsigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = Vec::new();
        write_name(&self.name, &mut name);
        write!(f, "TsigKey({}, {}, …)", String::from_utf8_lossy(&name), self.algorithm.name())
    }
}
