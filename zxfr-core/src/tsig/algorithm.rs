//! The algorithms of RFC 8945 §6 that are an HMAC.

use crate::name::NameRef;
use core::fmt;
use core::str::FromStr;

/// A TSIG algorithm (RFC 8945 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// HMAC-MD5; not to be used for anything new.
    HmacMd5,
    /// HMAC-SHA-1; must be known, is not recommended.
    HmacSha1,
    /// HMAC-SHA-224.
    HmacSha224,
    /// HMAC-SHA-256; must be known, is the recommended one.
    HmacSha256,
    /// HMAC-SHA-384.
    HmacSha384,
    /// HMAC-SHA-512.
    HmacSha512,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::HmacMd5, Self::HmacSha1, Self::HmacSha224, Self::HmacSha256, Self::HmacSha384, Self::HmacSha512];

    /// The name that stands for it in a TSIG record.
    #[must_use]
    pub const fn name(self) -> NameRef<'static> {
        NameRef::from_checked(match self {
            Self::HmacMd5 => b"\x08hmac-md5\x07sig-alg\x03reg\x03int\0",
            Self::HmacSha1 => b"\x09hmac-sha1\0",
            Self::HmacSha224 => b"\x0bhmac-sha224\0",
            Self::HmacSha256 => b"\x0bhmac-sha256\0",
            Self::HmacSha384 => b"\x0bhmac-sha384\0",
            Self::HmacSha512 => b"\x0bhmac-sha512\0",
        })
    }

    /// The algorithm that a name in a TSIG record stands for, compared without case.
    #[must_use]
    pub fn from_name(name: NameRef<'_>) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The octets of a whole MAC.
    #[must_use]
    pub const fn mac_len(self) -> usize {
        match self {
            Self::HmacMd5 => 16,
            Self::HmacSha1 => 20,
            Self::HmacSha224 => 28,
            Self::HmacSha256 => 32,
            Self::HmacSha384 => 48,
            Self::HmacSha512 => 64,
        }
    }

    /// The fewest octets that a MAC may be truncated to: 10, or half of it when that is more (RFC 8945 §5.2.2.1).
    #[must_use]
    pub const fn least_mac_len(self) -> usize {
        match self {
            Self::HmacMd5 | Self::HmacSha1 => 10,
            Self::HmacSha224 => 14,
            Self::HmacSha256 => 16,
            Self::HmacSha384 => 24,
            Self::HmacSha512 => 32,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::HmacMd5 => "hmac-md5",
            Self::HmacSha1 => "hmac-sha1",
            Self::HmacSha224 => "hmac-sha224",
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSha384 => "hmac-sha384",
            Self::HmacSha512 => "hmac-sha512",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

/// A text that names none of the algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAlgorithm;

impl fmt::Display for UnknownAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the name of a TSIG algorithm")
    }
}

impl core::error::Error for UnknownAlgorithm {}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    /// Reads a name as configuration files have it: without case, with or without the final dot, `hmac-md5` short or whole.
    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.eq_ignore_ascii_case("hmac-md5.sig-alg.reg.int") {
            return Ok(Self::HmacMd5);
        }
        Self::ALL.into_iter().find(|algorithm| text.eq_ignore_ascii_case(algorithm.text())).ok_or(UnknownAlgorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;
    use std::string::ToString;

    #[test]
    fn names_and_texts() {
        for algorithm in Algorithm::ALL {
            let name = algorithm.name();
            assert_eq!(NameRef::from_octets(name.as_octets()), Ok(name));
            let upper: Name = name.to_string().to_uppercase().parse().unwrap();
            assert_eq!(Algorithm::from_name(upper.as_ref()), Some(algorithm));
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
            assert_eq!(name.to_string().to_uppercase().parse(), Ok(algorithm));
            assert_eq!(name.to_string().trim_end_matches('.').parse(), Ok(algorithm));
        }
        let short: Name = "hmac-md5.".parse().unwrap();
        assert_eq!(Algorithm::from_name(short.as_ref()), None);
        for text in ["", ".", "hmac", "hmac-sha256..", "gss-tsig", "hmac-sha256-128"] {
            assert_eq!(text.parse::<Algorithm>(), Err(UnknownAlgorithm), "{text}");
        }
    }

    #[test]
    fn least_is_ten_or_half() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.least_mac_len(), (algorithm.mac_len() / 2).max(10));
        }
    }
}
