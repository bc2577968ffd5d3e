//! Who may pass.

use super::*;

fn request(headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().uri(format!("{BASE}{}", in_a("tsigs")));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_bearer_token_passes() {
    let world = World::new().await;
    world.send(request(&[("authorization", "Bearer alice-secret")])).await.result();
    world.send(request(&[("authorization", "bearer  alice-secret")])).await.result();
}

#[tokio::test]
async fn x_auth_email_with_x_auth_key_passes() {
    let world = World::new().await;
    world.send(request(&[("x-auth-email", "alice@example.org"), ("x-auth-key", ALICE)])).await.result();
    world.send(request(&[("x-auth-email", "Alice@Example.ORG"), ("x-auth-key", ALICE)])).await.result();
    for (email, key) in [("bob@example.org", ALICE), ("alice@example.org", "wrong"), ("alice@example.org", ADMIN)] {
        world.send(request(&[("x-auth-email", email), ("x-auth-key", key)])).await.refused(403, 9109);
    }
}

#[tokio::test]
async fn a_token_without_an_email_has_no_pair() {
    let world = World::new().await;
    world.send(request(&[("x-auth-email", "admin"), ("x-auth-key", ADMIN)])).await.refused(403, 9109);
}

#[tokio::test]
async fn any_complete_valid_scheme_is_enough() {
    let world = World::new().await;
    let pair = [("x-auth-email", "alice@example.org"), ("x-auth-key", ALICE)];
    for bad in ["Bearer wrong", "Basic x", "Bearer", "nonsense"] {
        world.send(request(&[pair[0], pair[1], ("authorization", bad)])).await.result();
    }
    let good = ("authorization", "Bearer alice-secret");
    world.send(request(&[good, ("x-auth-email", "alice@example.org")])).await.result();
    world.send(request(&[good, ("x-auth-key", "wrong")])).await.result();
    world.send(request(&[good, ("x-auth-email", "nobody@example.org"), ("x-auth-key", "wrong")])).await.result();
    world.send(request(&[good, ("x-auth-email", ""), ("x-auth-key", "")])).await.result();
}

#[tokio::test]
async fn no_credentials_are_9106() {
    let world = World::new().await;
    world.send(request(&[])).await.refused(400, 9106);
    world.send(request(&[("x-auth-email", "alice@example.org")])).await.refused(400, 9106);
    world.send(request(&[("x-auth-key", ALICE)])).await.refused(400, 9106);
}

#[tokio::test]
async fn a_wrong_token_is_9109() {
    let world = World::new().await;
    world.send(request(&[("authorization", "Bearer wrong")])).await.refused(403, 9109);
    // A digest is no secret.
    let digest = catalog::Token::digest(ALICE).map(|octet| format!("{octet:02x}")).concat();
    world.send(request(&[("authorization", &format!("Bearer {digest}"))])).await.refused(403, 9109);
}

#[tokio::test]
async fn malformed_credentials_are_6003_with_a_chain() {
    let world = World::new().await;
    for bad in ["Bearer", "Bearer ", "alice-secret", "Basic YWxpY2U=", "Bearer a b"] {
        let answer = world.send(request(&[("authorization", bad)])).await;
        assert_eq!(answer.refused(400, 6003)["error_chain"][0]["code"], json!(6111), "{bad}");
    }
    for (email, key) in [("alice@example.org", ""), ("", ALICE), ("alice@example.org", "a b")] {
        let answer = world.send(request(&[("x-auth-email", email), ("x-auth-key", key)])).await;
        assert_eq!(answer.refused(400, 6003)["error_chain"][0]["code"], json!(6103));
    }
    let long = format!("Bearer {}", "x".repeat(5000));
    world.send(request(&[("authorization", &long)])).await.refused(400, 6003);
}

#[tokio::test]
async fn without_any_token_the_api_answers_401() {
    let world = World::with(Settings::default(), "[store]\nurl = \"memory:\"\n").await;
    let answer = world.send(request(&[("authorization", "Bearer x")])).await;
    answer.refused(401, 10000);
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
    world.send(request(&[])).await.refused(401, 10000);
}

#[tokio::test]
async fn a_read_token_changes_nothing() {
    let world = World::new().await;
    world.get(&in_a("tsigs"), READER).await.result();
    world.post(&in_a("tsigs"), READER, tsig()).await.refused(403, 10000);
    assert_eq!(world.get(&in_a("tsigs"), ALICE).await.result().as_array().unwrap().len(), 1, "the declared one");
}

#[tokio::test]
async fn a_metrics_token_gets_metrics_and_nothing_else() {
    let world = World::new().await;
    world.get(&in_a("tsigs"), WATCHER).await.refused(403, 10000);
    world.get("/zones", WATCHER).await.refused(403, 10000);
    let metrics = |token: &str| {
        let request = Request::builder().uri("/metrics").header("authorization", format!("Bearer {token}"));
        world.send(request.body(Body::empty()).unwrap())
    };
    let answer = metrics(WATCHER).await;
    assert_eq!((answer.status.as_u16(), &answer.octets[..]), (200, &b"first true\nsecond false\n"[..]));
    assert_eq!(answer.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert_eq!(&metrics(BOB).await.octets[..], b"first false\nsecond true\n", "no other account's");
    assert_eq!(&metrics(ADMIN).await.octets[..], b"first true\nsecond true\n");
    metrics("wrong").await.refused(403, 9109);
}

#[tokio::test]
async fn tokens_are_verified() {
    let world = World::new().await;
    for token in [ALICE, READER, WATCHER] {
        let answer = world.get("/user/tokens/verify", token).await;
        assert_eq!(answer.result()["status"], json!("active"));
        assert_eq!(answer.result()["id"].as_str().unwrap().len(), 32);
        let message = json!({"code": 10000, "message": "This API Token is valid and active"});
        assert_eq!(answer.body["messages"], json!([message]));
        world.get(&format!("/accounts/{A}/tokens/verify"), token).await.result();
        world.get(&format!("/accounts/{B}/tokens/verify"), token).await.refused(404, 7003);
    }
    let answer = world.get("/user/tokens/verify", "wrong").await;
    answer.refused(401, 1000);
    let bare = Request::builder().uri(format!("{BASE}/user/tokens/verify")).body(Body::empty()).unwrap();
    world.send(bare).await.refused(400, 9106);
}

#[tokio::test]
async fn new_tokens_open_no_more_than_the_one_they_are_made_with() {
    let world = World::new().await;
    let body = json!({"name": "ci", "access": "read", "accounts": [A], "email": "ci@example.org"});
    let made = world.post("/user/tokens", ALICE, body.clone()).await;
    let secret = made.result()["value"].as_str().unwrap().to_owned();
    assert_eq!(made.result()["accounts"], json!([A]));
    assert_eq!((&made.result()["access"], &made.result()["status"]), (&json!("read"), &json!("active")));
    world.get(&in_a("tsigs"), &secret).await.result();
    world.post(&in_a("tsigs"), &secret, tsig()).await.refused(403, 10000);
    world.send(request(&[("x-auth-email", "ci@example.org"), ("x-auth-key", &secret)])).await.result();
    for (accounts, pointer) in [(json!([B]), "/accounts/0"), (json!(["*"]), "/accounts"), (json!([]), "/accounts")] {
        let mut body = body.clone();
        body["accounts"] = accounts;
        world.post("/user/tokens", ALICE, body).await.refused_at(400, 1601, pointer);
    }
    world.post("/user/tokens", READER, body).await.refused(403, 10000);
    // It is gone at once.
    let path = format!("/user/tokens/{}", made.id());
    world.delete(&path, BOB).await.refused(404, 1602);
    assert_eq!(world.delete(&path, ALICE).await.id(), made.id());
    world.get(&in_a("tsigs"), &secret).await.refused(403, 9109);
}

#[tokio::test]
async fn requests_are_limited_per_token() {
    let settings = Settings { rate: Rate { burst: 3, per_second: 1 }, ..Settings::default() };
    let world = World::with(settings, CONFIG).await;
    let answer = world.get(&in_a("tsigs"), ALICE).await;
    answer.result();
    for (name, value) in [("limit", "3"), ("remaining", "2"), ("reset", "1")] {
        assert_eq!(answer.headers[&format!("x-ratelimit-{name}")], value);
    }
    for _ in 0..2 {
        world.get(&in_a("tsigs"), ALICE).await.result();
    }
    let answer = world.get(&in_a("tsigs"), ALICE).await;
    answer.refused(429, 1904);
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(answer.headers["x-ratelimit-remaining"], "0");
    world.get(&in_a("tsigs"), READER).await.result();
}

#[tokio::test]
async fn wrong_tokens_are_limited_per_address() {
    let settings = Settings { guesses: Rate { burst: 2, per_second: 1 }, ..Settings::default() };
    let world = World::with(settings, CONFIG).await;
    world.get(&in_a("tsigs"), "guess-1").await.refused(403, 9109);
    world.get(&in_a("tsigs"), "guess-2").await.refused(403, 9109);
    let answer = world.get(&in_a("tsigs"), "guess-3").await;
    answer.refused(429, 1904);
    assert_eq!(answer.headers["retry-after"], "1");
}
