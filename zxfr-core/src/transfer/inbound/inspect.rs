//! What of a message depends on no record: its framing, and its signature. Others may see to that, ahead of those who read the
//! records.

use crate::error::WireError;
use crate::time::UnixTime;
use crate::tsig::{self, Mac, Verdict, Verifier};
use crate::wire::{Layout, Message};

/// Goes over messages and verifies their signatures, one after the other: see [`super::Inbound::split`].
#[derive(Debug)]
pub struct Inspector<M> {
    verifier: Option<Verifier<M>>,
}

/// A message and what was found out about it, good or bad.
#[derive(Clone, Copy, Debug)]
pub struct Inspected<O> {
    octets: O,
    pub(super) facts: Facts,
}

/// What was found out about a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) layout: Result<Layout, WireError>,
    /// None where no signature is awaited.
    pub(super) signature: Option<Signature>,
}

/// What came out when a message was verified. Where the framing doesn't hold, it is not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signature {
    pub(super) verdict: Result<Verdict, tsig::Error>,
    /// The octets of messages since the last signed one.
    pub(super) unverified_octets: u64,
    /// Whether the answer may end with this message.
    closing: Result<(), tsig::Error>,
}

impl<M: Mac> Inspector<M> {
    pub(super) const fn new(verifier: Option<Verifier<M>>) -> Self {
        Self { verifier }
    }

    /// Looks at the next message, without its length octets. What is wrong with it, is told when it is taken.
    pub fn inspect<O: AsRef<[u8]>>(&mut self, octets: O, now: UnixTime) -> Inspected<O> {
        let facts = self.look(octets.as_ref(), now);
        Inspected { octets, facts }
    }

    pub(super) fn look(&mut self, octets: &[u8], now: UnixTime) -> Facts {
        let message = match Message::new(octets) {
            Ok(message) => message,
            Err(error) => return Facts { layout: Err(error), signature: None },
        };
        let layout = message.layout();
        let signature = self.verifier.as_mut().zip(layout.as_ref().ok()).map(|(verifier, layout)| {
            let verdict = verifier.verify(&message, layout, now);
            let (unverified_octets, closing) = (verifier.unverified_octets(), verifier.finish());
            Signature { verdict, unverified_octets, closing }
        });
        Facts { layout, signature }
    }
}

impl<O: AsRef<[u8]>> Inspected<O> {
    /// The octets of the message.
    pub fn octets(&self) -> &[u8] {
        self.octets.as_ref()
    }
}

impl Facts {
    /// Whether the stream may end with the message: only a signed one may be the last.
    pub(super) fn closing(&self) -> Result<(), tsig::Error> {
        self.signature.map_or(Ok(()), |signature| signature.closing)
    }
}
