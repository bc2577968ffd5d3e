//! A timer wheel: when each of many numbered things is next due. Setting and clearing cost the same however many there are.

use std::time::Duration;
use zxfr_core::time::Instant;

/// The length of a tick in milliseconds. Nothing is due before its time, and at most a tick late.
const TICK: u64 = 10;
/// The bits of a tick's number that one level tells apart.
const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
/// Seven digits of six bits: 1,394 years.
const LEVELS: usize = 7;
const LAST: u64 = (1 << (BITS * LEVELS as u32)) - 1;

/// Times by number. A number is an index into the caller's own table: room is kept up to the highest one used.
///
/// A time is at the level of the highest digit in which its tick differs from `elapsed`, in the slot of that digit. So all of
/// a level comes before all of the next; and when `elapsed` reaches a slot, what is in it goes to the levels below.
pub(crate) struct Wheel {
    /// The tick up to which all that was due has been given out.
    elapsed: u64,
    /// Which slots of each level hold something.
    occupied: [u64; LEVELS],
    slots: Vec<Vec<u32>>,
    places: Vec<Option<Place>>,
}

#[derive(Clone, Copy)]
struct Place {
    tick: u64,
    /// Level and slot in one.
    slot: usize,
    /// The index in the slot.
    at: usize,
}

impl Wheel {
    pub(crate) fn new(now: Instant) -> Self {
        let slots = (0..LEVELS * SLOTS).map(|_| Vec::new()).collect();
        Self { elapsed: millis(now) / TICK, occupied: [0; LEVELS], slots, places: Vec::new() }
    }

    /// Makes `number` due at `at`, and at no other time. What is past already is due with the next tick.
    pub(crate) fn set(&mut self, number: u32, at: Instant) {
        self.clear(number);
        self.put(number, millis(at).div_ceil(TICK).max(self.elapsed + 1).min(LAST));
    }

    /// Makes `number` due never.
    pub(crate) fn clear(&mut self, number: u32) {
        let Some(Place { slot, at, .. }) = self.places.get_mut(number as usize).and_then(Option::take) else {
            return;
        };
        let others = &mut self.slots[slot];
        others.swap_remove(at);
        if let Some(moved) = others.get(at)
            && let Some(place) = &mut self.places[*moved as usize]
        {
            place.at = at;
        }
        if others.is_empty() {
            self.occupied[slot / SLOTS] &= !(1 << (slot % SLOTS));
        }
    }

    /// The next number that is due at `now`; it is due no more. To be called until `None` before any is set again, or what
    /// is set for now comes again at once.
    pub(crate) fn due(&mut self, now: Instant) -> Option<u32> {
        let now = (millis(now) / TICK).min(LAST);
        loop {
            let Some((slot, start)) = self.first_slot().filter(|(_, start)| *start <= now) else {
                self.elapsed = self.elapsed.max(now);
                return None;
            };
            if slot < SLOTS {
                let number = *self.slots[slot].last()?;
                self.clear(number);
                return Some(number);
            }
            self.elapsed = start;
            self.occupied[slot / SLOTS] &= !(1 << (slot % SLOTS));
            for number in std::mem::take(&mut self.slots[slot]) {
                if let Some(Place { tick, .. }) = self.places[number as usize] {
                    self.put(number, tick);
                }
            }
        }
    }

    /// When to ask [`Wheel::due`] again: when the next is due, or before that.
    pub(crate) fn next(&self) -> Option<Instant> {
        let (_, start) = self.first_slot()?;
        Some(Instant::from_origin(Duration::from_millis(start * TICK)))
    }

    fn put(&mut self, number: u32, tick: u64) {
        let differs = (tick ^ self.elapsed) | 1;
        let level = (differs.ilog2() / BITS) as usize;
        let digit = (tick >> (BITS * level as u32)) as usize % SLOTS;
        let slot = level * SLOTS + digit;
        let index = number as usize;
        if self.places.len() <= index {
            self.places.resize(index + 1, None);
        }
        self.places[index] = Some(Place { tick, slot, at: self.slots[slot].len() });
        self.slots[slot].push(number);
        self.occupied[level] |= 1 << digit;
    }

    /// The first slot that holds something, and the tick at which it starts.
    fn first_slot(&self) -> Option<(usize, u64)> {
        let level = self.occupied.iter().position(|slots| *slots != 0)?;
        let digit = self.occupied[level].trailing_zeros();
        let shift = BITS * level as u32;
        let above = self.elapsed >> (shift + BITS) << (shift + BITS);
        Some((level * SLOTS + digit as usize, above | u64::from(digit) << shift))
    }
}

fn millis(instant: Instant) -> u64 {
    let since = instant.since(Instant::default());
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn at(millis: u64) -> Instant {
        Instant::from_origin(Duration::from_millis(millis))
    }

    fn drain(wheel: &mut Wheel, now: Instant) -> Vec<u32> {
        let mut due: Vec<u32> = std::iter::from_fn(|| wheel.due(now)).collect();
        due.sort_unstable();
        due
    }

    #[test]
    fn due_when_their_time_has_come_and_not_before() {
        let mut wheel = Wheel::new(at(5_000));
        wheel.set(0, at(5_001));
        wheel.set(1, at(9_999));
        wheel.set(2, at(1_000));
        wheel.set(3, at(10_000));
        wheel.set(4, at(70_000));
        wheel.clear(3);
        assert_eq!(drain(&mut wheel, at(5_001)), []);
        assert_eq!(drain(&mut wheel, at(5_010)), [0, 2]);
        assert_eq!(drain(&mut wheel, at(9_998)), []);
        wheel.set(4, at(10_000));
        assert_eq!(drain(&mut wheel, at(10_000)), [1, 4]);
        assert_eq!(wheel.next(), None);
    }

    #[test]
    fn times_that_never_come_are_taken() {
        let mut wheel = Wheel::new(at(0));
        wheel.set(7, Instant::from_origin(Duration::MAX));
        assert_eq!(drain(&mut wheel, at(1 << 50)), [7]);
        wheel.set(7, at(0));
        assert_eq!(drain(&mut wheel, at(1 << 51)), [7]);
    }

    /// Against a sorted map: each is due at its tick, whatever was set, moved and cleared, and `next` never oversleeps.
    #[test]
    fn agrees_with_a_sorted_map() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let mut now = 123_456;
        let mut wheel = Wheel::new(at(now));
        let mut model = BTreeMap::new();
        for _ in 0..200_000 {
            let number = random(200) as u32;
            match random(10) {
                0..5 => {
                    let reach = 10 << random(30);
                    let time = now + random(reach);
                    wheel.set(number, at(time));
                    model.insert(number, time.div_ceil(TICK).max(now / TICK + 1) * TICK);
                }
                5 => {
                    wheel.clear(number);
                    model.remove(&number);
                }
                choice => {
                    if choice == 6 {
                        now += random(100);
                    } else if choice == 7 {
                        now += random(100_000);
                    } else if let Some(next) = wheel.next() {
                        let first = model.values().min().copied();
                        assert!(first.is_some_and(|first| at(first) >= next), "{first:?} {next:?}");
                        now = now.max(millis(next));
                    }
                    let due: Vec<u32> = model.iter().filter(|(_, time)| **time <= now).map(|(n, _)| *n).collect();
                    assert_eq!(drain(&mut wheel, at(now)), due);
                    model.retain(|_, time| *time > now);
                }
            }
        }
    }
}
