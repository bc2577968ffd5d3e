//! Measures zxfrd and every other name server that is installed side by side: `cargo run --release -p zxfr-benches --bin compare`.
//!
//! ```text
//!  zxfr_benches::tld ──► Stage: zone, file, running primaries, what they answer
//!                          │
//!  rows::all() ──► Row ────┤ prepare(kind)  once for each server: started, its answer looked at in full
//!                          │ sample(column) each round, one server after the other ──► Results
//!                          │                                                             │
//!                  server (benches/peers), client, loopback, accounting       report: tables, targets
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `options`, `kind`, `measure` | the command line; servers and columns; lines of the tables with their units |
//! | `stage` | what rows share: the zone in versions, the servers that have it from its file |
//! | `rows` | the trait `Row`, and one file for each kind of row; a new row goes into `rows::all` |
//! | `server` | starting a server as primary or secondary with the settings in `benches/peers`; `ours` builds zxfrd |
//! | `accounting` | processor time and memory of a server's processes |
//! | `client`, `answer`, `fingerprint` | asking by the clock; reading an answer in full; comparing sets of records |
//! | `frames`, `replay` | answers made beforehand, and the primary that gives them to secondaries |
//! | `loopback` | the machine's bound |
//! | `results`, `report` | numbers of all rounds, medians; what is printed |

mod accounting;
mod answer;
mod client;
mod failure;
mod fingerprint;
#[allow(dead_code, reason = "differences are for rows in which servers receive IXFR")]
mod frames;
mod kind;
mod loopback;
mod measure;
mod options;
mod ours;
#[allow(dead_code, reason = "what was given is for rows in which servers receive IXFR")]
mod replay;
mod report;
mod results;
mod rows;
mod server;
mod stage;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use zxfr_benches::tld::Tld;

use failure::{Because, Failure, Result};
use kind::{Column, Kind};
use options::Options;
use report::About;
use results::Results;
use rows::Row;
use stage::Stage;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("compare: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Does it all; gives whether every answer was right.
fn run(options: &Options) -> Result<bool> {
    let rows = chosen(options)?;
    if options.list {
        rows.iter().for_each(|row| println!("{}", row.name()));
        return Ok(true);
    }
    let zxfrd = options.zxfrd.clone().map_or_else(ours::zxfrd, Ok)?;
    let servers = servers(options);
    let begun = Instant::now();
    let zone = Tld::new(options.records());
    eprintln!("zone of {} records", zone.records());
    let mut stage = Stage::new(zone, zxfrd, options.quick)?;
    let versions: Vec<_> = servers.iter().map(|kind| server::version(*kind, stage.zxfrd())).collect();
    let columns = servers.iter().map(|kind| Column::Server(*kind)).chain([Column::Bound]).collect();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let about = About { records: stage.zone.records(), rounds: options.rounds(), processors, versions, columns };
    println!("{}", about.sentence());
    let mut results = Results::default();
    for mut row in rows {
        eprintln!("{} after {:.0} s", row.name(), begun.elapsed().as_secs_f64());
        measure(row.as_mut(), &mut stage, &servers, options.rounds(), &mut results);
    }
    report(options, &about, &results)?;
    Ok(results.troubles().is_empty())
}

/// Prints and writes what was measured.
fn report(options: &Options, about: &About, results: &Results) -> Result<()> {
    let targets = report::targets::all(results);
    println!("\n{}\n{}", report::table::medians(results, &about.columns), report::targets::table(&targets));
    for trouble in results.troubles() {
        println!("WRONG: {trouble}");
    }
    let write = |path: &PathBuf, text: String| fs::write(path, text).because(path.display());
    if let Some(path) = &options.json {
        write(path, format!("{:#}\n", report::json::document(about, results, &targets)))?;
    }
    if let Some(path) = &options.markdown {
        write(path, report::markdown::document(about, results, &targets))?;
    }
    if let Some(path) = &options.svg {
        write(path, report::chart::svg(about, results)?)?;
    }
    Ok(())
}

/// The rows that are wanted.
fn chosen(options: &Options) -> Result<Vec<Box<dyn Row>>> {
    let mut rows = rows::all(options.huge);
    if let Some(unknown) = options.rows.iter().find(|name| !rows.iter().any(|row| row.name() == **name)) {
        let names: Vec<_> = rows.iter().map(|row| row.name()).collect();
        return Err(Failure::new(format!("there is no row {unknown}; there are {}", names.join(", "))));
    }
    rows.retain(|row| options.rows.is_empty() || options.rows.iter().any(|name| row.name() == name));
    Ok(rows)
}

/// The servers that are wanted and installed.
fn servers(options: &Options) -> Vec<Kind> {
    let wanted = Kind::ALL.into_iter().filter(|kind| options.servers.is_empty() || options.servers.contains(kind));
    wanted
        .filter(|kind| {
            let installed = server::installed(*kind);
            if !installed {
                println!("{kind} is left out: {} isn't installed, or what goes with it", kind.program());
            }
            installed
        })
        .collect()
}

/// Does a row with every server in turn, in rounds.
fn measure(row: &mut dyn Row, stage: &mut Stage, servers: &[Kind], rounds: u32, results: &mut Results) {
    if !row.uses_primaries() {
        stage.clear();
    }
    results.announce(&row.measures());
    let mut columns = Vec::new();
    for kind in servers {
        let column = Column::Server(*kind);
        match row.prepare(stage, *kind) {
            Ok(None) => columns.push(column),
            Ok(Some(why)) => leave_out(row, column, &why, results),
            Err(failure) => fail(row, column, &failure, results),
        }
    }
    if row.has_bound() && servers.contains(&Kind::Zxfrd) {
        columns.push(Column::Bound);
    }
    for _ in 0..if row.repeats() { rounds } else { 1 } {
        columns.retain(|column| match row.sample(stage, *column) {
            Ok(samples) => {
                samples.into_iter().for_each(|(measure, value)| results.add(measure, *column, value));
                true
            }
            Err(failure) => {
                fail(row, *column, &failure, results);
                false
            }
        });
    }
}

fn leave_out(row: &dyn Row, column: Column, why: &str, results: &mut Results) {
    for measure in row.measures() {
        results.leave_out(measure, column, why);
    }
}

fn fail(row: &dyn Row, column: Column, failure: &Failure, results: &mut Results) {
    eprintln!("{}, {column}: {failure}", row.name());
    results.trouble(format!("{}, {column}: {failure}", row.name()));
    leave_out(row, column, "failed", results);
}
