//! TSIGs, peers, ACLs, tokens.

use super::*;
use FaultKind::{Conflict, Forbidden, Invalid, NotFound};

#[tokio::test]
async fn a_tsig_is_echoed_as_it_was_sent() {
    let f = fixture().await;
    // The documented example: 128 hexadecimal digits, which are base 64.
    let hex = "caf79a7804b04337c9c66ccd7bef9190a1e1679b5dd03d8aa10f7ad45e1a9dab\
               92b417896c15d4d007c7c14194538d2a5d0feffdecc5a7f0e1c570cfa700837c";
    for (name, algo) in [
        ("tsig.customer.cf.", "hmac-sha512."),
        ("Tsig.Customer.cf", "HMAC-SHA512"),
        ("k", "hmac-sha1"),
        ("k", "hmac-sha224."),
        ("k", "hmac-sha384"),
        ("a\\.b.", "hmac-sha256."),
    ] {
        let done = f.catalog.create_tsig(&f.by, f.account, tsig(name, algo, Some(hex))).await.unwrap();
        let Tsig { name: got, algo: got_algo, secret, .. } = &*done.result;
        assert_eq!((got.text(), got_algo.text(), secret.text()), (name, algo, hex));
        assert_eq!(secret.octets().octets().len(), 96);
        assert_eq!(done.warnings, []);
    }
    assert_eq!(f.catalog.read().tsigs(f.account).len(), 6, "names are not unique");
}

#[tokio::test]
async fn a_tsig_has_a_name_an_algorithm_and_a_secret() {
    let f = fixture().await;
    let good = secret(32);
    for (name, algo, secret, code, member, part) in [
        ("", "hmac-sha256.", good.clone(), code::TSIG_NAME, "/name", "name"),
        ("a..b", "hmac-sha256.", good.clone(), code::TSIG_NAME, "/name", "empty label"),
        (&"a".repeat(64), "hmac-sha256.", good.clone(), code::TSIG_NAME, "/name", "RFC 8945"),
        ("k.", "", good.clone(), code::TSIG_ALGO, "/algo", "use hmac-sha256."),
        ("k.", "hmac-sha256-128.", good.clone(), code::TSIG_ALGO, "/algo", "is not an algorithm"),
        ("k.", "hmac-md5.sig-alg.reg.int.", good.clone(), code::TSIG_ALGO, "/algo", "allow_hmac_md5"),
        ("k.", "hmac-sha256.", "c2VjcmV".to_owned(), code::TSIG_SECRET, "/secret", "base 64 with padding"),
        ("k.", "hmac-sha256.", "c2Vjcm!0".to_owned(), code::TSIG_SECRET, "/secret", "base 64"),
        ("k.", "hmac-sha256.", " c2VjcmV0".to_owned(), code::TSIG_SECRET, "/secret", "base 64"),
        ("k.", "hmac-sha256.", secret(513), code::TSIG_SECRET, "/secret", "1 to 512 octets"),
    ] {
        let done = f.catalog.create_tsig(&f.by, f.account, tsig(name, algo, Some(&secret))).await;
        if let Err(fault) = &done {
            assert!(!fault.message.contains("c2V"), "{fault}");
        }
        assert_fault(done, Invalid, code, Some(member), part);
    }
    for octets in [1, 512] {
        let wanted = tsig("k.", "hmac-sha256.", Some(&secret(octets)));
        assert!(f.catalog.create_tsig(&f.by, f.account, wanted).await.is_ok(), "{octets} octets");
    }
    let (f, _) = fixture_with("[limits]\nallow_hmac_md5 = true\n", Vec::new()).await;
    for algo in ["hmac-md5.", "hmac-md5.sig-alg.reg.int."] {
        let done = f.catalog.create_tsig(&f.by, f.account, tsig("k.", algo, Some(&good))).await.unwrap();
        assert_eq!(done.result.algo.text(), algo);
    }
}

#[tokio::test]
async fn a_short_secret_is_warned_of() {
    let f = fixture().await;
    for (octets, warnings) in [(15, 1), (16, 0)] {
        let wanted = tsig("k.", "hmac-sha256.", Some(&secret(octets)));
        let done = f.catalog.create_tsig(&f.by, f.account, wanted).await.unwrap();
        assert_eq!(done.warnings.len(), warnings);
        assert!(done.warnings.iter().all(|warning| warning.message.contains("15 octets are few")));
    }
}

#[tokio::test]
async fn a_secret_is_generated_when_missing_or_empty() {
    let f = fixture().await;
    let mut seen = Vec::new();
    for (algo, secret, octets) in [("hmac-sha1.", None, 32), ("hmac-sha256.", Some(""), 32), ("hmac-sha512.", None, 64)]
    {
        let done = f.catalog.create_tsig(&f.by, f.account, tsig("k.", algo, secret)).await.unwrap();
        assert_eq!(done.result.secret.octets().octets().len(), octets);
        let text = done.result.secret.text().to_owned();
        assert!(text.ends_with('='), "padding");
        assert!(!seen.contains(&text));
        seen.push(text);
        // One that is there keeps its secret when a change says nothing of it.
        let changed = f.catalog.update_tsig(&f.by, f.account, done.result.id, tsig("l.", algo, secret)).await.unwrap();
        assert_eq!(changed.result.secret.text(), seen.last().unwrap());
        assert_eq!(changed.result.created, done.result.created);
    }
}

#[tokio::test]
async fn what_is_unset_of_a_peer() {
    let f = fixture().await;
    let created = f.peer(peer("p0", None)).await;
    let unset = (None, None, None, None);
    let members = |peer: &Peer| {
        let ip = peer.ip.as_ref().map(|ip| ip.text().to_owned());
        (ip, peer.port, peer.ixfr_enable, peer.tsig_id)
    };
    assert_eq!(members(&created), unset, "a name is enough");
    let key = f.tsig("k.").await;
    let full = PeerWanted {
        name: "p".to_owned(),
        ip: Some("2001:DB8::1".to_owned()),
        port: Some(54),
        ixfr_enable: Some(false),
        tsig_id: Some(key.id.to_string()),
    };
    let changed = f.catalog.update_peer(&f.by, f.account, created.id, full).await.unwrap().result;
    assert_eq!(members(&changed), (Some("2001:DB8::1".to_owned()), Some(54), Some(false), Some(key.id)), "verbatim");
    assert_eq!(changed.addr(), Some("[2001:db8::1]:54".parse().unwrap()));
    // Replaced as a whole: what isn't said is unset, and so are "" and 0 as the service itself gives them back.
    let read_back =
        PeerWanted { ip: Some(String::new()), port: Some(0), tsig_id: Some(String::new()), ..peer("p", None) };
    let changed = f.catalog.update_peer(&f.by, f.account, created.id, read_back).await.unwrap().result;
    assert_eq!(members(&changed), unset);
    assert_eq!(
        f.catalog.delete_tsig(&f.by, f.account, key.id).await.unwrap().result,
        key.id,
        "nobody uses it any more"
    );
    assert_eq!(
        f.peer(peer("p", Some("192.0.2.1"))).await.addr(),
        Some("192.0.2.1:53".parse().unwrap()),
        "the port is 53"
    );
}

#[tokio::test]
async fn a_peer_keeps_the_rules() {
    let f = fixture().await;
    let foreign = f.catalog.create_tsig(&f.by, other(), tsig("k.", "hmac-sha256", None)).await.unwrap().result;
    let with = |change: &dyn Fn(&mut PeerWanted)| {
        let mut wanted = peer("p", Some("192.0.2.1"));
        change(&mut wanted);
        wanted
    };
    for (wanted, code, member, part) in [
        (with(&|p| p.name.clear()), code::PEER_NAME, "/name", "name is empty"),
        (with(&|p| p.ip = Some("192.0.2.256".to_owned())), code::PEER_IP, "/ip", "IPv4 or IPv6"),
        (with(&|p| p.ip = Some("primary.example".to_owned())), code::PEER_IP, "/ip", "IPv4 or IPv6"),
        (with(&|p| p.port = Some(0)), code::PEER_PORT, "/port", "1 to 65535"),
        (with(&|p| p.port = Some(65536)), code::PEER_PORT, "/port", "1 to 65535"),
        (with(&|p| p.port = Some(-1)), code::PEER_PORT, "/port", "1 to 65535"),
        (with(&|p| p.tsig_id = Some("k.".to_owned())), code::PEER_TSIG, "/tsig_id", "not an id"),
        (with(&|p| p.tsig_id = Some(foreign.id.to_string())), code::PEER_TSIG, "/tsig_id", "in this account"),
    ] {
        let done = f.catalog.create_peer(&f.by, f.account, wanted).await;
        assert_fault(done, Invalid, code, Some(member), part);
    }
    assert_eq!(f.peer(with(&|p| p.port = Some(65535))).await.port, Some(65535));
}

#[tokio::test]
async fn an_acl_is_echoed_with_its_host_bits_and_matches_its_network() {
    let f = fixture().await;
    for (text, range) in [
        ("192.0.2.53/28", "192.0.2.48/28"),
        ("1.2.3.4/32", "1.2.3.4/32"),
        ("192.0.2.1", "192.0.2.1/32"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("2001:DB8::1", "2001:db8::1/128"),
        ("2001:db8::5/64", "2001:db8::/64"),
    ] {
        let done = f.catalog.create_acl(&f.by, f.account, acl("a", text)).await.unwrap();
        assert_eq!(done.result.ip_range.text(), text);
        assert_eq!(done.result.ip_range.value().to_string(), range);
    }
}

#[tokio::test]
async fn an_acl_is_no_wider_than_24_and_64() {
    let f = fixture().await;
    for (range, code, part) in [
        ("192.0.2.0/23", code::ACL_TOO_WIDE, "/24 or longer"),
        ("2001:db8::/63", code::ACL_TOO_WIDE, "/64 or longer"),
        ("192.0.2.0/33", code::ACL_RANGE, "not an address range"),
        ("", code::ACL_RANGE, "not an address range"),
        ("::ffff:192.0.2.5", code::ACL_RANGE, "write it as 192.0.2.5/32"),
        ("::ffff:0.0.0.0/96", code::ACL_RANGE, "write it as 0.0.0.0/0"),
    ] {
        let done = f.catalog.create_acl(&f.by, f.account, acl("a", range)).await;
        assert_fault(done, Invalid, code, Some("/ip_range"), part);
    }
    let unnamed = f.catalog.create_acl(&f.by, f.account, acl("", "192.0.2.1")).await;
    assert_fault(unnamed, Invalid, code::ACL_NAME, Some("/name"), "name is empty");
    let (f, _) = fixture_with("[limits]\nacl_widest_ipv4 = 16\n", Vec::new()).await;
    assert!(f.catalog.create_acl(&f.by, f.account, acl("a", "192.0.0.0/16")).await.is_ok(), "the limit can be set");
}

#[tokio::test]
async fn what_is_in_use_is_not_deleted_and_says_who_uses_it() {
    let f = fixture().await;
    let key = f.tsig("k.").await;
    let user = f.peer(PeerWanted { tsig_id: Some(key.id.to_string()), ..peer("ns-one", Some("192.0.2.1")) }).await;
    let zone = f.zone("example.org", "full").await;
    f.outgoing(&zone, &[user.id]).await.unwrap();
    let done = f.catalog.delete_tsig(&f.by, f.account, key.id).await;
    assert_fault(done, Conflict, code::TSIG_IN_USE, None, "\"ns-one\"");
    let done = f.catalog.delete_peer(&f.by, f.account, user.id).await;
    assert_fault(done, Conflict, code::PEER_IN_USE, None, "\"example.org\"");
    f.catalog.delete_outgoing(&f.by, zone.id).await.unwrap();
    assert_eq!(f.catalog.delete_peer(&f.by, f.account, user.id).await.unwrap().result, user.id);
    assert_eq!(f.catalog.delete_tsig(&f.by, f.account, key.id).await.unwrap().result, key.id);
    let again = f.catalog.delete_tsig(&f.by, f.account, key.id).await;
    assert_fault(again, NotFound, code::TSIG_NOT_FOUND, None, "no TSIG with the id");
}

#[tokio::test]
async fn one_account_never_sees_anothers_objects() {
    let f = fixture().await;
    let (key, p) = (f.tsig("k.").await, f.peer(peer("p", None)).await);
    let a = f.catalog.create_acl(&f.by, f.account, acl("a", "192.0.2.1")).await.unwrap().result;
    let zone = f.zone("example.org", "full").await;
    let stranger = token("other", Reach::Some([other()].into()), Access::Write);
    // Neither by the account that they are in, nor by one's own.
    for (account, code) in [(f.account, code::NOT_FOUND), (other(), 0)] {
        let code = |own| if code == 0 { own } else { code };
        let done = f.catalog.delete_tsig(&stranger, account, key.id).await;
        assert_fault(done, NotFound, code(code::TSIG_NOT_FOUND), None, "there is no");
        let done = f.catalog.update_peer(&stranger, account, p.id, peer("q", None)).await;
        assert_fault(done, NotFound, code(code::PEER_NOT_FOUND), None, "there is no");
        let done = f.catalog.delete_acl(&stranger, account, a.id).await;
        assert_fault(done, NotFound, code(code::ACL_NOT_FOUND), None, "there is no");
    }
    let done = f.catalog.delete_zone(&stranger, zone.id).await;
    assert_fault(done, NotFound, code::ZONE_NOT_FOUND, None, "there is no zone");
    let objects = f.catalog.read();
    assert!(objects.zone(&stranger.accounts, zone.id).is_none());
    assert!(objects.zone_named(&stranger.accounts, zone.name.value().as_ref()).is_none());
    assert_eq!(objects.zones(&stranger.accounts).count(), 0);
    assert_eq!(objects.accounts(&stranger.accounts).count(), 1);
    assert!(objects.tsig(other(), key.id).is_none() && objects.tsigs(other()).is_empty());
}

#[tokio::test]
async fn a_token_opens_no_more_than_its_makers() {
    let f = fixture().await;
    let wanted = |accounts: Option<&[&str]>, access: &str| TokenWanted {
        name: "t".to_owned(),
        email: None,
        accounts: accounts.map(|list| list.iter().map(|text| (*text).to_owned()).collect()),
        access: access.to_owned(),
    };
    let made = f.catalog.create_token(&f.by, wanted(None, "read")).await.unwrap().result;
    assert_eq!((&made.token.accounts, made.token.access), (&Reach::All, Access::Read));
    assert_eq!(made.token.digest, Token::digest(&made.secret));
    assert!(made.secret.len() >= 43 && !format!("{:?}", made.token).contains(made.secret.as_str()));
    let scoped = token("scoped", Reach::Some([other()].into()), Access::Write);
    for (accounts, member) in [(None, "/accounts"), (Some(&["00000000000000000000000000000001"][..]), "/accounts/0")] {
        let done = f.catalog.create_token(&scoped, wanted(accounts, "read")).await;
        assert_fault(done, Invalid, code::TOKEN, Some(member), "accounts");
    }
    let own = f.catalog.create_token(&scoped, wanted(Some(&[OTHER]), "write")).await.unwrap().result;
    let done = f.catalog.create_token(&f.by, wanted(None, "all")).await;
    assert_fault(done, Invalid, code::TOKEN, Some("/access"), "access");
    let done = f.catalog.delete_token(&scoped, made.token.id).await;
    assert_fault(done, NotFound, code::TOKEN_NOT_FOUND, None, "no token");
    f.catalog.delete_token(&scoped, own.token.id).await.unwrap();
    // Reading is all that a token for reading is good for.
    let done = f.catalog.create_acl(&made.token, f.account, acl("a", "192.0.2.1")).await;
    assert_fault(done, Forbidden, code::FORBIDDEN, None, "good for read only");
}
