//! Signing: a request, and a stream of answers to one.

use super::key::truncated;
use super::variables::{Variables, record_len};
use super::{FUDGE, Key, Mac, Verifier};
use crate::name::NameRef;
use crate::time::UnixTime;
use crate::wire::{Full, HEADER_LEN, MAX_MESSAGE, Rcode};
use core::fmt;

/// Signs the answer to one request, message by message: an answer of one message is a stream of one. Every message is to be
/// signed (RFC 8945 §5.3.1).
#[derive(Clone)]
pub struct Signer<M> {
    key: Key<M>,
    /// The digest of what the next message's MAC begins with: the request's MAC, or the last message's.
    running: M,
    /// Whether a message was signed before.
    continued: bool,
    mac_len: usize,
    last: UnixTime,
}

impl<M: Mac> Signer<M> {
    /// For the answer to a request with this MAC.
    pub(super) fn new(key: Key<M>, request_mac: &[u8]) -> Self {
        let running = key.mac_after(request_mac);
        // RFC 8945 §7: the answer's MAC is at least as long as the request's.
        let mac_len = key.truncation().sent.max(request_mac.len()).min(key.algorithm().mac_len());
        Self { key, running, continued: false, mac_len, last: UnixTime::default() }
    }

    /// Signs the message that `parts` make together and writes its TSIG record to `out`; gives its length, which is
    /// [`Signer::tail_len`]. The message is whole, without TSIG, and its ARCOUNT doesn't count one yet; the caller appends the
    /// record and raises ARCOUNT afterwards.
    ///
    /// # Errors
    /// When `out` is too short; then nothing was signed, and the next message may be.
    pub fn sign(&mut self, parts: &[&[u8]], now: UnixTime, out: &mut [u8]) -> Result<usize, Full> {
        // RFC 8945 §5.3.1: the times of a stream never go backwards, even if the clock does.
        let now = now.max(self.last);
        let written = self.sign_as(parts, now, FUDGE, Rcode::NOERROR, &[], out)?;
        self.last = now;
        Ok(written)
    }

    pub(super) fn sign_as(
        &mut self,
        parts: &[&[u8]],
        time_signed: UnixTime,
        fudge: u16,
        error: Rcode,
        other: &[u8],
        out: &mut [u8],
    ) -> Result<usize, Full> {
        let (key_name, algorithm_name) = (self.key.name(), self.key.algorithm().name());
        if out.len() < record_len(key_name, algorithm_name, self.mac_len, other.len()) {
            return Err(Full);
        }
        let variables = Variables { key_name, algorithm_name, time_signed, fudge, error, other };
        let mut running = self.running.clone();
        for part in parts {
            running.update(part);
        }
        variables.digest(self.continued, &mut running);
        let mac = running.finish();
        let mac = truncated(&mac, self.mac_len);
        let written = variables.write(mac, id_of(parts), out)?;
        self.running = self.key.mac_after(mac);
        self.continued = true;
        Ok(written)
    }
}

impl<M> Signer<M> {
    /// The name of the key.
    #[must_use]
    pub fn key_name(&self) -> NameRef<'_> {
        self.key.name()
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &Key<M> {
        &self.key
    }

    /// The octets that the TSIG record of each message takes.
    #[must_use]
    pub fn tail_len(&self) -> usize {
        record_len(self.key.name(), self.key.algorithm().name(), self.mac_len, 0)
    }
}

impl<M> fmt::Debug for Signer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("key", &self.key).field("continued", &self.continued).finish_non_exhaustive()
    }
}

/// The ID of a message in parts.
pub(super) fn id_of(parts: &[&[u8]]) -> [u8; 2] {
    let mut octets = parts.iter().flat_map(|part| part.iter().copied());
    [octets.next().unwrap_or_default(), octets.next().unwrap_or_default()]
}

/// Signs a request (RFC 8945 §5.1): appends the TSIG to the first `len` octets of `message`, which are the request, and raises
/// ARCOUNT. Gives the new length, and the verifier of the answer.
///
/// # Errors
/// When `message` has no room for the TSIG, or its first `len` octets are no message; then it is unchanged.
pub fn sign_request<M: Mac>(
    key: &Key<M>,
    message: &mut [u8],
    len: usize,
    now: UnixTime,
) -> Result<(usize, Verifier<M>), Full> {
    let room = message.len().min(MAX_MESSAGE);
    let (request, tail) = message.get_mut(..room).ok_or(Full)?.split_at_mut_checked(len).ok_or(Full)?;
    let [.., count_high, count_low] = *request.first_chunk::<HEADER_LEN>().ok_or(Full)?;
    let count = u16::from_be_bytes([count_high, count_low]).checked_add(1).ok_or(Full)?;
    let (key_name, algorithm_name) = (key.name(), key.algorithm().name());
    let variables =
        Variables { key_name, algorithm_name, time_signed: now, fudge: FUDGE, error: Rcode::NOERROR, other: &[] };
    let mut mac = key.mac();
    mac.update(request);
    variables.digest(false, &mut mac);
    let mac = mac.finish();
    let mac = truncated(&mac, key.truncation().sent);
    let written = variables.write(mac, id_of(&[&*request]), tail)?;
    if let Some([.., count_high, count_low]) = request.first_chunk_mut::<HEADER_LEN>() {
        [*count_high, *count_low] = count.to_be_bytes();
    }
    Ok((len.saturating_add(written), Verifier::new(key.clone(), mac)))
}
