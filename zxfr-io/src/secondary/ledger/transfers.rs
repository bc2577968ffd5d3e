//! From the wish for a transfer to its end: connections, places, what is tried again and what is given up.

use super::{Job, Ledger, outcome};
use crate::client::Client;
use crate::reason::Reason;
use crate::secondary::incoming::Attempt;
use crate::secondary::pool::Reach;
use crate::secondary::pull::{Order, PullEnded, Pulled};
use crate::secondary::queue::{Class, Turn};
use crate::secondary::zone::{Progress, Running, Transfer, ZoneId};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use zxfr_core::refresh::{self, Failure, Fault, Priority, Transferred};
use zxfr_core::time::{Instant, Now};

impl<M> Ledger<M> {
    /// A transfer's task was started.
    pub(in crate::secondary) fn started(&mut self, id: ZoneId, task: AbortHandle) {
        match self.zone(id).and_then(|zone| zone.transfer.as_mut()?.running.as_mut()) {
            Some(running) => running.task = Some(task),
            // The zone was removed in between.
            None => task.abort(),
        }
    }

    pub(in crate::secondary) fn connected(&mut self, addr: SocketAddr, result: Result<Client, Reason>, now: Now) {
        match result {
            Ok(client) => {
                self.pool.connected(addr, client, now.instant);
                self.set_room(addr, now.instant);
            }
            Err(reason) => {
                self.pool.failed(addr, reason.clone(), now.instant);
                if self.pool.is_open(addr) {
                    self.set_room(addr, now.instant);
                    return;
                }
                for id in self.queue.drain(addr) {
                    self.give_up(id, reason.clone(), now);
                }
            }
        }
    }

    /// The first message of a transfer has come.
    pub(in crate::secondary) fn transfer_heard(&mut self, id: ZoneId, addr: SocketAddr, now: Now) {
        self.queue.heard(id);
        self.heard(addr, now);
    }

    /// A transfer has waited long for its first message. If it is on trial, those that wait for this primary and have others
    /// go elsewhere.
    pub(in crate::secondary) fn transfer_quiet(&mut self, id: ZoneId, addr: SocketAddr, now: Now) {
        if !self.queue.is_trial(id) {
            return;
        }
        self.pool.set_quiet(addr, true);
        for other in self.queue.waiting_for(addr) {
            if self.zone(other).is_some_and(|zone| zone.primaries.len() > 1) {
                self.queue.remove(other);
                self.give_up(other, busy(), now);
            }
        }
    }

    fn heard(&mut self, addr: SocketAddr, now: Now) {
        self.pool.heard(addr, now.instant);
        self.queue.set_answers(addr, true);
        self.set_room(addr, now.instant);
    }

    pub(in crate::secondary) fn pull_ended(&mut self, ended: PullEnded, now: Now) {
        let PullEnded { id, primary, addr, kind, lease, began, totals, skipped, elapsed, held, result } = ended;
        let first = self.reports.len();
        let alone = lease.as_ref().is_none_or(|lease| lease.fresh);
        if let Some(lease) = lease {
            self.pool.give_back(lease, now.instant);
        }
        if self.queue.is_trial(id) {
            self.pool.set_quiet(addr, false);
        }
        self.queue.ended(id, addr);
        let silent = match &result {
            Err(reason) if totals.messages == 0 && reason.failure.fault() == Fault::Network => Some(reason),
            _ => None,
        };
        let cut = silent.is_some_and(|reason| kind == refresh::Kind::Ixfr && reason.failure == Failure::Cut);
        let tried_alone = self.zone(id).and_then(|zone| zone.transfer.as_ref()).is_none_or(|transfer| transfer.alone);
        match silent {
            // Perhaps it was the connection's fault; or the primary was just being reloaded, as when nsd sends NOTIFY: it
            // would be a pity to transfer the whole zone for that.
            Some(_) if !alone || cut && !tried_alone => {
                if let Some(transfer) = self.zone(id).and_then(|zone| zone.transfer.as_mut()) {
                    (transfer.alone, transfer.running) = (true, None);
                    self.enqueue(id, now);
                    self.service(id, now);
                    self.say_what_is_next(id, first, now.instant);
                }
                return;
            }
            // A connection that is cut costs no time; and the primary may only dislike what was asked for.
            Some(Reason { failure: Failure::Cut, .. }) => {}
            Some(reason) => {
                if self.pool.silent(addr, began, reason.clone(), now.instant) {
                    self.queue.set_answers(addr, false);
                    for other in self.queue.drain(addr) {
                        self.give_up(other, reason.clone().left_alone(Duration::ZERO), now);
                    }
                }
            }
            None if matches!(&result, Err(reason) if reason.failure == Failure::Local) => {}
            None => self.heard(addr, now),
        }
        self.set_room(addr, now.instant);
        let Some(zone) = self.zone(id) else { return };
        zone.transfer = None;
        let (told, to, came) = match &result {
            Ok(Pulled::UpToDate { serial, expire, kind }) => {
                (Ok(Transferred::UpToDate { serial: *serial, expire: *expire }), Some(*serial), Some(*kind))
            }
            Ok(Pulled::Installed { serial, timers, expire, kind }) => {
                let zone = Transferred::Zone { serial: *serial, timers: *timers, expire: *expire };
                (Ok(zone), Some(*serial), Some(*kind))
            }
            Err(reason) => (Err(reason.failure), None, None),
        };
        let installed = matches!(result, Ok(Pulled::Installed { .. }));
        let verdict = zone.machine.handle_transfer(primary, told, now);
        let result = outcome(result.map(drop), verdict);
        self.report(id, primary, kind.into(), now, |report| Attempt {
            kind: came,
            from: held,
            to,
            totals,
            skipped,
            elapsed,
            installed,
            result,
            ..report
        });
        self.service(id, now);
        self.say_what_is_next(id, first, now.instant);
    }

    /// Lets a zone's transfer wait for its place, and for a connection if there is none.
    pub(super) fn enqueue(&mut self, id: ZoneId, now: Now) {
        let Some(zone) = self.zone(id) else { return };
        let Some(addr) = zone.transfer.as_ref().and_then(|transfer| Some(zone.primary(transfer.primary)?.addr)) else {
            return;
        };
        let class = match zone.machine.priority() {
            Priority::Notified => Class::Notified,
            Priority::Routine => Class::Routine,
        };
        if zone.primaries.len() > 1 && self.pool.is_quiet(addr) {
            self.fail_transfer(id, busy(), now);
            return;
        }
        match self.pool.reach(addr, now.instant) {
            Reach::LeftAlone(since, reason) => {
                // Who calls asks the machine what comes then.
                self.fail_transfer(id, reason.left_alone(since), now);
                return;
            }
            Reach::Connect => self.jobs.push(Job::Connect(addr)),
            Reach::Open | Reach::Connecting => {}
        }
        self.queue.push(id, addr, class);
        self.set_room(addr, now.instant);
    }

    /// Tells the queue for how many transfers there are connections, and makes another where one is missing.
    pub(super) fn set_room(&mut self, addr: SocketAddr, now: Instant) {
        self.queue.set_room(addr, self.pool.room(addr, now));
        if !self.queue.wants_room(addr) {
            return;
        }
        // The last one may be closed: some primaries do that after each answer.
        let connects = match self.pool.is_open(addr) {
            true => self.pool.grow(addr, now),
            false => self.pool.reach(addr, now) == Reach::Connect,
        };
        if connects {
            self.jobs.push(Job::Connect(addr));
        }
    }

    /// A transfer that had waited fails.
    fn give_up(&mut self, id: ZoneId, reason: Reason, now: Now) {
        let first = self.reports.len();
        self.fail_transfer(id, reason, now);
        self.service(id, now);
        self.say_what_is_next(id, first, now.instant);
    }

    fn fail_transfer(&mut self, id: ZoneId, reason: Reason, now: Now) {
        let Some(zone) = self.zone(id) else { return };
        let Some(Transfer { primary, kind, .. }) = zone.transfer.take() else { return };
        let from = zone.machine.serial();
        zone.machine.handle_transfer(primary, Err(reason.failure), now);
        self.report(id, primary, kind.into(), now, |report| Attempt { from, result: Err(reason), ..report });
    }

    /// Starts what may start.
    pub(super) fn start_transfers(&mut self, now: Now) {
        while let Some(turn) = self.queue.pop() {
            match turn {
                Turn::Start(id) => self.start_transfer(id, false, now),
                Turn::Try(id) => self.start_transfer(id, true, now),
                Turn::GoOn(id) => {
                    let transfer = self.zone(id).and_then(|zone| zone.transfer.as_mut());
                    if let Some(go_on) = transfer.and_then(|transfer| transfer.running.as_mut()?.go_on.take()) {
                        // If it has just ended, it needs no leave.
                        let _ = go_on.send(());
                    }
                }
            }
        }
    }

    fn start_transfer(&mut self, id: ZoneId, on_trial: bool, now: Now) {
        // Who waits in the queue has a transfer, from one of its primaries.
        let Some(zone) = self.zone(id) else { return };
        let Some(transfer) = &zone.transfer else { return };
        let Transfer { primary, kind, alone, .. } = *transfer;
        let Some(config) = zone.primary(primary) else { return };
        let (addr, key, name) = (config.addr, config.key.clone(), zone.name.clone());
        if let Some(standing) = zone.standings.get_mut(usize::from(primary)) {
            standing.asked = Some(now.unix);
        }
        let lease = if alone { None } else { self.pool.lease(addr, now.instant) };
        if lease.is_none() && !alone {
            // The primary has closed it.
            self.queue.ended(id, addr);
            self.enqueue(id, now);
            self.service(id, now);
            return;
        }
        self.set_room(addr, now.instant);
        let (progress, began) = (Arc::<Progress>::default(), now.instant);
        let (go_on, leave) = oneshot::channel();
        let leave = on_trial.then_some(leave);
        if let Some(transfer) = self.zone(id).and_then(|zone| zone.transfer.as_mut()) {
            let go_on = on_trial.then_some(go_on);
            transfer.running = Some(Running { began, progress: progress.clone(), go_on, task: None });
        }
        let order = Order { id, zone: name, primary, addr, key, kind, lease, leave, progress, began };
        self.jobs.push(Job::Pull(Box::new(order)));
    }
}

/// Why a zone doesn't wait for a primary.
fn busy() -> Reason {
    Reason::new(Failure::TimedOut, "not tried: the primary does not answer what it is asked for another zone")
}
