//! Packages from PyPI and npm, each set in a folder of its own below the workspace's `target`, installed once.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Failure;

/// What installing leaves behind when it is done: the names and versions of the packages.
const DONE: &str = "packages";

/// The folder with an environment's programs, which is made when it isn't there. `program` is one that must be there then;
/// `packages` are as pip takes them, with versions.
///
/// # Errors
/// When there is no Python, or the packages can't be had.
pub fn python(name: &str, program: &str, packages: &[&str]) -> Result<PathBuf, Failure> {
    let folder = target()?.join("python").join(name);
    let bin = folder.join("bin");
    if is_done(&folder, packages) && bin.join(program).is_file() {
        return Ok(bin);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let options = ["install", "--quiet", "--disable-pip-version-check", "--no-input"];
    run(Command::new(bin.join("pip")).args(options).args(packages))?;
    done(&folder, packages)?;
    Ok(bin)
}

/// The folder in which scripts find these packages, which is made when it isn't there. `packages` are as npm takes them, with
/// versions.
///
/// # Errors
/// When there is no npm, or the packages can't be had.
pub fn npm(name: &str, packages: &[&str]) -> Result<PathBuf, Failure> {
    let folder = target()?.join("npm").join(name);
    if is_done(&folder, packages) {
        return Ok(folder);
    }
    fs::create_dir_all(&folder).map_err(|error| Failure::because(folder.display(), error))?;
    // Without one npm would install into a folder above that has one.
    write(&folder.join("package.json"), r#"{ "private": true, "type": "module" }"#)?;
    let options = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline", "--fetch-retries=1"];
    run(Command::new("npm").current_dir(&folder).args(options).args(packages))?;
    done(&folder, packages)?;
    Ok(folder)
}

/// The folder that everything is built in.
fn target() -> Result<PathBuf, Failure> {
    let test = std::env::current_exe().map_err(|error| Failure::because("finding the test's own program", error))?;
    Ok(test.ancestors().nth(3).unwrap_or_else(|| Path::new("target")).to_owned())
}

fn is_done(folder: &Path, packages: &[&str]) -> bool {
    fs::read_to_string(folder.join(DONE)).is_ok_and(|known| known == packages.join("\n"))
}

/// Written last, so that half an installation isn't taken for one.
fn done(folder: &Path, packages: &[&str]) -> Result<(), Failure> {
    write(&folder.join(DONE), &packages.join("\n"))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::because(path.display(), error))
}

fn run(command: &mut Command) -> Result<(), Failure> {
    let output = command.stdin(Stdio::null()).output();
    let program = Path::new(OsStr::new(command.get_program())).display();
    let output = output.map_err(|error| Failure::because(format_args!("running {program}"), error))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Failure::new(format!("{program}: {}", String::from_utf8_lossy(&output.stderr)))),
    }
}
