//! Incoming and outgoing configurations.

use super::*;
use FaultKind::{Conflict, Invalid, NotFound};

fn incoming(name: &str, peers: &[String], seconds: Option<i64>) -> IncomingWanted {
    IncomingWanted { name: name.to_owned(), peers: peers.to_vec(), auto_refresh_seconds: seconds }
}

#[track_caller]
fn missing<T>(done: Result<Done<T>, Fault>) {
    assert_fault(done, NotFound, code::LINK_NOT_FOUND, None, "has no");
}

#[tokio::test]
async fn the_name_is_the_zones_without_case_and_final_dot_and_echoed() {
    let f = fixture().await;
    let zone = f.zone("www.example.com", "secondary").await;
    for name in ["www.example.net", "example.com.", "", "a..b"] {
        let done = f.catalog.create_incoming(&f.by, zone.id, incoming(name, &[], None)).await;
        assert_fault(done, Invalid, code::LINK_NAME, Some("/name"), "name");
    }
    let done = f.catalog.create_incoming(&f.by, zone.id, incoming("WWW.example.com.", &[], None)).await.unwrap();
    assert_eq!(done.result.name, "WWW.example.com.");
    assert_eq!(done.result.zone, zone.id, "the id is the zone's");
    let wanted = OutgoingWanted { name: "example.com".to_owned(), peers: Vec::new() };
    let done = f.catalog.create_outgoing(&f.by, zone.id, wanted).await;
    assert_fault(done, Invalid, code::LINK_NAME, Some("/name"), "www.example.com");
}

#[tokio::test]
async fn auto_refresh_seconds_is_at_least_300_a_day_at_first_and_unchanged_on_put() {
    let f = fixture().await;
    let zone = f.zone("a.test", "secondary").await;
    for seconds in [299, 0, -1, i64::from(u32::MAX) + 1] {
        let done = f.catalog.create_incoming(&f.by, zone.id, incoming("a.test", &[], Some(seconds))).await;
        assert_fault(done, Invalid, code::LINK_REFRESH, Some("/auto_refresh_seconds"), "300");
    }
    let seconds = |done: Result<Done<Arc<Incoming>>, Fault>| done.unwrap().result.auto_refresh_seconds;
    assert_eq!(seconds(f.catalog.create_incoming(&f.by, zone.id, incoming("a.test", &[], None)).await), 86_400);
    assert_eq!(seconds(f.catalog.update_incoming(&f.by, zone.id, incoming("a.test", &[], Some(300))).await), 300);
    assert_eq!(seconds(f.catalog.update_incoming(&f.by, zone.id, incoming("a.test", &[], None)).await), 300);
    let most = Some(i64::from(u32::MAX));
    assert_eq!(seconds(f.catalog.update_incoming(&f.by, zone.id, incoming("a.test", &[], most)).await), u32::MAX);
}

#[tokio::test]
async fn peers_are_there_in_the_account_once_and_no_more_than_30() {
    let f = fixture().await;
    let zone = f.zone("a.test", "secondary").await;
    let mut peers = Vec::new();
    for number in 0..31 {
        peers.push(f.peer(peer("p", Some(&format!("192.0.2.{number}")))).await.id.to_string());
    }
    let done = f.catalog.create_incoming(&f.by, zone.id, incoming("a.test", &peers, None)).await;
    assert_fault(done, Invalid, code::LINK_TOO_MANY, Some("/peers"), "31 are more");
    let foreign = f.catalog.create_peer(&f.by, other(), peer("p", Some("192.0.2.1"))).await.unwrap().result;
    let silent = f.peer(peer("silent", None)).await;
    for (list, part) in [
        (vec![peers[0].clone(), "p".to_owned()], "not an id"),
        (vec![peers[0].clone(), foreign.id.to_string()], "in the zone's account"),
        (vec![peers[0].clone(), peers[0].clone()], "there twice"),
        (vec![peers[0].clone(), silent.id.to_string()], "has no ip"),
    ] {
        let done = f.catalog.create_incoming(&f.by, zone.id, incoming("a.test", &list, None)).await;
        assert_fault(done, Invalid, code::LINK_PEER, Some("/peers/1"), part);
    }
    peers.pop();
    assert!(f.catalog.create_incoming(&f.by, zone.id, incoming("a.test", &peers, None)).await.is_ok(), "30 are not");
    // No list is too short, and who is only told needs no address.
    assert!(f.outgoing(&zone, &[]).await.is_ok());
    let wanted = OutgoingWanted { name: "a.test".to_owned(), peers: vec![silent.id.to_string()] };
    assert_eq!(f.catalog.update_outgoing(&f.by, zone.id, wanted).await.unwrap().result.peers, [silent.id]);
    assert!(
        f.catalog.update_incoming(&f.by, zone.id, incoming("a.test", &[], None)).await.is_ok(),
        "links are cleared"
    );
}

#[tokio::test]
async fn a_peer_that_a_zone_comes_from_keeps_its_address() {
    let f = fixture().await;
    let (zone, p) = (f.zone("a.test", "secondary").await, f.peer(peer("p", Some("192.0.2.1"))).await);
    f.incoming(&zone, &[p.id]).await.unwrap();
    let done = f.catalog.update_peer(&f.by, f.account, p.id, peer("p", None)).await;
    assert_fault(done, Invalid, code::PEER_IP, Some("/ip"), "\"a.test\"");
    f.catalog.delete_incoming(&f.by, zone.id).await.unwrap();
    assert!(f.catalog.update_peer(&f.by, f.account, p.id, peer("p", None)).await.is_ok());
}

#[tokio::test]
async fn incoming_is_for_secondary_zones_and_outgoing_for_full_and_secondary() {
    let f = fixture().await;
    for (kind, comes, goes) in
        [("full", false, true), ("secondary", true, true), ("partial", false, false), ("internal", false, false)]
    {
        let zone = f.zone(&format!("{kind}.test"), kind).await;
        for (may, fault) in [(comes, f.incoming(&zone, &[]).await.err()), (goes, f.outgoing(&zone, &[]).await.err())] {
            let refused = fault.map(|fault| (fault.kind, fault.code, fault.message.contains(kind)));
            assert_eq!(refused, (!may).then_some((Invalid, code::LINK_ZONE_TYPE, true)), "{kind}");
        }
    }
}

#[tokio::test]
async fn a_second_one_conflicts_and_a_missing_one_is_not_found() {
    let f = fixture().await;
    let zone = f.zone("a.test", "secondary").await;
    missing(f.catalog.delete_incoming(&f.by, zone.id).await);
    missing(f.catalog.delete_outgoing(&f.by, zone.id).await);
    missing(f.catalog.enable_outgoing(&f.by, zone.id).await);
    missing(f.catalog.disable_outgoing(&f.by, zone.id).await);
    missing(f.catalog.force_notify(&f.by, zone.id).await);
    missing(f.catalog.force_axfr(&f.by, zone.id).await);
    let update = f.catalog.update_incoming(&f.by, zone.id, incoming("a.test", &[], None)).await;
    missing(update);
    f.incoming(&zone, &[]).await.unwrap();
    f.outgoing(&zone, &[]).await.unwrap();
    assert_fault(f.incoming(&zone, &[]).await, Conflict, code::LINK_EXISTS, None, "already");
    assert_fault(f.outgoing(&zone, &[]).await, Conflict, code::LINK_EXISTS, None, "already");
}

#[tokio::test]
async fn outgoing_is_disabled_at_first_and_switched() {
    let f = fixture().await;
    let zone = f.zone("a.test", "full").await;
    let name = zone.name.value().clone();
    assert!(!f.outgoing(&zone, &[]).await.unwrap().result.enabled);
    let done = f.catalog.force_notify(&f.by, zone.id).await;
    assert_fault(done, Invalid, code::LINK_DISABLED, None, "not enabled");
    f.told.take();
    assert!(f.catalog.enable_outgoing(&f.by, zone.id).await.unwrap().result.enabled);
    assert_eq!(f.told.take(), [effect(&zone), Effect::Notify(name.clone())], "enabling sends NOTIFY");
    assert!(f.catalog.enable_outgoing(&f.by, zone.id).await.unwrap().result.enabled);
    assert_eq!(f.told.take(), [], "once more changes nothing");
    let wanted = OutgoingWanted { name: "a.test".to_owned(), peers: Vec::new() };
    assert!(f.catalog.update_outgoing(&f.by, zone.id, wanted).await.unwrap().result.enabled, "it stays enabled");
    f.told.take();
    let clears = |writes: Vec<Write>| {
        writes.iter().any(|write| matches!(write, Write::ClearDeltas { zone: id } if *id == zone.id))
    };
    f.catalog.force_notify(&f.by, zone.id).await.unwrap();
    assert_eq!(f.told.take(), [Effect::ClearBacklog(name.clone()), Effect::Notify(name.clone())]);
    assert!(clears(f.store.last()));
    assert!(!f.catalog.disable_outgoing(&f.by, zone.id).await.unwrap().result.enabled);
    assert_eq!(f.told.take(), [effect(&zone), Effect::ClearBacklog(name)]);
    assert!(clears(f.store.last()));
}

#[tokio::test]
async fn a_transfer_is_forced_where_there_is_incoming() {
    let f = fixture().await;
    let zone = f.zone("a.test", "secondary").await;
    f.incoming(&zone, &[]).await.unwrap();
    f.told.take();
    f.catalog.force_axfr(&f.by, zone.id).await.unwrap();
    assert_eq!(f.told.take(), [Effect::ForceAxfr(zone.name.value().clone())]);
}

#[tokio::test]
async fn mixed_tsigs_at_a_zone_are_warned_of() {
    let f = fixture().await;
    let (one, two) = (f.tsig("one.").await, f.tsig("two.").await);
    let with = |tsig: Option<&Tsig>, ip: &str| PeerWanted {
        tsig_id: tsig.map(|tsig| tsig.id.to_string()),
        ..peer(ip, Some(ip))
    };
    let a = f.peer(with(Some(&one), "192.0.2.1")).await;
    let b = f.peer(with(Some(&one), "192.0.2.2")).await;
    let open = f.peer(with(None, "192.0.2.3")).await;
    let zone = f.zone("a.test", "full").await;
    assert_eq!(f.outgoing(&zone, &[a.id, b.id]).await.unwrap().warnings, []);
    let wanted = OutgoingWanted { name: "a.test".to_owned(), peers: vec![a.id.to_string(), open.id.to_string()] };
    let warnings = f.catalog.update_outgoing(&f.by, zone.id, wanted).await.unwrap().warnings;
    assert_eq!(warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), [code::LINK_MIXED_TSIG]);
    assert!(warnings[0].message.contains("\"a.test\""));
    // Also where a peer's change makes it so, and no more where it mends it.
    let mended = f.catalog.update_peer(&f.by, f.account, open.id, with(Some(&one), "192.0.2.3")).await.unwrap();
    assert_eq!(mended.warnings, []);
    let broken = f.catalog.update_peer(&f.by, f.account, open.id, with(Some(&two), "192.0.2.3")).await.unwrap();
    assert_eq!(broken.warnings.len(), 1);
}
