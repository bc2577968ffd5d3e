//! Alerts from a zone's standing to a local HTTP server.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use zxfr_core::serial::Serial;
use zxfr_core::zone::Version;

use super::*;
use crate::api::{
    Decision, FailureStatus, HeldVersion, IncomingStatus, Listener, PeerStatus, Received, Requests, Sent, Tls,
    ZoneStatus,
};
use crate::catalog::{
    Access, AlertPolicyWanted, AlertType, Fault, Id, IncomingWanted, Origin, PeerWanted, Reach, SecretWanted, Time,
    Token, Webhook, WebhookWanted, Zone, ZoneWanted,
};
use crate::records::{Book, Change, Changed};
use crate::registry::KeptVersion;
use crate::store::Memory;

/// How long something is waited for that has to come.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long trouble has to be over here.
const SETTLE: Duration = Duration::from_millis(600);
/// The pause before a second try here.
const PAUSE: Duration = Duration::from_millis(20);

/// What there is of a zone, as a test says.
#[derive(Default)]
struct Zones {
    status: Mutex<ZoneStatus>,
    transfers: AtomicU64,
}

impl Live for Zones {
    fn received(&self, _: &Zone) -> Received {
        Received::default()
    }

    fn transfers(&self, _: &Zone) -> u64 {
        self.transfers.load(Ordering::SeqCst)
    }

    fn sent(&self, _: &Zone) -> Sent {
        Sent::default()
    }

    fn version(&self, _: &Zone) -> Option<Arc<Version>> {
        None
    }

    fn look(&self, _: &Zone, look: &mut dyn FnMut(Option<&Arc<Version>>, &Book)) {
        look(None, &Book::default());
    }

    fn change_records(&self, _: &Zone, _: &str, _: Vec<Change>) -> Result<Vec<Changed>, (Option<usize>, Fault)> {
        Err((None, Fault::unavailable("there are no records")))
    }

    fn held_back(&self, _: &Zone) -> Option<HeldVersion> {
        None
    }

    fn versions(&self, _: &Zone) -> Vec<KeptVersion> {
        Vec::new()
    }

    fn decide(&self, _: &Zone, _: &str, _: Decision) -> Result<Serial, Fault> {
        Err(Fault::unavailable("there are no versions"))
    }

    fn status(&self, _: &Zone) -> ZoneStatus {
        self.status.lock().unwrap().clone()
    }

    fn metrics(&self, _: &[Arc<Zone>], _: &Reach, _: &Requests) -> String {
        String::new()
    }

    fn healthy(&self) -> bool {
        true
    }
}

/// A request to the server.
#[derive(Debug)]
struct Post {
    line: String,
    headers: Vec<(String, String)>,
    body: Value,
}

impl Post {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A server to which alerts are posted.
struct Server {
    url: String,
    posts: mpsc::UnboundedReceiver<Post>,
    /// What is answered next, when it isn't 200.
    answers: Arc<Mutex<VecDeque<&'static str>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?k=v", listener.local_addr().unwrap());
        let (sender, posts) = mpsc::unbounded_channel();
        let answers = Arc::new(Mutex::new(VecDeque::new()));
        let mut tasks = JoinSet::new();
        let known = answers.clone();
        tasks.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let mut stream = BufReader::new(stream);
                let Some(post) = read(&mut stream).await else { continue };
                let answer = known.lock().unwrap().pop_front().unwrap_or("200 OK");
                // It is known to the test before whoever posted it has an answer.
                let _ = sender.send(post);
                let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, posts, answers, _tasks: tasks }
    }

    fn answers(&self, answers: &[&'static str]) {
        self.answers.lock().unwrap().extend(answers);
    }

    async fn next(&mut self) -> Post {
        timeout(PATIENCE, self.posts.recv()).await.expect("nothing was posted").unwrap()
    }

    async fn next_body(&mut self) -> Value {
        self.next().await.body
    }

    /// Nothing comes for longer than it would take.
    async fn quiet(&mut self) {
        if let Ok(post) = timeout(SETTLE * 3, self.posts.recv()).await {
            panic!("posted: {post:?}");
        }
    }
}

async fn read(stream: &mut BufReader<tokio::net::TcpStream>) -> Option<Post> {
    let (mut line, mut headers) = (String::new(), Vec::new());
    stream.read_line(&mut line).await.ok().filter(|octets| *octets > 0)?;
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Post { line, headers, body: serde_json::from_slice(&body).unwrap() })
}

/// A secondary zone with a primary, and what looks at it.
struct World {
    catalog: Catalog,
    by: Token,
    account: Id,
    zone: Id,
    zones: Arc<Zones>,
    signals: Arc<Signals>,
    tasks: JoinSet<()>,
}

impl World {
    async fn new() -> Self {
        let config = config::parse("", Path::new("zxfrd.toml")).unwrap();
        let (catalog, _) = Catalog::open(Arc::new(Memory), &config).await.unwrap();
        let account = config.api.accounts[0].id;
        let by = Token {
            id: Id::random().unwrap(),
            name: "test".to_owned(),
            email: None,
            digest: [0; 32],
            accounts: Reach::All,
            access: Access::Write,
            origin: Origin::Managed,
            created: Time(0),
        };
        let peer = PeerWanted { name: "primary".into(), ip: Some("192.0.2.1".into()), ..PeerWanted::default() };
        let peer = catalog.create_peer(&by, account, peer).await.unwrap().result.id.to_string();
        let wanted = ZoneWanted { account: None, name: "example.org".into(), kind: Some("secondary".into()) };
        let zone = catalog.create_zone(&by, wanted).await.unwrap().result.id;
        let wanted = IncomingWanted { name: "example.org".into(), peers: vec![peer], auto_refresh_seconds: None };
        catalog.create_incoming(&by, zone, wanted).await.unwrap();
        let (zones, signals) = (Arc::default(), Arc::default());
        let mut world = Self { catalog, by, account, zone, zones, signals, tasks: JoinSet::new() };
        world.start();
        world
    }

    /// As the daemon does.
    fn start(&mut self) {
        let (mail, posted) = Mail::new(self.catalog.clone(), Poster::new(None).unwrap(), PAUSE);
        let watch = Watch::new(self.catalog.clone(), self.zones.clone(), mail, SETTLE);
        self.tasks.spawn(watch.run(self.signals.clone(), posted));
    }

    async fn stop(&mut self) {
        self.tasks.shutdown().await;
    }

    /// A webhook that has had its test message.
    async fn webhook(&self, server: &mut Server) -> Arc<Webhook> {
        let secret = SecretWanted::This("hidden-secret".into());
        let wanted = WebhookWanted { name: "pager".into(), url: server.url.clone(), secret };
        let made = self.catalog.create_webhook(&self.by, self.account, wanted).await.unwrap().result;
        self.signals.test(made.id);
        let test = server.next().await;
        let members: Vec<&str> = test.body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!((members, test.header("cf-webhook-auth")), (vec!["text"], Some("hidden-secret")), "{test:?}");
        assert!(test.body["text"].as_str().unwrap().contains("test message"), "{test:?}");
        made
    }

    async fn policy(&self, kind: AlertType, webhooks: &[&Webhook]) -> Id {
        let wanted = AlertPolicyWanted {
            name: Some("p".into()),
            alert_type: Some(kind.to_string()),
            webhooks: Some(webhooks.iter().map(|webhook| webhook.id.to_string()).collect()),
            ..AlertPolicyWanted::default()
        };
        self.catalog.create_alert_policy(&self.by, self.account, wanted).await.unwrap().result.id
    }

    /// The primary is well, or fails for this reason.
    fn is(&self, failing: Option<&'static str>) {
        let failure = failing.map(|reason| FailureStatus { reason, message: "why".into(), at: None, peer: None });
        let peer = PeerStatus {
            id: "the peer".into(),
            name: "primary".into(),
            address: Some("192.0.2.1:53".into()),
            last_success: Some("a time".into()),
            failing: failing.is_some(),
            last_failure: failure.clone(),
            ..PeerStatus::default()
        };
        let incoming = IncomingStatus { peers: vec![peer], failure, ..IncomingStatus::default() };
        *self.zones.status.lock().unwrap() =
            ZoneStatus { soa_serial: Some(7), incoming: Some(incoming), ..ZoneStatus::default() };
        self.signals.zone(self.zone);
    }

    fn transferred(&self) {
        self.zones.transfers.fetch_add(1, Ordering::SeqCst);
        self.signals.zone(self.zone);
    }

    /// Waits until the objects are as wanted.
    async fn until(&self, wanted: impl Fn(&crate::catalog::Objects) -> bool) {
        let poll = async {
            while !wanted(&self.catalog.read()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, poll).await.expect("it doesn't come to that");
    }

    async fn bodies_sent(&self, count: usize) -> Vec<Value> {
        self.until(|objects| objects.sent_alerts(self.account).count() == count).await;
        let objects = self.catalog.read();
        objects.sent_alerts(self.account).map(|sent| serde_json::from_str(&sent.body).unwrap()).collect()
    }
}

#[tokio::test]
async fn trouble_is_told_once_when_it_begins_and_once_when_it_is_over() {
    let (mut server, world) = (Server::start().await, World::new().await);
    let webhook = world.webhook(&mut server).await;
    let policy = world.policy(AlertType::AllPrimariesFailing, &[&webhook]).await;
    world.is(None);
    server.quiet().await;
    world.is(Some("timeout"));
    let post = server.next().await;
    assert_eq!(
        (post.line.trim_end(), post.header("cf-webhook-auth")),
        ("POST /hook?k=v HTTP/1.1", Some("hidden-secret"))
    );
    assert_eq!(post.header("content-type"), Some("application/json"));
    assert!(post.header("user-agent").is_some_and(|agent| agent.starts_with("zxfrd/")));
    let start = post.body;
    let expected = json!({
        "name": "pager",
        "text": "example.org: every primary fails: primary (192.0.2.1:53): why",
        "data": {
            "account_name": "local", "account_tag": world.account.to_string(),
            "zone_name": "example.org", "zone_tag": world.zone.to_string(), "soa_serial": 7, "reason": "timeout",
            "primaries": [{
                "id": "the peer", "name": "primary", "address": "192.0.2.1:53", "soa_serial": null, "failing": true,
                "reason": "timeout", "message": "why",
            }],
        },
        "ts": start["ts"],
        "account_id": world.account.to_string(),
        "policy_id": policy.to_string(),
        "policy_name": "p",
        "alert_type": "secondary_dns_all_primaries_failing",
        "alert_correlation_id": start["alert_correlation_id"],
        "alert_event": "ALERT_STATE_EVENT_START",
    });
    assert_eq!(start, expected);
    assert!(start["alert_correlation_id"].as_str().unwrap().parse::<Id>().is_ok());
    assert!((Time::now().0 / 1_000_000 - start["ts"].as_i64().unwrap()).abs() < 60);
    // It goes on, and comes and goes: that is the same trouble.
    for again in 0..10 {
        world.is(if again % 2 == 0 { Some("timeout") } else { None });
        tokio::time::sleep(SETTLE / 10).await;
    }
    world.is(None);
    let end = server.next_body().await;
    assert_eq!(end["alert_event"], "ALERT_STATE_EVENT_END");
    assert_eq!(end["alert_correlation_id"], start["alert_correlation_id"]);
    assert_eq!(end["text"], "example.org: a primary answers as it should");
    assert_eq!((&end["data"]["reason"], &end["data"]["primaries"][0]["failing"]), (&Value::Null, &json!(false)));
    server.quiet().await;
    // What comes later is another.
    world.is(Some("refused"));
    let other = server.next_body().await;
    assert_eq!(other["alert_event"], "ALERT_STATE_EVENT_START");
    assert_ne!(other["alert_correlation_id"], start["alert_correlation_id"]);
    assert_eq!(world.bodies_sent(3).await, [other, end, start], "the history has what was posted, the newest first");
    let objects = world.catalog.read();
    assert!(objects.sent_alerts(world.account).all(|sent| (sent.policy, sent.webhook) == (policy, webhook.id)));
    assert!(objects.webhook(world.account, webhook.id).unwrap().last_success.is_some());
}

#[tokio::test]
async fn what_isnt_taken_is_tried_again_and_in_order() {
    let (mut server, world) = (Server::start().await, World::new().await);
    let webhook = world.webhook(&mut server).await;
    world.policy(AlertType::PrimariesFailing, &[&webhook]).await;
    server.answers(&["500 No", "503 No", "429 No"]);
    let begun = tokio::time::Instant::now();
    world.is(Some("timeout"));
    let first = server.next_body().await;
    for _ in 0..3 {
        assert_eq!(server.next_body().await, first);
    }
    assert!(begun.elapsed() >= PAUSE * (1 + 4 + 16), "each pause is longer: {:?}", begun.elapsed());
    world.is(None);
    assert_eq!(server.next_body().await["alert_event"], "ALERT_STATE_EVENT_END");
    world.bodies_sent(2).await;
    let held = world.catalog.read().webhook(world.account, webhook.id).unwrap().clone();
    assert!(held.last_failure.is_some() && held.last_success > held.last_failure, "{held:?}");
    world.until(|objects| objects.incidents().next().is_none()).await;
}

#[tokio::test]
async fn what_is_refused_for_good_is_given_up_and_no_redirection_is_followed() {
    let (mut server, world) = (Server::start().await, World::new().await);
    let webhook = world.webhook(&mut server).await;
    world.policy(AlertType::PrimariesFailing, &[&webhook]).await;
    for answer in ["400 No", "302 Found\r\nlocation: /elsewhere", "404 No"] {
        server.answers(&[answer]);
        world.is(Some("timeout"));
        assert_eq!(server.next_body().await["alert_event"], "ALERT_STATE_EVENT_START");
        world.is(Some("timeout"));
        server.quiet().await;
        world.is(None);
        assert_eq!(server.next_body().await["alert_event"], "ALERT_STATE_EVENT_END");
        world.until(|objects| objects.incidents().next().is_none()).await;
    }
    let bodies = world.bodies_sent(3).await;
    assert!(
        bodies.iter().all(|body| body["alert_event"] == "ALERT_STATE_EVENT_END"),
        "only what was taken: {bodies:?}"
    );
}

#[tokio::test]
async fn a_webhook_that_nobody_serves_holds_up_no_other_and_is_given_up() {
    let (mut server, world) = (Server::start().await, World::new().await);
    let webhook = world.webhook(&mut server).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let wanted = WebhookWanted { name: "dead".into(), url: format!("http://{nobody}/"), secret: SecretWanted::None };
    let dead = world.catalog.create_webhook(&world.by, world.account, wanted).await.unwrap().result;
    world.policy(AlertType::PrimariesFailing, &[&dead, &webhook]).await;
    world.is(Some("timeout"));
    assert_eq!(server.next_body().await["alert_event"], "ALERT_STATE_EVENT_START");
    world.is(None);
    assert_eq!(server.next_body().await["alert_event"], "ALERT_STATE_EVENT_END");
    let failed =
        |objects: &crate::catalog::Objects| objects.webhook(world.account, dead.id).unwrap().last_failure.is_some();
    world.until(failed).await;
    world.bodies_sent(2).await;
}

#[tokio::test]
async fn trouble_that_was_told_is_told_to_be_over_after_a_restart() {
    let (mut server, mut world) = (Server::start().await, World::new().await);
    let webhook = world.webhook(&mut server).await;
    world.policy(AlertType::AllPrimariesFailing, &[&webhook]).await;
    world.is(Some("timeout"));
    let start = server.next_body().await;
    world.bodies_sent(1).await;
    world.stop().await;
    world.start();
    world.is(Some("timeout"));
    server.quiet().await;
    world.stop().await;
    world.start();
    world.is(None);
    let end = server.next_body().await;
    assert_eq!(end["alert_event"], "ALERT_STATE_EVENT_END");
    assert_eq!(end["alert_correlation_id"], start["alert_correlation_id"]);
    world.until(|objects| objects.incidents().next().is_none()).await;
}

#[tokio::test]
async fn a_zone_that_goes_away_has_no_trouble_any_more() {
    let (mut server, world) = (Server::start().await, World::new().await);
    let webhook = world.webhook(&mut server).await;
    world.policy(AlertType::AllPrimariesFailing, &[&webhook]).await;
    world.is(Some("timeout"));
    let start = server.next_body().await;
    world.catalog.delete_zone(&world.by, world.zone).await.unwrap();
    world.signals.zone(world.zone);
    let end = server.next_body().await;
    assert_eq!(end["alert_correlation_id"], start["alert_correlation_id"]);
    assert_eq!(
        (&end["alert_event"], &end["text"]),
        (&json!("ALERT_STATE_EVENT_END"), &json!("example.org: the zone is gone"))
    );
    assert_eq!(end["data"]["zone_name"], "example.org");
}

#[tokio::test]
async fn only_policies_that_are_enabled_tell_and_one_made_later_tells_of_what_is_on() {
    let (mut server, world) = (Server::start().await, World::new().await);
    let webhook = world.webhook(&mut server).await;
    let first = world.policy(AlertType::AllPrimariesFailing, &[&webhook]).await;
    world.policy(AlertType::Warning, &[&webhook]).await;
    let enabled = |enabled| AlertPolicyWanted { enabled: Some(enabled), ..AlertPolicyWanted::default() };
    world.catalog.update_alert_policy(&world.by, world.account, first, enabled(false)).await.unwrap();
    world.is(Some("timeout"));
    server.quiet().await;
    world.catalog.update_alert_policy(&world.by, world.account, first, enabled(true)).await.unwrap();
    world.is(Some("timeout"));
    let start = server.next_body().await;
    assert_eq!(
        (&start["policy_id"], &start["alert_event"]),
        (&json!(first.to_string()), &json!("ALERT_STATE_EVENT_START"))
    );
    let later = world.policy(AlertType::AllPrimariesFailing, &[&webhook]).await;
    world.is(Some("timeout"));
    let other = server.next_body().await;
    assert_eq!(
        (&other["policy_id"], &other["alert_correlation_id"]),
        (&json!(later.to_string()), &start["alert_correlation_id"])
    );
    // Who is told no more isn't told the end.
    world.catalog.delete_alert_policy(&world.by, world.account, first).await.unwrap();
    world.is(None);
    let end = server.next_body().await;
    assert_eq!((&end["policy_id"], &end["alert_event"]), (&json!(later.to_string()), &json!("ALERT_STATE_EVENT_END")));
    server.quiet().await;
}

#[tokio::test]
async fn transfers_are_told_and_many_in_a_short_time_in_one() {
    let (mut server, world) = (Server::start().await, World::new().await);
    let webhook = world.webhook(&mut server).await;
    world.is(None);
    world.transferred();
    server.quiet().await;
    world.policy(AlertType::Updated, &[&webhook]).await;
    world.is(None);
    server.quiet().await;
    world.transferred();
    let one = server.next_body().await;
    assert_eq!(one["text"], "example.org: transferred, its serial is 7 now");
    assert_eq!((&one["data"]["transfers"], &one["alert_event"]), (&json!(1), &json!("ALERT_STATE_EVENT_START")));
    (0..100).for_each(|_| world.transferred());
    let many = server.next_body().await;
    assert_eq!((&many["data"]["transfers"], &many["data"]["soa_serial"]), (&json!(100), &json!(7)));
    assert_eq!(many["text"], "example.org: transferred, its serial is 7 now, after 100 transfers");
    assert_ne!(many["alert_correlation_id"], one["alert_correlation_id"]);
    server.quiet().await;
}

/// A certificate for 127.0.0.1, and its key: good for tests and nothing else.
const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/api/tests/tls/cert.pem");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/api/tests/tls/key.pem");

#[tokio::test]
async fn whose_certificate_leads_to_nobody_trusted_gets_nothing() {
    let tls = Tls::read(Path::new(CERTIFICATE), Path::new(KEY)).unwrap();
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), Some(tls), 4).await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let (sender, mut posts) = mpsc::unbounded_channel();
    let router = axum::Router::new().fallback(async move |body: String| {
        let _ = sender.send(body);
    });
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let serving = tokio::spawn(listener.serve(router, stopped, Duration::from_millis(1)));
    let webhook = Webhook {
        id: Id::random().unwrap(),
        account: Id::random().unwrap(),
        name: "w".into(),
        url,
        secret: None,
        created: Time(0),
        modified: Time(0),
        last_success: None,
        last_failure: None,
    };
    for (cacert, taken) in [(None, false), (Some(Path::new(CERTIFICATE)), true)] {
        let (poster, webhook) = (Poster::new(cacert).unwrap(), webhook.clone());
        let posted = tokio::task::spawn_blocking(move || poster.post(&webhook, "\"hidden\"")).await.unwrap();
        assert_eq!(posted.is_ok(), taken, "{posted:?}");
        if let Err(not) = posted {
            assert!(not.passing && !not.reason.contains("https://"), "{not:?}");
        }
    }
    assert_eq!(posts.recv().await.as_deref(), Some("\"hidden\""));
    assert!(posts.try_recv().is_err(), "who isn't trusted was told nothing");
    assert!(
        Poster::new(Some(Path::new(KEY))).is_err_and(|what| what.contains("key.pem: there is no certificate in it"))
    );
    stop.send_replace(true);
    serving.await.unwrap();
}
