//! Metrics: that they are OpenMetrics whatever things are called, and that they count what the log tells of.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde_json::json;
use zxfr_tests::openmetrics::Metrics;
use zxfr_tests::peer::DEADLINE;
use zxfr_tests::wire::{self, Draft};
use zxfr_tests::zxfr::Transfer;

use crate::primary::{IXFR, Manner, NOTIFY, Primary, SOA};
use crate::world::*;

const DAY: u32 = 86_400;

#[test]
fn names_with_odd_characters_break_nothing() {
    let world = World::new();
    world.open_to_loopback();
    let zones = [r#"quo"te\\back.example"#, r#"dot\.ted\010.example"#, r#"a,b={c}#.example"#, "ünï.example"];
    let peers = ["quo\"te", "back\\slash", "new\nline\r\n# EOF\n", "\u{202e}ü\u{7f}", "a\",zone=\"other"];
    let mut named = BTreeSet::new();
    for zone in zones {
        let primary = Primary::start(&format!("{zone}."), 7);
        let ids: Vec<_> = peers.iter().map(|peer| world.peer(peer, primary.address(), true)).collect();
        // The last that has this address is as good as any.
        let id = world.incoming(zone, &[ids.last().unwrap()], DAY);
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        world.outgoing(&id, zone, &ids);
        world.status_when(&id, DEADLINE, |status| status["soa_serial"] == json!(7));
        named.extend(peers.map(|peer| (zone.to_owned(), peer.to_owned())));
    }
    let told = |metrics: &Metrics| -> BTreeSet<(String, String)> {
        let sent = metrics.with("zxfrd_peer_last_success_timestamp_seconds", &[("direction", "out")]);
        sent.map(|sample| (sample.labels["zone"].clone(), sample.labels["peer"].clone())).collect()
    };
    let metrics = world.metrics_when(DEADLINE, |metrics| told(metrics) == named);
    for zone in zones {
        assert_eq!(metrics.value("zxfrd_zone_serial", &[("zone", zone)]), Some(7.0), "{zone}");
    }
}

/// What there is of transfers of one kind that ended the same: how many, messages, records, octets.
type Sums = BTreeMap<(String, String, String), [u64; 4]>;

/// By the log.
fn logged(lines: &[Transfer]) -> Sums {
    let mut sums = Sums::new();
    for line in lines {
        let direction = if line.incoming { "in" } else { "out" };
        let sum = sums.entry((direction.to_owned(), line.kind.clone(), line.result.clone())).or_default();
        for (sum, number) in sum.iter_mut().zip([1, line.messages, line.records, line.octets]) {
            *sum += number;
        }
    }
    sums
}

/// By the metrics.
fn counted(metrics: &Metrics) -> Sums {
    let names = ["zxfrd_transfers", "zxfrd_transfer_messages", "zxfrd_transfer_records", "zxfrd_transfer_octets"];
    let mut sums = Sums::new();
    for (at, name) in names.into_iter().enumerate() {
        for sample in metrics.with(&format!("{name}_total"), &[]) {
            let key = ["direction", "kind", "result"].map(|label| sample.labels[label].clone());
            sums.entry(key.into()).or_default()[at] = sample.value as u64;
        }
    }
    sums
}

#[test]
fn counts_are_those_of_the_log() {
    let mut world = World::new();
    let (name, absolute) = ("counted.example", "counted.example.");
    let primary = Primary::start(absolute, 41);
    let peer = world.peer("p", primary.address(), true);
    let zone = world.incoming(name, &[&peer], DAY);
    world.status_when(&zone, DEADLINE, |status| status["soa_serial"] == json!(41));
    world.outgoing(&zone, name, &[&peer]);
    // In: what has changed, nothing new, a refusal.
    let notify = Draft { flags: NOTIFY, ..Draft::request(77, absolute, SOA) }.octets();
    let mut came = |begins: &dyn Fn(), wanted: &dyn Fn(&Transfer) -> bool| {
        begins();
        let answer = wire::over_udp(world.dns(), &notify, Ipv4Addr::LOCALHOST).unwrap();
        assert_eq!(wire::rcode(&answer), 0);
        world.zxfrd.wait_for_transfer("after a NOTIFY", wanted).unwrap();
    };
    came(&|| primary.set(42), &|line| line.kind == "ixfr" && line.to == Some(42));
    came(&|| (), &|line| line.kind == "uptodate" && line.from == Some(42) && line.result == "ok");
    came(&|| primary.behave(Manner::Refusing(5)), &|line| line.result == "refused");
    // Out: the zone twice, what has changed, nothing new, and refusals of strangers.
    let octets = |messages: Vec<Vec<u8>>| messages.iter().map(Vec::len).sum::<usize>();
    let whole = octets(wire::axfr(world.dns(), absolute).unwrap()) + octets(wire::axfr(world.dns(), absolute).unwrap());
    let mut since = BTreeMap::new();
    for serial in [41, 42] {
        let mut request = Draft::request(5, absolute, IXFR);
        request.sections[2].push(wire::soa(absolute, serial));
        since.insert(serial, wire::over_tcp(world.dns(), &request.octets()).unwrap().len());
    }
    let question = Draft::request(6, absolute, SOA).octets();
    for (from, rcode) in [(Ipv4Addr::LOCALHOST, 0), (Ipv4Addr::new(127, 0, 9, 9), 5), (Ipv4Addr::new(127, 0, 9, 8), 5)]
    {
        assert_eq!(wire::rcode(&wire::over_udp(world.dns(), &question, from).unwrap()), rcode);
    }
    let settled = |metrics: &Metrics| {
        metrics.value("zxfrd_refusals_total", &[("zone", name), ("reason", "stranger")]) == Some(2.0)
            && metrics.value("zxfrd_notifies_sent_total", &[("zone", name), ("result", "ok")]).is_some()
            && counted(metrics) == logged(&world.zxfrd.transfers())
    };
    let metrics = world.metrics_when(DEADLINE, settled);
    let counts = counted(&metrics);
    let kind = |((direction, kind, result), sums): (&(String, String, String), &[u64; 4])| {
        (direction.clone(), kind.clone(), result.clone(), sums[0])
    };
    let kinds: Vec<_> = counts.iter().map(kind).collect();
    let expected = [
        ("in", "axfr", "ok", 1),
        ("in", "ixfr", "ok", 1),
        ("in", "uptodate", "ok", 1),
        ("in", "uptodate", "refused", 1),
        ("out", "axfr", "ok", 2),
        ("out", "ixfr", "ok", 1),
        ("out", "uptodate", "ok", 1),
    ];
    let expected =
        expected.map(|(way, kind, result, count)| (way.to_owned(), kind.to_owned(), result.to_owned(), count));
    assert_eq!(kinds, expected, "{counts:#?}");
    // As those who asked have it: SOA, NS, A, TXT and SOA; SOA, SOA, A, SOA, A, SOA; SOA.
    let sent = |kind: &str| counts[&("out".to_owned(), kind.to_owned(), "ok".to_owned())];
    assert_eq!(sent("axfr"), [2, 2, 10, whole as u64]);
    assert_eq!(sent("ixfr"), [1, 1, 6, since[&41] as u64]);
    assert_eq!(sent("uptodate"), [1, 1, 1, since[&42] as u64]);
    let received = |kind: &str| counts[&("in".to_owned(), kind.to_owned(), "ok".to_owned())][1..3].to_vec();
    assert_eq!((received("axfr"), received("ixfr")), (vec![1, 5], vec![1, 6]));
    assert_eq!(metrics.value("zxfrd_zone_records", &[("zone", name)]), Some(4.0));
    assert_eq!(metrics.value("zxfrd_notifies_received_total", &[("zone", name)]), Some(3.0));
    let log = world.zxfrd.log();
    let lines = |parts: [&str; 2]| log.lines().filter(|line| parts.iter().all(|part| line.contains(part))).count();
    assert_eq!(lines(["notify=in", absolute]), 3);
    let notified = lines(["notify=out", "result=ok"]);
    assert_eq!(metrics.value("zxfrd_notifies_sent_total", &[("result", "ok")]), Some(notified as f64));
    assert_eq!(lines(["refused", "result=stranger"]), 2);
}

/// The words that the document has for reasons are all that ever shows as one.
#[test]
fn reasons_are_those_of_the_document() {
    let world = World::new();
    let document = world.raw("GET", "/openapi.json", &[], None).body;
    let words = &document["components"]["schemas"]["FailureStatus"]["properties"]["reason"]["enum"];
    let words: BTreeSet<_> = words.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect();
    let refusing = Primary::start("one.example.", 7);
    refusing.behave(Manner::Refusing(9));
    let peer = world.peer("p", refusing.address(), false);
    let zone = world.incoming("one.example", &[&peer], DAY);
    world.outgoing(&zone, "one.example", &[&peer]);
    let question = Draft::request(6, "one.example.", SOA).octets();
    for from in [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 9, 9)] {
        wire::over_udp(world.dns(), &question, from).unwrap();
    }
    let reasons = |metrics: &Metrics| -> BTreeSet<String> {
        let labels =
            metrics.samples.iter().flat_map(|sample| ["reason", "result"].map(|label| sample.labels.get(label)));
        labels.flatten().cloned().collect()
    };
    let expected = ["notauth", "not-loaded", "stranger"].map(str::to_owned);
    let metrics = world.metrics_when(DEADLINE, |metrics| expected.iter().all(|word| reasons(metrics).contains(word)));
    let unknown: Vec<_> = reasons(&metrics).into_iter().filter(|word| word != "ok" && !words.contains(word)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
