//! Who is being told what, and who waits.

use super::telling::{Next, OwnedSoa, Query, Telling};
use super::{NotifyLimits, NotifyReport, Target};
use crate::client::{Error, random_id};
use crate::clock;
use crate::reason::Reason;
use crate::wheel::Wheel;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::notify::{self, Action, Notify, read_notify_answer};
use zxfr_core::refresh::Failure;
use zxfr_core::time::Instant;
use zxfr_core::transfer;
use zxfr_core::tsig::Mac;

/// All tellings, by numbers that are used again.
pub(super) struct Book<M> {
    limits: NotifyLimits,
    tellings: Vec<Option<Telling<M>>>,
    free: Vec<u32>,
    /// Where a zone's tellings are.
    zones: HashMap<Name, Vec<u32>>,
    lines: HashMap<SocketAddr, Line>,
    /// The queries under way.
    ids: HashMap<(SocketAddr, u16), u32>,
    wheel: Wheel,
    datagrams: Vec<Datagram>,
    reports: Vec<NotifyReport>,
}

/// Something to be sent.
pub(super) struct Datagram {
    pub(super) to: SocketAddr,
    pub(super) octets: Box<[u8]>,
    number: u32,
}

/// A target.
#[derive(Default)]
struct Line {
    placed: usize,
    waiting: VecDeque<u32>,
    /// When an answer last came from it.
    heard: Option<Instant>,
}

impl<M: Mac> Book<M> {
    pub(super) fn new(limits: NotifyLimits, now: Instant) -> Self {
        Self {
            limits,
            tellings: Vec::new(),
            free: Vec::new(),
            zones: HashMap::new(),
            lines: HashMap::new(),
            ids: HashMap::new(),
            wheel: Wheel::new(now),
            datagrams: Vec::new(),
            reports: Vec::new(),
        }
    }

    pub(super) fn pending(&self) -> usize {
        self.tellings.len() - self.free.len()
    }

    fn telling(&mut self, number: u32) -> Option<&mut Telling<M>> {
        self.tellings.get_mut(number as usize)?.as_mut()
    }

    pub(super) fn announce(&mut self, zone: NameRef<'_>, soa: &Arc<OwnedSoa>, target: &Target<M>, now: Instant) {
        let addr = target.addr;
        let numbers = self.zones.get(&zone.to_name()).map_or(&[][..], Vec::as_slice);
        let known = numbers
            .iter()
            .copied()
            .find(|number| self.tellings[*number as usize].as_ref().is_some_and(|telling| telling.target.addr == addr));
        let number = match known.and_then(|number| Some((number, self.telling(number)?))) {
            Some((number, telling)) => {
                let next = Next { target: target.clone(), soa: soa.clone(), since: now };
                let under_way = telling.under_way_until(now).is_some_and(|until| now < until);
                telling.next = Some(next);
                if under_way && telling.soa.serial != soa.serial {
                    self.service(number, now);
                    return;
                }
                self.turn(number);
                number
            }
            None => self.insert(zone, soa, target, now),
        };
        let Some(telling) = self.telling(number) else { return };
        if telling.placed {
            telling.machine.announce(soa.serial, now);
            self.service(number, now);
        } else if known.is_none() {
            self.lines.entry(addr).or_default().waiting.push_back(number);
            self.fill(addr, now);
        }
    }

    fn insert(&mut self, zone: NameRef<'_>, soa: &Arc<OwnedSoa>, target: &Target<M>, now: Instant) -> u32 {
        let telling = Telling {
            zone: zone.to_name(),
            target: target.clone(),
            soa: soa.clone(),
            machine: Notify::new(self.limits.policy),
            since: now,
            placed: false,
            query: None,
            fault: None,
            sent: None,
            next: None,
        };
        let number = match self.free.pop() {
            Some(number) => {
                self.tellings[number as usize] = Some(telling);
                number
            }
            None => {
                self.tellings.push(Some(telling));
                (self.tellings.len() - 1) as u32
            }
        };
        self.zones.entry(zone.to_name()).or_default().push(number);
        number
    }

    /// Turns to what is to be told next, if there is something.
    fn turn(&mut self, number: u32) -> bool {
        let Some(telling) = self.telling(number) else { return false };
        let Some(Next { target, soa, since }) = telling.next.take() else { return false };
        (telling.soa, telling.target, telling.since) = (soa, target, since);
        (telling.fault, telling.sent) = (None, None);
        if let Some(query) = telling.query.take() {
            let addr = telling.target.addr;
            self.ids.remove(&(addr, query.id));
        }
        true
    }

    /// Tells the target of what is next, if there is something.
    fn tell_next(&mut self, number: u32, now: Instant) -> bool {
        let turned = self.turn(number);
        if let Some(telling) = self.telling(number).filter(|_| turned) {
            let serial = telling.soa.serial;
            telling.machine.announce(serial, now);
        }
        turned
    }

    pub(super) fn forget(&mut self, zone: NameRef<'_>) {
        let now = clock::now().instant;
        for number in self.zones.remove(&zone.to_name()).unwrap_or_default() {
            let Some(telling) = self.take(number) else { continue };
            let addr = telling.target.addr;
            if let Some(line) = self.lines.get_mut(&addr).filter(|_| !telling.placed) {
                line.waiting.retain(|waiting| *waiting != number);
            }
            self.fill(addr, now);
        }
    }

    /// Takes a telling out of everything but the line it may wait in.
    fn take(&mut self, number: u32) -> Option<Telling<M>> {
        let telling = self.tellings.get_mut(number as usize)?.take()?;
        self.free.push(number);
        self.wheel.clear(number);
        let addr = telling.target.addr;
        if let Some(query) = &telling.query {
            self.ids.remove(&(addr, query.id));
        }
        if let Some(numbers) = self.zones.get_mut(&telling.zone) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.zones.remove(&telling.zone);
            }
        }
        if let Some(line) = self.lines.get_mut(&addr).filter(|_| telling.placed) {
            line.placed -= 1;
        }
        Some(telling)
    }

    /// Gives a target's free places to those that wait, and forgets a target that nobody tells anything.
    fn fill(&mut self, addr: SocketAddr, now: Instant) {
        let most = self.limits.per_target.max(1);
        while let Some(line) = self.lines.get_mut(&addr) {
            if line.placed >= most {
                return;
            }
            let Some(number) = line.waiting.pop_front() else {
                if line.placed == 0 {
                    self.lines.remove(&addr);
                }
                return;
            };
            line.placed += 1;
            if let Some(telling) = self.telling(number) {
                telling.placed = true;
                let serial = telling.soa.serial;
                telling.machine.announce(serial, now);
            }
            self.service(number, now);
        }
    }

    /// All that is to be sent and told now.
    pub(super) fn poll(&mut self, now: Instant) -> (Vec<Datagram>, Vec<NotifyReport>) {
        let mut due = Vec::new();
        while let Some(number) = self.wheel.due(now) {
            due.push(number);
        }
        for number in due {
            self.service(number, now);
        }
        (std::mem::take(&mut self.datagrams), std::mem::take(&mut self.reports))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.wheel.next()
    }

    /// Whether nobody waits for an answer.
    pub(super) fn is_quiet(&self) -> bool {
        self.ids.is_empty()
    }

    fn service(&mut self, number: u32, now: Instant) {
        loop {
            let Some(telling) = self.telling(number) else { return };
            if telling.next_due(now).is_some_and(|due| due <= now) {
                self.tell_next(number, now);
                continue;
            }
            match telling.machine.poll(now) {
                None => break,
                Some(Action::Send { .. }) => self.send(number, now),
                Some(Action::Ended(report)) => {
                    self.report(number, report, now);
                    if !self.tell_next(number, now) {
                        return self.end(number, report, now);
                    }
                }
            }
        }
        let Some(telling) = self.telling(number) else { return };
        match [telling.machine.deadline(now), telling.next_due(now)].into_iter().flatten().min() {
            Some(deadline) => self.wheel.set(number, deadline),
            None => self.wheel.clear(number),
        }
    }

    /// The target is told no more of this zone.
    fn end(&mut self, number: u32, report: notify::Report, now: Instant) {
        let Some(telling) = self.take(number) else { return };
        let addr = telling.target.addr;
        if report.result == Err(Failure::TimedOut) && self.silent_since(addr, telling.since) {
            self.give_up(addr, now);
        }
        self.fill(addr, now);
    }

    /// Tells how it ended for a serial.
    fn report(&mut self, number: u32, report: notify::Report, now: Instant) {
        let Some(telling) = self.telling(number) else { return };
        let result = report.result.map_err(|failure| match telling.fault.clone() {
            Some((noted, text)) if noted == failure => Reason::new(failure, text),
            _ => failure.into(),
        });
        let report = telling.report(report.tries, result, now);
        self.reports.push(report);
    }

    fn silent_since(&self, addr: SocketAddr, since: Instant) -> bool {
        self.lines.get(&addr).and_then(|line| line.heard).is_none_or(|heard| heard < since)
    }

    /// A target that has not answered for a whole round of tries is not told of what waits, either: its zones would wait for
    /// as long, one after the other.
    fn give_up(&mut self, addr: SocketAddr, now: Instant) {
        let waiting = self.lines.get_mut(&addr).map(|line| std::mem::take(&mut line.waiting)).unwrap_or_default();
        for number in waiting {
            if let Some(telling) = self.take(number) {
                let reason = Reason::from(Failure::TimedOut).left_alone(Duration::ZERO);
                self.reports.push(telling.report(0, Err(reason), now));
            }
        }
    }

    fn send(&mut self, number: u32, now: Instant) {
        let Some(telling) = self.tellings.get_mut(number as usize).and_then(Option::as_mut) else { return };
        let (addr, serial) = (telling.target.addr, telling.soa.serial);
        if !telling.query.as_ref().is_some_and(|query| query.serves(serial, now)) {
            let id = match telling.query.take() {
                Some(query) => Ok(query.id),
                None => free_id(&self.ids, addr),
            };
            match id.and_then(|id| Query::new(telling.zone.as_ref(), &telling.soa, &telling.target, id)) {
                Ok(query) => {
                    self.ids.insert((addr, query.id), number);
                    telling.query = Some(query);
                }
                Err(error) => {
                    let reason = Reason::from(&error);
                    telling.fault = Some((reason.failure, reason.text.to_string()));
                    telling.machine.handle_answer(serial, Err(reason.failure));
                    return;
                }
            }
        }
        telling.sent = Some(now);
        if let Some(query) = &telling.query {
            self.datagrams.push(Datagram { to: addr, octets: query.octets.clone(), number });
        }
    }

    /// A datagram could not be sent.
    pub(super) fn unsent(&mut self, datagram: &Datagram, error: &std::io::Error, now: Instant) {
        if let Some(telling) = self.telling(datagram.number).filter(|telling| telling.target.addr == datagram.to) {
            telling.fault = Some((Failure::Unreachable, error.to_string()));
            let serial = telling.soa.serial;
            telling.machine.handle_answer(serial, Err(Failure::Unreachable));
        }
        self.service(datagram.number, now);
    }

    /// A datagram came.
    pub(super) fn handle_answer(&mut self, from: SocketAddr, octets: &[u8], now: Instant) {
        let id = octets.first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
        let Some(number) = self.ids.get(&(from, id)).copied() else { return };
        let Some(telling) = self.telling(number) else { return };
        let Some(query) = &telling.query else { return };
        // Of a forged answer nothing may stay.
        let mut verifier = query.verifier.clone();
        let result = read_notify_answer(octets, telling.zone.as_ref(), id, verifier.as_mut(), clock::unix());
        let serial = query.serial;
        if let Err(error) = &result {
            telling.fault = Some((error.into(), error.to_string()));
        }
        telling.machine.handle_answer(serial, result.map_err(|error: transfer::Error| (&error).into()));
        if let Some(line) = self.lines.get_mut(&from) {
            line.heard = Some(now);
        }
        self.service(number, now);
    }
}

/// An ID that no query to this target has.
fn free_id(ids: &HashMap<(SocketAddr, u16), u32>, addr: SocketAddr) -> Result<u16, Error> {
    let first = random_id()?;
    let mut candidates = (0..=u16::MAX).map(|step| first.wrapping_add(step));
    candidates.find(|id| !ids.contains_key(&(addr, *id))).ok_or(Error::NoFreeId)
}
