//! Endless transfers are cut at the limit, which is said.

use super::super::super::{Limit, Limits};
use super::*;

fn limited(limits: Limits, messages: &[Vec<u8>]) -> Result<Received, Error> {
    receive(&mut Inbound::<NoMac>::axfr(name(APEX).as_ref(), ID, limits, None), messages)
}

/// Taken with `enough`, cut with `short`.
#[track_caller]
fn cut(enough: Limits, short: Limits, limit: Limit, messages: &[Vec<u8>]) {
    limited(enough, messages).unwrap();
    assert_eq!(limited(short, messages), Err(Error::Limit(limit)));
}

#[test]
fn octets() {
    let stream = messages([&zone(9), &zone(0)]);
    let octets = (stream[0].len() + stream[1].len()) as u64;
    let with = |octets| Limits { octets, ..Limits::NONE };
    cut(with(octets), with(octets - 1), Limit::Octets(octets - 1), &stream);
}

#[test]
fn records() {
    let stream = messages([&zone(9), &zone(0)]);
    let with = |records| Limits { records, ..Limits::NONE };
    cut(with(11), with(10), Limit::Records(10), &stream);
    // Skipped ones count, too.
    let outside = [txt("example.org.", 1), txt("example.org.", 2)];
    cut(with(4), with(3), Limit::Records(3), &messages([&zone(0), &outside, &zone(0)]));
}

#[test]
fn messages_that_are_empty_count() {
    let with = |messages| Limits { messages, ..Limits::NONE };
    cut(with(5), with(4), Limit::Messages(4), &messages([&zone(2), &[], &[], &[], &zone(0)]));
}

#[test]
fn empty_messages_in_a_row() {
    let with = |empty_messages| Limits { empty_messages, ..Limits::NONE };
    let stream = messages([&zone(2)[..], &[], &[], &[txt("host.example.", 7)], &[], &[], &zone(0)]);
    cut(with(2), with(1), Limit::EmptyMessages(1), &stream);
}

#[test]
fn records_in_an_rrset() {
    let with = |rrset_records| Limits { rrset_records, ..Limits::NONE };
    let mut zone = zone(9);
    // The same owner in another case is the same.
    zone[4].owner = name("HOST.example.");
    let closing = std::slice::from_ref(&zone[0]);
    cut(with(9), with(8), Limit::RrsetRecords(8), &messages([&zone, closing]));
    // Each other type, and each other owner, is another RRset.
    let mixed: Vec<Owned> = (0..9)
        .map(|number| if number % 2 == 0 { txt("a.example.", number) } else { txt("b.example.", number) })
        .collect();
    limited(with(1), &messages([closing, &mixed, closing])).unwrap();
}

#[test]
fn types_at_a_name() {
    let with = |types_per_name| Limits { types_per_name, ..Limits::NONE };
    let opening = zone(0);
    let ascending: Vec<Owned> = (0..9).map(|n| Owned { rtype: Rtype(65_280 + n), ..txt("a.example.", 1) }).collect();
    let descending: Vec<Owned> = ascending.iter().rev().cloned().collect();
    for types in [ascending, descending] {
        cut(with(9), with(8), Limit::TypesPerName(8), &messages([&opening, &types, &opening]));
    }
    // Types that come again aren't others.
    let again: Vec<Owned> = (0..90).map(|n| Owned { rtype: Rtype(65_280 + n % 3), ..txt("a.example.", 1) }).collect();
    cut(with(3), with(2), Limit::TypesPerName(2), &messages([&opening, &again, &opening]));
}

#[test]
fn defaults_take_what_zones_have() {
    let limits = Limits::default();
    assert!(limits.records >= 100_000_000 && limits.octets >= 4 << 30 && limits.unverified_octets < limits.octets);
}
