//! The wire grammar (RFC 1035 §4.1), parsed with nom over (message, offset): header, question, names, the fixed part of a
//! record.

use super::cursor::{Cursor, Parsed};
use super::{Class, Flags, Header, Rtype};
use crate::error::WireFault;
use crate::name::{MAX_LABEL, MAX_NAME, Name};
use nom::Parser;
use nom::combinator::map;

/// The next octets as an array. Fields are cut from that: one look at how much is left, not one for each field.
#[inline]
fn octets<const N: usize>(input: Cursor<'_>) -> Parsed<'_, [u8; N]> {
    match input.rest().first_chunk() {
        Some(octets) => Ok((advance(input, N), *octets)),
        None => Cursor::new(input.message, input.message.len()).fails(WireFault::Cut),
    }
}

/// The header.
#[inline]
pub(crate) fn header(input: Cursor<'_>) -> Parsed<'_, Header> {
    map(octets, |[a, b, c, d, e, f, g, h, i, j, k, l]| Header {
        id: u16::from_be_bytes([a, b]),
        flags: Flags(u16::from_be_bytes([c, d])),
        questions: u16::from_be_bytes([e, f]),
        answers: u16::from_be_bytes([g, h]),
        authorities: u16::from_be_bytes([i, j]),
        additionals: u16::from_be_bytes([k, l]),
    })
    .parse(input)
}

/// QTYPE and QCLASS.
#[inline]
pub(crate) fn question_fixed(input: Cursor<'_>) -> Parsed<'_, (Rtype, Class)> {
    map(octets, |[a, b, c, d]| (Rtype(u16::from_be_bytes([a, b])), Class(u16::from_be_bytes([c, d])))).parse(input)
}

/// What stands between a record's owner and its RDATA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordFixed {
    pub(crate) rtype: Rtype,
    pub(crate) class: Class,
    pub(crate) ttl: u32,
    pub(crate) rdata_length: u16,
}

/// TYPE, CLASS, TTL and RDLENGTH.
#[inline]
pub(crate) fn record_fixed(input: Cursor<'_>) -> Parsed<'_, RecordFixed> {
    map(octets, |[a, b, c, d, e, f, g, h, i, j]| RecordFixed {
        rtype: Rtype(u16::from_be_bytes([a, b])),
        class: Class(u16::from_be_bytes([c, d])),
        ttl: u32::from_be_bytes([e, f, g, h]),
        rdata_length: u16::from_be_bytes([i, j]),
    })
    .parse(input)
}

/// Goes past a name without looking at where its pointer leads; its labels' lengths and its end are checked.
#[inline]
pub(crate) fn skip_name(input: Cursor<'_>) -> Parsed<'_, ()> {
    let Cursor { message, mut at } = input;
    loop {
        match message.get(at) {
            Some(0) => return Ok((Cursor::new(message, at.wrapping_add(1)), ())),
            Some(length) if usize::from(*length) <= MAX_LABEL => {
                at = at.wrapping_add(usize::from(*length)).wrapping_add(1);
                if at.wrapping_sub(input.at) >= MAX_NAME {
                    return input.fails(WireFault::LongName);
                }
            }
            Some(0xc0..=0xff) if at.wrapping_add(1) < message.len() => {
                return Ok((Cursor::new(message, at.wrapping_add(2)), ()));
            }
            None | Some(0xc0..=0xff) => return Cursor::new(message, at).fails(WireFault::Cut),
            Some(_) => return Cursor::new(message, at).fails(WireFault::LabelKind),
        }
    }
}

/// What a name in a message looked like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameRead {
    /// Whether it used a compression pointer.
    pub(crate) compressed: bool,
}

/// Reads a name, expanded, into `name`. Every pointer must lead to before the octets it continues (the part of the message
/// that may be seen shrinks at each jump), so that no loop is possible.
#[inline]
pub(crate) fn name<'m>(input: Cursor<'m>, name: &mut Name) -> Parsed<'m, NameRead> {
    name.clear();
    let Cursor { mut message, mut at } = input;
    // Where the current run of labels began: a pointer must go to before it. It is copied when its end is known.
    let mut run = at;
    let mut after = None;
    loop {
        let here = Cursor::new(message, at);
        let (target, end) = match message.get(at) {
            Some(0) => (None, at.wrapping_add(1)),
            Some(length) if usize::from(*length) <= MAX_LABEL => {
                at = at.wrapping_add(usize::from(*length)).wrapping_add(1);
                if at > message.len() {
                    return here.fails(WireFault::Cut);
                }
                // Leave room for the root label.
                if name.as_octets().len().wrapping_add(at.wrapping_sub(run)) >= MAX_NAME {
                    return input.fails(WireFault::LongName);
                }
                continue;
            }
            Some(high @ 0xc0..=0xff) => {
                let Some(low) = message.get(at.wrapping_add(1)) else {
                    return here.fails(WireFault::Cut);
                };
                (Some(usize::from(u16::from_be_bytes([high & 0x3f, *low]))), at)
            }
            Some(_) => return here.fails(WireFault::LabelKind),
            None => return here.fails(WireFault::Cut),
        };
        if target.is_some_and(|target| target >= run) {
            return here.fails(WireFault::Pointer);
        }
        if !name.append(message.get(run..end).unwrap_or_default()) {
            return input.fails(WireFault::LongName);
        }
        let Some(target) = target else {
            return Ok((Cursor::new(input.message, after.unwrap_or(end)), NameRead { compressed: after.is_some() }));
        };
        if after.is_none() {
            after = Some(at.wrapping_add(2));
        }
        message = message.get(..run).unwrap_or_default();
        (run, at) = (target, target);
    }
}

/// Past octets that are there; what isn't there ends nowhere near the largest offset.
#[inline]
fn advance(input: Cursor<'_>, octets: usize) -> Cursor<'_> {
    Cursor::new(input.message, input.at.wrapping_add(octets))
}

#[cfg(test)]
mod tests {
    use super::super::cursor::failed;
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    fn read(message: &[u8], at: usize) -> Result<(std::string::String, usize), WireFault> {
        let mut scratch = Name::root();
        match name(Cursor::new(message, at), &mut scratch) {
            Ok((after, _)) => Ok((scratch.to_string(), after.at)),
            Err(error) => Err(failed(error, at).fault),
        }
    }

    #[test]
    fn follows_pointers_back() {
        let message = b"\x01a\x00\x01b\xc0\x00\x01c\xc0\x03\xc0\x07";
        assert_eq!(read(message, 0), Ok(("a.".into(), 3)));
        assert_eq!(read(message, 3), Ok(("b.a.".into(), 7)));
        assert_eq!(read(message, 7), Ok(("c.b.a.".into(), 11)));
        assert_eq!(read(message, 11), Ok(("c.b.a.".into(), 13)));
    }

    #[test]
    fn refuses_loops_forward_pointers_and_odd_labels() {
        for (message, at, fault) in [
            (&b"\xc0\x00"[..], 0, WireFault::Pointer),
            (b"\xc0\x02\x00", 0, WireFault::Pointer),
            (b"\x01a\xc0\x00", 0, WireFault::Pointer),
            (b"\x01a\xc0\x00", 2, WireFault::Cut),
            (b"\x40a", 0, WireFault::LabelKind),
            (b"\x80\x00", 0, WireFault::LabelKind),
            (b"\x02a", 0, WireFault::Cut),
            (b"\xc0", 0, WireFault::Cut),
            (b"", 0, WireFault::Cut),
        ] {
            assert_eq!(read(message, at), Err(fault), "{message:?}");
        }
    }

    #[test]
    fn name_at_255_octets_is_the_longest() {
        let mut message = std::vec::Vec::new();
        for _ in 0..127 {
            message.extend_from_slice(b"\x01a");
        }
        message.push(0);
        assert!(read(&message, 0).is_ok());
        let at = message.len();
        message.extend_from_slice(b"\x01b\xc0\x00");
        assert_eq!(read(&message, at), Err(WireFault::LongName));
    }

    proptest! {
        #[test]
        fn never_panics_and_agrees_with_skip(message in prop::collection::vec(prop_oneof![0u8..4, 0xc0u8..0xc2, any::<u8>()], 0..80), at in 0usize..80) {
            let input = Cursor::new(&message, at);
            let mut scratch = Name::root();
            if let Ok((after, _)) = name(input, &mut scratch) {
                prop_assert!(Name::from_octets(scratch.as_octets()).is_ok());
                let (skipped, ()) = skip_name(input).unwrap();
                prop_assert_eq!(skipped.at, after.at);
            }
        }
    }
}
