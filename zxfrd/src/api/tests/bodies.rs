//! What bodies have to be.

use super::*;

#[tokio::test]
async fn bodyless_posts_take_nothing_an_empty_object_or_null_whatever_the_content_type() {
    let world = World::new().await;
    let zone = world.zone("example.org", "secondary").await;
    let peer = world.peer(json!({"name": "p", "ip": "127.0.0.1"})).await;
    let [incoming, outgoing] = ["incoming", "outgoing"].map(|kind| format!("/zones/{zone}/secondary_dns/{kind}"));
    let body = json!({"name": "example.org", "peers": [peer], "auto_refresh_seconds": 300});
    world.post(&incoming, ALICE, body.clone()).await.result();
    world.post(&outgoing, ALICE, body).await.result();
    for (action, word) in [
        ("force_axfr", "OK"),
        ("outgoing/enable", "Enabled"),
        ("outgoing/force_notify", "OK"),
        ("outgoing/disable", "Disabled"),
    ] {
        if action == "outgoing/force_notify" {
            world.post(&format!("{outgoing}/enable"), ALICE, json!({})).await.result();
        }
        for body in ["", "{}", "null", " {\"id\": 1} "] {
            for kind in [None, Some("application/json"), Some("application/x-www-form-urlencoded")] {
                let mut request =
                    Request::builder().method("POST").uri(format!("{BASE}/zones/{zone}/secondary_dns/{action}"));
                request = request.header("authorization", format!("Bearer {ALICE}"));
                if let Some(kind) = kind {
                    request = request.header("content-type", kind);
                }
                let answer = world.send(request.body(Body::from(body)).unwrap()).await;
                assert_eq!(answer.result(), &json!(word), "{action} {body:?} {kind:?}");
            }
        }
        let path = format!("/zones/{zone}/secondary_dns/{action}");
        for body in ["[]", "1", "{", "OK"] {
            world.raw("POST", &path, ALICE, body).await.refused_at(400, 1000, "");
        }
    }
}

#[tokio::test]
async fn a_body_is_a_json_object() {
    let world = World::new().await;
    for body in ["", " ", "null", "[]", "\"x\"", "{", "{\"name\": }", "{} {}", "\u{feff}{}"] {
        world.raw("POST", &in_a("tsigs"), ALICE, body).await.refused_at(400, 1000, "");
    }
    world.raw("POST", &in_a("tsigs"), ALICE, &b"{\"name\": \"\xff\"}"[..]).await.refused_at(400, 1000, "");
    let deep = "[".repeat(100_000);
    world.raw("POST", &in_a("tsigs"), ALICE, deep).await.refused_at(400, 1000, "");
}

#[tokio::test]
async fn unknown_members_are_ignored() {
    let world = World::new().await;
    let mut body = tsig();
    body["id"] = json!(NOBODY);
    body["jump_start"] = json!({"x": []});
    let made = world.post(&in_a("tsigs"), ALICE, body).await.id();
    assert_ne!(made, NOBODY);
    let zone =
        world.post("/zones", ALICE, json!({"account": {"id": A}, "name": "j.example", "jump_start": true})).await;
    assert_eq!(zone.result()["type"], json!("full"), "the type when nothing is said");
}

#[tokio::test]
async fn a_member_of_the_wrong_type_is_refused_with_its_pointer() {
    let world = World::new().await;
    let zone = world.zone("example.org", "secondary").await;
    let incoming = format!("/zones/{zone}/secondary_dns/incoming");
    for (path, body, pointer) in [
        (in_a("tsigs"), json!({"name": 1, "algo": "hmac-sha256."}), "/name"),
        (in_a("tsigs"), json!({"name": "k.", "algo": ["hmac-sha256."]}), "/algo"),
        (in_a("tsigs"), json!({"name": "k.", "algo": "hmac-sha256.", "secret": {}}), "/secret"),
        (in_a("peers"), json!({"name": "p", "ip": 1}), "/ip"),
        (in_a("peers"), json!({"name": "p", "port": "53"}), "/port"),
        (in_a("peers"), json!({"name": "p", "ixfr_enable": "true"}), "/ixfr_enable"),
        (in_a("peers"), json!({"name": "p", "ixfr_enable": 1}), "/ixfr_enable"),
        (in_a("peers"), json!({"name": "p", "tsig_id": 5}), "/tsig_id"),
        (in_a("acls"), json!({"name": "a", "ip_range": null}), "/ip_range"),
        (in_a("acls"), json!({"name": true, "ip_range": "192.0.2.0/24"}), "/name"),
        (incoming.clone(), json!({"name": "example.org", "peers": "p"}), "/peers"),
        (incoming.clone(), json!({"name": "example.org", "peers": [A, 1]}), "/peers/1"),
        (incoming, json!({"name": "example.org", "peers": [], "auto_refresh_seconds": true}), "/auto_refresh_seconds"),
        ("/zones".to_owned(), json!({"name": "x.example", "account": A}), "/account"),
        ("/zones".to_owned(), json!({"name": ["x.example"]}), "/name"),
        ("/user/tokens".to_owned(), json!({"name": "t", "access": "read", "accounts": A}), "/accounts"),
    ] {
        world.post(&path, ALICE, body).await.refused_at(400, 1000, pointer);
    }
}

#[tokio::test]
async fn a_needed_member_that_is_missing_or_null_is_said_to_be() {
    let world = World::new().await;
    for (body, how) in [(json!({"algo": "hmac-sha256."}), "missing"), (json!({"name": null, "algo": "x"}), "null")] {
        let answer = world.post(&in_a("tsigs"), ALICE, body).await;
        answer.refused_at(400, 1000, "/name");
        assert_eq!(answer.body["errors"][0]["message"], json!(format!("name is {how}: it is needed")));
    }
}

#[tokio::test]
async fn numbers_may_be_floats_and_have_to_be_integral() {
    let world = World::new().await;
    for port in ["53.0", "53", "5.3e1"] {
        let body = format!(r#"{{"name": "p", "ip": "192.0.2.1", "port": {port}}}"#);
        let answer = world.raw("POST", &in_a("peers"), ALICE, body).await;
        assert_eq!(answer.result()["port"], json!(53));
        assert!(answer.octets.windows(9).any(|octets| octets == b"\"port\":53"), "an integer goes out");
    }
    for port in ["53.5", "1e30", "-1e30", "1e-3"] {
        let body = format!(r#"{{"name": "p", "ip": "192.0.2.1", "port": {port}}}"#);
        world.raw("POST", &in_a("peers"), ALICE, body).await.refused_at(400, 1000, "/port");
    }
    for port in ["-1", "65536", "0", "4294967349"] {
        let body = format!(r#"{{"name": "p", "ip": "192.0.2.1", "port": {port}}}"#);
        world.raw("POST", &in_a("peers"), ALICE, body).await.refused_at(400, 1203, "/port");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413() {
    let settings = Settings { body_octets: 100, ..Settings::default() };
    let world = World::with(settings, CONFIG).await;
    let body = |octets: usize| format!("{{\"x\":\"{}\"}}", "x".repeat(octets - 8));
    world.raw("POST", &in_a("tsigs"), ALICE, body(101)).await.refused(413, 1902);
    world.raw("POST", &in_a("tsigs"), ALICE, body(100)).await.refused_at(400, 1000, "/name");
}

#[tokio::test]
async fn a_secret_is_never_quoted_in_an_error() {
    let world = World::new().await;
    let mut body = tsig();
    body["secret"] = json!("not*base*64");
    let answer = world.post(&in_a("tsigs"), ALICE, body).await;
    answer.refused_at(400, 1103, "/secret");
    assert!(!answer.body.to_string().contains("not*base*64"));
}
