//! Addresses that don't answer: how long they are left alone.

use std::time::Duration;
use zxfr_core::time::Instant;

/// After the first failure in a row; doubled with each further one.
const FIRST: Duration = Duration::from_secs(1);
/// No longer than this, so that a zone that asks again in its own time finds an address that is back.
const LONGEST: Duration = Duration::from_secs(8);

/// What an address did last. While it is left alone, what is wanted of it fails at once with the reason of its last failure.
#[derive(Clone, Debug)]
pub(super) struct Backoff<R> {
    failures: u32,
    last: Option<(Instant, R)>,
}

impl<R: Clone> Backoff<R> {
    pub(super) const fn new() -> Self {
        Self { failures: 0, last: None }
    }

    /// Whether it has answered since it last failed.
    pub(super) const fn is_clear(&self) -> bool {
        self.failures == 0
    }

    /// It answers.
    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }

    /// It didn't answer. Failures of what began before the last failure was known don't add up.
    pub(super) fn fail(&mut self, began: Instant, now: Instant, reason: R) {
        let known = self.last.as_ref().is_some_and(|(at, _)| *at > began);
        if !known {
            self.failures = self.failures.saturating_add(1);
        }
        self.last = Some((now, reason));
    }

    /// Whether it is left alone: since when, and why.
    pub(super) fn rest(&self, now: Instant) -> Option<(Duration, R)> {
        let (at, reason) = self.last.as_ref()?;
        let since = now.since(*at);
        (since < self.wait()).then(|| (since, reason.clone()))
    }

    fn wait(&self) -> Duration {
        let doubled = 1_u32.checked_shl(self.failures.saturating_sub(1)).unwrap_or(u32::MAX);
        FIRST.saturating_mul(doubled).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_with_each_failure_in_a_row_and_over_with_an_answer() {
        let at = |seconds: f64| Instant::from_origin(Duration::from_secs_f64(seconds));
        let mut backoff = Backoff::new();
        assert_eq!(backoff.rest(at(0.0)), None);
        backoff.fail(at(0.0), at(10.0), "dead");
        assert_eq!(backoff.rest(at(10.5)), Some((Duration::from_millis(500), "dead")));
        assert_eq!(backoff.rest(at(11.0)), None);
        // Of the same time as the first.
        backoff.fail(at(1.0), at(11.0), "dead");
        assert_eq!(backoff.rest(at(12.0)), None);
        for (began, wait) in [(12.0, 2.0), (15.0, 4.0), (20.0, 8.0), (30.0, 8.0)] {
            backoff.fail(at(began), at(began + 1.0), "dead");
            assert!(backoff.rest(at(began + wait + 0.9)).is_some());
            assert!(backoff.rest(at(began + wait + 1.0)).is_none());
        }
        backoff.clear();
        assert_eq!(backoff.rest(at(30.0)), None);
        backoff.fail(at(40.0), at(40.0), "dead");
        assert!(backoff.rest(at(41.0)).is_none());
    }
}
