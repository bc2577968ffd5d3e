//! Domain names (RFC 1035 §3.1): octets with their case kept, compared without it (RFC 4343), ordered as RFC 4034 §6.1.
//!
//! [`Name`] owns up to 255 octets in place, [`NameRef`] borrows a valid uncompressed name. `text` is the presentation
//! format of both.

mod text;

pub use text::{NameTextError, NameTextFault};

use crate::short;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};

/// The most octets of a name, its root label counted (RFC 1035 §3.1).
pub const MAX_NAME: usize = 255;
/// The most octets of a label (RFC 1035 §3.1).
pub const MAX_LABEL: usize = 63;
/// The most labels of a name, the root label counted: 127 of one octet and the root.
pub const MAX_LABELS: usize = 128;
/// More labels than most names have.
pub(crate) const FEW_LABELS: usize = 16;

/// Why octets are not an uncompressed name.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameFault {
    /// The octets end before the root label.
    Cut,
    /// A label of more than 63 octets, or a compression pointer where none may be.
    Label,
    /// More than 255 octets.
    Long,
    /// Octets after the root label.
    Trailing,
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "name ends before its root label",
            Self::Label => "label longer than 63 octets or of an unknown kind",
            Self::Long => "name longer than 255 octets",
            Self::Trailing => "octets after the root label",
        })
    }
}

impl core::error::Error for NameFault {}

/// A borrowed, uncompressed, absolute name.
#[derive(Clone, Copy)]
pub struct NameRef<'a> {
    octets: &'a [u8],
}

impl<'a> NameRef<'a> {
    /// The root.
    pub const ROOT: NameRef<'static> = NameRef { octets: &[0] };

    /// The name that these octets are: labels, the root label last, nothing after it.
    ///
    /// # Errors
    /// When they are not one name, whole and uncompressed.
    pub fn from_octets(octets: &'a [u8]) -> Result<Self, NameFault> {
        let (name, rest) = Self::split_from(octets)?;
        if rest.is_empty() { Ok(name) } else { Err(NameFault::Trailing) }
    }

    /// The uncompressed name at the start of `octets`, and what follows it.
    ///
    /// # Errors
    /// When no whole uncompressed name stands there.
    pub fn split_from(octets: &'a [u8]) -> Result<(Self, &'a [u8]), NameFault> {
        let mut at = 0_usize;
        loop {
            let length = usize::from(*octets.get(at).ok_or(NameFault::Cut)?);
            if length > MAX_LABEL {
                return Err(NameFault::Label);
            }
            // Far from the largest offset: it stays below 320.
            at = at.wrapping_add(length).wrapping_add(1);
            if at > MAX_NAME {
                return Err(NameFault::Long);
            }
            if length == 0 {
                let (octets, rest) = octets.split_at_checked(at).ok_or(NameFault::Cut)?;
                return Ok((Self { octets }, rest));
            }
        }
    }

    /// For octets that were checked when they were written.
    pub(crate) const fn from_checked(octets: &'a [u8]) -> Self {
        Self { octets }
    }

    /// The octets, root label last, case as received.
    #[must_use]
    pub const fn as_octets(self) -> &'a [u8] {
        self.octets
    }

    /// The number of octets, 1 (the root) to 255.
    #[expect(clippy::len_without_is_empty, reason = "no name is empty: the root has one octet")]
    #[must_use]
    pub const fn len(self) -> usize {
        self.octets.len()
    }

    /// Whether this is the root.
    #[must_use]
    pub const fn is_root(self) -> bool {
        self.octets.len() <= 1
    }

    /// The labels from the left, without the root label.
    #[must_use]
    pub const fn labels(self) -> Labels<'a> {
        Labels { rest: self.octets }
    }

    /// The name without its leftmost label; the root has none.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        let (&length, rest) = self.octets.split_first()?;
        let octets = rest.get(usize::from(length)..)?;
        (length != 0).then_some(Self { octets })
    }

    /// Whether this is `zone` or lies below it, without case.
    #[must_use]
    pub fn is_at_or_below(self, zone: NameRef<'_>) -> bool {
        let Some(extra) = self.octets.len().checked_sub(zone.octets.len()) else {
            return false;
        };
        let Some(suffix) = self.octets.get(extra..) else {
            return false;
        };
        if !short::same(suffix, zone.octets) && !suffix.eq_ignore_ascii_case(zone.octets) {
            return false;
        }
        // The suffix must begin at a label.
        let mut at = 0_usize;
        while at < extra {
            let Some(&length) = self.octets.get(at) else {
                return false;
            };
            at = at.wrapping_add(usize::from(length)).wrapping_add(1);
        }
        at == extra
    }

    /// How many octets of `other` this name ends with: whole labels that are equal octet for octet, and the root label.
    #[cfg(feature = "alloc")]
    pub(crate) fn common_suffix(self, other: NameRef<'_>) -> usize {
        let all = |name: NameRef<'_>| name.starts::<MAX_LABELS>().unwrap_or(([0; MAX_LABELS], 0));
        let ((mine, my_count), (theirs, their_count)) = (all(self), all(other));
        let mine = mine.get(..my_count).unwrap_or_default().iter().rev();
        let theirs = theirs.get(..their_count).unwrap_or_default().iter().rev();
        let labels = mine.zip(theirs).map(|(start, their_start)| {
            (self.label_at(usize::from(*start)), other.label_at(usize::from(*their_start)))
        });
        let equal = labels.take_while(|(label, their_label)| label == their_label);
        equal.fold(1, |octets, (label, _)| octets.saturating_add(label.len()).saturating_add(1))
    }

    /// Equal octet for octet, case included.
    #[must_use]
    #[inline]
    pub fn octets_eq(self, other: NameRef<'_>) -> bool {
        short::same(self.octets, other.octets)
    }

    /// An owned copy.
    #[must_use]
    pub fn to_name(self) -> Name {
        let mut name = Name::empty();
        name.set(self);
        name
    }

    /// Where each label starts, from the left, the root label not counted; `None` when they are more than there is room for.
    #[inline(always)]
    pub(crate) fn starts<const N: usize>(self) -> Option<([u8; N], usize)> {
        let mut starts = [0_u8; N];
        let mut count = 0_usize;
        let mut at = 0_usize;
        while let Some(&length) = self.octets.get(at) {
            if length == 0 {
                break;
            }
            *starts.get_mut(count)? = at as u8;
            count = count.wrapping_add(1);
            at = at.wrapping_add(usize::from(length)).wrapping_add(1);
        }
        Some((starts, count))
    }

    /// Writes the name's sort key: octet strings compare as the names do in canonical order (RFC 4034 §6.1).
    ///
    /// Labels go from the right, in lower case; octets 0 and 1 are written as 1 1 and 1 2, each label ends with a 0, and
    /// another 0 ends the name, so that a name comes before all names below it.
    pub fn write_sort_key(self, mut put: impl FnMut(&[u8])) {
        let (starts, count) = self.starts::<MAX_LABELS>().unwrap_or(([0; MAX_LABELS], 0));
        for start in starts.get(..count).unwrap_or_default().iter().rev() {
            let label = self.label_at(usize::from(*start));
            let mut lower = [0_u8; MAX_LABEL];
            let lower = lower.get_mut(..label.len()).unwrap_or_default();
            lower.copy_from_slice(label);
            lower.make_ascii_lowercase();
            if lower.iter().all(|octet| *octet > 1) {
                put(lower);
            } else {
                for octet in &*lower {
                    match octet {
                        0 => put(&[1, 1]),
                        1 => put(&[1, 2]),
                        _ => put(core::slice::from_ref(octet)),
                    }
                }
            }
            put(&[0]);
        }
        put(&[0]);
    }

    /// Compares label by label, given where these start.
    fn cmp_labels(self, mine: &[u8], other: NameRef<'_>, theirs: &[u8]) -> Ordering {
        for (start, their_start) in mine.iter().rev().zip(theirs.iter().rev()) {
            let order = cmp_label(self.label_at(usize::from(*start)), other.label_at(usize::from(*their_start)));
            if order.is_ne() {
                return order;
            }
        }
        mine.len().cmp(&theirs.len())
    }

    /// The label that starts at an offset.
    #[inline]
    pub(crate) fn label_at(self, start: usize) -> &'a [u8] {
        self.octets
            .get(start..)
            .and_then(<[u8]>::split_first)
            .and_then(|(length, rest)| rest.get(..usize::from(*length)))
            .unwrap_or_default()
    }
}

/// Compares labels without case.
#[inline]
pub(crate) fn cmp_label(mine: &[u8], theirs: &[u8]) -> Ordering {
    if short::same(mine, theirs) {
        return Ordering::Equal;
    }
    for (octet, their_octet) in mine.iter().zip(theirs) {
        if octet != their_octet {
            let order = octet.to_ascii_lowercase().cmp(&their_octet.to_ascii_lowercase());
            if order.is_ne() {
                return order;
            }
        }
    }
    mine.len().cmp(&theirs.len())
}

impl PartialEq for NameRef<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // Length octets are below 64 and so have no case: names compare as plain octet strings.
        self.octets_eq(*other) || self.octets.eq_ignore_ascii_case(other.octets)
    }
}

impl Eq for NameRef<'_> {}

impl Ord for NameRef<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        // Neighbours in a zone mostly differ in one label, behind which all is the same octet for octet.
        let (mut mine, mut theirs) = (*self, *other);
        while let (Some(my_parent), Some(their_parent)) = (mine.parent(), theirs.parent()) {
            if my_parent.octets_eq(their_parent) {
                let order = cmp_label(mine.label_at(0), theirs.label_at(0));
                if order.is_ne() || (mine.len(), theirs.len()) == (self.len(), other.len()) {
                    return order;
                }
                break;
            }
            if mine.len() > theirs.len() { mine = my_parent } else { theirs = their_parent }
        }
        // Few names have many labels, and room for fewer is made faster.
        match (self.starts::<FEW_LABELS>(), other.starts::<FEW_LABELS>()) {
            (Some((mine, my_count)), Some((theirs, their_count))) => {
                let mine = mine.get(..my_count).unwrap_or_default();
                self.cmp_labels(mine, *other, theirs.get(..their_count).unwrap_or_default())
            }
            _ => {
                let all = |name: &Self| name.starts::<MAX_LABELS>().unwrap_or(([0; MAX_LABELS], 0));
                let ((mine, my_count), (theirs, their_count)) = (all(self), all(other));
                let mine = mine.get(..my_count).unwrap_or_default();
                self.cmp_labels(mine, *other, theirs.get(..their_count).unwrap_or_default())
            }
        }
    }
}

impl PartialOrd for NameRef<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for NameRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for octet in self.octets {
            state.write_u8(octet.to_ascii_lowercase());
        }
    }
}

/// The labels of a name from the left, without the root label.
#[derive(Clone, Debug)]
pub struct Labels<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (&length, rest) = self.rest.split_first()?;
        if length == 0 {
            return None;
        }
        let (label, rest) = rest.split_at_checked(usize::from(length))?;
        self.rest = rest;
        Some(label)
    }
}

/// An owned, uncompressed, absolute name of up to 255 octets, kept in place.
#[derive(Clone)]
pub struct Name {
    octets: [u8; MAX_NAME],
    /// How many of them are the name's.
    len: u8,
}

impl Name {
    /// The root.
    #[must_use]
    pub fn root() -> Self {
        NameRef::ROOT.to_name()
    }

    /// The name that these octets are (see [`NameRef::from_octets`]).
    ///
    /// # Errors
    /// When they are not one name, whole and uncompressed.
    pub fn from_octets(octets: &[u8]) -> Result<Self, NameFault> {
        NameRef::from_octets(octets).map(NameRef::to_name)
    }

    /// This name, borrowed.
    #[must_use]
    #[inline]
    pub fn as_ref(&self) -> NameRef<'_> {
        NameRef::from_checked(self.as_octets())
    }

    /// The octets, root label last, case as given.
    #[must_use]
    #[inline]
    pub fn as_octets(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The same name in lower case (RFC 4034 §6.2).
    #[must_use]
    pub fn to_lowercase(&self) -> Self {
        let mut lower = self.clone();
        lower.octets.make_ascii_lowercase();
        lower
    }

    /// Becomes `name`.
    #[inline]
    pub fn set(&mut self, name: NameRef<'_>) {
        self.clear();
        // A NameRef has at most 255 octets, so they always fit.
        let _ = self.append(name.octets);
    }

    /// Not yet a name: the start for the reader that fills it.
    pub(crate) const fn empty() -> Self {
        Self { octets: [0; MAX_NAME], len: 0 }
    }

    #[inline]
    pub(crate) const fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends octets of a name being read; `false` when they don't fit.
    #[inline]
    pub(crate) fn append(&mut self, octets: &[u8]) -> bool {
        let before = usize::from(self.len);
        let after = before.saturating_add(octets.len());
        let (Some(room), Ok(len)) = (self.octets.get_mut(before..after), u8::try_from(after)) else {
            return false;
        };
        short::copy(room, octets);
        self.len = len;
        true
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
    }
}

impl Eq for Name {}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_ref().cmp(&other.as_ref())
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_ref().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::{String, ToString};
    use std::vec::Vec;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    pub(crate) fn any_name() -> impl Strategy<Value = Name> {
        let label = prop_oneof![
            prop::collection::vec(prop::sample::select(&b"aAbBzZ01-_"[..]), 1..8),
            prop::collection::vec(any::<u8>(), 1..20),
        ];
        prop::collection::vec(label, 0..7).prop_map(|labels| {
            let mut octets = Vec::new();
            for label in labels {
                octets.push(u8::try_from(label.len()).unwrap());
                octets.extend(label);
            }
            octets.push(0);
            Name::from_octets(&octets).unwrap()
        })
    }

    fn sort_key(name: &Name) -> Vec<u8> {
        let mut key = Vec::new();
        name.as_ref().write_sort_key(|octets| key.extend_from_slice(octets));
        key
    }

    #[test]
    fn canonical_order_of_rfc_4034() {
        // The list of RFC 4034 §6.1.
        let sorted = [
            "example.",
            "a.example.",
            "yljkjljk.a.example.",
            "Z.a.example.",
            "zABC.a.EXAMPLE.",
            "z.example.",
            "\\001.z.example.",
            "*.z.example.",
            "\\200.z.example.",
        ];
        for pair in sorted.windows(2) {
            assert!(name(pair[0]) < name(pair[1]), "{pair:?}");
            assert!(sort_key(&name(pair[0])) < sort_key(&name(pair[1])), "{pair:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_name() {
        assert_eq!(Name::from_octets(&[]).unwrap_err(), NameFault::Cut);
        assert_eq!(Name::from_octets(&[3, b'a']).unwrap_err(), NameFault::Cut);
        assert_eq!(Name::from_octets(&[64]).unwrap_err(), NameFault::Label);
        assert_eq!(Name::from_octets(&[0xc0, 0]).unwrap_err(), NameFault::Label);
        assert_eq!(Name::from_octets(&[0, 0]).unwrap_err(), NameFault::Trailing);
        let long: Vec<u8> = core::iter::repeat_n([1, b'a'], 128).flatten().chain([0]).collect();
        assert_eq!(Name::from_octets(&long).unwrap_err(), NameFault::Long);
        assert!(Name::from_octets(&long[2..]).is_ok());
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn common_suffixes_are_whole_labels_in_their_case() {
        for (one, other, octets) in [
            ("a.b.c.", "x.b.c.", 5),
            ("b.c.", "a.b.c.", 5),
            ("ab.c.", "b.c.", 3),
            ("a.B.c.", "a.b.c.", 3),
            ("a.", "b.", 1),
        ] {
            assert_eq!(name(one).as_ref().common_suffix(name(other).as_ref()), octets, "{one} {other}");
        }
    }

    #[test]
    fn below_is_by_label() {
        assert!(name("a.example.").as_ref().is_at_or_below(name("EXAMPLE.").as_ref()));
        assert!(name("example.").as_ref().is_at_or_below(NameRef::ROOT));
        assert!(!name("aexample.").as_ref().is_at_or_below(name("example.").as_ref()));
        // An octet inside a label that looks like a length octet.
        assert!(!name("x\\007example.").as_ref().is_at_or_below(name("example.").as_ref()));
    }

    proptest! {
        #[test]
        fn sort_key_orders_as_names_do(a in any_name(), b in any_name()) {
            prop_assert_eq!(sort_key(&a).cmp(&sort_key(&b)), a.cmp(&b));
            prop_assert_eq!(a.cmp(&b).is_eq(), a == b);
        }

        // Names that share labels, as neighbours in a zone do, some but for their case.
        #[test]
        fn neighbours_are_ordered_by_the_label_that_differs(
            names in prop::collection::vec("((a|A|aa|b|\\\\000|\\\\\\.|\\*)\\.){0,4}example\\.", 2),
        ) {
            let (a, b) = (name(&names[0]), name(&names[1]));
            prop_assert_eq!(sort_key(&a).cmp(&sort_key(&b)), a.cmp(&b));
            prop_assert_eq!(a.cmp(&b).is_eq(), a == b);
        }

        #[test]
        fn text_round_trip(a in any_name()) {
            let text: String = a.to_string();
            let back: Name = text.parse().unwrap();
            prop_assert!(a.as_ref().octets_eq(back.as_ref()), "{}", text);
        }
    }
}
