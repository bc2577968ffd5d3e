//! A zone as configured, and the version that is held of it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::Unserved;
use zxfr_core::tsig::Key;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::zone::Version;

use super::access::{Known, Outgoing};
use crate::config::{self, Config};

/// A zone of the daemon.
#[derive(Debug)]
pub struct Zone {
    name: Name,
    source: Source,
    outgoing: Option<Outgoing>,
    held: Arc<Held>,
}

/// Where a zone comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A zone file.
    File(PathBuf),
    /// Transfers from these, tried in this order.
    Incoming(Vec<Primary>),
}

/// A server that a zone is transferred from.
#[derive(Clone, Debug)]
pub struct Primary {
    /// Its address.
    pub addr: SocketAddr,
    /// The key that requests are signed with.
    pub key: Option<Key<Hmac>>,
}

/// What is held of a zone, whatever the configuration says of it.
#[derive(Debug, Default)]
pub(super) struct Held {
    current: RwLock<Option<Current>>,
    /// Held by whoever loads or transfers the zone: one at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Debug)]
struct Current {
    version: Arc<Version>,
    /// When a primary last said that this is the newest version.
    checked: Instant,
}

impl Zone {
    pub(super) fn new(entry: &config::Zone, config: &Config, keys: &[Key<Hmac>], held: Arc<Held>) -> Self {
        let key = |peer: &config::Peer| peer.tsig.and_then(|position| keys.get(position)).cloned();
        let peers = |positions: &[usize]| -> Vec<config::Peer> {
            positions.iter().filter_map(|position| config.peers.get(*position)).cloned().collect()
        };
        let source = match &entry.source {
            config::Source::File(path) => Source::File(path.clone()),
            config::Source::Incoming(positions) => {
                let primary =
                    |peer: &config::Peer| Primary { addr: SocketAddr::new(peer.ip, peer.port), key: key(peer) };
                Source::Incoming(peers(positions).iter().map(primary).collect())
            }
        };
        let outgoing = entry.outgoing.as_ref().filter(|outgoing| outgoing.enabled).map(|outgoing| {
            let linked = |peer: &config::Peer| (peer.ip, key(peer).map(|key| key.name().to_name()));
            Outgoing::new(peers(&outgoing.peers).iter().map(linked))
        });
        Self { name: entry.name.clone(), source, outgoing, held }
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

    /// The version that is held, expired or not.
    #[must_use]
    pub fn version(&self) -> Option<Arc<Version>> {
        self.current().map(|current| current.version)
    }

    /// Holds another version from now on. Transfers under way stay with theirs.
    pub fn replace(&self, version: Arc<Version>) {
        let current = Current { version, checked: Instant::now() };
        *self.held.current.write().unwrap_or_else(PoisonError::into_inner) = Some(current);
    }

    /// Notes that a primary has nothing newer.
    pub fn mark_checked(&self) {
        if let Some(current) = &mut *self.held.current.write().unwrap_or_else(PoisonError::into_inner) {
            current.checked = Instant::now();
        }
    }

    /// Waits until nobody else loads or transfers the zone.
    pub async fn turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.held.turn.clone().lock_owned().await
    }

    /// The version to answer from.
    pub(super) fn served(&self) -> Result<Arc<Version>, Unserved> {
        let Current { version, checked } = self.current().ok_or(Unserved::NotLoaded)?;
        match self.source {
            Source::Incoming(_) if checked.elapsed() >= expiry(&version) => Err(Unserved::Expired),
            _ => Ok(version),
        }
    }

    pub(super) fn admits(&self, addr: IpAddr, known: &Known) -> bool {
        self.outgoing.as_ref().is_some_and(|outgoing| outgoing.admits(addr, known))
    }

    pub(super) fn key_admits(&self, addr: IpAddr, key: Option<NameRef<'_>>) -> bool {
        self.outgoing.as_ref().is_some_and(|outgoing| outgoing.key_admits(addr, key))
    }

    pub(super) fn held(&self) -> Arc<Held> {
        self.held.clone()
    }

    fn current(&self) -> Option<Current> {
        self.held.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How long a version is served without a word from a primary: the SOA's EXPIRE (RFC 1034 §4.3.5), but never less than
/// REFRESH and RETRY together, which it has to be greater than (RFC 1912 §2.2): no secondary could hold the zone otherwise.
fn expiry(version: &Version) -> Duration {
    let seconds = version.soa().soa().map_or(0, |soa| soa.expire.max(soa.refresh.saturating_add(soa.retry)));
    Duration::from_secs(seconds.into())
}
