//! What each part is allowed to take: a file in the repository.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::parts::Part;

/// A change by more than this part of what is allowed means something.
const TOLERANCE: f64 = 0.05;

const HEAD: &str = "\
# The instructions that the hot parts take. `.ci/run` fails where one takes over 5 % more. Written by
#   cargo run --profile counts -p zxfr-benches --bin instructions -- --record [--reason \"why more is meant\"] [PART …]
# What it counts depends on the compiler and a little on libc and the processor.

";

/// The file.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baseline {
    /// What `rustc --version` said.
    rustc: String,
    parts: BTreeMap<String, Allowed>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    instructions: f64,
    per: String,
    /// Why it was last let rise.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// How a count stands to what is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    New,
    Fallen,
    Same,
    Risen,
}

impl Verdict {
    pub(crate) fn of(now: f64, allowed: Option<f64>) -> Self {
        match allowed {
            None => Self::New,
            Some(allowed) if now > allowed * (1.0 + TOLERANCE) => Self::Risen,
            Some(allowed) if now < allowed * (1.0 - TOLERANCE) => Self::Fallen,
            Some(_) => Self::Same,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::New => "not in the baseline",
            Self::Fallen => "less: --record takes that over",
            Self::Same => "ok",
            Self::Risen => "TOO MANY",
        })
    }
}

impl Baseline {
    /// The file's; an empty one where there is no file.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        match fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    }

    /// The compiler of the numbers, when it isn't this one.
    pub(crate) fn other_compiler(&self, rustc: &str) -> Option<&str> {
        (self.rustc != rustc && !self.parts.is_empty()).then_some(&self.rustc)
    }

    /// The instructions that a part may take.
    pub(crate) fn allowed(&self, part: &str) -> Option<f64> {
        self.parts.get(part).map(|allowed| allowed.instructions)
    }

    /// Takes a count over. One that is a little higher is not, so that many small rises don't add up unseen.
    pub(crate) fn take(&mut self, part: &Part, now: f64, verdict: Verdict, reason: Option<&str>) {
        let before = self.parts.remove(part.name);
        let kept = before.as_ref().map(|allowed| allowed.instructions).filter(|_| verdict == Verdict::Same);
        let old_reason = before.and_then(|allowed| allowed.reason);
        let reason = match verdict {
            Verdict::Risen => reason.map(str::to_owned),
            _ => old_reason,
        };
        let instructions = (kept.map_or(now, |kept| kept.min(now)) * 100.0).round() / 100.0;
        self.parts.insert(part.name.to_owned(), Allowed { instructions, per: part.unit.to_owned(), reason });
    }

    pub(crate) fn write(&mut self, path: &Path, rustc: String) -> Result<(), String> {
        self.rustc = rustc;
        let text = toml::to_string(self).map_err(|error| error.to_string())?;
        fs::write(path, format!("{HEAD}{text}")).map_err(|error| format!("{}: {error}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Part = Part { name: "one", unit: "record", work: |_| 0 };

    fn taken(baseline: &mut Baseline, now: f64, reason: Option<&str>) -> (f64, Option<String>) {
        let verdict = Verdict::of(now, baseline.allowed("one"));
        baseline.take(&PART, now, verdict, reason);
        let allowed = &baseline.parts["one"];
        (allowed.instructions, allowed.reason.clone())
    }

    #[test]
    fn what_is_allowed_rises_with_a_reason_only() {
        let mut baseline = Baseline::default();
        assert_eq!(taken(&mut baseline, 100.0, Some("new")), (100.0, None));
        // Within five in a hundred nothing rises, whatever is said.
        assert_eq!(taken(&mut baseline, 104.9, Some("why")), (100.0, None));
        assert_eq!(taken(&mut baseline, 106.0, Some("why")), (106.0, Some("why".to_owned())));
        assert_eq!(taken(&mut baseline, 90.0, Some("other")), (90.0, Some("why".to_owned())));
        assert_eq!(taken(&mut baseline, 89.0, None), (89.0, Some("why".to_owned())));
    }

    #[test]
    fn five_in_a_hundred_are_let_pass() {
        let verdicts = [94.9, 95.1, 104.9, 105.1].map(|now| Verdict::of(now, Some(100.0)));
        assert_eq!(verdicts, [Verdict::Fallen, Verdict::Same, Verdict::Same, Verdict::Risen]);
        assert_eq!(Verdict::of(1.0, None), Verdict::New);
    }

    #[test]
    fn the_file_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("instructions.toml");
        let mut baseline = Baseline::read(&path).unwrap();
        taken(&mut baseline, 100.0, None);
        taken(&mut baseline, 200.0, Some("it does more"));
        baseline.write(&path, "rustc 1".to_owned()).unwrap();
        let again = Baseline::read(&path).unwrap();
        assert_eq!((again.allowed("one"), again.other_compiler("rustc 2")), (Some(200.0), Some("rustc 1")));
        assert_eq!(
            (again.other_compiler("rustc 1"), again.parts["one"].reason.as_deref()),
            (None, Some("it does more"))
        );
    }
}
