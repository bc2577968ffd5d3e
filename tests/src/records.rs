//! Records as transferred, and the difference between two sets of them.

use std::collections::HashMap;
use std::fmt;

use crate::name;

/// A resource record in uncompressed wire form, case as received.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Record {
    /// Owner name in wire form.
    pub owner: Vec<u8>,
    /// RR type.
    pub rtype: u16,
    /// Class.
    pub class: u16,
    /// TTL in seconds.
    pub ttl: u32,
    /// RDATA with names uncompressed.
    pub rdata: Vec<u8>,
}

impl Record {
    /// The serial of a SOA.
    pub fn serial(&self) -> Option<u32> {
        let [.., a, b, c, d] = *self.rdata.get(..self.rdata.len().checked_sub(16)?)? else { return None };
        (self.rtype == 6).then(|| u32::from_be_bytes([a, b, c, d]))
    }

    /// The record with its owner in lower case and its RDATA in canonical form.
    fn canonical(&self) -> Self {
        Self { owner: self.owner.to_ascii_lowercase(), rdata: canonical_rdata(self.rtype, &self.rdata), ..*self }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rtype, class, ttl, .. } = self;
        let owner = name::to_text(&self.owner);
        let length = self.rdata.len();
        write!(f, "{owner} {ttl} CLASS{class} TYPE{rtype} \\# {length} ")?;
        for octet in self.rdata.iter().take(80) {
            write!(f, "{octet:02X}")?;
        }
        f.write_str(if length > 80 { "…" } else { "" })
    }
}

/// How exactly two records must agree to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exactness {
    /// Owner without case, class, type, TTL, RDATA in canonical form.
    Canonical,
    /// Every octet of owner and RDATA, so case too.
    Octets,
}

/// Which records two sets don't share, as a multiset: a record twice in one and once
/// in the other differs once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Expected, but not found; sorted.
    pub missing: Vec<Record>,
    /// Found, but not expected; sorted.
    pub extra: Vec<Record>,
}

impl Difference {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no difference");
        }
        for (what, sign, records) in [("missing", '-', &self.missing), ("extra", '+', &self.extra)] {
            writeln!(f, "{} records {what}", records.len())?;
            for record in records.iter().take(5) {
                writeln!(f, "  {sign} {record}")?;
            }
        }
        Ok(())
    }
}

/// Compares two sets of records, whatever their order.
pub fn difference(expected: &[Record], found: &[Record], exactness: Exactness) -> Difference {
    let form = |record: &Record| match exactness {
        Exactness::Canonical => record.canonical(),
        Exactness::Octets => record.clone(),
    };
    let mut count: HashMap<Record, i64> = HashMap::with_capacity(expected.len());
    for record in expected {
        *count.entry(form(record)).or_default() += 1;
    }
    for record in found {
        *count.entry(form(record)).or_default() -= 1;
    }
    let mut difference = Difference { missing: Vec::new(), extra: Vec::new() };
    for (record, count) in count {
        let side = match count > 0 {
            true => &mut difference.missing,
            false => &mut difference.extra,
        };
        side.extend((0..count.unsigned_abs()).map(|_| record.clone()));
    }
    difference.missing.sort();
    difference.extra.sort();
    difference
}

/// Fails a test with a readable difference unless both sets hold the same records.
///
/// # Panics
/// When they don't.
pub fn assert_same(what: &str, expected: &[Record], found: &[Record], exactness: Exactness) {
    let difference = difference(expected, found, exactness);
    assert!(difference.is_empty(), "{what}:\n{difference}");
}

/// RDATA with the names of the types of RFC 4034 §6.2 in lower case, less NSEC
/// (RFC 6840 §5.1). RDATA that isn't laid out as its type says stays as it is.
pub fn canonical_rdata(rtype: u16, rdata: &[u8]) -> Vec<u8> {
    let mut canonical = rdata.to_vec();
    if let Some(names) = names(rtype, rdata) {
        for range in names {
            canonical[range].make_ascii_lowercase();
        }
    }
    canonical
}

/// Where the names of a type's RDATA are.
fn names(rtype: u16, rdata: &[u8]) -> Option<Vec<std::ops::Range<usize>>> {
    // How many octets come before the first name, and how many names follow.
    let (before, count) = match rtype {
        2 | 3 | 4 | 5 | 7 | 8 | 9 | 12 | 39 => (0, 1), // NS MD MF CNAME MB MG MR PTR DNAME
        6 | 14 | 17 => (0, 2),                         // SOA MINFO RP
        15 | 18 | 21 | 36 => (2, 1),                   // MX AFSDB RT KX
        24 | 46 => (18, 1),                            // SIG RRSIG
        26 => (2, 2),                                  // PX
        30 => (0, 1),                                  // NXT
        33 => (6, 1),                                  // SRV
        35 => (naptr_fixed(rdata)?, 1),
        38 => (a6_fixed(rdata)?, usize::from(*rdata.first()? != 0)),
        _ => return None,
    };
    let mut at = before;
    let mut names = Vec::with_capacity(count);
    for _ in 0..count {
        let length = name::length(rdata.get(at..)?).ok()?;
        names.push(at..at + length);
        at += length;
    }
    Some(names)
}

/// NAPTR: order, preference, then three character-strings (RFC 3403 §4.1).
fn naptr_fixed(rdata: &[u8]) -> Option<usize> {
    let mut at = 4;
    for _ in 0..3 {
        at += 1 + usize::from(*rdata.get(at)?);
    }
    Some(at)
}

/// A6: prefix length, then the octets of the address that it leaves (RFC 2874 §3.1).
fn a6_fixed(rdata: &[u8]) -> Option<usize> {
    let prefix = usize::from(*rdata.first()?);
    Some(1 + 128_usize.checked_sub(prefix)?.div_ceil(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(owner: &[u8], rtype: u16, ttl: u32, rdata: &[u8]) -> Record {
        Record { owner: owner.to_vec(), rtype, class: 1, ttl, rdata: rdata.to_vec() }
    }

    #[test]
    fn case_counts_only_when_octets_are_compared() {
        let upper = [record(b"\x01A\0", 15, 1, b"\0\x01\x01B\0")];
        let lower = [record(b"\x01a\0", 15, 1, b"\0\x01\x01b\0")];
        assert!(difference(&upper, &lower, Exactness::Canonical).is_empty());
        let strict = difference(&upper, &lower, Exactness::Octets);
        assert_eq!((strict.missing, strict.extra), (upper.to_vec(), lower.to_vec()));
    }

    #[test]
    fn ttl_text_case_and_count_always_count() {
        let one = [record(b"\0", 16, 1, b"\x01x")];
        for other in [
            vec![record(b"\0", 16, 2, b"\x01x")],
            vec![record(b"\0", 16, 1, b"\x01X")],
            vec![record(b"\0", 99, 1, b"\x01x")],
            vec![one[0].clone(), one[0].clone()],
            vec![],
        ] {
            assert!(!difference(&one, &other, Exactness::Canonical).is_empty());
        }
    }

    #[test]
    fn order_does_not_count() {
        let a = record(b"\x01a\0", 1, 1, &[1; 4]);
        let b = record(b"\x01b\0", 1, 1, &[1; 4]);
        let there = [a.clone(), b.clone()];
        assert!(difference(&there, &[b, a], Exactness::Octets).is_empty());
    }

    #[test]
    fn only_the_names_become_lower_case() {
        for (rtype, rdata, canonical) in [
            (2, &b"\x01A\0"[..], &b"\x01a\0"[..]),
            (6, b"\x01A\0\x01B\0CCCCCCCCCCCCCCCCCCCC", b"\x01a\0\x01b\0CCCCCCCCCCCCCCCCCCCC"),
            (26, b"AA\x01A\0\x01B\0", b"AA\x01a\0\x01b\0"),
            (33, b"AABBCC\x01A\0", b"AABBCC\x01a\0"),
            (35, b"AABB\x01S\0\x01R\x01A\0", b"AABB\x01S\0\x01R\x01a\0"),
            (38, b"\x78A\x01A\0", b"\x78A\x01a\0"),
            (38, b"\0AAAAAAAAAAAAAAAA", b"\0AAAAAAAAAAAAAAAA"),
            (46, b"AAAAAAAAAAAAAAAAAA\x01A\0SIG", b"AAAAAAAAAAAAAAAAAA\x01a\0SIG"),
            (47, b"\x01A\0BITS", b"\x01A\0BITS"),
            (64, b"\0\x01\x01A\0", b"\0\x01\x01A\0"),
            (15, b"AA\x05A", b"AA\x05A"),
        ] {
            assert_eq!(canonical_rdata(rtype, rdata), canonical, "type {rtype}");
        }
    }

    #[test]
    fn a_difference_reads_well() {
        let text = difference(&[record(b"\x01a\0", 1, 7, &[192, 0, 2, 1])], &[], Exactness::Octets).to_string();
        assert!(text.contains("- a. 7 CLASS1 TYPE1 \\# 4 C0000201"), "{text}");
    }
}
