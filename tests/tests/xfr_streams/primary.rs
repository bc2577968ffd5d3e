//! The recorded queries, put to our primary with the same versions: what it answers, and with how many octets.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use zxfr_core::acl::{Asker, Transport};
use zxfr_core::journal::{Answer, Journal, JournalLimits};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::{Action, Host, KeyWanted, Keys, Refusal, Unserved, handle_request};
use zxfr_core::serial::Serial;
use zxfr_core::transfer::Kind;
use zxfr_core::tsig::Key;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::wire::{Message, Rcode};
use zxfr_core::zone::{Style, Version};

use crate::ixfr::{Versions, serial};
use crate::streams::{octets, text};
use crate::{Recorded, assert_same, key};

/// A primary with the newest versions of both zones, and what led to them.
struct Primary {
    zones: HashMap<Name, (Arc<Version>, Mutex<Journal>)>,
    key: Key<Hmac>,
}

impl Primary {
    fn new(versions: &Versions, key: Key<Hmac>) -> Self {
        let zones = [&versions.gov, &versions.rpz].map(|versions| {
            let mut versions: Vec<_> = versions.values().cloned().collect();
            versions.sort_by_key(|version| version.serial().0);
            let mut journal = Journal::new(JournalLimits::default());
            for pair in versions.windows(2) {
                journal.push(Arc::new(pair[0].diff(&pair[1]).unwrap())).unwrap();
            }
            let newest = versions.pop().unwrap();
            (newest.apex().to_name(), (newest, Mutex::new(journal)))
        });
        Self { zones: zones.into_iter().collect(), key }
    }
}

impl Host for Primary {
    type Mac = Hmac;

    fn admits(&self, zone: NameRef<'_>, _: &Asker) -> bool {
        self.zones.contains_key(&zone.to_name())
    }

    fn keys(&self, _: &KeyWanted<'_>) -> Keys<Hmac> {
        Keys::Found(vec![self.key.clone()])
    }

    fn key_admits(&self, _: NameRef<'_>, _: &Asker, key: Option<NameRef<'_>>) -> bool {
        key.is_some()
    }

    fn version(&self, zone: NameRef<'_>) -> Result<Arc<Version>, Unserved> {
        Ok(self.zones[&zone.to_name()].0.clone())
    }

    fn admit_transfer(&self, _: NameRef<'_>, _: &Asker) -> bool {
        true
    }

    fn answer(&self, zone: NameRef<'_>, version: &Arc<Version>, from: Serial) -> Answer {
        self.zones[&zone.to_name()].1.lock().unwrap().answer(version, from)
    }
}

/// What our primary answers.
struct Answered {
    messages: Vec<Vec<u8>>,
    kind: Option<Kind>,
    refusal: Option<Refusal>,
}

impl Answered {
    fn octets(&self) -> usize {
        self.messages.iter().map(Vec::len).sum()
    }
}

fn ask(primary: &Primary, recorded: &Recorded, query: &[u8], transport: Transport) -> Answered {
    let asker = Asker { addr: Ipv4Addr::LOCALHOST.into(), transport };
    match handle_request(primary, query, &asker, recorded.now.unix) {
        Action::Reply(reply) => Answered {
            messages: vec![reply.message.to_vec()],
            kind: reply.sent.map(|sent| sent.kind),
            refusal: reply.refusal,
        },
        Action::Stream(mut outbound) => {
            let mut messages = Vec::new();
            while let Some(frame) = outbound.poll_transmit(recorded.now.unix).unwrap() {
                messages.push(frame.parts().concat());
            }
            Answered { messages, kind: Some(outbound.kind()), refusal: None }
        }
        other => panic!("{other:?}"),
    }
}

/// Of a query and an answer: the octets of the latter, in all, by us and as recorded.
struct Sizes<'e> {
    file: &'e str,
    ours: usize,
    theirs: usize,
    /// Whether the answer is the SOA alone.
    soa_alone: bool,
}

#[test]
fn recorded_queries_are_answered_with_no_more_octets_than_knot_took() {
    let Some((folder, index, entries)) =
        crate::index(|of_type| of_type.starts_with("AXFR") || of_type.contains("IXFR"))
    else {
        return;
    };
    let Some(versions) = Versions::read() else { return };
    let primary = Primary::new(&versions, key(&index));
    let mut sizes: Vec<Sizes<'_>> = Vec::new();
    let (mut differences, mut whole, mut up_to_date, mut refused) = (0, 0, 0, 0);
    // The root zone has one version only, and those that were signed again are answers to the same queries.
    let of_servers = |entry: &&Value| text(entry, "zone") != "." && !text(entry, "file").starts_with("resigned");
    for entry in entries.iter().filter(of_servers) {
        let file = text(entry, "file");
        let recorded = Recorded::read(&folder, &index, entry);
        let transport = if file.ends_with(".udp") { Transport::Udp } else { Transport::Tcp };
        let answered = ask(&primary, &recorded, &octets(entry, "query"), transport);
        let newest = versions.newest(entry);
        if text(entry, "type").starts_with("AXFR bad") {
            assert!(matches!(answered.refusal, Some(Refusal::Tsig(Rcode::BADSIG | Rcode::BADKEY))), "{file}");
            assert_eq!(Message::new(&answered.messages[0]).unwrap().header().flags.rcode(), Rcode::NOTAUTH, "{file}");
            refused += 1;
            continue;
        }
        assert_eq!(answered.refusal, None, "{file}");
        let theirs = recorded.messages.iter().map(Vec::len).sum();
        let soa_alone = matches!(answered.kind, None | Some(Kind::UpToDate { .. }));
        sizes.push(Sizes { file, ours: answered.octets(), theirs, soa_alone });
        if text(entry, "type") == "AXFR" {
            let mut inbound = recorded.axfr();
            let change = recorded.receive(&mut inbound, None, &answered.messages).unwrap().unwrap();
            assert_same(&change.version, newest);
            assert_eq!(answered.kind, Some(Kind::Axfr), "{file}");
            continue;
        }
        let ours = serial(entry);
        let held = versions.of(entry).get(&ours.0);
        let mut inbound = recorded.ixfr(ours);
        if transport == Transport::Udp && answered.kind.is_none() {
            // The SOA alone: the answer doesn't fit, as it didn't from BIND and Knot.
            assert!(recorded.messages[0].len() < 200, "{file}");
            let mut inbound = recorded.ixfr_datagram(ours);
            recorded.take(&mut inbound, &answered.messages[0], |event| panic!("{file}: {event:?}")).unwrap();
            assert!(!inbound.is_done(), "{file}");
            continue;
        }
        let change = recorded.receive(&mut inbound, held, &answered.messages).unwrap();
        match answered.kind.unwrap() {
            Kind::Axfr => {
                assert!(held.is_none(), "{file}");
                assert_same(&change.unwrap().version, newest);
                whole += 1;
            }
            Kind::Ixfr { from } => {
                assert_eq!(from, ours);
                let change = change.unwrap();
                assert_eq!(change.style, Style::Deltas);
                assert_same(&change.version, newest);
                differences += 1;
            }
            Kind::UpToDate { from } => {
                assert!(from == ours && change.is_none(), "{file}");
                up_to_date += 1;
            }
        }
    }
    eprintln!("{differences} by differences, {whole} whole, {up_to_date} up to date, {refused} refused");
    for Sizes { file, ours, theirs, soa_alone } in &sizes {
        eprintln!("{ours:8} {theirs:8} {file}");
        // A lone SOA is not compressed against the question here. Where Knot sent that and we all that there is, the asker
        // is spared a second query.
        if file.starts_with("knot") && !file.starts_with("knot-udp") && !soa_alone {
            assert!(ours <= theirs, "{file}: {ours} octets, {theirs} from Knot");
        }
    }
    assert!(differences >= 15 && whole == 3 && up_to_date >= 9 && refused == 9);
}
