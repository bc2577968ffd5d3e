//! Step by step: the version that the deltas make is the one that is loaded from text, and
//! condensed deltas do what the chain does.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zxfr_core::wire::Record;
use zxfr_core::zone::{BuildLimits, Delta, Version};
use zxfr_tests::history::{History, Source, Text};
use zxfr_tests::tally;

use super::{apex, assert_same, delta, load};

/// Every how many steps a version is held against its text.
const CHECKPOINT: usize = 100;

/// How many random runs of deltas are condensed.
const RUNS: usize = 1000;

/// How many records may be compared to show that condensed deltas make the chain's versions.
const COMPARED: u64 = 6_000_000;

/// Versions and what leads from one to the next.
pub(crate) struct Chain {
    pub(crate) versions: Vec<Arc<Version>>,
    pub(crate) deltas: Vec<Arc<Delta>>,
}

impl Chain {
    /// Applies the steps of a history after the first `skipped`; at every hundredth and the last the version is held
    /// against the one that is loaded from text.
    pub(crate) fn play(source: Source, skipped: usize) -> Option<Self> {
        let history = History::open(source).unwrap()?;
        let apex = apex(&history);
        let mut text: Text<'_> = history.version(skipped).unwrap();
        let mut version = Arc::new(load(&text));
        let mut chain = Self { versions: vec![version.clone()], deltas: Vec::new() };
        let (mut reading, mut applying, mut checked) = (Duration::ZERO, Duration::ZERO, 0);
        let mut records = 0;
        let mut steps = history.steps().skip(skipped).enumerate().peekable();
        while let Some((number, step)) = steps.next() {
            let case = format!("{source:?}, step {} to {}", number + 1, step.to());
            text.apply(&step).unwrap();
            let begun = Instant::now();
            let delta = delta(&apex, &step);
            reading += begun.elapsed();
            let begun = Instant::now();
            let applied = version.apply(&delta, BuildLimits::NONE).unwrap_or_else(|error| panic!("{case}: {error}"));
            applying += begun.elapsed();
            assert_eq!(u64::from(applied.version.serial().0), step.to(), "{case}");
            assert_eq!(applied.version.record_count(), text.records.len() as u64 + 1, "{case}");
            records += applied.delta.record_count();
            version = Arc::new(applied.version);
            chain.versions.push(version.clone());
            chain.deltas.push(Arc::new(applied.delta));
            if (number + 1).is_multiple_of(CHECKPOINT) || steps.peek().is_none() {
                assert_same(&case, &load(&text), &version);
                checked += 1;
            }
        }
        eprintln!(
            "{source:?}: {} deltas of {records} records, read in {reading:.1?}, applied in {applying:.1?}; {checked} versions \
             of up to {} records held against their text",
            chain.deltas.len(),
            version.record_count(),
        );
        Some(chain)
    }

    /// Condenses all adjacent pairs, random runs and the whole. Each is held against the net of its deltas, record by
    /// record; some are applied, and the version held against the chain's.
    fn condense(&self, source: Source) {
        let begun = Instant::now();
        let length = self.deltas.len();
        let known = Known::of(&self.deltas);
        let pairs = (0..length - 1).map(|from| (from, from + 2));
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut below = |bound: usize| {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (random >> 33) as usize % bound
        };
        let mut runs = Vec::new();
        while runs.len() < RUNS {
            // As many short ones as long ones: half of the runs have less than the root of the whole.
            let most = length.min(1 << (1 + below(length.ilog2() as usize + 1)));
            let run = 1 + below(most);
            let from = below(length - run + 1);
            let to = from + run;
            runs.push((from, to));
        }
        let all: Vec<_> = pairs.chain(runs).chain([(0, length)]).collect();
        let affordable = COMPARED / self.versions[0].record_count();
        let every = all.len().div_ceil(affordable.max(2) as usize);
        let (mut applied, mut records) = (0, 0);
        for (number, (from, to)) in all.iter().copied().enumerate() {
            let case = format!("{source:?}, steps {from} to {to} condensed");
            let deltas = &self.deltas[from..to];
            let condensed =
                Delta::condense(deltas.iter().map(Arc::as_ref)).unwrap_or_else(|error| panic!("{case}: {error}"));
            assert_eq!([condensed.from(), condensed.to()], [deltas[0].from(), deltas[deltas.len() - 1].to()], "{case}");
            known.assert_net(&case, from..to, &condensed);
            records += condensed.record_count();
            // The whole run is the last.
            if number.is_multiple_of(every) || number + 1 == all.len() {
                let made = self.versions[from].apply(&condensed, BuildLimits::NONE);
                let made = made.unwrap_or_else(|error| panic!("{case}: {error}"));
                assert_same(&case, &self.versions[to], &made.version);
                applied += 1;
            }
        }
        eprintln!(
            "{source:?}: all {} pairs, {RUNS} random runs and the whole condensed, to {records} records; {applied} of \
             these applied; in {:.1?}",
            length - 1,
            begun.elapsed(),
        );
    }
}

/// The records of deltas by number. A record with another TTL or in another case is another one here.
struct Known {
    numbers: HashMap<Vec<u8>, usize>,
    /// What each delta deletes (−1) and adds (1).
    deltas: Vec<Vec<(usize, i8)>>,
}

impl Known {
    fn of(deltas: &[Arc<Delta>]) -> Self {
        let mut numbers = HashMap::new();
        let numbered = deltas.iter().map(|delta| {
            let mut list = Vec::new();
            each(delta, |record, sign| {
                let next = numbers.len();
                list.push((*numbers.entry(octets(record)).or_insert(next), sign));
            });
            list
        });
        let deltas = numbered.collect();
        Self { numbers, deltas }
    }

    /// Fails unless a condensed delta is what these deltas amount to: of each record what it was and what it becomes.
    fn assert_net(&self, case: &str, deltas: Range<usize>, condensed: &Delta) {
        let mut net = vec![0_i8; self.numbers.len()];
        for (number, sign) in self.deltas[deltas].iter().flatten() {
            net[*number] += sign;
            assert!(net[*number].abs() <= 1, "{case}: a record deleted or added twice");
        }
        each(condensed, |record, sign| {
            let number = self.numbers.get(&octets(record)).unwrap_or_else(|| panic!("{case}: {record:?} is new"));
            assert_eq!(std::mem::take(&mut net[*number]), sign, "{case}: {record:?}");
        });
        assert!(net.iter().all(|count| *count == 0), "{case}: something is missing");
    }
}

fn each(delta: &Delta, mut take: impl FnMut(&Record<'_>, i8)) {
    let (mut deletions, mut additions) = (delta.deletions(), delta.additions());
    while let Some(record) = deletions.next() {
        take(&record, -1);
    }
    while let Some(record) = additions.next() {
        take(&record, 1);
    }
}

fn octets(record: &Record<'_>) -> Vec<u8> {
    let Record { owner, rtype, ttl, rdata, .. } = record;
    [owner.as_octets(), &rtype.0.to_be_bytes(), &ttl.to_be_bytes(), rdata].concat()
}

fn play(source: Source, skipped: usize, steps: usize) {
    let Some(chain) = Chain::play(source, skipped) else { return };
    assert_eq!(chain.deltas.len(), steps);
    chain.condense(source);
    tally::ran(&format!("history {source:?}, {steps} steps"));
}

#[test]
fn root() {
    play(Source::Root, 0, 2575);
}

/// From step 18 on, where the serial no longer goes back.
#[test]
fn gov() {
    play(Source::Gov, 17, 909);
}

#[test]
fn doh() {
    play(Source::Doh, 0, 425);
}

#[test]
fn hagezi_light() {
    play(Source::HageziLight, 0, 51);
}

#[test]
fn merged_1m() {
    play(Source::Merged1M, 0, 27);
}
