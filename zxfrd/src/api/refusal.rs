//! Why a request is not done: status, codes and headers of the answer.

use axum::http::header::{HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::envelope::{Failure, Message, Source, json};
use crate::catalog::{Fault, FaultKind, code};

/// The numbers of what is refused before the catalog is asked. Those of the catalog are in [`crate::catalog::code`].
pub(super) mod codes {
    /// No token, or a wrong one, where tokens are verified.
    pub(in crate::api) const TOKEN_INVALID: u32 = 1000;
    /// A query parameter isn't what it has to be.
    pub(in crate::api) const QUERY: u32 = 1901;
    /// The body is too large.
    pub(in crate::api) const TOO_LARGE: u32 = 1902;
    /// The body doesn't come.
    pub(in crate::api) const TOO_SLOW: u32 = 1903;
    /// Too many requests.
    pub(in crate::api) const TOO_MANY: u32 = 1904;
    /// It took too long here.
    pub(in crate::api) const TIMEOUT: u32 = 1905;
    /// A fault of the server.
    pub(in crate::api) const INTERNAL: u32 = 1906;
    /// A header with credentials is malformed: the error.
    pub(in crate::api) const CREDENTIALS: u32 = 6003;
    /// Which one: `X-Auth-Key`.
    pub(in crate::api) const CREDENTIALS_KEY: u32 = 6103;
    /// Which one: `Authorization`.
    pub(in crate::api) const CREDENTIALS_AUTHORIZATION: u32 = 6111;
    /// No such route, beside 7003.
    pub(in crate::api) const NO_ROUTE: u32 = 7000;
    /// The route has no such method.
    pub(in crate::api) const METHOD: u32 = 7001;
    /// No credentials.
    pub(in crate::api) const NO_CREDENTIALS: u32 = 9106;
    /// A token that isn't one.
    pub(in crate::api) const WRONG_TOKEN: u32 = 9109;
    /// Not allowed.
    pub(in crate::api) const FORBIDDEN: u32 = 10000;
}

/// A request that is refused.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    errors: Vec<Message>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self { status, errors: vec![Message::new(code, message)], headers: Vec::new() }
    }

    /// A body that breaks a rule of form, at a JSON pointer.
    pub(super) fn body(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let source = Some(Source { pointer: pointer.into() });
        let mut refusal = Self::new(StatusCode::BAD_REQUEST, code::BODY, message);
        refusal.errors.iter_mut().for_each(|error| error.source.clone_from(&source));
        refusal
    }

    /// The same, where the body is a part of another: that at this JSON pointer.
    pub(super) fn within(mut self, outer: &str) -> Self {
        for source in self.errors.iter_mut().filter_map(|error| error.source.as_mut()) {
            source.pointer.insert_str(0, outer);
        }
        self
    }

    /// A query parameter that breaks a rule.
    pub(super) fn query(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, codes::QUERY, message)
    }

    /// No such path, or nothing at it that this caller is to know of.
    pub(super) fn no_route(path: &str) -> Self {
        let message = format!("Could not route to {path}, perhaps your object identifier is invalid?");
        let mut refusal = Self::new(StatusCode::NOT_FOUND, code::NOT_FOUND, message);
        refusal.errors.push(Message::new(codes::NO_ROUTE, "No route for that URI"));
        refusal
    }

    /// The path has no such method.
    pub(super) fn method(method: &Method, path: &str) -> Self {
        let message = format!("Method {method} not available for {path}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, codes::METHOD, message)
    }

    /// A header with credentials is malformed.
    pub(super) fn malformed_credentials(code: u32, message: &str) -> Self {
        let mut refusal = Self::new(StatusCode::BAD_REQUEST, codes::CREDENTIALS, "Invalid request headers");
        refusal.errors.iter_mut().for_each(|error| error.error_chain.push(Message::new(code, message)));
        refusal
    }

    /// The token may not do this.
    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, codes::FORBIDDEN, message)
    }

    /// The same, asking for credentials (RFC 9110 §11.6.1).
    pub(super) fn unauthorized(code: u32, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message).header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// Too many requests; after so many seconds there may be another.
    pub(super) fn too_many(seconds: u64) -> Self {
        let message = format!("More requests than are taken: try again in {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, codes::TOO_MANY, message).header(RETRY_AFTER, seconds.into())
    }

    /// Something went wrong here. What, is in the log.
    pub(super) fn internal() -> Self {
        let message = "The server failed to do this; its log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, codes::INTERNAL, message)
    }

    /// The same, telling the official SDKs not to send it again.
    pub(super) fn not_again(self) -> Self {
        self.header(HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"))
    }

    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let status = match fault.kind {
            FaultKind::Invalid => StatusCode::BAD_REQUEST,
            FaultKind::NotFound => StatusCode::NOT_FOUND,
            FaultKind::Conflict => StatusCode::CONFLICT,
            FaultKind::Forbidden => StatusCode::FORBIDDEN,
            FaultKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        let source = fault.pointer.map(|pointer| Source { pointer });
        let error = Message { source, ..Message::new(fault.code, fault.message) };
        Self { status, errors: vec![error], headers: Vec::new() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &Failure::new(self.errors));
        let headers = response.headers_mut();
        headers.extend(self.headers);
        if self.status == StatusCode::CONFLICT {
            // The official SDKs would send it again, twice: what is in use stays in use.
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        response
    }
}
