//! TSIG keys as configuration has them.

use std::fmt;

use base64ct::{Base64, Encoding};
use zeroize::{Zeroize, Zeroizing};

use zxfr_core::name::Name;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Algorithm, Key, KeyError};

/// For messages: the algorithms that may stand where one is needed.
pub(super) const ALGORITHMS: &str = "hmac-sha256., hmac-sha1., hmac-sha224., hmac-sha384., hmac-sha512. or hmac-md5.";

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
    /// Its name, case as written.
    pub name: Name,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// Its secret.
    pub secret: Secret,
}

impl TsigKey {
    /// The key, ready to sign and verify.
    ///
    /// # Errors
    /// None that reading the key has not ruled out.
    pub fn keyed(&self) -> Result<Key<Hmac>, KeyError> {
        Key::new(self.name.as_ref(), self.algorithm, self.secret.octets())
    }
}

impl fmt::Debug for TsigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TsigKey({}, {}, …)", self.name, self.algorithm)
    }
}
