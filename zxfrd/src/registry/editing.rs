//! Records of a zone changed here: one change after the other, each with its serial and its delta. Changes that wait while one
//! is being stored share the next commit, so that many at once cost little more than one.

use std::collections::VecDeque;
use std::fmt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zxfr_core::edit::{Edit, EditError, Rules};
use zxfr_core::serial::Serial;
use zxfr_core::time::UnixTime;
use zxfr_core::zone::{Change, Delta, Version};

use super::event::Event;
use super::held::{Held, Standing};
use super::renumber::with_digest;
use super::soa;
use super::zone::{Source, Zone};
use crate::catalog::Time;
use crate::store::{StoreError, Write};

/// So many changes share a commit at most.
const MOST_TOGETHER: usize = 256;

/// What is to be written together with a change, or alone where there is none.
pub type Besides = Box<dyn FnOnce(Option<&Change>) -> Vec<Write> + Send>;

/// What was made in an edit.
pub struct Made<T> {
    /// What whoever asked for it is told.
    pub value: T,
    /// Called when it is known what the zone changes by, before that is durable.
    pub besides: Besides,
    /// Called once all of it is durable and served, before the next edit.
    pub then: Box<dyn FnOnce() + Send>,
}

impl<T> Made<T> {
    /// Only what was changed in the zone.
    pub fn new(value: T) -> Self {
        Self { value, besides: Box::new(|_| Vec::new()), then: Box::new(|| ()) }
    }
}

/// What has come of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edited<T> {
    /// What the edit gave.
    pub value: T,
    /// The serial of the version that has it.
    pub serial: Serial,
    /// Whether that version is there because of it: an edit that changes nothing makes none.
    pub changed: bool,
}

/// Why the records of a zone were not changed. All is as before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditFailure<E> {
    /// Its records are not changed here, and where they come from, in words.
    ReadOnly(&'static str),
    /// Nothing is held of the zone yet.
    Empty,
    /// Whoever made the edit gave it up.
    GivenUp(E),
    /// The zone would break a rule.
    Rule(EditError),
    /// It could not be stored.
    Store(StoreError),
    /// The zone is gone.
    Gone,
    /// It was broken off by a fault of the program.
    Broken,
}

impl<E: fmt::Display> fmt::Display for EditFailure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly(origin) => write!(f, "its records are not changed here: {origin}"),
            Self::Empty => f.write_str("nothing is held of the zone yet"),
            Self::GivenUp(error) => error.fmt(f),
            Self::Rule(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
            Self::Gone => f.write_str("the zone is gone"),
            Self::Broken => f.write_str("the change was broken off: see what there is now"),
        }
    }
}

impl<E: fmt::Display + fmt::Debug> std::error::Error for EditFailure<E> {}

/// Edits of a zone that wait, in order of coming.
#[derive(Default)]
pub(super) struct Edits(Mutex<Line>);

#[derive(Default)]
struct Line {
    waiting: VecDeque<Box<dyn Waiting>>,
    /// Whether somebody performs edits.
    led: bool,
}

impl fmt::Debug for Edits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edits").field("waiting", &self.line().waiting.len()).finish_non_exhaustive()
    }
}

impl Edits {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.line().waiting.len()
    }

    fn push(&self, edit: Box<dyn Waiting>) {
        let mut line = self.line();
        line.waiting.push_back(edit);
        if !line.led
            && let Some(first) = line.waiting.front()
        {
            first.lead();
            line.led = true;
        }
    }
}

/// Whoever performs edits. When it stops, somehow, the next one who waits does.
struct Leading<'e>(&'e Edits);

impl Leading<'_> {
    fn take(&self) -> Vec<Box<dyn Waiting>> {
        let mut line = self.0.line();
        let some = line.waiting.len().min(MOST_TOGETHER);
        line.waiting.drain(..some).collect()
    }
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        let mut line = self.0.line();
        line.led = line.waiting.front().inspect(|next| next.lead()).is_some();
    }
}

/// An edit that waits to be performed.
trait Waiting: Send {
    /// Tells who waits to perform edits.
    fn lead(&self);

    /// What holds for the edit.
    fn rules(&self) -> Rules;

    /// Makes the edit, or tells why not.
    fn make(self: Box<Self>, edit: &mut Edit) -> Option<Box<dyn Ready>>;

    fn fail(self: Box<Self>, failure: EditFailure<()>);
}

/// An edit that was made and is not served yet.
trait Ready: Send {
    fn besides(&mut self, change: Option<&Change>) -> Vec<Write>;

    fn done(self: Box<Self>, serial: Serial, changed: bool);

    fn fail(self: Box<Self>, failure: EditFailure<()>);
}

/// What is told to who waits.
enum Told<T, E> {
    /// It is its turn to perform edits, its own first.
    Lead,
    Ended(Result<Edited<T>, EditFailure<E>>),
}

type Make<T, E> = Box<dyn FnOnce(&mut Edit) -> Result<Made<T>, E> + Send>;

struct Wanted<T, E> {
    rules: Rules,
    make: Make<T, E>,
    tell: Sender<Told<T, E>>,
}

struct Performed<T, E> {
    value: T,
    besides: Option<Besides>,
    then: Box<dyn FnOnce() + Send>,
    tell: Sender<Told<T, E>>,
}

/// A failure that isn't the maker's.
fn others<E>(failure: EditFailure<()>) -> EditFailure<E> {
    match failure {
        EditFailure::ReadOnly(origin) => EditFailure::ReadOnly(origin),
        EditFailure::Empty => EditFailure::Empty,
        EditFailure::Rule(error) => EditFailure::Rule(error),
        EditFailure::Store(error) => EditFailure::Store(error),
        EditFailure::Gone => EditFailure::Gone,
        EditFailure::Broken | EditFailure::GivenUp(()) => EditFailure::Broken,
    }
}

// Whoever waits may be gone: that changes nothing.
impl<T: Send + 'static, E: Send + 'static> Waiting for Wanted<T, E> {
    fn lead(&self) {
        let _ = self.tell.send(Told::Lead);
    }

    fn rules(&self) -> Rules {
        self.rules
    }

    fn make(self: Box<Self>, edit: &mut Edit) -> Option<Box<dyn Ready>> {
        let Self { make, tell, .. } = *self;
        match make(edit) {
            Ok(Made { value, besides, then }) => {
                Some(Box::new(Performed { value, besides: Some(besides), then, tell }))
            }
            Err(error) => {
                let _ = tell.send(Told::Ended(Err(EditFailure::GivenUp(error))));
                None
            }
        }
    }

    fn fail(self: Box<Self>, failure: EditFailure<()>) {
        let _ = self.tell.send(Told::Ended(Err(others(failure))));
    }
}

impl<T: Send, E: Send> Ready for Performed<T, E> {
    fn besides(&mut self, change: Option<&Change>) -> Vec<Write> {
        self.besides.take().map(|besides| besides(change)).unwrap_or_default()
    }

    fn done(self: Box<Self>, serial: Serial, changed: bool) {
        let Self { value, then, tell, .. } = *self;
        then();
        let _ = tell.send(Told::Ended(Ok(Edited { value, serial, changed })));
    }

    fn fail(self: Box<Self>, failure: EditFailure<()>) {
        let _ = self.tell.send(Told::Ended(Err(others(failure))));
    }
}

impl Zone {
    /// Changes records: what `make` does to the edit becomes a version with a serial of its own, served once it is durable; or
    /// nothing does. Edits are performed one after the other, each upon what the one before has made. It waits for the store, so
    /// it is for blocking threads.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub fn edit<T: Send + 'static, E: Send + 'static>(
        &self,
        rules: Rules,
        make: impl FnOnce(&mut Edit) -> Result<Made<T>, E> + Send + 'static,
    ) -> Result<Edited<T>, EditFailure<E>> {
        if let Some(origin) = self.read_only() {
            return Err(EditFailure::ReadOnly(origin));
        }
        self.begin();
        let (tell, told) = channel();
        let held = self.held();
        held.edits().push(Box::new(Wanted { rules, make: Box::new(make), tell }));
        wait(&told, || self.perform(&held))
    }

    /// Why records aren't changed here, if they are not.
    #[must_use]
    pub const fn read_only(&self) -> Option<&'static str> {
        match self.source() {
            Source::Nowhere if self.is_full() => None,
            Source::Nowhere => Some("the zone is a secondary, whose records come from its primaries"),
            Source::File(_) => Some("they come from the zone's file"),
            Source::Incoming(..) => Some("they come from the zone's primaries"),
        }
    }

    /// Performs edits that wait.
    fn perform(&self, held: &Held) {
        let leading = Leading(held.edits());
        let stored = held.stored();
        let edits = leading.take();
        let gone = if held.is_gone() { Some(EditFailure::Gone) } else { None };
        let (Some(before), None) = (held.current(), &gone) else {
            let failure = gone.unwrap_or(EditFailure::Empty);
            edits.into_iter().for_each(|edit| edit.fail(failure.clone()));
            return;
        };
        held.notes().begin();
        let mut batch = Batch { version: before, deltas: Vec::new(), besides: Vec::new(), ready: Vec::new() };
        edits.into_iter().for_each(|edit| batch.make(edit, self, held));
        let Batch { version, deltas, besides, ready } = batch;
        let announced = !self.targets().is_empty();
        let result = if deltas.is_empty() {
            let written = held.write_besides(besides);
            drop(stored);
            written
        } else {
            held.serve(stored, version, &deltas, &besides, announced).map(|_| {
                // It isn't what primaries have confirmed any more, if it came from some.
                if held.standing().state.last_success.is_some() {
                    held.set_standing(Standing::default());
                }
                held.set_ours(true);
                self.changed();
            })
        };
        match result {
            Ok(()) => ready.into_iter().for_each(|(edit, serial, changed)| edit.done(serial, changed)),
            Err(error) => {
                ready.into_iter().for_each(|(edit, ..)| edit.fail(EditFailure::Store(error.clone())));
            }
        }
    }

    /// A change of a version to one with the digest that it has, if the zone's versions are to say theirs.
    fn digested_change(&self, before: &Version, change: Change) -> Change {
        if !self.says_digest() {
            return change;
        }
        let serial = change.version.serial();
        let digested = with_digest(&change.version)
            .and_then(|digested| Ok(digested.map(|digested| before.merge(digested)).transpose()?));
        match digested {
            Ok(None) => change,
            Ok(Some((version, delta))) => {
                Change { version: Arc::new(version), deltas: vec![Arc::new(delta)], ..change }
            }
            Err(reason) => {
                tracing::error!(zone = %self.name(), %serial, %reason, "the version says no digest");
                change
            }
        }
    }

    /// Another version is served.
    pub(super) fn changed(&self) {
        self.dealings().changed = Some(Time::now());
        self.tell(Event::Changed(self.name().to_name()));
    }
}

/// Edits that are to be stored together.
struct Batch {
    version: Arc<Version>,
    deltas: Vec<Arc<Delta>>,
    besides: Vec<Write>,
    ready: Vec<(Box<dyn Ready>, Serial, bool)>,
}

impl Batch {
    fn make(&mut self, waiting: Box<dyn Waiting>, zone: &Zone, held: &Held) {
        let mut edit = Edit::new(self.version.clone(), waiting.rules());
        let Some(mut ready) = waiting.make(&mut edit) else { return };
        let settled = soa::settle(&held.soa(), &mut edit);
        let finished = settled.and_then(|()| edit.finish(zone.serial_policy(), UnixTime(Time::now().seconds())));
        match finished.map(|change| change.map(|change| zone.digested_change(&self.version, change))) {
            Ok(change) => {
                self.besides.extend(ready.besides(change.as_ref()));
                let changed = change.is_some();
                if let Some(Change { version, deltas, .. }) = change {
                    self.besides.extend(held.notes().follow(held.id(), &version, &deltas));
                    self.version = version;
                    self.deltas.extend(deltas);
                }
                self.ready.push((ready, self.version.serial(), changed));
            }
            Err(error) => ready.fail(EditFailure::Rule(error)),
        }
    }
}

/// Waits for how an edit ends, and performs edits when told to.
fn wait<T, E>(told: &Receiver<Told<T, E>>, perform: impl Fn()) -> Result<Edited<T>, EditFailure<E>> {
    loop {
        match told.recv() {
            Ok(Told::Lead) => perform(),
            Ok(Told::Ended(result)) => return result,
            Err(_) => return Err(EditFailure::Broken),
        }
    }
}

#[cfg(test)]
mod tests;
