//! What a server must hold of a zone that changes.

use std::collections::HashSet;

use crate::history::{Step, Text};
use crate::records::{Exactness, Record, difference};
use crate::{Failure, line};

/// The records of one version of a zone, read from its text.
#[derive(Clone, Debug)]
pub struct Holding {
    records: HashSet<Record>,
}

impl Holding {
    /// Those of this version.
    ///
    /// # Errors
    /// When it has records that [`line`](mod@line) doesn't read.
    pub fn of(text: &Text<'_>) -> Result<Self, Failure> {
        let lines = std::iter::once(&text.soa).chain(&text.records);
        Ok(Self { records: lines.map(|text| line::read(text)).collect::<Result<_, _>>()? })
    }

    /// Those after this step.
    ///
    /// # Errors
    /// As [`Holding::of`], and when the step is not of this version.
    pub fn apply(&mut self, step: &Step<'_>) -> Result<(), Failure> {
        for text in std::iter::once(&step.old_soa).chain(&step.deletions) {
            if !self.records.remove(&line::read(text)?) {
                return Err(Failure::new(format!("not there to be deleted: {text}")));
            }
        }
        for text in std::iter::once(&step.new_soa).chain(&step.additions) {
            if !self.records.insert(line::read(text)?) {
                return Err(Failure::new(format!("there before it is added: {text}")));
            }
        }
        Ok(())
    }

    /// Fails a test unless an AXFR gave just these records, octet for octet, between its SOAs.
    ///
    /// # Panics
    /// When it gave others.
    pub fn assert_given(&self, case: &str, transferred: &[Record]) {
        let (last, found) = transferred.split_last().unwrap_or_else(|| panic!("{case}: nothing transferred"));
        assert_eq!(found.first(), Some(last), "{case}: first and last SOA");
        // In a set, so that a record in the place of another doesn't pass for it.
        let distinct: HashSet<&Record> = found.iter().collect();
        let same = found.len() == self.records.len() && distinct.len() == found.len();
        if !(same && found.iter().all(|record| self.records.contains(record))) {
            let expected: Vec<_> = self.records.iter().cloned().collect();
            panic!("{case}:\n{}", difference(&expected, found, Exactness::Octets));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_records_are_told() {
        let lines = ["z. 5 IN NS a.", "z. 5 IN NS b."];
        let text = Text { soa: "z. 5 IN SOA a. b. 1 2 3 4 5", records: lines.into() };
        let mut holding = Holding::of(&text).unwrap();
        let read = |lines: &[&str]| -> Vec<Record> { lines.iter().map(|text| line::read(text).unwrap()).collect() };
        holding.assert_given("same", &read(&[text.soa, lines[1], lines[0], text.soa]));
        let fails = |holding: &Holding, given: &[&str]| {
            let given = read(given);
            assert!(std::panic::catch_unwind(|| holding.assert_given("other", &given)).is_err());
        };
        fails(&holding, &[text.soa, lines[0], text.soa]);
        fails(&holding, &[text.soa, lines[0], lines[0], text.soa]);
        fails(&holding, &[text.soa, lines[0], "z. 6 IN NS b.", text.soa]);
        fails(&holding, &[text.soa, lines[0], lines[1]]);
        let step = Step {
            old_soa: text.soa,
            new_soa: "z. 5 IN SOA a. b. 2 2 3 4 5",
            deletions: vec![lines[0]],
            additions: vec!["z. 5 IN NS c."],
        };
        holding.apply(&step).unwrap();
        holding.assert_given("step", &read(&[step.new_soa, lines[1], "z. 5 IN NS c.", step.new_soa]));
        assert!(holding.apply(&step).is_err());
    }
}
