//! `/accounts/{account_id}/secondary_dns/acls`

use axum::extract::State;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::body::Members;
use crate::api::envelope::Success;
use crate::api::object::{Acl, IdOnly};
use crate::api::refusal::Refusal;
use crate::api::scope::{InAccount, ObjectPath, not_found};
use crate::catalog::{AclWanted, code};

/// An ACL that is wanted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct AclBody {
    /// Its name, for people.
    #[schema(min_length = 1)]
    name: String,
    /// An address, or a range in CIDR notation; bits behind the prefix don't count. IPv4 prefixes have at least 24 bits, IPv6
    /// prefixes 64, unless the configuration says otherwise.
    #[schema(example = "192.0.2.53/28")]
    ip_range: String,
}

fn wanted(members: &Members) -> Result<AclWanted, Refusal> {
    Ok(AclWanted { name: members.needed_text("name")?, ip_range: members.needed_text("ip_range")? })
}

/// All ACLs of the account
#[utoipa::path(get, path = "/accounts/{account_id}/secondary_dns/acls", tag = "acls", operation_id = "acls-list",
    responses((status = 200, body = Success<Vec<Acl>>)))]
pub(super) async fn list(State(api): State<Api>, InAccount { account, .. }: InAccount) -> Success<Vec<Acl>> {
    Success::new(api.catalog().read().acls(account.id).iter().map(|acl| Acl::from(&**acl)).collect())
}

/// Makes an ACL
#[utoipa::path(post, path = "/accounts/{account_id}/secondary_dns/acls", tag = "acls", operation_id = "acls-create",
    request_body = AclBody, responses((status = 200, body = Success<Acl>)))]
pub(super) async fn create(
    State(api): State<Api>,
    InAccount { by, account }: InAccount,
    members: Members,
) -> Result<Success<Acl>, Refusal> {
    let done = api.catalog().create_acl(&by, account.id, wanted(&members)?).await?;
    Ok(Success::of(done, |acl| Acl::from(&*acl)))
}

/// An ACL
#[utoipa::path(get, path = "/accounts/{account_id}/secondary_dns/acls/{id}", tag = "acls", operation_id = "acls-get",
    responses((status = 200, body = Success<Acl>)))]
pub(super) async fn get(
    State(api): State<Api>,
    ObjectPath { account, id, .. }: ObjectPath,
) -> Result<Success<Acl>, Refusal> {
    let found = api.catalog().read().acl(account, id).map(|acl| Acl::from(&**acl));
    found.map(Success::new).ok_or_else(|| not_found(code::ACL_NOT_FOUND, "There is no ACL with this id"))
}

/// Replaces an ACL
#[utoipa::path(put, path = "/accounts/{account_id}/secondary_dns/acls/{id}", tag = "acls", operation_id = "acls-update",
    request_body = AclBody, responses((status = 200, body = Success<Acl>)))]
pub(super) async fn update(
    State(api): State<Api>,
    ObjectPath { by, account, id }: ObjectPath,
    members: Members,
) -> Result<Success<Acl>, Refusal> {
    let done = api.catalog().update_acl(&by, account, id, wanted(&members)?).await?;
    Ok(Success::of(done, |acl| Acl::from(&*acl)))
}

/// Deletes an ACL
#[utoipa::path(delete, path = "/accounts/{account_id}/secondary_dns/acls/{id}", tag = "acls", operation_id = "acls-delete",
    responses((status = 200, body = Success<IdOnly>)))]
pub(super) async fn delete(
    State(api): State<Api>,
    ObjectPath { by, account, id }: ObjectPath,
) -> Result<Success<IdOnly>, Refusal> {
    let done = api.catalog().delete_acl(&by, account, id).await?;
    Ok(Success::of(done, IdOnly::from))
}
