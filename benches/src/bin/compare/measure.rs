//! What is measured: the lines of the tables.

/// A line of the tables.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    /// Its name in `--json`.
    pub(crate) name: &'static str,
    /// What it says, in words.
    pub(crate) title: &'static str,
    /// What its numbers are.
    pub(crate) unit: Unit,
}

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Records a second; the more the better.
    RecordsPerSecond,
    /// Octets a second; the more the better.
    OctetsPerSecond,
    /// Seconds that something takes.
    Seconds,
    /// Seconds on a processor for a million records.
    SecondsPerMillion,
    /// Octets of memory for each record.
    OctetsPerRecord,
    /// Octets.
    Octets,
}

impl Unit {
    /// Whether a higher number is better.
    pub(crate) const fn is_rate(self) -> bool {
        matches!(self, Self::RecordsPerSecond | Self::OctetsPerSecond)
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RecordsPerSecond => "records/s",
            Self::OctetsPerSecond => "octets/s",
            Self::Seconds => "s",
            Self::SecondsPerMillion => "s per million records",
            Self::OctetsPerRecord => "octets per record",
            Self::Octets => "octets",
        }
    }

    /// How many times better `ours` is than `theirs`.
    pub(crate) fn times_better(self, ours: f64, theirs: f64) -> f64 {
        if self.is_rate() { ours / theirs } else { theirs / ours }
    }

    /// A number in three digits that matter.
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Self::Octets => grouped(value),
            _ if value >= 1e9 => format!("{} G", digits(value / 1e9)),
            _ if value >= 1e6 => format!("{} M", digits(value / 1e6)),
            _ if value >= 1e4 => format!("{} k", digits(value / 1e3)),
            _ => digits(value),
        }
    }
}

/// Three digits that matter; small numbers in full.
pub(crate) fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        size if size >= 0.1 => format!("{value:.3}"),
        size if size >= 0.01 => format!("{value:.4}"),
        _ => format!("{value:.5}"),
    }
}

/// An integer with commas.
fn grouped(value: f64) -> String {
    let plain = format!("{value:.0}");
    let mut grouped = String::new();
    for (at, digit) in plain.chars().enumerate() {
        if at > 0 && (plain.len() - at) % 3 == 0 && digit.is_ascii_digit() && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let shown = [38_412_345.0, 2_300.0, 412_000.0, 1.5, 0.0212].map(|value| Unit::RecordsPerSecond.show(value));
        assert_eq!(shown, ["38.4 M", "2300", "412 k", "1.50", "0.0212"]);
        assert_eq!([1_336_762.0, 999.0, 1000.0, -1000.0].map(grouped), ["1,336,762", "999", "1,000", "-1,000"]);
    }

    #[test]
    fn better_is_more_of_a_rate_and_less_of_all_else() {
        assert_eq!(Unit::RecordsPerSecond.times_better(8.0, 2.0), 4.0);
        assert_eq!(Unit::Seconds.times_better(2.0, 8.0), 4.0);
    }
}
