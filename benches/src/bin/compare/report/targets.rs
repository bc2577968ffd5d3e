//! What was aimed at, and whether it holds.

use std::fmt::Write;

use crate::kind::{Column, Kind};
use crate::measure::digits;
use crate::results::Results;

/// Room that a transfer may take besides both versions' pages, in octets.
const PEAK_ROOM: f64 = (32 << 20) as f64;

/// An aim.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    /// Which of the aims.
    pub(crate) number: u8,
    /// What is compared with what.
    pub(crate) what: String,
    /// What there is to be.
    pub(crate) wanted: Wanted,
    /// What was measured; none when it wasn't.
    pub(crate) measured: Option<f64>,
    /// What follows a number.
    pub(crate) unit: &'static str,
}

/// What a number is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wanted {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Target {
    /// Whether it holds; none when it was not measured.
    pub(crate) fn holds(&self) -> Option<bool> {
        let measured = self.measured?;
        Some(match self.wanted {
            Wanted::AtLeast(least) => measured >= least,
            Wanted::AtMost(most) => measured <= most,
        })
    }

    /// What there is to be, in words.
    pub(crate) fn aim(&self) -> String {
        let (sign, number) = match self.wanted {
            Wanted::AtLeast(number) => ("≥", number),
            Wanted::AtMost(number) => ("≤", number),
        };
        format!("{sign} {}{}", short(number), self.unit)
    }

    /// What was measured, in words.
    pub(crate) fn found(&self) -> String {
        self.measured.map_or_else(|| "-".into(), |measured| format!("{}{}", digits(measured), self.unit))
    }

    /// Whether it holds and by how much not, in words.
    pub(crate) fn verdict(&self) -> String {
        let (Some(measured), Some(holds)) = (self.measured, self.holds()) else { return "not measured".into() };
        let missed = match self.wanted {
            Wanted::AtLeast(least) => (least - measured) / least,
            Wanted::AtMost(most) => (measured - most) / most,
        };
        if holds { "holds".into() } else { format!("falls short by {:.0} %", (missed * 100.0).max(1.0)) }
    }
}

fn short(number: f64) -> String {
    if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number}") }
}

/// All aims with what was measured.
pub(crate) fn all(results: &Results) -> Vec<Target> {
    let ours = |measure| results.median(measure, Column::Server(Kind::Zxfrd));
    let of = |measure, kind| results.median(measure, Column::Server(kind));
    let bound = |measure| results.median(measure, Column::Bound);
    let rate = |measure, kind| Some(ours(measure)? / of(measure, kind)?);
    let cost = |measure, kind| Some(of(measure, kind)? / ours(measure)?);
    let share = |measure| Some(100.0 * ours(measure)? / bound(measure)?);
    let best = |measure| results.best_peer(measure);
    let best_cost = |measure| Some(best(measure)?.1 / ours(measure)?);
    let named = |measure| best(measure).map_or_else(|| "the best peer".to_owned(), |(kind, _)| kind.title().to_owned());
    let fastest_in = best("in.seconds").map(|(kind, _)| kind);
    let sizes = ["ixfr-in.100k", "ixfr-in.1m", "ixfr-in.10m"].map(ours);
    let years = ours("history.octets").zip(ours("history.fresh")).map(|(years, fresh)| 100.0 * years / fresh);
    let sizes: Vec<_> = sizes.into_iter().flatten().collect();
    let slowest = sizes.iter().copied().reduce(f64::max).filter(|_| sizes.len() > 1);
    let spread = slowest.zip(sizes.iter().copied().reduce(f64::min)).map(|(slowest, fastest)| slowest / fastest);
    let sizes = if sizes.len() == 3 { "100 k, 1 M and 10 M" } else { "100 k and 1 M" };
    let least = |number, what: String, least, measured| Target {
        number,
        what,
        wanted: Wanted::AtLeast(least),
        measured,
        unit: " ×",
    };
    let most = |number, what: &str, most, measured, unit| Target {
        number,
        what: what.to_owned(),
        wanted: Wanted::AtMost(most),
        measured,
        unit,
    };
    let percent = |target: Target| Target { unit: " %", ..target };
    vec![
        least(1, "AXFR out, one client: faster than Knot DNS".into(), 12.0, rate("axfr-1.rate", Kind::Knotd)),
        percent(least(1, "the same, of the machine's bound".into(), 70.0, share("axfr-1.rate"))),
        least(1, "signed: faster than Knot DNS".into(), 8.0, rate("axfr-1-signed.rate", Kind::Knotd)),
        least(1, "CPU per record: less than Knot DNS".into(), 10.0, cost("axfr-1.cpu", Kind::Knotd)),
        least(1, "signed, CPU per record: less than Knot DNS".into(), 6.0, cost("axfr-1-signed.cpu", Kind::Knotd)),
        least(2, "32 clients: faster than NSD".into(), 4.0, rate("axfr-32.rate", Kind::Nsd)),
        percent(least(2, "the same, of the machine's bound".into(), 70.0, share("axfr-32.rate"))),
        least(
            2,
            format!("32 clients, signed: faster than {}", named("axfr-32-signed.rate")),
            5.0,
            best("axfr-32-signed.rate").and_then(|(kind, _)| rate("axfr-32-signed.rate", kind)),
        ),
        most(2, "memory for each client", 64.0, ours("memory.client").map(|octets| octets / 1024.0), " KiB"),
        least(3, format!("AXFR in, fresh start: faster than {}", named("in.seconds")), 6.0, best_cost("in.seconds")),
        least(
            3,
            format!("the same, CPU: less than {}", named("in.seconds")),
            5.0,
            fastest_in.and_then(|kind| cost("in.cpu", kind)),
        ),
        most(3, "memory at rest, as a secondary", 60.0, ours("in.rest"), " octets per record"),
        most(
            3,
            "peak during a transfer, besides both versions' pages",
            PEAK_ROOM / (1 << 20) as f64,
            ours("in.over").map(|octets| octets / (1 << 20) as f64),
            " MiB",
        ),
        least(
            4,
            "file changed by 1 %, delta served: faster than Knot DNS (aim: 8)".into(),
            4.0,
            cost("reload.delta", Kind::Knotd),
        ),
        least(5, "IXFR out: faster than Knot DNS".into(), 5.0, rate("ixfr-out.rate", Kind::Knotd)),
        least(5, format!("IXFR in: faster than {}", named("ixfr-in.seconds")), 4.0, best_cost("ixfr-in.seconds")),
        most(5, &format!("the same delta at {sizes} records: slowest to fastest"), 2.0, spread, " ×"),
        most(
            6,
            "octets of the signed root zone, of NSD's",
            100.0,
            cost("root.octets", Kind::Nsd).map(|times| 100.0 / times),
            " %",
        ),
        most(6, "octets of .gov after its history, of a fresh zone's", 110.0, years, " %"),
        least(
            7,
            format!("AXFR in until durable: faster than {}", named("kept.seconds")),
            4.0,
            best_cost("kept.seconds"),
        ),
    ]
}

/// The aims as a table for a terminal.
pub(crate) fn table(targets: &[Target]) -> String {
    let mut text = format!("{:66}{:>22}{:>26}\n", "targets", "measured", "aim");
    for target in targets {
        let Target { number, what, .. } = target;
        let _ = writeln!(text, "{number}  {what:63}{:>22}{:>26}   {}", target.found(), target.aim(), target.verdict());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(wanted: Wanted, measured: Option<f64>) -> Target {
        Target { number: 1, what: "speed".into(), wanted, measured, unit: " ×" }
    }

    #[test]
    fn verdicts_say_by_how_much() {
        let said = |wanted, measured| target(wanted, measured).verdict();
        assert_eq!(said(Wanted::AtLeast(12.0), Some(12.0)), "holds");
        assert_eq!(said(Wanted::AtLeast(12.0), Some(9.0)), "falls short by 25 %");
        assert_eq!(said(Wanted::AtMost(60.0), Some(60.0)), "holds");
        assert_eq!(said(Wanted::AtMost(60.0), Some(75.0)), "falls short by 25 %");
        assert_eq!(said(Wanted::AtMost(60.0), Some(60.1)), "falls short by 1 %");
        assert_eq!(said(Wanted::AtMost(60.0), None), "not measured");
    }

    #[test]
    fn nothing_measured_holds_nothing() {
        let targets = all(&Results::default());
        assert!(targets.iter().all(|target| target.holds().is_none()));
        assert!((1..=7).all(|number| targets.iter().any(|target| target.number == number)));
        assert!(table(&targets).contains("not measured"));
    }
}
