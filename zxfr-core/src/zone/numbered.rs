//! Reading records of a page by number.

use super::blocks::BLOCK;
use super::page::Page;
use crate::name::{Name, NameRef, cmp_label};
use crate::wire::reader::{Outline, RecordPosition, cmp_after_owner, skip_record};
use crate::wire::{Record, Scratch};
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::hint;

/// Reads records of one page by number. A page knows where its blocks start; where the records start of those blocks that
/// were read is remembered here.
pub(super) struct Numbered {
    /// Where the records start, and where the last one ends; 0 where that isn't known yet.
    starts: Vec<u16>,
    /// Behind the record that was read last, whose owner the scratch still has.
    position: RecordPosition,
    scratch: Scratch,
    /// The name directly above the owner that was looked for last, and where in the page owners were found to point to it.
    parent: Name,
    parent_at: Option<u16>,
}

impl Numbered {
    pub(super) fn of(page: &Page) -> Self {
        let mut numbered = Self {
            starts: Vec::new(),
            position: page.first(),
            scratch: Scratch::new(),
            parent: Name::empty(),
            parent_at: None,
        };
        numbered.go_to_page(page);
        numbered
    }

    /// Goes on to another page.
    pub(super) fn go_to_page(&mut self, page: &Page) {
        self.position = page.first();
        self.parent_at = None;
        self.starts.clear();
        self.starts.resize(usize::from(page.records()).saturating_add(1), 0);
    }

    fn go_to_block(&mut self, page: &Page, block: u16) {
        let Some(start) = page.blocks().get(usize::from(block)).map(|block| block.start) else { return };
        let first = usize::from(block.saturating_mul(BLOCK));
        let starts = self.starts.get_mut(first..).unwrap_or_default();
        // Its second record is no other block's end.
        let Some(([known, rest @ ..], _)) =
            starts.split_at_mut_checked(starts.len().min(usize::from(BLOCK).saturating_add(1)))
        else {
            return;
        };
        if rest.first().is_none_or(|second| *second > 0) {
            return;
        }
        *known = start;
        let mut at = usize::from(start);
        let end =
            page.blocks().get(usize::from(block).saturating_add(1)).map_or(page.len(), |end| usize::from(end.start));
        touch(page.octets(), (at..end).step_by(CACHE_LINE));
        for start in rest {
            let Some((_, end)) = skip_record(page.octets(), at) else { return };
            at = end;
            *start = end as u16;
        }
    }

    /// The octets that a record takes.
    pub(super) fn len(&mut self, page: &Page, number: u16) -> usize {
        self.go_to_block(page, number / BLOCK);
        let number = usize::from(number);
        let start = |number: usize| self.starts.get(number).map_or(0, |start| usize::from(*start));
        start(number.saturating_add(1)).saturating_sub(start(number))
    }

    /// Where a record starts.
    fn start(&mut self, page: &Page, number: u16) -> Option<usize> {
        match page.blocks().get(usize::from(number / BLOCK)) {
            Some(block) if number.is_multiple_of(BLOCK) => Some(usize::from(block.start)),
            _ => {
                self.go_to_block(page, number / BLOCK);
                self.starts.get(usize::from(number)).copied().map(usize::from)
            }
        }
    }

    /// Goes before a record.
    fn go_to(&mut self, page: &Page, number: u16) -> Option<()> {
        let start = self.start(page, number)?;
        self.position.go_to(start, 1);
        Some(())
    }

    /// A record.
    pub(super) fn read<'s>(&'s mut self, page: &'s Page, number: u16) -> Option<Record<'s>> {
        // Pages of our own writing hold no errors.
        self.go_to(page, number)?;
        self.position.next(page.octets(), &mut self.scratch).ok()?
    }

    /// A record but for its RDATA.
    pub(super) fn outline(&mut self, page: &Page, number: u16) -> Option<Outline<'_>> {
        self.go_to(page, number)?;
        self.position.outline(page.octets(), &mut self.scratch)
    }

    /// The number of the first record from number `from` on that doesn't precede `identity`, and whether it is that. `key` is
    /// the owner's part of its sort key.
    pub(super) fn find(&mut self, page: &Page, from: u16, key: &[u8], identity: &Record<'_>) -> (u16, bool) {
        let parent = identity.owner.parent().unwrap_or(NameRef::ROOT);
        if !parent.octets_eq(self.parent.as_ref()) {
            self.parent.set(parent);
            self.parent_at = None;
        }
        let (mut low, mut high) = (from, page.records());
        // Changes come in order and often close together: after one, look near by first, a little farther at one owner.
        let mut near = if from > 0 { NEAR } else { 0 };
        let mut far = false;
        while low < high {
            let probe = match near.checked_sub(1) {
                Some(left) => {
                    near = left;
                    low
                }
                None if !far => {
                    far = true;
                    let blocks = page.blocks_around(key);
                    let first = |block: usize| u16::try_from(block).unwrap_or(u16::MAX).saturating_mul(BLOCK);
                    let before = blocks.start.checked_sub(1).map_or(0, |block| first(block).saturating_add(1));
                    (low, high) = (low.max(before), high.min(first(blocks.end)));
                    continue;
                }
                None => middle(low, high),
            };
            let (order, one_owner) = self.compare(page, probe, identity);
            match order {
                Ordering::Less => low = probe.saturating_add(1),
                Ordering::Equal => return (probe, true),
                Ordering::Greater => high = probe,
            }
            near = if one_owner { near } else { 0 };
        }
        (low, false)
    }

    /// Compares the owner of a block's first record with another, without reading of the block what isn't needed for that.
    pub(super) fn cmp_block_owner(page: &Page, block: usize, owner: NameRef<'_>) -> Option<Ordering> {
        let start = usize::from(page.blocks().get(block)?.start);
        Some(Owner::at(page.octets(), start)?.cmp(&Owner::at(owner.as_octets(), 0)?))
    }

    /// Compares a record with another, and says whether both surely have the same owner.
    fn compare(&mut self, page: &Page, number: u16, identity: &Record<'_>) -> (Ordering, bool) {
        if let Some(start) = self.start(page, number)
            && let Some(order) = self.cmp_owner(page.octets(), start, identity.owner)
        {
            if order.is_ne() {
                return (order, false);
            }
            let order = cmp_after_owner(page.octets(), start, identity, &mut self.scratch);
            return (order.unwrap_or(Ordering::Less), true);
        }
        let outline = self.outline(page, number);
        (outline.map_or(Ordering::Less, |outline| outline.canonical_cmp(page.octets(), identity)), false)
    }

    /// Compares the owner of the record at `start` with that which is looked for, unless they have many labels.
    fn cmp_owner(&mut self, octets: &[u8], start: usize, owner: NameRef<'_>) -> Option<Ordering> {
        let below = label_and_pointer(octets, start);
        if let Some((label, parent_at)) = below
            && self.parent_at == Some(parent_at)
        {
            return Some(cmp_label(label, owner.label_at(0)));
        }
        let (held, wanted) = (Owner::at(octets, start)?, Owner::at(owner.as_octets(), 0)?);
        if let Some((_, parent_at)) = below
            && held.has_parent_of(&wanted)
        {
            self.parent_at = Some(parent_at);
        }
        Some(held.cmp(&wanted))
    }
}

/// The first label of an owner, where a pointer stands behind it, and where that leads to.
fn label_and_pointer(octets: &[u8], start: usize) -> Option<(&[u8], u16)> {
    let target = |high: u8, low: u8| u16::from_be_bytes([high & 0x3f, low]);
    let spelt_at = match octets.get(start..)? {
        [high @ 0xc0..=0xff, low, ..] => usize::from(target(*high, *low)),
        _ => start,
    };
    match octets.get(spelt_at..)?.split_first()? {
        (length @ 1..=0x3f, rest) => match rest.split_at_checked(usize::from(*length))? {
            (label, [high @ 0xc0..=0xff, low, ..]) => Some((label, target(*high, *low))),
            _ => None,
        },
        _ => None,
    }
}

/// How many records of one owner are looked at, one after the other, before a search goes farther.
const NEAR: u8 = 4;

/// What is read from memory at once.
const CACHE_LINE: usize = 64;

/// Reads octets at these places, since pages are seldom in a cache: a search waits for one place after the other, but these
/// come all at once.
fn touch(octets: &[u8], places: impl Iterator<Item = usize>) {
    hint::black_box(places.filter_map(|at| octets.get(at)).fold(0, |sum, octet| sum ^ octet));
}

/// More labels than most owners have. Those with more are compared expanded.
const FEW_LABELS: usize = 16;

/// An owner as it stands in a message, to be compared without being expanded.
struct Owner<'p> {
    octets: &'p [u8],
    /// Where its labels start, from the left.
    labels: heapless::Vec<u16, FEW_LABELS>,
}

impl<'p> Owner<'p> {
    /// The one at an offset, unless it has many labels.
    fn at(octets: &'p [u8], mut at: usize) -> Option<Self> {
        let mut labels = heapless::Vec::new();
        loop {
            let rest = octets.get(at..)?;
            match rest {
                [0, ..] => return Some(Self { octets, labels }),
                [length @ 1..=0x3f, ..] => {
                    labels.push(u16::try_from(at).ok()?).ok()?;
                    at = at.saturating_add(usize::from(*length)).saturating_add(1);
                }
                [high @ 0xc0..=0xff, low, ..] => {
                    let target = usize::from(u16::from_be_bytes([high & 0x3f, *low]));
                    // Pointers lead back (RFC 1035 §4.1.4).
                    at = Some(target).filter(|target| *target < at)?;
                }
                _ => return None,
            }
        }
    }

    fn label(&self, start: u16) -> &'p [u8] {
        let label = self.octets.get(usize::from(start)..).and_then(<[u8]>::split_first);
        label.and_then(|(length, rest)| rest.get(..usize::from(*length))).unwrap_or_default()
    }

    /// Whether both are directly below the same name.
    fn has_parent_of(&self, other: &Owner<'_>) -> bool {
        let mut labels = self.labels.iter().zip(&other.labels).skip(1);
        self.labels.len() == other.labels.len()
            && labels.all(|(start, their_start)| self.label(*start).eq_ignore_ascii_case(other.label(*their_start)))
    }

    /// As names compare (RFC 4034 §6.1).
    fn cmp(&self, other: &Owner<'_>) -> Ordering {
        for (start, their_start) in self.labels.iter().rev().zip(other.labels.iter().rev()) {
            let order = cmp_label(self.label(*start), other.label(*their_start));
            if order.is_ne() {
                return order;
            }
        }
        self.labels.len().cmp(&other.labels.len())
    }
}

/// A record between these to compare with, by preference the first of a block, which is found without others being gone past.
fn middle(low: u16, high: u16) -> u16 {
    let middle = low.midpoint(high);
    let first = (middle / BLOCK).saturating_mul(BLOCK);
    let next = first.saturating_add(BLOCK);
    match () {
        () if first >= low => first,
        () if next < high => next,
        () => middle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;
    use crate::wire::{Class, Rtype};
    use crate::zone::key;
    use crate::zone::page::{OpenPage, PageWriter};
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn records_are_found_where_they_stand_or_would(
            names in prop::collection::btree_set("(([abB]|a{20})\\.){0,18}z\\.", 1..80),
            wanted in "(([abA]|a{20})\\.){0,18}z\\.",
            from in 0_usize..250,
            sets in prop::collection::vec((0_u16..2, 0_u8..4), 80..250),
            wanted_data in (0_u16..2, 0_u8..5),
        ) {
            let names: Vec<Name> = names.iter().filter_map(|name| name.parse().ok()).collect();
            const RDATA: [[u8; 1]; 5] = [[1], [2], [3], [4], [5]];
            let record = |name, (rtype, data): (u16, u8)| {
                let rdata = &RDATA[usize::from(data)];
                Record { owner: name, rtype: Rtype(65_280 + rtype), class: Class::IN, ttl: 0, rdata }
            };
            let Ok(wanted) = wanted.parse::<Name>() else { return Ok(()) };
            let wanted = record(wanted.as_ref(), wanted_data);
            // Some owners have several records.
            let owners = names.iter().cycle().zip(&sets);
            let mut records: Vec<_> = owners.map(|(name, data)| record(name.as_ref(), *data)).collect();
            records.sort_by(Record::canonical_cmp);
            records.dedup_by(|a, b| a.canonical_cmp(b).is_eq());
            let mut writer = PageWriter::new();
            records.iter().for_each(|record| writer.push(record).unwrap());
            // Names that are too long are left out, so that there may be none.
            let Some(page) = writer.take().map(OpenPage::close) else { return Ok(()) };
            let place = records.partition_point(|record| record.canonical_cmp(&wanted).is_lt());
            let from = from.min(place);
            let found = records.get(place).is_some_and(|record| record.canonical_cmp(&wanted).is_eq());
            let mut key = Vec::new();
            key::push_owner(&mut key, wanted.owner);
            let mut numbered = Numbered::of(&page);
            prop_assert_eq!(numbered.find(&page, from as u16, &key, &wanted), (place as u16, found));
            // Those that were read tell nothing wrong of others, whatever their order.
            for (number, record) in records.iter().enumerate().rev().chain(records.iter().enumerate()) {
                let read = numbered.read(&page, number as u16).unwrap();
                prop_assert!(read.is_exactly(record));
            }
        }
    }
}
