//! What holds for changes of a zone's records.

use super::*;
use FaultKind::{Conflict, Forbidden, Invalid, NotFound};
use zxfr_core::serial::SerialPolicy;

fn update(ids: &[String]) -> PolicyEdit {
    PolicyEdit { update: Some(ids.to_vec()), ..PolicyEdit::default() }
}

#[tokio::test]
async fn a_zone_takes_no_updates_until_keys_are_named_and_each_member_stays_by_itself() {
    let f = fixture().await;
    let zone = f.zone("a.test", "full").await;
    let before = f.catalog.read().policy(&zone);
    assert_eq!((before.serial, before.update.len(), before.modified), (SerialPolicy::Increment, 0, zone.created));
    let keys = [f.tsig("k.").await.id, f.tsig("l.").await.id];
    let ids = keys.map(|id| id.to_string());
    f.catalog.edit_policy(&f.by, zone.id, update(&ids)).await.unwrap();
    let serial = PolicyEdit { serial: Some("unixtime".to_owned()), ..PolicyEdit::default() };
    let done = f.catalog.edit_policy(&f.by, zone.id, serial).await.unwrap();
    assert_eq!((done.result.serial, &done.result.update[..]), (SerialPolicy::UnixTime, &keys[..]));
    assert_eq!(f.catalog.read().policy(&zone), done.result);
    let [Write::Put(Object::Policy(put)), Write::Audit(audit)] = &f.store.last()[..] else { panic!() };
    assert_eq!((put, audit.what.contains("update with 2 TSIGs")), (&done.result, true));
    let effect = Effect::Zone { id: zone.id, name: zone.name.value().clone() };
    assert!(f.told.take().ends_with(std::slice::from_ref(&effect)));
    // It goes with the zone.
    f.catalog.delete_zone(&f.by, zone.id).await.unwrap();
    assert!(!f.catalog.read().has_policy(zone.id));
    assert!(f.store.last().iter().any(|write| matches!(write, Write::Delete(ObjectKey::Policy(id)) if *id == zone.id)));
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_place() {
    let f = fixture().await;
    let (full, secondary) = (f.zone("a.test", "full").await, f.zone("b.test", "secondary").await);
    let id = f.tsig("k.").await.id.to_string();
    for (ids, pointer, part) in [
        (vec!["x".to_owned()], "/update/0", "\"x\" is"),
        (vec![id.clone(), other().to_string()], "/update/1", "no TSIG of this account"),
        (vec![id.clone(), id.clone()], "/update/1", "there twice"),
    ] {
        let done = f.catalog.edit_policy(&f.by, full.id, update(&ids)).await;
        assert_fault(done, Invalid, code::POLICY_UPDATE, Some(pointer), part);
    }
    let serial = PolicyEdit { serial: Some("date".to_owned()), ..PolicyEdit::default() };
    let done = f.catalog.edit_policy(&f.by, full.id, serial).await;
    assert_fault(done, Invalid, code::POLICY_SERIAL, Some("/serial"), "neither increment nor unixtime");
    let done = f.catalog.edit_policy(&f.by, secondary.id, update(&[])).await;
    assert_fault(done, Invalid, code::POLICY_ZONE_TYPE, None, "only the records of full zones");
    let done = f.catalog.edit_policy(&f.by, other(), update(&[])).await;
    assert_fault(done, NotFound, code::ZONE_NOT_FOUND, None, "no zone");
    let reader = token("r", Reach::All, Access::Read);
    let done = f.catalog.edit_policy(&reader, full.id, update(&[])).await;
    assert_fault(done, Forbidden, code::FORBIDDEN, None, "read only");
}

#[tokio::test]
async fn a_key_that_may_update_a_zone_stays() {
    let f = fixture().await;
    let (zone, key) = (f.zone("a.test", "full").await, f.tsig("k.").await);
    f.catalog.edit_policy(&f.by, zone.id, update(&[key.id.to_string()])).await.unwrap();
    let done = f.catalog.delete_tsig(&f.by, f.account, key.id).await;
    assert_fault(done, Conflict, code::TSIG_IN_USE, None, "may update the zones \"a.test\"");
    f.catalog.edit_policy(&f.by, zone.id, update(&[])).await.unwrap();
    assert!(f.catalog.delete_tsig(&f.by, f.account, key.id).await.is_ok());
}
