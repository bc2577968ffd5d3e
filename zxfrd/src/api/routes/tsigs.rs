//! `/accounts/{account_id}/secondary_dns/tsigs`

use axum::extract::State;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::body::Members;
use crate::api::envelope::Success;
use crate::api::object::{IdOnly, Tsig};
use crate::api::refusal::Refusal;
use crate::api::scope::{InAccount, ObjectPath, not_found};
use crate::catalog::{TsigWanted, code};

/// A TSIG key that is wanted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct TsigBody {
    /// The name of the key, in domain-name syntax, with or without its last dot.
    #[schema(example = "tsig.customer.cf.")]
    name: String,
    /// The algorithm: `hmac-sha1.`, `-sha224.`, `-sha256.`, `-sha384.` or `-sha512.`, with or without the last dot.
    #[schema(example = "hmac-sha512.")]
    algo: String,
    /// The secret: base 64 of 1 to 512 octets. A random one is made if there is none.
    secret: Option<String>,
}

fn wanted(members: &Members) -> Result<TsigWanted, Refusal> {
    Ok(TsigWanted {
        name: members.needed_text("name")?,
        algo: members.needed_text("algo")?,
        secret: members.text("secret")?.given(),
    })
}

/// All TSIGs of the account
#[utoipa::path(get, path = "/accounts/{account_id}/secondary_dns/tsigs", tag = "tsigs", operation_id = "tsigs-list",
    responses((status = 200, body = Success<Vec<Tsig>>)))]
pub(super) async fn list(State(api): State<Api>, InAccount { account, .. }: InAccount) -> Success<Vec<Tsig>> {
    Success::new(api.catalog().read().tsigs(account.id).iter().map(|tsig| Tsig::from(&**tsig)).collect())
}

/// Makes a TSIG
#[utoipa::path(post, path = "/accounts/{account_id}/secondary_dns/tsigs", tag = "tsigs", operation_id = "tsigs-create",
    request_body = TsigBody, responses((status = 200, body = Success<Tsig>)))]
pub(super) async fn create(
    State(api): State<Api>,
    InAccount { by, account }: InAccount,
    members: Members,
) -> Result<Success<Tsig>, Refusal> {
    let done = api.catalog().create_tsig(&by, account.id, wanted(&members)?).await?;
    Ok(Success::of(done, |tsig| Tsig::from(&*tsig)))
}

/// A TSIG
#[utoipa::path(get, path = "/accounts/{account_id}/secondary_dns/tsigs/{id}", tag = "tsigs", operation_id = "tsigs-get",
    responses((status = 200, body = Success<Tsig>)))]
pub(super) async fn get(
    State(api): State<Api>,
    ObjectPath { account, id, .. }: ObjectPath,
) -> Result<Success<Tsig>, Refusal> {
    let found = api.catalog().read().tsig(account, id).map(|tsig| Tsig::from(&**tsig));
    found.map(Success::new).ok_or_else(|| not_found(code::TSIG_NOT_FOUND, "There is no TSIG with this id"))
}

/// Replaces a TSIG
#[utoipa::path(put, path = "/accounts/{account_id}/secondary_dns/tsigs/{id}", tag = "tsigs", operation_id = "tsigs-update",
    request_body = TsigBody, responses((status = 200, body = Success<Tsig>)))]
pub(super) async fn update(
    State(api): State<Api>,
    ObjectPath { by, account, id }: ObjectPath,
    members: Members,
) -> Result<Success<Tsig>, Refusal> {
    let done = api.catalog().update_tsig(&by, account, id, wanted(&members)?).await?;
    Ok(Success::of(done, |tsig| Tsig::from(&*tsig)))
}

/// Deletes a TSIG that no peer has
#[utoipa::path(delete, path = "/accounts/{account_id}/secondary_dns/tsigs/{id}", tag = "tsigs", operation_id = "tsigs-delete",
    responses((status = 200, body = Success<IdOnly>)))]
pub(super) async fn delete(
    State(api): State<Api>,
    ObjectPath { by, account, id }: ObjectPath,
) -> Result<Success<IdOnly>, Refusal> {
    let done = api.catalog().delete_tsig(&by, account, id).await?;
    Ok(Success::of(done, IdOnly::from))
}
