//! What is held of a zone, whatever the configuration says of it.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use zxfr_core::journal::{Answer, Journal, JournalLimits, LookedUp, Unrendered};
use zxfr_core::refresh::State;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::Totals;
use zxfr_core::zone::{Delta, Version};

use super::shrink::{HeldBack, Shrunk};
use crate::files::Stamps;
use crate::logging;

/// What is held of a zone.
#[derive(Debug)]
pub(super) struct Held {
    /// What is served. Whoever changes it has the ledger; anybody reads it.
    current: RwLock<Option<Arc<Version>>>,
    /// How the zone stands with its primaries.
    standing: RwLock<Standing>,
    /// The last transfer that brought a version, for those who wait for it.
    transferred: watch::Sender<Option<Transferred>>,
    ledger: Mutex<Ledger>,
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
    /// It can't be taken.
    Bad,
}

impl Held {
    pub(super) fn new(limits: JournalLimits) -> Self {
        let ledger =
            Ledger { journal: Journal::new(limits), held_back: HeldBack::default(), file: None, rendering: Vec::new() };
        Self {
            current: RwLock::default(),
            standing: RwLock::default(),
            transferred: watch::Sender::new(None),
            ledger: Mutex::new(ledger),
            turn: Arc::default(),
        }
    }

    pub(super) fn set_journal_limits(&self, limits: JournalLimits) {
        self.ledger().journal.set_limits(limits);
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
        std::mem::replace(&mut *self.standing.write().unwrap_or_else(PoisonError::into_inner), standing)
    }

    pub(super) const fn transferred(&self) -> &watch::Sender<Option<Transferred>> {
        &self.transferred
    }

    /// Serves another version, unless it has lost more than `most` of 100 records. The deltas lead to it from the version
    /// before; without them nothing is known of what has changed. If others are to be told, what they will ask for is made
    /// ready.
    pub(super) fn put(
        &self,
        version: Arc<Version>,
        deltas: &[Arc<Delta>],
        most: u8,
        announced: bool,
    ) -> Result<(), Shrunk> {
        let mut ledger = self.ledger();
        let Ledger { journal, held_back, .. } = &mut *ledger;
        let before = self.current();
        if let Some(before) = &before {
            held_back.admit(version.serial(), version.record_count(), before.record_count(), most)?;
        }
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
        drop(self.replace(version.clone()));
        drop(ledger);
        // The version is served by now. Whoever asks before this is done waits for it, and nobody for the ledger.
        if let Some(before) = before.filter(|_| announced)
            && let Err(rendering) = self.answer(&version, before.serial())
        {
            self.render(rendering);
        }
        Ok(())
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
        held.put(newer.clone(), &deltas, 100, announced).unwrap();
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
        let held = Held::new(JournalLimits::default());
        put(&held, 1, true);
        let newest = put(&held, 2, true);
        assert!(matches!(held.answer(&newest, Serial(1)), Ok(Answer::Differences(_))));
        let newest = put(&held, 3, false);
        assert!(held.answer(&newest, Serial(2)).is_err());
        assert!(held.ledger().rendering.len() == 1);
    }

    #[test]
    fn an_answer_is_rendered_once_and_without_the_ledger() {
        let held = Held::new(JournalLimits::default());
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
        let held = Held::new(JournalLimits::default());
        let first = Arc::downgrade(&put(&held, 1, true));
        let second = Arc::downgrade(&put(&held, 2, true));
        assert!(first.upgrade().is_none() && second.upgrade().is_some());
        held.settle(Serial(2));
        assert_eq!(held.current().unwrap().serial(), Serial(2));
        assert!(held.current().unwrap().is_settled());
    }
}
