//! Whether versions have the digest that they say (ZONEMD, RFC 8976): once for each version, on blocking threads.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use zxfr_core::serial::Serial;
use zxfr_core::wire::Rtype;
use zxfr_core::zone::Version;
use zxfr_core::zone::zonemd::{Failure, Sha2, Verdict};

use crate::catalog::Id;

/// What is known of the digest of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    /// Nothing is wrong with it: it is right, there is none, or none of a kind that is known here.
    Good,
    /// It is wrong, and how.
    Wrong(String),
    /// That is being looked at.
    Unknown,
}

/// Which version of a zone: its serial, and how many transfers had brought one. The same serial may be transferred twice.
pub(super) type Which = (Serial, u64);

/// A digest that was looked at.
pub(super) type Checked = (Id, Which, Digest);

/// The digests of the zones that are asked for.
#[derive(Debug)]
pub(super) struct Digests {
    known: HashMap<Id, (Which, Digest)>,
    checked: mpsc::UnboundedSender<Checked>,
}

impl Digests {
    /// Gives what was looked at, one after the other, to be taken back with [`Digests::take`].
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Checked>) {
        let (checked, results) = mpsc::unbounded_channel();
        (Self { known: HashMap::new(), checked }, results)
    }

    /// How it is with a version. If that isn't known it will be.
    pub(super) fn of(&mut self, zone: Id, version: &Arc<Version>, transfers: u64) -> Digest {
        let which = (version.serial(), transfers);
        if let Some((_, digest)) = self.known.get(&zone).filter(|(known, _)| *known == which) {
            return digest.clone();
        }
        let is_there = version.rrset(version.apex(), Rtype::ZONEMD).next().is_some();
        let digest = if is_there { Digest::Unknown } else { Digest::Good };
        self.known.insert(zone, (which, digest.clone()));
        if is_there {
            let (version, checked) = (version.clone(), self.checked.clone());
            tokio::task::spawn_blocking(move || {
                // Nobody hears it when all ends.
                let _ = checked.send((zone, which, verdict(version.verify_zonemd::<Sha2>())));
            });
        }
        digest
    }

    /// Takes what was looked at.
    pub(super) fn take(&mut self, (zone, which, digest): Checked) {
        if let Some(known) = self.known.get_mut(&zone).filter(|(known, _)| *known == which) {
            known.1 = digest;
        }
    }

    pub(super) fn forget(&mut self, zone: Id) {
        self.known.remove(&zone);
    }
}

fn verdict(verdict: Verdict) -> Digest {
    match verdict {
        Verdict::Verified(_) | Verdict::Absent | Verdict::Failed(Failure::Unknown { .. }) => Digest::Good,
        Verdict::Failed(failure) => Digest::Wrong(failure.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::{LoadOptions, load_text};
    use std::path::Path;

    #[tokio::test]
    async fn each_version_is_looked_at_once() {
        let (mut digests, mut checked) = Digests::new();
        let (zone, other) = (Id([1; 16]), Id([2; 16]));
        let version = |serial: u32, zonemd: &str| {
            let text = format!("$ORIGIN example.\n@ 60 SOA ns . {serial} 1 1 1 1\n{zonemd}");
            Arc::new(load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version)
        };
        let wrong = version(7, &format!("@ 60 ZONEMD 7 1 1 {}\n", "ab".repeat(48)));
        let unknown = version(8, &format!("@ 60 ZONEMD 8 1 240 {}\n", "ab".repeat(48)));
        assert_eq!(digests.of(other, &version(7, ""), 1), Digest::Good);
        assert_eq!(digests.of(zone, &wrong, 1), Digest::Unknown);
        assert_eq!(digests.of(zone, &wrong, 1), Digest::Unknown);
        digests.take(checked.recv().await.unwrap());
        let Digest::Wrong(how) = digests.of(zone, &wrong, 1) else { panic!("it is wrong") };
        assert!(how.contains("SHA-384"), "{how}");
        assert!(checked.try_recv().is_err(), "once");
        // The same serial, transferred again, may be another version.
        assert_eq!(digests.of(zone, &wrong, 2), Digest::Unknown);
        assert_eq!(digests.of(zone, &unknown, 3), Digest::Unknown);
        for _ in 0..2 {
            digests.take(checked.recv().await.unwrap());
        }
        assert_eq!(digests.of(zone, &unknown, 3), Digest::Good, "of a kind that isn't known");
        digests.forget(zone);
        assert_eq!(digests.of(zone, &unknown, 3), Digest::Unknown);
    }
}
