//! PowerDNS authoritative server: `pdns_server`.
//!
//! As primary it reads zone files with its bind backend; keys and metadata are in an
//! SQLite file beside it. As secondary it stores zones in an SQLite database.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Offer, Pull, Site, distinct, program};
use crate::Failure;
use crate::tsig::TsigKey;

/// Where distributions put the schemas that belong to the server's version.
const SCHEMA_FOLDERS: [&str; 3] = [
    "/usr/share/pdns-backend-sqlite3/schema",
    "/usr/share/pdns-backend-bind/schema",
    "/usr/share/doc/pdns-backend-sqlite3",
];

pub(super) fn primary(site: &Site<'_>, offers: &[Offer<'_>]) -> Result<Command, Failure> {
    let mut zones = String::new();
    let mut sql = keys(offers.iter().flat_map(|offer| &offer.keys));
    for offer in offers {
        let (name, path) = (relative(&offer.zone.name), offer.zone.path.display());
        let _ = writeln!(zones, "zone \"{}\" {{ type master; file \"{path}\"; }};", offer.zone.name,);
        let mut metadata = |kind: &str, content: &str| {
            let _ = writeln!(
                sql,
                "INSERT INTO domainmetadata (domain, kind, content) \
                 VALUES ('{name}', '{kind}', '{content}');",
            );
        };
        for key in &offer.keys {
            metadata("TSIG-ALLOW-AXFR", &key_name(key));
        }
        if offer.unsigned {
            metadata("ALLOW-AXFR-FROM", "127.0.0.0/8");
        }
        if offer.zone.signed {
            // Else it leaves out RRSIG, NSEC and NSEC3 records.
            metadata("PRESIGNED", "1");
        }
    }
    let config = site.write("zones.conf", &zones)?;
    let database = database(site, "bind-dnssec.schema.sqlite3.sql", &sql)?;
    // Transfers are allowed by each zone's metadata only.
    let settings = format!(
        "launch=bind\nbind-config={}\nbind-dnssec-db={}\nprimary=yes\nonly-notify=\n\
         allow-axfr-ips=\n",
        config.display(),
        database.display(),
    );
    command(site, &settings)
}

pub(super) fn secondary(site: &Site<'_>, pulls: &[Pull]) -> Result<Command, Failure> {
    let mut sql = keys(pulls.iter().filter_map(|pull| pull.key.as_ref()));
    for (at, pull) in pulls.iter().enumerate() {
        let _ = writeln!(
            sql,
            "INSERT INTO domains (id, name, master, type) VALUES ({at}, '{}', '{}', 'SLAVE');",
            relative(&pull.zone),
            pull.upstream,
        );
        if let Some(key) = &pull.key {
            let _ = writeln!(
                sql,
                "INSERT INTO domainmetadata (domain_id, kind, content) \
                 VALUES ({at}, 'AXFR-MASTER-TSIG', '{}');",
                key_name(key),
            );
        }
    }
    let database = database(site, "schema.sqlite3.sql", &sql)?;
    let settings = format!(
        "launch=gsqlite3\ngsqlite3-database={}\ngsqlite3-dnssec=yes\ngsqlite3-pragma-synchronous=0\n\
         secondary=yes\nxfr-cycle-interval=1\nallow-axfr-ips=127.0.0.0/8\n",
        database.display(),
    );
    command(site, &settings)
}

/// Makes an SQLite file by the server's own schema, filled by `sql`.
fn database(site: &Site<'_>, schema: &str, sql: &str) -> Result<PathBuf, Failure> {
    let schema = SCHEMA_FOLDERS
        .iter()
        .map(|folder| Path::new(folder).join(schema))
        .find(|path| path.is_file())
        .ok_or_else(|| Failure::new(format!("PowerDNS's {schema} is not installed")))?;
    let filling = site.write("filling.sql", &format!("BEGIN;\n{sql}COMMIT;\n"))?;
    let path = site.dir.join("pdns.sqlite3");
    let output = program("sqlite3")?
        .arg("-bail")
        .arg(&path)
        .arg(format!(".read {}", schema.display()))
        .arg(format!(".read {}", filling.display()))
        .output()
        .map_err(|error| Failure::because("sqlite3", error))?;
    match output.status.success() {
        true => Ok(path),
        false => Err(Failure::because("sqlite3", String::from_utf8_lossy(&output.stderr))),
    }
}

fn keys<'a>(keys: impl Iterator<Item = &'a TsigKey>) -> String {
    let mut sql = String::new();
    for key in distinct(keys) {
        let _ = writeln!(
            sql,
            "INSERT INTO tsigkeys (name, algorithm, secret) VALUES ('{}', '{}', '{}');",
            key_name(key),
            key.algorithm,
            key.base64(),
        );
    }
    sql
}

/// PowerDNS looks for key names in lower case.
fn key_name(key: &TsigKey) -> String {
    relative(&key.name).to_ascii_lowercase()
}

/// PowerDNS stores names without the last dot, the root as a dot.
fn relative(name: &str) -> &str {
    match name {
        "." => ".",
        name => name.trim_end_matches('.'),
    }
}

fn command(site: &Site<'_>, settings: &str) -> Result<Command, Failure> {
    let dir = site.dir.display();
    let common = format!(
        "local-address=127.0.0.1\nlocal-port={}\nsocket-dir={dir}\nwrite-pid=no\ndaemon=no\n\
         guardian=no\ndisable-syslog=yes\nlog-timestamp=yes\nloglevel=6\nsecurity-poll-suffix=\n\
         webserver=no\ncache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0\n\
         zone-cache-refresh-interval=0\nzone-metadata-cache-ttl=0\ndistributor-threads=1\n\
         max-tcp-connections=100\nxfr-max-received-mbytes=0\naxfr-fetch-timeout=30\n",
        site.port,
    );
    site.write("pdns.conf", &(common + settings))?;
    let mut command = program("pdns_server")?;
    command.arg(format!("--config-dir={dir}"));
    Ok(command)
}
