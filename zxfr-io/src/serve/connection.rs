//! One stream: requests in, answers and transfers out, side by side.
//!
//! One task does it all, by turns: it reads requests while there is room for what they start, prepares messages of the
//! transfers under way, one of each in turn, and writes whatever the peer takes. A peer that takes nothing holds back only
//! itself. A lone signed transfer that the peer takes as fast as it is signed is signed on another thread meanwhile.

use super::ahead::{Ahead, Busy, Cores};
use super::outbox::Outbox;
use super::transfers::{Ending, Transfers};
use super::udp::{report, zone_of};
use super::{OutReport, SendError, ServeLimits, Zones};
use crate::clock;
use crate::identity::PeerIdentity;
use crate::inbox::Inbox;
use bytes::Bytes;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep_until};
use zxfr_core::primary::{Action, Pending, Reply, handle_request};
use zxfr_core::tsig::Key;

/// How many octets of requests are read at once.
const READ_CHUNK: usize = 2048;
/// How many times messages are prepared and written before other connections get their turn on this thread.
const ROUNDS: usize = 4;

/// One connection.
pub(super) struct Connection<Z: Zones, S> {
    zones: Arc<Z>,
    stream: S,
    peer: PeerIdentity,
    limits: ServeLimits,
    inbox: Inbox,
    outbox: Outbox<Box<Ending>>,
    transfers: Transfers<Z::Mac>,
    /// Transfers whose messages are prepared on another thread.
    ahead: Option<Ahead<Z::Mac>>,
    cores: Arc<Cores>,
    /// Held while this connection is being worked on, here or on another thread.
    busy: Option<Busy>,
    /// Requests whose keys are being fetched.
    pending: JoinSet<Supplied<Z>>,
    /// UPDATEs that are being performed.
    updates: JoinSet<Option<Reply>>,
    /// The peer sends no more requests.
    read_closed: bool,
    /// When an octet last went in or out.
    last_octet: Instant,
}

type Supplied<Z> = (Pending, Vec<Key<<Z as zxfr_core::primary::Host>::Mac>>);

impl<Z: Zones, S: AsyncRead + AsyncWrite + Unpin + Send> Connection<Z, S> {
    pub(super) fn new(zones: Arc<Z>, stream: S, peer: PeerIdentity, limits: ServeLimits, cores: Arc<Cores>) -> Self {
        Self {
            zones,
            stream,
            peer,
            limits,
            inbox: Inbox::new(READ_CHUNK),
            outbox: Outbox::new(),
            transfers: Transfers::new(peer),
            ahead: None,
            cores,
            busy: None,
            pending: JoinSet::new(),
            updates: JoinSet::new(),
            read_closed: false,
            last_octet: Instant::now(),
        }
    }

    /// Serves the connection to its end and reports every transfer on it.
    pub(super) async fn run(mut self, mut shutdown: watch::Receiver<bool>) {
        let ended = {
            let mut down = pin!(shutdown.wait_for(|down| *down));
            let mut is_down = false;
            let mut timer = pin!(sleep_until(self.deadline()));
            poll_fn(|cx| {
                if !is_down && down.as_mut().poll(cx).is_ready() {
                    is_down = true;
                }
                if is_down {
                    self.read_closed = true;
                }
                self.poll(cx, timer.as_mut())
            })
            .await
        };
        if ended.is_ok() {
            let _ = tokio::time::timeout(self.limits.progress, self.stream.shutdown()).await;
        }
        let error = ended.err().unwrap_or(SendError::Closed);
        if ended.is_err() {
            self.zones.disconnected(&self.peer, &error);
        }
        self.recall().await;
        for ending in self.outbox.abandon() {
            let (started, report) = *ending;
            self.zones.transfer_ended(&OutReport { result: Err(error), elapsed: started.elapsed(), ..report });
        }
        for report in self.transfers.abandon(error) {
            self.zones.transfer_ended(&report);
        }
    }

    /// Has transfers back that are away.
    async fn recall(&mut self) {
        let Some(mut ahead) = self.ahead.take() else { return };
        ahead.recall();
        let rest = loop {
            match poll_fn(|cx| ahead.poll_next(cx)).await {
                Ok(batch) => batch.into_iter().for_each(|(frame, ending)| self.outbox.push_frame(frame, ending)),
                Err(rest) => break rest,
            }
        };
        rest.into_iter().for_each(|rest| self.transfers.append(rest));
    }

    /// Does what can be done now. Ready when the connection is to be closed.
    fn poll(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> Poll<Result<(), SendError>> {
        let cores = &self.cores;
        self.busy.get_or_insert_with(|| cores.occupy());
        let polled = self.poll_rounds(cx, timer.as_mut());
        if self.ahead.is_none() {
            self.busy = None;
        }
        polled
    }

    fn poll_rounds(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> Poll<Result<(), SendError>> {
        let mut rounds = 0;
        loop {
            let mut moved = self.poll_pending(cx);
            moved |= self.poll_read(cx)?;
            moved |= self.poll_ahead(cx)?;
            moved |= self.prepare()?;
            moved |= self.poll_write(cx)?;
            if moved && rounds == ROUNDS {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if moved {
                rounds += 1;
                continue;
            }
            if self.read_closed && self.is_quiet() {
                return Poll::Ready(if self.inbox.is_amid_message() { Err(SendError::Closed) } else { Ok(()) });
            }
            let deadline = self.deadline();
            if timer.deadline() != deadline {
                timer.as_mut().reset(deadline);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            return Poll::Ready(self.time_out());
        }
    }

    /// Nothing is being answered.
    fn is_quiet(&self) -> bool {
        self.outbox.is_empty()
            && self.transfers.is_empty()
            && self.ahead.is_none()
            && self.pending.is_empty()
            && self.updates.is_empty()
    }

    /// When patience with the peer ends, if no octet moves before.
    fn deadline(&self) -> Instant {
        let wait = if self.outbox.is_empty() && !self.inbox.is_amid_message() {
            self.limits.idle
        } else {
            self.limits.progress
        };
        let patience = self.last_octet + wait;
        self.oldest().map_or(patience, |oldest| patience.min(oldest + self.limits.transfer))
    }

    /// When the first transfer that is still under way was started.
    fn oldest(&self) -> Option<Instant> {
        let away = self.ahead.as_ref().and_then(Ahead::oldest);
        self.transfers.oldest().into_iter().chain(away).min()
    }

    fn time_out(&self) -> Result<(), SendError> {
        if self.oldest().is_some_and(|oldest| oldest.elapsed() >= self.limits.transfer) {
            Err(SendError::TooLong(self.limits.transfer))
        } else if self.is_quiet() && !self.inbox.is_amid_message() {
            Ok(())
        } else {
            Err(SendError::NoProgress(self.limits.progress))
        }
    }

    /// Takes up requests whose keys have come, and answers UPDATEs that are performed.
    fn poll_pending(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        while let Poll::Ready(Some(fetched)) = self.pending.poll_join_next(cx) {
            moved = true;
            if let Ok((pending, keys)) = fetched {
                let zone = pending.zone.clone();
                let began = Instant::now();
                let action = pending.supply(&*self.zones, keys, clock::unix());
                if let Action::Reply(reply) = &action {
                    report(&*self.zones, &self.peer, Some(zone.as_ref()), reply, began);
                }
                self.start(action);
            }
        }
        while let Poll::Ready(Some(updated)) = self.updates.poll_join_next(cx) {
            moved = true;
            if let Ok(Some(reply)) = updated {
                self.outbox.push_reply(reply.message);
            }
        }
        moved
    }

    /// Reads and takes up requests while there is room for them.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Result<bool, SendError> {
        let mut moved = false;
        loop {
            while self.has_room() {
                let Some(request) = self.inbox.message() else { break };
                moved = true;
                self.take_up(&request);
            }
            if self.read_closed || !self.has_room() {
                return Ok(moved);
            }
            match self.inbox.poll_read(&mut self.stream, cx) {
                Poll::Pending => return Ok(moved),
                Poll::Ready(Ok(0)) => self.read_closed = true,
                Poll::Ready(Ok(_)) => self.last_octet = Instant::now(),
                Poll::Ready(Err(error)) => return Err(self.failed(&error)),
            }
            moved = true;
        }
    }

    fn has_room(&self) -> bool {
        let transfers =
            self.transfers.len() + self.ahead.as_ref().map_or(0, Ahead::len) + self.pending.len() + self.updates.len();
        self.outbox.has_room() && transfers < self.limits.transfers_per_connection
    }

    fn take_up(&mut self, request: &Bytes) {
        let began = Instant::now();
        let action = handle_request(&*self.zones, request, &self.peer.asker(), clock::unix());
        if let Action::Reply(reply) = &action {
            let zone = zone_of(request);
            report(&*self.zones, &self.peer, zone.as_ref().map(|zone| zone.as_ref()), reply, began);
        }
        self.start(action);
    }

    fn start(&mut self, action: Action<Z::Mac>) {
        match action {
            Action::Reply(reply) => self.outbox.push_reply(reply.message),
            Action::Stream(outbound) => {
                self.transfers.start(outbound);
                // They take turns, so all have to be in one place.
                self.ahead.iter_mut().for_each(Ahead::recall);
            }
            Action::Notify(notify) => {
                self.zones.notified(&self.peer, &notify);
                self.outbox.push_reply(notify.reply.message);
            }
            Action::Update(update) => {
                self.updates.spawn(self.zones.clone().update(self.peer, update));
            }
            Action::NeedKeys(pending) => {
                let zones = self.zones.clone();
                self.pending.spawn(async move {
                    let keys = zones.fetch_keys(&pending).await;
                    (pending, keys)
                });
            }
            Action::Drop(_) => {}
        }
    }

    /// Takes messages that were prepared on another thread, and then the transfers back.
    fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Result<bool, SendError> {
        let mut moved = false;
        while let Some(ahead) = self.ahead.as_mut().filter(|_| self.outbox.has_room()) {
            match ahead.poll_next(cx) {
                Poll::Pending => break,
                Poll::Ready(Ok(batch)) => {
                    batch.into_iter().for_each(|(frame, ending)| self.outbox.push_frame(frame, ending));
                }
                Poll::Ready(Err(rest)) => {
                    self.ahead = None;
                    self.transfers.append(rest.ok_or(SendError::Unsendable)?);
                }
            }
            moved = true;
        }
        Ok(moved)
    }

    /// Prepares messages, one of each transfer in turn, as many as may wait. Whether from now on they are prepared on another
    /// thread.
    fn prepare(&mut self) -> Result<bool, SendError> {
        if self.ahead.is_some() {
            return Ok(false);
        }
        let worth_it = self.outbox.is_outrun() && self.transfers.are_signed();
        if worth_it && self.busy.as_ref().is_some_and(Busy::could_be_two) {
            let transfers = std::mem::replace(&mut self.transfers, Transfers::new(self.peer));
            self.ahead = Some(Ahead::start(transfers));
            return Ok(true);
        }
        while self.outbox.has_room() {
            let Some((frame, ending)) = self.transfers.next_message() else { break };
            self.outbox.push_frame(frame, ending);
        }
        match self.transfers.take_failed() {
            Some(report) => {
                self.zones.transfer_ended(&report);
                Err(SendError::Unsendable)
            }
            None => Ok(false),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<bool, SendError> {
        if self.outbox.is_empty() {
            return Ok(false);
        }
        let zones = &self.zones;
        let mut then = |ending: Box<Ending>| {
            let (started, report) = *ending;
            zones.transfer_ended(&OutReport { elapsed: started.elapsed(), ..report });
        };
        match self.outbox.poll_write(&mut self.stream, cx, &mut then) {
            Poll::Pending => Ok(false),
            Poll::Ready(Ok(())) => {
                self.last_octet = Instant::now();
                Ok(true)
            }
            Poll::Ready(Err(error)) => Err(self.failed(&error)),
        }
    }

    fn failed(&self, error: &io::Error) -> SendError {
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => SendError::Closed,
            kind => SendError::Io(kind),
        }
    }
}
