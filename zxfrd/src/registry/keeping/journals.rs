//! The journals of all zones together: when they have too many octets, the largest lose their oldest deltas.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::catalog::Id;
use crate::registry::held::Held;

/// How large the journals are.
#[derive(Default)]
pub(super) struct Journals(Mutex<Sizes>);

#[derive(Default)]
struct Sizes {
    most: u64,
    total: u64,
    zones: HashMap<Id, (u64, Weak<Held>)>,
    /// Those that aren't empty.
    by_size: BTreeSet<(u64, Id)>,
}

impl Journals {
    /// A zone is there; its journal is empty.
    pub(super) fn add(&self, zone: &Arc<Held>) {
        let mut sizes = self.sizes();
        sizes.remove(zone.id());
        sizes.zones.insert(zone.id(), (0, Arc::downgrade(zone)));
    }

    /// A zone is gone.
    pub(super) fn remove(&self, zone: Id) {
        self.sizes().remove(zone);
    }

    pub(super) fn held(&self, zone: Id) -> Option<Arc<Held>> {
        self.sizes().zones.get(&zone)?.1.upgrade()
    }

    /// They may have so many octets from now on. Has some shed what is too much, and gives these.
    pub(super) fn set_most(&self, most: u64) -> Vec<Id> {
        self.sizes().most = most;
        self.shed()
    }

    /// The journal of a zone has so many octets now. Has some shed what is too much, and gives these.
    pub(super) fn set(&self, zone: Id, octets: u64) -> Vec<Id> {
        self.sizes().set(zone, octets);
        self.shed()
    }

    fn shed(&self) -> Vec<Id> {
        let mut shed = Vec::new();
        loop {
            let Some((zone, least)) = self.sizes().largest() else { return shed };
            // Without the lock: who has a journal may wait for it.
            let octets = self.held(zone).map_or(0, |held| held.shed(least));
            self.sizes().set(zone, octets);
            shed.push(zone);
        }
    }

    fn sizes(&self) -> MutexGuard<'_, Sizes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sizes {
    fn remove(&mut self, zone: Id) {
        self.set(zone, 0);
        self.zones.remove(&zone);
    }

    fn set(&mut self, zone: Id, octets: u64) {
        let Some((size, _)) = self.zones.get_mut(&zone) else { return };
        let before = std::mem::replace(size, octets);
        self.total = self.total.saturating_sub(before).saturating_add(octets);
        self.by_size.remove(&(before, zone));
        if octets > 0 {
            self.by_size.insert((octets, zone));
        }
    }

    /// While all together are too large: the largest, and how many octets it may keep. That is as many as the next one has, or
    /// when they are equally large an eighth less, but no fewer than need be.
    fn largest(&self) -> Option<(Id, u64)> {
        let over = self.total.checked_sub(self.most).filter(|over| *over > 0)?;
        let mut largest_first = self.by_size.iter().rev();
        let (size, zone) = largest_first.next()?;
        let next = largest_first.next().map_or(0, |(size, _)| *size);
        let least = if next < *size { next } else { size - size.div_ceil(8) };
        Some((*zone, least.max(size.saturating_sub(over))))
    }
}
