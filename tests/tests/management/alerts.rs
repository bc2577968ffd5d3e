//! Alerts: each type is posted to a local HTTP server, with begin and end, when a primary is stopped, broken and healed; and what
//! comes and goes is told once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zxfr_tests::ports::Port;
use zxfr_tests::webhook::{Post, Receiver};
use zxfr_tests::zxfr::Zxfrd;

use crate::primary::{Manner, Primary};
use crate::world::*;

const HELD: u32 = 41;
const NEXT: u32 = HELD + 1;
/// How long something may take that is to come: a round of checks, and trouble having been over for a while.
const PATIENCE: Duration = Duration::from_secs(30);
/// What nobody but a webhook gets, in the one header.
const HOOK_SECRET: &str = "hidden-webhook-secret";
const KEY_SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const ALL: &str = "secondary_dns_all_primaries_failing";
const SOME: &str = "secondary_dns_primaries_failing";
const UPDATED: &str = "secondary_dns_zone_successfully_updated";
const VALIDATION: &str = "secondary_dns_zone_validation_warning";
const WARNING: &str = "secondary_dns_warning";
const TYPES: [&str; 5] = [ALL, SOME, UPDATED, VALIDATION, WARNING];

/// A daemon with a webhook that is told everything, as far as the first account is concerned.
struct Told {
    world: World,
    receiver: Receiver,
    webhook: String,
}

impl Told {
    /// Trouble has to be over for so many seconds.
    fn new(settle: u32) -> Self {
        Self::declaring(settle, "")
    }

    /// The same, with a configuration that goes on like this.
    fn declaring(settle: u32, more: &str) -> Self {
        let world = World::declaring(&format!("[alerts]\nsettle_seconds = {settle}\nretry_seconds = 1\n{more}"));
        let receiver = Receiver::start().unwrap();
        let body = json!({"name": "pager", "url": receiver.url(), "secret": HOOK_SECRET});
        let webhook = world.post(&alerting("destinations/webhooks"), ALICE, &body).id();
        for kind in TYPES {
            let mechanisms = json!({"webhooks": [{"id": webhook}]});
            let body = json!({"name": kind, "alert_type": kind, "enabled": true, "mechanisms": mechanisms});
            world.post(&alerting("policies"), ALICE, &body).id();
        }
        let test = receiver.wait_for("a test message", PATIENCE, |_| true).unwrap();
        let members = body_of(&test);
        assert_eq!(members.as_object().unwrap().keys().collect::<Vec<_>>(), ["text"], "{test:?}");
        Self { world, receiver, webhook }
    }

    /// Waits until this is posted about a zone, for the nth time, from 1.
    #[track_caller]
    fn hears(&self, zone: &str, kind: &str, event: &str, nth: usize) -> Value {
        let event = format!("ALERT_STATE_EVENT_{event}");
        let begun = Instant::now();
        loop {
            let found: Vec<_> = self.all(zone, kind).into_iter().filter(|body| body["alert_event"] == *event).collect();
            if let Some(body) = found.get(nth - 1) {
                return body.clone();
            }
            let log = self.world.zxfrd.log();
            assert!(
                begun.elapsed() < PATIENCE,
                "no {event} of {kind} for {zone}, {nth}: {:#?}\n{log}",
                self.all(zone, kind)
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// All that was posted about a zone, of one type.
    fn all(&self, zone: &str, kind: &str) -> Vec<Value> {
        let bodies = self.receiver.posts().into_iter().map(|post| body_of(&post));
        bodies.filter(|body| body["data"]["zone_name"] == *zone && body["alert_type"] == *kind).collect()
    }

    /// The history once it is as wanted: what was taken is noted a moment later.
    #[track_caller]
    fn history_when(&self, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let answer = self.world.get(&alerting("history?per_page=1000"), READER);
            let history = answer.result().as_array().unwrap();
            if wanted(history) {
                return history.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "{history:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Begin and end of the nth trouble are one.
    #[track_caller]
    fn has_ended(&self, zone: &str, kind: &str, nth: usize) -> Value {
        let [start, end] = ["START", "END"].map(|event| self.hears(zone, kind, event, nth));
        assert_eq!(start["alert_correlation_id"], end["alert_correlation_id"], "{start:#} {end:#}");
        assert!(start["ts"].as_i64() <= end["ts"].as_i64(), "{start:#} {end:#}");
        end
    }
}

fn alerting(rest: &str) -> String {
    format!("/accounts/{A}/alerting/v3/{rest}")
}

fn body_of(post: &Post) -> Value {
    serde_json::from_str(&post.body).unwrap()
}

#[test]
fn each_type_is_told_with_begin_and_end_when_primaries_are_broken_and_healed() {
    let told = Told::new(1);
    let (name, absolute) = ("two.example", "two.example.");
    let primaries = ["first", "second"].map(|_| Primary::start(absolute, HELD));
    let peers = [("first", &primaries[0]), ("second", &primaries[1])];
    let peers = peers.map(|(name, primary)| told.world.peer(name, primary.address(), true));
    let zone = told.world.incoming(name, &[&peers[0], &peers[1]], 1);
    let came = told.hears(name, UPDATED, "START", 1);
    assert_eq!((&came["data"]["soa_serial"], &came["data"]["zone_tag"]), (&json!(HELD), &json!(zone)));
    assert_eq!((&came["data"]["account_tag"], &came["account_id"]), (&json!(A), &json!(A)));
    assert_eq!((&came["name"], &came["policy_name"]), (&json!("pager"), &json!(UPDATED)));

    // One is broken, and healed.
    primaries[1].behave(Manner::Refusing(5));
    let start = told.hears(name, SOME, "START", 1);
    assert_eq!(start["data"]["reason"], "refused");
    let failing: Vec<_> =
        start["data"]["primaries"].as_array().unwrap().iter().map(|one| one["failing"].clone()).collect();
    assert_eq!(failing, [false, true], "{start:#}");
    primaries[1].behave(Manner::Good);
    let end = told.has_ended(name, SOME, 1);
    assert!(end["data"]["primaries"].as_array().unwrap().iter().all(|one| one["failing"] == false), "{end:#}");
    assert_eq!(told.all(name, ALL), [Value::Null; 0], "one of them was well all the time");

    // Both are broken; first the one is healed, then the other.
    primaries.iter().for_each(|primary| primary.behave(Manner::Refusing(2)));
    let start = told.hears(name, ALL, "START", 1);
    assert_eq!(start["data"]["reason"], "servfail");
    told.hears(name, SOME, "START", 2);
    primaries[0].behave(Manner::Good);
    told.has_ended(name, ALL, 1);
    assert_eq!(told.all(name, SOME).len(), 3, "the second one still fails");
    primaries[1].behave(Manner::Good);
    told.has_ended(name, SOME, 2);

    // The serial goes backwards, and on.
    primaries.iter().for_each(|primary| primary.set(HELD - 1));
    let start = told.hears(name, WARNING, "START", 1);
    assert_eq!(start["data"]["reason"], "backward", "{start:#}");
    assert!(start["text"].as_str().unwrap().starts_with("two.example: "), "{start:#}");
    primaries.iter().for_each(|primary| primary.set(NEXT));
    let end = told.has_ended(name, WARNING, 1);
    assert_eq!(end["data"]["soa_serial"], json!(NEXT));
    let came = told.hears(name, UPDATED, "START", 2);
    assert_eq!((&came["data"]["soa_serial"], &came["data"]["transfers"]), (&json!(NEXT), &json!(1)));

    // The history has each of them, as it was posted, the newest first.
    let posts: Vec<_> = told.receiver.posts().iter().skip(1).map(|post| post.body.clone()).rev().collect();
    let history = told.history_when(|history| history.len() >= posts.len());
    let bodies: Vec<_> = history.iter().map(|sent| sent["alert_body"].as_str().unwrap()).collect();
    assert_eq!(bodies, posts);
    let shown = told.world.get(&alerting(&format!("destinations/webhooks/{}", told.webhook)), READER);
    assert!(shown.result()["last_success"].is_string() && shown.result()["last_failure"].is_null(), "{shown:?}");
    keeps_secrets(&told);
}

#[test]
fn a_primary_that_is_stopped_and_signatures_that_end_are_told_until_all_is_well_again() {
    let (name, absolute) = ("signed.example", "signed.example.");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zone");
    // Signatures need not be right: nobody looks at more than their times, which reach 68 years, here.
    let text = |serial: u32, until: u32| {
        format!(
            "{absolute} 60 SOA . . {serial} 3600 1 604800 60\n{absolute} 60 NS ns.example.\n\
             {absolute} 60 RRSIG SOA 13 2 60 {until}0101000000 20200101000000 1 {absolute} AAAA\n"
        )
    };
    std::fs::write(&file, text(HELD, 2080)).unwrap();
    let port = Port::free().unwrap();
    let config = format!(
        "[dns]\nlisten = [\"{}\"]\n[api]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"memory:\"\n\
         [[tsig]]\nname = \"the.key.\"\nalgo = \"hmac-sha256.\"\nsecret = \"{KEY_SECRET}\"\n\
         [[peer]]\nname = \"secondary\"\nip = \"127.0.0.1\"\ntsig = \"the.key.\"\n\
         [[zone]]\nname = \"{name}\"\nfile = '{}'\nmax_shrink_percent = 100\noutgoing = {{ peers = [\"secondary\"] }}\n",
        port.address(),
        file.display(),
    );
    let mut primary = Zxfrd::with_config(&config).unwrap();
    let told = Told::new(1);
    let key = json!({"name": "the.key.", "algo": "hmac-sha256.", "secret": KEY_SECRET});
    let tsig = told.world.make(A, "tsigs", ALICE, &key);
    let body = json!({"name": "p", "ip": "127.0.0.1", "port": port.number(), "tsig_id": tsig});
    let peer = told.world.make(A, "peers", ALICE, &body);
    let zone = told.world.incoming(name, &[&peer], 1);
    assert_eq!(told.hears(name, UPDATED, "START", 1)["data"]["soa_serial"], json!(HELD));

    // It is stopped, and comes back.
    primary.process().stop();
    let start = told.hears(name, ALL, "START", 1);
    assert_eq!(start["data"]["reason"], "unreachable");
    told.hears(name, SOME, "START", 1);
    // What it comes back with nobody takes who validates; then it is signed anew.
    std::fs::write(&file, text(NEXT, 2021)).unwrap();
    primary.process().restart().unwrap();
    told.has_ended(name, ALL, 1);
    told.has_ended(name, SOME, 1);
    let start = told.hears(name, VALIDATION, "START", 1);
    assert_eq!((&start["data"]["soa_serial"], &start["data"]["reason"]), (&json!(NEXT), &json!("signatures")));
    assert!(start["text"].as_str().unwrap().contains("SOA ended at 2021-01-01T00:00:00Z"), "{start:#}");
    std::fs::write(&file, text(NEXT + 1, 2080)).unwrap();
    primary.reload();
    let end = told.has_ended(name, VALIDATION, 1);
    assert_eq!(
        (&end["data"]["soa_serial"], &end["text"]),
        (&json!(NEXT + 1), &json!("signed.example: its signatures hold, and no ZONEMD is wrong"))
    );

    // Its digest is wrong, and right again.
    let digest = format!("{absolute} 60 ZONEMD {} 1 1 {}\n", NEXT + 2, "ab".repeat(48));
    std::fs::write(&file, text(NEXT + 2, 2080) + &digest).unwrap();
    primary.reload();
    let start = told.hears(name, VALIDATION, "START", 2);
    assert_eq!((&start["data"]["soa_serial"], &start["data"]["reason"]), (&json!(NEXT + 2), &json!("zonemd")));
    std::fs::write(&file, text(NEXT + 3, 2080)).unwrap();
    primary.reload();
    told.has_ended(name, VALIDATION, 2);

    // A zone that goes away while its primary does has no trouble any more.
    primary.process().stop();
    told.hears(name, ALL, "START", 2);
    told.world.call("DELETE", &format!("/zones/{zone}"), ALICE, None).result();
    assert_eq!(told.has_ended(name, ALL, 2)["text"], json!("signed.example: the zone is gone"));
    keeps_secrets(&told);
}

#[test]
fn a_version_that_is_held_back_is_told_until_it_is_confirmed() {
    let (name, absolute) = ("shrunk.example", "shrunk.example.");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zone");
    let text = |serial: u32, hosts: u32| {
        let hosts: String = (0..hosts).map(|host| format!("h{host}.{absolute} 60 A 192.0.2.1\n")).collect();
        format!("{absolute} 60 SOA . . {serial} 3600 1 604800 60\n{absolute} 60 NS ns.example.\n{hosts}")
    };
    std::fs::write(&file, text(HELD, 10)).unwrap();
    let port = Port::free().unwrap();
    let config = format!(
        "[dns]\nlisten = [\"{}\"]\n[api]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"memory:\"\n\
         [[peer]]\nname = \"secondary\"\nip = \"127.0.0.1\"\n\
         [[zone]]\nname = \"{name}\"\nfile = '{}'\nmax_shrink_percent = 100\noutgoing = {{ peers = [\"secondary\"] }}\n",
        port.address(),
        file.display(),
    );
    let mut primary = Zxfrd::with_config(&config).unwrap();
    let mut told = Told::declaring(
        1,
        &format!(
            "[[peer]]\nname = \"p\"\nip = \"127.0.0.1\"\nport = {}\n\
             [[zone]]\nname = \"{name}\"\nincoming = {{ peers = [\"p\"], auto_refresh_seconds = 1 }}\nmax_shrink_percent = 20\n",
            port.number()
        ),
    );
    let zones = told.world.get(&format!("/zones?name={name}"), READER);
    let zone = zones.result()[0]["id"].as_str().unwrap();
    told.world.status_when(zone, PATIENCE, |status| status["soa_serial"] == json!(HELD));
    std::fs::write(&file, text(NEXT, 1)).unwrap();
    primary.reload();
    let start = told.hears(name, WARNING, "START", 1);
    assert_eq!((&start["data"]["reason"], &start["data"]["soa_serial"]), (&json!("held"), &json!(HELD)), "{start:#}");
    told.world.zxfrd.reload();
    let end = told.has_ended(name, WARNING, 1);
    assert_eq!(end["data"]["soa_serial"], json!(NEXT));
    assert_eq!(told.all(name, SOME), [Value::Null; 0], "that is no fault of the primary: {:#?}", told.all(name, SOME));
    keeps_secrets(&told);
}

#[test]
fn a_primary_that_comes_and_goes_is_one_alert_and_a_webhook_that_is_down_gets_it_later() {
    let told = Told::new(4);
    let (name, absolute) = ("flapping.example", "flapping.example.");
    let primary = Primary::start(absolute, HELD);
    let peer = told.world.peer("p", primary.address(), true);
    let zone = told.world.incoming(name, &[&peer], 1);
    told.hears(name, UPDATED, "START", 1);
    let failing = |failing: bool| {
        told.world.status_when(&zone, PATIENCE, |status| status["incoming"]["peers"][0]["failing"] == json!(failing));
    };
    told.receiver.answer("503 Service Unavailable");
    for _ in 0..4 {
        primary.behave(Manner::Refusing(5));
        failing(true);
        primary.behave(Manner::Good);
        failing(false);
    }
    told.receiver.answer("200 OK");
    let end = told.has_ended(name, ALL, 1);
    let mut distinct: Vec<_> = told.all(name, ALL);
    distinct.dedup();
    assert_eq!(distinct.len(), 2, "begin and end: {distinct:#?}");
    assert_eq!(distinct[1], end);
    // It was tried more than once, and taken once.
    let taken = |history: &[Value]| history.iter().filter(|sent| sent["alert_type"] == *ALL).count();
    let history = told.history_when(|history| taken(history) >= 2);
    assert_eq!(taken(&history), 2, "{history:#?}");
    assert!(told.all(name, ALL).len() > 2, "it was posted again");
    let shown = told.world.get(&alerting(&format!("destinations/webhooks/{}", told.webhook)), READER);
    assert!(shown.result()["last_failure"].as_str() < shown.result()["last_success"].as_str(), "{shown:?}");
    keeps_secrets(&told);
}

#[test]
fn trouble_that_was_told_before_a_restart_is_told_to_be_over_after_it() {
    let mut told = Told::new(1);
    let (name, absolute) = ("restarted.example", "restarted.example.");
    let primary = Primary::start(absolute, HELD);
    let peer = told.world.peer("p", primary.address(), true);
    told.world.incoming(name, &[&peer], 1);
    told.hears(name, UPDATED, "START", 1);
    primary.behave(Manner::Refusing(5));
    told.hears(name, ALL, "START", 1);
    told.history_when(|history| history.iter().any(|sent| sent["alert_type"] == *ALL));
    let before = told.world.zxfrd.log().len();
    told.world.zxfrd.process().restart().unwrap();
    told.world.zxfrd.process().log_after(before, &["result=refused"], PATIENCE).unwrap();
    primary.behave(Manner::Good);
    told.has_ended(name, ALL, 1);
    told.has_ended(name, SOME, 1);
    assert_eq!(told.all(name, ALL).len(), 2, "{:#?}", told.all(name, ALL));
}

/// No secret shows in what is posted, but for the webhook's in its header; nor in the log, nor in what the API says of alerts.
fn keeps_secrets(told: &Told) {
    let posts = told.receiver.posts();
    let values: BTreeSet<_> = posts.iter().map(|post| post.header("cf-webhook-auth")).collect();
    assert_eq!(values, [Some(HOOK_SECRET)].into());
    let mut text = told.world.zxfrd.log();
    for post in posts {
        text.push_str(&post.line);
        text.push_str(&post.body);
        let others = post.headers.iter().filter(|(name, _)| name != "cf-webhook-auth");
        others.for_each(|(_, value)| text.push_str(value));
    }
    for path in ["destinations/webhooks", "policies", "history?per_page=1000", "available_alerts"] {
        text.push_str(&told.world.get(&alerting(path), ALICE).response.body);
    }
    for secret in [HOOK_SECRET, KEY_SECRET, "alice-secret"] {
        assert!(!text.contains(secret), "{secret} shows");
    }
}
