//! PowerDNS `ixfrdist`: pulls zones by AXFR and gives them away by AXFR and IXFR,
//! without TSIG in either direction.

use std::fmt::Write;
use std::process::Command;

use super::{Pull, Site, program};
use crate::Failure;

pub(super) fn configure(site: &Site<'_>, pulls: &[Pull]) -> Result<Command, Failure> {
    if pulls.iter().any(|pull| pull.key.is_some()) {
        return Err(Failure::new("ixfrdist has no TSIG"));
    }
    if pulls.len() > 1 && pulls.iter().any(|pull| pull.zone == ".") {
        // The root zone's versions would lie in the folder that holds the other zones'
        // folders; it takes these for versions, too, and aborts.
        return Err(Failure::new("ixfrdist can't have the root zone beside others"));
    }
    let work = site.subfolder("work")?;
    // `compress` is left at its default, off.
    let mut config = format!(
        "listen:\n  - '127.0.0.1:{}'\nacl:\n  - '127.0.0.0/8'\nwork-dir: '{}'\n\
         failed-soa-retry: 1\naxfr-timeout: 30\ndomains:\n",
        site.port,
        work.display(),
    );
    for pull in pulls {
        let _ = write!(config, "  - domain: '{}'\n    master: '{}'\n", pull.zone, pull.upstream,);
    }
    let path = site.write("ixfrdist.yml", &config)?;
    let mut command = program("ixfrdist")?;
    command.arg("--verbose").arg("--config").arg(path);
    Ok(command)
}
