//! Answers from small zones: unsigned, with NSEC, with NSEC3. Against other servers they are compared in the package `tests`.

use super::nsec3::Hashing;
use super::*;
use crate::edit::testing::{Rr, a, bare_zone, name, rr, to};
use crate::name::Name;
use crate::wire::{Class, Flags, Message, Record, Scratch};
use proptest::prelude::*;
use std::borrow::ToOwned;
use std::collections::BTreeMap;
use std::string::{String, ToString};
use std::sync::Arc;
use std::vec::Vec;
use std::{format, vec};

/// What an answer says: RCODE with AA and TC, and each section's RRsets in words, sorted.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    header: String,
    sections: [Vec<String>; 3],
}

fn word(record: &Record<'_>) -> String {
    let owner = record.owner.to_string();
    let owner = owner.strip_suffix("example.").unwrap_or(&owner).trim_end_matches('.');
    let owner = if owner.is_empty() { "@" } else { owner };
    match record.rtype {
        Rtype::RRSIG => {
            let covered = record.rdata.first_chunk().map(|octets| Rtype(u16::from_be_bytes(*octets))).unwrap();
            format!("{owner} RRSIG({covered})")
        }
        rtype => format!("{owner} {rtype}"),
    }
}

fn ask_within(version: &Version, qname: &str, qtype: Rtype, dnssec: bool, room: usize) -> Told {
    let mut octets = vec![0; room];
    let mut writer = Writer::new(&mut octets);
    let qname = name(qname);
    writer.question(qname.as_ref(), qtype, Class::IN).unwrap();
    let query = Query { qname: qname.as_ref(), qtype, dnssec };
    let Answer { rcode, authoritative, truncated } = version.answer::<RustSha1>(&query, &mut writer).unwrap();
    let len = writer.finish(7, Flags::default());
    // What is additional is read as if it were of the authority section.
    let count = |at: usize| u16::from_be_bytes([octets[at], octets[at + 1]]);
    let (authorities, additionals) = (count(8), count(10));
    octets[8..10].copy_from_slice(&(authorities + additionals).to_be_bytes());
    octets[10..12].copy_from_slice(&[0, 0]);
    let message = Message::new(&octets[..len]).unwrap();
    let layout = message.layout().unwrap();
    let mut scratch = Scratch::new();
    let mut answers = message.answers(&layout, &mut scratch);
    let mut sections = [Vec::new(), Vec::new(), Vec::new()];
    while let Some(record) = answers.next().unwrap() {
        sections[0].push(word(&record));
    }
    let mut others = message.authorities(&layout, &mut scratch);
    while let Some(record) = others.next().unwrap() {
        let section = if sections[1].len() < usize::from(authorities) { 1 } else { 2 };
        sections[section].push(word(&record));
    }
    sections.iter_mut().for_each(|section| section.sort());
    let flag = |is, text| if is { text } else { "" };
    Told { header: format!("{rcode}{}{}", flag(authoritative, " aa"), flag(truncated, " tc")), sections }
}

fn ask(version: &Version, qname: &str, qtype: Rtype, dnssec: bool) -> Told {
    ask_within(version, qname, qtype, dnssec, 4096)
}

#[track_caller]
fn assert_told(version: &Version, (qname, qtype): (&str, Rtype), dnssec: bool, header: &str, sections: [&[&str]; 3]) {
    let sections = sections.map(|section| section.iter().map(ToString::to_string).collect());
    assert_eq!(ask(version, qname, qtype, dnssec), Told { header: header.to_owned(), sections }, "{qname} {qtype}");
}

fn mx(owner: &str, target: &str) -> Rr {
    rr(owner, Rtype::MX, 300, &[&[0, 10], name(target).as_octets()].concat())
}

/// A zone with delegations, aliases, wildcards and names without records.
fn records() -> Vec<Rr> {
    vec![
        to("example.", Rtype::NS, "ns.example."),
        to("example.", Rtype::NS, "ns.other."),
        mx("example.", "Mail.example."),
        a("ns.example.", 1),
        a("mail.example.", 2),
        rr("mail.example.", Rtype::AAAA, 300, &[0; 16]),
        to("www.example.", Rtype::CNAME, "mail.example."),
        to("out.example.", Rtype::CNAME, "www.other."),
        to("loop.example.", Rtype::CNAME, "pool.example."),
        to("pool.example.", Rtype::CNAME, "loop.example."),
        to("gone.example.", Rtype::CNAME, "nothing.example."),
        to("into.example.", Rtype::CNAME, "x.sub.example."),
        to("sub.example.", Rtype::NS, "ns.sub.example."),
        to("sub.example.", Rtype::NS, "mail.example."),
        a("ns.sub.example.", 3),
        a("deep.ns.sub.example.", 4),
        to("old.example.", Rtype::DNAME, "example."),
        to("long.example.", Rtype::DNAME, &format!("{}.{}.example.", "x".repeat(63), "y".repeat(63))),
        a("a.empty.example.", 5),
        a("*.wild.example.", 6),
        mx("*.wild.example.", "mail.example."),
        a("x.wild.example.", 7),
        to("*.alias.example.", Rtype::CNAME, "mail.example."),
        a("b.*.half.example.", 8),
    ]
}

const A: Rtype = Rtype::A;

#[test]
fn what_is_there_and_what_is_not() {
    let zone = bare_zone(1, &records());
    let told = |question, header, sections| assert_told(&zone, question, false, header, sections);
    told(("Mail.example.", A), "NOERROR aa", [&["mail A"], &[], &[]]);
    told(("example.", Rtype::SOA), "NOERROR aa", [&["@ SOA"], &[], &[]]);
    told(("example.", Rtype::NS), "NOERROR aa", [&["@ NS", "@ NS"], &[], &["ns A"]]);
    told(("example.", Rtype::MX), "NOERROR aa", [&["@ MX"], &[], &["mail A", "mail AAAA"]]);
    told(("mail.example.", Rtype::MX), "NOERROR aa", [&[], &["@ SOA"], &[]]);
    told(("nothing.example.", A), "NXDOMAIN aa", [&[], &["@ SOA"], &[]]);
    told(("x.mail.example.", A), "NXDOMAIN aa", [&[], &["@ SOA"], &[]]);
    told(("empty.example.", A), "NOERROR aa", [&[], &["@ SOA"], &[]]);
    told(("mail.example.", Rtype::ANY), "NOERROR aa", [&["mail A"], &[], &[]]);
    told(("empty.example.", Rtype::ANY), "NOERROR aa", [&[], &["@ SOA"], &[]]);
}

#[test]
fn delegations_have_their_glue_and_nothing_below_them_is_ours() {
    let zone = bare_zone(1, &records());
    let glue: &[&str] = &["mail A", "mail AAAA", "ns.sub A"];
    for qname in ["sub.example.", "x.sub.example.", "ns.sub.example.", "deep.ns.sub.example."] {
        assert_told(&zone, (qname, A), false, "NOERROR", [&[], &["sub NS", "sub NS"], glue]);
    }
    // Who has the cut's DS is the parent.
    assert_told(&zone, ("sub.example.", Rtype::DS), false, "NOERROR aa", [&[], &["@ SOA"], &[]]);
    assert_told(&zone, ("x.sub.example.", Rtype::DS), false, "NOERROR", [&[], &["sub NS", "sub NS"], glue]);
    assert_told(&zone, ("into.example.", A), false, "NOERROR aa", [&["into CNAME"], &["sub NS", "sub NS"], glue]);
}

#[test]
fn aliases_are_followed_within_the_zone() {
    let zone = bare_zone(1, &records());
    let told = |question, header, sections| assert_told(&zone, question, false, header, sections);
    told(("www.example.", A), "NOERROR aa", [&["mail A", "www CNAME"], &[], &[]]);
    told(("www.example.", Rtype::CNAME), "NOERROR aa", [&["www CNAME"], &[], &[]]);
    told(("www.example.", Rtype::TXT), "NOERROR aa", [&["www CNAME"], &["@ SOA"], &[]]);
    told(("out.example.", A), "NOERROR aa", [&["out CNAME"], &[], &[]]);
    told(("loop.example.", A), "NOERROR aa", [&["loop CNAME", "pool CNAME"], &[], &[]]);
    told(("gone.example.", A), "NXDOMAIN aa", [&["gone CNAME"], &["@ SOA"], &[]]);
    told(("mail.old.example.", A), "NOERROR aa", [&["mail A", "mail.old CNAME", "old DNAME"], &[], &[]]);
    told(("old.example.", A), "NOERROR aa", [&[], &["@ SOA"], &[]]);
    told(("old.example.", Rtype::DNAME), "NOERROR aa", [&["old DNAME"], &[], &[]]);
    told(("mail.old.example.", Rtype::CNAME), "NOERROR aa", [&["mail.old CNAME", "old DNAME"], &[], &[]]);
    let long = format!("{}.{}.long.example.", "a".repeat(63), "b".repeat(63));
    assert_eq!(ask(&zone, &long, A, false).header, "YXDOMAIN aa");
}

#[test]
fn wildcards_make_names_that_nothing_is_at_or_below() {
    let zone = bare_zone(1, &records());
    let told = |question, header, sections| assert_told(&zone, question, false, header, sections);
    told(("any.wild.example.", A), "NOERROR aa", [&["any.wild A"], &[], &[]]);
    told(("c.b.wild.example.", A), "NOERROR aa", [&["c.b.wild A"], &[], &[]]);
    told(("any.wild.example.", Rtype::MX), "NOERROR aa", [&["any.wild MX"], &[], &["mail A", "mail AAAA"]]);
    told(("any.wild.example.", Rtype::TXT), "NOERROR aa", [&[], &["@ SOA"], &[]]);
    told(("x.wild.example.", Rtype::MX), "NOERROR aa", [&[], &["@ SOA"], &[]]);
    told(("y.x.wild.example.", A), "NXDOMAIN aa", [&[], &["@ SOA"], &[]]);
    told(("*.wild.example.", A), "NOERROR aa", [&["*.wild A"], &[], &[]]);
    told(("any.alias.example.", A), "NOERROR aa", [&["any.alias CNAME", "mail A"], &[], &[]]);
    told(("z.half.example.", A), "NOERROR aa", [&[], &["@ SOA"], &[]]);
}

fn sig(owner: &Name, rtype: Rtype) -> Rr {
    let rdata = [&rtype.0.to_be_bytes()[..], &[13, 2], &[0; 14], b"\x07example\0s"].concat();
    Rr { owner: owner.clone(), ..rr("example.", Rtype::RRSIG, 300, &rdata) }
}

/// The zone as signed: with signatures, and DS at one of its cuts.
fn signed(more: impl FnOnce(&[Name]) -> Vec<Rr>) -> Arc<Version> {
    let mut all = records();
    all.extend([to("safe.example.", Rtype::NS, "ns.other."), rr("safe.example.", Rtype::DS, 300, &[0, 1, 8, 2, 9])]);
    let cut = |owner: &Name| {
        let cuts = [name("sub.example."), name("safe.example.")];
        cuts.into_iter().find(|cut| owner.as_ref().is_at_or_below(cut.as_ref()))
    };
    // Names that are ours, those without records among them.
    let soa = name("example.");
    let mut names = vec![soa.clone()];
    for record in &all {
        let mut here = Some(record.owner.as_ref());
        while let Some(owner) = here.filter(|owner| owner.len() > soa.as_ref().len()) {
            let owned = owner.to_name();
            if cut(&owned).is_none_or(|cut| cut == owned) && !names.contains(&owned) {
                names.push(owned);
            }
            here = owner.parent();
        }
    }
    names.sort();
    all.extend(more(&names));
    let mut sigs: BTreeMap<(Name, Rtype), Rr> = BTreeMap::new();
    sigs.insert((soa.clone(), Rtype::SOA), sig(&soa, Rtype::SOA));
    for record in &all {
        let ours = match cut(&record.owner) {
            Some(cut) => cut == record.owner && matches!(record.rtype, Rtype::DS | Rtype::NSEC),
            None => true,
        };
        if ours {
            sigs.insert((record.owner.clone(), record.rtype), sig(&record.owner, record.rtype));
        }
    }
    all.extend(sigs.into_values());
    bare_zone(1, &all)
}

/// With an NSEC at each name that has records.
fn with_nsec() -> Arc<Version> {
    signed(|names| {
        let held: Vec<Name> = {
            let owners: Vec<Name> = records().into_iter().map(|record| record.owner).collect();
            let others = [name("example."), name("safe.example.")];
            names.iter().filter(|owner| owners.contains(owner) || others.contains(owner)).cloned().collect()
        };
        let next = held.iter().cycle().skip(1);
        let nsec = |(owner, next): (&Name, &Name)| Rr {
            owner: owner.clone(),
            ..rr("example.", Rtype::NSEC, 60, &[next.as_octets(), &[0, 1, 0x40]].concat())
        };
        held.iter().zip(next).map(nsec).collect()
    })
}

#[test]
fn signatures_go_along_and_nsec_shows_what_is_not_there() {
    let zone = with_nsec();
    let told = |question, header, sections: [&[&str]; 3]| assert_told(&zone, question, true, header, sections);
    let soa = ["@ RRSIG(SOA)", "@ SOA"];
    let with = |more: &[&'static str]| {
        let mut all: Vec<&'static str> = more.iter().chain(&soa).copied().collect();
        all.sort_unstable();
        all
    };
    told(("mail.example.", A), "NOERROR aa", [&["mail A", "mail RRSIG(A)"], &[], &[]]);
    told(("mail.example.", Rtype::MX), "NOERROR aa", [&[], &with(&["mail NSEC", "mail RRSIG(NSEC)"]), &[]]);
    // Between mail and ns, and below the apex there is no wildcard.
    let none = with(&["mail NSEC", "mail RRSIG(NSEC)", "@ NSEC", "@ RRSIG(NSEC)"]);
    told(("nothing.example.", A), "NXDOMAIN aa", [&[], &none, &[]]);
    // What has no records has no NSEC: that before it shows that there are names below it.
    let empty = ask(&zone, "empty.example.", A, true);
    assert_eq!(empty.sections[1].iter().filter(|word| word.ends_with(" NSEC")).count(), 1, "{empty:?}");
    let wild = ask(&zone, "any.wild.example.", A, true);
    assert_eq!(
        (wild.header.as_str(), &wild.sections[0][..]),
        ("NOERROR aa", &["any.wild A".to_owned(), "any.wild RRSIG(A)".to_owned()][..])
    );
    assert_eq!(wild.sections[1], ["*.wild NSEC", "*.wild RRSIG(NSEC)"]);
    let told_wild = with(&["*.wild NSEC", "*.wild RRSIG(NSEC)"]);
    told(("any.wild.example.", Rtype::TXT), "NOERROR aa", [&[], &told_wild, &[]]);
    // Below a cut nothing has an NSEC, so that of the cut shows that nothing is between it and the next name.
    let after = ask(&zone, "suc.example.", A, true);
    assert!(after.sections[1].contains(&"sub NSEC".to_owned()), "{after:?}");
    let unsafe_cut = ask(&zone, "x.sub.example.", A, true);
    assert_eq!(unsafe_cut.sections[1], ["sub NS", "sub NS", "sub NSEC", "sub RRSIG(NSEC)"]);
    told(("x.safe.example.", A), "NOERROR", [&[], &["safe DS", "safe NS", "safe RRSIG(DS)"], &[]]);
    told(("safe.example.", Rtype::DS), "NOERROR aa", [&["safe DS", "safe RRSIG(DS)"], &[], &[]]);
    told(("sub.example.", Rtype::DS), "NOERROR aa", [&[], &with(&["sub NSEC", "sub RRSIG(NSEC)"]), &[]]);
    // Without the DO bit there is nothing of it.
    assert_told(&zone, ("nothing.example.", A), false, "NXDOMAIN aa", [&[], &["@ SOA"], &[]]);
    let sigs = ask(&zone, "mail.example.", Rtype::RRSIG, true);
    assert_eq!(sigs.sections[0].len(), 3, "{sigs:?}");
}

const PARAM: [u8; 6] = [1, 0, 0, 1, 1, 0xab];

/// With NSEC3; those of cuts without DS are left out where it is opt-out.
fn with_nsec3(opt_out: bool) -> Arc<Version> {
    signed(|names| {
        let hashing = Hashing::read(&PARAM).unwrap();
        let apex = name("example.");
        let mut hashes: Vec<Name> = names
            .iter()
            .filter(|owner| !(opt_out && **owner == name("sub.example.")))
            .map(|owner| hashing.owner::<RustSha1>(owner.as_ref(), apex.as_ref()).unwrap())
            .collect();
        hashes.sort();
        let nsec3 = |owner: Name| Rr {
            owner,
            ..rr("example.", Rtype::NSEC3, 60, &[&PARAM[..5], &[0xab, 20], &[7; 20], &[0, 1, 0x40]].concat())
        };
        let mut all: Vec<Rr> = hashes.into_iter().map(nsec3).collect();
        all.push(rr("example.", Rtype::NSEC3PARAM, 0, &PARAM));
        all
    })
}

/// The owners of the NSEC3 in an answer, each with its signature.
fn proofs(version: &Version, qname: &str, qtype: Rtype) -> (String, Vec<String>) {
    let told = ask(version, qname, qtype, true);
    let suffix = |word: &str, suffix: &str| word.strip_suffix(suffix).map(str::to_owned);
    let owners: Vec<_> = told.sections[1].iter().filter_map(|word| suffix(word, " NSEC3")).collect();
    let sigs: Vec<_> = told.sections[1].iter().filter_map(|word| suffix(word, " RRSIG(NSEC3)")).collect();
    assert_eq!(owners, sigs, "{told:?}");
    (told.header, owners)
}

#[test]
fn nsec3_shows_what_is_not_there() {
    let zone = with_nsec3(false);
    let hashing = Hashing::of(&zone).unwrap();
    let label = |owner: Option<Name>| owner.unwrap().to_string().trim_end_matches(".example.").to_owned();
    let matching = |text: &str| label(hashing.matching::<RustSha1>(&zone, name(text).as_ref()));
    let covering = |text: &str| label(hashing.covering::<RustSha1>(&zone, name(text).as_ref()));
    let set = |owners: &[String]| {
        let mut owners = owners.to_vec();
        owners.sort();
        owners.dedup();
        owners
    };
    let told = |qname, qtype, header: &str, owners: &[String]| {
        assert_eq!(proofs(&zone, qname, qtype), (header.to_owned(), set(owners)), "{qname} {qtype}");
    };
    told("mail.example.", Rtype::MX, "NOERROR aa", &[matching("mail.example.")]);
    told("empty.example.", A, "NOERROR aa", &[matching("empty.example.")]);
    let nothing = [matching("example."), covering("nothing.example."), covering("*.example.")];
    told("nothing.example.", A, "NXDOMAIN aa", &nothing);
    told("a.b.nothing.example.", A, "NXDOMAIN aa", &nothing);
    told("any.wild.example.", A, "NOERROR aa", &[covering("any.wild.example.")]);
    let wild = [matching("wild.example."), covering("any.wild.example."), matching("*.wild.example.")];
    told("any.wild.example.", Rtype::TXT, "NOERROR aa", &wild);
    told("x.sub.example.", A, "NOERROR", &[matching("sub.example.")]);
    told("x.safe.example.", A, "NOERROR", &[]);
    told("sub.example.", Rtype::DS, "NOERROR aa", &[matching("sub.example.")]);
}

#[test]
fn cuts_without_ds_may_have_no_nsec3() {
    let zone = with_nsec3(true);
    let hashing = Hashing::of(&zone).unwrap();
    let label = |owner: Option<Name>| owner.unwrap().to_string().trim_end_matches(".example.").to_owned();
    let mut expected = vec![
        label(hashing.matching::<RustSha1>(&zone, name("example.").as_ref())),
        label(hashing.covering::<RustSha1>(&zone, name("sub.example.").as_ref())),
    ];
    expected.sort();
    expected.dedup();
    for (qname, qtype, header) in [("x.sub.example.", A, "NOERROR"), ("sub.example.", Rtype::DS, "NOERROR aa")] {
        assert_eq!(proofs(&zone, qname, qtype), (header.to_owned(), expected.clone()), "{qname} {qtype}");
    }
}

#[test]
fn what_does_not_fit_is_truncated_and_addresses_are_left_out() {
    let zone = bare_zone(1, &records());
    let room = |qname, qtype, room| ask_within(&zone, qname, qtype, false, room);
    let whole = room("example.", Rtype::MX, 512);
    assert_eq!(whole.sections[2].len(), 2);
    let fewer = room("example.", Rtype::MX, 12 + 13 + 28 + 21);
    assert_eq!((fewer.header.as_str(), fewer.sections[0].len(), fewer.sections[2].len()), ("NOERROR aa", 1, 1));
    let none = room("example.", Rtype::MX, 40);
    assert_eq!((none.header.as_str(), none.sections.concat().len()), ("NOERROR aa tc", 0));
    // Glue that a delegation needs has to fit.
    let least = 12 + 19 + 28 + 19 + 16;
    let fits = room("x.sub.example.", A, least);
    assert_eq!((fits.header.as_str(), &fits.sections[2][..]), ("NOERROR", &["ns.sub A".to_owned()][..]));
    let needed = room("x.sub.example.", A, least - 1);
    assert_eq!((needed.header.as_str(), needed.sections.concat().len()), ("NOERROR tc", 0));
}

proptest! {
    /// Whatever is asked: an answer, or a name that isn't there, never both, and all that is told fits and can be read.
    #[test]
    fn every_question_has_an_answer(
        labels in prop::collection::vec("(a|b|c|wild|any|sub|old|ns|mail|www|[*]|empty)", 0..5),
        qtype in prop::sample::select(&[1_u16, 2, 5, 6, 15, 28, 39, 43, 46, 47, 50, 255][..]),
        dnssec: bool,
        signed in 0..3_u8,
        room in 300..2_000_usize,
    ) {
        let zone = match signed {
            0 => bare_zone(1, &records()),
            1 => with_nsec(),
            _ => with_nsec3(true),
        };
        let qname: String = labels.iter().map(|label| format!("{label}.")).collect::<String>() + "example.";
        let told = ask_within(&zone, &qname, Rtype(qtype), dnssec, room);
        if told.header.ends_with("tc") {
            prop_assert!(told.sections.concat().is_empty());
        } else {
            let [answers, authorities, _] = &told.sections;
            prop_assert!(!answers.is_empty() || !authorities.is_empty(), "{told:?}");
            prop_assert!(dnssec || qtype == 46 || !told.sections.concat().iter().any(|word| word.contains("RRSIG(")));
        }
    }
}
