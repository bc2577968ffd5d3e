//! Both ends against each other: requests and answers, streams, every error.

mod errors;
mod streams;

use super::rustcrypto::Hmac;
use super::*;
use crate::name::{Name, NameRef};
use crate::time::UnixTime;
use crate::wire::{Class, Flags, Header, Layout, Message, Rcode, Record, Rtype, Writer};
use proptest::prelude::*;
use std::string::ToString;
use std::vec::Vec;

const NOW: UnixTime = UnixTime(1_800_000_000);

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn key(algorithm: Algorithm) -> Key<Hmac> {
    Key::new(name("Key.example.").as_ref(), algorithm, b"a secret of some octets").unwrap()
}

/// The key with MACs of `sent` octets, and any that the RFC allows accepted.
fn truncating(algorithm: Algorithm, sent: usize) -> Key<Hmac> {
    key(algorithm).with_truncation(Truncation { sent, least: algorithm.least_mac_len() }).unwrap()
}

/// A query for a transfer.
fn query() -> Vec<u8> {
    message(0x1234, Flags::default(), |_| ())
}

/// An answer of some records.
fn answer(id: u16, records: u8) -> Vec<u8> {
    message(id, Flags::QR, |writer| {
        for octet in 0..records {
            let owner = name("a.example.");
            let record =
                Record { owner: owner.as_ref(), rtype: Rtype::A, class: Class::IN, ttl: 0, rdata: &[octet; 4] };
            writer.answer(&record).unwrap();
        }
    })
}

fn message(id: u16, flags: Flags, build: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut octets = std::vec![0; 4096];
    let mut writer = Writer::new(&mut octets);
    writer.question(name("Example.").as_ref(), Rtype::AXFR, Class::IN).unwrap();
    build(&mut writer);
    let length = writer.finish(id, flags);
    octets.truncate(length);
    octets
}

/// Appends a TSIG record, if it is one, and counts it.
fn append(message: &mut Vec<u8>, tail: &[u8]) {
    if !tail.is_empty() {
        message.extend_from_slice(tail);
        message[11] += 1;
    }
}

/// Signs a request.
fn signed<M: Mac>(key: &Key<M>, request: &[u8], now: UnixTime) -> (Vec<u8>, Verifier<M>) {
    let mut octets = request.to_vec();
    octets.resize(request.len() + 1000, 0xee);
    let (length, verifier) = sign_request(key, &mut octets, request.len(), now).unwrap();
    octets.truncate(length);
    (octets, verifier)
}

/// Signs one message of an answer.
fn sign<M: Mac>(signer: &mut Signer<M>, mut message: Vec<u8>, now: UnixTime) -> Vec<u8> {
    let mut tail = std::vec![0; signer.tail_len()];
    assert_eq!(signer.sign(&[&message], now, &mut tail), Ok(tail.len()));
    append(&mut message, &tail);
    message
}

fn laid_out(octets: &[u8]) -> (Message<'_>, Layout) {
    let message = Message::new(octets).unwrap();
    (message, message.layout().unwrap())
}

fn record(octets: &[u8]) -> TsigRecord<'_> {
    let (message, layout) = laid_out(octets);
    TsigRecord::read(&message, &layout).unwrap().unwrap()
}

/// The server's side of a request.
#[expect(clippy::result_large_err, reason = "as verify_request")]
fn check<M: Mac>(octets: &[u8], keys: &[Key<M>], now: UnixTime) -> Result<Signer<M>, Rejection<M>> {
    let (message, layout) = laid_out(octets);
    verify_request(&message, &layout, &record(octets), keys, now)
}

/// The client's side of a message.
fn verify<M: Mac>(verifier: &mut Verifier<M>, octets: &[u8], now: UnixTime) -> Result<Verdict, Error> {
    let (message, layout) = laid_out(octets);
    verifier.verify(&message, &layout, now)
}

fn any_algorithm() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(&Algorithm::ALL[..])
}

/// An algorithm, and a length that its MAC may have.
fn any_truncation() -> impl Strategy<Value = (Algorithm, usize)> {
    any_algorithm().prop_flat_map(|algorithm| (Just(algorithm), algorithm.least_mac_len()..=algorithm.mac_len()))
}

proptest! {
    #[test]
    fn what_is_signed_verifies(
        (algorithm, sent) in any_truncation(),
        records in 0_u8..5,
        cuts in prop::collection::vec(0_usize..200, 0..4),
    ) {
        let key = truncating(algorithm, sent);
        let (request, mut verifier) = signed(&key, &query(), NOW);
        prop_assert_eq!(record(&request).mac.len(), sent);
        let mut signer = check(&request, &[key], NOW).unwrap();

        // The answer in any parts.
        let mut octets = answer(0x1234, records);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(octets.len())).collect();
        cuts.extend([0, octets.len()]);
        cuts.sort_unstable();
        let parts: Vec<&[u8]> = cuts.windows(2).map(|pair| &octets[pair[0]..pair[1]]).collect();
        let mut tail = std::vec![0; signer.tail_len()];
        prop_assert_eq!(signer.sign(&parts, NOW, &mut tail), Ok(tail.len()));
        append(&mut octets, &tail);
        prop_assert_eq!(record(&octets).mac.len(), sent);
        prop_assert_eq!(verify(&mut verifier, &octets, NOW), Ok(Verdict::Signed));
        prop_assert_eq!(verifier.finish(), Ok(()));
    }

    #[test]
    fn any_octet_changed_is_noticed((algorithm, sent) in any_truncation(), at: prop::sample::Index, flip in 1_u8..=255) {
        let key = truncating(algorithm, sent);
        let (mut request, verifier) = signed(&key, &query(), NOW);
        let mut signer = check(&request, core::slice::from_ref(&key), NOW).unwrap();
        let mut octets = sign(&mut signer, answer(0x1234, 3), NOW);

        for (octets, is_answer) in [(&mut octets, true), (&mut request, false)] {
            let before = record(octets).variables().key_name.to_name();
            let at = at.index(octets.len());
            octets[at] ^= flip;
            let Ok(message) = Message::new(octets) else { continue };
            let Ok(layout) = message.layout() else { continue };
            let Ok(Some(record)) = TsigRecord::read(&message, &layout) else { continue };
            // The header's ID isn't signed: a forwarder may change it. Nor is the case of the TSIG's names.
            let same_names = record.key_name == before && record.algorithm() == Some(algorithm);
            let in_names = layout.tsig_at.is_some_and(|tsig| at >= tsig) && flip == 0x20 && same_names;
            let harmless = at < 2 || in_names;
            let accepted = if is_answer {
                verifier.clone().verify(&message, &layout, NOW).is_ok()
            } else {
                verify_request(&message, &layout, &record, [&key], NOW).is_ok()
            };
            if !harmless {
                prop_assert!(!accepted, "octet {at} changed by {flip:#x}");
            }
        }
    }

    #[test]
    fn records_of_any_octets_are_read_without_panic(octets in prop::collection::vec(any::<u8>(), 0..120), length in 0_u8..120) {
        let mut message = Header { additionals: 1, ..Header::default() }.to_octets().to_vec();
        message.extend_from_slice(&[0, 0, 250, 0, 255, 0, 0, 0, 0, 0, length]);
        message.extend_from_slice(b"\x0bhmac-sha256\0");
        message.extend(octets);
        let message = Message::new(&message).unwrap();
        if let Ok(layout) = message.layout() {
            let _ = TsigRecord::read(&message, &layout);
        }
    }
}

#[test]
fn tail_len_of_the_largest() {
    let label = [&[63][..], &[b'k'; 63]].concat();
    let longest = [&label[..], &label, &label, &[61], &[b'k'; 61], &[0]].concat();
    let longest = NameRef::from_octets(&longest).unwrap();
    assert_eq!(longest.len(), 255);
    let key = Key::<Hmac>::new(longest, Algorithm::HmacSha512, b"secret").unwrap();
    let (request, mut verifier) = signed(&key, &query(), NOW);
    let mut signer = check(&request, &[key], NOW).unwrap();
    assert_eq!(signer.tail_len(), 255 + 10 + 13 + 16 + 64);
    let octets = answer(0x1234, 1);
    let mut tail = std::vec![0; signer.tail_len()];
    let short = tail.len() - 1;
    assert!(signer.sign(&[&octets], NOW, &mut tail[..short]).is_err());
    // What failed has changed nothing.
    assert_eq!(verify(&mut verifier, &sign(&mut signer, octets, NOW), NOW), Ok(Verdict::Signed));
}

#[test]
fn request_that_does_not_fit_is_unchanged() {
    let key = key(Algorithm::HmacSha256);
    let query = query();
    let whole = signed(&key, &query, NOW).0.len();
    for room in [query.len(), whole - 1] {
        let mut octets = query.clone();
        octets.resize(room, 0);
        assert!(sign_request(&key, &mut octets, query.len(), NOW).is_err());
        assert_eq!(octets[..query.len()], query);
    }
    assert!(sign_request(&key, &mut [0; 200], 11, NOW).is_err());
    assert!(sign_request(&key, &mut [0; 200], 201, NOW).is_err());
    let mut full = std::vec![0; 200];
    full[10..12].fill(0xff);
    assert!(sign_request(&key, &mut full, 12, NOW).is_err());
}

#[test]
fn names_in_another_case_are_the_same() {
    let key = key(Algorithm::HmacSha256);
    let upper = Key::<Hmac>::new(name("KEY.EXAMPLE.").as_ref(), Algorithm::HmacSha256, b"a secret of some octets");
    let (mut request, mut verifier) = signed(&key, &query(), NOW);
    let at = laid_out(&request).1.tsig_at.unwrap();
    // "hmac-sha256" begins after the owner, ten octets, and a length octet.
    request[at + key.name().len() + 11..][..4].copy_from_slice(b"HMAC");
    assert_eq!(record(&request).algorithm(), Some(Algorithm::HmacSha256));
    let mut signer = check(&request, &[upper.unwrap()], NOW).unwrap();
    assert_eq!(verify(&mut verifier, &sign(&mut signer, answer(0x1234, 1), NOW), NOW), Ok(Verdict::Signed));
}

#[test]
fn key_name_may_come_compressed() {
    // The key is named like the zone, which the question spells out at octet 12.
    let key = Key::<Hmac>::new(name("example.").as_ref(), Algorithm::HmacSha256, b"secret").unwrap();
    let (request, _) = signed(&key, &query(), NOW);
    let at = laid_out(&request).1.tsig_at.unwrap();
    let compressed = [&request[..at], &[0xc0, 12], &request[at + key.name().len()..]].concat();
    assert!(check(&compressed, &[key], NOW).is_ok());
}

#[test]
fn original_id_counts_not_the_headers() {
    let key = key(Algorithm::HmacSha1);
    let (mut request, mut verifier) = signed(&key, &query(), NOW);
    request[..2].copy_from_slice(&[9, 9]);
    let mut signer = check(&request, &[key], NOW).unwrap();
    let mut octets = sign(&mut signer, answer(0x0909, 1), NOW);
    assert_eq!(record(&octets).original_id, 0x0909);
    octets[..2].copy_from_slice(&[0x12, 0x34]);
    assert_eq!(verify(&mut verifier, &octets, NOW), Ok(Verdict::Signed));
}

#[test]
fn answer_is_not_truncated_more_than_its_request() {
    let key = key(Algorithm::HmacSha256).with_truncation(Truncation { sent: 16, least: 16 }).unwrap();
    let longer = truncating(Algorithm::HmacSha256, 20);
    let (request, mut verifier) = signed(&longer, &query(), NOW);
    let mut signer = check(&request, &[key], NOW).unwrap();
    let octets = sign(&mut signer, answer(0x1234, 1), NOW);
    assert_eq!(record(&octets).mac.len(), 20);
    assert_eq!(verify(&mut verifier, &octets, NOW), Ok(Verdict::Signed));
}

#[test]
fn time_has_48_bits() {
    let key = key(Algorithm::HmacSha256);
    let late = UnixTime(0xffff_ffff_ff00);
    let (request, mut verifier) = signed(&key, &query(), late);
    assert_eq!(record(&request).time_signed, late);
    let mut signer = check(&request, &[key], late).unwrap();
    let octets = sign(&mut signer, answer(0x1234, 1), late);
    assert_eq!(verify(&mut verifier, &octets, UnixTime(late.0 + 299)), Ok(Verdict::Signed));
}

#[test]
fn first_of_several_candidates_whose_mac_is_right() {
    let good = key(Algorithm::HmacSha256);
    let (request, _) = signed(&good, &query(), NOW);
    let rotated = Key::<Hmac>::new(good.name(), good.algorithm(), b"the secret before").unwrap();
    let other_name = Key::<Hmac>::new(NameRef::ROOT, good.algorithm(), b"a secret of some octets").unwrap();
    let keys = [other_name, rotated.clone(), key(Algorithm::HmacSha1), good];
    assert!(check(&request, &keys, NOW).is_ok());
    assert_eq!(check(&request, &keys[..3], NOW).unwrap_err().error(), Rcode::BADSIG);
    assert_eq!(check(&request, &keys[..1], NOW).unwrap_err().error(), Rcode::BADKEY);
    assert_eq!(check(&request, &keys[2..3], NOW).unwrap_err().error(), Rcode::BADKEY);
}

#[test]
fn keys_that_are_none() {
    let sha1 = Algorithm::HmacSha1;
    assert_eq!(Key::<Hmac>::new(NameRef::ROOT, sha1, b"").unwrap_err(), KeyError::EmptySecret);
    assert_eq!(Key::<NoMac>::new(NameRef::ROOT, sha1, b"x").unwrap_err(), KeyError::Algorithm(sha1));
    for (sent, least) in [(9, 20), (20, 9), (21, 20), (20, 21)] {
        let refused = key(sha1).with_truncation(Truncation { sent, least });
        assert_eq!(refused.unwrap_err(), KeyError::Truncation(sha1));
    }
    let shown = std::format!("{:?}", key(sha1));
    assert!(shown.contains("key.example.") && !shown.contains("keyed"), "{shown}");
    let refused = KeyError::Truncation(sha1).to_string();
    assert_eq!(refused, "a MAC of hmac-sha1 may be truncated to 10 to 20 octets only");
}

#[test]
fn null_mac_passes_itself_and_nothing_but_zeros() {
    let key = Key::<NullMac>::new(NameRef::ROOT, Algorithm::HmacSha384, b"any").unwrap();
    let (mut request, mut verifier) = signed(&key, &query(), NOW);
    assert_eq!(record(&request).mac, [0; 48]);
    let mut signer = check(&request, core::slice::from_ref(&key), NOW).unwrap();
    assert_eq!(verify(&mut verifier, &sign(&mut signer, answer(1, 1), NOW), NOW), Ok(Verdict::Signed));
    // The last octet of the MAC: original ID, error and other length follow it.
    let at = request.len() - 7;
    request[at] = 1;
    assert_eq!(check(&request, &[key], NOW).unwrap_err().error(), Rcode::BADSIG);
}
