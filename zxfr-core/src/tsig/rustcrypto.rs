//! The MAC that comes with the crate: HMAC (RFC 2104) with RustCrypto's hash functions.

use super::{Algorithm, Mac, MacOctets};
use core::fmt;
use hmac::{KeyInit, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

/// HMAC with any of the six hash functions. Its states, in which the secret is, are wiped when they are dropped.
#[derive(Clone)]
pub struct Hmac(State);

#[derive(Clone)]
enum State {
    Md5(hmac::Hmac<Md5>),
    Sha1(hmac::Hmac<Sha1>),
    Sha224(hmac::Hmac<Sha224>),
    Sha256(hmac::Hmac<Sha256>),
    Sha384(hmac::Hmac<Sha384>),
    Sha512(hmac::Hmac<Sha512>),
}

/// The same for whichever hash function it is.
macro_rules! each {
    ($state:expr, $mac:ident => $do:expr) => {
        match $state {
            State::Md5($mac) => $do,
            State::Sha1($mac) => $do,
            State::Sha224($mac) => $do,
            State::Sha256($mac) => $do,
            State::Sha384($mac) => $do,
            State::Sha512($mac) => $do,
        }
    };
}

impl Mac for Hmac {
    fn keyed(algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        // HMAC takes a secret of any length, so these never fail.
        let state = match algorithm {
            Algorithm::HmacMd5 => State::Md5(hmac::Hmac::new_from_slice(secret).ok()?),
            Algorithm::HmacSha1 => State::Sha1(hmac::Hmac::new_from_slice(secret).ok()?),
            Algorithm::HmacSha224 => State::Sha224(hmac::Hmac::new_from_slice(secret).ok()?),
            Algorithm::HmacSha256 => State::Sha256(hmac::Hmac::new_from_slice(secret).ok()?),
            Algorithm::HmacSha384 => State::Sha384(hmac::Hmac::new_from_slice(secret).ok()?),
            Algorithm::HmacSha512 => State::Sha512(hmac::Hmac::new_from_slice(secret).ok()?),
        };
        Some(Self(state))
    }

    fn update(&mut self, octets: &[u8]) {
        each!(&mut self.0, mac => mac.update(octets));
    }

    fn finish(self) -> MacOctets {
        each!(self.0, mac => mac.finalize().into_bytes().into_iter().collect())
    }
}

impl fmt::Debug for Hmac {
    /// Says nothing: the state stands for the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hmac(..)")
    }
}
