//! Telling secondaries of new versions (RFC 1996): a [`NotifySender`] drives the notify machines of many zones and targets
//! from one task, over one socket for each address family.
//!
//! | module | holds |
//! |---|---|
//! | `book` | who is being told what, and who waits |
//! | `telling` | one zone and one target: the query and its signature |
//! | `run` | the task |

mod book;
mod run;
mod telling;

pub use zxfr_core::notify::Policy;

use crate::clock;
use crate::reason::Reason;
use book::Book;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use telling::OwnedSoa;
use tokio::sync::{Notify, watch};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::serial::Serial;
use zxfr_core::tsig::{Key, Mac};
use zxfr_core::zone::Version;

/// Who wants to hear what became of NOTIFYs.
pub trait Outgoing: Send + Sync + 'static {
    /// How MACs are computed.
    type Mac: Mac + Send + Sync + 'static;

    /// A target has acknowledged a NOTIFY, refused it, or not answered however often it was sent. Not called for a serial that
    /// a newer one took the place of.
    fn notify_ended(&self, report: &NotifyReport) {
        let _ = report;
    }
}

/// A secondary that is told of new versions.
#[derive(Debug)]
pub struct Target<M> {
    /// Its address and port.
    pub addr: SocketAddr,
    /// The key that signs.
    pub key: Option<Arc<Key<M>>>,
}

impl<M> Clone for Target<M> {
    fn clone(&self) -> Self {
        Self { addr: self.addr, key: self.key.clone() }
    }
}

/// What became of a NOTIFY.
#[derive(Clone, Debug)]
pub struct NotifyReport {
    /// The zone.
    pub zone: Name,
    /// The target.
    pub peer: SocketAddr,
    /// The serial that was announced.
    pub serial: Serial,
    /// How often it was sent; 0 when it wasn't, because the target had not answered a moment before.
    pub tries: u8,
    /// From the announcement to the end, waiting for a place included.
    pub elapsed: Duration,
    /// Whether the target acknowledged it.
    pub result: Result<(), Reason>,
}

/// Bounds on what is sent.
#[derive(Clone, Copy, Debug)]
pub struct NotifyLimits {
    /// How many zones a target is being told of at once; others wait.
    pub per_target: usize,
    /// How often it is tried, and for how long.
    pub policy: Policy,
}

impl Default for NotifyLimits {
    /// 64 at a target; 5 tries, the first of 5 s.
    fn default() -> Self {
        Self { per_target: 64, policy: Policy::default() }
    }
}

/// Tells secondaries of new versions. Cheap to clone; clones are the same sender.
pub struct NotifySender<O: Outgoing> {
    shared: Arc<Shared<O>>,
}

/// What handles and the task share.
struct Shared<O: Outgoing> {
    host: Arc<O>,
    book: Mutex<Book<O::Mac>>,
    changed: Notify,
    shutdown: watch::Sender<bool>,
}

impl<O: Outgoing> Shared<O> {
    fn book(&self) -> MutexGuard<'_, Book<O::Mac>> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Outgoing> Clone for NotifySender<O> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<O: Outgoing> NotifySender<O> {
    /// With nothing to tell yet. Nothing is sent before [`NotifySender::run`].
    #[must_use]
    pub fn new(host: Arc<O>, limits: NotifyLimits) -> Self {
        let book = Mutex::new(Book::new(limits, clock::now().instant));
        let (changed, shutdown) = (Notify::new(), watch::Sender::new(false));
        Self { shared: Arc::new(Shared { host, book, changed, shutdown }) }
    }

    /// Tells these targets of a version. What they were being told of the zone before is forgotten; the same serial begins
    /// anew, too. While the answer to a NOTIFY of the zone may be on its way, a second at most, no newer one is sent: the newest
    /// of what has come until then is told after it. Targets that were told before and aren't among these go on being told what they are.
    pub fn notify(&self, version: &Version, targets: &[Target<O::Mac>]) {
        let soa = Arc::new(OwnedSoa::of(version));
        let mut book = self.shared.book();
        for target in targets {
            book.announce(version.apex(), &soa, target, clock::now().instant);
        }
        drop(book);
        self.shared.changed.notify_one();
    }

    /// Stops telling anybody of this zone.
    pub fn forget(&self, zone: NameRef<'_>) {
        self.shared.book().forget(zone);
        self.shared.changed.notify_one();
    }

    /// How many targets are being told of something, or wait to be.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.shared.book().pending()
    }

    /// Does all that is to be done, until [`NotifySender::shutdown`]. To be called once; if it is dropped, everything stops.
    pub async fn run(&self) {
        run::run(self.shared.clone()).await;
    }

    /// Ends [`NotifySender::run`].
    pub fn shutdown(&self) {
        self.shared.shutdown.send_replace(true);
    }
}
