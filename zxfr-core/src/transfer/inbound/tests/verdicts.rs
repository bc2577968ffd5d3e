//! What broke other servers: each input and its verdict.

use super::*;

#[test]
fn off_apex_soa_is_rejected() {
    for owner in ["a.example.", "example.org.", "."] {
        let off = soa(owner, 7);
        assert_eq!(fault(&messages([std::slice::from_ref(&off)])), (PeerFault::SoaOffApex, 1));
        assert_eq!(fault(&messages([&zone(2), &[off], &zone(0)])), (PeerFault::SoaOffApex, 2));
    }
}

#[test]
fn soa_in_the_middle_is_rejected() {
    // One that is like the first closes the transfer, so that it is what follows that is wrong.
    assert_eq!(fault(&messages([&[soa(APEX, 7), soa(APEX, 7), txt(APEX, 1)]])), (PeerFault::AfterClosingSoa, 1));
    let other = PeerFault::OtherSoa { first: Serial(7), this: Serial(6) };
    assert_eq!(fault(&messages([&[soa(APEX, 7), txt(APEX, 1), soa(APEX, 6), txt(APEX, 1)]])), (other, 1));
}

#[test]
fn first_and_last_soa_that_differ_are_rejected() {
    let other = PeerFault::OtherSoa { first: Serial(7), this: Serial(8) };
    assert_eq!(fault(&messages([&zone(2), &[soa(APEX, 8)]])), (other, 2));
    // The same serial, another field.
    let mut last = soa(APEX, 7);
    *last.rdata.last_mut().unwrap() ^= 1;
    let other = PeerFault::OtherSoa { first: Serial(7), this: Serial(7) };
    assert_eq!(fault(&messages([&zone(2), &[last]])), (other, 2));
}

#[test]
fn answers_after_the_final_soa_are_rejected() {
    let closed = [soa(APEX, 7), soa(APEX, 7)];
    assert_eq!(fault(&messages([&zone(1), &[soa(APEX, 7), txt(APEX, 1)]])), (PeerFault::AfterClosingSoa, 2));
    assert_eq!(fault(&messages([&closed, &[txt(APEX, 1)]])), (PeerFault::AfterEnd, 2));
    assert_eq!(fault(&messages([&closed, &[]])), (PeerFault::AfterEnd, 2));
}

#[test]
fn what_follows_the_end_does_not_undo_it() {
    let stream = messages([&[soa(APEX, 7), soa(APEX, 7)], &[txt(APEX, 1)]]);
    let mut inbound = Inbound::<NoMac>::axfr(name(APEX).as_ref(), ID, Limits::default(), None);
    assert!(receive(&mut inbound, &stream).is_err());
    assert!(inbound.is_done());
}

#[test]
fn transfer_that_begins_with_another_record_is_rejected() {
    assert_eq!(fault(&messages([&[txt(APEX, 1), soa(APEX, 7)]])), (PeerFault::FirstNotSoa(Rtype::TXT), 1));
    assert_eq!(fault(&messages([&[txt("example.org.", 1)]])), (PeerFault::FirstNotSoa(Rtype::TXT), 1));
}

#[test]
fn class_not_in_is_rejected() {
    for class in [Class::CH, Class::ANY, Class::NONE, Class(0), Class(4711)] {
        let record = Owned { class, ..txt(APEX, 1) };
        assert_eq!(fault(&messages([&zone(1), &[record]])), (PeerFault::Class(class), 2));
        let record = Owned { class, ..soa(APEX, 7) };
        assert_eq!(fault(&messages([&[record]])), (PeerFault::Class(class), 1));
        let outside = Owned { class, ..txt("example.org.", 1) };
        assert_eq!(fault(&messages([&zone(1), &[outside]])), (PeerFault::Class(class), 2));
    }
}

#[test]
fn meta_type_is_rejected() {
    for rtype in [Rtype(0), Rtype::AXFR, Rtype::IXFR, Rtype::ANY, Rtype::TKEY, Rtype(128), Rtype(255)] {
        let record = Owned { rtype, ..txt(APEX, 1) };
        assert_eq!(fault(&messages([&zone(1), &[record]])), (PeerFault::MetaType(rtype), 2));
    }
    // OPT and TSIG among the answers don't even pass as framing.
    for (rtype, wrong) in [(Rtype::OPT, WireFault::Opt), (Rtype::TSIG, WireFault::TsigPlace)] {
        let record = Owned { rtype, ..txt(".", 1) };
        assert_eq!(fault(&messages([&zone(1), &[record]])), (PeerFault::Wire(wrong), 2));
    }
}

#[test]
fn malformed_rdata_is_rejected() {
    let name_and_more = [name("a.example.").as_octets(), &[0]].concat();
    for (rtype, rdata) in [
        (Rtype::A, &[1, 2, 3][..]),
        (Rtype::A, &[1, 2, 3, 4, 5]),
        (Rtype::NS, &[]),
        (Rtype::NS, &name_and_more),
        (Rtype::MX, &[0]),
        (Rtype::SVCB, &[0, 1]),
        (Rtype::SVCB, &[0, 1, 0, 0, 1, 0, 9, 1]),
        (Rtype::APL, &[0, 1, 24, 0x84, 10]),
        (Rtype::DNSKEY, &[1, 0, 3]),
        (Rtype::TXT, &[5, b'a']),
        (Rtype::NSEC, &[0, 0, 0]),
    ] {
        let stream = messages([&zone(1), &[txt(APEX, 1), Owned::new("a.example.", rtype, rdata)]]);
        let (fault, message) = fault(&stream);
        assert!(matches!(fault, PeerFault::Wire(_)), "{rtype} {rdata:?}: {fault}");
        assert_eq!(message, 2);
    }
    for cut in 0..soa(APEX, 7).rdata.len() {
        let mut short = soa(APEX, 7);
        short.rdata.truncate(cut);
        let (fault, _) = fault(&messages([&[short]]));
        assert!(matches!(fault, PeerFault::Wire(_)), "{cut}: {fault}");
    }
    let mut long = soa(APEX, 7);
    long.rdata.push(0);
    assert_eq!(fault(&messages([&[long]])), (PeerFault::Wire(WireFault::Rdata(Rtype::SOA)), 1));
}

#[test]
fn rdata_that_wraps_the_message_is_rejected() {
    // The length of the last record's RDATA says more octets than there are, up to all that 16 bits can say.
    let plain = Draft::of(&[soa(APEX, 7), Owned::new(APEX, Rtype::A, &[1, 2, 3, 4])]).octets();
    let at = plain.len() - 6;
    assert_eq!(plain[at..at + 2], [0, 4]);
    for length in [5_u16, 255, 0x7fff, 0xfff0, 0xffff] {
        let mut octets = plain.clone();
        octets[at..at + 2].copy_from_slice(&length.to_be_bytes());
        assert_eq!(fault(&[octets]), (PeerFault::Wire(WireFault::Cut), 1));
    }
}

/// A message with the SOA and then a record whose owner is these octets of wire.
fn with_owner(owner: &[u8]) -> Vec<u8> {
    let mut octets = Draft::of(&[soa(APEX, 7)]).octets();
    octets[7] += 1;
    octets.extend_from_slice(owner);
    octets.extend_from_slice(&[0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]);
    octets
}

#[test]
fn malformed_owner_is_rejected() {
    let end = Draft::of(&[soa(APEX, 7)]).octets().len();
    let pointer = |to: usize| (0xc000 | u16::try_from(to).unwrap()).to_be_bytes();
    let long = [&[1, b'a'].repeat(127)[..], &pointer(12)].concat();
    for (owner, wrong) in [
        (&pointer(end)[..], WireFault::Pointer),
        (&pointer(end + 4), WireFault::Pointer),
        (&[&[1, b'a'][..], &pointer(end)].concat(), WireFault::Pointer),
        (&[0x40], WireFault::LabelKind),
        (&[0x80, 0], WireFault::LabelKind),
        (&long, WireFault::LongName),
    ] {
        assert_eq!(fault(&[with_owner(owner)]), (PeerFault::Wire(wrong), 1), "{owner:?}");
    }
    assert!(matches!(unsigned(&[with_owner(&pointer(12))]), Err(Error::Ended { records: 2, .. })));
}

#[test]
fn counts_that_overrun_the_message_are_rejected() {
    for (at, count) in [(5, 1), (6, 0xff), (7, 3), (8, 0xff), (9, 1), (11, 1)] {
        let mut octets = Draft::of(&[soa(APEX, 7), soa(APEX, 7)]).octets();
        octets[at] = count;
        assert!(matches!(fault(&[octets]), (PeerFault::Wire(WireFault::Cut), 1)), "{at}");
    }
    let mut octets = Draft::of(&[soa(APEX, 7), soa(APEX, 7)]).octets();
    octets[7] = 1;
    assert_eq!(fault(&[octets]), (PeerFault::Wire(WireFault::Trailing), 1));
}

#[test]
fn eof_before_the_closing_soa_discards_all() {
    let zone = zone(3);
    assert_eq!(unsigned(&[]), Err(Error::Ended { messages: 0, records: 0 }));
    assert_eq!(unsigned(&messages([&zone[..1]])), Err(Error::Ended { messages: 1, records: 1 }));
    assert_eq!(unsigned(&messages([&zone, &[]])), Err(Error::Ended { messages: 2, records: 4 }));
}

#[test]
fn error_rcode_discards_all() {
    let refusal = |rcode| Draft { flags: Flags::QR.with_rcode(rcode), ..Draft::of(&[]) }.octets();
    let zone = Draft::of(&zone(2)).octets();
    for rcode in [Rcode::FORMERR, Rcode::SERVFAIL, Rcode::NOTIMP, Rcode::REFUSED, Rcode::NOTAUTH] {
        let refused = |message| Error::Refused { rcode, ede: None, message, signed: false };
        assert_eq!(unsigned(&[refusal(rcode)]), Err(refused(1)));
        assert_eq!(unsigned(&[zone.clone(), refusal(rcode)]), Err(refused(2)));
    }
    // Records beside an error are not looked at.
    let draft = Draft { flags: Flags::QR.with_rcode(Rcode::SERVFAIL), ..Draft::of(&[soa(APEX, 7), soa(APEX, 7)]) };
    assert!(matches!(unsigned(&[draft.octets()]), Err(Error::Refused { rcode: Rcode::SERVFAIL, .. })));
}

#[test]
fn extended_rcode_and_extended_error_are_told() {
    let edns = Edns { extended_rcode: 1, ede: Some((Ede::NOT_READY, b"later")), ..Edns::OURS };
    let draft = Draft { edns: Some(edns), ..Draft::of(&[]) };
    let expected = Error::Refused { rcode: Rcode::BADVERS, ede: Some(Ede::NOT_READY), message: 1, signed: false };
    assert_eq!(unsigned(&[draft.octets()]), Err(expected));
}

#[test]
fn extended_error_without_rcode_is_no_refusal() {
    let edns = Edns { ede: Some((Ede::OTHER, b"by the way")), ..Edns::OURS };
    let draft = Draft { edns: Some(edns), ..Draft::of(&[soa(APEX, 7), soa(APEX, 7)]) };
    assert!(unsigned(&[draft.octets()]).is_ok());
}

#[test]
fn tc_or_another_id_or_a_query_discards_all() {
    let first = Draft::of(&zone(2)).octets();
    let last = || Draft::of(&zone(0));
    for (draft, expected) in [
        (Draft { flags: Flags::QR.with(Flags::TC), ..last() }, PeerFault::Truncated),
        (Draft { id: ID + 1, ..last() }, PeerFault::Id(ID + 1)),
        (Draft { flags: Flags::default(), ..last() }, PeerFault::NoResponse),
        (Draft { flags: Flags::QR.with(Flags::of(Opcode::NOTIFY)), ..last() }, PeerFault::Opcode(Opcode::NOTIFY)),
    ] {
        assert_eq!(fault(&[draft.octets()]), (expected, 1));
        assert_eq!(fault(&[first.clone(), draft.octets()]), (expected, 2));
    }
}

#[test]
fn another_question_is_rejected_in_any_message() {
    let first = Draft::of(&zone(2)).octets();
    for (question, wrong) in [
        (question("a.example.", Rtype::AXFR, Class::IN), PeerFault::OtherQuestion),
        (question(APEX, Rtype::IXFR, Class::IN), PeerFault::OtherQuestion),
        (question(APEX, Rtype::AXFR, Class::CH), PeerFault::OtherQuestion),
    ] {
        let draft = Draft { questions: Vec::from([question.clone()]), ..Draft::of(&zone(0)) };
        assert_eq!(fault(&[draft.octets()]), (wrong, 1));
        assert_eq!(fault(&[first.clone(), draft.octets()]), (wrong, 2));
        let draft = Draft { questions: Vec::from([question.clone(), question]), ..Draft::of(&zone(0)) };
        assert_eq!(fault(&[draft.octets()]), (PeerFault::Questions(2), 1));
    }
}

#[test]
fn empty_first_message_is_rejected() {
    assert_eq!(fault(&messages([&[], &zone(2)])), (PeerFault::NoAnswer, 1));
}

#[test]
fn after_an_error_the_same_error_comes() {
    let mut inbound = Inbound::<NoMac>::axfr(name(APEX).as_ref(), ID, Limits::default(), None);
    let bad = Draft::of(&[soa(APEX, 7), soa("a.example.", 7), soa(APEX, 7)]).octets();
    let error = receive(&mut inbound, &[bad]).unwrap_err();
    assert!(matches!(error, Error::Peer { fault: PeerFault::SoaOffApex, message: 1, offset } if offset > 12));
    let good = Draft::of(&[soa(APEX, 7), soa(APEX, 7)]).octets();
    let totals = inbound.totals();
    for _ in 0..2 {
        assert_eq!(inbound.handle_message(&good, now(1)).unwrap_err(), error);
        assert_eq!(inbound.eof(), Err(error));
    }
    assert_eq!(inbound.totals(), totals);
    assert!(!inbound.is_done());
    // Within one message, too.
    let mut inbound = Inbound::<NoMac>::axfr(name(APEX).as_ref(), ID, Limits::default(), None);
    let bad = Draft::of(&[soa("a.example.", 7), soa(APEX, 7), soa(APEX, 7)]).octets();
    let mut events = inbound.handle_message(&bad, now(0)).unwrap();
    let error = events.next().unwrap_err();
    assert_eq!(events.next().unwrap_err(), error);
}
