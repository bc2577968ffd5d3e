//! All methods of zone transfers that the official SDKs have, called against a `zxfrd` between `knotd` and `nsd`; and what each
//! comes to, as dig sees it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use zxfr_tests::peer::{PeerKind, require_peers};
use zxfr_tests::records::Record;
use zxfr_tests::{Failure, packages, tally};

use crate::scene::*;
use crate::script::Script;
use crate::{NPM_SDK, python};

/// The account of a configuration that names none.
pub(crate) const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";

/// The 28 methods, as the Python SDK spells them.
const METHODS: [&str; 28] = [
    "force_axfr.create",
    "incoming.create",
    "incoming.update",
    "incoming.delete",
    "incoming.get",
    "outgoing.create",
    "outgoing.update",
    "outgoing.delete",
    "outgoing.get",
    "outgoing.enable",
    "outgoing.disable",
    "outgoing.force_notify",
    "outgoing.status.get",
    "acls.create",
    "acls.update",
    "acls.list",
    "acls.delete",
    "acls.get",
    "peers.create",
    "peers.update",
    "peers.list",
    "peers.delete",
    "peers.get",
    "tsigs.create",
    "tsigs.update",
    "tsigs.list",
    "tsigs.delete",
    "tsigs.get",
];

/// What a script waits for, and what is so then.
type Step = (&'static str, fn(&mut Scene));

/// The steps of the scripts, in order.
const STEPS: [Step; 11] = [
    ("created", |scene| {
        scene.closed();
        assert_eq!(soa(scene.nsd.address()), None, "an outgoing configuration is disabled at first");
    }),
    ("enabled", |scene| {
        scene.in_step(1);
        scene.arrives(1);
    }),
    ("primary has 2", |scene| {
        scene.change(2);
        scene.lags(1);
    }),
    ("forced to 2", |scene| {
        scene.forced(2);
        scene.in_step(2);
        scene.arrives(2);
    }),
    ("primary has 3", |scene| {
        scene.change(3);
        scene.lags(2);
    }),
    ("nobody told of 3", |scene| {
        scene.forced(3);
        scene.in_step(3);
        refused(scene.given_to_nsd());
        assert_eq!(soa(scene.nsd.address()), Some(2));
        assert!(!scene.told(3));
    }),
    ("told of 3", |scene| {
        scene.arrives(3);
        scene.is_told(3);
    }),
    ("disabled", |scene| {
        scene.closed();
        assert_eq!(soa(scene.nsd.address()), Some(3), "what it has it keeps");
    }),
    ("enabled again", |scene| scene.in_step(3)),
    ("no ACL", |scene| {
        refused(scene.read());
        assert_eq!(scene.given_to_nsd().unwrap().first().and_then(Record::serial), Some(3), "a linked peer needs none");
    }),
    ("no outgoing", |scene| scene.closed()),
];

#[test]
fn all_methods_of_the_python_sdk_do_what_they_say() {
    let case = "the Python SDK between knotd and nsd";
    let script = source("methods.py");
    run(case, python, |python| {
        let mut command = Command::new(python);
        command.arg(script);
        command
    });
}

#[test]
fn all_methods_of_the_npm_sdk_do_what_they_say() {
    let case = "the npm SDK between knotd and nsd";
    run(
        case,
        || packages::npm("cloudflare", &[NPM_SDK]),
        |folder| {
            // It finds packages in the folders above its own.
            let script = folder.join("methods.mjs");
            fs::copy(source("methods.mjs"), &script).unwrap();
            let mut command = Command::new("node");
            command.arg(script);
            command
        },
    );
}

/// A script beside the tests.
pub(crate) fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk").join(name)
}

/// Has a script call all methods, where what it needs can be had.
fn run(case: &str, installed: impl FnOnce() -> Result<PathBuf, Failure>, command: impl FnOnce(PathBuf) -> Command) {
    if !require_peers(case, &[PeerKind::Knotd, PeerKind::Nsd], &["dig"]) {
        return;
    }
    let mut command = match installed() {
        Ok(installed) => command(installed),
        Err(failure) => return tally::lacking(case, &failure.to_string()),
    };
    let begun = Instant::now();
    let mut scene = Scene::start();
    let variables = [
        ("ZXFRD_API", format!("http://{}/client/v4", scene.zxfrd.api().unwrap())),
        ("ZXFRD_API_TOKEN", TOKEN.to_owned()),
        ("ZXFRD_ACCOUNT", ACCOUNT.to_owned()),
        ("ZXFRD_EMAIL", EMAIL.to_owned()),
        ("ZXFRD_ZONE", ZONE.trim_end_matches('.').to_owned()),
        ("ZXFRD_PRIMARY", scene.knotd.address().to_string()),
        ("ZXFRD_PRIMARY_KEY", scene.upstream.option()),
        ("ZXFRD_SECONDARY", scene.nsd.address().to_string()),
        ("ZXFRD_SECONDARY_KEY", scene.downstream.option()),
        ("ZXFRD_READER", READER.to_string()),
    ];
    let mut script = Script::start(command.envs(variables));
    for (step, look) in STEPS {
        script.until(step);
        look(&mut scene);
        script.go_on();
    }
    let done = script.end();
    let missing: Vec<_> = METHODS.iter().filter(|method| !done.contains(**method)).collect();
    assert!(missing.is_empty(), "not called: {missing:?}");
    let log = scene.zxfrd.log();
    assert!(!log.contains("panic"), "{log}");
    eprintln!("{case}: {} methods in {:.1?}", METHODS.len(), begun.elapsed());
    tally::ran(case);
}
