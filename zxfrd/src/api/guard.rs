//! What holds for every request: it is done whole even when its client goes away, within a time, and no panic reaches the client.

use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::refusal::{Refusal, codes};

/// How long a request is waited for. A change that takes longer may still be made.
const TIME: Duration = Duration::from_secs(30);

/// Does a request in a task of its own: what is dropped when a client hangs up is the waiting, never a change half-way.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let work = tokio::spawn(next.run(request));
    match timeout(TIME, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            tracing::error!(%method, %path, "a request failed here: {error}");
            Refusal::internal().into_response()
        }
        Err(_) => {
            tracing::error!(%method, %path, seconds = TIME.as_secs(), "a request took too long");
            let message = format!("Not done within {} s; it may still be", TIME.as_secs());
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, codes::TIMEOUT, message).into_response()
        }
    }
}
