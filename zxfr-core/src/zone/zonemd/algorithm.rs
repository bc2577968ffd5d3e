//! The hash algorithms of ZONEMD, and what digesting needs of cryptography.

use core::fmt;

/// The most octets of a digest: SHA-512's.
pub const MAX_DIGEST: usize = 64;

/// A digest of up to 64 octets.
pub type DigestOctets = heapless::Vec<u8, MAX_DIGEST>;

/// A hash algorithm that RFC 8976 §5.3 defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// SHA-384, which every verifier has.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// The algorithm of this number; `None` when RFC 8976 has none.
    #[must_use]
    pub const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Sha384),
            2 => Some(Self::Sha512),
            _ => None,
        }
    }

    /// Its number in the RDATA.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Sha384 => 1,
            Self::Sha512 => 2,
        }
    }

    /// The octets of its digests.
    #[must_use]
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        })
    }
}

/// A hash function, ready for octets. A host plugs its own in by this; `Sha2` comes with the feature `rustcrypto`.
pub trait Digester: Sized {
    /// The start of this algorithm; `None` when the implementation doesn't have it.
    fn start(algorithm: HashAlgorithm) -> Option<Self>;

    /// Digests more octets.
    fn update(&mut self, octets: &[u8]);

    /// The digest of all octets: [`HashAlgorithm::digest_len`] of them.
    fn finish(self) -> DigestOctets;
}
