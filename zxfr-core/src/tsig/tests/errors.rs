//! Every error: what a server answers, and how a client takes it.

use super::*;
use crate::error::{WireError, WireFault};

/// What a server answers to a request that fails, whole, and the client's verdict on it.
fn refused(
    request: &[u8],
    verifier: &Verifier<Hmac>,
    keys: &[Key<Hmac>],
    now: UnixTime,
) -> (Rejection<Hmac>, Vec<u8>, Result<Verdict, Error>) {
    let rejection = check(request, keys, now).unwrap_err();
    let mut octets = message(0x1234, Flags::QR.with_rcode(rejection.rcode()), |_| ());
    let mut tail = std::vec![0; rejection.tail_len()];
    assert_eq!(rejection.clone().sign(&[&octets], &mut tail), Ok(tail.len()));
    if let Some(short) = tail.len().checked_sub(1) {
        assert!(rejection.clone().sign(&[&octets], &mut tail.clone()[..short]).is_err());
    }
    append(&mut octets, &tail);
    // The client's clock is the one that it signed by.
    let verdict = verify(&mut verifier.clone(), &octets, NOW);
    (rejection, octets, verdict)
}

#[test]
fn unknown_key_and_wrong_mac_are_answered_unsigned() {
    let mine = key(Algorithm::HmacSha256);
    let theirs = Key::<Hmac>::new(mine.name(), mine.algorithm(), b"another secret").unwrap();
    let (request, verifier) = signed(&mine, &query(), NOW);
    for (keys, error) in [(&[][..], Rcode::BADKEY), (&[theirs][..], Rcode::BADSIG)] {
        let (rejection, octets, verdict) = refused(&request, &verifier, keys, NOW);
        assert_eq!((rejection.error(), rejection.rcode()), (error, Rcode::NOTAUTH));
        let record = record(&octets);
        assert_eq!((record.error, record.mac, record.original_id), (error, &[][..], 0x1234));
        assert_eq!((record.key_name.as_ref(), record.algorithm_name), (mine.name(), mine.algorithm().name()));
        assert_eq!((record.time_signed, record.other), (NOW, &[][..]));
        assert_eq!(verdict, Err(Error::Peer { error, server_time: None, signed: false }));
    }
}

#[test]
fn unknown_algorithm_is_bad_key_and_comes_back() {
    let key = key(Algorithm::HmacSha256);
    let (mut request, verifier) = signed(&key, &query(), NOW);
    let at = laid_out(&request).1.tsig_at.unwrap();
    request[at + key.name().len() + 11..][..4].copy_from_slice(b"what");
    let (rejection, octets, verdict) = refused(&request, &verifier, &[key], NOW);
    assert_eq!(rejection.error(), Rcode::BADKEY);
    assert_eq!(record(&octets).algorithm_name, name("what-sha256.").as_ref());
    assert_eq!(record(&octets).algorithm(), None);
    assert_eq!(verdict, Err(Error::Peer { error: Rcode::BADKEY, server_time: None, signed: false }));
}

#[test]
fn bad_time_is_signed_with_both_times() {
    let key = key(Algorithm::HmacSha256);
    let (request, verifier) = signed(&key, &query(), NOW);
    let keys = [key];
    for (now, good) in [
        (NOW.0 - 301, false),
        (NOW.0 - 300, true),
        (NOW.0 + 300, true),
        (NOW.0 + 301, false),
        (0, false),
        (u64::MAX, false),
    ] {
        assert_eq!(check(&request, &keys, UnixTime(now)).is_ok(), good, "{now}");
    }
    let theirs = UnixTime(NOW.0 + 4000);
    let (rejection, octets, verdict) = refused(&request, &verifier, &keys, theirs);
    assert_eq!((rejection.error(), rejection.rcode()), (Rcode::BADTIME, Rcode::NOTAUTH));
    let record = record(&octets);
    assert_eq!((record.time_signed, record.fudge), (NOW, FUDGE));
    assert_eq!((record.server_time(), record.mac.len()), (Some(theirs), 32));
    let error = Rcode::BADTIME;
    assert_eq!(verdict, Err(Error::Peer { error, server_time: Some(theirs), signed: true }));
    // A time that somebody else put in.
    let mut forged = octets.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(verify(&mut verifier.clone(), &forged, NOW), Err(Error::BadMac));
}

#[test]
fn short_mac_is_signed_bad_trunc() {
    let strict = key(Algorithm::HmacSha256).with_truncation(Truncation { sent: 32, least: 20 }).unwrap();
    let (request, verifier) = signed(&truncating(Algorithm::HmacSha256, 19), &query(), NOW);
    let (rejection, octets, verdict) = refused(&request, &verifier, &[strict], NOW);
    assert_eq!((rejection.error(), rejection.rcode()), (Rcode::BADTRUNC, Rcode::NOTAUTH));
    assert_eq!((record(&octets).mac.len(), record(&octets).other), (32, &[][..]));
    assert_eq!(verdict, Err(Error::Peer { error: Rcode::BADTRUNC, server_time: None, signed: true }));
    // By default nothing but the whole MAC is accepted.
    let (request, _) = signed(&truncating(Algorithm::HmacSha256, 31), &query(), NOW);
    assert_eq!(check(&request, &[key(Algorithm::HmacSha256)], NOW).unwrap_err().error(), Rcode::BADTRUNC);
}

/// The same message with a MAC of another length.
fn with_mac(octets: &[u8], mac: &[u8]) -> Vec<u8> {
    let at = laid_out(octets).1.tsig_at.unwrap();
    let record = record(octets);
    let mut tail = [0; 600];
    let length = record.variables().write(mac, record.original_id.to_be_bytes(), &mut tail).unwrap();
    [&octets[..at], &tail[..length]].concat()
}

#[test]
fn mac_of_a_length_that_none_may_have_is_a_format_error() {
    for algorithm in Algorithm::ALL {
        let key = truncating(algorithm, algorithm.mac_len());
        let (request, verifier) = signed(&key, &query(), NOW);
        let mut signer = check(&request, core::slice::from_ref(&key), NOW).unwrap();
        let good = sign(&mut signer, answer(0x1234, 1), NOW);
        let long = [record(&request).mac, &[0]].concat();
        for mac in [&long[..], &record(&request).mac[..algorithm.least_mac_len() - 1], &[]] {
            let (rejection, octets, verdict) =
                refused(&with_mac(&request, mac), &verifier, core::slice::from_ref(&key), NOW);
            assert_eq!((rejection.error(), rejection.rcode()), (Rcode::FORMERR, Rcode::FORMERR));
            assert_eq!(octets[11], 0);
            assert_eq!(verdict, Err(Error::Missing));
            let verdict = verify(&mut verifier.clone(), &with_mac(&good, mac), NOW);
            assert_eq!(verdict, Err(Error::MacLength { length: mac.len() }));
        }
        // The shortest one that there may be is as good as the whole.
        let least = algorithm.least_mac_len();
        assert!(check(&with_mac(&request, &record(&request).mac[..least]), &[key], NOW).is_ok());
        let truncated = with_mac(&good, &record(&good).mac[..least]);
        assert_eq!(verify(&mut verifier.clone(), &truncated, NOW), Ok(Verdict::Signed));
    }
}

#[test]
fn client_wants_its_own_key_algorithm_time_and_length() {
    let mine = key(Algorithm::HmacSha256);
    let (request, verifier) = signed(&mine, &query(), NOW);
    let answered = |key: &Key<Hmac>, now| sign(&mut Signer::new(key.clone(), record(&request).mac), answer(7, 1), now);
    let verdict = |octets: &[u8]| verify(&mut verifier.clone(), octets, NOW);
    assert_eq!(verdict(&answered(&mine, NOW)), Ok(Verdict::Signed));
    let other = Key::new(name("other.").as_ref(), mine.algorithm(), b"a secret of some octets").unwrap();
    assert_eq!(verdict(&answered(&other, NOW)), Err(Error::WrongKey));
    assert_eq!(verdict(&answered(&key(Algorithm::HmacSha384), NOW)), Err(Error::WrongAlgorithm));
    let theirs = UnixTime(NOW.0 - 301);
    assert_eq!(verdict(&answered(&mine, theirs)), Err(Error::BadTime { theirs, ours: NOW }));
    let whole = answered(&mine, NOW);
    let short = with_mac(&whole, &record(&whole).mac[..31]);
    assert_eq!(verdict(&short), Err(Error::Truncated { length: 31, least: 32 }));
    // The answer to another request.
    let (_, stranger) = signed(&mine, &query(), UnixTime(NOW.0 + 1));
    assert_eq!(verify(&mut stranger.clone(), &whole, NOW), Err(Error::BadMac));
}

#[test]
fn malformed_records() {
    let (request, verifier) = signed(&key(Algorithm::HmacSha256), &query(), NOW);
    let at = laid_out(&request).1.tsig_at.unwrap();
    let fixed_at = at + "\x03Key\x07example\0".len();
    let rdata_at = fixed_at + 10;
    let after_name = rdata_at + Algorithm::HmacSha256.name().len();
    let end = request.len();
    for (place, octet, offset) in [
        (fixed_at + 3, 1, fixed_at),        // class CLASS1
        (fixed_at + 7, 1, fixed_at),        // TTL 1
        (rdata_at, 0xc0, rdata_at),         // algorithm compressed
        (rdata_at, 63, rdata_at),           // algorithm longer than the RDATA
        (after_name + 9, 0xff, after_name), // MAC longer than the RDATA
        (after_name + 9, 31, end - 1),      // an octet left over
        (end - 1, 1, after_name),           // other data that is missing
    ] {
        let mut octets = request.clone();
        octets[place] = octet;
        let (message, layout) = laid_out(&octets);
        let expected = WireError { fault: WireFault::TsigShape, offset };
        assert_eq!(TsigRecord::read(&message, &layout).unwrap_err(), expected, "octet {place}");
        assert_eq!(verifier.clone().verify(&message, &layout, NOW), Err(Error::Shape(expected)));
    }
    let (message, layout) = laid_out(&request[..]);
    assert!(TsigRecord::read(&message, &Layout { tsig_at: None, ..layout }).unwrap().is_none());
}

#[test]
fn errors_say_who_and_what() {
    for (error, text) in [
        (Error::Missing, "peer did not sign its answer"),
        (
            Error::Peer { error: Rcode::BADTIME, server_time: Some(UnixTime(5)), signed: true },
            "peer refused the request's TSIG: BADTIME, the clocks differ, its time is 5",
        ),
        (
            Error::Peer { error: Rcode::BADKEY, server_time: None, signed: false },
            "peer refused the request's TSIG: BADKEY, it does not know the key with this algorithm (not signed)",
        ),
        (Error::Truncated { length: 10, least: 16 }, "peer sent a MAC of 10 octets, the key needs 16"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
