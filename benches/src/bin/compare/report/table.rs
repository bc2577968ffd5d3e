//! The table of medians, for a terminal.

use std::fmt::Write;

use crate::kind::{Column, Kind};
use crate::measure::digits;
use crate::results::{Cell, Line, Results};

/// The medians of all lines, and how ours compare with the best peer's; below, why there are gaps.
pub(crate) fn medians(results: &Results, columns: &[Column]) -> String {
    let mut text = format!("{:39}", "");
    for column in columns {
        let _ = write!(text, "{column:>12}");
    }
    text.push_str("   best peer\n");
    let mut gaps = String::new();
    for line in results.lines() {
        let _ = write!(text, "{:39}", line.measure.title);
        for column in columns {
            let _ = write!(text, "{:>12}", cell(line, *column));
            if let Some(Cell::Absent(why)) = line.cells.get(column)
                && !why.is_empty()
            {
                let _ = writeln!(gaps, "  {}, {column}: {why}", line.measure.title);
            }
        }
        let _ = writeln!(text, "   {:12}  {}", against_best(line), line.measure.unit.name());
    }
    if !gaps.is_empty() {
        let _ = write!(text, "\nleft out\n{gaps}");
    }
    text
}

/// A median, or a hyphen.
pub(crate) fn cell(line: &Line, column: Column) -> String {
    line.median(column).map_or_else(|| "-".into(), |median| line.measure.unit.show(median))
}

/// How many times better ours is than the best peer's, and whose that is.
pub(crate) fn against_best(line: &Line) -> String {
    let (Some(ours), Some((kind, theirs))) = (line.median(Column::Server(Kind::Zxfrd)), line.best_peer()) else {
        return String::new();
    };
    format!("{} × {kind}", digits(line.measure.unit.times_better(ours, theirs)))
}
