//! BIND 9: `named`.

use std::fmt::Write;
use std::net::SocketAddr;
use std::process::Command;

use super::{Offer, Pull, Site, Way, distinct, program};
use crate::Failure;
use crate::tsig::TsigKey;

pub(super) fn primary(site: &Site<'_>, offers: &[Offer<'_>]) -> Result<Command, Failure> {
    let mut config = options(site);
    keys(&mut config, offers.iter().flat_map(Offer::all_keys));
    for (at, offer) in offers.iter().enumerate() {
        let allowed = match offer.keys.as_slice() {
            _ if offer.unsigned => "any; ".into(),
            keys => keys.iter().fold(String::new(), |list, key| list + &format!("key \"{}\"; ", key.name)),
        };
        let mut telling = String::new();
        if !offer.notify.is_empty() {
            let targets = offer.notify.iter().fold(String::new(), |list, target| {
                list + &format!("{}; ", remote(target.address, target.key.as_ref()))
            });
            let _ = write!(
                telling,
                " ixfr-from-differences yes; journal \"{at}.jnl\"; notify explicit; notify-delay 0; \
                 also-notify {{ {targets}}};",
            );
        }
        // Test zones are odd on purpose: no check of what they say.
        let _ = writeln!(
            config,
            "zone \"{}\" {{ type primary; file \"{}\"; allow-transfer {{ {allowed}}}; \
             check-names ignore; check-integrity no; check-sibling no; check-spf ignore; \
             check-mx ignore; check-mx-cname ignore; check-srv-cname ignore; \
             check-wildcard no; check-dup-records ignore;{telling} }};",
            offer.zone.name,
            offer.zone.path.display(),
        );
    }
    command(site, &config, "0")
}

pub(super) fn secondary(site: &Site<'_>, pulls: &[Pull]) -> Result<Command, Failure> {
    let mut config = options(site);
    keys(&mut config, pulls.iter().filter_map(|pull| pull.key.as_ref()));
    for pull in pulls {
        let ixfr = pull.way != Way::Axfr;
        let notify = match &pull.key {
            Some(key) if ixfr => format!("allow-notify {{ key \"{}\"; }}; ", key.name),
            _ => String::new(),
        };
        // Without a file it keeps the zone in memory only.
        let _ = writeln!(
            config,
            "zone \"{}\" {{ type secondary; primaries {{ {}; }}; \
             allow-transfer {{ any; }}; check-names ignore; request-ixfr {}; {notify}\
             min-retry-time 1; max-retry-time 1; }};",
            pull.zone,
            remote(pull.upstream, pull.key.as_ref()),
            if ixfr { "yes" } else { "no" },
        );
    }
    // Whether an answer was incremental is told at level 3.
    command(site, &config, if pulls.iter().any(|pull| pull.way != Way::Axfr) { "3" } else { "0" })
}

fn options(site: &Site<'_>) -> String {
    format!(
        "options {{\n\
         directory \"{}\";\n\
         listen-on port {} {{ 127.0.0.1; }};\n\
         listen-on-v6 {{ none; }};\n\
         pid-file none; session-keyfile none; lock-file none;\n\
         recursion no; dnssec-validation no; notify no; empty-zones-enable no;\n\
         allow-query {{ any; }}; transfers-in 100; transfers-out 100; transfers-per-ns 100;\n\
         serial-query-rate 1000; notify-rate 1000; startup-notify-rate 1000; minimal-responses yes; max-zone-ttl unlimited;\n\
         max-records-per-type 0; max-types-per-name 0;\n\
         }};\n\
         controls {{ }};\n",
        site.dir.display(),
        site.port,
    )
}

fn keys<'a>(config: &mut String, keys: impl Iterator<Item = &'a TsigKey>) {
    for key in distinct(keys) {
        let _ =
            writeln!(config, "key \"{}\" {{ algorithm {}; secret \"{}\"; }};", key.name, key.algorithm, key.base64(),);
    }
}

/// An address as `primaries` and `also-notify` list it.
fn remote(address: SocketAddr, key: Option<&TsigKey>) -> String {
    let key = key.map_or_else(String::new, |key| format!(" key \"{}\"", key.name));
    format!("{} port {}{key}", address.ip(), address.port())
}

fn command(site: &Site<'_>, config: &str, debug: &str) -> Result<Command, Failure> {
    let path = site.write("named.conf", config)?;
    let mut command = program("named")?;
    // In the foreground, logging to stderr, one worker thread.
    command.args(["-g", "-4", "-n", "1", "-d", debug, "-c"]).arg(path);
    Ok(command)
}
