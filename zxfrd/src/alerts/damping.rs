//! When trouble begins and when it is over: at once the one, the other when it has been over for a while. What comes and goes
//! within that is one trouble.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::{Duration, Instant};

/// Whether there is trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// There is.
    On,
    /// There is none.
    Off,
    /// That isn't known just now: it stays what it was.
    Unknown,
}

/// All that is on, each with something that belongs to it.
#[derive(Debug)]
pub(super) struct Damping<K, T> {
    settle: Duration,
    open: HashMap<K, Open<T>>,
    /// When what is over is over for long enough.
    ends: BTreeSet<(Instant, K)>,
}

#[derive(Debug)]
struct Open<T> {
    trouble: T,
    /// When it is over for long enough, if it is over.
    ends: Option<Instant>,
}

impl<K: Copy + Ord + Hash, T> Damping<K, T> {
    /// Nothing is on. What is over is so after this time without it.
    pub(super) fn new(settle: Duration) -> Self {
        Self { settle, open: HashMap::new(), ends: BTreeSet::new() }
    }

    /// What is on, whether it may be over or not.
    pub(super) fn get(&mut self, key: K) -> Option<&mut T> {
        self.open.get_mut(&key).map(|open| &mut open.trouble)
    }

    /// Something has begun. Gives what was on in its place.
    pub(super) fn begin(&mut self, key: K, trouble: T) -> Option<T> {
        let before = self.close(key);
        self.open.insert(key, Open { trouble, ends: None });
        before
    }

    /// How it is now with something that has begun.
    pub(super) fn note(&mut self, key: K, state: State, now: Instant) {
        let Some(open) = self.open.get_mut(&key) else { return };
        match (state, open.ends) {
            (State::On, Some(ends)) => {
                self.ends.remove(&(ends, key));
                open.ends = None;
            }
            (State::Off, None) => {
                let ends = now + self.settle;
                self.ends.insert((ends, key));
                open.ends = Some(ends);
            }
            _ => {}
        }
    }

    /// When the next one is over.
    pub(super) fn next(&self) -> Option<Instant> {
        self.ends.first().map(|(ends, _)| *ends)
    }

    /// One that is over by now.
    pub(super) fn over(&mut self, now: Instant) -> Option<(K, T)> {
        let (_, key) = *self.ends.first().filter(|(ends, _)| *ends <= now)?;
        self.close(key).map(|trouble| (key, trouble))
    }

    fn close(&mut self, key: K) -> Option<T> {
        let open = self.open.remove(&key)?;
        if let Some(ends) = open.ends {
            self.ends.remove(&(ends, key));
        }
        Some(open.trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(60);

    #[test]
    fn what_comes_and_goes_is_one_trouble() {
        let (mut damping, start) = (Damping::new(SETTLE), Instant::now());
        damping.note("a", State::Off, start);
        assert_eq!((damping.get("a").copied(), damping.next()), (None, None), "nothing has begun");
        damping.begin("a", 1);
        // A hundred times within an hour and a half.
        for minute in 0..100 {
            let now = start + Duration::from_secs(59) * minute;
            damping.note("a", if minute % 2 == 0 { State::Off } else { State::On }, now);
            assert_eq!(damping.over(now), None);
            assert_eq!(damping.get("a").copied(), Some(1));
        }
        assert_eq!(damping.next(), None, "it is on");
        let over = start + Duration::from_secs(9_000);
        damping.note("a", State::Unknown, over);
        assert_eq!(damping.next(), None);
        damping.note("a", State::Off, over);
        damping.note("a", State::Off, over + SETTLE / 2);
        damping.note("a", State::Unknown, over + SETTLE / 2);
        assert_eq!(damping.next(), Some(over + SETTLE), "since it was first seen to be over");
        assert_eq!(damping.over(over + SETTLE - Duration::from_nanos(1)), None);
        assert_eq!(damping.over(over + SETTLE), Some(("a", 1)));
        assert_eq!((damping.over(over + SETTLE), damping.get("a").copied(), damping.next()), (None, None, None));
    }

    #[test]
    fn each_is_over_in_its_time() {
        let (mut damping, start) = (Damping::new(SETTLE), Instant::now());
        for key in 0..10_u64 {
            damping.begin(key, key);
            damping.note(key, State::Off, start + Duration::from_secs(key));
        }
        damping.note(3, State::On, start + Duration::from_secs(20));
        damping.begin(4, 40);
        let mut over = Vec::new();
        while let Some((key, trouble)) = damping.over(start + SETTLE + Duration::from_secs(5)) {
            assert_eq!(key, trouble);
            over.push(key);
        }
        assert_eq!(over, [0, 1, 2, 5]);
        assert_eq!(damping.next(), Some(start + SETTLE + Duration::from_secs(6)));
        assert_eq!((damping.get(3).copied(), damping.get(4).copied()), (Some(3), Some(40)));
    }
}
