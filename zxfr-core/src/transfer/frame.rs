//! A message on its way out, in three parts that a socket writes with one call: what is this asker's, what all share, what
//! is this asker's again.

use crate::wire::writer::Full;
use crate::wire::{HEADER_LEN, Header};
use bytes::Bytes;

/// The two length octets that stand before a message on a stream (RFC 1035 §4.2.2).
const LENGTH: usize = 2;
/// Length octets, header, question.
const PREFIX: usize = LENGTH + HEADER_LEN + 255 + 4;
/// Closing SOA (two names and 20 octets of RDATA), OPT without text, the largest TSIG.
const TAIL: usize = (255 + 10 + 255 + 255 + 20) + 32 + 512;

/// A message of up to 65,535 octets: `[length] header question | shared page | closing SOA, OPT, TSIG`.
#[derive(Clone, Debug)]
pub struct Frame {
    prefix: heapless::Vec<u8, PREFIX>,
    page: Bytes,
    tail: heapless::Vec<u8, TAIL>,
}

impl Frame {
    /// The start of a message: room for length and header, then these octets (the question, or nothing), then a page.
    pub(super) fn begin(question: &[u8], page: Bytes) -> Result<Self, Full> {
        let mut prefix = heapless::Vec::new();
        prefix.extend_from_slice(&[0; LENGTH + HEADER_LEN]).map_err(|_| Full)?;
        prefix.extend_from_slice(question).map_err(|_| Full)?;
        Ok(Self { prefix, page, tail: heapless::Vec::new() })
    }

    /// Appends records behind the page.
    pub(super) fn push(&mut self, octets: &[u8]) -> Result<(), Full> {
        self.tail.extend_from_slice(octets).map_err(|_| Full)
    }

    pub(super) fn set_header(&mut self, header: Header) {
        if let Some(slot) = self.prefix.get_mut(LENGTH..).and_then(<[u8]>::first_chunk_mut::<HEADER_LEN>) {
            *slot = header.to_octets();
        }
    }

    /// Writes the length octets; the last thing to do.
    pub(super) fn set_length(&mut self) {
        let length = self.len().min(usize::from(u16::MAX)) as u16;
        if let Some(slot) = self.prefix.first_chunk_mut::<LENGTH>() {
            *slot = length.to_be_bytes();
        }
    }

    /// The message's octets, length octets not counted.
    #[expect(clippy::len_without_is_empty, reason = "every message has a header")]
    #[must_use]
    pub fn len(&self) -> usize {
        let [a, b, c] = self.parts();
        a.len().saturating_add(b.len()).saturating_add(c.len())
    }

    /// The message, as a datagram carries it.
    #[must_use]
    pub fn parts(&self) -> [&[u8]; 3] {
        [self.prefix.get(LENGTH..).unwrap_or_default(), &self.page, &self.tail]
    }

    /// The message with its two length octets, as a stream carries it.
    #[must_use]
    pub fn stream_parts(&self) -> [&[u8]; 3] {
        [&self.prefix, &self.page, &self.tail]
    }

    /// Copies the message, without length octets, and says how long it is; `None` when `out` is too small.
    pub fn copy_to(&self, out: &mut [u8]) -> Option<usize> {
        let mut at = 0_usize;
        for part in self.parts() {
            let after = at.checked_add(part.len())?;
            out.get_mut(at..after)?.copy_from_slice(part);
            at = after;
        }
        Some(at)
    }
}
