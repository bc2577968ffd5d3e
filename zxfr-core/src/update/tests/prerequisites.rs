use super::*;

#[test]
fn names() {
    let held = zone(1, &[a("a.b.example.", 1)]);
    assert_eq!(rcode(&held, &[all_of("A.b.example.", Rtype::ANY)], &[]), Rcode::NOERROR);
    assert_eq!(rcode(&held, &[all_of("example.", Rtype::ANY)], &[]), Rcode::NOERROR);
    assert_eq!(rcode(&held, &[all_of("b.example.", Rtype::ANY)], &[]), Rcode::NXDOMAIN, "nothing but names below it");
    assert_eq!(rcode(&held, &[none("a.b.example.", Rtype::ANY)], &[]), Rcode::YXDOMAIN);
    assert_eq!(rcode(&held, &[none("b.example.", Rtype::ANY)], &[]), Rcode::NOERROR);
}

#[test]
fn rrsets_whatever_they_have() {
    let held = zone(1, &[a("a.example.", 1)]);
    assert_eq!(rcode(&held, &[all_of("a.example.", Rtype::A), all_of("example.", Rtype::SOA)], &[]), Rcode::NOERROR);
    assert_eq!(rcode(&held, &[all_of("a.example.", Rtype::AAAA)], &[]), Rcode::NXRRSET);
    assert_eq!(rcode(&held, &[all_of("a.example.", Rtype::SOA)], &[]), Rcode::NXRRSET);
    assert_eq!(rcode(&held, &[none("a.example.", Rtype::A)], &[]), Rcode::YXRRSET);
    assert_eq!(rcode(&held, &[none("example.", Rtype::SOA)], &[]), Rcode::YXRRSET);
    assert_eq!(rcode(&held, &[none("a.example.", Rtype::AAAA), none("x.example.", Rtype::A)], &[]), Rcode::NOERROR);
}

#[test]
fn rrsets_with_just_these_records() {
    let mx = |target: &[u8]| rr("m.example.", Rtype::MX, 60, &[&[0, 10][..], target].concat());
    let held = zone(1, &[a("a.example.", 1), a("a.example.", 2), mx(b"\x04mail\0")]);
    let exactly = |records: &[Rr]| {
        let records: Vec<Rr> = records.iter().cloned().map(exact).collect();
        rcode(&held, &records, &[])
    };
    assert_eq!(exactly(&[a("a.example.", 2), a("A.example.", 1)]), Rcode::NOERROR, "as sets, whatever the TTL");
    assert_eq!(exactly(&[a("a.example.", 2), a("a.example.", 1), a("a.example.", 2)]), Rcode::NOERROR, "named twice");
    assert_eq!(exactly(&[a("a.example.", 1)]), Rcode::NXRRSET, "there are more");
    assert_eq!(exactly(&[a("a.example.", 1), a("a.example.", 3)]), Rcode::NXRRSET, "as many, but others");
    assert_eq!(exactly(&[a("a.example.", 1), a("a.example.", 2), a("a.example.", 3)]), Rcode::NXRRSET);
    assert_eq!(exactly(&[a("b.example.", 1)]), Rcode::NXRRSET);
    assert_eq!(exactly(&[mx(b"\x04MAIL\0")]), Rcode::NOERROR, "names have no case");
    assert_eq!(exactly(&[soa(1)]), Rcode::NOERROR);
    assert_eq!(exactly(&[soa(2)]), Rcode::NXRRSET);
}

#[test]
fn what_is_no_prerequisite() {
    let held = zone(1, &[a("a.example.", 1)]);
    let wrong = |record: Rr| rcode(&held, &[record], &[]);
    assert_eq!(wrong(Rr { ttl: 1, ..all_of("a.example.", Rtype::A) }), Rcode::FORMERR);
    assert_eq!(wrong(Rr { ttl: 1 << 31, ..all_of("a.example.", Rtype::A) }), Rcode::FORMERR);
    assert_eq!(wrong(a("a.example.", 1)), Rcode::FORMERR, "a TTL");
    assert_eq!(wrong(all_of("a.example.org.", Rtype::A)), Rcode::NOTZONE);
    assert_eq!(wrong(none("notexample.", Rtype::ANY)), Rcode::NOTZONE);
    assert_eq!(wrong(Rr { rdata: std::vec![1], ..all_of("a.example.", Rtype::TXT) }), Rcode::FORMERR);
    assert_eq!(wrong(Rr { rdata: std::vec![192, 0, 2, 1], ..none("a.example.", Rtype::A) }), Rcode::FORMERR);
    assert_eq!(wrong(Rr { class: Class::CH, ..all_of("a.example.", Rtype::A) }), Rcode::FORMERR);
    assert_eq!(wrong(all_of("a.example.", Rtype::AXFR)), Rcode::FORMERR);
    assert_eq!(wrong(Rr { class: Class::IN, ..all_of("a.example.", Rtype::ANY) }), Rcode::FORMERR);
}

#[test]
fn they_come_before_the_prescan_and_in_order() {
    let held = zone(1, &[]);
    let outside = [a("example.org.", 1)];
    assert_eq!(rcode(&held, &[all_of("a.example.", Rtype::A)], &outside), Rcode::NXRRSET);
    assert_eq!(rcode(&held, &[], &outside), Rcode::NOTZONE);
    let [no_name, malformed] = [all_of("a.example.", Rtype::ANY), Rr { ttl: 1, ..all_of("a.example.", Rtype::A) }];
    assert_eq!(rcode(&held, &[no_name.clone(), malformed.clone()], &[]), Rcode::NXDOMAIN);
    assert_eq!(rcode(&held, &[malformed.clone(), no_name], &[]), Rcode::FORMERR);
    assert_eq!(rcode(&held, &[exact(a("a.example.", 1)), malformed], &[]), Rcode::FORMERR, "sets are compared last");
}

#[test]
fn a_refusal_names_record_and_reason() {
    let refusal =
        perform(&zone(1, &[]), &message(&[all_of("example.", Rtype::NS), all_of("a.example.", Rtype::A)], &[]));
    let text = std::format!("{}", refusal.unwrap_err());
    assert_eq!(text, "prerequisite 1, a.example. A: there is no such RRset");
}
