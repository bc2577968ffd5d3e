//! `zxfr`, from the outside: output, exit statuses, whole or not at all.

mod support;

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};

use support::{ACL, Daemon, ONE, closed_port, files, read_message, zone, zxfr};
use zxfr_core::name::Name;
use zxfr_core::wire::{Class, Flags, Message, Record, Rtype, Writer};

fn daemon() -> Daemon {
    let config = format!("{ACL}[[zone]]\nname = \"example\"\nfile = \"example.zone\"\noutgoing = {{}}\n");
    Daemon::start(&config, &[("example.zone", &zone(5, "quote TXT \"\\\"\\\\\"\n"))])
}

/// A server that sends the SOA and some records to the first that asks, and hangs up.
fn half_a_zone() -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let query = read_message(&mut stream);
        let id = Message::new(&query).unwrap().header().id;
        let apex: Name = "example.".parse().unwrap();
        let soa = [b"\0\0".as_slice(), &[0, 0, 0, 9], &[0; 16]].concat();
        let mut octets = vec![0; 60_000];
        let mut writer = Writer::new(&mut octets);
        let owner = apex.as_ref();
        writer.answer(&Record { owner, rtype: Rtype::SOA, class: Class::IN, ttl: 60, rdata: &soa }).unwrap();
        for number in 0..2_000_u32 {
            let rdata = &number.to_be_bytes();
            writer.answer(&Record { owner, rtype: Rtype::A, class: Class::IN, ttl: 60, rdata }).unwrap();
        }
        let length = writer.finish(id, Flags::QR.with(Flags::AA));
        let message = [&u16::try_from(length).unwrap().to_be_bytes(), &octets[..length]].concat();
        stream.write_all(&message).unwrap();
    });
    (addr, server)
}

#[test]
fn json_has_one_object_a_record() {
    let daemon = daemon();
    let done = zxfr(&["axfr", &daemon.server(), "example", "--format", "json", "--stats"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let records: Vec<serde_json::Value> = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.len(), 5);
    assert_eq!((records[0]["type"].as_str(), records[0]["ttl"].as_u64()), (Some("SOA"), Some(300)));
    let quote = records.iter().find(|record| record["name"] == "quote.example.").unwrap();
    assert_eq!((quote["class"].as_str(), quote["rdata"].as_str()), (Some("IN"), Some("\"\\\"\\\\\"")));
    assert!(
        done.err.starts_with("; example. serial 5 from 127.0.0.1:") && done.err.contains(": 5 records, 1 messages")
    );

    let done = zxfr(&["axfr", &daemon.server(), "example", "--format", "none", "--stats"]);
    assert_eq!((done.code, done.out.as_str()), (0, ""));
    assert!(done.err.contains(": 5 records, 1 messages"), "{}", done.err);
}

#[test]
fn bench_counts_all_transfers() {
    let daemon = daemon();
    let done = zxfr(&["bench", &daemon.server(), "example", "-c", "3", "-n", "20", "--json"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let measured: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    let number = |key: &str| measured[key].as_u64().unwrap();
    assert_eq!([number("transfers"), number("concurrency"), number("records"), number("messages")], [20, 3, 100, 20]);
    let rate = measured["records_per_second"].as_f64().unwrap();
    assert!((rate * measured["seconds"].as_f64().unwrap() - 100.0).abs() < 0.01);
    assert!(measured["first_octet_seconds"]["p50"].as_f64() <= measured["last_octet_seconds"]["p50"].as_f64());
    let done = zxfr(&["bench", &daemon.server(), "example", "-n", "2"]);
    assert!(done.out.contains("transfers        2, 1 at a time"), "{}", done.out);
    zxfr(&["bench", &daemon.server(), "unknown"]).failed(1, &["unknown.", "REFUSED"]);
}

#[test]
fn output_is_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zone");
    let output = path.to_str().unwrap();

    let (addr, server) = half_a_zone();
    zxfr(&["axfr", &format!("@{addr}"), "example"]).failed(1, &[&addr.to_string(), "before the closing SOA"]);
    server.join().unwrap();

    let (addr, server) = half_a_zone();
    zxfr(&["axfr", &format!("@{addr}"), "example", "-o", output]).failed(1, &["before the closing SOA"]);
    server.join().unwrap();
    assert!(files(folder.path()).is_empty(), "{:?}", files(folder.path()));

    let daemon = daemon();
    let done = zxfr(&["axfr", &daemon.server(), "example", "-o", output]);
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (0, "", ""));
    let whole = fs::read_to_string(&path).unwrap();
    assert_eq!(whole, zxfr(&["axfr", &daemon.server(), "example"]).out);

    let (addr, server) = half_a_zone();
    zxfr(&["axfr", &format!("@{addr}"), "example", "-o", output]).failed(1, &["before the closing SOA"]);
    server.join().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), whole, "the old file stays");
    assert_eq!(files(folder.path()), [path]);
}

#[test]
fn an_unsigned_answer_to_a_signed_request_is_refused() {
    let (addr, server) = half_a_zone();
    let server_name = format!("@{addr}");
    zxfr(&["axfr", &server_name, "example", "-y", ONE]).failed(1, &[&addr.to_string(), "peer did not sign"]);
    server.join().unwrap();
}

#[test]
fn nothing_there_is_exit_status_3() {
    let (_held, closed) = closed_port();
    let server = format!("@{closed}");
    for command in [&["axfr", &server, "example"][..], &["soa", &server, "example"], &["bench", &server, "example"]] {
        zxfr(command).failed(3, &[&closed.to_string(), "example.", "no connection"]);
    }
    zxfr(&["soa", &server, "example", "--udp"]).failed(3, &[&closed.to_string()]);
    zxfr(&["axfr", "@host.invalid", "example"]).failed(3, &["host.invalid"]);

    // Somebody who listens and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("@{}", silent.local_addr().unwrap());
    zxfr(&["axfr", &server, "example", "--timeout", "1"]).failed(3, &["timed out: no next message within 1 s"]);
}

#[test]
fn bad_usage_is_exit_status_2() {
    for (arguments, part) in [
        (&["axfr"][..], "<@SERVER>"),
        (&["axfr", "example", "other"], "no server: name it with an '@'"),
        (&["axfr", "@127.0.0.1", "a..b"], "empty label"),
        (&["axfr", "@127.0.0.1", "a", "-y", "x"], "[ALGO:]NAME:SECRET"),
        (&["axfr", "@127.0.0.1", "a", "-k", "/nonexistent"], "/nonexistent: cannot read"),
        (&["axfr", "@127.0.0.1", "a", "--format", "xml"], "xml"),
        (&["axfr", "@127.0.0.1", "a", "--format", "none", "-o", "f"], "nothing to write"),
        (&["bench", "@127.0.0.1", "a", "-c", "0"], "0 is not in 1.."),
        (&["pull"], "pull"),
    ] {
        let done = zxfr(arguments);
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{arguments:?}: {}", done.err);
        assert!(done.err.contains(part), "{arguments:?}: {}", done.err);
    }
}

#[test]
fn key_files() {
    let config =
        format!("{}{ACL}[[zone]]\nname = \"example\"\nfile = \"example.zone\"\noutgoing = {{}}\n", support::KEYS);
    let daemon = Daemon::start(&config, &[("example.zone", &zone(5, ""))]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("k.key");
    fs::write(&file, "key \"one.example\" {\n\talgorithm hmac-sha256;\n\tsecret \"b25lIHNlY3JldA==\";\n};\n").unwrap();
    let done = zxfr(&["axfr", &daemon.server(), "example", "-k", file.to_str().unwrap()]);
    assert_eq!((done.code, done.out.lines().count(), done.err.as_str()), (0, 4, ""));
}
