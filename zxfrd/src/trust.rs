//! Whose certificates are trusted.

use std::path::Path;

use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

/// The certificates in a PEM file.
///
/// # Errors
/// When it can't be read, or there is none in it; the file is named.
pub(crate) fn certificates(file: &Path) -> Result<RootCerts, String> {
    let failed = |what: String| format!("{}: {what}", file.display());
    let text = std::fs::read(file).map_err(|error| failed(error.to_string()))?;
    let mut found: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&text) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(failed(error.to_string())),
        }
    }
    if found.is_empty() {
        return Err(failed("there is no certificate in it".to_owned()));
    }
    Ok(RootCerts::new_with_certs(&found))
}
