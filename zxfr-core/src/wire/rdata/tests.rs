//! Tests of the RDATA table.

use super::*;
use crate::name::Name;
use proptest::prelude::*;
use std::vec::Vec;

fn wire(text: &str) -> Vec<u8> {
    text.parse::<Name>().unwrap().as_octets().to_vec()
}

#[test]
fn known_types_are_checked_for_shape() {
    let soa = [wire("a."), wire("b."), [0; 20].to_vec()].concat();
    let rrsig = [[0; 18].to_vec(), wire("example."), [1].to_vec()].concat();
    let good: &[(Rtype, &[u8])] = &[
        (Rtype::A, &[1, 2, 3, 4]),
        (Rtype::NS, b"\x01a\0"),
        (Rtype::SOA, &soa),
        (Rtype::TXT, b"\0"),
        (Rtype::TXT, b"\x01a\x02bc"),
        (Rtype::NSEC, b"\0\0\x01\x40"),
        (Rtype::NSEC3, &[1, 0, 0, 0, 0, 1, 9]),
        (Rtype::RRSIG, &rrsig),
        (Rtype::APL, &[]),
        (Rtype::APL, &[0, 1, 24, 0x83, 10, 0, 1]),
        (Rtype::SVCB, b"\0\x01\0\0\x01\0\0\0\x03\0\x02\x01\xbb"),
        (Rtype::HIP, b"\x01\x02\0\x01ab\x01a\0\0"),
        (Rtype::IPSECKEY, b"\x0a\x03\x02\x01a\0key"),
        (Rtype::AMTRELAY, b"\x0a\x81\x01\x02\x03\x04"),
        (Rtype::A6, b"\x80\x01a\0"),
        (Rtype::CAA, b"\0\x05issueca"),
        (Rtype(65_280), &[]),
    ];
    for (rtype, rdata) in good {
        assert_eq!(check(*rtype, rdata), Ok(()), "{rtype} {rdata:?}");
    }
    let bad: &[(Rtype, &[u8])] = &[
        (Rtype::A, &[1, 2, 3]),
        (Rtype::A, &[1, 2, 3, 4, 5]),
        (Rtype::NS, b"\x01a\0\0"),
        (Rtype::NS, b"\x01a"),
        (Rtype::SOA, &soa[..soa.len() - 1]),
        (Rtype::TXT, &[]),
        (Rtype::TXT, b"\x02a"),
        (Rtype::NSEC, b"\0\x01\x01\x40\0\x01\x40"),
        (Rtype::NSEC, b"\0\0\0"),
        (Rtype::NSEC, b"\0\0\x21"),
        (Rtype::NSEC3, &[1, 0, 0, 0, 0, 0]),
        (Rtype::RRSIG, &rrsig[..rrsig.len() - 1]),
        (Rtype::DNSKEY, &[1, 0, 3]),
        (Rtype::APL, &[0, 1, 33, 0]),
        (Rtype::APL, &[0, 1, 24, 0x83, 10, 0]),
        (Rtype::SVCB, b"\0\x01\0\0\x03\0\0\0\x01\0\0"),
        (Rtype::SVCB, b"\0\x01\0\0\x03\0\x05\0"),
        (Rtype::HIP, b"\xff\x02\xff\xffab"),
        (Rtype::IPSECKEY, b"\x0a\x04\x02"),
        (Rtype::A6, b"\x81"),
        (Rtype::CAA, b"\0\0issue"),
    ];
    for (rtype, rdata) in bad {
        assert!(check(*rtype, rdata).is_err(), "{rtype} {rdata:?}");
    }
    assert!(check(Rtype(65_280), &[0; 65_536]).is_err());
}

#[test]
fn expands_only_what_may_be_compressed() {
    // Offset 0: "example."; RDATA of MX at 9 points to it.
    let message = b"\x07example\0\0\x0a\x02mx\xc0\0\0\x0a\0\0\0\0\x02mx\xc0\0";
    let mut expanded = Expanded::new();
    let mx = read(Rtype::MX, message, 9, 7, &mut expanded).unwrap();
    assert_eq!(mx, b"\0\x0a\x02mx\x07example\0");
    // The same octets as a type whose name must not be compressed.
    let error = read(Rtype::KX, message, 9, 7, &mut expanded).unwrap_err();
    assert_eq!(error, WireError { fault: WireFault::PointerInRdata(Rtype::KX), offset: 11 });
    // SRV may arrive compressed (RFC 3597 §4).
    let srv = read(Rtype::SRV, message, 16, 11, &mut expanded).unwrap();
    assert_eq!(srv, b"\0\x0a\0\0\0\0\x02mx\x07example\0");
    // Unknown types are opaque.
    assert_eq!(read(Rtype(65_000), message, 9, 7, &mut expanded).unwrap(), &message[9..16]);
}

#[test]
fn rdata_that_wraps_its_length_is_refused() {
    let message = b"\0\x01a\0";
    let mut expanded = Expanded::new();
    assert_eq!(read(Rtype::NS, message, 1, 4, &mut expanded).unwrap_err().fault, WireFault::Cut);
    assert_eq!(read(Rtype::NS, message, 1, 2, &mut expanded).unwrap_err().fault, WireFault::Rdata(Rtype::NS));
}

#[test]
fn canonical_order_folds_names_only() {
    assert!(canonical_cmp(Rtype::NS, b"\x01A\0", b"\x01a\0").is_eq());
    assert!(canonical_cmp(Rtype::TXT, b"\x01A", b"\x01a").is_lt());
    assert!(canonical_cmp(Rtype::NSEC, b"\x01A\0\0\x01\x40", b"\x01a\0\0\x01\x40").is_lt());
    // The preference comes before the name, whatever its octets: 'A' in it is no letter.
    assert!(canonical_cmp(Rtype::MX, b"AA\x01z\0", b"aa\x01a\0").is_lt());
    let mut canonical = Vec::new();
    write_canonical(Rtype::MX, b"AA\x01Z\0", |octets| canonical.extend_from_slice(octets));
    assert_eq!(canonical, b"AA\x01z\0");
}

#[test]
fn the_folded_list_is_the_tables() {
    for value in 0..=u16::MAX {
        let rtype = Rtype(value);
        let fields = layout(rtype).unwrap_or_default();
        let folded = fields.iter().any(|field| matches!(field, Field::Name(usage) if usage.folded));
        assert_eq!(has_folded_names(rtype), folded, "{rtype}");
    }
}

proptest! {
    #[test]
    fn check_never_panics_and_pieces_join_again(value in 0u16..270, rdata in prop::collection::vec(any::<u8>(), 0..60)) {
        let rtype = Rtype(value);
        let _ = check(rtype, &rdata);
        let mut joined = Vec::new();
        for piece in pieces(rtype, &rdata) {
            match piece {
                Piece::Name(name, _) => joined.extend_from_slice(name.as_octets()),
                Piece::Octets(octets) => joined.extend_from_slice(octets),
            }
        }
        prop_assert_eq!(joined, rdata);
    }

    #[test]
    fn canonical_cmp_is_the_order_of_canonical_forms(a in prop::collection::vec(any::<u8>(), 0..12), b in prop::collection::vec(any::<u8>(), 0..12), value in prop::sample::select(&[2u16, 6, 15, 16, 46][..])) {
        let rtype = Rtype(value);
        let form = |rdata: &[u8]| {
            let mut form = Vec::new();
            write_canonical(rtype, rdata, |octets| form.extend_from_slice(octets));
            form
        };
        prop_assert_eq!(canonical_cmp(rtype, &a, &b), form(&a).cmp(&form(&b)));
    }
}
