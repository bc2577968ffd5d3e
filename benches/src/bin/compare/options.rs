//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::kind::Kind;

/// Measures zxfrd and every other name server that is installed side by side: the same zone on 127.0.0.1, one server after the
/// other, in several rounds. Every answer is checked: complete, the same records as the zone, and verified where it is signed.
///
/// Prints medians, how they compare, and which of the aims hold. Exit code: 0 when all answers were right, 1 when one wasn't or a
/// server failed, 2 when the comparison itself couldn't be made.
#[derive(Clone, Debug, Parser)]
#[command(name = "compare", version)]
pub(crate) struct Options {
    /// A small zone and few rounds: ends within two minutes
    #[arg(long)]
    pub(crate) quick: bool,

    /// Records of the zone, 1,000 or more [default: 1000000, with --quick 100000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1_000..=50_000_000))]
    pub(crate) records: Option<u32>,

    /// With IXFR into a zone of 10 million records: takes minutes more, and some 3 GiB of memory
    #[arg(long)]
    pub(crate) huge: bool,

    /// How often each server does each row [default: 5, with --quick 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: Option<u32>,

    /// Only these rows; --list tells them
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) rows: Vec<String>,

    /// Only these servers; zxfrd is needed for the bounds
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) servers: Vec<Kind>,

    /// Prints the rows' names and ends
    #[arg(long)]
    pub(crate) list: bool,

    /// Writes all numbers, with those of each round
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Writes a chart
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// Writes the tables as Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,

    /// The zxfrd to measure, instead of one that is built for release
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) zxfrd: Option<PathBuf>,
}

impl Options {
    /// Records of the zone.
    pub(crate) fn records(&self) -> usize {
        let default = if self.quick { 100_000 } else { 1_000_000 };
        self.records.unwrap_or(default) as usize
    }

    /// How often each server does each row.
    pub(crate) fn rounds(&self) -> u32 {
        let default = if self.quick { 3 } else { 5 };
        self.rounds.unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_holds_together() {
        Options::command().debug_assert();
        let options = Options::try_parse_from(["compare", "--quick", "--servers", "zxfrd,pdns_server"]).unwrap();
        assert_eq!((options.records(), options.rounds()), (100_000, 3));
        assert_eq!(options.servers, [Kind::Zxfrd, Kind::Pdns]);
        assert!(Options::try_parse_from(["compare", "--records", "999"]).is_err());
    }
}
