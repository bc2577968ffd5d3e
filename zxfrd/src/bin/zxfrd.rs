//! The zone transfer daemon.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use zxfrd::{check, demo, logging, manage, service};

/// Serves DNS zones by transfer: a hidden primary, a distribution hub, or a secondary.
#[derive(Parser)]
#[command(name = "zxfrd", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the daemon.
    ///
    /// Answers SOA, AXFR, IXFR and NOTIFY over UDP and TCP on the addresses under [dns] listen, keeps incoming zones in step
    /// with their primaries, and sends NOTIFY when a zone has changed. Logs to standard error; RUST_LOG sets what is logged.
    /// SIGHUP reads the configuration and the zone files that have changed and checks all incoming zones; what is bad then
    /// leaves everything as it was. A zone that would lose more than max_shrink_percent of its records is held until another
    /// SIGHUP confirms it. SIGTERM and SIGINT stop it. Exits with 2 on a bad configuration.
    Serve {
        /// The configuration file [default: zxfrd.toml in the working directory if it is there, else built-in defaults]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// How log lines look
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        log_format: logging::Format,
    },
    /// Checks the configuration and all zone files.
    ///
    /// Prints each problem with file, line and what to do. Exits with 1 if there are any.
    Check {
        /// The configuration file [default: zxfrd.toml in the working directory if it is there, else built-in defaults]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Shows the main job with nothing to set up: a zone moves from a primary to a secondary and is changed.
    ///
    /// Starts both on loopback sockets with a random TSIG key, loads a sample zone or FILE, transfers it, changes some records
    /// in a copy, which is reloaded, told by NOTIFY and transferred as IXFR, pulls the zone from both and compares all record
    /// by record. Exits with 0 only if they are equal.
    Demo {
        /// A zone file to use, plain, gzip or xz; its name is that of its SOA
        #[arg(long, value_name = "FILE")]
        zone: Option<PathBuf>,
        /// Keeps both running until interrupted, and prints commands to try
        #[arg(long)]
        stay: bool,
    },
    #[command(flatten)]
    Manage(manage::Command),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve { config, log_format } => service::serve(config.as_deref(), log_format),
        Command::Check { config } => match check::check(config.as_deref(), &mut io::stdout().lock()) {
            Ok(true) => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        },
        Command::Demo { zone, stay } => demo::demo(zone.as_deref(), stay),
        Command::Manage(command) => command.run(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_hold_together() {
        Arguments::command().debug_assert();
    }
}
