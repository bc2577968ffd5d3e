//! Messages on their way out, written many at a time without being copied.

use bytes::Bytes;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;
use zxfr_core::transfer::Frame;

/// How many messages wait at the most: with full pages half a megabyte, of which only what is around the pages is held here.
const DEPTH: usize = 24;
/// A message is written in up to this many parts.
const PARTS: usize = 3;

/// Messages in the order in which they are written.
pub(super) struct Outbox<T> {
    queue: VecDeque<Outgoing<T>>,
    /// Octets of the first message that are written already.
    written: usize,
}

struct Outgoing<T> {
    message: Message,
    /// Handed back when the message is written.
    then: Option<T>,
}

enum Message {
    Frame(Box<Frame>),
    Reply([u8; 2], Bytes),
}

impl Message {
    fn parts(&self) -> [&[u8]; PARTS] {
        match self {
            Self::Frame(frame) => frame.stream_parts(),
            Self::Reply(length, message) => [length, message, &[]],
        }
    }

    fn len(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }
}

impl<T> Outbox<T> {
    pub(super) const fn new() -> Self {
        Self { queue: VecDeque::new(), written: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < DEPTH
    }

    pub(super) fn push_frame(&mut self, frame: Frame, then: Option<T>) {
        self.queue.push_back(Outgoing { message: Message::Frame(Box::new(frame)), then });
    }

    pub(super) fn push_reply(&mut self, message: Bytes) {
        let length = u16::try_from(message.len()).unwrap_or(u16::MAX).to_be_bytes();
        self.queue.push_back(Outgoing { message: Message::Reply(length, message), then: None });
    }

    /// Writes as much as the stream takes at once. `done` gets what came with each message that is wholly written.
    pub(super) fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
        done: &mut impl FnMut(T),
    ) -> Poll<io::Result<()>> {
        let written = {
            let mut slices = [IoSlice::new(&[]); DEPTH * PARTS];
            let mut skip = self.written;
            let parts = self.queue.iter().flat_map(|outgoing| outgoing.message.parts());
            let parts = parts.filter_map(|part| {
                let (skipped, rest) = part.split_at(skip.min(part.len()));
                skip -= skipped.len();
                (!rest.is_empty()).then_some(rest)
            });
            let mut count = 0;
            for (slot, part) in slices.iter_mut().zip(parts) {
                *slot = IoSlice::new(part);
                count += 1;
            }
            ready!(Pin::new(stream).poll_write_vectored(cx, &slices[..count]))?
        };
        if written == 0 && !self.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.written += written;
        while let Some(first) = self.queue.front() {
            let length = first.message.len();
            if self.written < length {
                break;
            }
            self.written -= length;
            if let Some(then) = self.queue.pop_front().and_then(|outgoing| outgoing.then) {
                done(then);
            }
        }
        Poll::Ready(Ok(()))
    }

    /// What came with messages that will never be written.
    pub(super) fn abandon(&mut self) -> impl Iterator<Item = T> {
        self.queue.drain(..).filter_map(|outgoing| outgoing.then)
    }
}
