//! `zxfrd status`: how zones stand.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::thread::sleep;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::remote::{Failure, Options, Remote, Zone};

/// How often `--watch` looks.
const PERIOD: Duration = Duration::from_secs(2);
/// Clears the screen and goes to its top.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// How a zone stands, as far as it is shown.
#[derive(Deserialize)]
struct Status {
    name: String,
    soa_serial: Option<u32>,
    expired: bool,
    failure: Option<Failed>,
    incoming: Option<Incoming>,
    outgoing: Option<Outgoing>,
}

#[derive(Deserialize)]
struct Incoming {
    last_check: Option<String>,
    last_success: Option<String>,
    next_check: Option<String>,
    expires: Option<String>,
    failure: Option<Failed>,
    transfer: Option<Transfer>,
    peers: Vec<Peer>,
}

#[derive(Deserialize)]
struct Outgoing {
    enabled: bool,
    transfers: u32,
    last_transfer: Option<String>,
    peers: Vec<Peer>,
}

#[derive(Deserialize)]
struct Peer {
    name: String,
    address: Option<String>,
    soa_serial: Option<u32>,
    lag: Option<i64>,
    last_check: Option<String>,
    last_success: Option<String>,
    last_failure: Option<Failed>,
}

#[derive(Deserialize)]
struct Failed {
    reason: String,
    message: String,
    at: Option<String>,
}

#[derive(Deserialize)]
struct Transfer {
    kind: String,
    seconds: Option<f64>,
    records: u64,
    octets: u64,
    records_per_second: Option<f64>,
}

/// Prints how one zone stands, or all.
pub(super) fn status(zone: Option<&str>, json: bool, watch: bool, options: &Options) -> Result<(), Failure> {
    let remote = Remote::new(options)?;
    loop {
        let text = match zone {
            Some(name) => {
                let found = ask(&remote, &remote.zone(name)?)?;
                if json { pretty(&found) } else { whole(&remote.read(found)?) }
            }
            None => {
                let zones = remote.zones()?;
                let found = zones.iter().map(|zone| ask(&remote, zone)).collect::<Result<Vec<_>, _>>()?;
                if json { pretty(&Value::Array(found)) } else { table(&remote, found)? }
            }
        };
        let mut out = io::stdout().lock();
        if watch && out.is_terminal() {
            out.write_all(CLEAR.as_bytes())?;
        }
        out.write_all(text.as_bytes())?;
        out.flush()?;
        if !watch {
            return Ok(());
        }
        sleep(PERIOD);
    }
}

fn ask(remote: &Remote, zone: &Zone) -> Result<Value, Failure> {
    remote.get(&format!("/zones/{}/secondary_dns/status", zone.id))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// A line for each zone.
fn table(remote: &Remote, found: Vec<Value>) -> Result<String, Failure> {
    let head = ["ZONE", "SERIAL", "STATE", "CHECKED", "NEXT CHECK"].map(str::to_owned);
    let mut rows = vec![head];
    for value in found {
        let status: Status = remote.read(value)?;
        let incoming = status.incoming.as_ref();
        rows.push([
            printable(&status.name),
            shown(status.soa_serial.as_ref()),
            state(&status),
            time(incoming.and_then(|incoming| incoming.last_check.as_ref())),
            time(incoming.and_then(|incoming| incoming.next_check.as_ref())),
        ]);
    }
    Ok(aligned(&rows))
}

/// In a word or two.
fn state(status: &Status) -> String {
    let failure = status.incoming.as_ref().and_then(|incoming| incoming.failure.as_ref());
    let failure = status.failure.as_ref().or(failure);
    let transfer = status.incoming.as_ref().and_then(|incoming| incoming.transfer.as_ref());
    match (status.soa_serial, failure, transfer) {
        (_, _, Some(transfer)) => match transfer.seconds {
            Some(_) => format!("{}, {} records", transfer.kind, transfer.records),
            None => format!("{} waits", transfer.kind),
        },
        (_, Some(failure), _) if status.expired => format!("expired, {}", printable(&failure.reason)),
        (_, Some(failure), _) => printable(&failure.reason),
        _ if status.expired => "expired".to_owned(),
        (None, ..) => "empty".to_owned(),
        _ => "ok".to_owned(),
    }
}

/// All that is known of a zone.
fn whole(status: &Status) -> String {
    let mut text = format!(
        "zone {}\n  serial {}\n  state {}\n",
        printable(&status.name),
        shown(status.soa_serial.as_ref()),
        state(status)
    );
    // Writing to a String doesn't fail.
    let mut line = |indent: &str, what: &str, value: String| {
        let _ = writeln!(text, "{indent}{what} {value}");
    };
    if let Some(failure) = &status.failure {
        line("  ", "failure", failed(failure));
    }
    if let Some(incoming) = &status.incoming {
        line("", "incoming", String::new());
        line("  ", "last check", time(incoming.last_check.as_ref()));
        line("  ", "last success", time(incoming.last_success.as_ref()));
        line("  ", "next check", time(incoming.next_check.as_ref()));
        line("  ", "expires", time(incoming.expires.as_ref()));
        if let Some(failure) = &incoming.failure {
            line("  ", "failure", failed(failure));
        }
        if let Some(Transfer { kind, records, octets, seconds, records_per_second }) = &incoming.transfer {
            let rate = records_per_second.map_or_else(String::new, |rate| format!(", {rate:.0} records/s"));
            let seconds = seconds.map_or_else(|| "waits".to_owned(), |seconds| format!("{seconds:.1} s"));
            line("  ", "transfer", format!("{kind}: {seconds}, {records} records, {octets} octets{rate}"));
        }
        incoming.peers.iter().for_each(|peer| line("  ", "primary", self::peer(peer)));
    }
    if let Some(outgoing) = &status.outgoing {
        line("", "outgoing", if outgoing.enabled { "enabled" } else { "disabled" }.to_owned());
        line("  ", "transfers", outgoing.transfers.to_string());
        line("  ", "last transfer", time(outgoing.last_transfer.as_ref()));
        outgoing.peers.iter().for_each(|peer| line("  ", "secondary", self::peer(peer)));
    }
    text
}

fn peer(peer: &Peer) -> String {
    let address = peer.address.as_deref().unwrap_or("no address");
    let mut text = format!("{} ({address}): serial {}", printable(&peer.name), shown(peer.soa_serial.as_ref()));
    let _ = write!(text, ", lag {}", shown(peer.lag.as_ref()));
    let _ = write!(text, ", last asked {}", time(peer.last_check.as_ref()));
    let _ = write!(text, ", well {}", time(peer.last_success.as_ref()));
    if let Some(failure) = &peer.last_failure {
        let _ = write!(text, ", failed {}", failed(failure));
    }
    text
}

fn failed(Failed { reason, message, at }: &Failed) -> String {
    format!("{} at {}: {}", printable(reason), time(at.as_ref()), printable(message))
}

fn shown<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| "-".to_owned(), T::to_string)
}

/// A time to the second.
fn time(at: Option<&String>) -> String {
    let Some(at) = at else { return "-".to_owned() };
    let seconds = at.split_once('.').map_or(at.as_str(), |(seconds, _)| seconds);
    format!("{}Z", printable(seconds.trim_end_matches('Z')))
}

/// Names and messages hold what clients sent: no control character of theirs reaches the terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char }).collect()
}

/// Columns as wide as they have to be.
fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default());
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn status(value: Value) -> Status {
        serde_json::from_value(value).unwrap()
    }

    fn incoming(failure: Value, transfer: Value) -> Value {
        json!({
            "last_check": "2026-01-02T03:04:05.678901Z", "last_success": null, "next_check": null, "expires": null,
            "failure": failure, "transfer": transfer,
            "peers": [{
                "name": "p\u{1b}[31m", "address": "192.0.2.1:53", "soa_serial": 8, "lag": 1, "last_check": null,
                "last_success": null, "last_failure": null,
            }],
        })
    }

    #[test]
    fn a_word_says_how_a_zone_stands() {
        let with = |serial: Value, expired: bool, failure: Value, transfer: Value| {
            let incoming = incoming(failure, transfer);
            let outgoing = Value::Null;
            let value = json!({ "name": "z", "soa_serial": serial, "expired": expired, "incoming": incoming, "outgoing": outgoing });
            state(&status(value))
        };
        let failure = json!({ "reason": "refused", "message": "REFUSED", "at": null });
        let transfer = |seconds: Value| json!({ "kind": "axfr", "seconds": seconds, "records": 5, "octets": 6, "records_per_second": null });
        assert_eq!(with(json!(7), false, Value::Null, Value::Null), "ok");
        assert_eq!(with(Value::Null, false, Value::Null, Value::Null), "empty");
        assert_eq!(with(json!(7), false, failure.clone(), Value::Null), "refused");
        assert_eq!(with(json!(7), true, failure.clone(), Value::Null), "expired, refused");
        assert_eq!(with(json!(7), true, Value::Null, Value::Null), "expired");
        assert_eq!(with(json!(7), false, failure, transfer(json!(1.5))), "axfr, 5 records");
        assert_eq!(with(json!(7), false, Value::Null, transfer(Value::Null)), "axfr waits");
    }

    #[test]
    fn all_that_is_known_and_nothing_that_moves_the_cursor() {
        let value = json!({
            "name": "z", "soa_serial": 7, "expired": false, "incoming": incoming(Value::Null, Value::Null),
            "outgoing": { "enabled": true, "transfers": 2, "last_transfer": null, "peers": [] },
        });
        let text = whole(&status(value));
        assert!(text.contains("last check 2026-01-02T03:04:05Z\n"), "{text}");
        assert!(text.contains("primary p\u{fffd}[31m (192.0.2.1:53): serial 8, lag 1"), "{text}");
        assert!(text.contains("outgoing enabled\n  transfers 2\n"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn columns_are_as_wide_as_they_have_to_be() {
        let rows = [["a", "bb"], ["ccc", "d"]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), "a    bb\nccc  d\n");
    }
}
