//! Real zones over years, as deltas: needs the corpus folder in `ZXFR_CORPUS`.
//!
//! - [`chain`]: each history step by step against its text; deltas condensed against the chain
//! - [`cost`]: what years of deltas leave behind in octets and memory
//! - [`policy`]: .gov's serial that goes back
//! - [`refused`]: a publisher whose serials stand still or leave 32 bits

mod chain;
mod cost;
mod policy;
mod refused;

use std::path::Path;

use zxfr_core::name::Name;
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Delta, DeltaBuilder, Version};
use zxfr_tests::history::{History, Step, Text};
use zxfrd::zone::{LoadOptions, load_text};
use zxfrd::zonefile::{Options, read_text};

/// A version from its text.
fn load(text: &Text<'_>) -> Version {
    let loaded = load_text(text.zone_file().as_bytes(), Path::new("history"), &LoadOptions::default());
    loaded.unwrap_or_else(|error| panic!("version {}: {error}", text.serial())).version
}

fn apex(history: &History) -> Name {
    history.zone().parse().unwrap()
}

/// A step as the delta that its lines are.
fn delta(apex: &Name, step: &Step<'_>) -> Delta {
    let mut builder = DeltaBuilder::new(apex.as_ref(), BuildLimits::NONE);
    let old_soa = parse(apex, step.old_soa, &step.deletions, |record| {
        builder.delete(record).unwrap();
    });
    let new_soa = parse(apex, step.new_soa, &step.additions, |record| {
        builder.add(record).unwrap();
    });
    let [old, new] = [&old_soa, &new_soa].map(|(ttl, rdata)| Record {
        owner: apex.as_ref(),
        rtype: Rtype::SOA,
        class: Class::IN,
        ttl: *ttl,
        rdata,
    });
    builder.finish(&old, &new).unwrap()
}

/// Reads lines as a zone file of their own; gives TTL and RDATA of its SOA, and all other records to `take`.
fn parse(apex: &Name, soa: &str, lines: &[&str], mut take: impl FnMut(&Record<'_>)) -> (u32, Vec<u8>) {
    let text = [&[soa], lines].concat().join("\n") + "\n";
    let options = Options { origin: Some(apex.as_ref().as_octets()), ..Options::default() };
    let mut kept = None;
    let sink = |record: zxfrd::zonefile::Record<'_>| -> Result<(), String> {
        let record = Record::try_from(record).map_err(|fault| fault.to_string())?;
        match record.rtype {
            Rtype::SOA => kept = Some((record.ttl, record.rdata.to_vec())),
            _ => take(&record),
        }
        Ok(())
    };
    let summary = read_text(text.as_bytes(), Path::new("step"), &options, sink).unwrap();
    assert_eq!(summary.outside, 0, "{soa}");
    kept.unwrap()
}

/// Fails unless both versions hold the same, octet for octet.
fn assert_same(case: &str, expected: &Version, found: &Version) {
    let (mut ours, mut theirs) = (found.records(), expected.records());
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => break,
            (Some(our), Some(their)) if our.is_exactly(&their) => {}
            (our, their) => panic!("{case}: {our:?} in the place of {their:?}"),
        }
    }
    assert_eq!(found.record_count(), expected.record_count(), "{case}");
    assert_eq!(found.serial(), expected.serial(), "{case}");
}
