//! Messages out of a stream of octets: each has its length, 16 bits, before it (RFC 1035 §4.2.2).

use bytes::{Buf, Bytes, BytesMut};
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Octets received that aren't whole messages yet.
pub(crate) struct Inbox {
    octets: BytesMut,
    /// How many octets are read at once.
    chunk: usize,
}

/// Whole messages in a row that have the same ID.
#[derive(Debug)]
pub(crate) struct Run {
    /// The ID; 0 for messages that are too short for one.
    pub(crate) id: u16,
    octets: Bytes,
}

impl Run {
    /// The next of its messages, without its length.
    pub(crate) fn message(&mut self) -> Option<Bytes> {
        let length = self.octets.first_chunk().map(|length| u16::from_be_bytes(*length))?;
        self.octets.advance(2);
        Some(self.octets.split_to(length.into()))
    }
}

impl Inbox {
    pub(crate) fn new(chunk: usize) -> Self {
        Self { octets: BytesMut::new(), chunk }
    }

    /// The next whole message, without its length.
    pub(crate) fn message(&mut self) -> Option<Bytes> {
        let length = usize::from(u16::from_be_bytes(*self.octets.first_chunk()?));
        if self.octets.len() < 2 + length {
            return None;
        }
        let mut message = self.octets.split_to(2 + length);
        message.advance(2);
        Some(message.freeze())
    }

    /// As many whole messages as are there and have the same ID, each with its length before it.
    pub(crate) fn run(&mut self) -> Option<Run> {
        let mut end = 0;
        let mut id = None;
        while let Some(length) = self.octets[end..].first_chunk() {
            let next = end + 2 + usize::from(u16::from_be_bytes(*length));
            let Some(message) = self.octets.get(end + 2..next) else { break };
            let this = message.first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
            if *id.get_or_insert(this) != this {
                break;
            }
            end = next;
        }
        Some(Run { id: id?, octets: self.octets.split_to(end).freeze() })
    }

    /// Whether part of a message is there.
    pub(crate) fn is_amid_message(&self) -> bool {
        !self.octets.is_empty()
    }

    /// Reads what there is; 0 octets mean that the other end sends no more.
    pub(crate) fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.octets.reserve(self.chunk);
        // The future has no state of its own: it can be made anew for each poll.
        pin!(stream.read_buf(&mut self.octets)).poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    #[tokio::test]
    async fn messages_come_out_however_the_octets_come_in() {
        let messages: [&[u8]; 4] = [b"hello", b"", &[7; 300], b"x"];
        let mut wire = Vec::new();
        for message in messages {
            wire.extend_from_slice(&u16::try_from(message.len()).unwrap().to_be_bytes());
            wire.extend_from_slice(message);
        }
        for chunk in [1, 2, 3, 7, 1000] {
            let mut stream = wire.as_slice();
            let mut inbox = Inbox::new(chunk);
            let mut seen = Vec::new();
            loop {
                while let Some(message) = inbox.message() {
                    seen.push(message);
                }
                let mut limited = AsyncReadExt::take(&mut stream, chunk as u64);
                if poll_fn(|cx| inbox.poll_read(&mut limited, cx)).await.unwrap() == 0 {
                    break;
                }
            }
            assert_eq!(seen, messages);
            assert!(!inbox.is_amid_message());
        }
    }

    #[tokio::test]
    async fn messages_in_a_row_with_one_id_come_out_together() {
        let messages: [&[u8]; 7] = [b"\0\x01a", b"\0\x01", b"\0\x01bc", b"\0\x02d", b"\0\x01e", b"x", b""];
        let mut wire = Vec::new();
        for message in messages {
            wire.extend_from_slice(&u16::try_from(message.len()).unwrap().to_be_bytes());
            wire.extend_from_slice(message);
        }
        // Part of another.
        wire.extend_from_slice(&[0, 5, 0, 0, 7]);
        let mut inbox = Inbox::new(1000);
        poll_fn(|cx| inbox.poll_read(&mut wire.as_slice(), cx)).await.unwrap();
        let mut runs = Vec::new();
        while let Some(mut run) = inbox.run() {
            runs.push((run.id, std::iter::from_fn(|| run.message()).collect::<Vec<_>>()));
        }
        let expected = [(1, &messages[..3]), (2, &messages[3..4]), (1, &messages[4..5]), (0, &messages[5..])];
        assert_eq!(runs.len(), expected.len());
        for ((id, run), (expected_id, expected)) in runs.iter().zip(expected) {
            assert_eq!(
                (*id, run.as_slice()),
                (expected_id, expected.iter().map(|m| Bytes::from_static(m)).collect::<Vec<_>>().as_slice())
            );
        }
        assert!(inbox.is_amid_message());
    }
}
