//! Changes: one at a time, all rules first, then the store, then what is held in memory, then those who act upon it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use super::declared;
use super::fault::{Done, Fault, Warning, code};
use super::id::Id;
use super::object::{Access, Account, Audit, Object, ObjectKey, Origin, Token, Zone};
use super::objects::Objects;
use super::time::Time;
use crate::config::{Config, Limits};
use crate::store::{Store, StoreError, Write};
use zxfr_core::name::Name;

/// What the API manages and the configuration declares. Cloned cheaply: all clones are one.
#[derive(Clone)]
pub struct Catalog {
    shared: Arc<Shared>,
}

struct Shared {
    objects: RwLock<Objects>,
    limits: RwLock<Limits>,
    store: Arc<dyn Store>,
    applied: OnceLock<Arc<dyn Applied>>,
    /// Had by whoever changes something.
    turn: tokio::sync::Mutex<()>,
}

/// Who acts upon changes.
pub trait Applied: Send + Sync {
    /// Something has changed, and is durable. Called for one change after the other; the next one waits until it returns.
    fn apply(&self, objects: &Objects, effects: &[Effect]);
}

/// What a change has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The keys or ACLs of an account are others now.
    Access(Id),
    /// A zone, its links, or what they lead to is another now, or it is new, or gone.
    Zone {
        /// Its id.
        id: Id,
        /// Its name.
        name: Name,
    },
    /// All peers of the zone that have an address are to be told of its version.
    Notify(Name),
    /// The history of the zone is to be forgotten: who asks for a difference gets all of it.
    ClearBacklog(Name),
    /// The zone is to be transferred whole, whatever the serials say.
    ForceAxfr(Name),
    /// The webhook is to be sent a test message.
    TestWebhook(Id),
}

/// What a change comes to, before it is done.
pub(super) struct Plan<T> {
    pub(super) result: T,
    pub(super) warnings: Vec<Warning>,
    pub(super) changes: Vec<Change>,
    /// What the store is told besides.
    pub(super) writes: Vec<Write>,
    /// What is to be done besides what the changes imply.
    pub(super) then: Vec<Effect>,
    pub(super) account: Option<Id>,
    /// For the audit trail.
    pub(super) what: String,
}

/// One object more, another, or less.
pub(super) enum Change {
    Put(Object),
    Delete(ObjectKey),
}

impl<T> Plan<T> {
    pub(super) fn new(result: T, account: Id, what: impl Into<String>) -> Self {
        let (warnings, changes, writes, then) = Default::default();
        Self { result, warnings, changes, writes, then, account: Some(account), what: what.into() }
    }

    /// A change that is about no account's objects.
    pub(super) fn everywhere(result: T, what: impl Into<String>) -> Self {
        Self { account: None, ..Self::new(result, Id([0; 16]), what) }
    }

    pub(super) fn put(mut self, object: Object) -> Self {
        self.changes.push(Change::Put(object));
        self
    }

    pub(super) fn delete(mut self, key: ObjectKey) -> Self {
        self.changes.push(Change::Delete(key));
        self
    }

    pub(super) fn write(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    pub(super) fn then(mut self, effect: Effect) -> Self {
        self.then.push(effect);
        self
    }

    pub(super) fn warn(mut self, warnings: impl IntoIterator<Item = Warning>) -> Self {
        self.warnings.extend(warnings);
        self
    }
}

/// What rules are looked up in.
pub(super) struct Rules<'a> {
    pub(super) objects: &'a Objects,
    pub(super) limits: &'a Limits,
    pub(super) by: &'a Token,
    pub(super) now: Time,
}

impl Catalog {
    /// What a store holds, and what a configuration declares beside it. What can't be taken of either is told in words; the
    /// rest is there.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn open(store: Arc<dyn Store>, config: &Config) -> Result<(Self, Vec<String>), StoreError> {
        let mut problems = Vec::new();
        let objects = declared::merge(config, store.objects().await?, &mut problems);
        let (objects, limits) = (RwLock::new(objects), RwLock::new(config.limits.clone()));
        let (applied, turn) = (OnceLock::new(), tokio::sync::Mutex::new(()));
        Ok((Self { shared: Arc::new(Shared { objects, limits, store, applied, turn }) }, problems))
    }

    /// All objects as they are now. Not to be kept: nothing changes while it is held.
    pub fn read(&self) -> RwLockReadGuard<'_, Objects> {
        self.shared.objects.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the objects are kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// From now on changes are told to this. The first that is given stays.
    pub fn tell(&self, applied: Arc<dyn Applied>) {
        let _ = self.shared.applied.set(applied);
    }

    /// Declares what another configuration says, in place of what the one before said. What can't be taken is told in words.
    /// Who acts upon changes isn't told: all may be another now.
    pub async fn configure(&self, config: &Config) -> Vec<String> {
        let shared = &self.shared;
        let _turn = shared.turn.lock().await;
        let mut problems = Vec::new();
        let managed = self.read().managed();
        let objects = declared::merge(config, managed, &mut problems);
        *shared.objects.write().unwrap_or_else(PoisonError::into_inner) = objects;
        *shared.limits.write().unwrap_or_else(PoisonError::into_inner) = config.limits.clone();
        problems
    }

    /// Changes something: all of the plan, or nothing. Goes on to its end even if nobody waits for it.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        by: &Token,
        plan: impl FnOnce(&Rules<'_>) -> Result<Plan<T>, Fault> + Send + 'static,
    ) -> Result<Done<T>, Fault> {
        let (shared, by) = (self.shared.clone(), by.clone());
        let changing = tokio::spawn(async move { shared.change(&by, plan).await });
        changing.await.unwrap_or_else(|_| Err(Fault::unavailable("the change was broken off: see what there is now")))
    }

    /// Notes something that nobody asked for, and of which nothing else follows: it is neither in the audit trail nor told.
    pub(super) async fn note(
        &self,
        changes: impl FnOnce(&Objects) -> Vec<Change> + Send + 'static,
    ) -> Result<(), StoreError> {
        let shared = self.shared.clone();
        let noting = tokio::spawn(async move {
            let _turn = shared.turn.lock().await;
            let changes = changes(&shared.objects.read().unwrap_or_else(PoisonError::into_inner));
            shared.store.commit(changes.iter().map(Change::write).collect()).await?;
            shared.put(changes);
            Ok(())
        });
        noting.await.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
    }
}

impl Shared {
    async fn change<T>(
        &self,
        by: &Token,
        plan: impl FnOnce(&Rules<'_>) -> Result<Plan<T>, Fault>,
    ) -> Result<Done<T>, Fault> {
        if by.access != Access::Write {
            let message =
                format!("the token {:?} is good for {} only: nothing can be changed with it", by.name, by.access);
            return Err(Fault::forbidden(code::FORBIDDEN, message));
        }
        let _turn = self.turn.lock().await;
        let limits = self.limits.read().unwrap_or_else(PoisonError::into_inner).clone();
        let now = Time::now();
        let (plan, mut effects) = {
            let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
            let plan = plan(&Rules { objects: &objects, limits: &limits, by, now })?;
            let mut effects = Effects::default();
            plan.changes.iter().for_each(|change| effects.of(&objects, change.key()));
            (plan, effects)
        };
        let mut writes: Vec<_> = plan.changes.iter().map(Change::write).collect();
        writes.extend(plan.writes);
        let audit = Audit { at: now, account: plan.account, token: by.name.clone(), what: plan.what };
        writes.push(Write::Audit(audit.clone()));
        let stored = self.store.commit(writes).await;
        log(&audit, stored.as_ref().err());
        stored.map_err(|error| Fault::unavailable(format!("nothing was changed: {error}")))?;
        let keys: Vec<_> = plan.changes.iter().map(Change::key).collect();
        self.put(plan.changes);
        if let Some(applied) = self.applied.get() {
            let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
            keys.into_iter().for_each(|key| effects.of(&objects, key));
            effects.0.extend(plan.then);
            applied.apply(&objects, &effects.0);
        }
        Ok(Done { result: plan.result, warnings: plan.warnings })
    }

    /// Holds what is durable now.
    fn put(&self, changes: Vec<Change>) {
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            match change {
                Change::Put(object) => objects.put(object),
                Change::Delete(key) => objects.delete(key),
            }
        }
    }
}

/// The log's line, which says what the audit trail says. Names in it are clients' text, so they are quoted.
fn log(audit: &Audit, error: Option<&StoreError>) {
    let Audit { account, token, what, .. } = audit;
    let account = account.map_or_else(|| "-".to_owned(), |account| account.to_string());
    match error {
        None => tracing::info!(token, account = %account, what, "changed"),
        Some(reason) => tracing::error!(token, account = %account, what, %reason, "a change was not stored"),
    }
}

impl Change {
    fn key(&self) -> ObjectKey {
        match self {
            Self::Put(object) => object.key(),
            Self::Delete(key) => *key,
        }
    }

    fn write(&self) -> Write {
        match self {
            Self::Put(object) => Write::Put(object.clone()),
            Self::Delete(key) => Write::Delete(*key),
        }
    }
}

/// What changes come to, each once.
#[derive(Default)]
struct Effects(Vec<Effect>);

impl Effects {
    fn add(&mut self, effect: Effect) {
        if !self.0.contains(&effect) {
            self.0.push(effect);
        }
    }

    fn zone(&mut self, zone: &Zone) {
        self.add(Effect::Zone { id: zone.id, name: zone.name.value().clone() });
    }

    /// What it comes to that an object is another: asked before and after.
    fn of(&mut self, objects: &Objects, key: ObjectKey) {
        match objects.find(key) {
            None | Some(Object::Account(_) | Object::Token(_) | Object::Alerting(_)) => {}
            Some(Object::Acl(acl)) => self.add(Effect::Access(acl.account)),
            Some(Object::Tsig(tsig)) => {
                self.add(Effect::Access(tsig.account));
                for peer in objects.peers_of_tsig(&tsig) {
                    objects.zones_of_peer(peer).for_each(|zone| self.zone(zone));
                }
            }
            Some(Object::Peer(peer)) => objects.zones_of_peer(&peer).for_each(|zone| self.zone(zone)),
            Some(Object::Zone(zone)) => self.zone(&zone),
            Some(Object::Incoming(incoming)) => {
                objects.any_zone(incoming.zone).into_iter().for_each(|zone| self.zone(zone))
            }
            Some(Object::Outgoing(outgoing)) => {
                objects.any_zone(outgoing.zone).into_iter().for_each(|zone| self.zone(zone))
            }
            Some(Object::Policy(policy)) => objects.any_zone(policy.zone).into_iter().for_each(|zone| self.zone(zone)),
            Some(Object::Settings(settings)) => {
                objects.any_zone(settings.zone).into_iter().for_each(|zone| self.zone(zone))
            }
        }
    }
}

impl Rules<'_> {
    /// An account that the caller may change.
    pub(super) fn account(&self, id: Id) -> Result<&Arc<Account>, Fault> {
        self.objects
            .account(&self.by.accounts, id)
            .ok_or_else(|| Fault::not_found(code::NOT_FOUND, format!("there is no account with the id {id}")))
    }

    /// A zone that the caller may change.
    pub(super) fn zone(&self, id: Id) -> Result<&Arc<Zone>, Fault> {
        self.objects
            .zone(&self.by.accounts, id)
            .ok_or_else(|| Fault::not_found(code::ZONE_NOT_FOUND, format!("there is no zone with the id {id}")))
    }
}

/// Refuses to change what the configuration declares.
pub(super) fn managed(origin: Origin, what: impl fmt::Display) -> Result<(), Fault> {
    match origin {
        Origin::Managed => Ok(()),
        Origin::Declared => {
            let message = format!("{what} is declared in the configuration file: change it there, and send SIGHUP");
            Err(Fault::forbidden(code::DECLARED, message))
        }
    }
}

/// Refuses what has no name.
pub(super) fn named(code: u32, name: &str) -> Result<(), Fault> {
    if name.is_empty() {
        return Err(Fault::invalid(code, "name", "name is empty: a name is needed"));
    }
    Ok(())
}

/// Some of the names, for messages: all who use something may be many.
pub(super) fn some_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    let all: BTreeSet<&str> = names.collect();
    let shown = all.iter().take(SHOWN).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// An id for something new.
pub(super) fn new_id() -> Result<Id, Fault> {
    Id::random().map_err(|error| Fault::unavailable(format!("no random octets for an id: {error}")))
}
