//! All numbers of a run.

use std::collections::BTreeMap;

use crate::kind::{Column, Kind};
use crate::measure::Measure;

/// All numbers of a run.
#[derive(Debug, Default)]
pub(crate) struct Results {
    lines: Vec<Line>,
    troubles: Vec<String>,
}

/// A measure with what each column has.
#[derive(Debug)]
pub(crate) struct Line {
    /// What is measured.
    pub(crate) measure: &'static Measure,
    /// What each column has.
    pub(crate) cells: BTreeMap<Column, Cell>,
}

/// The numbers of one column, or why there are none.
#[derive(Debug)]
pub(crate) enum Cell {
    /// One of each round.
    Samples(Vec<f64>),
    /// Why there are none.
    Absent(String),
}

impl Results {
    /// Says what will be measured, so that lines stand in this order.
    pub(crate) fn announce(&mut self, measures: &[&'static Measure]) {
        measures.iter().for_each(|measure| {
            self.line(measure);
        });
    }

    /// Takes a number of a round.
    pub(crate) fn add(&mut self, measure: &'static Measure, column: Column, value: f64) {
        match self.line(measure).cells.entry(column).or_insert_with(|| Cell::Samples(Vec::new())) {
            Cell::Samples(samples) => samples.push(value),
            Cell::Absent(_) => {}
        }
    }

    /// Says why a column has no numbers.
    pub(crate) fn leave_out(&mut self, measure: &'static Measure, column: Column, why: &str) {
        self.line(measure).cells.insert(column, Cell::Absent(why.to_owned()));
    }

    /// Says what went wrong; the comparison then ends with exit code 1.
    pub(crate) fn trouble(&mut self, text: String) {
        self.troubles.push(text);
    }

    /// What went wrong.
    pub(crate) fn troubles(&self) -> &[String] {
        &self.troubles
    }

    /// All lines, in the order in which they were measured.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The median of a column's numbers.
    pub(crate) fn median(&self, measure: &str, column: Column) -> Option<f64> {
        self.lines.iter().find(|line| line.measure.name == measure)?.median(column)
    }

    /// The best median among the peers, and whose it is.
    pub(crate) fn best_peer(&self, measure: &str) -> Option<(Kind, f64)> {
        self.lines.iter().find(|line| line.measure.name == measure)?.best_peer()
    }

    fn line(&mut self, measure: &'static Measure) -> &mut Line {
        let found = self.lines.iter().position(|line| line.measure == measure);
        let at = found.unwrap_or_else(|| {
            self.lines.push(Line { measure, cells: BTreeMap::new() });
            self.lines.len() - 1
        });
        &mut self.lines[at]
    }
}

impl Line {
    /// The median of a column's numbers.
    pub(crate) fn median(&self, column: Column) -> Option<f64> {
        match self.cells.get(&column)? {
            Cell::Samples(samples) => median(samples),
            Cell::Absent(_) => None,
        }
    }

    /// The best median among the peers, and whose it is.
    pub(crate) fn best_peer(&self) -> Option<(Kind, f64)> {
        let peers = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Zxfrd);
        let medians = peers.filter_map(|kind| Some((kind, self.median(Column::Server(kind))?)));
        medians.reduce(|best, next| if self.measure.unit.times_better(next.1, best.1) > 1.0 { next } else { best })
    }
}

/// The number in the middle; of an even count the mean of the two there.
fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some((upper + lower) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Unit;

    static RATE: Measure = Measure { name: "rate", title: "rate", unit: Unit::RecordsPerSecond };
    static TIME: Measure = Measure { name: "time", title: "time", unit: Unit::Seconds };

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[9.0, 1.0, 2.0, 4.0]), Some(3.0));
    }

    #[test]
    fn the_best_peer_has_the_highest_rate_and_the_least_time() {
        let mut results = Results::default();
        for measure in [&RATE, &TIME] {
            for (kind, value) in [(Kind::Zxfrd, 100.0), (Kind::Knotd, 5.0), (Kind::Nsd, 7.0), (Kind::Named, 6.0)] {
                results.add(measure, Column::Server(kind), value);
            }
            results.leave_out(measure, Column::Server(Kind::Nsd), "it fell over");
        }
        assert_eq!(results.best_peer("rate"), Some((Kind::Named, 6.0)));
        assert_eq!(results.best_peer("time"), Some((Kind::Knotd, 5.0)));
        assert_eq!(results.median("rate", Column::Server(Kind::Zxfrd)), Some(100.0));
        assert_eq!(results.median("rate", Column::Server(Kind::Nsd)), None);
    }
}
