//! The README's way from nothing to a secondary zone, typed into a shell as it stands: once by curl, once by the Python SDK.
//!
//! Two things are otherwise than for a user. The first block gets the programs, which are there already. And ports are free ones:
//! wherever the README's stand, and for those that it leaves to zxfrd's defaults in a configuration file.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use base64ct::{Base64, Encoding};
use zxfr_tests::client::dig;
use zxfr_tests::peer::{DEADLINE, PeerKind, require_peers};
use zxfr_tests::ports::Port;
use zxfr_tests::process::Process;
use zxfr_tests::records::{Exactness, Record, assert_same};
use zxfr_tests::tsig::{Algorithm, TsigKey};
use zxfr_tests::{tally, zxfr};

use crate::readme::{Section, Typed, manage_it};
use crate::{PYTHON_SDK, python};

/// The zone of the README.
const ZONE: &str = "example.org.";

/// Said when all is typed and has shown what it should.
const DONE: &str = "all is typed";

/// What the shell knows beforehand. What it starts it stops by itself.
const BEFOREHAND: &str = r#"
set -euo pipefail
trap 'kill $(jobs -p) || true; wait' EXIT
trap 'exit 1' TERM
top=$PWD
soon() {
  if [ $SECONDS -gt 30 ]; then echo "not in time"; cat "$top/difference"; exit 1; fi >&2
  sleep 0.05
}
listening() { until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>"$top/difference"; do soon; done; }
timeless() { sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/(a time)/g'; }
"#;

/// The README's ports, and those that stand for them.
struct Ports {
    knotd: Port,
    dns: Port,
    api: Port,
}

impl Ports {
    fn free() -> Self {
        let [knotd, dns, api] = [(); 3].map(|()| Port::free().unwrap());
        Self { knotd, dns, api }
    }

    fn put_into(&self, text: &str) -> String {
        let ports = [("5310", &self.knotd), ("5300", &self.dns), ("8053", &self.api)];
        ports.iter().fold(text.to_owned(), |text, (known, free)| text.replace(known, &free.number().to_string()))
    }
}

#[test]
fn the_readme_leads_to_a_secondary_zone_by_curl() {
    let case = "the README's quick start by curl";
    if require_peers(case, &[PeerKind::Knotd], &["curl", "python3", "dig"]) {
        follow(None);
        tally::ran(case);
    }
}

#[test]
fn the_readme_leads_to_a_secondary_zone_by_the_python_sdk() {
    let case = "the README's quick start by the Python SDK";
    if require_peers(case, &[PeerKind::Knotd], &["dig"]) {
        match python() {
            Ok(python) => {
                follow(Some(&python));
                tally::ran(case);
            }
            Err(failure) => tally::lacking(case, &failure.to_string()),
        }
    }
}

/// Does what the README says, by curl or by a Python that has the SDK, and looks what has come of it.
fn follow(python: Option<&Path>) {
    let (section, ports) = (manage_it(), Ports::free());
    let dir = tempfile::tempdir().unwrap();
    let script = script(&section, &ports, python);
    let mut command = Command::new("bash");
    let programs = zxfr::program("zxfrd").unwrap().parent().unwrap().to_owned();
    let path =
        std::env::join_paths([programs].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())));
    // A new user has set nothing.
    command.args(["-c", &script]).env("PATH", path.unwrap()).env_remove("ZXFRD_API_TOKEN").env_remove("RUST_LOG");
    // Where zxfrd's commands find it, when it isn't where it is by default.
    command.env("ZXFRD_API", ports.put_into("http://127.0.0.1:8053/client/v4"));
    let mut shell = Process::spawn("the README's lines", command, dir).unwrap();
    shell.wait_for_log(DONE, 2 * DEADLINE).unwrap();

    let (_, secret) = section.shell[1][1].command.split_once(" secret: ").unwrap();
    let secret = Base64::decode_vec(secret.lines().next().unwrap()).unwrap();
    let key = TsigKey { name: "transfer.example.".to_owned(), algorithm: Algorithm::Sha256, secret };
    let wanted = dig(ports.knotd.address(), ZONE, Some(&key)).unwrap();
    let given = dig(ports.dns.address(), ZONE, None).unwrap();
    assert_eq!((given.first().and_then(Record::serial), given.len()), (Some(2), 4), "{given:?}");
    assert_same("zxfrd", &wanted, &given, Exactness::Octets);
    // The one by AXFR, the other, of which Knot told, by IXFR.
    let log = shell.log();
    let came = zxfr::transfers(&log).into_iter().filter(|transfer| transfer.incoming && transfer.from != transfer.to);
    let came: Vec<_> = came.map(|transfer| (transfer.kind, transfer.to, transfer.result)).collect();
    let [axfr, ixfr] = [("axfr", 1), ("ixfr", 2)].map(|(kind, to)| (kind.to_owned(), Some(to), "ok".to_owned()));
    assert_eq!(came, [axfr, ixfr], "{log}");
    shell.stop();
}

/// All that is typed.
fn script(section: &Section, ports: &Ports, python: Option<&Path>) -> String {
    let [programs, servers, by_curl, look] = &section.shell[..] else { panic!("other blocks: {section:#?}") };
    assert!(section.text.contains(&format!("venv/bin/pip install {PYTHON_SDK}`")), "another SDK than {PYTHON_SDK}");
    let mut script = BEFOREHAND.to_owned();
    let [apt, cargo, folder] = &programs[..] else { panic!("other programs: {programs:#?}") };
    assert!(
        apt.command.starts_with("sudo apt install ") && cargo.command.starts_with("cargo install "),
        "{programs:#?}"
    );
    script += &folder.command;
    let defaults = "[dns]\nlisten = [\"127.0.0.1:5300\"]\n[api]\nlisten = \"127.0.0.1:8053\"\n";
    let _ = writeln!(script, "cat >zxfrd.toml <<'END'\n{}END", ports.put_into(defaults));
    for Typed { command, .. } in servers {
        script += &ports.put_into(command);
        // Who types has seen that it has started.
        match command {
            _ if command.contains("knotd -c") => writeln!(script, "listening {}", ports.knotd.number()).unwrap(),
            _ if command.starts_with("zxfrd serve") => writeln!(script, "listening {}", ports.api.number()).unwrap(),
            _ => {}
        }
    }
    match python {
        None => by_curl.iter().for_each(|typed| script += &ports.put_into(&typed.command)),
        Some(python) => {
            let _ = writeln!(script, "'{}' - <<'END'\n{}END", python.display(), ports.put_into(&section.python));
        }
    }
    for Typed { command, output } in look {
        let command = ports.put_into(command);
        if output.is_empty() {
            script += &command;
        } else {
            // A moment later: it is typed again until it shows what the README does.
            let _ = writeln!(script, "typed() {{\n{command}}}\ntimeless >\"$top/wanted\" <<'END'\n{output}END");
            script += "until diff \"$top/wanted\" <(typed | timeless) >\"$top/difference\" 2>&1; do soon; done\n";
        }
    }
    let _ = writeln!(script, "echo {DONE}\nwait");
    script
}
