//! What incoming and outgoing configurations have in common: the zone's name, and a list of peers.

use std::collections::BTreeSet;
use std::sync::Arc;

use zxfr_core::name::Name;

use super::change::Rules;
use super::fault::{Fault, Warning, code};
use super::id::Id;
use super::object::{Peer, Zone};
use super::objects::Objects;
use super::written::Meaning;

/// A configuration's name has to be that of its zone, without regard to case and the last dot.
pub(super) fn check_name(zone: &Zone, name: &str) -> Result<(), Fault> {
    let fault = |what| Err(Fault::invalid(code::LINK_NAME, "name", what));
    match Name::read(name) {
        Err(what) => fault(format!("name: {what}")),
        Ok(parsed) if parsed == *zone.name.value() => Ok(()),
        Ok(_) => fault(format!("name: {name:?} is not the name of the zone, {:?}", zone.name)),
    }
}

/// The peers of a list: of the zone's account, none twice, not too many, each with an address where one is needed.
pub(super) fn check_peers(rules: &Rules<'_>, zone: &Zone, wanted: &[String], needs_ip: bool) -> Result<Vec<Id>, Fault> {
    let (count, most) = (wanted.len(), rules.limits.peers_per_zone);
    if count > most {
        let message = format!("peers: {count} are more than a zone may have, which is {most}");
        return Err(Fault::invalid(code::LINK_TOO_MANY, "peers", message));
    }
    let mut peers = Vec::with_capacity(count);
    for (at, text) in wanted.iter().enumerate() {
        let fault = |what| Err(Fault::invalid(code::LINK_PEER, &format!("peers/{at}"), format!("peers: {what}")));
        let id: Id = match text.parse() {
            Ok(id) => id,
            Err(error) => return fault(format!("{text:?} is {error}")),
        };
        let Some(peer) = rules.objects.peer(zone.account, id) else {
            return fault(format!("there is no peer with the id {id} in the zone's account"));
        };
        if peers.contains(&id) {
            return fault(format!("the peer {id} is there twice"));
        }
        if needs_ip && peer.ip.is_none() {
            return fault(format!("the peer {id} {:?} has no ip: a zone can't be transferred from it", peer.name));
        }
        peers.push(id);
    }
    Ok(peers)
}

/// What is odd about the TSIGs of peers that are linked to one zone.
pub(super) fn mixed(objects: &Objects, zone: &Zone, peers: &[Id]) -> Option<Warning> {
    is_mixed(peers.iter().filter_map(|peer| objects.peer(zone.account, *peer))).then(|| warning(zone))
}

/// What is odd about the zones of a peer, were it this.
pub(super) fn mixed_zones(objects: &Objects, peer: &Arc<Peer>) -> Vec<Warning> {
    let mixed = objects.zones_of_peer(peer).filter(|zone| {
        let lists = [
            objects.incoming(zone).map(|incoming| incoming.peers.as_slice()),
            objects.outgoing(zone).map(|outgoing| outgoing.peers.as_slice()),
        ];
        lists.into_iter().flatten().filter(|list| list.contains(&peer.id)).any(|list| {
            let peers = list.iter().filter_map(|id| objects.peer(zone.account, *id));
            is_mixed(peers.map(|other| if other.id == peer.id { peer } else { other }))
        })
    });
    mixed.map(|zone| warning(zone)).collect()
}

fn is_mixed<'a>(peers: impl Iterator<Item = &'a Arc<Peer>>) -> bool {
    let tsigs: BTreeSet<Option<Id>> = peers.map(|peer| peer.tsig_id).collect();
    tsigs.len() > 1
}

fn warning(zone: &Zone) -> Warning {
    let message = format!(
        "the peers of the zone {:?} don't all have the same TSIG: what isn't signed with one of them is refused",
        zone.name
    );
    Warning { code: code::LINK_MIXED_TSIG, message }
}
