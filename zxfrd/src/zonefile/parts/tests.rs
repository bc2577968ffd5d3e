use std::fs;

use proptest::prelude::*;

use super::super::{parse_name, read_text, write_record};
use super::*;

const HEAD: &str = "@ 7 SOA ns host ( 1\n 2 3 4 5 )\n@ NS ns\n";

/// The zone's lines, and what is said of it.
type Outcome = (Vec<u8>, Summary);

/// Reads text in parts of about so many octets, by two threads.
fn by_parts(text: &str, part_octets: usize, origin: Option<&[u8]>) -> Option<Outcome> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    let opened = Text::open(file.path(), 1 << 20).unwrap();
    let options = Options { origin, ..Options::default() };
    let take = |lines: &mut Vec<u8>, record: Record<'_>| {
        write_record(record, lines);
        Ok(())
    };
    let (summary, lines) = in_parts(opened, Path::new("z"), &options, part_octets, 2, |_| Vec::new(), take)?;
    assert!(lines.len() >= text.len().min(part_octets * 20) / part_octets / 20);
    Some((lines.concat(), summary))
}

/// Reads it in one go.
fn in_one_go(text: &str, origin: Option<&[u8]>) -> Option<Outcome> {
    let mut lines = Vec::new();
    let options = Options { origin, ..Options::default() };
    let sink = |record: Record<'_>| {
        write_record(record, &mut lines);
        Ok::<_, String>(())
    };
    let summary = read_text(text.as_bytes(), Path::new("z"), &options, sink).ok()?;
    Some((lines, summary))
}

/// Both ways have the same outcome, where reading in parts has one. Gives whether it has.
fn agree(text: &str, part_octets: usize, origin: Option<&[u8]>) -> bool {
    let parts = by_parts(text, part_octets, origin);
    if parts.is_some() {
        assert_eq!(parts, in_one_go(text, origin), "{text}");
    }
    parts.is_some()
}

fn zone(lines: impl Iterator<Item = String>) -> String {
    lines.fold(HEAD.to_owned(), |text, line| text + &line)
}

#[test]
fn usual_zones_are_read_in_parts() {
    let example = parse_name("example").unwrap();
    let usual = zone((0..500).map(|at| format!("n{at} 5 NS a\n  NS b{at}\n; c\n\nn{at} TXT (\"(\"\n \"c\")\n")));
    assert!(agree(&usual, 200, Some(&example)));
    assert!(agree(&format!("$ORIGIN example.\n{usual}"), 200, None));
    let directives = zone(
        (0..500)
            .map(|at| format!("$ORIGIN sub{at}.example.\n$TTL {at}\na NS b\nb NS c\n$ORIGIN deep\nc NS d\nd NS e\n")),
    );
    assert!(agree(&directives, 300, Some(&example)));
    let soa_last = (0..500).map(|at| format!("n{at} 5 NS a\n")).collect::<String>() + HEAD;
    assert!(agree(&soa_last, 100, Some(&example)));
    let outside = zone((0..500).map(|at| format!("n{at} 5 NS a\nn{at}.test. NS b\n")));
    assert!(agree(&outside, 300, Some(&example)));
    assert_eq!(by_parts(&outside, 300, Some(&example)).unwrap().1.warning_count, 500);
}

#[test]
fn what_is_not_as_supposed_is_left_to_one_go() {
    let example = parse_name("example").unwrap();
    let lines = || (0..500).map(|at| format!("n{at} NS a\n"));
    let end = zone(lines());
    for (what, text) in [
        ("a problem", format!("{end}x NS\n")),
        ("a problem in the first part", format!("{HEAD}x NS\n{end}")),
        ("an included file", format!("{end}$INCLUDE none\n")),
        (
            "lines in parentheses that look like entries",
            zone((0..500).map(|at| format!("n{at} TXT (a\nb c\nc d\n)\n"))),
        ),
        ("the last TTL", zone((0..500).map(|at| format!("n{at} NS a\nm{at} {at} NS b\n")))),
        ("no SOA", lines().map(|line| format!("$TTL 5\n{line}")).collect()),
        ("a hidden directive", format!("{end}(\n$TTL 1)\n{}", lines().collect::<String>())),
    ] {
        assert!(!agree(&text, 100, Some(&example)), "{what}");
    }
}

#[test]
fn parts_end_where_the_owner_changes() {
    let cut = |text: &str| find_cut(text.as_bytes()).map(|cut| text[cut..].to_owned());
    assert_eq!(cut("\na NS b\nb NS c\nb NS d\n").unwrap(), "b NS c\nb NS d\n");
    assert_eq!(cut("\na NS b\nb NS c\n NS d\n; e\n$TTL 5\nb NS").unwrap(), "b NS c\n NS d\n; e\n$TTL 5\nb NS");
    assert_eq!(cut("\na NS b\nb NS c\nbb").unwrap(), "b NS c\nbb");
    assert_eq!(cut("\na NS b\na NS c\na NS d\n"), None);
}

proptest! {
    #[test]
    fn any_text_is_read_the_same(
        lines in prop::collection::vec(
            prop_oneof![
                4 => "[a-c]{1,2} ([0-9] )?NS [a-c]\n",
                1 => " NS [a-c]\n",
                1 => "[a-c] TXT [(\"]?[a-c]{1,3}[)\"]?\n",
                1 => "\\$(TTL [0-9]|ORIGIN [a-c]\\.?|ORIGIN [a-c]\\.example\\.)\n",
                1 => ";[a-c(\"]*\n",
                1 => "[a-c\"(); \n]{1,6}\n",
            ],
            1..60,
        ),
        part_octets in 20usize..200,
    ) {
        let text = zone(lines.into_iter());
        agree(&text, part_octets, Some(&parse_name("example").unwrap()));
    }
}
