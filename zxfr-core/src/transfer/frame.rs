//! A message on its way out, in three parts that a socket writes with one call: what is this asker's, what all share, what
//! is this asker's again.

use crate::wire::{HEADER_LEN, Header};
use alloc::vec::Vec;
use bytes::Bytes;

/// The two length octets that stand before a message on a stream (RFC 1035 §4.2.2).
const LENGTH: usize = 2;

/// A message of up to 65,535 octets: `[length] header question | shared page | closing SOA, OPT, TSIG`. Beside the page it
/// holds what is this asker's, and no more: some hundred octets when the message is signed.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What stands before the page, then what stands behind it.
    own: Vec<u8>,
    /// How many octets of `own` stand before the page.
    before: usize,
    page: Bytes,
}

impl Frame {
    /// The start of a message: room for length and header, then these octets (the question, or nothing), then a page. About
    /// `tail` octets will be behind it.
    pub(super) fn begin(question: &[u8], page: Bytes, tail: usize) -> Self {
        let before = question.len().saturating_add(LENGTH + HEADER_LEN);
        let mut own = Vec::with_capacity(before.saturating_add(tail));
        own.extend_from_slice(&[0; LENGTH + HEADER_LEN]);
        own.extend_from_slice(question);
        Self { own, before, page }
    }

    /// Appends records behind the page.
    pub(super) fn push(&mut self, octets: &[u8]) {
        self.own.extend_from_slice(octets);
    }

    pub(super) fn set_header(&mut self, header: Header) {
        if let Some(slot) = self.own.get_mut(LENGTH..).and_then(<[u8]>::first_chunk_mut::<HEADER_LEN>) {
            *slot = header.to_octets();
        }
    }

    /// Writes the length octets; the last thing to do.
    pub(super) fn set_length(&mut self) {
        let length = self.len().min(usize::from(u16::MAX)) as u16;
        if let Some(slot) = self.own.first_chunk_mut::<LENGTH>() {
            *slot = length.to_be_bytes();
        }
    }

    /// The message's octets, length octets not counted.
    #[expect(clippy::len_without_is_empty, reason = "every message has a header")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.own.len().saturating_add(self.page.len()).saturating_sub(LENGTH)
    }

    /// The message, as a datagram carries it.
    #[must_use]
    pub fn parts(&self) -> [&[u8]; 3] {
        let [before, page, behind] = self.stream_parts();
        [before.get(LENGTH..).unwrap_or_default(), page, behind]
    }

    /// The message with its two length octets, as a stream carries it.
    #[must_use]
    pub fn stream_parts(&self) -> [&[u8]; 3] {
        let (before, behind) = self.own.split_at_checked(self.before).unwrap_or_default();
        [before, &self.page, behind]
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
