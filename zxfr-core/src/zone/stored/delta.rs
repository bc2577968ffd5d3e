//! A delta as one string of octets.
//!
//! Layout: the form's number; the old SOA and the new one, each as an uncompressed record (RFC 1035 §3.2.1); then four lists of
//! pages: deletions, deletions of NSEC3, additions, additions of NSEC3. A list is the number of its pages, then each
//! page's length and its octets; numbers and lengths have 32 bits.

use super::walk::{Rank, Walk};
use super::{StoredError, StoredFault};
use crate::name::NameRef;
use crate::wire::{Class, Record, Rtype, rdata};
use crate::zone::builder::in_nsec3_run;
use crate::zone::delta::{Changes, Delta};
use crate::zone::page::Page;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;

/// What the first octet says.
const FORM: u8 = 1;

impl Delta {
    /// What is stored of it.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let mut octets = alloc::vec![FORM];
        push_record(&mut octets, &self.old_soa());
        push_record(&mut octets, &self.new_soa());
        let Self { deletions, additions, .. } = self;
        for pages in [&deletions.names, &deletions.nsec3, &additions.names, &additions.nsec3] {
            octets.extend_from_slice(&(pages.len() as u32).to_be_bytes());
            for page in pages {
                octets.extend_from_slice(&(page.len() as u32).to_be_bytes());
                octets.extend_from_slice(page.octets());
            }
        }
        octets
    }

    /// The delta of the zone with this apex that a store gives back.
    ///
    /// # Errors
    /// When the octets are no delta of that zone.
    pub fn from_octets(apex: NameRef<'_>, octets: &[u8]) -> Result<Self, StoredError> {
        let mut reader = Reader { octets, at: 0, page: 0 };
        match reader.number()? {
            [FORM] => {}
            [form] => return Err(StoredError { fault: StoredFault::Form(form), page: 0, offset: 0 }),
        }
        let old_soa = reader.soa(apex)?;
        let new_soa = reader.soa(apex)?;
        let deletions = reader.changes(apex)?;
        let additions = reader.changes(apex)?;
        if reader.at != octets.len() {
            return Err(reader.wrong(StoredFault::Trailing));
        }
        Self::new(apex.to_name(), &old_soa, &new_soa, deletions, additions).map_err(|_| StoredError {
            fault: StoredFault::Soa,
            page: 0,
            offset: 0,
        })
    }
}

/// Appends a record as it stands in a message, uncompressed.
fn push_record(octets: &mut Vec<u8>, record: &Record<'_>) {
    octets.extend_from_slice(record.owner.as_octets());
    octets.extend_from_slice(&record.rtype.0.to_be_bytes());
    octets.extend_from_slice(&record.class.0.to_be_bytes());
    octets.extend_from_slice(&record.ttl.to_be_bytes());
    octets.extend_from_slice(&(record.rdata.len() as u16).to_be_bytes());
    octets.extend_from_slice(record.rdata);
}

/// How far the octets of a delta have been read.
struct Reader<'o> {
    octets: &'o [u8],
    at: usize,
    /// How many pages have been.
    page: usize,
}

impl<'o> Reader<'o> {
    const fn wrong(&self, fault: StoredFault) -> StoredError {
        StoredError { fault, page: self.page, offset: self.at }
    }

    fn rest(&self) -> &'o [u8] {
        self.octets.get(self.at..).unwrap_or_default()
    }

    fn number<const N: usize>(&mut self) -> Result<[u8; N], StoredError> {
        let number = *self.rest().first_chunk().ok_or_else(|| self.wrong(StoredFault::Cut))?;
        self.at = self.at.saturating_add(N);
        Ok(number)
    }

    fn piece(&mut self, octets: usize) -> Result<&'o [u8], StoredError> {
        let piece = self.rest().get(..octets).ok_or_else(|| self.wrong(StoredFault::Cut))?;
        self.at = self.at.saturating_add(octets);
        Ok(piece)
    }

    fn soa(&mut self, apex: NameRef<'_>) -> Result<Record<'o>, StoredError> {
        let start = self.wrong(StoredFault::Soa);
        let (owner, rest) = NameRef::split_from(self.rest()).map_err(|_| start)?;
        self.at = self.octets.len().saturating_sub(rest.len());
        let (rtype, class) = (Rtype(u16::from_be_bytes(self.number()?)), Class(u16::from_be_bytes(self.number()?)));
        let ttl = u32::from_be_bytes(self.number()?);
        let length = u16::from_be_bytes(self.number()?);
        let rdata = self.piece(length.into())?;
        let well = rtype == Rtype::SOA && class == Class::IN && rdata::check(rtype, rdata).is_ok();
        if !well || owner != apex {
            return Err(start);
        }
        if ttl >= 1 << 31 {
            return Err(StoredError { fault: StoredFault::Ttl, ..start });
        }
        Ok(Record { owner, rtype, class, ttl, rdata })
    }

    fn changes(&mut self, apex: NameRef<'_>) -> Result<Changes, StoredError> {
        Ok(Changes { names: self.pages(apex, Rank::Names)?, nsec3: self.pages(apex, Rank::Nsec3)? })
    }

    fn pages(&mut self, apex: NameRef<'_>, place: Rank) -> Result<Box<[Page]>, StoredError> {
        let count = u32::from_be_bytes(self.number()?);
        let mut pages = Vec::new();
        let mut walk = None;
        for _ in 0..count {
            let length = u32::from_be_bytes(self.number()?);
            let octets = self.piece(usize::try_from(length).unwrap_or(usize::MAX))?;
            let walk = walk.get_or_insert_with(Walk::new);
            let page = walk.page(Bytes::copy_from_slice(octets), None, |record| {
                if !record.owner.is_at_or_below(apex) {
                    return Err(StoredFault::OutOfZone);
                }
                let rank = if in_nsec3_run(apex, record) { Rank::Nsec3 } else { Rank::Names };
                match record.rtype {
                    Rtype::SOA => Err(StoredFault::Soa),
                    _ if rank != place => Err(StoredFault::Place),
                    _ => Ok(rank),
                }
            });
            let page = page.map_err(|(fault, offset)| StoredError { fault, page: self.page, offset })?;
            pages.push(page);
            self.page = self.page.saturating_add(1);
        }
        Ok(pages.into())
    }
}
