//! How many requests are taken: from each token, and of wrong credentials from each address.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many requests at once, and so many a second after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many may come at once.
    pub burst: u32,
    /// How many may come each second in the long run; not 0.
    pub per_second: u32,
}

/// How a bucket stands after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// How many may come at once when it is full.
    pub(super) limit: u32,
    /// How many may come now.
    pub(super) remaining: u32,
    /// Seconds until it is full.
    pub(super) reset: u64,
}

/// A bucket for each key. There are never more than a few thousand: those that are full again are forgotten.
#[derive(Debug)]
pub(super) struct Buckets<K> {
    rate: Rate,
    buckets: Mutex<HashMap<K, Bucket>>,
}

/// Above so many, full buckets are forgotten.
const MANY: usize = 4096;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes one request.
    ///
    /// # Errors
    /// Seconds until there may be another.
    pub(super) fn take(&self, key: K, now: Instant) -> Result<Standing, u64> {
        let (burst, per_second) = (f64::from(self.rate.burst), f64::from(self.rate.per_second.max(1)));
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MANY && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| bucket.filled(now, burst, per_second) < burst);
            if buckets.len() >= MANY {
                // So many spend at once: whoever is new waits.
                return Err(1);
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: burst, at: now });
        bucket.tokens = bucket.filled(now, burst, per_second);
        bucket.at = now;
        if bucket.tokens < 1.0 {
            return Err(seconds((1.0 - bucket.tokens) / per_second).max(1));
        }
        bucket.tokens -= 1.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the burst")]
        let remaining = bucket.tokens as u32;
        Ok(Standing { limit: self.rate.burst, remaining, reset: seconds((burst - bucket.tokens) / per_second) })
    }

    /// Seconds until there may be another request, where there may be none now. Takes none.
    pub(super) fn waits(&self, key: K, now: Instant) -> Option<u64> {
        let (burst, per_second) = (f64::from(self.rate.burst), f64::from(self.rate.per_second.max(1)));
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let tokens = buckets.get(&key)?.filled(now, burst, per_second);
        (tokens < 1.0).then(|| seconds((1.0 - tokens) / per_second).max(1))
    }
}

impl Bucket {
    fn filled(&self, now: Instant, burst: f64, per_second: f64) -> f64 {
        now.saturating_duration_since(self.at).as_secs_f64().mul_add(per_second, self.tokens).min(burst)
    }
}

/// Whole seconds, up.
fn seconds(wait: f64) -> u64 {
    let wait = Duration::from_secs_f64(wait.clamp(0.0, 86400.0));
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, per_second: 2 };

    #[test]
    fn so_many_at_once_and_so_many_a_second() {
        let (buckets, start) = (Buckets::new(RATE), Instant::now());
        assert_eq!(buckets.take(1, start), Ok(Standing { limit: 3, remaining: 2, reset: 1 }));
        assert!(buckets.take(1, start).is_ok());
        assert_eq!(buckets.waits(1, start), None);
        assert_eq!(buckets.take(1, start), Ok(Standing { limit: 3, remaining: 0, reset: 2 }));
        assert_eq!(buckets.take(1, start), Err(1));
        assert_eq!(buckets.waits(1, start), Some(1));
        assert!(buckets.take(2, start).is_ok(), "another's bucket is another");
        let later = start + Duration::from_millis(500);
        assert!(buckets.take(1, later).is_ok());
        assert_eq!(buckets.take(1, later), Err(1));
        assert_eq!(buckets.take(1, start + Duration::from_secs(60)).map(|standing| standing.remaining), Ok(2));
    }

    #[test]
    fn buckets_are_bounded() {
        let (buckets, start) = (Buckets::new(RATE), Instant::now());
        for key in 0..MANY {
            assert!(buckets.take(key, start).is_ok());
        }
        assert_eq!(buckets.take(MANY, start), Err(1));
        assert!(buckets.take(MANY, start + Duration::from_secs(1)).is_ok());
        assert_eq!(buckets.buckets.lock().unwrap().len(), 1);
    }
}
