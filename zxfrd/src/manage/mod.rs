//! Commands that speak to the management API of a daemon: `zxfrd status`, `retransfer`, `notify`, `export`, `review`, `rollback`
//! and `token new`.
//!
//! | module | holds |
//! |---|---|
//! | `remote` | requests to the API, and what comes of them |
//! | `status` | how zones stand, as a table, in full, or as JSON |
//! | `zone` | what is asked of one zone: `retransfer`, `notify`, `export` |
//! | `review` | versions that are held, and versions that are taken up again |
//! | `token` | `token new` |

mod remote;
mod review;
mod status;
mod token;
mod zone;

use std::process::ExitCode;

use clap::Subcommand;

use remote::Failure;
pub use remote::Options;

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Shows how zones stand with their primaries and secondaries.
    ///
    /// Without a zone a line for each: serial, whether it is in step, when it was checked and is checked next, and why it is
    /// not in step. With one all that is known of it, each peer included. Exits with 0, with 1 when the daemon refuses or
    /// there is no such zone, with 3 when it can't be reached.
    Status {
        /// The zone [default: all]
        zone: Option<String>,
        /// Prints JSON, as the API gives it: an array of zones, or the zone
        #[arg(long)]
        json: bool,
        /// Prints it again every 2 seconds, until interrupted
        #[arg(long)]
        watch: bool,
        /// The daemon.
        #[command(flatten)]
        options: Options,
    },
    /// Has a zone transferred whole from its primaries, whatever the serials say.
    ///
    /// The daemon does it beside; `zxfrd status ZONE` shows how far it is.
    Retransfer {
        /// The zone
        zone: String,
        /// The daemon.
        #[command(flatten)]
        options: Options,
    },
    /// Sends NOTIFY for a zone to all secondaries that are linked to it.
    ///
    /// The zone's IXFR history is forgotten, so that who asks next gets all of it.
    Notify {
        /// The zone
        zone: String,
        /// The daemon.
        #[command(flatten)]
        options: Options,
    },
    /// Prints a zone as a zone file, as it is held.
    ///
    /// One record a line with its absolute owner. Whole or not at all.
    Export {
        /// The zone
        zone: String,
        /// Writes to this file instead of standard output: beside it first, then in its place
        #[arg(short, long, value_name = "FILE")]
        output: Option<std::path::PathBuf>,
        /// The daemon.
        #[command(flatten)]
        options: Options,
    },
    /// Shows the version of a zone that is held, with what is different from what is served; publishes or rejects it.
    ///
    /// Versions are held where the zone's `publish` says so: `hold`, or `hold-if` with rules.
    Review {
        /// The zone
        zone: String,
        /// What is decided.
        #[command(flatten)]
        decision: review::Decision,
        /// How many records of the difference are shown, each way
        #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        records: u16,
        /// The daemon.
        #[command(flatten)]
        options: Options,
    },
    /// Serves the records of an earlier version of a zone under a new serial.
    ///
    /// Without a serial it lists the versions that are kept. What primaries or the zone's file have next is served as ever.
    Rollback {
        /// The zone
        zone: String,
        /// The serial of the version [default: lists those that are kept]
        serial: Option<u32>,
        /// The daemon.
        #[command(flatten)]
        options: Options,
    },
    /// Tokens for the management API.
    #[command(subcommand)]
    Token(token::Command),
}

impl Command {
    /// Does it. What fails is one line on standard error.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let done = match self {
            Self::Status { zone, json, watch, options } => status::status(zone.as_deref(), json, watch, &options),
            Self::Retransfer { zone, options } => zone::retransfer(&zone, &options),
            Self::Notify { zone, options } => zone::notify(&zone, &options),
            Self::Export { zone, output, options } => zone::export(&zone, output.as_deref(), &options),
            Self::Review { zone, decision, records, options } => {
                review::review(&zone, &decision, records.into(), &options)
            }
            Self::Rollback { zone, serial, options } => review::rollback(&zone, serial, &options),
            Self::Token(command) => token::run(command),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failure { status, line }) => {
                eprintln!("zxfrd: {line}");
                ExitCode::from(status)
            }
        }
    }
}
