//! Zones.

use super::*;
use FaultKind::{Conflict, Invalid};

fn zone(account: Option<&str>, name: &str, kind: Option<&str>) -> ZoneWanted {
    ZoneWanted { account: account.map(str::to_owned), name: name.to_owned(), kind: kind.map(str::to_owned) }
}

#[tokio::test]
async fn a_zone_has_a_name_that_exists_once_per_daemon() {
    let f = fixture().await;
    let one = f.account.to_string();
    let created = f.catalog.create_zone(&f.by, zone(Some(&one), "Example.ORG", None)).await.unwrap().result;
    assert_eq!((created.name.text(), created.kind, created.paused), ("Example.ORG", ZoneKind::Full, false));
    for name in ["example.org", "EXAMPLE.org."] {
        let done = f.catalog.create_zone(&f.by, zone(Some(OTHER), name, None)).await;
        assert_fault(done, Conflict, code::ZONE_EXISTS, Some("/name"), "already");
    }
    for name in ["", "a..b", &"a".repeat(64)] {
        let done = f.catalog.create_zone(&f.by, zone(Some(&one), name, None)).await;
        assert_fault(done, Invalid, code::ZONE_NAME, Some("/name"), "not a domain name");
    }
    f.catalog.delete_zone(&f.by, created.id).await.unwrap();
    let again = f.catalog.create_zone(&f.by, zone(Some(OTHER), "example.org", None)).await.unwrap().result;
    assert_ne!(again.id, created.id);
}

#[tokio::test]
async fn a_zone_has_an_account_and_a_type() {
    let f = fixture().await;
    for (account, part) in
        [(None, "missing"), (Some("1"), "not an id"), (Some("00000000000000000000000000000009"), "no account")]
    {
        let done = f.catalog.create_zone(&f.by, zone(account, "a.test", None)).await;
        assert_fault(done, Invalid, code::ZONE_ACCOUNT, Some("/account/id"), part);
    }
    let scoped = token("scoped", Reach::Some([other()].into()), Access::Write);
    let done = f.catalog.create_zone(&scoped, zone(None, "a.test", None)).await.unwrap();
    assert_eq!(done.result.account, other(), "the only one that the token opens");
    let done = f.catalog.create_zone(&scoped, zone(None, "b.test", Some("primary"))).await;
    assert_fault(done, Invalid, code::ZONE_TYPE, Some("/type"), "full");
    for kind in ["full", "partial", "secondary", "internal"] {
        let done = f.catalog.create_zone(&scoped, zone(None, &format!("{kind}.test"), Some(kind))).await.unwrap();
        assert_eq!(done.result.kind.as_str(), kind);
    }
}

#[tokio::test]
async fn one_thing_of_a_zone_is_edited_at_a_time() {
    let f = fixture().await;
    let id = f.zone("a.test", "full").await.id;
    let edit = |edit| f.catalog.edit_zone(&f.by, id, edit);
    let both = ZoneEdit { paused: Some(true), kind: Some("secondary".to_owned()), vanity_name_servers: None };
    for wanted in [ZoneEdit::default(), both] {
        assert_fault(edit(wanted).await, Invalid, code::ZONE_MEMBER, Some(""), "no more than one");
    }
    let paused = edit(ZoneEdit { paused: Some(true), ..ZoneEdit::default() }).await.unwrap().result;
    assert!(paused.paused && paused.modified >= paused.created);
    let names = |list: &[&str]| ZoneEdit {
        vanity_name_servers: Some(list.iter().map(|name| (*name).to_owned()).collect()),
        ..ZoneEdit::default()
    };
    let done = edit(names(&["ns1.a.test", "a..b"])).await;
    assert_fault(done, Invalid, code::ZONE_MEMBER, Some("/vanity_name_servers/1"), "empty label");
    let named = edit(names(&["ns1.a.test"])).await.unwrap().result;
    assert!(named.paused && named.vanity_name_servers == ["ns1.a.test"]);
}

#[tokio::test]
async fn full_and_secondary_become_each_other_once_nothing_comes_in() {
    let f = fixture().await;
    let to = |kind: &str| ZoneEdit { kind: Some(kind.to_owned()), ..ZoneEdit::default() };
    let zone = f.zone("a.test", "full").await;
    f.outgoing(&zone, &[]).await.unwrap();
    let zone = f.catalog.edit_zone(&f.by, zone.id, to("secondary")).await.unwrap().result;
    assert_eq!(zone.kind, ZoneKind::Secondary);
    f.incoming(&zone, &[]).await.unwrap();
    let done = f.catalog.edit_zone(&f.by, zone.id, to("full")).await;
    assert_fault(done, Conflict, code::ZONE_IN_USE, Some("/type"), "incoming");
    f.catalog.delete_incoming(&f.by, zone.id).await.unwrap();
    assert_eq!(f.catalog.edit_zone(&f.by, zone.id, to("full")).await.unwrap().result.kind, ZoneKind::Full);
    for kind in ["partial", "internal"] {
        let done = f.catalog.edit_zone(&f.by, zone.id, to(kind)).await;
        assert_fault(done, Invalid, code::ZONE_TYPE, Some("/type"), kind);
    }
    assert!(f.catalog.edit_zone(&f.by, zone.id, to("full")).await.is_ok(), "it is that already");
}

#[tokio::test]
async fn a_zone_goes_with_its_links_and_all_that_is_held_of_it() {
    let f = fixture().await;
    let (zone, p) = (f.zone("a.test", "secondary").await, f.peer(peer("p", Some("192.0.2.1"))).await);
    f.incoming(&zone, &[p.id]).await.unwrap();
    f.outgoing(&zone, &[p.id]).await.unwrap();
    f.told.take();
    assert_eq!(f.catalog.delete_zone(&f.by, zone.id).await.unwrap().result, zone.id);
    assert_eq!(f.told.take(), [effect(&zone)]);
    let writes = f.store.last();
    for key in [ObjectKey::Incoming(zone.id), ObjectKey::Outgoing(zone.id), ObjectKey::Zone(zone.id)] {
        assert!(writes.iter().any(|write| matches!(write, Write::Delete(gone) if *gone == key)), "{key:?}");
    }
    assert!(writes.iter().any(|write| matches!(write, Write::Forget { zone: id } if *id == zone.id)));
    let objects = f.catalog.read();
    assert!(objects.incoming(&zone).is_none() && objects.outgoing(&zone).is_none());
    assert_eq!(objects.zones_of_peer(&p).count(), 0, "the peer is free");
}
