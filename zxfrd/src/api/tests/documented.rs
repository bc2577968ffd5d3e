//! What the OpenAPI document says, and what holds for every route in it.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::catalog::{Review, ReviewState};
use crate::registry;
use crate::zone::{LoadOptions, load_text};

/// An operation of the document.
struct Operation {
    method: String,
    path: String,
    open: bool,
    statuses: BTreeSet<String>,
}

async fn document(world: &World) -> Value {
    let answer = world.send(Request::builder().uri("/openapi.json").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.body
}

async fn operations(world: &World) -> Vec<Operation> {
    let document = document(world).await;
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                open: operation["security"] == json!([]),
                statuses: operation["responses"].as_object().unwrap().keys().cloned().collect(),
            });
        }
    }
    operations
}

/// Objects of the first account, and what stands for them in paths.
struct Furnished {
    world: World,
    ids: BTreeMap<&'static str, String>,
    secrets: Vec<String>,
}

/// One of everything, all with names that are nowhere else.
async fn furnished() -> Furnished {
    let world = World::new().await;
    let mut key = tsig();
    key["name"] = json!("hidden-key.");
    let tsig = world.post(&in_a("tsigs"), ALICE, key).await.id();
    let peer = world.peer(json!({"name": "hidden-peer", "ip": "192.0.2.77", "tsig_id": tsig})).await;
    let acl = world.post(&in_a("acls"), ALICE, json!({"name": "hidden-acl", "ip_range": "192.0.2.88"})).await.id();
    let zone = world.zone("hidden-zone.example", "secondary").await;
    for kind in ["incoming", "outgoing"] {
        let body = json!({"name": "hidden-zone.example", "peers": [peer]});
        world.post(&format!("/zones/{zone}/secondary_dns/{kind}"), ALICE, body).await.result();
    }
    let text = b"$ORIGIN hidden-zone.example.\n@ 60 SOA hidden-ns . 7 1 1 1 1\nx A 192.0.2.99\n";
    let loaded = load_text(text, Path::new("z"), &LoadOptions::default()).unwrap();
    let version = Arc::new(loaded.version);
    *world.node.version.lock().unwrap() = Some(version.clone());
    let review = Review { state: ReviewState::Pending, reasons: vec!["hidden-reason".to_owned()], since: Time(0) };
    let received = registry::Received { version: version.clone(), review: Arc::new(review) };
    *world.node.held_back.lock().unwrap() = Some(HeldVersion { received, served: version });
    let records = world.get(&format!("/zones/{zone}/dns_records"), ALICE).await;
    let record = records.result()[0]["id"].as_str().unwrap().to_owned();
    let token =
        world.post("/user/tokens", ALICE, json!({"name": "hidden-token", "access": "read", "accounts": [A]})).await;
    let alerting = format!("/accounts/{A}/alerting/v3");
    let body = json!({"name": "hidden-hook", "url": "https://hidden-host.example", "secret": "hidden-secret"});
    let webhook = world.post(&format!("{alerting}/destinations/webhooks"), ALICE, body).await.id();
    let body = json!({"name": "hidden-policy", "alert_type": "secondary_dns_warning",
        "mechanisms": {"webhooks": [{"id": webhook}]}});
    let policy = world.post(&format!("{alerting}/policies"), ALICE, body).await.id();
    let hook = webhook.parse().unwrap();
    let told = world.catalog.note_posted((A.parse().unwrap(), hook), true, Some(alerts::sent(1, hook)), None);
    told.await.unwrap();
    let secrets = ["hidden-", "192.0.2.77", "192.0.2.88", "AAECAwQFBg", "\"first\""].map(str::to_owned).to_vec();
    let token_id = token.id();
    let ids = [
        ("tsigs", tsig),
        ("primaries", peer.clone()),
        ("peers", peer),
        ("acls", acl),
        ("zone", zone),
        ("record", record),
        ("token", token_id),
        ("webhooks", webhook),
        ("policies", policy),
    ];
    Furnished { world, ids: ids.into_iter().collect(), secrets }
}

impl Furnished {
    /// The path, about objects that are there.
    fn fill(&self, path: &str) -> String {
        let kinds = ["tsigs", "peers", "primaries", "acls", "webhooks", "policies"];
        let object = kinds.into_iter().find(|kind| path.contains(&format!("/{kind}/")));
        let path = path.replace("{account_id}", A).replace("{zone_id}", &self.ids["zone"]);
        let path = path.replace("{token_id}", &self.ids["token"]).replace("{dns_record_id}", &self.ids["record"]);
        object.map_or_else(|| path.clone(), |kind| path.replace("{id}", &self.ids[kind]))
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // What every body has, so that no rule of form comes first.
        let body = json!({"name": "hidden-zone.example.", "peers": [], "algo": "hmac-sha256.", "ip_range": "192.0.2.9",
            "access": "read", "accounts": [B]});
        self.world.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Nothing of the first account is to be seen.
    fn shows_nothing(&self, operation: &Operation, answer: &Answer) {
        let text = String::from_utf8_lossy(&answer.octets);
        // What was in the path may come back.
        let path = self.fill(&operation.path);
        let text =
            path.split('/').filter(|part| part.len() == 32).fold(text.into_owned(), |text, id| text.replace(id, ""));
        for secret in self.secrets.iter().chain(self.ids.values()) {
            // What was in the request may come back, too.
            let sent = secret == "hidden-" && text.replace("hidden-zone.example.", "").matches("hidden-").count() == 0;
            assert!(
                sent || !text.contains(secret),
                "{} {}: {secret} shows in {text}",
                operation.method,
                operation.path
            );
        }
        for (name, value) in &answer.headers {
            let value = value.to_str().unwrap();
            assert!(self.ids.values().all(|id| !value.contains(id)), "{name}: {value}");
        }
    }

    fn documented(operation: &Operation, answer: &Answer) {
        let status = answer.status.as_u16().to_string();
        assert!(
            operation.statuses.contains(&status),
            "{} {}: {status}: {}",
            operation.method,
            operation.path,
            answer.body
        );
    }
}

#[tokio::test]
async fn the_document_has_every_method_of_zone_transfers() {
    let world = World::new().await;
    let all: BTreeSet<_> = operations(&world)
        .await
        .into_iter()
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    let mut wanted = BTreeSet::new();
    for kind in ["acls", "peers", "tsigs"] {
        let list = format!("{BASE}/accounts/{{account_id}}/secondary_dns/{kind}");
        wanted.extend(["GET", "POST"].map(|method| format!("{method} {list}")));
        wanted.extend(["GET", "PUT", "DELETE"].map(|method| format!("{method} {list}/{{id}}")));
    }
    let zone = format!("{BASE}/zones/{{zone_id}}/secondary_dns");
    for kind in ["incoming", "outgoing"] {
        wanted.extend(["GET", "POST", "PUT", "DELETE"].map(|method| format!("{method} {zone}/{kind}")));
    }
    wanted.extend(["enable", "disable", "force_notify"].map(|action| format!("POST {zone}/outgoing/{action}")));
    wanted.extend([format!("GET {zone}/outgoing/status"), format!("POST {zone}/force_axfr")]);
    assert_eq!(wanted.len(), 28);
    assert_eq!(wanted.difference(&all).collect::<Vec<_>>(), Vec::<&String>::new());
    for other in [
        "GET /zones",
        "POST /zones",
        "GET /accounts",
        "GET /user/tokens/verify",
        "PUT /zones/{zone_id}/activation_check",
    ] {
        let (method, path) = other.split_once(' ').unwrap();
        assert!(all.contains(&format!("{method} {BASE}{path}")), "{other}");
    }
    assert!(all.contains("GET /metrics") && all.contains("GET /healthz"));
}

#[tokio::test]
async fn every_reference_in_the_document_leads_somewhere() {
    let world = World::new().await;
    let document = document(&world).await;
    let mut pending = vec![&document];
    let mut references = 0;
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    references += 1;
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                pending.extend(members.values());
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    assert!(references > 100, "{references}");
}

#[tokio::test]
async fn every_operation_has_an_id_of_its_own_and_its_path_parameters() {
    let world = World::new().await;
    let document = document(&world).await;
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{path}");
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let named: BTreeSet<_> = parameters
                .iter()
                .filter(|parameter| parameter["in"] == json!("path"))
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let wanted: BTreeSet<_> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(named, wanted, "{path}");
        }
    }
}

#[tokio::test]
async fn without_credentials_no_route_tells_anything() {
    let all = furnished().await;
    for operation in operations(&all.world).await {
        let answer = all.send(&operation.method, &all.fill(&operation.path), &[]).await;
        Furnished::documented(&operation, &answer);
        all.shows_nothing(&operation, &answer);
        if !operation.open {
            answer.refused(400, 9106);
        }
    }
}

#[tokio::test]
async fn with_wrong_credentials_no_route_tells_anything() {
    let all = furnished().await;
    let wrong: [&[(&str, &str)]; 4] = [
        &[("authorization", "Bearer wrong")],
        &[("x-auth-email", "alice@example.org"), ("x-auth-key", "wrong")],
        &[("authorization", "nonsense")],
        &[("x-auth-email", "alice@example.org")],
    ];
    for operation in operations(&all.world).await {
        for headers in wrong {
            let answer = all.send(&operation.method, &all.fill(&operation.path), headers).await;
            Furnished::documented(&operation, &answer);
            all.shows_nothing(&operation, &answer);
            if !operation.open {
                assert!(matches!(answer.status.as_u16(), 400 | 401 | 403), "{} {}", operation.method, operation.path);
                // Whether there is something at the path makes no difference.
                let nothing = operation.path.replace("{account_id}", NOBODY).replace("{zone_id}", NOBODY);
                let nothing =
                    nothing.replace("{id}", NOBODY).replace("{token_id}", NOBODY).replace("{dns_record_id}", NOBODY);
                let other = all.send(&operation.method, &nothing, headers).await;
                assert_eq!((other.status, other.octets), (answer.status, answer.octets));
            }
        }
    }
}

#[tokio::test]
async fn with_a_read_token_no_route_changes_anything() {
    let all = furnished().await;
    for operation in operations(&all.world).await {
        let headers = [("authorization", "Bearer reader-secret")];
        let answer = all.send(&operation.method, &all.fill(&operation.path), &headers).await;
        Furnished::documented(&operation, &answer);
        if operation.method == "GET" {
            assert_eq!(answer.status.as_u16(), 200, "{}", operation.path);
        } else {
            answer.refused(403, 10000);
            all.shows_nothing(&operation, &answer);
        }
    }
}

#[tokio::test]
async fn with_a_metrics_token_no_route_tells_anything_but_metrics() {
    let all = furnished().await;
    for operation in operations(&all.world).await {
        let headers = [("authorization", "Bearer watcher-secret")];
        let answer = all.send(&operation.method, &all.fill(&operation.path), &headers).await;
        Furnished::documented(&operation, &answer);
        if !operation.open && !operation.path.ends_with("/verify") && operation.path != "/metrics" {
            answer.refused(403, 10000);
            all.shows_nothing(&operation, &answer);
        }
    }
}

#[tokio::test]
async fn with_the_token_of_another_account_every_route_answers_as_if_nothing_were_there() {
    let all = furnished().await;
    let headers = [("authorization", "Bearer bob-secret")];
    // Deletions last, so that there is something for all that come before.
    let mut operations = operations(&all.world).await;
    operations.sort_by_key(|operation| operation.method == "DELETE");
    for operation in &operations {
        let path = all.fill(&operation.path);
        let answer = all.send(&operation.method, &path, &headers).await;
        Furnished::documented(operation, &answer);
        all.shows_nothing(operation, &answer);
        if operation.path.contains('{') {
            assert_eq!(answer.status.as_u16(), 404, "{} {}", operation.method, operation.path);
            // The same as where there is nothing at all.
            let ids: Vec<&str> = [A].into_iter().chain(all.ids.values().map(String::as_str)).collect();
            let nothing = |text: &str| ids.iter().fold(text.to_owned(), |text, id| text.replace(id, NOBODY));
            let other = all.send(&operation.method, &nothing(&path), &headers).await;
            assert_eq!(other.status, answer.status);
            let text = |answer: &Answer| String::from_utf8(answer.octets.to_vec()).unwrap();
            assert_eq!(text(&other), nothing(&text(&answer)), "{} {}", operation.method, operation.path);
        }
    }
    // All is as it was.
    for operation in operations.iter().filter(|operation| operation.method == "GET") {
        let answer = all.send("GET", &all.fill(&operation.path), &[("authorization", "Bearer alice-secret")]).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", operation.path);
    }
    let counts = all.world.get("/zones", BOB).await;
    assert_eq!((counts.result(), &counts.body["result_info"]["total_count"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn every_route_works_for_who_may_use_it() {
    let all = furnished().await;
    let mut operations = operations(&all.world).await;
    operations.sort_by_key(|operation| operation.method == "DELETE");
    for operation in operations {
        let answer =
            all.send(&operation.method, &all.fill(&operation.path), &[("authorization", "Bearer admin-secret")]).await;
        Furnished::documented(&operation, &answer);
        assert!(!answer.status.is_server_error(), "{}", operation.path);
    }
}
