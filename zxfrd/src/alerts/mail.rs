//! A queue for each webhook: what is in it is posted in order, each tried several times with longer and longer pauses.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::message::Event;
use super::post::{NotTaken, Poster};
use crate::catalog::{AlertPolicy, AlertType, Catalog, Id, SentAlert, Time, Told};

/// How often something is posted until it is given up.
const TRIES: u32 = 6;
/// How much longer each pause is than the one before.
const LONGER: u32 = 4;
/// How many messages may wait for a webhook, besides those that tell that something is over.
const WAITING: usize = 256;
/// How many are posted at once.
const AT_ONCE: usize = 4;

/// Posts messages to webhooks. What is under way ends when it is dropped.
pub(super) struct Mail {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

struct Shared {
    catalog: Catalog,
    poster: Poster,
    pause: Duration,
    queues: Mutex<HashMap<Id, Queue>>,
    posting: Semaphore,
    posted: mpsc::UnboundedSender<Arc<Letter>>,
}

/// What waits for a webhook.
#[derive(Debug, Default)]
struct Queue {
    letters: VecDeque<Arc<Letter>>,
    /// Whether it was told that there is no room.
    full: bool,
}

/// Something to be posted.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) account: Id,
    pub(super) webhook: Id,
    pub(super) body: String,
    /// None for a test message.
    pub(super) about: Option<About>,
}

/// What it tells.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) policy: Arc<AlertPolicy>,
    /// Of what zone, in words.
    pub(super) zone: String,
    /// The trouble that it is about, if that is told twice.
    pub(super) incident: Option<Incident>,
}

/// Trouble that begins or is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incident {
    pub(super) id: Id,
    pub(super) key: (Id, AlertType),
    pub(super) event: Event,
}

impl Mail {
    /// Posts with the first pause as said. Gives what was posted or given up, one after the other.
    pub(super) fn new(
        catalog: Catalog,
        poster: Poster,
        pause: Duration,
    ) -> (Self, mpsc::UnboundedReceiver<Arc<Letter>>) {
        let (posted, ended) = mpsc::unbounded_channel();
        let (queues, posting) = (Mutex::default(), Semaphore::new(AT_ONCE));
        let shared = Arc::new(Shared { catalog, poster, pause, queues, posting, posted });
        (Self { shared, tasks: JoinSet::new() }, ended)
    }

    /// Has something posted behind what waits. Whether there was room; what tells that something is over always has.
    pub(super) fn post(&mut self, letter: Letter) -> bool {
        while self.tasks.try_join_next().is_some() {}
        let webhook = letter.webhook;
        let over =
            letter.about.as_ref().and_then(|about| about.incident).is_some_and(|incident| incident.event == Event::End);
        match self.shared.queues().entry(webhook) {
            Entry::Occupied(mut queue) => {
                let queue = queue.get_mut();
                if queue.letters.len() >= WAITING && !over {
                    if !std::mem::replace(&mut queue.full, true) {
                        tracing::warn!(%webhook, waiting = WAITING, "no more alerts wait for the webhook: it takes none");
                    }
                    return false;
                }
                queue.letters.push_back(Arc::new(letter));
            }
            Entry::Vacant(place) => {
                place.insert(Queue { letters: VecDeque::from([Arc::new(letter)]), full: false });
                let shared = self.shared.clone();
                self.tasks.spawn(async move { shared.run(webhook).await });
            }
        }
        true
    }
}

impl Shared {
    /// Posts what waits for a webhook, until nothing does.
    async fn run(&self, webhook: Id) {
        while let Some(letter) = self.first(webhook) {
            self.deliver(&letter).await;
            if let Some(queue) = self.queues().get_mut(&webhook) {
                queue.letters.pop_front();
                queue.full = false;
            }
            // Nobody hears it when all ends.
            let _ = self.posted.send(letter);
        }
    }

    /// What is to be posted next. When there is nothing, whoever comes next begins anew.
    fn first(&self, webhook: Id) -> Option<Arc<Letter>> {
        let mut queues = self.queues();
        let first = queues.get(&webhook).and_then(|queue| queue.letters.front().cloned());
        if first.is_none() {
            queues.remove(&webhook);
        }
        first
    }

    /// Posts something until it is taken or given up.
    async fn deliver(&self, letter: &Letter) {
        // Whether a test succeeds shows at once, or not.
        let tries = if letter.about.is_some() { TRIES } else { 1 };
        let mut pause = self.pause;
        for again in (0..tries).rev() {
            // If it is gone, nobody is to be told there any more.
            let Some(result) = self.post(letter).await else { return };
            let last = again == 0 || result.as_ref().is_err_and(|not| !not.passing);
            tell(letter, &result, if last { 0 } else { again });
            self.note(letter, result.is_ok(), last).await;
            if result.is_ok() || last {
                return;
            }
            sleep(pause).await;
            pause = pause.saturating_mul(LONGER);
        }
    }

    /// Posts something once; nothing if the webhook is gone. Its URL and secret are those that it has now.
    async fn post(&self, letter: &Letter) -> Option<Result<(), NotTaken>> {
        let webhook = self.catalog.read().webhook(letter.account, letter.webhook).cloned()?;
        let failed = |what: &dyn std::fmt::Display| NotTaken { reason: what.to_string(), passing: true };
        let _permit = match self.posting.acquire().await {
            Ok(permit) => permit,
            Err(error) => return Some(Err(failed(&error))),
        };
        let (poster, body) = (self.poster.clone(), letter.body.clone());
        let posting = tokio::task::spawn_blocking(move || poster.post(&webhook, &body));
        Some(posting.await.unwrap_or_else(|error| Err(failed(&error))))
    }

    /// Keeps how it went. What was given up counts as told: it isn't told again for as long as it is on.
    async fn note(&self, letter: &Letter, taken: bool, last: bool) {
        let Letter { account, webhook, body, about } = letter;
        let sent = about.as_ref().filter(|_| taken).and_then(|about| {
            let AlertPolicy { id: policy, name, description, alert_type, .. } = &*about.policy;
            Some(SentAlert {
                id: Id::random().ok()?,
                account: *account,
                policy: *policy,
                name: name.clone(),
                description: description.clone(),
                alert_type: *alert_type,
                webhook: *webhook,
                body: body.clone(),
                sent: Time::now(),
            })
        });
        let told = about.as_ref().filter(|_| taken || last).and_then(|about| {
            let Incident { id, event, .. } = about.incident?;
            let policy = about.policy.id;
            Some((id, if event == Event::Start { Told::Begin(policy) } else { Told::End(policy) }))
        });
        if let Err(reason) = self.catalog.note_posted((*account, *webhook), taken, sent, told).await {
            tracing::warn!(%webhook, %reason, "an alert was posted, and that is not kept");
        }
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<Id, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The log's line. Names are clients' text, so they are quoted.
fn tell(letter: &Letter, result: &Result<(), NotTaken>, again: u32) {
    let webhook = letter.webhook;
    let Some(About { policy, zone, incident }) = &letter.about else {
        return match result {
            Ok(()) => tracing::info!(%webhook, "test message taken"),
            Err(NotTaken { reason, .. }) => tracing::warn!(%webhook, reason, "test message not taken"),
        };
    };
    let (alert, name) = (policy.alert_type, &policy.name);
    let event = match incident.map(|incident| incident.event) {
        Some(Event::Start) => "start",
        Some(Event::End) => "end",
        None => "once",
    };
    match result {
        Ok(()) => tracing::info!(%alert, event, zone, policy = ?name, %webhook, "alert taken"),
        Err(NotTaken { reason, .. }) if again > 0 => {
            tracing::warn!(%alert, event, zone, policy = ?name, %webhook, reason, again, "alert not taken yet");
        }
        Err(NotTaken { reason, .. }) => {
            tracing::error!(%alert, event, zone, policy = ?name, %webhook, reason, "alert given up");
        }
    }
}
