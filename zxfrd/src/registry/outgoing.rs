//! What is noted of those who ask for a zone.

use std::net::IpAddr;

use zxfr_core::primary::Refusal;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::Kind;
use zxfr_io::OutReport;

use super::Zone;
use super::standing::OK;
use crate::catalog::Time;
use crate::logging::{self, Direction};
use crate::reason::{of_refusal, of_sending};

/// What the log calls what was sent, and the serial that its asker had.
pub(super) fn kind(report: &OutReport) -> (logging::Kind, Option<Serial>) {
    match report.kind {
        Kind::Axfr => (logging::Kind::Axfr, None),
        Kind::Ixfr { from } => (logging::Kind::Ixfr, Some(from)),
        Kind::UpToDate { from } => (logging::Kind::UpToDate, Some(from)),
    }
}

impl Zone {
    /// Something of it was sent, all of it or not.
    pub(super) fn note_sent(&self, report: &OutReport) {
        let now = Time::now();
        let (kind, from) = kind(report);
        let word = report.result.map_or_else(of_sending, |()| OK);
        let result = report.result.map_err(|error| (of_sending(error), error.to_string().into()));
        // Who got it all has it; who asked from a serial has that.
        let has = if report.result.is_ok() && kind != logging::Kind::UpToDate { Some(report.serial) } else { from };
        let peer = self.linked_at(report.peer.asker().addr);
        let mut dealings = self.dealings();
        dealings.checked = Some(now);
        if report.result.is_ok() && kind != logging::Kind::UpToDate {
            dealings.sent = Some(now);
        }
        dealings.count(Direction::Out, kind, word, report.totals, report.elapsed);
        dealings.asked(peer, has, result, now);
    }

    /// Its serial was given to somebody.
    pub(super) fn note_soa(&self, addr: IpAddr) {
        let (now, peer) = (Time::now(), self.linked_at(addr));
        let mut dealings = self.dealings();
        dealings.checked = Some(now);
        dealings.soas += 1;
        dealings.asked(peer, None, Ok(()), now);
    }

    /// Somebody was refused.
    pub(super) fn note_refused(&self, addr: IpAddr, refusal: &Refusal) {
        let (word, peer) = (of_refusal(refusal), self.linked_at(addr));
        let mut dealings = self.dealings();
        *dealings.refusals.entry(word).or_default() += 1;
        dealings.asked(peer, None, Err((word, refusal.to_string().into())), Time::now());
    }

    /// The address, if it is that of a peer that the zone goes to.
    fn linked_at(&self, addr: IpAddr) -> Option<IpAddr> {
        self.linked().contains(&addr).then_some(addr)
    }
}
