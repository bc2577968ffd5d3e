//! A transfer coming in over a connection.

use super::link::Exchange;
use super::{Client, Error, EventSink};
use crate::clock;
use std::time::Duration;
use tokio::time::Instant;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::{Event, Inbound, Totals};
use zxfr_core::tsig::Mac;

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

impl Client {
    /// Receives the answer to a request that was sent at `started`.
    pub(super) async fn receive<M: Mac, S: EventSink>(
        &self,
        mut exchange: Exchange,
        mut inbound: Inbound<M>,
        started: Instant,
        sink: &mut S,
    ) -> Result<InReport, Error> {
        let mut first_message = None;
        let mut kind = Kind::UpToDate;
        loop {
            let message = match self.answer(&mut exchange, started).await {
                Ok(message) => message,
                // Nothing more comes: let the machine say what was missing.
                Err(Error::Closed) => return Err(inbound.eof().map_or_else(Error::Transfer, |()| Error::Closed)),
                Err(error) => return Err(error),
            };
            let first_message = *first_message.get_or_insert_with(|| started.elapsed());
            if let Some(serial) = take(&mut inbound, &message, &mut kind, sink)? {
                exchange.done();
                let (totals, skipped, elapsed) = (inbound.totals(), inbound.skipped(), started.elapsed());
                let expire = inbound.expire_option();
                return Ok(InReport { serial, kind, totals, skipped, expire, first_message, elapsed });
            }
            sink.progress(inbound.totals());
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
