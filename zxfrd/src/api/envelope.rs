//! The form of every answer: `success`, `errors`, `messages`, `result` and, for pages of a list, `result_info`.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalog::{Done, Warning};

/// An error or a remark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Message {
    /// What clients tell it by.
    #[schema(minimum = 1000)]
    pub(super) code: u32,
    /// What is wrong or odd, naming the member and the rule.
    pub(super) message: String,
    /// Where in the request's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Source>,
    /// What it comes from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub(super) error_chain: Vec<Self>,
}

impl Message {
    pub(super) fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), source: None, error_chain: Vec::new() }
    }
}

impl From<Warning> for Message {
    fn from(warning: Warning) -> Self {
        Self::new(warning.code, warning.message)
    }
}

/// Where in the request's body something is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Source {
    /// A JSON pointer (RFC 6901); empty for the body itself.
    pub(super) pointer: String,
}

/// Something that was done or found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Success<T> {
    /// Always true.
    success: bool,
    /// Always empty.
    #[schema(max_items = 0)]
    errors: Vec<Message>,
    /// What is odd about it.
    messages: Vec<Message>,
    /// What was done or found.
    result: T,
    /// Which part of a list this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    result_info: Option<ResultInfo>,
}

impl<T> Success<T> {
    pub(super) const fn new(result: T) -> Self {
        Self { success: true, errors: Vec::new(), messages: Vec::new(), result, result_info: None }
    }

    pub(super) fn of<U>(done: Done<U>, render: impl FnOnce(U) -> T) -> Self {
        let messages = done.warnings.into_iter().map(Message::from).collect();
        Self { messages, ..Self::new(render(done.result)) }
    }

    pub(super) fn remark(mut self, message: Message) -> Self {
        self.messages.push(message);
        self
    }

    pub(super) fn page(mut self, info: ResultInfo) -> Self {
        self.result_info = Some(info);
        self
    }
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

/// Which part of a list this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct ResultInfo {
    /// The number of the page, from 1.
    #[schema(minimum = 1)]
    pub(super) page: usize,
    /// The most that a page has.
    #[schema(minimum = 1)]
    pub(super) per_page: usize,
    /// How many this page has.
    pub(super) count: usize,
    /// How many there are in all.
    pub(super) total_count: usize,
    /// How many pages there are.
    pub(super) total_pages: usize,
}

/// Something that was not done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Failure {
    /// Always false.
    success: bool,
    /// Why.
    #[schema(min_items = 1)]
    errors: Vec<Message>,
    /// Always empty.
    #[schema(max_items = 0)]
    messages: Vec<Message>,
    /// Always null.
    #[schema(value_type = Option<String>, required)]
    result: (),
}

impl Failure {
    pub(super) const fn new(errors: Vec<Message>) -> Self {
        Self { success: false, errors, messages: Vec::new(), result: () }
    }
}

/// An answer with a JSON body.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    // What is answered are plain structures with text as keys: those always have a JSON form.
    let body = serde_json::to_vec(value).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
