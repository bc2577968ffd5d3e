//! Digests of whole zones (ZONEMD, RFC 8976): computed, verified, made.
//!
//! | module | holds |
//! |---|---|
//! | `algorithm` | the hash algorithms, and [`Digester`], behind which the cryptography is |
//! | [`sha2`] | the [`Digester`] that comes with the crate |
//! | `canonical` | a version's records in the order and form in which they are digested |
//! | `record` | [`Zonemd`]: the RDATA of a ZONEMD record |
//! | `verdict` | what verifying a version says |
//!
//! [`Version::zone_digest`](super::Version::zone_digest) computes, [`Version::verify_zonemd`](super::Version::verify_zonemd)
//! verifies, [`Version::zonemd`](super::Version::zonemd) makes what a primary publishes. All walk the pages once and hold no
//! second copy of the zone. Whether the ZONEMD RRset is signed and its signature right is not looked at: that takes a
//! validator (RFC 8976 §4).

mod algorithm;
mod canonical;
mod record;
#[cfg(feature = "rustcrypto")]
pub mod sha2;
mod verdict;

pub use algorithm::{DigestOctets, Digester, HashAlgorithm, MAX_DIGEST};
pub use record::{MIN_DIGEST, SIMPLE, Zonemd};
#[cfg(feature = "rustcrypto")]
pub use sha2::Sha2;
pub use verdict::{Failure, Verdict};

#[cfg(all(test, feature = "rustcrypto"))]
mod tests;
