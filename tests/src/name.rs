//! Domain names between presentation and wire form (RFC 1035 §3.1 and §5.1).

use crate::Failure;

/// Reads an absolute name in presentation form, keeping its case.
///
/// # Errors
/// When it isn't absolute, has an empty or too long label, a broken escape, or
/// is longer than 255 octets.
pub fn to_wire(text: &str) -> Result<Vec<u8>, Failure> {
    let fault = |what: &str| Failure::new(format!("name {text:?}: {what}"));
    if text == "." {
        return Ok(vec![0]);
    }
    let mut wire = Vec::with_capacity(text.len() + 1);
    let mut label: Vec<u8> = Vec::new();
    let mut octets = text.bytes();
    let mut absolute = false;
    while let Some(octet) = octets.next() {
        absolute = octet == b'.';
        match octet {
            b'.' => {
                if label.is_empty() {
                    return Err(fault("empty label"));
                }
                wire.push(u8::try_from(label.len()).map_err(|_| fault("label over 63 octets"))?);
                wire.append(&mut label);
            }
            b'\\' => label.push(escaped(&mut octets).ok_or_else(|| fault("broken escape"))?),
            _ => label.push(octet),
        }
        if label.len() > 63 {
            return Err(fault("label over 63 octets"));
        }
    }
    if !absolute {
        return Err(fault("not absolute"));
    }
    wire.push(0);
    if wire.len() > 255 {
        return Err(fault("over 255 octets"));
    }
    Ok(wire)
}

/// What follows a backslash: three decimal digits, or the octet itself.
fn escaped(octets: &mut std::str::Bytes<'_>) -> Option<u8> {
    let first = octets.next()?;
    if !first.is_ascii_digit() {
        return Some(first);
    }
    let mut value = u16::from(first - b'0');
    for _ in 0..2 {
        let digit = octets.next().filter(u8::is_ascii_digit)?;
        value = value * 10 + u16::from(digit - b'0');
    }
    u8::try_from(value).ok()
}

/// Writes a wire name in presentation form, for messages; broken names are shown as hex.
pub fn to_text(wire: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = wire;
    loop {
        match rest {
            [0] if text.is_empty() => return ".".into(),
            [0] => return text,
            [length, tail @ ..] if *length < 64 && tail.len() > usize::from(*length) => {
                let (label, after) = tail.split_at(usize::from(*length));
                for &octet in label {
                    match octet {
                        b'.' | b'\\' | b'"' | b'@' | b'$' | b';' | b'(' | b')' => {
                            text.push('\\');
                            text.push(char::from(octet));
                        }
                        0x21..=0x7e => text.push(char::from(octet)),
                        _ => text.push_str(&format!("\\{octet:03}")),
                    }
                }
                text.push('.');
                rest = after;
            }
            _ => return format!("(broken name {wire:02x?})"),
        }
    }
}

/// How many octets the uncompressed name at the start of `octets` takes, its root included.
///
/// # Errors
/// When no whole uncompressed name is there.
pub fn length(octets: &[u8]) -> Result<usize, Failure> {
    let mut at = 0;
    loop {
        match octets.get(at) {
            Some(0) => return Ok(at + 1),
            Some(&label) if label < 64 => at += 1 + usize::from(label),
            Some(_) => return Err(Failure::new("a compressed or extended label in a name")),
            None => return Err(Failure::new("a name runs past its end")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_octets_and_come_back() {
        let text = r"Mixed\.Dot.a\032b\@c\000\255.Example.";
        let wire = to_wire(text).unwrap();
        assert_eq!(wire, b"\x09Mixed.Dot\x07a b@c\x00\xff\x07Example\x00");
        assert_eq!(to_text(&wire), text);
        assert_eq!(length(&wire).unwrap(), wire.len());
    }

    #[test]
    fn the_root_is_one_octet() {
        assert_eq!(to_wire(".").unwrap(), [0]);
        assert_eq!(to_text(&[0]), ".");
    }

    #[test]
    fn broken_names_are_refused() {
        for text in ["", "a", "a..b.", ".a.", r"a\25.", r"a\256.", "a\\"] {
            assert!(to_wire(text).is_err(), "{text:?}");
        }
        let label = "x".repeat(63);
        assert!(to_wire(&format!("{label}x.")).is_err());
        assert!(to_wire(&format!("{label}.{label}.{label}.{label}.")).is_err());
        assert!(length(&[3, b'a']).is_err());
        assert!(length(&[0xc0, 12]).is_err());
    }
}
