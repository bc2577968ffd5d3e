//! Telling people of trouble: what has come of zones is looked at, and webhooks are posted to as the account's policies say.
//!
//! ```text
//!  node ─► Signals ─► Watch: trouble (on, over, unknown) ─► damping ─► Message ─► Mail: a queue for each webhook ─► post
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `signals` | [`Signals`]: which zones are to be looked at |
//! | `trouble` | what is the matter with a zone |
//! | `signatures` | until when the signatures at a zone's apex hold |
//! | `digests` | whether versions have the digest that they say |
//! | `damping` | when trouble begins and is over, so that what comes and goes is told once |
//! | `message` | what is posted |
//! | `watch` | the task that brings these together |
//! | `mail` | a queue for each webhook, tries and pauses between them |
//! | `post` | one try: HTTP |
//!
//! Nothing depends on events coming one by one: whenever something comes of a zone, all of it is looked at again, and what was
//! not told yet is told. Trouble that was told is in the store, so that its end is told even after a restart.

mod damping;
mod digests;
mod mail;
mod message;
mod post;
mod signals;
mod signatures;
mod trouble;
mod watch;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::api::Live;
use crate::catalog::Catalog;
use crate::config;
use mail::Mail;
use post::Poster;
pub(crate) use signals::Signals;
use watch::Watch;

/// What tells people of trouble. It ends when it is dropped.
pub(crate) struct Alerts {
    _tasks: JoinSet<()>,
}

impl Alerts {
    /// Begins to look at zones as the signals say.
    ///
    /// # Errors
    /// When the certificates that the configuration names can't be read.
    pub(crate) fn start(
        config: &config::Alerts,
        catalog: Catalog,
        live: Arc<dyn Live>,
        signals: Arc<Signals>,
    ) -> Result<Self, String> {
        let poster = Poster::new(config.cacert.as_deref())?;
        let (mail, posted) = Mail::new(catalog.clone(), poster, Duration::from_secs(config.retry_seconds));
        let settle = Duration::from_secs(config.settle_seconds);
        let watch = Watch::new(catalog, live, mail, settle);
        let mut tasks = JoinSet::new();
        tasks.spawn(watch.run(signals, posted));
        Ok(Self { _tasks: tasks })
    }
}
