//! Our own server's program, built for release when it isn't there.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Because, Failure, Result};

/// Builds zxfrd when cargo started this program, and gives its path.
pub(crate) fn zxfrd() -> Result<PathBuf> {
    let own = std::env::current_exe().because("finding this program")?;
    let folder = own.parent().ok_or_else(|| Failure::new("this program is in no folder"))?;
    // Beside target/release there may be target/debug, where this is.
    let folders = [Some(folder), folder.parent()];
    let name = format!("zxfrd{}", std::env::consts::EXE_SUFFIX);
    let candidates = || folders.into_iter().flatten().map(|folder| folder.join("../release").join(&name));
    if let Some(cargo) = std::env::var_os("CARGO") {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        eprintln!("building zxfrd for release");
        let mut command = Command::new(cargo);
        command.args(["build", "--release", "--quiet", "-p", "zxfrd", "--bin", "zxfrd", "--manifest-path"]).arg(top);
        let status = command.status().because("cargo build")?;
        if !status.success() {
            return Err(Failure::new(format!("cargo build of zxfrd ended with {status}")));
        }
    }
    let found = candidates().find(|path| path.is_file());
    let found =
        found.ok_or_else(|| Failure::new("zxfrd isn't built: `cargo build --release -p zxfrd`, or say --zxfrd"))?;
    found.canonicalize().because(found.display())
}
