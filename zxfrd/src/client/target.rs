//! Which server, zone and key: the arguments that all commands share.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use zxfr_core::name::Name;
use zxfr_core::tsig::Key;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_io::{Client, Timeouts, client};

use super::Failure;
use crate::config::{TsigKey, domain_name, keyfile};

/// The port of DNS.
const DNS_PORT: u16 = 53;

/// The arguments that say what is asked of whom.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Arguments {
    /// The server: @ADDRESS, @ADDRESS:PORT, @[IPV6-ADDRESS]:PORT, @HOST or @HOST:PORT; may also come after the zone
    #[arg(value_name = "@SERVER", value_parser = word)]
    first: Word,
    /// The zone's name; an '@' at its start is written \@
    #[arg(value_name = "ZONE", value_parser = word)]
    second: Word,
    /// The server's port, when it is not given with the server [default: 53]
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Signs with this TSIG key; the algorithm is hmac-sha256 if none is named
    #[arg(short = 'y', long = "key", value_name = "[ALGO:]NAME:SECRET", conflicts_with = "key_file", value_parser = keyfile::parse_argument)]
    key: Option<TsigKey>,
    /// Signs with the TSIG key in this file, which has the form of BIND's key files
    #[arg(short = 'k', long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// How long to wait for the connection, and for each message
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
}

/// An argument without an option: the server begins with `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Server(Server),
    Zone(Box<Name>),
}

/// A server as it is named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Server {
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    Name(String),
}

/// What is asked of whom.
#[derive(Clone, Debug)]
pub struct Target {
    server: Server,
    port: u16,
    /// The zone.
    pub zone: Name,
    /// The key that requests are signed with.
    pub key: Option<Key<Hmac>>,
    /// How long to wait.
    pub timeouts: Timeouts,
}

fn word(text: &str) -> Result<Word, String> {
    match text.strip_prefix('@') {
        Some(server) => self::server(server).map(Word::Server),
        None => domain_name(text)
            .map(|name| Word::Zone(Box::new(name)))
            .map_err(|what| format!("this is not a zone's name: {what}")),
    }
}

/// Reads `ADDRESS`, `HOST`, `HOST:PORT`, `ADDRESS:PORT` for IPv4, `[ADDRESS]` and `[ADDRESS]:PORT`.
fn server(text: &str) -> Result<Server, String> {
    if let Ok(address) = text.parse() {
        return Ok(Server { host: Host::Address(address), port: None });
    }
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest.split_once(']').ok_or("']' is missing behind the IPv6 address")?;
        let address = address.parse().map_err(|_| format!("{address:?} is not an IPv6 address"))?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port),
            None if rest.is_empty() => None,
            None => return Err(format!("only a colon and a port may follow ']', not {rest:?}")),
        };
        (Host::Address(IpAddr::V6(address)), port)
    } else {
        let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
        if port.is_some_and(|port| port.contains(':')) {
            return Err("an IPv6 address with a port is written @[ADDRESS]:PORT".to_owned());
        }
        if host.is_empty() {
            return Err("a server's address or name has to follow '@'".to_owned());
        }
        (host.parse().map_or_else(|_| Host::Name(host.to_owned()), Host::Address), port)
    };
    let number = |port: &str| match port.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("{port:?} is not a port: 1 to 65535")),
    };
    Ok(Server { host, port: port.map(number).transpose()? })
}

impl Arguments {
    /// What these arguments mean.
    ///
    /// # Errors
    /// When they don't go together, or the key file can't be used; in words.
    pub fn target(&self) -> Result<Target, String> {
        let (server, zone) = match (&self.first, &self.second) {
            (Word::Server(server), Word::Zone(zone)) | (Word::Zone(zone), Word::Server(server)) => (server, zone),
            (Word::Server(_), Word::Server(_)) => return Err("two servers, but no zone".to_owned()),
            _ => return Err("no server: name it with an '@' before it, such as @192.0.2.1".to_owned()),
        };
        if server.port.is_some() && self.port.is_some() {
            return Err("the port is given twice: with the server and with -p".to_owned());
        }
        let given = match &self.key_file {
            Some(file) => Some(keyfile::load(file).map_err(|problem| problem.to_string())?),
            None => self.key.clone(),
        };
        let key = given.map(|key| key.keyed()).transpose().map_err(|error| error.to_string())?;
        let timeout = Duration::from_secs(self.timeout);
        Ok(Target {
            server: server.clone(),
            port: server.port.or(self.port).unwrap_or(DNS_PORT),
            zone: Name::clone(zone),
            key,
            timeouts: Timeouts { connect: timeout, progress: timeout, ..Timeouts::default() },
        })
    }
}

impl Target {
    /// The server's addresses; at least one.
    pub(super) async fn addrs(&self) -> Result<Vec<SocketAddr>, Failure> {
        match &self.server.host {
            Host::Address(address) => Ok(vec![SocketAddr::new(*address, self.port)]),
            Host::Name(name) => {
                let found = tokio::net::lookup_host((name.as_str(), self.port)).await;
                let addrs: Vec<_> = found.map_err(|error| Failure::unreachable(self, error))?.collect();
                if addrs.is_empty() { Err(Failure::unreachable(self, "the name has no address")) } else { Ok(addrs) }
            }
        }
    }

    /// A connection to the first of the server's addresses that takes one.
    pub(super) async fn connect(&self) -> Result<Client, Failure> {
        let mut last = None;
        for addr in self.addrs().await? {
            match Client::connect(addr, self.timeouts).await {
                Ok(client) => return Ok(client),
                Err(error) => last = Some(self.failure(addr, &error)),
            }
        }
        Err(last.unwrap_or_else(|| Failure::unreachable(self, "no address")))
    }

    /// Asks the first of the server's addresses that answers; only silence is worth another address.
    pub(super) async fn over_udp<T>(
        &self,
        mut ask: impl AsyncFnMut(SocketAddr) -> Result<T, client::Error>,
    ) -> Result<(SocketAddr, T), Failure> {
        let mut last = None;
        for addr in self.addrs().await? {
            match ask(addr).await {
                Ok(answer) => return Ok((addr, answer)),
                Err(error @ (client::Error::Connect(_) | client::Error::Timeout { .. })) => {
                    last = Some(self.failure(addr, &error));
                }
                Err(error) => return Err(self.failure(addr, &error)),
            }
        }
        Err(last.unwrap_or_else(|| Failure::unreachable(self, "no address")))
    }

    /// What failed at which address of the server.
    pub(super) fn failure(&self, addr: SocketAddr, error: &client::Error) -> Failure {
        let name = match &self.server.host {
            Host::Address(_) => String::new(),
            Host::Name(name) => format!("{name} "),
        };
        Failure::asking(format!("{name}{addr}"), self.zone.as_ref(), error)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.server.host {
            Host::Address(address) => SocketAddr::new(*address, self.port).fmt(f),
            Host::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Tool {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn target(arguments: &[&str]) -> Result<Target, String> {
        let all = [&["zxfr"], arguments].concat();
        Tool::try_parse_from(all).map_err(|error| error.to_string())?.arguments.target()
    }

    #[test]
    fn servers_as_dig_takes_them() {
        for (words, shown) in [
            (&["@192.0.2.1", "example.org"][..], "192.0.2.1:53"),
            (&["example.org.", "@192.0.2.1:5300"], "192.0.2.1:5300"),
            (&["@192.0.2.1", "-p", "99", "example.org"], "192.0.2.1:99"),
            (&["@::1", "-p99", "example.org"], "[::1]:99"),
            (&["@[::1]", "example.org"], "[::1]:53"),
            (&["@[2001:db8::1]:53", "example.org"], "[2001:db8::1]:53"),
            (&["@ns.example", "example.org"], "ns.example:53"),
            (&["@ns.example:77", "example.org"], "ns.example:77"),
        ] {
            let target = target(words).unwrap();
            assert_eq!(target.to_string(), shown);
            assert_eq!(target.zone.to_string(), "example.org.");
        }
        assert!(target(&["@192.0.2.1", "."]).unwrap().zone.as_ref().is_root());
        assert_eq!(target(&["@192.0.2.1", "\\@at"]).unwrap().zone.as_octets(), b"\x03@at\0");
    }

    #[test]
    fn keys() {
        let key = |text| target(&["@::1", "a", "-y", text]).unwrap().key.unwrap();
        assert_eq!(key("t.example:c2VjcmV0").name().to_string(), "t.example.");
        assert_eq!(key("hmac-sha512:t.example.:c2VjcmV0").algorithm().to_string(), "hmac-sha512");
    }

    #[test]
    fn bad_usage_is_said_precisely() {
        for (words, part) in [
            (&["@192.0.2.1"][..], "not provided:\n  <ZONE>"),
            (&["example.org", "example.net"], "no server: name it with an '@'"),
            (&["@192.0.2.1", "@192.0.2.2"], "two servers"),
            (&["@192.0.2.1", "a", "b"], "unexpected"),
            (&["@192.0.2.1", "a..b"], "empty label"),
            (&["@", "a"], "has to follow '@'"),
            (&["@::1:x:53", "a"], "@[ADDRESS]:PORT"),
            (&["@[::1", "a"], "']' is missing"),
            (&["@[::1]x", "a"], "may follow ']'"),
            (&["@192.0.2.1:0", "a"], "not a port"),
            (&["@192.0.2.1:1", "-p", "2", "a"], "given twice"),
            (&["@192.0.2.1", "-p", "0", "a"], "0 is not in 1..=65535"),
            (&["@192.0.2.1", "a", "--timeout", "0"], "0 is not in 1.."),
            (&["@192.0.2.1", "a", "-y", "nothing"], "a key is [ALGO:]NAME:SECRET"),
            (&["@192.0.2.1", "a", "-y", "md4:t:c2VjcmV0"], "\"md4\" is not an algorithm"),
            (&["@192.0.2.1", "a", "-y", "t:c2VjcmV0", "-k", "f"], "cannot be used with"),
            (&["@192.0.2.1", "a", "-k", "/nonexistent/key"], "/nonexistent/key: cannot read"),
        ] {
            let error = target(words).unwrap_err();
            assert!(error.contains(part), "{words:?}: {error}");
        }
    }
}
