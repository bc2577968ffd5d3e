//! The zones as the host of a secondary, and of those who are told of new versions: what is held, what becomes of a transfer,
//! what is logged.

use std::sync::Arc;

use zxfr_core::name::NameRef;
use zxfr_core::refresh::State;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::zone::{Change, Summary, Version};
use zxfr_io::client::Kind;
use zxfr_io::notify::{NotifyReport, Outgoing};
use zxfr_io::secondary::{Attempt, Next, Refused, What};

use super::Registry;
use super::event::Event;
use super::held::Transferred;
use super::standing::OK;
use super::zone::PublishError;
use crate::catalog::Time;
use crate::logging::{self, Direction, Transfer};

impl zxfr_io::Incoming for Registry {
    type Mac = Hmac;

    fn held(&self, zone: NameRef<'_>) -> Option<Arc<Version>> {
        self.zone(zone)?.base()
    }

    fn install(&self, zone: NameRef<'_>, change: Change) -> Result<(), Refused> {
        let found = self.zone(zone).ok_or_else(|| Refused::Failed("the zone is gone".to_owned()))?;
        let Summary { duplicates, ttls_levelled, out_of_zone, .. } = change.summary;
        found.install(change).map_err(|error| match error {
            PublishError::Shrunk(shrunk) => Refused::Held(format!("{shrunk}: SIGHUP confirms it")),
            PublishError::Digest(_) | PublishError::Held(_) => Refused::Held(error.to_string()),
            PublishError::Store(error) => Refused::NotStored(error.to_string()),
            error => Refused::Failed(error.to_string()),
        })?;
        if duplicates > 0 || ttls_levelled > 0 || out_of_zone > 0 {
            tracing::warn!(
                %zone, duplicates, ttls_levelled, out_of_zone,
                "the primary sent records twice, TTLs that differ within an RRset, or records outside the zone"
            );
        }
        Ok(())
    }

    fn attempt_ended(&self, attempt: &Attempt) {
        log(attempt);
        let zone = self.zone(attempt.zone.as_ref());
        if let Some(zone) = zone.as_ref().filter(|_| !is_promise(attempt)) {
            let result = attempt.result.as_ref().map_or_else(|reason| reason.failure.as_str(), |()| OK);
            zone.dealings().count(Direction::In, kind(attempt), result, attempt.totals, attempt.elapsed);
        }
        if let (Some(zone), Some(to), true) = (&zone, attempt.to, attempt.installed) {
            let Attempt { from, totals, elapsed, .. } = *attempt;
            zone.set_transferred(Transferred { kind: kind(attempt), from, to, totals, elapsed });
        }
        // Once a version has come as promised, primaries that don't answer hold up nobody.
        let came = attempt.installed && attempt.result.is_ok();
        if came || matches!(attempt.next, Next::Check(_) | Next::Nothing) {
            self.tell(Event::Rested(attempt.zone.clone()));
        }
        if let Some(zone) = zone {
            self.tell(Event::Heard(zone.id()));
        }
    }

    fn state_changed(&self, zone: NameRef<'_>, state: State, expired: bool) {
        let Some(found) = self.zone(zone) else { return };
        let was_expired = found.set_state(state, expired);
        if expired && !was_expired {
            tracing::warn!(%zone, "zone expired: no primary has confirmed it for longer than its SOA's EXPIRE");
        }
        self.tell(Event::Heard(found.id()));
    }
}

impl Outgoing for Registry {
    type Mac = Hmac;

    fn notify_ended(&self, report: &NotifyReport) {
        let NotifyReport { zone, peer, serial, tries, elapsed, result } = report;
        let seconds = logging::seconds(*elapsed);
        if let Some(zone) = self.zone(zone.as_ref()) {
            let result = result.as_ref().map(|&()| ()).map_err(|reason| (reason.failure.as_str(), reason.text.clone()));
            zone.dealings().told(*peer, result, Time::now());
        }
        match result {
            Ok(()) => tracing::info!(notify = %"out", %zone, %peer, %serial, tries, seconds, result = %"ok"),
            Err(reason) => {
                let word = reason.failure.as_str();
                tracing::warn!(notify = %"out", %zone, %peer, %serial, tries, seconds, result = %word, %reason);
            }
        }
    }
}

/// What the log calls it.
fn kind(attempt: &Attempt) -> logging::Kind {
    match (attempt.what, attempt.kind) {
        (What::Check, _) | (_, Some(Kind::UpToDate)) => logging::Kind::UpToDate,
        (What::Axfr, _) | (_, Some(Kind::Axfr)) => logging::Kind::Axfr,
        (What::Ixfr, _) => logging::Kind::Ixfr,
    }
}

/// Whether it is a check that found something newer: what comes of it the transfer shows.
fn is_promise(attempt: &Attempt) -> bool {
    attempt.what == What::Check && attempt.result.is_ok() && attempt.from != attempt.to
}

/// The log's line. A check that found something newer has none: the transfer has.
fn log(attempt: &Attempt) {
    let Attempt { peer, from, to, totals, elapsed, .. } = *attempt;
    let zone = attempt.zone.as_ref();
    if is_promise(attempt) {
        tracing::debug!(%zone, %peer, serial = to.map(|serial| serial.0), "the primary has another version");
        return;
    }
    let result = attempt.result.as_ref().map(|&()| ());
    let result = result.map_err(|reason| logging::Failed { word: reason.failure.as_str(), text: reason });
    logging::transfer(&Transfer {
        direction: Direction::In,
        zone,
        peer,
        kind: kind(attempt),
        from,
        to,
        totals,
        elapsed,
        result,
    });
}
