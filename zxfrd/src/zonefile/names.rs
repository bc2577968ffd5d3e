//! Domain names between text and uncompressed wire octets. Case is kept.

/// The most octets a name has on the wire (RFC 1035 §2.3.4).
const NAME_OCTETS: usize = 255;
/// The most octets a label has.
const LABEL_OCTETS: usize = 63;

/// Appends the wire form of a name token to `out`; a name without a dot at its end is completed by `origin`.
///
/// On an error `out` may have grown.
pub(super) fn read_name(raw: &[u8], origin: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), &'static str> {
    const NO_ORIGIN: &str = "a relative name needs an origin: set $ORIGIN before it, or give the zone's name";
    let start = out.len();
    match raw {
        b"." => {
            out.push(0);
            return Ok(());
        }
        b"@" => {
            out.extend_from_slice(origin.ok_or(NO_ORIGIN)?);
            return Ok(());
        }
        b"" => return Err("the name is empty"),
        _ => {}
    }
    let mut label = start;
    out.push(0);
    let mut at = 0;
    while at < raw.len() {
        let octet = match raw[at] {
            b'.' => {
                close_label(out, label)?;
                label = out.len();
                out.push(0);
                at += 1;
                continue;
            }
            b'\\' => {
                let (octet, used) = unescape(&raw[at..])?;
                at += used;
                octet
            }
            octet => {
                at += 1;
                octet
            }
        };
        out.push(octet);
    }
    // A dot at the end has left an empty label: that of the root.
    if label + 1 != out.len() {
        close_label(out, label)?;
        out.extend_from_slice(origin.ok_or(NO_ORIGIN)?);
    }
    if out.len() - start > NAME_OCTETS {
        return Err("the name is longer than 255 octets");
    }
    Ok(())
}

/// The wire form of a name outside zone files (config, command lines): absolute with or without its last dot,
/// escapes as in zone files, `.` for the root.
///
/// # Errors
/// What is wrong, in words.
pub fn parse_name(text: &str) -> Result<Vec<u8>, &'static str> {
    let mut wire = Vec::new();
    // `@` means an origin in zone files only.
    let raw = if text == "@" { "\\@" } else { text };
    read_name(raw.as_bytes(), Some(&[0]), &mut wire)?;
    Ok(wire)
}

/// Writes the length of the label that begins at `label` and ends with `out`.
fn close_label(out: &mut [u8], label: usize) -> Result<(), &'static str> {
    let length = out.len() - label - 1;
    match u8::try_from(length) {
        Ok(0) => Err("the name has an empty label"),
        Ok(octets) if length <= LABEL_OCTETS => {
            out[label] = octets;
            Ok(())
        }
        _ => Err("a label of the name is longer than 63 octets"),
    }
}

/// Resolves the escape at the start of `raw`: the octet, and how many octets of text stand for it.
pub(super) fn unescape(raw: &[u8]) -> Result<(u8, usize), &'static str> {
    match raw {
        [b'\\', a @ b'0'..=b'9', rest @ ..] => match rest {
            [b @ b'0'..=b'9', c @ b'0'..=b'9', ..] => {
                let value = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
                let octet = u8::try_from(value).map_err(|_| "an escape \\DDD is at most \\255")?;
                Ok((octet, 4))
            }
            _ => Err("an escape \\DDD has three digits"),
        },
        [b'\\', octet, ..] => Ok((*octet, 2)),
        [b'\\'] => Err("nothing follows the backslash"),
        [octet, ..] => Ok((*octet, 1)),
        [] => Err("nothing follows the backslash"),
    }
}

/// Splits the uncompressed name at the start of `wire` off; `None` if there is none.
pub(super) fn split_name(wire: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    loop {
        let length = usize::from(*wire.get(at)?);
        at += 1 + length;
        if length > LABEL_OCTETS || at > NAME_OCTETS {
            return None;
        }
        if length == 0 {
            return Some(wire.split_at(at));
        }
    }
}

/// Appends the text of a wire name, absolute, with every octet that means something to a zone file escaped.
/// Octets behind the root label, and labels that overrun, are not written.
pub fn write_name(wire: &[u8], out: &mut Vec<u8>) {
    if wire.first().is_none_or(|&length| length == 0) {
        out.push(b'.');
        return;
    }
    let mut rest = wire;
    while let [length, tail @ ..] = rest {
        let length = usize::from(*length);
        if length == 0 || length > tail.len() {
            break;
        }
        let (label, next) = tail.split_at(length);
        if label.iter().all(|&octet| PLAIN[usize::from(octet)]) {
            out.extend_from_slice(label);
        } else {
            for &octet in label {
                match octet {
                    _ if PLAIN[usize::from(octet)] => out.push(octet),
                    0x21..=0x7e => out.extend_from_slice(&[b'\\', octet]),
                    _ => push_decimal_escape(octet, out),
                }
            }
        }
        out.push(b'.');
        rest = next;
    }
}

/// Appends `\DDD`.
pub(super) fn push_decimal_escape(octet: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'\\', b'0' + octet / 100, b'0' + octet / 10 % 10, b'0' + octet % 10]);
}

/// Octets that stand for themselves in a name.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut octet = 0x21;
    while octet <= 0x7e {
        plain[octet] = !matches!(octet as u8, b'"' | b'$' | b'(' | b')' | b'.' | b';' | b'@' | b'\\');
        octet += 1;
    }
    plain
};

/// Whether `name` is at or below `apex` (RFC 4343: without case).
pub(super) fn is_within(name: &[u8], apex: &[u8]) -> bool {
    let Some(above) = name.len().checked_sub(apex.len()) else {
        return false;
    };
    if !name[above..].eq_ignore_ascii_case(apex) {
        return false;
    }
    // The suffix counts only when it begins at a label.
    let mut at = 0;
    while at < above {
        at += 1 + usize::from(name[at]);
    }
    at == above
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(text: &str) -> Result<Vec<u8>, &'static str> {
        let mut out = Vec::new();
        read_name(text.as_bytes(), Some(b"\x03org\x00"), &mut out).map(|()| out)
    }

    fn text(wire: &[u8]) -> String {
        let mut out = Vec::new();
        write_name(wire, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn relative_absolute_and_origin() {
        assert_eq!(wire("a.B").unwrap(), b"\x01a\x01B\x03org\x00");
        assert_eq!(wire("a.").unwrap(), b"\x01a\x00");
        assert_eq!(wire("@").unwrap(), b"\x03org\x00");
        assert_eq!(wire("\\@").unwrap(), b"\x01@\x03org\x00");
        assert_eq!(wire(".").unwrap(), b"\x00");
        let mut out = Vec::new();
        assert!(read_name(b"a", None, &mut out).unwrap_err().contains("$ORIGIN"));
    }

    #[test]
    fn limits_and_faults() {
        let label = "x".repeat(63);
        assert!(wire(&label).is_ok());
        assert!(wire(&format!("{label}x")).unwrap_err().contains("63"));
        assert!(wire(&format!("{label}.{label}.{label}.{}.", "y".repeat(61))).is_ok());
        assert!(wire(&format!("{label}.{label}.{label}.{}.", "y".repeat(62))).unwrap_err().contains("255"));
        assert!(wire("a..b").unwrap_err().contains("empty label"));
        assert!(wire(".a").unwrap_err().contains("empty label"));
        assert!(wire("a\\256").unwrap_err().contains("255"));
        assert!(wire("a\\25").unwrap_err().contains("three digits"));
        assert!(wire("a\\").unwrap_err().contains("backslash"));
    }

    #[test]
    fn special_octets_are_escaped() {
        assert_eq!(text(b"\x0a$@/\".;() \\\x01\xff\x00"), "\\$\\@/\\\"\\.\\;\\(\\)\\032\\\\.\\255.");
        assert_eq!(text(b"\x00"), ".");
    }

    #[test]
    fn within_looks_at_labels() {
        assert!(is_within(b"\x01a\x03ORG\x00", b"\x03org\x00"));
        assert!(is_within(b"\x03org\x00", b"\x03org\x00"));
        assert!(is_within(b"\x03org\x00", b"\x00"));
        assert!(!is_within(b"\x03com\x00", b"\x03org\x00"));
        assert!(!is_within(b"\x05a\x03org\x00", b"\x03org\x00"), "inside a label");
        assert!(!is_within(b"\x00", b"\x03org\x00"));
    }

    proptest::proptest! {
        #[test]
        fn any_name_round_trips(labels in proptest::collection::vec(proptest::collection::vec(0u8.., 1..=40), 0..=6)) {
            let mut name = Vec::new();
            for label in &labels {
                name.push(u8::try_from(label.len()).unwrap());
                name.extend_from_slice(label);
            }
            name.push(0);
            proptest::prop_assert_eq!(wire(&text(&name)).unwrap(), name);
        }
    }
}
