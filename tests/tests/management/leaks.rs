//! What one account may not see of another's: no object, name, address, serial or count, over every route of the OpenAPI
//! document and the metrics, with every kind of token and with none.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zxfr_tests::openmetrics::Metrics;
use zxfr_tests::peer::DEADLINE;
use zxfr_tests::wire::{self, Draft};

use crate::primary::{Primary, SOA};
use crate::world::*;

/// The zone of the first account. Everything in it has a name with `alpha-hidden`.
const ZONE: &str = "alpha-hidden-zone.example";
/// One that never came.
const BROKEN: &str = "alpha-hidden-broken.example";
/// A serial that shows nowhere else.
const SERIAL: u32 = 1_234_567_891;
const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// The same of the second account.
const OTHER: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

/// Who is nobody's peer.
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 9, 9);

/// An operation of the document.
#[derive(Debug)]
struct Operation {
    method: String,
    path: String,
    open: bool,
    statuses: BTreeSet<String>,
}

/// A daemon in which both accounts have one of everything.
struct Furnished {
    world: World,
    /// What stands for the parameters of paths, in the first account and in the second.
    ids: [BTreeMap<&'static str, String>; 2],
    /// What nobody but the first account may see.
    secrets: Vec<String>,
    operations: Vec<Operation>,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
struct Who {
    headers: Headers,
    access: &'static str,
}

/// Headers of a request.
type Headers = &'static [(&'static str, &'static str)];

/// Those who have no token or a wrong one, and how they are refused.
const STRANGERS: [(Headers, u16, u32); 7] = [
    (&[], 400, 9106),
    (&[("X-Auth-Email", "alice@alpha-hidden.example")], 400, 9106),
    (&[("Authorization", "Bearer wrong")], 403, 9109),
    (&[("Authorization", "Basic alice-secret")], 400, 6003),
    (&[("X-Auth-Email", "alice@alpha-hidden.example"), ("X-Auth-Key", "wrong")], 403, 9109),
    (&[("X-Auth-Email", "bob@beta.example"), ("X-Auth-Key", "alice-secret")], 403, 9109),
    (&[("Authorization", "Bearer ")], 400, 6003),
];

const OTHERS: [Who; 4] = [
    Who { access: "write", headers: &[("Authorization", "Bearer bob-secret")] },
    Who { access: "write", headers: &[("X-Auth-Email", "bob@beta.example"), ("X-Auth-Key", "bob-secret")] },
    Who { access: "read", headers: &[("Authorization", "Bearer bobs-reader-secret")] },
    Who { access: "metrics", headers: &[("Authorization", "Bearer bobs-watcher-secret")] },
];

fn operations(world: &World) -> Vec<Operation> {
    let document = world.raw("GET", "/openapi.json", &[], None).body;
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
    // Deletions last: there is to be something for all that come before.
    operations.sort_by_key(|operation| operation.method == "DELETE");
    assert!(operations.len() > 40, "{}", operations.len());
    operations
}

/// One of everything in an account, with a zone that has come, was handed out and was refused: all that there is to tell of it in
/// status and metrics is told. Also the address of its primary, which is its secondary, too.
fn furnish(
    world: &World,
    account: &str,
    token: &str,
    label: &str,
    zone: &str,
    serial: u32,
) -> (BTreeMap<&'static str, String>, String) {
    let absolute = format!("{zone}.");
    let primary = Primary::start(&absolute, serial);
    let secret = if account == A { SECRET } else { OTHER };
    let key = json!({"name": format!("{label}-key."), "algo": "hmac-sha256.", "secret": secret});
    let tsig = world.make(account, "tsigs", token, &key);
    let acl = world.make(account, "acls", token, &json!({"name": format!("{label}-acl"), "ip_range": "192.0.2.88/32"}));
    let (ip, port) = (primary.address().ip().to_string(), primary.address().port());
    let peer = world.make(account, "peers", token, &json!({"name": format!("{label}-peer"), "ip": ip, "port": port}));
    let signed = json!({"name": format!("{label}-signed"), "ip": "127.0.0.1", "port": 9, "tsig_id": tsig});
    let signed = world.make(account, "peers", token, &signed);
    let made = world.post("/zones", token, &json!({"account": {"id": account}, "name": zone, "type": "secondary"}));
    let path = format!("/zones/{}/secondary_dns", made.id());
    let link = json!({"name": zone, "peers": [peer], "auto_refresh_seconds": 86_400});
    world.post(&format!("{path}/incoming"), token, &link).result();
    world.post(&format!("{path}/outgoing"), token, &json!({"name": zone, "peers": [peer]})).result();
    world.call("POST", &format!("{path}/outgoing/enable"), token, None).result();
    // Whoever is told of the version may have it; a stranger may not.
    let told = |status: &Value| status["outgoing"]["peers"][0]["last_success"].is_string();
    world.status_by(token, &made.id(), DEADLINE, told);
    wire::axfr(world.dns(), &absolute).unwrap();
    let refused = wire::over_udp(world.dns(), &Draft::request(1, &absolute, SOA).octets(), STRANGER).unwrap();
    assert_eq!(wire::rcode(&refused), 5);
    let filled = world.status_by(token, &made.id(), DEADLINE, |status| {
        let (from, to) = (&status["incoming"]["peers"][0], &status["outgoing"]["peers"][0]);
        [from, to].into_iter().all(|peer| peer["soa_serial"] == json!(serial) && peer["last_success"].is_string())
    });
    assert_eq!(filled["outgoing"]["peers"][0]["lag"], json!(0), "{filled:#}");
    let alerting = format!("/accounts/{account}/alerting/v3");
    // Nobody listens there: the test message has failed by the time that others look.
    let hook =
        json!({"name": format!("{label}-hook"), "url": "http://127.0.0.1:9/", "secret": format!("{label}-word")});
    let webhook = world.post(&format!("{alerting}/destinations/webhooks"), token, &hook).id();
    let shown = format!("{alerting}/destinations/webhooks/{webhook}");
    let begun = Instant::now();
    while world.get(&shown, token).result()["last_failure"].is_null() {
        assert!(begun.elapsed() < DEADLINE, "no test message was posted");
        std::thread::sleep(Duration::from_millis(20));
    }
    let policy = json!({"name": format!("{label}-policy"), "alert_type": "secondary_dns_warning",
        "mechanisms": {"webhooks": [{"id": webhook}]}});
    let policy = world.post(&format!("{alerting}/policies"), token, &policy).id();
    let body = json!({"name": format!("{label}-token"), "access": "read", "accounts": [account]});
    let made_token = world.post("/user/tokens", token, &body).id();
    let records = world.get(&format!("/zones/{}/dns_records", made.id()), token);
    let record = records.result()[0]["id"].as_str().unwrap().to_owned();
    let ids = [("account", account.to_owned()), ("zone", made.id()), ("tsigs", tsig), ("acls", acl)];
    let alerts = [("webhooks", webhook), ("policies", policy)];
    let more =
        [("peers", peer.clone()), ("primaries", peer), ("token", made_token), ("signed", signed), ("record", record)];
    (ids.into_iter().chain(more).chain(alerts).collect(), primary.address().to_string())
}

impl Furnished {
    fn new() -> Self {
        let world = World::new();
        let (a, address) = furnish(&world, A, ALICE, "alpha-hidden", ZONE, SERIAL);
        let (b, _) = furnish(&world, B, BOB, "beta", "beta.example", 7);
        let broken = world.incoming(BROKEN, &[&a["signed"]], 86_400);
        world.status_when(&broken, DEADLINE, |status| !status["incoming"]["failure"].is_null());
        let shown = ["alpha-hidden", SECRET, &SERIAL.to_string(), &broken, &address].map(str::to_owned);
        let secrets = shown.into_iter().chain(a.values().cloned()).collect();
        let operations = operations(&world);
        Self { world, ids: [a, b], secrets, operations }
    }

    /// The path, about objects of an account.
    fn fill(path: &str, ids: &BTreeMap<&'static str, String>) -> String {
        let kinds = ["tsigs", "peers", "primaries", "acls", "webhooks", "policies"];
        let object = kinds.into_iter().find(|kind| path.contains(&format!("/{kind}/")));
        let path = path.replace("{account_id}", &ids["account"]).replace("{zone_id}", &ids["zone"]);
        let path = path.replace("{token_id}", &ids["token"]).replace("{dns_record_id}", &ids["record"]);
        object.map_or_else(|| path.clone(), |kind| path.replace("{id}", &ids[kind]))
    }

    /// Asks for an operation about objects of an account, with a body that keeps all rules of form and names others of it.
    fn ask(&self, operation: &Operation, ids: &BTreeMap<&'static str, String>, headers: &[(&str, &str)]) -> Answer {
        let body = json!({"name": "beta.example", "peers": [ids["peers"]], "tsig_id": ids["tsigs"],
            "algo": "hmac-sha256.", "ip_range": "192.0.2.9", "access": "read", "accounts": [ids["account"]],
            "account": {"id": ids["account"]}, "auto_refresh_seconds": 86_400});
        let body = (operation.method != "GET").then(|| body.to_string());
        let answer = self.world.raw(&operation.method, &Self::fill(&operation.path, ids), headers, body.as_deref());
        let status = answer.response.status.to_string();
        assert!(operation.statuses.contains(&status), "not documented: {answer:?}");
        assert!(answer.response.status < 500, "{answer:?}");
        answer
    }

    /// Nothing of the first account is to be seen, but what was in the request.
    fn shows_nothing(&self, answer: &Answer, sent: &BTreeMap<&'static str, String>) {
        let text = sent.values().fold(answer.response.body.clone(), |text, id| text.replace(id, ""));
        for secret in &self.secrets {
            assert!(!text.contains(secret), "{secret} shows: {answer:?}");
            for (name, value) in &answer.response.headers {
                assert!(!value.contains(secret), "{secret} shows in {name}: {answer:?}");
            }
        }
    }
}

/// The same parameters, of what nobody has.
fn nothing(ids: &BTreeMap<&'static str, String>) -> BTreeMap<&'static str, String> {
    ids.keys().map(|kind| (*kind, NOBODY.to_owned())).collect()
}

#[test]
fn nothing_shows_without_a_token_or_with_a_wrong_one() {
    let all = Furnished::new();
    let [a, _] = &all.ids;
    for operation in &all.operations {
        for (headers, status, code) in STRANGERS {
            let answer = all.ask(operation, a, headers);
            all.shows_nothing(&answer, &BTreeMap::new());
            if operation.open {
                continue;
            }
            match (operation.path.ends_with("/verify"), code) {
                (true, 9109) => answer.refused(401, 1000),
                _ => answer.refused(status, code),
            }
            assert_eq!(answer.body["result"], Value::Null);
            // Whether there is something makes no difference.
            let other = all.ask(operation, &nothing(a), headers);
            assert_eq!((&other.response.body, other.response.status), (&answer.response.body, answer.response.status));
        }
    }
    unharmed(&all);
}

#[test]
fn nothing_of_an_account_shows_to_the_tokens_of_another() {
    let all = Furnished::new();
    let [a, _] = &all.ids;
    let nothing = nothing(a);
    for operation in &all.operations {
        for who in OTHERS {
            let answer = all.ask(operation, a, who.headers);
            all.shows_nothing(&answer, a);
            let refused = answer.response.status != 200;
            assert!(refused || !operation.path.contains('{'), "{who:?}: {answer:?}");
            if who.access == "read" && operation.method != "GET" {
                answer.refused(403, 10000);
            }
            // The same answer as where there is nothing at all, but for what was sent.
            let other = all.ask(operation, &nothing, who.headers);
            assert_eq!(answer.response.status, other.response.status, "{who:?}: {answer:?} {other:?}");
            if refused {
                let blank =
                    |answer: &Answer| a.values().fold(answer.response.body.clone(), |t, id| t.replace(id, NOBODY));
                assert_eq!(blank(&answer), blank(&other), "{who:?}: {answer:?}");
            }
        }
    }
    unharmed(&all);
}

#[test]
fn objects_of_another_account_are_linked_as_little_as_those_that_are_not_there() {
    let all = Furnished::new();
    let [a, b] = &all.ids;
    let in_b = |rest: &str| format!("/accounts/{B}/secondary_dns/{rest}");
    let zone = format!("/zones/{}/secondary_dns", b["zone"]);
    let cases = [
        ("POST", in_b("peers"), json!({"name": "p", "ip": "192.0.2.1", "tsig_id": a["tsigs"]})),
        ("PUT", in_b(&format!("peers/{}", b["peers"])), json!({"name": "p", "ip": "192.0.2.1", "tsig_id": a["tsigs"]})),
        ("PUT", format!("{zone}/incoming"), json!({"name": "beta.example", "peers": [a["peers"]]})),
        ("PUT", format!("{zone}/outgoing"), json!({"name": "beta.example", "peers": [b["peers"], a["peers"]]})),
        ("POST", "/zones".to_owned(), json!({"name": "x.example", "account": {"id": A}})),
        (
            "POST",
            format!("/accounts/{B}/alerting/v3/policies"),
            json!({"name": "p", "alert_type": "secondary_dns_warning", "mechanisms": {"webhooks": [{"id": a["webhooks"]}]}}),
        ),
        ("POST", "/user/tokens".to_owned(), json!({"name": "t", "access": "read", "accounts": [A]})),
    ];
    for (method, path, body) in cases {
        let answer = all.world.call(method, &path, BOB, Some(&body));
        assert!(matches!(answer.response.status, 400 | 403 | 404), "{answer:?}");
        all.shows_nothing(&answer, a);
        let blank = |text: &str| a.values().fold(text.to_owned(), |text, id| text.replace(id, NOBODY));
        let body = serde_json::from_str(&blank(&body.to_string())).unwrap();
        let other = all.world.call(method, &path, BOB, Some(&body));
        assert_eq!(
            (answer.response.status, blank(&answer.response.body)),
            (other.response.status, other.response.body)
        );
    }
    // Filters find nothing of another's.
    for query in [format!("name={ZONE}"), format!("account.id={A}"), "account.name=alpha-hidden-account".to_owned()] {
        let answer = all.world.get(&format!("/zones?{query}"), BOB);
        assert_eq!((answer.result(), &answer.body["result_info"]["total_count"]), (&json!([]), &json!(0)), "{query}");
    }
    unharmed(&all);
}

#[test]
fn what_one_account_does_changes_nothing_that_another_sees() {
    let mut all = Furnished::new();
    let [a, b] = all.ids.clone();
    let seen = |all: &Furnished| -> BTreeMap<String, String> {
        let mut seen = BTreeMap::new();
        for who in OTHERS {
            for operation in all.operations.iter().filter(|operation| operation.method == "GET") {
                let answer = all.ask(operation, &b, who.headers);
                all.shows_nothing(&answer, &BTreeMap::new());
                match operation.path.as_str() {
                    "/metrics" => seen.extend(series(&answer.response.body)),
                    path => _ = seen.insert(format!("{path} {who:?}"), answer.response.body),
                }
            }
        }
        seen
    };
    let before = seen(&all);
    // More of everything, transferred in and out, refused, failed.
    for number in 0..3 {
        let zone = format!("alpha-hidden-more{number}.example");
        let (more, address) = furnish(&all.world, A, ALICE, &format!("alpha-hidden-more{number}"), &zone, SERIAL);
        all.secrets.extend(more.into_iter().filter(|(kind, _)| !["token", "record"].contains(kind)).map(|(_, id)| id));
        all.secrets.push(address);
    }
    all.world.open_to_loopback();
    let forced = format!("/zones/{}/secondary_dns/force_axfr", a["zone"]);
    assert_eq!(all.world.act(&forced).result(), &json!("OK"));
    wire::axfr(all.world.dns(), &format!("{ZONE}.")).unwrap();
    let after = seen(&all);
    let changed: Vec<_> = before.iter().filter(|(what, text)| after.get(*what) != Some(text)).collect();
    assert!(changed.is_empty(), "changed: {changed:#?}");
    let added: Vec<_> = after.keys().filter(|what| !before.contains_key(*what)).collect();
    assert!(added.is_empty(), "added: {added:#?}");
    unharmed(&all);
}

#[test]
fn metrics_of_an_account_are_of_its_zones_and_not_of_the_process() {
    let all = Furnished::new();
    let accounts = [(WATCHER, [ZONE, BROKEN].as_slice()), ("bobs-watcher-secret", &["beta.example"])];
    let mut together = Metrics::default();
    for (token, zones) in accounts {
        let metrics = all.world.metrics(token);
        let of = metrics.samples.iter().map(|sample| sample.labels.get("zone").map(String::as_str));
        let of: BTreeSet<_> = of.collect();
        assert_eq!(of, zones.iter().copied().map(Some).collect(), "{metrics:#?}");
        together.samples.extend(metrics.samples);
    }
    // Whoever may see all accounts sees these and the process.
    let everything = all.world.metrics("admin-secret");
    let named = |metrics: &Metrics| -> BTreeSet<String> {
        metrics.samples.iter().map(|sample| format!("{} {:?}", sample.name, sample.labels)).collect()
    };
    let process: BTreeSet<_> = named(&everything).difference(&named(&together)).cloned().collect();
    assert!(named(&together).is_subset(&named(&everything)));
    assert!(!process.is_empty() && !process.iter().any(|sample| sample.contains("\"zone\"")), "{process:#?}");
    assert_eq!(everything.value("zxfrd_zones", &[]), Some(3.0));
}

/// The series of metrics with their values; of what is of the process, or of who asks, the names alone.
fn series(metrics: &str) -> BTreeMap<String, String> {
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    let of_process = |name: &str| name.starts_with("process_") || name.contains("_api_") || name.contains("_store_");
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.to_owned(), if of_process(name) { String::new() } else { value.to_owned() }))
        .collect()
}

#[test]
fn a_token_does_no_more_than_it_is_good_for() {
    let all = Furnished::new();
    let [a, _] = &all.ids;
    for operation in &all.operations {
        let ask = |token: &str| all.ask(operation, a, &[("Authorization", &format!("Bearer {token}"))]);
        let verify = operation.path.ends_with("/verify");
        if operation.method == "GET" {
            assert_eq!(ask(READER).response.status, 200, "{operation:?}");
        } else {
            let answer = ask(READER);
            answer.refused(403, 10000);
            all.shows_nothing(&answer, &BTreeMap::new());
        }
        let answer = ask(WATCHER);
        match operation.open || verify || operation.path == "/metrics" {
            true => assert_eq!(answer.response.status, 200, "{answer:?}"),
            false => {
                answer.refused(403, 10000);
                all.shows_nothing(&answer, &BTreeMap::new());
            }
        }
    }
    unharmed(&all);
}

/// The first account has all that it had, and sees it: so what is looked for elsewhere could be found.
fn unharmed(all: &Furnished) {
    let [a, _] = &all.ids;
    let mut shown = String::new();
    for operation in all.operations.iter().filter(|operation| operation.method == "GET") {
        let answer = all.ask(operation, a, &[("Authorization", &format!("Bearer {ALICE}"))]);
        assert_eq!(answer.response.status, 200, "{answer:?}");
        shown.push_str(&answer.response.body);
    }
    let tokens_are_not_listed = |secret: &String| *secret != a["token"];
    let hidden: Vec<_> =
        all.secrets.iter().filter(|secret| tokens_are_not_listed(secret) && !shown.contains(secret.as_str())).collect();
    assert!(hidden.is_empty(), "{hidden:?} should show to its owner");
}
