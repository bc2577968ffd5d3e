//! Pulling zones: a [`Client`] is a connection to a primary that carries many transfers at once, told apart by message ID.
//!
//! | module | holds |
//! |---|---|
//! | `error` | [`Error`]: what went wrong, in words for operators |
//! | `sink` | [`Sink`], [`EventSink`]: where a zone goes |
//! | `receive` | a transfer coming in, and [`InReport`], what it was |
//! | `turns` | a long transfer taken on several cores |
//! | `link` | the task that owns the connection |
//! | `tally` | following a transfer without looking into records, for measuring |
//! | `udp` | [`soa_udp`], [`ixfr_udp`], [`notify_udp`]: an SOA query, an IXFR or a NOTIFY over a datagram |

mod error;
mod link;
mod receive;
mod sink;
mod tally;
mod turns;
mod udp;

pub use error::Error;
pub use receive::{InReport, Kind};
pub(crate) use sink::InParts;
pub use sink::{EventSink, Sink, SinkError};
pub(crate) use udp::may_be_forged;
pub use udp::{ixfr_udp, notify_udp, soa_udp};
pub use zxfr_core::transfer::SoaAnswer;

use crate::clock;
use crate::identity::PeerIdentity;
use link::{Exchange, Link};
use receive::Intake;
use sink::Records;
use std::net::SocketAddr;
use std::time::Duration;
use tally::Tally;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use zxfr_core::name::NameRef;
use zxfr_core::notify::{notify_query, read_notify_answer};
use zxfr_core::transfer::{self, Inbound, Inspector, Limits, axfr_query, ixfr_query, soa_query};
use zxfr_core::tsig::{Key, Mac, Verifier, sign_request};
use zxfr_core::wire::{Full, Record};

/// More octets than the largest query takes: name, SOA, OPT, TSIG.
pub(crate) const MAX_QUERY: usize = 1536;

/// How long to wait for a peer.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a connection to be made.
    pub connect: Duration,
    /// For the next message.
    pub progress: Duration,
    /// For a whole transfer.
    pub transfer: Duration,
}

impl Default for Timeouts {
    /// 10 s for a connection, 30 s for the next message, 2 h for a transfer.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            progress: Duration::from_secs(30),
            transfer: Duration::from_secs(2 * 3600),
        }
    }
}

/// A connection to a primary. Clones use the same connection; it is closed when the last is dropped.
#[derive(Clone, Debug)]
pub struct Client {
    link: Link,
    timeouts: Timeouts,
}

impl Client {
    /// Connects by TCP.
    ///
    /// # Errors
    /// When no connection is made in time.
    pub async fn connect(addr: SocketAddr, timeouts: Timeouts) -> Result<Self, Error> {
        let stream = match timeout(timeouts.connect, TcpStream::connect(addr)).await {
            Ok(stream) => stream.map_err(Error::Connect)?,
            Err(_) => return Err(Error::Timeout { what: "connection", after: timeouts.connect }),
        };
        // Requests are written whole, so there is nothing for Nagle's algorithm to gather.
        stream.set_nodelay(true).map_err(Error::Connect)?;
        Ok(Self::over(stream, PeerIdentity::tcp(addr), timeouts))
    }

    /// Uses a stream that is there already. To be called within a tokio runtime: a task is started for the stream.
    pub fn over<S>(stream: S, peer: PeerIdentity, timeouts: Timeouts) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        Self { link: Link::start(stream, peer), timeouts }
    }

    /// Who is at the other end.
    #[must_use]
    pub fn peer(&self) -> PeerIdentity {
        self.link.peer()
    }

    /// Whether the connection has ended: nothing more can be asked over it.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.link.is_closed()
    }

    /// The same connection with other time-outs.
    #[must_use]
    pub fn with_timeouts(&self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self.clone() }
    }

    /// Asks for the SOA of a zone.
    ///
    /// # Errors
    /// When the peer doesn't answer in time, refuses, or answers wrongly.
    pub async fn soa<M: Mac>(&self, zone: NameRef<'_>, key: Option<&Key<M>>) -> Result<SoaAnswer, Error> {
        let (mut exchange, mut verifier) = self.ask(key, |out, id| soa_query(out, zone, id, true)).await?;
        let message = self.answer(&mut exchange, Instant::now()).await?;
        let answer = transfer::read_soa_answer(&message, zone, exchange.id(), verifier.as_mut(), clock::unix())?;
        exchange.done();
        Ok(answer)
    }

    /// Transfers a zone into `sink`: its SOA first, the closing SOA left out. What the sink got is the zone only when this
    /// returns `Ok`; else it is to be thrown away.
    ///
    /// # Errors
    /// When the transfer fails in any way, or the sink does.
    pub async fn axfr<M: Mac, S: Sink>(
        &self,
        zone: NameRef<'_>,
        key: Option<&Key<M>>,
        limits: Limits,
        sink: &mut S,
    ) -> Result<InReport, Error> {
        self.axfr_events(zone, key, limits, &mut Records(sink)).await
    }

    /// Transfers a zone as [`Client::axfr`] does, into what takes events, such as a [`zxfr_core::zone::Update`].
    ///
    /// # Errors
    /// When the transfer fails in any way, or the sink does.
    pub async fn axfr_events<M: Mac, S: EventSink>(
        &self,
        zone: NameRef<'_>,
        key: Option<&Key<M>>,
        limits: Limits,
        sink: &mut S,
    ) -> Result<InReport, Error> {
        let (exchange, inspector, intake) = self.ask_axfr(zone, key, limits, sink).await?;
        self.receive(exchange, inspector, intake).await
    }

    /// As [`Client::axfr_events`], with a sink that is given back at the end and may be used on other threads.
    pub(crate) async fn axfr_apart<M, S>(
        &self,
        zone: NameRef<'_>,
        key: Option<&Key<M>>,
        limits: Limits,
        sink: S,
    ) -> Result<(InReport, S), Error>
    where
        M: Mac,
        S: InParts,
    {
        let (exchange, inspector, intake) = self.ask_axfr(zone, key, limits, sink).await?;
        self.receive_apart(exchange, inspector, intake, turns::width()).await
    }

    /// Tells the peer that the zone has changed (RFC 1996); most NOTIFYs go over UDP, see [`notify_udp`].
    ///
    /// # Errors
    /// When the peer doesn't answer in time, refuses, or answers wrongly.
    pub async fn notify<M: Mac>(&self, zone: NameRef<'_>, key: Option<&Key<M>>) -> Result<(), Error> {
        let (mut exchange, mut verifier) = self.ask(key, |out, id| notify_query(out, zone, None, id)).await?;
        let message = self.answer(&mut exchange, Instant::now()).await?;
        read_notify_answer(&message, zone, exchange.id(), verifier.as_mut(), clock::unix())?;
        exchange.done();
        Ok(())
    }

    /// Transfers what changed since the version that has this SOA, which is ours (RFC 1995): differences; or the whole zone,
    /// when the peer prefers that; or nothing, when it has nothing newer. What the sink got may be used only when this returns
    /// `Ok`. After an error an AXFR from the same peer may do.
    ///
    /// # Errors
    /// When the transfer fails in any way, or the sink does.
    pub async fn ixfr<M: Mac, S: EventSink>(
        &self,
        zone: NameRef<'_>,
        soa: &Record<'_>,
        key: Option<&Key<M>>,
        limits: Limits,
        sink: &mut S,
    ) -> Result<InReport, Error> {
        let (exchange, inspector, intake) = self.ask_ixfr(zone, soa, key, limits, sink).await?;
        self.receive(exchange, inspector, intake).await
    }

    /// As [`Client::ixfr`], with a sink that is given back at the end and may be used on other threads.
    pub(crate) async fn ixfr_apart<M, S>(
        &self,
        zone: NameRef<'_>,
        soa: &Record<'_>,
        key: Option<&Key<M>>,
        limits: Limits,
        sink: S,
    ) -> Result<(InReport, S), Error>
    where
        M: Mac,
        S: InParts,
    {
        let (exchange, inspector, intake) = self.ask_ixfr(zone, soa, key, limits, sink).await?;
        self.receive_apart(exchange, inspector, intake, turns::width()).await
    }

    /// Transfers a zone and throws it away: signatures are verified and records counted, but not looked into. For measuring
    /// how fast a primary is.
    ///
    /// # Errors
    /// When the transfer fails as far as that can be seen.
    pub async fn axfr_tally<M: Mac>(&self, zone: NameRef<'_>, key: Option<&Key<M>>) -> Result<InReport, Error> {
        let started = Instant::now();
        let (mut exchange, verifier) = self.ask(key, |out, id| axfr_query(out, zone, id, true)).await?;
        let mut tally = Tally::new(verifier);
        let mut first_message = None;
        loop {
            let message = self.answer(&mut exchange, started).await?;
            first_message.get_or_insert_with(|| started.elapsed());
            if let Some(serial) = tally.count(&message, clock::unix())? {
                exchange.done();
                return Ok(InReport {
                    serial,
                    kind: Kind::Axfr,
                    totals: tally.totals(),
                    skipped: 0,
                    expire: None,
                    first_message: first_message.unwrap_or_default(),
                    elapsed: started.elapsed(),
                });
            }
        }
    }

    async fn ask_axfr<M: Mac, S: EventSink>(
        &self,
        zone: NameRef<'_>,
        key: Option<&Key<M>>,
        limits: Limits,
        sink: S,
    ) -> Result<(Exchange, Inspector<M>, Intake<S>), Error> {
        let started = Instant::now();
        let (exchange, verifier) = self.ask(key, |out, id| axfr_query(out, zone, id, true)).await?;
        let (inspector, inbound) = Inbound::axfr(zone, exchange.id(), limits, verifier).split();
        Ok((exchange, inspector, Intake::new(inbound, sink, started)))
    }

    async fn ask_ixfr<M: Mac, S: EventSink>(
        &self,
        zone: NameRef<'_>,
        soa: &Record<'_>,
        key: Option<&Key<M>>,
        limits: Limits,
        sink: S,
    ) -> Result<(Exchange, Inspector<M>, Intake<S>), Error> {
        let ours = soa.soa().ok_or(Error::Unsendable)?.serial;
        let started = Instant::now();
        let (exchange, verifier) = self.ask(key, |out, id| ixfr_query(out, zone, soa, id, true)).await?;
        let (inspector, inbound) = Inbound::ixfr(zone, ours, exchange.id(), limits, verifier).split();
        Ok((exchange, inspector, Intake::new(inbound, sink, started)))
    }

    /// Sends a query, signed if there is a key.
    async fn ask<M: Mac>(
        &self,
        key: Option<&Key<M>>,
        write: impl FnOnce(&mut [u8], u16) -> Result<usize, Full>,
    ) -> Result<(Exchange, Option<Verifier<M>>), Error> {
        let id = self.link.free_id()?;
        let mut query = [0; MAX_QUERY];
        let (length, verifier) = write_query(&mut query, key, |out| write(out, id.number()))?;
        Ok((self.link.send(id, &query[..length])?, verifier))
    }

    /// The next message of an answer that was asked for at `started`.
    async fn answer(&self, exchange: &mut Exchange, started: Instant) -> Result<bytes::Bytes, Error> {
        let Timeouts { progress, transfer, .. } = self.timeouts;
        let left = transfer.saturating_sub(started.elapsed());
        match timeout(progress.min(left), exchange.message()).await {
            Ok(message) => message,
            Err(_) if left < progress => Err(Error::Timeout { what: "whole transfer", after: transfer }),
            Err(_) => Err(Error::Timeout { what: "next message", after: progress }),
        }
    }
}

/// Writes a query into `query` and signs it.
pub(crate) fn write_query<M: Mac>(
    query: &mut [u8],
    key: Option<&Key<M>>,
    write: impl FnOnce(&mut [u8]) -> Result<usize, Full>,
) -> Result<(usize, Option<Verifier<M>>), Error> {
    // The buffer is larger than any query.
    let unsendable = |Full| Error::Unsendable;
    let length = write(query).map_err(unsendable)?;
    match key {
        None => Ok((length, None)),
        Some(key) => {
            let (length, verifier) = sign_request(key, query, length, clock::unix()).map_err(unsendable)?;
            Ok((length, Some(verifier)))
        }
    }
}

/// A number that nobody can guess (RFC 5452 §4.3).
pub(crate) fn random_id() -> Result<u16, Error> {
    let mut octets = [0; 2];
    getrandom::fill(&mut octets).map_err(|_| Error::NoRandomness)?;
    Ok(u16::from_be_bytes(octets))
}
