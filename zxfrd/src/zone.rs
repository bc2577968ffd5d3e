//! Zone files to versions, and versions to text.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher};
use std::io;
use std::path::Path;

use zxfr_core::name::{Name, NameRef};
use zxfr_core::wire::rdata::write_canonical;
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Builder, Pushed, Summary, Version};

use crate::zonefile::{self, Files, Options, Problem, ReadError, Writer};

/// A zone file that holds a zone.
#[derive(Debug)]
pub struct Loaded {
    /// The zone.
    pub version: Version,
    /// What is worth a warning, at most a few dozen lines.
    pub warnings: Vec<Problem>,
    /// How many warnings there are.
    pub warning_count: u64,
}

/// How a zone file is loaded.
#[derive(Clone, Copy, Debug)]
pub struct LoadOptions<'a> {
    /// The zone's name. Without it, it is the owner of the SOA.
    pub apex: Option<NameRef<'a>>,
    /// The most octets of text.
    pub max_octets: u64,
    /// Reading ends at this many problems.
    pub max_problems: usize,
    /// Where each file that is read, included ones too, is noted.
    pub files: Option<&'a Files>,
}

impl Default for LoadOptions<'_> {
    /// The SOA's owner, 4 GiB, the first problem.
    fn default() -> Self {
        Self { apex: None, max_octets: 1 << 32, max_problems: 1, files: None }
    }
}

impl LoadOptions<'_> {
    /// For the reader.
    fn of_text(&self) -> Options<'_> {
        Options {
            origin: self.apex.map(NameRef::as_octets),
            max_problems: self.max_problems,
            max_octets: self.max_octets,
            files: self.files,
            ..Options::default()
        }
    }
}

/// Loads the zone file at `path`: plain, gzip or xz.
///
/// # Errors
/// The problems of the file, each with its line.
pub fn load(path: &Path, options: &LoadOptions<'_>) -> Result<Loaded, ReadError> {
    let reader = |options: &Options<'_>, sink: Sink<'_>| zonefile::read(path, options, sink);
    match read_in_parts(path, &options.of_text()) {
        Some((read, built)) => remarked(reader, &options.of_text(), read, built),
        None => read(reader, path, options),
    }
}

/// Loads a zone from text; `path` is its name in problems.
///
/// # Errors
/// As [`load()`].
pub fn load_text(text: &[u8], path: &Path, options: &LoadOptions<'_>) -> Result<Loaded, ReadError> {
    read(|options, sink| zonefile::read_text(text, path, options, sink), path, options)
}

/// What is done with each record.
type Sink<'s> = &'s mut dyn FnMut(zonefile::Record<'_>) -> Result<Option<String>, String>;

fn read(
    reader: impl Fn(&Options<'_>, Sink<'_>) -> Result<zonefile::Summary, ReadError>,
    path: &Path,
    options: &LoadOptions<'_>,
) -> Result<Loaded, ReadError> {
    let mut gathered = Gathered::new(options.apex);
    let read = reader(&options.of_text(), &mut |record| gathered.push(record).map(|()| None))?;
    let whole = |message: String| {
        let problem = Problem { path: path.to_owned(), line: 0, column: 0, included_from: Vec::new(), message };
        ReadError { problems: vec![problem], more: false }
    };
    let built = gathered.finish().map_err(whole)?;
    remarked(reader, &options.of_text(), read, built)
}

/// Reads a large file on all processors, if it can be.
fn read_in_parts(path: &Path, options: &Options<'_>) -> Option<(zonefile::Summary, (Version, Summary))> {
    let gathered = |apex: &[u8]| Gathered::new(NameRef::from_octets(apex).ok());
    let (read, parts) = zonefile::read_in_parts(path, options, gathered, Gathered::push)?;
    let mut builders = parts.into_iter().filter_map(|part| part.builder);
    let mut whole = builders.next()?;
    for later in builders {
        whole.append(later).ok()?;
    }
    Some((read, whole.finish().ok()?))
}

/// What was read and built, with warnings about single records.
fn remarked(
    reader: impl Fn(&Options<'_>, Sink<'_>) -> Result<zonefile::Summary, ReadError>,
    options: &Options<'_>,
    read: zonefile::Summary,
    (version, built): (Version, Summary),
) -> Result<Loaded, ReadError> {
    let (mut warnings, mut warning_count) = (read.warnings, read.warning_count);
    if !built.odd_rrsets.is_empty() {
        // Which lines they are is worth a second reading: it is not the usual case.
        let mut remarks = Remarks::new(&version, &built.odd_rrsets);
        let again = reader(&Options { files: None, ..*options }, &mut |record| Ok(remarks.about(record)))?;
        (warnings, warning_count) = (again.warnings, again.warning_count);
    }
    Ok(Loaded { version, warnings, warning_count })
}

/// The records of a zone file. Those that come before the SOA wait for it when it is the SOA that names the zone.
struct Gathered {
    builder: Option<Builder>,
    waiting: Vec<(Name, Rtype, Class, u32, Vec<u8>)>,
}

impl Gathered {
    /// Nothing yet of the zone with this apex, if that is known.
    fn new(apex: Option<NameRef<'_>>) -> Self {
        let builder = apex.map(|apex| Builder::new(apex, BuildLimits::NONE));
        Self { builder, waiting: Vec::new() }
    }

    fn push(&mut self, record: zonefile::Record<'_>) -> Result<(), String> {
        let record = Record::try_from(record).map_err(|fault| fault.to_string())?;
        if self.builder.is_none() {
            if record.rtype != Rtype::SOA {
                let Record { owner, rtype, class, ttl, rdata } = record;
                self.waiting.push((owner.to_name(), rtype, class, ttl, rdata.to_vec()));
                return Ok(());
            }
            let waiting = std::mem::take(&mut self.waiting);
            *self = Self::new(Some(record.owner));
            for (owner, rtype, class, ttl, rdata) in waiting {
                self.push_known(&Record { owner: owner.as_ref(), rtype, class, ttl, rdata: &rdata })?;
            }
        }
        self.push_known(&record)
    }

    fn push_known(&mut self, record: &Record<'_>) -> Result<(), String> {
        match self.builder.as_mut().map(|builder| builder.push(record)) {
            // The reader leaves out what is outside the zone, with a warning.
            None | Some(Ok(Pushed::Taken | Pushed::OutOfZone)) => Ok(()),
            Some(Err(error)) => Err(error.to_string()),
        }
    }

    fn finish(self) -> Result<(Version, Summary), String> {
        let builder = self.builder.ok_or("the zone has no SOA record")?;
        builder.finish().map_err(|error| error.to_string())
    }
}

/// What can be said of single records once the whole zone is known.
struct Remarks {
    hasher: RandomState,
    /// The TTLs of RRsets, all of those with duplicates or differing TTLs among them, by the hash of owner and type.
    ttls: HashMap<u64, u32>,
    /// Hashes of the identities seen.
    seen: HashSet<u64>,
}

impl Remarks {
    /// `odd` are the first RRsets of which there is something to say; if they are many, there may be more.
    fn new(version: &Version, odd: &[(Name, Rtype)]) -> Self {
        const MANY: usize = 1_000;
        let (hasher, mut ttls) = (RandomState::new(), HashMap::new());
        let mut note = |record: Record<'_>| {
            ttls.entry(hasher.hash_one((record.owner, record.rtype))).or_insert(record.ttl);
        };
        if odd.len() < MANY {
            for (owner, rtype) in odd {
                version.rrset(owner.as_ref(), *rtype).next().into_iter().for_each(&mut note);
            }
        } else {
            let mut records = version.records();
            while let Some(record) = records.next() {
                note(record);
            }
        }
        Self { hasher, ttls, seen: HashSet::new() }
    }

    fn about(&mut self, record: zonefile::Record<'_>) -> Option<String> {
        let record = Record::try_from(record).ok()?;
        let ttl = *self.ttls.get(&self.hasher.hash_one((record.owner, record.rtype)))?;
        let mut hasher = self.hasher.build_hasher();
        (record.owner, record.rtype).hash(&mut hasher);
        write_canonical(record.rtype, record.rdata, |octets| octets.hash(&mut hasher));
        let name = || format!("{} {}", record.owner, record.rtype);
        if !self.seen.insert(hasher.finish()) {
            return Some(format!("{}: this record is there twice: left out", name()));
        }
        // RRSIGs have the TTL of what they cover (RFC 4034 §3).
        if record.rtype == Rtype::RRSIG {
            return None;
        }
        (ttl != record.ttl).then(|| {
            format!("{}: TTL {} differs within the RRset: {ttl} is taken (RFC 2181 section 5.2)", name(), record.ttl)
        })
    }
}

/// Writes a whole version as text.
///
/// # Errors
/// Those of the inner writer.
pub fn write<W: io::Write>(version: &Version, mut writer: Writer<W>) -> io::Result<W> {
    let mut records = version.records();
    while let Some(record) = records.next() {
        writer.record(record.into())?;
    }
    writer.finish()
}

/// Where two versions part: the first record that is not the same, octet for octet, on each side. `None` when they are
/// equal.
#[must_use]
pub fn first_difference(a: &Version, b: &Version) -> Option<(Option<String>, Option<String>)> {
    let (mut left, mut right) = (a.records(), b.records());
    loop {
        match (left.next(), right.next()) {
            (None, None) => return None,
            (Some(mine), Some(theirs)) if mine.is_exactly(&theirs) => {}
            (mine, theirs) => return Some((mine.map(line), theirs.map(line))),
        }
    }
}

/// A record as a line of a zone file, without the line's end.
fn line(record: Record<'_>) -> String {
    let mut out = Vec::new();
    zonefile::write_record(record.into(), &mut out);
    String::from_utf8_lossy(&out).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zonefile::Format;

    const ZONE: &str = "\
$ORIGIN example.
$TTL 300
www A 192.0.2.1
@ SOA ns hostmaster 5 3600 600 86400 60
@ NS ns
ns 60 A 192.0.2.53
ns A 192.0.2.54
www A 192.0.2.1
other.test. A 192.0.2.9
";

    fn load_str(text: &str) -> Result<Loaded, ReadError> {
        load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default())
    }

    #[test]
    fn a_zone_out_of_order_with_its_warnings() {
        let loaded = load_str(ZONE).unwrap();
        assert_eq!(loaded.version.apex().to_string(), "example.");
        assert_eq!(loaded.version.record_count(), 5);
        let warnings: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        assert!(warnings[0].starts_with("z:7: ns.example. A: TTL 300 differs"), "{warnings:?}");
        assert!(warnings[1].starts_with("z:8: www.example. A: this record is there twice"), "{warnings:?}");
        assert!(warnings[2].starts_with("z:9: other.test. is outside"), "{warnings:?}");
    }

    #[test]
    fn text_of_a_version_loads_back_equal() {
        let first = load_str(ZONE).unwrap().version;
        let text = write(&first, Writer::new(Vec::new(), Format::Zone)).unwrap();
        let second = load_text(&text, Path::new("t"), &LoadOptions::default()).unwrap();
        assert_eq!(first_difference(&first, &second.version), None);
        assert_eq!(second.warning_count, 0);
    }

    #[test]
    fn the_first_difference_is_shown() {
        let first = load_str(ZONE).unwrap().version;
        let second = load_str(&ZONE.replace("ns 60", "ns 61")).unwrap().version;
        let (mine, theirs) = first_difference(&first, &second).unwrap();
        assert_eq!(mine.unwrap(), "ns.example.\t60\tIN\tA\t192.0.2.53");
        assert_eq!(theirs.unwrap(), "ns.example.\t61\tIN\tA\t192.0.2.53");
        let longer = load_str(&format!("{ZONE}zz A 192.0.2.8\n")).unwrap().version;
        assert_eq!(first_difference(&first, &longer).unwrap().0, None);
    }

    /// A zone of some two megaoctets, read in parts.
    fn large(end: &str) -> Result<Loaded, ReadError> {
        let mut text = ZONE.replace("other.test. A 192.0.2.9\n", "");
        for at in 0..50_000 {
            text.push_str(&format!("name{at:05} NS ns1.name{at:05}\nname{at:05} NS ns2\n"));
        }
        text.push_str(end);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &text).unwrap();
        let loaded = load(file.path(), &LoadOptions::default());
        if let Ok(Loaded { version, .. }) = &loaded {
            let whole = load_str(&text).unwrap().version;
            assert_eq!(first_difference(version, &whole), None);
        }
        loaded
    }

    #[test]
    fn a_large_zone_is_what_it_is_when_read_in_one_go() {
        let loaded = large("name00007 NS ns2\n\nname00009 60 NS ns3\nother.test. A 192.0.2.9\n").unwrap();
        assert_eq!(loaded.version.record_count(), 100_006);
        let warnings: Vec<_> = loaded.warnings.iter().map(|warning| (warning.line, warning.message.as_str())).collect();
        assert_eq!(loaded.warning_count, 6);
        assert_eq!(
            warnings[0],
            (7, "ns.example. A: TTL 300 differs within the RRset: 60 is taken (RFC 2181 section 5.2)")
        );
        assert_eq!(warnings[1].0, 8);
        assert_eq!((warnings[2].0, warnings[3].0), (27, 28), "{warnings:?}");
        assert_eq!(warnings[4], (100_009, "name00007.example. NS: this record is there twice: left out"));
        assert_eq!(warnings[5], (100_012, "other.test. is outside the zone example.: left out"));
        let error = large("name00007 NS (ns2\n ns3)\n").unwrap_err();
        assert!(error.to_string().contains(":100010:2: NS: 'ns3': there is more"), "{error}");
    }

    #[test]
    fn more_odd_rrsets_than_are_named() {
        let twice: String = (0..1_500).map(|at| format!("n{at} NS a\nn{at} NS a\n")).collect();
        let loaded = load_str(&format!("{ZONE}{twice}")).unwrap();
        assert_eq!(loaded.warning_count, 1_503);
    }

    #[test]
    fn problems_have_their_line() {
        let error = load_str("@ 5 SOA . . 1 2 3 4 5\n").unwrap_err();
        assert!(error.to_string().starts_with("z:1:"), "{error}");
        let error = load_str(&format!("{ZONE}bad A 1.2.3\n")).unwrap_err();
        assert!(error.to_string().starts_with("z:10:7: A"), "{error}");
    }
}
