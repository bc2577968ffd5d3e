//! The MAC that comes with the crate: HMAC (RFC 2104) with RustCrypto's hash functions.

use super::{Algorithm, Mac, MacOctets};
use core::fmt;
use core::hint::black_box;
use hmac::{KeyInit, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

/// How many octets are digested at a time.
const PART: usize = 512;
/// The octets of a line of a processor's cache; of others it is a part or some.
const LINE: usize = 64;

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
        // Pages of a zone are seldom in a cache, and a hash function waits for each line of octets when it comes to it. So the
        // lines that come next are asked for before these are digested, which makes signing a quarter faster.
        let mut parts = octets.chunks(PART).peekable();
        while let Some(part) = parts.next() {
            let lines = parts.peek().into_iter().flat_map(|next| next.iter().step_by(LINE));
            lines.for_each(|octet| _ = black_box(*octet));
            each!(&mut self.0, mac => mac.update(part));
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn check(secret: &[u8], octets: &[u8], algorithm: Algorithm, hex: &str) {
        let key = Hmac::keyed(algorithm, secret).unwrap();
        for split in [0, 1, octets.len()] {
            let mut mac = key.clone();
            let (front, back) = octets.split_at(split);
            mac.update(front);
            mac.update(back);
            let mac: String = mac.finish().iter().map(|octet| std::format!("{octet:02x}")).collect();
            assert_eq!(mac, hex, "{algorithm}, split at {split}");
        }
    }

    #[test]
    fn known_answers_of_rfc_2202() {
        for (secret, octets, algorithm, hex) in [
            (&[0x0b; 16][..], &b"Hi There"[..], Algorithm::HmacMd5, "9294727a3638bb1c13f48ef8158bfc9d"),
            (
                &b"Jefe"[..],
                &b"what do ya want for nothing?"[..],
                Algorithm::HmacMd5,
                "750c783e6ab0b503eaa86e310a5db738",
            ),
            (&[0xaa; 16][..], &[0xdd; 50][..], Algorithm::HmacMd5, "56be34521d144c88dbb8c733f0e8b3f6"),
            (
                &[0xaa; 80][..],
                &b"Test Using Larger Than Block-Size Key - Hash Key First"[..],
                Algorithm::HmacMd5,
                "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
            ),
            (&[0x0b; 20][..], &b"Hi There"[..], Algorithm::HmacSha1, "b617318655057264e28bc0b6fb378c8ef146be00"),
            (
                &b"Jefe"[..],
                &b"what do ya want for nothing?"[..],
                Algorithm::HmacSha1,
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            ),
            (&[0xaa; 20][..], &[0xdd; 50][..], Algorithm::HmacSha1, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
            (
                &[0xaa; 80][..],
                &b"Test Using Larger Than Block-Size Key - Hash Key First"[..],
                Algorithm::HmacSha1,
                "aa4ae5e15272d00e95705637ce8a3b55ed402112",
            ),
        ] {
            check(secret, octets, algorithm, hex);
        }
    }

    #[test]
    fn known_answers_of_rfc_4231() {
        for (secret, octets, algorithm, hex) in [
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                Algorithm::HmacSha224,
                "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22",
            ),
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                Algorithm::HmacSha256,
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                Algorithm::HmacSha384,
                "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
            ),
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                Algorithm::HmacSha512,
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
            ),
            (
                &b"Jefe"[..],
                &b"what do ya want for nothing?"[..],
                Algorithm::HmacSha224,
                "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44",
            ),
            (
                &b"Jefe"[..],
                &b"what do ya want for nothing?"[..],
                Algorithm::HmacSha256,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &b"Jefe"[..],
                &b"what do ya want for nothing?"[..],
                Algorithm::HmacSha384,
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            ),
            (
                &b"Jefe"[..],
                &b"what do ya want for nothing?"[..],
                Algorithm::HmacSha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
            (
                &[0xaa; 20][..],
                &[0xdd; 50][..],
                Algorithm::HmacSha224,
                "7fb3cb3588c6c1f6ffa9694d7d6ad2649365b0c1f65d69d1ec8333ea",
            ),
            (
                &[0xaa; 20][..],
                &[0xdd; 50][..],
                Algorithm::HmacSha256,
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &[0xaa; 20][..],
                &[0xdd; 50][..],
                Algorithm::HmacSha384,
                "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
            ),
            (
                &[0xaa; 20][..],
                &[0xdd; 50][..],
                Algorithm::HmacSha512,
                "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
            ),
            (
                &[0xaa; 131][..],
                &b"Test Using Larger Than Block-Size Key - Hash Key First"[..],
                Algorithm::HmacSha224,
                "95e9a0db962095adaebe9b2d6f0dbce2d499f112f2d2b7273fa6870e",
            ),
            (
                &[0xaa; 131][..],
                &b"Test Using Larger Than Block-Size Key - Hash Key First"[..],
                Algorithm::HmacSha256,
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &[0xaa; 131][..],
                &b"Test Using Larger Than Block-Size Key - Hash Key First"[..],
                Algorithm::HmacSha384,
                "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
            ),
            (
                &[0xaa; 131][..],
                &b"Test Using Larger Than Block-Size Key - Hash Key First"[..],
                Algorithm::HmacSha512,
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
            ),
        ] {
            check(secret, octets, algorithm, hex);
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let shown = Hmac::keyed(Algorithm::HmacSha256, b"secret").map(|mac| std::format!("{mac:?}"));
        assert_eq!(shown.as_deref(), Some("Hmac(..)"));
    }
}
