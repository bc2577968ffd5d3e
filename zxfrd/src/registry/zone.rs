//! A zone as configured, and the version that is held of it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use zxfr_core::journal::Answer;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::Unserved;
use zxfr_core::serial::Serial;
use zxfr_core::tsig::Key;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::zone::{Change, Version};

use super::access::{Known, Outgoing};
use super::held::{Current, Held, LastRead};
use super::shrink::Shrunk;
use crate::config::{self, Config, ZoneFile};

/// A zone of the daemon.
#[derive(Debug)]
pub struct Zone {
    name: Name,
    source: Source,
    max_shrink_percent: u8,
    outgoing: Option<Outgoing>,
    held: Arc<Held>,
}

/// Where a zone comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A zone file.
    File(ZoneFile),
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

impl Zone {
    pub(super) fn new(entry: &config::Zone, config: &Config, keys: &[Key<Hmac>], held: Arc<Held>) -> Self {
        let key = |peer: &config::Peer| peer.tsig.and_then(|position| keys.get(position)).cloned();
        let peers = |positions: &[usize]| -> Vec<config::Peer> {
            positions.iter().filter_map(|position| config.peers.get(*position)).cloned().collect()
        };
        let source = match &entry.source {
            config::Source::File(file) => Source::File(file.clone()),
            config::Source::Incoming(incoming) => {
                let primary =
                    |peer: &config::Peer| Primary { addr: SocketAddr::new(peer.ip, peer.port), key: key(peer) };
                Source::Incoming(peers(&incoming.peers).iter().map(primary).collect())
            }
        };
        let outgoing = entry.outgoing.as_ref().filter(|outgoing| outgoing.enabled).map(|outgoing| {
            let linked = |peer: &config::Peer| (peer.ip, key(peer).map(|key| key.name().to_name()));
            Outgoing::new(peers(&outgoing.peers).iter().map(linked))
        });
        Self { name: entry.name.clone(), source, max_shrink_percent: entry.max_shrink_percent, outgoing, held }
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
        self.held.current().map(|current| current.version)
    }

    /// Serves this version from now on. Transfers under way stay with theirs. The work grows with the zone, so it is not
    /// for a thread that others wait for.
    ///
    /// # Errors
    /// When it has lost too many records and that is not confirmed; then nothing has changed.
    pub fn publish(&self, newer: Version) -> Result<Arc<Version>, Shrunk> {
        let before = self.version();
        let (version, delta) = match before.as_ref().map(|before| before.diff(&newer)) {
            Some(Ok(delta)) => (newer, Some(Arc::new(delta))),
            // Nothing to begin with, or another zone, which can't be.
            None | Some(Err(_)) => (newer, None),
        };
        let version = Arc::new(version);
        self.held.put(version.clone(), delta.as_slice(), self.max_shrink_percent)?;
        Ok(version)
    }

    /// Confirms that the records which the version that was held back last has less are to go. Gives what was said of it.
    pub fn confirm_shrunk(&self) -> Option<Shrunk> {
        self.held.confirm()
    }

    /// Notes that a primary has nothing newer.
    pub fn mark_checked(&self) {
        self.held.mark_checked();
    }

    /// Waits until nobody else loads or transfers the zone.
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

    /// What leads from this serial to this version.
    pub(super) fn answer(&self, version: &Arc<Version>, from: Serial) -> Answer {
        self.held.answer(version, from)
    }

    /// Whether this address may send NOTIFY for it: that of a primary, or one of an ACL.
    pub(super) fn admits_notify(&self, addr: IpAddr, known: &Known) -> bool {
        let Source::Incoming(primaries) = &self.source else {
            return false;
        };
        primaries.iter().any(|primary| primary.addr.ip().to_canonical() == addr) || known.in_acl(addr)
    }

    /// Serves what was transferred from now on.
    ///
    /// # Errors
    /// When it has lost too many records and that is not confirmed; then nothing has changed.
    pub fn install(&self, change: Change) -> Result<(), Shrunk> {
        self.held.put(change.version, &change.deltas, self.max_shrink_percent)
    }

    /// The version to answer from.
    pub(super) fn served(&self) -> Result<Arc<Version>, Unserved> {
        let Current { version, checked } = self.held.current().ok_or(Unserved::NotLoaded)?;
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
}

/// How long a version is served without a word from a primary: the SOA's EXPIRE (RFC 1034 §4.3.5), but never less than
/// REFRESH and RETRY together, which it has to be greater than (RFC 1912 §2.2): no secondary could hold the zone otherwise.
fn expiry(version: &Version) -> Duration {
    let seconds = version.soa().soa().map_or(0, |soa| soa.expire.max(soa.refresh.saturating_add(soa.retry)));
    Duration::from_secs(seconds.into())
}
