//! A daemon with two accounts, and requests to its management API.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zxfr_tests::http::{self, Response};
use zxfr_tests::openmetrics::Metrics;
use zxfr_tests::zxfr::Zxfrd;

/// The account that most objects are in.
pub(crate) const A: &str = "0123456789abcdef0123456789abcdef";
/// The other one.
pub(crate) const B: &str = "fedcba9876543210fedcba9876543210";
/// What nobody has.
pub(crate) const NOBODY: &str = "00000000000000000000000000000000";
/// Where the API's paths begin.
pub(crate) const BASE: &str = "/client/v4";

/// May write in the first account.
pub(crate) const ALICE: &str = "alice-secret";
/// May read in the first account.
pub(crate) const READER: &str = "reader-secret";
/// May see metrics of the first account.
pub(crate) const WATCHER: &str = "watcher-secret";
/// May write in the second account.
pub(crate) const BOB: &str = "bob-secret";

/// The accounts and tokens, and intervals that tests can wait for.
const CONFIG: &str = r#"
[dns]
listen = ["127.0.0.1:0"]
[store]
url = "sqlite:zxfrd.db"
[limits]
auto_refresh_min_seconds = 1
retry_min_seconds = 1
progress_seconds = 2
[api]
listen = "127.0.0.1:0"
requests_at_once = 100000
accounts = [
    { id = "0123456789abcdef0123456789abcdef", name = "alpha-hidden-account" },
    { id = "fedcba9876543210fedcba9876543210", name = "beta-account" },
]
tokens = [
    { name = "alpha-hidden-admin", secret = "admin-secret", access = "write" },
    { name = "alpha-hidden-alice", email = "alice@alpha-hidden.example", secret = "alice-secret", accounts = ["0123456789abcdef0123456789abcdef"], access = "write" },
    { name = "alpha-hidden-reader", secret = "reader-secret", accounts = ["0123456789abcdef0123456789abcdef"], access = "read" },
    { name = "alpha-hidden-watcher", secret = "watcher-secret", accounts = ["0123456789abcdef0123456789abcdef"], access = "metrics" },
    { name = "bob", email = "bob@beta.example", secret = "bob-secret", accounts = ["fedcba9876543210fedcba9876543210"], access = "write" },
    { name = "bobs-reader", secret = "bobs-reader-secret", accounts = ["fedcba9876543210fedcba9876543210"], access = "read" },
    { name = "bobs-watcher", secret = "bobs-watcher-secret", accounts = ["fedcba9876543210fedcba9876543210"], access = "metrics" },
]
"#;

/// A daemon with two accounts and seven tokens.
pub(crate) struct World {
    /// The daemon.
    pub(crate) zxfrd: Zxfrd,
    api: SocketAddr,
}

impl World {
    /// One with nothing in it.
    pub(crate) fn new() -> Self {
        Self::declaring("")
    }

    /// One whose configuration goes on like this.
    pub(crate) fn declaring(more: &str) -> Self {
        let mut zxfrd = Zxfrd::with_config(&format!("{CONFIG}{more}")).unwrap();
        let api = zxfrd.api().unwrap();
        Self { zxfrd, api }
    }

    /// Stops the daemon and starts it again upon what it has stored.
    pub(crate) fn restart(&mut self) {
        self.api = self.zxfrd.restart().unwrap();
    }

    /// Where DNS is answered.
    pub(crate) fn dns(&self) -> SocketAddr {
        self.zxfrd.address()
    }

    /// Where the API is.
    pub(crate) fn api(&self) -> SocketAddr {
        self.api
    }

    /// A request with headers and body as they are.
    pub(crate) fn raw(&self, method: &str, target: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        let response = http::request(self.api, method, target, headers, body.map(str::as_bytes)).unwrap();
        let body = serde_json::from_str(&response.body).unwrap_or(Value::Null);
        Answer { asked: format!("{method} {target}"), response, body }
    }

    /// A request below the API's base.
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: Option<&Value>) -> Answer {
        let credentials = format!("Bearer {token}");
        let text = body.map(Value::to_string);
        let headers = [("Authorization", credentials.as_str()), ("Content-Type", "application/json")];
        let headers = &headers[..1 + usize::from(body.is_some())];
        self.raw(method, &format!("{BASE}{path}"), headers, text.as_deref())
    }

    /// What there is at a path.
    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        self.call("GET", path, token, None)
    }

    /// Makes or does something with a body.
    pub(crate) fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.call("POST", path, token, Some(body))
    }

    /// Does what needs no body, in the first account, as alice.
    pub(crate) fn act(&self, path: &str) -> Answer {
        self.call("POST", path, ALICE, None)
    }

    /// Makes something in an account; its id.
    pub(crate) fn make(&self, account: &str, kind: &str, token: &str, body: &Value) -> String {
        self.post(&format!("/accounts/{account}/secondary_dns/{kind}"), token, body).id()
    }

    /// Makes a peer of the first account; its id.
    pub(crate) fn peer(&self, name: &str, at: SocketAddr, ixfr: bool) -> String {
        let body = json!({"name": name, "ip": at.ip().to_string(), "port": at.port(), "ixfr_enable": ixfr});
        self.make(A, "peers", ALICE, &body)
    }

    /// Makes a zone of the first account; its id.
    pub(crate) fn zone(&self, name: &str) -> String {
        let body = json!({"account": {"id": A}, "name": name, "type": "secondary"});
        self.post("/zones", ALICE, &body).id()
    }

    /// Makes a zone of the first account that comes from these peers, looked for as often as said.
    pub(crate) fn incoming(&self, name: &str, peers: &[&str], seconds: u32) -> String {
        let zone = self.zone(name);
        let body = json!({"name": name, "peers": peers, "auto_refresh_seconds": seconds});
        self.post(&format!("/zones/{zone}/secondary_dns/incoming"), ALICE, &body).result();
        zone
    }

    /// Lets loopback have a zone, and tells these peers of it.
    pub(crate) fn outgoing(&self, zone: &str, name: &str, peers: &[&str]) {
        let path = format!("/zones/{zone}/secondary_dns/outgoing");
        self.post(&path, ALICE, &json!({"name": name, "peers": peers})).result();
        assert_eq!(self.act(&format!("{path}/enable")).result(), &json!("Enabled"));
    }

    /// Lets the first account's zones be had by all of loopback's first /24.
    pub(crate) fn open_to_loopback(&self) {
        self.make(A, "acls", ALICE, &json!({"name": "loopback", "ip_range": "127.0.0.0/24"}));
    }

    /// The metrics that a token opens.
    pub(crate) fn metrics(&self, token: &str) -> Metrics {
        let answer = self.raw("GET", "/metrics", &[("Authorization", &format!("Bearer {token}"))], None);
        assert_eq!(answer.response.status, 200, "{answer:?}");
        let kind = answer.response.header("content-type");
        assert_eq!(kind, Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
        Metrics::read(&answer.response.body).unwrap()
    }

    /// What the metrics of the first account say, once that is as wanted.
    ///
    /// # Panics
    /// When they don't come to that within a time.
    pub(crate) fn metrics_when(&self, within: Duration, wanted: impl Fn(&Metrics) -> bool) -> Metrics {
        let begun = Instant::now();
        loop {
            let metrics = self.metrics(WATCHER);
            if wanted(&metrics) {
                return metrics;
            }
            assert!(begun.elapsed() < within, "after {within:?}: {metrics:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the status of a zone says, once that is as wanted.
    ///
    /// # Panics
    /// When it doesn't come to that within a time.
    pub(crate) fn status_when(&self, zone: &str, within: Duration, wanted: impl Fn(&Value) -> bool) -> Value {
        self.status_by(READER, zone, within, wanted)
    }

    /// The same, of a zone that another token opens.
    pub(crate) fn status_by(
        &self,
        token: &str,
        zone: &str,
        within: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let begun = Instant::now();
        loop {
            let status = self.get(&format!("/zones/{zone}/secondary_dns/status"), token).result().clone();
            if wanted(&status) {
                return status;
            }
            let log = self.zxfrd.log();
            let last: Vec<_> = log.lines().rev().take(20).collect();
            assert!(begun.elapsed() < within, "after {within:?}: {status:#}\n{last:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    asked: String,
    /// All of it.
    pub(crate) response: Response,
    /// Its body as JSON, or null.
    pub(crate) body: Value,
}

impl Answer {
    /// The result of what has gone well.
    #[track_caller]
    pub(crate) fn result(&self) -> &Value {
        assert_eq!((self.response.status, &self.body["success"]), (200, &json!(true)), "{}: {}", self.asked, self.body);
        &self.body["result"]
    }

    /// The id in the result.
    #[track_caller]
    pub(crate) fn id(&self) -> String {
        self.result()["id"].as_str().unwrap().to_owned()
    }

    /// What was refused, with this status and code.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: u32) {
        let found = (self.response.status, &self.body["errors"][0]["code"]);
        assert_eq!(found, (status, &json!(code)), "{}: {}", self.asked, self.body);
    }
}
