//! Tables in documentation that say which tests prove what: are the tests there?

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The tests that a table names: what stands between backquotes in the last column of lines that begin with `//! |`.
pub fn in_table(text: &str) -> BTreeSet<&str> {
    let rows = text.lines().filter(|line| line.starts_with("//! |"));
    let columns = rows.filter_map(|line| line.trim_end().trim_end_matches('|').rsplit('|').next());
    columns.flat_map(|column| column.split('`').skip(1).step_by(2)).collect()
}

/// Those of the names that no function has in the workspace's packages.
///
/// # Panics
/// When a source file can't be read.
pub fn missing<'a>(names: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let mut missing = names.clone();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new("."));
    let mut folders: Vec<_> = ["zxfr-core", "zxfr-io", "zxfrd", "tests"]
        .iter()
        .flat_map(|package| ["src", "tests"].map(|folder| root.join(package).join(folder)))
        .filter(|folder| folder.is_dir())
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(path).unwrap();
                missing.retain(|name| !is_test(&text, name));
            }
        }
    }
    missing
}

/// Whether there is a function of this name that is run as a test.
fn is_test(text: &str, name: &str) -> bool {
    let named = format!("fn {name}(");
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    lines.iter().enumerate().filter(|(_, line)| line.contains(&named)).any(|(at, _)| {
        let attributes = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        attributes.into_iter().any(|line| line.contains("test]") || line.contains("test("))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_column_names_tests() {
        let text = "//! | a `b` | `c`, `d` |\n//! text `e`\n//! |---|---|\n";
        assert_eq!(in_table(text), ["c", "d"].into());
    }

    #[test]
    fn what_is_no_test_is_missing() {
        let names = ["what_is_no_test_is_missing", "is_test", "nowhere_to_be_found"].into();
        assert_eq!(missing(&names), ["is_test", "nowhere_to_be_found"].into());
    }
}
