//! All numbers as JSON.

use serde_json::{Value, json};

use super::About;
use super::targets::Target;
use crate::kind::Column;
use crate::results::{Cell, Results};

/// What was run, and of each measure the numbers of all rounds, by the servers' program names; the aims; what went wrong.
pub(crate) fn document(about: &About, results: &Results, targets: &[Target]) -> Value {
    let measures: Vec<_> = results
        .lines()
        .iter()
        .map(|line| {
            let columns: serde_json::Map<_, _> = line
                .cells
                .iter()
                .filter_map(|(column, cell)| {
                    let value = match cell {
                        Cell::Samples(samples) => json!({ "median": line.median(*column), "samples": samples }),
                        Cell::Absent(why) if why.is_empty() => return None,
                        Cell::Absent(why) => json!({ "left_out": why }),
                    };
                    Some((key(*column).to_owned(), value))
                })
                .collect();
            let measure = line.measure;
            json!({ "name": measure.name, "title": measure.title, "unit": measure.unit.name(), "columns": columns })
        })
        .collect();
    let targets: Vec<_> = targets
        .iter()
        .map(|target| {
            json!({
                "number": target.number,
                "what": target.what,
                "aim": target.aim(),
                "measured": target.measured,
                "holds": target.holds(),
            })
        })
        .collect();
    json!({
        "records": about.records,
        "rounds": about.rounds,
        "processors": about.processors,
        "versions": about.versions,
        "measures": measures,
        "targets": targets,
        "wrong": results.troubles(),
    })
}

const fn key(column: Column) -> &'static str {
    match column {
        Column::Server(kind) => kind.program(),
        Column::Bound => "bound",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use crate::measure::{Measure, Unit};

    static TIME: Measure = Measure { name: "time", title: "a time", unit: Unit::Seconds };

    #[test]
    fn it_has_every_number() {
        let mut results = Results::default();
        [3.0, 1.0, 2.0].into_iter().for_each(|value| results.add(&TIME, Column::Server(Kind::Pdns), value));
        results.leave_out(&TIME, Column::Server(Kind::Nsd), "it has none");
        results.trouble("nothing worked".into());
        let about = About { records: 7, rounds: 3, processors: 2, versions: vec!["NSD 4".into()], columns: vec![] };
        let text = document(&about, &results, &[]);
        let columns = &text["measures"][0]["columns"];
        assert_eq!(columns["pdns_server"], json!({ "median": 2.0, "samples": [3.0, 1.0, 2.0] }));
        assert_eq!(columns["nsd"]["left_out"], "it has none");
        assert_eq!((&text["records"], &text["wrong"][0]), (&json!(7), &json!("nothing worked")));
    }
}
