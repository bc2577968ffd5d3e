//! What is set for zones shows in what is served.

use serde_json::{Value, json};
use zxfr_tests::client::{dig, dig_ixfr, dig_one};
use zxfr_tests::name;
use zxfr_tests::peer::{Peer, PeerKind, Pull, Way, require_peers};
use zxfr_tests::ports::Port;
use zxfr_tests::records::{Exactness, Record, difference};
use zxfr_tests::tally;

use crate::world::*;

const ZONE: &str = "settings.example";
const APEX: &str = "settings.example.";

/// What an SOA says: TTL, MNAME, RNAME, serial, REFRESH, RETRY, EXPIRE, MINIMUM.
fn soa(record: &Record) -> (u32, String, String, [u32; 5]) {
    let mname = name::length(&record.rdata).unwrap();
    let rname = mname + name::length(&record.rdata[mname..]).unwrap();
    let number = |at: usize| u32::from_be_bytes(record.rdata[rname + 4 * at..][..4].try_into().unwrap());
    let numbers = [0, 1, 2, 3, 4].map(number);
    (record.ttl, name::to_text(&record.rdata[..mname]), name::to_text(&record.rdata[mname..rname]), numbers)
}

#[test]
fn the_soa_that_is_set_is_served_with_a_new_serial_and_others_follow() {
    let case = "SOA values by the API while knotd follows by IXFR";
    if !require_peers(case, &[PeerKind::Knotd], &["dig"]) {
        return;
    }
    let mut world = World::new();
    world.open_to_loopback();
    let port = Port::free().unwrap();
    let peer = world.peer("knotd", port.address(), true);
    let zone = world.post("/zones", ALICE, &json!({"account": {"id": A}, "name": ZONE, "type": "full"})).id();
    world.outgoing(&zone, ZONE, &[&peer]);
    let settings = format!("/zones/{zone}/dns_settings");
    // So many that a difference is smaller than the zone.
    let hosts = (1..=50).map(|n| (format!("host{n}"), "A", format!("192.0.2.{n}")));
    let base = [("@", "NS", "ns.settings.example"), ("ns", "A", "192.0.2.1")];
    let base = base.map(|(name, rtype, content)| (name.to_owned(), rtype, content.to_owned()));
    let record = |(name, rtype, content)| json!({"name": name, "type": rtype, "content": content});
    let posts: Vec<_> = base.into_iter().chain(hosts).map(record).collect();
    world.post(&format!("/zones/{zone}/dns_records/batch"), ALICE, &json!({ "posts": posts })).result();
    world.zxfrd.wait_for_zone(APEX, Some(2)).unwrap();
    let pull = Pull { way: Way::Ixfr, ..Pull::open(APEX, world.dns()) };
    let mut knotd = Peer::start_secondary(PeerKind::Knotd, port, &[pull]).unwrap();
    knotd.wait_for_zone(APEX, Some(2)).unwrap();

    let edit = |world: &World, body: Value| world.call("PATCH", &settings, ALICE, Some(&body));
    let wanted = json!({"mname": "ns.settings.example", "rname": "dns.example.org", "refresh": 7_200, "retry": 900,
        "expire": 1_209_600, "min_ttl": 300, "ttl": 1_800});
    assert_eq!(edit(&world, json!({ "soa": wanted })).result()["soa"], wanted);
    let expected = |serial| {
        let [mname, rname] = ["ns.settings.example.", "dns.example.org."].map(str::to_owned);
        (1_800, mname, rname, [serial, 7_200, 900, 1_209_600, 300])
    };
    // It is there a moment later, as one difference; and who follows has it.
    world.zxfrd.wait_for_zone(APEX, Some(3)).unwrap();
    assert_eq!(soa(&dig_one(world.dns(), APEX, "SOA").unwrap()[0]), expected(3));
    let delta = dig_ixfr(world.dns(), APEX, 2, None, false).unwrap();
    assert_eq!(delta.records.iter().map(Record::serial).collect::<Vec<_>>(), [3, 2, 3, 3].map(Some));
    knotd.wait_for_zone(APEX, Some(3)).unwrap();
    assert_eq!(soa(&dig_one(knotd.address(), APEX, "SOA").unwrap()[0]), expected(3));

    // What is the same already makes no version; what changes records keeps it.
    edit(&world, json!({"soa": {"retry": 900}, "multi_provider": true})).result();
    let alias = json!({"id": "use_apex_ns", "value": false});
    let alias = world.call("PATCH", &format!("{settings}/use_apex_ns"), ALICE, Some(&alias));
    assert_eq!(alias.result()["value"], json!(false));
    world.post(
        &format!("/zones/{zone}/dns_records"),
        ALICE,
        &json!({"name": "a", "type": "A", "content": "192.0.2.2"}),
    );
    assert_eq!(soa(&dig_one(world.dns(), APEX, "SOA").unwrap()[0]), expected(4));
    knotd.wait_for_zone(APEX, Some(4)).unwrap();

    world.restart();
    world.zxfrd.wait_for_zone(APEX, Some(4)).unwrap();
    let kept = world.get(&settings, READER);
    assert_eq!((&kept.result()["soa"], &kept.result()["multi_provider"]), (&wanted, &json!(false)));
    edit(&world, json!({"soa": {"min_ttl": 60}})).result();
    world.zxfrd.wait_for_zone(APEX, Some(5)).unwrap();
    let (here, there) = (dig(world.dns(), APEX, None).unwrap(), dig(knotd.address(), APEX, None).unwrap());
    assert_eq!(soa(&here[0]).3, [5, 7_200, 900, 1_209_600, 60]);
    let difference = difference(&here[1..], &there[1..], Exactness::Canonical);
    assert!(difference.is_empty(), "{difference}");
    tally::ran(case);
}
