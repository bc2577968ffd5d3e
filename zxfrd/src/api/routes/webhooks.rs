//! `/accounts/{account_id}/alerting/v3/destinations/webhooks`

use axum::extract::State;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::alert_object::Webhook;
use crate::api::body::{Member, Members};
use crate::api::envelope::Success;
use crate::api::object::IdOnly;
use crate::api::refusal::Refusal;
use crate::api::scope::{InAccount, ObjectPath, not_found};
use crate::catalog::{SecretWanted, WebhookWanted, code};

/// A webhook that is wanted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct WebhookBody {
    /// Its name, for people; alerts to it have it.
    #[schema(min_length = 1)]
    name: String,
    /// Where alerts are posted: `http` or `https`, without user, password and fragment.
    #[schema(example = "https://alerts.example/hook", max_length = 2048)]
    url: String,
    /// What stands in the header `cf-webhook-auth` of every message; it is never shown. If it isn't there it stays what it was;
    /// null, or nothing in it, takes it away.
    #[schema(max_length = 1024)]
    secret: Option<String>,
}

fn wanted(members: &Members) -> Result<WebhookWanted, Refusal> {
    let secret = match members.text("secret")? {
        Member::Missing => SecretWanted::Same,
        Member::Null => SecretWanted::None,
        Member::Value(text) if text.is_empty() => SecretWanted::None,
        Member::Value(text) => SecretWanted::This(text),
    };
    Ok(WebhookWanted { name: members.needed_text("name")?, url: members.needed_text("url")?, secret })
}

/// All webhooks of the account
#[utoipa::path(get, path = "/accounts/{account_id}/alerting/v3/destinations/webhooks", tag = "alerting", operation_id = "webhooks-list",
    responses((status = 200, body = Success<Vec<Webhook>>)))]
pub(super) async fn list(State(api): State<Api>, InAccount { account, .. }: InAccount) -> Success<Vec<Webhook>> {
    Success::new(api.catalog().read().webhooks(account.id).iter().map(|webhook| Webhook::from(&**webhook)).collect())
}

/// Makes a webhook, which is sent a test message
#[utoipa::path(post, path = "/accounts/{account_id}/alerting/v3/destinations/webhooks", tag = "alerting", operation_id = "webhooks-create",
    request_body = WebhookBody, responses((status = 200, body = Success<IdOnly>)))]
pub(super) async fn create(
    State(api): State<Api>,
    InAccount { by, account }: InAccount,
    members: Members,
) -> Result<Success<IdOnly>, Refusal> {
    let done = api.catalog().create_webhook(&by, account.id, wanted(&members)?).await?;
    Ok(Success::of(done, |webhook| IdOnly::from(webhook.id)))
}

/// A webhook
#[utoipa::path(get, path = "/accounts/{account_id}/alerting/v3/destinations/webhooks/{id}", tag = "alerting", operation_id = "webhooks-get",
    responses((status = 200, body = Success<Webhook>)))]
pub(super) async fn get(
    State(api): State<Api>,
    ObjectPath { account, id, .. }: ObjectPath,
) -> Result<Success<Webhook>, Refusal> {
    let found = api.catalog().read().webhook(account, id).map(|webhook| Webhook::from(&**webhook));
    found.map(Success::new).ok_or_else(|| not_found(code::WEBHOOK_NOT_FOUND, "There is no webhook with this id"))
}

/// Replaces a webhook, which is sent a test message if its URL or secret is another
#[utoipa::path(put, path = "/accounts/{account_id}/alerting/v3/destinations/webhooks/{id}", tag = "alerting", operation_id = "webhooks-update",
    request_body = WebhookBody, responses((status = 200, body = Success<IdOnly>)))]
pub(super) async fn update(
    State(api): State<Api>,
    ObjectPath { by, account, id }: ObjectPath,
    members: Members,
) -> Result<Success<IdOnly>, Refusal> {
    let done = api.catalog().update_webhook(&by, account, id, wanted(&members)?).await?;
    Ok(Success::of(done, |webhook| IdOnly::from(webhook.id)))
}

/// Deletes a webhook that no policy has
#[utoipa::path(delete, path = "/accounts/{account_id}/alerting/v3/destinations/webhooks/{id}", tag = "alerting", operation_id = "webhooks-delete",
    responses((status = 200, body = Success<IdOnly>)))]
pub(super) async fn delete(
    State(api): State<Api>,
    ObjectPath { by, account, id }: ObjectPath,
) -> Result<Success<IdOnly>, Refusal> {
    let done = api.catalog().delete_webhook(&by, account, id).await?;
    Ok(Success::of(done, IdOnly::from))
}
