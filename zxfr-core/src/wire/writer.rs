//! Writing messages into a buffer of the caller's, names compressed.
//!
//! A name is compressed only against a suffix that is equal octet for octet, so that each keeps its case (RFC 5936 §3.4);
//! names in RDATA only in the types of RFC 1035 (RFC 3597 §4); the question is never a target.

use super::rdata::{NameUse, Piece, has_folded_names, pieces};
use super::{Class, Flags, HEADER_LEN, Header, Record, Rtype};
use crate::name::{FEW_LABELS, MAX_LABELS, Name, NameRef};
use crate::short;
use core::fmt;

/// The last offset that a compression pointer can name (RFC 1035 §4.1.4).
const MAX_POINTER: usize = 0x3fff;
/// Slots of the compression table; a power of two.
const SLOTS: usize = 2048;
/// How far from its own slot an entry may stand.
const PROBES: usize = 16;

/// An offset that a compression pointer can name.
#[inline]
fn pointable(offset: usize) -> Option<u16> {
    if offset <= MAX_POINTER { u16::try_from(offset).ok() } else { None }
}

/// There is no room left for what was to be written; what was written before is unharmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no room left in the message")
    }
}

impl core::error::Error for Full {}

/// Where names stand in a message: a hash table of fixed size. A name is found from the right, label by label: what is looked
/// up is a label and where the name behind it stands. An entry is 16 bits of hash and the offset, 0 for none. Entries may be
/// lost or left over from an undone write; each is verified against the message before it is used.
///
/// Names in a zone mostly have the parent of one shortly before, and names outside it the top-level domain: where these stand
/// is known without the table.
#[derive(Clone, Debug)]
pub(crate) struct Compression {
    slots: [u32; SLOTS],
    parents: [Parent; 2],
    /// Which of the two was not the last to be of use.
    older: usize,
    /// Where the top-level domain stands that was found last.
    top: u16,
}

/// A name that names written last were directly below, and where it stands.
#[derive(Clone, Debug)]
struct Parent {
    /// Without octets: none.
    name: Name,
    offset: u16,
}

/// Where the root stands: no compression pointer leads to it, nor to this offset.
const ROOT_AT: u16 = 0;

impl Parent {
    const fn none() -> Self {
        Self { name: Name::empty(), offset: ROOT_AT }
    }
}

impl Compression {
    pub(crate) const fn new() -> Self {
        Self { slots: [0; SLOTS], parents: [Parent::none(), Parent::none()], older: 0, top: ROOT_AT }
    }

    #[cfg(feature = "alloc")]
    pub(crate) fn clear(&mut self) {
        self.slots.fill(0);
        self.forget();
    }

    /// Has to be said when octets of the message are undone.
    pub(crate) fn forget(&mut self) {
        self.parents.iter_mut().for_each(|parent| parent.name.clear());
    }

    /// Where a name stands that may be known as a parent.
    #[inline]
    fn parent(&mut self, name: &[u8]) -> Option<u16> {
        let known = self.parents.iter().position(|parent| parent.name.as_octets() == name && !name.is_empty())?;
        self.older = known ^ 1;
        self.parents.get(known).map(|parent| parent.offset)
    }

    /// Learns where a name stands below which one was written.
    #[inline]
    fn learn(&mut self, name: &[u8], offset: u16) {
        let Some(parent) = self.parents.get_mut(self.older) else {
            return;
        };
        self.older ^= 1;
        parent.offset = offset;
        parent.name.set(NameRef::from_checked(name));
    }

    /// Where the name stands that has this first label, and behind it the name at `parent`; or else what to insert it with.
    #[inline]
    fn find(&mut self, message: &[u8], label: &[u8], parent: u16) -> Result<u16, u32> {
        if parent == ROOT_AT && self.top != ROOT_AT && stands_at(message, self.top, label, parent) {
            return Ok(self.top);
        }
        let hash = hash_label(label, parent);
        for probe in 0..PROBES {
            let entry = self.slots.get(slot_of(hash, probe)).copied().unwrap_or_default();
            if entry == 0 {
                break;
            }
            let offset = (entry & 0xffff) as u16;
            if entry >> 16 == hash & 0xffff && stands_at(message, offset, label, parent) {
                if parent == ROOT_AT {
                    self.top = offset;
                }
                return Ok(offset);
            }
        }
        Err(hash)
    }

    #[inline]
    fn insert(&mut self, hash: u32, offset: u16) {
        for probe in 0..PROBES {
            if let Some(slot) = self.slots.get_mut(slot_of(hash, probe))
                && *slot == 0
            {
                *slot = hash << 16 | u32::from(offset);
                return;
            }
        }
    }
}

/// A hash of a label, its length octet included, and the place of the name behind it.
#[inline]
fn hash_label(label: &[u8], parent: u16) -> u32 {
    short::hash(label, parent.into()) as u32
}

/// The slots where a hash may stand: told by its upper bits, where the lower ones are kept in the entry.
#[inline]
fn slot_of(hash: u32, probe: usize) -> usize {
    ((hash / (1 << 16)) as usize).wrapping_add(probe) % SLOTS
}

/// Whether what starts at `offset` is this label, and behind it the name at `parent`, there or by a pointer.
#[inline]
fn stands_at(message: &[u8], offset: u16, label: &[u8], parent: u16) -> bool {
    let offset = usize::from(offset);
    let behind = offset.wrapping_add(label.len());
    message.get(offset..behind).is_some_and(|there| short::same(there, label))
        && match message.get(behind..) {
            Some([0, ..]) => parent == ROOT_AT,
            Some([high @ 0xc0..=0xff, low, ..]) => u16::from_be_bytes([*high, *low]) == 0xc000 | parent,
            _ => behind == usize::from(parent),
        }
}

/// Octets being written: those before `len` are done.
pub(crate) struct Out<'b> {
    pub(crate) octets: &'b mut [u8],
    pub(crate) len: usize,
}

impl Out<'_> {
    #[inline]
    pub(crate) fn put(&mut self, octets: &[u8]) -> Result<(), Full> {
        self.room(octets.len())?.copy_from_slice(octets);
        Ok(())
    }

    /// Room for what is written next.
    #[inline]
    fn room(&mut self, octets: usize) -> Result<&mut [u8], Full> {
        // There is no room before an offset that wraps.
        let after = self.len.wrapping_add(octets);
        let room = self.octets.get_mut(self.len..after).ok_or(Full)?;
        self.len = after;
        Ok(room)
    }

    /// A name, compressed against what `compression` knows, which learns its suffixes.
    pub(crate) fn put_name(&mut self, name: NameRef<'_>, compression: &mut Compression) -> Result<(), Full> {
        let octets = name.as_octets();
        let first = octets.first().map_or(0, |length| usize::from(*length).wrapping_add(1));
        let parent = octets.get(first..).unwrap_or_default();
        let known = compression.parent(parent);
        let (few, all);
        let starts = if known.is_some() {
            Some(&[0][..])
        } else if let Some((starts, count)) = name.starts::<FEW_LABELS>() {
            few = starts;
            few.get(..count)
        } else {
            let (starts, count) = name.starts::<MAX_LABELS>().unwrap_or(([0; MAX_LABELS], 0));
            all = starts;
            all.get(..count)
        };
        let starts = starts.unwrap_or_default();
        let end = if known.is_some() { first } else { octets.len().saturating_sub(1) };
        let parent_at = self.put_labels(octets, starts, end, known.unwrap_or(ROOT_AT), compression)?;
        if known.is_none()
            && starts.len() > 1
            && let Some(offset) = pointable(parent_at)
        {
            compression.learn(parent, offset);
        }
        Ok(())
    }

    /// A name, given where its labels start up to `end`: there a name begins that stands at `known`. Says where the name
    /// behind the first label stands.
    #[inline]
    fn put_labels(
        &mut self,
        octets: &[u8],
        starts: &[u8],
        end: usize,
        known: u16,
        compression: &mut Compression,
    ) -> Result<usize, Full> {
        let begin = self.len;
        let message = self.octets.get(..begin).unwrap_or_default();
        // What starts at the places that are `unknown`; the name behind it stands at `known`.
        let (mut unknown, mut front) = (starts, octets.get(..end).unwrap_or_default());
        let (mut known, mut known_parent) = (known, known);
        let mut missed = 0;
        while let Some((start, others)) = unknown.split_last() {
            let (before, label) = front.split_at_checked(usize::from(*start)).unwrap_or_default();
            match compression.find(message, label, known) {
                Ok(offset) => (known_parent, known) = (known, offset),
                Err(hash) => {
                    missed = hash;
                    break;
                }
            }
            (unknown, front) = (others, before);
        }
        if !front.is_empty() {
            short::copy(self.room(front.len())?, front);
        }
        if known == ROOT_AT {
            self.room(1)?.fill(0);
        } else if let Some(pointer) = self.room(2)?.first_chunk_mut() {
            *pointer = (0xc000 | known).to_be_bytes();
        }
        let place = |start: &u8| begin.wrapping_add(usize::from(*start));
        let mut left = unknown;
        while let Some((start, others)) = left.split_last() {
            let Some(offset) = pointable(place(start)) else {
                break;
            };
            compression.insert(missed, offset);
            if let Some(next) = others.last() {
                let label = octets.get(usize::from(*next)..usize::from(*start)).unwrap_or_default();
                missed = hash_label(label, offset);
            }
            left = others;
        }
        Ok(match unknown {
            [] => usize::from(known_parent),
            [_] => usize::from(known),
            [_, second, ..] => place(second),
        })
    }

    /// A record whose owner was just written: type to RDATA.
    pub(crate) fn put_after_owner(&mut self, record: &Record<'_>, compression: &mut Compression) -> Result<(), Full> {
        let [a, b] = record.rtype.0.to_be_bytes();
        let [c, d] = record.class.0.to_be_bytes();
        let [e, f, g, h] = record.ttl.to_be_bytes();
        let length = u16::try_from(record.rdata.len()).map_err(|_| Full)?;
        let [i, j] = length.to_be_bytes();
        self.put(&[a, b, c, d, e, f, g, h, i, j])?;
        if !has_compressed_names(record.rtype) {
            return self.put(record.rdata);
        }
        let rdata_at = self.len;
        // The commonest of all, without the general machinery.
        if record.rtype == Rtype::NS
            && let Ok(name) = NameRef::from_octets(record.rdata)
        {
            self.put_name(name, compression)?;
        } else {
            for piece in pieces(record.rtype, record.rdata) {
                match piece {
                    Piece::Name(name, NameUse { compressed_out: true, .. }) => self.put_name(name, compression)?,
                    Piece::Name(name, _) => self.put(name.as_octets())?,
                    Piece::Octets(octets) => self.put(octets)?,
                }
            }
        }
        let length = u16::try_from(self.len.saturating_sub(rdata_at)).map_err(|_| Full)?;
        let length_at = rdata_at.saturating_sub(2);
        self.octets.get_mut(length_at..rdata_at).ok_or(Full)?.copy_from_slice(&length.to_be_bytes());
        Ok(())
    }

    /// A whole record without any compression.
    #[cfg(feature = "alloc")]
    pub(crate) fn put_uncompressed(&mut self, record: &Record<'_>) -> Result<(), Full> {
        let length = u16::try_from(record.rdata.len()).map_err(|_| Full)?;
        self.put(record.owner.as_octets())?;
        self.put(&record.rtype.0.to_be_bytes())?;
        self.put(&record.class.0.to_be_bytes())?;
        self.put(&record.ttl.to_be_bytes())?;
        self.put(&length.to_be_bytes())?;
        self.put(record.rdata)
    }

    /// A whole record, or nothing of it.
    pub(crate) fn put_record(&mut self, record: &Record<'_>, compression: &mut Compression) -> Result<(), Full> {
        let before = self.len;
        let written = self.put_name(record.owner, compression).and_then(|()| self.put_after_owner(record, compression));
        if written.is_err() {
            self.len = before;
            compression.forget();
        }
        written
    }
}

/// Whether names in RDATA of this type are compressed when sent.
#[inline]
pub(crate) fn has_compressed_names(rtype: Rtype) -> bool {
    has_folded_names(rtype) && matches!(rtype.0, 2 | 5..=9 | 12 | 14 | 15)
}

/// Writes one message into a caller's buffer: questions, then records, section by section.
///
/// Every method writes its item whole or, when it doesn't fit, not at all.
pub struct Writer<'b> {
    out: Out<'b>,
    header: Header,
    compression: Compression,
}

impl<'b> Writer<'b> {
    /// A message without anything yet; the buffer's length is the most that it may have.
    #[must_use]
    pub fn new(octets: &'b mut [u8]) -> Self {
        Self { out: Out { octets, len: HEADER_LEN }, header: Header::default(), compression: Compression::new() }
    }

    /// The octets so far, header included.
    #[expect(clippy::len_without_is_empty, reason = "there is always a header")]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.out.len
    }

    /// Appends a question, uncompressed.
    ///
    /// # Errors
    /// When there is no room.
    pub fn question(&mut self, qname: NameRef<'_>, qtype: Rtype, qclass: Class) -> Result<(), Full> {
        let before = self.out.len;
        let [a, b] = qtype.0.to_be_bytes();
        let [c, d] = qclass.0.to_be_bytes();
        let written = self.out.put(qname.as_octets()).and_then(|()| self.out.put(&[a, b, c, d]));
        match written {
            Ok(()) => self.header.questions = self.header.questions.saturating_add(1),
            Err(Full) => self.out.len = before,
        }
        written
    }

    /// Appends a record to the answer section.
    ///
    /// # Errors
    /// When there is no room.
    pub fn answer(&mut self, record: &Record<'_>) -> Result<(), Full> {
        let count = self.header.answers.checked_add(1).ok_or(Full)?;
        self.out.put_record(record, &mut self.compression)?;
        self.header.answers = count;
        Ok(())
    }

    /// Appends a record to the authority section; no answers may follow.
    ///
    /// # Errors
    /// When there is no room.
    pub fn authority(&mut self, record: &Record<'_>) -> Result<(), Full> {
        let count = self.header.authorities.checked_add(1).ok_or(Full)?;
        self.out.put_record(record, &mut self.compression)?;
        self.header.authorities = count;
        Ok(())
    }

    /// Appends records of the additional section that `write` renders (OPT, TSIG): it gets the rest of the buffer and says
    /// how many octets it used.
    ///
    /// # Errors
    /// When `write` finds no room.
    pub fn additional(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> Result<(), Full> {
        let count = self.header.additionals.checked_add(1).ok_or(Full)?;
        let rest = self.out.octets.get_mut(self.out.len..).ok_or(Full)?;
        let room = rest.len();
        let used = write(rest).filter(|used| *used <= room).ok_or(Full)?;
        self.out.len = self.out.len.saturating_add(used);
        self.header.additionals = count;
        Ok(())
    }

    /// Appends a record to the additional section; no others may follow.
    #[cfg(feature = "alloc")]
    pub(crate) fn additional_record(&mut self, record: &Record<'_>) -> Result<(), Full> {
        let count = self.header.additionals.checked_add(1).ok_or(Full)?;
        self.out.put_record(record, &mut self.compression)?;
        self.header.additionals = count;
        Ok(())
    }

    /// Where it is, for [`Writer::go_back`].
    #[cfg(feature = "alloc")]
    pub(crate) const fn mark(&self) -> (usize, Header) {
        (self.out.len, self.header)
    }

    /// Undoes all that was written since a mark.
    #[cfg(feature = "alloc")]
    pub(crate) fn go_back(&mut self, (len, header): (usize, Header)) {
        (self.out.len, self.header) = (len, header);
        self.compression.forget();
    }

    /// Writes the header and gives the length of the message.
    #[must_use]
    pub fn finish(self, id: u16, flags: Flags) -> usize {
        let header = Header { id, flags, ..self.header };
        match self.out.octets.first_chunk_mut::<HEADER_LEN>() {
            Some(front) => {
                *front = header.to_octets();
                self.out.len
            }
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests;
