//! From the events of a transfer to the next version of a zone.

use super::apply::{Applied, ApplyError, ApplyFault};
use super::builder::{BuildError, BuildLimits, Builder, Summary};
use super::delta::{Delta, DeltaBuilder};
use super::portion::Both;
use super::version::{OwnedSoa, Version};
use crate::name::{Name, NameRef};
use crate::transfer::Event;
use crate::wire::{Record, Rtype, rdata};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

/// How a zone changed hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// It came whole.
    Whole,
    /// Differences came.
    Deltas,
}

/// The next version of a zone, and how it came about.
#[derive(Debug)]
pub struct Change {
    /// What was held when the transfer began, as [`Update::new`] was told.
    pub held: Option<Arc<Version>>,
    /// What is to be held from now on.
    pub version: Arc<Version>,
    /// The deltas from one to the other, oldest first. None when nothing was held, or when the serial isn't newer than that
    /// of what was held.
    pub deltas: Vec<Arc<Delta>>,
    /// What came.
    pub style: Style,
    /// What was noticed in it.
    pub summary: Summary,
}

/// Why what came makes no version.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateError {
    /// Records that can't stand in a zone, or not together.
    Build(BuildError),
    /// Differences that don't apply.
    Apply(ApplyError),
    /// Differences came, but there is no version that they could apply to.
    NothingHeld,
    /// An event came that can't come after the one before, or an SOA that isn't the zone's.
    Disorder,
    /// Nothing was committed: the transfer isn't over, or there was nothing newer.
    Unfinished,
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(error) => error.fmt(f),
            Self::Apply(error) => error.fmt(f),
            Self::NothingHeld => f.write_str("differences for a zone that is not held"),
            Self::Disorder => f.write_str("parts of a transfer that can't follow one another"),
            Self::Unfinished => f.write_str("the transfer has brought no version"),
        }
    }
}

impl core::error::Error for UpdateError {}

impl From<BuildError> for UpdateError {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
    }
}

impl From<ApplyError> for UpdateError {
    fn from(error: ApplyError) -> Self {
        Self::Apply(error)
    }
}

/// Takes the events of a transfer, AXFR or IXFR, and makes the next version of a zone from the one that is held. That one
/// stays as it is, and nothing else is visible before [`Update::commit`].
///
/// ```
/// # use zxfr_core::{time::Now, transfer::Inbound, tsig::NoMac, zone::Update};
/// // Takes one message of an answer, and says whether it was the last: then `update.commit()` gives the change, unless the
/// // peer had nothing newer.
/// fn take(
///     inbound: &mut Inbound<NoMac>,
///     update: &mut Update,
///     message: &[u8],
///     now: Now,
/// ) -> Result<bool, Box<dyn core::error::Error>> {
///     let mut events = inbound.handle_message(message, now)?;
///     while let Some(event) = events.next()? {
///         update.handle(&event)?;
///     }
///     Ok(inbound.is_done())
/// }
/// ```
///
/// After an error it is of no use. What it keeps is bounded by the limits of the transfer: of a whole zone the version being
/// built, of differences the deltas.
pub struct Update {
    apex: Name,
    held: Option<Arc<Version>>,
    limits: BuildLimits,
    part: Part,
    /// The difference sequences that are whole, not applied yet.
    deltas: Vec<Delta>,
    skipped: u64,
    committed: bool,
}

/// What is coming.
enum Part {
    Nothing,
    Zone(Box<Builder>),
    Delta(Box<Open>),
}

/// A difference sequence that isn't whole yet.
struct Open {
    delta: DeltaBuilder,
    old_soa: OwnedSoa,
    /// There once the additions have begun.
    new_soa: Option<OwnedSoa>,
}

impl Update {
    /// For the zone with this apex, of which `held` is the version that differences apply to.
    #[must_use]
    pub fn new(apex: NameRef<'_>, held: Option<Arc<Version>>, limits: BuildLimits) -> Self {
        let (part, deltas) = (Part::Nothing, Vec::new());
        Self { apex: apex.to_name(), held, limits, part, deltas, skipped: 0, committed: false }
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// When a record can't stand in the zone, or the event can't come here.
    pub fn handle(&mut self, event: &Event<'_>) -> Result<(), UpdateError> {
        if self.committed {
            return Err(UpdateError::Disorder);
        }
        match (event, &mut self.part) {
            (Event::Skipped(_), _) => self.skipped = self.skipped.saturating_add(1),
            (Event::Begin { soa }, Part::Nothing) => {
                let mut builder = Builder::new(self.apex.as_ref(), self.limits);
                builder.push_checked(soa)?;
                self.part = Part::Zone(Box::new(builder));
            }
            (Event::Add(record), Part::Zone(builder)) => {
                builder.push_checked(record)?;
            }
            (Event::Deletions { soa }, Part::Nothing | Part::Delta(_)) => {
                self.close()?;
                let delta = DeltaBuilder::new(self.apex.as_ref(), self.limits);
                self.part = Part::Delta(Box::new(Open { delta, old_soa: kept(soa)?, new_soa: None }));
            }
            (Event::Delete(record), Part::Delta(open)) if open.new_soa.is_none() => {
                open.delta.delete(record)?;
            }
            (Event::Additions { soa }, Part::Delta(open)) if open.new_soa.is_none() => {
                open.new_soa = Some(kept(soa)?);
            }
            (Event::Add(record), Part::Delta(open)) if open.new_soa.is_some() => {
                open.delta.add(record)?;
            }
            (Event::UpToDate { .. }, Part::Nothing) => {}
            (Event::Commit { .. }, Part::Zone(_) | Part::Delta(_)) => {
                self.close()?;
                self.committed = true;
            }
            _ => return Err(UpdateError::Disorder),
        }
        Ok(())
    }

    /// Takes records of the whole zone that come later, on another core; `None` when no whole zone is coming. It is given
    /// nothing but [`Event::Add`] and [`Event::Skipped`], and given to [`Update::join`].
    #[must_use]
    pub fn part(&self) -> Option<Self> {
        if self.committed || !matches!(self.part, Part::Zone(_)) {
            return None;
        }
        let part = Part::Zone(Box::new(Builder::new(self.apex.as_ref(), self.limits)));
        Some(Self { part, ..Self::new(self.apex.as_ref(), None, self.limits) })
    }

    /// Takes over the events that a part was given, as if they had come here.
    ///
    /// # Errors
    /// As [`Update::handle`], or when this isn't where records of a whole zone can come.
    pub fn join(&mut self, later: Self) -> Result<(), UpdateError> {
        match (&mut self.part, later.part) {
            (Part::Zone(builder), Part::Zone(part)) if !self.committed && !later.committed => builder.append(*part)?,
            _ => return Err(UpdateError::Disorder),
        }
        self.skipped = self.skipped.saturating_add(later.skipped);
        Ok(())
    }

    /// Ends a difference sequence, if one is open.
    fn close(&mut self) -> Result<(), UpdateError> {
        match core::mem::replace(&mut self.part, Part::Nothing) {
            Part::Delta(open) => {
                let Open { delta, old_soa, new_soa } = *open;
                let new_soa = new_soa.ok_or(UpdateError::Disorder)?;
                self.deltas.push(delta.finish(&old_soa.record(), &new_soa.record())?);
            }
            other => self.part = other,
        }
        Ok(())
    }

    /// The new version. For a large zone this takes long: run it where nobody waits for it.
    ///
    /// # Errors
    /// When no [`Event::Commit`] came, or what came makes no version.
    pub fn commit(self) -> Result<Change, UpdateError> {
        self.commit_on(None)
    }

    /// The same with two threads at work where that makes it sooner: large differences are applied in two halves.
    ///
    /// # Errors
    /// As [`Update::commit`].
    pub fn commit_in_two(self, both: Both) -> Result<Change, UpdateError> {
        self.commit_on(Some(both))
    }

    fn commit_on(self, both: Option<Both>) -> Result<Change, UpdateError> {
        if !self.committed {
            return Err(UpdateError::Unfinished);
        }
        match self.part {
            Part::Zone(builder) => whole(*builder, self.held, self.skipped),
            _ => {
                let held = self.held.ok_or(UpdateError::NothingHeld)?;
                apply(held, &self.deltas, self.limits, self.skipped, both)
            }
        }
    }
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { apex, held, deltas, .. } = self;
        f.debug_struct("Update").field("apex", apex).field("held", held).field("deltas", deltas).finish_non_exhaustive()
    }
}

fn kept(soa: &Record<'_>) -> Result<OwnedSoa, UpdateError> {
    OwnedSoa::of(soa).ok_or(UpdateError::Disorder)
}

/// The change that a whole zone makes.
fn whole(builder: Builder, held: Option<Arc<Version>>, skipped: u64) -> Result<Change, UpdateError> {
    let (version, mut summary) = builder.finish()?;
    summary.out_of_zone = summary.out_of_zone.saturating_add(skipped);
    let (version, delta) = match &held {
        None => (version, None),
        Some(held) => {
            let (version, delta) = held.merge(version)?;
            let newer = version.serial().is_newer_than(held.serial());
            (version, newer.then(|| Arc::new(delta)))
        }
    };
    let deltas = delta.into_iter().collect();
    Ok(Change { held, version: Arc::new(version), deltas, style: Style::Whole, summary })
}

/// The change that differences make: each of them is applied to what the one before made.
fn apply(
    held: Arc<Version>,
    came: &[Delta],
    limits: BuildLimits,
    skipped: u64,
    both: Option<Both>,
) -> Result<Change, UpdateError> {
    let mut summary = Summary { out_of_zone: skipped, ..Summary::default() };
    let mut version = held.clone();
    let mut deltas = Vec::with_capacity(came.len());
    for delta in came {
        // The SOA is deleted, too: one that differs isn't there to be deleted.
        let (ours, theirs) = (version.soa(), delta.old_soa());
        let same = rdata::canonical_cmp(Rtype::SOA, ours.rdata, theirs.rdata).is_eq();
        if version.serial() == delta.from() && !same {
            return Err(ApplyError::about(ApplyFault::Absent, &theirs).into());
        }
        let Applied { version: next, delta, ttls_levelled } = version.apply_on(delta, limits, both)?;
        summary.ttls_levelled = summary.ttls_levelled.saturating_add(ttls_levelled);
        deltas.push(Arc::new(delta));
        version = Arc::new(next);
    }
    if !version.serial().is_newer_than(held.serial()) {
        deltas.clear();
    }
    Ok(Change { held: Some(held), version, deltas, style: Style::Deltas, summary })
}

#[cfg(test)]
mod tests;
