//! When things happened.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use jiff::Timestamp;

/// Microseconds since 1970, UTC. Shown as RFC 3339 with six digits: `2025-03-11T20:24:51.450451Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(pub i64);

impl Time {
    /// The time by the system's clock.
    #[must_use]
    pub fn now() -> Self {
        Self::from(SystemTime::now())
    }

    /// The whole seconds of it; 0 before 1970.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        if self.0 < 0 { 0 } else { self.0.unsigned_abs() / 1_000_000 }
    }
}

impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Self {
        let micros = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()),
            Err(before) => i64::try_from(before.duration().as_micros()).map(i64::wrapping_neg),
        };
        Self(micros.unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Years past 9999 have no such form.
        let beyond = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let time = Timestamp::from_microsecond(self.0).unwrap_or(beyond);
        write!(f, "{time:.6}")
    }
}

/// What RFC 3339 has, with its offset from UTC.
impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = text.parse::<Timestamp>();
        let time = time.map_err(|_| format!("{text:?}, which is no time such as 2025-03-11T20:24:51Z (RFC 3339)"))?;
        Ok(Self(time.as_microsecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_utc_with_six_digits() {
        assert_eq!(Time(1_741_724_691_450_451).to_string(), "2025-03-11T20:24:51.450451Z");
        assert_eq!(Time(0).to_string(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(
            Time::from(SystemTime::UNIX_EPOCH - Duration::from_micros(1)).to_string(),
            "1969-12-31T23:59:59.999999Z"
        );
        assert_eq!(Time(i64::MAX).to_string(), "9999-12-30T22:00:00.999999Z", "years past 9999 have no such form");
        assert_eq!((Time(1_741_724_691_999_999).seconds(), Time(-1).seconds()), (1_741_724_691, 0));
        let same = ["2025-03-11T20:24:51.450451Z", "2025-03-11T21:24:51.450451+01:00", "2025-03-11t20:24:51.450451z"];
        for text in same {
            assert_eq!(text.parse(), Ok(Time(1_741_724_691_450_451)), "{text}");
        }
        for bad in ["", "2025-03-11", "2025-03-11T20:24:51", "yesterday"] {
            assert!(bad.parse::<Time>().is_err_and(|what| what.contains("RFC 3339")), "{bad}");
        }
        assert!(Time::now() > Time(1_700_000_000_000_000));
    }
}
