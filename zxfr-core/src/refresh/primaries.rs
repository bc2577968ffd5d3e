//! A set of primaries by their numbers.

use super::MAX_PRIMARIES;

/// A set of primaries: one bit for each number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Primaries(u32);

impl Primaries {
    pub(super) const NONE: Self = Self(0);

    /// The primaries with numbers below `count`.
    pub(super) const fn first_of(count: u8) -> Self {
        if count >= MAX_PRIMARIES { Self(u32::MAX) } else { Self(!(u32::MAX << count)) }
    }

    /// This one alone; none for a number that no primary can have.
    pub(super) const fn one(primary: u8) -> Self {
        match 1_u32.checked_shl(primary as u32) {
            Some(bit) => Self(bit),
            None => Self::NONE,
        }
    }

    pub(super) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn contains(self, primary: u8) -> bool {
        self.0 & Self::one(primary).0 != 0
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) const fn insert(&mut self, primary: u8) {
        self.0 |= Self::one(primary).0;
    }

    /// Whether it was in the set.
    pub(super) const fn remove(&mut self, primary: u8) -> bool {
        let held = self.contains(primary);
        self.0 &= !Self::one(primary).0;
        held
    }

    /// The lowest number, if there is one.
    pub(super) const fn first(self) -> Option<u8> {
        if self.0 == 0 { None } else { Some(self.0.trailing_zeros() as u8) }
    }

    /// The numbers, lowest first.
    pub(super) fn iter(self) -> impl Iterator<Item = u8> {
        (0..MAX_PRIMARIES).filter(move |primary| self.contains(*primary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn keeps_numbers_in_order() {
        let mut set = Primaries::first_of(3);
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 1, 2]);
        assert!(set.remove(0) && !set.remove(0));
        set.insert(31);
        assert_eq!((set.first(), set.iter().last()), (Some(1), Some(31)));
        assert_eq!(set.without(Primaries::one(1)).first(), Some(2));
        assert_eq!(Primaries::first_of(0), Primaries::NONE);
        assert_eq!(Primaries::first_of(32).iter().count(), 32);
    }

    #[test]
    fn knows_no_number_past_the_last() {
        assert!(Primaries::one(32).is_empty() && Primaries::one(255).is_empty());
        assert!(!Primaries::first_of(255).contains(32));
    }
}
