use super::*;
use crate::serial::Serial;

fn has(version: &Version, record: &Rr) -> bool {
    listed(version).contains(&of(&record.record()))
}

#[test]
fn the_zone_section() {
    let held = zone(1, &[]);
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut octets = message(&[], &[a("a.example.", 1)]);
        change(&mut octets);
        perform(&held, &octets).unwrap_err().rcode()
    };
    // The type is at octets 21 and 22, the class behind it.
    assert_eq!(refused(&|octets| octets[22] = 1), Rcode::FORMERR, "not SOA");
    assert_eq!(refused(&|octets| octets[24] = 3), Rcode::NOTAUTH, "class CH");
    assert_eq!(refused(&|octets| octets[2] = 0), Rcode::NOTIMP, "a query");
    assert_eq!(refused(&|octets| octets.truncate(30)), Rcode::FORMERR);
    assert_eq!(refused(&|octets| octets.push(0)), Rcode::FORMERR);
    let other = message_to("other.", &[], &[]);
    assert_eq!(perform(&held, &other).unwrap_err().rcode(), Rcode::NOTAUTH);
    for zones in [0, 2] {
        let mut octets = std::vec![0; 512];
        let mut writer = Writer::new(&mut octets);
        (0..zones).for_each(|_| writer.question(name("example.").as_ref(), Rtype::SOA, Class::IN).unwrap());
        let len = writer.finish(1, Flags::of(Opcode::UPDATE));
        assert_eq!(perform(&held, &octets[..len]).unwrap_err(), Refusal::ZoneCount(zones));
    }
}

#[test]
fn the_prescan() {
    let held = zone(1, &[a("a.example.", 1)]);
    let before = a("b.example.", 1);
    let wrong = |record: Rr| rcode(&held, &[], &[before.clone(), record]);
    assert_eq!(wrong(a("a.example.org.", 1)), Rcode::NOTZONE);
    assert_eq!(wrong(Rr { class: Class::CH, ..a("a.example.", 1) }), Rcode::FORMERR);
    for rtype in [Rtype::ANY, Rtype::AXFR, Rtype::IXFR, Rtype::MAILA, Rtype::MAILB, Rtype(0), Rtype::TKEY] {
        assert_eq!(wrong(rr("a.example.", rtype, 0, &[])), Rcode::FORMERR, "{rtype}");
        assert_eq!(wrong(none("a.example.", rtype)), Rcode::FORMERR, "{rtype}");
        let expected = if rtype == Rtype::ANY { Rcode::NOERROR } else { Rcode::FORMERR };
        assert_eq!(wrong(all_of("a.example.", rtype)), expected, "{rtype}");
    }
    assert_eq!(wrong(Rr { ttl: 1, ..all_of("a.example.", Rtype::A) }), Rcode::FORMERR);
    assert_eq!(wrong(Rr { rdata: std::vec![192, 0, 2, 1], ..all_of("a.example.", Rtype::A) }), Rcode::FORMERR);
    assert_eq!(wrong(Rr { ttl: 1, ..gone(a("a.example.", 1)) }), Rcode::FORMERR);
    assert_eq!(wrong(rr("a.example.", Rtype::A, 1, &[1])), Rcode::FORMERR, "RDATA of another shape");
    assert_eq!(wrong(gone(rr("a.example.", Rtype::A, 1, &[1]))), Rcode::FORMERR);
    assert_eq!(wrong(none("a.example.", Rtype::A)), Rcode::NOERROR, "no RDATA: no such record");
    assert_eq!(wrong(gone(a("a.example.", 1))), Rcode::NOERROR);
}

#[test]
fn adding_and_deleting() {
    let held = zone(1, &[a("a.example.", 1), a("a.example.", 2), rr("a.example.", Rtype::TXT, 300, b"\x01x")]);
    let one = updated(&held, &[a("new.example.", 9), gone(a("A.EXAMPLE.", 1))]).unwrap();
    assert!(has(&one, &a("new.example.", 9)) && !has(&one, &a("a.example.", 1)) && has(&one, &a("a.example.", 2)));
    assert_eq!(one.serial(), Serial(2));
    let rrset = updated(&held, &[all_of("a.example.", Rtype::A)]).unwrap();
    assert_eq!(listed(&rrset), listed(&zone(1, &[rr("a.example.", Rtype::TXT, 300, b"\x01x")])));
    let all = updated(&held, &[all_of("a.example.", Rtype::ANY)]).unwrap();
    assert_eq!(listed(&all), listed(&zone(1, &[])));
    let again = updated(&held, &[all_of("a.example.", Rtype::ANY), a("a.example.", 2)]).unwrap();
    assert_eq!(listed(&again), listed(&zone(1, &[a("a.example.", 2)])), "in order");
}

#[test]
fn a_duplicate_changes_the_ttl_and_nothing_makes_no_serial() {
    let held = zone(1, &[a("a.example.", 1), a("a.example.", 2)]);
    let version = updated(&held, &[Rr { ttl: 77, ..a("a.example.", 1) }]).unwrap();
    assert!([1, 2].iter().all(|last| has(&version, &Rr { ttl: 77, ..a("a.example.", *last) })));
    let huge = updated(&held, &[Rr { ttl: 1 << 31, ..a("a.example.", 1) }]).unwrap();
    assert!(has(&huge, &Rr { ttl: 0, ..a("a.example.", 1) }));
    assert!(updated(&held, &[a("a.example.", 1)]).is_none());
    assert!(updated(&held, &[]).is_none());
    assert!(updated(&held, &[gone(a("a.example.", 3)), all_of("b.example.", Rtype::ANY)]).is_none());
    assert!(updated(&held, &[a("b.example.", 1), gone(a("b.example.", 1))]).is_none());
}

#[test]
fn an_soa_is_replaced_by_a_newer_one() {
    let held = zone(100, &[]);
    assert_eq!(updated(&held, &[soa(200)]).unwrap().serial(), Serial(200));
    assert_eq!(updated(&held, &[soa(200), a("a.example.", 1)]).unwrap().serial(), Serial(200));
    for not_newer in [100, 99, 100_u32.wrapping_add(1 << 31)] {
        assert!(updated(&held, &[Rr { ttl: 1, ..soa(not_newer) }]).is_none(), "{not_newer}");
    }
    assert_eq!(
        updated(&held, &[soa(200), soa(150)]).unwrap().serial(),
        Serial(200),
        "newer than the one in the zone now"
    );
    assert!(updated(&held, &[Rr { owner: name("a.example."), ..soa(200) }]).is_none());
    assert!(updated(&held, &[all_of("example.", Rtype::SOA), gone(soa(100))]).is_none());
    let wrapped = zone(u32::MAX, &[]);
    assert_eq!(updated(&wrapped, &[soa(3)]).unwrap().serial(), Serial(3));
}

#[test]
fn cnames_and_other_records_pass_each_other_over() {
    let cname = to("c.example.", Rtype::CNAME, "a.example.");
    let held = zone(1, &[cname.clone(), a("a.example.", 1)]);
    assert!(updated(&held, &[a("c.example.", 1), to("a.example.", Rtype::CNAME, "b.example.")]).is_none());
    assert!(updated(&held, &[to("example.", Rtype::CNAME, "b.example.")]).is_none());
    let other = to("c.example.", Rtype::CNAME, "b.example.");
    let replaced = updated(&held, core::slice::from_ref(&other)).unwrap();
    assert!(has(&replaced, &other) && !has(&replaced, &cname));
    let turned = updated(&held, &[gone(cname.clone()), a("c.example.", 1)]).unwrap();
    assert!(has(&turned, &a("c.example.", 1)) && !has(&turned, &cname));
}

#[test]
fn a_dname_and_a_wks_take_the_place_of_theirs() {
    let dname = |target| to("d.example.", Rtype::DNAME, target);
    let wks = |protocol, ports| rr("a.example.", Rtype::WKS, 300, &[192, 0, 2, 1, protocol, ports]);
    let held = zone(1, &[dname("x.test."), wks(6, 1), wks(17, 1)]);
    let version = updated(&held, &[dname("y.test."), wks(6, 2)]).unwrap();
    assert_eq!(listed(&version), listed(&zone(1, &[dname("y.test."), wks(6, 2), wks(17, 1)])));
}

#[test]
fn the_apex_keeps_soa_and_an_ns() {
    let ns = |target| to("example.", Rtype::NS, target);
    let held = zone(
        1,
        &[ns("other.example."), rr("example.", Rtype::TXT, 60, b"\x01x"), to("sub.example.", Rtype::NS, "x.test.")],
    );
    assert!(updated(&held, &[all_of("example.", Rtype::NS)]).is_none());
    let bare = updated(&held, &[all_of("example.", Rtype::ANY)]).unwrap();
    assert!(has(&bare, &ns("other.example.")) && !has(&bare, &rr("example.", Rtype::TXT, 60, b"\x01x")));
    let last = updated(&held, &[gone(ns("other.example.")), gone(ns("ns.example."))]).unwrap();
    assert!(has(&last, &ns("ns.example.")) && !has(&last, &ns("other.example.")), "the second was the last");
    let cut = updated(&held, &[gone(to("sub.example.", Rtype::NS, "x.test."))]).unwrap();
    assert!(!has(&cut, &to("sub.example.", Rtype::NS, "x.test.")), "below the apex the last goes, too");
}
