//! How a zone stands with its peers.

use super::time;
use crate::api::{FailureStatus, IncomingStatus, Progress, ProgressKind, ZoneStatus};
use crate::catalog;
use crate::node::Kept;
use zxfr_core::refresh::Kind;
use zxfr_io::secondary::{LastFailure, Status, TransferStatus};

/// The zone's status.
pub(super) fn of(kept: &Kept, zone: &catalog::Zone) -> ZoneStatus {
    let name = zone.name.value().as_ref();
    let held = kept.registry.zone(name).and_then(|zone| zone.version());
    let status = kept.secondary.status(name);
    ZoneStatus {
        id: zone.id.to_string(),
        name: zone.name.text().to_owned(),
        soa_serial: held.map(|version| version.serial().0),
        expired: status.as_ref().is_some_and(|status| status.expired),
        incoming: status.map(incoming),
        outgoing: None,
    }
}

fn incoming(status: Status) -> IncomingStatus {
    let shown = |at| time(at).to_string();
    IncomingStatus {
        last_check: status.state.last_check.map(shown),
        last_success: status.state.last_success.map(shown),
        next_check: None,
        expires: status.state.expires.map(shown),
        failure: status.failure.and(status.last_failure).map(|failure| self::failure(&failure)),
        transfer: status.transfer.map(|transfer| progress(&transfer)),
        peers: Vec::new(),
    }
}

fn failure(failure: &LastFailure) -> FailureStatus {
    FailureStatus {
        reason: failure.reason.failure.as_str(),
        message: failure.reason.to_string(),
        at: Some(time(failure.at).to_string()),
        peer: None,
    }
}

fn progress(transfer: &TransferStatus) -> Progress {
    Progress {
        peer: None,
        kind: match transfer.kind {
            Kind::Axfr => ProgressKind::Axfr,
            Kind::Ixfr => ProgressKind::Ixfr,
        },
        seconds: transfer.running.map(|running| running.as_secs_f64()),
        records: transfer.totals.records,
        octets: transfer.totals.octets,
        records_per_second: None,
    }
}
