//! A zone as configured, and the version that is held of it.

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use zxfr_core::edit::Rules;
use zxfr_core::journal::Answer;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::{Refusal, Unserved};
use zxfr_core::refresh::{Backward, Bounds, Policy, State};
use zxfr_core::serial::{Serial, SerialPolicy};
use zxfr_core::time::UnixTime;
use zxfr_core::tsig::Key;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::zone::{BuildError, Change, Delta, Version};
use zxfr_io::notify::Target;
use zxfr_io::secondary::{PrimaryAddr, ZoneConfig};

use super::access::{AccountAccess, Outgoing, tag};
use super::editing::{EditFailure, Edited, Made};
use super::event::Event;
use super::held::{Held, LastRead, NotTaken, Rendering, Standing, Transferred};
use super::initial::initial;
use super::renumber::{Unfit, with_digest};
use super::review::Placed;
use super::shrink::Shrunk;
use super::soa;
use super::standing::Dealings;
use crate::catalog::{self, Id, Objects, Peer, Publishing, Review, Time, ZoneKind, ZonePolicy};
use crate::config::{Limits, SerialBackward, ZoneFile};
use crate::store::{Damaged, StoreError};

/// How many checks in a row have to say that the serial went backwards before it is believed.
const CONFIRMATIONS: u8 = 2;

/// A zone of the daemon.
#[derive(Debug)]
pub struct Zone {
    id: Id,
    account: Id,
    name: Name,
    position: usize,
    kind: ZoneKind,
    policy: Arc<ZonePolicy>,
    source: Source,
    max_shrink_percent: u8,
    outgoing: Option<Outgoing>,
    targets: Vec<Target<Hmac>>,
    links: Links,
    events: mpsc::UnboundedSender<Event>,
    held: Arc<Held>,
}

/// The peers of a zone as the catalog has them, whether they can be spoken to or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    /// Those that it comes from, if it has an incoming configuration.
    pub(crate) incoming: Option<Vec<Arc<Peer>>>,
    /// Whether it is handed out, and to whom, if it has an outgoing configuration.
    pub(crate) outgoing: Option<(bool, Vec<Arc<Peer>>)>,
}

impl Links {
    fn of(objects: &Objects, zone: &catalog::Zone) -> Self {
        let peers =
            |ids: &[Id]| ids.iter().filter_map(|id| objects.peer(zone.account, *id).cloned()).collect::<Vec<_>>();
        Self {
            incoming: objects.incoming(zone).map(|incoming| peers(&incoming.peers)),
            outgoing: objects.outgoing(zone).map(|outgoing| (outgoing.enabled, peers(&outgoing.peers))),
        }
    }
}

/// Where a zone comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A zone file.
    File(ZoneFile),
    /// Transfers from these, and when. There may be none.
    Incoming(Vec<PrimaryAddr<Hmac>>, Policy),
    /// From nowhere: it stays what it is.
    Nowhere,
}

/// Why a version was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// It has lost too many records, and that is not confirmed.
    Shrunk(Shrunk),
    /// It is none of this zone.
    Build(BuildError),
    /// It could not be stored.
    Store(StoreError),
    /// The zone is gone.
    Gone,
    /// It is held until somebody has looked at it.
    Held(Arc<Review>),
    /// It hasn't the digest that it says, in words.
    Digest(String),
    /// Its serial is not newer, and it can't have another one.
    Unfit(Unfit),
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shrunk(shrunk) => shrunk.fmt(f),
            Self::Build(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
            Self::Gone => f.write_str("the zone is gone"),
            Self::Held(review) => write!(f, "held for review: {review}"),
            Self::Digest(what) => write!(f, "not taken, since its digest is wrong: {what}"),
            Self::Unfit(unfit) => unfit.fmt(f),
        }
    }
}

impl std::error::Error for PublishError {}

impl From<NotTaken> for PublishError {
    fn from(not: NotTaken) -> Self {
        match not {
            NotTaken::Shrunk(shrunk) => Self::Shrunk(shrunk),
            NotTaken::Store(error) => Self::Store(error),
            NotTaken::Gone => Self::Gone,
        }
    }
}

impl Zone {
    pub(super) fn new(
        objects: &Objects,
        zone: &catalog::Zone,
        access: &AccountAccess,
        limits: &Limits,
        held: Arc<Held>,
        events: mpsc::UnboundedSender<Event>,
    ) -> Self {
        let peers = |ids: &[Id]| peers(objects, zone, access, ids);
        let source = match (&zone.declared.file, objects.incoming(zone)) {
            (Some(file), _) => Source::File(file.clone()),
            (None, Some(incoming)) => {
                let primary = |Linked { peer, key }: Linked| {
                    Some(PrimaryAddr { addr: peer.addr()?, key, ixfr: peer.ixfr_enable.unwrap_or(false) })
                };
                let primaries = peers(&incoming.peers).into_iter().filter_map(primary).collect();
                Source::Incoming(
                    primaries,
                    policy(incoming.auto_refresh_seconds, zone.declared.serial_backward, limits),
                )
            }
            (None, None) => Source::Nowhere,
        };
        let (mut outgoing, mut targets) = (None, Vec::new());
        if let Some(links) = objects.outgoing(zone).filter(|outgoing| outgoing.enabled) {
            let linked = peers(&links.peers);
            let admitted = |Linked { peer, .. }: &Linked| (peer.addr().map(|addr| addr.ip()), peer.tsig_id);
            outgoing = Some(Outgoing::new(linked.iter().map(admitted)));
            targets = linked
                .into_iter()
                .filter_map(|Linked { peer, key }| Some(Target { addr: peer.addr()?, key }))
                .collect();
        }
        held.set_soa(objects.settings(zone).soa.clone());
        Self {
            id: zone.id,
            account: zone.account,
            name: zone.name.value().clone(),
            position: zone.declared.position,
            kind: zone.kind,
            policy: objects.policy(zone),
            source,
            max_shrink_percent: zone.declared.max_shrink_percent,
            outgoing,
            targets,
            links: Links::of(objects, zone),
            events,
            held,
        }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.id
    }

    /// Whose it is.
    #[must_use]
    pub const fn account(&self) -> Id {
        self.account
    }

    /// Where it stands in the configuration; behind all of them if it doesn't.
    pub(super) const fn position(&self) -> usize {
        self.position
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> NameRef<'_> {
        self.name.as_ref()
    }

    /// Whether its data is ours.
    pub(super) const fn is_full(&self) -> bool {
        matches!(self.kind, ZoneKind::Full)
    }

    /// Where the serials of versions that are made here come from.
    pub(super) fn serial_policy(&self) -> SerialPolicy {
        self.policy.serial
    }

    /// Whether it is a zone whose records are changed here, and nothing is held of it.
    pub(crate) fn begins(&self) -> bool {
        self.read_only().is_none() && self.version().is_none() && self.damaged().is_none()
    }

    /// Has a zone whose records are changed here begin, if nothing is held of it. It waits for the store, so it is for blocking
    /// threads.
    pub(crate) fn begin(&self) {
        if !self.begins() {
            return;
        }
        let now = UnixTime(Time::now().seconds());
        let begun = match initial(self.name(), &self.held.soa(), self.policy.serial, now) {
            Ok(version) => self.held.begin(version).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match begun {
            Ok(true) => {
                self.held.set_ours(true);
                tracing::info!(zone = %self.name(), "the zone begins: it has an SOA and nothing else");
                self.changed();
            }
            Ok(false) => {}
            Err(reason) => tracing::error!(zone = %self.name(), %reason, "the zone can't begin"),
        }
    }

    /// Whether something is to be done to a zone whose records are changed here: it begins, or its SOA isn't what is set for it.
    pub(crate) fn is_due(&self) -> bool {
        self.begins() || self.read_only().is_none() && self.version().is_some_and(|version| self.differs(&version))
    }

    /// Does what is to be done to a zone whose records are changed here. It waits for the store, so it is for blocking threads.
    pub(crate) fn bring_about(&self) {
        self.begin();
        if !self.is_due() {
            return;
        }
        match self.edit::<(), Infallible>(Rules::default(), |_| Ok(Made::new(()))) {
            Ok(Edited { serial, changed: true, .. }) => {
                tracing::info!(zone = %self.name(), %serial, "the SOA is what is set for it");
            }
            Ok(_) | Err(EditFailure::Gone) => {}
            Err(reason) => tracing::error!(zone = %self.name(), %reason, "the SOA can't be what is set for it"),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        soa::other(&self.held.soa(), &version.soa()).is_some()
    }

    /// Whether this address may send UPDATE for it: that of a linked peer, or one of an ACL.
    pub(super) fn admits_update(&self, addr: IpAddr, access: &AccountAccess) -> Result<(), Refusal> {
        if self.read_only().is_some() {
            Err(Refusal::NotPrimary)
        } else if self.policy.update.is_empty() {
            Err(Refusal::NoUpdates)
        } else if access.in_acl(addr) || self.linked().contains(&addr) {
            Ok(())
        } else {
            Err(Refusal::Stranger)
        }
    }

    /// Whether an UPDATE signed with this key is performed.
    pub(super) fn update_key_admits(&self, key: u128) -> bool {
        self.policy.update.iter().any(|tsig| tag(*tsig) == key)
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

    /// Its peers.
    pub(crate) const fn links(&self) -> &Links {
        &self.links
    }

    /// What has been between it and others.
    pub(crate) fn dealings(&self) -> MutexGuard<'_, Dealings> {
        self.held.dealings()
    }

    /// How it is kept in step, if it is transferred.
    #[must_use]
    pub fn incoming(&self) -> Option<ZoneConfig<Hmac>> {
        match &self.source {
            Source::Incoming(primaries, policy) if !primaries.is_empty() => {
                Some(ZoneConfig { name: self.name.clone(), primaries: primaries.clone(), policy: *policy })
            }
            _ => None,
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

    /// Serves this version from now on, once it is durable. Transfers under way stay with theirs. The work grows with the zone,
    /// and it waits for the store, so it is for blocking threads.
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
        let placed = self.put(Arc::new(version), delta)?;
        self.held.set_ours(true);
        match placed {
            Placed::Served(version) => Ok(version),
            Placed::Held(review) => Err(PublishError::Held(review)),
        }
    }

    /// A version with the digest that it has, if the zone's versions are to say theirs.
    #[must_use]
    pub fn digested(&self, version: Version) -> Version {
        if !self.says_digest() {
            return version;
        }
        match with_digest(&version) {
            Ok(Some(digested)) => digested,
            Ok(None) => version,
            Err(reason) => {
                tracing::error!(zone = %self.name(), serial = %version.serial(), %reason, "the version says no digest");
                version
            }
        }
    }

    /// Serves what was transferred from now on, as [`Zone::publish`] does, or holds it for review. It is what the next transfer
    /// differs from, whatever becomes of it.
    ///
    /// # Errors
    /// When it is not taken; then nothing has changed.
    pub fn install(&self, change: Change) -> Result<Placed, PublishError> {
        let placed = self.put(change.version, change.deltas)?;
        self.held.set_ours(false);
        Ok(placed)
    }

    fn put(&self, version: Arc<Version>, deltas: impl IntoIterator<Item = Arc<Delta>>) -> Result<Placed, PublishError> {
        let deltas: Vec<_> = deltas.into_iter().collect();
        self.place(version, &deltas)
    }

    /// Whether its versions are to say their digest.
    pub(super) fn says_digest(&self) -> bool {
        self.policy.zonemd_generate
    }

    /// What holds for versions that come.
    pub(super) fn publishing(&self) -> &Publishing {
        &self.policy.publishing
    }

    /// How many of 100 records it may lose at once.
    pub(super) const fn max_shrink_percent(&self) -> u8 {
        self.max_shrink_percent
    }

    /// Whether others are told of its versions, or may ask.
    pub(super) const fn is_announced(&self) -> bool {
        self.outgoing.is_some()
    }

    /// Tells what has happened. Nobody hears it where the zones are all there is.
    pub(super) fn tell(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// What is wrong with what the store has of the zone, as long as nothing else is in its place.
    #[must_use]
    pub fn damaged(&self) -> Option<Damaged> {
        self.held.damaged()
    }

    /// Where it comes from when the store can't give it, in words.
    pub(super) const fn without_store(&self) -> &'static str {
        match &self.source {
            Source::File(_) => "it is read from its file",
            Source::Incoming(..) => "it is transferred anew",
            Source::Nowhere => "nothing of it is served",
        }
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
    pub(crate) fn is_expired(&self) -> bool {
        matches!(self.source, Source::Incoming(..)) && self.held.standing().expired
    }

    /// What was last said of it to be known in the next run.
    #[must_use]
    pub fn state(&self) -> State {
        self.held.standing().state
    }

    /// Whether what is held of it was made or changed here, so that its serial says nothing of what primaries have by that one.
    pub(crate) fn is_ours(&self) -> bool {
        self.version().is_some() && self.held.is_ours()
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

    pub(super) fn admits(&self, addr: IpAddr, access: &AccountAccess) -> bool {
        self.outgoing.as_ref().is_some_and(|outgoing| outgoing.admits(addr, access))
    }

    pub(super) fn key_admits(&self, key: Option<u128>) -> bool {
        self.outgoing.as_ref().is_some_and(|outgoing| outgoing.key_admits(key))
    }

    /// Whether this address may send NOTIFY for it: that of a primary, or one of an ACL.
    pub(super) fn admits_notify(&self, addr: IpAddr, access: &AccountAccess) -> bool {
        matches!(self.source, Source::Incoming(..))
            && (self.primaries().any(|primary| primary == addr) || access.in_acl(addr))
    }

    /// The addresses that it comes from.
    pub(super) fn primaries(&self) -> impl Iterator<Item = IpAddr> {
        let primaries = match &self.source {
            Source::Incoming(primaries, _) => primaries.as_slice(),
            Source::File(_) | Source::Nowhere => &[],
        };
        primaries.iter().map(|primary| primary.addr.ip().to_canonical())
    }

    /// The addresses that it goes to, while it is handed out.
    pub(super) fn linked(&self) -> &[IpAddr] {
        self.outgoing.as_ref().map_or(&[], Outgoing::linked)
    }

    /// Forgets how the version came about: who asks for a difference gets all of it.
    pub fn clear_backlog(&self) {
        self.held.clear_backlog();
    }

    /// After how many seconds it expires (RFC 7314 §3.2): those left at a secondary, all of the SOA's EXPIRE at a primary.
    pub(super) fn expire(&self, now: u64) -> Option<u32> {
        match self.source {
            Source::File(_) | Source::Nowhere => self.version()?.soa().soa().map(|soa| soa.expire),
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

/// A peer with its key.
struct Linked {
    peer: Arc<Peer>,
    key: Option<Arc<Key<Hmac>>>,
}

/// The peers of a list. A peer whose TSIG isn't there is left out: it must not do without.
fn peers(objects: &Objects, zone: &catalog::Zone, access: &AccountAccess, ids: &[Id]) -> Vec<Linked> {
    let peers = ids.iter().filter_map(|id| objects.peer(zone.account, *id).cloned());
    let with_key = |peer: Arc<Peer>| match peer.tsig_id {
        None => Some(Linked { peer, key: None }),
        Some(tsig) => Some(Linked { peer, key: Some(access.key(tsig)?.clone()) }),
    };
    peers.filter_map(with_key).collect()
}

/// When a zone is checked and what its primaries may do.
fn policy(auto_refresh_seconds: u32, backward: SerialBackward, limits: &Limits) -> Policy {
    let default = Policy::default();
    let retry_least = Duration::from_secs(limits.retry_min_seconds.into());
    let backward = match backward {
        SerialBackward::Ignore => Backward::Ignore,
        SerialBackward::Accept => Backward::Accept { confirmations: CONFIRMATIONS },
    };
    Policy {
        interval: Some(Duration::from_secs(auto_refresh_seconds.into())),
        retry: Bounds { least: retry_least, ..default.retry },
        initial: Bounds { least: default.initial.least.min(retry_least), ..default.initial },
        backward,
        ..default
    }
}
