//! The folder of test data that the variable `ZXFR_CORPUS` names.

use std::io::Write;
use std::path::PathBuf;

/// A file or folder of the corpus; `None`, said on stderr, when the variable isn't set.
pub(crate) fn path(inside: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ZXFR_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        // Straight to stderr: `eprintln!` is hidden in tests that pass.
        let _ = writeln!(std::io::stderr(), "SKIPPED {inside}: ZXFR_CORPUS is not set");
    }
    folder.map(|folder| folder.join(inside))
}
