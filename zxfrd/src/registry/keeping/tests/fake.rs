//! A store that fails when told, and waits when told.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::catalog::{Id, Object};
use crate::store::{Damaged, Doing, Problem, Sqlite, Store, StoreError, StoredZone, Write, ZoneSink};

pub(in crate::registry) struct Fake {
    store: Sqlite,
    failing: Mutex<Option<StoreError>>,
    damaged: Mutex<HashSet<Id>>,
    /// Whether commits are held, and how many are.
    holding: watch::Sender<(bool, usize)>,
}

impl Fake {
    pub(in crate::registry) fn new(store: Sqlite) -> Self {
        let (failing, damaged) = Default::default();
        Self { store, failing, damaged, holding: watch::Sender::new((false, 0)) }
    }

    /// Commits fail so, or not.
    pub(in crate::registry) fn fail(&self, error: Option<StoreError>) {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    /// What is read of a zone is damaged.
    pub(in crate::registry) fn damage(&self, zone: Id) {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner).insert(zone);
    }

    /// Commits wait from now on.
    pub(in crate::registry) fn hold(&self) {
        self.holding.send_replace((true, 0));
    }

    /// Waits until a commit waits.
    pub(in crate::registry) async fn held(&self) {
        self.holding.subscribe().wait_for(|(_, held)| *held > 0).await.unwrap();
    }

    pub(in crate::registry) fn let_go(&self) {
        self.holding.send_replace((false, 0));
    }
}

impl Store for Fake {
    fn objects(&self) -> Doing<'_, Result<Vec<Object>, StoreError>> {
        self.store.objects()
    }

    fn zones<'s>(&'s self, sink: ZoneSink<'s>) -> Doing<'s, Result<(), StoreError>> {
        Box::pin(async move {
            let damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let mut through = |found: Result<StoredZone, Damaged>| match found {
                Ok(found) if damaged.contains(&found.zone) => {
                    sink(Err(Damaged { zone: found.zone, what: "page 0 is missing".to_owned() }));
                }
                found => sink(found),
            };
            self.store.zones(&mut through).await
        })
    }

    fn zone(&self, zone: Id) -> Doing<'_, Result<Option<Result<StoredZone, Damaged>>, StoreError>> {
        self.store.zone(zone)
    }

    fn commit(&self, writes: Vec<Write>) -> Doing<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(error) = failing {
                return Err(error);
            }
            self.holding.send_if_modified(|(hold, held)| {
                *held += 1;
                *hold
            });
            let _ = self.holding.subscribe().wait_for(|(hold, _)| !hold).await;
            self.store.commit(writes).await
        })
    }

    fn check(&self) -> Doing<'_, Result<Vec<Problem>, StoreError>> {
        self.store.check()
    }

    fn close(&self) -> Doing<'_, ()> {
        self.store.close()
    }
}
