//! Streams that BIND, Knot DNS and NSD sent, through the receiver, and the queries, through the primary: needs the corpus folder in `ZXFR_CORPUS`.

mod axfr;
#[path = "../corpus/mod.rs"]
mod corpus;
mod ixfr;
mod primary;
#[path = "../corpus/streams.rs"]
mod streams;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64ct::{Base64, Encoding};
use serde_json::Value;
use streams::{messages, number, octets, text};
use zxfr_core::name::Name;
use zxfr_core::serial::Serial;
use zxfr_core::time::{Instant, Now, UnixTime};
use zxfr_core::transfer::{Error, Event, Inbound, Limits};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Algorithm, Key, TsigRecord, Verifier};
use zxfr_core::wire::Message;
use zxfr_core::zone::{BuildLimits, Change, Update, Version};

/// A recorded answer to a signed query.
struct Recorded {
    apex: Name,
    id: u16,
    verifier: Verifier<Hmac>,
    now: Now,
    messages: Vec<Vec<u8>>,
}

/// The folder of streams and the index of those whose type this is.
fn index(of_type: impl Fn(&str) -> bool) -> Option<(PathBuf, Value, Vec<Value>)> {
    let folder = corpus::path("wire/xfr-streams")?;
    let index: Value = serde_json::from_slice(&fs::read(folder.join("index.json")).unwrap()).unwrap();
    let entries = index["streams"].as_array().unwrap().iter();
    let entries: Vec<Value> = entries.filter(|entry| of_type(text(entry, "type"))).cloned().collect();
    Some((folder, index, entries))
}

/// The key of all streams.
fn key(index: &Value) -> Key<Hmac> {
    let secret = Base64::decode_vec(text(index, "secret_b64")).unwrap();
    let name: Name = text(index, "key_name").parse().unwrap();
    Key::new(name.as_ref(), Algorithm::HmacSha256, &secret).unwrap()
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

    fn axfr(&self) -> Inbound<Hmac> {
        Inbound::axfr(self.apex.as_ref(), self.id, Limits::default(), Some(self.verifier.clone()))
    }

    fn ixfr(&self, serial: Serial) -> Inbound<Hmac> {
        Inbound::ixfr(self.apex.as_ref(), serial, self.id, Limits::default(), Some(self.verifier.clone()))
    }

    fn ixfr_datagram(&self, serial: Serial) -> Inbound<Hmac> {
        Inbound::ixfr_datagram(self.apex.as_ref(), serial, self.id, Limits::default(), Some(self.verifier.clone()))
    }

    /// Receives these messages, and then the end of the connection: a change, or nothing newer.
    fn receive<'m>(
        &self,
        inbound: &mut Inbound<Hmac>,
        held: Option<&Arc<Version>>,
        messages: impl IntoIterator<Item = &'m Vec<u8>>,
    ) -> Result<Option<Change>, Error> {
        let mut update = Update::new(self.apex.as_ref(), held.cloned(), BuildLimits::default());
        let mut up_to_date = false;
        let mut result = Ok(());
        for message in messages {
            result = self.take(inbound, message, |event| {
                assert!(!matches!(event, Event::Skipped(_)), "{event:?} outside {}", self.apex);
                up_to_date |= matches!(event, Event::UpToDate { .. });
                update.handle(event).unwrap();
            });
            if result.is_err() {
                break;
            }
        }
        let result = result.and_then(|()| inbound.eof());
        assert_eq!(result.is_ok(), inbound.is_done());
        result?;
        Ok((!up_to_date).then(|| update.commit().unwrap()))
    }

    fn take(&self, inbound: &mut Inbound<Hmac>, message: &[u8], mut sink: impl FnMut(&Event<'_>)) -> Result<(), Error> {
        let mut events = inbound.handle_message(message, self.now)?;
        while let Some(event) = events.next()? {
            sink(&event);
        }
        Ok(())
    }
}

/// Whether two versions have the same records, TTLs included.
#[track_caller]
fn assert_same(a: &Version, b: &Version) {
    assert_eq!((a.serial(), a.record_count()), (b.serial(), b.record_count()));
    let (mut ours, mut theirs) = (a.records(), b.records());
    while let (Some(our), Some(their)) = (ours.next(), theirs.next()) {
        assert!(our.canonical_cmp(&their).is_eq() && our.ttl == their.ttl, "{our:?} {their:?}");
    }
}
