//! `/accounts/{account_id}/alerting/v3/…`: policies, what there is to be told of, and what was sent.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::alert_object::{AlertPolicy, SentAlert};
use crate::api::body::{Member, Members};
use crate::api::envelope::Success;
use crate::api::object::IdOnly;
use crate::api::query::Query;
use crate::api::refusal::Refusal;
use crate::api::scope::{InAccount, ObjectPath, not_found};
use crate::catalog::{AlertPolicyWanted, AlertType, Fault, code};

/// A policy that is wanted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct PolicyBody {
    /// Its name, for people.
    #[schema(min_length = 1)]
    name: String,
    /// What is told; see the available alerts.
    #[schema(example = "secondary_dns_all_primaries_failing")]
    alert_type: String,
    /// Whether it is told; it is unless this says otherwise.
    enabled: Option<bool>,
    /// Who is told.
    mechanisms: MechanismsBody,
    /// What it is for.
    description: Option<String>,
}

/// What is to be another at a policy; what isn't there stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct PolicyEditBody {
    /// Its name, for people.
    name: Option<String>,
    /// What is told; see the available alerts.
    alert_type: Option<String>,
    /// Whether it is told.
    enabled: Option<bool>,
    /// Who is told.
    mechanisms: Option<MechanismsBody>,
    /// What it is for.
    description: Option<String>,
}

/// Who is told.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
struct MechanismsBody {
    /// Webhooks, at least one.
    webhooks: Vec<WebhookReference>,
}

/// Which webhook.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
struct WebhookReference {
    /// Its id.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
}

/// What a body says; of what isn't there, nothing.
fn wanted(members: &Members) -> Result<AlertPolicyWanted, Refusal> {
    let webhooks = members.object("mechanisms")?.given().map(|mechanisms| webhooks(&mechanisms)).transpose()?;
    let nothing =
        |name: &str| Ok::<_, Refusal>(members.object(name)?.given().is_none_or(|members| members.say_nothing()));
    if !nothing("filters")? {
        let message = "filters: these alerts have none: a policy is for all zones of the account";
        return Err(Fault::invalid(code::POLICY_FILTERS, "filters", message).into());
    }
    if members.text("alert_interval")?.given().is_some_and(|interval| !interval.is_empty()) {
        let message =
            "alert_interval: these alerts have none: each trouble is told once when it begins, and once when it ends";
        return Err(Fault::invalid(code::POLICY_FILTERS, "alert_interval", message).into());
    }
    Ok(AlertPolicyWanted {
        name: members.text("name")?.given(),
        description: match members.text("description")? {
            Member::Missing => None,
            Member::Null => Some(None),
            Member::Value(text) => Some(Some(text)),
        },
        alert_type: members.text("alert_type")?.given(),
        enabled: members.truth("enabled")?.given(),
        webhooks,
    })
}

/// The ids of the webhooks.
fn webhooks(mechanisms: &Members) -> Result<Vec<String>, Refusal> {
    const WITHIN: &str = "/mechanisms";
    let list = |name| mechanisms.objects(name).map_err(|refusal| refusal.within(WITHIN));
    for other in ["email", "pagerduty"] {
        if list(other)?.given().is_some_and(|list| !list.is_empty()) {
            let message = format!("mechanisms: {other} can't be used here: use webhooks");
            return Err(Fault::invalid(code::POLICY_MECHANISMS, &format!("mechanisms/{other}"), message).into());
        }
    }
    let id = |(at, webhook): (usize, &Members)| {
        webhook.needed_text("id").map_err(|refusal| refusal.within(&format!("{WITHIN}/webhooks/{at}")))
    };
    list("webhooks")?.given().unwrap_or_default().iter().enumerate().map(id).collect()
}

/// All policies of the account
#[utoipa::path(get, path = "/accounts/{account_id}/alerting/v3/policies", tag = "alerting", operation_id = "policies-list",
    responses((status = 200, body = Success<Vec<AlertPolicy>>)))]
pub(super) async fn list(State(api): State<Api>, InAccount { account, .. }: InAccount) -> Success<Vec<AlertPolicy>> {
    let policies = api.catalog().read().alert_policies(account.id);
    Success::new(policies.iter().map(|policy| AlertPolicy::from(&**policy)).collect())
}

/// Makes a policy
#[utoipa::path(post, path = "/accounts/{account_id}/alerting/v3/policies", tag = "alerting", operation_id = "policies-create",
    request_body = PolicyBody, responses((status = 200, body = Success<IdOnly>)))]
pub(super) async fn create(
    State(api): State<Api>,
    InAccount { by, account }: InAccount,
    members: Members,
) -> Result<Success<IdOnly>, Refusal> {
    let done = api.catalog().create_alert_policy(&by, account.id, wanted(&members)?).await?;
    Ok(Success::of(done, |policy| IdOnly::from(policy.id)))
}

/// A policy
#[utoipa::path(get, path = "/accounts/{account_id}/alerting/v3/policies/{id}", tag = "alerting", operation_id = "policies-get",
    responses((status = 200, body = Success<AlertPolicy>)))]
pub(super) async fn get(
    State(api): State<Api>,
    ObjectPath { account, id, .. }: ObjectPath,
) -> Result<Success<AlertPolicy>, Refusal> {
    let found = api.catalog().read().alert_policy(account, id).map(|policy| AlertPolicy::from(&**policy));
    found.map(Success::new).ok_or_else(|| not_found(code::POLICY_NOT_FOUND, "There is no policy with this id"))
}

/// Changes a policy; what isn't there stays
#[utoipa::path(put, path = "/accounts/{account_id}/alerting/v3/policies/{id}", tag = "alerting", operation_id = "policies-update",
    request_body = PolicyEditBody, responses((status = 200, body = Success<IdOnly>)))]
pub(super) async fn update(
    State(api): State<Api>,
    ObjectPath { by, account, id }: ObjectPath,
    members: Members,
) -> Result<Success<IdOnly>, Refusal> {
    let done = api.catalog().update_alert_policy(&by, account, id, wanted(&members)?).await?;
    Ok(Success::of(done, |policy| IdOnly::from(policy.id)))
}

/// Deletes a policy
#[utoipa::path(delete, path = "/accounts/{account_id}/alerting/v3/policies/{id}", tag = "alerting", operation_id = "policies-delete",
    responses((status = 200, body = Success<IdOnly>)))]
pub(super) async fn delete(
    State(api): State<Api>,
    ObjectPath { by, account, id }: ObjectPath,
) -> Result<Success<IdOnly>, Refusal> {
    let done = api.catalog().delete_alert_policy(&by, account, id).await?;
    Ok(Success::of(done, IdOnly::from))
}

/// Something of which may be told.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AvailableAlert {
    /// The type that a policy names.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its name, for people.
    display_name: &'static str,
    /// When it is told.
    description: &'static str,
    /// Always empty.
    filter_options: [String; 0],
}

/// Each of them.
const AVAILABLE: [(AlertType, &str, &str); 5] = [
    (
        AlertType::AllPrimariesFailing,
        "Secondary DNS all Primaries Failing",
        "Every primary of a secondary zone fails, and when one no longer does.",
    ),
    (
        AlertType::PrimariesFailing,
        "Secondary DNS Primaries Failing",
        "At least one primary of a secondary zone fails, and when none does any more.",
    ),
    (AlertType::Updated, "Secondary DNS Successfully Updated", "A version of a secondary zone was transferred."),
    (
        AlertType::ValidationWarning,
        "Secondary DNSSEC Validation Warning",
        "The signatures or the ZONEMD of a secondary zone don't hold, and when they do again.",
    ),
    (
        AlertType::Warning,
        "Secondary DNS Warning",
        "A secondary zone isn't what its primaries have: a version is held back, the serial went backwards, the zone has \
         expired, or it can't be stored; and when that is over.",
    ),
];

/// What policies can be made for
#[utoipa::path(get, path = "/accounts/{account_id}/alerting/v3/available_alerts", tag = "alerting", operation_id = "available-alerts",
    responses((status = 200, body = Success<BTreeMap<String, Vec<AvailableAlert>>>)))]
pub(super) async fn available(_: InAccount) -> Success<BTreeMap<&'static str, Vec<AvailableAlert>>> {
    let alert = |(kind, display_name, description): (AlertType, _, _)| AvailableAlert {
        kind: kind.as_str(),
        display_name,
        description,
        filter_options: [],
    };
    Success::new(BTreeMap::from([("DNS", AVAILABLE.map(alert).into())]))
}

/// The alerts that webhooks have taken, the newest first: the last 1000 of the account
#[utoipa::path(get, path = "/accounts/{account_id}/alerting/v3/history", tag = "alerting", operation_id = "alerts-history",
    params(
        ("before" = Option<String>, Query, description = "Only alerts before this time (RFC 3339)."),
        ("since" = Option<String>, Query, description = "Only alerts after this time (RFC 3339)."),
        ("page" = Option<usize>, Query, minimum = 1, description = "Which page, from 1. One past the end is empty."),
        ("per_page" = Option<usize>, Query, minimum = 1, description = "How many on a page: 25, and at most 1000."),
    ),
    responses((status = 200, body = Success<Vec<SentAlert>>)))]
pub(super) async fn history(
    State(api): State<Api>,
    InAccount { account, .. }: InAccount,
    query: Query,
) -> Result<Success<Vec<SentAlert>>, Refusal> {
    let (paging, before, since) = (query.paging(25, 1000)?, query.time("before")?, query.time("since")?);
    let fits = |at| before.is_none_or(|before| at < before) && since.is_none_or(|since| at > since);
    let found: Vec<_> = {
        let objects = api.catalog().read();
        objects.sent_alerts(account.id).filter(|alert| fits(alert.sent)).cloned().collect()
    };
    let (alerts, info) = paging.of(found);
    Ok(Success::new(alerts.iter().map(|alert| SentAlert::from(&**alert)).collect()).page(info))
}
