//! Records made, changed and deleted.

use std::path::Path;

use super::*;
use crate::zone::{LoadOptions, load_text};

const ZONE: &str = "$ORIGIN example.com.\n@ 60 SOA . . 7 1 1 1 1\n@ 300 NS ns\nns 120 A 192.0.2.1\nwww 60 CNAME ns\n";

/// A world with a zone that has three records besides its SOA, and the path to them.
async fn records() -> (World, String) {
    let world = World::new().await;
    let zone = world.zone("example.com", "full").await;
    let version = load_text(ZONE.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version;
    *world.node.version.lock().unwrap() = Some(Arc::new(version));
    (world, format!("/zones/{zone}/dns_records"))
}

impl World {
    async fn patch(&self, path: &str, token: &str, body: Value) -> Answer {
        self.raw("PATCH", path, token, body.to_string()).await
    }

    /// Name, type and content of all records.
    async fn all(&self, path: &str) -> Vec<String> {
        let answer = self.get(path, READER).await;
        let records = answer.result().as_array().unwrap().iter();
        let mut all: Vec<_> = records
            .map(|record| format!("{} {} {}", record["name"], record["type"], record["content"]).replace('"', ""))
            .collect();
        all.sort();
        all
    }
}

#[tokio::test]
async fn a_record_is_made_changed_and_deleted() {
    let (world, path) = records().await;
    let body = json!({"name": "a", "type": "A", "content": "192.0.2.9", "ttl": 1, "proxied": false, "comment": "first",
        "tags": ["team:dns"], "settings": {"ipv4_only": false}});
    let made = world.post(&path, ALICE, body).await;
    let record = made.result().clone();
    let id = made.id();
    for (member, value) in [
        ("name", json!("a.example.com")),
        ("content", json!("192.0.2.9")),
        ("ttl", json!(1)),
        ("comment", json!("first")),
        ("tags", json!(["team:dns"])),
        ("settings", json!({"ipv4_only": false})),
        ("proxied", json!(false)),
    ] {
        assert_eq!(record[member], value, "{member}");
    }
    let one = format!("{path}/{id}");
    assert_eq!(world.get(&one, READER).await.result(), &record);
    assert_eq!(world.get(&format!("{path}?name=a.example.com"), READER).await.result(), &json!([record]));
    let patched = world.patch(&one, ALICE, json!({"content": "192.0.2.10", "ttl": 120.0})).await;
    let result = patched.result();
    assert_eq!((&result["id"], &result["content"], &result["ttl"]), (&json!(id), &json!("192.0.2.10"), &json!(120)));
    assert_eq!((&result["comment"], &result["created_on"]), (&json!("first"), &record["created_on"]));
    assert!(result["modified_on"].as_str() > record["modified_on"].as_str());
    let put = world.put(&one, ALICE, json!({"name": "b", "type": "TXT", "content": "x y"})).await;
    let result = put.result();
    assert_eq!(
        (&result["id"], &result["name"], &result["comment"]),
        (&json!(id), &json!("b.example.com"), &json!(null))
    );
    assert_eq!((&result["content"], &result["tags"]), (&json!("\"x y\""), &json!([])));
    assert_eq!(world.delete(&one, ALICE).await.result(), &json!({"id": id}));
    world.get(&one, READER).await.refused(404, 81_044);
    world.delete(&one, ALICE).await.refused(404, 81_044);
    assert_eq!(world.all(&path).await.len(), 3);
}

#[tokio::test]
async fn a_record_that_nobody_has_edited_keeps_its_id() {
    let (world, path) = records().await;
    let before = world.get(&format!("{path}?type=CNAME"), READER).await.result()[0].clone();
    let one = format!("{path}/{}", before["id"].as_str().unwrap());
    let patched = world.patch(&one, ALICE, json!({"content": "other.example.org"})).await;
    assert_eq!((&patched.result()["id"], &patched.result()["ttl"]), (&before["id"], &json!(60)));
    assert_eq!(world.get(&one, READER).await.result(), patched.result());
    assert_eq!(world.all(&path).await.last().unwrap(), "www.example.com CNAME other.example.org");
}

#[tokio::test]
async fn faults_name_the_member() {
    let (world, path) = records().await;
    for (body, code, pointer) in [
        (json!({}), 2301, "/name"),
        (json!({"name": "a"}), 2302, "/type"),
        (json!({"name": "a", "type": "NOTYPE", "content": "x"}), 2302, "/type"),
        (json!({"name": "a", "type": "SOA", "content": "x"}), 2302, "/type"),
        (json!({"name": "a.b.", "type": "A", "content": "192.0.2.1"}), 2301, "/name"),
        (json!({"name": "a", "type": "A", "content": "192.0.2"}), 9005, "/content"),
        (json!({"name": "a", "type": "AAAA", "content": "::g"}), 2303, "/content"),
        (json!({"name": "a", "type": "MX", "content": "x.y"}), 2303, "/priority"),
        (json!({"name": "a", "type": "MX", "content": "x.y", "priority": 65_536}), 2303, "/priority"),
        (json!({"name": "a", "type": "SRV", "data": {"priority": 1, "weight": 1, "port": 1}}), 2303, "/data/target"),
        (json!({"name": "a", "type": "A", "content": "192.0.2.1", "ttl": 29}), 2304, "/ttl"),
        (json!({"name": "a", "type": "A", "content": "192.0.2.1", "ttl": -1}), 2304, "/ttl"),
        (json!({"name": "a", "type": "A", "content": "192.0.2.1", "ttl": "x"}), 1000, "/ttl"),
        (json!({"name": "a", "type": "A", "content": "192.0.2.1", "proxied": true}), 2305, "/proxied"),
        (json!({"name": "a", "type": "A", "content": "192.0.2.1", "comment": "x".repeat(501)}), 2306, "/comment"),
        (json!({"name": "a", "type": "A", "content": "192.0.2.1", "tags": ["a", ""]}), 2306, "/tags/1"),
        (
            json!({"name": "a", "type": "A", "content": "192.0.2.1", "settings": {"flatten_cname": true}}),
            2306,
            "/settings/flatten_cname",
        ),
        (json!({"name": "a", "type": "A", "content": 1}), 1000, "/content"),
    ] {
        world.post(&path, ALICE, body.clone()).await.refused_at(400, code, pointer);
    }
    let rules = [("ns", "A", "192.0.2.1", 81_058), ("ns", "CNAME", "x.y", 81_053), ("www", "A", "192.0.2.1", 81_053)];
    for (name, kind, content, code) in rules {
        world.post(&path, ALICE, json!({"name": name, "type": kind, "content": content})).await.refused(400, code);
    }
    world.post(&path, READER, json!({"name": "a", "type": "A", "content": "192.0.2.1"})).await.refused(403, 10_000);
    world.post(&path, BOB, json!({"name": "a", "type": "A", "content": "192.0.2.1"})).await.refused(404, 1001);
    world.patch(&format!("{path}/x"), ALICE, json!({})).await.refused(404, 81_044);
    assert_eq!(world.all(&path).await.len(), 3);
}

#[tokio::test]
async fn a_batch_is_done_whole_and_in_order_or_not_at_all() {
    let (world, path) = records().await;
    let records = world.get(&path, READER).await.result().clone();
    let id =
        |kind: &str| records.as_array().unwrap().iter().find(|record| record["type"] == kind).unwrap()["id"].clone();
    let (cname, address) = (id("CNAME"), id("A"));
    let body = json!({
        "posts": [{"name": "www", "type": "A", "content": "192.0.2.7"}, {"name": "n", "type": "TXT", "content": "t"}],
        "deletes": [{"id": cname}],
        "patches": [{"id": address, "content": "192.0.2.3"}],
    });
    let done = world.post(&format!("{path}/batch"), ALICE, body).await;
    let result = done.result();
    assert_eq!((&result["deletes"][0]["id"], &result["patches"][0]["content"]), (&cname, &json!("192.0.2.3")));
    assert_eq!((&result["posts"][1]["name"], &result["puts"]), (&json!("n.example.com"), &json!([])));
    let all = world.all(&path).await;
    let expected = [
        "example.com NS ns.example.com",
        "n.example.com TXT \\t\\",
        "ns.example.com A 192.0.2.3",
        "www.example.com A 192.0.2.7",
    ];
    assert_eq!(all, expected);
    let serial = world.node.version.lock().unwrap().as_ref().unwrap().serial();
    assert_eq!(serial.0, 8, "one for all");
    for (body, status, code, pointer) in [
        (
            json!({"posts": [{"name": "a", "type": "A", "content": "192.0.2.1"}, {"name": "a", "type": "A", "content": "x"}]}),
            400,
            9005,
            "/posts/1/content",
        ),
        (
            json!({"posts": [{"name": "a", "type": "A", "content": "192.0.2.1"}], "deletes": [{"id": cname}]}),
            404,
            81_044,
            "/deletes/0",
        ),
        (json!({"patches": [{"content": "192.0.2.1"}]}), 400, 1000, "/patches/0/id"),
        (json!({"posts": [{"name": "n", "type": "TXT", "content": "t"}]}), 400, 81_058, "/posts/0"),
    ] {
        world.post(&format!("{path}/batch"), ALICE, body).await.refused_at(status, code, pointer);
        assert_eq!(world.all(&path).await, expected);
    }
    assert_eq!(world.post(&format!("{path}/batch"), ALICE, json!({})).await.result()["posts"], json!([]));
}

#[tokio::test]
async fn there_is_a_limit_to_a_batch() {
    let world = World::with(Settings { records_at_once: 2, ..Settings::default() }, CONFIG).await;
    let zone = world.zone("example.com", "full").await;
    let post = json!({"name": "n", "type": "TXT", "content": "t"});
    let body = json!({"posts": [post, post, post]});
    world.post(&format!("/zones/{zone}/dns_records/batch"), ALICE, body).await.refused(400, 2308);
}

#[tokio::test]
async fn comments_and_tags_are_filters() {
    let (world, path) = records().await;
    for (name, comment, tags) in
        [("a", Some("One two"), vec![]), ("b", None, vec!["x:1", "y:2"]), ("c", Some("three"), vec!["x:2"])]
    {
        let body = json!({"name": name, "type": "TXT", "content": "t", "comment": comment, "tags": tags});
        world.post(&path, ALICE, body).await.result();
    }
    for (query, expected) in [
        ("comment.present=true", "a c"),
        ("comment.absent=true&type=TXT", "b"),
        ("comment=one%20two", "a"),
        ("comment.contains=t", "a c"),
        ("comment.startswith=th", "c"),
        ("comment.endswith=two", "a"),
        ("tag.present=true", "b c"),
        ("tag.exact=x:2", "c"),
        ("tag.startswith=x:", "b c"),
        ("tag.present=true&comment.absent=true", "b"),
        ("tag.present=true&name=c.example.com", "c"),
        ("comment.exact=nothing", ""),
    ] {
        let answer = world.get(&format!("{path}?{query}"), READER).await;
        let records = answer.result().as_array().unwrap().iter();
        let found: Vec<_> = records.map(|record| record["name"].as_str().unwrap().split('.').next().unwrap()).collect();
        assert_eq!(found.join(" "), expected, "{query}");
        assert_eq!(answer.body["result_info"]["total_count"], json!(found.len()), "{query}");
    }
    let answer = world.get(&format!("{path}?comment.absent=true&tag.absent=true"), READER).await;
    assert_eq!(answer.result().as_array().unwrap().len(), 3);
}
