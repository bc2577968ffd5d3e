//! A server as a process on 127.0.0.1, with the settings of `benches/peers`.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;
use zxfr_tests::ports::Port;
use zxfr_tests::probe::{self, Authority};
use zxfr_tests::process::{Process, find_program};
use zxfr_tests::tsig::{Algorithm, TsigKey};

use crate::accounting::{Spent, Tree};
use crate::failure::{Because, Failure, Result};
use crate::kind::Kind;

/// Pause between two looks for a new serial.
const PAUSE: Duration = Duration::from_millis(1);

/// Where PowerDNS's schemas are.
const SCHEMA: &str = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql";

/// The key that signs where something is signed.
pub(crate) fn key() -> TsigKey {
    TsigKey::new("compare.example.", Algorithm::Sha256)
}

/// What a server serves.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    /// Its absolute name.
    pub(crate) name: String,
    /// Where it comes from.
    pub(crate) source: Source,
}

/// Where a server has a zone from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A file, of which the server gets a copy of its own.
    File(PathBuf),
    /// A primary on 127.0.0.1, asked unsigned.
    Primary(SocketAddr),
    /// The same, and what comes of it is kept on the disk, in the way that the server has for that.
    Kept(SocketAddr),
}

impl Source {
    /// What stands in settings for how a zone is kept.
    fn keeping(&self) -> [(&'static str, &'static str); 5] {
        let kept = matches!(self, Self::Kept(_));
        let either = |kept_so, not| if kept { kept_so } else { not };
        [
            ("@STORE@", either("sqlite:zxfrd.db", "memory:")),
            ("@JOURNAL@", either("all", "changes")),
            ("@WRITE@", either("1", "0")),
            ("@MASTERFILE@", either("file \"zone\";", "")),
            ("@SYNCHRONOUS@", either("2", "0")),
        ]
    }
}

/// A running server. It ends, and its folder is removed, when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    kind: Kind,
    port: Port,
    zone: String,
    process: Process,
    started: Instant,
}

impl Server {
    /// Starts a server with a zone in a folder of its own below `folder`; gives it back as soon as the process is there.
    /// `zxfrd` is the path of that program.
    pub(crate) fn start(kind: Kind, zone: &Zone, zxfrd: &Path, folder: &Path) -> Result<Self> {
        let what = format!("starting {}", kind.program());
        let dir = tempfile::Builder::new().prefix(kind.program()).tempdir_in(folder).because(&what)?;
        let port = Port::free()?;
        let command = configure(kind, zone, port.number(), zxfrd, &dir).because(&what)?;
        let started = Instant::now();
        let process = Process::spawn(kind.program(), command, dir)?;
        Ok(Self { kind, port, zone: zone.name.clone(), process, started })
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// When its process was started.
    pub(crate) const fn started(&self) -> Instant {
        self.started
    }

    /// The file of its zone, if it has it from one or keeps it in one.
    pub(crate) fn file(&self) -> PathBuf {
        self.process.dir().join("zone")
    }

    /// What it has spent up to now.
    pub(crate) fn spent(&self) -> Spent {
        Tree::new(self.process.id()).spent()
    }

    /// Its processes.
    pub(crate) fn tree(&self) -> Tree {
        Tree::new(self.process.id())
    }

    /// Waits until it answers for its zone, with this serial if one is given, and gives the time of that.
    pub(crate) fn wait_for(&mut self, serial: Option<u32>, patience: Duration) -> Result<Instant> {
        let authority = if self.kind == Kind::Ixfrdist { Authority::Waived } else { Authority::Needed };
        let begun = Instant::now();
        loop {
            let last = match probe::soa_serial(self.address(), &self.zone, authority) {
                Ok(found) if serial.is_none_or(|serial| serial == found) => return Ok(Instant::now()),
                Ok(found) => Failure::new(format!("it has serial {found}")),
                Err(failure) => failure,
            };
            if begun.elapsed() > patience {
                let log = self.process.log();
                let tail = &log[log.len() - log.len().min(2000)..];
                let wanted = serial.map_or_else(String::new, |serial| format!(" with serial {serial}"));
                return Err(Failure::new(format!(
                    "{} doesn't answer for {}{wanted} within {patience:?}: {last}; its log ends:\n{tail}",
                    self.kind.program(),
                    self.zone,
                )));
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until what it serves is on the disk, and gives the time of that. NSD and BIND write a zone file, under another
    /// name until it is whole, when they serve the zone already; the others don't serve what they haven't written.
    pub(crate) fn wait_until_kept(&self, patience: Duration) -> Result<Instant> {
        let begun = Instant::now();
        while matches!(self.kind, Kind::Nsd | Kind::Named) && !self.file().is_file() {
            if begun.elapsed() > patience {
                return Err(Failure::new(format!("{} writes no zone file within {patience:?}", self.kind.program())));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(Instant::now())
    }

    /// Has it read its zone file again.
    pub(crate) fn reload(&mut self) -> Result<()> {
        if self.kind != Kind::Pdns {
            self.process.signal(Signal::HUP);
            return Ok(());
        }
        let mut command = Command::new(program("pdns_control")?);
        let dir = self.process.dir().display().to_string();
        command.arg(format!("--socket-dir={dir}")).arg(format!("--config-dir={dir}"));
        run(command.args(["bind-reload-now", self.zone.trim_end_matches('.')]))
    }
}

/// Whether a server of this kind is installed; ours is built.
pub(crate) fn installed(kind: Kind) -> bool {
    let needed: &[&str] = match kind {
        Kind::Zxfrd => &[],
        Kind::Pdns => &["pdns_server", "pdnsutil", "pdns_control", "sqlite3"],
        _ => &[kind.program()],
    };
    needed.iter().all(|name| find_program(name).is_some())
}

/// What a server says of its version, in one line.
pub(crate) fn version(kind: Kind, zxfrd: &Path) -> String {
    let path = if kind == Kind::Zxfrd { Ok(zxfrd.to_owned()) } else { program(kind.program()) };
    let output = path.and_then(|path| Command::new(path).arg(kind.version_argument()).output().because("version"));
    let Ok(output) = output else { return kind.program().to_owned() };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let number = text.split_whitespace().find(|word| {
        word.starts_with(|first: char| first.is_ascii_digit()) && word.split('.').count() >= 3 && !word.contains(':')
    });
    let number = number.map(|number| number.split('-').next().unwrap_or(number));
    number.map_or_else(|| kind.title().to_owned(), |number| format!("{} {number}", kind.title()))
}

fn configure(kind: Kind, zone: &Zone, port: u16, zxfrd: &Path, dir: &TempDir) -> Result<Command> {
    let path = dir.path();
    let key = key();
    let file = path.join("zone");
    let upstream = match &zone.source {
        Source::File(from) => {
            fs::copy(from, &file).because(from.display())?;
            None
        }
        Source::Primary(address) | Source::Kept(address) => Some(address.port().to_string()),
    };
    let template = template(kind, upstream.is_none())?;
    let keeping = zone.source.keeping().into_iter();
    let text = keeping
        .fold(template.to_owned(), |text, (word, value)| text.replace(word, value))
        .replace("@PORT@", &port.to_string())
        .replace("@DIR@", &path.display().to_string())
        .replace("@FILE@", &file.display().to_string())
        .replace("@ZONE@", &zone.name)
        .replace("@KEY@", &key.name)
        .replace("@SECRET@", &key.base64())
        .replace("@UPSTREAM@", upstream.as_deref().unwrap_or_default());
    let config = path.join(if kind == Kind::Pdns { "pdns.conf" } else { "configuration" });
    fs::write(&config, text).because(config.display())?;
    let program = if kind == Kind::Zxfrd { zxfrd.to_owned() } else { program(kind.program())? };
    let mut command = Command::new(program);
    match kind {
        Kind::Zxfrd => command.args(["serve", "--config"]).arg(&config).env_remove("RUST_LOG"),
        Kind::Knotd => command.arg("-c").arg(&config),
        Kind::Nsd => command.args(["-d", "-c"]).arg(&config),
        Kind::Named => command.args(["-f", "-4", "-c"]).arg(&config),
        Kind::Pdns => {
            match &upstream {
                None => prepare_bind(path, zone, &file, &key)?,
                Some(port) => prepare_database(path, zone, port)?,
            }
            command.arg(format!("--config-dir={}", path.display()))
        }
        Kind::Ixfrdist => {
            fs::create_dir(path.join("work")).because("making its folder")?;
            command.arg("--config").arg(&config)
        }
    };
    if kind == Kind::Knotd {
        fs::create_dir(path.join("db")).because("making its folder")?;
    }
    Ok(command)
}

/// Settings of a server of this kind: what its manual recommends for speed, with history where it can have one.
fn template(kind: Kind, primary: bool) -> Result<&'static str> {
    Ok(match (kind, primary) {
        (Kind::Zxfrd, true) => include_str!("../../../peers/zxfrd.primary.toml"),
        (Kind::Zxfrd, false) => include_str!("../../../peers/zxfrd.secondary.toml"),
        (Kind::Knotd, true) => include_str!("../../../peers/knotd.primary.conf"),
        (Kind::Knotd, false) => include_str!("../../../peers/knotd.secondary.conf"),
        (Kind::Nsd, true) => include_str!("../../../peers/nsd.primary.conf"),
        (Kind::Nsd, false) => include_str!("../../../peers/nsd.secondary.conf"),
        (Kind::Named, true) => include_str!("../../../peers/named.primary.conf"),
        (Kind::Named, false) => include_str!("../../../peers/named.secondary.conf"),
        (Kind::Pdns, true) => include_str!("../../../peers/pdns_server.primary.conf"),
        (Kind::Pdns, false) => include_str!("../../../peers/pdns_server.secondary.conf"),
        (Kind::Ixfrdist, false) => include_str!("../../../peers/ixfrdist.secondary.yml"),
        (Kind::Ixfrdist, true) => return Err(Failure::new("ixfrdist has no zones from files")),
    })
}

/// PowerDNS's zone list, and its database with the key and who may use it.
fn prepare_bind(dir: &Path, zone: &Zone, file: &Path, key: &TsigKey) -> Result<()> {
    let list = format!("zone \"{}\" {{ type master; file \"{}\"; }};\n", zone.name, file.display());
    fs::write(dir.join("zones.conf"), list).because("zones.conf")?;
    let util = program("pdnsutil")?;
    let key_name = key.name.trim_end_matches('.');
    let zone = if zone.name == "." { "." } else { zone.name.trim_end_matches('.') };
    let utility = || {
        let mut command = Command::new(&util);
        command.arg(format!("--config-dir={}", dir.display()));
        command
    };
    run(utility().arg("create-bind-db").arg(dir.join("keys.sqlite3")))?;
    run(utility().args(["import-tsig-key", key_name, "hmac-sha256", &key.base64()]))?;
    run(utility().args(["set-meta", zone, "TSIG-ALLOW-AXFR", key_name]))?;
    if zone == "." {
        // The one signed zone here: else it leaves out what signs it.
        run(utility().args(["set-meta", zone, "PRESIGNED", "1"]))?;
    }
    Ok(())
}

/// PowerDNS's database as a secondary.
fn prepare_database(dir: &Path, zone: &Zone, upstream: &str) -> Result<()> {
    let zone = zone.name.trim_end_matches('.');
    let fill = format!(
        "INSERT INTO domains (name, master, type) VALUES ('{zone}', '127.0.0.1:{upstream}', 'SLAVE'); \
         INSERT INTO domainmetadata (domain_id, kind, content) SELECT id, 'IXFR', '1' FROM domains;",
    );
    let mut command = Command::new(program("sqlite3")?);
    run(command.arg("-bail").arg(dir.join("zones.sqlite3")).arg(format!(".read {SCHEMA}")).arg(fill))
}

fn program(name: &str) -> Result<PathBuf> {
    find_program(name).ok_or_else(|| Failure::new(format!("{name} isn't installed")))
}

/// Runs a program to its end.
fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().because(&name)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Failure::new(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_nothing_that_is_not_filled_in() {
        let known = ["@PORT@", "@DIR@", "@FILE@", "@ZONE@", "@KEY@", "@SECRET@", "@UPSTREAM@"];
        for kind in Kind::ALL {
            for primary in [true, false] {
                let Ok(template) = template(kind, primary) else {
                    assert_eq!((kind, primary), (Kind::Ixfrdist, true));
                    continue;
                };
                let keeping = Source::Kept(SocketAddr::from(([127, 0, 0, 1], 1))).keeping();
                let known = known.into_iter().chain(keeping.map(|(word, _)| word));
                let filled = known.fold(template.to_owned(), |text, word| text.replace(word, "1"));
                assert!(!filled.replace("1@1", "").contains('@'), "{kind} {primary}: {filled}");
                assert_eq!(template.contains("@UPSTREAM@") || kind == Kind::Pdns, !primary || kind == Kind::Pdns);
            }
        }
    }
}
