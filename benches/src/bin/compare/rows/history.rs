//! What years of .gov leave behind: octets of an AXFR after all its deltas, and of one of the last version's text. The history
//! is in the folder that `ZXFR_CORPUS` names.

use std::path::Path;
use std::sync::Arc;

use zxfr_benches::exchange::{Ends, messages, octets};
use zxfr_core::name::Name;
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Delta, DeltaBuilder, Version};
use zxfr_tests::history::{History, Source, Step, Text};
use zxfrd::zone::{LoadOptions, load_text};
use zxfrd::zonefile::{self, Options, read_text};

use super::{Row, Sample};
use crate::failure::{Because, Failure, Result};
use crate::kind::{Column, Kind};
use crate::measure::{Measure, Unit};
use crate::stage::Stage;

static YEARS: Measure =
    Measure { name: "history.octets", title: "octets of .gov after 909 deltas", unit: Unit::Octets };

static FRESH: Measure = Measure { name: "history.fresh", title: "octets of .gov, fresh", unit: Unit::Octets };

/// Up to this step .gov's serial goes back.
const SKIPPED: usize = 17;

/// Octets of .gov after its history, and fresh; ours alone.
pub(crate) struct GovHistory;

impl Row for GovHistory {
    fn name(&self) -> &'static str {
        "history"
    }

    fn measures(&self) -> Vec<&'static Measure> {
        vec![&YEARS, &FRESH]
    }

    fn repeats(&self) -> bool {
        false
    }

    fn prepare(&mut self, _: &mut Stage, kind: Kind) -> Result<Option<String>> {
        Ok(match kind {
            Kind::Zxfrd if std::env::var_os("ZXFR_CORPUS").is_none() => Some("ZXFR_CORPUS is not set".into()),
            Kind::Zxfrd => None,
            _ => Some(String::new()),
        })
    }

    fn sample(&mut self, _: &mut Stage, _: Column) -> Result<Vec<Sample>> {
        let history = History::open(Source::Gov)?.ok_or_else(|| Failure::new("no history"))?;
        let apex: Name = history.zone().parse().map_err(|error| Failure::new(format!("{error:?}")))?;
        let mut text = history.version(SKIPPED)?;
        let mut version = load(&text)?;
        for step in history.steps().skip(SKIPPED) {
            text.apply(&step)?;
            let applied = version.apply(&delta(&apex, &step)?, BuildLimits::NONE);
            version = applied.map_err(|error| Failure::new(format!("step to {}: {error}", step.to())))?.version;
        }
        let (years, fresh) = (version.settled(), load(&text)?);
        let [years, fresh] =
            [years, fresh].map(|version| octets(&messages(&Arc::new(version), Ends::new(None))) as f64);
        Ok(vec![(&YEARS, years), (&FRESH, fresh)])
    }
}

/// A version from its text.
fn load(text: &Text<'_>) -> Result<Version> {
    let loaded = load_text(text.zone_file().as_bytes(), Path::new("history"), &LoadOptions::default());
    Ok(loaded.because(format!("version {}", text.serial()))?.version)
}

/// A step as the delta that its lines are.
fn delta(apex: &Name, step: &Step<'_>) -> Result<Delta> {
    let mut builder = DeltaBuilder::new(apex.as_ref(), BuildLimits::NONE);
    let old = parse(apex, step.old_soa, &step.deletions, |record| builder.delete(record).map(|_| ()))?;
    let new = parse(apex, step.new_soa, &step.additions, |record| builder.add(record).map(|_| ()))?;
    let owner = apex.as_ref();
    let [old, new] =
        [&old, &new].map(|(ttl, rdata)| Record { owner, rtype: Rtype::SOA, class: Class::IN, ttl: *ttl, rdata });
    builder.finish(&old, &new).map_err(|error| Failure::new(format!("step to {}: {error}", step.to())))
}

/// Reads lines as a zone file of their own; gives TTL and RDATA of its SOA, and all other records to `take`.
fn parse<E: std::fmt::Display>(
    apex: &Name,
    soa: &str,
    lines: &[&str],
    mut take: impl FnMut(&Record<'_>) -> std::result::Result<(), E>,
) -> Result<(u32, Vec<u8>)> {
    let text = [&[soa], lines].concat().join("\n") + "\n";
    let options = Options { origin: Some(apex.as_ref().as_octets()), ..Options::default() };
    let mut kept = None;
    let sink = |record: zonefile::Record<'_>| -> std::result::Result<(), String> {
        let record = Record::try_from(record).map_err(|fault| fault.to_string())?;
        match record.rtype {
            Rtype::SOA => kept = Some((record.ttl, record.rdata.to_vec())),
            _ => take(&record).map_err(|error| error.to_string())?,
        }
        Ok(())
    };
    read_text(text.as_bytes(), Path::new("step"), &options, sink).because("a step of the history")?;
    kept.ok_or_else(|| Failure::new("a step without an SOA"))
}
