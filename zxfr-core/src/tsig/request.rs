//! A server's check of a request (RFC 8945 §5.2), and the answer to one that fails it (§5.3.2).

use super::signer::id_of;
use super::variables::{Variables, record_len, time_octets};
use super::verifier::is_mac;
use super::{FUDGE, Key, Mac, Signer, TsigRecord};
use crate::name::Name;
use crate::time::UnixTime;
use crate::wire::{Full, Layout, Message, Rcode};
use core::borrow::Borrow;
use core::fmt;

/// Verifies a request with the keys that may be meant, and gives the signer of its answer.
///
/// `candidates` are the keys that the host found for the zone, the record's key name and algorithm, and the asker; those of
/// another name or algorithm are passed over, and of several the first whose MAC is right is taken. Checks are made in the
/// RFC's order: key, MAC, time, truncation.
///
/// No time is remembered, so that a request may be replayed within its fudge; what it asks for must not mind, or whoever does it
/// remembers the MAC.
///
/// # Errors
/// When the request is not to be served, with what is to be answered.
#[expect(clippy::result_large_err, reason = "the answer needs the key, and there may be no heap to put it on")]
pub fn verify_request<M: Mac, K: Borrow<Key<M>>>(
    message: &Message<'_>,
    layout: &Layout,
    record: &TsigRecord<'_>,
    candidates: impl IntoIterator<Item = K>,
    now: UnixTime,
) -> Result<Signer<M>, Rejection<M>> {
    let length = record.mac.len();
    let mut error = Rcode::BADKEY;
    for key in candidates {
        let key: &Key<M> = key.borrow();
        let algorithm = key.algorithm();
        if key.name() != record.key_name.as_ref() || algorithm.name() != record.algorithm_name {
            continue;
        }
        // RFC 8945 §5.2.2.1: such a MAC is not even looked at.
        if !(algorithm.least_mac_len()..=algorithm.mac_len()).contains(&length) {
            return Err(Rejection { error: Rcode::FORMERR, answer: Answer::Plain });
        }
        let mut mac = key.mac();
        record.digest_message(message, layout, &mut mac);
        record.variables().digest(false, &mut mac);
        if !is_mac(mac, record.mac) {
            error = Rcode::BADSIG;
            continue;
        }
        let signer = Signer::new(key.clone(), record.mac);
        if !record.is_in_time(now) {
            return Err(Rejection::bad_time(signer, record, now));
        }
        if length < key.truncation().least {
            return Err(Rejection { error: Rcode::BADTRUNC, answer: Answer::BadTrunc { signer, now } });
        }
        return Ok(signer);
    }
    Err(Rejection::unsigned(error, record))
}

/// A request whose TSIG doesn't hold: why, and the TSIG of the answer that says so.
#[derive(Clone)]
pub struct Rejection<M> {
    error: Rcode,
    answer: Answer<M>,
}

/// What the answer carries.
#[derive(Clone)]
enum Answer<M> {
    /// No TSIG.
    Plain,
    /// A TSIG without MAC.
    Unsigned { key_name: Name, algorithm_name: Name, time_signed: UnixTime, fudge: u16 },
    /// A signed TSIG. The server's time is in the other data.
    BadTime { signer: Signer<M>, time_signed: UnixTime, fudge: u16, server_time: [u8; 6] },
    /// A signed TSIG.
    BadTrunc { signer: Signer<M>, now: UnixTime },
}

impl<M: Mac> Rejection<M> {
    fn unsigned(error: Rcode, record: &TsigRecord<'_>) -> Self {
        let answer = Answer::Unsigned {
            key_name: record.key_name.clone(),
            algorithm_name: record.algorithm_name.to_name(),
            time_signed: record.time_signed,
            fudge: record.fudge,
        };
        Self { error, answer }
    }

    fn bad_time(signer: Signer<M>, record: &TsigRecord<'_>, now: UnixTime) -> Self {
        // RFC 8945 §5.2.3: the client's own time and fudge, so that it doesn't refuse this for its time, too.
        let TsigRecord { time_signed, fudge, .. } = *record;
        let answer = Answer::BadTime { signer, time_signed, fudge, server_time: time_octets(now) };
        Self { error: Rcode::BADTIME, answer }
    }

    /// Makes the TSIG record of the answer that `parts` make together (see [`Signer::sign`]) and gives its length, which is
    /// [`Rejection::tail_len`]. It is 0 when the answer carries none; ARCOUNT is to be raised only when it isn't.
    ///
    /// # Errors
    /// When `out` is too short.
    pub fn sign(self, parts: &[&[u8]], out: &mut [u8]) -> Result<usize, Full> {
        let error = self.error;
        match self.answer {
            Answer::Plain => Ok(0),
            Answer::Unsigned { key_name, algorithm_name, time_signed, fudge } => {
                let (key_name, algorithm_name) = (key_name.as_ref(), algorithm_name.as_ref());
                let variables = Variables { key_name, algorithm_name, time_signed, fudge, error, other: &[] };
                variables.write(&[], id_of(parts), out)
            }
            Answer::BadTime { mut signer, time_signed, fudge, server_time } => {
                signer.sign_as(parts, time_signed, fudge, error, &server_time, out)
            }
            Answer::BadTrunc { mut signer, now } => signer.sign_as(parts, now, FUDGE, error, &[], out),
        }
    }
}

impl<M> Rejection<M> {
    /// What is wrong with the request's TSIG: BADKEY, BADSIG, BADTIME, BADTRUNC, or FORMERR for a MAC of a length that none
    /// may have.
    #[must_use]
    pub const fn error(&self) -> Rcode {
        self.error
    }

    /// The RCODE of the answer's header: NOTAUTH, or FORMERR.
    #[must_use]
    pub const fn rcode(&self) -> Rcode {
        match self.answer {
            Answer::Plain => Rcode::FORMERR,
            _ => Rcode::NOTAUTH,
        }
    }

    /// The octets that the answer's TSIG record takes; 0 when there is none.
    #[must_use]
    pub fn tail_len(&self) -> usize {
        match &self.answer {
            Answer::Plain => 0,
            Answer::Unsigned { key_name, algorithm_name, .. } => {
                record_len(key_name.as_ref(), algorithm_name.as_ref(), 0, 0)
            }
            Answer::BadTime { signer, server_time, .. } => signer.tail_len().saturating_add(server_time.len()),
            Answer::BadTrunc { signer, .. } => signer.tail_len(),
        }
    }
}

impl<M> fmt::Debug for Rejection<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection").field("error", &self.error).finish_non_exhaustive()
    }
}
