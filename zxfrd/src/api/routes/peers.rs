//! `/accounts/{account_id}/secondary_dns/peers`

use axum::extract::State;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::body::Members;
use crate::api::envelope::Success;
use crate::api::object::{IdOnly, Peer};
use crate::api::refusal::Refusal;
use crate::api::scope::{InAccount, ObjectPath, not_found};
use crate::catalog::{PeerWanted, code};

/// A peer that is wanted. Missing members, null and `""` are unset, and so is port 0 where there is no address.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct PeerBody {
    /// Its name, for people.
    #[schema(min_length = 1)]
    name: String,
    /// Its address, IPv4 or IPv6: where primaries are asked, and secondaries told of new versions.
    #[schema(example = "192.0.2.53")]
    ip: Option<String>,
    /// Its port; 53 unless set.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 65535)]
    port: Option<u16>,
    /// Whether it is asked for IXFR before AXFR.
    ixfr_enable: Option<bool>,
    /// The id of the TSIG for all that is said to it and that it says.
    tsig_id: Option<String>,
}

fn wanted(members: &Members) -> Result<PeerWanted, Refusal> {
    Ok(PeerWanted {
        name: members.needed_text("name")?,
        ip: members.text("ip")?.given(),
        port: members.integer("port")?.given(),
        ixfr_enable: members.truth("ixfr_enable")?.given(),
        tsig_id: members.text("tsig_id")?.given(),
    })
}

/// All peers of the account
#[utoipa::path(get, path = "/accounts/{account_id}/secondary_dns/peers", tag = "peers", operation_id = "peers-list",
    responses((status = 200, body = Success<Vec<Peer>>)))]
pub(super) async fn list(State(api): State<Api>, InAccount { account, .. }: InAccount) -> Success<Vec<Peer>> {
    Success::new(api.catalog().read().peers(account.id).iter().map(|peer| Peer::from(&**peer)).collect())
}

/// Makes a peer
#[utoipa::path(post, path = "/accounts/{account_id}/secondary_dns/peers", tag = "peers", operation_id = "peers-create",
    request_body = PeerBody, responses((status = 200, body = Success<Peer>)))]
pub(super) async fn create(
    State(api): State<Api>,
    InAccount { by, account }: InAccount,
    members: Members,
) -> Result<Success<Peer>, Refusal> {
    let done = api.catalog().create_peer(&by, account.id, wanted(&members)?).await?;
    Ok(Success::of(done, |peer| Peer::from(&*peer)))
}

/// A peer
#[utoipa::path(get, path = "/accounts/{account_id}/secondary_dns/peers/{id}", tag = "peers", operation_id = "peers-get",
    responses((status = 200, body = Success<Peer>)))]
pub(super) async fn get(
    State(api): State<Api>,
    ObjectPath { account, id, .. }: ObjectPath,
) -> Result<Success<Peer>, Refusal> {
    let found = api.catalog().read().peer(account, id).map(|peer| Peer::from(&**peer));
    found.map(Success::new).ok_or_else(|| not_found(code::PEER_NOT_FOUND, "There is no peer with this id"))
}

/// Replaces a peer: what isn't said of it is unset
#[utoipa::path(put, path = "/accounts/{account_id}/secondary_dns/peers/{id}", tag = "peers", operation_id = "peers-update",
    request_body = PeerBody, responses((status = 200, body = Success<Peer>)))]
pub(super) async fn update(
    State(api): State<Api>,
    ObjectPath { by, account, id }: ObjectPath,
    members: Members,
) -> Result<Success<Peer>, Refusal> {
    let done = api.catalog().update_peer(&by, account, id, wanted(&members)?).await?;
    Ok(Success::of(done, |peer| Peer::from(&*peer)))
}

/// Deletes a peer that is linked to no zone
#[utoipa::path(delete, path = "/accounts/{account_id}/secondary_dns/peers/{id}", tag = "peers", operation_id = "peers-delete",
    responses((status = 200, body = Success<IdOnly>)))]
pub(super) async fn delete(
    State(api): State<Api>,
    ObjectPath { by, account, id }: ObjectPath,
) -> Result<Success<IdOnly>, Refusal> {
    let done = api.catalog().delete_peer(&by, account, id).await?;
    Ok(Success::of(done, IdOnly::from))
}
