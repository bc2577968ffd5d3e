//! Messages out of a stream of octets: each has its length, 16 bits, before it (RFC 1035 §4.2.2).

use bytes::{Bytes, BytesMut};
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
        Some(message.split_off(2).freeze())
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
}
