//! AXFR streams that BIND, Knot DNS and NSD sent, through the receiver: needs the corpus folder in `ZXFR_CORPUS`.

mod corpus;
#[path = "corpus/streams.rs"]
mod streams;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding};
use serde_json::Value;
use streams::{messages, number, octets, text};
use zxfr_core::name::Name;
use zxfr_core::time::{Instant, Now, UnixTime};
use zxfr_core::transfer::{Error, Event, Inbound, Limits, Totals};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Error as TsigError, Key, TsigRecord, Verifier};
use zxfr_core::wire::{Message, Rcode};
use zxfr_core::zone::{BuildLimits, Builder, Version};

/// A recorded answer to a signed AXFR query.
struct Recorded {
    apex: Name,
    id: u16,
    verifier: Verifier<Hmac>,
    now: Now,
    messages: Vec<Vec<u8>>,
}

/// The folder of streams and the index of those that answer AXFR queries.
fn index() -> Option<(PathBuf, Value, Vec<Value>)> {
    let folder = corpus::path("wire/xfr-streams")?;
    let index: Value = serde_json::from_slice(&fs::read(folder.join("index.json")).unwrap()).unwrap();
    let entries = index["streams"].as_array().unwrap().iter();
    let entries: Vec<Value> = entries.filter(|entry| text(entry, "type").starts_with("AXFR")).cloned().collect();
    assert!(entries.len() >= 24, "{} AXFR streams", entries.len());
    Some((folder, index, entries))
}

impl Recorded {
    fn read(folder: &Path, index: &Value, entry: &Value) -> Self {
        let query = octets(entry, "query");
        let message = Message::new(&query).unwrap();
        let tsig = TsigRecord::read(&message, &message.layout().unwrap()).unwrap().unwrap();
        let secret = Base64::decode_vec(text(index, "secret_b64")).unwrap();
        let key = Key::new(tsig.key_name.as_ref(), tsig.algorithm().unwrap(), &secret).unwrap();
        let unix = UnixTime(number(entry, "time"));
        Self {
            apex: message.question().unwrap().unwrap().qname,
            id: message.header().id,
            verifier: Verifier::new(key, tsig.mac),
            now: Now { instant: Instant::default(), unix },
            messages: messages(&folder.join(text(entry, "file"))),
        }
    }

    /// Receives these messages, and then the end of the connection.
    fn receive<'m>(&self, messages: impl IntoIterator<Item = &'m Vec<u8>>) -> (Totals, Result<Version, Error>) {
        let verifier = Some(self.verifier.clone());
        let mut inbound = Inbound::axfr(self.apex.as_ref(), self.id, Limits::default(), verifier);
        let version = self.build(&mut inbound, messages);
        assert_eq!(version.is_ok(), inbound.is_done());
        (inbound.totals(), version)
    }

    fn build<'m>(
        &self,
        inbound: &mut Inbound<Hmac>,
        messages: impl IntoIterator<Item = &'m Vec<u8>>,
    ) -> Result<Version, Error> {
        let mut builder = Builder::new(self.apex.as_ref(), BuildLimits::default());
        let mut committed = None;
        for message in messages {
            let mut events = inbound.handle_message(message, self.now)?;
            while let Some(event) = events.next()? {
                match event {
                    Event::Begin { soa: record } | Event::Add(record) => {
                        builder.push_checked(&record).unwrap();
                    }
                    Event::Commit { serial } => committed = Some(serial),
                    other => panic!("{other:?} of {}", self.apex),
                }
            }
        }
        inbound.eof()?;
        let (version, summary) = builder.finish().unwrap();
        assert_eq!(Some(version.serial()), committed);
        assert_eq!((summary.duplicates, summary.out_of_zone), (0, 0));
        Ok(version)
    }
}

#[test]
fn recorded_axfrs_have_their_verdicts() {
    let Some((folder, index, entries)) = index() else { return };
    for entry in &entries {
        let file = text(entry, "file");
        let recorded = Recorded::read(&folder, &index, entry);
        let (totals, result) = recorded.receive(&recorded.messages);
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
        let (_, Ok(version)) = recorded.receive(&recorded.messages) else { continue };
        if let Some(first) = zones.get(text(entry, "zone")) {
            assert_eq!(first.record_count(), version.record_count(), "{entry}");
            let (mut ours, mut theirs) = (first.records(), version.records());
            while let (Some(our), Some(their)) = (ours.next(), theirs.next()) {
                assert!(our.canonical_cmp(&their).is_eq() && our.ttl == their.ttl, "{our:?} {their:?} {entry}");
            }
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
            let (_, result) = recorded.receive(left.map(|(_, message)| message));
            match result.map(|_| ()) {
                Err(Error::Ended { .. }) => assert_eq!(missing, recorded.messages.len() - 1),
                other => assert_eq!(other, Err(Error::Tsig(TsigError::BadMac)), "{missing} of {entry}"),
            }
            cut += 1;
        }
    }
    assert_eq!(cut, 8 + 8 + 7);
}
