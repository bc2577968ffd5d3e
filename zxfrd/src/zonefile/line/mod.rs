//! Usual records, read in one pass over their line: what zone files are nearly all of.
//!
//! A line is usual when it holds a record and nothing that the octets before it would have to tell about: no parentheses,
//! no escapes, quotes in character-strings only, numbers where mnemonics or units might be, too. [`Usual::read`] reads
//! such a line as the lexer and the readers of fields do, or leaves it to them, and with it all that is wrong or rare.
//!
//! | module | holds |
//! |---|---|
//! | `scan` | words, numbers and names of a line |
//! | `fields` | RDATA from them |

mod fields;
mod scan;

use core::ops::Range;

use super::entry::Head;
use super::types::{self, Type};
use fields::Fields;
use scan::{Cursor, NameRoom};

#[cfg(test)]
mod tests;

/// What was read of a usual line.
#[derive(Debug)]
pub(super) struct Line {
    /// TTL and type.
    pub(super) head: Head,
    /// Whether the owner is the one of the line before.
    pub(super) same_owner: bool,
    /// Where the next line begins.
    pub(super) end: usize,
}

/// Reads usual lines of one text, one after the other. Lines in a row have much in common: the same owner, TTL and type
/// are known by their octets.
#[derive(Debug)]
pub(super) struct Usual {
    /// Where in the text the last owner stands, if it was read here.
    owner: Range<usize>,
    room: NameRoom,
    /// Where in the text the last head stands, white space and all.
    head: Range<usize>,
    ttl: Option<u32>,
    row: Option<&'static Type>,
    fields: Fields,
}

impl Usual {
    /// For a text of which nothing was read.
    pub(super) const fn new() -> Self {
        Self { owner: 0..0, room: NameRoom::new(), head: 0..0, ttl: None, row: None, fields: Fields::new() }
    }

    /// Forgets the last owner: the next line may have it from an entry that was read in another way, or the origin is
    /// another.
    pub(super) fn forget_owner(&mut self) {
        self.owner = 0..0;
    }

    /// Reads the line at `at` if it is usual. `owner` holds the last owner and becomes the one of the line; `rdata` becomes
    /// the line's. Without a result `owner` is as it was, and `rdata` worth nothing.
    pub(super) fn read(
        &mut self,
        text: &[u8],
        at: usize,
        origin: Option<&[u8]>,
        owner: &mut Vec<u8>,
        rdata: &mut Vec<u8>,
    ) -> Option<Line> {
        let mut cursor = Cursor { text, at };
        let same_owner = self.read_owner(&mut cursor, origin, owner.is_empty())?;
        let owner_end = cursor.at;
        let row = self.read_head(&mut cursor)?;
        rdata.clear();
        self.fields.read(row.fields, &mut cursor, origin, rdata)?;
        let end = cursor.next_line()?;
        if rdata.len() > usize::from(u16::MAX) {
            return None;
        }
        if !same_owner {
            owner.clear();
            owner.extend_from_slice(self.room.as_octets());
            self.owner = at..owner_end;
        }
        Some(Line { head: Head { ttl: self.ttl, rtype: row.code, rdata: 0 }, same_owner, end })
    }

    /// Passes the owner. Gives whether it is the last one; else it is in the room for names.
    fn read_owner(&mut self, cursor: &mut Cursor<'_>, origin: Option<&[u8]>, is_first: bool) -> Option<bool> {
        let before = &cursor.text[self.owner.clone()];
        if !before.is_empty() && cursor.text[cursor.at..].starts_with(before) {
            cursor.at += before.len();
            cursor.skip_space();
            return Some(true);
        }
        match cursor.octet()? {
            b' ' | b'\t' if !is_first => cursor.pass_space().map(|()| true),
            b' ' | b'\t' | b'$' => None,
            _ => cursor.name(origin, &mut self.room).map(|()| false),
        }
    }

    /// Passes TTL, class and type (RFC 1035 §5.1).
    fn read_head(&mut self, cursor: &mut Cursor<'_>) -> Option<&'static Type> {
        let start = cursor.at;
        let before = &cursor.text[self.head.clone()];
        if let Some(row) = self.row
            && cursor.text[start..].starts_with(before)
        {
            cursor.at += before.len();
            cursor.skip_space();
            return Some(row);
        }
        self.row = None;
        self.ttl = None;
        let mut class = false;
        loop {
            if cursor.octet()?.is_ascii_digit() && self.ttl.is_none() {
                self.ttl = Some(cursor.number(u32::MAX)?);
                continue;
            }
            let word = cursor.word()?;
            if !class && word.eq_ignore_ascii_case(b"IN") {
                class = true;
                continue;
            }
            let row = types::by_code(types::by_mnemonic(word)?)?;
            if row.fields.is_empty() || cursor.is_done() {
                return None;
            }
            self.head = start..cursor.at;
            self.row = Some(row);
            return Some(row);
        }
    }
}
