//! How changes are done, and what the configuration declares beside what is managed.

use super::*;
use FaultKind::{Forbidden, Unavailable};
use std::time::Instant;

const DECLARED: &str = "[[tsig]]\nname = \"k.\"\nalgo = \"hmac-sha256.\"\nsecret = \"c2VjcmV0c2VjcmV0c2VjcmV0\"\n\
    [[peer]]\nname = \"p\"\nip = \"192.0.2.1\"\ntsig = \"k.\"\n[[acl]]\nname = \"a\"\nip_range = \"192.0.2.9/30\"\n\
    [[zone]]\nname = \"Declared.test\"\nincoming = { peers = [\"p\"] }\noutgoing = { peers = [\"p\"] }\n";

#[track_caller]
fn refused<T>(done: Result<Done<T>, Fault>) {
    assert_fault(done, Forbidden, code::DECLARED, None, "configuration file");
}

#[tokio::test]
async fn nothing_has_changed_when_the_store_fails() {
    let f = fixture().await;
    *f.store.fails.lock().unwrap() = Some(StoreError::Full);
    let done = f.catalog.create_acl(&f.by, f.account, acl("a", "192.0.2.1")).await;
    assert_fault(done, Unavailable, code::STORE, None, "nothing was changed: no room for the store");
    assert!(f.catalog.read().acls(f.account).is_empty());
    assert_eq!(f.told.take(), []);
    *f.store.fails.lock().unwrap() = None;
    assert!(f.catalog.create_acl(&f.by, f.account, acl("a", "192.0.2.1")).await.is_ok());
}

#[tokio::test]
async fn a_change_is_one_commit_with_a_line_of_audit_and_no_secret_in_it() {
    let f = fixture().await;
    let key = f.tsig("k.").await;
    let writes = f.store.last();
    let [Write::Put(Object::Tsig(put)), Write::Audit(audit)] = &writes[..] else { panic!("{writes:?}") };
    assert_eq!(put, &key);
    assert_eq!((audit.token.as_str(), audit.account), ("all", Some(f.account)));
    assert!(audit.what.contains("created the TSIG") && audit.what.contains(&key.id.to_string()), "{}", audit.what);
    assert!(!format!("{writes:?}").contains(key.secret.text()));
}

#[tokio::test]
async fn changes_at_once_are_done_one_after_the_other() {
    let f = fixture().await;
    let zones = (0..20).map(|_| {
        let (catalog, by, account) = (f.catalog.clone(), f.by.clone(), f.account.to_string());
        tokio::spawn(async move {
            let wanted = ZoneWanted { account: Some(account), name: "once.test".to_owned(), kind: None };
            catalog.create_zone(&by, wanted).await.is_ok()
        })
    });
    let mut made = 0;
    for zone in zones.collect::<Vec<_>>() {
        made += u32::from(zone.await.unwrap());
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn a_change_goes_on_though_nobody_waits_for_it() {
    let f = fixture().await;
    {
        let mut change = std::pin::pin!(f.catalog.create_acl(&f.by, f.account, acl("a", "192.0.2.1")));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(change.as_mut().poll(&mut context).is_pending());
    }
    // Another one is behind it.
    f.peer(peer("p", None)).await;
    assert_eq!(f.catalog.read().acls(f.account).len(), 1);
}

#[tokio::test]
async fn what_a_change_comes_to() {
    let f = fixture().await;
    let key = f.tsig("k.").await;
    assert_eq!(f.told.take(), [Effect::Access(f.account)]);
    let p = f.peer(PeerWanted { tsig_id: Some(key.id.to_string()), ..peer("p", Some("192.0.2.1")) }).await;
    assert_eq!(f.told.take(), [], "it is linked to nothing");
    let zone = f.zone("a.test", "secondary").await;
    f.incoming(&zone, &[p.id]).await.unwrap();
    let beside = f.zone("b.test", "full").await;
    f.told.take();
    f.catalog.update_tsig(&f.by, f.account, key.id, tsig("k.", "hmac-sha1.", None)).await.unwrap();
    assert_eq!(f.told.take(), [Effect::Access(f.account), effect(&zone)]);
    f.catalog.update_peer(&f.by, f.account, p.id, peer("p", Some("192.0.2.2"))).await.unwrap();
    assert_eq!(f.told.take(), [effect(&zone)]);
    f.catalog.create_acl(&f.by, f.account, acl("a", "192.0.2.1")).await.unwrap();
    assert_eq!(f.told.take(), [Effect::Access(f.account)]);
    f.outgoing(&beside, &[]).await.unwrap();
    assert_eq!(f.told.take(), [effect(&beside)]);
}

#[tokio::test]
async fn what_is_declared_is_shown_and_not_changed() {
    let (f, problems) = fixture_with(DECLARED, Vec::new()).await;
    assert_eq!(problems, [""; 0]);
    let (key, p, a, zone) = {
        let objects = f.catalog.read();
        let zone = objects.zones(&Reach::All).next().unwrap().clone();
        let [key] = &objects.tsigs(f.account)[..] else { panic!() };
        (key.clone(), objects.peers(f.account)[0].clone(), objects.acls(f.account)[0].clone(), zone)
    };
    assert_eq!(zone.id, Id::declared(f.account, "zone", "declared.test."));
    assert_eq!(key.id, Id::declared(f.account, "tsig", "k."));
    assert_eq!(p.id, Id::declared(f.account, "peer", "p"));
    assert_eq!(a.id, Id::declared(f.account, "acl", "a"));
    assert_eq!((p.tsig_id, zone.kind), (Some(key.id), ZoneKind::Secondary));
    refused(f.catalog.delete_tsig(&f.by, f.account, key.id).await);
    refused(f.catalog.delete_peer(&f.by, f.account, p.id).await);
    refused(f.catalog.delete_acl(&f.by, f.account, a.id).await);
    refused(f.catalog.delete_zone(&f.by, zone.id).await);
    refused(f.catalog.delete_incoming(&f.by, zone.id).await);
    refused(f.catalog.delete_outgoing(&f.by, zone.id).await);
    refused(f.catalog.disable_outgoing(&f.by, zone.id).await);
    assert_eq!(f.store.writes.lock().unwrap().len(), 0);
    // It can be made use of, and told to do what it does.
    f.catalog.force_axfr(&f.by, zone.id).await.unwrap();
    f.catalog.force_notify(&f.by, zone.id).await.unwrap();
    let cleared = |write: &Write| matches!(write, Write::ClearDeltas { zone: id } if *id == zone.id);
    assert!(f.store.last().iter().any(cleared), "its history is kept, too");
    let managed = f.zone("managed.test", "secondary").await;
    f.incoming(&managed, &[p.id]).await.unwrap();
}

#[tokio::test]
async fn a_managed_zone_wins_over_a_declared_one_and_both_are_named() {
    let f = fixture().await;
    let zone = f.zone("declared.TEST", "full").await;
    let (f, problems) = fixture_with(DECLARED, vec![Object::Zone(zone.clone())]).await;
    assert_eq!(problems.len(), 1);
    for part in ["\"Declared.test.\"", "\"declared.TEST\"", &zone.id.to_string(), "configuration file"] {
        assert!(problems[0].contains(part), "{part}: {problems:?}");
    }
    let objects = f.catalog.read();
    assert_eq!(objects.zones(&Reach::All).map(|zone| zone.id).collect::<Vec<_>>(), [zone.id]);
    assert!(objects.incoming(&zone).is_none());
}

#[tokio::test]
async fn another_configuration_keeps_what_is_managed() {
    let (f, _) = fixture_with(DECLARED, Vec::new()).await;
    let (zone, p) = (f.zone("managed.test", "full").await, f.catalog.read().peers(f.account)[0].clone());
    f.outgoing(&zone, &[p.id]).await.unwrap();
    let config = config::parse(
        "[api]\naccounts = [{ id = \"00000000000000000000000000000001\", name = \"one\" }]\n",
        Path::new("zxfrd.toml"),
    );
    let problems = f.catalog.configure(&config.unwrap()).await;
    assert!(
        matches!(&problems[..], [problem] if problem.contains("managed.test") && problem.contains(&p.id.to_string()))
    );
    let objects = f.catalog.read();
    assert!(objects.outgoing(&zone).is_some() && objects.peers(f.account).is_empty());
    assert_eq!(objects.zones(&Reach::All).count(), 1);
}

#[tokio::test]
async fn a_change_does_not_cost_by_the_number_of_zones() {
    let few = time_of_changes(10).await;
    let many = time_of_changes(10_000).await;
    assert!(many < few * 20, "{few:?} with 10 zones, {many:?} with 10,000");
}

/// How long changes take at best, with so many zones.
async fn time_of_changes(zones: u32) -> std::time::Duration {
    let first: Id = "00000000000000000000000000000001".parse().unwrap();
    let now = Time::now();
    let zone = |number: u32| {
        Object::Zone(Arc::new(Zone {
            id: Id::declared(first, "test", &number.to_string()),
            account: first,
            name: Written::read(&format!("z{number}.test")).unwrap(),
            kind: ZoneKind::Full,
            paused: false,
            vanity_name_servers: Vec::new(),
            origin: Origin::Managed,
            created: now,
            modified: now,
            activated: None,
            declared: DeclaredZone::default(),
        }))
    };
    let (f, _) = fixture_with("", (0..zones).map(zone).collect()).await;
    let changed = f.zone("changed.test", "full").await;
    let mut best = std::time::Duration::MAX;
    for round in 0..50 {
        let start = Instant::now();
        let edit = ZoneEdit { paused: Some(round % 2 == 0), ..ZoneEdit::default() };
        f.catalog.edit_zone(&f.by, changed.id, edit).await.unwrap();
        best = best.min(start.elapsed());
    }
    best
}
