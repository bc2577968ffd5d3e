//! Several deltas in a row as one (RFC 1995 §5).

use super::builder::BuildError;
use super::delta::Delta;
use super::diff::DeltaWriter;
use super::merge::Source;
use super::page::Page;
use crate::name::Name;
use crate::serial::Serial;
use crate::wire::{Class, Record, Rtype};
use alloc::boxed::Box;
use alloc::collections::binary_heap::{BinaryHeap, PeekMut};
use alloc::vec::Vec;
use core::fmt;

/// Why deltas can't be condensed.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainError {
    /// There are none.
    Empty,
    /// A delta doesn't begin at the serial at which the one before it ends.
    Gap {
        /// Where the one before ends.
        to: Serial,
        /// Where it begins.
        from: Serial,
    },
    /// They are not of one zone, or a record is too large for any page.
    Build(BuildError),
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no delta"),
            Self::Gap { to, from } => write!(f, "a delta from serial {from} after one to serial {to}"),
            Self::Build(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ChainError {}

impl From<BuildError> for ChainError {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
    }
}

impl Delta {
    /// One delta that does what these do one after the other, oldest first.
    ///
    /// Of each record the first delta that has it says what it was at the beginning, the last what it is in the end; where
    /// that is the same, it is left out. The deletions have to be records as they were held, TTL and case included.
    ///
    /// # Errors
    /// When there are none, or they don't follow one another.
    pub fn condense<'d>(chain: impl IntoIterator<Item = &'d Self>) -> Result<Self, ChainError> {
        let chain: Vec<&Self> = chain.into_iter().collect();
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
            return Err(ChainError::Empty);
        };
        for (before, after) in chain.iter().zip(chain.iter().skip(1)) {
            if before.to() != after.from() {
                return Err(ChainError::Gap { to: before.to(), from: after.from() });
            }
        }
        let mut writer = DeltaWriter::new(first.apex());
        let names = chain.iter().flat_map(|delta| [&delta.deletions.names, &delta.additions.names]);
        condense_run(names, &mut writer)?;
        let nsec3 = chain.iter().flat_map(|delta| [&delta.deletions.nsec3, &delta.additions.nsec3]);
        condense_run(nsec3, &mut writer)?;
        Ok(writer.finish(&first.old_soa(), &last.new_soa())?)
    }
}

/// Condenses lists, of which those with even numbers are deletions and those with odd ones additions.
fn condense_run<'d>(
    lists: impl Iterator<Item = &'d Box<[Page]>>,
    writer: &mut DeltaWriter<'_>,
) -> Result<(), BuildError> {
    let sources = lists.enumerate().filter(|(_, pages)| !pages.is_empty());
    let mut sources: BinaryHeap<Box<Source>> =
        sources.filter_map(|(number, pages)| Source::new(number, pages.to_vec())).map(Box::new).collect();
    let (mut key, mut was, mut is) = (Vec::new(), Held::new(), Held::new());
    while let Some(source) = sources.peek() {
        key.clone_from(&source.key);
        was.present = false;
        let mut is_first = true;
        // All that the deltas say of one record, oldest first.
        while let Some(mut source) = sources.peek_mut().filter(|source| source.key == key) {
            let added = source.number & 1 == 1;
            if is_first && !added {
                was.keep(&source.record());
            }
            is.present = false;
            if added {
                is.keep(&source.record());
            }
            is_first = false;
            if !source.advance() {
                PeekMut::pop(source);
            }
        }
        match (was.record(), is.record()) {
            (Some(was), Some(is)) if was.is_exactly(&is) => {}
            (was, is) => {
                was.map_or(Ok(()), |record| writer.delete(&record))?;
                is.map_or(Ok(()), |record| writer.add(&record))?;
            }
        }
    }
    Ok(())
}

/// A record kept while others are read.
struct Held {
    present: bool,
    owner: Name,
    rtype: Rtype,
    ttl: u32,
    rdata: Vec<u8>,
}

impl Held {
    fn new() -> Self {
        Self { present: false, owner: Name::root(), rtype: Rtype(0), ttl: 0, rdata: Vec::new() }
    }

    fn keep(&mut self, record: &Record<'_>) {
        self.present = true;
        self.owner.set(record.owner);
        (self.rtype, self.ttl) = (record.rtype, record.ttl);
        self.rdata.clear();
        self.rdata.extend_from_slice(record.rdata);
    }

    fn record(&self) -> Option<Record<'_>> {
        let Self { owner, rtype, ttl, rdata, .. } = self;
        let record = Record { owner: owner.as_ref(), rtype: *rtype, class: Class::IN, ttl: *ttl, rdata };
        self.present.then_some(record)
    }
}
