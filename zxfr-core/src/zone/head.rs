//! The head: the apex node as the first message(s) of every transfer, SOA first, with room for the question.

use super::apply::ApplyError;
use super::arena::Arena;
use super::builder::{BuildError, BuildLimits};
use super::change::{Change, Notes, Step};
use super::checks::Checks;
use super::noticed::Noticed;
use super::page::Page;
use super::run::RunWriter;
use super::sorter::Sorted;
use crate::name::NameRef;
use crate::wire::rdata::canonical_cmp;
use crate::wire::{Record, Rtype, Scratch};
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Renders the apex node from its records, in any order.
pub(super) fn render(node: &mut Arena, mut run: RunWriter) -> Result<Sorted, BuildError> {
    node.sort_owner();
    let mut duplicates = Noticed::default();
    let mut last: Option<Record<'_>> = None;
    // The SOA comes first (RFC 5936 §2.2), the other types by number.
    let soa = node.records().filter(|record| record.rtype == Rtype::SOA);
    let others = node.records().filter(|record| record.rtype != Rtype::SOA);
    for record in soa.chain(others) {
        let equals = |last: &Record<'_>| {
            last.rtype == record.rtype && canonical_cmp(record.rtype, last.rdata, record.rdata).is_eq()
        };
        if last.as_ref().is_some_and(equals) {
            duplicates.duplicate(&record);
            continue;
        }
        run.push(&record)?;
        last = Some(record);
    }
    let (pages, mut noticed) = run.finish();
    noticed.join(duplicates);
    Ok(Sorted { pages, noticed })
}

/// The whole zone as one message, when it is small enough for that.
pub(super) fn render_whole<'p>(apex: NameRef<'_>, pages: impl Iterator<Item = &'p Page>) -> Option<Page> {
    let mut run = RunWriter::of_head(BuildLimits::NONE, apex, false);
    let mut scratch = Scratch::new();
    for page in pages {
        let mut position = page.first();
        while let Ok(Some(record)) = position.next(page.octets(), &mut scratch) {
            run.push(&record).ok()?;
        }
    }
    let (pages, _) = run.finish();
    let [page]: [Page; 1] = Vec::try_into(pages).ok()?;
    Some(page)
}

/// The apex node being changed.
pub(super) struct ApexNode<'h> {
    /// What it had, in order, the SOA left out.
    held: Vec<Record<'h>>,
    /// How many of these are done with.
    done: usize,
    node: Arena,
}

impl<'h> ApexNode<'h> {
    /// From its records as the head has them.
    pub(super) fn new(held: &'h Arena) -> Self {
        let held = held.records().filter(|record| record.rtype != Rtype::SOA).collect();
        Self { held, done: 0, node: Arena::default() }
    }

    /// Makes a change that follows all before it.
    pub(super) fn change(&mut self, change: &Change<'_>, notes: &mut Notes) -> Result<(), ApplyError> {
        let identity = change.identity();
        let held = loop {
            let next = self.held.get(self.done);
            match next.map_or(Ordering::Greater, |record| record.canonical_cmp(identity)) {
                Ordering::Less => self.keep(),
                Ordering::Equal => break next,
                Ordering::Greater => break None,
            }
        };
        let addition = match change.meet(held, notes)? {
            Step::Keep => return Ok(()),
            Step::Insert(record) => Some(record),
            Step::Remove => {
                self.done = self.done.saturating_add(1);
                None
            }
            Step::Replace(record) => {
                self.done = self.done.saturating_add(1);
                Some(record)
            }
        };
        if let Some(record) = addition {
            self.node.push(&record, &[]);
        }
        Ok(())
    }

    fn keep(&mut self) {
        if let Some(record) = self.held.get(self.done) {
            self.node.push(record, &[]);
        }
        self.done = self.done.saturating_add(1);
    }

    /// The head that it makes with this SOA.
    pub(super) fn render(
        mut self,
        apex: NameRef<'_>,
        soa: &Record<'_>,
        limits: BuildLimits,
        checks: &mut Checks,
    ) -> Result<Vec<Page>, ApplyError> {
        while self.done < self.held.len() {
            self.keep();
        }
        let mut last: Option<Record<'_>> = None;
        for record in self.node.records() {
            if last.is_some_and(|last| last.rtype == record.rtype && last.ttl != record.ttl) {
                checks.push(record.owner, record.rtype, false);
            }
            last = Some(record);
        }
        self.node.push(soa, &[]);
        Ok(render(&mut self.node, RunWriter::of_head(limits, apex, false))?.pages)
    }
}
