//! The commands that speak to the management API, and a daemon that is told by them.

mod support;

use std::fs;
use std::process::Command;

use rustix::process::Signal;
use support::{ACL, Daemon, Done, done, zone, zxfr};

const SECRET: &str = "the-secret-of-a-token";
const CONFIG: &str = "[api]\nlisten = \"127.0.0.1:0\"\n\
    tokens = [{ name = \"all\", secret = \"the-secret-of-a-token\", access = \"write\" }]\n";

/// The URL of a daemon's API.
fn url(daemon: &mut Daemon) -> String {
    let line = daemon.find("management API url=");
    line.split_once("url=").unwrap().1.trim().to_owned()
}

/// Runs `zxfrd` with a token, if there is one.
fn zxfrd(arguments: &[&str], token: Option<&str>) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zxfrd"));
    command
        .args(arguments)
        .env_remove("ZXFRD_API_TOKEN")
        .env_remove("ZXFRD_API")
        .envs(token.map(|token| ("ZXFRD_API_TOKEN", token)));
    done(command.output().unwrap())
}

/// A daemon with a zone from a file, and the URL of its API.
fn primary() -> (Daemon, String) {
    let config = format!("{CONFIG}{ACL}[[zone]]\nname = \"example\"\nfile = \"example.zone\"\noutgoing = {{}}\n");
    let mut daemon = Daemon::start(&config, &[("example.zone", &zone(5, ""))]);
    let url = url(&mut daemon);
    (daemon, url)
}

#[test]
fn status_shows_all_zones_or_one() {
    let (_daemon, url) = primary();
    let status = |more: &[&str]| zxfrd(&[&["status", "--api", &url], more].concat(), Some(SECRET));
    let done = status(&[]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    let lines: Vec<_> = done.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert_eq!(lines[0], ["ZONE", "SERIAL", "STATE", "CHECKED", "NEXT", "CHECK"]);
    assert_eq!(lines[1], ["example", "5", "ok", "-", "-"]);
    let done = status(&["example."]);
    assert!(done.out.starts_with("zone example\n  serial 5\n  state ok\n"), "{}", done.out);
    let done = status(&["EXAMPLE", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((&value["name"], &value["soa_serial"]), (&"example".into(), &5.into()));
    let done = status(&["--json"]);
    let value: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(value.as_array().map(Vec::len), Some(1));
    status(&["example.com"]).failed(1, &[&url, "there is no zone \"example.com\""]);
    status(&["contains:xamp"]).failed(1, &[&url, "there is no zone \"contains:xamp\""]);
}

#[test]
fn what_is_exported_loads_again() {
    let (daemon, url) = primary();
    let done = zxfrd(&["export", "example", "--api", &url], Some(SECRET));
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    let pulled = zxfr(&["axfr", &daemon.server(), "example"]);
    assert_eq!(done.out, pulled.out);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.zone");
    let path = file.to_str().unwrap();
    let exported = zxfrd(&["export", "example.", "--api", &url, "-o", path], Some(SECRET));
    assert_eq!((exported.code, exported.out.as_str()), (0, ""));
    assert_eq!(fs::read_to_string(&file).unwrap(), done.out);
    zxfr(&["diff", path, path]);
    zxfrd(&["export", "other", "--api", &url, "-o", path], Some(SECRET)).failed(1, &["there is no zone \"other\""]);
    assert_eq!(fs::read_to_string(&file).unwrap(), done.out, "what is there stays");
}

#[test]
fn retransfer_and_notify_are_done_or_refused_with_the_reason() {
    let (primary, _) = primary();
    let addr = primary.addr();
    let config = format!(
        "{CONFIG}[[peer]]\nname = \"p\"\nip = \"{}\"\nport = {}\n\
         [[zone]]\nname = \"example\"\nincoming = {{ peers = [\"p\"] }}\n\
         [[zone]]\nname = \"x\\u001b[31m.example\"\nincoming = {{ peers = [\"p\"] }}\n\
         [[zone]]\nname = \"file.example\"\nfile = \"file.zone\"\noutgoing = {{ peers = [\"p\"] }}\n",
        addr.ip(),
        addr.port(),
    );
    let text = zone(1, "").replace("$ORIGIN example.", "$ORIGIN file.example.");
    let mut daemon = Daemon::start(&config, &[("file.zone", &text)]);
    daemon.find("kind=axfr from=- to=5");
    let url = url(&mut daemon);
    let run = |arguments: &[&str]| zxfrd(&[arguments, &["--api", &url]].concat(), Some(SECRET));
    let done = run(&["retransfer", "example"]);
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{}", done.err);
    daemon.wait_for("kind=axfr from=5 to=5");
    let done = run(&["retransfer", "x\u{1b}[31m.example"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.starts_with("x\\027[31m.example: ") && !done.out.contains('\u{1b}'), "{:?}", done.out);
    run(&["retransfer", "file.example"]).failed(1, &["file.example", "incoming"]);
    let done = run(&["notify", "file.example"]);
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{}", done.err);
    daemon.wait_for("notify=out zone=file.example.");
    run(&["notify", "example"]).failed(1, &["example", "outgoing"]);
}

#[test]
fn the_first_token_needs_no_daemon_and_the_next_ones_are_made_by_it() {
    let first = zxfrd(&["token", "new", "--name", "admin"], None);
    assert_eq!(first.code, 0);
    let secret = first.out.trim();
    assert_eq!(secret.len(), 43, "{secret}");
    // What it says to add to the configuration is a configuration.
    let (_, config) = first.err.split_once("\n\n").unwrap();
    let config = config.replace("[api]\n", "[api]\nlisten = \"127.0.0.1:0\"\n");
    let mut daemon = Daemon::start(&config, &[]);
    let url = url(&mut daemon);
    let new = |more: &[&str], token: &str| zxfrd(&[&["token", "new", "--api", &url], more].concat(), Some(token));
    let reader = new(&["--access", "read", "--name", "reader"], secret);
    assert_eq!((reader.code, reader.err.as_str()), (0, ""), "{}", reader.err);
    let reader = reader.out.trim();
    assert_eq!(zxfrd(&["status", "--api", &url], Some(reader)).code, 0);
    new(&[], reader).failed(1, &["only read"]);
    new(&["--account", "nonsense"], secret).failed(1, &["account"]);
    daemon.signal(Signal::TERM);
    daemon.ended();
    zxfrd(&["status", "--api", &url], Some(secret)).failed(3, &[&url]);
}

#[test]
fn who_has_no_token_or_a_wrong_one_is_told() {
    let (_daemon, url) = primary();
    zxfrd(&["status", "--api", &url], None).failed(2, &["ZXFRD_API_TOKEN is not set"]);
    zxfrd(&["status", "--api", &url], Some("wrong")).failed(1, &[&url, "Invalid access token"]);
    zxfrd(&["status", "--api", "localhost:8053"], Some(SECRET)).failed(2, &["localhost:8053"]);
    let root = url.strip_suffix("/client/v4").unwrap();
    zxfrd(&["status", "--api", root], Some(SECRET)).failed(1, &[root]);
}
