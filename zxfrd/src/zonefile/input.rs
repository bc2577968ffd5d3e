//! RDATA from text: RFC 3597's form for every type, the `domain` crate for the types that it reads, and our own
//! field readers for the others.

use std::net::{Ipv4Addr, Ipv6Addr};

use domain::base::iana::Rtype;
use domain::base::rdata::ComposeRecordData;
use domain::base::scan::ScannerError;
use domain::rdata::ZoneRecordData;

use super::encodings::{read_base32_hex, read_base64, read_hex};
use super::tokens::{Refusal, Tokens, character_string};
use super::types::{self, Field, Reader};
use super::{location, odd, output, svc, time};

/// Reads the RDATA of one record into `out`, which the caller has emptied.
pub(super) fn read_rdata(code: u16, tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let row = types::by_code(code);
    if tokens.take_generic_marker() {
        read_generic(tokens, out)?;
        if !output::is_well_formed(code, out) {
            let mnemonic = row.map_or("this type", |row| row.mnemonic);
            return Err(Refusal::new(format!("these octets are not a valid RDATA of {mnemonic}")));
        }
        return Ok(());
    }
    let Some(row) = row.filter(|row| !row.fields.is_empty()) else {
        return Err("the RDATA of this type is written as RFC 3597 says: \\# LENGTH HEXADECIMAL".into());
    };
    match row.reader {
        Reader::Domain => {
            let data = ZoneRecordData::scan(Rtype::from_int(code), tokens)?;
            data.compose_rdata(out).map_err(|_| "the RDATA is too long")?;
        }
        Reader::Fields => {
            for &field in row.fields {
                read_field(field, tokens, out)?;
            }
        }
    }
    if tokens.is_empty() { Ok(()) } else { Err(Refusal::trailing_tokens()) }
}

/// Reads what follows `\#` (RFC 3597 §5): the length and so many octets in hexadecimal.
fn read_generic(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let length = read_number(tokens, u64::from(u16::MAX), "the length behind \\#")?;
    let mut digits = Vec::new();
    tokens.rest(&mut digits)?;
    read_hex(&digits, out)?;
    if out.len() as u64 != length {
        return Err(Refusal::new(format!("\\# announces {length} octets, but there are {}", out.len())));
    }
    Ok(())
}

/// Reads one field.
fn read_field(field: Field, tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    match field {
        Field::Name => super::names::read_name(tokens.raw()?, tokens.origin(), out)?,
        Field::U8 => out.push(read_number(tokens, u64::from(u8::MAX), "the field")? as u8),
        Field::U16 => push_u16(read_number(tokens, u64::from(u16::MAX), "the field")? as u16, out),
        Field::U32 => push_u32(read_number(tokens, u64::from(u32::MAX), "the field")? as u32, out),
        Field::U64 => out.extend_from_slice(&read_number(tokens, u64::MAX, "the field")?.to_be_bytes()),
        Field::Serial => push_u32(read_number(tokens, u64::from(u32::MAX), "the serial")? as u32, out),
        Field::Period => push_u32(time::read_period(&tokens.word()?).map_err(Refusal::from)?, out),
        Field::Time => push_u32(time::read_time(&tokens.word()?).map_err(Refusal::from)?, out),
        Field::Ipv4 => {
            let word = tokens.word()?;
            let address: Ipv4Addr = word.parse().map_err(|_| "this is not an IPv4 address")?;
            out.extend_from_slice(&address.octets());
        }
        Field::Ipv6 => {
            let word = tokens.word()?;
            let address: Ipv6Addr = word.parse().map_err(|_| "this is not an IPv6 address")?;
            out.extend_from_slice(&address.octets());
        }
        Field::Text => character_string(tokens, out)?,
        Field::MaybeText if tokens.is_empty() => {}
        Field::MaybeText => character_string(tokens, out)?,
        Field::Texts => loop {
            character_string(tokens, out)?;
            if tokens.is_empty() {
                break;
            }
        },
        Field::LongText | Field::Tag => tokens.octets(out)?,
        Field::Type => push_u16(read_type(tokens)?, out),
        Field::Algorithm => out.push(odd::read_mnemonic(tokens, odd::ALGORITHMS, u8::MAX.into())? as u8),
        Field::Certificate => push_u16(odd::read_mnemonic(tokens, odd::CERTIFICATES, u16::MAX)?, out),
        Field::Scheme => out.push(odd::read_mnemonic(tokens, odd::SCHEMES, u8::MAX.into())? as u8),
        Field::Base64 => {
            let mut digits = Vec::new();
            tokens.rest(&mut digits)?;
            read_base64(&digits, out)?;
        }
        // KEY without a key has both flags of NOKEY set (RFC 2535 §3.1.2).
        Field::Key if tokens.is_empty() && out.first().is_some_and(|flags| flags & 0xc0 == 0xc0) => {}
        // IPSECKEY without a key has algorithm 0 (RFC 4025 §2.4).
        Field::IpsecKey if tokens.is_empty() && out.get(2) == Some(&0) => {}
        Field::Key | Field::IpsecKey => read_field(Field::Base64, tokens, out)?,
        Field::MaybeBase64 => {
            if tokens.peek() == Some(b"-") {
                tokens.raw()?;
            } else {
                read_field(Field::Base64, tokens, out)?;
            }
        }
        Field::Hex => {
            let mut digits = Vec::new();
            tokens.rest(&mut digits)?;
            if digits.is_empty() {
                return Err(Refusal::end_of_entry());
            }
            read_hex(&digits, out)?;
        }
        Field::Types => read_types(tokens, out)?,
        Field::OldTypes => odd::read_old_types(tokens, out)?,
        Field::Location => location::read(tokens, out)?,
        Field::Prefixes => odd::read_prefixes(tokens, out)?,
        Field::Eui(octets) => odd::read_eui(tokens, octets, out)?,
        Field::Locator64 => odd::read_locator(tokens, out)?,
        Field::Nsap => odd::read_nsap(tokens, out)?,
        Field::Services => odd::read_services(tokens, out)?,
        Field::Relay => odd::read_relay(tokens, out)?,
        Field::Hip => odd::read_hip(tokens, out)?,
        Field::A6 => odd::read_a6(tokens, out)?,
        Field::SvcParams => svc::read(tokens, out)?,
        Field::Gateway => {
            let kind = out.get(1).copied().unwrap_or_default();
            odd::read_gateway(kind, tokens, out)?;
        }
        Field::Salt => {
            let mut salt = Vec::new();
            match tokens.raw()? {
                b"-" => {}
                digits => read_hex(digits, &mut salt)?,
            }
            push_counted(&salt, "the salt is longer than 255 octets", out)?;
        }
        Field::Hash => {
            let mut hash = Vec::new();
            read_base32_hex(tokens.raw()?, &mut hash)?;
            push_counted(&hash, "the hash is longer than 255 octets", out)?;
        }
    }
    Ok(())
}

/// Takes a decimal number of at most `max`.
pub(super) fn read_number(tokens: &mut Tokens<'_>, max: u64, what: &str) -> Result<u64, Refusal> {
    let word = tokens.word()?;
    if word.is_empty() || !word.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(Refusal::new(format!("{what} is not a number")));
    }
    match word.parse() {
        Ok(number) if number <= max => Ok(number),
        _ => Err(Refusal::new(format!("{what} is larger than {max}"))),
    }
}

/// Takes a record type.
pub(super) fn read_type(tokens: &mut Tokens<'_>) -> Result<u16, Refusal> {
    types::by_mnemonic(tokens.raw()?).ok_or_else(|| "this is not a record type".into())
}

/// Reads type bit maps (RFC 4034 §4.1.2), which may be empty.
fn read_types(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let mut codes = Vec::new();
    while !tokens.is_empty() {
        codes.push(read_type(tokens)?);
    }
    write_types(&mut codes, out);
    Ok(())
}

/// Appends the type bit maps of these types, which are sorted.
pub(super) fn write_types(codes: &mut [u16], out: &mut Vec<u8>) {
    codes.sort_unstable();
    for window in codes.chunk_by(|a, b| a >> 8 == b >> 8) {
        let mut bits = [0_u8; 32];
        let mut length = 0;
        for &code in window {
            let low = usize::from(code & 0xff);
            bits[low / 8] |= 0x80 >> (low % 8);
            length = low / 8 + 1;
        }
        out.extend_from_slice(&[(window[0] >> 8) as u8, length as u8]);
        out.extend_from_slice(&bits[..length]);
    }
}

/// Appends a length octet and the octets.
fn push_counted(octets: &[u8], too_long: &'static str, out: &mut Vec<u8>) -> Result<(), Refusal> {
    out.push(u8::try_from(octets.len()).map_err(|_| too_long)?);
    out.extend_from_slice(octets);
    Ok(())
}

pub(super) fn push_u16(value: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_be_bytes());
}

pub(super) fn push_u32(value: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_be_bytes());
}
