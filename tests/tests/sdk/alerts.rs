//! All methods of alerts that the official SDKs have; and what is posted to a local server meanwhile.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use zxfr_tests::ports::Port;
use zxfr_tests::webhook::Receiver;
use zxfr_tests::zxfr::Zxfrd;
use zxfr_tests::{Failure, packages, tally};

use crate::methods::{ACCOUNT, source};
use crate::scene::TOKEN;
use crate::script::Script;
use crate::{NPM_SDK, python};

/// The methods, as the Python SDK spells them.
const METHODS: [&str; 12] = [
    "available_alerts.list",
    "destinations.webhooks.create",
    "destinations.webhooks.update",
    "destinations.webhooks.list",
    "destinations.webhooks.delete",
    "destinations.webhooks.get",
    "policies.create",
    "policies.update",
    "policies.list",
    "policies.delete",
    "policies.get",
    "history.list",
];

const CONFIG: &str = r#"
[dns]
listen = ["127.0.0.1:0"]
[api]
listen = "127.0.0.1:0"
tokens = [{ name = "sdk", secret = "sdk-secret" }]
[store]
url = "memory:"
[alerts]
settle_seconds = 1
"#;

#[test]
fn all_methods_of_alerts_of_the_python_sdk_do_what_they_say() {
    run("alerts by the Python SDK", python, |python| {
        let mut command = Command::new(python);
        command.arg(source("alerts.py"));
        command
    });
}

#[test]
fn all_methods_of_alerts_of_the_npm_sdk_do_what_they_say() {
    let installed = || packages::npm("cloudflare", &[NPM_SDK]);
    run("alerts by the npm SDK", installed, |folder| {
        // It finds packages in the folders above its own.
        let script = folder.join("alerts.mjs");
        std::fs::copy(source("alerts.mjs"), &script).unwrap();
        let mut command = Command::new("node");
        command.arg(script);
        command
    });
}

fn run(case: &str, installed: impl FnOnce() -> Result<PathBuf, Failure>, command: impl FnOnce(PathBuf) -> Command) {
    let mut command = match installed() {
        Ok(installed) => command(installed),
        Err(failure) => return tally::lacking(case, &failure.to_string()),
    };
    let (receiver, nobody) = (Receiver::start().unwrap(), Port::free().unwrap());
    let mut zxfrd = Zxfrd::with_config(CONFIG).unwrap();
    let variables = [
        ("ZXFRD_API", format!("http://{}/client/v4", zxfrd.api().unwrap())),
        ("ZXFRD_API_TOKEN", TOKEN.to_owned()),
        ("ZXFRD_ACCOUNT", ACCOUNT.to_owned()),
        ("ZXFRD_HOOK", receiver.url()),
        ("ZXFRD_NOBODY", nobody.address().to_string()),
    ];
    let done = Script::start(command.envs(variables)).end();
    let missing: Vec<_> = METHODS.iter().filter(|method| !done.contains(**method)).collect();
    assert!(missing.is_empty(), "not called: {missing:?}");
    // A test message, begin and end; all with the secret, which the script gave once.
    receiver.wait_for("the end", Duration::from_secs(1), |post| post.body.contains("ALERT_STATE_EVENT_END")).unwrap();
    let posts = receiver.posts();
    assert_eq!(posts.len(), 3, "{posts:#?}");
    for post in posts {
        assert_eq!(post.header("cf-webhook-auth"), Some("hidden-webhook-secret"), "{post:?}");
        assert!(!post.body.contains("hidden-webhook-secret"), "{post:?}");
    }
    let log = zxfrd.log();
    assert!(!log.contains("panic") && !log.contains("hidden-webhook-secret"), "{log}");
    tally::ran(case);
}
