//! TSIG (RFC 8945): messages signed with a shared secret, one by one or as the streams that transfers are.
//!
//! | module | holds |
//! |---|---|
//! | `algorithm` | the six algorithms and the lengths of their MACs |
//! | `mac` | [`Mac`], behind which the cryptography is, and [`NoMac`] for hosts that have none |
//! | [`rustcrypto`] | the [`Mac`] that comes with the crate |
//! | [`null`] | a [`Mac`] that authenticates nothing, for fuzzing and tests |
//! | `key` | [`Key`]: name, algorithm, keyed MAC, how far MACs may be truncated |
//! | `record` | [`TsigRecord`]: the TSIG that a message carries |
//! | `variables` | what is digested beside the message, and the record written |
//! | `request` | a server's check of a request, and the answer to one that fails |
//! | `signer`, `verifier` | the two ends of a stream of answers |
//! | `error` | why an answer is not accepted |
//!
//! A server reads the [`TsigRecord`], looks for the keys that could be meant, calls [`verify_request`] and signs its answers
//! with the [`Signer`] that it gets. A client calls [`sign_request`] and shows every message of the answer to the
//! [`Verifier`] that it gets. Both own their key, so that a change of keys never cuts a stream.

mod algorithm;
mod error;
mod key;
mod mac;
pub mod null;
mod record;
mod request;
#[cfg(feature = "rustcrypto")]
pub mod rustcrypto;
mod signer;
mod variables;
mod verifier;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use error::Error;
pub use key::{Key, KeyError, Truncation};
pub use mac::{MAX_MAC, Mac, MacOctets, NoMac};
pub use null::NullMac;
pub use record::TsigRecord;
pub use request::{Rejection, verify_request};
pub use signer::{Signer, sign_request};
pub use verifier::{MAX_UNSIGNED, Verdict, Verifier};

/// How far apart, in seconds, the clocks may be that messages are signed and checked by: what RFC 8945 §10 recommends.
pub const FUDGE: u16 = 300;

#[cfg(all(test, feature = "rustcrypto"))]
mod tests;
