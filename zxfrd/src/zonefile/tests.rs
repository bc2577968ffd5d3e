use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;

use super::*;

const SOA: &str = "@ SOA ns host 1 2h 3 4 5\n";

/// Reads text of the zone example. and gives its lines as written, without the SOA's, and the summary.
fn try_zone(text: &str) -> Result<(Vec<String>, Summary), ReadError> {
    let origin = parse_name("example").unwrap();
    let mut lines = Vec::new();
    let options = Options { origin: Some(&origin), max_problems: 20, ..Options::default() };
    let summary = read_text(text.as_bytes(), Path::new("dir/example.zone"), &options, |record| {
        let mut line = Vec::new();
        write_record(record, &mut line);
        let line = String::from_utf8(line).unwrap().trim_end_matches('\n').replace('\t', " ");
        if !line.contains(" SOA ") {
            lines.push(line);
        }
        Ok::<_, String>(())
    })?;
    Ok((lines, summary))
}

fn zone(text: &str) -> Vec<String> {
    try_zone(&format!("{SOA}{text}")).unwrap_or_else(|error| panic!("{error}")).0
}

/// The problems of text, without the path.
fn problems(text: &str) -> Vec<String> {
    let error = try_zone(text).unwrap_err().to_string();
    error.lines().map(|line| line.strip_prefix("dir/example.zone:").unwrap_or(line).to_owned()).collect()
}

#[test]
fn heads_in_every_order() {
    let text = "a 1 IN A 192.0.2.1\n  in 2 A 192.0.2.2\n  IN A 192.0.2.3\n  3 A 192.0.2.4\nB A 192.0.2.5\n\\$c CLASS1 TYPE1 \\# 4 C0000206\n";
    assert_eq!(
        zone(text),
        [
            "a.example. 1 IN A 192.0.2.1",
            "a.example. 2 IN A 192.0.2.2",
            "a.example. 5 IN A 192.0.2.3",
            "a.example. 3 IN A 192.0.2.4",
            "B.example. 5 IN A 192.0.2.5",
            "\\$c.example. 5 IN A 192.0.2.6",
        ]
    );
}

#[test]
fn default_ttls() {
    // The SOA's MINIMUM when the SOA has no TTL; its TTL otherwise; $TTL before both.
    assert_eq!(zone("a NS b"), ["a.example. 5 IN NS b.example."]);
    let lines = |text| try_zone(text).unwrap().0;
    assert_eq!(lines("@ 7 SOA a b 1 2 3 4 5\na NS b"), ["a.example. 7 IN NS b.example."]);
    assert_eq!(lines("$TTL 1h\n@ 7 SOA a b 1 2 3 4 5\na NS b"), ["a.example. 3600 IN NS b.example."]);
    assert_eq!(
        problems("a NS b\n@ 1 SOA a b 1 2 3 4 5"),
        ["1:1: the record has no TTL, and there is no $TTL and no TTL before it"]
    );
    let (lines, summary) = try_zone(&format!("{SOA}a 2147483648 NS b\n")).unwrap();
    assert_eq!(lines, ["a.example. 0 IN NS b.example."]);
    assert_eq!(
        summary.warnings[0].to_string(),
        "dir/example.zone:2: TTL 2147483648 is above 2147483647 and counts as 0 (RFC 2181 section 8)"
    );
}

#[test]
fn origins() {
    let lines = zone("$ORIGIN sub\na NS @\n$ORIGIN example.\nb NS \\@\n");
    assert_eq!(lines, ["a.sub.example. 5 IN NS sub.example.", "b.example. 5 IN NS \\@.example."]);
}

#[test]
fn the_apex_is_found_by_the_soa() {
    let apex = |text: &str| {
        read_text(text.as_bytes(), Path::new("z"), &Options::default(), |_| Ok::<_, String>(()))
            .map(|summary| summary.apex)
    };
    assert_eq!(apex("Example. 1 SOA a. b. 1 2 3 4 5").unwrap(), b"\x07Example\x00");
    assert_eq!(apex("$ORIGIN example.\n@ 1 SOA a b 1 2 3 4 5").unwrap(), b"\x07example\x00");
    assert_eq!(apex("a.example. 1 NS a.\nexample. SOA a. b. 1 2 3 4 5").unwrap(), b"\x07example\x00");
    assert!(
        apex("@ 1 SOA a b 1 2 3 4 5")
            .unwrap_err()
            .to_string()
            .contains("z:1:1: owner '@': a relative name needs an origin")
    );
    assert_eq!(
        apex("a. 1 NS a.").unwrap_err().to_string(),
        "z:1: the first record is not the SOA: put it first, or say which zone this is"
    );
}

#[test]
fn problems_say_where_and_what() {
    let all = problems(&format!(
        "{SOA}a 1x A 192.0.2.1\n\
         b A 192.0.2.256\n\
         c ( 1\n  CH A 192.0.2.1 )\n\
         d NOSUCH x\n\
         e MX 10\n\
         f MX 10 a b\n\
         g TSIG x\n\
         $GENERATE 1-2 a A $\n\
         h..i NS a\n\
         $TTL\n\
         j A \\# 3 010203\n\
         k TYPE65280 x\n\
         l TXT \"a\n\
         m 1 IN"
    ));
    let expected = [
        "2:3: TTL '1x' is not a number",
        "3:5: A: '192.0.2.256': ",
        "5:3: class 'CH': only zones of class IN are served",
        "6:3: 'NOSUCH' is not a record type, a class or a TTL",
        "7:6: MX: the record ends too early: a field is missing",
        "8:11: MX: 'b': there is more behind the record's last field",
        "9:3: type 'TSIG' cannot stand in a zone",
        "10:15: $GENERATE at 1: A: '1': ",
        "11:1: owner 'h..i': the name has an empty label",
        "12:1: the directive ends too early",
        "13:10: A: '010203': these octets are not a valid RDATA of A",
        "14:13: TYPE65280: 'x': the RDATA of this type is written as RFC 3597 says",
        "15:7: the quote is not closed on its line",
        "16:5: the record ends before its type",
    ];
    assert_eq!(all.len(), expected.len(), "{all:#?}");
    for (problem, expected) in all.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem:?} does not begin with {expected:?}");
    }
}

#[test]
fn reading_ends_at_the_limit_of_problems() {
    let text = format!("{SOA}{}", "a A x\n".repeat(30));
    let error = try_zone(&text).unwrap_err();
    assert!(error.problems.len() == 20 && error.more);
    assert!(error.to_string().ends_with("reading stopped here"));
    let first =
        read_text(text.as_bytes(), Path::new("z"), &Options { origin: Some(&[0]), ..Options::default() }, |_| {
            Ok::<_, String>(())
        });
    assert_eq!(first.unwrap_err().problems.len(), 1);
}

#[test]
fn what_makes_a_zone() {
    assert_eq!(problems("a 1 NS b"), [" the zone example. has no SOA record"]);
    assert_eq!(
        problems(&format!("{SOA}@ SOA ns host 2 2 3 4 5")),
        ["2:1: a second SOA, and it differs from the first"]
    );
    assert_eq!(
        problems(&format!("{SOA}a SOA ns host 1 2 3 4 5")),
        ["2:1: an SOA at a.example., which is not the apex example."]
    );
    assert_eq!(
        problems("@ SOA ns host 20250715196 2 3 4 5"),
        ["1:15: SOA: '20250715196': the serial is larger than 4294967295"]
    );
    let (lines, summary) = try_zone(&format!("{SOA}a.other. NS b\nb NS c\nxexample. NS c\n{SOA}")).unwrap();
    assert_eq!(lines, ["b.example. 5 IN NS c.example."]);
    assert_eq!((summary.records, summary.outside, summary.warning_count), (2, 2, 3));
    assert_eq!(summary.warnings[0].to_string(), "dir/example.zone:2: a.other. is outside the zone example.: left out");
    assert!(summary.warnings[2].message.starts_with("the same SOA again"));
}

#[test]
fn an_error_of_the_sink_ends_reading_with_its_line() {
    let mut seen = 0;
    let options = Options { origin: Some(&[0]), max_problems: 20, ..Options::default() };
    let error = read_text(format!("{SOA}a NS b\nb NS c\n").as_bytes(), Path::new("z"), &options, |_| {
        seen += 1;
        if seen == 2 { Err("too many records") } else { Ok(()) }
    });
    assert_eq!(error.unwrap_err().to_string(), "z:2: too many records");
    assert_eq!(seen, 2);
}

#[test]
fn included_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("sub")).unwrap();
    let file = |name: &str, text: &str| std::fs::write(path(name), text).unwrap();
    file("main", &format!("{SOA}a NS x\n$INCLUDE sub/one below\n  A 192.0.2.1\nb NS x\n"));
    file("sub/one", "c NS y\n$INCLUDE two\nd NS y\n");
    file("sub/two", "$ORIGIN deep\ne NS z\n");
    let origin = parse_name("example").unwrap();
    let options = Options { origin: Some(&origin), max_problems: 20, ..Options::default() };
    let load = |name: &str| {
        let mut lines = Vec::new();
        let outcome = read(&path(name), &options, |record| {
            let mut line = Vec::new();
            write_name(record.owner, &mut line);
            lines.push(String::from_utf8(line).unwrap());
            Ok::<_, String>(())
        });
        outcome.map(|_| lines)
    };
    // Origin and owner are as before behind an included file.
    assert_eq!(
        load("main").unwrap(),
        [
            "example.",
            "a.example.",
            "c.below.example.",
            "e.deep.below.example.",
            "d.below.example.",
            "a.example.",
            "b.example."
        ]
    );
    let dir = folder.path().display();
    file("sub/two", "e NS z z\n");
    let error = load("main").unwrap_err().to_string();
    let places = format!(
        "{dir}/sub/two:1:8: NS: 'z': there is more behind the record's last field (included from {dir}/sub/one:2) (included from {dir}/main:3)"
    );
    assert_eq!(error, places);
    file("sub/two", "$INCLUDE ../sub/none\n");
    let error = load("main").unwrap_err().to_string();
    assert!(error.starts_with(&format!("{dir}/sub/two:1: $INCLUDE {dir}/sub/../sub/none: No such file")), "{error}");
    file("self", &format!("{SOA}$INCLUDE self\n"));
    assert!(load("self").unwrap_err().to_string().contains("the file includes itself"));
    for depth in 0..12 {
        file(&format!("d{depth}"), &format!("$INCLUDE d{}\n", depth + 1));
    }
    assert!(load("d0").unwrap_err().to_string().contains("more than 10 deep"));
}

#[test]
fn compressed_and_too_large_files() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{SOA}a NS b\n");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(text.as_bytes()).unwrap();
    for octets in [gzip.finish().unwrap(), xz.finish().unwrap(), text.clone().into_bytes()] {
        let path = folder.path().join("zone");
        std::fs::write(&path, &octets).unwrap();
        let options = Options { origin: Some(&[0]), ..Options::default() };
        assert_eq!(read(&path, &options, |_| Ok::<_, String>(())).unwrap().records, 2);
        let small = Options { max_octets: text.len() as u64 - 1, ..options };
        let error = read(&path, &small, |_| Ok::<_, String>(())).unwrap_err().to_string();
        assert!(error.contains("larger than the limit"), "{error}");
        if octets.len() != text.len() {
            std::fs::write(&path, &octets[..octets.len() - 9]).unwrap();
            assert!(read(&path, &options, |_| Ok::<_, String>(())).unwrap_err().to_string().contains("cannot read"));
        }
    }
    assert!(read(folder.path(), &Options::default(), |_| Ok::<_, String>(())).is_err(), "a folder");
}

/// A line of each type, as it is written. What stands behind `|` is another way to write it.
const EVERY_TYPE: &[&str] = &[
    "A 192.0.2.1",
    "NS a.example.|NS a",
    "MD a.",
    "MF a.",
    "CNAME .",
    "MB a.",
    "MG a.",
    "MR a.",
    "NULL \\# 2 0102",
    "WKS 192.0.2.1 6 25 80|WKS 192.0.2.1 tcp http smtp",
    "PTR a.\\@\\$\\\"\\;\\(\\)\\\\/\\032\\255.",
    "HINFO \"a b\" \"c\"|HINFO \"a b\" c",
    "MINFO a. b.",
    "MX 10 a.",
    "TXT \"a\" \"b\\\"\\\\;c\" \"\" \"\\000\\255\"|TXT a b\\\"\\\\\\;c \"\" \\000\\255",
    "RP a. b.",
    "AFSDB 1 a.",
    "X25 \"12345\"",
    "ISDN \"1\"",
    "ISDN \"1\" \"2\"",
    "RT 1 a.",
    "NSAP 0x47000580|NSAP 0x47.0005.80",
    "NSAP-PTR a.",
    "SIG A 8 2 3600 20260101000000 20251201000000 1 a. AAEC",
    "KEY 256 3 8 AAEC|KEY 256 3 RSASHA256 AA EC",
    "PX 1 a. b.",
    "GPOS \"1\" \"2\" \"3\"",
    "AAAA 2001:db8::1",
    "LOC 60 9 1.500 N 24 39 0.000 W -10.00m 20.00m 2000.00m 0.00m|LOC 60 9 1.5 N 24 39 W -10 20 2000 0",
    "NXT a. A MX KEY NXT",
    "EID 0102",
    "NIMLOC 0102",
    "SRV 1 2 3 a.",
    "NAPTR 1 2 \"u\" \"s\" \"!a!b!\" a.",
    "KX 1 a.",
    "CERT 1 2 8 AAEC|CERT PKIX 2 RSASHA256 AAEC",
    "A6 64 ::1:2:3:4 a.",
    "A6 0 2001:db8::1",
    "DNAME a.",
    "SINK 1 2 3 AAEC",
    "APL 1:192.0.2.0/24 !2:2001:db8::/32",
    "APL",
    "DS 1 8 200 0102|DS 1 RSASHA256 200 01 02",
    "SSHFP 1 9 0102",
    "IPSECKEY 1 0 2 . AAEC",
    "IPSECKEY 1 1 2 192.0.2.1 AAEC",
    "IPSECKEY 1 2 2 2001:db8::1 AAEC",
    "IPSECKEY 1 3 2 a. AAEC",
    "RRSIG NSAP-PTR 8 2 3600 20260101000000 20251201000000 1 a. AAEC",
    "NSEC a. A NSAP-PTR NSEC TYPE1234|NSEC a. TYPE1234 NSEC A TYPE23",
    "DNSKEY 256 3 8 AAEC",
    "DHCID AAEC",
    "NSEC3 1 0 10 aabb 0123456789abcdefghijklmnopqrstuv A RRSIG|NSEC3 1 0 10 AABB 0123456789ABCDEFGHIJKLMNOPQRSTUV A RRSIG",
    "NSEC3PARAM 1 0 10 -",
    "TLSA 1 2 3 0102",
    "SMIMEA 1 2 3 0102",
    "HIP 2 0102 AAEC a. b.",
    "NINFO \"a\"",
    "RKEY 0 3 8 AAEC",
    "TALINK a. b.",
    "CDS 0 0 0 00",
    "CDNSKEY 0 3 0 AA==",
    "OPENPGPKEY AAEC",
    "CSYNC 1 3 A NS AAAA",
    "ZONEMD 1 1 240 0102030405060708090a0b0c",
    "SVCB 1 a. mandatory=alpn,port alpn=h2,h3 port=53 ipv4hint=192.0.2.1,192.0.2.2 ech=AAEC ipv6hint=2001:db8::1 key7=\"/q{?dns}\" key8 key667=\"hello\\210\"|SVCB 1 a. port=\"53\" mandatory=port,alpn alpn=\"h2,h3\" ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 ech=AAEC dohpath=/q{?dns} ohttp key667=hello\\210",
    "HTTPS 1 . alpn=\"f\\\\\\\\oo\\\\,bar,h2\"|HTTPS 1 . alpn=f\\\\\\092oo\\092,bar,h2",
    "SVCB 0 a.",
    "TYPE66 \\# 8 00060114b6016100|DSYNC SOA NOTIFY 5302 a.",
    "SPF \"a\"",
    "NID 1 0014:4fff:ff20:ee64|NID 1 14:4fff:ff20:ee64",
    "L32 1 192.0.2.1",
    "L64 1 2001:0db8:1140:1000",
    "LP 1 a.",
    "EUI48 00-00-5e-00-53-2a",
    "EUI64 00-00-5e-ef-10-00-00-2a",
    "URI 1 2 \"http://a/\"",
    "CAA 0 issue \"a; b=c\"",
    "AVC \"a\"",
    "DOA 1 2 3 \"t\" AAEC",
    "DOA 1 2 3 \"\" -",
    "AMTRELAY 1 0 0 .",
    "AMTRELAY 1 1 3 a.",
    "TYPE262 \\# 2 0161|WALLET a",
    "TYPE264 \\# 8 0000000000000102|IPN 258",
    "TA 1 8 200 0102",
    "DLV 1 8 200 0102",
    "TYPE65280 \\# 0",
    "TYPE65280 \\# 2 0102|TYPE65280 \\# 2 01 02",
];

#[test]
fn every_type_is_written_as_it_is_read() {
    for line in EVERY_TYPE {
        let (written, others) = line.split_once('|').map_or((*line, None), |(first, other)| (first, Some(other)));
        let expected = [format!("a.example. 5 IN {written}")];
        for text in [Some(written), others].into_iter().flatten() {
            match try_zone(&format!("{SOA}a {text}\n")) {
                Ok((lines, _)) => assert_eq!(lines, expected, "{text}"),
                Err(error) => panic!("{text}: {error}"),
            }
        }
    }
}

#[test]
fn named_checkzone_accepts_every_type() {
    let Ok(version) = Command::new("named-checkzone").arg("-v").output() else {
        // Not by a macro: the test harness would keep it to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: named-checkzone is not installed");
        return;
    };
    assert!(version.status.success());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zone");
    let mut text = String::from("example. 5 IN SOA ns.example. host.example. 1 2 3 4 5\nexample. 5 IN NS ns.other.\n");
    for (at, line) in EVERY_TYPE.iter().enumerate() {
        let line = line.split('|').next().unwrap();
        // BIND refuses these two, which are obsolete.
        if !line.starts_with("MD") && !line.starts_with("MF") {
            text.push_str(&format!("o{at}.example. 5 IN {line}\n"));
        }
    }
    for label in ["\\$", "\\@", "/", "\\\"", "\\;", "\\(", "\\)", "\\032", "\\000", "\\255", "\\\\", "\\."] {
        text.push_str(&format!("x{label}y.example. 5 IN TXT \"{}\"\n", if label == "/" { "plain" } else { "odd" }));
    }
    std::fs::write(&file, &text).unwrap();
    // Its text of the whole zone, read back, is ours.
    let canonical = folder.path().join("canonical");
    let checked = Command::new("named-checkzone")
        .args(["-i", "none", "-k", "ignore", "-n", "ignore", "-m", "ignore", "-r", "ignore", "-D", "-o"])
        .arg(&canonical)
        .arg("example.")
        .arg(&file)
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&checked.stdout), String::from_utf8_lossy(&checked.stderr));
    assert!(checked.status.success(), "{said}");
    let lines = |path: &Path| {
        let (mut lines, _) =
            try_zone(&std::fs::read_to_string(path).unwrap()).unwrap_or_else(|error| panic!("{error}"));
        lines.sort();
        lines
    };
    assert_eq!(lines(&canonical), lines(&file));
}

#[test]
fn json_lines() {
    let mut out = Vec::new();
    let record = Record { owner: b"\x03a\"b\x00", rtype: 16, class: 1, ttl: 7, rdata: b"\x03c\\d" };
    write_json(record, &mut out);
    let expected =
        "{\"name\":\"a\\\\\\\"b.\",\"ttl\":7,\"class\":\"IN\",\"type\":\"TXT\",\"rdata\":\"\\\"c\\\\\\\\d\\\"\"}\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn the_writer_writes_all() {
    let record = Record { owner: b"\x01a\x00", rtype: 1, class: 1, ttl: 7, rdata: &[192, 0, 2, 1] };
    let mut writer = Writer::new(Vec::new(), Format::Zone);
    for _ in 0..10_000 {
        writer.record(record).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), b"a.\t7\tIN\tA\t192.0.2.1\n".repeat(10_000));
}

#[test]
fn malformed_rdata_is_written_as_rfc_3597_says() {
    for (rtype, rdata) in [
        (1, &[1, 2, 3][..]),
        (1, &[]),
        (15, &[0, 1]),
        (16, &[5, 1]),
        (46, &[0; 18]),
        (2, b"\x40"),
        (47, b"\x00\x00\x00"),
        (64, b"\x00\x01\x00\x00\x01\x00\x00"),
    ] {
        let mut out = Vec::new();
        write_rdata(rtype, rdata, &mut out);
        assert!(out.starts_with(format!("\\# {}", rdata.len()).as_bytes()), "{rtype}");
    }
}

proptest! {
    /// Owners and RDATA of any octets come back as they were.
    #[test]
    fn records_round_trip(
        labels in proptest::collection::vec(proptest::collection::vec(0u8.., 1..=20), 0..=5),
        texts in proptest::collection::vec(proptest::collection::vec(0u8.., 0..=255), 1..=4),
        rtype in prop_oneof![Just(16_u16), Just(99), Just(65280), 0u16..300],
        ttl in 0u32..=0x7fff_ffff,
        raw in proptest::collection::vec(0u8.., 0..=60),
    ) {
        let mut owner = Vec::new();
        for label in &labels {
            owner.push(u8::try_from(label.len()).unwrap());
            owner.extend_from_slice(label);
        }
        owner.push(0);
        let is_texts = matches!(rtype, 16 | 99);
        let rdata = if is_texts {
            texts.iter().flat_map(|text| [&[u8::try_from(text.len()).unwrap()], &text[..]].concat()).collect()
        } else {
            raw
        };
        let keep = rtype != 6 && !types::is_meta(rtype) && output::is_well_formed(rtype, &rdata);
        let record = Record { owner: &owner, rtype, class: 1, ttl, rdata: &rdata };
        let mut text = b". 1 IN SOA . . 1 2 3 4 5\n".to_vec();
        write_record(record, &mut text);
        let mut back = Vec::new();
        let outcome = read_text(&text, Path::new("z"), &Options::default(), |record| {
            back.push((record.owner.to_vec(), record.rtype, record.ttl, record.rdata.to_vec()));
            Ok::<_, String>(())
        });
        if keep {
            prop_assert!(outcome.is_ok(), "{:?} {}", outcome, String::from_utf8_lossy(&text));
            prop_assert_eq!(back.pop().unwrap(), (owner, rtype, ttl, rdata));
        } else {
            prop_assert!(outcome.is_err());
        }
    }

    /// No text makes the reader panic.
    #[test]
    fn any_text_is_read_or_refused(text in "[a-c0-9 \\\\\"();$@.#\n\tANSTXMI-]{0,200}") {
        let _ = try_zone(&text);
        let _ = try_zone(&format!("{SOA}{text}"));
    }
}
