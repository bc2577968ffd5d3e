//! The clocks that the core is given.

use std::sync::OnceLock;
use std::time::{Instant as StdInstant, SystemTime, UNIX_EPOCH};
use zxfr_core::time::{Instant, Now, UnixTime};

/// Both clocks, now. The monotonic one counts from the first call.
pub(crate) fn now() -> Now {
    static ORIGIN: OnceLock<StdInstant> = OnceLock::new();
    let elapsed = ORIGIN.get_or_init(StdInstant::now).elapsed();
    Now { instant: Instant::from_origin(elapsed), unix: unix() }
}

/// The calendar, now.
pub(crate) fn unix() -> UnixTime {
    UnixTime(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}
