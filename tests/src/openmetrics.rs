//! Metrics in the text format of OpenMetrics 1.0, read as strictly as that is written down: what a scraper forgives, a test
//! doesn't. Of the types only those are known that zxfrd has: gauges and counters.

use std::collections::{BTreeMap, BTreeSet};

use crate::Failure;

/// One number of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The metric's name, with a counter's `_total`.
    pub name: String,
    /// The labels, as they are once their escapes are resolved.
    pub labels: BTreeMap<String, String>,
    /// The number.
    pub value: f64,
}

/// All that was told at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// In the order of the text.
    pub samples: Vec<Sample>,
}

impl Metrics {
    /// Reads a text.
    ///
    /// # Errors
    /// With the first line that breaks the format, and how.
    pub fn read(text: &str) -> Result<Self, Failure> {
        let body = text.strip_suffix("# EOF\n").ok_or_else(|| Failure::new("it doesn't end with `# EOF`"))?;
        if !body.is_empty() && !body.ends_with('\n') {
            return Err(Failure::new("a line before `# EOF` isn't ended"));
        }
        let mut reader = Reader::default();
        for line in body.split_terminator('\n') {
            reader.line(line).map_err(|what| Failure::new(format!("{what}: {line:?}")))?;
        }
        Ok(Self { samples: reader.samples })
    }

    /// The samples of a metric that have these labels, perhaps among others.
    pub fn with<'a>(&'a self, name: &'a str, labels: &'a [(&'a str, &'a str)]) -> impl Iterator<Item = &'a Sample> {
        let has = |sample: &Sample| {
            labels.iter().all(|(label, value)| sample.labels.get(*label).map(String::as_str) == Some(*value))
        };
        self.samples.iter().filter(move |sample| sample.name == name && has(sample))
    }

    /// The number of the only sample that has these labels, perhaps among others; there may be none.
    ///
    /// # Panics
    /// When there are several.
    #[track_caller]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let found: Vec<_> = self.with(name, labels).collect();
        assert!(found.len() < 2, "several: {found:#?}");
        found.first().map(|sample| sample.value)
    }
}

/// What was said of the metric whose lines are being read.
#[derive(Default)]
struct Family {
    name: String,
    counts: Option<bool>,
    help: bool,
    /// Whether one of its samples was told.
    begun: bool,
}

#[derive(Default)]
struct Reader {
    family: Family,
    families: BTreeSet<String>,
    /// Names and labels, each of which may be there once.
    seen: BTreeSet<(String, Vec<(String, String)>)>,
    samples: Vec<Sample>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), &'static str> {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or("no type")?;
            self.describe(name)?;
            let counts = match kind {
                "counter" => true,
                "gauge" => false,
                _ => return Err("a type that isn't known here"),
            };
            return self.family.counts.replace(counts).map_or(Ok(()), |_| Err("a type told twice"));
        }
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or("no help")?;
            self.describe(name)?;
            unescaped(help)?;
            return if std::mem::replace(&mut self.family.help, true) { Err("help told twice") } else { Ok(()) };
        }
        if line.starts_with('#') {
            return Err("neither TYPE nor HELP");
        }
        let sample = sample(line)?;
        let expected = match self.family.counts.ok_or("a sample without a type")? {
            true => format!("{}_total", self.family.name),
            false => self.family.name.clone(),
        };
        if sample.name != expected {
            return Err("a sample of another metric");
        }
        if self.family.counts == Some(true) && !(sample.value >= 0.0 && sample.value.is_finite()) {
            return Err("a counter that is no count");
        }
        if !self.seen.insert((sample.name.clone(), sample.labels.clone().into_iter().collect())) {
            return Err("the same labels twice");
        }
        self.family.begun = true;
        self.samples.push(sample);
        Ok(())
    }

    /// A line about a metric, which begins another one unless it is about the same.
    fn describe(&mut self, name: &str) -> Result<(), &'static str> {
        plain(name, true)?;
        if self.family.name == name {
            return if self.family.begun { Err("told after its samples") } else { Ok(()) };
        }
        if !self.families.insert(name.to_owned()) {
            return Err("a metric told in two places");
        }
        self.family = Family { name: name.to_owned(), ..Family::default() };
        Ok(())
    }
}

/// Names of metrics may have colons, those of labels may not.
fn plain(name: &str, colons: bool) -> Result<(), &'static str> {
    let first = |octet: u8| octet.is_ascii_alphabetic() || octet == b'_' || colons && octet == b':';
    let good = name.bytes().enumerate().all(|(at, octet)| first(octet) || at > 0 && octet.is_ascii_digit());
    if good && !name.is_empty() { Ok(()) } else { Err("a name with other characters than names have") }
}

/// `name{label="value",…} number`.
fn sample(line: &str) -> Result<Sample, &'static str> {
    let end = line.find(['{', ' ']).ok_or("no number")?;
    let (name, mut rest) = line.split_at(end);
    plain(name, true)?;
    let mut labels = BTreeMap::new();
    if let Some(mut inner) = rest.strip_prefix('{') {
        loop {
            let (label, value) = inner.split_once("=\"").ok_or("a label without a value")?;
            plain(label, false)?;
            let end = closing_quote(value).ok_or("a value without an end")?;
            if labels.insert(label.to_owned(), unescaped(&value[..end])?).is_some() {
                return Err("a label twice");
            }
            let after = &value[end + 1..];
            match after.strip_prefix(',') {
                Some(more) => inner = more,
                None => break rest = after.strip_prefix('}').ok_or("labels without an end")?,
            }
        }
    }
    let number = rest.strip_prefix(' ').ok_or("no space before the number")?;
    let value = number.parse().map_err(|_| "no number")?;
    Ok(Sample { name: name.to_owned(), labels, value })
}

/// Where the first quote is that no backslash escapes.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|octet| {
        let closes = octet == b'"' && !escaped;
        escaped = octet == b'\\' && !escaped;
        closes
    })
}

fn unescaped(text: &str) -> Result<String, &'static str> {
    let mut characters = text.chars();
    let mut plain = String::new();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some(escaped @ ('\\' | '"')) => escaped,
                _ => return Err("an escape that isn't known"),
            },
            character => character,
        });
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# HELP a_b What \\\\ it is.\n# TYPE a_b gauge\na_b{x=\"1\",y=\"q\\\"}, \\\\ \\n\"} -1.5\na_b 2\n\
                        # HELP c Count.\n# TYPE c counter\nc_total{x=\"\"} 3\n# EOF\n";

    #[test]
    fn samples_are_read_with_their_labels() {
        let metrics = Metrics::read(GOOD).unwrap();
        assert_eq!(metrics.value("a_b", &[("x", "1"), ("y", "q\"}, \\ \n")]), Some(-1.5));
        assert_eq!(metrics.value("c_total", &[("x", "")]), Some(3.0));
        assert_eq!(metrics.value("c_total", &[("x", "1")]), None);
        assert_eq!(metrics.with("a_b", &[]).count(), 2);
    }

    #[test]
    fn what_breaks_the_format_is_refused() {
        let breaks = [
            ("# EOF\n", ""),
            ("# EOF\n", "# EOF"),
            ("a_b 2\n", "a_b 2"),
            ("a_b 2\n", "a_b 2\n\n"),
            ("a_b 2\n", "a_b\n"),
            ("a_b 2\n", "a_b two\n"),
            ("a_b 2\n", "a_c 2\n"),
            ("a_b 2\n", "a_b 2\na_b 2\n"),
            ("a_b 2\n", "a_b 2\n# HELP a_b Again.\n"),
            ("a_b 2\n", "# other\n"),
            ("# TYPE a_b gauge\n", ""),
            ("# TYPE a_b gauge\n", "# TYPE a_b gauge\n# TYPE a_b gauge\n"),
            ("# TYPE a_b gauge\n", "# TYPE a_b histogram\n"),
            ("# HELP c Count.\n", "# HELP a_b Count.\n"),
            ("c_total", "c"),
            ("{x=\"\"} 3", "{x=\"\"} -3"),
            ("{x=\"\"} 3", "{x=\"\",x=\"\"} 3"),
            ("{x=\"\"} 3", "{x=\"} 3"),
            ("{x=\"\"} 3", "{x=\"\\t\"} 3"),
            ("{x=\"\"} 3", "{x-y=\"\"} 3"),
            ("\\\"}", "\"}"),
        ];
        for (part, broken) in breaks {
            let text = GOOD.replacen(part, broken, 1);
            assert_ne!(text, GOOD);
            assert!(Metrics::read(&text).is_err(), "{text}");
        }
    }
}
