//! A transfer coming in over a connection.

use super::link::Exchange;
use super::turns::Turns;
use super::{Client, Error, EventSink, InParts};
use crate::clock;
use bytes::Bytes;
use std::time::Duration;
use tokio::time::Instant;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::{Event, Events, Inspected, InspectedInbound, Inspector, Totals};
use zxfr_core::tsig::Mac;

/// How many octets of a transfer are taken on the task that waits for them: what a small zone takes is less than handing it
/// over does.
const SHORT: u64 = 256 << 10;

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
pub(super) struct Intake<S> {
    pub(super) inbound: InspectedInbound,
    pub(super) sink: S,
    kind: Kind,
    /// When it was asked for.
    started: Instant,
    first_message: Option<Duration>,
}

impl<S: EventSink> Intake<S> {
    pub(super) const fn new(inbound: InspectedInbound, sink: S, started: Instant) -> Self {
        Self { inbound, sink, kind: Kind::UpToDate, started, first_message: None }
    }

    /// Takes a message; gives the serial of the peer's version when it was the last.
    fn take(&mut self, message: &Inspected<Bytes>) -> Result<Option<Serial>, Error> {
        self.first_message.get_or_insert_with(|| self.started.elapsed());
        let end = take_events(self.inbound.handle_message(message)?, &mut self.kind, &mut self.sink)?;
        if end.is_none() {
            self.sink.progress(self.inbound.totals());
        }
        Ok(end)
    }

    /// Takes messages up to the last of the answer.
    pub(super) fn take_all(&mut self, messages: &[Inspected<Bytes>]) -> Result<Option<Serial>, Error> {
        for message in messages {
            if let Some(serial) = self.take(message)? {
                return Ok(Some(serial));
            }
        }
        Ok(None)
    }

    /// Why no more comes, when this is why no message does.
    pub(super) fn ended(&mut self, error: Error) -> Error {
        match error {
            // Let the machine say what was missing.
            Error::Closed => self.inbound.eof().map_or_else(Error::Transfer, |()| Error::Closed),
            error => error,
        }
    }

    pub(super) fn report(self, serial: Serial) -> (InReport, S) {
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
        mut inspector: Inspector<M>,
        mut intake: Intake<S>,
    ) -> Result<InReport, Error> {
        loop {
            let message = self.answer(&mut exchange, intake.started).await.map_err(|error| intake.ended(error))?;
            if let Some(serial) = intake.take(&inspector.inspect(message, clock::unix()))? {
                exchange.done();
                return Ok(intake.report(serial).0);
            }
        }
    }

    /// Receives the answer to a request, and gives the sink back. A long one is taken on threads where it holds up nobody, up
    /// to `width` at once, a turn at a time, while the next is inspected here; no thread is kept while nothing comes. If this
    /// is dropped, the turns that were begun go to their end, and what was taken is thrown away.
    pub(super) async fn receive_apart<M: Mac, S: InParts>(
        &self,
        mut exchange: Exchange,
        mut inspector: Inspector<M>,
        mut intake: Intake<S>,
        width: usize,
    ) -> Result<(InReport, S), Error> {
        while intake.inbound.totals().octets < SHORT {
            let message = self.answer(&mut exchange, intake.started).await.map_err(|error| intake.ended(error))?;
            if let Some(serial) = intake.take(&inspector.inspect(message, clock::unix()))? {
                exchange.done();
                return Ok(intake.report(serial));
            }
        }
        let started = intake.started;
        let mut turns = Turns::new(intake, width);
        let mut open = true;
        loop {
            while let Some(message) = turns.has_room().then(|| exchange.ready()).flatten() {
                turns.push(inspector.inspect(message, clock::unix()));
            }
            turns.start();
            let ended = if turns.are_idle() {
                match self.answer(&mut exchange, started).await {
                    Ok(message) => turns.push(inspector.inspect(message, clock::unix())),
                    Err(error) => return Err(turns.ended(error)),
                }
                None
            } else {
                tokio::select! {
                    biased;
                    ended = turns.next() => ended?,
                    message = exchange.message(), if open && turns.has_room() => {
                        match message {
                            Ok(message) => turns.push(inspector.inspect(message, clock::unix())),
                            // It is told again when all that came before is taken.
                            Err(_) => open = false,
                        }
                        None
                    }
                }
            };
            if let Some((serial, intake)) = ended {
                exchange.done();
                return Ok(intake.report(serial));
            }
        }
    }
}

/// Gives the events of a message to the sink; gives the serial of the peer's version when it was the last message.
pub(super) fn take_events<S: EventSink>(
    mut events: Events<'_>,
    kind: &mut Kind,
    sink: &mut S,
) -> Result<Option<Serial>, Error> {
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

#[cfg(test)]
mod tests;
