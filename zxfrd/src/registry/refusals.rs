//! Which refusals were logged already: each is logged once, not for every packet.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many refusals are remembered.
const REMEMBERED: usize = 10_000;
/// How long they are remembered at least, when there are more.
const PERIOD: Duration = Duration::from_secs(60);

/// Remembers refusals by who, what and why, in bounded memory: of each a hash is kept. When there are too many, no more
/// are logged for the rest of the minute, then all are forgotten.
#[derive(Debug)]
pub(super) struct Refusals {
    hasher: RandomState,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    hashes: HashSet<u64>,
    since: Instant,
    left_out: u64,
}

/// Whether a refusal is to be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It was, or there were too many.
    Before,
    /// Now.
    First {
        /// How many others were not logged because there were too many.
        left_out: u64,
    },
}

impl Default for Refusals {
    fn default() -> Self {
        let seen = Seen { hashes: HashSet::new(), since: Instant::now(), left_out: 0 };
        Self { hasher: RandomState::new(), seen: Mutex::new(seen) }
    }
}

impl Refusals {
    /// Asks about a refusal, and remembers it.
    pub(super) fn tell(&self, refusal: &impl Hash) -> Told {
        self.tell_at(refusal, Instant::now())
    }

    fn tell_at(&self, refusal: &impl Hash, now: Instant) -> Told {
        let hash = self.hasher.hash_one(refusal);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.hashes.contains(&hash) {
            return Told::Before;
        }
        if seen.hashes.len() >= REMEMBERED {
            if now.duration_since(seen.since) < PERIOD {
                seen.left_out += 1;
                return Told::Before;
            }
            seen.hashes.clear();
        }
        if seen.hashes.is_empty() {
            seen.since = now;
        }
        seen.hashes.insert(hash);
        Told::First { left_out: std::mem::take(&mut seen.left_out) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_each_and_bounded() {
        let refusals = Refusals::default();
        let start = Instant::now();
        for number in 0..REMEMBERED {
            assert_eq!(refusals.tell_at(&number, start), Told::First { left_out: 0 });
            assert_eq!(refusals.tell_at(&number, start), Told::Before);
        }
        assert_eq!(refusals.tell_at(&"one more", start), Told::Before);
        assert_eq!(refusals.tell_at(&"another", start + PERIOD / 2), Told::Before);
        assert_eq!(refusals.tell_at(&"later", start + PERIOD), Told::First { left_out: 2 });
        assert_eq!(refusals.tell_at(&0_usize, start + PERIOD), Told::First { left_out: 0 }, "forgotten");
        assert_eq!(refusals.seen.lock().unwrap().hashes.len(), 2);
    }
}
