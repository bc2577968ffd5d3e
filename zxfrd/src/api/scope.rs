//! What a path is about: the account, the object or the zone in it, where the caller's token opens its account. Whatever else
//! stands there, there is no such route.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OriginalUri, RawPathParams};
use axum::http::request::Parts;

use super::Api;
use super::gate::Caller;
use super::refusal::Refusal;
use crate::catalog::{Account, Fault, FaultKind, Id, Token, Zone, code};

/// An account that the caller's token opens: `/accounts/{account_id}/…`.
#[derive(Clone, Debug)]
pub(super) struct InAccount {
    /// Whose request it is.
    pub(super) by: Arc<Token>,
    /// The account.
    pub(super) account: Arc<Account>,
}

/// An object in an account that the caller's token opens, there or not: `/accounts/{account_id}/…/{id}`.
#[derive(Clone, Debug)]
pub(super) struct ObjectPath {
    /// Whose request it is.
    pub(super) by: Arc<Token>,
    /// The account.
    pub(super) account: Id,
    /// The object.
    pub(super) id: Id,
}

/// A zone of an account that the caller's token opens: `/zones/{zone_id}/…`.
#[derive(Clone, Debug)]
pub(super) struct InZone {
    /// Whose request it is.
    pub(super) by: Arc<Token>,
    /// The zone.
    pub(super) zone: Arc<Zone>,
}

/// A token, there or not: `/user/tokens/{token_id}`.
#[derive(Clone, Debug)]
pub(super) struct TokenPath {
    /// Whose request it is.
    pub(super) by: Arc<Token>,
    /// The token that it is about.
    pub(super) id: Id,
}

impl FromRequestParts<Api> for TokenPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Refusal> {
        Ok(Self { by: caller(parts).await?, id: id(parts, "token_id").await? })
    }
}

impl FromRequestParts<Api> for InAccount {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let (by, account) = (caller(parts).await?, id(parts, "account_id").await?);
        let found = api.catalog().read().account(&by.accounts, account).cloned();
        let account = found.ok_or_else(|| no_route(parts))?;
        Ok(Self { by, account })
    }
}

impl FromRequestParts<Api> for ObjectPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let InAccount { by, account } = InAccount::from_request_parts(parts, api).await?;
        Ok(Self { by, account: account.id, id: id(parts, "id").await? })
    }
}

impl FromRequestParts<Api> for InZone {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let (by, zone) = (caller(parts).await?, id(parts, "zone_id").await?);
        let found = api.catalog().read().zone(&by.accounts, zone).cloned();
        let zone = found.ok_or_else(|| not_found(code::ZONE_NOT_FOUND, "There is no zone with this id"))?;
        Ok(Self { by, zone })
    }
}

/// There is no such thing, or it is another's.
pub(super) fn not_found(code: u32, message: &str) -> Refusal {
    Fault { kind: FaultKind::NotFound, code, message: message.to_owned(), pointer: None }.into()
}

async fn caller(parts: &mut Parts) -> Result<Arc<Token>, Refusal> {
    let Caller(token) = Caller::from_request_parts(parts, &()).await?;
    Ok(token)
}

/// An id in the path.
async fn id(parts: &mut Parts, name: &str) -> Result<Id, Refusal> {
    let params = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| no_route(parts))?;
    let value = params.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
    value.and_then(|value| value.parse().ok()).ok_or_else(|| no_route(parts))
}

/// The path, as it was asked for, leads nowhere.
fn no_route(parts: &Parts) -> Refusal {
    let original = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri);
    Refusal::no_route(original.path())
}
