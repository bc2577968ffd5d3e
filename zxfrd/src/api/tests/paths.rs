//! Paths, methods and ids.

use super::*;

#[tokio::test]
async fn an_unknown_path_is_404_with_7003_and_7000() {
    let world = World::new().await;
    for path in ["/", "/nothing", "/zones/", "/accounts/x/secondary_dns/tsigs/x/y", "/zones/x/y/z"] {
        for token in [ALICE, "wrong"] {
            let answer = world.get(path, token).await;
            answer.refused(404, 7003);
            let codes: Vec<_> = answer.body["errors"].as_array().unwrap().iter().map(|error| &error["code"]).collect();
            assert_eq!(codes, [&json!(7003), &json!(7000)]);
        }
    }
    let root = Request::builder().uri("/").body(Body::empty()).unwrap();
    world.send(root).await.refused(404, 7003);
}

#[tokio::test]
async fn a_method_that_there_is_not_is_405_and_says_which_there_are() {
    let world = World::new().await;
    for (method, path, allow) in [
        ("PATCH", in_a("tsigs"), vec!["GET", "HEAD", "POST"]),
        ("POST", in_a(&format!("tsigs/{NOBODY}")), vec!["DELETE", "GET", "HEAD", "PUT"]),
        ("GET", format!("/zones/{NOBODY}/secondary_dns/force_axfr"), vec!["POST"]),
        ("OPTIONS", "/zones".to_owned(), vec!["GET", "HEAD", "POST"]),
    ] {
        let answer = world.raw(method, &path, ALICE, "").await;
        answer.refused(405, 7001);
        let mut methods: Vec<_> = answer.headers["allow"].to_str().unwrap().split(',').collect();
        methods.sort_unstable();
        assert_eq!(methods, allow, "{path}");
    }
}

#[tokio::test]
async fn an_ill_formed_id_is_404_with_7003() {
    let world = World::new().await;
    let upper = A.to_uppercase();
    for bad in ["x", &A[1..], &upper, "0123456789abcdef0123456789abcdef0", "%FF", "..%2f", "%00"] {
        for path in [
            format!("/accounts/{bad}/secondary_dns/tsigs"),
            in_a(&format!("tsigs/{bad}")),
            format!("/zones/{bad}"),
            format!("/zones/{bad}/secondary_dns/incoming"),
            format!("/accounts/{bad}/tokens/verify"),
        ] {
            world.get(&path, ADMIN).await.refused(404, 7003);
        }
    }
}

#[tokio::test]
async fn unknown_ids_are_404() {
    let world = World::new().await;
    for (kind, code) in [("tsigs", 1104), ("peers", 1205), ("acls", 1303)] {
        let path = in_a(&format!("{kind}/{NOBODY}"));
        let body = json!({"name": "k.", "algo": "hmac-sha256.", "ip_range": "192.0.2.0/24"});
        world.get(&path, ALICE).await.refused(404, code);
        world.delete(&path, ALICE).await.refused(404, code);
        world.put(&path, ALICE, body).await.refused(404, code);
    }
    for rest in ["", "/secondary_dns/incoming", "/secondary_dns/outgoing", "/secondary_dns/status"] {
        world.get(&format!("/zones/{NOBODY}{rest}"), ALICE).await.refused(404, 1001);
    }
    world.get(&format!("/accounts/{NOBODY}/secondary_dns/tsigs"), ADMIN).await.refused(404, 7003);
}

#[tokio::test]
async fn head_is_answered_like_get_without_a_body() {
    let world = World::new().await;
    let answer = world.raw("HEAD", "/zones", READER, "").await;
    assert_eq!((answer.status.as_u16(), answer.octets.len()), (200, 0));
}

#[tokio::test]
async fn health_is_open_and_says_only_ok() {
    let world = World::new().await;
    let answer = world.send(Request::builder().uri("/healthz").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), &answer.octets[..]), (200, &b"ok\n"[..]));
}
