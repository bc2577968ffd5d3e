//! Objects.

use super::super::objects::AUDIT_LINES;
use super::*;
use crate::catalog::{
    Access, Account, Acl, AlertPolicy, AlertType, Alerting, Audit, HoldIf, Incident, Incoming, Meaning, Object,
    ObjectKey, Origin, Outgoing, Peer, Publish, Publishing, Reach, SentAlert, SoaSettings, Token, Tsig, TsigSecret,
    Webhook, WebhookSecret, Written, Zone, ZoneKind, ZoneMode, ZonePolicy, ZoneSettings, ZonemdCheck,
};
use zxfr_core::serial::SerialPolicy;

fn written<T: Meaning>(text: &str) -> Written<T> {
    Written::read(text).unwrap()
}

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODw==";

/// Two of each kind, one with all that can be set and one with as little as there may be.
fn objects() -> Vec<Object> {
    let origin = Origin::Managed;
    let (created, modified) = (Time(1_741_724_691_450_451), Time(-5));
    let account =
        |number, name: &str| Object::Account(Arc::new(Account { id: id(number), name: name.into(), origin, created }));
    let token = |number, email: Option<&str>, accounts, access| {
        let (name, email, digest) = (format!("t{number}"), email.map(str::to_owned), [number; 32]);
        Object::Token(Arc::new(Token { id: id(number), name, email, digest, accounts, access, origin, created }))
    };
    let tsig = |number, name: &str, algo: &str| {
        let secret = TsigSecret::read(SECRET).unwrap();
        let (name, algo) = (written(name), written(algo));
        Object::Tsig(Arc::new(Tsig { id: id(number), account: id(1), name, algo, secret, origin, created, modified }))
    };
    let peer = |number, ip: Option<&str>, port, ixfr_enable, tsig_id| {
        let (id, account, name, ip) = (id(number), id(1), "péer '\"; --".into(), ip.map(written));
        Object::Peer(Arc::new(Peer { id, account, name, ip, port, ixfr_enable, tsig_id, origin, created, modified }))
    };
    let acl = |number, range: &str| {
        let (id, account, name, ip_range) = (id(number), id(1), String::new(), written(range));
        Object::Acl(Arc::new(Acl { id, account, name, ip_range, origin, created, modified }))
    };
    let zone = |number, name: &str, kind, paused, servers: &[&str], activated| {
        Object::Zone(Arc::new(Zone {
            id: id(number),
            account: id(1),
            name: written(name),
            kind,
            paused,
            vanity_name_servers: servers.iter().map(ToString::to_string).collect(),
            origin,
            created,
            modified,
            activated,
            declared: Default::default(),
        }))
    };
    let incoming = |number, peers, auto_refresh_seconds| {
        let (zone, name) = (id(number), "Example.Org".into());
        Object::Incoming(Arc::new(Incoming { zone, name, peers, auto_refresh_seconds, origin, created, modified }))
    };
    let outgoing = |number, peers, enabled| {
        let (zone, name) = (id(number), "example.org.".into());
        Object::Outgoing(Arc::new(Outgoing { zone, name, peers, enabled, origin, created }))
    };
    let policy = |number, serial, update| {
        let hold_if = HoldIf { shrink_percent: Some(30), zonemd_wrong: true, ..HoldIf::default() };
        let publishing = Publishing { publish: Publish::HoldIf, hold_if, zonemd: ZonemdCheck::Reject };
        let (zone, zonemd_generate) = (id(number), true);
        Object::Policy(Arc::new(ZonePolicy { zone, serial, update, zonemd_generate, publishing, origin, modified }))
    };
    let settings = |number, soa, flag| {
        Object::Settings(Arc::new(ZoneSettings {
            zone: id(number),
            multi_provider: flag,
            secondary_overrides: !flag,
            ns_ttl: u32::MAX,
            zone_mode: if flag { ZoneMode::DnsOnly } else { ZoneMode::Standard },
            soa,
            dnssec_presigned: flag,
            dnssec_use_nsec3: !flag,
            modified,
        }))
    };
    let soa = SoaSettings {
        mname: Some(Written::read("Ns.Example").unwrap()),
        rname: Some(Written::read("h.example.").unwrap()),
        refresh: Some(1),
        retry: Some(2),
        expire: Some(3),
        min_ttl: Some(0),
        ttl: Some(u32::MAX),
    };
    vec![
        account(1, "Main"),
        account(2, ""),
        token(3, Some("a@example.org"), Reach::All, Access::Write),
        token(4, None, Reach::Some([id(2), id(1)].into()), Access::Read),
        token(5, None, Reach::Some([].into()), Access::Metrics),
        tsig(6, "Key.Example.", "HMAC-SHA256."),
        tsig(7, "key", "hmac-sha512"),
        peer(8, Some("2001:DB8::1"), Some(65_535), Some(false), Some(id(6))),
        peer(9, None, None, None, None),
        acl(10, "192.0.2.53/24"),
        acl(11, "2001:db8::1"),
        zone(12, "Example.Org", ZoneKind::Secondary, true, &["b.example", "a.example"], Some(Time(0))),
        zone(13, "example.net.", ZoneKind::Full, false, &[], None),
        incoming(12, vec![id(9), id(8)], u32::MAX),
        incoming(13, vec![], 0),
        outgoing(12, vec![id(8), id(9)], true),
        outgoing(13, vec![], false),
        policy(12, SerialPolicy::UnixTime, vec![id(7), id(6)]),
        policy(13, SerialPolicy::Increment, vec![]),
        settings(12, SoaSettings::default(), true),
        settings(13, soa, false),
    ]
    .into_iter()
    .chain(alerting().into_iter().map(Object::Alerting))
    .collect()
}

/// Two of each kind that tells people of trouble.
fn alerting() -> Vec<Alerting> {
    let (account, created, modified) = (id(1), Time(1), Time(2));
    let webhook = |number, secret: Option<&str>, last: Option<Time>| {
        let secret = secret.map(|text| WebhookSecret::read(text).unwrap());
        let (id, name, url) = (id(number), "h".into(), "https://a.example/?\"'".into());
        let (last_success, last_failure) = (last, last.map(|time| Time(time.0 + 1)));
        let webhook = Webhook { id, account, name, url, secret, created, modified, last_success, last_failure };
        Alerting::Webhook(Arc::new(webhook))
    };
    let policy = |number, description: Option<&str>, alert_type, webhooks, enabled| {
        let (id, name, description) = (id(number), "p".into(), description.map(str::to_owned));
        let policy = AlertPolicy { id, account, name, description, alert_type, enabled, webhooks, created, modified };
        Alerting::Policy(Arc::new(policy))
    };
    let sent = |number: u8, description: Option<&str>, alert_type| {
        let (webhook, policy, body, sent) = (id(20), id(22), "{}".into(), Time(number.into()));
        let (id, name, description) = (id(number), "p".into(), description.map(str::to_owned));
        let sent = SentAlert { id, account, policy, name, description, alert_type, webhook, body, sent };
        Alerting::Sent(Arc::new(sent))
    };
    let incident = |number, told: &[(Id, Id)], alert_type| {
        let (id, zone, zone_name, told) = (id(number), id(12), "example.org".into(), told.iter().copied().collect());
        Alerting::Incident(Arc::new(Incident { id, account, zone, zone_name, alert_type, since: Time(3), told }))
    };
    vec![
        webhook(20, Some(SECRET), Some(Time(5))),
        webhook(21, None, None),
        policy(22, Some("what for"), AlertType::AllPrimariesFailing, vec![id(21), id(20)], true),
        policy(23, None, AlertType::PrimariesFailing, vec![], false),
        sent(24, Some(""), AlertType::Updated),
        sent(25, None, AlertType::ValidationWarning),
        incident(26, &[(id(22), id(20)), (id(22), id(21)), (id(23), id(20))], AlertType::Warning),
        incident(27, &[], AlertType::Warning),
    ]
}

fn sorted(objects: &[Object]) -> BTreeMap<String, Object> {
    let objects: BTreeMap<_, _> =
        objects.iter().map(|object| (format!("{:?}", object.key()), object.clone())).collect();
    objects
}

#[tokio::test]
async fn objects_come_back_as_they_were_written() {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    let objects = objects();
    store.commit(objects.iter().cloned().map(Write::Put).collect()).await.unwrap();
    // Once more is not twice.
    store.commit(objects.iter().cloned().map(Write::Put).collect()).await.unwrap();
    store.close().await;
    drop(store);
    let store = Sqlite::open(&path).await.unwrap();
    let read = store.objects().await.unwrap();
    assert_eq!(read.len(), objects.len());
    assert_eq!(sorted(&read), sorted(&objects));
    for object in read {
        // `Debug` shows no secret, and equality looks at what was written.
        match &object {
            Object::Tsig(tsig) => assert_eq!(tsig.secret.text(), SECRET),
            Object::Alerting(Alerting::Webhook(webhook)) if webhook.id == id(20) => {
                assert_eq!(webhook.secret.as_ref().map(WebhookSecret::text), Some(SECRET));
                assert!(!format!("{webhook:?}").contains(SECRET));
            }
            _ => {}
        }
    }
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test]
async fn an_object_is_replaced_and_removed_with_what_belongs_to_it() {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    store.commit(objects().into_iter().map(Write::Put).collect()).await.unwrap();
    let mut changed = objects();
    for object in &mut changed {
        match object {
            Object::Incoming(incoming) => Arc::make_mut(incoming).peers = vec![id(8)],
            Object::Token(token) => Arc::make_mut(token).accounts = Reach::Some([id(2)].into()),
            Object::Zone(zone) => Arc::make_mut(zone).vanity_name_servers = vec!["c.example".into()],
            Object::Settings(settings) => Arc::make_mut(settings).soa.mname = None,
            Object::Alerting(Alerting::Policy(policy)) => Arc::make_mut(policy).webhooks = vec![id(20)],
            Object::Alerting(Alerting::Incident(incident)) => drop(Arc::make_mut(incident).told.pop_first()),
            _ => {}
        }
    }
    store.commit(changed.iter().cloned().map(Write::Put).collect()).await.unwrap();
    assert_eq!(sorted(&store.objects().await.unwrap()), sorted(&changed));
    store.commit(changed.iter().map(|object| Write::Delete(object.key())).collect()).await.unwrap();
    assert!(store.objects().await.unwrap().is_empty());
    let tables = ["token_account", "zone_vanity_name_server", "incoming_peer", "outgoing_peer"];
    for table in tables.into_iter().chain(["alert_policy_webhook", "incident_told", "alert_sent"]) {
        assert_eq!(behind(&path, format!("SELECT COUNT(*) FROM {table}")).await, [0]);
    }
    // What isn't there can be removed, too.
    store.commit(vec![Write::Delete(ObjectKey::Peer(id(8)))]).await.unwrap();
}

#[tokio::test]
async fn an_object_that_is_declared_is_refused() {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    let account = Account { id: id(1), name: "Main".into(), origin: Origin::Declared, created: Time(0) };
    let put = Write::Put(Object::Account(Arc::new(account)));
    assert!(matches!(store.commit(vec![put]).await, Err(StoreError::Refused(_))));
}

#[tokio::test]
async fn an_object_that_is_not_what_was_written_is_told() {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    store.commit(objects().into_iter().map(Write::Put).collect()).await.unwrap();
    for (spoil, mend, told) in [
        (
            "UPDATE tsig SET secret = '!' || secret",
            "UPDATE tsig SET secret = substr(secret, 2)",
            "table tsig, column secret",
        ),
        ("UPDATE peer SET port = port + 1", "UPDATE peer SET port = port - 1", "table peer, column port"),
        (
            "UPDATE webhook SET secret = secret || char(10)",
            "UPDATE webhook SET secret = substr(secret, 1, length(secret) - 1)",
            "table webhook, column secret",
        ),
        ("UPDATE zone SET kind = 'x' || kind", "UPDATE zone SET kind = substr(kind, 2)", "table zone, column kind"),
        (
            "UPDATE acl SET id = id || 'x' WHERE id = (SELECT MAX(id) FROM acl)",
            "DELETE FROM acl",
            "table acl, column id",
        ),
    ] {
        behind(&path, spoil).await;
        let error = store.objects().await.unwrap_err();
        assert!(matches!(&error, StoreError::Damaged(what) if what.contains(told)), "{error}");
        assert!(!error.to_string().contains(SECRET), "{error}");
        assert_eq!(store.check().await.unwrap().len(), 1);
        behind(&path, mend).await;
        store.objects().await.unwrap();
    }
}

#[tokio::test]
async fn the_audit_trail_is_kept() {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    for (number, account) in [(1, Some(id(1))), (2, None)] {
        let (token, what) = ("admin".into(), format!("peer {number} created"));
        store.commit(vec![Write::Audit(Audit { at: Time(number), account, token, what })]).await.unwrap();
    }
    let lines = "SELECT at FROM audit WHERE token = 'admin' AND what = 'peer ' || at || ' created' ORDER BY number";
    assert_eq!(behind(&path, lines).await, [1, 2]);
}

#[tokio::test]
async fn the_audit_trail_has_an_end() {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    let fill = format!(
        "WITH RECURSIVE line (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM line WHERE number < {AUDIT_LINES})
         INSERT INTO audit (at, token, what) SELECT number, 'admin', 'x' FROM line"
    );
    behind(&path, fill).await;
    for at in [-1, -2] {
        let (token, what) = ("admin".into(), "y".into());
        store.commit(vec![Write::Audit(Audit { at: Time(at), account: None, token, what })]).await.unwrap();
    }
    assert_eq!(behind(&path, "SELECT COUNT(*) FROM audit").await, [AUDIT_LINES]);
    assert_eq!(behind(&path, "SELECT at FROM audit WHERE at < 4").await, [3, -1, -2]);
}
