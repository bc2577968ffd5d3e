//! NOTIFY (RFC 1996) to a running zxfrd: from whom it is taken, and what comes of many.

use std::net::Ipv4Addr;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use zxfr_tests::fake::{Asked, FakePrimary, Step};
use zxfr_tests::name;
use zxfr_tests::peer::Pull;
use zxfr_tests::wire::{self, ANSWER, Draft, over_tcp, over_udp, rcode, record_of};
use zxfr_tests::zxfr::Zxfrd;

use crate::secondary::{ZONE, host};

const DEADLINE: Duration = Duration::from_secs(20);

const FORMERR: u8 = 1;
const REFUSED: u8 = 5;
const NOTAUTH: u8 = 9;

const SOA: u16 = 6;
const AXFR: u16 = 252;

/// Flags of a NOTIFY, and of its answer.
const NOTIFY: u16 = 0x2400;
const NOTIFIED: [u8; 2] = 0xa400_u16.to_be_bytes();

/// A primary whose serial a test sets, and which may hold transfers back.
#[derive(Default)]
struct State {
    serial: u32,
    held: bool,
}

struct Primary {
    state: Arc<(Mutex<State>, Condvar)>,
    /// The types of what it is asked, in order.
    asked: Receiver<u16>,
    zxfrd: Zxfrd,
}

/// The SOA, or a zone of one record.
fn answer(asked: &Asked, serial: u32) -> Vec<u8> {
    let soa = wire::soa(ZONE, serial);
    let records = if asked.qtype == AXFR { vec![soa.clone(), host(serial), soa] } else { vec![soa] };
    let sections = [vec![wire::question(ZONE, asked.qtype, 1)], records, vec![], vec![]];
    Draft { id: asked.id, flags: ANSWER, sections, counts: None }.octets()
}

impl Primary {
    /// With a zxfrd that has its zone at serial 1.
    fn start() -> Self {
        let state = Arc::new((Mutex::new(State { serial: 1, held: false }), Condvar::new()));
        let (sender, asked): (Sender<u16>, _) = mpsc::channel();
        let (shared, sender) = (state.clone(), Mutex::new(sender));
        let fake = FakePrimary::start(move |asked| {
            let serial = shared.0.lock().unwrap().serial;
            // The test may be over.
            let _ = sender.lock().unwrap().send(asked.qtype);
            if asked.qtype == AXFR {
                let held = shared.0.lock().unwrap();
                drop(shared.1.wait_while(held, |state| state.held).unwrap());
            }
            vec![Step::Send(answer(asked, serial))]
        });
        let mut zxfrd = Zxfrd::secondary(&[Pull::open(ZONE, fake.unwrap().address())]).unwrap();
        zxfrd.wait_for_zone(ZONE, Some(1)).unwrap();
        let mut primary = Self { state, asked, zxfrd };
        assert!(primary.asked_so_far().contains(&AXFR));
        primary
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.0.lock().unwrap());
        self.state.1.notify_all();
    }

    /// What was asked since this was called last.
    fn asked_so_far(&mut self) -> Vec<u16> {
        self.asked.try_iter().collect()
    }

    fn wait_for(&self, qtype: u16) {
        while self.asked.recv_timeout(DEADLINE).expect("a query") != qtype {}
    }

    /// Over UDP from an address of loopback.
    fn udp(&self, octets: &[u8], from: Ipv4Addr) -> Vec<u8> {
        over_udp(self.zxfrd.address(), octets, from).unwrap()
    }
}

/// A NOTIFY for the zone; with a serial in its answer section, if one is given.
fn notify(qclass: u16, serial: Option<u32>) -> Draft {
    let soa = serial.map(|serial| wire::soa(ZONE, serial)).into_iter().collect();
    let sections = [vec![wire::question(ZONE, SOA, qclass)], soa, vec![], vec![]];
    Draft { id: 0x4e4f, flags: NOTIFY, sections, counts: None }
}

/// It is taken: the answer is its header and question, and nothing else (RFC 1996 §4.7).
#[track_caller]
fn assert_taken(answer: &[u8]) {
    let expected = [&0x4e4f_u16.to_be_bytes()[..], &NOTIFIED, &[0, 1, 0, 0, 0, 0, 0, 0]].concat();
    assert_eq!(answer[..12], expected);
    assert_eq!(answer[12..], wire::question(ZONE, SOA, 1));
}

#[test]
fn notify_of_another_class_is_a_format_error() {
    let mut primary = Primary::start();
    for class in [255, 254, 3] {
        let octets = notify(class, Some(9)).octets();
        let answers = [primary.udp(&octets, Ipv4Addr::LOCALHOST), over_tcp(primary.zxfrd.address(), &octets).unwrap()];
        assert_eq!(answers.map(|answer| rcode(&answer)), [FORMERR; 2], "class {class}");
    }
    // Of IN it is taken, and only that is why the primary is asked.
    assert_eq!(primary.asked_so_far(), []);
    assert_taken(&primary.udp(&notify(1, None).octets(), Ipv4Addr::LOCALHOST));
    primary.wait_for(SOA);
}

#[test]
fn notify_over_tcp_is_taken() {
    let mut primary = Primary::start();
    primary.set(|state| state.serial = 2);
    assert_taken(&over_tcp(primary.zxfrd.address(), &notify(1, Some(2)).octets()).unwrap());
    primary.zxfrd.wait_for_zone(ZONE, Some(2)).unwrap();
}

#[test]
fn notify_from_strangers_is_refused_before_its_mac() {
    let mut primary = Primary::start();
    // A TSIG with a key that nobody knows.
    let algorithm = b"\x0bhmac-sha256\0";
    let rdata = [&algorithm[..], &[0; 6], &[1, 44, 0, 32], &[0; 32], &[0x4e, 0x4f, 0, 0, 0, 0]].concat();
    let mut draft = notify(1, Some(2));
    draft.sections[3].push(record_of(&name::to_wire("nobody.").unwrap(), 250, 255, 0, &rdata));
    let known = primary.udp(&draft.octets(), Ipv4Addr::LOCALHOST);
    assert_eq!((rcode(&known), known[10..12] != [0, 0]), (NOTAUTH, true), "a TSIG that says why");
    let stranger = primary.udp(&draft.octets(), Ipv4Addr::new(127, 9, 9, 9));
    assert_eq!((rcode(&stranger), &stranger[10..12]), (REFUSED, &[0, 0][..]), "nothing of the TSIG was looked at");
    for _ in 0..200 {
        let stranger = primary.udp(&notify(1, Some(2)).octets(), Ipv4Addr::new(127, 9, 9, 9));
        assert_eq!(rcode(&stranger), REFUSED);
    }
    // A zone that isn't there, and one that comes from nowhere.
    let mut other = notify(1, None);
    other.sections[0] = vec![wire::question("other.example.", SOA, 1)];
    assert_eq!(rcode(&primary.udp(&other.octets(), Ipv4Addr::LOCALHOST)), REFUSED);
    assert_eq!(primary.asked_so_far(), []);
}

#[test]
fn notify_burst_in_a_transfer_is_harmless() {
    let mut primary = Primary::start();
    primary.set(|state| *state = State { serial: 2, held: true });
    assert_taken(&primary.udp(&notify(1, Some(2)).octets(), Ipv4Addr::LOCALHOST));
    primary.wait_for(AXFR);
    // Version 2 is on its way, and version 3 is there.
    primary.set(|state| state.serial = 3);
    for number in 0..300 {
        let octets = notify(1, (number % 2 == 0).then_some(3)).octets();
        assert_taken(&primary.udp(&octets, Ipv4Addr::LOCALHOST));
        if number % 10 == 0 {
            assert_taken(&over_tcp(primary.zxfrd.address(), &octets).unwrap());
        }
    }
    primary.set(|state| state.held = false);
    primary.zxfrd.wait_for_zone(ZONE, Some(3)).unwrap();
    let asked = primary.asked_so_far();
    let count = |qtype| asked.iter().filter(|asked| **asked == qtype).count();
    assert!(count(AXFR) == 1 && count(SOA) <= 3, "{asked:?}");
    let transfers = primary.zxfrd.transfers();
    let ends: Vec<_> = transfers.iter().map(|transfer| (transfer.to, transfer.result.as_str())).collect();
    assert_eq!(ends, [1, 2, 3].map(|serial| (Some(serial), "ok")));
}

#[test]
fn notify_ahead_of_the_primary_is_one_check() {
    let mut primary = Primary::start();
    for _ in 0..20 {
        assert_taken(&primary.udp(&notify(1, Some(99)).octets(), Ipv4Addr::LOCALHOST));
    }
    primary.wait_for(SOA);
    // Whatever came of it, the next one is heard.
    primary.set(|state| state.serial = 2);
    assert_taken(&primary.udp(&notify(1, Some(2)).octets(), Ipv4Addr::LOCALHOST));
    primary.zxfrd.wait_for_zone(ZONE, Some(2)).unwrap();
    let asked = primary.asked_so_far();
    assert!(asked.iter().filter(|asked| **asked == SOA).count() <= 5, "{asked:?}");
    assert_eq!(asked.iter().filter(|asked| **asked == AXFR).count(), 1, "{asked:?}");
}
