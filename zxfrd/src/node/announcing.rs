//! Which changes of zones are told together: the first at once, those that follow within a short delay when that is over.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use zxfr_core::name::Name;

/// Zones that were told of within the delay, and whether they have changed since.
#[derive(Debug, Default)]
pub(super) struct Announcing {
    changed: HashMap<Name, bool>,
    /// When the delay of each is over, the first first.
    ends: VecDeque<(Instant, Name)>,
}

impl Announcing {
    /// A zone has changed. Whether it is to be told of now.
    pub(super) fn change(&mut self, zone: &Name, now: Instant, delay: Duration) -> bool {
        if let Some(changed) = self.changed.get_mut(zone) {
            *changed = true;
            return false;
        }
        if !delay.is_zero() {
            self.changed.insert(zone.clone(), false);
            self.rest(zone.clone(), now + delay);
        }
        true
    }

    /// When to look for zones that are due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.ends.front().map(|(end, _)| *end)
    }

    /// The next zone that is to be told of now, because it has changed since it was.
    pub(super) fn due(&mut self, now: Instant, delay: Duration) -> Option<Name> {
        while self.deadline().is_some_and(|end| end <= now) {
            let (_, zone) = self.ends.pop_front()?;
            if self.changed.get_mut(&zone).is_some_and(std::mem::take) {
                self.rest(zone.clone(), now + delay);
                return Some(zone);
            }
            self.changed.remove(&zone);
        }
        None
    }

    /// In the order of ends, also where the delay has become a shorter one.
    fn rest(&mut self, zone: Name, end: Instant) {
        let at = self.ends.partition_point(|(other, _)| *other <= end);
        self.ends.insert(at, (end, zone));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_millis(100);

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_change_at_once_and_those_that_follow_together() {
        let (mut announcing, start) = (Announcing::default(), Instant::now());
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let (a, b) = (name("a."), name("b."));
        assert!(announcing.change(&a, at(0), DELAY));
        assert!(announcing.change(&b, at(30), DELAY), "each zone has a delay of its own");
        for milliseconds in [1, 50, 99] {
            assert!(!announcing.change(&a, at(milliseconds), DELAY));
        }
        assert_eq!((announcing.due(at(99), DELAY), announcing.deadline()), (None, Some(at(100))));
        assert_eq!(announcing.due(at(100), DELAY), Some(a.clone()));
        assert_eq!(announcing.due(at(100), DELAY), None);
        // The delay begins anew with what was told then.
        assert!(!announcing.change(&a, at(150), DELAY));
        assert_eq!((announcing.due(at(199), DELAY), announcing.deadline()), (None, Some(at(200))));
        assert_eq!(announcing.due(at(200), DELAY), Some(a.clone()));
        assert_eq!((announcing.due(at(300), DELAY), announcing.deadline()), (None, None), "nothing is kept");
        assert!(announcing.changed.is_empty());
        assert!(announcing.change(&a, at(300), DELAY) && announcing.change(&b, at(300), DELAY));
    }

    #[test]
    fn without_a_delay_each_change_is_told() {
        let mut announcing = Announcing::default();
        let now = Instant::now();
        assert!((0..3).all(|_| announcing.change(&name("a."), now, Duration::ZERO)));
        assert_eq!(announcing.deadline(), None);
    }

    #[test]
    fn a_shorter_delay_holds_for_whoever_comes_later() {
        let (mut announcing, now) = (Announcing::default(), Instant::now());
        announcing.change(&name("a."), now, 10 * DELAY);
        announcing.change(&name("b."), now, DELAY);
        announcing.change(&name("b."), now, DELAY);
        assert_eq!(announcing.due(now + DELAY, DELAY), Some(name("b.")));
        assert_eq!(announcing.due(now + 10 * DELAY, DELAY), None);
        assert!(announcing.changed.is_empty());
    }
}
