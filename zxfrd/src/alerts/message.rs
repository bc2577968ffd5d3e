//! What is posted. No secret is in it: it is made of what the API shows to readers.

use serde::Serialize;

use super::trouble;
use crate::api::{PeerStatus, ZoneStatus};
use crate::catalog::{AlertPolicy, AlertType, Id, Time, Webhook};

/// Whether trouble begins or is over. What happens once begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Event {
    /// It begins.
    #[serde(rename = "ALERT_STATE_EVENT_START")]
    Start,
    /// It is over.
    #[serde(rename = "ALERT_STATE_EVENT_END")]
    End,
}

/// What an alert says to all who get it.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) alert_type: AlertType,
    /// What its begin and its end have in common.
    pub(super) correlation: Id,
    pub(super) event: Event,
    pub(super) at: Time,
    pub(super) text: String,
    pub(super) data: Data,
}

/// What it is about.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Data {
    pub(super) account_name: String,
    pub(super) account_tag: String,
    pub(super) zone_name: String,
    pub(super) zone_tag: String,
    pub(super) soa_serial: Option<u32>,
    /// Why, as a word, while it is on.
    pub(super) reason: Option<&'static str>,
    /// Transfers since this was last told, where it is about them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) transfers: Option<u64>,
    pub(super) primaries: Vec<Primary>,
}

/// A primary.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Primary {
    id: String,
    name: String,
    address: Option<String>,
    soa_serial: Option<u32>,
    failing: bool,
    reason: Option<&'static str>,
    message: Option<String>,
}

impl Data {
    /// What is known of a zone; its status isn't when it is gone.
    pub(super) fn new(account: (Id, &str), zone: (Id, &str), status: Option<&ZoneStatus>) -> Self {
        let incoming = status.and_then(|status| status.incoming.as_ref());
        Self {
            account_name: account.1.to_owned(),
            account_tag: account.0.to_string(),
            zone_name: zone.1.to_owned(),
            zone_tag: zone.0.to_string(),
            soa_serial: status.and_then(|status| status.soa_serial),
            reason: None,
            transfers: None,
            primaries: incoming.into_iter().flat_map(|incoming| &incoming.peers).map(Primary::from).collect(),
        }
    }
}

impl From<&PeerStatus> for Primary {
    fn from(peer: &PeerStatus) -> Self {
        let failure = peer.last_failure.as_ref().filter(|_| peer.failing);
        Self {
            id: peer.id.clone(),
            name: peer.name.clone(),
            address: peer.address.clone(),
            soa_serial: peer.soa_serial,
            failing: trouble::fails(peer),
            reason: failure.map(|failure| failure.reason),
            message: failure.map(|failure| failure.message.clone()),
        }
    }
}

/// The body of an alert.
#[derive(Serialize)]
struct Body<'a> {
    name: &'a str,
    text: &'a str,
    data: &'a Data,
    /// Seconds since 1970.
    ts: i64,
    account_id: String,
    policy_id: String,
    policy_name: &'a str,
    alert_type: &'static str,
    alert_correlation_id: String,
    alert_event: Event,
}

/// The body of a test message.
#[derive(Serialize)]
struct Test<'a> {
    text: &'a str,
}

impl Message {
    /// What is posted to a webhook for a policy.
    pub(super) fn body(&self, policy: &AlertPolicy, webhook: &Webhook) -> String {
        json(&Body {
            name: &webhook.name,
            text: &self.text,
            data: &self.data,
            ts: self.at.0.div_euclid(1_000_000),
            account_id: policy.account.to_string(),
            policy_id: policy.id.to_string(),
            policy_name: &policy.name,
            alert_type: self.alert_type.as_str(),
            alert_correlation_id: self.correlation.to_string(),
            alert_event: self.event,
        })
    }
}

/// What is posted when a webhook is made.
pub(super) fn test(webhook: &Webhook) -> String {
    let text = format!("This is a test message from zxfrd: alerts for the webhook {:?} come here.", webhook.name);
    json(&Test { text: &text })
}

fn json(value: &impl Serialize) -> String {
    // Plain structures with text as keys: those always have a JSON form.
    serde_json::to_string(value).unwrap_or_default()
}
