use std::sync::Arc;

use zxfr_benches::exchange::{Ends, messages};
use zxfr_benches::tld::{NAME, Tld};
use zxfr_benches::zone::apex;
use zxfr_core::zone::{BuildLimits, Builder};

use super::*;
use crate::fingerprint::Fingerprint;
use crate::loopback::Loopback;

/// A version of the zone as a server sends it.
fn answer(zone: &Tld, version: u32) -> Vec<u8> {
    let mut builder = Builder::new(apex(), BuildLimits::default());
    zone.each(version, |record| {
        builder.push_checked(record).unwrap();
    });
    let version = Arc::new(builder.finish().unwrap().0);
    let each = messages(&version, Ends::new(None)).into_iter();
    each.flat_map(|message| [&(message.len() as u16).to_be_bytes()[..], &message].concat()).collect()
}

/// What the client makes of these octets when it knows nothing of them.
fn explored(octets: &[u8]) -> Result<Contents> {
    let server = Loopback::start(octets.into()).unwrap();
    let question = Question::axfr(NAME, false).unwrap();
    Connection::open(server.address(), &question)?.explore(&mut Buffer::default()).map(|(_, contents)| contents)
}

/// What it makes of them when it expects so many octets.
fn fetched(octets: &[u8], expected: usize) -> Result<Contents> {
    let server = Loopback::start(octets.into()).unwrap();
    let mut buffer = Buffer::default();
    buffer.prepare(expected);
    let question = Question::axfr(NAME, false).unwrap();
    Connection::open(server.address(), &question)?.fetch(expected, &mut buffer)?.contents(&buffer, None)
}

#[test]
fn a_right_answer_is_the_zone_whatever_length_was_expected() {
    let zone = Tld::new(30_000);
    let octets = answer(&zone, 0);
    let contents = explored(&octets).unwrap();
    assert_eq!(contents.zone, Some(Fingerprint::of(&zone, 0)));
    assert_eq!((contents.serial, contents.octets), (Tld::serial(0), octets.len() as u64));
    for expected in [octets.len(), octets.len() - 1000, octets.len() + 1000] {
        assert_eq!(fetched(&octets, expected).unwrap(), contents, "{expected}");
    }
    let next = explored(&answer(&zone, 1)).unwrap();
    assert_ne!(next.zone, contents.zone);
}

#[test]
fn a_wrong_answer_is_never_taken_for_the_zone() {
    let zone = Tld::new(3_000);
    let right = answer(&zone, 0);
    let wanted = Fingerprint::of(&zone, 0);
    // Octets of owners, RDATA, counts, TTLs: whatever there is. The first 24 have header and question.
    for at in (24..right.len()).step_by(right.len() / 60) {
        let mut octets = right.clone();
        octets[at] ^= 0x41;
        // Either it is no answer, or another zone.
        let other = fetched(&octets, octets.len()).map(|contents| contents.zone);
        assert!(other.as_ref().is_err() || other.as_ref().is_ok_and(|zone| *zone != Some(wanted)), "{at}");
    }
    let cut = fetched(&right[..right.len() - 1], right.len()).unwrap_err().to_string();
    assert!(cut.contains("closed"), "{cut}");
    let refused = [&[0, 12][..], &ID.to_be_bytes(), &[0x80, 5, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
    let refused = explored(&refused).unwrap_err().to_string();
    assert!(refused.contains("REFUSED"), "{refused}");
}

#[test]
fn an_answer_that_was_seen_before_needs_no_second_look() {
    let octets = answer(&Tld::new(1_000), 0);
    let server = Loopback::start(octets.as_slice().into()).unwrap();
    let question = Question::axfr(NAME, false).unwrap();
    let mut buffer = Buffer::default();
    buffer.prepare(octets.len());
    let made_up = Contents { records: 7, ..Contents::default() };
    let mut ask = |known: &[u8]| {
        let fetched = Connection::open(server.address(), &question).unwrap().fetch(octets.len(), &mut buffer).unwrap();
        assert!(fetched.seconds() > 0.0);
        fetched.contents(&buffer, Some((known, made_up))).unwrap().records
    };
    assert_eq!(ask(&octets), 7);
    assert!(ask(&octets[1..]) > 1_000);
}
