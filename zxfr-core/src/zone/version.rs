//! A version of a zone: immutable, shared by all that read it.

use super::directory::{Directory, Place};
use super::key;
use super::page::Page;
use crate::name::{Name, NameRef};
use crate::serial::Serial;
use crate::wire::reader::RecordPosition;
use crate::wire::{Class, Record, Rtype, Scratch};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

/// What a version is made of.
pub(super) struct Parts {
    pub(super) head: Vec<Page>,
    pub(super) names: Directory,
    pub(super) nsec3: Directory,
    /// Whether the head is the whole zone.
    pub(super) whole: bool,
}

/// A zone at one serial: the head (its apex node) and two runs of pages, ordinary names, and NSEC3 with its signatures.
pub struct Version {
    apex: Name,
    parts: Parts,
    soa: OwnedSoa,
    records: u64,
    octets: u64,
    largest: usize,
}

/// An SOA record kept apart from the others: it is asked for most.
pub(super) struct OwnedSoa {
    owner: Name,
    ttl: u32,
    rdata: Box<[u8]>,
    pub(super) serial: Serial,
}

/// A place between two pages of a version, in the order in which they are sent; the default is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PagePosition {
    run: Run,
    place: Place,
    head: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Run {
    #[default]
    Head,
    Names,
    Nsec3,
}

impl Version {
    pub(super) fn new(apex: Name, parts: Parts) -> Self {
        let mut version = Self { apex, parts, soa: OwnedSoa::missing(), records: 0, octets: 0, largest: 0 };
        let mut position = PagePosition::default();
        let (mut records, mut octets, mut largest) = (0_u64, 0_u64, 0_usize);
        while let Some((page, next)) = version.page(position) {
            records = records.saturating_add(u64::from(page.records()));
            octets = octets.saturating_add(page.octets().len() as u64);
            largest = largest.max(page.octets().len());
            position = next;
        }
        version.soa = OwnedSoa::first_of(&version).unwrap_or_else(OwnedSoa::missing);
        Self { records, octets, largest, ..version }
    }

    /// The name of the zone.
    #[must_use]
    pub fn apex(&self) -> NameRef<'_> {
        self.apex.as_ref()
    }

    /// The serial of its SOA.
    #[must_use]
    pub const fn serial(&self) -> Serial {
        self.soa.serial
    }

    /// Its SOA record.
    #[must_use]
    pub fn soa(&self) -> Record<'_> {
        self.soa.record()
    }

    /// How many records it has; the SOA counts once.
    #[must_use]
    pub const fn record_count(&self) -> u64 {
        self.records
    }

    /// The octets of all its pages.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// The octets of its largest page, header included.
    #[must_use]
    pub const fn largest_page(&self) -> usize {
        self.largest
    }

    /// The page after `position`, and the position after that page. The first is the first message of a transfer, its
    /// question included.
    #[must_use]
    pub fn page(&self, position: PagePosition) -> Option<(&Page, PagePosition)> {
        match position.run {
            Run::Head => match self.parts.head.get(position.head) {
                Some(page) => Some((page, PagePosition { head: position.head.saturating_add(1), ..position })),
                None => self.page(PagePosition { run: Run::Names, ..position }),
            },
            Run::Names => match self.parts.names.page_at(position.place) {
                Some((page, place)) => Some((page, PagePosition { place, ..position })),
                None => self.page(PagePosition { run: Run::Nsec3, place: Place::default(), ..position }),
            },
            Run::Nsec3 => {
                let (page, place) = self.parts.nsec3.page_at(position.place)?;
                Some((page, PagePosition { place, ..position }))
            }
        }
    }

    /// All records: the SOA, the rest of the apex node, the other names in canonical order, NSEC3 and its signatures.
    #[must_use]
    pub fn records(&self) -> RecordIter<'_> {
        self.records_from(PagePosition::default())
    }

    fn records_from(&self, position: PagePosition) -> RecordIter<'_> {
        RecordIter {
            version: self,
            page: None,
            here: Here { next_page: position, in_page: RecordPosition::new(0, 0) },
            scratch: Scratch::new(),
        }
    }

    /// The records of one type at one name, without case.
    #[must_use]
    pub fn rrset(&self, owner: NameRef<'_>, rtype: Rtype) -> Rrset<'_> {
        let mut key = Vec::new();
        key::push_owner(&mut key, owner);
        key::push_data(&mut key, rtype, &[]);
        let at = |run, directory: &Directory| PagePosition { run, place: directory.place_of(&key), head: 0 };
        let names = at(Run::Names, &self.parts.names);
        let nsec3 = at(Run::Nsec3, &self.parts.nsec3);
        let (first, second) = if self.parts.whole || owner == self.apex() {
            (PagePosition::default(), None)
        } else if rtype == Rtype::NSEC3 {
            (nsec3, None)
        } else if rtype == Rtype::RRSIG {
            (names, Some(nsec3))
        } else {
            (names, None)
        };
        Rrset { records: self.records_from(first), run: first.run, second, owner: owner.to_name(), rtype }
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Version")
            .field("apex", &self.apex)
            .field("serial", &self.serial())
            .field("records", &self.records)
            .field("octets", &self.octets)
            .finish_non_exhaustive()
    }
}

impl OwnedSoa {
    /// Stands in while the SOA isn't read yet; a builder makes no version without one.
    fn missing() -> Self {
        Self { owner: Name::root(), ttl: 0, rdata: Box::default(), serial: Serial(0) }
    }

    fn first_of(version: &Version) -> Option<Self> {
        Self::of(&version.records().next()?)
    }

    /// A copy of this SOA; `None` when the record is none.
    pub(super) fn of(record: &Record<'_>) -> Option<Self> {
        let serial = record.soa()?.serial;
        Some(Self { owner: record.owner.to_name(), ttl: record.ttl, rdata: record.rdata.into(), serial })
    }

    pub(super) fn record(&self) -> Record<'_> {
        let Self { owner, ttl, rdata, .. } = self;
        Record { owner: owner.as_ref(), rtype: Rtype::SOA, class: Class::IN, ttl: *ttl, rdata }
    }
}

/// The records of a version, one at a time: each borrows from the iterator until the next is read.
pub struct RecordIter<'v> {
    version: &'v Version,
    page: Option<&'v Page>,
    here: Here,
    scratch: Scratch,
}

/// How far a [`RecordIter`] has come.
#[derive(Clone, Copy)]
struct Here {
    next_page: PagePosition,
    in_page: RecordPosition,
}

impl RecordIter<'_> {
    /// The next record.
    #[expect(clippy::should_implement_trait, reason = "lends from itself, which Iterator can't")]
    pub fn next(&mut self) -> Option<Record<'_>> {
        while self.here.in_page.left == 0 {
            let (page, next_page) = self.version.page(self.here.next_page)?;
            self.here = Here { next_page, in_page: page.first() };
            self.page = Some(page);
        }
        // Pages of our own writing hold no errors.
        self.here.in_page.next(self.page?.octets(), &mut self.scratch).ok()?
    }
}

/// The records of an RRset, one at a time: each borrows from the iterator until the next is read.
pub struct Rrset<'v> {
    records: RecordIter<'v>,
    run: Run,
    /// Where signatures may be, too.
    second: Option<PagePosition>,
    owner: Name,
    rtype: Rtype,
}

impl Rrset<'_> {
    /// The next record.
    #[expect(clippy::should_implement_trait, reason = "lends from itself, which Iterator can't")]
    pub fn next(&mut self) -> Option<Record<'_>> {
        loop {
            let (page, before) = (self.records.page, self.records.here);
            let order = self.records.next().map(|record| {
                let owners = record.owner.cmp(&self.owner.as_ref());
                owners.then(record.rtype.cmp(&self.rtype))
            });
            let same_run = self.records.here.next_page.run == self.run;
            match order {
                Some(Ordering::Equal) if same_run => {
                    // Read it once more, to lend it.
                    (self.records.page, self.records.here) = (page, before);
                    return self.records.next();
                }
                // The head has its own order; the runs are sorted.
                Some(Ordering::Less) if same_run => {}
                Some(_) if same_run && self.run == Run::Head => {}
                _ => {
                    let second = self.second.take()?;
                    self.run = second.run;
                    self.records = self.records.version.records_from(second);
                }
            }
        }
    }
}
