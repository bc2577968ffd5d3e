//! What tells people of trouble: webhooks, policies, what was sent, and the trouble that was told of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::id::Id;
use super::object::words;
use super::objects::{Objects, Owned};
use super::time::Time;

/// A URL to which alerts are posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub account: Id,
    /// Its name, for people; alerts to it have it.
    pub name: String,
    /// Where it is, as its client wrote it.
    pub url: String,
    /// What stands in `cf-webhook-auth`.
    pub secret: Option<WebhookSecret>,
    /// Since when.
    pub created: Time,
    /// When it was changed last.
    pub modified: Time,
    /// When something was last taken there.
    pub last_success: Option<Time>,
    /// When something last was not.
    pub last_failure: Option<Time>,
}

/// What a webhook tells its messages from others' by. Not shown by `Debug`, and wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Zeroizing<String>);

impl WebhookSecret {
    /// The most octets that it may have.
    pub const MOST: usize = 1024;

    /// Reads one.
    ///
    /// # Errors
    /// Why it is none, without quoting any of it.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let plain = |octet| matches!(octet, b' '..=b'~');
        match text {
            "" => Err("is empty"),
            _ if text.len() > Self::MOST => Err("is too long: it has at most 1024 characters"),
            _ if !text.bytes().all(plain) || text.trim() != text => {
                Err("has characters that no HTTP header can carry: use ASCII without spaces around it")
            }
            _ => Ok(Self(Zeroizing::new(text.to_owned()))),
        }
    }

    /// The secret itself.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

/// What alerts are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlertType {
    /// Every primary of a zone fails.
    AllPrimariesFailing,
    /// A primary of a zone fails.
    PrimariesFailing,
    /// A zone was transferred.
    Updated,
    /// What a signed zone comes with can't be validated any more.
    ValidationWarning,
    /// A zone isn't what its primaries have, though they can be asked.
    Warning,
}

words!(
    AlertType,
    "alert type",
    AllPrimariesFailing = "secondary_dns_all_primaries_failing",
    PrimariesFailing = "secondary_dns_primaries_failing",
    Updated = "secondary_dns_zone_successfully_updated",
    ValidationWarning = "secondary_dns_zone_validation_warning",
    Warning = "secondary_dns_warning"
);

/// Who is told of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertPolicy {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub account: Id,
    /// Its name, for people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What is told.
    pub alert_type: AlertType,
    /// Whether it is told.
    pub enabled: bool,
    /// Who is told; at least one.
    pub webhooks: Vec<Id>,
    /// Since when.
    pub created: Time,
    /// When it was changed last.
    pub modified: Time,
}

/// An alert that a webhook has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentAlert {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub account: Id,
    /// The policy that it was sent for.
    pub policy: Id,
    /// The policy's name then.
    pub name: String,
    /// The policy's description then.
    pub description: Option<String>,
    /// What it was about.
    pub alert_type: AlertType,
    /// The webhook.
    pub webhook: Id,
    /// What was posted.
    pub body: String,
    /// When.
    pub sent: Time,
}

/// Trouble of a zone of which somebody was told, or is to be, that it has begun, and not yet that it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// What its begin and its end have in common.
    pub id: Id,
    /// Whose it is.
    pub account: Id,
    /// The zone.
    pub zone: Id,
    /// The zone's name: it may be gone when it is told that the trouble is over.
    pub zone_name: String,
    /// What it is about.
    pub alert_type: AlertType,
    /// Since when.
    pub since: Time,
    /// Who was told: policy and webhook.
    pub told: BTreeSet<(Id, Id)>,
}

/// Any object of these. A store keeps each under its [`AlertingKey`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the types' names")]
pub enum Alerting {
    Webhook(Arc<Webhook>),
    Policy(Arc<AlertPolicy>),
    Sent(Arc<SentAlert>),
    Incident(Arc<Incident>),
}

/// Which object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are the types' names")]
pub enum AlertingKey {
    Webhook(Id),
    Policy(Id),
    Sent(Id),
    Incident(Id),
}

impl Alerting {
    /// Which one it is.
    #[must_use]
    pub fn key(&self) -> AlertingKey {
        match self {
            Self::Webhook(webhook) => AlertingKey::Webhook(webhook.id),
            Self::Policy(policy) => AlertingKey::Policy(policy.id),
            Self::Sent(sent) => AlertingKey::Sent(sent.id),
            Self::Incident(incident) => AlertingKey::Incident(incident.id),
        }
    }
}

/// All of these. What was sent stands in the order in which it was.
#[derive(Clone, Debug, Default)]
pub(super) struct AlertingObjects {
    webhooks: Owned<Webhook>,
    policies: Owned<AlertPolicy>,
    sent: BTreeMap<Id, BTreeMap<(Time, Id), Arc<SentAlert>>>,
    times: BTreeMap<Id, (Id, Time)>,
    incidents: BTreeMap<Id, Arc<Incident>>,
}

impl AlertingObjects {
    pub(super) fn all(&self) -> impl Iterator<Item = Alerting> {
        let sent = self.sent.values().flat_map(|sent| sent.values());
        (self.webhooks.all().cloned().map(Alerting::Webhook))
            .chain(self.policies.all().cloned().map(Alerting::Policy))
            .chain(sent.cloned().map(Alerting::Sent))
            .chain(self.incidents.values().cloned().map(Alerting::Incident))
    }

    pub(super) fn find(&self, key: AlertingKey) -> Option<Alerting> {
        Some(match key {
            AlertingKey::Webhook(id) => Alerting::Webhook(self.webhooks.any(id)?.clone()),
            AlertingKey::Policy(id) => Alerting::Policy(self.policies.any(id)?.clone()),
            AlertingKey::Sent(id) => {
                let (account, at) = self.times.get(&id)?;
                Alerting::Sent(self.sent.get(account)?.get(&(*at, id))?.clone())
            }
            AlertingKey::Incident(id) => Alerting::Incident(self.incidents.get(&id)?.clone()),
        })
    }

    pub(super) fn put(&mut self, object: Alerting) {
        match object {
            Alerting::Webhook(webhook) => drop(self.webhooks.put(webhook.account, webhook.id, webhook)),
            Alerting::Policy(policy) => drop(self.policies.put(policy.account, policy.id, policy)),
            Alerting::Sent(sent) => {
                self.delete(AlertingKey::Sent(sent.id));
                self.times.insert(sent.id, (sent.account, sent.sent));
                self.sent.entry(sent.account).or_default().insert((sent.sent, sent.id), sent);
            }
            Alerting::Incident(incident) => drop(self.incidents.insert(incident.id, incident)),
        }
    }

    pub(super) fn delete(&mut self, key: AlertingKey) {
        match key {
            AlertingKey::Webhook(id) => drop(self.webhooks.delete(id)),
            AlertingKey::Policy(id) => drop(self.policies.delete(id)),
            AlertingKey::Sent(id) => {
                let Some((account, at)) = self.times.remove(&id) else { return };
                if let Some(sent) = self.sent.get_mut(&account) {
                    sent.remove(&(at, id));
                }
            }
            AlertingKey::Incident(id) => drop(self.incidents.remove(&id)),
        }
    }
}

impl Objects {
    /// An account's webhooks, the oldest first.
    #[must_use]
    pub fn webhooks(&self, account: Id) -> Vec<Arc<Webhook>> {
        let mut all: Vec<_> = self.alerting().webhooks.of(account).cloned().collect();
        all.sort_by_key(|webhook| (webhook.created, webhook.id));
        all
    }

    /// A webhook of an account.
    #[must_use]
    pub fn webhook(&self, account: Id, id: Id) -> Option<&Arc<Webhook>> {
        self.alerting().webhooks.find(account, id)
    }

    /// A webhook, whosever it is.
    pub(crate) fn any_webhook(&self, id: Id) -> Option<&Arc<Webhook>> {
        self.alerting().webhooks.any(id)
    }

    /// An account's policies, the oldest first.
    #[must_use]
    pub fn alert_policies(&self, account: Id) -> Vec<Arc<AlertPolicy>> {
        let mut all: Vec<_> = self.alerting().policies.of(account).cloned().collect();
        all.sort_by_key(|policy| (policy.created, policy.id));
        all
    }

    /// A policy of an account.
    #[must_use]
    pub fn alert_policy(&self, account: Id, id: Id) -> Option<&Arc<AlertPolicy>> {
        self.alerting().policies.find(account, id)
    }

    /// What was sent of an account's alerts, the newest first.
    pub fn sent_alerts(&self, account: Id) -> impl Iterator<Item = &Arc<SentAlert>> {
        self.alerting().sent.get(&account).into_iter().flat_map(|sent| sent.values().rev())
    }

    /// How many of an account's alerts are in its history.
    pub(super) fn sent_count(&self, account: Id) -> usize {
        self.alerting().sent.get(&account).map_or(0, BTreeMap::len)
    }

    /// The oldest in an account's history.
    pub(super) fn oldest_sent(&self, account: Id) -> impl Iterator<Item = &Arc<SentAlert>> {
        self.alerting().sent.get(&account).into_iter().flat_map(BTreeMap::values)
    }

    /// All trouble that isn't over.
    pub fn incidents(&self) -> impl Iterator<Item = &Arc<Incident>> {
        self.alerting().incidents.values()
    }

    /// Trouble that isn't over.
    #[must_use]
    pub fn incident(&self, id: Id) -> Option<&Arc<Incident>> {
        self.alerting().incidents.get(&id)
    }
}
