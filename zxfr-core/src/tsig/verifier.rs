//! Verifying a stream of answers.

use super::{Error, Key, Mac, TsigRecord};
use crate::name::NameRef;
use crate::time::UnixTime;
use crate::wire::{Layout, Message, Rcode};
use core::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// The most messages without TSIG between two with one that a client accepts (RFC 8945 §5.3.1).
pub const MAX_UNSIGNED: u8 = 99;

/// What a message turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Signed, and so are all messages before it.
    Signed,
    /// Without TSIG: the next signed message will say whether it is right.
    Unsigned,
}

/// Verifies the answer to a request, message by message (RFC 8945 §5.3.1, §5.4).
///
/// A message that is refused changes nothing, so that over UDP, where anyone may send one, the right one can still come.
/// Over TCP the connection is to be closed.
#[derive(Clone)]
pub struct Verifier<M> {
    key: Key<M>,
    /// The digest of what the next signed message's MAC begins with: the MAC before, and the unsigned messages since.
    running: M,
    /// Whether a signed message came before.
    continued: bool,
    unsigned: u8,
    unverified_octets: u64,
}

impl<M: Mac> Verifier<M> {
    /// For the answer to a request that was signed with this key and carries this MAC. [`sign_request`](super::sign_request)
    /// gives it for requests that it signs.
    #[must_use]
    pub fn new(key: Key<M>, request_mac: &[u8]) -> Self {
        let running = key.mac_after(request_mac);
        Self { key, running, continued: false, unsigned: 0, unverified_octets: 0 }
    }

    /// For the rest of a stream, after a message that carries this MAC.
    #[must_use]
    pub fn continued(key: Key<M>, last_mac: &[u8]) -> Self {
        Self { continued: true, ..Self::new(key, last_mac) }
    }

    /// Verifies the next message. To be called for every message of the answer, in order.
    ///
    /// # Errors
    /// When the message isn't acceptable, or says that the request wasn't.
    pub fn verify(&mut self, message: &Message<'_>, layout: &Layout, now: UnixTime) -> Result<Verdict, Error> {
        match TsigRecord::read(message, layout).map_err(Error::Shape)? {
            Some(record) => self.verify_signed(message, layout, &record, now),
            None => self.digest_unsigned(message),
        }
    }

    fn digest_unsigned(&mut self, message: &Message<'_>) -> Result<Verdict, Error> {
        if !self.continued {
            return Err(Error::Missing);
        }
        if self.unsigned >= MAX_UNSIGNED {
            return Err(Error::TooManyUnsigned);
        }
        self.running.update(message.octets());
        self.unsigned = self.unsigned.saturating_add(1);
        self.unverified_octets = self.unverified_octets.saturating_add(message.octets().len() as u64);
        Ok(Verdict::Unsigned)
    }

    /// Key, MAC, time, truncation: the order of RFC 8945 §5.2.
    fn verify_signed(
        &mut self,
        message: &Message<'_>,
        layout: &Layout,
        record: &TsigRecord<'_>,
        now: UnixTime,
    ) -> Result<Verdict, Error> {
        let error = record.error;
        let length = record.mac.len();
        if error != Rcode::NOERROR && length == 0 {
            return Err(Error::Peer { error, server_time: None, signed: false });
        }
        if record.key_name.as_ref() != self.key.name() {
            return Err(Error::WrongKey);
        }
        let algorithm = self.key.algorithm();
        if record.algorithm_name != algorithm.name() {
            return Err(Error::WrongAlgorithm);
        }
        if !(algorithm.least_mac_len()..=algorithm.mac_len()).contains(&length) {
            return Err(Error::MacLength { length });
        }
        let mut running = self.running.clone();
        record.digest_message(message, layout, &mut running);
        record.variables().digest(self.continued, &mut running);
        if !is_mac(running, record.mac) {
            return Err(Error::BadMac);
        }
        if error != Rcode::NOERROR {
            return Err(Error::Peer { error, server_time: record.server_time(), signed: true });
        }
        if !record.is_in_time(now) {
            return Err(Error::BadTime { theirs: record.time_signed, ours: now });
        }
        let least = self.key.truncation().least;
        if length < least {
            return Err(Error::Truncated { length, least });
        }
        self.running = self.key.mac_after(record.mac);
        self.continued = true;
        self.unsigned = 0;
        self.unverified_octets = 0;
        Ok(Verdict::Signed)
    }

    /// Whether the answer may end here: its last message must have been signed.
    ///
    /// # Errors
    /// When none was, or the last one wasn't.
    pub const fn finish(&self) -> Result<(), Error> {
        match (self.continued, self.unsigned) {
            (false, _) => Err(Error::Missing),
            (true, 0) => Ok(()),
            (true, _) => Err(Error::LastUnsigned),
        }
    }
}

impl<M> Verifier<M> {
    /// The name of the key.
    #[must_use]
    pub fn key_name(&self) -> NameRef<'_> {
        self.key.name()
    }

    /// The octets of messages since the last signed one.
    #[must_use]
    pub const fn unverified_octets(&self) -> u64 {
        self.unverified_octets
    }
}

impl<M> fmt::Debug for Verifier<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("key", &self.key)
            .field("continued", &self.continued)
            .field("unsigned", &self.unsigned)
            .finish_non_exhaustive()
    }
}

/// Whether these are the first octets of the MAC. It takes the same time whichever of them is wrong, and doesn't leave the
/// right MAC of a forged message in memory.
pub(super) fn is_mac<M: Mac>(digested: M, claimed: &[u8]) -> bool {
    let mut mac = digested.finish();
    let same = mac.get(..claimed.len()).is_some_and(|mac| bool::from(mac.ct_eq(claimed)));
    mac.as_mut_slice().zeroize();
    same
}
