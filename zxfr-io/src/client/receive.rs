//! A transfer coming in over a connection.

use super::link::Exchange;
use super::{Client, Error, EventSink};
use crate::clock;
use bytes::Bytes;
use std::panic::resume_unwind;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::{Event, Inbound, Totals};
use zxfr_core::tsig::Mac;

/// How many octets of a transfer are taken on the task that waits for them. What a small zone takes is less than handing it
/// over does.
const SMALL: u64 = 256 << 10;
/// How many messages a thread takes before others have their turn on it.
const TURN: usize = 64;

/// What a transfer in turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole zone: the answer to AXFR, or the AXFR-style answer to IXFR.
    Axfr,
    /// Differences.
    Ixfr {
        /// The serial that they begin with: ours.
        from: Serial,
        /// How many difference sequences.
        deltas: u64,
    },
    /// The peer had nothing newer.
    UpToDate,
}

/// What a transfer in was.
#[derive(Clone, Copy, Debug)]
pub struct InReport {
    /// The serial of the peer's version.
    pub serial: Serial,
    /// What came.
    pub kind: Kind,
    /// Messages, records with the closing SOA, octets.
    pub totals: Totals,
    /// Records outside the zone, left out.
    pub skipped: u64,
    /// The seconds until the zone expires at the peer, where it said so (RFC 7314).
    pub expire: Option<u32>,
    /// From the request to the first message.
    pub first_message: Duration,
    /// From the request to the end.
    pub elapsed: Duration,
}

/// A transfer coming in, and where it goes.
pub(super) struct Intake<M, S> {
    inbound: Inbound<M>,
    sink: S,
    kind: Kind,
    /// When it was asked for.
    started: Instant,
    first_message: Option<Duration>,
}

impl<M: Mac, S: EventSink> Intake<M, S> {
    pub(super) fn new(inbound: Inbound<M>, sink: S, started: Instant) -> Self {
        Self { inbound, sink, kind: Kind::UpToDate, started, first_message: None }
    }

    /// Takes a message; gives the serial of the peer's version when it was the last.
    fn take(&mut self, message: &[u8]) -> Result<Option<Serial>, Error> {
        let end = take(&mut self.inbound, message, &mut self.kind, &mut self.sink)?;
        if end.is_none() {
            self.sink.progress(self.inbound.totals());
        }
        Ok(end)
    }

    /// Takes a message, and those that have come by the time it is taken.
    fn take_turn(&mut self, first: &[u8], exchange: &mut Exchange) -> Result<Option<Serial>, Error> {
        let mut end = self.take(first)?;
        for _ in 1..TURN {
            match end.is_none().then(|| exchange.ready()).flatten() {
                Some(message) => end = self.take(&message)?,
                None => break,
            }
        }
        Ok(end)
    }

    fn report(self, serial: Serial) -> (InReport, S) {
        let Self { inbound, sink, kind, started, first_message } = self;
        let report = InReport {
            serial,
            kind,
            totals: inbound.totals(),
            skipped: inbound.skipped(),
            expire: inbound.expire_option(),
            first_message: first_message.unwrap_or_default(),
            elapsed: started.elapsed(),
        };
        (report, sink)
    }
}

impl Client {
    /// Receives the answer to a request.
    pub(super) async fn receive<M: Mac, S: EventSink>(
        &self,
        mut exchange: Exchange,
        mut intake: Intake<M, S>,
    ) -> Result<InReport, Error> {
        loop {
            let message = self.next(&mut exchange, &mut intake).await?;
            if let Some(serial) = intake.take(&message)? {
                exchange.done();
                return Ok(intake.report(serial).0);
            }
        }
    }

    /// Receives the answer to a request, and gives the sink back. If it is a long one, it is taken on threads where it holds up
    /// nobody; none is kept while nothing comes. If this is dropped, what has come meanwhile is still taken, and thrown away.
    pub(super) async fn receive_apart<M, S>(
        &self,
        mut exchange: Exchange,
        intake: Intake<M, S>,
    ) -> Result<(InReport, S), Error>
    where
        M: Mac + Send + 'static,
        S: EventSink + Send + 'static,
    {
        let mut intake = Box::new(intake);
        loop {
            let message = self.next(&mut exchange, &mut intake).await?;
            let end = if intake.inbound.totals().octets < SMALL {
                intake.take(&message)?
            } else {
                let turn = spawn_blocking(move || {
                    let end = intake.take_turn(&message, &mut exchange)?;
                    Ok::<_, Error>((exchange, intake, end))
                });
                let taken = turn.await.map_err(|error| match error.try_into_panic() {
                    Ok(panic) => resume_unwind(panic),
                    Err(_) => Error::Sink("the thread that took the zone was stopped".into()),
                });
                let end;
                (exchange, intake, end) = taken??;
                end
            };
            if let Some(serial) = end {
                exchange.done();
                return Ok(intake.report(serial));
            }
        }
    }

    /// The next message.
    async fn next<M: Mac, S>(&self, exchange: &mut Exchange, intake: &mut Intake<M, S>) -> Result<Bytes, Error> {
        match self.answer(exchange, intake.started).await {
            Ok(message) => {
                intake.first_message.get_or_insert_with(|| intake.started.elapsed());
                Ok(message)
            }
            // Nothing more comes: let the machine say what was missing.
            Err(Error::Closed) => Err(intake.inbound.eof().map_or_else(Error::Transfer, |()| Error::Closed)),
            Err(error) => Err(error),
        }
    }
}

/// Gives the events of a message to the sink; gives the serial of the peer's version when it was the last message.
pub(super) fn take<M: Mac, S: EventSink>(
    inbound: &mut Inbound<M>,
    message: &[u8],
    kind: &mut Kind,
    sink: &mut S,
) -> Result<Option<Serial>, Error> {
    let mut events = inbound.handle_message(message, clock::now())?;
    while let Some(event) = events.next()? {
        sink.event(&event)?;
        match event {
            Event::Begin { .. } => *kind = Kind::Axfr,
            Event::Deletions { soa } => {
                *kind = match *kind {
                    Kind::Ixfr { from, deltas } => Kind::Ixfr { from, deltas: deltas + 1 },
                    _ => Kind::Ixfr { from: soa.soa().map_or(Serial(0), |soa| soa.serial), deltas: 1 },
                }
            }
            Event::UpToDate { serial } | Event::Commit { serial } => return Ok(Some(serial)),
            _ => {}
        }
    }
    Ok(None)
}
