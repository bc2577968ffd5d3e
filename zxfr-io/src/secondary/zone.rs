//! One zone of a secondary.

use super::incoming::Next;
use super::status::{FailedRound, LastFailure, PrimaryStatus, Status, TransferStatus};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use zxfr_core::name::Name;
use zxfr_core::refresh::{Failure, Kind, Policy, Refresh};
use zxfr_core::time::{Instant, Now, UnixTime};
use zxfr_core::transfer::Totals;
use zxfr_core::tsig::Key;

/// Where a zone comes from.
#[derive(Debug)]
pub struct PrimaryAddr<M> {
    /// Its address and port.
    pub addr: SocketAddr,
    /// The key that signs what is asked of it.
    pub key: Option<Arc<Key<M>>>,
    /// Whether it is asked for IXFR.
    pub ixfr: bool,
}

impl<M> Clone for PrimaryAddr<M> {
    fn clone(&self) -> Self {
        let Self { addr, key, ixfr } = self;
        Self { addr: *addr, key: key.clone(), ixfr: *ixfr }
    }
}

/// A zone that is to be kept in step.
#[derive(Debug)]
pub struct ZoneConfig<M> {
    /// Its name.
    pub name: Name,
    /// Where it comes from; of equals the first is preferred. More than [`zxfr_core::refresh::MAX_PRIMARIES`] are left out.
    pub primaries: Vec<PrimaryAddr<M>>,
    /// When and how. [`Policy::primaries`] and [`Policy::ixfr`] follow from the list above, whatever they are here.
    pub policy: Policy,
}

impl<M> ZoneConfig<M> {
    /// The policy for these primaries.
    pub(super) fn policy(&self) -> Policy {
        let count = self.primaries.len().min(usize::from(zxfr_core::refresh::MAX_PRIMARIES));
        let ixfr = self.primaries.iter().take(count).enumerate();
        let ixfr = ixfr.fold(0, |set, (number, primary)| set | u32::from(primary.ixfr) << number);
        Policy { primaries: count as u8, ixfr, ..self.policy }
    }
}

/// A zone, told apart from others that had its number before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ZoneId {
    pub(super) number: u32,
    pub(super) generation: u32,
}

/// What is known of a zone.
pub(super) struct Zone<M> {
    pub(super) name: Name,
    pub(super) primaries: Vec<PrimaryAddr<M>>,
    pub(super) machine: Refresh,
    /// The primaries that are being asked for their serials: bit n is primary n.
    pub(super) asked: u32,
    /// The transfer that waits or runs.
    pub(super) transfer: Option<Transfer>,
    pub(super) last_failure: Option<LastFailure>,
    pub(super) failed: Option<FailedRound>,
    /// Of each of the primaries.
    pub(super) standings: Vec<PrimaryStatus>,
}

/// A transfer that was asked for.
pub(super) struct Transfer {
    pub(super) primary: u8,
    pub(super) kind: Kind,
    /// Over a connection of its own: on a shared one it got no answer.
    pub(super) alone: bool,
    pub(super) running: Option<Running>,
}

/// A transfer under way.
pub(super) struct Running {
    pub(super) began: Instant,
    pub(super) progress: Arc<Progress>,
    /// Lets a transfer on trial go on.
    pub(super) go_on: Option<oneshot::Sender<()>>,
    /// There once the task was started.
    pub(super) task: Option<AbortHandle>,
}

/// How far a transfer has come, for others to look at.
#[derive(Debug, Default)]
pub(super) struct Progress {
    messages: AtomicU64,
    records: AtomicU64,
    octets: AtomicU64,
}

impl Progress {
    pub(super) fn set(&self, totals: Totals) {
        self.messages.store(totals.messages, Ordering::Relaxed);
        self.records.store(totals.records, Ordering::Relaxed);
        self.octets.store(totals.octets, Ordering::Relaxed);
    }

    pub(super) fn totals(&self) -> Totals {
        let [messages, records, octets] =
            [&self.messages, &self.records, &self.octets].map(|count| count.load(Ordering::Relaxed));
        Totals { messages, records, octets }
    }
}

impl<M> Zone<M> {
    pub(super) fn primary(&self, number: u8) -> Option<&PrimaryAddr<M>> {
        self.primaries.get(usize::from(number))
    }

    /// The number of the primary with this address; `None` when several have it, since it could be any of these.
    pub(super) fn primary_at(&self, ip: IpAddr) -> Option<u8> {
        let at = |primary: &PrimaryAddr<M>| primary.addr.ip().to_canonical() == ip;
        let first = self.primaries.iter().position(at)?;
        let alone = self.primaries.iter().filter(|primary| at(primary)).count() == 1;
        u8::try_from(first).ok().filter(|_| alone)
    }

    /// Whether these are its primaries' addresses, in this order.
    pub(super) fn has_addresses(&self, primaries: &[PrimaryAddr<M>]) -> bool {
        self.primaries.iter().map(|primary| primary.addr).eq(primaries.iter().map(|primary| primary.addr))
    }

    /// Breaks off what runs.
    pub(super) fn break_off(&mut self) {
        let running = self.transfer.take().and_then(|transfer| transfer.running);
        if let Some(task) = running.and_then(|running| running.task) {
            task.abort();
        }
    }

    /// Notes how a round ended.
    pub(super) fn round_ended(&mut self, result: Result<(), Failure>, at: UnixTime) {
        self.failed = result.err().map(|failure| {
            // What was said of it when a primary failed so, whichever did last.
            let last = self.last_failure.iter();
            let said = last.chain(self.standings.iter().filter_map(|standing| standing.last_failure.as_ref()));
            match said.into_iter().find(|said| said.reason.failure == failure) {
                Some(said) => FailedRound { at, peer: Some(said.peer), reason: said.reason.clone() },
                None => FailedRound { at, peer: None, reason: failure.into() },
            }
        });
    }

    pub(super) fn next(&self, now: Instant) -> Next {
        if let Some(transfer) = &self.transfer
            && let Some(primary) = self.primary(transfer.primary)
        {
            return Next::Transfer { peer: primary.addr, kind: transfer.kind };
        }
        if self.asked != 0 {
            return Next::Answers;
        }
        self.machine.next_check().map_or(Next::Nothing, |at| Next::Check(at.since(now)))
    }

    pub(super) fn status(&self, now: Now) -> Status {
        let transfer = self.transfer.as_ref().and_then(|transfer| {
            let running = transfer.running.as_ref();
            Some(TransferStatus {
                peer: self.primary(transfer.primary)?.addr,
                kind: transfer.kind,
                running: running.map(|running| now.instant.since(running.began)),
                totals: running.map_or_else(Totals::default, |running| running.progress.totals()),
            })
        });
        Status {
            serial: self.machine.serial(),
            state: self.machine.state(),
            enabled: self.machine.is_enabled(),
            expired: self.machine.is_expired(now),
            failure: self.machine.failure(),
            failed: self.failed.clone(),
            last_failure: self.last_failure.clone(),
            next_check: self.machine.next_check().map(|at| at.since(now.instant)),
            asking: self.asked.count_ones(),
            transfer,
            primaries: self.standings.clone(),
        }
    }
}
