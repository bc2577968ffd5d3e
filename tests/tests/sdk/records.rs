//! The methods of the official SDKs that read and change records.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use zxfr_tests::zxfr::Zxfrd;
use zxfr_tests::{Failure, packages, tally};

use crate::methods::{ACCOUNT, source};
use crate::scene::TOKEN;
use crate::script::Script;
use crate::{NPM_SDK, python};

const ZONE: &str = "records.example";

/// The methods, as the SDKs spell them.
const METHODS: [&str; 9] = ["list", "get", "export", "create", "update", "edit", "batch", "import", "delete"];

#[test]
fn records_are_read_and_changed_by_the_python_sdk() {
    run("records by the Python SDK", python, |python| {
        let mut command = Command::new(python);
        command.arg(source("records.py"));
        command
    });
}

#[test]
fn records_are_read_and_changed_by_the_npm_sdk() {
    let installed = || packages::npm("cloudflare", &[NPM_SDK]);
    run("records by the npm SDK", installed, |folder| {
        // It finds packages in the folders above its own.
        let script = folder.join("records.mjs");
        fs::copy(source("records.mjs"), &script).unwrap();
        let mut command = Command::new("node");
        command.arg(script);
        command
    });
}

/// A zone with 105 records besides its SOA.
fn zone() -> String {
    let mut text = format!(
        "$ORIGIN {ZONE}.\n@ 60 SOA ns . 1 1 1 1 1\n@ 60 NS host1\n@ 60 MX 10 mail\n@ 60 TXT \"a b\" c\n\
         @ 60 CAA 0 issue \"ca.example\"\n_https._tcp 60 SRV 1 2 443 host1\n"
    );
    (1..=100).for_each(|number| writeln!(text, "host{number} 60 A 192.0.2.{number}").unwrap());
    text
}

fn run(case: &str, installed: impl FnOnce() -> Result<PathBuf, Failure>, command: impl FnOnce(PathBuf) -> Command) {
    let mut command = match installed() {
        Ok(installed) => command(installed),
        Err(failure) => return tally::lacking(case, &failure.to_string()),
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zone");
    fs::write(&file, zone()).unwrap();
    let config = format!(
        "[dns]\nlisten = [\"127.0.0.1:0\"]\n[api]\nlisten = \"127.0.0.1:0\"\n\
         tokens = [{{ name = \"sdk\", secret = {TOKEN:?}, access = \"write\" }}]\n[store]\nurl = \"memory:\"\n\
         [[acl]]\nname = \"here\"\nip_range = \"127.0.0.1\"\n\
         [[zone]]\nname = {ZONE:?}\nfile = {:?}\noutgoing = {{ peers = [], enabled = true }}\n",
        file.display().to_string()
    );
    let mut zxfrd = Zxfrd::with_config(&config).unwrap();
    zxfrd.wait_for_zone(&format!("{ZONE}."), Some(1)).unwrap();
    let variables = [
        ("ZXFRD_API", format!("http://{}/client/v4", zxfrd.api().unwrap())),
        ("ZXFRD_API_TOKEN", TOKEN.to_owned()),
        ("ZXFRD_ZONE", ZONE.to_owned()),
        ("ZXFRD_ACCOUNT", ACCOUNT.to_owned()),
    ];
    let done = Script::start(command.envs(variables)).end();
    let missing: Vec<_> = METHODS.iter().filter(|method| !done.contains(**method)).collect();
    assert!(missing.is_empty(), "not called: {missing:?}");
    tally::ran(case);
}
