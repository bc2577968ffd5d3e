//! SvcParams of SVCB and HTTPS (RFC 9460 §2.1, §7, appendix A; RFC 9461; RFC 9540).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::encodings::{read_base64, write_base64};
use super::input::push_u16;
use super::output::{Unfit, Wire, push_ipv4, push_ipv6, push_number, push_quoted};
use super::tokens::{Refusal, Tokens};
use super::types;

const MANDATORY: u16 = 0;
const ALPN: u16 = 1;
const NO_DEFAULT_ALPN: u16 = 2;
const PORT: u16 = 3;
const IPV4_HINT: u16 = 4;
const ECH: u16 = 5;
const IPV6_HINT: u16 = 6;
const DOH_PATH: u16 = 7;
const OHTTP: u16 = 8;

/// The keys with names, by number.
const KEYS: [&str; 9] =
    ["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp"];
/// Keys up to this number are written by name; servers in use may not know the later ones.
const LAST_WRITTEN: u16 = IPV6_HINT;

/// Reads parameters to the end of the entry, in any order; each key at most once.
pub(super) fn read(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let mut params: Vec<(u16, Vec<u8>)> = Vec::new();
    while !tokens.is_empty() {
        let (raw, quoted_value) = tokens.parameter()?;
        let (name, value) = match raw.iter().position(|&octet| octet == b'=') {
            Some(at) => (&raw[..at], Some(&raw[at + 1..])),
            None => (raw, None),
        };
        let value = match quoted_value {
            Some(_) if value != Some(b"") => {
                return Err("a quoted value stands right behind KEY=".into());
            }
            Some(quoted) => Some(quoted),
            None => value,
        };
        let key = read_key(name)?;
        if params.iter().any(|&(other, _)| other == key) {
            return Err("the key is there twice".into());
        }
        if name == b"dohpath" && value.is_none_or(<[u8]>::is_empty) {
            return Err("this key needs a value".into());
        }
        let mut octets = Vec::new();
        read_value(key, value, &mut octets)?;
        params.push((key, octets));
    }
    params.sort_by_key(|&(key, _)| key);
    let keys: Vec<u16> = params.iter().map(|&(key, _)| key).collect();
    for (key, octets) in &params {
        if *key == MANDATORY && !mandatory_keys(octets).all(|needed| keys.contains(&needed)) {
            return Err("a mandatory key is not there".into());
        }
        push_u16(*key, out);
        push_u16(u16::try_from(octets.len()).map_err(|_| "a value is longer than 65535 octets")?, out);
        out.extend_from_slice(octets);
    }
    Ok(())
}

/// The number of a key: its name or `keyNNNNN`, in lower case.
fn read_key(name: &[u8]) -> Result<u16, Refusal> {
    const BAD: &str = "this is not a SvcParam key: a name such as alpn, or keyNNNNN";
    let name = core::str::from_utf8(name).map_err(|_| BAD)?;
    if let Some(key) = KEYS.iter().position(|known| *known == name) {
        return Ok(key as u16);
    }
    let digits = name.strip_prefix("key").ok_or(BAD)?;
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(BAD.into());
    }
    types::number(digits).filter(|&key| key != u16::MAX || digits == "65535").ok_or_else(|| BAD.into())
}

/// Reads the value of a key: what follows `=`, with its escapes.
fn read_value(key: u16, raw: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    if matches!(key, NO_DEFAULT_ALPN | OHTTP) {
        return if raw.is_none_or(<[u8]>::is_empty) { Ok(()) } else { Err("this key has no value".into()) };
    }
    let mut value = Vec::new();
    super::tokens::unescape_into(raw.unwrap_or_default(), &mut value)?;
    if key > OHTTP {
        out.append(&mut value);
        return Ok(());
    }
    if value.is_empty() && key != DOH_PATH {
        return Err("this key needs a value".into());
    }
    match key {
        MANDATORY => {
            let mut keys = Vec::new();
            for name in value.split(|&octet| octet == b',') {
                keys.push(read_key(name)?);
            }
            keys.sort_unstable();
            if keys[0] == MANDATORY || keys.windows(2).any(|pair| pair[0] == pair[1]) {
                return Err("mandatory lists other keys, each once".into());
            }
            keys.into_iter().for_each(|key| push_u16(key, out));
        }
        ALPN => read_alpn(&value, out)?,
        PORT => {
            let port = core::str::from_utf8(&value).ok().and_then(types::number);
            push_u16(port.ok_or("this is not a port")?, out);
        }
        IPV4_HINT => {
            for address in split_addresses(&value)? {
                let address: Ipv4Addr = address.parse().map_err(|_| "this is not a list of IPv4 addresses")?;
                out.extend_from_slice(&address.octets());
            }
        }
        IPV6_HINT => {
            for address in split_addresses(&value)? {
                let address: Ipv6Addr = address.parse().map_err(|_| "this is not a list of IPv6 addresses")?;
                out.extend_from_slice(&address.octets());
            }
        }
        ECH => read_base64(&value, out)?,
        _ if core::str::from_utf8(&value).is_ok() => out.append(&mut value),
        _ => return Err("dohpath is UTF-8 text".into()),
    }
    Ok(())
}

fn split_addresses(value: &[u8]) -> Result<core::str::Split<'_, char>, Refusal> {
    Ok(core::str::from_utf8(value).map_err(|_| "this is not a list of addresses")?.split(','))
}

/// Reads the protocols of an alpn: separated by commas; a comma or backslash in one has a backslash before it
/// (RFC 9460 appendix A.1), besides the escapes of zone files, which are already resolved.
fn read_alpn(value: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
    let mut start = out.len();
    out.push(0);
    let mut close = |out: &mut Vec<u8>, next: bool| -> Result<(), Refusal> {
        let length = out.len() - start - 1;
        let octets = u8::try_from(length).ok().filter(|&octets| octets > 0);
        out[start] = octets.ok_or("a protocol of an alpn has 1 to 255 octets")?;
        start = out.len();
        if next {
            out.push(0);
        }
        Ok(())
    };
    let mut at = 0;
    while at < value.len() {
        match value[at] {
            b',' => close(out, true)?,
            b'\\' => {
                let octet = value.get(at + 1).filter(|&octet| matches!(octet, b',' | b'\\'));
                out.push(*octet.ok_or("in an alpn a backslash stands before a comma or a backslash")?);
                at += 1;
            }
            octet => out.push(octet),
        }
        at += 1;
    }
    close(out, false)
}

/// The keys that a mandatory lists.
fn mandatory_keys(octets: &[u8]) -> impl Iterator<Item = u16> {
    octets.as_chunks::<2>().0.iter().map(|&key| u16::from_be_bytes(key))
}

/// Writes parameters.
pub(super) fn write(wire: &mut Wire<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let start = out.len();
    let octets = wire.0;
    let mut has_text = true;
    let mut last = None;
    while !wire.0.is_empty() {
        let key = wire.u16()?;
        let length = wire.u16()?;
        let value = wire.take(length.into())?;
        // RFC 9460 §2.2: strictly growing.
        if last >= Some(key) {
            return Err(Unfit::Malformed);
        }
        last = Some(key);
        if out.len() > start {
            out.push(b' ');
        }
        has_text &= write_param(key, value, octets, out)?;
    }
    if has_text { Ok(()) } else { Err(Unfit::NoText) }
}

/// Writes one parameter; whether it can be read back.
fn write_param(key: u16, value: &[u8], all: &[u8], out: &mut Vec<u8>) -> Result<bool, Unfit> {
    write_key(key, out);
    let needs_value = key <= OHTTP && !matches!(key, NO_DEFAULT_ALPN | DOH_PATH | OHTTP);
    if value.is_empty() {
        return if needs_value { Err(Unfit::Malformed) } else { Ok(true) };
    }
    out.push(b'=');
    match key {
        MANDATORY => {
            if !value.len().is_multiple_of(2) {
                return Err(Unfit::Malformed);
            }
            let keys: Vec<u16> = mandatory_keys(value).collect();
            for (at, &needed) in keys.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_key(needed, out);
            }
            let sorted = keys[0] != MANDATORY && keys.windows(2).all(|pair| pair[0] < pair[1]);
            return Ok(sorted && keys.iter().all(|&needed| has_key(all, needed)));
        }
        ALPN => {
            let mut list = Wire(value);
            let mut text = Vec::new();
            while !list.0.is_empty() {
                let protocol = list.counted()?;
                if protocol.is_empty() {
                    return Err(Unfit::Malformed);
                }
                if !text.is_empty() {
                    text.push(b',');
                }
                for &octet in protocol {
                    if matches!(octet, b',' | b'\\') {
                        text.push(b'\\');
                    }
                    text.push(octet);
                }
            }
            push_value(&text, out);
        }
        PORT => match Wire(value).u16() {
            Ok(port) if value.len() == 2 => push_number(port.into(), out),
            _ => return Err(Unfit::Malformed),
        },
        IPV4_HINT => write_addresses::<4>(value, push_ipv4, out)?,
        IPV6_HINT => write_addresses::<16>(value, push_ipv6, out)?,
        ECH => write_base64(value, out),
        NO_DEFAULT_ALPN | OHTTP => return Err(Unfit::Malformed),
        DOH_PATH if core::str::from_utf8(value).is_err() => return Err(Unfit::Malformed),
        _ => push_quoted(value, out),
    }
    Ok(true)
}

/// Writes a value, quoted when it has to be.
fn push_value(value: &[u8], out: &mut Vec<u8>) {
    if value.iter().all(|octet| octet.is_ascii_alphanumeric() || b"-./,_:".contains(octet)) {
        out.extend_from_slice(value);
    } else {
        push_quoted(value, out);
    }
}

fn write_key(key: u16, out: &mut Vec<u8>) {
    match KEYS.get(usize::from(key)).filter(|_| key <= LAST_WRITTEN) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => {
            out.extend_from_slice(b"key");
            push_number(key.into(), out);
        }
    }
}

/// Writes addresses with commas between; there has to be a whole number of them.
fn write_addresses<const N: usize>(
    value: &[u8],
    push: fn([u8; N], &mut Vec<u8>),
    out: &mut Vec<u8>,
) -> Result<(), Unfit> {
    let (addresses, rest) = value.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(Unfit::Malformed);
    }
    for (at, &address) in addresses.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push(address, out);
    }
    Ok(())
}

/// Whether the parameters have a key.
fn has_key(all: &[u8], wanted: u16) -> bool {
    let mut wire = Wire(all);
    while let (Ok(key), Ok(length)) = (wire.u16(), wire.u16()) {
        if key == wanted {
            return true;
        }
        if wire.take(length.into()).is_err() {
            break;
        }
    }
    false
}
