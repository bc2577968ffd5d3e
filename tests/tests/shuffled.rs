//! A million records in no order at all: the zone that comes of them is the sorted one, and making it takes no more than
//! twice the memory that the zone takes.

use std::time::{Duration, Instant};

use allocation_counter::{AllocationInfo, measure, opt_out};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::time::{Now, UnixTime};
use zxfr_core::transfer::{Event, Inbound, Limits};
use zxfr_core::tsig::NoMac;
use zxfr_core::wire::{Class, Flags, Record, Rtype, Writer};
use zxfr_core::zone::{BuildLimits, Builder, Pushed, Summary, Version};

/// All records but the SOA.
const RECORDS: u32 = 1_000_000;
const APEX: &[u8] = b"\x03tld\0";
const SOA: &[u8] =
    b"\x01a\x03nic\x03tld\0\x01h\x03nic\x03tld\0\0\0\0\x07\0\0\x07\x08\0\0\x03\x84\0\x09\x3a\x80\0\0\x03\x84";
const ID: u16 = 7;
const NOW: Now = Now { instant: zxfr_core::time::Instant::from_origin(Duration::ZERO), unix: UnixTime(1_800_000_000) };

/// SplitMix64's mixing: the same for the same number everywhere.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// Shows record `number` of a zone of delegations, in canonical order: two NS each, one in three signed, one in three with
/// a name server inside.
fn with_record<T>(number: u32, show: impl FnOnce(&Record<'_>) -> T) -> T {
    let (delegation, which) = (number / 3, number % 3);
    let random = mixed(delegation.into());
    let hoster = random % 2_000;
    // Letters after the number, of any length: they don't change the order.
    let letters: String = (0..random % 12).map(|at| char::from(b'a' + (random >> (4 * at) & 15) as u8)).collect();
    let owner = format!("d{delegation:06}{letters}.tld.");
    let (owner, rtype, rdata) = match which {
        0 | 1 => {
            let host: Name = format!("ns{which}.host{hoster}.example.").parse().unwrap();
            (owner, Rtype::NS, host.as_octets().to_vec())
        }
        _ if delegation.is_multiple_of(2) => {
            let digest = (0..4).flat_map(|word| mixed(random ^ word).to_be_bytes());
            (owner, Rtype::DS, [1, 2, 13, 2].into_iter().chain(digest).collect())
        }
        _ => (format!("ns.{owner}"), Rtype::A, (random as u32).to_be_bytes().to_vec()),
    };
    let owner: Name = owner.parse().unwrap();
    show(&Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 86_400, rdata: &rdata })
}

fn apex() -> NameRef<'static> {
    NameRef::from_octets(APEX).unwrap()
}

fn soa() -> Record<'static> {
    Record { owner: apex(), rtype: Rtype::SOA, class: Class::IN, ttl: 900, rdata: SOA }
}

/// All record numbers, shuffled (Fisher and Yates), the same in every run.
fn shuffled() -> Vec<u32> {
    let mut order: Vec<u32> = (0..RECORDS).collect();
    for at in (1..order.len()).rev() {
        let other = mixed(at as u64) % (at as u64 + 1);
        order.swap(at, other as usize);
    }
    order
}

/// The messages of an AXFR with records in a given order, made one by one.
struct Sender<'o> {
    left: &'o [u32],
    buffer: Vec<u8>,
    begun: bool,
    closed: bool,
}

impl<'o> Sender<'o> {
    fn new(order: &'o [u32]) -> Self {
        Self { left: order, buffer: vec![0; 16_383], begun: false, closed: false }
    }

    fn next(&mut self) -> Option<&[u8]> {
        if self.closed {
            return None;
        }
        let mut writer = Writer::new(&mut self.buffer);
        if !std::mem::replace(&mut self.begun, true) {
            writer.question(apex(), Rtype::AXFR, Class::IN).unwrap();
            writer.answer(&soa()).unwrap();
        }
        while let Some((number, rest)) = self.left.split_first() {
            if with_record(*number, |record| writer.answer(record)).is_err() {
                break;
            }
            self.left = rest;
        }
        self.closed = self.left.is_empty() && writer.answer(&soa()).is_ok();
        let length = writer.finish(ID, Flags::QR.with(Flags::AA));
        Some(&self.buffer[..length])
    }
}

/// Receives an AXFR, makes a version of it, and says what that took of the heap. The sender's memory isn't counted.
fn receive(order: &[u32]) -> (Version, Summary, AllocationInfo) {
    let mut sender = Sender::new(order);
    let mut inbound = Inbound::<NoMac>::axfr(apex(), ID, Limits::default(), None);
    let mut built = None;
    let info = measure(|| {
        let mut builder = Builder::new(apex(), BuildLimits::default());
        loop {
            let mut message = None;
            opt_out(|| message = sender.next());
            let Some(message) = message else { break };
            let mut events = inbound.handle_message(message, NOW).unwrap();
            while let Some(event) = events.next().unwrap() {
                match event {
                    Event::Begin { soa: record } | Event::Add(record) => {
                        assert_eq!(builder.push_checked(&record).unwrap(), Pushed::Taken);
                    }
                    Event::Commit { serial } => assert_eq!(serial.0, 7),
                    other => panic!("{other:?}"),
                }
            }
        }
        built = Some(builder.finish().unwrap());
    });
    assert!(inbound.is_done());
    let (version, summary) = built.unwrap();
    (version, summary, info)
}

/// The version's records are the generated ones, in their order, octet for octet.
fn assert_whole(version: &Version) {
    let mut records = version.records();
    assert!(records.next().unwrap().is_exactly(&soa()));
    for number in 0..RECORDS {
        let ours = records.next().unwrap();
        with_record(number, |record| assert!(ours.is_exactly(record), "{ours:?} instead of {record:?}"));
    }
    assert!(records.next().is_none());
}

#[test]
fn a_million_records_in_any_order_take_twice_the_zone_at_most() {
    let start = Instant::now();
    let (version, summary, info) = receive(&shuffled());
    let took = start.elapsed();
    let held = u64::try_from(info.bytes_current).unwrap();
    println!(
        "{} records, {} octets of pages, {held} octets of heap; at most {} while building, {:.2} times; {took:?}",
        version.record_count(),
        version.octets(),
        info.bytes_max,
        info.bytes_max as f64 / held as f64,
    );
    assert_eq!(summary, Summary::default());
    assert_eq!(version.record_count(), u64::from(RECORDS) + 1);
    assert_whole(&version);
    // What is compared with is the zone, not waste that a version holds on to.
    assert!(held < version.octets() * 5 / 4, "{held} octets for {} of pages", version.octets());
    assert!(info.bytes_max <= 2 * held, "{} octets for a zone of {held}", info.bytes_max);
}
