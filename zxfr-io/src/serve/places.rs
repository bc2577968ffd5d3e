//! How many connections there are, in all and per address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections.
pub(super) struct Places {
    most: usize,
    most_per_address: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    per_address: HashMap<IpAddr, usize>,
}

/// A place that a connection has until this is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    addr: IpAddr,
}

impl Places {
    pub(super) fn new(most: usize, most_per_address: usize) -> Self {
        Self { most, most_per_address, taken: Mutex::default() }
    }

    /// A place for one more connection from this address, if there is one.
    pub(super) fn take(self: &Arc<Self>, addr: IpAddr) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let from_here = taken.per_address.get(&addr).copied().unwrap_or(0);
        if taken.all >= self.most || from_here >= self.most_per_address {
            return None;
        }
        taken.all += 1;
        taken.per_address.insert(addr, from_here + 1);
        Some(Place { places: self.clone(), addr })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        if let Some(count) = taken.per_address.get_mut(&self.addr) {
            *count -= 1;
            if *count == 0 {
                taken.per_address.remove(&self.addr);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_in_all_and_per_address() {
        let places = Arc::new(Places::new(3, 2));
        let [a, b]: [IpAddr; 2] = ["192.0.2.1", "192.0.2.2"].map(|addr| addr.parse().unwrap());
        let first = places.take(a).unwrap();
        let _second = places.take(a).unwrap();
        assert!(places.take(a).is_none());
        let third = places.take(b).unwrap();
        assert!(places.take(b).is_none());
        drop(third);
        drop(first);
        assert!(places.take(a).is_some());
        assert_eq!(places.taken.lock().unwrap().per_address.len(), 1);
    }
}
