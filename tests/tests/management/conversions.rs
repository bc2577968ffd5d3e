//! Zones that become full from secondary, and secondary from full.

use std::fmt::Write;

use serde_json::json;
use zxfr_tests::client::{dig, dig_one};
use zxfr_tests::peer::{Offer, Peer, PeerKind, Pull, Target, Way, require_peers};
use zxfr_tests::ports::Port;
use zxfr_tests::records::{Exactness, difference};
use zxfr_tests::tally;
use zxfr_tests::zones::{Content, Zone};

use crate::world::*;

const ZONE: &str = "converted.example";
const APEX: &str = "converted.example.";
const A_TYPE: u16 = 1;

/// The zone as its primary has it: each version has a host more than the one before, so that a difference fits whatever there is.
fn text(serial: u32) -> String {
    let mut text = format!(
        "$ORIGIN {APEX}\n$TTL 300\n@ SOA ns hostmaster {serial} 3600 600 604800 300\n@ NS ns\nns A 192.0.2.1\n"
    );
    (1..=30 + serial).for_each(|n| writeln!(text, "host{n} A 192.0.2.{n}").unwrap());
    text
}

#[test]
fn a_zone_that_is_converted_keeps_its_records_is_changed_and_comes_back() {
    let case = "secondary of knotd to full, changed by the API, and back, while another knotd follows";
    if !require_peers(case, &[PeerKind::Knotd], &["dig"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zone");
    std::fs::write(&path, text(10)).unwrap();
    let zone = Zone { name: APEX.into(), path: path.clone(), serial: 10, content: Content::History, signed: false };
    let mut world = World::new();
    world.open_to_loopback();
    let notify = vec![Target { address: world.dns(), key: None }];
    let mut primary = Peer::primary(PeerKind::Knotd, &[Offer { notify, ..Offer::open(&zone) }]).unwrap();
    let (from, port) = (world.peer("primary", primary.address(), true), Port::free().unwrap());
    let to = world.peer("follower", port.address(), true);
    let zone = world.incoming(ZONE, &[&from], 86_400);
    world.outgoing(&zone, ZONE, &[&to]);
    world.zxfrd.wait_for_zone(APEX, Some(10)).unwrap();
    let pull = Pull { way: Way::Ixfr, ..Pull::open(APEX, world.dns()) };
    let mut follower = Peer::start_secondary(PeerKind::Knotd, port, &[pull]).unwrap();
    follower.wait_for_zone(APEX, Some(10)).unwrap();
    let same = |a: &Peer, world: &World| {
        let (here, there) = (dig(world.dns(), APEX, None).unwrap(), dig(a.address(), APEX, None).unwrap());
        let difference = difference(&here, &there, Exactness::Canonical);
        assert!(difference.is_empty(), "{difference}");
    };
    let (records, incoming) = (format!("/zones/{zone}/dns_records"), format!("/zones/{zone}/secondary_dns/incoming"));
    let new = json!({"name": "made", "type": "A", "content": "192.0.2.200", "comment": "here"});
    let becomes =
        |world: &World, kind: &str| world.call("PATCH", &format!("/zones/{zone}"), ALICE, Some(&json!({"type": kind})));
    let listed =
        world.get(&format!("{records}?name=host7.{ZONE}"), READER).result()[0]["id"].as_str().unwrap().to_owned();
    world.post(&records, ALICE, &new).refused(400, 2307);

    // Nothing comes in any more, and all that has come stays.
    world.call("DELETE", &incoming, ALICE, None).result();
    assert_eq!(becomes(&world, "full").result()["type"], json!("full"));
    same(&primary, &world);
    assert_eq!(world.post(&records, ALICE, &new).result()["comment"], json!("here"));
    follower.wait_for_zone(APEX, Some(11)).unwrap();
    let edited = world.call("PATCH", &format!("{records}/{listed}"), ALICE, Some(&json!({"content": "192.0.2.207"})));
    assert_eq!(edited.id(), listed);
    follower.wait_for_zone(APEX, Some(12)).unwrap();
    let host = dig_one(follower.address(), &format!("host7.{APEX}"), "A").unwrap();
    assert_eq!((host[0].rtype, &host[0].rdata[..]), (A_TYPE, &[192, 0, 2, 207][..]));
    same(&follower, &world);

    // Its primary had the same serials meanwhile, for something else: nothing that is counted from here may come of that.
    for serial in 11..=13 {
        std::fs::write(&path, text(serial)).unwrap();
        primary.reload();
        primary.wait_for_zone(APEX, Some(serial)).unwrap();
    }
    assert_eq!(becomes(&world, "secondary").result()["type"], json!("secondary"));
    assert_eq!(world.zxfrd.wait_for_zone(APEX, None).unwrap(), 12);
    world.post(&records, ALICE, &json!({"name": "x", "type": "A", "content": "192.0.2.1"})).refused(400, 2307);
    let link = json!({"name": ZONE, "peers": [from], "auto_refresh_seconds": 86_400});
    world.post(&incoming, ALICE, &link).result();
    world.zxfrd.wait_for_zone(APEX, Some(13)).unwrap();
    same(&primary, &world);
    follower.wait_for_zone(APEX, Some(13)).unwrap();
    same(&follower, &world);
    assert_eq!(world.get(&format!("{records}?name=made.{ZONE}"), READER).result(), &json!([]));

    // And it goes on by differences.
    std::fs::write(&path, text(14)).unwrap();
    primary.reload();
    let wanted = |line: &zxfr_tests::zxfr::Transfer| line.incoming && line.to == Some(14) && line.kind == "ixfr";
    world.zxfrd.wait_for_transfer("ixfr to 14", wanted).unwrap();
    follower.wait_for_zone(APEX, Some(14)).unwrap();
    same(&follower, &world);
    let serials: Vec<_> = follower.transfers().iter().filter(|one| one.incoming).map(|one| one.serial).collect();
    assert!(serials.is_sorted_by(|one, next| one < next), "{serials:?}");
    tally::ran(case);
}
