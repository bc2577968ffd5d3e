//! Looks at zones when something has come of them, and has those told who are to be.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::mpsc;

use super::damping::{Damping, State};
use super::digests::{Checked, Digest, Digests};
use super::mail::{self, About, Letter, Mail};
use super::message::{self, Data, Event, Message};
use super::signals::{Signals, Waiting};
use super::signatures::{Validity, validity};
use super::trouble::{self, Trouble};
use crate::api::{Live, ZoneStatus, shown_name};
use crate::catalog::{AlertPolicy, AlertType, Catalog, Id, Incident, Objects, Reach, Time, Webhook, Zone};

/// What trouble is told apart by: the zone, and of what kind it is.
type Key = (Id, AlertType);
/// Who is told: a policy and a webhook.
type Reader = (Id, Id);

/// See the module.
pub(super) struct Watch {
    catalog: Catalog,
    live: Arc<dyn Live>,
    mail: Mail,
    settle: Duration,
    troubles: Damping<Key, Open>,
    /// Who is still to be told that trouble is over.
    ending: HashMap<Id, BTreeSet<Reader>>,
    updates: HashMap<Id, Updates>,
    digests: Digests,
    checked: mpsc::UnboundedReceiver<Checked>,
    looks: Looks,
}

/// Trouble that is on.
#[derive(Debug)]
struct Open {
    incident: Incident,
    /// Who is about to be told.
    queued: BTreeSet<Reader>,
}

/// Transfers of a zone.
#[derive(Debug, Default)]
struct Updates {
    /// How many were told, or nobody was to be told of.
    told: u64,
    /// Until when none is told.
    quiet: Option<Instant>,
}

/// When zones are to be looked at whatever comes of them.
#[derive(Debug, Default)]
struct Looks {
    at: HashMap<Id, Instant>,
    order: BTreeSet<(Instant, Id)>,
}

impl Looks {
    /// A zone is to be looked at by then.
    fn by(&mut self, zone: Id, at: Instant) {
        match self.at.get(&zone) {
            Some(earlier) if *earlier <= at => {}
            _ => {
                self.forget(zone);
                self.at.insert(zone, at);
                self.order.insert((at, zone));
            }
        }
    }

    fn forget(&mut self, zone: Id) {
        if let Some(at) = self.at.remove(&zone) {
            self.order.remove(&(at, zone));
        }
    }

    fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// A zone whose time has come.
    fn due(&mut self, now: Instant) -> Option<Id> {
        let (_, zone) = *self.order.first().filter(|(at, _)| *at <= now)?;
        self.forget(zone);
        Some(zone)
    }
}

/// A zone and its account, and who is to be told of it.
struct Subject {
    zone: Arc<Zone>,
    account: (Id, String),
    transferred: bool,
    policies: Vec<Arc<AlertPolicy>>,
}

impl Subject {
    /// The zone, if it is there.
    fn of(objects: &Objects, id: Id) -> Option<Self> {
        let zone = objects.any_zone(id)?.clone();
        let mut policies = objects.alert_policies(zone.account);
        policies.retain(|policy| policy.enabled);
        let account = (zone.account, account_name(objects, zone.account));
        let transferred = objects.incoming(&zone).is_some();
        Some(Self { zone, account, transferred, policies })
    }

    fn policies(&self, kind: AlertType) -> impl Iterator<Item = &Arc<AlertPolicy>> {
        self.policies.iter().filter(move |policy| policy.alert_type == kind)
    }

    fn data(&self, status: Option<&ZoneStatus>) -> Data {
        let (id, name) = &self.account;
        Data::new((*id, name), (self.zone.id, shown_name(&self.zone)), status)
    }
}

fn account_name(objects: &Objects, account: Id) -> String {
    objects.account(&Reach::All, account).map(|account| account.name.clone()).unwrap_or_default()
}

impl Watch {
    pub(super) fn new(catalog: Catalog, live: Arc<dyn Live>, mail: Mail, settle: Duration) -> Self {
        let troubles = Damping::new(settle);
        let (digests, checked) = Digests::new();
        let (ending, updates, looks) = Default::default();
        Self { catalog, live, mail, settle, troubles, ending, updates, digests, checked, looks }
    }

    /// Looks and tells, without end.
    pub(super) async fn run(mut self, signals: Arc<Signals>, mut posted: mpsc::UnboundedReceiver<Arc<Letter>>) {
        self.recall(&signals).await;
        loop {
            let next = [self.troubles.next(), self.looks.next()].into_iter().flatten().min();
            let due = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Waiting { zones, webhooks } = signals.next() => {
                    webhooks.into_iter().for_each(|webhook| self.test(webhook));
                    for zone in zones {
                        self.look(zone).await;
                    }
                }
                Some(letter) = posted.recv() => self.posted(&letter).await,
                Some(checked) = self.checked.recv() => {
                    let (zone, ..) = checked;
                    self.digests.take(checked);
                    self.look(zone).await;
                }
                () = due => {}
            }
            let now = Instant::now();
            while let Some(zone) = self.looks.due(now) {
                self.look(zone).await;
            }
            while let Some((_, open)) = self.troubles.over(now) {
                self.over(open).await;
            }
        }
    }

    /// What was on when the process before ended is on until it shows to be over.
    async fn recall(&mut self, signals: &Signals) {
        let mut incidents: Vec<_> = self.catalog.read().incidents().map(|incident| Incident::clone(incident)).collect();
        incidents.sort_by_key(|incident| incident.since);
        for incident in incidents {
            let key = (incident.zone, incident.alert_type);
            signals.zone(incident.zone);
            // Of an earlier one it was still to be told that it is over.
            if let Some(earlier) = self.troubles.begin(key, Open { incident, queued: BTreeSet::new() }) {
                self.over(earlier).await;
            }
        }
    }

    /// Sends a webhook a test message.
    fn test(&mut self, webhook: Id) {
        let found = self.catalog.read().any_webhook(webhook).cloned();
        if let Some(found) = found {
            let (account, body) = (found.account, message::test(&found));
            self.mail.post(Letter { account, webhook, body, about: None });
        }
    }

    /// Looks how it is with a zone.
    async fn look(&mut self, id: Id) {
        let now = Instant::now();
        let subject = Subject::of(&self.catalog.read(), id);
        let Some(subject) = subject else {
            trouble::KINDS.into_iter().for_each(|kind| self.troubles.note((id, kind), State::Off, now));
            self.updates.remove(&id);
            self.digests.forget(id);
            self.looks.forget(id);
            return;
        };
        let has_open = trouble::KINDS.into_iter().any(|kind| self.troubles.get((id, kind)).is_some());
        self.look_at_transfers(&subject, now);
        if subject.policies.is_empty() && !has_open {
            return;
        }
        let status = self.live.status(&subject.zone);
        let troubles = if subject.transferred {
            let data = self.data_of(&subject, now);
            trouble::of(&status, data)
        } else {
            trouble::none()
        };
        for trouble in troubles {
            self.look_at(&subject, &status, trouble, now).await;
        }
    }

    /// How it is with what is held of a zone, as far as somebody wants to know.
    fn data_of(&mut self, subject: &Subject, now: Instant) -> Option<(Validity, Digest)> {
        let (zone, kind) = (&subject.zone, AlertType::ValidationWarning);
        if subject.policies(kind).next().is_none() && self.troubles.get((zone.id, kind)).is_none() {
            return None;
        }
        let version = self.live.version(zone)?;
        let validity = validity(&version, unix_now());
        if let Validity::Holds { seconds } = validity {
            self.looks.by(zone.id, now + Duration::from_secs(u64::from(seconds) + 1));
        }
        Some((validity, self.digests.of(zone.id, &version, self.live.transfers(zone))))
    }

    /// Tells of transfers: at once, and of those that come soon after in one.
    fn look_at_transfers(&mut self, subject: &Subject, now: Instant) {
        let (zone, kind) = (&subject.zone, AlertType::Updated);
        let count = self.live.transfers(zone);
        let updates = self.updates.entry(zone.id).or_default();
        let more = count.saturating_sub(updates.told);
        if more == 0 {
            return;
        }
        if let Some(quiet) = updates.quiet.filter(|quiet| *quiet > now) {
            return self.looks.by(zone.id, quiet);
        }
        updates.told = count;
        if subject.policies(kind).next().is_none() {
            return;
        }
        updates.quiet = Some(now + self.settle);
        let status = self.live.status(zone);
        let serial = status.soa_serial.map_or_else(|| "-".to_owned(), |serial| serial.to_string());
        let times = if more == 1 { String::new() } else { format!(", after {more} transfers") };
        let text = format!("{}: transferred, its serial is {serial} now{times}", shown_name(zone));
        let data = Data { transfers: Some(more), ..subject.data(Some(&status)) };
        let Ok(correlation) = Id::random() else { return };
        let (at, event) = (Time::now(), Event::Start);
        let message = Message { alert_type: kind, correlation, event, at, text, data };
        for policy in subject.policies(kind) {
            for webhook in &policy.webhooks {
                self.send(&message, policy, *webhook, None);
            }
        }
    }

    /// Takes up how it is with trouble of one kind, and tells those who don't know.
    async fn look_at(&mut self, subject: &Subject, status: &ZoneStatus, trouble: Trouble, now: Instant) {
        let key = (subject.zone.id, trouble.kind);
        self.troubles.note(key, trouble.state, now);
        if trouble.state != State::On || subject.policies(trouble.kind).next().is_none() {
            return;
        }
        if self.troubles.get(key).is_none() {
            let Ok(id) = Id::random() else { return };
            let incident = Incident {
                id,
                account: subject.zone.account,
                zone: subject.zone.id,
                zone_name: shown_name(&subject.zone).to_owned(),
                alert_type: trouble.kind,
                since: Time::now(),
                told: BTreeSet::new(),
            };
            if let Err(reason) = self.catalog.note_incident(incident.clone()).await {
                tracing::warn!(alert = %trouble.kind, zone = incident.zone_name, %reason, "trouble that is told is not kept");
            }
            self.troubles.begin(key, Open { incident, queued: BTreeSet::new() });
        }
        let Some(open) = self.troubles.get(key) else { return };
        let (id, since) = (open.incident.id, open.incident.since);
        let known: BTreeSet<Reader> = open.incident.told.union(&open.queued).copied().collect();
        let message = Message {
            alert_type: trouble.kind,
            correlation: id,
            event: Event::Start,
            at: since,
            text: format!("{}: {}", shown_name(&subject.zone), trouble.text),
            data: Data { reason: trouble.reason, ..subject.data(Some(status)) },
        };
        for policy in subject.policies(trouble.kind) {
            for webhook in policy.webhooks.iter().filter(|webhook| !known.contains(&(policy.id, **webhook))) {
                let incident = mail::Incident { id, key, event: Event::Start };
                if self.send(&message, policy, *webhook, Some(incident))
                    && let Some(open) = self.troubles.get(key)
                {
                    open.queued.insert((policy.id, *webhook));
                }
            }
        }
    }

    /// Has a webhook told. Whether it is going to be.
    fn send(
        &mut self,
        message: &Message,
        policy: &Arc<AlertPolicy>,
        webhook: Id,
        incident: Option<mail::Incident>,
    ) -> bool {
        let found: Option<Arc<Webhook>> = self.catalog.read().webhook(policy.account, webhook).cloned();
        let Some(found) = found else { return false };
        let about = About { policy: policy.clone(), zone: message.data.zone_name.clone(), incident };
        let body = message.body(policy, &found);
        self.mail.post(Letter { account: policy.account, webhook, body, about: Some(about) })
    }

    /// Trouble is over: whoever was told of it, or is about to be, is told that.
    async fn over(&mut self, open: Open) {
        let Open { incident, queued } = open;
        let Incident { id, account, zone, zone_name, alert_type, told, .. } = incident;
        let key = (zone, alert_type);
        let (subject, policies, account_name) = {
            let objects = self.catalog.read();
            (Subject::of(&objects, zone), objects.alert_policies(account), account_name(&objects, account))
        };
        let status = subject.as_ref().map(|subject| self.live.status(&subject.zone));
        let text = match (&subject, &status) {
            (None, _) => "the zone is gone".to_owned(),
            (Some(subject), Some(status)) if subject.transferred => {
                let all = trouble::of(status, self.data_of(subject, Instant::now()));
                let now = all.into_iter().find(|trouble| trouble.kind == alert_type && trouble.state == State::Off);
                now.map_or_else(|| "it is over".to_owned(), |trouble| trouble.text)
            }
            _ => "it comes from no primaries any more".to_owned(),
        };
        let message = Message {
            alert_type,
            correlation: id,
            event: Event::End,
            at: Time::now(),
            text: format!("{zone_name}: {text}"),
            data: Data::new((account, &account_name), (zone, &zone_name), status.as_ref()),
        };
        let mut ending = BTreeSet::new();
        for reader @ (policy, webhook) in told.union(&queued).copied() {
            let incident = mail::Incident { id, key, event: Event::End };
            let policy = policies.iter().find(|known| known.id == policy && known.enabled);
            if policy.is_some_and(|policy| self.send(&message, policy, webhook, Some(incident))) {
                ending.insert(reader);
            }
        }
        self.ending.insert(id, ending);
        self.end(id).await;
    }

    /// Trouble that is over is forgotten once all have been told.
    async fn end(&mut self, id: Id) {
        if self.ending.get(&id).is_some_and(BTreeSet::is_empty) {
            self.ending.remove(&id);
            if let Err(reason) = self.catalog.end_incident(id).await {
                tracing::warn!(incident = %id, %reason, "that trouble is over is told, and not kept");
            }
        }
    }

    /// Something was posted, or given up.
    async fn posted(&mut self, letter: &Letter) {
        let Some(About { policy, incident: Some(incident), .. }) = &letter.about else { return };
        let reader = (policy.id, letter.webhook);
        match incident.event {
            Event::Start => {
                if let Some(open) = self.troubles.get(incident.key).filter(|open| open.incident.id == incident.id) {
                    open.queued.remove(&reader);
                    open.incident.told.insert(reader);
                }
            }
            Event::End => {
                if let Some(ending) = self.ending.get_mut(&incident.id) {
                    ending.remove(&reader);
                }
                self.end(incident.id).await;
            }
        }
    }
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}
