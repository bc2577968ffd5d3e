//! Writing messages into a buffer of the caller's, names compressed.
//!
//! A name is compressed only against a suffix that is equal octet for octet, so that each keeps its case (RFC 5936 §3.4);
//! names in RDATA only in the types of RFC 1035 (RFC 3597 §4); the question is never a target.

use super::rdata::{NameUse, Piece, has_folded_names, pieces};
use super::{Class, Flags, HEADER_LEN, Header, Record, Rtype};
use crate::name::{FEW_LABELS, MAX_LABELS, Name, NameRef};
use core::fmt;

/// The last offset that a compression pointer can name (RFC 1035 §4.1.4).
const MAX_POINTER: usize = 0x3fff;
/// Slots of the compression table; a power of two.
const SLOTS: usize = 2048;
/// How far from its own slot an entry may stand.
const PROBES: usize = 8;

/// There is no room left for what was to be written; what was written before is unharmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no room left in the message")
    }
}

impl core::error::Error for Full {}

/// Where suffixes were written in a message: a hash table of fixed size. An entry is 16 bits of hash and the offset, 0 for
/// none. Entries may be lost or left over from an undone write; each is verified against the message before it is used.
///
/// Names in a zone mostly have the parent of one shortly before: where these stand is known without the table.
#[derive(Clone, Debug)]
pub(crate) struct Compression {
    slots: [u32; SLOTS],
    parents: [Parent; 2],
    /// Which of the two was not the last to be of use.
    older: usize,
}

/// A name that names written last were directly below, and stands in the message.
#[derive(Clone, Debug)]
struct Parent {
    /// Without octets: none.
    name: Name,
    /// Continues to the hashes of names below it.
    hash: u64,
    offset: u16,
}

impl Parent {
    const fn none() -> Self {
        Self { name: Name::empty(), hash: 0, offset: 0 }
    }
}

impl Compression {
    pub(crate) const fn new() -> Self {
        Self { slots: [0; SLOTS], parents: [Parent::none(), Parent::none()], older: 0 }
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

    /// The hash of a name that may be known as a parent, and where it stands.
    #[inline]
    fn parent(&mut self, name: &[u8]) -> Option<(u64, u16)> {
        let known = self.parents.iter().position(|parent| parent.name.as_octets() == name && !name.is_empty())?;
        self.older = known ^ 1;
        self.parents.get(known).map(|parent| (parent.hash, parent.offset))
    }

    /// Learns where a name stands below which one was written.
    fn learn(&mut self, name: &[u8], hash: u64, offset: usize) {
        let Some(offset) = u16::try_from(offset).ok().filter(|offset| usize::from(*offset) <= MAX_POINTER) else {
            return;
        };
        let Some(parent) = self.parents.get_mut(self.older) else {
            return;
        };
        self.older ^= 1;
        (parent.hash, parent.offset) = (hash, offset);
        parent.name.set(NameRef::from_checked(name));
    }

    /// Where the name of this hash stands, if the table knows one that does.
    fn find(&self, hash: u32, stands_at: impl Fn(usize) -> bool) -> Option<u16> {
        let tag = hash & 0xffff_0000;
        for probe in 0..PROBES {
            let entry = *self.slots.get((hash as usize).wrapping_add(probe) % SLOTS)?;
            if entry == 0 {
                return None;
            }
            if entry & 0xffff_0000 == tag {
                let offset = (entry & 0xffff) as u16;
                if stands_at(usize::from(offset)) {
                    return Some(offset);
                }
            }
        }
        None
    }

    fn insert(&mut self, hash: u32, offset: usize) {
        if offset > MAX_POINTER {
            return;
        }
        let entry = hash & 0xffff_0000 | (offset as u32);
        for probe in 0..PROBES {
            if let Some(slot) = self.slots.get_mut((hash as usize).wrapping_add(probe) % SLOTS)
                && *slot == 0
            {
                *slot = entry;
                return;
            }
        }
    }
}

/// Whether the name that starts at `offset` is `name`, octet for octet.
fn stands_at(message: &[u8], mut offset: usize, name: &[u8]) -> bool {
    let mut name = name;
    loop {
        match message.get(offset..) {
            Some([high @ 0xc0..=0xff, low, ..]) => {
                let target = usize::from(u16::from_be_bytes([high & 0x3f, *low]));
                if target >= offset {
                    return false;
                }
                offset = target;
            }
            Some([length, ..]) => {
                let whole = usize::from(*length).saturating_add(1);
                let after = offset.saturating_add(whole);
                let (Some(theirs), Some((mine, rest))) = (message.get(offset..after), name.split_at_checked(whole))
                else {
                    return false;
                };
                if theirs != mine {
                    return false;
                }
                if rest.is_empty() {
                    return true;
                }
                name = rest;
                offset = after;
            }
            _ => return false,
        }
    }
}

/// A hash of a label, continued from that of the labels to its right.
#[inline]
fn hash_label(seed: u64, label: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| {
        let product = (hash ^ word).wrapping_mul(FACTOR);
        product ^ product >> 29
    };
    let mut hash = seed ^ (label.len() as u64);
    if let Some(last) = label.last_chunk::<8>() {
        // The last word overlaps the one before it.
        for word in label.as_chunks::<8>().0 {
            hash = mix(hash, u64::from_le_bytes(*word));
        }
        hash = mix(hash, u64::from_le_bytes(*last));
    } else if let (Some(first), Some(last)) = (label.first_chunk::<4>(), label.last_chunk::<4>()) {
        hash = mix(hash, u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)));
    } else {
        hash = mix(hash, label.iter().fold(0, |word, octet| word << 8 | u64::from(*octet)));
    }
    hash ^ hash >> 32
}

/// Octets being written: those before `len` are done.
pub(crate) struct Out<'b> {
    pub(crate) octets: &'b mut [u8],
    pub(crate) len: usize,
}

impl Out<'_> {
    #[inline]
    pub(crate) fn put(&mut self, octets: &[u8]) -> Result<(), Full> {
        let after = self.len.checked_add(octets.len()).ok_or(Full)?;
        self.octets.get_mut(self.len..after).ok_or(Full)?.copy_from_slice(octets);
        self.len = after;
        Ok(())
    }

    /// A name, compressed against what `compression` knows, which learns its suffixes.
    pub(crate) fn put_name(&mut self, name: NameRef<'_>, compression: &mut Compression) -> Result<(), Full> {
        let octets = name.as_octets();
        let first = name.label_at(0);
        let (label, parent) = octets.split_at_checked(first.len().saturating_add(1)).unwrap_or_default();
        let Some((hash, offset)) = compression.parent(parent) else {
            return match name.starts::<FEW_LABELS>() {
                Some((starts, count)) => self.put_labels(name, &starts, count, compression),
                None => {
                    let (starts, count) = name.starts::<MAX_LABELS>().unwrap_or(([0; MAX_LABELS], 0));
                    self.put_labels(name, &starts, count, compression)
                }
            };
        };
        let pointer = (0xc000 | offset).to_be_bytes();
        let hash = hash_label(hash, first) as u32;
        let begin = self.len;
        let message = self.octets.get(..begin).unwrap_or_default();
        let found = compression.find(hash, |at| {
            let after = message.get(at..).and_then(|there| there.strip_prefix(label));
            after.is_some_and(|after| after.starts_with(&pointer)) || stands_at(message, at, octets)
        });
        if let Some(target) = found {
            return self.put(&(0xc000 | target).to_be_bytes());
        }
        self.put(label)?;
        self.put(&pointer)?;
        compression.insert(hash, begin);
        Ok(())
    }

    /// A name of `count` labels, given where each starts.
    fn put_labels<const N: usize>(
        &mut self,
        name: NameRef<'_>,
        starts: &[u8; N],
        count: usize,
        compression: &mut Compression,
    ) -> Result<(), Full> {
        let octets = name.as_octets();
        let starts = starts.get(..count).unwrap_or_default();
        // Of each suffix.
        let mut hashes = [0_u32; N];
        let (mut hash, mut parent_hash) = (0, 0);
        for (start, slot) in starts.iter().zip(&mut hashes).rev() {
            parent_hash = hash;
            hash = hash_label(hash, name.label_at(usize::from(*start)));
            *slot = hash as u32;
        }
        let begin = self.len;
        let mut spelt = octets.len();
        let mut found = None;
        for (start, hash) in starts.iter().zip(&hashes) {
            let start = usize::from(*start);
            let suffix = octets.get(start..).unwrap_or_default();
            let message = self.octets.get(..begin).unwrap_or_default();
            found = compression.find(*hash, |at| stands_at(message, at, suffix));
            if found.is_some() {
                spelt = start;
                break;
            }
        }
        self.put(octets.get(..spelt).unwrap_or_default())?;
        if let Some(target) = found {
            self.put(&(0xc000 | target).to_be_bytes())?;
        }
        for (start, hash) in starts.iter().zip(&hashes).take_while(|(start, _)| usize::from(**start) < spelt) {
            compression.insert(*hash, begin.saturating_add(usize::from(*start)));
        }
        if let Some(parent) = starts.get(1).and_then(|start| octets.get(usize::from(*start)..)) {
            let first = found.filter(|_| spelt == 0).map_or(begin, usize::from);
            let parent_at = self.after_label(first);
            compression.learn(parent, parent_hash, parent_at);
        }
        Ok(())
    }

    /// Where the rest of the name that starts at `at` stands, behind its first label.
    fn after_label(&self, at: usize) -> usize {
        let length = self.octets.get(at).copied().unwrap_or_default();
        let after = at.saturating_add(usize::from(length)).saturating_add(1);
        match self.octets.get(after..) {
            Some([high @ 0xc0..=0xff, low, ..]) => usize::from(u16::from_be_bytes([high & 0x3f, *low])),
            _ => after,
        }
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
