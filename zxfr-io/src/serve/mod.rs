//! Serving zones: a [`Primary`] over UDP, TCP, or any stream.
//!
//! | module | holds |
//! |---|---|
//! | `udp` | datagrams: one answer each |
//! | `connection` | one stream: requests in, answers and transfers out, side by side |
//! | `transfers` | transfers under way on one connection, which take turns |
//! | `ahead` | messages signed on another thread while those before them are written |
//! | `outbox` | messages on their way out, written many at a time |
//! | `places` | how many connections there are, in all and per address |

mod ahead;
mod connection;
mod outbox;
mod places;
mod transfers;
mod udp;

use crate::clock;
use crate::identity::PeerIdentity;
use ahead::Cores;
use connection::Connection;
use places::Places;
use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::{Host, Notify, Pending, Refusal, Reply, Sent, Update};
use zxfr_core::serial::Serial;
use zxfr_core::transfer::{Kind, Totals};
use zxfr_core::tsig::Key;
use zxfr_core::wire::Rcode;

/// Where versions come from, who may have them, and who wants to hear what became of requests.
pub trait Zones: Host<Mac: Send> + Send + Sync + 'static {
    /// Fetches the keys that [`Host::keys`] put off with [`zxfr_core::primary::Keys::Later`].
    fn fetch_keys(&self, pending: &Pending) -> impl Future<Output = Vec<Key<Self::Mac>>> + Send {
        let _ = pending;
        std::future::ready(Vec::new())
    }

    /// A transfer that [`Host::admit_transfer`] let start has ended, well or not. Called once for each.
    fn transfer_ended(&self, report: &OutReport) {
        let _ = report;
    }

    /// An IXFR request was answered in one message, for which no place among transfers was taken: with a datagram, or with
    /// the SOA alone because the peer is up to date.
    fn answered(&self, report: &OutReport) {
        let _ = report;
    }

    /// A zone's SOA was given alone to somebody who asked for it, or for a difference that is to be had over a stream only.
    fn told_serial(&self, peer: &PeerIdentity, zone: NameRef<'_>) {
        let _ = (peer, zone);
    }

    /// A NOTIFY came from somebody who may send it (RFC 1996). Its answer goes out when this returns.
    fn notified(&self, peer: &PeerIdentity, notify: &Notify) {
        let _ = (peer, notify);
    }

    /// Performs an UPDATE (RFC 2136) that [`Host::admits_update`] and [`Host::update_key_admits`] let through. The reply goes out
    /// when it is there; without one nothing is sent. It may be waited for elsewhere: others are answered meanwhile.
    fn update(
        self: Arc<Self>,
        peer: PeerIdentity,
        update: Update<Self::Mac>,
    ) -> impl Future<Output = Option<Reply>> + Send {
        let _ = peer;
        std::future::ready(Some(update.reply(Rcode::NOTIMP, None, clock::unix())))
    }

    /// A request was refused.
    fn refused(&self, peer: &PeerIdentity, zone: Option<NameRef<'_>>, refusal: &Refusal) {
        let _ = (peer, zone, refusal);
    }

    /// A connection ended otherwise than by its peer's closing it between messages, or was not taken.
    fn disconnected(&self, peer: &PeerIdentity, error: &SendError) {
        let _ = (peer, error);
    }
}

/// What became of a transfer to a peer.
#[derive(Debug)]
pub struct OutReport {
    /// Who asked.
    pub peer: PeerIdentity,
    /// The zone.
    pub zone: Name,
    /// What was sent.
    pub kind: Kind,
    /// The serial that was sent.
    pub serial: Serial,
    /// The key that signed, if one did.
    pub key: Option<Name>,
    /// What was sent, or prepared to be sent before the connection broke.
    pub totals: Totals,
    /// From the request to the last octet.
    pub elapsed: Duration,
    /// How it ended.
    pub result: Result<(), SendError>,
}

impl OutReport {
    /// Of an answer of one message.
    fn of(sent: &Sent, peer: PeerIdentity, elapsed: Duration) -> Self {
        let Sent { zone, serial, kind, key, totals } = sent;
        let (zone, key) = (zone.clone(), key.clone());
        Self { peer, zone, kind: *kind, serial: *serial, key, totals: *totals, elapsed, result: Ok(()) }
    }
}

/// Why a connection, and the transfers on it, ended early.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The peer closed the connection.
    Closed,
    /// The connection failed.
    Io(io::ErrorKind),
    /// The peer took or sent no octet of a message for so long.
    NoProgress(Duration),
    /// A transfer took longer than this in all.
    TooLong(Duration),
    /// The server is shutting down.
    Shutdown,
    /// There are as many connections as may be, in all or from this address.
    TooManyConnections,
    /// A message could not be put together.
    Unsendable,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the peer closed the connection"),
            Self::Io(kind) => write!(f, "connection failed: {kind}"),
            Self::NoProgress(after) => write!(f, "no progress for {} s", after.as_secs_f32()),
            Self::TooLong(after) => write!(f, "not done after {} s", after.as_secs_f32()),
            Self::Shutdown => f.write_str("shutting down"),
            Self::TooManyConnections => f.write_str("too many connections"),
            Self::Unsendable => f.write_str("a message could not be put together"),
        }
    }
}

impl std::error::Error for SendError {}

/// Bounds on what peers may take.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address.
    pub connections_per_address: usize,
    /// Transfers at once on one connection; further requests wait unread.
    pub transfers_per_connection: usize,
    /// How long a connection may be open without a request.
    pub idle: Duration,
    /// How long a peer may take or send no octet when it is its turn.
    pub progress: Duration,
    /// How long a transfer may take in all.
    pub transfer: Duration,
}

impl Default for ServeLimits {
    /// 1,000 connections, 100 an address, 32 transfers each; 30 s idle, 30 s without progress, 2 h for a transfer.
    fn default() -> Self {
        Self {
            connections: 1_000,
            connections_per_address: 100,
            transfers_per_connection: 32,
            idle: Duration::from_secs(30),
            progress: Duration::from_secs(30),
            transfer: Duration::from_secs(2 * 3600),
        }
    }
}

/// A primary on sockets. Cheap to clone; clones share limits and shutdown.
pub struct Primary<Z> {
    zones: Arc<Z>,
    limits: ServeLimits,
    places: Arc<Places>,
    cores: Arc<Cores>,
    shutdown: Arc<watch::Sender<bool>>,
}

impl<Z> Clone for Primary<Z> {
    fn clone(&self) -> Self {
        let Self { zones, limits, places, cores, shutdown } = self;
        Self {
            zones: zones.clone(),
            limits: *limits,
            places: places.clone(),
            cores: cores.clone(),
            shutdown: shutdown.clone(),
        }
    }
}

impl<Z: Zones> Primary<Z> {
    /// Serves these zones within these limits.
    #[must_use]
    pub fn new(zones: Arc<Z>, limits: ServeLimits) -> Self {
        let places = Arc::new(Places::new(limits.connections, limits.connections_per_address));
        let cores = Arc::new(Cores::new());
        Self { zones, limits, places, cores, shutdown: Arc::new(watch::Sender::new(false)) }
    }

    /// Ends it: no more requests are read, transfers under way go on to their end; [`Primary::serve_udp`] and
    /// [`Primary::serve_tcp`] return when that is reached. Drop their futures to end at once.
    pub fn shutdown(&self) {
        self.shutdown.send_replace(true);
    }

    /// Answers datagrams until [`Primary::shutdown`].
    pub async fn serve_udp(&self, socket: UdpSocket) {
        let mut shutdown = self.shutdown.subscribe();
        tokio::select! {
            _ = shutdown.wait_for(|down| *down) => {}
            () = udp::serve(&self.zones, Arc::new(socket)) => {}
        }
    }

    /// Accepts connections until [`Primary::shutdown`], and serves each in a task of its own.
    pub async fn serve_tcp(&self, listener: TcpListener) {
        let mut shutdown = self.shutdown.subscribe();
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                _ = shutdown.wait_for(|down| *down) => break,
                Some(_) = connections.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, addr)) => {
                    // Answers are written whole, so there is nothing for Nagle's algorithm to gather.
                    let _ = stream.set_nodelay(true);
                    let primary = self.clone();
                    connections.spawn(async move { primary.serve_stream(stream, PeerIdentity::tcp(addr)).await });
                }
                // Out of descriptors or memory, or a connection that is gone already: others may go on.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        while connections.join_next().await.is_some() {}
    }

    /// Serves one connection to its end.
    pub async fn serve_stream<S>(&self, stream: S, peer: PeerIdentity)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let Some(_place) = self.places.take(peer.asker().addr) else {
            self.zones.disconnected(&peer, &SendError::TooManyConnections);
            return;
        };
        let connection = Connection::new(self.zones.clone(), stream, peer, self.limits, self.cores.clone());
        connection.run(self.shutdown.subscribe()).await;
    }
}
