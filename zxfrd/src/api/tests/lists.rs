//! Lists, pages and filters.

use super::*;

#[tokio::test]
async fn the_zone_transfer_lists_are_whole_and_have_no_result_info() {
    let world = World::new().await;
    for number in 0..120 {
        world
            .post(&in_a("acls"), ALICE, json!({"name": number.to_string(), "ip_range": "192.0.2.0/24"}))
            .await
            .result();
    }
    for path in ["acls", "acls?page=2&per_page=50"] {
        let answer = world.get(&in_a(path), READER).await;
        assert_eq!(answer.result().as_array().unwrap().len(), 120);
        assert!(answer.body.get("result_info").is_none());
    }
    assert_eq!(world.get(&in_a("peers"), ALICE).await.result(), &json!([]), "not null");
}

fn names(answer: &Answer) -> Vec<&str> {
    answer.result().as_array().unwrap().iter().map(|zone| zone["name"].as_str().unwrap()).collect()
}

async fn zones() -> World {
    let world = World::new().await;
    for (name, kind) in
        [("b.example", "full"), ("A.example", "secondary"), ("c.example.net", "full"), ("i.example", "internal")]
    {
        world.zone(name, kind).await;
    }
    world.post("/zones", BOB, json!({"account": {"id": B}, "name": "bob.example"})).await.result();
    world
}

#[tokio::test]
async fn zones_come_in_pages_and_one_past_the_end_is_empty() {
    let world = World::new().await;
    for number in 0..45 {
        world.zone(&format!("z{number:02}.example"), "full").await;
    }
    let answer = world.get("/zones", ALICE).await;
    assert_eq!(answer.result().as_array().unwrap().len(), 20);
    let info = json!({"page": 1, "per_page": 20, "count": 20, "total_count": 45, "total_pages": 3});
    assert_eq!(answer.body["result_info"], info);
    assert_eq!(world.get("/zones?page=3", ALICE).await.body["result_info"]["count"], json!(5));
    let past = world.get("/zones?page=4", ALICE).await;
    assert_eq!((past.result(), &past.body["result_info"]["count"]), (&json!([]), &json!(0)));
    let large = world.get("/zones?per_page=1000", ALICE).await;
    assert_eq!(large.body["result_info"]["per_page"], json!(50));
    let mut all = Vec::new();
    for page in 1..=5 {
        let answer = world.get(&format!("/zones?page={page}&per_page=10"), ALICE).await;
        all.extend(names(&answer).into_iter().map(str::to_owned));
    }
    assert_eq!(all, (0..45).map(|number| format!("z{number:02}.example")).collect::<Vec<_>>());
}

#[tokio::test]
async fn internal_zones_are_listed_when_asked_for() {
    let world = zones().await;
    assert_eq!(names(&world.get("/zones", ALICE).await), ["A.example", "b.example", "c.example.net"]);
    assert_eq!(names(&world.get("/zones?type=internal", ALICE).await), ["i.example"]);
    for types in ["type=internal,secondary", "type=internal&type=secondary"] {
        assert_eq!(names(&world.get(&format!("/zones?{types}"), ALICE).await), ["A.example", "i.example"]);
    }
}

#[tokio::test]
async fn zones_are_filtered() {
    let world = zones().await;
    for (query, expected) in [
        ("name=a.example", vec!["A.example"]),
        ("name=a.EXAMPLE.", vec!["A.example"]),
        ("name=equal:a.example", vec!["A.example"]),
        ("name=contains:example.n", vec!["c.example.net"]),
        ("name=starts_with:b", vec!["b.example"]),
        ("name=ends_with:.example", vec!["A.example", "b.example"]),
        ("name=not_equal:b.example", vec!["A.example", "c.example.net"]),
        ("type=full", vec!["b.example", "c.example.net"]),
        ("status=pending", vec!["A.example", "b.example", "c.example.net"]),
        ("status=active", vec![]),
        ("status=moved", vec![]),
        ("account.id=0123456789abcdef0123456789abcdef&name=b.example", vec!["b.example"]),
        ("account.name=first&type=secondary", vec!["A.example"]),
        ("account.name=contains:irs&type=secondary", vec!["A.example"]),
        ("name=b.example&type=secondary", vec![]),
        ("name=b.example&type=secondary&match=any", vec!["A.example", "b.example"]),
        ("match=any", vec!["A.example", "b.example", "c.example.net"]),
        ("account.id=fedcba9876543210fedcba9876543210", vec![]),
        ("account.name=second", vec![]),
    ] {
        assert_eq!(names(&world.get(&format!("/zones?{query}"), ALICE).await), expected, "{query}");
    }
    assert_eq!(names(&world.get("/zones?account.name=second", ADMIN).await), ["bob.example"]);
}

#[tokio::test]
async fn a_zone_is_found_by_its_name_however_that_is_written() {
    let world = World::new().await;
    // A dot that is part of a label, in both spellings, at the end of a name, too; and what looks like an operator.
    for name in ["foo\\.", "sub\\046x.example", "contains:a.example"] {
        world.zone(name, "full").await;
    }
    for (query, expected) in [
        ("foo%5C.", vec!["foo\\."]),
        ("FOO%5C..", vec!["foo\\."]),
        ("foo", vec![]),
        ("sub%5C.x.example", vec!["sub\\046x.example"]),
        ("equal:SUB%5C046x.example.", vec!["sub\\046x.example"]),
        ("sub.x.example", vec![]),
        ("equal:contains:a.example", vec!["contains:a.example"]),
        ("not_equal:foo%5C046", vec!["contains:a.example", "sub\\046x.example"]),
        ("a..b", vec![]),
    ] {
        assert_eq!(names(&world.get(&format!("/zones?name={query}"), ALICE).await), expected, "{query}");
    }
}

#[tokio::test]
async fn zones_are_ordered() {
    let world = zones().await;
    for (query, expected) in [
        ("order=name&direction=desc", ["c.example.net", "bob.example", "b.example", "A.example"]),
        ("order=account.name", ["A.example", "b.example", "c.example.net", "bob.example"]),
        ("order=account.id&direction=desc", ["bob.example", "A.example", "b.example", "c.example.net"]),
        ("order=status", ["A.example", "b.example", "bob.example", "c.example.net"]),
    ] {
        assert_eq!(names(&world.get(&format!("/zones?{query}"), ADMIN).await), expected, "{query}");
    }
}

#[tokio::test]
async fn a_query_parameter_that_breaks_a_rule_is_400() {
    let world = World::new().await;
    for query in
        ["page=0", "page=x", "per_page=-1", "order=size", "direction=up", "match=some", "status=odd", "type=odd"]
    {
        world.get(&format!("/zones?{query}"), ALICE).await.refused(400, 1901);
    }
}

#[tokio::test]
async fn accounts_are_those_that_the_token_opens() {
    let world = World::new().await;
    let ids = |answer: &Answer| {
        let accounts = answer.result().as_array().unwrap().clone();
        accounts.iter().map(|account| account["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let answer = world.get("/accounts", READER).await;
    assert_eq!(ids(&answer), [A]);
    let info = json!({"page": 1, "per_page": 20, "count": 1, "total_count": 1, "total_pages": 1});
    assert_eq!(answer.body["result_info"], info);
    assert_eq!((&answer.result()[0]["name"], &answer.result()[0]["type"]), (&json!("first"), &json!("standard")));
    assert_eq!(ids(&world.get("/accounts", ADMIN).await), [A, B]);
    assert_eq!(ids(&world.get("/accounts?direction=desc", ADMIN).await), [B, A]);
    assert_eq!(ids(&world.get("/accounts?name=second", ADMIN).await), [B]);
    assert_eq!(ids(&world.get("/accounts?name=second", READER).await), Vec::<String>::new());
    assert_eq!(ids(&world.get("/accounts?page=2", ADMIN).await), Vec::<String>::new());
}

#[tokio::test]
async fn a_zone_goes_to_the_only_account_when_none_is_named() {
    let world = World::new().await;
    let made = world.post("/zones", BOB, json!({"name": "x.example"})).await;
    assert_eq!(made.result()["account"]["id"], json!(B));
    world.post("/zones", ADMIN, json!({"name": "y.example"})).await.refused_at(400, 1505, "/account/id");
    let [foreign, missing] = [B, NOBODY].map(|id| json!({"name": "z.example", "account": {"id": id}}));
    let (foreign, missing) = (world.post("/zones", ALICE, foreign).await, world.post("/zones", ALICE, missing).await);
    foreign.refused_at(400, 1505, "/account/id");
    assert_eq!(foreign.body.to_string().replace(B, NOBODY), missing.body.to_string());
}
