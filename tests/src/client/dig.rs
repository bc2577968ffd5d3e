//! AXFR by BIND's `dig`.

use std::net::{IpAddr, SocketAddr};
use std::process::Command;

use super::run;
use crate::Failure;
use crate::process::find_program;
use crate::records::Record;
use crate::tsig::TsigKey;

/// Transfers a zone with `dig`; the closing SOA is left out.
///
/// # Errors
/// When `dig` isn't there, the server refuses, the transfer or its signature fails;
/// with all that `dig` printed beside records.
pub fn dig(server: SocketAddr, zone: &str, key: Option<&TsigKey>) -> Result<Vec<Record>, Failure> {
    transfer(None, server, zone, key)
}

/// The same from this address.
///
/// # Errors
/// As [`dig`].
pub fn dig_from(source: IpAddr, server: SocketAddr, zone: &str, key: Option<&TsigKey>) -> Result<Vec<Record>, Failure> {
    transfer(Some(source), server, zone, key)
}

fn transfer(
    source: Option<IpAddr>,
    server: SocketAddr,
    zone: &str,
    key: Option<&TsigKey>,
) -> Result<Vec<Record>, Failure> {
    let program = find_program("dig").ok_or_else(|| Failure::new("dig isn't installed"))?;
    let mut command = Command::new(program);
    // `-r`: no .digrc.
    command.arg("-r").arg(format!("@{}", server.ip())).args(["-p", &server.port().to_string()]);
    if let Some(source) = source {
        command.args(["-b", &source.to_string()]);
    }
    if let Some(key) = key {
        command.args(["-y", &key.option()]);
    }
    command.args(["-q", zone, "-t", "AXFR", "+unknownformat", "+noidnin", "+noidnout"]);
    command.args(["+onesoa", "+nocmd", "+nocomments", "+nostats", "+time=20", "+tries=1"]);
    let printed = run("dig", command)?;
    // Its exit status is 0 for a refused or badly signed transfer, too. Without
    // comments all it prints beside records is complaints.
    let signature = |record: &Record| record.rtype == 250;
    let starts_with_soa = printed.records.first().is_some_and(|record| record.rtype == 6);
    if !printed.notes.is_empty() || !starts_with_soa {
        return Err(Failure::new(format!(
            "dig got no transfer of {zone} from {server}; it printed {} records and:\n{}",
            printed.records.len(),
            printed.notes,
        )));
    }
    let mut records = printed.records;
    records.retain(|record| !signature(record));
    Ok(records)
}

/// Asks for one RRset over TCP with `dig` and gives the answer section.
///
/// # Errors
/// When `dig` isn't there, or no answer comes.
pub fn dig_one(server: SocketAddr, owner: &str, rtype: &str) -> Result<Vec<Record>, Failure> {
    let program = find_program("dig").ok_or_else(|| Failure::new("dig isn't installed"))?;
    let mut command = Command::new(program);
    command.arg("-r").arg(format!("@{}", server.ip())).args(["-p", &server.port().to_string()]);
    command.args(["-q", owner, "-t", rtype, "+unknownformat", "+noidnin", "+noidnout", "+tcp", "+norecurse"]);
    command.args(["+noall", "+answer", "+nocmd", "+time=20", "+tries=1"]);
    let printed = run("dig", command)?;
    match printed.notes.is_empty() && !printed.records.is_empty() {
        true => Ok(printed.records),
        false => Err(Failure::new(format!("dig got no {rtype} of {owner} from {server}: {}", printed.notes))),
    }
}
