//! Signed messages, with a real MAC, which the fuzzer can't guess, and with the null MAC, which lets it past.

use zxfr_core::time::UnixTime;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{
    Error, Key, MAX_UNSIGNED, Mac, NullMac, TsigRecord, Verdict, Verifier, sign_request, verify_request,
};
use zxfr_core::wire::{Flags, Header, Layout, MAX_MESSAGE, Message, Rcode};

/// Whoever knows this has made the seeds.
const SECRET: &[u8] = b"fuzz";

/// Takes the octets as one message, and as messages with two octets of length before each: as a request to a server, as what
/// a client signs, as a stream of answers that it gets.
pub fn tsig_verify(data: &[u8]) {
    request::<NullMac>(data);
    request::<Hmac>(data);
    round_trip(data);
    stream::<NullMac>(data);
    stream::<Hmac>(data);
}

fn laid_out(octets: &[u8]) -> Option<(Message<'_>, Layout)> {
    let message = Message::new(octets).ok()?;
    Some((message, message.layout().ok()?))
}

/// The key that the record names.
fn key_of<M: Mac>(record: &TsigRecord<'_>) -> Option<Key<M>> {
    Key::new(record.key_name.as_ref(), record.algorithm()?, SECRET).ok()
}

/// A header alone, and the record behind it.
fn answer(rcode: Rcode, tail: &[u8]) -> Vec<u8> {
    let header =
        Header { flags: Flags::QR.with_rcode(rcode), additionals: u16::from(!tail.is_empty()), ..Header::default() };
    [&header.to_octets(), tail].concat()
}

/// A server takes the message or rejects it; the client understands the answer.
fn request<M: Mac>(data: &[u8]) {
    let Some((message, layout)) = laid_out(data) else { return };
    let Ok(Some(record)) = TsigRecord::read(&message, &layout) else { return };
    let Some(key) = key_of::<M>(&record) else { return };
    let client = Verifier::new(key.clone(), record.mac);
    for now in [record.time_signed, UnixTime(record.time_signed.0 + 1 + u64::from(record.fudge))] {
        let verdict = verify_request(&message, &layout, &record, [&key], now);
        let mut octets = answer(Rcode::NOERROR, &[]);
        match verdict {
            Ok(mut signer) => {
                assert_eq!(now, record.time_signed);
                assert_eq!(record.mac.len(), key.algorithm().mac_len());
                let mut tail = vec![0; signer.tail_len()];
                assert_eq!(signer.sign(&[&octets], now, &mut tail), Ok(tail.len()));
                octets = answer(Rcode::NOERROR, &tail);
                let (message, layout) = laid_out(&octets).unwrap();
                assert_eq!(client.clone().verify(&message, &layout, now), Ok(Verdict::Signed));
            }
            Err(rejection) => {
                let error = rejection.error();
                octets = answer(rejection.rcode(), &[]);
                let mut tail = vec![0; rejection.tail_len()];
                assert_eq!(rejection.clone().sign(&[&octets], &mut tail), Ok(tail.len()));
                octets = answer(rejection.rcode(), &tail);
                let (message, layout) = laid_out(&octets).unwrap();
                match client.clone().verify(&message, &layout, record.time_signed).unwrap_err() {
                    Error::Missing => assert_eq!(error, Rcode::FORMERR),
                    Error::Peer { error: said, server_time, signed } => {
                        assert_eq!(said, error);
                        assert_eq!(signed, matches!(error, Rcode::BADTIME | Rcode::BADTRUNC));
                        assert_eq!(server_time.is_some(), error == Rcode::BADTIME);
                    }
                    other => panic!("{error} was understood as: {other}"),
                }
            }
        }
    }
}

/// What a client signs, a server takes, and not when an octet is changed.
fn round_trip(data: &[u8]) {
    let Some((message, layout)) = laid_out(data) else { return };
    if layout.tsig_at.is_some() || message.header().additionals == u16::MAX {
        return;
    }
    let now = UnixTime(1_800_000_000);
    let name = zxfr_core::name::NameRef::ROOT;
    let key = Key::<Hmac>::new(name, zxfr_core::tsig::Algorithm::HmacSha256, SECRET).unwrap();
    let mut octets = data.to_vec();
    octets.resize((data.len() + 100).min(MAX_MESSAGE), 0);
    let Ok((length, _)) = sign_request(&key, &mut octets, data.len(), now) else {
        assert_eq!(octets[..data.len()], *data);
        return;
    };
    octets.truncate(length);
    let accepts = |octets: &[u8]| {
        let Some((message, layout)) = laid_out(octets) else { return false };
        let Ok(Some(record)) = TsigRecord::read(&message, &layout) else { return false };
        verify_request(&message, &layout, &record, [&key], now).is_ok()
    };
    assert!(accepts(&octets));
    // Anywhere after the ID and before the TSIG, chosen by the data.
    let at = 2 + usize::from(data[0]) % (data.len() - 2);
    octets[at] ^= data[1] | 1;
    assert!(!accepts(&octets), "octet {at} changed");
}

/// A client gets whatever comes, and never accepts an end that isn't signed.
fn stream<M: Mac>(data: &[u8]) {
    let mut rest = data;
    let mut verifier: Option<Verifier<M>> = None;
    let (mut unsigned, mut octets) = (0, 0);
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (one, after) = after.split_at(length);
        rest = after;
        let Some((message, layout)) = laid_out(one) else { continue };
        let bare = layout.tsig_at.is_none();
        let record = TsigRecord::read(&message, &layout).ok().flatten();
        let now = record.as_ref().map_or(UnixTime(0), |record| record.time_signed);
        if verifier.is_none() {
            // The first that names a key that there may be is the request's.
            let Some(key) = record.as_ref().and_then(key_of) else { continue };
            verifier = Some(Verifier::new(key, record.as_ref().map_or(&[], |record| record.mac)));
            continue;
        }
        let Some(verifier) = &mut verifier else { continue };
        match verifier.verify(&message, &layout, now) {
            Ok(Verdict::Signed) => (unsigned, octets) = (0, 0),
            Ok(Verdict::Unsigned) => {
                assert!(bare);
                unsigned += 1;
                octets += one.len() as u64;
            }
            Err(error) => assert_eq!(error == Error::TooManyUnsigned, bare && unsigned == MAX_UNSIGNED),
        }
        assert!(unsigned <= MAX_UNSIGNED);
        assert_eq!(verifier.unverified_octets(), octets);
        if unsigned > 0 {
            assert_eq!(verifier.finish(), Err(Error::LastUnsigned));
        }
    }
}
