//! No octets are too odd.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn nothing_panics(octets in prop::collection::vec(any::<u8>(), 12..200)) {
        let mut octets = octets;
        octets[2] = 0x28;
        let _ = perform(&zone(1, &[]), &octets);
    }

    #[test]
    fn no_changed_octet_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let held = zone(1, &[a("a.example.", 1), to("c.example.", Rtype::CNAME, "a.example.")]);
        let wks = rr("a.example.", Rtype::WKS, 60, &[192, 0, 2, 1, 6, 0x80]);
        let updates = [a("b.a.example.", 2), wks, gone(a("a.example.", 1)), all_of("c.example.", Rtype::ANY), soa(9)];
        let mut octets = message(&[exact(a("a.example.", 1)), none("x.example.", Rtype::ANY)], &updates);
        for (place, octet) in changes {
            let at = place.index(octets.len());
            octets[at] = octet;
        }
        let _ = perform(&held, &octets);
    }
}

#[test]
fn as_many_records_as_a_message_takes() {
    let mut all: Vec<Rr> = (0..4_000_u32).map(|n| all_of(&std::format!("{n:x}.example."), Rtype::ANY)).collect();
    let held = zone(1, &(0..3_000_u32).map(|n| a(&std::format!("{n:x}.example."), 1)).collect::<Vec<_>>());
    let version = updated(&held, &all).unwrap();
    assert_eq!(listed(&version), listed(&zone(1, &[])));
    all.iter_mut().for_each(|record| record.class = Class::NONE);
    assert_eq!(rcode(&held, &all, &[]), Rcode::YXDOMAIN);
    assert_eq!(rcode(&zone(1, &[]), &all, &[]), Rcode::NOERROR);
}
