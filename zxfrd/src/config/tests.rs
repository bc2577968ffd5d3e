use std::path::Path;

use zxfr_core::tsig::Algorithm;

use super::*;

const KEY: &str = "[[tsig]]\nname = \"K.example.\"\nalgo = \"hmac-sha256\"\nsecret = \"c2VjcmV0\"\n";
const PEER: &str = "[[peer]]\nname = \"p\"\nip = \"192.0.2.1\"\ntsig = \"k.EXAMPLE\"\n";

fn config(text: &str) -> Config {
    parse(text, Path::new("dir/zxfrd.toml")).unwrap_or_else(|error| panic!("{error}"))
}

/// All problems as they are shown, without the path.
fn problems(text: &str) -> Vec<String> {
    let error = parse(text, Path::new("zxfrd.toml")).unwrap_err();
    error.to_string().lines().map(|line| line.strip_prefix("zxfrd.toml:").unwrap_or(line).to_owned()).collect()
}

#[track_caller]
fn assert_problem(text: &str, place: &str, part: &str) {
    let all = problems(text);
    let found = all.iter().any(|problem| problem.starts_with(&format!("{place}:")) && problem.contains(part));
    assert!(found, "no problem at {place} with {part:?} in {all:?}");
}

#[test]
fn an_empty_file_is_the_default() {
    let beside = Config { store: Store::Sqlite("dir/zxfrd.db".into()), ..Config::default() };
    assert_eq!(config(""), beside, "the store is beside the file");
    assert_eq!(Config::default().dns.listen, ["127.0.0.1:5300".parse().unwrap()]);
}

#[test]
fn references_are_resolved_without_case_for_names_of_the_dns() {
    let zone = "[[zone]]\nname = \".\"\nfile = \"root.zone\"\noutgoing = { peers = [\"p\"] }\n";
    let config = config(&format!("{zone}{PEER}{KEY}"));
    assert_eq!(config.peers[0].tsig, Some(0));
    assert_eq!(config.peers[0].port, 53);
    assert_eq!(config.tsig[0].name.as_octets(), b"\x01K\x07example\x00");
    assert_eq!(config.tsig[0].secret.octets(), b"secret");
    assert!(config.zones[0].name.as_ref().is_root());
    assert_eq!(config.zones[0].source, Source::File(ZoneFile { path: "dir/root.zone".into(), watch: false }));
    assert_eq!(config.zones[0].outgoing, Some(Outgoing { peers: vec![0], enabled: true }));
}

#[test]
fn unknown_keys_and_wrong_types_have_their_place() {
    assert_problem("[dns]\nlisten = []\nlisen = 1\n", "3:1", "unknown field `lisen`");
    assert_problem("[http]\nlisten = \"\"\n", "1:2", "unknown field `http`");
    assert_problem("[limits]\nmax_shrink = 20\n", "2:1", "unknown field");
    assert_problem("[[zone]]\nname = 5\n", "2:8", "invalid type");
    assert_problem("[[zone]]\nname = \"a\"\nincoming = { peers = [], auto_refresh = 1 }\n", "3:26", "unknown field");
    assert_problem("[[peer]]\nname = \"p\"\n", "1:1", "missing field `ip`");
    assert_problem("[dns\n", "1:5", "");
}

#[test]
fn zones_stay_in_step_as_they_are_told() {
    let zone = |name: &str, rest: &str| format!("[[zone]]\nname = \"{name}\"\n{rest}\n");
    let text = [
        "[limits]\nmax_shrink_percent = 30\n".to_owned(),
        zone("a", "file = \"a\""),
        zone("b", "file = \"b\"\nwatch = true\nmax_shrink_percent = 0"),
        zone("c", "incoming = { peers = [\"p\"] }"),
        zone(
            "d",
            "incoming = { peers = [\"p\"], auto_refresh_seconds = 300, serial_backward = \"accept\" }\n\
             max_shrink_percent = 40",
        ),
        KEY.to_owned(),
        format!("{PEER}ixfr_enable = true\n"),
    ];
    let all = config(&text.concat());
    let shrink: Vec<_> = all.zones.iter().map(|zone| zone.max_shrink_percent).collect();
    assert_eq!(shrink, [30, 0, 100, 40], "the limit is for files");
    let watched = |zone: &Zone| matches!(&zone.source, Source::File(file) if file.watch);
    assert!(!watched(&all.zones[0]) && watched(&all.zones[1]));
    let incoming = |zone: &Zone| match &zone.source {
        Source::Incoming(incoming) => (incoming.auto_refresh_seconds, incoming.serial_backward),
        Source::File(_) => panic!("it is transferred"),
    };
    assert_eq!(incoming(&all.zones[2]), (3600, SerialBackward::Ignore));
    assert_eq!(incoming(&all.zones[3]), (300, SerialBackward::Accept));
    assert!(all.peers[0].ixfr_enable);
    assert!(!config(&format!("{KEY}{PEER}")).peers[0].ixfr_enable);
    let slow = format!("[limits]\nauto_refresh_min_seconds = 7200\n{KEY}{PEER}{}", text[3]);
    assert_eq!(incoming(&config(&slow).zones[0]).0, 7200, "the default keeps the limit");
}

#[test]
fn every_rule_has_its_place_and_words() {
    assert_problem("[dns]\nlisten = [\"127.0.0.1\"]\n", "2:11", "port");
    assert_problem("[dns]\nlisten = []\n", "2:10", "at least one");
    assert_problem("[dns]\nnotify_delay_milliseconds = 60001\n", "2:29", "at most 60000");
    for (text, delay) in
        [("", 100), ("notify_delay_milliseconds = 0\n", 0), ("notify_delay_milliseconds = 60000\n", 60_000)]
    {
        assert_eq!(config(&format!("[dns]\n{text}")).dns.notify_delay_milliseconds, delay);
    }
    assert_problem("[dns]\nanswer = \"all\"\n", "2:10", "anyone");
    assert_eq!(config("").dns.answer, Answers::Peers);
    assert_eq!(config("[dns]\nanswer = \"anyone\"\n").dns.answer, Answers::Anyone);
    assert_problem("[limits]\nidle_seconds = 0\n", "2:16", "at least 1");
    assert_problem("[limits]\nacl_widest_ipv4 = 33\n", "2:19", "at most 32");
    assert_problem(&KEY.replace("sha256", "sha3"), "3:8", "is not an algorithm");
    assert_problem(&KEY.replace("sha256", "md5."), "3:8", "allow_hmac_md5");
    assert_problem(&KEY.replace("K.ex", "K..ex"), "2:8", "empty label");
    assert_problem(&KEY.replace("c2VjcmV0", ""), "4:10", "empty");
    assert_problem(&KEY.replace("secret = ", "secret_file = "), "4:15", "c2VjcmV0: cannot read");
    assert_problem(&format!("{KEY}secret_file = \"x\"\n"), "5:15", "not both");
    assert_problem(&format!("{KEY}{}", KEY.replace('K', "k")), "6:8", "another [[tsig]]");
    assert_problem(PEER, "4:8", "there is no [[tsig]]");
    assert_problem("[[peer]]\nname = \"p\"\nip = \"x\"\nport = 0\n", "3:6", "not an IPv4");
    assert_problem("[[peer]]\nname = \"p\"\nip = \"x\"\nport = 0\n", "4:8", "1 to 65535");
    for (range, part) in [
        ("10.0.0.0/8", "wider than acl_widest_ipv4 = 24"),
        ("2001:db8::/32", "wider than acl_widest_ipv6 = 64"),
        ("::ffff:192.0.2.5", "write it as 192.0.2.5/32"),
        ("192.0.2.0/33", "not an address range"),
    ] {
        assert_problem(&format!("[[acl]]\nname = \"a\"\nip_range = \"{range}\"\n"), "3:12", part);
    }
    let zone = "[[zone]]\nname = \"a.example\"\n";
    assert_problem(zone, "2:8", "where the zone comes from");
    assert_problem(&format!("{zone}incoming = {{ peers = [\"q\"] }}\n"), "3:23", "there is no [[peer]]");
    assert_problem(&format!("{zone}incoming = {{ peers = [] }}\n"), "3:22", "at least one peer");
    assert_problem(&format!("{zone}file = \"f\"\nincoming = {{ peers = [\"q\"] }}\n"), "4:12", "not both");
    assert_problem(&format!("{zone}file = \"f\"\n[[zone]]\nname = \"A.Example.\"\nfile = \"g\"\n"), "5:8", "another");
    for (line, place, part) in [
        ("incoming = { peers = [\"p\"], auto_refresh_seconds = 299 }", "3:52", "auto_refresh_min_seconds = 300"),
        ("incoming = { peers = [\"p\"], serial_backward = \"no\" }", "3:47", "use \"ignore\" or \"accept\""),
        ("incoming = { peers = [\"p\"] }\nwatch = false", "4:9", "watch is for zone files"),
        ("file = \"f\"\nmax_shrink_percent = 101", "4:22", "0 to 100"),
    ] {
        assert_problem(&format!("{zone}{line}\n{KEY}{PEER}"), place, part);
    }
    assert_problem("[limits]\nmax_shrink_percent = 101\n", "2:22", "0 to 100");
    assert_problem("[limits]\nretry_min_seconds = 0\n", "2:21", "at least 1");
    let many = format!(
        "[limits]\npeers_per_zone = 1\n{KEY}{PEER}{}{zone}incoming = {{ peers = [\"p\", \"p2\"] }}\n",
        PEER.replace("\"p\"", "\"p2\"")
    );
    assert_problem(&many, "17:22", "peers_per_zone = 1");
}

#[test]
fn problems_are_reported_together_and_in_order() {
    let all = problems(&format!("[dns]\nlisten = [\"x\"]\n{PEER}[[zone]]\nname = \"a..b\"\nfile = \"f\"\n"));
    assert_eq!(all.len(), 3);
    assert!(all[0].starts_with("2:") && all[1].starts_with("6:") && all[2].starts_with("8:"), "{all:?}");
}

#[test]
fn secret_files_are_relative_and_their_newline_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("k"), "c2VjcmV0\n").unwrap();
    let file = folder.path().join("zxfrd.toml");
    std::fs::write(&file, KEY.replace("secret = \"c2VjcmV0\"", "secret_file = \"k\"")).unwrap();
    assert_eq!(load(&file).unwrap().tsig[0].secret.octets(), b"secret");
    assert!(load(&folder.path().join("none")).unwrap_err().to_string().contains("cannot read"));
}

#[test]
fn secrets_are_never_shown() {
    const SECRET: &str = "98765432";
    let good = KEY.replace("c2VjcmV0", SECRET);
    let shown = format!("{:?}", config(&good));
    assert!(!shown.contains("0xf7") && !shown.contains("247, 206") && !shown.contains(SECRET), "{shown}");
    for bad in [
        good.replace("\"98765432\"", SECRET),
        good.replace("\"98765432\"", "98765432.5"),
        good.replace("\"98765432\"", "[\"98765432\"]"),
        good.replace("\"98765432\"", "{ a = \"98765432\" }"),
        good.replace("\"98765432\"", "x98765432"),
        good.replace("\"98765432\"", "\"98765432"),
        good.replace("\"98765432\"", "\"98765432!\""),
        good.replace("\"98765432\"", "98765432109876543210987"),
        good.replace("algo", "algorithm"),
    ] {
        let error = parse(&bad, Path::new("zxfrd.toml")).unwrap_err();
        assert!(!error.to_string().contains(SECRET) && !format!("{error:?}").contains(SECRET), "{bad}: {error}");
    }
}

#[test]
fn key_files_of_bind() {
    let path = Path::new("k.key");
    let text = "// made by tsig-keygen\n# and\n/* more\n*/ key \"T.example\" {\n\talgorithm hmac-sha512;\n\tsecret \"c2VjcmV0\";\n};\n";
    let key = keyfile::parse(text, path).unwrap();
    assert_eq!((key.name.as_octets(), key.algorithm), (&b"\x01T\x07example\x00"[..], Algorithm::HmacSha512));
    assert_eq!(key.secret.octets(), b"secret");
    assert_eq!(
        keyfile::parse("key t{secret c2VjcmV0;algorithm hmac-md5;};", path).unwrap().algorithm,
        Algorithm::HmacMd5
    );
    for (bad, part) in [
        ("", "k.key:1:1: the file ends where 'key' should be"),
        ("key a { algorithm x; };", "1:19: \"x\" is not an algorithm"),
        ("key a {\n secret \"c2VjcmV0\"; };", "2:21: the key has no algorithm"),
        ("key a { algorithm hmac-sha1; };", "the key has no secret"),
        ("key a { secret \"c2VjcmV0\" };", "';' is needed here"),
        ("key a { secret \"c2Vjcm!\"; };", "not base 64"),
        ("key a { secret \"c2Vj\n\"; };", "not closed on its line"),
        ("key a { /* ", "comment is not closed"),
        (&format!("{text}{text}"), "more than one key"),
    ] {
        let problem = keyfile::parse(bad, path).unwrap_err().to_string();
        assert!(problem.contains(part), "{bad:?}: {problem}");
        assert!(!problem.contains("c2V"), "{problem}");
    }
}

#[test]
fn keys_as_arguments() {
    let key = keyfile::parse_argument("t.example:c2VjcmV0").unwrap();
    assert_eq!((key.algorithm, key.secret.octets()), (Algorithm::HmacSha256, &b"secret"[..]));
    assert_eq!(keyfile::parse_argument("hmac-sha1:t:c2VjcmV0").unwrap().algorithm, Algorithm::HmacSha1);
    for bad in ["", "t", "x:t:c2VjcmV0", "t..u:c2VjcmV0", "t:c2VjcmV", "t:"] {
        let error = keyfile::parse_argument(bad).unwrap_err();
        assert!(!error.contains("c2V"), "{error}");
    }
}

#[test]
fn spaces_around_the_token_of_the_environment_do_not_count() {
    let mut api = Api::default();
    api.admit(" \n");
    assert!(api.tokens.is_empty());
    api.admit(" secret\n");
    assert_eq!(api.tokens[0].digest, crate::catalog::Token::digest("secret"));
}

#[test]
fn how_webhooks_are_posted_to() {
    let text = "[alerts]\ncacert = \"ca.pem\"\nsettle_seconds = 5\nretry_seconds = 1\n";
    let expected = Alerts { cacert: Some("dir/ca.pem".into()), settle_seconds: 5, retry_seconds: 1 };
    assert_eq!(config(text).alerts, expected);
    assert_eq!(config("").alerts, Alerts { cacert: None, settle_seconds: 60, retry_seconds: 2 });
    assert_problem("[alerts]\nsettle_seconds = 0\n", "2:18", "at least 1");
    assert_problem("[alerts]\nretry = 1\n", "2:1", "unknown field");
}
