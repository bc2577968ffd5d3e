//! The head: the apex node as the first message(s) of every transfer, SOA first, with room for the question.

use super::arena::Arena;
use super::builder::{BuildError, BuildLimits};
use super::page::{MAX_PAGE, Page};
use super::run::RunWriter;
use super::sorter::Sorted;
use crate::name::NameRef;
use crate::wire::rdata::canonical_cmp;
use crate::wire::{Record, Rtype, Scratch};
use alloc::vec::Vec;

/// Renders the apex node from its records, in any order.
pub(super) fn render(apex: NameRef<'_>, node: &mut Arena, limits: BuildLimits) -> Result<Sorted, BuildError> {
    node.sort_owner();
    let mut run = RunWriter::with_question(limits, apex);
    let mut duplicates = 0_u64;
    let mut last: Option<Record<'_>> = None;
    // The SOA comes first (RFC 5936 §2.2), the other types by number.
    let soa = node.records().filter(|record| record.rtype == Rtype::SOA);
    let others = node.records().filter(|record| record.rtype != Rtype::SOA);
    for record in soa.chain(others) {
        let equals = |last: &Record<'_>| {
            last.rtype == record.rtype && canonical_cmp(record.rtype, last.rdata, record.rdata).is_eq()
        };
        if last.as_ref().is_some_and(equals) {
            duplicates = duplicates.saturating_add(1);
            continue;
        }
        run.push(&record)?;
        last = Some(record);
    }
    let (pages, levelled) = run.finish();
    Ok(Sorted { pages, duplicates, levelled })
}

/// The whole zone as one message, when it is small enough for that.
pub(super) fn render_whole(apex: NameRef<'_>, pages: &[&Page]) -> Option<Page> {
    let octets = pages.iter().fold(0_usize, |sum, page| sum.saturating_add(page.octets().len()));
    if octets > MAX_PAGE {
        return None;
    }
    let mut run = RunWriter::with_question(BuildLimits::NONE, apex);
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
