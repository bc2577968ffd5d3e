//! Zones like a top-level domain's, of any size and in versions: of a zone of millions nothing but the labels is kept, and the
//! records are made as they are wanted, the same in every run.

use std::io::{self, BufWriter, Write};

use zxfr_core::name::{NameFault, NameRef};
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Delta, DeltaBuilder};

use crate::zone::{APEX, Random, apex};

/// The name of these zones as text.
pub const NAME: &str = "tld.";

/// The serial of version 0; each version's is one higher than the one before.
pub const SERIAL: u32 = 2_026_010_100;

/// How many hosting companies serve the delegations.
const HOSTERS: u64 = 2_000;

/// The most octets of a label; shorter ones end in zeros, so that octets compare as labels do.
const LABEL: usize = 16;

/// A zone of delegations: each has two NS, one in five a DS, one in twenty its name servers inside itself, with glue. A few of
/// the hosters have most delegations.
#[derive(Debug)]
pub struct Tld {
    labels: Vec<[u8; LABEL]>,
    records: u64,
    /// One in so many delegations is changed in each version.
    period: usize,
}

/// What a delegation went through up to a version.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Fate {
    kind: usize,
    times: usize,
}

/// Whether a record goes or comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is in the version before, and no longer.
    Deleted,
    /// It wasn't in the version before.
    Added,
}

impl Tld {
    /// A zone whose version 0 has `records` records (1,000 or more), and up to four more. Each further version changes one in a
    /// hundred delegations: half of these get another name server, a quarter are gone, and a quarter have a new one beside them.
    #[must_use]
    pub fn new(records: usize) -> Self {
        Self::changing(records, records.max(1_000) / 234)
    }

    /// The same with about so many delegations changed from version to version.
    #[must_use]
    pub fn changing(records: usize, delegations: usize) -> Self {
        let records = records.max(1_000);
        let mut random = Random::new(5);
        // 2.3 records a delegation, and enough to cut from.
        let mut labels: Vec<_> = (0..records / 2).map(|_| label(&mut random)).collect();
        labels.sort_unstable();
        labels.dedup();
        // Every so manieth, so that they go from a to z.
        let wanted = records * 10 / 23 + records / 500 + 16;
        let mut zone = Self { labels: thinned(&labels, wanted), records: 3, period: usize::MAX };
        let mut used = 0;
        while used < zone.labels.len() && zone.records < records as u64 {
            let mut count = 0;
            zone.delegation(used, 0, |_| count += 1);
            zone.records += count;
            used += 1;
        }
        zone.labels.truncate(used);
        zone.labels.shrink_to_fit();
        zone.period = (used / delegations.max(1)).max(2);
        zone
    }

    /// The records of version 0, the SOA once.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// The serial of a version.
    #[must_use]
    pub const fn serial(version: u32) -> u32 {
        SERIAL + version
    }

    /// The RDATA of a version's SOA, whose TTL is 900.
    #[must_use]
    pub fn soa(version: u32) -> Vec<u8> {
        let numbers = [Self::serial(version), 1800, 900, 604_800, 900].map(u32::to_be_bytes).concat();
        [b"\x01a\x03nic\x07example\0".as_slice(), b"\x0ahostmaster\x03nic\x07example\0", &numbers].concat()
    }

    /// Gives all records of a version, the SOA once and first, the others in canonical order.
    pub fn each(&self, version: u32, mut give: impl FnMut(&Record<'_>)) {
        let soa = Self::soa(version);
        give(&record(APEX, Rtype::SOA, 900, &soa));
        for server in [b"\x01a\x03nic\x07example\0", b"\x01b\x03nic\x07example\0"] {
            give(&record(APEX, Rtype::NS, 86_400, server));
        }
        for index in 0..self.labels.len() {
            self.delegation(index, version, &mut give);
        }
    }

    /// Gives what changes from the version before this one, SOAs left out.
    pub fn changes(&self, version: u32, mut give: impl FnMut(Change, &Record<'_>)) {
        let Some(before) = version.checked_sub(1) else { return };
        let first = before as usize % self.period;
        for index in (first..self.labels.len()).step_by(self.period) {
            let (mut old, mut new) = (Vec::new(), Vec::new());
            self.delegation(index, before, |record| old.push(Kept::new(record)));
            self.delegation(index, version, |record| new.push(Kept::new(record)));
            old.iter().filter(|kept| !new.contains(kept)).for_each(|kept| give(Change::Deleted, &kept.record()));
            new.iter().filter(|kept| !old.contains(kept)).for_each(|kept| give(Change::Added, &kept.record()));
        }
    }

    /// What leads from the version before to this one.
    ///
    /// # Panics
    /// When zxfr-core doesn't take it, or for version 0.
    #[must_use]
    pub fn delta(&self, version: u32) -> Delta {
        let mut delta = DeltaBuilder::new(apex(), BuildLimits::default());
        self.changes(version, |change, record| {
            let pushed = match change {
                Change::Deleted => delta.delete(record),
                Change::Added => delta.add(record),
            };
            pushed.expect("a record of the zone");
        });
        let [old, new] = [version - 1, version].map(Self::soa);
        let soa = |rdata| record(APEX, Rtype::SOA, 900, rdata);
        delta.finish(&soa(&old), &soa(&new)).expect("a delta")
    }

    /// Writes a version as zone text.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, version: u32, out: impl Write) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(1 << 20, out);
        let mut result = Ok(());
        let mut line = Vec::with_capacity(200);
        self.each(version, |record| {
            if result.is_ok() {
                line.clear();
                write_line(&mut line, record);
                result = out.write_all(&line);
            }
        });
        result?;
        out.flush()
    }

    /// What became of a delegation.
    const fn fate(&self, index: usize, version: u32) -> Fate {
        let class = index % self.period;
        let times = (version as usize + self.period - 1 - class) / self.period;
        Fate { kind: index / self.period % 4, times }
    }

    /// The records of a delegation, and of the one beside it if there is one.
    fn delegation(&self, index: usize, version: u32, mut give: impl FnMut(&Record<'_>)) {
        let Fate { kind, times } = self.fate(index, version);
        let label = self.labels[index];
        let length = label.iter().position(|octet| *octet == 0).unwrap_or(LABEL);
        let label = &label[..length];
        let mut random = Random::new(index as u64 + 1000);
        if !(kind == 2 && times % 2 == 1) {
            let other = if kind < 2 { times } else { 0 };
            delegation(label, other, &mut random, &mut give);
        }
        if kind == 3 && times % 2 == 1 {
            let mut beside = label.to_vec();
            // Nothing sorts between this and the label: others have letters here.
            beside.extend_from_slice(b"-2");
            let mut random = Random::new(index as u64 ^ 0x5555_0000_0000);
            delegation(&beside, 0, &mut random, &mut give);
        }
    }
}

/// `wanted` of these, evenly.
fn thinned(labels: &[[u8; LABEL]], wanted: usize) -> Vec<[u8; LABEL]> {
    let wanted = wanted.min(labels.len());
    (0..wanted).map(|number| labels[number * labels.len() / wanted]).collect()
}

/// `other`: how often its second name server was exchanged.
fn delegation(label: &[u8], other: usize, random: &mut Random, give: &mut impl FnMut(&Record<'_>)) {
    let mut owner = Vec::with_capacity(32);
    push_label(&mut owner, label);
    owner.extend_from_slice(APEX);
    let inside = random.below(20) == 0;
    let hoster = hoster(random);
    let signed = random.below(5) == 0;
    let (tag, digest) = (random.octets(2), random.octets(32));
    for server in [b'1', b'2'] {
        let mut host = vec![3, b'n', b's', server];
        match inside {
            true => host.extend_from_slice(&owner),
            false if server == b'2' && other > 0 => push_hoster(&mut host, (hoster + 7 * other as u64) % HOSTERS),
            false => push_hoster(&mut host, hoster),
        }
        give(&record(&owner, Rtype::NS, 86_400, &host));
    }
    if signed {
        give(&record(&owner, Rtype::DS, 3600, &[&tag, [13, 2].as_slice(), &digest].concat()));
    }
    if inside {
        for server in [b'1', b'2'] {
            // An exchanged name server inside keeps its name and has another address.
            let last = if server == b'2' { other as u8 } else { 0 };
            let address = [203, 0, digest[usize::from(server - b'1')], last.wrapping_add(digest[4])];
            let host = [&[3, b'n', b's', server], owner.as_slice()].concat();
            give(&record(&host, Rtype::A, 86_400, &address));
        }
    }
}

/// 4 to 14 letters, few of which can be a word.
fn label(random: &mut Random) -> [u8; LABEL] {
    let mut label = [0; LABEL];
    let length = 4 + random.below(11);
    label[..length].fill_with(|| b'a' + random.below(26) as u8);
    label
}

/// The fourth power puts half of all delegations with a sixteenth of the hosters.
fn hoster(random: &mut Random) -> u64 {
    let share = random.below(1 << 16) as u64;
    let square = (share * share) >> 16;
    (((square * square) >> 16) * HOSTERS) >> 16
}

fn push_hoster(name: &mut Vec<u8>, number: u64) {
    let mut random = Random::new(number);
    let label: Vec<u8> = (0..5 + random.below(6)).map(|_| b'a' + random.below(26) as u8).collect();
    push_label(name, &[&label, format!("-dns{number}").as_bytes()].concat());
    push_label(name, [b"com".as_slice(), b"net", b"org", b"info"][random.below(4)]);
    name.push(0);
}

fn push_label(name: &mut Vec<u8>, label: &[u8]) {
    name.push(label.len() as u8);
    name.extend_from_slice(label);
}

fn record<'a>(owner: &'a [u8], rtype: Rtype, ttl: u32, rdata: &'a [u8]) -> Record<'a> {
    let owner: Result<_, NameFault> = NameRef::from_octets(owner);
    Record { owner: owner.expect("a name"), rtype, class: Class::IN, ttl, rdata }
}

/// A record of these zones with octets of its own.
#[derive(PartialEq, Eq)]
struct Kept {
    owner: Vec<u8>,
    rtype: Rtype,
    ttl: u32,
    rdata: Vec<u8>,
}

impl Kept {
    fn new(record: &Record<'_>) -> Self {
        let Record { owner, rtype, ttl, rdata, .. } = *record;
        Self { owner: owner.as_octets().to_vec(), rtype, ttl, rdata: rdata.to_vec() }
    }

    fn record(&self) -> Record<'_> {
        record(&self.owner, self.rtype, self.ttl, &self.rdata)
    }
}

/// A record of these zones as zone text (RFC 1035 §5.1).
fn write_line(line: &mut Vec<u8>, record: &Record<'_>) {
    write_name(line, record.owner.as_octets());
    let fixed = |line: &mut Vec<u8>, rtype| write!(line, " {} IN {rtype} ", record.ttl).expect("memory");
    let octets = record.rdata;
    match record.rtype {
        Rtype::NS => {
            fixed(line, "NS");
            write_name(line, octets);
        }
        Rtype::A => {
            fixed(line, "A");
            write!(line, "{}.{}.{}.{}", octets[0], octets[1], octets[2], octets[3]).expect("memory");
        }
        Rtype::DS => {
            fixed(line, "DS");
            let tag = u16::from_be_bytes([octets[0], octets[1]]);
            write!(line, "{tag} {} {} ", octets[2], octets[3]).expect("memory");
            for octet in &octets[4..] {
                line.extend([octet >> 4, octet & 15].map(|digit| b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
        _ => {
            fixed(line, "SOA");
            let soa = record.soa().expect("an SOA");
            for name in [soa.mname, soa.rname] {
                write_name(line, name.as_octets());
                line.push(b' ');
            }
            let numbers = (soa.serial.0, soa.refresh, soa.retry, soa.expire, soa.minimum);
            write!(line, "{} {} {} {} {}", numbers.0, numbers.1, numbers.2, numbers.3, numbers.4).expect("memory");
        }
    }
    line.push(b'\n');
}

/// A name of letters, digits and hyphens.
fn write_name(line: &mut Vec<u8>, mut octets: &[u8]) {
    while let Some((length, rest)) = octets.split_first().filter(|(length, _)| **length > 0) {
        let (label, rest) = rest.split_at(usize::from(*length));
        line.extend_from_slice(label);
        line.push(b'.');
        octets = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::version;
    use std::collections::BTreeSet;

    fn lines(zone: &Tld, version: u32) -> BTreeSet<String> {
        let mut text = Vec::new();
        zone.write(version, &mut text).unwrap();
        String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
    }

    fn kept(zone: &Tld, version: u32) -> Vec<Kept> {
        let mut kept = Vec::new();
        zone.each(version, |record| kept.push(Kept::new(record)));
        kept
    }

    #[test]
    fn a_zone_is_of_the_size_wanted_and_in_order() {
        let zone = Tld::new(20_000);
        for number in [0, 1, 2, 150] {
            let kept = kept(&zone, number);
            let records: Vec<_> = kept.iter().map(Kept::record).collect();
            assert!(records[1..].is_sorted_by(|a, b| a.canonical_cmp(b).is_lt()));
            assert_eq!(lines(&zone, number).len(), records.len());
            assert_eq!(version(&records).serial().0, SERIAL + number);
            if number == 0 {
                assert!((20_000..20_005).contains(&records.len()), "{}", records.len());
                assert_eq!(zone.records(), records.len() as u64);
            }
        }
        let glue = kept(&zone, 0).iter().filter(|kept| kept.rtype == Rtype::A).count();
        let ds = kept(&zone, 0).iter().filter(|kept| kept.rtype == Rtype::DS).count();
        assert!((600..1100).contains(&glue) && (1500..2000).contains(&ds), "{glue} A, {ds} DS");
    }

    #[test]
    fn changes_lead_from_version_to_version() {
        let zone = Tld::new(20_000);
        for number in [1, 2, 3, 250] {
            let (mut old, new) = (lines(&zone, number - 1), lines(&zone, number));
            let (mut deleted, mut added) = (0, 0);
            zone.changes(number, |change, record| {
                let mut line = Vec::new();
                write_line(&mut line, record);
                let line = String::from_utf8(line).unwrap().trim_end().to_owned();
                match change {
                    Change::Deleted => {
                        assert!(old.remove(&line), "{line}");
                        deleted += 1;
                    }
                    Change::Added => {
                        assert!(old.insert(line));
                        added += 1;
                    }
                }
            });
            let differing = old.symmetric_difference(&new).filter(|line| !line.contains(" SOA ")).count();
            assert_eq!(differing, 0);
            // One in a hundred of some 8,700 delegations.
            assert!((150..220).contains(&(deleted + added)), "{deleted} and {added}");
            assert!(deleted > 50 && added > 50, "{deleted} and {added}");
            assert_eq!(zone.delta(number).to().0, SERIAL + number);
        }
    }
}
