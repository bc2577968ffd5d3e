//! What clients send, octet for octet, and the form of all that they get.

use serde_json::{Value, json};

use crate::world::*;

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A request as the SDKs make it.
fn send(world: &World, method: &str, path: &str, body: &str) -> Answer {
    let headers = [("Authorization", "Bearer alice-secret"), ("Content-Type", "application/json")];
    world.raw(method, &format!("{BASE}{path}"), &headers, Some(body))
}

#[test]
fn what_the_sdks_send_is_taken_as_it_is() {
    let world = World::new();
    let account = format!("/accounts/{A}/secondary_dns");
    let key = format!(r#"{{"algo":"hmac-sha256.","name":"k1.","secret":"{SECRET}"}}"#);
    let tsig = send(&world, "POST", &format!("{account}/tsigs"), &key).id();
    let same = send(&world, "PUT", &format!("{account}/tsigs/{tsig}"), &key);
    assert_eq!(same.result(), &json!({"id": tsig, "name": "k1.", "algo": "hmac-sha256.", "secret": SECRET}));
    let peer = send(&world, "POST", &format!("{account}/peers"), r#"{"name":"p0"}"#).id();
    let body = format!(r#"{{"name":"p1","ip":"127.0.0.1","ixfr_enable":true,"port":54,"tsig_id":"{tsig}"}}"#);
    let changed = send(&world, "PUT", &format!("{account}/peers/{peer}"), &body);
    assert_eq!(changed.result()["port"], json!(54));
    let body = format!(r#"{{"name":"p1","ip":"127.0.0.1","port":54.0,"tsig_id":"{tsig}"}}"#);
    let changed = send(&world, "PUT", &format!("{account}/peers/{peer}"), &body);
    assert!(changed.response.body.contains(r#""port":54,"#), "a JSON integer: {}", changed.response.body);
    assert_eq!(changed.result().get("ixfr_enable"), None, "what PUT leaves out is unset");
    let acl = send(&world, "POST", &format!("{account}/acls"), r#"{"ip_range":"192.0.2.0/24","name":"a1"}"#);
    assert_eq!(acl.result()["ip_range"], json!("192.0.2.0/24"));
    let body = format!(r#"{{"account":{{"id":"{A}"}},"name":"z.example","type":"secondary"}}"#);
    let zone = send(&world, "POST", "/zones", &body).id();
    let path = format!("/zones/{zone}/secondary_dns");
    for method in ["POST", "PUT"] {
        let body = format!(r#"{{"auto_refresh_seconds":300,"name":"z.example.","peers":["{peer}"]}}"#);
        let incoming = send(&world, method, &format!("{path}/incoming"), &body);
        assert_eq!(incoming.result()["name"], json!("z.example."), "echoed");
        assert_eq!(incoming.result()["auto_refresh_seconds"], json!(300));
        let body = format!(r#"{{"name":"z.example.","peers":["{peer}"]}}"#);
        let outgoing = send(&world, method, &format!("{path}/outgoing"), &body);
        assert_eq!((outgoing.id(), &outgoing.result()["peers"]), (zone.clone(), &json!([peer])));
    }
    for (action, word) in [
        ("force_axfr", "OK"),
        ("outgoing/enable", "Enabled"),
        ("outgoing/force_notify", "OK"),
        ("outgoing/disable", "Disabled"),
    ] {
        assert_eq!(send(&world, "POST", &format!("{path}/{action}"), "").result(), &json!(word));
    }
    let listed = world.get(&format!("/zones?account.id={A}&name=z.example"), ALICE);
    assert_eq!((listed.result()[0]["id"].clone(), listed.result().as_array().unwrap().len()), (json!(zone), 1));
    let past = world.get(&format!("/zones?account.id={A}&name=z.example&page=2"), ALICE);
    assert_eq!(past.result(), &json!([]));
}

#[test]
fn every_answer_is_an_envelope_and_only_what_is_well_says_success() {
    let world = World::new();
    let document = world.raw("GET", "/openapi.json", &[], None).body;
    let mut seen = [0, 0];
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|_| path.starts_with(BASE)) {
            for id in [A, NOBODY, "x"] {
                let target = path.split('/').map(|part| if part.starts_with('{') { id } else { part });
                let target = target.collect::<Vec<_>>().join("/");
                for token in [Some(ALICE), Some(READER), Some("wrong"), None] {
                    let credentials = token.map(|token| format!("Bearer {token}"));
                    let headers: Vec<_> = credentials.iter().map(|value| ("Authorization", value.as_str())).collect();
                    let answer = world.raw(&method.to_uppercase(), &target, &headers, None);
                    if answer.response.header("content-type") == Some("application/json") {
                        seen[usize::from(envelope(&answer))] += 1;
                    } else {
                        // What is text is nothing but what was asked for.
                        assert_eq!(answer.response.status, 200, "{answer:?}");
                    }
                }
            }
        }
    }
    assert!(seen[0] > 300 && seen[1] > 5, "{seen:?}");
}

/// Whether it went well; in either case it has the form that it should.
fn envelope(answer: &Answer) -> bool {
    let members = answer.body.as_object().unwrap();
    let well = answer.response.status == 200;
    assert!((200..500).contains(&answer.response.status), "{answer:?}");
    assert_eq!(members["success"], json!(well), "{answer:?}");
    assert!(members["messages"].is_array(), "{answer:?}");
    let errors = members["errors"].as_array().unwrap();
    assert_eq!(errors.is_empty(), well, "{answer:?}");
    assert_eq!(members["result"] == Value::Null, !well, "{answer:?}");
    for error in errors {
        assert!(error["code"].as_u64().unwrap() >= 1000 && error["message"].is_string(), "{answer:?}");
    }
    well
}

#[test]
fn a_name_may_be_there_twice_and_lists_are_whole_whatever_page_is_asked_for() {
    let world = World::new();
    for (kind, body) in [
        ("tsigs", json!({"name": "same.", "algo": "hmac-sha256.", "secret": SECRET})),
        ("peers", json!({"name": "same", "ip": "192.0.2.1"})),
        ("acls", json!({"name": "same", "ip_range": "192.0.2.0/24"})),
    ] {
        let made: Vec<_> = (0..30).map(|_| world.make(A, kind, ALICE, &body)).collect();
        for query in ["", "?per_page=5&page=2", "?page=1000"] {
            let listed = world.get(&format!("/accounts/{A}/secondary_dns/{kind}{query}"), ALICE);
            let ids: Vec<_> =
                listed.result().as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
            assert!(made.iter().all(|id| ids.contains(&id.as_str())) && ids.len() == 30, "{kind}{query}: {ids:?}");
            assert_eq!(listed.body.get("result_info"), None);
        }
    }
}
