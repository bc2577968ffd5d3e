//! A sorted run of records being written into pages.

use super::builder::{BuildError, BuildFault, BuildLimits};
use super::page::{OpenPage, Page, PageWriter};
use crate::name::{Name, NameRef};
use crate::wire::writer::Full;
use crate::wire::{Record, Rtype};
use alloc::vec::Vec;

/// Writes records that come in order, and evens the TTLs of each RRset to the lowest (RFC 2181 §5.2).
pub(super) struct RunWriter {
    writer: PageWriter,
    pages: Vec<OpenPage>,
    limits: BuildLimits,
    owner: Name,
    rtype: Rtype,
    /// How many types the present owner has so far.
    types: u16,
    rrset: Rrset,
    levelled: u64,
    empty: bool,
    /// Whether TTLs are evened.
    levels: bool,
}

/// What is known of the RRset that is being written.
#[derive(Clone, Copy, Default)]
struct Rrset {
    /// The page in which it starts, by number, and the record in that.
    page: usize,
    record: u16,
    records: u32,
    ttl: u32,
    mixed: bool,
}

impl RunWriter {
    pub(super) fn new(limits: BuildLimits) -> Self {
        Self {
            writer: PageWriter::new(),
            pages: Vec::new(),
            limits,
            owner: Name::root(),
            rtype: Rtype(0),
            types: 0,
            rrset: Rrset::default(),
            levelled: 0,
            empty: true,
            levels: true,
        }
    }

    /// A run in which TTLs stay as they are: that of a delta.
    pub(super) fn unlevelled(limits: BuildLimits) -> Self {
        Self { levels: false, ..Self::new(limits) }
    }

    /// A run that will be merged with others: duplicates may still go, and with them their TTLs.
    pub(super) fn provisional() -> Self {
        Self::unlevelled(BuildLimits::NONE)
    }

    /// Records of a version, which have been looked at before, as pages of up to `limit` octets.
    pub(super) fn sealing(limit: usize) -> Self {
        let mut run = Self::provisional();
        run.writer.set_limit(limit);
        run
    }

    /// The run that is a zone's head: its first message begins with the question.
    pub(super) fn of_head(limits: BuildLimits, apex: NameRef<'_>, levels: bool) -> Self {
        let mut run = Self { levels, ..Self::new(limits) };
        run.writer.start_with_question(apex);
        run
    }

    /// Appends a record that follows all before it and equals none.
    pub(super) fn push(&mut self, record: &Record<'_>) -> Result<(), BuildError> {
        let same_owner = !self.empty && self.owner.as_ref() == record.owner;
        if same_owner && self.rtype == record.rtype {
            self.count_record(record)?;
        } else {
            self.end_rrset();
            self.start_rrset(record, same_owner)?;
        }
        if self.writer.push(record) == Err(Full) {
            let page = self.writer.cut();
            self.seal(page);
            if self.writer.push(record) == Err(Full) {
                let page = self.writer.take();
                self.seal(page);
                if self.writer.push(record) == Err(Full) {
                    let page = self.writer.single(record);
                    self.pages.push(page.map_err(|Full| BuildError::about(BuildFault::Large, record))?);
                }
            }
        }
        self.empty = false;
        Ok(())
    }

    /// Keeps a finished page. Where the present RRset began may be in the page after it.
    fn seal(&mut self, page: Option<OpenPage>) {
        let Some(page) = page else { return };
        if self.rrset.page == self.pages.len() && self.rrset.record >= page.records {
            self.rrset.page = self.rrset.page.saturating_add(1);
            self.rrset.record = self.rrset.record.saturating_sub(page.records);
        }
        self.pages.push(page);
    }

    fn count_record(&mut self, record: &Record<'_>) -> Result<(), BuildError> {
        self.rrset.records = self.rrset.records.saturating_add(1);
        if self.rrset.records > self.limits.rrset_records {
            return Err(BuildError::about(BuildFault::RrsetRecords(self.limits.rrset_records), record));
        }
        self.rrset.mixed |= self.rrset.ttl != record.ttl;
        self.rrset.ttl = self.rrset.ttl.min(record.ttl);
        Ok(())
    }

    fn start_rrset(&mut self, record: &Record<'_>, same_owner: bool) -> Result<(), BuildError> {
        if same_owner {
            self.types = self.types.saturating_add(1);
        } else {
            self.types = 1;
            self.owner.set(record.owner);
        }
        if self.types > self.limits.types_per_name {
            return Err(BuildError::about(BuildFault::TypesPerName(self.limits.types_per_name), record));
        }
        self.rtype = record.rtype;
        let (page, record_in_page) = (self.pages.len(), self.writer.records());
        self.rrset = Rrset { page, record: record_in_page, records: 1, ttl: record.ttl, mixed: false };
        Ok(())
    }

    /// Evens the TTLs of the RRset that ends here. Signatures have the TTLs of what they cover (RFC 4034 §3).
    fn end_rrset(&mut self) {
        let Rrset { page, record, ttl, mixed, .. } = self.rrset;
        if !mixed || !self.levels || matches!(self.rtype, Rtype::RRSIG | Rtype::SIG) {
            return;
        }
        self.levelled = self.levelled.saturating_add(1);
        let mut first = record;
        for open in self.pages.get_mut(page..).unwrap_or_default() {
            open.set_ttls(first, ttl);
            first = 0;
        }
        self.writer.set_ttls(first, ttl);
    }

    /// The pages, and how many RRsets had differing TTLs.
    pub(super) fn finish(mut self) -> (Vec<Page>, u64) {
        self.end_rrset();
        self.pages.extend(self.writer.take());
        (self.pages.into_iter().map(OpenPage::close).collect(), self.levelled)
    }
}
