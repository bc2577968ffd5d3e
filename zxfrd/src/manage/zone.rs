//! What is asked of one zone.

use std::io::{self, Write};
use std::path::Path;

use super::remote::{Failure, Options, Remote};
use super::status::printable;
use crate::client::output::Spool;

/// `zxfrd retransfer`.
pub(super) fn retransfer(zone: &str, options: &Options) -> Result<(), Failure> {
    let remote = Remote::new(options)?;
    let zone = remote.zone(zone)?;
    remote.post(&format!("/zones/{}/secondary_dns/force_axfr", zone.id), None)?;
    writeln!(io::stdout(), "{}: to be transferred whole; see zxfrd status {0}", printable(&zone.name))?;
    Ok(())
}

/// `zxfrd notify`.
pub(super) fn notify(zone: &str, options: &Options) -> Result<(), Failure> {
    let remote = Remote::new(options)?;
    let zone = remote.zone(zone)?;
    remote.post(&format!("/zones/{}/secondary_dns/outgoing/force_notify", zone.id), None)?;
    writeln!(io::stdout(), "{}: NOTIFY is sent to all linked peers; see zxfrd status {0}", printable(&zone.name))?;
    Ok(())
}

/// `zxfrd export`.
pub(super) fn export(zone: &str, output: Option<&Path>, options: &Options) -> Result<(), Failure> {
    let remote = Remote::new(options)?;
    let zone = remote.zone(zone)?;
    let mut text = remote.text(&format!("/zones/{}/dns_records/export", zone.id))?;
    let mut spool = Spool::new(output)?;
    io::copy(&mut text, &mut spool)?;
    spool.deliver()?;
    Ok(())
}
