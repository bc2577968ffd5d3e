//! One stream: requests in, answers and transfers out, side by side.
//!
//! One task does it all, by turns: it reads requests while there is room for what they start, prepares messages of the
//! transfers under way, one of each in turn, and writes whatever the peer takes. A peer that takes nothing holds back only
//! itself.

use super::outbox::Outbox;
use super::udp::{report, zone_of};
use super::{OutReport, SendError, ServeLimits, Zones};
use crate::clock;
use crate::identity::PeerIdentity;
use crate::inbox::Inbox;
use bytes::Bytes;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep_until};
use zxfr_core::primary::{Action, Pending, handle_request};
use zxfr_core::transfer::Outbound;
use zxfr_core::tsig::Key;

/// How many octets of requests are read at once.
const READ_CHUNK: usize = 2048;

/// One connection.
pub(super) struct Connection<Z: Zones, S> {
    zones: Arc<Z>,
    stream: S,
    peer: PeerIdentity,
    limits: ServeLimits,
    inbox: Inbox,
    outbox: Outbox<Ending>,
    transfers: VecDeque<Transfer<Z>>,
    /// Requests whose keys are being fetched.
    pending: JoinSet<Supplied<Z>>,
    /// The peer sends no more requests.
    read_closed: bool,
    /// When an octet last went in or out.
    last_octet: Instant,
}

type Supplied<Z> = (Pending, Vec<Key<<Z as zxfr_core::primary::Host>::Mac>>);

/// A transfer whose last message waits to be written: when it started, and what will be told of it.
type Ending = (Instant, OutReport);

/// A transfer under way.
struct Transfer<Z: Zones> {
    outbound: Outbound<Z::Mac>,
    started: Instant,
}

impl<Z: Zones> Transfer<Z> {
    fn report(&self, peer: PeerIdentity, result: Result<(), SendError>) -> OutReport {
        OutReport {
            peer,
            zone: self.outbound.apex().to_name(),
            kind: self.outbound.kind(),
            serial: self.outbound.serial(),
            key: self.outbound.key_name().map(|name| name.to_name()),
            totals: self.outbound.totals(),
            elapsed: self.started.elapsed(),
            result,
        }
    }
}

impl<Z: Zones, S: AsyncRead + AsyncWrite + Unpin + Send> Connection<Z, S> {
    pub(super) fn new(zones: Arc<Z>, stream: S, peer: PeerIdentity, limits: ServeLimits) -> Self {
        Self {
            zones,
            stream,
            peer,
            limits,
            inbox: Inbox::new(READ_CHUNK),
            outbox: Outbox::new(),
            transfers: VecDeque::new(),
            pending: JoinSet::new(),
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
        for (started, report) in self.outbox.abandon() {
            self.zones.transfer_ended(&OutReport { result: Err(error), elapsed: started.elapsed(), ..report });
        }
        for transfer in self.transfers.drain(..) {
            self.zones.transfer_ended(&transfer.report(self.peer, Err(error)));
        }
    }

    /// Does what can be done now. Ready when the connection is to be closed.
    fn poll(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> Poll<Result<(), SendError>> {
        loop {
            let mut moved = self.poll_pending(cx);
            match self.poll_read(cx) {
                Ok(read) => moved |= read,
                Err(error) => return Poll::Ready(Err(error)),
            }
            if let Err(error) = self.prepare() {
                return Poll::Ready(Err(error));
            }
            match self.poll_write(cx) {
                Ok(written) => moved |= written,
                Err(error) => return Poll::Ready(Err(error)),
            }
            if moved {
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
        self.outbox.is_empty() && self.transfers.is_empty() && self.pending.is_empty()
    }

    /// When patience with the peer ends, if no octet moves before.
    fn deadline(&self) -> Instant {
        let wait = if self.outbox.is_empty() && !self.inbox.is_amid_message() {
            self.limits.idle
        } else {
            self.limits.progress
        };
        let oldest = self.transfers.iter().map(|transfer| transfer.started + self.limits.transfer).min();
        let patience = self.last_octet + wait;
        oldest.map_or(patience, |oldest| oldest.min(patience))
    }

    fn time_out(&self) -> Result<(), SendError> {
        let too_long = |transfer: &Transfer<Z>| transfer.started.elapsed() >= self.limits.transfer;
        if self.transfers.iter().any(too_long) {
            Err(SendError::TooLong(self.limits.transfer))
        } else if self.is_quiet() && !self.inbox.is_amid_message() {
            Ok(())
        } else {
            Err(SendError::NoProgress(self.limits.progress))
        }
    }

    /// Takes up requests whose keys have come.
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
        let transfers = self.transfers.len() + self.pending.len();
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
            Action::Stream(outbound) => self.transfers.push_back(Transfer { outbound, started: Instant::now() }),
            Action::Notify(notify) => {
                self.zones.notified(&self.peer, &notify);
                self.outbox.push_reply(notify.reply.message);
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

    /// Prepares messages, one of each transfer in turn, as many as may wait.
    fn prepare(&mut self) -> Result<(), SendError> {
        while self.outbox.has_room() {
            let Some(mut transfer) = self.transfers.pop_front() else { break };
            match transfer.outbound.poll_transmit(clock::unix()) {
                Ok(Some(frame)) if transfer.outbound.is_done() => {
                    self.outbox.push_frame(frame, Some((transfer.started, transfer.report(self.peer, Ok(())))));
                }
                Ok(Some(frame)) => {
                    self.outbox.push_frame(frame, None);
                    self.transfers.push_back(transfer);
                }
                Ok(None) | Err(_) => {
                    self.zones.transfer_ended(&transfer.report(self.peer, Err(SendError::Unsendable)));
                    return Err(SendError::Unsendable);
                }
            }
        }
        Ok(())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<bool, SendError> {
        if self.outbox.is_empty() {
            return Ok(false);
        }
        let zones = &self.zones;
        let mut done = |(started, report): Ending| {
            zones.transfer_ended(&OutReport { elapsed: started.elapsed(), ..report });
        };
        match self.outbox.poll_write(&mut self.stream, cx, &mut done) {
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
