//! Reading messages: the question, the records one by one, where OPT and TSIG are. Nothing is copied but names and the
//! RDATA that was compressed.

use super::cursor::{Cursor, failed};
use super::grammar::{self, RecordFixed};
use super::{Class, HEADER_LEN, Header, MAX_MESSAGE, Record, Rtype, rdata};
use crate::error::{WireError, WireFault};
use crate::name::Name;

/// A section of records (RFC 1035 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Records that answer the question.
    Answer,
    /// Records that point to an authority.
    Authority,
    /// Everything else, OPT and TSIG among it.
    Additional,
}

/// What is asked (RFC 1035 §4.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name, in the asker's case.
    pub qname: Name,
    /// The type.
    pub qtype: Rtype,
    /// The class.
    pub qclass: Class,
}

/// A message of up to 65,535 octets with a whole header; everything after it is read on demand.
#[derive(Clone, Copy, Debug)]
pub struct Message<'m> {
    octets: &'m [u8],
    header: Header,
}

/// Where things are in a message whose framing holds: every name, length and count fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The first octet after the question section.
    pub answers_at: usize,
    /// The type of the last record of the answer section, if it has any.
    pub last_answer: Option<Rtype>,
    /// The first octet after the answer section.
    pub authorities_at: usize,
    /// Where the OPT record starts (RFC 6891), if there is one.
    pub opt_at: Option<usize>,
    /// Where the TSIG record starts (RFC 8945), if there is one: then it is the last.
    pub tsig_at: Option<usize>,
}

impl<'m> Message<'m> {
    /// The message that these octets are.
    ///
    /// # Errors
    /// When there are too few octets for a header, or more than a message can have.
    pub fn new(octets: &'m [u8]) -> Result<Self, WireError> {
        if octets.len() > MAX_MESSAGE {
            return Err(WireError { fault: WireFault::Trailing, offset: MAX_MESSAGE });
        }
        let (_, header) = grammar::header(Cursor::new(octets, 0)).map_err(|error| failed(error, 0))?;
        Ok(Self { octets, header })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> Header {
        self.header
    }

    /// All octets.
    #[must_use]
    pub const fn octets(&self) -> &'m [u8] {
        self.octets
    }

    /// The first question, if there is one.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn question(&self) -> Result<Option<Question>, WireError> {
        if self.header.questions == 0 {
            return Ok(None);
        }
        let mut qname = Name::empty();
        let input = Cursor::new(self.octets, HEADER_LEN);
        let read = grammar::name(input, &mut qname).and_then(|(rest, _)| grammar::question_fixed(rest));
        let (_, (qtype, qclass)) = read.map_err(|error| failed(error, HEADER_LEN))?;
        Ok(Some(Question { qname, qtype, qclass }))
    }

    /// Goes once over the message and checks its framing: counts, lengths, nothing left over, OPT and TSIG at most once and
    /// where they belong. Names and RDATA are not looked into.
    ///
    /// # Errors
    /// When the framing doesn't hold.
    pub fn layout(&self) -> Result<Layout, WireError> {
        let mut here = Cursor::new(self.octets, HEADER_LEN);
        for _ in 0..self.header.questions {
            let read = grammar::skip_name(here).and_then(|(rest, ())| grammar::question_fixed(rest));
            (here, _) = read.map_err(|error| failed(error, here.at))?;
        }
        let answers_at = here.at;
        let mut layout =
            Layout { answers_at, last_answer: None, authorities_at: answers_at, opt_at: None, tsig_at: None };
        for _ in 0..self.header.answers {
            self.skip_record(&mut here, Section::Answer, &mut layout)?;
        }
        layout.authorities_at = here.at;
        for _ in 0..self.header.authorities {
            self.skip_record(&mut here, Section::Authority, &mut layout)?;
        }
        for _ in 0..self.header.additionals {
            self.skip_record(&mut here, Section::Additional, &mut layout)?;
        }
        if here.at < self.octets.len() {
            return Err(WireError { fault: WireFault::Trailing, offset: here.at });
        }
        Ok(layout)
    }

    /// Goes past the record that starts `here`.
    #[inline]
    fn skip_record(&self, here: &mut Cursor<'m>, section: Section, layout: &mut Layout) -> Result<(), WireError> {
        let start = *here;
        let wrong = |fault| WireError { fault, offset: start.at };
        if layout.tsig_at.is_some() {
            // RFC 8945 §5.1: the TSIG is the last record.
            return Err(wrong(WireFault::TsigPlace));
        }
        let read = grammar::skip_name(start).and_then(|(rest, ())| grammar::record_fixed(rest));
        let (rest, fixed) = read.map_err(|error| failed(error, start.at))?;
        let after = rest.at.wrapping_add(usize::from(fixed.rdata_length));
        if after > self.octets.len() {
            return Err(WireError { fault: WireFault::Cut, offset: rest.at });
        }
        match fixed.rtype {
            Rtype::TSIG if section == Section::Additional => layout.tsig_at = Some(start.at),
            Rtype::TSIG => return Err(wrong(WireFault::TsigPlace)),
            Rtype::OPT => {
                let root = start.rest().first() == Some(&0);
                if section != Section::Additional || layout.opt_at.is_some() || !root {
                    return Err(wrong(WireFault::Opt));
                }
                layout.opt_at = Some(start.at);
            }
            rtype if section == Section::Answer => layout.last_answer = Some(rtype),
            _ => {}
        }
        here.at = after;
        Ok(())
    }

    /// The records of the answer section, expanded into `scratch` one by one.
    #[must_use]
    pub const fn answers<'s>(&self, layout: &Layout, scratch: &'s mut Scratch) -> Records<'m, 's> {
        let position = RecordPosition::new(layout.answers_at, self.header.answers);
        Records { octets: self.octets, position, scratch }
    }

    /// The records of the authority section, expanded into `scratch` one by one.
    #[must_use]
    pub const fn authorities<'s>(&self, layout: &Layout, scratch: &'s mut Scratch) -> Records<'m, 's> {
        let position = RecordPosition::new(layout.authorities_at, self.header.authorities);
        Records { octets: self.octets, position, scratch }
    }
}

/// Room for the one record that is being read: its owner, and its RDATA when that was compressed.
#[derive(Clone, Debug)]
pub struct Scratch {
    owner: Name,
    rdata: rdata::Expanded,
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Scratch {
    /// Room, not yet used.
    #[must_use]
    pub const fn new() -> Self {
        Self { owner: Name::empty(), rdata: rdata::Expanded::new() }
    }

    /// The owner of the record that was read last.
    #[cfg(feature = "alloc")]
    pub(crate) fn owner(&self) -> crate::name::NameRef<'_> {
        self.owner.as_ref()
    }
}

/// The records of a section, one at a time: each borrows from the scratch until the next is read.
#[derive(Debug)]
pub struct Records<'m, 's> {
    octets: &'m [u8],
    position: RecordPosition,
    scratch: &'s mut Scratch,
}

impl Records<'_, '_> {
    /// How many records are still to come.
    #[must_use]
    pub const fn left(&self) -> u16 {
        self.position.left
    }

    /// The offset at which the next record starts.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.position.at
    }

    /// The next record, its names expanded and its RDATA checked against the shape of its type. After an error nothing more
    /// comes.
    ///
    /// # Errors
    /// When the record is malformed.
    #[expect(clippy::should_implement_trait, reason = "lends from itself, which Iterator can't")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, WireError> {
        self.position.next(self.octets, self.scratch)
    }
}

/// How far reading has come in a run of records. It belongs to one message and one scratch: with others the owner that it
/// remembers would be wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordPosition {
    /// Where the next record starts.
    pub(crate) at: usize,
    /// How many are to come.
    pub(crate) left: u16,
    /// Where in the message the owner in the scratch was spelt out.
    last_owner: Option<usize>,
}

impl RecordPosition {
    /// Before `count` records that start at `at`.
    pub(crate) const fn new(at: usize, count: u16) -> Self {
        Self { at, left: count, last_owner: None }
    }

    /// Goes elsewhere in the message; what the scratch holds stays as it is.
    #[cfg(feature = "alloc")]
    pub(crate) const fn go_to(&mut self, at: usize, count: u16) {
        (self.at, self.left) = (at, count);
    }

    /// Goes past the next record; what the scratch holds stays as it is.
    #[cfg(feature = "alloc")]
    pub(crate) fn skip(&mut self, octets: &[u8]) {
        self.left = match skip_record(octets, self.at) {
            Some((_, end)) => {
                self.at = end;
                self.left.saturating_sub(1)
            }
            // As after an error: nothing more comes.
            None => 0,
        };
    }

    /// The next record but for its RDATA, gone past.
    #[cfg(feature = "alloc")]
    pub(crate) fn outline<'s>(&mut self, octets: &[u8], scratch: &'s mut Scratch) -> Option<Outline<'s>> {
        self.left = self.left.checked_sub(1)?;
        let (fixed, rdata_at) = self.read(octets, &mut scratch.owner).ok()?;
        let Scratch { owner, rdata: expanded } = scratch;
        Some(Outline { owner: owner.as_ref(), fixed, rdata_at, expanded })
    }

    #[inline]
    pub(crate) fn next<'s>(
        &mut self,
        octets: &'s [u8],
        scratch: &'s mut Scratch,
    ) -> Result<Option<Record<'s>>, WireError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        // Nothing more comes after an error.
        self.left = 0;
        let Scratch { owner, rdata: expanded } = scratch;
        let (fixed, rdata_at) = self.read(octets, owner)?;
        let length = usize::from(fixed.rdata_length);
        let rdata = rdata::read(fixed.rtype, octets, rdata_at, length, expanded)?;
        self.left = left;
        // RFC 2181 §8: a TTL with the top bit set is 0.
        let ttl = if fixed.ttl < 1 << 31 { fixed.ttl } else { 0 };
        Ok(Some(Record { owner: owner.as_ref(), rtype: fixed.rtype, class: fixed.class, ttl, rdata }))
    }

    /// Owner into the scratch, fixed part, RDATA gone past.
    #[inline]
    fn read(&mut self, octets: &[u8], owner: &mut Name) -> Result<(RecordFixed, usize), WireError> {
        let start = Cursor::new(octets, self.at);
        // An owner that is a lone pointer to where the last one was spelt out is the last one.
        let pointed_to = match start.rest() {
            [high @ 0xc0..=0xff, low, ..] => Some(usize::from(u16::from_be_bytes([high & 0x3f, *low]))),
            _ => None,
        };
        let rest = if pointed_to.is_some() && self.last_owner == pointed_to {
            Cursor::new(octets, start.at.wrapping_add(2))
        } else {
            let (rest, _) = grammar::name(start, owner).map_err(|error| failed(error, start.at))?;
            self.last_owner = pointed_to.or(Some(start.at));
            rest
        };
        let (rest, fixed) = grammar::record_fixed(rest).map_err(|error| failed(error, rest.at))?;
        self.at = rest.at.wrapping_add(usize::from(fixed.rdata_length));
        Ok((fixed, rest.at))
    }
}

/// A record whose RDATA isn't looked into yet.
#[cfg(feature = "alloc")]
pub(crate) struct Outline<'s> {
    pub(crate) owner: crate::name::NameRef<'s>,
    fixed: RecordFixed,
    rdata_at: usize,
    expanded: &'s mut rdata::Expanded,
}

#[cfg(feature = "alloc")]
impl Outline<'_> {
    pub(crate) const fn rtype(&self) -> Rtype {
        self.fixed.rtype
    }

    /// As [`Record::ttl`].
    pub(crate) const fn ttl(&self) -> u32 {
        if self.fixed.ttl < 1 << 31 { self.fixed.ttl } else { 0 }
    }

    /// As [`Record::canonical_cmp`]; the RDATA is read only if it matters.
    pub(crate) fn canonical_cmp(self, octets: &[u8], other: &Record<'_>) -> core::cmp::Ordering {
        let order = self.owner.cmp(&other.owner).then(self.fixed.rtype.cmp(&other.rtype));
        if order.is_ne() {
            return order;
        }
        let RecordFixed { rtype, rdata_length, .. } = self.fixed;
        let read = rdata::read(rtype, octets, self.rdata_at, rdata_length.into(), self.expanded);
        rdata::canonical_cmp(rtype, read.unwrap_or_default(), other.rdata)
    }
}

/// Where the TTL of the record at `at` stands, and where the record ends.
#[cfg(feature = "alloc")]
pub(crate) fn skip_record(octets: &[u8], at: usize) -> Option<(usize, usize)> {
    let (owner_end, ()) = grammar::skip_name(Cursor::new(octets, at)).ok()?;
    let (rdata, fixed) = grammar::record_fixed(owner_end).ok()?;
    let end = rdata.at.checked_add(usize::from(fixed.rdata_length))?;
    (end <= octets.len()).then_some((owner_end.at.checked_add(4)?, end))
}

/// Compares the record at `at` with another of the same owner, as [`Record::canonical_cmp`]; the RDATA is read only if it
/// matters. What the scratch has of an owner stays as it is.
#[cfg(feature = "alloc")]
pub(crate) fn cmp_after_owner(
    octets: &[u8],
    at: usize,
    other: &Record<'_>,
    scratch: &mut Scratch,
) -> Option<core::cmp::Ordering> {
    let (owner_end, ()) = grammar::skip_name(Cursor::new(octets, at)).ok()?;
    let (rdata_start, RecordFixed { rtype, rdata_length, .. }) = grammar::record_fixed(owner_end).ok()?;
    let order = rtype.cmp(&other.rtype);
    if order.is_ne() {
        return Some(order);
    }
    let read = rdata::read(rtype, octets, rdata_start.at, rdata_length.into(), &mut scratch.rdata);
    Some(rdata::canonical_cmp(rtype, read.ok()?, other.rdata))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Flags, Writer};
    use proptest::prelude::*;
    use std::string::ToString;
    use std::vec::Vec;

    fn message(build: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut octets = std::vec![0; 65_535];
        let mut writer = Writer::new(&mut octets);
        build(&mut writer);
        let length = writer.finish(7, Flags::QR);
        octets.truncate(length);
        octets
    }

    #[test]
    fn reads_what_was_written() {
        let zone: Name = "Example.org.".parse().unwrap();
        let host: Name = "host.Example.org.".parse().unwrap();
        let octets = message(|writer| {
            writer.question(zone.as_ref(), Rtype::AXFR, Class::IN).unwrap();
            for (owner, rtype, rdata) in [
                (&zone, Rtype::NS, host.as_octets()),
                (&host, Rtype::A, &[10, 0, 0, 1][..]),
                (&host, Rtype::TXT, b"\x02hi"),
            ] {
                writer.answer(&Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 5, rdata }).unwrap();
            }
        });
        let message = Message::new(&octets).unwrap();
        assert_eq!(message.header().answers, 3);
        assert_eq!(message.question().unwrap().unwrap().qname, zone);
        let layout = message.layout().unwrap();
        let mut scratch = Scratch::new();
        let mut records = message.answers(&layout, &mut scratch);
        let mut seen = Vec::new();
        while let Some(record) = records.next().unwrap() {
            seen.push((record.owner.to_string(), record.rtype, record.rdata.to_vec()));
        }
        assert_eq!(
            seen,
            [
                ("Example.org.".into(), Rtype::NS, host.as_octets().to_vec()),
                ("host.Example.org.".into(), Rtype::A, [10, 0, 0, 1].to_vec()),
                ("host.Example.org.".into(), Rtype::TXT, b"\x02hi".to_vec()),
            ]
        );
    }

    #[test]
    fn framing_faults() {
        let mut octets = [0; 12].to_vec();
        assert_eq!(Message::new(&octets[..11]).unwrap_err().fault, WireFault::Cut);
        octets[5] = 1;
        assert_eq!(Message::new(&octets).unwrap().layout().unwrap_err().fault, WireFault::Cut);
        octets[5] = 0;
        octets.push(0);
        assert_eq!(Message::new(&octets).unwrap().layout().unwrap_err().fault, WireFault::Trailing);
        assert!(Message::new(&[0; 65_536]).is_err());
        // Two OPTs.
        let opt = [0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 0];
        let two = [&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2][..], &opt, &opt].concat();
        assert_eq!(Message::new(&two).unwrap().layout().unwrap_err().fault, WireFault::Opt);
        // A TSIG before another record, and one in the answer section.
        let tsig = [0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 0];
        let first = [&two[..12], &tsig, &opt].concat();
        assert_eq!(Message::new(&first).unwrap().layout().unwrap_err().fault, WireFault::TsigPlace);
        let answer = [&[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0][..], &tsig].concat();
        assert_eq!(Message::new(&answer).unwrap().layout().unwrap_err().fault, WireFault::TsigPlace);
    }

    proptest! {
        #[test]
        fn never_panics(mut octets in prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(0xc0), Just(12), any::<u8>()], 12..120), counts in prop::collection::vec(0u8..4, 4)) {
            for (slot, count) in octets[4..12].chunks_mut(2).zip(counts) {
                slot.copy_from_slice(&[0, count]);
            }
            let message = Message::new(&octets).unwrap();
            let _ = message.question();
            if let Ok(layout) = message.layout() {
                let mut scratch = Scratch::new();
                let mut records = message.answers(&layout, &mut scratch);
                while let Ok(Some(record)) = records.next() {
                    prop_assert!(rdata::check(record.rtype, record.rdata).is_ok());
                    prop_assert!(record.ttl < 1 << 31);
                }
            }
        }
    }
}
