//! Programs from PyPI, each with its packages in an environment of its own below the workspace's `target`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Failure;

/// The folder with an environment's programs, which is made when it isn't there. `program` is one that the packages bring;
/// `packages` are as pip takes them, with versions.
///
/// # Errors
/// When there is no Python, or the packages can't be had.
pub fn environment(name: &str, program: &str, packages: &[&str]) -> Result<PathBuf, Failure> {
    let test = std::env::current_exe().map_err(|error| Failure::because("finding the test's own program", error))?;
    let target = test.ancestors().nth(3).unwrap_or_else(|| Path::new("target"));
    let folder = target.join("python").join(name);
    let bin = folder.join("bin");
    // Written last, so that half an installation isn't taken for one.
    let done = folder.join("packages");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&done).is_ok_and(|known| known == wanted) && bin.join(program).is_file() {
        return Ok(bin);
    }
    run("python3", [OsStr::new("-m"), OsStr::new("venv"), OsStr::new("--clear"), folder.as_os_str()])?;
    let options = ["install", "--quiet", "--disable-pip-version-check", "--no-input"];
    run(bin.join("pip"), options.iter().chain(packages))?;
    std::fs::write(&done, wanted).map_err(|error| Failure::because(done.display(), error))?;
    Ok(bin)
}

fn run<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = S>) -> Result<(), Failure> {
    let program = program.as_ref();
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| Failure::because(format_args!("running {}", program.display()), error))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Failure::new(format!("{}: {}", program.display(), String::from_utf8_lossy(&output.stderr)))),
    }
}
