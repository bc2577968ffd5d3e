//! The zones of the daemon: which there are, who may have them, and what is served of each.
//!
//! | module | holds |
//! |---|---|
//! | `zone` | [`Zone`]: a zone as configured, and the version that is held of it |
//! | `held` | what is held of a zone, whatever the configuration says of it |
//! | `shrink` | the rule that a zone doesn't lose many records at once |
//! | `incoming` | the zones as the host of a secondary, and of those who are told of new versions |
//! | `event` | [`Event`]: what the zones have to tell |
//! | `access` | who may ask, and who may send NOTIFY |
//! | `quota` | transfers under way, in all and per peer |
//! | `refusals` | which refusals were logged already |

mod access;
mod event;
mod held;
mod incoming;
mod quota;
mod refusals;
mod shrink;
#[cfg(test)]
mod tests;
mod zone;

pub use event::Event;
pub use held::{LastRead, ReadOutcome, Transferred};
pub use shrink::Shrunk;
pub use zone::{PublishError, Source, Zone};

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::mpsc;
use tokio::task::block_in_place;
use zxfr_core::acl::Asker;
use zxfr_core::journal::{Answer, JournalLimits};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::{Host, KeyWanted, Keys, Notify, Refusal, Unserved};
use zxfr_core::serial::Serial;
use zxfr_core::transfer::Kind;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Key, KeyError};
use zxfr_core::zone::Version;
use zxfr_io::{OutReport, PeerIdentity, SendError, Zones};

use crate::config::{Config, Limits};
use crate::logging::{self, Failed, Transfer};
use access::Known;
use held::Held;
use quota::Transfers;
use refusals::{Refusals, Told};

/// All zones, keys, peers and access rules. Reading waits for nothing longer than a pointer's exchange.
#[derive(Debug)]
pub struct Registry {
    state: RwLock<Arc<State>>,
    transfers: Transfers,
    refusals: Refusals,
    events: mpsc::UnboundedSender<Event>,
}

/// What one configuration says.
#[derive(Debug)]
struct State {
    zones: HashMap<Name, Arc<Zone>>,
    /// In the order of the configuration.
    order: Vec<Arc<Zone>>,
    keys: HashMap<Name, Arc<Key<Hmac>>>,
    known: Known,
    limits: Limits,
}

impl Registry {
    /// The zones of a configuration; none is loaded yet. What happens to them is told to `events`.
    ///
    /// # Errors
    /// When a key of the configuration is none.
    pub fn new(config: &Config, events: mpsc::UnboundedSender<Event>) -> Result<Self, KeyError> {
        let state = RwLock::new(Arc::new(State::new(config, None, &events)?));
        Ok(Self { state, transfers: Transfers::default(), refusals: Refusals::default(), events })
    }

    /// Changes to another configuration. Zones that are in both keep what is held of them; transfers under way go on.
    ///
    /// # Errors
    /// When a key of the configuration is none; then nothing has changed.
    pub fn configure(&self, config: &Config) -> Result<(), KeyError> {
        let state = State::new(config, Some(&self.state()), &self.events)?;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
        Ok(())
    }

    /// All zones, in the order of the configuration.
    #[must_use]
    pub fn zones(&self) -> Vec<Arc<Zone>> {
        self.state().order.clone()
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
        let _ = self.events.send(event);
    }

    fn state(&self) -> Arc<State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl State {
    fn new(config: &Config, before: Option<&Self>, events: &mpsc::UnboundedSender<Event>) -> Result<Self, KeyError> {
        let keys = config.tsig.iter().map(|key| key.keyed().map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
        let Limits { max_journal_deltas: deltas, max_journal_octets: octets, .. } = config.limits;
        let journal = JournalLimits { deltas, octets, ..JournalLimits::default() };
        let (mut zones, mut order) = (HashMap::new(), Vec::new());
        for entry in &config.zones {
            let held = before.and_then(|before| before.zones.get(&entry.name)).map(|zone| zone.held());
            let held = match held {
                Some(held) => {
                    held.set_journal_limits(journal);
                    held
                }
                None => Arc::new(Held::new(journal)),
            };
            let zone = Arc::new(Zone::new(entry, config, &keys, held, events.clone()));
            zones.insert(entry.name.clone(), zone.clone());
            order.push(zone);
        }
        Ok(Self {
            known: Known::new(config),
            zones,
            order,
            keys: keys.into_iter().map(|key| (key.name().to_name(), key)).collect(),
            limits: config.limits.clone(),
        })
    }
}

impl Host for Registry {
    type Mac = Hmac;

    fn admits(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        let state = self.state();
        // Strangers are told before any look-up.
        state.known.may_ask(asker.addr)
            && state.zones.get(&zone.to_name()).is_some_and(|zone| zone.admits(asker.addr, &state.known))
    }

    fn keys(&self, wanted: &KeyWanted<'_>) -> Keys<Hmac> {
        // Any key of the configuration; whether it opens the zone is asked once the MAC is right.
        let key = self.state().keys.get(&wanted.name.to_name()).map(|key| Key::clone(key));
        Keys::Found(key.into_iter().collect())
    }

    fn key_admits(&self, zone: NameRef<'_>, asker: &Asker, key: Option<NameRef<'_>>) -> bool {
        let zone = self.zone(zone);
        zone.is_some_and(|zone| zone.key_admits(asker.addr, key))
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
            && state.zones.get(&zone.to_name()).is_some_and(|zone| zone.admits_notify(asker.addr, &state.known))
    }

    fn admit_transfer(&self, _: NameRef<'_>, asker: &Asker) -> bool {
        let Limits { max_transfers_out, max_transfers_per_peer, .. } = self.state().limits;
        self.transfers.begin(asker.addr, max_transfers_out, max_transfers_per_peer)
    }
}

impl Zones for Registry {
    fn transfer_ended(&self, report: &OutReport) {
        self.transfers.end(report.peer.asker().addr);
        log(report);
        if let (Kind::Axfr, Ok(()), Some(zone)) = (report.kind, report.result, self.zone(report.zone.as_ref())) {
            settle(zone.held(), report.serial);
        }
    }

    fn answered(&self, report: &OutReport) {
        log(report);
    }

    fn notified(&self, peer: &PeerIdentity, notify: &Notify) {
        let Notify { zone, serial, key, asker, .. } = notify;
        let shown = serial.map_or_else(|| "-".to_owned(), |serial| serial.to_string());
        let key = key.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        tracing::info!(notify = %"in", %zone, peer = %peer.addr, serial = %shown, %key);
        self.tell(Event::Notified { zone: zone.clone(), from: asker.addr, serial: *serial });
    }

    fn refused(&self, peer: &PeerIdentity, zone: Option<NameRef<'_>>, refusal: &Refusal) {
        let addr = peer.asker().addr;
        let zone = zone.map_or_else(|| "-".to_owned(), |zone| zone.to_string());
        let reason = refusal.to_string();
        match self.refusals.tell(&(addr, zone.to_ascii_lowercase(), &reason)) {
            Told::Before => {}
            Told::First { left_out } => {
                if left_out > 0 {
                    tracing::warn!(left_out, "many refusals: so many were not logged");
                }
                let rcode = refusal.rcode();
                tracing::warn!(%peer, %zone, transport = %peer.transport, %rcode, %reason, "refused");
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
    let (kind, from) = match report.kind {
        Kind::Axfr => (logging::Kind::Axfr, None),
        Kind::Ixfr { from } => (logging::Kind::Ixfr, Some(from)),
        Kind::UpToDate { from } => (logging::Kind::UpToDate, Some(from)),
    };
    logging::transfer(&Transfer {
        direction: logging::Direction::Out,
        zone: report.zone.as_ref(),
        peer: report.peer.addr,
        kind,
        from,
        to: Some(report.serial),
        totals: report.totals,
        elapsed: report.elapsed,
        result: report.result.as_ref().map(|&()| ()).map_err(|error| Failed { word: word(*error), text: error }),
    });
}

/// A failure as one word for the log.
const fn word(error: SendError) -> &'static str {
    match error {
        SendError::Closed => "closed",
        SendError::Io(_) => "cut",
        SendError::NoProgress(_) | SendError::TooLong(_) => "timeout",
        SendError::Shutdown => "shutdown",
        _ => "local",
    }
}
