//! `zxfrd demo`: a zone moves from a primary to a secondary, both as `zxfrd serve` runs them, over loopback sockets.
//!
//! | module | holds |
//! |---|---|
//! | `server` | a server of the demo: registry, sockets |

mod server;

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::transfer::{Limits, Totals};
use zxfr_core::tsig::Algorithm;
use zxfr_core::zone::Version;
use zxfr_io::Timeouts;

use crate::config::{Secret, TsigKey};
use crate::incoming::{self, Pulled};
use crate::registry::Primary;
use crate::zone::{self, LoadOptions};
use server::Server;

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
    totals: Totals,
    elapsed: Duration,
}

async fn run(file: Option<&Path>, stay: bool) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| format!("temporary folder: {error}"))?;
    let sample = folder.path().join("sample.zone");
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
    let primary = Server::primary(loaded, file, &key)?;
    let loaded = primary.version()?;
    say(&format!("primary on {}, key {KEY} {}", primary.addr(), key.algorithm));

    let secondary = Server::secondary(&apex, primary.addr(), &key)?;
    say(&format!("secondary on {}", secondary.addr()));
    let started = Instant::now();
    let totals = secondary.transfer().await?;
    let mut lines = vec![Line { what: "primary to secondary".to_owned(), totals, elapsed: started.elapsed() }];
    let transferred = secondary.version()?;

    let mut pulled = Vec::new();
    for (what, server) in [("pulled from primary", &primary), ("pulled from secondary", &secondary)] {
        let from = Primary { addr: server.addr(), key: Some(key.keyed().map_err(|error| error.to_string())?) };
        let started = Instant::now();
        let got =
            incoming::pull(apex.as_ref(), &from, Limits::default(), Timeouts::default(), &mut Totals::default()).await;
        let Pulled { version, report, .. } = got.map_err(|error| format!("{what}: {error}"))?;
        lines.push(Line { what: what.to_owned(), totals: report.totals, elapsed: started.elapsed() });
        pulled.push((what, version));
    }
    say(&table(&lines));

    compare("secondary", &loaded, &transferred)?;
    for (what, version) in &pulled {
        compare(what, &loaded, version)?;
    }
    say(&format!("equal: both sides serve the same {} records", loaded.record_count()));
    if stay {
        drop(pulled);
        remain(apex.as_ref(), [&primary, &secondary], &key).await?;
    }
    Ok(())
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
        "\n{:<22} {:>10} {:>9} {:>12} {:>9} {:>12}",
        "", "records", "messages", "octets", "seconds", "records/s"
    );
    for Line { what, totals: Totals { messages, records, octets }, elapsed } in lines {
        let seconds = elapsed.as_secs_f64();
        // The SOA comes twice.
        let records = &records.saturating_sub(1);
        let rate = *records as f64 / seconds.max(f64::EPSILON);
        let _ = write!(out, "\n{what:<22} {records:>10} {messages:>9} {octets:>12} {seconds:>9.4} {rate:>12.0}");
    }
    out.push('\n');
    out
}

/// Keeps both servers until interrupted.
async fn remain(zone: NameRef<'_>, [primary, secondary]: [&Server; 2], key: &TsigKey) -> Result<(), String> {
    let secret = Shown(key);
    say("\nBoth keep running. To try:");
    for server in [primary, secondary] {
        let addr = server.addr();
        let (ip, port) = (addr.ip(), addr.port());
        say(&format!("  dig @{ip} -p {port} -y {secret} {zone} AXFR"));
        say(&format!("  dig @{ip} -p {port} -y {secret} {zone} SOA"));
    }
    say(&format!("  zxfr axfr @{} -y {secret} {zone}", secondary.addr()));
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
