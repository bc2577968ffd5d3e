//! RDATA of usual lines, field by field.

use core::ops::Range;

use super::scan::{Cursor, NameRoom};
use crate::zonefile::encodings::{read_base32_hex, read_base64, read_hex};
use crate::zonefile::input::{push_u16, push_u32, write_types};
use crate::zonefile::time;
use crate::zonefile::types::{self, Field};

/// Reads fields. What is kept is for the lines that follow.
#[derive(Debug)]
pub(super) struct Fields {
    room: NameRoom,
    digits: Vec<u8>,
    /// Where in the text the last type bit maps stand, up to the end of their line.
    types: Range<usize>,
    bitmaps: Vec<u8>,
    codes: Vec<u16>,
}

impl Fields {
    pub(super) const fn new() -> Self {
        let room = NameRoom::new();
        Self { room, digits: Vec::new(), types: 0..0, bitmaps: Vec::new(), codes: Vec::new() }
    }

    /// Appends these fields to `out`.
    pub(super) fn read(
        &mut self,
        fields: &[Field],
        cursor: &mut Cursor<'_>,
        origin: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        for &field in fields {
            match field {
                Field::Name => {
                    cursor.name(origin, &mut self.room)?;
                    out.extend_from_slice(self.room.as_octets());
                }
                Field::U8 | Field::Algorithm => out.push(cursor.number(u8::MAX.into())? as u8),
                Field::U16 => push_u16(cursor.number(u16::MAX.into())? as u16, out),
                Field::U32 | Field::Serial | Field::Period => push_u32(cursor.number(u32::MAX)?, out),
                Field::Time => push_u32(time::read_time(core::str::from_utf8(cursor.word()?).ok()?).ok()?, out),
                Field::Ipv4 => out.extend_from_slice(&ipv4(cursor)?),
                Field::Ipv6 => out.extend_from_slice(&ipv6(cursor.word()?)?),
                Field::Text => character_string(cursor, out)?,
                Field::Texts => loop {
                    character_string(cursor, out)?;
                    if cursor.is_done() {
                        break;
                    }
                },
                Field::Type => push_u16(types::by_mnemonic(cursor.word()?)?, out),
                Field::Types => self.read_types(cursor, out)?,
                Field::Base64 => read_base64(self.rest(cursor)?, out).ok()?,
                Field::Hex => read_hex(self.rest(cursor)?, out).ok()?,
                Field::Salt => counted(out, |out| match cursor.word()? {
                    b"-" => Some(()),
                    digits => read_hex(digits, out).ok(),
                })?,
                Field::Hash => counted(out, |out| read_base32_hex(cursor.word()?, out).ok())?,
                _ => return None,
            }
        }
        Some(())
    }

    /// Takes all words left as one.
    fn rest<'s, 't: 's>(&'s mut self, cursor: &mut Cursor<'t>) -> Option<&'s [u8]> {
        let word = cursor.word()?;
        if cursor.is_done() {
            return Some(word);
        }
        self.digits.clear();
        self.digits.extend_from_slice(word);
        while !cursor.is_done() {
            self.digits.extend_from_slice(cursor.word()?);
        }
        Some(&self.digits)
    }

    /// Takes all types left and appends their bit maps.
    fn read_types(&mut self, cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Option<()> {
        let start = cursor.at;
        let before = &cursor.text[self.types.clone()];
        if !before.is_empty() && cursor.text[start..].starts_with(before) {
            cursor.at += before.len() - 1;
        } else {
            self.codes.clear();
            while !cursor.is_done() {
                self.codes.push(types::by_mnemonic(cursor.word()?)?);
            }
            self.bitmaps.clear();
            write_types(&mut self.codes, &mut self.bitmaps);
            self.types = start..cursor.at + 1;
        }
        out.extend_from_slice(&self.bitmaps);
        Some(())
    }
}

/// Appends what `read` appends, and its length in front of it.
fn counted(out: &mut Vec<u8>, read: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<()> {
    let at = out.len();
    out.push(0);
    read(out)?;
    out[at] = u8::try_from(out.len() - at - 1).ok()?;
    Some(())
}

/// Takes a character-string, quoted or not (RFC 1035 §3.3).
fn character_string(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Option<()> {
    let text = if cursor.octet()? == b'"' {
        let inner = &cursor.text[cursor.at + 1..];
        let end = memchr::memchr3(b'"', b'\\', b'\n', inner).filter(|&end| inner[end] == b'"')?;
        cursor.at += end + 2;
        cursor.pass_space()?;
        &inner[..end]
    } else {
        cursor.word()?
    };
    out.push(u8::try_from(text.len()).ok()?);
    out.extend_from_slice(text);
    Some(())
}

/// Takes an IPv4 address: four numbers without zeros in front.
fn ipv4(cursor: &mut Cursor<'_>) -> Option<[u8; 4]> {
    let mut address = [0; 4];
    for (place, octet) in address.iter_mut().enumerate() {
        let start = cursor.at;
        let mut value = 0_u16;
        loop {
            let digit = cursor.octet()?.wrapping_sub(b'0');
            if digit > 9 || cursor.at - start == 3 {
                break;
            }
            value = value * 10 + u16::from(digit);
            cursor.at += 1;
        }
        if cursor.at == start || (cursor.at - start > 1 && cursor.text[start] == b'0') {
            return None;
        }
        *octet = u8::try_from(value).ok()?;
        if place < 3 {
            if cursor.octet()? != b'.' {
                return None;
            }
            cursor.at += 1;
        }
    }
    cursor.pass_space()?;
    Some(address)
}

/// An IPv6 address without an IPv4 address in it (RFC 4291 §2.2).
fn ipv6(word: &[u8]) -> Option<[u8; 16]> {
    let mut octets = [0; 16];
    let (mut count, mut gap) = (0, None);
    let mut rest = word;
    if let Some(behind) = rest.strip_prefix(b"::") {
        gap = Some(0);
        rest = behind;
    }
    while !rest.is_empty() {
        let mut group = 0_u16;
        let mut digits = 0;
        while let Some(digit) = rest.get(digits).and_then(|&octet| char::from(octet).to_digit(16)) {
            if digits == 4 {
                return None;
            }
            group = group << 4 | digit as u16;
            digits += 1;
        }
        if digits == 0 {
            return None;
        }
        octets.get_mut(count..count + 2)?.copy_from_slice(&group.to_be_bytes());
        count += 2;
        rest = match &rest[digits..] {
            [] => break,
            [b':', b':', behind @ ..] if gap.is_none() => {
                gap = Some(count);
                behind
            }
            [b':', behind @ ..] if !behind.is_empty() => behind,
            _ => return None,
        };
    }
    match gap {
        None if count == 16 => {}
        Some(gap) if count < 16 => {
            octets.copy_within(gap..count, 16 - (count - gap));
            octets[gap..16 - (count - gap)].fill(0);
        }
        _ => return None,
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    #[test]
    fn addresses_as_the_standard_library_reads_them() {
        let four = |text: &str| ipv4(&mut Cursor { text: format!("{text}\n").as_bytes(), at: 0 });
        for text in [
            "0.0.0.0",
            "192.0.2.1",
            "255.255.255.255",
            "1.2.3",
            "1.2.3.",
            "1.2.3.4.",
            "01.2.3.4",
            "1.2.3.256",
            "1.2.3.0004",
            "1..2.3",
            ".1.2.3",
            "1.2.3.4x",
            "",
            "1.2.3.4.5",
            "00.1.2.3",
            "1.2.3.00",
        ] {
            assert_eq!(four(text), text.parse::<Ipv4Addr>().ok().map(|address| address.octets()), "{text}");
        }
        for text in [
            "::",
            "::1",
            "1::",
            "2001:db8::1",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "1::3:4:5:6:7:8",
            "ABCD:ef01::",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:8::",
            "::1:2:3:4:5:6:7:8",
            "1::2::3",
            ":1",
            "1:",
            "1:::2",
            ":::",
            ":",
            "",
            "12345::",
            "g::",
            "1::2:",
            "::1:",
        ] {
            assert_eq!(ipv6(text.as_bytes()), text.parse::<Ipv6Addr>().ok().map(|address| address.octets()), "{text}");
        }
    }
}
