//! Bodies of requests: JSON objects whose members are read one by one, so that each fault names its member.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::Api;
use super::refusal::{Refusal, codes};

/// How long a client may take to send a body.
const BODY_TIME: Duration = Duration::from_secs(15);
/// Numbers up to here are integers whose neighbours are other numbers (2⁵³).
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The members of a body. Those that nobody asks for don't matter.
#[derive(Debug)]
pub(super) struct Members(Map<String, Value>);

/// A member of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member<T> {
    /// It isn't there.
    Missing,
    /// It is null.
    Null,
    /// It has a value.
    Value(T),
}

impl<T> Member<T> {
    /// Its value, if it has one.
    pub(super) fn given(self) -> Option<T> {
        match self {
            Self::Missing | Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    fn map<U>(self, read: impl FnOnce(T) -> Result<U, Refusal>) -> Result<Member<U>, Refusal> {
        Ok(match self {
            Self::Missing => Member::Missing,
            Self::Null => Member::Null,
            Self::Value(value) => Member::Value(read(value)?),
        })
    }
}

impl Members {
    /// Reads a body, which has to be a JSON object.
    fn parse(octets: &[u8]) -> Result<Self, Refusal> {
        if octets.trim_ascii().is_empty() {
            return Err(Refusal::body("", "The body is empty: a JSON object is needed"));
        }
        match serde_json::from_slice(octets) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(other) => Err(Refusal::body("", format!("The body is {}: a JSON object is needed", kind(&other)))),
            Err(error) => Err(Refusal::body("", format!("The body is not JSON: {error}"))),
        }
    }

    fn member(&self, name: &str) -> Member<&Value> {
        match self.0.get(name) {
            None => Member::Missing,
            Some(Value::Null) => Member::Null,
            Some(value) => Member::Value(value),
        }
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Member<String>, Refusal> {
        self.member(name).map(|value| match value {
            Value::String(text) => Ok(text.clone()),
            other => Err(wrong(&pointer(name), "a string", other)),
        })
    }

    /// A text that has to be there.
    pub(super) fn needed_text(&self, name: &str) -> Result<String, Refusal> {
        needed(name, self.text(name)?)
    }

    /// A truth value.
    pub(super) fn truth(&self, name: &str) -> Result<Member<bool>, Refusal> {
        self.member(name).map(|value| value.as_bool().ok_or_else(|| wrong(&pointer(name), "true or false", value)))
    }

    /// An integer, which clients may well write as `300.0`.
    pub(super) fn integer(&self, name: &str) -> Result<Member<i64>, Refusal> {
        self.member(name).map(|value| match value.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "integral and within 2⁵³")]
            Some(number) if number.fract() == 0.0 && number.abs() <= EXACT => Ok(number as i64),
            Some(number) => {
                Err(Refusal::body(pointer(name), format!("{name} is {number}: it has to be an integer below 2^53")))
            }
            None => Err(wrong(&pointer(name), "a number", value)),
        })
    }

    /// A list of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Member<Vec<String>>, Refusal> {
        self.member(name).map(|value| {
            let Value::Array(items) = value else {
                return Err(wrong(&pointer(name), "an array of strings", value));
            };
            let text = |(at, item): (usize, &Value)| match item {
                Value::String(text) => Ok(text.clone()),
                other => Err(wrong(&format!("{}/{at}", pointer(name)), "a string", other)),
            };
            items.iter().enumerate().map(text).collect()
        })
    }

    /// A list of texts that has to be there.
    pub(super) fn needed_texts(&self, name: &str) -> Result<Vec<String>, Refusal> {
        needed(name, self.texts(name)?)
    }

    /// A list of objects: the members of each.
    pub(super) fn objects(&self, name: &str) -> Result<Member<Vec<Self>>, Refusal> {
        self.member(name).map(|value| {
            let Value::Array(items) = value else {
                return Err(wrong(&pointer(name), "an array of objects", value));
            };
            let object = |(at, item): (usize, &Value)| match item {
                Value::Object(members) => Ok(Self(members.clone())),
                other => Err(wrong(&format!("{}/{at}", pointer(name)), "an object", other)),
            };
            items.iter().enumerate().map(object).collect()
        })
    }

    /// The members of a member, as they are.
    pub(super) fn values(&self, name: &str) -> Result<Member<Map<String, Value>>, Refusal> {
        Ok(match self.object(name)? {
            Member::Missing => Member::Missing,
            Member::Null => Member::Null,
            Member::Value(members) => Member::Value(members.0),
        })
    }

    /// Whether nothing is said: no members, or only ones that are null or empty.
    pub(super) fn say_nothing(&self) -> bool {
        self.0.values().all(|value| match value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            Value::String(text) => text.is_empty(),
            _ => false,
        })
    }

    /// The members of a member.
    pub(super) fn object(&self, name: &str) -> Result<Member<Self>, Refusal> {
        self.member(name).map(|value| match value {
            Value::Object(members) => Ok(Self(members.clone())),
            other => Err(wrong(&pointer(name), "an object", other)),
        })
    }
}

impl FromRequest<Api> for Members {
    type Rejection = Refusal;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Refusal> {
        let octets = octets(request.into_body(), api.settings().body_octets).await?;
        Self::parse(&octets)
    }
}

/// The body of a request that needs none: nothing, `null`, or an object whose members don't matter.
#[derive(Debug)]
pub(super) struct NoBody;

impl FromRequest<Api> for NoBody {
    type Rejection = Refusal;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Refusal> {
        let octets = octets(request.into_body(), api.settings().body_octets).await?;
        let text = octets.trim_ascii();
        if text.is_empty() || text == b"null" {
            return Ok(Self);
        }
        Members::parse(text).map(|_| Self)
    }
}

/// What a client sends, whatever type it says that it has.
pub(super) async fn octets(body: Body, most: usize) -> Result<Vec<u8>, Refusal> {
    let collected = timeout(BODY_TIME, Limited::new(body, most).collect()).await.map_err(|_| {
        let message = format!("The body did not come within {} s", BODY_TIME.as_secs());
        Refusal::new(StatusCode::REQUEST_TIMEOUT, codes::TOO_SLOW, message)
    })?;
    match collected {
        Ok(collected) => Ok(collected.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("The body is too large: at most {most} octets are taken");
            Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, codes::TOO_LARGE, message))
        }
        Err(_) => Err(Refusal::body("", "The body was cut off")),
    }
}

/// The JSON pointer to a member (RFC 6901 §3).
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn needed<T>(name: &str, member: Member<T>) -> Result<T, Refusal> {
    let how = match member {
        Member::Value(value) => return Ok(value),
        Member::Null => "null",
        Member::Missing => "missing",
    };
    Err(Refusal::body(pointer(name), format!("{name} is {how}: it is needed")))
}

fn wrong(pointer: &str, wanted: &str, found: &Value) -> Refusal {
    let name = pointer.trim_start_matches('/');
    Refusal::body(pointer, format!("{name} is {}: it has to be {wanted}", kind(found)))
}

/// What a value is, without quoting it: it may be a secret.
const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
