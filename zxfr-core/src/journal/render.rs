//! Rendering: deltas as the messages of an IXFR.

use super::Differences;
use crate::wire::{Full, Record};
use crate::zone::page::{OpenPage, PageWriter};
use crate::zone::{Delta, Page};
use alloc::vec::Vec;

/// The fewest octets of a record on the wire: its owner as a pointer, and no RDATA.
const LEAST_RECORD: u64 = 12;

/// Renders a chain of deltas, oldest first (RFC 1995 §4); `soa` is the SOA of the version that they lead to. `None` when that
/// takes more than `most` octets, or a record is too large for any message, and so in no version either.
pub(super) fn render<'d>(
    chain: impl Iterator<Item = &'d Delta> + Clone,
    soa: &Record<'_>,
    most: u64,
) -> Option<Rendered> {
    let count = |sum: u64, delta: &Delta| sum.saturating_add(delta.record_count()).saturating_add(2);
    if chain.clone().fold(2, count).saturating_mul(LEAST_RECORD) > most {
        return None;
    }
    let mut writer = PageWriter::new();
    writer.start_with_question(soa.owner);
    let mut renderer = Renderer { writer, rendered: Rendered::default(), most };
    renderer.push(soa).ok()?;
    for delta in chain {
        renderer.push(&delta.old_soa()).ok()?;
        let mut deletions = delta.deletions();
        while let Some(record) = deletions.next() {
            renderer.push(&record).ok()?;
        }
        renderer.push(&delta.new_soa()).ok()?;
        let mut additions = delta.additions();
        while let Some(record) = additions.next() {
            renderer.push(&record).ok()?;
        }
    }
    renderer.push(soa).ok()?;
    renderer.finish().ok()
}

/// What was rendered.
#[derive(Default)]
pub(super) struct Rendered {
    pages: Vec<Page>,
    records: u64,
    octets: u64,
    largest: usize,
}

impl Rendered {
    pub(super) const fn octets(&self) -> u64 {
        self.octets
    }

    /// These pages as the answer that some deltas make.
    pub(super) fn into_differences(self, first: &Delta, last: &Delta, deltas: usize, condensed: bool) -> Differences {
        let Self { pages, records, octets, largest } = self;
        Differences {
            apex: first.apex().to_name(),
            from: first.from(),
            to: last.to(),
            pages: pages.into(),
            records,
            octets,
            largest,
            deltas,
            condensed,
        }
    }
}

/// Writes records in the order in which they are sent into pages as full as those of a zone.
struct Renderer {
    writer: PageWriter,
    rendered: Rendered,
    /// More octets are not wanted.
    most: u64,
}

impl Renderer {
    fn push(&mut self, record: &Record<'_>) -> Result<(), Full> {
        if self.writer.push(record).is_ok() {
            return Ok(());
        }
        let page = self.writer.cut();
        self.keep(page)?;
        if self.writer.push(record).is_ok() {
            return Ok(());
        }
        let page = self.writer.take();
        self.keep(page)?;
        if self.writer.push(record).is_ok() {
            return Ok(());
        }
        let page = self.writer.single(record)?;
        self.keep(Some(page))
    }

    fn keep(&mut self, page: Option<OpenPage>) -> Result<(), Full> {
        let Some(page) = page.map(OpenPage::close) else { return Ok(()) };
        let Rendered { pages, records, octets, largest } = &mut self.rendered;
        let length = page.octets().len();
        *records = records.saturating_add(page.records().into());
        *octets = octets.saturating_add(length as u64);
        *largest = length.max(*largest);
        pages.push(page);
        if *octets > self.most { Err(Full) } else { Ok(()) }
    }

    fn finish(mut self) -> Result<Rendered, Full> {
        let page = self.writer.take();
        self.keep(page)?;
        Ok(self.rendered)
    }
}
