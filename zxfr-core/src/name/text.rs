//! Names in presentation format (RFC 1035 §5.1): `\DDD` and `\X` escapes, always absolute on output.

use super::{MAX_LABEL, MAX_NAME, Name, NameRef};
use core::fmt::{self, Write};
use core::str::FromStr;

impl fmt::Display for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_char('.');
        }
        for label in self.labels() {
            for octet in label {
                match octet {
                    b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'@' | b'$' | b'/' => {
                        f.write_char('\\')?;
                        f.write_char(char::from(*octet))?;
                    }
                    0x21..=0x7e => f.write_char(char::from(*octet))?,
                    _ => write!(f, "\\{octet:03}")?,
                }
            }
            f.write_char('.')?;
        }
        Ok(())
    }
}

impl fmt::Debug for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not a name.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameTextFault {
    /// No text at all.
    Empty,
    /// Two dots in a row, or a dot at the start of more than the root.
    EmptyLabel,
    /// A backslash that is followed by nothing, or by digits that are no octet.
    Escape,
    /// A label of more than 63 octets.
    LongLabel,
    /// More than 255 octets in all.
    Long,
}

/// Why a text is not a name, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameTextError {
    /// What is wrong.
    pub fault: NameTextFault,
    /// The octet of the text at which it was seen, from 0.
    pub at: usize,
}

impl fmt::Display for NameTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.fault {
            NameTextFault::Empty => "empty name",
            NameTextFault::EmptyLabel => "empty label",
            NameTextFault::Escape => "bad escape",
            NameTextFault::LongLabel => "label longer than 63 octets",
            NameTextFault::Long => "name longer than 255 octets",
        };
        write!(f, "{what} at octet {}", self.at)
    }
}

impl core::error::Error for NameTextError {}

impl FromStr for Name {
    type Err = NameTextError;

    /// Reads a name in presentation format. The final dot may be left out: there is no origin here, every name is absolute.
    fn from_str(text: &str) -> Result<Self, NameTextError> {
        let octets = text.as_bytes();
        let error = |fault, at| NameTextError { fault, at };
        match octets {
            [] => return Err(error(NameTextFault::Empty, 0)),
            b"." => return Ok(Self::root()),
            _ => {}
        }
        let mut name = Self::empty();
        let mut label = heapless::Vec::<u8, MAX_LABEL>::new();
        let mut at = 0_usize;
        while let Some(octet) = octets.get(at) {
            let start = at;
            at = at.saturating_add(1);
            let octet = match octet {
                b'.' => {
                    name.push_label(&label).map_err(|fault| error(fault, start))?;
                    label.clear();
                    continue;
                }
                b'\\' => {
                    let (octet, used) = unescape(octets.get(at..).unwrap_or_default())
                        .ok_or_else(|| error(NameTextFault::Escape, start))?;
                    at = at.saturating_add(used);
                    octet
                }
                octet => *octet,
            };
            label.push(octet).map_err(|_| error(NameTextFault::LongLabel, start))?;
        }
        if !label.is_empty() {
            name.push_label(&label).map_err(|fault| error(fault, at))?;
        }
        if name.append(&[0]) { Ok(name) } else { Err(error(NameTextFault::Long, at)) }
    }
}

impl Name {
    /// Appends a label, leaving room for the root label.
    fn push_label(&mut self, label: &[u8]) -> Result<(), NameTextFault> {
        let length = u8::try_from(label.len()).map_err(|_| NameTextFault::LongLabel)?;
        if length == 0 {
            return Err(NameTextFault::EmptyLabel);
        }
        let after = usize::from(self.len).saturating_add(label.len()).saturating_add(1);
        if after >= MAX_NAME || !(self.append(&[length]) && self.append(label)) {
            return Err(NameTextFault::Long);
        }
        Ok(())
    }
}

/// The octet that an escape stands for, and how many octets of text it took after the backslash.
fn unescape(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', ..] => {
            let digits = [a, b, c].into_iter();
            let value = digits
                .fold(0_u16, |value, digit| value.wrapping_mul(10).wrapping_add(u16::from(digit.wrapping_sub(b'0'))));
            Some((u8::try_from(value).ok()?, 3))
        }
        [b'0'..=b'9', ..] | [] => None,
        [octet, ..] => Some((*octet, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn escapes() {
        for (text, octets, out) in [
            (".", &b"\0"[..], "."),
            ("a", b"\x01a\0", "a."),
            ("a.B.", b"\x01a\x01B\0", "a.B."),
            ("a\\.b.c.", b"\x03a.b\x01c\0", "a\\.b.c."),
            ("\\097\\000.", b"\x02a\0\0", "a\\000."),
            ("\\@\\$\\ x.", b"\x04@$ x\0", "\\@\\$\\032x."),
        ] {
            let name: Name = text.parse().unwrap();
            assert_eq!(name.as_octets(), octets);
            assert_eq!(name.to_string(), out);
        }
    }

    #[test]
    fn refuses_with_the_place() {
        let long_label = "a".repeat(64);
        let long = "a.".repeat(128);
        for (text, fault, at) in [
            ("", NameTextFault::Empty, 0),
            ("..", NameTextFault::EmptyLabel, 0),
            ("a..b", NameTextFault::EmptyLabel, 2),
            ("a\\", NameTextFault::Escape, 1),
            ("a\\25", NameTextFault::Escape, 1),
            ("a\\256", NameTextFault::Escape, 1),
            (&long_label, NameTextFault::LongLabel, 63),
            (&long, NameTextFault::Long, 255),
        ] {
            assert_eq!(text.parse::<Name>().unwrap_err(), NameTextError { fault, at }, "{text}");
        }
        assert!("a.".repeat(127).parse::<Name>().is_ok());
    }
}
