//! Who is at the other end.

use std::fmt;
use std::net::SocketAddr;
use zxfr_core::acl::{Asker, Transport};

/// The other end of a stream or the sender of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerIdentity {
    /// Its address and port.
    pub addr: SocketAddr,
    /// How it is reached.
    pub transport: Transport,
}

impl PeerIdentity {
    /// Somebody on plain TCP.
    #[must_use]
    pub const fn tcp(addr: SocketAddr) -> Self {
        Self { addr, transport: Transport::Tcp }
    }

    /// Somebody on UDP.
    #[must_use]
    pub const fn udp(addr: SocketAddr) -> Self {
        Self { addr, transport: Transport::Udp }
    }

    /// What access rules look at. IPv4 addresses in IPv6 form count as IPv4.
    #[must_use]
    pub const fn asker(&self) -> Asker {
        Asker { addr: self.addr.ip().to_canonical(), transport: self.transport }
    }
}

impl fmt::Display for PeerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.addr.fmt(f)
    }
}
