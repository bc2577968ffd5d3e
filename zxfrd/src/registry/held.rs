//! What is held of a zone, whatever the configuration says of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Instant, SystemTime};

use zxfr_core::zone::{Delta, Version};

use super::shrink::{HeldBack, Shrunk};
use crate::files::Stamps;

/// What is held of a zone.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// What is served. Whoever changes it has the ledger; anybody reads it.
    current: RwLock<Option<Current>>,
    ledger: Mutex<Ledger>,
    /// Had by whoever loads the zone: one at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// What is served of a zone.
#[derive(Clone, Debug)]
pub(super) struct Current {
    pub(super) version: Arc<Version>,
    /// When a primary last said that this is the newest version.
    pub(super) checked: Instant,
}

/// What goes along with the version.
#[derive(Debug, Default)]
struct Ledger {
    held_back: HeldBack,
    file: Option<LastRead>,
}

/// A zone file as it was read last.
#[derive(Clone, Debug)]
pub struct LastRead {
    /// What the system said of it.
    pub stamps: Stamps,
    /// When it was read.
    pub at: SystemTime,
    /// Whether the zone is what it says.
    pub taken: bool,
}

impl Held {
    /// Waits until nobody else loads the zone.
    pub(super) async fn turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.turn.clone().lock_owned().await
    }

    pub(super) fn current(&self) -> Option<Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Serves another version, unless it has lost too many records. The deltas lead to it from the version before; without
    /// them nothing is known of what has changed.
    pub(super) fn put(&self, version: Arc<Version>, deltas: &[Arc<Delta>], most: u8) -> Result<(), Shrunk> {
        let mut ledger = self.ledger();
        if let Some(Current { version: before, .. }) = self.current() {
            ledger.held_back.admit(version.serial(), version.record_count(), before.record_count(), most)?;
        }
        let _ = deltas;
        let current = Current { version, checked: Instant::now() };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(current);
        Ok(())
    }

    /// Notes that a primary has nothing newer.
    pub(super) fn mark_checked(&self) {
        if let Some(current) = &mut *self.current.write().unwrap_or_else(PoisonError::into_inner) {
            current.checked = Instant::now();
        }
    }

    pub(super) fn confirm(&self) -> Option<Shrunk> {
        self.ledger().held_back.confirm()
    }

    pub(super) fn last_read(&self) -> Option<LastRead> {
        self.ledger().file.clone()
    }

    pub(super) fn set_last_read(&self, read: LastRead) {
        self.ledger().file = Some(read);
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
