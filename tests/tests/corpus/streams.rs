//! Recorded streams and their index.

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;

/// A text field of an entry.
pub(crate) fn text<'v>(entry: &'v Value, field: &str) -> &'v str {
    entry[field].as_str().unwrap_or_else(|| panic!("{field} in {entry}"))
}

/// A number field of an entry.
pub(crate) fn number(entry: &Value, field: &str) -> u64 {
    entry[field].as_u64().unwrap_or_else(|| panic!("{field} in {entry}"))
}

/// Octets that an entry has in hexadecimal.
pub(crate) fn octets(entry: &Value, field: &str) -> Vec<u8> {
    let hex = text(entry, field).as_bytes();
    let digit = |octet: &u8| char::from(*octet).to_digit(16).unwrap() as u8;
    hex.chunks_exact(2).map(|pair| digit(&pair[0]) << 4 | digit(&pair[1])).collect()
}

/// The messages of a recorded stream: datagrams alone, TCP with two octets of length before each.
pub(crate) fn messages(file: &Path) -> Vec<Vec<u8>> {
    let mut octets = fs::read(file).unwrap();
    if file.extension().is_some_and(|extension| extension == "gz") {
        let packed = std::mem::take(&mut octets);
        GzDecoder::new(&packed[..]).read_to_end(&mut octets).unwrap();
    }
    if file.extension().is_some_and(|extension| extension == "udp") {
        return vec![octets];
    }
    let mut messages = Vec::new();
    let mut rest = &octets[..];
    while let [high, low, after @ ..] = rest {
        let (message, after) = after.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        messages.push(message.to_vec());
        rest = after;
    }
    assert!(rest.is_empty());
    messages
}
