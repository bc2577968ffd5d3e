//! The answer to an IXFR query over a stream: what it may be, and what it may not be.

use super::super::super::Limits;
use super::*;
use crate::tsig::rustcrypto::Hmac;
use crate::tsig::{Algorithm, Error as TsigError, Mac, NullMac};
use proptest::prelude::*;

/// Our serial.
const OURS: Serial = Serial(7);

pub(super) fn host(number: u8) -> Owned {
    Owned::new("Host.example.", Rtype::A, &[10, 0, 0, number])
}

/// Differences from 7 to 8 and from 8 to 10, their SOAs included.
pub(super) fn differences() -> Vec<Owned> {
    Vec::from([
        soa(APEX, 10),
        soa(APEX, 7),
        host(1),
        host(2),
        soa(APEX, 8),
        host(3),
        soa(APEX, 8),
        txt("a.example.", 9),
        soa(APEX, 10),
        txt("a.example.", 10),
        host(4),
        soa(APEX, 10),
    ])
}

/// What is told of these.
pub(super) fn expected() -> Vec<Told> {
    Vec::from([
        Told::Deletions(soa(APEX, 7)),
        Told::Delete(host(1)),
        Told::Delete(host(2)),
        Told::Additions(soa(APEX, 8)),
        Told::Add(host(3)),
        Told::Deletions(soa(APEX, 8)),
        Told::Delete(txt("a.example.", 9)),
        Told::Additions(soa(APEX, 10)),
        Told::Add(txt("a.example.", 10)),
        Told::Add(host(4)),
        Told::Commit(10),
    ])
}

pub(super) fn zone_told(records: &[Owned]) -> Vec<Told> {
    let adds = records[1..].iter().cloned().map(Told::Add);
    [Told::Begin(records[0].clone())].into_iter().chain(adds).collect()
}

fn inbound() -> Inbound<NoMac> {
    Inbound::ixfr(name(APEX).as_ref(), OURS, ID, Limits::default(), None)
}

/// What is told of these messages, and what is wrong with them, in which of them.
fn ixfr(messages: &[Vec<u8>]) -> (Vec<Told>, Option<(PeerFault, u64)>) {
    let (told, result) = tell(&mut inbound(), messages);
    match result {
        Ok(()) => (told, None),
        Err(Error::Peer { fault, message, .. }) => (told, Some((fault, message))),
        Err(other) => panic!("{other:?}"),
    }
}

/// What is wrong with an answer of these records, be they in one message or in one each.
#[track_caller]
fn wrong(records: &[Owned]) -> PeerFault {
    let each: Vec<Vec<u8>> = records.iter().map(|record| Draft::of(std::slice::from_ref(record)).octets()).collect();
    let (told_each, fault_each) = ixfr(&each);
    let (told, fault) = ixfr(&[Draft::of(records).octets()]);
    let ((fault, _), (fault_each, _)) = (fault.expect("wrong"), fault_each.expect("wrong in messages of its own"));
    assert_eq!((told, fault), (told_each, fault_each));
    fault
}

/// Records in messages, a new one before each of these numbers.
fn cut_at(records: &[Owned], cuts: &[usize]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let mut rest = records;
    for cut in cuts.iter().rev() {
        let (before, after) = rest.split_at(*cut);
        parts.push(Draft::of(after).octets());
        rest = before;
    }
    parts.push(Draft::of(rest).octets());
    parts.reverse();
    parts
}

#[test]
fn takes_differences_wherever_messages_end() {
    let records = differences();
    assert_eq!(ixfr(&cut_at(&records, &[])), (expected(), None));
    for first in 1..records.len() {
        assert_eq!(ixfr(&cut_at(&records, &[first])), (expected(), None), "{first}");
        for second in first + 1..records.len() {
            assert_eq!(ixfr(&cut_at(&records, &[first, second])), (expected(), None), "{first} {second}");
        }
    }
    let all: Vec<usize> = (1..records.len()).collect();
    assert_eq!(ixfr(&cut_at(&records, &all)), (expected(), None));
}

#[test]
fn ixfr_that_ends_at_the_end_of_a_message_is_taken() {
    // The additions end one message, the closing SOA is the next; or empty messages come before it.
    let records = differences();
    let (body, closing) = records.split_at(records.len() - 1);
    assert_eq!(ixfr(&messages([body, closing])), (expected(), None));
    assert_eq!(ixfr(&messages([body, &[], &[], closing])), (expected(), None));
}

#[test]
fn lone_soa_that_is_not_newer_is_up_to_date() {
    for serial in [7, 6, 0, 7_u32.wrapping_sub(1 << 31), 7_u32.wrapping_add(1 << 31)] {
        let mut inbound = inbound();
        let (told, result) = tell(&mut inbound, &messages([&[soa(APEX, serial)]]));
        assert_eq!((told, result), (Vec::from([Told::UpToDate(serial)]), Ok(())), "{serial}");
        assert_eq!((inbound.eof(), inbound.totals().records), (Ok(()), 1));
    }
}

#[test]
fn lone_soa_that_is_newer_waits_for_more() {
    // ixfrdist sends it so, whatever follows.
    let mut inbound = inbound();
    let stream = messages([&[soa(APEX, 10)]]);
    assert_eq!(tell(&mut inbound, &stream), (Vec::new(), Ok(())));
    assert_eq!(inbound.eof(), Err(Error::Ended { messages: 1, records: 1 }));
    let records = differences();
    assert_eq!(ixfr(&cut_at(&records, &[1])), (expected(), None));
    let whole = [soa(APEX, 10), txt(APEX, 1), host(1), soa(APEX, 10)];
    let told: Vec<Told> = zone_told(&whole[..3]).into_iter().chain([Told::Commit(10)]).collect();
    assert_eq!(ixfr(&cut_at(&whole, &[1])), (told, None));
}

#[test]
fn soa_twice_and_nothing_else_is_up_to_date() {
    assert_eq!(ixfr(&messages([&[soa(APEX, 7), soa(APEX, 7)]])), (Vec::from([Told::UpToDate(7)]), None));
    let fault = ixfr(&messages([&[soa(APEX, 7), soa(APEX, 7), host(1)]])).1;
    assert_eq!(fault, Some((PeerFault::AfterClosingSoa, 1)));
    // The same serial with other fields.
    let mut other = soa(APEX, 7);
    *other.rdata.last_mut().unwrap() ^= 1;
    let fault = ixfr(&messages([&[soa(APEX, 7), other]])).1;
    assert_eq!(fault, Some((PeerFault::OtherSoa { first: OURS, this: OURS }, 1)));
}

#[test]
fn axfr_style_is_taken_whatever_its_serial() {
    for serial in [8, 7, 6] {
        // Owners written out, and as a pointer to the one before.
        for second in [txt(APEX, 1), host(1), txt("example.org.", 1)] {
            let records = [soa("exAMple.", serial), second.clone(), host(2), soa(APEX, serial)];
            let (told, fault) = ixfr(&messages([&records]));
            assert_eq!(fault, None);
            let second = if second.owner == name("example.org.") { Told::Skipped(second) } else { Told::Add(second) };
            let begin = Told::Begin(records[0].clone());
            assert_eq!(told, [begin, second, Told::Add(host(2)), Told::Commit(serial)]);
        }
    }
}

#[test]
fn axfr_style_has_the_opening_soa_in_its_own_case_and_ttl() {
    let mut opening = soa("ExAmPlE.", 9);
    opening.ttl = 77;
    let records = [opening.clone(), host(1), soa(APEX, 9)];
    for stream in [cut_at(&records, &[]), cut_at(&records, &[1]), cut_at(&records, &[1, 2])] {
        assert_eq!(
            ixfr(&stream),
            (Vec::from([Told::Begin(opening.clone()), Told::Add(host(1)), Told::Commit(9)]), None)
        );
    }
}

#[test]
fn first_and_last_soa_of_axfr_style_must_match() {
    let other = PeerFault::OtherSoa { first: Serial(10), this: Serial(11) };
    assert_eq!(wrong(&[soa(APEX, 10), host(1), soa(APEX, 11)]), other);
    // PowerDNS may repeat the SOA: in the middle it would be the end.
    let (_, fault) = ixfr(&messages([&[soa(APEX, 10), host(1), soa(APEX, 10), host(2), soa(APEX, 10)]]));
    assert_eq!(fault, Some((PeerFault::AfterClosingSoa, 1)));
}

#[test]
fn differences_from_another_serial_than_ours_are_rejected() {
    for theirs in [6, 8, 9, 10] {
        let records = [soa(APEX, 10), soa(APEX, theirs), host(1), soa(APEX, 10), soa(APEX, 10)];
        assert_eq!(wrong(&records), PeerFault::FirstSerial { ours: OURS, theirs: Serial(theirs) });
    }
}

#[test]
fn broken_chain_is_rejected() {
    let broken = |to, from| PeerFault::BrokenChain { to: Serial(to), from: Serial(from) };
    let open = [soa(APEX, 10), soa(APEX, 7), host(1), soa(APEX, 8), host(2)];
    let with = |more: &[Owned]| [&open, more].concat();
    assert_eq!(wrong(&with(&[soa(APEX, 9)])), broken(8, 9));
    // The closing SOA before the serials have got there.
    assert_eq!(wrong(&with(&[soa(APEX, 10)])), broken(8, 10));
    // One more sequence after the last.
    let more = [soa(APEX, 8), soa(APEX, 10), soa(APEX, 8)];
    assert_eq!(wrong(&with(&more)), broken(10, 8));
}

#[test]
fn sequence_that_leads_nowhere_is_rejected() {
    assert_eq!(wrong(&[soa(APEX, 10), soa(APEX, 7), host(1), soa(APEX, 7)]), PeerFault::SameSerial(OURS));
}

#[test]
fn closing_soa_is_the_first_in_all_fields() {
    let mut other = soa(APEX, 10);
    *other.rdata.last_mut().unwrap() ^= 1;
    let fault = PeerFault::OtherSoa { first: Serial(10), this: Serial(10) };
    let mut records = differences();
    *records.last_mut().unwrap() = other.clone();
    assert_eq!(wrong(&records), fault);
    // So is the SOA of the last additions.
    let mut records = differences();
    records[8] = other;
    assert_eq!(wrong(&records), fault);
}

#[test]
fn records_after_the_end_of_an_ixfr_are_rejected() {
    let records = [&differences()[..], &[host(9)]].concat();
    let (told, fault) = ixfr(&[Draft::of(&records).octets()]);
    assert_eq!((told.last(), fault), (Some(&Told::Add(host(4))), Some((PeerFault::AfterClosingSoa, 1))));
    for late in [&[host(9)][..], &[]] {
        let (told, fault) = ixfr(&messages([&differences(), late]));
        assert_eq!((told, fault), (expected(), Some((PeerFault::AfterEnd, 2))));
        let (told, fault) = ixfr(&messages([&[soa(APEX, 7)], late]));
        assert_eq!((told, fault), (Vec::from([Told::UpToDate(7)]), Some((PeerFault::AfterEnd, 2))));
    }
}

#[test]
fn what_cannot_stand_in_a_zone_cannot_stand_in_differences() {
    let mut chaos = host(1);
    chaos.class = Class::CH;
    let mut chaos_soa = soa(APEX, 7);
    chaos_soa.class = Class::CH;
    for (odd, fault) in [
        (chaos, PeerFault::Class(Class::CH)),
        (chaos_soa, PeerFault::Class(Class::CH)),
        (soa("a.example.", 7), PeerFault::SoaOffApex),
        (soa("example.org.", 8), PeerFault::SoaOffApex),
        (Owned::new(APEX, Rtype(255), b""), PeerFault::MetaType(Rtype(255))),
        (Owned::new(APEX, Rtype(128), b""), PeerFault::MetaType(Rtype(128))),
    ] {
        for at in 0..differences().len() {
            let mut records = differences();
            records.truncate(at);
            records.push(odd.clone());
            assert_eq!(wrong(&records), fault, "{odd:?} as number {at}");
        }
    }
    let first = wrong(&[host(1), soa(APEX, 7)]);
    assert_eq!(first, PeerFault::FirstNotSoa(Rtype::A));
}

#[test]
fn malformed_record_in_differences_is_rejected() {
    let records = differences();
    for at in 1..records.len() {
        let mut stream = [Draft::of(&records[..at]).octets(), Draft::of(&records[at..at + 1]).octets()];
        let end = stream[1].len() - records[at].rdata.len().min(3);
        stream[1].truncate(end);
        let fault = ixfr(&stream).1.unwrap();
        assert_eq!(fault, (PeerFault::Wire(WireFault::Cut), 2), "{at}");
    }
}

#[test]
fn record_outside_the_zone_is_skipped_in_deletions_and_additions() {
    let outside = [txt("example.org.", 1), txt("notexample.", 2)];
    let mut records = differences();
    records.insert(2, outside[0].clone());
    records.insert(6, outside[1].clone());
    let mut told = expected();
    told.insert(1, Told::Skipped(outside[0].clone()));
    told.insert(5, Told::Skipped(outside[1].clone()));
    let mut inbound = inbound();
    assert_eq!(tell(&mut inbound, &[Draft::of(&records).octets()]), (told, Ok(())));
    assert_eq!((inbound.skipped(), inbound.totals().records), (2, 14));
}

#[test]
fn question_of_an_ixfr_is_ixfr() {
    for (qtype, fault) in [(Rtype::IXFR, None), (Rtype::AXFR, Some((PeerFault::OtherQuestion, 1)))] {
        let questions = Vec::from([question("EXAMPLE.", qtype, Class::IN)]);
        let stream = [Draft { questions, ..Draft::of(&differences()) }.octets()];
        assert_eq!(ixfr(&stream).1, fault);
    }
    let questions = Vec::from([question(APEX, Rtype::IXFR, Class::IN)]);
    let axfr = [Draft { questions, ..Draft::of(&[soa(APEX, 7), soa(APEX, 7)]) }.octets()];
    assert_eq!(fault(&axfr), (PeerFault::OtherQuestion, 1));
}

#[test]
fn differences_in_an_axfr_are_rejected() {
    assert_eq!(fault(&messages([&differences()])), (PeerFault::OtherSoa { first: Serial(10), this: OURS }, 1));
}

#[test]
fn refusal_of_an_ixfr_is_told() {
    for rcode in [Rcode::NOTIMP, Rcode::FORMERR, Rcode::REFUSED, Rcode::SERVFAIL] {
        let refusal = Draft { flags: Flags::QR.with_rcode(rcode), ..Draft::of(&[]) }.octets();
        let error = Error::Refused { rcode, ede: None, message: 1, signed: false };
        assert_eq!(tell(&mut inbound(), &[refusal]), (Vec::new(), Err(error)));
    }
    let late = Draft { flags: Flags::QR.with_rcode(Rcode::SERVFAIL), ..Draft::of(&[]) }.octets();
    let (_, result) = tell(&mut inbound(), &[Draft::of(&differences()[..5]).octets(), late]);
    let error = Error::Refused { rcode: Rcode::SERVFAIL, ede: None, message: 2, signed: false };
    assert_eq!(result, Err(error));
}

#[test]
fn limits_hold_in_differences() {
    let run = |limits| {
        let mut inbound = Inbound::<NoMac>::ixfr(name(APEX).as_ref(), OURS, ID, limits, None);
        tell(&mut inbound, &messages([&differences()[..1], &differences()[1..]])).1
    };
    let none = Limits::NONE;
    let octets: u64 =
        messages([&differences()[..1], &differences()[1..]]).iter().map(|octets| octets.len() as u64).sum();
    for (enough, short, limit) in [
        (Limits { records: 12, ..none }, Limits { records: 11, ..none }, Limit::Records(11)),
        (Limits { messages: 2, ..none }, Limits { messages: 1, ..none }, Limit::Messages(1)),
        (Limits { octets, ..none }, Limits { octets: octets - 1, ..none }, Limit::Octets(octets - 1)),
        (Limits { rrset_records: 2, ..none }, Limits { rrset_records: 1, ..none }, Limit::RrsetRecords(1)),
        (Limits { types_per_name: 1, ..none }, Limits { types_per_name: 0, ..none }, Limit::TypesPerName(0)),
    ] {
        assert_eq!((run(enough), run(short)), (Ok(()), Err(Error::Limit(limit))));
    }
    // One SOA alone is a record, too.
    let mut inbound = Inbound::<NoMac>::ixfr(name(APEX).as_ref(), OURS, ID, Limits { records: 0, ..none }, None);
    let (_, result) = tell(&mut inbound, &messages([&[soa(APEX, 7)]]));
    assert_eq!(result, Err(Error::Limit(Limit::Records(0))));
}

#[test]
fn rows_of_one_part_do_not_count_in_the_next() {
    // One record of a name changes again and again.
    let steps: Vec<Owned> = (7..107)
        .flat_map(|serial| [soa(APEX, serial), txt("a.example.", 1), soa(APEX, serial + 1), txt("a.example.", 1)])
        .collect();
    let records = [&[soa(APEX, 107)], &steps[..], &[soa(APEX, 107)]].concat();
    let limits = Limits { rrset_records: 1, types_per_name: 1, ..Limits::NONE };
    let mut inbound = Inbound::<NoMac>::ixfr(name(APEX).as_ref(), OURS, ID, limits, None);
    let (told, result) = tell(&mut inbound, &[Draft::of(&records).octets()]);
    assert_eq!((told.len(), result), (401, Ok(())));
}

#[test]
fn events_of_an_opening_left_untaken_end_the_transfer() {
    let stream = messages([&[soa(APEX, 10), host(1)], &[soa(APEX, 10)]]);
    for taken in 0..2 {
        let mut inbound = inbound();
        let mut events = inbound.handle_message(&stream[0], now(0)).unwrap();
        for _ in 0..taken {
            events.next().unwrap().unwrap();
        }
        assert_eq!(inbound.handle_message(&stream[1], now(1)).unwrap_err(), Error::Unread { message: 1 }, "{taken}");
    }
}

/// Messages with these records, each signed but for those that are left out.
fn signed<M: Mac>(parts: &[&[Owned]], leave_out: &[usize]) -> (Vec<Vec<u8>>, Verifier<M>) {
    let (mut signer, verifier) = ends(&key(Algorithm::HmacSha256));
    let stream = parts.iter().enumerate().map(|(number, part)| {
        let mut octets = Draft::of(part).octets();
        if !leave_out.contains(&number) {
            let mut tail = std::vec![0; signer.tail_len()];
            signer.sign(&[&octets], now(0).unix, &mut tail).unwrap();
            octets.extend_from_slice(&tail);
            octets[11] += 1;
        }
        octets
    });
    (stream.collect(), verifier)
}

#[test]
fn end_of_an_ixfr_must_be_signed() {
    let records = differences();
    let run = |parts: &[&[Owned]], leave_out: &[usize]| {
        let (stream, verifier) = signed::<NullMac>(parts, leave_out);
        tell(&mut Inbound::ixfr(name(APEX).as_ref(), OURS, ID, Limits::default(), Some(verifier)), &stream)
    };
    let halves = [&records[..5], &records[5..]];
    assert_eq!(run(&halves, &[]), (expected(), Ok(())));
    assert_eq!(run(&halves, &[1]).1, Err(Error::Tsig(TsigError::LastUnsigned)));
    assert_eq!(run(&[&[soa(APEX, 7)]], &[]), (Vec::from([Told::UpToDate(7)]), Ok(())));
    assert_eq!(run(&[&[soa(APEX, 7)]], &[0]).1, Err(Error::Tsig(TsigError::Missing)));
}

#[test]
fn ixfr_cut_at_any_octet_never_commits() {
    let records = differences();
    let parts = [&records[..1], &records[1..4], &records[4..9], &records[9..]];
    let (stream, verifier) = signed::<Hmac>(&parts, &[]);
    let unsigned = messages(parts);
    let run = |stream: &[Vec<u8>], signed: bool| {
        let verifier = signed.then(|| verifier.clone());
        let mut inbound = Inbound::ixfr(name(APEX).as_ref(), OURS, ID, Limits::default(), verifier);
        let (told, result) = tell(&mut inbound, stream);
        (told, result.and_then(|()| inbound.eof()))
    };
    for (stream, signed) in [(&stream, true), (&unsigned, false)] {
        assert_eq!(run(stream, signed), (expected(), Ok(())));
        for whole in 0..stream.len() {
            // Between messages, and within one.
            let (told, result) = run(&stream[..whole], signed);
            assert!(matches!(result, Err(Error::Ended { .. })), "{whole}");
            assert!(expected().starts_with(&told));
            for octets in 0..stream[whole].len() {
                let mut cut = stream[..=whole].to_vec();
                cut[whole].truncate(octets);
                assert!(run(&cut, signed).1.is_err(), "{whole} {octets}");
            }
        }
    }
}

#[test]
fn errors_of_differences_say_what_is_wrong() {
    for (records, text) in [
        (&[soa(APEX, 10), soa(APEX, 6)][..], "differences from serial 6, asked for from serial 7"),
        (&[soa(APEX, 10), soa(APEX, 7), soa(APEX, 7)], "differences from serial 7 to the same serial"),
        (
            &[soa(APEX, 10), soa(APEX, 7), soa(APEX, 8), soa(APEX, 9)],
            "SOA with serial 9 after differences that lead to serial 8",
        ),
    ] {
        let stream = [Draft::of(records).octets()];
        let offset = Draft::of(&records[..records.len() - 1]).octets().len();
        let error = tell(&mut inbound(), &stream).1.unwrap_err().to_string();
        assert_eq!(error, std::format!("peer misbehaved in message 1 at octet {offset}: {text}"));
    }
}

proptest! {
    #[test]
    fn any_chain_comes_in_however_it_is_cut(
        steps in prop::collection::vec((1_u32..9, prop::collection::vec(0_u8..9, 0..4), prop::collection::vec(0_u8..9, 0..4)), 1..6),
        cuts in prop::collection::btree_set(1_usize..30, 0..8),
    ) {
        let (mut records, mut told, mut serial) = (Vec::new(), Vec::new(), OURS.0);
        for (step, deletions, additions) in steps {
            records.push(soa(APEX, serial));
            told.push(Told::Deletions(soa(APEX, serial)));
            serial += step;
            records.extend(deletions.iter().map(|number| host(*number)));
            told.extend(deletions.iter().map(|number| Told::Delete(host(*number))));
            records.push(soa(APEX, serial));
            told.push(Told::Additions(soa(APEX, serial)));
            records.extend(additions.iter().map(|number| host(*number)));
            told.extend(additions.iter().map(|number| Told::Add(host(*number))));
        }
        told.push(Told::Commit(serial));
        let records = [&[soa(APEX, serial)], &records[..], &[soa(APEX, serial)]].concat();
        let cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < records.len()).collect();
        prop_assert_eq!(ixfr(&cut_at(&records, &cuts)), (told, None));
    }
}

#[test]
fn expire_option_is_that_of_the_first_message() {
    use crate::wire::edns::Expire;
    let with = |records: &[Owned], expire| {
        let edns = Some(Edns { expire, ..Edns::OURS });
        Draft { edns, ..Draft::of(records) }.octets()
    };
    let all = differences();
    for (first, second, told) in [
        (Some(Expire::Seconds(900)), None, Some(900)),
        (Some(Expire::Seconds(900)), Some(Expire::Seconds(7)), Some(900)),
        (None, Some(Expire::Seconds(7)), None),
        (Some(Expire::Asked), None, None),
    ] {
        let mut inbound = inbound();
        tell(&mut inbound, &[with(&all[..5], first), with(&all[5..], second)]).1.unwrap();
        assert!(inbound.is_done());
        assert_eq!(inbound.expire_option(), told);
    }
}
