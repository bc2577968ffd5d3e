//! Following a transfer without looking into records: what a load generator does.

use super::Error;
use zxfr_core::serial::Serial;
use zxfr_core::time::UnixTime;
use zxfr_core::transfer::{Error as TransferError, Totals};
use zxfr_core::tsig::{Mac, Verifier};
use zxfr_core::wire::{HEADER_LEN, Layout, Message, Rcode, Rtype, Scratch};

/// The octets of an SOA's RDATA that are never compressed: SERIAL to MINIMUM.
const SOA_NUMBERS: usize = 20;
/// How far before the end of a message, or its TSIG, the closing SOA may end: OPT stands between.
const OPT_WINDOW: usize = 512;

/// Counts records by the headers, verifies signatures, and finds the end: the message whose last answer is an SOA.
///
/// Only messages that may be the first or the last are walked through; of the others the header and the TSIG are looked at,
/// which is found where that of the message before was.
pub(super) struct Tally<M> {
    verifier: Option<Verifier<M>>,
    totals: Totals,
    serial: Option<Serial>,
    soa_numbers: Option<[u8; SOA_NUMBERS]>,
    /// The TSIG of the last message that was walked through: its octets up to the RDATA, and its length.
    tsig: (Vec<u8>, usize),
}

impl<M: Mac> Tally<M> {
    pub(super) fn new(verifier: Option<Verifier<M>>) -> Self {
        Self { verifier, totals: Totals::default(), serial: None, soa_numbers: None, tsig: (Vec::new(), 0) }
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
        let layout = match self.middle_layout(octets) {
            Some(layout) => layout,
            None => message.layout().map_err(wire)?,
        };
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
            let record = answers.next().map_err(wire)?;
            self.serial = record.and_then(|record| record.soa()).map(|soa| soa.serial);
            self.soa_numbers = record.and_then(|record| record.rdata.last_chunk().copied());
        }
        if let Some(at) = layout.tsig_at {
            // Owner, type, class, TTL: the same in every message of a stream.
            let fixed = self.verifier.as_ref().map_or(0, |verifier| verifier.key_name().len() + 8);
            let tsig = &octets[at..];
            self.tsig = (tsig[..fixed.min(tsig.len())].to_vec(), tsig.len());
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

    /// The layout, as far as it matters here, of a message that is surely not the last; `None` when it may be.
    fn middle_layout(&self, octets: &[u8]) -> Option<Layout> {
        let numbers = self.soa_numbers?;
        let tsig_at = match &self.verifier {
            None => None,
            Some(_) => {
                let (fixed, length) = &self.tsig;
                let at = octets.len().checked_sub(*length)?;
                let is_there = !fixed.is_empty() && octets.get(at..)?.starts_with(fixed);
                Some(is_there.then_some(at)?)
            }
        };
        let end = tsig_at.unwrap_or(octets.len());
        let window = octets.get(end.saturating_sub(OPT_WINDOW)..end)?;
        if window.windows(SOA_NUMBERS).any(|octets| octets == numbers) {
            return None;
        }
        let at = HEADER_LEN;
        Some(Layout { answers_at: at, last_answer: None, authorities_at: at, opt_at: None, tsig_at })
    }
}
