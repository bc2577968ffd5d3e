//! Peers: their rules, and how they change.

use std::sync::Arc;

use super::change::{Catalog, Plan, Rules, managed, named, new_id, some_of};
use super::fault::{Done, Fault, code};
use super::id::Id;
use super::object::{Object, ObjectKey, Origin, Peer, Token};
use super::written::Written;

/// What a client wants a peer to be. What it leaves out, or sends as null, "" or 0, is unset.
#[derive(Clone, Debug, Default)]
pub struct PeerWanted {
    /// Its name, for people.
    pub name: String,
    /// Its address.
    pub ip: Option<String>,
    /// Its port.
    pub port: Option<i64>,
    /// Whether it is asked for IXFR before AXFR.
    pub ixfr_enable: Option<bool>,
    /// The id of its TSIG.
    pub tsig_id: Option<String>,
}

impl Catalog {
    /// Makes a peer.
    ///
    /// # Errors
    /// What rule it breaks; that it isn't stored.
    pub async fn create_peer(&self, by: &Token, account: Id, wanted: PeerWanted) -> Result<Done<Arc<Peer>>, Fault> {
        self.change(by, move |rules| {
            rules.account(account)?;
            let peer = check(rules, account, new_id()?, &wanted, None)?;
            let what = format!("created the peer {} {:?}", peer.id, peer.name);
            Ok(Plan::new(peer.clone(), account, what).put(Object::Peer(peer)))
        })
        .await
    }

    /// Makes a peer another: what isn't said of it is unset.
    ///
    /// # Errors
    /// That there is none; what rule it breaks; that it is declared; that it isn't stored.
    pub async fn update_peer(
        &self,
        by: &Token,
        account: Id,
        id: Id,
        wanted: PeerWanted,
    ) -> Result<Done<Arc<Peer>>, Fault> {
        self.change(by, move |rules| {
            let before = find(rules, account, id)?;
            managed(before.origin, format_args!("the peer {:?}", before.name))?;
            let peer = check(rules, account, id, &wanted, Some(before))?;
            let what = format!("changed the peer {id} {:?}", peer.name);
            let warnings = super::link::mixed_zones(rules.objects, &peer);
            Ok(Plan::new(peer.clone(), account, what).put(Object::Peer(peer)).warn(warnings))
        })
        .await
    }

    /// Takes a peer away.
    ///
    /// # Errors
    /// That there is none; which zones it is linked to; that it is declared; that it isn't stored.
    pub async fn delete_peer(&self, by: &Token, account: Id, id: Id) -> Result<Done<Id>, Fault> {
        self.change(by, move |rules| {
            let peer = find(rules, account, id)?;
            managed(peer.origin, format_args!("the peer {:?}", peer.name))?;
            let zones = some_of(rules.objects.zones_of_peer(peer).map(|zone| zone.name.text()));
            if !zones.is_empty() {
                let message = format!("the peer {:?} is linked to the zones {zones}: unlink it there first", peer.name);
                return Err(Fault::conflict(code::PEER_IN_USE, message));
            }
            Ok(Plan::new(id, account, format!("deleted the peer {id} {:?}", peer.name)).delete(ObjectKey::Peer(id)))
        })
        .await
    }
}

fn find<'a>(rules: &Rules<'a>, account: Id, id: Id) -> Result<&'a Arc<Peer>, Fault> {
    rules.account(account)?;
    let found = rules.objects.peer(account, id);
    found.ok_or_else(|| {
        Fault::not_found(code::PEER_NOT_FOUND, format!("there is no peer with the id {id} in this account"))
    })
}

fn check(
    rules: &Rules<'_>,
    account: Id,
    id: Id,
    wanted: &PeerWanted,
    before: Option<&Arc<Peer>>,
) -> Result<Arc<Peer>, Fault> {
    named(code::PEER_NAME, &wanted.name)?;
    let ip = wanted.ip.as_deref().filter(|text| !text.is_empty()).map(Written::read).transpose();
    let ip = ip.map_err(|what| Fault::invalid(code::PEER_IP, "ip", format!("ip: {what}")))?;
    let port = port(wanted.port, ip.is_some())?;
    let tsig_id = match wanted.tsig_id.as_deref().filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => {
            let fault = |what: String| Fault::invalid(code::PEER_TSIG, "tsig_id", format!("tsig_id: {what}"));
            let tsig: Id = text.parse().map_err(|error| fault(format!("{text:?} is {error}")))?;
            if rules.objects.tsig(account, tsig).is_none() {
                return Err(fault(format!("there is no TSIG with the id {tsig} in this account")));
            }
            Some(tsig)
        }
    };
    if let (None, Some(before)) = (&ip, before) {
        let zones = rules.objects.zones_of_peer(before);
        let incoming = zones.filter(|zone| rules.objects.incoming(zone).is_some_and(|links| links.peers.contains(&id)));
        let incoming = some_of(incoming.map(|zone| zone.name.text()));
        if !incoming.is_empty() {
            let message = format!("ip: the zones {incoming} are transferred from this peer: it needs an address");
            return Err(Fault::invalid(code::PEER_IP, "ip", message));
        }
    }
    let (ixfr_enable, created) = (wanted.ixfr_enable, before.map_or(rules.now, |before| before.created));
    let (name, origin, modified) = (wanted.name.clone(), Origin::Managed, rules.now);
    Ok(Arc::new(Peer { id, account, name, ip, port, ixfr_enable, tsig_id, origin, created, modified }))
}

/// A port is 1 to 65535. 0 is unset where there is no address, either.
fn port(wanted: Option<i64>, has_ip: bool) -> Result<Option<u16>, Fault> {
    match wanted {
        None => Ok(None),
        Some(0) if !has_ip => Ok(None),
        Some(number) => match u16::try_from(number) {
            Ok(port) if port > 0 => Ok(Some(port)),
            _ => Err(Fault::invalid(code::PEER_PORT, "port", format!("port: {number} is no port: use 1 to 65535"))),
        },
    }
}
