//! Serial number arithmetic (RFC 1982).

use crate::time::UnixTime;
use core::fmt;

/// The serial of a zone version: the SERIAL field of its SOA.
///
/// Serials wrap, so they have no total order; compare them with [`Serial::is_newer_than`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Serial(pub u32);

impl Serial {
    /// Whether `self` comes after `other` (RFC 1982 §3.2). Where the RFC leaves the order open, a difference of exactly
    /// 2³¹, neither is newer than the other.
    #[must_use]
    pub const fn is_newer_than(self, other: Self) -> bool {
        let ahead = self.0.wrapping_sub(other.0);
        ahead != 0 && ahead < 1 << 31
    }

    /// The serial `n` steps on (RFC 1982 §3.1). Steps of 2³¹ or more are not additions in that arithmetic: `None`.
    #[must_use]
    pub const fn plus(self, n: u32) -> Option<Self> {
        if n < 1 << 31 { Some(Self(self.0.wrapping_add(n))) } else { None }
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where the serial of a zone's next version comes from, when records are changed here. It is always newer than the one
/// before (RFC 1982), and never 0, which some take for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SerialPolicy {
    /// One more.
    #[default]
    Increment,
    /// The seconds since 1970, modulo 2³²; one more than the serial before, where that isn't newer.
    UnixTime,
}

impl SerialPolicy {
    /// The serial of a version that follows the one with the serial `held`.
    #[must_use]
    pub const fn next(self, held: Serial, now: UnixTime) -> Serial {
        let clock = Serial(now.0 as u32);
        if matches!(self, Self::UnixTime) && clock.0 != 0 && clock.is_newer_than(held) {
            return clock;
        }
        match held.0.wrapping_add(1) {
            0 => Serial(1),
            next => Serial(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_difference_of_half_the_circle_is_not_newer() {
        assert!(!Serial(0).is_newer_than(Serial(1 << 31)));
        assert!(!Serial(1 << 31).is_newer_than(Serial(0)));
    }

    #[test]
    fn wraps() {
        assert!(Serial(0).is_newer_than(Serial(u32::MAX)));
        assert!(!Serial(u32::MAX).is_newer_than(Serial(0)));
        assert_eq!(Serial(u32::MAX).plus(1), Some(Serial(0)));
        assert_eq!(Serial(1).plus(1 << 31), None);
    }

    #[test]
    fn policies() {
        let (held, now) = (Serial(2_026_112_301), UnixTime(1_795_000_000));
        assert_eq!(SerialPolicy::Increment.next(held, now), Serial(2_026_112_302));
        assert_eq!(SerialPolicy::UnixTime.next(held, now), Serial(2_026_112_302), "the clock is behind");
        assert_eq!(SerialPolicy::UnixTime.next(Serial(1), now), Serial(1_795_000_000));
        assert_eq!(SerialPolicy::UnixTime.next(Serial(1_795_000_000), now), Serial(1_795_000_001), "twice in a second");
        for policy in [SerialPolicy::Increment, SerialPolicy::UnixTime] {
            assert_eq!(policy.next(Serial(u32::MAX), UnixTime(0)), Serial(1));
        }
        let after_2106 = UnixTime((1 << 32) + 7);
        assert_eq!(SerialPolicy::UnixTime.next(Serial(u32::MAX), after_2106), Serial(7));
    }

    proptest! {
        #[test]
        fn every_policy_goes_forward(held: u32, now: u64) {
            for policy in [SerialPolicy::Increment, SerialPolicy::UnixTime] {
                let next = policy.next(Serial(held), UnixTime(now));
                prop_assert!(next.is_newer_than(Serial(held)) && next.0 != 0);
            }
        }

        #[test]
        fn never_both_newer(a: u32, b: u32) {
            let (a, b) = (Serial(a), Serial(b));
            prop_assert!(!(a.is_newer_than(b) && b.is_newer_than(a)));
            prop_assert_eq!(a == b || a.0.wrapping_sub(b.0) == 1 << 31, !a.is_newer_than(b) && !b.is_newer_than(a));
        }

        #[test]
        fn plus_is_newer(a: u32, n in 1u32..1 << 31) {
            prop_assert!(Serial(a).plus(n).unwrap().is_newer_than(Serial(a)));
        }
    }
}
