//! dnspython's transfer messages, good and bad, as text: needs the corpus folder in `ZXFR_CORPUS`.
//!
//! Their names say what they are; what dnspython does with each of them is in its `tests/test_xfr.py`. Ours is the same but
//! for `unexpected_end_ixfr_2`: differences that end early in a datagram, without TC. There dnspython gives up, while here
//! it means asking over TCP, as after any datagram that isn't all there is (RFC 1995 §2); a stream that ends so is refused.

mod corpus;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use serde_json::Value;
use zxfr_core::name::Name;
use zxfr_core::serial::Serial;
use zxfr_core::time::Now;
use zxfr_core::transfer::{Error, Event, Inbound, Limits, PeerFault};
use zxfr_core::tsig::NoMac;
use zxfr_core::wire::{Class, Flags, Rcode, Record, Rtype, Writer};
use zxfr_core::zone::{BuildLimits, Builder, Style, Update, Version};

const NOW: Now = Now {
    instant: zxfr_core::time::Instant::from_origin(std::time::Duration::ZERO),
    unix: zxfr_core::time::UnixTime(1),
};

/// The texts, by name, and which of them were looked at.
struct Texts {
    texts: Value,
    seen: BTreeSet<String>,
}

fn name(text: &str) -> Name {
    match text {
        "@" => name("example."),
        text if text.ends_with('.') => text.parse().unwrap(),
        text => format!("{text}.example.").parse().unwrap(),
    }
}

fn apex() -> Name {
    name("@")
}

/// A record: owner, TTL, class, type, data.
struct Line {
    owner: Name,
    ttl: u32,
    rtype: Rtype,
    rdata: Vec<u8>,
}

impl Line {
    fn read(line: &str) -> Self {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [owner, ttl, "IN", rtype, data @ ..] = &fields[..] else { panic!("{line}") };
        let number = |text: &str| text.parse::<u32>().unwrap();
        let (rtype, rdata) = match (*rtype, data) {
            ("SOA", [mname, rname, numbers @ ..]) => {
                let names = [mname, rname].map(|text| name(text).as_octets().to_vec()).concat();
                let numbers = numbers.iter().flat_map(|text| number(text).to_be_bytes());
                (Rtype::SOA, names.into_iter().chain(numbers).collect())
            }
            ("NS", [target]) => (Rtype::NS, name(target).as_octets().to_vec()),
            ("MX", [preference, target]) => {
                let preference = u16::try_from(number(preference)).unwrap().to_be_bytes();
                (Rtype::MX, [&preference, name(target).as_octets()].concat())
            }
            ("A", [address]) => (Rtype::A, address.split('.').map(|part| part.parse().unwrap()).collect()),
            _ => panic!("{line}"),
        };
        Self { owner: name(owner), ttl: number(ttl), rtype, rdata }
    }

    fn record(&self) -> Record<'_> {
        let Self { owner, ttl, rtype, rdata } = self;
        Record { owner: owner.as_ref(), rtype: *rtype, class: Class::IN, ttl: *ttl, rdata }
    }
}

/// The octets of a message that is written as text.
fn message(text: &str) -> Vec<u8> {
    let mut octets = vec![0; 4096];
    let mut writer = Writer::new(&mut octets);
    let (mut id, mut flags, mut section) = (0, Flags::QR, "");
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (section, &words[..]) {
            (_, [heading]) if heading.starts_with(';') => section = heading,
            ("", ["id", number]) => id = number.parse().unwrap(),
            ("", ["opcode", "QUERY"] | ["rcode", "NOERROR"]) => {}
            ("", ["rcode", "REFUSED"]) => flags = flags.with_rcode(Rcode::REFUSED),
            ("", ["flags", "AA"]) => flags = flags.with(Flags::AA),
            (";QUESTION", [qname, "IN", qtype]) => {
                let qtype = if *qtype == "IXFR" { Rtype::IXFR } else { Rtype::AXFR };
                writer.question(name(qname).as_ref(), qtype, Class::IN).unwrap();
            }
            (";ANSWER", _) => writer.answer(&Line::read(line).record()).unwrap(),
            (";ADDITIONAL", _) => {
                let line = Line::read(line);
                let Line { owner, ttl, rtype, rdata } = &line;
                let mut octets = owner.as_octets().to_vec();
                octets.extend([rtype.0.to_be_bytes(), Class::IN.0.to_be_bytes()].concat());
                octets.extend(ttl.to_be_bytes());
                octets.extend(u16::try_from(rdata.len()).unwrap().to_be_bytes());
                octets.extend(rdata);
                writer
                    .additional(|out| {
                        out[..octets.len()].copy_from_slice(&octets);
                        Some(octets.len())
                    })
                    .unwrap();
            }
            _ => panic!("{section}: {line}"),
        }
    }
    let length = writer.finish(id, flags);
    octets.truncate(length);
    octets
}

impl Texts {
    fn read() -> Option<Self> {
        let path = corpus::path("corpora/dnspython/test_xfr_messages.json")?;
        let texts = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        Some(Self { texts, seen: BTreeSet::new() })
    }

    fn text(&mut self, name: &str) -> String {
        self.seen.insert(name.to_owned());
        match &self.texts[name] {
            Value::String(text) => text.clone(),
            Value::Array(lines) => lines.iter().map(|line| format!("{}\n", line.as_str().unwrap())).collect(),
            other => panic!("{name}: {other}"),
        }
    }

    fn message(&mut self, name: &str) -> Vec<u8> {
        message(&self.text(name))
    }

    fn zone(&mut self, name: &str) -> Version {
        let mut builder = Builder::new(apex().as_ref(), BuildLimits::default());
        for line in self.text(name).lines() {
            builder.push(&Line::read(line).record()).unwrap();
        }
        builder.finish().unwrap().0
    }
}

/// What came of messages.
#[derive(Debug)]
enum Outcome {
    /// A new version, from a whole zone or differences.
    Changed(Style, Arc<Version>),
    UpToDate,
    /// The datagram is not all there is.
    UseTcp,
    Failed(Error),
}

/// What comes of messages when `base` is held.
fn outcome(mut inbound: Inbound<NoMac>, base: Option<&Arc<Version>>, messages: &[Vec<u8>], datagram: bool) -> Outcome {
    let mut update = Update::new(apex().as_ref(), base.cloned(), BuildLimits::default());
    let mut up_to_date = false;
    let mut take = |message: &Vec<u8>| {
        let mut events = inbound.handle_message(message, NOW)?;
        while let Some(event) = events.next()? {
            update.handle(&event).unwrap();
            up_to_date |= matches!(event, Event::UpToDate { .. });
        }
        Ok(())
    };
    if let Err(error) = messages.iter().try_for_each(&mut take) {
        return Outcome::Failed(error);
    }
    if datagram && !inbound.is_done() {
        return Outcome::UseTcp;
    }
    if let Err(error) = inbound.eof() {
        return Outcome::Failed(error);
    }
    if up_to_date {
        return Outcome::UpToDate;
    }
    let change = update.commit().unwrap();
    Outcome::Changed(change.style, change.version)
}

fn axfr(messages: &[Vec<u8>]) -> Outcome {
    outcome(Inbound::axfr(apex().as_ref(), 1, Limits::default(), None), None, messages, false)
}

fn ixfr(base: &Arc<Version>, serial: u32, messages: &[Vec<u8>]) -> Outcome {
    let inbound = Inbound::ixfr(apex().as_ref(), Serial(serial), 1, Limits::default(), None);
    outcome(inbound, Some(base), messages, false)
}

fn datagram(base: &Arc<Version>, serial: u32, message: Vec<u8>) -> Outcome {
    let inbound = Inbound::ixfr_datagram(apex().as_ref(), Serial(serial), 1, Limits::default(), None);
    outcome(inbound, Some(base), &[message], true)
}

/// Whether all records are the same, TTLs included.
fn same(a: &Version, b: &Version) -> bool {
    let (mut left, mut right) = (a.records(), b.records());
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a.is_exactly(&b) => {}
            _ => return false,
        }
    }
}

#[track_caller]
fn makes(outcome: Outcome, style: Style, zone: &Version) {
    match outcome {
        Outcome::Changed(came, version) => {
            assert_eq!(came, style);
            assert!(same(&version, zone), "{version:?} is not {zone:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn fault(outcome: Outcome) -> PeerFault {
    match outcome {
        Outcome::Failed(Error::Peer { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn dnspython_s_transfers_have_its_verdicts() {
    let Some(mut texts) = Texts::read() else { return };
    let texts = &mut texts;
    let base = Arc::new(texts.zone("base"));
    let after = texts.zone("ixfr_expected");
    let first = PeerFault::FirstSerial { ours: Serial(1), theirs: Serial(2) };

    // AXFR.
    makes(axfr(&[texts.message("axfr")]), Style::Whole, &base);
    makes(axfr(&[texts.message("axfr1"), texts.message("axfr2")]), Style::Whole, &base);
    let other = fault(axfr(&[texts.message("axfr_unexpected_origin")]));
    assert_eq!(other, PeerFault::OtherSoa { first: Serial(1), this: Serial(1) });
    let glue = axfr(&[texts.message("axfr_with_nonsubdomain_glue")]);
    let Outcome::Changed(Style::Whole, version) = glue else { panic!("{glue:?}") };
    assert_eq!(version.record_count(), 5, "the glue is left out");
    assert_eq!(fault(axfr(&[texts.message("axfr_answers_after_final_soa")])), PeerFault::AfterClosingSoa);
    let refused = Error::Refused { rcode: Rcode::REFUSED, ede: None, message: 1, signed: false };
    assert!(matches!(axfr(&[texts.message("refused")]), Outcome::Failed(error) if error == refused));

    // IXFR: differences, in one message and in one for each record.
    makes(ixfr(&base, 1, &[texts.message("ixfr")]), Style::Deltas, &after);
    makes(datagram(&base, 1, texts.message("ixfr")), Style::Deltas, &after);
    makes(ixfr(&base, 1, &[texts.message("compressed_ixfr")]), Style::Deltas, &after);
    let (header, body) = (texts.text("ixfr_header"), texts.text("ixfr_body"));
    let body = body.lines().map(|line| message(&format!("{header}{line}\n")));
    let each: Vec<Vec<u8>> = [texts.message("ixfr_first_message")].into_iter().chain(body).collect();
    assert_eq!(each.len(), 13);
    makes(ixfr(&base, 1, &each), Style::Deltas, &after);

    // Nothing newer; more than a datagram takes.
    assert!(matches!(ixfr(&base, 1, &[texts.message("good_empty_ixfr")]), Outcome::UpToDate));
    assert!(matches!(datagram(&base, 1, texts.message("good_empty_ixfr")), Outcome::UpToDate));
    assert!(matches!(datagram(&base, 1, texts.message("retry_tcp_ixfr")), Outcome::UseTcp));

    // A whole zone, of a serial that isn't newer: whether that is wanted is policy.
    makes(ixfr(&base, 1, &[texts.message("ixfr_axfr")]), Style::Whole, &base);
    let parts = [texts.message("ixfr_axfr1"), texts.message("ixfr_axfr2")];
    makes(ixfr(&base, 1, &parts), Style::Whole, &base);

    // Broken differences.
    let empty = fault(ixfr(&base, 1, &[texts.message("bad_empty_ixfr")]));
    assert_eq!(empty, PeerFault::FirstSerial { ours: Serial(1), theirs: Serial(4) });
    let gap = fault(ixfr(&base, 1, &[texts.message("unexpected_end_ixfr")]));
    assert_eq!(gap, PeerFault::BrokenChain { to: Serial(3), from: Serial(4) });
    let short = texts.message("unexpected_end_ixfr_2");
    let ended = ixfr(&base, 1, std::slice::from_ref(&short));
    assert!(matches!(ended, Outcome::Failed(Error::Ended { messages: 1, records: 5 })), "{ended:?}");
    assert!(matches!(datagram(&base, 1, short), Outcome::UseTcp));
    assert_eq!(fault(ixfr(&base, 1, &[texts.message("bad_serial_ixfr")])), first);

    // Not an answer to the query, or none at all.
    for name in ["bad_qname", "bad_qtype"] {
        assert_eq!(fault(ixfr(&base, 1, &[texts.message(name)])), PeerFault::OtherQuestion, "{name}");
    }
    for name in ["soa_not_first", "soa_not_first_2"] {
        assert_eq!(fault(ixfr(&base, 1, &[texts.message(name)])), PeerFault::FirstNotSoa(Rtype::MX), "{name}");
    }
    assert_eq!(fault(ixfr(&base, 1, &[texts.message("no_answer")])), PeerFault::NoAnswer);

    let all: BTreeSet<String> = texts.texts.as_object().unwrap().keys().cloned().collect();
    assert_eq!((texts.seen.len(), &texts.seen), (28, &all));
}
