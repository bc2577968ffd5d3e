//! The examples of RFC 8976 and what they leave out.

use super::*;
use crate::name::Name;
use crate::serial::Serial;
use crate::wire::{Record, Rtype};
use crate::zone::builder::in_nsec3_run;
use crate::zone::testing::{APEX, Model, Owned, Random, delta, listed};
use crate::zone::{BuildLimits, Version};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

/// A serial, that of all examples.
const SERIAL: u32 = 2_018_031_900;

/// The digest of A.1.
const SIMPLE_384: &str =
    "c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c";

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn zonemd_at(owner: &str, ttl: u32, serial: u32, scheme: u8, hash: u8, digest: &[u8]) -> Owned {
    let zonemd = Zonemd { serial: Serial(serial), scheme, hash, digest: digest.into() };
    Owned::new(owner, 63, ttl, &zonemd.rdata())
}

fn zonemd(serial: u32, scheme: u8, hash: u8, digest: &str) -> Owned {
    zonemd_at(APEX, 86_400, serial, scheme, hash, &octets(digest))
}

fn texts(text: &str) -> Vec<u8> {
    [&[text.len() as u8][..], text.as_bytes()].concat()
}

fn aaaa(last: u8) -> Vec<u8> {
    [&[0x20, 1, 0x0d, 0xb8][..], &[0; 11], &[last]].concat()
}

/// A.1 without its ZONEMD, SOA first.
fn simple() -> Vec<Owned> {
    let numbers = [SERIAL, 1800, 900, 604_800, 86_400].map(u32::to_be_bytes).concat();
    vec![
        Owned::new(APEX, 6, 86_400, &[b"\x03ns1\x07example\0\x05admin\x07example\0", &numbers[..]].concat()),
        Owned::new(APEX, 2, 86_400, b"\x03ns1\x07example\0"),
        Owned::new(APEX, 2, 86_400, b"\x03ns2\x07example\0"),
        Owned::new("ns1.example.", 1, 3600, &[203, 0, 113, 63]),
        Owned::new("ns2.example.", 28, 3600, &aaaa(0x63)),
    ]
}

fn version(records: impl IntoIterator<Item = Owned>) -> Version {
    let apex: Name = APEX.parse().unwrap();
    let mut builder = crate::zone::Builder::new(apex.as_ref(), BuildLimits::NONE);
    for record in records {
        record.with(|record| builder.push(record)).unwrap();
    }
    builder.finish().unwrap().0
}

/// The verdict on the zone of A.1 with these records.
fn verdict(more: impl IntoIterator<Item = Owned>) -> Verdict {
    version(simple().into_iter().chain(more)).verify_zonemd::<Sha2>()
}

const VERIFIED: Verdict = Verdict::Verified(HashAlgorithm::Sha384);

#[test]
fn simple_example_zone() {
    // RFC 8976 A.1.
    assert_eq!(verdict([zonemd(SERIAL, 1, 1, SIMPLE_384)]), VERIFIED);
}

#[test]
fn complex_example_zone() {
    // RFC 8976 A.2; what is out of the zone no version takes.
    let more = [
        zonemd(
            SERIAL,
            1,
            1,
            "31cefb03814f5062ad12fa951ba0ef5f8da6ae354a415767246f7dc932ceb1e742a2108f529db6a33a11c01493de358d",
        ),
        Owned::new("occluded.sub.example.", 16, 7200, &texts("I'm occluded but must be digested")),
        Owned::new("sub.example.", 2, 7200, b"\x03ns1\x07example\0"),
        Owned::new("duplicate.example.", 16, 300, &texts("I must be digested just once")),
        Owned::new("duplicate.example.", 16, 300, &texts("I must be digested just once")),
        zonemd_at("non-apex.example.", 900, SERIAL, 1, 1, b"allowed but ignored. allowed but ignored. allowe"),
    ];
    assert_eq!(verdict(more), VERIFIED);
}

#[test]
fn example_zone_with_multiple_digests() {
    // RFC 8976 A.3.
    let sha384 = zonemd(
        SERIAL,
        1,
        1,
        "62e6cf51b02e54b9b5f967d547ce43136792901f9f88e637493daaf401c92c279dd10f0edb1c56f8080211f8480ee306",
    );
    let sha512 = zonemd(
        SERIAL,
        1,
        2,
        "08cfa1115c7b948c4163a901270395ea226a930cd2cbcf2fa9a5e6eb85f37c8a4e114d884e66f176eab121cb02db7d652e0cc4827e7a3204f166b47e5613fd27",
    );
    let private = [
        zonemd(SERIAL, 1, 240, "e2d523f654b9422a96c5a8f44607bbee"),
        zonemd(SERIAL, 241, 1, "e1846540e33a9e4189792d18d5d131f605fc283e"),
        Owned::new("ns2.example.", 16, 86_400, &texts("This example has multiple digests")),
    ];
    let check = |which: &[&Owned]| verdict(private.iter().chain(which.iter().copied()).cloned());
    assert_eq!(check(&[&sha384, &sha512]), VERIFIED);
    assert_eq!(check(&[&sha512]), Verdict::Verified(HashAlgorithm::Sha512));
    assert_eq!(check(&[]), Verdict::Failed(Failure::Unknown { scheme: 1, hash: 240 }));
    // One that is right is enough.
    assert_eq!(check(&[&zonemd(SERIAL, 1, 1, SIMPLE_384), &sha512]), Verdict::Verified(HashAlgorithm::Sha512));
}

#[test]
fn each_failure_has_its_reason() {
    let failed = |records: &[Owned]| match verdict(records.to_vec()) {
        Verdict::Failed(failure) => failure,
        other => panic!("{other}"),
    };
    assert_eq!(verdict([]), Verdict::Absent);
    let older = zonemd(SERIAL - 1, 1, 1, SIMPLE_384);
    let serial = Failure::Serial { theirs: Serial(SERIAL - 1), soa: Serial(SERIAL) };
    assert_eq!(failed(core::slice::from_ref(&older)), serial);
    let scheme = zonemd(SERIAL, 2, 1, SIMPLE_384);
    assert_eq!(failed(&[older.clone(), scheme]), Failure::Unknown { scheme: 2, hash: 1 });
    assert_eq!(failed(&[zonemd(SERIAL, 1, 3, SIMPLE_384)]), Failure::Unknown { scheme: 1, hash: 3 });
    let right = zonemd(SERIAL, 1, 1, SIMPLE_384);
    // The one that is right may not be used beside another of its kind, be it of another serial.
    assert_eq!(failed(&[right, older]), Failure::Repeated(HashAlgorithm::Sha384));
    let short = zonemd(SERIAL, 1, 1, &SIMPLE_384[..2 * MIN_DIGEST]);
    assert_eq!(failed(&[short]), Failure::Length { algorithm: HashAlgorithm::Sha384, octets: 12 });
    let long = zonemd(SERIAL, 1, 1, &format!("{SIMPLE_384}00"));
    assert_eq!(failed(&[long]), Failure::Length { algorithm: HashAlgorithm::Sha384, octets: 49 });
    let wrong = zonemd(SERIAL, 1, 1, &SIMPLE_384.replace('0', "1"));
    assert_eq!(failed(&[wrong]), Failure::Mismatch(HashAlgorithm::Sha384));
    let right = zonemd(SERIAL, 1, 1, SIMPLE_384);
    let more = Owned::new("more.example.", 1, 60, &[192, 0, 2, 1]);
    assert_eq!(failed(&[right, more]), Failure::Mismatch(HashAlgorithm::Sha384));
    assert_eq!(serial.to_string(), "it is of serial 2018031899, the SOA has 2018031900");
}

#[test]
fn a_digester_without_the_algorithm_verifies_nothing() {
    /// Knows no algorithm.
    enum None384 {}
    impl Digester for None384 {
        fn start(_: HashAlgorithm) -> Option<Self> {
            None
        }
        fn update(&mut self, _: &[u8]) {
            match *self {}
        }
        fn finish(self) -> DigestOctets {
            match self {}
        }
    }
    let zone = version(simple().into_iter().chain([zonemd(SERIAL, 1, 1, SIMPLE_384)]));
    assert_eq!(zone.verify_zonemd::<None384>(), Verdict::Failed(Failure::Unknown { scheme: 1, hash: 1 }));
    assert!(zone.zonemd::<None384>(HashAlgorithm::Sha384).is_none());
}

#[test]
fn signatures_of_the_apex_zonemd_alone_are_left_out() {
    let rrsig = |owner, covered: u8| {
        let rdata = [&[0, covered, 13, 1][..], &[0; 14], b"\x07example\0", &[7; 64]].concat();
        Owned::new(owner, 46, 3600, &rdata)
    };
    let right = || zonemd(SERIAL, 1, 1, SIMPLE_384);
    assert_eq!(verdict([right(), rrsig(APEX, 63)]), VERIFIED);
    let mismatch = Verdict::Failed(Failure::Mismatch(HashAlgorithm::Sha384));
    assert_eq!(verdict([right(), rrsig(APEX, 6)]), mismatch);
    assert_eq!(verdict([right(), rrsig("ns1.example.", 63)]), mismatch);
}

#[test]
fn names_count_in_lower_case_where_rfc_6840_says() {
    let upper = |records: Vec<Owned>| -> Vec<Owned> {
        let names = |record: &Owned| matches!(record.rtype, Rtype::SOA | Rtype::NS);
        let fold = |record: Owned| Owned {
            owner: record.owner.to_ascii_uppercase(),
            // Numbers of the SOA must stay as they are.
            rdata: match record.rdata.len().checked_sub(20) {
                Some(at) if record.rtype == Rtype::SOA => {
                    [&record.rdata[..at].to_ascii_uppercase(), &record.rdata[at..]].concat()
                }
                _ if names(&record) => record.rdata.to_ascii_uppercase(),
                _ => record.rdata,
            },
            ..record
        };
        records.into_iter().map(fold).collect()
    };
    let zone = version(upper(simple()).into_iter().chain([zonemd(SERIAL, 1, 1, SIMPLE_384)]));
    assert_eq!(zone.verify_zonemd::<Sha2>(), VERIFIED);
    // The next name of NSEC and the target of SVCB keep their case.
    for (rtype, before) in [(47, &[][..]), (64, &[0, 1])] {
        let digest = |name: &[u8]| {
            let after: &[u8] = if rtype == 47 { &[0, 1, 0x40] } else { &[] };
            let record = Owned::new("a.example.", rtype, 60, &[before, name, after].concat());
            version(simple().into_iter().chain([record])).zone_digest::<Sha2>(HashAlgorithm::Sha384)
        };
        assert_ne!(digest(b"\x01b\x07example\0"), digest(b"\x01B\x07example\0"), "{rtype}");
    }
}

#[test]
fn a_made_record_verifies_what_it_is_put_into() {
    for algorithm in [HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
        let stale = zonemd(SERIAL - 7, 1, algorithm.number(), SIMPLE_384);
        let bare = version(simple());
        let made = version(simple().into_iter().chain([stale])).zonemd::<Sha2>(algorithm).unwrap();
        assert_eq!(Some(&made), bare.zonemd::<Sha2>(algorithm).as_ref(), "what stands in its place doesn't count");
        let rdata = made.rdata();
        let record = Owned::of(&bare.zonemd_record(&rdata));
        assert_eq!((record.ttl, record.rtype), (86_400, Rtype::ZONEMD));
        assert_eq!(Zonemd::read(&rdata).unwrap(), made);
        assert_eq!(verdict([record]), Verdict::Verified(algorithm));
    }
    assert_eq!(Zonemd::read(&[0; 5]), None);
}

/// The digest by the letter: all records in memory, sorted by their canonical form.
fn plainly(version: &Version, algorithm: HashAlgorithm) -> String {
    let labels = |owner: &str| -> Vec<Vec<u8>> {
        let owner: Name = owner.to_ascii_lowercase().parse().unwrap();
        let mut labels: Vec<Vec<u8>> = owner.as_ref().labels().map(<[u8]>::to_vec).collect();
        labels.reverse();
        labels
    };
    let lower = |record: &Owned| match record.rtype.0 {
        2 => record.rdata.to_ascii_lowercase(),
        _ => record.rdata.clone(),
    };
    let mut records = listed(version);
    records.retain(|record| !(record.owner == APEX && record.rtype == Rtype::ZONEMD));
    records.sort_by_key(|record| (labels(&record.owner), record.rtype, lower(record)));
    let mut hash = Sha2::start(algorithm).unwrap();
    for record in &records {
        let owner: Name = record.owner.to_ascii_lowercase().parse().unwrap();
        let rdata = lower(record);
        hash.update(owner.as_octets());
        hash.update(&[record.rtype.0.to_be_bytes(), [0, 1]].concat());
        hash.update(&record.ttl.to_be_bytes());
        hash.update(&(rdata.len() as u16).to_be_bytes());
        hash.update(&rdata);
    }
    hex(&hash.finish())
}

#[test]
fn large_small_and_edited_zones_are_walked_in_canonical_order() {
    let apex: Name = APEX.parse().unwrap();
    let (mut whole, mut divided) = (0, 0);
    for seed in 0..40 {
        let mut random = Random(seed);
        let count = [5, 40, 400, 4000][seed as usize % 4];
        let mut model = Model::of((0..count).map(|_| random.record(count * 2, 1)));
        // At one name NSEC3 and other types: they are in different runs, and belong together.
        let both = format!("{}.{APEX}", "0123456789abcdefghijklmnopqrstuv");
        model.insert(Owned::new(&both, 50, 350, &[1, 0, 0, 0, 0, 1, 9, 0, 1, 0x40]));
        model.insert(Owned::new(&both, 1, 300, &[192, 0, 2, 7]));
        model.insert(Owned::new(&both, 65_280, 300, &[1]));
        let zone = model.version(1);
        let hashed = |zone: &Version| {
            let is_hashed = |record: &Record<'_>| in_nsec3_run(apex.as_ref(), record);
            listed(zone).iter().filter(|record| record.with(is_hashed)).count()
        };
        assert!(hashed(&zone) > 0);
        *if zone.parts.whole { &mut whole } else { &mut divided } += 1;
        let added: Vec<Owned> = (0..20).map(|_| random.record(count * 2, 1)).filter(|r| !model.has(r)).collect();
        let added: Vec<Owned> = Model::of(added).records.into_values().collect();
        let removed: Vec<Owned> = model.pick(random.below(count)).into_iter().collect();
        let edited = zone.apply(&delta(1, 2, &removed, &added), BuildLimits::NONE).unwrap().version;
        for zone in [&zone, &edited, &edited.settled()] {
            for algorithm in [HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
                let digest = zone.zone_digest::<Sha2>(algorithm).unwrap();
                assert_eq!(digest.len(), algorithm.digest_len());
                assert_eq!(hex(&digest), plainly(zone, algorithm), "seed {seed}");
            }
        }
        for record in removed {
            model.remove(&record);
        }
        for record in added {
            model.insert(record);
        }
        assert_eq!(
            edited.zone_digest::<Sha2>(HashAlgorithm::Sha384),
            model.version(2).zone_digest::<Sha2>(HashAlgorithm::Sha384)
        );
    }
    assert!(whole > 5 && divided > 5, "{whole} {divided}");
}
