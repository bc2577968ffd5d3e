//! Real zones from the folder that the variable `ZXFR_CORPUS` names.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use liblzma::read::XzDecoder;

use super::{Content, Zone};
use crate::Failure;

/// The signed root zone of 31 October 2025: 24,892 records with NSEC and ZONEMD.
///
/// Unpacked into `dir`; `None`, said on stderr, when `ZXFR_CORPUS` isn't set.
///
/// # Errors
/// When the file isn't in the corpus or can't be unpacked.
pub fn signed_root(dir: &Path) -> Result<Option<Zone>, Failure> {
    let file = "root-signed/root-2025103100.zone";
    unpack(dir, file, ".", 2_025_103_100, Content::SignedRoot)
}

/// .gov of August 2026: 47,807 records.
///
/// Unpacked into `dir`; `None`, said on stderr, when `ZXFR_CORPUS` isn't set.
///
/// # Errors
/// When the file isn't in the corpus or can't be unpacked.
pub fn gov(dir: &Path) -> Result<Option<Zone>, Failure> {
    let file = "gov/gov-1787383922.last.zone.xz";
    unpack(dir, file, "gov.", 1_787_383_922, Content::Gov)
}

fn unpack(dir: &Path, file: &str, name: &str, serial: u32, content: Content) -> Result<Option<Zone>, Failure> {
    let Some(corpus) = std::env::var_os("ZXFR_CORPUS").map(PathBuf::from) else {
        // Straight to stderr: `eprintln!` is hidden in tests that pass.
        let _ = writeln!(io::stderr(), "SKIPPED {file}: ZXFR_CORPUS is not set");
        return Ok(None);
    };
    let packed = corpus.join(file);
    let failed = |error| Failure::because(packed.display(), error);
    let input = File::open(&packed).map_err(failed)?;
    let mut input: Box<dyn Read> = match packed.extension().and_then(OsStr::to_str) {
        Some("gz") => Box::new(GzDecoder::new(input)),
        Some("xz") => Box::new(XzDecoder::new(input)),
        _ => Box::new(input),
    };
    let zone = Zone::write(dir, content, name, serial, "")?;
    let mut output = File::create(&zone.path).map_err(failed)?;
    io::copy(&mut input, &mut output).map_err(failed)?;
    Ok(Some(zone))
}
