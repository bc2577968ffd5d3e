//! Zone files of the daemon: all of them when told, and those that are watched when they change.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::files::{Cause, Watch, load};
use crate::registry::{ReadOutcome, Registry, Source, Zone};

/// Loads these zones from their files, as many at once as there are processors. Gives how many are not what their file says.
pub(super) async fn load_all(registry: &Registry, zones: Vec<Arc<Zone>>, cause: Cause) -> u64 {
    let limits = registry.limits();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let places = Arc::new(Semaphore::new(threads));
    let mut tasks = JoinSet::new();
    for zone in zones {
        let (limits, places) = (limits.clone(), places.clone());
        tasks.spawn(async move {
            let _place = places.acquire_owned().await;
            load(zone, limits, cause).await
        });
    }
    let mut failed = 0;
    while let Some(outcome) = tasks.join_next().await {
        failed += u64::from(!outcome.unwrap_or(false));
    }
    failed
}

/// Looks at the files that are to be watched, and loads those that have changed and rested, and those that could not be stored.
/// Never ends.
pub(super) async fn watch(registry: Arc<Registry>) {
    let mut watch = Watch::default();
    let mut ticks = interval(Watch::PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let retry = Duration::from_secs(registry.limits().retry_min_seconds.into());
        load_all(&registry, registry.zones_that(|zone| is_due_again(zone, retry)), Cause::Changed).await;
        let mut watched = registry.zones_that(|zone| matches!(zone.source(), Source::File(file) if file.watch));
        watch.retain(|name| watched.iter().any(|zone| zone.name() == name.as_ref()));
        if watched.is_empty() {
            continue;
        }
        // Looking at a file may take long where it is on another machine.
        let looking = tokio::task::spawn_blocking(move || {
            watched.retain(|zone| is_due(&mut watch, zone));
            (watch, watched)
        });
        let Ok((looked, due)) = looking.await else { return };
        watch = looked;
        load_all(&registry, due, Cause::Changed).await;
    }
}

/// Whether the file of a zone is to be read. One that was never read is left to those who load at the start.
fn is_due(watch: &mut Watch, zone: &Zone) -> bool {
    zone.last_read().is_some_and(|last| {
        let found = last.stamps.again();
        watch.look(&zone.name().to_name(), &last.stamps, found, Instant::now())
    })
}

/// Whether the file of a zone is to be read once more because what it says could not be stored.
fn is_due_again(zone: &Zone, retry: Duration) -> bool {
    zone.last_read().is_some_and(|last| {
        last.outcome == ReadOutcome::NotStored && last.at.elapsed().is_ok_and(|elapsed| elapsed >= retry)
    })
}
