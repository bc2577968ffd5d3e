//! A zone file to what is served of its zone.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use zxfr_core::serial::Serial;
use zxfr_core::zone::Version;

use super::stamp::Stamps;
use crate::config::Limits;
use crate::logging;
use crate::registry::{LastRead, PublishError, ReadOutcome, Source, Zone};
use crate::zone::{self, LoadOptions, Loaded};
use crate::zonefile::{Files, Problem, ReadError};

/// Why a zone file is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// At the start or on SIGHUP, which also confirms that records are to go.
    Told,
    /// It has changed.
    Changed,
}

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
    /// It was not taken in place of what is held.
    Publish(PublishError),
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
            Self::Publish(PublishError::Shrunk(shrunk)) => {
                write!(f, "{shrunk}: if that is meant, confirm it by another SIGHUP while the file is unchanged")
            }
            Self::Publish(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LoadError {}

/// What became of a zone file.
#[derive(Debug)]
enum Outcome {
    /// It is held for review.
    Held,
    /// The zone is served from it now.
    Taken(Taken),
    /// It says what is held already.
    Unchanged,
}

/// A version that is served now.
#[derive(Debug)]
struct Taken {
    version: Arc<Version>,
    warnings: Vec<Problem>,
    warning_count: u64,
}

/// Loads the zone from its file, if it has one, and logs what became of it. A file that has not changed since it was taken
/// is not read again. Gives whether the zone is what the file says.
pub async fn load(zone: Arc<Zone>, limits: Limits, cause: Cause) -> bool {
    let Source::File(file) = zone.source().clone() else {
        return true;
    };
    let _turn = zone.turn().await;
    let started = Instant::now();
    let (reader, path) = (zone.clone(), file.path.clone());
    let outcome = tokio::task::spawn_blocking(move || take(&reader, &path, &limits, cause)).await;
    let (zone, path) = (zone.name(), file.path.display());
    match outcome {
        Ok(Ok(Outcome::Unchanged)) => {
            tracing::info!(%zone, file = %path, "zone file unchanged");
            true
        }
        // That was told where it was decided.
        Ok(Ok(Outcome::Held)) => true,
        Ok(Ok(Outcome::Taken(Taken { version, warnings, warning_count }))) => {
            for warning in &warnings {
                tracing::warn!(%zone, "{warning}");
            }
            let more = warning_count.saturating_sub(warnings.len() as u64);
            if more > 0 {
                tracing::warn!(%zone, file = %path, "{more} more warnings");
            }
            let (serial, records) = (version.serial(), version.record_count());
            let seconds = logging::seconds(started.elapsed());
            tracing::info!(%zone, file = %path, %serial, records, octets = version.octets(), seconds, "zone file loaded");
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

/// Reads the file, if it is not what was read before, and serves what it says, if that is a zone and newer than what is held.
fn take(zone: &Zone, path: &Path, limits: &Limits, cause: Cause) -> Result<Outcome, LoadError> {
    if let Some(last) = zone.last_read().filter(|last| last.stamps.are_of(path) && last.stamps.again() == last.stamps) {
        if last.outcome == ReadOutcome::Taken && last.stamps.are_sure(last.at) {
            return Ok(Outcome::Unchanged);
        }
        if cause == Cause::Told && last.outcome == ReadOutcome::Held {
            zone.confirm_shrunk();
        }
    }
    let (files, at) = (Files::default(), SystemTime::now());
    let result = read(zone, path, limits, &files);
    let outcome = match &result {
        Ok(_) => ReadOutcome::Taken,
        Err(LoadError::Publish(PublishError::Shrunk(_))) => ReadOutcome::Held,
        Err(LoadError::Publish(PublishError::Store(_))) => ReadOutcome::NotStored,
        Err(_) => {
            zone.forget_shrunk();
            ReadOutcome::Bad
        }
    };
    zone.set_last_read(LastRead { stamps: Stamps::of(files.into_inner()), at, outcome });
    result
}

fn read(zone: &Zone, path: &Path, limits: &Limits, files: &Files) -> Result<Outcome, LoadError> {
    let (max_octets, max_problems) = (limits.max_zone_octets, 20);
    let options = LoadOptions { apex: Some(zone.name()), max_octets, max_problems, files: Some(files) };
    let Loaded { version, warnings, warning_count } = zone::load(path, &options).map_err(LoadError::Read)?;
    let (count, most) = (version.record_count(), limits.max_zone_records);
    if count > most {
        return Err(LoadError::Records { count, most });
    }
    let version = zone.digested(version);
    if let Some(held) = zone.base().filter(|held| !version.serial().is_newer_than(held.serial())) {
        let Some(difference) = zone::first_difference(&held, &version) else {
            return Ok(Outcome::Unchanged);
        };
        let (held, file) = (held.serial(), version.serial());
        return Err(LoadError::Serial { held, file, difference: describe(difference) });
    }
    let version = match zone.publish(version) {
        Err(PublishError::Held(_)) => return Ok(Outcome::Held),
        published => published.map_err(LoadError::Publish)?,
    };
    Ok(Outcome::Taken(Taken { version, warnings, warning_count }))
}

fn describe((held, file): (Option<String>, Option<String>)) -> String {
    let line = |line: Option<String>| line.map_or_else(|| "its end".to_owned(), |line| line.replace('\t', " "));
    format!("first difference: {}, now {}", line(held), line(file))
}
