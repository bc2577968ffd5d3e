//! Versions made of others: the same records with another serial, or with the digest that they have.

use std::fmt;

use zxfr_core::serial::Serial;
use zxfr_core::wire::{Record, Rtype};
use zxfr_core::zone::zonemd::{HashAlgorithm, Sha2};
use zxfr_core::zone::{BuildError, BuildLimits, Builder, Version};

/// Why a version can't be made of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Its SOA is signed, and whoever signs it is elsewhere.
    Signed,
    /// The records make no zone.
    Build(BuildError),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed => {
                f.write_str("the zone is signed elsewhere: the signature of its SOA would not be right any more")
            }
            Self::Build(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Unfit {}

impl From<BuildError> for Unfit {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
    }
}

/// The records of a version with another serial. Where it says its digest it says the one that it has then.
///
/// # Errors
/// When its SOA is signed.
pub(super) fn renumbered(version: &Version, serial: Serial) -> Result<Version, Unfit> {
    if is_signed(version) {
        return Err(Unfit::Signed);
    }
    let says_digest = version.rrset(version.apex(), Rtype::ZONEMD).next().is_some();
    let made = build(version, Some(serial), None)?;
    Ok(if says_digest { with_digest(&made)?.unwrap_or(made) } else { made })
}

/// A version with the digest that it has (RFC 8976 §3), in place of what it says of it. None if it is as it should be already, or
/// is signed: then whoever signs it has to do it.
///
/// # Errors
/// When the records make no zone.
pub(super) fn with_digest(version: &Version) -> Result<Option<Version>, Unfit> {
    if is_signed(version) {
        return Ok(None);
    }
    let Some(zonemd) = version.zonemd::<Sha2>(HashAlgorithm::Sha384) else { return Ok(None) };
    let rdata = zonemd.rdata();
    let record = version.zonemd_record(&rdata);
    let mut there = version.rrset(version.apex(), Rtype::ZONEMD);
    let first = there.next().is_some_and(|first| first.rdata == record.rdata);
    if first && there.next().is_none() {
        return Ok(None);
    }
    build(version, None, Some(&record)).map(Some).map_err(Unfit::from)
}

/// Whether somebody has signed its SOA.
fn is_signed(version: &Version) -> bool {
    let mut signatures = version.rrset(version.apex(), Rtype::RRSIG);
    while let Some(record) = signatures.next() {
        if record.rdata.first_chunk().is_some_and(|covered| u16::from_be_bytes(*covered) == Rtype::SOA.0) {
            return true;
        }
    }
    false
}

/// The records of a version, with another serial and another digest if these are given.
fn build(version: &Version, serial: Option<Serial>, digest: Option<&Record<'_>>) -> Result<Version, BuildError> {
    let mut builder = Builder::new(version.apex(), BuildLimits::default());
    let mut records = version.records();
    while let Some(record) = records.next() {
        match (record.rtype, serial) {
            (Rtype::SOA, Some(serial)) => {
                let mut rdata = record.rdata.to_vec();
                // SERIAL, REFRESH, RETRY, EXPIRE and MINIMUM are the last 20 octets (RFC 1035 §3.3.13).
                let at = rdata.len().saturating_sub(20);
                if let Some(octets) = rdata.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
                    *octets = serial.0.to_be_bytes();
                }
                builder.push_checked(&Record { rdata: &rdata, ..record })?;
            }
            (Rtype::ZONEMD, _) if digest.is_some() && record.owner == version.apex() => {}
            _ => {
                builder.push_checked(&record)?;
            }
        }
    }
    digest.map(|digest| builder.push_checked(digest)).transpose()?;
    builder.finish().map(|(version, _)| version)
}

#[cfg(test)]
mod tests {
    use super::super::gate::wrong_digest;
    use super::*;
    use crate::zone::{LoadOptions, load_text};
    use std::path::Path;

    fn version(text: &str) -> Version {
        let text = format!("$ORIGIN e.test.\n$TTL 60\n@ SOA ns . 7 1 1 100 1\n{text}");
        load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version
    }

    #[test]
    fn another_serial_and_all_else_the_same() {
        let before = version("@ NS a\nA A 192.0.2.1\nb TXT \"x\"\n");
        let after = renumbered(&before, Serial(9)).unwrap();
        assert_eq!((after.serial(), after.record_count()), (Serial(9), before.record_count()));
        let delta = before.diff(&after).unwrap();
        assert!(delta.deletions().next().is_none() && delta.additions().next().is_none(), "but the SOA");
    }

    #[test]
    fn a_digest_is_made_anew() {
        let plain = version("@ NS a\n");
        assert_eq!(renumbered(&plain, Serial(9)).unwrap().record_count(), 2, "none where there is none");
        let said = with_digest(&plain).unwrap().unwrap();
        assert_eq!((said.record_count(), said.serial(), wrong_digest(&said)), (3, Serial(7), None));
        assert!(said.rrset(said.apex(), Rtype::ZONEMD).next().is_some());
        assert_eq!(with_digest(&said).unwrap().map(|again| again.record_count()), None, "it is right already");
        let after = renumbered(&said, Serial(9)).unwrap();
        assert_eq!((after.record_count(), after.serial(), wrong_digest(&after)), (3, Serial(9), None));
    }

    #[test]
    fn what_is_signed_elsewhere_stays_as_it_is() {
        let signed = version("@ NS a\n@ RRSIG SOA 13 2 60 20330101000000 20231114000000 1 e.test. AAAA\n");
        assert_eq!(renumbered(&signed, Serial(9)).unwrap_err(), Unfit::Signed);
        assert!(with_digest(&signed).unwrap().is_none());
    }
}
