//! What is decided of versions by the API.

use zxfr_core::serial::Serial;

use super::Kept;
use crate::api::Decision;
use crate::catalog::{self, Fault, code};
use crate::registry::ReviewFailure;

/// Does what was decided, and logs it. It waits for the store.
pub(super) fn decide(kept: &Kept, zone: &catalog::Zone, token: &str, decision: Decision) -> Result<Serial, Fault> {
    let found = kept.registry.zone(zone.name.value().as_ref()).filter(|found| found.id() == zone.id);
    let found = found.ok_or_else(|| fault(&ReviewFailure::Gone))?;
    let zone = found.name();
    let done = match decision {
        Decision::Publish => found.publish_received().map(|version| (version.serial(), "published")),
        Decision::Reject => found.reject_received().map(|received| (received.version.serial(), "rejected")),
        Decision::RollBack(to) => found.roll_back(to).map(|version| (version.serial(), "rolled back")),
    };
    match done {
        Ok((serial, what)) => {
            let served = found.version().map_or(serial, |version| version.serial());
            tracing::info!(%zone, token, %serial, %served, ?decision, "version {what}");
            Ok(served)
        }
        Err(reason) => {
            tracing::info!(%zone, token, ?decision, %reason, "versions stay as they are");
            Err(fault(&reason))
        }
    }
}

fn fault(failure: &ReviewFailure) -> Fault {
    let message = failure.to_string();
    match failure {
        ReviewFailure::Nothing => Fault::conflict(code::REVIEW_NOTHING, message),
        ReviewFailure::Empty => Fault::not_found(code::ZONE_EMPTY, message),
        ReviewFailure::Gone => Fault::not_found(code::ZONE_NOT_FOUND, message),
        ReviewFailure::NotKept(_) => Fault::invalid(code::ROLLBACK_SERIAL, "serial", message),
        ReviewFailure::Served(_) => Fault::conflict(code::ROLLBACK_SERIAL, message).at("serial"),
        ReviewFailure::Unfit(_) | ReviewFailure::Rule(_) => Fault::conflict(code::REVIEW_UNFIT, message),
        ReviewFailure::Store(_) => Fault::unavailable(message),
    }
}
