//! Following a transfer without looking into records: what a load generator does.

use super::Error;
use zxfr_core::serial::Serial;
use zxfr_core::time::UnixTime;
use zxfr_core::transfer::{Error as TransferError, Totals};
use zxfr_core::tsig::{Mac, Verifier};
use zxfr_core::wire::{Message, Rcode, Rtype, Scratch};

/// Counts records by the headers, verifies signatures, and finds the end: the second message, or the same, whose last
/// answer is an SOA.
pub(super) struct Tally<M> {
    verifier: Option<Verifier<M>>,
    totals: Totals,
    serial: Option<Serial>,
}

impl<M: Mac> Tally<M> {
    pub(super) fn new(verifier: Option<Verifier<M>>) -> Self {
        Self { verifier, totals: Totals::default(), serial: None }
    }

    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    /// Takes a message; gives the serial when it was the last.
    pub(super) fn count(&mut self, octets: &[u8], now: UnixTime) -> Result<Option<Serial>, Error> {
        self.totals.messages += 1;
        self.totals.octets += octets.len() as u64;
        let number = self.totals.messages;
        let wire = |error: zxfr_core::error::WireError| TransferError::wire(error, number);
        let message = Message::new(octets).map_err(wire)?;
        let layout = message.layout().map_err(wire)?;
        if let Some(verifier) = &mut self.verifier {
            verifier.verify(&message, &layout, now).map_err(TransferError::Tsig)?;
        }
        let header = message.header();
        let rcode = header.flags.rcode();
        if rcode != Rcode::NOERROR {
            return Err(TransferError::Refused { rcode, ede: None, message: number, signed: false }.into());
        }
        let first = self.totals.records == 0;
        self.totals.records += u64::from(header.answers);
        if first {
            let mut scratch = Scratch::new();
            let mut answers = message.answers(&layout, &mut scratch);
            let soa = answers.next().map_err(wire)?.and_then(|record| record.soa().map(|soa| soa.serial));
            self.serial = soa;
        }
        let closes = layout.last_answer == Some(Rtype::SOA) && self.totals.records > 1;
        if !closes {
            return Ok(None);
        }
        if let Some(verifier) = &self.verifier {
            verifier.finish().map_err(TransferError::Tsig)?;
        }
        Ok(self.serial)
    }
}
