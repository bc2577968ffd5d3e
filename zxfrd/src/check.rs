//! `zxfrd check`: what is wrong with the configuration and the zone files.

use std::io::{self, Write};
use std::path::Path;

use crate::config::{Config, Source};
use crate::service::load_config;
use crate::zone::{self, LoadOptions};

/// How many problems of one zone file are told.
const PROBLEMS: usize = 100;

/// Checks the configuration and every zone file it names. Problems and warnings are written to `out`, each on a line with
/// its file and line. Gives whether there is no problem.
///
/// # Errors
/// Those of `out`.
pub fn check(path: Option<&Path>, out: &mut impl Write) -> io::Result<bool> {
    let config = match load_config(path) {
        Ok(config) => config,
        Err(error) => {
            writeln!(out, "{error}")?;
            return Ok(false);
        }
    };
    let mut good = true;
    for entry in &config.zones {
        if let Source::File(file) = &entry.source {
            good &= check_zone(&file.path, entry, &config, out)?;
        }
    }
    if good {
        writeln!(out, "configuration good: {} zones, {} peers", config.zones.len(), config.peers.len())?;
    }
    Ok(good)
}

fn check_zone(file: &Path, entry: &crate::config::Zone, config: &Config, out: &mut impl Write) -> io::Result<bool> {
    let apex = entry.name.as_ref();
    let options = LoadOptions {
        apex: Some(apex),
        max_octets: config.limits.max_zone_octets,
        max_problems: PROBLEMS,
        ..LoadOptions::default()
    };
    match zone::load(file, &options) {
        Err(error) => {
            writeln!(out, "{error}")?;
            Ok(false)
        }
        Ok(loaded) => {
            for warning in &loaded.warnings {
                writeln!(out, "{warning} (warning)")?;
            }
            let more = loaded.warning_count.saturating_sub(loaded.warnings.len() as u64);
            if more > 0 {
                writeln!(out, "{}: {more} more warnings", file.display())?;
            }
            let (records, serial) = (loaded.version.record_count(), loaded.version.serial());
            let most = config.limits.max_zone_records;
            if records > most {
                writeln!(
                    out,
                    "{}: {records} records are more than max_zone_records = {most} allows: raise it under [limits]",
                    file.display()
                )?;
                return Ok(false);
            }
            writeln!(out, "{}: zone {apex} good: serial {serial}, {records} records", file.display())?;
            Ok(true)
        }
    }
}
