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
            let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, codes::TIMEOUT, message);
            // The official SDKs would send it again: what is made here then would be there twice.
            refusal.not_again().into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use tokio::sync::Notify;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_does_not_reach_the_client() {
        async fn broken() -> &'static str {
            panic!("a secret reason")
        }
        let router = Router::new().route("/", get(broken)).layer(from_fn(guard));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("\"success\":false") && !body.contains("secret reason"), "{body}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_not_to_be_sent_again() {
        let router = Router::new().route("/", get(std::future::pending::<&'static str>)).layer(from_fn(guard));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["x-should-retry"], "false");
    }

    #[tokio::test]
    async fn a_request_is_done_whole_when_its_client_goes_away() {
        let [begun, go, ended] = [(); 3].map(|()| Arc::new(Notify::new()));
        let done = Arc::new(AtomicBool::new(false));
        let handler = {
            let (begun, go, ended, done) = (begun.clone(), go.clone(), ended.clone(), done.clone());
            async move || {
                begun.notify_one();
                go.notified().await;
                done.store(true, Ordering::SeqCst);
                ended.notify_one();
            }
        };
        let router = Router::new().route("/", get(handler)).layer(from_fn(guard));
        tokio::select! {
            _ = router.oneshot(Request::new(Body::empty())) => panic!("it waits"),
            () = begun.notified() => {}
        }
        go.notify_one();
        ended.notified().await;
        assert!(done.load(Ordering::SeqCst));
    }
}
