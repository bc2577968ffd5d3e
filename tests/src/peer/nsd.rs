//! NSD: `nsd`.

use std::fmt::Write;
use std::process::Command;

use super::{Offer, Pull, Site, distinct, program};
use crate::Failure;
use crate::tsig::TsigKey;

pub(super) fn primary(site: &Site<'_>, offers: &[Offer<'_>]) -> Result<Command, Failure> {
    let mut config = server(site);
    keys(&mut config, offers.iter().flat_map(|offer| &offer.keys));
    for offer in offers {
        let _ =
            write!(config, "zone:\n  name: \"{}\"\n  zonefile: \"{}\"\n", offer.zone.name, offer.zone.path.display(),);
        for key in &offer.keys {
            let _ = writeln!(config, "  provide-xfr: 127.0.0.0/8 \"{}\"", key.name);
        }
        if offer.unsigned {
            config.push_str("  provide-xfr: 127.0.0.0/8 NOKEY\n");
        }
    }
    command(site, &config)
}

pub(super) fn secondary(site: &Site<'_>, pulls: &[Pull]) -> Result<Command, Failure> {
    let mut config = server(site);
    keys(&mut config, pulls.iter().filter_map(|pull| pull.key.as_ref()));
    for (at, pull) in pulls.iter().enumerate() {
        let key = match &pull.key {
            Some(key) => format!("\"{}\"", key.name),
            None => "NOKEY".into(),
        };
        let _ = write!(
            config,
            "zone:\n  name: \"{}\"\n  zonefile: \"{at}.zone\"\n  \
             request-xfr: AXFR {}@{} {key}\n  provide-xfr: 127.0.0.0/8 NOKEY\n  \
             min-retry-time: 1\n  max-retry-time: 1\n",
            pull.zone,
            pull.upstream.ip(),
            pull.upstream.port(),
        );
    }
    command(site, &config)
}

fn server(site: &Site<'_>) -> String {
    let dir = site.dir.display();
    // Response rate limiting would cut off a test that asks often. A reload delay of 0
    // makes a transferred zone visible at once.
    format!(
        "server:\n  server-count: 1\n  ip-address: 127.0.0.1@{}\n  do-ip6: no\n  \
         username: \"\"\n  chroot: \"\"\n  zonesdir: \"{dir}\"\n  database: \"\"\n  \
         pidfile: \"{dir}/nsd.pid\"\n  xfrdfile: \"{dir}/xfrd.state\"\n  xfrdir: \"{dir}\"\n  \
         zonelistfile: \"{dir}/zone.list\"\n  verbosity: 1\n  rrl-ratelimit: 0\n  \
         xfrd-reload-timeout: 0\n  tcp-count: 100\n\
         remote-control:\n  control-enable: no\n",
        site.port,
    )
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
