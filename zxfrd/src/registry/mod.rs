//! The zones of the daemon: which there are, who may have them, and what is served of each.
//!
//! | module | holds |
//! |---|---|
//! | `zone` | [`Zone`]: a zone as configured, and the version that is held of it |
//! | `held` | what is held of a zone, whatever the configuration says of it |
//! | `editing` | records of a zone changed here, one change after the other |
//! | `notes` | what records have besides what the zone has of them |
//! | `initial` | the first version of a zone whose records are changed here |
//! | `soa` | the SOA of such a zone, as its settings want it |
//! | `updating` | DNS UPDATE |
//! | `gate` | whether a version that comes is served or held |
//! | `review` | versions that were received and are not what is served; versions taken up again |
//! | `renumber` | versions made of others, with another serial or digest |
//! | `dressing` | what is served of a transferred zone that has overrides |
//! | `standing` | what has been between a zone and others |
//! | `shrink` | the rule that a zone doesn't lose many records at once |
//! | `keeping` | the zones in the store |
//! | `incoming` | the zones as the host of a secondary, and of those who are told of new versions |
//! | `outgoing` | what is noted of those who ask |
//! | `event` | [`Event`]: what the zones have to tell |
//! | `access` | who may ask, and who may send NOTIFY |
//! | `quota` | transfers under way, in all and per peer |
//! | `refusals` | which refusals were logged already |

mod access;
mod dressing;
mod editing;
mod event;
mod gate;
mod held;
mod incoming;
mod initial;
mod keeping;
mod notes;
mod outgoing;
mod quota;
mod refusals;
mod renumber;
mod review;
mod shrink;
mod soa;
mod standing;
#[cfg(test)]
mod tests;
mod updating;
mod zone;

pub use dressing::{Undressed, dressed};
pub use editing::{Besides, EditFailure, Edited, Made};
pub use event::Event;
pub use held::{LastRead, ReadOutcome, Transferred};
pub use keeping::{Keeping, Restored};
pub use renumber::Unfit;
pub use review::{KeptVersion, Placed, Received, ReviewFailure};
pub use shrink::Shrunk;
pub(crate) use standing::{Contact, Dealings, Failed as PeerFailed, Tally};
pub(crate) use zone::Links;
pub use zone::{PublishError, Source, Zone};

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::mpsc;
use tokio::task::block_in_place;
use zxfr_core::acl::Asker;
use zxfr_core::answer::{self, RustSha1};
use zxfr_core::journal::{Answer, JournalLimits};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::{Host, KeyWanted, Keys, Notify, Refusal, Reply, Unserved, Update};
use zxfr_core::serial::Serial;
use zxfr_core::time::UnixTime;
use zxfr_core::transfer::Kind;
use zxfr_core::tsig::Key;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::wire::{Full, Rcode, Rtype, Writer};
use zxfr_core::zone::Version;
use zxfr_io::{OutReport, PeerIdentity, SendError, Zones};

use crate::catalog::{self, Id, Objects, Reach, Time};
use crate::config::Limits;
use crate::logging::{self, Failed, Transfer};
use crate::reason::{of_refusal, of_sending};
use access::{AccountAccess, Known};
use held::Held;
use quota::Transfers;
use refusals::{Refusals, Told};
use updating::Performed;

/// All zones, keys, peers and access rules, as the catalog has them. Reading waits for nothing longer than a look-up, or a
/// change of one zone.
#[derive(Debug)]
pub struct Registry {
    state: RwLock<State>,
    transfers: Transfers,
    refusals: Refusals,
    performed: Arc<Performed>,
    answers_anyone: AtomicBool,
    shared: Shared,
}

/// What all zones share.
#[derive(Clone, Debug)]
struct Shared {
    events: mpsc::UnboundedSender<Event>,
    keeping: Arc<Keeping>,
}

#[derive(Debug, Default)]
struct State {
    zones: HashMap<Name, Arc<Zone>>,
    accounts: HashMap<Id, Arc<AccountAccess>>,
    known: Known,
    limits: Limits,
}

impl Registry {
    /// The zones of a catalog; none is loaded yet. What happens to them is told to `events`.
    #[must_use]
    pub fn new(
        objects: &Objects,
        limits: &Limits,
        keeping: Arc<Keeping>,
        events: mpsc::UnboundedSender<Event>,
    ) -> Self {
        keeping.bound_journals(limits.max_journals_octets);
        let shared = Shared { events, keeping };
        let state = State::new(objects, limits, &State::default(), &shared).into();
        Self {
            state,
            transfers: Transfers::default(),
            refusals: Refusals::default(),
            performed: Arc::default(),
            answers_anyone: AtomicBool::new(false),
            shared,
        }
    }

    /// Whether anyone may ask for what zones have; transfers are for peers alone.
    pub fn set_answers_anyone(&self, anyone: bool) {
        self.answers_anyone.store(anyone, Ordering::Relaxed);
    }

    /// What keeps the zones.
    #[must_use]
    pub const fn keeping(&self) -> &Arc<Keeping> {
        &self.shared.keeping
    }

    /// Everything may be another. Zones that are still there keep what is held of them; transfers under way go on.
    pub fn configure(&self, objects: &Objects, limits: &Limits) {
        self.keeping().bound_journals(limits.max_journals_octets);
        let state = State::new(objects, limits, &self.state(), &self.shared);
        let before = std::mem::replace(&mut *self.state_mut(), state);
        let now = self.state();
        for gone in before.zones.values().filter(|zone| !now.has(zone)) {
            self.keeping().gone(gone.held());
        }
        drop(now);
        // Letting zones go takes time.
        drop(before);
    }

    /// The keys or ACLs of an account are others.
    pub fn change_access(&self, objects: &Objects, account: Id) {
        let access = Arc::new(AccountAccess::new(objects, account));
        let mut state = self.state_mut();
        state.accounts.insert(account, access);
        state.know_acls();
    }

    /// A zone, or what it is linked to, is another, or new, or gone. Transfers under way go on. Gives what it is now.
    pub fn change_zone(&self, objects: &Objects, id: Id, name: NameRef<'_>) -> Option<Arc<Zone>> {
        let wanted = objects.any_zone(id);
        let mut state = self.state_mut();
        let before = state.zones.get(&name.to_name()).filter(|zone| zone.id() == id).cloned();
        if let Some(before) = &before {
            state.known.remove(before.linked(), before.primaries());
            state.zones.remove(&name.to_name());
        }
        let zone = wanted.map(|zone| state.put(objects, zone, before.as_ref(), &self.shared));
        drop(state);
        if let Some(gone) = before.as_ref().filter(|_| zone.is_none()) {
            self.keeping().gone(gone.held());
        }
        // If it was the last one to have it, letting it go takes time.
        drop(before);
        zone
    }

    /// All zones: those of the configuration in its order, then the others by name.
    #[must_use]
    pub fn zones(&self) -> Vec<Arc<Zone>> {
        self.zones_that(|_| true)
    }

    /// The zones for which this holds, in the order of [`Registry::zones`].
    pub(crate) fn zones_that(&self, wanted: impl Fn(&Zone) -> bool) -> Vec<Arc<Zone>> {
        let mut zones: Vec<_> = self.state().zones.values().filter(|zone| wanted(zone)).cloned().collect();
        zones.sort_by(|a, b| (a.position(), a.name()).cmp(&(b.position(), b.name())));
        zones
    }

    /// The zone of this name.
    #[must_use]
    pub fn zone(&self, name: NameRef<'_>) -> Option<Arc<Zone>> {
        self.state().zones.get(&name.to_name()).cloned()
    }

    /// The limits of the configuration.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.state().limits.clone()
    }

    /// Tells what has happened. Nobody hears it where the zones are all there is.
    fn tell(&self, event: Event) {
        let _ = self.shared.events.send(event);
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(objects: &Objects, limits: &Limits, before: &Self, shared: &Shared) -> Self {
        let accounts = objects.accounts(&Reach::All);
        let accounts =
            accounts.map(|account| (account.id, Arc::new(AccountAccess::new(objects, account.id)))).collect();
        let mut state = Self { accounts, limits: limits.clone(), ..Self::default() };
        state.know_acls();
        for zone in objects.zones(&Reach::All) {
            let held = before.zones.get(zone.name.value()).filter(|held| held.id() == zone.id);
            if let Some(held) = held {
                held.held().set_journal_limits(state.journal_limits());
            }
            state.put(objects, zone, held, shared);
        }
        state
    }

    /// Puts a zone in; what is held of it stays what was held before.
    fn put(
        &mut self,
        objects: &Objects,
        zone: &catalog::Zone,
        before: Option<&Arc<Zone>>,
        shared: &Shared,
    ) -> Arc<Zone> {
        let new = || {
            let held = Arc::new(Held::new(zone.id, shared.keeping.clone(), self.journal_limits()));
            shared.keeping.comes(&held);
            held
        };
        let held = before.map_or_else(new, |before| before.held());
        let access = self.accounts.entry(zone.account).or_default();
        let zone = Arc::new(Zone::new(objects, zone, access, &self.limits, held, shared.events.clone()));
        self.known.add(zone.linked(), zone.primaries());
        self.zones.insert(zone.name().to_name(), zone.clone());
        zone
    }

    fn journal_limits(&self) -> JournalLimits {
        let Limits { max_journal_deltas: deltas, max_journal_octets: octets, .. } = self.limits;
        JournalLimits { deltas, octets, ..JournalLimits::default() }
    }

    /// Whether this zone is there, perhaps as another configuration has it.
    fn has(&self, zone: &Zone) -> bool {
        self.zones.get(&zone.name().to_name()).is_some_and(|now| now.id() == zone.id())
    }

    fn know_acls(&mut self) {
        self.known.set_acls(self.accounts.values());
    }

    /// A zone, and what its account has for access.
    fn find(&self, name: NameRef<'_>) -> Option<(&Arc<Zone>, &Arc<AccountAccess>)> {
        let zone = self.zones.get(&name.to_name())?;
        Some((zone, self.accounts.get(&zone.account())?))
    }
}

impl Host for Registry {
    type Mac = Hmac;

    fn admits(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        let state = self.state();
        // Strangers are told before any look-up.
        state.known.may_ask(asker.addr)
            && state.find(zone).is_some_and(|(zone, access)| zone.admits(asker.addr, access))
    }

    fn keys(&self, wanted: &KeyWanted<'_>) -> Keys<Hmac> {
        // Any key of the zone's account; whether it opens the zone is asked once the MAC is right.
        let state = self.state();
        let found = state.find(wanted.zone).map(|(_, access)| access.candidates(wanted.name, wanted.algorithm));
        Keys::Found(found.unwrap_or_default())
    }

    fn key_admits(&self, zone: NameRef<'_>, _: &Asker, key: Option<NameRef<'_>>) -> bool {
        // A name alone doesn't tell keys apart.
        key.is_none() && self.zone(zone).is_some_and(|zone| zone.key_admits(None))
    }

    fn verified_key_admits(&self, zone: NameRef<'_>, _: &Asker, key: Option<&Key<Hmac>>) -> bool {
        self.zone(zone).is_some_and(|zone| zone.key_admits(key.map(Key::tag)))
    }

    fn zone_of(&self, qname: NameRef<'_>, qtype: Rtype, asker: &Asker) -> Option<Name> {
        let state = self.state();
        // Strangers are told before any look-up.
        if !self.answers_anyone.load(Ordering::Relaxed) && !state.known.may_ask(asker.addr) {
            return None;
        }
        let mut child = None;
        let mut here = Some(qname);
        while let Some(name) = here {
            if let Some((zone, _)) = state.find(name) {
                // The DS of a zone is its parent's (RFC 4035 §3.1.4.1).
                if qtype != Rtype::DS || name != qname {
                    return Some(zone.name().to_name());
                }
                child = Some(zone.name().to_name());
            }
            here = name.parent();
        }
        child
    }

    fn admits_query(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        if self.answers_anyone.load(Ordering::Relaxed) {
            return self.state().find(zone).is_some();
        }
        self.admits(zone, asker)
    }

    fn query_key_admits(&self, zone: NameRef<'_>, asker: &Asker, key: Option<&Key<Hmac>>) -> bool {
        self.answers_anyone.load(Ordering::Relaxed) || self.verified_key_admits(zone, asker, key)
    }

    fn answer_query(
        &self,
        version: &Version,
        query: &answer::Query<'_>,
        writer: &mut Writer<'_>,
    ) -> Result<answer::Answer, Full> {
        version.answer::<RustSha1>(query, writer)
    }

    fn version(&self, zone: NameRef<'_>) -> Result<Arc<Version>, Unserved> {
        self.zone(zone).ok_or(Unserved::NotLoaded)?.served()
    }

    fn answer(&self, zone: NameRef<'_>, version: &Arc<Version>, from: Serial) -> Answer {
        let Some(zone) = self.zone(zone) else {
            return Answer::Whole;
        };
        let rendering = match zone.answer(version, from) {
            Ok(answer) => return answer,
            Err(rendering) => rendering,
        };
        // This was not asked for before and takes time: others on this thread need not wait for it.
        let threads = Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
        if threads { block_in_place(|| zone.render(rendering)) } else { zone.render(rendering) }
    }

    fn expire(&self, zone: NameRef<'_>) -> Option<u32> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.zone(zone)?.expire(now.as_secs())
    }

    fn admits_notify(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        let state = self.state();
        state.known.may_notify(asker.addr)
            && state.find(zone).is_some_and(|(zone, access)| zone.admits_notify(asker.addr, access))
    }

    fn admits_update(&self, zone: NameRef<'_>, asker: &Asker) -> Result<(), Refusal> {
        let state = self.state();
        if !state.known.may_ask(asker.addr) {
            return Err(Refusal::Stranger);
        }
        let (zone, access) = state.find(zone).ok_or(Refusal::NotPrimary)?;
        zone.admits_update(asker.addr, access)
    }

    fn update_key_admits(&self, zone: NameRef<'_>, _: &Asker, key: Option<&Key<Hmac>>) -> bool {
        key.is_some_and(|key| self.zone(zone).is_some_and(|zone| zone.update_key_admits(key.tag())))
    }

    fn admit_transfer(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        let Limits { max_transfers_out, max_transfers_per_peer, .. } = self.state().limits;
        let admitted = self.transfers.begin(asker.addr, max_transfers_out, max_transfers_per_peer);
        if let Some(zone) = self.zone(zone).filter(|_| admitted) {
            zone.dealings().sending += 1;
        }
        admitted
    }
}

impl Zones for Registry {
    fn transfer_ended(&self, report: &OutReport) {
        self.transfers.end(report.peer.asker().addr);
        log(report);
        let Some(zone) = self.zone(report.zone.as_ref()) else { return };
        {
            let mut dealings = zone.dealings();
            dealings.sending = dealings.sending.saturating_sub(1);
        }
        zone.note_sent(report);
        if let (Kind::Axfr, Ok(())) = (report.kind, report.result) {
            settle(zone.held(), report.serial);
        }
    }

    fn answered(&self, report: &OutReport) {
        log(report);
        if let Some(zone) = self.zone(report.zone.as_ref()) {
            zone.note_sent(report);
        }
    }

    fn told_serial(&self, peer: &PeerIdentity, zone: NameRef<'_>) {
        if let Some(zone) = self.zone(zone) {
            zone.note_soa(peer.asker().addr);
        }
    }

    fn notified(&self, peer: &PeerIdentity, notify: &Notify) {
        let Notify { zone, serial, key, asker, .. } = notify;
        let shown = serial.map_or_else(|| "-".to_owned(), |serial| serial.to_string());
        let key = key.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        tracing::info!(notify = %"in", %zone, peer = %peer.addr, serial = %shown, %key);
        if let Some(zone) = self.zone(zone.as_ref()) {
            zone.dealings().notifies_in += 1;
        }
        self.tell(Event::Notified { zone: zone.clone(), from: asker.addr, serial: *serial });
    }

    async fn update(self: Arc<Self>, peer: PeerIdentity, update: Update<Hmac>) -> Option<Reply> {
        let zone = self.zone(update.zone());
        let performed = self.performed.clone();
        let performing = tokio::task::spawn_blocking(move || match zone {
            Some(zone) => zone.update(&update, peer.addr, &performed),
            None => Some(update.reply(Rcode::NOTAUTH, None, UnixTime(Time::now().seconds()))),
        });
        performing.await.ok().flatten()
    }

    fn refused(&self, peer: &PeerIdentity, zone: Option<NameRef<'_>>, refusal: &Refusal) {
        let addr = peer.asker().addr;
        if let Some(zone) = zone.and_then(|zone| self.zone(zone)) {
            zone.note_refused(addr, refusal);
        }
        let zone = zone.map_or_else(|| "-".to_owned(), |zone| zone.to_string());
        let reason = refusal.to_string();
        match self.refusals.tell(&(addr, zone.to_ascii_lowercase(), &reason)) {
            Told::Before => {}
            Told::First { left_out } => {
                if left_out > 0 {
                    tracing::warn!(left_out, "many refusals: so many were not logged");
                }
                let rcode = refusal.rcode();
                let word = of_refusal(refusal);
                tracing::warn!(%peer, %zone, transport = %peer.transport, %rcode, result = %word, %reason, "refused");
            }
        }
    }

    fn disconnected(&self, peer: &PeerIdentity, error: &SendError) {
        match error {
            SendError::TooManyConnections => {
                let addr = peer.asker().addr;
                if let Told::First { .. } = self.refusals.tell(&(addr, "connection", error.to_string())) {
                    tracing::warn!(%peer, reason = %error, "connection refused");
                }
            }
            _ => tracing::debug!(%peer, reason = %error, "connection ended"),
        }
    }
}

/// Lets memory go that is not needed once the version with this serial was sent as a whole, where nobody waits for it.
fn settle(held: Arc<Held>, serial: Serial) {
    if held.unsettled(serial).is_none() {
        return;
    }
    if let Ok(handle) = Handle::try_current() {
        handle.spawn_blocking(move || held.settle(serial));
    } else {
        held.settle(serial);
    }
}

/// The log's line about what was sent to a peer.
fn log(report: &OutReport) {
    let (kind, from) = outgoing::kind(report);
    logging::transfer(&Transfer {
        direction: logging::Direction::Out,
        zone: report.zone.as_ref(),
        peer: report.peer.addr,
        kind,
        from,
        to: Some(report.serial),
        totals: report.totals,
        elapsed: report.elapsed,
        result: report.result.as_ref().map(|&()| ()).map_err(|error| Failed { word: of_sending(*error), text: error }),
    });
}
