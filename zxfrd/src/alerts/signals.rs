//! What has happened of which somebody may have to be told.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::catalog::Id;

/// Zones that something has come of, each once however often. Cheap to tell, and nothing grows when nobody listens: there are
/// no more of them than zones.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    waiting: Mutex<Waiting>,
    come: Notify,
}

/// What is to be looked at.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) zones: HashSet<Id>,
    /// Webhooks that are to be sent a test message.
    pub(super) webhooks: HashSet<Id>,
}

impl Signals {
    /// Something has come of this zone, or it is another, or gone.
    pub(crate) fn zone(&self, zone: Id) {
        self.waiting().zones.insert(zone);
        self.come.notify_one();
    }

    /// This webhook is to be sent a test message.
    pub(crate) fn test(&self, webhook: Id) {
        self.waiting().webhooks.insert(webhook);
        self.come.notify_one();
    }

    /// Waits until there is something, and takes all of it.
    pub(super) async fn next(&self) -> Waiting {
        loop {
            let waiting = std::mem::take(&mut *self.waiting());
            if !waiting.zones.is_empty() || !waiting.webhooks.is_empty() {
                return waiting;
            }
            self.come.notified().await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
