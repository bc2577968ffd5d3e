//! A whole AXFR, and an IXFR, both ends of them, without one allocation: request written, signed, parsed and verified; answer sent from a
//! cursor, signed, received and verified.
#![cfg(feature = "rustcrypto")]

use core::convert::Infallible;
use std::hint::black_box;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::serial::Serial;
use zxfr_core::time::{Now, UnixTime};
use zxfr_core::transfer::{Asked, Cursor, CursorOutbound, Event, Inbound, Limits, axfr_query, ixfr_query};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Algorithm, Key, Signer, TsigRecord, Verifier, sign_request, verify_request};
use zxfr_core::wire::{Class, Flags, Message, Record, Rtype, Scratch, Writer};

const RECORDS: u32 = 5_000;
const APEX: &[u8] = b"\x07example\0";
const SOA: &[u8] = b"\x02ns\x07example\0\x04mail\x07example\0\0\0\0\x07\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01";
const NOW: Now = Now { instant: zxfr_core::time::Instant::from_origin(core::time::Duration::ZERO), unix: UnixTime(1) };

/// Records made on the spot: the SOA, then hosts with an A, an MX and a TXT each.
struct Counted {
    next: u32,
    owner: [u8; 17],
}

impl Counted {
    const fn new() -> Self {
        Self { next: 0, owner: *b"\x07h000000\x07example\0" }
    }
}

impl Cursor for Counted {
    type Error = Infallible;

    fn peek(&mut self) -> Result<Option<Record<'_>>, Infallible> {
        let number = self.next;
        if number > RECORDS {
            return Ok(None);
        }
        let mut host = number / 3;
        for digit in self.owner[2..8].iter_mut().rev() {
            *digit = b'0' + (host % 10) as u8;
            host /= 10;
        }
        let (owner, rtype, rdata): (&[u8], _, &[u8]) = match (number, number % 3) {
            (0, _) => (APEX, Rtype::SOA, SOA),
            (_, 0) => (&self.owner, Rtype::A, &[10, 0, 0, 1]),
            (_, 1) => (&self.owner, Rtype::MX, b"\0\x0a\x04mail\x07example\0"),
            _ => (&self.owner, Rtype::TXT, b"\x0bhello world"),
        };
        let owner = NameRef::from_octets(owner).unwrap();
        Ok(Some(Record { owner, rtype, class: Class::IN, ttl: 300, rdata }))
    }

    fn advance(&mut self) {
        self.next += 1;
    }
}

/// Differences made on the spot: from serial 5 to 7, hosts deleted and added with another address.
struct Changes {
    next: u32,
    owner: [u8; 17],
    soa: [u8; SOA.len()],
}

impl Changes {
    const fn new() -> Self {
        Self { next: 0, owner: *b"\x07h000000\x07example\0", soa: [0; SOA.len()] }
    }
}

impl Cursor for Changes {
    type Error = Infallible;

    fn peek(&mut self) -> Result<Option<Record<'_>>, Infallible> {
        const ADDITIONS: u32 = RECORDS + 2;
        const END: u32 = 2 * RECORDS + 3;
        let (serial, host) = match self.next {
            0 | ADDITIONS => (Some(7), 0),
            1 => (Some(5), 0),
            END.. => return Ok(None),
            number => (None, number % (RECORDS + 1)),
        };
        let mut rest = host;
        for digit in self.owner[2..8].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        let (owner, rtype, rdata): (&[u8], _, &[u8]) = match serial {
            Some(serial) => {
                self.soa.copy_from_slice(SOA);
                self.soa[SOA.len() - 17] = serial;
                (APEX, Rtype::SOA, &self.soa)
            }
            None => (&self.owner, Rtype::A, if self.next < ADDITIONS { &[10, 0, 0, 1] } else { &[10, 0, 0, 2] }),
        };
        let owner = NameRef::from_octets(owner).unwrap();
        Ok(Some(Record { owner, rtype, class: Class::IN, ttl: 300, rdata }))
    }

    fn advance(&mut self) {
        self.next += 1;
    }
}

/// What the server makes of a request.
fn read_request(request: &[u8], key: &Key<Hmac>) -> (Asked, Signer<Hmac>) {
    let message = Message::new(request).unwrap();
    let layout = message.layout().unwrap();
    let record = TsigRecord::read(&message, &layout).unwrap().unwrap();
    let Ok(signer) = verify_request(&message, &layout, &record, [key], NOW.unix) else {
        panic!("request refused");
    };
    let question = message.question().unwrap().unwrap();
    let header = message.header();
    (Asked { id: header.id, flags: header.flags, question, edns: layout.opt_at.is_some(), expire: None }, signer)
}

/// Deleted and added records that the two ends of an IXFR saw, and messages.
fn transfer_differences(buffer: &mut [u8], key: &Key<Hmac>) -> (u32, u32, u64) {
    let apex = NameRef::from_octets(APEX).unwrap();
    let mut request = [0; 600];
    let soa = Record { owner: apex, rtype: Rtype::SOA, class: Class::IN, ttl: 300, rdata: SOA };
    let length = ixfr_query(&mut request, apex, &soa, 0xbeef, true).unwrap();
    let (length, verifier) = sign_request(key, &mut request, length, NOW.unix).unwrap();
    let (asked, signer) = read_request(&request[..length], key);
    let mut outbound = CursorOutbound::ixfr(Changes::new(), Serial(5), asked, Some(signer));
    let mut inbound = Inbound::ixfr(apex, Serial(5), 0xbeef, Limits::default(), Some(verifier));
    let (mut deleted, mut added) = (0, 0);
    while let Some(length) = outbound.copy_to(buffer, NOW.unix).unwrap() {
        let mut events = inbound.handle_message(&buffer[..length], NOW).unwrap();
        while let Some(event) = events.next().unwrap() {
            match event {
                Event::Deletions { soa } => assert_eq!(soa.soa().unwrap().serial, Serial(5)),
                Event::Additions { soa } => assert_eq!(soa.rdata, SOA),
                Event::Delete(record) => deleted += u32::from(record.rdata == [10, 0, 0, 1]),
                Event::Add(record) => added += u32::from(record.rdata == [10, 0, 0, 2]),
                Event::Commit { serial } => assert_eq!(serial, Serial(7)),
                other => panic!("{other:?}"),
            }
        }
    }
    inbound.eof().unwrap();
    (deleted, added, inbound.totals().messages)
}

/// Records that the two ends saw, and messages.
fn transfer(buffer: &mut [u8], algorithm: Option<Algorithm>) -> (u32, u64) {
    let apex = NameRef::from_octets(APEX).unwrap();
    let mut request = [0; 600];
    let length = axfr_query(&mut request, apex, 0xbeef, true).unwrap();
    let (asked, signer, verifier): (_, _, Option<Verifier<Hmac>>) = match algorithm {
        Some(algorithm) => {
            let key_name: Name = "key.example.".parse().unwrap();
            let key = Key::<Hmac>::new(key_name.as_ref(), algorithm, b"a secret").unwrap();
            let (length, verifier) = sign_request(&key, &mut request, length, NOW.unix).unwrap();
            let (asked, signer) = read_request(&request[..length], &key);
            (asked, Some(signer), Some(verifier))
        }
        None => {
            let message = Message::new(&request[..length]).unwrap();
            let question = message.question().unwrap().unwrap();
            let header = message.header();
            (Asked { id: header.id, flags: header.flags, question, edns: true, expire: None }, None, None)
        }
    };
    let mut outbound = CursorOutbound::axfr(Counted::new(), asked, signer);
    let mut inbound = Inbound::axfr(apex, 0xbeef, Limits::default(), verifier);
    let mut records = 0;
    while let Some(length) = outbound.copy_to(buffer, NOW.unix).unwrap() {
        let mut events = inbound.handle_message(&buffer[..length], NOW).unwrap();
        while let Some(event) = events.next().unwrap() {
            match event {
                Event::Begin { soa } => assert_eq!(soa.rdata, SOA),
                Event::Add(record) => {
                    black_box(record);
                    records += 1;
                }
                Event::Commit { serial } => assert_eq!(serial.0, 7),
                other => panic!("{other:?}"),
            }
        }
    }
    inbound.eof().unwrap();
    (records, inbound.totals().messages)
}

#[test]
fn transfer_allocates_nothing() {
    let mut buffer = vec![0; 65_535];
    for algorithm in Algorithm::ALL.into_iter().map(Some).chain([None]) {
        let mut seen = (0, 0);
        let info = allocation_counter::measure(|| seen = transfer(&mut buffer, algorithm));
        assert_eq!(seen.0, RECORDS);
        assert!(seen.1 > 3, "{} messages", seen.1);
        assert_eq!(info.count_total, 0, "{algorithm:?}: {info:?}");
    }
}

#[test]
fn differences_allocate_nothing() {
    let mut buffer = vec![0; 65_535];
    let key_name: Name = "key.example.".parse().unwrap();
    let key = Key::<Hmac>::new(key_name.as_ref(), Algorithm::HmacSha256, b"a secret").unwrap();
    let mut seen = (0, 0, 0);
    let info = allocation_counter::measure(|| seen = transfer_differences(&mut buffer, &key));
    assert_eq!((seen.0, seen.1), (RECORDS, RECORDS));
    assert!(seen.2 > 3, "{} messages", seen.2);
    assert_eq!(info.count_total, 0, "{info:?}");
}

#[test]
fn parsing_allocates_nothing() {
    let mut buffer = vec![0; 65_535];
    let apex = NameRef::from_octets(APEX).unwrap();
    let mut request = [0; 600];
    let length = axfr_query(&mut request, apex, 1, false).unwrap();
    let question = Message::new(&request[..length]).unwrap().question().unwrap().unwrap();
    let asked = Asked { id: 1, flags: Default::default(), question, edns: true, expire: None };
    let mut outbound = CursorOutbound::<Hmac, _>::axfr(Counted::new(), asked, None);
    let length = outbound.copy_to(&mut buffer, NOW.unix).unwrap().unwrap();
    let mut read = 0;
    let info = allocation_counter::measure(|| {
        let message = Message::new(&buffer[..length]).unwrap();
        let layout = message.layout().unwrap();
        let mut scratch = Scratch::new();
        let mut records = message.answers(&layout, &mut scratch);
        while let Some(record) = records.next().unwrap() {
            black_box(record);
            read += 1;
        }
    });
    assert!(read > 100);
    assert_eq!(info.count_total, 0, "{info:?}");
}

#[test]
fn the_counter_counts() {
    let info = allocation_counter::measure(|| drop(black_box(vec![0_u8; 10])));
    assert_eq!(info.count_total, 1);
}

/// The SOA with another serial.
fn soa_rdata(serial: u32) -> Vec<u8> {
    let mut rdata = SOA.to_vec();
    let at = rdata.len() - 20;
    rdata[at..at + 4].copy_from_slice(&serial.to_be_bytes());
    rdata
}

/// Records that an IXFR deletes and adds; its parts; its end.
fn receive(inbound: &mut Inbound<Hmac>, messages: &[Vec<u8>]) -> (u32, u32, Option<Event<'static>>) {
    let (mut records, mut parts, mut end) = (0, 0, None);
    for message in messages {
        let mut events = inbound.handle_message(message, NOW).unwrap();
        while let Some(event) = events.next().unwrap() {
            match event {
                Event::Delete(record) | Event::Add(record) => {
                    black_box(record);
                    records += 1;
                }
                Event::Begin { soa } | Event::Deletions { soa } | Event::Additions { soa } => {
                    black_box(soa);
                    parts += 1;
                }
                Event::UpToDate { serial } => end = Some(Event::UpToDate { serial }),
                Event::Commit { serial } => end = Some(Event::Commit { serial }),
                other => panic!("{other:?}"),
            }
        }
    }
    inbound.eof().unwrap();
    (records, parts, end)
}

#[test]
fn ixfr_in_the_style_of_axfr_allocates_nothing() {
    let apex = NameRef::from_octets(APEX).unwrap();
    let message = |serials: &[u32], host: bool| {
        let mut octets = vec![0; 512];
        let mut writer = Writer::new(&mut octets);
        for (number, serial) in serials.iter().enumerate() {
            let rdata = soa_rdata(*serial);
            let soa = Record { owner: apex, rtype: Rtype::SOA, class: Class::IN, ttl: 300, rdata: &rdata };
            writer.answer(&soa).unwrap();
            if host && number == 0 {
                writer.answer(&Record { rtype: Rtype::A, rdata: &[10, 0, 0, 1], ..soa }).unwrap();
            }
        }
        let length = writer.finish(0xbeef, Flags::QR);
        octets[..length].to_vec()
    };
    for (message, parts, end) in [
        (message(&[9, 9], true), 1, Event::Commit { serial: Serial(9) }),
        (message(&[7], false), 0, Event::UpToDate { serial: Serial(7) }),
    ] {
        let messages = [message];
        let mut got = (0, 0, None);
        let info = allocation_counter::measure(|| {
            let mut inbound = Inbound::ixfr(apex, Serial(7), 0xbeef, Limits::default(), None);
            got = receive(&mut inbound, &messages);
        });
        assert_eq!(info.count_total, 0, "{info:?}");
        assert_eq!(format!("{got:?}"), format!("{:?}", (parts, parts, Some(end))));
    }
}
