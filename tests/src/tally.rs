//! Counting interop cases: each appends a line to `cases` in the folder that the
//! variable `ZXFR_TALLY` names, and `tests/run` adds them up.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

/// Notes that an interop case ran and passed.
pub fn ran(case: &str) {
    note("ran", case);
}

/// Notes that an interop case is skipped for want of what it needs, and says so on stderr.
///
/// # Panics
/// When `ZXFR_REQUIRE_PEERS` is `1`: then nothing may be missing.
pub fn lacking(case: &str, why: &str) {
    let required = std::env::var("ZXFR_REQUIRE_PEERS").is_ok_and(|value| value == "1");
    assert!(!required, "{case}: {why}, but ZXFR_REQUIRE_PEERS=1");
    skipped(case, why);
}

/// Notes that an interop case was skipped, and says so on stderr.
pub fn skipped(case: &str, why: &str) {
    // The test framework hides what a passing test prints through `eprintln!`.
    let _ = writeln!(std::io::stderr(), "SKIPPED {case}: {why}");
    note("skipped", &format!("{case}: {why}"));
}

/// Notes, also on stderr, that a peer cannot carry a zone, and why, and what is shown instead.
pub fn cannot(case: &str, why: &str, instead: &str) {
    let _ = writeln!(std::io::stderr(), "CANNOT {case}: {why}; instead: {instead}");
    note("cannot", &format!("{case}: {why}; instead: {instead}"));
}

fn note(kind: &str, case: &str) {
    let Some(folder) = std::env::var_os("ZXFR_TALLY").map(PathBuf::from) else {
        return;
    };
    let line = format!("{kind}\t{}\n", case.replace('\n', " "));
    // One append of a short line is whole even when test binaries run side by side.
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("cases"))
        .and_then(|mut file| file.write_all(line.as_bytes()));
    if let Err(error) = written {
        panic!("ZXFR_TALLY={}: {error}", folder.display());
    }
}
