//! Requests that schemathesis makes of the OpenAPI document of a daemon that runs: no answer is a failure of the server, none is
//! without its place in the document, and none has another form than that says.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zxfr_tests::{packages, tally};

use crate::primary::Primary;
use crate::world::*;

/// What is installed from PyPI.
const PACKAGES: [&str; 1] = ["schemathesis==4.32.5"];
/// How many requests are made of each operation by chance, besides those of the document's edges.
const EXAMPLES: u32 = 12;
/// What is not looked at. Requests without credentials are answered with 400 as Cloudflare's API does, and `leaks` knows what
/// they may see. That all bodies of the right form are taken no document can say: names have to be those of zones.
const UNCHECKED: &str = "ignored_auth,positive_data_acceptance";

/// What rules say that the document can't: bodies about a zone have its name, tokens are for accounts that there are.
const HOOKS: &str = r#"
import schemathesis

@schemathesis.hook
def map_body(context, body):
    about_zone = "/zones/{zone_id}/secondary_dns" in context.operation.path
    if about_zone and isinstance(body, dict) and isinstance(body.get("name"), str):
        body["name"] = "fuzzed.example"
    accounts = body.get("accounts") if isinstance(body, dict) else None
    if context.operation.path.endswith("/user/tokens") and accounts and all(isinstance(one, str) for one in accounts):
        body["accounts"] = ["0123456789abcdef0123456789abcdef"]
    if "/dns_records" in context.operation.path and isinstance(body, dict):
        # Any TTL, comment or tag may come with it.
        sound = {"name": "fuzzed-" + context.operation.method, "type": "A", "content": "192.0.2.7", "file": "made A 192.0.2.7"}
        for member, value in sound.items():
            if isinstance(body.get(member), str):
                body[member] = value
    if context.operation.path.endswith("/rollback") and isinstance(body, dict) and "serial" in body:
        # What is served.
        body["serial"] = 7
    if isinstance(body, dict) and "/alerting/v3/" in context.operation.path:
        # Nobody listens there.
        if isinstance(body.get("url"), str):
            body["url"] = "http://127.0.0.1:9/"
        if isinstance(body.get("mechanisms"), dict):
            body["mechanisms"] = {"webhooks": [{"id": "WEBHOOK"}]}
        if isinstance(body.get("alert_type"), str):
            body["alert_type"] = "secondary_dns_warning"
    return body
"#;

/// Statuses of the answers to each operation, and how often they came.
type Statuses = BTreeMap<String, BTreeMap<u64, usize>>;

#[test]
fn no_request_is_answered_with_5xx_or_what_is_not_documented() {
    let case = "schemathesis against the OpenAPI document";
    let programs = match packages::python("schemathesis", "st", &PACKAGES) {
        Ok(programs) => programs,
        Err(failure) => return tally::lacking(case, &failure.to_string()),
    };
    let begun = Instant::now();
    let mut world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("schemathesis.toml");
    let primary = Primary::start("fuzzed.example.", 7);
    let hook = json!({"name": "h", "url": "http://127.0.0.1:9/"});
    let webhook = world.post(&format!("/accounts/{A}/alerting/v3/destinations/webhooks"), ALICE, &hook).id();
    fs::write(&config, parameters(&world, &primary, &webhook)).unwrap();
    fs::write(folder.path().join("hooks.py"), HOOKS.replace("WEBHOOK", &webhook)).unwrap();
    let examples = std::env::var("ZXFR_FUZZED_EXAMPLES").unwrap_or_else(|_| EXAMPLES.to_string());
    let (mut statuses, mut cases) = (Statuses::new(), 0);
    // What is there is deleted last, and the zone after what is in it.
    let links = ["incoming-delete", "outgoing-delete", "dnssec-delete"];
    let links = links.map(|operation| ["--include-operation-id", operation]).concat();
    for which in [&["--exclude-method", "DELETE"][..], &links, &["--include-method", "DELETE"]] {
        let report = folder.path().join("report");
        let mut command = Command::new(programs.join("st"));
        command.current_dir(&folder).arg("--config-file").arg(&config).arg("run");
        command.arg(format!("http://{}/openapi.json", world.api()));
        command.args(["--header", &format!("Authorization: Bearer {ALICE}")]).args(which);
        command.args(["--max-examples", &examples, "--seed", "1", "--exclude-checks", UNCHECKED]);
        command.args(["--report", "ndjson", "--report-ndjson-path"]).arg(&report);
        let output = command.output().unwrap();
        let [said, complained] = [output.stdout, output.stderr].map(|octets| String::from_utf8(octets).unwrap());
        assert!(output.status.success(), "{said}\n{complained}\n{}", world.zxfrd.log());
        cases += count(&fs::read_to_string(&report).unwrap(), &mut statuses);
    }
    assert!(cases > 1000, "{cases}");
    // It has got beyond the rules of form everywhere: then a thing may be in use or there already. Of methods that there aren't
    // is nothing more to see.
    let works = |(_, by_status): &(&String, &BTreeMap<u64, usize>)| {
        [200, 409].iter().any(|status| by_status.contains_key(status)) || by_status.keys().eq([&405])
    };
    let futile: Vec<_> =
        statuses.iter().filter(|entry| !works(entry)).filter(|(operation, _)| !legacy(operation)).collect();
    assert!(futile.is_empty(), "nothing went well of {futile:#?}");
    for (operation, by_status) in &statuses {
        assert!(by_status.keys().all(|status| *status < 500), "{operation}: {by_status:?}");
    }
    let log = world.zxfrd.log();
    assert!(!log.contains("panic"), "{log}");
    world.get("/zones", ALICE).result();
    world.zxfrd.process().stop();
    eprintln!("{cases} requests to {} operations in {:.0?}", statuses.len(), begun.elapsed());
    tally::ran(&format!("{case}: {cases} requests to {} operations", statuses.len()));
}

/// Makes one of everything, and a zone that was transferred; what stands for the parameters of paths.
fn parameters(world: &World, primary: &Primary, webhook: &str) -> String {
    let tsig = world.make(A, "tsigs", ALICE, &json!({"name": "k.", "algo": "hmac-sha256."}));
    let peer = world.peer("p", primary.address(), true);
    let acl = world.make(A, "acls", ALICE, &json!({"name": "c", "ip_range": "192.0.2.0/24"}));
    let name = "fuzzed.example";
    let zone = world.incoming(name, &[&peer], 300);
    world.status_when(&zone, Duration::from_secs(30), |status| status["soa_serial"] == json!(7));
    world.outgoing(&zone, name, &[]);
    let token = json!({"name": "t", "access": "read", "accounts": [A]});
    let token = world.post("/user/tokens", ALICE, &token).id();
    let policy =
        json!({"name": "p", "alert_type": "secondary_dns_warning", "mechanisms": {"webhooks": [{"id": webhook}]}});
    let policy = world.post(&format!("/accounts/{A}/alerting/v3/policies"), ALICE, &policy).id();
    let mut text = format!(
        "hooks = \"hooks.py\"\n[parameters]\n\"path.account_id\" = \"{A}\"\n\"path.zone_id\" = \"{zone}\"\n\"path.token_id\" = \"{token}\"\n"
    );
    for (kind, id) in [
        ("tsigs", tsig),
        ("(peers|primaries)", peer),
        ("acls", acl),
        ("webhooks", webhook.to_owned()),
        ("policies", policy),
    ] {
        let _ = writeln!(
            text,
            "[[operations]]\ninclude-path-regex = \"/{kind}/\"\nparameters = {{ \"path.id\" = \"{id}\" }}"
        );
    }
    // What holds for changes of records, and for SOAs, is said of zones that are changed here.
    let full = world.post("/zones", ALICE, &json!({"account": {"id": A}, "name": "full.example", "type": "full"})).id();
    let record = json!({"name": "x", "type": "A", "content": "192.0.2.1"});
    let record = world.post(&format!("/zones/{full}/dns_records"), ALICE, &record).id();
    let _ = writeln!(
        text,
        "[[operations]]\ninclude-path-regex = \"/zones/.*/(policy|dns_records|dns_settings)\"\n\
         parameters = {{ \"path.zone_id\" = \"{full}\", \"path.dns_record_id\" = \"{record}\" }}"
    );
    text
}

/// Whether it is at a path of older clients, where another operation does the same.
fn legacy(operation: &str) -> bool {
    operation.ends_with("/secondary_dns") || operation.contains("/primaries")
}

/// Counts the answers in a report, which has an event on each line.
fn count(report: &str, statuses: &mut Statuses) -> usize {
    let mut cases = 0;
    for line in report.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let recorder = &event["ScenarioFinished"]["recorder"];
        for (case, interaction) in recorder["interactions"].as_object().into_iter().flatten() {
            let value = &recorder["cases"][case]["value"];
            let operation = format!("{} {}", value["method"].as_str().unwrap(), value["path"].as_str().unwrap());
            if let Some(status) = interaction["response"]["status_code"].as_u64() {
                *statuses.entry(operation).or_default().entry(status).or_default() += 1;
                cases += 1;
            }
        }
    }
    cases
}
