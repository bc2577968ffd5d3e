//! Real zones and other servers' parser cases, read and written: needs the corpus folder in `ZXFR_CORPUS`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use zxfrd::zonefile::{Options, Record, Summary, parse_name, read, read_text, write_record};

/// The corpus folder; says so loudly when there is none.
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("ZXFR_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        // Not by a macro: the test harness would keep it to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: set ZXFR_CORPUS to the corpus folder to read real zones");
    }
    folder
}

fn options(origin: Option<&[u8]>) -> Options<'_> {
    Options { origin, max_problems: 20, ..Options::default() }
}

/// Reads a zone and writes it.
fn written(path: &Path, origin: Option<&[u8]>) -> (Summary, Vec<u8>) {
    let mut text = Vec::new();
    let sink = |record: Record<'_>| {
        write_record(record, &mut text);
        Ok::<_, String>(())
    };
    let summary = read(path, &options(origin), sink).unwrap_or_else(|error| panic!("{error}"));
    (summary, text)
}

/// Reads a zone, writes it, reads that, and compares; returns the first summary.
fn round_trip(path: &Path, origin: Option<&[u8]>) -> Summary {
    let (summary, text) = written(path, origin);
    let mut again = Vec::with_capacity(text.len());
    let sink = |record: Record<'_>| {
        write_record(record, &mut again);
        Ok::<_, String>(())
    };
    let second = read_text(&text, path, &options(Some(&summary.apex)), sink).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(second.records, summary.records, "{}", path.display());
    assert!(text == again, "{}: the second writing differs", path.display());
    summary
}

/// The record counts of the corpus's own index: the number before a comma or the end of the column.
fn counts(folder: &Path) -> BTreeMap<String, u64> {
    let index = std::fs::read_to_string(folder.join("INDEX.md")).unwrap();
    let mut counts = BTreeMap::new();
    for line in index.lines() {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        if let [_, path, _, _, _, count, ..] = columns[..]
            && let Ok(count) = count.split(',').next().unwrap().parse()
        {
            counts.insert(path.trim_matches('`').to_owned(), count);
        }
    }
    counts
}

#[test]
fn real_zones_have_their_record_counts_and_round_trip() {
    let Some(folder) = corpus() else { return };
    let mut zones = 0;
    for (path, count) in counts(&folder) {
        let is_zone = path.ends_with(".zone") || path.ends_with(".zone.gz") || path.ends_with(".zone.xz");
        if !is_zone || path.starts_with("corpora/") {
            continue;
        }
        if path == "rpz/oisd-small-20250715196.last.zone.xz" {
            // A real publisher's serial beyond 32 bits.
            let error = read(&folder.join(&path), &options(None), |_| Ok::<_, String>(())).unwrap_err();
            assert_eq!(error.problems[0].message, "SOA: '20250715196': the serial is larger than 4294967295");
            continue;
        }
        let summary = round_trip(&folder.join(&path), None);
        assert_eq!(summary.records + summary.outside, count, "{path}");
        // One list has names that end outside its zone.
        assert_eq!(summary.outside > 0, path.contains("phishing-filter"), "{path}: {:?}", summary.warnings);
        zones += 1;
    }
    assert!(zones >= 30, "only {zones} zones in the index");
}

#[test]
fn original_files_with_their_own_formatting() {
    let Some(folder) = corpus() else { return };
    let raw = |name: &str| folder.join(name);
    let root = parse_name("rpz.test").unwrap();
    assert_eq!(
        round_trip(&raw("gov/raw/gov-original-1787383922.txt.gz"), Some(&parse_name("gov").unwrap())).outside,
        0
    );
    assert!(round_trip(&raw("rpz/raw/doh-2608220415.txt.gz"), Some(&root)).records > 4000);
    // Its owners are absolute, so that it is whole below the root only.
    assert_eq!(round_trip(&raw("rpz/raw/dnsbunker-cti-1787419808.txt.gz"), Some(&[0])).records, 12_252);
    let error = read(
        &raw("rpz/raw/oisd-small-serial-overflow-20250715196.txt.gz"),
        &Options { origin: Some(&root), ..Options::default() },
        |_| Ok::<_, String>(()),
    )
    .unwrap_err();
    let problem = &error.problems[0];
    assert_eq!(problem.message, "SOA: '20250715196': the serial is larger than 4294967295");
    assert!(problem.line > 0 && problem.column > 0);
}

#[test]
fn dnspython_example_is_as_dnspython_prints_it() {
    let Some(folder) = corpus() else { return };
    let folder = folder.join("corpora/dnspython/tests");
    let origin = parse_name("example").unwrap();
    let records = |name: &str| {
        let mut lines: Vec<Vec<u8>> = Vec::new();
        let sink = |record: Record<'_>| {
            let mut line = Vec::new();
            write_record(record, &mut line);
            lines.push(line);
            Ok::<_, String>(())
        };
        read(&folder.join(name), &options(Some(&origin)), sink).unwrap_or_else(|error| panic!("{error}"));
        lines.sort();
        lines.dedup();
        lines
    };
    let example = records("example");
    assert!(example.len() > 150);
    for good in ["example1.good", "example2.good", "example3.good"] {
        let good_records = records(good);
        for (ours, theirs) in example.iter().zip(&good_records) {
            assert_eq!(String::from_utf8_lossy(ours), String::from_utf8_lossy(theirs), "{good}");
        }
        assert_eq!(example.len(), good_records.len());
    }
}

/// Where we and Knot's scanner differ, and why.
const KNOT_DIFFERENCES: &[(&str, &str)] = &[
    ("00-2_general", "a last line without a line feed is a line"),
    ("01_owner", "a name may hold any octet, unescaped if it means nothing to a zone file"),
    ("03_rrttl", "a TTL of 2^32-1 is 0 (RFC 2181 section 8)"),
    ("04-1_ORIGIN", "a relative $ORIGIN is completed by the one before, as in BIND"),
    ("04-2_ORIGIN", "as above"),
    ("05-0_TTL", "a TTL of 2^32-1 is 0 (RFC 2181 section 8)"),
    ("06-0_INCLUDE", "its paths are templates"),
    ("06-1_INCLUDE", "a relative origin is completed, as in BIND"),
    ("06-2_INCLUDE", "a relative origin is completed, as in BIND"),
    ("07-2-rdata", "without $TTL our SOA's TTL serves"),
    ("07-3-rdata", "without $TTL our SOA's TTL serves"),
    ("07-4-rdata", "without $TTL our SOA's TTL serves"),
    ("12_TXT", "a quoted text ends on its line and is not split at 255 octets, as in BIND"),
    ("14_NS", "a name may hold any octet"),
    ("18_MX", "a name may hold any octet"),
    ("25_SOA", "a zone has one SOA"),
    ("26_SRV", "a name may hold any octet"),
    ("28_TYPE", "type 0 cannot stand in a zone"),
    ("35_IPSECKEY", "algorithm 0 means that there is no key (RFC 4025 section 2.4)"),
    ("36_RRSIG", "a name may hold any octet; times after 2106 wrap"),
    ("38_DHCID", "an empty RDATA can be had by RFC 3597's form"),
    ("42_LOC", "a latitude is at most 90 degrees (RFC 1876)"),
    ("62_ALIAS", "a type of Knot's own, read as TYPE65401"),
    ("63_DELEG", "a draft's type, read as TYPE61440"),
];

/// One case of Knot's scanner: the records as it prints them, and how many errors.
fn knot_verdict(text: &str) -> (Vec<String>, usize) {
    let mut records = Vec::new();
    let mut errors = 0;
    for block in text.split("------") {
        let mut parts = BTreeMap::new();
        for line in block.lines() {
            if let Some((key, value)) = line.split_once('=') {
                parts.insert(key.trim(), value.trim());
            }
        }
        if let Some(rdata) = parts.get("RDATA") {
            records.push(format!("{} {} {} {}", parts["OWNER"], parts["RRTTL"], parts["RTYPE"], rdata));
        } else if !parts.is_empty() {
            errors += 1;
        }
    }
    (records, errors)
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

#[test]
fn knot_scanner_cases() {
    let Some(folder) = corpus() else { return };
    let folder = folder.join("corpora/knot/tests/libzscanner/data");
    let mut differences = Vec::new();
    let (mut cases, mut known) = (0, 0);
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "in")) {
        let Ok(expected) = std::fs::read_to_string(path.with_extension("out")) else {
            continue;
        };
        cases += 1;
        let (expected, errors) = knot_verdict(&expected);
        // The cases are not zones: an SOA put first makes one of them, and its line is not counted.
        let mut text = b". 1 IN SOA . . 0 0 0 0 0\n".to_vec();
        text.extend_from_slice(&std::fs::read(path).unwrap());
        let mut seen = Vec::new();
        let sink = |record: Record<'_>| {
            let line = format!("{} {:08X} {:04X} {}", hex(record.owner), record.ttl, record.rtype, hex(record.rdata));
            seen.push(line);
            Ok::<_, String>(())
        };
        let root = [0];
        let all = Options { origin: Some(&root), max_problems: usize::MAX, ..Options::default() };
        let problems = match read_text(&text, path, &all, sink) {
            Ok(_) => Vec::new(),
            Err(error) => error.problems,
        };
        seen.remove(0);
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let missing: Vec<_> = expected.iter().filter(|record| !seen.contains(record)).collect();
        let extra: Vec<_> = seen.iter().filter(|record| !expected.contains(record)).collect();
        if KNOT_DIFFERENCES.iter().any(|&(known, _)| known == name) {
            known += 1;
        } else if !missing.is_empty() || !extra.is_empty() || (errors > 0) == problems.is_empty() {
            differences.push(format!(
                "{name}: missing {missing:#?}, extra {extra:#?}, {errors} errors, problems: {problems:#?}"
            ));
        }
    }
    assert!(cases > 80, "only {cases} cases");
    assert_eq!(known, KNOT_DIFFERENCES.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What BIND refuses for what the zone means, not for how it is written.
const BIND_SEMANTICS: &[&str] = &[
    "bad-_dns-svcb",
    "bad-badclass",
    "bad-cdnskey",
    "bad-cds",
    "bad-cname-and",
    "bad-dns-sd-reverse",
    "bad-ds",
    "bad-nsec3",
    "bad-rpz-prefix",
    "bad-svcb-servername",
];

#[test]
fn bind_checkzone_cases() {
    let Some(folder) = corpus() else { return };
    let folder = folder.join("corpora/bind9/bin/tests/system/checkzone/zones");
    let origin = parse_name("example").unwrap();
    let (mut good, mut bad) = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".db") {
            continue;
        }
        let outcome = read(&path, &options(Some(&origin)), |_| Ok::<_, String>(()));
        if name.starts_with("bad") && !BIND_SEMANTICS.iter().any(|prefix| name.starts_with(prefix)) {
            assert!(outcome.is_err(), "{name} is taken");
            bad += 1;
        } else if name.starts_with("good") {
            outcome.unwrap_or_else(|error| panic!("{error}"));
            good += 1;
        }
    }
    assert!(good >= 10 && bad >= 30, "{good} good, {bad} bad");
}

#[test]
fn domain_reads_the_same_records() {
    use domain::base::ToName as _;
    use domain::base::rdata::ComposeRecordData as _;
    use domain::zonefile::inplace::{Entry, Zonefile};

    let Some(folder) = corpus() else { return };
    for name in ["root-signed/root-2025103100.zone", "root-signed/root-2023110500.zone"] {
        let path = folder.join(name);
        let mut theirs = Zonefile::load(&mut std::fs::File::open(&path).unwrap()).unwrap();
        let mut count = 0;
        let sink = |record: Record<'_>| {
            let Some(Entry::Record(expected)) = theirs.next_entry().unwrap() else {
                panic!("more records than domain")
            };
            let mut rdata = Vec::new();
            expected.data().compose_rdata(&mut rdata).unwrap();
            assert_eq!(record.owner, expected.owner().to_vec().as_slice());
            assert_eq!((record.rtype, record.ttl), (expected.rtype().to_int(), expected.ttl().as_secs()));
            assert_eq!(record.rdata, rdata);
            count += 1;
            Ok::<_, String>(())
        };
        read(&path, &options(None), sink).unwrap_or_else(|error| panic!("{error}"));
        assert!(count > 20_000);
    }
}
