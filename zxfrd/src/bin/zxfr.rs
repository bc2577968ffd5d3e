//! The client tool: pulls zones and deltas, asks for SOAs, sends NOTIFYs, compares zones, measures servers.

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use zxfrd::client::{Threads, axfr, bench, diff, ixfr, notify, run, soa};

/// What `zxfr` is asked to do.
#[derive(Parser)]
#[command(
    name = "zxfr",
    version,
    about = "Asks DNS servers for zones. Servers are named as dig has it: @192.0.2.1, @[2001:db8::1]:5300, @ns.example",
    after_help = "Exit status: 0 done; 1 the server refused or misbehaved, or a signature does not hold; 2 usage; \
        3 no connection or time-out",
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Transfers a zone (AXFR, RFC 5936) and prints it.
    ///
    /// One record a line, in the order in which they came: absolute owner, TTL, class, type, RDATA, with tabs between. The
    /// SOA comes first; the one that closes the transfer is left out. Nothing is printed before the transfer is whole and,
    /// with a key, its last signature verified.
    Axfr(axfr::Arguments),
    /// Transfers what changed in a zone since a serial (IXFR, RFC 1995) and prints it.
    ///
    /// Deletions begin with '-', additions with '+', and each part has its SOA first, the old one or the new one. When the
    /// server sends all of the zone instead, it is printed as by axfr; when it has nothing newer, nothing is. Nothing is
    /// printed before the transfer is whole.
    Ixfr(ixfr::Arguments),
    /// Asks for the SOA of a zone and prints it.
    Soa(soa::Arguments),
    /// Tells a server that a zone has changed (NOTIFY, RFC 1996) and reports its answer.
    Notify(notify::Arguments),
    /// Compares two zone files and prints the delta between them.
    ///
    /// Records to be deleted begin with '-', records to be added with '+'; each of the two parts has its SOA first. A record
    /// whose TTL or case changes is in both. Nothing is printed when the zones are equal. Files may be compressed (gzip, xz).
    Diff(diff::Arguments),
    /// Measures how fast a server hands out a zone.
    ///
    /// Transfers it N at a time, TOTAL times in all. Signatures are verified; records are counted and not looked into.
    /// Prints records and octets a second over all, and the times from request to first and last octet.
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Axfr(arguments) => run(Threads::One, understood("axfr", arguments.command()).run()),
        Command::Ixfr(arguments) => run(Threads::One, understood("ixfr", arguments.command()).run()),
        Command::Notify(arguments) => run(Threads::One, understood("notify", arguments.command()).run()),
        Command::Soa(arguments) => run(Threads::One, understood("soa", arguments.command()).run()),
        Command::Diff(arguments) => run(Threads::One, understood("diff", arguments.command()).run()),
        Command::Bench(arguments) => {
            let bench = understood("bench", arguments.command());
            run(bench.threads(), bench.run())
        }
    }
}

/// What the arguments mean; ends the program when they mean nothing.
fn understood<T>(command: &str, meaning: Result<T, String>) -> T {
    meaning.unwrap_or_else(|what| {
        let mut tool = Arguments::command();
        tool.build();
        let usage = tool.find_subcommand_mut(command).map(|found| found.error(ErrorKind::ValueValidation, &what));
        usage.unwrap_or_else(|| Arguments::command().error(ErrorKind::ValueValidation, &what)).exit()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_hold_together() {
        Arguments::command().debug_assert();
    }
}
