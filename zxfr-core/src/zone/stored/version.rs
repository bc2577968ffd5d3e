//! A version as pages, and back.

use super::walk::{Rank, Walk};
use super::{Part, StoredError, StoredFault};
use crate::name::{Name, NameRef};
use crate::wire::{Record, Rtype};
use crate::zone::builder::is_nsec3;
use crate::zone::directory::Directory;
use crate::zone::page::Page;
use crate::zone::parts::Parts;
use crate::zone::version::Version;
use alloc::vec::Vec;
use bytes::Bytes;

impl Version {
    /// Its pages in order, each with its part: what is stored of it. Pages that were edited are sealed now;
    /// [`Version::settled`] has fewer of them.
    pub fn stored_pages(&self) -> impl Iterator<Item = (Part, &Page)> {
        let head = self.parts.head.iter().map(|page| (Part::Head, page));
        let names = self.parts.names.pages().map(|page| (Part::Names, page));
        head.chain(names).chain(self.parts.nsec3.pages().map(|page| (Part::Nsec3, page)))
    }
}

/// A version being put together from the pages that a store gives back.
///
/// ```
/// # use zxfr_core::{name::Name, wire::{Class, Record, Rtype}, zone::{BuildLimits, Builder, Restored}};
/// # let apex: Name = "example.".parse().unwrap();
/// # let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
/// # let rdata = [&b"\0\0"[..], &[0; 20]].concat();
/// # builder.push(&Record { owner: apex.as_ref(), rtype: Rtype::SOA, class: Class::IN, ttl: 60, rdata: &rdata }).unwrap();
/// # let (version, _) = builder.finish().unwrap();
/// let mut restored = Restored::new(version.apex());
/// for (part, page) in version.stored_pages() {
///     restored.push(part, page.octets().clone())?;
/// }
/// assert_eq!(restored.finish()?.record_count(), version.record_count());
/// # Ok::<(), zxfr_core::zone::StoredError>(())
/// ```
pub struct Restored {
    apex: Name,
    walk: Walk,
    part: Part,
    head: Vec<Page>,
    names: Vec<Page>,
    nsec3: Vec<Page>,
    /// The page of the head in which a record is not of the apex node.
    whole: Option<usize>,
    pages: usize,
}

impl Restored {
    /// For the zone with this apex, octet for octet as [`Version::apex`] had it.
    #[must_use]
    pub fn new(apex: NameRef<'_>) -> Self {
        let [head, names, nsec3] = Default::default();
        Self { apex: apex.to_name(), walk: Walk::new(), part: Part::Head, head, names, nsec3, whole: None, pages: 0 }
    }

    /// Takes the next page, in the order of [`Version::stored_pages`].
    ///
    /// # Errors
    /// When these octets are no page that can stand there. Nothing can be restored after that.
    pub fn push(&mut self, part: Part, octets: Bytes) -> Result<(), StoredError> {
        let number = self.pages;
        let wrong = |(fault, offset)| StoredError { fault, page: number, offset };
        if part < self.part || part != Part::Head && self.head.is_empty() {
            return Err(wrong((StoredFault::Place, 0)));
        }
        self.part = part;
        let Self { apex, walk, head, whole, .. } = self;
        let first = head.is_empty();
        let page = walk.page(octets, first.then(|| apex.as_ref()), |record| {
            let rank = rank(apex.as_ref(), record)?;
            match (part, rank) {
                (Part::Head, Rank::Names | Rank::Nsec3) => *whole = whole.or(Some(number)),
                (Part::Head, _) | (Part::Names, Rank::Names) | (Part::Nsec3, Rank::Nsec3) => {}
                _ => return Err(StoredFault::Place),
            }
            Ok(rank)
        });
        let page = page.map_err(wrong)?;
        let run = match part {
            // Nothing but the SOA sorts before the rest, so whatever else were first would have no SOA before it.
            Part::Head if first && !starts_with_soa(&page, apex.as_ref()) => return Err(wrong((StoredFault::Soa, 0))),
            Part::Head => &mut self.head,
            Part::Names => &mut self.names,
            Part::Nsec3 => &mut self.nsec3,
        };
        run.push(page);
        self.pages = self.pages.saturating_add(1);
        Ok(())
    }

    /// The version that the pages make.
    ///
    /// # Errors
    /// When there are none, or some that don't go together.
    pub fn finish(self) -> Result<Version, StoredError> {
        let Self { apex, head, names, nsec3, whole, .. } = self;
        if head.is_empty() {
            return Err(StoredError { fault: StoredFault::Soa, page: 0, offset: 0 });
        }
        // Only a head of one page may hold the whole zone.
        let alone = head.len() == 1 && names.is_empty() && nsec3.is_empty();
        if let Some(page) = whole.filter(|_| !alone) {
            return Err(StoredError { fault: StoredFault::Place, page, offset: 0 });
        }
        let (names, nsec3) = (Directory::new(names), Directory::new(nsec3));
        Ok(Version::new(apex, Parts { head, names, nsec3, whole: alone }))
    }
}

/// Where a record of the zone stands.
fn rank(apex: NameRef<'_>, record: &Record<'_>) -> Result<Rank, StoredFault> {
    if !record.owner.is_at_or_below(apex) {
        return Err(StoredFault::OutOfZone);
    }
    match (record.owner.len() == apex.len(), record.rtype) {
        (true, Rtype::SOA) => Ok(Rank::Soa),
        (false, Rtype::SOA) => Err(StoredFault::Soa),
        (true, _) => Ok(Rank::Apex),
        (false, _) if is_nsec3(record) => Ok(Rank::Nsec3),
        (false, _) => Ok(Rank::Names),
    }
}

/// Whether the first record of a page of the head is the SOA.
fn starts_with_soa(page: &Page, apex: NameRef<'_>) -> bool {
    let mut start = Vec::new();
    crate::zone::key::push_owner(&mut start, apex);
    crate::zone::key::push_data(&mut start, Rtype::SOA, &[]);
    page.key().starts_with(&start)
}
