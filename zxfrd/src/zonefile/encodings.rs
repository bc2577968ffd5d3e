//! Hexadecimal digits, base 64 and base 32 hex (RFC 4648), to and from octets.

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32_HEX: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Marks an octet that is no digit.
const NONE: u8 = 0xff;

/// The value of each base 64 digit.
static BASE64_VALUES: [u8; 256] = values(BASE64);
/// The value of each base 32 hex digit.
static BASE32_HEX_VALUES: [u8; 256] = in_any_case(values(BASE32_HEX));
/// The value of each hexadecimal digit.
static HEX_VALUES: [u8; 256] = in_any_case(values(HEX));

/// The value of each octet that is one of these digits.
const fn values(digits: &[u8]) -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut at = 0;
    while at < digits.len() {
        values[digits[at] as usize] = at as u8;
        at += 1;
    }
    values
}

/// Gives each capital the value of its small letter.
const fn in_any_case(mut values: [u8; 256]) -> [u8; 256] {
    let mut octet = b'A';
    while octet <= b'Z' {
        values[octet as usize] = values[octet.to_ascii_lowercase() as usize];
        octet += 1;
    }
    values
}

/// Appends the octets that an even number of hexadecimal digits stands for.
pub(super) fn read_hex(digits: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let (pairs, odd) = digits.as_chunks::<2>();
    if !odd.is_empty() {
        return Err("the number of hexadecimal digits is odd");
    }
    let start = out.len();
    out.resize(start + pairs.len(), 0);
    let mut seen = 0;
    for (octet, &[high, low]) in out[start..].iter_mut().zip(pairs) {
        let (high, low) = (HEX_VALUES[usize::from(high)], HEX_VALUES[usize::from(low)]);
        seen |= high | low;
        *octet = high << 4 | low;
    }
    if seen == NONE { Err("this is not hexadecimal") } else { Ok(()) }
}

/// Appends the octets that base 64 stands for: at least one, padded as RFC 4648 §4 says.
pub(super) fn read_base64(digits: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    const BAD: &str = "this is not base 64";
    let (groups, rest) = digits.as_chunks::<4>();
    let Some((&last, groups)) = groups.split_last().filter(|_| rest.is_empty()) else {
        return Err(if digits.is_empty() { "base 64 text is missing" } else { "base 64 text is cut short" });
    };
    let start = out.len();
    out.resize(start + 3 * groups.len(), 0);
    let mut seen = 0;
    for (octets, &group) in out[start..].as_chunks_mut::<3>().0.iter_mut().zip(groups) {
        let [a, b, c, d] = group.map(|digit| BASE64_VALUES[usize::from(digit)]);
        seen |= a | b | c | d;
        *octets = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
    }
    if seen == NONE {
        return Err(BAD);
    }
    let padding = last.iter().rev().take(2).take_while(|&&digit| digit == b'=').count();
    let mut values = [0; 4];
    for (value, &digit) in values.iter_mut().zip(&last[..4 - padding]) {
        *value = BASE64_VALUES[usize::from(digit)];
        if *value == NONE {
            return Err(BAD);
        }
    }
    let [a, b, c, d] = values;
    let octets = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
    let (octets, cut) = octets.split_at(3 - padding);
    if cut.iter().any(|&octet| octet != 0) {
        return Err("the base 64 text has bits behind its end");
    }
    out.extend_from_slice(octets);
    Ok(())
}

/// Appends the octets that base 32 hex stands for: at least one, with or without padding (RFC 5155 §3.3).
pub(super) fn read_base32_hex(digits: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let end = digits.iter().rposition(|&digit| digit != b'=').map_or(0, |at| at + 1);
    if end == 0 || (end < digits.len() && !digits.len().is_multiple_of(8)) || matches!(end % 8, 1 | 3 | 6) {
        return Err("this is not base 32 hex: its length is wrong");
    }
    for group in digits[..end].chunks(8) {
        let mut bits = 0_u64;
        for &digit in group {
            let value = BASE32_HEX_VALUES[usize::from(digit)];
            if value == NONE {
                return Err("this is not base 32 hex");
            }
            bits = bits << 5 | u64::from(value);
        }
        bits <<= 5 * (8 - group.len());
        let octets = group.len() * 5 / 8;
        if octets < 5 && bits << (24 + 8 * octets) != 0 {
            return Err("the base 32 hex text has bits behind its end");
        }
        out.extend_from_slice(&bits.to_be_bytes()[3..3 + octets]);
    }
    Ok(())
}

/// Appends hexadecimal digits.
pub(super) fn write_hex(octets: &[u8], out: &mut Vec<u8>) {
    for &octet in octets {
        out.extend_from_slice(&[HEX[usize::from(octet >> 4)], HEX[usize::from(octet & 15)]]);
    }
}

/// Appends base 64 with padding.
pub(super) fn write_base64(octets: &[u8], out: &mut Vec<u8>) {
    let digit = |value: u8| BASE64[usize::from(value & 63)];
    let (groups, rest) = octets.as_chunks::<3>();
    out.reserve(octets.len() / 3 * 4 + 4);
    for &[a, b, c] in groups {
        out.extend_from_slice(&[digit(a >> 2), digit(a << 4 | b >> 4), digit(b << 2 | c >> 6), digit(c)]);
    }
    match *rest {
        [a] => out.extend_from_slice(&[digit(a >> 2), digit(a << 4), b'=', b'=']),
        [a, b] => out.extend_from_slice(&[digit(a >> 2), digit(a << 4 | b >> 4), digit(b << 2), b'=']),
        _ => {}
    }
}

/// Appends base 32 hex without padding (RFC 5155 §3.3).
pub(super) fn write_base32_hex(octets: &[u8], out: &mut Vec<u8>) {
    for group in octets.chunks(5) {
        let mut padded = [0; 8];
        padded[3..3 + group.len()].copy_from_slice(group);
        let bits = u64::from_be_bytes(padded);
        for digit in 0..(group.len() * 8).div_ceil(5) {
            out.push(BASE32_HEX[(bits >> (35 - 5 * digit) & 31) as usize]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_strict() {
        let read = |text: &str| {
            let mut out = Vec::new();
            read_base64(text.as_bytes(), &mut out).map(|()| out)
        };
        assert_eq!(read("Zm9vYmFy").unwrap(), b"foobar");
        assert_eq!(read("Zm9vYg==").unwrap(), b"foob");
        assert_eq!(read("Zm9vYmE=").unwrap(), b"fooba");
        for bad in ["", "Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Z*==", "Zg==Zg==", "Zm9v!m9v"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn base32_hex_of_rfc_4648() {
        for (octets, text) in [
            ("", ""),
            ("f", "co"),
            ("fo", "cpng"),
            ("foo", "cpnmu"),
            ("foob", "cpnmuog"),
            ("fooba", "cpnmuoj1"),
            ("foobar", "cpnmuoj1e8"),
        ] {
            let mut out = Vec::new();
            write_base32_hex(octets.as_bytes(), &mut out);
            assert_eq!(out, text.as_bytes());
            if !text.is_empty() {
                let mut back = Vec::new();
                read_base32_hex(text.to_uppercase().as_bytes(), &mut back).unwrap();
                assert_eq!(back, octets.as_bytes());
            }
        }
    }

    #[test]
    fn base32_hex_is_strict() {
        for bad in ["", "c", "cpn", "cpnmuo", "cp=", "cw", "cq", "========", "cpnmuoj1="] {
            assert!(read_base32_hex(bad.as_bytes(), &mut Vec::new()).is_err(), "{bad}");
        }
        assert!(read_base32_hex(b"co======", &mut Vec::new()).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn octets_round_trip(octets in proptest::collection::vec(0u8.., 1..100)) {
            let (mut text, mut back) = (Vec::new(), Vec::new());
            write_base64(&octets, &mut text);
            read_base64(&text, &mut back).unwrap();
            proptest::prop_assert_eq!(&back, &octets);
            text.clear();
            back.clear();
            write_hex(&octets, &mut text);
            read_hex(&text, &mut back).unwrap();
            proptest::prop_assert_eq!(&back, &octets);
        }
    }
}
