//! How many requests were answered, and how.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::Api;

/// Counts requests by method and status: no more of them than there are words.
#[derive(Debug, Default)]
pub struct Requests(Mutex<BTreeMap<(&'static str, u16), (u64, Duration)>>);

impl Requests {
    /// By method and status: how many, and how many seconds they took together.
    #[must_use]
    pub fn counts(&self) -> Vec<((&'static str, u16), (u64, f64))> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(key, (count, elapsed))| (*key, (*count, elapsed.as_secs_f64()))).collect()
    }

    fn count(&self, method: &'static str, status: StatusCode, elapsed: Duration) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, took) = counts.entry((method, status.as_u16())).or_default();
        *count += 1;
        *took = took.saturating_add(elapsed);
    }
}

/// Counts a request, once it is answered.
pub(super) async fn count(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (method, began) = (word(request.method()), Instant::now());
    let response = next.run(request).await;
    api.requests().count(method, response.status(), began.elapsed());
    response
}

/// The methods that have routes; clients can make up others without end.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_by_method_and_status() {
        let requests = Requests::default();
        for (method, status) in [("GET", 200), ("GET", 200), ("PROPFIND", 405), ("BREW", 405)] {
            let method = word(&method.parse().unwrap());
            requests.count(method, StatusCode::from_u16(status).unwrap(), Duration::from_millis(500));
        }
        assert_eq!(requests.counts(), [(("GET", 200), (2, 1.0)), (("other", 405), (2, 1.0))]);
    }
}
