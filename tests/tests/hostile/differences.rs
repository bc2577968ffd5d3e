//! Hostile and odd answers to IXFR.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zxfr_core::serial::Serial;
use zxfr_core::transfer::Limits;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::zone::{BuildLimits, Update};
use zxfr_io::client::{Client, Kind, Timeouts, ixfr_udp};
use zxfr_tests::fake::{Asked, FakePrimary, Step};
use zxfr_tests::wire::{self, Draft, framed, record, record_of};

use crate::offered::{
    HELD, Outcome, WHOLE, accepted, all, differences, draft, held, hosts, offer, rejected, rejected_by, soa, zone,
};
use crate::secondary::{ZONE, core_key, host, key, now, sign};

#[test]
fn good_differences_are_taken() {
    let ixfr = accepted(&[2, 3], |asked| all(asked, &differences(&[host(1)], &[host(3)])));
    assert_eq!(ixfr.kind, Some(Kind::Ixfr { from: Serial(1), deltas: 1 }));
}

#[test]
fn off_apex_soa_in_differences_is_rejected() {
    let off = || wire::soa(&format!("sub.{ZONE}"), 1);
    let reason = "SOA at a name that is not the zone's apex";
    rejected(reason, move |asked| all(asked, &[off()]));
    rejected(reason, move |asked| all(asked, &[soa(2), off(), soa(2)]));
    rejected(reason, move |asked| all(asked, &differences(&[off()], &[])));
    rejected(reason, move |asked| all(asked, &differences(&[], &[off()])));
}

#[test]
fn first_and_last_soa_of_differences_that_differ_are_rejected() {
    rejected("SOA with serial 3 after differences that lead to serial 2", |asked| {
        all(asked, &[soa(2), soa(1), host(1), soa(2), host(3), soa(3)])
    });
    rejected("differs from the first SOA in other fields", |asked| {
        let mut closing = soa(2);
        *closing.last_mut().unwrap() ^= 1;
        all(asked, &[soa(2), soa(1), host(1), soa(2), host(3), closing])
    });
}

#[test]
fn answers_after_the_end_of_differences_are_rejected() {
    rejected("record after the closing SOA", |asked| {
        all(asked, &[&differences(&[host(1)], &[host(3)])[..], &[host(4)]].concat())
    });
}

#[test]
fn class_and_meta_types_in_differences_are_rejected() {
    let chaos = || record_of(b"\x01a\xc0\x0c", 16, 3, 60, b"\x01x");
    rejected("record of class", move |asked| all(asked, &differences(&[chaos()], &[])));
    rejected("record of class", move |asked| all(asked, &differences(&[], &[chaos()])));
    rejected("which can't stand in a zone", |asked| all(asked, &differences(&[record(ZONE, 255, b"")], &[])));
    rejected("which can't stand in a zone", |asked| all(asked, &differences(&[], &[record(ZONE, 249, b"")])));
}

#[test]
fn malformed_records_in_differences_are_rejected() {
    let short = || record(ZONE, 1, &[0; 3]);
    rejected("malformed A RDATA", move |asked| all(asked, &differences(&[short()], &[])));
    rejected("malformed A RDATA", move |asked| all(asked, &differences(&[], &[short()])));
    let looping = || record_of(b"\xff\xff", 1, 1, 60, &[0; 4]);
    rejected("does not go backwards", move |asked| all(asked, &differences(&[looping()], &[])));
    rejected("message ends too early", |asked| {
        let mut wraps = host(1);
        let length = wraps.len() - 6;
        wraps[length..length + 2].copy_from_slice(&[0xff, 0xff]);
        all(asked, &differences(&[wraps], &[]))
    });
    rejected("message ends too early", |asked| {
        let draft = draft(asked, &differences(&[host(1)], &[]));
        vec![Step::Send(Draft { counts: Some([1, 9, 0, 0]), ..draft }.octets())]
    });
}

#[test]
fn record_outside_the_zone_is_skipped_in_deletions_too() {
    let outside = || record("outside.example.org.", 1, &[9; 4]);
    let ixfr = accepted(&[2, 3], move |asked| all(asked, &differences(&[outside(), host(1)], &[host(3), outside()])));
    assert_eq!(ixfr.skipped, 2);
}

#[test]
fn differences_from_another_serial_fall_back_to_axfr() {
    rejected("differences from serial 0, asked for from serial 1", |asked| {
        all(asked, &[soa(2), soa(0), host(1), soa(2), host(3), soa(2)])
    });
    // A zone of an SOA alone looks the same.
    rejected("differences from serial 2, asked for from serial 1", |asked| all(asked, &[soa(2), soa(2)]));
}

#[test]
fn delete_of_an_absent_record_falls_back_to_axfr() {
    rejected("host9.hostile.example. A: deletes a record that isn't there", |asked| {
        all(asked, &differences(&[host(1), host(9)], &[host(3)]))
    });
    rejected("hostile.example. SOA: deletes a record that isn't there", |asked| {
        let mut other = soa(1);
        *other.last_mut().unwrap() ^= 1;
        all(asked, &[soa(2), other, soa(2), soa(2)])
    });
}

#[test]
fn add_of_a_present_record_falls_back_to_axfr() {
    rejected("host2.hostile.example. A: adds a record that is there", |asked| {
        all(asked, &differences(&[host(1)], &[host(3), host(2)]))
    });
}

#[test]
fn record_twice_in_differences_falls_back_to_axfr() {
    rejected("host1.hostile.example. A", |asked| all(asked, &differences(&[host(1), host(1)], &[])));
    rejected("host3.hostile.example. A", |asked| all(asked, &differences(&[], &[host(3), host(3)])));
}

#[test]
fn broken_serial_chain_falls_back_to_axfr() {
    let reason = "SOA with serial 6 after differences that lead to serial 5";
    rejected(reason, |asked| all(asked, &[soa(2), soa(1), soa(5), soa(6), soa(2), soa(2)]));
    rejected("SOA with serial 2 after differences that lead to serial 5", |asked| {
        all(asked, &[soa(2), soa(1), host(1), soa(5), host(3), soa(2)])
    });
    rejected("differences from serial 1 to the same serial", |asked| all(asked, &[soa(2), soa(1), host(1), soa(1)]));
}

#[test]
fn ixfr_that_ends_at_an_soa_that_ends_a_message_is_accepted() {
    accepted(&[2, 3], |asked| {
        let records = differences(&[host(1)], &[host(3)]);
        let parts = [&records[..3], &records[3..5], &records[5..]];
        parts.iter().map(|part| Step::Send(draft(asked, part).octets())).collect()
    });
    // Each record in a message of its own: no message ends but at an SOA or before one.
    accepted(&[2, 3], |asked| {
        let records = differences(&[host(1)], &[host(3)]);
        records.into_iter().map(|record| Step::Send(draft(asked, &[record]).octets())).collect()
    });
}

#[test]
fn axfr_style_ixfr_is_accepted() {
    let ixfr = accepted(&[4, 5], |asked| all(asked, &[soa(2), host(4), host(5), soa(2)]));
    assert_eq!(ixfr.kind, Some(Kind::Axfr));
    // ixfrdist sends the SOA alone first.
    accepted(&[4, 5], |asked| {
        let parts = [vec![soa(2)], vec![host(4), host(5), soa(2)]];
        parts.iter().map(|part| Step::Send(draft(asked, part).octets())).collect()
    });
}

#[test]
fn one_octet_at_a_time_of_differences_is_taken() {
    accepted(&[2, 3], |asked| vec![Step::Trickle(draft(asked, &differences(&[host(1)], &[host(3)])).octets())]);
}

#[test]
fn endless_differences_are_cut() {
    /// As many messages as that, of additions that don't end.
    fn endless(asked: &Asked, records: impl Fn(u32) -> Vec<u8>) -> Vec<Step> {
        let mut number = 10;
        let mut more = |count: u32| -> Vec<Vec<u8>> {
            number += count;
            (number - count..number).map(&records).collect()
        };
        let opening = [soa(2), soa(1), soa(2)].into_iter().chain(more(10)).collect::<Vec<_>>();
        let rest = (0..50).map(|_| Step::Send(draft(asked, &more(100)).octets())).collect::<Vec<_>>();
        [all(asked, &opening), rest].concat()
    }
    let address = |number: u32| record(&format!("many.{ZONE}"), 1, &number.to_be_bytes());
    let kind = |number: u32| record(&format!("many.{ZONE}"), 40_000 + number as u16, &number.to_be_bytes());
    let limits = Limits::default();
    rejected_by(Limits { octets: 20_000, ..limits }, "limit here of 20000 octets", move |asked| endless(asked, host));
    rejected_by(Limits { records: 1_000, ..limits }, "limit here of 1000 records", move |asked| endless(asked, host));
    rejected_by(Limits { messages: 20, ..limits }, "limit here of 20 messages", move |asked| endless(asked, host));
    rejected_by(Limits { rrset_records: 500, ..limits }, "limit here of 500 records in an RRset", move |asked| {
        endless(asked, address)
    });
    rejected_by(Limits { types_per_name: 50, ..limits }, "limit here of 50 types at a name", move |asked| {
        endless(asked, kind)
    });
    rejected_by(limits, "limit here of 100 messages in a row without a record", |asked| {
        let empty = (0..200).map(|_| Step::Send(draft(asked, &[]).octets()));
        all(asked, &[soa(2), soa(1)]).into_iter().chain(empty).collect()
    });
}

#[test]
fn what_breaks_off_differences_discards_them() {
    let begun = |asked: &Asked| all(asked, &[soa(2), soa(1), host(1), soa(2), host(3)]);
    let with = move |more: fn(&Asked) -> Step| move |asked: &Asked| [begun(asked), vec![more(asked)]].concat();
    rejected("connection ended after 1 messages with 5 records", with(|_| Step::Close));
    rejected(
        "peer gave up in message 2: SERVFAIL",
        with(|asked| Step::Send(Draft { flags: wire::ANSWER | 2, ..draft(asked, &[]) }.octets())),
    );
    rejected(
        "TC is set",
        with(|asked| Step::Send(Draft { flags: wire::ANSWER | 0x200, ..draft(asked, &[soa(2)]) }.octets())),
    );
    rejected(
        "which is not the request's",
        with(|asked| Step::Send(Draft { id: asked.id.wrapping_add(1), ..draft(asked, &[soa(2)]) }.octets())),
    );
    // A newer SOA, and then nothing: over TCP that is no answer.
    rejected("connection ended after 1 messages with 1 records", |asked| {
        [all(asked, &[soa(2)]), vec![Step::Close]].concat()
    });
}

#[test]
fn stalling_differences_fall_back_to_axfr() {
    let stalls = |answers: Vec<Vec<u8>>| move |asked: &Asked| [all(asked, &answers), vec![Step::Stall]].concat();
    rejected("timed out: no next message", stalls(vec![soa(2), soa(1), host(1)]));
    // A newer SOA alone, and the connection stays open.
    rejected("timed out: no next message", stalls(vec![soa(2)]));
}

#[test]
fn refused_ixfr_falls_back_to_axfr() {
    for (rcode, reason) in [(1, "FORMERR"), (2, "SERVFAIL"), (4, "NOTIMP"), (5, "REFUSED")] {
        rejected(reason, move |asked| {
            vec![Step::Send(Draft { flags: wire::ANSWER | rcode, ..draft(asked, &[]) }.octets())]
        });
    }
    rejected("neither an answer nor an error", |asked| all(asked, &[]));
    rejected("connection ended after 0 messages", |_| vec![Step::Close]);
}

#[test]
fn differences_without_tsig_are_refused() {
    fn signed(asked: &Asked, draft: Draft) -> Vec<u8> {
        sign(&mut signer(asked), &draft, now())
    }
    fn signer(asked: &Asked) -> zxfr_core::tsig::Signer<Hmac> {
        let message = zxfr_core::wire::Message::new(&asked.octets).unwrap();
        let layout = message.layout().unwrap();
        let tsig = zxfr_core::tsig::TsigRecord::read(&message, &layout).unwrap().expect("a signed request");
        zxfr_core::tsig::verify_request(&message, &layout, &tsig, [&core_key(&key())], now()).expect("signed well")
    }
    let run = |script: fn(&Asked) -> Vec<Step>| offer(Limits::default(), Some(core_key(&key())), script, signed);
    let Outcome { ixfr, after_ixfr, .. } =
        run(|asked| vec![Step::Send(signed(asked, draft(asked, &differences(&[host(1)], &[host(3)]))))]);
    assert!(ixfr.result.is_ok() && hosts(&after_ixfr) == BTreeSet::from([2, 3]), "{ixfr:?}");
    let unsigned: fn(&Asked) -> Vec<Step> = |asked| all(asked, &differences(&[host(1)], &[host(3)]));
    // The first message is signed, the last is not.
    let last: fn(&Asked) -> Vec<Step> = |asked| {
        let records = differences(&[host(1)], &[host(3)]);
        let first = signed(asked, draft(asked, &records[..3]));
        vec![Step::Send(first), Step::Send(draft(asked, &records[3..]).octets())]
    };
    for (script, reason) in [(unsigned, "TSIG"), (last, "TSIG")] {
        let Outcome { ixfr, after_ixfr, axfr } = run(script);
        let why = ixfr.result.expect_err("refused").to_string();
        assert!(why.contains(reason), "{why}");
        assert_eq!((after_ixfr.serial(), hosts(&after_ixfr)), (Serial(1), BTreeSet::from(HELD)));
        // Whoever sends wrong signatures isn't asked for more.
        assert!(axfr.is_none(), "{axfr:?}");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn differences_cut_at_every_octet_leave_the_old_version() {
    let cut = Arc::new(Mutex::new(0));
    let shared = cut.clone();
    let primary = FakePrimary::start(move |asked| {
        let records = differences(&[host(1)], &[host(3)]);
        let parts = [&records[..1], &records[1..4], &records[4..]];
        let mut octets = parts.map(|part| framed(&draft(asked, part).octets())).concat();
        let mut cut = shared.lock().unwrap();
        octets.truncate(*cut);
        *cut = octets.len();
        vec![Step::Octets(octets), Step::Close]
    })
    .unwrap();
    let version = held();
    runtime().block_on(async {
        let ask = async || {
            let client = Client::connect(primary.address(), Timeouts::default()).await.unwrap();
            let mut update = Update::new(zone().as_ref(), Some(version.clone()), BuildLimits::default());
            let (zone, soa) = (zone(), version.soa());
            let asked = client.ixfr::<Hmac, _>(zone.as_ref(), &soa, None, Limits::default(), &mut update);
            asked.await.map(|_| update)
        };
        *cut.lock().unwrap() = usize::MAX;
        let change = ask().await.unwrap().commit().unwrap();
        assert_eq!(hosts(&change.version), BTreeSet::from([2, 3]));
        let whole = *cut.lock().unwrap();
        for octets in 0..whole {
            *cut.lock().unwrap() = octets;
            assert!(ask().await.is_err(), "{octets} of {whole} octets");
        }
    });
    assert_eq!((version.serial(), hosts(&version)), (Serial(1), BTreeSet::from(HELD)));
}

#[test]
fn datagram_that_is_not_all_there_is_means_tcp() {
    let good = || differences(&[host(1)], &[host(3)]);
    let tc = wire::ANSWER | 0x200;
    type Datagram = dyn Fn(&Asked) -> Draft + Send + Sync;
    let script: [(&str, Arc<Datagram>); 5] = [
        ("TC", Arc::new(move |asked| Draft { flags: tc, ..draft(asked, &good()) })),
        ("TC and nothing", Arc::new(move |asked| Draft { flags: tc, ..draft(asked, &[]) })),
        ("a newer SOA", Arc::new(|asked| draft(asked, &[soa(2)]))),
        ("the start of a zone", Arc::new(|asked| draft(asked, &[soa(2), host(7), host(8)]))),
        ("the start of differences", Arc::new(move |asked| draft(asked, &good()[..4]))),
    ];
    for (what, datagram) in script {
        let primary = FakePrimary::start(move |asked| vec![Step::Send(datagram(asked).octets())]).unwrap();
        let (report, update) = by_udp(&primary);
        assert!(report.unwrap().is_none(), "{what}");
        // Nothing was told of it.
        assert!(update.commit().is_err(), "{what}");
    }
}

/// Asks for differences over UDP.
fn by_udp(primary: &FakePrimary) -> (Result<Option<Kind>, zxfr_io::Error>, Update) {
    let version = held();
    let mut update = Update::new(zone().as_ref(), Some(version.clone()), BuildLimits::default());
    let timeouts = Timeouts { progress: Duration::from_secs(3), ..Timeouts::default() };
    let (zone, soa, limits) = (zone(), version.soa(), Limits::default());
    let asked = ixfr_udp::<Hmac, _>(primary.address(), zone.as_ref(), &soa, None, limits, timeouts, &mut update);
    let report = runtime().block_on(asked).map(|report| report.map(|report| report.kind));
    (report, update)
}

#[test]
fn whole_answer_in_a_datagram_is_taken() {
    let primary = FakePrimary::start(|asked| all(asked, &differences(&[host(1)], &[host(3)]))).unwrap();
    let (report, update) = by_udp(&primary);
    assert_eq!(report.unwrap(), Some(Kind::Ixfr { from: Serial(1), deltas: 1 }));
    assert_eq!(hosts(&update.commit().unwrap().version), BTreeSet::from([2, 3]));
    let whole = FakePrimary::start(|asked| all(asked, &[&[soa(2)], &WHOLE.map(host)[..], &[soa(2)]].concat())).unwrap();
    let (report, update) = by_udp(&whole);
    assert_eq!(report.unwrap(), Some(Kind::Axfr));
    assert_eq!(hosts(&update.commit().unwrap().version), BTreeSet::from(WHOLE));
    let same = FakePrimary::start(|asked| all(asked, &[soa(1)])).unwrap();
    assert_eq!(by_udp(&same).0.unwrap(), Some(Kind::UpToDate));
}

#[test]
fn datagrams_of_others_are_passed_over() {
    let primary = FakePrimary::start(|asked| {
        let good = draft(asked, &differences(&[host(1)], &[host(3)]));
        let other_id = Draft { id: asked.id ^ 1, ..good.clone() };
        let query = Draft { flags: 0, ..good.clone() };
        let question = vec![wire::question("other.example.", 251, 1)];
        let mut other = draft(asked, &[soa(1)]);
        other.sections[0] = question;
        let datagrams = [vec![0; 5], other_id.octets(), query.octets(), other.octets(), good.octets()];
        datagrams.map(Step::Send).to_vec()
    })
    .unwrap();
    let (report, update) = by_udp(&primary);
    assert_eq!(report.unwrap(), Some(Kind::Ixfr { from: Serial(1), deltas: 1 }));
    assert_eq!(hosts(&update.commit().unwrap().version), BTreeSet::from([2, 3]));
}

#[test]
fn wrong_differences_in_a_datagram_are_refused_at_once() {
    let primary = FakePrimary::start(|asked| all(asked, &[soa(2), soa(0), host(1), soa(2), soa(2)])).unwrap();
    let (report, update) = by_udp(&primary);
    let why = report.unwrap_err().to_string();
    assert!(why.contains("differences from serial 0, asked for from serial 1"), "{why}");
    assert!(update.commit().is_err());
}
