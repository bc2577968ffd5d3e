//! Much of everything: large RRsets, and a zone that changes under a slow reader.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;
use std::{fs, iter};

use rustix::time::{ClockId, clock_gettime};
use zxfr_core::name::Name;
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Builder};
use zxfr_tests::peer::Offer;
use zxfr_tests::wire::{self, Draft, framed, read_axfr};
use zxfr_tests::zones;
use zxfr_tests::zxfr::Zxfrd;

/// Processor time of this thread for a zone with an RRset of so many records, which come
/// in an order that is none. Unlike time on the clock it does not grow when others work.
fn seconds_for(records: u32) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32).as_secs_f64()
    };
    let apex: Name = "example.".parse().unwrap();
    let soa = [b"\x02ns\0\x04mail\0".as_slice(), &[0; 20]].concat();
    let start = now();
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
    let mut push = |rtype, rdata: &[u8]| {
        builder.push(&Record { owner: apex.as_ref(), rtype, class: Class::IN, ttl: 60, rdata }).unwrap();
    };
    push(Rtype::SOA, &soa);
    for number in 0..records {
        // An odd factor: each number once.
        push(Rtype::A, &number.wrapping_mul(0x9e37_79b1).to_be_bytes());
    }
    let (version, _) = builder.finish().unwrap();
    assert_eq!(version.record_count(), u64::from(records) + 1);
    now() - start
}

/// Ten times the records take about ten times the work; a hundred times if each were
/// compared with each.
#[test]
fn work_for_an_rrset_is_linear() {
    let (few, many) = (seconds_for(20_000), seconds_for(200_000));
    assert!(many < 40.0 * few, "{few} s for 20,000 records, {many} s for 200,000");
}

/// SIGHUP brings a new version while a client has read one message only: that transfer
/// ends on the version on which it began.
#[test]
fn new_version_during_a_slow_transfer_leaves_it_on_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let zone = zones::tld(dir.path(), "slow.", 300_000, 1).unwrap();
    let mut zxfrd = Zxfrd::primary(&[Offer::open(&zone)]).unwrap();
    let request = framed(&Draft::request(1, "slow.", 252).octets());
    let mut slow = TcpStream::connect(zxfrd.address()).unwrap();
    slow.write_all(&request).unwrap();
    let first = wire::read_message(&mut slow).unwrap();

    let text = fs::read_to_string(&zone.path).unwrap();
    let newer = text.replacen(" 1 3600 1 604800 900", " 2 3600 1 604800 900", 1) + "new.slow. 60 IN A 192.0.2.9\n";
    assert_ne!(newer.find(" 2 3600 1 604800 900"), None);
    fs::write(&zone.path, newer).unwrap();
    zxfrd.reload();
    zxfrd.wait_for_zone("slow.", Some(2)).unwrap();
    assert!(!zxfrd.process().log().contains("transfer=out"), "the transfer is over before the new version is there");

    let counts =
        |messages: &[Vec<u8>]| messages.iter().map(|message| wire::answer_types(message).unwrap().len()).sum::<usize>();
    let rest = read_rest(&mut slow);
    let all: Vec<_> = iter::once(first).chain(rest).collect();
    assert_eq!(counts(&all), 300_001);
    assert_eq!(last_serial(&all), 1);

    let mut quick = TcpStream::connect(zxfrd.address()).unwrap();
    quick.write_all(&request).unwrap();
    let all = read_axfr(&mut quick).unwrap();
    assert_eq!((counts(&all), last_serial(&all)), (300_002, 2));
}

/// What comes after the first message, to the closing SOA.
fn read_rest(stream: &mut TcpStream) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    loop {
        let message = wire::read_message(stream).unwrap();
        let closed = wire::answer_types(&message).unwrap().contains(&6);
        messages.push(message);
        if closed {
            return messages;
        }
    }
}

/// The serial of the closing SOA, whose RDATA ends the last message.
fn last_serial(messages: &[Vec<u8>]) -> u32 {
    let last = messages.last().unwrap();
    u32::from_be_bytes(*last[..last.len() - 16].last_chunk().unwrap())
}
