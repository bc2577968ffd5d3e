//! Which zones have work under way that is waited for.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use zxfr_core::name::Name;

/// Waits for zones to have done what they were told.
#[derive(Debug, Default)]
pub(super) struct Resting {
    busy: Mutex<HashSet<Name>>,
    all: Notify,
}

impl Resting {
    /// A zone is about to have work to do.
    pub(super) fn expect(&self, zone: Name) {
        self.busy().insert(zone);
    }

    /// A zone has none any more.
    pub(super) fn rest(&self, zone: &Name) {
        let mut busy = self.busy();
        if busy.remove(zone) && busy.is_empty() {
            self.all.notify_waiters();
        }
    }

    /// Waits until no zone has work to do.
    pub(super) async fn wait(&self) {
        loop {
            let mut all = std::pin::pin!(self.all.notified());
            // From here on a word is heard even before it is waited for.
            all.as_mut().enable();
            if self.busy().is_empty() {
                return;
            }
            all.await;
        }
    }

    fn busy(&self) -> MutexGuard<'_, HashSet<Name>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waits_for_all() {
        let resting = Resting::default();
        resting.wait().await;
        let [a, b]: [Name; 2] = ["a.", "b."].map(|name| name.parse().unwrap());
        resting.expect(a.clone());
        resting.expect(b.clone());
        let mut wait = std::pin::pin!(resting.wait());
        let mut is_over = || {
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            wait.as_mut().poll(&mut context).is_ready()
        };
        assert!(!is_over());
        resting.rest(&a);
        assert!(!is_over());
        resting.rest(&a);
        assert!(!is_over());
        resting.rest(&b);
        assert!(is_over());
    }
}
