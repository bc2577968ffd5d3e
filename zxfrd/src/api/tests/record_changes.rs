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

/// Sends a form with these fields.
async fn import(world: &World, path: &str, token: &str, fields: &[(&str, &str)]) -> Answer {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += "--x--\r\n";
    let request = Request::builder().method("POST").uri(format!("{BASE}{path}/import"));
    let request = request.header("authorization", format!("Bearer {token}"));
    let request = request.header("content-type", "multipart/form-data; boundary=x");
    world.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_zone_file_is_imported_whole_or_not_at_all() {
    let (world, path) = records().await;
    let file = "$TTL 120\n@ SOA a b 1 2 3 4 5\nns 60 A 192.0.2.1 ; is there\nx A 192.0.2.2\n$ORIGIN sub\nx TXT \"a b\"\n\
                $GENERATE 1-3 h$ A 192.0.2.$\n";
    let done = import(&world, &path, ALICE, &[("proxied", "false"), ("file", file)]).await;
    assert_eq!(done.result(), &json!({"recs_added": 5, "total_records_parsed": 6}));
    let all = world.all(&path).await;
    assert_eq!(all.len(), 8);
    assert!(all.contains(&"h3.sub.example.com A 192.0.2.3".to_owned()), "{all:?}");
    let found = world.get(&format!("{path}?name=x.example.com"), READER).await.result()[0].clone();
    assert_eq!(found["ttl"], json!(120));
    let again = import(&world, &path, ALICE, &[("file", file)]).await;
    assert_eq!(again.result(), &json!({"recs_added": 0, "total_records_parsed": 6}));
    let without_ttl = import(&world, &path, ALICE, &[("file", "auto A 192.0.2.9")]).await;
    assert_eq!(without_ttl.result()["recs_added"], json!(1));
    let found = world.get(&format!("{path}?name=auto.example.com"), READER).await.result()[0].clone();
    assert_eq!(found["ttl"], json!(1));
    let all = world.all(&path).await;
    for (file, code, what) in [
        ("a A 192.0.2.300", 2309, "file:1:5: A: '192.0.2.300'"),
        ("a 60 A 192.0.2.1\n$INCLUDE /etc/passwd", 2309, "$INCLUDE is not taken here"),
        ("a 60 A 192.0.2.1\nb.example.org. 60 A 192.0.2.1", 2309, "outside the zone"),
        ("a 60 A 192.0.2.1\nb 5 A 192.0.2.1", 2304, "b.example.com. A: ttl is 5"),
        ("a 60 A 192.0.2.1\nwww 60 A 192.0.2.1", 81_053, "www.example.com. A: www.example.com.: there is a CNAME"),
        ("$GENERATE 1-30000 a$ A 192.0.2.1", 2309, "more than 20000 records"),
    ] {
        let refused = import(&world, &path, ALICE, &[("file", file)]).await;
        refused.refused_at(400, code, "/file");
        assert!(refused.body["errors"][0]["message"].as_str().unwrap().contains(what), "{}", refused.body);
        assert_eq!(world.all(&path).await, all, "nothing has changed");
    }
    let proxied = import(&world, &path, ALICE, &[("file", "a A 192.0.2.1"), ("proxied", "true")]).await;
    proxied.refused_at(400, 2305, "/proxied");
    import(&world, &path, ALICE, &[]).await.refused_at(400, 1000, "/file");
    world.post(&format!("{path}/import"), ALICE, json!({})).await.refused(400, 1000);
    import(&world, &path, READER, &[("file", "a A 192.0.2.1")]).await.refused(403, 10_000);
    let large = "; a comment\n".repeat(30_000);
    import(&world, &path, ALICE, &[("file", &large)]).await.refused(413, 1902);
}

#[tokio::test]
async fn an_export_says_comments_and_tags() {
    let (world, path) = records().await;
    let body = json!({"name": "a", "type": "TXT", "content": "t", "comment": "two\nlines", "tags": ["x:1", "y"]});
    world.post(&path, ALICE, body).await.result();
    let answer = world.get(&format!("{path}/export"), READER).await;
    let text = String::from_utf8(answer.octets.into()).unwrap();
    assert!(text.contains("a.example.com.\t300\tIN\tTXT\t\"t\" ; two lines cf_tags=x:1,y\n"), "{text}");
    assert_eq!(text.lines().count(), 5);
}
