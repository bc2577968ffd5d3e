//! Connections to primaries: each carries transfers of several zones, and is kept for a while when it has none. An address
//! that can't be reached is left alone for a while.

use super::backoff::Backoff;
use crate::client::Client;
use crate::reason::Reason;
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use zxfr_core::time::Instant;

/// A transfer of which there is more to come after this time is a long one.
const LONG: Duration = Duration::from_secs(1);

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
    /// A transfer on trial has got no answer for longer than that should take.
    quiet: bool,
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
            quiet: false,
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

    /// How many transfers may run to an address over the connections that there are: one over each while more connections can
    /// be had, then any number.
    pub(super) fn room(&self, addr: SocketAddr, now: Instant) -> usize {
        let Some(peer) = self.peers.get(&addr) else { return 0 };
        match peer.connections.iter().filter(|connection| !connection.client.is_closed()).count() {
            0 => 0,
            open if open < self.most && peer.backoff.rest(now).is_none() => open,
            _ => usize::MAX,
        }
    }

    /// Whether another connection is to be made to an address to which there is one; it counts as being made.
    pub(super) fn grow(&mut self, addr: SocketAddr, now: Instant) -> bool {
        let most = self.most;
        let Some(peer) = self.peers.get_mut(&addr) else { return false };
        let grows = peer.connecting.is_none() && peer.connections.len() < most && peer.backoff.rest(now).is_none();
        if grows {
            peer.connecting = Some(now);
        }
        grows
    }

    /// The connection with the fewest transfers, of those that don't have a long one if there are such: a primary may answer
    /// one after the other.
    pub(super) fn lease(&mut self, addr: SocketAddr, now: Instant) -> Option<Lease> {
        let peer = self.peers.get_mut(&addr)?;
        let open = peer.connections.iter_mut().filter(|connection| !connection.client.is_closed());
        let connection = open.min_by_key(|connection| {
            let long = connection.transfers > 0 && now.since(connection.since) > LONG;
            (long, connection.transfers, connection.number)
        })?;
        let fresh = connection.transfers == 0 && !connection.used;
        if connection.transfers == 0 {
            connection.since = now;
        }
        connection.transfers += 1;
        Some(Lease { addr, number: connection.number, client: connection.client.clone(), fresh })
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
        peer.quiet = false;
        peer.backoff.clear();
    }

    /// A transfer on trial has got no answer for a while, or has ended.
    pub(super) fn set_quiet(&mut self, addr: SocketAddr, quiet: bool) {
        self.peer(addr).quiet = quiet;
    }

    /// Whether a transfer on trial there gets no answer: who can go elsewhere had better not wait for it.
    pub(super) fn is_quiet(&self, addr: SocketAddr) -> bool {
        self.peers.get(&addr).is_some_and(|peer| peer.quiet)
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

    /// Closes connections that have been idle for long enough; their addresses.
    pub(super) fn sweep(&mut self, now: Instant) -> Vec<SocketAddr> {
        let mut closed = Vec::new();
        while let Some((since, addr, number)) = self.idling.front().copied() {
            if now.since(since) < self.idle {
                break;
            }
            self.idling.pop_front();
            let Some(peer) = self.peers.get_mut(&addr) else { continue };
            let before = peer.connections.len();
            peer.connections.retain(|connection| {
                connection.number != number || connection.transfers > 0 || connection.since != since
            });
            if peer.connections.len() == before {
                continue;
            }
            closed.push(addr);
            if peer.connections.is_empty() && peer.connecting.is_none() && peer.backoff.is_clear() {
                self.peers.remove(&addr);
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
    async fn transfers_share_connections_when_there_are_no_more() {
        let mut pool = Pool::new(2, Duration::from_secs(5));
        assert_eq!(pool.reach(addr(), at(0)), Reach::Connect);
        assert_eq!(pool.reach(addr(), at(0)), Reach::Connecting);
        let (first, _first) = client();
        pool.connected(addr(), first, at(1));
        assert_eq!(pool.reach(addr(), at(1)), Reach::Open);
        assert_eq!(pool.room(addr(), at(1)), 1);
        let a = pool.lease(addr(), at(2)).unwrap();
        assert!(a.fresh);
        assert!(pool.grow(addr(), at(2)) && !pool.grow(addr(), at(2)));
        let (second, _second) = client();
        pool.connected(addr(), second, at(3));
        assert_eq!(pool.room(addr(), at(3)), usize::MAX);
        let b = pool.lease(addr(), at(4)).unwrap();
        assert!(b.fresh && b.number != a.number && !pool.grow(addr(), at(4)));
        let c = pool.lease(addr(), at(4)).unwrap();
        assert!(!c.fresh && c.number == a.number);
        for lease in [a, b, c] {
            pool.give_back(lease, at(5));
        }
        let long = pool.lease(addr(), at(6)).unwrap();
        assert!(!long.fresh);
        // The first is in use again, and the second idle.
        assert_eq!(pool.deadline(), Some(at(5_001)));
        assert_eq!(pool.sweep(at(5_004)), []);
        let short = [(); 3].map(|()| pool.lease(addr(), at(5_004)).unwrap());
        assert!(short.iter().all(|lease| lease.number != long.number));
        for lease in short {
            pool.give_back(lease, at(10_000));
        }
        pool.give_back(long, at(10_000));
        assert_eq!(pool.sweep(at(15_000)), [addr(), addr()]);
        assert!(pool.peers.is_empty() && pool.deadline().is_none());
    }

    #[tokio::test]
    async fn an_address_that_takes_no_more_connections_is_used_over_those_that_there_are() {
        let mut pool = Pool::new(4, Duration::from_secs(5));
        assert_eq!(pool.reach(addr(), at(0)), Reach::Connect);
        let (first, _first) = client();
        pool.connected(addr(), first, at(1));
        assert!(pool.grow(addr(), at(1)));
        pool.failed(addr(), Reason::from(Failure::Unreachable), at(2));
        assert_eq!((pool.room(addr(), at(3)), pool.reach(addr(), at(3))), (usize::MAX, Reach::Open));
        assert!(!pool.grow(addr(), at(3)));
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
