//! A daemon that is killed at any moment, while zones are transferred and objects changed.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use zxfr_tests::probe::{self, Authority};
use zxfr_tests::tally;
use zxfr_tests::zxfr::program;

use crate::changes::{Client, Random};
use crate::daemon::{ACCOUNT, Daemon};
use crate::upstream::{self, Shape, Upstream};

/// How often it is killed, unless `ZXFR_KILLS` says another number.
const KILLS: u32 = 15;
/// The longest that it lives, in milliseconds.
const LIFE: u64 = 400;
/// After so long another version comes even though the one before isn't taken up.
const HURRY: Duration = Duration::from_millis(100);

const SHAPES: [Shape; 3] = [
    Shape { name: "small.fixed.example.", hosts: 20, period: 7, ixfr: true },
    Shape { name: "middle.fixed.example.", hosts: 3_000, period: 60, ixfr: true },
    // It comes whole each time.
    Shape { name: "large.fixed.example.", hosts: 20_000, period: 100, ixfr: false },
];

/// What was seen of all lives.
#[derive(Debug, Default)]
struct Seen {
    /// The highest serial that was answered for each zone.
    served: [Option<u32>; SHAPES.len()],
    /// What was there after the last restart.
    found: [Option<u32>; SHAPES.len()],
    /// Versions that were there after a restart and weren't at the one before.
    versions: u32,
    /// Serials from which differences were given.
    kept: u32,
    /// After how many restarts the version was newer than any that was seen: durable, and killed before it was served.
    ahead: u32,
    longest: Duration,
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().map_or(default, |value| value.parse().unwrap())
}

#[test]
fn killed_at_any_moment_all_is_as_before_or_after_each_change() {
    let kills = number("ZXFR_KILLS", u64::from(KILLS));
    let seed = number("ZXFR_SEED", u64::from(std::process::id()));
    println!("ZXFR_SEED={seed} ZXFR_KILLS={kills}");
    let upstream = Upstream::start(&SHAPES);
    let mut daemon = Daemon::new("");
    link(&daemon, &upstream);
    let mut random = Random(seed);
    let mut client = Client::new(Random(seed ^ 1));
    let (mut seen, begun) = (Seen::default(), Instant::now());
    for kill in 0..kills {
        upstream.set_silent(false);
        live(&mut daemon, &upstream, &mut client, &mut random, &mut seen);
        upstream.set_silent(true);
        if kill % 10 == 0 {
            check(&mut daemon);
        }
        let (took, log) = daemon.restart();
        seen.longest = seen.longest.max(took);
        assert!(!log.contains("damaged in the store") && !log.contains("ERROR"), "kill {kill}: {log}");
        client.assert_there(daemon.api());
        for (zone, shape) in SHAPES.iter().enumerate() {
            assert_zone(&daemon, shape, &mut seen, zone, &mut random);
        }
    }
    let spent = begun.elapsed().as_secs();
    let [cut, made] = client.cut;
    let Seen { versions, kept, ahead, longest, .. } = seen;
    println!(
        "{kills} kills in {spent} s: {} changes answered, {cut} cut off, of which {made} were made; {versions} versions \
         found anew, {ahead} of them never seen before; differences from {kept} serials; ready again after {longest:.2?} at most",
        client.answered,
    );
    assert!(u64::from(client.answered) > kills && versions > 2 && kept > 2, "nothing happened");
    tally::ran(&format!("killed {kills} times"));
}

/// Makes the zones, whose names no change is about.
fn link(daemon: &Daemon, upstream: &Upstream) {
    let api = daemon.api();
    let at = upstream.address();
    let objects = format!("/accounts/{ACCOUNT}/secondary_dns");
    let peer = json!({"name": "upstream", "ip": at.ip().to_string(), "port": at.port(), "ixfr_enable": true});
    let peer = api.make(&format!("{objects}/peers"), &peer);
    for shape in SHAPES {
        let zone = json!({"account": {"id": ACCOUNT}, "name": shape.name, "type": "secondary"});
        let zone = api.make("/zones", &zone);
        let incoming = json!({"name": shape.name, "peers": [peer], "auto_refresh_seconds": 3600});
        api.make(&format!("/zones/{zone}/secondary_dns/incoming"), &incoming);
        let outgoing = json!({"name": shape.name, "peers": [peer]});
        api.make(&format!("/zones/{zone}/secondary_dns/outgoing"), &outgoing);
        api.call("POST", &format!("/zones/{zone}/secondary_dns/outgoing/enable"), None).unwrap();
    }
}

/// Has it work for a random time, and kills it.
fn live(daemon: &mut Daemon, upstream: &Upstream, client: &mut Client, random: &mut Random, seen: &mut Seen) {
    let (api, dns, end) = (daemon.api(), daemon.dns(), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| client.work(api, &end));
        let (begun, life) = (Instant::now(), Duration::from_millis(random.below(LIFE)));
        let mut advanced = SHAPES.map(|_| begun);
        (0..SHAPES.len()).for_each(|zone| upstream.tell(zone, dns));
        while begun.elapsed() < life {
            for zone in 0..SHAPES.len() {
                let serial = probe::soa_serial(dns, SHAPES[zone].name, Authority::Needed).ok();
                seen.served[zone] = seen.served[zone].max(serial);
                // More often than not a version is taken up before the next comes.
                if serial == Some(upstream.serial(zone)) || advanced[zone].elapsed() > HURRY {
                    upstream.advance(zone, dns);
                    advanced[zone] = Instant::now();
                }
            }
        }
        daemon.kill();
        end.store(true, Ordering::SeqCst);
    });
}

/// The store as `zxfrd check` sees it, after the kill and before anything is mended by opening it.
fn check(daemon: &mut Daemon) {
    daemon.process().stop();
    let config = daemon.process().dir().join("zxfrd.toml");
    let checked = Command::new(program("zxfrd").unwrap()).args(["check", "--config"]).arg(config).output().unwrap();
    let told = String::from_utf8_lossy(&checked.stderr).into_owned() + &String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{told}");
}

/// A zone is a version that there was, no older than any that was served; from each serial that is kept differences lead to it.
fn assert_zone(daemon: &Daemon, shape: &Shape, seen: &mut Seen, zone: usize, random: &mut Random) {
    let Some((serial, held)) = upstream::given(daemon.dns(), shape.name) else {
        assert_eq!(seen.served[zone], None, "{} was served and is gone", shape.name);
        return;
    };
    assert!(held == shape.records(serial), "{} is not what its serial {serial} says", shape.name);
    if let Some(served) = seen.served[zone] {
        assert!(serial >= served, "{}: {served} was served, and now {serial}", shape.name);
    }
    seen.versions += u32::from(Some(serial) > seen.found[zone]);
    seen.found[zone] = Some(serial);
    seen.ahead += u32::from(Some(serial) > seen.served[zone]);
    seen.served[zone] = Some(serial);
    // All of the newest, and some of the others, as long as there are differences.
    let mut unasked: BTreeMap<u32, ()> = BTreeMap::new();
    let mut from = serial.saturating_sub(1);
    while from >= 10 && unasked.len() < 12 {
        unasked.insert(from, ());
        from = from.saturating_sub(1 + u32::from(unasked.len() > 4) * random.below(6) as u32);
    }
    for from in unasked.into_keys().rev() {
        // Of older ones there is no more, or what there is would be longer than the zone.
        let Some((to, made)) = upstream::after_ixfr(daemon.dns(), shape, from) else { break };
        assert_eq!(to, serial, "{} from {from}", shape.name);
        assert!(made == held, "{} from {from} to {to} is another zone", shape.name);
        seen.kept += 1;
    }
}
