//! Keys: a secret under a name.

use super::{Algorithm, Mac, MacOctets};
use crate::name::{Name, NameRef};
use core::fmt;

/// How far MACs of a key may be truncated, in octets of MAC (RFC 8945 §5.2.2.1, §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncation {
    /// The octets that are sent. An answer's MAC is never shorter than its request's was.
    pub sent: usize,
    /// The fewest that are accepted; less is BADTRUNC.
    pub least: usize,
}

/// Why something is no key.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The [`Mac`] in use doesn't have this algorithm.
    Algorithm(Algorithm),
    /// The secret has no octets.
    EmptySecret,
    /// A truncation below the RFC's minimum, or above the whole MAC, of this algorithm.
    Truncation(Algorithm),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm(algorithm) => write!(f, "no implementation of {algorithm} here"),
            Self::EmptySecret => f.write_str("empty secret"),
            Self::Truncation(algorithm) => {
                let (least, most) = (algorithm.least_mac_len(), algorithm.mac_len());
                write!(f, "a MAC of {algorithm} may be truncated to {least} to {most} octets only")
            }
        }
    }
}

impl core::error::Error for KeyError {}

/// A TSIG key. Of the secret it keeps just the MAC that was keyed with it; nothing shows it.
#[derive(Clone)]
pub struct Key<M> {
    name: Name,
    algorithm: Algorithm,
    truncation: Truncation,
    tag: u128,
    keyed: M,
}

impl<M: Mac> Key<M> {
    /// A key whose MACs are sent whole and accepted only whole. Its name is sent in lower case: pdns_server digests key
    /// names as they come, not in the canonical form of RFC 8945 §4.3.3.
    ///
    /// # Errors
    /// When the secret is empty or `M` doesn't have the algorithm.
    pub fn new(name: NameRef<'_>, algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.is_empty() {
            return Err(KeyError::EmptySecret);
        }
        let keyed = M::keyed(algorithm, secret).ok_or(KeyError::Algorithm(algorithm))?;
        let whole = algorithm.mac_len();
        let truncation = Truncation { sent: whole, least: whole };
        Ok(Self { name: name.to_name().to_lowercase(), algorithm, truncation, tag: 0, keyed })
    }

    /// The same key with MACs truncated so.
    ///
    /// # Errors
    /// When the RFC forbids it.
    pub fn with_truncation(self, truncation: Truncation) -> Result<Self, KeyError> {
        let allowed = self.algorithm.least_mac_len()..=self.algorithm.mac_len();
        if allowed.contains(&truncation.sent) && allowed.contains(&truncation.least) {
            Ok(Self { truncation, ..self })
        } else {
            Err(KeyError::Truncation(self.algorithm))
        }
    }

    /// The same key with a tag of its owner's, to tell it from others of its name. It never leaves the program.
    #[must_use]
    pub fn with_tag(self, tag: u128) -> Self {
        Self { tag, ..self }
    }

    /// The MAC with the secret digested and nothing else.
    pub(super) fn mac(&self) -> M {
        self.keyed.clone()
    }

    /// The same with the MAC digested that came before in the exchange: the request's, or the last one of the stream.
    pub(super) fn mac_after(&self, prior: &[u8]) -> M {
        let mut mac = self.mac();
        let length = u16::try_from(prior.len()).unwrap_or(u16::MAX);
        mac.update(&length.to_be_bytes());
        mac.update(prior);
        mac
    }
}

impl<M> Key<M> {
    /// The key's name, in the case that it was given in.
    #[must_use]
    pub fn name(&self) -> NameRef<'_> {
        self.name.as_ref()
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What its owner tells it by; 0 unless [`Key::with_tag`] said otherwise.
    #[must_use]
    pub const fn tag(&self) -> u128 {
        self.tag
    }

    /// How far MACs may be truncated.
    #[must_use]
    pub const fn truncation(&self) -> Truncation {
        self.truncation
    }
}

impl<M> fmt::Debug for Key<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("name", &self.name)
            .field("algorithm", &self.algorithm)
            .field("truncation", &self.truncation)
            .finish_non_exhaustive()
    }
}

/// The part of a MAC that is sent.
pub(super) fn truncated(mac: &MacOctets, length: usize) -> &[u8] {
    mac.get(..length).unwrap_or(mac)
}
