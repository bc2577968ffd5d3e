//! Hashed names (RFC 5155 §5).

use crate::name::{Name, NameRef};
use crate::wire::Rtype;
use crate::zone::{Among, Spot, Version};
use alloc::vec::Vec;
use core::ops::ControlFlow;

use super::place::joined;

/// SHA-1, which is all that NSEC3 needs of cryptography.
pub trait Sha1 {
    /// The digest of these octets, one part after the other.
    fn sha1(parts: &[&[u8]]) -> [u8; 20];
}

/// The SHA-1 that comes with the crate: RustCrypto's.
#[cfg(feature = "rustcrypto")]
#[derive(Clone, Copy, Debug)]
pub struct RustSha1;

#[cfg(feature = "rustcrypto")]
impl Sha1 for RustSha1 {
    fn sha1(parts: &[&[u8]]) -> [u8; 20] {
        use ::sha1::Digest;
        let mut digest = ::sha1::Sha1::new();
        parts.iter().for_each(|part| digest.update(part));
        digest.finalize().into()
    }
}

/// More iterations than RFC 9276 §3.2 lets anybody take: such a zone proves nothing here.
const MOST_ITERATIONS: u16 = 2_500;

/// How a zone hashes names: its NSEC3PARAM (RFC 5155 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hashing {
    iterations: u16,
    salt: Vec<u8>,
}

impl Hashing {
    /// That of a zone with NSEC3, by SHA-1.
    pub(super) fn of(version: &Version) -> Option<Self> {
        let mut found = None;
        version.each_of(Among::Names, version.apex(), Rtype::NSEC3PARAM, &[1, 0], |record| {
            found = Self::read(record.rdata);
            if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        found
    }

    pub(super) fn read(rdata: &[u8]) -> Option<Self> {
        let (&[_, _, high, low, length], salt) = rdata.split_first_chunk()?;
        let iterations = u16::from_be_bytes([high, low]);
        let salt = salt.get(..usize::from(length))?.to_vec();
        (iterations <= MOST_ITERATIONS).then_some(Self { iterations, salt })
    }

    /// The owner of the NSEC3 that a name would have.
    pub(super) fn owner<H: Sha1>(&self, name: NameRef<'_>, apex: NameRef<'_>) -> Option<Name> {
        let lower = name.to_name().to_lowercase();
        let mut digest = H::sha1(&[lower.as_octets(), &self.salt]);
        for _ in 0..self.iterations {
            digest = H::sha1(&[&digest, &self.salt]);
        }
        let mut label = Vec::with_capacity(33);
        label.push(32);
        push_base32(&digest, &mut label);
        joined(&label, apex)
    }

    /// The NSEC3 of a name, if it has one.
    pub(super) fn matching<H: Sha1>(&self, version: &Version, name: NameRef<'_>) -> Option<Name> {
        let owner = self.owner::<H>(name, version.apex())?;
        (version.spot(Among::Nsec3, owner.as_ref()) == Spot::Held).then_some(owner)
    }

    /// The NSEC3 that shows that a name has none, if it is so.
    pub(super) fn covering<H: Sha1>(&self, version: &Version, name: NameRef<'_>) -> Option<Name> {
        let before = |owner: &Name| match version.spot(Among::Nsec3, owner.as_ref()) {
            Spot::Held => None,
            Spot::Missing { before, .. } => Some(before),
        };
        let owner = self.owner::<H>(name, version.apex())?;
        // The last one covers what is before the first (RFC 5155 §3.1.7); no hash begins with a W.
        before(&owner)?.or_else(|| before(&joined(b"\x01w", version.apex())?)?)
    }
}

/// Appends the base 32 of octets, five at a time, with the digits of RFC 4648 §7 in lower case.
fn push_base32(octets: &[u8; 20], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    for five in octets.chunks(5) {
        let bits = five.iter().fold(0_u64, |bits, octet| bits << 8 | u64::from(*octet));
        for shift in (0..8_u32).rev() {
            let digit = bits >> shift.saturating_mul(5) & 31;
            out.extend(DIGITS.get(digit as usize));
        }
    }
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests {
    use super::*;
    use crate::edit::testing::name;

    /// RFC 5155, appendix A.
    #[test]
    fn names_are_hashed_as_in_the_rfc() {
        let hashing = Hashing::read(&[1, 0, 0, 12, 4, 0xaa, 0xbb, 0xcc, 0xdd]).unwrap();
        for (text, hash) in [
            ("example.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"),
            ("a.example.", "35mthgpgcu1qg68fab165klnsnk3dpvl"),
            ("ai.example.", "gjeqe526plbf1g8mklp59enfd789njgi"),
            ("NS1.Example.", "2t7b4g4vsa5smi47k61mv5bv1a22bojr"),
            ("x.y.w.example.", "2vptu5timamqttgl4luu9kg21e0aor3s"),
            ("xx.example.", "t644ebqk9bibcna874givr6joj62mlhv"),
        ] {
            let owner = hashing.owner::<RustSha1>(name(text).as_ref(), name("example.").as_ref());
            assert_eq!(owner, Some(name(&std::format!("{hash}.example."))), "{text}");
        }
    }

    #[test]
    fn what_is_no_nsec3param_or_takes_too_long_proves_nothing() {
        assert_eq!(Hashing::read(&[1, 0, 0, 0]), None);
        assert_eq!(Hashing::read(&[1, 0, 0, 0, 2, 1]), None, "salt");
        assert_eq!(Hashing::read(&[1, 0, 0x09, 0xc5, 0]), None, "2501 iterations");
        assert!(Hashing::read(&[1, 0, 0x09, 0xc4, 0]).is_some());
    }
}
