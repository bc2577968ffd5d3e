//! NSD: `nsd`.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use super::{Offer, Pull, Site, Way, distinct, program};
use crate::Failure;
use crate::tsig::TsigKey;

pub(super) fn primary(site: &Site<'_>, offers: &[Offer<'_>]) -> Result<Command, Failure> {
    let counted = offers.iter().any(|offer| !offer.notify.is_empty());
    let mut config = server(site, counted);
    keys(&mut config, offers.iter().flat_map(Offer::all_keys));
    for offer in offers {
        let _ =
            write!(config, "zone:\n  name: \"{}\"\n  zonefile: \"{}\"\n", offer.zone.name, offer.zone.path.display(),);
        for key in &offer.keys {
            let _ = writeln!(config, "  provide-xfr: 127.0.0.0/8 \"{}\"", key.name);
        }
        if offer.unsigned {
            config.push_str("  provide-xfr: 127.0.0.0/8 NOKEY\n");
        }
        for target in &offer.notify {
            let (ip, port) = (target.address.ip(), target.address.port());
            let _ = writeln!(config, "  notify: {ip}@{port} {}", key_name(target.key.as_ref()));
        }
        if !offer.notify.is_empty() {
            config.push_str("  store-ixfr: yes\n  create-ixfr: yes\n  ixfr-number: 100\n  ixfr-size: 0\n");
        }
    }
    command(site, &config)
}

pub(super) fn secondary(site: &Site<'_>, pulls: &[Pull]) -> Result<Command, Failure> {
    let mut config = server(site, false);
    keys(&mut config, pulls.iter().filter_map(|pull| pull.key.as_ref()));
    for (at, pull) in pulls.iter().enumerate() {
        let key = key_name(pull.key.as_ref());
        let how = match pull.way {
            Way::Axfr => "AXFR ",
            Way::Ixfr => "",
            Way::IxfrOverUdp => "UDP ",
        };
        let _ = write!(
            config,
            "zone:\n  name: \"{}\"\n  zonefile: \"{at}.zone\"\n  \
             request-xfr: {how}{}@{} {key}\n  provide-xfr: 127.0.0.0/8 NOKEY\n  \
             min-retry-time: 1\n  max-retry-time: 1\n",
            pull.zone,
            pull.upstream.ip(),
            pull.upstream.port(),
        );
        if pull.way != Way::Axfr {
            let _ = writeln!(config, "  allow-notify: 127.0.0.0/8 {key}");
        }
    }
    command(site, &config)
}

/// A counter of the server whose folder this is.
pub(super) fn counter(dir: &Path, name: &str) -> Result<u64, Failure> {
    let output = program("nsd-control")?
        .arg("-c")
        .arg(dir.join("nsd.conf"))
        .arg("stats_noreset")
        .output()
        .map_err(|error| Failure::because("nsd-control", error))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    value.and_then(|value| value.parse().ok()).ok_or_else(|| {
        let complaint = String::from_utf8_lossy(&output.stderr);
        Failure::new(format!("nsd-control stats_noreset has no {name}: {text}{complaint}"))
    })
}

/// `counted`: whether its counters can be asked for.
fn server(site: &Site<'_>, counted: bool) -> String {
    let dir = site.dir.display();
    // Response rate limiting would cut off a test that asks often. A reload delay of 0
    // makes a transferred zone visible at once.
    format!(
        "server:\n  server-count: 1\n  ip-address: 127.0.0.1@{}\n  do-ip6: no\n  \
         username: \"\"\n  chroot: \"\"\n  zonesdir: \"{dir}\"\n  database: \"\"\n  \
         pidfile: \"{dir}/nsd.pid\"\n  xfrdfile: \"{dir}/xfrd.state\"\n  xfrdir: \"{dir}\"\n  \
         zonelistfile: \"{dir}/zone.list\"\n  verbosity: 1\n  rrl-ratelimit: 0\n  \
         xfrd-reload-timeout: 0\n  tcp-count: 100\n\
         remote-control:\n  control-enable: {}\n  control-interface: \"{dir}/control\"\n",
        site.port,
        if counted { "yes" } else { "no" },
    )
}

fn key_name(key: Option<&TsigKey>) -> String {
    key.map_or_else(|| "NOKEY".into(), |key| format!("\"{}\"", key.name))
}

fn keys<'a>(config: &mut String, keys: impl Iterator<Item = &'a TsigKey>) {
    for key in distinct(keys) {
        let _ = write!(
            config,
            "key:\n  name: \"{}\"\n  algorithm: {}\n  secret: \"{}\"\n",
            key.name,
            key.algorithm,
            key.base64(),
        );
    }
}

fn command(site: &Site<'_>, config: &str) -> Result<Command, Failure> {
    let path = site.write("nsd.conf", config)?;
    let mut command = program("nsd")?;
    // In the foreground.
    command.arg("-d").arg("-c").arg(path);
    Ok(command)
}
