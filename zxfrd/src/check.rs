//! `zxfrd check`: what is wrong with the configuration, the zone files and the store.

use std::io::{self, Write};
use std::path::Path;

use crate::api::Tls;
use crate::config::{self, Config, Source};
use crate::service::load_config;
use crate::store::Sqlite;
use crate::trust;
use crate::zone::{self, LoadOptions};

/// How many problems of one zone file are told.
const PROBLEMS: usize = 100;

/// Checks the configuration, every zone file it names, and the store if there is one. Problems and warnings are written to `out`, each on a line with
/// its file and line. Gives whether there is no problem.
///
/// # Errors
/// Those of `out`.
pub fn check(path: Option<&Path>, out: &mut impl Write) -> io::Result<bool> {
    let config = match load_config(path) {
        Ok(config) => config,
        Err(error) => {
            writeln!(out, "{error}")?;
            return Ok(false);
        }
    };
    let mut good = true;
    if let Some(file) = &config.alerts.cacert
        && let Err(what) = trust::certificates(file)
    {
        writeln!(out, "{what}")?;
        good = false;
    }
    if let Some(tls) = &config.api.tls
        && let Err(what) = Tls::read(&tls.cert, &tls.key)
    {
        writeln!(out, "{what}")?;
        good = false;
    }
    for entry in &config.zones {
        if let Source::File(file) = &entry.source {
            good &= check_zone(&file.path, entry, &config, out)?;
        }
    }
    if let config::Store::Sqlite(path) = &config.store
        && path.exists()
    {
        good &= check_store(path, out)?;
    }
    if good {
        writeln!(out, "configuration good: {} zones, {} peers", config.zones.len(), config.peers.len())?;
    }
    Ok(good)
}

/// Checks what is kept, which a daemon may have open.
fn check_store(path: &Path, out: &mut impl Write) -> io::Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(Sqlite::check_file(path)) {
        Err(error) => {
            writeln!(out, "{error}")?;
            Ok(false)
        }
        Ok(problems) => {
            for problem in &problems {
                writeln!(out, "store {}: {problem}", path.display())?;
            }
            if problems.is_empty() {
                writeln!(out, "store {} good", path.display())?;
            }
            Ok(problems.is_empty())
        }
    }
}

fn check_zone(file: &Path, entry: &config::Zone, config: &Config, out: &mut impl Write) -> io::Result<bool> {
    let apex = entry.name.as_ref();
    let options = LoadOptions {
        apex: Some(apex),
        max_octets: config.limits.max_zone_octets,
        max_problems: PROBLEMS,
        ..LoadOptions::default()
    };
    match zone::load(file, &options) {
        Err(error) => {
            writeln!(out, "{error}")?;
            Ok(false)
        }
        Ok(loaded) => {
            for warning in &loaded.warnings {
                writeln!(out, "{warning} (warning)")?;
            }
            let more = loaded.warning_count.saturating_sub(loaded.warnings.len() as u64);
            if more > 0 {
                writeln!(out, "{}: {more} more warnings", file.display())?;
            }
            let (records, serial) = (loaded.version.record_count(), loaded.version.serial());
            let most = config.limits.max_zone_records;
            if records > most {
                writeln!(
                    out,
                    "{}: {records} records are more than max_zone_records = {most} allows: raise it under [limits]",
                    file.display()
                )?;
                return Ok(false);
            }
            writeln!(out, "{}: zone {apex} good: serial {serial}, {records} records", file.display())?;
            Ok(true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_checked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("zxfrd.toml");
        std::fs::write(&file, "[api]\ntls_cert = \"api.crt\"\ntls_key = \"api.key\"\n[store]\nurl = \"memory:\"\n")
            .unwrap();
        let mut out = Vec::new();
        assert!(!check(Some(&file), &mut out).unwrap());
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("api.crt: ") && !text.contains("good"), "{text}");
    }

    #[test]
    fn the_certificates_that_those_of_webhooks_lead_to_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("zxfrd.toml");
        std::fs::write(&file, "[alerts]\ncacert = \"ca.pem\"\n[store]\nurl = \"memory:\"\n").unwrap();
        let told = || {
            let mut out = Vec::new();
            let good = check(Some(&file), &mut out).unwrap();
            (good, String::from_utf8(out).unwrap())
        };
        let (good, text) = told();
        assert!(!good && text.contains("ca.pem: "), "{text}");
        let certificate = include_str!("api/tests/tls/cert.pem");
        std::fs::write(folder.path().join("ca.pem"), certificate).unwrap();
        assert!(told().0, "{}", told().1);
    }

    #[test]
    fn the_store_is_checked_if_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let (file, store) = (folder.path().join("zxfrd.toml"), folder.path().join("kept.db"));
        std::fs::write(&file, "[store]\nurl = \"sqlite:kept.db\"\n").unwrap();
        let told = || {
            let mut out = Vec::new();
            let good = check(Some(&file), &mut out).unwrap();
            (good, String::from_utf8(out).unwrap())
        };
        assert_eq!(told(), (true, "configuration good: 0 zones, 0 peers\n".into()));
        assert!(!store.exists());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let place = config::Store::Sqlite(store.clone());
            crate::store::open(&place).await.unwrap().close().await;
        });
        let (good, text) = told();
        assert!(good && text.contains("kept.db good\n"), "{text}");
        std::fs::write(&store, "no database").unwrap();
        let (good, text) = told();
        assert!(!good && text.contains("kept.db: file is not a database"), "{text}");
    }
}
