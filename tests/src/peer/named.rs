//! BIND 9: `named`.

use std::fmt::Write;
use std::process::Command;

use super::{Offer, Pull, Site, distinct, program};
use crate::Failure;
use crate::tsig::TsigKey;

pub(super) fn primary(site: &Site<'_>, offers: &[Offer<'_>]) -> Result<Command, Failure> {
    let mut config = options(site);
    keys(&mut config, offers.iter().flat_map(|offer| &offer.keys));
    for offer in offers {
        let allowed = match offer.keys.as_slice() {
            _ if offer.unsigned => "any; ".into(),
            keys => keys.iter().fold(String::new(), |list, key| list + &format!("key \"{}\"; ", key.name)),
        };
        // Test zones are odd on purpose: no check of what they say.
        let _ = writeln!(
            config,
            "zone \"{}\" {{ type primary; file \"{}\"; allow-transfer {{ {allowed}}}; \
             check-names ignore; check-integrity no; check-sibling no; check-spf ignore; \
             check-mx ignore; check-mx-cname ignore; check-srv-cname ignore; \
             check-wildcard no; check-dup-records ignore; }};",
            offer.zone.name,
            offer.zone.path.display(),
        );
    }
    command(site, &config)
}

pub(super) fn secondary(site: &Site<'_>, pulls: &[Pull]) -> Result<Command, Failure> {
    let mut config = options(site);
    keys(&mut config, pulls.iter().filter_map(|pull| pull.key.as_ref()));
    for pull in pulls {
        let key = match &pull.key {
            Some(key) => format!(" key \"{}\"", key.name),
            None => String::new(),
        };
        // Without a file it keeps the zone in memory only.
        let _ = writeln!(
            config,
            "zone \"{}\" {{ type secondary; primaries {{ {} port {}{key}; }}; \
             allow-transfer {{ any; }}; check-names ignore; request-ixfr no; \
             min-retry-time 1; max-retry-time 1; }};",
            pull.zone,
            pull.upstream.ip(),
            pull.upstream.port(),
        );
    }
    command(site, &config)
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
         serial-query-rate 1000; minimal-responses yes; max-zone-ttl unlimited;\n\
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

fn command(site: &Site<'_>, config: &str) -> Result<Command, Failure> {
    let path = site.write("named.conf", config)?;
    let mut command = program("named")?;
    // In the foreground, logging to stderr, one worker thread.
    command.args(["-g", "-4", "-n", "1", "-c"]).arg(path);
    Ok(command)
}
