//! Client programs that transfer a zone, and what they print read as records.

mod dig;
mod ixfr;
mod kdig;

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

pub use dig::{dig, dig_from, dig_one};
pub use ixfr::{Ixfr, dig_ixfr};
pub use kdig::kdig;

use crate::records::Record;
use crate::{Failure, name};

/// What a client printed: records in order of appearance and every other line.
struct Printed {
    records: Vec<Record>,
    notes: String,
}

/// Runs a client program and reads its output line by line.
fn run(program: &str, mut command: Command) -> Result<Printed, Failure> {
    let failed = |error| Failure::because(format!("running {program}"), error);
    let errors = tempfile::tempfile().map_err(failed)?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors.try_clone().map_err(failed)?)
        .spawn()
        .map_err(failed)?;
    let mut printed = Printed { records: Vec::new(), notes: String::new() };
    let mut fault = None;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line.map_err(failed)?;
            if line.trim().is_empty() {
                continue;
            }
            match read_line(&line) {
                _ if line.starts_with(';') => {
                    printed.notes += &line;
                    printed.notes.push('\n');
                }
                Ok(record) => printed.records.push(record),
                Err(error) if fault.is_none() => {
                    let shown: String = line.chars().take(200).collect();
                    fault = Some(Failure::because(format!("{program} printed {shown:?}"), error));
                }
                Err(_) => {}
            }
        }
    }
    let status = child.wait().map_err(failed)?;
    read_back(errors, &mut printed.notes).map_err(failed)?;
    match fault {
        Some(fault) => Err(fault),
        None if status.success() => Ok(printed),
        None => Err(Failure::new(format!(
            "{program} ended with {status} after {} records; it printed:\n{}",
            printed.records.len(),
            printed.notes,
        ))),
    }
}

/// Appends what was written to stderr.
fn read_back(mut file: std::fs::File, notes: &mut String) -> std::io::Result<()> {
    use std::io::Seek;
    file.rewind()?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    notes.push_str(&String::from_utf8_lossy(&text));
    Ok(())
}

/// Reads one record in the generic form of RFC 3597 §5:
/// `OWNER TTL CLASS TYPE \# LENGTH HEX…`.
fn read_line(line: &str) -> Result<Record, Failure> {
    let mut words = line.split_ascii_whitespace();
    let mut word = |what: &str| words.next().ok_or_else(|| Failure::new(format!("no {what}")));
    let owner = name::to_wire(word("owner")?)?;
    let ttl = number(word("TTL")?)?;
    let class = match word("class")? {
        "IN" => 1,
        other => number(other.trim_start_matches("CLASS"))?,
    };
    let rtype = number(word("type")?.trim_start_matches("TYPE"))?;
    let marker = word("\\#")?;
    if marker != "\\#" {
        return Err(Failure::new(format!("{marker:?} in place of \\#")));
    }
    let length: usize = number(word("length")?)?;
    let mut rdata = Vec::with_capacity(length);
    let mut half = None;
    for digit in words.flat_map(str::chars) {
        let value = digit
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
            .ok_or_else(|| Failure::new(format!("{digit:?} is not hexadecimal")))?;
        match half.take() {
            None => half = Some(value),
            Some(high) => rdata.push(high << 4 | value),
        }
    }
    if rdata.len() != length || half.is_some() {
        return Err(Failure::new(format!("{} octets of RDATA, not {length}", rdata.len())));
    }
    Ok(Record { owner, rtype, class, ttl, rdata })
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::new(format!("{text:?} is not a number that fits")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_each_client_is_read() {
        let dig = read_line("a\\032b.Example.\t300 CLASS1\tTYPE16 \\# 7 037822 790200FF").unwrap();
        assert_eq!(dig.owner, b"\x03a b\x07Example\0");
        assert_eq!((dig.ttl, dig.class, dig.rtype), (300, 1, 16));
        assert_eq!(dig.rdata, b"\x03x\"y\x02\x00\xff");
        let kdig = read_line("a\\032b.Example. \t300\tIN\tTYPE16\t\\# 7 037822790200FF").unwrap();
        assert_eq!(dig, kdig);
        assert_eq!(read_line(". 0 IN TYPE1 \\# 0").unwrap().rdata, []);
    }

    #[test]
    fn broken_lines_are_refused() {
        for line in [
            "a. 300 IN TYPE1",
            "a. 300 IN A 192.0.2.1",
            "a. 300 IN TYPE1 \\# 4 C00002",
            "a. 300 IN TYPE1 \\# 4 C00002010",
            "a. 300 IN TYPE1 \\# 1 GG",
            "a 300 IN TYPE1 \\# 0",
            "a. 4294967296 IN TYPE1 \\# 0",
        ] {
            assert!(read_line(line).is_err(), "{line}");
        }
    }
}
