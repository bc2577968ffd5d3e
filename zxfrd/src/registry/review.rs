//! Versions that were received and are not what is served: held until somebody has looked at them, rejected, or served with another
//! serial. What comes next from a primary differs from these; what is served grows by serials of its own.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use sha2::{Digest, Sha256};
use zxfr_core::edit::{Edit, Rules};
use zxfr_core::serial::Serial;
use zxfr_core::zone::{BuildLimits, Delta, DeltaBuilder, Version};

use super::editing::{EditFailure, Made};
use super::event::Event;
use super::gate;
use super::held::Held;
use super::keeping::{Form, Stored};
use super::renumber::{Unfit, renumbered};
use super::zone::{PublishError, Zone};
use crate::catalog::{Id, Review, ReviewState, Time, ZonemdCheck};
use crate::store::{StoreError, StoredZone, Write};

/// A version that was received and is not what is served.
#[derive(Clone, Debug)]
pub struct Received {
    /// As it came.
    pub version: Arc<Version>,
    /// Why it isn't served.
    pub review: Arc<Review>,
}

/// What was received of a zone, where that isn't what is served.
#[derive(Debug, Default)]
pub(super) struct Lane {
    received: RwLock<Option<Received>>,
    /// What the store has of it. Had by whoever changes what is received, before what is served.
    turn: Mutex<Stored>,
}

impl Lane {
    pub(super) fn received(&self) -> Option<Received> {
        self.received.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn turn(&self) -> MutexGuard<'_, Stored> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, received: Option<Received>) {
        *self.received.write().unwrap_or_else(PoisonError::into_inner) = received;
    }

    /// What the store has.
    pub(super) fn restore(&self, found: &StoredZone, review: Arc<Review>) {
        *self.turn() = Stored::of(found);
        self.set(Some(Received { version: found.version.clone(), review }));
    }
}

/// The id under which what was received of a zone is stored.
pub(super) fn lane_id(zone: Id) -> Id {
    let digest = Sha256::new().chain_update(b"received").chain_update(zone.0).finalize();
    digest.first_chunk().map_or(zone, |octets| Id(*octets))
}

/// What has become of a version that came.
#[derive(Clone, Debug)]
pub enum Placed {
    /// It is served.
    Served(Arc<Version>),
    /// It is held, and why.
    Held(Arc<Review>),
}

/// Why a version isn't published, rejected or taken up again. All is as before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewFailure {
    /// Nothing is held for review.
    Nothing,
    /// Nothing is served that could be gone back from.
    Empty,
    /// No version with this serial is kept.
    NotKept(Serial),
    /// This one is served.
    Served(Serial),
    /// It can't be served.
    Unfit(Unfit),
    /// The zone would break a rule.
    Rule(String),
    /// It could not be stored.
    Store(StoreError),
    /// The zone is gone.
    Gone,
}

impl fmt::Display for ReviewFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("no version of the zone is held for review"),
            Self::Empty => f.write_str("nothing is held of the zone yet"),
            Self::NotKept(serial) => write!(f, "no version with serial {serial} is kept"),
            Self::Served(serial) => write!(f, "the version with serial {serial} is served already"),
            Self::Unfit(unfit) => unfit.fmt(f),
            Self::Rule(what) => write!(f, "its records can't be taken up again: {what}"),
            Self::Store(error) => write!(f, "nothing was changed: {error}"),
            Self::Gone => f.write_str("the zone is gone"),
        }
    }
}

impl std::error::Error for ReviewFailure {}

impl From<Unfit> for ReviewFailure {
    fn from(unfit: Unfit) -> Self {
        Self::Unfit(unfit)
    }
}

impl From<PublishError> for ReviewFailure {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Store(error) => Self::Store(error),
            PublishError::Gone => Self::Gone,
            PublishError::Build(error) => Self::Unfit(Unfit::Build(error)),
            PublishError::Unfit(unfit) => Self::Unfit(unfit),
            PublishError::Shrunk(shrunk) => Self::Rule(shrunk.to_string()),
            PublishError::Held(review) => Self::Rule(review.to_string()),
            PublishError::Digest(what) => Self::Rule(what),
        }
    }
}

/// A version that can be taken up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptVersion {
    /// Its serial.
    pub serial: Serial,
    /// How many records the next one hasn't any more; none for the one that is served.
    pub removed: u64,
    /// How many records the next one has besides.
    pub added: u64,
}

impl Zone {
    /// The version that was received last, where that isn't what is served.
    #[must_use]
    pub fn received(&self) -> Option<Received> {
        self.held().lane().received()
    }

    /// What the next version that comes is compared with: what came last, whatever has become of it.
    #[must_use]
    pub fn base(&self) -> Option<Arc<Version>> {
        self.received().map_or_else(|| self.version(), |received| Some(received.version))
    }

    /// Serves a version that came, once it is durable, or holds it, if that is asked for. The deltas lead to it from what came before.
    pub(super) fn place(&self, version: Arc<Version>, deltas: &[Arc<Delta>]) -> Result<Placed, PublishError> {
        let publishing = self.publishing();
        if publishing.zonemd != ZonemdCheck::Off
            && let Some(what) = gate::wrong_digest(&version)
        {
            if publishing.zonemd == ZonemdCheck::Reject {
                return Err(PublishError::Digest(what));
            }
            tracing::warn!(zone = %self.name(), serial = %version.serial(), reason = %what, "the zone's digest is wrong");
        }
        let held = self.held();
        let turn = held.lane().turn();
        let now = Time::now();
        let reasons =
            self.version().map_or_else(Vec::new, |served| gate::reasons(publishing, &served, &version, now.seconds()));
        if !reasons.is_empty() {
            let review = Arc::new(Review { state: ReviewState::Pending, reasons, since: now });
            held.hold(turn, Received { version: version.clone(), review: review.clone() }, deltas)?;
            tracing::warn!(zone = %self.name(), serial = %version.serial(), reason = %review, "version held for review");
            self.tell(Event::Heard(self.id()));
            return Ok(Placed::Held(review));
        }
        self.serve_received(turn, version, deltas, self.max_shrink_percent()).map(Placed::Served)
    }

    /// Serves a version, or one with its records and a newer serial. The deltas lead to it from what came before.
    fn serve_received(
        &self,
        mut turn: MutexGuard<'_, Stored>,
        version: Arc<Version>,
        deltas: &[Arc<Delta>],
        most: u8,
    ) -> Result<Arc<Version>, PublishError> {
        let held = self.held();
        let (lane, announced) = (held.lane(), self.is_announced());
        let version = match (lane.received(), self.version()) {
            (Some(_), Some(served)) if version.serial().is_newer_than(served.serial()) => {
                let delta = Arc::new(served.diff(&version).map_err(PublishError::Build)?);
                let forget = Write::Forget { zone: lane_id(self.id()) };
                let version = held.put(version, &[delta], most, announced, &[forget])?;
                *turn = Stored::default();
                lane.set(None);
                version
            }
            (Some(_), Some(served)) => {
                let next = renumbered(&version, after(&served)).map_err(PublishError::Unfit)?;
                let (next, delta) = served.merge(next).map_err(PublishError::Build)?;
                let reasons = vec![format!("its records are served with serial {}", next.serial())];
                let review = Review { state: ReviewState::Renumbered, reasons, since: Time::now() };
                let received = Received { version, review: Arc::new(review) };
                let (received, writes, then) = held.lane_writes(&turn, received, &[]);
                let version = held.put(Arc::new(next), &[Arc::new(delta)], most, announced, &writes)?;
                *turn = then;
                lane.set(Some(received));
                version
            }
            _ => held.put(version, deltas, most, announced, &[])?,
        };
        self.changed();
        Ok(version)
    }

    /// Serves the version that is held for review, or was rejected. It waits for the store, so it is for blocking threads.
    ///
    /// # Errors
    /// Why it isn't served. All is as before.
    pub fn publish_received(&self) -> Result<Arc<Version>, ReviewFailure> {
        let held = self.held();
        let turn = held.lane().turn();
        let received = held.lane().received().filter(|received| received.review.state != ReviewState::Renumbered);
        let received = received.ok_or(ReviewFailure::Nothing)?;
        Ok(self.serve_received(turn, received.version, &[], 100)?)
    }

    /// The version that is held for review is not to be served. What comes after it is looked at anew.
    ///
    /// # Errors
    /// Why it stays as it is.
    pub fn reject_received(&self) -> Result<Received, ReviewFailure> {
        let held = self.held();
        let _turn = held.lane().turn();
        let received = held.lane().received().filter(|received| received.review.state == ReviewState::Pending);
        let Received { version, review } = received.ok_or(ReviewFailure::Nothing)?;
        let review = Arc::new(Review { state: ReviewState::Rejected, ..Review::clone(&review) });
        held.commit(vec![Write::Review { zone: lane_id(self.id()), review: review.clone() }])
            .map_err(ReviewFailure::Store)?;
        let received = Received { version, review };
        held.lane().set(Some(received.clone()));
        self.tell(Event::Heard(self.id()));
        Ok(received)
    }

    /// The versions whose records can be served again, the newest first: the one that is served, and those that its history leads
    /// back to.
    #[must_use]
    pub fn kept_versions(&self) -> Vec<KeptVersion> {
        let Some(served) = self.version() else { return Vec::new() };
        let mut versions = vec![KeptVersion { serial: served.serial(), removed: 0, added: 0 }];
        for delta in self.held().deltas().iter().rev() {
            let (mut removed, mut added) = (0, 0);
            let (mut deletions, mut additions) = (delta.deletions(), delta.additions());
            while deletions.next().is_some() {
                removed += 1;
            }
            while additions.next().is_some() {
                added += 1;
            }
            versions.push(KeptVersion { serial: delta.from(), removed, added });
        }
        versions
    }

    /// Serves the records of a version that is kept under a new serial. What comes next from primaries or the file is served as ever.
    /// It waits for the store, so it is for blocking threads.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub fn roll_back(&self, to: Serial) -> Result<Arc<Version>, ReviewFailure> {
        let held = self.held();
        let mut turn = held.lane().turn();
        let served = self.version().ok_or(ReviewFailure::Empty)?;
        if served.serial() == to {
            return Err(ReviewFailure::Served(to));
        }
        let kept = earlier(&served, &held.deltas(), to)?;
        if self.read_only().is_none() {
            drop(turn);
            self.take_up(kept)?;
            return self.version().ok_or(ReviewFailure::Empty);
        }
        let next = renumbered(&kept, after(&served))?;
        let (next, delta) = served.merge(next).map_err(Unfit::Build)?;
        let reasons = vec![format!("rolled back to serial {to}")];
        let review = Arc::new(Review { state: ReviewState::Rejected, reasons, since: Time::now() });
        let version = held.lane().received().map_or(served, |received| received.version);
        let (received, writes, then) = held.lane_writes(&turn, Received { version, review }, &[]);
        let version = held
            .put(Arc::new(next), &[Arc::new(delta)], 100, self.is_announced(), &writes)
            .map_err(PublishError::from)?;
        *turn = then;
        held.lane().set(Some(received));
        self.changed();
        Ok(version)
    }

    /// Changes the records of a zone that are changed here to those of an earlier version.
    fn take_up(&self, kept: Version) -> Result<(), ReviewFailure> {
        let rules = Rules { apex_cname: true, ..Rules::default() };
        let edited = self.edit(rules, move |edit: &mut Edit| {
            let delta = edit.held().diff(&kept).map_err(|error| error.to_string())?;
            let (mut deletions, mut additions) = (delta.deletions(), delta.additions());
            while let Some(record) = deletions.next() {
                edit.delete(&record);
            }
            while let Some(record) = additions.next() {
                edit.add(&record).map_err(|error| error.to_string())?;
            }
            edit.add(&kept.soa()).map_err(|error| error.to_string())?;
            Ok::<_, String>(Made::new(()))
        });
        edited.map(drop).map_err(|failure| match failure {
            EditFailure::Store(error) => ReviewFailure::Store(error),
            EditFailure::Gone => ReviewFailure::Gone,
            EditFailure::Empty => ReviewFailure::Empty,
            other => ReviewFailure::Rule(other.to_string()),
        })
    }
}

impl Held {
    /// Keeps a version that was received, and doesn't serve it.
    fn hold(
        &self,
        mut turn: MutexGuard<'_, Stored>,
        received: Received,
        deltas: &[Arc<Delta>],
    ) -> Result<(), PublishError> {
        if self.is_gone() {
            return Err(PublishError::Gone);
        }
        let (received, writes, then) = self.lane_writes(&turn, received, deltas);
        let (received, then) = match self.commit(writes) {
            // The store has something else than was thought.
            Err(StoreError::Refused(_)) => {
                let (received, writes, then) = self.lane_writes(&Stored::default(), received, &[]);
                self.commit(writes).map_err(PublishError::Store)?;
                (received, then)
            }
            written => {
                written.map_err(PublishError::Store)?;
                (received, then)
            }
        };
        *turn = then;
        self.lane().set(Some(received));
        Ok(())
    }

    /// What is to be written of a version that was received, what the store has then, and the version as it is best kept.
    fn lane_writes(
        &self,
        stored: &Stored,
        received: Received,
        deltas: &[Arc<Delta>],
    ) -> (Received, Vec<Write>, Stored) {
        let Received { version, review } = received;
        let zone = lane_id(self.id());
        let form = stored.form(&version, deltas, 0);
        let settled = form == Form::Deltas || version.is_settled();
        let version = if settled { version } else { Arc::new(version.settled()) };
        let (mut writes, then) = stored.writes(zone, &version, deltas, 0, form);
        writes.push(Write::Review { zone, review: review.clone() });
        (Received { version, review }, writes, then)
    }
}

/// The serial after the one that is served.
fn after(served: &Version) -> Serial {
    Serial(served.serial().0.wrapping_add(1))
}

/// The version with a serial, by what has become of it since.
fn earlier(served: &Arc<Version>, deltas: &[Arc<Delta>], serial: Serial) -> Result<Version, ReviewFailure> {
    let failed = |error: &dyn fmt::Display| ReviewFailure::Rule(error.to_string());
    if !deltas.iter().any(|delta| delta.from() == serial) {
        return Err(ReviewFailure::NotKept(serial));
    }
    let mut version: Option<Version> = None;
    for delta in deltas.iter().rev() {
        let mut back = DeltaBuilder::new(served.apex(), BuildLimits::default());
        let (mut deletions, mut additions) = (delta.deletions(), delta.additions());
        while let Some(record) = additions.next() {
            back.delete(&record).map_err(|error| failed(&error))?;
        }
        while let Some(record) = deletions.next() {
            back.add(&record).map_err(|error| failed(&error))?;
        }
        let back = back.finish(&delta.new_soa(), &delta.old_soa()).map_err(|error| failed(&error))?;
        let now = version.as_ref().unwrap_or(served);
        let applied = now.apply(&back, BuildLimits::default()).map_err(|error| failed(&error))?;
        if applied.version.serial() == serial {
            return Ok(applied.version);
        }
        version = Some(applied.version);
    }
    Err(ReviewFailure::NotKept(serial))
}

#[cfg(test)]
mod tests;
