//! TSIG against known answers and against what BIND, Knot DNS and NSD signed: needs the corpus folder in `ZXFR_CORPUS`.

mod corpus;
#[path = "corpus/streams.rs"]
mod streams;

use std::fs;

use base64ct::{Base64, Encoding};
use serde_json::Value;
use streams::{messages, number, octets, text};
use zxfr_core::name::Name;
use zxfr_core::time::UnixTime;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{
    Algorithm, Error, Key, Mac, Rejection, Signer, Truncation, TsigRecord, Verdict, Verifier, sign_request,
    verify_request,
};
use zxfr_core::wire::{Layout, Message, Rcode};

fn key(entry: &Value) -> Key<Hmac> {
    let name: Name = text(entry, "key_name").parse().unwrap();
    let secret = Base64::decode_vec(text(entry, "secret_b64")).unwrap();
    Key::new(name.as_ref(), text(entry, "algorithm").parse().unwrap(), &secret).unwrap()
}

/// The key with every MAC accepted that the RFC allows, and its own sent whole.
fn lenient(key: &Key<Hmac>) -> Key<Hmac> {
    let (sent, least) = (key.algorithm().mac_len(), key.algorithm().least_mac_len());
    key.clone().with_truncation(Truncation { sent, least }).unwrap()
}

fn laid_out(octets: &[u8]) -> (Message<'_>, Layout) {
    let message = Message::new(octets).unwrap();
    (message, message.layout().unwrap())
}

fn tsig(octets: &[u8]) -> TsigRecord<'_> {
    let (message, layout) = laid_out(octets);
    TsigRecord::read(&message, &layout).unwrap().unwrap()
}

#[expect(clippy::result_large_err, reason = "as verify_request")]
fn check_request(octets: &[u8], key: &Key<Hmac>, now: UnixTime) -> Result<Signer<Hmac>, Rejection<Hmac>> {
    let (message, layout) = laid_out(octets);
    verify_request(&message, &layout, &tsig(octets), [key], now)
}

/// What came of a vector, in the words of the RFC.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Valid,
    Rejected(Rcode),
    Peer { error: Rcode, signed: bool },
}

fn as_request(octets: &[u8], key: &Key<Hmac>, now: UnixTime) -> Outcome {
    match check_request(octets, key, now) {
        Ok(_) => Outcome::Valid,
        Err(rejection) => Outcome::Rejected(rejection.error()),
    }
}

fn as_answer(octets: &[u8], verifier: &mut Verifier<Hmac>, now: UnixTime) -> Outcome {
    let (message, layout) = laid_out(octets);
    match verifier.verify(&message, &layout, now) {
        Ok(Verdict::Signed) => Outcome::Valid,
        Ok(Verdict::Unsigned) => panic!("every vector has a TSIG"),
        Err(Error::BadMac) => Outcome::Rejected(Rcode::BADSIG),
        Err(Error::BadTime { .. }) => Outcome::Rejected(Rcode::BADTIME),
        Err(Error::Truncated { .. }) => Outcome::Rejected(Rcode::BADTRUNC),
        Err(Error::Peer { error, signed, .. }) => Outcome::Peer { error, signed },
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn message_vectors() {
    let Some(path) = corpus::path("tsig/vectors.json") else { return };
    let file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    assert!(vectors.len() >= 34, "{} vectors", vectors.len());
    for vector in vectors {
        let key = key(vector);
        let now = UnixTime(number(vector, "clock"));
        let message = octets(vector, "message");
        let verdict = text(vector, "verdict");
        let prior = vector["request_mac"].as_str().map(|_| octets(vector, "request_mac"));
        let outcome = |key: Key<Hmac>| match &prior {
            // What the peer refused is an answer, whatever its flags say.
            None if !verdict.starts_with("peer error") => as_request(&message, &key, now),
            prior => {
                let prior = prior.as_deref().unwrap_or_default();
                let continued = vector["timers_only"] == true;
                let mut verifier = if continued { Verifier::continued(key, prior) } else { Verifier::new(key, prior) };
                as_answer(&message, &mut verifier, now)
            }
        };
        let expected = match verdict {
            "valid" => Outcome::Valid,
            "BADSIG" => Outcome::Rejected(Rcode::BADSIG),
            "BADTIME" | "BADTIME at clock" => Outcome::Rejected(Rcode::BADTIME),
            "reject (empty MAC; FORMERR/BADSIG)" => Outcome::Rejected(Rcode::FORMERR),
            "peer error BADKEY (unsigned)" => Outcome::Peer { error: Rcode::BADKEY, signed: false },
            "peer error BADTIME, MAC valid" => Outcome::Peer { error: Rcode::BADTIME, signed: true },
            truncated if truncated.starts_with("valid truncated to") => {
                assert_eq!(outcome(lenient(&key)), Outcome::Valid, "{vector}");
                Outcome::Rejected(Rcode::BADTRUNC)
            }
            other => panic!("a verdict that this test doesn't know: {other}"),
        };
        assert_eq!(outcome(key), expected, "{vector}");
    }
}

#[test]
fn requests_are_signed_octet_for_octet_as_by_others() {
    let Some(path) = corpus::path("tsig/vectors.json") else { return };
    let file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let mut compared = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let message = octets(vector, "message");
        let theirs = tsig(&message);
        let plain = vector["request_mac"].is_null() && theirs.error == Rcode::NOERROR && theirs.other.is_empty();
        if !plain || text(vector, "expected_mac").len() < 20 || theirs.mac.is_empty() {
            continue;
        }
        let sent = theirs.mac.len();
        let key = key(vector).with_truncation(Truncation { sent, least: sent }).unwrap();
        let unsigned = octets(vector, "message_without_tsig");
        let mut ours = unsigned.clone();
        ours.resize(message.len(), 0);
        let signed = sign_request(&key, &mut ours, unsigned.len(), UnixTime(number(vector, "time_signed")));
        assert_eq!(signed.unwrap().0, message.len(), "{vector}");
        // Nothing but the case of the TSIG's own names may differ.
        assert!(ours.eq_ignore_ascii_case(&message), "{vector}");
        assert_eq!(tsig(&ours).mac, theirs.mac, "{vector}");
        compared += 1;
    }
    assert!(compared >= 20, "{compared} requests");
}

#[test]
fn raw_hmac_vectors() {
    let Some(path) = corpus::path("tsig/vectors.json") else { return };
    let file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let vectors = file["raw_hmac"].as_array().unwrap();
    assert_eq!(vectors.len(), Algorithm::ALL.len());
    for vector in vectors {
        let algorithm = text(vector, "algorithm").parse().unwrap();
        let mut mac = Hmac::keyed(algorithm, &octets(vector, "key")).unwrap();
        mac.update(&octets(vector, "payload"));
        assert_eq!(mac.finish().as_slice(), octets(vector, "hmac"), "{vector}");
    }
}

/// How a stream went: messages, signed ones, and where it failed, if it did.
fn run(stream: &[Vec<u8>], mut verifier: Verifier<Hmac>, now: UnixTime) -> (usize, usize, Result<(), Error>) {
    let mut signed = 0;
    for (number, octets) in stream.iter().enumerate() {
        let (message, layout) = laid_out(octets);
        match verifier.verify(&message, &layout, now) {
            Ok(Verdict::Signed) => signed += 1,
            Ok(Verdict::Unsigned) => {}
            Err(error) => return (number, signed, Err(error)),
        }
    }
    (stream.len(), signed, verifier.finish())
}

#[test]
fn recorded_streams() {
    let Some(folder) = corpus::path("wire/xfr-streams") else { return };
    let index: Value = serde_json::from_slice(&fs::read(folder.join("index.json")).unwrap()).unwrap();
    let secret = Base64::decode_vec(text(&index, "secret_b64")).unwrap();
    let shared = key(&index);
    let streams = index["streams"].as_array().unwrap();
    assert!(streams.len() >= 61, "{} streams", streams.len());
    for entry in streams {
        let file = text(entry, "file");
        let query = octets(entry, "query");
        let asked = tsig(&query);
        let now = UnixTime(number(entry, "time"));
        let stream = messages(&folder.join(file));
        assert_eq!(stream.len() as u64, number(entry, "messages"), "{file}");
        // The key that the query was signed with, which is not always the one that the server knows.
        let used = Key::new(asked.key_name.as_ref(), asked.algorithm().unwrap(), &secret).unwrap();
        let rejection = check_request(&query, &shared, now).err().map(|rejection| rejection.error());
        let (accepted, signed, verdict) = run(&stream, Verifier::new(used, asked.mac), now);

        if let Some(error) = entry["tsig_error"].as_u64() {
            let expected = if file.contains("badsig") { Rcode::BADSIG } else { Rcode::BADKEY };
            assert_eq!(rejection, Some(expected), "{file}");
            if error == 0 {
                // NSD knows the key by its name alone: it signs with the other algorithm, and refuses.
                assert_eq!((accepted, signed, verdict), (1, 1, Ok(())), "{file}");
                assert_eq!(laid_out(&stream[0]).0.header().flags.rcode(), Rcode::REFUSED, "{file}");
            } else {
                assert_eq!(error, u64::from(expected.0), "{file}");
                let refused = Error::Peer { error: expected, server_time: None, signed: false };
                assert_eq!(verdict, Err(refused), "{file}");
            }
            continue;
        }
        assert_eq!(rejection, None, "{file}");
        let verdict_says = entry["verdict"].as_str().unwrap_or("valid");
        if verdict_says.starts_with("valid") {
            assert_eq!((accepted, verdict), (stream.len(), Ok(())), "{file}");
        } else if verdict_says.starts_with("reject: more than 99") {
            // The first message is signed, then 99 may be without TSIG.
            assert_eq!((accepted, signed, verdict), (100, 1, Err(Error::TooManyUnsigned)), "{file}");
        } else if verdict_says.starts_with("reject: last message unsigned") {
            assert_eq!((accepted, verdict), (stream.len(), Err(Error::LastUnsigned)), "{file}");
        } else {
            panic!("a verdict that this test doesn't know: {verdict_says}");
        }
        if let (Some(expected), Ok(())) = (entry["signed"].as_u64(), verdict) {
            assert_eq!(signed as u64, expected, "{file}");
        }
    }
}
