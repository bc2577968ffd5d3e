//! Policies of alerts: their rules, and how they change. And what is noted of alerts that were sent.

use std::sync::Arc;

use super::alerting::{AlertPolicy, AlertType, Alerting, AlertingKey, Incident, SentAlert, Webhook};
use super::change::{Catalog, Change, Plan, Rules, named, new_id};
use super::fault::{Done, Fault, code};
use super::id::Id;
use super::object::{Object, ObjectKey, Token};
use super::objects::Objects;
use super::time::Time;
use crate::store::StoreError;

/// How many alerts the history of an account has.
pub(super) const HISTORY: usize = 1000;
/// How many webhooks a policy may tell.
const WEBHOOKS: usize = 30;

/// What a client wants to be told: what is `None` stays, or has its default where there is no policy yet.
#[derive(Clone, Debug, Default)]
pub struct AlertPolicyWanted {
    /// Its name, for people. Needed at first.
    pub name: Option<String>,
    /// What it is for; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
    /// What is told: a word of [`AlertType`]. Needed at first.
    pub alert_type: Option<String>,
    /// Whether it is told: it is by default.
    pub enabled: Option<bool>,
    /// The ids of webhooks. Needed at first.
    pub webhooks: Option<Vec<String>>,
}

impl Catalog {
    /// Makes a policy.
    ///
    /// # Errors
    /// What rule it breaks; that it isn't stored.
    pub async fn create_alert_policy(
        &self,
        by: &Token,
        account: Id,
        wanted: AlertPolicyWanted,
    ) -> Result<Done<Arc<AlertPolicy>>, Fault> {
        self.change(by, move |rules| {
            rules.account(account)?;
            let policy = check(rules, account, new_id()?, wanted, None)?;
            let what = format!("created the policy {} {:?} of {}", policy.id, policy.name, policy.alert_type);
            Ok(Plan::new(policy.clone(), account, what).put(Object::Alerting(Alerting::Policy(policy))))
        })
        .await
    }

    /// Changes a policy.
    ///
    /// # Errors
    /// That there is none; what rule it breaks; that it isn't stored.
    pub async fn update_alert_policy(
        &self,
        by: &Token,
        account: Id,
        id: Id,
        wanted: AlertPolicyWanted,
    ) -> Result<Done<Arc<AlertPolicy>>, Fault> {
        self.change(by, move |rules| {
            let before = find(rules, account, id)?;
            let policy = check(rules, account, id, wanted, Some(before))?;
            let (kind, enabled) = (policy.alert_type, policy.enabled);
            let what = format!("changed the policy {id} {:?} of {kind}, enabled = {enabled}", policy.name);
            Ok(Plan::new(policy.clone(), account, what).put(Object::Alerting(Alerting::Policy(policy))))
        })
        .await
    }

    /// Takes a policy away.
    ///
    /// # Errors
    /// That there is none; that it isn't stored.
    pub async fn delete_alert_policy(&self, by: &Token, account: Id, id: Id) -> Result<Done<Id>, Fault> {
        self.change(by, move |rules| {
            let policy = find(rules, account, id)?;
            let what = format!("deleted the policy {id} {:?}", policy.name);
            Ok(Plan::new(id, account, what).delete(ObjectKey::Alerting(AlertingKey::Policy(id))))
        })
        .await
    }

    /// Notes that trouble has begun.
    ///
    /// # Errors
    /// That it isn't stored.
    pub(crate) async fn note_incident(&self, incident: Incident) -> Result<(), StoreError> {
        self.note(move |_| vec![Change::Put(Object::Alerting(Alerting::Incident(Arc::new(incident))))]).await
    }

    /// Notes that trouble is over, and that all who were to be told have been.
    ///
    /// # Errors
    /// That it isn't stored.
    pub(crate) async fn end_incident(&self, id: Id) -> Result<(), StoreError> {
        self.note(move |_| vec![Change::Delete(ObjectKey::Alerting(AlertingKey::Incident(id)))]).await
    }

    /// Notes how it went to post something to a webhook: whether it was taken; the alert that it was, if it was one; and of
    /// which trouble who was told that way.
    ///
    /// # Errors
    /// That it isn't stored.
    pub(crate) async fn note_posted(
        &self,
        webhook: (Id, Id),
        taken: bool,
        sent: Option<SentAlert>,
        told: Option<(Id, Told)>,
    ) -> Result<(), StoreError> {
        self.note(move |objects| {
            let mut changes = Vec::new();
            if let Some(before) = objects.webhook(webhook.0, webhook.1) {
                let (now, mut after) = (Time::now(), Webhook::clone(before));
                *(if taken { &mut after.last_success } else { &mut after.last_failure }) = Some(now);
                changes.push(Change::Put(Object::Alerting(Alerting::Webhook(Arc::new(after)))));
            }
            if let Some(sent) = sent {
                changes.extend(too_old(objects, sent.account));
                changes.push(Change::Put(Object::Alerting(Alerting::Sent(Arc::new(sent)))));
            }
            if let Some((incident, told)) = told.and_then(|(id, told)| Some((objects.incident(id)?, told))) {
                let mut after = Incident::clone(incident);
                match told {
                    Told::Begin(policy) => drop(after.told.insert((policy, webhook.1))),
                    Told::End(policy) => drop(after.told.remove(&(policy, webhook.1))),
                }
                changes.push(Change::Put(Object::Alerting(Alerting::Incident(Arc::new(after)))));
            }
            changes
        })
        .await
    }
}

/// What somebody was told of trouble, for which policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// That it has begun.
    Begin(Id),
    /// That it is over.
    End(Id),
}

/// What goes out of the history when something comes in.
fn too_old(objects: &Objects, account: Id) -> impl Iterator<Item = Change> {
    let many = (objects.sent_count(account) + 1).saturating_sub(HISTORY);
    let oldest = objects.oldest_sent(account).take(many);
    oldest.map(|sent| Change::Delete(ObjectKey::Alerting(AlertingKey::Sent(sent.id))))
}

fn find<'a>(rules: &Rules<'a>, account: Id, id: Id) -> Result<&'a Arc<AlertPolicy>, Fault> {
    rules.account(account)?;
    let found = rules.objects.alert_policy(account, id);
    found.ok_or_else(|| {
        Fault::not_found(code::POLICY_NOT_FOUND, format!("there is no policy with the id {id} in this account"))
    })
}

fn check(
    rules: &Rules<'_>,
    account: Id,
    id: Id,
    wanted: AlertPolicyWanted,
    before: Option<&Arc<AlertPolicy>>,
) -> Result<Arc<AlertPolicy>, Fault> {
    let missing = |code, member: &str| Fault::invalid(code, member, format!("{member} is missing: it is needed"));
    let name = wanted.name.or_else(|| before.map(|before| before.name.clone()));
    let name = name.ok_or_else(|| missing(code::POLICY_NAME, "name"))?;
    named(code::POLICY_NAME, &name)?;
    let alert_type = match (wanted.alert_type, before) {
        (Some(word), _) => word
            .parse::<AlertType>()
            .map_err(|what| Fault::invalid(code::POLICY_TYPE, "alert_type", format!("alert_type: {what}")))?,
        (None, Some(before)) => before.alert_type,
        (None, None) => return Err(missing(code::POLICY_TYPE, "alert_type")),
    };
    let webhooks = match (wanted.webhooks, before) {
        (Some(ids), _) => check_webhooks(rules, account, &ids)?,
        (None, Some(before)) => before.webhooks.clone(),
        (None, None) => return Err(missing(code::POLICY_MECHANISMS, "mechanisms")),
    };
    Ok(Arc::new(AlertPolicy {
        id,
        account,
        name,
        description: wanted.description.unwrap_or_else(|| before.and_then(|before| before.description.clone())),
        alert_type,
        enabled: wanted.enabled.or_else(|| before.map(|before| before.enabled)).unwrap_or(true),
        webhooks,
        created: before.map_or(rules.now, |before| before.created),
        modified: rules.now,
    }))
}

fn check_webhooks(rules: &Rules<'_>, account: Id, ids: &[String]) -> Result<Vec<Id>, Fault> {
    const LIST: &str = "mechanisms/webhooks";
    if ids.is_empty() {
        let message = "mechanisms: at least one of webhooks is needed: nobody would be told";
        return Err(Fault::invalid(code::POLICY_MECHANISMS, "mechanisms", message));
    }
    if ids.len() > WEBHOOKS {
        let message = format!("mechanisms: {} webhooks are too many: at most {WEBHOOKS}", ids.len());
        return Err(Fault::invalid(code::POLICY_MECHANISMS, LIST, message));
    }
    let mut known = Vec::new();
    for (at, text) in ids.iter().enumerate() {
        let fault = |what: &str| {
            let message = format!("mechanisms: {text:?} {what}");
            Fault::invalid(code::POLICY_MECHANISMS, &format!("{LIST}/{at}/id"), message)
        };
        let id = text.parse().ok().filter(|id| rules.objects.webhook(account, *id).is_some());
        let id: Id = id.ok_or_else(|| fault("is not the id of a webhook in this account"))?;
        if known.contains(&id) {
            return Err(fault("stands there twice"));
        }
        known.push(id);
    }
    Ok(known)
}
