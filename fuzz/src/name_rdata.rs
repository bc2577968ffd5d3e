//! Names and RDATA.

use std::cmp::Ordering;
use zxfr_core::name::Name;
use zxfr_core::wire::Rtype;
use zxfr_core::wire::rdata::{Piece, canonical_cmp, check, pieces, write_canonical};

/// Takes a type from the first two octets and three values from the rest: names and their text, RDATA and its checks, the
/// laws of the canonical order.
pub fn name_rdata(data: &[u8]) {
    let Some((&[high, low, cut_a, cut_b], rest)) = data.split_first_chunk::<4>() else { return };
    let rtype = Rtype(u16::from_be_bytes([high, low]));
    assert_eq!(rtype.to_string().parse(), Ok(rtype));
    text(rest);

    let (a, rest) = rest.split_at(usize::from(cut_a).min(rest.len()));
    let (b, c) = rest.split_at(usize::from(cut_b).min(rest.len()));
    let values = [a, b, c];
    let names = values.map(|octets| Name::from_octets(octets).ok());
    for name in names.iter().flatten() {
        let text = name.to_string();
        let back: Name = text.parse().unwrap();
        assert!(back.as_ref().octets_eq(name.as_ref()), "{text}");
        assert_eq!(name.to_lowercase(), *name);
        let mut ancestor = Some(name.as_ref());
        while let Some(zone) = ancestor {
            assert!(name.as_ref().is_at_or_below(zone));
            ancestor = zone.parent();
        }
    }
    let [x, y, z] = &names;
    if let (Some(x), Some(y), Some(z)) = (x, y, z) {
        order(x, y, z, Name::cmp);
        assert_eq!(x == y, x.cmp(y).is_eq());
        assert_eq!(x.cmp(y), sort_key(x).cmp(&sort_key(y)));
    }
    for rdata in values {
        let joined: Vec<u8> = pieces(rtype, rdata).flat_map(octets_of).collect();
        assert_eq!(joined, rdata);
        if check(rtype, rdata).is_ok() {
            let canonical = canonical(rtype, rdata);
            assert_eq!(check(rtype, &canonical), Ok(()));
            assert!(canonical_cmp(rtype, rdata, &canonical).is_eq());
            assert_eq!(self::canonical(rtype, &canonical), canonical);
        }
    }
    order(&a, &b, &c, |a, b| canonical_cmp(rtype, a, b));
    if check(rtype, a).is_ok() && check(rtype, b).is_ok() {
        assert_eq!(canonical_cmp(rtype, a, b), canonical(rtype, a).cmp(&canonical(rtype, b)));
    }
}

/// The octets as text: a name that it gives comes back from its own text.
fn text(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    match text.parse::<Name>() {
        Ok(name) => {
            assert!(Name::from_octets(name.as_octets()).is_ok());
            let back: Name = name.to_string().parse().unwrap();
            assert!(back.as_ref().octets_eq(name.as_ref()));
        }
        Err(error) => assert!(error.at <= text.len(), "{error}"),
    }
    if let Ok(rtype) = text.parse::<Rtype>() {
        assert_eq!(rtype.to_string().parse(), Ok(rtype));
    }
}

/// The laws of a total order.
fn order<T: ?Sized>(a: &T, b: &T, c: &T, cmp: impl Fn(&T, &T) -> Ordering) {
    assert!(cmp(a, a).is_eq());
    assert_eq!(cmp(a, b), cmp(b, a).reverse());
    if cmp(a, b).is_le() && cmp(b, c).is_le() {
        assert!(cmp(a, c).is_le());
    }
}

fn octets_of(piece: Piece<'_>) -> impl Iterator<Item = u8> {
    match piece {
        Piece::Name(name, _) => name.as_octets(),
        Piece::Octets(octets) => octets,
    }
    .iter()
    .copied()
}

fn canonical(rtype: Rtype, rdata: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    write_canonical(rtype, rdata, |part| octets.extend_from_slice(part));
    octets
}

fn sort_key(name: &Name) -> Vec<u8> {
    let mut key = Vec::new();
    name.as_ref().write_sort_key(|octets| key.extend_from_slice(octets));
    key
}
