//! ZONEMD (RFC 8976) on the zones of others: needs the corpus folder in `ZXFR_CORPUS`; dnspython is had from PyPI.

mod corpus;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::serial::Serial;
use zxfr_core::wire::{Record, Rtype};
use zxfr_core::zone::zonemd::{Failure, HashAlgorithm, Sha2, Verdict};
use zxfr_core::zone::{BuildLimits, Builder, Version};
use zxfr_tests::{packages, tally};
use zxfrd::zone::{LoadOptions, load_text};
use zxfrd::zonefile::write_record;

const VERIFIED: Verdict = Verdict::Verified(HashAlgorithm::Sha384);
const MISMATCH: Verdict = Verdict::Failed(Failure::Mismatch(HashAlgorithm::Sha384));
const DNSPYTHON: &str = "dnspython==2.9.2";

/// The text of a file, or of the same packed.
fn text(path: &Path) -> Vec<u8> {
    let mut text = Vec::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        GzDecoder::new(File::open(path).unwrap()).read_to_end(&mut text).unwrap();
        return text;
    }
    match File::open(path) {
        Ok(mut file) => file.read_to_end(&mut text).map(|_| text).unwrap(),
        Err(_) => self::text(&PathBuf::from(format!("{}.gz", path.display()))),
    }
}

fn load(path: &Path, apex: NameRef<'_>) -> Version {
    let options = LoadOptions { apex: Some(apex), ..LoadOptions::default() };
    load_text(&text(path), path, &options).unwrap_or_else(|error| panic!("{}: {error}", path.display())).version
}

fn name(text: &str) -> Name {
    if text.ends_with('.') { text.parse().unwrap() } else { format!("{text}.").parse().unwrap() }
}

/// The cases of Verisign: name, zone, whether it has to verify.
fn cases() -> Option<Vec<(String, Version, bool)>> {
    let mut cases = Vec::new();
    for folder in fs::read_dir(corpus::path("zonemd/verisign-test-cases/zones")?).unwrap() {
        let folder = folder.unwrap().path();
        let config = fs::read_to_string(folder.join("config")).unwrap();
        let field = |field: &str| {
            let values = config.lines().filter_map(|line| line.split_once('='));
            values.filter(|(name, _)| *name == field).map(|(_, value)| value.trim()).next_back().unwrap()
        };
        let verifies = match field("expected_result") {
            "success" => true,
            "failure" => false,
            other => panic!("{other}"),
        };
        let version = load(&folder.join(field("zonefile")), name(field("origin")).as_ref());
        let case = folder.file_name().unwrap().display().to_string();
        // What PowerDNS says, which doesn't know all of the types in it. Its digest is right, as dnspython finds, too.
        let verifies = verifies || case == "22-lots-rr-types";
        cases.push((case, version, verifies));
    }
    cases.sort_by(|one, other| one.0.cmp(&other.0));
    Some(cases)
}

/// The signed root zones: serial and zone.
fn roots() -> Option<Vec<(u32, Version)>> {
    let files = fs::read_dir(corpus::path("root-signed")?).unwrap();
    let mut roots: Vec<(u32, Version)> = files
        .map(|file| load(&file.unwrap().path(), NameRef::ROOT))
        .map(|version| (version.serial().0, version))
        .collect();
    roots.sort_by_key(|(serial, _)| *serial);
    Some(roots)
}

#[test]
fn every_case_gets_its_verdict() {
    let Some(cases) = cases() else { return };
    for (case, version, verifies) in &cases {
        let verdict = version.verify_zonemd::<Sha2>();
        let _ = writeln!(io::stderr(), "{case}: {verdict}");
        assert_eq!(matches!(verdict, Verdict::Verified(_)), *verifies, "{case}: {verdict}");
        let sha384 = HashAlgorithm::Sha384;
        let expected = match &case[..2] {
            "81" => MISMATCH,
            "30" => Verdict::Failed(Failure::Repeated(sha384)),
            "32" => Verdict::Failed(Failure::Length { algorithm: sha384, octets: 22 }),
            "33" => Verdict::Failed(Failure::Unknown { scheme: 1, hash: 13 }),
            "35" => Verdict::Failed(Failure::Serial { theirs: Serial(3_333_333_333), soa: Serial(2_018_031_900) }),
            _ => VERIFIED,
        };
        assert_eq!(verdict, expected, "{case}");
    }
    assert!(cases.len() >= 24, "{}", cases.len());
}

#[test]
fn examples_of_rfc_8976() {
    let Some(folder) = corpus::path("corpora/ldns/test/25-ZONEMD.tpkg") else { return };
    for (file, origin) in [
        ("A.1.Simple-EXAMPLE-Zone", "example."),
        ("A.2.Complex-EXAMPLE-Zone", "example."),
        ("A.3.EXAMPLE-Zone-with-multiple-digests", "example."),
        ("A.4.The-URI.ARPA-Zone", "uri.arpa."),
        ("A.5.The-ROOT-SERVERS.NET-Zone", "root-servers.net."),
    ] {
        assert_eq!(load(&folder.join(file), name(origin).as_ref()).verify_zonemd::<Sha2>(), VERIFIED, "{file}");
    }
}

#[test]
fn signed_roots_verify_since_they_have_a_digest() {
    let Some(roots) = roots() else { return };
    for (serial, version) in &roots {
        // From September to December of 2023 the root had a ZONEMD with a private algorithm.
        let expected = match serial {
            ..2_023_091_300 => Verdict::Absent,
            ..2_023_120_600 => Verdict::Failed(Failure::Unknown { scheme: 1, hash: 241 }),
            _ => VERIFIED,
        };
        assert_eq!(version.verify_zonemd::<Sha2>(), expected, "{serial}");
    }
    assert!(roots.len() >= 19, "{}", roots.len());
}

/// The zone with a ZONEMD of ours in the place of all others.
fn with_ours(version: &Version, algorithm: HashAlgorithm) -> Version {
    let rdata = version.zonemd::<Sha2>(algorithm).unwrap().rdata();
    let ours = version.zonemd_record(&rdata);
    let mut builder = Builder::new(version.apex(), BuildLimits::NONE);
    let is_theirs = |record: &Record<'_>| record.rtype == ours.rtype && record.owner == ours.owner;
    let mut records = version.records();
    while let Some(record) = records.next() {
        if !is_theirs(&record) {
            builder.push(&record).unwrap();
        }
    }
    builder.push(&ours).unwrap();
    builder.finish().unwrap().0
}

/// What dnspython is asked to do: verify each zone by its own ZONEMD.
const SCRIPT: &str = "
import sys, dns.zone
for line in sys.stdin:
    path, origin = line.split()
    with open(path) as text:
        zone = dns.zone.from_file(text, origin=origin, relativize=False, check_origin=False)
    try:
        zone.verify_digest()
        print('verified')
    except dns.zone.DigestVerificationFailure:
        print('failed')
";

/// Zones with a ZONEMD of ours each, as files: path and zone.
fn made(dir: &Path, readable: impl Fn(&str) -> bool) -> Option<Vec<(PathBuf, Version)>> {
    let (cases, roots) = (cases()?, roots()?);
    let cases = cases.into_iter().filter(|(case, ..)| readable(case));
    let newest = roots.into_iter().next_back().map(|(_, version)| ("root".to_owned(), version));
    let mut made = Vec::new();
    for (case, version) in cases.map(|(case, version, _)| (case, version)).chain(newest) {
        for algorithm in [HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
            let ours = with_ours(&version, algorithm);
            assert_eq!(ours.verify_zonemd::<Sha2>(), Verdict::Verified(algorithm));
            let mut text = Vec::new();
            let mut records = ours.records();
            while let Some(record) = records.next() {
                write_record(record.into(), &mut text);
            }
            let path = dir.join(format!("{case}-{algorithm}"));
            fs::write(&path, text).unwrap();
            made.push((path, ours));
        }
    }
    Some(made)
}

#[test]
fn dnspython_verifies_what_is_made() {
    let dir = tempfile::tempdir().unwrap();
    // dnspython refuses to read the ZONEMD of another name in it, with hash algorithm 0.
    let Some(made) = made(dir.path(), |case| case != "14-non-apex-zonemd") else { return };
    let bin = match packages::python("dnspython", "python", &[DNSPYTHON]) {
        Ok(bin) => bin,
        Err(failure) => return tally::lacking("ZONEMD by dnspython", &failure.to_string()),
    };
    let input: String = made.iter().map(|(path, zone)| format!("{} {}\n", path.display(), zone.apex())).collect();
    let list = dir.path().join("list");
    fs::write(&list, &input).unwrap();
    let mut python = Command::new(bin.join("python"));
    let output = python.args(["-c", SCRIPT]).stdin(File::open(&list).unwrap()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let verdicts = String::from_utf8(output.stdout).unwrap();
    let failed: Vec<_> = input.lines().zip(verdicts.lines()).filter(|(_, verdict)| *verdict != "verified").collect();
    assert_eq!((verdicts.lines().count(), failed), (made.len(), vec![]));
}

#[test]
fn ldns_verifies_what_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let Some(made) = made(dir.path(), |_| true) else { return };
    for (path, zone) in &made {
        let Some(right) = ldns(path) else { return };
        // Their signatures expired long ago.
        let signed = zone.rrset(zone.apex(), Rtype::DNSKEY).next().is_some();
        assert!(!right.contains(NO_DIGEST) && (signed || right.is_empty()), "{}: {right}", path.display());
        let text = fs::read_to_string(path).unwrap();
        fs::write(path, format!("{text}$ORIGIN {}\nadded\t1\tIN\tA\t192.0.2.1\n", zone.apex())).unwrap();
        let wrong = ldns(path).unwrap_or_default();
        assert!(wrong.contains(NO_DIGEST), "{}: {wrong}", path.display());
    }
}

/// What ldns-verify-zone says of a zone whose ZONEMD is wrong.
const NO_DIGEST: &str = "Could not validate zone digest";

/// What ldns-verify-zone finds wrong with a zone.
fn ldns(path: &Path) -> Option<String> {
    match Command::new("ldns-verify-zone").args(["-V", "1", "-Z"]).arg(path).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => {
            tally::lacking("ZONEMD by ldns-verify-zone", &error.to_string());
            None
        }
    }
}
