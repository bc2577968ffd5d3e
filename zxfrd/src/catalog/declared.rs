//! What the configuration declares, beside what is managed.

use std::sync::Arc;

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;
use zxfr_core::name::Name;

use super::id::Id;
use super::object::{
    Account, Acl, DeclaredZone, Incoming, Object, Origin, Outgoing, Peer, Reach, Token, Tsig, Zone, ZoneKind,
};
use super::objects::Objects;
use super::time::Time;
use super::written::{TsigSecret, Written};
use crate::config::{self, Config, SerialBackward, Source};

const ORIGIN: Origin = Origin::Declared;

/// Puts what is managed beside what a configuration declares. Where both have a zone of the same name, the managed one stays.
pub(super) fn merge(config: &Config, managed: Vec<Object>, problems: &mut Vec<String>) -> Objects {
    let mut objects = Objects::default();
    accounts(config, &mut objects);
    managed.into_iter().for_each(|object| objects.put(object));
    for problem in declare(config, &mut objects) {
        problems.push(problem);
    }
    problems.extend(objects.dangling());
    objects
}

impl Objects {
    /// What a configuration declares and nothing else. What can't be taken is told in words.
    #[must_use]
    pub fn declared(config: &Config) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let objects = merge(config, Vec::new(), &mut problems);
        (objects, problems)
    }

    /// What leads to objects that are not there, since the configuration declares them no more.
    fn dangling(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for account in self.accounts(&Reach::All) {
            for peer in self.peers(account.id) {
                if let Some(tsig) = peer.tsig_id.filter(|tsig| self.tsig(account.id, *tsig).is_none()) {
                    let what = "is not there any more: nothing is exchanged with this peer until it gets another";
                    problems.push(format!("peer {:?} ({}): its TSIG {tsig} {what}", peer.name, peer.id));
                }
            }
        }
        for zone in self.zones(&Reach::All) {
            let incoming = self.incoming(zone).into_iter().flat_map(|incoming| &incoming.peers);
            let outgoing = self.outgoing(zone).into_iter().flat_map(|outgoing| &outgoing.peers);
            for peer in incoming.chain(outgoing).filter(|peer| self.peer(zone.account, **peer).is_none()) {
                let what = "is not there any more: unlink it";
                problems.push(format!("zone {:?} ({}): its peer {peer} {what}", zone.name, zone.id));
            }
        }
        problems
    }
}

fn accounts(config: &Config, objects: &mut Objects) {
    let now = Time::now();
    for config::Account { id, name } in &config.api.accounts {
        objects.put(Object::Account(Arc::new(Account { id: *id, name: name.clone(), origin: ORIGIN, created: now })));
    }
}

/// Puts declared objects beside those that are there. Gives what can't be taken.
fn declare(config: &Config, objects: &mut Objects) -> Vec<String> {
    let (mut problems, now) = (Vec::new(), Time::now());
    let Some(account) = objects.first_account() else { return problems };
    for token in &config.api.tokens {
        let config::Token { name, email, digest, accounts, access } = token.clone();
        let id = Id::declared(account, "token", &name);
        let (origin, created) = (ORIGIN, now);
        objects.put(Object::Token(Arc::new(Token { id, name, email, digest, accounts, access, origin, created })));
    }
    // References are positions: what is left out keeps its place.
    let mut tsigs = Vec::new();
    for key in &config.tsig {
        let (name, algo) = (key.name.to_string(), key.algorithm.name().to_string());
        let secret = Zeroizing::new(Base64::encode_string(key.secret.octets()));
        let id = Id::declared(account, "tsig", &canonical(&key.name));
        tsigs.push(id);
        let (created, modified, origin) = (now, now, ORIGIN);
        let tsig = read_tsig(&name, &algo, &secret);
        match tsig {
            Ok((name, algo, secret)) => {
                objects.put(Object::Tsig(Arc::new(Tsig {
                    id,
                    account,
                    name,
                    algo,
                    secret,
                    origin,
                    created,
                    modified,
                })));
            }
            Err(what) => problems.push(format!("[[tsig]] {name:?}: {what}")),
        }
    }
    let mut peers = Vec::new();
    for peer in &config.peers {
        let id = Id::declared(account, "peer", &peer.name);
        peers.push(id);
        let Ok(ip) = Written::read(&peer.ip.to_string()) else { continue };
        objects.put(Object::Peer(Arc::new(Peer {
            id,
            account,
            name: peer.name.clone(),
            ip: Some(ip),
            port: Some(peer.port),
            ixfr_enable: Some(peer.ixfr_enable),
            tsig_id: peer.tsig.and_then(|position| tsigs.get(position).copied()),
            origin: ORIGIN,
            created: now,
            modified: now,
        })));
    }
    for acl in &config.acls {
        let Ok(ip_range) = Written::read(&acl.ip_range.to_string()) else { continue };
        let (id, name) = (Id::declared(account, "acl", &acl.name), acl.name.clone());
        let (origin, created, modified) = (ORIGIN, now, now);
        objects.put(Object::Acl(Arc::new(Acl { id, account, name, ip_range, origin, created, modified })));
    }
    for (position, zone) in config.zones.iter().enumerate() {
        if let Err(problem) = declare_zone(position, zone, account, &peers, objects, now) {
            problems.push(problem);
        }
    }
    problems
}

fn read_tsig(
    name: &str,
    algo: &str,
    secret: &str,
) -> Result<(Written<Name>, Written<zxfr_core::tsig::Algorithm>, TsigSecret), String> {
    let secret = TsigSecret::read(secret).map_err(|what| format!("its secret {what}"))?;
    Ok((Written::read(name)?, Written::read(algo)?, secret))
}

fn declare_zone(
    position: usize,
    entry: &config::Zone,
    account: Id,
    peers: &[Id],
    objects: &mut Objects,
    now: Time,
) -> Result<(), String> {
    let name = entry.name.to_string();
    if let Some(managed) = objects.any_zone_named(entry.name.as_ref()) {
        return Err(format!(
            "[[zone]] {name:?} in the configuration file is not served: the zone {:?} with the id {} is managed through the API, \
             and a name exists once: delete that one, or take this one out of the file",
            managed.name, managed.id
        ));
    }
    let id = Id::declared(account, "zone", &canonical(&entry.name));
    let links = |positions: &[usize]| positions.iter().filter_map(|position| peers.get(*position).copied()).collect();
    let (kind, file, serial_backward) = match &entry.source {
        Source::File(file) => (ZoneKind::Full, Some(file.clone()), SerialBackward::Ignore),
        Source::Incoming(incoming) => (ZoneKind::Secondary, None, incoming.serial_backward),
    };
    let config::Zone { max_shrink_percent, zonemd_generate, publishing, .. } = entry.clone();
    objects.put(Object::Zone(Arc::new(Zone {
        id,
        account,
        name: Written::<Name>::read(&name)?,
        kind,
        paused: false,
        vanity_name_servers: Vec::new(),
        origin: ORIGIN,
        created: now,
        modified: now,
        activated: None,
        declared: DeclaredZone { position, file, max_shrink_percent, serial_backward, zonemd_generate, publishing },
    })));
    if let Source::Incoming(incoming) = &entry.source {
        objects.put(Object::Incoming(Arc::new(Incoming {
            zone: id,
            name: name.clone(),
            peers: links(&incoming.peers),
            auto_refresh_seconds: incoming.auto_refresh_seconds,
            origin: ORIGIN,
            created: now,
            modified: now,
        })));
    }
    if let Some(outgoing) = &entry.outgoing {
        objects.put(Object::Outgoing(Arc::new(Outgoing {
            zone: id,
            name,
            peers: links(&outgoing.peers),
            enabled: outgoing.enabled,
            origin: ORIGIN,
            created: now,
        })));
    }
    Ok(())
}

/// A name in the one form that ids are made of.
fn canonical(name: &Name) -> String {
    name.to_lowercase().to_string()
}
