//! What objects look like, and what the catalog's rules look like from outside.

use super::*;
use crate::catalog::Time;
use zxfr_core::serial::Serial;

#[tokio::test]
async fn a_tsig_comes_back_as_it_was_sent_with_its_secret() {
    let world = World::new().await;
    let made = world.post(&in_a("tsigs"), ALICE, tsig()).await;
    let id = made.id();
    assert!(id.len() == 32 && id.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f')));
    let mut expected = tsig();
    expected["id"] = json!(id);
    assert_eq!(made.result(), &expected);
    let path = in_a(&format!("tsigs/{id}"));
    assert_eq!(world.get(&path, READER).await.result(), &expected);
    assert!(world.get(&in_a("tsigs"), READER).await.result().as_array().unwrap().contains(&expected));
    for (name, algo) in [("K2.Example", "HMAC-SHA512"), ("k2.example.", "hmac-sha1.")] {
        let secret = "caf79a7804b04337c9c66ccd7bef9190a1e1679b5dd03d8aa10f7ad45e1a9dab92b417896c15d4d007c7c14194538d2a";
        let body = json!({"name": name, "algo": algo, "secret": secret});
        let answer = world.put(&path, ALICE, body).await;
        assert_eq!(answer.result(), &json!({"id": id, "name": name, "algo": algo, "secret": secret}));
    }
    assert_eq!(world.delete(&path, ALICE).await.result(), &json!({"id": id}));
    world.get(&path, ALICE).await.refused(404, 1104);
    world.delete(&path, ALICE).await.refused(404, 1104);
    world.put(&path, ALICE, tsig()).await.refused(404, 1104);
}

#[tokio::test]
async fn a_missing_tsig_secret_is_generated() {
    let world = World::new().await;
    for secret in [Value::Null, json!("")] {
        let body = json!({"name": "k.", "algo": "hmac-sha256", "secret": secret});
        let answer = world.post(&in_a("tsigs"), ALICE, body).await;
        assert_eq!(answer.result()["secret"].as_str().unwrap().len(), 44, "32 octets in base 64");
    }
}

#[tokio::test]
async fn tsig_rules_name_the_member() {
    let world = World::new().await;
    for (member, value, code) in [
        ("name", json!("a..b"), 1101),
        ("algo", json!("hmac-sha256-128."), 1102),
        ("algo", json!("hmac-md5.sig-alg.reg.int."), 1102),
        ("secret", json!("AAA"), 1103),
    ] {
        let mut body = tsig();
        body[member] = value;
        world.post(&in_a("tsigs"), ALICE, body).await.refused_at(400, code, &format!("/{member}"));
    }
    let mut weak = tsig();
    weak["secret"] = json!("AAECAw==");
    let answer = world.post(&in_a("tsigs"), ALICE, weak).await;
    answer.result();
    assert_eq!(answer.body["messages"][0]["code"], json!(1103), "a warning");
}

#[tokio::test]
async fn a_peer_of_a_name_alone_shows_no_members_that_were_never_set() {
    let world = World::new().await;
    let made = world.post(&in_a("peers"), ALICE, json!({"name": "p0"})).await;
    assert_eq!(made.result(), &json!({"id": made.id(), "name": "p0"}));
}

#[tokio::test]
async fn a_peer_is_made_whole_by_post() {
    let world = World::new().await;
    let tsig = world.post(&in_a("tsigs"), ALICE, tsig()).await.id();
    let body = json!({"name": "p", "ip": "2001:DB8::1", "port": 5353, "ixfr_enable": false, "tsig_id": tsig});
    let made = world.post(&in_a("peers"), ALICE, body.clone()).await;
    let mut expected = body;
    expected["id"] = json!(made.id());
    assert_eq!(made.result(), &expected, "false was set, and shows");
}

#[tokio::test]
async fn with_an_ip_and_no_port_the_port_is_53() {
    let world = World::new().await;
    let made = world.post(&in_a("peers"), ALICE, json!({"name": "p", "ip": "192.0.2.1"})).await;
    assert_eq!(made.result(), &json!({"id": made.id(), "name": "p", "ip": "192.0.2.1", "port": 53}));
}

#[tokio::test]
async fn put_replaces_a_peer_and_null_empty_and_missing_are_unset() {
    let world = World::new().await;
    let id = world.peer(json!({"name": "p", "ip": "192.0.2.1", "port": 54, "ixfr_enable": true})).await;
    let path = in_a(&format!("peers/{id}"));
    let bare = json!({"id": id, "name": "p"});
    for unset in [
        json!({"name": "p"}),
        json!({"name": "p", "ip": "", "port": 0, "tsig_id": ""}),
        json!({"name": "p", "ip": null, "port": null, "ixfr_enable": null, "tsig_id": null}),
    ] {
        world
            .put(&path, ALICE, json!({"name": "p", "ip": "192.0.2.1", "port": 54, "ixfr_enable": true}))
            .await
            .result();
        assert_eq!(world.put(&path, ALICE, unset).await.result(), &bare);
    }
}

#[tokio::test]
async fn peer_rules_name_the_member() {
    let world = World::new().await;
    for (member, value, code) in [
        ("name", json!(""), 1201),
        ("ip", json!("192.0.2.256"), 1202),
        ("ip", json!("ns.example.org"), 1202),
        ("port", json!(65536), 1203),
        ("port", json!(0), 1203),
        ("tsig_id", json!(NOBODY), 1204),
        ("tsig_id", json!("x"), 1204),
    ] {
        let mut body = json!({"name": "p", "ip": "192.0.2.1"});
        body[member] = value;
        world.post(&in_a("peers"), ALICE, body).await.refused_at(400, code, &format!("/{member}"));
    }
}

#[tokio::test]
async fn what_is_in_use_is_not_deleted_and_not_tried_again() {
    let world = World::new().await;
    let tsig = world.post(&in_a("tsigs"), ALICE, tsig()).await.id();
    let peer = world.peer(json!({"name": "p", "ip": "192.0.2.1", "tsig_id": tsig})).await;
    let zone = world.zone("example.org", "full").await;
    let outgoing = format!("/zones/{zone}/secondary_dns/outgoing");
    world.post(&outgoing, ALICE, json!({"name": "example.org", "peers": [peer]})).await.result();
    for (path, code) in [(in_a(&format!("tsigs/{tsig}")), 1105), (in_a(&format!("peers/{peer}")), 1206)] {
        let answer = world.delete(&path, ALICE).await;
        answer.refused(409, code);
        assert_eq!(answer.headers["x-should-retry"], "false");
    }
    world.delete(&outgoing, ALICE).await.result();
    world.delete(&in_a(&format!("peers/{peer}")), ALICE).await.result();
    world.delete(&in_a(&format!("tsigs/{tsig}")), ALICE).await.result();
}

#[tokio::test]
async fn an_acl_comes_back_as_it_was_sent() {
    let world = World::new().await;
    for range in ["192.0.2.53/28", "1.2.3.4/32", "192.0.2.7", "2001:db8::1/64", "2001:db8::1"] {
        let answer = world.post(&in_a("acls"), ALICE, json!({"name": "a", "ip_range": range})).await;
        assert_eq!(answer.result()["ip_range"], json!(range));
        for time in ["created_time", "modified_time"] {
            let text = answer.result()[time].as_str().unwrap();
            assert!(text.len() == 27 && text.ends_with('Z'), "{text}: RFC 3339, UTC, microseconds");
        }
        let path = in_a(&format!("acls/{}", answer.id()));
        let changed = world.put(&path, ALICE, json!({"name": "b", "ip_range": range})).await;
        assert_eq!((&changed.result()["name"], &changed.result()["ip_range"]), (&json!("b"), &json!(range)));
        world.delete(&path, ALICE).await.result();
        world.get(&path, ALICE).await.refused(404, 1303);
    }
    for (range, code) in [("x", 1301), ("192.0.2.0/33", 1301), ("192.0.0.0/23", 1302), ("2001:db8::/63", 1302)] {
        let body = json!({"name": "a", "ip_range": range});
        world.post(&in_a("acls"), ALICE, body).await.refused_at(400, code, "/ip_range");
    }
}

#[tokio::test]
async fn an_incoming_configuration_that_never_transferred_has_serial_0_and_the_times_of_its_creation() {
    let world = World::new().await;
    let (zone, peer) =
        (world.zone("example.org", "secondary").await, world.peer(json!({"name": "p", "ip": "::1"})).await);
    let path = format!("/zones/{zone}/secondary_dns/incoming");
    world.get(&path, ALICE).await.refused(404, 1406);
    world.delete(&path, ALICE).await.refused(404, 1406);
    world.put(&path, ALICE, json!({"name": "example.org", "peers": []})).await.refused(404, 1406);
    let body = json!({"name": "Example.ORG.", "peers": [peer], "auto_refresh_seconds": 300.0});
    let made = world.post(&path, ALICE, body.clone()).await;
    let created = &made.result()["created_time"];
    let expected = json!({
        "id": zone, "name": "Example.ORG.", "peers": [peer], "primaries": [peer], "auto_refresh_seconds": 300,
        "soa_serial": 0, "created_time": created, "checked_time": created, "modified_time": created,
    });
    assert_eq!(made.result(), &expected);
    assert_eq!(world.get(&path, READER).await.result(), &expected);
    world.post(&path, ALICE, body).await.refused(409, 1407);
    assert_eq!(world.delete(&path, ALICE).await.result(), &json!({"id": zone}));
}

#[tokio::test]
async fn an_incoming_configuration_tells_what_was_transferred() {
    let world = World::new().await;
    let zone = world.zone("example.org", "secondary").await;
    let path = format!("/zones/{zone}/secondary_dns/incoming");
    world.post(&path, ALICE, json!({"name": "example.org", "peers": []})).await.result();
    let [checked, modified] = [4_102_444_800_000_001, 4_102_444_800_000_000].map(Time);
    *world.node.received.lock().unwrap() =
        Received { serial: Some(Serial(4_294_967_295)), checked: Some(checked), modified: Some(modified) };
    let answer = world.get(&path, ALICE).await;
    assert_eq!(answer.result()["soa_serial"], json!(4_294_967_295_u32));
    assert_eq!(answer.result()["checked_time"], json!("2100-01-01T00:00:00.000001Z"));
    assert_eq!(answer.result()["modified_time"], json!("2100-01-01T00:00:00.000000Z"));
    assert_eq!(answer.result()["auto_refresh_seconds"], json!(86400), "when nothing is said");
}

#[tokio::test]
async fn incoming_rules_name_the_member() {
    let world = World::new().await;
    let (zone, bare) = (world.zone("example.org", "secondary").await, world.peer(json!({"name": "bare"})).await);
    let path = format!("/zones/{zone}/secondary_dns/incoming");
    for (member, value, code, pointer) in [
        ("auto_refresh_seconds", json!(299), 1404, "/auto_refresh_seconds"),
        ("auto_refresh_seconds", json!(4_294_967_296_u64), 1404, "/auto_refresh_seconds"),
        ("name", json!("example.com"), 1405, "/name"),
        ("peers", json!([NOBODY]), 1403, "/peers/0"),
        ("peers", json!([bare]), 1403, "/peers/0"),
        ("peers", json!(vec![NOBODY; 31]), 1402, "/peers"),
    ] {
        let mut body = json!({"name": "example.org", "peers": []});
        body[member] = value;
        world.post(&path, ALICE, body).await.refused_at(400, code, pointer);
    }
    let full = world.zone("full.example", "full").await;
    let body = json!({"name": "full.example", "peers": []});
    world.post(&format!("/zones/{full}/secondary_dns/incoming"), ALICE, body).await.refused(400, 1408);
    world.raw("POST", &format!("/zones/{zone}/secondary_dns/force_axfr"), ALICE, "").await.refused(404, 1406);
}

#[tokio::test]
async fn peers_with_different_tsigs_are_linked_with_a_warning() {
    let world = World::new().await;
    let tsig = world.post(&in_a("tsigs"), ALICE, tsig()).await.id();
    let signed = world.peer(json!({"name": "s", "ip": "192.0.2.1", "tsig_id": tsig})).await;
    let plain = world.peer(json!({"name": "p", "ip": "192.0.2.2"})).await;
    let zone = world.zone("example.org", "full").await;
    let body = json!({"name": "example.org", "peers": [signed, plain]});
    let answer = world.post(&format!("/zones/{zone}/secondary_dns/outgoing"), ALICE, body).await;
    answer.result();
    assert_eq!(answer.body["messages"][0]["code"], json!(1410));
}

#[tokio::test]
async fn an_outgoing_configuration_is_disabled_at_first() {
    let world = World::new().await;
    let zone = world.zone("example.org", "full").await;
    let path = format!("/zones/{zone}/secondary_dns/outgoing");
    for rest in ["", "/status"] {
        world.get(&format!("{path}{rest}"), ALICE).await.refused(404, 1406);
    }
    for rest in ["/enable", "/disable", "/force_notify"] {
        world.raw("POST", &format!("{path}{rest}"), ALICE, "").await.refused(404, 1406);
    }
    let made = world.post(&path, ALICE, json!({"name": "example.org.", "peers": []})).await;
    let created = &made.result()["created_time"];
    let expected = json!({
        "id": zone, "name": "example.org.", "peers": [], "primaries": [], "soa_serial": 0,
        "created_time": created, "checked_time": created, "last_transferred_time": created,
    });
    assert_eq!(made.result(), &expected);
    let status = format!("{path}/status");
    assert_eq!(world.get(&status, READER).await.result(), &json!("Disabled"));
    world.raw("POST", &format!("{path}/force_notify"), ALICE, "").await.refused(400, 1409);
    for _ in 0..2 {
        assert_eq!(world.raw("POST", &format!("{path}/enable"), ALICE, "").await.result(), &json!("Enabled"));
        assert_eq!(world.get(&status, READER).await.result(), &json!("Enabled"));
    }
    assert_eq!(world.raw("POST", &format!("{path}/force_notify"), ALICE, "").await.result(), &json!("OK"));
    let time = Time(4_102_444_800_000_000);
    *world.node.sent.lock().unwrap() = Sent { serial: Some(Serial(7)), checked: Some(time), transferred: Some(time) };
    let answer = world.get(&path, ALICE).await;
    assert_eq!(answer.result()["soa_serial"], json!(7));
    assert_eq!(answer.result()["last_transferred_time"], json!("2100-01-01T00:00:00.000000Z"));
    assert_eq!(world.raw("POST", &format!("{path}/disable"), ALICE, "").await.result(), &json!("Disabled"));
    assert_eq!(world.get(&status, READER).await.result(), &json!("Disabled"));
    assert_eq!(world.delete(&path, ALICE).await.result(), &json!({"id": zone}));
    world.get(&status, ALICE).await.refused(404, 1406);
}

#[tokio::test]
async fn what_the_configuration_declares_is_shown_and_not_changed() {
    let world = World::new().await;
    let declared = world.get(&in_a("tsigs"), ALICE).await.result()[0].clone();
    assert_eq!(declared["name"], json!("declared."));
    let path = in_a(&format!("tsigs/{}", declared["id"].as_str().unwrap()));
    world.put(&path, ALICE, tsig()).await.refused(403, 1701);
    world.delete(&path, ALICE).await.refused(403, 1701);
    assert_eq!(world.get(&path, ALICE).await.result(), &declared);
}

#[tokio::test]
async fn a_zone_has_all_members_that_the_sdks_models_need() {
    let world = World::new().await;
    let made =
        world.post("/zones", ALICE, json!({"account": {"id": A}, "name": "Example.ORG.", "type": "secondary"})).await;
    let zone = made.result();
    assert_eq!(zone["name"], json!("Example.ORG"), "no final dot");
    assert_eq!(zone["account"], json!({"id": A, "name": "first"}));
    assert_eq!(
        (&zone["status"], &zone["type"], &zone["paused"]),
        (&json!("pending"), &json!("secondary"), &json!(false))
    );
    assert_eq!(zone["development_mode"], json!(0));
    for object in ["meta", "owner", "plan"] {
        assert!(zone[object].is_object(), "{object}");
    }
    for list in ["name_servers", "permissions", "vanity_name_servers"] {
        assert!(zone[list].is_array(), "{list}");
    }
    for nullable in ["activated_on", "original_dnshost", "original_name_servers", "original_registrar"] {
        assert!(zone.as_object().unwrap().contains_key(nullable), "{nullable}");
    }
    assert_eq!(world.get(&format!("/zones/{}", made.id()), ALICE).await.result(), zone);
    let read = world.get(&format!("/zones/{}", made.id()), READER).await;
    assert_eq!(read.result()["permissions"], json!(["#zone:read"]));
}

#[tokio::test]
async fn one_member_of_a_zone_is_edited_at_a_time() {
    let world = World::new().await;
    let zone = world.zone("example.org", "full").await;
    let path = format!("/zones/{zone}");
    let edit = |body: Value| world.raw("PATCH", &path, ALICE, body.to_string());
    assert_eq!(edit(json!({"paused": true})).await.result()["paused"], json!(true));
    assert_eq!(edit(json!({"type": "secondary"})).await.result()["type"], json!("secondary"));
    let servers = json!(["ns1.example.net"]);
    assert_eq!(edit(json!({"vanity_name_servers": servers})).await.result()["vanity_name_servers"], servers);
    edit(json!({})).await.refused(400, 1503);
    edit(json!({"paused": true, "type": "full"})).await.refused(400, 1503);
    edit(json!({"type": "primary"})).await.refused_at(400, 1502, "/type");
    let check = format!("{path}/activation_check");
    assert_eq!(world.raw("PUT", &check, ALICE, "").await.result(), &json!({"id": zone}));
    assert_eq!(world.delete(&path, ALICE).await.result(), &json!({"id": zone}));
    world.get(&path, ALICE).await.refused(404, 1001);
    world.delete(&path, ALICE).await.refused(404, 1001);
}

#[tokio::test]
async fn a_zones_name_exists_once_and_whose_it_is_is_not_told() {
    let world = World::new().await;
    world.zone("example.org", "full").await;
    let mine = world.post("/zones", ALICE, json!({"account": {"id": A}, "name": "EXAMPLE.org."})).await;
    mine.refused(409, 1061);
    let other = world.post("/zones", BOB, json!({"account": {"id": B}, "name": "EXAMPLE.org."})).await;
    assert_eq!(mine.body, other.body);
}

#[tokio::test]
async fn the_status_of_a_zone_is_what_the_node_says() {
    let world = World::new().await;
    let zone = world.zone("example.org", "full").await;
    let answer = world.get(&format!("/zones/{zone}/secondary_dns/status"), READER).await;
    assert_eq!((&answer.result()["id"], &answer.result()["name"]), (&json!(zone), &json!("example.org")));
}

#[tokio::test]
async fn odd_names_come_back_as_they_were_sent() {
    let world = World::new().await;
    for name in ["$@\\/\"'<>&", "a\u{0}b\n", "\u{202e}ünï😀", " "] {
        let made = world.post(&in_a("peers"), ALICE, json!({"name": name})).await;
        assert_eq!(made.result()["name"], json!(name));
    }
    let made = world.post("/zones", ALICE, json!({"account": {"id": A}, "name": r"a\.b\ c.example"})).await;
    assert_eq!(made.result()["name"], json!(r"a\.b\ c.example"));
    let made = world.post("/zones", ALICE, json!({"account": {"id": A}, "name": r"example\."})).await;
    assert_eq!(made.result()["name"], json!(r"example\."), "that dot is in the label");
    let made = world.post("/zones", ALICE, json!({"account": {"id": A}, "name": "."})).await;
    assert_eq!(made.result()["name"], json!("."));
}

#[tokio::test]
async fn older_clients_say_primaries() {
    let world = World::new().await;
    let peer = world.post(&in_a("primaries"), ALICE, json!({"name": "p", "ip": "192.0.2.1"})).await.id();
    assert_eq!(world.get(&in_a(&format!("primaries/{peer}")), ALICE).await.id(), peer);
    assert_eq!(world.get(&in_a("primaries"), ALICE).await.body, world.get(&in_a("peers"), ALICE).await.body);
    let zone = world.zone("example.org", "secondary").await;
    let path = format!("/zones/{zone}/secondary_dns");
    let body = json!({"name": "example.org", "primaries": [peer], "auto_refresh_seconds": 300, "id": zone});
    assert_eq!(world.post(&path, ALICE, body.clone()).await.result()["primaries"], json!([peer]));
    assert_eq!(world.get(&path, ALICE).await.body, world.get(&format!("{path}/incoming"), ALICE).await.body);
    assert_eq!(world.put(&path, ALICE, body).await.result()["peers"], json!([peer]));
    // Those who say both are newer.
    let both = json!({"name": "example.org", "primaries": [peer], "peers": []});
    assert_eq!(world.put(&path, ALICE, both).await.result()["peers"], json!([]));
    assert_eq!(world.delete(&path, ALICE).await.id(), zone);
}
