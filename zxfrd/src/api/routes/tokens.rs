//! `/user/tokens`: whether a token is one, and new ones.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::body::Members;
use crate::api::envelope::{Message, Success};
use crate::api::gate::Caller;
use crate::api::object::{IdOnly, Verified};
use crate::api::refusal::{Refusal, codes};
use crate::api::scope::{InAccount, TokenPath};
use crate::catalog::{self, Reach, TokenWanted};

/// A token that is wanted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct TokenBody {
    /// Its name, for people; the audit trail has it.
    #[schema(min_length = 1)]
    name: String,
    /// What stands in `X-Auth-Email` beside its secret in `X-Auth-Key`.
    email: Option<String>,
    /// The ids of the accounts that it opens; all where this isn't there, or one is `*`.
    accounts: Option<Vec<String>>,
    /// What it is good for: `write` (and reading), `read`, or `metrics` only.
    access: AccessWord,
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "tells the schema; the catalog has the words")]
enum AccessWord {
    Write,
    Read,
    Metrics,
}

/// A token that was made. This is the only time that its secret is seen.
#[derive(Serialize, ToSchema)]
pub(super) struct NewToken {
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    name: String,
    email: Option<String>,
    /// The ids of the accounts that it opens, or `*`.
    accounts: Vec<String>,
    #[schema(value_type = AccessWord)]
    access: &'static str,
    /// Always `active`.
    status: &'static str,
    #[schema(format = DateTime)]
    issued_on: String,
    /// Its secret.
    value: String,
}

impl From<&catalog::NewToken> for NewToken {
    fn from(made: &catalog::NewToken) -> Self {
        let token = &made.token;
        Self {
            id: token.id.to_string(),
            name: token.name.clone(),
            email: token.email.clone(),
            accounts: match &token.accounts {
                Reach::All => vec!["*".to_owned()],
                Reach::Some(accounts) => accounts.iter().map(ToString::to_string).collect(),
            },
            access: token.access.as_str(),
            status: "active",
            issued_on: token.created.to_string(),
            value: (*made.secret).clone(),
        }
    }
}

/// Makes a token that opens no more than the caller's
#[utoipa::path(post, path = "/user/tokens", tag = "tokens", operation_id = "tokens-create",
    request_body = TokenBody, responses((status = 200, body = Success<NewToken>)))]
pub(super) async fn create(
    State(api): State<Api>,
    Caller(by): Caller,
    members: Members,
) -> Result<Success<NewToken>, Refusal> {
    let wanted = TokenWanted {
        name: members.needed_text("name")?,
        email: members.text("email")?.given(),
        accounts: members.texts("accounts")?.given(),
        access: members.needed_text("access")?,
    };
    let done = api.catalog().create_token(&by, wanted).await?;
    Ok(Success::of(done, |made| NewToken::from(&made)))
}

/// Deletes a token that opens no more than the caller's
#[utoipa::path(delete, path = "/user/tokens/{token_id}", tag = "tokens", operation_id = "tokens-delete",
    responses((status = 200, body = Success<IdOnly>)))]
pub(super) async fn delete(
    State(api): State<Api>,
    TokenPath { by, id }: TokenPath,
) -> Result<Success<IdOnly>, Refusal> {
    let done = api.catalog().delete_token(&by, id).await?;
    Ok(Success::of(done, IdOnly::from))
}

fn verified(token: &catalog::Token) -> Success<Verified> {
    let message = Message::new(codes::FORBIDDEN, "This API Token is valid and active");
    Success::new(Verified::from(token)).remark(message)
}

/// Whether the caller's token is one
#[utoipa::path(get, path = "/user/tokens/verify", tag = "tokens", operation_id = "tokens-verify",
    responses((status = 200, body = Success<Verified>)))]
pub(super) async fn verify(Caller(token): Caller) -> Success<Verified> {
    verified(&token)
}

/// Whether the caller's token is one that opens the account
#[utoipa::path(get, path = "/accounts/{account_id}/tokens/verify", tag = "tokens", operation_id = "tokens-verify-account",
    responses((status = 200, body = Success<Verified>)))]
pub(super) async fn verify_in_account(InAccount { by, .. }: InAccount) -> Success<Verified> {
    verified(&by)
}
