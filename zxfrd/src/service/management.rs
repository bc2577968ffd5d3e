//! The management API on its socket.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::api::{Api, BASE, Listener, Live, Rate, Settings, Tls};
use crate::catalog::Catalog;
use crate::config;

/// Connections at once. Those that come besides wait to be taken.
const CONNECTIONS: usize = 512;

/// The API while it is served.
pub(super) struct Management {
    config: config::Api,
    stop: watch::Sender<bool>,
    grace: Duration,
    task: JoinHandle<()>,
}

impl Management {
    /// Serves it where the configuration says. When it ends, requests under way get so long.
    ///
    /// # Errors
    /// When its address or certificate can't be had.
    pub(super) async fn start(
        config: &config::Api,
        catalog: Catalog,
        live: Arc<dyn Live>,
        grace: Duration,
    ) -> Result<Self, String> {
        let tls = config.tls.as_ref().map(|tls| Tls::read(&tls.cert, &tls.key)).transpose()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let cannot = |error| format!("API: listen on {}: {error}", config.listen);
        let listener = Listener::bind(config.listen, tls, CONNECTIONS).await.map_err(cannot)?;
        let addr = listener.local_addr().map_err(cannot)?;
        let rate = Rate { burst: config.requests_at_once, per_second: config.requests_per_second };
        let records_at_once = usize::try_from(config.records_at_once).unwrap_or(usize::MAX);
        let without_token = catalog.read().tokens().next().is_none();
        let import_octets = usize::try_from(config.import_octets).unwrap_or(usize::MAX);
        let api = Api::new(catalog, live, Settings { rate, records_at_once, import_octets, ..Settings::default() });
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(listener.serve(api.router(), stopped, grace));
        tracing::info!(url = %format_args!("{scheme}://{addr}{BASE}"), "management API");
        if without_token {
            tracing::warn!("no token opens the management API: set {} or [api] tokens", config::Api::TOKEN_VARIABLE);
        }
        Ok(Self { config: config.clone(), stop, grace, task })
    }

    /// Whether another configuration needs another start.
    pub(super) fn differs(&self, config: &config::Api) -> bool {
        let config::Api {
            listen,
            accounts: _,
            tokens: _,
            tls,
            records_at_once,
            import_octets,
            requests_at_once,
            requests_per_second,
        } = &self.config;
        (listen, tls, records_at_once, import_octets, requests_at_once, requests_per_second)
            != (
                &config.listen,
                &config.tls,
                &config.records_at_once,
                &config.import_octets,
                &config.requests_at_once,
                &config.requests_per_second,
            )
    }

    /// Takes no more requests, and lets those under way end.
    pub(super) async fn stop(&mut self) {
        self.stop.send_replace(true);
        // The listener itself bounds it; this is for one that doesn't come to that.
        let _ = tokio::time::timeout(self.grace.saturating_mul(2), &mut self.task).await;
        self.task.abort();
    }
}
