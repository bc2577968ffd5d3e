//! `/accounts`

use axum::extract::State;

use crate::api::Api;
use crate::api::envelope::Success;
use crate::api::gate::Caller;
use crate::api::object::Account;
use crate::api::query::Query;
use crate::api::refusal::Refusal;

/// The accounts that the token opens
#[utoipa::path(get, path = "/accounts", tag = "accounts", operation_id = "accounts-list",
    params(
        ("name" = Option<String>, Query, description = "Only the account with this name."),
        ("direction" = Option<String>, Query, description = "`asc` or `desc`."),
        ("page" = Option<usize>, Query, minimum = 1, description = "Which page, from 1."),
        ("per_page" = Option<usize>, Query, minimum = 1, description = "How many on a page: 20, and at most 50."),
    ),
    responses((status = 200, body = Success<Vec<Account>>)))]
pub(super) async fn list(
    State(api): State<Api>,
    Caller(token): Caller,
    query: Query,
) -> Result<Success<Vec<Account>>, Refusal> {
    let paging = query.paging(20, 50)?;
    let descending = query.word("direction", &[("asc", false), ("desc", true)], false)?;
    let mut found: Vec<_> = api.catalog().read().accounts(&token.accounts).cloned().collect();
    if let Some(name) = query.one("name") {
        found.retain(|account| account.name == name);
    }
    if descending {
        found.reverse();
    }
    let (accounts, info) = paging.of(found);
    Ok(Success::new(accounts.iter().map(|account| Account::from(&**account)).collect()).page(info))
}
