//! The rules of the API, one test each, through the router and a catalog that keeps nothing on disk.

mod alerts;
mod bodies;
mod credentials;
mod documented;
mod lists;
mod objects;
mod paths;
mod record_changes;
mod records;
mod reviews;
mod serving;
mod settings;

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use zxfr_core::edit::{Edit, Rules};
use zxfr_core::serial::{Serial, SerialPolicy};
use zxfr_core::time::UnixTime;
use zxfr_core::zone::Version;

use super::{Api, BASE, Decision, HeldVersion, Live, Rate, Received, Requests, Sent, Settings, ZoneStatus};
use crate::catalog::{self, Catalog, Fault, Reach, Time};
use crate::config;
use crate::records::Book;
use crate::registry::KeptVersion;
use crate::store::Memory;

const A: &str = "0123456789abcdef0123456789abcdef";
const B: &str = "fedcba9876543210fedcba9876543210";
/// What nobody has.
const NOBODY: &str = "00000000000000000000000000000000";

const ADMIN: &str = "admin-secret";
const ALICE: &str = "alice-secret";
const BOB: &str = "bob-secret";
const READER: &str = "reader-secret";
const WATCHER: &str = "watcher-secret";

const CONFIG: &str = r#"
[api]
accounts = [
    { id = "0123456789abcdef0123456789abcdef", name = "first" },
    { id = "fedcba9876543210fedcba9876543210", name = "second" },
]
tokens = [
    { name = "admin", secret = "admin-secret", access = "write" },
    { name = "alice", email = "alice@example.org", secret = "alice-secret", accounts = ["0123456789abcdef0123456789abcdef"], access = "write" },
    { name = "bob", secret = "bob-secret", accounts = ["fedcba9876543210fedcba9876543210"], access = "write" },
    { name = "reader", secret = "reader-secret", accounts = ["0123456789abcdef0123456789abcdef"], access = "read" },
    { name = "watcher", secret = "watcher-secret", accounts = ["0123456789abcdef0123456789abcdef"], access = "metrics" },
]
[store]
url = "memory:"
[[tsig]]
name = "declared."
algo = "hmac-sha256."
secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
"#;

/// The node that there would be.
#[derive(Default)]
struct Node {
    received: Mutex<Received>,
    sent: Mutex<Sent>,
    version: Mutex<Option<Arc<Version>>>,
    book: Mutex<Book>,
    held_back: Mutex<Option<HeldVersion>>,
    decided: Mutex<Vec<Decision>>,
}

impl Live for Node {
    fn received(&self, _: &catalog::Zone) -> Received {
        *self.received.lock().unwrap()
    }

    fn transfers(&self, _: &catalog::Zone) -> u64 {
        0
    }

    fn sent(&self, _: &catalog::Zone) -> Sent {
        *self.sent.lock().unwrap()
    }

    fn version(&self, _: &catalog::Zone) -> Option<Arc<Version>> {
        self.version.lock().unwrap().clone()
    }

    fn look(&self, _: &catalog::Zone, look: &mut dyn FnMut(Option<&Arc<Version>>, &Book)) {
        look(self.version.lock().unwrap().as_ref(), &self.book.lock().unwrap());
    }

    fn change_records(
        &self,
        zone: &catalog::Zone,
        _: &str,
        changes: Vec<crate::records::Change>,
    ) -> Result<Vec<crate::records::Changed>, (Option<usize>, Fault)> {
        let (mut version, mut book) = (self.version.lock().unwrap(), self.book.lock().unwrap());
        let empty = || (None, Fault::not_found(catalog::code::ZONE_EMPTY, "nothing is held of this zone yet"));
        let held = version.clone().ok_or_else(empty)?;
        let mut edit = Edit::new(held, Rules { apex_cname: true, ..Rules::default() });
        let at = (zone.id, zone.created, Time::now());
        let performed = crate::records::perform(&mut edit, &*book, at, &changes);
        let (changed, layer) = performed.map_err(|(number, fault)| (Some(number), fault))?;
        let finished = edit.finish(SerialPolicy::Increment, UnixTime(0));
        if let Some(change) = finished.map_err(|error| (None, crate::records::rule(&error)))? {
            *version = Some(change.version);
        }
        book.take(layer);
        Ok(changed)
    }

    fn held_back(&self, _: &catalog::Zone) -> Option<HeldVersion> {
        self.held_back.lock().unwrap().clone()
    }

    fn versions(&self, _: &catalog::Zone) -> Vec<KeptVersion> {
        let version = |(serial, removed, added)| KeptVersion { serial: Serial(serial), removed, added };
        [(9, 0, 0), (8, 1, 2)].map(version).into()
    }

    fn decide(&self, _: &catalog::Zone, _: &str, decision: Decision) -> Result<Serial, Fault> {
        self.decided.lock().unwrap().push(decision);
        match decision {
            Decision::RollBack(serial) if serial != Serial(8) => {
                Err(Fault::invalid(catalog::code::ROLLBACK_SERIAL, "serial", "no version with this serial is kept"))
            }
            _ => Ok(Serial(10)),
        }
    }

    fn status(&self, zone: &catalog::Zone) -> ZoneStatus {
        ZoneStatus { id: zone.id.to_string(), name: zone.name.text().to_owned(), ..ZoneStatus::default() }
    }

    fn metrics(&self, _: &[Arc<catalog::Zone>], reach: &Reach, _: &Requests) -> String {
        let [a, b] = [A, B].map(|id| reach.opens(id.parse().unwrap()));
        format!("first {a}\nsecond {b}\n")
    }

    fn healthy(&self) -> bool {
        true
    }
}

/// An API with two accounts and five tokens.
struct World {
    router: Router,
    node: Arc<Node>,
    catalog: Catalog,
}

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    octets: Bytes,
    body: Value,
}

impl World {
    async fn new() -> Self {
        Self::with(Settings::default(), CONFIG).await
    }

    async fn with(settings: Settings, config: &str) -> Self {
        let config = config::parse(config, Path::new("test.toml")).unwrap();
        let (catalog, problems) = Catalog::open(Arc::new(Memory), &config).await.unwrap();
        assert_eq!(problems, Vec::<String>::new());
        let node = Arc::new(Node::default());
        let api = Api::new(catalog.clone(), node.clone(), settings);
        Self { router: api.router(), node, catalog }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let octets = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&octets).unwrap_or(Value::Null);
        Answer { status: head.status, headers: head.headers, octets, body }
    }

    /// Sends octets as a body to a path below the base.
    async fn raw(&self, method: &str, path: &str, token: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder().method(method).uri(format!("{BASE}{path}"));
        self.send(request.header("authorization", format!("Bearer {token}")).body(body.into()).unwrap()).await
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        self.raw("GET", path, token, Body::empty()).await
    }

    async fn delete(&self, path: &str, token: &str) -> Answer {
        self.raw("DELETE", path, token, Body::empty()).await
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.raw("POST", path, token, body.to_string()).await
    }

    async fn patch(&self, path: &str, token: &str, body: Value) -> Answer {
        self.raw("PATCH", path, token, body.to_string()).await
    }

    async fn put(&self, path: &str, token: &str, body: Value) -> Answer {
        self.raw("PUT", path, token, body.to_string()).await
    }

    /// A zone of the first account, as alice makes it.
    async fn zone(&self, name: &str, kind: &str) -> String {
        self.post("/zones", ALICE, json!({"account": {"id": A}, "name": name, "type": kind})).await.id()
    }

    /// A peer of the first account, as alice makes it.
    async fn peer(&self, body: Value) -> String {
        self.post(&in_a("peers"), ALICE, body).await.id()
    }
}

impl Answer {
    /// The result of what has gone well.
    fn result(&self) -> &Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        assert_eq!(self.body["success"], json!(true));
        assert_eq!(self.body["errors"], json!([]));
        assert!(self.body["messages"].is_array());
        assert_eq!(self.headers["content-type"], "application/json");
        &self.body["result"]
    }

    fn id(&self) -> String {
        self.result()["id"].as_str().unwrap().to_owned()
    }

    /// What was refused, with this status and code; gives the error.
    #[track_caller]
    fn refused(&self, status: u16, code: u32) -> &Value {
        assert_eq!((self.status.as_u16(), &self.body["errors"][0]["code"]), (status, &json!(code)), "{}", self.body);
        assert_eq!(self.body["success"], json!(false));
        assert_eq!(self.body["result"], Value::Null);
        assert!(self.body.as_object().unwrap().contains_key("result"));
        assert_eq!(self.body["messages"], json!([]));
        assert_eq!(self.headers["content-type"], "application/json");
        assert_eq!(self.headers.get("x-should-retry").is_some(), status == 409);
        &self.body["errors"][0]
    }

    /// What was refused at a member of the body.
    #[track_caller]
    fn refused_at(&self, status: u16, code: u32, pointer: &str) {
        assert_eq!(self.refused(status, code)["source"]["pointer"], json!(pointer), "{}", self.body);
    }
}

/// A path in the first account.
fn in_a(rest: &str) -> String {
    format!("/accounts/{A}/secondary_dns/{rest}")
}

fn tsig() -> Value {
    json!({"name": "k1.", "algo": "hmac-sha256.", "secret": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="})
}
