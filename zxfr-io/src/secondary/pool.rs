//! Connections to primaries: each carries transfers of several zones, and is kept for a while when it has none. An address
//! that can't be reached is left alone for a while.

use super::backoff::Backoff;
use crate::client::Client;
use crate::reason::Reason;
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use zxfr_core::time::Instant;

/// Connections by address.
pub(super) struct Pool {
    /// Connections to one address.
    most: usize,
    /// How long one without transfers is kept.
    idle: Duration,
    peers: HashMap<SocketAddr, Peer>,
    /// Which connection has been idle since when, in that order. What was used since is passed over.
    idling: VecDeque<(Instant, SocketAddr, u64)>,
    numbers: u64,
}

struct Peer {
    backoff: Backoff<Reason>,
    /// Since when a connection is being made.
    connecting: Option<Instant>,
    connections: Vec<Connection>,
    /// When an answer last came from it.
    heard: Option<Instant>,
}

struct Connection {
    number: u64,
    client: Client,
    transfers: usize,
    /// Since when it has transfers, or none.
    since: Instant,
    /// Whether it has carried a transfer to its end.
    used: bool,
}

/// A connection that a transfer uses, to be given back.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) addr: SocketAddr,
    number: u64,
    pub(super) client: Client,
    /// Whether it has no other transfers and had none before: what goes wrong on it is this transfer's matter alone.
    pub(super) fresh: bool,
}

/// How an address stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// There is a connection.
    Open,
    /// One is being made.
    Connecting,
    /// One is to be made now; it counts as being made.
    Connect,
    /// It failed so long ago, and is left alone.
    LeftAlone(Duration, Reason),
}

impl Pool {
    pub(super) fn new(most: usize, idle: Duration) -> Self {
        Self { most: most.max(1), idle, peers: HashMap::new(), idling: VecDeque::new(), numbers: 0 }
    }

    fn peer(&mut self, addr: SocketAddr) -> &mut Peer {
        self.peers.entry(addr).or_insert_with(|| Peer {
            backoff: Backoff::new(),
            connecting: None,
            connections: Vec::new(),
            heard: None,
        })
    }

    /// How an address can be reached.
    pub(super) fn reach(&mut self, addr: SocketAddr, now: Instant) -> Reach {
        let open = self.is_open(addr);
        let peer = self.peer(addr);
        peer.connections.retain(|connection| connection.transfers > 0 || !connection.client.is_closed());
        if open {
            Reach::Open
        } else if peer.connecting.is_some() {
            Reach::Connecting
        } else if let Some((since, reason)) = peer.backoff.rest(now) {
            Reach::LeftAlone(since, reason)
        } else {
            peer.connecting = Some(now);
            Reach::Connect
        }
    }

    /// Whether there is a connection.
    pub(super) fn is_open(&self, addr: SocketAddr) -> bool {
        let open = |connection: &Connection| !connection.client.is_closed();
        self.peers.get(&addr).is_some_and(|peer| peer.connections.iter().any(open))
    }

    /// A connection was made.
    pub(super) fn connected(&mut self, addr: SocketAddr, client: Client, now: Instant) {
        self.numbers += 1;
        let number = self.numbers;
        let peer = self.peer(addr);
        peer.connecting = None;
        peer.connections.push(Connection { number, client, transfers: 0, since: now, used: false });
        self.idling.push_back((now, addr, number));
    }

    /// No connection could be made.
    pub(super) fn failed(&mut self, addr: SocketAddr, reason: Reason, now: Instant) {
        let peer = self.peer(addr);
        let began = peer.connecting.take().unwrap_or(now);
        peer.backoff.fail(began, now, reason);
    }

    /// The connection with the fewest transfers, and whether another one is to be made beside it.
    pub(super) fn lease(&mut self, addr: SocketAddr, now: Instant) -> Option<(Lease, bool)> {
        let most = self.most;
        let peer = self.peers.get_mut(&addr)?;
        let count = peer.connections.len();
        let open = peer.connections.iter_mut().filter(|connection| !connection.client.is_closed());
        let connection = open.min_by_key(|connection| (connection.transfers, connection.number))?;
        let another = connection.transfers > 0 && count < most && peer.connecting.is_none();
        if another {
            peer.connecting = Some(now);
        }
        let fresh = connection.transfers == 0 && !connection.used;
        if connection.transfers == 0 {
            connection.since = now;
        }
        connection.transfers += 1;
        let lease = Lease { addr, number: connection.number, client: connection.client.clone(), fresh };
        Some((lease, another))
    }

    /// A transfer no longer uses a connection.
    pub(super) fn give_back(&mut self, lease: Lease, now: Instant) {
        let Lease { addr, number, .. } = lease;
        let Some(peer) = self.peers.get_mut(&addr) else { return };
        let Some(at) = peer.connections.iter().position(|connection| connection.number == number) else { return };
        let connection = &mut peer.connections[at];
        connection.used = true;
        connection.transfers -= 1;
        if connection.transfers > 0 {
            return;
        }
        if connection.client.is_closed() {
            peer.connections.swap_remove(at);
        } else {
            connection.since = now;
            self.idling.push_back((now, addr, number));
        }
    }

    /// An answer came from this address.
    pub(super) fn heard(&mut self, addr: SocketAddr, now: Instant) {
        let peer = self.peer(addr);
        peer.heard = Some(now);
        peer.backoff.clear();
    }

    /// A transfer that began then got no answer at all. Whether nothing else did, so that the address is left alone now.
    pub(super) fn silent(&mut self, addr: SocketAddr, began: Instant, reason: Reason, now: Instant) -> bool {
        let peer = self.peer(addr);
        let silent = peer.heard.is_none_or(|heard| heard < began);
        if silent {
            peer.backoff.fail(began, now, reason);
        }
        silent
    }

    /// Somebody at this IP address has shown to be there.
    pub(super) fn alive(&mut self, ip: IpAddr) {
        for (addr, peer) in &mut self.peers {
            if addr.ip().to_canonical() == ip {
                peer.backoff.clear();
            }
        }
    }

    /// Closes connections that have been idle for long enough; the addresses to which there is none any more.
    pub(super) fn sweep(&mut self, now: Instant) -> Vec<SocketAddr> {
        let mut closed = Vec::new();
        while let Some((since, addr, number)) = self.idling.front().copied() {
            if now.since(since) < self.idle {
                break;
            }
            self.idling.pop_front();
            let Some(peer) = self.peers.get_mut(&addr) else { continue };
            peer.connections.retain(|connection| {
                connection.number != number || connection.transfers > 0 || connection.since != since
            });
            if peer.connections.is_empty() {
                closed.push(addr);
                if peer.connecting.is_none() && peer.backoff.is_clear() {
                    self.peers.remove(&addr);
                }
            }
        }
        closed
    }

    /// When to sweep next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.idling.front().map(|(since, ..)| since.after(self.idle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Timeouts;
    use crate::identity::PeerIdentity;
    use tokio::io::{DuplexStream, duplex};
    use zxfr_core::refresh::Failure;

    fn at(millis: u64) -> Instant {
        Instant::from_origin(Duration::from_millis(millis))
    }

    fn addr() -> SocketAddr {
        "192.0.2.1:53".parse().unwrap()
    }

    fn client() -> (Client, DuplexStream) {
        let (ours, theirs) = duplex(64);
        (Client::over(ours, PeerIdentity::tcp(addr()), Timeouts::default()), theirs)
    }

    #[tokio::test]
    async fn transfers_share_connections_up_to_the_bound() {
        let mut pool = Pool::new(2, Duration::from_secs(5));
        assert_eq!(pool.reach(addr(), at(0)), Reach::Connect);
        assert_eq!(pool.reach(addr(), at(0)), Reach::Connecting);
        let (first, _first) = client();
        pool.connected(addr(), first, at(1));
        assert_eq!(pool.reach(addr(), at(1)), Reach::Open);
        let (a, another) = pool.lease(addr(), at(2)).unwrap();
        assert!(a.fresh && !another);
        let (b, another) = pool.lease(addr(), at(2)).unwrap();
        assert!(!b.fresh && another && b.number == a.number);
        let (second, _second) = client();
        pool.connected(addr(), second, at(3));
        let (c, another) = pool.lease(addr(), at(4)).unwrap();
        assert!(c.fresh && !another && c.number != a.number);
        let (d, another) = pool.lease(addr(), at(4)).unwrap();
        assert!(!another && d.number == c.number);
        for lease in [a, b, c] {
            pool.give_back(lease, at(5));
        }
        let (e, _) = pool.lease(addr(), at(6)).unwrap();
        assert!(!e.fresh);
        // The first is in use again, the second has never been idle.
        assert_eq!(pool.sweep(at(10_000)), []);
        pool.give_back(e, at(10_000));
        pool.give_back(d, at(10_000));
        assert_eq!(pool.deadline(), Some(at(15_000)));
        assert_eq!(pool.sweep(at(15_000)), [addr()]);
        assert!(pool.peers.is_empty() && pool.deadline().is_none());
    }

    #[tokio::test]
    async fn a_connection_that_the_primary_closed_is_not_used() {
        let mut pool = Pool::new(2, Duration::from_secs(5));
        assert_eq!(pool.reach(addr(), at(0)), Reach::Connect);
        let (client, theirs) = client();
        pool.connected(addr(), client.clone(), at(1));
        drop(theirs);
        while !client.is_closed() {
            tokio::task::yield_now().await;
        }
        assert!(pool.lease(addr(), at(2)).is_none());
        assert_eq!(pool.reach(addr(), at(2)), Reach::Connect);
    }

    #[test]
    fn an_address_that_fails_is_left_alone_until_it_is_heard_of() {
        let mut pool = Pool::new(2, Duration::from_secs(5));
        let reason = Reason::from(Failure::Unreachable);
        assert_eq!(pool.reach(addr(), at(0)), Reach::Connect);
        pool.failed(addr(), reason.clone(), at(100));
        assert_eq!(pool.reach(addr(), at(200)), Reach::LeftAlone(Duration::from_millis(100), reason.clone()));
        pool.alive("192.0.2.2".parse().unwrap());
        assert!(matches!(pool.reach(addr(), at(200)), Reach::LeftAlone(..)));
        pool.alive("192.0.2.1".parse().unwrap());
        assert_eq!(pool.reach(addr(), at(200)), Reach::Connect);
        // Silence counts only where nobody was answered.
        pool.heard(addr(), at(300));
        assert!(!pool.silent(addr(), at(250), reason.clone(), at(400)));
        assert!(pool.silent(addr(), at(350), reason, at(400)));
    }
}
