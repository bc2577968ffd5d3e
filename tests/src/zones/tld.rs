//! A seeded generator of zones like those of top-level domains: the same octets for
//! the same size and seed, written as a stream, owners in canonical order.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::{Content, Zone};
use crate::Failure;

/// The serial of generated zones.
const SERIAL: u32 = 1;

/// How many hosting companies serve the delegations.
const HOSTERS: u64 = 2_000;

/// Letters that a label's running number is written with, in canonical order.
const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";

/// Writes a zone with exactly `records` records (at least 3) under this name.
///
/// Each delegation has two NS, one in five a DS record, one in twenty its name servers
/// inside itself, with glue. A few hosters have most delegations.
///
/// # Errors
/// When the file can't be written, or fewer than 3 records are wanted.
pub fn tld(dir: &Path, name: &str, records: u64, seed: u64) -> Result<Zone, Failure> {
    if records < 3 {
        return Err(Failure::new("a generated zone has at least 3 records"));
    }
    let zone = Zone::write(dir, Content::Tld, name, SERIAL, "")?;
    File::create(&zone.path)
        .and_then(|file| write(BufWriter::new(file), name, records, seed))
        .map_err(|error| Failure::because(zone.path.display(), error))?;
    Ok(zone)
}

/// Writes the zone's text.
fn write(mut out: impl Write, name: &str, records: u64, seed: u64) -> io::Result<()> {
    writeln!(out, "{name} 900 IN SOA a.nic.example. hostmaster.nic.example. {SERIAL} 3600 1 604800 900")?;
    writeln!(out, "{name} 86400 IN NS a.nic.example.")?;
    writeln!(out, "{name} 86400 IN NS b.nic.example.")?;
    let mut left = records - 3;
    let mut random = Random(seed);
    let width = width(records);
    let mut index = 0;
    let mut delegation = Vec::new();
    while left > 0 {
        lines(&mut delegation, name, &mut random, index, width);
        index += 1;
        for line in delegation.drain(..).take(usize::try_from(left).unwrap_or(usize::MAX)) {
            out.write_all(line.as_bytes())?;
            left -= 1;
        }
    }
    out.flush()
}

/// The records of one delegation.
fn lines(lines: &mut Vec<String>, zone: &str, random: &mut Random, index: u64, width: u32) {
    let owner = format!("{}.{zone}", label(random, index, width));
    let inside = random.below(20) == 0;
    let host = match inside {
        true => owner.clone(),
        // The fourth power puts half of all delegations with a sixteenth of the hosters.
        false => {
            let share = random.below(1 << 16);
            let skewed = (((share * share) >> 16) * ((share * share) >> 16)) >> 16;
            format!("host{}.example.", (skewed * HOSTERS) >> 16)
        }
    };
    for server in ["ns1", "ns2"] {
        lines.push(format!("{owner} 86400 IN NS {server}.{host}\n"));
    }
    if random.below(5) == 0 {
        let tag = random.below(1 << 16);
        let digest: String = (0..4).map(|_| format!("{:016X}", random.next())).collect();
        lines.push(format!("{owner} 3600 IN DS {tag} 13 2 {digest}\n"));
    }
    if inside {
        for server in ["ns1", "ns2"] {
            let (third, fourth) = (random.below(256), random.below(256));
            lines.push(format!("{server}.{owner} 86400 IN A 198.18.{third}.{fourth}\n"));
        }
    }
}

/// A label: its running number in letters, so that labels ascend, then a random rest.
fn label(random: &mut Random, index: u64, width: u32) -> String {
    let mut label = String::new();
    for place in (0..width).rev() {
        label.push(letter(index / 26_u64.pow(place) % 26));
    }
    for _ in 0..random.below(12) {
        label.push(letter(random.below(26)));
    }
    label
}

fn letter(value: u64) -> char {
    usize::try_from(value).ok().and_then(|at| LETTERS.get(at)).map_or('a', |&letter| char::from(letter))
}

/// How many letters it takes to number the delegations of so many records.
fn width(records: u64) -> u32 {
    let mut width = 1;
    while 26_u64.pow(width) < records {
        width += 1;
    }
    width
}

/// SplitMix64: enough randomness for test data, the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `limit`; the bias is far below what test data could show.
    fn below(&mut self, limit: u64) -> u64 {
        ((self.next() >> 32) * limit) >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(records: u64, seed: u64) -> String {
        let mut out = Vec::new();
        write(&mut out, "tld.", records, seed).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn it_repeats_and_the_seed_counts() {
        assert_eq!(text(1000, 1), text(1000, 1));
        assert_ne!(text(1000, 1), text(1000, 2));
    }

    #[test]
    fn it_has_as_many_records_as_asked_for() {
        for records in [3, 4, 5, 6, 7, 8, 9, 10, 11, 1000] {
            assert_eq!(text(records, 5).lines().count() as u64, records);
        }
        assert!(tld(Path::new("/nonexistent"), "tld.", 2, 1).is_err());
    }

    #[test]
    fn it_has_the_shares_it_promises() {
        let zone = text(50_000, 9);
        let count = |needle: &str| zone.lines().filter(|line| line.contains(needle)).count();
        let delegations = (count(" NS ") - 2) as f64 / 2.0;
        let ds = count(" DS ") as f64 / delegations;
        let glue = count(" A ") as f64 / 2.0 / delegations;
        let top = count(".host0.") as f64 / 2.0 / delegations;
        assert!((0.18..0.22).contains(&ds), "DS share {ds}");
        assert!((0.04..0.06).contains(&glue), "glue share {glue}");
        assert!((0.05..0.5).contains(&top), "share of the top hoster {top}");
    }

    #[test]
    fn delegations_ascend() {
        let zone = text(2000, 3);
        let owners: Vec<_> = zone
            .lines()
            .filter(|line| line.contains(" NS ") && !line.starts_with("tld."))
            .map(|line| line.split('.').next().unwrap())
            .collect();
        assert!(owners.is_sorted());
    }
}
