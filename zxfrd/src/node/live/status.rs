//! How a zone stands with its peers, as the API says it.

use zxfr_core::refresh::Kind;
use zxfr_io::secondary::{FailedRound, TransferStatus};

use super::time;
use super::view::{PeerView, View};
use crate::api::{
    FailureStatus, IncomingStatus, OutgoingStatus, PeerStatus, Progress, ProgressKind, ZoneStatus, shown_name,
};
use crate::catalog;

/// The zone's status.
pub(super) fn of(zone: &catalog::Zone, view: Option<&View>) -> ZoneStatus {
    let status = ZoneStatus { id: zone.id.to_string(), name: shown_name(zone).to_owned(), ..ZoneStatus::default() };
    let Some(view) = view else { return status };
    ZoneStatus {
        soa_serial: view.serial().map(|serial| serial.0),
        expired: view.expired,
        failure: view.failure.as_ref().map(|(reason, message, at)| FailureStatus {
            reason,
            message: message.clone(),
            at: at.map(|at| at.to_string()),
            peer: None,
        }),
        incoming: view.links.incoming.is_some().then(|| incoming(view)),
        outgoing: view.links.outgoing.as_ref().map(|(enabled, _)| outgoing(view, *enabled)),
        ..status
    }
}

fn incoming(view: &View) -> IncomingStatus {
    let shown = |at| time(at).to_string();
    let status = view.status.as_ref();
    IncomingStatus {
        last_check: view.state.last_check.map(shown),
        last_success: view.state.last_success.map(shown),
        next_check: view.next_check().map(|at| at.to_string()),
        expires: view.state.expires.map(shown),
        failure: status.and_then(|status| status.failed.as_ref()).map(|failed| failed_round(view, failed)),
        transfer: status.and_then(|status| status.transfer.as_ref()).map(|transfer| progress(view, transfer)),
        peers: view.primaries().map(peer).collect(),
    }
}

fn failed_round(view: &View, failed: &FailedRound) -> FailureStatus {
    FailureStatus {
        reason: failed.reason.failure.as_str(),
        message: failed.reason.to_string(),
        at: Some(time(failed.at).to_string()),
        peer: failed.peer.and_then(|addr| view.primary_at(addr)).map(|peer| peer.id.to_string()),
    }
}

fn progress(view: &View, transfer: &TransferStatus) -> Progress {
    let seconds = transfer.running.map(|running| running.as_secs_f64());
    let per_second =
        |count: u64| seconds.filter(|seconds| *seconds > 0.0).map(|seconds| (count as f64 / seconds).round());
    Progress {
        peer: view.primary_at(transfer.peer).map(|peer| peer.id.to_string()),
        kind: match transfer.kind {
            Kind::Axfr => ProgressKind::Axfr,
            Kind::Ixfr => ProgressKind::Ixfr,
        },
        seconds,
        records: transfer.totals.records,
        octets: transfer.totals.octets,
        records_per_second: per_second(transfer.totals.records),
        octets_per_second: per_second(transfer.totals.octets),
    }
}

fn outgoing(view: &View, enabled: bool) -> OutgoingStatus {
    OutgoingStatus {
        enabled,
        transfers: view.dealings.sending,
        last_transfer: view.dealings.sent.map(|at| at.to_string()),
        peers: view.secondaries().map(peer).collect(),
    }
}

fn peer(view: PeerView) -> PeerStatus {
    let PeerView { peer, serial, lag, last_check, last_success, last_failure, failing } = view;
    PeerStatus {
        id: peer.id.to_string(),
        name: peer.name.clone(),
        address: peer.addr().map(|addr| addr.to_string()),
        soa_serial: serial.map(|serial| serial.0),
        lag,
        last_check: last_check.map(|at| at.to_string()),
        last_success: last_success.map(|at| at.to_string()),
        last_failure: last_failure.map(|failed| FailureStatus {
            reason: failed.reason,
            message: failed.message.to_string(),
            at: Some(failed.at.to_string()),
            peer: Some(peer.id.to_string()),
        }),
        failing,
    }
}
