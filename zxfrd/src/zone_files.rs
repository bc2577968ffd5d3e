//! Zones from files: loading them at the start and again when told.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use zxfr_core::serial::Serial;

use crate::config::Limits;
use crate::logging;
use crate::registry::{Source, Zone};
use crate::zone::{self, LoadOptions, Loaded};
use crate::zonefile::ReadError;

/// Why a zone file was not taken. What was held before still is.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// It holds no zone.
    Read(ReadError),
    /// It holds other data, but no newer serial than before.
    Serial {
        /// The serial that is held.
        held: Serial,
        /// The serial in the file.
        file: Serial,
        /// A record that differs.
        difference: String,
    },
    /// It holds more records than the limit.
    Records {
        /// How many it holds.
        count: u64,
        /// The limit.
        most: u64,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Serial { held, file, difference } if held == file => {
                write!(f, "the data changed but the serial is still {held}: raise it in the SOA ({difference})")
            }
            Self::Serial { held, file, .. } => {
                write!(f, "serial {file} is not newer than {held}, which is held: raise it in the SOA")
            }
            Self::Records { count, most } => {
                write!(f, "{count} records are more than max_zone_records = {most} under [limits] allows")
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// What became of a zone file.
#[derive(Debug)]
pub enum Outcome {
    /// The zone is served from it now.
    Taken(Loaded),
    /// It says what is held already.
    Unchanged,
}

/// Loads the zone from its file, if it has one, and logs what became of it. Gives whether the zone is what the file says.
pub async fn load(zone: Arc<Zone>, limits: Limits) -> bool {
    let Source::File(path) = zone.source().clone() else {
        return true;
    };
    let _turn = zone.turn().await;
    let started = Instant::now();
    let reader = zone.clone();
    let file = path.clone();
    let outcome = tokio::task::spawn_blocking(move || take(&reader, &file, &limits)).await;
    let (zone, path) = (zone.name(), path.display());
    match outcome {
        Ok(Ok(Outcome::Unchanged)) => {
            tracing::info!(%zone, file = %path, "zone file unchanged");
            true
        }
        Ok(Ok(Outcome::Taken(loaded))) => {
            for warning in &loaded.warnings {
                tracing::warn!(%zone, "{warning}");
            }
            let more = loaded.warning_count.saturating_sub(loaded.warnings.len() as u64);
            if more > 0 {
                tracing::warn!(%zone, file = %path, "{more} more warnings");
            }
            let (serial, records) = (loaded.version.serial(), loaded.version.record_count());
            let seconds = logging::seconds(started.elapsed());
            tracing::info!(%zone, file = %path, %serial, records, octets = loaded.version.octets(), seconds, "zone file loaded");
            true
        }
        Ok(Err(LoadError::Read(error))) => {
            for problem in &error.problems {
                tracing::error!(%zone, "{problem}");
            }
            tracing::error!(%zone, file = %path, "zone file not taken: it has the problems above");
            false
        }
        Ok(Err(error)) => {
            tracing::error!(%zone, file = %path, "zone file not taken: {error}");
            false
        }
        Err(_) => {
            tracing::error!(%zone, file = %path, "loading the zone file was stopped");
            false
        }
    }
}

/// Reads the file and holds what it says, if that is a zone and newer than what is held.
fn take(zone: &Zone, path: &Path, limits: &Limits) -> Result<Outcome, LoadError> {
    let options = LoadOptions { apex: Some(zone.name()), max_octets: limits.max_zone_octets, max_problems: 20 };
    let loaded = zone::load(path, &options).map_err(LoadError::Read)?;
    let (count, most) = (loaded.version.record_count(), limits.max_zone_records);
    if count > most {
        return Err(LoadError::Records { count, most });
    }
    if let Some(held) = zone.version() {
        let Some(difference) = zone::first_difference(&held, &loaded.version) else {
            return Ok(Outcome::Unchanged);
        };
        let (held, file) = (held.serial(), loaded.version.serial());
        if !file.is_newer_than(held) {
            return Err(LoadError::Serial { held, file, difference: describe(difference) });
        }
    }
    zone.replace(loaded.version.clone());
    Ok(Outcome::Taken(loaded))
}

fn describe((held, file): (Option<String>, Option<String>)) -> String {
    let line = |line: Option<String>| line.map_or_else(|| "its end".to_owned(), |line| line.replace('\t', " "));
    format!("first difference: {}, now {}", line(held), line(file))
}
