//! A primary of one zone, whose version and manner a test changes as it goes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use zxfr_tests::fake::{Asked, FakePrimary, Step};
use zxfr_tests::wire::{self, ANSWER, Draft};

/// Types of questions.
pub(crate) const SOA: u16 = 6;
pub(crate) const IXFR: u16 = 251;
pub(crate) const AXFR: u16 = 252;
/// The flags of a NOTIFY.
pub(crate) const NOTIFY: u16 = 0x2400;
/// What says that a message is an answer, and its opcode.
const QR: u16 = 0x8000;
const OPCODE: u16 = 0x7800;

/// How a primary behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it should.
    Good,
    /// Its SOA says so many serials more than what it sends has.
    Lying(u32),
    /// It answers everything with an RCODE.
    Refusing(u16),
    /// It takes everything and answers nothing.
    Silent,
    /// It tells its serial, begins the transfer and says nothing more.
    Stalling,
    /// It tells its serial, begins the transfer and closes the connection.
    Cutting,
    /// It sends a record twice as long as its message.
    Malformed,
}

/// A primary of one zone, which takes NOTIFYs as well. IXFR goes from the serial before to its own.
#[derive(Clone)]
pub(crate) struct Primary {
    fake: FakePrimary,
    state: Arc<State>,
}

struct State {
    zone: String,
    serial: AtomicU32,
    manner: Mutex<Manner>,
    asked: Mutex<Vec<(u16, Vec<u8>)>>,
}

impl Primary {
    /// One that behaves as it should.
    pub(crate) fn start(zone: &str, serial: u32) -> Self {
        let (manner, asked) = (Mutex::new(Manner::Good), Mutex::default());
        let state = Arc::new(State { zone: zone.to_owned(), serial: serial.into(), manner, asked });
        let known = state.clone();
        Self { fake: FakePrimary::start(move |asked| known.answer(asked)).unwrap(), state }
    }

    /// Where it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.fake.address()
    }

    /// Has another version from now on.
    pub(crate) fn set(&self, serial: u32) {
        self.state.serial.store(serial, Ordering::SeqCst);
    }

    /// Behaves in another manner from now on.
    pub(crate) fn behave(&self, manner: Manner) {
        *self.state.manner.lock().unwrap() = manner;
    }

    /// How often it was asked for a type.
    pub(crate) fn asked(&self, qtype: u16) -> usize {
        self.state.asked.lock().unwrap().iter().filter(|(known, _)| *known == qtype).count()
    }

    /// The last request for a type.
    pub(crate) fn last(&self, qtype: u16) -> Option<Vec<u8>> {
        let asked = self.state.asked.lock().unwrap();
        asked.iter().rev().find(|(known, _)| *known == qtype).map(|(_, octets)| octets.clone())
    }
}

impl State {
    fn answer(&self, asked: &Asked) -> Vec<Step> {
        if u16::from_be_bytes([asked.octets[2], asked.octets[3]]) & OPCODE == NOTIFY & OPCODE {
            let sections = [vec![wire::question(&self.zone, SOA, 1)], vec![], vec![], vec![]];
            return vec![Step::Send(Draft { id: asked.id, flags: QR | NOTIFY, sections, counts: None }.octets())];
        }
        self.asked.lock().unwrap().push((asked.qtype, asked.octets.clone()));
        let (manner, zone) = (*self.manner.lock().unwrap(), self.zone.as_str());
        let serial = self.serial.load(Ordering::SeqCst);
        let send = |rcode: u16, records: Vec<Vec<u8>>| {
            let sections = [vec![wire::question(zone, asked.qtype, 1)], records, vec![], vec![]];
            Step::Send(Draft { id: asked.id, flags: ANSWER | rcode, sections, counts: None }.octets())
        };
        let begun = || send(0, vec![wire::soa(zone, serial), host(zone, serial)]);
        match (manner, asked.qtype) {
            (Manner::Silent, _) => vec![Step::Stall],
            (Manner::Refusing(rcode), _) => vec![send(rcode, vec![])],
            (Manner::Lying(by), SOA) => vec![send(0, vec![wire::soa(zone, serial + by)])],
            (_, SOA) => vec![send(0, vec![wire::soa(zone, serial)])],
            (Manner::Stalling, _) => vec![begun(), Step::Stall],
            (Manner::Cutting, _) => vec![begun(), Step::Close],
            (Manner::Malformed, _) => {
                let mut broken = host(zone, serial);
                broken.truncate(broken.len() - 2);
                vec![send(0, vec![wire::soa(zone, serial), broken])]
            }
            (Manner::Lying(_), IXFR) => vec![send(0, vec![wire::soa(zone, serial)])],
            (_, IXFR) => {
                let [old, new] = [serial - 1, serial].map(|serial| wire::soa(zone, serial));
                let [gone, come] = [serial - 1, serial].map(|serial| host(zone, serial));
                vec![send(0, vec![new.clone(), old, gone, new.clone(), come, new])]
            }
            (_, _) => vec![send(0, whole(zone, serial))],
        }
    }
}

/// All of a version, its SOA at both ends.
fn whole(zone: &str, serial: u32) -> Vec<Vec<u8>> {
    let ns = wire::record(zone, 2, b"\x02ns\x07example\0");
    // As much that no difference is longer.
    let text = wire::record(&format!("text.{zone}"), 16, &[&[200][..], &[b'x'; 200]].concat());
    vec![wire::soa(zone, serial), ns, host(zone, serial), text, wire::soa(zone, serial)]
}

/// The record by which versions differ.
fn host(zone: &str, serial: u32) -> Vec<u8> {
    wire::record(&format!("host.{zone}"), 1, &serial.to_be_bytes())
}
