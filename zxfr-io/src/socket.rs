//! Listening on one port for UDP and TCP.

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::{TcpListener, UdpSocket};

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;
/// How often a port that is free for one protocol but not the other is given back and another taken.
const ATTEMPTS: usize = 16;

/// Binds UDP and TCP to the same address and port. With port 0 a port is found that is free for both.
///
/// # Errors
/// When the address can't be bound.
pub fn bind(addr: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let mut attempt = 1;
    loop {
        let tcp = open(addr, Type::STREAM, Protocol::TCP)?;
        tcp.listen(BACKLOG)?;
        let tcp = TcpListener::from_std(tcp.into())?;
        let bound = tcp.local_addr()?;
        match open(bound, Type::DGRAM, Protocol::UDP) {
            Ok(udp) => return Ok((UdpSocket::from_std(udp.into())?, tcp)),
            Err(error) if addr.port() == 0 && attempt < ATTEMPTS && error.kind() == io::ErrorKind::AddrInUse => {
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// A socket on a port of the system's choosing, for datagrams to and from this peer only.
pub(crate) fn connected_udp(peer: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = if peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = std::net::UdpSocket::bind((any, 0))?;
    socket.connect(peer)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

/// Sends a datagram at once, to this address or to where the socket is connected to. One for which there is no room is like
/// one that is lost on its way.
pub(crate) fn send_now(socket: &UdpSocket, octets: &[u8], to: Option<SocketAddr>) -> io::Result<()> {
    // Not by tokio's try_send: to it a new socket is not writable before the event loop has looked at it.
    let socket = SockRef::from(socket);
    let sent = match to {
        Some(to) => socket.send_to(octets, &to.into()),
        None => socket.send(octets),
    };
    match sent {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

fn open(addr: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), kind, Some(protocol))?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if kind == Type::STREAM {
        // So that a restart doesn't wait for connections in TIME_WAIT.
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_port_for_both() {
        let (udp, tcp) = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        assert_eq!(udp.local_addr().unwrap(), tcp.local_addr().unwrap());
        let taken = bind(udp.local_addr().unwrap());
        assert_eq!(taken.unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
