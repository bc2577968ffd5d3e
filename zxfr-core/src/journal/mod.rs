//! The journal: the deltas that led to a zone's newest version, and the answers to IXFR made of them.
//!
//! | module | holds |
//! |---|---|
//! | `differences` | [`Differences`]: an answer rendered as messages, shared by all that ask from the same serial |
//! | `unrendered` | [`Unrendered`]: the deltas that an answer is to be made of, and which form of them is sent |
//! | `render` | how it is rendered |

mod differences;
mod render;
mod unrendered;

pub use differences::Differences;
pub use unrendered::Unrendered;

use crate::serial::Serial;
use crate::zone::{Delta, Version};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::fmt;

/// How much a journal keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalLimits {
    /// Deltas.
    pub deltas: usize,
    /// Octets of deltas ([`Delta::octets`]).
    pub octets: u64,
    /// Octets of answers kept rendered.
    pub cached_octets: u64,
}

impl Default for JournalLimits {
    /// 1,000 deltas of 64 MiB, 16 MiB of rendered answers.
    fn default() -> Self {
        Self { deltas: 1_000, octets: 64 << 20, cached_octets: 16 << 20 }
    }
}

/// What a request for the differences from a serial on is answered with.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The SOA alone: the asker has the newest version, or a newer one.
    UpToDate,
    /// These differences.
    Differences(Arc<Differences>),
    /// The whole zone: the differences aren't known, or take more octets than it does.
    Whole,
}

/// What a journal has for who asks for differences.
#[derive(Clone, Debug)]
pub enum LookedUp {
    /// The answer.
    Known(Answer),
    /// What the answer has to be rendered from first.
    Unrendered(Unrendered),
}

/// A delta that does not follow the newest of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNext {
    /// The serial that the journal leads to; none when it is empty, and the delta doesn't lead to a newer serial.
    pub newest: Option<Serial>,
    /// Where the delta starts.
    pub from: Serial,
    /// Where it leads.
    pub to: Serial,
}

impl fmt::Display for NotNext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { newest, from, to } = self;
        match newest {
            Some(newest) if newest != from => {
                write!(f, "delta from {from} to {to} in a journal that leads to {newest}")
            }
            _ => write!(f, "delta from {from} to {to}, which is not newer"),
        }
    }
}

impl core::error::Error for NotNext {}

/// The deltas of a zone from serial to serial, without a gap, up to the newest version; the oldest go when there are too many.
#[derive(Debug)]
pub struct Journal {
    limits: JournalLimits,
    /// Oldest first.
    deltas: VecDeque<Arc<Delta>>,
    octets: u64,
    /// Oldest first.
    cache: VecDeque<Cached>,
    cached_octets: u64,
}

/// An answer that was found before.
#[derive(Debug)]
struct Cached {
    from: Serial,
    to: Serial,
    answer: Answer,
}

impl Cached {
    fn octets(&self) -> u64 {
        match &self.answer {
            Answer::Differences(differences) => differences.octets(),
            Answer::UpToDate | Answer::Whole => 0,
        }
    }
}

impl Journal {
    /// An empty one.
    #[must_use]
    pub const fn new(limits: JournalLimits) -> Self {
        Self { limits, deltas: VecDeque::new(), octets: 0, cache: VecDeque::new(), cached_octets: 0 }
    }

    /// Sets other limits, and keeps to them from now on.
    pub fn set_limits(&mut self, limits: JournalLimits) {
        self.limits = limits;
        self.purge();
        self.purge_cache();
    }

    /// Takes the delta that led to the zone's newest version. Answers rendered before are given up; transfers under way hold
    /// on to theirs.
    ///
    /// # Errors
    /// When it doesn't start where the newest ends, or leads to a serial that isn't newer. A journal of a zone whose serial
    /// went backwards is to be emptied.
    pub fn push(&mut self, delta: Arc<Delta>) -> Result<(), NotNext> {
        let (newest, from, to) = (self.newest(), delta.from(), delta.to());
        if newest.is_some_and(|newest| newest != from) || !to.is_newer_than(from) {
            return Err(NotNext { newest, from, to });
        }
        self.forget_answers();
        self.octets = self.octets.saturating_add(delta.octets());
        self.deltas.push_back(delta);
        self.purge();
        Ok(())
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.deltas.clear();
        self.octets = 0;
        self.forget_answers();
    }

    /// How many deltas it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.deltas.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deltas.is_empty()
    }

    /// The octets of its deltas.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// The octets of the answers that it keeps rendered.
    #[must_use]
    pub const fn cached_octets(&self) -> u64 {
        self.cached_octets
    }

    /// The serial from which it leads to the newest.
    #[must_use]
    pub fn oldest(&self) -> Option<Serial> {
        self.deltas.front().map(|delta| delta.from())
    }

    /// The serial that it leads to.
    #[must_use]
    pub fn newest(&self) -> Option<Serial> {
        self.deltas.back().map(|delta| delta.to())
    }

    /// Its deltas, oldest first.
    pub fn deltas(&self) -> impl DoubleEndedIterator<Item = &Arc<Delta>> + ExactSizeIterator {
        self.deltas.iter()
    }

    /// What is sent to who has the serial `from` and asks for the differences to `version`: of the deltas in a row, the same
    /// condensed, and the zone that which takes the fewest octets. Found once for each serial; then it is kept, within
    /// [`JournalLimits::cached_octets`].
    ///
    /// The first call for a serial costs by the deltas, and at most some sixteen times what writing the zone does. A host that
    /// answers on a thread that has other things to do may call this beforehand for the serials that it expects.
    pub fn answer(&mut self, version: &Arc<Version>, from: Serial) -> Answer {
        match self.look_up(version, from) {
            LookedUp::Known(answer) => answer,
            LookedUp::Unrendered(unrendered) => {
                let answer = unrendered.render();
                self.keep(&unrendered, answer.clone());
                answer
            }
        }
    }

    /// [`Journal::answer`] for a host that shares the journal among threads: what takes time is left to be done without it.
    #[must_use]
    pub fn look_up(&self, version: &Arc<Version>, from: Serial) -> LookedUp {
        let to = version.serial();
        if from == to || from.is_newer_than(to) {
            return LookedUp::Known(Answer::UpToDate);
        }
        if let Some(cached) = self.cache.iter().find(|cached| (cached.from, cached.to) == (from, to)) {
            return LookedUp::Known(cached.answer.clone());
        }
        let last = self.deltas.iter().rposition(|delta| delta.to() == to);
        let first = self.deltas.iter().rposition(|delta| delta.from() == from);
        match (first, last) {
            (Some(first), Some(last)) if first <= last => {
                let chain = self.deltas.range(first..=last).cloned().collect();
                LookedUp::Unrendered(Unrendered { version: version.clone(), chain })
            }
            _ => LookedUp::Known(Answer::Whole),
        }
    }

    /// Keeps what was rendered for later askers, unless it is kept already or the journal has come to lead elsewhere.
    pub fn keep(&mut self, unrendered: &Unrendered, answer: Answer) {
        let Some((first, last)) = unrendered.ends() else { return };
        let (from, to) = (first.from(), last.to());
        let leads_on = self.deltas.iter().any(|delta| Arc::ptr_eq(delta, last));
        if !leads_on || self.cache.iter().any(|cached| (cached.from, cached.to) == (from, to)) {
            return;
        }
        let cached = Cached { from, to, answer };
        self.cached_octets = self.cached_octets.saturating_add(cached.octets());
        self.cache.push_back(cached);
        self.purge_cache();
    }

    /// Lets the oldest deltas go, and with them answers, until the limits hold.
    fn purge(&mut self) {
        while self.deltas.len() > self.limits.deltas || self.octets > self.limits.octets {
            let Some(delta) = self.deltas.pop_front() else { return };
            self.octets = self.octets.saturating_sub(delta.octets());
            self.forget_answers();
        }
    }

    fn purge_cache(&mut self) {
        while self.cached_octets > self.limits.cached_octets || self.cache.len() > self.limits.deltas.max(1) {
            let Some(cached) = self.cache.pop_front() else { return };
            self.cached_octets = self.cached_octets.saturating_sub(cached.octets());
        }
    }

    fn forget_answers(&mut self) {
        self.cache.clear();
        self.cached_octets = 0;
    }
}

#[cfg(test)]
mod tests;
