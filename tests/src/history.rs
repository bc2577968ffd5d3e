//! Real zones over years: a base zone and a journal of every step, from the folder that
//! the variable `ZXFR_CORPUS` names.
//!
//! A journal's step is `=== FROM TO …`, then the old SOA and the deletions, each line
//! after a `-`, then the new SOA and the additions, each after a `+`. Each line of base
//! and step is a record: `OWNER TTL IN TYPE RDATA`, separated by single spaces.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use liblzma::read::XzDecoder;

use crate::Failure;

/// A history: where it is in the corpus, without `-SERIAL.base.zone.xz` and `.journal.xz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The root zone without most RRSIG: 2,575 steps.
    Root,
    /// .gov: 926 steps; the serial goes back at step 16.
    Gov,
    /// Names of DoH servers to block: 425 steps.
    Doh,
    /// hagezi's light blocklist, 80,000 names: 51 steps.
    HageziLight,
    /// A blocklist of a million names: 27 steps.
    Merged1M,
    /// OISD's small blocklist: 327 steps, of which many keep their serial or leave 32 bits.
    OisdSmall,
}

impl Source {
    fn path(self) -> &'static str {
        match self {
            Self::Root => "root-history/root-norrsig",
            Self::Gov => "gov/gov",
            Self::Doh => "rpz/doh",
            Self::HageziLight => "rpz/hagezi-light",
            Self::Merged1M => "rpz/merged1m",
            Self::OisdSmall => "rpz/oisd-small",
        }
    }
}

/// A history in memory.
#[derive(Clone, Debug)]
pub struct History {
    base: String,
    journal: String,
}

/// One step of a history.
#[derive(Clone, Debug)]
pub struct Step<'h> {
    /// The SOA before.
    pub old_soa: &'h str,
    /// The SOA after.
    pub new_soa: &'h str,
    /// The records that go, without the SOA.
    pub deletions: Vec<&'h str>,
    /// The records that come, without the SOA.
    pub additions: Vec<&'h str>,
}

impl Step<'_> {
    /// The serial before; some publishers' exceed 32 bits.
    pub fn from(&self) -> u64 {
        serial(self.old_soa)
    }

    /// The serial after.
    pub fn to(&self) -> u64 {
        serial(self.new_soa)
    }
}

impl History {
    /// Reads a history; `None`, said on stderr, when `ZXFR_CORPUS` isn't set.
    ///
    /// # Errors
    /// When it isn't in the corpus, can't be unpacked or is no history.
    pub fn open(source: Source) -> Result<Option<Self>, Failure> {
        let Some(corpus) = std::env::var_os("ZXFR_CORPUS").map(PathBuf::from) else {
            // Straight to stderr: `eprintln!` is hidden in tests that pass.
            let _ = writeln!(io::stderr(), "SKIPPED {}: ZXFR_CORPUS is not set", source.path());
            return Ok(None);
        };
        let path = corpus.join(source.path());
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let folder = path.parent().unwrap_or(&corpus);
        let base = base(folder, name)?;
        let history = Self { base: unpack(&base)?, journal: unpack(&folder.join(format!("{name}.journal.xz")))? };
        history.check().map_err(|fault| Failure::because(format!("history {}", source.path()), fault))?;
        Ok(Some(history))
    }

    /// The zone's absolute name.
    pub fn zone(&self) -> &str {
        self.base.split(' ').next().unwrap_or_default()
    }

    /// The first version.
    pub fn base(&self) -> Text<'_> {
        let mut lines = self.base.lines().filter(|line| !line.is_empty());
        let soa = lines.next().unwrap_or_default();
        Text { soa, records: lines.collect() }
    }

    /// The steps, oldest first.
    pub fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        // Before the first one there is a comment.
        self.journal.split("\n=== ").skip(1).map(|block| {
            let with = |sign| block.lines().skip(1).filter_map(move |line| line.strip_prefix(sign));
            let (mut deletions, mut additions) = (with('-'), with('+'));
            Step {
                old_soa: deletions.next().unwrap_or_default(),
                new_soa: additions.next().unwrap_or_default(),
                deletions: deletions.collect(),
                additions: additions.collect(),
            }
        })
    }

    /// The version after this many steps.
    ///
    /// # Errors
    /// As [`Text::apply`].
    pub fn version(&self, steps: usize) -> Result<Text<'_>, Failure> {
        let mut text = self.base();
        self.steps().take(steps).try_for_each(|step| text.apply(&step))?;
        Ok(text)
    }

    /// That base and steps begin and end with each other's SOA.
    fn check(&self) -> Result<(), String> {
        let mut soa = self.base().soa;
        if !is_soa(soa) {
            return Err(format!("the base begins with {soa:?}"));
        }
        for (number, step) in self.steps().enumerate() {
            if step.old_soa != soa || !is_soa(step.new_soa) {
                let Step { old_soa, new_soa, .. } = step;
                return Err(format!("step {} from {old_soa:?} to {new_soa:?} follows {soa:?}", number + 1));
            }
            soa = step.new_soa;
        }
        Ok(())
    }
}

/// A version of a zone as lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'h> {
    /// Its SOA.
    pub soa: &'h str,
    /// All else.
    pub records: BTreeSet<&'h str>,
}

impl<'h> Text<'h> {
    /// Its serial.
    pub fn serial(&self) -> u64 {
        serial(self.soa)
    }

    /// Takes the next step.
    ///
    /// # Errors
    /// When the step isn't this version's.
    pub fn apply(&mut self, step: &Step<'h>) -> Result<(), Failure> {
        let fault = |what: &str, line: &str| Failure::new(format!("step to {}: {what}: {line}", step.to()));
        if self.soa != step.old_soa {
            return Err(fault("another SOA", self.soa));
        }
        for line in &step.deletions {
            if !self.records.remove(line) {
                return Err(fault("deleted, but not there", line));
            }
        }
        for line in &step.additions {
            if !self.records.insert(line) {
                return Err(fault("added, but there", line));
            }
        }
        self.soa = step.new_soa;
        Ok(())
    }

    /// The zone file.
    pub fn zone_file(&self) -> String {
        let length = self.records.iter().map(|line| line.len() + 1).sum::<usize>() + self.soa.len() + 1;
        let mut file = String::with_capacity(length);
        for line in std::iter::once(&self.soa).chain(&self.records) {
            file.push_str(line);
            file.push('\n');
        }
        file
    }
}

/// The serial of a SOA's line, 0 when there is none.
fn serial(soa: &str) -> u64 {
    soa.split(' ').nth(6).and_then(|serial| serial.parse().ok()).unwrap_or_default()
}

fn is_soa(line: &str) -> bool {
    line.split(' ').nth(3) == Some("SOA") && serial(line) > 0
}

/// The base zone's file, which has its serial in its name.
fn base(folder: &Path, name: &str) -> Result<PathBuf, Failure> {
    let failed = |error: io::Error| Failure::because(folder.display(), error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let file = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if file.strip_prefix(name).is_some_and(|rest| rest.starts_with('-') && rest.ends_with(".base.zone.xz")) {
            return Ok(path);
        }
    }
    Err(Failure::new(format!("{} has no {name}-SERIAL.base.zone.xz", folder.display())))
}

fn unpack(path: &Path) -> Result<String, Failure> {
    let failed = |error| Failure::because(path.display(), error);
    let mut octets = Vec::new();
    XzDecoder::new(fs::File::open(path).map_err(failed)?).read_to_end(&mut octets).map_err(failed)?;
    String::from_utf8(octets).map_err(|error| failed(io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(journal: &str) -> History {
        let base = "z. 5 IN SOA a. b. 1 2 3 4 5\nx.z. 5 IN A 192.0.2.1\n".into();
        History { base, journal: format!("; comment\n{journal}") }
    }

    const STEP: &str = "=== 1 2 del=1 add=2 x\n-z. 5 IN SOA a. b. 1 2 3 4 5\n-x.z. 5 IN A 192.0.2.1\n\
                        +z. 5 IN SOA a. b. 2 2 3 4 5\n+x.z. 5 IN A 192.0.2.2\n+y.z. 5 IN A 192.0.2.3\n";

    #[test]
    fn steps_lead_from_version_to_version() {
        let history = history(STEP);
        history.check().unwrap();
        assert_eq!(history.zone(), "z.");
        let step = history.steps().next().unwrap();
        assert_eq!((step.from(), step.to(), step.deletions.len(), step.additions.len()), (1, 2, 1, 2));
        assert_eq!(history.version(0).unwrap(), history.base());
        let text = history.version(1).unwrap();
        assert_eq!(text.serial(), 2);
        assert_eq!(text.zone_file(), "z. 5 IN SOA a. b. 2 2 3 4 5\nx.z. 5 IN A 192.0.2.2\ny.z. 5 IN A 192.0.2.3\n");
    }

    #[test]
    fn steps_that_do_not_fit_are_faults() {
        assert!(history(&STEP.replace("-x.z.", "-w.z.")).version(1).is_err());
        assert!(history(&STEP.replace("a. b. 1 ", "a. b. 7 ")).check().is_err());
        assert!(history(&format!("{STEP}{STEP}")).check().is_err());
    }

    #[test]
    fn histories_of_the_corpus_have_their_steps() {
        for (source, zone, steps) in [
            (Source::Root, ".", 2575),
            (Source::Gov, "gov.", 926),
            (Source::Doh, "rpz.test.", 425),
            (Source::HageziLight, "rpz.test.", 51),
            (Source::OisdSmall, "rpz.test.", 327),
        ] {
            let Some(history) = History::open(source).unwrap() else { return };
            assert_eq!((history.zone(), history.steps().count()), (zone, steps), "{source:?}");
        }
    }
}
