//! Transfers under way, in all and per peer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Counts outgoing transfers.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    per_address: HashMap<IpAddr, usize>,
}

impl Transfers {
    /// Counts one more to this address, if that is within the limits.
    pub(super) fn begin(&self, addr: IpAddr, most: usize, most_per_address: usize) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let here = counts.per_address.get(&addr).copied().unwrap_or(0);
        if counts.all >= most || here >= most_per_address {
            return false;
        }
        counts.all += 1;
        counts.per_address.insert(addr, here + 1);
        true
    }

    /// One to this address has ended.
    pub(super) fn end(&self, addr: IpAddr) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = counts.per_address.get_mut(&addr) {
            *here -= 1;
            if *here == 0 {
                counts.per_address.remove(&addr);
            }
            counts.all -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_in_all_and_per_address() {
        let transfers = Transfers::default();
        let [a, b, c]: [IpAddr; 3] = [1, 2, 3].map(|last| IpAddr::from([192, 0, 2, last]));
        let begin = |addr| transfers.begin(addr, 3, 2);
        assert!(begin(a) && begin(a) && !begin(a), "two per address");
        assert!(begin(b) && !begin(c), "three in all");
        transfers.end(a);
        assert!(begin(c) && !begin(a));
        for addr in [a, b, c, c] {
            transfers.end(addr);
        }
        let counts = transfers.counts.lock().unwrap();
        assert_eq!((counts.all, counts.per_address.len()), (0, 0), "an end too many counts nothing");
    }
}
