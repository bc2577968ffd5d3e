//! The fuzz targets on stable: their seeds, messages of the corpus folder, and some seconds of mutations of both.

mod corpus;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use liblzma::read::XzDecoder;

/// How long mutations may take per target on a slow machine; usually all are made long before.
const MUTATION_TIME: Duration = Duration::from_secs(2);
const MUTATIONS: usize = 5_000;

type Target = fn(&[u8]);

/// Runs a target, and shows the input when that panics.
fn run(target: Target, octets: &[u8], origin: &str) {
    struct Shown<'a>(&'a [u8], &'a str);
    impl Drop for Shown<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                let hex: String = self.0.iter().map(|octet| format!("{octet:02x}")).collect();
                eprintln!("input, from {}: {hex}", self.1);
            }
        }
    }
    let shown = Shown(octets, origin);
    target(shown.0);
}

/// The files of a folder and below, in a stable order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// The files in an archive in tar format: blocks of 512 octets, a header block before each file's own.
fn untar(archive: &[u8]) -> Vec<Vec<u8>> {
    let (mut blocks, []) = archive.as_chunks::<512>() else { panic!("not whole blocks") };
    let mut files = Vec::new();
    while let [header, rest @ ..] = blocks {
        let size = std::str::from_utf8(&header[124..135]).unwrap();
        // Two empty blocks end the archive.
        if header[0] == 0 {
            break;
        }
        let size = usize::from_str_radix(size, 8).unwrap();
        let (content, rest) = rest.split_at(size.div_ceil(512));
        // Others than '0' are folders, links and the like.
        if header[156] == b'0' {
            files.push(content.as_flattened()[..size].to_vec());
        }
        blocks = rest;
    }
    files
}

/// Inputs that were made for other parsers: single messages, and other things that a target has to survive.
fn corpus_inputs() -> Vec<Vec<u8>> {
    let (Some(bind), Some(packets)) =
        (corpus::path("wire/bind9-fuzz"), corpus::path("wire/cznic-dns-fuzzing-packets.tar.xz"))
    else {
        return Vec::new();
    };
    let mut archive = Vec::new();
    XzDecoder::new(fs::File::open(packets).unwrap()).read_to_end(&mut archive).unwrap();
    let mut inputs = untar(&archive);
    assert!(inputs.len() > 9_000, "{} packets", inputs.len());
    inputs.extend(files(&bind).iter().map(|path| fs::read(path).unwrap()));
    inputs
}

/// xorshift64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// Changes an input as a fuzzer would: octets set, removed, inserted, cut off, or taken from another input.
fn mutate(random: &mut Random, input: &[u8], other: &[u8]) -> Vec<u8> {
    const TELLING: [u8; 12] = [0, 1, 2, 12, 41, 63, 64, 0x7f, 0x80, 0xc0, 250, 255];
    let mut octets = input.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(octets.len());
        match random.below(6) {
            0 if !octets.is_empty() => octets[at] ^= 1 << random.below(8),
            1 if !octets.is_empty() => octets[at] = TELLING[random.below(TELLING.len())],
            2 => octets.insert(at, TELLING[random.below(TELLING.len())]),
            3 if !octets.is_empty() => {
                octets.remove(at);
            }
            4 => octets.truncate(at),
            _ => octets.extend_from_slice(&other[random.below(other.len())..]),
        }
    }
    octets.truncate(70_000);
    octets
}

/// Feeds a target its seeds and mutations of them.
fn replay_seeds(name: &str, target: Target) {
    replay_with(name, target, Vec::new());
}

/// The same, and whatever messages there are.
fn replay(name: &str, target: Target) {
    replay_with(name, target, corpus_inputs());
}

fn replay_with(name: &str, target: Target, others: Vec<Vec<u8>>) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(name);
    let mut inputs: Vec<Vec<u8>> = Vec::new();
    for path in files(&seeds) {
        let octets = fs::read(&path).unwrap();
        run(target, &octets, &path.display().to_string());
        inputs.push(octets);
    }
    assert!(!inputs.is_empty(), "no seeds in {}", seeds.display());
    let seeds = inputs.len();
    for octets in others {
        run(target, &octets, "the corpus");
        inputs.push(octets);
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let start = Instant::now();
    let mut made = 0;
    while made < MUTATIONS && start.elapsed() < MUTATION_TIME {
        // Half of them from our own seeds, which reach furthest.
        let limit = if made % 2 == 0 { seeds } else { inputs.len() };
        let input = &inputs[random.below(limit)];
        let other = &inputs[random.below(inputs.len())];
        let octets = mutate(&mut random, input, other);
        run(target, &octets, "a mutation");
        made += 1;
    }
    assert!(made > 0);
}

#[test]
fn delta_apply() {
    // Its input is no message.
    replay_seeds("delta_apply", zxfr_fuzz::delta_apply);
}

#[test]
fn inbound_axfr() {
    replay("inbound_axfr", zxfr_fuzz::inbound_axfr);
}

#[test]
fn inbound_ixfr() {
    replay("inbound_ixfr", zxfr_fuzz::inbound_ixfr);
}

#[test]
fn message() {
    replay("message", zxfr_fuzz::message);
}

#[test]
fn name_rdata() {
    replay("name_rdata", zxfr_fuzz::name_rdata);
}

#[test]
fn request() {
    replay("request", zxfr_fuzz::request);
}

#[test]
fn tsig_verify() {
    replay("tsig_verify", zxfr_fuzz::tsig_verify);
}

/// The seeds say what their names say: the targets get where they should.
#[test]
fn signed_seeds_are_accepted() {
    use zxfr_core::time::UnixTime;
    use zxfr_core::tsig::rustcrypto::Hmac;
    use zxfr_core::tsig::{Algorithm, Key, TsigRecord, verify_request};
    use zxfr_core::wire::Message;

    for algorithm in Algorithm::ALL {
        let file = format!("../fuzz/seeds/tsig_verify/query-{}", algorithm.to_string().trim_start_matches("hmac-"));
        let octets = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let message = Message::new(&octets).unwrap();
        let layout = message.layout().unwrap();
        let record = TsigRecord::read(&message, &layout).unwrap().unwrap();
        let key = Key::<Hmac>::new(record.key_name.as_ref(), algorithm, b"fuzz").unwrap();
        assert!(verify_request(&message, &layout, &record, [key], UnixTime(1_800_000_000)).is_ok(), "{algorithm}");
    }
}

/// As [`signed_seeds_are_accepted`]: how each answer to IXFR ends.
#[test]
fn ixfr_seeds_end_as_their_names_say() {
    use zxfr_core::name::Name;
    use zxfr_core::serial::Serial;
    use zxfr_core::time::{Instant, Now, UnixTime};
    use zxfr_core::transfer::{Error, Inbound, Limits};
    use zxfr_core::tsig::{Algorithm, Key, NullMac, Verifier};

    let apex: Name = "example.".parse().unwrap();
    let key_name: Name = "key.example.".parse().unwrap();
    let now = Now { instant: Instant::default(), unix: UnixTime(1_800_000_000) };
    let end = |seed: &str| -> Result<String, Error> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/inbound_ixfr").join(seed);
        let key = Key::<NullMac>::new(key_name.as_ref(), Algorithm::HmacSha256, b"fuzz").unwrap();
        let verifier = seed.contains("signed").then(|| Verifier::new(key, &[]));
        let mut inbound = Inbound::ixfr(apex.as_ref(), Serial(7), 0x1234, Limits::default(), verifier);
        let octets = fs::read(file).unwrap();
        let (mut rest, mut last) = (&octets[..], String::new());
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (message, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
            // The first is the zone that is held.
            if rest.len() < octets.len() {
                let mut events = inbound.handle_message(message, now)?;
                while let Some(event) = events.next()? {
                    last = format!("{event:?}");
                }
            }
            rest = after;
        }
        inbound.eof().map(|()| last)
    };
    let text = |seed: &str| match end(seed) {
        Ok(event) => event,
        Err(error) => error.to_string(),
    };
    let ends = [
        ("Commit { serial: Serial(9) }", &["differences", "differences-in-messages", "one-record-a-message"][..]),
        ("Commit { serial: Serial(9) }", &["signed", "whole", "whole-soa-first", "skipped", "nsec3", "ttl"]),
        ("Commit { serial: Serial(9) }", &["absent", "present", "other-soa"]),
        ("Commit { serial: Serial(5) }", &["backward", "whole-older"]),
        ("UpToDate { serial: Serial(7) }", &["up-to-date", "up-to-date-twice"]),
        ("UpToDate { serial: Serial(6) }", &["older"]),
        ("connection ended after 1 messages", &["newer-alone", "whole-start"]),
        ("TC is set", &["truncated"]),
        ("differences from serial 6, asked for from serial 7", &["first-serial"]),
        ("SOA with serial 6 after differences that lead to serial 8", &["broken-chain"]),
        ("differences from serial 7 to the same serial", &["same-serial"]),
        ("differs from the first SOA in other fields", &["closing-differs"]),
        ("message after the end of the transfer", &["after-end"]),
        ("peer refused: REFUSED", &["refused"]),
        ("TSIG", &["last-unsigned"]),
    ];
    for (expected, seeds) in ends {
        for seed in seeds {
            assert!(text(seed).contains(expected), "{seed}: {}", text(seed));
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/inbound_ixfr");
    assert_eq!(ends.iter().map(|(_, seeds)| seeds.len()).sum::<usize>(), files(&folder).len());
}

/// As [`signed_seeds_are_accepted`].
#[test]
fn whole_transfers_among_the_seeds_are_whole() {
    use zxfr_core::name::Name;
    use zxfr_core::time::{Instant, Now, UnixTime};
    use zxfr_core::transfer::{Inbound, Limits};
    use zxfr_core::tsig::{Algorithm, Key, NullMac, Verifier};

    let apex: Name = "example.".parse().unwrap();
    let key_name: Name = "key.example.".parse().unwrap();
    let now = Now { instant: Instant::default(), unix: UnixTime(1_800_000_000) };
    for (seed, records) in [("soa-alone", 2), ("one-message", 5), ("three-messages", 6), ("signed", 5), ("skipped", 4)]
    {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/inbound_axfr").join(seed);
        let key = Key::<NullMac>::new(key_name.as_ref(), Algorithm::HmacSha256, b"fuzz").unwrap();
        let verifier = (seed == "signed").then(|| Verifier::new(key, &[]));
        let mut inbound = Inbound::axfr(apex.as_ref(), 0x1234, Limits::default(), verifier);
        let octets = fs::read(file).unwrap();
        let mut rest = &octets[..];
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (message, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
            let mut events = inbound.handle_message(message, now).unwrap_or_else(|error| panic!("{seed}: {error}"));
            while events.next().unwrap_or_else(|error| panic!("{seed}: {error}")).is_some() {}
            rest = after;
        }
        assert_eq!((inbound.eof(), inbound.totals().records), (Ok(()), records), "{seed}");
    }
}
