//! RDATA: one table says for each type where names sit, whether they compress, and what shape the rest has.
//!
//! [`layout`] is the table. From it come the check on receipt, expansion of compressed names, the ranges that the writer
//! may compress, and the canonical order (RFC 4034 §6.2, §6.3). Types that are not in the table are opaque octets (RFC 3597).

mod shape;
mod table;

pub use table::{Field, NameUse, layout};

use super::cursor::{Cursor, failed};
use super::{Rtype, grammar};
use crate::error::{WireError, WireFault};
use crate::name::{Name, NameRef};
use crate::short;
use core::cmp::Ordering;

/// The most octets that RDATA with compressed names may expand to: NAPTR with three full strings and a full name is 1,027.
pub const MAX_EXPANDED: usize = 1_300;

/// Where expanded RDATA goes.
#[expect(clippy::large_enum_variant, reason = "it is there to be large, in place, and never moves")]
#[derive(Clone, Debug)]
pub(crate) enum Expanded {
    /// What is but a name.
    Name(Name),
    Octets(heapless::Vec<u8, MAX_EXPANDED>),
}

impl Expanded {
    pub(crate) const fn new() -> Self {
        Self::Octets(heapless::Vec::new())
    }

    #[inline]
    fn name(&mut self) -> &mut Name {
        loop {
            match self {
                Self::Name(name) => return name,
                Self::Octets(_) => *self = Self::Name(Name::empty()),
            }
        }
    }

    fn octets(&mut self) -> &mut heapless::Vec<u8, MAX_EXPANDED> {
        loop {
            match self {
                Self::Octets(octets) => return octets,
                Self::Name(_) => *self = Self::new(),
            }
        }
    }
}

/// Checks RDATA in a message against the shape of its type and gives it with all names expanded: borrowed from the message
/// when nothing was compressed, else written to `expanded`.
///
/// # Errors
/// When the RDATA doesn't have its type's shape, or a name in it is malformed or compressed where it may not be.
#[inline]
pub(crate) fn read<'a>(
    rtype: Rtype,
    message: &'a [u8],
    at: usize,
    length: usize,
    expanded: &'a mut Expanded,
) -> Result<&'a [u8], WireError> {
    let cut = WireError { fault: WireFault::Cut, offset: at };
    let input = Cursor::new(message, at).bounded(length).ok_or(cut)?;
    let Some(fields) = layout(rtype) else {
        return Ok(input.rest());
    };
    match fields {
        // The commonest types by far, without the general machinery.
        [Field::Octets(octets)] => {
            return if length == usize::from(*octets) {
                Ok(input.rest())
            } else {
                Err(WireError { fault: WireFault::Rdata(rtype), offset: at })
            };
        }
        [Field::Name(NameUse { compressed_in: true, .. })] => {
            let name = expanded.name();
            let (after, read) = grammar::name(input, name).map_err(|error| shape_error(rtype, failed(error, at)))?;
            if after.at != input.message.len() {
                return Err(WireError { fault: WireFault::Rdata(rtype), offset: after.at });
            }
            return Ok(if read.compressed { name.as_octets() } else { input.rest() });
        }
        _ => {}
    }
    let mut compressed = false;
    shape::walk(rtype, fields, input, |part| {
        if let shape::Part::Name { read, .. } = part {
            compressed |= read.compressed;
        }
        Ok(())
    })?;
    if !compressed {
        return Ok(input.rest());
    }
    let expanded = expanded.octets();
    expanded.clear();
    shape::walk(rtype, fields, input, |part| {
        let octets = match part {
            shape::Part::Name { name, .. } => name.as_octets(),
            shape::Part::Octets(octets) => octets,
        };
        let large = WireError { fault: WireFault::LargeRdata(rtype), offset: at };
        expanded.extend_from_slice(octets).map_err(|_| large)
    })?;
    Ok(expanded)
}

/// Within RDATA a name that runs out of it has the wrong shape, whatever follows in the message.
fn shape_error(rtype: Rtype, error: WireError) -> WireError {
    match error.fault {
        WireFault::Cut => WireError { fault: WireFault::Rdata(rtype), ..error },
        _ => error,
    }
}

/// Checks uncompressed RDATA against the shape of its type.
///
/// # Errors
/// When it doesn't have that shape; the offset counts from the start of the RDATA.
pub fn check(rtype: Rtype, rdata: &[u8]) -> Result<(), WireError> {
    if rdata.len() > usize::from(u16::MAX) {
        return Err(WireError { fault: WireFault::Rdata(rtype), offset: usize::from(u16::MAX) });
    }
    let Some(fields) = layout(rtype) else {
        return Ok(());
    };
    // The commonest types by far, without the general machinery; what they don't take is looked at in full.
    let plain = match fields {
        [Field::Octets(octets)] => rdata.len() == usize::from(*octets),
        [Field::Name(_)] => NameRef::from_octets(rdata).is_ok(),
        _ => false,
    };
    if plain {
        return Ok(());
    }
    shape::walk(rtype, fields, Cursor::new(rdata, 0), |part| match part {
        shape::Part::Name { read, at, .. } if read.compressed => {
            Err(WireError { fault: WireFault::PointerInRdata(rtype), offset: at })
        }
        _ => Ok(()),
    })
}

/// A piece of uncompressed RDATA, as [`pieces`] cuts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A name, and what may be done with it.
    Name(NameRef<'a>, NameUse),
    /// Everything else.
    Octets(&'a [u8]),
}

/// Cuts uncompressed, checked RDATA into names and what lies between. Only names that matter for compression or canonical
/// form are told apart; RDATA that isn't as its table says comes as plain octets.
#[must_use]
pub fn pieces(rtype: Rtype, rdata: &[u8]) -> Pieces<'_> {
    let fields = if has_folded_names(rtype) { layout(rtype).unwrap_or_default() } else { &[] };
    Pieces { fields, rest: rdata }
}

/// The pieces of RDATA; see [`pieces`].
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    fields: &'static [Field],
    rest: &'a [u8],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let mut taken = 0_usize;
        while let Some((field, fields)) = self.fields.split_first() {
            let after = self.rest.get(taken..).unwrap_or_default();
            if let Field::Name(usage) = field {
                if taken > 0 {
                    break;
                }
                let Ok((name, rest)) = NameRef::split_from(after) else {
                    self.fields = &[];
                    break;
                };
                self.fields = fields;
                self.rest = rest;
                return Some(Piece::Name(name, *usage));
            }
            let Some(length) = field.length_in(after) else {
                self.fields = &[];
                break;
            };
            taken = taken.saturating_add(length);
            self.fields = fields;
        }
        let taken = if self.fields.is_empty() { self.rest.len() } else { taken };
        let (octets, rest) = self.rest.split_at_checked(taken).unwrap_or((self.rest, &[]));
        self.rest = rest;
        Some(Piece::Octets(octets))
    }
}

/// Whether RDATA of this type holds names that are lower-cased in canonical form: the list of RFC 4034 §6.2 as RFC 6840 §5.1
/// amends it, without HINFO, which has no name, and the historic A6.
#[must_use]
pub fn has_folded_names(rtype: Rtype) -> bool {
    matches!(rtype.0, 2..=5 | 6..=9 | 12 | 14 | 15 | 17 | 18 | 21 | 24 | 26 | 30 | 33 | 35 | 36 | 39 | 46)
}

/// Compares uncompressed RDATA of one type in canonical order (RFC 4034 §6.3).
#[must_use]
pub fn canonical_cmp(rtype: Rtype, a: &[u8], b: &[u8]) -> Ordering {
    if !has_folded_names(rtype) {
        return a.cmp(b);
    }
    if short::same(a, b) {
        return Ordering::Equal;
    }
    // Until a capital letter comes, it doesn't matter where the names are.
    for (octet, other) in a.iter().zip(b) {
        if octet.is_ascii_uppercase() || other.is_ascii_uppercase() {
            return folded_cmp(rtype, a, b);
        }
        if octet != other {
            return octet.cmp(other);
        }
    }
    a.len().cmp(&b.len())
}

/// The same where names hold capital letters.
fn folded_cmp(rtype: Rtype, a: &[u8], b: &[u8]) -> Ordering {
    let octets = |rdata| pieces(rtype, rdata).flat_map(canonical_octets);
    octets(a).cmp(octets(b))
}

/// The canonical form of uncompressed RDATA (RFC 4034 §6.2), piece by piece.
pub fn write_canonical(rtype: Rtype, rdata: &[u8], mut put: impl FnMut(&[u8])) {
    if !has_folded_names(rtype) {
        return put(rdata);
    }
    for piece in pieces(rtype, rdata) {
        match piece {
            Piece::Name(name, NameUse { folded: true, .. }) => put(name.to_name().to_lowercase().as_octets()),
            Piece::Name(name, _) => put(name.as_octets()),
            Piece::Octets(octets) => put(octets),
        }
    }
}

fn canonical_octets(piece: Piece<'_>) -> impl Iterator<Item = u8> {
    let (octets, folded) = match piece {
        Piece::Name(name, usage) => (name.as_octets(), usage.folded),
        Piece::Octets(octets) => (octets, false),
    };
    octets.iter().map(move |octet| if folded { octet.to_ascii_lowercase() } else { *octet })
}

#[cfg(test)]
mod tests;
