//! Who may pass: every route behind it has an authenticated caller whose token is good for the method.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Api;
use super::credentials::Credentials;
use super::rates::Standing;
use super::refusal::{Refusal, codes};
use crate::catalog::{Access, Token};

/// The address that a connection comes from. The listener says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client(pub(super) SocketAddr);

/// Whose request it is.
#[derive(Clone, Debug)]
pub(super) struct Caller(pub(super) Arc<Token>);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        // A route outside of the gate has no caller: nothing is done for nobody.
        parts.extensions.get().cloned().ok_or_else(Refusal::internal)
    }
}

/// Lets pass who may read, and where something is changed, who may write.
pub(super) async fn gate(State(api): State<Api>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let may = |access| match access {
        Access::Write => Ok(()),
        Access::Read if reads => Ok(()),
        Access::Read => Err(Refusal::forbidden("This token may only read")),
        Access::Metrics => Err(Refusal::forbidden("This token is good for metrics only")),
    };
    pass(&api, request, next, may, wrong).await
}

/// Lets pass whoever has a token.
pub(super) async fn any_token(State(api): State<Api>, request: Request, next: Next) -> Response {
    pass(&api, request, next, |_| Ok(()), wrong).await
}

/// Lets pass whoever has a token, where that is what is asked.
pub(super) async fn verify(State(api): State<Api>, request: Request, next: Next) -> Response {
    let wrong = || Refusal::unauthorized(codes::TOKEN_INVALID, "Invalid API Token");
    pass(&api, request, next, |_| Ok(()), wrong).await
}

/// For who has a token that is none.
fn wrong() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, codes::WRONG_TOKEN, "Invalid access token")
}

async fn pass(
    api: &Api,
    mut request: Request,
    next: Next,
    may: impl FnOnce(Access) -> Result<(), Refusal>,
    wrong: impl FnOnce() -> Refusal,
) -> Response {
    let from = request.extensions().get::<Client>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |client| client.0.ip());
    let now = Instant::now();
    let token = match authenticate(api, request.headers(), from, now, wrong) {
        Ok(token) => token,
        Err(refusal) => return refusal.into_response(),
    };
    let standing = match api.rates().take(token.id, now) {
        Ok(standing) => standing,
        Err(seconds) => {
            let standing = Standing { limit: api.settings().rate.burst, remaining: 0, reset: seconds };
            return limits(Refusal::too_many(seconds).into_response(), standing);
        }
    };
    if let Err(refusal) = may(token.access) {
        return limits(refusal.into_response(), standing);
    }
    request.extensions_mut().insert(Caller(token));
    limits(next.run(request).await, standing)
}

/// Whose credentials these are.
fn authenticate(
    api: &Api,
    headers: &HeaderMap,
    from: IpAddr,
    now: Instant,
    wrong: impl FnOnce() -> Refusal,
) -> Result<Arc<Token>, Refusal> {
    let objects = api.catalog().read();
    if objects.tokens().next().is_none() {
        let message = "No token is configured: the log of the server says how to make one";
        return Err(Refusal::unauthorized(codes::FORBIDDEN, message));
    }
    let from = network(from);
    if let Some(seconds) = api.guesses().waits(from, now) {
        return Err(Refusal::too_many(seconds));
    }
    let credentials = Credentials::read(headers)?;
    credentials.token(objects.tokens()).cloned().ok_or_else(|| {
        // Whether this was one too many shows at the next one.
        let _ = api.guesses().take(from, now);
        wrong()
    })
}

/// The address, of IPv6 the network: a host has 2⁶⁴ addresses there.
fn network(addr: IpAddr) -> IpAddr {
    match addr.to_canonical() {
        IpAddr::V4(addr) => addr.into(),
        IpAddr::V6(addr) => {
            let [a, b, c, d, ..] = addr.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// Says how many requests are left.
fn limits(mut response: Response, standing: Standing) -> Response {
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", HeaderValue::from(standing.limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(standing.remaining));
    headers.insert("x-ratelimit-reset", HeaderValue::from(standing.reset));
    response
}
