//! Time as an argument: the core never reads a clock.

use core::time::Duration;

/// A point on the caller's monotonic clock, counted from an origin of the caller's choosing. Time-outs and rates are
/// measured on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The point this long after the clock's origin.
    #[must_use]
    pub const fn from_origin(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// The time that passed since `earlier`; zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The point `wait` later.
    #[must_use]
    pub const fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }
}

/// Calendar time in whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted. TSIG signs it as 48 bits
/// (RFC 8945 §4.2); timers that outlive the process are kept in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// The seconds between two times, whichever is the later.
    #[must_use]
    pub const fn distance(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }
}

/// Both clocks, read together: what every machine that signs or waits is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock.
    pub instant: Instant,
    /// The calendar.
    pub unix: UnixTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_never_goes_below_zero() {
        let a = Instant::from_origin(Duration::from_secs(5));
        let b = a.after(Duration::from_millis(1));
        assert_eq!(b.since(a), Duration::from_millis(1));
        assert_eq!(a.since(b), Duration::ZERO);
    }

    #[test]
    fn distance_is_symmetric() {
        assert_eq!(UnixTime(3).distance(UnixTime(10)), 7);
        assert_eq!(UnixTime(10).distance(UnixTime(3)), 7);
    }
}
