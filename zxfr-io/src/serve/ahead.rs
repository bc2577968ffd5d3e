//! Messages signed on another thread while those before them are written. A core signs about as much in a second as it sends
//! in a fifth of that, and the signatures of a stream follow from each other: so a lone signed transfer is the faster by
//! what sending takes where that has a core of its own.

use super::transfers::{Prepared, Transfers};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::thread::available_parallelism;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::Instant;
use zxfr_core::tsig::Mac;

/// How many messages are handed over at a time.
const BATCH: usize = 32;
/// How many times as many wait to be taken at the most.
const BATCHES: usize = 4;

/// The transfers of a connection on a thread of their own, which prepares their messages until nobody takes these.
pub(super) struct Ahead<M: Mac> {
    ready: mpsc::Receiver<Vec<Prepared>>,
    rest: JoinHandle<Transfers<M>>,
    transfers: usize,
    oldest: Option<Instant>,
}

impl<M: Mac + Send + 'static> Ahead<M> {
    /// Starts to prepare messages of these.
    pub(super) fn start(mut transfers: Transfers<M>) -> Self {
        let (sender, ready) = mpsc::channel(BATCHES);
        let (count, oldest) = (transfers.len(), transfers.oldest());
        let rest = spawn_blocking(move || {
            while let Ok(place) = sender.try_reserve() {
                let batch: Vec<Prepared> = std::iter::from_fn(|| transfers.next_message()).take(BATCH).collect();
                if batch.is_empty() {
                    break;
                }
                place.send(batch);
            }
            transfers
        });
        Self { ready, rest, transfers: count, oldest }
    }

    /// How many transfers it took with it.
    pub(super) const fn len(&self) -> usize {
        self.transfers
    }

    /// When the first of them was started.
    pub(super) const fn oldest(&self) -> Option<Instant> {
        self.oldest
    }

    /// Has it end with the messages that it is at.
    pub(super) fn recall(&mut self) {
        self.ready.close();
    }

    /// The messages that come next, or, when all were given, the transfers as they are then; `None` if they are lost because
    /// the thread panicked.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<Prepared>, Option<Transfers<M>>>> {
        match ready!(self.ready.poll_recv(cx)) {
            Some(batch) => Poll::Ready(Ok(batch)),
            None => std::pin::Pin::new(&mut self.rest).poll(cx).map(|rest| Err(rest.ok())),
        }
    }
}

/// How many connections are being worked on, and how many could be at once.
pub(super) struct Cores {
    number: usize,
    busy: AtomicUsize,
}

/// A connection that is being worked on.
pub(super) struct Busy(Arc<Cores>);

impl Cores {
    pub(super) fn new() -> Self {
        Self { number: available_parallelism().map_or(1, usize::from), busy: AtomicUsize::new(0) }
    }

    /// Counts a connection until what this gives is dropped.
    pub(super) fn occupy(self: &Arc<Self>) -> Busy {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Busy(self.clone())
    }
}

impl Busy {
    /// Whether every connection that is being worked on could have two cores.
    pub(super) fn could_be_two(&self) -> bool {
        let threads =
            || Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
        self.0.busy.load(Ordering::Relaxed).saturating_mul(2) <= self.0.number && threads()
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::super::transfers::testing::transfers;
    use super::*;
    use std::future::poll_fn;
    use zxfr_core::tsig::rustcrypto::Hmac;

    /// More messages than wait at once.
    const SIZES: [u16; 2] = [1_000, 8_000];

    /// The octets of messages, and how many transfers ended with them.
    fn told(messages: impl IntoIterator<Item = Prepared>) -> (Vec<Vec<u8>>, usize) {
        let mut ended = 0;
        let octets = messages.into_iter().map(|(frame, ending)| {
            ended += usize::from(ending.is_some());
            frame.stream_parts().concat()
        });
        (octets.collect(), ended)
    }

    fn inline(mut transfers: Transfers<Hmac>) -> Vec<Prepared> {
        std::iter::from_fn(|| transfers.next_message()).collect()
    }

    /// All batches that one thread makes, and the transfers that it gives back.
    async fn taken(ahead: &mut Ahead<Hmac>) -> (Vec<Prepared>, Transfers<Hmac>) {
        let mut messages = Vec::new();
        loop {
            match poll_fn(|cx| ahead.poll_next(cx)).await {
                Ok(batch) => messages.extend(batch),
                Err(rest) => return (messages, rest.unwrap()),
            }
        }
    }

    #[tokio::test]
    async fn messages_are_those_that_would_have_come_here() {
        let (mut rest, mut messages) = (transfers(&SIZES), Vec::new());
        while !rest.is_empty() {
            let mut ahead = Ahead::start(rest);
            let taken = taken(&mut ahead).await;
            messages.extend(taken.0);
            rest = taken.1;
        }
        let (messages, expected) = (told(messages), told(inline(transfers(&SIZES))));
        assert!(expected.0.len() > BATCH * BATCHES);
        assert!(messages == expected);
        assert_eq!(messages.1, SIZES.len());
    }

    #[tokio::test]
    async fn it_ends_when_nobody_takes_messages_and_loses_none() {
        let mut ahead = Ahead::start(transfers(&SIZES));
        assert_eq!(ahead.len(), SIZES.len());
        let rest = (&mut ahead.rest).await.unwrap();
        let mut messages = Vec::new();
        while let Ok(batch) = ahead.ready.try_recv() {
            messages.extend(batch);
        }
        assert_eq!(messages.len(), BATCH * BATCHES);
        messages.extend(inline(rest));
        assert!(told(messages) == told(inline(transfers(&SIZES))));
    }

    #[tokio::test]
    async fn recalled_it_ends_with_the_batch_that_it_is_at() {
        let mut ahead = Ahead::start(transfers(&SIZES));
        ahead.recall();
        let (mut messages, rest) = taken(&mut ahead).await;
        assert!(messages.len() <= BATCH * BATCHES);
        messages.extend(inline(rest));
        assert!(told(messages) == told(inline(transfers(&SIZES))));
    }

    #[test]
    fn two_cores_for_each_while_there_are_as_many() {
        let cores = Arc::new(Cores { number: 5, busy: AtomicUsize::new(0) });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let first = cores.occupy();
        assert!(!first.could_be_two(), "no thread to go to");
        let _within = runtime.enter();
        let second = cores.occupy();
        assert!(first.could_be_two() && second.could_be_two());
        let third = cores.occupy();
        assert!(!first.could_be_two());
        drop(second);
        assert!(third.could_be_two());
    }
}
