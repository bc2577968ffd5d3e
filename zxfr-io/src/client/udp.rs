//! The SOA, an IXFR or a NOTIFY over a datagram, from a fresh port and with a fresh ID each time (RFC 5452 §9).

use super::receive::take_events;
use super::{Client, Error, EventSink, InReport, Kind, MAX_QUERY, SoaAnswer, Timeouts, random_id, write_query};
use crate::clock;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};
use zxfr_core::name::NameRef;
use zxfr_core::notify::{notify_query, read_notify_answer};
use zxfr_core::transfer::{self, Event, Inbound, Limits, PeerFault, ixfr_query, soa_query};
use zxfr_core::tsig::{Key, Mac, Verifier};
use zxfr_core::wire::{Full, Record};

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
    let write = |out: &mut [u8], id| soa_query(out, zone, id, true);
    let answer = ask(addr, key, timeouts.progress, write, |octets, id, mut verifier| {
        transfer::read_soa_answer(octets, zone, id, verifier.as_mut(), clock::unix())
    });
    match answer.await {
        Err(Error::Transfer(transfer::Error::Peer { fault: PeerFault::Truncated, .. })) => {
            Client::connect(addr, timeouts).await?.soa(zone, key).await
        }
        answer => answer,
    }
}

/// Asks over UDP for what changed since the version that has this SOA, which is ours (RFC 1995 §2). `None` when the answer
/// says or shows that it doesn't fit into a datagram: then the sink has got nothing, and [`Client::ixfr`] is what helps.
///
/// # Errors
/// When no answer comes within `timeouts.progress` in all, or the peer refuses or answers wrongly, or the sink fails.
/// Datagrams that are no answer to the query are passed over, as by [`soa_udp`].
pub async fn ixfr_udp<M: Mac, S: EventSink>(
    addr: SocketAddr,
    zone: NameRef<'_>,
    soa: &Record<'_>,
    key: Option<&Key<M>>,
    limits: Limits,
    timeouts: Timeouts,
    sink: &mut S,
) -> Result<Option<InReport>, Error> {
    let ours = soa.soa().ok_or(Error::Unsendable)?.serial;
    let started = Instant::now();
    let write = |out: &mut [u8], id| ixfr_query(out, zone, soa, id, true);
    let answer = ask(addr, key, timeouts.progress, write, |octets, id, verifier| {
        let inbound = || Inbound::ixfr_datagram(zone, ours, id, limits, verifier.clone());
        Ok(is_whole(inbound(), octets)?.then(|| (inbound(), octets.to_vec())))
    });
    let Some((mut inbound, octets)) = answer.await? else {
        return Ok(None);
    };
    // All of it holds: once more, for the sink.
    let mut kind = Kind::UpToDate;
    let Some(serial) = take_events(inbound.handle_message(&octets, clock::now())?, &mut kind, sink)? else {
        return Ok(None);
    };
    let elapsed = started.elapsed();
    let (totals, skipped, expire) = (inbound.totals(), inbound.skipped(), inbound.expire_option());
    Ok(Some(InReport { serial, kind, totals, skipped, expire, first_message: elapsed, elapsed }))
}

/// Tells the peer that the zone has changed (RFC 1996), again when no answer comes. `Ok` when it took notice.
///
/// # Errors
/// When no answer comes within `timeouts.progress` in all, or the peer refuses or answers wrongly. Datagrams that are no
/// answer to the query are passed over, as by [`soa_udp`].
pub async fn notify_udp<M: Mac>(
    addr: SocketAddr,
    zone: NameRef<'_>,
    key: Option<&Key<M>>,
    timeouts: Timeouts,
) -> Result<(), Error> {
    let write = |out: &mut [u8], id| notify_query(out, zone, None, id);
    let answer = ask(addr, key, timeouts.progress, write, |octets, id, mut verifier| {
        read_notify_answer(octets, zone, id, verifier.as_mut(), clock::unix())
    });
    answer.await
}

/// Whether a datagram is the whole answer.
fn is_whole<M: Mac>(mut inbound: Inbound<M>, octets: &[u8]) -> Result<bool, transfer::Error> {
    let mut events = inbound.handle_message(octets, clock::now())?;
    while let Some(event) = events.next()? {
        if matches!(event, Event::Commit { .. } | Event::UpToDate { .. }) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Sends a query, and again when no answer comes, until one does that `read` takes.
async fn ask<M: Mac, T>(
    addr: SocketAddr,
    key: Option<&Key<M>>,
    patience: Duration,
    write: impl Fn(&mut [u8], u16) -> Result<usize, Full>,
    read: impl Fn(&[u8], u16, Option<Verifier<M>>) -> Result<T, transfer::Error>,
) -> Result<T, Error> {
    let any: IpAddr = if addr.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let mut last = None;
    for round in 0..TRIES {
        let socket = UdpSocket::bind((any, 0)).await.map_err(Error::Connect)?;
        // Only this peer's datagrams come through.
        socket.connect(addr).await.map_err(Error::Connect)?;
        let id = random_id()?;
        let mut query = [0; MAX_QUERY];
        let (length, verifier) = write_query(&mut query, key, |out| write(out, id))?;
        socket.send(&query[..length]).await.map_err(Error::Connect)?;
        // 1, 2, 4 parts of what there is.
        let wait = patience / ((1 << TRIES) - 1) * (1 << round);
        let listen = async {
            let mut answer = vec![0; usize::from(u16::MAX)];
            loop {
                let length = socket.recv(&mut answer).await.map_err(Error::Connect)?;
                match read(&answer[..length], id, verifier.clone()) {
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

/// Whether a datagram may be another's than the peer's: it is no answer to the query, or not one that could be read.
pub(crate) fn may_be_forged(error: &transfer::Error) -> bool {
    match error {
        transfer::Error::Peer { fault, .. } => matches!(
            fault,
            PeerFault::Wire(_)
                | PeerFault::NoResponse
                | PeerFault::Opcode(_)
                | PeerFault::Id(_)
                | PeerFault::Questions(_)
                | PeerFault::OtherQuestion
                | PeerFault::UnexpectedTsig
        ),
        transfer::Error::Tsig(error) => !matches!(error, zxfr_core::tsig::Error::Peer { .. }),
        _ => false,
    }
}
