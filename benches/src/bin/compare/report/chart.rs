//! The chart: bars for every server, one field for each of the main measures.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::About;
use crate::failure::{Because, Failure, Result};
use crate::kind::Column;
use crate::results::{Line, Results};

/// What is shown, if it was measured.
const SHOWN: [&str; 8] = [
    "axfr-1.rate",
    "axfr-1-signed.rate",
    "axfr-32.rate",
    "ixfr-out.rate",
    "in.seconds",
    "reload.delta",
    "ixfr-in.seconds",
    "memory.loaded",
];

const WIDTH: u32 = 900;
const ROW: u32 = 20;
const TITLE: u32 = 44;
/// Where bars begin within a field, and how long they are at most.
const LEFT: i32 = 84;
const LONGEST: f64 = 270.0;
const FONT: &str = "sans-serif";

/// The chart as SVG.
pub(crate) fn svg(about: &About, results: &Results) -> Result<String> {
    let lines: Vec<_> =
        SHOWN.iter().filter_map(|name| results.lines().iter().find(|line| line.measure.name == *name)).collect();
    if lines.is_empty() {
        return Err(Failure::new("there is nothing to draw: none of the chart's measures was measured"));
    }
    let pairs: Vec<_> = lines.chunks(2).collect();
    let tall = |pair: &[&Line]| pair.iter().map(|line| bars(about, line).len() as u32 * ROW + TITLE).max().unwrap_or(0);
    let height = 36 + pairs.iter().map(|pair| tall(pair)).sum::<u32>() + 8;
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE).because("the chart")?;
        let centred = (FONT, 18).into_font().color(&BLACK).pos(Pos::new(HPos::Center, VPos::Top));
        let subtitle = format!("{} records on loopback, {} processors", about.records, about.processors);
        area.draw(&Text::new(subtitle, (WIDTH as i32 / 2, 12), centred)).because("the chart")?;
        let mut top = 36;
        for pair in pairs {
            for (column, line) in pair.iter().enumerate() {
                field(&area, about, line, (column as i32 * WIDTH as i32 / 2 + 12, top)).because("the chart")?;
            }
            top += tall(pair) as i32;
        }
        area.present().because("the chart")?;
    }
    Ok(text)
}

/// The columns that have a number, in the order of the table.
fn bars(about: &About, line: &Line) -> Vec<(Column, f64)> {
    about.columns.iter().filter_map(|column| Some((*column, line.median(*column)?))).collect()
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// One measure: its title, and a bar for each column.
fn field(
    area: &Area<'_>,
    about: &About,
    line: &Line,
    (x, y): (i32, i32),
) -> std::result::Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let bars = bars(about, line);
    let most = bars.iter().fold(f64::MIN_POSITIVE, |most, (_, value)| most.max(*value));
    let better = if line.measure.unit.is_rate() { "more is better" } else { "less is better" };
    let title = format!("{} ({}; {better})", line.measure.title, line.measure.unit.name());
    let black = |size: i32| (FONT, size).into_font().color(&BLACK);
    area.draw(&Text::new(title, (x, y + 8), black(16)))?;
    for (number, (column, value)) in bars.into_iter().enumerate() {
        let top = y + 28 + number as i32 * ROW as i32;
        let middle = top + 8;
        let right = black(15).pos(Pos::new(HPos::Right, VPos::Center));
        area.draw(&Text::new(column.to_string(), (x + LEFT - 6, middle), right))?;
        let end = x + LEFT + ((value / most) * LONGEST).round().max(1.0) as i32;
        area.draw(&Rectangle::new([(x + LEFT, top + 1), (end, top + 15)], colour(column).filled()))?;
        let left = black(15).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(line.measure.unit.show(value), (end + 5, middle), left))?;
    }
    Ok(())
}

const fn colour(column: Column) -> RGBColor {
    use crate::kind::Kind;
    match column {
        Column::Server(Kind::Zxfrd) => RGBColor(214, 84, 28),
        Column::Server(_) => RGBColor(92, 122, 153),
        Column::Bound => RGBColor(190, 190, 190),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use crate::measure::{Measure, Unit};

    static RATE: Measure = Measure { name: "axfr-1.rate", title: "AXFR out", unit: Unit::RecordsPerSecond };

    #[test]
    fn a_chart_has_a_bar_for_each_number() {
        let columns = vec![Column::Server(Kind::Zxfrd), Column::Server(Kind::Knotd), Column::Bound];
        let about = About { records: 1000, rounds: 1, processors: 2, versions: vec![], columns };
        let mut results = Results::default();
        assert!(svg(&about, &results).is_err());
        results.add(&RATE, Column::Server(Kind::Zxfrd), 50e6);
        results.add(&RATE, Column::Server(Kind::Knotd), 3e6);
        let text = svg(&about, &results).unwrap();
        assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
        // Two bars and what is behind all.
        assert_eq!(text.matches("<rect").count(), 3);
        for said in ["Knot DNS", "zxfrd", "50.0 M", "3.00 M", "AXFR out"] {
            assert!(text.contains(said), "{said}");
        }
    }
}
