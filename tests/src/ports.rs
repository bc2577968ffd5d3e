//! Ports on 127.0.0.1 that are free for both UDP and TCP.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use crate::Failure;

/// The address that holds a port for its owner; see [`Port`].
const MARK: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 254);

/// Chosen ports lie below those the kernel hands out to outgoing sockets, which
/// could otherwise take the port between the choice and the server's bind.
const LOWEST: u16 = 10_240;
const HIGHEST: u16 = 32_767;

/// A port that was free on 127.0.0.1 for UDP and TCP.
///
/// As long as it lives, a listener on another loopback address marks the port as
/// taken for everyone else who asks here, in this process or another; the port
/// on 127.0.0.1 itself is left to the server it is meant for.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _mark: Option<TcpListener>,
}

impl Port {
    /// Finds a free port.
    ///
    /// # Errors
    /// When no free port turns up in a few hundred tries.
    pub fn free() -> Result<Self, Failure> {
        let mut last = None;
        for _ in 0..400 {
            match Self::take(random_port()?) {
                Ok(port) => return Ok(port),
                Err(error) => last = Some(error),
            }
        }
        Err(Failure::new(format!("no port is free for UDP and TCP on 127.0.0.1; last try: {last:?}")))
    }

    /// The port's number.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// 127.0.0.1 with this port.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.number))
    }

    fn take(number: u16) -> std::io::Result<Self> {
        let mark = match TcpListener::bind((MARK, number)) {
            Ok(listener) => Some(listener),
            // Only 127.0.0.1 exists on some systems; there the check below must do.
            Err(error) if error.kind() == ErrorKind::AddrNotAvailable => None,
            Err(error) => return Err(error),
        };
        let _udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, number))?;
        let _tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, number))?;
        Ok(Self { number, _mark: mark })
    }
}

/// A port to try: the kernel's choice of an ephemeral port is the source of
/// randomness, spread over the range used here.
fn random_port() -> Result<u16, Failure> {
    let socket =
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| Failure::because("binding port 0", error))?;
    let chosen = socket.local_addr().map_err(|error| Failure::because("reading the port bound", error))?.port();
    Ok(LOWEST + chosen % (HIGHEST - LOWEST + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_takes_udp_and_tcp() {
        let port = Port::free().unwrap();
        UdpSocket::bind(port.address()).unwrap();
        TcpListener::bind(port.address()).unwrap();
    }

    #[test]
    fn a_port_is_not_given_twice() {
        let port = Port::free().unwrap();
        assert!(Port::take(port.number()).is_err());
    }

    #[test]
    fn a_port_in_use_is_refused() {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = udp.local_addr().unwrap().port();
        assert!(Port::take(taken).is_err());
    }
}
