//! A daemon with a store, its management API, and the same ports after each restart.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use zxfr_tests::http;
use zxfr_tests::ports::Port;
use zxfr_tests::process::Process;
use zxfr_tests::zxfr::Zxfrd;

/// The account of everything.
pub(crate) const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
/// How long a start may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// What is logged when all of it is there.
const READY: &str = "management API";

/// The daemon.
pub(crate) struct Daemon {
    zxfrd: Zxfrd,
    dns: SocketAddr,
    api: Api,
    _ports: [Port; 2],
}

/// Its management API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Api(SocketAddr);

impl Daemon {
    /// A new one with an empty store, whose configuration goes on like this.
    pub(crate) fn new(more: &str) -> Self {
        let ports = [(); 2].map(|()| Port::free().unwrap());
        let [dns, api] = [0, 1].map(|at: usize| ports[at].address());
        let text = format!(
            "[dns]\nlisten = [\"{dns}\"]\n[api]\nlisten = \"{api}\"\nrequests_at_once = 100000\n\
             tokens = [{{ name = \"admin\", secret = \"secret\", access = \"write\" }}]\n\
             [store]\nurl = \"sqlite:zxfrd.db\"\n[limits]\nauto_refresh_min_seconds = 1\nretry_min_seconds = 1\n{more}"
        );
        let mut zxfrd = Zxfrd::with_config(&text).unwrap();
        zxfrd.process().wait_for_log(READY, DEADLINE).unwrap();
        Self { zxfrd, dns, api: Api(api), _ports: ports }
    }

    /// Where DNS is answered.
    pub(crate) fn dns(&self) -> SocketAddr {
        self.dns
    }

    /// Where changes are made.
    pub(crate) fn api(&self) -> Api {
        self.api
    }

    /// Its process.
    pub(crate) fn process(&mut self) -> &mut Process {
        self.zxfrd.process()
    }

    /// Ends it without any warning.
    pub(crate) fn kill(&mut self) {
        self.process().signal(Signal::KILL);
    }

    /// Starts it again, if need be ends it before; says how long that took, and what it logged until it was ready.
    pub(crate) fn restart(&mut self) -> (Duration, String) {
        self.process().stop();
        let (before, begun) = (self.process().log().len(), Instant::now());
        self.process().restart().unwrap();
        let log = self.process().log_after(before, &[READY], DEADLINE).unwrap();
        (begun.elapsed(), log)
    }
}

impl Api {
    /// A request and what came of it, none where no answer came.
    pub(crate) fn call(self, method: &str, path: &str, body: Option<&Value>) -> Option<Value> {
        let (status, answer) = self.ask(method, path, body)?;
        assert_eq!(status, 200, "{method} {path} {body:?}: {answer}");
        Some(answer["result"].clone())
    }

    /// What there is at a path; none where there is nothing.
    pub(crate) fn find(self, path: &str) -> Option<Value> {
        let (status, answer) = self.ask("GET", path, None).unwrap();
        assert!(status == 200 || status == 404, "{path}: {answer}");
        (status == 200).then(|| answer["result"].clone())
    }

    fn ask(self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        let text = body.map(Value::to_string);
        let headers = [("Authorization", "Bearer secret"), ("Content-Type", "application/json")];
        let headers = &headers[..1 + usize::from(body.is_some())];
        let target = format!("/client/v4{path}");
        let answer = http::request(self.0, method, &target, headers, text.as_deref().map(str::as_bytes)).ok()?;
        Some((answer.status, serde_json::from_str(&answer.body).unwrap()))
    }

    /// Makes something; its id.
    pub(crate) fn make(self, path: &str, body: &Value) -> String {
        self.call("POST", path, Some(body)).unwrap()["id"].as_str().unwrap().to_owned()
    }
}
