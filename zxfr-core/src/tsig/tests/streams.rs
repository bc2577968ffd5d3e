//! Answers of many messages (RFC 8945 §5.3.1).

use super::*;

/// A stream of which every n-th message is signed, and the last.
fn stream(signer: &mut Signer<Hmac>, messages: usize, nth: usize, sign_last: bool) -> Vec<Vec<u8>> {
    let mut stream = Vec::new();
    // What the next MAC covers.
    let mut pending = Vec::new();
    for number in 0..messages {
        let mut octets = answer(0x1234, (number % 7) as u8);
        let last = number + 1 == messages;
        if number % nth == 0 && !last || last && sign_last {
            let mut tail = std::vec![0; signer.tail_len()];
            let parts = [&pending[..], &octets];
            // The original ID is that of the octets first digested, which here is the same in all.
            signer.sign(&parts, NOW, &mut tail).unwrap();
            append(&mut octets, &tail);
            pending.clear();
        } else {
            pending.extend_from_slice(&octets);
        }
        stream.push(octets);
    }
    stream
}

fn run(nth: usize, messages: usize, sign_last: bool) -> Result<(), (usize, Error)> {
    let key = key(Algorithm::HmacSha256);
    let (request, mut verifier) = signed(&key, &query(), NOW);
    let mut signer = check(&request, &[key], NOW).unwrap();
    let mut unverified = 0;
    for (number, octets) in stream(&mut signer, messages, nth, sign_last).iter().enumerate() {
        match verify(&mut verifier, octets, NOW).map_err(|error| (number, error))? {
            Verdict::Signed => unverified = 0,
            Verdict::Unsigned => unverified += octets.len() as u64,
        }
        assert_eq!(verifier.unverified_octets(), unverified);
    }
    verifier.finish().map_err(|error| (messages, error))
}

#[test]
fn every_nth_message_signed() {
    for nth in [1, 2, 99, 100] {
        assert_eq!(run(nth, 250, true), Ok(()), "every {nth}");
    }
    // Messages 1 to 99 are unsigned, and so is the next one.
    assert_eq!(run(101, 250, true), Err((100, Error::TooManyUnsigned)));
    assert_eq!(run(10, 95, false), Err((95, Error::LastUnsigned)));
    assert_eq!(run(1, 1, false), Err((0, Error::Missing)));
}

#[test]
fn nothing_is_no_answer() {
    let (_, verifier) = signed(&key(Algorithm::HmacMd5), &query(), NOW);
    assert_eq!(verifier.finish(), Err(Error::Missing));
}

#[test]
fn a_change_is_noticed_at_the_next_signed_message() {
    let key = key(Algorithm::HmacSha512);
    let (request, verifier) = signed(&key, &query(), NOW);
    let signer = check(&request, &[key], NOW).unwrap();
    let good = stream(&mut signer.clone(), 21, 5, true);
    let verdicts = |messages: &[Vec<u8>]| {
        let mut verifier = verifier.clone();
        messages.iter().position(|octets| verify(&mut verifier, octets, NOW).is_err())
    };
    assert_eq!(verdicts(&good), None);
    // An unsigned one changed, left out, doubled, swapped with its neighbour.
    let mut changed = good.clone();
    *changed[7].last_mut().unwrap() ^= 1;
    assert_eq!(verdicts(&changed), Some(10));
    let mut short = good.clone();
    short.remove(7);
    assert_eq!(verdicts(&short), Some(9));
    let mut long = good.clone();
    long.insert(7, good[7].clone());
    assert_eq!(verdicts(&long), Some(11));
    let mut swapped = good.clone();
    swapped.swap(7, 8);
    assert_eq!(verdicts(&swapped), Some(10));
    // A signed one left out.
    let mut unsigned = good.clone();
    unsigned.remove(10);
    assert_eq!(verdicts(&unsigned), Some(14));
    // The start of the stream is no start of its middle.
    assert_eq!(verdicts(&good[5..]), Some(0));
}

#[test]
fn what_is_refused_changes_nothing() {
    let key = key(Algorithm::HmacSha224);
    let (request, mut verifier) = signed(&key, &query(), NOW);
    let mut signer = check(&request, &[key], NOW).unwrap();
    for octets in stream(&mut signer, 12, 3, true) {
        let mut forged = octets.clone();
        forged[12 + 3] ^= 0x20;
        if has_tsig(&forged) {
            assert_eq!(verify(&mut verifier, &forged, NOW), Err(Error::BadMac));
        }
        assert!(verify(&mut verifier, &octets, NOW).is_ok());
    }
    assert_eq!(verifier.finish(), Ok(()));
}

fn has_tsig(octets: &[u8]) -> bool {
    laid_out(octets).1.tsig_at.is_some()
}

#[test]
fn a_stream_goes_on_from_its_last_mac() {
    let key = key(Algorithm::HmacSha256);
    let (request, _) = signed(&key, &query(), NOW);
    let mut signer = check(&request, core::slice::from_ref(&key), NOW).unwrap();
    let messages = stream(&mut signer, 6, 1, true);
    let mut rest = Verifier::continued(key, record(&messages[2]).mac);
    for octets in &messages[3..] {
        assert_eq!(verify(&mut rest, octets, NOW), Ok(Verdict::Signed));
    }
}

#[test]
fn times_of_a_stream_never_go_back() {
    let key = key(Algorithm::HmacSha256);
    let (request, mut verifier) = signed(&key, &query(), NOW);
    let mut signer = check(&request, &[key], NOW).unwrap();
    let mut times = Vec::new();
    for now in [NOW, UnixTime(NOW.0 + 9), UnixTime(NOW.0 + 4), UnixTime(NOW.0 + 10)] {
        let octets = sign(&mut signer, answer(0x1234, 1), now);
        times.push(record(&octets).time_signed.0 - NOW.0);
        assert_eq!(verify(&mut verifier, &octets, now), Ok(Verdict::Signed));
    }
    assert_eq!(times, [0, 9, 9, 10]);
}
