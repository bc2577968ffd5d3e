//! The answer to an IXFR query over UDP: one message, which is all there is, or reason to ask over a stream.

use super::super::super::Limits;
use super::ixfr::{differences, expected, host, zone_told};
use super::*;
use crate::tsig::{Algorithm, Error as TsigError, NullMac};

fn inbound() -> Inbound<NoMac> {
    Inbound::ixfr_datagram(name(APEX).as_ref(), Serial(7), ID, Limits::default(), None)
}

/// What is told of a datagram that is not all there is.
#[track_caller]
fn partial(datagram: &Draft) -> Vec<Told> {
    let mut inbound = inbound();
    let (told, result) = tell(&mut inbound, &[datagram.octets()]);
    assert_eq!((result, inbound.is_done()), (Ok(()), false));
    told
}

#[test]
fn whole_answer_in_a_datagram_is_taken() {
    let zone = [soa(APEX, 10), host(1), soa(APEX, 10)];
    let whole = zone_told(&zone[..2]).into_iter().chain([Told::Commit(10)]).collect();
    for (records, told) in
        [(&differences()[..], expected()), (&zone, whole), (&[soa(APEX, 7)], [Told::UpToDate(7)].into())]
    {
        assert_eq!(tell(&mut inbound(), &[Draft::of(records).octets()]), (told, Ok(())));
    }
}

#[test]
fn truncated_datagram_tells_nothing() {
    for records in [&differences()[..], &differences()[..5], &[soa(APEX, 7)], &[soa(APEX, 10)], &[host(1)], &[]] {
        assert_eq!(partial(&Draft { flags: Flags::QR.with(Flags::TC), ..Draft::of(records) }), []);
    }
}

#[test]
fn lone_newer_soa_in_a_datagram_is_not_the_end() {
    assert_eq!(partial(&Draft::of(&[soa(APEX, 10)])), []);
}

#[test]
fn start_of_a_zone_in_a_datagram_is_not_the_end() {
    // So nsd answers when it has no history.
    let zone = [soa(APEX, 10), txt(APEX, 1), host(1)];
    assert_eq!(partial(&Draft::of(&zone)), zone_told(&zone));
}

#[test]
fn differences_cut_short_in_a_datagram_are_not_the_end() {
    for length in 2..differences().len() {
        assert_eq!(partial(&Draft::of(&differences()[..length])), expected()[..length - 1]);
    }
}

#[test]
fn second_datagram_is_refused() {
    let start = Draft::of(&differences()[..3]).octets();
    let rest = Draft::of(&differences()[3..]).octets();
    let error = Error::Peer { fault: PeerFault::AfterEnd, message: 2, offset: 0 };
    assert_eq!(tell(&mut inbound(), &[start, rest]).1, Err(error));
}

#[test]
fn truncation_in_a_stream_is_refused() {
    let draft = Draft { flags: Flags::QR.with(Flags::TC), ..Draft::of(&differences()) };
    let mut inbound = Inbound::<NoMac>::ixfr(name(APEX).as_ref(), Serial(7), ID, Limits::default(), None);
    let error = Error::Peer { fault: PeerFault::Truncated, message: 1, offset: 0 };
    assert_eq!(tell(&mut inbound, &[draft.octets()]), (Vec::new(), Err(error)));
}

#[test]
fn datagram_without_answer_is_refused() {
    let error = Error::Peer { fault: PeerFault::NoAnswer, message: 1, offset: 0 };
    assert_eq!(tell(&mut inbound(), &[Draft::of(&[]).octets()]).1, Err(error));
}

#[test]
fn truncated_datagram_must_be_signed() {
    let (_, verifier) = ends::<NullMac>(&key(Algorithm::HmacSha256));
    let mut inbound = Inbound::ixfr_datagram(name(APEX).as_ref(), Serial(7), ID, Limits::default(), Some(verifier));
    let draft = Draft { flags: Flags::QR.with(Flags::TC), ..Draft::of(&[]) };
    assert_eq!(tell(&mut inbound, &[draft.octets()]).1, Err(Error::Tsig(TsigError::Missing)));
}
