//! Who transfers next: zones that were notified before routine ones, each class in the order of its coming, bounded in all and
//! per primary.
//!
//! A primary that has not answered since it last failed gets one transfer, on **trial**: it takes no place of the bounded ones
//! before its first message is there, so that primaries that answer nothing hold back only what waits for them.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::Hash;
use std::net::SocketAddr;

/// How urgent a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Class {
    /// The primary said that there is something new.
    Notified,
    /// A check in its own time found something new, or nothing is held yet.
    Routine,
}

/// One place in so many goes to a routine transfer, if one waits: a flood of NOTIFYs must not keep zones from ever being
/// refreshed.
const ROUTINE_SHARE: u32 = 8;
/// Trials for each place: more primaries than that may be silent only at the cost of others.
const TRIALS: usize = 4;

/// Transfers that wait for a place, by primary. A primary has as many as its connections have room for, within the bound.
pub(super) struct Queue<Z> {
    /// Places in all.
    places: usize,
    /// Places of one primary; one that has not answered since it last failed has only one.
    places_per_primary: usize,
    lines: HashMap<SocketAddr, Line<Z>>,
    /// Of the lines with room their first in each class: `[answers][class]`, in order of coming.
    heads: [[BTreeSet<(u64, SocketAddr)>; 2]; 2],
    /// In which line and where each waits.
    waiting: HashMap<Z, (SocketAddr, Class, u64)>,
    tickets: u64,
    /// Places that are taken.
    running: usize,
    trials: HashMap<Z, Trial>,
    /// Trials that have answered and wait for a place, and perhaps some that have ended.
    answered: VecDeque<Z>,
    /// Notified ones that started since the last routine one.
    notified_in_row: u32,
}

struct Line<Z> {
    waiting: [BTreeMap<u64, Z>; 2],
    /// What stands in `heads`.
    listed: [Option<(bool, u64)>; 2],
    running: usize,
    /// The transfers for which there are connections.
    room: usize,
    /// Whether the primary has answered since it last failed.
    answers: bool,
}

impl<Z> Default for Line<Z> {
    fn default() -> Self {
        Self { waiting: Default::default(), listed: [None; 2], running: 0, room: 0, answers: false }
    }
}

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn<Z> {
    /// This transfer may start.
    Start(Z),
    /// This transfer may start on trial: when its first message is there, it waits for [`Turn::GoOn`].
    Try(Z),
    /// This trial has a place now.
    GoOn(Z),
}

/// How far a trial is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trial {
    /// Nothing has come.
    Asked,
    /// It waits for a place.
    Answered,
    /// It has one.
    Placed,
}

impl<Z: Copy + Eq + Hash> Queue<Z> {
    pub(super) fn new(places: usize, places_per_primary: usize) -> Self {
        Self {
            places: places.max(1),
            places_per_primary: places_per_primary.max(1),
            lines: HashMap::new(),
            heads: Default::default(),
            waiting: HashMap::new(),
            tickets: 0,
            running: 0,
            trials: HashMap::new(),
            answered: VecDeque::new(),
            notified_in_row: 0,
        }
    }

    /// Lets a zone wait for a place at a primary; it waits nowhere else then.
    pub(super) fn push(&mut self, zone: Z, addr: SocketAddr, class: Class) {
        self.remove(zone);
        self.tickets += 1;
        let ticket = self.tickets;
        self.waiting.insert(zone, (addr, class, ticket));
        self.lines.entry(addr).or_default().waiting[class as usize].insert(ticket, zone);
        self.list(addr);
    }

    /// A waiting zone is urgent now.
    pub(super) fn hurry(&mut self, zone: Z) {
        if let Some(&(addr, Class::Routine, _)) = self.waiting.get(&zone) {
            self.push(zone, addr, Class::Notified);
        }
    }

    /// A zone waits no more.
    pub(super) fn remove(&mut self, zone: Z) -> bool {
        let Some((addr, class, ticket)) = self.waiting.remove(&zone) else {
            return false;
        };
        if let Some(line) = self.lines.get_mut(&addr) {
            line.waiting[class as usize].remove(&ticket);
        }
        self.list(addr);
        true
    }

    /// Whether a zone waits.
    #[cfg(test)]
    pub(super) fn has(&self, zone: Z) -> bool {
        self.waiting.contains_key(&zone)
    }

    /// Whether anybody waits for this primary.
    #[cfg(test)]
    pub(super) fn awaits(&self, addr: SocketAddr) -> bool {
        self.lines.get(&addr).is_some_and(|line| line.waiting.iter().any(|class| !class.is_empty()))
    }

    /// How many transfers there are connections for to this primary.
    pub(super) fn set_room(&mut self, addr: SocketAddr, room: usize) {
        if room > 0 || self.lines.contains_key(&addr) {
            self.lines.entry(addr).or_default().room = room;
            self.list(addr);
        }
    }

    /// Whether more transfers could run at this primary if there were more connections.
    pub(super) fn wants_room(&self, addr: SocketAddr) -> bool {
        self.lines.get(&addr).is_some_and(|line| {
            let waits = line.waiting.iter().any(|class| !class.is_empty());
            let most = if line.answers { self.places_per_primary } else { 1 };
            waits && line.running >= line.room && line.running < most
        })
    }

    /// This primary has answered, or failed to.
    pub(super) fn set_answers(&mut self, addr: SocketAddr, answers: bool) {
        if answers || self.lines.contains_key(&addr) {
            self.lines.entry(addr).or_default().answers = answers;
            self.list(addr);
        }
    }

    /// All that wait for this primary, first come first; they wait no more.
    pub(super) fn drain(&mut self, addr: SocketAddr) -> Vec<Z> {
        let Some(line) = self.lines.get_mut(&addr) else {
            return Vec::new();
        };
        let zones: Vec<Z> = line.waiting.iter_mut().flat_map(|class| std::mem::take(class).into_values()).collect();
        for zone in &zones {
            self.waiting.remove(zone);
        }
        self.list(addr);
        zones
    }

    /// Those that wait for this primary.
    pub(super) fn waiting_for(&self, addr: SocketAddr) -> Vec<Z> {
        let line = self.lines.get(&addr).into_iter();
        line.flat_map(|line| line.waiting.iter().flat_map(BTreeMap::values)).copied().collect()
    }

    /// Whether this transfer is on trial, and nothing of it has come.
    pub(super) fn is_trial(&self, zone: Z) -> bool {
        self.trials.get(&zone) == Some(&Trial::Asked)
    }

    /// The next that may start, or go on.
    pub(super) fn pop(&mut self) -> Option<Turn<Z>> {
        if self.running < self.places {
            while let Some(zone) = self.answered.pop_front() {
                if let Some(trial @ Trial::Answered) = self.trials.get_mut(&zone) {
                    *trial = Trial::Placed;
                    self.running += 1;
                    return Some(Turn::GoOn(zone));
                }
            }
        }
        let order = match self.notified_in_row + 1 < ROUTINE_SHARE {
            true => [Class::Notified, Class::Routine],
            false => [Class::Routine, Class::Notified],
        };
        let (proven, trials) = (self.running < self.places, self.trials.len() < TRIALS * self.places);
        let (addr, class, ticket) = order.into_iter().find_map(|class| {
            let proven = self.heads[1][class as usize].first().filter(|_| proven);
            let trial = self.heads[0][class as usize].first().filter(|_| trials);
            let first = proven.into_iter().chain(trial).min();
            first.map(|(ticket, addr)| (*addr, class, *ticket))
        })?;
        let line = self.lines.get_mut(&addr)?;
        let zone = line.waiting[class as usize].remove(&ticket)?;
        line.running += 1;
        let turn = if line.answers {
            self.running += 1;
            Turn::Start(zone)
        } else {
            self.trials.insert(zone, Trial::Asked);
            Turn::Try(zone)
        };
        self.waiting.remove(&zone);
        self.notified_in_row = match class {
            Class::Notified => self.notified_in_row.saturating_add(1),
            Class::Routine => 0,
        };
        self.list(addr);
        Some(turn)
    }

    /// The first message of a transfer is there.
    pub(super) fn heard(&mut self, zone: Z) {
        if let Some(trial @ Trial::Asked) = self.trials.get_mut(&zone) {
            *trial = Trial::Answered;
            self.answered.push_back(zone);
        }
    }

    /// A transfer from this primary that was started has ended.
    pub(super) fn ended(&mut self, zone: Z, addr: SocketAddr) {
        match self.trials.remove(&zone) {
            None | Some(Trial::Placed) => self.running -= 1,
            Some(Trial::Asked | Trial::Answered) => {}
        }
        if let Some(line) = self.lines.get_mut(&addr) {
            line.running -= 1;
        }
        self.list(addr);
    }

    /// Places that are taken.
    #[cfg(test)]
    fn running(&self) -> usize {
        self.running
    }

    /// Puts right what of a line stands in `heads`, and forgets a line of which nothing is left to know.
    fn list(&mut self, addr: SocketAddr) {
        let Some(line) = self.lines.get_mut(&addr) else {
            return;
        };
        let most = if line.answers { self.places_per_primary } else { 1 };
        let room = line.running < most.min(line.room);
        for (class, waiting) in line.waiting.iter().enumerate() {
            let first = waiting.keys().next().filter(|_| room).map(|ticket| (line.answers, *ticket));
            if line.listed[class] == first {
                continue;
            }
            if let Some((answers, ticket)) = line.listed[class] {
                self.heads[usize::from(answers)][class].remove(&(ticket, addr));
            }
            if let Some((answers, ticket)) = first {
                self.heads[usize::from(answers)][class].insert((ticket, addr));
            }
            line.listed[class] = first;
        }
        let quiet = line.running == 0 && line.waiting.iter().all(BTreeMap::is_empty);
        if quiet && line.room == 0 {
            self.lines.remove(&addr);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Class::{Notified, Routine};
    use super::Turn::{GoOn, Start, Try};
    use super::*;

    fn addr(number: u8) -> SocketAddr {
        ([192, 0, 2, number], 53).into()
    }

    /// A queue where these primaries have connections and answer.
    fn queue(places: usize, per_primary: usize, proven: &[u8]) -> Queue<u32> {
        let mut queue = Queue::new(places, per_primary);
        for number in proven {
            queue.set_room(addr(*number), usize::MAX);
            queue.set_answers(addr(*number), true);
        }
        queue
    }

    fn pop_all(queue: &mut Queue<u32>) -> Vec<Turn<u32>> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    fn start<const N: usize>(zones: [u32; N]) -> [Turn<u32>; N] {
        zones.map(Start)
    }

    #[test]
    fn notified_first_then_in_order_within_the_bounds() {
        let mut queue = queue(5, 2, &[1, 2, 3]);
        for zone in 0..4 {
            queue.push(zone, addr(1), Routine);
        }
        queue.push(10, addr(2), Routine);
        queue.push(11, addr(2), Notified);
        queue.push(12, addr(3), Routine);
        queue.hurry(12);
        assert_eq!(pop_all(&mut queue), start([11, 12, 0, 1, 10]));
        queue.push(13, addr(3), Routine);
        assert_eq!(queue.pop(), None);
        for (zone, primary) in [(11, 2), (12, 3), (0, 1), (1, 1), (10, 2)] {
            queue.ended(zone, addr(primary));
        }
        assert_eq!(pop_all(&mut queue), start([2, 3, 13]));
        assert_eq!(queue.running(), 3);
    }

    #[test]
    fn a_zone_waits_once_and_can_be_taken_out() {
        let mut queue = queue(5, 5, &[1, 2]);
        queue.push(1, addr(1), Routine);
        queue.push(2, addr(1), Routine);
        queue.push(1, addr(2), Routine);
        assert!(queue.has(2) && queue.remove(2) && !queue.has(2) && !queue.remove(2));
        assert!(!queue.awaits(addr(1)) && queue.awaits(addr(2)));
        assert_eq!(pop_all(&mut queue), start([1]));
    }

    #[test]
    fn a_primary_without_connection_holds_back_only_its_own() {
        let mut queue = queue(4, 2, &[2]);
        for zone in 0..1000 {
            queue.push(zone, addr(1), Notified);
        }
        queue.push(5000, addr(2), Routine);
        assert_eq!(pop_all(&mut queue), start([5000]));
        assert_eq!(queue.drain(addr(1)).len(), 1000);
        assert!(!queue.awaits(addr(1)));
        assert!(queue.waiting.is_empty());
        assert!(!queue.lines.contains_key(&addr(1)));
    }

    #[test]
    fn primaries_that_have_not_answered_get_one_trial_each_and_no_place_before_they_answer() {
        let mut queue = queue(2, 2, &[100]);
        for number in 0..10 {
            queue.set_room(addr(number), usize::MAX);
            for zone in 0..3 {
                queue.push(u32::from(number) * 10 + zone, addr(number), Notified);
            }
        }
        for zone in 1000..1003 {
            queue.push(zone, addr(100), Routine);
        }
        assert_eq!(queue.pop(), Some(Try(0)));
        assert_eq!(pop_all(&mut queue)[..2], [Try(10), Try(20)]);
        assert_eq!((queue.trials.len(), queue.running()), (8, 2));
        // One answers: it waits for its place, and others of its primary for theirs.
        queue.set_answers(addr(0), true);
        queue.heard(0);
        queue.heard(0);
        assert_eq!(queue.pop(), None);
        queue.ended(1000, addr(100));
        assert_eq!(pop_all(&mut queue), [GoOn(0)]);
        queue.ended(0, addr(0));
        assert_eq!(pop_all(&mut queue), [Start(1), Try(80)]);
        // One answers, and ends before it has a place.
        queue.heard(10);
        queue.ended(10, addr(1));
        queue.set_room(addr(1), 0);
        queue.ended(1001, addr(100));
        assert_eq!(pop_all(&mut queue), [Start(2), Try(90)]);
        assert_eq!((queue.trials.len(), queue.running()), (8, 2));
    }

    #[test]
    fn no_more_than_there_are_connections_for() {
        let mut queue = queue(9, 4, &[1]);
        queue.set_room(addr(1), 2);
        for zone in 0..9 {
            queue.push(zone, addr(1), Routine);
        }
        assert_eq!(pop_all(&mut queue), start([0, 1]));
        assert!(queue.wants_room(addr(1)));
        queue.set_room(addr(1), 9);
        assert_eq!(pop_all(&mut queue), start([2, 3]));
        assert!(!queue.wants_room(addr(1)));
    }

    #[test]
    fn a_flood_of_notifies_leaves_a_share() {
        let mut queue = queue(1, 1, &[1]);
        for zone in 0..100 {
            queue.push(zone, addr(1), Notified);
        }
        for zone in 1000..1005 {
            queue.push(zone, addr(1), Routine);
        }
        let mut routine = Vec::new();
        for turn in 0..40 {
            let Some(Start(zone)) = queue.pop() else { panic!("turn {turn}") };
            if zone >= 1000 {
                routine.push((turn, zone));
            }
            queue.ended(zone, addr(1));
        }
        assert_eq!(routine, [(7, 1000), (15, 1001), (23, 1002), (31, 1003), (39, 1004)]);
    }
}
