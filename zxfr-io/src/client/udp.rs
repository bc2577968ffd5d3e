//! The SOA over a datagram, from a fresh port and with a fresh ID each time (RFC 5452 §9).

use super::{Client, Error, MAX_QUERY, SoaAnswer, Timeouts, random_id, write_query};
use crate::clock;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::timeout;
use zxfr_core::name::NameRef;
use zxfr_core::transfer::{self, PeerFault, soa_query};
use zxfr_core::tsig::{Key, Mac};

/// How often a query is sent; each time the wait doubles.
const TRIES: u32 = 3;

/// Asks for the SOA of a zone over UDP, again when no answer comes, and over TCP when the answer is truncated.
///
/// # Errors
/// When no answer comes within `timeouts.progress` in all, or the peer refuses or answers wrongly. Datagrams that are no
/// answer to the query (another ID, another question, a MAC that doesn't hold) are passed over: anyone can send them.
pub async fn soa_udp<M: Mac>(
    addr: SocketAddr,
    zone: NameRef<'_>,
    key: Option<&Key<M>>,
    timeouts: Timeouts,
) -> Result<SoaAnswer, Error> {
    let after = timeouts.progress;
    match timeout(after, ask(addr, zone, key, after)).await {
        Ok(Err(Error::Transfer(transfer::Error::Peer { fault: PeerFault::Truncated, .. }))) => {
            Client::connect(addr, timeouts).await?.soa(zone, key).await
        }
        Ok(answer) => answer,
        Err(_) => Err(Error::Timeout { what: "answer", after }),
    }
}

async fn ask<M: Mac>(
    addr: SocketAddr,
    zone: NameRef<'_>,
    key: Option<&Key<M>>,
    patience: Duration,
) -> Result<SoaAnswer, Error> {
    let any: IpAddr = if addr.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let mut last = None;
    for round in 0..TRIES {
        let socket = UdpSocket::bind((any, 0)).await.map_err(Error::Connect)?;
        // Only this peer's datagrams come through.
        socket.connect(addr).await.map_err(Error::Connect)?;
        let id = random_id()?;
        let mut query = [0; MAX_QUERY];
        let (length, verifier) = write_query(&mut query, key, |out| soa_query(out, zone, id, true))?;
        socket.send(&query[..length]).await.map_err(Error::Connect)?;
        // 1, 2, 4 parts of what there is.
        let wait = patience / ((1 << TRIES) - 1) * (1 << round);
        let listen = async {
            let mut answer = vec![0; usize::from(u16::MAX)];
            loop {
                let length = socket.recv(&mut answer).await.map_err(Error::Connect)?;
                let mut verifier = verifier.clone();
                match transfer::read_soa_answer(&answer[..length], zone, id, verifier.as_mut(), clock::unix()) {
                    Ok(answer) => return Ok(answer),
                    Err(error) if may_be_forged(&error) => last = Some(error),
                    Err(error) => return Err(error.into()),
                }
            }
        };
        if let Ok(answer) = timeout(wait, listen).await {
            return answer;
        }
    }
    match last {
        Some(error) => Err(error.into()),
        None => Err(Error::Timeout { what: "answer", after: patience }),
    }
}

/// Whether a datagram may be another's than the peer's.
fn may_be_forged(error: &transfer::Error) -> bool {
    match error {
        transfer::Error::Peer { fault, .. } => !matches!(fault, PeerFault::Truncated | PeerFault::NoAnswer),
        transfer::Error::Tsig(error) => !matches!(error, zxfr_core::tsig::Error::Peer { .. }),
        _ => false,
    }
}
