//! One zone and one target: the query and its signature.

use super::{NotifyReport, Target};
use crate::client::{Error, MAX_QUERY, write_query};
use crate::clock;
use crate::reason::Reason;
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
/// How long the answer to what was sent is waited for before a newer serial is told: no answer is on its way for longer.
const UNDER_WAY: Duration = Duration::from_secs(1);

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
    /// When the query was last sent.
    pub(super) sent: Option<Instant>,
    /// What is to be told once that is answered, or will not be: the newest of what has come since.
    pub(super) next: Option<Next<M>>,
}

/// A version that is announced while the target is being told of the one before.
pub(super) struct Next<M> {
    pub(super) target: Target<M>,
    pub(super) soa: Arc<OwnedSoa>,
    pub(super) since: Instant,
}

impl<M> Telling<M> {
    /// Until when the answer to what was sent may be on its way: until it would be sent once more, at the latest.
    pub(super) fn under_way_until(&self, now: Instant) -> Option<Instant> {
        self.machine.telling()?;
        let until = self.sent?.after(UNDER_WAY);
        Some(self.machine.deadline(now).map_or(until, |again| again.min(until)))
    }

    /// How it ended.
    pub(super) fn report(&self, tries: u8, result: Result<(), Reason>, now: Instant) -> NotifyReport {
        NotifyReport {
            zone: self.zone.clone(),
            peer: self.target.addr,
            serial: self.soa.serial,
            tries,
            elapsed: now.since(self.since),
            result,
        }
    }

    /// When the next version is told if no answer comes before.
    pub(super) fn next_due(&self, now: Instant) -> Option<Instant> {
        self.next.as_ref().and_then(|_| self.under_way_until(now))
    }
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
