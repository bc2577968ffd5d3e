//! `zxfr diff`: the delta between two zone files.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use zxfr_core::zone::{Delta, Version};

use super::Failure;
use super::output::Options;
use crate::zone::{self, LoadOptions};
use crate::zonefile::{Change, Writer};

/// The arguments of `zxfr diff`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Arguments {
    /// The zone file with the version before
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The zone file with the version after
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    options: Options,
}

impl Arguments {
    /// What these arguments mean.
    ///
    /// # Errors
    /// When they don't go together; in words.
    pub fn command(self) -> Result<Diff, String> {
        self.options.check()?;
        Ok(Diff(self))
    }
}

/// A comparison to be made.
#[derive(Debug)]
pub struct Diff(Arguments);

impl Diff {
    /// Compares the zones and prints what differs.
    ///
    /// # Errors
    /// When a file holds no zone, the files are of different zones, or the delta can't be written.
    pub async fn run(self) -> Result<(), Failure> {
        let Arguments { old, new, options } = self.0;
        let (old, new) = (load(&old)?, load(&new)?);
        if old.apex() != new.apex() {
            let (old, new) = (old.apex(), new.apex());
            return Err(Failure::here(format!("{old} and {new}: the files are of different zones")));
        }
        let delta = old.diff(&new).map_err(|error| Failure::here(error.to_string()))?;
        if let Some(mut text) = options.writer()? {
            if !delta.is_empty() || !delta.old_soa().is_exactly(&delta.new_soa()) {
                write(&delta, &mut text)?;
            }
            text.finish()?.deliver()?;
        }
        if options.stats {
            eprintln!("{}", statistics(&delta, &old, &new));
        }
        Ok(())
    }
}

fn load(path: &Path) -> Result<Version, Failure> {
    let loaded = zone::load(path, &LoadOptions::default()).map_err(|error| Failure::here(error.to_string()))?;
    for warning in &loaded.warnings {
        eprintln!("zxfr: warning: {warning}");
    }
    Ok(loaded.version)
}

/// Writes a delta as `zxfr ixfr` does.
fn write<W: Write>(delta: &Delta, text: &mut Writer<W>) -> std::io::Result<()> {
    text.change(Change::Deleted, delta.old_soa().into())?;
    let mut deletions = delta.deletions();
    while let Some(record) = deletions.next() {
        text.change(Change::Deleted, record.into())?;
    }
    text.change(Change::Added, delta.new_soa().into())?;
    let mut additions = delta.additions();
    while let Some(record) = additions.next() {
        text.change(Change::Added, record.into())?;
    }
    Ok(())
}

fn statistics(delta: &Delta, old: &Version, new: &Version) -> String {
    let (mut deletions, mut deleted) = (delta.deletions(), 0_u64);
    while deletions.next().is_some() {
        deleted += 1;
    }
    let added = delta.record_count() - deleted;
    format!(
        "; {} serial {} to {}: {deleted} records deleted, {added} added, the SOA not counted; {} records before, {} after",
        delta.apex(),
        delta.from(),
        delta.to(),
        old.record_count(),
        new.record_count(),
    )
}
