//! The task of a NOTIFY sender.

use super::book::Datagram;
use super::{Outgoing, Shared};
use crate::clock;
use crate::socket::send_now;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio::time::{Duration, Instant, sleep_until};

/// The most octets of an answer that are looked at.
const MAX_ANSWER: usize = 4096;
/// How long a port is used before another is taken, as soon as nothing is under way.
const PORT_KEPT: Duration = Duration::from_secs(60);

pub(super) async fn run<O: Outgoing>(shared: Arc<Shared<O>>) {
    let mut shutdown = shared.shutdown.subscribe();
    let mut sockets = [const { Socket(None) }; 2];
    let mut answers = [vec![0; MAX_ANSWER], vec![0; MAX_ANSWER]];
    let mut came: Option<(usize, usize, SocketAddr)> = None;
    loop {
        let now = clock::now().instant;
        let ((datagrams, reports), deadline, quiet) = {
            let mut book = shared.book();
            if let Some((socket, length, from)) = came.take() {
                book.handle_answer(canonical(from), &answers[socket][..length], now);
            }
            (book.poll(now), book.deadline(), book.is_quiet())
        };
        for report in reports {
            shared.host.notify_ended(&report);
        }
        if quiet {
            sockets.iter_mut().for_each(Socket::renew);
        }
        for datagram in datagrams {
            let socket = &mut sockets[usize::from(datagram.to.is_ipv6())];
            if let Err(error) = socket.send(&datagram) {
                shared.book().unsent(&datagram, &error, now);
                // What that leads to is looked at at once.
                shared.changed.notify_one();
            }
        }
        let wake = async {
            match deadline.and_then(clock::to_tokio) {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let [v4, v6] = &sockets;
        let [answer4, answer6] = &mut answers;
        tokio::select! {
            _ = shutdown.wait_for(|down| *down) => return,
            () = shared.changed.notified() => {}
            (length, from) = v4.receive(answer4) => came = Some((0, length, from)),
            (length, from) = v6.receive(answer6) => came = Some((1, length, from)),
            () = wake => {}
        }
    }
}

/// How targets are written down.
fn canonical(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}

/// A socket for one address family, once it was needed, and since when it has its port.
struct Socket(Option<(UdpSocket, Instant)>);

impl Socket {
    /// Takes another port the next time, if this one was used for a while.
    fn renew(&mut self) {
        self.0.take_if(|(_, opened)| opened.elapsed() > PORT_KEPT);
    }

    /// Sends a datagram, if it can be sent now: what isn't is like one that is lost on its way.
    fn send(&mut self, datagram: &Datagram) -> io::Result<()> {
        let any: IpAddr = match datagram.to {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = match &mut self.0 {
            Some((socket, _)) => socket,
            empty => {
                let socket = std::net::UdpSocket::bind((any, 0))?;
                socket.set_nonblocking(true)?;
                &mut empty.insert((UdpSocket::from_std(socket)?, Instant::now())).0
            }
        };
        send_now(socket, &datagram.octets, Some(datagram.to))
    }

    /// The next datagram; none ever comes where there is no socket.
    async fn receive(&self, answer: &mut [u8]) -> (usize, SocketAddr) {
        let Some((socket, _)) = &self.0 else {
            return std::future::pending().await;
        };
        loop {
            match socket.recv_from(answer).await {
                Ok(received) => return received,
                // An ICMP error of an earlier datagram; the next try has its time.
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }
}
