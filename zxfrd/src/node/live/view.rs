//! What is known of a zone and its peers, taken at one moment: what status and metrics are made of.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use zxfr_core::refresh::State;
use zxfr_core::serial::Serial;
use zxfr_core::zone::Version;
use zxfr_io::secondary::{LastFailure, PrimaryStatus, Status};

use super::time;
use crate::catalog::{self, Peer, ReviewState, Time};
use crate::node::Kept;
use crate::reason;
use crate::registry::{Contact, Dealings, Links, PeerFailed, ReadOutcome, Received, Zone};

/// What is known of a zone.
#[derive(Debug)]
pub(super) struct View {
    pub(super) version: Option<Arc<Version>>,
    pub(super) expired: bool,
    /// How it is kept in step.
    pub(super) status: Option<Status>,
    /// Since when nothing newer is known, by what is remembered of earlier runs.
    pub(super) state: State,
    pub(super) dealings: Dealings,
    pub(super) links: Links,
    /// What is wrong here, whatever its peers do.
    pub(super) failure: Option<(&'static str, String, Option<Time>)>,
}

/// How a zone stands with a peer.
#[derive(Clone, Debug)]
pub(super) struct PeerView {
    pub(super) peer: Arc<Peer>,
    /// The serial that it has.
    pub(super) serial: Option<Serial>,
    /// How many serials whoever is behind is behind.
    pub(super) lag: Option<i64>,
    pub(super) last_check: Option<Time>,
    pub(super) last_success: Option<Time>,
    pub(super) last_failure: Option<PeerFailed>,
    /// Whether nothing has gone well since then.
    pub(super) failing: bool,
}

impl View {
    /// The zone as it is now, if the registry has it.
    pub(super) fn of(kept: &Kept, zone: &catalog::Zone) -> Option<Self> {
        let name = zone.name.value().as_ref();
        let found = kept.registry.zone(name).filter(|found| found.id() == zone.id)?;
        let status = kept.secondary.status(name);
        Some(Self {
            version: found.version(),
            expired: found.is_expired() || status.as_ref().is_some_and(|status| status.expired),
            state: status.as_ref().map_or_else(|| found.state(), |status| status.state),
            status,
            dealings: found.dealings().clone(),
            links: found.links().clone(),
            failure: failure(&found),
        })
    }

    /// The serial that is held.
    pub(super) fn serial(&self) -> Option<Serial> {
        self.version.as_ref().map(|version| version.serial())
    }

    /// When its primaries are asked next.
    pub(super) fn next_check(&self) -> Option<Time> {
        self.status.as_ref()?.next_check.map(coming)
    }

    /// Each of its primaries.
    pub(super) fn primaries(&self) -> impl Iterator<Item = PeerView> {
        let peers = self.links.incoming.iter().flatten();
        peers.map(|peer| {
            let mut statuses = self.status.iter().flat_map(|status| &status.primaries);
            let status = statuses.find(|status| Some(status.addr) == peer.addr());
            PeerView::primary(peer.clone(), status, self.serial())
        })
    }

    /// Each of those that it goes to.
    pub(super) fn secondaries(&self) -> impl Iterator<Item = PeerView> {
        let peers = self.links.outgoing.iter().flat_map(|(_, peers)| peers);
        peers.map(|peer| {
            let contact = peer.addr().map(|addr| self.dealings.with(addr)).unwrap_or_default();
            PeerView::secondary(peer.clone(), contact, self.serial())
        })
    }

    /// The primary at this address.
    pub(super) fn primary_at(&self, addr: SocketAddr) -> Option<&Arc<Peer>> {
        self.links.incoming.iter().flatten().find(|peer| peer.addr() == Some(addr))
    }
}

impl PeerView {
    fn primary(peer: Arc<Peer>, status: Option<&PrimaryStatus>, ours: Option<Serial>) -> Self {
        let serial = status.and_then(|status| status.serial);
        let failed = |last: &LastFailure| PeerFailed {
            at: time(last.at),
            reason: last.reason.failure.as_str(),
            message: last.reason.text.clone(),
        };
        Self {
            peer,
            serial,
            lag: lag(serial, ours),
            last_check: status.and_then(|status| status.asked).map(time),
            last_success: status.and_then(|status| status.last_success).map(time),
            last_failure: status.and_then(|status| status.last_failure.as_ref()).map(failed),
            failing: status.is_some_and(|status| status.failing),
        }
    }

    fn secondary(peer: Arc<Peer>, contact: Contact, ours: Option<Serial>) -> Self {
        let Contact { serial, at, well, failure, failing } = contact;
        let lag = lag(ours, serial);
        Self { peer, serial, lag, last_check: at, last_success: well, last_failure: failure, failing }
    }
}

/// What is wrong with what is held here.
fn failure(zone: &Zone) -> Option<(&'static str, String, Option<Time>)> {
    if let Some(damaged) = zone.damaged() {
        return Some((reason::DAMAGED, format!("what the store has is damaged: {}", damaged.what), None));
    }
    if let Some(received) = zone.received().filter(|received| received.review.state == ReviewState::Pending) {
        let Received { version, review } = received;
        let message = format!("the version with serial {} is held for review: {review}", version.serial());
        return Some((reason::HELD, message, Some(review.since)));
    }
    let last = zone.last_read()?;
    let (reason, message) = match last.outcome {
        ReadOutcome::Taken => return None,
        ReadOutcome::Held => (reason::HELD, "the zone file has lost many records: SIGHUP confirms it"),
        ReadOutcome::NotStored => (reason::STORE, "what the zone file says could not be stored"),
        ReadOutcome::Bad => (reason::BAD_FILE, "the zone file was not taken: the log says why"),
    };
    Some((reason, message.to_owned(), Some(last.at.into())))
}

/// By how many serials one is ahead of the other (RFC 1982).
fn lag(ahead: Option<Serial>, behind: Option<Serial>) -> Option<i64> {
    Some(i64::from(ahead?.0.wrapping_sub(behind?.0).cast_signed()))
}

/// The time so long from now, to the second, so that it doesn't change from one look to the next.
fn coming(wait: Duration) -> Time {
    let micros = Time::from(SystemTime::now() + wait).0;
    Time(micros.saturating_add(500_000).div_euclid(1_000_000).saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_counted_in_serial_arithmetic() {
        let lag = |ahead, behind| lag(Some(Serial(ahead)), Some(Serial(behind)));
        assert_eq!(lag(7, 5), Some(2));
        assert_eq!(lag(5, 7), Some(-2));
        assert_eq!(lag(1, u32::MAX), Some(2));
        assert_eq!(self::lag(None, Some(Serial(1))), None);
    }
}
