//! A node: zones kept in step with their files and primaries. `zxfrd serve` runs one, the demo two; sockets for those who
//! ask are theirs.
//!
//! | module | holds |
//! |---|---|
//! | `files` | zone files: all when told, those that are watched when they change |
//! | `resting` | which zones have work under way that is waited for |

mod files;
mod resting;

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use zxfr_core::name::Name;
use zxfr_core::transfer;
use zxfr_core::tsig::KeyError;
use zxfr_core::zone::BuildLimits;
use zxfr_io::notify::{NotifyLimits, NotifySender};
use zxfr_io::{Secondary, SecondaryLimits, Timeouts};

use crate::config::{Config, Limits};
use crate::files::Cause;
use crate::registry::{Event, Registry, Zone};
use resting::Resting;

/// Zones, and what keeps them in step. All of it ends when it is dropped.
pub(crate) struct Node {
    registry: Arc<Registry>,
    secondary: Secondary<Registry>,
    sender: NotifySender<Registry>,
    /// The zones that the secondary knows.
    incoming: Mutex<HashSet<Name>>,
    resting: Arc<Resting>,
    _tasks: JoinSet<()>,
}

impl Node {
    /// The zones of a configuration. Nothing is loaded or transferred before [`Node::load`]. To be called within a runtime.
    ///
    /// # Errors
    /// When a key of the configuration is none.
    pub(crate) fn start(config: &Config) -> Result<Self, KeyError> {
        let (sender, events) = mpsc::unbounded_channel();
        let registry = Arc::new(Registry::new(config, sender)?);
        let secondary = Secondary::new(registry.clone(), secondary_limits(&config.limits));
        let resting = Arc::new(Resting::default());
        let mut tasks = JoinSet::new();
        let sender = NotifySender::new(registry.clone(), NotifyLimits::default());
        tasks.spawn(act(events, registry.clone(), secondary.clone(), sender.clone(), resting.clone()));
        let sending = sender.clone();
        tasks.spawn(async move { sending.run().await });
        tasks.spawn(files::watch(registry.clone()));
        let running = secondary.clone();
        tasks.spawn(async move { running.run().await });
        Ok(Self { registry, secondary, sender, incoming: Mutex::default(), resting, _tasks: tasks })
    }

    /// The zones.
    pub(crate) const fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// Changes to another configuration. What it says of zones to be loaded or transferred counts from the next
    /// [`Node::load`] on.
    ///
    /// # Errors
    /// When a key of the configuration is none; then nothing has changed.
    pub(crate) fn configure(&self, config: &Config) -> Result<(), KeyError> {
        let before = self.registry.zones();
        self.registry.configure(config)?;
        for gone in before.iter().filter(|zone| self.registry.zone(zone.name()).is_none()) {
            self.sender.forget(gone.name());
        }
        Ok(())
    }

    /// Loads all zone files that have changed, and has all primaries asked. What was held back because it has too few records
    /// is taken now. Gives how many zones are not what their file says.
    pub(crate) async fn load(&self) -> u64 {
        let (incoming, from_files): (Vec<_>, Vec<_>) =
            self.registry.zones().into_iter().partition(|zone| zone.incoming().is_some());
        self.check(&incoming);
        files::load_all(&self.registry, from_files, Cause::Told).await
    }

    /// Waits until all primaries that were asked have answered or not, and all that is new is transferred. Gives how many
    /// zones are not in step.
    pub(crate) async fn rested(&self) -> u64 {
        self.resting.wait().await;
        let zones = self.registry.zones();
        let statuses =
            zones.iter().filter(|zone| zone.incoming().is_some()).map(|zone| self.secondary.status(zone.name()));
        let behind = statuses
            .filter(|status| status.as_ref().is_none_or(|status| status.serial.is_none() || status.failure.is_some()));
        behind.count() as u64
    }

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
                // A NOTIFY from nowhere: all are asked.
                if !self.secondary.notify(name, IpAddr::V4(Ipv4Addr::UNSPECIFIED), None) {
                    self.resting.rest(&name.to_name());
                }
            } else {
                self.secondary.add(config, zone.state());
            }
        }
        *known = names;
    }
}

/// Acts upon what the zones tell.
async fn act(
    mut events: mpsc::UnboundedReceiver<Event>,
    registry: Arc<Registry>,
    secondary: Secondary<Registry>,
    sender: NotifySender<Registry>,
    resting: Arc<Resting>,
) {
    while let Some(event) = events.recv().await {
        match event {
            Event::Changed(zone) => {
                if let Some(zone) = registry.zone(zone.as_ref())
                    && let Some(version) = zone.version()
                {
                    sender.notify(&version, zone.targets());
                }
            }
            Event::Notified { zone, from, serial } => {
                secondary.notify(zone.as_ref(), from, serial);
            }
            Event::Rested(zone) => resting.rest(&zone),
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
