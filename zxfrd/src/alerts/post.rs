//! One message posted to one URL.

use std::path::Path;
use std::time::Duration;

use ureq::Agent;
use ureq::http::StatusCode;
use ureq::tls::TlsConfig;

use crate::catalog::Webhook;
use crate::trust;

/// How long it may take, connection and answer together.
const TIME: Duration = Duration::from_secs(10);
/// The header with the webhook's secret.
const SECRET: &str = "cf-webhook-auth";

/// Posts messages.
#[derive(Clone, Debug)]
pub(super) struct Poster(Agent);

/// Why something wasn't taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotTaken {
    /// In words, without the URL: that may have a secret in it.
    pub(super) reason: String,
    /// Whether it may be taken when it is posted again.
    pub(super) passing: bool,
}

impl Poster {
    /// One that trusts the certificates in this PEM file; if none is named, those that browsers trust.
    ///
    /// # Errors
    /// When the file has none.
    pub(super) fn new(cacert: Option<&Path>) -> Result<Self, String> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            // A secret goes where it was sent and nowhere else.
            .max_redirects(0)
            .timeout_global(Some(TIME))
            .user_agent(concat!("zxfrd/", env!("CARGO_PKG_VERSION")));
        if let Some(file) = cacert {
            config = config.tls_config(TlsConfig::builder().root_certs(trust::certificates(file)?).build());
        }
        Ok(Self(config.build().new_agent()))
    }

    /// Posts a message. It waits, so it is for blocking threads.
    pub(super) fn post(&self, webhook: &Webhook, body: &str) -> Result<(), NotTaken> {
        let mut request = self.0.post(&webhook.url).header("content-type", "application/json");
        if let Some(secret) = &webhook.secret {
            request = request.header(SECRET, secret.text());
        }
        let status = match request.send(body) {
            Ok(response) => response.status(),
            Err(error) => return Err(not_sent(&error)),
        };
        if status.is_success() {
            return Ok(());
        }
        let passing = status.is_server_error()
            || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS);
        Err(NotTaken { reason: format!("it answered {status}"), passing })
    }
}

/// Why there is no answer.
fn not_sent(error: &ureq::Error) -> NotTaken {
    let passing = !matches!(error, ureq::Error::BadUri(_) | ureq::Error::Http(_));
    let reason = match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "its URL or secret can't be used".to_owned(),
        error => error.to_string(),
    };
    NotTaken { reason, passing }
}
