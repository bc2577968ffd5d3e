//! What an operator decides about refreshing a zone.

use super::primaries::Primaries;
use core::time::Duration;

/// The most primaries that a zone may have.
pub const MAX_PRIMARIES: u8 = 32;

/// The least and the most that a time may be; what lies outside becomes the nearer of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub least: Duration,
    /// The most. It wins where it is less than the least.
    pub most: Duration,
}

impl Bounds {
    /// From `least` to `most`, in seconds.
    #[must_use]
    pub const fn seconds(least: u64, most: u64) -> Self {
        Self { least: Duration::from_secs(least), most: Duration::from_secs(most) }
    }

    /// The time within the bounds that is nearest.
    #[must_use]
    pub fn clamp(self, time: Duration) -> Duration {
        time.max(self.least).min(self.most)
    }
}

/// What is done when no primary has our serial or a newer one, and some have an older one (or one that is neither older nor
/// newer, 2³¹ away: RFC 1982 §3.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backward {
    /// The zone stays as it is, and the check has failed ([`super::Failure::Backward`]). It expires in the end.
    #[default]
    Ignore,
    /// The older version is taken by AXFR when this many checks in a row agree (0 counts as 1). A check agrees when every
    /// primary answered, all are behind us, and the best of them isn't behind the best of the check before. Of an expired
    /// zone not all primaries have to answer.
    Accept {
        /// How many checks in a row.
        confirmations: u8,
    },
}

/// What an operator decides about refreshing a zone. Of the SOA's times each is kept within its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How many primaries there are, at most [`MAX_PRIMARIES`]. Their numbers begin with 0; of equals the lower is preferred.
    pub primaries: u8,
    /// Which of them are asked for IXFR: bit n is primary n.
    pub ixfr: u32,
    /// How often the primaries are asked, in place of the SOA's REFRESH. Bounds don't matter to it.
    pub interval: Option<Duration>,
    /// Bounds of REFRESH.
    pub refresh: Bounds,
    /// Bounds of RETRY. It is never longer than what stands for REFRESH.
    pub retry: Bounds,
    /// How often the wait after a failure may double, from RETRY on, while failures follow each other. It never passes the
    /// most of [`Policy::retry`], nor what stands for REFRESH. 0 keeps to RETRY.
    pub doublings: u8,
    /// The wait after a failure while no version is held, and so no RETRY known: the least at first, doubled each time.
    pub initial: Bounds,
    /// The longest that a version is served without a word from a primary, whatever EXPIRE says. EXPIRE counts at least as
    /// much as what stands for REFRESH and RETRY together, since a zone would expire between two checks otherwise.
    pub expire_most: Duration,
    /// By how much of itself a wait may be shortened at random, in percent (100 counts as 90), so that zones that began
    /// together don't stay together.
    pub jitter: u8,
    /// How long other primaries are waited for once one has said that it has a newer version.
    pub grace: Duration,
    /// How long the answer to a check is waited for before it counts as timed out, and would be passed over if it came. The
    /// caller's own time-out, which includes the time in its queues, is to be the shorter one.
    pub patience: Duration,
    /// The least time between two checks that NOTIFYs cause.
    pub notify_spacing: Duration,
    /// The wait before the first of the checks that follow when a NOTIFY announced a serial that no primary has yet; doubled
    /// each time.
    pub recheck: Duration,
    /// How many of these checks there are at most.
    pub rechecks: u8,
    /// What is done about serials that go backwards.
    pub backward: Backward,
}

impl Policy {
    /// The defaults for a zone with this many primaries, all of them asked for IXFR.
    #[must_use]
    pub fn of(primaries: u8) -> Self {
        Self { primaries, ..Self::default() }
    }

    pub(super) const fn all(&self) -> Primaries {
        Primaries::first_of(self.primaries)
    }
}

impl Default for Policy {
    /// One primary; REFRESH from 60 s to 4 weeks, RETRY from 60 s to 2 weeks doubled twice, 5 s to an hour while nothing is
    /// held, EXPIRE up to 24 weeks; a tenth of jitter; 2 s of grace, 2 min of patience; NOTIFYs 500 ms apart; 4 rechecks
    /// from 1 s on; serials that go backwards are ignored.
    fn default() -> Self {
        Self {
            primaries: 1,
            ixfr: u32::MAX,
            interval: None,
            refresh: Bounds::seconds(60, 28 * 86_400),
            retry: Bounds::seconds(60, 14 * 86_400),
            doublings: 2,
            initial: Bounds::seconds(5, 3600),
            expire_most: Duration::from_secs(168 * 86_400),
            jitter: 10,
            grace: Duration::from_secs(2),
            patience: Duration::from_secs(120),
            notify_spacing: Duration::from_millis(500),
            recheck: Duration::from_secs(1),
            rechecks: 4,
            backward: Backward::Ignore,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        let bounds = Bounds::seconds(10, 20);
        for (time, kept) in [(0, 10), (10, 10), (15, 15), (20, 20), (u64::MAX, 20)] {
            assert_eq!(bounds.clamp(Duration::from_secs(time)), Duration::from_secs(kept));
        }
        assert_eq!(Bounds::seconds(30, 20).clamp(Duration::from_secs(25)), Duration::from_secs(20));
    }
}
