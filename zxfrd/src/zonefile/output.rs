//! RDATA to text, field by field; RFC 3597's form where there is no other or where the RDATA does not fit its type.

use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::encodings::{write_base32_hex, write_base64, write_hex};
use super::names::{push_decimal_escape, split_name, write_name};
use super::types::{self, Field, write_type};
use super::{location, odd, svc, time};

/// Why an RDATA is not written field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It is not what its type prescribes.
    Malformed,
    /// It is allowed, but text could not be read back to the same octets.
    NoText,
}

/// What is left of an RDATA.
pub(super) struct Wire<'a>(pub(super) &'a [u8]);

impl<'a> Wire<'a> {
    /// Takes so many octets.
    pub(super) fn take(&mut self, octets: usize) -> Result<&'a [u8], Unfit> {
        let (taken, rest) = self.0.split_at_checked(octets).ok_or(Unfit::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Takes an array.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Unfit> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Unfit::Malformed)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Unfit> {
        self.array::<1>().map(|[octet]| octet)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Unfit> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Unfit> {
        self.array().map(u32::from_be_bytes)
    }

    /// Takes an uncompressed name.
    pub(super) fn name(&mut self) -> Result<&'a [u8], Unfit> {
        let (name, rest) = split_name(self.0).ok_or(Unfit::Malformed)?;
        self.0 = rest;
        Ok(name)
    }

    /// Takes a length octet and what it counts.
    pub(super) fn counted(&mut self) -> Result<&'a [u8], Unfit> {
        let length = self.u8()?;
        self.take(length.into())
    }

    /// Takes all that is left.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }
}

/// Appends the RDATA of a record in presentation format.
pub fn write_rdata(code: u16, rdata: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let row = types::by_code(code).filter(|row| row.written && !row.fields.is_empty());
    if row.is_some_and(|row| write_fields(row.fields, rdata, out).is_ok()) {
        return;
    }
    out.truncate(start);
    out.extend_from_slice(b"\\# ");
    push_number(rdata.len() as u64, out);
    if !rdata.is_empty() {
        out.push(b' ');
        write_hex(rdata, out);
    }
}

/// Whether the octets are an RDATA that the type allows. Types without a row allow any.
pub(super) fn is_well_formed(code: u16, rdata: &[u8]) -> bool {
    match types::by_code(code) {
        Some(row) if !row.fields.is_empty() => {
            write_fields(row.fields, rdata, &mut Vec::new()) != Err(Unfit::Malformed)
        }
        _ => true,
    }
}

/// Writes the fields with spaces between; the RDATA must end with the last.
fn write_fields(fields: &[Field], rdata: &[u8], out: &mut Vec<u8>) -> Result<(), Unfit> {
    let mut wire = Wire(rdata);
    // An RDATA without text is still to be told from a malformed one, so the walk goes on to its end.
    let mut no_text = false;
    for &field in fields {
        let before = out.len();
        match write_field(field, rdata, &mut wire, out) {
            Ok(()) => {}
            Err(Unfit::NoText) => no_text = true,
            Err(Unfit::Malformed) => return Err(Unfit::Malformed),
        }
        if out.len() > before {
            out.push(b' ');
        }
    }
    if !wire.0.is_empty() {
        return Err(Unfit::Malformed);
    }
    if out.last() == Some(&b' ') {
        out.pop();
    }
    if no_text { Err(Unfit::NoText) } else { Ok(()) }
}

/// Writes one field. A field that returns [`Unfit::NoText`] has taken all its octets.
fn write_field(field: Field, rdata: &[u8], wire: &mut Wire<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    match field {
        Field::Name => write_name(wire.name()?, out),
        Field::U8 | Field::Algorithm | Field::Scheme => push_number(wire.u8()?.into(), out),
        Field::U16 | Field::Certificate => push_number(wire.u16()?.into(), out),
        Field::U32 | Field::Period | Field::Serial => push_number(wire.u32()?.into(), out),
        Field::U64 => push_number(u64::from_be_bytes(wire.array()?), out),
        Field::Ipv4 => push_ipv4(wire.array()?, out),
        Field::Ipv6 => push_ipv6(wire.array()?, out),
        Field::Text => push_quoted(wire.counted()?, out),
        Field::MaybeText if wire.0.is_empty() => {}
        Field::MaybeText => push_quoted(wire.counted()?, out),
        Field::Texts => {
            push_quoted(wire.counted()?, out);
            while !wire.0.is_empty() {
                out.push(b' ');
                push_quoted(wire.counted()?, out);
            }
        }
        Field::LongText => push_quoted(wire.rest(), out),
        Field::Tag => return write_tag(wire, out),
        Field::Type => write_type(wire.u16()?, out),
        Field::Time => time::write_time(wire.u32()?, out),
        Field::Base64 => match wire.rest() {
            [] => return Err(Unfit::NoText),
            octets => write_base64(octets, out),
        },
        // Written without its key one that may be without could be told from one that may not, but RFC 3597's
        // form serves both.
        Field::Key | Field::IpsecKey => return write_field(Field::Base64, rdata, wire, out),
        Field::MaybeBase64 => match wire.rest() {
            [] => out.push(b'-'),
            octets => write_base64(octets, out),
        },
        Field::Hex => match wire.rest() {
            [] => return Err(Unfit::NoText),
            octets => write_hex(octets, out),
        },
        Field::Salt => match wire.counted()? {
            [] => out.push(b'-'),
            octets => write_hex(octets, out),
        },
        Field::Hash => match wire.counted()? {
            [] => return Err(Unfit::NoText),
            octets => write_base32_hex(octets, out),
        },
        Field::Types => return write_types(wire, out),
        Field::OldTypes => return odd::write_old_types(wire, out),
        Field::SvcParams => return svc::write(wire, out),
        Field::Location => return location::write(wire, out),
        Field::Prefixes => return odd::write_prefixes(wire, out),
        Field::Eui(octets) => odd::write_eui(wire.take(octets)?, out),
        Field::Locator64 => odd::write_locator(wire.array()?, out),
        Field::Nsap => return odd::write_nsap(wire, out),
        Field::Services => return odd::write_services(wire, out),
        Field::Gateway => {
            let kind = *rdata.get(1).ok_or(Unfit::Malformed)?;
            return odd::write_gateway(kind, wire, out);
        }
        Field::Relay => return odd::write_relay(wire, out),
        Field::Hip => return odd::write_hip(wire, out),
        Field::A6 => return odd::write_a6(wire, out),
    }
    Ok(())
}

/// Writes a CAA tag (RFC 8659 §4.1).
fn write_tag(wire: &mut Wire<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let tag = wire.counted()?;
    out.extend_from_slice(tag);
    match tag {
        [] => Err(Unfit::Malformed),
        _ if tag.iter().all(u8::is_ascii_alphanumeric) => Ok(()),
        _ => Err(Unfit::NoText),
    }
}

/// Writes type bit maps (RFC 4034 §4.1.2). Windows out of order or longer than they need be would not come back.
fn write_types(wire: &mut Wire<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let start = out.len();
    let mut canonical = true;
    let mut last = None;
    while !wire.0.is_empty() {
        let window = wire.u8()?;
        let bits = wire.counted()?;
        if bits.is_empty() || bits.len() > 32 {
            return Err(Unfit::Malformed);
        }
        canonical &= bits.last() != Some(&0) && last < Some(window);
        last = Some(window);
        for (at, &octet) in bits.iter().enumerate() {
            for bit in (0..8).filter(|bit| octet & 0x80 >> bit != 0) {
                if out.len() > start {
                    out.push(b' ');
                }
                write_type(u16::from_be_bytes([window, (at * 8 + bit) as u8]), out);
            }
        }
    }
    if canonical { Ok(()) } else { Err(Unfit::NoText) }
}

/// Appends a character-string in quotes.
pub(super) fn push_quoted(octets: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut plain = 0;
    for (at, &octet) in octets.iter().enumerate() {
        if matches!(octet, 0x20..=0x7e) && !matches!(octet, b'"' | b'\\') {
            continue;
        }
        out.extend_from_slice(&octets[plain..at]);
        plain = at + 1;
        match octet {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', octet]),
            _ => push_decimal_escape(octet, out),
        }
    }
    out.extend_from_slice(&octets[plain..]);
    out.push(b'"');
}

/// Appends a decimal number.
pub(super) fn push_number(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends an IPv4 address.
pub(super) fn push_ipv4(octets: [u8; 4], out: &mut Vec<u8>) {
    let [a, b, c, d] = Ipv4Addr::from(octets).octets();
    for (octet, dot) in [(a, true), (b, true), (c, true), (d, false)] {
        push_number(octet.into(), out);
        if dot {
            out.push(b'.');
        }
    }
}

/// Appends an IPv6 address (RFC 5952).
pub(super) fn push_ipv6(octets: [u8; 16], out: &mut Vec<u8>) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{}", Ipv6Addr::from(octets));
}
