//! The zones in the store: what is held of each is durable before it is served, and is there again after a restart.
//!
//! | module | holds |
//! |---|---|
//! | `journals` | all journals together |
//! | `policy` | what a change of a zone writes |
//! | `restoring` | the zones as the store has them, at the start |

mod journals;
mod policy;
mod restoring;
#[cfg(test)]
pub(super) mod tests;

pub(super) use policy::{Form, Stored};
pub use restoring::Restored;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{MissedTickBehavior, interval};
use zxfr_core::refresh::State;

use super::held::Held;
use super::review::lane_id;
use crate::catalog::{Audit, Id, Time};
use crate::store::{Failing, Health, Store, StoreError, Write};
use journals::Journals;

/// How often is written what need not be durable at once.
const PERIOD: Duration = Duration::from_secs(1);

/// What keeps zones in a store.
#[derive(Default)]
pub struct Keeping {
    /// With the runtime that it works in. None where nothing is kept.
    store: Option<(Arc<dyn Store>, Handle)>,
    waiting: Mutex<Waiting>,
    journals: Journals,
}

/// What is written soon.
#[derive(Default)]
struct Waiting {
    states: HashMap<Id, State>,
    /// Zones of which the store offers more deltas than the journal has.
    trims: HashSet<Id>,
    /// Zones that are gone. What was under way when they went may have come to the store after that.
    gone: Vec<Arc<Held>>,
}

impl Keeping {
    /// Zones that are nowhere but in memory.
    #[must_use]
    pub fn nowhere() -> Arc<Self> {
        Arc::default()
    }

    /// Zones that are kept in a store. To be called within the runtime that the store works in.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Arc<Self> {
        let store = store.keeps().then(|| (store, Handle::current()));
        Arc::new(Self { store, ..Self::default() })
    }

    /// How the store does.
    #[must_use]
    pub fn health(&self) -> Health {
        self.store.as_ref().map(|(store, _)| store.health()).unwrap_or_default()
    }

    /// Whether all is durable that should be: the last commit didn't fail.
    #[must_use]
    pub fn healthy(&self) -> bool {
        self.health().failing.is_none()
    }

    /// Whether anything is kept.
    pub(super) const fn keeps(&self) -> bool {
        self.store.is_some()
    }

    /// Writes this. Waits until it is durable, so that it is for blocking threads only.
    pub(super) fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        match &self.store {
            Some((store, handle)) => handle.block_on(store.commit(writes)),
            None => Ok(()),
        }
    }

    /// Has it written soon how a zone stands with its primaries.
    pub(super) fn note(&self, zone: &Held, state: State) {
        if self.keeps() {
            let mut waiting = self.waiting();
            if !zone.is_gone() {
                waiting.states.insert(zone.id(), state);
            }
        }
    }

    /// All journals together may have so many octets.
    pub(super) fn bound_journals(&self, octets: u64) {
        let shed = self.journals.set_most(octets);
        self.trim(shed);
    }

    /// The journal of a zone has so many octets now.
    pub(super) fn journal_is(&self, zone: Id, octets: u64) {
        let shed = self.journals.set(zone, octets);
        self.trim(shed);
    }

    /// The journals of these zones have lost deltas.
    pub(super) fn trim(&self, zones: impl IntoIterator<Item = Id>) {
        if self.keeps() {
            self.waiting().trims.extend(zones);
        }
    }

    /// A zone is gone: nothing more is written of it, and what was is forgotten soon.
    pub(super) fn gone(&self, zone: Arc<Held>) {
        self.journals.remove(zone.id());
        let mut waiting = self.waiting();
        zone.set_gone();
        if self.keeps() {
            waiting.states.remove(&zone.id());
            waiting.trims.remove(&zone.id());
            waiting.gone.push(zone);
        }
    }

    /// A zone is there, perhaps by the id of one that is gone.
    pub(super) fn comes(&self, zone: &Arc<Held>) {
        self.journals.add(zone);
        if self.keeps() {
            self.waiting().gone.retain(|gone| gone.id() != zone.id());
        }
    }

    /// Writes what waits, now and every second. Never ends.
    pub async fn run(&self) {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.flush().await;
        }
    }

    /// Writes what waits. What can't be written waits on.
    pub async fn flush(&self) {
        let Some((store, _)) = &self.store else { return };
        let Waiting { states, trims, gone } = std::mem::take(&mut *self.waiting());
        if !states.is_empty() {
            let writes = states.iter().map(|(zone, state)| Write::State { zone: *zone, state: *state });
            if store.commit(writes.collect()).await.is_err() {
                let mut waiting = self.waiting();
                for (zone, state) in states {
                    waiting.states.entry(zone).or_insert(state);
                }
            }
        }
        if !trims.is_empty() {
            let zones: Vec<_> = trims.into_iter().filter_map(|zone| self.journals.held(zone)).collect();
            let trimming =
                move || zones.into_iter().filter(|zone| zone.trim().is_err()).map(|zone| zone.id()).collect();
            let failed: Vec<_> = tokio::task::spawn_blocking(trimming).await.unwrap_or_default();
            self.waiting().trims.extend(failed);
        }
        if !gone.is_empty() {
            let forget = |zone| Write::Forget { zone };
            let writes = gone.iter().flat_map(|zone| [zone.id(), lane_id(zone.id())]).map(forget).collect();
            let zones = gone.clone();
            // Whoever still was at it has ended when this has, and nobody comes after.
            let _ = tokio::task::spawn_blocking(move || zones.iter().for_each(|zone| zone.wait())).await;
            if store.commit(writes).await.is_err() {
                self.waiting().gone.extend(gone);
            }
        }
        if let Some(Failing { error, since }) = store.health().failing {
            // Nobody may have anything to be written for long: whether it works again is tried.
            let what = format!("the store works again; it had failed since {}: {error}", Time::from(since));
            let line = Audit { at: Time::now(), account: None, token: "-".to_owned(), what };
            let _ = store.commit(vec![Write::Audit(line)]).await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeping").field("keeps", &self.keeps()).finish_non_exhaustive()
    }
}
