//! A page: the records of one message of a transfer.

use super::blocks::{BLOCK, Block, Blocks, OpenBlocks};
use super::key;
use super::likeness::Likeness;
use crate::name::{Name, NameRef};
use crate::wire::reader::{RecordPosition, skip_record};
use crate::wire::writer::{Compression, Full, Out, has_compressed_names};
use crate::wire::{Class, HEADER_LEN, Header, MAX_MESSAGE, Record, Rtype, Scratch};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::ops::Range;

/// The most octets of a page, its header counted: every compression pointer in it reaches (RFC 1035 §4.1.4). Only a record
/// that is larger alone makes a larger page.
pub const MAX_PAGE: usize = 16_383;

/// A page may be ended this many octets before it is full, where that costs less.
const CUT_WINDOW: usize = 600;
/// How many octets of a page may stay free for each octet that is not lost to compression. Found by trying it on real zones
/// (the root, .gov): more makes more messages, less splits more names from what they were compressed against.
const FREE_PER_LOST: usize = 40;

/// One message of a transfer: a header with the number of answers and nothing else set, then the answer section, compressed
/// within itself. Cheap to clone: what it holds is shared.
#[derive(Clone, Debug)]
pub struct Page {
    held: Arc<Held>,
    records: u16,
    start: u16,
    len: u32,
}

#[derive(Debug)]
struct Held {
    key: Box<[u8]>,
    octets: Bytes,
    blocks: Blocks,
}

impl Page {
    /// One without records.
    pub(super) fn empty() -> Self {
        let (octets, start) = (alloc::vec![0; HEADER_LEN], HEADER_LEN as u16);
        OpenPage { key: Vec::new(), octets, blocks: Blocks::default(), records: 0, start }.close()
    }

    /// One of octets that were read and found well-formed: the key of its first record, where each block starts, how many
    /// records there are and where the first starts.
    pub(super) fn read(key: &[u8], octets: Bytes, blocks: Blocks, records: u16, start: u16) -> Self {
        let len = octets.len() as u32;
        Self { held: Arc::new(Held { key: key.into(), octets, blocks }), records, start, len }
    }

    /// The sort key of its first record.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.held.key
    }

    /// The message.
    #[must_use]
    pub fn octets(&self) -> &Bytes {
        &self.held.octets
    }

    /// How many octets that is.
    #[expect(clippy::len_without_is_empty, reason = "there is always a header")]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// How many records it has.
    #[must_use]
    pub const fn records(&self) -> u16 {
        self.records
    }

    /// The octets from the first record on: what a frame carries between its own header, question and tail.
    #[must_use]
    pub fn answer(&self) -> Bytes {
        self.octets().slice(usize::from(self.start).min(self.octets().len())..)
    }

    /// The blocks of [`BLOCK`] records.
    pub(super) fn blocks(&self) -> &[Block] {
        self.held.blocks.list()
    }

    /// See [`Blocks::around`].
    pub(super) fn blocks_around(&self, key: &[u8]) -> Range<usize> {
        self.held.blocks.around(key, self.key())
    }

    /// What it takes in memory, its key and the accounts of the allocator's users included.
    pub(super) fn heap_octets(&self) -> usize {
        // A reference count of the octets is allocated once they are lent to a frame.
        const SHARED: usize = 32;
        let own = size_of::<Held>().saturating_add(size_of::<[usize; 2]>()).saturating_add(SHARED);
        let blocks = size_of_val::<[Block]>(self.blocks());
        own.saturating_add(self.key().len()).saturating_add(self.len()).saturating_add(blocks)
    }

    /// Before the first record, for reading.
    pub(super) fn first(&self) -> RecordPosition {
        RecordPosition::new(usize::from(self.start), self.records)
    }
}

/// A page that can still be changed: its TTLs aren't final.
pub(crate) struct OpenPage {
    pub(super) key: Vec<u8>,
    pub(super) octets: Vec<u8>,
    blocks: Blocks,
    pub(super) records: u16,
    start: u16,
}

impl OpenPage {
    pub(crate) fn close(self) -> Page {
        let Self { key, octets, blocks, records, start } = self;
        let len = octets.len() as u32;
        let held = Held { key: key.into(), octets: octets.into(), blocks };
        Page { held: Arc::new(held), records, start, len }
    }

    /// Sets the TTL of some records, by number.
    pub(super) fn set_ttls(&mut self, records: Range<u16>, ttl: u32) {
        let mut at = usize::from(self.start);
        for number in 0..records.end {
            let Some((ttl_at, after)) = skip_record(&self.octets, at) else {
                return;
            };
            if number >= records.start
                && let Some(slot) = self.octets.get_mut(ttl_at..).and_then(<[u8]>::first_chunk_mut::<4>)
            {
                *slot = ttl.to_be_bytes();
            }
            at = after;
        }
    }

    /// Before the first record, for reading.
    pub(super) fn first(&self) -> RecordPosition {
        RecordPosition::new(usize::from(self.start), self.records)
    }

    /// Owner and type of the record of this number.
    pub(super) fn identity(&self, number: u16) -> Option<(Name, Rtype)> {
        let mut position = self.first();
        (0..number).for_each(|_| position.skip(&self.octets));
        let mut scratch = Scratch::new();
        let record = position.next(&self.octets, &mut scratch).ok()??;
        Some((record.owner.to_name(), record.rtype))
    }

    /// The owner of its last record.
    pub(super) fn last_owner(&self) -> Option<Name> {
        self.identity(self.records.checked_sub(1)?).map(|(owner, _)| owner)
    }
}

/// Writes pages, one after the other, in a buffer that is kept.
pub(crate) struct PageWriter {
    octets: Box<[u8]>,
    len: usize,
    blocks: OpenBlocks,
    records: u16,
    start: u16,
    /// The most octets of a page of more than one record.
    limit: usize,
    key: Vec<u8>,
    /// The owner of the record that was written last, not yet a name before the first.
    owner: Name,
    /// Where it stands in this page, 0 before it does.
    owner_at: usize,
    compression: Box<Compression>,
    /// The records near the end of the page: places where it may be cut.
    marks: Vec<Mark>,
    lone: Box<Compression>,
}

/// A record near the end of a page.
#[derive(Clone, Copy)]
struct Mark {
    at: usize,
    /// Its number in the page.
    number: u16,
    /// The octets that it would take more as the first of a page.
    lost: usize,
}

impl Mark {
    /// What it costs to end the page before this record, in the same unit for all.
    fn cost(&self, limit: usize) -> usize {
        self.lost.saturating_mul(FREE_PER_LOST).saturating_add(limit.saturating_sub(self.at))
    }
}

impl PageWriter {
    pub(crate) fn new() -> Self {
        Self {
            // Room for one record more: what it would have taken tells where to cut.
            octets: alloc::vec![0; MAX_PAGE.saturating_add(CUT_WINDOW)].into_boxed_slice(),
            len: HEADER_LEN,
            blocks: OpenBlocks::default(),
            records: 0,
            start: HEADER_LEN as u16,
            limit: MAX_PAGE,
            key: Vec::new(),
            owner: Name::empty(),
            owner_at: 0,
            compression: Box::new(Compression::new()),
            marks: Vec::new(),
            lone: Box::new(Compression::new()),
        }
    }

    /// Makes pages smaller than they could be.
    pub(super) fn set_limit(&mut self, octets: usize) {
        self.limit = octets.min(MAX_PAGE);
    }

    /// How many records are in it.
    pub(super) const fn records(&self) -> u16 {
        self.records
    }

    /// The owner of the record that was written last, whichever page that is in.
    #[inline]
    pub(super) fn owner(&self) -> NameRef<'_> {
        self.owner.as_ref()
    }

    /// The sort key of the present page's first record, if it has any.
    pub(super) fn key(&self) -> Option<&[u8]> {
        (self.records > 0).then_some(&self.key)
    }

    /// Begins a zone's first message: its records start after the question for the zone's AXFR. The question is no target
    /// of compression, so it can be replaced by an asker's own.
    pub(crate) fn start_with_question(&mut self, apex: NameRef<'_>) {
        let mut out = Out { octets: &mut self.octets, len: HEADER_LEN };
        let [a, b] = Rtype::AXFR.0.to_be_bytes();
        let [c, d] = Class::IN.0.to_be_bytes();
        // 12 octets, a name and 4 octets are far less than a page.
        let _ = out.put(apex.as_octets()).and_then(|()| out.put(&[a, b, c, d]));
        self.len = out.len;
        self.start = out.len as u16;
    }

    /// Appends a record.
    ///
    /// # Errors
    /// When there is no room: then nothing is changed.
    pub(crate) fn push(&mut self, record: &Record<'_>) -> Result<(), Full> {
        self.push_alike(record, Likeness::of(record.owner, self.owner()))
    }

    /// The same, given how its owner compares to that of the record that was written last.
    #[inline]
    pub(super) fn push_alike(&mut self, record: &Record<'_>, likeness: Likeness) -> Result<(), Full> {
        let records = self.records.checked_add(1).ok_or(Full)?;
        let before = self.len;
        let mut out = Out { octets: &mut self.octets, len: before };
        let same_owner = self.owner_at != 0 && likeness == Likeness::Same;
        let written = if same_owner && !record.owner.is_root() {
            let pointer = 0xc000 | (self.owner_at as u16);
            out.put(&pointer.to_be_bytes())
        } else {
            out.put_name(record.owner, &mut self.compression)
        };
        let written = written.and_then(|()| out.put_after_owner(record, &mut self.compression));
        let len = out.len;
        if written.is_err() || len > self.limit {
            self.compression.forget();
        }
        written?;
        if before >= self.limit.saturating_sub(CUT_WINDOW) {
            let lost = self.lone_len(record).saturating_sub(len.saturating_sub(before));
            self.marks.push(Mark { at: before, number: self.records, lost });
        }
        if len > self.limit {
            return Err(Full);
        }
        self.len = len;
        if !same_owner {
            self.owner_at = before;
        }
        if likeness != Likeness::Same {
            self.owner.set(record.owner);
        }
        if self.records == 0 {
            self.key.clear();
            key::push_record(&mut self.key, record);
        }
        if self.records.is_multiple_of(BLOCK) {
            self.blocks.push(before as u16, record.owner);
        }
        self.records = records;
        Ok(())
    }

    /// The octets that a record takes as the first of a page.
    fn lone_len(&mut self, record: &Record<'_>) -> usize {
        if !has_compressed_names(record.rtype) {
            return record.wire_len();
        }
        if record.rtype == Rtype::NS
            && let Ok(target) = NameRef::from_octets(record.rdata)
        {
            // A pointer of two octets stands for what it has in common with the owner, unless that is but the root.
            let pointed_to = target.common_suffix(record.owner);
            return record.wire_len().saturating_sub(pointed_to.saturating_sub(if pointed_to > 1 { 2 } else { 1 }));
        }
        let mut octets = [0; CUT_WINDOW];
        self.lone.clear();
        let mut out = Out { octets: &mut octets, len: HEADER_LEN };
        match out.put_record(record, &mut self.lone) {
            Ok(()) => out.len.saturating_sub(HEADER_LEN),
            Err(Full) => record.wire_len(),
        }
    }

    /// Ends a page that has no room for the next record, and begins a new one. It is ended where little is lost, so that the
    /// new one may begin with its last records: best before an owner with nothing in common with those before it, worst in
    /// the middle of an RRset of long names.
    pub(crate) fn cut(&mut self) -> Option<OpenPage> {
        let best = self.marks.iter().filter(|mark| mark.number > 0).min_by_key(|mark| mark.cost(self.limit));
        let best = best.copied().filter(|mark| mark.number < self.records);
        let Some(Mark { at, number, .. }) = best else {
            return self.take();
        };
        let carried = self.records.saturating_sub(number);
        let mut page = self.take()?;
        let mut position = RecordPosition::new(at, carried);
        let mut scratch = Scratch::new();
        while let Ok(Some(record)) = position.next(&page.octets, &mut scratch) {
            // They are few and small: they fit.
            let _ = self.push(&record);
        }
        page.records = number;
        page.blocks.truncate(number.div_ceil(BLOCK).into());
        page.octets.truncate(at);
        page.octets.shrink_to_fit();
        set_header(&mut page.octets, number, page.start);
        Some(page)
    }

    /// The page as it is, if it has records, and a new one begun.
    pub(crate) fn take(&mut self) -> Option<OpenPage> {
        self.marks.clear();
        if self.records == 0 {
            return None;
        }
        let mut octets = self.octets.get(..self.len).unwrap_or_default().to_vec();
        set_header(&mut octets, self.records, self.start);
        let (key, blocks) = (self.key.clone(), self.blocks.close());
        let page = OpenPage { key, octets, blocks, records: self.records, start: self.start };
        self.blocks.clear();
        self.len = HEADER_LEN;
        self.start = HEADER_LEN as u16;
        self.records = 0;
        self.owner_at = 0;
        self.compression.clear();
        Some(page)
    }

    /// A page of its own for a record that is larger than any page.
    ///
    /// # Errors
    /// When no message can carry it.
    pub(crate) fn single(&mut self, record: &Record<'_>) -> Result<OpenPage, Full> {
        self.compression.clear();
        let mut octets = alloc::vec![0; MAX_MESSAGE];
        let mut out = Out { octets: &mut octets, len: HEADER_LEN };
        let written = out.put_record(record, &mut self.compression);
        let len = out.len;
        self.compression.clear();
        written?;
        octets.truncate(len);
        octets.shrink_to_fit();
        set_header(&mut octets, 1, HEADER_LEN as u16);
        self.owner.set(record.owner);
        let mut key = Vec::new();
        key::push_record(&mut key, record);
        let mut blocks = OpenBlocks::default();
        blocks.push(HEADER_LEN as u16, record.owner);
        Ok(OpenPage { key, octets, blocks: blocks.close(), records: 1, start: HEADER_LEN as u16 })
    }
}

/// Writes a header that has nothing but the number of answers, and of the question when there is one before them.
fn set_header(octets: &mut [u8], answers: u16, start: u16) {
    let questions = u16::from(usize::from(start) > HEADER_LEN);
    if let Some(front) = octets.first_chunk_mut::<HEADER_LEN>() {
        *front = Header { questions, answers, ..Header::default() }.to_octets();
    }
}
