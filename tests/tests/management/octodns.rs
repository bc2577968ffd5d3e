//! octoDNS, with its provider for Cloudflare pointed here: a zone there and back, changed, and pulled by AXFR.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use zxfr_tests::{packages, tally};

use crate::world::*;

/// What is installed from PyPI.
const PACKAGES: [&str; 3] = ["octodns==1.22.0", "octodns-cloudflare==1.2.0", "octodns-bind==1.1.0"];
const ZONE: &str = "octo.example";
const APEX: &str = "octo.example.";
/// How many records the zone has.
const RECORDS: usize = 1_000;

/// A zone as octoDNS reads it, with so many records of many types; and with what stands before all others.
fn yaml(changed: bool, first: &str) -> String {
    let mut text = first.to_owned();
    let mut count = 0;
    let mut put = |line: std::fmt::Arguments<'_>, records: usize| {
        count += records;
        writeln!(text, "{line}").unwrap();
    };
    put(format_args!("mail: {{type: MX, ttl: 300, values: [{{exchange: h1.{APEX}, preference: 10}}]}}"), 1);
    put(
        format_args!(
            "_x._tcp: {{type: SRV, ttl: 300, values: [{{priority: 1, weight: 2, port: 443, target: h1.{APEX}}}]}}"
        ),
        1,
    );
    put(format_args!("t: {{type: TXT, ttl: 300, values: ['v=spf1 -all', 'a b\\; c', '{}']}}", "x".repeat(300)), 3);
    put(format_args!("ca: {{type: CAA, ttl: 300, values: [{{flags: 0, tag: issue, value: ca.example}}]}}"), 1);
    put(
        format_args!(
            "_443._tcp.h1: {{type: TLSA, ttl: 300, values: [{{certificate_usage: 3, selector: 1, matching_type: 1, \
             certificate_association_data: '{}'}}]}}",
            "0b".repeat(32)
        ),
        1,
    );
    put(
        format_args!(
            "ssh: {{type: SSHFP, ttl: 300, values: [{{algorithm: 4, fingerprint_type: 2, fingerprint: '{}'}}]}}",
            "0a".repeat(32)
        ),
        1,
    );
    put(format_args!("sub: {{type: NS, ttl: 3600, values: [ns1.example., ns2.example.]}}"), 2);
    put(format_args!("ptr: {{type: PTR, ttl: 3600, values: [h1.{APEX}]}}"), 1);
    let left = RECORDS - count;
    for number in 0..left / 2 {
        // Some change, some go.
        let last = if changed && number % 50 == 0 { 9 } else { 1 };
        if changed && number % 50 == 1 {
            continue;
        }
        writeln!(text, "h{number}: {{type: A, ttl: 300, value: 192.0.{}.{last}}}", number % 250).unwrap();
        writeln!(text, "alias{number}: {{type: CNAME, ttl: 60, value: h{number}.{APEX}}}").unwrap();
    }
    if left % 2 == 1 {
        writeln!(text, "six: {{type: AAAA, ttl: 86400, value: '2001:db8::1'}}").unwrap();
    }
    text
}

/// One of octoDNS' programs, and what it says.
fn octodns(programs: &Path, folder: &Path, program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(programs.join(program));
    let output = command.current_dir(folder).args(["--config-file", "config.yaml"]).args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].map(|octets| String::from_utf8(octets).unwrap()).concat();
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    said
}

#[test]
fn octodns_syncs_a_zone_there_and_back_and_pulls_it_by_axfr() {
    let case = "octoDNS syncs a zone there and back";
    let programs = match packages::python("octodns", "octodns-sync", &PACKAGES) {
        Ok(programs) => programs,
        Err(failure) => return tally::lacking(case, &failure.to_string()),
    };
    let mut world = World::new();
    world.open_to_loopback();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for name in ["zones", "back", "whole"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    let text =
        |name: &str| format!("class: octodns.provider.yaml.YamlProvider, directory: ./{name}, enforce_order: false");
    let config = format!(
        "providers:\n  zones: {{{}}}\n  back: {{{}}}\n  whole: {{{}}}\n\
         \x20 zxfrd: {{class: octodns_cloudflare.CloudflareProvider, token: {ALICE}, account_id: {A}, \
         api_url: 'http://{}/client/v4', pagerules: false, min_ttl: 60}}\n\
         \x20 axfr: {{class: octodns_bind.AxfrSource, host: 127.0.0.1, port: {}}}\n\
         zones:\n  {APEX}: {{sources: [zones], targets: [zxfrd]}}\n",
        text("zones"),
        text("back"),
        text("whole"),
        world.api(),
        world.dns().port(),
    );
    fs::write(folder.join("config.yaml"), config).unwrap();
    let file = |name: &str| folder.join(name).join(format!("{ZONE}.yaml"));
    let run = |program: &str, arguments: &[&str]| octodns(&programs, folder, program, arguments);
    let same = |a: &str, b: &str| {
        let said = run("octodns-compare", &["--a", a, "--b", b, "--zone", APEX, "--log-stream-stdout"]);
        assert_eq!(said.trim().lines().last(), Some("[]"), "{a}, {b}: {said}");
    };

    // The zone isn't there: octoDNS makes it, and all of its records.
    fs::write(file("zones"), yaml(false, "")).unwrap();
    let said = run("octodns-sync", &["--doit"]);
    assert!(said.contains("Create Zone<octo.example.>"), "{said}");
    assert!(run("octodns-sync", &[]).contains("No changes were planned"));
    let found = world.get(&format!("/zones?name={ZONE}"), ALICE);
    let zone = found.result()[0]["id"].as_str().unwrap().to_owned();
    let records = |world: &World| {
        let listed = world.get(&format!("/zones/{zone}/dns_records?per_page=1"), ALICE);
        listed.body["result_info"]["total_count"].as_u64()
    };
    assert_eq!(records(&world), Some(RECORDS as u64));
    run("octodns-dump", &["--output-dir", "back", APEX, "zxfrd"]);
    same("zones", "back");

    // Some are changed, some deleted.
    fs::write(file("zones"), yaml(true, "")).unwrap();
    let said = run("octodns-sync", &["--doit", "--force"]);
    assert!(said.contains("Update") && said.contains("Delete"), "{said}");
    assert!(run("octodns-sync", &[]).contains("No changes were planned"));
    run("octodns-dump", &["--output-dir", "back", APEX, "zxfrd"]);
    same("zones", "back");

    // A transfer needs NS at the apex, which octoDNS leaves alone at Cloudflare.
    let ns = json!({"name": "@", "type": "NS", "content": "ns.octo.example", "ttl": 300});
    world.post(&format!("/zones/{zone}/dns_records"), ALICE, &ns).result();
    world.outgoing(&zone, ZONE, &[&world.peer("octodns", "127.0.0.1:9".parse().unwrap(), false)]);
    world.zxfrd.wait_for_zone(APEX, None).unwrap();
    fs::write(file("whole"), yaml(true, "'': {type: NS, ttl: 300, value: ns.octo.example.}\n")).unwrap();
    same("whole", "axfr");
    assert!(run("octodns-sync", &[]).contains("No changes were planned"));
    tally::ran(&format!("{case}: {RECORDS} records, and by AXFR"));
}
