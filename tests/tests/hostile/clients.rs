//! Hostile and odd clients of a running zxfrd: what each request is answered with.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use tempfile::TempDir;
use zxfr_core::time::UnixTime;
use zxfr_core::tsig::{TsigRecord, Verifier, sign_request};
use zxfr_core::wire::{Edns, Message};
use zxfr_tests::name;
use zxfr_tests::peer::Offer;
use zxfr_tests::tsig::{Algorithm, TsigKey};
use zxfr_tests::wire::{self, Draft, over_tcp, over_udp, rcode, record_of};
use zxfr_tests::zones;
use zxfr_tests::zxfr::{Zxfrd, axfr};

use crate::secondary::{core_key, now};

const OPEN: &str = "open.example.";
const KEYED: &str = "keyed.example.";

const NOERROR: u8 = 0;
const FORMERR: u8 = 1;
const NOTIMP: u8 = 4;
const REFUSED: u8 = 5;
const NOTAUTH: u8 = 9;

const SOA: u16 = 6;
const AXFR: u16 = 252;

/// A zxfrd with one zone for all of loopback and one for the holders of a key.
struct Target {
    _dir: TempDir,
    zxfrd: Zxfrd,
    key: TsigKey,
}

impl Target {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = TsigKey::new("hostile.key.example.", Algorithm::Sha256);
        let open = zones::three(dir.path(), OPEN).unwrap();
        let keyed = zones::three(dir.path(), KEYED).unwrap();
        let mut zxfrd = Zxfrd::primary(&[Offer::open(&open), Offer::signed(&keyed, &key)]).unwrap();
        zxfrd.process().wait_for_log(" started ", Duration::from_secs(20)).unwrap();
        Self { _dir: dir, zxfrd, key }
    }

    fn udp(&self, octets: &[u8]) -> Vec<u8> {
        over_udp(self.zxfrd.address(), octets, Ipv4Addr::LOCALHOST).unwrap()
    }

    fn tcp(&self, octets: &[u8]) -> Vec<u8> {
        over_tcp(self.zxfrd.address(), octets).unwrap()
    }

    /// The request gets this RCODE and no record, over UDP and TCP; both zones can be had
    /// as before.
    #[track_caller]
    fn refuses(&self, octets: &[u8], with: u8) {
        for answer in [self.udp(octets), self.tcp(octets)] {
            assert_eq!(rcode(&answer), with, "{answer:02x?}");
            assert_eq!(answer[..2], octets[..2], "the ID");
            assert_eq!((answer[2] & 0x80, &answer[6..8]), (0x80, &[0, 0][..]), "an answer without records");
        }
        self.assert_well();
    }

    #[track_caller]
    fn assert_well(&self) {
        let answer = self.tcp(&Draft::request(1, OPEN, AXFR).octets());
        assert_eq!((rcode(&answer), &answer[6..8]), (NOERROR, &[0, 4][..]));
    }

    /// The answer's TSIG refuses with this error.
    #[track_caller]
    fn refuses_tsig(&self, request: &[u8], header: u8, error: u16, signed: bool) -> Vec<u8> {
        let answer = self.tcp(request);
        assert_eq!((rcode(&answer), &answer[6..8]), (header, &[0, 0][..]));
        let message = Message::new(&answer).unwrap();
        let tsig = TsigRecord::read(&message, &message.layout().unwrap()).unwrap().expect("a TSIG in the answer");
        assert_eq!((tsig.error.0, !tsig.mac.is_empty()), (error, signed));
        self.assert_well();
        answer
    }
}

/// A signed request for the zone that needs it.
fn signed(key: &TsigKey, at: UnixTime) -> (Vec<u8>, Verifier<zxfr_core::tsig::rustcrypto::Hmac>) {
    let mut octets = Draft::request(9, KEYED, AXFR).octets();
    let length = octets.len();
    octets.resize(length + 600, 0);
    let (length, verifier) = sign_request(&core_key(key), &mut octets, length, at).unwrap();
    octets.truncate(length);
    (octets, verifier)
}

/// The fields of a TSIG's RDATA after the algorithm.
struct Fields<'a> {
    algorithm: &'a [u8],
    mac: &'a [u8],
    other: &'a [u8],
    other_length: u16,
}

/// A request with a TSIG of these fields.
fn with_tsig(key: &TsigKey, fields: &Fields<'_>) -> Draft {
    let time = now().0.to_be_bytes();
    let mac_length = (fields.mac.len() as u16).to_be_bytes();
    let rdata = [
        fields.algorithm,
        &time[2..],
        &[1, 44],
        &mac_length,
        fields.mac,
        &[0, 9, 0, 0],
        &fields.other_length.to_be_bytes(),
        fields.other,
    ]
    .concat();
    let mut draft = Draft::request(9, KEYED, AXFR);
    draft.sections[3].push(record_of(&name::to_wire(&key.name).unwrap(), 250, 255, 0, &rdata));
    draft
}

const SHA256: &[u8] = b"\x0bhmac-sha256\0";

#[test]
fn name_over_255_octets_is_a_format_error() {
    let mut draft = Draft::request(3, OPEN, SOA);
    draft.sections[0] = vec![[[[63].as_slice(), &[b'x'; 63]].concat().repeat(4), vec![0, 0, 6, 0, 1]].concat()];
    Target::start().refuses(&draft.octets(), FORMERR);
}

#[test]
fn odd_labels_are_a_format_error() {
    let target = Target::start();
    for label in [0x40, 0x80, 0xbf] {
        let mut draft = Draft::request(3, OPEN, SOA);
        draft.sections[0] = vec![vec![label, b'a', 0, 0, 6, 0, 1]];
        target.refuses(&draft.octets(), FORMERR);
    }
}

#[test]
fn forward_and_looping_pointers_are_a_format_error() {
    let target = Target::start();
    for pointer in [[0xc0, 0x0c], [0xc0, 0x20], [0xff, 0xff]] {
        let mut draft = Draft::request(3, OPEN, SOA);
        draft.sections[0] = vec![[&pointer[..], &[0, 6, 0, 1]].concat()];
        target.refuses(&draft.octets(), FORMERR);
    }
}

#[test]
fn counts_that_do_not_fit_are_a_format_error() {
    let target = Target::start();
    for counts in [[0, 0, 0, 0], [2, 0, 0, 0], [1, 1, 0, 0], [1, 0, 0xffff, 0], [1, 0, 0, 1]] {
        let draft = Draft { counts: Some(counts), ..Draft::request(3, OPEN, SOA) };
        target.refuses(&draft.octets(), FORMERR);
    }
    let mut trailing = Draft::request(3, OPEN, SOA).octets();
    trailing.push(0);
    target.refuses(&trailing, FORMERR);
}

#[test]
fn opt_twice_or_in_another_section_is_a_format_error() {
    let target = Target::start();
    let opt = record_of(b"\0", 41, 1232, 0, b"");
    let mut twice = Draft::request(3, OPEN, SOA);
    twice.sections[3] = vec![opt.clone(), opt.clone()];
    target.refuses(&twice.octets(), FORMERR);
    let mut elsewhere = Draft::request(3, OPEN, SOA);
    elsewhere.sections[1] = vec![opt];
    target.refuses(&elsewhere.octets(), FORMERR);
}

#[test]
fn tsig_not_last_twice_or_in_another_section_is_a_format_error() {
    let target = Target::start();
    let fields = Fields { algorithm: SHA256, mac: &[0; 32], other: b"", other_length: 0 };
    let draft = with_tsig(&target.key, &fields);
    let tsig = draft.sections[3][0].clone();
    let mut not_last = draft.clone();
    not_last.sections[3].push(record_of(b"\0", 41, 1232, 0, b""));
    target.refuses(&not_last.octets(), FORMERR);
    let mut twice = draft;
    twice.sections[3].push(tsig.clone());
    target.refuses(&twice.octets(), FORMERR);
    for section in [1, 2] {
        let mut elsewhere = Draft::request(3, KEYED, AXFR);
        elsewhere.sections[section].push(tsig.clone());
        target.refuses(&elsewhere.octets(), FORMERR);
    }
}

#[test]
fn tsig_with_a_bad_other_data_length_is_a_format_error() {
    let target = Target::start();
    for (other, other_length) in [(&b""[..], 6), (b"\0\0\0", 6), (b"\0\0\0\0\0\0", 0), (b"", 0xffff)] {
        let fields = Fields { algorithm: SHA256, mac: &[0; 32], other, other_length };
        target.refuses(&with_tsig(&target.key, &fields).octets(), FORMERR);
    }
}

#[test]
fn mac_below_the_minimum_or_too_long_is_a_format_error() {
    let target = Target::start();
    for length in [1, 9, 15, 33, 64] {
        let mac = vec![0; length];
        let fields = Fields { algorithm: SHA256, mac: &mac, other: b"", other_length: 0 };
        target.refuses_tsig_or_plain(&with_tsig(&target.key, &fields).octets());
    }
}

impl Target {
    /// FORMERR, whatever the answer's TSIG, and no record.
    #[track_caller]
    fn refuses_tsig_or_plain(&self, request: &[u8]) {
        let answer = self.tcp(request);
        assert_eq!((rcode(&answer), &answer[6..8]), (FORMERR, &[0, 0][..]), "{answer:02x?}");
        self.assert_well();
    }
}

#[test]
fn missing_mac_is_refused() {
    let target = Target::start();
    target.refuses(&Draft::request(3, KEYED, SOA).octets(), REFUSED);
    let answer = target.tcp(&Draft::request(3, KEYED, AXFR).octets());
    assert_eq!((rcode(&answer), &answer[6..8]), (REFUSED, &[0, 0][..]));
    // A TSIG with an empty MAC is one whose MAC is too short.
    let fields = Fields { algorithm: SHA256, mac: b"", other: b"", other_length: 0 };
    target.refuses_tsig_or_plain(&with_tsig(&target.key, &fields).octets());
}

#[test]
fn unknown_algorithm_and_unknown_key_are_bad_key() {
    let target = Target::start();
    let fields = Fields { algorithm: b"\x09hmac-sha9\0", mac: &[0; 32], other: b"", other_length: 0 };
    target.refuses_tsig(&with_tsig(&target.key, &fields).octets(), NOTAUTH, 17, false);
    let unknown = TsigKey::new("unknown.example.", Algorithm::Sha256);
    target.refuses_tsig(&signed(&unknown, now()).0, NOTAUTH, 17, false);
    let other_algorithm = TsigKey::new(&target.key.name, Algorithm::Sha512);
    target.refuses_tsig(&signed(&other_algorithm, now()).0, NOTAUTH, 17, false);
}

#[test]
fn wrong_mac_is_bad_sig() {
    let target = Target::start();
    let mut forged = target.key.clone();
    forged.secret[0] ^= 1;
    target.refuses_tsig(&signed(&forged, now()).0, NOTAUTH, 16, false);
    let (mut changed, _) = signed(&target.key, now());
    changed[2] ^= 1; // RD
    target.refuses_tsig(&changed, NOTAUTH, 16, false);
}

#[test]
fn right_mac_at_a_bad_time_is_bad_time_signed_with_our_time() {
    let target = Target::start();
    for at in [now().0 - 301, now().0 + 400] {
        let (request, mut verifier) = signed(&target.key, UnixTime(at));
        let answer = target.refuses_tsig(&request, NOTAUTH, 18, true);
        let message = Message::new(&answer).unwrap();
        let layout = message.layout().unwrap();
        let tsig = TsigRecord::read(&message, &layout).unwrap().unwrap();
        assert!(now().0.abs_diff(tsig.server_time().unwrap().0) < 60);
        // The client takes it for what it is: signed, and about the clocks.
        let error = verifier.verify(&message, &layout, UnixTime(at)).unwrap_err();
        assert!(error.to_string().contains("BADTIME, the clocks differ"), "{error}");
    }
}

#[test]
fn key_name_in_another_case_is_the_same_key() {
    let target = Target::start();
    let mut shouted = target.key.clone();
    shouted.name = shouted.name.to_uppercase();
    let (request, mut verifier) = signed(&shouted, now());
    let answer = target.tcp(&request);
    assert_eq!((rcode(&answer), &answer[6..8]), (NOERROR, &[0, 4][..]));
    let message = Message::new(&answer).unwrap();
    verifier.verify(&message, &message.layout().unwrap(), now()).unwrap();
    verifier.finish().unwrap();
}

#[test]
fn other_classes_types_and_opcodes_are_refused() {
    let target = Target::start();
    for class in [3, 4, 254, 255] {
        let mut draft = Draft::request(3, OPEN, SOA);
        draft.sections[0] = vec![wire::question(OPEN, SOA, class)];
        target.refuses(&draft.octets(), REFUSED);
    }
    // OPT, TKEY, TSIG, MAILB, MAILA: no zone has records of these.
    for rtype in [41, 249, 250, 253, 254] {
        target.refuses(&Draft::request(3, OPEN, rtype).octets(), REFUSED);
    }
    // IQUERY, STATUS, and one that nobody has defined; UPDATE of a zone that comes from a file.
    for (opcode, rcode) in [(1_u16, NOTIMP), (2, NOTIMP), (15, NOTIMP), (5, NOTAUTH)] {
        let draft = Draft { flags: opcode << 11, ..Draft::request(3, OPEN, SOA) };
        target.refuses(&draft.octets(), rcode);
    }
}

#[test]
fn axfr_over_udp_is_not_implemented() {
    let target = Target::start();
    let answer = target.udp(&Draft::request(3, OPEN, AXFR).octets());
    assert_eq!((rcode(&answer), &answer[6..8]), (NOTIMP, &[0, 0][..]));
    target.assert_well();
}

/// A refused client with OPT learns why; an answer is not answered.
#[test]
fn strangers_and_unknown_zones_are_refused_and_told_why() {
    let target = Target::start();
    target.refuses(&Draft::request(3, "unknown.example.", SOA).octets(), REFUSED);
    let mut draft = Draft::request(3, OPEN, SOA);
    draft.sections[3] = vec![record_of(b"\0", 41, 1232, 0, b"")];
    // Outside 127.0.0.0/24.
    let answer = over_udp(target.zxfrd.address(), &draft.octets(), Ipv4Addr::new(127, 0, 1, 1)).unwrap();
    assert_eq!(rcode(&answer), REFUSED);
    let message = Message::new(&answer).unwrap();
    let edns = Edns::read(&message, &message.layout().unwrap()).unwrap().expect("OPT in the answer");
    assert_eq!(edns.ede.unwrap().0.0, 18, "EDE Prohibited");
}

#[test]
fn answers_are_not_answered() {
    let target = Target::start();
    let answer = Draft { flags: 0x8000, ..Draft::request(3, OPEN, SOA) }.octets();
    let request = Draft::request(4, OPEN, SOA).octets();
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect(target.zxfrd.address()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut found = [0; 512];
    for octets in [&answer, &request] {
        socket.send(octets).unwrap();
    }
    assert!(socket.recv(&mut found).unwrap() > 12);
    assert_eq!(found[..2], [0, 4], "only the request");
}

/// Neither quota nor log is eaten by strangers.
#[test]
fn many_unauthorised_requests_harm_nobody() {
    let mut target = Target::start();
    let mut forged = target.key.clone();
    forged.secret[0] ^= 1;
    let (request, _) = signed(&forged, now());
    let from = Ipv4Addr::new(127, 0, 1, 1);
    for _ in 0..1_000 {
        // Not even a MAC is computed: REFUSED comes before the key is looked for.
        let answer = over_udp(target.zxfrd.address(), &request, from).unwrap();
        assert_eq!(rcode(&answer), REFUSED);
    }
    target.assert_well();
    let log = target.zxfrd.process().log();
    let lines = log.lines().filter(|line| line.contains("127.0.1.1")).count();
    assert_eq!(lines, 1, "{log}");
}

#[test]
fn one_octet_at_a_time_is_answered() {
    let target = Target::start();
    let mut stream = TcpStream::connect(target.zxfrd.address()).unwrap();
    stream.set_nodelay(true).unwrap();
    for octet in wire::framed(&Draft::request(3, OPEN, AXFR).octets()).chunks(1) {
        stream.write_all(octet).unwrap();
        target.udp(&Draft::request(5, OPEN, SOA).octets());
    }
    let answer = wire::read_message(&mut stream).unwrap();
    assert_eq!((rcode(&answer), &answer[6..8]), (NOERROR, &[0, 4][..]));
}

/// What is no message at all is dropped, over TCP with the connection.
#[test]
fn less_than_a_header_is_dropped() {
    let target = Target::start();
    let mut stream = TcpStream::connect(target.zxfrd.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(&wire::framed(&[0; 11])).unwrap();
    stream.write_all(&wire::framed(&Draft::request(3, OPEN, AXFR).octets())).unwrap();
    // Closed, or the request alone is answered: never an answer to the eleven octets.
    let mut found = [0; 512];
    let length = stream.read(&mut found).unwrap_or(0);
    assert!(length == 0 || found[2..4] == [0, 3], "{found:02x?}");
    target.assert_well();
}

/// What a stranger asks about can't put lines of its own into the log.
#[test]
fn odd_names_in_the_log_are_escaped() {
    let mut target = Target::start();
    let zone = "evil\\010transfer=in\\027\\034.example.";
    target.refuses(&Draft::request(3, zone, SOA).octets(), REFUSED);
    let log = target.zxfrd.process().log();
    let line = log.lines().find(|line| line.contains("evil")).unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains(r"evil\010transfer=in\027") && line.contains("example"), "{line}");
    assert!(!line.contains('\u{1b}'), "{line:?}");
}

/// Owner names with odd characters: from a file into a zone, out of it as text, and from
/// that text into an equal zone.
#[test]
fn odd_owner_names_round_trip() {
    const OWNERS: [&str; 10] = [
        r"dollar\$sign",
        r"\$INCLUDE",
        r"at\@sign",
        "slash/slash",
        r#"quote\"quote"#,
        r"space\032space",
        r"\000\009\010\013\027",
        r"\127\128\255",
        r"dot\.dot\\back\;semi",
        r"paren\(s\)",
    ];
    let dir = tempfile::tempdir().unwrap();
    let mut zone = zones::three(dir.path(), OPEN).unwrap();
    let mut text = std::fs::read_to_string(&zone.path).unwrap();
    for owner in OWNERS {
        text += &format!("{owner}.{OPEN} 300 IN TXT \"\\\"\\\\ ; $ \\010\"\n");
    }
    std::fs::write(&zone.path, text).unwrap();
    let first = Zxfrd::primary(&[Offer::open(&zone)]).unwrap();
    let written = dir.path().join("written.zone");
    axfr(first.address(), OPEN, None, &written).unwrap();
    let text = std::fs::read_to_string(&written).unwrap();
    assert_eq!(text.lines().count(), 3 + OWNERS.len(), "{text}");
    assert!(text.bytes().all(|octet| octet == b'\n' || octet == b'\t' || (b' '..=b'~').contains(&octet)), "{text:?}");
    zone.path = written;
    let again = Zxfrd::primary(&[Offer::open(&zone)]).unwrap();
    let request = Draft::request(1, OPEN, AXFR).octets();
    let [before, after] = [&first, &again].map(|zxfrd| over_tcp(zxfrd.address(), &request).unwrap());
    assert_eq!(before, after);
    for owner in OWNERS {
        let wire = name::to_wire(&format!("{owner}.")).unwrap();
        let label = &wire[..wire.len() - 1];
        assert!(before.windows(label.len()).any(|octets| octets == label), "{owner}");
    }
}
