//! The blocks of a page: where each starts, and how the sort key of its first owner goes on, so that a search compares words
//! before it reads names.

use super::key;
use crate::name::NameRef;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

/// A page knows where every so manyth record starts.
pub(super) const BLOCK: u16 = 16;

/// So many octets of a sort key are kept: with where it starts a block takes a word.
const KEPT: usize = 6;

/// The blocks of a page, in order.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// With how many octets the sort keys of all first owners begin alike.
    common: u16,
    list: Box<[Block]>,
}

/// A block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Where its first record starts.
    pub(super) start: u16,
    /// The octets of the sort key of this record's owner after those that are alike; zeros where it ends before.
    kept: [u8; KEPT],
}

impl Blocks {
    pub(super) const fn list(&self) -> &[Block] {
        &self.list
    }

    /// Leaves out all but the first.
    pub(super) fn truncate(&mut self, count: usize) {
        let mut list = core::mem::take(&mut self.list).into_vec();
        list.truncate(count);
        self.list = list.into();
    }

    /// Where in the list the first block is that doesn't begin before an owner with this sort key, as far as what is kept
    /// tells: the blocks before these begin with lesser owners, those behind with greater ones. `first` is the sort key of
    /// the page's first record.
    pub(super) fn around(&self, key: &[u8], first: &[u8]) -> Range<usize> {
        let common = first.get(..self.common.into()).unwrap_or_default();
        match key.strip_prefix(common) {
            Some(rest) => {
                let wanted = kept(rest);
                let start = self.list.partition_point(|block| block.kept < wanted);
                let alike = self.list.get(start..).unwrap_or_default().iter();
                start..start.saturating_add(alike.take_while(|block| block.kept == wanted).count())
            }
            None if key < common => 0..0,
            None => self.list.len()..self.list.len(),
        }
    }
}

/// The first octets of what is left of a key. Zeros follow its end: what they stand for is not less than they are.
fn kept(rest: &[u8]) -> [u8; KEPT] {
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut kept = [0; KEPT];
        kept.iter_mut().zip(rest).for_each(|(kept, octet)| *kept = *octet);
        kept
    })
}

/// The blocks of a page that is being written.
#[derive(Default)]
pub(super) struct OpenBlocks {
    /// Where each starts, and where in `keys` the sort key of its first owner ends.
    ends: Vec<(u16, usize)>,
    keys: Vec<u8>,
}

impl OpenBlocks {
    pub(super) fn clear(&mut self) {
        self.ends.clear();
        self.keys.clear();
    }

    /// Begins a block.
    pub(super) fn push(&mut self, start: u16, owner: NameRef<'_>) {
        key::push_owner(&mut self.keys, owner);
        self.ends.push((start, self.keys.len()));
    }

    pub(super) fn close(&self) -> Blocks {
        let key = |number: usize| {
            let before = number.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |(_, end)| *end);
            let end = self.ends.get(number).map_or(before, |(_, end)| *end);
            self.keys.get(before..end).unwrap_or_default()
        };
        // In between, all begin as the first and the last do.
        let (first, last) = (key(0), key(self.ends.len().saturating_sub(1)));
        let common = first.iter().zip(last).take_while(|(one, other)| one == other).count();
        let block = |(number, (start, _)): (usize, &(u16, usize))| Block {
            start: *start,
            kept: kept(key(number).get(common..).unwrap_or_default()),
        };
        Blocks { common: common as u16, list: self.ends.iter().enumerate().map(block).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blocks_outside_the_range_begin_before_or_after(
            names in prop::collection::btree_set("([ab]|a{6}|\\\\000)([ab]\\.)?b?\\.(z|aaaa)\\.", 1..20),
            wanted in "([abB]|a{6}|\\\\000)([ab]\\.)?\\.([az]\\.)?",
        ) {
            let mut names: Vec<Name> = names.iter().filter_map(|name| name.parse().ok()).collect();
            names.sort();
            let Ok(wanted) = wanted.parse::<Name>() else { return Ok(()) };
            let mut open = OpenBlocks::default();
            names.iter().for_each(|name| open.push(12, name.as_ref()));
            let blocks = open.close();
            let key = |name: &Name| {
                let mut key = Vec::new();
                key::push_owner(&mut key, name.as_ref());
                key
            };
            let first = names.first().map(key).unwrap_or_default();
            let Range { start, end } = blocks.around(&key(&wanted), &first);
            prop_assert!(names[..start].iter().all(|name| *name < wanted));
            prop_assert!(names[end..].iter().all(|name| *name > wanted));
        }
    }
}
