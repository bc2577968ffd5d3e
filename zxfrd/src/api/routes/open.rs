//! What isn't below the API's base: whether all is well, metrics, the OpenAPI document.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::api::Api;
use crate::api::gate::Caller;
use crate::api::refusal::Refusal;

/// Whether all is well; open to all
#[utoipa::path(get, path = "/healthz", tag = "service", operation_id = "health",
    responses(
        (status = 200, description = "All is well.", body = String, content_type = "text/plain"),
        (status = 503, description = "Something is not; the log, metrics and status say what.", body = String,
            content_type = "text/plain"),
    ))]
pub(super) async fn health(State(api): State<Api>) -> impl IntoResponse {
    if api.live().healthy() { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ok\n") }
}

/// Metrics in the text format of OpenMetrics, which Prometheus reads: of what the token opens
#[utoipa::path(get, path = "/metrics", tag = "service", operation_id = "metrics",
    responses((status = 200, body = String, content_type = "application/openmetrics-text")))]
pub(super) async fn metrics(State(api): State<Api>, Caller(token): Caller) -> Result<impl IntoResponse, Refusal> {
    let zones: Vec<_> = api.catalog().read().zones(&token.accounts).cloned().collect();
    // Of many zones it is much text.
    let telling = tokio::task::spawn_blocking(move || api.live().metrics(&zones, &token.accounts, api.requests()));
    let text = telling.await.map_err(|_| Refusal::internal())?;
    Ok(([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}

/// The OpenAPI document, open to all.
pub(super) fn document(document: Bytes) -> Router<Api> {
    Router::new().route("/openapi.json", get(async move || ([(CONTENT_TYPE, "application/json")], document.clone())))
}
