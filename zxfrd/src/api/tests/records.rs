//! Records of zones.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::zone::{LoadOptions, first_difference, load_text};

#[tokio::test]
async fn a_zone_is_exported_as_a_zone_file() {
    let world = World::new().await;
    let zone = world.zone("example.com", "secondary").await;
    let path = format!("/zones/{zone}/dns_records/export");
    world.get(&path, ALICE).await.refused(404, 1506);
    // Several parts, the last of them short.
    let mut text = "$ORIGIN example.com.\n@ 60 SOA . . 7 1 1 1 1\n".to_owned();
    for number in 0..10_000 {
        writeln!(text, "n{number} 300 TXT \"number {number}\"").unwrap();
    }
    let load = |text: &[u8]| load_text(text, Path::new("z"), &LoadOptions::default()).unwrap().version;
    let version = Arc::new(load(text.as_bytes()));
    *world.node.version.lock().unwrap() = Some(version.clone());
    let answer = world.get(&path, READER).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(first_difference(&load(&answer.octets), &version), None);
    world.get(&path, BOB).await.refused(404, 1001);
    world.get(&path, WATCHER).await.refused(403, 10000);
}

const ZONE: &str = "$ORIGIN example.com.\n@ 60 SOA . . 7 1 1 1 1\n@ 300 NS ns\n@ 300 MX 10 Mail\nMail 60 A 192.0.2.2\n\
                    ns 120 A 192.0.2.1\nns 120 AAAA 2001:db8::1\n_sip._tcp 30 SRV 1 2 443 ns\nx 60 TXT \"Mail of x\"\n";

/// A world with a zone that has seven records besides its SOA, and the path to them.
async fn records() -> (World, String, String) {
    let world = World::new().await;
    let zone = world.zone("Example.com", "secondary").await;
    let version = load_text(ZONE.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version;
    *world.node.version.lock().unwrap() = Some(Arc::new(version));
    let path = format!("/zones/{zone}/dns_records");
    (world, zone, path)
}

fn shown(answer: &Answer) -> Vec<String> {
    let records = answer.result().as_array().unwrap();
    let text = |record: &Value, member: &str| record[member].as_str().unwrap().to_owned();
    records.iter().map(|record| format!("{} {}", text(record, "name"), text(record, "type"))).collect()
}

#[tokio::test]
async fn records_have_all_that_clients_need() {
    let (world, zone, path) = records().await;
    let answer = world.get(&format!("{path}?type=SRV"), READER).await;
    let created = world.get(&format!("/zones/{zone}"), READER).await.result()["created_on"].clone();
    let record = answer.result()[0].clone();
    let id = record["id"].as_str().unwrap();
    assert_eq!(
        record,
        json!({
            "id": id, "zone_id": zone, "zone_name": "Example.com", "name": "_sip._tcp.example.com", "type": "SRV",
            "content": "2 443 ns.example.com", "priority": 1,
            "data": {"priority": 1, "weight": 2, "port": 443, "target": "ns.example.com"},
            "ttl": 30, "proxied": false, "proxiable": false, "comment": null, "tags": [], "settings": {}, "meta": {},
            "created_on": created, "modified_on": created,
        })
    );
    assert_eq!(world.get(&format!("{path}/{id}"), READER).await.result(), &record);
    let info = &answer.body["result_info"];
    assert_eq!(info, &json!({"page": 1, "per_page": 100, "count": 1, "total_count": 1, "total_pages": 1}));
}

#[tokio::test]
async fn records_are_filtered_ordered_and_come_in_pages() {
    let (world, _, path) = records().await;
    let list = async |query: &str| shown(&world.get(&format!("{path}?{query}"), READER).await);
    assert_eq!(list("").await.len(), 7);
    for (query, expected) in [
        ("name=NS.example.com.", vec!["ns.example.com A", "ns.example.com AAAA"]),
        ("name.exact=ns.example.com&type=a", vec!["ns.example.com A"]),
        ("name.startswith=x", vec!["x.example.com TXT"]),
        ("name.endswith=_tcp.example.com", vec!["_sip._tcp.example.com SRV"]),
        ("content=192.0.2.2", vec!["Mail.example.com A"]),
        ("content.contains=%3A%3A", vec!["ns.example.com AAAA"]),
        ("search=mail", vec!["Mail.example.com A", "example.com MX", "x.example.com TXT"]),
        ("match=any&name=x.example.com&content.endswith=.2.1", vec!["ns.example.com A", "x.example.com TXT"]),
        ("type=TYPE16", vec!["x.example.com TXT"]),
        ("comment.exact=a", vec![]),
        ("tag.present=true", vec![]),
        ("proxied=true", vec![]),
        ("proxied=false&type=MX", vec!["example.com MX"]),
        ("comment.absent=true&tag.absent=true&type=MX", vec!["example.com MX"]),
    ] {
        let mut found = list(query).await;
        found.sort();
        assert_eq!(found, expected, "{query}");
    }
    assert_eq!(list("order=ttl&per_page=1").await, ["_sip._tcp.example.com SRV"]);
    assert_eq!(list("order=name&direction=desc&per_page=1").await, ["x.example.com TXT"]);
    let mut pages = Vec::new();
    for page in 1..=4 {
        pages.extend(list(&format!("order=type&per_page=2&page={page}")).await);
    }
    assert_eq!(pages, list("order=type").await);
    let answer = world.get(&format!("{path}?page=5&per_page=2"), READER).await;
    let info = json!({"page": 5, "per_page": 2, "count": 0, "total_count": 7, "total_pages": 4});
    assert_eq!((answer.result(), &answer.body["result_info"]), (&json!([]), &info));
    for bad in ["type=NOTYPE", "order=size", "direction=up", "match=some", "proxied=perhaps", "page=0"] {
        world.get(&format!("{path}?{bad}"), READER).await.refused(400, 1901);
    }
}

#[tokio::test]
async fn what_is_no_record_is_not_found_and_an_empty_zone_has_none() {
    let (world, zone, path) = records().await;
    for id in [NOBODY, "x", zone.as_str()] {
        world.get(&format!("{path}/{id}"), READER).await.refused(404, 81_044);
    }
    world.get(&path, BOB).await.refused(404, 1001);
    *world.node.version.lock().unwrap() = None;
    let answer = world.get(&path, READER).await;
    assert_eq!((answer.result(), &answer.body["result_info"]["total_pages"]), (&json!([]), &json!(0)));
}
