//! The daemon: `zxfrd serve`.
//!
//! | module | holds |
//! |---|---|
//! | `listeners` | the sockets that are served, changed without a break |
//! | `management` | the management API on its socket |
//! | `signals` | what the system asks for |

mod listeners;
mod management;
mod signals;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use zxfr_io::{Primary, ServeLimits};

use crate::alerts::Alerts;
use crate::catalog::Catalog;
use crate::config::{self, Answers, Api, Config, ConfigError, Limits};
use crate::logging;
use crate::node::Node;
use crate::store;
use listeners::Listeners;
use management::Management;
use signals::{Signal, Signals};

/// The configuration file that is read when none is named and it is there.
pub const DEFAULT_CONFIG: &str = "zxfrd.toml";
/// How long transfers under way may go on once the daemon is to stop.
const GRACE: Duration = Duration::from_secs(3);
/// How long is waited for work that can't be interrupted, such as reading a zone file.
const LAST_GRACE: Duration = Duration::from_secs(1);
/// Exit status for a configuration that can't be used.
const BAD_CONFIG: u8 = 2;

/// Runs the daemon until it is told to stop.
#[must_use]
pub fn serve(config: Option<&Path>, format: logging::Format) -> ExitCode {
    logging::start(format);
    let loaded = match load_config(config) {
        Ok(loaded) => loaded,
        Err(error) => {
            for problem in &error.0 {
                tracing::error!("{problem}");
            }
            return ExitCode::from(BAD_CONFIG);
        }
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = match runtime.enable_all().max_blocking_threads(blocking_threads()).build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = match runtime.block_on(Service::run(config.map(Path::to_owned), &loaded)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            tracing::error!("cannot start: {reason}");
            ExitCode::FAILURE
        }
    };
    runtime.shutdown_timeout(LAST_GRACE);
    code
}

/// How many threads read files and put zones together, besides those that do I/O. None waits for a peer, so that many more than
/// the processors can work at would only take memory; but some wait for the store.
fn blocking_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).saturating_mul(4).saturating_add(16)
}

/// The configuration file that is named, with the token of [`Api::TOKEN_VARIABLE`] if that is set; else [`DEFAULT_CONFIG`] if it is there; else the built-in defaults.
///
/// # Errors
/// The problems of the file.
pub fn load_config(path: Option<&Path>) -> Result<Config, ConfigError> {
    let mut config = match path {
        Some(path) => config::load(path)?,
        None if Path::new(DEFAULT_CONFIG).exists() => config::load(Path::new(DEFAULT_CONFIG))?,
        None => Config::default(),
    };
    if let Ok(secret) = std::env::var(Api::TOKEN_VARIABLE) {
        config.api.admit(&secret);
    }
    Ok(config)
}

/// A daemon that runs.
struct Service {
    config: Option<PathBuf>,
    catalog: Catalog,
    node: Node,
    listeners: tokio::sync::Mutex<Listeners>,
    management: tokio::sync::Mutex<Management>,
    /// How webhooks are posted to.
    alerts: config::Alerts,
    serving: Serving,
}

/// The limits that are fixed when the daemon starts.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Serving {
    connections: usize,
    transfers_in: usize,
    transfers_per_peer: usize,
    zone: (u64, u64),
    idle: u64,
    progress: u64,
    transfer: u64,
}

impl Service {
    async fn run(path: Option<PathBuf>, config: &Config) -> Result<(), String> {
        let store = store::open(&config.store).await.map_err(|error| error.to_string())?;
        let (catalog, problems) = Catalog::open(store, config).await.map_err(|error| error.to_string())?;
        tell(&problems);
        let objects = catalog.read().clone();
        let node =
            Node::start(&objects, &config.limits, catalog.store().clone()).await.map_err(|error| error.to_string())?;
        drop(objects);
        node.set_notify_delay(config.dns.notify_delay_milliseconds);
        node.registry().set_answers_anyone(config.dns.answer == Answers::Anyone);
        catalog.tell(node.applied());
        let serving = Serving::new(&config.limits);
        let primary = Primary::new(node.registry().clone(), serving.limits());
        let mut signals = Signals::new().map_err(|error| format!("signals: {error}"))?;
        let mut listeners = Listeners::new(primary);
        listeners.listen(&config.dns.listen)?;
        node.announce();
        let management = Management::start(&config.api, catalog.clone(), node.live(), GRACE).await?;
        let alerts = Alerts::start(&config.alerts, catalog.clone(), node.live(), node.signals())?;
        let (listeners, management) = (listeners.into(), management.into());
        let service = Arc::new(Self {
            config: path,
            catalog,
            node,
            listeners,
            management,
            alerts: config.alerts.clone(),
            serving,
        });

        // Loading, at the start and again, goes on beside the signals: the daemon can always be stopped.
        let again = Arc::new(Notify::new());
        let loading = tokio::spawn({
            let (service, again) = (service.clone(), again.clone());
            async move { service.load(&again).await }
        });
        loop {
            match signals.next().await {
                Signal::Reload => {
                    tracing::info!("SIGHUP: reading configuration and zone files again");
                    again.notify_one();
                }
                Signal::Stop(name) => {
                    tracing::info!("{name}: stopping");
                    break;
                }
            }
        }
        loading.abort();
        // Nobody is told of what ends now.
        drop(alerts);
        let (mut listeners, mut management) = (service.listeners.lock().await, service.management.lock().await);
        tokio::join!(listeners.stop(GRACE), management.stop());
        drop((listeners, management));
        // What is stored by now is durable anyway.
        let ending = async {
            service.node.stop().await;
            service.catalog.store().close().await;
        };
        if tokio::time::timeout(LAST_GRACE, ending).await.is_err() {
            tracing::warn!("the store takes too long: what was under way to it may not be there");
        }
        tracing::info!("stopped");
        Ok(())
    }

    /// Loads all zones, now and whenever told again. Never ends.
    async fn load(&self, again: &Notify) {
        let mut what = "started";
        loop {
            let mut failed = self.node.load().await;
            // A primary may keep its zone waiting for long: whoever says so again isn't.
            tokio::select! {
                behind = self.node.rested() => {
                    failed += behind;
                    let zones = self.node.registry().zones().len();
                    tracing::info!(zones, failed, "{what}");
                    what = "reloaded";
                    again.notified().await;
                }
                () = again.notified() => {}
            }
            while !self.configure().await {
                again.notified().await;
            }
        }
    }

    /// Reads the configuration again. A bad one changes nothing. Gives whether it was good.
    async fn configure(&self) -> bool {
        let path = self.config.clone();
        let config = match tokio::task::spawn_blocking(move || load_config(path.as_deref())).await {
            Ok(Ok(config)) => config,
            Ok(Err(error)) => {
                for problem in &error.0 {
                    tracing::error!("{problem}");
                }
                tracing::error!("configuration not taken: everything stays as it was");
                return false;
            }
            Err(_) => return false,
        };
        let mut listeners = self.listeners.lock().await;
        if let Err(reason) = listeners.listen(&config.dns.listen) {
            tracing::error!("configuration not taken: {reason}: everything stays as it was");
            return false;
        }
        tell(&self.catalog.configure(&config).await);
        let objects = self.catalog.read().clone();
        self.node.set_notify_delay(config.dns.notify_delay_milliseconds);
        self.node.registry().set_answers_anyone(config.dns.answer == Answers::Anyone);
        self.node.configure(&objects, &config.limits).await;
        listeners.retain(&config.dns.listen);
        drop(listeners);
        if self.management.lock().await.differs(&config.api) {
            tracing::warn!("listen, TLS and rates of [api] change when the daemon is started again");
        }
        if config.alerts != self.alerts {
            tracing::warn!("what stands under [alerts] changes when the daemon is started again");
        }
        if Serving::new(&config.limits) != self.serving {
            tracing::warn!(
                "max_connections, idle_seconds, progress_seconds, max_transfer_seconds, and what bounds incoming transfers \
                 change when the daemon is started again"
            );
        }
        true
    }
}

/// Tells what can't be taken.
fn tell(problems: &[String]) {
    for problem in problems {
        tracing::error!("{problem}");
    }
}

impl Serving {
    fn new(limits: &Limits) -> Self {
        Self {
            connections: limits.max_connections,
            transfers_in: limits.max_transfers_in,
            transfers_per_peer: limits.max_transfers_per_peer,
            zone: (limits.max_zone_octets, limits.max_zone_records),
            idle: limits.idle_seconds,
            progress: limits.progress_seconds,
            transfer: limits.max_transfer_seconds,
        }
    }

    fn limits(self) -> ServeLimits {
        ServeLimits {
            connections: self.connections,
            idle: Duration::from_secs(self.idle),
            progress: Duration::from_secs(self.progress),
            transfer: Duration::from_secs(self.transfer),
            ..ServeLimits::default()
        }
    }
}
