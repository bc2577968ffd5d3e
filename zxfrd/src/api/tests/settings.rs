//! What is set for zones, as clients see it.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::zone::{LoadOptions, load_text};

/// Has the node hold a zone.
fn hold(world: &World, text: &str) {
    let version = load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version;
    *world.node.version.lock().unwrap() = Some(Arc::new(version));
}

#[tokio::test]
async fn settings_have_all_members_and_what_is_sent_is_merged() {
    let world = World::new().await;
    let zone = world.zone("Example.com", "full").await;
    let path = format!("/zones/{zone}/dns_settings");
    let mut expected = json!({
        "flatten_all_cnames": false, "foundation_dns": false, "internal_dns": {}, "multi_provider": false,
        "nameservers": {"type": "cloudflare.standard"}, "ns_ttl": 86400, "secondary_overrides": false,
        "soa": {"mname": null, "rname": "hostmaster.Example.com", "refresh": 10000, "retry": 2400, "expire": 604_800,
            "min_ttl": 1800, "ttl": 3600},
        "zone_mode": "standard"
    });
    assert_eq!(world.get(&path, READER).await.result(), &expected);
    // What is held of the zone stands where nothing is set.
    hold(&world, "$ORIGIN example.com.\n@ 77 SOA ns me.example.org. 7 1 2 3 4\n");
    expected["soa"] = json!({"mname": null, "rname": "me.example.org", "refresh": 1, "retry": 2, "expire": 3, "min_ttl": 4,
        "ttl": 77});
    assert_eq!(world.get(&path, READER).await.result(), &expected);
    let body =
        json!({"multi_provider": true, "soa": {"mname": "ns.Example.net", "retry": 900.0}, "zone_mode": "dns_only"});
    expected["multi_provider"] = json!(true);
    expected["zone_mode"] = json!("dns_only");
    expected["soa"]["mname"] = json!("ns.Example.net");
    expected["soa"]["retry"] = json!(900);
    assert_eq!(world.patch(&path, ALICE, body).await.result(), &expected);
    assert_eq!(world.get(&path, READER).await.result(), &expected);
    // All of it sent back is no change.
    let mut all = expected.clone();
    for (member, value) in [("refresh", 600), ("expire", 86_400), ("min_ttl", 60), ("ttl", 300)] {
        all["soa"][member] = json!(value);
    }
    assert_eq!(world.patch(&path, ALICE, all.clone()).await.result(), &all);
    let unset = world.patch(&path, ALICE, json!({"soa": {"mname": null}})).await;
    assert_eq!(unset.result()["soa"]["mname"], Value::Null);
}

#[tokio::test]
async fn settings_are_refused_at_their_members() {
    let world = World::new().await;
    let zone = world.zone("example.com", "full").await;
    let path = format!("/zones/{zone}/dns_settings");
    for (body, code, pointer) in [
        (json!({"soa": {"ttl": "x"}}), 1001, "/soa/ttl"),
        (json!({"soa": 7}), 1001, "/soa"),
        (json!({"nameservers": {"type": 1}}), 1001, "/nameservers/type"),
        (json!({"internal_dns": {"reference_zone_id": true}}), 1001, "/internal_dns/reference_zone_id"),
        (json!({"internal_dns": {"reference_zone_id": zone}}), 2401, "/internal_dns/reference_zone_id"),
        (json!({"soa": {"ttl": 299}}), 2404, "/soa/ttl"),
    ] {
        let answer = world.patch(&path, ALICE, body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {}", answer.body);
        let error = &answer.body["errors"][0];
        assert_eq!(error["source"]["pointer"], json!(pointer), "{body}");
        assert!(code == 1001 || error["code"] == json!(code), "{body}: {error}");
    }
    let warned = world.patch(&path, ALICE, json!({"ns_ttl": 300})).await;
    assert_eq!((warned.result()["ns_ttl"].as_u64(), &warned.body["messages"][0]["code"]), (Some(300), &json!(2406)));
}

#[tokio::test]
async fn older_clients_have_a_setting_of_another_name() {
    let world = World::new().await;
    let zone = world.zone("example.com", "full").await;
    let path = format!("/zones/{zone}/dns_settings/use_apex_ns");
    let set = world.patch(&path, ALICE, json!({"id": "use_apex_ns", "value": true})).await;
    let result = set.result();
    assert_eq!(
        (&result["id"], &result["value"], &result["editable"]),
        (&json!("use_apex_ns"), &json!(true), &json!(true))
    );
    assert!(result["modified_on"].is_string());
    let settings = world.get(&format!("/zones/{zone}/dns_settings"), READER).await;
    assert_eq!(settings.result()["multi_provider"], json!(true));
    world.patch(&path, ALICE, json!({"id": "other", "value": true})).await.refused_at(400, 2407, "/id");
    world.patch(&path, ALICE, json!({})).await.refused_at(400, 2407, "/value");
}

#[tokio::test]
async fn a_zone_that_its_primaries_sign_shows_the_key_that_a_ds_leads_to() {
    let world = World::new().await;
    let zone = world.zone("example.net", "secondary").await;
    let path = format!("/zones/{zone}/dnssec");
    let disabled = world.get(&path, READER).await;
    assert_eq!((&disabled.result()["status"], disabled.result().get("ds")), (&json!("disabled"), None));
    world.patch(&path, ALICE, json!({"status": "active"})).await.refused_at(400, 2502, "/status");
    let pending = world.patch(&path, ALICE, json!({"dnssec_presigned": true, "dnssec_use_nsec3": true})).await;
    assert_eq!(pending.result()["status"], json!("pending"));
    // The keys of RFC 6605 §6.1, the first of them as one for the zone's records.
    let key = "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==";
    hold(
        &world,
        &format!(
            "$ORIGIN example.net.\n@ 60 SOA . . 7 1 1 1 1\n@ 60 DNSKEY 256 3 13 {key}\n@ 60 DNSKEY 257 3 13 {key}\n"
        ),
    );
    let active = world.get(&path, READER).await;
    let modified = active.result()["modified_on"].clone();
    let digest = "B4C8C1FE2E7477127B27115656AD6256F424625BF5C1E2770CE6D6E37DF61D17";
    assert_eq!(
        active.result(),
        &json!({
            "status": "active", "dnssec_multi_signer": false, "dnssec_presigned": true, "dnssec_use_nsec3": true,
            "modified_on": modified, "flags": 257, "algorithm": "13", "key_type": "ECDSAP256SHA256", "key_tag": 55_648,
            "public_key": key, "digest_type": "2", "digest_algorithm": "SHA256", "digest": digest,
            "ds": format!("example.net. 60 IN DS 55648 13 2 {digest}")
        })
    );
    assert_eq!(world.get(&format!("{path}/zsk"), READER).await.result(), &json!([]));
    assert_eq!(world.delete(&path, ALICE).await.result(), &json!(zone));
    let disabled = world.get(&path, READER).await;
    assert_eq!(
        (&disabled.result()["status"], &disabled.result()["dnssec_use_nsec3"]),
        (&json!("disabled"), &json!(false))
    );
}
