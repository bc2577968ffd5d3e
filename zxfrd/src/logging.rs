//! The log: text or JSON on standard error, and the one line that each transfer gets.

use std::fmt::{self, Display};
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use zxfr_core::name::NameRef;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::Totals;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A line of text: time, level, fields.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// Starts logging to standard error. `RUST_LOG` says what is logged; without it, all from level `info` up.
pub fn start(format: Format) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        Format::Text => log.init(),
        Format::Json => log.json().flatten_event(true).init(),
    }
}

/// Which way a transfer went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From a primary to us.
    In,
    /// From us to a secondary.
    Out,
}

/// What a transfer was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The whole zone (RFC 5936).
    Axfr,
    /// The differences (RFC 1995).
    Ixfr,
    /// None: the primary has nothing newer.
    UpToDate,
}

/// A transfer that has ended.
#[derive(Clone, Copy)]
pub struct Transfer<'a> {
    /// Which way it went.
    pub direction: Direction,
    /// The zone.
    pub zone: NameRef<'a>,
    /// The other end.
    pub peer: SocketAddr,
    /// What it was.
    pub kind: Kind,
    /// The serial before, if there was one.
    pub from: Option<Serial>,
    /// The serial after, if it is known.
    pub to: Option<Serial>,
    /// What was sent or received.
    pub totals: Totals,
    /// How long it took.
    pub elapsed: Duration,
    /// How it ended.
    pub result: Result<(), Failed<'a>>,
}

/// Why a transfer failed.
#[derive(Clone, Copy)]
pub struct Failed<'a> {
    /// In a word.
    pub word: &'a str,
    /// All that is known.
    pub text: &'a dyn Display,
}

impl Direction {
    /// In a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

impl Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Kind {
    /// In a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Axfr => "axfr",
            Self::Ixfr => "ixfr",
            Self::UpToDate => "uptodate",
        }
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Seconds for the log, to a tenth of a millisecond: less than that would be written with an exponent.
pub(crate) fn seconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1e4).round() / 1e4
}

/// Logs a transfer.
pub fn transfer(transfer: &Transfer<'_>) {
    let Transfer { direction, zone, peer, kind, totals, elapsed, .. } = transfer;
    let Totals { messages, records, octets } = *totals;
    let [from, to] =
        [transfer.from, transfer.to].map(|serial| serial.map_or_else(|| "-".to_owned(), |serial| serial.to_string()));
    let seconds = seconds(*elapsed);
    // The fields of both lines are the same, and their order is part of the interface.
    match transfer.result {
        Ok(()) => tracing::info!(
            transfer = %direction, %zone, %peer, %kind, %from, %to, messages, records, octets, seconds, result = %"ok"
        ),
        Err(Failed { word, text }) => tracing::warn!(
            transfer = %direction, %zone, %peer, %kind, %from, %to, messages, records, octets, seconds,
            result = %word, reason = %text
        ),
    }
}
