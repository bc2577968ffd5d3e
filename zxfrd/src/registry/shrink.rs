//! The rule that a zone doesn't lose many records at once: what would is held back until it is confirmed, since it is
//! more often an accident than a wish.

use std::fmt;

use zxfr_core::serial::Serial;

/// A version that was held back because it has too few of the records before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// Its serial.
    pub serial: Serial,
    /// How many records it has.
    pub records: u64,
    /// How many records the version has that stays.
    pub before: u64,
    /// How many of 100 it may lose.
    pub most: u8,
}

impl Shrunk {
    /// What version would be held back: one with this serial and so many records, after one with `before`.
    pub(super) fn check(serial: Serial, records: u64, before: u64, most: u8) -> Result<(), Self> {
        let lost = u128::from(before.saturating_sub(records));
        if lost * 100 > u128::from(before) * u128::from(most) {
            return Err(Self { serial, records, before, most });
        }
        Ok(())
    }
}

impl fmt::Display for Shrunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { serial, records, before, most } = self;
        let lost = before.saturating_sub(*records);
        write!(f, "held: serial {serial} has {lost} of {before} records less, max_shrink_percent is {most}")
    }
}

impl std::error::Error for Shrunk {}

/// What is held back of a zone.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeldBack(Option<(Shrunk, bool)>);

impl HeldBack {
    /// Whether a version may replace one with `before` records; when not, it is remembered, to be confirmed.
    pub(super) fn admit(&mut self, serial: Serial, records: u64, before: u64, most: u8) -> Result<(), Shrunk> {
        if let Err(shrunk) = Shrunk::check(serial, records, before, most) {
            let confirmed = self.0.is_some_and(|(held, confirmed)| confirmed && records >= held.records);
            if !confirmed {
                self.0 = Some((shrunk, false));
                return Err(shrunk);
            }
        }
        self.0 = None;
        Ok(())
    }

    /// Lets a version with no fewer records than the one that was held back be taken the next time. Gives that one.
    pub(super) fn confirm(&mut self) -> Option<Shrunk> {
        let (shrunk, confirmed) = self.0.as_mut()?;
        *confirmed = true;
        Some(*shrunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_part_that_may_go() {
        for (records, before, most, held) in [
            (80, 100, 20, false),
            (79, 100, 20, true),
            (100, 100, 0, false),
            (99, 100, 0, true),
            (1, 100, 100, false),
            (1, 100, 99, false),
            (1, 101, 99, true),
            (200, 100, 0, false),
            (u64::MAX / 2, u64::MAX, 50, true),
        ] {
            assert_eq!(
                Shrunk::check(Serial(1), records, before, most).is_err(),
                held,
                "{records} of {before}, {most} %"
            );
        }
    }

    #[test]
    fn held_back_until_confirmed_and_then_once() {
        let mut held = HeldBack::default();
        assert!(held.confirm().is_none());
        let admit = |held: &mut HeldBack, records| held.admit(Serial(2), records, 100, 20).is_ok();
        assert!(!admit(&mut held, 50) && !admit(&mut held, 50), "asking twice confirms nothing");
        assert_eq!(held.confirm().map(|shrunk| shrunk.records), Some(50));
        assert!(!admit(&mut held, 49), "less than what was confirmed");
        assert!(!admit(&mut held, 50), "what is confirmed is what was held last");
        held.confirm();
        assert!(admit(&mut held, 51) && held.confirm().is_none());
        assert!(!admit(&mut held, 51), "once");
        assert!(admit(&mut held, 90) && held.confirm().is_none(), "it grew back");
    }
}
