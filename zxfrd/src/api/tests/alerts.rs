//! Webhooks, policies, and what was sent.

use super::*;
use crate::catalog::{AlertType, Id, SentAlert, Time};

/// A path of alerting in the first account.
fn alerting(rest: &str) -> String {
    format!("/accounts/{A}/alerting/v3/{rest}")
}

fn webhook() -> Value {
    json!({"name": "pager", "url": "https://alerts.example/hook?k=1", "secret": "very secret"})
}

async fn made(world: &World) -> String {
    world.post(&alerting("destinations/webhooks"), ALICE, webhook()).await.id()
}

#[tokio::test]
async fn a_webhook_comes_back_without_its_secret() {
    let world = World::new().await;
    let list = alerting("destinations/webhooks");
    assert_eq!(world.get(&list, READER).await.result(), &json!([]));
    let answer = world.post(&list, ALICE, webhook()).await;
    let id = answer.id();
    assert_eq!(answer.result(), &json!({"id": id}));
    let path = format!("{list}/{id}");
    let shown = world.get(&path, READER).await;
    let expected = json!({
        "id": id, "name": "pager", "url": "https://alerts.example/hook?k=1", "type": "generic",
        "created_at": shown.result()["created_at"], "last_success": null, "last_failure": null,
    });
    assert_eq!(shown.result(), &expected);
    assert_eq!(world.get(&list, READER).await.result(), &json!([expected]));
    let changed = world.put(&path, ALICE, json!({"name": "other", "url": "http://127.0.0.1:9/"})).await;
    assert_eq!(changed.result(), &json!({"id": id}));
    let shown = world.get(&path, READER).await;
    assert_eq!((&shown.result()["name"], &shown.result()["url"]), (&json!("other"), &json!("http://127.0.0.1:9/")));
    assert_eq!(world.delete(&path, ALICE).await.result(), &json!({"id": id}));
    world.get(&path, ALICE).await.refused(404, 2104);
    world.delete(&path, ALICE).await.refused(404, 2104);
    world.put(&path, ALICE, webhook()).await.refused(404, 2104);
}

#[tokio::test]
async fn a_secret_stays_unless_it_is_taken_away_and_is_never_shown() {
    let world = World::new().await;
    let id = made(&world).await;
    let path = alerting(&format!("destinations/webhooks/{id}"));
    let held = || {
        let account = A.parse().unwrap();
        let objects = world.catalog.read();
        objects.webhook(account, id.parse().unwrap()).unwrap().secret.clone().map(|secret| secret.text().to_owned())
    };
    let mut body = webhook();
    body.as_object_mut().unwrap().remove("secret");
    for (secret, after) in [
        (None, Some("very secret")),
        (Some(json!("another")), Some("another")),
        (Some(json!("")), None),
        (Some(json!("again")), Some("again")),
        (Some(Value::Null), None),
    ] {
        let mut body = body.clone();
        if let Some(secret) = secret {
            body["secret"] = secret;
        }
        world.put(&path, ALICE, body).await.result();
        assert_eq!(held().as_deref(), after);
        let shown = world.get(&path, ALICE).await.body.to_string();
        assert!(!shown.contains("secret") && !shown.contains("another") && !shown.contains("again"), "{shown}");
    }
}

#[tokio::test]
async fn webhook_rules_name_the_member_and_quote_no_secret() {
    let world = World::new().await;
    for (member, value, code) in [
        ("name", json!(""), 2101),
        ("name", Value::Null, 1000),
        ("url", json!("ftp://alerts.example"), 2102),
        ("url", json!("https://u:hidden-word@alerts.example"), 2102),
        ("url", json!(7), 1000),
        ("secret", json!("hidden-word\n"), 2103),
        ("secret", json!("x".repeat(1025)), 2103),
        ("secret", json!(["hidden-word"]), 1000),
    ] {
        let mut body = webhook();
        body[member] = value;
        let answer = world.post(&alerting("destinations/webhooks"), ALICE, body).await;
        answer.refused_at(400, code, &format!("/{member}"));
        assert!(!answer.body.to_string().contains("hidden-word"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_policy_tells_webhooks_and_is_changed_in_parts() {
    let world = World::new().await;
    let (list, hook) = (alerting("policies"), made(&world).await);
    let body = json!({
        "alert_type": "secondary_dns_warning", "enabled": true, "name": "p", "mechanisms": {"webhooks": [{"id": hook}]},
        "description": "what for", "filters": {}, "alert_interval": null,
    });
    let answer = world.post(&list, ALICE, body).await;
    let id = answer.id();
    assert_eq!(answer.result(), &json!({"id": id}));
    let path = format!("{list}/{id}");
    let shown = world.get(&path, READER).await;
    let expected = json!({
        "id": id, "name": "p", "description": "what for", "alert_type": "secondary_dns_warning", "enabled": true,
        "mechanisms": {"webhooks": [{"id": hook}]}, "filters": {}, "conditions": {},
        "created": shown.result()["created"], "modified": shown.result()["modified"],
    });
    assert_eq!(shown.result(), &expected);
    assert_eq!(world.get(&list, READER).await.result(), &json!([expected]));
    let hooks = format!("{}/{hook}", alerting("destinations/webhooks"));
    world.delete(&hooks, ALICE).await.refused(409, 2105);
    // What the SDKs send to change one thing.
    assert_eq!(world.put(&path, ALICE, json!({"enabled": false})).await.result(), &json!({"id": id}));
    let shown = world.get(&path, READER).await;
    let mut after = expected;
    (after["enabled"], after["modified"]) = (json!(false), shown.result()["modified"].clone());
    assert_eq!(shown.result(), &after);
    world.put(&path, ALICE, json!({"description": null})).await.result();
    assert_eq!(world.get(&path, READER).await.result().get("description"), None);
    assert_eq!(world.delete(&path, ALICE).await.result(), &json!({"id": id}));
    world.get(&path, ALICE).await.refused(404, 2205);
    world.put(&path, ALICE, json!({})).await.refused(404, 2205);
    world.delete(&hooks, ALICE).await.result();
}

#[tokio::test]
async fn policy_rules_name_the_member() {
    let world = World::new().await;
    let hook = made(&world).await;
    let others = world.post(&format!("/accounts/{B}/alerting/v3/destinations/webhooks"), BOB, webhook()).await.id();
    let good = json!({"alert_type": "secondary_dns_warning", "name": "p", "mechanisms": {"webhooks": [{"id": hook}]}});
    for (member, value, code, pointer) in [
        ("name", json!(""), 2201, "/name"),
        ("name", Value::Null, 2201, "/name"),
        ("alert_type", json!("dos_attack_l7"), 2202, "/alert_type"),
        ("alert_type", Value::Null, 2202, "/alert_type"),
        ("enabled", json!("yes"), 1000, "/enabled"),
        ("mechanisms", Value::Null, 2203, "/mechanisms"),
        ("mechanisms", json!({}), 2203, "/mechanisms"),
        ("mechanisms", json!({"webhooks": []}), 2203, "/mechanisms"),
        ("mechanisms", json!({"webhooks": [{"id": hook}, {"id": NOBODY}]}), 2203, "/mechanisms/webhooks/1/id"),
        ("mechanisms", json!({"webhooks": [{"id": others}]}), 2203, "/mechanisms/webhooks/0/id"),
        ("mechanisms", json!({"webhooks": [{"id": hook}, {"id": hook}]}), 2203, "/mechanisms/webhooks/1/id"),
        ("mechanisms", json!({"webhooks": vec![json!({"id": hook}); 31]}), 2203, "/mechanisms/webhooks"),
        ("mechanisms", json!({"webhooks": [{}]}), 1000, "/mechanisms/webhooks/0/id"),
        ("mechanisms", json!({"webhooks": [7]}), 1000, "/mechanisms/webhooks/0"),
        ("mechanisms", json!({"webhooks": {}}), 1000, "/mechanisms/webhooks"),
        (
            "mechanisms",
            json!({"email": [{"id": "a@example.org"}], "webhooks": [{"id": hook}]}),
            2203,
            "/mechanisms/email",
        ),
        ("filters", json!({"zones": [NOBODY]}), 2204, "/filters"),
        ("alert_interval", json!("30m"), 2204, "/alert_interval"),
    ] {
        let mut body = good.clone();
        body[member] = value;
        world.post(&alerting("policies"), ALICE, body).await.refused_at(400, code, pointer);
    }
    let mut empty = good.clone();
    empty["mechanisms"] = json!({"email": [], "pagerduty": [], "webhooks": [{"id": hook}]});
    empty["filters"] = json!({"zones": []});
    world.post(&alerting("policies"), ALICE, empty).await.result();
}

#[tokio::test]
async fn there_are_five_alerts() {
    let world = World::new().await;
    let answer = world.get(&alerting("available_alerts"), READER).await;
    let alerts = answer.result()["DNS"].as_array().unwrap();
    assert_eq!((answer.result().as_object().unwrap().len(), alerts.len()), (1, 5));
    for alert in alerts {
        let word: AlertType = alert["type"].as_str().unwrap().parse().unwrap();
        assert!(word.as_str().starts_with("secondary_dns_") && alert["filter_options"] == json!([]), "{alert}");
        assert!(alert["display_name"].is_string() && alert["description"].is_string(), "{alert}");
    }
}

/// An alert that was sent at this second.
pub(super) fn sent(second: i64, webhook: Id) -> SentAlert {
    SentAlert {
        id: Id::random().unwrap(),
        account: A.parse().unwrap(),
        policy: NOBODY.parse().unwrap(),
        name: "hidden-policy".into(),
        description: None,
        alert_type: AlertType::Updated,
        webhook,
        body: format!("hidden-body {second}"),
        sent: Time(second * 1_000_000),
    }
}

#[tokio::test]
async fn the_history_has_the_newest_first_page_by_page_and_not_more_than_there_is_room_for() {
    let world = World::new().await;
    let (hook, account): (Id, Id) = (made(&world).await.parse().unwrap(), A.parse().unwrap());
    assert_eq!(world.get(&alerting("history"), READER).await.result(), &json!([]));
    for second in 0..1_003 {
        let alert = sent(second, hook);
        world.catalog.note_posted((account, hook), true, Some(alert), None).await.unwrap();
    }
    let answer = world.get(&alerting("history"), READER).await;
    let first = &answer.result()[0];
    let expected = json!({
        "id": first["id"], "name": "hidden-policy", "alert_type": "secondary_dns_zone_successfully_updated",
        "alert_body": "hidden-body 1002", "mechanism": hook.to_string(), "mechanism_type": "webhook",
        "policy_id": NOBODY, "sent": "1970-01-01T00:16:42.000000Z",
    });
    assert_eq!(first, &expected);
    let info = json!({"page": 1, "per_page": 25, "count": 25, "total_count": 1000, "total_pages": 40});
    assert_eq!(answer.body["result_info"], info);
    let last = world.get(&alerting("history?page=40"), READER).await;
    assert_eq!(last.result()[24]["alert_body"], json!("hidden-body 3"), "the oldest have gone");
    assert_eq!(world.get(&alerting("history?page=41"), READER).await.result(), &json!([]));
    let some = "history?since=1970-01-01T00:00:09Z&before=1970-01-01T01:00:13.0%2B01:00";
    let some = world.get(&alerting(some), READER).await;
    let bodies: Vec<_> = some.result().as_array().unwrap().iter().map(|alert| alert["alert_body"].clone()).collect();
    assert_eq!(bodies, ["hidden-body 12", "hidden-body 11", "hidden-body 10"]);
    world.get(&alerting("history?since=yesterday"), READER).await.refused(400, 1901);
    // The webhook has taken something.
    let shown = world.get(&alerting(&format!("destinations/webhooks/{hook}")), READER).await;
    assert!(shown.result()["last_success"].is_string() && shown.result()["last_failure"].is_null(), "{}", shown.body);
}
