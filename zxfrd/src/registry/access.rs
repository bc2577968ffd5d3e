//! Who may ask for zones, and who may say that there is something new: which addresses, which keys.

use std::collections::HashSet;
use std::net::IpAddr;

use ipnet::IpNet;
use zxfr_core::name::{Name, NameRef};

use crate::config::{self, Config};

/// The addresses that may say anything at all.
#[derive(Debug)]
pub(super) struct Known {
    /// Those of peers that a zone is handed out to.
    linked: HashSet<IpAddr>,
    /// Those of peers that a zone comes from.
    primaries: HashSet<IpAddr>,
    acls: Vec<IpNet>,
}

impl Known {
    pub(super) fn new(config: &Config) -> Self {
        let outgoing = config.zones.iter().filter_map(|zone| zone.outgoing.as_ref());
        let positions = outgoing.filter(|outgoing| outgoing.enabled).flat_map(|outgoing| &outgoing.peers);
        let addr = |position: &usize| config.peers.get(*position).map(|peer| peer.ip.to_canonical());
        let incoming = config.zones.iter().filter_map(|zone| match &zone.source {
            config::Source::Incoming(incoming) => Some(&incoming.peers),
            config::Source::File(_) => None,
        });
        Self {
            linked: positions.filter_map(addr).collect(),
            primaries: incoming.flatten().filter_map(addr).collect(),
            acls: config.acls.iter().map(|acl| acl.ip_range).collect(),
        }
    }

    /// Whether it may ask for some zone.
    pub(super) fn may_ask(&self, addr: IpAddr) -> bool {
        self.linked.contains(&addr) || self.in_acl(addr)
    }

    /// Whether it may send NOTIFY for some zone.
    pub(super) fn may_notify(&self, addr: IpAddr) -> bool {
        self.primaries.contains(&addr) || self.in_acl(addr)
    }

    pub(super) fn in_acl(&self, addr: IpAddr) -> bool {
        self.acls.iter().any(|range| range.contains(&addr))
    }
}

/// Who gets a zone.
#[derive(Debug)]
pub(super) struct Outgoing {
    linked: Vec<(IpAddr, Option<Name>)>,
}

impl Outgoing {
    /// For the linked peers: their addresses, and the names of their keys.
    pub(super) fn new(linked: impl Iterator<Item = (IpAddr, Option<Name>)>) -> Self {
        Self { linked: linked.map(|(addr, key)| (addr.to_canonical(), key)).collect() }
    }

    /// Whether an address may ask about the zone: a linked peer's, or one of an ACL.
    pub(super) fn admits(&self, addr: IpAddr, known: &Known) -> bool {
        self.is_linked(addr) || known.in_acl(addr)
    }

    /// Whether an asker that signed with this key, or not at all, may be answered. At the address of linked peers, the keys
    /// of those peers decide; elsewhere, those of all. Where there is no key, none is needed, and any will do.
    pub(super) fn key_admits(&self, addr: IpAddr, key: Option<NameRef<'_>>) -> bool {
        let everywhere = !self.is_linked(addr);
        let peers = self.linked.iter().filter(|(linked, _)| everywhere || *linked == addr);
        let mut keys = peers.filter_map(|(_, key)| key.as_ref()).peekable();
        keys.peek().is_none() || keys.any(|needed| key == Some(needed.as_ref()))
    }

    fn is_linked(&self, addr: IpAddr) -> bool {
        self.linked.iter().any(|(linked, _)| *linked == addr)
    }
}
