//! How a zone stands with its peers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use zxfr_core::refresh::Kind;
use zxfr_core::serial::Serial;
use zxfr_io::secondary::{LastFailure, PrimaryStatus, Status, TransferStatus};

use super::time;
use crate::api::shown_name;
use crate::api::{FailureStatus, IncomingStatus, OutgoingStatus, PeerStatus, Progress, ProgressKind, ZoneStatus};
use crate::catalog::{self, Id, Peer, Time};
use crate::node::Kept;
use crate::reason;
use crate::registry::{Contact, ReadOutcome, Zone};

/// The zone's status.
pub(super) fn of(kept: &Kept, zone: &catalog::Zone) -> ZoneStatus {
    let name = zone.name.value().as_ref();
    let mut status = ZoneStatus { id: zone.id.to_string(), name: shown_name(zone).to_owned(), ..ZoneStatus::default() };
    let Some(found) = kept.registry.zone(name).filter(|found| found.id() == zone.id) else { return status };
    let serial = found.version().map(|version| version.serial());
    let kept_in_step = kept.secondary.status(name);
    status.soa_serial = serial.map(|serial| serial.0);
    status.expired = found.is_expired() || kept_in_step.as_ref().is_some_and(|status| status.expired);
    status.failure = failure(&found);
    status.incoming = found.links().incoming.as_ref().map(|peers| incoming(&found, peers, kept_in_step, serial));
    status.outgoing = found.links().outgoing.as_ref().map(|links| outgoing(&found, links, serial));
    status
}

/// What is wrong here, whatever its peers do.
fn failure(zone: &Zone) -> Option<FailureStatus> {
    if let Some(damaged) = zone.damaged() {
        let message = format!("what the store has is damaged: {}", damaged.what);
        return Some(FailureStatus { reason: reason::DAMAGED, message, at: None, peer: None });
    }
    let last = zone.last_read()?;
    let (reason, message) = match last.outcome {
        ReadOutcome::Taken => return None,
        ReadOutcome::Held => (reason::HELD, "the zone file has lost many records: SIGHUP confirms it"),
        ReadOutcome::NotStored => (reason::STORE, "what the zone file says could not be stored"),
        ReadOutcome::Bad => (reason::BAD_FILE, "the zone file was not taken: the log says why"),
    };
    Some(FailureStatus { reason, message: message.to_owned(), at: Some(Time::from(last.at).to_string()), peer: None })
}

fn incoming(zone: &Zone, peers: &[Arc<Peer>], status: Option<Status>, ours: Option<Serial>) -> IncomingStatus {
    let shown = |at| time(at).to_string();
    let state = status.as_ref().map_or_else(|| zone.state(), |status| status.state);
    let rows = peers.iter().map(|peer| {
        let primaries = status.as_ref().into_iter().flat_map(|status| &status.primaries);
        primary(peer, primaries.into_iter().find(|primary| Some(primary.addr) == peer.addr()), ours)
    });
    let rows = rows.collect();
    let failed = status.as_ref().and_then(|status| status.failed.as_ref());
    IncomingStatus {
        last_check: state.last_check.map(shown),
        last_success: state.last_success.map(shown),
        next_check: status.as_ref().and_then(|status| status.next_check).map(|wait| coming(wait).to_string()),
        expires: state.expires.map(shown),
        failure: failed.map(|failed| FailureStatus {
            reason: failed.reason.failure.as_str(),
            message: failed.reason.to_string(),
            at: Some(shown(failed.at)),
            peer: failed.peer.and_then(|addr| id_of(peers, addr)),
        }),
        transfer: status.and_then(|status| status.transfer).map(|transfer| progress(peers, &transfer)),
        peers: rows,
    }
}

fn primary(peer: &Peer, status: Option<&PrimaryStatus>, ours: Option<Serial>) -> PeerStatus {
    let shown = |at| time(at).to_string();
    let theirs = status.and_then(|status| status.serial);
    PeerStatus {
        soa_serial: theirs.map(|serial| serial.0),
        lag: lag(theirs, ours),
        last_check: status.and_then(|status| status.asked).map(shown),
        last_success: status.and_then(|status| status.last_success).map(shown),
        last_failure: status.and_then(|status| status.last_failure.as_ref()).map(|last| last_failure(peer.id, last)),
        failing: status.is_some_and(|status| status.failing),
        ..named(peer)
    }
}

fn last_failure(peer: Id, last: &LastFailure) -> FailureStatus {
    FailureStatus {
        reason: last.reason.failure.as_str(),
        message: last.reason.to_string(),
        at: Some(time(last.at).to_string()),
        peer: Some(peer.to_string()),
    }
}

fn progress(peers: &[Arc<Peer>], transfer: &TransferStatus) -> Progress {
    let per_second = |count: u64| {
        let seconds = transfer.running.map(|running| running.as_secs_f64()).filter(|seconds| *seconds > 0.0)?;
        Some((count as f64 / seconds).round())
    };
    Progress {
        peer: id_of(peers, transfer.peer),
        kind: match transfer.kind {
            Kind::Axfr => ProgressKind::Axfr,
            Kind::Ixfr => ProgressKind::Ixfr,
        },
        seconds: transfer.running.map(|running| running.as_secs_f64()),
        records: transfer.totals.records,
        octets: transfer.totals.octets,
        records_per_second: per_second(transfer.totals.records),
        octets_per_second: per_second(transfer.totals.octets),
    }
}

fn outgoing(zone: &Zone, (enabled, peers): &(bool, Vec<Arc<Peer>>), ours: Option<Serial>) -> OutgoingStatus {
    let dealings = zone.dealings();
    OutgoingStatus {
        enabled: *enabled,
        transfers: dealings.sending,
        last_transfer: dealings.sent.map(|at| at.to_string()),
        peers: peers
            .iter()
            .map(|peer| secondary(peer, &peer.addr().map(|addr| dealings.with(addr)).unwrap_or_default(), ours))
            .collect(),
    }
}

fn secondary(peer: &Peer, contact: &Contact, ours: Option<Serial>) -> PeerStatus {
    PeerStatus {
        soa_serial: contact.serial.map(|serial| serial.0),
        lag: lag(ours, contact.serial),
        last_check: contact.at.map(|at| at.to_string()),
        last_success: contact.well.map(|at| at.to_string()),
        last_failure: contact.failure.as_ref().map(|failed| FailureStatus {
            reason: failed.reason,
            message: failed.message.to_string(),
            at: Some(failed.at.to_string()),
            peer: Some(peer.id.to_string()),
        }),
        failing: contact.failing,
        ..named(peer)
    }
}

fn named(peer: &Peer) -> PeerStatus {
    let address = peer.addr().map(|addr| addr.to_string());
    PeerStatus { id: peer.id.to_string(), name: peer.name.clone(), address, ..PeerStatus::default() }
}

/// By how many serials one is ahead of the other (RFC 1982).
fn lag(ahead: Option<Serial>, behind: Option<Serial>) -> Option<i64> {
    Some(i64::from(ahead?.0.wrapping_sub(behind?.0).cast_signed()))
}

fn id_of(peers: &[Arc<Peer>], addr: SocketAddr) -> Option<String> {
    peers.iter().find(|peer| peer.addr() == Some(addr)).map(|peer| peer.id.to_string())
}

/// The time so long from now, to the second, so that it doesn't change from one look to the next.
pub(super) fn coming(wait: Duration) -> Time {
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
