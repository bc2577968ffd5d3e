//! Whole streams, sent from a cursor and received, intact and damaged.

use super::super::super::Limit;
use super::*;
use crate::tsig::rustcrypto::Hmac;
use crate::tsig::{
    Algorithm, Error as TsigError, Key, NullMac, Rejection, Signer, TsigRecord, sign_request, verify_request,
};
use crate::wire::Header;
use proptest::prelude::*;

/// A stream signed with a real key, and the verifier of its receiver.
fn signed(zone: &[Owned], room: usize) -> (Vec<Vec<u8>>, Verifier<Hmac>) {
    let (signer, verifier) = ends(&key(Algorithm::HmacSha256));
    (send(zone, room, Some(signer)).unwrap(), verifier)
}

/// Five messages of a signed transfer.
fn five() -> (Vec<Vec<u8>>, Verifier<Hmac>) {
    let zone: Vec<Owned> = [soa(APEX, 7)].into_iter().chain((0..8).map(|n| txt("a.example.", 100 + n))).collect();
    let (stream, verifier) = signed(&zone, 400);
    assert_eq!(stream.len(), 5);
    assert_eq!(receive_new(&stream, Some(verifier.clone())).unwrap().records, zone);
    (stream, verifier)
}

/// Signs a message of an answer.
fn sign<M: Mac>(signer: &mut Signer<M>, mut message: Vec<u8>) -> Vec<u8> {
    let mut tail = std::vec![0; signer.tail_len()];
    signer.sign(&[&message], now(0).unix, &mut tail).unwrap();
    message.extend_from_slice(&tail);
    message[11] += 1;
    message
}

proptest! {
    #[test]
    fn what_a_cursor_sends_comes_in(zone in any_zone(), room in 3_500..40_000_usize, algorithm in 0..6_usize, sign: bool) {
        let key: Key<Hmac> = key(Algorithm::ALL[algorithm]);
        let (signer, verifier) = ends(&key);
        let (signer, verifier) = if sign { (Some(signer), Some(verifier)) } else { (None, None) };
        let stream = send(&zone, room, signer).unwrap();
        let received = receive_new(&stream, verifier).unwrap();
        prop_assert_eq!(&received.records, &zone);
        prop_assert!(received.skipped.is_empty());
    }

    #[test]
    fn no_octets_do_harm(mut stream in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..5), with_null: bool) {
        // With the header of an answer, most get further than to the first check.
        for octets in &mut stream {
            let header = Header { id: ID, flags: Flags::QR, answers: 3, ..Header::default() };
            if let Some(front) = octets.first_chunk_mut::<12>() {
                *front = header.to_octets();
            }
        }
        let verifier = with_null.then(|| ends::<NullMac>(&key(Algorithm::HmacSha256)).1);
        prop_assert!(receive_new(&stream, verifier).is_err());
    }
}

#[test]
fn message_left_out_never_commits() {
    let (stream, verifier) = five();
    for out in 0..stream.len() {
        let mut stream = stream.clone();
        stream.remove(out);
        let error = receive_new(&stream, Some(verifier.clone())).unwrap_err();
        let expected = if out == 4 { Error::Ended { messages: 4, records: 8 } } else { Error::Tsig(TsigError::BadMac) };
        assert_eq!(error, expected, "{out}");
    }
}

#[test]
fn messages_in_another_order_never_commit() {
    let (stream, verifier) = five();
    for (a, b) in (0..5).flat_map(|a| (0..a).map(move |b| (a, b))) {
        let mut stream = stream.clone();
        stream.swap(a, b);
        let error = receive_new(&stream, Some(verifier.clone())).unwrap_err();
        assert_eq!(error, Error::Tsig(TsigError::BadMac), "{a} {b}");
    }
}

#[test]
fn message_sent_twice_never_commits_or_comes_too_late() {
    let (stream, verifier) = five();
    for twice in 0..stream.len() {
        let mut stream = stream.clone();
        stream.insert(twice, stream[twice].clone());
        let error = receive_new(&stream, Some(verifier.clone())).unwrap_err();
        match twice {
            4 => assert!(matches!(error, Error::Peer { fault: PeerFault::AfterEnd, message: 6, .. })),
            _ => assert_eq!(error, Error::Tsig(TsigError::BadMac), "{twice}"),
        }
    }
}

#[test]
fn stream_cut_at_any_octet_never_commits() {
    let (signed, verifier) = five();
    let unsigned = send::<NoMac>(&zone(40), 300, None).unwrap();
    assert!(unsigned.len() > 2);
    // Cut between messages: the connection ends.
    for whole in 0..signed.len() {
        assert!(matches!(receive_new(&signed[..whole], Some(verifier.clone())), Err(Error::Ended { .. })));
    }
    for whole in 0..unsigned.len() {
        assert!(matches!(receive_new::<NoMac>(&unsigned[..whole], None), Err(Error::Ended { .. })));
    }
    // Cut within one, and what there is of it taken as a message.
    for whole in 0..signed.len() {
        for octets in 0..signed[whole].len() {
            let mut stream = signed[..=whole].to_vec();
            stream[whole].truncate(octets);
            assert!(receive_new(&stream, Some(verifier.clone())).is_err(), "{whole} {octets}");
        }
    }
    for whole in 0..unsigned.len() {
        for octets in 0..unsigned[whole].len() {
            let mut stream = unsigned[..=whole].to_vec();
            stream[whole].truncate(octets);
            assert!(receive_new::<NoMac>(&stream, None).is_err(), "{whole} {octets}");
        }
    }
}

#[test]
fn octet_changed_anywhere_never_commits() {
    let (stream, verifier) = five();
    for message in 0..stream.len() {
        let tsig_at = Message::new(&stream[message]).unwrap().layout().unwrap().tsig_at.unwrap();
        for octet in 0..stream[message].len() {
            for bit in [0x01, 0x20, 0x80] {
                let mut changed = stream.clone();
                changed[message][octet] ^= bit;
                let received = receive_new(&changed, Some(verifier.clone()));
                // Names of key and algorithm are digested in lower case (RFC 8945 §4.3.3): their case is nobody's secret.
                let only_case = bit == 0x20 && octet > tsig_at && stream[message][octet].is_ascii_alphabetic();
                assert!(received.is_err() || only_case, "octet {octet} of message {message}, bit {bit}");
                if let Ok(received) = received {
                    assert_eq!(received.records.len(), 9);
                }
            }
        }
    }
}

/// What is told of a stream whose messages are all inspected before the first is taken.
fn tell_inspected<M: Mac>(
    inbound: Inbound<M>,
    messages: &[Vec<u8>],
) -> (Vec<Told>, Result<(), Error>, Result<(), Error>) {
    let (mut inspector, mut inbound) = inbound.split();
    let inspected: Vec<_> =
        messages.iter().enumerate().map(|(number, message)| inspector.inspect(message, now(number).unix)).collect();
    let mut told = Vec::new();
    let mut take = |message| {
        let mut events = inbound.handle_message(message)?;
        while let Some(event) = events.next()? {
            told.push(event.into());
        }
        Ok(())
    };
    let result = inspected.iter().try_for_each(&mut take);
    (told, result, inbound.eof())
}

#[test]
fn inspected_ahead_the_same_is_told() {
    let same = |stream: &[Vec<u8>], verifier: &Verifier<_>| {
        let inbound = || Inbound::axfr(name(APEX).as_ref(), ID, Limits::default(), Some(verifier.clone()));
        let mut whole = inbound();
        let (told, result) = tell(&mut whole, stream);
        assert_eq!(tell_inspected(inbound(), stream), (told, result, whole.eof()));
        result
    };
    let (stream, verifier) = five();
    assert_eq!(same(&stream, &verifier), Ok(()));
    for message in 0..stream.len() {
        for octet in (0..stream[message].len()).step_by(3) {
            let mut changed = stream.clone();
            changed[message][octet] ^= 1;
            assert!(same(&changed, &verifier).is_err());
        }
        let mut cut = stream.clone();
        cut.remove(message);
        // The rest of a stream is no error by itself.
        assert_eq!(same(&cut, &verifier).is_ok(), message == 4);
    }
    let sparse = |count, every| {
        let (stream, verifier) = sparsely_signed(count, |number| number % every != 0);
        let inbound = || Inbound::axfr(name(APEX).as_ref(), ID, Limits::default(), Some(verifier.clone()));
        let mut whole = inbound();
        let (told, result) = tell(&mut whole, &stream);
        assert_eq!(tell_inspected(inbound(), &stream), (told, result, whole.eof()));
        result
    };
    assert_eq!(sparse(301, 100), Ok(()));
    assert_eq!(sparse(300, 100), Err(Error::Tsig(TsigError::LastUnsigned)));
    assert_eq!(sparse(304, 101), Err(Error::Tsig(TsigError::TooManyUnsigned)));
}

/// Messages of one record each, signed but for those that `leave_out` names.
fn sparsely_signed(count: usize, leave_out: impl Fn(usize) -> bool) -> (Vec<Vec<u8>>, Verifier<NullMac>) {
    let (mut signer, verifier) = ends(&key(Algorithm::HmacSha256));
    let stream = (0..count).map(|number| {
        let record = if number == 0 || number == count - 1 { soa(APEX, 7) } else { txt("a.example.", 1) };
        let octets = Draft::of(&[record]).octets();
        if leave_out(number) { octets } else { sign(&mut signer, octets) }
    });
    (stream.collect(), verifier)
}

#[test]
fn up_to_99_unsigned_messages_in_a_row_are_taken() {
    for (every, taken) in [(1, true), (10, true), (99, true), (100, true), (101, false)] {
        let count = every * 3 + 1;
        let (stream, verifier) = sparsely_signed(count, |number| number % every != 0);
        let received = receive_new(&stream, Some(verifier));
        assert_eq!(received.is_ok(), taken, "{every}");
        if !taken {
            assert_eq!(received, Err(Error::Tsig(TsigError::TooManyUnsigned)));
        }
    }
}

#[test]
fn last_message_must_be_signed() {
    let (stream, verifier) = sparsely_signed(5, |number| number == 4);
    assert_eq!(receive_new(&stream, Some(verifier)), Err(Error::Tsig(TsigError::LastUnsigned)));
}

#[test]
fn mac_missing_where_one_is_needed_is_refused() {
    let (stream, verifier) = sparsely_signed(5, |number| number == 0);
    assert_eq!(receive_new(&stream, Some(verifier)), Err(Error::Tsig(TsigError::Missing)));
    let (_, verifier) = ends::<Hmac>(&key(Algorithm::HmacSha256));
    let stream = send::<NoMac>(&zone(9), 512, None).unwrap();
    assert_eq!(receive_new(&stream, Some(verifier)), Err(Error::Tsig(TsigError::Missing)));
}

#[test]
fn tsig_in_an_unsigned_transfer_is_refused() {
    let (stream, _) = five();
    assert_eq!(fault(&stream), (PeerFault::UnexpectedTsig, 1));
    let (mut signer, _) = ends::<NullMac>(&key(Algorithm::HmacSha256));
    let late = [Draft::of(&zone(2)).octets(), sign(&mut signer, Draft::of(&zone(0)).octets())];
    assert_eq!(fault(&late), (PeerFault::UnexpectedTsig, 2));
}

#[test]
fn unverified_octets_have_a_limit_of_their_own() {
    let (stream, verifier) = sparsely_signed(12, |number| number % 11 != 0);
    let octets: u64 = stream[1..11].iter().map(|message| message.len() as u64).sum();
    let run = |unverified_octets| {
        let limits = Limits { unverified_octets, ..Limits::default() };
        let mut inbound = Inbound::axfr(name(APEX).as_ref(), ID, limits, Some(verifier.clone()));
        receive(&mut inbound, &stream)
    };
    assert!(run(octets).is_ok());
    assert_eq!(run(octets - 1), Err(Error::Limit(Limit::UnverifiedOctets(octets - 1))));
}

#[test]
fn nothing_of_a_message_with_a_wrong_mac_is_told() {
    let (mut stream, verifier) = five();
    // An octet of the last record's data.
    let at = stream[0].len() / 2;
    stream[0][at] ^= 1;
    let mut inbound = Inbound::axfr(name(APEX).as_ref(), ID, Limits::default(), Some(verifier));
    assert_eq!(inbound.handle_message(&stream[0], now(0)).unwrap_err(), Error::Tsig(TsigError::BadMac));
    assert_eq!(inbound.totals().records, 0);
}

/// The answer to a request of `client` that a server with the key `server` refuses at `time`.
fn refused_by(client: &Key<Hmac>, server: &Key<Hmac>, time: UnixTime) -> Error {
    let mut query = [0; 1024];
    let length = crate::transfer::axfr_query(&mut query, name(APEX).as_ref(), ID, false).unwrap();
    let (length, verifier) = sign_request(client, &mut query, length, now(0).unix).unwrap();
    let message = Message::new(&query[..length]).unwrap();
    let layout = message.layout().unwrap();
    let record = TsigRecord::read(&message, &layout).unwrap().unwrap();
    let rejection: Rejection<Hmac> = verify_request(&message, &layout, &record, [server], time).err().unwrap();
    let flags = Flags::QR.with_rcode(rejection.rcode());
    let mut answer = Draft { flags, ..Draft::of(&[]) }.octets();
    let mut tail = std::vec![0; rejection.tail_len()];
    rejection.sign(&[&answer], &mut tail).unwrap();
    answer.extend_from_slice(&tail);
    answer[11] += 1;
    receive_new(&[answer], Some(verifier)).unwrap_err()
}

#[test]
fn refusal_of_the_request_s_tsig_says_why() {
    let ours: Key<Hmac> = key(Algorithm::HmacSha256);
    let time = now(0).unix;
    let peer = |error, server_time, signed| Error::Tsig(TsigError::Peer { error, server_time, signed });
    assert_eq!(refused_by(&ours, &key(Algorithm::HmacSha512), time), peer(Rcode::BADKEY, None, false));
    let other = Key::new(ours.name(), ours.algorithm(), b"another secret").unwrap();
    assert_eq!(refused_by(&ours, &other, time), peer(Rcode::BADSIG, None, false));
    let late = UnixTime(time.0 + 1000);
    assert_eq!(refused_by(&ours, &ours, late), peer(Rcode::BADTIME, Some(late), true));
}

#[test]
fn refusal_is_told_signed_or_not() {
    let refusal = Draft { flags: Flags::QR.with_rcode(Rcode::REFUSED), ..Draft::of(&[]) }.octets();
    let (mut signer, verifier) = ends::<Hmac>(&key(Algorithm::HmacSha256));
    let refused = |signed| Error::Refused { rcode: Rcode::REFUSED, ede: None, message: 1, signed };
    assert_eq!(receive_new(std::slice::from_ref(&refusal), Some(verifier.clone())), Err(refused(false)));
    assert_eq!(receive_new(&[sign(&mut signer, refusal.clone())], Some(verifier.clone())), Err(refused(true)));
    let (mut stranger, _) =
        ends::<Hmac>(&Key::new(name("key.example.").as_ref(), Algorithm::HmacSha256, b"no").unwrap());
    let forged = sign(&mut stranger, refusal);
    assert_eq!(receive_new(&[forged], Some(verifier)), Err(Error::Tsig(TsigError::BadMac)));
}

#[test]
fn old_messages_are_refused() {
    let (stream, verifier) = five();
    let mut inbound = Inbound::axfr(name(APEX).as_ref(), ID, Limits::default(), Some(verifier));
    let error = inbound.handle_message(&stream[0], now(301)).unwrap_err();
    let expected = TsigError::BadTime { theirs: now(0).unix, ours: now(301).unix };
    assert_eq!(error, Error::Tsig(expected));
}
