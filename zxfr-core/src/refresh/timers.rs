//! When a zone is checked next, and when it expires.

use super::{Policy, State};
use crate::time::{Instant, Now, UnixTime};
use crate::wire::Soa;
use core::time::Duration;

/// How far the calendar may stray from the monotonic clock before it counts as set, in seconds.
const STRAY: u64 = 60;
/// The least wait between two checks that nothing but a timer causes.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// The times of an SOA that a secondary keeps to (RFC 1035 §3.3.13), in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timers {
    /// How often the primaries are asked.
    pub refresh: u32,
    /// How soon they are asked again after a failure.
    pub retry: u32,
    /// How long the zone is served without a word from them.
    pub expire: u32,
}

impl From<&Soa<'_>> for Timers {
    fn from(soa: &Soa<'_>) -> Self {
        Self { refresh: soa.refresh, retry: soa.retry, expire: soa.expire }
    }
}

/// The clocks of one zone. Waiting is done on the monotonic clock; the calendar is only written down, and put right when it
/// is set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    /// The times of the version that is held.
    pub(super) timers: Option<Timers>,
    /// When the next check is due.
    pub(super) due: Instant,
    /// When the version that is held expires.
    expires: Option<Instant>,
    /// Whether that was told.
    told: bool,
    pub(super) state: State,
    /// The latest time that was seen.
    pub(super) last: Instant,
    /// Both clocks at one time, to notice when the calendar is set.
    anchor: Now,
    /// How many checks in a row failed.
    pub(super) failures: u8,
    random: u64,
}

impl Schedule {
    /// A check is due at once. What `state` says of expiry counts when a version is held, though never for longer than from
    /// now on.
    pub(super) fn new(policy: &Policy, timers: Option<Timers>, state: State, seed: u64, now: Now) -> Self {
        let mut schedule = Self {
            timers,
            due: now.instant,
            expires: None,
            told: false,
            state,
            last: now.instant,
            anchor: now,
            failures: 0,
            random: seed,
        };
        if timers.is_some() {
            let left = match state.expires {
                Some(at) => Duration::from_secs(at.0.saturating_sub(now.unix.0)),
                None => Duration::MAX,
            };
            schedule.expire_after(left.min(schedule.lifetime(policy)), now);
        }
        schedule
    }

    /// Takes notice of the time. Whether the calendar was set: then what is written down was moved along with it.
    pub(super) fn tick(&mut self, now: Now) -> bool {
        self.last = self.last.max(now.instant);
        let elapsed = now.instant.since(self.anchor.instant).as_secs();
        let expected = UnixTime(self.anchor.unix.0.saturating_add(elapsed));
        if expected.distance(now.unix) <= STRAY {
            return false;
        }
        self.anchor = now;
        let State { last_check, last_success, expires } = &mut self.state;
        for time in [last_check, last_success, expires].into_iter().flatten() {
            // What was `ago` before the time that was expected is as long before the time that is.
            let ahead = time.0.saturating_sub(expected.0);
            let ago = expected.0.saturating_sub(time.0);
            *time = UnixTime(now.unix.0.saturating_add(ahead).saturating_sub(ago));
        }
        true
    }

    /// What stands for REFRESH.
    pub(super) fn refresh(&self, policy: &Policy) -> Duration {
        let refresh = policy.interval.unwrap_or_else(|| {
            let refresh = self.timers.map_or(0, |timers| timers.refresh);
            policy.refresh.clamp(Duration::from_secs(refresh.into()))
        });
        refresh.max(LEAST_WAIT)
    }

    /// What stands for RETRY.
    fn retry(&self, policy: &Policy) -> Duration {
        let retry = self.timers.map_or(0, |timers| timers.retry);
        policy.retry.clamp(Duration::from_secs(retry.into())).min(self.refresh(policy)).max(LEAST_WAIT)
    }

    /// How long a version is served without a word from a primary.
    fn lifetime(&self, policy: &Policy) -> Duration {
        let expire = Duration::from_secs(self.timers.map_or(0, |timers| timers.expire).into());
        let between = self.refresh(policy).saturating_add(self.retry(policy));
        expire.min(policy.expire_most).max(between)
    }

    fn expire_after(&mut self, left: Duration, now: Now) {
        self.expires = Some(now.instant.after(left));
        self.state.expires = Some(UnixTime(now.unix.0.saturating_add(left.as_secs())));
        self.told = false;
    }

    /// A primary has the version that is held. `expire` is its EXPIRE option (RFC 7314 §4): it lengthens what is left, but
    /// not beyond EXPIRE.
    pub(super) fn confirmed(&mut self, policy: &Policy, expire: Option<u32>, now: Now) {
        self.state.last_success = Some(now.unix);
        let lifetime = self.lifetime(policy);
        let left = match expire {
            None => lifetime,
            Some(seconds) => {
                let left = self.left(now.instant).unwrap_or_default();
                left.max(Duration::from_secs(seconds.into()).min(lifetime))
            }
        };
        self.expire_after(left, now);
    }

    /// A version was installed. Its EXPIRE option counts where it is less than EXPIRE.
    pub(super) fn installed(&mut self, policy: &Policy, timers: Timers, expire: Option<u32>, now: Now) {
        self.timers = Some(timers);
        self.state.last_success = Some(now.unix);
        let lifetime = self.lifetime(policy);
        let left = expire.map_or(lifetime, |seconds| lifetime.min(Duration::from_secs(seconds.into())));
        self.expire_after(left, now);
    }

    /// The next check after one that went well: what stands for REFRESH, or earlier where a version that a primary gave only
    /// a short time would expire before.
    pub(super) fn after_success(&mut self, policy: &Policy, now: Now) {
        self.failures = 0;
        let retry = self.retry(policy);
        let left = self.left(now.instant).unwrap_or(Duration::MAX);
        let wait = self.refresh(policy).min(left.saturating_sub(retry)).max(retry.min(self.refresh(policy)));
        self.due = now.instant.after(self.jittered(wait, policy));
    }

    /// The next check after one that failed. `waiting` is for a failure that only the primary's next version can end: there
    /// is no use in asking sooner than REFRESH.
    pub(super) fn after_failure(&mut self, policy: &Policy, waiting: bool, now: Now) {
        self.failures = self.failures.saturating_add(1);
        let wait = match self.timers {
            _ if waiting => self.refresh(policy),
            Some(_) => {
                let retry = self.retry(policy);
                let most = self.refresh(policy).min(policy.retry.most).max(retry);
                doubled(retry, self.failures.saturating_sub(1).min(policy.doublings)).min(most)
            }
            None => policy.initial.clamp(doubled(policy.initial.least, self.failures.saturating_sub(1))),
        };
        self.due = now.instant.after(self.jittered(wait.max(LEAST_WAIT), policy));
    }

    /// A check after `recheck` doubled `times` times.
    pub(super) fn recheck(&mut self, policy: &Policy, times: u8, now: Now) {
        self.due = now.instant.after(doubled(policy.recheck.max(Duration::from_millis(100)), times));
    }

    /// Nothing lasts longer than another policy would have it.
    pub(super) fn shorten(&mut self, policy: &Policy, now: Now) {
        self.due = self.due.min(now.instant.after(self.refresh(policy)));
        let latest = now.instant.after(self.lifetime(policy));
        if self.expires.is_some_and(|at| at > latest) {
            self.expire_after(latest.since(now.instant), now);
        }
    }

    /// What is left until the version that is held expires.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        self.expires.map(|at| at.since(now))
    }

    /// The wait shortened at random.
    fn jittered(&mut self, wait: Duration, policy: &Policy) -> Duration {
        let most = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let most = u128::from(most).saturating_mul(u128::from(policy.jitter.min(90))).wrapping_div(100);
        // The high half of the product is spread evenly over 0..most.
        let share = most.saturating_mul(u128::from(self.next_random())) >> 64;
        wait.saturating_sub(Duration::from_millis(u64::try_from(share).unwrap_or(0)))
    }

    /// SplitMix64: enough to keep zones apart, no secret.
    const fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Whether the version that is held has expired.
    pub(super) fn is_expired(&self, now: Instant) -> bool {
        self.expires.is_some_and(|at| now >= at)
    }

    /// Whether it has expired and that wasn't told yet; it counts as told then.
    pub(super) fn tell_expired(&mut self, now: Instant) -> bool {
        let tell = self.is_expired(now) && !self.told;
        self.told |= tell;
        tell
    }

    /// When it will expire, if that wasn't told yet.
    pub(super) const fn expiry_to_tell(&self) -> Option<Instant> {
        if self.told { None } else { self.expires }
    }
}

fn doubled(wait: Duration, times: u8) -> Duration {
    wait.saturating_mul(1_u32.checked_shl(times.into()).unwrap_or(u32::MAX))
}
