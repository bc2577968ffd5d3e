//! A store of which is known how it does.

use super::{Damaged, Doing, Problem, Store, StoreError, StoredZone, Write, ZoneSink};
use crate::catalog::{Id, Object};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How a store does, since the process began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Commits that are durable.
    pub commits: u64,
    /// Commits that failed because of the store, and of which nothing is there.
    pub failures: u64,
    /// How long all of them took together.
    pub elapsed: Duration,
    /// The failure of the last commit, if that failed.
    pub failing: Option<Failing>,
}

/// That a store fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Why it failed last.
    pub error: StoreError,
    /// Since when every commit has failed.
    pub since: SystemTime,
}

/// Counts how commits end, and tells in the log when they begin to fail, and when no longer.
pub(super) struct Watched {
    store: Arc<dyn Store>,
    health: Mutex<Health>,
}

impl Watched {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, health: Mutex::default() }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self, result: &Result<(), StoreError>, elapsed: Duration) {
        let mut health = self.health();
        health.elapsed = health.elapsed.saturating_add(elapsed);
        match result {
            Ok(()) => {
                health.commits += 1;
                if health.failing.take().is_some() {
                    tracing::info!("the store works again");
                }
            }
            // Not its fault.
            Err(StoreError::Refused(_) | StoreError::Closed) => {}
            Err(error) => {
                health.failures += 1;
                let before = health.failing.as_ref();
                if before.is_none_or(|before| before.error != *error) {
                    tracing::error!(reason = %error, "the store fails: what is new is neither kept nor served");
                }
                let since = before.map_or_else(SystemTime::now, |before| before.since);
                health.failing = Some(Failing { error: error.clone(), since });
            }
        }
    }
}

impl Store for Watched {
    fn keeps(&self) -> bool {
        self.store.keeps()
    }

    fn health(&self) -> Health {
        Self::health(self).clone()
    }

    fn objects(&self) -> Doing<'_, Result<Vec<Object>, StoreError>> {
        self.store.objects()
    }

    fn zones<'s>(&'s self, sink: ZoneSink<'s>) -> Doing<'s, Result<(), StoreError>> {
        self.store.zones(sink)
    }

    fn zone(&self, zone: Id) -> Doing<'_, Result<Option<Result<StoredZone, Damaged>>, StoreError>> {
        self.store.zone(zone)
    }

    fn commit(&self, writes: Vec<Write>) -> Doing<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let started = Instant::now();
            let result = self.store.commit(writes).await;
            self.ended(&result, started.elapsed());
            result
        })
    }

    fn check(&self) -> Doing<'_, Result<Vec<Problem>, StoreError>> {
        self.store.check()
    }

    fn close(&self) -> Doing<'_, ()> {
        self.store.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Memory;

    #[test]
    fn failures_are_told_until_a_commit_succeeds() {
        let store = Watched::new(Arc::new(Memory));
        let after = |result: Result<(), StoreError>| {
            store.ended(&result, Duration::from_millis(1));
            let Health { commits, failures, elapsed, failing } = Store::health(&store);
            (commits, failures, elapsed.as_millis(), failing.map(|failing| failing.error))
        };
        assert_eq!(after(Ok(())), (1, 0, 1, None));
        assert_eq!(after(Err(StoreError::Refused("it".to_owned()))), (1, 0, 2, None), "not the store's fault");
        assert_eq!(after(Err(StoreError::Full)), (1, 1, 3, Some(StoreError::Full)));
        let since = Store::health(&store).failing.unwrap().since;
        assert_eq!(after(Err(StoreError::Locked)), (1, 2, 4, Some(StoreError::Locked)));
        assert_eq!(Store::health(&store).failing.unwrap().since, since, "it has failed since then");
        assert_eq!(after(Err(StoreError::Refused("it".to_owned()))), (1, 2, 5, Some(StoreError::Locked)));
        assert_eq!(after(Ok(())), (2, 2, 6, None));
    }
}
