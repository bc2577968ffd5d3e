//! Hostile and odd primaries.

use zxfr_core::time::UnixTime;
use zxfr_tests::fake::Step;
use zxfr_tests::wire::{self, Draft, record, record_of};

use crate::secondary::{
    Answer, ZONE, accepted, core_key, host, key, now, rejected, rejected_by_limit, rejected_signed, sign,
};

#[test]
fn off_apex_soa_is_rejected() {
    rejected("SOA at a name that is not the zone's apex", |answer| {
        answer.with(&[wire::soa(&format!("sub.{ZONE}"), 2)])
    });
}

#[test]
fn soa_in_the_middle_is_rejected() {
    rejected("record after the closing SOA", |answer| answer.with(&[host(1), answer.soa(), host(2)]));
}

#[test]
fn first_and_last_soa_that_differ_are_rejected() {
    rejected("SOA with serial 3 in a transfer that began with serial 2", |answer| {
        answer.all(&[answer.soa(), host(1), wire::soa(ZONE, 3)])
    });
}

#[test]
fn answers_after_the_final_soa_are_rejected() {
    rejected("record after the closing SOA", |answer| answer.all(&[answer.soa(), host(1), answer.soa(), host(2)]));
}

#[test]
fn transfer_that_begins_with_another_record_is_rejected() {
    rejected("instead of the zone's SOA", |answer| answer.all(&[host(1), answer.soa(), answer.soa()]));
}

#[test]
fn class_not_in_is_rejected() {
    rejected("record of class", |answer| answer.with(&[record_of(b"\x01a\xc0\x0c", 16, 3, 60, b"\x01x")]));
}

#[test]
fn meta_types_are_rejected() {
    rejected("which can't stand in a zone", |answer| answer.with(&[record(ZONE, 255, b"")]));
    rejected("which can't stand in a zone", |answer| answer.with(&[record(ZONE, 249, b"")]));
    rejected("OPT record twice or out of place", |answer| answer.with(&[record_of(b"\0", 41, 1232, 0, b"")]));
    rejected("TSIG record that is not the last one", |answer| answer.with(&[record(ZONE, 250, b"")]));
}

#[test]
fn malformed_owners_are_rejected() {
    rejected("label of an unknown kind", |answer| answer.with(&[record_of(b"\x40a\0", 1, 1, 60, &[0; 4])]));
    rejected("label of an unknown kind", |answer| answer.with(&[record_of(b"\x80a\0", 1, 1, 60, &[0; 4])]));
    rejected("does not go backwards", |answer| answer.with(&[record_of(b"\xff\xff", 1, 1, 60, &[0; 4])]));
}

#[test]
fn looping_pointers_are_rejected() {
    rejected("does not go backwards", |answer| {
        // Where the owner of the second record starts.
        let at = answer.draft(&[answer.soa()]).octets().len() as u16;
        let owner = [b"\x01a".as_slice(), &(at | 0xc000).to_be_bytes()].concat();
        answer.with(&[record_of(&owner, 1, 1, 60, &[0; 4])])
    });
}

#[test]
fn names_over_255_octets_are_rejected() {
    rejected("name longer than 255 octets", |answer| {
        let label = [&[63], [b'x'; 63].as_slice()].concat();
        // 4 × 64 octets, then a pointer to the zone's name in the question.
        let owner = [label.repeat(4), b"\xc0\x0c".to_vec()].concat();
        answer.with(&[record_of(&owner, 1, 1, 60, &[0; 4])])
    });
}

#[test]
fn malformed_names_in_rdata_are_rejected() {
    rejected("label of an unknown kind", |answer| answer.with(&[record(ZONE, 2, b"\x41a\0")]));
    rejected("does not go backwards", |answer| answer.with(&[record(ZONE, 15, b"\0\x01\xff\xff")]));
}

#[test]
fn rdata_too_short_or_too_long_is_rejected() {
    rejected("malformed A RDATA", |answer| answer.with(&[record(ZONE, 1, &[0; 3])]));
    rejected("malformed A RDATA", |answer| answer.with(&[record(ZONE, 1, &[0; 5])]));
    rejected("malformed DNSKEY RDATA", |answer| answer.with(&[record(ZONE, 48, &[1, 1, 3])]));
    rejected("malformed SVCB RDATA", |answer| answer.with(&[record(ZONE, 64, b"\0\x01\0\0\x01\xff\xffh2")]));
    rejected("malformed APL RDATA", |answer| answer.with(&[record(ZONE, 42, b"\0\x01\x18\x7f\xc0")]));
    rejected("malformed TXT RDATA", |answer| answer.with(&[record(ZONE, 16, b"\x05abc")]));
}

#[test]
fn closing_soa_cut_short_is_rejected() {
    rejected("SOA RDATA", |answer| {
        let rdata = [b"\x02ns\0\x04mail\0".as_slice(), &[0; 19]].concat();
        answer.all(&[answer.soa(), host(1), record(ZONE, 6, &rdata)])
    });
}

#[test]
fn rdata_that_wraps_its_message_is_rejected() {
    rejected("message ends too early", |answer| {
        let mut a = host(1);
        let length = a.len() - 6;
        a[length..length + 2].copy_from_slice(&[0xff, 0xff]);
        answer.with(&[a])
    });
}

#[test]
fn counts_that_overrun_the_message_are_rejected() {
    rejected("message ends too early", |answer| {
        let draft = answer.draft(&[answer.soa(), host(1), answer.soa()]);
        vec![Step::Send(Draft { counts: Some([1, 4, 0, 0]), ..draft }.octets())]
    });
    rejected("octets after the last record", |answer| {
        let draft = answer.draft(&[answer.soa(), host(1), answer.soa()]);
        vec![Step::Send(Draft { counts: Some([1, 2, 0, 0]), ..draft }.octets())]
    });
}

#[test]
fn eof_before_the_closing_soa_discards_all() {
    rejected("connection ended after 1 messages with 2 records", |answer| {
        [answer.all(&[answer.soa(), host(1)]), vec![Step::Close]].concat()
    });
}

#[test]
fn error_rcode_discards_all() {
    rejected("peer refused: REFUSED", |answer| vec![Step::Send(Draft { flags: 0x8405, ..answer.draft(&[]) }.octets())]);
    rejected("peer gave up in message 2: SERVFAIL", |answer| {
        let failure = Draft { flags: 0x8402, ..answer.draft(&[]) }.octets();
        [answer.all(&[answer.soa(), host(1)]), vec![Step::Send(failure)]].concat()
    });
}

#[test]
fn tc_discards_all() {
    rejected("TC is set", |answer| {
        let records = [answer.soa(), host(1), answer.soa()];
        vec![Step::Send(Draft { flags: 0x8600, ..answer.draft(&records) }.octets())]
    });
}

#[test]
fn another_id_discards_all() {
    rejected("which is not the request's", |answer| {
        let closing = answer.draft(&[answer.soa()]);
        let other = Draft { id: answer.asked.id ^ 1, ..closing }.octets();
        [answer.all(&[answer.soa(), host(1)]), vec![Step::Send(other)]].concat()
    });
}

#[test]
fn another_question_is_rejected() {
    rejected("a question that is not the request's", |answer| {
        let mut draft = answer.draft(&[answer.soa(), host(1), answer.soa()]);
        draft.sections[0] = vec![wire::question("other.example.", 252, 1)];
        vec![Step::Send(draft.octets())]
    });
}

#[test]
fn transfer_with_another_serial_than_promised_is_not_taken() {
    // The SOA over UDP said 2.
    rejected("primary promised serial 2 and delivered 1", |answer| {
        answer.all(&[wire::soa(ZONE, 1), host(2), wire::soa(ZONE, 1)])
    });
}

#[test]
fn answer_without_tsig_is_refused() {
    rejected_signed("peer did not sign its answer", |answer| answer.with(&[host(2)]));
}

#[test]
fn last_message_without_tsig_is_refused() {
    rejected_signed("peer did not sign the last message", |answer| {
        let first = sign(&mut answer.signer(), &answer.draft(&[answer.soa(), host(2)]), now());
        [vec![Step::Send(first)], answer.all(&[answer.soa()])].concat()
    });
}

#[test]
fn hundred_messages_in_a_row_without_tsig_are_refused() {
    rejected_signed("more than 99 messages in a row without TSIG", |answer| {
        let mut signer = answer.signer();
        let first = sign(&mut signer, &answer.draft(&[answer.soa()]), now());
        let unsigned = (0..100).flat_map(|number| answer.all(&[host(number)]));
        std::iter::once(Step::Send(first)).chain(unsigned).collect()
    });
}

#[test]
fn changed_message_is_refused() {
    rejected_signed("wrong MAC", |answer| {
        let mut octets = sign(&mut answer.signer(), &answer.draft(&[answer.soa(), host(2), answer.soa()]), now());
        // The TTL of the first record.
        octets[12 + 22 + 22 + 4] ^= 1;
        vec![Step::Send(octets)]
    });
}

#[test]
fn old_message_is_refused() {
    rejected_signed("clocks differ or the message is old", |answer| {
        let mut signer = answer.signer();
        let then = UnixTime(now().0 - 1_000);
        vec![Step::Send(sign(&mut signer, &answer.draft(&[answer.soa(), host(2), answer.soa()]), then))]
    });
}

/// The primary's clock is an hour ahead: it says so, signed, and is not asked again.
#[test]
fn bad_time_is_told_and_not_retried() {
    rejected_signed("peer refused the request's TSIG: BADTIME, the clocks differ, its time is", |answer| {
        use zxfr_core::tsig::{TsigRecord, verify_request};
        use zxfr_core::wire::Message;
        let message = Message::new(&answer.asked.octets).unwrap();
        let layout = message.layout().unwrap();
        let tsig = TsigRecord::read(&message, &layout).unwrap().unwrap();
        let late = UnixTime(now().0 + 3_600);
        let rejection = verify_request(&message, &layout, &tsig, [&core_key(&key())], late).unwrap_err();
        let mut octets = Draft { flags: 0x8409, ..answer.draft(&[]) }.octets();
        let mut tail = [0; 600];
        let length = rejection.sign(&[&octets], &mut tail).unwrap();
        octets.extend(&tail[..length]);
        octets[11] = 1;
        vec![Step::Send(octets)]
    });
}

#[test]
fn tsig_nobody_asked_for_is_rejected() {
    rejected("TSIG in the answer to a request without", |answer| {
        let mut draft = answer.draft(&[answer.soa(), host(2), answer.soa()]);
        let fixed = [&[0_u8; 6], [1, 44].as_slice(), &[0, 16], &[0; 16], &[0; 6]].concat();
        let rdata = [b"\x0bhmac-sha256\0".as_slice(), &fixed].concat();
        draft.sections[3] = vec![record_of(b"\x01k\0", 250, 255, 0, &rdata)];
        vec![Step::Send(draft.octets())]
    });
}

#[test]
fn endless_records_are_cut() {
    rejected_by_limit("max_zone_records = 1000", "transfer cut at the limit here of 1000 records", |answer| {
        let mut steps = answer.all(&[answer.soa()]);
        steps.extend((0..200).flat_map(|part| answer.all(&(part * 10..part * 10 + 10).map(host).collect::<Vec<_>>())));
        steps
    });
}

#[test]
fn endless_octets_are_cut() {
    rejected_by_limit("max_zone_octets = 100000", "transfer cut at the limit here of 100000 octets", |answer| {
        let large = record(ZONE, 65_280, &[0; 20_000]);
        let mut steps = answer.all(&[answer.soa()]);
        steps.extend((0..10).flat_map(|_| answer.all(std::slice::from_ref(&large))));
        steps
    });
}

/// nsd sends these in place of a record that it can't send.
#[test]
fn endless_empty_messages_are_cut() {
    rejected("transfer cut at the limit here of 100 messages in a row without a record", |answer| {
        std::iter::once(answer.all(&[answer.soa()])).chain((0..101).map(|_| answer.all(&[]))).flatten().collect()
    });
}

#[test]
fn endless_types_at_a_name_are_cut() {
    rejected("transfer cut at the limit here of 1000 types at a name", |answer| {
        let types: Vec<_> = (0..2_000).map(|number| record(ZONE, 1_000 + number, b"")).collect();
        answer.with(&types)
    });
}

#[test]
fn endless_rrset_is_cut() {
    rejected("200000 records in an RRset", |answer| {
        let part = |part: u32| {
            let records = (0..2_000).map(|number| record(ZONE, 1, &(part * 2_000 + number).to_be_bytes()));
            answer.all(&records.collect::<Vec<_>>())
        };
        std::iter::once(answer.all(&[answer.soa()])).chain((0..101).map(part)).flatten().collect()
    });
}

#[test]
fn stalling_primary_is_given_up() {
    rejected_by_limit("progress_seconds = 1", "timed out", |answer| {
        [answer.all(&[answer.soa(), host(1)]), vec![Step::Stall]].concat()
    });
}

#[test]
fn record_outside_the_zone_is_skipped_and_counted() {
    let outcome = accepted(&[host(1)], |answer| {
        answer.with(&[record("elsewhere.example.", 1, &[0; 4]), host(1), record("example.", 1, &[0; 4])])
    });
    assert!(outcome.log.contains("out_of_zone=2"), "{}", outcome.log);
}

#[test]
fn duplicates_are_ignored_and_counted() {
    let outcome = accepted(&[host(1), host(2)], |answer| answer.with(&[host(1), host(2), host(1), host(2), host(2)]));
    assert!(outcome.log.contains("duplicates=3"), "{}", outcome.log);
}

#[test]
fn any_order_is_taken() {
    accepted(&[host(1), host(2), host(3)], |answer| answer.with(&[host(3), host(1), host(2)]));
}

#[test]
fn one_octet_at_a_time_is_taken() {
    accepted(&[host(1)], |answer: &Answer<'_>| {
        vec![Step::Trickle(answer.draft(&[answer.soa(), host(1), answer.soa()]).octets())]
    });
}

#[test]
fn question_in_each_message_and_empty_messages_are_taken() {
    accepted(&[host(1), host(2)], |answer| {
        [&[answer.soa()][..], &[], &[host(1)], &[], &[host(2), answer.soa()]]
            .into_iter()
            .flat_map(|records| answer.all(records))
            .collect()
    });
}

#[test]
fn flags_that_do_not_matter_are_not_looked_at() {
    accepted(&[host(1)], |answer| {
        // RD, RA, AD and CD instead of AA; no question.
        let mut draft = Draft { flags: 0x81b0, ..answer.draft(&[answer.soa(), host(1), answer.soa()]) };
        draft.sections[0].clear();
        vec![Step::Send(draft.octets())]
    });
}

#[test]
fn ttl_with_the_top_bit_is_0() {
    let owner = zxfr_tests::name::to_wire(&format!("a.{ZONE}")).unwrap();
    accepted(&[record_of(&owner, 1, 1, 0, &[0; 4])], |answer| {
        answer.with(&[record_of(b"\x01a\xc0\x0c", 1, 1, 0x8000_0000, &[0; 4])])
    });
}
