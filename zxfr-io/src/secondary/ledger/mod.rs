//! What is known of all zones, and what is to be done next. Nothing here waits: the task of the secondary takes the jobs, and
//! tells how they ended.
//!
//! `transfers` holds what becomes of the wish for a transfer.

mod transfers;

use super::checks::{Check, CheckEnded};
use super::incoming::{Attempt, Next, What};
use super::pool::Pool;
use super::pull::Order;
use super::queue::Queue;
use super::status::{LastFailure, PrimaryStatus, Status};
use super::zone::{Transfer, Zone, ZoneConfig, ZoneId};
use super::{SecondaryLimits, State};
use crate::client::SoaAnswer;
use crate::reason::Reason;
use crate::wheel::Wheel;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::refresh::{Action, Checked, Failure, Priority, Refresh, Timers, Verdict};
use zxfr_core::serial::Serial;
use zxfr_core::time::{Instant, Now};
use zxfr_core::transfer::Totals;

/// A check's zone, and the primary's number in it.
pub(super) type Tag = (ZoneId, u8);

/// Something for the task to do.
pub(super) enum Job<M> {
    /// Ask this primary for a serial.
    Check(SocketAddr, Box<Check<M, Tag>>),
    /// Somebody at this primary's address has shown to be there.
    Alive(SocketAddr),
    /// Make a connection.
    Connect(SocketAddr),
    /// Transfer a zone.
    Pull(Box<Order<M>>),
}

/// Something for the host to hear.
pub(super) enum Report {
    Attempt(Box<Attempt>),
    State { zone: Box<Name>, state: State, expired: bool },
}

/// All zones.
pub(super) struct Ledger<M> {
    zones: Vec<Slot<M>>,
    /// Numbers that no zone has.
    free: Vec<u32>,
    names: HashMap<Name, u32>,
    wheel: Wheel,
    queue: Queue<ZoneId>,
    pool: Pool,
    jobs: Vec<Job<M>>,
    reports: Vec<Report>,
    stopped: bool,
}

struct Slot<M> {
    generation: u32,
    zone: Option<Zone<M>>,
}

impl<M> Ledger<M> {
    pub(super) fn new(limits: &SecondaryLimits, now: Instant) -> Self {
        Self {
            zones: Vec::new(),
            free: Vec::new(),
            names: HashMap::new(),
            wheel: Wheel::new(now),
            queue: Queue::new(limits.transfers, limits.transfers_per_primary),
            pool: Pool::new(limits.connections_per_primary, limits.idle),
            jobs: Vec::new(),
            reports: Vec::new(),
            stopped: false,
        }
    }

    // Zones.

    pub(super) fn put(
        &mut self,
        config: ZoneConfig<M>,
        held: Option<(Serial, Timers)>,
        state: State,
        seed: u64,
        now: Now,
    ) {
        let policy = config.policy();
        let known = self.find(config.name.as_ref());
        if let Some(id) = known
            && let Some(zone) = self.zone(id)
        {
            if zone.has_addresses(&config.primaries) {
                zone.primaries = config.primaries;
                zone.machine.set_policy(policy, now);
                self.service(id, now);
                return;
            }
            let state = zone.machine.state();
            let enabled = zone.machine.is_enabled();
            let standings = std::mem::take(&mut zone.standings);
            self.remove(config.name.as_ref());
            let id = self.insert(config, Refresh::new(policy, held, state, seed, now));
            if let Some(zone) = self.zone(id) {
                for standing in &mut zone.standings {
                    if let Some(before) = standings.iter().find(|before| before.addr == standing.addr) {
                        *standing = before.clone();
                    }
                }
                if !enabled {
                    zone.machine.set_enabled(false, now);
                }
            }
            self.service(id, now);
            return;
        }
        let id = self.insert(config, Refresh::new(policy, held, state, seed, now));
        self.service(id, now);
    }

    fn insert(&mut self, config: ZoneConfig<M>, machine: Refresh) -> ZoneId {
        let ZoneConfig { name, primaries, .. } = config;
        let number = self.free.pop().unwrap_or_else(|| {
            self.zones.push(Slot { generation: 0, zone: None });
            (self.zones.len() - 1) as u32
        });
        self.names.insert(name.clone(), number);
        let slot = &mut self.zones[number as usize];
        let standings = primaries.iter().map(|primary| PrimaryStatus::new(primary.addr)).collect();
        let (asked, transfer, last_failure, failed) = (0, None, None, None);
        slot.zone = Some(Zone { name, primaries, machine, asked, transfer, last_failure, failed, standings });
        ZoneId { number, generation: slot.generation }
    }

    pub(super) fn remove(&mut self, name: NameRef<'_>) -> bool {
        let Some(id) = self.find(name) else {
            return false;
        };
        let slot = &mut self.zones[id.number as usize];
        slot.generation = slot.generation.wrapping_add(1);
        if let Some(mut zone) = slot.zone.take() {
            zone.break_off();
            self.names.remove(&zone.name);
        }
        self.free.push(id.number);
        self.queue.remove(id);
        self.wheel.clear(id.number);
        true
    }

    fn find(&self, name: NameRef<'_>) -> Option<ZoneId> {
        let number = *self.names.get(&name.to_name())?;
        let generation = self.zones[number as usize].generation;
        Some(ZoneId { number, generation })
    }

    fn zone(&mut self, id: ZoneId) -> Option<&mut Zone<M>> {
        let slot = self.zones.get_mut(id.number as usize)?;
        slot.zone.as_mut().filter(|_| slot.generation == id.generation)
    }

    fn peek(&self, name: NameRef<'_>) -> Option<&Zone<M>> {
        self.zones[self.find(name)?.number as usize].zone.as_ref()
    }

    pub(super) fn status(&self, name: NameRef<'_>, now: Now) -> Option<Status> {
        Some(self.peek(name)?.status(now))
    }

    pub(super) fn is_expired(&self, name: NameRef<'_>, now: Now) -> bool {
        self.peek(name).is_some_and(|zone| zone.machine.is_expired(now))
    }

    pub(super) fn expires_in(&self, name: NameRef<'_>, now: Now) -> Option<u32> {
        self.peek(name)?.machine.expires_in(now)
    }

    pub(super) fn notify(&mut self, name: NameRef<'_>, ip: IpAddr, serial: Option<Serial>, now: Now) -> bool {
        let Some((id, zone)) = self.find(name).and_then(|id| Some((id, self.zone(id)?))) else {
            return false;
        };
        let primary = zone.primary_at(ip);
        let taken = zone.machine.handle_notify(primary, serial, now);
        let addrs = zone.primaries.iter().map(|primary| primary.addr);
        let there: Vec<SocketAddr> = addrs.filter(|addr| addr.ip().to_canonical() == ip).collect();
        if !there.is_empty() {
            self.pool.alive(ip);
            self.jobs.extend(there.into_iter().map(Job::Alive));
        }
        if taken {
            self.queue.hurry(id);
        }
        self.service(id, now);
        taken
    }

    pub(super) fn force(&mut self, name: NameRef<'_>, now: Now) -> bool {
        self.with(name, now, |zone| zone.machine.force(now))
    }

    pub(super) fn set_enabled(&mut self, name: NameRef<'_>, enabled: bool, now: Now) -> bool {
        self.with(name, now, |zone| zone.machine.set_enabled(enabled, now))
    }

    fn with(&mut self, name: NameRef<'_>, now: Now, change: impl FnOnce(&mut Zone<M>)) -> bool {
        let Some((id, zone)) = self.find(name).and_then(|id| Some((id, self.zone(id)?))) else {
            return false;
        };
        change(zone);
        self.service(id, now);
        true
    }

    // The task.

    /// All that is to be done and told now.
    pub(super) fn poll(&mut self, now: Now) -> (Vec<Job<M>>, Vec<Report>) {
        let mut due = Vec::new();
        while let Some(number) = self.wheel.due(now.instant) {
            due.push(number);
        }
        for number in due {
            let generation = self.zones[number as usize].generation;
            self.service(ZoneId { number, generation }, now);
        }
        for addr in self.pool.sweep(now.instant) {
            self.set_room(addr, now.instant);
        }
        self.start_transfers(now);
        (std::mem::take(&mut self.jobs), std::mem::take(&mut self.reports))
    }

    /// When to poll next, if nothing happens before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        [self.wheel.next(), self.pool.deadline()].into_iter().flatten().min()
    }

    /// No version is to be installed any more.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether a version that this primary is transferring may be installed.
    pub(super) fn judge(&mut self, id: ZoneId, primary: u8, serial: Serial) -> Result<(), Reason> {
        if self.stopped {
            return Err(Reason::new(Failure::Local, "shutting down"));
        }
        match self.zone(id) {
            Some(zone) => zone.machine.judge(primary, serial).map_err(Reason::from),
            None => Err(Reason::new(Failure::Local, "the zone was removed or has other primaries now")),
        }
    }

    pub(super) fn check_ended(&mut self, ended: CheckEnded<Tag>, now: Now) {
        let CheckEnded { tag: (id, primary), result, elapsed } = ended;
        let first = self.reports.len();
        let Some(zone) = self.zone(id) else { return };
        zone.asked &= !(1 << primary);
        let from = zone.machine.serial();
        let to = result.as_ref().ok().map(|answer| answer.serial);
        let checked = |answer: &SoaAnswer| Checked { serial: answer.serial, expire: answer.expire_option };
        let told = result.as_ref().map(checked).map_err(|reason| reason.failure);
        let verdict = zone.machine.handle_check(primary, told, now);
        if verdict != Verdict::Unasked {
            let result = outcome(result.map(drop), verdict);
            let attempt = What::Check;
            self.report(id, primary, attempt, now, |report| Attempt { from, to, elapsed, result, ..report });
        }
        self.service(id, now);
        self.say_what_is_next(id, first, now.instant);
    }

    /// Asks a zone's machine what it wants, and when it wants to be asked again.
    fn service(&mut self, id: ZoneId, now: Now) {
        while let Some(action) = self.zone(id).and_then(|zone| zone.machine.poll(now)) {
            let Some(zone) = self.zone(id) else { return };
            match action {
                Action::Check { primary } => {
                    let urgent = zone.machine.priority() == Priority::Notified;
                    if let Some(standing) = zone.standings.get_mut(usize::from(primary)) {
                        standing.asked = Some(now.unix);
                    }
                    if let Some(config) = zone.primary(primary) {
                        let (addr, key) = (config.addr, config.key.clone());
                        let check = Check { tag: (id, primary), zone: zone.name.clone(), key, urgent };
                        zone.asked |= 1 << primary;
                        self.jobs.push(Job::Check(addr, Box::new(check)));
                    }
                }
                Action::Transfer { primary, kind } => {
                    zone.transfer = Some(Transfer { primary, kind, alone: false, running: None });
                    self.enqueue(id, now);
                }
                Action::Ended(_) | Action::Expired => {
                    if let Action::Ended(result) = action {
                        zone.round_ended(result, now.unix);
                    }
                    let (state, expired) = (zone.machine.state(), zone.machine.is_expired(now));
                    let zone = Box::new(zone.name.clone());
                    self.reports.push(Report::State { zone, state, expired });
                }
            }
        }
        match self.zone(id).map(|zone| zone.machine.deadline()) {
            Some(Some(deadline)) => self.wheel.set(id.number, deadline),
            Some(None) => self.wheel.clear(id.number),
            None => {}
        }
    }

    fn report(&mut self, id: ZoneId, primary: u8, what: What, now: Now, fill: impl FnOnce(Attempt) -> Attempt) {
        let Some(zone) = self.zone(id) else { return };
        let Some(peer) = zone.primary(primary).map(|primary| primary.addr) else { return };
        let attempt = fill(Attempt {
            zone: zone.name.clone(),
            peer,
            what,
            kind: None,
            from: None,
            to: None,
            totals: Totals::default(),
            skipped: 0,
            elapsed: Duration::ZERO,
            installed: false,
            result: Ok(()),
            next: Next::Nothing,
        });
        if let Some(standing) = zone.standings.get_mut(usize::from(primary)) {
            standing.note(&attempt, now.unix);
        }
        if let (true, Some(serial)) = (attempt.installed, attempt.to) {
            zone.standings.iter_mut().for_each(|standing| standing.note_installed(serial, now.unix));
        }
        if let Err(reason) = &attempt.result {
            zone.last_failure = Some(LastFailure { at: now.unix, peer, what, reason: reason.clone() });
        }
        self.reports.push(Report::Attempt(Box::new(attempt)));
    }

    /// Fills in what only the machine's answer to how an attempt ended has shown.
    fn say_what_is_next(&mut self, id: ZoneId, first: usize, now: Instant) {
        let Some((next, name)) = self.zone(id).map(|zone| (zone.next(now), zone.name.clone())) else { return };
        for report in self.reports.iter_mut().skip(first) {
            if let Report::Attempt(attempt) = report
                && attempt.zone == name
            {
                attempt.next = next;
            }
        }
    }
}

/// What is told of an attempt: its own reason where it has one, else what the machine has against it.
fn outcome(result: Result<(), Reason>, verdict: Verdict) -> Result<(), Reason> {
    result.and_then(|()| verdict.failure().map_or(Ok(()), |failure| Err(failure.into())))
}
