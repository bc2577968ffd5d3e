//! The record types: number, mnemonic, and the fields of their RDATA in presentation order.

/// One field of an RDATA, as text and on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// A domain name.
    Name,
    /// A number of one octet.
    U8,
    /// A number of two octets.
    U16,
    /// A number of four octets.
    U32,
    /// A number of eight octets.
    U64,
    /// Four octets: a time span in seconds, read with units, too (`1h30m`).
    Period,
    /// An SOA's serial (RFC 1982).
    Serial,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A character-string (RFC 1035 §3.3).
    Text,
    /// A character-string that may be left out.
    MaybeText,
    /// One or more character-strings, to the end.
    Texts,
    /// Text to the end of the RDATA, without a length (RFC 7553 §4.4, RFC 8659 §4.1.1).
    LongText,
    /// A CAA property tag: letters and digits, unquoted (RFC 8659 §4.1).
    Tag,
    /// A record type.
    Type,
    /// A DNSSEC algorithm: number or mnemonic (RFC 4034 A.1).
    Algorithm,
    /// A certificate type: number or mnemonic (RFC 4398 §2.1).
    Certificate,
    /// A DSYNC scheme: number or mnemonic (RFC 9859).
    Scheme,
    /// A signature's time: YYYYMMDDHHmmSS or seconds (RFC 4034 §3.2).
    Time,
    /// Base 64 to the end.
    Base64,
    /// KEY's key in base 64 to the end, or nothing when the flags say so (RFC 2535 §3.1.2).
    Key,
    /// IPSECKEY's key in base 64 to the end, or nothing when the algorithm is 0 (RFC 4025 §3.1).
    IpsecKey,
    /// Base 64 to the end, `-` when there is nothing (DOA).
    MaybeBase64,
    /// Hexadecimal digits to the end.
    Hex,
    /// A length octet and that many octets, in hexadecimal, `-` when there are none (RFC 5155 §3.3).
    Salt,
    /// A length octet and that many octets, in base 32 hex (RFC 5155 §3.3).
    Hash,
    /// Type bit maps (RFC 4034 §4.1.2).
    Types,
    /// NXT's bit map of the first 128 types (RFC 2535 §5.2).
    OldTypes,
    /// SvcParams (RFC 9460 §2.1).
    SvcParams,
    /// A whole LOC (RFC 1876 §3).
    Location,
    /// Address prefixes (RFC 3123 §4).
    Prefixes,
    /// So many octets with hyphens between (RFC 7043 §3.2).
    Eui(usize),
    /// Four groups of four hexadecimal digits (RFC 6742 §2.1.2).
    Locator64,
    /// `0x` and hexadecimal digits (RFC 1706 §7).
    Nsap,
    /// A protocol and its ports (RFC 1035 §3.4.2).
    Services,
    /// A gateway whose kind the octet at this offset gives (RFC 4025 §3.1).
    Gateway,
    /// AMTRELAY's discovery flag, kind and relay (RFC 8777 §4.3).
    Relay,
    /// A whole HIP (RFC 8005 §6).
    Hip,
    /// A6's prefix length, address suffix and prefix name (RFC 2874 §3.2).
    A6,
}

/// A record type.
#[derive(Debug)]
pub(super) struct Type {
    /// Its number.
    pub(super) code: u16,
    /// Its mnemonic.
    pub(super) mnemonic: &'static str,
    /// The fields of its RDATA; none: it has no presentation format, RFC 3597's is used.
    pub(super) fields: &'static [Field],
    /// Who reads its RDATA.
    pub(super) reader: Reader,
    /// Whether the mnemonic is old enough to be written.
    pub(super) written: bool,
}

/// Who reads the RDATA of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// The `domain` crate.
    Domain,
    /// This module, field by field.
    Fields,
}

/// A type that the `domain` crate reads.
const fn domain(code: u16, mnemonic: &'static str, fields: &'static [Field]) -> Type {
    Type { code, mnemonic, fields, reader: Reader::Domain, written: true }
}

/// A type that the `domain` crate does not read, or not in all the forms that zone files have: it lacks mnemonics of
/// types and algorithms, escapes in alpn and time units, and takes empty signatures, digests and keys.
const fn fields(code: u16, mnemonic: &'static str, fields: &'static [Field]) -> Type {
    Type { code, mnemonic, fields, reader: Reader::Fields, written: true }
}

/// A type too young for the servers in use: read by its mnemonic, written as TYPEnnn.
const fn young(code: u16, mnemonic: &'static str, fields: &'static [Field]) -> Type {
    Type { code, mnemonic, fields, reader: Reader::Fields, written: false }
}

use Field::*;

const DNSKEY: &[Field] = &[U16, U8, Algorithm, Base64];
const DS: &[Field] = &[U16, Algorithm, U8, Hex];
const SIG: &[Field] = &[Type, Algorithm, U8, Period, Time, Time, U16, Name, Base64];
const TLSA: &[Field] = &[U8, U8, U8, Hex];
const SVCB: &[Field] = &[U16, Name, SvcParams];

/// Every type with a mnemonic that may stand in a zone, by number.
static TYPES: &[Type] = &[
    domain(1, "A", &[Ipv4]),
    domain(2, "NS", &[Name]),
    domain(3, "MD", &[Name]),
    domain(4, "MF", &[Name]),
    domain(5, "CNAME", &[Name]),
    // `domain` reads no time units and names no serial that is too large.
    fields(6, "SOA", &[Name, Name, Serial, Period, Period, Period, Period]),
    domain(7, "MB", &[Name]),
    domain(8, "MG", &[Name]),
    domain(9, "MR", &[Name]),
    fields(10, "NULL", &[]),
    fields(11, "WKS", &[Ipv4, Services]),
    domain(12, "PTR", &[Name]),
    domain(13, "HINFO", &[Text, Text]),
    domain(14, "MINFO", &[Name, Name]),
    domain(15, "MX", &[U16, Name]),
    domain(16, "TXT", &[Texts]),
    domain(17, "RP", &[Name, Name]),
    fields(18, "AFSDB", &[U16, Name]),
    fields(19, "X25", &[Text]),
    fields(20, "ISDN", &[Text, MaybeText]),
    fields(21, "RT", &[U16, Name]),
    fields(22, "NSAP", &[Nsap]),
    fields(23, "NSAP-PTR", &[Name]),
    fields(24, "SIG", SIG),
    fields(25, "KEY", &[U16, U8, Algorithm, Key]),
    fields(26, "PX", &[U16, Name, Name]),
    fields(27, "GPOS", &[Text, Text, Text]),
    domain(28, "AAAA", &[Ipv6]),
    fields(29, "LOC", &[Location]),
    fields(30, "NXT", &[Name, OldTypes]),
    fields(31, "EID", &[Hex]),
    fields(32, "NIMLOC", &[Hex]),
    domain(33, "SRV", &[U16, U16, U16, Name]),
    fields(34, "ATMA", &[]),
    domain(35, "NAPTR", &[U16, U16, Text, Text, Text, Name]),
    fields(36, "KX", &[U16, Name]),
    fields(37, "CERT", &[Certificate, U16, Algorithm, Base64]),
    fields(38, "A6", &[A6]),
    domain(39, "DNAME", &[Name]),
    fields(40, "SINK", &[U8, U8, U8, Base64]),
    fields(42, "APL", &[Prefixes]),
    fields(43, "DS", DS),
    fields(44, "SSHFP", &[U8, U8, Hex]),
    fields(45, "IPSECKEY", &[U8, U8, U8, Gateway, IpsecKey]),
    fields(46, "RRSIG", SIG),
    fields(47, "NSEC", &[Name, Types]),
    fields(48, "DNSKEY", DNSKEY),
    fields(49, "DHCID", &[Base64]),
    fields(50, "NSEC3", &[U8, U8, U16, Salt, Hash, Types]),
    domain(51, "NSEC3PARAM", &[U8, U8, U16, Salt]),
    fields(52, "TLSA", TLSA),
    fields(53, "SMIMEA", TLSA),
    fields(55, "HIP", &[Hip]),
    fields(56, "NINFO", &[Texts]),
    fields(57, "RKEY", &[U16, U8, Algorithm, Key]),
    fields(58, "TALINK", &[Name, Name]),
    fields(59, "CDS", DS),
    fields(60, "CDNSKEY", DNSKEY),
    fields(61, "OPENPGPKEY", &[Base64]),
    fields(62, "CSYNC", &[U32, U16, Types]),
    fields(63, "ZONEMD", &[U32, U8, U8, Hex]),
    fields(64, "SVCB", SVCB),
    fields(65, "HTTPS", SVCB),
    young(66, "DSYNC", &[Type, Scheme, U16, Name]),
    young(67, "HHIT", &[Base64]),
    young(68, "BRID", &[Base64]),
    fields(99, "SPF", &[Texts]),
    fields(104, "NID", &[U16, Locator64]),
    fields(105, "L32", &[U16, Ipv4]),
    fields(106, "L64", &[U16, Locator64]),
    fields(107, "LP", &[U16, Name]),
    fields(108, "EUI48", &[Eui(6)]),
    fields(109, "EUI64", &[Eui(8)]),
    fields(256, "URI", &[U16, U16, LongText]),
    domain(257, "CAA", &[U8, Tag, LongText]),
    fields(258, "AVC", &[Texts]),
    fields(259, "DOA", &[U32, U32, U8, Text, MaybeBase64]),
    fields(260, "AMTRELAY", &[U8, Relay]),
    young(261, "RESINFO", &[Texts]),
    young(262, "WALLET", &[Texts]),
    young(263, "CLA", &[Texts]),
    young(264, "IPN", &[U64]),
    fields(32768, "TA", DS),
    fields(32769, "DLV", DS),
];

/// Mnemonics of types that no zone may hold.
const META: &[(&str, u16)] = &[
    ("OPT", 41),
    ("TKEY", 249),
    ("TSIG", 250),
    ("IXFR", 251),
    ("AXFR", 252),
    ("MAILB", 253),
    ("MAILA", 254),
    ("ANY", 255),
];

/// Positions in `TYPES` by number, 255 for none: nearly all types are below this length.
static INDEX: [u8; 265] = {
    let mut index = [255; 265];
    let mut at = 0;
    while at < TYPES.len() {
        if (TYPES[at].code as usize) < index.len() {
            index[TYPES[at].code as usize] = at as u8;
        }
        at += 1;
    }
    index
};

/// The most octets that a mnemonic has.
const MNEMONIC_OCTETS: usize = 10;

/// Mnemonics as [`key`] makes them, with their types, each at the place that [`place`] gives or behind it: 0 is none.
static BY_MNEMONIC: [(u128, u16); 256] = {
    let mut table = [(0, 0); 256];
    let mut at = 0;
    while at < TYPES.len() + META.len() {
        let (mnemonic, code) =
            if at < TYPES.len() { (TYPES[at].mnemonic, TYPES[at].code) } else { META[at - TYPES.len()] };
        let key = key(mnemonic.as_bytes());
        let mut place = place(key);
        while table[place].0 != 0 {
            place = (place + 1) % table.len();
        }
        table[place] = (key, code);
        at += 1;
    }
    table
};

/// The octets of a mnemonic in capitals as a number, behind a 1, so that leading zeros count.
const fn key(mnemonic: &[u8]) -> u128 {
    let mut key = 1;
    let mut at = 0;
    while at < mnemonic.len() {
        key = key << 8 | mnemonic[at].to_ascii_uppercase() as u128;
        at += 1;
    }
    key
}

/// Where a mnemonic is looked for first.
const fn place(key: u128) -> usize {
    let folded = (key ^ key >> 64) as u64;
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize
}

/// The type with this number, if it has a row.
pub(super) fn by_code(code: u16) -> Option<&'static Type> {
    match INDEX.get(usize::from(code)) {
        Some(&at) => TYPES.get(usize::from(at)),
        None => TYPES.iter().rev().take(2).find(|entry| entry.code == code),
    }
}

/// The number of the type with this mnemonic, or of `TYPEnnn` (RFC 3597 §5), in any case.
pub(super) fn by_mnemonic(raw: &[u8]) -> Option<u16> {
    if raw.is_empty() || raw.len() > MNEMONIC_OCTETS {
        return None;
    }
    let key = key(raw);
    let mut place = place(key);
    loop {
        match BY_MNEMONIC[place] {
            (0, _) => break,
            (found, code) if found == key => return Some(code),
            _ => place = (place + 1) % BY_MNEMONIC.len(),
        }
    }
    let (prefix, digits) = raw.split_at_checked(4)?;
    if prefix.eq_ignore_ascii_case(b"TYPE") { number(core::str::from_utf8(digits).ok()?) } else { None }
}

/// The number of a type's mnemonic or of `TYPEnnn`, in any case.
pub fn parse_type(text: &str) -> Option<u16> {
    by_mnemonic(text.as_bytes())
}

/// A decimal number of 16 bits without a sign.
pub(super) fn number(digits: &str) -> Option<u16> {
    if digits.starts_with('+') {
        return None;
    }
    digits.parse().ok()
}

/// Whether a zone cannot hold this type: 0, OPT, and the meta types (RFC 6895 §3.1).
pub(super) fn is_meta(code: u16) -> bool {
    matches!(code, 0 | 41 | 128..=255)
}

/// Appends the mnemonic, or `TYPEnnn`.
pub fn write_type(code: u16, out: &mut Vec<u8>) {
    match by_code(code) {
        Some(entry) if entry.written => out.extend_from_slice(entry.mnemonic.as_bytes()),
        _ => {
            out.extend_from_slice(b"TYPE");
            super::output::push_number(u64::from(code), out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_both_keys() {
        for row in TYPES {
            assert_eq!(by_code(row.code).unwrap().mnemonic, row.mnemonic);
            assert_eq!(by_mnemonic(row.mnemonic.to_lowercase().as_bytes()), Some(row.code));
            assert!(!is_meta(row.code));
        }
        for &(mnemonic, code) in META {
            assert_eq!(by_mnemonic(mnemonic.as_bytes()), Some(code));
        }
        assert!(TYPES.is_sorted_by_key(|row| row.code));
        assert!(by_code(54).is_none());
        assert!(by_code(65280).is_none());
    }

    #[test]
    fn unknown_types_by_number() {
        assert_eq!(by_mnemonic(b"TYPE65280"), Some(65280));
        assert_eq!(by_mnemonic(b"type1"), Some(1));
        for bad in ["TYPE", "TYPE65536", "TYPE+1", "TYPE-1", "NOSUCH", "NSEC3PARAMS", "\0A", ""] {
            assert_eq!(by_mnemonic(bad.as_bytes()), None, "{bad}");
        }
    }
}
