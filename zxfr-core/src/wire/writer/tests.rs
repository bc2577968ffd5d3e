//! Tests of the writer: what it writes, the reader reads.

use super::*;
use crate::name::Name;
use crate::wire::{Message, Scratch, rdata};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::vec::Vec;

type Owned = (Name, Rtype, u32, Vec<u8>);

fn any_record() -> impl Strategy<Value = Owned> {
    let label = prop::sample::select(&["a", "A", "b", "example", "EXAMPLE", "mail", "*"][..]);
    let name = prop::collection::vec(label, 0..5).prop_map(|labels| (labels.join(".") + ".").parse::<Name>());
    let name = name.prop_filter_map("a name", Result::ok);
    let target = name.clone();
    let data = prop_oneof![
        target.clone().prop_map(|name| (Rtype::NS, name.as_octets().to_vec())),
        target.clone().prop_map(|name| (Rtype::MX, [&[0, 1], name.as_octets()].concat())),
        target.clone().prop_map(|name| (Rtype::SRV, [&[0; 6], name.as_octets()].concat())),
        target.prop_map(|name| (Rtype::SOA, [name.as_octets(), name.as_octets(), &[9; 20]].concat())),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|octets| (Rtype(65_280), octets)),
    ];
    (name, data, 0_u32..1 << 31).prop_map(|(name, (rtype, rdata), ttl)| (name, rtype, ttl, rdata))
}

fn flat(record: &Owned) -> Record<'_> {
    let (owner, rtype, ttl, rdata) = record;
    Record { owner: owner.as_ref(), rtype: *rtype, class: Class::IN, ttl: *ttl, rdata }
}

proptest! {
    #[test]
    fn reader_gets_back_the_octets(records in prop::collection::vec(any_record(), 0..60), room in 12usize..3000) {
        let mut octets = std::vec![0; room];
        let mut writer = Writer::new(&mut octets);
        let mut written = Vec::new();
        for record in &records {
            let before = writer.len();
            match writer.answer(&flat(record)) {
                Ok(()) => written.push(record),
                Err(Full) => prop_assert_eq!(writer.len(), before),
            }
        }
        let length = writer.finish(1, Flags::QR);
        let message = Message::new(&octets[..length]).unwrap();
        let layout = message.layout().unwrap();
        let mut scratch = Scratch::new();
        let mut answers = message.answers(&layout, &mut scratch);
        for record in written {
            let read = answers.next().unwrap().unwrap();
            prop_assert!(read.is_exactly(&flat(record)), "{read:?}");
        }
        prop_assert!(answers.next().unwrap().is_none());
    }

    // Beside a plain model: the longest suffix that was written before is never spelt again.
    #[test]
    fn every_suffix_is_found_again(records in prop::collection::vec(any_record(), 0..60)) {
        let mut octets = std::vec![0; 16_000];
        let mut writer = Writer::new(&mut octets);
        let mut known = BTreeSet::new();
        let mut compressed = |name: &[u8]| {
            let mut at = 0;
            while name[at] != 0 {
                if !known.insert(name[at..].to_vec()) {
                    return at + 2;
                }
                at += 1 + usize::from(name[at]);
            }
            at + 1
        };
        for record in &records {
            let (owner, rtype, _, data) = record;
            let mut length = compressed(owner.as_octets()) + 10;
            for piece in pieces(*rtype, data) {
                length += match piece {
                    Piece::Name(name, NameUse { compressed_out: true, .. }) => compressed(name.as_octets()),
                    Piece::Name(name, _) => name.len(),
                    Piece::Octets(octets) => octets.len(),
                };
            }
            let before = writer.len();
            writer.answer(&flat(record)).unwrap();
            prop_assert_eq!(writer.len() - before, length, "{:?}", record);
        }
    }
}

#[test]
fn rdata_compresses_for_rfc_1035_types_only() {
    let target: Name = "ns.example.".parse().unwrap();
    let owner: Name = "example.".parse().unwrap();
    let lengths = [Rtype::NS, Rtype::DNAME].map(|rtype| {
        let mut octets = [0; 512];
        let mut writer = Writer::new(&mut octets);
        let rdata = target.as_octets();
        writer.answer(&Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 0, rdata }).unwrap();
        writer.finish(0, Flags::default())
    });
    // "ns" and a pointer, 5 octets, instead of 12.
    assert_eq!(lengths, [12 + 9 + 10 + 5, 12 + 9 + 10 + 12]);
}

#[test]
fn the_compressed_list_is_the_tables() {
    for value in 0..=u16::MAX {
        let fields = rdata::layout(Rtype(value)).unwrap_or_default();
        let compressed = fields.iter().any(|field| matches!(field, rdata::Field::Name(usage) if usage.compressed_out));
        assert_eq!(has_compressed_names(Rtype(value)), compressed, "{value}");
    }
}

#[test]
fn another_case_is_no_compression_target() {
    let mut octets = [0; 512];
    let mut writer = Writer::new(&mut octets);
    for owner in ["example.", "EXAMPLE.", "a.EXAMPLE."] {
        let owner: Name = owner.parse().unwrap();
        writer
            .answer(&Record { owner: owner.as_ref(), rtype: Rtype::A, class: Class::IN, ttl: 0, rdata: &[0; 4] })
            .unwrap();
    }
    assert_eq!(writer.finish(0, Flags::default()), 12 + 2 * (9 + 14) + (2 + 2 + 14));
}
