//! Requests to the management API, and what comes of them.

use std::io::{self, BufReader, Read};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde_json::Value;
use ureq::http::{Method, Request, Response, StatusCode};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body};

use crate::config::Api;
use crate::trust;

/// How long a connection may take.
const CONNECTING: Duration = Duration::from_secs(10);
/// How long an answer may take to begin, and between two parts of it.
const ANSWER: Duration = Duration::from_secs(60);
/// How often a request is sent again that came too soon.
const TRIES: u32 = 10;
/// The zones of a page of their list.
const PAGE: usize = 50;

/// The daemon refused or misbehaved, or something here failed.
const FAILED: u8 = 1;
/// The arguments don't go together.
const USAGE: u8 = 2;
/// No connection, or a time-out.
const UNREACHABLE: u8 = 3;

/// Where the API is, and how it is trusted.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Where the API is
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8053/client/v4", env = "ZXFRD_API")]
    api: String,
    /// PEM file with the certificates that the daemon's leads to [default: those that browsers trust]
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
}

/// Why a command failed: one line, and the exit status.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: u8,
    pub(super) line: String,
}

impl Failure {
    /// Something failed here, or the daemon refused.
    pub(super) fn failed(line: impl Into<String>) -> Self {
        Self { status: FAILED, line: line.into() }
    }

    /// The command can't be understood.
    pub(super) fn usage(line: impl Into<String>) -> Self {
        Self { status: USAGE, line: line.into() }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::failed(error.to_string())
    }
}

/// The API of a daemon.
pub(super) struct Remote {
    agent: Agent,
    url: String,
    token: String,
}

/// A zone, as far as it is needed to ask for it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Zone {
    pub(super) id: String,
    pub(super) name: String,
}

/// The form of every answer.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    errors: Vec<Message>,
    #[serde(default)]
    result: Value,
}

#[derive(Deserialize)]
struct Message {
    code: u32,
    message: String,
}

/// The secret in [`Api::TOKEN_VARIABLE`], if there is one.
pub(super) fn token() -> Option<String> {
    let token = std::env::var(Api::TOKEN_VARIABLE).ok()?;
    Some(token.trim().to_owned()).filter(|token| !token.is_empty())
}

impl Remote {
    /// The API that the options name, with the token of [`Api::TOKEN_VARIABLE`].
    ///
    /// # Errors
    /// When there is no token, or the options are wrong.
    pub(super) fn new(options: &Options) -> Result<Self, Failure> {
        let token = token().ok_or_else(|| {
            let variable = Api::TOKEN_VARIABLE;
            Failure::usage(format!(
                "{variable} is not set: it has to be the secret of a token; zxfrd token new makes one"
            ))
        })?;
        let url = options.api.trim_end_matches('/').to_owned();
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(Failure::usage(format!("{url}: not a URL such as http://127.0.0.1:8053/client/v4")));
        }
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECTING))
            .timeout_recv_response(Some(ANSWER))
            .timeout_per_read(Some(ANSWER))
            .max_redirects(0)
            .user_agent(concat!("zxfrd/", env!("CARGO_PKG_VERSION")));
        if let Some(file) = &options.cacert {
            let certificates = trust::certificates(file).map_err(Failure::usage)?;
            config = config.tls_config(TlsConfig::builder().root_certs(certificates).build());
        }
        Ok(Self { agent: config.build().new_agent(), url, token })
    }

    /// Asks for something.
    pub(super) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.result(Method::GET, path, None)
    }

    /// Has something done.
    pub(super) fn post(&self, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        self.result(Method::POST, path, body)
    }

    /// Asks for text.
    pub(super) fn text(&self, path: &str) -> Result<impl Read + use<>, Failure> {
        let response = self.send(&Method::GET, path, None)?;
        match response.status() {
            StatusCode::OK => Ok(BufReader::new(response.into_body().into_with_config().limit(u64::MAX).reader())),
            _ => Err(self.envelope(response).err().unwrap_or_else(|| self.strange())),
        }
    }

    /// The zone of this name, with or without the last dot. Nothing in it is an operator of the API's.
    pub(super) fn zone(&self, name: &str) -> Result<Zone, Failure> {
        let wanted = format!("equal:{name}");
        let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("name", &wanted).finish();
        let found: Vec<Zone> = self.read(self.get(&format!("/zones?{query}"))?)?;
        found.into_iter().next().ok_or_else(|| Failure::failed(format!("{}: there is no zone {name:?}", self.url)))
    }

    /// All zones, by name.
    pub(super) fn zones(&self) -> Result<Vec<Zone>, Failure> {
        let mut zones = Vec::new();
        for page in 1.. {
            let path = format!("/zones?order=name&per_page={PAGE}&page={page}");
            let found: Vec<Zone> = self.read(self.get(&path)?)?;
            let last = found.len() < PAGE;
            zones.extend(found);
            if last {
                break;
            }
        }
        Ok(zones)
    }

    /// What a result says.
    pub(super) fn read<T: serde::de::DeserializeOwned>(&self, result: Value) -> Result<T, Failure> {
        serde_json::from_value(result).map_err(|_| self.strange())
    }

    fn result(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        self.envelope(self.send(&method, path, body)?)
    }

    /// Sends a request; again when it came too soon.
    fn send(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Response<Body>, Failure> {
        let unreachable = |error: ureq::Error| {
            let line = format!("{}: {error}", self.url);
            match error {
                ureq::Error::Http(_) | ureq::Error::BadUri(_) => Failure::usage(line),
                _ => Failure { status: UNREACHABLE, line },
            }
        };
        for again in (0..TRIES).rev() {
            let request = Request::builder().method(method.clone()).uri(format!("{}{path}", self.url));
            let request = request.header("authorization", format!("Bearer {}", self.token));
            let sent = match body {
                None => request.body(()).map_err(ureq::Error::from).and_then(|request| self.agent.run(request)),
                Some(body) => {
                    let request = request.header("content-type", "application/json").body(body.to_string());
                    request.map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
                }
            };
            let response = sent.map_err(unreachable)?;
            if response.status() != StatusCode::TOO_MANY_REQUESTS || again == 0 {
                return Ok(response);
            }
            let after = response.headers().get("retry-after").and_then(|after| after.to_str().ok()?.parse().ok());
            sleep(Duration::from_secs(after.unwrap_or(1).min(60)));
        }
        Err(self.strange())
    }

    /// What an answer says.
    fn envelope(&self, response: Response<Body>) -> Result<Value, Failure> {
        let status = response.status();
        let text = response.into_body().into_with_config().limit(u64::MAX).read_to_string();
        let text = text.map_err(|error| Failure { status: UNREACHABLE, line: format!("{}: {error}", self.url) })?;
        match serde_json::from_str(&text) {
            Ok(Envelope { result, .. }) if status.is_success() => Ok(result),
            Ok(Envelope { errors, .. }) if !errors.is_empty() => {
                let said = errors.iter().map(|Message { code, message }| format!("{message} ({code})"));
                Err(Failure::failed(format!("{}: {}", self.url, said.collect::<Vec<_>>().join("; "))))
            }
            _ => Err(Failure::failed(format!("{}: answered {status}: is this zxfrd's API?", self.url))),
        }
    }

    /// An answer that zxfrd doesn't give.
    fn strange(&self) -> Failure {
        Failure::failed(format!("{}: an answer that can't be understood: is this zxfrd's API?", self.url))
    }
}
