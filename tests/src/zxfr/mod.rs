//! zxfr's own programs, as they are built beside the test: the service `zxfrd serve`
//! with a configuration written for it, and the client `zxfr`.

mod log;

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rustix::process::Signal;

use crate::Failure;
use crate::peer::{DEADLINE, Offer, Pull, Target, Way};
use crate::probe::{self, Authority};
use crate::process::Process;
use crate::tsig::TsigKey;

pub use log::{Transfer, transfers};

/// What the log line with the address that is listened on begins its value with.
const LISTENING: &str = "listening addr=";

/// What the log line begins with that comes when zone files were read.
const STARTED: &str = "started zones=";

/// What stands before the address of the management API in the log.
const MANAGING: &str = "management API url=http://";

/// A running `zxfrd serve`. What it has it gives to loopback.
#[derive(Debug)]
pub struct Zxfrd {
    process: Process,
    address: SocketAddr,
}

impl Zxfrd {
    /// Starts it with zones from files, and waits until these are loaded and it answers for all that unsigned
    /// requests may have.
    ///
    /// # Errors
    /// When it can't be started, or a zone isn't answered by the deadline.
    pub fn primary(offers: &[Offer<'_>]) -> Result<Self, Failure> {
        let mut zxfrd = Self::start(&Setup { offers, ..Setup::default() })?;
        zxfrd.process.log_after(0, &[STARTED], DEADLINE)?;
        for offer in offers.iter().filter(|offer| offer.unsigned) {
            zxfrd.wait_for_zone(&offer.zone.name, Some(offer.zone.serial))?;
        }
        Ok(zxfrd)
    }

    /// Starts it with zones to transfer, and does not wait for them.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn secondary(pulls: &[Pull]) -> Result<Self, Failure> {
        Self::start(&Setup { pulls, ..Setup::default() })
    }

    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// When it ends before that; with its log.
    pub fn start(setup: &Setup<'_>) -> Result<Self, Failure> {
        Self::with_config(&setup.text())
    }

    /// Starts it on a configuration of its own and waits until it listens.
    ///
    /// # Errors
    /// As [`Zxfrd::start`].
    pub fn with_config(text: &str) -> Result<Self, Failure> {
        let dir = tempfile::Builder::new()
            .prefix("zxfr-zxfrd-")
            .tempdir()
            .map_err(|error| Failure::because("making a temporary folder", error))?;
        let config = dir.path().join("zxfrd.toml");
        fs::write(&config, text).map_err(|error| Failure::because(config.display(), error))?;
        let mut command = Command::new(program("zxfrd")?);
        command.args(["serve", "--config"]).arg(&config).env_remove("RUST_LOG");
        let mut process = Process::spawn("zxfrd", command, dir)?;
        let log = process.dir().join("log");
        let address = process.wait_for("address it listens on", DEADLINE, || {
            let text = String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()).into_owned();
            let found = text.split_once(LISTENING).and_then(|(_, rest)| rest.split_whitespace().next());
            found.and_then(|addr| addr.parse().ok()).ok_or_else(|| Failure::new(format!("no {LISTENING:?} in its log")))
        })?;
        Ok(Self { process, address })
    }

    /// Stops it and starts it again upon what it has stored; waits until it listens, which may be elsewhere. Gives where its
    /// management API is.
    ///
    /// # Errors
    /// When it doesn't come to that; with its log.
    pub fn restart(&mut self) -> Result<SocketAddr, Failure> {
        let before = self.process.log().len();
        self.process.restart()?;
        let mut found = |what: &str, end: char| {
            let log = self.process.log_after(before, &[what], DEADLINE)?;
            let text = log.split_once(what).and_then(|(_, rest)| rest.split([end, ' ', '\n']).next());
            text.and_then(|address| address.parse().ok())
                .ok_or_else(|| Failure::new(format!("no address in its log: {log}")))
        };
        let (address, api) = (found(LISTENING, ' ')?, found(MANAGING, '/')?);
        self.address = address;
        Ok(api)
    }

    /// Where it answers, over UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its management API is.
    ///
    /// # Errors
    /// When it doesn't come to that; with its log.
    pub fn api(&mut self) -> Result<SocketAddr, Failure> {
        let log = self.process.log_after(0, &[MANAGING], DEADLINE)?;
        let url = log.split_once(MANAGING).and_then(|(_, rest)| rest.split('/').next());
        url.and_then(|address| address.parse().ok())
            .ok_or_else(|| Failure::new(format!("no address in its log: {log}")))
    }

    /// The process, for its log, its id and signals.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// All that it has logged so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Has it read its configuration and zone files again and check its primaries.
    pub fn reload(&mut self) {
        self.process.signal(Signal::HUP);
    }

    /// The transfers that its log tells of, well ended or not, oldest first.
    pub fn transfers(&self) -> Vec<Transfer> {
        transfers(&self.process.log())
    }

    /// Waits for a transfer in its log.
    ///
    /// # Errors
    /// When there is none within [`DEADLINE`]; with the tail of the log.
    pub fn wait_for_transfer(&mut self, what: &str, wanted: impl Fn(&Transfer) -> bool) -> Result<Transfer, Failure> {
        let log = self.process.dir().join("log");
        self.process.wait_for(&format!("transfer, {what}"), DEADLINE, || {
            let text = String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()).into_owned();
            let found = transfers(&text).into_iter().find(&wanted);
            found.ok_or_else(|| Failure::new("not logged"))
        })
    }

    /// Waits until a zone's SOA is answered, with this serial if one is given; returns
    /// the serial.
    ///
    /// # Errors
    /// When that doesn't happen within [`DEADLINE`]; with the tail of the log.
    pub fn wait_for_zone(&mut self, zone: &str, serial: Option<u32>) -> Result<u32, Failure> {
        let address = self.address;
        self.process.wait_for(&format!("answer for {zone}"), DEADLINE, || {
            let found = probe::soa_serial(address, zone, Authority::Needed)?;
            match serial {
                Some(wanted) if wanted != found => Err(Failure::new(format!("serial {found}, not {wanted}"))),
                _ => Ok(found),
            }
        })
    }
}

/// What a [`Zxfrd`] is to do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setup<'a> {
    /// Zones from files; who is told of new versions is linked, too.
    pub offers: &'a [Offer<'a>],
    /// Zones to transfer, each from all upstreams that its pulls name; given to all of loopback.
    pub pulls: &'a [Pull],
    /// Who is told of new versions of the zones that are transferred.
    pub downstream: &'a [Target],
    /// The port to listen on; 0 lets it choose one.
    pub port: u16,
    /// Lines for `[limits]`.
    pub limits: &'a str,
}

impl Setup<'_> {
    /// The configuration file's text. Zones that nothing but signed requests may have
    /// are linked to peers with the keys; all keys verify requests for any zone.
    fn text(&self) -> String {
        let mut text = format!(
            "[dns]\nlisten = [\"127.0.0.1:{}\"]\n\n[api]\nlisten = \"127.0.0.1:0\"\n\n[store]\nurl = \"memory:\"\n\n[limits]\nmax_transfers_in = 100\n\
             max_transfers_per_peer = 100\nallow_hmac_md5 = true\n{}\n\n\
             [[acl]]\nname = \"loopback\"\nip_range = \"127.0.0.0/24\"\n\n",
            self.port, self.limits,
        );
        let targets = self.offers.iter().flat_map(|offer| &offer.notify).chain(self.downstream);
        let target_keys = targets.filter_map(|target| target.key.as_ref());
        let offered = self.offers.iter().flat_map(|offer| &offer.keys).chain(target_keys);
        let mut keys: Vec<&TsigKey> = Vec::new();
        for key in offered.chain(self.pulls.iter().filter_map(|pull| pull.key.as_ref())) {
            if !keys.contains(&key) {
                keys.push(key);
                let (name, algorithm, secret) = (&key.name, key.algorithm, key.base64());
                let _ = writeln!(
                    text,
                    "[[tsig]]\nname = \"{name}\"\nalgo = \"{algorithm}.\"\nsecret = \"{secret}\"\n\n\
                     [[peer]]\nname = \"holder of {name}\"\nip = \"127.0.0.1\"\ntsig = \"{name}\"\n",
                );
            }
        }
        for (at, offer) in self.offers.iter().enumerate() {
            let linked = offer.keys.iter().filter(|_| !offer.unsigned);
            let mut holders: Vec<_> = linked.map(|key| format!("\"holder of {}\"", key.name)).collect();
            holders.extend(peers(&mut text, &format!("to{at}-"), &offer.notify));
            let _ = writeln!(
                text,
                "[[zone]]\nname = \"{}\"\nfile = '{}'\noutgoing = {{ peers = [{}] }}\n",
                offer.zone.name,
                offer.zone.path.display(),
                holders.join(", "),
            );
        }
        let downstream = peers(&mut text, "down", self.downstream).join(", ");
        // Pulls of one zone are its primaries.
        let mut zones: Vec<(&str, Vec<String>)> = Vec::new();
        for (at, pull) in self.pulls.iter().enumerate() {
            let (ip, port) = (pull.upstream.ip(), pull.upstream.port());
            let _ = writeln!(text, "[[peer]]\nname = \"up{at}\"\nip = \"{ip}\"\nport = {port}");
            if let Some(key) = &pull.key {
                let _ = writeln!(text, "tsig = \"{}\"", key.name);
            }
            if pull.way != Way::Axfr {
                let _ = writeln!(text, "ixfr_enable = true");
            }
            text.push('\n');
            let name = format!("\"up{at}\"");
            match zones.iter_mut().find(|(zone, _)| *zone == pull.zone) {
                Some((_, primaries)) => primaries.push(name),
                None => zones.push((&pull.zone, vec![name])),
            }
        }
        for (zone, primaries) in zones {
            let _ = writeln!(
                text,
                "[[zone]]\nname = \"{zone}\"\nincoming = {{ peers = [{}] }}\n\
                 outgoing = {{ peers = [{downstream}] }}\n",
                primaries.join(", "),
            );
        }
        text
    }
}

/// Writes peers that are told of new versions, and gives their quoted names.
fn peers(text: &mut String, prefix: &str, targets: &[Target]) -> Vec<String> {
    let mut names = Vec::new();
    for (number, target) in targets.iter().enumerate() {
        let (ip, port) = (target.address.ip(), target.address.port());
        let _ = writeln!(text, "[[peer]]\nname = \"{prefix}{number}\"\nip = \"{ip}\"\nport = {port}");
        if let Some(key) = &target.key {
            let _ = writeln!(text, "tsig = \"{}\"", key.name);
        }
        text.push('\n');
        names.push(format!("\"{prefix}{number}\""));
    }
    names
}

/// Runs `zxfr axfr`, which writes the zone to a file.
///
/// # Errors
/// When the program can't be run or doesn't exit with 0; with what it printed.
pub fn axfr(server: SocketAddr, zone: &str, key: Option<&TsigKey>, file: &Path) -> Result<(), Failure> {
    let mut arguments = vec!["axfr".to_owned(), format!("@{server}"), zone.to_owned()];
    if let Some(key) = key {
        arguments.extend(["-y".to_owned(), key.option()]);
    }
    arguments.extend(["-o".to_owned(), file.display().to_string()]);
    let output = zxfr(&arguments)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "zxfr {} ended with {}: {}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr),
        ))),
    }
}

/// Runs `zxfr` with these arguments to its end.
///
/// # Errors
/// When it isn't built or can't be run.
pub fn zxfr<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Result<Output, Failure> {
    Command::new(program("zxfr")?)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::because("running zxfr", error))
}

/// A program of this workspace, in the folder above the test's own.
///
/// # Errors
/// When it isn't there; says how to build it.
pub fn program(name: &str) -> Result<PathBuf, Failure> {
    let test = std::env::current_exe().map_err(|error| Failure::because("finding the test's own program", error))?;
    let folder = test.parent().and_then(Path::parent);
    let found = folder.map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)));
    found.filter(|path| path.is_file()).ok_or_else(|| {
        Failure::new(format!(
            "{name} isn't built beside the tests: run `cargo test --workspace`, or `cargo build -p zxfrd` before"
        ))
    })
}
