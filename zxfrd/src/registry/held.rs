//! What is held of a zone, whatever the configuration says of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use zxfr_core::journal::{Answer, Journal, JournalLimits, LookedUp, Unrendered};
use zxfr_core::refresh::State;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::Totals;
use zxfr_core::zone::{Delta, Version};

use super::editing::Edits;
use super::keeping::{Form, Keeping, Stored};
use super::notes::Notes;
use super::review::Lane;
use super::shrink::{HeldBack, Shrunk};
use super::standing::Dealings;
use crate::catalog::{Id, SoaSettings};
use crate::files::Stamps;
use crate::logging;
use crate::store::{Damaged, StoreError, StoredZone, Write};

/// What is held of a zone.
#[derive(Debug)]
pub(super) struct Held {
    id: Id,
    keeping: Arc<Keeping>,
    /// What the store has. Had by whoever brings another version, until it is durable and served; nobody who is answered
    /// waits for that.
    stored: Mutex<Stored>,
    /// Nothing more is written of it.
    gone: AtomicBool,
    /// What is held was made or changed here.
    ours: AtomicBool,
    /// What the store has is damaged, and there is nothing in its place yet.
    damaged: Mutex<Option<Damaged>>,
    /// What is served. Whoever changes it has the ledger; anybody reads it.
    current: RwLock<Option<Arc<Version>>>,
    /// How the zone stands with its primaries.
    standing: RwLock<Standing>,
    /// What has been between the zone and others.
    dealings: Mutex<Dealings>,
    /// The last transfer that brought a version, for those who wait for it.
    transferred: watch::Sender<Option<Transferred>>,
    ledger: Mutex<Ledger>,
    /// Changes of records that wait.
    edits: Edits,
    notes: Notes,
    /// What the SOA has to have, if the zone's records are changed here. It is here, since who makes an edit may have the zone as
    /// an older configuration has it.
    soa: RwLock<SoaSettings>,
    lane: Lane,
    /// Had by whoever loads the zone: one at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// How a zone stands with its primaries.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// Whether no primary has confirmed the version for longer than the SOA's EXPIRE.
    pub(super) expired: bool,
    pub(super) state: State,
}

/// A transfer that brought a version.
#[derive(Clone, Copy, Debug)]
pub struct Transferred {
    /// What it was.
    pub kind: logging::Kind,
    /// The serial before.
    pub from: Option<Serial>,
    /// The serial that came.
    pub to: Serial,
    /// What came.
    pub totals: Totals,
    /// From the request until it was served.
    pub elapsed: Duration,
}

/// What goes along with the version.
#[derive(Debug)]
struct Ledger {
    /// How the version came about.
    journal: Journal,
    limits: JournalLimits,
    held_back: HeldBack,
    file: Option<LastRead>,
    /// Answers being rendered, without the ledger.
    rendering: Vec<Rendering>,
}

/// An answer to IXFR being rendered. Who needs it meanwhile waits for it.
#[derive(Clone, Debug)]
pub(super) struct Rendering {
    from: Unrendered,
    answer: Arc<OnceLock<Answer>>,
}

/// A zone file as it was read last.
#[derive(Clone, Debug)]
pub struct LastRead {
    /// What the system said of it.
    pub stamps: Stamps,
    /// When it was read.
    pub at: SystemTime,
    /// What became of it.
    pub outcome: ReadOutcome,
}

/// What became of a zone file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// The zone is what it says.
    Taken,
    /// It waits to be confirmed, since it has lost too many records.
    Held,
    /// It could not be stored.
    NotStored,
    /// It can't be taken.
    Bad,
}

/// Why a version was not taken. What was held before still is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// It has lost too many records.
    Shrunk(Shrunk),
    /// It could not be stored.
    Store(StoreError),
    /// The zone is gone.
    Gone,
}

impl Held {
    pub(super) fn new(id: Id, keeping: Arc<Keeping>, limits: JournalLimits) -> Self {
        let (journal, held_back) = (Journal::new(limits), HeldBack::default());
        let ledger = Ledger { journal, limits, held_back, file: None, rendering: Vec::new() };
        Self {
            id,
            keeping,
            stored: Mutex::default(),
            gone: AtomicBool::new(false),
            ours: AtomicBool::new(false),
            damaged: Mutex::default(),
            current: RwLock::default(),
            standing: RwLock::default(),
            dealings: Mutex::default(),
            transferred: watch::Sender::new(None),
            ledger: Mutex::new(ledger),
            edits: Edits::default(),
            notes: Notes::default(),
            soa: RwLock::default(),
            lane: Lane::default(),
            turn: Arc::default(),
        }
    }

    pub(super) const fn id(&self) -> Id {
        self.id
    }

    pub(super) fn set_journal_limits(&self, limits: JournalLimits) {
        let mut ledger = self.ledger();
        ledger.limits = limits;
        let before = ledger.journal.len();
        ledger.journal.set_limits(limits);
        let (after, octets) = (ledger.journal.len(), ledger.journal.octets());
        drop(ledger);
        if after < before {
            self.keeping.trim([self.id]);
        }
        self.keeping.journal_is(self.id, octets);
    }

    /// Has the journal lose its oldest deltas until it has so many octets at most. Gives how many it has then.
    pub(super) fn shed(&self, octets: u64) -> u64 {
        let mut ledger = self.ledger();
        let limits = ledger.limits;
        ledger.journal.set_limits(JournalLimits { octets, ..limits });
        ledger.journal.set_limits(limits);
        ledger.journal.octets()
    }

    /// Has the store offer no more deltas than the journal has. Waits for it.
    pub(super) fn trim(&self) -> Result<(), StoreError> {
        let mut stored = self.stored();
        let keep = self.ledger().journal.len();
        if stored.offered > keep && !self.is_gone() {
            self.keeping.commit(vec![Write::TrimDeltas { zone: self.id, keep }])?;
            stored.offered = keep;
        }
        Ok(())
    }

    /// Waits until nobody else loads the zone.
    pub(super) async fn turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.turn.clone().lock_owned().await
    }

    pub(super) fn current(&self) -> Option<Arc<Version>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn standing(&self) -> Standing {
        *self.standing.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives how it stood before.
    pub(super) fn set_standing(&self, standing: Standing) -> Standing {
        self.keeping.note(self, standing.state);
        std::mem::replace(&mut *self.standing.write().unwrap_or_else(PoisonError::into_inner), standing)
    }

    pub(super) fn dealings(&self) -> MutexGuard<'_, Dealings> {
        self.dealings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) const fn edits(&self) -> &Edits {
        &self.edits
    }

    pub(super) const fn notes(&self) -> &Notes {
        &self.notes
    }

    /// What was received, where that isn't what is served.
    pub(super) const fn lane(&self) -> &Lane {
        &self.lane
    }

    /// What has led to the version that is served, the oldest first.
    pub(super) fn deltas(&self) -> Vec<Arc<Delta>> {
        self.ledger().journal.deltas().cloned().collect()
    }

    /// Makes something durable that is no version that is served, where anything is kept.
    pub(super) fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        if self.keeping.keeps() { self.keeping.commit(writes) } else { Ok(()) }
    }

    pub(super) const fn transferred(&self) -> &watch::Sender<Option<Transferred>> {
        &self.transferred
    }

    /// Serves another version once it is durable, unless it has lost more than `most` of 100 records. The deltas lead to it from
    /// the version before; without them nothing is known of what has changed. If others are to be told, what they will ask for
    /// is made ready. What else is to be written is durable together with it. Gives what is served now. It waits for the store.
    pub(super) fn put(
        &self,
        version: Arc<Version>,
        deltas: &[Arc<Delta>],
        most: u8,
        announced: bool,
        besides: &[Write],
    ) -> Result<Arc<Version>, NotTaken> {
        let stored = self.stored();
        if self.is_gone() {
            return Err(NotTaken::Gone);
        }
        let mut ledger = self.ledger();
        let held_back = ledger.held_back;
        if let Some(before) = self.current() {
            let admitted =
                ledger.held_back.admit(version.serial(), version.record_count(), before.record_count(), most);
            admitted.map_err(NotTaken::Shrunk)?;
        }
        drop(ledger);
        self.notes.begin();
        let mut writes = self.notes.follow(self.id, &version, deltas);
        writes.extend_from_slice(besides);
        self.serve(stored, version, deltas, &writes, announced).map_err(|error| {
            // What was confirmed still is.
            self.ledger().held_back = held_back;
            NotTaken::Store(error)
        })
    }

    /// Serves another version, as [`Held::put`] does, once it is durable together with what else is to be written. Whoever calls
    /// this has what is stored, and has looked whether the zone is gone.
    pub(super) fn serve(
        &self,
        mut stored: MutexGuard<'_, Stored>,
        version: Arc<Version>,
        deltas: &[Arc<Delta>],
        besides: &[Write],
        announced: bool,
    ) -> Result<Arc<Version>, StoreError> {
        let before = self.current();
        let keep = self.ledger().keep(deltas);
        let version = self.store(&mut stored, version, deltas, keep, besides)?;
        let mut ledger = self.ledger();
        let journal = &mut ledger.journal;
        let follows = deltas.first().is_some_and(|first| journal.newest().is_none_or(|newest| newest == first.from()));
        if !follows {
            journal.clear();
        }
        for delta in deltas {
            if journal.push(delta.clone()).is_err() {
                // A gap: what was before it leads nowhere.
                journal.clear();
            }
        }
        let octets = journal.octets();
        let mut notes = self.notes.lock();
        let gone = self.replace(version.clone());
        notes.serve();
        drop(notes);
        drop(gone);
        drop(ledger);
        drop(stored);
        self.keeping.journal_is(self.id, octets);
        // The version is served by now. Whoever asks before this is done waits for it, and nobody for the ledger.
        if let Some(before) = before.filter(|_| announced)
            && let Err(rendering) = self.answer(&version, before.serial())
        {
            self.render(rendering);
        }
        Ok(version)
    }

    /// What the SOA has to have, from now on.
    pub(super) fn set_soa(&self, soa: SoaSettings) {
        *self.soa.write().unwrap_or_else(PoisonError::into_inner) = soa;
    }

    /// What the SOA has to have.
    pub(super) fn soa(&self) -> SoaSettings {
        self.soa.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Serves the first version of the zone, unless there is one, or what was one is damaged. Whether it is served now.
    pub(super) fn begin(&self, version: Version) -> Result<bool, StoreError> {
        let stored = self.stored();
        if self.is_gone() || self.current().is_some() || self.damaged().is_some() {
            return Ok(false);
        }
        self.serve(stored, Arc::new(version), &[], &[], false).map(|_| true)
    }

    /// Makes a version durable, together with what else is to be written. Gives the version as it is best served.
    fn store(
        &self,
        stored: &mut Stored,
        version: Arc<Version>,
        deltas: &[Arc<Delta>],
        keep: usize,
        besides: &[Write],
    ) -> Result<Arc<Version>, StoreError> {
        if !self.keeping.keeps() {
            return Ok(version);
        }
        let form = stored.form(&version, deltas, keep);
        let written = self.write(stored, version.clone(), deltas, keep, form, besides);
        let served = match written {
            // The store has something else than was thought.
            Err(StoreError::Refused(what)) if form != Form::Anew => {
                tracing::warn!(zone = %version.apex(), reason = %what, "stored as a whole");
                self.write(stored, version, &[], keep, Form::Anew, besides)?
            }
            written => written?,
        };
        *self.damaged.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(served)
    }

    fn write(
        &self,
        stored: &mut Stored,
        version: Arc<Version>,
        deltas: &[Arc<Delta>],
        keep: usize,
        form: Form,
        besides: &[Write],
    ) -> Result<Arc<Version>, StoreError> {
        let settled = form == Form::Deltas || version.is_settled();
        let version = if settled { version } else { Arc::new(version.settled()) };
        let (mut writes, then) = stored.writes(self.id, &version, deltas, keep, form);
        writes.extend_from_slice(besides);
        self.keeping.commit(writes)?;
        *stored = then;
        Ok(version)
    }

    /// Writes what is no version of it, and nothing where there is nothing.
    pub(super) fn write_besides(&self, besides: Vec<Write>) -> Result<(), StoreError> {
        if !besides.is_empty() {
            self.keeping.commit(besides)?;
        }
        self.notes.lock().serve();
        Ok(())
    }

    /// Serves what the store has.
    pub(super) fn restore(&self, found: &StoredZone, now: u64) {
        *self.stored() = Stored::of(found);
        let expired = found.state.expires.is_some_and(|expires| expires.0 <= now);
        let standing = Standing { expired, state: found.state };
        *self.standing.write().unwrap_or_else(PoisonError::into_inner) = standing;
        self.notes.restore(&found.version, &found.notes);
        let mut ledger = self.ledger();
        for delta in &found.deltas {
            if ledger.journal.push(delta.clone()).is_err() {
                ledger.journal.clear();
            }
        }
        self.replace(found.version.clone());
        let (deltas, octets) = (ledger.journal.len(), ledger.journal.octets());
        drop(ledger);
        if deltas < found.deltas.len() {
            self.keeping.trim([self.id]);
        }
        self.keeping.journal_is(self.id, octets);
    }

    /// What is wrong with what the store has of it, as long as nothing else is in its place.
    pub(super) fn damaged(&self) -> Option<Damaged> {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_damaged(&self, damaged: Damaged) {
        *self.damaged.lock().unwrap_or_else(PoisonError::into_inner) = Some(damaged);
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }

    /// Whether what is held was made or changed here, and not transferred.
    pub(super) fn is_ours(&self) -> bool {
        self.ours.load(Ordering::SeqCst)
    }

    pub(super) fn set_ours(&self, ours: bool) {
        self.ours.store(ours, Ordering::SeqCst);
    }

    pub(super) fn set_gone(&self) {
        self.gone.store(true, Ordering::SeqCst);
    }

    /// Waits until nobody writes a version of it.
    pub(super) fn wait(&self) {
        drop(self.stored());
    }

    /// Serves another version, and gives the one before: letting it go takes time if nobody else has it.
    fn replace(&self, version: Arc<Version>) -> Option<Arc<Version>> {
        self.current.write().unwrap_or_else(PoisonError::into_inner).replace(version)
    }

    /// The version that is served, if it has this serial and isn't settled.
    pub(super) fn unsettled(&self, serial: Serial) -> Option<Arc<Version>> {
        self.current().filter(|version| version.serial() == serial && !version.is_settled())
    }

    /// Lets go what the version with this serial was made of, once it was sent and so all of it is sealed. It takes time.
    pub(super) fn settle(&self, serial: Serial) {
        let Some(before) = self.unsettled(serial) else { return };
        let settled = Arc::new(before.settled());
        let _ledger = self.ledger();
        // There may be a newer one by now.
        if self.current().is_some_and(|version| Arc::ptr_eq(&version, &before)) {
            self.replace(settled);
        }
    }

    /// What leads from this serial to this version, if it is known; else it is to be rendered.
    pub(super) fn answer(&self, version: &Arc<Version>, from: Serial) -> Result<Answer, Rendering> {
        let mut ledger = self.ledger();
        let from = match ledger.journal.look_up(version, from) {
            LookedUp::Known(answer) => return Ok(answer),
            LookedUp::Unrendered(unrendered) => unrendered,
        };
        if let Some(rendering) = ledger.rendering.iter().find(|rendering| rendering.from.is(&from)) {
            return Err(rendering.clone());
        }
        let rendering = Rendering { from, answer: Arc::default() };
        ledger.rendering.push(rendering.clone());
        Err(rendering)
    }

    /// Renders an answer, once for all who need it, and keeps it. It takes time.
    pub(super) fn render(&self, rendering: Rendering) -> Answer {
        let Rendering { from, answer } = rendering;
        let rendered = answer.get_or_init(|| from.render()).clone();
        let mut ledger = self.ledger();
        ledger.rendering.retain(|other| !Arc::ptr_eq(&other.answer, &answer));
        ledger.journal.keep(&from, rendered.clone());
        rendered
    }

    pub(super) fn clear_backlog(&self) {
        self.ledger().journal.clear();
        // Whoever has it finds out by itself.
        if let Ok(mut stored) = self.stored.try_lock() {
            stored.offered = 0;
        }
        self.keeping.journal_is(self.id, 0);
    }

    pub(super) fn confirm(&self) -> Option<Shrunk> {
        self.ledger().held_back.confirm()
    }

    pub(super) fn forget_shrunk(&self) {
        self.ledger().held_back = HeldBack::default();
    }

    pub(super) fn last_read(&self) -> Option<LastRead> {
        self.ledger().file.clone()
    }

    pub(super) fn set_last_read(&self, read: LastRead) {
        self.ledger().file = Some(read);
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is stored, had by whoever brings another version.
    pub(super) fn stored(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    /// How many deltas the journal will have with these.
    fn keep(&self, deltas: &[Arc<Delta>]) -> usize {
        let Self { journal, limits, .. } = self;
        let mut octets = 0_u64;
        let newest_first = deltas.iter().rev().chain(journal.deltas().rev());
        let kept = newest_first.take(limits.deltas).take_while(|delta| {
            octets = octets.saturating_add(delta.octets());
            octets <= limits.octets
        });
        kept.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::{LoadOptions, load_text};
    use std::path::Path;

    /// So many records that sending changes is worth it.
    fn version(serial: u32) -> Version {
        let names = (0..50).map(|number| format!("n{number} A 192.0.2.{number}\n"));
        let text = format!("$ORIGIN t.\n@ 60 SOA . . {serial} 1 1 1 1\n{}", names.collect::<String>());
        load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version
    }

    fn put(held: &Held, serial: u32, announced: bool) -> Arc<Version> {
        let newer = version(serial);
        let (newer, deltas) = match held.current() {
            None => (newer, Vec::new()),
            Some(before) => {
                let (newer, delta) = before.merge(newer).unwrap();
                (newer, vec![Arc::new(delta)])
            }
        };
        let newer = Arc::new(newer);
        held.put(newer.clone(), &deltas, 100, announced, &[]).unwrap();
        newer
    }

    fn same(a: Answer, b: Answer) -> bool {
        match (a, b) {
            (Answer::Differences(a), Answer::Differences(b)) => Arc::ptr_eq(&a, &b),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_who_is_told_will_ask_for_is_ready() {
        let held = Held::new(Id([0; 16]), Keeping::nowhere(), JournalLimits::default());
        put(&held, 1, true);
        let newest = put(&held, 2, true);
        assert!(matches!(held.answer(&newest, Serial(1)), Ok(Answer::Differences(_))));
        let newest = put(&held, 3, false);
        assert!(held.answer(&newest, Serial(2)).is_err());
        assert!(held.ledger().rendering.len() == 1);
    }

    #[test]
    fn an_answer_is_rendered_once_and_without_the_ledger() {
        let held = Held::new(Id([0; 16]), Keeping::nowhere(), JournalLimits::default());
        for serial in 1..=3 {
            put(&held, serial, true);
        }
        let newest = held.current().unwrap();
        let ask = || held.answer(&newest, Serial(1)).unwrap_err();
        let (first, second) = (ask(), ask());
        assert_eq!(held.ledger().rendering.len(), 1);
        // While it is being rendered the zone goes on.
        put(&held, 4, true);
        let rendered = std::thread::scope(|scope| {
            let threads = [first, second].map(|rendering| scope.spawn(|| held.render(rendering)));
            threads.map(|thread| thread.join().unwrap())
        });
        let [a, b] = rendered;
        assert!(same(a.clone(), b) && same(a, held.answer(&newest, Serial(1)).unwrap()));
        assert!(held.ledger().rendering.is_empty());
    }

    #[test]
    fn what_is_replaced_is_let_go() {
        let held = Held::new(Id([0; 16]), Keeping::nowhere(), JournalLimits::default());
        let first = Arc::downgrade(&put(&held, 1, true));
        let second = Arc::downgrade(&put(&held, 2, true));
        assert!(first.upgrade().is_none() && second.upgrade().is_some());
        held.settle(Serial(2));
        assert_eq!(held.current().unwrap().serial(), Serial(2));
        assert!(held.current().unwrap().is_settled());
    }
}
