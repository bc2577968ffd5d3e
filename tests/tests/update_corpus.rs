//! UPDATE requests that BIND's own tests sent, and those of two Windows hosts: needs the corpus folder in `ZXFR_CORPUS`.

#[path = "corpus/mod.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::sync::Arc;

use liblzma::read::XzDecoder;
use zxfr_core::edit::{Edit, Rules};
use zxfr_core::name::NameRef;
use zxfr_core::serial::{Serial, SerialPolicy};
use zxfr_core::time::UnixTime;
use zxfr_core::update::Request;
use zxfr_core::wire::{Class, Flags, Message, Opcode, Rcode, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Builder, Version};

const NOW: UnixTime = UnixTime(1_795_000_000);

/// A zone of nothing but SOA and NS.
fn zone(apex: NameRef<'_>) -> Arc<Version> {
    let mut soa = b"\x02ns\x04test\0\x04mail\x04test\0".to_vec();
    [1_u32, 3600, 600, 86_400, 60].iter().for_each(|number| soa.extend_from_slice(&number.to_be_bytes()));
    let mut builder = Builder::new(apex, BuildLimits::default());
    for (rtype, rdata) in [(Rtype::SOA, &soa[..]), (Rtype::NS, b"\x02ns\x04test\0")] {
        let record = Record { owner: apex, rtype, class: Class::IN, ttl: 3600, rdata };
        builder.push_checked(&record).unwrap();
    }
    Arc::new(builder.finish().unwrap().0)
}

/// What a request to an empty zone comes to, said in words.
fn outcome(octets: &[u8]) -> String {
    let message = Message::new(octets).unwrap();
    let request = match Request::read(&message) {
        Ok(request) => request,
        Err(refusal) => {
            return format!("unread, {}", refusal.rcode());
        }
    };
    let held = zone(request.zone());
    let mut edit = Edit::new(held.clone(), Rules::default());
    let result = request.perform(&mut edit);
    let rcode = result.as_ref().map_or_else(|refusal| refusal.rcode(), |_| Rcode::NOERROR);
    if result.is_err() {
        return rcode.to_string();
    }
    let Some(change) = edit.finish(SerialPolicy::Increment, NOW).unwrap() else {
        return format!("{rcode}, nothing changed");
    };
    let [delta] = &change.deltas[..] else { panic!("{change:?}") };
    assert!(change.version.serial().is_newer_than(Serial(1)));
    let again = held.apply(delta, BuildLimits::default()).unwrap().version;
    assert!(again.diff(&change.version).unwrap().is_empty());
    format!("{rcode}, changed")
}

/// The files of a tar archive.
fn files(mut archive: &[u8]) -> Vec<(&str, &[u8])> {
    let mut files = Vec::new();
    while let Some((head, rest)) = archive.split_at_checked(512) {
        let until_nul = |field: &std::ops::Range<usize>| {
            let octets = &head[field.clone()];
            let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
            std::str::from_utf8(&octets[..end]).unwrap()
        };
        let size = until_nul(&(124..136)).trim();
        if size.is_empty() {
            break;
        }
        let size = usize::from_str_radix(size, 8).unwrap();
        files.push((until_nul(&(0..100)), &rest[..size]));
        archive = &rest[size.next_multiple_of(512)..];
    }
    files
}

fn is_update(octets: &[u8], answer: bool) -> bool {
    Message::new(octets).is_ok_and(|message| {
        let flags = message.header().flags;
        flags.opcode() == Opcode::UPDATE && flags.has(Flags::QR) == answer
    })
}

#[test]
fn requests_of_binds_tests_are_answered_as_the_rfc_says() {
    let Some(packed) = corpus::path("wire/cznic-dns-fuzzing-packets.tar.xz") else { return };
    let mut archive = Vec::new();
    XzDecoder::new(File::open(packed).unwrap()).read_to_end(&mut archive).unwrap();
    let files = files(&archive);
    let mut outcomes = BTreeMap::<String, usize>::new();
    for (_, octets) in files.iter().filter(|(_, octets)| is_update(octets, false)) {
        *outcomes.entry(outcome(octets)).or_default() += 1;
    }
    // Answers are nothing for a server; but they may come.
    let answers = files.iter().filter(|(_, octets)| is_update(octets, true));
    let read = answers.map(|(_, octets)| Request::read(&Message::new(octets).unwrap()).is_ok());
    assert_eq!(read.count(), 100);
    let outcomes: Vec<(&str, usize)> = outcomes.iter().map(|(outcome, count)| (outcome.as_str(), *count)).collect();
    // The FORMERR is for a prerequisite of type 0. The others are what a second reading of RFC 2136, made apart from this one, says.
    let expected = [
        ("FORMERR", 1),
        ("NOERROR, changed", 133),
        ("NOERROR, nothing changed", 68),
        ("NOTZONE", 2),
        ("NXDOMAIN", 1),
        ("NXRRSET", 17),
    ];
    assert_eq!(outcomes, expected);
}

#[test]
fn windows_hosts_register_themselves() {
    let Some(capture) = corpus::path("wire/pcap/zeek/dynamic-update.pcap") else { return };
    let capture = fs::read(capture).unwrap();
    // 24 octets of file header; 16 of each frame's, its length at 8; Ethernet, IPv4 and UDP make 42.
    let mut frames = &capture[24..];
    let mut outcomes = Vec::new();
    while let Some((head, rest)) = frames.split_at_checked(16) {
        let length = u32::from_le_bytes(head[8..12].try_into().unwrap()) as usize;
        let (frame, rest) = rest.split_at(length);
        if is_update(&frame[42..], false) {
            outcomes.push(outcome(&frame[42..]));
        }
        frames = rest;
    }
    // No CNAME at the host's name, its old addresses deleted, the new one added: once signed, once not.
    assert_eq!(outcomes, ["NOERROR, changed", "NOERROR, changed"]);
}
