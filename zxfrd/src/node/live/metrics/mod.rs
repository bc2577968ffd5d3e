//! Metrics, made when they are asked for, of the zones that may be seen. What is of the process and not of a zone is for those
//! who may see all accounts.
//!
//! | module | holds |
//! |---|---|
//! | `zones` | what there is to tell of zones and peers |
//! | `process` | what there is to tell of the process: requests, the store, memory |

mod process;
mod zones;

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

pub(super) use process::{Process, started};
pub(super) use zones::Row;

/// One metric of things of a kind.
struct Metric<T> {
    name: &'static str,
    help: &'static str,
    counts: bool,
    /// Gives its samples of one thing.
    of: fn(&T, &mut Samples<'_>) -> fmt::Result,
}

impl<T> Metric<T> {
    const fn gauge(name: &'static str, help: &'static str, of: fn(&T, &mut Samples<'_>) -> fmt::Result) -> Self {
        Self { name, help, counts: false, of }
    }

    /// Its name gets `_total`.
    const fn counter(name: &'static str, help: &'static str, of: fn(&T, &mut Samples<'_>) -> fmt::Result) -> Self {
        Self { name, help, counts: true, of }
    }

    fn encode(&self, things: &[T], encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let kind = if self.counts { MetricType::Counter } else { MetricType::Gauge };
        let encoder = encoder.encode_descriptor(self.name, self.help, None, kind)?;
        let mut samples = Samples { encoder, counts: self.counts };
        things.iter().try_for_each(|thing| (self.of)(thing, &mut samples))
    }
}

/// Where samples of a metric go.
struct Samples<'a> {
    encoder: MetricEncoder<'a>,
    counts: bool,
}

/// A number.
#[derive(Clone, Copy)]
enum Number {
    Count(u64),
    Signed(i64),
    Float(f64),
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self::Count(number)
    }
}

impl From<u32> for Number {
    fn from(number: u32) -> Self {
        Self::Count(number.into())
    }
}

impl From<bool> for Number {
    fn from(truth: bool) -> Self {
        Self::Count(truth.into())
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self::Signed(number)
    }
}

impl From<f64> for Number {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<crate::catalog::Time> for Number {
    /// Seconds.
    fn from(time: crate::catalog::Time) -> Self {
        Self::Float(time.0 as f64 / 1e6)
    }
}

impl Samples<'_> {
    fn put(&mut self, labels: &[(&str, &str)], number: impl Into<Number>) -> fmt::Result {
        let number = number.into();
        if labels.is_empty() {
            return put(&mut self.encoder, self.counts, number);
        }
        put(&mut self.encoder.encode_family(&labels)?, self.counts, number)
    }

    /// If there is a number.
    fn put_some(&mut self, labels: &[(&str, &str)], number: Option<impl Into<Number>>) -> fmt::Result {
        number.map_or(Ok(()), |number| self.put(labels, number))
    }
}

fn put(encoder: &mut MetricEncoder<'_>, counts: bool, number: Number) -> fmt::Result {
    match (counts, number) {
        (true, Number::Count(count)) => encoder.encode_counter::<NoLabelSet, _, u64>(&count, None),
        (true, Number::Float(number)) => encoder.encode_counter::<NoLabelSet, _, u64>(&number, None),
        (true, Number::Signed(number)) => {
            encoder.encode_counter::<NoLabelSet, _, u64>(&u64::try_from(number).unwrap_or_default(), None)
        }
        (false, Number::Count(count)) => encoder.encode_gauge(&count),
        (false, Number::Signed(number)) => encoder.encode_gauge(&number),
        (false, Number::Float(number)) => encoder.encode_gauge(&number),
    }
}

/// What is told.
#[derive(Debug)]
struct Told {
    rows: Vec<Row>,
    process: Vec<Process>,
}

impl Collector for Told {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        zones::METRICS.iter().try_for_each(|metric| metric.encode(&self.rows, &mut encoder))?;
        process::METRICS.iter().try_for_each(|metric| metric.encode(&self.process, &mut encoder))
    }
}

/// The text for these zones, and for the process if that may be seen.
pub(super) fn text(rows: Vec<Row>, process: Option<Process>) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Told { rows, process: process.into_iter().collect() }));
    let mut text = String::new();
    // Writing to a String doesn't fail.
    let _ = text::encode(&mut text, &registry);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_once_and_plain() {
        let zones = zones::METRICS.iter().map(|metric| (metric.name, metric.help));
        let all: Vec<_> = zones.chain(process::METRICS.iter().map(|metric| (metric.name, metric.help))).collect();
        let mut names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for (name, help) in all {
            assert!(name.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'_'), "{name}");
            assert!(!name.ends_with("_total") && !help.ends_with('.'), "{name}: the encoder adds that");
        }
    }

    #[test]
    fn odd_characters_in_labels_are_escaped() {
        let mut text = String::new();
        let mut registry = Registry::default();
        #[derive(Debug)]
        struct Odd;
        impl Collector for Odd {
            fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
                let of = |(): &(), samples: &mut Samples<'_>| samples.put(&[("peer", "a\"} b\\ \n\u{202e}ü")], 1_u64);
                Metric { name: "odd", help: "odd", counts: true, of }.encode(&[()], &mut encoder)
            }
        }
        registry.register_collector(Box::new(Odd));
        text::encode(&mut text, &registry).unwrap();
        assert!(text.contains("odd_total{peer=\"a\\\"} b\\\\ \\n\u{202e}ü\"} 1\n"), "{text}");
    }

    #[test]
    fn without_anything_to_tell_there_are_no_samples() {
        let text = text(Vec::new(), None);
        assert!(text.ends_with("# EOF\n") && text.lines().all(|line| line.starts_with('#')), "{text}");
    }
}
