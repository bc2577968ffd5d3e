//! The hot parts, each with a small zone of its own.

use std::convert::Infallible;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use zxfr_benches::delta::delegations;
use zxfr_benches::exchange::{Ends, ID, NOW, messages, version};
use zxfr_benches::zone::{Zone, apex, nearly_sorted, shuffled};
use zxfr_core::journal::{Answer, Journal, JournalLimits};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::transfer::{Inbound, Limits, Outbound};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Algorithm, Mac, NullMac};
use zxfr_core::wire::{Flags, Message, Record, Scratch, Writer};
use zxfr_core::zone::{BuildLimits, Builder, Delta, Update, Version};
use zxfrd::zonefile;

/// The records of each zone: enough for twenty pages and more.
const RECORDS: usize = 10_000;
/// The records of the delta: a few in each page.
const CHANGED: usize = 400;
/// No part is done more often than this to be counted.
const MOST_ROUNDS: u32 = 2;
const SIGNED: Option<Algorithm> = Some(Algorithm::HmacSha256);

/// A part of the work.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// What its instructions are counted for.
    pub(crate) unit: &'static str,
    /// Does it so many times after all preparations, and gives the units of one time.
    pub(crate) work: fn(u32) -> u64,
}

/// All of them.
pub(crate) const ALL: &[Part] = &[
    Part { name: "name", unit: "record", work: names },
    Part { name: "name_text", unit: "record", work: name_text },
    Part { name: "parse_layout", unit: "record", work: parse_layout },
    Part { name: "parse", unit: "record", work: parse },
    Part { name: "write", unit: "record", work: write },
    Part { name: "build_sorted", unit: "record", work: |rounds| build(rounds, |records| records) },
    Part {
        name: "build_nearly_sorted",
        unit: "record",
        work: |rounds| build(rounds, |records| nearly_sorted(&records)),
    },
    Part { name: "build_shuffled", unit: "record", work: |rounds| build(rounds, |records| shuffled(&records)) },
    Part { name: "build_dnssec", unit: "record", work: build_dnssec },
    Part { name: "walk", unit: "record", work: walk },
    Part { name: "diff", unit: "record", work: diff },
    Part { name: "merge", unit: "record", work: merge },
    Part { name: "apply", unit: "changed record", work: apply },
    Part { name: "apply_settle", unit: "changed record", work: apply_settle },
    Part { name: "render", unit: "changed record", work: render },
    Part { name: "axfr_out", unit: "message", work: |rounds| axfr_out::<Hmac>(rounds, None) },
    Part { name: "axfr_out_null_mac", unit: "message", work: |rounds| axfr_out::<NullMac>(rounds, SIGNED) },
    Part { name: "axfr_out_signed", unit: "message", work: |rounds| axfr_out::<Hmac>(rounds, SIGNED) },
    Part { name: "axfr_in", unit: "record", work: |rounds| axfr_in::<Hmac>(rounds, None) },
    Part { name: "axfr_in_null_mac", unit: "record", work: |rounds| axfr_in::<NullMac>(rounds, SIGNED) },
    Part { name: "axfr_in_to_version", unit: "record", work: axfr_in_to_version },
    Part { name: "verify_null_mac", unit: "message", work: verify::<NullMac> },
    Part { name: "verify", unit: "message", work: verify::<Hmac> },
    Part { name: "zone_text", unit: "record", work: zone_text },
    Part { name: "zone_text_dnssec", unit: "record", work: zone_text_dnssec },
];

fn zone() -> (Zone, Arc<Version>) {
    let zone = Zone::tld(RECORDS);
    let version = Arc::new(version(&zone.records()));
    (zone, version)
}

/// A delta, and the version that it makes, with pages of its own.
fn changed(zone: &Zone, held: &Version) -> (Delta, Vec<Version>) {
    let delta = delegations(zone, held, CHANGED);
    let next = held.apply(&delta, BuildLimits::default()).expect("it fits").version;
    let whole = || {
        let mut builder = Builder::new(apex(), BuildLimits::default());
        let mut records = next.records();
        while let Some(record) = records.next() {
            builder.push_checked(&record).expect("a zone's record");
        }
        builder.finish().expect("a zone").0
    };
    (delta, (0..MOST_ROUNDS).map(|_| whole()).collect())
}

/// Each owner taken from octets, looked at as a builder does.
fn names(rounds: u32) -> u64 {
    let zone = Zone::tld(RECORDS);
    let records = zone.records();
    let mut key = Vec::new();
    for _ in 0..rounds {
        let mut last = apex();
        for record in &records {
            let owner = NameRef::from_octets(black_box(record.owner.as_octets())).expect("a name");
            black_box((owner.is_at_or_below(apex()), owner == last, owner.cmp(&last)));
            key.clear();
            owner.write_sort_key(|octets| key.extend_from_slice(octets));
            black_box(&key);
            last = owner;
        }
    }
    records.len() as u64
}

/// Each owner to text and back.
fn name_text(rounds: u32) -> u64 {
    let zone = Zone::tld(RECORDS);
    let records = zone.records();
    for _ in 0..rounds {
        for record in &records {
            let text = black_box(record.owner).to_string();
            black_box(text.parse::<Name>().expect("a name"));
        }
    }
    records.len() as u64
}

fn parse_layout(rounds: u32) -> u64 {
    let (_, version) = zone();
    let messages = messages(&version, Ends::new(None));
    for _ in 0..rounds {
        for message in &messages {
            let message = Message::new(black_box(message)).expect("a message");
            black_box(message.layout().expect("a message"));
        }
    }
    version.record_count() + 1
}

/// The records of messages one by one, their framing known.
fn parse(rounds: u32) -> u64 {
    let (_, version) = zone();
    let messages = messages(&version, Ends::new(None));
    let messages: Vec<_> = messages.iter().map(|octets| Message::new(octets).expect("a message")).collect();
    let layouts: Vec<_> = messages.iter().map(|message| message.layout().expect("a message")).collect();
    let mut scratch = Scratch::new();
    for _ in 0..rounds {
        for (message, layout) in messages.iter().zip(&layouts) {
            let mut records = message.answers(layout, &mut scratch);
            while let Some(record) = records.next().expect("a record") {
                black_box(record);
            }
        }
    }
    version.record_count() + 1
}

fn write(rounds: u32) -> u64 {
    let zone = Zone::tld(RECORDS);
    let records = zone.records();
    let mut buffer = vec![0; 16_383];
    for _ in 0..rounds {
        let mut left = records.as_slice();
        while !left.is_empty() {
            let mut writer = Writer::new(&mut buffer);
            while let [record, rest @ ..] = left
                && writer.answer(black_box(record)).is_ok()
            {
                left = rest;
            }
            black_box(writer.finish(ID, Flags::QR));
        }
    }
    records.len() as u64
}

/// Records to a version, in this order.
fn build(rounds: u32, order: fn(Vec<Record<'_>>) -> Vec<Record<'_>>) -> u64 {
    let zone = Zone::tld(RECORDS);
    let records = order(zone.records());
    for _ in 0..rounds {
        black_box(version(black_box(&records)));
    }
    records.len() as u64
}

fn build_dnssec(rounds: u32) -> u64 {
    let zone = Zone::signed(RECORDS);
    let records = zone.records();
    for _ in 0..rounds {
        black_box(version(black_box(&records)));
    }
    records.len() as u64
}

fn walk(rounds: u32) -> u64 {
    let (_, version) = zone();
    for _ in 0..rounds {
        let mut records = version.records();
        while let Some(record) = records.next() {
            black_box(record);
        }
    }
    version.record_count()
}

/// Two versions read side by side.
fn diff(rounds: u32) -> u64 {
    let (zone, held) = zone();
    let (_, newer) = changed(&zone, &held);
    for _ in 0..rounds {
        black_box(held.diff(black_box(&newer[0])).expect("a delta"));
    }
    held.record_count()
}

/// A version that came whole, taken into the one that is held.
fn merge(rounds: u32) -> u64 {
    let (zone, held) = zone();
    let (_, mut newer) = changed(&zone, &held);
    for newer in newer.drain(..newer.len().min(rounds as usize)) {
        black_box(held.merge(black_box(newer)).expect("a version"));
    }
    held.record_count()
}

fn apply(rounds: u32) -> u64 {
    let (zone, held) = zone();
    let delta = delegations(&zone, &held, CHANGED);
    for _ in 0..rounds {
        black_box(held.apply(black_box(&delta), BuildLimits::default()).expect("it fits"));
    }
    delta.record_count()
}

/// What a delta touched is sealed when it is first sent.
fn apply_settle(rounds: u32) -> u64 {
    let (zone, held) = zone();
    let delta = delegations(&zone, &held, CHANGED);
    for _ in 0..rounds {
        let applied = held.apply(black_box(&delta), BuildLimits::default()).expect("it fits");
        black_box(applied.version.settled());
    }
    delta.record_count()
}

/// The answer to an IXFR that nobody has asked for before.
fn render(rounds: u32) -> u64 {
    let (zone, held) = zone();
    let (delta, mut newer) = changed(&zone, &held);
    let newer = Arc::new(newer.remove(0));
    let mut journal = Journal::new(JournalLimits { cached_octets: 0, ..JournalLimits::default() });
    journal.push(Arc::new(delta)).expect("the first");
    let mut records = 0;
    for _ in 0..rounds {
        match journal.answer(&newer, held.serial()) {
            Answer::Differences(differences) => records = differences.record_count(),
            other => panic!("{other:?}"),
        }
    }
    records
}

/// Frames made; a socket's part is left out.
fn axfr_out<M: Mac>(rounds: u32, algorithm: Option<Algorithm>) -> u64 {
    let (_, version) = zone();
    let mut count = 0;
    for _ in 0..rounds {
        count = 0;
        let Ends { asked, signer, .. } = Ends::<M>::with_mac(algorithm);
        let mut outbound = Outbound::axfr(Arc::clone(&version), asked, signer).expect("signable");
        while let Some(frame) = outbound.poll_transmit(NOW.unix).expect("room") {
            black_box(frame.stream_parts());
            count += 1;
        }
    }
    count
}

/// Messages to events, the framing and what makes an AXFR checked.
fn axfr_in<M: Mac>(rounds: u32, algorithm: Option<Algorithm>) -> u64 {
    let (_, version) = zone();
    let mut ends = Ends::<M>::with_mac(algorithm);
    let verifier = ends.verifier.take();
    let messages = messages(&version, ends);
    for _ in 0..rounds {
        let mut inbound = Inbound::axfr(apex(), ID, Limits::default(), verifier.clone());
        for message in &messages {
            let mut events = inbound.handle_message(black_box(message), NOW).expect("a message");
            while let Some(event) = events.next().expect("a record") {
                black_box(event);
            }
        }
        inbound.eof().expect("all of it");
    }
    version.record_count() + 1
}

/// The same, to the version that a secondary serves.
fn axfr_in_to_version(rounds: u32) -> u64 {
    let (_, version) = zone();
    let messages = messages(&version, Ends::new(None));
    for _ in 0..rounds {
        let mut inbound = Inbound::<Hmac>::axfr(apex(), ID, Limits::default(), None);
        let mut update = Update::new(apex(), None, BuildLimits::default());
        for message in &messages {
            let mut events = inbound.handle_message(black_box(message), NOW).expect("a message");
            while let Some(event) = events.next().expect("a record") {
                update.handle(&event).expect("a zone");
            }
        }
        black_box(update.commit().expect("a version"));
    }
    version.record_count() + 1
}

/// Signed messages verified, without a look into their records.
fn verify<M: Mac>(rounds: u32) -> u64 {
    let (_, version) = zone();
    let mut ends = Ends::<M>::with_mac(SIGNED);
    let verifier = ends.verifier.take().expect("it is signed");
    let messages = messages(&version, ends);
    let messages: Vec<_> = messages.iter().map(|octets| Message::new(octets).expect("a message")).collect();
    let layouts: Vec<_> = messages.iter().map(|message| message.layout().expect("a message")).collect();
    for _ in 0..rounds {
        let mut verifier = verifier.clone();
        for (message, layout) in messages.iter().zip(&layouts) {
            verifier.verify(black_box(message), layout, NOW.unix).expect("it is signed");
        }
    }
    messages.len() as u64
}

fn zone_text(rounds: u32) -> u64 {
    read_text(rounds, &Zone::tld(RECORDS))
}

fn zone_text_dnssec(rounds: u32) -> u64 {
    read_text(rounds, &Zone::signed(RECORDS))
}

/// A zone file to records.
fn read_text(rounds: u32, zone: &Zone) -> u64 {
    let mut text = Vec::new();
    for record in zone.records() {
        zonefile::write_record(record.into(), &mut text);
    }
    let mut records = 0;
    for _ in 0..rounds {
        let sink = |record: zonefile::Record<'_>| -> Result<(), Infallible> {
            black_box(record);
            Ok(())
        };
        let read = zonefile::read_text(black_box(&text), Path::new("zone"), &zonefile::Options::default(), sink);
        records = read.expect("a zone file").records;
    }
    records
}
