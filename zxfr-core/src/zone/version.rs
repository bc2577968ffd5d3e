//! A version of a zone: immutable, shared by all that read it.

use super::directory::Place;
use super::page::Page;
use super::parts::Parts;
use super::slot::Totals;
use crate::name::{Name, NameRef};
use crate::serial::Serial;
use crate::wire::{Class, Record, Rtype};
use alloc::boxed::Box;
use core::fmt;

/// A zone at one serial: the head (its apex node) and two runs of pages, ordinary names, and NSEC3 with its signatures.
pub struct Version {
    apex: Name,
    pub(super) parts: Parts,
    soa: OwnedSoa,
    totals: Totals,
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
    pub(super) run: Run,
    pub(super) place: Place,
    pub(super) head: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Run {
    #[default]
    Head,
    Names,
    Nsec3,
}

impl Version {
    pub(super) fn new(apex: Name, parts: Parts) -> Self {
        let totals = parts.totals();
        let mut version = Self { apex, parts, soa: OwnedSoa::missing(), totals };
        version.soa = OwnedSoa::first_of(&version).unwrap_or_else(OwnedSoa::missing);
        version
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
        self.totals.records
    }

    /// The octets of all its pages; of those that are yet to be sealed, about what they will have.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.totals.octets
    }

    /// No page has more octets than this, header included. It is more than 16,383 only when a record is, in a page alone;
    /// then it is what the largest of these takes.
    #[must_use]
    pub const fn largest_page(&self) -> usize {
        self.totals.largest
    }

    /// The octets that it holds in memory: pages, keys, edits and directory. What it shares with other versions counts.
    #[must_use]
    pub fn heap_octets(&self) -> u64 {
        (size_of::<Self>() as u64).saturating_add(self.parts.heap_octets())
    }

    /// Whether all its pages are sealed: it holds nothing but what is sent.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.totals.edited == 0
    }

    /// The same with all pages sealed, so that the pages that were edited can be let go with this one. Cheap where little is
    /// edited.
    #[must_use]
    pub fn settled(&self) -> Self {
        Self::new(self.apex.clone(), self.parts.settled())
    }

    /// The page after `position`, and the position after that page. The first is the first message of a transfer, its
    /// question included. A page that was edited is sealed now, once for all that read it.
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
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Version")
            .field("apex", &self.apex)
            .field("serial", &self.serial())
            .field("records", &self.record_count())
            .field("octets", &self.octets())
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
