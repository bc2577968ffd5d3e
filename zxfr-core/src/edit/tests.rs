use super::testing::*;
use super::{Edit, EditError, EditFault, Rules};
use crate::serial::{Serial, SerialPolicy};
use crate::time::UnixTime;
use crate::wire::{Class, Rtype};
use crate::zone::{BuildFault, BuildLimits, Change};
use std::string::ToString;
use std::vec::Vec;

const NOW: UnixTime = UnixTime(1_795_000_000);

fn finish(edit: Edit) -> Result<Option<Change>, EditError> {
    edit.finish(SerialPolicy::Increment, NOW)
}

fn fault(edit: Edit) -> EditFault {
    finish(edit).unwrap_err().fault
}

#[test]
fn changes_make_one_version_and_one_delta() {
    let held = zone(7, &[a("a.example.", 1), a("b.example.", 1)]);
    let mut edit = edit(&held);
    assert!(edit.delete(&a("A.example.", 1).record()));
    assert!(!edit.delete(&a("a.example.", 1).record()), "it is gone");
    assert!(!edit.delete(&a("b.example.", 2).record()));
    assert!(edit.add(&a("c.example.", 3).record()).unwrap());
    assert!(edit.add(&a("b.example.", 2).record()).unwrap());
    let change = finish(edit).unwrap().unwrap();
    assert_change(&held, &change);
    assert_eq!(change.version.serial(), Serial(8));
    assert_eq!(sizes(&change.deltas[0]), (1, 2));
    let expected = zone(7, &[a("b.example.", 1), a("b.example.", 2), a("c.example.", 3)]);
    assert_eq!(listed(&change.version), listed(&expected));
}

#[test]
fn what_comes_to_nothing_makes_no_version() {
    let held = zone(7, &[a("a.example.", 1)]);
    assert!(finish(edit(&held)).unwrap().is_none());
    let mut edit = edit(&held);
    assert!(!edit.add(&a("A.EXAMPLE.", 1).record()).unwrap(), "held in another case");
    assert!(edit.delete(&a("a.example.", 1).record()));
    assert!(edit.add(&a("a.example.", 1).record()).unwrap());
    assert!(edit.add(&a("new.example.", 1).record()).unwrap());
    assert!(edit.delete_rrset(name("new.example.").as_ref(), Rtype::A));
    assert!(!edit.add(&soa(7).record()).unwrap());
    assert!(finish(edit).unwrap().is_none());
}

#[test]
fn an_rrset_has_the_ttl_of_what_was_added_last() {
    let held = zone(7, &[a("a.example.", 1), a("a.example.", 2)]);
    for again in [1, 3] {
        let mut edit = edit(&held);
        let mut record = a("a.example.", again);
        record.ttl = 900;
        assert!(edit.add(&record.record()).unwrap());
        let change = finish(edit).unwrap().unwrap();
        assert_change(&held, &change);
        assert!(listed(&change.version).iter().filter(|(_, rtype, ..)| *rtype == 1).all(|(.., ttl)| *ttl == 900));
    }
}

#[test]
fn signatures_keep_their_ttls() {
    let signature = |covered: u8, ttl| {
        let rdata = [&[0, covered, 13, 2][..], &[0; 14], b"\x07example\0", &[covered; 64]].concat();
        rr("a.example.", Rtype::RRSIG, ttl, &rdata)
    };
    let held = zone(7, &[a("a.example.", 1), signature(1, 300), signature(16, 900)]);
    let mut edit = edit(&held);
    assert!(edit.add(&signature(28, 60).record()).unwrap());
    assert!(edit.add(&signature(1, 301).record()).unwrap());
    let change = finish(edit).unwrap().unwrap();
    assert_change(&held, &change);
    let ttls: Vec<u32> = listed(&change.version).iter().filter(|(_, rtype, ..)| *rtype == 46).map(|rr| rr.3).collect();
    assert_eq!(ttls, [301, 900, 60]);
}

#[test]
fn names_in_the_nsec3_run_are_found_whole() {
    let hash = "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example.";
    let nsec3 = rr(hash, Rtype::NSEC3, 60, &[1, 0, 0, 0, 0, 1, 9, 0, 1, 0x40]);
    let rdata = [&[0, 50, 13, 2][..], &[0; 14], b"\x07example\0", &[1; 64]].concat();
    let signature = rr(hash, Rtype::RRSIG, 60, &rdata);
    // Large enough that not all is in the head.
    let mut records: Vec<_> = (0..3_000).map(|n| a(&std::format!("n{n}.example."), (n % 250) as u8)).collect();
    records.extend([nsec3, signature, a(hash, 1)]);
    let held = zone(7, &records);
    let mut edit = edit(&held);
    assert_eq!(edit.types(name(hash).as_ref()), [Rtype::A, Rtype::RRSIG, Rtype::NSEC3]);
    assert!(edit.has_name(name("n17.example.").as_ref()) && !edit.has_name(name("n3000.example.").as_ref()));
    for rtype in edit.types(name(hash).as_ref()) {
        assert!(edit.delete_rrset(name(hash).as_ref(), rtype));
    }
    let change = finish(edit).unwrap().unwrap();
    assert_change(&held, &change);
    assert_eq!(sizes(&change.deltas[0]), (3, 0));
}

#[test]
fn a_cname_stands_alone() {
    let held = zone(7, &[to("c.example.", Rtype::CNAME, "a.example."), a("a.example.", 1)]);
    let mut beside = edit(&held);
    beside.add(&a("c.example.", 1).record()).unwrap();
    let error = finish(beside).unwrap_err();
    assert_eq!(error.fault, EditFault::CnameBeside(Rtype::A));
    assert_eq!(error.to_string(), "c.example. CNAME: stands alone, but there is A, too");
    let mut beside = edit(&held);
    beside.add(&to("a.example.", Rtype::CNAME, "c.example.").record()).unwrap();
    assert_eq!(fault(beside), EditFault::CnameBeside(Rtype::A));
    let mut second = edit(&held);
    second.add(&to("c.example.", Rtype::CNAME, "b.example.").record()).unwrap();
    assert_eq!(fault(second), EditFault::SecondCname);
    // In the end it is alone, whatever was there meanwhile.
    let mut replaced = edit(&held);
    replaced.add(&a("c.example.", 1).record()).unwrap();
    replaced.delete_rrset(name("c.example.").as_ref(), Rtype::CNAME);
    assert_change(&held, &finish(replaced).unwrap().unwrap());
    // Denial of other types stands beside it.
    let mut denied = edit(&held);
    denied.add(&rr("c.example.", Rtype::NSEC, 60, b"\x07example\0\0\x01\x40").record()).unwrap();
    assert_change(&held, &finish(denied).unwrap().unwrap());
}

#[test]
fn a_cname_at_the_apex_is_for_those_who_allow_it() {
    let held = zone(7, &[]);
    let cname = to("example.", Rtype::CNAME, "elsewhere.test.");
    let mut strict = edit(&held);
    assert!(!strict.admits(held.apex(), Rtype::CNAME));
    strict.add(&cname.record()).unwrap();
    assert_eq!(fault(strict), EditFault::CnameBeside(Rtype::SOA));
    let rules = Rules { apex_cname: true, ..Rules::default() };
    let mut loose = Edit::new(held.clone(), rules);
    assert!(loose.admits(held.apex(), Rtype::CNAME));
    loose.add(&cname.record()).unwrap();
    assert!(loose.admits(held.apex(), Rtype::TXT) && !loose.admits(held.apex(), Rtype::A));
    let change = finish(loose).unwrap().unwrap();
    let mut loose = Edit::new(change.version, rules);
    loose.add(&a("example.", 1).record()).unwrap();
    assert_eq!(fault(loose), EditFault::CnameBeside(Rtype::A));
}

#[test]
fn what_was_no_better_before_may_stay() {
    let held = zone(7, &[to("c.example.", Rtype::CNAME, "a.example."), a("c.example.", 1)]);
    let mut edit = edit(&held);
    edit.add(&a("c.example.", 2).record()).unwrap();
    assert_change(&held, &finish(edit).unwrap().unwrap());
}

#[test]
fn the_apex_keeps_an_ns_and_a_name_has_one_dname() {
    let held = zone(7, &[]);
    let mut none = edit(&held);
    assert!(none.delete_rrset(held.apex(), Rtype::NS));
    assert_eq!(fault(none), EditFault::NoApexNs);
    let mut two = edit(&held);
    two.add(&to("d.example.", Rtype::DNAME, "x.test.").record()).unwrap();
    two.add(&to("d.example.", Rtype::DNAME, "y.test.").record()).unwrap();
    let error = finish(two).unwrap_err();
    assert_eq!(
        (error.fault, error.owner.to_string(), error.rtype),
        (EditFault::SecondDname, "d.example.".into(), Rtype::DNAME)
    );
}

#[test]
fn records_that_cannot_stand_in_the_zone() {
    let held = zone(7, &[]);
    let mut edit = edit(&held);
    let mut refused = |record: Rr| {
        let error = edit.add(&record.record()).unwrap_err();
        assert_eq!((error.owner.as_ref(), error.rtype), (&record.owner, record.rtype));
        error.fault
    };
    assert_eq!(refused(a("example.org.", 1)), EditFault::OutOfZone);
    assert_eq!(refused(Rr { ttl: 1 << 31, ..a("a.example.", 1) }), EditFault::Ttl(1 << 31));
    assert_eq!(refused(Rr { class: Class::CH, ..a("a.example.", 1) }), EditFault::Build(BuildFault::Class(Class::CH)));
    assert_eq!(refused(rr("a.example.", Rtype::A, 0, &[1])), EditFault::Build(BuildFault::Rdata));
    assert_eq!(refused(rr("a.example.", Rtype::ANY, 0, &[])), EditFault::Build(BuildFault::MetaType));
    assert_eq!(refused(Rr { owner: name("a.example."), ..soa(8) }), EditFault::Build(BuildFault::SoaOffApex));
    assert!(finish(edit).unwrap().is_none());
}

#[test]
fn limits_hold() {
    let held = zone(7, &[a("a.example.", 1)]);
    let rules = Rules { limits: BuildLimits { rrset_records: 2, types_per_name: 5 }, ..Rules::default() };
    let mut edit = Edit::new(held, rules);
    edit.add(&a("a.example.", 2).record()).unwrap();
    edit.add(&a("a.example.", 3).record()).unwrap();
    assert_eq!(fault(edit), EditFault::Build(BuildFault::RrsetRecords(2)));
}

#[test]
fn serials() {
    let held = zone(7, &[]);
    let with_soa = |soa: Rr, policy| {
        let mut edit = edit(&held);
        edit.add(&soa.record()).unwrap();
        edit.finish(policy, NOW).unwrap().map(|change| {
            assert_change(&held, &change);
            (change.version.serial().0, change.version.soa().ttl)
        })
    };
    assert_eq!(with_soa(soa(7), SerialPolicy::UnixTime), None);
    assert_eq!(with_soa(soa(6), SerialPolicy::UnixTime), None, "nothing but an older serial");
    assert_eq!(with_soa(soa(70), SerialPolicy::UnixTime), Some((70, 3600)), "newer: as given");
    assert_eq!(with_soa(Rr { ttl: 60, ..soa(6) }, SerialPolicy::Increment), Some((8, 60)));
    assert_eq!(with_soa(Rr { ttl: 60, ..soa(7) }, SerialPolicy::UnixTime), Some((1_795_000_000, 60)));
}

#[test]
fn a_record_is_found_as_it_is_now() {
    let held = zone(7, &[Rr { ttl: 60, ..a("a.example.", 1) }]);
    let mut edit = edit(&held);
    assert_eq!(edit.find(&a("A.example.", 1).record()).map(|found| found.ttl), Some(60), "whatever its TTL and case");
    edit.add(&Rr { ttl: 90, ..a("a.example.", 2) }.record()).unwrap();
    assert_eq!(edit.find(&a("a.example.", 1).record()).map(|found| found.ttl), Some(90), "that of its RRset");
    edit.delete(&a("a.example.", 1).record());
    assert!(edit.find(&a("a.example.", 1).record()).is_none());
    assert_eq!(edit.held().serial(), held.serial());
}
