//! Versions that are held, and versions that are taken up again: `zxfrd review` and `zxfrd rollback`.

use std::io::{self, Write};

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::remote::{Failure, Options, Remote, Zone};
use super::status::printable;

/// What is decided of the version that is held.
#[derive(Args)]
#[group(multiple = false)]
pub struct Decision {
    /// Serves it
    #[arg(long)]
    publish: bool,
    /// Doesn't serve it: what comes next is looked at anew
    #[arg(long)]
    reject: bool,
}

/// A version that is held, as the API says it.
#[derive(Deserialize)]
struct Held {
    state: String,
    reasons: Vec<String>,
    since: String,
    serial: u32,
    records: u64,
    served_serial: u32,
    served_records: u64,
    difference: Difference,
}

#[derive(Deserialize)]
struct Difference {
    removed_count: u64,
    added_count: u64,
    removed: Vec<String>,
    added: Vec<String>,
}

#[derive(Deserialize)]
struct Version {
    serial: u32,
    served: bool,
    removed_count: u64,
    added_count: u64,
}

#[derive(Deserialize)]
struct Served {
    serial: u32,
}

/// `zxfrd review`.
pub(super) fn review(zone: &str, decision: &Decision, records: usize, options: &Options) -> Result<(), Failure> {
    let remote = Remote::new(options)?;
    let zone = remote.zone(zone)?;
    let path = format!("/zones/{}/review", zone.id);
    let decided = match decision {
        Decision { publish: true, .. } => Some(("publish", "published")),
        Decision { reject: true, .. } => Some(("reject", "rejected")),
        Decision { .. } => None,
    };
    if let Some((word, done)) = decided {
        let Served { serial } = remote.read(remote.post(&format!("{path}/{word}"), None)?)?;
        writeln!(io::stdout(), "{}: {done}; serial {serial} is served", printable(&zone.name))?;
        return Ok(());
    }
    let held: Option<Held> = remote.read(remote.get(&format!("{path}?per_page={records}"))?)?;
    match held {
        Some(held) => show(&zone, &held, &mut io::stdout().lock())?,
        None => writeln!(io::stdout(), "{}: what was received last is what is served", printable(&zone.name))?,
    }
    Ok(())
}

/// `zxfrd rollback`.
pub(super) fn rollback(zone: &str, serial: Option<u32>, options: &Options) -> Result<(), Failure> {
    let remote = Remote::new(options)?;
    let zone = remote.zone(zone)?;
    let Some(serial) = serial else {
        let versions: Vec<Version> = remote.read(remote.get(&format!("/zones/{}/versions", zone.id))?)?;
        let mut out = io::stdout().lock();
        for Version { serial, served, removed_count, added_count } in versions {
            let what = if served {
                "is served".to_owned()
            } else {
                format!("then {removed_count} records were removed, {added_count} added")
            };
            writeln!(out, "{serial}: {what}")?;
        }
        return Ok(());
    };
    let body = json!({ "serial": serial });
    let served: Served = remote.read(remote.post(&format!("/zones/{}/rollback", zone.id), Some(&body))?)?;
    let now = served.serial;
    writeln!(io::stdout(), "{}: the records of serial {serial} are served with serial {now}", printable(&zone.name))?;
    Ok(())
}

fn show(zone: &Zone, held: &Held, out: &mut impl Write) -> io::Result<()> {
    let Held { state, reasons, since, serial, records, served_serial, served_records, difference } = held;
    let Difference { removed_count, added_count, removed, added } = difference;
    writeln!(out, "{}: serial {serial} with {records} records is {state} since {since}", printable(&zone.name))?;
    for reason in reasons {
        writeln!(out, "  {}", printable(reason))?;
    }
    writeln!(
        out,
        "serial {served_serial} with {served_records} records is served; {removed_count} removed, {added_count} added"
    )?;
    for (mark, lines, count) in [('-', removed, removed_count), ('+', added, added_count)] {
        for line in lines {
            writeln!(out, "{mark} {}", printable(&line.replace('\t', " ")))?;
        }
        let left = count.saturating_sub(lines.len() as u64);
        if left > 0 {
            writeln!(out, "{mark} and {left} more")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_shown_with_what_is_different() {
        let zone = serde_json::from_value(json!({"id": "0".repeat(32), "name": "e.test"})).unwrap();
        let held = json!({"state": "pending", "reasons": ["shrink_percent: many"], "since": "2026-01-01T00:00:00Z", "serial": 9,
            "records": 2, "served_serial": 8, "served_records": 4,
            "difference": {"removed_count": 3, "added_count": 1, "removed": ["a.e.test.\t60\tIN\tA\t192.0.2.1"], "added": ["b"]}});
        let mut out = Vec::new();
        show(&zone, &serde_json::from_value(held).unwrap(), &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "e.test: serial 9 with 2 records is pending since 2026-01-01T00:00:00Z\n  shrink_percent: many\n\
             serial 8 with 4 records is served; 3 removed, 1 added\n- a.e.test. 60 IN A 192.0.2.1\n- and 2 more\n+ b\n"
        );
    }
}
