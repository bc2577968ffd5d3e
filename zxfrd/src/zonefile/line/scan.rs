//! Words, numbers and names of a line, found eight octets at a time. Everything unusual gives `None`.

use crate::zonefile::lexer::{KINDS, Kind};

/// The most octets a name has on the wire (RFC 1035 §2.3.4).
const NAME_OCTETS: usize = 255;
/// The most octets a label has.
const LABEL_OCTETS: usize = 63;
const HIGH_BITS: u64 = eight(0x80);

/// Room for the wire form of a name, and for what is written behind it eight octets at a time.
#[derive(Debug)]
pub(super) struct NameRoom {
    octets: [u8; NAME_OCTETS + 16],
    length: usize,
}

impl NameRoom {
    pub(super) const fn new() -> Self {
        Self { octets: [0; NAME_OCTETS + 16], length: 0 }
    }

    /// The name read last.
    pub(super) fn as_octets(&self) -> &[u8] {
        &self.octets[..self.length]
    }

    /// Puts `origin` behind the `length` octets that are there.
    fn close(&mut self, length: usize, origin: &[u8]) -> Option<()> {
        self.length = length + origin.len();
        if self.length > NAME_OCTETS {
            return None;
        }
        self.octets[length..self.length].copy_from_slice(origin);
        Some(())
    }
}

/// A place in a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    /// The octet here.
    pub(super) fn octet(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Whether the record has no more words.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.octet(), Some(b'\n' | b';'))
    }

    /// Where the next line begins, when there are no more words here.
    pub(super) fn next_line(&self) -> Option<usize> {
        match self.octet()? {
            b'\n' => Some(self.at + 1),
            b';' => memchr::memchr(b'\n', &self.text[self.at..]).map(|n| self.at + n + 1),
            _ => None,
        }
    }

    /// Goes to the next word or to what ends the record, when a word ends here.
    pub(super) fn pass_space(&mut self) -> Option<()> {
        if !ends_word(self.octet()?) {
            return None;
        }
        self.skip_space();
        Some(())
    }

    /// Goes to what follows white space.
    pub(super) fn skip_space(&mut self) {
        while matches!(self.octet(), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes a word.
    pub(super) fn word(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        let mut from = start;
        loop {
            let mut stops = stops(self.eight(from)?);
            while stops != 0 {
                let at = from + first(stops);
                stops &= stops - 1;
                if KINDS[usize::from(self.text[at])] == Kind::Word {
                    continue;
                }
                self.at = at;
                self.pass_space()?;
                return Some(&self.text[start..at]).filter(|word| !word.is_empty());
            }
            from += 8;
        }
    }

    /// Takes a decimal number of at most `most`.
    pub(super) fn number(&mut self, most: u32) -> Option<u32> {
        let start = self.at;
        let mut value = 0_u64;
        loop {
            let digit = self.octet()?.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value * 10 + u64::from(digit);
            if value > u64::from(most) {
                return None;
            }
            self.at += 1;
        }
        if self.at == start {
            return None;
        }
        self.pass_space()?;
        Some(value as u32)
    }

    /// Takes a name; one without a dot at its end is completed by `origin`.
    pub(super) fn name(&mut self, origin: Option<&[u8]>, room: &mut NameRoom) -> Option<()> {
        if self.octet()? == b'.' {
            self.at += 1;
            self.pass_space()?;
            return room.close(0, &[0]);
        }
        // As text and on the wire a name has the same octets, but for the dots: the wire has the length of the next label
        // in the place of each, and that of the first in front.
        let start = self.at;
        let (mut label, mut from) = (0, 0);
        while from < NAME_OCTETS {
            let eight = self.eight(start + from)?;
            *room.octets[from + 1..].first_chunk_mut()? = eight.to_le_bytes();
            let mut stops = stops(eight);
            while stops != 0 {
                let at = from + first(stops);
                stops &= stops - 1;
                match self.text[start + at] {
                    b'.' => {
                        room.octets[label] = label_length(at - label)?;
                        label = at + 1;
                    }
                    octet if KINDS[usize::from(octet)] == Kind::Word => {}
                    _ => {
                        self.at = start + at;
                        self.pass_space()?;
                        if label == at && at > 0 {
                            return room.close(at, &[0]);
                        }
                        if at == 1 && self.text[start] == b'@' {
                            return room.close(0, origin?);
                        }
                        room.octets[label] = label_length(at - label)?;
                        return room.close(at + 1, origin?);
                    }
                }
            }
            from += 8;
        }
        None
    }

    /// Eight octets of the text as a number, the first one lowest.
    fn eight(&self, at: usize) -> Option<u64> {
        self.text.get(at..)?.first_chunk().map(|octets| u64::from_le_bytes(*octets))
    }
}

/// Whether a word ends before this octet, as usual words do.
fn ends_word(octet: u8) -> bool {
    matches!(octet, b'\t' | b'\n' | b' ' | b'\r' | b';')
}

fn label_length(octets: usize) -> Option<u8> {
    if (1..=LABEL_OCTETS).contains(&octets) { Some(octets as u8) } else { None }
}

/// Which octet of eight the lowest mark belongs to.
const fn first(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// Eight times the same octet.
const fn eight(octet: u8) -> u64 {
    u64::from_ne_bytes([octet; 8])
}

/// Marks with its highest bit each octet that may be more than a part of a word and a label: all but `-`, the octets from
/// `0` on except `;` and `\`, and those beyond ASCII, too.
const fn stops(octets: u64) -> u64 {
    // No octet borrows from the next: its highest bit is set.
    let from_zero = (octets | HIGH_BITS) - eight(b'0');
    let plain = (from_zero | !differ(octets, b'-')) & differ(octets, b';') & differ(octets, b'\\');
    (!plain | octets) & HIGH_BITS
}

/// Marks each octet below 0x80 that is not `other`.
const fn differ(octets: u64, other: u8) -> u64 {
    ((octets ^ eight(other)) & !HIGH_BITS) + !HIGH_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_means_something_stops() {
        for octet in 0..=255_u8 {
            let is_stop = stops(eight(octet)) == HIGH_BITS;
            assert!(is_stop || stops(eight(octet)) == 0, "no octet matters to its neighbours");
            let means = KINDS[usize::from(octet)] != Kind::Word || octet == b'.';
            assert!(is_stop || !means, "{octet}");
            assert!(!is_stop || !(octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_')), "{octet}");
        }
        for at in 0..8 {
            let mut octets = [b'a'; 8];
            octets[at] = b'.';
            assert_eq!(first(stops(u64::from_le_bytes(octets))), at);
        }
    }
}
