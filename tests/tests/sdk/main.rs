//! The management API as users drive it: by the official SDKs and by the README's own lines, between a `knotd` that has a zone
//! and those who are to get it.

mod alerts;
mod methods;
mod quickstart;
mod readme;
mod records;
mod scene;
mod script;
mod settings;

use std::path::PathBuf;
use std::sync::OnceLock;

use zxfr_tests::{Failure, packages};

/// The Python SDK, as pip takes it.
const PYTHON_SDK: &str = "cloudflare==5.9.0";
/// The npm SDK, as npm takes it.
const NPM_SDK: &str = "cloudflare@7.3.0";

/// Python that has the SDK. Tests that run side by side have it installed once.
fn python() -> Result<PathBuf, Failure> {
    static INSTALLED: OnceLock<Result<PathBuf, Failure>> = OnceLock::new();
    let bin = INSTALLED.get_or_init(|| packages::python("cloudflare", "python", &[PYTHON_SDK])).clone()?;
    Ok(bin.join("python"))
}
