//! The octets of a page, looked at record by record.

use super::StoredFault;
use crate::name::{Name, NameRef};
use crate::wire::rdata::canonical_cmp;
use crate::wire::reader::{RecordPosition, skip_record};
use crate::wire::{Class, HEADER_LEN, Header, MAX_MESSAGE, Record, Rtype, Scratch};
use crate::zone::blocks::{BLOCK, OpenBlocks};
use crate::zone::key;
use crate::zone::page::{MAX_PAGE, Page};
use alloc::vec::Vec;
use bytes::Bytes;

/// Where a record stands: no later record has a lower rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Soa,
    Apex,
    Names,
    Nsec3,
}

/// What is wrong, and where in the page.
pub(super) type Fault = (StoredFault, usize);

/// Reads pages that follow one another.
pub(super) struct Walk {
    scratch: Scratch,
    /// The record that was read last, if any: its rank, owner, type and RDATA.
    rank: Option<Rank>,
    owner: Name,
    rtype: Rtype,
    rdata: Vec<u8>,
    /// The page with nothing before its records that a name could point to.
    masked: Vec<u8>,
    key: Vec<u8>,
    blocks: OpenBlocks,
}

impl Walk {
    pub(super) fn new() -> Self {
        Self {
            scratch: Scratch::new(),
            rank: None,
            owner: Name::root(),
            rtype: Rtype(0),
            rdata: Vec::new(),
            masked: Vec::new(),
            key: Vec::new(),
            blocks: OpenBlocks::default(),
        }
    }

    /// The page that these octets are, with the question for this zone before its records, if one is named. Its records
    /// follow those of the pages before; `rank` says where each belongs, or that it doesn't.
    pub(super) fn page(
        &mut self,
        octets: Bytes,
        question: Option<NameRef<'_>>,
        mut rank: impl FnMut(&Record<'_>) -> Result<Rank, StoredFault>,
    ) -> Result<Page, Fault> {
        let (records, start) = front(&octets, question)?;
        if octets.len() > MAX_PAGE && (records > 1 || question.is_some()) {
            return Err((StoredFault::Large, 0));
        }
        // The header and the question are replaced when the page is sent, so no name may depend on them.
        self.masked.clear();
        self.masked.extend_from_slice(&octets);
        self.masked.iter_mut().take(start).for_each(|octet| *octet = NO_LABEL);
        self.blocks.clear();
        let mut position = RecordPosition::new(start, records);
        for number in 0..records {
            let at = position.at;
            let high = skip_record(&self.masked, at).and_then(|(ttl_at, _)| self.masked.get(ttl_at));
            let read = position.next(&self.masked, &mut self.scratch);
            let record = read.map_err(|error| (StoredFault::Wire(error.fault), error.offset))?;
            let record = record.ok_or((StoredFault::Empty, at))?;
            if high.is_none_or(|octet| octet & 0x80 != 0) {
                return Err((StoredFault::Ttl, at));
            }
            if record.class != Class::IN || record.rtype.is_meta() {
                return Err((StoredFault::Type, at));
            }
            let rank = rank(&record).map_err(|fault| (fault, at))?;
            if number.is_multiple_of(BLOCK) {
                // More than 65,535 octets were refused.
                self.blocks.push(at as u16, record.owner);
            }
            if number == 0 {
                self.key.clear();
                key::push_record(&mut self.key, &record);
            }
            // Owners mostly are the same, or have another length.
            let same_owner = self.owner.as_octets() == record.owner.as_octets();
            let follows = self.rank.is_none_or(|last| {
                last < rank
                    || last == rank && {
                        let owners = if same_owner {
                            core::cmp::Ordering::Equal
                        } else {
                            self.owner.as_ref().cmp(&record.owner)
                        };
                        let types = owners.then(self.rtype.cmp(&record.rtype));
                        types.then_with(|| canonical_cmp(record.rtype, &self.rdata, record.rdata)).is_lt()
                    }
            });
            if !follows {
                return Err((StoredFault::Order, at));
            }
            if !same_owner {
                self.owner.set(record.owner);
            }
            self.rank = Some(rank);
            self.rtype = record.rtype;
            self.rdata.clear();
            self.rdata.extend_from_slice(record.rdata);
        }
        if position.at != octets.len() {
            return Err((StoredFault::Wire(crate::error::WireFault::Trailing), position.at));
        }
        Ok(Page::read(&self.key, octets, self.blocks.close(), records, start as u16))
    }
}

/// No label begins with this, nor a pointer (RFC 1035 §4.1.4).
const NO_LABEL: u8 = 0x40;

/// The number of records, and where the first starts.
fn front(octets: &[u8], question: Option<NameRef<'_>>) -> Result<(u16, usize), Fault> {
    if octets.len() > MAX_MESSAGE {
        return Err((StoredFault::Large, MAX_MESSAGE));
    }
    let header = octets.first_chunk::<HEADER_LEN>().ok_or((StoredFault::Header, 0))?;
    let [.., high, low, _, _, _, _] = *header;
    let answers = u16::from_be_bytes([high, low]);
    let questions = u16::from(question.is_some());
    if *header != (Header { questions, answers, ..Header::default() }).to_octets() {
        return Err((StoredFault::Header, 0));
    }
    if answers == 0 {
        return Err((StoredFault::Empty, 0));
    }
    let Some(apex) = question else {
        return Ok((answers, HEADER_LEN));
    };
    let [a, b] = Rtype::AXFR.0.to_be_bytes();
    let [c, d] = Class::IN.0.to_be_bytes();
    let rest = octets.get(HEADER_LEN..).and_then(|rest| rest.strip_prefix(apex.as_octets()));
    let rest = rest.and_then(|rest| rest.strip_prefix(&[a, b, c, d])).ok_or((StoredFault::Question, HEADER_LEN))?;
    Ok((answers, octets.len().saturating_sub(rest.len())))
}
