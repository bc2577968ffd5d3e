//! Something between two servers that passes on what they say, and counts it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::ports::Port;
use crate::{Failure, name};

/// A way to a server on 127.0.0.1, over UDP and TCP, until the test program ends.
#[derive(Debug)]
pub struct Relay {
    port: Port,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    ixfr_datagrams: AtomicU64,
    connections: AtomicU64,
}

impl Relay {
    /// Starts one to this server.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(server: SocketAddr) -> Result<Self, Failure> {
        let failed = |error| Failure::because("starting a relay", error);
        let (port, counts) = (Port::free()?, Arc::new(Counts::default()));
        let listener = TcpListener::bind(port.address()).map_err(failed)?;
        let socket = UdpSocket::bind(port.address()).map_err(failed)?;
        let shared = counts.clone();
        thread::spawn(move || datagrams(&socket, server, &shared));
        let shared = counts.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                // A server that is gone closes the connection.
                let Ok(upstream) = TcpStream::connect(server) else { continue };
                let (Ok(from), Ok(to)) = (client.try_clone(), upstream.try_clone()) else { continue };
                thread::spawn(move || pass(from, to));
                thread::spawn(move || pass(upstream, client));
            }
        });
        Ok(Self { port, counts })
    }

    /// Where it takes what is meant for the server.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// How many IXFR queries came over UDP.
    pub fn ixfr_datagrams(&self) -> u64 {
        self.counts.ixfr_datagrams.load(Ordering::SeqCst)
    }

    /// How many TCP connections were made.
    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::SeqCst)
    }
}

/// Each asker gets a socket of its own, whose answers come back to it.
fn datagrams(socket: &UdpSocket, server: SocketAddr, counts: &Counts) {
    let mut askers: HashMap<SocketAddr, UdpSocket> = HashMap::new();
    let mut octets = [0; 65_535];
    while let Ok((length, asker)) = socket.recv_from(&mut octets) {
        let message = &octets[..length];
        if is_ixfr(message) {
            counts.ixfr_datagrams.fetch_add(1, Ordering::SeqCst);
        }
        let own = match askers.entry(asker) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => match answers(socket, server, asker) {
                Ok(own) => new.insert(own),
                Err(_) => return,
            },
        };
        // Like any datagram it may be lost.
        let _ = own.send(message);
    }
}

fn answers(socket: &UdpSocket, server: SocketAddr, asker: SocketAddr) -> io::Result<UdpSocket> {
    let own = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    own.connect(server)?;
    let (back, answers) = (socket.try_clone()?, own.try_clone()?);
    thread::spawn(move || {
        let mut octets = [0; 65_535];
        while let Ok(length) = answers.recv(&mut octets) {
            let _ = back.send_to(&octets[..length], asker);
        }
    });
    Ok(own)
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    // Whatever ended it, the other side sees the end.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

fn is_ixfr(message: &[u8]) -> bool {
    let qtype = message.get(12..).and_then(|question| {
        let after = name::length(question).ok()?;
        question.get(after..after + 2)
    });
    message.get(2).is_some_and(|flags| flags & 0x80 == 0) && qtype == Some(&[0, 251])
}
