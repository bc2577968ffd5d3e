//! A transfer coming in over a connection.

use super::link::Exchange;
use super::{Client, Error, EventSink};
use crate::clock;
use bytes::Bytes;
use std::mem::take;
use std::panic::resume_unwind;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::{Event, Events, Inspected, InspectedInbound, Inspector, Totals};
use zxfr_core::tsig::Mac;

/// How many octets of a transfer are taken on the task that waits for them: what a small zone takes is less than handing it
/// over does. And how many may wait while a thread takes those before.
const TURN: usize = 256 << 10;

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
    inbound: InspectedInbound,
    sink: S,
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
    fn take_all(&mut self, messages: &[Inspected<Bytes>]) -> Result<Option<Serial>, Error> {
        for message in messages {
            if let Some(serial) = self.take(message)? {
                return Ok(Some(serial));
            }
        }
        Ok(None)
    }

    /// Why no more comes, when this is why no message does.
    fn ended(&mut self, error: Error) -> Error {
        match error {
            // Let the machine say what was missing.
            Error::Closed => self.inbound.eof().map_or_else(Error::Transfer, |()| Error::Closed),
            error => error,
        }
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

    /// Receives the answer to a request, and gives the sink back. A long one is taken on threads where it holds up nobody, a
    /// turn at a time, while the next is inspected here; no thread is kept while nothing comes. If this is dropped, the turn
    /// goes to its end, and what was taken is thrown away.
    pub(super) async fn receive_apart<M: Mac, S: EventSink + Send + 'static>(
        &self,
        mut exchange: Exchange,
        mut inspector: Inspector<M>,
        mut intake: Intake<S>,
    ) -> Result<(InReport, S), Error> {
        while intake.inbound.totals().octets < TURN as u64 {
            let message = self.answer(&mut exchange, intake.started).await.map_err(|error| intake.ended(error))?;
            if let Some(serial) = intake.take(&inspector.inspect(message, clock::unix()))? {
                exchange.done();
                return Ok(intake.report(serial));
            }
        }
        let mut intake = Box::new(intake);
        let mut ahead = Ahead::default();
        loop {
            if ahead.messages.is_empty() {
                match self.answer(&mut exchange, intake.started).await {
                    Ok(message) => ahead.push(inspector.inspect(message, clock::unix())),
                    Err(error) => {
                        let error = intake.ended(error);
                        // It may be large.
                        spawn_blocking(move || drop(intake));
                        return Err(error);
                    }
                }
            }
            while let Some(message) = ahead.has_room().then(|| exchange.ready()).flatten() {
                ahead.push(inspector.inspect(message, clock::unix()));
            }
            let messages = take(&mut ahead).messages;
            let mut turn = spawn_blocking(move || intake.take_all(&messages).map(|end| (intake, end)));
            let mut open = true;
            let taken = loop {
                tokio::select! {
                    biased;
                    taken = &mut turn => break taken,
                    message = exchange.message(), if open && ahead.has_room() => match message {
                        Ok(message) => ahead.push(inspector.inspect(message, clock::unix())),
                        // It is told again when all that came before is taken.
                        Err(_) => open = false,
                    },
                }
            };
            let taken = taken.map_err(|error| match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_) => Error::Sink("the thread that took the zone was stopped".into()),
            });
            let end;
            (intake, end) = taken??;
            if let Some(serial) = end {
                exchange.done();
                return Ok(intake.report(serial));
            }
        }
    }
}

/// Messages that were inspected and wait to be taken.
#[derive(Default)]
struct Ahead {
    messages: Vec<Inspected<Bytes>>,
    octets: usize,
}

impl Ahead {
    fn push(&mut self, message: Inspected<Bytes>) {
        self.octets += message.octets().len();
        self.messages.push(message);
    }

    const fn has_room(&self) -> bool {
        self.octets < TURN
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
