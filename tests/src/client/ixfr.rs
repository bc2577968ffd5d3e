//! IXFR by BIND's `dig`.

use std::net::SocketAddr;
use std::process::Command;

use super::run;
use crate::Failure;
use crate::process::find_program;
use crate::records::Record;
use crate::tsig::TsigKey;

/// What `dig` got in answer to an IXFR query.
#[derive(Clone, Debug)]
pub struct Ixfr {
    /// The records in order, the closing SOA among them.
    pub records: Vec<Record>,
    /// The octets of the messages.
    pub octets: u64,
}

/// Asks with `dig` for what changed since a serial, over UDP (with room for 1,232 octets,
/// and without going on over TCP) or TCP.
///
/// # Errors
/// When `dig` isn't there, the server refuses, the transfer or its signature fails;
/// with all that `dig` printed beside records.
pub fn dig_ixfr(
    server: SocketAddr,
    zone: &str,
    serial: u32,
    key: Option<&TsigKey>,
    udp: bool,
) -> Result<Ixfr, Failure> {
    let program = find_program("dig").ok_or_else(|| Failure::new("dig isn't installed"))?;
    let mut command = Command::new(program);
    command.arg("-r").arg(format!("@{}", server.ip())).args(["-p", &server.port().to_string()]);
    if let Some(key) = key {
        command.args(["-y", &key.option()]);
    }
    command.args(["-q", zone, "-t", &format!("IXFR={serial}"), "+unknownformat", "+noidnin", "+noidnout"]);
    command.args(["+nocmd", "+noall", "+answer", "+stats", "+time=20", "+tries=1"]);
    match udp {
        true => command.args(["+notcp", "+ignore", "+bufsize=1232"]),
        false => command.args(["+tcp"]),
    };
    let printed = run("dig", command)?;
    let mut records = printed.records;
    // With TSIG the signature is printed as a record, too.
    records.retain(|record| record.rtype != 250);
    let octets = |line: &str| {
        let size = match udp {
            true => line.strip_prefix(";; MSG SIZE  rcvd: ")?,
            false => line.strip_prefix(";; XFR size: ")?.rsplit_once("bytes ")?.1.strip_suffix(')')?,
        };
        size.parse().ok()
    };
    match printed.notes.lines().find_map(octets) {
        Some(octets) if records.first().is_some_and(|record| record.rtype == 6) => Ok(Ixfr { records, octets }),
        _ => Err(Failure::new(format!("dig got no IXFR of {zone} from {server}; it printed:\n{}", printed.notes))),
    }
}
