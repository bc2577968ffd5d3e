//! Fields that stand in one or two types only, from text and to text.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::encodings::{read_base64, read_hex, write_base64, write_hex};
use super::input::{push_u16, read_number, read_type};
use super::names::{read_name, write_name};
use super::output::{Unfit, Wire, push_ipv4, push_ipv6, push_number};
use super::tokens::{Refusal, Tokens};
use super::types::write_type;

/// DNSSEC algorithms (RFC 4034 A.1 and the IANA registry).
pub(super) const ALGORITHMS: &[(&str, u16)] = &[
    ("RSAMD5", 1),
    ("DH", 2),
    ("DSA", 3),
    ("RSASHA1", 5),
    ("DSA-NSEC3-SHA1", 6),
    ("NSEC3DSA", 6),
    ("RSASHA1-NSEC3-SHA1", 7),
    ("NSEC3RSASHA1", 7),
    ("RSASHA256", 8),
    ("RSASHA512", 10),
    ("ECC-GOST", 12),
    ("ECCGOST", 12),
    ("ECDSAP256SHA256", 13),
    ("ECDSAP384SHA384", 14),
    ("ED25519", 15),
    ("ED448", 16),
    ("INDIRECT", 252),
    ("PRIVATEDNS", 253),
    ("PRIVATEOID", 254),
];

/// Certificate types (RFC 4398 §2.1).
pub(super) const CERTIFICATES: &[(&str, u16)] = &[
    ("PKIX", 1),
    ("SPKI", 2),
    ("PGP", 3),
    ("IPKIX", 4),
    ("ISPKI", 5),
    ("IPGP", 6),
    ("ACPKIX", 7),
    ("IACPKIX", 8),
    ("URI", 253),
    ("OID", 254),
];

/// DSYNC schemes (RFC 9859).
pub(super) const SCHEMES: &[(&str, u16)] = &[("NOTIFY", 1)];

/// Protocols of WKS that have names in zone files.
const PROTOCOLS: &[(&str, u16)] = &[("ICMP", 1), ("TCP", 6), ("UDP", 17)];

/// Services of WKS: those that RFC 1010 named and that zone files name.
const SERVICES: &[(&str, u16)] = &[
    ("ECHO", 7),
    ("DISCARD", 9),
    ("DAYTIME", 13),
    ("FTP-DATA", 20),
    ("FTP", 21),
    ("SSH", 22),
    ("TELNET", 23),
    ("SMTP", 25),
    ("TIME", 37),
    ("WHOIS", 43),
    ("DOMAIN", 53),
    ("TFTP", 69),
    ("GOPHER", 70),
    ("FINGER", 79),
    ("HTTP", 80),
    ("POP3", 110),
    ("SUNRPC", 111),
    ("NNTP", 119),
    ("NTP", 123),
    ("IMAP", 143),
    ("SNMP", 161),
    ("IRC", 194),
    ("HTTPS", 443),
];

/// Takes a mnemonic of `names`, or a number of at most `max`.
pub(super) fn read_mnemonic(tokens: &mut Tokens<'_>, names: &[(&str, u16)], max: u16) -> Result<u16, Refusal> {
    if let Some(&(_, value)) =
        names.iter().find(|(name, _)| tokens.peek().is_some_and(|raw| name.as_bytes().eq_ignore_ascii_case(raw)))
    {
        tokens.raw()?;
        return Ok(value);
    }
    if tokens.peek().is_some_and(|raw| !raw.first().is_some_and(u8::is_ascii_digit)) {
        tokens.raw()?;
        return Err("this mnemonic is not known: use the number".into());
    }
    Ok(read_number(tokens, max.into(), "the field")? as u16)
}

/// Reads NXT's types (RFC 2535 §5.2).
pub(super) fn read_old_types(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let start = out.len();
    while !tokens.is_empty() {
        let code = usize::from(read_type(tokens)?);
        if !(1..128).contains(&code) {
            return Err("NXT lists types 1 to 127 only".into());
        }
        let needed = start + code / 8 + 1;
        if out.len() < needed {
            out.resize(needed, 0);
        }
        out[start + code / 8] |= 0x80 >> (code % 8);
    }
    if out.len() == start {
        return Err("NXT lists at least one type".into());
    }
    Ok(())
}

/// Writes NXT's types.
pub(super) fn write_old_types(wire: &mut Wire<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let bits = wire.rest();
    // Bit 0 announces another format, and a last octet of 0 would not come back.
    if bits.len() > 16 || bits.last().is_none_or(|&octet| octet == 0) || bits[0] & 0x80 != 0 {
        return Err(Unfit::NoText);
    }
    let start = out.len();
    for code in (0..bits.len() * 8).filter(|code| bits[code / 8] & 0x80 >> (code % 8) != 0) {
        if out.len() > start {
            out.push(b' ');
        }
        write_type(code as u16, out);
    }
    Ok(())
}

/// Reads address prefixes: `[!]family:address/length` (RFC 3123 §5).
pub(super) fn read_prefixes(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    const BAD: &str = "this is not an address prefix such as 1:192.0.2.0/24";
    while !tokens.is_empty() {
        let word = tokens.word()?;
        let (negated, item) = word.strip_prefix('!').map_or((0, &*word), |item| (0x80, item));
        let (family, prefix) = item.split_once(':').ok_or(BAD)?;
        let (address, length) = prefix.split_once('/').ok_or(BAD)?;
        let (family, octets, most) = match family {
            "1" => (1, address.parse::<Ipv4Addr>().map_err(|_| BAD)?.octets().to_vec(), 32),
            "2" => (2, address.parse::<Ipv6Addr>().map_err(|_| BAD)?.octets().to_vec(), 128),
            _ => return Err(BAD.into()),
        };
        let length = super::types::number(length).filter(|&length| length <= most).ok_or(BAD)?;
        let used = octets.iter().rposition(|&octet| octet != 0).map_or(0, |at| at + 1);
        push_u16(family, out);
        out.extend_from_slice(&[length as u8, negated | used as u8]);
        out.extend_from_slice(&octets[..used]);
    }
    Ok(())
}

/// Writes address prefixes.
pub(super) fn write_prefixes(wire: &mut Wire<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let start = out.len();
    let mut has_text = true;
    while !wire.0.is_empty() {
        let (family, length, counted) = (wire.u16()?, wire.u8()?, wire.u8()?);
        let octets = wire.take((counted & 0x7f).into())?;
        has_text &= octets.last() != Some(&0);
        if out.len() > start {
            out.push(b' ');
        }
        if counted & 0x80 != 0 {
            out.push(b'!');
        }
        match family {
            1 if octets.len() <= 4 && length <= 32 => {
                out.extend_from_slice(b"1:");
                push_ipv4(padded(octets), out);
            }
            2 if octets.len() <= 16 && length <= 128 => {
                out.extend_from_slice(b"2:");
                push_ipv6(padded(octets), out);
            }
            1 | 2 => return Err(Unfit::Malformed),
            _ => has_text = false,
        }
        out.push(b'/');
        push_number(length.into(), out);
    }
    if has_text { Ok(()) } else { Err(Unfit::NoText) }
}

/// The octets with zeros behind.
fn padded<const N: usize>(octets: &[u8]) -> [u8; N] {
    let mut all = [0; N];
    all[..octets.len()].copy_from_slice(octets);
    all
}

/// Reads octets with hyphens between (RFC 7043 §3.2).
pub(super) fn read_eui(tokens: &mut Tokens<'_>, octets: usize, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let word = tokens.word()?;
    let groups: Vec<&str> = word.split('-').collect();
    if groups.len() != octets || groups.iter().any(|group| group.len() != 2) {
        return Err(Refusal::new(format!("{octets} groups of two hexadecimal digits with hyphens are needed")));
    }
    Ok(read_hex(groups.concat().as_bytes(), out)?)
}

/// Writes octets with hyphens between.
pub(super) fn write_eui(octets: &[u8], out: &mut Vec<u8>) {
    for (at, octet) in octets.iter().enumerate() {
        if at > 0 {
            out.push(b'-');
        }
        write_hex(&[*octet], out);
    }
}

/// Reads four groups of four hexadecimal digits (RFC 6742 §2.1.2).
pub(super) fn read_locator(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    const BAD: &str = "this is not four groups of hexadecimal digits such as 2001:0DB8:1140:1000";
    let word = tokens.word()?;
    let groups: Vec<&str> = word.split(':').collect();
    if groups.len() != 4 || groups.iter().any(|group| !(1..=4).contains(&group.len()) || group.starts_with('+')) {
        return Err(BAD.into());
    }
    for group in groups {
        push_u16(u16::from_str_radix(group, 16).map_err(|_| BAD)?, out);
    }
    Ok(())
}

/// Writes four groups of four hexadecimal digits.
pub(super) fn write_locator(octets: [u8; 8], out: &mut Vec<u8>) {
    for (at, group) in octets.chunks(2).enumerate() {
        if at > 0 {
            out.push(b':');
        }
        write_hex(group, out);
    }
}

/// Reads `0x` and hexadecimal digits, with dots anywhere between (RFC 1706 §7).
pub(super) fn read_nsap(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let word = tokens.word()?;
    let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).ok_or("an NSAP begins with 0x")?;
    let digits: Vec<u8> = digits.bytes().filter(|&octet| octet != b'.').collect();
    if digits.is_empty() {
        return Err("the NSAP is empty".into());
    }
    Ok(read_hex(&digits, out)?)
}

/// Writes an NSAP.
pub(super) fn write_nsap(wire: &mut Wire<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let octets = wire.rest();
    if octets.is_empty() {
        return Err(Unfit::Malformed);
    }
    out.extend_from_slice(b"0x");
    write_hex(octets, out);
    Ok(())
}

/// Reads a protocol and its ports (RFC 1035 §3.4.2).
pub(super) fn read_services(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    out.push(read_mnemonic(tokens, PROTOCOLS, u8::MAX.into())? as u8);
    let start = out.len();
    while !tokens.is_empty() {
        let port = usize::from(read_mnemonic(tokens, SERVICES, u16::MAX)?);
        let needed = start + port / 8 + 1;
        if out.len() < needed {
            out.resize(needed, 0);
        }
        out[start + port / 8] |= 0x80 >> (port % 8);
    }
    Ok(())
}

/// Writes a protocol and its ports, as numbers.
pub(super) fn write_services(wire: &mut Wire<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    push_number(wire.u8()?.into(), out);
    let bits = wire.rest();
    if bits.len() > 8192 {
        return Err(Unfit::Malformed);
    }
    for port in (0..bits.len() * 8).filter(|port| bits[port / 8] & 0x80 >> (port % 8) != 0) {
        out.push(b' ');
        push_number(port as u64, out);
    }
    if bits.last() == Some(&0) { Err(Unfit::NoText) } else { Ok(()) }
}

/// Reads a gateway of the given kind: none, IPv4, IPv6, name (RFC 4025 §3.1).
pub(super) fn read_gateway(kind: u8, tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    match kind {
        0 => match tokens.raw()? {
            b"." => {}
            _ => return Err("a gateway or relay of kind 0 is written as '.'".into()),
        },
        1 => {
            let address: Ipv4Addr = tokens.word()?.parse().map_err(|_| "this is not an IPv4 address")?;
            out.extend_from_slice(&address.octets());
        }
        2 => {
            let address: Ipv6Addr = tokens.word()?.parse().map_err(|_| "this is not an IPv6 address")?;
            out.extend_from_slice(&address.octets());
        }
        3 => read_name(tokens.raw()?, tokens.origin(), out)?,
        _ => {
            tokens.raw()?;
            return Err("the kind of a gateway or relay is 0 to 3".into());
        }
    }
    Ok(())
}

/// Writes a gateway of the given kind: none, IPv4, IPv6, name (RFC 4025 §2.3).
pub(super) fn write_gateway(kind: u8, wire: &mut Wire<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    match kind {
        0 => out.push(b'.'),
        1 => push_ipv4(wire.array()?, out),
        2 => push_ipv6(wire.array()?, out),
        3 => write_name(wire.name()?, out),
        // What is behind cannot be told apart.
        _ => {
            wire.rest();
            return Err(Unfit::NoText);
        }
    }
    Ok(())
}

/// Reads AMTRELAY's flag, kind and relay (RFC 8777 §4.3).
pub(super) fn read_relay(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let discovery = read_number(tokens, 1, "the discovery flag")? as u8;
    let kind = read_number(tokens, 127, "the relay's kind")? as u8;
    out.push(discovery << 7 | kind);
    read_gateway(kind, tokens, out)
}

/// Writes AMTRELAY's flag, kind and relay.
pub(super) fn write_relay(wire: &mut Wire<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let octet = wire.u8()?;
    push_number((octet >> 7).into(), out);
    out.push(b' ');
    push_number((octet & 0x7f).into(), out);
    out.push(b' ');
    write_gateway(octet & 0x7f, wire, out)
}

/// Reads a whole HIP: algorithm, host identity tag, key, rendezvous servers (RFC 8005 §6).
pub(super) fn read_hip(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let algorithm = read_mnemonic(tokens, &[], u8::MAX.into())? as u8;
    let (mut tag, mut key) = (Vec::new(), Vec::new());
    read_hex(tokens.raw()?, &mut tag)?;
    read_base64(tokens.raw()?, &mut key)?;
    let tag_length = u8::try_from(tag.len()).ok().filter(|&length| length > 0);
    out.push(tag_length.ok_or("a host identity tag has 1 to 255 octets")?);
    out.push(algorithm);
    push_u16(u16::try_from(key.len()).map_err(|_| "the key is too long")?, out);
    out.append(&mut tag);
    out.append(&mut key);
    while !tokens.is_empty() {
        read_name(tokens.raw()?, tokens.origin(), out)?;
    }
    Ok(())
}

/// Writes a whole HIP.
pub(super) fn write_hip(wire: &mut Wire<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let (tag, algorithm, key) = (wire.u8()?, wire.u8()?, wire.u16()?);
    let (tag, key) = (wire.take(tag.into())?, wire.take(key.into())?);
    if tag.is_empty() || key.is_empty() {
        return Err(Unfit::Malformed);
    }
    push_number(algorithm.into(), out);
    out.push(b' ');
    write_hex(tag, out);
    out.push(b' ');
    write_base64(key, out);
    while !wire.0.is_empty() {
        out.push(b' ');
        write_name(wire.name()?, out);
    }
    Ok(())
}

/// Reads A6's prefix length, address suffix and prefix name (RFC 2874 §3.2).
pub(super) fn read_a6(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let length = read_number(tokens, 128, "the prefix length")? as u8;
    out.push(length);
    if length < 128 {
        let address: Ipv6Addr = tokens.word()?.parse().map_err(|_| "this is not an IPv6 address")?;
        let mut suffix = address.octets();
        let skipped = usize::from(length / 8);
        suffix[skipped] &= 0xff >> (length % 8);
        out.extend_from_slice(&suffix[skipped..]);
    }
    if length > 0 {
        read_name(tokens.raw()?, tokens.origin(), out)?;
    }
    Ok(())
}

/// Writes A6's prefix length, address suffix and prefix name.
pub(super) fn write_a6(wire: &mut Wire<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let length = wire.u8()?;
    if length > 128 {
        return Err(Unfit::Malformed);
    }
    push_number(length.into(), out);
    if length < 128 {
        let skipped = usize::from(length / 8);
        let mut address = [0; 16];
        address[skipped..].copy_from_slice(wire.take(16 - skipped)?);
        if address[skipped] & !(0xff >> (length % 8)) != 0 {
            return Err(Unfit::Malformed);
        }
        out.push(b' ');
        push_ipv6(address, out);
    }
    if length > 0 {
        out.push(b' ');
        write_name(wire.name()?, out);
    }
    Ok(())
}
