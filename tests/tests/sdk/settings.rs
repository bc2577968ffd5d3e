//! The methods of the official SDKs that read and change the settings of zones.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use zxfr_tests::zxfr::Zxfrd;
use zxfr_tests::{Failure, packages, tally};

use crate::methods::{ACCOUNT, source};
use crate::scene::TOKEN;
use crate::script::Script;
use crate::{NPM_SDK, python};

/// The methods, as the SDKs spell them.
const METHODS: [&str; 6] =
    ["settings.zone.get", "settings.zone.edit", "dnssec.get", "dnssec.edit", "dnssec.delete", "dnssec.zsk.list"];

#[test]
fn settings_are_read_and_changed_by_the_python_sdk() {
    run("settings by the Python SDK", python, |python| {
        let mut command = Command::new(python);
        command.arg(source("settings.py"));
        command
    });
}

#[test]
fn settings_are_read_and_changed_by_the_npm_sdk() {
    let installed = || packages::npm("cloudflare", &[NPM_SDK]);
    run("settings by the npm SDK", installed, |folder| {
        // It finds packages in the folders above its own.
        let script = folder.join("settings.mjs");
        fs::copy(source("settings.mjs"), &script).unwrap();
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
    let config = format!(
        "[dns]\nlisten = [\"127.0.0.1:0\"]\n[api]\nlisten = \"127.0.0.1:0\"\n\
         tokens = [{{ name = \"sdk\", secret = {TOKEN:?} }}]\n[store]\nurl = \"memory:\"\n"
    );
    let mut zxfrd = Zxfrd::with_config(&config).unwrap();
    let variables = [
        ("ZXFRD_API", format!("http://{}/client/v4", zxfrd.api().unwrap())),
        ("ZXFRD_API_TOKEN", TOKEN.to_owned()),
        ("ZXFRD_ACCOUNT", ACCOUNT.to_owned()),
    ];
    let done = Script::start(command.envs(variables)).end();
    let missing: Vec<_> = METHODS.iter().filter(|method| !done.contains(**method)).collect();
    assert!(missing.is_empty(), "not called: {missing:?}");
    tally::ran(case);
}
