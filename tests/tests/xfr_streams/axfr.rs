//! AXFR: each stream with its verdict; the same zone from each server.

use std::collections::HashMap;

use serde_json::Value;
use zxfr_core::transfer::{Error, Totals};
use zxfr_core::tsig::Error as TsigError;
use zxfr_core::wire::Rcode;
use zxfr_core::zone::Version;

use crate::streams::{number, text};
use crate::{Recorded, assert_same};

fn index() -> Option<(std::path::PathBuf, Value, Vec<Value>)> {
    let found = crate::index(|of_type| of_type.starts_with("AXFR"))?;
    assert!(found.2.len() >= 24, "{} AXFR streams", found.2.len());
    Some(found)
}

/// Receives these messages, and then the end of the connection.
fn receive<'m>(
    recorded: &Recorded,
    messages: impl IntoIterator<Item = &'m Vec<u8>>,
) -> (Totals, Result<Version, Error>) {
    let mut inbound = recorded.axfr();
    let version = recorded.receive(&mut inbound, None, messages).map(|change| {
        let change = change.expect("a zone");
        assert_eq!((change.summary.duplicates, change.deltas.len()), (0, 0));
        std::sync::Arc::into_inner(change.version).unwrap()
    });
    (inbound.totals(), version)
}

#[test]
fn recorded_axfrs_have_their_verdicts() {
    let Some((folder, index, entries)) = index() else { return };
    for entry in &entries {
        let file = text(entry, "file");
        let recorded = Recorded::read(&folder, &index, entry);
        let (totals, result) = receive(&recorded, &recorded.messages);
        let verdict = entry["verdict"].as_str().unwrap_or("valid");
        let peer = |error| TsigError::Peer { error, server_time: None, signed: false };
        let expected = match entry["tsig_error"].as_u64() {
            // NSD knows the key by its name alone: it signs with the other algorithm, and refuses.
            Some(0) => Err(Error::Refused { rcode: Rcode::REFUSED, ede: None, message: 1, signed: true }),
            Some(error) => Err(Error::Tsig(peer(Rcode(u16::try_from(error).unwrap())))),
            None if verdict.starts_with("valid") => Ok(()),
            None if verdict.starts_with("reject: more than 99") => Err(Error::Tsig(TsigError::TooManyUnsigned)),
            None if verdict.starts_with("reject: last message unsigned") => Err(Error::Tsig(TsigError::LastUnsigned)),
            None => panic!("{file}: a verdict that this test doesn't know: {verdict}"),
        };
        let Ok(version) = result else {
            assert_eq!(result.map(|_| ()), expected, "{file}");
            continue;
        };
        assert_eq!(Ok(()), expected, "{file}");
        let (count, octets) = (number(entry, "messages"), number(entry, "bytes"));
        // Two octets of length stand before each message.
        assert_eq!((totals.messages, totals.octets), (count, octets - 2 * count), "{file}");
        if entry["answers"].is_u64() {
            assert_eq!(totals.records, number(entry, "answers"), "{file}");
        }
        // The SOA comes twice.
        assert_eq!(version.record_count(), totals.records - 1, "{file}");
    }
}

#[test]
fn servers_of_one_zone_send_the_same() {
    let Some((folder, index, entries)) = index() else { return };
    let mut zones: HashMap<String, Version> = HashMap::new();
    let mut compared = 0;
    for entry in entries.iter().filter(|entry| entry["tsig_ok"] == true) {
        let recorded = Recorded::read(&folder, &index, entry);
        let (_, Ok(version)) = receive(&recorded, &recorded.messages) else { continue };
        if let Some(first) = zones.get(text(entry, "zone")) {
            assert_same(first, &version);
            compared += 1;
        } else {
            zones.insert(text(entry, "zone").to_owned(), version);
        }
    }
    assert_eq!((zones.len(), compared), (3, 10));
}

#[test]
fn recorded_axfrs_with_a_message_missing_never_commit() {
    let Some((folder, index, entries)) = index() else { return };
    let whole = entries.iter().filter(|entry| entry["tsig_ok"] == true && number(entry, "messages") < 200);
    let mut cut = 0;
    for entry in whole.filter(|entry| text(entry, "zone") == "rpz.test") {
        let recorded = Recorded::read(&folder, &index, entry);
        for missing in 0..recorded.messages.len() {
            let left = recorded.messages.iter().enumerate().filter(|(number, _)| *number != missing);
            let (_, result) = receive(&recorded, left.map(|(_, message)| message));
            match result.map(|_| ()) {
                Err(Error::Ended { .. }) => assert_eq!(missing, recorded.messages.len() - 1),
                other => assert_eq!(other, Err(Error::Tsig(TsigError::BadMac)), "{missing} of {entry}"),
            }
            cut += 1;
        }
    }
    assert_eq!(cut, 8 + 8 + 7);
}
