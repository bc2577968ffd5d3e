//! One zone and one target: the query and its signature.

use super::Target;
use crate::client::{Error, MAX_QUERY, write_query};
use crate::clock;
use std::sync::Arc;
use std::time::Duration;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::notify::{Notify, notify_query};
use zxfr_core::refresh::Failure;
use zxfr_core::serial::Serial;
use zxfr_core::time::Instant;
use zxfr_core::tsig::{Mac, Verifier};
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::Version;

/// How old a signature may be that is sent once more: half of TSIG's fudge.
const SIGNATURE_AGE: Duration = Duration::from_secs(150);

/// The SOA that is announced.
pub(super) struct OwnedSoa {
    owner: Name,
    ttl: u32,
    rdata: Box<[u8]>,
    pub(super) serial: Serial,
}

impl OwnedSoa {
    pub(super) fn of(version: &Version) -> Self {
        let Record { owner, ttl, rdata, .. } = version.soa();
        Self { owner: owner.to_name(), ttl, rdata: rdata.into(), serial: version.serial() }
    }

    fn record(&self) -> Record<'_> {
        let Self { owner, ttl, rdata, .. } = self;
        Record { owner: owner.as_ref(), rtype: Rtype::SOA, class: Class::IN, ttl: *ttl, rdata }
    }
}

/// A target that is being told of a zone's version, or waits to be.
pub(super) struct Telling<M> {
    pub(super) zone: Name,
    pub(super) target: Target<M>,
    pub(super) soa: Arc<OwnedSoa>,
    pub(super) machine: Notify,
    /// When the version was announced.
    pub(super) since: Instant,
    /// Whether it has one of the target's places.
    pub(super) placed: bool,
    /// What was sent last.
    pub(super) query: Option<Query<M>>,
    /// What was wrong with an answer, in words.
    pub(super) fault: Option<(Failure, String)>,
}

/// A query that was sent, and may be again.
pub(super) struct Query<M> {
    pub(super) id: u16,
    pub(super) octets: Box<[u8]>,
    pub(super) verifier: Option<Verifier<M>>,
    pub(super) serial: Serial,
    signed_at: Instant,
}

impl<M: Mac> Query<M> {
    /// Announces this SOA.
    pub(super) fn new(zone: NameRef<'_>, soa: &OwnedSoa, target: &Target<M>, id: u16) -> Result<Self, Error> {
        let mut query = [0; MAX_QUERY];
        let write = |out: &mut [u8]| notify_query(out, zone, Some(&soa.record()), id);
        let (length, verifier) = write_query(&mut query, target.key.as_deref(), write)?;
        let signed_at = clock::now().instant;
        Ok(Self { id, octets: query[..length].into(), verifier, serial: soa.serial, signed_at })
    }

    /// Whether it may be sent for this serial as it is.
    pub(super) fn serves(&self, serial: Serial, now: Instant) -> bool {
        self.serial == serial && now.since(self.signed_at) < SIGNATURE_AGE
    }
}
