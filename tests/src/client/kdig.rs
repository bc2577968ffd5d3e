//! AXFR by Knot's `kdig`.

use std::net::SocketAddr;
use std::process::Command;

use super::run;
use crate::Failure;
use crate::process::find_program;
use crate::records::Record;
use crate::tsig::TsigKey;

/// Transfers a zone with `kdig`; the closing SOA is left out.
///
/// # Errors
/// When `kdig` isn't there, the server refuses, the transfer or its signature fails;
/// with all that `kdig` printed beside records.
pub fn kdig(server: SocketAddr, zone: &str, key: Option<&TsigKey>) -> Result<Vec<Record>, Failure> {
    let program = find_program("kdig").ok_or_else(|| Failure::new("kdig isn't installed"))?;
    let mut command = Command::new(program);
    command.arg(format!("@{}", server.ip())).args(["-p", &server.port().to_string()]);
    if let Some(key) = key {
        command.args(["-y", &key.option()]);
    }
    command.args(["-q", zone, "-t", "AXFR", "+generic", "+noidn", "+nocomments"]);
    command.args(["+nostats", "+notsig", "+timeout=20", "+retry=0"]);
    let printed = run("kdig", command)?;
    // It names the zone in one comment line, and puts complaints beside it.
    let complaints = |line: &&str| !line.starts_with(";; AXFR for ") && !line.is_empty();
    let whole = match printed.records.as_slice() {
        [first, .., last] => first.rtype == 6 && first == last,
        _ => false,
    };
    if !whole || printed.notes.lines().any(|line| complaints(&line)) {
        return Err(Failure::new(format!(
            "kdig got no transfer of {zone} from {server}; it printed {} records and:\n{}",
            printed.records.len(),
            printed.notes,
        )));
    }
    let mut records = printed.records;
    records.pop();
    Ok(records)
}
