//! A primary of several zones, whose every version can be told from its serial.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use zxfr_tests::fake::{Asked, FakePrimary, Step};
use zxfr_tests::records::Record;
use zxfr_tests::wire::{self, ANSWER, Draft};
use zxfr_tests::{decode, name};

const SOA: u16 = 6;
const IXFR: u16 = 251;
/// An IXFR over more serials than this is answered with all of the zone.
const MOST_STEPS: u32 = 8;
/// Messages are ended at about this size.
const MESSAGE: usize = 16_000;

/// What a version is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The zone's absolute name.
    pub(crate) name: &'static str,
    /// How many hosts it has, besides a few that come and go.
    pub(crate) hosts: u32,
    /// One host in so many has another address in each version.
    pub(crate) period: u32,
    /// Whether differences are given.
    pub(crate) ixfr: bool,
}

impl Shape {
    /// The records of a version but its SOA.
    pub(crate) fn records(&self, serial: u32) -> BTreeSet<Record> {
        let mut records = BTreeSet::new();
        records.insert(self.record("", 2, b"\x02ns\x07example\0".to_vec()));
        for host in 0..self.hosts {
            // The last serial that changed it.
            let changed = serial.saturating_sub((serial + self.period - host % self.period) % self.period);
            records.insert(self.record(&format!("h{host}."), 1, changed.to_be_bytes().to_vec()));
        }
        // Each comes in one version and is gone five later.
        for come in serial.saturating_sub(4)..=serial {
            records.insert(self.record(&format!("only{come}."), 16, [&[4], &come.to_be_bytes()[..]].concat()));
        }
        records
    }

    fn record(&self, label: &str, rtype: u16, rdata: Vec<u8>) -> Record {
        let owner = name::to_wire(&format!("{label}{}", self.name)).unwrap();
        Record { owner, rtype, class: 1, ttl: 3600, rdata }
    }

    /// The records of a version's transfer, its SOA at both ends.
    fn whole(&self, serial: u32) -> Vec<Vec<u8>> {
        let soa = wire::soa(self.name, serial);
        let mut whole = vec![soa.clone()];
        whole.extend(self.records(serial).iter().map(octets));
        whole.push(soa);
        whole
    }

    /// The difference sequences from one serial to another.
    fn differences(&self, from: u32, to: u32) -> Vec<Vec<u8>> {
        let soa = |serial| wire::soa(self.name, serial);
        let mut sequences = vec![soa(to)];
        for serial in from..to {
            let [old, new] = [serial, serial + 1].map(|serial| self.records(serial));
            sequences.push(soa(serial));
            sequences.extend(old.difference(&new).map(octets));
            sequences.push(soa(serial + 1));
            sequences.extend(new.difference(&old).map(octets));
        }
        sequences.push(soa(to));
        sequences
    }
}

fn octets(record: &Record) -> Vec<u8> {
    wire::record_of(&record.owner, record.rtype, record.class, record.ttl, &record.rdata)
}

/// The primary.
pub(crate) struct Upstream {
    fake: FakePrimary,
    state: Arc<State>,
}

struct State {
    zones: Vec<(Shape, AtomicU32)>,
    /// Where a zone of this name, in wire form, stands among them.
    names: HashMap<Vec<u8>, usize>,
    silent: AtomicBool,
    transfers: AtomicU32,
}

impl Upstream {
    /// One that has serial 10 of each zone.
    pub(crate) fn start(shapes: &[Shape]) -> Self {
        let zones = shapes.iter().map(|shape| (*shape, AtomicU32::new(10))).collect();
        let named = |(at, shape): (usize, &Shape)| (name::to_wire(shape.name).unwrap(), at);
        let names = shapes.iter().enumerate().map(named).collect();
        let state = Arc::new(State { zones, names, silent: AtomicBool::new(false), transfers: AtomicU32::new(0) });
        let known = state.clone();
        Self { fake: FakePrimary::start(move |asked| known.answer(asked)).unwrap(), state }
    }

    /// Where it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.fake.address()
    }

    /// The newest serial of a zone.
    pub(crate) fn serial(&self, zone: usize) -> u32 {
        self.state.zones[zone].1.load(Ordering::SeqCst)
    }

    /// Has another version of a zone, and tells the daemon.
    pub(crate) fn advance(&self, zone: usize, daemon: SocketAddr) {
        self.state.zones[zone].1.fetch_add(1, Ordering::SeqCst);
        self.tell(zone, daemon);
    }

    /// Sends a NOTIFY, and doesn't wait for the answer.
    pub(crate) fn tell(&self, zone: usize, daemon: SocketAddr) {
        let name = self.state.zones[zone].0.name;
        let sections = [vec![wire::question(name, SOA, 1)], vec![], vec![], vec![]];
        let notify = Draft { id: 7, flags: 0x2400, sections, counts: None }.octets();
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        // The daemon may have been killed: then it is told after the restart.
        let _ = socket.send_to(&notify, daemon);
    }

    /// Answers everything with SERVFAIL, or no longer.
    pub(crate) fn set_silent(&self, silent: bool) {
        self.state.silent.store(silent, Ordering::SeqCst);
    }

    /// How many transfers were asked for.
    pub(crate) fn transfers(&self) -> u32 {
        self.state.transfers.load(Ordering::SeqCst)
    }
}

impl State {
    fn answer(&self, asked: &Asked) -> Vec<Step> {
        let wanted = &asked.octets[12..];
        let length = name::length(wanted).unwrap();
        let zone = self.names.get(&wanted[..length].to_ascii_lowercase()).map(|at| &self.zones[*at]);
        let send = |records: &[Vec<u8>], flags: u16| {
            let question = [wanted[..length].to_vec(), asked.qtype.to_be_bytes().to_vec(), vec![0, 1]].concat();
            let sections = [vec![question], records.to_vec(), vec![], vec![]];
            Step::Send(Draft { id: asked.id, flags, sections, counts: None }.octets())
        };
        let Some((shape, serial)) = zone.filter(|_| !self.silent.load(Ordering::SeqCst)) else {
            return vec![send(&[], ANSWER | 2)];
        };
        let serial = serial.load(Ordering::SeqCst);
        if asked.qtype == SOA {
            return vec![send(&[wire::soa(shape.name, serial)], ANSWER)];
        }
        self.transfers.fetch_add(1, Ordering::SeqCst);
        let held = asked_from(asked).filter(|_| asked.qtype == IXFR && shape.ixfr);
        let records = match held {
            Some(held) if held == serial => vec![wire::soa(shape.name, serial)],
            Some(held) if held < serial && serial - held <= MOST_STEPS => shape.differences(held, serial),
            _ => shape.whole(serial),
        };
        let mut messages: Vec<Vec<Vec<u8>>> = vec![Vec::new()];
        let mut size = 0;
        for record in records {
            if size > MESSAGE {
                messages.push(Vec::new());
                size = 0;
            }
            size += record.len();
            if let Some(last) = messages.last_mut() {
                last.push(record);
            }
        }
        messages.iter().map(|records| send(records, ANSWER)).collect()
    }
}

/// The serial that an IXFR request says its asker holds.
fn asked_from(asked: &Asked) -> Option<u32> {
    // Its only record stands in the authority section.
    let mut octets = asked.octets.clone();
    octets.copy_within(8..10, 6);
    decode::records(&[octets]).ok()?.first()?.serial()
}

/// What a daemon gives: its version's serial, and its records but for the SOA.
pub(crate) fn given(daemon: SocketAddr, zone: &str) -> Option<(u32, BTreeSet<Record>)> {
    let records = decode::records(&wire::axfr(daemon, zone).ok()?).unwrap();
    let serial = records[0].serial().unwrap();
    assert_eq!(records.last(), records.first(), "{zone}: the closing SOA");
    let held: BTreeSet<_> = records.iter().filter(|record| record.rtype != SOA).cloned().collect();
    assert_eq!(held.len() + 2, records.len(), "{zone}: a record twice");
    Some((serial, held))
}

/// What a daemon's answer to IXFR makes of a version; none where all of the zone is given instead.
pub(crate) fn after_ixfr(daemon: SocketAddr, shape: &Shape, from: u32) -> Option<(u32, BTreeSet<Record>)> {
    let mut request = Draft::request(3, shape.name, IXFR);
    request.sections[2].push(wire::soa(shape.name, from));
    let records = decode::records(&transfer(daemon, &request.octets())).unwrap();
    let newest = records[0].serial().unwrap();
    if records.len() == 1 {
        assert_eq!(newest, from);
        return Some((newest, shape.records(from)));
    }
    if records[1].serial() != Some(from) {
        return None;
    }
    let mut held = shape.records(from);
    let (mut adding, mut serial) = (true, from);
    for record in &records[1..records.len() - 1] {
        match (record.serial(), adding) {
            (Some(old), true) => {
                assert_eq!(old, serial, "{}: sequences lead on", shape.name);
                adding = false;
            }
            (Some(new), false) => (serial, adding) = (new, true),
            (None, true) => assert!(held.insert(record.clone()), "{}: {record} is there already", shape.name),
            (None, false) => assert!(held.remove(record), "{}: {record} isn't there", shape.name),
        }
    }
    assert_eq!((serial, records.last().unwrap().serial()), (newest, Some(newest)));
    Some((newest, held))
}

/// All messages of an answer to IXFR: it ends with the SOA that it began with, which stands in it as many times as it has to.
fn transfer(daemon: SocketAddr, request: &[u8]) -> Vec<Vec<u8>> {
    let mut stream = std::net::TcpStream::connect(daemon).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    std::io::Write::write_all(&mut stream, &wire::framed(request)).unwrap();
    let (mut messages, mut first, mut needed, mut newest) = (Vec::new(), None, 1, 0);
    loop {
        let message = wire::read_message(&mut stream).unwrap();
        let records = decode::records(std::slice::from_ref(&message)).unwrap();
        assert!(!records.is_empty(), "RCODE {}", wire::rcode(&message));
        if messages.is_empty() {
            first = records[0].serial();
            // Of differences the newest SOA ends the last deletions, too.
            needed = match records.get(1) {
                None => 1,
                Some(second) if second.rtype == SOA => 3,
                Some(_) => 2,
            };
        }
        newest += records.iter().filter(|record| record.rtype == SOA && record.serial() == first).count();
        messages.push(message);
        if newest >= needed {
            return messages;
        }
    }
}
