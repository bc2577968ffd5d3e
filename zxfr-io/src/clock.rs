//! The clocks that the core is given.

use std::sync::OnceLock;
use std::time::{Instant as StdInstant, SystemTime, UNIX_EPOCH};
use tokio::time::Instant as TokioInstant;
use zxfr_core::time::{Instant, Now, UnixTime};

/// Both clocks, now. The monotonic one is tokio's, which tests can stop; it counts from the first call.
pub(crate) fn now() -> Now {
    let elapsed = TokioInstant::now().into_std().saturating_duration_since(origin());
    Now { instant: Instant::from_origin(elapsed), unix: unix() }
}

/// What tokio's clock shows at this point of ours; `None` for a point that no clock ever shows.
pub(crate) fn to_tokio(instant: Instant) -> Option<TokioInstant> {
    origin().checked_add(instant.since(Instant::default())).map(TokioInstant::from_std)
}

fn origin() -> StdInstant {
    static ORIGIN: OnceLock<StdInstant> = OnceLock::new();
    *ORIGIN.get_or_init(StdInstant::now)
}

/// The calendar, now.
pub(crate) fn unix() -> UnixTime {
    UnixTime(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}
