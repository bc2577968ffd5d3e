//! The rules of a configuration, checked all together.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;

use ipnet::IpNet;
use toml::Spanned;
use zxfr_core::name::Name;
use zxfr_core::tsig::Algorithm;

use super::raw;
use super::secret::{ALGORITHMS, Secret, TsigKey};
use super::{
    Acl, Answers, Config, ConfigError, Dns, Incoming, Limits, Outgoing, Peer, Problem, SerialBackward, Source, Zone,
    ZoneFile, domain_name, read_text,
};
use crate::catalog::{HoldIf, Meaning, Publish, Publishing, not_mapped};

/// Checks every rule and resolves every reference.
pub(super) fn check(raw: &raw::Config, text: &str, path: &Path) -> Result<Config, ConfigError> {
    let mut checker = Checker { text, path, problems: Vec::new() };
    let limits = checker.limits(&raw.limits);
    let dns = checker.dns(&raw.dns);
    let api = checker.api(&raw.api);
    let store = checker.store(&raw.store);
    let alerts = checker.alerts(&raw.alerts);
    let (tsig, tsig_names) = checker.tsig(&raw.tsig, &limits);
    let (peers, peer_names) = checker.peers(&raw.peer, &tsig_names);
    let acls = checker.acls(&raw.acl, &limits);
    let zones = checker.zones(&raw.zone, &peer_names, &limits);
    if checker.problems.is_empty() {
        return Ok(Config { dns, api, store, alerts, limits, tsig, peers, acls, zones });
    }
    checker.problems.sort_by_key(|problem| (problem.line, problem.column));
    Err(ConfigError(checker.problems))
}

/// Gathers problems.
pub(super) struct Checker<'a> {
    text: &'a str,
    path: &'a Path,
    problems: Vec<Problem>,
}

/// Names to positions in their list.
#[derive(Default)]
struct Names(HashMap<Vec<u8>, usize>);

impl Checker<'_> {
    /// Notes a problem at a value.
    pub(super) fn fail<T>(&mut self, at: &Spanned<T>, message: impl Into<String>) {
        self.problems.push(Problem::at(self.path, self.text, at.span().start, message));
    }

    /// Keeps a name; a second one of the same key is a problem.
    fn keep(&mut self, names: &mut Names, key: Vec<u8>, position: usize, at: &Spanned<String>, what: &str) {
        match names.0.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(position);
            }
            Entry::Occupied(_) => {
                self.fail(at, format!("there is another {what} with the name {:?}: names are unique", at.get_ref()));
            }
        }
    }

    /// A limit that is given, checked for being above 0, or its default.
    pub(super) fn limit<T: Copy + PartialEq + Default>(&mut self, given: Option<&Spanned<T>>, default: T) -> T {
        let Some(spanned) = given else { return default };
        if *spanned.get_ref() == T::default() {
            self.fail(spanned, "this limit has to be at least 1");
        }
        *spanned.get_ref()
    }

    /// A prefix length that is given, or its default.
    fn widest(&mut self, given: Option<&Spanned<u8>>, default: u8, bits: u8) -> u8 {
        let Some(spanned) = given else { return default };
        if *spanned.get_ref() > bits {
            self.fail(spanned, format!("a prefix length is at most {bits}"));
        }
        *spanned.get_ref()
    }

    /// A part of a hundred that is given, or its default.
    fn percent(&mut self, given: Option<&Spanned<u8>>, default: u8) -> u8 {
        let Some(spanned) = given else { return default };
        if *spanned.get_ref() > 100 {
            self.fail(spanned, "this is a part of 100: use 0 to 100, where 100 is any number");
        }
        *spanned.get_ref()
    }

    fn limits(&mut self, raw: &raw::Limits) -> Limits {
        let default = Limits::default();
        Limits {
            peers_per_zone: self.limit(raw.peers_per_zone.as_ref(), default.peers_per_zone),
            acl_widest_ipv4: self.widest(raw.acl_widest_ipv4.as_ref(), default.acl_widest_ipv4, 32),
            acl_widest_ipv6: self.widest(raw.acl_widest_ipv6.as_ref(), default.acl_widest_ipv6, 128),
            max_zone_octets: self.limit(raw.max_zone_octets.as_ref(), default.max_zone_octets),
            max_zone_records: self.limit(raw.max_zone_records.as_ref(), default.max_zone_records),
            max_transfer_seconds: self.limit(raw.max_transfer_seconds.as_ref(), default.max_transfer_seconds),
            idle_seconds: self.limit(raw.idle_seconds.as_ref(), default.idle_seconds),
            progress_seconds: self.limit(raw.progress_seconds.as_ref(), default.progress_seconds),
            max_transfers_in: self.limit(raw.max_transfers_in.as_ref(), default.max_transfers_in),
            max_transfers_out: self.limit(raw.max_transfers_out.as_ref(), default.max_transfers_out),
            max_transfers_per_peer: self.limit(raw.max_transfers_per_peer.as_ref(), default.max_transfers_per_peer),
            max_connections: self.limit(raw.max_connections.as_ref(), default.max_connections),
            allow_hmac_md5: raw.allow_hmac_md5.unwrap_or(default.allow_hmac_md5),
            auto_refresh_min_seconds: self
                .limit(raw.auto_refresh_min_seconds.as_ref(), default.auto_refresh_min_seconds),
            retry_min_seconds: self.limit(raw.retry_min_seconds.as_ref(), default.retry_min_seconds),
            max_shrink_percent: self.percent(raw.max_shrink_percent.as_ref(), default.max_shrink_percent),
            max_journal_deltas: self.limit(raw.max_journal_deltas.as_ref(), default.max_journal_deltas),
            max_journal_octets: self.limit(raw.max_journal_octets.as_ref(), default.max_journal_octets),
            max_journals_octets: self.limit(raw.max_journals_octets.as_ref(), default.max_journals_octets),
        }
    }

    fn dns(&mut self, raw: &raw::Dns) -> Dns {
        let default = Dns::default();
        let notify_delay_milliseconds = match &raw.notify_delay_milliseconds {
            Some(given) if *given.get_ref() > 60_000 => {
                self.fail(given, "a delay of NOTIFYs is at most 60000 ms");
                default.notify_delay_milliseconds
            }
            Some(given) => *given.get_ref(),
            None => default.notify_delay_milliseconds,
        };
        let answer = match &raw.answer {
            None => default.answer,
            Some(word) if word.get_ref() == "peers" => Answers::Peers,
            Some(word) if word.get_ref() == "anyone" => Answers::Anyone,
            Some(word) => {
                self.fail(word, "answer is \"peers\" or \"anyone\"");
                default.answer
            }
        };
        let Some(list) = &raw.listen else { return Dns { notify_delay_milliseconds, answer, ..default } };
        if list.get_ref().is_empty() {
            self.fail(list, "at least one address to listen on is needed, such as \"127.0.0.1:5300\"");
        }
        let mut listen = Vec::new();
        for address in list.get_ref() {
            match address.get_ref().parse() {
                Ok(parsed) if listen.contains(&parsed) => self.fail(address, "this address is there twice"),
                Ok(parsed) => listen.push(parsed),
                Err(_) => {
                    let what = "is not an address with a port, such as 192.0.2.1:53 or [2001:db8::1]:53";
                    self.fail(address, format!("{:?} {what}", address.get_ref()));
                }
            }
        }
        Dns { listen, notify_delay_milliseconds, answer }
    }

    /// A domain name, and its key: the octets in lower case.
    fn domain_name(&mut self, name: &Spanned<String>) -> Option<(Name, Vec<u8>)> {
        match domain_name(name.get_ref()) {
            Ok(name) => {
                let key = name.to_lowercase().as_octets().to_vec();
                Some((name, key))
            }
            Err(what) => {
                self.fail(name, format!("{:?} is not a domain name: {what}", name.get_ref()));
                None
            }
        }
    }

    fn tsig(&mut self, raw: &[raw::Tsig], limits: &Limits) -> (Vec<TsigKey>, Names) {
        let (mut keys, mut names) = (Vec::new(), Names::default());
        for (position, entry) in raw.iter().enumerate() {
            let algorithm = entry.algo.get_ref().parse().ok();
            match algorithm {
                None => {
                    self.fail(&entry.algo, format!("{:?} is not an algorithm: use {ALGORITHMS}", entry.algo.get_ref()));
                }
                Some(Algorithm::HmacMd5) if !limits.allow_hmac_md5 => {
                    let what = "hmac-md5 is weak: use hmac-sha256, or set allow_hmac_md5 = true under [limits]";
                    self.fail(&entry.algo, what);
                }
                Some(_) => {}
            }
            let secret = self.secret(entry);
            // A name is kept even when the rest is wrong, so that references to it are not reported, too.
            let Some((name, key)) = self.domain_name(&entry.name) else { continue };
            self.keep(&mut names, key, position, &entry.name, "[[tsig]]");
            if let (Some(algorithm), Some(secret)) = (algorithm, secret) {
                keys.push(TsigKey { name, algorithm, secret });
            }
        }
        (keys, names)
    }

    fn secret(&mut self, entry: &raw::Tsig) -> Option<Secret> {
        self.secret_text(&entry.name, entry.secret.as_ref(), entry.secret_file.as_ref(), Secret::from_base64)
    }

    /// What is read from a secret, given as text or as a file that holds it.
    pub(super) fn secret_text<T>(
        &mut self,
        name: &Spanned<String>,
        secret: Option<&Spanned<raw::SecretText>>,
        file: Option<&Spanned<String>>,
        read: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        let (at, outcome) = match (secret, file) {
            (Some(secret), None) => (secret.span(), read(&secret.get_ref().0).map_err(str::to_owned)),
            (None, Some(file)) => {
                let path = self.relative(file.get_ref());
                let outcome = match read_text(&path) {
                    Ok(text) => read(&text).map_err(|what| format!("{}: {what}", path.display())),
                    Err(problem) => Err(problem.to_string()),
                };
                (file.span(), outcome)
            }
            (Some(_), Some(file)) => (file.span(), Err("give secret or secret_file, not both".to_owned())),
            (None, None) => (name.span(), Err("there is no secret: add secret or secret_file".to_owned())),
        };
        match outcome {
            Ok(secret) => Some(secret),
            Err(message) => {
                self.problems.push(Problem::at(self.path, self.text, at.start, message));
                None
            }
        }
    }

    /// A path relative to the configuration file.
    pub(super) fn relative(&self, path: &str) -> std::path::PathBuf {
        self.path.parent().map_or_else(|| path.into(), |folder| folder.join(path))
    }

    fn peers(&mut self, raw: &[raw::Peer], tsig: &Names) -> (Vec<Peer>, Names) {
        let (mut peers, mut names) = (Vec::new(), Names::default());
        for (position, entry) in raw.iter().enumerate() {
            let name = entry.name.get_ref();
            if name.is_empty() {
                self.fail(&entry.name, "a peer needs a name");
            }
            self.keep(&mut names, name.clone().into_bytes(), position, &entry.name, "[[peer]]");
            let ip = entry.ip.get_ref().parse::<IpAddr>();
            if ip.is_err() {
                self.fail(&entry.ip, format!("{:?} is not an IPv4 or IPv6 address", entry.ip.get_ref()));
            }
            let port = entry.port.as_ref().map_or(53, |port| *port.get_ref());
            if let Some(given) = entry.port.as_ref().filter(|_| port == 0) {
                self.fail(given, "a port is 1 to 65535");
            }
            let tsig = entry.tsig.as_ref().and_then(|reference| {
                let name = domain_name(reference.get_ref()).ok();
                let found = name.and_then(|name| tsig.0.get(name.to_lowercase().as_octets()).copied());
                if found.is_none() {
                    let what = "there is no [[tsig]] with the name";
                    self.fail(reference, format!("{what} {:?}: add one or correct the name", reference.get_ref()));
                }
                found
            });
            if let Ok(ip) = ip {
                peers.push(Peer {
                    name: name.clone(),
                    ip,
                    port,
                    tsig,
                    ixfr_enable: entry.ixfr_enable.unwrap_or(false),
                });
            }
        }
        (peers, names)
    }

    fn acls(&mut self, raw: &[raw::Acl], limits: &Limits) -> Vec<Acl> {
        let (mut acls, mut names) = (Vec::new(), Names::default());
        for (position, entry) in raw.iter().enumerate() {
            let name = entry.name.get_ref();
            if name.is_empty() {
                self.fail(&entry.name, "an ACL needs a name");
            }
            self.keep(&mut names, name.clone().into_bytes(), position, &entry.name, "[[acl]]");
            match ip_range(entry.ip_range.get_ref(), limits) {
                Ok(ip_range) => acls.push(Acl { name: name.clone(), ip_range }),
                Err(message) => self.fail(&entry.ip_range, message),
            }
        }
        acls
    }

    fn zones(&mut self, raw: &[Spanned<raw::Zone>], peers: &Names, limits: &Limits) -> Vec<Zone> {
        let (mut zones, mut names) = (Vec::new(), Names::default());
        for (position, spanned) in raw.iter().enumerate() {
            let entry = spanned.get_ref();
            let name = self.domain_name(&entry.name);
            if let Some((_, key)) = &name {
                self.keep(&mut names, key.clone(), position, &entry.name, "[[zone]]");
            }
            let source = match (&entry.file, &entry.incoming) {
                (Some(file), None) if file.get_ref().is_empty() => {
                    self.fail(file, "the path of the zone file is empty");
                    None
                }
                (Some(file), None) => {
                    let watch = entry.watch.as_ref().is_some_and(|watch| *watch.get_ref());
                    Some(Source::File(ZoneFile { path: self.relative(file.get_ref()), watch }))
                }
                (None, Some(incoming)) => {
                    if let Some(watch) = &entry.watch {
                        self.fail(watch, "watch is for zone files: this zone comes from incoming transfers");
                    }
                    Some(Source::Incoming(self.incoming(incoming.get_ref(), peers, limits)))
                }
                (Some(_), Some(incoming)) => {
                    self.fail(incoming, "a zone comes from a file or from incoming transfers, not both: remove one");
                    None
                }
                (None, None) => {
                    self.fail(&entry.name, "say where the zone comes from: file = \"…\" or incoming = { peers = […] }");
                    None
                }
            };
            let outgoing = entry.outgoing.as_ref().map(|outgoing| Outgoing {
                peers: outgoing.peers.as_ref().map_or_else(Vec::new, |list| self.references(list, peers, limits)),
                enabled: outgoing.enabled.unwrap_or(true),
            });
            let shrink = if entry.incoming.is_some() { 100 } else { limits.max_shrink_percent };
            let max_shrink_percent = self.percent(entry.max_shrink_percent.as_ref(), shrink);
            let publishing = self.publishing(entry);
            let zonemd_generate = entry.zonemd_generate.as_ref().is_some_and(|given| *given.get_ref());
            if let (true, Some(given), Some(_)) = (zonemd_generate, &entry.zonemd_generate, &entry.incoming) {
                self.fail(given, "zonemd_generate is for zone files: this zone comes from incoming transfers");
            }
            if let (Some((name, _)), Some(source)) = (name, source) {
                zones.push(Zone { name, source, max_shrink_percent, zonemd_generate, publishing, outgoing });
            }
        }
        zones
    }

    fn publishing(&mut self, entry: &raw::Zone) -> Publishing {
        let publish = self.word(entry.publish.as_ref());
        let raw = entry.hold_if.as_ref();
        let hold_if = raw.map_or_else(HoldIf::default, |raw| HoldIf {
            shrink_percent: raw.shrink_percent.as_ref().map(|given| self.percent(Some(given), 100)),
            apex_ns_gone: raw.apex_ns_gone,
            dnskey_gone: raw.dnskey_gone,
            zonemd_wrong: raw.zonemd_wrong,
            rrsig_expires: raw.rrsig_expires,
        });
        if publish == Publish::HoldIf && hold_if == HoldIf::default() {
            let given = entry.publish.as_ref().unwrap_or(&entry.name);
            self.fail(
                given,
                "publish = \"hold-if\" needs a rule: hold_if = { shrink_percent = 30, apex_ns_gone = true, … }",
            );
        }
        Publishing { publish, hold_if, zonemd: self.word(entry.zonemd.as_ref()) }
    }

    /// What a word stands for, or the default.
    fn word<T: Default + FromStr<Err = String>>(&mut self, given: Option<&Spanned<String>>) -> T {
        let Some(given) = given else { return T::default() };
        given.get_ref().parse().unwrap_or_else(|error: String| {
            self.fail(given, error);
            T::default()
        })
    }

    fn incoming(&mut self, raw: &raw::Incoming, peers: &Names, limits: &Limits) -> Incoming {
        if raw.peers.get_ref().is_empty() {
            self.fail(&raw.peers, "a zone with incoming transfers needs at least one peer");
        }
        let least = limits.auto_refresh_min_seconds;
        let auto_refresh_seconds = match &raw.auto_refresh_seconds {
            None => Incoming::AUTO_REFRESH_SECONDS.max(least),
            Some(given) => {
                let seconds = *given.get_ref();
                if seconds < least {
                    let what = "less than auto_refresh_min_seconds";
                    self.fail(
                        given,
                        format!("{seconds} is {what} = {least} under [limits] allows: use {least} or more"),
                    );
                }
                seconds
            }
        };
        let serial_backward = match raw.serial_backward.as_ref().map(|given| (given, given.get_ref().as_str())) {
            None | Some((_, "ignore")) => SerialBackward::Ignore,
            Some((_, "accept")) => SerialBackward::Accept,
            Some((given, text)) => {
                self.fail(given, format!("{text:?} is not known here: use \"ignore\" or \"accept\""));
                SerialBackward::Ignore
            }
        };
        let peers = self.references(&raw.peers, peers, limits);
        Incoming { peers, auto_refresh_seconds, serial_backward }
    }

    /// The positions of the peers in a zone's list.
    fn references(&mut self, list: &Spanned<Vec<Spanned<String>>>, peers: &Names, limits: &Limits) -> Vec<usize> {
        let count = list.get_ref().len();
        if count > limits.peers_per_zone {
            let most = limits.peers_per_zone;
            self.fail(list, format!("{count} peers are more than peers_per_zone = {most} under [limits] allows"));
        }
        let mut positions = Vec::new();
        for name in list.get_ref() {
            match peers.0.get(name.get_ref().as_bytes()) {
                Some(position) if positions.contains(position) => self.fail(name, "this peer is there twice"),
                Some(&position) => positions.push(position),
                None => {
                    let what = "there is no [[peer]] with the name";
                    self.fail(name, format!("{what} {:?}: add one or correct the name", name.get_ref()));
                }
            }
        }
        positions
    }
}

/// Reads an address range, or one address, and keeps the limits.
fn ip_range(text: &str, limits: &Limits) -> Result<IpNet, String> {
    let range = IpNet::read(text)?;
    not_mapped(&range)?;
    let (widest, key) = match range {
        IpNet::V4(_) => (limits.acl_widest_ipv4, "acl_widest_ipv4"),
        IpNet::V6(_) => (limits.acl_widest_ipv6, "acl_widest_ipv6"),
    };
    if range.prefix_len() < widest {
        return Err(format!("{text} is wider than {key} = {widest} under [limits] allows: use longer prefixes"));
    }
    Ok(range)
}
