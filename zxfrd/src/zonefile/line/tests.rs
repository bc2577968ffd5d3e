use std::path::PathBuf;

use proptest::prelude::*;
use zxfr_core::wire::Rtype;

use super::super::entry::read_head;
use super::super::input::read_rdata;
use super::super::lexer::{Entry, Lexer, Token};
use super::super::names::read_name;
use super::super::source;
use super::super::tokens::Tokens;
use super::*;

/// The RDATA of an entry and its head, and its owner put into `owner`, as lexer and readers of fields have them.
fn by_tokens(
    text: &[u8],
    tokens: &[Token],
    indented: bool,
    origin: Option<&[u8]>,
    owner: &mut Vec<u8>,
) -> Option<(Option<u32>, u16, Vec<u8>)> {
    let first = &tokens[0];
    if !indented {
        let raw = &text[first.range.clone()];
        if !first.quoted && raw.starts_with(b"$") {
            return None;
        }
        owner.clear();
        if read_name(raw, origin, owner).is_err() {
            owner.clear();
            return None;
        }
    } else if owner.is_empty() {
        return None;
    }
    let head = read_head(text, tokens, usize::from(!indented)).ok()?;
    let mut rdata = Vec::new();
    read_rdata(head.rtype, &mut Tokens::new(text, &tokens[head.rdata..], origin), &mut rdata).ok()?;
    Some((head.ttl, head.rtype, rdata)).filter(|(.., rdata)| rdata.len() <= 65_535)
}

/// Reads all entries both ways and compares. Gives how many entries there are, and how many of them are usual.
fn compare(text: &[u8], origin: Option<&[u8]>) -> (usize, usize) {
    let (mut entries, mut usual_ones) = (0, 0);
    let mut usual = Usual::new();
    let (mut owner, mut rdata, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    let mut lexer = Lexer::new(text);
    loop {
        let at = lexer.pass_empty_lines();
        let mut quick_owner = owner.clone();
        let line = usual.read(text, at, origin, &mut quick_owner, &mut rdata);
        let entry = lexer.next_entry(&mut tokens);
        let shown = || String::from_utf8_lossy(&text[at..]).lines().next().unwrap_or_default().to_owned();
        let slow = match entry {
            Ok(None) => {
                assert!(line.is_none(), "{}", shown());
                return (entries, usual_ones);
            }
            Ok(Some(entry)) => by_tokens(text, &tokens, entry.indented, origin, &mut owner),
            Err(_) => None,
        };
        entries += 1;
        let Some(Line { head, same_owner, end }) = line else {
            usual.forget_owner();
            continue;
        };
        usual_ones += 1;
        let Some((ttl, rtype, expected)) = slow else { panic!("read, but is wrong: {}", shown()) };
        assert_eq!((head.ttl, head.rtype, &rdata), (ttl, rtype, &expected), "{}", shown());
        assert_eq!(quick_owner, owner, "{}", shown());
        let behind = Entry { start: end, line: 0, indented: false };
        assert_eq!(Lexer::again(text, behind).pass_empty_lines(), lexer.pass_empty_lines(), "{}", shown());
        assert!(!same_owner || !owner.is_empty());
        assert!(zxfr_core::wire::rdata::check(Rtype(rtype), &rdata).is_ok(), "{}", shown());
    }
}

const ORIGIN: &[u8] = b"\x07example\x00";

/// Whether a line of a zone file is read as usual.
fn is_usual(line: &str) -> bool {
    let (entries, usual) = compare(format!("{line}\n; what follows\n").as_bytes(), Some(ORIGIN));
    assert_eq!(entries, 1);
    usual == 1
}

#[test]
fn usual_lines() {
    for line in [
        "a 1 IN A 192.0.2.1",
        "a.b.example. IN 5 aaaa 2001:db8::1 ; with a comment",
        "@ NS @\r",
        "*.x NS a-b_c.",
        "a/b#!%.c CNAME 0/25.2.0.192.in-addr.arpa.",
        "a MX 10 mail",
        ". MX 0 .",
        "a SRV 1 2 65535 b.c.d.",
        "a TXT \"two words\" one \"\" \"; ( no comment\"",
        "a SOA b c 1 2 3 4 5",
        "a DS 12345 8 2 0123456789abcdef 0123 4567",
        "a DNSKEY 257 3 13 AAEC AAEC",
        "a RRSIG NSEC3PARAM 8 2 3600 20260101000000 20251201000000 1 a. AAEC",
        "a RRSIG TYPE65280 8 2 3600 1767225600 20251201000000 1 a. AAEC",
        "a NSEC b. A NS RRSIG NSEC TYPE1234",
        "a NSEC3 1 1 10 aabb 0123456789abcdefghijklmnopqrstuv A RRSIG",
        "a NSEC3 1 1 0 - 0123456789ABCDEFGHIJKLMNOPQRSTUV",
        "a NSEC3PARAM 1 0 0 -",
        "a TLSA 3 1 1 0102",
        "a ZONEMD 1 1 240 0102030405060708090a0b0c",
        "a TYPE1 192.0.2.1",
        "a NAPTR 1 2 \"u\" \"s\" \"!a!b!\" a",
        "a 4294967295 NS a",
    ] {
        assert!(is_usual(line), "{line}");
    }
}

#[test]
fn unusual_lines() {
    for line in [
        "$TTL 5",
        "\\$a NS b",
        "a\\.b NS b",
        "a NS b\\.c",
        "a NS (b )",
        "a TXT \"a\"\"b\"",
        "a TXT \"a\\\"b\"",
        "a TXT b\"c\"",
        "a 1h NS b",
        "a 4294967296 NS b",
        "a 1 2 NS b",
        "a CH NS b",
        "a TSIG b",
        "a NS",
        "a NS b c",
        "a A 192.0.2.256",
        "a A \\# 4 c0000201",
        "a DS 1 RSASHA256 2 00",
        "a SOA b c 1 1h 3 4 5",
        "a..b NS c",
        "a NS c..",
        "a NS ..",
        ".a NS c",
        "a NULL b",
        "a TYPE65280 b",
        "a",
        " NS a",
        "\"a\" NS a",
    ] {
        assert!(!is_usual(line), "{line}");
    }
}

#[test]
fn names_up_to_their_limits() {
    let label = "x".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}.", "y".repeat(61));
    assert!(is_usual(&format!("{longest} NS {longest}")));
    assert!(!is_usual(&format!("{longest} NS y{longest}")));
    assert!(!is_usual(&format!("x{label} NS a")));
    // With the origin, 9 octets, 255 on the wire.
    let relative = format!("{label}.{label}.{label}.{}", "y".repeat(53));
    assert!(is_usual(&format!("{relative} NS {relative}")));
    assert!(!is_usual(&format!("{relative}y NS a")));
}

#[test]
fn what_lines_share_is_known_by_its_octets() {
    let text = "\
aa 5 IN NS b
aa 5 IN NS c
aaa 5 IN NS c
aaa 5 IN NS c ; c
\t5 IN NS d
 6 IN\tNS d
aa 5 IN NSEC c NS DS
aa 5 IN NSEC d NS DS
aa 5 IN NSEC d NS DS RRSIG
(aaaa) 5 IN NS c
aaa 5 IN NS c
 5 IN NS d
aaa 5 IN NSEC3PARAM 1 0 0 -
aaa 5 IN NS 1 0 0 -
aaa 5 IN NS  c
the.last.line. 5 IN NS c";
    assert_eq!(compare(text.as_bytes(), Some(ORIGIN)), (16, 13));
}

#[test]
fn lines_of_real_zones() {
    let Some(folder) = std::env::var_os("ZXFR_CORPUS").map(PathBuf::from) else { return };
    let mut files = 0;
    for path in zone_files(&folder) {
        let Ok(text) = source::load(&path, 1 << 32, None) else { continue };
        let (entries, usual) = compare(&text, Some(ORIGIN));
        files += 1;
        if path.parent().is_some_and(|folder| folder.ends_with("root-signed")) {
            assert!(usual > entries * 99 / 100, "{}: {usual} of {entries}", path.display());
        }
    }
    assert!(files > 100, "only {files} zone files");
}

/// The files below a folder that may be zone text.
fn zone_files(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(zone_files(&path));
        } else if [".zone", ".zone.gz", ".zone.xz", ".txt.gz", ".db", ".in"].iter().any(|end| name.ends_with(end)) {
            found.push(path);
        }
    }
    found
}

/// Pieces of lines that are right more often than not.
fn any_line() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        4 => "[a-c]{1,3}(\\.[a-c_*/-]{1,9}){0,3}\\.?",
        1 => "[a-z\\\\.@$\"(;=é]{1,12}",
        1 => Just("@".to_owned()),
    ];
    let number = prop_oneof![4 => "[0-9]{1,6}", 1 => "[0-9a-z+-]{0,12}", 1 => Just("RSASHA256".to_owned())];
    let word = prop_oneof![
        2 => name.clone(),
        2 => number.clone(),
        2 => "[0-9a-f]{1,8}",
        2 => "[A-Za-z0-9+/]{4,24}={0,2}",
        1 => "[0-9a-v]{8,32}",
        1 => "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}",
        1 => "[0-9a-f:]{2,20}",
        1 => "\"[a-z ;(\\\\\"]{0,9}\"",
        1 => "20[0-9]{2}0[1-9]1[0-9]0[0-9]{5}",
        1 => prop::sample::select(vec!["-", "A", "NS", "RRSIG", "TYPE65280", "nsec3", "(", ")", ";", "\\#"])
            .prop_map(str::to_owned),
    ];
    let owner = prop_oneof![2 => name, 2 => Just(String::new()), 2 => Just("same".to_owned())];
    let head = prop::sample::select(vec!["IN", "5 IN", "IN 5", "5", "", "1h", "CH", "in 4294967296", "5 5"]);
    let rtype = prop::sample::select(vec![
        "A",
        "NS",
        "CNAME",
        "MX",
        "TXT",
        "AAAA",
        "SRV",
        "DS",
        "DNSKEY",
        "RRSIG",
        "NSEC",
        "NSEC3",
        "NSEC3PARAM",
        "TLSA",
        "SOA",
        "HINFO",
        "CAA",
        "ns",
        "TYPE2",
        "TYPE65280",
        "NOSUCH",
        "ANY",
    ]);
    let space = prop::sample::select(vec![" ", "\t", " \t ", "\r"]);
    let end = prop::sample::select(vec!["\n", "\r\n", " ; c\n", ";c\n", "\n\n; c\n"]);
    (owner, head, rtype, prop::collection::vec(word, 0..6), space, end).prop_map(
        |(owner, head, rtype, words, space, end)| {
            let mut line = format!("{owner}{space}{head}{space}{rtype}");
            for word in words {
                line.push_str(space);
                line.push_str(&word);
            }
            line + end
        },
    )
}

/// RDATA of each type as it is usually written.
fn any_record() -> impl Strategy<Value = String> {
    let name = "[a-c]{1,3}(\\.[a-c-]{1,9}){0,2}\\.?";
    let key = "([A-Za-z0-9+/]{4} ?){1,9}";
    let rdata = prop_oneof![
        name.prop_map(|name| format!("NS {name}")),
        any::<[u8; 4]>().prop_map(|octets| format!("A {}", std::net::Ipv4Addr::from(octets))),
        any::<u128>().prop_map(|bits| format!("AAAA {}", std::net::Ipv6Addr::from(bits))),
        (any::<u16>(), name).prop_map(|(preference, name)| format!("MX {preference} {name}")),
        (any::<u16>(), any::<u8>(), "([0-9A-Fa-f]{2}){1,20}")
            .prop_map(|(tag, kind, hex)| format!("DS {tag} {kind} 2 {hex}")),
        key.prop_map(|key| format!("DNSKEY 257 3 13 {key}")),
        (any::<u32>(), any::<u16>(), name, key)
            .prop_map(|(time, tag, name, key)| format!("RRSIG NS 8 2 3600 {time} 20251201000000 {tag} {name} {key}")),
        (name, "( (A|NS|TYPE[0-9]{1,4}|NSEC3PARAM)){0,4}").prop_map(|(name, types)| format!("NSEC {name}{types}")),
        ("([0-9a-f]{2}){1,4}|-", "[0-9A-Va-v]{32}", "( (A|NS|DS|RRSIG)){0,4}")
            .prop_map(|(salt, hash, types)| format!("NSEC3 1 1 0 {salt} {hash}{types}")),
        "( (\"[a-z =;]{0,99}\"|[a-z=]{1,99})){1,3}".prop_map(|texts| format!("TXT{texts}")),
    ];
    (
        prop::sample::select(vec!["a", "a.b", "a.b.c.", "", "@", "A"]),
        prop::sample::select(vec!["5 IN", "IN", "6", ""]),
        rdata,
    )
        .prop_map(|(owner, head, rdata)| format!("{owner}\t{head} {rdata}\n"))
}

proptest! {
    #[test]
    fn any_lines_are_read_as_by_tokens(lines in prop::collection::vec(any_line(), 1..8)) {
        compare(lines.concat().as_bytes(), Some(ORIGIN));
        compare(lines.concat().as_bytes(), None);
    }

    #[test]
    fn records_as_they_are_usually_written_are_usual(lines in prop::collection::vec(any_record(), 1..20)) {
        let text = format!("first 1 IN NS a\n{}; what follows\n", lines.concat());
        let (entries, usual) = compare(text.as_bytes(), Some(ORIGIN));
        prop_assert_eq!(usual, entries);
    }
}
