//! A record from a line of a [history](crate::history), for the types that .gov and
//! blocklists have.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::records::Record;
use crate::{Failure, name};

/// Reads `OWNER TTL IN TYPE RDATA` with absolute names; the types are A, AAAA, NS, CNAME,
/// SOA, DS and TXT with quoted strings without escapes.
///
/// # Errors
/// When the line is none of these.
pub fn read(line: &str) -> Result<Record, Failure> {
    record(line).ok_or_else(|| Failure::new(format!("not a record of a type read here: {line}")))
}

fn record(line: &str) -> Option<Record> {
    let mut words = line.splitn(5, ' ');
    let owner = name::to_wire(words.next()?).ok()?;
    let ttl = words.next()?.parse().ok()?;
    if words.next()? != "IN" {
        return None;
    }
    let (mnemonic, text) = (words.next()?, words.next()?);
    let (rtype, rdata) = match mnemonic {
        "A" => (1, text.parse::<Ipv4Addr>().ok()?.octets().to_vec()),
        "AAAA" => (28, text.parse::<Ipv6Addr>().ok()?.octets().to_vec()),
        "NS" => (2, name::to_wire(text).ok()?),
        "CNAME" => (5, name::to_wire(text).ok()?),
        "SOA" => (6, soa(text)?),
        "DS" => (43, ds(text)?),
        "TXT" => (16, txt(text)?),
        _ => return None,
    };
    Some(Record { owner, rtype, class: 1, ttl, rdata })
}

fn soa(text: &str) -> Option<Vec<u8>> {
    let words: Vec<_> = text.split(' ').collect();
    let [mname, rname, numbers @ ..] = words.as_slice() else { return None };
    let mut rdata = [name::to_wire(mname).ok()?, name::to_wire(rname).ok()?].concat();
    for number in numbers {
        rdata.extend(number.parse::<u32>().ok()?.to_be_bytes());
    }
    (numbers.len() == 5).then_some(rdata)
}

fn ds(text: &str) -> Option<Vec<u8>> {
    let mut words = text.split(' ');
    let mut rdata = words.next()?.parse::<u16>().ok()?.to_be_bytes().to_vec();
    rdata.push(words.next()?.parse().ok()?);
    rdata.push(words.next()?.parse().ok()?);
    let digits: String = words.collect();
    for at in (0..digits.len()).step_by(2) {
        rdata.push(u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?);
    }
    Some(rdata)
}

fn txt(text: &str) -> Option<Vec<u8>> {
    let inside = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut rdata = Vec::new();
    for string in inside.split("\" \"") {
        if string.contains(['"', '\\']) {
            return None;
        }
        rdata.push(u8::try_from(string.len()).ok()?);
        rdata.extend(string.bytes());
    }
    Some(rdata)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_read() {
        for (line, rtype, rdata) in [
            ("a. 5 IN A 192.0.2.1", 1, &[192, 0, 2, 1][..]),
            ("a. 5 IN AAAA ::1", 28, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            ("a. 5 IN NS b.", 2, b"\x01b\0"),
            ("a. 5 IN CNAME .", 5, b"\0"),
            ("a. 5 IN SOA b. . 1 2 3 4 5", 6, b"\x01b\0\0\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x05"),
            ("a. 5 IN DS 258 8 2 0A0B 0C", 43, &[1, 2, 8, 2, 10, 11, 12]),
            ("a. 5 IN TXT \"x y\" \"z\"", 16, b"\x03x y\x01z"),
        ] {
            let expected = Record { owner: b"\x01a\0".to_vec(), rtype, class: 1, ttl: 5, rdata: rdata.to_vec() };
            assert_eq!(read(line).unwrap(), expected);
        }
        for line in ["a. 5 IN MX 1 b.", "a. 5 CH A 192.0.2.1", "a 5 IN A 192.0.2.1", "a. 5 IN SOA b. . 1 2 3 4", ""] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
