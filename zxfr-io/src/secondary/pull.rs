//! One transfer: from the query to the version installed.

use super::incoming::{Incoming, Refused};
use super::ledger::Tag;
use super::pool::Lease;
use super::run::Event;
use super::zone::{Progress, ZoneId};
use super::{Shared, timers_of};
use crate::client::{Client, Error, EventSink, InParts, InReport, Kind, SinkError};
use crate::clock;
use crate::reason::Reason;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use zxfr_core::name::Name;
use zxfr_core::refresh::{self, Failure, Timers};
use zxfr_core::serial::Serial;
use zxfr_core::time::Instant;
use zxfr_core::transfer::{self, Totals};
use zxfr_core::tsig::Key;
use zxfr_core::zone::{Update, Version, Work};

/// How long the first message is waited for before something is done about it. On a connection that others use or used it may
/// be the connection's fault that none comes, for instance of a primary that answers one request after the other.
const FIRST_PATIENCE: Duration = Duration::from_secs(2);

/// A transfer that may start.
pub(super) struct Order<M> {
    pub(super) id: ZoneId,
    pub(super) zone: Name,
    pub(super) primary: u8,
    pub(super) addr: SocketAddr,
    pub(super) key: Option<Arc<Key<M>>>,
    pub(super) kind: refresh::Kind,
    /// The connection; without one it makes its own.
    pub(super) lease: Option<Lease>,
    /// There when it is on trial: what it waits for once its first message is there.
    pub(super) leave: Option<oneshot::Receiver<()>>,
    pub(super) progress: Arc<Progress>,
    pub(super) began: Instant,
}

/// How a transfer ended.
pub(super) struct PullEnded {
    pub(super) id: ZoneId,
    pub(super) primary: u8,
    pub(super) addr: SocketAddr,
    pub(super) kind: refresh::Kind,
    pub(super) lease: Option<Lease>,
    pub(super) began: Instant,
    pub(super) totals: Totals,
    pub(super) skipped: u64,
    pub(super) elapsed: Duration,
    /// The serial that was held when it began.
    pub(super) held: Option<Serial>,
    pub(super) result: Result<Pulled, Reason>,
}

/// What a transfer has brought.
pub(super) enum Pulled {
    /// The primary has nothing newer.
    UpToDate { serial: Serial, expire: Option<u32>, kind: Kind },
    /// A version, which is installed.
    Installed { serial: Serial, timers: Timers, expire: Option<u32>, kind: Kind },
}

/// Tells how the transfer ended, even when its task is stopped.
struct Ending {
    ended: Option<Box<PullEnded>>,
    progress: Arc<Progress>,
    events: mpsc::UnboundedSender<Event>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(mut ended) = self.ended.take() {
            ended.totals = self.progress.totals();
            ended.elapsed = clock::now().instant.since(ended.began);
            let _ = self.events.send(Event::Pulled(ended));
        }
    }
}

/// Transfers a zone and has it installed. `installing` is held as long as a thread may be at that.
pub(super) fn pull<I: Incoming>(
    mut order: Order<I::Mac>,
    shared: Arc<Shared<I>>,
    events: mpsc::UnboundedSender<Event>,
    installing: mpsc::Sender<()>,
) -> impl Future<Output = ()> + Send {
    // Made at once, so that the end is told even of a task that never ran.
    let mut ending = Ending {
        ended: Some(Box::new(PullEnded {
            id: order.id,
            primary: order.primary,
            addr: order.addr,
            kind: order.kind,
            lease: order.lease.clone(),
            began: order.began,
            totals: Totals::default(),
            skipped: 0,
            elapsed: Duration::ZERO,
            held: None,
            result: Err(Reason::new(Failure::Local, "broken off")),
        })),
        progress: order.progress.clone(),
        events: events.clone(),
    };
    async move {
        let held = shared.host.held(order.zone.as_ref());
        let serial = held.as_deref().map(Version::serial);
        let leave = order.leave.take();
        let mut skipped = 0;
        let result = transfer(&order, leave, &shared, &events, held, installing, &mut skipped).await;
        if let Some(ended) = &mut ending.ended {
            (ended.result, ended.skipped, ended.held) = (result, skipped, serial);
        }
    }
}

async fn transfer<I: Incoming>(
    order: &Order<I::Mac>,
    leave: Option<oneshot::Receiver<()>>,
    shared: &Arc<Shared<I>>,
    events: &mpsc::UnboundedSender<Event>,
    held: Option<Arc<Version>>,
    installing: mpsc::Sender<()>,
    skipped: &mut u64,
) -> Result<Pulled, Reason> {
    let timeouts = shared.limits.timeouts;
    let client = match &order.lease {
        Some(lease) => lease.client.clone(),
        None => Client::connect(order.addr, timeouts).await.map_err(|error| Reason::from(&error))?,
    };
    let update = Update::new(order.zone.as_ref(), held.clone(), shared.limits.build);
    let tag = (order.id, order.primary);
    let (shared, events, progress) = (shared.clone(), events.clone(), order.progress.clone());
    let receiving =
        Receiving { update, addr: order.addr, tag, shared: shared.clone(), events: events.clone(), progress };
    let received = {
        let received = receive(&client, order, held, shared.limits.transfer, receiving);
        let mut received = pin!(with_leave(received, leave, &order.progress));
        let shares = order.lease.as_ref().is_some_and(|lease| !lease.fresh);
        tokio::select! {
            ended = &mut received => ended,
            () = nothing_comes(&order.progress) => {
                if shares {
                    Err(Error::Timeout { what: "first message", after: FIRST_PATIENCE })
                } else {
                    let _ = events.send(Event::Quiet(order.id, order.addr));
                    received.await
                }
            }
        }
    };
    let (report, Receiving { update, .. }) = received.map_err(|error| match error {
        // It had begun to answer: differences that don't go on may be had as a whole zone.
        Error::Timeout { .. } if order.progress.totals().messages > 0 => Reason::new(Failure::Stalled, &error),
        error => Reason::from(&error),
    })?;
    let InReport { serial, kind, expire, .. } = report;
    *skipped = report.skipped;
    order.progress.set(report.totals);
    if kind == Kind::UpToDate {
        return Ok(Pulled::UpToDate { serial, expire, kind });
    }
    let zone = order.zone.clone();
    // Putting a large zone together takes a while; others go on meanwhile.
    let installed = tokio::task::spawn_blocking(move || {
        let _installing = installing;
        let change = update.commit_in_two(on_two_threads).map_err(|error| Reason::from(&error))?;
        let broken = || Reason::new(Failure::NotZone, "the version has no SOA");
        let (serial, timers) = timers_of(&change.version).ok_or_else(broken)?;
        shared.ledger().judge(tag.0, tag.1, serial)?;
        match shared.host.install(zone.as_ref(), change) {
            Ok(()) => Ok((serial, timers)),
            Err(Refused::Held(text)) => Err(Reason::new(Failure::Held, text)),
            Err(Refused::NotStored(text)) => Err(Reason::new(Failure::Store, text)),
            Err(Refused::Failed(text)) => Err(Reason::new(Failure::Local, text)),
        }
    });
    let stopped = |_| Reason::new(Failure::Local, "the thread that put the zone together was stopped");
    let (serial, timers) = installed.await.map_err(stopped)??;
    Ok(Pulled::Installed { serial, timers, expire, kind })
}

/// Does one thing here, and another on a thread that ends with it; here, too, when there is no thread to be had.
fn on_two_threads(first: Work<'_>, mut second: Work<'_>) {
    let started = thread::scope(|scope| {
        let started = thread::Builder::new().name("zone".to_owned()).spawn_scoped(scope, &mut second).is_ok();
        first();
        started
    });
    if !started {
        second();
    }
}

async fn receive<I: Incoming>(
    client: &Client,
    order: &Order<I::Mac>,
    held: Option<Arc<Version>>,
    limits: transfer::Limits,
    receiving: Receiving<I>,
) -> Result<(InReport, Receiving<I>), Error> {
    let (zone, key) = (order.zone.as_ref(), order.key.as_deref());
    match held.filter(|_| order.kind == refresh::Kind::Ixfr) {
        Some(held) => client.ixfr_apart(zone, &held.soa(), key, limits, receiving).await,
        None => client.axfr_apart(zone, key, limits, receiving).await,
    }
}

/// Receives; after the first message only with leave, if one is needed.
async fn with_leave<T>(
    received: impl Future<Output = T>,
    leave: Option<oneshot::Receiver<()>>,
    progress: &Progress,
) -> T {
    let mut received = pin!(received);
    let Some(mut leave) = leave else {
        return received.await;
    };
    poll_fn(|cx| {
        // What isn't taken isn't read from the connection in the end.
        if progress.totals().messages > 0 && !leave.is_terminated() && Pin::new(&mut leave).poll(cx).is_pending() {
            return Poll::Pending;
        }
        received.as_mut().poll(cx)
    })
    .await
}

/// Ends when no message has come for a while.
async fn nothing_comes(progress: &Progress) {
    tokio::time::sleep(FIRST_PATIENCE).await;
    if progress.totals().messages > 0 {
        std::future::pending().await
    }
}

/// A zone coming in.
struct Receiving<I: Incoming> {
    update: Update,
    addr: SocketAddr,
    tag: Tag,
    shared: Arc<Shared<I>>,
    events: mpsc::UnboundedSender<Event>,
    progress: Arc<Progress>,
}

impl<I: Incoming> EventSink for Receiving<I> {
    fn event(&mut self, event: &transfer::Event<'_>) -> Result<(), SinkError> {
        // A whole zone that isn't wanted need not come whole.
        if let transfer::Event::Begin { soa } = event
            && let Some(soa) = soa.soa()
        {
            self.shared.ledger().judge(self.tag.0, self.tag.1, soa.serial)?;
        }
        self.update.handle(event)?;
        Ok(())
    }

    fn progress(&mut self, totals: Totals) {
        if self.progress.totals().messages == 0 {
            let _ = self.events.send(Event::Heard(self.tag.0, self.addr));
        }
        self.progress.set(totals);
    }
}

impl<I: Incoming> InParts for Receiving<I> {
    type Part = Update;

    fn part(&self) -> Option<Update> {
        self.update.part()
    }

    fn join(&mut self, part: Update) -> Result<(), SinkError> {
        Ok(self.update.join(part)?)
    }
}
