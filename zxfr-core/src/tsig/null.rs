//! A MAC that authenticates nothing.
//!
//! With it a fuzzer gets past the check of a MAC to what comes after. It is for fuzzing and tests: whoever serves with it
//! takes any message as signed.

use super::{Algorithm, Mac, MacOctets};

/// A [`Mac`] that is all zeros, whatever the secret and whatever it digests. Never to be used where anything matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NullMac {
    algorithm: Algorithm,
}

impl Mac for NullMac {
    fn keyed(algorithm: Algorithm, _: &[u8]) -> Option<Self> {
        Some(Self { algorithm })
    }

    fn update(&mut self, _: &[u8]) {}

    fn finish(self) -> MacOctets {
        core::iter::repeat_n(0, self.algorithm.mac_len()).collect()
    }
}
