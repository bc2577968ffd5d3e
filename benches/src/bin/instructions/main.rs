//! Counts the instructions of the hot parts, each run alone under `valgrind --tool=callgrind`, and compares them with those in
//! `benches/instructions.toml`. Unlike times they are the same on a busy machine.
//!
//! ```text
//! cargo run --profile counts -p zxfr-benches --bin instructions                          # counts all
//! cargo run --profile counts -p zxfr-benches --bin instructions build_sorted apply       # counts these
//! cargo run --profile counts -p zxfr-benches --bin instructions -- --check               # fails where one rose by over 5 %
//! cargo run --profile counts -p zxfr-benches --bin instructions -- --record --reason "…" # takes the numbers over
//! ```
//!
//! A part is counted in two processes, one of which does it once and the other twice: the difference is what it takes,
//! without what came before. `--run PART --rounds N` is such a process, for profiling, too:
//! `valgrind --tool=callgrind target/counts/instructions --run apply --rounds 5`.

mod baseline;
mod count;
mod parts;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use baseline::{Baseline, Verdict};
use parts::Part;

/// Counts the instructions of zxfr's hot parts.
#[derive(Parser)]
#[command(name = "instructions")]
struct Options {
    /// Only these parts.
    #[arg(conflicts_with = "run")]
    parts: Vec<String>,
    /// Fails when a part takes over 5 % more than it is allowed.
    #[arg(long, conflicts_with_all = ["record", "run"])]
    check: bool,
    /// Takes the numbers over as those that are allowed: lower ones always, higher ones with a reason.
    #[arg(long, conflicts_with = "run")]
    record: bool,
    /// Why more is allowed from now on.
    #[arg(long, requires = "record")]
    reason: Option<String>,
    /// The file with what is allowed.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.toml"))]
    baseline: PathBuf,
    /// Does this part here and now, counting nothing.
    #[arg(long)]
    run: Option<String>,
    /// So many times.
    #[arg(long, default_value_t = 1, requires = "run", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match &options.run {
        Some(name) => run(name, options.rounds).map(|()| true),
        None => compare(&options),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("instructions: {why}");
            ExitCode::from(2)
        }
    }
}

/// Does a part; says how many units of work a round is.
fn run(name: &str, rounds: u32) -> Result<(), String> {
    let part = part(name)?;
    println!("{}", (part.work)(rounds));
    Ok(())
}

fn part(name: &str) -> Result<&'static Part, String> {
    parts::ALL.iter().find(|part| part.name == name).ok_or_else(|| {
        let names: Vec<_> = parts::ALL.iter().map(|part| part.name).collect();
        format!("there is no part {name}; there are {}", names.join(", "))
    })
}

/// Counts what is wanted, and says how it stands to the baseline; gives whether all is allowed.
fn compare(options: &Options) -> Result<bool, String> {
    let wanted: Vec<&Part> = match options.parts.is_empty() {
        true => parts::ALL.iter().collect(),
        false => options.parts.iter().map(|name| part(name)).collect::<Result<_, _>>()?,
    };
    let mut baseline = Baseline::read(&options.baseline)?;
    let rustc = count::rustc()?;
    if let Some(theirs) = baseline.other_compiler(&rustc) {
        println!("compiled by {rustc}; the baseline by {theirs}: differences may be the compiler's");
    }
    println!("{:<24}{:>14}{:>14}{:>9}", "instructions", "now", "allowed", "");
    let mut risen = Vec::new();
    for part in wanted {
        let now = count::count(part)?;
        let allowed = baseline.allowed(part.name);
        let verdict = Verdict::of(now, allowed);
        println!("{:<24}{now:>14.2}{}  {verdict} (per {})", part.name, shown(now, allowed), part.unit);
        if verdict == Verdict::Risen {
            risen.push(part.name);
        }
        if options.record {
            baseline.take(part, now, verdict, options.reason.as_deref());
        }
    }
    if options.record {
        if !risen.is_empty() && options.reason.is_none() {
            return Err(format!("{} rose: say with --reason why that is meant", risen.join(", ")));
        }
        baseline.write(&options.baseline, rustc)?;
        return Ok(true);
    }
    if options.check && !risen.is_empty() {
        println!(
            "{} rose by over 5 %. If that is meant: cargo run --profile counts -p zxfr-benches --bin instructions -- \
             --record --reason \"…\"",
            risen.join(", ")
        );
    }
    Ok(!options.check || risen.is_empty())
}

/// What is allowed, and how far from it that is.
fn shown(now: f64, allowed: Option<f64>) -> String {
    match allowed {
        Some(allowed) => format!("{allowed:>14.2}{:>+8.1}%", (now / allowed - 1.0) * 100.0),
        None => format!("{:>14}{:>9}", "-", ""),
    }
}
