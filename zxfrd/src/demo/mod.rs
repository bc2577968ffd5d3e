//! `zxfrd demo`: a zone moves from a primary to a secondary and is changed, both as `zxfrd serve` runs them, over loopback
//! sockets.
//!
//! | module | holds |
//! |---|---|
//! | `edit` | a copy of the zone with a few changes |
//! | `server` | a server of the demo: node, sockets |

mod edit;
mod server;

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::serial::Serial;
use zxfr_core::transfer::{Limits, Totals};
use zxfr_core::tsig::Algorithm;
use zxfr_core::zone::{BuildLimits, Update, Version};
use zxfr_io::{Client, InReport, Timeouts};

use crate::config::{Secret, TsigKey};
use crate::logging::Kind;
use crate::registry::Transferred;
use crate::zone::{self, LoadOptions};
use edit::{Edits, edit};
use server::{Server, Sockets};

/// The zone that is moved when no other is given.
const SAMPLE: &str = include_str!("sample.zone");
/// The name of the key.
const KEY: &str = "demo-key.";

/// Runs the demo and prints what it shows.
#[must_use]
pub fn demo(file: Option<&Path>, stay: bool) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("zxfrd: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(file, stay)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("zxfrd: demo failed: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// One line of the table.
struct Line {
    what: String,
    kind: Kind,
    totals: Totals,
    elapsed: Duration,
}

async fn run(file: Option<&Path>, stay: bool) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| format!("temporary folder: {error}"))?;
    let (sample, copy) = (folder.path().join("sample.zone"), folder.path().join("edited.zone"));
    let file = match file {
        Some(file) => file,
        None => {
            std::fs::write(&sample, SAMPLE).map_err(|error| format!("{}: {error}", sample.display()))?;
            &sample
        }
    };
    let key = random_key()?;

    let started = Instant::now();
    let loaded = load(file).await?;
    let apex = loaded.apex().to_name();
    say(&format!(
        "zone {apex} serial {}: {} records loaded into {} octets of pages in {:.3} s",
        loaded.serial(),
        loaded.record_count(),
        loaded.octets(),
        started.elapsed().as_secs_f64(),
    ));
    let (here, there) = (Sockets::bind()?, Sockets::bind()?);
    let (primary_addr, secondary_addr) = (here.addr, there.addr);
    let config = |file, watch| server::primary(&apex, file, watch, secondary_addr, &key);
    let primary = Server::start(here, &config(file, false))?;
    let first = primary.publish(loaded)?;
    say(&format!("primary on {primary_addr}, key {KEY} {}", key.algorithm));

    // The zone moves.
    let config_there = server::secondary(&apex, primary_addr, &key);
    let secondary = Server::start(there, &config_there)?;
    secondary.load(&config_there).await?;
    say(&format!("secondary on {secondary_addr}"));
    let mut lines = Vec::new();
    let Transferred { kind, totals, elapsed, .. } = secondary.transferred(first.serial()).await?;
    lines.push(Line { what: "primary to secondary".to_owned(), kind, totals, elapsed });
    compare("secondary", &first, &*secondary.version()?)?;
    drop(first);

    // The zone changes: the file is edited, read again, and the secondary told.
    let Edits { added, changed, deleted, serial } = edited(primary.version()?, copy.clone()).await?;
    say(&format!("edited: {added} records added, {changed} changed, {deleted} deleted; serial {serial}"));
    let started = Instant::now();
    primary.load(&config(&copy, true)).await?;
    let second = primary.version()?;
    let reloaded = started.elapsed();
    let Transferred { kind, totals, elapsed, .. } = secondary.transferred(serial).await?;
    lines.push(Line { what: "after NOTIFY".to_owned(), kind, totals, elapsed });
    let in_step = started.elapsed();
    say(&format!(
        "reloaded in {:.4} s; the secondary had it {:.4} s later",
        reloaded.as_secs_f64(),
        in_step.saturating_sub(reloaded).as_secs_f64(),
    ));
    compare("secondary", &second, &*secondary.version()?)?;

    // Anybody can see so.
    let mut pulled = Vec::new();
    for (what, server) in [("pulled from primary", &primary), ("pulled from secondary", &secondary)] {
        let got = pull(apex.as_ref(), server.addr(), &key).await;
        let (version, report) = got.map_err(|error| format!("{what}: {error}"))?;
        lines.push(Line { what: what.to_owned(), kind: Kind::Axfr, totals: report.totals, elapsed: report.elapsed });
        pulled.push((what, version));
    }
    say(&table(&lines));
    for (what, version) in &pulled {
        compare(what, &second, version)?;
    }
    say(&format!("equal: both sides serve the same {} records", second.record_count()));
    if stay {
        drop(pulled);
        remain(apex.as_ref(), [&primary, &secondary], &key, &copy, serial).await?;
    }
    Ok(())
}

/// Transfers the zone from there.
async fn pull(zone: NameRef<'_>, from: SocketAddr, key: &TsigKey) -> Result<(Arc<Version>, InReport), String> {
    let key = key.keyed().map_err(|error| error.to_string())?;
    let mut update = Update::new(zone, None, BuildLimits::NONE);
    let client = Client::connect(from, Timeouts::default()).await.map_err(|error| error.to_string())?;
    let report = client.axfr_events(zone, Some(&key), Limits::default(), &mut update).await;
    let report = report.map_err(|error| error.to_string())?;
    match tokio::task::spawn_blocking(|| update.commit()).await {
        Ok(change) => Ok((change.map_err(|error| error.to_string())?.version, report)),
        Err(_) => Err("putting the zone together was stopped".to_owned()),
    }
}

/// Writes a copy of the zone with a few changes.
async fn edited(version: Arc<Version>, copy: PathBuf) -> Result<Edits, String> {
    let failed = format!("{}: ", copy.display());
    match tokio::task::spawn_blocking(move || edit(&version, &copy)).await {
        Ok(edits) => edits.map_err(|error| format!("{failed}{error}")),
        Err(_) => Err("editing the zone was stopped".to_owned()),
    }
}

/// Prints a line. Nobody may be reading any more; the demo goes on.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Loads the zone file; its SOA says which zone it is.
async fn load(file: &Path) -> Result<Version, String> {
    let file = file.to_owned();
    let load = move || zone::load(&file, &LoadOptions::default()).map(|loaded| loaded.version);
    match tokio::task::spawn_blocking(load).await {
        Ok(version) => version.map_err(|error| error.to_string()),
        Err(_) => Err("loading the zone was stopped".to_owned()),
    }
}

fn random_key() -> Result<TsigKey, String> {
    let mut octets = [0; 32];
    getrandom::fill(&mut octets).map_err(|error| format!("no random numbers: {error}"))?;
    let secret = Secret::from_base64(&Base64::encode_string(&octets))?;
    let name: Name = KEY.parse().map_err(|_| "key name")?;
    Ok(TsigKey { name, algorithm: Algorithm::HmacSha256, secret })
}

fn compare(what: &str, ours: &Arc<Version>, theirs: &Version) -> Result<(), String> {
    match zone::first_difference(ours, theirs) {
        None => Ok(()),
        Some((mine, other)) => {
            let line = |line: Option<String>| line.unwrap_or_else(|| "nothing".to_owned());
            Err(format!("{what} differs: loaded {:?}, there {:?}", line(mine), line(other)))
        }
    }
}

fn table(lines: &[Line]) -> String {
    let mut out = String::new();
    let _ = write!(
        out,
        "\n{:<22} {:<6} {:>10} {:>9} {:>12} {:>9} {:>12}",
        "", "", "records", "messages", "octets", "seconds", "records/s"
    );
    for Line { what, kind, totals: Totals { messages, records, octets }, elapsed } in lines {
        let (kind, seconds) = (kind.to_string().to_uppercase(), elapsed.as_secs_f64());
        // The SOA comes twice, and with differences twice more for each.
        let records = &records.saturating_sub(1);
        let rate = *records as f64 / seconds.max(f64::EPSILON);
        let _ =
            write!(out, "\n{what:<22} {kind:<6} {records:>10} {messages:>9} {octets:>12} {seconds:>9.4} {rate:>12.0}");
    }
    out.push('\n');
    out
}

/// Keeps both servers until interrupted.
async fn remain(
    zone: NameRef<'_>,
    [primary, secondary]: [&Server; 2],
    key: &TsigKey,
    copy: &Path,
    serial: Serial,
) -> Result<(), String> {
    let secret = Shown(key);
    say("\nBoth keep running. To try:");
    for server in [primary, secondary] {
        let addr = server.addr();
        let (ip, port) = (addr.ip(), addr.port());
        say(&format!("  dig @{ip} -p {port} -y {secret} {zone} AXFR"));
        say(&format!("  dig @{ip} -p {port} -y {secret} {zone} SOA"));
    }
    let before = Serial(serial.0.wrapping_sub(1));
    say(&format!("  zxfr axfr @{} -y {secret} {zone}", secondary.addr()));
    say(&format!("  zxfr ixfr @{} -y {secret} {zone} {before}", secondary.addr()));
    say(&format!("Edit {} and raise the serial: both serve it within seconds.", copy.display()));
    say("Ctrl-C ends the demo.");
    tokio::signal::ctrl_c().await.map_err(|error| error.to_string())
}

/// A key as `-y` takes it. The demo's key protects nothing and ends with it.
struct Shown<'a>(&'a TsigKey);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TsigKey { name, algorithm, secret } = self.0;
        write!(f, "{algorithm}:{name}:{}", Base64::encode_string(secret.octets()))
    }
}
