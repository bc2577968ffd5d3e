//! The client tool `zxfr`: pulls zones, asks for SOAs, measures servers. Habits are those of `dig`.
//!
//! | module | holds |
//! |---|---|
//! | [`target`] | which server, zone and key: the arguments that all commands share |
//! | [`mod@axfr`], [`mod@ixfr`], [`mod@soa`], [`mod@notify`], [`mod@diff`], [`mod@bench`] | the commands |
//! | `output` | text that is written whole or not at all |
//! | `progress` | the bar that shows how far a transfer is |

pub mod axfr;
pub mod bench;
pub mod diff;
pub mod ixfr;
pub mod notify;
pub(crate) mod output;
mod progress;
pub mod soa;
pub mod target;

use std::fmt;
use std::future::Future;
use std::io;
use std::process::ExitCode;

use clap::ValueEnum;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use zxfr_io::client;

use crate::zonefile;

/// Why a command failed: one line, and the exit status.
#[derive(Debug)]
pub struct Failure {
    status: u8,
    line: String,
}

/// The server refused or misbehaved, or something here failed.
const FAILED: u8 = 1;
/// No connection, or a time-out.
const UNREACHABLE: u8 = 3;

impl Failure {
    /// Something failed here.
    fn here(line: impl Into<String>) -> Self {
        Self { status: FAILED, line: line.into() }
    }

    /// The server `who` could not be asked at all.
    fn unreachable(who: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self { status: UNREACHABLE, line: format!("{who}: {why}") }
    }

    /// What was asked of the server `who` about `what` failed.
    fn asking(who: impl fmt::Display, what: impl fmt::Display, error: &client::Error) -> Self {
        let status = match error {
            client::Error::Connect(_) | client::Error::Timeout { .. } => UNREACHABLE,
            _ => FAILED,
        };
        Self { status, line: format!("{who}: {what}: {error}") }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::here(error.to_string())
    }
}

/// How records are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines of a zone file: owner, TTL, class, type, RDATA, with tabs between
    #[default]
    Zone,
    /// JSON objects, one a line: {"name","ttl","class","type","rdata"}
    Json,
    /// Nothing: records are counted, not looked into
    None,
}

impl Format {
    /// The form of lines, if there are any.
    const fn of_text(self) -> Option<zonefile::Format> {
        match self {
            Self::Zone => Some(zonefile::Format::Zone),
            Self::Json => Some(zonefile::Format::Json),
            Self::None => None,
        }
    }
}

/// Runs a command to its end, or until it is interrupted; says on standard error why it failed.
pub fn run(threads: Threads, command: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    let runtime = match threads {
        Threads::One => Builder::new_current_thread().enable_all().build(),
        Threads::All => Builder::new_multi_thread().enable_all().build(),
    };
    let outcome = runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(until_interrupted(command)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { status, line }) => {
            eprintln!("zxfr: {line}");
            ExitCode::from(status)
        }
    }
}

/// How many threads a command is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// One.
    One,
    /// One for each core.
    All,
}

/// Dropping the command, when a signal comes, removes what it has written so far.
async fn until_interrupted(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = command => outcome,
        _ = interrupt.recv() => Err(Failure::here("interrupted")),
        _ = terminate.recv() => Err(Failure::here("terminated")),
    }
}
