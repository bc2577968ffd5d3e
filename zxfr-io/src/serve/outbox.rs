//! Messages on their way out, written many at a time without being copied.

use bytes::Bytes;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;
use zxfr_core::transfer::Frame;

/// How many messages wait at the most: with full pages half a megabyte, of which only what is around the pages is held here.
const DEPTH: usize = 32;
/// How many wait at first, and as long as the peer doesn't take them as soon as they are there: what is signed long before it
/// is read may be too old then (RFC 8945 §5.2.3).
const FIRST_DEPTH: usize = 4;
/// A message is written in up to this many parts.
const PARTS: usize = 3;

/// Messages in the order in which they are written.
pub(super) struct Outbox<T> {
    queue: VecDeque<Message>,
    /// Octets of the first message that are written already.
    written: usize,
    /// How many messages may wait.
    depth: usize,
    /// How many messages were wholly written.
    done: u64,
    /// Handed back when so many messages are written.
    then: VecDeque<(u64, T)>,
}

enum Message {
    Frame(Frame),
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
        Self { queue: VecDeque::new(), written: 0, depth: FIRST_DEPTH, done: 0, then: VecDeque::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < self.depth
    }

    /// Whether the peer takes messages faster than they come.
    pub(super) fn is_outrun(&self) -> bool {
        self.is_empty() && self.depth == DEPTH
    }

    pub(super) fn push_frame(&mut self, frame: Frame, then: Option<T>) {
        self.queue.push_back(Message::Frame(frame));
        if let Some(then) = then {
            self.then.push_back((self.done + self.queue.len() as u64, then));
        }
    }

    pub(super) fn push_reply(&mut self, message: Bytes) {
        let length = u16::try_from(message.len()).unwrap_or(u16::MAX).to_be_bytes();
        self.queue.push_back(Message::Reply(length, message));
    }

    /// Writes as much as the stream takes at once. `then` gets what came with each message that is wholly written.
    pub(super) fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
        then: &mut impl FnMut(T),
    ) -> Poll<io::Result<()>> {
        let was_full = !self.has_room();
        let written = {
            let mut slices = [IoSlice::new(&[]); DEPTH * PARTS];
            let mut skip = self.written;
            let parts = self.queue.iter().flat_map(Message::parts);
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
        while let Some(length) = self.queue.front().map(Message::len).filter(|length| *length <= self.written) {
            self.written -= length;
            self.done += 1;
            self.queue.pop_front();
        }
        if was_full && self.is_empty() {
            self.depth = DEPTH.min(self.depth * 2);
        }
        while self.then.front().is_some_and(|(number, _)| *number <= self.done) {
            self.then.pop_front().into_iter().for_each(|(_, ending)| then(ending));
        }
        Poll::Ready(Ok(()))
    }

    /// What came with messages that will never be written.
    pub(super) fn abandon(&mut self) -> impl Iterator<Item = T> {
        self.queue.clear();
        self.then.drain(..).map(|(_, then)| then)
    }
}

#[cfg(test)]
mod tests {
    use super::super::transfers::testing::transfers;
    use super::*;
    use std::task::Waker;

    /// Takes so many octets at a time, and nothing every other time.
    struct Taking {
        at_once: usize,
        ready: bool,
        taken: Vec<u8>,
    }

    impl AsyncWrite for Taking {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
            self.ready = !self.ready;
            if !self.ready {
                return Poll::Pending;
            }
            let octets = &octets[..octets.len().min(self.at_once)];
            self.taken.extend_from_slice(octets);
            Poll::Ready(Ok(octets.len()))
        }

        fn poll_write_vectored(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            slices: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            self.poll_write(cx, &slices.iter().flat_map(|slice| slice.iter().copied()).collect::<Vec<u8>>())
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// Writes everything, keeping the outbox full: how many messages waited at the most.
    fn write(at_once: usize) -> usize {
        let (mut whole, mut ends, mut most) = (Vec::new(), Vec::new(), 0);
        let mut messages = transfers(&[5_000]);
        let mut stream = Taking { at_once, ready: false, taken: Vec::new() };
        let mut cx = Context::from_waker(Waker::noop());
        let mut outbox = Outbox::new();
        let mut told = Vec::new();
        outbox.push_reply(Bytes::from_static(b"reply"));
        whole.extend_from_slice(b"\0\x05reply");
        loop {
            while let Some((frame, _)) = outbox.has_room().then(|| messages.next_message()).flatten() {
                whole.extend(frame.stream_parts().concat());
                // Of each even message the end is told.
                let then = (ends.len() % 2 == 0).then_some(whole.len());
                ends.push(whole.len());
                outbox.push_frame(frame, then);
            }
            if outbox.is_empty() {
                break;
            }
            most = most.max(outbox.queue.len());
            let before = told.len();
            let mut then = |end| told.push(end);
            let polled = outbox.poll_write(&mut stream, &mut cx, &mut then);
            assert!(!matches!(polled, Poll::Ready(Err(_))));
            let written = stream.taken.len();
            assert!(told[before..].iter().all(|end| *end <= written), "told before it was written");
            assert!(ends.iter().step_by(2).filter(|end| **end <= written).eq(&told), "not told in time");
        }
        assert!(stream.taken == whole);
        most
    }

    #[test]
    fn everything_is_written_and_told_in_order_however_much_is_taken() {
        // Who takes little has little waiting for it.
        for at_once in [333, 20_000] {
            assert_eq!(write(at_once), FIRST_DEPTH);
        }
        assert_eq!(write(200_000), 4 * FIRST_DEPTH);
        assert_eq!(write(usize::MAX), DEPTH);
    }

    #[test]
    fn what_was_never_written_is_given_back() {
        let mut messages = transfers(&[500]);
        let mut outbox = Outbox::new();
        let frames = std::iter::from_fn(|| messages.next_message()).map(|(frame, _)| frame);
        frames.zip(0..).for_each(|(frame, number)| outbox.push_frame(frame, Some(number)));
        let count = outbox.queue.len();
        let mut stream = Taking { at_once: 20_000, ready: false, taken: Vec::new() };
        let mut told = Vec::new();
        let _ =
            outbox.poll_write(&mut stream, &mut Context::from_waker(Waker::noop()), &mut |number| told.push(number));
        // The first message has the apex alone.
        assert_eq!(told, [0, 1]);
        assert_eq!(outbox.abandon().collect::<Vec<_>>(), (2..count).collect::<Vec<_>>());
        assert!(outbox.is_empty());
    }
}
