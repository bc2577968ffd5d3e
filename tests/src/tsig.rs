//! TSIG keys as the peers' configurations spell them (RFC 8945).

use std::fmt;

use base64ct::{Base64, Encoding};

/// A TSIG algorithm (RFC 8945 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC-MD5.SIG-ALG.REG.INT
    Md5,
    /// hmac-sha1
    Sha1,
    /// hmac-sha224
    Sha224,
    /// hmac-sha256
    Sha256,
    /// hmac-sha384
    Sha384,
    /// hmac-sha512
    Sha512,
}

impl Algorithm {
    /// Every algorithm, weakest first.
    pub const ALL: [Self; 6] = [Self::Md5, Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The short name all peers and clients use, such as `hmac-sha256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "hmac-md5",
            Self::Sha1 => "hmac-sha1",
            Self::Sha224 => "hmac-sha224",
            Self::Sha256 => "hmac-sha256",
            Self::Sha384 => "hmac-sha384",
            Self::Sha512 => "hmac-sha512",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A key that a primary and its secondary share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TsigKey {
    /// Absolute key name in presentation form.
    pub name: String,
    /// The one algorithm the key is for.
    pub algorithm: Algorithm,
    /// The secret's octets.
    pub secret: Vec<u8>,
}

impl TsigKey {
    /// A key of this name with a secret made from name and algorithm: the same each
    /// time, and different for each key of a test.
    pub fn new(name: &str, algorithm: Algorithm) -> Self {
        let seed = name.bytes().chain(algorithm.name().bytes());
        let mut state = seed.fold(0x9e37_79b9_7f4a_7c15_u64, |state, octet| {
            (state ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let secret = (0..32)
            .map(|_| {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                state.to_be_bytes()[0]
            })
            .collect();
        Self { name: name.into(), algorithm, secret }
    }

    /// The secret in base64.
    pub fn base64(&self) -> String {
        Base64::encode_string(&self.secret)
    }

    /// `ALGORITHM:NAME:SECRET`, what `-y` of dig, kdig and zxfr takes.
    pub fn option(&self) -> String {
        format!("{}:{}:{}", self.algorithm, self.name, self.base64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_by_name_and_algorithm_and_repeat() {
        let key = TsigKey::new("a.", Algorithm::Sha256);
        assert_eq!(key, TsigKey::new("a.", Algorithm::Sha256));
        assert_ne!(key.secret, TsigKey::new("b.", Algorithm::Sha256).secret);
        assert_ne!(key.secret, TsigKey::new("a.", Algorithm::Sha512).secret);
        assert_eq!(key.base64().len(), 44);
    }
}
