//! Webhooks, policies and sent alerts as clients see them.

use serde::Serialize;
use utoipa::ToSchema;

use super::object::IdOnly;
use crate::catalog::{self, Time};

/// A URL to which alerts are posted. Its secret is never shown.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Webhook {
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    /// Its name, for people; alerts to it have it.
    name: String,
    /// Where alerts are posted.
    #[schema(example = "https://alerts.example/hook")]
    url: String,
    /// Always `generic`.
    #[serde(rename = "type")]
    kind: &'static str,
    #[schema(format = DateTime)]
    created_at: String,
    /// When something was last taken there.
    #[schema(format = DateTime)]
    last_success: Option<String>,
    /// When something last was not.
    #[schema(format = DateTime)]
    last_failure: Option<String>,
}

impl From<&catalog::Webhook> for Webhook {
    fn from(webhook: &catalog::Webhook) -> Self {
        let shown = |time: Option<Time>| time.map(|time| time.to_string());
        Self {
            id: webhook.id.to_string(),
            name: webhook.name.clone(),
            url: webhook.url.clone(),
            kind: "generic",
            created_at: webhook.created.to_string(),
            last_success: shown(webhook.last_success),
            last_failure: shown(webhook.last_failure),
        }
    }
}

/// Who is told of what.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AlertPolicy {
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    /// Its name, for people.
    name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// What is told.
    #[schema(example = "secondary_dns_all_primaries_failing")]
    alert_type: &'static str,
    /// Whether it is told.
    enabled: bool,
    mechanisms: Mechanisms,
    /// Always empty.
    filters: Nothing,
    /// Always empty.
    conditions: Nothing,
    #[schema(format = DateTime)]
    created: String,
    #[schema(format = DateTime)]
    modified: String,
}

/// How it is told.
#[derive(Debug, Serialize, ToSchema)]
struct Mechanisms {
    /// The webhooks.
    webhooks: Vec<IdOnly>,
}

/// An object without members.
#[derive(Debug, Serialize, ToSchema)]
struct Nothing {}

impl From<&catalog::AlertPolicy> for AlertPolicy {
    fn from(policy: &catalog::AlertPolicy) -> Self {
        Self {
            id: policy.id.to_string(),
            name: policy.name.clone(),
            description: policy.description.clone(),
            alert_type: policy.alert_type.as_str(),
            enabled: policy.enabled,
            mechanisms: Mechanisms { webhooks: policy.webhooks.iter().copied().map(IdOnly::from).collect() },
            filters: Nothing {},
            conditions: Nothing {},
            created: policy.created.to_string(),
            modified: policy.modified.to_string(),
        }
    }
}

/// An alert that a webhook has taken.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SentAlert {
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    /// The name that its policy had.
    name: String,
    /// The description that its policy had.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// What it was about.
    alert_type: &'static str,
    /// What was posted, as text.
    alert_body: String,
    /// The id of the webhook.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    mechanism: String,
    /// Always `webhook`.
    mechanism_type: &'static str,
    #[schema(pattern = "^[0-9a-f]{32}$")]
    policy_id: String,
    #[schema(format = DateTime)]
    sent: String,
}

impl From<&catalog::SentAlert> for SentAlert {
    fn from(alert: &catalog::SentAlert) -> Self {
        Self {
            id: alert.id.to_string(),
            name: alert.name.clone(),
            description: alert.description.clone(),
            alert_type: alert.alert_type.as_str(),
            alert_body: alert.body.clone(),
            mechanism: alert.webhook.to_string(),
            mechanism_type: "webhook",
            policy_id: alert.policy.to_string(),
            sent: alert.sent.to_string(),
        }
    }
}
