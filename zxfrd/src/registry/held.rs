//! What is held of a zone, whatever the configuration says of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use zxfr_core::journal::{Answer, Journal, JournalLimits};
use zxfr_core::refresh::State;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::Totals;
use zxfr_core::zone::{Delta, Version};

use super::shrink::{HeldBack, Shrunk};
use crate::files::Stamps;
use crate::logging;

/// What is held of a zone.
#[derive(Debug)]
pub(super) struct Held {
    /// What is served. Whoever changes it has the ledger; anybody reads it.
    current: RwLock<Option<Arc<Version>>>,
    /// How the zone stands with its primaries.
    standing: RwLock<Standing>,
    /// The last transfer that brought a version, for those who wait for it.
    transferred: watch::Sender<Option<Transferred>>,
    ledger: Mutex<Ledger>,
    /// Had by whoever loads the zone: one at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// How a zone stands with its primaries.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// Whether no primary has confirmed the version for longer than the SOA's EXPIRE.
    pub(super) expired: bool,
    pub(super) state: State,
}

/// A transfer that brought a version.
#[derive(Clone, Copy, Debug)]
pub struct Transferred {
    /// What it was.
    pub kind: logging::Kind,
    /// The serial before.
    pub from: Option<Serial>,
    /// The serial that came.
    pub to: Serial,
    /// What came.
    pub totals: Totals,
    /// From the request until it was served.
    pub elapsed: Duration,
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
    /// What became of it.
    pub outcome: ReadOutcome,
}

/// What became of a zone file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// The zone is what it says.
    Taken,
    /// It waits to be confirmed, since it has lost too many records.
    Held,
    /// It can't be taken.
    Bad,
}

impl Held {
    pub(super) fn new(limits: JournalLimits) -> Self {
        let ledger = Ledger { journal: Journal::new(limits), held_back: HeldBack::default(), file: None };
        Self {
            current: RwLock::default(),
            standing: RwLock::default(),
            transferred: watch::Sender::new(None),
            ledger: Mutex::new(ledger),
            turn: Arc::default(),
        }
    }

    pub(super) fn set_journal_limits(&self, limits: JournalLimits) {
        self.ledger().journal.set_limits(limits);
    }

    /// Waits until nobody else loads the zone.
    pub(super) async fn turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.turn.clone().lock_owned().await
    }

    pub(super) fn current(&self) -> Option<Arc<Version>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn standing(&self) -> Standing {
        *self.standing.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives how it stood before.
    pub(super) fn set_standing(&self, standing: Standing) -> Standing {
        std::mem::replace(&mut *self.standing.write().unwrap_or_else(PoisonError::into_inner), standing)
    }

    pub(super) const fn transferred(&self) -> &watch::Sender<Option<Transferred>> {
        &self.transferred
    }

    /// Serves another version, unless it has lost more than `most` of 100 records. The deltas lead to it from the version
    /// before; without them nothing is known of what has changed. If others are to be told, what they will ask for is made
    /// ready.
    pub(super) fn put(
        &self,
        version: Arc<Version>,
        deltas: &[Arc<Delta>],
        most: u8,
        announced: bool,
    ) -> Result<(), Shrunk> {
        let mut ledger = self.ledger();
        let Ledger { journal, held_back, .. } = &mut *ledger;
        let before = self.current();
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
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(version.clone());
        if let Some(before) = before.filter(|_| announced) {
            // Here nobody waits for it.
            journal.answer(&version, before.serial());
        }
        Ok(())
    }

    /// Lets go what the version with this serial was made of, once it was sent and so all of it is sealed.
    pub(super) fn settle(&self, serial: Serial) {
        let Some(before) = self.current().filter(|version| version.serial() == serial && !version.is_settled()) else {
            return;
        };
        let settled = Arc::new(before.settled());
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // There may be a newer one by now.
        if current.as_ref().is_some_and(|version| Arc::ptr_eq(version, &before)) {
            *current = Some(settled);
        }
    }

    /// What leads from this serial to this version.
    pub(super) fn answer(&self, version: &Arc<Version>, from: Serial) -> Answer {
        self.ledger().journal.answer(version, from)
    }

    pub(super) fn confirm(&self) -> Option<Shrunk> {
        self.ledger().held_back.confirm()
    }

    pub(super) fn forget_shrunk(&self) {
        self.ledger().held_back = HeldBack::default();
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
