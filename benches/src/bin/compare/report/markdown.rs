//! The tables as Markdown, for the README.

use std::fmt::Write;

use super::About;
use super::table::{against_best, cell};
use super::targets::Target;
use crate::results::{Cell, Results};

/// What was run, medians, gaps, aims.
pub(crate) fn document(about: &About, results: &Results, targets: &[Target]) -> String {
    let mut text = format!("{}\n\n", about.sentence());
    text.push_str("| |");
    for column in &about.columns {
        let _ = write!(text, " {column} |");
    }
    text.push_str(" ahead of the best peer |\n|---|");
    text.push_str(&"--:|".repeat(about.columns.len() + 1));
    text.push('\n');
    for line in results.lines() {
        let _ = write!(text, "| {}, {} |", line.measure.title, line.measure.unit.name());
        for column in &about.columns {
            let shown = cell(line, *column);
            let _ = write!(text, " {} |", if shown == "-" { "" } else { &shown });
        }
        let _ = writeln!(text, " {} |", against_best(line));
    }
    let mut gaps = Vec::new();
    for line in results.lines() {
        for (column, cell) in &line.cells {
            if let Cell::Absent(why) = cell
                && !why.is_empty()
                && !gaps.iter().any(|gap: &String| gap.starts_with(&format!("{column} {why}")))
            {
                gaps.push(format!("{column} {why} ({})", line.measure.title));
            }
        }
    }
    if !gaps.is_empty() {
        let _ = write!(text, "\nLeft out: {}.\n", gaps.join("; "));
    }
    text.push_str("\n| aim | | measured | wanted | |\n|--:|---|--:|--:|---|\n");
    for target in targets {
        let (number, what) = (target.number, &target.what);
        let _ = writeln!(text, "| {number} | {what} | {} | {} | {} |", target.found(), target.aim(), target.verdict());
    }
    text
}
