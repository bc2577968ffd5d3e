//! Checking RDATA against its layout, with nom: every octet is accounted for.

use super::table::Field;
use crate::error::{WireError, WireFault};
use crate::name::Name;
use crate::wire::Rtype;
use crate::wire::cursor::{Cursor, Fail, Parsed, failed};
use crate::wire::grammar::{self, NameRead};
use nom::Parser;
use nom::bytes::complete::take;
use nom::combinator::verify;
use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u16};

/// A piece of RDATA as it stands in a message.
pub(super) enum Part<'a> {
    /// A name, expanded; `at` is where it stands.
    Name { name: &'a Name, read: NameRead, at: usize },
    /// Octets as they are.
    Octets(&'a [u8]),
}

/// Walks RDATA field by field, checking each, and hands its parts to `visit`.
pub(super) fn walk<'m>(
    rtype: Rtype,
    fields: &[Field],
    input: Cursor<'m>,
    mut visit: impl FnMut(Part<'_>) -> Result<(), WireError>,
) -> Result<(), WireError> {
    let wrong = |offset| WireError { fault: WireFault::Rdata(rtype), offset };
    let mut here = input;
    let mut name = Name::empty();
    for field in fields {
        let at = here.at;
        let after = if let Field::Name(usage) = field {
            let (after, read) =
                grammar::name(here, &mut name).map_err(|error| super::shape_error(rtype, failed(error, at)))?;
            if read.compressed && !usage.compressed_in {
                return Err(WireError { fault: WireFault::PointerInRdata(rtype), offset: at });
            }
            visit(Part::Name { name: &name, read, at })?;
            after
        } else {
            let (after, ()) = plain_field(*field, here).map_err(|_| wrong(at))?;
            visit(Part::Octets(here.message.get(at..after.at).unwrap_or_default()))?;
            after
        };
        here = after;
    }
    if here.at == input.message.len() { Ok(()) } else { Err(wrong(here.at)) }
}

/// A field without compressible names.
fn plain_field(field: Field, input: Cursor<'_>) -> Parsed<'_, ()> {
    match field {
        Field::Octets(count) => octets(input, usize::from(count)),
        Field::Text | Field::Counted => counted(input),
        Field::NonEmptyCounted => {
            verify(length_data(be_u8), |data: &Cursor<'_>| !data.rest().is_empty()).map(|_| ()).parse(input)
        }
        Field::OptionalText if input.rest().is_empty() => Ok((input, ())),
        Field::OptionalText => counted(input),
        Field::Texts => {
            let (rest, ()) = counted(input)?;
            to_end(rest, counted)
        }
        Field::Rest => octets(input, input.rest().len()),
        Field::NonEmptyRest => octets(input, input.rest().len().max(1)),
        Field::TypeBitmaps => type_bitmaps(input),
        Field::AddressPrefixes => to_end(input, address_prefix),
        Field::ServiceParameters => service_parameters(input),
        Field::Ipv6Prefix => ipv6_prefix(input),
        Field::HostIdentity => host_identity(input),
        Field::Gateway => {
            let (input, (kind, _algorithm)) = (be_u8, be_u8).parse(input)?;
            let (input, ()) = gateway(kind, input)?;
            octets(input, input.rest().len())
        }
        Field::Relay => {
            let (input, kind) = be_u8(input)?;
            gateway(kind & 0x7f, input)
        }
        Field::Name(_) => plain_name(input),
    }
}

fn octets(input: Cursor<'_>, count: usize) -> Parsed<'_, ()> {
    take(count).map(|_: Cursor<'_>| ()).parse(input)
}

fn counted(input: Cursor<'_>) -> Parsed<'_, ()> {
    length_data(be_u8).map(|_| ()).parse(input)
}

/// Repeats a parser that takes at least one octet until nothing is left.
fn to_end<'m>(input: Cursor<'m>, mut one: impl Parser<Cursor<'m>, Output = (), Error = Fail>) -> Parsed<'m, ()> {
    let mut here = input;
    while !here.rest().is_empty() {
        (here, ()) = one.parse(here)?;
    }
    Ok((here, ()))
}

/// A name that may not be compressed, where the layout depends on another field.
fn plain_name(input: Cursor<'_>) -> Parsed<'_, ()> {
    let mut name = Name::empty();
    let (after, read) = grammar::name(input, &mut name)?;
    if read.compressed { input.fails(WireFault::Pointer) } else { Ok((after, ())) }
}

/// Window number, length 1 to 32, bits; windows ascend (RFC 4034 §4.1.2).
fn type_bitmaps<'m>(input: Cursor<'m>) -> Parsed<'m, ()> {
    let mut last = None;
    to_end(input, |input: Cursor<'m>| {
        let (rest, (window, _)) =
            (be_u8, verify(length_data(be_u8), |bits: &Cursor<'_>| matches!(bits.rest().len(), 1..=32)))
                .parse(input)?;
        if last.is_some_and(|last| window <= last) {
            return input.fails(WireFault::Cut);
        }
        last = Some(window);
        Ok((rest, ()))
    })
}

/// Family, prefix length, N and length of the address part (RFC 3123 §4).
fn address_prefix(input: Cursor<'_>) -> Parsed<'_, ()> {
    let (rest, (family, prefix, length)) = (be_u16, be_u8, be_u8).parse(input)?;
    let length = length & 0x7f;
    let fits = match family {
        1 => prefix <= 32 && length <= 4,
        2 => prefix <= 128 && length <= 16,
        _ => true,
    };
    if fits { octets(rest, usize::from(length)) } else { input.fails(WireFault::Cut) }
}

fn service_parameters<'m>(input: Cursor<'m>) -> Parsed<'m, ()> {
    let mut last = None;
    to_end(input, |input: Cursor<'m>| {
        let (rest, (key, _)) = (be_u16, length_data(be_u16)).parse(input)?;
        if last.is_some_and(|last| key <= last) {
            return input.fails(WireFault::Cut);
        }
        last = Some(key);
        Ok((rest, ()))
    })
}

fn ipv6_prefix(input: Cursor<'_>) -> Parsed<'_, ()> {
    let (rest, prefix) = verify(be_u8, |prefix| *prefix <= 128).parse(input)?;
    let suffix = 128_u8.saturating_sub(prefix).div_ceil(8);
    let (rest, ()) = octets(rest, usize::from(suffix))?;
    if prefix == 0 { Ok((rest, ())) } else { plain_name(rest) }
}

fn host_identity(input: Cursor<'_>) -> Parsed<'_, ()> {
    let (rest, (tag, _algorithm, key)) = (be_u8, be_u8, be_u16).parse(input)?;
    let (rest, ()) = octets(rest, usize::from(tag))?;
    let (rest, ()) = octets(rest, usize::from(key))?;
    to_end(rest, plain_name)
}

/// None, IPv4, IPv6 or a name.
fn gateway(kind: u8, input: Cursor<'_>) -> Parsed<'_, ()> {
    match kind {
        0 => Ok((input, ())),
        1 => octets(input, 4),
        2 => octets(input, 16),
        3 => plain_name(input),
        _ => input.fails(WireFault::Cut),
    }
}
