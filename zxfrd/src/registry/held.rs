//! What is held of a zone, whatever the configuration says of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Instant, SystemTime};

use zxfr_core::journal::{Answer, Journal, JournalLimits};
use zxfr_core::serial::Serial;
use zxfr_core::zone::{Delta, Version};

use super::shrink::{HeldBack, Shrunk};
use crate::files::Stamps;

/// What is held of a zone.
#[derive(Debug)]
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
#[derive(Debug)]
struct Ledger {
    /// How the version came about.
    journal: Journal,
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
    pub(super) fn new(limits: JournalLimits) -> Self {
        let ledger = Ledger { journal: Journal::new(limits), held_back: HeldBack::default(), file: None };
        Self { current: RwLock::default(), ledger: Mutex::new(ledger), turn: Arc::default() }
    }

    pub(super) fn set_journal_limits(&self, limits: JournalLimits) {
        self.ledger().journal.set_limits(limits);
    }

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
        let Ledger { journal, held_back, .. } = &mut *ledger;
        let before = self.current().map(|current| current.version);
        if let Some(before) = &before {
            held_back.admit(version.serial(), version.record_count(), before.record_count(), most)?;
        }
        let follows = deltas.first().is_some_and(|first| journal.newest().is_none_or(|newest| newest == first.from()));
        if !follows {
            journal.clear();
        }
        for delta in deltas {
            if journal.push(delta.clone()).is_err() {
                // A gap: what was before it leads nowhere.
                journal.clear();
            }
        }
        let current = Current { version: version.clone(), checked: Instant::now() };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(current);
        if let Some(before) = before {
            // What most will ask for, found here where nobody waits.
            journal.answer(&version, before.serial());
        }
        Ok(())
    }

    /// What leads from this serial to this version.
    pub(super) fn answer(&self, version: &Arc<Version>, from: Serial) -> Answer {
        self.ledger().journal.answer(version, from)
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
