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
pub struct Requests(Mutex<BTreeMap<Key, (u64, Duration)>>);

/// A method and a status.
type Key = (&'static str, u16);

/// Requests of one method that were answered with one status.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answered {
    /// The method, or `other`.
    pub method: &'static str,
    /// The status.
    pub status: u16,
    /// How many.
    pub count: u64,
    /// How long they took together, in seconds.
    pub seconds: f64,
}

impl Requests {
    /// By method and status.
    #[must_use]
    pub fn counts(&self) -> Vec<Answered> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answered = |(&(method, status), &(count, elapsed)): (&Key, &(u64, Duration))| Answered {
            method,
            status,
            count,
            seconds: elapsed.as_secs_f64(),
        };
        counts.iter().map(answered).collect()
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
        let answered = |method, status| Answered { method, status, count: 2, seconds: 1.0 };
        assert_eq!(requests.counts(), [answered("GET", 200), answered("other", 405)]);
    }
}
