//! Knot DNS: `knotd`.

use std::fmt::Write;
use std::process::Command;

use super::{Offer, Pull, Site, Way, distinct, program};
use crate::Failure;
use crate::tsig::TsigKey;

pub(super) fn primary(site: &Site<'_>, offers: &[Offer<'_>]) -> Result<Command, Failure> {
    let mut config = server(site)?;
    keys(&mut config, offers.iter().flat_map(Offer::all_keys));
    remotes(&mut config, offers);
    config += "acl:\n";
    for (at, offer) in offers.iter().enumerate() {
        // A rule without keys is for unsigned requests only; a zone may have both rules.
        if offer.unsigned {
            let _ = write!(config, "  - id: open{at}\n    address: 127.0.0.0/8\n    action: transfer\n");
        }
        if !offer.keys.is_empty() {
            let names: Vec<_> = offer.keys.iter().map(|key| quoted(&key.name)).collect();
            let _ = write!(config, "  - id: keyed{at}\n    address: 127.0.0.0/8\n    action: transfer\n");
            let _ = writeln!(config, "    key: [ {} ]", names.join(", "));
        }
    }
    config += "zone:\n";
    for (at, offer) in offers.iter().enumerate() {
        let rules = match (offer.unsigned, offer.keys.is_empty()) {
            (true, true) => format!("open{at}"),
            (true, false) => format!("[ open{at}, keyed{at} ]"),
            (false, _) => format!("keyed{at}"),
        };
        let _ = write!(
            config,
            "  - domain: {}\n    file: {}\n    acl: {rules}\n    semantic-checks: off\n    zonefile-sync: -1\n",
            quoted(&offer.zone.name),
            quoted(&offer.zone.path.display().to_string()),
        );
        if offer.notify.is_empty() {
            config += "    journal-content: none\n";
        } else {
            let targets: Vec<_> = (0..offer.notify.len()).map(|number| format!("to{at}-{number}")).collect();
            let _ = write!(
                config,
                "    zonefile-load: difference\n    journal-content: changes\n    notify: [ {} ]\n",
                targets.join(", "),
            );
        }
    }
    command(site, &config)
}

pub(super) fn secondary(site: &Site<'_>, pulls: &[Pull]) -> Result<Command, Failure> {
    let mut config = server(site)?;
    keys(&mut config, pulls.iter().filter_map(|pull| pull.key.as_ref()));
    config += "remote:\n";
    for (at, pull) in pulls.iter().enumerate() {
        let (ip, port) = (pull.upstream.ip(), pull.upstream.port());
        let _ = write!(config, "  - id: up{at}\n    address: {ip}@{port}\n");
        if let Some(key) = &pull.key {
            let _ = writeln!(config, "    key: {}", quoted(&key.name));
        }
    }
    config += "acl:\n  - id: all\n    address: 127.0.0.0/8\n    action: transfer\n";
    for (at, pull) in pulls.iter().enumerate() {
        if pull.way != Way::Axfr {
            let _ = write!(config, "  - id: up{at}\n    address: 127.0.0.0/8\n    action: [ notify, transfer ]\n");
            if let Some(key) = &pull.key {
                let _ = writeln!(config, "    key: {}", quoted(&key.name));
            }
        }
    }
    config += "zone:\n";
    for (at, pull) in pulls.iter().enumerate() {
        let (rules, journal) = match pull.way {
            Way::Axfr => ("all".to_owned(), "none"),
            _ => (format!("[ all, up{at} ]"), "changes"),
        };
        let _ = write!(
            config,
            "  - domain: {}\n    file: {at}.zone\n    master: up{at}\n    acl: {rules}\n    \
             semantic-checks: off\n    zonefile-load: none\n    zonefile-sync: -1\n    \
             journal-content: {journal}\n    retry-max-interval: 1\n",
            quoted(&pull.zone),
        );
    }
    command(site, &config)
}

fn server(site: &Site<'_>) -> Result<String, Failure> {
    let database = site.subfolder("db")?;
    let dir = quoted(&site.dir.display().to_string());
    Ok(format!(
        "server:\n  rundir: {dir}\n  listen: 127.0.0.1@{}\n  udp-workers: 1\n  tcp-workers: 2\n  \
         background-workers: 2\n\
         log:\n  - target: stderr\n    any: info\n\
         database:\n  storage: {}\n  journal-db-max-size: 64M\n  timer-db-max-size: 8M\n  \
         kasp-db-max-size: 8M\n\
         template:\n  - id: default\n    storage: {dir}\n",
        site.port,
        quoted(&database.display().to_string()),
    ))
}

/// Those who are told of new versions.
fn remotes(config: &mut String, offers: &[Offer<'_>]) {
    if offers.iter().any(|offer| !offer.notify.is_empty()) {
        config.push_str("remote:\n");
    }
    for (at, offer) in offers.iter().enumerate() {
        for (number, target) in offer.notify.iter().enumerate() {
            let (ip, port) = (target.address.ip(), target.address.port());
            let _ = write!(config, "  - id: to{at}-{number}\n    address: {ip}@{port}\n");
            if let Some(key) = &target.key {
                let _ = writeln!(config, "    key: {}", quoted(&key.name));
            }
        }
    }
}

fn keys<'a>(config: &mut String, keys: impl Iterator<Item = &'a TsigKey>) {
    let keys = distinct(keys);
    if !keys.is_empty() {
        config.push_str("key:\n");
    }
    for key in keys {
        let _ = write!(
            config,
            "  - id: {}\n    algorithm: {}\n    secret: {}\n",
            quoted(&key.name),
            key.algorithm,
            key.base64(),
        );
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn command(site: &Site<'_>, config: &str) -> Result<Command, Failure> {
    let path = site.write("knot.conf", config)?;
    let mut command = program("knotd")?;
    command.arg("-c").arg(path);
    Ok(command)
}
