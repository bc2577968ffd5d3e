//! The hash functions that come with the crate: RustCrypto's.

use super::{DigestOctets, Digester, HashAlgorithm};
use ::sha2::{Digest as _, Sha384, Sha512};
use core::fmt;

/// SHA-384 or SHA-512.
#[derive(Clone)]
pub struct Sha2(State);

#[derive(Clone)]
enum State {
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Digester for Sha2 {
    fn start(algorithm: HashAlgorithm) -> Option<Self> {
        Some(Self(match algorithm {
            HashAlgorithm::Sha384 => State::Sha384(Sha384::new()),
            HashAlgorithm::Sha512 => State::Sha512(Sha512::new()),
        }))
    }

    fn update(&mut self, octets: &[u8]) {
        match &mut self.0 {
            State::Sha384(hash) => hash.update(octets),
            State::Sha512(hash) => hash.update(octets),
        }
    }

    fn finish(self) -> DigestOctets {
        match self.0 {
            State::Sha384(hash) => hash.finalize().into_iter().collect(),
            State::Sha512(hash) => hash.finalize().into_iter().collect(),
        }
    }
}

impl fmt::Debug for Sha2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::Sha384(_) => "Sha2(SHA-384)",
            State::Sha512(_) => "Sha2(SHA-512)",
        })
    }
}
