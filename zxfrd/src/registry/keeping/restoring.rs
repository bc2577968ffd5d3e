//! The zones as the store has them, at the start.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::Keeping;
use crate::catalog::Id;
use crate::registry::Registry;
use crate::registry::review::lane_id;
use crate::registry::zone::Zone;
use crate::store::{Damaged, StoreError, StoredZone, Write};

/// What was found in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Zones that are served again.
    pub zones: usize,
    /// Zones that are damaged.
    pub damaged: usize,
    /// Zones that are not there any more, and were forgotten.
    pub forgotten: usize,
}

impl Registry {
    /// Serves what the store has of the zones, and goes on with their timers. What it has of others is forgotten. To be
    /// called before anything is served or transferred.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn restore(&self) -> Result<Restored, StoreError> {
        let Keeping { store: Some((store, _)), .. } = &**self.keeping() else { return Ok(Restored::default()) };
        let zones: HashMap<Id, Arc<Zone>> = self.zones().into_iter().map(|zone| (zone.id(), zone)).collect();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let (mut restored, mut others) = (Restored::default(), Vec::new());
        let lanes: HashMap<Id, &Arc<Zone>> = zones.iter().map(|(id, zone)| (lane_id(*id), zone)).collect();
        let mut sink = |found: Result<StoredZone, Damaged>| {
            let id = found.as_ref().map_or_else(|damaged| damaged.zone, |found| found.zone);
            if let Some(zone) = lanes.get(&id) {
                let review = found.as_ref().ok().filter(|found| found.version.apex() == zone.name());
                return match review.and_then(|found| Some((found, found.review.clone()?))) {
                    Some((found, review)) => zone.held().lane().restore(found, review),
                    // It comes again.
                    None => others.push(id),
                };
            }
            let Some(zone) = zones.get(&id) else { return others.push(id) };
            let found = found.and_then(|found| {
                if found.version.apex() == zone.name() {
                    return Ok(found);
                }
                Err(Damaged { zone: id, what: format!("its records are those of {}", found.version.apex()) })
            });
            match found {
                Ok(found) => {
                    restored.zones += 1;
                    if let Some(what) = &found.lost {
                        tracing::warn!(zone = %zone.name(), reason = %what, "the store has lost part of the zone's history");
                    }
                    zone.held().restore(&found, now);
                    // Where it comes from primaries it did before, but for one that was linked a moment ago.
                    zone.held().set_ours(zone.incoming().is_none());
                }
                Err(damaged) => {
                    restored.damaged += 1;
                    let reason = &damaged.what;
                    tracing::error!(zone = %zone.name(), %reason, "damaged in the store: {}", zone.without_store());
                    zone.held().set_damaged(damaged);
                }
            }
        };
        store.zones(&mut sink).await?;
        restored.forgotten = others.len();
        if !others.is_empty() {
            let writes = others.into_iter().map(|zone| Write::Forget { zone }).collect();
            if let Err(error) = store.commit(writes).await {
                tracing::error!(reason = %error, "the store keeps zones that are not there any more");
            }
        }
        Ok(restored)
    }
}
