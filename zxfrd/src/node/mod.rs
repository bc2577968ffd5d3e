//! A node: zones kept in step with their files and primaries. `zxfrd serve` runs one, the demo two; sockets for those who
//! ask are theirs.
//!
//! | module | holds |
//! |---|---|
//! | `announcing` | which changes are told to peers together |
//! | `live` | what is known of zones while it runs, for the management API |
//! | `files` | zone files: all when told, those that are watched when they change |
//! | `resting` | which zones have work under way that is waited for |

mod announcing;
mod files;
mod live;
mod resting;

use std::collections::HashSet;
use std::future::pending;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::transfer;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::zone::BuildLimits;
use zxfr_io::notify::{NotifyLimits, NotifySender};
use zxfr_io::secondary::{PrimaryAddr, ZoneConfig};
use zxfr_io::{Secondary, SecondaryLimits, Timeouts};

use crate::alerts::Signals;
use crate::api::Live;
use crate::catalog::{Applied, Effect, Id, Objects};
use crate::config::{Config, Dns, Limits};
use crate::files::Cause;
use crate::logging;
use crate::registry::{Event, Keeping, Registry, Restored, Zone};
use crate::store::{Store, StoreError};
use announcing::Announcing;
use resting::Resting;

/// Zones, and what keeps them in step. All of it ends when it is dropped.
pub(crate) struct Node {
    zones: Arc<Kept>,
    _tasks: JoinSet<()>,
}

/// Zones, and what they are told to.
struct Kept {
    registry: Arc<Registry>,
    secondary: Secondary<Registry>,
    sender: NotifySender<Registry>,
    /// The zones that the secondary knows.
    incoming: Mutex<HashSet<Name>>,
    resting: Arc<Resting>,
    /// Told what somebody may have to be told of.
    signals: Arc<Signals>,
    /// Within how many milliseconds of a change peers are told of others together.
    notify_delay: Arc<AtomicU64>,
}

impl Node {
    /// The zones of a catalog, kept in a store, and served as they are there. Nothing else is loaded or transferred before
    /// [`Node::load`].
    ///
    /// # Errors
    /// When the store can't be read.
    pub(crate) async fn start(objects: &Objects, limits: &Limits, store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let node = Self::of(objects, limits, Keeping::new(store));
        let started = Instant::now();
        let Restored { zones, damaged, forgotten } = node.registry().restore().await?;
        let seconds = logging::seconds(started.elapsed());
        if zones > 0 || damaged > 0 || forgotten > 0 {
            tracing::info!(zones, damaged, forgotten, seconds, "zones served from the store");
        }
        Ok(node)
    }

    fn of(objects: &Objects, limits: &Limits, keeping: Arc<Keeping>) -> Self {
        live::begin();
        let (sender, events) = mpsc::unbounded_channel();
        let registry = Arc::new(Registry::new(objects, limits, keeping.clone(), sender));
        let secondary = Secondary::new(registry.clone(), secondary_limits(limits));
        let (resting, signals) = (Arc::new(Resting::default()), Arc::new(Signals::default()));
        let mut tasks = JoinSet::new();
        let sender = NotifySender::new(registry.clone(), NotifyLimits::default());
        let notify_delay = Arc::new(AtomicU64::new(Dns::default().notify_delay_milliseconds));
        let acting = Acting {
            notify_delay: notify_delay.clone(),
            registry: registry.clone(),
            secondary: secondary.clone(),
            sender: sender.clone(),
            resting: resting.clone(),
            signals: signals.clone(),
        };
        tasks.spawn(acting.run(events));
        let sending = sender.clone();
        tasks.spawn(async move { sending.run().await });
        tasks.spawn(files::watch(registry.clone()));
        tasks.spawn(async move { keeping.run().await });
        let running = secondary.clone();
        tasks.spawn(async move { running.run().await });
        Self {
            zones: Arc::new(Kept {
                registry,
                secondary,
                sender,
                incoming: Mutex::default(),
                resting,
                signals,
                notify_delay,
            }),
            _tasks: tasks,
        }
    }

    /// The zones of a configuration that nothing is kept of, and nobody changes.
    ///
    /// # Errors
    /// What it declares that can't be taken.
    pub(crate) fn declared(config: &Config) -> Result<Self, String> {
        let (objects, problems) = Objects::declared(config);
        match problems.into_iter().next() {
            None => Ok(Self::of(&objects, &config.limits, Keeping::nowhere())),
            Some(problem) => Err(problem),
        }
    }

    /// Peers are told together of what changes in a zone within so many milliseconds.
    pub(crate) fn set_notify_delay(&self, milliseconds: u64) {
        self.zones.notify_delay.store(milliseconds, Ordering::Relaxed);
    }

    /// The zones.
    pub(crate) fn registry(&self) -> &Arc<Registry> {
        &self.zones.registry
    }

    /// What acts upon changes of the catalog, at once.
    pub(crate) fn applied(&self) -> Arc<dyn Applied> {
        self.zones.clone()
    }

    /// What is told when something has come of a zone.
    pub(crate) fn signals(&self) -> Arc<Signals> {
        self.zones.signals.clone()
    }

    /// What is known of the zones while they are kept.
    pub(crate) fn live(&self) -> Arc<dyn Live> {
        self.zones.clone()
    }

    /// Tells the peers of all zones that are served from the store: what was told last may not have come to them.
    pub(crate) fn announce(&self) {
        let served = |zone: &Zone| !zone.targets().is_empty() && zone.version().is_some() && !zone.is_expired();
        self.registry().zones_that(served).iter().for_each(|zone| self.zones.notify(zone.name()));
    }

    /// Everything may be another. What there is of zones to be loaded or transferred counts from the next [`Node::load`] on.
    pub(crate) async fn configure(&self, objects: &Objects, limits: &Limits) {
        let Kept { registry, sender, signals, .. } = &*self.zones;
        let before = registry.zones();
        registry.configure(objects, limits);
        for gone in before.iter().filter(|zone| registry.zone(zone.name()).is_none()) {
            sender.forget(gone.name());
        }
        before.iter().for_each(|zone| signals.zone(zone.id()));
        registry.keeping().flush().await;
    }

    /// Ends transfers and writes what is not written yet.
    pub(crate) async fn stop(&self) {
        let Kept { registry, secondary, .. } = &*self.zones;
        secondary.shutdown();
        registry.keeping().flush().await;
    }

    /// Loads all zone files that have changed, and has all primaries asked. What was held back because it has too few records
    /// is taken now. Gives how many zones are not what their file says.
    pub(crate) async fn load(&self) -> u64 {
        let Kept { registry, .. } = &*self.zones;
        let beginning = registry.zones_that(Zone::is_due);
        let began = tokio::task::spawn_blocking(move || beginning.iter().for_each(|zone| zone.bring_about()));
        let (incoming, from_files): (Vec<_>, Vec<_>) =
            registry.zones().into_iter().partition(|zone| zone.incoming().is_some());
        self.zones.check(&incoming);
        let _ = began.await;
        files::load_all(registry, from_files, Cause::Told).await
    }

    /// Waits until all primaries that were asked have answered or not, and all that is new is transferred. Gives how many
    /// zones are not in step.
    pub(crate) async fn rested(&self) -> u64 {
        let Kept { registry, secondary, resting, .. } = &*self.zones;
        resting.wait().await;
        let zones = registry.zones_that(|zone| zone.incoming().is_some());
        let statuses = zones.iter().map(|zone| secondary.status(zone.name()));
        let behind = statuses
            .filter(|status| status.as_ref().is_none_or(|status| status.serial.is_none() || status.failure.is_some()));
        behind.count() as u64
    }
}

impl Kept {
    /// Has the secondary keep these zones in step and no others, and asks their primaries now.
    fn check(&self, zones: &[Arc<Zone>]) {
        let mut known = self.incoming.lock().unwrap_or_else(PoisonError::into_inner);
        let names: HashSet<_> = zones.iter().map(|zone| zone.name().to_name()).collect();
        for gone in known.difference(&names) {
            self.secondary.remove(gone.as_ref());
            self.resting.rest(gone);
        }
        for zone in zones {
            let Some(config) = zone.incoming() else { continue };
            let name = zone.name();
            self.resting.expect(name.to_name());
            if known.contains(&config.name) {
                if let Some(shrunk) = zone.confirm_shrunk() {
                    tracing::info!(zone = %name, records = shrunk.records, "confirmed: fewer records are taken next time");
                }
                self.secondary.replace(config);
                if !self.ask_all(name) {
                    self.resting.rest(&name.to_name());
                }
            } else {
                self.follow(zone, config);
            }
        }
        *known = names;
    }

    /// Has the secondary keep another zone in step.
    fn follow(&self, zone: &Zone, config: ZoneConfig<Hmac>) {
        self.secondary.add(config, zone.state());
        if zone.is_ours() {
            // Its serial says nothing of what its primaries have by that one.
            self.secondary.force(zone.name());
        }
    }

    /// Has all primaries of a zone asked now. Whether that comes to something.
    fn ask_all(&self, zone: NameRef<'_>) -> bool {
        // A NOTIFY from nowhere.
        self.secondary.notify(zone, IpAddr::V4(Ipv4Addr::UNSPECIFIED), None)
    }

    /// A zone, or what it is linked to, is another, or new, or gone.
    fn change_zone(&self, objects: &Objects, id: Id, name: &Name) {
        let before = self.registry.zone(name.as_ref()).and_then(|zone| zone.incoming());
        let zone = self.registry.change_zone(objects, id, name.as_ref());
        if let Some(zone) = zone.as_ref().filter(|zone| zone.is_due()).cloned() {
            // It waits for the store; who changes the zone before that has it begin.
            tokio::task::spawn_blocking(move || zone.bring_about());
        }
        let mut known = self.incoming.lock().unwrap_or_else(PoisonError::into_inner);
        match zone.as_ref().and_then(|zone| Some((zone, zone.incoming()?))) {
            Some((zone, config)) => {
                if known.insert(name.clone()) {
                    self.follow(zone, config);
                } else {
                    let same = before.is_some_and(|before| is_same(&before, &config));
                    self.secondary.replace(config);
                    if !same {
                        // It may have failed for what is another now.
                        self.ask_all(name.as_ref());
                    }
                }
            }
            None => {
                if known.remove(name) {
                    self.secondary.remove(name.as_ref());
                    self.resting.rest(name);
                }
            }
        }
        if zone.is_none_or(|zone| zone.targets().is_empty()) {
            self.sender.forget(name.as_ref());
        }
    }

    /// Tells the peers of a zone of its version, if there is one.
    fn notify(&self, name: NameRef<'_>) {
        let Some(zone) = self.registry.zone(name) else { return };
        if let Some(version) = zone.version() {
            self.sender.notify(&version, zone.targets());
        }
    }
}

/// Whether a zone comes from the same primaries as before, in the same way.
fn is_same(before: &ZoneConfig<Hmac>, now: &ZoneConfig<Hmac>) -> bool {
    let key = |primary: &PrimaryAddr<Hmac>| primary.key.as_ref().map(Arc::as_ptr);
    let told = |primary: &PrimaryAddr<Hmac>| (primary.addr, primary.ixfr, key(primary));
    before.policy == now.policy && before.primaries.iter().map(told).eq(now.primaries.iter().map(told))
}

impl Applied for Kept {
    fn apply(&self, objects: &Objects, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Access(account) => self.registry.change_access(objects, *account),
                Effect::Zone { id, name } => {
                    self.change_zone(objects, *id, name);
                    self.signals.zone(*id);
                }
                Effect::Notify(name) => self.notify(name.as_ref()),
                Effect::ClearBacklog(name) => {
                    if let Some(zone) = self.registry.zone(name.as_ref()) {
                        zone.clear_backlog();
                    }
                }
                Effect::ForceAxfr(name) => {
                    self.secondary.force(name.as_ref());
                }
                Effect::TestWebhook(webhook) => self.signals.test(*webhook),
            }
        }
    }
}

/// Acts upon what the zones tell.
struct Acting {
    registry: Arc<Registry>,
    secondary: Secondary<Registry>,
    sender: NotifySender<Registry>,
    resting: Arc<Resting>,
    signals: Arc<Signals>,
    notify_delay: Arc<AtomicU64>,
}

impl Acting {
    async fn run(self, mut events: mpsc::UnboundedReceiver<Event>) {
        let mut announcing = Announcing::default();
        loop {
            let due = async {
                match announcing.deadline() {
                    Some(end) => sleep_until(end.into()).await,
                    None => pending().await,
                }
            };
            let event = tokio::select! {
                event = events.recv() => event,
                () = due => {
                    while let Some(zone) = announcing.due(Instant::now(), self.notify_delay()) {
                        self.announce(&zone);
                    }
                    continue;
                }
            };
            match event {
                Some(Event::Changed(zone)) => {
                    if announcing.change(&zone, Instant::now(), self.notify_delay()) {
                        self.announce(&zone);
                    }
                    if let Some(zone) = self.registry.zone(zone.as_ref()) {
                        self.signals.zone(zone.id());
                    }
                }
                Some(Event::Notified { zone, from, serial }) => {
                    self.secondary.notify(zone.as_ref(), from, serial);
                }
                Some(Event::Heard(zone)) => self.signals.zone(zone),
                Some(Event::Rested(zone)) => self.resting.rest(&zone),
                None => return,
            }
        }
    }

    fn notify_delay(&self) -> Duration {
        Duration::from_millis(self.notify_delay.load(Ordering::Relaxed))
    }

    /// Tells the peers of a zone of the version that is served now.
    fn announce(&self, zone: &Name) {
        if let Some(zone) = self.registry.zone(zone.as_ref())
            && let Some(version) = zone.version()
        {
            self.sender.notify(&version, zone.targets());
        }
    }
}

/// What is taken from primaries, and how long they are waited for.
pub(crate) fn secondary_limits(limits: &Limits) -> SecondaryLimits {
    SecondaryLimits {
        transfers: limits.max_transfers_in,
        transfers_per_primary: limits.max_transfers_per_peer,
        timeouts: Timeouts {
            progress: Duration::from_secs(limits.progress_seconds),
            transfer: Duration::from_secs(limits.max_transfer_seconds),
            ..Timeouts::default()
        },
        transfer: transfer::Limits {
            octets: limits.max_zone_octets,
            records: limits.max_zone_records,
            ..transfer::Limits::default()
        },
        build: BuildLimits::default(),
        ..SecondaryLimits::default()
    }
}
