//! The daemon: `zxfrd serve`.
//!
//! | module | holds |
//! |---|---|
//! | `files` | zone files: all when told, those that are watched when they change |
//! | `listeners` | the sockets that are served, changed without a break |
//! | `signals` | what the system asks for |

mod files;
mod listeners;
mod signals;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use zxfr_io::{Primary, ServeLimits};

use crate::config::{self, Config, ConfigError, Limits};
use crate::files::Cause;
use crate::incoming;
use crate::logging;
use crate::registry::{Registry, Source};
use listeners::Listeners;
use signals::{Signal, Signals};

/// The configuration file that is read when none is named and it is there.
pub const DEFAULT_CONFIG: &str = "zxfrd.toml";
/// How long transfers under way may go on once the daemon is to stop.
const GRACE: Duration = Duration::from_secs(3);
/// How long is waited for work that can't be interrupted, such as reading a zone file.
const LAST_GRACE: Duration = Duration::from_secs(1);
/// How many incoming zones are looked after at once; how many are transferred at once is a matter of limits.
const ZONES_AT_ONCE: usize = 256;
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
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
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

/// The configuration file that is named; else [`DEFAULT_CONFIG`] if it is there; else the built-in defaults.
///
/// # Errors
/// The problems of the file.
pub fn load_config(path: Option<&Path>) -> Result<Config, ConfigError> {
    match path {
        Some(path) => config::load(path),
        None if Path::new(DEFAULT_CONFIG).exists() => config::load(Path::new(DEFAULT_CONFIG)),
        None => Ok(Config::default()),
    }
}

/// A daemon that runs.
struct Service {
    config: Option<PathBuf>,
    registry: Arc<Registry>,
    listeners: tokio::sync::Mutex<Listeners>,
    serving: Serving,
}

/// The limits that are fixed when the daemon starts.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Serving {
    connections: usize,
    idle: u64,
    progress: u64,
    transfer: u64,
}

impl Service {
    async fn run(path: Option<PathBuf>, config: &Config) -> Result<(), String> {
        let registry = Arc::new(Registry::new(config).map_err(|error| error.to_string())?);
        let serving = Serving::new(&config.limits);
        let primary = Primary::new(registry.clone(), serving.limits());
        let mut signals = Signals::new().map_err(|error| format!("signals: {error}"))?;
        let mut listeners = Listeners::new(primary);
        listeners.listen(&config.dns.listen)?;
        let service = Arc::new(Self { config: path, registry, listeners: listeners.into(), serving });

        // Loading, at the start and again, goes on beside the signals: the daemon can always be stopped.
        let again = Arc::new(Notify::new());
        let loading = tokio::spawn({
            let (service, again) = (service.clone(), again.clone());
            async move {
                service.load_zones("started").await;
                loop {
                    again.notified().await;
                    service.reload().await;
                }
            }
        });
        let watching = tokio::spawn(files::watch(service.registry.clone()));
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
        watching.abort();
        service.listeners.lock().await.stop(GRACE).await;
        tracing::info!("stopped");
        Ok(())
    }

    /// Reads the configuration again, then the zone files, then asks the primaries. A bad configuration changes nothing.
    async fn reload(&self) {
        let path = self.config.clone();
        let config = match tokio::task::spawn_blocking(move || load_config(path.as_deref())).await {
            Ok(Ok(config)) => config,
            Ok(Err(error)) => {
                for problem in &error.0 {
                    tracing::error!("{problem}");
                }
                tracing::error!("configuration not taken: everything stays as it was");
                return;
            }
            Err(_) => return,
        };
        let mut listeners = self.listeners.lock().await;
        if let Err(reason) = listeners.listen(&config.dns.listen) {
            tracing::error!("configuration not taken: {reason}: everything stays as it was");
            return;
        }
        if let Err(error) = self.registry.configure(&config) {
            tracing::error!("configuration not taken: {error}: zones stay as they were");
            return;
        }
        listeners.retain(&config.dns.listen);
        drop(listeners);
        if Serving::new(&config.limits) != self.serving {
            tracing::warn!(
                "max_connections, idle_seconds, and progress_seconds and max_transfer_seconds of outgoing transfers \
                 change when the daemon is started again"
            );
        }
        self.load_zones("reloaded").await;
    }

    /// Loads all zone files and refreshes all incoming zones, and logs when that is done.
    async fn load_zones(&self, what: &'static str) {
        let all = self.registry.zones();
        let zones = all.len();
        let (from_files, incoming): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|zone| matches!(zone.source(), Source::File(_)));
        let asking = Arc::new(Semaphore::new(ZONES_AT_ONCE));
        let mut tasks = JoinSet::new();
        for zone in incoming {
            let (registry, asking) = (self.registry.clone(), asking.clone());
            tasks.spawn(async move {
                let _place = asking.acquire_owned().await;
                incoming::refresh(&registry, &zone).await
            });
        }
        let mut failed = files::load_all(&self.registry, from_files, Cause::Told).await;
        while let Some(outcome) = tasks.join_next().await {
            failed += u64::from(!outcome.unwrap_or(false));
        }
        tracing::info!(zones, failed, "{what}");
    }
}

impl Serving {
    fn new(limits: &Limits) -> Self {
        Self {
            connections: limits.max_connections,
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
