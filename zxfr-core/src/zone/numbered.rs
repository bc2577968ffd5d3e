//! Reading records of a page by number.

use super::page::{BLOCK, Page};
use crate::wire::reader::{Outline, RecordPosition, skip_record};
use crate::wire::{Record, Scratch};
use core::cmp::Ordering;

/// Reads records of one page by number. A page knows where its blocks start; where the records of the block start that was
/// read last is remembered here.
#[derive(Default)]
pub(super) struct Numbered {
    block: Option<u16>,
    /// Where the records of that block start; one more is where they end.
    starts: heapless::Vec<u16, { BLOCK as usize + 1 }>,
    scratch: Scratch,
}

impl Numbered {
    /// Goes on to another page.
    pub(super) const fn forget(&mut self) {
        self.block = None;
    }

    fn go_to_block(&mut self, page: &Page, block: u16) {
        if self.block == Some(block) {
            return;
        }
        self.block = Some(block);
        self.starts.clear();
        let Some(start) = page.blocks().get(usize::from(block)) else { return };
        let mut at = usize::from(*start);
        let _ = self.starts.push(*start);
        let records = page.records().saturating_sub(block.saturating_mul(BLOCK)).min(BLOCK);
        for _ in 0..records {
            let Some((_, end)) = skip_record(page.octets(), at) else { return };
            at = end;
            let _ = self.starts.push(end as u16);
        }
    }

    /// The octets that a record takes.
    pub(super) fn len(&mut self, page: &Page, number: u16) -> usize {
        self.go_to_block(page, number / BLOCK);
        let number = usize::from(number % BLOCK);
        let start = |number: usize| self.starts.get(number).map_or(0, |start| usize::from(*start));
        start(number.saturating_add(1)).saturating_sub(start(number))
    }

    /// Before a record.
    fn position(&mut self, page: &Page, number: u16) -> Option<RecordPosition> {
        let start = match page.blocks().get(usize::from(number / BLOCK)) {
            Some(start) if number.is_multiple_of(BLOCK) => *start,
            _ => {
                self.go_to_block(page, number / BLOCK);
                *self.starts.get(usize::from(number % BLOCK))?
            }
        };
        Some(RecordPosition::new(start.into(), 1))
    }

    /// A record.
    pub(super) fn read<'s>(&'s mut self, page: &'s Page, number: u16) -> Option<Record<'s>> {
        // Pages of our own writing hold no errors.
        self.position(page, number)?.next(page.octets(), &mut self.scratch).ok()?
    }

    /// A record but for its RDATA.
    pub(super) fn outline(&mut self, page: &Page, number: u16) -> Option<Outline<'_>> {
        self.position(page, number)?.outline(page.octets(), &mut self.scratch)
    }

    /// The number of the first record from number `from` on that doesn't precede `identity`, and whether it is that.
    pub(super) fn find(&mut self, page: &Page, from: u16, identity: &Record<'_>) -> (u16, bool) {
        let (mut low, mut high) = (from, page.records());
        // Changes come in order and often close together: after one, look near by first.
        let near = [from, (from / BLOCK).saturating_add(1).saturating_mul(BLOCK)];
        let mut near = near.into_iter().filter(|_| from > 0);
        while low < high {
            let probe = near.next().filter(|probe| *probe < high).unwrap_or_else(|| middle(low, high));
            match self.compare(page, probe, identity) {
                Ordering::Less => low = probe.saturating_add(1),
                Ordering::Equal => return (probe, true),
                Ordering::Greater => high = probe,
            }
        }
        (low, false)
    }

    fn compare(&mut self, page: &Page, number: u16, identity: &Record<'_>) -> Ordering {
        self.outline(page, number).map_or(Ordering::Less, |outline| outline.canonical_cmp(page.octets(), identity))
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
