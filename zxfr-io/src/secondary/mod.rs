//! Zones kept in step with their primaries: a [`Secondary`] drives the refresh machines of many zones from one task.
//!
//! | module | holds |
//! |---|---|
//! | `incoming` | [`Incoming`], the host's side, and what it is told |
//! | `status` | [`Status`]: how a zone stands |
//! | `ledger` | what is known of all zones, and what is to be done next |
//! | `run` | the task that does it |
//! | `zone` | one zone |
//! | `queue` | who transfers next |
//! | `pool` | connections, shared by transfers |
//! | `checks` | SOA checks, many zones over one socket |
//! | `pull` | one transfer |
//! | `backoff` | how long an address that doesn't answer is left alone |
//!
//! Tasks: the one of [`Secondary::run`]; for each primary that is being asked one for its checks and one for each connection;
//! one for each transfer under way, of which [`SecondaryLimits`] bounds the number.
//!
//! No zone waits behind primaries that are dead: checks go to all primaries of a zone at once, connections are made outside
//! the bounded places for transfers, and an address that does not answer is left alone for a few seconds, in which what is
//! wanted of it fails at once, so that the next primary is tried.

mod backoff;
mod checks;
mod incoming;
mod ledger;
mod pool;
mod pull;
mod queue;
mod run;
mod status;
mod zone;

pub use crate::reason::Reason;
pub use incoming::{Attempt, Incoming, Next, Refused, What};
pub use status::{FailedRound, LastFailure, PrimaryStatus, Status, TransferStatus};
pub use zone::{PrimaryAddr, ZoneConfig};
pub use zxfr_core::refresh::{Backward, Failure, Policy, State};

use crate::client::Timeouts;
use crate::clock;
use ledger::Ledger;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use zxfr_core::name::NameRef;
use zxfr_core::refresh::Timers;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::Limits;
use zxfr_core::zone::{BuildLimits, Version};

/// Bounds on what a secondary does at once, waits for and takes.
#[derive(Clone, Copy, Debug)]
pub struct SecondaryLimits {
    /// Transfers at once, the putting together of what came included.
    pub transfers: usize,
    /// Transfers at once from one primary.
    pub transfers_per_primary: usize,
    /// Connections at once to one primary. Transfers share them.
    pub connections_per_primary: usize,
    /// SOA queries under way at one primary.
    pub checks_per_primary: usize,
    /// How long the answer to an SOA query is waited for, all tries together.
    pub check: Duration,
    /// How long a connection is kept when it has no transfers.
    pub idle: Duration,
    /// How long connections and transfers may take.
    pub timeouts: Timeouts,
    /// How much of a transfer is taken.
    pub transfer: Limits,
    /// How much of one kind a zone may have.
    pub build: BuildLimits,
}

impl Default for SecondaryLimits {
    /// 64 transfers, 8 from a primary over 4 connections; 64 SOA queries at a primary, 7 s for each; 10 s idle.
    fn default() -> Self {
        Self {
            transfers: 64,
            transfers_per_primary: 8,
            connections_per_primary: 4,
            checks_per_primary: 64,
            check: Duration::from_secs(7),
            idle: Duration::from_secs(10),
            timeouts: Timeouts::default(),
            transfer: Limits::default(),
            build: BuildLimits::default(),
        }
    }
}

/// Keeps zones in step. Cheap to clone; clones are the same secondary. Zones may come and go before and while it runs.
pub struct Secondary<I: Incoming> {
    shared: Arc<Shared<I>>,
}

/// What handles, the running task and transfers share.
struct Shared<I: Incoming> {
    host: Arc<I>,
    limits: SecondaryLimits,
    ledger: Mutex<Ledger<I::Mac>>,
    /// The ledger was changed from outside the task.
    changed: Notify,
    shutdown: watch::Sender<bool>,
}

impl<I: Incoming> Shared<I> {
    fn ledger(&self) -> MutexGuard<'_, Ledger<I::Mac>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I: Incoming> Clone for Secondary<I> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<I: Incoming> Secondary<I> {
    /// A secondary without zones. Nothing happens before [`Secondary::run`].
    #[must_use]
    pub fn new(host: Arc<I>, limits: SecondaryLimits) -> Self {
        let ledger = Mutex::new(Ledger::new(&limits, clock::now().instant));
        let (changed, shutdown) = (Notify::new(), watch::Sender::new(false));
        Self { shared: Arc::new(Shared { host, limits, ledger, changed, shutdown }) }
    }

    /// Does all that is to be done, until [`Secondary::shutdown`]. To be called once; if it is dropped, everything stops.
    ///
    /// At the end transfers under way are broken off, which leaves no trace of them, but for those whose version is being
    /// installed.
    pub async fn run(&self) {
        run::run(self.shared.clone()).await;
    }

    /// Ends [`Secondary::run`].
    pub fn shutdown(&self) {
        self.shared.shutdown.send_replace(true);
    }

    /// Takes up a zone. Its first round begins at once; `state` is what [`Incoming::state_changed`] said last in an earlier
    /// run, or the default. A zone of that name that is there already is replaced, see [`Secondary::replace`].
    pub fn add(&self, config: ZoneConfig<I::Mac>, state: State) {
        self.put(config, state);
    }

    /// Gives a zone other primaries, keys or rules; what was known of it stays. A transfer that runs goes on only if the
    /// primaries' addresses stay the same. A zone that isn't there is added.
    pub fn replace(&self, config: ZoneConfig<I::Mac>) {
        self.put(config, State::default());
    }

    fn put(&self, config: ZoneConfig<I::Mac>, state: State) {
        let held = self.shared.host.held(config.name.as_ref());
        let held = held.as_deref().and_then(timers_of);
        let seed = getrandom::u64().unwrap_or_else(|_| config.name.as_octets().iter().map(|o| u64::from(*o)).sum());
        self.shared.ledger().put(config, held, state, seed, clock::now());
        self.shared.changed.notify_one();
    }

    /// Gives a zone up. Whether it was there. A transfer that runs is broken off; one that is being installed at this very
    /// moment may still be.
    pub fn remove(&self, zone: NameRef<'_>) -> bool {
        let removed = self.shared.ledger().remove(zone);
        self.shared.changed.notify_one();
        removed
    }

    /// A NOTIFY came from this address, with a serial or without (RFC 1996). Whether it was taken: not when there is no such
    /// zone, or it announces nothing new.
    pub fn notify(&self, zone: NameRef<'_>, from: IpAddr, serial: Option<Serial>) -> bool {
        let taken = self.shared.ledger().notify(zone, from.to_canonical(), serial, clock::now());
        self.shared.changed.notify_one();
        taken
    }

    /// Transfers a zone whole, whatever the serials. Whether it is there.
    pub fn force(&self, zone: NameRef<'_>) -> bool {
        let found = self.shared.ledger().force(zone, clock::now());
        self.shared.changed.notify_one();
        found
    }

    /// Stops checks and transfers of a zone, or lets them begin again. Whether it is there.
    pub fn set_enabled(&self, zone: NameRef<'_>, enabled: bool) -> bool {
        let found = self.shared.ledger().set_enabled(zone, enabled, clock::now());
        self.shared.changed.notify_one();
        found
    }

    /// How a zone stands.
    #[must_use]
    pub fn status(&self, zone: NameRef<'_>) -> Option<Status> {
        self.shared.ledger().status(zone, clock::now())
    }

    /// Whether a zone has expired: it is to be answered with SERVFAIL then (RFC 1034 §4.3.5).
    #[must_use]
    pub fn is_expired(&self, zone: NameRef<'_>) -> bool {
        self.shared.ledger().is_expired(zone, clock::now())
    }

    /// The seconds until a zone expires, for the EXPIRE option of answers (RFC 7314 §3.2).
    #[must_use]
    pub fn expires_in(&self, zone: NameRef<'_>) -> Option<u32> {
        self.shared.ledger().expires_in(zone, clock::now())
    }
}

/// What the refresh machine wants to know of a version.
fn timers_of(version: &Version) -> Option<(Serial, Timers)> {
    let soa = version.soa();
    let soa = soa.soa()?;
    Some((soa.serial, Timers::from(&soa)))
}
