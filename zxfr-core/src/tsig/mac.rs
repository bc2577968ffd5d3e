//! What signing needs of cryptography: a keyed MAC, fed part by part.

use super::Algorithm;

/// The most octets of a MAC: HMAC-SHA-512's.
pub const MAX_MAC: usize = 64;

/// A MAC of up to 64 octets.
pub type MacOctets = heapless::Vec<u8, MAX_MAC>;

/// A keyed MAC, ready for octets. A key keeps one that has seen its secret only and clones it for each message, so that
/// the secret is digested once; an implementation should make clones cheap and wipe its state when dropped.
pub trait Mac: Clone {
    /// The MAC of this algorithm with this secret; `None` when the implementation doesn't have the algorithm.
    fn keyed(algorithm: Algorithm, secret: &[u8]) -> Option<Self>;

    /// Digests more octets.
    fn update(&mut self, octets: &[u8]);

    /// The MAC of all octets digested, whole: [`Algorithm::mac_len`] octets.
    fn finish(self) -> MacOctets;
}

/// The [`Mac`] of hosts that never sign: it has no algorithm and so no value, and no key can be made with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMac {}

impl Mac for NoMac {
    fn keyed(_: Algorithm, _: &[u8]) -> Option<Self> {
        None
    }

    fn update(&mut self, _: &[u8]) {
        match *self {}
    }

    fn finish(self) -> MacOctets {
        match self {}
    }
}
