//! Records of zones changed by the API.

use super::Kept;
use crate::catalog::{self, Fault, code};
use crate::records::{self, Change, Changed};
use crate::registry::{EditFailure, Edited};

/// What is wrong, and with which of the changes.
type Wrong = (Option<usize>, Fault);

/// Makes the changes, all of them or none, and logs it. It waits for the store.
pub(super) fn perform(
    kept: &Kept,
    zone: &catalog::Zone,
    token: &str,
    changes: Vec<Change>,
) -> Result<Vec<Changed>, Wrong> {
    let found = kept.registry.zone(zone.name.value().as_ref()).filter(|found| found.id() == zone.id);
    let found = found.ok_or_else(|| (None, gone()))?;
    let count = |which: fn(&Change) -> bool| changes.iter().filter(|change| which(change)).count();
    let made = count(|change| matches!(change, Change::Post(_) | Change::Import(_)));
    let deleted = count(|change| matches!(change, Change::Delete(_)));
    let others = changes.len() - made - deleted;
    let edited = found.change_records(zone.created, changes);
    let zone = found.name();
    match edited {
        Ok(Edited { value, serial, changed }) => {
            tracing::info!(%zone, token, %serial, new_version = changed, made, changed = others, deleted, "records changed");
            Ok(value)
        }
        Err(failure) => {
            let wrong = wrong(failure);
            let reason = &wrong.1;
            tracing::info!(%zone, token, %reason, made, changed = others, deleted, "records not changed");
            Err(wrong)
        }
    }
}

fn gone() -> Fault {
    Fault::not_found(code::ZONE_NOT_FOUND, "the zone is gone")
}

fn wrong(failure: EditFailure<(usize, Fault)>) -> Wrong {
    let fault = match failure {
        EditFailure::GivenUp((number, fault)) => return (Some(number), fault),
        EditFailure::ReadOnly(origin) => {
            Fault::refused(code::RECORD_READ_ONLY, format!("the zone's records are not changed here: {origin}"))
        }
        EditFailure::Empty => Fault::not_found(code::ZONE_EMPTY, "nothing is held of this zone yet"),
        EditFailure::Rule(error) => records::rule(&error),
        EditFailure::Store(error) => Fault::unavailable(format!("nothing was changed: {error}")),
        EditFailure::Gone => gone(),
        EditFailure::Broken => Fault::unavailable("the change was broken off: see what there is now"),
    };
    (None, fault)
}
