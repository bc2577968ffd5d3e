//! A sorted run of records being written into pages.

use super::builder::{BuildError, BuildFault, BuildLimits};
use super::key;
use super::likeness::Likeness;
use super::noticed::Noticed;
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
    rtype: Rtype,
    /// How many types the present owner has so far.
    types: u16,
    rrset: Rrset,
    /// Whether its TTLs differ.
    mixed: bool,
    /// RRsets whose TTLs are evened when the run is finished: before that others may join them.
    uneven: Vec<Rrset>,
    empty: bool,
    /// Whether TTLs are evened.
    levels: bool,
}

/// Where the records of an RRset are.
#[derive(Clone, Copy, Default)]
struct Rrset {
    /// The page in which it starts, by number, and the record in that.
    page: usize,
    record: u16,
    records: u32,
    /// The lowest TTL.
    ttl: u32,
}

impl Rrset {
    /// Follows its first record into the page after this one of number `number`, if that is where it came to be.
    fn follow(&mut self, number: usize, records: u16) {
        if self.page == number && self.record >= records {
            self.page = self.page.saturating_add(1);
            self.record = self.record.saturating_sub(records);
        }
    }

    /// Gives all its records the lowest TTL.
    fn level(&self, pages: &mut [OpenPage]) {
        let (mut first, mut left) = (self.record, self.records);
        for page in pages.get_mut(self.page..).unwrap_or_default() {
            let here = u32::from(page.records.saturating_sub(first)).min(left);
            page.set_ttls(first..first.saturating_add(here as u16), self.ttl);
            (first, left) = (0, left.saturating_sub(here));
            if left == 0 {
                return;
            }
        }
    }
}

impl RunWriter {
    pub(super) fn new(limits: BuildLimits) -> Self {
        Self {
            writer: PageWriter::new(),
            pages: Vec::new(),
            limits,
            rtype: Rtype(0),
            types: 0,
            rrset: Rrset::default(),
            mixed: false,
            uneven: Vec::new(),
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
        let likeness = self.owner().map_or(Likeness::Other, |owner| Likeness::of(record.owner, owner));
        self.push_alike(record, likeness)
    }

    /// The same, given how its owner compares to that of the record that was pushed last.
    #[inline]
    pub(super) fn push_alike(&mut self, record: &Record<'_>, likeness: Likeness) -> Result<(), BuildError> {
        let same_owner = likeness.is_equal();
        if same_owner && self.rtype == record.rtype {
            self.count_record(record)?;
        } else {
            self.end_rrset();
            self.start_rrset(record, same_owner)?;
        }
        if self.writer.push_alike(record, likeness) == Err(Full) {
            self.push_beyond(record, likeness)?;
        }
        self.empty = false;
        Ok(())
    }

    /// Appends a record for which the present page has no room.
    #[cold]
    fn push_beyond(&mut self, record: &Record<'_>, likeness: Likeness) -> Result<(), BuildError> {
        let page = self.writer.cut();
        self.seal(page);
        if self.writer.push_alike(record, likeness) == Err(Full) {
            let page = self.writer.take();
            self.seal(page);
            if self.writer.push_alike(record, likeness) == Err(Full) {
                let page = self.writer.single(record);
                self.pages.push(page.map_err(|Full| BuildError::about(BuildFault::Large, record))?);
            }
        }
        Ok(())
    }

    /// The owner of the record that was pushed last.
    pub(super) fn owner(&self) -> Option<NameRef<'_>> {
        (!self.empty).then(|| self.writer.owner())
    }

    /// Keeps a finished page. Where RRsets began may be in the page after it.
    fn seal(&mut self, page: Option<OpenPage>) {
        let Some(page) = page else { return };
        let number = self.pages.len();
        let last = self.uneven.iter_mut().rev().take_while(|rrset| rrset.page == number);
        last.chain([&mut self.rrset]).for_each(|rrset| rrset.follow(number, page.records));
        self.pages.push(page);
    }

    fn count_record(&mut self, record: &Record<'_>) -> Result<(), BuildError> {
        self.rrset.records = self.rrset.records.saturating_add(1);
        if self.rrset.records > self.limits.rrset_records {
            return Err(BuildError::about(BuildFault::RrsetRecords(self.limits.rrset_records), record));
        }
        self.mixed |= self.rrset.ttl != record.ttl;
        self.rrset.ttl = self.rrset.ttl.min(record.ttl);
        Ok(())
    }

    fn start_rrset(&mut self, record: &Record<'_>, same_owner: bool) -> Result<(), BuildError> {
        if same_owner {
            self.types = self.types.saturating_add(1);
        } else {
            self.types = 1;
        }
        if self.types > self.limits.types_per_name {
            return Err(BuildError::about(BuildFault::TypesPerName(self.limits.types_per_name), record));
        }
        self.rtype = record.rtype;
        let (page, record_in_page) = (self.pages.len(), self.writer.records());
        self.rrset = Rrset { page, record: record_in_page, records: 1, ttl: record.ttl };
        self.mixed = false;
        Ok(())
    }

    /// Signatures have the TTLs of what they cover (RFC 4034 §3).
    fn end_rrset(&mut self) {
        if self.mixed && self.levels && !matches!(self.rtype, Rtype::RRSIG | Rtype::SIG) {
            self.uneven.push(self.rrset);
        }
        self.mixed = false;
    }

    /// Appends what another run has, all of which follows. Its pages are taken as they are.
    pub(super) fn append(&mut self, later: Self) {
        let Self { writer, pages, rtype, types, rrset, mixed, uneven, empty, limits: _, levels: _ } = later;
        if empty {
            return;
        }
        self.end_rrset();
        self.pages.extend(self.writer.take());
        let before = self.pages.len();
        let moved = |rrset: Rrset| Rrset { page: rrset.page.saturating_add(before), ..rrset };
        self.pages.extend(pages);
        self.uneven.extend(uneven.into_iter().map(moved));
        (self.writer, self.rtype, self.types) = (writer, rtype, types);
        (self.rrset, self.mixed, self.empty) = (moved(rrset), mixed, false);
    }

    /// Takes away the first pages, at least one if there is any, and ends before a page that begins with another owner.
    pub(super) fn take_front(&mut self) -> Vec<OpenPage> {
        let number = (1..=self.pages.len()).find(|number| {
            let last = number.checked_sub(1).and_then(|last| self.pages.get(last)).and_then(OpenPage::last_owner);
            let next = self.pages.get(*number).map_or_else(|| self.writer.key(), |page| Some(&page.key));
            let starts = |(last, next): (Name, &[u8])| key::starts_with_owner(next, last.as_ref());
            !last.zip(next).is_some_and(starts)
        });
        let mut taken: Vec<OpenPage> = self.pages.drain(..number.unwrap_or(self.pages.len())).collect();
        if self.pages.is_empty() && (number.is_none() || self.writer.records() == 0) {
            taken.extend(self.writer.take());
            self.empty = true;
        }
        let moved = |rrset: &Rrset| Some(Rrset { page: rrset.page.checked_sub(taken.len())?, ..*rrset });
        self.uneven = self.uneven.iter().filter_map(moved).collect();
        self.rrset = moved(&self.rrset).unwrap_or_default();
        taken
    }

    /// The pages, TTLs as they came.
    pub(super) fn finish_uneven(mut self) -> Vec<Page> {
        self.levels = false;
        self.uneven.clear();
        self.finish().0
    }

    /// The pages, and the RRsets that had differing TTLs.
    pub(super) fn finish(mut self) -> (Vec<Page>, Noticed) {
        self.end_rrset();
        self.pages.extend(self.writer.take());
        let mut noticed = Noticed { levelled: self.uneven.len() as u64, ..Noticed::default() };
        for rrset in &self.uneven {
            rrset.level(&mut self.pages);
            if noticed.names_more()
                && let Some((owner, rtype)) = self.pages.get(rrset.page).and_then(|page| page.identity(rrset.record))
            {
                noticed.name(owner.as_ref(), rtype);
            }
        }
        (self.pages.into_iter().map(OpenPage::close).collect(), noticed)
    }
}
