//! A zone as configured, and the version that is held of it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use zxfr_core::journal::Answer;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::Unserved;
use zxfr_core::refresh::{Backward, Bounds, Policy, State};
use zxfr_core::serial::Serial;
use zxfr_core::tsig::Key;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::zone::{BuildError, Change, Delta, Version};
use zxfr_io::notify::Target;
use zxfr_io::secondary::{PrimaryAddr, ZoneConfig};

use super::access::{Known, Outgoing};
use super::event::Event;
use super::held::{Held, LastRead, Rendering, Standing, Transferred};
use super::shrink::Shrunk;
use crate::config::{self, Config, SerialBackward, ZoneFile};

/// How many checks in a row have to say that the serial went backwards before it is believed.
const CONFIRMATIONS: u8 = 2;

/// A zone of the daemon.
#[derive(Debug)]
pub struct Zone {
    name: Name,
    source: Source,
    max_shrink_percent: u8,
    outgoing: Option<Outgoing>,
    targets: Vec<Target<Hmac>>,
    events: mpsc::UnboundedSender<Event>,
    held: Arc<Held>,
}

/// Where a zone comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A zone file.
    File(ZoneFile),
    /// Transfers from these, and when.
    Incoming(Vec<PrimaryAddr<Hmac>>, Policy),
}

/// Why a version was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// It has lost too many records, and that is not confirmed.
    Shrunk(Shrunk),
    /// It is none of this zone.
    Build(BuildError),
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shrunk(shrunk) => shrunk.fmt(f),
            Self::Build(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PublishError {}

impl Zone {
    pub(super) fn new(
        entry: &config::Zone,
        config: &Config,
        keys: &[Arc<Key<Hmac>>],
        held: Arc<Held>,
        events: mpsc::UnboundedSender<Event>,
    ) -> Self {
        let key = |peer: &config::Peer| peer.tsig.and_then(|position| keys.get(position)).cloned();
        let peers = |positions: &[usize]| -> Vec<config::Peer> {
            positions.iter().filter_map(|position| config.peers.get(*position)).cloned().collect()
        };
        let addr = |peer: &config::Peer| SocketAddr::new(peer.ip, peer.port);
        let source = match &entry.source {
            config::Source::File(file) => Source::File(file.clone()),
            config::Source::Incoming(incoming) => {
                let primary =
                    |peer: &config::Peer| PrimaryAddr { addr: addr(peer), key: key(peer), ixfr: peer.ixfr_enable };
                let primaries = peers(&incoming.peers).iter().map(primary).collect();
                Source::Incoming(primaries, policy(incoming, &config.limits))
            }
        };
        let (mut outgoing, mut targets) = (None, Vec::new());
        if let Some(entry) = entry.outgoing.as_ref().filter(|outgoing| outgoing.enabled) {
            let linked = peers(&entry.peers);
            let admitted = |peer: &config::Peer| (peer.ip, key(peer).map(|key| key.name().to_name()));
            outgoing = Some(Outgoing::new(linked.iter().map(admitted)));
            targets = linked.iter().map(|peer| Target { addr: addr(peer), key: key(peer) }).collect();
        }
        let (name, max_shrink_percent) = (entry.name.clone(), entry.max_shrink_percent);
        Self { name, source, max_shrink_percent, outgoing, targets, events, held }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> NameRef<'_> {
        self.name.as_ref()
    }

    /// Where it comes from.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// Who is told of new versions.
    #[must_use]
    pub fn targets(&self) -> &[Target<Hmac>] {
        &self.targets
    }

    /// How it is kept in step, if it is transferred.
    #[must_use]
    pub fn incoming(&self) -> Option<ZoneConfig<Hmac>> {
        match &self.source {
            Source::File(_) => None,
            Source::Incoming(primaries, policy) => {
                Some(ZoneConfig { name: self.name.clone(), primaries: primaries.clone(), policy: *policy })
            }
        }
    }

    /// The version that is held, expired or not.
    #[must_use]
    pub fn version(&self) -> Option<Arc<Version>> {
        self.held.current()
    }

    /// The last transfer that brought a version, and those to come.
    #[must_use]
    pub fn transfers(&self) -> watch::Receiver<Option<Transferred>> {
        self.held.transferred().subscribe()
    }

    /// Serves this version from now on. Transfers under way stay with theirs. The work grows with the zone, so it is not
    /// for a thread that others wait for.
    ///
    /// # Errors
    /// When it is not taken; then nothing has changed.
    pub fn publish(&self, newer: Version) -> Result<Arc<Version>, PublishError> {
        let (version, delta) = match self.version() {
            Some(before) => {
                let (version, delta) = before.merge(newer).map_err(PublishError::Build)?;
                (version, Some(Arc::new(delta)))
            }
            None => (newer, None),
        };
        let version = Arc::new(version);
        self.put(version.clone(), delta).map_err(PublishError::Shrunk)?;
        Ok(version)
    }

    /// Serves what was transferred from now on.
    ///
    /// # Errors
    /// When it has lost too many records, and that is not confirmed; then nothing has changed.
    pub fn install(&self, change: Change) -> Result<(), Shrunk> {
        self.put(change.version, change.deltas)
    }

    fn put(&self, version: Arc<Version>, deltas: impl IntoIterator<Item = Arc<Delta>>) -> Result<(), Shrunk> {
        let deltas: Vec<_> = deltas.into_iter().collect();
        self.held.put(version, &deltas, self.max_shrink_percent, self.outgoing.is_some())?;
        // Nobody hears it where the zones are all there is.
        let _ = self.events.send(Event::Changed(self.name.clone()));
        Ok(())
    }

    /// Confirms that the records which the version that was held back last has less are to go. Gives what was said of it.
    pub fn confirm_shrunk(&self) -> Option<Shrunk> {
        self.held.confirm()
    }

    /// Gives up what was held back: it is not there any more.
    pub fn forget_shrunk(&self) {
        self.held.forget_shrunk();
    }

    /// Waits until nobody else loads the zone.
    pub async fn turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.held.turn().await
    }

    /// The zone file as it was read last.
    #[must_use]
    pub fn last_read(&self) -> Option<LastRead> {
        self.held.last_read()
    }

    /// Notes how the zone file was read.
    pub fn set_last_read(&self, read: LastRead) {
        self.held.set_last_read(read);
    }

    /// Whether nothing is held of it that may be served: it has expired.
    pub(super) fn is_expired(&self) -> bool {
        matches!(self.source, Source::Incoming(..)) && self.held.standing().expired
    }

    /// What was last said of it to be known in the next run.
    #[must_use]
    pub fn state(&self) -> State {
        self.held.standing().state
    }

    /// Notes how it stands with its primaries. Gives whether it had expired before.
    pub(super) fn set_state(&self, state: State, expired: bool) -> bool {
        self.held.set_standing(Standing { expired, state }).expired
    }

    /// Notes a transfer that brought a version.
    pub(super) fn set_transferred(&self, transferred: Transferred) {
        self.held.transferred().send_replace(Some(transferred));
    }

    /// The version to answer from.
    pub(super) fn served(&self) -> Result<Arc<Version>, Unserved> {
        let version = self.held.current().ok_or(Unserved::NotLoaded)?;
        if self.is_expired() { Err(Unserved::Expired) } else { Ok(version) }
    }

    /// What leads from this serial to this version, if it is known; else it is to be rendered.
    pub(super) fn answer(&self, version: &Arc<Version>, from: Serial) -> Result<Answer, Rendering> {
        self.held.answer(version, from)
    }

    /// Renders an answer. It takes time.
    pub(super) fn render(&self, rendering: Rendering) -> Answer {
        self.held.render(rendering)
    }

    pub(super) fn admits(&self, addr: IpAddr, known: &Known) -> bool {
        self.outgoing.as_ref().is_some_and(|outgoing| outgoing.admits(addr, known))
    }

    pub(super) fn key_admits(&self, addr: IpAddr, key: Option<NameRef<'_>>) -> bool {
        self.outgoing.as_ref().is_some_and(|outgoing| outgoing.key_admits(addr, key))
    }

    /// Whether this address may send NOTIFY for it: that of a primary, or one of an ACL.
    pub(super) fn admits_notify(&self, addr: IpAddr, known: &Known) -> bool {
        let Source::Incoming(primaries, _) = &self.source else {
            return false;
        };
        primaries.iter().any(|primary| primary.addr.ip().to_canonical() == addr) || known.in_acl(addr)
    }

    /// After how many seconds it expires (RFC 7314 §3.2): those left at a secondary, all of the SOA's EXPIRE at a primary.
    pub(super) fn expire(&self, now: u64) -> Option<u32> {
        match self.source {
            Source::File(_) => self.version()?.soa().soa().map(|soa| soa.expire),
            Source::Incoming(..) => {
                let expires = self.state().expires?;
                Some(u32::try_from(expires.0.saturating_sub(now)).unwrap_or(u32::MAX))
            }
        }
    }

    pub(super) fn held(&self) -> Arc<Held> {
        self.held.clone()
    }
}

/// When a zone is checked and what its primaries may do.
fn policy(incoming: &config::Incoming, limits: &config::Limits) -> Policy {
    let default = Policy::default();
    let retry_least = Duration::from_secs(limits.retry_min_seconds.into());
    let backward = match incoming.serial_backward {
        SerialBackward::Ignore => Backward::Ignore,
        SerialBackward::Accept => Backward::Accept { confirmations: CONFIRMATIONS },
    };
    Policy {
        interval: Some(Duration::from_secs(incoming.auto_refresh_seconds.into())),
        retry: Bounds { least: retry_least, ..default.retry },
        initial: Bounds { least: default.initial.least.min(retry_least), ..default.initial },
        backward,
        ..default
    }
}
